#include "term/vt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <vterm.h>

#include "base/compiler.h"
#include "base/mem.h"

enum { INPUT_MAX = 16384 };

/* Every block the library asks for, so that all go back: 0.1.x forgets one. */
struct block {
	struct block *next, *prev; /* owned by the list */
};

struct vt {
	VTerm *vterm;			/* owned */
	VTermState *state;		/* borrowed from vterm */
	const struct vt_events *events; /* borrowed */
	void *ctx;			/* borrowed */
	int rows, cols;
	bool scrolled;	     /* since the stand-in was written */
	struct block blocks; /* head of the ring */
};

static void *
block_new(size_t size, void *user)
{
	struct vt *v = user;
	struct block *b = xcalloc(1, sizeof *b + size);

	b->next = v->blocks.next;
	b->prev = &v->blocks;
	b->next->prev = b;
	v->blocks.next = b;
	return b + 1;
}

static void
block_free(void *ptr, void *user UNUSED)
{
	if (!ptr)
		return;

	struct block *b = (struct block *)ptr - 1;

	b->next->prev = b->prev;
	b->prev->next = b->next;
	free(b);
}

static VTermAllocatorFunctions allocator = { .malloc = block_new, .free = block_free };

/* ---- what the library reports; nothing of it is believed */

static struct rect
clamp_rect(const struct vt *v, VTermRect r)
{
	int row = CLAMP(r.start_row, 0, v->rows),
	    end_row = CLAMP(r.end_row, row, v->rows);
	int col = CLAMP(r.start_col, 0, v->cols),
	    end_col = CLAMP(r.end_col, col, v->cols);

	return (struct rect){ row, col, end_row - row, end_col - col };
}

static int
on_putglyph(VTermGlyphInfo *info UNUSED, VTermPos pos, void *user)
{
	struct vt *v = user;

	if (pos.row >= 0 && pos.row < v->rows && pos.col >= 0 && pos.col < v->cols)
		v->events->glyph(v->ctx, (struct pos){ pos.row, pos.col }, v->scrolled);
	return 1;
}

static int
on_scrollrect(VTermRect rect, int downward, int rightward, void *user)
{
	struct vt *v = user;
	struct rect r = clamp_rect(v, rect);

	if (r.rows > 0 && r.cols > 0)
		v->events->scroll(v->ctx, r, CLAMP(downward, -r.rows, r.rows),
		    CLAMP(rightward, -r.cols, r.cols));
	v->scrolled = v->scrolled || downward != 0;
	return 1;
}

static int
on_erase(VTermRect rect, int selective UNUSED, void *user)
{
	struct vt *v = user;
	struct rect r = clamp_rect(v, rect);

	if (r.rows > 0 && r.cols > 0)
		v->events->erase(v->ctx, r);
	return 1;
}

static void
on_output(const char *bytes, size_t len, void *user)
{
	struct vt *v = user;

	v->events->reply(v->ctx, bytes, len);
}

/* Since 0.2 it is left to the callback to make the line records as long as the screen. */
#if VTERM_VERSION_MAJOR > 0 || VTERM_VERSION_MINOR >= 2
static int
on_resize(int rows, int cols UNUSED, VTermStateFields *fields, void *user)
{
	struct vt *v = user;

	for (size_t i = 0; i < ARRAY_LEN(fields->lineinfos); i++) {
		if (!fields->lineinfos[i])
			continue;
		block_free(fields->lineinfos[i], v);
		fields->lineinfos[i] =
		    block_new((size_t)rows * sizeof *fields->lineinfos[i], v);
	}
	return 1;
}
#endif

static const VTermStateCallbacks callbacks = {
	.putglyph = on_putglyph,
	.scrollrect = on_scrollrect,
	.erase = on_erase,
#if VTERM_VERSION_MAJOR > 0 || VTERM_VERSION_MINOR >= 2
	.resize = on_resize,
#endif
};

/* ---- public */

struct vt *
vt_new(int rows, int cols, const struct vt_events *events, void *ctx)
{
	struct vt *v = xcalloc(1, sizeof *v);

	assert(rows >= 2 && cols >= 2);
	VTERM_CHECK_VERSION;
	v->events = events;
	v->ctx = ctx;
	v->rows = rows;
	v->cols = cols;
	v->blocks.next = v->blocks.prev = &v->blocks;
	v->vterm = vterm_new_with_allocator(rows, cols, &allocator, v);
	vterm_set_utf8(v->vterm, 1);
	vterm_output_set_callback(v->vterm, on_output, v);
	v->state = vterm_obtain_state(v->vterm);
	vterm_state_set_callbacks(v->state, &callbacks, v);
	vterm_state_reset(v->state, 1);
	return v;
}

void
vt_free(struct vt *v)
{
	if (!v)
		return;
	vterm_free(v->vterm);
	while (v->blocks.next != &v->blocks)
		block_free(v->blocks.next + 1, v);
	free(v);
}

void
vt_write(struct vt *v, const char *bytes, size_t len)
{
	assert(len <= INPUT_MAX);
	vterm_input_write(v->vterm, bytes, len);
}

void
vt_glyph(struct vt *v, int width)
{
	static const char *const stand_ins[] = { [1] = "x", [2] = "\xe4\xb8\x80" };

	assert(width == 1 || width == 2);
	v->scrolled = false;
	vterm_input_write(v->vterm, stand_ins[width], strlen(stand_ins[width]));
}

struct pos
vt_cursor(const struct vt *v)
{
	VTermPos pos;

	vterm_state_get_cursorpos(v->state, &pos);
	return (
	    struct pos){ CLAMP(pos.row, 0, v->rows - 1), CLAMP(pos.col, 0, v->cols - 1) };
}

/* The sequences bring what may lie outside now back in: the saved cursor, both pairs of
 * margins, and the mode that makes the left and right ones count. */
void
vt_resize(struct vt *v, int rows, int cols)
{
	static const char mend[] = "\0337\033[r\033[s\033[?69l\0338";

	assert(rows >= 2 && cols >= 2);
	v->rows = rows;
	v->cols = cols;
	vterm_set_size(v->vterm, rows, cols);
	vt_write(v, mend, sizeof mend - 1);
}

void
vt_reset(struct vt *v)
{
	vterm_state_reset(v->state, 1);
}
