/* detail_view - the inside of the detail view, for view_detail.c (life, layout,
 * commands) and detail_draw.c (cells). */
#ifndef TUI_DETAIL_VIEW_H
#define TUI_DETAIL_VIEW_H

#include "fleet/session.h"
#include "tui/app.h"
#include "tui/facts.h"
#include "tui/graphs.h"

/* Where things are in the body; what does not show has no rows, or row -1. */
struct detail_places {
	struct rect cpu, mem, disk; /* graphs */
	struct rect info;	    /* facts */
	int times_row, mem_bar_row, disk_bar_row, facts_row, note_row;
	int graph_cols; /* of every graph */
};
/* `info_only`: facts in place of graphs, where both have no room. */
struct detail_places detail_places_of(int rows, int cols, bool info_only);

struct detail_view {
	struct app *app;     /* borrowed */
	struct fleet *fleet; /* borrowed */
	char *id;	     /* owned */
	char *label;	     /* owned: for when it is not in the model any more */
	int span;	     /* index in graph_spans */
	enum graph_style style;
	bool info_only;	  /* asked for with Tab */
	int top;	  /* of the facts */
	int64_t cursor_s; /* the reading mark, 0: none */
	struct detail_places places;

	bool shells_asked, shells_answered;
	uint64_t shells_call;	  /* 0: none */
	struct shell_list shells; /* owned */
	struct error shells_err;  /* when answered; code ERROR_NONE: all is well */
};

int64_t detail_span_s(const struct detail_view *v);
void detail_fill_facts(const struct detail_view *v, struct facts *out);
void detail_draw(const struct detail_view *v, struct canvas *out);

#endif
