/* Time on the points of a graph, gaps, what 100 % is of: the parts behind the pictures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_fixture.h"

#include "base/compiler.h"
#include "base/mem.h"
#include "tui/graphs.h"

enum { NOW_S = FAKE_NOW_MS / 1000 };

static void
add(struct history *h, int64_t ts_s, float cpu)
{
	history_add(h, &(struct sample){ .ts_s = ts_s, .cpu_pct = cpu });
}

static void
shares_a_span_over_any_width(void **state)
{
	(void)state;
	for (int i = 0; graph_spans[i]; i++) {
		for (int points = 1; points <= 1200; points += 7) {
			struct timescale t =
			    timescale_of(FAKE_NOW_MS, graph_spans[i], points);
			int64_t shown = t.width_s * t.buckets;
			assert_int_equal(t.points, points);
			assert_true(t.buckets >= 1 && t.buckets <= points);
			/* All of the span, and less than a bucket more. */
			assert_true(shown >= graph_spans[i]);
			assert_true(shown < graph_spans[i] + t.width_s);
			assert_int_equal(t.from_s % t.width_s, 0);
			/* Now is in the last bucket. */
			assert_true(NOW_S >= t.from_s + shown - t.width_s);
			assert_true(NOW_S < t.from_s + shown);
			assert_int_equal(timescale_point(&t, t.from_s), 0);
			assert_int_equal(timescale_point(&t, t.from_s - 1), -1);
			assert_int_equal(timescale_point(&t, t.from_s + shown), -1);
			assert_true(timescale_point(&t, NOW_S) < points);
		}
	}
}

/* The picture scrolls by whole buckets: nothing but the edges changes within one. */
static void
stands_still_within_a_bucket(void **state)
{
	struct history *h = history_new(200);
	struct timescale first = timescale_of(FAKE_NOW_MS, 900, 150);
	float *before = xcalloc(150, sizeof *before),
	      *after = xcalloc(150, sizeof *after);
	int64_t start_ms = (first.from_s + first.width_s * (first.buckets - 1)) * 1000;

	(void)state;
	for (int i = 0; i < 180; i++)
		add(h, NOW_S - 1000 + i * 5, (float)(i * 37 % 101));
	struct timescale t = timescale_of(start_ms, 900, 150);
	timescale_values(&t, h, METRIC_CPU, before, NULL);
	for (int ms = 0; ms < t.width_s * 1000; ms += 250) {
		struct timescale later = timescale_of(start_ms + ms, 900, 150);
		timescale_values(&later, h, METRIC_CPU, after, NULL);
		assert_memory_equal(before, after, 150 * sizeof *before);
	}
	free(before);
	free(after);
	history_free(h);
}

static void
tells_zero_from_a_gap(void **state)
{
	struct history *h = history_new(200);
	float values[60], means[60];

	(void)state;
	for (int i = 0; i < 30; i++)
		add(h, NOW_S - 300 + i * 5, 0);
	struct timescale t = timescale_of(FAKE_NOW_MS, 300, 60);
	timescale_values(&t, h, METRIC_CPU, values, means);
	assert_true(values[5] == 0);
	assert_true(means[5] == 0);
	assert_true(isnan(values[50]));
	assert_true(isnan(means[50]));
	assert_true(timescale_value_at(&t, h, METRIC_CPU, NOW_S - 280) == 0);
	assert_true(isnan(timescale_value_at(&t, h, METRIC_CPU, NOW_S - 20)));
	assert_true(isnan(timescale_value_at(&t, NULL, METRIC_CPU, NOW_S)));
	history_free(h);
}

static void
finds_gaps_and_no_others(void **state)
{
	int64_t from_s, to_s;
	struct history *h = history_new(2000);

	(void)state;
	assert_false(history_last_gap(NULL, 0, NOW_S, &from_s, &to_s));
	/* Coarse samples, then fine ones: another step is no gap. */
	for (int i = 0; i < 60; i++)
		add(h, NOW_S - 6000 + i * 60, 1);
	for (int i = 0; i < 120; i++)
		add(h, NOW_S - 2400 + i * 5, 1);
	assert_false(history_last_gap(h, NOW_S - 86400, NOW_S, &from_s, &to_s));
	for (int i = 0; i < 120; i++)
		add(h, NOW_S - 600 + i * 5, 1);
	assert_true(history_last_gap(h, NOW_S - 86400, NOW_S, &from_s, &to_s));
	assert_int_equal(from_s, NOW_S - 2400 + 119 * 5);
	assert_int_equal(to_s, NOW_S - 600);
	assert_false(history_last_gap(h, NOW_S - 500, NOW_S, &from_s, &to_s));
	history_free(h);
}

static void
titles_say_what_the_figures_are_of(void **state)
{
	static const struct {
		enum metric metric;
		int cols;
		const char *title;
	} cases[] = {
		{ METRIC_CPU, 80, "CPU  46% of 2 vCPU (100 = all cores busy)" },
		{ METRIC_CPU, 30, "CPU  46% of 2 vCPU" },
		{ METRIC_CPU, 10, "CPU  46%" },
		{ METRIC_MEM, 80, "MEM  41%  210M of 512M  cache 118M" },
		{ METRIC_MEM, 25, "MEM  41%  210M of 512M" },
		{ METRIC_MEM, 12, "MEM  41%" },
		{ METRIC_DISK, 80, "DISK  63%  1.5G of 2.4G" },
	};
	struct model m;

	(void)state;
	model_init(&m);
	fixture_fill(&m);
	const struct sandbox *s = model_find(&m, "ij3k9x0abq7m2v5tz8wrc");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct graph_options o = {
			.metric = cases[i].metric, .now_ms = FAKE_NOW_MS, .span_s = 300
		};
		struct buf title;
		buf_init(&title, 4096);
		graph_add_title(&title, s, &o, cases[i].cols);
		assert_string_equal(title.data, cases[i].title);
		buf_clear(&title);
	}
	model_clear(&m);
}

/* Any size, any state: nothing outside the canvas is touched. */
static void
draws_into_any_canvas(void **state)
{
	struct model m;

	(void)state;
	model_init(&m);
	fixture_fill(&m);
	for (size_t i = 0; i < m.count; i++) {
		for (int rows = 0; rows < 12; rows += 3) {
			for (int cols = 0; cols < 40; cols += 3) {
				struct grid grid;
				grid_init(&grid, rows, cols);
				struct canvas c = canvas_of(&grid, &glyphs_unicode);
				struct graph_options o = { .metric = (enum metric)(i % 3),
					.now_ms = FAKE_NOW_MS,
					.span_s = graph_spans[i % 6],
					.cursor_s = NOW_S - (int64_t)i * 10,
					.style = (enum graph_style)(i % 3),
					.axis = i % 2 == 0 };
				graph_draw(&c, m.items[i], &o);
				graph_draw_times(&c, rows - 1, &o);
				grid_dispose(&grid);
			}
		}
	}
	model_clear(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_a_span_over_any_width),
		cmocka_unit_test(stands_still_within_a_bucket),
		cmocka_unit_test(tells_zero_from_a_gap),
		cmocka_unit_test(finds_gaps_and_no_others),
		cmocka_unit_test(titles_say_what_the_figures_are_of),
		cmocka_unit_test(draws_into_any_canvas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
