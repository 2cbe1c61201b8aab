/* What hostile output may cost, and the corners of the pane's calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "term/emulator.h"
#include "term/keys.h"
#include "term/pane.h"

struct watch {
	struct buf written;
	int writes, changes, bells;
};

static void
on_write(void *ctx, const char *bytes, size_t len)
{
	struct watch *w = ctx;

	w->writes++;
	buf_add(&w->written, bytes, len);
}

static void
on_changed(void *ctx)
{
	struct watch *w = ctx;

	w->changes++;
}

static void
on_bell(void *ctx)
{
	struct watch *w = ctx;

	w->bells++;
}

static const struct pane_events events = {
	.write = on_write,
	.changed = on_changed,
	.bell = on_bell,
};

static struct pane *
open_pane(struct watch *w, int rows, int cols)
{
	struct pane_options options = { .rows = rows, .cols = cols };

	*w = (struct watch){ 0 };
	buf_init(&w->written, 1 << 20);
	return pane_new(&options, &events, w);
}

static void
close_pane(struct pane *p, struct watch *w)
{
	pane_free(p);
	buf_clear(&w->written);
}

static void
feed(struct pane *p, const char *text)
{
	pane_feed(p, text, strlen(text));
}

/* Many questions in one piece are answered in part, with whole answers; the next piece is
 * answered again. */
static void
test_answers_are_limited(void **state UNUSED)
{
	static const char question[] = "\033[6n", answer[] = "\033[1;1R";
	size_t size = sizeof answer - 1;
	struct watch w;
	struct pane *p = open_pane(&w, 24, 80);
	struct buf input;

	buf_init(&input, 1 << 20);
	for (int i = 0; i < 10000; i++)
		buf_add_str(&input, question);
	pane_feed(p, input.data, input.len);
	assert_int_equal(w.writes, 1);
	assert_in_range(w.written.len, EMULATOR_REPLY_MAX - size, EMULATOR_REPLY_MAX);
	assert_int_equal(w.written.len % size, 0);
	for (size_t i = 0; i < w.written.len; i += size)
		assert_memory_equal(w.written.data + i, answer, size);
	buf_reset(&w.written);
	feed(p, question);
	assert_string_equal(w.written.data, answer);
	buf_clear(&input);
	close_pane(p, &w);
}

static void
test_changes_are_reported_once_per_call(void **state UNUSED)
{
	static const struct {
		const char *text;
		int changes;
	} cases[] = {
		{ "abc\r\ndef\033[31mx\033[H\033[2Jy", 1 },
		{ "\033[?25l", 1 },
		{ "", 0 },
		{ "\033]0;title\a", 0 },
		{ "\a\a", 0 },
		{ "\033[", 0 },
	};
	struct watch w;
	struct pane *p = open_pane(&w, 24, 80);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		w.changes = 0;
		feed(p, cases[i].text);
		assert_int_equal(w.changes, cases[i].changes);
	}
	w.changes = 0;
	pane_resize(p, 30, 90);
	assert_int_equal(w.changes, 1);
	pane_resize(p, 30, 90);
	assert_int_equal(w.changes, 1);
	pane_note(p, "note");
	assert_int_equal(w.changes, 2);
	pane_reset(p);
	assert_int_equal(w.changes, 3);
	pane_view_live(p);
	assert_int_equal(w.changes, 3);
	pane_scroll_view(p, 1);
	assert_int_equal(w.changes, 4);
	pane_key(p, (struct key){ .code = 'a' });
	assert_int_equal(w.changes, 5);
	close_pane(p, &w);
}

static void
test_every_event_may_be_missing(void **state UNUSED)
{
	static const struct pane_events none = { 0 };
	struct pane_options options = { .rows = 5, .cols = 20 };
	struct pane *p = pane_new(&options, &none, NULL);

	feed(p, "a\a\033]0;t\a\033]52;c;YQ==\a\033[c\033]11;?\a\033[?1004h");
	pane_key(p, (struct key){ .code = 'a' });
	pane_paste(p, "x", 1);
	pane_focus(p, true);
	assert_int_equal(pane_cursor(p).col, 1);
	pane_free(p);
	pane_free(NULL);
}

static void
test_sizes_are_clamped(void **state UNUSED)
{
	static const struct {
		int rows, cols, want_rows, want_cols;
	} cases[] = { { 0, 0, 2, 2 }, { -1, 5, 2, 5 }, { 1, 1, 2, 2 }, { 24, 80, 24, 80 },
		{ INT32_MAX, INT32_MAX, 1000, 1000 }, { INT32_MIN, 3, 2, 3 } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct watch w;
		struct pane *p = open_pane(&w, cases[i].rows, cases[i].cols);

		assert_int_equal(pane_rows(p), cases[i].want_rows);
		assert_int_equal(pane_cols(p), cases[i].want_cols);
		pane_resize(p, 10, 10);
		pane_resize(p, cases[i].rows, cases[i].cols);
		assert_int_equal(pane_rows(p), cases[i].want_rows);
		assert_int_equal(pane_cols(p), cases[i].want_cols);
		close_pane(p, &w);
	}
}

static void
test_rows_that_are_not_there(void **state UNUSED)
{
	static const int rows[] = { 5, 1000, INT32_MAX, -2, -1000, INT32_MIN };
	struct cell cells[20];
	struct watch w;
	struct pane *p = open_pane(&w, 5, 20);
	char *text;

	feed(p, "1\r\n2\r\n3\r\n4\r\n5\r\n6");
	assert_true(pane_row(p, -1, cells, 20));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_false(pane_row(p, rows[i], cells, 20));
	assert_true(pane_row(p, 0, cells, 0));
	assert_false(pane_row(p, 0, cells, -1));
	text = pane_text(p, INT32_MIN, INT32_MAX);
	assert_string_equal(text, "1\n2\n3\n4\n5\n6");
	free(text);
	text = pane_text(p, 3, 1);
	assert_string_equal(text, "");
	free(text);
	close_pane(p, &w);
}

/* A row may be asked for at any width: padded, or cut without half a character. */
static void
test_rows_at_other_widths(void **state UNUSED)
{
	struct cell cells[40];
	struct watch w;
	struct pane *p = open_pane(&w, 2, 6);

	feed(p, "\xe6\x97\xa5\xe6\x9c\xac\r\n\xe6\x97\xa5\xe6\x9c\xac\r\n");
	for (int row = -1; row < 1; row++) {
		assert_true(pane_row(p, row, cells, 40));
		assert_int_equal(cells[2].width, 2);
		for (int col = 4; col < 40; col++) {
			assert_int_equal(cells[col].ch, 0);
			assert_int_equal(cells[col].width, 1);
		}
		assert_true(pane_row(p, row, cells, 3));
		assert_int_equal(cells[0].width, 2);
		assert_int_equal(cells[2].width, 1);
		assert_int_equal(cells[2].ch, 0);
	}
	close_pane(p, &w);
}

/* The view is held within what there is. */
static void
test_the_view_is_clamped(void **state UNUSED)
{
	struct watch w;
	struct pane *p = open_pane(&w, 2, 10);

	pane_scroll_view(p, 10);
	assert_int_equal(pane_view_offset(p), 0);
	feed(p, "1\r\n2\r\n3\r\n4\r\n5");
	pane_scroll_view(p, INT32_MAX);
	assert_int_equal(pane_view_offset(p), 3);
	pane_scroll_view(p, INT32_MAX);
	assert_int_equal(pane_view_offset(p), 3);
	pane_scroll_view(p, INT32_MIN);
	assert_int_equal(pane_view_offset(p), 0);
	close_pane(p, &w);
}

/* Marks without end grow neither a cell nor the process. */
static void
test_marks_without_end(void **state UNUSED)
{
	struct watch w;
	struct pane *p = open_pane(&w, 5, 20);
	struct cell cells[20];
	uint32_t scalars[6];

	feed(p, "a");
	for (int i = 0; i < 100000; i++)
		feed(p, "\xcc\x81");
	assert_true(pane_row(p, 0, cells, 20));
	assert_int_equal(cell_scalars(cells[0].ch, scalars), 6);
	assert_int_equal(pane_cursor(p).col, 1);
	close_pane(p, &w);
}

/* Screens are cleared, filled and scrolled by a few bytes each; it must not cost a
 * screen's cells each time. Counted in cells, not in time: rows are cleared without being
 * written. */
static void
test_clearing_writes_no_cells(void **state UNUSED)
{
	struct grid *g = grid_new(4, 1000);
	struct cell red = { .bg = COLOR_INDEXED(1), .width = 1 };

	grid_erase(g, (struct rect){ 0, 0, 4, 1000 }, red);
	for (int i = 0; i < 4; i++)
		assert_int_equal(g->row[i]->used, 0);
	grid_scroll(g, 0, 4, 2, red);
	assert_int_equal(g->row[3]->used, 0);
	row_put(g->row[0], 10, (struct cell){ .ch = 'x', .width = 1 });
	assert_int_equal(g->row[0]->used, 11);
	assert_int_equal(row_cell(g->row[0], 9).bg, red.bg);
	row_erase(g->row[0], 5, 1000, CELL_BLANK);
	assert_int_equal(g->row[0]->used, 5);
	assert_int_equal(row_cell(g->row[0], 4).bg, red.bg);
	assert_int_equal(row_cell(g->row[0], 999).bg, COLOR_DEFAULT);
	grid_free(g);
	grid_free(NULL);
}

static void
test_keys_that_mean_nothing(void **state UNUSED)
{
	static const uint32_t codes[] = { KEY_NONE, KEY_F12 + 1, KEY_F12 + 1000,
		UINT32_MAX, 0x110000, 0xd800, KEY_FIRST_NAMED - 1 };
	struct watch w;
	struct pane *p = open_pane(&w, 5, 20);

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_false(pane_key(p, (struct key){ .code = codes[i] }));
	assert_int_equal(w.writes, 0);
	close_pane(p, &w);
}

/* The end marker never gets through, whatever it is hidden in. */
static void
test_no_paste_contains_the_end_marker(void **state UNUSED)
{
	static const char end[] = "\033[201~";
	static const char *const parts[] = { "\033", "[", "2", "0", "1", "~", "\033[201~",
		"\033[20", "1~" };
	uint32_t seed = 1;

	for (int round = 0; round < 2000; round++) {
		struct buf text, out;

		buf_init(&text, 4096);
		buf_init(&out, 8192);
		for (int i = 0; i < 30; i++) {
			seed = seed * 1664525u + 1013904223u;
			buf_add_str(&text, parts[(seed >> 8) % ARRAY_LEN(parts)]);
		}
		paste_encode(text.data, text.len, MODE_PASTE, &out);
		assert_true(out.len >= 12);

		const char *found = strstr(out.data, end);

		assert_ptr_equal(found, out.data + out.len - (sizeof end - 1));
		buf_clear(&text);
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_are_limited),
		cmocka_unit_test(test_changes_are_reported_once_per_call),
		cmocka_unit_test(test_every_event_may_be_missing),
		cmocka_unit_test(test_sizes_are_clamped),
		cmocka_unit_test(test_rows_that_are_not_there),
		cmocka_unit_test(test_rows_at_other_widths),
		cmocka_unit_test(test_the_view_is_clamped),
		cmocka_unit_test(test_marks_without_end),
		cmocka_unit_test(test_clearing_writes_no_cells),
		cmocka_unit_test(test_keys_that_mean_nothing),
		cmocka_unit_test(test_no_paste_contains_the_end_marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
