#include "tui/view_detail.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tui/detail_view.h"
#include "tui/widgets.h"

enum {
	SPAN_AT_FIRST = 2, /* 15m */
	SIDE_FROM_COLS = 120,
	SIDE_FROM_ROWS = 30,
	SIDE_COLS = 38,
	WIDE_FROM_COLS = 180,
	WIDE_COLS = 64,
	PORTRAIT_BELOW_COLS = 100,
	PORTRAIT_FROM_ROWS = 42,
	FULL_FROM_ROWS = 18,
	SMALLEST_GRAPH = 4,
};

int64_t
detail_span_s(const struct detail_view *v)
{
	return graph_spans[v->span];
}

/* ---- layout */

/* `rows` from `top` on shared out to graphs one above the other. */
static void
stack_graphs(struct detail_places *p, int top, int rows, int cols, bool with_disk)
{
	int cpu = with_disk ? rows * 2 / 5 : (rows * 9 + 8) / 16;
	int disk = with_disk ? rows / 4 : 0;

	p->graph_cols = cols;
	p->cpu = (struct rect){ top, 0, cpu, cols };
	p->mem = (struct rect){ top + cpu, 0, rows - cpu - disk, cols };
	p->disk = (struct rect){ top + rows - disk, 0, disk, cols };
}

/* Graphs at the left, facts at the right. */
static void
place_side_by_side(struct detail_places *p, int rows, int cols)
{
	int info = cols >= WIDE_FROM_COLS ? WIDE_COLS : SIDE_COLS;

	stack_graphs(p, 1, rows - 3, cols - info, true);
	p->info = (struct rect){ 1, cols - info, rows - 2, info };
	p->times_row = rows - 2;
	p->note_row = rows - 1;
}

static void
place_portrait(struct detail_places *p, int rows, int cols)
{
	int info = MIN(rows / 3, 20);

	stack_graphs(p, 1, rows - info - 3, cols, true);
	p->times_row = rows - info - 2;
	p->info = (struct rect){ rows - info - 1, 0, info, cols };
	p->note_row = rows - 1;
}

static void
place_standard(struct detail_places *p, int rows, int cols)
{
	stack_graphs(p, 1, rows - 5, cols, false);
	p->times_row = rows - 4;
	p->disk_bar_row = rows - 3;
	p->facts_row = rows - 2;
	p->note_row = rows - 1;
}

/* One graph, the rest as lines; those at the bottom go first. */
static void
place_small(struct detail_places *p, int rows, int cols)
{
	int lines = CLAMP(rows - 1 - SMALLEST_GRAPH, 0, 4);

	p->cpu = (struct rect){ 1, 0, rows - 1 - lines, cols };
	p->graph_cols = cols;
	p->mem_bar_row = lines > 0 ? rows - lines : -1;
	p->disk_bar_row = lines > 1 ? rows - lines + 1 : -1;
	p->facts_row = lines > 2 ? rows - lines + 2 : -1;
	p->note_row = lines > 3 ? rows - lines + 3 : -1;
}

struct detail_places
detail_places_of(int rows, int cols, bool info_only)
{
	struct detail_places p = { .times_row = -1,
		.mem_bar_row = -1,
		.disk_bar_row = -1,
		.facts_row = -1,
		.note_row = -1,
		.graph_cols = cols };

	if (cols >= SIDE_FROM_COLS && rows >= SIDE_FROM_ROWS)
		place_side_by_side(&p, rows, cols);
	else if (cols < PORTRAIT_BELOW_COLS && rows >= PORTRAIT_FROM_ROWS)
		place_portrait(&p, rows, cols);
	else if (info_only)
		p.info = (struct rect){ 1, 0, MAX(rows - 1, 0), cols };
	else if (rows >= FULL_FROM_ROWS)
		place_standard(&p, rows, cols);
	else
		place_small(&p, rows, cols);
	return p;
}

void
detail_fill_facts(const struct detail_view *v, struct facts *out)
{
	const struct sandbox *s = model_find(fleet_model(v->fleet), v->id);
	bool failed = v->shells_err.code != ERROR_NONE;
	struct facts_shells shells = { .asked = v->shells_asked,
		.answered = v->shells_answered && !failed,
		.list = &v->shells,
		.why_not = failed ? v->shells_err.text : NULL };

	*out = (struct facts){ 0 };
	if (s)
		facts_fill(out, s, fleet_settings(v->fleet)->domain, &shells,
		    app_now_ms(v->app));
}

static void
limit_scroll(struct detail_view *v)
{
	struct facts facts;

	detail_fill_facts(v, &facts);
	v->top = CLAMP(v->top, 0, MAX((int)facts.count - v->places.info.rows + 2, 0));
	facts_clear(&facts);
}

/* ---- what runs inside: asked once, and only when it runs (law 1) */

static void
on_shells(void *ctx, const struct shell_list *list, const struct error *err)
{
	struct detail_view *v = ctx;

	v->shells_call = 0;
	v->shells_answered = true;
	v->shells_err = *err;
	shell_list_clear(&v->shells);
	v->shells.items = xcalloc(list->count + 1, sizeof *v->shells.items);
	for (size_t i = 0; i < list->count; i++) {
		v->shells.items[i] = list->items[i];
		v->shells.items[i].tag = xstrdup(list->items[i].tag);
		v->shells.items[i].command = xstrdup(list->items[i].command);
	}
	v->shells.count = list->count;
	app_dirty(v->app);
}

static void
ask_shells(struct detail_view *v, const struct sandbox *s)
{
	if (v->shells_asked || !sandbox_is_running(s) ||
	    sandbox_left_s(s, app_now_ms(v->app)) <= 0)
		return;
	v->shells_asked = true;
	v->shells_call = fleet_shells(v->fleet, v->id, on_shells, v);
}

static void
detail_layout(void *state, int rows, int cols)
{
	struct detail_view *v = state;
	const struct sandbox *s = model_find(fleet_model(v->fleet), v->id);
	struct rect body = app_body(v->app, rows, cols);

	v->places = detail_places_of(body.rows, body.cols, v->info_only);
	app_set_target(v->app, v->id);
	fleet_set_visible(v->fleet, (const char *const[]){ v->id }, 1);
	fleet_set_detail(v->fleet, v->id, detail_span_s(v));
	if (s) {
		free(v->label);
		v->label = xstrdup(sandbox_label(s));
		ask_shells(v, s);
	}
	limit_scroll(v);
}

/* ---- commands */

static void
zoom(struct detail_view *v, int by)
{
	int last = 0;

	while (graph_spans[last + 1])
		last++;
	v->span = CLAMP(v->span + by, 0, last);
}

/* One column at a time, never out of the picture. */
static void
move_reading(struct detail_view *v, int by)
{
	int64_t now_s = app_now_ms(v->app) / 1000, span_s = detail_span_s(v);
	int64_t step_s = MAX(span_s / MAX(v->places.graph_cols, 1), (int64_t)1);

	if (v->cursor_s == 0)
		v->cursor_s = now_s;
	v->cursor_s = CLAMP(v->cursor_s + by * step_s, now_s - span_s + step_s, now_s);
}

static bool
scroll_facts(struct detail_view *v, int command)
{
	int page = MAX(v->places.info.rows - 3, 1);
	const struct {
		int command, rows;
	} moves[] = {
		{ CMD_DOWN, 1 },
		{ CMD_UP, -1 },
		{ CMD_PAGE_DOWN, page },
		{ CMD_PAGE_UP, -page },
		{ CMD_HALF_DOWN, MAX(page / 2, 1) },
		{ CMD_HALF_UP, -MAX(page / 2, 1) },
		{ CMD_FIRST, -10000 },
		{ CMD_LAST, 10000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		if (moves[i].command != command)
			continue;
		v->top += moves[i].rows;
		limit_scroll(v);
		return true;
	}
	return false;
}

static void
refresh(struct detail_view *v)
{
	if (v->shells_call == 0)
		v->shells_asked = v->shells_answered = false;
	fleet_refresh(v->fleet);
}

static bool
detail_command(void *state, const struct command_call *call)
{
	struct detail_view *v = state;
	int command = call->command->id;
	bool is_known = model_find(fleet_model(v->fleet), v->id) != NULL;

	if (command == CMD_ZOOM_IN || command == CMD_ZOOM_OUT)
		zoom(v, command == CMD_ZOOM_IN ? -1 : 1);
	else if (command == CMD_GRAPH_STYLE)
		v->style = (v->style + 1) % GRAPH_STYLE_COUNT;
	else if (command == CMD_LEFT || command == CMD_RIGHT)
		move_reading(v, command == CMD_LEFT ? -1 : 1);
	else if (command == CMD_NEXT || command == CMD_PREVIOUS)
		v->info_only = !v->info_only;
	else if (command == CMD_REFRESH)
		refresh(v);
	else if (command == CMD_BACK && v->cursor_s && is_known)
		v->cursor_s = 0;
	else if (command == CMD_OPEN && str_eq(app_target(v->app), v->id))
		return true; /* here it is */
	else
		return scroll_facts(v, command);
	return true;
}

/* ---- life */

static void *
detail_open(struct app *app, const void *arg)
{
	struct detail_view *v = xcalloc(1, sizeof *v);

	v->app = app;
	v->fleet = app_fleet(app);
	v->id = xstrdup(arg);
	v->label = xstrdup(arg);
	v->span = SPAN_AT_FIRST;
	v->style = GRAPH_BRAILLE;
	return v;
}

static void
detail_close(void *state)
{
	struct detail_view *v = state;

	if (v->shells_call)
		fleet_shells_cancel(v->fleet, v->shells_call);
	fleet_set_detail(v->fleet, NULL, 0);
	shell_list_clear(&v->shells);
	free(v->id);
	free(v->label);
	free(v);
}

static void
detail_view_draw(const void *state, struct canvas *out)
{
	detail_draw(state, out);
}

const struct view_type view_detail = {
	.name = "detail",
	.kind = VIEW_FULL,
	.keys = KEYMAP_DETAIL,
	.open = detail_open,
	.close = detail_close,
	.layout = detail_layout,
	.draw = detail_view_draw,
	.command = detail_command,
};
