/* The control plane's calls: their bytes, and what becomes of every answer. */
#include "tests/unit/net/api_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- the bytes of each call */

static api_call
ask_list(struct world *w)
{
	struct api_list_query query = { 0 };

	return api_list(w->api, &query, on_page, on_done, w);
}

static api_call
ask_get(struct world *w)
{
	return api_get(w->api, ID, on_sandbox, w);
}

static api_call
ask_odd_get(struct world *w)
{
	return api_get(w->api, "../a b?", on_sandbox, w);
}

static api_call
ask_pause(struct world *w)
{
	return api_pause(w->api, ID, on_act, w);
}

static api_call
ask_kill(struct world *w)
{
	return api_kill(w->api, ID, on_act, w);
}

static api_call
ask_connect(struct world *w)
{
	return api_connect(w->api, ID, 900, on_created, w);
}

static api_call
ask_timeout(struct world *w)
{
	return api_set_timeout(w->api, ID, 60, on_done, w);
}

static api_call
ask_refresh(struct world *w)
{
	return api_refresh(w->api, ID, 99999, on_done, w);
}

static api_call
ask_metrics(struct world *w)
{
	return api_metrics(w->api, ID, 0, 0, on_metrics, w);
}

static api_call
ask_metrics_range(struct world *w)
{
	return api_metrics(w->api, ID, 10, 20, on_metrics, w);
}

static api_call
ask_batch(struct world *w)
{
	static const char *const ids[] = { "ia", "ib" };

	return api_metrics_batch(w->api, ids, 2, on_map, w);
}

static api_call
ask_logs(struct world *w)
{
	struct api_log_query query = {
		.cursor_ms = 1700000000000,
		.forward = true,
		.limit = 5,
		.level = "warn",
		.search = "a&b",
	};

	return api_logs(w->api, ID, &query, on_logs, w);
}

static const struct {
	api_call (*ask)(struct world *w);
	const char *line, *body;
	int status;
	const char *answer;
} calls[] = {
	{ ask_list, "GET /v2/sandboxes?state=running,paused&limit=100", "", 200, "[]" },
	{ ask_get, "GET /sandboxes/" ID, "", 200, SANDBOX("running") },
	{ ask_odd_get, "GET /sandboxes/..%2Fa%20b%3F", "", 200, SANDBOX("running") },
	{ ask_pause, "POST /sandboxes/" ID "/pause", "{}", 204, "" },
	{ ask_kill, "DELETE /sandboxes/" ID, "", 204, "" },
	{ ask_connect, "POST /v2/sandboxes/" ID "/connect", "{\"timeout\":900}", 201,
	    CREATED },
	{ ask_timeout, "POST /sandboxes/" ID "/timeout", "{\"timeout\":60}", 204, "" },
	{ ask_refresh, "POST /sandboxes/" ID "/refreshes", "{\"duration\":3600}", 204,
	    "" },
	{ ask_metrics, "GET /sandboxes/" ID "/metrics", "", 200, "[]" },
	{ ask_metrics_range, "GET /sandboxes/" ID "/metrics?start=10&end=20", "", 200,
	    "[]" },
	{ ask_batch, "GET /sandboxes/metrics?sandbox_ids=ia,ib", "", 200,
	    "{\"sandboxes\":{}}" },
	{ ask_logs,
	    "GET /v2/sandboxes/" ID "/logs?limit=5&direction=forward&cursor=1700000000000"
	    "&level=warn&search=a%26b",
	    "", 200, "{\"logs\":[]}" },
	{ ask_create, "POST /v2/sandboxes", NULL, 201, CREATED },
};

static void
test_bytes_of_every_call(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		server_reply(w->server, NULL, calls[i].status, NULL, calls[i].answer);
		w->done = 0;
		assert_int_not_equal(calls[i].ask(w), 0);
		assert_int_equal(w->done, 0);
		UNTIL(w->loop, w->done);
		assert_string_equal(server_line(w->server, i), calls[i].line);
		if (calls[i].body)
			assert_string_equal(server_body(w->server, i), calls[i].body);
		assert_string_equal(server_header(w->server, i, "X-API-Key"), "e2b_key");
		assert_string_equal(
		    server_header(w->server, i, "Content-Type"), "application/json");
		assert_string_equal(
		    server_header(w->server, i, "Accept"), "application/json");
		assert_string_equal(server_header(w->server, i, "Accept-Encoding"), "");
		assert_int_equal(w->err.code, ERROR_NONE);
	}
	assert_int_equal(server_count(w->server), ARRAY_LEN(calls));
	assert_true(api_round_trip_ms(w->api) >= 0);
}

/* ---- faults: every call survives every one */

static const struct {
	int status; /* 0: `answer` is raw and the connection is cut */
	const char *headers, *answer;
	enum error_code code;
	const char *text;
} faults[] = {
	{ 401, NULL, REFUSAL(401, "Invalid API key"), ERROR_DENIED,
	    "the key was refused (401): check E2B_API_KEY" },
	{ 403, NULL, REFUSAL(403, "team is blocked"), ERROR_DENIED,
	    "team is blocked (403)" },
	{ 400, NULL, REFUSAL(400, "Invalid sandbox ID"), ERROR_INPUT,
	    "Invalid sandbox ID" },
	{ 500, "Should-Retry: false\r\n", REFUSAL(500, "boom"), ERROR_REMOTE,
	    "boom (500)" },
	{ 502, "Should-Retry: false\r\n", REFUSAL(502, "gate"), ERROR_OFFLINE,
	    "gate (502)" },
	{ 503, "Should-Retry: false\r\n", "<html>busy</html>", ERROR_OFFLINE,
	    "Service Unavailable (503)" },
	{ 429, "Retry-After: 60\r\n", REFUSAL(429, "Rate limit exceeded"), ERROR_LIMIT,
	    "Rate limit exceeded (429): try again in 60 s" },
	{ 302, NULL, "", ERROR_REMOTE, "check E2B_API_URL" },
	{ 418, NULL, "", ERROR_REMOTE, "(418)" },
};

/* Only what the last calls of a case need: settling reads find no sandbox. */
static void
test_every_status_of_every_read(void **state)
{
	static api_call (*const reads[])(struct world * w) = { ask_list, ask_get,
		ask_metrics, ask_batch, ask_logs, ask_timeout, ask_refresh, ask_connect };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		for (size_t k = 0; k < ARRAY_LEN(reads); k++) {
			server_reply(w->server, NULL, faults[i].status, faults[i].headers,
			    faults[i].answer);
			w->done = 0;
			reads[k](w);
			UNTIL(w->loop, w->done);
			/* a batch refused so is a batch that is not there */
			assert_int_equal(
			    w->err.code, reads[k] == ask_batch && faults[i].status == 400
					     ? ERROR_NOT_FOUND
					     : faults[i].code);
			assert_int_equal(w->err.http_status, faults[i].status);
			assert_non_null(strstr(w->err.text, faults[i].text));
		}
	}
	assert_int_equal(server_count(w->server), ARRAY_LEN(faults) * ARRAY_LEN(reads));
}

/* A server without the batch takes "metrics" for the id of a sandbox. */
static void
test_a_missing_batch_is_not_found(void **state)
{
	static const int statuses[] = { 400, 404, 405, 501 };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		server_reply(w->server, NULL, statuses[i], NULL,
		    REFUSAL(400, "Invalid sandbox ID"));
		w->done = 0;
		ask_batch(w);
		UNTIL(w->loop, w->done);
		assert_int_equal(w->err.code, ERROR_NOT_FOUND);
		assert_int_equal(w->err.http_status, statuses[i]);
	}
}

static void
test_retry_after_reaches_the_owner(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 429, "Retry-After: 60\r\n", "");
	ask_list(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.retry_after_s, 60);
	assert_int_equal(server_count(w->server), 1);
}

static void
test_answers_that_make_no_sense(void **state)
{
	static const struct {
		const char *answer, *text;
	} cases[] = {
		{ "", "the answer is empty" },
		{ " <!DOCTYPE html><p>hi", "the answer is a web page" },
		{ "[{\"sandboxID\":", "" },
		{ "[[]]", "" },
		{ "42", "" },
		{ "{\"sandboxes\":[],\"logs\":{}}", "" },
		{ "\xff\xfe", "" },
	};
	static const struct {
		api_call (*ask)(struct world *w);
		const char *what;
	} asks[] = {
		{ ask_list, "listing sandboxes: " },
		{ ask_get, "reading sandbox " ID ": " },
		{ ask_metrics, "reading the metrics of " ID ": " },
		{ ask_batch, "reading metrics: " },
		{ ask_logs, "reading the logs of " ID ": " },
		{ ask_connect, "connecting to " ID ": " },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t k = 0; k < ARRAY_LEN(asks); k++) {
			server_reply(w->server, NULL, 200, NULL, cases[i].answer);
			w->done = 0;
			asks[k].ask(w);
			UNTIL(w->loop, w->done);
			assert_int_equal(w->err.code, ERROR_REMOTE);
			assert_int_equal(w->err.http_status, 200);
			assert_true(str_has_prefix(w->err.text, asks[k].what));
			assert_non_null(strstr(w->err.text, cases[i].text));
		}
	}
}

static void
test_silence_is_told(void **state)
{
	struct world *w = *state;

	api_free(w->api);
	w->api = api_new(w->loop, w->http,
	    &(struct api_settings){ .url = server_url(w->server),
		.key = "k",
		.backoff_ms = 1,
		.read_timeout_ms = 20 });
	server_answer(w->server, &(struct server_answer){ 0 });
	ask_list(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_OFFLINE);
	assert_non_null(strstr(w->err.text, "listing sandboxes: "));
	assert_non_null(strstr(w->err.text, "did not answer within 1 s"));
	assert_int_equal(server_count(w->server), 1);
}

static void
test_no_host_is_told_at_once(void **state)
{
	struct world *w = *state;

	server_refuse(w->server);
	ask_list(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_OFFLINE);
	assert_non_null(strstr(w->err.text, "no connection to 127.0.0.1"));
}

/* ---- repeating */

static void
test_reads_are_repeated(void **state)
{
	static const struct {
		int status;
		const char *headers;
		size_t sent; /* requests until the list comes, 0: it fails at once */
	} cases[] = {
		{ 503, NULL, 3 },
		{ 502, NULL, 3 },
		{ 504, NULL, 3 },
		{ 429, "Retry-After: 1\r\n", 3 },
		{ 429, NULL, 3 },
		{ 500, "Should-Retry: true\r\n", 3 },
		{ 404, "Should-Retry: true\r\n", 3 },
		{ 503, "Should-Retry: false\r\n", 0 },
		{ 503, "Should-Retry: maybe\r\n", 0 },
		{ 429, "Retry-After: 11\r\n", 0 },
		{ 500, NULL, 0 },
		{ 403, NULL, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w;

		api_setup(state);
		w = *state;
		server_reply(w->server, NULL, cases[i].status, cases[i].headers, "");
		server_reply(w->server, NULL, cases[i].status, cases[i].headers, "");
		server_reply(w->server, NULL, 200, NULL, "[]");
		ask_list(w);
		UNTIL(w->loop, w->done);
		assert_int_equal(w->err.code == ERROR_NONE, cases[i].sent > 0);
		assert_int_equal(
		    server_count(w->server), cases[i].sent ? cases[i].sent : 1);
		api_teardown(state);
	}
}

static void
test_repeating_ends(void **state)
{
	struct world *w = *state;

	server_answer(w->server,
	    &(struct server_answer){
		.bytes = "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", .keep = true });
	ask_get(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_OFFLINE);
	assert_int_equal(server_count(w->server), 4);
}

static void
test_a_dropped_read_is_repeated(void **state)
{
	struct world *w = *state;

	server_answer(w->server, &(struct server_answer){ .bytes = "", .cut = true });
	server_answer(w->server,
	    &(struct server_answer){
		.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", .cut = true });
	server_reply(w->server, NULL, 200, NULL, "[]");
	ask_list(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_NONE);
	assert_int_equal(server_count(w->server), 3);
}

static void
test_cancel_while_waiting_to_repeat(void **state)
{
	struct world *w = *state;
	api_call id;

	server_reply(w->server, NULL, 503, NULL, "");
	id = ask_list(w);
	UNTIL(w->loop, server_count(w->server) == 1);
	api_cancel(w->api, id);
	api_cancel(w->api, id);
	api_cancel(w->api, 0);
	server_reply(w->server, NULL, 200, NULL, "[]");
	ask_get(w); /* answered with a list: any answer proves that time went on */
	UNTIL(w->loop, w->done);
	assert_int_equal(w->pages, 0);
	assert_int_equal(server_count(w->server), 2);
}

/* ---- the list */

static void
test_pages_are_followed(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 200, "X-Next-Token: a/b=\r\nX-Total-Running: 7\r\n",
	    "[" SANDBOX("running") "," SANDBOX("paused") "]");
	server_reply(w->server, NULL, 200, "X-Next-Token: c\r\n", "[]");
	server_reply(w->server, NULL, 200, NULL, "[" SANDBOX("running") "]");
	ask_list(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_NONE);
	assert_int_equal(w->pages, 3);
	assert_int_equal(w->rows, 3);
	assert_true(w->last);
	assert_int_equal(w->total, -1);
	assert_string_equal(server_line(w->server, 1),
	    "GET /v2/sandboxes?state=running,paused&limit=100&nextToken=a%2Fb%3D");
	assert_string_equal(server_line(w->server, 2),
	    "GET /v2/sandboxes?state=running,paused&limit=100&nextToken=c");
}

static void
test_a_failing_page_leaves_what_came(void **state)
{
	struct world *w = *state;

	server_reply(
	    w->server, NULL, 200, "X-Next-Token: a\r\n", "[" SANDBOX("running") "]");
	server_reply(w->server, NULL, 401, NULL, "");
	ask_list(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->pages, 1);
	assert_int_equal(w->rows, 1);
	assert_false(w->last);
	assert_int_equal(w->err.code, ERROR_DENIED);
}

static void
test_a_page_that_repeats_itself_ends_the_list(void **state)
{
	struct world *w = *state;

	server_answer(w->server, &(struct server_answer){ .keep = true,
				     .bytes = "HTTP/1.1 200 OK\r\nX-Next-Token: same\r\n"
					      "Content-Length: 2\r\n\r\n[]" });
	ask_list(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_REMOTE);
	assert_int_equal(w->pages, 2);
}

static void
test_list_queries(void **state)
{
	struct world *w = *state;
	struct pairs filter = { 0 };

	pairs_set(&filter, "run", "a&b");
	server_reply(w->server, NULL, 200, "X-Next-Token: n\r\n",
	    "[" SANDBOX("running") "," SANDBOX("running") "]");
	api_list(w->api,
	    &(struct api_list_query){ .running = true, .metadata = &filter, .limit = 1 },
	    on_page, on_done, w);
	pairs_clear(&filter);
	UNTIL(w->loop, w->done);
	assert_string_equal(server_line(w->server, 0),
	    "GET /v2/sandboxes?state=running&limit=1&metadata=run%3Da%252526b");
	assert_int_equal(w->rows, 1);
	assert_true(w->last);
	server_reply(w->server, NULL, 200, NULL, "[]");
	api_list(w->api, &(struct api_list_query){ .paused = true }, NULL, on_done, w);
	UNTIL(w->loop, w->done == 2);
	assert_string_equal(
	    server_line(w->server, 1), "GET /v2/sandboxes?state=paused&limit=100");
}

static void
test_cancel_from_inside_a_page(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 200, "X-Next-Token: n\r\n", "[]");
	w->cancel_in_page = ask_list(w);
	UNTIL(w->loop, w->pages);
	server_reply(w->server, NULL, 200, NULL, SANDBOX("running"));
	ask_get(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->pages, 1);
	assert_int_equal(server_count(w->server), 2);
}

static void
test_old_servers_are_remembered(void **state)
{
	static const struct {
		api_call (*ask)(struct world *w);
		int missing;
		const char *answer, *old;
	} cases[] = {
		{ ask_list, 404, "[]", "GET /sandboxes" },
		{ ask_connect, 405, CREATED, "POST /sandboxes/" ID "/connect" },
		{ ask_create, 404, CREATED, "POST /sandboxes" },
		{ ask_logs, 404, "{\"logs\":[]}",
		    "GET /sandboxes/" ID "/logs?limit=10000&start=1700000000000" },
	};
	struct world *w = *state;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		w->done = 0;
		server_reply(w->server, NULL, cases[i].missing, NULL, "no such route");
		server_reply(w->server, NULL, 200, NULL, cases[i].answer);
		server_reply(w->server, NULL, 200, NULL, cases[i].answer);
		cases[i].ask(w);
		UNTIL(w->loop, w->done == 1);
		assert_int_equal(w->err.code, ERROR_NONE);
		assert_string_equal(server_line(w->server, at + 1), cases[i].old);
		cases[i].ask(w);
		UNTIL(w->loop, w->done == 2);
		assert_string_equal(server_line(w->server, at + 2), cases[i].old);
		at += 3;
	}
}

/* A sandbox that is not there says nothing about the server's age. */
static void
test_a_missing_sandbox_is_no_old_server(void **state)
{
	struct world *w = *state;

	server_reply(w->server, NULL, 404, NULL, REFUSAL(404, "no such sandbox"));
	server_reply(w->server, NULL, 404, NULL, REFUSAL(404, "no such sandbox"));
	ask_connect(w);
	UNTIL(w->loop, w->done == 1);
	assert_int_equal(w->err.code, ERROR_NOT_FOUND);
	assert_non_null(strstr(w->err.text, "no such sandbox (404)"));
	server_reply(w->server, NULL, 200, NULL, CREATED);
	ask_connect(w);
	UNTIL(w->loop, w->done == 2);
	assert_string_equal(
	    server_line(w->server, 2), "POST /v2/sandboxes/" ID "/connect");
	server_reply(w->server, NULL, 404, NULL, REFUSAL(404, "no such sandbox"));
	ask_connect(w); /* v2 is known now: no second try */
	UNTIL(w->loop, w->done == 3);
	assert_int_equal(server_count(w->server), 4);
}

static void
test_v1_logs_are_narrowed_here(void **state)
{
	struct world *w = *state;
	static const char old[] = "{\"logs\":["
				  "{\"timestamp\":\"2026-01-01T00:00:01Z\",\"line\":\"{"
				  "\\\"level\\\":\\\"info\\\","
				  "\\\"message\\\":\\\"one \\\"}\"},"
				  "{\"timestamp\":\"2026-01-01T00:00:02Z\",\"line\":\"{"
				  "\\\"level\\\":\\\"error\\\","
				  "\\\"message\\\":\\\"two \\\"}\"},"
				  "{\"timestamp\":\"2026-01-01T00:00:03Z\",\"line\":\"{"
				  "\\\"level\\\":\\\"warn\\\","
				  "\\\"message\\\":\\\"three \\\"}\"},"
				  "{\"timestamp\":\"2026-01-01T00:00:04Z\",\"line\":\"{"
				  "\\\"level\\\":\\\"error\\\","
				  "\\\"message\\\":\\\"four \\\"}\"}]}";
	static const struct {
		struct api_log_query query;
		const char *messages;
	} cases[] = {
		{ { .forward = true }, "one two three four " },
		{ { .forward = false }, "four three two one " },
		{ { .forward = false, .limit = 2 }, "four three " },
		{ { .forward = true, .level = "warn" }, "two three four " },
		{ { .forward = true, .search = "o" }, "one two four " },
		{ { .forward = false, .cursor_ms = 1767225602000 }, "two one " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		server_reply(w->server, "GET /v2/", 404, NULL, "");
		server_reply(w->server, "GET /sandboxes/", 200, NULL, old);
		w->done = 0;
		api_logs(w->api, ID, &cases[i].query, on_logs, w);
		UNTIL(w->loop, w->done);
		assert_int_equal(w->err.code, ERROR_NONE);
		assert_string_equal(w->text, cases[i].messages);
	}
}

/* ---- pause and kill */

static const struct {
	api_call (*ask)(struct world *w);
	int status;	 /* 0: cut without an answer */
	int read_status; /* of the reading behind it, 0: there must be none */
	const char *read;
	enum error_code code;
	bool already;
	const char *text;
} acts[] = {
	{ ask_kill, 204, 0, NULL, ERROR_NONE, false, "" },
	{ ask_kill, 404, 0, NULL, ERROR_NONE, true, "" },
	{ ask_kill, 409, 0, NULL, ERROR_CONFLICT, false, "killing " ID },
	{ ask_kill, 500, 404, "", ERROR_NONE, false, "" },
	{ ask_kill, 500, 200, SANDBOX("running"), ERROR_REMOTE, false, "(500)" },
	{ ask_kill, 0, 404, "", ERROR_NONE, false, "" },
	{ ask_kill, 0, 200, SANDBOX("running"), ERROR_OFFLINE, false,
	    "without an answer" },
	{ ask_kill, 503, 500, "", ERROR_OFFLINE, false, "(503)" },
	{ ask_pause, 204, 0, NULL, ERROR_NONE, false, "" },
	{ ask_pause, 409, 200, SANDBOX("paused"), ERROR_NONE, true, "" },
	{ ask_pause, 409, 200, SANDBOX("running"), ERROR_CONFLICT, false, "(409)" },
	{ ask_pause, 500, 200, SANDBOX("paused"), ERROR_NONE, false, "" },
	{ ask_pause, 500, 404, "", ERROR_NOT_FOUND, false, "the sandbox is gone" },
	{ ask_pause, 503, 200, SANDBOX("running"), ERROR_OFFLINE, false, "(503)" },
	{ ask_pause, 0, 200, SANDBOX("paused"), ERROR_NONE, false, "" },
	{ ask_pause, 0, 200, "garbage", ERROR_OFFLINE, false, "without an answer" },
	{ ask_pause, 404, 0, NULL, ERROR_NOT_FOUND, false, "(404)" },
};

static void
test_pause_and_kill_are_settled_by_reading(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		struct world *w;

		api_setup(state);
		w = *state;
		if (acts[i].status)
			server_reply(w->server, NULL, acts[i].status, NULL, "");
		else
			server_answer(w->server,
			    &(struct server_answer){ .bytes = "", .cut = true });
		if (acts[i].read_status)
			server_reply(w->server, "GET /sandboxes/" ID, acts[i].read_status,
			    NULL, acts[i].read);
		acts[i].ask(w);
		UNTIL(w->loop, w->done);
		assert_int_equal(w->err.code, acts[i].code);
		assert_int_equal(w->already, acts[i].already);
		assert_non_null(strstr(w->err.text, acts[i].text));
		assert_int_equal(server_count(w->server), acts[i].read_status ? 2 : 1);
		api_teardown(state);
	}
}

/* ---- cancelling and freeing at every stage */

static void
test_cancel_every_call_under_way(void **state)
{
	struct world *w = *state;
	api_call ids[ARRAY_LEN(calls)];

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		ids[i] = calls[i].ask(w);
	api_cancel(w->api, ids[0]); /* before it is sent */
	UNTIL(w->loop, server_count(w->server) == ARRAY_LEN(calls) - 1);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		api_cancel(w->api, ids[i]);
	for (size_t i = 0; i + 1 < ARRAY_LEN(calls); i++)
		UNTIL(w->loop, server_request(w->server, i)->gone);
	assert_int_equal(w->done, 0);
}

static void
test_free_with_calls_under_way(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		calls[i].ask(w);
	UNTIL(w->loop, server_count(w->server) == ARRAY_LEN(calls));
	calls[0].ask(w);
	api_free(w->api);
	w->api = NULL;
	UNTIL(w->loop, server_request(w->server, 0)->gone);
	assert_int_equal(w->done, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_bytes_of_every_call),
		T(test_every_status_of_every_read),
		T(test_a_missing_batch_is_not_found),
		T(test_retry_after_reaches_the_owner),
		T(test_answers_that_make_no_sense),
		T(test_silence_is_told),
		T(test_no_host_is_told_at_once),
		cmocka_unit_test(test_reads_are_repeated),
		T(test_repeating_ends),
		T(test_a_dropped_read_is_repeated),
		T(test_cancel_while_waiting_to_repeat),
		T(test_pages_are_followed),
		T(test_a_failing_page_leaves_what_came),
		T(test_a_page_that_repeats_itself_ends_the_list),
		T(test_list_queries),
		T(test_cancel_from_inside_a_page),
		T(test_old_servers_are_remembered),
		T(test_a_missing_sandbox_is_no_old_server),
		T(test_v1_logs_are_narrowed_here),
		cmocka_unit_test(test_pause_and_kill_are_settled_by_reading),
		T(test_cancel_every_call_under_way),
		T(test_free_with_calls_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
