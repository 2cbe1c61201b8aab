/*
 * fleet_view - the inside of the fleet view, for its files only: view_fleet.c
 * (life, layout, keys, commands), fleet_select.c (cursor and order), and
 * fleet_draw.c (cells).
 */
#ifndef TUI_FLEET_VIEW_H
#define TUI_FLEET_VIEW_H

#include "fleet/listing.h"
#include "tui/app.h"
#include "tui/fleet_table.h"
#include "tui/prompt.h"

/* Where things are in the body; a part that does not show has no rows or row -1. */
struct fleet_places {
	int query_row, head_row, rule_row, facts_row;
	struct rect table; /* the rows */
	struct rect strip; /* graphs below */
	struct rect panel; /* details at the right */
	bool stacked;	   /* the strip's graphs one above the other */
};
/* `count`: sandboxes there are; graphs take some of the rows that those leave free. */
struct fleet_places fleet_places_of(int rows, int cols, int count);

struct fleet_view {
	struct app *app;     /* borrowed */
	struct fleet *fleet; /* borrowed; NULL: there is no account */
	struct listing listing;
	struct fleet_table table;
	uint64_t
	    measured; /* revision of the model that widths were taken from, plus one */

	/* Selection is an id (law 2); rows are only where it is drawn. */
	char *cursor;	     /* owned; NULL: nothing to select */
	char *above, *below; /* owned: its neighbours, for when it goes */
	int cursor_row, top;
	bool touched;		/* a person chose: until then the first row is selected */
	uint64_t settle_ms;	/* monotonic: end of that, as rows came in; 0: not yet */
	uint64_t hold_until_ms; /* monotonic; 0: not held */
	char *leaving;		/* owned: a selected one that went while nobody held it */

	struct rect body;
	struct fleet_places places;
	enum metric spark;

	bool editing; /* the filter */
	struct prompt prompt;
	char *filter_before; /* owned, while editing */
	struct strlist history;
	struct timer *filter_timer; /* owned */

	char *clicked; /* owned: id of the last click */
	uint64_t clicked_ms;
	char *wanted; /* owned: whose facts were asked for, for the panel */
	char *rested; /* owned: where the cursor rests, since when */
	uint64_t rested_ms, opened_ms;
};

/* ---- fleet_select.c */
void fleet_view_select(struct fleet_view *v, const char *id);
void fleet_view_select_row(struct fleet_view *v, int row); /* clamped */
void fleet_view_move(struct fleet_view *v, int rows);
/* A hand is moving: rows keep their places for a moment. */
void fleet_view_hold(struct fleet_view *v);
bool fleet_view_is_held(const struct fleet_view *v);
/* Takes in what the model says now and finds the cursor again. */
void fleet_view_update(struct fleet_view *v);
const struct sandbox *fleet_view_sandbox(const struct fleet_view *v); /* NULL: none */

/* ---- fleet_draw.c */
void fleet_view_draw(const struct fleet_view *v, struct canvas *out);

#endif
