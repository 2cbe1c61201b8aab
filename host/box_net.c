#include "host/box_net.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/nsfs.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/box_program.h"

/* What slirp4netns sees; box_program_run() gives the numbers in this order. */
enum { NET_FD = 3, USER_FD, READY_FD, EXIT_FD };

struct box_net {
	struct loop *loop;   /* borrowed */
	struct watch *watch; /* owned; of `ready` */
	int ready;	     /* owned; one byte comes when the network is there */
	int alive;	     /* owned; its closing, also by our death, ends slirp4netns */
	int log;	     /* owned; until the network is there */
	int pid;	     /* 0: it has ended */
	bool up;
	char *failure;		  /* owned */
	void (*ended)(void *ctx); /* of who had it end */
	void *ctx;		  /* borrowed */
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
on_ready(void *ctx, int events)
{
	struct box_net *n = ctx;
	char byte;

	(void)events;
	n->up = read(n->ready, &byte, 1) == 1 && byte == '1';
	watch_free(n->watch);
	n->watch = NULL;
	close_fd(&n->ready);
	if (n->up)
		close_fd(&n->log); /* what it says from now on is nobody's concern */
}

static void
on_end(void *ctx, int pid, int status)
{
	struct box_net *n = ctx;

	(void)pid;
	n->pid = 0;
	n->up = false;
	if (n->ended) {
		n->ended(n->ctx);
		return;
	}
	n->failure = n->log >= 0 ? box_program_log_first(n->log) : xstrdup("");
	log_warn("box", "slirp4netns ended with status %d: %s", status, n->failure);
}

static bool
may_mount(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	return syscall(SYS_capget, &head, data) == 0 &&
	       (data[0].effective >> CAP_SYS_ADMIN & 1);
}

/*
 * Where it may it shuts itself in; an ordinary user's cannot (1.2.0 fails). An
 * ordinary user's bubblewrap nests namespaces: the network's owner, which may
 * be another than the process's own, is the one to join.
 */
static void
add_args(struct strlist *args, bool with_user)
{
	static const char *const always[] = {
		"--configure",
		"--mtu=65520",
		"--disable-host-loopback",
		"--enable-seccomp",
		"--netns-type=path",
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		strlist_add(args, always[i]);
	if (may_mount())
		strlist_add(args, "--enable-sandbox");
	snprintf(text, sizeof text, "--ready-fd=%d", READY_FD);
	strlist_add(args, text);
	snprintf(text, sizeof text, "--exit-fd=%d", EXIT_FD);
	strlist_add(args, text);
	snprintf(text, sizeof text, "--userns-path=/proc/self/fd/%d", USER_FD);
	if (with_user)
		strlist_add(args, text);
	snprintf(text, sizeof text, "/proc/self/fd/%d", NET_FD);
	strlist_add(args, text);
	strlist_add(args, "tap0");
}

static bool
is_own_user_namespace(int fd)
{
	char path[64], theirs[64], ours[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ssize_t a = readlink(path, theirs, sizeof theirs - 1);
	ssize_t b = readlink("/proc/self/ns/user", ours, sizeof ours - 1);

	theirs[a > 0 ? a : 0] = ours[b > 0 ? b : 0] = '\0';
	return str_eq(theirs, ours);
}

static bool
start(struct box_net *n, int net, int user, struct error *err)
{
	int ready[2] = { -1, -1 }, alive[2] = { -1, -1 };
	struct strlist args = { .count = 0 };
	bool started = false;

	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(alive, O_CLOEXEC) != 0) {
		error_system(err, errno, "no pipe for slirp4netns");
	} else {
		struct box_program_start how = {
			.program = "slirp4netns",
			.override = "SANDTOP_SLIRP4NETNS",
			.args = &args,
			.log = n->log,
			.fds = { net, user, ready[1], alive[0] },
			.fd_count = 4,
		};

		add_args(&args, !is_own_user_namespace(user));
		started = box_program_run(&how, &n->pid, err);
	}
	strlist_clear(&args);
	n->ready = ready[0];
	n->alive = alive[1];
	close_fd(&ready[1]);
	close_fd(&alive[0]);
	return started;
}

static bool
join(struct box_net *n, int pid, struct error *err)
{
	char *path = xasprintf("/proc/%d/ns/net", pid);
	int net = open(path, O_RDONLY | O_CLOEXEC);
	int user = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	bool joined = false;

	if (user < 0)
		error_system(err, errno, "the sandbox's network cannot be joined");
	else if (start(n, net, user, err))
		joined = true;
	close_fd(&user);
	close_fd(&net);
	free(path);
	return joined;
}

struct box_net *
box_net_new(struct loop *loop, int pid, struct error *err)
{
	struct box_net *n = xcalloc(1, sizeof *n);

	n->loop = loop;
	n->ready = n->alive = -1;
	n->log = box_program_log_new();
	if (!join(n, pid, err)) {
		box_net_free(n);
		return NULL;
	}
	loop_on_child(loop, n->pid, on_end, n);
	n->watch = watch_new(loop, n->ready, on_ready, n);
	watch_set(n->watch, WATCH_READ);
	return n;
}

void
box_net_free(struct box_net *n)
{
	if (!n)
		return;
	if (n->pid > 0) {
		loop_forget_child(n->loop, n->pid);
		kill(n->pid, SIGKILL);
	}
	watch_free(n->watch);
	close_fd(&n->ready);
	close_fd(&n->alive);
	close_fd(&n->log);
	free(n->failure);
	free(n);
}

void
box_net_end(struct box_net *n, void (*ended)(void *ctx), void *ctx)
{
	n->up = false;
	n->ended = ended;
	n->ctx = ctx;
	watch_free(n->watch);
	n->watch = NULL;
	kill(n->pid, SIGKILL);
}

int
box_net_pid(const struct box_net *n)
{
	return n->pid;
}

bool
box_net_is_up(const struct box_net *n)
{
	return n && n->up;
}

const char *
box_net_failure(const struct box_net *n)
{
	return n->failure;
}
