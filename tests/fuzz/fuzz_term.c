/*
 * Hostile output for a pane (libFuzzer entry).
 *
 * Input: rows, columns, number of resizes (mod 4), for each of them rows, columns and a
 * byte that says where; the rest is what the program writes. It goes into three places:
 * an emulator as it is; one that writes no text past libvterm, byte by byte; and a pane
 * that is also looked at, typed into, scrolled, noted in and reset. The first two must
 * agree in every cell, and all must be in order.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "term/emulator.h"
#include "term/pane.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small, so that edges and limits are reached by few bytes. */
enum { RESIZES_MAX = 3, ROWS_SPAN = 16, COLS_SPAN = 40, HISTORY_LINES = 40 };

struct plan {
	int rows, cols;
	int resizes;
	struct {
		int rows, cols;
		size_t at;
	} resize[RESIZES_MAX];
	const char *text;
	size_t len;
};

#define MUST(condition)                                                                  \
	do {                                                                             \
		if (!(condition))                                                        \
			broken(#condition, __LINE__);                                    \
	} while (0)

static void
broken(const char *condition, int line)
{
	fprintf(stderr, "fuzz_term: line %d: %s does not hold\n", line, condition);
	abort();
}

static bool
take(const uint8_t **data, size_t *size, int span, int *out)
{
	if (*size == 0)
		return false;
	*out = 1 + **data % span;
	++*data;
	--*size;
	return true;
}

static bool
make_plan(struct plan *plan, const uint8_t *data, size_t size)
{
	int where[RESIZES_MAX];

	if (!take(&data, &size, ROWS_SPAN, &plan->rows) ||
	    !take(&data, &size, COLS_SPAN, &plan->cols) ||
	    !take(&data, &size, RESIZES_MAX + 1, &plan->resizes))
		return false;
	plan->resizes--;
	for (int i = 0; i < plan->resizes; i++)
		if (!take(&data, &size, ROWS_SPAN, &plan->resize[i].rows) ||
		    !take(&data, &size, COLS_SPAN, &plan->resize[i].cols) ||
		    !take(&data, &size, 256, &where[i]))
			return false;
	plan->text = (const char *)data;
	plan->len = size;
	for (int i = 0; i < plan->resizes; i++)
		plan->resize[i].at = size * (size_t)where[i] / 256;
	return true;
}

/* ---- order */

static void
check_cells(const struct cell *cells, int cols)
{
	uint32_t scalars[6];

	for (int col = 0; col < cols; col++) {
		const struct cell *c = &cells[col];

		MUST(c->width <= 2);
		MUST(c->width != 2 || (col + 1 < cols && cells[col + 1].width == 0));
		MUST(c->width != 0 ||
		     (col > 0 && cells[col - 1].width == 2 && c->ch == 0));
		MUST(c->ch == 0 || cell_scalars(c->ch, scalars) >= 1);
		MUST(c->ch == 0 || (scalars[0] >= 0x20 && scalars[0] != 0x7f));
		MUST(scalars[0] < 0x80 || scalars[0] >= 0xa0 || c->ch == 0);
	}
}

static void
check_grid(const struct grid *g, int rows, int cols)
{
	struct cell *cells = xreallocarray(NULL, (size_t)cols, sizeof *cells);

	MUST(g->rows == rows && g->cols == cols);
	for (int i = 0; i < rows; i++) {
		MUST(g->row[i]->cols == cols);
		MUST(g->row[i]->used >= 0 && g->row[i]->used <= cols);
		MUST(g->row[i]->fill.width == 1);
		row_copy(g->row[i], cells, cols);
		check_cells(cells, cols);
	}
	free(cells);
}

static void
check(struct emulator *e)
{
	struct place place = emulator_place(e);

	MUST(place.pos.row >= 0 && place.pos.row < e->rows);
	MUST(place.pos.col >= 0 && place.pos.col < e->cols);
	MUST(!place.wrapping || place.pos.col >= e->cols - 2);
	MUST(e->top >= 0 && e->bottom <= e->rows && e->bottom - e->top >= 2);
	MUST(e->reply.len <= EMULATOR_REPLY_MAX);
	for (int i = 0; i < SCREENS; i++)
		if (e->screens[i])
			check_grid(e->screens[i], e->rows, e->cols);
}

/* ---- agreement */

static bool
is_same_cell(struct cell a, struct cell b)
{
	return a.ch == b.ch && a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs &&
	       a.width == b.width && a.role == b.role;
}

static void
compare_screens(const struct emulator *a, const struct emulator *b)
{
	for (int row = 0; row < a->rows; row++) {
		const struct row *x = a->grid->row[row], *y = b->grid->row[row];

		MUST(x->wraps == y->wraps);
		for (int col = 0; col < a->cols; col++)
			MUST(is_same_cell(row_cell(x, col), row_cell(y, col)));
	}
}

static void
compare_scrollback(const struct emulator *a, const struct emulator *b)
{
	size_t size = (size_t)a->cols * sizeof(struct cell);
	struct cell *x = xmalloc(size), *y = xmalloc(size);
	int rows = scrollback_rows(a->scrollback, a->cols);
	bool x_wraps, y_wraps;

	MUST(rows == scrollback_rows(b->scrollback, b->cols));
	for (int n = 1; n <= rows; n++) {
		MUST(scrollback_row(a->scrollback, n, a->cols, x, &x_wraps));
		MUST(scrollback_row(b->scrollback, n, b->cols, y, &y_wraps));
		MUST(x_wraps == y_wraps);
		for (int col = 0; col < a->cols; col++)
			MUST(is_same_cell(x[col], y[col]));
		check_cells(x, a->cols);
	}
	free(x);
	free(y);
}

static void
compare(struct emulator *a, struct emulator *b)
{
	struct place x = emulator_place(a), y = emulator_place(b);

	MUST(a->rows == b->rows && a->cols == b->cols);
	MUST(
	    x.pos.row == y.pos.row && x.pos.col == y.pos.col && x.wrapping == y.wrapping);
	MUST(a->modes == b->modes && a->pushed == b->pushed);
	MUST(emulator_is_alt(a) == emulator_is_alt(b));
	MUST(a->reply.len == b->reply.len);
	MUST(memcmp(a->reply.data, b->reply.data, a->reply.len) == 0);
	compare_screens(a, b);
	compare_scrollback(a, b);
}

static void
feed_slowly(struct emulator *e, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		emulator_feed(e, bytes + i, 1);
}

static void
run_emulators(const struct plan *plan, const struct pane_events *events, void *ctx)
{
	struct pane_options options = {
		.rows = MAX(plan->rows, 2),
		.cols = MAX(plan->cols, 2),
		.scrollback_lines = HISTORY_LINES,
		.scrollback_bytes = 1 << 20,
	};
	struct emulator *a = emulator_new(&options, events, ctx);
	struct emulator *b = emulator_new(&options, events, ctx);
	size_t at = 0;

	b->direct = false;
	for (int i = 0; i <= plan->resizes; i++) {
		size_t end = i < plan->resizes ? MAX(plan->resize[i].at, at) : plan->len;

		emulator_feed(a, plan->text + at, end - at);
		feed_slowly(b, plan->text + at, end - at);
		check(a);
		check(b);
		compare(a, b);
		at = end;
		if (i == plan->resizes)
			break;
		emulator_resize(
		    a, MAX(plan->resize[i].rows, 2), MAX(plan->resize[i].cols, 2));
		emulator_resize(
		    b, MAX(plan->resize[i].rows, 2), MAX(plan->resize[i].cols, 2));
		compare(a, b);
	}
	emulator_free(a);
	emulator_free(b);
}

/* ---- the pane, by its public face */

static void
on_bytes(void *ctx, const char *bytes, size_t len)
{
	uint32_t *sum = ctx;

	for (size_t i = 0; i < len; i++)
		*sum = *sum * 31 + (unsigned char)bytes[i];
}

static void
on_title(void *ctx, const char *title)
{
	size_t len = strlen(title);

	for (size_t i = 0; i < len; i++)
		MUST((unsigned char)title[i] >= 0x20 && title[i] != 0x7f);
	on_bytes(ctx, title, len);
}

static void
on_event(void *ctx)
{
	on_bytes(ctx, "!", 1);
}

static const struct pane_events events = {
	.write = on_bytes,
	.changed = on_event,
	.title = on_title,
	.bell = on_event,
	.clipboard = on_bytes,
};

static void
look_at(struct pane *p)
{
	struct cell cells[COLS_SPAN + 8];
	struct pane_cursor cursor = pane_cursor(p);
	int above = pane_scrollback(p);

	MUST(cursor.row < pane_rows(p) && cursor.col < pane_cols(p));
	MUST(pane_view_offset(p) >= 0 && pane_view_offset(p) <= above);
	for (int row = -above; row < pane_rows(p); row++) {
		MUST(pane_row(p, row, cells, (int)ARRAY_LEN(cells)));
		check_cells(cells, (int)ARRAY_LEN(cells));
		MUST(pane_row(p, row, cells, 3));
		check_cells(cells, 3);
	}
	MUST(!pane_row(p, pane_rows(p), cells, 1) && !pane_row(p, -above - 1, cells, 1));
	free(pane_text(p, -above, pane_rows(p)));
}

static void
poke(struct pane *p, int i, const char *bytes, size_t len)
{
	struct key key = { .code = KEY_MOUSE,
		.mouse = { .kind = (enum mouse_kind)(i % 5),
		    .button = i % 4,
		    .row = i,
		    .col = i } };

	pane_scroll_view(p, i % 2 ? 7 : -3);
	pane_key(p, key);
	pane_key(p, (struct key){ .code = KEY_FIRST_NAMED + (uint32_t)i, .mods = i % 8 });
	if (i % 3 == 1)
		pane_note(p, "a note that is long enough to be cut on most screens");
	if (i % 3 == 2)
		pane_paste(p, bytes, MIN(len, (size_t)64));
}

static void
run_pane(const struct plan *plan)
{
	struct pane_options options = {
		.rows = plan->rows, .cols = plan->cols, .scrollback_lines = HISTORY_LINES
	};
	uint32_t sum = 0;
	struct pane *p = pane_new(&options, &events, &sum);
	size_t at = 0;

	for (int i = 0; i <= plan->resizes; i++) {
		size_t end = i < plan->resizes ? MAX(plan->resize[i].at, at) : plan->len;

		pane_feed(p, plan->text + at, end - at);
		look_at(p);
		poke(p, i + (int)(plan->len % 7), plan->text + at, end - at);
		at = end;
		if (i < plan->resizes)
			pane_resize(p, plan->resize[i].rows, plan->resize[i].cols);
		look_at(p);
	}
	if (plan->len % 4 == 0)
		pane_reset(p);
	pane_feed(p, plan->text, plan->len);
	look_at(p);
	pane_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan plan;
	uint32_t sum = 0;

	if (!make_plan(&plan, data, size))
		return 0;
	run_emulators(&plan, &events, &sum);
	run_pane(&plan);
	return 0;
}
