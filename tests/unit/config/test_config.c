/* config.ini and keys.ini: values, warnings, and errors with file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/ini.h"
#include "config/profiles.h"
#include "scratch.h"

#define A_KEY "e2b_00112233445566778899aabbccddeeff00112233"

static bool
parse(const char *config_text, const char *keys_text, struct config **c,
    struct strlist *warnings, struct error *err)
{
	struct ini_source config_ini = { "config.ini", config_text, strlen(config_text) };
	struct ini_source keys_ini = { "keys.ini", keys_text, strlen(keys_text) };

	return config_parse(&config_ini, &keys_ini, c, warnings, err);
}

static void
test_nothing_is_the_defaults(void **state)
{
	struct strlist warnings = { 0 };
	struct config *c;
	struct error err;

	(void)state;
	assert_true(config_load(scratch_path("no/such/place"), &c, &warnings, &err));
	assert_int_equal(config_int(c, "refresh"), 5);
	assert_int_equal(config_int(c, "order_hold"), 2);
	assert_int_equal(config_int(c, "ttl"), 900);
	assert_int_equal(config_int(c, "extend_step"), 900);
	assert_int_equal(config_int(c, "pane.scrollback"), 10000);
	assert_int_equal(config_int(c, "pane.scrollback_bytes"), 8 << 20);
	assert_int_equal(config_int(c, "pane.escape_ms"), 25);
	assert_true(config_bool(c, "mouse"));
	assert_string_equal(config_text(c, "pane.prefix"), "^B");
	assert_string_equal(config_text(c, "profile"), "");
	assert_int_equal(config_keys(c)->count, 0);
	assert_int_equal(warnings.count, 0);
	config_free(c);
}

static void
test_files_are_read(void **state)
{
	struct strlist warnings = { 0 };
	struct config *c;
	struct error err;

	(void)state;
	scratch_write("config.ini",
	    "\xef\xbb\xbf; mine\r\nrefresh = 30s ; slow line\r\nmouse = "
	    "off\r\n\r\n[pane]\r\n"
	    "  prefix = ^A\r\n  scrollback = 500\r\n\r\n[profile prod]\r\n"
	    "api_key_cmd = pass show e2b/prod\r\ndomain = e2b.example/\r\nread_only = "
	    "on\r\n",
	    0600);
	scratch_write("keys.ini",
	    "palette = Colon\nfilter  = /  ^F\n[pane]\nnext = n\nprevious = p Left\n",
	    0600);
	if (!config_load(scratch_dir(), &c, &warnings, &err))
		fail_msg("%s", err.text);
	assert_int_equal(warnings.count, 0);
	assert_int_equal(config_int(c, "refresh"), 30);
	assert_false(config_bool(c, "mouse"));
	assert_string_equal(config_text(c, "pane.prefix"), "^A");
	assert_int_equal(config_int(c, "pane.scrollback"), 500);

	const struct profile *p = profiles_find(config_profiles(c), "prod");
	assert_non_null(p);
	assert_string_equal(profile_text(p, PROFILE_API_KEY_CMD), "pass show e2b/prod");
	assert_string_equal(profile_text(p, PROFILE_DOMAIN), "e2b.example");
	assert_string_equal(profile_text(p, PROFILE_API_URL), "");
	assert_true(profile_flag(p, PROFILE_READ_ONLY));

	const struct pairs *keys = config_keys(c);
	assert_int_equal(keys->count, 4);
	assert_string_equal(keys->items[0].key, "palette");
	assert_string_equal(keys->items[1].value, "/ ^F");
	assert_string_equal(keys->items[2].key, "pane.next");
	assert_string_equal(keys->items[3].value, "p Left");
	config_free(c);
}

static void
test_errors_name_file_and_line(void **state)
{
	static const struct {
		const char *config, *keys, *want;
	} cases[] = {
		{ "mouse = on\nrefresh = soon\n", "",
		    "config.ini:2: refresh: write a time" },
		{ "theme = neon\n", "", "config.ini:1: theme: write one of terminal|" },
		{ "[pane]\n\n\nprefix = Banana\n", "",
		    "config.ini:4: prefix: write a key" },
		{ "hello\n", "", "config.ini:1: the line is neither" },
		{ "a = b\nrefresh\n", "", "config.ini:2: the line is neither" },
		{ "[profile local]\ndomain = x\n", "",
		    "config.ini:2: the profile 'local' is" },
		{ "[profile ]\ndomain = x\n", "", "config.ini:2: a profile's name" },
		{ "[profile a b]\ndomain = x\n", "", "config.ini:2: a profile's name" },
		{ "[profile 01234567890123456789x]\nx\n", "",
		    "config.ini:2: the line is nei" },
		{ "[profile x]\ndomain = https://x\n", "",
		    "config.ini:2: domain: write a" },
		{ "[profile x]\napi_url = x.example\n", "",
		    "config.ini:2: api_url: write an" },
		{ "[profile x]\naccent = mauve\n", "",
		    "config.ini:2: accent: write one of" },
		{ "[profile x]\nconfirm = never\n", "",
		    "config.ini:2: confirm: write one of" },
		{ "\n[profile x]\n\ndomain = x.example\n", "",
		    "config.ini:4: profile x: name a place for its key" },
		{ "[profile x]\napi_key_env = A\napi_key_cmd = b\n", "",
		    "config.ini:2: profile x: name only one place" },
		{ "[profile x]\napi_key = secret-thing\n", "",
		    "config.ini:2: an API key never" },
		{ "API_KEY = secret-thing\n", "", "config.ini:1: an API key never" },
		{ "E2B_API_KEY = secret-thing\n", "", "config.ini:1: an API key never" },
		{ "[profile x]\napi_key_env = " A_KEY "\n", "",
		    "config.ini:2: an API key nev" },
		{ "[profile x]\napi_key_cmd = echo " A_KEY "\n", "",
		    "config.ini:2: an API k" },
		{ "refresh = " A_KEY "\n", "", "config.ini:1: an API key never" },
		{ A_KEY " = x\n", "", "config.ini:1: an API key never" },
		{ "", "kill = X\nquit = Banana\n", "keys.ini:2: 'Banana' is no key" },
		{ "", "quit =\n", "keys.ini:1: there is no key behind the =" },
		{ "", "quit = ;\n", "keys.ini:1: there is no key behind the =" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		struct config *c;
		if (parse(cases[i].config, cases[i].keys, &c, NULL, &err))
			fail_msg("case %zu was read", i);
		assert_int_equal(err.code, ERROR_INPUT);
		if (strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("case %zu: %s", i, err.text);
		assert_null(strstr(err.text, "secret-thing"));
		assert_null(strstr(err.text, A_KEY));
	}
}

static void
test_warnings_suggest(void **state)
{
	static const struct {
		const char *config, *keys, *want;
	} cases[] = {
		{ "refesh = 5s\n", "",
		    "config.ini:1: there is no option 'refesh'; did you mean "
		    "'refresh'?" },
		{ "zzzzzzzz = 5s\n", "", "config.ini:1: there is no option 'zzzzzzzz'" },
		{ "prefix = ^A\n", "",
		    "config.ini:1: there is no option 'prefix' here; did you mean "
		    "'prefix' in "
		    "[pane]?" },
		{ "[pane]\nmouse = on\n", "",
		    "config.ini:2: there is no option 'mouse' in [pane]; did you mean "
		    "'mouse' "
		    "above all sections?" },
		{ "[alert hot]\nwhen = x\nand = y\n", "",
		    "config.ini:2: there is no section [alert hot]; what it holds is "
		    "ignored" },
		{ "[profile x]\napi_key_env = A\ndomian = x\n", "",
		    "config.ini:3: a profile has no 'domian'; did you mean 'domain'?" },
		{ "[profile x]\napi_key_env = A\nfavourite = x\n", "",
		    "config.ini:3: a profile has no 'favourite'" },
		{ "ttl = 1m\nttl = 2m\n", "",
		    "config.ini:2: 'ttl' was set in line 1 already; this one counts" },
		{ "", "quit = q\nquit = Q\n",
		    "keys.ini:2: 'quit' was bound above; this one counts" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strlist warnings = { 0 };
		struct error err = { 0 };
		struct config *c;
		if (!parse(cases[i].config, cases[i].keys, &c, &warnings, &err))
			fail_msg("case %zu: %s", i, err.text);
		assert_int_equal(warnings.count, 1);
		assert_string_equal(warnings.items[0], cases[i].want);
		strlist_clear(&warnings);
		config_free(c);
	}
}

static void
test_the_later_value_counts(void **state)
{
	struct config *c;
	struct error err;

	(void)state;
	assert_true(parse("ttl = 1m\nttl = 2m\n", "a = x\na = y\n", &c, NULL, &err));
	assert_int_equal(config_int(c, "ttl"), 120);
	assert_int_equal(config_keys(c)->count, 1);
	assert_string_equal(pairs_get(config_keys(c), "a"), "y");
	config_free(c);
}

static void
test_a_flag_is_over_the_file(void **state)
{
	struct config *c;
	struct error err;

	(void)state;
	assert_true(parse("ttl = 1m\n", "", &c, NULL, &err));
	assert_true(config_set(c, "ttl", "5m", &err));
	assert_int_equal(config_int(c, "ttl"), 300);
	assert_false(config_set(c, "ttl", "never", &err));
	assert_int_equal(config_int(c, "ttl"), 300);
	assert_true(config_set(c, "pane.prefix", "^A", &err));
	assert_string_equal(config_text(c, "pane.prefix"), "^A");
	assert_false(config_set(c, "pane.ttl", "1m", &err));
	assert_false(config_set(c, "prefix", "^A", &err));
	assert_false(config_set(c, "", "", &err));
	config_free(c);
}

static void
test_files_that_cannot_be_read(void **state)
{
	struct config *c;
	struct error err;

	(void)state;
	assert_int_equal(mkdir(scratch_path("config.ini"), 0700), 0);
	assert_false(config_load(scratch_dir(), &c, NULL, &err));
	assert_non_null(strstr(err.text, "config.ini is not a regular file"));
	assert_int_equal(remove(scratch_path("config.ini")), 0);

	assert_int_equal(mkfifo(scratch_path("keys.ini"), 0600), 0);
	assert_false(config_load(scratch_dir(), &c, NULL, &err));
	assert_non_null(strstr(err.text, "keys.ini is not a regular file"));
	assert_int_equal(remove(scratch_path("keys.ini")), 0);

	size_t len = (1 << 20) + 1;
	char *huge = xmalloc(len);
	memset(huge, '\n', len);
	scratch_write_bytes("config.ini", huge, len, 0600);
	free(huge);
	assert_false(config_load(scratch_dir(), &c, NULL, &err));
	assert_non_null(strstr(err.text, "config.ini has 1048577 bytes"));
}

static void
test_a_file_others_may_change_is_a_warning(void **state)
{
	struct strlist warnings = { 0 };
	struct config *c;
	struct error err;

	(void)state;
	scratch_write("config.ini", "ttl = 1m\n", 0666);
	assert_true(config_load(scratch_dir(), &c, &warnings, &err));
	assert_int_equal(warnings.count, 1);
	assert_non_null(
	    strstr(warnings.items[0], "can be changed by others (mode 0666)"));
	strlist_clear(&warnings);
	config_free(c);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_nothing_is_the_defaults),
		CASE(test_files_are_read),
		CASE(test_errors_name_file_and_line),
		CASE(test_warnings_suggest),
		CASE(test_the_later_value_counts),
		CASE(test_a_flag_is_over_the_file),
		CASE(test_files_that_cannot_be_read),
		CASE(test_a_file_others_may_change_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
