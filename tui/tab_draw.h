/* tab_draw - what a tab looks like: its cells, its status row, its place in the tab bar. */
#ifndef TUI_TAB_DRAW_H
#define TUI_TAB_DRAW_H

#include "tui/canvas.h"
#include "tui/tab.h"

/* Cells of the pane at its view offset, and over them a box that says why nothing lives
 * there (opening, paused, gone, ended). Puts the hardware cursor when live. */
void tab_draw(const struct tab *t, struct app *app, struct canvas *c);
/* The last row: prefix, sandbox, program, figures, time left, state. */
void tab_draw_status(const struct tab *t, struct app *app, struct canvas *c, int row);
/* "2:db-seed!" from `col`; returns the column behind it. */
int tab_draw_name(
    const struct tab *t, struct canvas *c, int col, int number, bool current, bool bell);

#endif
