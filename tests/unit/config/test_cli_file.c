/* The official command line's file in its three layouts, and everything it may be instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/cli_file.h"
#include "scratch.h"

static void
test_layouts(void **state)
{
	static const struct {
		const char *json;
		int version;
		const char *key, *project; /* NULL: none */
	} cases[] = {
		{ "{\"teamApiKey\":\"e2b_0a\",\"teamId\":\"t1\",\"teamName\":\"crew\","
		  "\"email\":\"a@example.org\",\"accessToken\":\"sk_e2b_1\"}",
		    0, "e2b_0a", "crew" },
		{ "{\"teamApiKey\":\"e2b_0a\",\"teamId\":\"t1\"}", 0, "e2b_0a", "t1" },
		{ "{\"defaultTeamApiKey\":\"e2b_0b\",\"defaultTeamId\":\"t0\"}", 0,
		    "e2b_0b", "t0" },
		{ "{\"teamApiKey\":\"e2b_0a\",\"defaultTeamApiKey\":\"e2b_0b\"}", 0,
		    "e2b_0a", NULL },
		{ "{\"teamApiKey\":\"\",\"defaultTeamApiKey\":\"e2b_0b\"}", 0, "e2b_0b",
		    NULL },
		{ "{\"email\":\"a@example.org\",\"accessToken\":\"sk_e2b_1\"}", 0, NULL,
		    NULL },
		{ "{\"version\":1,\"teamApiKey\":\"e2b_1a\",\"teamId\":\"t1\","
		  "\"teamName\":\"crew\",\"identity\":{\"email\":\"a@example.org\"},"
		  "\"tokens\":{\"access_token\":\"eyJ\",\"refresh_token\":\"r\"}}",
		    1, "e2b_1a", "crew" },
		{ "{\"version\":1,\"projectApiKey\":\"e2b_2a\"}", 1, NULL, NULL },
		{ "{\"version\":2,\"projectApiKey\":\"e2b_2a\",\"projectId\":\"p1\","
		  "\"projectName\":\"fleet\",\"last_refresh\":\"2026-08-02T09:00:00."
		  "000Z\","
		  "\"dockerProxySet\":true}",
		    2, "e2b_2a", "fleet" },
		{ "{\"version\":2,\"projectApiKey\":\"e2b_2a\",\"projectName\":\"\","
		  "\"projectId\":\"p1\"}",
		    2, "e2b_2a", "p1" },
		{ "{\"version\":2,\"teamApiKey\":\"e2b_1a\"}", 2, NULL, NULL },
		{ "{\"version\":3,\"projectApiKey\":\"e2b_3a\"}", 3, "e2b_3a", NULL },
		{ "{\"version\":2,\"projectApiKey\":null,\"projectName\":null}", 2, NULL,
		    NULL },
		{ "{}", 0, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cli_file f = { 0 };
		struct error err;
		if (!cli_file_parse(cases[i].json, strlen(cases[i].json), &f, &err))
			fail_msg("case %zu: %s", i, err.text);
		assert_int_equal(f.version, cases[i].version);
		if (!str_eq(f.key, cases[i].key) || !str_eq(f.project, cases[i].project))
			fail_msg("case %zu: key %s, project %s", i, f.key, f.project);
		cli_file_clear(&f);
	}
}

static void
test_garbage(void **state)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
		{ "", "line 1 is not valid JSON" },
		{ "\n\nsecret-thing", "line 3 is not valid JSON" },
		{ "{\"projectApiKey\": secret-thing}", "line 1 is not valid JSON" },
		{ "{\"version\":2,\"projectApiKey\":\"secret-thing",
		    "line 1 is not valid" },
		{ "{\"version\":2,\"projectApiKey\":\"a\\u0000b\"}",
		    "line 1 is not valid" },
		{ "{\"version\":2,\"projectApiKey\":\"\xff\"}", "line 1 is not valid" },
		{ "{} {}", "line 1 is not valid" },
		{ "[]", "it is not a JSON object" },
		{ "[\"secret-thing\"]", "it is not a JSON object" },
		{ "{\"version\":\"2\"}", "its 'version' is not a number" },
		{ "{\"version\":2.5}", "its 'version' is not a number" },
		{ "{\"version\":0}", "its 'version' is not a number" },
		{ "{\"version\":-1}", "its 'version' is not a number" },
		{ "{\"version\":9007199254740993}", "its 'version' is not a number" },
		{ "{\"version\":null}", "its 'version' is not a number" },
		{ "{\"version\":2,\"projectApiKey\":42}",
		    "its 'projectApiKey' is not text" },
		{ "{\"version\":2,\"projectApiKey\":[\"secret-thing\"]}",
		    "its 'projectApiKey' is not text" },
		{ "{\"teamApiKey\":{}}", "its 'teamApiKey' is not text" },
		{ "{\"version\":1,\"teamApiKey\":\"k\",\"teamName\":7}",
		    "its 'teamName' is not text" },
		{ "{\"version\":2,\"projectApiKey\":\"k\",\"projectId\":false}",
		    "its 'projectId' is not text" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct cli_file f = { 0 };
		scratch_write("config.json", cases[i].json, 0600);
		if (cli_file_read(scratch_path("config.json"), &f, &err))
			fail_msg("case %zu was read", i);
		assert_int_equal(err.code, ERROR_INPUT);
		assert_non_null(strstr(err.text, "config.json: "));
		if (!strstr(err.text, cases[i].want))
			fail_msg("case %zu: %s", i, err.text);
		assert_null(strstr(err.text, "secret-thing"));
	}
}

/* Nested deeper than any stack should follow. */
static void
test_deep_nesting(void **state)
{
	size_t len = 500000;
	char *json = xmalloc(len);
	struct cli_file f;
	struct error err;

	(void)state;
	memset(json, '[', len);
	assert_false(cli_file_parse(json, len, &f, &err));
	free(json);
}

static void
test_the_file_itself(void **state)
{
	size_t len = (1 << 20) + 1;
	char *huge = xmalloc(len);
	struct cli_file f = { 0 };
	struct error err;

	(void)state;
	assert_true(cli_file_read(scratch_path("absent/config.json"), &f, &err));
	assert_true(f.missing);
	assert_null(f.key);

	assert_false(cli_file_read(scratch_dir(), &f, &err));
	assert_non_null(strstr(err.text, "is not a regular file"));

	memset(huge, ' ', len);
	scratch_write_bytes("config.json", huge, len, 0600);
	free(huge);
	assert_false(cli_file_read(scratch_path("config.json"), &f, &err));
	assert_non_null(strstr(err.text, "config.json has 1048577 bytes"));

	scratch_write("config.json", "{\"version\":2,\"projectApiKey\":\"k\"}", 0644);
	assert_true(cli_file_read(scratch_path("config.json"), &f, &err));
	assert_false(f.missing);
	assert_int_equal(f.mode, 0644);
	assert_string_equal(f.key, "k");
	cli_file_clear(&f);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_layouts),
		CASE(test_garbage),
		CASE(test_deep_nesting),
		CASE(test_the_file_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
