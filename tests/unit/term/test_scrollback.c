/* Packed lines, and the scrollback against a model that keeps everything unpacked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "term/packed.h"
#include "term/scrollback.h"

enum { COLS = 12, LINES_MAX = 400, LINE_CELLS = 2000, SIZE_BIG = 1 << 24 };

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void
assert_same_cells(const struct cell *got, const struct cell *want, int count)
{
	for (int i = 0; i < count; i++) {
		assert_int_equal(got[i].ch, want[i].ch);
		assert_int_equal(got[i].fg, want[i].fg);
		assert_int_equal(got[i].bg, want[i].bg);
		assert_int_equal(got[i].attrs, want[i].attrs);
		assert_int_equal(got[i].width, want[i].width);
	}
}

/* Characters of each size a line may be packed in, in runs of colour. */
static int
random_cells(struct cell *out, int max, uint32_t *seed)
{
	static const uint32_t highest[] = { 0x7e, 0xff, 0xffff, 0x1ffff,
		CELL_CLUSTER | 9 };
	uint32_t limit = highest[next_random(seed) % ARRAY_LEN(highest)];
	int len = (int)(next_random(seed) % (uint32_t)(max + 1));
	struct cell pen = { .width = 1 };
	int i = 0;

	while (i < len) {
		if (next_random(seed) % 5 == 0)
			pen = (struct cell){ .fg = COLOR_INDEXED(next_random(seed) % 3),
				.bg = next_random(seed) % 2 ? COLOR_DEFAULT
							    : COLOR_RGB(1, 2, 3),
				.attrs = (uint16_t)(next_random(seed) % 4),
				.width = 1 };
		out[i] = pen;
		out[i].ch =
		    limit >= CELL_CLUSTER ? limit : next_random(seed) % (limit + 1);
		if (i + 1 < len && next_random(seed) % 3 == 0) {
			out[i].width = 2;
			out[i + 1] = pen;
			out[++i].width = 0;
		}
		i++;
	}
	return len;
}

static void
test_packing_loses_nothing(void **state UNUSED)
{
	struct cell cells[300], back[300];
	uint32_t seed = 1;

	for (int round = 0; round < 500; round++) {
		int len = random_cells(cells, (int)ARRAY_LEN(cells), &seed);
		struct packed *p = packed_new(cells, len);

		assert_int_equal(p->len, len);
		packed_cells(p, 0, len, back);
		assert_same_cells(back, cells, len);
		for (int from = 0; from < len; from += 7)
			if (cells[from].width) {
				packed_cells(p, from, len, back);
				assert_same_cells(back, cells + from, len - from);
			}
		for (int i = 0; i < len; i++)
			assert_int_equal(packed_is_tail(p, i), cells[i].width == 0);
		free(p);
	}
}

static void
test_a_plain_line_is_small(void **state UNUSED)
{
	struct cell cells[100];
	struct packed *p;

	for (int i = 0; i < 100; i++)
		cells[i] = (struct cell){ .ch = 'a', .width = 1 };
	p = packed_new(cells, 100);
	assert_true(packed_size(p) <= 100 + 16);
	free(p);
	cells[50].ch = 0x4e00;
	p = packed_new(cells, 100);
	assert_true(packed_size(p) <= 200 + 16);
	free(p);
}

/* ---- the model: logical lines as plain cells */

struct model {
	struct cell *lines[LINES_MAX]; /* owned */
	int len[LINES_MAX];
	int count;
	bool open; /* the last line goes on */
};

static void
model_push(struct model *m, const struct cell *cells, int len, bool wraps)
{
	if (!m->open) {
		assert_true(m->count < LINES_MAX);
		m->lines[m->count] = xcalloc(LINE_CELLS, sizeof **m->lines);
		m->len[m->count++] = 0;
	}

	int last = m->count - 1;

	assert_true(m->len[last] + len <= LINE_CELLS);
	memcpy(m->lines[last] + m->len[last], cells, (size_t)len * sizeof *cells);
	m->len[last] += len;
	m->open = wraps;
}

static void
model_clear(struct model *m)
{
	for (int i = 0; i < m->count; i++)
		free(m->lines[i]);
	*m = (struct model){ 0 };
}

/* Compares all rows at one width, from the oldest. */
static void
compare(const struct model *m, struct scrollback *sb, int cols)
{
	struct cell *got = xcalloc((size_t)cols, sizeof *got);
	int n = scrollback_rows(sb, cols);
	bool wraps;

	for (int line = 0; line < m->count; line++) {
		int at = 0;

		do {
			int end = MIN(at + cols, m->len[line]);

			if (end < m->len[line] && m->lines[line][end].width == 0)
				end--;
			assert_true(scrollback_row(sb, n--, cols, got, &wraps));
			assert_same_cells(got, m->lines[line] + at, end - at);
			for (int i = end - at; i < cols; i++)
				assert_same_cells(
				    &got[i], &(struct cell){ .width = 1 }, 1);
			at = end;
			assert_int_equal(wraps,
			    at < m->len[line] || (line == m->count - 1 && m->open));
		} while (at < m->len[line]);
	}
	assert_int_equal(n, 0);
	free(got);
}

/* A row as the emulator pushes it: full when it wraps, but for the place that a wide
 * character did not fit in. */
static void
push_random_row(struct model *m, struct scrollback *sb, uint32_t *seed)
{
	struct row *row = row_new(COLS), *next = row_new(COLS);
	int len = random_cells(row->cells, COLS, seed);

	row->used = len;
	row->wraps = len >= COLS - 1 && len > 0 && next_random(seed) % 2;
	if (row->wraps && len == COLS - 1)
		row_put(next, 0, (struct cell){ .ch = 0x4e00, .width = 2 });
	/* a blank there would be such a place */
	if (row->wraps && len == COLS && row->cells[COLS - 1].width == 1)
		row->cells[COLS - 1].ch = 'x';
	while (!row->wraps && len > 0 && row_length(row) < len)
		row->used = --len;
	scrollback_push(sb, row, next);
	model_push(m, row->cells, len, row->wraps);
	free(row);
	free(next);
}

static void
test_rows_at_any_width(void **state UNUSED)
{
	uint32_t seed = 5;

	for (int round = 0; round < 20; round++) {
		struct scrollback *sb = scrollback_new(LINES_MAX, SIZE_BIG);
		struct model m = { 0 };

		for (int i = 0; i < 120; i++) {
			push_random_row(&m, sb, &seed);
			/* counted before: kept up to date */
			if (i % 17 == 0)
				compare(&m, sb, 2 + (int)(next_random(&seed) % 30));
		}
		for (int cols = 2; cols < 40; cols++)
			compare(&m, sb, cols);
		assert_int_equal(scrollback_lines(sb), m.count);
		scrollback_free(sb);
		model_clear(&m);
	}
}

/* What was pushed comes back in reverse, wrapped at the width that is asked for. */
static void
test_popping_is_pushing_reversed(void **state UNUSED)
{
	uint32_t seed = 9;

	for (int cols = 2; cols < 20; cols++) {
		struct scrollback *sb = scrollback_new(LINES_MAX, SIZE_BIG);
		struct model m = { 0 };
		struct row *row;
		int rows, popped = 0;
		struct cell *want = xcalloc((size_t)cols, sizeof *want);

		for (int i = 0; i < 60; i++)
			push_random_row(&m, sb, &seed);
		scrollback_close(sb);
		rows = scrollback_rows(sb, cols);
		for (bool wraps; popped < rows; popped++) {
			assert_int_equal(scrollback_rows(sb, cols), rows - popped);
			assert_true(scrollback_row(sb, 1, cols, want, &wraps));
			row = scrollback_pop(sb, cols);
			assert_non_null(row);
			for (int col = 0; col < cols; col++) {
				struct cell got = row_cell(row, col);

				assert_same_cells(&got, &want[col], 1);
			}
			assert_int_equal(row->wraps, wraps);
			free(row);
		}
		assert_null(scrollback_pop(sb, cols));
		free(want);
		scrollback_free(sb);
		model_clear(&m);
	}
}

static void
push_text(struct scrollback *sb, const char *text, bool wraps)
{
	struct row *row = row_new(COLS);

	for (int i = 0; text[i]; i++)
		row_put(
		    row, i, (struct cell){ .ch = (unsigned char)text[i], .width = 1 });
	row->wraps = wraps;
	scrollback_push(sb, row, NULL);
	free(row);
}

static void
test_lines_are_limited(void **state UNUSED)
{
	struct scrollback *sb = scrollback_new(100, SIZE_BIG);
	struct cell cells[COLS];
	char text[COLS];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "%d", i);
		push_text(sb, text, false);
		assert_true(scrollback_lines(sb) <= 100);
		assert_int_equal(scrollback_rows(sb, COLS), MIN(i + 1, 100));
	}
	assert_true(scrollback_row(sb, 100, COLS, cells, NULL));
	assert_int_equal(cells[0].ch, '9');
	assert_int_equal(cells[2].ch, '0');
	scrollback_free(sb);
}

static void
test_bytes_are_limited(void **state UNUSED)
{
	struct scrollback *sb = scrollback_new(1 << 30, 10000);

	for (int i = 0; i < 5000; i++)
		push_text(sb, "0123456789", i % 3 == 0);
	assert_true(scrollback_bytes(sb) <= 10000 + COLS * 4 * sizeof(struct cell));
	assert_true(scrollback_lines(sb) > 50);
	scrollback_free(sb);
}

/* A line without an end is cut, and takes no more than its limit. */
static void
test_an_endless_line_is_limited(void **state UNUSED)
{
	struct scrollback *sb = scrollback_new(100, 1 << 20);
	size_t most = 0;

	for (int i = 0; i < 200000; i++) {
		push_text(sb, "0123456789ab", true);
		most = MAX(most, scrollback_bytes(sb));
	}
	assert_true(most < 4 << 20);
	assert_true(scrollback_lines(sb) > 10);
	scrollback_free(sb);
}

static void
test_closing_ends_the_open_line(void **state UNUSED)
{
	struct scrollback *sb = scrollback_new(100, SIZE_BIG);
	struct cell cells[40], *open;
	bool wraps;
	int len;

	push_text(sb, "0123456789ab", true);
	assert_true(scrollback_row(sb, 1, 40, cells, &wraps));
	assert_true(wraps);
	scrollback_close(sb);
	assert_true(scrollback_row(sb, 1, 40, cells, &wraps));
	assert_false(wraps);
	assert_null(scrollback_take_open(sb, &len));

	push_text(sb, "cdefghijklmn", true);
	push_text(sb, "opqrstuvwxyz", true);
	assert_int_equal(scrollback_rows(sb, 40), 2);
	open = scrollback_take_open(sb, &len);
	assert_non_null(open);
	assert_int_equal(len, 24);
	assert_int_equal(open[23].ch, 'z');
	assert_int_equal(scrollback_rows(sb, 40), 1);
	free(open);
	scrollback_free(sb);
}

static void
test_marks(void **state UNUSED)
{
	struct scrollback *sb = scrollback_new(3, SIZE_BIG);
	long mark;

	push_text(sb, "0123456789", false);
	push_text(sb, "abc", false);
	mark = scrollback_mark(sb, 2, COLS);
	assert_int_equal(scrollback_find(sb, mark, COLS), 2);
	assert_int_equal(scrollback_find(sb, mark, 5), 3);
	assert_int_equal(scrollback_mark(sb, 2, 5), mark);
	push_text(sb, "d", false);
	push_text(sb, "e", false);
	/* dropped */
	assert_int_equal(scrollback_find(sb, mark, COLS), 0);
	assert_int_equal(scrollback_mark(sb, 4, COLS), -1);
	assert_int_equal(scrollback_mark(sb, 0, COLS), -1);
	scrollback_free(sb);
}

static void
test_clearing(void **state UNUSED)
{
	struct scrollback *sb = scrollback_new(10, SIZE_BIG);
	struct cell cells[COLS];

	push_text(sb, "abc", false);
	push_text(sb, "0123456789ab", true);
	assert_int_equal(scrollback_rows(sb, COLS), 2);
	scrollback_clear(sb);
	assert_int_equal(scrollback_rows(sb, COLS), 0);
	assert_int_equal(scrollback_lines(sb), 0);
	assert_false(scrollback_row(sb, 1, COLS, cells, NULL));
	push_text(sb, "x", false);
	assert_true(scrollback_row(sb, 1, COLS, cells, NULL));
	assert_int_equal(cells[0].ch, 'x');
	scrollback_free(sb);
	scrollback_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packing_loses_nothing),
		cmocka_unit_test(test_a_plain_line_is_small),
		cmocka_unit_test(test_rows_at_any_width),
		cmocka_unit_test(test_popping_is_pushing_reversed),
		cmocka_unit_test(test_lines_are_limited),
		cmocka_unit_test(test_bytes_are_limited),
		cmocka_unit_test(test_an_endless_line_is_limited),
		cmocka_unit_test(test_closing_ends_the_open_line),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_clearing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
