/*
 * What reaches the supervisor inside a sandbox: requests from the host with strings of
 * clients in them, requests for sudo from any program in there, and /etc/passwd and
 * /etc/group, which those programs may write. Byte 0 chooses.
 *
 * The supervisor is no room that could be linked, so its files are included; what it would
 * do about the requests is counted and not done.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The two files of accounts are the input's. */
static int fuzz_open(const char *path);
#define open(path, flags) fuzz_open(path)
#include "host/init/account.c"
#undef open
#include "host/init/file_path.c"
#include "host/init/sudo.c"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct init_options options = { .home = "" };
static const uint8_t *file_bytes; /* borrowed */
static size_t file_len;
static bool started;

static int
fuzz_open(const char *path)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && path[0] == '/');
	require(write(fd, file_bytes, file_len) == (ssize_t)file_len);
	require(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* ---- in place of channel.c and spawn.c */

void
reply(uint32_t id, enum init_result result, const void *body, size_t len)
{
	(void)id;
	require(result != INIT_OK && body && len <= INIT_INLINE_MAX);
}

void
reply_text(uint32_t id, enum init_result result, const char *fmt, ...)
{
	(void)id;
	require(result != INIT_OK && fmt[0]);
}

pid_t
spawn_start(const struct plan *p, struct report *report)
{
	const char *at = p->first;
	size_t bytes = strlen(p->cwd);

	started = true;
	for (uint32_t i = 0; i < p->head.argc + p->head.envc; i++, at += strlen(at) + 1)
		bytes += strlen(at);
	require(bytes <= SUDO_REQUEST_MAX && p->account.group_count >= 1);
	for (int i = 0; i < 3; i++)
		require(p->child_fds[i] >= 0 && p->host_fds[i] == -1);
	*report = (struct report){ .errnum = EAGAIN };
	return -1;
}

/* ---- what is tried */

static void
try_accounts(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "user", "root", "a", "daemon", "" };
	char name[64];

	file_bytes = data;
	file_len = size;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct account a;
		bool known = account_find(names[i], &a);

		require(known || (i != 0 && i != 1));
		require(!known || (a.home[0] == '/' && a.group_count >= 1));
	}
	for (unsigned id = 0; id < 3; id++) {
		account_name(id, name, sizeof name);
		account_group_name(id, name, sizeof name);
	}
}

static void
ask_sudo(int fd, const uint8_t *data, size_t size, int fds)
{
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control;
	union {
		const uint8_t *given;
		void *taken;
	} text = { .given = data };
	struct iovec iov = { .iov_base = text.taken, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int all[8];

	memset(&control, 0, sizeof control);
	for (int i = 0; i < fds; i++)
		all[i] = fd;
	if (fds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE((size_t)fds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)fds * sizeof(int));
		memcpy(CMSG_DATA(c), all, (size_t)fds * sizeof(int));
	}
	require(sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)size);
}

/* The first byte: how many descriptors. */
static void
try_sudo(const uint8_t *data, size_t size)
{
	static const uint8_t none[1];
	int pair[2];

	if (size < 2)
		return;
	file_bytes = none;
	file_len = 0;
	started = false;
	require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	ask_sudo(pair[1], data + 1, size - 1, data[0] % 9);
	callers[0] = (struct caller){ .fd = pair[0] };
	count = 1;
	take_request(&callers[0]);
	require(count == 0); /* nothing has been started, so it is answered */
	require(!started || data[0] % 9 == 3);
	close(pair[1]);
}

/* A relative path is cleaned of whatever leads upwards; none is cut. */
static void
try_file(const uint8_t *data, size_t size)
{
	static const uint8_t none[1];
	static struct file_request r;
	struct message m = { .header = { .type = INIT_MOVE, .len = (uint32_t)size } };
	const char *more;

	if (size < sizeof(struct init_file))
		return; /* main.c asks for that much */
	file_bytes = none;
	file_len = 0;
	m.body = data;
	if (!file_request_read(&m, &r))
		return;
	require(r.path[0] == '/' && strlen(r.path) < PATH_MAX);
	require(r.given[0] == '/' || !strstr(r.path, "/../"));
	for (uint32_t i = 0; i < r.head.count; i++) {
		char out[PATH_MAX];

		require((more = file_request_next(&r)) != NULL);
		if (file_resolve(&r, more, out))
			require(out[0] == '/');
	}
	require(!file_request_next(&r));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 100000)
		return 0;
	if (data[0] % 3 == 0)
		try_accounts(data + 1, size - 1);
	else if (data[0] % 3 == 1)
		try_sudo(data + 1, size - 1);
	else
		try_file(data + 1, size - 1);
	return 0;
}
