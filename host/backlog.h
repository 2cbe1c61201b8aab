/* backlog - bytes that wait until a socket takes them. Lives in the memory of who sends;
 * never more than it was made for: who adds looks at backlog_len() first. */
#ifndef HOST_BACKLOG_H
#define HOST_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct backlog {
	struct buf bytes;
	size_t at; /* what is before it was sent */
};

void backlog_init(struct backlog *b, size_t max);
void backlog_clear(struct backlog *b); /* what waits is forgotten */
size_t backlog_len(const struct backlog *b);
/* false: the socket is broken. What is sent leaves no memory behind. */
bool backlog_flush(struct backlog *b, int fd);
/* Past the backlog when it is empty, so that most bytes are copied once. */
bool backlog_send(struct backlog *b, int fd, const char *bytes, size_t len);

#endif
