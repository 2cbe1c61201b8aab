#include "host/send_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define TURN_MAX (4u * 1024 * 1024) /* sent in one turn: others wait too */

struct sending {
	struct request *request; /* borrowed */
	struct buf head;
	size_t head_at;
	int socket; /* borrowed */
	int fd;	    /* owned */
	off_t at;
	size_t left;
};

static void
on_gone(void *ctx)
{
	struct sending *s = ctx;

	buf_clear(&s->head);
	close(s->fd);
	free(s);
}

static void
end(struct sending *s, bool whole)
{
	request_own(s->request, NULL, NULL);
	if (whole)
		request_raw_end(s->request);
	else
		request_raw_abort(s->request);
	on_gone(s);
}

/* Bytes sent, 0: the file became shorter, -1: errno. */
static ssize_t
send_some(struct sending *s)
{
	ssize_t n;

	if (s->head_at < s->head.len) {
		n = send(s->socket, s->head.data + s->head_at, s->head.len - s->head_at,
		    MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);
		s->head_at += n > 0 ? (size_t)n : 0;
		return n;
	}
	n = sendfile(s->socket, s->fd, &s->at, MIN(s->left, (size_t)TURN_MAX));
	s->left -= n > 0 ? (size_t)n : 0;
	return n;
}

static void
on_ready(void *ctx, int events)
{
	struct sending *s = ctx;
	size_t sent = 0;

	(void)events;
	while (s->left > 0 && sent < TURN_MAX) {
		ssize_t n = send_some(s);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			end(s, false);
			return;
		}
		sent += (size_t)n;
	}
	if (s->left == 0)
		end(s, true);
}

void
send_file(
    struct request *r, int status, const char *type, int fd, uint64_t offset, size_t len)
{
	struct sending *s = xcalloc(1, sizeof *s);

	s->request = r;
	s->fd = fd;
	s->at = (off_t)offset;
	s->left = len;
	buf_init(&s->head, 64u * 1024);
	request_add_head(r, &s->head, status, type, len);
	request_own(r, on_gone, s);
	s->socket = request_raw_begin(r, on_ready, s);
	request_raw_watch(r, WATCH_WRITE | WATCH_HANGUP);
}
