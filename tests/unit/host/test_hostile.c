/* What a client may throw at the host: requests two readers could understand differently,
 * connections that only lie there, bodies of every wrong kind for every route. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/routes.h"
#include "host/sandbox.h"
#include "host/server_internal.h"
#include "wire/envelope.h"

static struct guest guest;

static int
open_guest(void **state)
{
	open_house(state);
	create_guest(",\"timeout\":3600", &guest);
	return 0;
}

static void
host_is_well(void)
{
	struct answer a;

	ask("GET", "/health", NULL, NULL, 0, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
}

/* ---- where a request ends */

#define SECOND "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define TWO_LENGTHS "Content-Length: 2\r\nContent-Length: 43\r\n\r\n{}" SECOND

static void
unclear_requests_are_refused_and_nothing_follows(void **state)
{
	static const struct {
		const char *version, *rest; /* behind the request line */
	} cases[] = {
		{ "1.1", TWO_LENGTHS },
		{ "1.1", "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" SECOND },
		{ "1.1", "Content-Length: 2, 2\r\n\r\n{}" SECOND },
		{ "1.1", "Content-Length: +2\r\n\r\n{}" SECOND },
		{ "1.1", "Content-Length: 0x2\r\n\r\n{}" SECOND },
		{ "1.1", "Content-Length: -2\r\n\r\n{}" SECOND },
		{ "1.1", "Content-Length:\r\n\r\n" SECOND },
		{ "1.1", "Content-Length: 18446744073709551617\r\n\r\n{}" SECOND },
		{ "1.1", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
			 "0\r\n\r\n" SECOND },
		{ "1.1", "Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n"
			 "0\r\n\r\n" SECOND },
		{ "1.1",
		    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "0\r\n\r\n" SECOND },
		{ "1.1", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" SECOND },
		{ "1.1", "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" SECOND },
		{ "1.1", "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" SECOND },
		{ "1.1", "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" SECOND },
		{ "1.0", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SECOND },
		{ "1.1", "Host: elsewhere\r\nContent-Length: 0\r\n\r\n" SECOND },
		{ "1.1", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}" },
		{ "1.1",
		    "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n" SECOND },
		{ "1.1", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n" SECOND },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = xasprintf("POST /sandboxes HTTP/%s\r\nHost: localhost\r\n"
				       "X-API-Key: %s\r\n%s",
		    cases[i].version, house.host->file.key, cases[i].rest);
		struct client c;
		struct answer a;

		client_open(&c);
		client_send(&c, text, strlen(text));
		client_answer(&c, &a);
		if (!a.closed && a.status != 400 && a.status != 413)
			fail_msg("%zu: %d %s", i, a.status, a.body.data);
		answer_clear(&a);
		do { /* libmicrohttpd may refuse what it reads on as well */
			client_answer(&c, &a);
			if (!a.closed && a.status < 400)
				fail_msg("%zu: followed by %d", i, a.status);
			answer_clear(&a);
		} while (!c.eof);
		client_close(&c);
		free(text);
	}
	host_is_well();
}

/* Paths are matched as they were sent: nothing decoded leads anywhere else. */
static void
odd_targets_lead_nowhere(void **state)
{
	static const char *const targets[] = { "http://localhost/sandboxes",
		"http://evil/sandboxes", "evil:80", "*", "/sandboxes/%00abc",
		"/x/%2e%2e/sandboxes", "/x/../sandboxes", "/%2fsandboxes", "//sandboxes",
		"/%73andboxes", "/sandboxes/%zz", "/sandboxes/", "/sandboxes/%2e%2e",
		"/sandboxes/a%0ab", "/sandboxes/\xff\xfe" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct answer a;
		int status = rest("GET", targets[i], NULL, &a);

		if (status != 404 && status != 400)
			fail_msg("%s: %d", targets[i], status);
		assert_true(body_has(&a, "\"code\":") && body_has(&a, "\"message\":"));
		answer_clear(&a);
	}
}

/* ---- those who only lie there */

static bool
is_stuck(void *ctx)
{
	(void)ctx;
	return house.host->server->stuck;
}

static bool
has_begun(void *ctx)
{
	struct connection *c = house.host->server->connections;

	(void)ctx;
	return c && c->request && c->request->headed;
}

static void
a_chunk_line_without_end_costs_no_work(void **state)
{
	static const char lines[] = { 'a', '0' }; /* an extension, digits */
	struct awaited before = { server_connections(house.host->server) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		enum { LONG = 70000 };
		char *line = xmalloc(LONG);
		struct client c;
		char *head = xasprintf("POST /sandboxes HTTP/1.1\r\nHost: localhost\r\n"
				       "X-API-Key: %s\r\nTransfer-Encoding: chunked\r\n"
				       "\r\n%s",
		    house.host->file.key, lines[i] == 'a' ? "2;" : "");

		memset(line, lines[i], LONG);
		client_open(&c);
		client_send(&c, head, strlen(head));
		client_send(&c, line, LONG);
		turn_until(is_stuck, NULL);
		host_is_well();
		server_cut_stalled(
		    house.host->server, loop_now_ms(house.loop) + 61 * 1000);
		turn_until(has_at_most, &before);
		client_close(&c);
		free(head);
		free(line);
	}
}

static void
slow_requests_are_cut(void **state)
{
	static const struct {
		const char *bytes;
		uint64_t kept_s, cut_s;
	} cases[] = {
		{ "", 29, 31 },
		{ "GET /hea", 29, 31 },
		{ "GET /health HTTP/1.1\r\nHost: loc", 59, 61 },
		{ "POST /sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", 59,
		    61 },
		{ "POST /sandboxes HTTP/1.1\r\nHost: x\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n5\r\n{",
		    59, 61 },
		{ SECOND, 619, 621 },
	};
	struct server *s = house.host->server;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct awaited before = { server_connections(s) };
		struct awaited one = { before.connections + 1 };
		struct client c;

		client_open(&c);
		client_send(&c, cases[i].bytes, strlen(cases[i].bytes));
		turn_until(has_at_least, &one);
		host_is_well(); /* what was sent before has been read */
		turn_until(has_at_most, &one);
		server_cut_stalled(s, loop_now_ms(house.loop) + cases[i].kept_s * 1000);
		for (struct connection *at = s->connections; at; at = at->next)
			if (at->cut)
				fail_msg("%zu: cut too early", i);
		server_cut_stalled(s, loop_now_ms(house.loop) + cases[i].cut_s * 1000);
		turn_until(has_at_most, &before);
		client_close(&c);
	}
}

/* Byte after byte, each before the patience with silence ends. */
static void
a_body_that_trickles_has_an_end(void **state)
{
	struct server *s = house.host->server;
	struct awaited before = { server_connections(s) };
	struct client c;

	(void)state;
	client_open(&c);
	client_send(
	    &c, "POST /sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", 57);
	turn_until(has_begun, NULL);
	server_cut_stalled(s, loop_now_ms(house.loop));
	assert_false(s->connections->cut);
	s->connections->begun_ms -= 601 * 1000;
	server_cut_stalled(s, loop_now_ms(house.loop));
	turn_until(has_at_most, &before);
	client_close(&c);
}

/* As many as there are places, twice: who works stays, who asks is served. */
static void
a_crowd_keeps_nobody_out(void **state)
{
	enum { PLACES = 64, CROWD = 160 };
	struct server *s = house.host->server;
	struct awaited before = { server_connections(s) }, places = { PLACES };
	size_t limit = s->connection_limit, crowded_at = s->crowded_at;
	struct client *crowd = xcalloc(CROWD, sizeof *crowd), stream;
	struct answer a;
	struct guest another;

	(void)state;
	client_open(&stream);
	open_stream(&stream, &guest, "Start", "{\"process\":{\"cmd\":\"cat\"}}", NULL);
	assert_true(wait_pid(&stream) > 0);
	s->connection_limit = PLACES;
	s->crowded_at = PLACES - PLACES / 8;
	for (int i = 0; i < CROWD; i++) {
		client_open(&crowd[i]);
		client_send(&crowd[i], SECOND, (size_t)i % 40); /* half a question */
	}
	for (int i = 0; i < 3; i++) {
		create_guest(",\"timeout\":60", &another);
		kill_guest(&another);
	}
	turn_until(has_at_most, &places); /* without one of the crowd leaving by itself */
	assert_false(stream.eof);
	unary(&guest, "List", "{}", &a);
	assert_true(body_has(&a, "\"cat\""));
	answer_clear(&a);
	s->connection_limit = limit;
	s->crowded_at = crowded_at;
	for (int i = 0; i < CROWD; i++)
		client_close(&crowd[i]);
	client_close(&stream);
	turn_until(has_at_most, &before);
	free(crowd);
}

/* ---- bodies */

enum { DEEP = 100 * 1000 };

struct wrong {
	const char *name;
	struct buf bytes;
};

static struct wrong wrongs[12];
static size_t wrong_count;

static struct buf *
add_wrong(const char *name)
{
	struct wrong *w = &wrongs[wrong_count++];

	assert_true(wrong_count <= ARRAY_LEN(wrongs));
	w->name = name;
	buf_init(&w->bytes, 1024 * 1024);
	return &w->bytes;
}

static void
make_wrongs(void)
{
	struct buf *deep;

	buf_add_str(add_wrong("not JSON"), "this is no JSON");
	buf_add_str(add_wrong("cut"), "{\"templateID\":\"ba");
	buf_add_str(add_wrong("a list"), "[1,2,3]");
	buf_add_str(add_wrong("a text"), "\"text\"");
	buf_add_str(add_wrong("a number"), "1e999");
	buf_add_str(add_wrong("two values"), "{} {}");
	buf_add_str(add_wrong("not UTF-8"),
	    "{\"templateID\":\"\xff\xfe\",\"path\":\"\xc0\x80\"}");
	buf_add(add_wrong("NUL bytes"), "{\"a\":\"\0\"}\0\0", 11);
	buf_add_str(add_wrong("twice the same"),
	    "{\"timeout\":1,\"timeout\":2,\"path\":1,"
	    "\"path\":2,\"templateID\":1,\"templateID\":2}");
	deep = add_wrong("deep lists");
	for (int i = 0; i < DEEP; i++)
		buf_add_char(deep, '[');
	deep = add_wrong("deep objects");
	for (int i = 0; i < DEEP; i++)
		buf_add_str(deep, "{\"a\":");
}

static char *
path_of(const struct route *route)
{
	const char *mark = strstr(route->path, "{}");

	if (!mark)
		return xstrdup(route->path);
	return xasprintf(
	    "%.*s%s%s", (int)(mark - route->path), route->path, guest.id, mark + 2);
}

static void
send_wrong(const struct route *route, const struct wrong *w, struct answer *a)
{
	bool stream = route->kind == ROUTE_STREAM || route->kind == ROUTE_UPLOAD;
	char *path = path_of(route);
	char *headers = xasprintf("X-API-Key: %s\r\n%sContent-Type: application/%s\r\n",
	    house.host->file.key, route->side == ROUTE_ENVD ? guest.headers : "",
	    stream ? "connect+json" : "json");
	struct buf body;

	buf_init(&body, 2 * 1024 * 1024);
	if (stream)
		envelope_add(&body, 0, w->bytes.data, w->bytes.len);
	else
		buf_add(&body, w->bytes.data, w->bytes.len);
	ask(route->method, path, headers, body.data, body.len, a);
	buf_clear(&body);
	free(headers);
	free(path);
}

static void
check_refusal(const struct route *route, const struct wrong *w, const struct answer *a)
{
	bool takes_body =
	    !str_eq(route->method, "GET") && !str_eq(route->method, "DELETE");

	if (a->closed || a->status >= 500)
		fail_msg("%s %s, %s: %d %s", route->method, route->path, w->name,
		    a->status, a->body.data);
	if (a->status >= 400 && !body_has(a, "\"code\":"))
		fail_msg("%s, %s: no code in %s", route->path, w->name, a->body.data);
	if (a->status >= 400 && !body_has(a, "\"message\":"))
		fail_msg("%s, %s: no message in %s", route->path, w->name, a->body.data);
	if (!takes_body || a->status >= 400)
		return;
	/* Streams tell it in their end. */
	if (!body_has(a, "\"error\":{\"code\":"))
		fail_msg("%s %s takes %s: %d %s", route->method, route->path, w->name,
		    a->status, a->body.data);
}

static void
every_route_refuses_every_wrong_body(void **state)
{
	size_t before = registry_count(house.host->registry, SANDBOX_RUNNING);

	(void)state;
	make_wrongs();
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *route = routes_at(i);

		if (str_eq(route->method, "DELETE"))
			continue; /* has no body, and would do its work */
		for (size_t k = 0; k < wrong_count; k++) {
			struct answer a;

			send_wrong(route, &wrongs[k], &a);
			check_refusal(route, &wrongs[k], &a);
			answer_clear(&a);
		}
	}
	for (size_t k = 0; k < wrong_count; k++)
		buf_clear(&wrongs[k].bytes);
	assert_int_equal(registry_count(house.host->registry, SANDBOX_RUNNING), before);
	host_is_well();
}

/* One member at a time is of a wrong kind; the others are in order. envd says 501 to a process
 * that is named in no way. */
static void
members_of_a_wrong_kind_disturb_nobody(void **state)
{
	static const struct {
		const char *path; /* of REST behind /sandboxes, of envd whole */
		const char *json; /* %s: the value */
		bool envd;
	} members[] = {
		{ "", "{\"templateID\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"timeout\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"metadata\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"metadata\":{\"a\":%s}}", false },
		{ "", "{\"templateID\":\"base\",\"envVars\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"envVars\":{\"a\":%s}}", false },
		{ "", "{\"templateID\":\"base\",\"autoPause\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"autoResume\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"secure\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"network\":%s}", false },
		{ "", "{\"templateID\":\"base\",\"mcp\":%s}", false },
		{ "/process.Process/SendSignal", "{\"process\":%s,\"signal\":9}", true },
		{ "/process.Process/SendSignal",
		    "{\"process\":{\"pid\":%s},\"signal\":9}", true },
		{ "/process.Process/SendSignal",
		    "{\"process\":{\"pid\":4000000},\"signal\":%s}", true },
		{ "/process.Process/SendInput",
		    "{\"process\":{\"pid\":4000000},\"input\":%s}", true },
		{ "/process.Process/Update",
		    "{\"process\":{\"pid\":4000000},\"pty\":{\"size\":%s}}", true },
		{ "/filesystem.Filesystem/Stat", "{\"path\":%s}", true },
		{ "/filesystem.Filesystem/ListDir", "{\"path\":\"/\",\"depth\":%s}",
		    true },
		{ "/filesystem.Filesystem/Move",
		    "{\"source\":%s,\"destination\":\"/tmp/x\"}", true },
		{ "/filesystem.Filesystem/RemoveWatcher", "{\"watcherId\":%s}", true },
	};
	static const char *const values[] = { "null", "true", "-1", "0", "1.5", "1e308",
		"1e999", "99999999999999999999", "\"\"", "\"no\"", "\"a\\u0000b\"",
		"\"\\ud800\"", "[]", "[[]]", "{}", "{\"\":{}}", "{\"a\":null}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		for (size_t k = 0; k < ARRAY_LEN(values); k++) {
			const char *mark = strstr(members[i].json, "%s");
			char *json = xasprintf("%.*s%s%s", (int)(mark - members[i].json),
			    members[i].json, values[k], mark + 2);
			char *path = xasprintf(
			    "%s%s", members[i].envd ? "" : "/sandboxes", members[i].path);
			char *headers = xasprintf("X-API-Key: %s\r\n%sContent-Type: "
						  "application/json\r\n",
			    house.host->file.key, members[i].envd ? guest.headers : "");
			struct answer a;

			ask("POST", path, headers, json, strlen(json), &a);
			if (a.closed || (a.status >= 500 && a.status != 501) ||
			    (a.status >= 400 && (!body_has(&a, "\"code\":") ||
						    !body_has(&a, "\"message\":"))))
				fail_msg(
				    "%s %s: %d %s", path, json, a.status, a.body.data);
			answer_clear(&a);
			free(headers);
			free(path);
			free(json);
		}
	}
	host_is_well();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unclear_requests_are_refused_and_nothing_follows),
		cmocka_unit_test(odd_targets_lead_nowhere),
		cmocka_unit_test(a_chunk_line_without_end_costs_no_work),
		cmocka_unit_test(slow_requests_are_cut),
		cmocka_unit_test(a_body_that_trickles_has_an_end),
		cmocka_unit_test(a_crowd_keeps_nobody_out),
		cmocka_unit_test(every_route_refuses_every_wrong_body),
		cmocka_unit_test(members_of_a_wrong_kind_disturb_nobody),
	};

	return cmocka_run_group_tests(tests, open_guest, close_house);
}
