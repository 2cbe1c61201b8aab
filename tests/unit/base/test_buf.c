#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void
test_empty_has_text(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 10);
	assert_string_equal(b.data, "");
	buf_add(&b, "x", 0);
	buf_add_str(&b, NULL);
	buf_addf(&b, "%s", "");
	buf_consume(&b, 0);
	buf_reset(&b);
	assert_string_equal(b.data, "");
	assert_false(b.overflow);

	char *taken = buf_take(&b);

	assert_string_equal(taken, "");
	free(taken);
	buf_clear(&b);
}

static void
test_appends(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 1000);
	buf_add_str(&b, "one");
	buf_add_char(&b, ' ');
	buf_addf(&b, "%d-%s", 2, "three");
	buf_add(&b, "\0z", 2);
	assert_int_equal(b.len, 13);
	assert_memory_equal(b.data, "one 2-three\0z", 14);
	buf_consume(&b, 4);
	assert_string_equal(b.data, "2-three");
	assert_int_equal(b.len, 9);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
}

static void
test_limit_is_exact(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 5);
	buf_add_str(&b, "12345");
	assert_false(b.overflow);
	assert_int_equal(b.len, 5);
	buf_add_char(&b, '6');
	assert_true(b.overflow);
	assert_string_equal(b.data, "12345");
	buf_clear(&b);
}

/* What comes after a piece that did not fit must not close up to what is before. */
static void
test_overflow_drops_the_rest(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 6);
	buf_add_str(&b, "abc");
	buf_addf(&b, "%s", "defgh");
	assert_true(b.overflow);
	buf_add_str(&b, "x");
	assert_null(buf_reserve(&b, 1));
	assert_string_equal(b.data, "abc");
	buf_reset(&b);
	assert_false(b.overflow);
	buf_add_str(&b, "x");
	assert_string_equal(b.data, "x");
	buf_clear(&b);
}

static void
test_reserve_rejects_absurd_sizes(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 100);
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_true(b.overflow);
	buf_clear(&b);
}

static void
test_reserve_and_commit(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < 1000; i++) {
		char *room = buf_reserve(&b, 100);

		assert_non_null(room);
		memset(room, 'a' + i % 26, 100);
		buf_commit(&b, 50);
	}
	assert_int_equal(b.len, 50000);
	assert_int_equal(b.data[49], 'a');
	assert_int_equal(b.data[50], 'b');
	assert_int_equal(strlen(b.data), 50000);
	buf_clear(&b);
}

static void
test_take_leaves_it_usable(void **state)
{
	(void)state;
	struct buf b;

	buf_init(&b, 100);
	buf_add_str(&b, "first");

	char *first = buf_take(&b);

	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_add_str(&b, "second");
	assert_string_equal(first, "first");
	assert_string_equal(b.data, "second");
	free(first);
	buf_clear(&b);
}

static void
test_zeroed_memory(void **state)
{
	(void)state;
	struct buf b = { 0 };

	buf_add_str(&b, "dropped");
	assert_true(b.overflow);
	buf_clear(&b);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_has_text),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_limit_is_exact),
		cmocka_unit_test(test_overflow_drops_the_rest),
		cmocka_unit_test(test_reserve_rejects_absurd_sizes),
		cmocka_unit_test(test_reserve_and_commit),
		cmocka_unit_test(test_take_leaves_it_usable),
		cmocka_unit_test(test_zeroed_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
