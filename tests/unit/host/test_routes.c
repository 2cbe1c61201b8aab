/* The route table, addresses, queries and levels: what is decided without a sandbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "host/journal.h"
#include "host/query.h"
#include "host/routes.h"
#include "host/sandbox.h"
#include "host/catalogue.h"

static void
every_route_is_whole_and_unique(void **state)
{
	(void)state;
	assert_true(routes_count() > 30);
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = routes_at(i);

		assert_non_null(r->run);
		assert_int_equal(r->path[0], '/');
		assert_true(
		    r->side == ROUTE_API ? r->auth <= ROUTE_KEY : r->auth != ROUTE_KEY);
		assert_true(r->kind == ROUTE_PLAIN || str_eq(r->method, "POST"));
		if (r->begin)
			assert_false(str_eq(r->method, "GET"));
		assert_true(r->kind != ROUTE_UPLOAD || r->begin);
		for (size_t k = 0; k < i; k++)
			assert_false(routes_at(k)->side == r->side &&
				     str_eq(routes_at(k)->method, r->method) &&
				     str_eq(routes_at(k)->path, r->path));
	}
}

static void
paths_find_their_route(void **state)
{
	static const struct {
		enum route_side side;
		const char *method, *path;
		const char *route;   /* its pattern; NULL: none */
		const char *param;   /* the first */
		const char *allowed; /* without a route */
	} cases[] = {
		{ ROUTE_API, "GET", "/sandboxes", "/sandboxes", NULL, NULL },
		{ ROUTE_API, "GET", "/sandboxes/", NULL, NULL, NULL },
		{ ROUTE_API, "GET", "/sandboxes/metrics", "/sandboxes/metrics", NULL,
		    NULL },
		{ ROUTE_API, "GET", "/sandboxes/iabc", "/sandboxes/{}", "iabc", NULL },
		{ ROUTE_API, "GET", "/sandboxes/a%2Fb", "/sandboxes/{}", "a/b", NULL },
		{ ROUTE_API, "GET", "/sandboxes/%zz", NULL, NULL, NULL },
		{ ROUTE_API, "PUT", "/sandboxes/iabc", NULL, NULL, "DELETE" },
		{ ROUTE_API, "POST", "/sandboxes/iabc/pause", "/sandboxes/{}/pause",
		    "iabc", NULL },
		{ ROUTE_API, "POST", "/sandboxes/iabc/pause/x", NULL, NULL, NULL },
		{ ROUTE_API, "POST", "/sandboxes//pause", NULL, NULL, NULL },
		{ ROUTE_API, "GET", "/", NULL, NULL, NULL },
		{ ROUTE_API, "GET", "", NULL, NULL, NULL },
		{ ROUTE_API, "GET", "sandboxes", NULL, NULL, NULL },
		{ ROUTE_API, "POST", "/process.Process/Start", NULL, NULL, NULL },
		{ ROUTE_ENVD, "POST", "/process.Process/Start", "/process.Process/Start",
		    NULL, NULL },
		{ ROUTE_ENVD, "GET", "/process.Process/Start", NULL, NULL, "POST" },
		{ ROUTE_ENVD, "POST", "/process.process/Start", NULL, NULL, NULL },
		{ ROUTE_ENVD, "GET", "/health", "/health", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char param[2][256] = { "", "" };
		const char *allowed;
		const struct route *r = routes_find(
		    cases[i].side, cases[i].method, cases[i].path, param, &allowed);

		if (!str_eq(r ? r->path : NULL, cases[i].route))
			fail_msg("%s %s", cases[i].method, cases[i].path);
		if (cases[i].param)
			assert_string_equal(param[0], cases[i].param);
		if (!cases[i].route)
			assert_true(str_eq(allowed, cases[i].allowed));
	}
}

static void
long_segments_match_nothing(void **state)
{
	char path[1024] = "/sandboxes/", param[2][256];
	const char *allowed;

	(void)state;
	memset(path + strlen(path), 'a', 300);
	assert_null(routes_find(ROUTE_API, "GET", path, param, &allowed));
}

static void
ids_have_one_form(void **state)
{
	static const struct {
		const char *text, *id; /* NULL: refused */
	} cases[] = {
		{ "i0123456789abcdefghij", "i0123456789abcdefghij" },
		{ "i0123456789abcdefghij-6532622b", "i0123456789abcdefghij" },
		{ "i012-a-b", NULL },
		{ "i012-", NULL },
		{ "-a", NULL },
		{ "", NULL },
		{ "I012", NULL },
		{ "i_12", NULL },
		{ "../etc", NULL },
		{ "i12 ", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char id[32] = "";

		assert_int_equal(
		    sandbox_id_parse(cases[i].text, id), cases[i].id != NULL);
		if (cases[i].id)
			assert_string_equal(id, cases[i].id);
	}
}

static void
queries_are_decoded_once(void **state)
{
	static const struct {
		const char *query, *name, *value;
	} cases[] = {
		{ "a=1&b=2", "b", "2" },
		{ "a=1&b=2", "c", NULL },
		{ "a", "a", "" },
		{ "a=", "a", "" },
		{ "ab=1&a=2", "a", "2" },
		{ "a=x%20y+z", "a", "x y z" },
		{ "a=%252520", "a", "%2520" },
		{ "a=%zz", "a", "%zz" },
		{ "a=b=c", "a", "b=c" },
		{ "", "a", NULL },
		{ "&&a=1&&", "a", "1" },
	};
	int64_t number = 7;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *value = query_get(cases[i].query, cases[i].name);

		if (!str_eq(value, cases[i].value))
			fail_msg("%s: %s", cases[i].query, value);
		free(value);
	}
	assert_int_equal(query_int("n=5", "n", 0, 10, &number), QUERY_OK);
	assert_int_equal(number, 5);
	assert_int_equal(query_int("n=11", "n", 0, 10, &number), QUERY_BAD);
	assert_int_equal(query_int("n=", "n", 0, 10, &number), QUERY_BAD);
	assert_int_equal(query_int("", "n", 0, 10, &number), QUERY_ABSENT);
	assert_int_equal(number, 5);
}

static void
templates_go_by_id_alias_and_default_tag(void **state)
{
	static const struct {
		const char *reference;
		bool found;
	} cases[] = {
		{ "base", true },
		{ " Base ", true },
		{ "base:default", true },
		{ "base:v2", false },
		{ "anybody/base", true },
		{ "code-interpreter-v1", true },
		{ "nope", false },
		{ "", false },
		{ "/", false },
		{ ":", false },
	};

	struct error err = { 0 };
	struct catalogue *catalogue = catalogue_new(NULL, &err);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(
		    catalogue_find_build(catalogue, cases[i].reference) != NULL,
		    cases[i].found);
	for (struct template *t = catalogue_first(catalogue); t; t = t->next) {
		assert_int_equal(strlen(t->id), 20);
		assert_ptr_equal(catalogue_find(catalogue, t->id), t);
	}
	catalogue_free(catalogue);
}

static void
lines_name_their_level(void **state)
{
	static const struct {
		const char *line, *level;
	} cases[] = {
		{ "hello", "info" },
		{ "ERROR cannot", "error" },
		{ "[warn] hm", "warn" },
		{ "warning: hm", "warn" },
		{ "  debug: x", "debug" },
		{ "errors are many", "info" },
		{ "error", "error" },
		{ "", "info" },
		{ "fatal: gone", "error" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(journal_level_of_line(cases[i].line), cases[i].level);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_whole_and_unique),
		cmocka_unit_test(paths_find_their_route),
		cmocka_unit_test(long_segments_match_nothing),
		cmocka_unit_test(ids_have_one_form),
		cmocka_unit_test(queries_are_decoded_once),
		cmocka_unit_test(templates_go_by_id_alias_and_default_tag),
		cmocka_unit_test(lines_name_their_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
