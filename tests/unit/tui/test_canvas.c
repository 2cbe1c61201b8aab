/* Canvas clipping, text that is not clean, wide characters, and the small drawings. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_screen.h"
#include "tui/canvas.h"
#include "tui/widgets.h"

static struct grid grid;

static struct canvas
fresh(int rows, int cols, bool ascii)
{
	grid_dispose(&grid);
	grid_init(&grid, rows, cols);
	return canvas_of(&grid, ascii ? &glyphs_ascii : &glyphs_unicode);
}

static void
assert_grid(const char *expected)
{
	char *text = grid_text(&grid, 0);

	assert_string_equal(text, expected);
	free(text);
}

static void
test_text_is_clipped(void **state)
{
	(void)state;
	struct canvas c = fresh(3, 8, false);
	struct canvas sub = canvas_sub(&c, 1, 2, 1, 4);

	assert_int_equal(canvas_text(&sub, 0, 1, ROLE_TEXT, "abcdef"), 4);
	canvas_text(&sub, 1, 0, ROLE_TEXT, "below");
	canvas_text(&sub, -1, 0, ROLE_TEXT, "above");
	canvas_text(&sub, 0, -2, ROLE_TEXT, "xyz");
	assert_grid("        |\n  zabc  |\n        |\n");
}

static void
test_sub_of_sub(void **state)
{
	(void)state;
	struct canvas c = fresh(4, 8, false);
	struct canvas sub = canvas_sub(&c, 1, 1, 10, 10);

	assert_int_equal(sub.area.rows, 3);
	assert_int_equal(sub.area.cols, 7);
	sub = canvas_sub(&sub, 1, 5, 5, 5);
	assert_int_equal(sub.area.rows, 2);
	assert_int_equal(sub.area.cols, 2);
	canvas_text(&sub, 0, 0, ROLE_TEXT, "abc");
	sub = canvas_sub(&sub, 5, 5, 1, 1);
	canvas_text(&sub, 0, 0, ROLE_TEXT, "nothing");
	canvas_fill(&sub, ROLE_TEXT);
	canvas_frame(&sub, ROLE_FRAME, "t", "f");
	assert_grid("        |\n        |\n      ab|\n        |\n");
}

static void
test_unclean_text(void **state)
{
	static const struct {
		const char *text, *row;
	} cases[] = {
		{ "a\033[31mb", "a\xef\xbf\xbd[31mb" },
		{ "a\nb", "a\xef\xbf\xbd"
			  "b" },
		{ "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a\xe2\x80\xae"
		  "b",
		    "a\xef\xbf\xbd"
		    "b" },
		{ "e\xcc\x81x", "e\xcc\x81x" },
		{ "\xcc\x81x", "\xcc\x81x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct canvas c = fresh(1, 10, false);
		char *text;
		canvas_text(&c, 0, 0, ROLE_TEXT, cases[i].text);
		text = grid_text(&grid, 0);
		assert_memory_equal(text, cases[i].row, strlen(cases[i].row));
		assert_null(strchr(text, '\033'));
		free(text);
	}
}

/* Half a wide character never stays: neither at an edge nor where something is drawn
 * over one half. */
static void
test_wide(void **state)
{
	(void)state;
	struct canvas c = fresh(1, 6, false);

	canvas_text(&c, 0, 0, ROLE_TEXT, "日本語");
	assert_grid("日本語|\n");
	canvas_text(&c, 0, 1, ROLE_TEXT, "x");
	assert_grid(" x本語|\n");
	canvas_text(&c, 0, 2, ROLE_TEXT, "y");
	assert_grid(" xy 語|\n");
	canvas_text(&c, 0, 3, ROLE_TEXT, "日");
	assert_grid(" xy日 |\n");
	canvas_text(&c, 0, 5, ROLE_TEXT, "日");
	assert_grid(" xy日 |\n");

	struct canvas sub = canvas_sub(&c, 0, 4, 1, 2);
	canvas_text(&sub, 0, 0, ROLE_TEXT, "z");
	assert_grid(" xy z |\n");
}

static void
test_field(void **state)
{
	static const struct {
		const char *text;
		int width;
		bool right, ascii;
		const char *row;
	} cases[] = {
		{ "abc", 5, false, false, "abc  ....|\n" },
		{ "abc", 5, true, false, "  abc....|\n" },
		{ "abcdef", 5, false, false, "abcd…....|\n" },
		{ "abcdef", 5, true, true, "abcd~....|\n" },
		{ "abcde", 5, false, false, "abcde....|\n" },
		{ "日本語", 5, false, false, "日本…....|\n" },
		{ "日本語", 4, false, false, "日… .....|\n" },
		{ "x", 0, false, false, ".........|\n" },
		{ "xy", 1, false, false, "…........|\n" },
		{ "", 3, true, false, "   ......|\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct canvas c = fresh(1, 9, cases[i].ascii);
		canvas_text(&c, 0, 0, ROLE_TEXT, ".........");
		canvas_field(
		    &c, 0, 0, cases[i].width, cases[i].right, ROLE_TEXT, cases[i].text);
		assert_grid(cases[i].row);
	}
}

static void
test_frame(void **state)
{
	(void)state;
	struct canvas c = fresh(3, 12, true);
	struct canvas in = canvas_frame(&c, ROLE_FRAME, "Title", NULL);

	canvas_text(&in, 0, 0, ROLE_TEXT, "inside is cut");
	assert_grid("+- Title --+|\n|inside is ||\n+----------+|\n");
	c = fresh(2, 12, true);
	canvas_frame(&c, ROLE_FRAME_FOCUS, "A long title", "foot");
	assert_grid("+= A lon~ =+|\n+= foot ===+|\n");
	c = fresh(1, 1, true);
	canvas_frame(&c, ROLE_FRAME, "t", "f");
	assert_grid(" |\n");
}

/* Nothing of a pane or a name gets past the ASCII set. */
static void
test_ascii_only(void **state)
{
	(void)state;
	struct canvas c = fresh(1, 12, true);

	canvas_text(&c, 0, 0, ROLE_TEXT, "é│─┌…日x");
	canvas_cell(&c, 0, 8, (struct cell){ .ch = 0x65e5, .width = 2 });
	canvas_cell(&c, 0, 10, (struct cell){ .ch = 0x2588, .width = 1 });
	assert_grid("?|-+~??x??# |\n");
	for (int i = 0; i < 12; i++)
		assert_true(grid.cells[i].ch < 0x7f);
}

static void
test_roles_and_cursor(void **state)
{
	(void)state;
	struct canvas c = fresh(2, 6, true);
	struct canvas sub = canvas_sub(&c, 1, 1, 1, 4);
	char *text;

	canvas_text(&sub, 0, 0, ROLE_TEXT, "abcd");
	canvas_role(&sub, 0, 1, 10, ROLE_WARN);
	canvas_attr(&sub, 0, 0, 1, ATTR_BOLD);
	canvas_role(&sub, 3, 0, 4, ROLE_CRIT);
	canvas_cursor(&sub, 0, 2);
	canvas_cursor(&sub, 0, 9); /* outside: stays where it was */
	text = grid_text(&grid, FAKE_ROLES);
	assert_string_equal(text, "      |\n a{warn:b^cd} |\n");
	assert_int_equal(grid.cells[7].attrs, ATTR_BOLD);
	free(text);
}

/* ---- widgets */

static void
test_spark(void **state)
{
	static const float values[] = { 0, 1, 12.5f, 13, 50, 99, 100, 150, NAN, -3 };

	(void)state;
	struct canvas c = fresh(1, 12, true);
	widget_spark(&c, 0, 0, 12, ROLE_GRAPH1, values, 10);
	assert_grid("__.::-+@@@_.|\n");
	c = fresh(1, 4, false);
	widget_spark(&c, 0, 0, 4, ROLE_GRAPH1, values, 10);
	assert_grid("██·▁|\n");
}

static void
graph_case(enum graph_style style, bool ascii, const float *values, int count, int rows,
    int cols, const char *expected)
{
	struct canvas c = fresh(rows, cols, ascii);

	widget_graph(&c, &(struct graph){ .values = values,
			     .count = count,
			     .style = style,
			     .role = ROLE_GRAPH1,
			     .mark = -1 });
	assert_grid(expected);
}

/* A gap is empty, zero is the lowest step: they never look the same. */
static void
test_graph(void **state)
{
	static const float ramp[] = { 0, 25, 50, 75, 100, NAN };

	(void)state;
	graph_case(GRAPH_ASCII, true, ramp, 6, 2, 6, "   :# |\n.:### |\n");
	graph_case(GRAPH_BLOCK, false, ramp, 6, 2, 6, "   ▄█ |\n▁▄███ |\n");
	graph_case(GRAPH_BRAILLE, false, ramp, 6, 1, 3, "⣀⣴⡇|\n");
	graph_case(GRAPH_BRAILLE, true, ramp, 6, 1, 6, "..:## |\n");
	graph_case(GRAPH_BLOCK, false, ramp + 4, 1, 1, 3, "  █|\n");
	graph_case(GRAPH_BLOCK, false, ramp, 0, 1, 2, "  |\n");

	struct canvas c = fresh(1, 4, false);
	assert_int_equal(graph_buckets(&c, GRAPH_BRAILLE, 4), 8);
	c = fresh(1, 4, true);
	assert_int_equal(graph_buckets(&c, GRAPH_BRAILLE, 4), 4);
}

static void
test_graph_mark(void **state)
{
	static const float values[] = { 10, 20, 30, 40 };

	(void)state;
	struct canvas c = fresh(1, 2, false);
	widget_graph(&c, &(struct graph){ .values = values,
			     .count = 4,
			     .style = GRAPH_BRAILLE,
			     .role = ROLE_GRAPH1,
			     .mark = 1 });
	assert_int_equal(grid.cells[0].attrs, ATTR_REVERSE);
	assert_int_equal(grid.cells[1].attrs, 0);
}

static void
test_bar(void **state)
{
	static const struct {
		float percent;
		const char *row;
	} cases[] = {
		{ 0, "[....]|\n" },
		{ 50, "[##..]|\n" },
		{ 100, "[####]|\n" },
		{ 999, "[####]|\n" },
		{ NAN, "[--  ]|\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct canvas c = fresh(1, 6, true);
		widget_bar(&c, 0, 0, 6, ROLE_OK, cases[i].percent);
		assert_grid(cases[i].row);
	}
}

static void
test_wrapped_text(void **state)
{
	(void)state;
	struct canvas c = fresh(5, 8, true);

	assert_int_equal(
	    widget_text(&c, 0, 0, ROLE_TEXT, "one two three\nfour\nverylongword"), 5);
	assert_grid("one two |\nthree   |\nfour    |\nverylong|\nword    |\n");
	assert_int_equal(widget_text_rows("one two three\nfour", 8), 3);
	assert_int_equal(widget_text_rows("", 8), 0);
	assert_int_equal(widget_text_rows("abc", 0), 3);
}

static void
test_columns(void **state)
{
	static const struct {
		int width;
		int expected[4]; /* widths */
		bool hidden;
	} cases[] = {
		/* minimum 4, 6, 3, 5; ideal 8, 12, 3, 5; the second takes the rest */
		{ 100, { 8, 81, 3, 5 }, false },
		{ 31, { 8, 12, 3, 5 }, false },
		{ 30, { 8, 11, 3, 5 }, false },
		{ 21, { 4, 6, 3, 5 }, false },
		{ 20, { 7, 6, 0, 5 } /* 3 to spare go to the first */, true },
		{ 17, { 4, 6, 0, 5 } /* exactly the minimum of three */, true },
		{ 16, { 8, 7, 0, 0 }, true },
		{ 10, { 8, 0, 0, 0 }, true },
		{ 3, { 3, 0, 0, 0 }, true },
		{ 0, { 0, 0, 0, 0 }, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct column columns[] = {
			{ .min = 4, .ideal = 8, .priority = 40 },
			{ .min = 6, .ideal = 12, .priority = 30, .stretch = true },
			{ .min = 3, .ideal = 3, .priority = 10 },
			{ .min = 5, .priority = 20 },
		};
		bool hidden = columns_negotiate(columns, 4, cases[i].width, 1);
		int at = 0;
		for (int j = 0; j < 4; j++) {
			if (columns[j].width != cases[i].expected[j])
				fail_msg("width %d column %d: %d, not %d", cases[i].width,
				    j, columns[j].width, cases[i].expected[j]);
			assert_int_equal(columns[j].at, at);
			at += columns[j].width ? columns[j].width + 1 : 0;
		}
		assert_true(at - 1 <= MAX(cases[i].width, 0));
		assert_int_equal(hidden, cases[i].hidden);
	}
}

static void
test_scrolling(void **state)
{
	static const struct {
		int top, cursor, count, rows, expected;
	} cases[] = {
		{ 0, 0, 10, 5, 0 },
		{ 0, 4, 10, 5, 0 },
		{ 0, 5, 10, 5, 1 },
		{ 3, 2, 10, 5, 2 },
		{ 9, 9, 10, 5, 5 },
		{ 5, 0, 3, 5, 0 },
		{ 0, 0, 0, 5, 0 },
		{ 4, 4, 10, 0, 0 },
		{ 2, -1, 10, 5, 2 },
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(list_scroll(cases[i].top, cases[i].cursor,
				     cases[i].count, cases[i].rows),
		    cases[i].expected);
	list_position(2, 212, 18, text, sizeof text);
	assert_string_equal(text, "3-20 of 212");
	list_position(0, 5, 18, text, sizeof text);
	assert_string_equal(text, "");
}

static int
dispose(void **state)
{
	(void)state;
	grid_dispose(&grid);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_clipped),
		cmocka_unit_test(test_sub_of_sub),
		cmocka_unit_test(test_unclean_text),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_ascii_only),
		cmocka_unit_test(test_roles_and_cursor),
		cmocka_unit_test(test_spark),
		cmocka_unit_test(test_graph),
		cmocka_unit_test(test_graph_mark),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_wrapped_text),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_scrolling),
	};

	return cmocka_run_group_tests(tests, NULL, dispose);
}
