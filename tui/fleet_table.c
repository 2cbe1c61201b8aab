#include "tui/fleet_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/facts.h"
#include "tui/graphs.h"

enum {
	NARROW_BELOW = 60, /* the name stands for the id */
	EXTRA_FROM = 100,  /* more than the overview */
	SPARK_FROM = 80,   /* sparklines */
	LONG_SPARK_FROM = 120,
	LONG_SPARK_COLS = 20,
	ID_COLS = 8,
	NAME_COLS = 24,
	TEMPLATE_COLS = 16,
	HIGH_PERCENT = 90,
	FLASH_MS = 2000,
	CELL_MAX = 1 << 16,
	MARK_COLS = 3, /* two blanks and the mark of hidden columns: it is no arrow */
};

/* ---- columns */

static bool
is_field(const struct field *f, const char *name)
{
	return str_eq(f->name, name);
}

static int
compare_texts(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int
compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
common_prefix(const char *a, const char *b)
{
	int n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

/* Two rows begin with the same eight characters. Cheap, for it is asked often. */
static bool
has_twins(const struct listing *l)
{
	uint64_t *starts = xcalloc(l->count + 1, sizeof *starts);
	bool twins = false;

	for (size_t i = 0; i < l->count; i++)
		memcpy(&starts[i], l->ids[i], MIN(strlen(l->ids[i]), sizeof *starts));
	qsort(starts, l->count, sizeof *starts, compare_numbers);
	for (size_t i = 1; i < l->count && !twins; i++)
		twins = starts[i - 1] == starts[i];
	free(starts);
	return twins;
}

/* Columns of the shortest prefix that tells all rows apart, at least eight. */
static int
id_width(const struct listing *l)
{
	int width = ID_COLS;
	const char **ids;

	if (!has_twins(l))
		return width;
	ids = xcalloc(l->count + 1, sizeof *ids);
	for (size_t i = 0; i < l->count; i++)
		ids[i] = l->ids[i];
	qsort(ids, l->count, sizeof *ids, compare_texts);
	for (size_t i = 1; i < l->count; i++)
		width = MAX(width, common_prefix(ids[i - 1], ids[i]) + 1);
	free(ids);
	return width;
}

static void
measure_text(const char *text, int most, int *cols)
{
	if (text && *cols < most)
		*cols = MAX(*cols, text_width(text));
}

void
fleet_table_measure(struct fleet_table *t, const struct listing *l, const struct model *m)
{
	t->id_cols = id_width(l);
	t->name_cols = t->template_cols = t->alive = 0;
	for (size_t i = 0; i < l->count; i++) {
		const struct sandbox *s = model_find(m, l->ids[i]);
		if (!s)
			continue;
		t->alive += s->state != SANDBOX_GONE;
		measure_text(s->name, NAME_COLS, &t->name_cols);
		measure_text(s->template_name ? s->template_name : s->template_id,
		    TEMPLATE_COLS, &t->template_cols);
	}
}

static bool
is_overview(const struct field *f)
{
	static const char *const names[] = { "id", "name", "template", "state", "cpu",
		"spark", "mem", "left", "age" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_field(f, names[i]))
			return true;
	return false;
}

static bool
is_offered(const struct field *f, int cols)
{
	if (!f->title || f->priority <= 0)
		return false;
	if (cols < SPARK_FROM && is_field(f, "spark"))
		return false;
	if (cols < NARROW_BELOW && is_field(f, "id"))
		return false;
	return cols >= EXTRA_FROM || is_overview(f);
}

/* Widths that depend on what there is to show. Extra columns may not squeeze names. */
static void
fit_column(
    const struct fleet_table *t, struct column *column, const struct field *f, int cols)
{
	bool extras = cols >= EXTRA_FROM;

	if (is_field(f, "id")) {
		column->min = column->ideal = MIN(t->id_cols, f->ideal_width);
	} else if (is_field(f, "name")) {
		column->ideal = CLAMP(t->name_cols, f->min_width, NAME_COLS);
		column->min = MIN(column->ideal, extras ? NAME_COLS : 12);
	} else if (is_field(f, "template")) {
		column->ideal = CLAMP(t->template_cols, 9, TEMPLATE_COLS);
		column->min = MIN(column->ideal, extras ? TEMPLATE_COLS : 9);
	} else if (is_field(f, "spark") && cols >= LONG_SPARK_FROM) {
		column->min = column->ideal = LONG_SPARK_COLS;
	}
}

static void
add_column(struct fleet_table *t, const struct field *f, int cols)
{
	struct column *column = &t->columns[t->count];

	*column = (struct column){ .min = f->min_width,
		.ideal = f->ideal_width,
		.priority = f->priority,
		.stretch = is_field(f, "spark") };
	fit_column(t, column, f, cols);
	t->fields[t->count++] = f;
	t->has_id |= is_field(f, "id");
}

void
fleet_table_layout(struct fleet_table *t, enum metric spark, int cols, bool wide)
{
	t->spark = spark;
	t->spark_step_s = 5;
	t->count = 0;
	t->has_id = false;
	for (const struct field *f = fields; f->name; f++)
		if (is_offered(f, cols) && t->count < FLEET_TABLE_COLUMNS_MAX)
			add_column(t, f, cols);
	if (wide && t->has_id)
		t->columns[0].min = t->columns[0].ideal = t->fields[0]->ideal_width;
	cols -= FLEET_TABLE_MARGIN;
	t->more = cols < SPARK_FROM - FLEET_TABLE_MARGIN;
	if (columns_negotiate(
		t->columns, t->count, cols - (t->more ? MARK_COLS : 0), 1)) {
		t->more = true; /* its mark needs a place of its own at the edge */
		columns_negotiate(t->columns, t->count, cols - MARK_COLS, 1);
	}
	for (size_t i = 0; i < t->count; i++)
		if (is_field(t->fields[i], "spark") &&
		    t->columns[i].width >= LONG_SPARK_COLS)
			t->spark_step_s = 15;
}

/* ---- the header */

static void
add_title(struct buf *out, const struct fleet_table *t, size_t i)
{
	char span[16];

	if (!is_field(t->fields[i], "spark")) {
		buf_add_str(out, t->fields[i]->title);
		return;
	}
	int64_t span_s = t->spark_step_s * t->columns[i].width;
	if (span_s <= 60)
		snprintf(span, sizeof span, "%ds", (int)span_s);
	else
		duration_format(span_s, span, sizeof span);
	buf_addf(out, "%s %s", metric_name(t->spark), span);
}

void
fleet_table_draw_head(
    const struct fleet_table *t, struct canvas *c, int row, const struct listing *l)
{
	struct buf title;

	buf_init(&title, CELL_MAX);
	canvas_role(c, row, 0, c->area.cols, ROLE_COLUMN);
	for (size_t i = 0; i < t->count; i++) {
		const struct column *column = &t->columns[i];
		if (column->width == 0)
			continue;
		bool right = t->fields[i]->right, sorted = t->fields[i] == l->sort;
		const char *arrow =
		    l->descending ? c->glyphs->sort_down : c->glyphs->sort_up;
		buf_reset(&title);
		if (sorted && right)
			buf_add_str(&title, arrow);
		add_title(&title, t, i);
		if (sorted && !right)
			buf_add_str(&title, arrow);
		/* The arrow of a full column stands in the gap at its open side. */
		int more = text_width(title.data) > column->width;
		canvas_field(c, row, FLEET_TABLE_MARGIN + column->at - (right ? more : 0),
		    column->width + more, right, ROLE_COLUMN, title.data);
	}
	if (t->more)
		canvas_text(c, row, c->area.cols - 1, ROLE_DIM, c->glyphs->more_right);
	buf_clear(&title);
}

/* ---- rows */

static enum role
percent_role(const struct field *f, const struct fleet_row *r)
{
	struct field_value value = { 0 };

	f->get(r->s, r->now_ms, &value);
	if (!value.known)
		return ROLE_DIM;
	if (sandbox_is_stale(r->s, r->now_ms))
		return ROLE_DIM;
	return value.number >= HIGH_PERCENT ? ROLE_WARN : ROLE_TEXT;
}

static enum role
cell_role(const struct field *f, const struct fleet_row *r)
{
	if (r->s->state == SANDBOX_GONE)
		return ROLE_DIM;
	if (is_field(f, "state"))
		return facts_state_role(r->s->state);
	if (is_field(f, "left"))
		return facts_left_role(sandbox_left_s(r->s, r->now_ms));
	if (f->type == FIELD_PERCENT)
		return percent_role(f, r);
	return is_field(f, "id") || is_field(f, "template") ? ROLE_DIM : ROLE_TEXT;
}

static bool
has_figures(const struct sandbox *s)
{
	return s->state == SANDBOX_RUNNING || s->state == SANDBOX_PAUSING;
}

static void
draw_spark(const struct fleet_table *t, struct canvas *c, int row, int col, int cols,
    const struct fleet_row *r)
{
	float *values;
	int64_t now_s = r->now_ms / 1000;

	if (!has_figures(r->s))
		return;
	if (facts_is_warming(r->s, r->now_ms)) {
		canvas_field(c, row, col, cols, false, ROLE_DIM, "warming up");
		return;
	}
	values = xcalloc((size_t)cols, sizeof *values);
	history_buckets(r->s->history, t->spark, now_s - t->spark_step_s * cols, now_s,
	    cols, values, NULL);
	widget_spark(c, row, col, cols, metric_role(t->spark), values, cols);
	free(values);
}

static void
draw_membar(struct canvas *c, int row, int col, int cols, const struct fleet_row *r)
{
	float percent = NAN;

	if (!has_figures(r->s))
		return;
	if (r->s->has_sample)
		percent = sample_percent(&r->s->sample, METRIC_MEM);
	widget_bar(c, row, col, cols, ROLE_GRAPH2, percent);
}

/* What the other cells of a column hold; ids are cut without a mark: a prefix is one. */
static void
add_cell_text(
    const struct fleet_table *t, size_t i, const struct fleet_row *r, struct buf *text)
{
	const struct field *f = t->fields[i];

	if (is_field(f, "id") && r->s->state == SANDBOX_CREATING) {
		buf_add_str(text, "creating");
		return;
	}
	if (is_field(f, "name") && !t->has_id)
		buf_add_str(text, sandbox_label(r->s));
	else
		field_format(f, r->s, r->now_ms, text);
	if (is_field(f, "id"))
		text->data[MIN(text->len, (size_t)t->columns[i].width)] = '\0';
}

static void
draw_cell(const struct fleet_table *t, size_t i, struct canvas *c, int row,
    const struct fleet_row *r, struct buf *text)
{
	const struct field *f = t->fields[i];
	int col = FLEET_TABLE_MARGIN + t->columns[i].at, width = t->columns[i].width;

	if (is_field(f, "spark")) {
		draw_spark(t, c, row, col, width, r);
	} else if (is_field(f, "membar")) {
		draw_membar(c, row, col, width, r);
	} else {
		buf_reset(text);
		add_cell_text(t, i, r, text);
		canvas_field(c, row, col, width, f->right, cell_role(f, r), text->data);
	}
}

static bool
is_flashing(const struct fleet_row *r)
{
	return r->flash && r->s && r->s->changed_ms &&
	       r->now_ms - r->s->changed_ms < FLASH_MS;
}

/* Reversed against what is around it: on the selected row, plain. */
static void
draw_flash(const struct fleet_table *t, struct canvas *c, int row, bool selected)
{
	for (size_t i = 0; i < t->count; i++)
		if (is_field(t->fields[i], "state"))
			canvas_role(c, row, FLEET_TABLE_MARGIN + t->columns[i].at,
			    t->columns[i].width, selected ? ROLE_TITLE : ROLE_FLASH);
}

/* In place of figures, why there are none any more. */
static void
draw_reason(const struct fleet_table *t, struct canvas *c, int row, const char *reason)
{
	for (size_t i = 0; i < t->count; i++) {
		int col = FLEET_TABLE_MARGIN + t->columns[i].at;
		if (!is_field(t->fields[i], "cpu") || t->columns[i].width == 0)
			continue;
		canvas_field(c, row, col, c->area.cols - col, false, ROLE_DIM, reason);
	}
}

void
fleet_table_draw_row(
    const struct fleet_table *t, struct canvas *c, int row, const struct fleet_row *r)
{
	struct buf text;

	buf_init(&text, CELL_MAX);
	if (!r->s) /* the row stands until the hold ends: nothing slides under the hand */
		canvas_textf(c, row, FLEET_TABLE_MARGIN, ROLE_DIM,
		    "%s  gone from the list", r->id);
	for (size_t i = 0; r->s && i < t->count; i++)
		if (t->columns[i].width > 0)
			draw_cell(t, i, c, row, r, &text);
	if (r->s && r->s->state == SANDBOX_GONE)
		draw_reason(t, c, row, r->s->gone_reason ? r->s->gone_reason : "gone");
	if (r->selected) {
		canvas_role(c, row, 0, c->area.cols, ROLE_CURSOR);
		canvas_text(c, row, 0, ROLE_CURSOR, c->glyphs->cursor);
		canvas_cursor(c, row, 0);
	}
	if (is_flashing(r))
		draw_flash(t, c, row, r->selected);
	buf_clear(&text);
}
