/* port_question - the client's header block, read and written anew for the service. */
#include "host/port_head.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "host/server.h"

#define DIGITS "0123456789"
#define TOKEN DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'*+-.^_`|~"

/* What a Connection header may name lies in one place, however many there were. */
enum { LIST_MAX = 4096 };

struct reading {
	struct port_question *question; /* borrowed */
	struct buf connection;		/* what Connection headers name */
	bool names_upgrade;
};

/* Blanks before the colon, line ends in values: a service may read them otherwise. */
static bool
is_sane(const char *name, const char *value)
{
	if (!*name || name[strspn(name, TOKEN)])
		return false;
	for (const char *c = value; *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return false;
	return true;
}

static void
read_header(void *ctx, const char *name, const char *value)
{
	struct reading *r = ctx;
	int64_t length;

	if (!is_sane(name, value))
		r->question->problem = "a header is not one";
	if (strcasecmp(name, "Upgrade") == 0)
		r->names_upgrade = true;
	if (strcasecmp(name, "Transfer-Encoding") == 0) {
		r->question->chunked = true;
		if (strcasecmp(value, "chunked") != 0)
			r->question->problem =
			    "of transfer encodings only chunked is known";
	}
	if (strcasecmp(name, "Content-Length") == 0 &&
	    !parse_int(value, 0, INT64_MAX, &length))
		r->question->problem = "Content-Length is not a length";
	if (strcasecmp(name, "Connection") == 0) {
		buf_add_str(&r->connection, value);
		buf_add_char(&r->connection, ',');
	}
}

static void
read_connection(const struct request *r, struct reading *out)
{
	buf_init(&out->connection, LIST_MAX);
	request_each_header(r, read_header, out);
	if (out->connection.overflow)
		out->question->problem = "the Connection header is too long";
}

void
port_question_read(const struct request *r, struct port_question *out)
{
	struct reading reading = { .question = out };

	*out = (struct port_question){ .head = str_eq(request_method(r), "HEAD") };
	read_connection(r, &reading);
	out->upgrade = reading.names_upgrade && !request_is_http10(r) &&
		       port_list_names(reading.connection.data, "upgrade", 7);
	buf_clear(&reading.connection);
}

struct writing {
	struct buf *out;	/* borrowed */
	const char *connection; /* borrowed */
	const struct port_question *question;
};

static void
write_header(void *ctx, const char *name, const char *value)
{
	/* Expect was answered by our server, trailers are not handed on. */
	static const char *const hops[] = { "Connection", "Keep-Alive",
		"Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
		"Expect", "Content-Length", NULL };
	const struct writing *w = ctx;

	/* The token is between the client and us. */
	if (strcasecmp(name, PORT_TOKEN_HEADER) == 0 ||
	    (*w->question->host && strcasecmp(name, "Host") == 0))
		return;
	/* The host and the length are the request's whatever Connection says. */
	if (port_is_one_of(hops, name, strlen(name)) ||
	    (strcasecmp(name, "Host") != 0 &&
		port_list_names(w->connection, name, strlen(name)) &&
		!w->question->upgrade))
		return;
	buf_addf(w->out, "%s: %s\r\n", name, value);
}

void
port_question_write(
    const struct request *r, const struct port_question *q, struct buf *out)
{
	struct port_question again = { 0 };
	struct reading reading = { .question = &again };
	struct writing writing = { .out = out, .question = q };
	const char *length = request_header(r, "Content-Length");

	read_connection(r, &reading);
	writing.connection = reading.connection.data;
	buf_addf(out, "%s ", request_method(r));
	request_add_target(r, out);
	buf_add_str(out, request_is_http10(r) ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	if (*q->host)
		buf_addf(out, "Host: %s\r\n", q->host);
	request_each_header(r, write_header, &writing);
	if (q->chunked)
		buf_add_str(out, "Transfer-Encoding: chunked\r\n");
	else if (length)
		buf_addf(out, "Content-Length: %s\r\n", length);
	/* What an upgrade needs beside its own name (HTTP2-Settings) stays named. */
	if (q->upgrade)
		buf_addf(out, "Connection: %.*s\r\nUpgrade: %s\r\n\r\n",
		    (int)reading.connection.len - 1, reading.connection.data,
		    request_header(r, "Upgrade"));
	else
		buf_add_str(out, "Connection: close\r\n\r\n");
	buf_clear(&reading.connection);
}
