/* Text: onto the grid at once, or by way of libvterm where a line may wrap. */
#include "base/compiler.h"
#include "term/emulator.h"
#include "term/glyph.h"

enum { REPLACEMENT = 0xfffd };

/* ---- by way of the library: it says where the glyph lands */

static void
mark_wrap(struct emulator *e, struct pos at, bool scrolled)
{
	if (at.row > 0 && (scrolled || at.row == e->at.row + 1))
		e->grid->row[at.row - 1]->wraps = true;
}

void
emulator_land(struct emulator *e, struct pos at, bool scrolled)
{
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
	emulator_catch_up(e);
	emulator_locate(e);
	e->pending = cell;
	vt_glyph(e->vt, cell.width);
	e->wrapping = (e->modes & MODE_AUTOWRAP) && e->landed.col + cell.width >= e->cols;
	emulator_read_cursor(e);
}

void
emulator_put(struct emulator *e, uint32_t ch, int width)
{
	struct cell cell = pen_cell(e, ch, width);

	emulator_locate(e);
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

void
emulator_put_ascii(struct emulator *e, const char *bytes, size_t len)
{
	e->changed = true;
	for (; len > 0 && !charset_is_plain(&e->charset); bytes++, len--)
		emulator_put(e, charset_map(&e->charset, *bytes), 1);
	while (len > 0) {
		emulator_locate(e);

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
