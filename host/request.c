/* request - one HTTP request from header to answer, and streams that are written past
 * the library. */
#include "host/server.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "host/server_internal.h"

#define DEFAULT_BODY_LIMIT (16u * 1024 * 1024)
#define STREAM_ROOM (192u * 1024) /* asked of a source at once */
#define TURN_ROOM (1024u * 1024)  /* sent of one stream in one turn */
#define PENDING_MAX (8u * 1024 * 1024)
#define SOCKET_BUFFER (128 * 1024)
#define CHUNK_HEAD 8 /* six hex digits and a line end */

struct request *
request_new(struct server *s, const char *uri, struct connection *on)
{
	struct request *r = xcalloc(1, sizeof *r);
	char *question;

	r->server = s;
	r->on = on;
	r->path = xstrdup(uri);
	r->query = "";
	r->body_limit = DEFAULT_BODY_LIMIT;
	question = strchr(r->path, '?');
	if (question) {
		*question = '\0';
		r->query = question + 1;
	}
	buf_init(&r->pending, PENDING_MAX);
	on->request = r;
	on->used = true;
	on->since_ms = on->begun_ms = loop_now_ms(s->loop);
	s->progress++;
	return r;
}

static void
forget_woken(struct request *r)
{
	struct request **at = &r->server->woken;

	while (*at != r)
		at = &(*at)->next_woken;
	*at = r->next_woken;
}

void
request_free(struct request *r)
{
	if (r->on && r->on->request == r)
		r->on->request = NULL;
	if (r->woken)
		forget_woken(r);
	watch_free(r->watch);
	if (r->response)
		MHD_destroy_response(r->response);
	pairs_clear(&r->headers);
	buf_clear(&r->body);
	buf_clear(&r->pending);
	free(r->path);
	free(r);
}

/* The owner hears it once and is then out of the picture. */
static void
dismiss_owner(struct request *r)
{
	void (*gone)(void *ctx) = r->gone;

	r->gone = NULL;
	r->source = NULL;
	r->sink = NULL;
	r->raw = NULL;
	if (gone)
		gone(r->gone_ctx);
}

void
request_left(struct request *r)
{
	r->dead = true;
	dismiss_owner(r);
}

static void
on_socket(void *ctx, int events)
{
	struct request *r = ctx;

	if (!(events & WATCH_HANGUP)) {
		if (r->raw)
			r->raw(r->raw_ctx, events);
		else
			request_pump(r);
		return;
	}
	watch_set(r->watch, 0);
	request_left(r);
	/* A client that only closed its sending half counts as gone too, as with envd. */
	shutdown(r->on->fd, SHUT_RDWR);
	request_wake(r);
}

void
request_look(struct request *r, int events)
{
	if (!r->watch)
		r->watch = watch_new(r->server->loop, r->on->fd, on_socket, r);
	watch_set(r->watch, events);
}

/* libmicrohttpd looks away from a suspended socket, so we look. */
static void
suspend(struct request *r)
{
	if (!r->watch)
		request_look(r, WATCH_HANGUP);
	MHD_suspend_connection(r->connection);
	r->suspended = true;
}

static void
resume(struct request *r)
{
	r->suspended = false;
	r->server->resumed = true;
	MHD_resume_connection(r->connection);
	server_run_soon(r->server);
}

void
request_wake(struct request *r)
{
	if (!r->suspended)
		return;
	if (!r->streaming || r->dead) {
		resume(r);
		return;
	}
	if (r->woken)
		return;
	r->woken = true;
	r->next_woken = r->server->woken;
	r->server->woken = r;
	server_run_soon(r->server);
}

/*
 * ---- streams. libmicrohttpd sends at most its connection memory at a time and
 * costs a dozen system calls to wake, so it sends only the header and the end:
 * in between the connection stays suspended and the chunks are written here.
 */

/* One chunk with what the source has; false: it has nothing now. */
static bool
frame(struct request *r)
{
	char head[CHUNK_HEAD + 1];
	size_t len;

	buf_reset(&r->pending);
	r->pending_at = 0;
	if (r->exhausted)
		return false;
	if (r->chunked)
		buf_add(&r->pending, "000000\r\n", CHUNK_HEAD);
	len = r->pending.len;
	r->exhausted = !r->source(r->source_ctx, &r->pending, STREAM_ROOM);
	len = r->pending.len - len;
	assert(!r->pending.overflow && len <= 0xffffff);
	if (len == 0)
		return false;
	if (r->chunked) {
		snprintf(head, sizeof head, "%06zx\r\n", len);
		memcpy(r->pending.data, head, CHUNK_HEAD);
		buf_add(&r->pending, "\r\n", 2);
	}
	return true;
}

/* false: the socket is full, or broken. */
static bool
send_pending(struct request *r)
{
	while (r->pending_at < r->pending.len) {
		ssize_t n = send(r->on->fd, r->pending.data + r->pending_at,
		    r->pending.len - r->pending_at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			r->dead = true;
			shutdown(r->on->fd, SHUT_RDWR);
		}
		if (n < 0)
			return false;
		r->pending_at += (size_t)n;
	}
	return true;
}

/* What an idle stream holds in memory: nothing. */
static void
drop_pending(struct request *r)
{
	buf_clear(&r->pending);
	buf_init(&r->pending, PENDING_MAX);
	r->pending_at = 0;
}

void
request_pump(struct request *r)
{
	size_t sent = 0;
	bool more = true;

	if (!r->streaming || !r->suspended)
		return;
	while (more && sent < TURN_ROOM && send_pending(r)) {
		more = frame(r);
		sent += r->pending.len;
	}
	if (!r->dead && !more && r->exhausted && r->breaks) {
		r->dead = true;
		shutdown(r->on->fd, SHUT_RDWR);
	}
	if (r->dead || (!more && r->exhausted)) {
		watch_set(r->watch, 0);
		resume(r);
		return;
	}
	if (!more)
		drop_pending(r);
	watch_set(r->watch, WATCH_HANGUP | (more ? WATCH_WRITE : 0));
}

/* Asked once when the header is out, and again for the end. */
static ssize_t
on_read(void *cls, uint64_t pos, char *out, size_t max)
{
	struct request *r = cls;
	int on = 1, buffered = SOCKET_BUFFER;

	(void)pos;
	(void)out;
	(void)max;
	/* Also for a client that left: its socket is shut down, so the last chunk fails and
	 * the connection goes; an error here would leave it lying about in 0.9.75. */
	if (r->streaming || r->dead)
		return MHD_CONTENT_READER_END_OF_STREAM;
	/* The header may still be held back for a body: our first write pushes it. And a slow
	 * reader must be felt soon, not after the megabytes the kernel would take. */
	setsockopt(r->on->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(r->on->fd, SOL_SOCKET, SO_SNDBUF, &buffered, sizeof buffered);
	r->streaming = true;
	suspend(r);
	request_wake(r);
	return 0;
}

static void
set_headers(struct request *r, const char *type)
{
	if (type)
		MHD_add_response_header(r->response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < r->headers.count; i++)
		MHD_add_response_header(
		    r->response, r->headers.items[i].key, r->headers.items[i].value);
}

static void
answer(struct request *r, int status, const char *type)
{
	assert(!r->answered && r->response);
	set_headers(r, type);
	r->status = status;
	r->answered = true;
	if (r->hold && !r->source) {
		r->held = true;
		r->hold(r->hold_ctx, r);
		return;
	}
	request_wake(r);
}

void
request_reply(struct request *r, int status, const char *type, struct buf *body)
{
	static char nothing[1];
	size_t len = body ? body->len : 0;

	r->gone = NULL;
	if (r->early) {
		if (body)
			buf_clear(body);
		return;
	}
	if (len > 0)
		r->response = MHD_create_response_from_buffer(
		    len, buf_take(body), MHD_RESPMEM_MUST_FREE);
	else
		r->response =
		    MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
	if (body)
		buf_clear(body);
	answer(r, status, type);
}

void
request_reply_file(struct request *r, int status, const char *type, int fd,
    uint64_t offset, uint64_t len)
{
	r->gone = NULL;
	if (r->early) {
		close(fd);
		return;
	}
	r->response = MHD_create_response_from_fd_at_offset64(len, fd, offset);
	answer(r, status, type);
}

void
request_stream(
    struct request *r, int status, const char *type, request_source *source, void *ctx)
{
	r->source = source;
	r->source_ctx = ctx;
	r->response =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 128, on_read, r, NULL);
	answer(r, status, type);
}

void
request_break(struct request *r)
{
	r->breaks = true;
	request_wake(r);
}

void
request_add_head(
    const struct request *r, struct buf *out, int status, const char *type, size_t len)
{
	buf_addf(out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
	    status, MHD_get_reason_phrase_for((unsigned)status), len);
	if (type)
		buf_addf(out, "Content-Type: %s\r\n", type);
	for (size_t i = 0; i < r->headers.count; i++)
		buf_addf(out, "%s: %s\r\n", r->headers.items[i].key,
		    r->headers.items[i].value);
	buf_add_str(out, "\r\n");
}

void
request_reply_early(struct request *r, int status, const char *type, struct buf *body)
{
	struct buf out;
	size_t len = body ? body->len : 0;

	assert(!r->answered);
	buf_init(&out, 64u * 1024);
	request_add_head(r, &out, status, type, len);
	if (len > 0)
		buf_add(&out, body->data, len);
	/* A fresh socket's buffer takes this whole; a client that does not read loses. */
	if (send(r->on->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("server", "early answer: %s", strerror(errno));
	shutdown(r->on->fd, SHUT_WR);
	buf_clear(&out);
	if (body)
		buf_clear(body);
	r->answered = r->early = true;
	r->gone = NULL;
	r->sink = NULL;
	request_wake(r);
}

/* ---- the question */

static enum MHD_Result
queue_answer(struct request *r)
{
	enum MHD_Result result;

	if (r->queued)
		return MHD_YES;
	r->queued = true;
	result = MHD_queue_response(r->connection, (unsigned)r->status, r->response);
	MHD_destroy_response(r->response);
	r->response = NULL;
	return result;
}

static void
refuse_too_long(struct request *r)
{
	dismiss_owner(r);
	r->server->events->too_long(r->server->ctx, r);
}

static enum MHD_Result
take_body(struct request *r, const char *bytes, size_t *len)
{
	size_t taken = *len;

	r->body_seen += *len;
	if (r->early || r->answered)
		; /* dropped: the answer is out, the client still talks */
	else if (r->sink)
		taken = r->sink(r->sink_ctx, bytes, *len);
	else if (r->body_seen > r->body_limit)
		refuse_too_long(r);
	else
		buf_add(&r->body, bytes, *len);
	if (r->early && r->body_seen > 2 * (r->body_limit + DEFAULT_BODY_LIMIT))
		return MHD_NO;
	assert(taken <= *len);
	r->body_seen -= *len - taken;
	if (taken < *len && !r->answered)
		suspend(r);
	*len -= taken;
	return MHD_YES;
}

static void
refuse_head(struct request *r, const char *why)
{
	struct buf body;

	buf_init(&body, 1024);
	buf_addf(&body, "{\"code\":400,\"message\":\"%s\"}", why);
	request_reply_early(r, 400, "application/json; charset=utf-8", &body);
}

static enum MHD_Result
take_head(struct request *r, struct MHD_Connection *connection, const char *method,
    const char *version)
{
	const char *why;

	r->headed = true;
	r->chunked = !str_eq(version, MHD_HTTP_VERSION_1_0);
	r->connection = connection;
	r->method = method;
	why = request_refusal(r, version);
	if (why)
		refuse_head(r, why);
	else
		r->server->events->head(r->server->ctx, r);
	buf_init(&r->body, r->body_limit);
	return MHD_YES;
}

enum MHD_Result
request_advance(struct request *r, struct MHD_Connection *connection, const char *method,
    const char *version, const char *bytes, size_t *len)
{
	if (r->dead)
		return MHD_NO;
	r->on->since_ms = loop_now_ms(r->server->loop);
	r->server->progress++;
	if (!r->headed)
		return take_head(r, connection, method, version);
	if (*len > 0)
		return take_body(r, bytes, len);
	if (r->early)
		return MHD_NO; /* the end of a body nobody waited for: close */
	if (!r->answered && !r->told) {
		r->told = true;
		r->server->events->ready(r->server->ctx, r);
	}
	if (r->answered && !r->held)
		return queue_answer(r);
	suspend(r);
	return MHD_YES;
}

/* ---- what the owner reads and sets */

const char *
request_method(const struct request *r)
{
	return r->method;
}

const char *
request_path(const struct request *r)
{
	return r->path;
}

const char *
request_query(const struct request *r)
{
	return r->query;
}

const char *
request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *
request_body(const struct request *r, size_t *len)
{
	*len = r->body.len;
	return r->body.data;
}

bool
request_is_told(const struct request *r)
{
	return r->told;
}

void
request_set_body_limit(struct request *r, size_t max)
{
	r->body_limit = max;
}

void
request_set_sink(struct request *r, request_sink *sink, void *ctx)
{
	r->sink = sink;
	r->sink_ctx = ctx;
}

void *
request_sink_ctx(const struct request *r)
{
	return r->sink ? r->sink_ctx : NULL;
}

void
request_own(struct request *r, void (*gone)(void *ctx), void *ctx)
{
	r->gone = gone;
	r->gone_ctx = ctx;
}

void
request_hold(struct request *r, void (*hold)(void *ctx, struct request *r), void *ctx)
{
	r->hold = hold;
	r->hold_ctx = ctx;
}

void
request_let_go(struct request *r)
{
	r->held = false;
	r->gone = NULL;
	request_wake(r);
}

void
request_add_header(struct request *r, const char *name, const char *value)
{
	pairs_set(&r->headers, name, value);
}

bool
request_is_answered(const struct request *r)
{
	return r->answered;
}
