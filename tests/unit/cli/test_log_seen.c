#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/log_seen.h"

static char info[] = "info";

static bool
add(struct log_seen *s, int64_t ns, char *message)
{
	return log_seen_add(s,
	    &(struct rest_log_entry){ .time_ns = ns, .level = info, .message = message });
}

static void
another_page_brings_nothing_twice(void **state)
{
	struct log_seen s = { 0 };
	char a[] = "a", b[] = "b";

	(void)state;
	log_seen_page(&s);
	assert_true(add(&s, 1000000, a));
	assert_true(add(&s, 1000000, a)); /* said twice in truth */
	assert_true(add(&s, 1000001, a));
	log_seen_page(&s);
	assert_false(add(&s, 1000000, a));
	assert_false(add(&s, 1000000, a));
	assert_true(add(&s, 1000000, b));
	assert_true(add(&s, 1000002, a));
	log_seen_clear(&s);
}

static void
memory_is_bounded(void **state)
{
	struct log_seen s = { 0 };
	char a[] = "a";

	(void)state;
	log_seen_page(&s);
	for (int64_t i = 0; i < 3 * LOG_SEEN_MAX; i++)
		assert_true(add(&s, i, a));
	assert_int_equal(s.count, LOG_SEEN_MAX);
	log_seen_page(&s);
	assert_false(add(&s, 3 * LOG_SEEN_MAX - 1, a));
	log_seen_clear(&s);
}

static void
cursor_goes_on(void **state)
{
	struct log_seen s = { 0 };
	char a[] = "a";

	(void)state;
	assert_int_equal(log_seen_cursor(&s, 5, false), 5);
	add(&s, 7999999, a);
	assert_int_equal(log_seen_cursor(&s, 5, false), 7);
	assert_int_equal(log_seen_cursor(&s, 7, false), 7);
	/* a full page within one millisecond: one step on, or it would stand for ever */
	assert_int_equal(log_seen_cursor(&s, 7, true), 8);
	assert_int_equal(log_seen_cursor(&s, 8, true), 9);
	assert_int_equal(log_seen_cursor(&s, 8, false), 8);
	log_seen_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_page_brings_nothing_twice),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(cursor_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
