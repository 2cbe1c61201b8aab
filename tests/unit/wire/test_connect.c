#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/text.h"
#include "tests/unit/wire/helpers.h"
#include "wire/connect.h"
#include "wire/envelope.h"

/* The two tables of envd.md 2.5. */
static void
test_codes(void **state)
{
	static const struct {
		enum connect_code code;
		const char *name;
		int http;
		enum error_code error;
	} cases[] = {
		{ CONNECT_CANCELED, "canceled", 499, ERROR_CANCELLED },
		{ CONNECT_UNKNOWN, "unknown", 500, ERROR_REMOTE },
		{ CONNECT_INVALID_ARGUMENT, "invalid_argument", 400, ERROR_INPUT },
		{ CONNECT_DEADLINE_EXCEEDED, "deadline_exceeded", 504, ERROR_OFFLINE },
		{ CONNECT_NOT_FOUND, "not_found", 404, ERROR_NOT_FOUND },
		{ CONNECT_ALREADY_EXISTS, "already_exists", 409, ERROR_CONFLICT },
		{ CONNECT_PERMISSION_DENIED, "permission_denied", 403, ERROR_DENIED },
		{ CONNECT_RESOURCE_EXHAUSTED, "resource_exhausted", 429, ERROR_LIMIT },
		{ CONNECT_FAILED_PRECONDITION, "failed_precondition", 400,
		    ERROR_CONFLICT },
		{ CONNECT_ABORTED, "aborted", 409, ERROR_CONFLICT },
		{ CONNECT_OUT_OF_RANGE, "out_of_range", 400, ERROR_INPUT },
		{ CONNECT_UNIMPLEMENTED, "unimplemented", 501, ERROR_REMOTE },
		{ CONNECT_INTERNAL, "internal", 500, ERROR_REMOTE },
		{ CONNECT_UNAVAILABLE, "unavailable", 503, ERROR_OFFLINE },
		{ CONNECT_DATA_LOSS, "data_loss", 500, ERROR_REMOTE },
		{ CONNECT_UNAUTHENTICATED, "unauthenticated", 401, ERROR_DENIED },
	};

	(void)state;
	assert_int_equal(ARRAY_LEN(cases), CONNECT_CODE_COUNT - 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum connect_code code = CONNECT_OK;

		assert_string_equal(connect_code_name(cases[i].code), cases[i].name);
		assert_int_equal(connect_code_http(cases[i].code), cases[i].http);
		assert_int_equal(connect_code_error(cases[i].code), cases[i].error);
		assert_true(connect_code_parse(cases[i].name, &code));
		assert_int_equal(code, cases[i].code);
	}
}

static void
test_words_that_are_no_codes(void **state)
{
	static const char *const words[] = { "", "ok", "NOT_FOUND", "not_found ", "5",
		NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		enum connect_code code = CONNECT_OK;

		assert_false(connect_code_parse(words[i], &code));
		assert_int_equal(code, CONNECT_UNKNOWN);
	}
}

static void
test_codes_inferred_from_a_status(void **state)
{
	static const struct {
		int status;
		enum connect_code code;
	} cases[] = {
		{ 400, CONNECT_INTERNAL },
		{ 401, CONNECT_UNAUTHENTICATED },
		{ 403, CONNECT_PERMISSION_DENIED },
		{ 404, CONNECT_UNIMPLEMENTED },
		{ 409, CONNECT_UNKNOWN },
		{ 413, CONNECT_UNKNOWN },
		{ 429, CONNECT_UNAVAILABLE },
		{ 499, CONNECT_UNKNOWN },
		{ 500, CONNECT_UNKNOWN },
		{ 501, CONNECT_UNKNOWN },
		{ 502, CONNECT_UNAVAILABLE },
		{ 503, CONNECT_UNAVAILABLE },
		{ 504, CONNECT_UNAVAILABLE },
		{ 0, CONNECT_UNKNOWN },
		{ 99999, CONNECT_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(connect_code_from_http(cases[i].status), cases[i].code);
}

static void
test_bodies(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum connect_code code;
		const char *message;
	} cases[] = {
		{ 404, "{\"code\":\"not_found\",\"message\":\"no pid 7\"}",
		    CONNECT_NOT_FOUND, "no pid 7" },
		{ 404, "{\"code\":\"not_found\"}", CONNECT_NOT_FOUND,
		    "{\"code\":\"not_found\"}" },
		{ 503, "{\"code\":\"brand_new\",\"message\":\"m\"}", CONNECT_UNAVAILABLE,
		    "m" },
		{ 400, "{\"code\":401,\"message\":\"no token\"}", CONNECT_UNAUTHENTICATED,
		    "no token" },
		{ 403, "{\"code\":1e3,\"message\":\"m\"}", CONNECT_PERMISSION_DENIED,
		    "m" },
		{ 403, "{\"code\":7000,\"message\":\"m\"}", CONNECT_PERMISSION_DENIED,
		    "m" },
		{ 403, "{\"code\":null,\"message\":null}", CONNECT_PERMISSION_DENIED,
		    "{\"code\":null,\"message\":null}" },
		{ 500, "{\"code\":[],\"message\":{}}", CONNECT_UNKNOWN,
		    "{\"code\":[],\"message\":{}}" },
		{ 502, "<html><h1>502</h1></html>", CONNECT_UNAVAILABLE, "Bad Gateway" },
		{ 502, " \n<!DOCTYPE html>", CONNECT_UNAVAILABLE, "Bad Gateway" },
		{ 504, "", CONNECT_UNAVAILABLE, "Gateway Timeout" },
		{ 599, "", CONNECT_UNKNOWN, "status 599" },
		{ 404, "404 page not found\n", CONNECT_UNIMPLEMENTED,
		    "404 page not found" },
		{ 500, "\x1b]0;owned\x07 \xff\n\tb", CONNECT_UNKNOWN,
		    "\\e]0;owned\\a \xef\xbf\xbd b" },
		{ 500, "{\"message\":\"\\u202ea\\u0000\\u009b\"}", CONNECT_UNKNOWN,
		    "<U+202E>a\xef\xbf\xbd\\x9b" },
		{ 500, "{\"message\":\"cut", CONNECT_UNKNOWN, "{\"message\":\"cut" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct connect_error ce;

		connect_error_from_body(
		    cases[i].status, cases[i].body, strlen(cases[i].body), &ce);
		assert_int_equal(ce.code, cases[i].code);
		assert_int_equal(ce.http_status, cases[i].status);
		assert_string_equal(ce.message, cases[i].message);
		assert_false(ce.sandbox_not_found || ce.port_closed);
	}
}

static void
test_binary_bodies(void **state)
{
	struct connect_error ce;

	(void)state;
	connect_error_from_body(500, "a\0b", 3, &ce);
	assert_string_equal(ce.message, "Internal Server Error");
	connect_error_from_body(500, NULL, 0, &ce);
	assert_string_equal(ce.message, "Internal Server Error");
}

static void
test_what_a_proxy_says(void **state)
{
	static const struct {
		int status;
		const char *body;
		bool gone, closed;
	} cases[] = {
		{ 502,
		    "{\"sandboxId\":\"i1\",\"message\":\"The sandbox was not "
		    "found\",\"code\":502}",
		    true, false },
		{ 502,
		    "{\"sandboxId\":\"i1\",\"message\":\"The sandbox is running but port "
		    "is not "
		    "open\",\"port\":49983,\"code\":502}",
		    false, true },
		{ 502,
		    "{\"sandboxId\":\"i1\",\"message\":\"The sandbox is running but port "
		    "is not "
		    "open\",\"code\":502}",
		    false, true },
		{ 502,
		    "{\"sandboxId\":\"i1\",\"message\":\"port was not "
		    "found\",\"port\":1}",
		    false, true },
		{ 502, "{\"message\":\"upstream was not found\",\"code\":502}", false,
		    false },
		{ 502, "{\"sandboxId\":\"i1\",\"message\":\"odd\",\"code\":502}", false,
		    false },
		{ 403,
		    "{\"sandboxId\":\"i1\",\"message\":\"The sandbox was not "
		    "found\",\"code\":403}",
		    false, false },
		{ 502, "The sandbox was not found", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct connect_error ce;

		connect_error_from_body(
		    cases[i].status, cases[i].body, strlen(cases[i].body), &ce);
		assert_int_equal(ce.sandbox_not_found, cases[i].gone);
		assert_int_equal(ce.port_closed, cases[i].closed);
		if (cases[i].status == 502)
			assert_int_equal(ce.code, CONNECT_UNAVAILABLE);
	}
}

static void
test_a_long_message_is_cut_on_a_character(void **state)
{
	struct buf body;
	struct connect_error ce;

	(void)state;
	buf_init(&body, 1u << 20);
	buf_add_str(&body, "{\"message\":\"");
	for (int i = 0; i < 5000; i++)
		buf_add_str(&body, "\303\251");
	buf_add_str(&body, "\"}");
	connect_error_from_body(500, body.data, body.len, &ce);
	assert_int_equal(strlen(ce.message), sizeof ce.message - 2);
	assert_true(utf8_is_valid(ce.message, strlen(ce.message)));
	buf_clear(&body);
}

static void
test_ends(void **state)
{
	static const struct {
		const char *payload;
		bool ok;
		enum connect_code code;
		const char *message;
	} cases[] = {
		{ "{}", true, CONNECT_OK, "" },
		{ " {} ", true, CONNECT_OK, "" },
		{ "{\"metadata\":{\"k\":[\"v\"]}}", true, CONNECT_OK, "" },
		{ "{\"error\":null}", true, CONNECT_OK, "" },
		{ "{\"error\":{\"code\":\"unavailable\",\"message\":\"cut\"},"
		  "\"metadata\":{}}",
		    true, CONNECT_UNAVAILABLE, "cut" },
		{ "{\"error\":{\"code\":\"not_found\"}}", true, CONNECT_NOT_FOUND,
		    "an error without a text" },
		{ "{\"error\":{\"code\":\"later\",\"message\":\"m\"}}", true,
		    CONNECT_UNKNOWN, "m" },
		{ "{\"error\":{\"message\":\"\\u001b[2J\"}}", true, CONNECT_UNKNOWN,
		    "\\e[2J" },
		{ "{\"error\":{\"code\":503}}", true, CONNECT_UNAVAILABLE,
		    "an error without a text" },
		{ "{\"error\":{}}", true, CONNECT_UNKNOWN, "an error without a text" },
		{ "{\"error\":\"x\"}", true, CONNECT_UNKNOWN, "an error without a text" },
		{ "", false, CONNECT_UNKNOWN, "the end of the stream is not JSON" },
		{ "[]", false, CONNECT_UNKNOWN, "the end of the stream is not JSON" },
		{ "{\"error\":", false, CONNECT_UNKNOWN,
		    "the end of the stream is not JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct connect_error ce;

		assert_int_equal(
		    connect_end_parse(cases[i].payload, strlen(cases[i].payload), &ce),
		    cases[i].ok);
		assert_int_equal(ce.code, cases[i].code);
		assert_string_equal(ce.message, cases[i].message);
		assert_int_equal(ce.http_status, 200);
	}
}

static void
test_errors_for_the_person(void **state)
{
	struct connect_error ce = { .code = CONNECT_NOT_FOUND,
		.http_status = 404,
		.message = "no such process" };
	struct error err;

	(void)state;
	assert_false(connect_error_set(&ce, &err, "joining the shell"));
	assert_string_equal(err.text, "joining the shell: no such process (not_found)");
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_int_equal(err.http_status, 404);
	ce.http_status = 200;
	assert_false(connect_error_set(&ce, &err, "joining the shell"));
	assert_int_equal(err.http_status, 0);
	assert_false(connect_error_set(&ce, NULL, "joining the shell"));
}

static void
test_written_errors(void **state)
{
	struct buf out;
	struct envelope_reader r;
	struct envelope e;

	(void)state;
	buf_init(&out, 4096);
	connect_add_error_body(&out, CONNECT_INTERNAL, "a \"quoted\" \x01 text");
	assert_buf_json(&out,
	    "{\"code\":\"internal\",\"message\":\"a \\\"quoted\\\" \\u0001 text\"}");
	buf_reset(&out);
	connect_add_error_body(&out, CONNECT_ABORTED, NULL);
	assert_buf_json(&out, "{\"code\":\"aborted\"}");
	buf_reset(&out);

	connect_add_end(&out, CONNECT_OK, NULL);
	assert_memory_equal(out.data, "\2\0\0\0\2{}", 7);
	buf_reset(&out);
	connect_add_end(&out, CONNECT_DEADLINE_EXCEEDED, "context deadline exceeded");
	envelope_reader_init(&r, 1000);
	envelope_feed(&r, out.data, out.len);
	assert_true(envelope_next(&r, &e, NULL));
	assert_int_equal(e.flags, ENVELOPE_END);
	assert_int_equal(e.len, 0x4c);
	assert_same_json(e.payload, e.len,
	    "{\"error\":{\"code\":\"deadline_exceeded\",\"message\":\"context deadline "
	    "exceeded\"}}",
	    0x4c);
	envelope_reader_clear(&r);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_words_that_are_no_codes),
		cmocka_unit_test(test_codes_inferred_from_a_status),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_binary_bodies),
		cmocka_unit_test(test_what_a_proxy_says),
		cmocka_unit_test(test_a_long_message_is_cut_on_a_character),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_errors_for_the_person),
		cmocka_unit_test(test_written_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
