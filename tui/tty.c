#include "tui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "tui/screen.h"

enum {
	LEAVE_MAX = 512,
	SIDE_MAX = 1000,
	STACK_BYTES = 64 << 10,
	ORDERLY_S = 1, /* from the first ending signal to the hard end */
	WRITE_TRIES = 20,
	WRITE_WAIT_MS = 25,
	COPY_BYTES = 4096,
	/* Big enough for a sanitizer's report: what does not fit would be lost. */
	STDERR_PIPE_BYTES = 1 << 20,
};

struct handled {
	int signum;
	const char *name;
	struct sigaction before;
};

/* One terminal, one process: handlers have no other way to find it. */
static struct {
	int fd;		       /* owned; -1: closed */
	struct termios cooked; /* as it was */
	bool has_cooked;
	volatile sig_atomic_t taken;
	pid_t pid; /* a child that has not run exec yet must not touch the terminal */
	char leave[LEAVE_MAX];
	size_t leave_len;
	int signals[2];		      /* owned pipe */
	int errors[2];		      /* owned pipe; -1: standard error is left alone */
	int real_stderr;	      /* owned; -1 */
	volatile sig_atomic_t ending; /* the first ending signal */
	void *stack;		      /* owned: for fatal signals */
} tty = {
	.fd = -1,
	.signals = { -1, -1 },
	.errors = { -1, -1 },
	.real_stderr = -1,
};

static struct handled fatal[] = {
	{ SIGSEGV, "SIGSEGV" },
	{ SIGBUS, "SIGBUS" },
	{ SIGILL, "SIGILL" },
	{ SIGFPE, "SIGFPE" },
	{ SIGABRT, "SIGABRT" },
	{ SIGTRAP, "SIGTRAP" },
	{ SIGSYS, "SIGSYS" },
};

static struct handled ending[] = {
	{ SIGTERM },
	{ SIGHUP },
	{ SIGINT },
	{ SIGQUIT },
};

static struct handled told[] = {
	{ SIGWINCH },
	{ SIGTSTP },
	{ SIGCONT },
};

static struct handled alarm_signal[] = {
	{ SIGALRM },
};

/* ---- only what is safe inside a signal handler */

static void
write_all(int fd, const char *bytes, size_t len)
{
	for (int tries = 0; len > 0 && tries < WRITE_TRIES;) {
		ssize_t n = write(fd, bytes, len);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		(void)!poll(&p, 1, WRITE_WAIT_MS);
		tries++;
	}
}

static void
restore_stderr(void)
{
	char bytes[COPY_BYTES];
	ssize_t n;

	if (tty.real_stderr < 0)
		return;
	dup2(tty.real_stderr, STDERR_FILENO);
	while ((n = read(tty.errors[0], bytes, sizeof bytes)) > 0)
		write_all(STDERR_FILENO, bytes, (size_t)n);
}

/* Every step by itself: one that fails must not stop the next. */
static void
give_back(void)
{
	int saved = errno;

	if (!tty.taken || getpid() != tty.pid)
		return;
	tty.taken = 0;
	write_all(tty.fd, tty.leave, tty.leave_len);
	tcflush(tty.fd, TCIFLUSH);
	if (tty.has_cooked)
		tcsetattr(tty.fd, TCSANOW, &tty.cooked);
	restore_stderr();
	errno = saved;
}

static void
die_by(int signum)
{
	signal(signum, SIG_DFL);

	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signum);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signum);
	_exit(128 + signum);
}

static void
say(const char *text)
{
	write_all(STDERR_FILENO, text, strlen(text));
}

static void
on_fatal(int signum)
{
	bool ours = tty.taken && getpid() == tty.pid;

	give_back();
	for (size_t i = 0; ours && i < ARRAY_LEN(fatal); i++) {
		if (fatal[i].signum != signum)
			continue;
		say("sandtop " VERSION " ended by ");
		say(fatal[i].name);
		say(": a fault of ours; shells and sandboxes keep running\r\n");
	}
	die_by(signum);
}

static void
pass_on(int signum)
{
	unsigned char byte = (unsigned char)signum;
	int saved = errno;

	(void)!write(tty.signals[1], &byte, 1);
	errno = saved;
}

/* The first asks, the second does not. */
static void
on_ending(int signum)
{
	if (getpid() != tty.pid)
		die_by(signum);
	if (tty.ending) {
		give_back();
		die_by(signum);
	}
	tty.ending = signum;
	alarm(ORDERLY_S);
	pass_on(signum);
}

static void
on_alarm(int signum)
{
	(void)signum;
	if (!tty.ending)
		return;
	give_back();
	die_by(tty.ending);
}

/* ---- installing them */

static void
install(struct handled *list, size_t count, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < count; i++)
		sigaction(list[i].signum, &action, &list[i].before);
}

static void
uninstall(struct handled *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sigaction(list[i].signum, &list[i].before, NULL);
}

/* Sanitizers end the process by themselves; theirs is another way out. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void
install_all(void)
{
	static bool once;
	stack_t stack = { .ss_size = STACK_BYTES };

	tty.stack = xmalloc(STACK_BYTES);
	stack.ss_sp = tty.stack;
	sigaltstack(&stack, NULL);
	install(fatal, ARRAY_LEN(fatal), on_fatal, SA_ONSTACK | SA_NODEFER);
	install(ending, ARRAY_LEN(ending), on_ending, SA_RESTART);
	install(told, ARRAY_LEN(told), pass_on, SA_RESTART);
	install(alarm_signal, ARRAY_LEN(alarm_signal), on_alarm, SA_RESTART);
	mem_set_exhausted_hook(give_back);
	if (once)
		return;
	once = true;
	atexit(give_back);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(give_back);
}

static void
uninstall_all(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	alarm(0);
	mem_set_exhausted_hook(NULL);
	uninstall(fatal, ARRAY_LEN(fatal));
	uninstall(ending, ARRAY_LEN(ending));
	uninstall(told, ARRAY_LEN(told));
	uninstall(alarm_signal, ARRAY_LEN(alarm_signal));
	sigaltstack(&none, NULL);
	free(tty.stack);
	tty.stack = NULL;
	tty.ending = 0;
}

/* ---- the device */

static int
reopen(const char *path)
{
	return open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

/* A description of our own: the shell that started us shares the inherited one, and
 * would be left with a non-blocking terminal. */
static int
reopen_terminal(int from)
{
	char path[256];
	int fd = -1;

	if (ttyname_r(from, path, sizeof path) == 0)
		fd = reopen(path);
	if (fd < 0) { /* a container may hide its name */
		snprintf(path, sizeof path, "/proc/self/fd/%d", from);
		fd = reopen(path);
	}
	return fd >= 0 ? fd : reopen("/dev/tty");
}

bool
tty_open(struct error *err)
{
	int fd;

	if (!isatty(STDOUT_FILENO))
		return error_set(err, ERROR_INPUT,
		    "standard output is not a terminal: 'sandtop ls' prints the fleet, "
		    "'sandtop --help' lists the commands");
	fd = reopen_terminal(STDOUT_FILENO);
	if (fd < 0)
		return error_system(err, errno, "cannot open the terminal");
	tty.fd = fd;
	tty.has_cooked = tcgetattr(fd, &tty.cooked) == 0;
	return true;
}

int
tty_fd(void)
{
	return tty.fd;
}

void
tty_size(int *rows, int *cols)
{
	struct winsize size = { 0 };

	if (ioctl(tty.fd, TIOCGWINSZ, &size) != 0 || !size.ws_row || !size.ws_col)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	*rows = CLAMP(size.ws_row, 1, SIDE_MAX);
	*cols = CLAMP(size.ws_col, 1, SIDE_MAX);
}

static void
make_raw(void)
{
	struct termios raw = tty.cooked;

	if (!tty.has_cooked)
		return;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(tty.fd, TCSANOW, &raw);
}

/* Only when it goes to this very terminal; a file that somebody asked for stays. */
static void
capture_stderr(void)
{
	char ours[256], theirs[256];

	if (ttyname_r(tty.fd, ours, sizeof ours) != 0 ||
	    ttyname_r(STDERR_FILENO, theirs, sizeof theirs) != 0 ||
	    !str_eq(ours, theirs) || pipe2(tty.errors, O_CLOEXEC | O_NONBLOCK) != 0)
		return;
	(void)!fcntl(tty.errors[1], F_SETPIPE_SZ, STDERR_PIPE_BYTES);
	tty.real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (tty.real_stderr >= 0)
		dup2(tty.errors[1], STDERR_FILENO);
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
tty_take(const char *leave, size_t len)
{
	tty.leave_len = MIN(len, sizeof tty.leave);
	memcpy(tty.leave, leave, tty.leave_len);
	tty.pid = getpid();
	(void)!pipe2(tty.signals, O_CLOEXEC | O_NONBLOCK);
	install_all();
	capture_stderr();
	tty.taken = 1;
	make_raw();
}

void
tty_give(void)
{
	give_back();
}

void
tty_retake(void)
{
	if (tty.real_stderr >= 0)
		dup2(tty.errors[1], STDERR_FILENO);
	tty.taken = 1;
	make_raw();
	tcflush(tty.fd, TCIFLUSH); /* what was typed meanwhile is not for us */
}

/* SIGTSTP, not SIGSTOP: without a shell that could continue us it is ignored. */
void
tty_stop(void)
{
	struct sigaction stop = { .sa_handler = SIG_DFL }, before;

	sigemptyset(&stop.sa_mask);
	sigaction(SIGTSTP, &stop, &before);
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &before, NULL);
}

void
tty_close(void)
{
	if (tty.fd < 0)
		return;
	give_back();
	if (tty.signals[0] >= 0)
		uninstall_all();
	close_fd(&tty.signals[0]);
	close_fd(&tty.signals[1]);
	close_fd(&tty.errors[0]);
	close_fd(&tty.errors[1]);
	close_fd(&tty.real_stderr);
	close_fd(&tty.fd);
}

int
tty_signal_fd(void)
{
	return tty.signals[0];
}

int
tty_stderr_fd(void)
{
	return tty.real_stderr >= 0 ? tty.errors[0] : -1;
}

long
tty_write(const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(tty.fd, bytes + done, len - done);
		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return -1;
		break;
	}
	return (long)done;
}

/* ---- after a program that could not do it itself */

void
screen_reset_terminal(int fd)
{
	/* CAN ends whatever sequence was cut; then the reverse of what we switch on. */
	static const char bytes[] =
	    "\030\033[?2026l\033[?1006l\033[?1003l\033[?1002l\033[?1000l\033[?1004l"
	    "\033[?2004l\033[?25h\033[0 q\033[0m\033>\033[?1l\033[?7h\033[?1049l";
	struct termios modes;

	write_all(fd, bytes, sizeof bytes - 1);
	if (tcgetattr(fd, &modes) != 0)
		return;
	modes.c_iflag |= BRKINT | ICRNL | IXON;
	modes.c_iflag &= ~(tcflag_t)(INLCR | IGNCR);
	modes.c_oflag |= OPOST | ONLCR;
	modes.c_lflag |= ICANON | ISIG | IEXTEN | ECHO | ECHOE | ECHOK;
	modes.c_cflag |= CREAD;
	tcsetattr(fd, TCSANOW, &modes);
}
