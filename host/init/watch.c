/* watch - one child that watches directories for all who want to know, made at the first
 * watch: arming a large tree takes long, and a queue that runs over is not PID 1's. */
#include "host/init/init.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static pid_t watcher;
static int requests = -1;

/* false: errno */
static bool
start_watcher(void)
{
	int pair[2], inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	pid_t supervisor = getpid();

	if (inotify < 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		close(inotify);
		return false;
	}
	watcher = fork();
	if (watcher == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		if (getppid() != supervisor)
			_exit(0);
		watcher_run(pair[1], inotify);
	}
	close(inotify);
	close(pair[1]);
	requests = pair[0];
	if (watcher > 0)
		return true;
	close(requests);
	requests = -1;
	watcher = 0;
	return false;
}

void
watch_request(struct message *m)
{
	struct iovec parts[2] = {
		{ .iov_base = &m->header, .iov_len = sizeof m->header },
		{ .iov_base = (void *)(uintptr_t)m->body, .iov_len = m->header.len },
	};
	const struct msghdr packet = { .msg_iov = parts, .msg_iovlen = 2 };
	bool wants_reply = m->header.type != INIT_UNWATCH;

	if (watcher == 0 && m->header.type != INIT_WATCH) {
		if (wants_reply) /* who watches nothing has seen everything */
			reply(m->header.id, INIT_OK, NULL, 0);
		return;
	}
	if (m->header.len > INIT_INLINE_MAX || (watcher == 0 && !start_watcher())) {
		reply_text(m->header.id, INIT_LIMIT,
		    "no watch is left on this machine (fs.inotify.max_user_instances): "
		    "%s",
		    strerror(errno));
		return;
	}
	/* An order to stop watching is never lost for good: LOST ends all. */
	if (sendmsg(requests, &packet, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && wants_reply)
		reply_text(m->header.id, INIT_LIMIT, "too many watches are being made");
}

void
watch_reaped(pid_t pid)
{
	static const char why[] = "something in the sandbox ended the watch";
	const struct init_change lost = { .kind = INIT_WATCH_LOST,
		.name_len = sizeof why };
	unsigned char body[sizeof lost + sizeof why];
	const struct init_header header = { .type = INIT_WATCHED, .len = sizeof body };

	if (pid != watcher || watcher == 0)
		return;
	close(requests);
	requests = -1;
	watcher = 0;
	memcpy(body, &lost, sizeof lost);
	memcpy(body + sizeof lost, why, sizeof why);
	message_send(&header, body, NULL, 0);
}
