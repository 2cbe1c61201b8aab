/* The control plane's API over HTTP, with real sandboxes behind it. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/sandbox.h"

static int
act(const char *method, const struct guest *g, const char *action, const char *json,
    struct answer *out)
{
	char *path = xasprintf("/sandboxes/%s%s", g->id, action);
	int status = rest(method, path, json, out);

	free(path);
	return status;
}

static struct rest_sandbox
info_of(const struct guest *g)
{
	struct rest_sandbox info;
	struct error err = { 0 };
	struct answer a;

	assert_int_equal(act("GET", g, "", NULL, &a), 200);
	if (!rest_sandbox_decode(a.body.data, a.body.len, &info, &err))
		fail_msg("%s", err.text);
	answer_clear(&a);
	return info;
}

static int64_t
seconds_left(const struct guest *g)
{
	struct rest_sandbox info = info_of(g);
	int64_t left_ms = info.end_ms - clock_wall_ms();

	rest_sandbox_clear(&info);
	return (left_ms + 500) / 1000;
}

static enum rest_state
state_of(const struct guest *g)
{
	struct rest_sandbox info = info_of(g);
	enum rest_state state = info.state;

	rest_sandbox_clear(&info);
	return state;
}

/* ---- errors */

static void
refusals_are_json_with_code_and_message(void **state)
{
	static const struct {
		const char *method, *path, *json;
		int status;
		const char *text; /* in the body */
	} cases[] = {
		{ "GET", "/nowhere", NULL, 404, NULL },
		{ "PUT", "/sandboxes/i0123456789abcdefghij", NULL, 405, NULL },
		{ "GET", "/sandboxes/UPPER", NULL, 400, "Invalid sandbox ID" },
		{ "GET", "/sandboxes/a-b-c", NULL, 400, "Invalid sandbox ID" },
		{ "GET", "/sandboxes/i0123456789abcdefghij", NULL, 404, "not found" },
		{ "GET", "/sandboxes/i0123456789abcdefghij-6532622b", NULL, 404, NULL },
		{ "DELETE", "/sandboxes/i0123456789abcdefghij", NULL, 404, NULL },
		{ "POST", "/sandboxes/i0123456789abcdefghij/pause", NULL, 404, NULL },
		{ "POST", "/sandboxes/i0123456789abcdefghij/timeout", "{\"timeout\":1}",
		    404, NULL },
		{ "POST", "/sandboxes/i0123456789abcdefghij/timeout", NULL, 400, NULL },
		{ "POST", "/sandboxes/i0123456789abcdefghij/connect", "{}", 400,
		    "timeout" },
		{ "POST", "/v2/sandboxes/i0123456789abcdefghij/connect", NULL, 404,
		    NULL },
		{ "POST", "/sandboxes", NULL, 400, NULL },
		{ "POST", "/sandboxes", "{", 400, NULL },
		{ "POST", "/sandboxes", "[]", 400, NULL },
		{ "POST", "/sandboxes", "{}", 400, "templateID" },
		{ "POST", "/sandboxes", "{\"templateID\":7}", 400, "templateID" },
		{ "POST", "/sandboxes", "{\"templateID\":\"nope\"}", 404,
		    "template 'nope' not found: there are base, code-interpreter-v1" },
		{ "POST", "/sandboxes", "{\"templateID\":\"base\",\"timeout\":0}", 400,
		    "timeout" },
		{ "POST", "/sandboxes", "{\"templateID\":\"base\",\"timeout\":-1}", 400,
		    "timeout" },
		{ "POST", "/sandboxes", "{\"templateID\":\"base\",\"timeout\":86401}",
		    400, "Timeout cannot be greater than 24 hours" },
		{ "POST", "/sandboxes",
		    "{\"templateID\":\"base\",\"metadata\":{\"a\":1}}", 400, "metadata" },
		{ "POST", "/sandboxes",
		    "{\"templateID\":\"base\",\"autoPauseMemory\":false}", 400,
		    "autoPause" },
		{ "POST", "/sandboxes", "{\"templateID\":\"base\",\"mcp\":{}}", 400,
		    "mcp" },
		{ "POST", "/sandboxes", "{\"templateID\":\"base\",\"network\":[]}", 400,
		    "network" },
		{ "POST", "/sandboxes",
		    "{\"templateID\":\"base\",\"network\":{\"denyOut\":[\"1.1.1.1\"]}}",
		    400, "`network.denyOut (of less" },
		{ "POST", "/sandboxes",
		    "{\"templateID\":\"base\",\"iam\":{\"tokens\":{\"a\":{}}}}", 400,
		    "`iam.tokens`" },
		{ "POST", "/sandboxes",
		    "{\"templateID\":\"base\",\"volumeMounts\":[{\"name\":\"v\"}]}", 400,
		    "`volumeMounts`" },
		{ "GET", "/v2/sandboxes?limit=0", NULL, 400, "limit" },
		{ "GET", "/v2/sandboxes?limit=101", NULL, 400, "limit" },
		{ "GET", "/v2/sandboxes?state=dead", NULL, 400, "state" },
		{ "GET", "/v2/sandboxes?order=up", NULL, 400, "order" },
		{ "GET", "/v2/sandboxes?startedAfter=soon", NULL, 400, "startedAfter" },
		{ "GET", "/v2/sandboxes?template=base:v1", NULL, 400, "tag" },
		{ "GET", "/v2/sandboxes?metadata=", NULL, 400, "metadata" },
		{ "GET", "/v2/sandboxes?nextToken=rubbish", NULL, 400,
		    "Invalid next token" },
		{ "GET", "/sandboxes/metrics", NULL, 400, "sandbox_ids" },
		{ "GET", "/sandboxes/metrics?sandbox_ids=a,a", NULL, 400, "unique" },
		{ "GET", "/sandboxes/metrics?sandbox_ids=a,,b", NULL, 400, NULL },
		{ "GET", "/sandboxes/iabc/metrics?start=x", NULL, 400, NULL },
		{ "GET", "/sandboxes/iabc/metrics?start=9&end=8", NULL, 400,
		    "Invalid time range for metrics" },
		{ "GET", "/v2/sandboxes/iabc/logs?limit=1001", NULL, 400, "limit" },
		{ "GET", "/v2/sandboxes/iabc/logs?direction=up", NULL, 400, "direction" },
		{ "GET", "/v2/sandboxes/iabc/logs?level=loud", NULL, 400, "level" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;
		char code[16];

		if (rest(cases[i].method, cases[i].path, cases[i].json, &a) !=
		    cases[i].status)
			fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, a.status,
			    a.body.data);
		snprintf(code, sizeof code, "\"code\":%d", cases[i].status);
		if (!body_has(&a, code) || !body_has(&a, "\"message\":\"") ||
		    (cases[i].text && !body_has(&a, cases[i].text)))
			fail_msg(
			    "%s %s: %s", cases[i].method, cases[i].path, a.body.data);
		answer_clear(&a);
	}
}

static void
keys_are_checked_before_anything_else(void **state)
{
	static const struct {
		const char *headers, *text;
	} cases[] = {
		{ "", "authorization header is missing" },
		{ "X-API-Key: nope\r\n", "authorization header is malformed" },
		{ "X-API-Key: e2b_xyz0\r\n", "Invalid API key format" },
		{ "X-API-Key: e2b_abc\r\n", "Invalid API key format" },
		{ "X-API-Key: e2b_\r\n", "Cannot get the team" },
		{ "x-api-key: e2b_0123456789012345678901234567890123456789\r\n",
		    "Cannot get the team" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		ask("GET", "/v2/sandboxes?limit=0", cases[i].headers, NULL, 0, &a);
		assert_int_equal(a.status, 401);
		assert_true(body_has(&a, "\"code\":401") && body_has(&a, cases[i].text));
		assert_false(body_has(&a, house.host->file.key));
		answer_clear(&a);
	}
}

static void
health_needs_no_key(void **state)
{
	struct answer a;

	(void)state;
	ask("GET", "/health", NULL, NULL, 0, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
}

static void
bodies_must_be_json(void **state)
{
	char *headers = xasprintf(
	    "X-API-Key: %s\r\nContent-Type: text/plain\r\n", house.host->file.key);
	struct answer a;

	(void)state;
	ask("POST", "/sandboxes", headers, "{\"templateID\":\"base\"}", 21, &a);
	assert_int_equal(a.status, 400);
	answer_clear(&a);
	free(headers);
}

/* ---- create, get, list */

static void
a_sandbox_shows_what_was_asked(void **state)
{
	struct rest_sandbox info;
	struct guest g;
	struct answer a;
	const char *members = ",\"timeout\":90,\"metadata\":{\"a b\":\"c&d=e%+\"},"
			      "\"autoPause\":true,\"autoResume\":{\"enabled\":true},"
			      "\"allow_internet_access\":false,\"later\":[1]";

	(void)state;
	create_guest(members, &g);
	assert_int_equal(strlen(g.id), 21);
	assert_int_equal(g.id[0], 'i');
	assert_int_equal(strlen(g.token), 64);
	info = info_of(&g);
	assert_string_equal(pairs_get(&info.metadata, "a b"), "c&d=e%+");
	assert_int_equal(info.state, REST_STATE_RUNNING);
	assert_string_equal(info.envd_version, "0.6.13");
	assert_string_equal(info.envd_token, g.token);
	assert_string_equal(info.alias, "base");
	assert_int_equal(info.internet, REST_NO);
	assert_int_equal(info.auto_resume, REST_YES);
	assert_int_equal(info.pause_on_timeout, REST_YES);
	assert_true(info.cpu_count > 0 && info.memory_mb == 512);
	assert_int_equal(info.end_ms - info.started_ms, 90000);
	rest_sandbox_clear(&info);
	act("GET", &g, "-6532622b", NULL, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	kill_guest(&g);
	assert_int_equal(act("DELETE", &g, "", NULL, NULL), 404);
}

static void
generations_have_their_own_default_timeout(void **state)
{
	static const struct {
		const char *path;
		int64_t seconds;
	} cases[] = { { "/sandboxes", 15 }, { "/v2/sandboxes", 300 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_created created;
		struct error err;
		struct guest g = { 0 };
		struct answer a;

		assert_int_equal(
		    rest("POST", cases[i].path, "{\"templateID\":\"base\"}", &a), 201);
		assert_true(rest_created_decode(a.body.data, a.body.len, &created, &err));
		str_copy(g.id, sizeof g.id, created.id);
		assert_int_equal(seconds_left(&g), cases[i].seconds);
		rest_created_clear(&created);
		answer_clear(&a);
		kill_guest(&g);
	}
}

/* ids of a list, joined by blanks */
static char *
list_ids(const char *query, struct answer *a)
{
	char *path = xasprintf("/v2/sandboxes%s", query);
	struct rest_sandbox_list list;
	struct error err = { 0 };
	struct buf ids;

	if (rest("GET", path, NULL, a) != 200)
		fail_msg("%s: %s", path, a->body.data);
	if (!rest_sandbox_list_decode(a->body.data, a->body.len, &list, &err))
		fail_msg("%s", err.text);
	buf_init(&ids, 1u << 20);
	for (size_t i = 0; i < list.count; i++)
		buf_addf(&ids, "%s ", list.items[i].id);
	rest_sandbox_list_clear(&list);
	free(path);
	return buf_take(&ids);
}

static void
expect_list(const char *query, const char *ids)
{
	struct answer a;
	char *got = list_ids(query, &a);

	if (!str_eq(got, ids))
		fail_msg("%s: %s, not %s", query, got, ids);
	free(got);
	answer_clear(&a);
}

static void
lists_filter_sort_and_page(void **state)
{
	struct guest g[3];
	struct answer a;
	char *want, *query, *got;

	(void)state;
	create_guest(",\"timeout\":60,\"metadata\":{\"k\":\"a&b\",\"n\":\"1\"}", &g[0]);
	create_guest(",\"timeout\":60,\"metadata\":{\"k\":\"a&b\",\"n\":\"2\"}", &g[1]);
	create_guest(",\"timeout\":60,\"metadata\":{\"k\":\"other\"}", &g[2]);
	assert_int_equal(act("POST", &g[0], "/pause", NULL, NULL), 204);

	want = xasprintf("%s %s ", g[1].id, g[0].id);
	expect_list("?metadata=k%3Da%252526b", want);
	free(want);
	want = xasprintf("%s %s ", g[0].id, g[1].id);
	expect_list("?metadata=k%3Da%252526b&order=asc", want);
	free(want);
	want = xasprintf("%s ", g[0].id);
	expect_list("?state=paused", want);
	free(want);
	want = xasprintf("%s %s ", g[2].id, g[1].id);
	expect_list("?state=running&template=base", want);
	free(want);
	expect_list("?template=nope", "");
	expect_list("?startedAfter=2100-01-01T00:00:00Z", "");

	got = list_ids("?limit=2", &a);
	assert_string_equal(answer_header(&a, "X-Total-Running"), "2");
	query = xasprintf("?limit=2&nextToken=%s", answer_header(&a, "X-Next-Token"));
	free(got);
	answer_clear(&a);
	want = xasprintf("%s ", g[0].id);
	got = list_ids(query, &a);
	assert_string_equal(got, want);
	assert_null(answer_header(&a, "X-Next-Token"));
	free(got);
	answer_clear(&a);
	/* A token of the other order is refused. */
	free(want);
	want = xasprintf("/v2/sandboxes%s&order=asc", query);
	assert_int_equal(rest("GET", want, NULL, NULL), 400);
	got = list_ids("?state=paused", &a);
	assert_null(answer_header(&a, "X-Total-Running"));
	free(got);
	answer_clear(&a);
	/* The old form: what runs, nothing in the headers. */
	assert_int_equal(rest("GET", "/sandboxes", NULL, &a), 200);
	assert_true(body_has(&a, g[1].id) && !body_has(&a, g[0].id));
	assert_null(answer_header(&a, "X-Total-Running"));
	answer_clear(&a);
	free(want);
	free(query);
	for (size_t i = 0; i < 3; i++)
		kill_guest(&g[i]);
}

/* ---- once only */

static int
create_with_key(const char *key, const char *json, struct answer *a)
{
	char *headers = xasprintf(
	    "X-API-Key: %s\r\nContent-Type: application/json\r\nIdempotency-Key: %s\r\n",
	    house.host->file.key, key);

	ask("POST", "/v2/sandboxes", headers, json, strlen(json), a);
	free(headers);
	return a->status;
}

static void
a_create_with_a_key_happens_once(void **state)
{
	const char *json = "{\"templateID\":\"base\",\"timeout\":60}";
	struct rest_created created;
	struct error err;
	struct guest g = { 0 };
	struct answer first, second;

	(void)state;
	assert_int_equal(create_with_key("abc123", json, &first), 201);
	restart_house(true);
	assert_int_equal(create_with_key("abc123", json, &second), 201);
	assert_string_equal(first.body.data, second.body.data);
	assert_true(rest_created_decode(first.body.data, first.body.len, &created, &err));
	answer_clear(&second);
	assert_int_equal(create_with_key("abc123",
			     "{\"templateID\":\"base\",\"timeout\":61}", &second),
	    409);
	assert_true(body_has(&second, "idempotency_request_mismatch"));
	answer_clear(&second);
	assert_int_equal(create_with_key("Bad_Key", json, &second), 400);
	answer_clear(&second);
	/* A refusal is kept too, and says that repeating it is useless. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    create_with_key("def", "{\"templateID\":\"no\"}", &second), 404);
		assert_string_equal(answer_header(&second, "Should-Retry"), "false");
		answer_clear(&second);
	}
	str_copy(g.id, sizeof g.id, created.id);
	kill_guest(&g);
	rest_created_clear(&created);
	answer_clear(&first);
}

/* ---- time */

static void
time_goes_up_and_down_as_each_call_says(void **state)
{
	struct guest g;
	struct answer a;

	(void)state;
	create_guest(",\"timeout\":100", &g);
	assert_int_equal(act("POST", &g, "/timeout", "{\"timeout\":50}", NULL), 204);
	assert_int_equal(seconds_left(&g), 50);
	assert_int_equal(act("POST", &g, "/refreshes", "{\"duration\":20}", NULL), 204);
	assert_int_equal(seconds_left(&g), 50);
	assert_int_equal(act("POST", &g, "/refreshes", "{\"duration\":70}", NULL), 204);
	assert_int_equal(seconds_left(&g), 70);
	assert_int_equal(act("POST", &g, "/refreshes", "{\"duration\":3601}", NULL), 400);
	assert_int_equal(act("POST", &g, "/refreshes", NULL, NULL), 400);
	assert_int_equal(act("POST", &g, "/connect", "{\"timeout\":10}", &a), 200);
	assert_true(body_has(&a, g.token));
	assert_int_equal(seconds_left(&g), 70);
	answer_clear(&a);
	assert_int_equal(act("POST", &g, "/connect", "{\"timeout\":200}", NULL), 200);
	assert_int_equal(seconds_left(&g), 200);
	assert_int_equal(act("POST", &g, "/timeout", "{\"timeout\":999999}", NULL), 204);
	assert_true(seconds_left(&g) <= HOST_MAX_TIMEOUT_S);
	assert_int_equal(act("POST", &g, "/timeout", "{\"timeout\":-1}", NULL), 400);
	assert_int_equal(act("POST", &g, "/timeout", "{}", NULL), 400);
	kill_guest(&g);
}

static bool
is_gone(void *ctx)
{
	const struct guest *g = ctx;

	return !registry_find(house.host->registry, g->id);
}

static bool
is_paused(void *ctx)
{
	const struct guest *g = ctx;
	const struct sandbox *s = registry_find(house.host->registry, g->id);

	return s && s->state == SANDBOX_PAUSED;
}

static void
the_end_kills_or_pauses(void **state)
{
	struct guest g;

	(void)state;
	create_guest(",\"timeout\":60", &g);
	assert_int_equal(act("POST", &g, "/timeout", "{\"timeout\":0}", NULL), 204);
	turn_until(is_gone, &g);
	assert_int_equal(act("GET", &g, "", NULL, NULL), 404);
	create_guest(",\"timeout\":60,\"autoPause\":true", &g);
	assert_int_equal(act("POST", &g, "/timeout", "{\"timeout\":0}", NULL), 204);
	turn_until(is_paused, &g);
	kill_guest(&g);
}

/* ---- pause and resume */

static void
paused_sandboxes_sleep_until_they_are_resumed(void **state)
{
	static const char *const resumes[][2] = { { "/connect", "{\"timeout\":77}" },
		{ "/resume", "{\"timeout\":77}" } };
	struct stream_end ran;
	struct guest g;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(resumes); i++) {
		create_guest(NULL, &g);
		run_script(&g, "echo kept > file", &ran);
		stream_clear(&ran);
		assert_int_equal(act("POST", &g, "/resume", "{}", NULL), 409);
		assert_int_equal(act("POST", &g, "/pause", "{}", NULL), 204);
		assert_int_equal(state_of(&g), REST_STATE_PAUSED);
		assert_int_equal(act("POST", &g, "/pause", NULL, NULL), 409);
		assert_int_equal(
		    act("POST", &g, "/timeout", "{\"timeout\":5}", NULL), 404);
		assert_int_equal(
		    act("POST", &g, "/refreshes", "{\"duration\":5}", NULL), 404);
		assert_int_equal(
		    act("POST", &g, resumes[i][0], resumes[i][1], NULL), 201);
		assert_int_equal(state_of(&g), REST_STATE_RUNNING);
		assert_int_equal(seconds_left(&g), 77);
		run_script(&g, "cat file", &ran);
		assert_string_equal(ran.out.data, "kept\n");
		stream_clear(&ran);
		kill_guest(&g);
	}
}

static void
a_pause_without_memory_keeps_the_files_only(void **state)
{
	struct stream_end ran;
	struct guest g;
	struct client c;

	(void)state;
	create_guest(NULL, &g);
	run_script(&g, "echo kept > file", &ran);
	stream_clear(&ran);
	client_open(&c);
	open_stream(&c, &g, "Start",
	    "{\"process\":{\"cmd\":\"sleep\",\"args\":[\"1000\"]},\"tag\":\"t\"}", NULL);
	wait_pid(&c);
	assert_int_equal(act("POST", &g, "/pause", "{\"memory\":false}", NULL), 204);
	client_wait(&c, "unavailable");
	client_close(&c);
	assert_int_equal(state_of(&g), REST_STATE_PAUSED);
	assert_int_equal(act("POST", &g, "/connect", "{\"timeout\":60}", NULL), 201);
	assert_int_equal(
	    unary(&g, "SendSignal",
		"{\"process\":{\"tag\":\"t\"},\"signal\":\"SIGNAL_SIGKILL\"}", NULL),
	    404);
	run_script(&g, "cat file", &ran);
	assert_string_equal(ran.out.data, "kept\n");
	stream_clear(&ran);
	kill_guest(&g);
}

static void
processes_survive_a_pause_in_memory(void **state)
{
	struct guest g;
	struct client c;
	struct answer a;
	char *json;
	int pid;

	(void)state;
	create_guest(NULL, &g);
	client_open(&c);
	open_stream(&c, &g, "Start",
	    "{\"process\":{\"cmd\":\"sleep\",\"args\":[\"1000\"]},\"tag\":\"t\"}", NULL);
	pid = wait_pid(&c);
	assert_int_equal(act("POST", &g, "/pause", NULL, NULL), 204);
	client_wait(&c, "unavailable");
	client_close(&c);
	ask("POST", "/process.Process/List", g.headers, "{}", 2, &a);
	assert_int_equal(a.status, 502);
	assert_true(body_has(&a, "The sandbox was not found") && body_has(&a, g.id));
	answer_clear(&a);
	assert_int_equal(act("POST", &g, "/connect", "{\"timeout\":60}", NULL), 201);
	assert_int_equal(unary(&g, "List", "{}", &a), 200);
	json = xasprintf("\"pid\":%d,\"tag\":\"t\"", pid);
	assert_true(body_has(&a, json));
	free(json);
	answer_clear(&a);
	kill_guest(&g);
}

static void
traffic_wakes_those_who_want_it(void **state)
{
	struct guest g;
	struct answer a;

	(void)state;
	create_guest(
	    ",\"timeout\":60,\"autoPause\":true,\"autoResume\":{\"enabled\":true}", &g);
	assert_int_equal(act("POST", &g, "/pause", NULL, NULL), 204);
	char *headers =
	    xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n", g.id);

	ask("GET", "/health", headers, NULL, 0, &a);
	assert_int_equal(a.status, 403);
	answer_clear(&a);
	assert_int_equal(state_of(&g), REST_STATE_PAUSED);
	ask("GET", "/health", g.headers, NULL, 0, &a);
	assert_int_equal(a.status, 204);
	answer_clear(&a);
	assert_int_equal(state_of(&g), REST_STATE_RUNNING);
	assert_int_equal(seconds_left(&g), 300);
	free(headers);
	kill_guest(&g);
}

/* ---- after a restart */

static void
a_restart_keeps_everything_but_processes(void **state)
{
	struct stream_end ran;
	struct rest_sandbox info;
	struct answer a;
	struct guest g[2];

	(void)state;
	for (int gently = 0; gently < 2; gently++) {
		create_guest(",\"timeout\":60,\"metadata\":{\"m\":\"1\"},\"envVars\":{"
			     "\"E\":\"v\"}",
		    &g[0]);
		create_guest(NULL, &g[1]);
		run_script(&g[0], "echo kept > file", &ran);
		stream_clear(&ran);
		assert_int_equal(act("POST", &g[1], "/pause", NULL, NULL), 204);
		/* What was told must be known again: a list is read after what was written. */
		assert_int_equal(act("GET", &g[0], "/logs", NULL, NULL), 200);
		int port = house.host->file.port;

		restart_house(gently == 1);
		assert_int_equal(house.host->file.port, port);
		info = info_of(&g[0]);
		assert_int_equal(info.state, REST_STATE_PAUSED);
		assert_string_equal(pairs_get(&info.metadata, "m"), "1");
		assert_string_equal(info.envd_token, g[0].token);
		rest_sandbox_clear(&info);
		assert_int_equal(state_of(&g[1]), REST_STATE_PAUSED);
		assert_int_equal(act("GET", &g[0], "/logs", NULL, &a), 200);
		assert_true(body_has(&a, "Sandbox created") && body_has(&a, "files "));
		answer_clear(&a);
		assert_int_equal(act("GET", &g[0], "/metrics", NULL, &a), 200);
		assert_true(body_has(&a, "cpuUsedPct"));
		answer_clear(&a);
		assert_int_equal(
		    act("POST", &g[0], "/connect", "{\"timeout\":60}", NULL), 201);
		run_script(&g[0], "cat file; echo $E", &ran);
		assert_string_equal(ran.out.data, "kept\nv\n");
		stream_clear(&ran);
		kill_guest(&g[0]);
		kill_guest(&g[1]);
	}
}

/* ---- metrics, logs, templates */

static bool
was_sampled(void *ctx)
{
	const struct guest *g = ctx;
	const struct sandbox *s = registry_find(house.host->registry, g->id);

	return s && series_last(&s->series);
}

static void
metrics_begin_at_creation_and_outlive_the_sandbox(void **state)
{
	struct rest_metric_list list;
	struct rest_metric_map map;
	struct error err;
	struct answer a;
	struct guest g;
	char *path;

	(void)state;
	create_guest(NULL, &g);
	turn_until(was_sampled, &g);
	assert_int_equal(act("GET", &g, "/metrics", NULL, &a), 200);
	assert_true(rest_metric_list_decode(a.body.data, a.body.len, &list, &err));
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].cpu_count > 0 && list.items[0].mem_total == 512u << 20);
	assert_int_equal(list.items[0].ts_s % 5, 0);
	rest_metric_list_clear(&list);
	answer_clear(&a);
	path = xasprintf("/sandboxes/metrics?sandbox_ids=%s,iunknown", g.id);
	for (int killed = 0; killed < 2; killed++) {
		assert_int_equal(rest("GET", path, NULL, &a), 200);
		assert_true(rest_metric_map_decode(a.body.data, a.body.len, &map, &err));
		assert_int_equal(map.count, 1);
		assert_string_equal(map.items[0].id, g.id);
		rest_metric_map_clear(&map);
		answer_clear(&a);
		if (!killed)
			kill_guest(&g);
	}
	assert_int_equal(act("GET", &g, "/metrics", NULL, &a), 200);
	assert_true(body_has(&a, "cpuUsedPct"));
	answer_clear(&a);
	/* An open end is the last sample's: later than that makes no sense. */
	assert_int_equal(act("GET", &g, "/metrics?start=99999999999", NULL, NULL), 400);
	assert_int_equal(act("GET", &g,
			     "/metrics?start=-9223372036854775808"
			     "&end=9223372036854775807",
			     NULL, &a),
	    200);
	assert_true(rest_metric_list_decode(a.body.data, a.body.len, &list, &err));
	assert_int_equal(list.items[0].ts_s % 900, 0);
	rest_metric_list_clear(&list);
	answer_clear(&a);
	assert_int_equal(act("GET", &g, "/metrics?start=0&end=10", NULL, &a), 200);
	assert_string_equal(a.body.data, "[]");
	answer_clear(&a);
	assert_int_equal(rest("GET", "/sandboxes/inever/metrics", NULL, &a), 200);
	assert_string_equal(a.body.data, "[]");
	answer_clear(&a);
	free(path);
}

static size_t
count_logs(const struct guest *g, const char *query)
{
	char *path = xasprintf("/v2/sandboxes/%s/logs?%s", g->id, query);
	struct rest_log_list list;
	struct error err = { 0 };
	struct answer a;
	size_t count;

	assert_int_equal(rest("GET", path, NULL, &a), 200);
	if (!rest_log_list_decode(a.body.data, a.body.len, &list, &err))
		fail_msg("%s", err.text);
	count = list.count;
	for (size_t i = 1; i < count; i++)
		assert_true(strstr(query, "forward")
				? list.items[i].time_ns > list.items[i - 1].time_ns
				: list.items[i].time_ns < list.items[i - 1].time_ns);
	rest_log_list_clear(&list);
	answer_clear(&a);
	free(path);
	return count;
}

static void
logs_hold_processes_and_tagged_lines(void **state)
{
	struct stream_end ran;
	struct guest g;
	struct client c;
	struct answer a;

	(void)state;
	create_guest(NULL, &g);
	run_script(&g, "exit 3", &ran);
	stream_clear(&ran);
	client_open(&c);
	open_stream(&c, &g, "Start",
	    "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\",\"echo one; echo ERROR two; "
	    "printf three\"]},\"tag\":\"log:app\"}",
	    NULL);
	client_answer(&c, &a);
	answer_clear(&a);
	client_close(&c);
	/* created; two starts, two ends; three lines */
	assert_int_equal(count_logs(&g, "direction=forward"), 8);
	assert_int_equal(count_logs(&g, ""), 8);
	assert_int_equal(count_logs(&g, "limit=3"), 3);
	assert_int_equal(count_logs(&g, "level=error"), 1);
	assert_int_equal(count_logs(&g, "search=hree"), 1);
	assert_int_equal(count_logs(&g, "search=Three"), 0);
	assert_int_equal(count_logs(&g, "direction=forward&cursor=99999999999"), 0);
	assert_int_equal(act("GET", &g, "/logs", NULL, &a), 200);
	assert_true(body_has(&a, "\\\"level\\\":\\\"error\\\"") &&
		    body_has(&a, "\\\"logger\\\":\\\"app\\\"") &&
		    body_has(&a, "exit status 3") && body_has(&a, "logEntries"));
	answer_clear(&a);
	kill_guest(&g);
	assert_int_equal(count_logs(&g, ""), 9);
}

static void
templates_have_all_their_members(void **state)
{
	static const char *const members[] = { "templateID", "buildID", "cpuCount",
		"memoryMB", "diskSizeMB", "public", "aliases", "names", "createdAt",
		"updatedAt", "createdBy", "lastSpawnedAt", "spawnCount", "buildCount",
		"envdVersion", "buildStatus" };
	static const char *const paths[] = { "/templates", "/v2/templates" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct answer a;

		assert_int_equal(rest("GET", paths[i], NULL, &a), 200);
		for (size_t k = 0; k < ARRAY_LEN(members); k++) {
			char *key = xasprintf("\"%s\":", members[k]);

			assert_true(body_has(&a, key));
			free(key);
		}
		assert_true(
		    body_has(&a, "\"base\"") && body_has(&a, "\"code-interpreter-v1\""));
		answer_clear(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_are_json_with_code_and_message),
		cmocka_unit_test(keys_are_checked_before_anything_else),
		cmocka_unit_test(health_needs_no_key),
		cmocka_unit_test(bodies_must_be_json),
		cmocka_unit_test(a_sandbox_shows_what_was_asked),
		cmocka_unit_test(generations_have_their_own_default_timeout),
		cmocka_unit_test(lists_filter_sort_and_page),
		cmocka_unit_test(a_create_with_a_key_happens_once),
		cmocka_unit_test(time_goes_up_and_down_as_each_call_says),
		cmocka_unit_test(the_end_kills_or_pauses),
		cmocka_unit_test(paused_sandboxes_sleep_until_they_are_resumed),
		cmocka_unit_test(a_pause_without_memory_keeps_the_files_only),
		cmocka_unit_test(processes_survive_a_pause_in_memory),
		cmocka_unit_test(traffic_wakes_those_who_want_it),
		cmocka_unit_test(a_restart_keeps_everything_but_processes),
		cmocka_unit_test(metrics_begin_at_creation_and_outlive_the_sandbox),
		cmocka_unit_test(logs_hold_processes_and_tagged_lines),
		cmocka_unit_test(templates_have_all_their_members),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
