/* The fleet view's cursor and the order of its rows. */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tui/fleet_view.h"

static void
set_text(char **slot, const char *value)
{
	if (str_eq(*slot, value))
		return;
	free(*slot);
	*slot = xstrdup(value);
}

void
fleet_view_select(struct fleet_view *v, const char *id)
{
	const struct listing *l = &v->listing;
	int row = id ? listing_index(l, id) : -1;

	set_text(&v->cursor, id);
	if (row < 0)
		return;
	v->cursor_row = row;
	set_text(&v->above, row > 0 ? l->ids[row - 1] : NULL);
	set_text(&v->below, (size_t)row + 1 < l->count ? l->ids[row + 1] : NULL);
}

void
fleet_view_select_row(struct fleet_view *v, int row)
{
	int count = (int)v->listing.count;

	if (count == 0) {
		fleet_view_select(v, NULL);
		return;
	}
	fleet_view_select(v, v->listing.ids[CLAMP(row, 0, count - 1)]);
}

void
fleet_view_move(struct fleet_view *v, int rows)
{
	int from = v->cursor ? listing_index(&v->listing, v->cursor) : -1;

	fleet_view_select_row(v, (from < 0 ? v->cursor_row : from) + rows);
	app_set_target(v->app, v->cursor);
	fleet_view_hold(v);
}

/* ---- order */

void
fleet_view_hold(struct fleet_view *v)
{
	int64_t hold_ms = app_settings(v->app)->order_hold_ms;

	if (hold_ms <= 0)
		return;
	v->hold_until_ms = app_mono_ms(v->app) + (uint64_t)hold_ms;
	app_wake(v->app, (uint64_t)hold_ms);
}

bool
fleet_view_is_held(const struct fleet_view *v)
{
	return app_mono_ms(v->app) < v->hold_until_ms;
}

/* The listing keeps wall time, which can jump; the hold is counted by a clock that
 * cannot, and told to the listing anew each time. */
static void
sync_hold(struct fleet_view *v, int64_t now_ms)
{
	bool held = fleet_view_is_held(v);

	if (held || v->hold_until_ms)
		listing_hold(&v->listing, now_ms, held ? 1 : 0);
	if (!held)
		v->hold_until_ms = 0;
}

/* Pages and figures still come in and nobody chose yet: the cursor stays on top, else it
 * would ride down with the row that happened to come first. */
static bool
is_filling(struct fleet_view *v)
{
	enum { SETTLE_MS = 2000 };
	uint64_t now_ms = app_mono_ms(v->app);

	if (v->touched)
		return false;
	if (v->settle_ms == 0 && fleet_model(v->fleet)->synced_ms != 0)
		v->settle_ms = now_ms + SETTLE_MS;
	return v->settle_ms == 0 || now_ms < v->settle_ms;
}

/* What was selected went: a neighbour is next, then whatever is at its place. */
static void
find_cursor_again(struct fleet_view *v)
{
	const struct listing *l = &v->listing;

	if (is_filling(v))
		fleet_view_select_row(v, 0);
	else if (v->cursor && listing_index(l, v->cursor) >= 0)
		fleet_view_select(v, v->cursor);
	else if (v->below && listing_index(l, v->below) >= 0)
		fleet_view_select(v, v->below);
	else if (v->above && listing_index(l, v->above) >= 0)
		fleet_view_select(v, v->above);
	else
		fleet_view_select_row(v, v->cursor_row);
}

/* The selected row goes: it stays for one hold all the same, so that a finger which is
 * on its way down does not meet another one. */
static void
hold_what_leaves(struct fleet_view *v)
{
	const struct sandbox *s = fleet_view_sandbox(v);
	bool stays = s && filter_matches(v->listing.filter, s);

	if (stays || !v->cursor || listing_index(&v->listing, v->cursor) < 0) {
		set_text(&v->leaving, NULL);
		return;
	}
	if (str_eq(v->leaving, v->cursor))
		return;
	set_text(&v->leaving, v->cursor);
	fleet_view_hold(v);
}

void
fleet_view_update(struct fleet_view *v)
{
	const struct model *m = fleet_model(v->fleet);
	int64_t now_ms = app_now_ms(v->app);

	hold_what_leaves(v);
	sync_hold(v, now_ms);
	if (listing_update(&v->listing, m, now_ms) || v->measured != m->revision + 1) {
		v->measured = m->revision + 1;
		fleet_table_measure(&v->table, &v->listing, m);
	}
	find_cursor_again(v);
	app_set_target(v->app, v->cursor);
}

const struct sandbox *
fleet_view_sandbox(const struct fleet_view *v)
{
	return model_find(fleet_model(v->fleet), v->cursor);
}
