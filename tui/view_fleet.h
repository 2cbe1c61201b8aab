/* view_fleet - the table of all sandboxes, running and paused (ux.md 3.3.1). */
#ifndef TUI_VIEW_FLEET_H
#define TUI_VIEW_FLEET_H

#include "tui/app.h"

extern const struct view_type view_fleet; /* no arg; opened once, kept */

/* Adds a word to the filter of the open fleet view (`sandtop ui WORD...`). */
void view_fleet_add_filter(struct app *app, const char *word);

#endif
