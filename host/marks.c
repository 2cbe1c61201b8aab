#include "host/marks.h"

#include <string.h>

#include "base/str.h"

#define HELD_MAX (16u * 1024 * 1024)
#define NUMBER_MAX 4 /* digits */

void
marks_init(struct marks *m, const char *word)
{
	str_copy(m->word, sizeof m->word, word);
	buf_init(&m->held, HELD_MAX);
}

void
marks_clear(struct marks *m)
{
	buf_clear(&m->held);
}

void
marks_feed(struct marks *m, const char *bytes, size_t len)
{
	buf_add(&m->held, bytes, len);
}

/* Bytes of a mark at `at`; 0: there is none; -1: it is not whole yet. */
static int
mark_at(const struct marks *m, const char *at, size_t left, int *number)
{
	size_t word = strlen(m->word);
	size_t head = word + 2;
	int digits = 0;

	if (memcmp(at + 1, m->word, MIN(left - 1, word)) != 0)
		return 0;
	if (left < head)
		return -1;
	if (at[1 + word] != '\0')
		return 0;
	*number = 0;
	while (head + (size_t)digits < left && digits < NUMBER_MAX &&
	       at[head + (size_t)digits] >= '0' && at[head + (size_t)digits] <= '9')
		*number = *number * 10 + (at[head + (size_t)digits++] - '0');
	if (head + (size_t)digits == left)
		return -1;
	return at[head + (size_t)digits] == '\0' ? (int)head + digits + 1 : 0;
}

enum marks_piece
marks_next(struct marks *m, const char **text, size_t *len, int *number)
{
	const char *bytes = m->held.data;
	size_t at = 0;

	for (;;) {
		const char *nul = memchr(bytes + at, '\0', m->held.len - at);
		int mark;

		at = nul ? (size_t)(nul - bytes) : m->held.len;
		mark = nul ? mark_at(m, nul, m->held.len - at, number) : -1;
		if (mark > 0 && at == 0) {
			buf_consume(&m->held, (size_t)mark);
			return MARKS_END;
		}
		if (mark != 0)
			break;
		at++;
	}
	if (at == 0)
		return MARKS_MORE;
	*text = bytes;
	*len = at;
	return MARKS_TEXT;
}

void
marks_take(struct marks *m, size_t len)
{
	buf_consume(&m->held, len);
}
