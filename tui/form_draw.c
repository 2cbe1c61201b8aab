/* form_draw - what a form looks like. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "tui/form_internal.h"
#include "tui/widgets.h"

enum {
	TALL_ROWS = 30, /* a blank row between the fields */
	BOX_COLS = 76,
	FOOT_ROWS = 3, /* a blank, the command line, the error or help */
	INPUT_COLS = 28,
	NOTE_MAX = 512,
};

struct shape {
	int rows, cols; /* of the box */
	int pitch;	/* rows from field to field */
	int visible;	/* fields that show */
	int label_cols;
};

static struct shape
shape_of(const struct form *f, int rows, int cols)
{
	struct shape s = { .cols = cols < 100 ? cols - 2 : MAX(BOX_COLS, cols / 2) };
	int count = (int)f->count;

	for (size_t i = 0; i < f->count; i++)
		s.label_cols = MAX(s.label_cols, text_width(f->items[i].field.label));
	s.label_cols = MIN(s.label_cols, s.cols / 3);
	s.pitch = rows >= TALL_ROWS ? 2 : 1;

	int room = rows - 1 - 2 - FOOT_ROWS - 1;

	s.visible = CLAMP(room / s.pitch, 1, count);
	s.rows =
	    MIN(s.visible * s.pitch + FOOT_ROWS + 2 + (s.pitch == 1 ? 1 : 0), rows - 1);
	return s;
}

void
form_layout(void *state, int rows, int cols)
{
	struct form *f = state;
	struct shape s = shape_of(f, rows, cols);

	f->top = list_scroll(f->top, (int)f->focus, (int)f->count, s.visible);
	for (size_t i = 0; i < f->count; i++)
		f->items[i].line.masked = f->items[i].field.secret && i != f->focus;
}

static int
draw_line(const struct form_item *item, struct canvas *c, int row, int col, bool focused)
{
	bool combo = item->field.kind == FORM_COMBO;
	int width = item->field.width ? item->field.width : INPUT_COLS;

	width = MIN(width, c->area.cols - col - 3 - (combo ? 2 : 0));
	canvas_text(c, row, col, ROLE_DIM, "[");
	prompt_draw(&item->line, c, row, col + 1, width, ROLE_INPUT, focused);
	if (combo)
		canvas_textf(
		    c, row, col + 1 + width, ROLE_DIM, " %s", c->glyphs->sort_down);
	width += combo ? 2 : 0;
	return canvas_text(c, row, col + 1 + width, ROLE_DIM, "]");
}

static int
draw_choice(
    const struct form_item *item, struct canvas *c, int row, int col, bool focused)
{
	for (size_t i = 0; i < item->choice_count; i++) {
		bool here = i == item->choice;
		if (here && focused)
			canvas_cursor(c, row, col + 1);
		col = canvas_textf(c, row, col, here && focused ? ROLE_CURSOR : ROLE_TEXT,
			  "(%s) %s", here ? c->glyphs->bullet : " ",
			  item->field.choices[i]) +
		      2;
	}
	return col - 2;
}

static int
draw_toggle(
    const struct form_item *item, struct canvas *c, int row, int col, bool focused)
{
	if (focused)
		canvas_cursor(c, row, col + 1);
	return canvas_textf(
	    c, row, col, focused ? ROLE_CURSOR : ROLE_TEXT, "[%s]", item->on ? "x" : " ");
}

static void
draw_note(const struct form *f, const struct form_item *item, struct canvas *c, int row,
    int col)
{
	struct buf note;

	if (item->wrong) {
		canvas_field(
		    c, row, col, c->area.cols - col, false, ROLE_CRIT, item->err.text);
		return;
	}
	buf_init(&note, NOTE_MAX);
	if (f->events->note)
		f->events->note(f->ctx, f, item->field.name, &note);
	if (note.len == 0 && item->field.note)
		buf_add_str(&note, item->field.note);
	canvas_field(c, row, col, c->area.cols - col, false, ROLE_DIM, note.data);
	buf_clear(&note);
}

static void
draw_item(const struct form *f, size_t i, struct canvas *c, int row, int label_cols)
{
	static int (*const draw[])(
	    const struct form_item *, struct canvas *, int, int, bool) = {
		[FORM_TEXT] = draw_line,
		[FORM_CHOICE] = draw_choice,
		[FORM_COMBO] = draw_line,
		[FORM_TOGGLE] = draw_toggle,
	};
	const struct form_item *item = &f->items[i];
	bool focused = i == f->focus;
	int col;

	canvas_text(c, row, 0, ROLE_MARK, focused ? c->glyphs->cursor : " ");
	canvas_field(c, row, 2, label_cols, false, focused ? ROLE_ACCENT : ROLE_TEXT,
	    item->field.label);
	col = draw[item->field.kind](item, c, row, label_cols + 4, focused);
	draw_note(f, item, c, row, col + 2);
}

static void
draw_foot(const struct form *f, struct canvas *c)
{
	const struct form_item *item = &f->items[f->focus];
	int row = c->area.rows - FOOT_ROWS + 1, width = c->area.cols - 2;
	struct buf line;

	buf_init(&line, NOTE_MAX);
	if (f->events->cli)
		f->events->cli(f->ctx, f, &line);
	if (line.len) {
		int col = canvas_text(c, row, 2, ROLE_DIM, "same as: ");
		canvas_field(c, row, col, width - col + 2, false, ROLE_DIM, line.data);
	}
	buf_reset(&line);
	if (*f->err.text)
		buf_addf(&line, "!! %s", f->err.text);
	else if (item->wrong) /* beside the field there may be no room for it */
		buf_addf(&line, "!! %s", item->err.text);
	if (line.len)
		canvas_field(c, row + 1, 2, width, false, ROLE_CRIT, line.data);
	else if (f->help && item->field.help)
		canvas_field(c, row + 1, 2, width, false, ROLE_ACCENT, item->field.help);
	buf_clear(&line);
}

void
form_draw(const void *state, struct canvas *c)
{
	const struct form *f = state;
	struct shape s = shape_of(f, c->area.rows, c->area.cols);
	char foot[96], title[96], position[24];

	list_position(f->top, (int)f->count, s.visible, position, sizeof position);
	snprintf(
	    title, sizeof title, "%s%s%s", f->title, *position ? "  " : "", position);
	snprintf(foot, sizeof foot, "^S %s  Tab next  F1 help  Esc cancel", f->verb);

	struct canvas box = widget_box(c, s.rows, s.cols, ROLE_FRAME_FOCUS, title, foot);
	struct canvas in = canvas_sub(&box, 0, 1, box.area.rows, box.area.cols - 2);

	for (int i = 0; i < s.visible && f->top + i < (int)f->count; i++)
		draw_item(f, (size_t)(f->top + i), &in,
		    i * s.pitch + (s.pitch == 1 ? 1 : 0), s.label_cols);
	draw_foot(f, &in);
}
