#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "cli/targets.h"

static bool
read_words(const char *a, const char *b, struct targets *out, struct error *err)
{
	struct strlist words = { 0 };

	strlist_add(&words, a);
	if (b)
		strlist_add(&words, b);
	bool ok = targets_read(&words, out, err);
	strlist_clear(&words);
	return ok;
}

static void
each_id_once_without_the_client(void **state)
{
	struct targets t;
	struct error err;

	(void)state;
	assert_true(read_words("iabc-6532622b", "iabc", &t, &err));
	assert_int_equal(t.count, 1);
	assert_string_equal(t.items[0].id, "iabc");
	targets_clear(&t);
}

static void
what_cannot_be_an_id_is_refused(void **state)
{
	static const char *const bad[] = { "", "--", "a b", "../x", "i%2f", "i/../../v2",
		"i?x=1", "\033[2J", "ü",
		"iaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"a" };
	struct targets t;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(read_words(bad[i], NULL, &t, &err));
		assert_int_equal(err.code, ERROR_INPUT);
		assert_null(strchr(err.text, '\033'));
	}
}

static void
read_stdin_text(const char *text, bool *ok, struct targets *t, struct error *err)
{
	int fds[2], saved = dup(0);

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, strlen(text)), (int)strlen(text));
	close(fds[1]);
	dup2(fds[0], 0);
	close(fds[0]);
	*ok = read_words("ifirst", "-", t, err);
	dup2(saved, 0);
	close(saved);
}

static void
dash_reads_the_first_word_of_each_line(void **state)
{
	struct targets t;
	struct error err;
	bool ok;

	(void)state;
	read_stdin_text("ione\n\n  \n itwo  name RUN\r\nifirst\nithree", &ok, &t, &err);
	assert_true(ok);
	assert_int_equal(t.count, 4);
	assert_string_equal(t.items[1].id, "ione");
	assert_string_equal(t.items[2].id, "itwo");
	assert_string_equal(t.items[3].id, "ithree");
	targets_clear(&t);
	read_stdin_text("ione\n<html>\n", &ok, &t, &err);
	assert_false(ok);
}

static void
prefix_must_mean_one(void **state)
{
	struct strlist ids = { 0 };
	bool several;

	(void)state;
	strlist_add(&ids, "iabcdef1");
	strlist_add(&ids, "iabcdef2");
	strlist_add(&ids, "iabcdef");
	strlist_add(&ids, "ixyz1234");
	assert_string_equal(targets_match(&ids, "ixyz12", &several), "ixyz1234");
	assert_null(targets_match(&ids, "iabcde", &several));
	assert_true(several);
	/* the whole one goes first */
	assert_string_equal(targets_match(&ids, "iabcdef", &several), "iabcdef");
	assert_null(targets_match(&ids, "inone0", &several));
	assert_false(several);
	strlist_clear(&ids);
}

static void
exit_code_sums_up(void **state)
{
	static const struct {
		enum target_result a, b;
		enum error_code error_a, error_b;
		int code;
	} cases[] = {
		{ TARGET_DONE, TARGET_DONE, 0, 0, EXIT_OK },
		{ TARGET_DONE, TARGET_ALREADY, 0, 0, EXIT_OK },
		{ TARGET_DONE, TARGET_MISSING, 0, 0, EXIT_NOT_FOUND },
		{ TARGET_MISSING, TARGET_MISSING, 0, 0, EXIT_NOT_FOUND },
		{ TARGET_DONE, TARGET_FAILED, 0, ERROR_OFFLINE, EXIT_SOME_FAILED },
		{ TARGET_MISSING, TARGET_FAILED, 0, ERROR_OFFLINE, EXIT_SOME_FAILED },
		{ TARGET_FAILED, TARGET_FAILED, ERROR_LIMIT, ERROR_LIMIT, EXIT_LIMIT },
		{ TARGET_FAILED, TARGET_FAILED, ERROR_LIMIT, ERROR_DENIED, EXIT_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target items[2] = {
			{ .result = cases[i].a, .error = { .code = cases[i].error_a } },
			{ .result = cases[i].b, .error = { .code = cases[i].error_b } },
		};
		struct targets t = { items, 2 };
		assert_int_equal(targets_exit(&t), cases[i].code);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_id_once_without_the_client),
		cmocka_unit_test(what_cannot_be_an_id_is_refused),
		cmocka_unit_test(dash_reads_the_first_word_of_each_line),
		cmocka_unit_test(prefix_must_mean_one),
		cmocka_unit_test(exit_code_sums_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
