/* The remote command line, and what its end means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "cli/exec_words.h"

static char *
line_of(const char *const *words)
{
	struct strlist list = { 0 };

	for (; *words; words++)
		strlist_add(&list, *words);
	char *line = exec_line(&list);
	strlist_clear(&list);
	return line;
}

static void
one_word_is_a_shell_line(void **state)
{
	char *line = line_of((const char *const[]){ "ls | wc -l; echo $HOME", NULL });

	(void)state;
	assert_string_equal(line, "ls | wc -l; echo $HOME");
	free(line);
}

static void
plain_words_stay_readable(void **state)
{
	char *line =
	    line_of((const char *const[]){ "tar", "-C", "/tmp/a_b", "x@1", NULL });

	(void)state;
	assert_string_equal(line, "tar -C /tmp/a_b x@1");
	free(line);
}

/* A real shell takes the line apart into the words that were given. */
static void
several_words_survive_a_shell(void **state)
{
	static const char *const words[] = { "printf", "%s\\n", "", "a b", "it's",
		"$HOME", "`id`", "*", "a\\b", "\"q\"", "A=b", "~", "new\nline", "--",
		"-n", "\033[1m", "ü", NULL };
	char *line = line_of(words), *command = xasprintf("%s # end", line);
	char got[1024];
	struct buf want;

	(void)state;
	buf_init(&want, 4096);
	for (size_t i = 2; words[i]; i++)
		buf_addf(&want, "%s\n", words[i]);
	FILE *shell = popen(command, "r");
	assert_non_null(shell);
	size_t len = fread(got, 1, sizeof got, shell);
	assert_int_equal(pclose(shell), 0);
	assert_int_equal(len, want.len);
	assert_memory_equal(got, want.data, len);
	buf_clear(&want);
	free(command);
	free(line);
}

static void
an_assignment_stays_a_word(void **state)
{
	char *line = line_of((const char *const[]){ "A=b", "env", NULL });

	(void)state;
	assert_string_equal(line, "'A=b' env");
	free(line);
}

static void
exit_codes_are_the_remotes(void **state)
{
	static const struct {
		int exit_code;
		bool exited;
		const char *status;
		int code;
	} cases[] = {
		{ 0, true, "exit status 0", 0 },
		{ 7, true, "exit status 7", 7 },
		{ 256, true, "exit status 256", 0 },
		{ -1, false, "signal: killed", 137 },
		{ -1, false, "signal: terminated", 143 },
		{ -1, false, "signal: segmentation fault (core dumped)", 139 },
		{ -1, false, "signal: signal 35", 163 },
		{ -1, false, "hangup", 129 },
		{ 137, false, "killed", 137 },
		{ -1, false, "", 255 },
		{ -1, false, "signal: something new", 255 },
		{ -1, false, "signal: signal 9999", 255 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_event end = { .kind = PROCESS_EVENT_END,
			.exit_code = cases[i].exit_code,
			.exited = cases[i].exited };
		str_copy(end.status, sizeof end.status, cases[i].status);
		assert_int_equal(exec_exit_code(&end), cases[i].code);
	}
}

/* What the local host's encoder says of a signal, we understand. */
static void
signals_survive_the_wire(void **state)
{
	/* those that end a process */
	static const int signals[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 24, 25, 26, 27, 29, 30, 31, 34, 50, 64 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct process_event end = { 0 };
		process_event_from_status(signals[i], &end);
		assert_int_equal(exec_exit_code(&end), 128 + signals[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_word_is_a_shell_line),
		cmocka_unit_test(plain_words_stay_readable),
		cmocka_unit_test(several_words_survive_a_shell),
		cmocka_unit_test(an_assignment_stays_a_word),
		cmocka_unit_test(exit_codes_are_the_remotes),
		cmocka_unit_test(signals_survive_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
