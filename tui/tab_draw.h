/* tab_draw - what a tab looks like: its cells and its status row. */
#ifndef TUI_TAB_DRAW_H
#define TUI_TAB_DRAW_H

#include "tui/canvas.h"
#include "tui/tab.h"

/* Cells of the pane at its view offset, and over them a box that says why nothing lives
 * there (opening, paused, gone, ended). Puts the hardware cursor when live. */
void tab_draw(const struct tab *t, struct app *app, struct canvas *c);
/* The last row: prefix, sandbox, program, figures, time left, state. */
void tab_draw_status(const struct tab *t, struct app *app, struct canvas *c, int row);

#endif
