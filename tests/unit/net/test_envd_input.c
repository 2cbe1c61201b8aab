/* Input in order under every answer, resize, StreamInput where it passes. */
#include "tests/unit/net/envd_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/envelope.h"

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
	server_send_text(w->server, at + 1, UNARY_OK);
	UNTIL(w->loop, server_count(w->server) == at + 3);
	assert_input(w, at + 2, "s\r");
	assert_int_equal(envd_stream_unsent(w->a.stream), 2);
	server_send_text(w->server, at + 2, UNARY_OK);
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
	server_send_text(w->server, 0, STREAM_HEAD);
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
	assert_non_null(strstr(server_body(w->server, at + 1), "\"stdin\""));
	settle(w);
	assert_int_equal(server_count(w->server), at + 2);
	server_send_text(w->server, at + 1, UNARY_OK);
	UNTIL(w->loop, server_count(w->server) == at + 3);
	assert_string_equal(
	    server_line(w->server, at + 2), "POST /process.Process/CloseStdin");
	server_send_text(w->server, at + 2, UNARY_OK);
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

		envd_setup(state);
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
			server_send_text(w->server, at + 2, UNARY_OK);
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
		envd_teardown(state);
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
	server_send_text(w->server, 0, STREAM_HEAD);
	send_start(w, 0, 42);
	UNTIL(w->loop, server_count(w->server) == 2);
	at = 1;
	assert_string_equal(server_line(w->server, at), "POST /process.Process/Update");
	assert_non_null(strstr(server_body(w->server, at), "\"cols\":109"));
	assert_non_null(strstr(server_body(w->server, at), "\"rows\":104"));
	/* one in flight: the next waits, and only the newest is sent */
	envd_stream_resize(w->a.stream, 200, 60);
	for (int i = 0; i < 12; i++)
		loop_turn(w->loop, 10);
	envd_stream_resize(w->a.stream, 201, 61);
	for (int i = 0; i < 12; i++)
		loop_turn(w->loop, 10);
	assert_int_equal(server_count(w->server), 2);
	server_send_text(w->server, at, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
	UNTIL(w->loop, server_count(w->server) == 3);
	assert_non_null(strstr(server_body(w->server, 2), "\"cols\":201"));
	server_send_text(w->server, 2, UNARY_OK);
	settle(w);
	assert_int_equal(server_count(w->server), 3);
	assert_int_equal(w->a.lost + w->a.failed, 0);
}

/* ---- StreamInput */

static size_t
upload_of(struct world *w)
{
	for (size_t i = 0; i < server_count(w->server); i++)
		if (str_has_prefix(
			server_line(w->server, i), "POST /process.Process/StreamInput"))
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
	server_send_text(w->server, index, STREAM_HEAD);
	send_envelope(w, index, 2, end);
	server_send_text(w->server, index, "0\r\n\r\n");
}

/* The question, put by the first key's answer. */
static size_t
probed(struct world *w, size_t at)
{
	http_set_origin_note(w->http, server_url(w->server), 0);
	type(&w->a, "a");
	UNTIL(w->loop, server_count(w->server) == at + 2);
	assert_int_equal(upload_of(w), SIZE_MAX);
	server_send_text(w->server, at + 1, UNARY_OK);
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
	server_send_text(w->server, probe + 1, UNARY_OK);
	UNTIL(w->loop, server_count(w->server) == probe + 3);
	assert_string_equal(
	    server_line(w->server, probe + 2), "POST /process.Process/StreamInput");
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

		envd_setup(state);
		w = *state;
		at = running(w, &w->a, true);
		probe = probed(w, at);
		UNTIL(w->loop, server_request(w->server, probe)->body.len > 256 * 1024);
		if (no_streaming[i].end)
			send_end(w, probe, no_streaming[i].end);
		if (no_streaming[i].raw)
			server_send_text(w->server, probe, no_streaming[i].raw);
		UNTIL(w->loop, http_origin_note(w->http, server_url(w->server)) == 3);
		UNTIL(w->loop, server_request(w->server, probe)->gone);
		type(&w->a, "b");
		UNTIL(w->loop, server_count(w->server) == probe + 2);
		assert_input(w, probe + 1, "b");
		envd_teardown(state);
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

		envd_setup(state);
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
			assert_string_equal(server_line(w->server, at + 2),
			    "POST /process.Process/StreamInput");
		} else {
			/* a silent close shows when more is typed */
			UNTIL(w->loop, (cases[i].end || (type(&w->a, "y"), true)) &&
					   (w->a.lost || w->a.failed));
			assert_int_equal(w->a.lost, cases[i].outcome == 'l');
		}
		envd_teardown(state);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
