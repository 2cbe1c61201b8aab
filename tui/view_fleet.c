#include "tui/view_fleet.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tui/dialog.h"
#include "tui/fleet_view.h"
#include "tui/view_detail.h"

enum {
	PANEL_FROM_COLS = 180,
	PANEL_COLS = 62,
	PANEL_FROM_ROWS = 24,
	STRIP_FROM_COLS = 120,
	STRIP_FROM_ROWS = 36, /* a screen of 40 without header, message, hints, banner */
	STRIP_ROWS = 9,
	STRIP_MOST_ROWS = 16,
	TABLE_FRAME_ROWS = 4, /* query, titles, rule, facts */
	SPARE_ROWS = 4,	      /* for sandboxes that come */
	PORTRAIT_ROWS = 42,   /* a screen of more than 45 */
	PORTRAIT_BELOW_COLS = 100,
	RULE_FROM_ROWS = 16,
	FACTS_FROM_ROWS = 6,
	QUERY_FROM_ROWS = 4,
	FILTER_MS = 100,
	REST_MS = 300,
	DOUBLE_CLICK_MS = 400,
};

/* There is one fleet view in a program; `sandtop ui WORD` reaches it by this. */
static struct fleet_view *the_view;

/* ---- layout */

static void
place_graphs(struct fleet_places *p, int rows, int cols, int count)
{
	bool portrait = cols < PORTRAIT_BELOW_COLS && rows >= PORTRAIT_ROWS;
	bool wide = cols >= STRIP_FROM_COLS && rows >= STRIP_FROM_ROWS;
	int most = rows - (count + TABLE_FRAME_ROWS + SPARE_ROWS);
	int height = portrait ? 2 * STRIP_ROWS : CLAMP(most, STRIP_ROWS, STRIP_MOST_ROWS);

	if (cols >= PANEL_FROM_COLS && rows >= PANEL_FROM_ROWS)
		p->panel = (struct rect){ 0, cols - PANEL_COLS, rows, PANEL_COLS };
	else if (portrait || wide)
		p->strip = (struct rect){ rows - height, 0, height, cols };
	p->stacked = portrait;
}

struct fleet_places
fleet_places_of(int rows, int cols, int count)
{
	struct fleet_places p = {
		.query_row = -1, .head_row = 0, .rule_row = -1, .facts_row = -1
	};
	int end;

	place_graphs(&p, rows, cols, count);
	end = rows - p.strip.rows;
	if (rows >= QUERY_FROM_ROWS) {
		p.query_row = 0;
		p.head_row = 1;
	}
	if (p.panel.cols == 0 && rows >= FACTS_FROM_ROWS)
		p.facts_row = --end;
	if (p.panel.cols == 0 && rows >= RULE_FROM_ROWS)
		p.rule_row = --end;
	p.table = (struct rect){ p.head_row + 1, 0, MAX(end - p.head_row - 1, 0),
		cols - (p.panel.cols ? p.panel.cols + 1 : 0) };
	return p;
}

static void
tell_visible(const struct fleet_view *v)
{
	int count = (int)v->listing.count - v->top;

	count = CLAMP(count, 0, v->places.table.rows);
	fleet_set_visible(v->fleet,
	    count ? (const char *const *)v->listing.ids + v->top : NULL, (size_t)count);
}

/* The panel shows facts that the list does not carry: asked once, where the cursor
 * comes to rest. */
static void
want_facts(struct fleet_view *v)
{
	uint64_t now_ms = app_mono_ms(v->app);

	if (v->places.panel.cols == 0 || !v->cursor || str_eq(v->wanted, v->cursor))
		return;
	if (!str_eq(v->rested, v->cursor)) {
		free(v->rested);
		v->rested = xstrdup(v->cursor);
		v->rested_ms = now_ms;
	}
	if (now_ms - v->rested_ms < REST_MS) {
		app_wake(v->app, REST_MS);
		return;
	}
	free(v->wanted);
	v->wanted = xstrdup(v->cursor);
	fleet_want_detail(v->fleet, v->cursor);
}

static void
fleet_layout(void *state, int rows, int cols)
{
	struct fleet_view *v = state;

	if (!v->fleet)
		return;
	v->body = app_body(v->app, rows, cols);
	v->places = fleet_places_of(
	    v->body.rows, v->body.cols, (int)fleet_model(v->fleet)->count);
	fleet_view_update(v);
	fleet_table_layout(
	    &v->table, v->spark, v->places.table.cols, v->places.panel.cols > 0);
	v->top = list_scroll(
	    v->top, v->cursor_row, (int)v->listing.count, v->places.table.rows);
	tell_visible(v);
	want_facts(v);
}

/* ---- the filter */

static void
apply_filter(void *ctx)
{
	struct fleet_view *v = ctx;

	listing_set_filter(&v->listing, prompt_text(&v->prompt));
	app_dirty(v->app);
}

static void
begin_filter(struct fleet_view *v)
{
	v->editing = true;
	free(v->filter_before);
	v->filter_before = xstrdup(v->listing.filter);
	prompt_set(&v->prompt, v->listing.filter);
}

static void
end_filter(struct fleet_view *v, bool keep)
{
	v->editing = false;
	timer_stop(v->filter_timer);
	if (keep)
		prompt_remember(&v->history, prompt_text(&v->prompt));
	listing_set_filter(
	    &v->listing, keep ? prompt_text(&v->prompt) : v->filter_before);
}

static bool
filter_key(struct fleet_view *v, struct key key)
{
	switch (prompt_key(&v->prompt, key)) {
	case PROMPT_CHANGED:
		timer_start(v->filter_timer, FILTER_MS, 0);
		return true;
	case PROMPT_DONE:
		end_filter(v, true);
		return true;
	case PROMPT_CANCELLED:
		end_filter(v, false);
		return true;
	case PROMPT_TAKEN:
		return true;
	case PROMPT_IGNORED:
		break;
	}
	/* Pages may turn meanwhile; any other key that is no text does nothing. */
	return key.code != KEY_PAGE_UP && key.code != KEY_PAGE_DOWN &&
	       key.code != KEY_MOUSE;
}

static void
fleet_paste(void *state, const char *bytes, size_t len)
{
	struct fleet_view *v = state;

	if (!v->editing) {
		app_say(v->app, MESSAGE_INFO,
		    "Pasted text is not commands: %zu bytes were dropped", len);
		return;
	}
	if (prompt_paste(&v->prompt, bytes, len))
		timer_start(v->filter_timer, FILTER_MS, 0);
}

void
view_fleet_add_filter(struct app *app, const char *word)
{
	struct fleet_view *v = the_view;

	if (!v || v->app != app)
		return;

	char *longer =
	    xasprintf("%s%s%s", v->listing.filter, *v->listing.filter ? " " : "", word);
	listing_set_filter(&v->listing, longer);
	free(longer);
	app_dirty(app);
}

/* ---- order */

/* The same column again turns the order round. */
static void
sort_by(struct fleet_view *v, const struct field *f)
{
	bool again = v->listing.sort == f;

	listing_set_sort(&v->listing, f, again ? !v->listing.descending : f->descending);
	app_dirty(v->app);
}

/* "-cpu": the greatest first. */
static void
sort_as_set(struct fleet_view *v, const char *text)
{
	bool descending = text && *text == '-';
	const struct field *f = text ? field_find(text + descending) : NULL;

	if (f && f->get)
		listing_set_sort(&v->listing, f, descending);
}

static const struct dialog_choice sort_choices[] = {
	{ 'c', "CPU" },
	{ 'm', "memory" },
	{ 'd', "disk" },
	{ 'l', "time left" },
	{ 'a', "age" },
	{ 'n', "name" },
	{ 't', "template" },
	{ 's', "state" },
	{ 0, NULL },
};
static const char *const sort_fields[] = { "cpu", "mem", "disk", "left", "age", "name",
	"template", "state" };

static void
on_sort_chosen(void *ctx, const struct dialog_answer *answer)
{
	if (answer->choice >= 0)
		sort_by(ctx, field_find(sort_fields[answer->choice]));
}

static void
open_sort_menu(struct fleet_view *v)
{
	static const struct dialog_events events = { .answer = on_sort_chosen };

	dialog_open(v->app,
	    &(struct dialog_options){ .level = DIALOG_MENU,
		.title = "Sort by",
		.body = "The same column again turns the order round.",
		.choices = sort_choices },
	    &events, v);
}

static void
freeze(struct fleet_view *v)
{
	char key[16] = "Z";

	v->listing.frozen = !v->listing.frozen;
	v->listing.stale = v->listing.stale || !v->listing.frozen;
	keymap_key_of(app_keymap(v->app), KEYMAP_FLEET, CMD_FREEZE, key, sizeof key);
	if (v->listing.frozen)
		app_say(v->app, MESSAGE_INFO,
		    "Rows keep their places until %s is pressed again", key);
	else
		app_say(v->app, MESSAGE_INFO, "Rows are sorted again");
}

/* ---- commands */

static bool
move_cursor(struct fleet_view *v, int command)
{
	int page = MAX(v->places.table.rows - 1, 1), all = (int)v->listing.count;
	const struct {
		int command, rows;
	} moves[] = {
		{ CMD_DOWN, 1 },
		{ CMD_UP, -1 },
		{ CMD_FIRST, -all },
		{ CMD_LAST, all },
		{ CMD_PAGE_DOWN, page },
		{ CMD_PAGE_UP, -page },
		{ CMD_HALF_DOWN, MAX(page / 2, 1) },
		{ CMD_HALF_UP, -MAX(page / 2, 1) },
	};

	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		if (moves[i].command != command)
			continue;
		fleet_view_move(v, moves[i].rows);
		return true;
	}
	return false;
}

static bool
sort_command(struct fleet_view *v, int command)
{
	static const struct {
		int command;
		const char *field;
	} sorts[] = {
		{ CMD_SORT_CPU, "cpu" },
		{ CMD_SORT_MEM, "mem" },
		{ CMD_SORT_LEFT, "left" },
	};

	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		if (sorts[i].command != command)
			continue;
		sort_by(v, field_find(sorts[i].field));
		return true;
	}
	return false;
}

/* Esc goes back one level: here that is the filter. */
static bool
back(struct fleet_view *v)
{
	if (!*v->listing.filter)
		return false;
	listing_set_filter(&v->listing, "");
	return true;
}

static bool
see_command(struct fleet_view *v, int command)
{
	if (command == CMD_FILTER)
		begin_filter(v);
	else if (command == CMD_SORT)
		open_sort_menu(v);
	else if (command == CMD_SORT_INVERT)
		listing_set_sort(&v->listing, v->listing.sort, !v->listing.descending);
	else if (command == CMD_FREEZE)
		freeze(v);
	else if (command == CMD_SPARK_NEXT)
		v->spark = (v->spark + 1) % (METRIC_DISK + 1);
	else if (command == CMD_BACK)
		return back(v);
	else
		return false;
	return true;
}

static bool
fleet_command(void *state, const struct command_call *call)
{
	struct fleet_view *v = state;
	int command = call->command->id;

	if (!v->fleet)
		return false;
	v->touched = true;
	if (call->command->flags & COMMAND_TARGET)
		fleet_view_hold(v); /* its handler is elsewhere; rows stand meanwhile */
	return move_cursor(v, command) || sort_command(v, command) ||
	       see_command(v, command);
}

/* ---- mouse */

static void
click_row(struct fleet_view *v, int row)
{
	uint64_t now_ms = app_mono_ms(v->app);
	bool twice;

	if (row >= (int)v->listing.count)
		return;
	v->touched = true;
	fleet_view_select_row(v, row);
	app_set_target(v->app, v->cursor);
	fleet_view_hold(v);
	twice = str_eq(v->clicked, v->cursor) && now_ms - v->clicked_ms < DOUBLE_CLICK_MS;
	free(v->clicked);
	v->clicked = twice ? NULL : xstrdup(v->cursor);
	v->clicked_ms = now_ms;
	if (twice)
		app_push(v->app, &view_detail, v->cursor);
}

static void
click_head(struct fleet_view *v, int col)
{
	for (size_t i = 0; i < v->table.count; i++) {
		int at = FLEET_TABLE_MARGIN + v->table.columns[i].at;
		if (col >= at && col < at + v->table.columns[i].width &&
		    v->table.fields[i]->get)
			sort_by(v, v->table.fields[i]);
	}
}

static bool
fleet_key(void *state, struct key key)
{
	struct fleet_view *v = state;
	const struct rect *t = &v->places.table;
	int row = key.mouse.row - v->body.row, col = key.mouse.col - v->body.col;

	if (!v->fleet)
		return false;
	if (v->editing && filter_key(v, key))
		return true;
	if (key.code != KEY_MOUSE || key.mouse.kind != MOUSE_PRESS ||
	    key.mouse.button != 1)
		return false;
	if (col >= t->cols)
		return true;
	if (row >= t->row && row < t->row + t->rows)
		click_row(v, v->top + row - t->row);
	else if (row == v->places.head_row)
		click_head(v, col);
	return true;
}

/* ---- life */

static void *
fleet_open(struct app *app, const void *arg)
{
	struct fleet_view *v = xcalloc(1, sizeof *v);

	(void)arg;
	v->app = app;
	v->fleet = app_fleet(app);
	v->opened_ms = app_mono_ms(app);
	listing_init(&v->listing);
	sort_as_set(v, app_settings(app)->sort);
	prompt_init(&v->prompt, "", &v->history);
	v->filter_timer = timer_new(app_loop(app), apply_filter, v);
	the_view = v;
	return v;
}

static void
fleet_close(void *state)
{
	struct fleet_view *v = state;

	the_view = NULL;
	timer_free(v->filter_timer);
	prompt_clear(&v->prompt);
	strlist_clear(&v->history);
	listing_clear(&v->listing);
	free(v->cursor);
	free(v->above);
	free(v->below);
	free(v->leaving);
	free(v->filter_before);
	free(v->clicked);
	free(v->wanted);
	free(v->rested);
	free(v);
}

static void
fleet_draw(const void *state, struct canvas *out)
{
	fleet_view_draw(state, out);
}

const struct view_type view_fleet = {
	.name = "fleet",
	.kind = VIEW_FULL,
	.keys = KEYMAP_FLEET,
	.open = fleet_open,
	.close = fleet_close,
	.layout = fleet_layout,
	.draw = fleet_draw,
	.key = fleet_key,
	.paste = fleet_paste,
	.command = fleet_command,
};
