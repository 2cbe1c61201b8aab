/*
 * Input of one stream: keys and stdin in order, EOF, resize.
 *
 * Bytes stay in the queue until the server has acknowledged them. What it
 * certainly did not take is sent again; what the process does not want is
 * dropped and said (input_failed); and when nobody knows whether bytes were
 * typed, the stream is declared lost, because typing twice may be worse than
 * not at all. A SendInput has no deadline: a full pipe or terminal may block it
 * for as long as the program does not read, and a dead link shows in the
 * output stream's silence.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/backoff.h"
#include "net/envd_private.h"

enum {
	QUEUE_MAX = 64 * 1024 * 1024,
	PIECE = 256 * 1024, /* of one SendInput */
	RESIZE_QUIET_MS = 50,
	UNARY_MS = 15000,
};

/* ---- reports */

static void
tell_pending(struct envd_stream *s)
{
	struct input *in = &s->input;
	size_t now = envd_stream_unsent(s);

	if ((now == 0) == (in->told == 0) || s->freed)
		return;
	in->told = now;
	if (s->events.input_pending)
		s->events.input_pending(s->ctx, now);
}

static void
on_tell(void *ctx)
{
	struct envd_stream *s = ctx;

	s->input.tell = 0;
	stream_enter(s);
	tell_pending(s);
	stream_leave(s);
}

static void
note_lag(struct input *in)
{
	if (in->key_at_us == 0)
		return;
	in->lag_ms = (int)((clock_mono_us() - in->key_at_us) / 1000);
	in->key_at_us = 0;
}

void
input_fail(struct envd_stream *s, const struct error *err)
{
	struct input *in = &s->input;

	if (in->dead || s->over)
		return;
	in->dead = true;
	in->in_flight = 0;
	buf_reset(&in->queue);
	if (s->events.input_failed)
		s->events.input_failed(s->ctx, err);
	if (!s->over)
		tell_pending(s);
}

void
input_lose(
    struct envd_stream *s, const struct connect_error *ce, const struct error *cause)
{
	struct error err = *cause;

	if (envd_stream_in_doubt(s))
		error_prefix(&err, "what was typed last may not have arrived");
	stream_lost(s, false, ce, &err);
}

/* ---- SendInput and CloseStdin */

/* Refused before anybody looked at it. */
static bool
is_untaken(const struct http_reply *reply)
{
	return (reply->status == 0 && reply->unsent) || reply->status == 409 ||
	       reply->status == 429;
}

/* Connect codes that say so; others say nothing of what became of the bytes. */
bool
input_is_unwanted(const struct connect_error *ce)
{
	static const enum connect_code codes[] = {
		CONNECT_NOT_FOUND,
		CONNECT_INTERNAL,
		CONNECT_UNIMPLEMENTED,
		CONNECT_INVALID_ARGUMENT,
		CONNECT_FAILED_PRECONDITION,
	};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (ce->code == codes[i])
			return true;
	return false;
}

static void
on_failure(struct envd_stream *s, const struct http_reply *reply,
    const struct connect_error *ce, const struct error *err)
{
	struct input *in = &s->input;

	if (is_untaken(reply) && in->tries < ENVD_TRIES) {
		timer_start(
		    in->timer, (uint64_t)backoff_ms(s->envd->backoff_ms, in->tries), 0);
		return;
	}
	if (ce->code != CONNECT_OK && input_is_unwanted(ce))
		input_fail(s, err);
	else
		input_lose(s, ce, err);
}

/* Asked behind the first key, which the question would only hold up. */
static void
ask_for_streaming(struct envd_stream *s)
{
	if (s->input.kind == PROCESS_INPUT_PTY &&
	    http_origin_note(s->envd->http, s->envd->url) == INPUT_UNKNOWN)
		probe_start(s->envd);
}

static void
on_sent(void *ctx, const struct http_reply *reply, const struct connect_error *ce,
    const struct error *err)
{
	struct envd_stream *s = ctx;
	struct input *in = &s->input;
	size_t sent = in->in_flight;

	in->call = 0;
	in->in_flight = 0;
	stream_enter(s);
	if (err->code) {
		on_failure(s, reply, ce, err);
	} else {
		in->tries = 0;
		buf_consume(&in->queue, sent);
		note_lag(in);
		ask_for_streaming(s);
		input_pump(s);
		if (!s->over)
			tell_pending(s);
	}
	stream_leave(s);
}

static void
send_piece(struct envd_stream *s)
{
	struct input *in = &s->input;
	struct buf body;

	buf_init(&body, 4 * PIECE);
	in->in_flight = MIN(in->queue.len, (size_t)PIECE);
	process_input_encode(&body, s->pid, in->kind, in->queue.data, in->in_flight);
	in->tries++;
	in->call = envd_post(s->envd, "/process.Process/SendInput", "typing", &body,
	    ENVD_NO_DEADLINE, on_sent, s);
	buf_clear(&body);
}

/* To end it twice does no harm. */
static bool
may_close_again(const struct input *in, const struct http_reply *reply)
{
	return in->tries < ENVD_TRIES &&
	       (is_untaken(reply) || reply->status == 0 || reply->status >= 502);
}

static void
on_closed(void *ctx, const struct http_reply *reply, const struct connect_error *ce,
    const struct error *err)
{
	struct envd_stream *s = ctx;
	struct input *in = &s->input;

	in->call = 0;
	stream_enter(s);
	if (!err->code || ce->code == CONNECT_NOT_FOUND)
		in->dead = true;
	else if (may_close_again(in, reply))
		timer_start(
		    in->timer, (uint64_t)backoff_ms(s->envd->backoff_ms, in->tries), 0);
	else
		input_fail(s, err);
	stream_leave(s);
}

static void
send_close(struct envd_stream *s)
{
	struct input *in = &s->input;
	struct buf body;

	buf_init(&body, 1024);
	process_connect_encode(&body, s->pid);
	in->tries++;
	in->call = envd_post(s->envd, "/process.Process/CloseStdin",
	    "closing standard input", &body, UNARY_MS, on_closed, s);
	buf_clear(&body);
}

/* ---- what is next */

/* This server takes StreamInput. */
static bool
is_streaming(const struct envd_stream *s)
{
	int note = http_origin_note(s->envd->http, s->envd->url);

	return s->input.kind == PROCESS_INPUT_PTY &&
	       (note == INPUT_STREAM || s->input.upload);
}

void
input_pump(struct envd_stream *s)
{
	struct input *in = &s->input;

	if (!s->started || s->over || s->freed || in->dead || in->call ||
	    timer_is_active(in->timer))
		return;
	if (in->queue.len > 0 && is_streaming(s))
		upload_write(s);
	else if (in->queue.len > 0)
		send_piece(s);
	else if (in->closing)
		send_close(s);
}

static void
on_timer(void *ctx)
{
	struct envd_stream *s = ctx;

	stream_enter(s);
	if (s->input.failure.code)
		input_fail(s, &s->input.failure);
	else
		input_pump(s);
	stream_leave(s);
}

/* ---- resize */

static void send_size(struct envd_stream *s);

/* A size that could not be set is no reason to end anything: the next one may. */
static void
on_resized(void *ctx, const struct http_reply *reply, const struct connect_error *ce,
    const struct error *err)
{
	struct envd_stream *s = ctx;

	(void)reply;
	(void)ce;
	s->input.resize_call = 0;
	if (err->code)
		log_debug("envd", "%s", err->text);
	send_size(s);
}

static void
send_size(struct envd_stream *s)
{
	struct input *in = &s->input;
	struct buf body;

	if (!in->resize_due || in->resize_call || !s->started || s->over)
		return;
	in->resize_due = false;
	buf_init(&body, 1024);
	process_update_encode(&body, s->pid, (uint32_t)in->cols, (uint32_t)in->rows);
	in->resize_call = envd_post(s->envd, "/process.Process/Update",
	    "resizing the terminal", &body, UNARY_MS, on_resized, s);
	buf_clear(&body);
}

static void
on_resize_quiet(void *ctx)
{
	struct envd_stream *s = ctx;

	s->input.resize_due = true;
	send_size(s);
}

void
envd_stream_resize(struct envd_stream *s, int cols, int rows)
{
	struct input *in = &s->input;

	assert(cols > 0 && rows > 0);
	if (s->over)
		return;
	in->cols = cols;
	in->rows = rows;
	timer_start(in->resize_timer, RESIZE_QUIET_MS, 0);
}

/* ---- from the stream */

void
input_init(struct envd_stream *s)
{
	struct input *in = &s->input;

	buf_init(&in->queue, QUEUE_MAX);
	upload_init(s);
	in->timer = timer_new(s->envd->loop, on_timer, s);
	in->resize_timer = timer_new(s->envd->loop, on_resize_quiet, s);
	in->lag_ms = -1;
}

void
input_stop(struct envd_stream *s)
{
	struct input *in = &s->input;

	envd_cancel(s->envd, in->call);
	envd_cancel(s->envd, in->resize_call);
	upload_close(s);
	loop_defer_cancel(s->envd->loop, in->tell);
	in->call = in->resize_call = in->tell = 0;
	in->in_flight = 0;
	timer_stop(in->timer);
	timer_stop(in->resize_timer);
}

void
input_clear(struct envd_stream *s)
{
	struct input *in = &s->input;

	timer_free(in->timer);
	timer_free(in->resize_timer);
	buf_clear(&in->queue);
	buf_clear(&in->upload_reply);
}

void
input_started(struct envd_stream *s)
{
	input_pump(s);
	send_size(s);
}

void
input_heard(struct envd_stream *s, bool output)
{
	if (output) {
		s->input.doubtful = false;
		note_lag(&s->input);
		tell_pending(s);
	} else {
		upload_keep_alive(s);
	}
}

/* ---- from the owner */

void
envd_stream_send(
    struct envd_stream *s, enum process_input_kind kind, const void *bytes, size_t len)
{
	struct input *in = &s->input;

	assert(kind != PROCESS_INPUT_NONE && !in->closing);
	assert(in->kind == PROCESS_INPUT_NONE || in->kind == kind);
	if (s->over || in->dead || len == 0)
		return;
	in->kind = kind;
	buf_add(&in->queue, bytes, len);
	if (in->queue.overflow && !in->failure.code) {
		error_set(&in->failure, ERROR_LIMIT,
		    "typing: more than %d MiB wait to be taken: send less at once",
		    QUEUE_MAX >> 20);
		timer_start(in->timer, 0, 0);
		return;
	}
	if (in->key_at_us == 0)
		in->key_at_us = clock_mono_us();
	input_pump(s);
	if (in->told == 0 && in->tell == 0)
		in->tell = loop_defer(s->envd->loop, on_tell, s);
}

void
envd_stream_close_stdin(struct envd_stream *s)
{
	struct input *in = &s->input;

	assert(in->kind != PROCESS_INPUT_PTY);
	if (s->over || in->dead || in->closing)
		return;
	in->closing = true;
	if (!s->envd->can_close_stdin) {
		error_set(&in->failure, ERROR_INPUT,
		    "this sandbox's daemon (%s) cannot end standard input: it needs "
		    "0.5.2 "
		    "or newer",
		    s->envd->version);
		timer_start(in->timer, 0, 0);
		return;
	}
	input_pump(s);
}

size_t
envd_stream_unsent(const struct envd_stream *s)
{
	size_t upload = s->envd ? http_unsent(s->envd->http, s->input.upload) : 0;

	return s->input.queue.len + upload;
}

bool
envd_stream_in_doubt(const struct envd_stream *s)
{
	return envd_stream_unsent(s) > 0 || s->input.doubtful;
}

int
envd_stream_lag_ms(const struct envd_stream *s)
{
	return s->input.lag_ms;
}
