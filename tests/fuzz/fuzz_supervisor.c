/*
 * What a sandbox's supervisor and its programs say to the host (host/init/protocol.h): a
 * whole host (house.h) is asked something, and the input is all that comes back. Byte 0
 * chooses the question; then come frames: what it is, a number for it, two bytes of length,
 * bytes. A service behind a port of the sandbox is played too.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/init/protocol.h"
#include "tests/fuzz/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PENDING_MAX = 64, FRAMES_MAX = 24, FRAME_HEAD = 4, NAME_LAST_WATCH = 0xff };

/* ---- what is asked */

#define RPC "application/connect+json"
#define START(more) "{\"process\":{\"cmd\":\"x\"}" more "}"

static const struct question {
	const char *method, *path;
	int port;	  /* 0: that of our service */
	const char *type; /* and more lines of the header */
	const char *body; /* NULL: none. Of type RPC: one message of a stream */
} questions[] = {
	{ "POST", "/process.Process/Start", 49983, RPC, START("") },
	{ "POST", "/process.Process/Start", 49983, RPC, START(",\"stdin\":true") },
	{ "POST", "/process.Process/Start", 49983, RPC,
	    START(",\"pty\":{\"size\":{\"cols\":80,\"rows\":24}}") },
	{ "GET", "/files?path=/a", 49983, "text/plain", NULL },
	{ "POST", "/files?path=/a", 49983, "application/octet-stream", "some bytes" },
	{ "POST", "/files/compose", 49983, "application/json",
	    "{\"source_paths\":[\"/a\",\"/b\"],\"destination\":\"/c\"}" },
	{ "POST", "/filesystem.Filesystem/Stat", 49983, "application/json",
	    "{\"path\":\"/a\"}" },
	{ "POST", "/filesystem.Filesystem/ListDir", 49983, "application/json",
	    "{\"path\":\"/a\",\"depth\":2}" },
	{ "POST", "/filesystem.Filesystem/Move", 49983, "application/json",
	    "{\"source\":\"/a\",\"destination\":\"/b\"}" },
	{ "POST", "/filesystem.Filesystem/Remove", 49983, "application/json",
	    "{\"path\":\"/a\"}" },
	{ "POST", "/filesystem.Filesystem/WatchDir", 49983, RPC,
	    "{\"path\":\"/a\",\"includeEntry\":true}" },
	{ "POST", "/filesystem.Filesystem/CreateWatcher", 49983, "application/json",
	    "{\"path\":\"/a\"}" },
	{ "POST", "/execute", 49999, "application/json", "{\"code\":\"1\"}" },
	{ "POST", "/execute", 49999, "application/json",
	    "{\"code\":\"1\",\"language\":\"bash\"}" },
	{ "GET", "/x", 0, "text/plain", NULL },
	{ "GET", "/metrics", 49983, "text/plain", NULL },
	{ "GET", "/files?path=/a", 49983, "text/plain\r\nRange: bytes=1-2", NULL },
	{ "GET", "/files?path=/a", 49983, "text/plain\r\nRange: bytes=-2", NULL },
	{ "GET", "/x", 0, "text/plain\r\nConnection: Upgrade\r\nUpgrade: x", NULL },
	{ "HEAD", "/x", 0, "text/plain", NULL },
};

static int listener = -1; /* of our service */
static int service_port;

static void
open_service(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(listener, 16) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &size) != 0)
		abort();
	service_port = ntohs(at.sin_port);
}

static void
ask(const struct house *h, int fd, const struct question *q)
{
	size_t len = q->body ? strlen(q->body) : 0;
	bool framed = str_eq(q->type, RPC);
	const char head[] = { 0, 0, 0, 0, (char)len };
	struct buf out;

	buf_init(&out, 1u << 16);
	buf_addf(&out,
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n"
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: %d\r\nX-Access-Token: %s\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    q->method, q->path, q->type, h->id, q->port ? q->port : service_port,
	    h->token, len + (framed ? sizeof head : 0));
	if (framed)
		buf_add(&out, head, sizeof head);
	buf_add(&out, q->body, len);
	if (send(fd, out.data, out.len, MSG_NOSIGNAL) < 0)
		abort();
	buf_clear(&out);
}

/* ---- what was asked of the supervisor and is not answered yet */

struct guest {
	struct house *house; /* borrowed */
	struct init_header pending[PENDING_MAX];
	size_t pending_count;
	uint32_t last_watch;
	int32_t pids[PENDING_MAX]; /* told by answers to SPAWN */
	size_t pid_count;
	const uint8_t *content; /* borrowed; of the next file */
	size_t content_len;
	int pipes[4]; /* owned: our ends of the last process; -1 */
};

static void
hear(struct guest *g)
{
	static _Alignas(8) char datagram[INIT_DATAGRAM_MAX];
	struct init_header head;
	ssize_t n;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (g->pipes[0] >= 0)
			close(g->pipes[0]);
		g->pipes[0] = fd;
	}
	while ((n = recv(g->house->supervisor, datagram, sizeof datagram,
		    MSG_DONTWAIT)) >= (ssize_t)sizeof head) {
		memcpy(&head, datagram, sizeof head);
		if (head.type == INIT_WATCH)
			g->last_watch = head.id;
		if (head.id > 0 && g->pending_count < PENDING_MAX)
			g->pending[g->pending_count++] = head;
	}
}

static struct init_header
take_pending(struct guest *g)
{
	struct init_header first = { .type = 0 };

	if (g->pending_count == 0)
		return first;
	first = g->pending[0];
	g->pending_count--;
	memmove(g->pending, g->pending + 1, g->pending_count * sizeof *g->pending);
	return first;
}

/* ---- descriptors */

static void
close_pipes(struct guest *g)
{
	for (size_t i = 0; i < ARRAY_LEN(g->pipes); i++) {
		if (g->pipes[i] >= 0)
			close(g->pipes[i]);
		g->pipes[i] = -1;
	}
}

static int
make_pipes(struct guest *g, int *fds, int count)
{
	close_pipes(g);
	for (int i = 0; i < count; i++) {
		bool is_in = count == 3 && i == 0;
		int pair[2];

		if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0)
			return i;
		fds[i] = pair[is_in ? 1 : 0];
		g->pipes[i] = pair[is_in ? 0 : 1];
	}
	return count;
}

static int
make_file(const struct guest *g)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, g->content, g->content_len) < 0)
		abort();
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Returns how many; each is closed by the sender. */
static int
make_fds(struct guest *g, uint8_t what, int fds[INIT_FDS_MAX])
{
	int pair[2];

	switch (what % 10) {
	case 1:
		return make_pipes(g, fds, 3);
	case 2:
		return make_pipes(g, fds, 2);
	case 3:
		return make_pipes(g, fds, 1);
	case 4:
		fds[0] = make_file(g);
		return 1;
	case 5:
		fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
		return 1;
	case 6:
		fds[0] = open("/", O_RDONLY | O_CLOEXEC);
		fds[1] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
		return 2;
	case 7:
		fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		return 1;
	case 8:
		fds[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		return fds[0] >= 0;
	case 9:
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
			return 0;
		fds[0] = pair[0];
		fds[1] = pair[1];
		fds[2] = make_file(g);
		fds[3] = eventfd(0, EFD_CLOEXEC);
		return 4;
	default:
		return 0;
	}
}

/* ---- what it says */

static void
say(const struct guest *g, const void *bytes, size_t len, const int *fds, int count)
{
	union {
		char bytes[CMSG_SPACE(INIT_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	union {
		const void *given;
		void *taken;
	} text = { .given = bytes };
	struct iovec iov = { .iov_base = text.taken, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&control, 0, sizeof control);
	if (count > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)count * sizeof(int));
	}
	if (sendmsg(g->house->supervisor, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		house_turn(g->house);
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

static void
say_message(const struct guest *g, struct init_header head, const void *body, size_t len,
    const int *fds, int count)
{
	struct buf out;

	head.len = (uint32_t)len;
	buf_init(&out, INIT_DATAGRAM_MAX);
	buf_add(&out, &head, sizeof head);
	buf_add(&out, body, len);
	say(g, out.data, out.len, fds, count);
	buf_clear(&out);
}

static void
say_exited(const struct guest *g, int32_t pid)
{
	const struct init_exited body = { .pid = pid };

	say_message(
	    g, (struct init_header){ .type = INIT_EXITED }, &body, sizeof body, NULL, 0);
}

static void
answer(struct guest *g, int32_t result, uint8_t what, const uint8_t *body, size_t len)
{
	struct init_header asked = take_pending(g);
	int fds[INIT_FDS_MAX];
	int count = make_fds(g, what, fds);

	if (asked.type == INIT_SPAWN && len >= sizeof(int32_t) &&
	    g->pid_count < PENDING_MAX)
		memcpy(&g->pids[g->pid_count++], body, sizeof(int32_t));
	say_message(g,
	    (struct init_header){ .type = INIT_REPLY, .id = asked.id, .result = result },
	    body, len, fds, count);
}

static void
say_watched(const struct guest *g, const uint8_t *body, size_t len)
{
	uint8_t *copy = xmalloc(len + sizeof g->last_watch);

	memcpy(copy, body, len);
	if (len >= sizeof g->last_watch && body[0] == NAME_LAST_WATCH)
		memcpy(copy, &g->last_watch, sizeof g->last_watch);
	say_message(g, (struct init_header){ .type = INIT_WATCHED }, copy, len, NULL, 0);
	free(copy);
}

static void
play(struct guest *g, uint8_t op, uint8_t arg, const uint8_t *bytes, size_t len)
{
	switch (op % 7) {
	case 0:
		answer(g, INIT_OK, arg, bytes, len);
		break;
	case 1:
		answer(g, (int8_t)arg, 0, bytes, len);
		break;
	case 2:
		say_message(
		    g, (struct init_header){ .type = INIT_EXITED }, bytes, len, NULL, 0);
		break;
	case 3:
		say_watched(g, bytes, len);
		break;
	case 4: /* what it may be; only the true first word is said by the house */
		if (len > 0 && bytes[0] != INIT_READY)
			say(g, bytes, len, NULL, 0);
		break;
	case 5:
		if (g->pipes[arg % 3] >= 0 && write(g->pipes[arg % 3], bytes, len) < 0)
			close_pipes(g);
		break;
	default:
		g->content = bytes;
		g->content_len = len;
		break;
	}
}

/* Nothing stays behind: whatever was asked is answered, and what runs has ended. */
static void
clean_up(struct guest *g)
{
	close_pipes(g);
	for (size_t i = 0; i < g->pid_count; i++)
		say_exited(g, g->pids[i]);
	house_turn(g->house);
	hear(g);
	while (g->pending_count > 0)
		answer(g, INIT_FAILED, 0, NULL, 0);
	house_turn(g->house);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest g = { .house = house_get(), .pipes = { -1, -1, -1, -1 } };
	int fd;

	if (size < 1 || size > 40000)
		return 0;
	if (listener < 0)
		open_service();
	g.content = data;
	fd = house_connect(g.house);
	ask(g.house, fd, &questions[data[0] % ARRAY_LEN(questions)]);
	house_turn(g.house);
	for (size_t at = 1, i = 0; at + FRAME_HEAD <= size && i < FRAMES_MAX; i++) {
		size_t len = data[at + 2] | (size_t)data[at + 3] << 8;

		len = MIN(len, size - at - FRAME_HEAD);
		hear(&g);
		play(&g, data[at], data[at + 1], data + at + FRAME_HEAD, len);
		house_turn(g.house);
		at += FRAME_HEAD + len;
	}
	house_drain(fd);
	close(fd);
	clean_up(&g);
	return 0;
}
