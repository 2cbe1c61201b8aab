/* The socket to a supervisor: order, descriptors, limits, and what a broken one sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/box_link.h"

struct seen {
	struct init_header headers[4096];
	size_t count;
	char body[256];
	int fd; /* kept from the last message; -1: it had none */
	int fd_count, sender;
	bool closed;
};

static void
on_message(void *ctx, struct box_link_message *m)
{
	struct seen *s = ctx;

	assert_true(s->count < ARRAY_LEN(s->headers));
	s->headers[s->count++] = m->header;
	assert_true(m->header.len < sizeof s->body);
	memcpy(s->body, m->body, m->header.len);
	s->fd_count = m->fd_count;
	s->sender = m->sender;
	s->fd = -1;
	if (m->fd_count > 0) {
		s->fd = m->fds[0];
		m->fds[0] = -1;
	}
}

static void
on_closed(void *ctx)
{
	struct seen *s = ctx;

	assert_false(s->closed);
	s->closed = true;
}

static const struct box_link_events events = { .message = on_message,
	.closed = on_closed };

struct bench {
	struct loop *loop;
	struct box_link *link;
	int theirs;
	struct seen *seen;
};

static void
bench_open(struct bench *b)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	b->loop = loop_new();
	b->seen = xcalloc(1, sizeof *b->seen);
	b->link = box_link_new(b->loop, pair[0], &events, b->seen);
	b->theirs = pair[1];
}

static void
bench_close(struct bench *b)
{
	box_link_free(b->link);
	if (b->theirs >= 0)
		close(b->theirs);
	loop_turn(b->loop, 0);
	loop_free(b->loop);
	free(b->seen);
}

/* As a supervisor would, or worse: any bytes, the same descriptor `fds` times. */
static void
utter(struct bench *b, const void *bytes, size_t len, int fds)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	union {
		const void *given;
		void *taken;
	} data = { .given = bytes };
	struct iovec iov = { .iov_base = data.taken, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE((size_t)fds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)fds * sizeof(int));
		for (int i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &b->theirs,
			    sizeof(int));
	}
	assert_int_equal(sendmsg(b->theirs, &msg, MSG_NOSIGNAL), (ssize_t)len);
}

static void
utter_message(struct bench *b, uint32_t id, const char *body, uint32_t len, int fds)
{
	char bytes[512];
	const struct init_header header = { .type = INIT_REPLY, .id = id, .len = len };

	memcpy(bytes, &header, sizeof header);
	memcpy(bytes + sizeof header, body, strlen(body));
	utter(b, bytes, sizeof header + strlen(body), fds);
}

static size_t
open_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void
messages_come_in_order_with_their_sender(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	utter_message(&b, 1, "one", 3, 0);
	utter_message(&b, 2, "two", 3, 1);
	loop_turn(b.loop, 1000);
	assert_int_equal(b.seen->count, 2);
	assert_int_equal(b.seen->headers[0].id, 1);
	assert_int_equal(b.seen->headers[1].id, 2);
	assert_memory_equal(b.seen->body, "two", 3);
	assert_true(b.seen->fd >= 0);
	assert_int_equal(fcntl(b.seen->fd, F_GETFD), FD_CLOEXEC);
	close(b.seen->fd);
	bench_close(&b);

	bench_open(&b);
	utter_message(&b, 1, "", 0, 0);
	loop_turn(b.loop, 1000);
	assert_int_equal(b.seen->sender, getpid());
	bench_close(&b);
}

static void
broken_messages_are_dropped_whole(void **state)
{
	struct bench b;
	char large[INIT_DATAGRAM_MAX + 100] = { 0 };
	size_t before;

	(void)state;
	bench_open(&b);
	before = open_descriptors();
	utter(&b, "x", 1, 3);		    /* shorter than a header */
	utter_message(&b, 1, "body", 3, 2); /* says less than there is */
	utter_message(&b, 2, "body", 5, 2); /* says more than there is */
	utter_message(&b, 3, "body", 0xffffffff, 2);
	utter(&b, large, sizeof large, 1); /* cut by the receiver */
	loop_turn(b.loop, 1000);
	assert_int_equal(b.seen->count, 0);
	assert_false(b.seen->closed);
	assert_int_equal(open_descriptors(), before);
	bench_close(&b);
}

/* More descriptors than any answer has: none may stay open unnoticed. */
static void
surplus_descriptors_are_closed(void **state)
{
	struct bench b;
	size_t before;

	(void)state;
	bench_open(&b);
	utter_message(&b, 1, "", 0, 0);
	loop_turn(b.loop, 1000);
	before = open_descriptors();
	utter_message(&b, 2, "", 0, 12);
	loop_turn(b.loop, 1000);
	assert_int_equal(b.seen->count, 2);
	assert_true(b.seen->fd_count <= INIT_FDS_MAX);
	close(b.seen->fd);
	assert_int_equal(open_descriptors(), before);
	bench_close(&b);
}

/* One chatty supervisor leaves the turn to others. */
static void
a_flood_is_taken_in_portions(void **state)
{
	struct bench b;
	size_t sent = 0, before = 0;
	const struct init_header header = { .type = INIT_REPLY };

	(void)state;
	bench_open(&b);
	while (sent < 3000 && send(b.theirs, &header, sizeof header, MSG_DONTWAIT) ==
				  (ssize_t)sizeof header)
		sent++;
	assert_true(sent > 100);
	loop_turn(b.loop, 1000);
	assert_true(b.seen->count > 0 && b.seen->count < sent);
	while (b.seen->count < sent) {
		before = b.seen->count;
		loop_turn(b.loop, 1000);
		assert_true(b.seen->count > before);
	}
	bench_close(&b);
}

static void
the_end_is_said_once(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b);
	utter_message(&b, 7, "", 0, 0);
	close(b.theirs);
	b.theirs = -1;
	box_link_drain(b.link);
	assert_int_equal(b.seen->count, 1);
	assert_true(b.seen->closed);
	box_link_drain(b.link);
	loop_turn(b.loop, 0);
	assert_false(box_link_send(b.link, INIT_STATS, 1, NULL, 0, -1));
	bench_close(&b);
}

/* A supervisor that does not read costs memory up to a limit, and never waits. */
static void
a_deaf_supervisor_fills_the_queue_only(void **state)
{
	struct bench b;
	char body[40000] = { 0 };
	size_t sent = 0, received = 0;
	static char packet[INIT_DATAGRAM_MAX];

	(void)state;
	bench_open(&b);
	while (
	    sent < 10000 && box_link_send(b.link, INIT_SPAWN, 0, body, sizeof body, -1))
		sent++;
	assert_true(sent > 10 && sent < 10000);
	for (;;) {
		ssize_t got = recv(b.theirs, packet, sizeof packet, MSG_DONTWAIT);

		if (got > 0) {
			assert_int_equal(got, sizeof body + sizeof(struct init_header));
			received++;
		} else if (received < sent) {
			loop_turn(b.loop, 1000);
		} else {
			break;
		}
	}
	assert_int_equal(received, sent);
	assert_true(box_link_send(b.link, INIT_SPAWN, 0, body, sizeof body, -1));
	bench_close(&b);
}

static void
large_bodies_travel_in_memory(void **state)
{
	struct bench b;
	size_t len = INIT_INLINE_MAX + 1;
	char *body = xcalloc(1, len);
	struct init_header header;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = &header, .iov_len = sizeof header };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	int fd;

	(void)state;
	bench_open(&b);
	body[len - 1] = 'z';
	assert_true(box_link_send(b.link, INIT_SPAWN, 9, body, len, -1));
	assert_int_equal(recvmsg(b.theirs, &msg, 0), sizeof header);
	assert_int_equal(header.flags, INIT_BODY_IN_FD);
	assert_int_equal(header.len, len);
	assert_non_null(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof fd);
	const char *there = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);

	assert_true(there != MAP_FAILED);
	assert_int_equal(there[len - 1], 'z');
	assert_int_equal(munmap((void *)(uintptr_t)there, len), 0);
	close(fd);
	free(body);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_in_order_with_their_sender),
		cmocka_unit_test(broken_messages_are_dropped_whole),
		cmocka_unit_test(surplus_descriptors_are_closed),
		cmocka_unit_test(a_flood_is_taken_in_portions),
		cmocka_unit_test(the_end_is_said_once),
		cmocka_unit_test(a_deaf_supervisor_fills_the_queue_only),
		cmocka_unit_test(large_bodies_travel_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
