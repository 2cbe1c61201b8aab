#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

static char root[] = "/tmp/sandtop-path-XXXXXX";

static void
set_or_unset(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void
assert_path(char *taken, const char *expected)
{
	assert_string_equal(taken, expected);
	free(taken);
}

static void
test_directories(void **state)
{
	(void)state;
	static const struct {
		const char *override, *home, *config, *state_home, *cache;
		const char *want_config, *want_state, *want_cache;
	} cases[] = {
		{ NULL, "/h", NULL, NULL, NULL, "/h/.config/sandtop",
		    "/h/.local/state/sandtop", "/h/.cache/sandtop" },
		{ NULL, "/h", "/c", "/s/", "/k", "/c/sandtop", "/s/sandtop",
		    "/k/sandtop" },
		{ NULL, "/h", "rel", "./rel", "", "/h/.config/sandtop",
		    "/h/.local/state/sandtop", "/h/.cache/sandtop" },
		{ "/o", "/h", "/c", "/s", "/k", "/o", "/o/state", "/o/cache" },
		{ "", "/", NULL, NULL, NULL, "/.config/sandtop", "/.local/state/sandtop",
		    "/.cache/sandtop" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set_or_unset("SANDTOP_CONFIG_DIR", cases[i].override);
		set_or_unset("HOME", cases[i].home);
		set_or_unset("XDG_CONFIG_HOME", cases[i].config);
		set_or_unset("XDG_STATE_HOME", cases[i].state_home);
		set_or_unset("XDG_CACHE_HOME", cases[i].cache);
		assert_path(path_config_dir(), cases[i].want_config);
		assert_path(path_state_dir(), cases[i].want_state);
		assert_path(path_cache_dir(), cases[i].want_cache);
	}
	unsetenv("SANDTOP_CONFIG_DIR");
}

static void
test_relative_override_becomes_absolute(void **state)
{
	(void)state;
	char before[4096];

	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir("/"), 0);
	setenv("SANDTOP_CONFIG_DIR", "here", 1);
	assert_path(path_config_dir(), "/here");
	assert_path(path_state_dir(), "/here/state");
	unsetenv("SANDTOP_CONFIG_DIR");
	assert_int_equal(chdir(before), 0);
}

static void
test_home_without_variable(void **state)
{
	(void)state;
	static const char *const useless[] = { NULL, "", "relative" };

	for (size_t i = 0; i < ARRAY_LEN(useless); i++) {
		set_or_unset("HOME", useless[i]);

		char *home = path_home_dir();

		assert_int_equal(home[0], '/');
		free(home);
	}
	setenv("HOME", "/h", 1);
	assert_path(path_home_dir(), "/h");
}

static void
test_join(void **state)
{
	(void)state;
	assert_path(path_join("/a", "b"), "/a/b");
	assert_path(path_join("/a/", "b"), "/a/b");
	assert_path(path_join("/a//", "//b/c"), "/a/b/c");
	assert_path(path_join("/", "b"), "/b");
	assert_path(path_join("", "b"), "b");
	assert_path(path_join("/a", ""), "/a");
	assert_path(path_join("/", ""), "/");
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
test_make_dirs(void **state)
{
	(void)state;
	struct error err;
	char *parent = path_join(root, "one"), *dir = path_join(parent, "two/");
	char *slashes = xasprintf("%s//one//three//", root);

	assert_true(path_make_dirs(dir, &err));
	assert_true(path_make_dirs(dir, &err));
	assert_true(path_make_dirs(slashes, &err));
	assert_true(path_make_dirs("/", &err));
	assert_int_equal(mode_of(parent), 0700);
	assert_int_equal(mode_of(dir), 0700);
	assert_int_equal(mode_of(slashes), 0700);
	free(parent);
	free(dir);
	free(slashes);
}

static void
test_make_dirs_over_a_file(void **state)
{
	(void)state;
	struct error err;
	char *file = path_join(root, "file"), *below = path_join(file, "below");

	assert_true(path_write_private(file, "", 0, &err));
	assert_false(path_make_dirs(file, &err));
	assert_int_equal(err.code, ERROR_SYSTEM);
	assert_non_null(strstr(err.text, "Not a directory"));
	assert_false(path_make_dirs(below, &err));
	assert_false(path_make_dirs("/proc/nothing/here", &err));
	free(file);
	free(below);
}

static void
test_write_and_read(void **state)
{
	(void)state;
	struct error err;
	char *file = path_join(root, "data"), *content;
	size_t len;
	mode_t umask_before = umask(0777);

	assert_true(path_write_private(file, "first", 5, &err));
	umask(umask_before);
	assert_int_equal(mode_of(file), 0600);
	assert_true(path_write_private(file, "a\0b", 3, &err));
	assert_true(path_read_file(file, 3, &content, &len, &err));
	assert_int_equal(len, 3);
	assert_memory_equal(content, "a\0b", 4);
	free(content);
	assert_int_equal(unlink(file), 0);
	free(file);
}

static void
test_read_limits(void **state)
{
	(void)state;
	struct error err;
	char *file = path_join(root, "large"), *bytes = xcalloc(1, 200000),
	     *content = NULL;
	size_t len = 4711;

	assert_true(path_write_private(file, bytes, 200000, &err));
	assert_false(path_read_file(file, 199999, &content, &len, &err));
	assert_int_equal(err.code, ERROR_INPUT);
	assert_non_null(strstr(err.text, "larger than 199999"));
	assert_null(content);
	assert_int_equal(len, 4711);
	assert_true(path_read_file(file, 200000, &content, &len, &err));
	assert_int_equal(len, 200000);
	free(content);
	assert_true(path_read_file(file, SIZE_MAX, &content, &len, &err));
	assert_int_equal(len, 200000);
	free(content);
	assert_true(path_read_file("/dev/null", 0, &content, &len, &err));
	assert_int_equal(len, 0);
	assert_string_equal(content, "");
	free(content);
	assert_int_equal(unlink(file), 0);
	free(bytes);
	free(file);
}

static void
test_read_failures(void **state)
{
	(void)state;
	struct error err;
	char *missing = path_join(root, "missing"), *content;

	assert_false(path_read_file(missing, 10, &content, NULL, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_false(path_read_file(missing, 10, &content, NULL, NULL));
	assert_false(path_read_file(root, 10, &content, NULL, &err));
	assert_int_equal(err.code, ERROR_SYSTEM);
	assert_false(path_read_file("/dev/zero", 1000, &content, NULL, &err));
	assert_int_equal(err.code, ERROR_INPUT);
	free(missing);
}

/* A failed write leaves neither a temporary file nor a changed old one. */
static void
test_write_failure_leaves_nothing(void **state)
{
	(void)state;
	struct error err;
	char *dir = path_join(root, "in-the-way"), *inside = path_join(dir, "x");

	assert_true(path_make_dirs(inside, &err));
	assert_false(path_write_private(dir, "new", 3, &err));
	assert_int_equal(err.code, ERROR_SYSTEM);
	assert_non_null(strstr(err.text, "in-the-way"));
	assert_int_equal(rmdir(inside), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_false(path_write_private(inside, "new", 3, &err));
	free(dir);
	free(inside);
}

static void
test_exe_dir(void **state)
{
	(void)state;
	char *dir = path_exe_dir(), *exe = path_join(dir, "test_path");

	assert_int_equal(access(exe, X_OK), 0);
	free(dir);
	free(exe);
}

static int
make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

/* Succeeds only when the tests have left nothing else behind. */
static int
remove_root(void **state)
{
	static const char *const left[] = { "one/two", "one/three", "one", "file", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		char *path = path_join(root, left[i]);
		int result = remove(path);

		free(path);
		if (result != 0)
			return -1;
	}
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_relative_override_becomes_absolute),
		cmocka_unit_test(test_home_without_variable),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_make_dirs),
		cmocka_unit_test(test_make_dirs_over_a_file),
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_read_limits),
		cmocka_unit_test(test_read_failures),
		cmocka_unit_test(test_write_failure_leaves_nothing),
		cmocka_unit_test(test_exe_dir),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
