#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

static void
test_alphabets(void **state)
{
	(void)state;
	char hex[65], id[65], again[65];

	random_hex(hex, 64);
	random_id(id, 64);
	random_id(again, 64);
	assert_int_equal(strlen(hex), 64);
	assert_int_equal(strspn(hex, "0123456789abcdef"), 64);
	assert_int_equal(strlen(id), 64);
	assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789"), 64);
	assert_string_not_equal(id, again);
	random_id(id, 0);
	assert_string_equal(id, "");
}

static void
test_below_stays_below(void **state)
{
	(void)state;
	unsigned seen = 0;

	for (int i = 0; i < 1000; i++) {
		uint32_t value = random_below(5);

		assert_true(value < 5);
		seen |= 1u << value;
	}
	assert_int_equal(seen, 0x1f);
	assert_int_equal(random_below(1), 0);
	assert_true(random_below(UINT32_MAX) < UINT32_MAX);
	assert_true(random_below(0x80000000u) < 0x80000000u);
}

static void
test_bytes_fill_exactly(void **state)
{
	(void)state;
	unsigned char bytes[300] = { 0 };
	int zeros = 0;

	random_bytes(bytes, 0);
	assert_int_equal(bytes[0], 0);
	random_bytes(bytes, 256);
	for (int i = 0; i < 256; i++)
		zeros += bytes[i] == 0;
	assert_true(zeros < 64);
	for (int i = 256; i < 300; i++)
		assert_int_equal(bytes[i], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alphabets),
		cmocka_unit_test(test_below_stays_below),
		cmocka_unit_test(test_bytes_fill_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
