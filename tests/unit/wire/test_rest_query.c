/* The metadata filter, and JSON text that others write with our helpers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tests/unit/wire/helpers.h"
#include "wire/rest.h"

static void
test_the_example_of_the_reference(void **state)
{
	struct pairs p = { 0 };
	char *query;

	(void)state;
	pairs_set(&p, "run", "a&b");
	query = rest_metadata_query(&p);
	assert_string_equal(query, "run%3Da%252526b");
	free(query);
	pairs_clear(&p);
}

/* Whatever stands in keys and values arrives as it was. */
static void
test_there_and_back(void **state)
{
	static const char *const texts[] = { "plain", "100%", "a+b", "a&b=c", "%2526",
		"a b", "\303\251\360\237\230\200", "==", "&&", "+%+", "\x01\x7f",
		"k,v;#?/:@" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct pairs p = { 0 }, back;
		char *query;

		pairs_set(&p, texts[i], texts[ARRAY_LEN(texts) - 1 - i]);
		pairs_set(&p, "second", texts[i]);
		pairs_set(&p, "empty", "");
		query = rest_metadata_query(&p);
		assert_true(url_decode(query));
		assert_true(rest_metadata_query_parse(query, &back));
		assert_true(pairs_eq(&p, &back));
		free(query);
		pairs_clear(&p);
		pairs_clear(&back);
	}
}

static void
test_what_other_clients_send(void **state)
{
	static const struct {
		const char *value, *key, *expected;
	} cases[] = {
		{ "a=b%2520c", "a", "b c" },
		{ "a=b%20c", "a", "b c" },
		{ "a=b+c", "a", "b c" },
		{ "a=b%252Bc", "a", "b+c" },
		{ "a=b=c", "a", "b=c" },
		{ "x=1&a=", "a", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pairs p;

		assert_true(rest_metadata_query_parse(cases[i].value, &p));
		assert_string_equal(pairs_get(&p, cases[i].key), cases[i].expected);
		pairs_clear(&p);
	}
}

static void
test_bad_filters(void **state)
{
	static const char *const cases[] = { "", "a", "=b", "a=b&", "&a=b", "a=%", "a=%2",
		"a=%zz", "a=%25zz", "%3D=1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pairs p = { 0 };

		if (rest_metadata_query_parse(cases[i], &p))
			fail_msg("accepted: %s", cases[i]);
		assert_int_equal(p.count, 0);
	}
}

static void
test_strings(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"" },
		{ "\302\233m \342\200\256", "\"\\u009bm \\u202e\"" },
		{ "\363\240\200\201", "\"\\udb40\\udc01\"" },
		{ "\303\251\360\237\230\200", "\"\303\251\360\237\230\200\"" },
		{ "a\xff\xc3", "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf0\x9f\x98", "\"\xef\xbf\xbd\"" },
		{ NULL, "null" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;

		buf_init(&out, 100);
		json_add_string(&out, cases[i].text);
		assert_string_equal(out.data, cases[i].json);
		assert_same_json(out.data, out.len, out.data, out.len);
		buf_clear(&out);
	}
}

static void
test_pairs_for_a_store(void **state)
{
	struct pairs p = { 0 }, back;
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	pairs_encode(&out, &p);
	assert_string_equal(out.data, "{}");
	pairs_set(&p, "a\"", "\x1b[31m\n");
	pairs_set(&p, "", "{");
	pairs_set(&p, "z", "");
	buf_reset(&out);
	pairs_encode(&out, &p);
	assert_true(pairs_decode(out.data, out.len, &back, &err));
	assert_true(pairs_eq(&p, &back));
	pairs_clear(&p);
	pairs_clear(&back);
	buf_clear(&out);
}

static void
test_bad_pairs(void **state)
{
	static const char *const cases[] = { "", "[]", "{\"a\":1}", "{\"a\":null}",
		"{\"a\":", "{\"a\":\"1\",\"a\":\"2\"}", "{\"a\":\"\\u0000\"}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pairs p = { 0 };
		struct error err;

		assert_false(pairs_decode(cases[i], strlen(cases[i]), &p, &err));
		assert_int_equal(err.code, ERROR_INPUT);
		assert_true(str_has_prefix(err.text, "stored pairs: "));
		assert_int_equal(p.count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example_of_the_reference),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_what_other_clients_send),
		cmocka_unit_test(test_bad_filters),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_pairs_for_a_store),
		cmocka_unit_test(test_bad_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
