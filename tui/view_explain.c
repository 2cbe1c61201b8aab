#include "tui/view_explain.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tui/prose.h"

enum { MARGIN = 3, TEXT_COLS = 88, PAGE_ROWS = 512 };

struct explain {
	struct app *app; /* borrowed */
	struct explain_arg arg;
	int top, rows, page; /* first line that shows; lines in all; that fit */
};

/* A sentence with what to type below it. */
struct way {
	const char *text, *type;
};

/* Short, so that the places which were looked at stand on the same screen of 80x24. */
static const struct way ways[] = {
	{ "1  Without an account, real sandboxes on this machine:",
	    "sandtop --profile local" },
	{ "2  E2B's cloud, with a key from https://e2b.dev/dashboard?tab=keys",
	    "export E2B_API_KEY=e2b_... && sandtop" },
	{ "3  An E2B that you host:",
	    "export E2B_DOMAIN=e2b.example.com E2B_API_KEY=e2b_... && sandtop" },
};

/* ---- the page, drawn onto a canvas of any height */

static int
add_way(struct canvas *c, int row, int cols, const struct way *way)
{
	row = prose_draw(c, row, MARGIN, cols, 3, ROLE_TEXT, way->text);
	return prose_draw(c, row, MARGIN + 5, cols - 5, 2, ROLE_ACCENT, way->type) + 1;
}

static int
add_places(struct canvas *c, int row, int cols, const struct strlist *looked_at)
{
	if (!looked_at || looked_at->count == 0)
		return row;
	row = prose_draw(
	    c, row, MARGIN, cols, 0, ROLE_TITLE, "Looked for a key, in this order:");
	for (size_t i = 0; i < looked_at->count; i++)
		row = prose_draw(
		    c, row, MARGIN + 3, cols - 3, 2, ROLE_TEXT, looked_at->items[i]);
	return row + 1;
}

static int
add_page(struct canvas *c, const struct explain_arg *arg)
{
	int cols = MIN(c->area.cols - 2 * MARGIN, TEXT_COLS);
	const struct error *why = arg->why;
	int row = 0;

	row = prose_draw(c, row, MARGIN, cols, 0, ROLE_TITLE,
	    "sandtop shows and operates E2B sandboxes. It has no key to use yet.");
	if (why && why->code != ERROR_NOT_FOUND && *why->text)
		row = prose_draw(c, row, MARGIN, cols, 2, ROLE_WARN, why->text);
	row++;
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		row = add_way(c, row, cols, &ways[i]);
	row = add_places(c, row, cols, arg->looked_at);
	return prose_draw(c, row, MARGIN, cols, 0, ROLE_DIM,
	    "'sandtop doctor' checks all of it. q quits.");
}

/* ---- the view */

static void *
explain_open(struct app *app, const void *arg)
{
	struct explain *v = xcalloc(1, sizeof *v);

	v->app = app;
	if (arg)
		v->arg = *(const struct explain_arg *)arg;
	return v;
}

static void
explain_close(void *state)
{
	free(state);
}

/* The page is as tall as it is; what shows of it is a window. */
static void
explain_layout(void *state, int rows, int cols)
{
	struct explain *v = state;
	struct rect body = app_body(v->app, rows, cols);
	struct grid grid;

	grid_init(&grid, PAGE_ROWS, body.cols);
	struct canvas page = canvas_of(&grid, app_screen(v->app)->glyphs);
	v->rows = MIN(add_page(&page, &v->arg), PAGE_ROWS);
	grid_dispose(&grid);
	v->page = body.rows;
	v->top = CLAMP(v->top, 0, MAX(v->rows - v->page, 0));
}

static void
copy_rows(const struct grid *from, int top, struct canvas *to)
{
	for (int row = 0; row < to->area.rows && top + row < from->rows; row++)
		for (int col = 0; col < to->area.cols; col++)
			canvas_cell(to, row, col,
			    from->cells[(size_t)(top + row) * (size_t)from->cols +
					(size_t)col]);
}

static void
explain_draw(const void *state, struct canvas *out)
{
	const struct explain *v = state;
	struct canvas body = app_chrome(v->app, out, KEYMAP_GLOBAL, "No account",
	    v->rows > v->page ? "Down scrolls" : "");
	struct grid grid;

	grid_init(&grid, MAX(v->rows, 1), body.area.cols);
	struct canvas page = canvas_of(&grid, out->glyphs);
	add_page(&page, &v->arg);
	copy_rows(&grid, v->top, &body);
	grid_dispose(&grid);
}

static bool
explain_command(void *state, const struct command_call *call)
{
	struct explain *v = state;
	const struct {
		int command, rows;
	} moves[] = {
		{ CMD_DOWN, 1 },
		{ CMD_UP, -1 },
		{ CMD_PAGE_DOWN, v->page },
		{ CMD_PAGE_UP, -v->page },
		{ CMD_HALF_DOWN, v->page / 2 },
		{ CMD_HALF_UP, -v->page / 2 },
		{ CMD_FIRST, -PAGE_ROWS },
		{ CMD_LAST, PAGE_ROWS },
	};
	int command = call->command->id;

	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		if (moves[i].command != command)
			continue;
		v->top = CLAMP(v->top + moves[i].rows, 0, MAX(v->rows - v->page, 0));
		return true;
	}
	if (command == CMD_CLOSE) { /* there is nothing behind it */
		app_quit(v->app, 0);
		return true;
	}
	/* Nothing else has anything to show here. */
	return command == CMD_BACK || command == CMD_VIEW_FLEET ||
	       command == CMD_VIEW_TERMINALS || command == CMD_OPEN;
}

const struct view_type view_explain = {
	.name = "explain",
	.kind = VIEW_FULL,
	.keys = KEYMAP_GLOBAL,
	.open = explain_open,
	.close = explain_close,
	.layout = explain_layout,
	.draw = explain_draw,
	.command = explain_command,
};
