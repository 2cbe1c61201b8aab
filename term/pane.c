#include "term/pane.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "term/emulator.h"
#include "term/keys.h"

enum {
	SIZE_MIN = 2,
	SIZE_MAX_CELLS = 1000, /* per direction */
	DEFAULT_LINES = 10000,
	DEFAULT_BYTES = 8 << 20,
	WHEEL_KEYS = 3, /* arrow keys per notch on the alternate screen */
};

struct pane {
	struct emulator *emulator;	  /* owned */
	const struct pane_events *events; /* borrowed */
	void *ctx;			  /* borrowed */
	int view_offset;		  /* rows back in time, 0: live */
	struct mouse_state mouse;
};

static int
clamp_size(int size)
{
	return CLAMP(size, (int)SIZE_MIN, (int)SIZE_MAX_CELLS);
}

struct pane *
pane_new(const struct pane_options *options, const struct pane_events *events, void *ctx)
{
	struct pane *p = xcalloc(1, sizeof *p);
	struct pane_options o = *options;

	o.rows = clamp_size(o.rows);
	o.cols = clamp_size(o.cols);
	if (o.scrollback_lines <= 0)
		o.scrollback_lines = DEFAULT_LINES;
	if (o.scrollback_bytes == 0)
		o.scrollback_bytes = DEFAULT_BYTES;
	p->events = events;
	p->ctx = ctx;
	p->emulator = emulator_new(&o, events, ctx);
	return p;
}

void
pane_free(struct pane *p)
{
	if (!p)
		return;
	emulator_free(p->emulator);
	free(p);
}

/* ---- the view */

int
pane_rows(const struct pane *p)
{
	return p->emulator->rows;
}

int
pane_cols(const struct pane *p)
{
	return p->emulator->cols;
}

/* The alternate screen has no past of its own. */
int
pane_scrollback(const struct pane *p)
{
	if (emulator_is_alt(p->emulator))
		return 0;
	return scrollback_rows(p->emulator->scrollback, p->emulator->cols);
}

int
pane_view_offset(const struct pane *p)
{
	return p->view_offset == 0 ? 0 : MIN(p->view_offset, pane_scrollback(p));
}

static void
set_view(struct pane *p, int offset)
{
	int before = pane_view_offset(p);

	p->view_offset = offset <= 0 ? 0 : MIN(offset, pane_scrollback(p));
	if (p->view_offset != before)
		p->emulator->changed = true;
}

/* One note for all that a call did. What the view shows stays where it is. */
static void
report(struct pane *p)
{
	struct emulator *e = p->emulator;
	bool changed = e->changed;

	if (p->view_offset > 0)
		p->view_offset = e->scrollback_cleared ? 0 : p->view_offset + e->pushed;
	if (p->view_offset > 0)
		p->view_offset = pane_view_offset(p);
	e->scrollback_cleared = false;
	e->pushed = 0;
	e->changed = false;
	if (e->reply.len > 0 && p->events->write)
		p->events->write(p->ctx, e->reply.data, e->reply.len);
	buf_reset(&e->reply);
	if (changed && p->events->changed)
		p->events->changed(p->ctx);
}

void
pane_scroll_view(struct pane *p, int delta_rows)
{
	int most = pane_scrollback(p);

	set_view(p, pane_view_offset(p) + CLAMP(delta_rows, -most, most));
	report(p);
}

void
pane_view_live(struct pane *p)
{
	set_view(p, 0);
	report(p);
}

/* ---- what goes in */

void
pane_feed(struct pane *p, const char *bytes, size_t len)
{
	emulator_feed(p->emulator, bytes, len);
	report(p);
}

void
pane_note(struct pane *p, const char *text)
{
	emulator_note(p->emulator, text);
	report(p);
}

void
pane_reset(struct pane *p)
{
	sanitise_reset(&p->emulator->input);
	emulator_keep_screen(p->emulator);
	emulator_reset(p->emulator);
	p->emulator->changed = true;
	report(p);
}

/* A view into the past stays on the line it shows first. */
void
pane_resize(struct pane *p, int rows, int cols)
{
	struct emulator *e = p->emulator;
	int offset = pane_view_offset(p);
	long mark = -1;

	rows = clamp_size(rows);
	cols = clamp_size(cols);
	if (rows == e->rows && cols == e->cols)
		return;
	if (offset > 0)
		mark = scrollback_mark(e->scrollback, offset, e->cols);
	emulator_resize(e, rows, cols);
	e->pushed = 0;
	if (mark >= 0)
		p->view_offset = scrollback_find(e->scrollback, mark, cols);
	report(p);
}

/* ---- what comes out */

static void
send(struct pane *p, struct buf *bytes)
{
	if (bytes->len > 0 && p->events->write)
		p->events->write(p->ctx, bytes->data, bytes->len);
	buf_clear(bytes);
}

/* The wheel on the alternate screen, for programs that know no mouse. */
static bool
wheel_as_keys(struct pane *p, struct key key, struct buf *out)
{
	bool up = key.mouse.kind == MOUSE_WHEEL_UP,
	     down = key.mouse.kind == MOUSE_WHEEL_DOWN;
	unsigned modes = p->emulator->modes;

	if (!(up || down) || (modes & MODE_MOUSE) || !(modes & MODE_ALT_SCROLL) ||
	    !emulator_is_alt(p->emulator))
		return false;
	for (int i = 0; i < WHEEL_KEYS; i++)
		key_encode((struct key){ .code = up ? KEY_UP : KEY_DOWN }, modes, out);
	return true;
}

static bool
encode_mouse(struct pane *p, struct key key, struct buf *out)
{
	if (key.mouse.row >= p->emulator->rows || key.mouse.col >= p->emulator->cols)
		return false;
	return wheel_as_keys(p, key, out) ||
	       mouse_encode(key, p->emulator->modes, &p->mouse, out);
}

bool
pane_key(struct pane *p, struct key key)
{
	struct buf bytes;
	bool known;

	buf_init(&bytes, 256);
	if (key.code == KEY_MOUSE)
		known = encode_mouse(p, key, &bytes);
	else
		known = key_encode(key, p->emulator->modes, &bytes);
	if (known && key.code != KEY_MOUSE)
		set_view(p, 0);
	send(p, &bytes);
	report(p);
	return known;
}

void
pane_paste(struct pane *p, const char *bytes, size_t len)
{
	struct buf out;

	buf_init(&out, len + 64);
	paste_encode(bytes, len, p->emulator->modes, &out);
	set_view(p, 0);
	send(p, &out);
	report(p);
}

void
pane_focus(struct pane *p, bool focused)
{
	if (pane_wants_focus(p) && p->events->write)
		p->events->write(p->ctx, focused ? "\033[I" : "\033[O", 3);
}

/* ---- reading */

static void
reverse_cells(struct cell *cells, int count)
{
	for (int i = 0; i < count; i++)
		cells[i].attrs ^= ATTR_REVERSE;
}

static void
copy_past_row(const struct emulator *e, int n, struct cell *out, int cols, bool *wraps)
{
	struct cell *full =
	    cols < e->cols ? xreallocarray(NULL, (size_t)e->cols, sizeof *full) : out;

	scrollback_row(e->scrollback, n, e->cols, full, wraps);
	for (int i = e->cols; i < cols; i++)
		out[i] = CELL_BLANK;
	if (full == out)
		return;
	memcpy(out, full, (size_t)cols * sizeof *out);
	if (cols > 0 && out[cols - 1].width == 2)
		out[cols - 1] = CELL_BLANK;
	free(full);
}

static bool
copy_row(const struct pane *p, int row, struct cell *out, int cols, bool *wraps)
{
	const struct emulator *e = p->emulator;

	if (row >= e->rows || row < -pane_scrollback(p))
		return false;
	if (row >= 0) {
		row_copy(e->grid->row[row], out, cols);
		*wraps = e->grid->row[row]->wraps;
	} else {
		copy_past_row(e, -row, out, cols, wraps);
	}
	if (e->modes & MODE_REVERSE)
		reverse_cells(out, MIN(cols, e->cols));
	return true;
}

bool
pane_row(const struct pane *p, int row, struct cell *out, int cols)
{
	bool wraps;

	return cols >= 0 && copy_row(p, row, out, cols, &wraps);
}

static void
add_cell(struct buf *text, struct cell cell)
{
	uint32_t scalars[6];
	char bytes[4];
	int count = cell_scalars(cell.ch, scalars);

	if (count == 0 && cell.width > 0)
		buf_add_char(text, ' ');
	for (int i = 0; i < count; i++)
		buf_add(text, bytes, utf8_encode(scalars[i], bytes));
}

static void
drop_trailing_blanks(struct buf *text, size_t from)
{
	while (text->len > from && text->data[text->len - 1] == ' ')
		text->data[--text->len] = '\0';
}

/* Where the text of a row ends: a blank before a wide character that went to the next
 * row is not text. */
static int
text_end(const struct pane *p, int row, const struct cell *cells, bool wraps)
{
	int cols = p->emulator->cols;
	struct cell next[2];

	if (wraps && cells[cols - 1].ch == 0 && cells[cols - 1].width == 1 &&
	    pane_row(p, row + 1, next, 2) && next[0].width == 2)
		return cols - 1;
	return cols;
}

char *
pane_text(const struct pane *p, int first_row, int last_row)
{
	int cols = p->emulator->cols;
	struct cell *cells = xreallocarray(NULL, (size_t)cols, sizeof *cells);
	struct buf text;
	size_t line = 0;
	bool wraps = true; /* no line end before the first */

	buf_init(&text, SIZE_MAX);
	first_row = MAX(first_row, -pane_scrollback(p));
	last_row = MIN(last_row, p->emulator->rows - 1);
	for (int row = first_row; row <= last_row; row++) {
		if (!wraps) {
			drop_trailing_blanks(&text, line);
			buf_add_char(&text, '\n');
			line = text.len;
		}
		copy_row(p, row, cells, cols, &wraps);
		for (int col = 0; col < text_end(p, row, cells, wraps); col++)
			add_cell(&text, cells[col]);
	}
	drop_trailing_blanks(&text, line);
	free(cells);
	return buf_take(&text);
}

struct pane_cursor
pane_cursor(const struct pane *p)
{
	const struct emulator *e = p->emulator;

	return (struct pane_cursor){
		.row = e->at.row,
		.col = e->at.col,
		.visible = e->modes & MODE_VISIBLE,
		.blink = e->modes & MODE_BLINK,
		.shape = e->cursor_shape,
	};
}

enum pane_mouse
pane_mouse_mode(const struct pane *p)
{
	unsigned modes = p->emulator->modes;

	if (modes & MODE_MOUSE_MOVE)
		return PANE_MOUSE_MOVE;
	if (modes & MODE_MOUSE_DRAG)
		return PANE_MOUSE_DRAG;
	return modes & MODE_MOUSE_CLICK ? PANE_MOUSE_CLICK : PANE_MOUSE_NONE;
}

bool
pane_is_alt_screen(const struct pane *p)
{
	return emulator_is_alt(p->emulator);
}

bool
pane_wants_focus(const struct pane *p)
{
	return p->emulator->modes & MODE_FOCUS;
}

bool
pane_wants_paste_brackets(const struct pane *p)
{
	return p->emulator->modes & MODE_PASTE;
}

bool
pane_in_sync(const struct pane *p)
{
	return p->emulator->modes & MODE_SYNC;
}
