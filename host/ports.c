#include "host/ports.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/port_head.h"
#include "host/reply.h"

#define IDLE_MS (620 * 1000) /* nothing moves, as the cloud's proxies */
#define SWEEP_MS 5000
#define DIALS 5		  /* of a port that is closed: it may be about to open */
#define DIAL_PAUSE_MS 100 /* before the second; then 200, 300 ... */
#define LIMIT_MAX 4096
#define PIECE (64 * 1024)
#define PIECES_PER_TURN 16
#define UP_HIGH (256 * 1024) /* more of a body waits in the client's socket */
/* Twice what may wait: what was sent stays until half of it is. */
#define UP_MAX (2 * (UP_HIGH + PIECE + PORT_HEAD_MAX))
#define DOWN_MAX (4 * (PORT_HEAD_MAX + PIECE))
#define LOST_TEXT "The service in the sandbox ended the connection without an answer"
#define NOT_HTTP_TEXT "The service in the sandbox does not answer in HTTP/1"
#define SILENT_TEXT "The service in the sandbox did not answer"

struct ports {
	struct loop *loop;	/* borrowed */
	struct exchange *first; /* owned list */
	size_t count;
	struct ports_limits limits;
	struct timer *sweep; /* owned */
};

/* On its way to a socket. */
struct backlog {
	struct buf bytes;
	size_t at;
};

struct exchange {
	struct exchange *prev, *next;
	struct ports *ports;	   /* borrowed */
	struct registry *registry; /* borrowed */
	struct request
	    *request; /* borrowed; NULL: over, waits for a callback to be freed */
	struct port_question question;
	char id[32];
	int port;

	int fd;		     /* the service's; -1: none */
	struct watch *watch; /* owned: on fd */
	struct timer *retry; /* owned */
	int dials;
	bool over6;   /* this dial is the one to ::1 */
	bool waiting; /* a socket or a resume will be reported */
	bool waking;  /* it is a resume */
	bool connected;

	int client;		  /* its socket once the answer has begun, else -1 */
	struct backlog up;	  /* to the service */
	struct buf head;	  /* of the answer, until it is whole */
	struct backlog down;	  /* to the client */
	int64_t left;		  /* of the answer's body; -1: until the service ends */
	bool body_complete, deaf; /* of the question; the service takes no more of it */
	bool headed;
	bool tunnel;			  /* upgraded */
	bool service_ended, client_ended; /* said all they will say */
	uint64_t moved_ms;
};

/* ---- bytes that wait */

static void
backlog_init(struct backlog *b, size_t max)
{
	buf_init(&b->bytes, max);
	b->at = 0;
}

static size_t
backlog_len(const struct backlog *b)
{
	return b->bytes.len - b->at;
}

/* false: the socket is broken. What is sent leaves no memory behind. */
static bool
backlog_flush(struct backlog *b, int fd)
{
	size_t max = b->bytes.max;

	while (backlog_len(b) > 0) {
		ssize_t n = send(fd, b->bytes.data + b->at, backlog_len(b),
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		b->at += (size_t)n;
	}
	buf_clear(&b->bytes);
	backlog_init(b, max);
	return true;
}

/* Past the backlog when it is empty, so that most bytes are copied once. */
static bool
backlog_send(struct backlog *b, int fd, const char *bytes, size_t len)
{
	ssize_t n = 0;

	if (backlog_len(b) == 0)
		n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	n = MAX(n, 0);
	if (b->at * 2 >= b->bytes.len) {
		buf_consume(&b->bytes, b->at);
		b->at = 0;
	}
	buf_add(&b->bytes, bytes + n, len - (size_t)n);
	assert(!b->bytes.overflow);
	return true;
}

/* ---- life */

static void
exchange_free(struct exchange *e)
{
	struct ports *p = e->ports;

	if (e->prev)
		e->prev->next = e->next;
	else
		p->first = e->next;
	if (e->next)
		e->next->prev = e->prev;
	if (--p->count == 0)
		timer_stop(p->sweep);
	buf_clear(&e->up.bytes);
	buf_clear(&e->down.bytes);
	buf_clear(&e->head);
	timer_free(e->retry);
	free(e);
}

static void
hang_up(struct exchange *e)
{
	watch_free(e->watch);
	e->watch = NULL;
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	e->connected = false;
}

/* The request is answered or gone. Memory stays for a callback that is still due. */
static void
finish(struct exchange *e)
{
	e->request = NULL;
	hang_up(e);
	timer_stop(e->retry);
	if (!e->waiting)
		exchange_free(e);
}

static void
on_gone(void *ctx)
{
	finish(ctx);
}

/* With an answer of our own, where none has begun. */
static void
fail(struct exchange *e, int status, const char *message, int port)
{
	struct request *r = e->request;

	if (e->client >= 0) {
		request_raw_abort(r);
	} else {
		request_own(r, NULL, NULL);
		request_set_sink(r, NULL, NULL);
		reply_proxy_error(r, status, e->id, message, port);
	}
	finish(e);
}

static void
complete(struct exchange *e)
{
	request_raw_end(e->request);
	finish(e);
}

/* ---- who is looked at for what */

static void
look(struct exchange *e)
{
	int service = 0, client = e->tunnel ? 0 : WATCH_HANGUP;

	if (!e->service_ended && backlog_len(&e->down) == 0)
		service |= WATCH_READ;
	if (backlog_len(&e->up) > 0)
		service |= WATCH_WRITE;
	watch_set(e->watch, service);
	if (e->client < 0)
		return;
	if (e->tunnel && !e->client_ended && backlog_len(&e->up) == 0)
		client |= WATCH_READ;
	if (backlog_len(&e->down) > 0)
		client |= WATCH_WRITE;
	request_raw_watch(e->request, client);
}

/* After anything moved: is it over? */
static void
settle(struct exchange *e)
{
	bool drained = backlog_len(&e->down) == 0;

	e->moved_ms = loop_now_ms(e->ports->loop);
	if (!e->tunnel && e->headed && e->left == 0 && drained) {
		complete(e);
		return;
	}
	if (!e->service_ended || !drained) {
		look(e);
		return;
	}
	if (!e->headed || (!e->tunnel && e->left > 0))
		fail(e, 502, LOST_TEXT, e->port);
	else if (!e->tunnel || (e->client_ended && backlog_len(&e->up) == 0))
		complete(e);
	else
		look(e);
}

/* ---- from the service */

static void on_client(void *ctx, int events);

static bool
deliver(struct exchange *e, const char *bytes, size_t len)
{
	if (e->left >= 0 && len > (uint64_t)e->left)
		len = (size_t)e->left; /* what is beyond belongs to no answer */
	if (e->left >= 0)
		e->left -= (int64_t)len;
	return len == 0 || backlog_send(&e->down, e->client, bytes, len);
}

/* Of a header block that is whole. false: the exchange is over. */
static bool
begin_answer(struct exchange *e, size_t size)
{
	struct port_answer answer;
	struct buf client;
	bool ok, sent = true;

	buf_init(&client, PORT_HEAD_MAX * 2);
	ok = port_answer_read(e->head.data, size, &e->question, &answer, &client) &&
	     (answer.status != 101 || (e->question.upgrade && e->body_complete));
	if (!ok) {
		buf_clear(&client);
		fail(e, 502, NOT_HTTP_TEXT, e->port);
		return false;
	}
	e->headed = answer.status >= 200 || answer.status == 101;
	e->tunnel = answer.status == 101;
	/* 100 was said by our server already; an old client knows none of its kind. */
	if (e->headed || (answer.status != 100 && !request_is_http10(e->request))) {
		if (e->client < 0)
			e->client = request_raw_begin(e->request, on_client, e);
		sent = backlog_send(&e->down, e->client, client.data, client.len);
	}
	buf_clear(&client);
	if (e->headed)
		e->left = answer.length;
	if (!sent)
		fail(e, 0, NULL, 0);
	return sent;
}

/* Interim answers may stand before the final one. */
static bool
take_head(struct exchange *e, const char *bytes, size_t len)
{
	size_t size;
	bool sent;

	buf_add(&e->head, bytes, len);
	while (!e->headed && (size = port_head_size(e->head.data, e->head.len)) > 0) {
		if (!begin_answer(e, size))
			return false;
		buf_consume(&e->head, size);
	}
	if (!e->headed && (e->head.overflow || e->head.len > PORT_HEAD_MAX)) {
		fail(e, 502, NOT_HTTP_TEXT, e->port);
		return false;
	}
	if (!e->headed)
		return true;
	sent = deliver(e, e->head.data, e->head.len);
	buf_clear(&e->head);
	if (!sent)
		fail(e, 0, NULL, 0);
	return sent;
}

static bool
take(struct exchange *e, const char *bytes, size_t len)
{
	if (!e->headed)
		return take_head(e, bytes, len);
	if (deliver(e, bytes, len))
		return true;
	fail(e, 0, NULL, 0);
	return false;
}

/* As much as the client takes, but not for ever. */
static void
pull(struct exchange *e)
{
	static char piece[PIECE];

	for (int i = 0; i < PIECES_PER_TURN && backlog_len(&e->down) == 0; i++) {
		ssize_t n = recv(e->fd, piece, sizeof piece, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			fail(e, 502, LOST_TEXT, e->port);
			return;
		}
		e->service_ended = n == 0;
		if (n == 0 && e->tunnel)
			shutdown(e->client, SHUT_WR);
		if (n == 0)
			break;
		if (!take(e, piece, (size_t)n))
			return;
		if (e->headed && e->left == 0)
			break;
	}
	settle(e);
}

/* ---- to the service */

static void
flush_up(struct exchange *e)
{
	if (!backlog_flush(&e->up, e->fd)) {
		/* It may have answered before it closed: the reading side tells. */
		e->deaf = true;
		buf_reset(&e->up.bytes);
		e->up.at = 0;
	}
	if (backlog_len(&e->up) == 0 && e->tunnel && e->client_ended)
		shutdown(e->fd, SHUT_WR);
	if (backlog_len(&e->up) < UP_HIGH && !e->tunnel && !e->body_complete)
		request_wake(e->request);
}

static void
add_up(struct exchange *e, const char *bytes, size_t len)
{
	if (e->deaf)
		return;
	if (!e->connected)
		buf_add(&e->up.bytes, bytes, len);
	else if (!backlog_send(&e->up, e->fd, bytes, len))
		e->deaf = true;
}

static size_t
on_body(void *ctx, const char *bytes, size_t len)
{
	struct exchange *e = ctx;
	char size[24];
	int head;

	if (backlog_len(&e->up) >= UP_HIGH)
		return 0;
	if (e->question.chunked) {
		head = snprintf(size, sizeof size, "%zx\r\n", len);
		add_up(e, size, (size_t)head);
	}
	add_up(e, bytes, len);
	if (e->question.chunked)
		add_up(e, "\r\n", 2);
	e->moved_ms = loop_now_ms(e->ports->loop);
	if (e->connected)
		look(e);
	return len;
}

void
ports_body_complete(void *exchange)
{
	struct exchange *e = exchange;

	if (e->question.chunked)
		add_up(e, "0\r\n\r\n", 5);
	e->body_complete = true;
	if (e->connected)
		look(e);
}

/* ---- from the client, and to it */

/* Of an upgraded connection. */
static void
pull_client(struct exchange *e)
{
	static char piece[PIECE];

	for (int i = 0; i < PIECES_PER_TURN && backlog_len(&e->up) == 0; i++) {
		ssize_t n = recv(e->client, piece, sizeof piece, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		e->client_ended = n <= 0;
		if (n == 0)
			shutdown(e->fd, SHUT_WR);
		if (n < 0)
			e->service_ended = true; /* reset: nobody is there to hear it */
		if (n <= 0)
			return;
		add_up(e, piece, (size_t)n);
	}
}

static void
on_client(void *ctx, int events)
{
	struct exchange *e = ctx;

	if ((events & WATCH_WRITE) && !backlog_flush(&e->down, e->client)) {
		fail(e, 0, NULL, 0);
		return;
	}
	if ((events & WATCH_READ) && e->tunnel)
		pull_client(e);
	if (e->service_ended && e->tunnel && backlog_len(&e->down) == 0)
		shutdown(e->client, SHUT_WR);
	settle(e);
}

/* ---- dialling */

static void dial(struct exchange *e);

static void
on_retry(void *ctx)
{
	dial(ctx);
}

/* Then for ::1, where some services listen alone, and then again a little later. */
static void
on_refused(struct exchange *e)
{
	hang_up(e);
	if (!e->over6) {
		e->over6 = true;
		dial(e);
		return;
	}
	e->over6 = false;
	if (++e->dials < e->ports->limits.dials)
		timer_start(e->retry, (uint64_t)e->dials * DIAL_PAUSE_MS, 0);
	else
		fail(e, 502, PORTS_CLOSED_TEXT, e->port);
}

static void
on_connected(struct exchange *e)
{
	int on = 1;

	e->connected = true;
	setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	flush_up(e);
	look(e);
}

static void
on_service(void *ctx, int events)
{
	struct exchange *e = ctx;
	int failed = 0;
	socklen_t len = sizeof failed;

	if (!e->connected) {
		getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &failed, &len);
		if (failed)
			on_refused(e);
		else
			on_connected(e);
		return;
	}
	if (events & WATCH_WRITE)
		flush_up(e);
	if (events & WATCH_READ)
		pull(e);
	else
		settle(e);
}

static int
connect_to(int fd, int port, bool over6)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };

	return over6 ? connect(fd, (struct sockaddr *)&v6, sizeof v6)
		     : connect(fd, (struct sockaddr *)&v4, sizeof v4);
}

static void
on_socket(void *ctx, int fd)
{
	struct exchange *e = ctx;

	e->waiting = false;
	if (!e->request) {
		if (fd >= 0)
			close(fd);
		exchange_free(e);
		return;
	}
	if (fd < 0) {
		on_refused(e);
		return;
	}
	e->fd = fd;
	/* makes it non-blocking */
	e->watch = watch_new(e->ports->loop, fd, on_service, e);
	if (connect_to(fd, e->port, e->over6) == 0)
		on_connected(e);
	else if (errno == EINPROGRESS)
		watch_set(e->watch, WATCH_WRITE);
	else
		on_refused(e);
}

static void
dial(struct exchange *e)
{
	struct sandbox *s = registry_find(e->registry, e->id);

	if (!s || s->state != SANDBOX_RUNNING) {
		fail(e, 502, PORTS_NOT_FOUND_TEXT, 0);
		return;
	}
	e->waiting = true;
	if (e->over6)
		box_socket6(s->box, on_socket, e);
	else
		box_socket(s->box, on_socket, e);
}

/* ---- beginning */

static void
on_awake(void *ctx, struct sandbox *s, const struct error *err)
{
	struct exchange *e = ctx;

	(void)s;
	(void)err;
	e->waiting = e->waking = false;
	if (e->request)
		dial(e); /* which finds out whether it runs */
	else
		exchange_free(e);
}

static size_t
count_of(const struct ports *p, const char *id)
{
	size_t count = 0;

	for (const struct exchange *e = p->first; e; e = e->next)
		count += str_eq(e->id, id);
	return count;
}

static struct exchange *
exchange_new(struct ports *p, struct request *r, const struct sandbox *s, int port)
{
	struct exchange *e = xcalloc(1, sizeof *e);

	e->ports = p;
	e->registry = s->registry;
	e->request = r;
	e->port = port;
	e->fd = e->client = -1;
	e->left = -1;
	e->moved_ms = loop_now_ms(p->loop);
	e->retry = timer_new(p->loop, on_retry, e);
	str_copy(e->id, sizeof e->id, s->info.id);
	backlog_init(&e->up, UP_MAX);
	backlog_init(&e->down, DOWN_MAX);
	buf_init(&e->head, PORT_HEAD_MAX + PIECE);
	e->next = p->first;
	if (e->next)
		e->next->prev = e;
	p->first = e;
	if (p->count++ == 0) {
		uint64_t sweep_ms = MIN(p->limits.idle_ms, SWEEP_MS);

		timer_start(p->sweep, sweep_ms, sweep_ms);
	}
	return e;
}

/* "${PORT}" stands for the port. What does not fit is left as the client sent it. */
static void
mask_host(const char *mask, int port, char *out, size_t size)
{
	const char *at = mask ? strstr(mask, "${PORT}") : NULL;
	int len = 0;

	if (at)
		len = snprintf(out, size, "%.*s%d%s", (int)(at - mask), mask, port,
		    at + strlen("${PORT}"));
	else if (mask)
		len = snprintf(out, size, "%s", mask);
	if (len < 0 || (size_t)len >= size)
		*out = '\0';
}

void
ports_begin(
    struct ports *p, struct request *r, struct sandbox *s, int port, int64_t wake_s)
{
	struct port_question question;
	struct exchange *e;

	port_question_read(r, &question);
	if (question.problem) {
		reply_text(r, 400, question.problem);
		return;
	}
	mask_host(s->info.network.mask_host, port, question.host, sizeof question.host);
	if (p->count >= p->limits.all ||
	    count_of(p, s->info.id) >= p->limits.per_sandbox) {
		reply_proxy_limit(r, s->info.id, p->limits.per_sandbox);
		return;
	}
	e = exchange_new(p, r, s, port);
	e->question = question;
	port_question_write(r, &question, &e->up.bytes);
	request_own(r, on_gone, e);
	request_set_sink(r, on_body, e);
	if (wake_s == 0) {
		dial(e);
		return;
	}
	e->waiting = e->waking = true;
	sandbox_resume(s, wake_s, false, on_awake, e);
}

/* ---- all of them */

void
ports_cut(struct ports *p, const char *id)
{
	struct exchange *next;

	for (struct exchange *e = p ? p->first : NULL; e; e = next) {
		next = e->next;
		/* Who waits for a resume is told how that went. */
		if (e->request && !e->waking && str_eq(e->id, id))
			fail(e, 502, PORTS_NOT_FOUND_TEXT, 0);
	}
}

/* A service that never answers, a client that never reads. */
static void
on_sweep(void *ctx)
{
	struct ports *p = ctx;
	uint64_t now_ms = loop_now_ms(p->loop);
	struct exchange *next;

	for (struct exchange *e = p->first; e; e = next) {
		next = e->next;
		if (e->request && now_ms - e->moved_ms >= p->limits.idle_ms)
			fail(e, 504, SILENT_TEXT, e->port);
	}
}

struct ports_limits *
ports_limits(struct ports *p)
{
	return &p->limits;
}

size_t
ports_count(const struct ports *p)
{
	return p->count;
}

/* A quarter of the descriptors: clients may have half, sandboxes need theirs. */
static size_t
descriptor_share(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return LIMIT_MAX;
	return (size_t)CLAMP(limit.rlim_cur / 4, 16, LIMIT_MAX);
}

struct ports *
ports_new(struct loop *loop)
{
	struct ports *p = xcalloc(1, sizeof *p);
	size_t share = descriptor_share();

	p->loop = loop;
	p->sweep = timer_new(loop, on_sweep, p);
	p->limits = (struct ports_limits){ .per_sandbox = MAX(share / 4, (size_t)16),
		.all = share,
		.idle_ms = IDLE_MS,
		.dials = DIALS };
	return p;
}

void
ports_free(struct ports *p)
{
	if (!p)
		return;
	while (p->first) {
		hang_up(p->first);
		exchange_free(p->first);
	}
	timer_free(p->sweep);
	free(p);
}
