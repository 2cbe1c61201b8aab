#include "base/buf.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_CAP = 64 };

/* What an empty buffer without memory of its own points to; never written. */
static char no_bytes[1];

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .data = no_bytes, .max = max };
}

static void
grow(struct buf *b, size_t needed)
{
	size_t cap = MAX(b->cap, (size_t)FIRST_CAP);

	while (cap < needed)
		cap = cap > SIZE_MAX / 2 ? needed : cap * 2;
	b->data = xrealloc(b->cap ? b->data : NULL, cap);
	b->cap = cap;
	b->data[b->len] = '\0';
}

/* After an overflow nothing more is taken, else the content would have holes. */
char *
buf_reserve(struct buf *b, size_t len)
{
	if (b->overflow || b->len > b->max || len > b->max - b->len) {
		b->overflow = true;
		return NULL;
	}
	if (len >= b->cap - b->len || b->cap == 0)
		grow(b, b->len + len + 1);
	return b->data + b->len;
}

void
buf_commit(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	assert(b->len + len < b->cap);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;

	char *room = buf_reserve(b, len);

	if (!room)
		return;
	memcpy(room, bytes, len);
	buf_commit(b, len);
}

void
buf_add_str(struct buf *b, const char *s)
{
	if (s)
		buf_add(b, s, strlen(s));
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

/* Most texts are short: they are written at once where there is room for them. */
void
buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->overflow || b->cap == 0 ? 0 : b->cap - b->len;
	char *end = room > 0 ? b->data + b->len : NULL;
	va_list again;

	va_copy(again, ap);
	int len = vsnprintf(end, room, fmt, ap);
	if (len > 0 && (size_t)len < room && (size_t)len <= b->max - b->len) {
		b->len += (size_t)len;
		va_end(again);
		return;
	}
	if (end)
		*end = '\0';
	end = len > 0 ? buf_reserve(b, (size_t)len) : NULL;
	if (end) {
		vsnprintf(end, (size_t)len + 1, fmt, again);
		buf_commit(b, (size_t)len);
	}
	va_end(again);
}

void
buf_consume(struct buf *b, size_t len)
{
	assert(len <= b->len);
	if (len == 0)
		return;
	b->len -= len;
	memmove(b->data, b->data + len, b->len + 1);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->cap)
		b->data[0] = '\0';
}

char *
buf_take(struct buf *b)
{
	char *data = b->cap ? b->data : xstrdup("");

	b->data = no_bytes;
	b->len = b->cap = 0;
	return data;
}

void
buf_clear(struct buf *b)
{
	if (b->cap)
		free(b->data);
	*b = (struct buf){ .data = no_bytes, .max = b->max };
}
