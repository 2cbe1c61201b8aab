#include "tui/tab_draw.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/fields.h"

/* ---- the cells */

static void
draw_cells(const struct tab *t, struct canvas *c)
{
	const struct pane *p = tab_pane(t);
	int offset = pane_view_offset(p), cols = c->area.cols;
	struct cell *cells = xcalloc((size_t)MAX(cols, 1), sizeof *cells);

	for (int row = 0; row < c->area.rows; row++) {
		if (!pane_row(p, row - offset, cells, cols))
			continue;
		for (int col = 0; col < cols; col++)
			canvas_cell(c, row, col, cells[col]);
	}
	free(cells);

	struct pane_cursor cursor = pane_cursor(p);
	if (offset == 0 && cursor.visible && tab_state(t) == SESSION_LIVE) {
		canvas_cursor(c, cursor.row, cursor.col);
		c->grid->cursor.shape = cursor.shape;
	}
}

/* ---- why nothing lives here */

static const struct {
	const char *title, *body, *keys;
} boxes[] = {
	[SESSION_OPENING] = { "Opening", NULL, "Esc gives up" },
	[SESSION_RECONNECTING] = { "Cut off", NULL, NULL },
	[SESSION_PAUSED] = { "Paused",
	    "The sandbox sleeps; it was not woken, and what runs in it is kept.",
	    "W wakes it   x closes this tab" },
	[SESSION_GONE] = { "Gone", "The sandbox does not exist any more.",
	    "x closes this tab" },
	[SESSION_EXITED] = { "Ended", NULL, "R starts a new shell   x closes this tab" },
	[SESSION_FAILED] = { "No shell", NULL, "R tries again   x closes this tab" },
};

static char *
box_body(const struct tab *t, struct app *app)
{
	const struct session *s = tab_session(t);
	int64_t waited_s = (app_now_ms(app) - tab_since_ms(t)) / 1000;

	switch (tab_state(t)) {
	case SESSION_OPENING:
		return xasprintf(
		    "Waiting for %s, %llds so far", tab_label(t), (long long)waited_s);
	case SESSION_EXITED:
		return text_clean_dup(session_exit_text(s));
	case SESSION_FAILED:
		return text_clean_dup(session_error(s)->text);
	case SESSION_PAUSED:
	case SESSION_GONE:
		return xstrdup(boxes[tab_state(t)].body);
	case SESSION_LIVE:
	case SESSION_RECONNECTING:
		return NULL;
	}
	return NULL;
}

static void
draw_box(const struct tab *t, struct app *app, struct canvas *c)
{
	enum session_state state = tab_state(t);
	char *body = box_body(t, app);
	bool at_once =
	    state == SESSION_OPENING && app_now_ms(app) - tab_since_ms(t) < 300;

	/* A shell that comes within a blink is not announced; what ended keeps its screen. */
	if (!body || at_once) {
		free(body);
		return;
	}
	const char *keys = boxes[state].keys;
	int inner = MAX(MAX(text_width(body), text_width(keys)), 20);
	int width = MIN(inner + 4, c->area.cols), height = MIN(6, c->area.rows);
	int row = state == SESSION_EXITED ? MAX(c->area.rows - height, 0)
					  : MAX((c->area.rows - height) / 2, 0);
	struct canvas box =
	    canvas_sub(c, row, MAX((c->area.cols - width) / 2, 0), height, width);
	canvas_fill(&box, ROLE_TEXT);
	struct canvas inside =
	    canvas_frame(&box, ROLE_FRAME_FOCUS, boxes[state].title, NULL);
	canvas_field(&inside, 1, 1, inside.area.cols - 2, false, ROLE_TEXT, body);
	canvas_field(&inside, 2, 1, inside.area.cols - 2, false, ROLE_HINT, keys);
	free(body);
}

void
tab_draw(const struct tab *t, struct app *app, struct canvas *c)
{
	draw_cells(t, c);
	draw_box(t, app, c);
}

/* ---- the status row */

static void
add_left(struct buf *out, const struct sandbox *s, int64_t now_ms)
{
	int64_t left_s = sandbox_left_s(s, now_ms);
	char ends[16];

	buf_add_str(out, "  left ");
	field_format(field_find("left"), s, now_ms, out);
	if (left_s == INT64_MIN)
		return;
	clock_format_hm(s->end_ms, ends, sizeof ends);
	buf_addf(out, " (ends %s)", ends);
}

static void
add_figures(struct buf *out, const struct sandbox *s, int64_t now_ms)
{
	buf_add_str(out, "  cpu ");
	field_format(field_find("cpu"), s, now_ms, out);
	buf_add_str(out, "%  mem ");
	field_format(field_find("mem"), s, now_ms, out);
	buf_add_char(out, '%');
}

static enum role
state_role(enum session_state state)
{
	switch (state) {
	case SESSION_LIVE:
		return ROLE_OK;
	case SESSION_OPENING:
	case SESSION_RECONNECTING:
	case SESSION_PAUSED:
		return ROLE_WARN;
	case SESSION_GONE:
	case SESSION_EXITED:
	case SESSION_FAILED:
		return ROLE_CRIT;
	}
	return ROLE_TEXT;
}

static char *
state_text(const struct tab *t, int64_t now_ms)
{
	const struct session *s = tab_session(t);
	int offset = pane_view_offset(tab_pane(t));

	if (offset > 0)
		return xasprintf("SCROLL %d/%d", offset, pane_scrollback(tab_pane(t)));
	if (tab_state(t) == SESSION_RECONNECTING && session_retry_at_ms(s) > now_ms)
		return xasprintf("RECONNECTING in %llds",
		    (long long)((session_retry_at_ms(s) - now_ms + 999) / 1000));
	return xstrdup(session_state_name(tab_state(t)));
}

void
tab_draw_status(const struct tab *t, struct app *app, struct canvas *c, int row)
{
	int64_t now_ms = app_now_ms(app);
	const struct sandbox *s = model_find(fleet_model(app_fleet(app)), tab_sandbox(t));
	const struct session *session = tab_session(t);
	char prefix[16], *state = state_text(t, now_ms);
	int lag_ms = session ? session_lag_ms(session) : -1;
	struct buf line;

	buf_init(&line, 1024);
	key_format(keymap_prefix(app_keymap(app)), prefix, sizeof prefix);
	buf_addf(&line, " %s  %s", prefix, tab_label(t));
	if (!str_eq(tab_label(t), tab_sandbox(t)))
		buf_addf(&line, " %.8s", tab_sandbox(t));
	if (tab_title(t)[0])
		buf_addf(&line, "  %s", tab_title(t));
	if (s) {
		add_figures(&line, s, now_ms);
		add_left(&line, s, now_ms);
	}
	if (lag_ms >= 0)
		buf_addf(&line, "  lat %dms", lag_ms);
	if (session && session_unsent(session) > 0)
		buf_addf(&line, "  %zu unsent", session_unsent(session));

	int width = text_width(state), cols = c->area.cols;
	canvas_field(c, row, 0, MAX(cols - width - 2, 0), false, ROLE_HEADER, line.data);
	canvas_role(c, row, 0, cols, ROLE_HEADER);
	canvas_text(c, row, MAX(cols - width - 1, 0), state_role(tab_state(t)), state);
	buf_clear(&line);
	free(state);
}
