/* Buckets and the ring of samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "host/metrics.h"

#define HOUR ((int64_t)3600)

static void
ranges_have_their_buckets(void **state)
{
	static const struct {
		int64_t range_s, bucket_s;
	} cases[] = {
		{ 0, 5 },
		{ HOUR - 1, 5 },
		{ HOUR, 30 },
		{ 6 * HOUR - 1, 30 },
		{ 6 * HOUR, 60 },
		{ 12 * HOUR, 120 },
		{ 24 * HOUR, 300 },
		{ 7 * 24 * HOUR - 1, 300 },
		{ 7 * 24 * HOUR, 900 },
		{ 900 * 24 * HOUR, 900 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(metrics_bucket_s(cases[i].range_s), cases[i].bucket_s);
}

static void
a_bucket_holds_the_maximum_of_each_value(void **state)
{
	const struct sample samples[] = {
		{ 99, 1, 100, 1, 5 },			     /* before the range */
		{ 100, 2, 300, 2, 6 },			     /* bucket 90 */
		{ 119, 9, 200, 1, 7 }, { 120, 3, 50, 4, 8 }, /* bucket 120 */
		{ 200, 3, 50, 4, 8 },			     /* behind it */
	};
	const struct sample_scale scale = { 2, 1 << 20, 1 << 30 };
	struct rest_metric_list list;

	(void)state;
	metrics_bucket(samples, 5, &scale, 100, 199, 30, &list);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0].ts_s, 90);
	assert_true(list.items[0].cpu_pct > 8.9 && list.items[0].cpu_pct < 9.1);
	assert_int_equal(list.items[0].mem_used, 300 << 10);
	assert_int_equal(list.items[0].mem_cache, 2 << 10);
	assert_int_equal(list.items[0].disk_used, 7 << 10);
	assert_int_equal(list.items[0].mem_total, 1 << 20);
	assert_int_equal(list.items[0].cpu_count, 2);
	assert_int_equal(list.items[1].ts_s, 120);
	rest_metric_list_clear(&list);
}

static void
nothing_gives_nothing(void **state)
{
	const struct sample_scale scale = { 0, 0, 0 };
	struct rest_metric_list list;

	(void)state;
	metrics_bucket(NULL, 0, &scale, INT64_MIN, INT64_MAX, 5, &list);
	assert_int_equal(list.count, 0);
	rest_metric_list_clear(&list);
}

static void
memory_keeps_the_newest_hour(void **state)
{
	struct series s = { 0 };
	struct sample *copy;
	size_t count;

	(void)state;
	assert_null(series_last(&s));
	assert_false(series_covers(&s, 0));
	for (int i = 0; i < 1000; i++) {
		struct sample sample = { .ts_s = 1000 + i * METRICS_PERIOD_S };

		series_add(&s, &sample);
		assert_int_equal(series_last(&s)->ts_s, sample.ts_s);
	}
	copy = series_copy(&s, &count);
	assert_int_equal(count, METRICS_MEMORY_S / METRICS_PERIOD_S);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(copy[i].ts_s - copy[i - 1].ts_s, METRICS_PERIOD_S);
	assert_true(series_covers(&s, copy[0].ts_s));
	assert_false(series_covers(&s, copy[0].ts_s - 1));
	assert_int_equal(s.first_s, 1000);
	free(copy);
	series_clear(&s);
}

static void
a_young_series_covers_all_there_is(void **state)
{
	struct series s = { 0 }, restored = { .first_s = 1 };
	const struct sample sample = { .ts_s = 5000 };

	(void)state;
	series_add(&s, &sample);
	assert_true(series_covers(&s, INT64_MIN));
	series_add(&restored, &sample);
	assert_false(series_covers(&restored, INT64_MIN));
	assert_true(series_covers(&restored, 5000));
	series_clear(&s);
	series_clear(&restored);
}

static void
cpu_is_of_all_cpus_with_two_decimals(void **state)
{
	static const struct {
		uint64_t used_us, passed_us;
		int cpus;
		double pct;
	} cases[] = {
		{ 0, 5000000, 2, 0 },
		{ 5000000, 5000000, 2, 50 },
		{ 1, 3, 1, 33.33 },
		{ 99, 1, 2, 100 },
		{ 5, 0, 2, 0 },
		{ 5, 5, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double pct =
		    metrics_cpu_pct(cases[i].used_us, cases[i].passed_us, cases[i].cpus);

		assert_true(pct > cases[i].pct - 0.001 && pct < cases[i].pct + 0.001);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_have_their_buckets),
		cmocka_unit_test(a_bucket_holds_the_maximum_of_each_value),
		cmocka_unit_test(nothing_gives_nothing),
		cmocka_unit_test(memory_keeps_the_newest_hour),
		cmocka_unit_test(a_young_series_covers_all_there_is),
		cmocka_unit_test(cpu_is_of_all_cpus_with_two_decimals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
