/*
 * sandtop-init: the first process of a sandbox. It starts processes for the
 * host, hands their descriptors out, reaps whatever dies, and takes everything
 * with it when it ends. protocol.h has the conversation, layout.h the places.
 */
#include "host/init/init.h"
#include "host/init/sudo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct init_options options = { .id = "sandbox", .home = "" };
static rlim_t process_limit;
static bool frozen;  /* a second freeze would take all for stopped by a person */
static bool chasing; /* some outran the freeze */

void
finish(void)
{
	if (options.plain)
		census_kill_all();
	_exit(0); /* in a container the kernel kills the rest with its first process */
}

/* ---- requests */

static void
on_group(struct message *m)
{
	if (m->fd_count == 1) {
		group_set(m->fds[0]);
		m->fds[0] = -1;
	}
}

static void
on_spawn(struct message *m)
{
	spawn(m);
}

static void
on_signal(struct message *m)
{
	struct init_signal s;

	memcpy(&s, m->body, sizeof s);
	/* A number that is not ours may be somebody else's by now. Ours lead groups. */
	bool sent =
	    spawn_is_ours(s.pid < 0 ? -s.pid : s.pid) && kill(s.pid, s.signum) == 0;

	reply(m->header.id, sent ? INIT_OK : INIT_GONE, NULL, 0);
}

static void
on_freeze(struct message *m)
{
	if (!frozen && !group_freeze(true))
		chasing = !census_freeze(false);
	spawn_refuse(frozen = true);
	reply(m->header.id, INIT_OK, NULL, 0);
}

static void
on_thaw(struct message *m)
{
	chasing = false;
	if (frozen && !group_freeze(false))
		census_thaw();
	spawn_refuse(frozen = false);
	reply(m->header.id, INIT_OK, NULL, 0);
}

static void
on_stats(struct message *m)
{
	struct init_stats stats;

	census_stats(&stats);
	group_stats(&stats);
	reply(m->header.id, INIT_OK, &stats, sizeof stats);
}

static void
on_socket(struct message *m)
{
	const struct init_header header = { .type = INIT_REPLY, .id = m->header.id };
	int family = m->header.len > 0 && m->body[0] == 6 ? AF_INET6 : AF_INET;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		reply_text(m->header.id, INIT_LIMIT, "no socket: %s", strerror(errno));
		return;
	}
	message_send(&header, NULL, &fd, 1);
	close(fd);
}

static void
on_quit(struct message *m)
{
	(void)m;
	finish();
}

struct handler {
	uint16_t type;
	uint32_t body_min;
	void (*handle)(struct message *m);
};

static const struct handler handlers[] = {
	{ INIT_GROUP, 0, on_group },
	{ INIT_SPAWN, sizeof(struct init_spawn), on_spawn },
	{ INIT_SIGNAL, sizeof(struct init_signal), on_signal },
	{ INIT_FREEZE, 0, on_freeze },
	{ INIT_THAW, 0, on_thaw },
	{ INIT_STATS, 0, on_stats },
	{ INIT_SOCKET, 0, on_socket },
	{ INIT_QUIT, 0, on_quit },
	{ INIT_STAT, sizeof(struct init_file), file_stat },
	{ INIT_LIST, sizeof(struct init_file), file_list },
	{ INIT_MKDIR, sizeof(struct init_file), file_mkdir },
	{ INIT_MOVE, sizeof(struct init_file), file_move },
	{ INIT_REMOVE, sizeof(struct init_file), file_remove },
	{ INIT_OPEN, sizeof(struct init_file), file_open },
	{ INIT_COMPOSE, sizeof(struct init_file), file_compose },
	{ INIT_WATCH, sizeof(struct init_file), watch_request },
	{ INIT_UNWATCH, sizeof(struct init_unwatch), watch_request },
	{ INIT_SEEN, 0, watch_request },
};

static void
dispatch(struct message *m)
{
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
		if (handlers[i].type == m->header.type &&
		    m->header.len >= handlers[i].body_min) {
			handlers[i].handle(m);
			return;
		}
	reply_text(m->header.id, INIT_UNKNOWN, "request %u is not known", m->header.type);
}

/* ---- events */

static void
announce_exit(pid_t pid, int status)
{
	const struct init_exited body = { .pid = pid, .status = status };
	const struct init_header header = { .type = INIT_EXITED, .len = sizeof body };

	work_reaped(pid, status);
	sudo_reaped(pid, status);
	watch_reaped(pid);
	if (!spawn_is_ours(pid))
		return; /* an orphan that came to us */
	spawn_forget(pid);
	message_send(&header, &body, NULL, 0);
}

static void
reap(int signals)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(signals, &info, sizeof info) == (ssize_t)sizeof info)
		continue;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		announce_exit(pid, status);
}

static void
serve(int signals)
{
	struct pollfd fds[2 + SUDO_CALLERS_MAX + 1] = {
		{ .fd = INIT_SOCKET_FD, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	struct message m;

	for (;;) {
		/* What was asked just before a freeze is done after it. */
		size_t callers = frozen ? 0 : sudo_poll(fds + 2);

		if (poll(fds, 2 + callers, chasing ? 0 : -1) < 0) {
			if (errno != EINTR)
				finish();
			continue;
		}
		if (chasing)
			chasing = !census_freeze(true);
		if (callers > 0)
			sudo_ready(fds + 2, callers);
		if (fds[1].revents)
			reap(signals);
		if (fds[0].revents && message_receive(&m)) {
			dispatch(&m);
			message_clear(&m);
		}
	}
}

/* ---- start */

/*
 * What root may do in here: what containers usually grant. Not ptrace, so that
 * nothing can look into this process, and nothing about mounts.
 */
static const unsigned kept_capabilities[] = {
	CAP_CHOWN,
	CAP_DAC_OVERRIDE,
	CAP_FOWNER,
	CAP_FSETID,
	CAP_KILL,
	CAP_SETGID,
	CAP_SETUID,
	CAP_SETPCAP,
	CAP_NET_BIND_SERVICE,
	CAP_NET_RAW,
	CAP_SYS_CHROOT,
	CAP_AUDIT_WRITE,
	CAP_SETFCAP,
};

static bool
keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(kept >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return false;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	data[0].effective = data[0].permitted = (uint32_t)kept;
	data[1].effective = data[1].permitted = (uint32_t)(kept >> 32);
	return syscall(SYS_capset, &head, data) == 0;
}

static bool
drop_capabilities(void)
{
	uint64_t kept = 0;

	for (size_t i = 0; i < sizeof kept_capabilities / sizeof *kept_capabilities; i++)
		kept |= UINT64_C(1) << kept_capabilities[i];
	if (geteuid() != 0) /* only one that was demoted has any */
		return !options.demote || keep_capabilities(0);
	return keep_capabilities(kept);
}

/* Files under /proc/self belong to us only until we hide from the others. */
static bool
settle(void)
{
	int oom = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (oom >= 0) {
		if (write(oom, "100", 3) < 0)
			fprintf(
			    stderr, "sandtop-init: oom_score_adj: %s\n", strerror(errno));
		close(oom);
	}
	if (process_limit > 0)
		setrlimit(RLIMIT_NPROC, &(struct rlimit){ process_limit, process_limit });
	if (options.plain)
		return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
	if (!drop_capabilities())
		return false;
	if (!keys_leave())
		return false;
	return prctl(PR_SET_DUMPABLE, 0) == 0;
}

static int
open_signals(void)
{
	sigset_t all, child;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
announce_ready(void)
{
	const struct init_ready body = {
		.protocol = INIT_PROTOCOL,
		.has_proc = census_has_proc(),
	};
	const struct init_header header = { .type = INIT_READY, .len = sizeof body };

	message_send(&header, &body, NULL, 0);
}

static bool
parse_flag(const char *name)
{
	const struct {
		const char *name;
		bool *set;
	} flags[] = {
		{ "--dns", &options.dns },
		{ "--writable", &options.writable },
		{ "--demote", &options.demote },
	};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (strcmp(name, flags[i].name) == 0)
			return *flags[i].set = true;
	return false;
}

/* The host writes the arguments; what is no flag has a value. */
static bool
parse_arguments(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (parse_flag(argv[i]))
			continue;
		if (!value)
			return false;
		if (strcmp(argv[i], "--id") == 0) {
			options.id = value;
		} else if (strcmp(argv[i], "--zone") == 0) {
			options.zone = value;
		} else if (strcmp(argv[i], "--processes") == 0) {
			process_limit = strtoul(value, NULL, 10);
		} else if (strcmp(argv[i], "--plain") == 0) {
			options.plain = true;
			options.home = value;
		} else {
			return false;
		}
		i++;
	}
	return argc > 1;
}

/* What needs the rights of the start, in order. */
static bool
furnish(void)
{
	const char *what = "a writable system";
	bool done = !options.writable || system_overlay();

	if (!options.plain)
		system_boot();
	if (done) {
		what = "user map";
		done = !options.demote || system_demote();
	}
	if (done) {
		what = "files";
		done = outfit();
	}
	if (!done)
		fprintf(stderr, "sandtop-init: %s: %s\n", what, strerror(errno));
	return done;
}

/* By that name we are a program of the sandbox. */
static bool
is_sudo(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, "sudo") == 0;
}

int
main(int argc, char **argv)
{
	if (argc > 0 && is_sudo(argv[0]))
		return sudo_main(argc, argv);
	if (argc == 3 && strcmp(argv[1], "--wipe") == 0)
		return wipe(argv[2]);
	if (argc == 4 && strcmp(argv[1], "--copy") == 0)
		return copy(argv[2], argv[3]);
	int type;
	socklen_t size = sizeof type;

	if (!parse_arguments(argc, argv) ||
	    getsockopt(INIT_SOCKET_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
		fprintf(stderr,
		    "sandtop-init: started by sandtop's local host, not by hand\n");
		return 2;
	}
	fcntl(INIT_SOCKET_FD, F_SETFD, FD_CLOEXEC);
	close_range(
	    INIT_SOCKET_FD + 1, ~0U, 0); /* what the start left open is nobody's */
	if (!furnish())
		return 1;
	if (!options.plain)
		sudo_listen();
	int signals = open_signals();

	if (signals < 0 || !settle()) {
		fprintf(stderr, "sandtop-init: %s\n", strerror(errno));
		return 1;
	}
	if (chdir("/") == 0)
		announce_ready();
	serve(signals);
}
