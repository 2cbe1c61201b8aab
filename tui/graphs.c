#include "tui/graphs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/facts.h"

enum { TEXT_MAX = 4096, AXIS_COLS = 4, GAP_S = 15 };

const int64_t graph_spans[] = { 60, 300, 900, 3600, 21600, 86400, 0 };

static const struct {
	const char *name;
	enum role role;
} metrics[] = {
	[METRIC_CPU] = { "CPU", ROLE_GRAPH1 },
	[METRIC_MEM] = { "MEM", ROLE_GRAPH2 },
	[METRIC_DISK] = { "DISK", ROLE_GRAPH3 },
};

const char *
metric_name(enum metric metric)
{
	return metrics[metric].name;
}

enum role
metric_role(enum metric metric)
{
	return metrics[metric].role;
}

/* ---- time on points */

struct timescale
timescale_of(int64_t now_ms, int64_t span_s, int points)
{
	struct timescale t = { .points = MAX(points, 1) };

	span_s = MAX(span_s, (int64_t)1);
	t.width_s = (span_s + t.points - 1) / t.points;
	t.buckets = (int)((span_s + t.width_s - 1) / t.width_s);
	/* As history_buckets() lays them: the last bucket is the one with now in it. */
	t.from_s =
	    now_ms / 1000 / t.width_s * t.width_s + t.width_s - t.width_s * t.buckets;
	return t;
}

int
timescale_point(const struct timescale *t, int64_t at_s)
{
	int64_t bucket = (at_s - t->from_s) / t->width_s;

	if (at_s < t->from_s || bucket >= t->buckets)
		return -1;
	return (int)((bucket * t->points + t->buckets - 1) / t->buckets);
}

void
timescale_values(const struct timescale *t, const struct history *h, enum metric metric,
    float *max, float *mean)
{
	float *buckets = xcalloc((size_t)t->buckets * 2, sizeof *buckets);
	float *means = buckets + t->buckets;
	int64_t to_s = t->from_s + t->width_s * t->buckets - 1;

	history_buckets(
	    h, metric, to_s - t->width_s * t->buckets, to_s, t->buckets, buckets, means);
	for (int i = 0; i < t->points; i++) {
		int from = (int)((int64_t)i * t->buckets / t->points);
		max[i] = buckets[from];
		if (mean)
			mean[i] = means[from];
	}
	free(buckets);
}

/* ---- words */

static bool
has_figures(const struct sandbox *s)
{
	return s->has_sample &&
	       (s->state == SANDBOX_RUNNING || s->state == SANDBOX_PAUSING);
}

void
graph_add_now(
    struct buf *out, const struct sandbox *s, enum metric metric, int64_t now_ms)
{
	float value = has_figures(s) ? sample_percent(&s->sample, metric) : NAN;

	if (isnan(value))
		buf_add_str(out, "--");
	else
		buf_addf(out, "%.0f%%%s", (double)value,
		    sandbox_is_stale(s, now_ms) ? "~" : "");
}

static void
add_part(struct buf *out, const char *label, uint64_t bytes, const char *behind)
{
	char text[16];

	size_format(bytes, text, sizeof text);
	buf_addf(out, "%s%s%s", label, text, behind);
}

/* What the percentage is of; `rank` 0 says most. */
static void
add_meaning(struct buf *out, const struct sandbox *s, enum metric metric, int rank)
{
	const struct sample *m = &s->sample;
	int cpus = m->cpu_count > 0 ? m->cpu_count : s->cpu_count;

	if (rank > 1)
		return;
	switch (metric) {
	case METRIC_CPU:
		if (cpus > 0)
			buf_addf(out, " of %d vCPU", cpus);
		if (rank == 0)
			buf_add_str(out, " (100 = all cores busy)");
		return;
	case METRIC_MEM:
		if (!has_figures(s) || m->mem_total == 0)
			return;
		add_part(out, "  ", m->mem_used, "");
		add_part(out, " of ", m->mem_total, "");
		if (rank == 0 && m->mem_cache)
			add_part(out, "  cache ", m->mem_cache, "");
		return;
	case METRIC_DISK:
		if (!has_figures(s) || m->disk_total == 0)
			return;
		add_part(out, "  ", m->disk_used, "");
		add_part(out, " of ", m->disk_total, "");
		return;
	}
}

void
graph_add_title(
    struct buf *out, const struct sandbox *s, const struct graph_options *o, int cols)
{
	size_t start = out->len;

	for (int rank = 0; rank < 3; rank++) {
		out->len = start;
		buf_add_str(out, metric_name(o->metric));
		if (o->name)
			buf_addf(out, " %s", o->name);
		buf_add_str(out, "  ");
		graph_add_now(out, s, o->metric, o->now_ms);
		add_meaning(out, s, o->metric, rank);
		if (text_width(out->data + start) <= cols)
			return;
	}
}

static void
add_figure(struct buf *out, const char *label, float value)
{
	buf_addf(out, "%s%s ", out->len ? "  " : "", label);
	if (isnan(value))
		buf_add_str(out, "--");
	else
		buf_addf(out, "%.0f", (double)value);
}

static void
add_foot(
    struct buf *out, const struct sandbox *s, const struct graph_options *o, int cols)
{
	int64_t now_s = o->now_ms / 1000;
	struct history_summary sum =
	    history_summarise(s->history, o->metric, now_s - o->span_s, now_s);
	char span[24];

	if (o->span_foot) {
		facts_spell_duration(o->span_s, span, sizeof span);
		buf_addf(out, "last %s", span);
	}
	add_figure(out, "min", sum.min);
	add_figure(out, "avg", sum.avg);
	if (cols >= 34)
		add_figure(out, "p95", sum.p95);
	add_figure(out, "max", sum.max);
}

/* Why there is nothing to see; NULL: there may be a gap, that is all. */
static const char *
why_empty(const struct sandbox *s, int64_t now_ms)
{
	if (history_count(s->history) > 0)
		return "no figures in this span";
	if (facts_is_warming(s, now_ms))
		return "warming up: first figures in a few seconds";
	if (sandbox_is_running(s))
		return "no figures yet";
	return "no figures: it does not run";
}

/* ---- drawing */

int
graph_inset(const struct graph_options *o, int *all)
{
	int left = 1 + (o->axis ? AXIS_COLS : 0);

	*all = left + 1;
	return left;
}

static void
draw_axis(struct canvas *c)
{
	int rows = c->area.rows;

	canvas_text(c, rows - 1, 0, ROLE_DIM, "  0");
	if (rows >= 2)
		canvas_text(c, 0, 0, ROLE_DIM, "100");
	if (rows >= 5)
		canvas_text(c, rows / 2, 0, ROLE_DIM, " 50");
}

static bool
is_empty(const float *values, int count)
{
	for (int i = 0; i < count; i++)
		if (!isnan(values[i]))
			return false;
	return true;
}

/* What stands above the mean of a bucket is its peak: the same colour, dimmer. */
static void
dim_peaks(struct canvas *c, const float *mean, int points)
{
	int rows = c->area.rows, cols = c->area.cols;

	for (int col = 0; col < cols; col++) {
		float value = mean[(int)((int64_t)col * points / cols)];
		if (isnan(value))
			continue;
		int full = (int)ceilf(value * (float)rows / 100.0f);
		for (int row = 0; row < rows - MAX(full, 1); row++)
			canvas_attr(c, row, col, 1, ATTR_DIM);
	}
}

static void
draw_values(struct canvas *c, const struct sandbox *s, const struct graph_options *o)
{
	struct timescale t =
	    timescale_of(o->now_ms, o->span_s, graph_buckets(c, o->style, c->area.cols));
	float *max = xcalloc((size_t)t.points * 2, sizeof *max), *mean = max + t.points;
	int mark = o->cursor_s ? timescale_point(&t, o->cursor_s) : -1;

	timescale_values(&t, s->history, o->metric, max, mean);
	widget_graph(c, &(struct graph){ .values = max,
			    .count = t.points,
			    .style = o->style,
			    .role = metric_role(o->metric),
			    .mark = mark });
	if (!is_empty(max, t.points)) {
		dim_peaks(c, mean, t.points);
	} else {
		const char *why = why_empty(s, o->now_ms);
		int col = MAX((c->area.cols - text_width(why)) / 2, 0);
		canvas_text(c, c->area.rows / 2, col, ROLE_DIM, why);
	}
	free(max);
}

void
graph_draw(struct canvas *c, const struct sandbox *s, const struct graph_options *o)
{
	struct buf title, foot;

	if (c->area.rows < 3 || c->area.cols < 10)
		return;
	buf_init(&title, TEXT_MAX);
	buf_init(&foot, TEXT_MAX);
	graph_add_title(&title, s, o, c->area.cols - 6);
	add_foot(&foot, s, o, c->area.cols - 6);
	struct canvas inside = canvas_frame(c, ROLE_FRAME, title.data, foot.data);
	canvas_field(c, 0, 3, MIN(text_width(title.data), c->area.cols - 6), false,
	    ROLE_TITLE, title.data);
	if (o->axis && inside.area.cols > AXIS_COLS) {
		draw_axis(&inside);
		inside = canvas_sub(&inside, 0, AXIS_COLS, inside.area.rows,
		    inside.area.cols - AXIS_COLS);
	}
	draw_values(&inside, s, o);
	buf_clear(&title);
	buf_clear(&foot);
}

/* The finest step whose labels stand apart. */
static int64_t
tick_step(const struct timescale *t, int cols)
{
	static const int64_t steps[] = { 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600,
		7200, 14400, 21600, 43200 };
	int64_t shown_s = t->width_s * t->buckets;
	int64_t apart_s = shown_s * 16 / MAX(cols, 1);

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (steps[i] >= apart_s)
			return steps[i];
	return 86400;
}

void
graph_draw_times(struct canvas *c, int row, const struct graph_options *o)
{
	int all, left = graph_inset(o, &all), cols = c->area.cols - all;
	struct timescale t =
	    timescale_of(o->now_ms, o->span_s, graph_buckets(c, o->style, cols));
	char text[16];

	if (cols < 20)
		return;
	clock_format_hms(o->now_ms, text, sizeof text);
	int end = left + cols - (int)strlen(text);
	canvas_text(c, row, end, ROLE_DIM, text);

	int64_t step = tick_step(&t, cols);
	int64_t offset = t.from_s % step ? step - t.from_s % step : 0;
	for (int64_t at = t.from_s + offset; at * 1000 < o->now_ms; at += step) {
		int col = left + timescale_point(&t, at) * cols / t.points;
		if (step < 60)
			clock_format_hms(at * 1000, text, sizeof text);
		else
			clock_format_hm(at * 1000, text, sizeof text);
		if (col + (int)strlen(text) + 1 < end)
			canvas_text(c, row, col, ROLE_DIM, text);
	}
}

/* ---- gaps and readings */

bool
history_last_gap(const struct history *h, int64_t from_s, int64_t to_s,
    int64_t *gap_from_s, int64_t *gap_to_s)
{
	int64_t after = 0; /* the step behind; the older samples may be coarser ones */

	for (size_t i = history_count(h); i > 1; i--) {
		int64_t to = history_at(h, i - 1)->ts_s,
			from = history_at(h, i - 2)->ts_s;
		int64_t before = i > 2 ? from - history_at(h, i - 3)->ts_s : after;
		int64_t usual = MAX(before, after);
		if (to < from_s)
			return false;
		if (to <= to_s && to - from > MAX(usual * 3 / 2, (int64_t)GAP_S)) {
			*gap_from_s = from;
			*gap_to_s = to;
			return true;
		}
		after = to - from;
	}
	return false;
}

float
timescale_value_at(
    const struct timescale *t, const struct history *h, enum metric metric, int64_t at_s)
{
	int64_t bucket = (at_s - t->from_s) / t->width_s;
	int64_t edge_s = t->from_s + bucket * t->width_s;
	float value;

	history_buckets(h, metric, edge_s - 1, edge_s + t->width_s - 1, 1, &value, NULL);
	return value;
}
