#include "host/output.h"

#include <assert.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"

/* A prompt costs little memory, a flood few chunks. */
#define CHUNK_MIN 512u
#define CHUNK_MAX (32u * 1024)
#define WORTH_READING 256u /* less room than this is left unused */

struct output_chunk {
	struct output_chunk *next; /* owned by the list */
	uint64_t start;
	size_t len, cap;
	enum process_stream stream;
	char data[];
};

void
output_clear(struct output *o)
{
	while (o->first) {
		struct output_chunk *next = o->first->next;

		free(o->first);
		o->first = next;
	}
	o->last = NULL;
	o->memory = 0;
}

static size_t
next_size(const struct output *o)
{
	if (!o->last)
		return CHUNK_MIN;
	return o->last->len < o->last->cap / 2 ? CHUNK_MIN
					       : MIN(o->last->cap * 2, CHUNK_MAX);
}

char *
output_reserve(struct output *o, enum process_stream stream, size_t *room)
{
	struct output_chunk *c = o->last;

	if (c && c->len == 0)
		c->stream = stream;
	if (c && c->stream == stream && c->cap - c->len >= WORTH_READING) {
		*room = c->cap - c->len;
		return c->data + c->len;
	}
	size_t cap = next_size(o);

	c = xmalloc(sizeof *c + cap);
	c->next = NULL;
	c->start = o->end;
	c->len = 0;
	c->cap = cap;
	c->stream = stream;
	if (o->last)
		o->last->next = c;
	else
		o->first = c;
	o->last = c;
	o->memory += cap;
	*room = cap;
	return c->data;
}

void
output_commit(struct output *o, size_t len)
{
	assert(o->last && len <= o->last->cap - o->last->len);
	o->last->len += len;
	o->end += len;
}

uint64_t
output_begin(const struct output *o)
{
	return o->first ? o->first->start : o->end;
}

size_t
output_read(const struct output *o, uint64_t *offset, enum process_stream *stream,
    const char **bytes)
{
	*offset = MAX(*offset, output_begin(o));
	for (const struct output_chunk *c = o->first; c; c = c->next) {
		if (*offset >= c->start + c->len)
			continue;
		*stream = c->stream;
		*bytes = c->data + (*offset - c->start);
		return (size_t)(c->start + c->len - *offset);
	}
	return 0;
}

void
output_trim(struct output *o, size_t keep, uint64_t lowest)
{
	while (o->first && o->first != o->last) {
		struct output_chunk *c = o->first;
		uint64_t end = c->start + c->len;
		/* Memory counts too: a chunk may hold a single byte. But not of the
		 * two at the ends, each of which may be longer than a small ring. */
		size_t between = o->memory - c->cap - o->last->cap;

		if (end > lowest || (o->end - end < keep && between < 2 * keep))
			break;
		o->first = c->next;
		o->memory -= c->cap;
		free(c);
	}
}
