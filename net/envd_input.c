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
 *
 * Over StreamInput nothing is acknowledged. Bytes count as arrived when the
 * transport has taken them, and as doubtful until something comes back; if
 * that request breaks with doubtful bytes, the stream is lost, else the next
 * key opens a new one. libcurl may notice a close only when it sends again, so
 * an idle request is given something to send now and then.
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
	REPLY_MAX = 4096,
	RESIZE_QUIET_MS = 50,
	UNARY_MS = 15000,
	UPLOAD_KEEPALIVE_MS = 15000,
	/* Without output even, bytes are believed to have been typed after this. */
	DOUBT_MS = 10000,
	BROKEN_UPLOADS_MAX = 3,
};

static void pump(struct envd_stream *s);

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

static void
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

static void
lose(struct envd_stream *s, const struct connect_error *ce, const struct error *cause)
{
	struct error err = *cause;

	if (s->input.queue.len > 0 || s->input.doubtful)
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

/* The process takes no input: over, not of that kind, or its end is closed. */
static bool
is_unwanted(const struct connect_error *ce)
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
	if (ce->code != CONNECT_OK && is_unwanted(ce))
		input_fail(s, err);
	else
		lose(s, ce, err);
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
		pump(s);
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

/* ---- StreamInput */

static void
close_upload(struct envd_stream *s)
{
	struct input *in = &s->input;

	http_cancel(s->envd->http, in->upload);
	in->upload = 0;
	buf_reset(&in->upload_reply);
}

/* It is never over before we end it, so any answer is bad news. */
static void
on_upload_over(
    struct envd_stream *s, const struct connect_error *ce, const struct error *err)
{
	struct input *in = &s->input;
	bool recent = loop_now_ms(s->envd->loop) - in->written_ms < DOUBT_MS;

	close_upload(s);
	if (ce->code != CONNECT_OK && is_unwanted(ce)) {
		input_fail(s, err);
		return;
	}
	if (in->doubtful && recent) {
		lose(s, ce, err);
		return;
	}
	log_debug("envd", "StreamInput ended: %s", err->text);
	if (++in->broken_uploads >= BROKEN_UPLOADS_MAX)
		http_set_origin_note(s->envd->http, s->envd->url, INPUT_SINGLE);
	pump(s);
}

/* The end of the answer, once it is whole; libcurl would go on sending behind it. */
static bool
read_upload_end(const struct input *in, struct connect_error *ce)
{
	struct envelope_reader reader;
	struct envelope env;
	bool ended = false;

	envelope_reader_init(&reader, REPLY_MAX);
	envelope_feed(&reader, in->upload_reply.data, in->upload_reply.len);
	while (!ended && envelope_next(&reader, &env, NULL))
		ended = (env.flags & ENVELOPE_END) != 0;
	if (ended)
		connect_end_parse(env.payload, env.len, ce);
	envelope_reader_clear(&reader);
	return ended;
}

static void
report_upload_over(
    struct envd_stream *s, const struct connect_error *ce, const struct error *cause)
{
	struct error err = *cause;

	stream_enter(s);
	if (ce->code != CONNECT_OK)
		connect_error_set(ce, &err, "typing");
	else if (!err.code)
		error_set(&err, ERROR_OFFLINE, "typing: the connection was closed");
	on_upload_over(s, ce, &err);
	stream_leave(s);
}

static void
on_upload_data(void *ctx, const char *bytes, size_t len)
{
	struct envd_stream *s = ctx;
	struct connect_error ce = { 0 };
	struct error none = { 0 };

	buf_add(&s->input.upload_reply, bytes, len);
	if (read_upload_end(&s->input, &ce))
		report_upload_over(s, &ce, &none);
}

static void
on_upload_done(void *ctx, const struct http_reply *reply)
{
	struct envd_stream *s = ctx;
	struct connect_error ce = { 0 };

	if (reply->status != 0 && reply->status != 200)
		connect_error_from_body(reply->status, s->input.upload_reply.data,
		    s->input.upload_reply.len, &ce);
	report_upload_over(s, &ce, &reply->error);
}

static void
open_upload(struct envd_stream *s)
{
	struct input *in = &s->input;
	const char *headers[ENVD_HEADERS_MAX + 1];
	char *url = xasprintf("%s/process.Process/StreamInput", s->envd->url);
	struct buf first;

	envd_headers(s->envd, true, headers);
	in->upload = http_start(s->envd->http, &(struct http_request){
						   .method = "POST",
						   .url = url,
						   .headers = headers,
						   .stream = true,
						   .upload = true,
						   .data = on_upload_data,
						   .done = on_upload_done,
						   .ctx = s,
					       });
	buf_init(&first, 1024);
	process_add_stream_start(&first, s->pid);
	http_write(s->envd->http, in->upload, first.data, first.len);
	buf_clear(&first);
	free(url);
}

static void
write_upload(struct envd_stream *s)
{
	struct input *in = &s->input;
	struct buf message;

	if (!in->upload)
		open_upload(s);
	buf_init(&message, 2 * QUEUE_MAX);
	process_add_stream_data(&message, in->kind, in->queue.data, in->queue.len);
	http_write(s->envd->http, in->upload, message.data, message.len);
	buf_clear(&message);
	buf_reset(&in->queue);
	in->written_ms = loop_now_ms(s->envd->loop);
	in->doubtful = true;
}

static void
keep_upload_alive(struct envd_stream *s)
{
	struct input *in = &s->input;
	uint64_t now = loop_now_ms(s->envd->loop);
	struct buf message;

	if (!in->upload || now - in->written_ms < UPLOAD_KEEPALIVE_MS)
		return;
	buf_init(&message, 1024);
	process_add_stream_keepalive(&message);
	http_write(s->envd->http, in->upload, message.data, message.len);
	buf_clear(&message);
	in->written_ms = now;
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

static void
pump(struct envd_stream *s)
{
	struct input *in = &s->input;

	if (!s->started || s->over || s->freed || in->dead || in->call ||
	    timer_is_active(in->timer))
		return;
	if (in->queue.len > 0 && is_streaming(s))
		write_upload(s);
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
		pump(s);
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
	buf_init(&in->upload_reply, REPLY_MAX);
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
	close_upload(s);
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
	pump(s);
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
		keep_upload_alive(s);
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
	pump(s);
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
	pump(s);
}

size_t
envd_stream_unsent(const struct envd_stream *s)
{
	size_t upload = s->envd ? http_unsent(s->envd->http, s->input.upload) : 0;

	return s->input.queue.len + upload;
}

int
envd_stream_lag_ms(const struct envd_stream *s)
{
	return s->input.lag_ms;
}
