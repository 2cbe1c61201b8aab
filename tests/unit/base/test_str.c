#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

static void
test_comparisons(void **state)
{
	(void)state;
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "A"));
	assert_true(str_eq_nocase("aB", "Ab"));
	assert_false(str_eq_nocase("a", NULL));
	assert_true(str_is_empty(NULL));
	assert_true(str_is_empty(""));
	assert_false(str_is_empty(" "));
	assert_true(str_has_prefix("abc", "ab"));
	assert_true(str_has_prefix("abc", ""));
	assert_false(str_has_prefix("a", "ab"));
	assert_false(str_has_prefix(NULL, ""));
	assert_true(str_has_suffix("abc", "bc"));
	assert_true(str_has_suffix("abc", ""));
	assert_false(str_has_suffix("c", "bc"));
	assert_false(str_has_suffix("abc", "ab"));
}

static void
test_copy_reports_cutting(void **state)
{
	(void)state;
	char small[4] = "zzz";

	assert_true(str_copy(small, sizeof small, "abc"));
	assert_string_equal(small, "abc");
	assert_false(str_copy(small, sizeof small, "wxyz"));
	assert_string_equal(small, "wxy");
	assert_true(str_copy(small, sizeof small, NULL));
	assert_string_equal(small, "");
	assert_false(str_copy(small, 0, "a"));
}

static void
test_parse_int(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "-1", true, -1 },
		{ "007", true, 7 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ .text = "9223372036854775808" },
		{ .text = "-9223372036854775809" },
		{ .text = "99999999999999999999999999" },
		{ .text = "" },
		{ .text = "-" },
		{ .text = "--1" },
		{ .text = "+1" },
		{ .text = " 1" },
		{ .text = "1 " },
		{ .text = "1x" },
		{ .text = "0x10" },
		{ .text = "1.0" },
		{ .text = NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t value = 4711;

		assert_int_equal(parse_int(cases[i].text, INT64_MIN, INT64_MAX, &value),
		    cases[i].good);
		assert_int_equal(value, cases[i].good ? cases[i].value : 4711);
	}
}

static void
test_parse_int_bounds(void **state)
{
	(void)state;
	int64_t value = 4711;

	assert_true(parse_int("5", 5, 5, &value));
	assert_false(parse_int("4", 5, 9, &value));
	assert_false(parse_int("10", 5, 9, &value));
	assert_int_equal(value, 5);
}

static void
test_parse_double(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "-", ".", "1.5x", "0x1p3", "inf", "nan",
		" 1", "1 ", "1,5", "1e999", "1e", "+-1", "1-2", NULL };
	double value = 0;

	assert_true(parse_double("1.5", &value));
	assert_true(value == 1.5);
	assert_true(parse_double("-.25e2", &value));
	assert_true(value == -25);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(parse_double(bad[i], &value));
	assert_true(value == -25);
}

static void
test_trim(void **state)
{
	(void)state;
	char both[] = " \t a b \r\n", none[] = "", blank[] = "  \n";

	assert_string_equal(str_trim(both), "a b");
	assert_string_equal(str_trim(none), "");
	assert_string_equal(str_trim(blank), "");
}

static void
test_secret_eq(void **state)
{
	(void)state;
	assert_true(secret_eq("key", "key"));
	assert_true(secret_eq("", ""));
	assert_false(secret_eq("key", "kez"));
	assert_false(secret_eq("key", "ke"));
	assert_false(secret_eq("ke", "key"));
	assert_false(secret_eq("kk", "k"));
	assert_false(secret_eq("", "key"));
	assert_false(secret_eq("key", ""));
	assert_false(secret_eq(NULL, NULL));
}

static void
test_secret_mask(void **state)
{
	(void)state;
	static const struct {
		const char *secret, *mask;
	} cases[] = {
		{ NULL, "" },
		{ "", "" },
		{ "x", "***" },
		{ "123456789012345", "***" },
		{ "e2b_123456789abcdef", "e2b_1234...cdef" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *mask = secret_mask(cases[i].secret);

		assert_string_equal(mask, cases[i].mask);
		free(mask);
	}
}

static void
test_url_encode(void **state)
{
	(void)state;
	char *plain = url_encode("AZaz09-_.~"), *odd = url_encode("a b/\xc3\xa9+%&=?");

	assert_string_equal(plain, "AZaz09-_.~");
	assert_string_equal(odd, "a%20b%2F%C3%A9%2B%25%26%3D%3F");
	assert_true(url_decode(odd));
	assert_string_equal(odd, "a b/\xc3\xa9+%&=?");
	free(plain);
	free(odd);
}

static void
test_url_decode_refuses_bad_escapes(void **state)
{
	(void)state;
	static const char *const bad[] = { "%", "a%", "a%4", "%zz", "%4g", "x%00y",
		"%%41" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char *s = xstrdup(bad[i]);

		assert_false(url_decode(s));
		assert_string_equal(s, bad[i]);
		free(s);
	}

	char good[] = "%41%4a%2b+%25";

	assert_true(url_decode(good));
	assert_string_equal(good, "AJ++%");
}

static void
test_strlist(void **state)
{
	(void)state;
	struct strlist l = { 0 };

	assert_false(strlist_has(&l, "a"));
	strlist_split(&l, "a::b:", ':');
	assert_int_equal(l.count, 4);
	assert_string_equal(l.items[1], "");
	assert_string_equal(l.items[2], "b");
	assert_string_equal(l.items[3], "");
	assert_null(l.items[4]);
	assert_true(strlist_has(&l, "b"));
	for (int i = 0; i < 100; i++) {
		strlist_add(&l, "more");
		assert_null(l.items[l.count]);
	}
	assert_int_equal(l.count, 104);
	strlist_clear(&l);
	strlist_clear(&l);
	strlist_split(&l, "", ',');
	assert_int_equal(l.count, 1);
	strlist_clear(&l);
}

static void
test_pairs(void **state)
{
	(void)state;
	struct pairs a = { 0 }, b = { 0 };

	assert_null(pairs_get(&a, "k"));
	pairs_set(&a, "k", "1");
	pairs_set(&a, "l", "2");
	pairs_set(&a, "k", "3");
	assert_int_equal(a.count, 2);
	assert_string_equal(a.items[0].key, "k");
	assert_string_equal(pairs_get(&a, "k"), "3");
	assert_false(pairs_eq(&a, &b));
	pairs_set(&b, "old", "gone");
	pairs_copy(&b, &a);
	assert_true(pairs_eq(&a, &b));
	assert_null(pairs_get(&b, "old"));
	pairs_copy(&b, &b);
	assert_int_equal(b.count, 2);
	pairs_set(&b, "l", "other");
	assert_false(pairs_eq(&a, &b));
	pairs_clear(&a);
	pairs_clear(&b);
	pairs_clear(&b);
}

static void
test_pairs_are_equal_in_any_order(void **state)
{
	(void)state;
	struct pairs a = { 0 }, b = { 0 };
	char key[3] = "a0";

	for (int i = 0; i < 10; i++) {
		key[1] = (char)('0' + i);
		pairs_set(&a, key, key);
		key[1] = (char)('9' - i);
		pairs_set(&b, key, key);
	}
	assert_true(pairs_eq(&a, &b));
	pairs_clear(&a);
	pairs_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_copy_reports_cutting),
		cmocka_unit_test(test_parse_int),
		cmocka_unit_test(test_parse_int_bounds),
		cmocka_unit_test(test_parse_double),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_secret_eq),
		cmocka_unit_test(test_secret_mask),
		cmocka_unit_test(test_url_encode),
		cmocka_unit_test(test_url_decode_refuses_bad_escapes),
		cmocka_unit_test(test_strlist),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_pairs_are_equal_in_any_order),
	};

	setlocale(LC_ALL, "");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
