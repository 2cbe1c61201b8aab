/* Samples over time: order, replacing, caps, buckets with gaps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "fleet/history.h"

static void
add(struct history *h, int64_t ts_s, float cpu)
{
	history_add(h, &(struct sample){
			   .ts_s = ts_s, .cpu_pct = cpu, .mem_used = 1, .mem_total = 2 });
}

static void
keeps_order_and_replaces_equal_times(void **state)
{
	struct history *h = history_new(10);

	(void)state;
	add(h, 20, 2);
	add(h, 10, 1);
	add(h, 30, 3);
	add(h, 20, 22);
	assert_int_equal(history_count(h), 3);
	assert_int_equal(history_at(h, 0)->ts_s, 10);
	assert_true(history_at(h, 1)->percent[METRIC_CPU] == 22);
	assert_true(history_at(h, 1)->percent[METRIC_MEM] == 50);
	assert_true(isnan(history_at(h, 1)->percent[METRIC_DISK]));
	assert_null(history_at(h, 3));
	history_free(h);
}

static void
the_oldest_go_first(void **state)
{
	struct history *h = history_new(3);

	(void)state;
	for (int i = 1; i <= 5; i++)
		add(h, i * 5, (float)i);
	assert_int_equal(history_count(h), 3);
	assert_int_equal(history_at(h, 0)->ts_s, 15);
	add(h, 1, 9); /* older than all that may stay */
	assert_int_equal(history_at(h, 0)->ts_s, 15);
	history_set_max(h, 2);
	assert_int_equal(history_at(h, 0)->ts_s, 20);
	history_free(h);
}

static void
ignores_times_that_make_no_sense(void **state)
{
	struct history *h = history_new(3);

	(void)state;
	add(h, 0, 1);
	add(h, -5, 1);
	add(h, INT64_MAX, 1);
	assert_int_equal(history_count(h), 0);
	assert_null(history_at(h, 0));
	history_free(h);
}

static void
buckets_hold_maxima_and_gaps(void **state)
{
	struct history *h = history_new(100);
	float max[6], mean[6];

	(void)state;
	for (int t = 1000; t < 1030; t += 5)
		add(h, t, t == 1015 ? 80 : 20); /* then a gap, and two more */
	add(h, 1050, 50);
	add(h, 1055, 60);
	history_buckets(h, METRIC_CPU, 1000, 1059, 6, max, mean);
	/* width 9: edges are multiples of it, 1008 .. 1062 */
	assert_true(max[0] == 80 || max[1] == 80);
	assert_true(isnan(max[3]) || isnan(max[2]));
	assert_true(max[5] == 60);
	assert_true(mean[0] <= max[0]);
	history_free(h);
}

static void
steady_samples_leave_no_false_gaps(void **state)
{
	struct history *h = history_new(200);
	float max[60];

	(void)state;
	for (int i = 0; i < 180; i++)
		add(h, 100000 + i * 5, 10);
	for (int count = 7; count <= 60; count++) {
		history_buckets(
		    h, METRIC_CPU, 100000 + 300, 100000 + 899, count, max, NULL);
		for (int i = 0; i < count; i++)
			if (isnan(max[i]))
				fail_msg("gap in bucket %d of %d", i, count);
	}
	/* finer than the samples, too */
	history_buckets(h, METRIC_CPU, 100000 + 840, 100000 + 899, 60, max, NULL);
	for (int i = 2; i < 58; i++)
		assert_false(isnan(max[i]));
	history_free(h);
}

static void
an_empty_past_is_all_gap(void **state)
{
	float max[4];

	(void)state;
	history_buckets(NULL, METRIC_CPU, 0, 100, 4, max, NULL);
	for (size_t i = 0; i < ARRAY_LEN(max); i++)
		assert_true(isnan(max[i]));
	assert_true(isnan(history_summarise(NULL, METRIC_MEM, 0, 100).avg));
}

static void
unknown_totals_are_gaps_not_zero(void **state)
{
	struct history *h = history_new(10);
	float max[2];

	(void)state;
	add(h, 10, 5);
	history_buckets(h, METRIC_DISK, 0, 19, 2, max, NULL);
	assert_true(isnan(max[0]) && isnan(max[1]));
	history_free(h);
}

static void
summary_over_a_span(void **state)
{
	struct history *h = history_new(200);

	(void)state;
	for (int i = 1; i <= 100; i++)
		add(h, i, (float)i);
	struct history_summary s = history_summarise(h, METRIC_CPU, 1, 100);
	assert_true(s.min == 1 && s.max == 100 && s.p95 == 95);
	assert_true(fabsf(s.avg - 50.5f) < 0.01f);
	assert_true(history_summarise(h, METRIC_MEM, 1, 100).avg == 50);
	history_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order_and_replaces_equal_times),
		cmocka_unit_test(the_oldest_go_first),
		cmocka_unit_test(ignores_times_that_make_no_sense),
		cmocka_unit_test(buckets_hold_maxima_and_gaps),
		cmocka_unit_test(steady_samples_leave_no_false_gaps),
		cmocka_unit_test(an_empty_past_is_all_gap),
		cmocka_unit_test(unknown_totals_are_gaps_not_zero),
		cmocka_unit_test(summary_over_a_span),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
