#include "host/box_link.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	QUEUE_MAX = 8 * 1024 * 1024, /* bytes that wait for a supervisor */
	MESSAGES_PER_TURN = 64,	     /* one chatty sandbox leaves time for the others */
};

struct packet {
	struct packet *next; /* owned */
	int fd;		     /* owned; -1: none */
	size_t len;
	unsigned char bytes[]; /* header and body */
};

struct box_link {
	struct loop *loop;		      /* borrowed */
	const struct box_link_events *events; /* borrowed */
	void *ctx;			      /* borrowed */
	struct watch *watch;		      /* owned */
	struct packet *first, *last;	      /* owned; waiting to be sent */
	size_t queued;			      /* bytes */
	int fd;				      /* owned */
	bool closed;
	bool knows_sender;
};

/* ---- sending */

static void
packet_free(struct packet *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

static ssize_t
packet_send(int fd, const struct packet *p)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	union {
		const unsigned char *given;
		unsigned char *taken;
	} bytes = { .given = p->bytes };
	struct iovec iov = { .iov_base = bytes.taken, .iov_len = p->len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&control, 0, sizeof control);
	if (p->fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &p->fd, sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool
is_temporary(int errnum)
{
	return errnum == EAGAIN || errnum == EINTR || errnum == ENOBUFS ||
	       errnum == ETOOMANYREFS;
}

/* A dead socket is noticed by reading; its queue is of no use any more. */
static void
flush(struct box_link *k)
{
	while (k->first) {
		struct packet *p = k->first;

		if (packet_send(k->fd, p) < 0 && is_temporary(errno))
			break;
		k->first = p->next;
		k->queued -= p->len;
		packet_free(p);
	}
	if (!k->first)
		k->last = NULL;
	if (!k->closed)
		watch_set(k->watch, WATCH_READ | (k->first ? WATCH_WRITE : 0));
}

static int
body_in_memory(const void *body, size_t len)
{
	int fd = memfd_create("sandtop-request", MFD_CLOEXEC);
	const char *at = body;

	for (size_t done = 0; fd >= 0 && done < len;) {
		ssize_t wrote = write(fd, at + done, len - done);

		if (wrote <= 0) {
			close(fd);
			return -1;
		}
		done += (size_t)wrote;
	}
	return fd;
}

bool
box_link_send(
    struct box_link *k, uint16_t type, uint32_t id, const void *body, size_t len, int fd)
{
	bool large = len > INIT_INLINE_MAX;
	size_t size = sizeof(struct init_header) + (large ? 0 : len);
	struct init_header header = {
		.type = type,
		.id = id,
		.flags = large ? INIT_BODY_IN_FD : 0,
		.len = (uint32_t)len,
	};

	assert(len <= INIT_BODY_MAX && (!large || fd < 0));
	if (k->closed || k->queued + size > QUEUE_MAX)
		return false;
	int carried = large	? body_in_memory(body, len)
		      : fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0)
				: -1;

	if (carried < 0 && (large || fd >= 0))
		return false;
	struct packet *p = xmalloc(sizeof *p + size);

	*p = (struct packet){ .fd = carried, .len = size };
	memcpy(p->bytes, &header, sizeof header);
	if (!large && len > 0)
		memcpy(p->bytes + sizeof header, body, len);
	if (k->last)
		k->last->next = p;
	else
		k->first = p;
	k->last = p;
	k->queued += size;
	flush(k);
	return true;
}

/* ---- receiving */

struct received {
	int fds[INIT_FDS_MAX];
	int fd_count;
	int sender;
};

static void
take_fds(struct cmsghdr *c, struct received *r)
{
	size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
		if (r->fd_count < INIT_FDS_MAX)
			r->fds[r->fd_count++] = fd;
		else
			close(fd);
	}
}

static void
read_control(struct msghdr *msg, struct received *r)
{
	struct ucred who;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS) {
			take_fds(c, r);
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&who, CMSG_DATA(c), sizeof who);
			r->sender = who.pid;
		}
	}
}

static void
deliver(struct box_link *k, const unsigned char *bytes, size_t len, struct received *r)
{
	struct box_link_message m = {
		.body = bytes + sizeof m.header,
		.fds = r->fds,
		.fd_count = r->fd_count,
		.sender = r->sender,
	};
	const int off = 0;

	if (!k->knows_sender && r->sender > 0) {
		k->knows_sender = true;
		setsockopt(k->fd, SOL_SOCKET, SO_PASSCRED, &off, sizeof off);
	}
	if (len >= sizeof m.header) {
		memcpy(&m.header, bytes, sizeof m.header);
		if (len == sizeof m.header + m.header.len)
			k->events->message(k->ctx, &m);
	}
	for (int i = 0; i < r->fd_count; i++)
		if (r->fds[i] >= 0)
			close(r->fds[i]);
}

static void
close_link(struct box_link *k)
{
	k->closed = true;
	watch_set(k->watch, 0);
	k->events->closed(k->ctx);
}

/* false: nothing more there now */
static bool
receive(struct box_link *k)
{
	static _Alignas(8) unsigned char bytes[INIT_DATAGRAM_MAX];
	union {
		char bytes[CMSG_SPACE(INIT_FDS_MAX * sizeof(int)) +
			   CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof bytes };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	struct received r = { .fd_count = 0 };
	ssize_t got = recvmsg(k->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		close_link(k);
		return false;
	}
	read_control(&msg, &r);
	deliver(k, bytes, (size_t)got, &r);
	return true;
}

static void
on_ready(void *ctx, int events)
{
	struct box_link *k = ctx;

	if (events & WATCH_WRITE)
		flush(k);
	for (int i = 0; i < MESSAGES_PER_TURN && !k->closed && receive(k); i++)
		continue;
}

void
box_link_drain(struct box_link *k)
{
	while (!k->closed && receive(k))
		continue;
}

struct box_link *
box_link_new(struct loop *loop, int fd, const struct box_link_events *events, void *ctx)
{
	struct box_link *k = xcalloc(1, sizeof *k);
	const int on = 1;

	k->loop = loop;
	k->fd = fd;
	k->events = events;
	k->ctx = ctx;
	k->watch = watch_new(loop, fd, on_ready, k);
	assert(k->watch); /* a socket can always be watched */
	watch_set(k->watch, WATCH_READ);
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	return k;
}

void
box_link_free(struct box_link *k)
{
	if (!k)
		return;
	watch_free(k->watch);
	while (k->first) {
		struct packet *p = k->first;

		k->first = p->next;
		packet_free(p);
	}
	close(k->fd);
	free(k);
}
