/* What a supervisor may answer: descriptors of another kind than was asked for, and entries
 * that make no sense, cost their question and nothing else. */
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
#include "host/box_file.h"
#include "host/box_internal.h"

/* A box of which only the questions are real. */
static struct loop *loop;
static struct box box;
static int supervisor;

static void
ignore_message(void *ctx, struct box_link_message *m)
{
	(void)ctx;
	(void)m;
}

static void
ignore_end(void *ctx)
{
	(void)ctx;
}

static const struct box_link_events link_events = { ignore_message, ignore_end };

static int
open_box(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	loop = loop_new();
	box = (struct box){ .loop = loop, .ready = true };
	box.link = box_link_new(loop, pair[0], &link_events, NULL);
	supervisor = pair[1];
	return 0;
}

static int
close_box(void **state)
{
	(void)state;
	box_forget_requests(&box);
	box_link_free(box.link);
	close(supervisor);
	loop_free(loop);
	return 0;
}

/* ---- kinds of descriptors: a letter each */

static int
make_fd(char kind)
{
	int pair[2];

	switch (kind) {
	case 'p':
		assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
		close(pair[1]);
		return pair[0];
	case 't':
		return posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	case 'f':
		return memfd_create("file", MFD_CLOEXEC);
	case 's':
		return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 'd':
		return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	default:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	}
}

/* Answers the last question with them, and closes what was not taken, as box_link does. */
static void
answer(const char *kinds, const void *body, size_t len)
{
	int fds[INIT_FDS_MAX] = { -1, -1, -1, -1 };
	struct box_link_message m = {
		.header = { .type = INIT_REPLY, .id = box.last_id, .len = (uint32_t)len },
		.body = body,
		.fds = fds,
		.fd_count = (int)strlen(kinds),
	};

	for (int i = 0; i < m.fd_count; i++) {
		fds[i] = make_fd(kinds[i]);
		assert_true(fds[i] >= 0);
	}
	box_answer(&box, &m);
	for (int i = 0; i < m.fd_count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void
on_spawned(void *ctx, const struct box_process *p)
{
	const int fds[] = { p->pty, p->in, p->out, p->err };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0) {
			assert_int_equal(p->result, BOX_SPAWN_OK);
			close(fds[i]);
		}
	*(struct box_process *)ctx = *p;
}

static void
a_process_has_what_was_asked_for(void **state)
{
	static const struct {
		bool pty, stdin_pipe;
		const char *kinds;
		int pid;
		bool fine;
	} cases[] = {
		{ false, false, "pp", 7, true },
		{ false, true, "ppp", 7, true },
		{ true, false, "t", 7, true },
		{ true, true, "t", 7, true },
		{ false, false, "", 7, false },
		{ false, false, "ppp", 7, false },
		{ false, true, "pp", 7, false },
		{ false, false, "t", 7, false },
		{ true, false, "pp", 7, false },
		{ true, false, "0", 7, false },
		{ true, false, "f", 7, false },
		{ false, false, "pf", 7, false },
		{ false, false, "d0", 7, false },
		{ false, false, "ss", 7, false },
		{ false, true, "fpp", 7, false },
		{ false, false, "pp", 0, false },
		{ false, false, "pp", -7, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct init_spawned body = { .pid = cases[i].pid };
		const struct box_spawn spawn = {
			.cmd = "x", .pty = cases[i].pty, .stdin_pipe = cases[i].stdin_pipe
		};
		struct box_process p = { .pid = -99 };

		box_spawn(&box, &spawn, on_spawned, &p);
		answer(cases[i].kinds, &body, sizeof body);
		assert_int_equal(
		    p.result, cases[i].fine ? BOX_SPAWN_OK : BOX_SPAWN_FAILED);
		assert_int_equal(p.pid, cases[i].fine ? 7 : 0);
		assert_int_equal(p.pty >= 0, cases[i].fine && cases[i].pty);
		assert_int_equal(p.out >= 0, cases[i].fine && !cases[i].pty);
		assert_int_equal(p.err >= 0, cases[i].fine && !cases[i].pty);
		assert_int_equal(
		    p.in >= 0, cases[i].fine && cases[i].stdin_pipe && !cases[i].pty);
	}
}

static void
on_filed(void *ctx, struct box_file_reply *reply)
{
	*(int *)ctx = reply->fd >= 0;
}

static void
a_file_is_a_file(void **state)
{
	static const struct {
		const char *kinds;
		bool fine;
	} cases[] = { { "f", true }, { "", false }, { "p", false }, { "t", false },
		{ "s", false }, { "d", false }, { "0", false } };
	const struct box_file file = { .type = INIT_OPEN, .user = "user", .path = "/a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int has_fd = -1;

		box_file(&box, &file, on_filed, &has_fd);
		answer(cases[i].kinds, "", 0);
		assert_int_equal(has_fd, cases[i].fine);
	}
}

static void
on_socket(void *ctx, int fd)
{
	*(int *)ctx = fd >= 0;
	if (fd >= 0)
		close(fd);
}

static void
a_socket_is_a_socket(void **state)
{
	static const char *const others[] = { "", "f", "p", "0", "d" };
	int has_fd = -1;

	(void)state;
	box_socket(&box, on_socket, &has_fd);
	answer("s", "", 0);
	assert_int_equal(has_fd, 1);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		box_socket(&box, on_socket, &has_fd);
		answer(others[i], "", 0);
		assert_int_equal(has_fd, 0);
	}
}

/* ---- entries */

static const char entry_texts[] = "/a\0user\0user\0\0key\0value";

static void
make_entry(struct init_entry *head, char *out, size_t *len)
{
	*len = sizeof *head + sizeof entry_texts;
	head->len = (uint32_t)*len;
	memcpy(out, head, sizeof *head);
	memcpy(out + sizeof *head, entry_texts, sizeof entry_texts);
}

static void
times_beyond_all_are_unknown(void **state)
{
	static const struct {
		int64_t s;
		uint32_t ns;
		int64_t want;
	} cases[] = {
		{ 1, 999999999, 1999999999 },
		{ 9223372035, 999999999, 9223372035999999999 },
		{ 9223372035, 1000000000, 0 },
		{ 9223372035, UINT32_MAX, 0 },
		{ 9223372036, 0, 0 },
		{ INT64_MAX, UINT32_MAX, 0 },
		{ -1, 5, 0 },
		{ INT64_MIN, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct init_entry head = { .modified_s = cases[i].s,
			.modified_ns = cases[i].ns };
		struct filesystem_entry entry;
		char bytes[256];
		size_t len;

		make_entry(&head, bytes, &len);
		assert_int_equal(box_file_entry(bytes, len, &entry), len);
		assert_int_equal(entry.modified_ns, cases[i].want);
		filesystem_entry_clear(&entry);
	}
}

/* Four thousand million pairs are announced: what is there is read, and that is all. */
static void
metadata_ends_with_the_entry(void **state)
{
	struct init_entry head = { .metadata = UINT32_MAX };
	struct filesystem_entry entry;
	char bytes[256];
	size_t len;

	(void)state;
	make_entry(&head, bytes, &len);
	assert_int_equal(box_file_entry(bytes, len, &entry), len);
	assert_int_equal(entry.metadata.count, 1);
	assert_string_equal(pairs_get(&entry.metadata, "key"), "value");
	filesystem_entry_clear(&entry);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_has_what_was_asked_for),
		cmocka_unit_test(a_file_is_a_file),
		cmocka_unit_test(a_socket_is_a_socket),
		cmocka_unit_test(times_beyond_all_are_unknown),
		cmocka_unit_test(metadata_ends_with_the_entry),
	};

	return cmocka_run_group_tests(tests, open_box, close_box);
}
