/* request_raw - requests whose answer is somebody else's bytes: they go to the socket past
 * libmicrohttpd, which only reads the question and closes. */
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "host/server_internal.h"

struct visit {
	void (*each)(void *ctx, const char *name, const char *value);
	void *ctx; /* borrowed */
};

static enum MHD_Result
on_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	const struct visit *v = cls;

	(void)kind;
	v->each(v->ctx, name, value ? value : "");
	return MHD_YES;
}

void
request_each_header(const struct request *r,
    void (*each)(void *ctx, const char *name, const char *value), void *ctx)
{
	struct visit v = { each, ctx };

	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, on_header, &v);
}

void
request_add_target(const struct request *r, struct buf *out)
{
	buf_add_str(out, r->path);
	/* "/x?" is not "/x": the query then lies behind the path. */
	if (r->query != r->path + strlen(r->path) + 1)
		return;
	buf_add_char(out, '?');
	buf_add_str(out, r->query);
}

bool
request_is_http10(const struct request *r)
{
	return !r->chunked;
}

int
request_raw_begin(struct request *r, void (*ready)(void *ctx, int events), void *ctx)
{
	int on = 1;

	assert(!r->answered && !r->raw);
	r->raw = ready;
	r->raw_ctx = ctx;
	setsockopt(r->on->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return r->on->fd;
}

void
request_raw_watch(struct request *r, int events)
{
	request_look(r, events);
}

void
request_raw_end(struct request *r)
{
	assert(!r->answered);
	request_look(r, 0);
	/* A client that still sends reads the answer first: closing now would take it away. */
	shutdown(r->on->fd, r->told ? SHUT_RDWR : SHUT_WR);
	r->gone = NULL;
	r->raw = NULL;
	r->sink = NULL;
	r->answered = r->early = true;
	request_wake(r);
}

void
request_raw_abort(struct request *r)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	/* On a connected socket this sends a reset, whatever is still queued. */
	connect(r->on->fd, &nobody, sizeof nobody);
	request_raw_end(r);
}
