#include <errno.h>
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

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#define WHEN "2026-01-02T03:04:05.678Z "

static void
test_line(void **state)
{
	(void)state;
	log_info("net", "GET %s -> %d", "/sandboxes", 200);
	assert_string_equal(log_recent(0), WHEN "info  net: GET /sandboxes -> 200");
	log_error("net", "last");
	assert_string_equal(log_recent(0), WHEN "error net: last");
	assert_string_equal(log_recent(1), WHEN "info  net: GET /sandboxes -> 200");
}

static void
test_controls_are_escaped(void **state)
{
	(void)state;
	log_warn("term", "%s", "a\nb\x1b[2J\xff");
	assert_string_equal(log_recent(0), WHEN "warn  term: a\\nb\\e[2J\xef\xbf\xbd");
}

static void
test_secrets_never_appear(void **state)
{
	(void)state;
	log_hide_secret(NULL);
	log_hide_secret("");
	log_hide_secret("sesame");
	log_hide_secret("sesame-open");
	log_hide_secret("sesame");
	log_info("net", "key=sesame, token=sesame-open;%s", "xsesamesesame");
	assert_string_equal(log_recent(0), WHEN "info  net: key=***, token=***;x******");
}

/* The cut comes after the hiding, or half a secret would stay. */
static void
test_secret_at_the_cut(void **state)
{
	(void)state;
	log_hide_secret("half-a-secret");
	for (int pad = 4080; pad <= 4100; pad++) {
		log_info("net", "%*s%s and more", pad, "", "half-a-secret");
		assert_null(strstr(log_recent(0), "half"));
	}
}

static void
test_long_lines_are_cut(void **state)
{
	(void)state;
	char *huge = xmalloc(100001);

	memset(huge, '\n', 100000);
	huge[100000] = '\0';
	log_info("net", "%s", huge);
	assert_true(str_has_suffix(log_recent(0), "\\n... (95904 bytes more)"));
	free(huge);
}

static void
test_level(void **state)
{
	(void)state;
	log_info("x", "mark");
	log_debug("x", "unseen");
	assert_true(str_has_suffix(log_recent(0), "mark"));
	log_set_level(LOG_DEBUG);
	log_debug("x", "seen");
	assert_string_equal(log_recent(0), WHEN "debug x: seen");
	log_set_level(LOG_ERROR);
	log_warn("x", "unseen");
	assert_true(str_has_suffix(log_recent(0), "seen"));
	log_set_level(LOG_INFO);
}

static void
test_ring_keeps_a_thousand(void **state)
{
	(void)state;
	for (int i = 0; i < 2500; i++)
		log_info("x", "number %d.", i);
	assert_true(str_has_suffix(log_recent(0), " 2499."));
	assert_true(str_has_suffix(log_recent(999), " 1500."));
	assert_null(log_recent(1000));
	assert_null(log_recent(SIZE_MAX));
}

static void
test_errno_survives(void **state)
{
	(void)state;
	errno = EAGAIN;
	log_info("x", "%s", "words");
	assert_int_equal(errno, EAGAIN);
}

static void
test_file_is_private_and_appended(void **state)
{
	(void)state;
	char dir[] = "/tmp/sandtop-log-XXXXXX";
	struct error err;
	struct stat st;
	char *content;

	assert_non_null(mkdtemp(dir));

	char *path = path_join(dir, "log");

	for (int i = 0; i < 2; i++) {
		assert_true(log_open(path, &err));
		log_info("x", "line %d\n", i);
		log_close();
		log_info("x", "not in the file");
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(path_read_file(path, 1000, &content, NULL, &err));
	assert_string_equal(
	    content, WHEN "info  x: line 0\\n\n" WHEN "info  x: line 1\\n\n");
	free(content);
	assert_int_equal(unlink(path), 0);
	free(path);
	assert_int_equal(rmdir(dir), 0);
}

static void
test_open_failure_is_reported(void **state)
{
	(void)state;
	struct error err;

	assert_false(log_open("/nonexistent/dir/log", &err));
	assert_int_equal(err.code, ERROR_SYSTEM);
	assert_non_null(strstr(err.text, "/nonexistent/dir/log"));
	log_info("x", "still works");
	assert_true(str_has_suffix(log_recent(0), "still works"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_controls_are_escaped),
		cmocka_unit_test(test_secrets_never_appear),
		cmocka_unit_test(test_secret_at_the_cut),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_ring_keeps_a_thousand),
		cmocka_unit_test(test_errno_survives),
		cmocka_unit_test(test_file_is_private_and_appended),
		cmocka_unit_test(test_open_failure_is_reported),
	};

	setenv("SANDTOP_TEST_CLOCK_MS", "1767323045678", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
