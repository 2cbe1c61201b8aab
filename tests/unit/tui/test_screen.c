/* The real screen on a real pty: what it writes and when, that it never blocks, and that
 * the terminal is given back on every way out (law 10). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/mem.h"
#include "tui/canvas.h"
#include "tui/screen.h"

enum { PATIENCE_MS = 20000, SEEN_MAX = 64 << 20 };

/* ---- the child: a screen and some steps, one per byte on a pipe */

struct child {
	struct loop *loop;
	struct screen *screen;
	struct grid grid;
	int go, done; /* pipes: the parent says go on, we say done */
	int keys, resizes, closed;
	struct key last_key;
};
static struct child child;

static void
on_key(void *ctx, struct key key)
{
	(void)ctx;
	child.keys++;
	child.last_key = key;
}

static void
on_paste(void *ctx, const char *bytes, size_t len)
{
	(void)ctx;
	(void)bytes;
	(void)len;
}

static void
on_resized(void *ctx, int rows, int cols)
{
	(void)ctx;
	child.resizes++;
	grid_set_size(&child.grid, rows, cols);
}

static void
on_focus(void *ctx, bool focused)
{
	(void)ctx;
	(void)focused;
}

static void
on_closed(void *ctx)
{
	(void)ctx;
	child.closed++;
}

static const struct screen_events events = {
	.key = on_key,
	.paste = on_paste,
	.resized = on_resized,
	.focus = on_focus,
	.closed = on_closed,
};

static void
child_open(void)
{
	struct screen_options options = {
		.color = "auto", .glyphs = "auto", .mouse = true
	};
	struct error err;

	child.loop = loop_new();
	if (!screen_curses_open(
		child.loop, &options, &events, &child, &child.screen, &err)) {
		(void)!write(STDERR_FILENO, err.text, strlen(err.text));
		_exit(9);
	}
	grid_init(&child.grid, child.screen->type->rows(child.screen),
	    child.screen->type->cols(child.screen));
}

static void
child_show(const char *text)
{
	struct canvas c = canvas_of(&child.grid, child.screen->glyphs);

	grid_clear(&child.grid);
	canvas_text(&c, 0, 0, ROLE_WARN, text);
	canvas_cursor(&c, 0, 0);
	child.screen->type->present(child.screen, &child.grid);
}

/* Tells the parent that the step is over and waits for the next one. */
static void
child_step(void)
{
	char byte = 'x';

	(void)!write(child.done, &byte, 1);
	if (read(child.go, &byte, 1) != 1)
		_exit(8);
}

static void
child_close(void)
{
	child.screen->type->free(child.screen);
	grid_dispose(&child.grid);
	loop_free(child.loop);
}

/* ---- the parent's side */

struct rig {
	int master, slave;
	int go, done;
	pid_t pid;
	struct buf seen;
	struct termios before;
};

static void
start(struct rig *r, void (*steps)(void), int rows, int cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };
	int go[2], done[2];

	memset(r, 0, sizeof *r);
	buf_init(&r->seen, SEEN_MAX);
	r->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(
	    r->master >= 0 && grantpt(r->master) == 0 && unlockpt(r->master) == 0);
	ioctl(r->master, TIOCSWINSZ, &size);
	r->slave = open(ptsname(r->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(r->slave >= 0);
	assert_int_equal(tcgetattr(r->slave, &r->before), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		close(r->master);
		setsid();
		ioctl(r->slave, TIOCSCTTY, 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(r->slave, fd);
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		unsetenv("COLORTERM");
		child.go = go[0];
		child.done = done[1];
		close(go[1]);
		close(done[0]);
		steps();
		_exit(0);
	}
	r->go = go[1];
	r->done = done[0];
	close(go[0]);
	close(done[1]);
	fcntl(r->master, F_SETFL, O_NONBLOCK);
}

static void
drain(struct rig *r)
{
	char *room;
	ssize_t n;

	while ((room = buf_reserve(&r->seen, 65536)) &&
	       (n = read(r->master, room, 65536)) > 0)
		buf_commit(&r->seen, (size_t)n);
}

/* Until the child ends its step or itself; what it writes is read, unless `deaf`. */
static void
wait_for(struct rig *r, bool deaf)
{
	uint64_t until = clock_mono_ms() + PATIENCE_MS;

	for (;;) {
		struct pollfd p[2] = { { .fd = r->done, .events = POLLIN },
			{ .fd = deaf ? -1 : r->master, .events = POLLIN } };
		char byte;
		assert_true(clock_mono_ms() < until);
		poll(p, 2, 100);
		if (!deaf)
			drain(r);
		if (p[0].revents) {
			(void)!read(r->done, &byte, 1);
			if (!deaf)
				drain(r);
			return;
		}
	}
}

/* Lets the child go on and waits for it; afterwards `seen` holds what it wrote. */
static void
step(struct rig *r)
{
	buf_reset(&r->seen);
	assert_int_equal(write(r->go, "x", 1), 1);
	wait_for(r, false);
}

static void
type(struct rig *r, const char *bytes)
{
	assert_int_equal(write(r->master, bytes, strlen(bytes)), strlen(bytes));
}

static int
finish(struct rig *r)
{
	struct termios after;
	int status;

	while (waitpid(r->pid, &status, WNOHANG) == 0) {
		struct pollfd p = { .fd = r->master, .events = POLLIN };
		poll(&p, 1, 20);
		drain(r);
	}
	drain(r);
	assert_int_equal(tcgetattr(r->slave, &after), 0);
	assert_int_equal(after.c_iflag, r->before.c_iflag);
	assert_int_equal(after.c_oflag, r->before.c_oflag);
	assert_int_equal(after.c_lflag, r->before.c_lflag);
	close(r->master);
	close(r->slave);
	close(r->go);
	close(r->done);
	return status;
}

static bool
saw(const struct rig *r, const char *text)
{
	return memmem(r->seen.data, r->seen.len, text, strlen(text)) != NULL;
}

/* Every mode that was switched on is off, and the alternate screen is left last. */
static void
assert_given_back(const struct rig *r)
{
	static const char *const off[] = { "\033[?1006l", "\033[?1002l", "\033[?1004l",
		"\033[?2004l", "\033[?25h", "\033[?1049l" };
	const char *enter, *at = NULL;

	enter = memmem(r->seen.data, r->seen.len, "\033[?1049h", 8);
	assert_non_null(enter);
	for (size_t i = 0; i < ARRAY_LEN(off); i++) {
		at = memmem(enter, r->seen.len - (size_t)(enter - r->seen.data), off[i],
		    strlen(off[i]));
		if (!at)
			fail_msg("no %s", off[i] + 1);
	}
	assert_null(
	    memmem(at, r->seen.len - (size_t)(at - r->seen.data), "\033[?1049h", 8));
}

/* ---- frames */

static void
steps_frames(void)
{
	child_open();
	child_show("hello");
	child_step(); /* 1: the first frame */
	while (child.keys == 0)
		loop_turn(child.loop, 100);
	if (child.last_key.code != 'k')
		_exit(1);
	child_show("help!");
	child_step(); /* 2: the difference, wrapped */
	child_show("help!");
	child_step(); /* 3: nothing */
	child.screen->type->redraw(child.screen);
	child_show("help!");
	child_step(); /* 4: all of it */
	child.screen->type->title(child.screen, "a\033b title");
	child.screen->type->copy(child.screen, "hello", 5);
	child.screen->type->bell(child.screen);
	child.screen->type->bell(child.screen);
	child_step(); /* 5 */
	child_close();
}

static void
test_frames(void **state)
{
	struct rig r;
	const char *bell;

	(void)state;
	start(&r, steps_frames, 24, 80);
	wait_for(&r, false);
	assert_true(saw(&r, "\033[?1049h"));
	assert_true(saw(&r, "hello"));
	assert_true(saw(&r, "\033[?2004h"));
	assert_true(saw(&r, "\033[?1006h"));
	assert_true(saw(&r, "\033[?2026$p")); /* asked, and not waited for */
	assert_false(saw(&r, "\033[?2026h"));
	/* The answers are no keys; the key behind them is. */
	type(&r, "\033[?2026;2$y\033[?62;4ck");
	step(&r);
	assert_true(saw(&r, "\033[?2026h"));
	assert_true(saw(&r, "p!"));
	assert_false(saw(&r, "hel"));
	assert_true(saw(&r, "\033[?2026l"));
	step(&r);
	assert_int_equal(r.seen.len, 0); /* the same frame costs nothing */
	step(&r);
	assert_true(saw(&r, "help!"));
	step(&r);
	assert_true(saw(&r, "\033]2;a\\eb title\a"));
	assert_true(saw(&r, "\033]52;c;aGVsbG8=\a"));
	bell = memmem(r.seen.data, r.seen.len, "=\a\a", 3);
	assert_non_null(bell);
	assert_int_equal(bell + 3 - r.seen.data, r.seen.len); /* one bell of the two */
	buf_reset(&r.seen);
	buf_add_str(&r.seen, "\033[?1049h");
	assert_int_equal(write(r.go, "x", 1), 1);
	assert_int_equal(finish(&r), 0);
	assert_given_back(&r);
	buf_clear(&r.seen);
}

/* ---- a terminal that does not read */

enum { FLOOD = 400 };

static void
steps_flood(void)
{
	struct canvas c;
	char text[32];

	child_open();
	child_step();
	for (int i = 0; i < FLOOD; i++) {
		c = canvas_of(&child.grid, child.screen->glyphs);
		for (int row = 0; row < child.grid.rows; row++)
			for (int col = 0; col < child.grid.cols; col++)
				canvas_cell(&c, row, col,
				    (struct cell){
					.ch = (uint32_t)('a' + (i + row + col) % 26),
					.fg = COLOR_INDEXED((col * 7 + i) % 256),
					.width = 1 });
		snprintf(text, sizeof text, "frame %d.", i);
		canvas_text(&c, 0, 0, ROLE_TEXT, text);
		child.screen->type->present(child.screen, &child.grid);
		loop_turn(child.loop, 0);
	}
	child_step(); /* got here although nobody read */
	while (child.keys == 0)
		loop_turn(child.loop, 100);
	child_close();
}

static void
test_law_9_a_slow_terminal_blocks_nothing(void **state)
{
	char last[32];
	struct rig r;
	uint64_t until;

	(void)state;
	start(&r, steps_flood, 50, 200);
	wait_for(&r, false);
	buf_reset(&r.seen);
	assert_int_equal(write(r.go, "x", 1), 1);
	wait_for(&r, true);
	drain(&r);
	assert_false(saw(&r, "frame 399."));
	/* Frames were skipped, not queued, and the newest one comes when there is room. */
	assert_int_equal(write(r.go, "x", 1), 1);
	snprintf(last, sizeof last, "frame %d.", FLOOD - 1);
	until = clock_mono_ms() + PATIENCE_MS;
	while (!saw(&r, "399.")) {
		struct pollfd p = { .fd = r.master, .events = POLLIN };
		assert_true(clock_mono_ms() < until);
		poll(&p, 1, 100);
		drain(&r);
	}
	assert_true(r.seen.len < (size_t)FLOOD * 50 * 200);
	type(&r, "q");
	assert_int_equal(finish(&r), 0);
	buf_clear(&r.seen);
}

/* ---- sizes */

enum { LAST_ROWS = 33, LAST_COLS = 77 };

static void
steps_resize(void)
{
	child_open();
	child_show("x");
	child_step();
	while (child.grid.rows != LAST_ROWS || child.grid.cols != LAST_COLS) {
		loop_turn(child.loop, 100);
		child_show("resized 日本語");
	}
	child_step();
	child_close();
}

static void
test_a_thousand_sizes(void **state)
{
	uint32_t random = 99;
	struct rig r;

	(void)state;
	start(&r, steps_resize, 24, 80);
	wait_for(&r, false);
	assert_int_equal(write(r.go, "x", 1), 1);
	for (int i = 0; i <= 1000; i++) {
		random = random * 1664525 + 1013904223;
		struct winsize size = {
			.ws_row = i == 1000 ? LAST_ROWS : (random >> 16) % 200 + 1,
			.ws_col = i == 1000 ? LAST_COLS : (random >> 8) % 500 + 1,
		};
		if (i % 50 == 0)
			size.ws_row = size.ws_col = 1;
		if (i == 1000)
			size =
			    (struct winsize){ .ws_row = LAST_ROWS, .ws_col = LAST_COLS };
		ioctl(r.master, TIOCSWINSZ, &size);
		drain(&r);
	}
	wait_for(&r, false);
	assert_true(saw(&r, "resized"));
	assert_int_equal(write(r.go, "x", 1), 1);
	assert_int_equal(finish(&r), 0);
	buf_clear(&r.seen);
}

/* ---- ways out */

static int way_out;

static void
steps_die(void)
{
	child_open();
	child_show("alive");
	(void)!write(STDERR_FILENO, "last words\n", 11);
	raise(way_out);
	_exit(7);
}

static void
test_law_10_given_back_on_faults(void **state)
{
	static const struct {
		int signum;
		const char *name;
	} ways[] = {
		{ SIGSEGV, "SIGSEGV" },
		{ SIGBUS, "SIGBUS" },
		{ SIGILL, "SIGILL" },
		{ SIGFPE, "SIGFPE" },
		{ SIGABRT, "SIGABRT" },
		{ SIGTRAP, "SIGTRAP" },
		{ SIGSYS, "SIGSYS" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct rig r;
		const char *left, *words;
		int status;

		way_out = ways[i].signum;
		start(&r, steps_die, 24, 80);
		status = finish(&r);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), ways[i].signum);
		assert_given_back(&r);
		/* What was said on standard error is not lost, and comes after. */
		left = memmem(r.seen.data, r.seen.len, "\033[?1049l", 8);
		words = memmem(r.seen.data, r.seen.len, "last words", 10);
		assert_true(words && words > left);
		assert_true(saw(&r, ways[i].name));
		assert_true(saw(&r, "keep running"));
		buf_clear(&r.seen);
	}
}

static void
steps_exit(void)
{
	child_open();
	child_show("alive");
	exit(3);
}

static void
test_law_10_given_back_on_exit(void **state)
{
	struct rig r;
	int status;

	(void)state;
	start(&r, steps_exit, 24, 80);
	status = finish(&r);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_given_back(&r);
	buf_clear(&r.seen);
}

static void
steps_ordered(void)
{
	child_open();
	child_show("alive");
	child_step();
	while (child.closed == 0)
		loop_turn(child.loop, 100);
	int signum = child.screen->ended_by;
	child_close();
	_exit(signum);
}

static void
test_law_10_given_back_in_order(void **state)
{
	static const int ways[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct rig r;
		int status;

		start(&r, steps_ordered, 24, 80);
		wait_for(&r, false);
		assert_int_equal(write(r.go, "x", 1), 1);
		kill(r.pid, ways[i]);
		status = finish(&r);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), ways[i]);
		assert_given_back(&r);
		buf_clear(&r.seen);
	}
}

static void
steps_stuck(void)
{
	child_open();
	child_show("alive");
	child_step();
	for (;;)
		pause();
}

/* A loop that does not turn any more: the second signal ends it at once. */
static void
test_law_10_given_back_when_stuck(void **state)
{
	struct rig r;
	int status;

	(void)state;
	start(&r, steps_stuck, 24, 80);
	wait_for(&r, false);
	assert_int_equal(write(r.go, "x", 1), 1);
	kill(r.pid, SIGTERM);
	kill(r.pid, SIGINT);
	status = finish(&r);
	assert_true(WIFSIGNALED(status));
	assert_given_back(&r);
	buf_clear(&r.seen);
}

/* The terminal that goes away ends it too. */
static void
steps_hangup(void)
{
	signal(SIGHUP, SIG_IGN);
	child_open();
	child_show("alive");
	child_step();
	while (child.closed == 0)
		loop_turn(child.loop, 100);
	child_close();
	_exit(5);
}

static void
test_hangup(void **state)
{
	struct rig r;
	int status;

	(void)state;
	start(&r, steps_hangup, 24, 80);
	wait_for(&r, false);
	assert_int_equal(write(r.go, "x", 1), 1);
	close(r.slave);
	close(r.master);
	assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
	close(r.go);
	close(r.done);
	buf_clear(&r.seen);
}

/* ---- refusals */

static void
steps_dumb(void)
{
	setenv("TERM", "dumb", 1);
	child_open();
}

static void
test_dumb_terminal_is_refused(void **state)
{
	struct rig r;
	int status;

	(void)state;
	start(&r, steps_dumb, 24, 80);
	status = finish(&r);
	assert_int_equal(WEXITSTATUS(status), 9);
	assert_true(saw(&r, "sandtop ls"));
	assert_false(saw(&r, "\033"));
	buf_clear(&r.seen);
}

static void
steps_unknown(void)
{
	setenv("TERM", "nonesuch-256color", 1);
	child_open();
	child_show("stand-in");
	child_close();
}

static void
test_unknown_terminal_gets_a_stand_in(void **state)
{
	struct rig r;

	(void)state;
	start(&r, steps_unknown, 24, 80);
	assert_int_equal(finish(&r), 0);
	assert_true(saw(&r, "stand-in"));
	assert_given_back(&r);
	buf_clear(&r.seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_law_9_a_slow_terminal_blocks_nothing),
		cmocka_unit_test(test_a_thousand_sizes),
		cmocka_unit_test(test_law_10_given_back_on_faults),
		cmocka_unit_test(test_law_10_given_back_on_exit),
		cmocka_unit_test(test_law_10_given_back_in_order),
		cmocka_unit_test(test_law_10_given_back_when_stuck),
		cmocka_unit_test(test_hangup),
		cmocka_unit_test(test_dumb_terminal_is_refused),
		cmocka_unit_test(test_unknown_terminal_gets_a_stand_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
