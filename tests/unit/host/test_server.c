/* What stands before the handlers: addresses, limits, odd clients. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/sandbox.h"
#include "wire/envelope.h"

static struct guest guest;

static int
open_guest(void **state)
{
	open_house(state);
	create_guest(",\"timeout\":3600", &guest);
	return 0;
}

/* ---- addresses */

static void
addresses_lead_to_sandboxes(void **state)
{
	static const struct {
		const char *headers; /* %s: the id */
		const char *path;
		int status;
		const char *text; /* in the body */
	} cases[] = {
		{ "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n", "/health", 204,
		    "" },
		{ "e2b-sandbox-id: %s\r\ne2b-sandbox-port: 49983\r\n", "/health", 204,
		    "" },
		{ "E2b-Sandbox-Id: %s\r\n", "/health", 400, "both" },
		{ "E2b-Sandbox-Port: 49983\r\n", "/health", 400, "both" },
		{ "E2b-Sandbox-Id: %s-6532622b\r\nE2b-Sandbox-Port: 49983\r\n", "/health",
		    400, "not a sandbox id" },
		{ "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: abc\r\n", "/health", 400,
		    "port" },
		{ "E2b-Sandbox-Id: inone\r\nE2b-Sandbox-Port: 49983\r\n", "/health", 502,
		    "{\"sandboxId\":\"inone\",\"message\":\"The sandbox was not found\","
		    "\"code\":502}" },
		{ "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n", "/init", 404,
		    "\"path\":\"/init\"" },
		{ "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 3999\r\n", "/", 502,
		    "\"message\":\"The sandbox is running but port is not "
		    "open\",\"port\":3999,"
		    "\"code\":502" },
		{ "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n", "/metrics", 401,
		    "\"code\":401" },
		{ "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\nX-Access-Token: "
		  "no\r\n",
		    "/envs", 401, "\"code\":401" },
		{ "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n", "/sandboxes", 401,
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf headers;
		struct answer a;

		buf_init(&headers, 1024);
		for (const char *c = cases[i].headers; *c; c++)
			if (c[0] == '%' && c[1] == 's')
				buf_add_str(&headers, guest.id), c++;
			else
				buf_add_char(&headers, *c);
		ask("GET", cases[i].path, headers.data, NULL, 0, &a);
		if (a.status != cases[i].status ||
		    (cases[i].text && !body_has(&a, cases[i].text)))
			fail_msg("%s: %d %s", cases[i].headers, a.status, a.body.data);
		answer_clear(&a);
		buf_clear(&headers);
	}
}

static void
host_names_lead_to_sandboxes_too(void **state)
{
	static const struct {
		const char *host; /* %s: the id */
		const char *path;
		int status;
	} cases[] = {
		{ "49983-%s.localhost:9", "/health", 204 },
		{ "49983-%s-6532622b.localhost", "/health", 204 },
		{ "3999-%s.localhost", "/", 502 },
		{ "49983-inone.localhost", "/health", 502 },
		{ "127.0.0.1", "/health", 200 },
		{ "localhost", "/health", 200 },
		{ "x-y.localhost", "/health", 200 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *mark = strstr(cases[i].host, "%s");
		char *request = xasprintf("GET %s HTTP/1.1\r\nHost: %.*s%s%s\r\n\r\n",
		    cases[i].path, mark ? (int)(mark - cases[i].host) : 0, cases[i].host,
		    mark ? guest.id : "", mark ? mark + 2 : cases[i].host);
		struct client c;
		struct answer a;

		client_open(&c);
		client_send(&c, request, strlen(request));
		client_answer(&c, &a);
		if (a.status != cases[i].status)
			fail_msg("%s: %d", cases[i].host, a.status);
		answer_clear(&a);
		client_close(&c);
		free(request);
	}
}

static void
browsers_may_ask_first(void **state)
{
	struct answer a;
	char *headers = xasprintf(
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\nOrigin: http://x\r\n"
	    "Access-Control-Request-Headers: x-access-token\r\n",
	    guest.id);

	(void)state;
	ask("OPTIONS", "/process.Process/List", headers, NULL, 0, &a);
	assert_int_equal(a.status, 204);
	assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "*");
	assert_string_equal(
	    answer_header(&a, "Access-Control-Allow-Headers"), "x-access-token");
	answer_clear(&a);
	free(headers);
}

/* ---- limits */

static bool
is_answered_or_closed(struct client *c)
{
	char byte;

	return recv(c->fd, &byte, 1, MSG_PEEK) >= 0;
}

/* Sends until the host has said something; `chunk` again and again. */
static void
flood(struct client *c, const char *chunk, size_t len)
{
	size_t sent = 0;

	while (!is_answered_or_closed(c) && sent < (size_t)200 * 1024 * 1024) {
		client_send(c, chunk, len);
		sent += len;
	}
}

static void
endless_bodies_are_refused_while_they_come(void **state)
{
	static const struct {
		const char *path;
		bool sandbox;
		int status;
	} cases[] = {
		{ "/sandboxes", false, 413 },
		{ "/process.Process/List", true, 429 },
	};
	enum { PIECE = 256 * 1024 };
	char *piece = xmalloc(PIECE + 16);
	int head = snprintf(piece, 16, "%x\r\n", PIECE);

	(void)state;
	memset(piece + head, ' ', PIECE);
	memcpy(piece + head + PIECE, "\r\n", 2);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *request =
		    xasprintf("POST %s HTTP/1.1\r\nHost: localhost\r\n%s"
			      "Content-Type: application/json\r\nX-API-Key: %s\r\n"
			      "Transfer-Encoding: chunked\r\n\r\n",
			cases[i].path, cases[i].sandbox ? guest.headers : "",
			house.host->file.key);
		struct client c;
		struct answer a;

		client_open(&c);
		client_send(&c, request, strlen(request));
		flood(&c, piece, (size_t)head + PIECE + 2);
		client_answer(&c, &a);
		if (a.status != cases[i].status)
			fail_msg("%s: %d", cases[i].path, a.status);
		answer_clear(&a);
		client_close(&c);
		free(request);
	}
	free(piece);
}

static void
a_length_beyond_the_limit_is_refused_at_once(void **state)
{
	char *request = xasprintf("POST /sandboxes HTTP/1.1\r\nHost: localhost\r\n"
				  "Content-Type: application/json\r\nX-API-Key: %s\r\n"
				  "Content-Length: 4194305\r\n\r\n",
	    house.host->file.key);
	struct client c;
	struct answer a;

	(void)state;
	client_open(&c);
	client_send(&c, request, strlen(request));
	client_answer(&c, &a);
	assert_int_equal(a.status, 413);
	assert_true(body_has(&a, "\"code\":413") && body_has(&a, "4 MiB"));
	answer_clear(&a);
	client_close(&c);
	free(request);
}

/* Loopback is open to everybody on the machine. */
static void
strangers_get_no_memory(void **state)
{
	char *address =
	    xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n", guest.id);
	const struct {
		const char *path, *headers;
	} cases[] = {
		{ "/sandboxes", "" },
		{ "/sandboxes", "X-API-Key: e2b_00\r\n" },
		{ "/files?signature=x", address },
		{ "/process.Process/Start", address },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *request = xasprintf("POST %s HTTP/1.1\r\nHost: localhost\r\n%s"
					  "Content-Length: 70000\r\n\r\n",
		    cases[i].path, cases[i].headers);
		struct client c;
		struct answer a;

		client_open(&c);
		client_send(&c, request, strlen(request));
		client_answer(&c, &a); /* before one byte of the body */
		assert_int_equal(a.status, 401);
		assert_true(body_has(&a, "access token"));
		answer_clear(&a);
		client_close(&c);
		free(request);
	}
	free(address);
}

static void
a_giant_envelope_is_refused(void **state)
{
	char *headers =
	    xasprintf("%sContent-Type: application/connect+json\r\n", guest.headers);
	struct stream_end end;
	struct answer a;

	(void)state;
	ask("POST", "/process.Process/Start", headers, "\0\xff\xff\xff\xff{}", 7, &a);
	assert_int_equal(a.status, 200);
	read_stream(&a, &end);
	assert_string_equal(end.code, "resource_exhausted");
	stream_clear(&end);
	answer_clear(&a);
	free(headers);
}

static void
headers_have_a_limit(void **state)
{
	struct client c;
	struct answer a;
	char *long_header = xcalloc(1, 64 * 1024);

	(void)state;
	memset(long_header, 'a', 64 * 1024 - 1);
	memcpy(long_header, "X-Long: ", 8);
	client_open(&c);
	client_send(&c, "GET /health HTTP/1.1\r\nHost: localhost\r\n", 39);
	client_send(&c, long_header, 64 * 1024 - 1);
	client_send(&c, "\r\n\r\n", 4);
	client_answer(&c, &a);
	assert_true(a.closed || (a.status >= 400 && a.status < 500));
	answer_clear(&a);
	client_close(&c);
	free(long_header);
	ask("GET", "/health", NULL, NULL, 0, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
}

/* ---- odd clients */

static void
garbage_disturbs_nobody(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} lines[] = {
		{ "GET\r\n\r\n", 7 },
		{ "\0\0\0\0 \0 \0\r\n\r\n", 12 },
		{ "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", 51 },
		{ "GET / HTTP/9.9\r\n\r\n", 18 },
		{ "POST /sandboxes HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
		    57 },
		{ "POST /sandboxes HTTP/1.1\r\nHost: x\r\n"
		  "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		    69 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24 },
		{ "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 30 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct client c;
		struct answer a;

		client_open(&c);
		client_send(&c, lines[i].bytes, lines[i].len);
		shutdown(c.fd, SHUT_WR);
		client_answer(&c, &a);
		assert_true(a.closed || a.status >= 400);
		answer_clear(&a);
		client_close(&c);
	}
	struct answer a;

	ask("GET", "/health", NULL, NULL, 0, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
}

static void
connections_serve_request_after_request(void **state)
{
	struct client c;
	struct answer a;

	(void)state;
	client_open(&c);
	for (int i = 0; i < 5; i++) {
		client_ask(&c, "GET", "/health", guest.headers, NULL, 0);
		client_answer(&c, &a);
		assert_int_equal(a.status, 204);
		answer_clear(&a);
	}
	/* An error leaves the connection usable. */
	client_ask(&c, "POST", "/process.Process/Nope", guest.headers, "{}", 2);
	client_answer(&c, &a);
	assert_int_equal(a.status, 404);
	answer_clear(&a);
	/* So does a stream that has ended. */
	open_stream(&c, &guest, "Start", "{\"process\":{\"cmd\":\"true\"}}", NULL);
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	client_ask(&c, "GET", "/health", NULL, NULL, 0);
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	client_close(&c);
}

static void
small_chunked_bodies_are_read(void **state)
{
	char *request =
	    xasprintf("POST /sandboxes/%s/timeout HTTP/1.1\r\nhost: localhost\r\n"
		      "content-type: application/json\r\nx-api-key: %s\r\n"
		      "transfer-encoding: chunked\r\n\r\n"
		      "5\r\n{\"tim\r\n8\r\neout\":36\r\n3\r\n00}\r\n0\r\n\r\n",
		guest.id, house.host->file.key);
	struct client c;
	struct answer a;

	(void)state;
	client_open(&c);
	client_send(&c, request, strlen(request));
	client_answer(&c, &a);
	assert_int_equal(a.status, 204);
	answer_clear(&a);
	client_close(&c);
	free(request);
}

static void
old_clients_get_streams_without_chunks(void **state)
{
	struct buf body;
	struct client c;

	(void)state;
	buf_init(&body, 4096);
	envelope_add(&body, 0, "{\"process\":{\"cmd\":\"true\"}}", 26);
	char *head = xasprintf("POST /process.Process/Start HTTP/1.0\r\n%s"
			       "Content-Type: application/connect+json\r\n"
			       "Content-Length: %zu\r\n\r\n",
	    guest.headers, body.len);

	client_open(&c);
	client_send(&c, head, strlen(head));
	client_send(&c, body.data, body.len);
	client_wait(&c, "exit status 0");
	const char *rest = strstr(c.in.data, "\r\n\r\n");

	assert_non_null(rest);
	assert_memory_equal(
	    rest + 4, "\0\0\0\0", 4); /* an envelope, not a chunk's length */
	client_close(&c);
	buf_clear(&body);
	free(head);
}

static void
clients_that_leave_are_noticed(void **state)
{
	struct awaited before = { server_connections(house.host->server) };
	struct client c[3];
	struct answer a;

	(void)state;
	for (int i = 0; i < 3; i++) {
		char *json =
		    xasprintf("{\"process\":{\"cmd\":\"sleep\",\"args\":[\"1000\"]},"
			      "\"tag\":\"left%d\"}",
			i);

		client_open(&c[i]);
		open_stream(&c[i], &guest, "Start", json, NULL);
		wait_pid(&c[i]);
		free(json);
	}
	shutdown(c[0].fd, SHUT_WR); /* half closed counts as gone */
	client_answer(&c[0], &a);
	assert_true(a.closed);
	answer_clear(&a);
	for (int i = 0; i < 3; i++)
		client_close(&c[i]);
	turn_until(has_at_most, &before);
	for (int i = 0; i < 3; i++) {
		char *json =
		    xasprintf("{\"process\":{\"tag\":\"left%d\"},\"signal\":9}", i);

		assert_int_equal(unary(&guest, "SendSignal", json, NULL), 200);
		free(json);
	}
}

static bool
has_two(void *ctx)
{
	(void)ctx;
	return registry_count(house.host->registry, SANDBOX_RUNNING) == 2;
}

/* The answer never arrives, the sandbox is there all the same. */
static void
a_create_whose_client_left_happens(void **state)
{
	const char *json = "{\"templateID\":\"base\",\"timeout\":60}";
	char *headers = xasprintf(
	    "X-API-Key: %s\r\nContent-Type: application/json\r\n", house.host->file.key);
	struct client c;

	(void)state;
	client_open(&c);
	client_ask(&c, "POST", "/sandboxes", headers, json, strlen(json));
	client_close(&c);
	turn_until(has_two, NULL);
	free(headers);
}

static void
many_connections_are_kept(void **state)
{
	enum { MANY = 400 };
	struct awaited before = { server_connections(house.host->server) };
	struct awaited all = { MANY };
	struct client *c = xcalloc(MANY, sizeof *c);
	struct answer a;

	(void)state;
	for (int i = 0; i < MANY; i++)
		client_open(&c[i]);
	turn_until(has_at_least, &all);
	client_ask(&c[MANY - 1], "GET", "/health", NULL, NULL, 0);
	client_answer(&c[MANY - 1], &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	for (int i = 0; i < MANY; i++)
		client_close(&c[i]);
	turn_until(has_at_most, &before);
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_lead_to_sandboxes),
		cmocka_unit_test(host_names_lead_to_sandboxes_too),
		cmocka_unit_test(browsers_may_ask_first),
		cmocka_unit_test(endless_bodies_are_refused_while_they_come),
		cmocka_unit_test(a_length_beyond_the_limit_is_refused_at_once),
		cmocka_unit_test(strangers_get_no_memory),
		cmocka_unit_test(a_giant_envelope_is_refused),
		cmocka_unit_test(headers_have_a_limit),
		cmocka_unit_test(garbage_disturbs_nobody),
		cmocka_unit_test(connections_serve_request_after_request),
		cmocka_unit_test(small_chunked_bodies_are_read),
		cmocka_unit_test(old_clients_get_streams_without_chunks),
		cmocka_unit_test(clients_that_leave_are_noticed),
		cmocka_unit_test(a_create_whose_client_left_happens),
		cmocka_unit_test(many_connections_are_kept),
	};

	return cmocka_run_group_tests(tests, open_guest, close_house);
}
