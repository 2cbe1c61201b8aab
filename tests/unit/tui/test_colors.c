/* What goes to ncurses: colour pairs that run out, and characters whose width the
 * terminal sees differently. ncurses draws into memory, no terminal is needed. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tui/colors.h"
#include "tui/curses_cell.h"
#include "tui/curses_frame.h"

#include <curses.h>

static const char *const entries[] = { "xterm-256color" };

static struct curses_frame *
open_frame(int rows, int cols)
{
	struct curses_frame *f;
	struct error err = { 0 };

	setlocale(LC_CTYPE, "C.UTF-8");
	if (!curses_frame_open(entries, 1, rows, cols, &f, &err))
		fail_msg("%s", err.text);
	return f;
}

static void
test_pairs_run_out(void **state)
{
	struct curses_frame *f = open_frame(5, 20);
	struct colors *c = colors_new(TIER_256, 3);
	int frames = 0;

	(void)state;
	assert_int_equal(colors_pair(c, COLOR_DEFAULT, COLOR_DEFAULT), 0);
	assert_int_equal(colors_pair(c, COLOR_INDEXED(1), COLOR_DEFAULT), 1);
	assert_int_equal(colors_pair(c, COLOR_DEFAULT, COLOR_INDEXED(1)), 2);
	assert_int_equal(colors_pair(c, COLOR_RGB(95, 135, 175), COLOR_DEFAULT), 3);
	assert_int_equal(colors_pair(c, COLOR_INDEXED(67), COLOR_DEFAULT), 3);
	assert_int_equal(colors_pair(c, COLOR_INDEXED(1), COLOR_DEFAULT), 1);
	/* The fourth shows in the default colours, not in somebody else's. */
	assert_int_equal(colors_pair(c, COLOR_INDEXED(4), COLOR_INDEXED(5)), 0);
	assert_true(colors_frame(c)); /* now everything must be drawn again */
	assert_int_equal(colors_pair(c, COLOR_INDEXED(4), COLOR_INDEXED(5)), 1);
	for (int i = 10; i < 20; i++)
		colors_pair(c, COLOR_INDEXED(i), COLOR_DEFAULT);
	assert_int_equal(colors_pair(c, COLOR_INDEXED(19), COLOR_DEFAULT), 0);
	while (!colors_frame(c)) /* not in every frame: that would flicker */
		frames++;
	assert_true(frames >= 30);
	colors_free(c);
	endwin();
	curses_frame_free(f);
}

static void
test_mono_needs_no_pairs(void **state)
{
	struct curses_frame *f = open_frame(5, 20);
	struct colors *c = colors_new(TIER_MONO, 0);

	(void)state;
	assert_int_equal(colors_pair(c, COLOR_INDEXED(1), COLOR_RGB(1, 2, 3)), 0);
	assert_false(colors_frame(c));
	colors_free(c);
	endwin();
	curses_frame_free(f);
}

/* What a row of cells comes to, as text without sequences. */
static char *
drawn(struct curses_frame *f, struct curses_cells *c, const struct cell *cells, int count)
{
	struct buf bytes, text;

	buf_init(&bytes, 65536);
	buf_init(&text, 65536);
	erase();
	refresh();
	curses_frame_take(f, NULL);
	curses_cells_put(c, 1, 0, cells, count);
	refresh();
	curses_frame_take(f, &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] == '\033') {
			i += 2;
			while (i < bytes.len && bytes.data[i - 1] != 'B' &&
			       !strchr("mHJKGdhlrABCX", bytes.data[i]))
				i++;
			continue;
		}
		if ((unsigned char)bytes.data[i] >= ' ')
			buf_add_char(&text, bytes.data[i]);
	}
	buf_clear(&bytes);
	return buf_take(&text);
}

static void
test_stand_ins_keep_the_width(void **state)
{
	static const struct {
		struct cell cells[4];
		int count;
		const char *text;
	} cases[] = {
		{ { { .ch = 'a', .width = 1 }, { .ch = 0x65e5, .width = 2 }, { 0 },
		      { .ch = 'b', .width = 1 } },
		    4,
		    "a\xe6\x97\xa5"
		    "b" },
		{ { { .ch = 0x65e5, .width = 1 }, { .ch = 'b', .width = 1 } }, 2,
		    "\xef\xbf\xbd"
		    "b" },
		{ { { .ch = 0x2500, .width = 2 }, { 0 }, { .ch = 'b', .width = 1 } }, 3,
		    "\xef\xbf\xbd\xef\xbf\xbd"
		    "b" },
		{ { { .ch = 0x301, .width = 1 }, { .ch = 'b', .width = 1 } }, 2,
		    "\xef\xbf\xbd"
		    "b" },
		{ { { .ch = 0x7, .width = 1 }, { .ch = 'b', .width = 1 } }, 2,
		    "\xef\xbf\xbd"
		    "b" },
	};
	struct curses_frame *f = open_frame(3, 20);
	struct curses_cells *c = curses_cells_new(theme_find("terminal"), TIER_MONO, 20);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = drawn(f, c, cases[i].cells, cases[i].count);
		if (strcmp(text, cases[i].text) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, text, cases[i].text);
		free(text);
	}
	curses_cells_free(c);
	endwin();
	curses_frame_free(f);
}

static void
test_combining_marks_stay(void **state)
{
	uint32_t scalars[] = { 'e', 0x301 };
	struct cell cell = { .ch = cluster_intern(scalars, 2), .width = 1 };
	struct curses_frame *f = open_frame(3, 20);
	struct curses_cells *c = curses_cells_new(theme_find("terminal"), TIER_256, 20);
	char *text = drawn(f, c, &cell, 1);

	(void)state;
	assert_string_equal(text, "e\xcc\x81");
	free(text);
	assert_int_equal(curses_cells_tier(c), TIER_256);
	curses_cells_free(c);
	endwin();
	curses_frame_free(f);
}

/* The string that puts the terminal back is whole, and without padding. */
static void
test_leave_string(void **state)
{
	struct curses_frame *f = open_frame(3, 20);
	struct buf out;

	(void)state;
	buf_init(&out, 512);
	curses_frame_add_leave(&out);
	assert_non_null(strstr(out.data, "\033[?1049l"));
	assert_non_null(strstr(out.data, "\033[?25h"));
	assert_null(strstr(out.data, "$<"));
	assert_false(out.overflow);
	buf_clear(&out);
	endwin();
	curses_frame_free(f);
}

static void
test_unknown_terminal(void **state)
{
	static const char *const unknown[] = { "nonesuch-1", "nonesuch-2" };
	struct curses_frame *f;
	struct error err = { 0 };

	(void)state;
	assert_false(curses_frame_open(unknown, 2, 3, 20, &f, &err));
	assert_non_null(strstr(err.text, "sandtop ls"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs_run_out),
		cmocka_unit_test(test_mono_needs_no_pairs),
		cmocka_unit_test(test_stand_ins_keep_the_width),
		cmocka_unit_test(test_combining_marks_stay),
		cmocka_unit_test(test_leave_string),
		cmocka_unit_test(test_unknown_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
