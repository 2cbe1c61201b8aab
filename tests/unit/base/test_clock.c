#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compiler.h"

#define FIXED_MS INT64_C(1767323045678)

static void
test_wall_time_can_be_fixed(void **state)
{
	(void)state;
	assert_int_equal(clock_wall_ms(), FIXED_MS);
	setenv("SANDTOP_TEST_CLOCK_MS", "5", 1);
	assert_int_equal(clock_wall_ms(), FIXED_MS);
}

static int64_t
a_time(void)
{
	return 42;
}

static void
test_wall_time_can_be_a_tests_own(void **state)
{
	(void)state;
	clock_set_wall(a_time);
	assert_int_equal(clock_wall_ms(), 42);
	clock_set_wall(NULL);
	assert_int_equal(clock_wall_ms(), FIXED_MS);
}

static void
test_mono_does_not_go_back(void **state)
{
	(void)state;
	uint64_t first_us = clock_mono_us();

	for (int i = 0; i < 1000; i++)
		assert_true(clock_mono_us() >= first_us);
	assert_true(clock_mono_ms() >= first_us / 1000);
}

static void
test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "2026-01-02T03:04:05.678Z", FIXED_MS },
		{ "2026-01-02t03:04:05.678z", FIXED_MS },
		{ "2026-01-02 03:04:05.678Z", FIXED_MS },
		{ "2026-01-02T03:04:05.678901234Z", FIXED_MS },
		{ "2026-01-02T05:34:05.678+02:30", FIXED_MS },
		{ "2026-01-01T22:04:05.678-05:00", FIXED_MS },
		{ "2026-01-02T03:04:05.6Z", FIXED_MS - 78 },
		{ "2000-02-29T12:00:00Z", INT64_C(951825600000) },
		{ "2100-03-01T00:00:00Z", INT64_C(4107542400000) },
		{ "1990-12-31T23:59:60Z", INT64_C(662688000000) },
		{ "0001-01-01T00:00:00Z", INT64_C(-62135596800000) },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms;

		assert_true(clock_parse_rfc3339(cases[i].text, &ms));
		assert_int_equal(ms, cases[i].ms);
	}
}

static void
test_parse_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = { NULL, "", "2026", "2026-01-02",
		"2026-01-02T03:04:05", "2026-01-02T03:04Z", "2026-13-02T03:04:05Z",
		"2026-00-02T03:04:05Z", "2026-02-29T03:04:05Z", "1900-02-29T00:00:00Z",
		"2026-04-31T03:04:05Z", "2026-01-00T03:04:05Z", "2026-01-02T24:04:05Z",
		"2026-01-02T03:60:05Z", "2026-01-02T03:04:61Z", "2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05.1234567890Z", "2026-01-02T03:04:05Zx",
		"2026-01-02T03:04:05+0100", "2026-01-02T03:04:05+24:00",
		"2026-01-02T03:04:05+01:60", "2026-1-02T03:04:05Z",
		"+026-01-02T03:04:05Z", "2026/01/02T03:04:05Z", " 2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05." };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t ms = 4711;

		assert_false(clock_parse_rfc3339(bad[i], &ms));
		assert_int_equal(ms, 4711);
	}
}

static void
test_format_is_the_inverse(void **state)
{
	(void)state;
	char text[32];
	int64_t back;

	clock_format_rfc3339(FIXED_MS, text, sizeof text);
	assert_string_equal(text, "2026-01-02T03:04:05.678Z");
	clock_format_rfc3339(-1, text, sizeof text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
	/* Every day of 800 years around the odd centuries. */
	for (int64_t day = -180000; day < 120000; day++) {
		int64_t ms = day * 86400000 + 1;

		clock_format_rfc3339(ms, text, sizeof text);
		assert_true(clock_parse_rfc3339(text, &back));
		assert_int_equal(back, ms);
	}
	clock_format_rfc3339(INT64_MAX, text, sizeof text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	clock_format_rfc3339(INT64_MIN, text, sizeof text);
	assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

static void
test_local_time_of_day(void **state)
{
	(void)state;
	char text[16];

	clock_format_hm(FIXED_MS, text, sizeof text);
	assert_string_equal(text, "05:04");
	clock_format_hms(FIXED_MS, text, sizeof text);
	assert_string_equal(text, "05:04:05");
	clock_format_hms(-1, text, sizeof text);
	assert_string_equal(text, "01:59:59");
	clock_format_hms(INT64_MAX, text, sizeof text);
	assert_true(strlen(text) == 8);
}

static void
test_duration_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		int64_t seconds;
	} cases[] = {
		{ "0", true, 0 },
		{ "90", true, 90 },
		{ "90s", true, 90 },
		{ "15m", true, 900 },
		{ "1h30m", true, 5400 },
		{ "2d", true, 172800 },
		{ "1w", true, 604800 },
		{ "1w1d1h1m1s", true, 694861 },
		{ "9223372036854775807", true, INT64_MAX },
		{ .text = NULL },
		{ .text = "" },
		{ .text = "-1" },
		{ .text = "-5m" },
		{ .text = "m" },
		{ .text = "5x" },
		{ .text = "5 m" },
		{ .text = "1.5h" },
		{ .text = "1m30" },
		{ .text = "5m1h" },
		{ .text = "5m5m" },
		{ .text = "5ms" },
		{ .text = "9223372036854775808s" },
		{ .text = "9223372036854775807m" },
		{ .text = "15250284452471w9223372036854775807s" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t seconds = 4711;

		assert_int_equal(duration_parse(cases[i].text, &seconds), cases[i].good);
		assert_int_equal(seconds, cases[i].good ? cases[i].seconds : 4711);
	}
}

static void
test_duration_format(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ -5, "0s" },
		{ 0, "0s" },
		{ 45, "45s" },
		{ 59, "59s" },
		{ 60, "1m" },
		{ 299, "4m" },
		{ 3599, "59m" },
		{ 3600, "1h00" },
		{ 7740, "2h09" },
		{ 86399, "23h59" },
		{ 86400, "1d" },
		{ 93600, "1d2h" },
		{ 259200, "3d" },
		{ 863999, "9d23h" },
		{ 864000 + 3600, "10d" },
		{ INT64_MAX, "9999d" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[16];

		duration_format(cases[i].seconds, text, sizeof text);
		assert_string_equal(text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wall_time_can_be_fixed),
		cmocka_unit_test(test_wall_time_can_be_a_tests_own),
		cmocka_unit_test(test_mono_does_not_go_back),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_format_is_the_inverse),
		cmocka_unit_test(test_local_time_of_day),
		cmocka_unit_test(test_duration_parse),
		cmocka_unit_test(test_duration_format),
	};

	setenv("SANDTOP_TEST_CLOCK_MS", "1767323045678", 1);
	setenv("TZ", "EET-2", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
