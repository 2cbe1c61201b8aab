/* More than fits, and less than a whole: headers of 64 KiB, JSON of 100 MiB, clients that
 * close their half at every point. The answer is right, nothing is left, others go on. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/sandbox.h"
#include "host/server_internal.h"

enum { HUGE_HEAD = 64 << 10, HUGE_BODY = 100 << 20 };

static struct guest guest, other;

static int
open_guests(void **state)
{
	open_house(state);
	create_guest(",\"timeout\":3600", &guest);
	create_guest(",\"timeout\":3600", &other);
	return 0;
}

static void
others_are_well(void)
{
	struct stream_end end;

	run_script(&other, "echo well", &end);
	assert_string_equal(end.out.data, "well\n");
	stream_clear(&end);
}

static bool
has_few_descriptors(void *ctx)
{
	return count_descriptors() <= *(const size_t *)ctx;
}

/* ---- headers */

static void
add_line(struct buf *out, const char *name, char filler, size_t len)
{
	buf_add_str(out, name);
	for (size_t i = 0; i < len; i++)
		buf_add_char(out, filler);
}

static void
huge_path(struct buf *out, const char *routing)
{
	add_line(out, "GET /health", 'x', HUGE_HEAD);
	buf_addf(out, " HTTP/1.1\r\nHost: localhost\r\n%s\r\n", routing);
}

static void
huge_query(struct buf *out, const char *routing)
{
	add_line(out, "GET /health?x=", 'x', HUGE_HEAD);
	buf_addf(out, " HTTP/1.1\r\nHost: localhost\r\n%s\r\n", routing);
}

static void
huge_value(struct buf *out, const char *routing)
{
	buf_addf(out, "GET /health HTTP/1.1\r\nHost: localhost\r\n%s", routing);
	add_line(out, "X-Long: ", 'x', HUGE_HEAD);
	buf_add_str(out, "\r\n\r\n");
}

static void
huge_name(struct buf *out, const char *routing)
{
	buf_addf(out, "GET /health HTTP/1.1\r\nHost: localhost\r\n%s", routing);
	add_line(out, "X", 'x', HUGE_HEAD);
	buf_add_str(out, ": 1\r\n\r\n");
}

static void
many_lines(struct buf *out, const char *routing)
{
	buf_addf(out, "GET /health HTTP/1.1\r\nHost: localhost\r\n%s", routing);
	for (int i = 0; i < HUGE_HEAD / 16; i++)
		buf_addf(out, "X-%d: %08d\r\n", i, i);
	buf_add_str(out, "\r\n");
}

static void
huge_method(struct buf *out, const char *routing)
{
	add_line(out, "", 'X', HUGE_HEAD);
	buf_addf(out, " /health HTTP/1.1\r\nHost: localhost\r\n%s\r\n", routing);
}

static void
assert_refused(const char *what, const struct buf *bytes, int status)
{
	struct awaited before = { server_connections(house.host->server) };
	struct client c;
	struct answer a;

	client_open(&c);
	client_send(&c, bytes->data, bytes->len);
	client_answer(&c, &a);
	if (a.status != status)
		fail_msg("%s: %d %s", what, a.status, a.body.data);
	answer_clear(&a);
	turn_until(has_at_most, &before); /* the host ends it */
	client_close(&c);
}

static void
header_blocks_have_an_end(void **state)
{
	static const struct {
		const char *what;
		void (*make)(struct buf *out, const char *routing);
		int status;
	} cases[] = {
		{ "method", huge_method, 414 },
		{ "path", huge_path, 414 },
		{ "query", huge_query, 414 },
		{ "name", huge_name, 431 },
		{ "value", huge_value, 431 },
		{ "lines", many_lines, 431 },
	};
	char *port =
	    xasprintf("E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 8000\r\n", guest.id);
	const char *const routings[] = { "", guest.headers, port };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t k = 0; k < ARRAY_LEN(routings); k++) {
			struct buf bytes;

			buf_init(&bytes, 1 << 20);
			cases[i].make(&bytes, routings[k]);
			assert_refused(cases[i].what, &bytes, cases[i].status);
			buf_clear(&bytes);
		}
	others_are_well();
	free(port);
}

static void
a_header_block_that_fits_is_read(void **state)
{
	struct answer a;
	struct buf head;

	(void)state;
	buf_init(&head, 1 << 20);
	add_line(&head, "X-Long: ", 'x', 12 << 10);
	buf_add_str(&head, "\r\n");
	ask("GET", "/health", head.data, NULL, 0, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	buf_clear(&head);
}

/* ---- bodies */

/* {"a":"xxx..."}: nothing is wrong with it but its length. */
static char *
make_long_json(void)
{
	char *json = xmalloc(HUGE_BODY);

	memset(json, 'x', HUGE_BODY);
	memcpy(json, "{\"a\":\"", 6);
	memcpy(json + HUGE_BODY - 2, "\"}", 2);
	return json;
}

/* Sent to its end, whatever the host says meanwhile. */
static void
json_of_100_mib_is_refused(void **state)
{
	static const struct {
		const char *path, *type;
		int status;
		const char *said;
	} cases[] = {
		{ "/sandboxes", "json", 413, "\"code\":413" },
		{ "/v3/templates", "json", 413, "\"code\":413" },
		{ "/process.Process/List", "json", 429, "\"resource_exhausted\"" },
		{ "/process.Process/Start", "connect+json", 429,
		    "\"resource_exhausted\"" },
		{ "/filesystem.Filesystem/MakeDir", "json", 429,
		    "\"resource_exhausted\"" },
	};
	struct awaited before = { server_connections(house.host->server) };
	char *json = make_long_json();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool envd = cases[i].status == 429;
		char *headers =
		    xasprintf("%sX-API-Key: %s\r\nContent-Type: application/%s\r\n",
			envd ? guest.headers : "", house.host->file.key, cases[i].type);
		struct answer a;

		ask("POST", cases[i].path, headers, json, HUGE_BODY, &a);
		if (a.status != cases[i].status || !body_has(&a, cases[i].said) ||
		    !body_has(&a, "is longer than"))
			fail_msg("%s: %d %s", cases[i].path, a.status, a.body.data);
		answer_clear(&a);
		free(headers);
		others_are_well();
	}
	turn_until(has_at_most, &before);
	free(json);
}

/* ---- half a connection */

#define KEY "X-API-Key: %s\r\n"
#define JSON KEY "Content-Type: application/json\r\n"
#define CREATE "{\"templateID\":\"base\",\"timeout\":60}"

/* The key in the place of its mark; caller frees. */
static char *
with_key(const char *text)
{
	const char *mark = strstr(text, "%s");

	return mark ? xasprintf("%.*s%s%s", (int)(mark - text), text,
			  house.host->file.key, mark + 2)
		    : xstrdup(text);
}

/* The sweep, which comes every few seconds, comes now. */
static bool
is_ended(void *ctx)
{
	const struct client *c = ctx;
	char byte;

	server_cut_stalled(house.host->server, loop_now_ms(house.loop) + 1000);
	return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Sends, closes that half, and waits for the host's end; caller closes. */
static void
send_half(const char *text, struct client *c)
{
	client_open(c);
	client_send(c, text, strlen(text));
	shutdown(c->fd, SHUT_WR);
}

/* Nothing is said to it, and its connection does not wait for anybody's patience. */
static void
ends_unanswered(const char *text)
{
	struct client c;
	struct answer a;

	send_half(text, &c);
	turn_until(is_ended, &c);
	client_answer(&c, &a);
	if (a.status != 0)
		fail_msg("%s: %d %s", text, a.status, a.body.data);
	answer_clear(&a);
	client_close(&c);
}

static void
half_a_request_ends(void **state)
{
	static const char *const halves[] = {
		"",
		"GET /hea",
		"GET /health HTTP/1.1\r\n",
		"GET /health HTTP/1.1\r\nHost: loc",
		"POST /sandboxes HTTP/1.1\r\nHost: x\r\n" JSON
		"Content-Length: 99\r\n\r\n",
		"POST /sandboxes HTTP/1.1\r\nHost: x\r\n" JSON
		"Content-Length: 99\r\n\r\n{\"templateID\":\"base\"}",
		"POST /sandboxes HTTP/1.1\r\nHost: x\r\n" JSON
		"Transfer-Encoding: chunked\r\n\r\n15\r\n{\"templateID\":\"base\"}\r\n",
	};
	size_t sandboxes = registry_count(house.host->registry, SANDBOX_RUNNING);
	size_t before = count_descriptors();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		char *text = with_key(halves[i]);

		ends_unanswered(text);
		free(text);
	}
	assert_int_equal(
	    registry_count(house.host->registry, SANDBOX_RUNNING), sandboxes);
	turn_until(has_few_descriptors, &before);
	others_are_well();
}

static void
a_whole_request_is_answered_to_one_who_only_reads(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
		{ "GET /v2/sandboxes HTTP/1.1\r\nHost: x\r\n" KEY "\r\n", 200 },
		{ "GET /v2/sandboxes HTTP/1.1\r\nHost: x\r\n\r\n", 401 },
		{ "POST /sandboxes HTTP/1.1\r\nHost: x\r\n" JSON
		  "Content-Length: 2\r\n\r\n[]",
		    400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = with_key(cases[i].text);
		struct client c;
		struct answer a;

		send_half(text, &c);
		client_answer(&c, &a);
		if (a.status != cases[i].status)
			fail_msg("%s: %d %s", text, a.status, a.body.data);
		answer_clear(&a);
		turn_until(is_ended, &c);
		client_close(&c);
		free(text);
	}
}

static bool
is_created(void *ctx)
{
	return registry_count(house.host->registry, SANDBOX_RUNNING) == *(size_t *)ctx;
}

/* It counts as gone, as with envd; what it asked for is there, listed, and ends. */
static void
who_leaves_a_create_leaves_a_sandbox_with_an_end(void **state)
{
	static const char half[] = "POST /sandboxes HTTP/1.1\r\nHost: x\r\n" JSON
				   "Content-Length: 34\r\n\r\n" CREATE;
	size_t count = registry_count(house.host->registry, SANDBOX_RUNNING);
	char *text = with_key(half);
	struct client c;
	struct answer a;

	(void)state;
	assert_int_equal(strlen(CREATE), 34);
	send_half(text, &c);
	client_answer(&c, &a);
	assert_int_equal(a.status, 0);
	answer_clear(&a);
	client_close(&c);
	count++;
	turn_until(is_created, &count);
	for (struct sandbox *s = registry_first(house.host->registry); s; s = s->next) {
		if (str_eq(s->info.id, guest.id) || str_eq(s->info.id, other.id))
			continue;
		struct guest unheard = { 0 };

		assert_in_range(s->info.end_ms - s->info.started_ms, 1, 60 * 1000);
		str_copy(unheard.id, sizeof unheard.id, s->info.id);
		kill_guest(&unheard);
		break;
	}
	count--;
	turn_until(is_created, &count);
	free(text);
	others_are_well();
}

static void
half_an_upload_leaves_no_file(void **state)
{
	static const char *const halves[] = { "Content-Length: 1000\r\n\r\nhalf",
		"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n" };
	size_t before = count_descriptors();
	struct stream_end was, is;

	(void)state;
	run_script(&guest, "ls -A", &was);
	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		char *text = xasprintf(
		    "POST /files?path=upload HTTP/1.1\r\nHost: x\r\n%sContent-Type: "
		    "application/octet-stream\r\n%s",
		    guest.headers, halves[i]);

		ends_unanswered(text);
		run_script(&guest, "ls -A", &is);
		assert_string_equal(is.out.data, was.out.data);
		stream_clear(&is);
		free(text);
	}
	stream_clear(&was);
	turn_until(has_few_descriptors, &before);
	others_are_well();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_blocks_have_an_end),
		cmocka_unit_test(a_header_block_that_fits_is_read),
		cmocka_unit_test(json_of_100_mib_is_refused),
		cmocka_unit_test(half_a_request_ends),
		cmocka_unit_test(a_whole_request_is_answered_to_one_who_only_reads),
		cmocka_unit_test(who_leaves_a_create_leaves_a_sandbox_with_an_end),
		cmocka_unit_test(half_an_upload_leaves_no_file),
	};

	return cmocka_run_group_tests(tests, open_guests, close_house);
}
