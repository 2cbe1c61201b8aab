/* channel - messages and descriptors over the socket to the host. */
#include "host/init/init.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static _Alignas(8) unsigned char datagram[INIT_DATAGRAM_MAX];

static void
take_fds(struct message *m, struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		m->fd_count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(m->fds, CMSG_DATA(c), (size_t)m->fd_count * sizeof(int));
	}
}

/* The body is what the last descriptor holds. */
static bool
map_body(struct message *m)
{
	size_t len = m->header.len;

	if (m->fd_count == 0 || len == 0 || len > INIT_BODY_MAX)
		return false;
	int fd = m->fds[m->fd_count - 1];
	void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);

	if (bytes == MAP_FAILED)
		return false;
	m->mapping = bytes;
	m->body = bytes;
	return true;
}

static bool
body_is_whole(struct message *m, size_t received)
{
	if (m->header.flags & INIT_BODY_IN_FD)
		return map_body(m);
	m->body = datagram + sizeof m->header;
	return received == sizeof m->header + m->header.len;
}

bool
message_receive(struct message *m)
{
	union {
		char bytes[CMSG_SPACE(INIT_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = datagram, .iov_len = sizeof datagram };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	ssize_t got;

	*m = (struct message){ .header.type = 0 };
	do
		got = recvmsg(INIT_SOCKET_FD, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0)
		finish();
	take_fds(m, &msg);
	if ((size_t)got < sizeof m->header)
		return true;
	memcpy(&m->header, datagram, sizeof m->header);
	if (!body_is_whole(m, (size_t)got))
		m->header.type = 0; /* answered INIT_UNKNOWN */
	return true;
}

void
message_clear(struct message *m)
{
	for (int i = 0; i < m->fd_count; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	if (m->mapping)
		munmap(m->mapping, m->header.len);
	*m = (struct message){ .header.type = 0 };
}

static void
add_fds(struct msghdr *msg, char *control, const int *fds, int count)
{
	size_t len = (size_t)count * sizeof(int);

	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(len);
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), fds, len);
}

/* Too many descriptors in flight: the host has not taken the earlier ones yet. */
static bool
may_send_again(int errnum)
{
	struct pollfd host = { .fd = INIT_SOCKET_FD, .events = POLLOUT };

	if (errnum == EINTR)
		return true;
	if (errnum != EAGAIN && errnum != ETOOMANYREFS && errnum != ENOBUFS)
		return false;
	if (errnum == EAGAIN)
		poll(&host, 1, -1);
	else
		poll(NULL, 0, 1);
	return true;
}

void
message_send(
    const struct init_header *header, const void *body, const int *fds, int fd_count)
{
	union {
		char bytes[CMSG_SPACE(INIT_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct init_header head = *header;
	union {
		const void *given;
		void *taken;
	} bytes = { .given = body };
	struct iovec iov[2] = {
		{ .iov_base = &head, .iov_len = sizeof head },
		{ .iov_base = bytes.taken, .iov_len = head.len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = head.len > 0 ? 2 : 1 };

	memset(&control, 0, sizeof control);
	if (fd_count > 0)
		add_fds(&msg, control.bytes, fds, fd_count);
	while (sendmsg(INIT_SOCKET_FD, &msg, MSG_NOSIGNAL) < 0)
		if (!may_send_again(errno))
			finish();
}

void
reply(uint32_t id, enum init_result result, const void *body, size_t len)
{
	struct init_header header = {
		.type = INIT_REPLY,
		.id = id,
		.result = (int32_t)result,
		.len = (uint32_t)len,
	};

	message_send(&header, body, NULL, 0);
}

void
reply_text(uint32_t id, enum init_result result, const char *fmt, ...)
{
	char text[192];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof text)
		len = (int)sizeof text - 1;
	reply(id, result, text, len > 0 ? (size_t)len : 0);
}
