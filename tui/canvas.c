#include "tui/canvas.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

/*
 * Everything ends in put(): the one place that clips and that keeps wide characters
 * whole. What a terminal could misread never gets that far: text is decoded, and every
 * character of it that cannot be shown is replaced, whoever was meant to clean it.
 */
enum { REPLACEMENT = 0xfffd, CLUSTER_MAX = 6 };

static const struct cell blank = { .ch = ' ', .role = ROLE_TEXT, .width = 1 };

void
grid_init(struct grid *g, int rows, int cols)
{
	*g = (struct grid){ 0 };
	grid_set_size(g, rows, cols);
}

/* The content is not kept: every frame draws all of it. */
void
grid_set_size(struct grid *g, int rows, int cols)
{
	assert(rows >= 0 && cols >= 0);
	if (!g->cells || rows * cols != g->rows * g->cols)
		g->cells = xreallocarray(
		    g->cells, (size_t)MAX(rows * cols, 1), sizeof *g->cells);
	g->rows = rows;
	g->cols = cols;
	grid_clear(g);
}

void
grid_clear(struct grid *g)
{
	size_t count = (size_t)g->rows * (size_t)g->cols;

	for (size_t i = 0; i < count; i++)
		g->cells[i] = blank;
	g->cursor = (struct pane_cursor_place){ 0 };
}

void
grid_dispose(struct grid *g)
{
	free(g->cells);
	*g = (struct grid){ 0 };
}

struct canvas
canvas_of(struct grid *g, const struct glyphs *glyphs)
{
	return (struct canvas){
		.grid = g,
		.area = { 0, 0, g->rows, g->cols },
		.glyphs = glyphs,
	};
}

static struct rect
intersect(struct rect a, struct rect b)
{
	int row = MAX(a.row, b.row), col = MAX(a.col, b.col);

	return (struct rect){
		.row = row,
		.col = col,
		.rows = MAX(MIN(a.row + a.rows, b.row + b.rows) - row, 0),
		.cols = MAX(MIN(a.col + a.cols, b.col + b.cols) - col, 0),
	};
}

struct canvas
canvas_sub(const struct canvas *c, int row, int col, int rows, int cols)
{
	struct canvas sub = *c;

	sub.area = intersect((struct rect){ c->area.row + row, c->area.col + col,
				 MAX(rows, 0), MAX(cols, 0) },
	    c->area);
	return sub;
}

/* ---- cells */

static struct cell *
cell_at(const struct canvas *c, int row, int col)
{
	return &c->grid->cells[(size_t)row * (size_t)c->grid->cols + (size_t)col];
}

static bool
is_inside(struct rect r, int row, int col, int cols)
{
	return row >= r.row && row < r.row + r.rows && col >= r.col &&
	       col + cols <= r.col + r.cols;
}

/* Half a wide character cannot stay: what is left of one becomes a blank. */
static void
mend_neighbours(struct canvas *c, int row, int col, int width)
{
	struct cell *at = cell_at(c, row, col);

	if (at->width == 0 && col > 0) {
		at[-1].ch = ' ';
		at[-1].width = 1;
	}
	at += width;
	if (col + width < c->grid->cols && at->width == 0) {
		at->ch = ' ';
		at->width = 1;
	}
}

static void
put(struct canvas *c, int row, int col, struct cell cell)
{
	row += c->area.row;
	col += c->area.col;
	if (!is_inside(c->area, row, col, 1))
		return;
	if (cell.width == 2 && !is_inside(c->area, row, col, 2)) {
		cell.ch = ' ';
		cell.width = 1;
	}
	mend_neighbours(c, row, col, cell.width);
	*cell_at(c, row, col) = cell;
	if (cell.width == 2) {
		cell.ch = 0;
		cell.width = 0;
		*cell_at(c, row, col + 1) = cell;
	}
}

/* Drawing characters and punctuation that have a stand-in; the rest becomes '?'. */
static uint32_t
ascii_of(uint32_t scalar)
{
	static const struct {
		uint32_t first, last;
		char ascii;
	} ranges[] = {
		{ 0xa0, 0xa0, ' ' },
		{ 0xb7, 0xb7, '.' },
		{ 0x2010, 0x2015, '-' },
		{ 0x2018, 0x2019, '\'' },
		{ 0x201c, 0x201d, '"' },
		{ 0x2022, 0x2022, '*' },
		{ 0x2026, 0x2026, '~' },
		{ 0x2190, 0x2190, '<' },
		{ 0x2191, 0x2191, '^' },
		{ 0x2192, 0x2192, '>' },
		{ 0x2193, 0x2193, 'v' },
		{ 0x2500, 0x2501, '-' },
		{ 0x2502, 0x2503, '|' },
		{ 0x2504, 0x250b, '-' },
		{ 0x250c, 0x254b, '+' },
		{ 0x254c, 0x254f, '-' },
		{ 0x2550, 0x2550, '=' },
		{ 0x2551, 0x2551, '|' },
		{ 0x2552, 0x2570, '+' },
		{ 0x2571, 0x2571, '/' },
		{ 0x2572, 0x2572, '\\' },
		{ 0x2573, 0x2573, 'x' },
		{ 0x2580, 0x2590, '#' },
		{ 0x2591, 0x2591, '.' },
		{ 0x2592, 0x259f, '#' },
		{ 0x25b2, 0x25b5, '^' },
		{ 0x25b6, 0x25bb, '>' },
		{ 0x25bc, 0x25bf, 'v' },
		{ 0x25c0, 0x25c5, '<' },
		{ 0x25cf, 0x25cf, '*' },
		{ 0x2713, 0x2714, 'v' },
		{ 0x2715, 0x2718, 'x' },
	};

	if (scalar < 0x7f)
		return scalar;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (scalar >= ranges[i].first && scalar <= ranges[i].last)
			return (uint32_t)ranges[i].ascii;
	return '?';
}

void
canvas_cell(struct canvas *c, int row, int col, struct cell cell)
{
	uint32_t scalars[CLUSTER_MAX];

	if (cell.width == 0)
		return; /* comes with the wide one before it */
	if (cell.ch == 0)
		cell.ch = ' ';
	if (c->glyphs->ascii && cell.ch >= 0x7f) {
		cell_scalars(cell.ch, scalars);
		cell.ch = ascii_of(scalars[0]);
		if (cell.width == 2) {
			cell.width = 1;
			put(c, row, col + 1, cell);
		}
	}
	put(c, row, col, cell);
}

/* ---- text */

struct glyph {
	uint32_t scalars[CLUSTER_MAX];
	int count, width;
};

/* The next character with its combining marks; what cannot be shown is replaced. */
static size_t
next_glyph(const char *s, size_t len, struct glyph *out)
{
	size_t used = utf8_decode(s, len, &out->scalars[0]);

	out->count = 1;
	if (scalar_is_unsafe(out->scalars[0]))
		out->scalars[0] = REPLACEMENT;
	out->width = MAX(scalar_width(out->scalars[0]), 1);
	while (used < len) {
		uint32_t mark;
		size_t bytes = utf8_decode(s + used, len - used, &mark);
		if (scalar_width(mark) != 0 || scalar_is_unsafe(mark))
			break;
		if (out->count < CLUSTER_MAX)
			out->scalars[out->count++] = mark;
		used += bytes;
	}
	return used;
}

static struct cell
glyph_cell(const struct glyph *g, enum role role)
{
	return (struct cell){
		.ch = cluster_intern(g->scalars, g->count),
		.role = (uint8_t)role,
		.width = (uint8_t)g->width,
	};
}

/* At most `cols` columns of it; returns the column behind. */
static int
draw_bytes(struct canvas *c, int row, int col, int cols, enum role role, const char *s,
    size_t len)
{
	int end = col + cols;

	while (len > 0) {
		struct glyph g;
		size_t used = next_glyph(s, len, &g);

		if (col + g.width > end)
			break;
		canvas_cell(c, row, col, glyph_cell(&g, role));
		col += g.width;
		s += used;
		len -= used;
	}
	return col;
}

/* Columns of the text as draw_bytes() counts them, but no more than `most` + 1. */
static int
columns_of(const char *s, int most)
{
	size_t len = strlen(s);
	int cols = 0;

	while (len > 0 && cols <= most) {
		struct glyph g;
		size_t used = next_glyph(s, len, &g);

		cols += g.width;
		s += used;
		len -= used;
	}
	return cols;
}

int
canvas_text(struct canvas *c, int row, int col, enum role role, const char *text)
{
	return draw_bytes(
	    c, row, col, MAX(c->area.cols - col, 0), role, text, strlen(text));
}

int
canvas_textf(struct canvas *c, int row, int col, enum role role, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, 4096);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	col = canvas_text(c, row, col, role, text.data);
	buf_clear(&text);
	return col;
}

static void
draw_blanks(struct canvas *c, int row, int col, int cols, enum role role)
{
	struct cell cell = blank;

	cell.role = (uint8_t)role;
	for (int i = 0; i < cols; i++)
		put(c, row, col + i, cell);
}

void
canvas_field(struct canvas *c, int row, int col, int width, bool right, enum role role,
    const char *text)
{
	if (width <= 0)
		return;

	int cols = columns_of(text, width), end = col + width;

	if (cols > width) {
		int behind = draw_bytes(c, row, col, width - 1, role, text, strlen(text));
		behind = canvas_text(c, row, behind, role, c->glyphs->ellipsis);
		draw_blanks(c, row, behind, end - behind, role);
		return;
	}
	if (right) {
		draw_blanks(c, row, col, width - cols, role);
		col += width - cols;
	}
	col = draw_bytes(c, row, col, end - col, role, text, strlen(text));
	draw_blanks(c, row, col, end - col, role);
}

/* ---- areas */

void
canvas_fill(struct canvas *c, enum role role)
{
	for (int row = 0; row < c->area.rows; row++)
		draw_blanks(c, row, 0, c->area.cols, role);
}

/* The visible part of a run in one row: first cell, and its length. */
static struct cell *
visible_run(struct canvas *c, int row, int col, int cols, int *count)
{
	struct rect r = intersect(
	    (struct rect){ c->area.row + row, c->area.col + col, 1, MAX(cols, 0) },
	    c->area);

	*count = r.rows > 0 ? r.cols : 0;
	return *count > 0 ? cell_at(c, r.row, r.col) : NULL;
}

void
canvas_role(struct canvas *c, int row, int col, int cols, enum role role)
{
	int count;
	struct cell *at = visible_run(c, row, col, cols, &count);

	for (int i = 0; i < count; i++) {
		at[i].role = (uint8_t)role;
		at[i].attrs = 0;
	}
}

void
canvas_attr(struct canvas *c, int row, int col, int cols, uint16_t attrs)
{
	int count;
	struct cell *at = visible_run(c, row, col, cols, &count);

	for (int i = 0; i < count; i++)
		at[i].attrs |= attrs;
}

static void
draw_run(struct canvas *c, int row, int col, int cols, enum role role, const char *glyph)
{
	for (int i = 0; i < cols; i++)
		canvas_text(c, row, col + i, role, glyph);
}

void
canvas_hline(struct canvas *c, int row, enum role role)
{
	draw_run(c, row, 0, c->area.cols, role, c->glyphs->horizontal);
}

/* Without colour or weight in ASCII, the focused frame is told by its edges. */
static const char *
edge_glyph(const struct canvas *c, enum role role)
{
	return c->glyphs->ascii && role == ROLE_FRAME_FOCUS ? "=" : c->glyphs->horizontal;
}

static void
draw_edge(struct canvas *c, int row, enum role role, const char *left, const char *right,
    const char *text)
{
	int cols = c->area.cols;

	canvas_text(c, row, 0, role, left);
	draw_run(c, row, 1, cols - 2, role, edge_glyph(c, role));
	canvas_text(c, row, cols - 1, role, right);
	if (!text || cols < 8)
		return;

	int width = MIN(columns_of(text, cols), cols - 6);
	enum role text_role = role == ROLE_FRAME_FOCUS ? ROLE_TITLE : role;

	canvas_text(c, row, 2, role, " ");
	canvas_field(c, row, 3, width, false, text_role, text);
	canvas_text(c, row, 3 + width, role, " ");
}

struct canvas
canvas_frame(struct canvas *c, enum role role, const char *title, const char *foot)
{
	const struct glyphs *g = c->glyphs;
	int rows = c->area.rows, cols = c->area.cols;

	if (rows < 2 || cols < 2)
		return canvas_sub(c, 0, 0, rows, cols);
	draw_edge(c, 0, role, g->corner[0], g->corner[1], title);
	draw_edge(c, rows - 1, role, g->corner[2], g->corner[3], foot);
	for (int row = 1; row < rows - 1; row++) {
		canvas_text(c, row, 0, role, g->vertical);
		canvas_text(c, row, cols - 1, role, g->vertical);
	}
	return canvas_sub(c, 1, 1, rows - 2, cols - 2);
}

void
canvas_cursor(struct canvas *c, int row, int col)
{
	row += c->area.row;
	col += c->area.col;
	if (!is_inside(c->area, row, col, 1))
		return;
	c->grid->cursor.row = row;
	c->grid->cursor.col = col;
	c->grid->cursor.visible = true;
}
