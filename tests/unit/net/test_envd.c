/* Processes of one sandbox: unary calls, streams and their faults. */
#include "tests/unit/net/envd_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/envelope.h"

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
	assert_string_equal(server_body(w->server, 0), "{}");
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
	assert_string_equal(
	    server_line(w->server, 1), "POST /process.Process/SendSignal");
	assert_non_null(strstr(server_body(w->server, 1), "SIGNAL_SIGTERM"));
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

	assert_string_equal(server_line(w->server, at), "POST /process.Process/Start");
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
	server_send_text(w->server, at, "0\r\n\r\n");
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

	w->a.stream = envd_connect(w->envd, 42, 1000, &viewer_events, &w->a);
	UNTIL(w->loop, server_count(w->server) == 1);
	assert_string_equal(server_line(w->server, 0), "POST /process.Process/Connect");
	assert_string_equal(server_header(w->server, 0, "Sandtop-Replay-From"), "1000");
	server_send_text(w->server, 0,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\n"
	    "Sandtop-Replay-At: 990\r\nTransfer-Encoding: chunked\r\n\r\n");
	send_start(w, 0, 42);
	UNTIL(w->loop, w->a.started);
	assert_int_equal(w->a.replay_at, 990);
	w->b.stream = envd_connect(w->envd, 42, 0, &viewer_events, &w->b);
	UNTIL(w->loop, server_count(w->server) == 2);
	server_send_text(w->server, 1, STREAM_HEAD);
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

		envd_setup(state);
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
			w->a.stream =
			    envd_connect(w->envd, 42, -1, &viewer_events, &w->a);
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
		envd_teardown(state);
	}
}

static void
test_a_start_refused_as_unavailable_comes_through(void **state)
{
	struct world *w = *state;

	start_stream(w, &w->a, true);
	for (size_t i = 0; i < 3; i++) {
		UNTIL(w->loop, server_count(w->server) == i + 1);
		server_send_text(w->server, i, STREAM_HEAD);
		send_envelope(w, i, 2, "{\"error\":{\"code\":\"unavailable\"}}");
	}
	UNTIL(w->loop, server_count(w->server) == 4);
	assert_string_equal(server_body(w->server, 3) + ENVELOPE_HEADER,
	    server_body(w->server, 0) + ENVELOPE_HEADER);
	server_send_text(w->server, 3, STREAM_HEAD);
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
	w->b.stream = envd_connect(w->envd, 42, -1, &viewer_events, &w->b);
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

		envd_setup(state);
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
		envd_teardown(state);
	}
}

static void
test_a_stream_that_ends_without_its_end_envelope(void **state)
{
	struct world *w = *state;
	size_t at = running(w, &w->a, true);

	server_send_text(w->server, at, "0\r\n\r\n");
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
	server_send_text(w->server, 0, STREAM_HEAD);
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

		envd_setup(state);
		w = *state;
		w->a.free_in = kinds[i];
		start_stream(w, &w->a, false);
		UNTIL(w->loop, server_count(w->server) == 1);
		server_send_text(w->server, 0, STREAM_HEAD);
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
		envd_teardown(state);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
