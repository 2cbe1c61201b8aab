/* spawn - starts a process on a PTY or pipes and hands the other ends out. */
#include "host/init/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

enum { REPORT_MS = 5000 };

static pid_t ours[INIT_PROCESSES_MAX];
static size_t ours_count;
static bool frozen;

bool
spawn_is_ours(pid_t pid)
{
	for (size_t i = 0; i < ours_count; i++)
		if (ours[i] == pid)
			return true;
	return false;
}

void
spawn_forget(pid_t pid)
{
	for (size_t i = 0; i < ours_count; i++)
		if (ours[i] == pid) {
			ours[i] = ours[--ours_count];
			return;
		}
}

void
spawn_refuse(bool refuse)
{
	frozen = refuse;
}

/* ---- reading the request */

static const char *
next_string(const char **at, const char *end)
{
	const char *s = *at;
	const char *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return s;
}

static bool
parse(const struct message *m, struct plan *p)
{
	const char *at = (const char *)m->body, *end = at + m->header.len;

	if (m->header.len < sizeof p->head)
		return false;
	memcpy(&p->head, at, sizeof p->head);
	at += sizeof p->head;
	p->user = next_string(&at, end);
	p->cwd = p->user ? next_string(&at, end) : NULL;
	p->first = at;
	if (!p->cwd || p->head.argc == 0 || p->head.argc > INIT_STRINGS_MAX ||
	    p->head.envc > INIT_STRINGS_MAX)
		return false;
	for (uint32_t i = 0; i < p->head.argc + p->head.envc; i++)
		if (!next_string(&at, end))
			return false;
	return at == end;
}

/* ---- descriptors */

static void
close_all(int *fds, int count)
{
	for (int i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void
close_plan(struct plan *p)
{
	close_all(p->host_fds, 3);
	if (p->child_fds[1] == p->child_fds[0])
		close_all(p->child_fds, 1);
	else
		close_all(p->child_fds, 3);
}

/* The terminal belongs to the sandbox's own devpts, and its name there to the user. */
static bool
open_pty(struct plan *p)
{
	const struct winsize size = { .ws_col = p->head.cols, .ws_row = p->head.rows };
	struct termios t;
	int unlock = 0;
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

	p->host_fds[0] = master;
	p->host_count = 1;
	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) != 0)
		return false;
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	for (int i = 0; i < 3; i++)
		p->child_fds[i] = slave;
	if (slave < 0 || ioctl(master, TIOCSWINSZ, &size) != 0 ||
	    tcgetattr(slave, &t) != 0)
		return false;
	t.c_iflag |= IUTF8;
	if (geteuid() == 0 && !options.plain && fchown(slave, p->account.uid, 5) != 0)
		return false;
	return tcsetattr(slave, TCSANOW, &t) == 0;
}

static bool
open_pipes(struct plan *p)
{
	int pair[2];

	if (!(p->head.flags & INIT_SPAWN_STDIN)) {
		p->child_fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} else if (pipe2(pair, O_CLOEXEC) == 0) {
		p->child_fds[0] = pair[0];
		p->host_fds[p->host_count++] = pair[1];
	}
	if (p->child_fds[0] < 0)
		return false;
	for (int i = 1; i < 3; i++) {
		if (pipe2(pair, O_CLOEXEC) != 0)
			return false;
		p->child_fds[i] = pair[1];
		p->host_fds[p->host_count++] = pair[0];
	}
	return true;
}

/* ---- starting */

/* Born into the group: moving a process there later makes the kernel wait for 13 ms. */
static pid_t
fork_into_group(void)
{
	struct clone_args args = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)group_directory(),
	};
	pid_t pid =
	    group_directory() < 0 ? -1 : (pid_t)syscall(SYS_clone3, &args, sizeof args);

	if (pid >= 0)
		return pid;
	group_missed_one();
	return fork();
}

static void
explain(uint32_t id, const struct plan *p, const struct report *r)
{
	if (r->result == INIT_LIMIT && r->errnum == EMFILE)
		reply_text(id, INIT_LIMIT, "no descriptors left in the sandbox");
	else if (r->result == INIT_LIMIT)
		reply_text(id, INIT_LIMIT, "cannot fork in the sandbox: %s",
		    strerror(r->errnum));
	else if (r->result == INIT_NO_CWD)
		reply_text(id, INIT_NO_CWD, "cwd '%.100s' does not exist", p->cwd);
	else
		reply_text(id, (enum init_result)r->result,
		    "error starting process '%.80s': %s", p->first, strerror(r->errnum));
}

static void
announce(uint32_t id, const struct plan *p, pid_t pid)
{
	const struct init_spawned body = { .pid = pid, .in_group = group_has_all() };
	const struct init_header header = {
		.type = INIT_REPLY,
		.id = id,
		.result = INIT_OK,
		.len = sizeof body,
	};

	ours[ours_count++] = pid;
	message_send(&header, &body, p->host_fds, p->host_count);
}

/* The child is the user's already: another of theirs may stop it before it has spoken. */
static bool
hear(int gate, struct report *report)
{
	struct pollfd fd = { .fd = gate, .events = POLLIN };

	return poll(&fd, 1, REPORT_MS) == 1 &&
	       read(gate, report, sizeof *report) == (ssize_t)sizeof *report &&
	       report->result == INIT_OK;
}

static bool
needs_fake_root(const struct plan *p)
{
	return !options.plain && geteuid() != 0 && p->account.uid == 0 &&
	       child_can_appear_as_root();
}

/* A child that waits at its gate, ours in *gate; -1: `report` says why. */
static pid_t
fork_child(const struct plan *p, struct report *report, int *gate)
{
	bool fake_root = needs_fake_root(p);
	int ends[2];

	*report = (struct report){ .result = INIT_LIMIT, .errnum = EMFILE };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	pid_t pid = fork_into_group();

	if (pid == 0) {
		close(ends[0]);
		child_run(p, ends[1], fake_root);
	}
	report->errnum = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -1;
	}
	*report = (struct report){ .result = INIT_FAILED, .errnum = ECHILD };
	if (hear(ends[0], report)) {
		*gate = ends[0];
		return pid;
	}
	close(ends[0]);
	kill(pid, SIGKILL); /* most have ended by themselves; reaped unnamed */
	return -1;
}

static void
let_go(pid_t pid, int gate)
{
	if (send(gate, "", 1, MSG_NOSIGNAL) != 1)
		kill(pid, SIGKILL);
	close(gate);
}

pid_t
spawn_start(const struct plan *p, struct report *report)
{
	int gate;
	pid_t pid = fork_child(p, report, &gate);

	if (pid > 0)
		let_go(pid, gate);
	return pid;
}

static void
run(uint32_t id, const struct plan *p)
{
	struct report report;
	int gate;
	pid_t pid = fork_child(p, &report, &gate);

	if (pid > 0) {
		announce(id, p, pid);
		let_go(pid, gate);
	} else {
		explain(id, p, &report);
	}
}

/* Terminals are counted for the whole machine; the kernel tells that as ENOSPC. */
static void
refuse_streams(uint32_t id, bool terminal)
{
	if (terminal && errno == ENOSPC)
		reply_text(id, INIT_LIMIT,
		    "no terminal is left: end what runs in one, or raise the machine's "
		    "kernel.pty.max");
	else
		reply_text(id, INIT_LIMIT, "no %s: %s", terminal ? "terminal" : "pipes",
		    strerror(errno));
}

void
spawn(const struct message *m)
{
	struct plan p = { .child_fds = { -1, -1, -1 }, .host_fds = { -1, -1, -1 } };
	uint32_t id = m->header.id;

	if (!parse(m, &p))
		reply_text(
		    id, INIT_UNKNOWN, "the request to start a process makes no sense");
	else if (frozen)
		reply_text(id, INIT_FAILED, "the sandbox is paused");
	else if (ours_count == INIT_PROCESSES_MAX)
		reply_text(
		    id, INIT_LIMIT, "%d processes run already", INIT_PROCESSES_MAX);
	else if (!account_find(p.user, &p.account))
		reply_text(id, INIT_NO_USER, "there is no user '%.64s'", p.user);
	else if (!((p.head.flags & INIT_SPAWN_PTY) ? open_pty(&p) : open_pipes(&p)))
		refuse_streams(id, p.head.flags & INIT_SPAWN_PTY);
	else
		run(id, &p);
	close_plan(&p);
}
