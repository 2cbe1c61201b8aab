/* How the detail view looks; everything was decided before, by layout. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/detail_view.h"

enum { TEXT_MAX = 1 << 16, TITLE_COLS = 40 };

static struct graph_options
graph_of(const struct detail_view *v, enum metric metric)
{
	return (struct graph_options){ .metric = metric,
		.now_ms = app_now_ms(v->app),
		.span_s = detail_span_s(v),
		.cursor_s = v->cursor_s,
		.style = v->style,
		.axis = true };
}

/* ---- the header and the line below it */

static void
add_right(struct buf *out, const struct sandbox *s, int64_t now_ms, int cols)
{
	const char *state = s->state_text ? s->state_text : sandbox_state_name(s->state);
	int64_t left_s = sandbox_left_s(s, now_ms);
	char left[16];

	for (; *state; state++)
		buf_add_char(out, (char)toupper((unsigned char)*state));
	if (left_s == INT64_MIN)
		return;
	buf_add_str(out, "  ");
	if (cols >= 100 || left_s < 0) {
		facts_add_left(out, s, now_ms);
		return;
	}
	duration_format(left_s, left, sizeof left);
	buf_addf(out, "left %s", left);
}

/* What the pictures show: span, scale and the keys that change them. */
static void
draw_scale(const struct detail_view *v, struct canvas *c)
{
	const struct keymap *k = app_keymap(v->app);
	enum graph_style style = graph_style_of(c, v->style);
	bool local = fleet_settings(v->fleet)->local_host;
	char span[24], in[16], out[16], next[16];
	struct buf line;

	buf_init(&line, TEXT_MAX);
	facts_spell_duration(detail_span_s(v), span, sizeof span);
	facts_key(k, KEYMAP_DETAIL, CMD_ZOOM_IN, in, sizeof in);
	facts_key(k, KEYMAP_DETAIL, CMD_ZOOM_OUT, out, sizeof out);
	facts_key(k, KEYMAP_DETAIL, CMD_GRAPH_STYLE, next, sizeof next);
	buf_addf(&line, "span %s (%s %s)", span, in, out);
	if (c->area.cols >= 60)
		buf_addf(
		    &line, "  scale 0-100  graph %s (%s)", graph_style_name(style), next);
	if (c->area.cols >= 90)
		buf_addf(&line, "  sampled every %s", local ? "1s" : "5s");
	canvas_field(c, 0, 1, c->area.cols - 1, false, ROLE_DIM, line.data);
	buf_clear(&line);
}

/* ---- parts */

static void
draw_graph(const struct detail_view *v, struct canvas *body, const struct sandbox *s,
    enum metric metric, struct rect r)
{
	struct canvas c = canvas_sub(body, r.row, r.col, r.rows, r.cols);
	struct graph_options o = graph_of(v, metric);

	if (r.rows > 0)
		graph_draw(&c, s, &o);
}

/* A metric that has no room for a graph. */
static void
draw_bar(const struct detail_view *v, struct canvas *body, const struct sandbox *s,
    enum metric metric, int row)
{
	struct graph_options o = graph_of(v, metric);
	int cols = body->area.cols;
	bool runs = sandbox_is_running(s) && s->has_sample;
	float percent = runs ? sample_percent(&s->sample, metric) : NAN;
	struct buf title;

	if (row < 0)
		return;
	buf_init(&title, TEXT_MAX);
	graph_add_title(&title, s, &o, MIN(cols / 2, TITLE_COLS));
	int at = MIN(cols / 2, 34) + 2;
	canvas_text(body, row, 1, ROLE_TEXT, title.data);
	widget_bar(body, row, at, cols - at - 1, metric_role(metric), percent);
	buf_clear(&title);
}

static void
draw_info(const struct detail_view *v, struct canvas *body, struct rect r)
{
	struct canvas c = canvas_sub(body, r.row, r.col, r.rows, r.cols);
	struct facts facts;
	char where[40] = "";

	if (r.rows < 3)
		return;
	detail_fill_facts(v, &facts);
	list_position(v->top, (int)facts.count, r.rows - 2, where, sizeof where);
	struct canvas inside =
	    canvas_frame(&c, ROLE_FRAME, "Info", *where ? where : NULL);
	inside =
	    canvas_sub(&inside, 0, 1, inside.area.rows, MAX(inside.area.cols - 2, 0));
	facts_draw(&facts, &inside, v->top);
	facts_clear(&facts);
}

static void
add_reading(struct buf *out, const struct timescale *t, const struct sandbox *s,
    enum metric metric, const char *name, int64_t at_s)
{
	float value = timescale_value_at(t, s->history, metric, at_s);

	buf_addf(out, "  %s ", name);
	if (isnan(value))
		buf_add_str(out, "--");
	else
		buf_addf(out, "%.0f%%", (double)value);
}

static void
add_cursor(const struct detail_view *v, struct canvas *c, const struct sandbox *s,
    struct buf *out)
{
	struct graph_options o = graph_of(v, METRIC_CPU);
	int all;
	char at[16];

	graph_inset(&o, &all);
	int points = graph_buckets(c, v->style, MAX(v->places.graph_cols - all, 1));
	struct timescale t = timescale_of(o.now_ms, o.span_s, points);
	clock_format_hms(v->cursor_s * 1000, at, sizeof at);
	buf_addf(out, "at %s", at);
	add_reading(out, &t, s, METRIC_CPU, "cpu", v->cursor_s);
	add_reading(out, &t, s, METRIC_MEM, "mem", v->cursor_s);
	add_reading(out, &t, s, METRIC_DISK, "disk", v->cursor_s);
	buf_add_str(out, "  (Left, Right; Esc)");
}

/* What the pictures do not say by themselves, the most important first. */
static void
draw_note(const struct detail_view *v, struct canvas *body, const struct sandbox *s)
{
	int64_t now_s = app_now_ms(v->app) / 1000, from_s, to_s;
	char from[16], to[16];
	struct buf note;

	if (v->places.note_row < 0)
		return;
	buf_init(&note, TEXT_MAX);
	if (v->cursor_s) {
		add_cursor(v, body, s, &note);
	} else if (!sandbox_is_running(s)) {
		facts_add_state(&note, s);
		buf_add_str(&note, "; the graphs show what was before");
	} else if (facts_is_warming(s, app_now_ms(v->app))) {
		buf_add_str(&note, "warming up: first figures in a few seconds");
	} else if (history_last_gap(
		       s->history, now_s - detail_span_s(v), now_s, &from_s, &to_s)) {
		clock_format_hm(from_s * 1000, from, sizeof from);
		clock_format_hm(to_s * 1000, to, sizeof to);
		buf_addf(&note, "no figures %s-%s: a gap, not zero", from, to);
	} else if (v->places.info.rows == 0) {
		buf_add_str(&note, "Tab: facts and processes");
	}
	canvas_field(
	    body, v->places.note_row, 1, body->area.cols - 2, false, ROLE_DIM, note.data);
	buf_clear(&note);
}

static void
draw_line(const struct detail_view *v, struct canvas *body, const struct sandbox *s)
{
	struct buf line;

	if (v->places.facts_row < 0)
		return;
	buf_init(&line, TEXT_MAX);
	facts_add_line(&line, s, app_now_ms(v->app));
	canvas_field(body, v->places.facts_row, 1, body->area.cols - 2, false, ROLE_TEXT,
	    line.data);
	buf_clear(&line);
}

/* ---- all of it */

static void
draw_body(const struct detail_view *v, struct canvas *body, const struct sandbox *s)
{
	const struct detail_places *p = &v->places;
	struct graph_options o = graph_of(v, METRIC_CPU);

	draw_scale(v, body);
	draw_graph(v, body, s, METRIC_CPU, p->cpu);
	draw_graph(v, body, s, METRIC_MEM, p->mem);
	draw_graph(v, body, s, METRIC_DISK, p->disk);
	if (p->times_row >= 0) {
		struct canvas times =
		    canvas_sub(body, p->times_row, p->cpu.col, 1, p->graph_cols);
		graph_draw_times(&times, 0, &o);
	}
	draw_bar(v, body, s, METRIC_MEM, p->mem_bar_row);
	draw_bar(v, body, s, METRIC_DISK, p->disk_bar_row);
	draw_info(v, body, p->info);
	draw_line(v, body, s);
	draw_note(v, body, s);
}

void
detail_draw(const struct detail_view *v, struct canvas *out)
{
	const struct sandbox *s = model_find(fleet_model(v->fleet), v->id);
	char *name = text_cut(v->label, MAX(out->area.cols / 4, 12), out->glyphs->ascii);
	char *crumb = xasprintf(out->area.cols < 60 ? "%s" : "Fleet > %s", name);
	struct buf right;

	buf_init(&right, TEXT_MAX);
	if (s)
		add_right(&right, s, app_now_ms(v->app), out->area.cols);
	else
		buf_add_str(&right, "GONE");
	struct canvas body = app_chrome(v->app, out, KEYMAP_DETAIL, crumb, right.data);
	if (s)
		draw_body(v, &body, s);
	else
		canvas_textf(&body, 1, 3, ROLE_TEXT,
		    "%s is gone, and nothing of it is kept. Esc goes back.", v->label);
	free(name);
	free(crumb);
	buf_clear(&right);
}
