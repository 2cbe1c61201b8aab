/* sudo_client - the program `sudo` inside a sandbox; host/init/sudo.h. */
#include "host/init/sudo.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct wish {
	const char *user;
	bool login, shell, keep;
	bool nothing, list;   /* no command is needed */
	const char *kept;     /* "A,B" of --preserve-env; NULL: none */
	char **args, **given; /* the command; "NAME=value" before it */
	int given_count;
};

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "sudo: %s%s%s\n", what, why ? ": " : "", why ? why : "");
	return 1;
}

/* ---- the command line */

static int
usage(void)
{
	fputs("usage: sudo [-EHins] [-u user] [NAME=value] [command]\n"
	      "       sudo -v | -k | -K | -l\n"
	      "In a sandbox of sandtop: no password, no sudoers.\n",
	    stderr);
	return 1;
}

/* What asks nothing of us here: there is no password, and root has a home. */
static bool
is_idle(const char *option)
{
	static const char *const idle[] = { "--non-interactive", "--set-home", "--stdin",
		"--background" };

	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
		if (strcmp(option, idle[i]) == 0)
			return true;
	return false;
}

static bool
take_long(struct wish *w, const char *option)
{
	if (strcmp(option, "--login") == 0)
		w->login = true;
	else if (strcmp(option, "--shell") == 0)
		w->shell = true;
	else if (strcmp(option, "--preserve-env") == 0)
		w->keep = true;
	else if (strncmp(option, "--preserve-env=", 15) == 0)
		w->kept = option + 15;
	else if (strncmp(option, "--user=", 7) == 0)
		w->user = option + 7;
	else if (strcmp(option, "--validate") == 0 ||
		 strcmp(option, "--reset-timestamp") == 0 ||
		 strcmp(option, "--remove-timestamp") == 0)
		w->nothing = true;
	else if (strcmp(option, "--list") == 0)
		w->nothing = w->list = true;
	else
		return is_idle(option);
	return true;
}

/* "-nEu root": the letters of one word. The word's successor may be a value. */
static bool
take_short(struct wish *w, const char *letters, char ***at)
{
	for (; *letters; letters++) {
		switch (*letters) {
		case 'n':
		case 'H':
		case 'S':
		case 'b':
			break;
		case 'v':
		case 'k':
		case 'K':
			w->nothing = true;
			break;
		case 'l':
			w->nothing = w->list = true;
			break;
		case 'E':
			w->keep = true;
			break;
		case 'i':
			w->login = true;
			break;
		case 's':
			w->shell = true;
			break;
		case 'u':
			w->user = letters[1] ? letters + 1 : *++*at;
			return w->user != NULL;
		default:
			return false;
		}
	}
	return true;
}

static bool
take_options(struct wish *w, char **at)
{
	for (; *at && (*at)[0] == '-' && (*at)[1]; at++) {
		if (strcmp(*at, "--") == 0) {
			at++;
			break;
		}
		if ((*at)[1] == '-' ? !take_long(w, *at) : !take_short(w, *at + 1, &at))
			return false;
	}
	for (w->given = at; *at && (*at)[0] != '=' && strchr(*at, '='); at++)
		w->given_count++;
	w->args = at;
	return *at || w->login || w->shell || w->nothing;
}

/* ---- the request */

struct text {
	char bytes[SUDO_REQUEST_MAX];
	size_t len;
	bool full;
};

static void
add(struct text *t, const char *s)
{
	size_t len = strlen(s) + 1;

	t->full |= len > sizeof t->bytes - t->len;
	if (t->full)
		return;
	memcpy(t->bytes + t->len, s, len);
	t->len += len;
}

/* A shell gets the words as one line, as it was typed but for its quotes. */
static uint32_t
add_command(struct text *t, const struct wish *w)
{
	static char line[SUDO_REQUEST_MAX / 2];
	uint32_t count = 0;
	size_t len = 0;

	if (!w->login && !w->shell) {
		for (; w->args[count]; count++)
			add(t, w->args[count]);
		return count;
	}
	add(t, "/bin/bash");
	count = 1;
	if (w->login) {
		add(t, "-l");
		count++;
	}
	if (!*w->args)
		return count;
	for (char **at = w->args; *at; at++) {
		int more = snprintf(
		    line + len, sizeof line - len, "%s%s", at == w->args ? "" : " ", *at);

		t->full |= more < 0 || (size_t)more >= sizeof line - len;
		if (t->full)
			return count;
		len += (size_t)more;
	}
	add(t, "-c");
	add(t, line);
	return count + 2;
}

static bool
names(const char *list, const char *variable)
{
	size_t len = strcspn(variable, "=");

	while (list && *list) {
		size_t word = strcspn(list, ",");

		if (word == len && strncmp(list, variable, len) == 0)
			return true;
		list += word + (list[word] == ',');
	}
	return false;
}

static uint32_t
add_environment(struct text *t, const struct wish *w)
{
	static const char always[] = "TERM,COLORTERM,LANG,LANGUAGE,LC_ALL,LC_CTYPE,TZ,"
				     "DISPLAY,NO_COLOR";
	static const char never[] = "PATH,HOME,USER,LOGNAME,TMPDIR,SHELL,SUDO_USER,"
				    "SUDO_UID,SUDO_GID,SUDO_COMMAND";
	char own[64];
	uint32_t count = 4;

	for (char **at = environ; *at; at++)
		if (names(always, *at) || names(w->kept, *at) ||
		    (w->keep && !names(never, *at))) {
			add(t, *at);
			count++;
		}
	snprintf(own, sizeof own, "SUDO_USER=%s", getuid() == 0 ? "root" : "user");
	add(t, own);
	snprintf(own, sizeof own, "SUDO_UID=%u", (unsigned)getuid());
	add(t, own);
	snprintf(own, sizeof own, "SUDO_GID=%u", (unsigned)getgid());
	add(t, own);
	add(t, "SHELL=/bin/bash");
	for (int i = 0; i < w->given_count; i++)
		add(t, w->given[i]);
	return count + (uint32_t)w->given_count;
}

static bool
send_request(int fd, const struct text *t)
{
	union {
		char bytes[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = "" };
	static const int fds[3] = { 0, 1, 2 };
	union {
		const char *given;
		void *taken;
	} bytes = { .given = t->bytes };
	struct iovec iov = { .iov_base = bytes.taken, .iov_len = t->len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(c), fds, sizeof fds);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)t->len;
}

/* ---- while it runs */

static const int passed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM,
	SIGWINCH, SIGTSTP, SIGCONT };

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		sigaddset(&set, passed[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void
pass_signal(int fd, int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	int32_t signum = (int32_t)info.ssi_signo;

	send(fd, &signum, sizeof signum, MSG_NOSIGNAL);
	if (signum == SIGTSTP)
		raise(SIGSTOP);
}

/* As the shell that waits for us would have seen it. */
static int
end_as(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	int signum = WTERMSIG(status);
	sigset_t set;

	signal(signum, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signum);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signum);
	return 128 + signum;
}

static int
wait_for_end(int fd, int signals)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	struct sudo_answer a;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return fail("poll", strerror(errno));
		if (fds[1].revents)
			pass_signal(fd, signals);
		if (!fds[0].revents)
			continue;
		if (recv(fd, &a, sizeof a, 0) != (ssize_t)sizeof a)
			return fail("the sandbox's supervisor refused", NULL);
		if (a.errnum)
			return fail(a.message, NULL);
		return end_as(a.status);
	}
}

/* ---- all of it */

static bool
build(struct text *t, const struct wish *w)
{
	struct sudo_request head = { .argc = 0 };
	char cwd[PATH_MAX];

	snprintf(head.user, sizeof head.user, "%s", w->user);
	t->len = sizeof head;
	add(t, w->login || !getcwd(cwd, sizeof cwd) ? "" : cwd);
	head.argc = add_command(t, w);
	head.envc = add_environment(t, w);
	memcpy(t->bytes, &head, sizeof head);
	return !t->full;
}

int
sudo_main(int argc, char **argv)
{
	static struct text text;
	struct wish w = { .user = "root" };
	struct sockaddr_un address;
	socklen_t size = sudo_address(&address);

	if (argc < 2 || !take_options(&w, argv + 1))
		return usage();
	if (w.list)
		puts("    (ALL : ALL) NOPASSWD: ALL");
	if (w.list || (w.nothing && !*w.args && !w.login && !w.shell))
		return 0;
	if (!build(&text, &w))
		return fail("the command is too long", NULL);
	int signals = open_signals();
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || signals < 0 || connect(fd, (const void *)&address, size) != 0)
		return fail("the sandbox's supervisor does not answer", strerror(errno));
	if (!send_request(fd, &text))
		return fail("the request could not be sent", strerror(errno));
	return wait_for_end(fd, signals);
}
