#include "tests/unit/net/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { HEAD_MAX = 64 * 1024, BODY_MAX = 64 * 1024 * 1024 };

struct connection {
	struct server *server; /* borrowed */
	int number, fd;
	struct watch *watch; /* owned */
	struct buf in, out;
	long request; /* index of the one being read; -1: none */
	long left;    /* of its body; -1: chunked */
	bool cut_after, closed;
};

struct answer {
	char *path, *bytes; /* owned */
	size_t len;
	bool cut, keep, used;
	enum server_when when;
};

struct server {
	struct loop *loop; /* borrowed */
	int fd;
	struct watch *watch; /* owned */
	char url[64];
	struct connection **connections; /* owned */
	int connection_count;
	struct server_request **requests; /* owned */
	size_t request_count;
	struct answer *answers; /* owned */
	size_t answer_count;
	char header[1024];
};

static void on_connection_ready(void *ctx, int events);

static void
close_connection(struct connection *c)
{
	if (c->closed)
		return;
	c->closed = true;
	watch_free(c->watch);
	close(c->fd);
}

static void
flush(struct connection *c)
{
	while (!c->closed && c->out.len > 0) {
		ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			close_connection(c);
		if (n < 0)
			break;
		buf_consume(&c->out, (size_t)n);
	}
	if (c->closed)
		return;
	if (c->out.len == 0 && c->cut_after) {
		close_connection(c);
		return;
	}
	watch_set(c->watch, WATCH_READ | (c->out.len > 0 ? WATCH_WRITE : 0));
}

static void
on_accept(void *ctx, int events)
{
	struct server *s = ctx;
	struct connection *c;
	int fd = accept(s->fd, NULL, NULL);

	(void)events;
	if (fd < 0)
		return;
	c = xcalloc(1, sizeof *c);
	c->server = s;
	c->fd = fd;
	c->number = s->connection_count;
	c->request = -1;
	buf_init(&c->in, BODY_MAX);
	buf_init(&c->out, BODY_MAX);
	c->watch = watch_new(s->loop, fd, on_connection_ready, c);
	watch_set(c->watch, WATCH_READ);
	s->connections = xreallocarray(
	    s->connections, (size_t)s->connection_count + 1, sizeof *s->connections);
	s->connections[s->connection_count++] = c;
}

struct server *
server_new(struct loop *loop)
{
	struct server *s = xcalloc(1, sizeof *s);
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->loop = loop;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(s->fd, 64) != 0 ||
	    getsockname(s->fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
	s->watch = watch_new(loop, s->fd, on_accept, s);
	watch_set(s->watch, WATCH_READ);
	return s;
}

void
server_refuse(struct server *s)
{
	if (s->fd < 0)
		return;
	watch_free(s->watch);
	close(s->fd);
	s->watch = NULL;
	s->fd = -1;
}

void
server_free(struct server *s)
{
	server_refuse(s);
	for (int i = 0; i < s->connection_count; i++) {
		struct connection *c = s->connections[i];

		close_connection(c);
		buf_clear(&c->in);
		buf_clear(&c->out);
		free(c);
	}
	for (size_t i = 0; i < s->request_count; i++) {
		free(s->requests[i]->line);
		free(s->requests[i]->head);
		buf_clear(&s->requests[i]->body);
		free(s->requests[i]);
	}
	for (size_t i = 0; i < s->answer_count; i++) {
		free(s->answers[i].path);
		free(s->answers[i].bytes);
	}
	free(s->connections);
	free(s->requests);
	free(s->answers);
	free(s);
}

const char *
server_url(const struct server *s)
{
	return s->url;
}

static struct connection *
connection_of(const struct server *s, size_t index)
{
	return s->connections[s->requests[index]->connection];
}

/* The first unused answer that fits this request at this point. */
static void
try_answer(struct server *s, size_t index, enum server_when when)
{
	struct connection *c = connection_of(s, index);

	for (size_t i = 0; i < s->answer_count; i++) {
		struct answer *a = &s->answers[i];

		if (a->used ||
		    (a->path && !str_has_prefix(s->requests[index]->line, a->path)))
			continue;
		if (a->when != when)
			return;
		a->used = !a->keep;
		if (a->bytes)
			buf_add(&c->out, a->bytes, a->len);
		c->cut_after = a->cut;
		flush(c);
		return;
	}
}

static void
note_gone(struct server *s, int connection)
{
	for (size_t i = 0; i < s->request_count; i++) {
		struct server_request *r = s->requests[i];

		if (r->connection != connection || r->gone)
			continue;
		r->gone = true;
		r->gone_at = s->request_count;
	}
}

/* So that it is known which connections had been closed when a request came. */
static void
look_for_gone(struct server *s)
{
	char byte;

	for (int i = 0; i < s->connection_count; i++)
		if (!s->connections[i]->closed &&
		    recv(s->connections[i]->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			note_gone(s, i);
}

static void
begin_request(struct connection *c, size_t head_len)
{
	struct server *s = c->server;
	struct server_request *r = xcalloc(1, sizeof *r);
	char *line_end = strstr(c->in.data, "\r\n");
	char *version = strstr(c->in.data, " HTTP/1.1");
	const char *length;

	assert(version && version < line_end);
	look_for_gone(s);
	r->line = xstrndup(c->in.data, (size_t)(version - c->in.data));
	r->head = xstrndup(line_end, head_len - (size_t)(line_end - c->in.data));
	r->connection = c->number;
	buf_init(&r->body, BODY_MAX);
	buf_consume(&c->in, head_len);
	c->request = (long)s->request_count;
	s->requests =
	    xreallocarray(s->requests, s->request_count + 1, sizeof *s->requests);
	s->requests[s->request_count++] = r;
	length = server_header(s, s->request_count - 1, "Content-Length");
	c->left = strtol(length, NULL, 10);
	if (str_eq_nocase(
		server_header(s, s->request_count - 1, "Transfer-Encoding"), "chunked"))
		c->left = -1;
	try_answer(s, (size_t)c->request, SERVER_AT_HEAD);
}

/* One chunk; false when more bytes are needed. */
static bool
read_chunk(struct connection *c, struct server_request *r)
{
	char *end = strstr(c->in.data, "\r\n");
	size_t size, skip;

	if (!end)
		return false;
	size = strtoul(c->in.data, NULL, 16);
	skip = (size_t)(end + 2 - c->in.data);
	if (c->in.len < skip + size + 2)
		return false;
	buf_add(&r->body, c->in.data + skip, size);
	buf_consume(&c->in, skip + size + 2);
	r->complete = size == 0;
	return true;
}

static bool
read_body(struct connection *c, struct server_request *r)
{
	size_t take;

	if (c->left < 0)
		return read_chunk(c, r);
	take = MIN((size_t)c->left, c->in.len);
	buf_add(&r->body, c->in.data, take);
	buf_consume(&c->in, take);
	c->left -= (long)take;
	r->complete = c->left == 0;
	return r->complete;
}

/* One step; false when more bytes are needed. */
static bool
read_request(struct connection *c)
{
	struct server_request *r;
	char *head_end;
	size_t index;

	if (c->closed)
		return false;
	if (c->request < 0) {
		head_end = strstr(c->in.data, "\r\n\r\n");
		if (!head_end)
			return false;
		begin_request(c, (size_t)(head_end + 4 - c->in.data));
		return true;
	}
	index = (size_t)c->request;
	r = c->server->requests[index];
	if (!read_body(c, r))
		return false;
	if (r->complete) {
		c->request = -1;
		try_answer(c->server, index, SERVER_AT_END);
	}
	return true;
}

static void
on_connection_ready(void *ctx, int events)
{
	struct connection *c = ctx;
	char bytes[65536];
	ssize_t n = 0;

	if (events & WATCH_WRITE)
		flush(c);
	if (c->closed || !(events & WATCH_READ))
		return;
	n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		note_gone(c->server, c->number);
		close_connection(c);
		return;
	}
	buf_add(&c->in, bytes, (size_t)n);
	while (read_request(c))
		;
}

void
server_answer(struct server *s, const struct server_answer *answer)
{
	struct answer a = {
		.path = xstrdup(answer->path),
		.len = answer->len,
		.cut = answer->cut,
		.keep = answer->keep,
		.when = answer->when,
	};

	if (answer->bytes) {
		a.len = a.len ? a.len : strlen(answer->bytes);
		a.bytes = xmemdup(answer->bytes, a.len);
	}
	s->answers = xreallocarray(s->answers, s->answer_count + 1, sizeof *s->answers);
	s->answers[s->answer_count++] = a;
}

void
server_reply(
    struct server *s, const char *path, int status, const char *headers, const char *body)
{
	char *bytes = xasprintf("HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s",
	    status, strlen(body), headers ? headers : "", body);

	server_answer(s, &(struct server_answer){ .path = path, .bytes = bytes });
	free(bytes);
}

size_t
server_count(const struct server *s)
{
	return s->request_count;
}

const struct server_request *
server_request(const struct server *s, size_t index)
{
	assert(index < s->request_count);
	return s->requests[index];
}

const char *
server_line(const struct server *s, size_t index)
{
	return server_request(s, index)->line;
}

const char *
server_body(const struct server *s, size_t index)
{
	return server_request(s, index)->body.data;
}

const char *
server_header(struct server *s, size_t index, const char *name)
{
	const char *at = s->requests[index]->head;
	size_t name_len = strlen(name);

	s->header[0] = '\0';
	while ((at = strstr(at, "\r\n"))) {
		at += 2;
		if (strncasecmp(at, name, name_len) != 0 || at[name_len] != ':')
			continue;
		at += name_len + 1;
		at += strspn(at, " ");
		snprintf(s->header, sizeof s->header, "%.*s", (int)strcspn(at, "\r"), at);
		break;
	}
	return s->header;
}

int
server_connections(const struct server *s)
{
	return s->connection_count;
}

void
server_send(struct server *s, size_t index, const void *bytes, size_t len)
{
	struct connection *c = connection_of(s, index);

	buf_add(&c->out, bytes, len);
	flush(c);
}

void
server_send_text(struct server *s, size_t index, const char *text)
{
	server_send(s, index, text, strlen(text));
}

void
server_cut(struct server *s, size_t index)
{
	struct connection *c = connection_of(s, index);

	c->cut_after = true;
	flush(c);
}
