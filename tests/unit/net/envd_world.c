#include "tests/unit/net/envd_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/envelope.h"

/* ---- the owner's callbacks */

static bool
free_here(struct viewer *v, char event)
{
	if (v->free_in != event)
		return false;
	envd_stream_free(v->stream);
	v->stream = NULL;
	return true;
}

static void
on_started(void *ctx, uint32_t pid)
{
	struct viewer *v = ctx;

	v->started++;
	v->pid = pid;
	free_here(v, 's');
}

static void
on_data(void *ctx, enum process_stream stream, const char *bytes, size_t len)
{
	struct viewer *v = ctx;

	buf_add(stream == PROCESS_STDERR ? &v->err : &v->out, bytes, len);
	free_here(v, 'd');
}

static void
on_ended(void *ctx, const struct process_event *end)
{
	struct viewer *v = ctx;

	v->ended++;
	v->end = *end;
	free_here(v, 'e');
}

static void
on_lost(void *ctx, bool refused, const struct connect_error *ce, const struct error *err)
{
	struct viewer *v = ctx;

	v->lost++;
	v->refused = refused;
	v->ce = *ce;
	v->error = *err;
	free_here(v, 'l');
}

static void
on_pending(void *ctx, size_t bytes)
{
	struct viewer *v = ctx;

	v->pending_calls++;
	v->pending = bytes;
}

static void
on_replay(void *ctx, int64_t offset)
{
	struct viewer *v = ctx;

	assert_int_equal(v->started, 0);
	v->replay_at = offset;
}

static void
on_input_failed(void *ctx, const struct error *err)
{
	struct viewer *v = ctx;

	v->failed++;
	v->error = *err;
	free_here(v, 'f');
}

const struct envd_stream_events viewer_events = {
	.started = on_started,
	.data = on_data,
	.ended = on_ended,
	.lost = on_lost,
	.input_pending = on_pending,
	.replay_at = on_replay,
	.input_failed = on_input_failed,
};

/* ---- the world */

static void
viewer_init(struct world *w, struct viewer *v)
{
	v->world = w;
	v->replay_at = -2;
	buf_init(&v->out, 1 << 20);
	buf_init(&v->err, 1 << 20);
}

void
open_envd(struct world *w, const struct envd_target *like)
{
	struct envd_target target = *like;

	envd_free(w->envd);
	target.url = server_url(w->server);
	target.sandbox_id = "iabc";
	target.backoff_ms = 1;
	target.probe_ms = target.probe_ms ? target.probe_ms : 100;
	w->envd = envd_new(w->loop, w->http, &target);
}

int
envd_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);

	w->loop = loop_new();
	w->server = server_new(w->loop);
	w->http = http_new(w->loop, &(struct http_settings){ .user_agent = "test/1" });
	open_envd(w, &(struct envd_target){ .token = "tok", .user = "root" });
	/* the probe has a test of its own */
	http_set_origin_note(w->http, server_url(w->server), 3);
	viewer_init(w, &w->a);
	viewer_init(w, &w->b);
	*state = w;
	return 0;
}

static void
viewer_clear(struct viewer *v)
{
	envd_stream_free(v->stream);
	buf_clear(&v->out);
	buf_clear(&v->err);
}

int
envd_teardown(void **state)
{
	struct world *w = *state;

	viewer_clear(&w->a);
	viewer_clear(&w->b);
	envd_free(w->envd);
	http_free(w->http);
	server_free(w->server);
	loop_free(w->loop);
	free(w);
	return 0;
}

/* One HTTP chunk; how envelopes fall into chunks is up to the test. */
void
send_chunk(struct world *w, size_t index, const void *bytes, size_t len)
{
	struct buf chunk;

	buf_init(&chunk, 1 << 20);
	buf_addf(&chunk, "%zx\r\n", len);
	buf_add(&chunk, bytes, len);
	buf_add_str(&chunk, "\r\n");
	server_send(w->server, index, chunk.data, chunk.len);
	buf_clear(&chunk);
}

void
send_envelope(struct world *w, size_t index, int flags, const char *payload)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	envelope_add(&b, flags, payload, strlen(payload));
	send_chunk(w, index, b.data, b.len);
	buf_clear(&b);
}

void
send_start(struct world *w, size_t index, uint32_t pid)
{
	struct buf b;

	buf_init(&b, 1024);
	process_add_start_event(&b, pid);
	send_chunk(w, index, b.data, b.len);
	buf_clear(&b);
}

void
send_output(struct world *w, size_t index, enum process_stream stream, const char *text)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	process_add_data_event(&b, stream, text, strlen(text));
	send_chunk(w, index, b.data, b.len);
	buf_clear(&b);
}

void
start_stream(struct world *w, struct viewer *v, bool pty)
{
	struct process_start start = { .has_pty = pty, .cols = 80, .rows = 24 };

	start.config.cmd = xstrdup("/bin/bash");
	start.has_stdin = !pty;
	start.stdin_open = true;
	v->stream = envd_start(w->envd, &start, &viewer_events, v);
	process_start_clear(&start);
}

/* A running stream; its request has this index. */
size_t
running(struct world *w, struct viewer *v, bool pty)
{
	size_t index = server_count(w->server);

	start_stream(w, v, pty);
	UNTIL(w->loop, server_count(w->server) == index + 1);
	server_send_text(w->server, index, STREAM_HEAD);
	send_start(w, index, 42);
	UNTIL(w->loop, v->started);
	return index;
}

/* What a SendInput carries. */
void
assert_input(struct world *w, size_t index, const char *text)
{
	struct process_call call = { 0 };
	struct error err;

	assert_string_equal(
	    server_line(w->server, index), "POST /process.Process/SendInput");
	assert_true(process_call_decode(server_body(w->server, index),
	    server_request(w->server, index)->body.len, &call, &err));
	assert_int_equal(call.process.pid, 42);
	assert_int_equal(call.bytes_len, strlen(text));
	assert_memory_equal(call.bytes, text, strlen(text));
	process_call_clear(&call);
}

void
type(struct viewer *v, const char *text)
{
	envd_stream_send(v->stream, PROCESS_INPUT_PTY, text, strlen(text));
}

/* Turns in which nothing may come of something. */
void
settle(struct world *w)
{
	for (int i = 0; i < 20; i++)
		loop_turn(w->loop, 0);
}
