#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tests/unit/wire/helpers.h"
#include "wire/rest.h"

static bool
decode(const char *json, struct rest_log_list *out, struct error *err)
{
	return rest_log_list_decode(json, strlen(json), out, err);
}

static void
must_decode(const char *json, struct rest_log_list *out)
{
	struct error err;

	if (!decode(json, out, &err))
		fail_msg("%s: %s", json, err.text);
}

static void
test_entries_of_v2(void **state)
{
	struct rest_log_list l;

	(void)state;
	must_decode(
	    "{\"logs\":[{\"timestamp\":\"2026-01-02T03:04:05.123456789Z\","
	    "\"level\":\"warn\",\"message\":\"low \\u001b[31mdisk\","
	    "\"fields\":{\"logger\":\"process\",\"pid\":\"7\"}},"
	    "{\"timestamp\":\"2026-01-02T03:04:05Z\",\"level\":\"info\",\"message\":\"\","
	    "\"fields\":null},{\"message\":\"bare\"}]}",
	    &l);
	assert_int_equal(l.count, 3);
	assert_int_equal(l.items[0].time_ns, 1767323045123456789);
	assert_string_equal(l.items[0].level, "warn");
	assert_string_equal(l.items[0].message, "low \\e[31mdisk");
	assert_string_equal(pairs_get(&l.items[0].fields, "pid"), "7");
	assert_string_equal(l.items[1].message, "");
	assert_int_equal(l.items[1].fields.count, 0);
	assert_int_equal(l.items[2].time_ns, 0);
	assert_string_equal(l.items[2].level, "info");
	rest_log_list_clear(&l);
	rest_log_list_clear(&l);
}

static void
test_nanoseconds(void **state)
{
	static const struct {
		const char *text;
		int64_t below;
	} cases[] = {
		{ "Z", 0 },
		{ ".1Z", 100000000 },
		{ ".12Z", 120000000 },
		{ ".123Z", 123000000 },
		{ ".1234Z", 123400000 },
		{ ".12345Z", 123450000 },
		{ ".123456Z", 123456000 },
		{ ".1234567Z", 123456700 },
		{ ".12345678Z", 123456780 },
		{ ".123456789Z", 123456789 },
		{ ".000000001+00:00", 1 },
		{ ".999999999-00:00", 999999999 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json =
		    fill_in("{\"logs\":[{\"timestamp\":\"2026-01-02T03:04:05@\"}]}",
			cases[i].text);
		struct rest_log_list l;

		must_decode(json, &l);
		assert_int_equal(
		    l.items[0].time_ns, 1767323045000000000 + cases[i].below);
		rest_log_list_clear(&l);
		free(json);
	}
}

static void
test_times_outside_of_nanoseconds(void **state)
{
	struct rest_log_list l;

	(void)state;
	must_decode("{\"logs\":[{\"timestamp\":\"9999-01-02T03:04:05Z\"},"
		    "{\"timestamp\":\"0001-01-01T00:00:00Z\"},{\"timestamp\":\"\"}]}",
	    &l);
	assert_true(l.items[0].time_ns == INT64_MAX);
	assert_int_equal(l.items[1].time_ns, 0);
	assert_int_equal(l.items[2].time_ns, 0);
	rest_log_list_clear(&l);
}

static void
test_lines_of_v1(void **state)
{
	static const struct {
		const char *line;
		const char *level, *message;
		size_t fields;
	} cases[] = {
		{ "{\\\"level\\\":\\\"ERROR\\\",\\\"message\\\":\\\"a\\\\nb\\\","
		  "\\\"logger\\\":\\\"envd\\\",\\\"n\\\":[1, 2]}",
		    "error", "a\\nb", 2 },
		{ "{\\\"msg\\\":\\\"m\\\",\\\"level\\\":\\\"Warning\\\"}", "warn", "m",
		    0 },
		{ "{\\\"level\\\":\\\"fatal\\\"}", "error", "", 0 },
		{ "{\\\"level\\\":\\\"audit\\\",\\\"message\\\":7}", "audit", "", 0 },
		{ "{\\\"level\\\":5,\\\"message\\\":\\\"x\\\"}", "info", "x", 0 },
		{ "plain text \\u001b]0;t\\u0007", "info", "plain text \\e]0;t\\a", 0 },
		{ "{\\\"level\\\":", "info", "{\"level\":", 0 },
		{ "{} trailing", "info", "{} trailing", 0 },
		{ "{\\\"a\\\":1,\\\"a\\\":2}", "info", "{\"a\":1,\"a\":2}", 0 },
		{ "", "info", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json = fill_in("{\"logs\":[{\"timestamp\":\"2026-01-02T03:04:05Z\","
				     "\"line\":\"@\"}]}",
		    cases[i].line);
		struct rest_log_list l;

		must_decode(json, &l);
		assert_int_equal(l.count, 1);
		assert_string_equal(l.items[0].level, cases[i].level);
		assert_string_equal(l.items[0].message, cases[i].message);
		assert_int_equal(l.items[0].fields.count, cases[i].fields);
		rest_log_list_clear(&l);
		free(json);
	}
}

static void
test_fields_of_a_line(void **state)
{
	struct rest_log_list l;

	(void)state;
	must_decode(
	    "{\"logs\":[{\"line\":\"{\\\"message\\\":\\\"m\\\",\\\"pid\\\":7,"
	    "\\\"\\\\u001bx\\\":[true, \\\"\\\\u202e\\\"],\\\"gone\\\":null}\"}]}",
	    &l);
	assert_int_equal(l.items[0].fields.count, 2);
	assert_string_equal(pairs_get(&l.items[0].fields, "pid"), "7");
	assert_string_equal(pairs_get(&l.items[0].fields, "\\ex"), "[true,\"<U+202E>\"]");
	rest_log_list_clear(&l);
}

static void
test_parsed_entries_win_over_lines(void **state)
{
	struct rest_log_list l;

	(void)state;
	must_decode(
	    "{\"logs\":[{\"line\":\"raw\"}],\"logEntries\":[{\"message\":\"parsed\"}]}",
	    &l);
	assert_int_equal(l.count, 1);
	assert_string_equal(l.items[0].message, "parsed");
	rest_log_list_clear(&l);
	must_decode("{\"logs\":[{\"line\":\"raw\"}],\"logEntries\":[]}", &l);
	assert_string_equal(l.items[0].message, "raw");
	rest_log_list_clear(&l);
}

static void
test_no_logs(void **state)
{
	static const char *const cases[] = { "{}", "{\"logs\":[]}", "{\"logs\":null}",
		"{\"logs\":[],\"logEntries\":null}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_log_list l;

		must_decode(cases[i], &l);
		assert_int_equal(l.count, 0);
		rest_log_list_clear(&l);
	}
}

static void
test_bad_logs(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "[]", "logs: not a JSON object" },
		{ "{\"logs\":{}}", "\"logs\" must be an array" },
		{ "{\"logEntries\":7}", "\"logEntries\" must be an array" },
		{ "{\"logs\":[{},\"x\"]}",
		    "entry 2: \"logs\" must be an array of objects" },
		{ "{\"logs\":[{\"timestamp\":1}]}",
		    "entry 1: \"timestamp\" must be a string" },
		{ "{\"logs\":[{\"timestamp\":\"x\"}]}", "\"timestamp\" must be a time" },
		{ "{\"logs\":[{\"level\":1}]}", "\"level\" must be a string" },
		{ "{\"logs\":[{\"message\":[]}]}", "\"message\" must be a string" },
		{ "{\"logs\":[{\"line\":{}}]}", "\"line\" must be a string" },
		{ "{\"logs\":[{\"fields\":[]}]}", "\"fields\" must be an object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_log_list l;
		struct error err;

		if (decode(cases[i].json, &l, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
	}
}

static struct rest_log_entry
sample_entry(void)
{
	struct rest_log_entry e = { .time_ns = 1767323045123456789 };

	e.level = xstrdup("warn");
	e.message = xstrdup("a \"b\"\n");
	pairs_set(&e.fields, "pid", "7");
	return e;
}

static void
test_a_written_entry(void **state)
{
	struct rest_log_entry e = sample_entry();
	struct rest_log_list l;
	struct buf out;
	char *json;

	(void)state;
	buf_init(&out, 4096);
	rest_log_entry_encode(&out, &e);
	assert_buf_json(&out,
	    "{\"timestamp\":\"2026-01-02T03:04:05.123456789Z\",\"level\":\"warn\","
	    "\"message\":\"a \\\"b\\\"\\n\",\"fields\":{\"pid\":\"7\"}}");
	json = fill_in("{\"logs\":[@]}", out.data);
	must_decode(json, &l);
	assert_int_equal(l.items[0].time_ns, e.time_ns);
	rest_log_list_clear(&l);
	rest_log_entry_clear(&e);
	buf_clear(&out);
	free(json);
}

/* The official CLI parses `line` and needs its level and logger. */
static void
test_a_written_line(void **state)
{
	struct rest_log_entry e = sample_entry();
	struct buf out;
	json_t *root, *line;

	(void)state;
	buf_init(&out, 4096);
	rest_log_line_encode(&out, &e);
	root = json_loads(out.data, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(root, "timestamp")),
	    "2026-01-02T03:04:05.123456789Z");
	line = json_loads(json_string_value(json_object_get(root, "line")), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
	assert_string_equal(
	    json_string_value(json_object_get(line, "logger")), "sandbox");
	assert_string_equal(
	    json_string_value(json_object_get(line, "message")), "a \"b\"\n");
	assert_string_equal(json_string_value(json_object_get(line, "pid")), "7");
	json_decref(line);
	json_decref(root);

	pairs_set(&e.fields, "logger", "init");
	buf_reset(&out);
	rest_log_line_encode(&out, &e);
	assert_non_null(strstr(out.data, "\\\"logger\\\":\\\"init\\\""));
	assert_null(strstr(out.data, "\\\"sandbox\\\""));
	rest_log_entry_clear(&e);
	rest_log_entry_clear(&e);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_of_v2),
		cmocka_unit_test(test_nanoseconds),
		cmocka_unit_test(test_times_outside_of_nanoseconds),
		cmocka_unit_test(test_lines_of_v1),
		cmocka_unit_test(test_fields_of_a_line),
		cmocka_unit_test(test_parsed_entries_win_over_lines),
		cmocka_unit_test(test_no_logs),
		cmocka_unit_test(test_bad_logs),
		cmocka_unit_test(test_a_written_entry),
		cmocka_unit_test(test_a_written_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
