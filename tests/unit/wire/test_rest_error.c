#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "tests/unit/wire/helpers.h"
#include "wire/rest.h"

static void
test_bodies(void **state)
{
	static const struct {
		int status;
		const char *body;
		const char *message, *error_code;
		bool is_json;
	} cases[] = {
		{ 503,
		    "{\"code\":503,\"message\":\"no "
		    "room\",\"error_code\":\"sandbox_capacity_"
		    "unavailable\"}",
		    "no room", "sandbox_capacity_unavailable", true },
		{ 401,
		    "{\"code\":401,\"message\":\"Invalid API key, x\\nInvalid format\"}",
		    "Invalid API key, x Invalid format", "", true },
		{ 404, "{\"code\":404,\"message\":\"\"}",
		    "{\"code\":404,\"message\":\"\"}", "", true },
		{ 404, "{\"code\":404}", "{\"code\":404}", "", false },
		{ 404, "{\"message\":7,\"error_code\":8}",
		    "{\"message\":7,\"error_code\":8}", "", false },
		{ 404, "[]", "[]", "", false },
		{ 404, "  page not found \n", "page not found", "", false },
		{ 502, "<!DOCTYPE html><title>502</title>", "Bad Gateway", "", false },
		{ 429, "", "Too Many Requests", "", false },
		{ 299, "", "status 299", "", false },
		{ 500,
		    "{\"message\":\"\\u001b[31m\\u202e\\u0000\",\"error_code\":"
		    "\"\\u0007\"}",
		    "\\e[31m<U+202E>\xef\xbf\xbd", "\\a", true },
		{ 500, "{\"message\":\"a\",\"message\":\"b\"}",
		    "{\"message\":\"a\",\"message\":\"b\"}", "", false },
		{ 500, "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_error e;

		rest_error_from_body(
		    cases[i].status, cases[i].body, strlen(cases[i].body), &e);
		assert_int_equal(e.status, cases[i].status);
		assert_string_equal(e.message, cases[i].message);
		assert_string_equal(e.error_code, cases[i].error_code);
		assert_int_equal(e.is_json, cases[i].is_json);
	}
}

static void
test_a_huge_body(void **state)
{
	struct buf body;
	struct rest_error e;

	(void)state;
	buf_init(&body, 16u << 20);
	for (int i = 0; i < 8 << 17; i++)
		buf_add_str(&body, "too much");
	rest_error_from_body(500, body.data, body.len, &e);
	assert_int_equal(strlen(e.message), sizeof e.message - 1);
	assert_true(str_has_prefix(e.message, "too muchtoo much"));
	buf_clear(&body);
}

static void
test_errors_for_the_person(void **state)
{
	static const struct {
		int status;
		enum error_code code;
	} cases[] = {
		{ 400, ERROR_INPUT },
		{ 401, ERROR_DENIED },
		{ 403, ERROR_DENIED },
		{ 404, ERROR_NOT_FOUND },
		{ 409, ERROR_CONFLICT },
		{ 410, ERROR_NOT_FOUND },
		{ 422, ERROR_REMOTE },
		{ 429, ERROR_LIMIT },
		{ 500, ERROR_OFFLINE },
		{ 503, ERROR_OFFLINE },
		{ 302, ERROR_REMOTE },
		{ 0, ERROR_REMOTE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_error e = { .status = cases[i].status, .message = "because" };
		struct error err;

		assert_false(rest_error_set(&e, &err, "pausing i1"));
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(err.http_status, cases[i].status);
		assert_true(str_has_prefix(err.text, "pausing i1: because ("));
		assert_false(rest_error_set(&e, NULL, "pausing i1"));
	}
}

static void
test_a_refused_key_says_what_to_do(void **state)
{
	struct rest_error e = { .status = 401, .message = "no" };
	struct error err;

	(void)state;
	assert_false(rest_error_set(&e, &err, "listing"));
	assert_string_equal(err.text, "listing: no (401): check the API key");
}

static void
test_written_errors(void **state)
{
	struct buf out;
	struct rest_error e;

	(void)state;
	buf_init(&out, 4096);
	rest_error_encode(&out, 404, NULL, "sandbox \"i1\" not found");
	assert_buf_json(
	    &out, "{\"code\":404,\"message\":\"sandbox \\\"i1\\\" not found\"}");
	buf_reset(&out);
	rest_error_encode(&out, 409, "idempotency_in_progress", "wait");
	rest_error_from_body(409, out.data, out.len, &e);
	assert_string_equal(e.error_code, "idempotency_in_progress");
	assert_string_equal(e.message, "wait");
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_a_huge_body),
		cmocka_unit_test(test_errors_for_the_person),
		cmocka_unit_test(test_a_refused_key_says_what_to_do),
		cmocka_unit_test(test_written_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
