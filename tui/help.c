/* help - the keys of a context from the live map, searchable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/app_internal.h"
#include "tui/fuzzy.h"
#include "tui/keylist.h"
#include "tui/prompt.h"
#include "tui/widgets.h"

/*
 * The keys of a context, from the live map. Typing narrows by what a key does, and a
 * key's name finds the key; Enter runs the line under the cursor.
 */
enum {
	LINES_MAX = 128,
	KEYS_COLS = 11,
	TITLE_MAX = 96,
};

struct help_line {
	int entry; /* index in the list; -1: the heading of `section`, -2: a blank */
	enum command_section section;
};

struct help {
	struct app *app; /* borrowed */
	enum keymap_context context;
	struct keylist list;
	struct prompt search;
	char *target; /* owned: what the commands act on */
	struct help_line lines[LINES_MAX];
	int count, cursor; /* the cursor is on an entry when there is one */
	int columns, height, first_column;
};

static const char *const context_titles[KEYMAP_CONTEXT_COUNT] = {
	[KEYMAP_GLOBAL] = "Everywhere",
	[KEYMAP_FLEET] = "Fleet",
	[KEYMAP_DETAIL] = "Detail",
	[KEYMAP_TERMINALS] = "Terminals",
	[KEYMAP_PREFIX] = "After the prefix",
	[KEYMAP_HELP] = "Help",
	[KEYMAP_MESSAGES] = "Messages",
};

/* ---- which lines show */

static bool
has_key(const struct keylist_entry *e, const char *name)
{
	struct strlist keys = { 0 };
	bool found = false;

	strlist_split(&keys, e->keys, ' ');
	for (size_t i = 0; i < keys.count; i++)
		found = found || (name[0] && name[1] ? str_eq_nocase(keys.items[i], name)
						     : str_eq(keys.items[i], name));
	strlist_clear(&keys);
	return found;
}

static bool
matches(const struct keylist_entry *e, const char *wanted)
{
	const struct command *c = &commands[e->command];

	return !*wanted || has_key(e, wanted) || fuzzy_contains(wanted, e->label) ||
	       fuzzy_contains(wanted, c->name);
}

static void
add_line(struct help *h, int entry, enum command_section section)
{
	if (h->count < LINES_MAX)
		h->lines[h->count++] = (struct help_line){ entry, section };
}

static void
build_lines(struct help *h)
{
	const char *wanted = prompt_text(&h->search);
	int last = -1, first_entry = -1, named = -1;

	h->count = 0;
	for (size_t i = 0; i < h->list.count; i++) {
		const struct keylist_entry *e = &h->list.items[i];
		if (!matches(e, wanted))
			continue;
		if ((int)e->section != last)
			add_line(h, -1, e->section);
		last = (int)e->section;
		if (first_entry < 0)
			first_entry = h->count;
		if (named < 0 && *wanted && has_key(e, wanted))
			named = h->count;
		add_line(h, (int)i, e->section);
	}
	h->cursor = named >= 0 ? named : first_entry;
	h->first_column = 0;
}

static void
set_context(struct help *h, enum keymap_context context)
{
	h->context = context;
	keylist_clear(&h->list);
	keylist_init(&h->list, app_keymap(h->app), context);
	build_lines(h);
}

/* Contexts that have keys of their own, round and round. */
static void
next_context(struct help *h, int by)
{
	int context = (int)h->context;
	size_t count;

	do {
		context = (context + by + KEYMAP_CONTEXT_COUNT) % KEYMAP_CONTEXT_COUNT;
		keymap_bindings(app_keymap(h->app), (enum keymap_context)context, &count);
	} while (count == 0);
	set_context(h, (enum keymap_context)context);
}

/* ---- keys */

static void
move(struct help *h, int by)
{
	int at = h->cursor, step = by < 0 ? -1 : 1;

	for (int left = abs(by); left > 0 && h->cursor >= 0;) {
		at += step;
		if (at < 0 || at >= h->count)
			return;
		left--;
		if (h->lines[at].entry >= 0)
			h->cursor = at;
		else if (left == 0)
			left = 1; /* not on a heading */
	}
}

static void
run_entry(struct help *h)
{
	if (h->cursor < 0)
		return;

	int command = h->list.items[h->lines[h->cursor].entry].command;

	app_close(h->app, h);
	app_run_on(h->app, commands[command].name, h->target);
}

static void
escape(struct help *h)
{
	if (!*prompt_text(&h->search)) {
		app_close(h->app, h);
		return;
	}
	prompt_set(&h->search, "");
	build_lines(h);
}

static bool
move_key(struct help *h, struct key key)
{
	switch (key.code) {
	case KEY_DOWN:
		move(h, 1);
		return true;
	case KEY_UP:
		move(h, -1);
		return true;
	case KEY_RIGHT:
	case KEY_PAGE_DOWN:
		move(h, MAX(h->height, 1));
		return true;
	case KEY_LEFT:
	case KEY_PAGE_UP:
		move(h, -MAX(h->height, 1));
		return true;
	case KEY_TAB:
		next_context(h, key.mods & KEY_MOD_SHIFT ? -1 : 1);
		return true;
	default:
		return false;
	}
}

static bool
help_key(void *state, struct key key)
{
	struct help *h = state;
	bool empty = !*prompt_text(&h->search);

	if (key.code == KEY_MOUSE)
		return true;
	if (move_key(h, key))
		return true;
	if (empty && (key.code == '?' || key.code == KEY_F1)) {
		app_close(h->app, h);
		return true;
	}
	switch (prompt_key(&h->search, key)) {
	case PROMPT_IGNORED:
	case PROMPT_TAKEN:
		break;
	case PROMPT_CHANGED:
		build_lines(h);
		break;
	case PROMPT_DONE:
		run_entry(h);
		break;
	case PROMPT_CANCELLED:
		escape(h);
		break;
	}
	return true;
}

static void
help_paste(void *state, const char *bytes, size_t len)
{
	struct help *h = state;

	if (prompt_paste(&h->search, bytes, len))
		build_lines(h);
}

/* ---- life */

static void *
help_open(struct app *app, const void *arg)
{
	const enum keymap_context *context = arg;
	struct help *h = xcalloc(1, sizeof *h);

	h->app = app;
	h->target = xstrdup(app_target(app));
	prompt_init(&h->search, "", NULL);
	set_context(h, *context == KEYMAP_TERMINALS ? KEYMAP_PREFIX : *context);
	return h;
}

static void
help_close(void *state)
{
	struct help *h = state;

	keylist_clear(&h->list);
	prompt_clear(&h->search);
	free(h->target);
	free(h);
}

/* ---- drawing */

struct help_shape {
	int rows, cols, columns, height;
};

static struct help_shape
shape_of(const struct help *h, int rows, int cols)
{
	struct help_shape s = {
		.cols = cols < 120   ? cols - 2
			: cols < 200 ? 112
				     : 150,
		.columns = cols < 80	? 1
			   : cols < 120 ? 2
			   : cols < 200 ? 3
					: 4,
	};
	int lines = (h->count + s.columns - 1) / s.columns;
	int most = rows - (rows < 20 ? 1 : 4);

	s.height = CLAMP(lines, 1, most - 2);
	s.rows = s.height + 2;
	return s;
}

static void
help_layout(void *state, int rows, int cols)
{
	struct help *h = state;
	struct help_shape s = shape_of(h, rows, cols);
	int all = (h->count + s.height - 1) / s.height;

	h->columns = s.columns;
	h->height = s.height;
	h->first_column =
	    list_scroll(h->first_column, MAX(h->cursor, 0) / s.height, all, s.columns);
}

static void
draw_entry(const struct help *h, struct canvas *c, int row, int line)
{
	const struct keylist_entry *e = &h->list.items[h->lines[line].entry];
	int width = MAX(KEYS_COLS, text_width(e->keys));

	canvas_text(c, row, 0, ROLE_ACCENT, e->user ? c->glyphs->mark : " ");
	canvas_field(c, row, 1, width, false, ROLE_HINT_KEY, e->keys);
	canvas_field(
	    c, row, width + 2, c->area.cols - width - 3, false, ROLE_TEXT, e->label);
	if (line != h->cursor)
		return;
	canvas_role(c, row, 0, c->area.cols - 1, ROLE_CURSOR);
	canvas_cursor(c, row, 1);
}

static void
draw_line(const struct help *h, struct canvas *c, int row, int line)
{
	const char *title = keylist_section_title(h->lines[line].section);

	if (h->lines[line].entry >= 0)
		draw_entry(h, c, row, line);
	else
		canvas_textf(c, row, 1, ROLE_COLUMN, "-- %s --", title);
}

static void
build_title(const struct help *h, char *out, size_t size)
{
	const char *wanted = prompt_text(&h->search);

	if (*wanted)
		snprintf(
		    out, size, "Keys: %s   / %s", context_titles[h->context], wanted);
	else
		snprintf(
		    out, size, "Keys: %s   (type to search)", context_titles[h->context]);
}

static void
help_draw(const void *state, struct canvas *c)
{
	const struct help *h = state;
	struct help_shape s = shape_of(h, c->area.rows, c->area.cols);
	char title[TITLE_MAX], foot[TITLE_MAX];
	int all = (h->count + s.height - 1) / s.height;

	build_title(h, title, sizeof title);
	snprintf(foot, sizeof foot, "Enter run  Tab next context  Esc close%s",
	    all > s.columns ? "  PgDn more" : "");

	struct canvas in = widget_box(c, s.rows, s.cols, ROLE_FRAME_FOCUS, title, foot);
	int width = in.area.cols / s.columns;

	for (int column = 0; column < s.columns; column++) {
		struct canvas part = canvas_sub(&in, 0, column * width, s.height, width);
		int first = (h->first_column + column) * s.height;
		for (int row = 0; row < s.height && first + row < h->count; row++)
			draw_line(h, &part, row, first + row);
	}
	if (h->count == 0)
		canvas_text(&in, 0, 1, ROLE_DIM, "No key does that.");
}

const struct view_type help_view = {
	.name = "help",
	.kind = VIEW_OVERLAY,
	.keys = KEYMAP_HELP,
	.open = help_open,
	.close = help_close,
	.layout = help_layout,
	.draw = help_draw,
	.key = help_key,
	.paste = help_paste,
};
