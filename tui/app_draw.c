/* app_draw - when and what is drawn. */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/app_internal.h"

/*
 * When and what is drawn. A few frames may follow each other at once, so that a key and
 * its echo are both seen without delay; a flood settles at the even pace.
 */
enum {
	FRAMES_AT_ONCE = 4,
	EMPTY_FRAME_MS = 2, /* what looking at it costs, and more */
	UNFOCUSED_FRAME_MS = 1000,
};

void
app_draw_tiny(const struct app *a, struct canvas *c)
{
	const struct fleet_settings *s = a->fleet ? fleet_settings(a->fleet) : NULL;
	char *needs = xasprintf("needs %dx%d", APP_MIN_COLS, APP_MIN_ROWS);
	/* What has to be done stays readable; the rest takes what room there is. */
	int room = MAX(c->area.cols - text_width(needs) - 1, 0);
	struct canvas left = canvas_sub(c, 0, 0, 1, room);
	int col = canvas_text(&left, 0, 0, ROLE_TITLE, "sandtop");

	if (s && s->profile)
		col = canvas_textf(&left, 0, col, ROLE_PROFILE, " [%s]", s->profile);
	if (a->fleet)
		col = canvas_textf(&left, 0, col, ROLE_TEXT, " %d running",
		    model_count_state(fleet_model(a->fleet), SANDBOX_RUNNING));
	col = room == 0 ? 0 : MIN(col, room) + 1;
	canvas_text(c, 0, col, ROLE_WARN, needs);
	free(needs);
}

static void
draw_view(const struct view *v, struct canvas *c)
{
	if (v->type->layout)
		v->type->layout(v->state, c->area.rows, c->area.cols);
	/* The cursor belongs to what is on top. */
	c->grid->cursor.visible = false;
	if (v->type->draw)
		v->type->draw(v->state, c);
}

/* From the topmost view that covers everything. */
static void
draw_stack(const struct app *a, struct canvas *c)
{
	size_t first = a->pushed_count;
	const struct view *base = a->base_count ? a->bases[a->current_base].view : NULL;

	while (first > 0 && a->pushed[first - 1]->type->kind != VIEW_FULL)
		first--;
	if (first > 0)
		first--;
	else if (base)
		draw_view(base, c);
	for (size_t i = first; i < a->pushed_count; i++)
		draw_view(a->pushed[i], c);
}

bool
app_draw(struct app *a)
{
	struct canvas c = canvas_of(&a->grid, a->screen->glyphs);

	a->dirty = false;
	grid_clear(&a->grid);
	if (app_is_tiny(a)) {
		app_draw_tiny(a, &c);
	} else {
		draw_stack(a, &c);
		if (a->which_key_shown)
			which_key_draw(a, &c);
	}
	return a->screen->type->present(a->screen, &a->grid);
}

void
app_schedule(struct app *a)
{
	uint64_t now = loop_now_ms(a->loop);
	int64_t pace = a->focused ? a->frame_ms : UNFOCUSED_FRAME_MS;
	int64_t full = a->focused ? pace * FRAMES_AT_ONCE : pace;

	if (!a->dirty || !a->screen || a->quitting)
		return;
	a->frame_credit_ms = MIN(a->frame_credit_ms + (int64_t)(now - a->drawn_ms), full);
	a->drawn_ms = now;
	if (a->frame_credit_ms < pace) {
		timer_start(a->frame_timer, (uint64_t)(pace - a->frame_credit_ms), 0);
		return;
	}
	a->frame_credit_ms -= pace;
	timer_stop(a->frame_timer);
	/* One that wrote nothing keeps nobody from the next. */
	if (!app_draw(a))
		a->frame_credit_ms += MAX(pace - EMPTY_FRAME_MS, (int64_t)0);
}
