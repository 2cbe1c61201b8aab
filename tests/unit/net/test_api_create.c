/* One sandbox for one create, whatever the answer: markers, keys, looks. */
#include "tests/unit/net/api_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
test_create_carries_marker_and_key(void **state)
{
	struct world *w = *state;
	char marker[17];
	api_call id;

	id = ask_create(w);
	UNTIL(w->loop, server_count(w->server) == 1);
	marker_of(w, 0, marker);
	assert_string_equal(api_create_marker(w->api, id), marker);
	assert_int_equal(strlen(server_header(w->server, 0, "Idempotency-Key")), 32);
	assert_non_null(strstr(server_body(w->server, 0), "\"templateID\":\"base\""));
	assert_non_null(strstr(server_body(w->server, 0), "\"timeout\":900"));
	assert_non_null(
	    strstr(server_body(w->server, 0), "\"allow_internet_access\":true"));
	assert_non_null(strstr(server_body(w->server, 0), "\"a\":\"b\""));
	assert_null(strstr(server_body(w->server, 0), "\"secure\""));
	server_send_text(w->server, 0, "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");
	UNTIL(w->loop, server_count(w->server) == 2);
	assert_string_equal(server_line(w->server, 1), "POST /sandboxes");
	assert_non_null(strstr(server_body(w->server, 1), "\"secure\":true"));
	assert_non_null(strstr(server_body(w->server, 1), marker));
	server_send_text(w->server, 1, "HTTP/1.1 201 X\r\nContent-Length: 2\r\n\r\n{}");
	api_cancel(w->api, id);
	assert_string_equal(api_create_marker(w->api, id), "");
	assert_int_equal(w->done, 0);
}

static void
test_create_always_has_a_timeout(void **state)
{
	struct world *w = *state;
	struct rest_create create = { .template_id = xstrdup("base"), .timeout_s = -1 };

	api_create(w->api, &create, on_created, w);
	rest_create_clear(&create);
	UNTIL(w->loop, server_count(w->server) == 1);
	assert_non_null(strstr(server_body(w->server, 0), "\"timeout\":900"));
}

/* A list whose one sandbox carries the marker. */
static void
reply_with_marker(struct world *w, const char *marker)
{
	char *list =
	    xasprintf("[{\"sandboxID\":\"" ID "\",\"templateID\":\"base\","
		      "\"state\":\"running\",\"startedAt\":\"2026-01-01T00:00:00Z\","
		      "\"endAt\":\"2026-01-01T01:00:00Z\","
		      "\"metadata\":{\"" API_MARKER_KEY "\":\"%s\"}}]",
		marker);

	server_reply(w->server, "GET /v2/sandboxes?state", 200, NULL, list);
	free(list);
}

static const struct {
	int status; /* 0: cut without an answer */
	const char *answer;
} unclear[] = {
	{ 0, "" },
	{ 201, "" },
	{ 201, "{\"sandboxID\":" },
	{ 201, "<html>" },
	{ 502, "<html>" },
	{ 504, "" },
	{ 409, "{\"code\":409,\"message\":\"busy\",\"error_code\":\"idempotency_in_"
	       "progress\"}" },
	{ 422, "{\"code\":422,\"message\":\"?\",\"error_code\":\"idempotency_outcome_"
	       "unknown\"}" },
};

static void
answer_create(struct world *w, int status, const char *headers, const char *answer)
{
	if (status)
		server_reply(w->server, "POST", status, headers, answer);
	else
		server_answer(w->server,
		    &(struct server_answer){ .path = "POST", .bytes = "", .cut = true });
}

static void
test_a_lost_create_is_found_by_its_marker(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(unclear); i++) {
		struct world *w;
		char marker[17];

		api_setup(state);
		w = *state;
		answer_create(w, unclear[i].status, NULL, unclear[i].answer);
		server_reply(w->server, "GET /v2/sandboxes?", 200, NULL,
		    "[" SANDBOX("running") "]"); /* a server that ignores the filter */
		server_reply(
		    w->server, "GET /sandboxes/" ID, 200, NULL, SANDBOX("running"));
		ask_create(w);
		UNTIL(w->loop, server_count(w->server) >= 1);
		marker_of(w, 0, marker);
		reply_with_marker(w, marker);
		UNTIL(w->loop, w->done);
		assert_int_equal(w->err.code, ERROR_NONE);
		assert_string_equal(w->id, ID);
		assert_string_equal(w->token, "tok");
		assert_int_equal(server_count(w->server), 4);
		assert_non_null(
		    strstr(server_line(w->server, 1), "state=running,paused"));
		assert_non_null(strstr(server_line(w->server, 1), marker));
		api_teardown(state);
	}
}

static void
test_a_lost_create_is_never_sent_again(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(unclear); i++) {
		struct world *w;
		char marker[17];
		size_t creates = 0;

		api_setup(state);
		w = *state;
		answer_create(w, unclear[i].status, NULL, unclear[i].answer);
		server_answer(w->server,
		    &(struct server_answer){ .path = "GET /v2/sandboxes?",
			.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
			.keep = true });
		ask_create(w);
		UNTIL(w->loop, w->done);
		assert_int_not_equal(w->err.code, ERROR_NONE);
		marker_of(w, 0, marker);
		assert_non_null(strstr(w->err.text, marker));
		assert_string_equal(w->id, "");
		for (size_t k = 0; k < server_count(w->server); k++)
			creates += str_has_prefix(server_line(w->server, k), "POST");
		assert_int_equal(creates, 1);
		assert_true(server_count(w->server) > 3);
		api_teardown(state);
	}
}

static void
test_a_create_that_cannot_be_settled_says_so(void **state)
{
	struct world *w = *state;

	answer_create(w, 0, NULL, "");
	server_answer(
	    w->server, &(struct server_answer){ .path = "GET",
			   .bytes = "HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n",
			   .keep = true });
	ask_create(w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_OFFLINE);
	assert_non_null(strstr(w->err.text, "could not be seen"));
}

static const struct {
	int status;
	const char *headers, *answer;
	bool looks;	/* for the marker in between */
	size_t creates; /* sent, when the second would succeed */
} refusals[] = {
	{ 503, NULL, REFUSAL(503, "full"), true, 2 },
	{ 503, "Should-Retry: false\r\n", REFUSAL(503, "full"), true, 1 },
	{ 503, "Should-Retry: true\r\n", "<html>", true, 2 },
	{ 503, NULL, "<html>", true, 1 },
	{ 500, NULL, REFUSAL(500, "boom"), true, 1 },
	{ 500, "Should-Retry: true\r\n", REFUSAL(500, "boom"), true, 2 },
	{ 503, NULL,
	    "{\"code\":503,\"message\":\"no\",\"error_code\":\"sandbox_create_refused\"}",
	    true, 1 },
	{ 429, "Retry-After: 1\r\n", REFUSAL(429, "slow down"), false, 2 },
	{ 429, "Retry-After: 1\r\nShould-Retry: false\r\n", REFUSAL(429, "no"), false,
	    1 },
	{ 429, NULL, REFUSAL(429, "concurrency limit (20)"), false, 1 },
	{ 429, "Retry-After: 90\r\n", REFUSAL(429, "later"), false, 1 },
	{ 400, NULL, REFUSAL(400, "Timeout cannot be greater than 1 hours"), false, 1 },
	{ 409, NULL,
	    "{\"code\":409,\"message\":\"m\",\"error_code\":\"idempotency_request_"
	    "mismatch\"}",
	    false, 1 },
	{ 401, NULL, "", false, 1 },
};

static void
test_refused_creates(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct world *w;
		size_t creates = 0, second = 0;
		char key[64];

		api_setup(state);
		w = *state;
		answer_create(
		    w, refusals[i].status, refusals[i].headers, refusals[i].answer);
		server_reply(w->server, "POST", 201, NULL, CREATED);
		server_answer(w->server,
		    &(struct server_answer){ .path = "GET /v2/sandboxes?",
			.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
			.keep = true });
		ask_create(w);
		UNTIL(w->loop, w->done);
		for (size_t k = 0; k < server_count(w->server); k++) {
			if (!str_has_prefix(server_line(w->server, k), "POST"))
				continue;
			creates++;
			second = k;
		}
		assert_int_equal(creates, refusals[i].creates);
		assert_int_equal(server_count(w->server) > creates, refusals[i].looks);
		assert_int_equal(w->err.code == ERROR_NONE, creates == 2);
		str_copy(key, sizeof key, server_header(w->server, 0, "Idempotency-Key"));
		if (creates == 2)
			assert_string_not_equal(
			    key, server_header(w->server, second, "Idempotency-Key"));
		api_teardown(state);
	}
}

static void
test_cancelled_creates_can_be_hunted(void **state)
{
	struct world *w = *state;
	char marker[17];
	api_call id = ask_create(w);

	UNTIL(w->loop, server_count(w->server) == 1);
	str_copy(marker, sizeof marker, api_create_marker(w->api, id));
	api_cancel(w->api, id);
	server_reply(w->server, "GET /v2/sandboxes?", 200, NULL, "[]");
	reply_with_marker(w, marker);
	server_reply(w->server, "DELETE /sandboxes/" ID, 204, NULL, "");
	api_kill_marker(w->api, marker, on_marker, w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_NONE);
	assert_string_equal(w->id, ID);
	assert_int_equal(server_count(w->server), 4);
}

static void
test_a_hunt_ends(void **state)
{
	struct world *w = *state;

	server_answer(
	    w->server, &(struct server_answer){ .path = "GET /v2/sandboxes?",
			   .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
			   .keep = true });
	api_kill_marker(w->api, "0123456789abcdef", on_marker, w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_NONE);
	assert_string_equal(w->id, "");
	assert_int_equal(server_count(w->server), 8);
}

static void
test_a_hunted_sandbox_that_cannot_be_killed_is_named(void **state)
{
	struct world *w = *state;

	reply_with_marker(w, "0123456789abcdef");
	server_reply(w->server, "DELETE", 403, NULL, "");
	api_kill_marker(w->api, "0123456789abcdef", on_marker, w);
	UNTIL(w->loop, w->done);
	assert_int_equal(w->err.code, ERROR_DENIED);
	assert_string_equal(w->id, ID);
}

static void
test_cancel_a_create_that_settles(void **state)
{
	struct world *w = *state;
	api_call id;

	answer_create(w, 0, NULL, "");
	id = ask_create(w);
	UNTIL(w->loop, server_count(w->server) == 2);
	api_cancel(w->api, id);
	UNTIL(w->loop, server_request(w->server, 1)->gone);
	assert_int_equal(w->done, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_create_carries_marker_and_key),
		T(test_create_always_has_a_timeout),
		cmocka_unit_test(test_a_lost_create_is_found_by_its_marker),
		cmocka_unit_test(test_a_lost_create_is_never_sent_again),
		T(test_a_create_that_cannot_be_settled_says_so),
		cmocka_unit_test(test_refused_creates),
		T(test_cancelled_creates_can_be_hunted),
		T(test_a_hunt_ends),
		T(test_a_hunted_sandbox_that_cannot_be_killed_is_named),
		T(test_cancel_a_create_that_settles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
