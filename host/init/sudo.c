/* sudo - the supervisor's side of host/init/sudo.h. */
#include "host/init/sudo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/init/child.h"
#include "host/init/layout.h"

/* A command that runs, or a connection that has not asked yet (pid 0). */
struct caller {
	int fd;
	pid_t pid;
};

static struct caller callers[SUDO_CALLERS_MAX];
static size_t count;
static int listener = -1;

socklen_t
sudo_address(struct sockaddr_un *out)
{
	static const char name[] = "sandtop-sudo"; /* behind a NUL: abstract */

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(out->sun_path + 1, name, sizeof name - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof name);
}

void
sudo_listen(void)
{
	struct sockaddr_un address;
	socklen_t size = sudo_address(&address);

	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener >= 0 && (bind(listener, (const void *)&address, size) != 0 ||
				 listen(listener, SUDO_CALLERS_MAX) != 0)) {
		close(listener);
		listener = -1;
	}
}

size_t
sudo_poll(struct pollfd *out)
{
	out[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (size_t i = 0; i < count; i++)
		out[i + 1] = (struct pollfd){ .fd = callers[i].fd, .events = POLLIN };
	return count + 1;
}

/* ---- callers */

static void
forget(struct caller *c)
{
	close(c->fd);
	*c = callers[--count];
}

/* A caller that reads nothing misses it. */
static void
answer(struct caller *c, const struct sudo_answer *a)
{
	send(c->fd, a, sizeof *a, MSG_DONTWAIT | MSG_NOSIGNAL);
	forget(c);
}

static bool
may_ask(int fd)
{
	struct ucred who;
	socklen_t size = sizeof who;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
	       (who.uid == 0 || who.uid == LAYOUT_UID);
}

static void
take_caller(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (count == SUDO_CALLERS_MAX || !may_ask(fd)) {
		close(fd);
		return;
	}
	callers[count++] = (struct caller){ .fd = fd };
}

/* ---- requests */

static _Alignas(8) char request[SUDO_REQUEST_MAX];

/* What the space of three has room for, with its padding. */
enum { FDS_ROOM = (CMSG_SPACE(3 * sizeof(int)) - CMSG_LEN(0)) / sizeof(int) };

/* Descriptors that came with it, closed when there are not three. */
static bool
take_three(struct msghdr *msg, int *fds)
{
	int got[FDS_ROOM], n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(got, CMSG_DATA(c), (size_t)n * sizeof(int));
	}
	if (n == 3) {
		memcpy(fds, got, 3 * sizeof *fds);
		return true;
	}
	for (int i = 0; i < n; i++)
		close(got[i]);
	return false;
}

/* Bytes received; fds are the caller's when it is more than 0. Also an empty request may
 * come with some. */
static ssize_t
receive(int fd, int *fds)
{
	union {
		char bytes[CMSG_SPACE(3 * sizeof(int))]; /* the kernel drops more */
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = request, .iov_len = sizeof request };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	ssize_t got = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return got;
	bool three = take_three(&msg, fds);

	for (int i = 0; three && got == 0 && i < 3; i++)
		close(fds[i]);
	return three ? got : 0;
}

static const char *
next_string(const char **at, const char *end)
{
	const char *s = *at;
	const char *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	*at = nul ? nul + 1 : end;
	return nul ? s : NULL;
}

static bool
parse(size_t len, struct plan *p, char *user)
{
	struct sudo_request head;
	const char *at = request + sizeof head, *end = request + len;

	if (len < sizeof head)
		return false;
	memcpy(&head, request, sizeof head);
	snprintf(user, SUDO_USER_MAX, "%.*s", SUDO_USER_MAX - 1, head.user);
	p->head.argc = head.argc;
	p->head.envc = head.envc;
	p->cwd = next_string(&at, end);
	p->first = at;
	if (!p->cwd || head.argc == 0 || head.argc > SUDO_REQUEST_MAX ||
	    head.envc > SUDO_REQUEST_MAX)
		return false;
	for (uint32_t i = 0; i < head.argc + head.envc; i++)
		if (!next_string(&at, end))
			return false;
	return at == end;
}

static void
start(struct caller *c, const struct plan *p)
{
	struct sudo_answer a = { .errnum = EINVAL };
	struct report report;
	pid_t pid = spawn_start(p, &report);

	if (pid > 0) {
		c->pid = pid;
		return;
	}
	a.errnum = report.errnum;
	snprintf(a.message, sizeof a.message, "%s", strerror(report.errnum));
	answer(c, &a);
}

static void
take_request(struct caller *c)
{
	struct plan p = { .child_fds = { -1, -1, -1 }, .host_fds = { -1, -1, -1 } };
	struct sudo_answer refusal = { .errnum = EINVAL };
	char user[SUDO_USER_MAX];
	ssize_t got = receive(c->fd, p.child_fds);

	if (got <= 0) {
		forget(c);
		return;
	}
	if (!parse((size_t)got, &p, user)) {
		snprintf(refusal.message, sizeof refusal.message,
		    "the request makes no sense");
		answer(c, &refusal);
	} else if (!account_find(user, &p.account)) {
		snprintf(
		    refusal.message, sizeof refusal.message, "unknown user %s", user);
		answer(c, &refusal);
	} else {
		start(c, &p);
	}
	for (int i = 0; i < 3; i++)
		close(p.child_fds[i]);
}

/* A signal for the command and whatever it has started, or the end of who called: as
 * if a terminal had gone. */
static void
pass_signal(struct caller *c)
{
	int32_t signum;
	ssize_t got = recv(c->fd, &signum, sizeof signum, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got == (ssize_t)sizeof signum && signum > 0 && signum < NSIG) {
		kill(-c->pid, signum);
		return;
	}
	kill(-c->pid, SIGHUP);
	kill(-c->pid, SIGCONT);
	forget(c);
}

void
sudo_ready(const struct pollfd *fds, size_t polled)
{
	/* From the end: what is forgotten is replaced by the last. */
	for (size_t i = polled - 1; i-- > 0;)
		if (fds[i + 1].revents && callers[i].pid == 0)
			take_request(&callers[i]);
		else if (fds[i + 1].revents)
			pass_signal(&callers[i]);
	if (fds[0].revents)
		take_caller();
}

void
sudo_reaped(pid_t pid, int status)
{
	const struct sudo_answer a = { .status = status };

	for (size_t i = 0; i < count; i++)
		if (callers[i].pid == pid) {
			answer(&callers[i], &a);
			return;
		}
}
