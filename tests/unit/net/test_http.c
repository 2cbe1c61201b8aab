/* Requests over a real loopback socket: bytes out, answers in, every way to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/http.h"
#include "tests/unit/net/server.h"

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct world {
	struct loop *loop;
	struct server *server;
	struct http *http;
	/* what was reported */
	int done, heads;
	struct http_reply reply;
	char *body;
	char text[240];
	struct buf data;
	uint64_t id; /* for callbacks that act on their own request */
	void (*on_data)(struct world *w);
};

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);

	w->loop = loop_new();
	w->server = server_new(w->loop);
	w->http = http_new(w->loop, &(struct http_settings){ .user_agent = "test/1" });
	buf_init(&w->data, 64 * 1024 * 1024);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	http_free(w->http);
	server_free(w->server);
	loop_free(w->loop);
	buf_clear(&w->data);
	free(w->body);
	free(w);
	return 0;
}

static void
on_done(void *ctx, const struct http_reply *reply)
{
	struct world *w = ctx;

	w->done++;
	w->reply = *reply;
	free(w->body);
	w->body = xstrndup(reply->body, reply->len);
	str_copy(w->text, sizeof w->text, reply->error.text);
}

static void
on_head(void *ctx, const struct http_reply *reply)
{
	struct world *w = ctx;

	w->heads++;
	w->reply = *reply;
}

static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct world *w = ctx;

	buf_add(&w->data, bytes, len);
	if (w->on_data)
		w->on_data(w);
}

static uint64_t
start(struct world *w, const char *path, struct http_request r)
{
	char *url = xasprintf("%s%s", server_url(w->server), path);
	uint64_t id;

	r.method = r.method ? r.method : "GET";
	r.url = url;
	r.done = on_done;
	r.data = on_data;
	r.headers_in = on_head;
	r.ctx = w;
	id = http_start(w->http, &r);
	free(url);
	return id;
}

static void
test_a_get_carries_what_it_should(void **state)
{
	struct world *w = *state;
	const char *const headers[] = { "Accept: application/json", "X-API-Key: k",
		NULL };

	server_reply(w->server, NULL, 200,
	    "X-Next-Token: abc=\r\nx-total-running: 17\r\nRetry-After: 3\r\n"
	    "Should-Retry: TRUE\r\nContent-Type: text/plain; a=b\r\n"
	    "Sandtop-Replay-At: 12345678901\r\n",
	    "hello");
	start(w, "/v2/x?limit=1", (struct http_request){ .headers = headers });
	assert_int_equal(w->done, 0);
	UNTIL(w->loop, w->done);
	assert_string_equal(server_request(w->server, 0)->line, "GET /v2/x?limit=1");
	assert_string_equal(server_header(w->server, 0, "X-API-Key"), "k");
	assert_string_equal(server_header(w->server, 0, "Accept"), "application/json");
	assert_string_equal(server_header(w->server, 0, "User-Agent"), "test/1");
	assert_string_equal(server_header(w->server, 0, "Expect"), "");
	assert_string_equal(server_header(w->server, 0, "Accept-Encoding"), "");
	assert_int_equal(w->reply.status, 200);
	assert_string_equal(w->body, "hello");
	assert_int_equal(w->reply.total_running, 17);
	assert_int_equal(w->reply.retry_after_s, 3);
	assert_int_equal(w->reply.should_retry, 1);
	assert_int_equal(w->reply.replay_at, 12345678901);
	assert_int_equal(w->reply.error.code, ERROR_NONE);
}

static void
test_absent_headers_are_told_apart(void **state)
{
	struct world *w = *state;

	server_reply(
	    w->server, NULL, 503, "Should-Retry: false\r\nRetry-After: Fri\r\n", "");
	start(w, "/", (struct http_request){ 0 });
	UNTIL(w->loop, w->done);
	assert_int_equal(w->reply.status, 503);
	assert_int_equal(w->reply.should_retry, 0);
	assert_int_equal(w->reply.retry_after_s, 0);
	assert_int_equal(w->reply.total_running, -1);
	assert_int_equal(w->reply.replay_at, -1);
	assert_null(w->reply.next_token);
	assert_null(w->reply.content_type);
}

static void
test_methods_and_bodies(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *method, *body, *length;
	} cases[] = {
		{ "POST", "{\"a\":1}", "7" },
		{ "POST", NULL, "0" },
		{ "DELETE", NULL, "" },
		{ "PUT", "{}", "2" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *line = xasprintf("%s /p", cases[i].method);

		server_reply(w->server, NULL, 204, NULL, "");
		w->done = 0;
		start(w, "/p",
		    (struct http_request){ .method = cases[i].method,
			.body = cases[i].body,
			.body_len = cases[i].body ? strlen(cases[i].body) : 0 });
		UNTIL(w->loop, w->done);
		assert_int_equal(w->reply.status, 204);
		assert_string_equal(server_request(w->server, i)->line, line);
		assert_string_equal(server_request(w->server, i)->body.data,
		    cases[i].body ? cases[i].body : "");
		assert_string_equal(
		    server_header(w->server, i, "Content-Length"), cases[i].length);
		free(line);
	}
	assert_int_equal(server_connections(w->server), 1);
}

static void
test_faults_of_the_answer(void **state)
{
	static const struct {
		const char *answer;
		bool cut;
		enum error_code code;
		const char *text;
	} cases[] = {
		{ "", true, ERROR_OFFLINE, "closed the connection without an answer" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true,
		    ERROR_OFFLINE, "cut its answer short" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", true,
		    ERROR_OFFLINE, "" },
		{ "SSH-2.0-OpenSSH\r\n", true, ERROR_REMOTE, "does not speak HTTP" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", true,
		    ERROR_OFFLINE, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w;

		setup(state);
		w = *state;
		server_answer(
		    w->server, &(struct server_answer){
				   .bytes = cases[i].answer, .cut = cases[i].cut });
		start(w, "/", (struct http_request){ 0 });
		UNTIL(w->loop, w->done);
		assert_int_equal(w->reply.status, 0);
		assert_int_equal(w->reply.error.code, cases[i].code);
		assert_non_null(strstr(w->text, cases[i].text));
		assert_string_equal(w->body, "");
		assert_false(w->reply.unsent);
		teardown(state);
	}
}

static void
test_no_server_is_certainly_unsent(void **state)
{
	struct world *w = *state;

	server_refuse(w->server);
	start(w, "/",
	    (struct http_request){ .method = "POST", .body = "x", .body_len = 1 });
	UNTIL(w->loop, w->done);
	assert_int_equal(w->reply.status, 0);
	assert_true(w->reply.unsent);
	assert_int_equal(w->reply.error.code, ERROR_OFFLINE);
	assert_non_null(strstr(w->text, "no connection to 127.0.0.1:"));
}

static void
test_requests_that_make_no_sense(void **state)
{
	struct world *w = *state;
	const char *const smuggled[] = { "X-API-Key: a\r\nX-Other: b", NULL };
	struct http_request r = { .method = "GET", .done = on_done, .ctx = w };

	start(w, "/", (struct http_request){ .headers = smuggled });
	UNTIL(w->loop, w->done == 1);
	assert_int_equal(w->reply.error.code, ERROR_INPUT);
	r.url = "ftp://127.0.0.1/";
	http_start(w->http, &r);
	UNTIL(w->loop, w->done == 2);
	assert_int_equal(w->reply.status, 0);
	r.url = "http://";
	http_start(w->http, &r);
	UNTIL(w->loop, w->done == 3);
	assert_int_equal(w->reply.error.code, ERROR_INPUT);
	assert_int_equal(server_count(w->server), 0);
}

static void
test_deadlines(void **state)
{
	struct world *w = *state;

	server_answer(w->server, &(struct server_answer){ .path = "GET /silent" });
	server_answer(w->server,
	    &(struct server_answer){ .path = "GET /half",
		.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" });
	start(w, "/silent", (struct http_request){ .first_byte_ms = 20 });
	UNTIL(w->loop, w->done == 1);
	assert_int_equal(w->reply.status, 0);
	assert_int_equal(w->reply.error.code, ERROR_OFFLINE);
	assert_non_null(strstr(w->text, "did not answer within 1 s"));
	assert_false(w->reply.unsent);
	start(w, "/half", (struct http_request){ .first_byte_ms = 1000, .total_ms = 20 });
	UNTIL(w->loop, w->done == 2);
	assert_int_equal(w->reply.status, 0);
	assert_non_null(strstr(w->text, "did not finish its answer"));
}

static void
test_too_long_an_answer(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 200, NULL, "0123456789");
	start(w, "/", (struct http_request){ .max_reply = 9 });
	UNTIL(w->loop, w->done);
	assert_int_equal(w->reply.status, 0);
	assert_int_equal(w->reply.error.code, ERROR_REMOTE);
}

static void
test_redirects_are_not_followed(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 302, "Location: /other\r\n", "");
	start(w, "/", (struct http_request){ 0 });
	UNTIL(w->loop, w->done);
	assert_int_equal(w->reply.status, 302);
	assert_int_equal(server_count(w->server), 1);
}

static void
test_interim_answers_are_skipped(void **state)
{
	struct world *w = *state;

	server_answer(w->server,
	    &(struct server_answer){
		.bytes = "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n" OK_REPLY });
	start(w, "/", (struct http_request){ .stream = true });
	UNTIL(w->loop, w->done);
	assert_int_equal(w->reply.status, 200);
	assert_int_equal(w->heads, 1);
	assert_string_equal(w->data.data, "ok");
}

static void
test_cancel_at_every_stage(void **state)
{
	struct world *w = *state;
	uint64_t id = start(w, "/a", (struct http_request){ 0 });

	http_cancel(w->http, id); /* before it was sent */
	loop_turn(w->loop, 0);
	loop_turn(w->loop, 0);
	assert_int_equal(server_count(w->server), 0);
	id = start(w, "/b", (struct http_request){ 0 });
	UNTIL(w->loop, server_count(w->server) == 1);
	http_cancel(w->http, id); /* while it waits */
	UNTIL(w->loop, server_request(w->server, 0)->gone);
	id = start(w, "/c", (struct http_request){ .stream = true });
	UNTIL(w->loop, server_count(w->server) == 2);
	server_send(w->server, 1, "HTTP/1.1 200 OK\r\n\r\nx", 20);
	UNTIL(w->loop, w->data.len == 1);
	http_cancel(w->http, id); /* in the middle of a stream */
	server_send(w->server, 1, "y", 1);
	UNTIL(w->loop, server_request(w->server, 1)->gone);
	http_cancel(w->http, id); /* after its end */
	http_cancel(w->http, 0);
	assert_int_equal(w->done, 0);
	assert_string_equal(w->data.data, "x");
}

/* exec leaves its stream when the process has ended, often before the server does. */
static void
test_what_was_left_is_logged_too(void **state)
{
	struct world *w = *state;
	uint64_t id;

	http_free(w->http);
	w->http = http_new(
	    w->loop, &(struct http_settings){ .user_agent = "test/1", .verbose = true });
	id = start(w, "/left?q", (struct http_request){ .stream = true });
	UNTIL(w->loop, server_count(w->server) == 1);
	server_send(w->server, 0, "HTTP/1.1 200 OK\r\n\r\nx", 20);
	UNTIL(w->loop, w->data.len == 1);
	http_cancel(w->http, id);
	UNTIL(w->loop, server_request(w->server, 0)->gone);
	assert_non_null(strstr(log_recent(0), "GET /left: 200, "));
	assert_non_null(strstr(log_recent(0), "1 bytes, then left"));
}

static void
cancel_self(struct world *w)
{
	http_cancel(w->http, w->id);
	start(w, "/next", (struct http_request){ 0 });
}

static void
test_cancel_and_start_from_inside_data(void **state)
{
	struct world *w = *state;

	w->on_data = cancel_self;
	w->id = start(w, "/s", (struct http_request){ .stream = true });
	UNTIL(w->loop, server_count(w->server) == 1);
	server_reply(w->server, "GET /next", 200, NULL, "n");
	server_send(w->server, 0, "HTTP/1.1 200 OK\r\n\r\nx", 20);
	UNTIL(w->loop, w->done);
	assert_string_equal(w->body, "n");
	assert_int_equal(w->data.len, 1);
	UNTIL(w->loop, server_request(w->server, 0)->gone);
	assert_int_equal(w->done, 1);
}

static void
test_streams_do_not_take_the_kept_connection(void **state)
{
	struct world *w = *state;

	start(w, "/stream", (struct http_request){ .stream = true });
	UNTIL(w->loop, server_count(w->server) == 1);
	server_send(w->server, 0, "HTTP/1.1 200 OK\r\n\r\n", 19);
	for (int i = 0; i < 5; i++) {
		server_reply(w->server, "GET /key", 200, NULL, "{}");
		start(w, "/key", (struct http_request){ 0 });
		UNTIL(w->loop, w->done == i + 1);
	}
	assert_int_equal(server_connections(w->server), 2);
}

/* libcurl would send it again when a kept connection dies under it. */
static void
test_a_change_is_never_sent_twice(void **state)
{
	static const struct http_request changes[] = {
		{ .method = "POST", .body = "abc", .body_len = 3 },
		{ .method = "DELETE" },
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct world *w;

		setup(state);
		w = *state;
		server_reply(w->server, NULL, 200, NULL, "{}");
		start(w, "/one", (struct http_request){ 0 });
		UNTIL(w->loop, w->done == 1);
		server_answer(
		    w->server, &(struct server_answer){ .bytes = "", .cut = true });
		start(w, "/two", changes[i]);
		UNTIL(w->loop, w->done == 2);
		for (int k = 0; k < 5; k++)
			loop_turn(w->loop, 0);
		assert_int_equal(server_count(w->server), 2);
		assert_int_equal(w->reply.status, 0);
		assert_false(w->reply.unsent);
		assert_int_equal(w->reply.error.code, ERROR_OFFLINE);
		teardown(state);
	}
}

static void
test_a_read_on_a_dead_connection_is_sent_again(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 200, NULL, "1");
	start(w, "/one", (struct http_request){ 0 });
	UNTIL(w->loop, w->done == 1);
	server_answer(w->server, &(struct server_answer){ .bytes = "", .cut = true });
	server_reply(w->server, NULL, 200, NULL, "2");
	start(w, "/two", (struct http_request){ 0 });
	UNTIL(w->loop, w->done == 2);
	assert_int_equal(server_connections(w->server), 2);
	assert_string_equal(w->body, "2");
}

/* Closed while it was idle: noticed before anything is sent. */
static void
test_a_post_survives_an_idle_close(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 200, NULL, "1");
	start(w, "/one", (struct http_request){ .method = "POST" });
	UNTIL(w->loop, w->done == 1);
	server_cut(w->server, 0);
	server_reply(w->server, NULL, 200, NULL, "2");
	start(w, "/two", (struct http_request){ .method = "POST" });
	UNTIL(w->loop, w->done == 2);
	assert_int_equal(w->reply.status, 200);
	assert_string_equal(w->body, "2");
}

static void
test_an_upload_stays_open(void **state)
{
	struct world *w = *state;
	uint64_t id = start(w, "/up",
	    (struct http_request){
		.method = "POST", .upload = true, .stream = true, .first_byte_ms = 20 });
	char *big = xcalloc(1, 300000);

	UNTIL(w->loop, server_count(w->server) == 1);
	assert_string_equal(server_header(w->server, 0, "Transfer-Encoding"), "chunked");
	assert_string_equal(server_header(w->server, 0, "Expect"), "");
	http_write(w->http, id, "one", 3);
	UNTIL(w->loop, server_request(w->server, 0)->body.len == 3);
	assert_int_equal(http_unsent(w->http, id), 0);
	http_write(w->http, id, "two", 3);
	UNTIL(w->loop, server_request(w->server, 0)->body.len == 6);
	assert_false(server_request(w->server, 0)->complete);
	memset(big, 'b', 300000);
	http_write(w->http, id, big, 300000);
	http_finish(w->http, id);
	UNTIL(w->loop, server_request(w->server, 0)->complete);
	assert_int_equal(server_request(w->server, 0)->body.len, 300006);
	server_send(w->server, 0, OK_REPLY, strlen(OK_REPLY));
	UNTIL(w->loop, w->done);
	assert_int_equal(w->reply.status, 200);
	assert_string_equal(w->data.data, "ok");
	free(big);
}

static void
test_an_answer_in_the_middle_of_an_upload(void **state)
{
	struct world *w = *state;
	uint64_t id;

	server_answer(w->server,
	    &(struct server_answer){ .bytes = OK_REPLY, .when = SERVER_AT_HEAD });
	id = start(w, "/up",
	    (struct http_request){ .method = "POST", .upload = true, .stream = true });
	http_write(w->http, id, "x", 1);
	UNTIL(w->loop, w->heads);
	assert_int_equal(w->reply.status, 200);
	http_cancel(w->http, id);
	UNTIL(w->loop, server_request(w->server, 0)->gone);
}

static void
test_pause_holds_the_bytes_back(void **state)
{
	struct world *w = *state;
	uint64_t id = start(w, "/s", (struct http_request){ .stream = true });

	UNTIL(w->loop, server_count(w->server) == 1);
	server_send(w->server, 0, "HTTP/1.1 200 OK\r\n\r\na", 20);
	UNTIL(w->loop, w->data.len == 1);
	http_pause(w->http, id, true);
	server_send(w->server, 0, "b", 1);
	start(w, "/other", (struct http_request){ 0 });
	server_reply(w->server, NULL, 200, NULL, "");
	UNTIL(w->loop, server_count(w->server) == 2);
	loop_turn(w->loop, 0);
	assert_int_equal(w->data.len, 1);
	http_pause(w->http, id, false);
	UNTIL(w->loop, w->data.len == 2);
	server_cut(w->server, 0);
	UNTIL(w->loop, w->done);
}

static void
test_what_loopback_is(void **state)
{
	static const struct {
		const char *url;
		bool loopback;
	} cases[] = {
		{ "http://127.0.0.1:3000", true },
		{ "http://127.8.9.1/x", true },
		{ "http://localhost:3000/", true },
		{ "http://LOCALHOST", true },
		{ "http://a.localhost:1", true },
		{ "http://[::1]:3000/x", true },
		{ "http://user@127.0.0.1/", true },
		{ "https://127.0.0.1.example.com", false },
		{ "https://localhost.example.com", false },
		{ "http://127.0.0.1@example.com/", false },
		{ "http://10.0.0.1", false },
		{ "http://[::2]/", false },
		{ "127.0.0.1", false },
		{ "http://", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(http_is_loopback(cases[i].url), cases[i].loopback);
}

static void
test_loopback_goes_past_a_proxy(void **state)
{
	struct world *w = *state;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	server_reply(w->server, NULL, 200, NULL, "direct");
	start(w, "/", (struct http_request){ 0 });
	UNTIL(w->loop, w->done);
	unsetenv("http_proxy");
	assert_string_equal(w->body, "direct");
}

static void
test_others_go_through_the_proxy(void **state)
{
	struct world *w = *state;
	struct http_request r = {
		.method = "GET",
		.url = "http://api.example.invalid/x",
		.done = on_done,
		.ctx = w,
	};

	setenv("http_proxy", server_url(w->server), 1);
	server_reply(w->server, NULL, 200, NULL, "by proxy");
	http_start(w->http, &r);
	UNTIL(w->loop, w->done);
	unsetenv("http_proxy");
	assert_string_equal(w->body, "by proxy");
	assert_string_equal(
	    server_request(w->server, 0)->line, "GET http://api.example.invalid/x");
}

/* An editor that we start must not hold our connections. */
static void
test_no_child_inherits_a_connection(void **state)
{
	struct world *w = *state;
	int ours = 0;

	start(w, "/s", (struct http_request){ .stream = true });
	UNTIL(w->loop, server_count(w->server) == 1);
	for (int fd = 3; fd < 256; fd++) {
		struct sockaddr_in peer;
		socklen_t len = sizeof peer;
		char url[64];

		if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
			continue;
		snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(peer.sin_port));
		if (!str_eq(url, server_url(w->server)))
			continue;
		ours++;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(ours, 1);
}

static void
test_notes(void **state)
{
	struct world *w = *state;

	assert_int_equal(http_origin_note(w->http, "https://a"), 0);
	http_set_origin_note(w->http, "https://a", 2);
	http_set_origin_note(w->http, "https://b", 1);
	http_set_origin_note(w->http, "https://a", 3);
	assert_int_equal(http_origin_note(w->http, "https://a"), 3);
	assert_int_equal(http_origin_note(w->http, "https://b"), 1);
}

static void
test_free_with_requests_under_way(void **state)
{
	struct world *w = *state;

	start(w, "/a", (struct http_request){ .stream = true });
	start(w, "/b", (struct http_request){ .method = "POST", .upload = true });
	UNTIL(w->loop, server_count(w->server) == 2);
	start(w, "/c", (struct http_request){ 0 }); /* never sent */
	http_free(w->http);
	w->http = NULL;
	UNTIL(w->loop, server_request(w->server, 0)->gone);
	assert_int_equal(w->done, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_get_carries_what_it_should),
		T(test_absent_headers_are_told_apart),
		T(test_methods_and_bodies),
		cmocka_unit_test(test_faults_of_the_answer),
		T(test_no_server_is_certainly_unsent),
		T(test_requests_that_make_no_sense),
		T(test_deadlines),
		T(test_too_long_an_answer),
		T(test_redirects_are_not_followed),
		T(test_interim_answers_are_skipped),
		T(test_cancel_at_every_stage),
		T(test_what_was_left_is_logged_too),
		T(test_cancel_and_start_from_inside_data),
		T(test_streams_do_not_take_the_kept_connection),
		cmocka_unit_test(test_a_change_is_never_sent_twice),
		T(test_a_read_on_a_dead_connection_is_sent_again),
		T(test_a_post_survives_an_idle_close),
		T(test_an_upload_stays_open),
		T(test_an_answer_in_the_middle_of_an_upload),
		T(test_pause_holds_the_bytes_back),
		cmocka_unit_test(test_what_loopback_is),
		T(test_loopback_goes_past_a_proxy),
		T(test_others_go_through_the_proxy),
		T(test_no_child_inherits_a_connection),
		T(test_notes),
		T(test_free_with_requests_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
