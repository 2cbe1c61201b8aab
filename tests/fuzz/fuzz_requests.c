/*
 * What clients send to the local host, answered by a whole one (house.h): the API, envd, the
 * interpreter, and what is no HTTP at all. Byte 0 chooses the route, or bytes as they are;
 * then come lines: what stands for "{}", the query, more headers, and the body.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/catalogue.h"
#include "host/routes.h"
#include "tests/fuzz/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEMPLATES_MAX = 16, PIECE = 900 };

struct parts {
	const char *segment, *query, *header, *body; /* borrowed */
	size_t segment_len, query_len, header_len, body_len;
};

static void
take_line(const char **at, const char *end, const char **line, size_t *len)
{
	const char *nl = memchr(*at, '\n', (size_t)(end - *at));

	*line = *at;
	*len = (size_t)((nl ? nl : end) - *at);
	*at = nl ? nl + 1 : end;
}

static struct parts
divide(const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	struct parts p;

	take_line(&at, end, &p.segment, &p.segment_len);
	take_line(&at, end, &p.query, &p.query_len);
	take_line(&at, end, &p.header, &p.header_len);
	p.body = at;
	p.body_len = (size_t)(end - at);
	return p;
}

/* An empty one is the guest's id. */
static void
add_path(
    struct buf *out, const struct house *h, const struct route *r, const struct parts *p)
{
	for (const char *c = r->path; *c; c++) {
		if (c[0] != '{')
			buf_add_char(out, *c);
		else if (p->segment_len > 0)
			buf_add(out, p->segment, p->segment_len);
		else
			buf_add_str(out, h->id);
		c += c[0] == '{';
	}
	if (p->query_len > 0)
		buf_add_char(out, '?');
	buf_add(out, p->query, p->query_len);
}

static const char *
type_of(const struct route *r)
{
	return r->kind == ROUTE_STREAM || r->kind == ROUTE_UPLOAD
		   ? "application/connect+json"
		   : "application/json";
}

/* A message of a stream has its length before it. */
static void
add_body(struct buf *out, const struct route *r, const struct parts *p)
{
	bool framed = r->kind == ROUTE_STREAM;
	uint32_t len = (uint32_t)p->body_len;
	const unsigned char head[] = { 0, (unsigned char)(len >> 24),
		(unsigned char)(len >> 16), (unsigned char)(len >> 8),
		(unsigned char)len };

	buf_addf(
	    out, "Content-Length: %zu\r\n\r\n", p->body_len + (framed ? sizeof head : 0));
	if (framed)
		buf_add(out, head, sizeof head);
	buf_add(out, p->body, p->body_len);
}

static void
add_request(struct buf *out, const struct house *h, const struct route *r,
    const char *text, size_t len)
{
	struct parts p = divide(text, len);

	buf_addf(out, "%s ", r->method);
	add_path(out, h, r, &p);
	buf_add_str(out, " HTTP/1.1\r\nHost: localhost\r\n");
	if (r->side == ROUTE_API)
		buf_addf(out, "X-API-Key: %s\r\n", h->host->file.key);
	else
		buf_addf(out,
		    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: %d\r\nX-Access-Token: "
		    "%s\r\n",
		    h->id, r->side == ROUTE_ENVD ? 49983 : 49999, h->token);
	if (!memmem(p.header, p.header_len, "Content-Type", 12))
		buf_addf(out, "Content-Type: %s\r\n", type_of(r));
	if (p.header_len > 0) {
		buf_add(out, p.header, p.header_len);
		buf_add_str(out, "\r\n");
	}
	add_body(out, r, &p);
}

static void
forget_templates(struct house *h)
{
	struct template *t, *next;
	size_t count = 0;

	for (t = catalogue_first(h->host->catalogue); t; t = t->next)
		count += t->kind != TEMPLATE_BUILT_IN;
	for (t = catalogue_first(h->host->catalogue); t && count > TEMPLATES_MAX;
	     t = next) {
		next = t->next;
		if (t->kind == TEMPLATE_BUILT_IN)
			continue;
		catalogue_remove(h->host->catalogue, t);
		count--;
	}
}

/* What the guest is asked stays unanswered. */
static void
empty_supervisor(const struct house *h)
{
	char piece[70000];

	while (recv(h->supervisor, piece, sizeof piece, MSG_DONTWAIT) > 0)
		continue;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct house *h = house_get();
	struct buf out;
	int fd;

	if (size < 1 || size > 20000)
		return 0;
	buf_init(&out, 1u << 16);
	if (data[0] < routes_count())
		add_request(
		    &out, h, routes_at(data[0]), (const char *)data + 1, size - 1);
	else
		buf_add(&out, data + 1, size - 1);
	fd = house_connect(h);
	for (size_t at = 0; at < out.len; at += PIECE) {
		if (send(fd, out.data + at, MIN(PIECE, out.len - at), MSG_NOSIGNAL) < 0)
			break;
		loop_turn(h->loop, 0);
	}
	house_turn(h);
	house_drain(fd);
	close(fd);
	house_turn(h);
	empty_supervisor(h);
	forget_templates(h);
	buf_clear(&out);
	return 0;
}
