#include "term/grid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"

static bool
is_same(struct cell a, struct cell b)
{
	return a.ch == b.ch && a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs &&
	       a.width == b.width && a.role == b.role;
}

/* Shows nothing: a space that was written counts like one that was not. */
static bool
is_blank(struct cell c)
{
	static const uint16_t visible = ATTR_UNDERLINE | ATTR_REVERSE | ATTR_STRIKE;

	return (c.ch == 0 || c.ch == ' ') && c.bg == COLOR_DEFAULT && c.width == 1 &&
	       !(c.attrs & visible);
}

struct row *
row_new(int cols)
{
	struct row *r = xmalloc(sizeof *r + (size_t)cols * sizeof r->cells[0]);

	*r = (struct row){ .cols = cols, .fill = CELL_BLANK };
	return r;
}

struct cell
row_cell(const struct row *r, int col)
{
	if (col >= r->cols)
		return CELL_BLANK;
	return col < r->used ? r->cells[col] : r->fill;
}

void
row_copy(const struct row *r, struct cell *out, int cols)
{
	int used = MIN(r->used, cols), filled = MIN(r->cols, cols);

	memcpy(out, r->cells, (size_t)used * sizeof *out);
	for (int col = used; col < filled; col++)
		out[col] = r->fill;
	for (int col = filled; col < cols; col++)
		out[col] = CELL_BLANK;
	/* a wide one cut by the edge */
	if (used == cols && cols > 0 && out[cols - 1].width == 2)
		out[cols - 1] = CELL_BLANK;
}

int
row_length(const struct row *r)
{
	int length = r->used;

	if (!is_blank(r->fill))
		return r->cols;
	while (length > 0 && is_blank(r->cells[length - 1]))
		length--;
	return length;
}

bool
row_has_gap(const struct row *r, const struct row *next)
{
	return r->wraps && row_cell(next, 0).width == 2 &&
	       row_cell(r, r->cols - 1).ch == 0 && row_cell(r, r->cols - 1).width == 1;
}

/* The columns between what was used and what is written now. */
static void
fill_gap(struct row *r, int to)
{
	for (int col = r->used; col < to; col++)
		r->cells[col] = r->fill;
}

static void
blank_half(struct cell *c)
{
	c->ch = 0;
	c->width = 1;
}

struct cell *
row_open(struct row *r, int from, int to)
{
	assert(from >= 0 && from < to && to <= r->cols);
	if (from > r->used)
		fill_gap(r, from);
	else if (from < r->used && r->cells[from].width == 0)
		blank_half(&r->cells[from - 1]);
	if (to < r->used && r->cells[to].width == 0)
		blank_half(&r->cells[to]);
	r->used = MAX(r->used, to);
	return &r->cells[from];
}

void
row_put(struct row *r, int col, struct cell cell)
{
	struct cell *at = row_open(r, col, col + (cell.width == 2 ? 2 : 1));

	at[0] = cell;
	if (cell.width == 2) {
		at[1] = cell;
		at[1].ch = 0;
		at[1].width = 0;
	}
}

/* Nothing but `fill` from `col` on. */
static void
cut_row(struct row *r, int col)
{
	if (col > r->used)
		fill_gap(r, col);
	else if (col < r->used && r->cells[col].width == 0)
		blank_half(&r->cells[col - 1]);
	r->used = col;
}

void
row_erase(struct row *r, int from, int to, struct cell fill)
{
	if (from >= to)
		return;
	if (to == r->cols || (to >= r->used && is_same(fill, r->fill))) {
		cut_row(r, from);
		r->fill = fill;
		return;
	}

	struct cell *at = row_open(r, from, to);

	for (int i = 0; i < to - from; i++)
		at[i] = fill;
}

/* Moves within the row leave halves at their seams. */
static void
mend_row(struct row *r)
{
	for (int col = 0; col < r->used; col++) {
		bool tail = r->cells[col].width == 0;
		bool base = r->cells[col].width == 2;
		bool has_base = col > 0 && r->cells[col - 1].width == 2;
		bool has_tail = col + 1 < r->used && r->cells[col + 1].width == 0;

		if ((tail && !has_base) || (base && !has_tail))
			blank_half(&r->cells[col]);
	}
}

static void
materialise(struct row *r)
{
	fill_gap(r, r->cols);
	r->used = r->cols;
}

void
row_insert(struct row *r, int from, int n, struct cell fill)
{
	n = MIN(n, r->cols - from);
	if (n <= 0)
		return;
	materialise(r);
	memmove(&r->cells[from + n], &r->cells[from],
	    (size_t)(r->cols - from - n) * sizeof r->cells[0]);
	for (int i = 0; i < n; i++)
		r->cells[from + i] = fill;
	mend_row(r);
}

void
row_delete(struct row *r, int from, int n, struct cell fill)
{
	n = MIN(n, r->cols - from);
	if (n <= 0)
		return;
	materialise(r);
	memmove(&r->cells[from], &r->cells[from + n],
	    (size_t)(r->cols - from - n) * sizeof r->cells[0]);
	for (int i = 0; i < n; i++)
		r->cells[r->cols - 1 - i] = fill;
	mend_row(r);
}

struct grid *
grid_new(int rows, int cols)
{
	struct grid *g = xcalloc(1, sizeof *g);

	g->rows = rows;
	g->cols = cols;
	g->row = xcalloc((size_t)rows, sizeof *g->row);
	for (int i = 0; i < rows; i++)
		g->row[i] = row_new(cols);
	return g;
}

void
grid_free(struct grid *g)
{
	if (!g)
		return;
	for (int i = 0; i < g->rows; i++)
		free(g->row[i]);
	free(g->row);
	free(g);
}

static void
clear_row(struct row *r, struct cell fill)
{
	r->used = 0;
	r->fill = fill;
	r->wraps = false;
}

/* Reverses rows [from, to): three of these are a rotation, without memory. */
static void
reverse(struct row **row, int from, int to)
{
	for (to--; from < to; from++, to--) {
		struct row *swap = row[from];

		row[from] = row[to];
		row[to] = swap;
	}
}

static void
rotate(struct row **row, int top, int bottom, int n)
{
	if (n == 1) {
		struct row *first = row[top];

		memmove(
		    &row[top], &row[top + 1], (size_t)(bottom - top - 1) * sizeof *row);
		row[bottom - 1] = first;
		return;
	}
	reverse(row, top, top + n);
	reverse(row, top + n, bottom);
	reverse(row, top, bottom);
}

void
grid_scroll(struct grid *g, int top, int bottom, int n, struct cell fill)
{
	int height = bottom - top;

	assert(top >= 0 && height > 0 && bottom <= g->rows && abs(n) <= height);
	if (n == 0)
		return;
	rotate(g->row, top, bottom, n > 0 ? n : height + n);
	if (n > 0)
		for (int i = bottom - n; i < bottom; i++)
			clear_row(g->row[i], fill);
	else
		for (int i = top; i < top - n; i++)
			clear_row(g->row[i], fill);
	/* What followed them is elsewhere now. */
	if (top > 0)
		g->row[top - 1]->wraps = false;
	if (n > 0 && n < height)
		g->row[bottom - n - 1]->wraps = false;
	else
		g->row[bottom - 1]->wraps = false;
}

void
grid_erase(struct grid *g, struct rect r, struct cell fill)
{
	assert(r.row >= 0 && r.row + r.rows <= g->rows && r.col >= 0 &&
	       r.col + r.cols <= g->cols);
	for (int i = r.row; i < r.row + r.rows; i++) {
		row_erase(g->row[i], r.col, r.col + r.cols, fill);
		if (r.col + r.cols == g->cols)
			g->row[i]->wraps = false;
		if (r.col == 0 && i > 0)
			g->row[i - 1]->wraps = false;
	}
}

static struct row *
resize_row(struct row *old, int cols)
{
	struct row *r = row_new(cols);

	r->used = cols;
	row_copy(old, r->cells, cols);
	r->wraps = old->wraps && cols == old->cols;
	free(old);
	return r;
}

void
grid_resize(struct grid *g, int rows, int cols)
{
	for (int i = rows; i < g->rows; i++)
		free(g->row[i]);
	g->row = xreallocarray(g->row, (size_t)rows, sizeof *g->row);
	for (int i = g->rows; i < rows; i++)
		g->row[i] = row_new(cols);
	for (int i = 0; i < MIN(rows, g->rows) && cols != g->cols; i++)
		g->row[i] = resize_row(g->row[i], cols);
	g->row[rows - 1]->wraps = false;
	g->rows = rows;
	g->cols = cols;
}

int
grid_height(const struct grid *g)
{
	int height = g->rows;

	while (height > 0 && row_length(g->row[height - 1]) == 0)
		height--;
	return height;
}
