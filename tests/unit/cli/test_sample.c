/* The sample fleet: five different sandboxes, scripts that a shell can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "cli/sample.h"

static int
shell_check(const char *script)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		execl("/bin/sh", "sh", "-n", "-c", script, (char *)NULL);
		_exit(126);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
scripts_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		assert_non_null(sample_fleet[i].script);
		assert_int_equal(shell_check(sample_fleet[i].script), 0);
	}
	assert_int_not_equal(shell_check("if true; then"), 0);
}

static void
five_different_ones_and_one_sleeps(void **state)
{
	int paused = 0, logs = 0;

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		paused += sample_fleet[i].paused;
		logs += str_has_prefix(sample_fleet[i].tag, "log:");
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(
			    sample_fleet[i].name, sample_fleet[j].name);
			assert_string_not_equal(sample_fleet[i].tag, sample_fleet[j].tag);
		}
	}
	assert_int_equal(paused, 1);
	assert_int_equal(logs, 1);
}

/* A place with awk, and a sleep that ends the whole process group: a program that gets
 * so far was read and has worked. */
static void
make_path(const char *dir)
{
	char *command =
	    xasprintf("cd %s && ln -s \"$(command -v awk)\" awk && "
		      "ln -s \"$(command -v cat)\" cat && "
		      "printf '#!/bin/sh\necho slept >%s/slept\nkill -TERM 0\n' "
		      ">sleep && chmod +x sleep",
		dir, dir);

	assert_int_equal(system(command), 0);
	free(command);
}

static int
run_with_path(const char *script, const char *dir)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setpgid(0, 0);
		setenv("PATH", dir, 1);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(126);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
without_python_awk_does_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		char dir[] = "/tmp/sandtop-sample-XXXXXX";
		if (!strstr(sample_fleet[i].script, "exec awk"))
			continue;
		assert_non_null(mkdtemp(dir));
		make_path(dir);
		int status = run_with_path(sample_fleet[i].script, dir);
		char *slept = xasprintf("%s/slept", dir);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
		assert_int_equal(access(slept, F_OK), 0);
		free(slept);
		char *command = xasprintf("rm -rf %s", dir);
		assert_int_equal(system(command), 0);
		free(command);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_are_whole),
		cmocka_unit_test(five_different_ones_and_one_sleeps),
		cmocka_unit_test(without_python_awk_does_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
