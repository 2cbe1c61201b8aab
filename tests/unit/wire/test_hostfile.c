#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "wire/hostfile.h"

#define KEY "e2b_0123456789abcdef0123456789abcdef01234567"

static void
test_there_and_back(void **state)
{
	struct hostfile h = { 4711, 49000, KEY, "0.1.0" }, back;
	struct error err;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	hostfile_encode(&out, &h);
	assert_true(hostfile_decode(out.data, out.len, &back, &err));
	assert_int_equal(back.pid, 4711);
	assert_int_equal(back.port, 49000);
	assert_string_equal(back.key, KEY);
	assert_string_equal(back.version, "0.1.0");
	buf_clear(&out);
}

static void
test_a_host_that_does_not_run(void **state)
{
	static const char json[] = "{\"port\":80,\"key\":\"" KEY "\",\"later\":[]}";
	struct hostfile h;
	struct error err;

	(void)state;
	assert_true(hostfile_decode(json, sizeof json - 1, &h, &err));
	assert_int_equal(h.pid, 0);
	assert_string_equal(h.version, "");
}

static void
test_bad_files(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "", "host.json: an empty body" },
		{ "{", "host.json: not valid JSON" },
		{ "[]", "host.json: not a JSON object" },
		{ "{\"key\":\"k\"}", "\"port\" must be there" },
		{ "{\"port\":80}", "\"key\" must be there" },
		{ "{\"port\":80,\"key\":\"\"}", "\"key\" must be there" },
		{ "{\"port\":0,\"key\":\"k\"}",
		    "\"port\" must be a whole number from 1" },
		{ "{\"port\":65536,\"key\":\"k\"}",
		    "\"port\" must be a whole number from 1" },
		{ "{\"port\":\"80\",\"key\":\"k\"}", "\"port\" must be a whole number" },
		{ "{\"port\":80,\"key\":\"k\\r\\nX: y\"}",
		    "\"key\" must be visible ASCII" },
		{ "{\"port\":80,\"key\":\"" KEY KEY "\"}", "shorter than 64" },
		{ "{\"port\":80,\"key\":\"k\",\"pid\":-1}",
		    "\"pid\" must be a whole number" },
		{ "{\"port\":80,\"key\":\"k\",\"pid\":99999999999}",
		    "\"pid\" must be a whole" },
		{ "{\"port\":80,\"key\":\"k\",\"version\":1}",
		    "\"version\" must be a string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hostfile h;
		struct error err;

		if (hostfile_decode(cases[i].json, strlen(cases[i].json), &h, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_null(strstr(err.text, KEY));
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_a_host_that_does_not_run),
		cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
