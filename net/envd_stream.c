/*
 * One stream: request, envelopes, events, and the one end it reports.
 *
 * An owner may free the stream from inside any event. What may report stands
 * between stream_enter() and stream_leave(), and the memory goes with the
 * outermost leave.
 */
#include "net/envd.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/backoff.h"
#include "net/envd_private.h"

enum {
	SCRATCH_MAX = 64 * 1024 * 1024,
	REFUSAL_MAX = 64 * 1024,
};
#define KEEPALIVE_HEADER "Keepalive-Ping-Interval: 20"

static void
release(struct envd_stream *s)
{
	input_clear(s);
	timer_free(s->timer);
	envelope_reader_clear(&s->reader);
	buf_clear(&s->scratch);
	buf_clear(&s->refusal);
	free(s->body);
	free(s);
}

void
stream_enter(struct envd_stream *s)
{
	s->busy++;
}

bool
stream_leave(struct envd_stream *s)
{
	if (--s->busy > 0 || !s->freed)
		return true;
	release(s);
	return false;
}

/* Nothing is sent or reported any more. */
static void
stop(struct envd_stream *s)
{
	s->over = true;
	s->waiting = false;
	timer_stop(s->timer);
	input_stop(s);
}

void
stream_lost(struct envd_stream *s, bool refused, const struct connect_error *ce,
    const struct error *err)
{
	static const struct connect_error silent = { .code = CONNECT_OK };

	if (s->over)
		return;
	stop(s);
	http_cancel(s->envd->http, s->http);
	s->http = 0;
	s->events.lost(s->ctx, refused, ce ? ce : &silent, err);
}

static const char *
what_of(const struct envd_stream *s)
{
	if (s->started)
		return "the process's output";
	return s->is_start ? "starting the process" : "joining the process";
}

static void
lost_by_protocol(struct envd_stream *s, const struct error *cause)
{
	struct error err = *cause;

	error_prefix(&err, "%s", what_of(s));
	stream_lost(s, false, NULL, &err);
}

/* ---- events */

static void
on_start_event(struct envd_stream *s, const struct process_event *e)
{
	struct error err;

	if (s->started) {
		error_set(&err, ERROR_REMOTE, "the stream began twice");
		lost_by_protocol(s, &err);
		return;
	}
	s->started = true;
	s->pid = e->pid;
	s->events.started(s->ctx, e->pid);
	if (!s->over && !s->freed)
		input_started(s);
}

static void
on_event(struct envd_stream *s, const struct process_event *e)
{
	struct error err;

	if (!s->started && e->kind != PROCESS_EVENT_START) {
		error_set(&err, ERROR_REMOTE, "the stream does not begin with a start");
		lost_by_protocol(s, &err);
		return;
	}
	switch (e->kind) {
	case PROCESS_EVENT_START:
		on_start_event(s, e);
		break;
	case PROCESS_EVENT_DATA:
		s->events.data(s->ctx, e->stream, e->data, e->len);
		if (!s->over && !s->freed)
			input_heard(s, true);
		break;
	case PROCESS_EVENT_END:
		stop(s);
		s->events.ended(s->ctx, e);
		break;
	case PROCESS_EVENT_KEEPALIVE:
		input_heard(s, false);
		break;
	case PROCESS_EVENT_OTHER:
		break;
	}
}

/* ---- the end of the stream */

static void send_request(struct envd_stream *s);

/* A proxy whose upstream broke before the first envelope says `unavailable` too; then
 * the process may exist, and starting it again would run it twice. */
static bool
is_broken_upstream(const struct connect_error *ce)
{
	return strstr(ce->message, "before the stream") != NULL;
}

static bool
may_start_again(const struct envd_stream *s, const struct connect_error *ce)
{
	return s->is_start && ce->code == CONNECT_UNAVAILABLE &&
	       !is_broken_upstream(ce) && s->tries < ENVD_TRIES;
}

static void
start_again(struct envd_stream *s)
{
	s->waiting = true;
	http_cancel(s->envd->http, s->http);
	s->http = 0;
	timer_start(s->timer, (uint64_t)backoff_ms(s->envd->backoff_ms, s->tries), 0);
}

/* No such process exists: the server has said so. */
static bool
is_refusal(const struct envd_stream *s, const struct connect_error *ce)
{
	if (s->started)
		return false;
	if (!s->is_start)
		return ce->code == CONNECT_NOT_FOUND;
	return !is_broken_upstream(ce);
}

static void
on_end_envelope(struct envd_stream *s, const struct envelope *env)
{
	struct connect_error ce;
	struct error err;

	if (!connect_end_parse(env->payload, env->len, &ce)) {
		error_set(&err, ERROR_REMOTE, "%s", ce.message);
		lost_by_protocol(s, &err);
	} else if (ce.code == CONNECT_OK) {
		error_set(
		    &err, ERROR_REMOTE, "the stream ended without the process's end");
		lost_by_protocol(s, &err);
	} else if (!s->started && may_start_again(s, &ce)) {
		start_again(s);
	} else {
		connect_error_set(&ce, &err, what_of(s));
		stream_lost(s, is_refusal(s, &ce), &ce, &err);
	}
}

static void
on_envelope(struct envd_stream *s, const struct envelope *env)
{
	struct process_event event;
	struct error err = { 0 };

	if (env->flags & ENVELOPE_COMPRESSED) {
		error_set(&err, ERROR_REMOTE, "the stream is compressed, unasked");
		lost_by_protocol(s, &err);
	} else if (env->flags & ENVELOPE_END) {
		on_end_envelope(s, env);
	} else if (!process_event_decode(
		       env->payload, env->len, &s->scratch, &event, &err)) {
		lost_by_protocol(s, &err);
	} else {
		on_event(s, &event);
	}
}

static bool
is_listening(const struct envd_stream *s)
{
	return !s->over && !s->freed && !s->waiting;
}

static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct envd_stream *s = ctx;
	struct envelope env;
	struct error err = { 0 };

	if (s->over)
		return;
	s->heard_ms = loop_now_ms(s->envd->loop);
	if (!s->is_stream) {
		buf_add(&s->refusal, bytes, len);
		return;
	}
	stream_enter(s);
	envelope_feed(&s->reader, bytes, len);
	while (is_listening(s) && envelope_next(&s->reader, &env, &err))
		on_envelope(s, &env);
	if (is_listening(s) && err.code)
		lost_by_protocol(s, &err);
	stream_leave(s);
}

static void
on_head(void *ctx, const struct http_reply *reply)
{
	struct envd_stream *s = ctx;

	if (s->over)
		return;
	stream_enter(s);
	s->heard_ms = loop_now_ms(s->envd->loop);
	s->is_stream = reply->status == 200 &&
		       envd_has_type(reply->content_type, "application/connect+json");
	timer_start(s->timer, (uint64_t)s->envd->silence_ms, 0);
	if (s->is_stream && s->replay_from >= 0 && s->events.replay_at)
		s->events.replay_at(s->ctx, reply->replay_at);
	stream_leave(s);
}

/* A 4xx and the proxy's "not found" come before any process could be made. */
static void
lost_by_status(struct envd_stream *s, int status)
{
	struct connect_error ce;
	struct error err;
	bool refused;

	connect_error_from_body(status, s->refusal.data, s->refusal.len, &ce);
	connect_error_set(&ce, &err, what_of(s));
	err.http_status = status;
	refused =
	    s->is_start && (status / 100 == 4 || ce.sandbox_not_found || ce.port_closed);
	if (!s->is_start)
		refused = status == 404 && ce.code == CONNECT_NOT_FOUND;
	stream_lost(s, refused, &ce, &err);
}

static void
lost_by_transport(struct envd_stream *s, const struct http_reply *reply)
{
	struct error err = reply->error;
	size_t have, promised;

	if (!err.code && envelope_is_cut(&s->reader, &have, &promised))
		error_set(&err, ERROR_OFFLINE,
		    "the connection was cut in the middle of a message");
	else if (!err.code)
		error_set(&err, ERROR_OFFLINE, "the connection was cut");
	error_prefix(&err, "%s", what_of(s));
	stream_lost(s, s->is_start && !s->started && reply->unsent, NULL, &err);
}

static void
on_done(void *ctx, const struct http_reply *reply)
{
	struct envd_stream *s = ctx;
	struct error err;

	s->http = 0;
	if (s->over)
		return;
	stream_enter(s);
	if (reply->status == 0 || s->is_stream) {
		lost_by_transport(s, reply);
	} else if (reply->status == 200) {
		error_set(&err, ERROR_REMOTE,
		    "the answer is not the sandbox's: check the sandbox address");
		lost_by_protocol(s, &err);
	} else {
		lost_by_status(s, reply->status);
	}
	stream_leave(s);
}

/* The timer is not moved by each frame: it looks how long ago the last one was. */
static void
on_timer(void *ctx)
{
	struct envd_stream *s = ctx;
	uint64_t quiet = loop_now_ms(s->envd->loop) - s->heard_ms;
	uint64_t allowed = (uint64_t)s->envd->silence_ms;
	struct error err;

	if (s->waiting) {
		s->waiting = false;
		send_request(s);
		return;
	}
	if (s->paused)
		quiet = 0;
	if (quiet < allowed) {
		timer_start(s->timer, allowed - quiet, 0);
		return;
	}
	stream_enter(s);
	error_set(&err, ERROR_OFFLINE, "%s: no sign of life for %d s", what_of(s),
	    (s->envd->silence_ms + 999) / 1000);
	stream_lost(s, false, NULL, &err);
	stream_leave(s);
}

/* ---- the request */

static void
send_request(struct envd_stream *s)
{
	struct envd *e = s->envd;
	const char *headers[ENVD_HEADERS_MAX + 1];
	char *url =
	    xasprintf("%s/process.Process/%s", e->url, s->is_start ? "Start" : "Connect");
	char replay[64];
	int count = envd_headers(e, true, headers);

	headers[count++] = KEEPALIVE_HEADER;
	if (s->replay_from >= 0) {
		snprintf(replay, sizeof replay, "Sandtop-Replay-From: %lld",
		    (long long)s->replay_from);
		headers[count++] = replay;
	}
	headers[count] = NULL;
	s->tries++;
	s->is_stream = false;
	buf_reset(&s->refusal);
	envelope_reader_clear(&s->reader);
	envelope_reader_init(&s->reader, ENVELOPE_MAX_PAYLOAD);
	s->http = http_start(e->http, &(struct http_request){
					  .method = "POST",
					  .url = url,
					  .headers = headers,
					  .body = s->body,
					  .body_len = s->body_len,
					  .first_byte_ms = ENVD_PATIENCE_MS,
					  .stream = true,
					  .headers_in = on_head,
					  .data = on_data,
					  .done = on_done,
					  .ctx = s,
				      });
	free(url);
}

static struct envd_stream *
stream_new(struct envd *e, bool is_start, struct buf *message,
    const struct envd_stream_events *events, void *ctx)
{
	struct envd_stream *s = xcalloc(1, sizeof *s);
	struct buf body;

	assert(events->started && events->data && events->ended && events->lost);
	s->envd = e;
	s->next = e->streams;
	e->streams = s;
	s->events = *events;
	s->ctx = ctx;
	s->is_start = is_start;
	s->replay_from = -1;
	s->timer = timer_new(e->loop, on_timer, s);
	buf_init(&s->scratch, SCRATCH_MAX);
	buf_init(&s->refusal, REFUSAL_MAX);
	input_init(s);
	buf_init(&body, ENVELOPE_MAX_PAYLOAD);
	envelope_add(&body, 0, message->data, message->len);
	buf_clear(message);
	s->body_len = body.len;
	s->body = buf_take(&body);
	return s;
}

struct envd_stream *
envd_start(struct envd *e, const struct process_start *start,
    const struct envd_stream_events *events, void *ctx)
{
	struct envd_stream *s;
	struct buf message;

	buf_init(&message, ENVELOPE_MAX_PAYLOAD);
	process_start_encode(&message, start);
	s = stream_new(e, true, &message, events, ctx);
	send_request(s);
	return s;
}

struct envd_stream *
envd_connect(struct envd *e, uint32_t pid, int64_t replay_from,
    const struct envd_stream_events *events, void *ctx)
{
	struct envd_stream *s;
	struct buf message;

	buf_init(&message, 1024);
	process_connect_encode(&message, pid);
	s = stream_new(e, false, &message, events, ctx);
	s->replay_from = replay_from;
	send_request(s);
	return s;
}

static void
unlink_stream(struct envd_stream *s)
{
	struct envd_stream **at = &s->envd->streams;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
}

void
envd_stream_free(struct envd_stream *s)
{
	if (!s)
		return;
	assert(!s->freed);
	if (s->envd) {
		stop(s);
		unlink_stream(s);
		http_cancel(s->envd->http, s->http);
	}
	s->freed = true;
	if (s->busy == 0)
		release(s);
}

void
envd_stream_pause(struct envd_stream *s, bool paused)
{
	if (!s->envd)
		return;
	s->paused = paused;
	s->heard_ms = loop_now_ms(s->envd->loop);
	http_pause(s->envd->http, s->http, paused);
}
