/* The primary screen at another size: its logical lines are wrapped anew. */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "term/emulator.h"

enum { MARKS = 2 };

/* A cursor that stays on its character. */
struct mark {
	struct place *place; /* borrowed; counts rows in reflow.rows once it is found */
	int offset;	     /* into the line being collected, -1: not in it */
	bool found;
};

struct reflow {
	int cols;	   /* new */
	struct row **rows; /* owned, each owned: the outcome, from the top */
	int count, cap;
	struct cell *line; /* owned: the logical line being collected */
	int len, line_cap;
	struct mark marks[MARKS];
};

static void
add_row(struct reflow *f, struct row *row)
{
	if (f->count == f->cap) {
		f->cap = MAX(f->cap * 2, 64);
		f->rows = xreallocarray(f->rows, (size_t)f->cap, sizeof *f->rows);
	}
	f->rows[f->count++] = row;
}

static struct cell *
reserve_line(struct reflow *f, int len)
{
	if (f->len + len > f->line_cap) {
		f->line_cap = MAX(f->len + len, f->line_cap * 2);
		f->line = xreallocarray(f->line, (size_t)f->line_cap, sizeof *f->line);
	}
	return f->line + f->len;
}

/* A mark past the end of a line's last row is right behind its last character. */
static void
settle_marks(struct reflow *f, int start, int end)
{
	bool last = end == f->len;

	for (int i = 0; i < MARKS; i++) {
		struct mark *m = &f->marks[i];
		int col = m->offset - start;

		if (m->offset < start || (last ? m->offset > end : m->offset >= end))
			continue;
		m->place->wrapping = col >= f->cols;
		m->place->pos = (struct pos){ f->count, MIN(col, f->cols - 1) };
		m->offset = -1;
		m->found = true;
	}
}

static void
wrap_line(struct reflow *f)
{
	int start = 0;

	do {
		int end = MIN(start + f->cols, f->len);

		if (end < f->len && f->line[end].width == 0)
			end--;

		struct row *row = row_new(f->cols);

		row->used = end - start;
		row->wraps = end < f->len;
		if (row->used > 0)
			memcpy(row->cells, f->line + start,
			    (size_t)row->used * sizeof *row->cells);
		settle_marks(f, start, end);
		add_row(f, row);
		start = end;
	} while (start < f->len);
	f->len = 0;
}

static void
collect_row(struct reflow *f, const struct grid *g, int index)
{
	const struct row *row = g->row[index];
	const struct row *next = index + 1 < g->rows ? g->row[index + 1] : NULL;
	int len = row_length(row);

	if (row->wraps)
		len = row->cols - (next && row_has_gap(row, next) ? 1 : 0);
	for (int i = 0; i < MARKS; i++) {
		const struct place *place = f->marks[i].place;
		int col = place->wrapping ? row->cols : place->pos.col;

		if (f->marks[i].found || place->pos.row != index)
			continue;
		/* blanks before the cursor are text: it stands behind them */
		if (!row->wraps && i == 0)
			len = MAX(len, col);
		f->marks[i].offset = f->len + MIN(col, len);
	}
	row_copy(row, reserve_line(f, MAX(len, 1)), len);
	f->len += len;
}

/* The line's beginning may have left the screen already. */
static void
collect_open_line(struct reflow *f, struct scrollback *sb)
{
	int len;
	struct cell *cells = scrollback_take_open(sb, &len);

	if (cells)
		memcpy(reserve_line(f, len), cells, (size_t)len * sizeof *cells);
	f->len += cells ? len : 0;
	free(cells);
}

static void
collect_lines(struct reflow *f, const struct grid *g, struct scrollback *sb, int height)
{
	collect_open_line(f, sb);
	for (int i = 0; i < height; i++) {
		collect_row(f, g, i);
		if (!g->row[i]->wraps || i == height - 1)
			wrap_line(f);
	}
}

static void
take_rows(struct reflow *f, struct grid *g, int height)
{
	for (int i = 0; i < height; i++) {
		add_row(f, g->row[i]);
		g->row[i] = row_new(f->cols);
	}
	for (int i = 0; i < MARKS; i++)
		f->marks[i].found = f->marks[i].place->pos.row < height;
}

/* Rows that were in use to the bottom stay there: what left at the top comes back. */
static int
pull_rows(struct reflow *f, struct scrollback *sb, int missing)
{
	struct row **pulled = xcalloc((size_t)missing, sizeof *pulled);
	struct row *row = NULL;
	int count = 0;

	while (count < missing && (row = scrollback_pop(sb, f->cols)))
		pulled[count++] = row;
	for (int i = 0; i < count; i++)
		add_row(f, NULL);
	memmove(f->rows + count, f->rows, (size_t)(f->count - count) * sizeof *f->rows);
	for (int i = 0; i < count; i++)
		f->rows[i] = pulled[count - 1 - i];
	free(pulled);
	return count;
}

/* The rows above `top` leave; what does not fit at the bottom is lost. */
static struct grid *
build_grid(struct reflow *f, struct scrollback *sb, int rows, int top)
{
	struct grid *g = grid_new(rows, f->cols);

	for (int i = 0; i < top; i++) {
		scrollback_push(sb, f->rows[i], i + 1 < f->count ? f->rows[i + 1] : NULL);
		free(f->rows[i]);
	}
	for (int i = top; i < f->count; i++) {
		if (i - top >= rows) {
			free(f->rows[i]);
			continue;
		}
		free(g->row[i - top]);
		g->row[i - top] = f->rows[i];
	}
	g->row[rows - 1]->wraps = false;
	return g;
}

static int
choose_top(const struct reflow *f, int rows, const struct place *cursor)
{
	int top = MAX(f->count - rows, 0);

	return MIN(top, cursor->pos.row);
}

void
emulator_reflow(
    struct emulator *e, int rows, int cols, struct place *cursor, struct place *saved)
{
	struct grid *old = e->screens[SCREEN_PRIMARY];
	int height = MAX(grid_height(old), cursor->pos.row + 1);
	bool full = height == old->rows;
	struct reflow f = {
		.cols = cols,
		.marks = { { cursor, -1, false }, { saved, -1, false } },
	};

	if (cols == old->cols)
		take_rows(&f, old, height);
	else
		collect_lines(&f, old, e->scrollback, height);
	/* one below everything stays as far below it */
	if (!f.marks[1].found)
		saved->pos.row += f.count - height;

	int top = choose_top(&f, rows, cursor), pulled = 0;

	if (full && f.count < rows)
		pulled = pull_rows(&f, e->scrollback, rows - f.count);
	cursor->pos.row += pulled - top;
	saved->pos.row = CLAMP(saved->pos.row + pulled - top, 0, rows - 1);
	e->screens[SCREEN_PRIMARY] = build_grid(&f, e->scrollback, rows, top);
	grid_free(old);
	free(f.rows);
	free(f.line);
}
