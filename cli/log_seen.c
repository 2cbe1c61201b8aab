#include "cli/log_seen.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"

void
log_seen_clear(struct log_seen *s)
{
	free(s->marks);
	*s = (struct log_seen){ 0 };
}

/* FNV-1a, 64 bits. */
static uint64_t
digest_text(uint64_t digest, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)(text ? text : ""); *at;
	     at++)
		digest = (digest ^ *at) * 0x100000001b3u;
	return digest * 0x100000001b3u;
}

static uint64_t
digest_entry(const struct rest_log_entry *e)
{
	uint64_t digest = 0xcbf29ce484222325u;

	digest = digest_text(digest, e->level);
	digest = digest_text(digest, e->message);
	for (size_t i = 0; i < e->fields.count; i++) {
		digest = digest_text(digest, e->fields.items[i].key);
		digest = digest_text(digest, e->fields.items[i].value);
	}
	return digest;
}

void
log_seen_page(struct log_seen *s)
{
	s->page++;
}

bool
log_seen_add(struct log_seen *s, const struct rest_log_entry *e)
{
	struct log_mark mark = { e->time_ns, digest_entry(e), s->page };

	for (size_t i = 0; i < s->count; i++)
		if (s->marks[i].time_ns == mark.time_ns &&
		    s->marks[i].digest == mark.digest && s->marks[i].page != mark.page)
			return false;
	if (!s->marks)
		s->marks = xcalloc(LOG_SEEN_MAX, sizeof *s->marks);
	s->marks[s->next] = mark;
	s->next = (s->next + 1) % LOG_SEEN_MAX;
	s->count = MIN(s->count + 1, (size_t)LOG_SEEN_MAX);
	s->newest_ns = MAX(s->newest_ns, e->time_ns);
	return true;
}

int64_t
log_seen_cursor(const struct log_seen *s, int64_t cursor_ms, bool full)
{
	int64_t newest_ms = s->newest_ns / 1000000;

	if (s->newest_ns == 0 || newest_ms < cursor_ms)
		return full ? cursor_ms + 1 : cursor_ms;
	return full && newest_ms == cursor_ms ? cursor_ms + 1 : newest_ms;
}
