/*
 * fleet_notes - what stands in place of rows when there are none: loading,
 * empty, no match, never connected (ux.md 3.7). Each says what to do.
 */
#ifndef TUI_FLEET_NOTES_H
#define TUI_FLEET_NOTES_H

#include <stdint.h>

#include "tui/app.h"

/* Fills the canvas. `filter`: what is asked for, "" all; `waited_ms`: since the view
 * opened. */
void fleet_notes_draw(
    const struct app *app, struct canvas *c, const char *filter, uint64_t waited_ms);

#endif
