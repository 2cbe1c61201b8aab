#include "tui/widgets.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- sparklines */

/* More than all of it happens for a moment when a limit has just been lowered. */
static float
clamp_percent(float value)
{
	return value < 0 ? 0 : value > 100 ? 100 : value;
}

void
widget_spark(struct canvas *c, int row, int col, int cols, enum role role,
    const float *values, int count)
{
	for (int i = 0; i < cols; i++) {
		int at = count - cols + i;
		float value = at >= 0 && at < count ? values[at] : NAN;

		if (isnan(value)) {
			canvas_text(c, row, col + i, ROLE_DIM, c->glyphs->gap);
			continue;
		}
		int step =
		    value < 1 ? 0 : (int)ceilf(clamp_percent(value) * 8.0f / 100.0f);
		canvas_text(c, row, col + i, role, c->glyphs->spark[step]);
	}
}

/* ---- graphs */

const char *
graph_style_name(enum graph_style style)
{
	static const char *const names[GRAPH_STYLE_COUNT] = {
		[GRAPH_BRAILLE] = "braille",
		[GRAPH_BLOCK] = "block",
		[GRAPH_ASCII] = "ascii",
	};

	assert((unsigned)style < GRAPH_STYLE_COUNT);
	return names[style];
}

enum graph_style
graph_style_of(const struct canvas *c, enum graph_style wanted)
{
	return c->glyphs->ascii ? GRAPH_ASCII : wanted;
}

int
graph_buckets(const struct canvas *c, enum graph_style style, int cols)
{
	return graph_style_of(c, style) == GRAPH_BRAILLE ? cols * 2 : cols;
}

/* Steps from the baseline that a value fills, of `most`; -1: nothing was measured. What
 * was measured shows at least the lowest step, zero as well: a gap looks different. */
static int
filled_steps(const struct graph *g, int at, int most)
{
	float low = g->low, high = g->high;

	if (at < 0 || at >= g->count || isnan(g->values[at]))
		return -1;
	if (low == 0 && high == 0)
		high = 100;
	if (high <= low)
		return 1;

	float share = (g->values[at] - low) / (high - low);

	return CLAMP((int)lroundf(share * (float)most), 1, most);
}

/* Dots of one braille column from below: left ones are 7 3 2 1, right ones 8 6 5 4. */
static uint32_t
braille_dots(int steps, bool right)
{
	static const uint8_t left_dots[] = { 0x00, 0x40, 0x44, 0x46, 0x47 };
	static const uint8_t right_dots[] = { 0x00, 0x80, 0xa0, 0xb0, 0xb8 };

	steps = CLAMP(steps, 0, 4);
	return right ? right_dots[steps] : left_dots[steps];
}

static uint32_t
braille_cell(const struct graph *g, int cols, int rows, int row, int col)
{
	uint32_t dots = 0;

	for (int half = 0; half < 2; half++) {
		int at = g->count - cols * 2 + col * 2 + half;
		int steps = filled_steps(g, at, rows * 4);
		dots |= braille_dots(steps - (rows - 1 - row) * 4, half == 1);
	}
	return dots ? 0x2800 + dots : ' ';
}

static uint32_t
block_cell(const struct graph *g, int cols, int rows, int row, int col)
{
	int steps = filled_steps(g, g->count - cols + col, rows * 8);

	steps -= (rows - 1 - row) * 8;
	return steps <= 0 ? ' ' : (uint32_t)(0x2580 + MIN(steps, 8));
}

/* Two steps to a row, and a dot on the floor for what is less than one. */
static uint32_t
ascii_cell(const struct graph *g, int cols, int rows, int row, int col)
{
	int steps = filled_steps(g, g->count - cols + col, rows * 4);

	steps -= (rows - 1 - row) * 4;
	return steps <= 0 ? ' ' : (uint32_t)(".:##"[MIN(steps, 4) - 1]);
}

void
widget_graph(struct canvas *c, const struct graph *g)
{
	static uint32_t (*const cells[GRAPH_STYLE_COUNT])(
	    const struct graph *, int, int, int, int) = {
		[GRAPH_BRAILLE] = braille_cell,
		[GRAPH_BLOCK] = block_cell,
		[GRAPH_ASCII] = ascii_cell,
	};
	enum graph_style style = graph_style_of(c, g->style);
	int rows = c->area.rows, cols = c->area.cols;
	int per_col = style == GRAPH_BRAILLE ? 2 : 1;
	int marked = g->mark < 0 ? -1 : cols - (g->count - g->mark - 1) / per_col - 1;

	for (int row = 0; row < rows; row++) {
		for (int col = 0; col < cols; col++) {
			struct cell cell = {
				.ch = cells[style](g, cols, rows, row, col),
				.role = (uint8_t)g->role,
				.width = 1,
			};
			if (col == marked)
				cell.attrs = ATTR_REVERSE;
			canvas_cell(c, row, col, cell);
		}
	}
}

/* ---- bars */

void
widget_bar(struct canvas *c, int row, int col, int width, enum role role, float percent)
{
	int inside = width - 2;

	if (inside < 1)
		return;
	canvas_text(c, row, col, ROLE_DIM, "[");
	canvas_text(c, row, col + width - 1, ROLE_DIM, "]");
	if (isnan(percent)) {
		canvas_field(c, row, col + 1, inside, false, ROLE_DIM, "--");
		return;
	}

	int full = (int)lroundf(clamp_percent(percent) * (float)inside / 100.0f);

	for (int i = 0; i < inside; i++)
		canvas_text(c, row, col + 1 + i, i < full ? role : ROLE_DIM,
		    i < full ? c->glyphs->bar_full : c->glyphs->bar_empty);
}

/* ---- boxes */

struct canvas
widget_box(struct canvas *c, int rows, int cols, enum role role, const char *title,
    const char *foot)
{
	rows = MIN(rows, c->area.rows - 1);
	cols = MIN(cols, c->area.cols);

	struct canvas box = canvas_sub(
	    c, 1 + (c->area.rows - 1 - rows) / 2, (c->area.cols - cols) / 2, rows, cols);

	canvas_fill(&box, ROLE_TEXT);
	return canvas_frame(&box, role, title, foot);
}

/* ---- text */

/* Bytes of the first row, without the blank or break behind it; *next: the row after. */
static size_t
first_row(const char *text, int cols, const char **next)
{
	size_t line = strcspn(text, "\n");
	size_t fits = text_fit(text, cols);
	size_t len = MIN(line, fits);

	if (fits < line) {
		while (len > 0 && text[len] != ' ')
			len--;
		if (len == 0) /* a word longer than the row */
			len = MAX(fits, 1);
	}
	*next = text + len;
	if (**next == ' ' || **next == '\n')
		(*next)++;
	return len;
}

static int
each_row(struct canvas *c, int row, int col, int cols, enum role role, const char *text)
{
	while (*text) {
		const char *next;
		size_t len = first_row(text, cols, &next);

		if (c)
			canvas_textf(c, row, col, role, "%.*s", (int)len, text);
		text = next;
		row++;
	}
	return row;
}

int
widget_text(struct canvas *c, int row, int col, enum role role, const char *text)
{
	return each_row(c, row, col, MAX(c->area.cols - col, 1), role, text);
}

int
widget_text_rows(const char *text, int cols)
{
	return each_row(NULL, 0, 0, MAX(cols, 1), ROLE_TEXT, text);
}

/* ---- columns */

static int
ideal_width(const struct column *column)
{
	return MAX(column->ideal, column->min);
}

/* What the columns that still show need at least. */
static int
needed_width(const struct column *columns, size_t count, int gap)
{
	int needed = -gap;

	for (size_t i = 0; i < count; i++)
		if (columns[i].width > 0)
			needed += columns[i].min + gap;
	return needed;
}

static struct column *
least_important(struct column *columns, size_t count)
{
	struct column *least = NULL, *first = NULL;

	for (size_t i = 0; i < count; i++) {
		struct column *column = &columns[i];
		if (column->width == 0)
			continue;
		if (!first || column->priority > first->priority)
			first = column;
		if (!least || column->priority <= least->priority)
			least = column;
	}
	return least == first ? NULL : least;
}

/* Spare columns go first to the most important ones that are below their ideal. */
static int
grow_to_ideal(struct column *columns, size_t count, int spare)
{
	while (spare > 0) {
		struct column *next = NULL;

		for (size_t i = 0; i < count; i++) {
			struct column *column = &columns[i];
			if (column->width > 0 && column->width < ideal_width(column) &&
			    (!next || column->priority > next->priority))
				next = column;
		}
		if (!next)
			break;

		int more = MIN(spare, ideal_width(next) - next->width);
		next->width += more;
		spare -= more;
	}
	return spare;
}

static void
place_columns(struct column *columns, size_t count, int gap)
{
	int at = 0;

	for (size_t i = 0; i < count; i++) {
		columns[i].at = at;
		if (columns[i].width > 0)
			at += columns[i].width + gap;
	}
}

bool
columns_negotiate(struct column *columns, size_t count, int width, int gap)
{
	bool hidden = false;
	struct column *victim;

	for (size_t i = 0; i < count; i++)
		columns[i].width = columns[i].min;
	while (needed_width(columns, count, gap) > width &&
	       (victim = least_important(columns, count))) {
		victim->width = 0;
		hidden = true;
	}

	int spare = width - needed_width(columns, count, gap);

	if (spare < 0) /* one column is left, and even that is too wide */
		for (size_t i = 0; i < count; i++)
			columns[i].width = MIN(columns[i].width, MAX(width, 0));
	spare = grow_to_ideal(columns, count, spare);
	for (size_t i = 0; spare > 0 && i < count; i++) {
		if (!columns[i].stretch || columns[i].width == 0)
			continue;
		columns[i].width += spare;
		spare = 0;
	}
	place_columns(columns, count, gap);
	return hidden;
}

/* ---- lists */

int
list_scroll(int top, int cursor, int count, int rows)
{
	if (rows <= 0)
		return 0;
	top = MIN(top, count - rows);
	if (cursor >= 0 && cursor < top)
		top = cursor;
	if (cursor >= top + rows)
		top = cursor - rows + 1;
	return MAX(top, 0);
}

void
list_position(int top, int count, int rows, char *out, size_t size)
{
	out[0] = '\0';
	if (count > rows)
		snprintf(
		    out, size, "%d-%d of %d", top + 1, MIN(top + rows, count), count);
}
