#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "cli/times.h"

/* 2026-01-02T03:04:05Z */
#define NOW_MS INT64_C(1767323045000)

static void
past_is_so_long_ago_or_a_time(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "30m", NOW_MS - 1800000 },
		{ "0", NOW_MS },
		{ "90", NOW_MS - 90000 },
		{ "2026-01-02T03:04:05Z", NOW_MS },
		{ "2026-01-02T04:04:05.5+01:00", NOW_MS + 500 },
	};
	static const char *const bad[] = { "", "-5m", "yesterday", "2026-01-02", "30 m",
		"=5m", "99999999999w", "1969-01-01T00:00:00Z" };
	struct error err;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(time_parse_past("--since", good[i].text, NOW_MS, &ms, &err));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(time_parse_past("--since", bad[i], NOW_MS, &ms, &err));
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

static void
left_is_added_or_set(void **state)
{
	static const struct {
		const char *text;
		bool adds;
		int64_t seconds;
	} good[] = {
		{ "+30m", true, 1800 },
		{ "+90", true, 90 },
		{ "=2h", false, 7200 },
		{ "=1", false, 1 },
		{ "=2026-01-02T03:05:05Z", false, 60 },
		{ "=2026-01-02T03:04:05.2Z", false, 1 },
	};
	static const char *const bad[] = { "", "30m", "+", "=", "+0", "=0", "+-5", "++5m",
		"=soon", "+2026-01-02T03:05:05Z", "=2026-01-02T03:04:05Z",
		"=2025-01-01T00:00:00Z", "+9999d", "=2099-01-01T00:00:00Z" };
	struct left_change change;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(time_parse_left(good[i].text, NOW_MS, &change, &err));
		assert_int_equal(change.adds, good[i].adds);
		assert_int_equal(change.seconds, good[i].seconds);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(time_parse_left(bad[i], NOW_MS, &change, &err));
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

static void
span_has_limits(void **state)
{
	struct error err;
	int64_t s;

	(void)state;
	assert_true(time_parse_span("--ttl", "1h", &s, &err));
	assert_int_equal(s, 3600);
	assert_false(time_parse_span("--ttl", "0", &s, &err));
	assert_false(time_parse_span("--ttl", "367d", &s, &err));
	assert_false(time_parse_span("--ttl", "\033[31m", &s, &err));
	assert_null(strchr(err.text, '\033'));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(past_is_so_long_ago_or_a_time),
		cmocka_unit_test(left_is_added_or_set),
		cmocka_unit_test(span_has_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
