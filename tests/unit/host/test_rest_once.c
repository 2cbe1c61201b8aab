/* Creates with an Idempotency-Key: once, whatever happens. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/catalogue.h"
#include "host/sandbox.h"

#define NOBODYS "{\"templateID\":\"nobodys\"}"

static char *
headers_with(const char *key)
{
	return xasprintf(
	    "X-API-Key: %s\r\nContent-Type: application/json\r\nIdempotency-Key: %s\r\n",
	    house.host->file.key, key);
}

static int
post(const char *path, const char *key, const char *json, struct answer *a)
{
	char *headers = headers_with(key);

	ask("POST", path, headers, json, strlen(json), a);
	free(headers);
	return a->status;
}

static bool
has(const struct answer *a, const char *text)
{
	return strstr(a->body.data, text) != NULL;
}

static void
a_key_has_its_letters_and_its_length(void **state)
{
	static const struct {
		const char *key;
		size_t repeat;
		bool fine;
	} cases[] = {
		{ "a", 1, true },
		{ "0", 1, true },
		{ "-", 1, true },
		{ "0a-z9", 1, true },
		{ "a", 255, true },
		{ "a", 256, false },
		{ "a", 4096, false },
		{ "", 1, false },
		{ "A", 1, false },
		{ "a_b", 1, false },
		{ "a b", 1, false },
		{ "a.b", 1, false },
		{ "\xc3\xa4", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf key;
		struct answer a;

		buf_init(&key, 8192);
		for (size_t k = 0; k < cases[i].repeat; k++)
			buf_add_str(&key, cases[i].key);
		post("/v2/sandboxes", key.data, NOBODYS, &a);
		if (a.status != (cases[i].fine ? 404 : 400) ||
		    has(&a, "Idempotency-Key must be 1 to 255") == cases[i].fine)
			fail_msg("%s: %d %s", key.data, a.status, a.body.data);
		assert_string_equal(answer_header(&a, "Should-Retry"), "false");
		answer_clear(&a);
		buf_clear(&key);
	}
}

static void
another_request_may_not_have_it(void **state)
{
	static const struct {
		const char *path, *json;
		int status;
	} cases[] = {
		{ "/v2/sandboxes", NOBODYS, 404 }, /* the first */
		{ "/v2/sandboxes", NOBODYS, 404 },
		{ "/v2/sandboxes", NOBODYS " ", 409 },
		{ "/v2/sandboxes", "{\"templateID\":\"base\"}", 409 },
		{ "/v2/sandboxes?", NOBODYS, 404 },
		{ "/v2/sandboxes?x=1", NOBODYS, 409 },
		{ "/sandboxes", NOBODYS, 409 },
		{ "/v2/sandboxes", "{", 409 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		if (post(cases[i].path, "shared", cases[i].json, &a) != cases[i].status ||
		    has(&a, "idempotency_request_mismatch") != (cases[i].status == 409))
			fail_msg("%s %s: %d %s", cases[i].path, cases[i].json, a.status,
			    a.body.data);
		assert_string_equal(answer_header(&a, "Should-Retry"), "false");
		answer_clear(&a);
	}
}

/* A template whose sandboxes are never ready. */
static void
add_slow_template(void)
{
	struct catalogue *c = house.host->catalogue;
	struct template *t = catalogue_add(c, TEMPLATE_OWN, "slow");
	struct build *b = catalogue_add_build(c, t, catalogue_find(c, "base")->builds);

	b->outset.ready_cmd = xstrdup("false");
	catalogue_set_status(c, b, BUILD_READY, NULL, NULL);
}

static bool
is_starting(void *ctx)
{
	(void)ctx;
	return registry_count(house.host->registry, SANDBOX_STARTING) == 1;
}

static void
what_is_under_way_is_told(void **state)
{
	const char *json = "{\"templateID\":\"slow\"}";
	char *headers = headers_with("slow");
	struct client first;
	struct answer a;

	(void)state;
	add_slow_template();
	client_open(&first);
	client_ask(&first, "POST", "/v2/sandboxes", headers, json, strlen(json));
	turn_until(is_starting, NULL);
	assert_int_equal(post("/v2/sandboxes", "slow", json, &a), 409);
	assert_true(has(&a, "idempotency_in_progress"));
	assert_string_equal(answer_header(&a, "Retry-After"), "1");
	assert_string_equal(answer_header(&a, "Should-Retry"), "true");
	answer_clear(&a);

	/* Nobody knows how it would have ended, whatever the host's own end was like. */
	restart_house(false);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(post("/v2/sandboxes", "slow", json, &a), 422);
		assert_true(has(&a, "idempotency_outcome_unknown"));
		assert_string_equal(answer_header(&a, "Should-Retry"), "false");
		answer_clear(&a);
		restart_house(true);
	}
	client_close(&first);
	free(headers);
}

static int64_t ahead_ms;

static int64_t
later(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ahead_ms;
}

static void
a_key_is_kept_for_a_day(void **state)
{
	static const struct {
		int64_t hours;
		int status;
	} cases[] = { { 0, 404 }, { 23, 409 }, { 25, 400 } };

	(void)state;
	for (int restarts = 0; restarts < 2; restarts++) {
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			struct answer a;

			ahead_ms = cases[i].hours * 3600 * 1000;
			clock_set_wall(later);
			if (restarts)
				restart_house(true);
			post("/v2/sandboxes", restarts ? "day-2" : "day-1",
			    i == 0 ? NOBODYS : "{}", &a);
			if (a.status != cases[i].status)
				fail_msg("%d h: %d %s", (int)cases[i].hours, a.status,
				    a.body.data);
			answer_clear(&a);
		}
		clock_set_wall(NULL);
	}
}

static void
other_calls_do_not_look_at_it(void **state)
{
	static const struct {
		const char *path, *json;
		int status;
	} cases[] = {
		{ "/sandboxes/%s/timeout", "{\"timeout\":60}", 204 },
		{ "/sandboxes/%s/timeout", "{\"timeout\":61}", 204 },
		{ "/sandboxes/%s/pause", "{}", 204 },
		{ "/sandboxes/%s/pause", "{}", 409 },
		{ "/v2/sandboxes/%s/connect", "{}", 201 },
		{ "/v2/sandboxes/%s/connect", "{}", 200 },
	};
	struct guest g;

	(void)state;
	create_guest(NULL, &g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *id = strstr(cases[i].path, "%s");
		char *path = xasprintf(
		    "%.*s%s%s", (int)(id - cases[i].path), cases[i].path, g.id, id + 2);
		struct answer a;

		if (post(path, i % 2 ? "Bad_Key" : "fine", cases[i].json, &a) !=
		    cases[i].status)
			fail_msg("%s: %d %s", path, a.status, a.body.data);
		answer_clear(&a);
		free(path);
	}
	kill_guest(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_has_its_letters_and_its_length),
		cmocka_unit_test(another_request_may_not_have_it),
		cmocka_unit_test(what_is_under_way_is_told),
		cmocka_unit_test(a_key_is_kept_for_a_day),
		cmocka_unit_test(other_calls_do_not_look_at_it),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
