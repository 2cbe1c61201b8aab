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

static bool
decode(const char *json, struct rest_create *out, struct error *err)
{
	return rest_create_decode(json, strlen(json), out, err);
}

static void
test_create_there_and_back(void **state)
{
	static const char v1[] =
	    "{\"templateID\":\"base\",\"timeout\":900,\"autoPause\":true,"
	    "\"autoPauseMemory\":false,\"autoResume\":{\"enabled\":false},\"secure\":"
	    "true,"
	    "\"allow_internet_access\":false,\"metadata\":{\"a\":\"b\"},"
	    "\"envVars\":{\"PATH\":\"/bin\"}}";
	struct rest_create c;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(decode(v1, &c, &err));
	assert_string_equal(c.template_id, "base");
	assert_int_equal(c.timeout_s, 900);
	assert_int_equal(c.auto_pause, REST_YES);
	assert_int_equal(c.auto_pause_memory, REST_NO);
	assert_int_equal(c.auto_resume, REST_NO);
	assert_int_equal(c.secure, REST_YES);
	assert_int_equal(c.internet, REST_NO);
	assert_true(c.has_metadata && !c.foreign);
	assert_string_equal(pairs_get(&c.envs, "PATH"), "/bin");

	buf_init(&out, 4096);
	rest_create_encode(&out, &c, false);
	assert_buf_json(&out, v1);
	buf_reset(&out);
	rest_create_encode(&out, &c, true);
	assert_null(strstr(out.data, "secure"));
	assert_non_null(strstr(out.data, "\"timeout\":900"));
	rest_create_clear(&c);
	assert_int_equal(c.timeout_s, -1);
	rest_create_clear(&c);
	buf_clear(&out);
}

/* What the newest official clients send at the least. */
static void
test_the_smallest_create(void **state)
{
	static const char json[] =
	    "{\"templateID\":\"base\",\"metadata\":{},\"envVars\":{}}";
	struct rest_create c;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(decode(json, &c, &err));
	assert_int_equal(c.timeout_s, -1);
	assert_true(c.has_metadata);
	assert_int_equal(c.metadata.count, 0);
	assert_int_equal(c.auto_pause, REST_UNSET);
	assert_int_equal(c.auto_resume, REST_UNSET);
	assert_int_equal(c.secure, REST_UNSET);
	assert_int_equal(c.internet, REST_UNSET);
	buf_init(&out, 4096);
	rest_create_encode(&out, &c, true);
	assert_buf_json(&out, "{\"templateID\":\"base\",\"metadata\":{}}");
	rest_create_clear(&c);
	buf_clear(&out);
}

static void
test_members_named_but_not_ours(void **state)
{
	struct rest_create c;
	struct error err;

	(void)state;
	static const struct {
		const char *members, *foreign;
	} cases[] = {
		{ "\"mcp\":null", NULL },
		{ "\"network\":{},\"iam\":{},\"volumeMounts\":[],\"later\":1", NULL },
		{ "\"network\":{\"allowPublicTraffic\":true,\"allowOut\":[],"
		  "\"maskRequestHost\":\"\",\"egressProxy\":null}",
		    NULL },
		{ "\"iam\":{\"tokens\":{}}", NULL },
		{ "\"mcp\":{}", "mcp" },
		{ "\"network\":{\"allowPublicTraffic\":false,\"maskRequestHost\":\"h\","
		  "\"denyOut\":[\"1.1.1.1\",\"0.0.0.0/0\"]}",
		    NULL },
		{ "\"network\":{\"denyOut\":[\"1.1.1.1\"]}",
		    "network.denyOut (of less than 0.0.0.0/0)" },
		{ "\"network\":{\"allowOut\":[\"a.b\"]}", "network.allowOut" },
		{ "\"network\":{\"dnsServers\":[\"1.1.1.1\"]}", "network.dnsServers" },
		{ "\"iam\":{\"tokens\":{\"a\":{}}}", "iam.tokens" },
		{ "\"volumeMounts\":[{}]", "volumeMounts" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json = xasprintf("{\"templateID\":\"t\",%s}", cases[i].members);

		assert_true(decode(json, &c, &err));
		assert_true(str_eq(c.foreign, cases[i].foreign));
		rest_create_clear(&c);
		free(json);
	}
	assert_false(decode("{\"templateID\":\"t\",\"network\":[]}", &c, &err));
	assert_false(decode("{\"templateID\":\"t\",\"network\":null}", &c, &err));
	assert_false(decode("{\"templateID\":\"t\",\"iam\":7}", &c, &err));
}

static void
test_bad_creates(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "", "create: an empty body" },
		{ "[]", "create: not a JSON object" },
		{ "{\"templateID\":", "create: not valid JSON" },
		{ "{}", "\"templateID\" must be there" },
		{ "{\"templateID\":\"\"}", "\"templateID\" must be there" },
		{ "{\"templateID\":null}", "\"templateID\" must be a string" },
		{ "{\"templateID\":1}", "\"templateID\" must be a string" },
		{ "{\"templateID\":\"a\\u0000\"}", "not valid JSON" },
		{ "{\"templateID\":\"t\",\"templateID\":\"u\"}", "duplicate" },
		{ "{\"templateID\":\"t\",\"timeout\":null}",
		    "\"timeout\" must be a whole" },
		{ "{\"templateID\":\"t\",\"timeout\":\"60\"}",
		    "\"timeout\" must be a whole" },
		{ "{\"templateID\":\"t\",\"timeout\":-1}",
		    "\"timeout\" must be a whole number" },
		{ "{\"templateID\":\"t\",\"timeout\":1.5}",
		    "\"timeout\" must be a whole number" },
		{ "{\"templateID\":\"t\",\"timeout\":2147483648}",
		    "from 0 to 2147483647" },
		{ "{\"templateID\":\"t\",\"timeout\":true}",
		    "\"timeout\" must be a whole" },
		{ "{\"templateID\":\"t\",\"autoPause\":1}",
		    "\"autoPause\" must be true or" },
		{ "{\"templateID\":\"t\",\"autoPauseMemory\":\"\"}",
		    "\"autoPauseMemory\" must be true or" },
		{ "{\"templateID\":\"t\",\"autoResume\":true}",
		    "\"autoResume\" must be an object" },
		{ "{\"templateID\":\"t\",\"autoResume\":{\"enabled\":1}}",
		    "\"autoResume.enabled\" must be true" },
		{ "{\"templateID\":\"t\",\"secure\":\"true\"}",
		    "\"secure\" must be true or false" },
		{ "{\"templateID\":\"t\",\"allow_internet_access\":0}",
		    "\"allow_internet_access\" must be true" },
		{ "{\"templateID\":\"t\",\"metadata\":null}",
		    "\"metadata\" must be an object" },
		{ "{\"templateID\":\"t\",\"metadata\":[]}",
		    "\"metadata\" must be an object" },
		{ "{\"templateID\":\"t\",\"metadata\":{\"a\":1}}",
		    "whose values are strings" },
		{ "{\"templateID\":\"t\",\"envVars\":{\"a\":null}}",
		    "whose values are strings" },
		{ "{\"templateID\":\"t\",\"envVars\":\"A=1\"}",
		    "\"envVars\" must be an object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_create c;
		struct error err;

		if (decode(cases[i].json, &c, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

/* Metadata goes into the store as it was given; only what is shown is cleaned. */
static void
test_a_server_keeps_metadata_as_it_is(void **state)
{
	struct rest_create c;
	struct error err;

	(void)state;
	assert_true(decode(
	    "{\"templateID\":\"t\",\"metadata\":{\"k\":\"\\u001b\\n\"}}", &c, &err));
	assert_string_equal(pairs_get(&c.metadata, "k"), "\x1b\n");
	rest_create_clear(&c);
}

static void
test_created_there_and_back(void **state)
{
	static const char json[] =
	    "{\"sandboxID\":\"i9qk2vdm4c7xw1t8z0ab3\",\"templateID\":"
	    "\"r8m2c5q0x7v1n4k9d3fj\","
	    "\"clientID\":\"6532622b\",\"alias\":\"\",\"envdVersion\":\"0.6.4\","
	    "\"envdAccessToken\":\"5e0c\",\"trafficAccessToken\":\"77\",\"domain\":\"x."
	    "dev\"}";
	struct rest_created c;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(rest_created_decode(json, sizeof json - 1, &c, &err));
	assert_string_equal(c.id, "i9qk2vdm4c7xw1t8z0ab3");
	assert_null(c.alias);
	assert_string_equal(c.traffic_token, "77");
	assert_string_equal(c.domain, "x.dev");
	buf_init(&out, 4096);
	rest_created_encode(&out, &c);
	assert_buf_json(&out, json);
	rest_created_clear(&c);
	rest_created_clear(&c);
	buf_clear(&out);
}

static void
test_created_with_little_in_it(void **state)
{
	static const char json[] =
	    "{\"sandboxID\":\"i1-6532622b\",\"envdAccessToken\":null,"
	    "\"domain\":null}";
	struct rest_created c;
	struct error err;

	(void)state;
	assert_true(rest_created_decode(json, sizeof json - 1, &c, &err));
	assert_string_equal(c.id, "i1");
	assert_string_equal(c.template_id, "");
	assert_true(!c.envd_token && !c.traffic_token && !c.domain && !c.envd_version);
	rest_created_clear(&c);
}

static void
test_bad_created(void **state)
{
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"<html>",
		"{\"sandboxID\":1}",
		"{\"sandboxID\":\"i\",\"trafficAccessToken\":\"a\\nb\"}",
		"{\"sandboxID\":\"i\",\"envdVersion\":3}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_created c;
		struct error err;

		assert_false(rest_created_decode(cases[i], strlen(cases[i]), &c, &err));
		assert_int_equal(err.code, ERROR_REMOTE);
		assert_true(str_has_prefix(err.text, "created sandbox: "));
	}
}

static void
test_lifecycle_bodies(void **state)
{
	static const struct {
		const char *json;
		struct rest_lifecycle expected;
	} cases[] = {
		{ "", { -1, -1, REST_UNSET, REST_UNSET } },
		{ " \r\n", { -1, -1, REST_UNSET, REST_UNSET } },
		{ "{}", { -1, -1, REST_UNSET, REST_UNSET } },
		{ "{\"timeout\":0}", { 0, -1, REST_UNSET, REST_UNSET } },
		{ "{\"timeout\":300.0}", { 300, -1, REST_UNSET, REST_UNSET } },
		{ "{\"duration\":15}", { -1, 15, REST_UNSET, REST_UNSET } },
		{ "{\"memory\":false}", { -1, -1, REST_NO, REST_UNSET } },
		{ "{\"timeout\":1,\"autoPause\":true,\"x\":[]}",
		    { 1, -1, REST_UNSET, REST_YES } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_lifecycle l;
		struct error err;

		if (!rest_lifecycle_decode(
			cases[i].json, strlen(cases[i].json), &l, &err))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(l.timeout_s, cases[i].expected.timeout_s);
		assert_int_equal(l.duration_s, cases[i].expected.duration_s);
		assert_int_equal(l.memory, cases[i].expected.memory);
		assert_int_equal(l.auto_pause, cases[i].expected.auto_pause);
	}
}

static void
test_bad_lifecycle_bodies(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "[]", "not a JSON object" },
		{ "{", "not valid JSON" },
		{ "{\"timeout\":null}", "\"timeout\" must be a whole number" },
		{ "{\"timeout\":\"5\"}", "\"timeout\" must be a whole number" },
		{ "{\"timeout\":-5}", "\"timeout\" must be a whole number" },
		{ "{\"timeout\":0.5}", "\"timeout\" must be a whole number" },
		{ "{\"duration\":{}}", "\"duration\" must be a whole number" },
		{ "{\"duration\":99999999999}", "\"duration\" must be a whole number" },
		{ "{\"memory\":\"no\"}", "\"memory\" must be true or false" },
		{ "{\"autoPause\":[]}", "\"autoPause\" must be true or false" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_lifecycle l;
		struct error err;

		if (rest_lifecycle_decode(cases[i].json, strlen(cases[i].json), &l, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

static void
test_written_lifecycle_bodies(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 100);
	rest_timeout_encode(&out, 900);
	assert_string_equal(out.data, "{\"timeout\":900}");
	buf_reset(&out);
	rest_duration_encode(&out, 3600);
	assert_string_equal(out.data, "{\"duration\":3600}");
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create_there_and_back),
		cmocka_unit_test(test_the_smallest_create),
		cmocka_unit_test(test_members_named_but_not_ours),
		cmocka_unit_test(test_bad_creates),
		cmocka_unit_test(test_a_server_keeps_metadata_as_it_is),
		cmocka_unit_test(test_created_there_and_back),
		cmocka_unit_test(test_created_with_little_in_it),
		cmocka_unit_test(test_bad_created),
		cmocka_unit_test(test_lifecycle_bodies),
		cmocka_unit_test(test_bad_lifecycle_bodies),
		cmocka_unit_test(test_written_lifecycle_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
