/* How the fleet view looks; everything was decided before, by layout. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/text.h"
#include "tui/facts.h"
#include "tui/fleet_notes.h"
#include "tui/fleet_view.h"
#include "tui/graphs.h"

enum { TEXT_MAX = 1 << 16, STRIP_SPAN_S = 300, PANEL_SPAN_S = 900 };

/* ---- the header's figures */

static void
add_hold(struct buf *out, const struct fleet_view *v, int cols)
{
	if (v->listing.frozen)
		buf_add_str(out, "  FROZEN");
	else if (fleet_view_is_held(v))
		buf_add_str(out, cols < 80 ? "  held" : "  order held");
	if (v->listing.waiting > 0)
		buf_addf(out, "  + %zu new", v->listing.waiting);
}

static void
add_counts(struct buf *out, const struct fleet_view *v, int cols)
{
	const struct model *m = fleet_model(v->fleet);
	int total = (int)m->count - model_count_state(m, SANDBOX_GONE);
	int paused = model_count_state(m, SANDBOX_PAUSED);
	int running = model_count_state(m, SANDBOX_RUNNING);

	if (m->synced_ms == 0) /* not all was seen yet, so there is nothing to count */
		return;
	if (cols < 80)
		buf_addf(out, "%d/%d", v->table.alive, total);
	else if (cols < 120)
		buf_addf(out, "%d/%d  %d paused", v->table.alive, total, paused);
	else
		buf_addf(out, "%d of %d shown  running %d  paused %d", v->table.alive,
		    total, running, paused);
	add_hold(out, v, cols);
}

/* ---- the query row */

static void
add_sort(struct buf *out, const struct fleet_view *v, int cols)
{
	static const char *const names[] = { "cpu", "mem", "disk" };
	int refresh_s = fleet_settings(v->fleet)->refresh_s;

	buf_addf(
	    out, "sort:%s%s", v->listing.descending ? "-" : "", v->listing.sort->name);
	if (cols >= 80)
		buf_addf(out, "  spark:%s", names[v->spark]);
	if (cols >= 120)
		buf_addf(out, "  every %ds", refresh_s);
}

static void
draw_query(const struct fleet_view *v, struct canvas *c, int row)
{
	int cols = c->area.cols, col = 1;
	struct buf sort;

	buf_init(&sort, TEXT_MAX);
	add_sort(&sort, v, cols);
	int room = cols - text_width(sort.data) - 2;
	canvas_text(c, row, room + 1, ROLE_DIM, sort.data);
	col = canvas_text(c, row, col, ROLE_ACCENT, "/") + 1;
	if (v->editing)
		prompt_draw(&v->prompt, c, row, col, room - col, ROLE_INPUT, true);
	else if (*v->listing.filter)
		canvas_field(
		    c, row, col, room - col, false, ROLE_MATCH, v->listing.filter);
	else
		canvas_field(c, row, col, room - col, false, ROLE_DIM, "all");
	/* The underline of the input ends with the text. */
	if (!v->editing && *v->listing.filter) {
		int width = text_width(v->listing.filter);
		if (width < room - col)
			canvas_role(c, row, col + width, room - col - width, ROLE_TEXT);
	}
	buf_clear(&sort);
}

/* ---- the table */

static void
draw_table(const struct fleet_view *v, struct canvas *c)
{
	const struct model *m = fleet_model(v->fleet);
	int count = (int)v->listing.count;

	for (int row = 0; row < c->area.rows && v->top + row < count; row++) {
		const char *id = v->listing.ids[v->top + row];
		struct fleet_row r = { .id = id,
			.s = model_find(m, id),
			.now_ms = app_now_ms(v->app),
			.selected = str_eq(id, v->cursor),
			.flash = app_settings(v->app)->animations };
		fleet_table_draw_row(&v->table, c, row, &r);
	}
}

static void
draw_rule(const struct fleet_view *v, struct canvas *c, int row)
{
	char where[40];

	canvas_hline(c, row, ROLE_FRAME);
	list_position(
	    v->top, (int)v->listing.count, v->places.table.rows, where, sizeof where);
	if (*where)
		canvas_textf(c, row, c->area.cols - (int)text_width(where) - 4, ROLE_DIM,
		    " %s ", where);
}

static void
draw_facts(const struct fleet_view *v, struct canvas *c, int row)
{
	const struct sandbox *s = fleet_view_sandbox(v);
	struct buf line;

	if (!s)
		return;
	buf_init(&line, TEXT_MAX);
	facts_add_line(&line, s, app_now_ms(v->app));
	canvas_field(c, row, 1, c->area.cols - 2, false,
	    s->state == SANDBOX_GONE ? ROLE_DIM : ROLE_TEXT, line.data);
	buf_clear(&line);
}

/* ---- graphs of the selected one */

static struct graph_options
graph_of(const struct fleet_view *v, enum metric metric, int64_t span_s)
{
	return (struct graph_options){ .metric = metric,
		.now_ms = app_now_ms(v->app),
		.span_s = span_s,
		.style = GRAPH_BRAILLE,
		.span_foot = true };
}

static void
draw_strip(const struct fleet_view *v, struct canvas *strip)
{
	const struct sandbox *s = fleet_view_sandbox(v);
	int rows = strip->area.rows, cols = strip->area.cols;
	bool stacked = v->places.stacked;
	int height = stacked ? rows / 2 : rows, width = stacked ? cols : cols / 2;
	struct canvas cpu = canvas_sub(strip, 0, 0, height, width);
	struct canvas mem = stacked ? canvas_sub(strip, height, 0, rows - height, cols)
				    : canvas_sub(strip, 0, width, rows, cols - width);
	struct graph_options o = graph_of(v, METRIC_CPU, STRIP_SPAN_S);

	if (!s)
		return;
	o.name = sandbox_label(s);
	graph_draw(&cpu, s, &o);
	o.metric = METRIC_MEM;
	graph_draw(&mem, s, &o);
}

static void
draw_panel_graphs(
    const struct fleet_view *v, struct canvas *c, const struct sandbox *s, int height)
{
	struct graph_options o = graph_of(v, METRIC_CPU, PANEL_SPAN_S);
	struct canvas cpu = canvas_sub(c, 0, 0, height, c->area.cols);
	struct canvas mem = canvas_sub(c, height, 0, height, c->area.cols);
	float disk = s->has_sample && sandbox_is_running(s)
			 ? sample_percent(&s->sample, METRIC_DISK)
			 : NAN;
	struct buf title;

	graph_draw(&cpu, s, &o);
	o.metric = METRIC_MEM;
	graph_draw(&mem, s, &o);
	o.metric = METRIC_DISK;
	buf_init(&title, TEXT_MAX);
	graph_add_title(&title, s, &o, 30);
	int col = canvas_text(c, 2 * height, 0, ROLE_TEXT, title.data) + 2;
	widget_bar(c, 2 * height, col, c->area.cols - col, ROLE_GRAPH3, disk);
	buf_clear(&title);
}

static void
draw_panel(const struct fleet_view *v, struct canvas *panel)
{
	const struct sandbox *s = fleet_view_sandbox(v);
	int rows = panel->area.rows, cols = panel->area.cols;
	int height = CLAMP((rows - 16) / 2, 5, 14);
	struct facts facts = { 0 };

	for (int row = 0; row < rows; row++)
		canvas_text(panel, row, 0, ROLE_FRAME, panel->glyphs->vertical);
	if (!s)
		return;

	struct canvas inside = canvas_sub(panel, 0, 2, rows, cols - 2);
	facts_fill(&facts, s, fleet_settings(v->fleet)->domain, NULL, app_now_ms(v->app));
	draw_panel_graphs(v, &inside, s, height);
	struct canvas below =
	    canvas_sub(&inside, 2 * height + 2, 0, rows - 2 * height - 2, cols - 2);
	facts_draw(&facts, &below, 0);
	facts_clear(&facts);
}

/* ---- all of it */

static struct canvas
part(struct canvas *body, struct rect r)
{
	return canvas_sub(body, r.row, r.col, r.rows, r.cols);
}

static void
draw_body(const struct fleet_view *v, struct canvas *body)
{
	const struct fleet_places *p = &v->places;
	struct canvas left = canvas_sub(body, 0, 0, body->area.rows, p->table.cols);
	struct canvas table = part(body, p->table);

	if (p->query_row >= 0)
		draw_query(v, &left, p->query_row);
	if (v->listing.count == 0) {
		fleet_notes_draw(v->app, &table, v->listing.filter,
		    app_mono_ms(v->app) - v->opened_ms);
		return;
	}
	fleet_table_draw_head(&v->table, &left, p->head_row, &v->listing);
	draw_table(v, &table);
	if (p->rule_row >= 0)
		draw_rule(v, &left, p->rule_row);
	if (p->facts_row >= 0)
		draw_facts(v, &left, p->facts_row);
	if (p->strip.rows > 0) {
		struct canvas strip = part(body, p->strip);
		draw_strip(v, &strip);
	}
	if (p->panel.cols > 0) {
		struct canvas panel = part(body, p->panel);
		draw_panel(v, &panel);
	}
}

void
fleet_view_draw(const struct fleet_view *v, struct canvas *out)
{
	struct buf right;

	if (!v->fleet) {
		struct canvas body = app_chrome(v->app, out, KEYMAP_FLEET, "Fleet", "");
		canvas_text(&body, 1, 3, ROLE_TEXT,
		    "No account: 'sandtop doctor' says what was looked at.");
		return;
	}
	buf_init(&right, TEXT_MAX);
	add_counts(&right, v, out->area.cols);
	struct canvas body = app_chrome(v->app, out, KEYMAP_FLEET, "Fleet", right.data);
	draw_body(v, &body);
	buf_clear(&right);
}
