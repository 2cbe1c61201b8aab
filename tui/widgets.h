/*
 * widgets - small drawings that every view needs: sparklines, graphs, bars,
 * columns that share a width, lists that scroll. Values are floats, NAN is a
 * gap and stays one (law 8).
 */
#ifndef TUI_WIDGETS_H
#define TUI_WIDGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/canvas.h"

/* One column per value, the newest at the right edge; fixed scale 0..100. Fewer values
 * than columns: gaps at the left. Zero is drawn, a gap is the set's gap glyph. */
void widget_spark(struct canvas *c, int row, int col, int cols, enum role role,
    const float *values, int count);

enum graph_style { GRAPH_BRAILLE, GRAPH_BLOCK, GRAPH_ASCII, GRAPH_STYLE_COUNT };
const char *graph_style_name(enum graph_style style); /* "braille" */
/* What is really drawn: an ascii glyph set draws ascii whatever was asked. */
enum graph_style graph_style_of(const struct canvas *c, enum graph_style wanted);
/* Buckets to ask history_buckets() for: braille has two to a column. */
int graph_buckets(const struct canvas *c, enum graph_style style, int cols);

struct graph {
	const float
	    *values; /* borrowed; oldest first; the last one is at the right edge */
	int count;
	float low, high; /* the scale; both 0: 0..100 */
	enum graph_style style;
	enum role role;
	int mark; /* a bucket with a cursor on it, -1: none */
};
/* Fills the whole canvas (take a canvas_sub), columns from the baseline upwards. A value
 * above zero shows at least the lowest step. */
void widget_graph(struct canvas *c, const struct graph *g);

/* "[####......]" of `width` columns; NAN: empty with "--" inside. */
void widget_bar(
    struct canvas *c, int row, int col, int width, enum role role, float percent);

/* A box in the middle of an overlay's canvas, cleared and framed, below the header row,
 * which stays in sight at every size. Returns the inside. */
struct canvas widget_box(struct canvas *c, int rows, int cols, enum role role,
    const char *title, const char *foot);

/* Text over several rows, broken at blanks and at '\n'; returns the row behind. */
int widget_text(struct canvas *c, int row, int col, enum role role, const char *text);
int widget_text_rows(const char *text, int cols); /* how many it takes */

/* ---- columns of a table */
struct column {
	int min, ideal; /* columns, without the gap; ideal 0: as min; min <= ideal */
	int priority;	/* the lowest disappears first; the highest never does */
	bool stretch;	/* takes what is left over beyond every ideal */
	int width;	/* out: 0 hidden */
	int at;		/* out: where it begins */
};
/* Shares `width` out, `gap` blanks between. true: something is hidden (show `>`). */
bool columns_negotiate(struct column *columns, size_t count, int width, int gap);

/* ---- lists */
/* The top row so that `cursor` is inside `rows`, moving as little as possible and never
 * showing blanks below the end. */
int list_scroll(int top, int cursor, int count, int rows);
/* "3-20 of 212" or "" when all is visible. */
void list_position(int top, int count, int rows, char *out, size_t size);

#endif
