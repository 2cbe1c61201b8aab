/*
 * tab_bar - the names of open tabs in one row: "1:agent-42*  2:db-seed!".
 *
 * The current one always shows; a mark stands for what does not fit left of it. The
 * profile stands at the right.
 */
#ifndef TUI_TAB_BAR_H
#define TUI_TAB_BAR_H

#include "tui/canvas.h"
#include "tui/tab.h"

struct tab_entry {
	struct tab *tab; /* owned by who made the entry */
	bool bell;	 /* it rang behind another one */
};

struct tab_bar {
	const struct tab_entry *entries; /* borrowed */
	size_t count, current;
	const char *profile; /* borrowed; at the right */
	int cols;	     /* the row's */
};

void tab_bar_draw(const struct tab_bar *bar, struct canvas *c);
/* Whose name is at a column; `count` when nobody's. */
size_t tab_bar_at(const struct tab_bar *bar, int col);

#endif
