/* Processes of one sandbox: streams and their faults, input in order, resize. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "net/envd.h"
#include "tests/unit/net/server.h"
#include "wire/envelope.h"

#define STREAM_HEAD                                                                      \
	"HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\n"                  \
	"Transfer-Encoding: chunked\r\n\r\n"
#define UNARY_OK                                                                         \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "          \
	"2\r\n\r\n{}"

struct viewer {
	struct world *world;
	struct envd_stream *stream;
	int started, ended, lost, failed, pending_calls;
	bool refused;
	uint32_t pid;
	struct buf out, err;
	struct process_event end;
	struct connect_error ce;
	struct error error;
	int64_t replay_at;
	size_t pending;
	char free_in; /* the event from inside which the stream is freed */
};

struct world {
	struct loop *loop;
	struct server *server;
	struct http *http;
	struct envd *envd;
	struct viewer a, b;
	int done;
	bool alive;
	struct error err;
	struct connect_error ce;
	size_t count;
	double number;
};

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

static const struct envd_stream_events events = {
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

static void
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

static int
setup(void **state)
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

static int
teardown(void **state)
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

static void
send_text(struct world *w, size_t index, const char *text)
{
	server_send(w->server, index, text, strlen(text));
}

/* One HTTP chunk; how envelopes fall into chunks is up to the test. */
static void
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

static void
send_envelope(struct world *w, size_t index, int flags, const char *payload)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	envelope_add(&b, flags, payload, strlen(payload));
	send_chunk(w, index, b.data, b.len);
	buf_clear(&b);
}

static void
send_start(struct world *w, size_t index, uint32_t pid)
{
	struct buf b;

	buf_init(&b, 1024);
	process_add_start_event(&b, pid);
	send_chunk(w, index, b.data, b.len);
	buf_clear(&b);
}

static void
send_output(struct world *w, size_t index, enum process_stream stream, const char *text)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	process_add_data_event(&b, stream, text, strlen(text));
	send_chunk(w, index, b.data, b.len);
	buf_clear(&b);
}

static void
start_stream(struct world *w, struct viewer *v, bool pty)
{
	struct process_start start = { .has_pty = pty, .cols = 80, .rows = 24 };

	start.config.cmd = xstrdup("/bin/bash");
	start.has_stdin = !pty;
	start.stdin_open = true;
	v->stream = envd_start(w->envd, &start, &events, v);
	process_start_clear(&start);
}

/* A running stream; its request has this index. */
static size_t
running(struct world *w, struct viewer *v, bool pty)
{
	size_t index = server_count(w->server);

	start_stream(w, v, pty);
	UNTIL(w->loop, server_count(w->server) == index + 1);
	send_text(w, index, STREAM_HEAD);
	send_start(w, index, 42);
	UNTIL(w->loop, v->started);
	return index;
}

static const char *
line(struct world *w, size_t index)
{
	return server_request(w->server, index)->line;
}

static const char *
body(struct world *w, size_t index)
{
	return server_request(w->server, index)->body.data;
}

/* What a SendInput carries. */
static void
assert_input(struct world *w, size_t index, const char *text)
{
	struct process_call call = { 0 };
	struct error err;

	assert_string_equal(line(w, index), "POST /process.Process/SendInput");
	assert_true(process_call_decode(
	    body(w, index), server_request(w->server, index)->body.len, &call, &err));
	assert_int_equal(call.process.pid, 42);
	assert_int_equal(call.bytes_len, strlen(text));
	assert_memory_equal(call.bytes, text, strlen(text));
	process_call_clear(&call);
}

static void
type(struct viewer *v, const char *text)
{
	envd_stream_send(v->stream, PROCESS_INPUT_PTY, text, strlen(text));
}

/* Turns in which nothing may come of something. */
static void
settle(struct world *w)
{
	for (int i = 0; i < 20; i++)
		loop_turn(w->loop, 0);
}

/* ---- unary */

static void
on_plain(void *ctx, const struct connect_error *ce, const struct error *err)
{
	struct world *w = ctx;

	w->done++;
	w->ce = *ce;
	w->err = *err;
}

static void
on_list(void *ctx, const struct process_list *list, const struct error *err)
{
	struct world *w = ctx;

	w->done++;
	w->err = *err;
	w->count = list->count;
}

static void
on_health(void *ctx, bool alive, const struct error *err)
{
	struct world *w = ctx;

	w->done++;
	w->alive = alive;
	w->err = *err;
}

static void
on_metrics(void *ctx, const struct envd_metrics *m, const struct error *err)
{
	struct world *w = ctx;

	w->done++;
	w->err = *err;
	w->number = m->cpu_used_pct;
}

static void
test_bytes_of_unary_calls(void **state)
{
	struct world *w = *state;

	server_reply(w->server, "POST /process.Process/List", 200,
	    "Content-Type: application/json; charset=utf-8\r\n",
	    "{\"processes\":[{\"config\":{\"cmd\":\"sh\"},\"pid\":7}]}");
	envd_list(w->envd, on_list, w);
	UNTIL(w->loop, w->done == 1);
	assert_int_equal(w->err.code, ERROR_NONE);
	assert_int_equal(w->count, 1);
	assert_string_equal(body(w, 0), "{}");
	assert_string_equal(
	    server_header(w->server, 0, "Content-Type"), "application/json");
	assert_string_equal(server_header(w->server, 0, "Connect-Protocol-Version"), "1");
	assert_string_equal(server_header(w->server, 0, "E2b-Sandbox-Id"), "iabc");
	assert_string_equal(server_header(w->server, 0, "E2b-Sandbox-Port"), "49983");
	assert_string_equal(server_header(w->server, 0, "X-Access-Token"), "tok");
	assert_string_equal(
	    server_header(w->server, 0, "Authorization"), "Basic cm9vdDo=");
	assert_string_equal(server_header(w->server, 0, "Connect-Timeout-Ms"), "");
	server_answer(w->server, &(struct server_answer){ .bytes = UNARY_OK });
	envd_signal(w->envd, 42, 15, on_plain, w);
	UNTIL(w->loop, w->done == 2);
	assert_int_equal(w->err.code, ERROR_NONE);
	assert_string_equal(line(w, 1), "POST /process.Process/SendSignal");
	assert_non_null(strstr(body(w, 1), "SIGNAL_SIGTERM"));
	server_reply(w->server, "GET /metrics", 200, NULL, "{\"cpu_used_pct\":12.5}");
	envd_metrics_get(w->envd, on_metrics, w);
	UNTIL(w->loop, w->done == 3);
	assert_true(w->number > 12 && w->number < 13);
}

static void
test_who_is_named(void **state)
{
	static const struct {
		struct envd_target target;
		const char *authorization;
	} cases[] = {
		{ { .user = "root" }, "Basic cm9vdDo=" },
		{ { .version = "0.6.4" }, "" },
		{ { .version = "0.4.0" }, "" },
		{ { .version = "0.3.9" }, "Basic dXNlcjo=" },
		{ { .version = "nonsense" }, "" },
		{ { .version = NULL }, "" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		open_envd(w, &cases[i].target);
		server_reply(w->server, NULL, 204, NULL, "");
		w->done = 0;
		envd_health(w->envd, on_health, w);
		UNTIL(w->loop, w->done);
		assert_string_equal(
		    server_header(w->server, i, "Authorization"), cases[i].authorization);
		assert_string_equal(server_header(w->server, i, "X-Access-Token"), "");
	}
}

static void
test_health(void **state)
{
	static const struct {
		int status;
		const char *answer;
		bool alive;
		enum error_code code;
	} cases[] = {
		{ 204, "", true, ERROR_NONE },
		{ 502,
		    "{\"sandboxId\":\"iabc\",\"message\":\"The sandbox was not found\","
		    "\"code\":502}",
		    false, ERROR_NONE },
		{ 502,
		    "{\"sandboxId\":\"iabc\",\"message\":\"The sandbox is running but "
		    "port is not "
		    "open\",\"port\":49983,\"code\":502}",
		    false, ERROR_OFFLINE },
		{ 502, "<html>", false, ERROR_OFFLINE },
		{ 401, "{\"code\":401,\"message\":\"no\"}", false, ERROR_DENIED },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		server_reply(w->server, NULL, cases[i].status, NULL, cases[i].answer);
		w->done = 0;
		envd_health(w->envd, on_health, w);
		UNTIL(w->loop, w->done);
		assert_int_equal(w->alive, cases[i].alive);
		assert_int_equal(w->err.code, cases[i].code);
	}
}

static void
test_faults_of_unary_calls(void **state)
{
	static const struct {
		int status;
		const char *type, *answer;
		enum connect_code code;
		enum error_code error;
	} cases[] = {
		{ 404, "application/json",
		    "{\"code\":\"not_found\",\"message\":\"process 42\"}",
		    CONNECT_NOT_FOUND, ERROR_NOT_FOUND },
		{ 200, "text/html", "{}", CONNECT_OK, ERROR_REMOTE },
		{ 200, NULL, "{}", CONNECT_OK, ERROR_REMOTE },
		{ 200, "application/jsonx", "{}", CONNECT_OK, ERROR_REMOTE },
		{ 401, "application/json", "{\"code\":401,\"message\":\"token\"}",
		    CONNECT_UNAUTHENTICATED, ERROR_DENIED },
		{ 429, "text/plain", "slow down", CONNECT_UNAVAILABLE, ERROR_OFFLINE },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *type = cases[i].type
				 ? xasprintf("Content-Type: %s\r\n", cases[i].type)
				 : NULL;

		server_reply(w->server, NULL, cases[i].status, type, cases[i].answer);
		w->done = 0;
		envd_signal(w->envd, 42, 9, on_plain, w);
		UNTIL(w->loop, w->done);
		assert_int_equal(w->ce.code, cases[i].code);
		assert_int_not_equal(w->err.code, ERROR_NONE);
		if (cases[i].status != 429)
			assert_int_equal(w->err.code, cases[i].error);
		assert_true(str_has_prefix(w->err.text, "sending a signal: "));
		free(type);
	}
	server_reply(w->server, NULL, 200, "Content-Type: application/json\r\n", "[1");
	envd_list(w->envd, on_list, w);
	w->done = 0;
	UNTIL(w->loop, w->done);
	assert_int_not_equal(w->err.code, ERROR_NONE);
}

/* ---- streams */

static void
test_a_stream_from_start_to_end(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, false);

	assert_string_equal(line(w, at), "POST /process.Process/Start");
	assert_string_equal(
	    server_header(w->server, at, "Content-Type"), "application/connect+json");
	assert_string_equal(
	    server_header(w->server, at, "Keepalive-Ping-Interval"), "20");
	assert_string_equal(server_header(w->server, at, "Connect-Timeout-Ms"), "");
	assert_string_equal(server_header(w->server, at, "Sandtop-Replay-From"), "");
	assert_int_equal(w->a.pid, 42);
	send_output(w, at, PROCESS_STDOUT, "out");
	send_output(w, at, PROCESS_STDERR, "err");
	send_envelope(w, at, 0, "{\"event\":{\"keepalive\":{}}}");
	send_envelope(w, at, 0, "{\"event\":{\"novelty\":{}}}");
	send_output(w, at, PROCESS_STDOUT, "put");
	send_envelope(w, at, 0,
	    "{\"event\":{\"end\":{\"exitCode\":3,\"exited\":true,\"status\":\"exit "
	    "status 3\"}}}");
	send_envelope(w, at, 2, "{}");
	send_text(w, at, "0\r\n\r\n");
	UNTIL(w->loop, w->a.ended);
	assert_string_equal(w->a.out.data, "output");
	assert_string_equal(w->a.err.data, "err");
	assert_int_equal(w->a.end.exit_code, 3);
	settle(w);
	assert_int_equal(w->a.lost, 0);
	assert_int_equal(w->a.ended, 1);
	/* the connection is whole and serves the next one */
	running(w, &w->b, true);
	assert_int_equal(server_connections(w->server), 1);
}

static void
test_envelopes_in_any_pieces(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);
	struct buf all;

	buf_init(&all, 1 << 20);
	for (int i = 0; i < 50; i++)
		process_add_data_event(&all, PROCESS_PTY, "0123456789", 10);
	for (size_t i = 0; i < all.len; i += 7) {
		send_chunk(w, at, all.data + i, MIN((size_t)7, all.len - i));
		if (i % 5 == 0)
			loop_turn(w->loop, 0);
	}
	UNTIL(w->loop, w->a.out.len == 500);
	buf_clear(&all);
	assert_int_equal(w->a.lost, 0);
}

static void
test_replay_is_asked_for_and_told(void **state)
{
	struct world *w = *state;

	w->a.stream = envd_connect(w->envd, 42, 1000, &events, &w->a);
	UNTIL(w->loop, server_count(w->server) == 1);
	assert_string_equal(line(w, 0), "POST /process.Process/Connect");
	assert_string_equal(server_header(w->server, 0, "Sandtop-Replay-From"), "1000");
	send_text(w, 0,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\n"
	    "Sandtop-Replay-At: 990\r\nTransfer-Encoding: chunked\r\n\r\n");
	send_start(w, 0, 42);
	UNTIL(w->loop, w->a.started);
	assert_int_equal(w->a.replay_at, 990);
	w->b.stream = envd_connect(w->envd, 42, 0, &events, &w->b);
	UNTIL(w->loop, server_count(w->server) == 2);
	send_text(w, 1, STREAM_HEAD);
	send_start(w, 1, 42);
	UNTIL(w->loop, w->b.started);
	assert_int_equal(w->b.replay_at, -1);
}

/* ---- faults before the start event */

static const struct {
	bool connect;
	const char *bytes; /* raw; an end-stream envelope when `end` is set */
	const char *end;
	bool refused;
	enum connect_code code;
	const char *text;
	size_t requests;
} early[] = {
	{ false, NULL, "{\"error\":{\"code\":\"invalid_argument\",\"message\":\"cwd\"}}",
	    true, CONNECT_INVALID_ARGUMENT, "starting the process: cwd", 1 },
	{ false, NULL, "{\"error\":{\"code\":\"unavailable\",\"message\":\"freezing\"}}",
	    true, CONNECT_UNAVAILABLE, "freezing", 4 },
	{ false, NULL,
	    "{\"error\":{\"code\":\"unavailable\",\"message\":\"the connection ended "
	    "before the "
	    "stream completed\"}}",
	    false, CONNECT_UNAVAILABLE, "before the stream", 1 },
	{ true, NULL, "{\"error\":{\"code\":\"not_found\",\"message\":\"pid 42\"}}", true,
	    CONNECT_NOT_FOUND, "joining the process: pid 42", 1 },
	{ true, NULL, "{\"error\":{\"code\":\"unavailable\",\"message\":\"x\"}}", false,
	    CONNECT_UNAVAILABLE, "x", 1 },
	{ false, NULL, "{}", false, CONNECT_OK, "ended without the process's end", 1 },
	{ false, NULL, "rubbish", false, CONNECT_OK, "not JSON", 1 },
	{ false,
	    "HTTP/1.1 401 X\r\nContent-Length: "
	    "29\r\n\r\n{\"code\":401,\"message\":\"nope!\"}",
	    NULL, true, CONNECT_UNAUTHENTICATED, "nope!", 1 },
	{ false,
	    "HTTP/1.1 502 X\r\nContent-Length: 72\r\n\r\n"
	    "{\"sandboxId\":\"iabc\",\"message\":\"The sandbox was not "
	    "found\",\"code\":502}   ",
	    NULL, true, CONNECT_UNAVAILABLE, "not found", 1 },
	{ false, "HTTP/1.1 504 X\r\nContent-Length: 0\r\n\r\n", NULL, false,
	    CONNECT_UNAVAILABLE, "", 1 },
	{ false,
	    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
	    "6\r\n\r\n<html>",
	    NULL, false, CONNECT_OK, "not the sandbox's", 1 },
	{ false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL, false, CONNECT_OK,
	    "not the sandbox's", 1 },
};

static void
test_faults_before_the_start(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(early); i++) {
		struct world *w;
		struct buf bytes;

		setup(state);
		w = *state;
		buf_init(&bytes, 4096);
		if (early[i].end) {
			struct buf env;

			buf_init(&env, 4096);
			envelope_add(
			    &env, ENVELOPE_END, early[i].end, strlen(early[i].end));
			buf_addf(&bytes, "%s%zx\r\n", STREAM_HEAD, env.len);
			buf_add(&bytes, env.data, env.len);
			buf_add_str(&bytes, "\r\n0\r\n\r\n");
			buf_clear(&env);
		} else {
			buf_add_str(&bytes, early[i].bytes);
		}
		server_answer(
		    w->server, &(struct server_answer){
				   .bytes = bytes.data, .len = bytes.len, .keep = true });
		if (early[i].connect)
			w->a.stream = envd_connect(w->envd, 42, -1, &events, &w->a);
		else
			start_stream(w, &w->a, true);
		UNTIL(w->loop, w->a.lost);
		settle(w);
		assert_int_equal(w->a.lost, 1);
		assert_int_equal(w->a.started, 0);
		assert_int_equal(w->a.refused, early[i].refused);
		assert_int_equal(w->a.ce.code, early[i].code);
		assert_non_null(strstr(w->a.error.text, early[i].text));
		assert_int_equal(server_count(w->server), early[i].requests);
		buf_clear(&bytes);
		teardown(state);
	}
}

static void
test_a_start_refused_as_unavailable_comes_through(void **state)
{
	struct world *w = *state;

	start_stream(w, &w->a, true);
	for (size_t i = 0; i < 3; i++) {
		UNTIL(w->loop, server_count(w->server) == i + 1);
		send_text(w, i, STREAM_HEAD);
		send_envelope(w, i, 2, "{\"error\":{\"code\":\"unavailable\"}}");
	}
	UNTIL(w->loop, server_count(w->server) == 4);
	assert_string_equal(body(w, 3) + ENVELOPE_HEADER, body(w, 0) + ENVELOPE_HEADER);
	send_text(w, 3, STREAM_HEAD);
	send_start(w, 3, 42);
	UNTIL(w->loop, w->a.started);
	assert_int_equal(w->a.lost, 0);
}

static void
test_a_start_that_was_never_sent_is_refused(void **state)
{
	struct world *w = *state;

	server_refuse(w->server);
	start_stream(w, &w->a, true);
	w->b.stream = envd_connect(w->envd, 42, -1, &events, &w->b);
	UNTIL(w->loop, w->a.lost && w->b.lost);
	assert_true(w->a.refused);
	assert_false(w->b.refused); /* the process may live on */
	assert_int_equal(w->a.ce.code, CONNECT_OK);
	assert_int_equal(w->a.error.code, ERROR_OFFLINE);
}

/* ---- faults behind it */

static const struct {
	const char *bytes; /* inside one chunk */
	size_t len;	   /* 0: strlen */
	bool cut;
	enum connect_code code;
	const char *text;
} late[] = {
	{ "", 0, true, CONNECT_OK, "cut" },
	{ "\0\0\0\0\x20{\"event\"", 13, true, CONNECT_OK, "cut" },
	{ "\0\0", 2, true, CONNECT_OK, "cut" },
	{ "\0\xff\xff\xff\xff{\"ev", 9, false, CONNECT_OK, "the stream is broken" },
	{ "\x01\0\0\0\x02{}", 7, false, CONNECT_OK, "compressed" },
	{ "\x40\0\0\0\x02{}", 7, false, CONNECT_OK, "the stream is broken" },
	{ "\0\0\0\0\x04nope", 9, false, CONNECT_OK, "" },
	{ "\0\0\0\0\x1c{\"event\":{\"start\":{\"pid\":7}}}", 33, false, CONNECT_OK, "" },
	{ "\x02\0\0\0\x02{}", 7, false, CONNECT_OK, "without the process's end" },
	{ "\x02\0\0\0\x20{\"error\":{\"code\":\"unavailable\"}}", 37, false,
	    CONNECT_UNAVAILABLE, "unavailable" },
};

static void
test_faults_behind_the_start(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		struct world *w;
		size_t at;

		setup(state);
		w = *state;
		at = running(w, &w->a, true);
		send_output(w, at, PROCESS_PTY, "before");
		if (late[i].len)
			send_chunk(w, at, late[i].bytes, late[i].len);
		if (late[i].cut)
			server_cut(w->server, at);
		UNTIL(w->loop, w->a.lost);
		settle(w);
		assert_int_equal(w->a.lost, 1);
		assert_int_equal(w->a.ended, 0);
		assert_false(w->a.refused);
		assert_string_equal(w->a.out.data, "before");
		assert_int_equal(w->a.ce.code, late[i].code);
		if (!str_has_prefix(w->a.error.text, "the process's output: "))
			fail_msg("%zu: %s", i, w->a.error.text);
		assert_non_null(strstr(w->a.error.text, late[i].text));
		assert_int_equal(server_count(w->server), 1);
		teardown(state);
	}
}

static void
test_a_stream_that_ends_without_its_end_envelope(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);

	send_text(w, at, "0\r\n\r\n");
	UNTIL(w->loop, w->a.lost);
	assert_false(w->a.refused);
	assert_non_null(strstr(w->a.error.text, "cut"));
}

static void
test_a_stream_must_begin_with_a_start(void **state)
{
	struct world *w = *state;

	start_stream(w, &w->a, true);
	UNTIL(w->loop, server_count(w->server) == 1);
	send_text(w, 0, STREAM_HEAD);
	send_output(w, 0, PROCESS_PTY, "early");
	UNTIL(w->loop, w->a.lost);
	assert_int_equal(w->a.out.len, 0);
	assert_false(w->a.refused);
}

static void
test_silence_is_a_loss_and_keepalives_are_not(void **state)
{
	struct world *w = *state;
	size_t at;

	open_envd(w, &(struct envd_target){ .silence_ms = 40 });
	at = running(w, &w->a, true);
	UNTIL(w->loop, w->a.lost);
	assert_non_null(strstr(w->a.error.text, "no sign of life"));
	UNTIL(w->loop, server_request(w->server, at)->gone);
}

static void
test_a_paused_stream_is_not_silent(void **state)
{
	struct world *w = *state;
	size_t at;

	open_envd(w, &(struct envd_target){ .silence_ms = 5 });
	at = running(w, &w->a, false);
	envd_stream_pause(w->a.stream, true);
	send_output(w, at, PROCESS_STDOUT, "held");
	for (int i = 0; i < 10; i++)
		loop_turn(w->loop, 2);
	assert_int_equal(w->a.lost, 0);
	assert_int_equal(w->a.out.len, 0);
	envd_stream_pause(w->a.stream, false);
	UNTIL(w->loop, w->a.out.len == 4);
}

static void
test_freeing_from_inside_every_event(void **state)
{
	static const char kinds[] = { 's', 'd', 'e', 'l', 'f' };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct world *w;

		setup(state);
		w = *state;
		w->a.free_in = kinds[i];
		start_stream(w, &w->a, false);
		UNTIL(w->loop, server_count(w->server) == 1);
		send_text(w, 0, STREAM_HEAD);
		if (kinds[i] == 'f') {
			server_reply(w->server, "POST /process.Process/SendInput", 404,
			    NULL, "{\"code\":\"not_found\"}");
			envd_stream_send(w->a.stream, PROCESS_INPUT_STDIN, "x", 1);
		}
		send_start(w, 0, 42);
		if (kinds[i] == 'd')
			send_output(w, 0, PROCESS_STDOUT, "x");
		if (kinds[i] == 'd')
			send_output(w, 0, PROCESS_STDOUT, "never seen");
		if (kinds[i] == 'e')
			send_envelope(w, 0, 0, "{\"event\":{\"end\":{}}}");
		if (kinds[i] == 'l')
			server_cut(w->server, 0);
		UNTIL(w->loop, !w->a.stream);
		settle(w);
		assert_true(w->a.out.len <= 1);
		teardown(state);
	}
}

static void
test_freeing_a_stream_closes_its_connection(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);

	envd_stream_free(w->a.stream);
	w->a.stream = NULL;
	UNTIL(w->loop, server_request(w->server, at)->gone);
	assert_int_equal(w->a.lost, 0);
}

static void
test_envd_free_silences_its_streams(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);

	type(&w->a, "x");
	envd_list(w->envd, on_list, w);
	envd_free(w->envd);
	w->envd = NULL;
	UNTIL(w->loop, server_request(w->server, at)->gone);
	envd_stream_send(w->a.stream, PROCESS_INPUT_PTY, "y", 1);
	envd_stream_resize(w->a.stream, 10, 10);
	envd_stream_pause(w->a.stream, true);
	assert_int_equal(envd_stream_unsent(w->a.stream), 1);
	settle(w);
	assert_int_equal(w->a.lost + w->a.failed + w->done, 0);
}

/* ---- input */

static void
test_keys_wait_for_the_answer_and_join(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);

	type(&w->a, "l");
	UNTIL(w->loop, server_count(w->server) == at + 2);
	assert_input(w, at + 1, "l");
	type(&w->a, "s");
	type(&w->a, "\r");
	settle(w);
	assert_int_equal(server_count(w->server), at + 2);
	assert_int_equal(envd_stream_unsent(w->a.stream), 3);
	assert_int_equal(envd_stream_lag_ms(w->a.stream), -1);
	send_text(w, at + 1, UNARY_OK);
	UNTIL(w->loop, server_count(w->server) == at + 3);
	assert_input(w, at + 2, "s\r");
	assert_int_equal(envd_stream_unsent(w->a.stream), 2);
	send_text(w, at + 2, UNARY_OK);
	UNTIL(w->loop, envd_stream_unsent(w->a.stream) == 0);
	assert_int_equal(w->a.pending, 0);
	assert_int_equal(w->a.pending_calls, 2);
	assert_true(envd_stream_lag_ms(w->a.stream) >= 0);
	/* stream and keys have one connection each */
	assert_int_equal(server_connections(w->server), 2);
}

static void
test_keys_before_the_start_wait(void **state)
{
	struct world *w = *state;

	start_stream(w, &w->a, true);
	type(&w->a, "early");
	UNTIL(w->loop, server_count(w->server) == 1);
	settle(w);
	assert_int_equal(server_count(w->server), 1);
	send_text(w, 0, STREAM_HEAD);
	send_start(w, 0, 42);
	UNTIL(w->loop, server_count(w->server) == 2);
	assert_input(w, 1, "early");
}

static void
test_stdin_then_its_end(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, false);

	envd_stream_send(w->a.stream, PROCESS_INPUT_STDIN, "data", 4);
	envd_stream_close_stdin(w->a.stream);
	UNTIL(w->loop, server_count(w->server) == at + 2);
	assert_non_null(strstr(body(w, at + 1), "\"stdin\""));
	settle(w);
	assert_int_equal(server_count(w->server), at + 2);
	send_text(w, at + 1, UNARY_OK);
	UNTIL(w->loop, server_count(w->server) == at + 3);
	assert_string_equal(line(w, at + 2), "POST /process.Process/CloseStdin");
	send_text(w, at + 2, UNARY_OK);
	settle(w);
	assert_int_equal(server_count(w->server), at + 3);
	assert_int_equal(w->a.failed, 0);
}

static void
test_old_daemons_cannot_end_stdin(void **state)
{
	struct world *w = *state;
	size_t at;

	open_envd(w, &(struct envd_target){ .version = "0.5.1" });
	at = running(w, &w->a, false);
	envd_stream_close_stdin(w->a.stream);
	assert_int_equal(w->a.failed, 0);
	UNTIL(w->loop, w->a.failed);
	assert_non_null(strstr(w->a.error.text, "0.5.1"));
	assert_int_equal(server_count(w->server), at + 1);
	assert_int_equal(w->a.lost, 0);
}

static const struct {
	int status; /* 0: the connection is cut */
	const char *answer;
	char outcome; /* r repeated, f input_failed, l lost */
} rejections[] = {
	{ 409, "{\"sandboxId\":\"iabc\",\"message\":\"changing\",\"code\":409}", 'r' },
	{ 429, "too many", 'r' },
	{ 404, "{\"code\":\"not_found\",\"message\":\"over\"}", 'f' },
	{ 500, "{\"code\":\"internal\",\"message\":\"not a pty\"}", 'f' },
	{ 501, "{\"code\":\"unimplemented\"}", 'f' },
	{ 0, "", 'l' },
	{ 502, "<html>", 'l' },
	{ 504, "", 'l' },
	{ 500, "oops", 'l' },
	{ 401, "{\"code\":401,\"message\":\"token\"}", 'l' },
	{ 200, "<html>", 'l' },
};

static void
test_what_becomes_of_rejected_input(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rejections); i++) {
		struct world *w;
		size_t at;

		setup(state);
		w = *state;
		at = running(w, &w->a, true);
		if (rejections[i].status)
			server_reply(w->server, "POST /process.Process/SendInput",
			    rejections[i].status, NULL, rejections[i].answer);
		else
			server_answer(
			    w->server, &(struct server_answer){
					   .path = "POST /process.Process/SendInput",
					   .bytes = "",
					   .cut = true });
		type(&w->a, "ab");
		if (rejections[i].outcome == 'r') {
			UNTIL(w->loop, server_count(w->server) == at + 3);
			assert_input(w, at + 2, "ab");
			send_text(w, at + 2, UNARY_OK);
			UNTIL(w->loop, envd_stream_unsent(w->a.stream) == 0);
		} else {
			UNTIL(w->loop, w->a.lost || w->a.failed);
			assert_int_equal(w->a.lost, rejections[i].outcome == 'l');
			assert_int_equal(w->a.failed, rejections[i].outcome == 'f');
			settle(w);
			assert_int_equal(server_count(w->server), at + 2);
		}
		if (w->a.lost)
			assert_non_null(strstr(w->a.error.text, "may not have arrived"));
		if (w->a.failed) {
			type(&w->a, "dropped");
			settle(w);
			assert_int_equal(server_count(w->server), at + 2);
			send_output(w, at, PROCESS_PTY, "still here");
			UNTIL(w->loop, w->a.out.len == 10);
		}
		teardown(state);
	}
}

static void
test_input_that_is_refused_for_good_loses_the_stream(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);

	server_answer(
	    w->server, &(struct server_answer){ .path = "POST /process.Process/SendInput",
			   .bytes = "HTTP/1.1 429 X\r\nContent-Length: 0\r\n\r\n",
			   .keep = true });
	type(&w->a, "x");
	UNTIL(w->loop, w->a.lost);
	assert_int_equal(server_count(w->server), at + 5);
}

static void
test_streams_do_not_wait_for_each_other(void **state)
{
	struct world *w = *state;
	size_t a = running(w, &w->a, true);
	size_t b = running(w, &w->b, true);

	type(&w->a, "stuck"); /* its answer never comes */
	UNTIL(w->loop, server_count(w->server) == b + 2);
	server_answer(w->server, &(struct server_answer){ .bytes = UNARY_OK });
	type(&w->b, "free");
	UNTIL(w->loop, server_count(w->server) == b + 3);
	UNTIL(w->loop, envd_stream_unsent(w->b.stream) == 0);
	send_output(w, b, PROCESS_PTY, "b");
	send_output(w, a, PROCESS_PTY, "a");
	UNTIL(w->loop, w->a.out.len && w->b.out.len);
	assert_int_equal(envd_stream_unsent(w->a.stream), 5);
}

/* ---- resize */

static void
test_resizes_are_joined(void **state)
{
	struct world *w = *state;
	size_t at;

	start_stream(w, &w->a, true);
	for (int i = 0; i < 100; i++)
		envd_stream_resize(w->a.stream, 10 + i, 5 + i);
	UNTIL(w->loop, server_count(w->server) == 1);
	send_text(w, 0, STREAM_HEAD);
	send_start(w, 0, 42);
	UNTIL(w->loop, server_count(w->server) == 2);
	at = 1;
	assert_string_equal(line(w, at), "POST /process.Process/Update");
	assert_non_null(strstr(body(w, at), "\"cols\":109"));
	assert_non_null(strstr(body(w, at), "\"rows\":104"));
	/* one in flight: the next waits, and only the newest is sent */
	envd_stream_resize(w->a.stream, 200, 60);
	for (int i = 0; i < 12; i++)
		loop_turn(w->loop, 10);
	envd_stream_resize(w->a.stream, 201, 61);
	for (int i = 0; i < 12; i++)
		loop_turn(w->loop, 10);
	assert_int_equal(server_count(w->server), 2);
	send_text(w, at, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
	UNTIL(w->loop, server_count(w->server) == 3);
	assert_non_null(strstr(body(w, 2), "\"cols\":201"));
	send_text(w, 2, UNARY_OK);
	settle(w);
	assert_int_equal(server_count(w->server), 3);
	assert_int_equal(w->a.lost + w->a.failed, 0);
}

/* ---- StreamInput */

static size_t
upload_of(struct world *w)
{
	for (size_t i = 0; i < server_count(w->server); i++)
		if (str_has_prefix(line(w, i), "POST /process.Process/StreamInput"))
			return i;
	return SIZE_MAX;
}

/* All data that came over a StreamInput, and the pid of its start. */
static void
read_upload(struct world *w, size_t index, struct buf *out, uint32_t *pid)
{
	const struct server_request *r = server_request(w->server, index);
	struct envelope_reader reader;
	struct envelope env;
	struct error err;

	buf_reset(out);
	*pid = 0;
	envelope_reader_init(&reader, 1 << 20);
	envelope_feed(&reader, r->body.data, r->body.len);
	while (envelope_next(&reader, &env, &err)) {
		struct process_call call = { 0 };
		enum process_stream_input kind;

		assert_true(process_stream_input_decode(
		    env.payload, env.len, &kind, &call, &err));
		if (kind == PROCESS_STREAM_START)
			*pid = call.process.pid;
		if (kind == PROCESS_STREAM_DATA)
			buf_add(out, call.bytes, call.bytes_len);
		process_call_clear(&call);
	}
	envelope_reader_clear(&reader);
}

static void
send_end(struct world *w, size_t index, const char *end)
{
	send_text(w, index, STREAM_HEAD);
	send_envelope(w, index, 2, end);
	send_text(w, index, "0\r\n\r\n");
}

/* The question, put by the first key's answer. */
static size_t
probed(struct world *w, size_t at)
{
	http_set_origin_note(w->http, server_url(w->server), 0);
	type(&w->a, "a");
	UNTIL(w->loop, server_count(w->server) == at + 2);
	assert_int_equal(upload_of(w), SIZE_MAX);
	send_text(w, at + 1, UNARY_OK);
	UNTIL(w->loop, upload_of(w) != SIZE_MAX);
	return upload_of(w);
}

static void
test_stream_input_where_it_passes(void **state)
{
	struct world *w = *state;
	size_t at, probe;
	struct buf got;
	uint32_t pid;

	buf_init(&got, 1 << 20);
	open_envd(w, &(struct envd_target){ .probe_ms = 10000 });
	at = running(w, &w->a, true);
	probe = probed(w, at);
	UNTIL(w->loop, server_request(w->server, probe)->body.len > 256 * 1024);
	read_upload(w, probe, &got, &pid);
	assert_true(pid > 4194304);
	assert_int_equal(got.len, 0);
	type(&w->a, "b"); /* meanwhile as before */
	UNTIL(w->loop, server_count(w->server) == probe + 2);
	assert_input(w, probe + 1, "b");
	send_end(w, probe, "{\"error\":{\"code\":\"not_found\"}}");
	UNTIL(w->loop, http_origin_note(w->http, server_url(w->server)) == 2);
	assert_false(server_request(w->server, probe)->complete);
	type(&w->a, "c"); /* not before b has arrived */
	settle(w);
	assert_int_equal(server_count(w->server), probe + 2);
	send_text(w, probe + 1, UNARY_OK);
	UNTIL(w->loop, server_count(w->server) == probe + 3);
	assert_string_equal(line(w, probe + 2), "POST /process.Process/StreamInput");
	assert_string_equal(server_header(w->server, probe + 2, "Content-Type"),
	    "application/connect+json");
	for (char key = 'd'; key <= 'z'; key++) {
		type(&w->a, (char[]){ key, '\0' });
		if (key % 3 == 0)
			loop_turn(w->loop, 0);
	}
	UNTIL(w->loop, (read_upload(w, probe + 2, &got, &pid), got.len == 24));
	assert_string_equal(got.data, "cdefghijklmnopqrstuvwxyz");
	assert_int_equal(pid, 42);
	assert_int_equal(server_count(w->server), probe + 3);
	UNTIL(w->loop, envd_stream_unsent(w->a.stream) == 0);
	buf_clear(&got);
}

static const struct {
	const char *end; /* NULL: never answered */
	const char *raw;
} no_streaming[] = {
	{ NULL, NULL },
	{ "{\"error\":{\"code\":\"unimplemented\"}}", NULL },
	{ "{}", NULL },
	{ NULL, "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n" },
	{ NULL, "HTTP/1.1 415 X\r\nContent-Length: 5\r\n\r\nhello" },
	{ NULL, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
		"5\r\n\r\nhello" },
};

static void
test_single_input_where_it_does_not(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(no_streaming); i++) {
		struct world *w;
		size_t at, probe;

		setup(state);
		w = *state;
		at = running(w, &w->a, true);
		probe = probed(w, at);
		UNTIL(w->loop, server_request(w->server, probe)->body.len > 256 * 1024);
		if (no_streaming[i].end)
			send_end(w, probe, no_streaming[i].end);
		if (no_streaming[i].raw)
			send_text(w, probe, no_streaming[i].raw);
		UNTIL(w->loop, http_origin_note(w->http, server_url(w->server)) == 3);
		UNTIL(w->loop, server_request(w->server, probe)->gone);
		type(&w->a, "b");
		UNTIL(w->loop, server_count(w->server) == probe + 2);
		assert_input(w, probe + 1, "b");
		teardown(state);
	}
}

static void
test_a_broken_upload(void **state)
{
	static const struct {
		const char *end; /* NULL: cut */
		bool echoed;	 /* output came after the last key */
		char outcome;	 /* l lost, f input_failed, n a new one is opened */
	} cases[] = {
		{ NULL, false, 'l' },
		{ NULL, true, 'l' },
		{ "{\"error\":{\"code\":\"unavailable\"}}", false, 'l' },
		{ "{\"error\":{\"code\":\"unavailable\"}}", true, 'n' },
		{ "{\"error\":{\"code\":\"internal\"}}", false, 'f' },
		{ "{\"error\":{\"code\":\"not_found\"}}", true, 'f' },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w;
		size_t at;

		setup(state);
		w = *state;
		at = running(w, &w->a, true);
		http_set_origin_note(w->http, server_url(w->server), 2);
		type(&w->a, "x");
		UNTIL(w->loop, upload_of(w) != SIZE_MAX);
		UNTIL(w->loop, server_request(w->server, at + 1)->body.len > 60);
		if (cases[i].echoed) {
			send_output(w, at, PROCESS_PTY, "x");
			UNTIL(w->loop, w->a.out.len);
		}
		if (cases[i].end)
			send_end(w, at + 1, cases[i].end);
		else
			server_cut(w->server, at + 1);
		if (cases[i].outcome == 'n') {
			settle(w);
			type(&w->a, "y");
			UNTIL(w->loop, server_count(w->server) == at + 3);
			assert_string_equal(
			    line(w, at + 2), "POST /process.Process/StreamInput");
		} else {
			/* a silent close shows when more is typed */
			UNTIL(w->loop, (cases[i].end || (type(&w->a, "y"), true)) &&
					   (w->a.lost || w->a.failed));
			assert_int_equal(w->a.lost, cases[i].outcome == 'l');
		}
		teardown(state);
	}
}

static void
test_the_end_closes_the_upload(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);

	http_set_origin_note(w->http, server_url(w->server), 2);
	type(&w->a, "exit\r");
	UNTIL(w->loop, upload_of(w) != SIZE_MAX);
	send_envelope(w, at, 0, "{\"event\":{\"end\":{\"exited\":true}}}");
	UNTIL(w->loop, w->a.ended);
	UNTIL(w->loop, server_request(w->server, at + 1)->gone);
	assert_int_equal(w->a.lost, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_bytes_of_unary_calls),
		T(test_who_is_named),
		T(test_health),
		T(test_faults_of_unary_calls),
		T(test_a_stream_from_start_to_end),
		T(test_envelopes_in_any_pieces),
		T(test_replay_is_asked_for_and_told),
		cmocka_unit_test(test_faults_before_the_start),
		T(test_a_start_refused_as_unavailable_comes_through),
		T(test_a_start_that_was_never_sent_is_refused),
		cmocka_unit_test(test_faults_behind_the_start),
		T(test_a_stream_that_ends_without_its_end_envelope),
		T(test_a_stream_must_begin_with_a_start),
		T(test_silence_is_a_loss_and_keepalives_are_not),
		T(test_a_paused_stream_is_not_silent),
		cmocka_unit_test(test_freeing_from_inside_every_event),
		T(test_freeing_a_stream_closes_its_connection),
		T(test_envd_free_silences_its_streams),
		T(test_keys_wait_for_the_answer_and_join),
		T(test_keys_before_the_start_wait),
		T(test_stdin_then_its_end),
		T(test_old_daemons_cannot_end_stdin),
		cmocka_unit_test(test_what_becomes_of_rejected_input),
		T(test_input_that_is_refused_for_good_loses_the_stream),
		T(test_streams_do_not_wait_for_each_other),
		T(test_resizes_are_joined),
		T(test_stream_input_where_it_passes),
		cmocka_unit_test(test_single_input_where_it_does_not),
		cmocka_unit_test(test_a_broken_upload),
		T(test_the_end_closes_the_upload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
