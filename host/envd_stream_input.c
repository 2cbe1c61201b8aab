/* envd_stream_input - StreamInput: input envelopes as they arrive in a request that
 * stays open. */
#include "host/envd.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/reply.h"
#include "host/rpc.h"
#include "host/sandbox.h"
#include "wire/envelope.h"

#define STREAM_TYPE "application/connect+json"
#define BACKLOG_MAX                                                                      \
	(256u * 1024) /* input a process has not taken, before we stop reading */

/*
 * One StreamInput. It outlives its request while writes are under way, and it
 * names its process by number: sandboxes pause and processes end meanwhile.
 */
struct upload {
	struct route_sink sink;
	struct host *host;	 /* borrowed */
	struct request *request; /* NULL: answered, or the client left */
	struct envelope_reader reader;
	char sandbox[32];
	struct process_selector target;
	size_t writing; /* writes not reported yet */
	bool paused;	/* the sink refused bytes */
	bool complete;	/* the body is */
};

static void
upload_free(struct upload *u)
{
	if (u->request || u->writing > 0)
		return;
	envelope_reader_clear(&u->reader);
	free(u->target.tag);
	free(u);
}

static void
on_gone(void *ctx)
{
	struct upload *u = ctx;

	u->request = NULL;
	upload_free(u);
}

/* Now if the body still comes: the client types into the void otherwise. */
static void
upload_fail(struct upload *u, enum connect_code code, const char *message)
{
	struct request *r = u->request;
	struct buf body;

	if (!r)
		return;
	u->request = NULL;
	request_own(r, NULL, NULL);
	buf_init(&body, REPLY_MAX);
	connect_add_end(&body, code, message);
	if (request_is_told(r))
		request_reply(r, 200, STREAM_TYPE, &body);
	else
		request_reply_early(r, 200, STREAM_TYPE, &body);
}

static void
upload_succeed(struct upload *u)
{
	struct request *r = u->request;
	struct buf body;

	if (!r || !u->complete || u->writing > 0)
		return;
	u->request = NULL;
	buf_init(&body, REPLY_MAX);
	envelope_add(&body, 0, "{}", 2);
	connect_add_end(&body, CONNECT_OK, NULL);
	request_reply(r, 200, STREAM_TYPE, &body);
}

static struct process *
find_target(struct upload *u, struct connect_error *ce)
{
	struct sandbox *s = registry_find(u->host->registry, u->sandbox);

	if (s && s->state == SANDBOX_RUNNING)
		return serve_find(s->processes, &u->target, ce);
	*ce = (struct connect_error){ .code = CONNECT_UNAVAILABLE };
	snprintf(ce->message, sizeof ce->message, "the sandbox is not running");
	return NULL;
}

static void
on_written(void *ctx, const struct connect_error *ce)
{
	struct upload *u = ctx;

	u->writing--;
	if (ce)
		upload_fail(u, ce->code, ce->message);
	if (u->request && u->paused) {
		u->paused = false;
		request_wake(u->request);
	}
	upload_succeed(u);
	upload_free(u);
}

static void
take_start(struct upload *u, struct process_call *call)
{
	struct connect_error ce;

	free(u->target.tag);
	u->target = call->process;
	call->process.tag = NULL;
	if (!find_target(u, &ce))
		upload_fail(u, ce.code, ce.message);
}

static void
take_data(struct upload *u, struct process_call *call)
{
	struct connect_error ce;
	struct process *p = NULL;

	if (!u->target.has_pid && !u->target.has_tag)
		upload_fail(u, CONNECT_INVALID_ARGUMENT, "data before start");
	else if (call->input == PROCESS_INPUT_NONE)
		upload_fail(u, CONNECT_UNIMPLEMENTED, "invalid input type <nil>");
	else if (!(p = find_target(u, &ce)))
		upload_fail(u, ce.code, ce.message);
	if (!p)
		return;
	u->writing++;
	process_write(p, call->input, call->bytes, call->bytes_len, on_written, u);
	call->bytes = NULL;
}

static void
take_message(struct upload *u, const struct envelope *envelope)
{
	enum process_stream_input kind;
	struct process_call call = { 0 };
	struct error err = { 0 };

	if (envelope->flags & ENVELOPE_COMPRESSED) {
		upload_fail(u, CONNECT_INTERNAL,
		    "protocol error: sent compressed message without compression "
		    "support");
		return;
	}
	if (!process_stream_input_decode(
		envelope->payload, envelope->len, &kind, &call, &err)) {
		upload_fail(u, CONNECT_INVALID_ARGUMENT, err.text);
		return;
	}
	switch (kind) {
	case PROCESS_STREAM_START:
		take_start(u, &call);
		break;
	case PROCESS_STREAM_DATA:
		take_data(u, &call);
		break;
	case PROCESS_STREAM_KEEPALIVE:
		break;
	case PROCESS_STREAM_NONE:
		upload_fail(u, CONNECT_UNIMPLEMENTED, "invalid event type <nil>");
		break;
	}
	process_call_clear(&call);
}

static void
take_bytes(struct upload *u, const char *bytes, size_t len)
{
	struct envelope envelope;
	struct error err = { 0 };

	u->writing++; /* held: a failed write must not free it under our feet */
	envelope_feed(&u->reader, bytes, len);
	while (u->request && envelope_next(&u->reader, &envelope, &err))
		take_message(u, &envelope);
	if (u->request && err.code != ERROR_NONE)
		upload_fail(u, CONNECT_INVALID_ARGUMENT, err.text);
	u->writing--;
}

static size_t
backlog(struct upload *u)
{
	struct connect_error ce;
	struct process *p =
	    u->target.has_pid || u->target.has_tag ? find_target(u, &ce) : NULL;

	return p ? process_write_backlog(p) : 0;
}

static size_t
on_bytes(void *ctx, const char *bytes, size_t len)
{
	struct upload *u = ctx;

	u->paused = u->writing > 0 && backlog(u) > BACKLOG_MAX;
	if (u->paused)
		return 0;
	take_bytes(u, bytes, len);
	upload_free(u);
	return len;
}

static void finish(void *upload);

static struct upload *
upload_new(struct call *c)
{
	struct upload *u = xcalloc(1, sizeof *u);

	u->sink.finish = finish;
	u->host = c->host;
	u->request = c->request;
	str_copy(u->sandbox, sizeof u->sandbox, c->sandbox->info.id);
	envelope_reader_init(&u->reader, ENVELOPE_MAX_PAYLOAD);
	request_own(c->request, on_gone, u);
	return u;
}

void
serve_stream_input_begin(struct call *c)
{
	const char *type = request_header(c->request, "Content-Type");

	if (!str_eq_nocase(type, STREAM_TYPE))
		return; /* refused when the body has been read */
	request_set_sink(c->request, on_bytes, upload_new(c));
}

static void
finish(void *upload)
{
	struct upload *u = upload;

	struct envelope none;
	struct error err = { 0 };

	u->complete = true;
	/* With nothing to read it only drops what was delivered. */
	(void)envelope_next(&u->reader, &none, &err);
	if (u->reader.pending.len > 0)
		upload_fail(
		    u, CONNECT_UNKNOWN, "protocol error: the body ends inside a message");
	upload_succeed(u);
	upload_free(u);
}

/* The body came whole: the sandbox had to be woken first. */
void
serve_stream_input(struct call *c)
{
	struct upload *u = upload_new(c);

	take_bytes(u, c->message, c->message_len);
	finish(u);
}
