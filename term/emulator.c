#include "term/emulator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "term/glyph.h"

enum {
	REPLACEMENT = 0xfffd,
	REPEAT_CREDIT = 256, /* gained with each sequence */
};

/* ---- for the library */

static void
flush_out(struct emulator *e)
{
	if (e->out_len == 0)
		return;
	vt_write(e->vt, e->out, e->out_len);
	e->out_len = 0;
	e->at = vt_cursor(e->vt);
}

void
emulator_emit(struct emulator *e, const char *bytes, size_t len)
{
	assert(len <= sizeof e->out);
	if (len > sizeof e->out - e->out_len)
		flush_out(e);
	memcpy(e->out + e->out_len, bytes, len);
	e->out_len += len;
	e->wrapping = false;
}

static char *
format_number(char *at, int value)
{
	char digits[12];
	int n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (n > 0)
		*at++ = digits[--n];
	return at;
}

void
emulator_emit_csi(struct emulator *e, int first, int second, char final)
{
	char bytes[32] = "\033[", *at = bytes + 2;

	if (first >= 0)
		at = format_number(at, first);
	if (second >= 0) {
		*at++ = ';';
		at = format_number(at, second);
	}
	*at++ = final;
	emulator_emit(e, bytes, (size_t)(at - bytes));
}

void
emulator_settle(struct emulator *e)
{
	int lag = e->lag;

	e->lag = 0;
	if (lag > 0)
		emulator_emit_csi(e, lag, -1, 'C');
}

void
emulator_locate(struct emulator *e)
{
	flush_out(e);
}

/* ---- what the library answers */

static void
mark_wrap(struct emulator *e, struct pos at, bool scrolled)
{
	if (at.row > 0 && (scrolled || at.row == e->at.row + 1))
		e->grid->row[at.row - 1]->wraps = true;
}

static void
on_glyph(void *ctx, struct pos at, bool scrolled)
{
	struct emulator *e = ctx;
	struct row *row = e->grid->row[at.row];

	e->landed = at;
	if (e->restoring)
		return;
	if (scrolled || at.row != e->at.row || at.col != e->at.col)
		mark_wrap(e, at, scrolled);
	if (at.col + e->pending.width > e->cols) {
		e->pending.ch = REPLACEMENT;
		e->pending.width = 1;
	}
	if (e->modes & MODE_INSERT)
		row_insert(row, at.col, e->pending.width, e->blank);
	row_put(row, at.col, e->pending);
	e->last_row = row;
	e->last_col = at.col;
}

static void
push_rows(struct emulator *e, int count)
{
	struct grid *g = e->grid;

	for (int i = 0; i < count; i++)
		scrollback_push(e->scrollback, g->row[i], i + 1 < g->rows ? g->row[i + 1] : NULL);
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
	flush_out(e);
	buf_add(&e->reply, bytes, len);
}

void
emulator_erase(struct emulator *e, struct rect r)
{
	if (r.row == 0 && r.col == 0 && !emulator_is_alt(e))
		scrollback_close(e->scrollback);
	grid_erase(e->grid, r, e->blank);
}

/* ---- text */

static struct cell
pen_cell(const struct emulator *e, uint32_t ch, int width)
{
	return (struct cell){ .ch = ch,
		.fg = e->pen.fg,
		.bg = e->pen.bg,
		.attrs = e->pen.attrs,
		.width = (uint8_t)width };
}

/* Columns that can be written without the library: the last one stays free, and no wrap
 * may be pending, which is so left of the last two, or after text written like this. */
static int
direct_room(const struct emulator *e)
{
	if (!e->direct || (e->lag == 0 && e->at.col >= e->cols - 2))
		return 0;
	return e->cols - 1 - e->at.col;
}

/* Opens `width` columns at the cursor and steps over them. */
static struct cell *
take_direct(struct emulator *e, int width)
{
	struct row *row = e->grid->row[e->at.row];
	int col = e->at.col;

	if (e->modes & MODE_INSERT)
		row_insert(row, col, width, e->blank);
	e->at.col += width;
	e->lag += width;
	e->last_row = row;
	return row_open(row, col, col + width);
}

static void
put_through_library(struct emulator *e, struct cell cell)
{
	/* Without auto-wrap the library would wrap a wide one all the same. */
	if (!(e->modes & MODE_AUTOWRAP) && e->at.col + cell.width > e->cols)
		return;
	emulator_settle(e);
	flush_out(e);
	e->pending = cell;
	vt_glyph(e->vt, cell.width);
	e->at = vt_cursor(e->vt);
	e->wrapping = (e->modes & MODE_AUTOWRAP) && e->landed.col + cell.width >= e->cols;
}

void
emulator_put(struct emulator *e, uint32_t ch, int width)
{
	struct cell cell = pen_cell(e, ch, width);

	flush_out(e);
	e->repeat = ch;
	e->repeat_width = width;
	if (direct_room(e) < width) {
		put_through_library(e, cell);
		return;
	}
	e->last_col = e->at.col;

	struct cell *to = take_direct(e, width);

	to[0] = cell;
	if (width == 2) {
		to[1] = cell;
		to[1].ch = 0;
		to[1].width = 0;
	}
}

static void
put_run(struct emulator *e, const char *bytes, int len)
{
	struct cell cell = pen_cell(e, 0, 1);
	struct cell *to = take_direct(e, len);

	for (int i = 0; i < len; i++) {
		cell.ch = (unsigned char)bytes[i];
		to[i] = cell;
	}
	e->last_col = e->at.col - 1;
	e->repeat = cell.ch;
	e->repeat_width = 1;
}

static void
on_ascii(void *ctx, const char *bytes, size_t len)
{
	struct emulator *e = ctx;

	e->changed = true;
	for (; len > 0 && !charset_is_plain(&e->charset); bytes++, len--)
		emulator_put(e, charset_map(&e->charset, *bytes), 1);
	while (len > 0) {
		flush_out(e);

		int room = direct_room(e), n = 1;

		if (room > 0) {
			n = len < (size_t)room ? (int)len : room;
			put_run(e, bytes, n);
		} else {
			emulator_put(e, (unsigned char)*bytes, 1);
		}
		bytes += n;
		len -= (size_t)n;
	}
}

static void
combine(struct emulator *e, uint32_t scalar)
{
	uint32_t scalars[7];

	if (!e->last_row)
		return;

	struct cell *cell = &e->last_row->cells[e->last_col];
	int count = cell_scalars(cell->ch, scalars);

	if (count == 0 || count >= 6)
		return;
	scalars[count] = scalar;
	cell->ch = cluster_intern(scalars, count + 1);
	e->repeat = cell->ch;
}

void
emulator_put_scalar(struct emulator *e, uint32_t scalar)
{
	e->changed = true;
	switch (glyph_kind(scalar)) {
	case GLYPH_NARROW:
		emulator_put(e, scalar, 1);
		break;
	case GLYPH_WIDE:
		emulator_put(e, scalar, 2);
		break;
	case GLYPH_COMBINING:
		combine(e, scalar);
		break;
	case GLYPH_REPLACED:
		emulator_put(e, REPLACEMENT, 1);
		break;
	case GLYPH_DROPPED:
		break;
	}
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
		e->lag = 0; /* whatever the column was */
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

/* ---- the cursor and what is saved with it */

/* Sets the library's pending wrap by writing what is there already. */
static void
begin_wrapping(struct emulator *e, int row)
{
	int col = e->cols - 1;
	int width = 1;

	if (row_cell(e->grid->row[row], col).width == 0) {
		col--;
		width = 2;
	}
	emulator_emit_csi(e, col + 1, -1, 'G');
	flush_out(e);
	e->restoring = true;
	vt_glyph(e->vt, width);
	e->restoring = false;
	e->at = vt_cursor(e->vt);
	e->wrapping = true;
}

void
emulator_go(struct emulator *e, struct place to)
{
	int first = e->modes & MODE_ORIGIN ? e->top : 0;
	int row = CLAMP(to.pos.row, first, e->rows - 1);
	int col = CLAMP(to.pos.col, 0, e->cols - 1);

	e->lag = 0;
	emulator_emit_csi(e, row - first + 1, col + 1, 'H');
	if (to.wrapping && to.pos.col >= e->cols - 2 && (e->modes & MODE_AUTOWRAP))
		begin_wrapping(e, row);
	e->last_row = NULL;
}

struct place
emulator_place(struct emulator *e)
{
	flush_out(e);
	return (struct place){ e->at, e->wrapping };
}

void
emulator_save_cursor(struct emulator *e)
{
	e->saved[emulator_is_alt(e)] = (struct saved_cursor){
		.place = emulator_place(e),
		.pen = e->pen,
		.charset = e->charset,
		.origin = e->modes & MODE_ORIGIN,
	};
}

static void
set_origin(struct emulator *e, bool on)
{
	static const char set[] = "\033[?6h", reset[] = "\033[?6l";

	e->lag = 0;
	emulator_emit(e, on ? set : reset, sizeof set - 1);
	e->modes = on ? e->modes | MODE_ORIGIN : e->modes & ~(unsigned)MODE_ORIGIN;
}

void
emulator_restore_cursor(struct emulator *e)
{
	const struct saved_cursor *saved = &e->saved[emulator_is_alt(e)];

	emulator_set_pen(e, saved->pen);
	e->charset = saved->charset;
	set_origin(e, saved->origin);
	emulator_go(e, saved->place);
}

/* What is pending may scroll, with rows in the old background. */
void
emulator_set_pen(struct emulator *e, struct pen pen)
{
	if (pen.bg != e->pen.bg)
		flush_out(e);
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
	flush_out(e);
	if (alt && !e->screens[SCREEN_ALT])
		e->screens[SCREEN_ALT] = grid_new(e->rows, e->cols);
	if (alt)
		e->parked = (struct place){ e->at, e->wrapping };
	e->grid = e->screens[alt ? SCREEN_ALT : SCREEN_PRIMARY];
	e->modes = alt ? e->modes | MODE_ALT_SCREEN : e->modes & ~(unsigned)MODE_ALT_SCREEN;
	e->last_row = NULL;
	if (alt)
		grid_erase(e->grid, (struct rect){ 0, 0, e->rows, e->cols }, e->blank);
}

void
emulator_set_margins(struct emulator *e, int top, int bottom)
{
	e->top = top;
	e->bottom = bottom;
	e->lag = 0;
	emulator_emit_csi(e, top + 1, bottom, 'r');
	emulator_emit(e, "\033[H", 3);
}

/* ---- life */

/* What both resets do; the library does its part of it in vt_reset(). */
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

void
emulator_reset(struct emulator *e, bool hard)
{
	emulator_settle(e);
	flush_out(e);
	reset_state(e);
	if (hard) {
		emulator_set_screen(e, false);
		e->modes = MODE_DEFAULTS;
		e->cursor_shape = 1;
	}
	vt_reset(e->vt, hard);
	e->at = vt_cursor(e->vt);
	e->wrapping = false;
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
emulator_new(const struct pane_options *options, const struct pane_events *events, void *ctx)
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
	e->scrollback = scrollback_new(options->scrollback_lines, options->scrollback_bytes);
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
	flush_out(e);
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
	e->last_row = NULL;
	vt_resize(e->vt, rows, cols);
	e->at = vt_cursor(e->vt);
	emulator_go(e, here);
	flush_out(e);
	e->changed = true;
}
