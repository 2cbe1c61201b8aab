/*
 * messages - what happened, for the message row and the message log. Identical
 * ones in a row merge with a count.
 */
#ifndef FLEET_MESSAGES_H
#define FLEET_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum message_kind { MESSAGE_INFO, MESSAGE_WARNING, MESSAGE_ERROR };

struct message {
	int64_t time_ms;
	enum message_kind kind;
	int count;
	char text[240]; /* clean, one line */
};
#define MESSAGES_MAX 200
struct messages {
	struct message items[MESSAGES_MAX]; /* ring */
	size_t first, count;
	uint64_t serial; /* grows with every message */
};
void messages_add(struct messages *m, int64_t now_ms, enum message_kind kind,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
const struct message *messages_at(
    const struct messages *m, size_t age); /* 0 newest; NULL */
/* The one for the message row now, NULL when the newest has been shown long enough
 * (success 3 s, warning 6 s, error 8 s, and 15 characters a second). */
const struct message *messages_current(const struct messages *m, int64_t now_ms);

#endif
