#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/text.h"

static void
test_set_overwrites_what_was_there(void **state)
{
	(void)state;
	struct error err;

	memset(&err, 0xff, sizeof err);
	assert_false(error_set(&err, ERROR_LIMIT, "%d of %s", 3, "four"));
	assert_int_equal(err.code, ERROR_LIMIT);
	assert_int_equal(err.http_status, 0);
	assert_int_equal(err.retry_after_s, 0);
	assert_string_equal(err.text, "3 of four");
}

static void
test_null_is_fine(void **state)
{
	(void)state;
	assert_false(error_set(NULL, ERROR_INPUT, "x"));
	assert_false(error_system(NULL, ENOENT, "x"));
	error_prefix(NULL, "x");
}

static void
test_system_says_why(void **state)
{
	(void)state;
	struct error err;

	assert_false(error_system(&err, ENOENT, "opening %s", "f"));
	assert_int_equal(err.code, ERROR_SYSTEM);
	assert_string_equal(err.text, "opening f: No such file or directory");
}

static void
test_prefix_keeps_the_rest(void **state)
{
	(void)state;
	struct error err;

	error_set(&err, ERROR_CONFLICT, "taken");
	err.http_status = 409;
	err.retry_after_s = 7;
	error_prefix(&err, "creating %s", "box");
	assert_string_equal(err.text, "creating box: taken");
	assert_int_equal(err.code, ERROR_CONFLICT);
	assert_int_equal(err.http_status, 409);
	assert_int_equal(err.retry_after_s, 7);
}

/* Servers' words end up in here. */
static void
test_text_is_one_clean_line(void **state)
{
	(void)state;
	struct error err;

	error_set(&err, ERROR_REMOTE, "a\nb\x1b[2Jc\xff");
	assert_string_equal(err.text, "a\\nb\\e[2Jc\xef\xbf\xbd");
}

static void
test_long_text_is_cut_at_a_character(void **state)
{
	(void)state;
	char many[2001];

	for (int shift = 0; shift < 3; shift++) {
		struct error err;

		for (int i = 0; i < 2000; i += 2)
			memcpy(many + i, "\xc3\xa9", 2);
		many[2000] = '\0';
		error_set(&err, ERROR_REMOTE, "%.*s%s", shift, "xyz", many);
		assert_true(strlen(err.text) < sizeof err.text);
		assert_true(strlen(err.text) >= sizeof err.text - 3);
		assert_true(utf8_is_valid(err.text, strlen(err.text)));
		assert_string_equal(err.text + strlen(err.text) - 3, "...");
		error_prefix(&err, "%s", many);
		assert_true(utf8_is_valid(err.text, strlen(err.text)));
	}
}

static void
test_code_names(void **state)
{
	(void)state;
	for (int code = ERROR_NONE; code <= ERROR_CANCELLED; code++)
		assert_non_null(error_code_name((enum error_code)code));
	assert_string_equal(error_code_name(ERROR_NOT_FOUND), "not_found");
	assert_string_equal(error_code_name(ERROR_CANCELLED), "cancelled");
	assert_string_equal(error_code_name((enum error_code)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_overwrites_what_was_there),
		cmocka_unit_test(test_null_is_fine),
		cmocka_unit_test(test_system_says_why),
		cmocka_unit_test(test_prefix_keeps_the_rest),
		cmocka_unit_test(test_text_is_one_clean_line),
		cmocka_unit_test(test_long_text_is_cut_at_a_character),
		cmocka_unit_test(test_code_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
