#include "fake_screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/app_internal.h"

enum { TEXT_MAX = 4 << 20, PICTURE_MAX = 1 << 20 };

struct fake {
	struct screen screen; /* first: the app sees only this */
	int rows, cols;
	struct grid shown;
	int frames, suspends;
	char *copied; /* owned */
	struct loop *loop;
	struct fleet *fleet;
	struct app *app;
	uint64_t now_ms;
};

/* ---- the screen */

static int
screen_rows(const struct screen *s)
{
	return ((const struct fake *)(const void *)s)->rows;
}

static int
screen_cols(const struct screen *s)
{
	return ((const struct fake *)(const void *)s)->cols;
}

static bool
screen_present(struct screen *s, const struct grid *g)
{
	struct fake *f = (struct fake *)(void *)s;

	grid_set_size(&f->shown, g->rows, g->cols);
	memcpy(f->shown.cells, g->cells,
	    (size_t)g->rows * (size_t)g->cols * sizeof *g->cells);
	f->shown.cursor = g->cursor;
	f->frames++;
	return true;
}

static void
screen_nothing(struct screen *s)
{
	(void)s;
}

static void
screen_title(struct screen *s, const char *title)
{
	(void)s;
	(void)title;
}

static void
screen_copy(struct screen *s, const char *bytes, size_t len)
{
	struct fake *f = (struct fake *)(void *)s;

	free(f->copied);
	f->copied = xstrndup(bytes, len);
}

static void
screen_suspend(struct screen *s)
{
	((struct fake *)(void *)s)->suspends++;
}

static const struct screen_type fake_type_table = {
	.rows = screen_rows,
	.cols = screen_cols,
	.present = screen_present,
	.redraw = screen_nothing,
	.bell = screen_nothing,
	.title = screen_title,
	.copy = screen_copy,
	.suspend = screen_suspend,
	.free = screen_nothing,
};

/* ---- the rig */

static uint64_t
fake_mono(void *ctx)
{
	return ((struct fake *)ctx)->now_ms;
}

static void
on_changed(void *ctx)
{
	struct fake *f = ctx;

	if (f->app)
		app_dirty(f->app);
}

/* Before anything asks for the time, which is read once. */
__attribute__((constructor)) static void
fix_the_clock(void)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", (long long)FAKE_NOW_MS);
	setenv("SANDTOP_TEST_CLOCK_MS", text, 1);
	setenv("TZ", "UTC", 1);
}

struct fake *
fake_new(const struct fake_options *options)
{
	static const struct fleet_events fleet_events = { .changed = on_changed };
	static const struct app_options defaults = { .which_key_ms = -1 };
	struct fake *f = xcalloc(1, sizeof *f);

	f->rows = options->rows ? options->rows : 24;
	f->cols = options->cols ? options->cols : 80;
	f->screen.type = &fake_type_table;
	f->screen.glyphs = options->ascii ? &glyphs_ascii : &glyphs_unicode;
	f->screen.theme = theme_find(options->theme ? options->theme : "terminal");
	f->screen.tier = options->tier;
	f->now_ms = 1000000;
	grid_init(&f->shown, f->rows, f->cols);
	f->loop = loop_new();
	if (options->fleet)
		f->fleet = fleet_new(f->loop, options->fleet, &fleet_events, f);
	f->app = app_new(f->loop, f->fleet, options->app ? options->app : &defaults);
	app_set_mono(f->app, fake_mono, f);
	app_set_screen(f->app, &f->screen);
	return f;
}

void
fake_free(struct fake *f)
{
	app_free(f->app);
	f->app = NULL;
	fleet_free(f->fleet);
	loop_free(f->loop);
	grid_dispose(&f->shown);
	free(f->copied);
	free(f);
}

struct app *
fake_app(struct fake *f)
{
	return f->app;
}

struct loop *
fake_loop(struct fake *f)
{
	return f->loop;
}

struct screen *
fake_screen(struct fake *f)
{
	return &f->screen;
}

struct model *
fake_model(struct fake *f)
{
	assert_non_null(f->fleet);
	return (struct model *)(uintptr_t)fleet_model(f->fleet);
}

void
fake_turn(struct fake *f)
{
	loop_turn(f->loop, 0);
	app_sweep(f->app);
}

void
fake_keys(struct fake *f, const char *names)
{
	struct strlist list = { 0 };

	strlist_split(&list, names, ' ');
	for (size_t i = 0; i < list.count; i++) {
		struct key key;
		if (!key_parse(list.items[i], &key))
			fail_msg("no key is called '%s'", list.items[i]);
		app_screen_events.key(f->app, key);
		fake_turn(f);
	}
	strlist_clear(&list);
}

void
fake_type(struct fake *f, const char *text)
{
	while (*text) {
		struct key key = { 0 };
		text += utf8_decode(text, strlen(text), &key.code);
		app_screen_events.key(f->app, key);
		fake_turn(f);
	}
}

void
fake_paste(struct fake *f, const char *text)
{
	app_screen_events.paste(f->app, text, strlen(text));
	fake_turn(f);
}

void
fake_click(struct fake *f, int row, int col)
{
	struct key key = {
		.code = KEY_MOUSE,
		.mouse = { MOUSE_PRESS, 1, row, col },
	};

	app_screen_events.key(f->app, key);
	key.mouse.kind = MOUSE_RELEASE;
	app_screen_events.key(f->app, key);
	fake_turn(f);
}

void
fake_resize(struct fake *f, int rows, int cols)
{
	f->rows = rows;
	f->cols = cols;
	app_screen_events.resized(f->app, rows, cols);
}

void
fake_advance(struct fake *f, uint64_t ms)
{
	f->now_ms += ms;
}

void
fake_draw(struct fake *f)
{
	fake_turn(f);
	app_draw(f->app);
}

const struct grid *
fake_grid(const struct fake *f)
{
	return &f->shown;
}

int
fake_frames(const struct fake *f)
{
	return f->frames;
}

int
fake_suspends(const struct fake *f)
{
	return f->suspends;
}

const char *
fake_copied(const struct fake *f)
{
	return f->copied ? f->copied : "";
}

/* ---- grids as text */

static void
add_cell(struct buf *out, const struct cell *cell)
{
	uint32_t scalars[6];
	int count = cell_scalars(cell->ch ? cell->ch : ' ', scalars);
	char utf8[4];

	for (int i = 0; i < count; i++)
		buf_add(out, utf8, utf8_encode(scalars[i], utf8));
}

static void
add_row(struct buf *out, const struct grid *g, int row, int flags)
{
	const struct cell *cells = &g->cells[(size_t)row * (size_t)g->cols];
	uint8_t open = ROLE_TEXT;

	for (int col = 0; col < g->cols; col++) {
		uint8_t role = cells[col].role;
		if (cells[col].width == 0)
			continue;
		if (flags & FAKE_ROLES && role != open) {
			if (open != ROLE_TEXT)
				buf_add_char(out, '}');
			if (role != ROLE_TEXT)
				buf_addf(out, "{%s:", role_name((enum role)role));
			open = role;
		}
		if (g->cursor.visible && g->cursor.row == row && g->cursor.col == col)
			buf_add_char(out, '^');
		add_cell(out, &cells[col]);
	}
	if (open != ROLE_TEXT)
		buf_add_char(out, '}');
	buf_add_str(out, "|\n");
}

char *
grid_text(const struct grid *g, int flags)
{
	struct buf out;

	buf_init(&out, TEXT_MAX);
	for (int row = 0; row < g->rows; row++)
		add_row(&out, g, row, flags);
	return buf_take(&out);
}

char *
fake_text(struct fake *f, int flags)
{
	fake_draw(f);
	return grid_text(&f->shown, flags);
}

bool
fake_shows(struct fake *f, const char *text)
{
	struct grid *g = &f->shown;
	bool found = false, visible;

	fake_draw(f);
	visible = g->cursor.visible;
	g->cursor.visible = false; /* its mark would stand in the words */
	char *all = grid_text(g, 0);
	g->cursor.visible = visible;
	found = strstr(all, text) != NULL;
	free(all);
	return found;
}

/* ---- pictures */

static char *
read_picture(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text;
	size_t len;

	if (!file)
		return NULL;
	text = xcalloc(1, PICTURE_MAX);
	len = fread(text, 1, PICTURE_MAX - 1, file);
	fclose(file);
	text[len] = '\0';
	return text;
}

static void
write_picture(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

void
assert_picture(const char *name, const char *text)
{
	char *path = xasprintf("tests/golden/%s.txt", name);
	char *expected;

	if (getenv("UPDATE")) {
		write_picture(path, text);
		free(path);
		return;
	}
	expected = read_picture(path);
	if (!expected)
		fail_msg(
		    "%s is missing; UPDATE=1 writes it. It would be\n%s", path, text);
	if (strcmp(expected, text) != 0)
		fail_msg("%s differs; UPDATE=1 rewrites it.\nexpected\n%sfound\n%s", path,
		    expected, text);
	free(expected);
	free(path);
}

static void
add_picture(struct fake *f, struct buf *out, int rows, int cols, int flags)
{
	char *text;

	fake_resize(f, rows, cols);
	text = fake_text(f, flags);
	buf_addf(
	    out, "== %dx%d%s\n%s", cols, rows, flags & FAKE_ROLES ? " roles" : "", text);
	if (f->screen.glyphs->ascii)
		assert_ascii(f);
	free(text);
}

void
assert_pictures(struct fake *f, const char *name)
{
	int rows = f->rows, cols = f->cols;
	char *full = xasprintf("%s%s", name, f->screen.glyphs->ascii ? "-ascii" : "");
	struct buf out;

	buf_init(&out, TEXT_MAX);
	add_picture(f, &out, 12, 40, 0);
	add_picture(f, &out, 24, 80, 0);
	add_picture(f, &out, 24, 80, FAKE_ROLES);
	add_picture(f, &out, 40, 120, 0);
	add_picture(f, &out, 60, 200, 0);
	assert_picture(full, out.data);
	buf_clear(&out);
	free(full);
	fake_resize(f, rows, cols);
	fake_draw(f);
}

void
assert_ascii(struct fake *f)
{
	const struct grid *g = &f->shown;

	fake_draw(f);
	for (int i = 0; i < g->rows * g->cols; i++)
		if (g->cells[i].ch > 0x7e)
			fail_msg("U+%04X at row %d column %d", g->cells[i].ch,
			    i / g->cols, i % g->cols);
}
