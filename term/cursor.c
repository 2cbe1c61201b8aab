/* Where the cursor is: ours, libvterm's, and those that are saved. */
#include <assert.h>
#include <string.h>

#include "base/compiler.h"
#include "term/emulator.h"

/* A wide glyph that makes a wrap pending leaves the library's cursor before it. */
void
emulator_read_cursor(struct emulator *e)
{
	e->at = vt_cursor(e->vt);
	if (e->wrapping)
		e->at.col = e->cols - 1;
}

void
emulator_flush(struct emulator *e)
{
	vt_write(e->vt, e->out, e->out_len);
	e->out_len = 0;
	emulator_read_cursor(e);
}

void
emulator_emit(struct emulator *e, const char *bytes, size_t len)
{
	assert(len <= sizeof e->out);
	if (len > sizeof e->out - e->out_len)
		emulator_flush(e);
	memcpy(e->out + e->out_len, bytes, len);
	e->out_len += len;
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
emulator_catch_up(struct emulator *e)
{
	int lag = e->lag;

	e->lag = 0;
	if (lag > 0)
		emulator_emit_csi(e, lag, -1, 'C');
}

/* By itself the library forgets a pending wrap only when it sees the cursor move. */
static void
end_wrapping(struct emulator *e)
{
	if (!e->wrapping)
		return;
	e->wrapping = false;
	emulator_emit_csi(e, e->cols, -1, 'G');
}

void
emulator_settle(struct emulator *e)
{
	emulator_catch_up(e);
	end_wrapping(e);
}

void
emulator_leave_column(struct emulator *e)
{
	e->lag = 0;
	end_wrapping(e);
}

/* ---- places */

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
	emulator_locate(e);
	e->restoring = true;
	vt_glyph(e->vt, width);
	e->restoring = false;
	e->wrapping = true;
	emulator_read_cursor(e);
}

void
emulator_go(struct emulator *e, struct place to)
{
	int first = e->modes & MODE_ORIGIN ? e->top : 0;
	int row = CLAMP(to.pos.row, first, e->rows - 1);
	int col = CLAMP(to.pos.col, 0, e->cols - 1);

	emulator_leave_column(e);
	emulator_emit_csi(e, row - first + 1, col + 1, 'H');
	if (to.wrapping && to.pos.col == e->cols - 1 && (e->modes & MODE_AUTOWRAP))
		begin_wrapping(e, row);
	e->last_row = NULL;
}

struct place
emulator_place(struct emulator *e)
{
	emulator_locate(e);
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

	emulator_leave_column(e);
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

void
emulator_set_margins(struct emulator *e, int top, int bottom)
{
	e->top = top;
	e->bottom = bottom;
	emulator_leave_column(e);
	emulator_emit_csi(e, top + 1, bottom, 'r');
	emulator_emit(e, "\033[H", 3);
}
