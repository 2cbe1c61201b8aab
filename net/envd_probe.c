/*
 * Does StreamInput pass? Not every way to a server carries a request body that
 * stays open. The question is put once per server: a `start` for a pid that no
 * kernel gives out must be answered `not_found` while our body is open.
 *
 * envd knows the answer at once, but the HTTP server it is made with holds it
 * back until the rest of the body has come or 256 KiB of it have been thrown
 * away (seen with 0.6.13, over HTTP/1.1 and behind HTTP/2). So as much padding
 * follows, in a message that means nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/envd_private.h"

enum { ANSWER_MAX = 4096, PADDING = 264 * 1024, NUDGES = 20, TIMES_ASKED = 3 };
/* Linux counts to 4,194,304 at most. */
#define UNUSED_PID 2147483646u

struct probe {
	struct envd *envd; /* borrowed */
	uint64_t http;
	struct timer *timer; /* owned */
	int nudges, asked;
	bool is_rpc;
	struct buf answer;
};

void
probe_free(struct envd *e)
{
	struct probe *p = e->probe;

	if (!p)
		return;
	e->probe = NULL;
	http_cancel(e->http, p->http);
	timer_free(p->timer);
	buf_clear(&p->answer);
	free(p);
	if (http_origin_note(e->http, e->url) == INPUT_PROBING)
		http_set_origin_note(e->http, e->url, INPUT_UNKNOWN);
}

static void
conclude(struct probe *p, bool passes)
{
	log_debug(
	    "envd", "StreamInput %s on this server", passes ? "passes" : "does not pass");
	http_set_origin_note(
	    p->envd->http, p->envd->url, passes ? INPUT_STREAM : INPUT_SINGLE);
	probe_free(p->envd);
}

/* libcurl 7.88 may leave an answer lying that came over HTTP/2 while it had nothing to
 * send (seen): a few more bytes make it look. */
static void
on_timer(void *ctx)
{
	struct probe *p = ctx;
	struct buf body;

	if (++p->nudges >= NUDGES) {
		conclude(p, false);
		return;
	}
	buf_init(&body, 1024);
	process_add_stream_keepalive(&body);
	http_write(p->envd->http, p->http, body.data, body.len);
	buf_clear(&body);
}

/* A client stream is answered at its end only, so an answer of the right kind while our
 * end is still open is the refusal we want; its code is in the body. */
static void
on_head(void *ctx, const struct http_reply *reply)
{
	struct probe *p = ctx;

	p->is_rpc = reply->status == 200 &&
		    envd_has_type(reply->content_type, "application/connect+json");
}

static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct probe *p = ctx;
	struct envelope_reader reader;
	struct envelope env;
	struct connect_error ce;
	bool ended;

	if (!p->is_rpc)
		return;
	buf_add(&p->answer, bytes, len);
	envelope_reader_init(&reader, ANSWER_MAX);
	envelope_feed(&reader, p->answer.data, p->answer.len);
	ended = envelope_next(&reader, &env, NULL) && (env.flags & ENVELOPE_END);
	if (ended)
		connect_end_parse(env.payload, env.len, &ce);
	envelope_reader_clear(&reader);
	if (ended)
		conclude(p, ce.code == CONNECT_NOT_FOUND);
}

static void ask(struct probe *p);

/* libcurl 7.88 may also lose the answer to the reset that follows it: ask again. */
static void
on_done(void *ctx, const struct http_reply *reply)
{
	struct probe *p = ctx;

	p->http = 0;
	if (reply->status == 0 && !reply->unsent && ++p->asked < TIMES_ASKED)
		ask(p);
	else
		conclude(p, false);
}

static void
write_question(struct probe *p)
{
	char *padding = xmalloc(PADDING);
	struct buf body;
	size_t begin;

	memset(padding, '0', PADDING);
	buf_init(&body, 2 * PADDING);
	process_add_stream_start(&body, UNUSED_PID);
	begin = envelope_begin(&body);
	buf_add_str(&body, "{\"keepalive\":{},\"padding\":\"");
	buf_add(&body, padding, PADDING);
	buf_add_str(&body, "\"}");
	envelope_end(&body, begin, 0);
	http_write(p->envd->http, p->http, body.data, body.len);
	buf_clear(&body);
	free(padding);
}

static void
ask(struct probe *p)
{
	struct envd *e = p->envd;
	const char *headers[ENVD_HEADERS_MAX + 1];
	char *url = xasprintf("%s/process.Process/StreamInput", e->url);

	buf_reset(&p->answer);
	p->is_rpc = false;
	envd_headers(e, true, headers);
	p->http = http_start(e->http, &(struct http_request){
					  .method = "POST",
					  .url = url,
					  .headers = headers,
					  .stream = true,
					  .upload = true,
					  .headers_in = on_head,
					  .data = on_data,
					  .done = on_done,
					  .ctx = p,
				      });
	write_question(p);
	free(url);
}

void
probe_start(struct envd *e)
{
	struct probe *p = xcalloc(1, sizeof *p);
	uint64_t nudge_ms = (uint64_t)MAX(e->probe_ms / NUDGES, 1);

	http_set_origin_note(e->http, e->url, INPUT_PROBING);
	e->probe = p;
	p->envd = e;
	p->timer = timer_new(e->loop, on_timer, p);
	timer_start(p->timer, nudge_ms, nudge_ms);
	buf_init(&p->answer, ANSWER_MAX);
	ask(p);
}
