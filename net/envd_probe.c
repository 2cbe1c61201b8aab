/*
 * Does StreamInput pass? Not every way to a server carries a request body that
 * stays open. The question is put once per server: a `start` for a pid that no
 * kernel gives out must be answered `not_found` while our body is open.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/envd_private.h"

enum { ANSWER_MAX = 4096 };
/* Linux counts to 4,194,304 at most. */
#define UNUSED_PID 2147483646u

struct probe {
	struct envd *envd; /* borrowed */
	uint64_t http;
	struct timer *timer; /* owned */
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

static void
on_timer(void *ctx)
{
	conclude(ctx, false);
}

/* The answer is one short envelope; it may come in pieces. */
static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct probe *p = ctx;
	struct envelope_reader reader;
	struct envelope env;
	struct connect_error ce;
	bool ended;

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

static void
on_done(void *ctx, const struct http_reply *reply)
{
	struct probe *p = ctx;

	(void)reply;
	p->http = 0;
	conclude(p, false);
}

void
probe_start(struct envd *e)
{
	struct probe *p = xcalloc(1, sizeof *p);
	const char *headers[ENVD_HEADERS_MAX + 1];
	char *url = xasprintf("%s/process.Process/StreamInput", e->url);
	struct buf body;

	http_set_origin_note(e->http, e->url, INPUT_PROBING);
	e->probe = p;
	p->envd = e;
	p->timer = timer_new(e->loop, on_timer, p);
	timer_start(p->timer, (uint64_t)e->probe_ms, 0);
	buf_init(&p->answer, ANSWER_MAX);
	envd_headers(e, true, headers);
	p->http = http_start(e->http, &(struct http_request){
					  .method = "POST",
					  .url = url,
					  .headers = headers,
					  .stream = true,
					  .upload = true,
					  .data = on_data,
					  .done = on_done,
					  .ctx = p,
				      });
	buf_init(&body, 1024);
	process_add_stream_start(&body, UNUSED_PID);
	http_write(e->http, p->http, body.data, body.len);
	buf_clear(&body);
	free(url);
}
