/* exec's ends: byte-exact, with back-pressure, and no flag left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/exec_sink.h"
#include "cli/exec_source.h"

enum { SPARE_FD = 90 };

struct seen {
	int drained, broken_fd, errnum, ends, end_errnum;
	struct buf data;
	struct exec_source *source;
	size_t enough; /* bytes after which no more is wanted; 0: never */
};

static void
on_drained(void *ctx)
{
	((struct seen *)ctx)->drained++;
}

static void
on_broken(void *ctx, int fd, int errnum)
{
	struct seen *seen = ctx;

	seen->broken_fd = fd;
	seen->errnum = errnum;
}

static const struct exec_sink_events sink_events = { on_drained, on_broken };

static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct seen *seen = ctx;

	buf_add(&seen->data, bytes, len);
	if (seen->enough && seen->data.len >= seen->enough)
		exec_source_want(seen->source, false);
}

static void
on_end(void *ctx, int errnum)
{
	struct seen *seen = ctx;

	seen->ends++;
	seen->end_errnum = errnum;
}

static const struct exec_source_events source_events = { on_data, on_end };

static int
setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	*state = loop_new();
	return 0;
}

static int
teardown(void **state)
{
	loop_free(*state);
	return 0;
}

static char
pattern(size_t at)
{
	return (char)(at * 7 + at / 251);
}

/* ---- sink */

static void
slow_reader_gets_every_byte(void **state)
{
	enum { TOTAL = 3 * 1024 * 1024, PIECE = 100001 };
	struct exec_sink sink;
	struct seen seen = { 0 };
	char *piece = malloc(PIECE);
	size_t sent = 0, got = 0;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	exec_sink_open(&sink, *state, &(struct exec_sink_options){ .fd = fds[1] },
	    &sink_events, &seen);
	while (got < TOTAL) {
		while (sent < TOTAL && !exec_sink_is_full(&sink)) {
			size_t len = MIN((size_t)PIECE, TOTAL - sent);
			for (size_t i = 0; i < len; i++)
				piece[i] = pattern(sent + i);
			exec_sink_write(&sink, piece, len);
			sent += len;
		}
		char bytes[8192];
		ssize_t n = read(fds[0], bytes, sizeof bytes);
		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(bytes[i], pattern(got + (size_t)i));
		got += (size_t)n;
		loop_turn(*state, 0);
	}
	assert_true(exec_sink_is_empty(&sink));
	assert_true(seen.drained > 0);
	/* The pipe as others know it is as it was. */
	assert_false(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	exec_sink_close(&sink);
	free(piece);
	close(fds[0]);
	close(fds[1]);
}

static void
socket_gets_its_flags_back(void **state)
{
	struct exec_sink sink;
	struct seen seen = { 0 };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	exec_sink_open(&sink, *state, &(struct exec_sink_options){ .fd = fds[1] },
	    &sink_events, &seen);
	exec_sink_write(&sink, "hello", 5);
	assert_true(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	exec_sink_close(&sink);
	assert_false(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	char bytes[8];
	assert_int_equal(read(fds[0], bytes, sizeof bytes), 5);
	close(fds[0]);
	close(fds[1]);
}

static void
reader_that_left_is_said_once_and_then_dropped(void **state)
{
	struct exec_sink sink;
	struct seen seen = { 0 };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	exec_sink_open(&sink, *state, &(struct exec_sink_options){ .fd = fds[1] },
	    &sink_events, &seen);
	close(fds[0]);
	exec_sink_write(&sink, "hello", 5);
	assert_int_equal(seen.errnum, EPIPE);
	assert_int_equal(seen.broken_fd, fds[1]);
	seen.errnum = 0;
	exec_sink_write(&sink, "again", 5);
	assert_int_equal(seen.errnum, 0);
	assert_true(exec_sink_is_empty(&sink));
	exec_sink_close(&sink);
	close(fds[1]);
}

static void
file_keeps_its_position(void **state)
{
	char path[] = "/tmp/sandtop-sink-XXXXXX", bytes[16] = "";
	int fd = mkstemp(path);
	struct exec_sink sink;
	struct seen seen = { 0 };

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(write(fd, "one ", 4), 4);
	exec_sink_open(
	    &sink, *state, &(struct exec_sink_options){ .fd = fd }, &sink_events, &seen);
	exec_sink_write(&sink, "two", 3);
	assert_true(exec_sink_is_empty(&sink));
	exec_sink_close(&sink);
	assert_int_equal(write(fd, " three", 6), 6);
	assert_int_equal(pread(fd, bytes, sizeof bytes, 0), 13);
	assert_string_equal(bytes, "one two three");
	close(fd);
}

static void
closed_descriptor_shows_at_the_first_write(void **state)
{
	struct exec_sink sink;
	struct seen seen = { 0 };

	close(SPARE_FD);
	exec_sink_open(&sink, *state, &(struct exec_sink_options){ .fd = SPARE_FD },
	    &sink_events, &seen);
	assert_int_equal(seen.errnum, 0);
	exec_sink_write(&sink, "x", 1);
	assert_int_equal(seen.errnum, EBADF);
	exec_sink_close(&sink);
}

/* ---- source; standard input is put back */

static void
use_stdin(int fd, int *saved)
{
	*saved = dup(0);
	dup2(fd, 0);
	close(fd);
}

static void
restore_stdin(int saved)
{
	dup2(saved, 0);
	close(saved);
}

static void
pipe_is_read_to_its_end(void **state)
{
	struct exec_source source;
	struct seen seen = { .source = &source };
	int fds[2], saved;

	assert_int_equal(pipe(fds), 0);
	use_stdin(fds[0], &saved);
	buf_init(&seen.data, 1u << 20);
	assert_true(exec_source_open(&source, *state, &source_events, &seen));
	assert_int_equal(write(fds[1], "abc", 3), 3);
	loop_turn(*state, 0);
	assert_int_equal(seen.data.len, 0); /* nobody wanted it */
	exec_source_want(&source, true);
	while (seen.data.len < 3)
		loop_turn(*state, 100);
	close(fds[1]);
	while (!seen.ends)
		loop_turn(*state, 100);
	assert_int_equal(seen.end_errnum, 0);
	assert_string_equal(seen.data.data, "abc");
	exec_source_close(&source);
	assert_false(fcntl(0, F_GETFL) & O_NONBLOCK);
	restore_stdin(saved);
	buf_clear(&seen.data);
}

static void
file_is_read_as_far_as_it_is_wanted(void **state)
{
	enum { TOTAL = 300000, ENOUGH = 100000 };
	char path[] = "/tmp/sandtop-source-XXXXXX";
	int fd = mkstemp(path), saved;
	struct exec_source source;
	struct seen seen = { .source = &source, .enough = ENOUGH };
	char *bytes = calloc(1, TOTAL);

	assert_true(fd >= 0);
	unlink(path);
	for (size_t i = 0; i < TOTAL; i++)
		bytes[i] = pattern(i);
	assert_int_equal(write(fd, bytes, TOTAL), TOTAL);
	lseek(fd, 0, SEEK_SET);
	use_stdin(fd, &saved);
	buf_init(&seen.data, 1u << 20);
	assert_true(exec_source_open(&source, *state, &source_events, &seen));
	exec_source_want(&source, true);
	loop_turn(*state, 0);
	assert_true(seen.data.len >= ENOUGH && seen.data.len < TOTAL);
	seen.enough = 0;
	exec_source_want(&source, true);
	loop_turn(*state, 0);
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.data.len, TOTAL);
	assert_memory_equal(seen.data.data, bytes, TOTAL);
	exec_source_close(&source);
	restore_stdin(saved);
	buf_clear(&seen.data);
	free(bytes);
}

static void
closed_input_is_no_input(void **state)
{
	struct exec_source source;
	struct seen seen = { 0 };
	int saved = dup(0);

	close(0);
	assert_false(exec_source_open(&source, *state, &source_events, &seen));
	exec_source_close(&source);
	/* as main() leaves it */
	cli_guard_descriptors();
	assert_true(fcntl(0, F_GETFD) >= 0);
	assert_false(exec_source_open(&source, *state, &source_events, &seen));
	exec_source_close(&source);
	restore_stdin(saved);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    slow_reader_gets_every_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    socket_gets_its_flags_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    reader_that_left_is_said_once_and_then_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(file_keeps_its_position, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    closed_descriptor_shows_at_the_first_write, setup, teardown),
		cmocka_unit_test_setup_teardown(pipe_is_read_to_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    file_is_read_as_far_as_it_is_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    closed_input_is_no_input, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
