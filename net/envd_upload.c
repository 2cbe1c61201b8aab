/*
 * Input over StreamInput: one request whose body stays open, a message per key.
 *
 * Over StreamInput nothing is acknowledged. Bytes count as arrived when the
 * transport has taken them, and as doubtful until something comes back; if
 * that request breaks with doubtful bytes, the stream is lost, else the next
 * key opens a new one. libcurl may notice a close only when it sends again, so
 * an idle request is given something to send now and then.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/envd_private.h"

enum {
	REPLY_MAX = 4096,
	MESSAGE_MAX = 128 * 1024 * 1024,
	KEEPALIVE_MS = 15000,
	/* Without output even, bytes are believed to have been typed after this. */
	DOUBT_MS = 10000,
	BROKEN_MAX = 3, /* then this server is left alone with it */
};

void
upload_close(struct envd_stream *s)
{
	struct input *in = &s->input;

	http_cancel(s->envd->http, in->upload);
	in->upload = 0;
	buf_reset(&in->upload_reply);
}

/* It is never over before we end it, so any answer is bad news. */
static void
on_over(struct envd_stream *s, const struct connect_error *ce, const struct error *err)
{
	struct input *in = &s->input;
	bool recent = loop_now_ms(s->envd->loop) - in->written_ms < DOUBT_MS;

	upload_close(s);
	if (ce->code != CONNECT_OK && input_is_unwanted(ce)) {
		input_fail(s, err);
		return;
	}
	if (in->doubtful && recent) {
		input_lose(s, ce, err);
		return;
	}
	log_debug("envd", "StreamInput ended: %s", err->text);
	if (++in->broken_uploads >= BROKEN_MAX)
		http_set_origin_note(s->envd->http, s->envd->url, INPUT_SINGLE);
	input_pump(s);
}

/* The end of the answer, once it is whole; libcurl would go on sending behind it. */
static bool
read_end(const struct input *in, struct connect_error *ce)
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
report_over(
    struct envd_stream *s, const struct connect_error *ce, const struct error *cause)
{
	struct error err = *cause;

	stream_enter(s);
	if (ce->code != CONNECT_OK)
		connect_error_set(ce, &err, "typing");
	else if (!err.code)
		error_set(&err, ERROR_OFFLINE, "typing: the connection was closed");
	on_over(s, ce, &err);
	stream_leave(s);
}

static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct envd_stream *s = ctx;
	struct connect_error ce = { 0 };
	struct error none = { 0 };

	buf_add(&s->input.upload_reply, bytes, len);
	if (read_end(&s->input, &ce))
		report_over(s, &ce, &none);
}

static void
on_done(void *ctx, const struct http_reply *reply)
{
	struct envd_stream *s = ctx;
	struct connect_error ce = { 0 };

	if (reply->status != 0 && reply->status != 200)
		connect_error_from_body(reply->status, s->input.upload_reply.data,
		    s->input.upload_reply.len, &ce);
	report_over(s, &ce, &reply->error);
}

static void
open_request(struct envd_stream *s)
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
						   .data = on_data,
						   .done = on_done,
						   .ctx = s,
					       });
	buf_init(&first, 1024);
	process_add_stream_start(&first, s->pid);
	http_write(s->envd->http, in->upload, first.data, first.len);
	buf_clear(&first);
	free(url);
}

void
upload_write(struct envd_stream *s)
{
	struct input *in = &s->input;
	struct buf message;

	if (!in->upload)
		open_request(s);
	buf_init(&message, MESSAGE_MAX);
	process_add_stream_data(&message, in->kind, in->queue.data, in->queue.len);
	http_write(s->envd->http, in->upload, message.data, message.len);
	buf_clear(&message);
	buf_reset(&in->queue);
	in->written_ms = loop_now_ms(s->envd->loop);
	in->doubtful = true;
}

void
upload_keep_alive(struct envd_stream *s)
{
	struct input *in = &s->input;
	uint64_t now = loop_now_ms(s->envd->loop);
	struct buf message;

	if (!in->upload || now - in->written_ms < KEEPALIVE_MS)
		return;
	buf_init(&message, 1024);
	process_add_stream_keepalive(&message);
	http_write(s->envd->http, in->upload, message.data, message.len);
	buf_clear(&message);
	in->written_ms = now;
}

void
upload_init(struct envd_stream *s)
{
	buf_init(&s->input.upload_reply, REPLY_MAX);
}
