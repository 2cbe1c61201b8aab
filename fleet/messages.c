#include "fleet/messages.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/text.h"

static struct message *
slot(struct messages *m, size_t index)
{
	return &m->items[(m->first + index) % MESSAGES_MAX];
}

void
messages_add(
    struct messages *m, int64_t now_ms, enum message_kind kind, const char *fmt, ...)
{
	struct buf raw, clean;
	va_list ap;

	buf_init(&raw, 4096);
	buf_init(&clean, 16384);
	va_start(ap, fmt);
	buf_vaddf(&raw, fmt, ap);
	va_end(ap);
	text_clean(&clean, raw.data, raw.len);
	m->serial++;

	struct message *last = m->count ? slot(m, m->count - 1) : NULL;
	if (last && last->kind == kind &&
	    strncmp(last->text, clean.data, sizeof last->text - 1) == 0) {
		last->count++;
		last->time_ms = now_ms;
	} else {
		if (m->count == MESSAGES_MAX)
			m->first = (m->first + 1) % MESSAGES_MAX;
		else
			m->count++;
		last = slot(m, m->count - 1);
		*last = (struct message){ .time_ms = now_ms, .kind = kind, .count = 1 };
		/* Cut at a whole character, so that what shows stays valid. */
		size_t len = MIN(clean.len, sizeof last->text - 1);
		while (len > 0 && len < clean.len && (clean.data[len] & 0xc0) == 0x80)
			len--;
		memcpy(last->text, clean.data, len);
	}
	buf_clear(&raw);
	buf_clear(&clean);
}

const struct message *
messages_at(const struct messages *m, size_t age)
{
	if (age >= m->count)
		return NULL;
	return &m->items[(m->first + m->count - 1 - age) % MESSAGES_MAX];
}

const struct message *
messages_current(const struct messages *m, int64_t now_ms)
{
	static const int64_t shown_ms[] = {
		[MESSAGE_INFO] = 3000,
		[MESSAGE_WARNING] = 6000,
		[MESSAGE_ERROR] = 8000,
	};
	const struct message *last = messages_at(m, 0);

	if (!last)
		return NULL;
	int64_t reading_ms = (int64_t)strlen(last->text) * 1000 / 15;
	int64_t until_ms = last->time_ms + MAX(shown_ms[last->kind], reading_ms);
	return now_ms < until_ms ? last : NULL;
}
