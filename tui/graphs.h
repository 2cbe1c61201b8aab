/*
 * graphs - one metric of one sandbox over time: a framed graph with what 100 %
 * means in its title and the figures of the span in its foot (ux.md 3.3.2).
 *
 * Columns are buckets of wall-clock time whose edges are multiples of their
 * width, so a picture scrolls by whole buckets. The newest is at the right edge.
 */
#ifndef TUI_GRAPHS_H
#define TUI_GRAPHS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "fleet/history.h"
#include "tui/widgets.h"

/* How a span of time lies on the points of a graph. */
struct timescale {
	int points;	 /* places of the graph from left to right */
	int buckets;	 /* of history, never more than points: what shows is the span */
	int64_t width_s; /* of a bucket */
	int64_t from_s;	 /* the left edge; the right one is from_s + buckets * width_s */
};
struct timescale timescale_of(int64_t now_ms, int64_t span_s, int points);
/* The point that shows this second, -1: outside. */
int timescale_point(const struct timescale *t, int64_t at_s);
/* The figures of every point, `mean` may be NULL; both have t->points places. */
void timescale_values(const struct timescale *t, const struct history *h,
    enum metric metric, float *max, float *mean);

/* What the point at this second shows, NAN in a gap. */
float timescale_value_at(
    const struct timescale *t, const struct history *h, enum metric metric, int64_t at_s);

struct graph_options {
	enum metric metric;
	const char *name; /* put into the title; NULL: none */
	int64_t now_ms, span_s;
	int64_t cursor_s; /* a reading mark, 0: none */
	enum graph_style style;
	bool axis;	/* 100, 50 and 0 at the left */
	bool span_foot; /* the foot says the span as well */
};
/* Fills the canvas: frame, title, graph, foot. */
void graph_draw(struct canvas *c, const struct sandbox *s, const struct graph_options *o);
/* "46%", "46%~" when old, "--" */
void graph_add_now(
    struct buf *out, const struct sandbox *s, enum metric metric, int64_t now_ms);
/* "MEM  41%  212M of 512M  cache 118M"; shorter where `cols` are few. */
void graph_add_title(
    struct buf *out, const struct sandbox *s, const struct graph_options *o, int cols);
/* Columns that the frame and the axis take at the left and in all. */
int graph_inset(const struct graph_options *o, int *all);
/* Times under graphs that are as wide as `c`, drawn with these options. */
void graph_draw_times(struct canvas *c, int row, const struct graph_options *o);

extern const int64_t graph_spans[];	     /* 1m 5m 15m 1h 6h 24h, ends with 0 */
const char *metric_name(enum metric metric); /* "CPU" */
enum role metric_role(enum metric metric);

/* The last time inside the span without figures, longer than a sample or two: false
 * when there is none. */
bool history_last_gap(const struct history *h, int64_t from_s, int64_t to_s,
    int64_t *gap_from_s, int64_t *gap_to_s);

#endif
