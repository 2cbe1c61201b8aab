#include "host/backlog.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "base/compiler.h"

void
backlog_init(struct backlog *b, size_t max)
{
	buf_init(&b->bytes, max);
	b->at = 0;
}

void
backlog_clear(struct backlog *b)
{
	size_t max = b->bytes.max;

	buf_clear(&b->bytes);
	backlog_init(b, max);
}

size_t
backlog_len(const struct backlog *b)
{
	return b->bytes.len - b->at;
}

bool
backlog_flush(struct backlog *b, int fd)
{
	while (backlog_len(b) > 0) {
		ssize_t n = send(fd, b->bytes.data + b->at, backlog_len(b),
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		b->at += (size_t)n;
	}
	backlog_clear(b);
	return true;
}

bool
backlog_send(struct backlog *b, int fd, const char *bytes, size_t len)
{
	ssize_t n = 0;

	if (backlog_len(b) == 0)
		n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	n = MAX(n, 0);
	if (b->at * 2 >= b->bytes.len) {
		buf_consume(&b->bytes, b->at);
		b->at = 0;
	}
	buf_add(&b->bytes, bytes + n, len - (size_t)n);
	assert(!b->bytes.overflow);
	return true;
}
