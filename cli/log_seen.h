/*
 * log_seen - which log entries were printed already: the ones of the newest and of the
 * last looked-at milliseconds, where a cursor brings them again.
 */
#ifndef CLI_LOG_SEEN_H
#define CLI_LOG_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/rest.h"

struct log_mark {
	int64_t time_ns;
	uint64_t digest; /* of level, message and fields */
	uint64_t page;
};
struct log_seen {
	struct log_mark *marks; /* owned: a ring of the last LOG_SEEN_MAX */
	size_t count, next;
	int64_t newest_ns;
	uint64_t page;
};
enum { LOG_SEEN_MAX = 4096 };

void log_seen_clear(struct log_seen *s); /* zeroed is fine */
/* The entries that follow are another answer: only those of earlier ones are doubles. */
void log_seen_page(struct log_seen *s);
/* false: an earlier page had it. */
bool log_seen_add(struct log_seen *s, const struct rest_log_entry *e);
/* Where to go on: the newest's millisecond, or one more when a full page brought nothing
 * beyond `cursor_ms`. */
int64_t log_seen_cursor(const struct log_seen *s, int64_t cursor_ms, bool full);

#endif
