#include "term/emulator.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"

enum { REPEAT_CREDIT = 256 }; /* gained with each sequence */

/* ---- what the library answers */

static void
on_glyph(void *ctx, struct pos at, bool scrolled)
{
	emulator_land(ctx, at, scrolled);
}

static void
push_rows(struct emulator *e, int count)
{
	struct grid *g = e->grid;

	for (int i = 0; i < count; i++)
		scrollback_push(
		    e->scrollback, g->row[i], i + 1 < g->rows ? g->row[i + 1] : NULL);
	e->pushed += count;
}

/* Rows that leave the primary screen at its top become scrollback. */
static void
on_scroll(void *ctx, struct rect r, int up, int left)
{
	struct emulator *e = ctx;

	if (left != 0 || r.cols != e->cols)
		return;
	if (r.row == 0 && up > 0 && !emulator_is_alt(e))
		push_rows(e, up);
	else if (r.row == 0 && !emulator_is_alt(e))
		scrollback_close(e->scrollback);
	grid_scroll(e->grid, r.row, r.row + r.rows, up, e->blank);
}

static void
on_erase(void *ctx, struct rect r)
{
	struct emulator *e = ctx;

	emulator_erase(e, r);
}

static void
on_reply(void *ctx, const char *bytes, size_t len)
{
	struct emulator *e = ctx;

	buf_add(&e->reply, bytes, len);
}

static const struct vt_events vt_events = {
	.glyph = on_glyph,
	.scroll = on_scroll,
	.erase = on_erase,
	.reply = on_reply,
};

/* Answers stand in the order of the questions: programs rely on it. */
void
emulator_reply(struct emulator *e, const char *bytes, size_t len)
{
	emulator_locate(e);
	buf_add(&e->reply, bytes, len);
}

void
emulator_erase(struct emulator *e, struct rect r)
{
	if (r.row == 0 && r.col == 0 && !emulator_is_alt(e))
		scrollback_close(e->scrollback);
	grid_erase(e->grid, r, e->blank);
}

static void
on_ascii(void *ctx, const char *bytes, size_t len)
{
	emulator_put_ascii(ctx, bytes, len);
}

static void
on_scalar(void *ctx, uint32_t scalar)
{
	emulator_put_scalar(ctx, scalar);
}

/* ---- controls, sequences, strings */

void
emulator_control(struct emulator *e, char control)
{
	switch (control) {
	case '\a':
		if (e->events->bell)
			e->events->bell(e->ctx);
		return;
	case 0x0e: /* SO */
	case 0x0f: /* SI */
		e->charset.active = control == 0x0e;
		return;
	case '\r':
		emulator_leave_column(e);
		break;
	default:
		emulator_settle(e);
	}
	emulator_emit(e, &control, 1);
	if (control >= '\n' && control <= '\f' && (e->modes & MODE_NEWLINE))
		emulator_emit(e, "\r", 1);
	e->last_row = NULL;
	e->changed = true;
}

static void
on_control(void *ctx, char control)
{
	emulator_control(ctx, control);
}

static void
on_sequence(void *ctx, const struct sequence *seq)
{
	struct emulator *e = ctx;

	e->changed = true;
	e->repeat_credit = MIN(e->repeat_credit + REPEAT_CREDIT, e->rows * e->cols);
	if (seq->csi && seq->final == 'm' && !seq->leader && !seq->intermediate) {
		struct pen pen = e->pen;

		pen_apply(&pen, seq);
		emulator_set_pen(e, pen);
		return;
	}
	emulator_sequence(e, seq);
	e->last_row = NULL;
}

static void
on_string(void *ctx, enum sanitise_string kind, const char *bytes, size_t len, bool bel)
{
	emulator_string(ctx, kind, bytes, len, bel);
}

static const struct sanitise_sink input_sink = {
	.ascii = on_ascii,
	.scalar = on_scalar,
	.control = on_control,
	.sequence = on_sequence,
	.string = on_string,
};

/* What is pending may scroll, with rows in the old background. */
void
emulator_set_pen(struct emulator *e, struct pen pen)
{
	if (pen.bg != e->pen.bg)
		emulator_locate(e);
	e->pen = pen;
	e->blank.bg = pen.bg;
}

bool
emulator_is_alt(const struct emulator *e)
{
	return e->grid != e->screens[SCREEN_PRIMARY];
}

/* The cursor stays where it is. */
void
emulator_set_screen(struct emulator *e, bool alt)
{
	if (alt == emulator_is_alt(e))
		return;
	emulator_locate(e);
	if (alt && !e->screens[SCREEN_ALT])
		e->screens[SCREEN_ALT] = grid_new(e->rows, e->cols);
	if (alt)
		e->parked = (struct place){ e->at, e->wrapping };
	e->grid = e->screens[alt ? SCREEN_ALT : SCREEN_PRIMARY];
	e->modes =
	    alt ? e->modes | MODE_ALT_SCREEN : e->modes & ~(unsigned)MODE_ALT_SCREEN;
	e->last_row = NULL;
	if (alt)
		grid_erase(e->grid, (struct rect){ 0, 0, e->rows, e->cols }, e->blank);
}

/* ---- life */

/* What both resets do. */
static void
reset_state(struct emulator *e)
{
	e->modes &= ~(unsigned)MODE_SOFT;
	e->modes |= MODE_DEFAULTS & MODE_SOFT;
	e->top = 0;
	e->bottom = e->rows;
	emulator_set_pen(e, (struct pen){ 0 });
	charset_init(&e->charset);
	for (int i = 0; i < SCREENS; i++) {
		e->saved[i] = (struct saved_cursor){ 0 };
		charset_init(&e->saved[i].charset);
	}
	e->last_row = NULL;
	e->repeat = 0;
}

/* The library's own soft reset also resets tab stops, which no other terminal does. */
void
emulator_soft_reset(struct emulator *e)
{
	struct place here = emulator_place(e);

	reset_state(e);
	emulator_set_margins(e, 0, e->rows);
	emulator_emit(e, "\033[?6l\033[?7h", 10);
	emulator_go(e, here);
}

void
emulator_reset(struct emulator *e)
{
	emulator_locate(e);
	emulator_set_screen(e, false);
	reset_state(e);
	e->modes = MODE_DEFAULTS;
	e->cursor_shape = 1;
	e->lag = 0;
	e->wrapping = false;
	vt_reset(e->vt);
	emulator_read_cursor(e);
}

void
emulator_keep_screen(struct emulator *e)
{
	struct grid *g = e->screens[SCREEN_PRIMARY];
	int height = grid_height(g);

	emulator_set_screen(e, false);
	if (height == 0)
		return;
	push_rows(e, height);
	scrollback_close(e->scrollback);
	grid_scroll(g, 0, g->rows, height, CELL_BLANK);
}

struct emulator *
emulator_new(
    const struct pane_options *options, const struct pane_events *events, void *ctx)
{
	struct emulator *e = xcalloc(1, sizeof *e);

	e->events = events;
	e->ctx = ctx;
	e->fg = options->fg;
	e->bg = options->bg;
	e->rows = options->rows;
	e->cols = options->cols;
	e->direct = true;
	e->blank = CELL_BLANK;
	e->repeat_credit = e->rows * e->cols;
	buf_init(&e->reply, EMULATOR_REPLY_MAX);
	sanitise_init(&e->input, &input_sink, e);
	e->grid = e->screens[SCREEN_PRIMARY] = grid_new(e->rows, e->cols);
	e->scrollback =
	    scrollback_new(options->scrollback_lines, options->scrollback_bytes);
	reset_state(e);
	e->modes = MODE_DEFAULTS;
	e->cursor_shape = 1;
	e->vt = vt_new(e->rows, e->cols, &vt_events, e);
	return e;
}

void
emulator_free(struct emulator *e)
{
	if (!e)
		return;
	vt_free(e->vt);
	for (int i = 0; i < SCREENS; i++)
		grid_free(e->screens[i]);
	scrollback_free(e->scrollback);
	sanitise_clear(&e->input);
	buf_clear(&e->reply);
	free(e);
}

void
emulator_feed(struct emulator *e, const char *bytes, size_t len)
{
	sanitise_feed(&e->input, bytes, len);
	emulator_locate(e);
}

void
emulator_resize(struct emulator *e, int rows, int cols)
{
	bool alt = emulator_is_alt(e);
	struct place here = emulator_place(e);
	struct place *primary = alt ? &e->parked : &here;

	emulator_reflow(e, rows, cols, primary, &e->saved[SCREEN_PRIMARY].place);
	if (e->screens[SCREEN_ALT])
		grid_resize(e->screens[SCREEN_ALT], rows, cols);
	e->grid = e->screens[alt ? SCREEN_ALT : SCREEN_PRIMARY];
	e->rows = rows;
	e->cols = cols;
	e->top = 0;
	e->bottom = rows;
	e->modes &= ~(unsigned)MODE_SYNC;
	e->lag = 0;
	e->wrapping = false;
	vt_resize(e->vt, rows, cols);
	emulator_go(e, here);
	emulator_locate(e);
	e->changed = true;
}
