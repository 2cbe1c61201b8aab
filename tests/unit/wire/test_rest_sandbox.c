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

static const char full_json[] =
    "{\"sandboxID\":\"i9qk2vdm4c7xw1t8z0ab3\",\"templateID\":\"r8m2c5q0x7v1n4k9d3fj\","
    "\"clientID\":\"6532622b\",\"alias\":\"base\",\"state\":\"running\","
    "\"startedAt\":\"2026-01-02T03:04:05.678Z\",\"endAt\":\"2026-01-02T03:09:05.678Z\","
    "\"cpuCount\":2,\"memoryMB\":512,\"diskSizeMB\":1024,\"envdVersion\":\"0.6.4\","
    "\"metadata\":{\"owner\":\"me\",\"empty\":\"\"},\"volumeMounts\":[],"
    "\"envdAccessToken\":\"5e0c\",\"domain\":\"eu.example.com:8443\","
    "\"allowInternetAccess\":false,"
    "\"lifecycle\":{\"autoResume\":true,\"onTimeout\":\"pause\"}}";

static bool
decode(const char *json, struct rest_sandbox *out, struct error *err)
{
	return rest_sandbox_decode(json, strlen(json), out, err);
}

static void
test_everything_there_and_back(void **state)
{
	struct rest_sandbox s;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(decode(full_json, &s, &err));
	assert_string_equal(s.id, "i9qk2vdm4c7xw1t8z0ab3");
	assert_string_equal(s.template_id, "r8m2c5q0x7v1n4k9d3fj");
	assert_string_equal(s.alias, "base");
	assert_int_equal(s.state, REST_STATE_RUNNING);
	assert_int_equal(s.started_ms, 1767323045678);
	assert_int_equal(s.end_ms - s.started_ms, 300000);
	assert_int_equal(s.cpu_count, 2);
	assert_int_equal(s.memory_mb, 512);
	assert_int_equal(s.disk_mb, 1024);
	assert_string_equal(s.envd_version, "0.6.4");
	assert_string_equal(pairs_get(&s.metadata, "owner"), "me");
	assert_string_equal(s.envd_token, "5e0c");
	assert_string_equal(s.domain, "eu.example.com:8443");
	assert_int_equal(s.internet, REST_NO);
	assert_int_equal(s.auto_resume, REST_YES);
	assert_int_equal(s.pause_on_timeout, REST_YES);

	buf_init(&out, 1u << 16);
	rest_sandbox_encode(&out, &s, true);
	assert_buf_json(&out, full_json);
	rest_sandbox_clear(&s);
	rest_sandbox_clear(&s);
	buf_clear(&out);
}

static void
test_the_list_hides_the_detail(void **state)
{
	struct rest_sandbox s;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(decode(full_json, &s, &err));
	buf_init(&out, 1u << 16);
	rest_sandbox_encode(&out, &s, false);
	assert_null(strstr(out.data, "envdAccessToken"));
	assert_null(strstr(out.data, "lifecycle"));
	assert_null(strstr(out.data, "domain"));
	rest_sandbox_clear(&s);
	buf_clear(&out);
}

static void
test_absent_null_and_empty_are_alike(void **state)
{
	static const char *const cases[] = {
		"{\"sandboxID\":\"i1\"}",
		"{\"sandboxID\":\"i1\",\"templateID\":null,\"alias\":null,\"state\":null,"
		"\"startedAt\":null,\"endAt\":null,\"cpuCount\":null,\"memoryMB\":null,"
		"\"diskSizeMB\":null,\"envdVersion\":null,\"metadata\":null,"
		"\"volumeMounts\":null,\"envdAccessToken\":null,\"domain\":null,"
		"\"network\":null,\"allowInternetAccess\":null,\"lifecycle\":null}",
		"{\"sandboxID\":\"i1\",\"templateID\":\"\",\"alias\":\"\",\"state\":\"\","
		"\"startedAt\":\"\",\"endAt\":\"\",\"envdVersion\":\"\",\"metadata\":{},"
		"\"envdAccessToken\":\"\",\"domain\":\"\",\"lifecycle\":{}}",
		("{\"sandboxID\":\"i1\",\"startedAt\":\"0001-01-01T00:00:00Z\","
		 "\"lifecycle\":{\"onTimeout\":\"explode\",\"autoResume\":null}}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_sandbox s;
		struct error err;

		if (!decode(cases[i], &s, &err))
			fail_msg("%s: %s", cases[i], err.text);
		assert_string_equal(s.template_id, "");
		assert_string_equal(s.state_text, "");
		assert_int_equal(s.state, REST_STATE_OTHER);
		assert_true(!s.alias && !s.envd_version && !s.envd_token && !s.domain);
		assert_true(!s.started_ms && !s.end_ms && !s.cpu_count);
		assert_int_equal(s.metadata.count, 0);
		assert_int_equal(s.internet, REST_UNSET);
		assert_int_equal(s.auto_resume, REST_UNSET);
		assert_int_equal(s.pause_on_timeout, REST_UNSET);
		rest_sandbox_clear(&s);
	}
}

static void
test_ids_lose_their_suffix(void **state)
{
	struct rest_sandbox s;
	struct error err;

	(void)state;
	assert_true(decode("{\"sandboxID\":\"i9qk2-6532622b\"}", &s, &err));
	assert_string_equal(s.id, "i9qk2");
	rest_sandbox_clear(&s);
}

static void
test_states_we_do_not_know(void **state)
{
	struct rest_sandbox s;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(
	    decode("{\"sandboxID\":\"i1\",\"state\":\"hiber\\u001bnating\"}", &s, &err));
	assert_int_equal(s.state, REST_STATE_OTHER);
	assert_string_equal(s.state_text, "hiber\\enating");
	rest_sandbox_clear(&s);
	assert_true(decode("{\"sandboxID\":\"i1\",\"state\":\"paused\"}", &s, &err));
	assert_int_equal(s.state, REST_STATE_PAUSED);
	rest_sandbox_clear(&s);

	s = (struct rest_sandbox){ .state = REST_STATE_PAUSED };
	buf_init(&out, 4096);
	rest_sandbox_encode(&out, &s, false);
	assert_non_null(strstr(out.data, "\"state\":\"paused\""));
	buf_clear(&out);
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "2026-01-02T03:04:05Z", 1767323045000 },
		{ "2026-01-02T03:04:05.6Z", 1767323045600 },
		{ "2026-01-02T03:04:05.67Z", 1767323045670 },
		{ "2026-01-02T03:04:05.678Z", 1767323045678 },
		{ "2026-01-02T03:04:05.6789Z", 1767323045678 },
		{ "2026-01-02T03:04:05.67891Z", 1767323045678 },
		{ "2026-01-02T03:04:05.678912Z", 1767323045678 },
		{ "2026-01-02T03:04:05.6789123Z", 1767323045678 },
		{ "2026-01-02T03:04:05.67891234Z", 1767323045678 },
		{ "2026-01-02T03:04:05.678912345Z", 1767323045678 },
		{ "2026-01-02T05:04:05+02:00", 1767323045000 },
		{ "2026-01-01T21:34:05.5-05:30", 1767323045500 },
		{ "9999-12-31T23:59:59Z", 253402300799000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json =
		    fill_in("{\"sandboxID\":\"i1\",\"endAt\":\"@\"}", cases[i].text);
		struct rest_sandbox s;
		struct error err;

		if (!decode(json, &s, &err))
			fail_msg("%s: %s", json, err.text);
		assert_int_equal(s.end_ms, cases[i].ms);
		rest_sandbox_clear(&s);
		free(json);
	}
}

static void
test_numbers_of_any_kind(void **state)
{
	static const char json[] = "{\"sandboxID\":\"i1\",\"cpuCount\":2.0,"
				   "\"memoryMB\":512.75,\"diskSizeMB\":1e3}";
	struct rest_sandbox s;
	struct error err;

	(void)state;
	assert_true(decode(json, &s, &err));
	assert_int_equal(s.cpu_count, 2);
	assert_int_equal(s.memory_mb, 512);
	assert_int_equal(s.disk_mb, 1000);
	rest_sandbox_clear(&s);
}

/* Law 4: nothing that a sandbox's owner wrote reaches a terminal as it is. */
static void
test_hostile_texts_come_out_clean(void **state)
{
	static const char json[] =
	    "{\"sandboxID\":\"\\u001b]52;c;AAAA\\u0007\",\"templateID\":\"\\u202etxt\","
	    "\"alias\":\"a\\u0000\\u009b31m\\r\\n\",\"state\":\"\\u001b[2J\","
	    "\"envdVersion\":\"\\u001bc\","
	    "\"metadata\":{\"\\u001b[1m\":\"\\u2066x\\u2069\",\"ok\":\"\303\251\"}}";
	struct rest_sandbox s;
	struct error err;

	(void)state;
	assert_true(decode(json, &s, &err));
	assert_string_equal(s.id, "\\e]52;c;AAAA\\a");
	assert_string_equal(s.template_id, "<U+202E>txt");
	assert_string_equal(s.alias, "a\xef\xbf\xbd\\x9b31m\\r\\n");
	assert_string_equal(s.state_text, "\\e[2J");
	assert_string_equal(s.envd_version, "\\ec");
	assert_string_equal(pairs_get(&s.metadata, "\\e[1m"), "<U+2066>x<U+2069>");
	assert_string_equal(pairs_get(&s.metadata, "ok"), "\303\251");
	rest_sandbox_clear(&s);
}

static void
test_bad_sandboxes(void **state)
{
	static const struct {
		const char *members, *complaint;
	} cases[] = {
		{ "\"x\":1", "\"sandboxID\" must be there" },
		{ "\"sandboxID\":null", "\"sandboxID\" must be there" },
		{ "\"sandboxID\":\"\"", "\"sandboxID\" must be there" },
		{ "\"sandboxID\":\"-6532622b\"", "\"sandboxID\" must be there" },
		{ "\"sandboxID\":7", "\"sandboxID\" must be a string" },
		{ "\"sandboxID\":\"i\",\"templateID\":7",
		    "\"templateID\" must be a string" },
		{ "\"sandboxID\":\"i\",\"alias\":[]", "\"alias\" must be a string" },
		{ "\"sandboxID\":\"i\",\"state\":1", "\"state\" must be a string" },
		{ "\"sandboxID\":\"i\",\"startedAt\":1",
		    "\"startedAt\" must be a string" },
		{ "\"sandboxID\":\"i\",\"startedAt\":\"now\"",
		    "\"startedAt\" must be a time" },
		{ "\"sandboxID\":\"i\",\"endAt\":\"2026-13-01T00:00:00Z\"",
		    "\"endAt\" must be a time" },
		{ "\"sandboxID\":\"i\",\"cpuCount\":\"2\"",
		    "\"cpuCount\" must be a whole" },
		{ "\"sandboxID\":\"i\",\"cpuCount\":-2", "\"cpuCount\" must be a whole" },
		{ "\"sandboxID\":\"i\",\"memoryMB\":1e300",
		    "\"memoryMB\" must be a whole" },
		{ "\"sandboxID\":\"i\",\"memoryMB\":1e999", "not valid JSON" },
		{ "\"sandboxID\":\"i\",\"memoryMB\":99999999999999999999",
		    "not valid JSON" },
		{ "\"sandboxID\":\"i\",\"diskSizeMB\":{}",
		    "\"diskSizeMB\" must be a whole" },
		{ "\"sandboxID\":\"i\",\"envdVersion\":1",
		    "\"envdVersion\" must be a string" },
		{ "\"sandboxID\":\"i\",\"metadata\":[]",
		    "\"metadata\" must be an object" },
		{ "\"sandboxID\":\"i\",\"metadata\":{\"a\":1}",
		    "\"metadata\" must be an object whose" },
		{ "\"sandboxID\":\"i\",\"metadata\":{\"a\":\"1\",\"a\":\"2\"}",
		    "duplicate" },
		{ "\"sandboxID\":\"i\",\"envdAccessToken\":1",
		    "\"envdAccessToken\" must be a string" },
		{ "\"sandboxID\":\"i\",\"envdAccessToken\":\"a\\r\\nX-Other: b\"",
		    "\"envdAccessToken\" must be visible ASCII" },
		{ "\"sandboxID\":\"i\",\"envdAccessToken\":\"a\\u0000\"",
		    "\"envdAccessToken\" must be visible ASCII" },
		{ "\"sandboxID\":\"i\",\"domain\":\"a b\"",
		    "\"domain\" must be visible" },
		{ "\"sandboxID\":\"i\",\"domain\":\"evil.example/?x=\"",
		    "\"domain\" must be a host name" },
		{ "\"sandboxID\":\"i\",\"allowInternetAccess\":\"yes\"",
		    "\"allowInternetAccess\" must be true or false" },
		{ "\"sandboxID\":\"i\",\"lifecycle\":\"kill\"",
		    "\"lifecycle\" must be an" },
		{ "\"sandboxID\":\"i\",\"lifecycle\":{\"autoResume\":1}",
		    "\"lifecycle.autoResume\" must be true" },
		{ "\"sandboxID\":\"i\",\"lifecycle\":{\"onTimeout\":1}",
		    "\"lifecycle.onTimeout\" must be a string" },
		{ "\"sandboxID\":\"i\xff\"", "not valid JSON" },
		{ "\"sandboxID\":\"i\",\"x\":\"\\ud800\"", "not valid JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json = fill_in("{@}", cases[i].members);
		char *list = fill_in("[{\"sandboxID\":\"first\"},@]", json);
		struct rest_sandbox s;
		struct rest_sandbox_list l;
		struct error err;

		if (decode(json, &s, &err))
			fail_msg("accepted: %s", json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", json, err.text);
		assert_int_equal(err.code, ERROR_REMOTE);
		assert_false(rest_sandbox_list_decode(list, strlen(list), &l, &err));
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", list, err.text);
		assert_true(
		    strstr(err.text, "entry 2") || strstr(err.text, "not valid JSON"));
		free(json);
		free(list);
	}
}

static void
test_bad_documents(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "", "list of sandboxes: an empty body where JSON was expected" },
		{ "  \n", "list of sandboxes: an empty body" },
		{ "<html><body>502 Bad Gateway</body></html>",
		    "list of sandboxes: a web page" },
		{ "{}", "list of sandboxes: not a JSON array" },
		{ "null", "list of sandboxes: not a JSON array" },
		{ "[{\"sandboxID\":\"i1\"}", "not valid JSON at byte" },
		{ "[{\"sandboxID\":\"i1\"}]]", "not valid JSON at byte" },
		{ "[1]", "entry 1: \"sandboxID\" must be there" },
		{ "[null]", "entry 1: \"sandboxID\" must be there" },
		{ "upstream connect error", "not valid JSON" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_sandbox_list l;
		struct error err;

		assert_false(rest_sandbox_list_decode(
		    cases[i].json, strlen(cases[i].json), &l, &err));
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_false(rest_sandbox_list_decode(
		    cases[i].json, strlen(cases[i].json), &l, NULL));
	}
}

/* A reply may hold a token next to its fault; the complaint must not quote it. */
static void
test_complaints_hold_no_secret(void **state)
{
	static const char *const cases[] = {
		"{\"envdAccessToken\":\"s3cret\"\"x\"}",
		"{\"envdAccessToken\":s3cret}",
		"{\"sandboxID\":\"i\",\"envdAccessToken\":\"s3cret \"}",
		"{\"envdAccessToken\":\"s3cret",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_sandbox s;
		struct error err;

		assert_false(decode(cases[i], &s, &err));
		assert_null(strstr(err.text, "s3cret"));
	}
}

static void
test_lists(void **state)
{
	struct rest_sandbox_list l;
	struct error err;
	char *json = xasprintf("[%s,{\"sandboxID\":\"i2\"}]", full_json);

	(void)state;
	assert_true(rest_sandbox_list_decode(json, strlen(json), &l, &err));
	assert_int_equal(l.count, 2);
	assert_string_equal(l.items[1].id, "i2");
	rest_sandbox_list_clear(&l);
	rest_sandbox_list_clear(&l);
	assert_true(rest_sandbox_list_decode("[]", 2, &l, &err));
	assert_int_equal(l.count, 0);
	rest_sandbox_list_clear(&l);
	free(json);
}

/* Ten thousand names in one object must not take the time of their square. */
static void
test_many_names(void **state)
{
	struct rest_sandbox s;
	struct error err;
	struct buf json;

	(void)state;
	buf_init(&json, 1u << 22);
	buf_add_str(&json, "{\"sandboxID\":\"i\",\"metadata\":{");
	for (int i = 0; i < 10000; i++)
		buf_addf(&json, "%s\"key %d\":\"%d\"", i ? "," : "", i, i);
	buf_add_str(&json, "}}");
	assert_true(rest_sandbox_decode(json.data, json.len, &s, &err));
	assert_int_equal(s.metadata.count, 10000);
	assert_string_equal(pairs_get(&s.metadata, "key 9999"), "9999");
	rest_sandbox_clear(&s);
	buf_clear(&json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_there_and_back),
		cmocka_unit_test(test_the_list_hides_the_detail),
		cmocka_unit_test(test_absent_null_and_empty_are_alike),
		cmocka_unit_test(test_ids_lose_their_suffix),
		cmocka_unit_test(test_states_we_do_not_know),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_numbers_of_any_kind),
		cmocka_unit_test(test_hostile_texts_come_out_clean),
		cmocka_unit_test(test_bad_sandboxes),
		cmocka_unit_test(test_bad_documents),
		cmocka_unit_test(test_complaints_hold_no_secret),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
