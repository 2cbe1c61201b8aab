#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <utmp.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "term/pane.h"
#include "tests/support/internal.h"
#include "tests/support/world.h"

enum { WAIT_DEADLINE_MS = 15000, EXIT_DEADLINE_MS = 15000 };

struct driver {
	int fd, tty; /* master, and a slave kept open so that modes can be read */
	pid_t pid;
	int status; /* -2: still running */
	struct pane *pane;
	struct buf bytes;
	struct termios before;
};

/* The terminal's own answers (device attributes and such) go back to the program. */
static void
on_write(void *ctx, const char *bytes, size_t len)
{
	struct driver *d = ctx;

	if (write(d->fd, bytes, len) < 0)
		return;
}

static const struct pane_events pane_events = { .write = on_write };

struct driver *
driver_start(struct world *w, int rows, int cols, const char *const *argv)
{
	struct driver *d = xcalloc(1, sizeof *d);
	struct winsize size = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };
	union {
		const char *const *constant;
		char *const *plain;
	} args = { .constant = argv };

	d->status = -2;
	buf_init(&d->bytes, 512u << 20);
	assert_int_equal(openpty(&d->fd, &d->tty, NULL, NULL, &size), 0);
	fcntl(d->fd, F_SETFD, FD_CLOEXEC);
	fcntl(d->fd, F_SETFL, O_NONBLOCK);
	tcgetattr(d->tty, &d->before);
	d->pane = pane_new(
	    &(struct pane_options){ .rows = rows, .cols = cols }, &pane_events, d);
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0) {
		login_tty(d->tty);
		execve(argv[0], args.plain, w->env);
		_exit(127);
	}
	fcntl(d->tty, F_SETFD, FD_CLOEXEC);
	return d;
}

struct driver *
driver_sandtop(struct world *w, int rows, int cols, ...)
{
	const char *argv[64] = { sandtop_path() };
	size_t count = 1;
	va_list ap;

	va_start(ap, cols);
	while (count < 63 && (argv[count] = va_arg(ap, const char *)))
		count++;
	va_end(ap);
	argv[count] = NULL;
	return driver_start(w, rows, cols, argv);
}

/* One read at most; false when nothing came within wait_ms. */
static bool
pump(struct driver *d, int wait_ms)
{
	struct pollfd fd = { d->fd, POLLIN, 0 };
	char bytes[65536];

	if (poll(&fd, 1, wait_ms) <= 0)
		return false;
	ssize_t got = read(d->fd, bytes, sizeof bytes);
	if (got <= 0)
		return false;
	buf_add(&d->bytes, bytes, (size_t)got);
	pane_feed(d->pane, bytes, (size_t)got);
	return true;
}

void
driver_pump(struct driver *d)
{
	while (pump(d, 0))
		;
}

char *
driver_screen(struct driver *d)
{
	return pane_text(d->pane, 0, pane_rows(d->pane) - 1);
}

bool
driver_shows(struct driver *d, const char *text)
{
	driver_pump(d);
	char *screen = driver_screen(d);
	bool shows = strstr(screen, text) != NULL;

	free(screen);
	return shows;
}

/* cmocka's own messages are cut at a kilobyte. */
static void
show_screen(const char *screen)
{
	fprintf(stderr, "---- the screen:\n%s\n----\n", screen);
}

static void
wait_until(struct driver *d, const char *text, bool there)
{
	uint64_t deadline_ms = clock_mono_ms() + WAIT_DEADLINE_MS;

	while (driver_shows(d, text) != there) {
		if (clock_mono_ms() >= deadline_ms) {
			char *screen = driver_screen(d);
			show_screen(screen);
			free(screen);
			fail_msg("%s: \"%s\"", there ? "never showed" : "never went away",
			    text);
		}
		pump(d, 20);
	}
}

void
driver_wait(struct driver *d, const char *text)
{
	wait_until(d, text, true);
}

void
driver_wait_gone(struct driver *d, const char *text)
{
	wait_until(d, text, false);
}

void
driver_type(struct driver *d, const char *bytes)
{
	size_t left = strlen(bytes);

	while (left > 0) {
		ssize_t sent = write(d->fd, bytes, left);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			fail_msg("typing: %s", strerror(errno));
		if (sent <= 0) {
			pump(d, 20);
			continue;
		}
		bytes += sent;
		left -= (size_t)sent;
	}
}

void
driver_insist(struct driver *d, const char *bytes, const char *text, bool there)
{
	enum { AGAIN_MS = 1000 };
	uint64_t deadline_ms = clock_mono_ms() + WAIT_DEADLINE_MS, again_ms = 0;

	while (driver_shows(d, text) != there && clock_mono_ms() < deadline_ms) {
		if (clock_mono_ms() >= again_ms) {
			driver_type(d, bytes);
			again_ms = clock_mono_ms() + AGAIN_MS;
		}
		pump(d, 20);
	}
	wait_until(d, text, there);
}

void
driver_resize(struct driver *d, int rows, int cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };

	driver_pump(d);
	pane_resize(d->pane, rows, cols);
	ioctl(d->fd, TIOCSWINSZ, &size);
}

const struct pane *
driver_pane(const struct driver *d)
{
	return d->pane;
}

int
driver_pid(const struct driver *d)
{
	return d->pid;
}

const struct buf *
driver_bytes(const struct driver *d)
{
	return &d->bytes;
}

static bool
reap(struct driver *d)
{
	int status;

	if (d->status == -2 && waitpid(d->pid, &status, WNOHANG) == d->pid)
		d->status =
		    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return d->status != -2;
}

int
driver_exit(struct driver *d)
{
	uint64_t deadline_ms = clock_mono_ms() + EXIT_DEADLINE_MS;

	while (!reap(d)) {
		if (clock_mono_ms() >= deadline_ms) {
			char *screen = driver_screen(d);
			show_screen(screen);
			free(screen);
			fail_msg("it did not end");
		}
		pump(d, 20);
	}
	driver_pump(d);
	return d->status;
}

bool
driver_modes_restored(struct driver *d)
{
	struct termios now;

	tcgetattr(d->tty, &now);
	return now.c_iflag == d->before.c_iflag && now.c_oflag == d->before.c_oflag &&
	       now.c_lflag == d->before.c_lflag &&
	       (now.c_cflag & CSIZE) == (d->before.c_cflag & CSIZE) &&
	       !pane_is_alt_screen(d->pane) &&
	       pane_mouse_mode(d->pane) == PANE_MOUSE_NONE &&
	       !pane_wants_focus(d->pane) && !pane_wants_paste_brackets(d->pane) &&
	       pane_cursor(d->pane).visible;
}

void
driver_free(struct driver *d)
{
	if (!d)
		return;
	if (!reap(d)) {
		kill(d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
	}
	close(d->fd);
	close(d->tty);
	pane_free(d->pane);
	buf_clear(&d->bytes);
	free(d);
}
