/* Where a profile's key comes from, and that a failure never shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/clean.h"
#include "config/ini.h"
#include "config/key_source.h"
#include "scratch.h"

/* One profile "p" with that one pair. */
static bool
read_key(const char *name, const char *value, char **key, struct error *err)
{
	struct ini_pair pair = { "config.ini", "profile p", name, value, 1 };
	struct profiles profiles = { 0 };
	struct strlist warnings = { 0 };
	bool ok = profiles_set(&profiles, "p", &pair, &warnings, err) &&
		  profile_read_key(profiles_find(&profiles, "p"), key, err);

	assert_int_equal(warnings.count, 0);
	profiles_clear(&profiles);
	return ok;
}

static void
test_keys_that_are_found(void **state)
{
	static const struct {
		const char *name, *value, *want;
	} cases[] = {
		{ "api_key_cmd", "printf e2b_1", "e2b_1" },
		{ "api_key_cmd", "printf ' e2b_1 \\r\\nlogin: me\\n'", "e2b_1" },
		{ "api_key_cmd", "echo out of sight >&2 && echo e2b_2", "e2b_2" },
		{ "api_key_cmd", "yes | head -c 60000 >/dev/null && echo e2b_3",
		    "e2b_3" },
		{ "api_key_cmd", "echo e2b_4 && yes | head -c 60000", "e2b_4" },
		{ "api_key_env", "TEST_KEY", "e2b_env" },
		{ "api_key_file", "~/keyfile", "e2b_file" },
	};

	(void)state;
	assert_int_equal(setenv("TEST_KEY", "e2b_env", 1), 0);
	scratch_write("keyfile", "e2b_file\nsecond line\n", 0600);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *key = NULL;
		struct error err;
		if (!read_key(cases[i].name, cases[i].value, &key, &err))
			fail_msg("case %zu: %s", i, err.text);
		assert_string_equal(key, cases[i].want);
		secret_free(key);
	}
}

static void
test_keys_that_are_refused(void **state)
{
	static const struct {
		const char *name, *value, *want;
	} cases[] = {
		{ "api_key_cmd", "echo secret-thing && exit 3",
		    "ended with exit code 3" },
		{ "api_key_cmd", "/no/such/command 2>/dev/null",
		    "ended with exit code 127" },
		{ "api_key_cmd", "kill -9 $$", "was ended by signal 9" },
		{ "api_key_cmd", "true", "gives an empty key" },
		{ "api_key_cmd", "echo && echo secret-thing", "gives an empty key" },
		{ "api_key_cmd", "echo secret-thing more", "with a blank or control" },
		{ "api_key_cmd", "printf 'secret-thing\\033'",
		    "with a blank or control" },
		{ "api_key_cmd", "yes secret-thing", "printed more than 65535 bytes" },
		{ "api_key_env", "TEST_KEY", "is not set" },
		{ "api_key_file", "/no/such/file", "there is no /no/such/file" },
		{ "api_key_file", "~/open",
		    "is open to others (mode 0640); run: chmod 600" },
		{ "api_key_file", "~/empty", "gives an empty key" },
		{ "api_key_file", "~", "there is no ~" },
		{ "api_key_file", "~/", "is not a regular file" },
		{ "api_key_file", "~/fifo", "is not a regular file" },
		{ "api_key_file", "/dev/zero", "is not a regular file" },
	};

	(void)state;
	scratch_write("open", "secret-thing", 0640);
	scratch_write("empty", "", 0600);
	assert_int_equal(mkfifo(scratch_path("fifo"), 0600), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };
		char *key = NULL;
		if (read_key(cases[i].name, cases[i].value, &key, &err))
			fail_msg("case %zu was taken", i);
		assert_null(key);
		if (!strstr(err.text, cases[i].want) ||
		    strncmp(err.text, "profile p: ", 11) != 0)
			fail_msg("case %zu: %s", i, err.text);
		assert_null(strstr(err.text, "secret-thing"));
	}
}

/* What a command leaves behind may hold its output open; that is not waited for. The
 * child that stays ends as soon as the test lets go of the FIFO. */
static void
test_a_process_left_behind(void **state)
{
	struct error err = { 0 };
	char *key = NULL;

	(void)state;
	assert_int_equal(mkfifo(scratch_path("hold"), 0600), 0);
	char *command = xasprintf("{ read x <%s & } && echo e2b_5", scratch_path("hold"));
	if (!read_key("api_key_cmd", command, &key, &err))
		fail_msg("%s", err.text);
	assert_string_equal(key, "e2b_5");
	secret_free(key);
	free(command);
	command = xasprintf("echo go >%s && echo e2b_6", scratch_path("hold"));
	assert_true(read_key("api_key_cmd", command, &key, &err));
	secret_free(key);
	free(command);
}

static void
test_the_log_hides_the_key(void **state)
{
	struct error err;
	char *key = NULL;

	(void)state;
	assert_true(read_key("api_key_cmd", "echo e2b_hidden_from_the_log", &key, &err));
	log_info("test", "the key is %s.", key);
	assert_non_null(strstr(log_recent(0), "the key is "));
	assert_null(strstr(log_recent(0), "e2b_hidden_from_the_log"));
	secret_free(key);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_keys_that_are_found),
		CASE(test_keys_that_are_refused),
		CASE(test_a_process_left_behind),
		CASE(test_the_log_hides_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
