/*
 * curses_cell - cells of ours as ncurses wants them: roles become attributes
 * and colour pairs, characters whose width ncurses sees differently become
 * stand-ins of the right width, so that no row shears.
 */
#ifndef TUI_CURSES_CELL_H
#define TUI_CURSES_CELL_H

#include <stdbool.h>

#include "base/cell.h"
#include "tui/theme.h"

struct curses_cells;

/* After newterm(); `theme` is borrowed. */
struct curses_cells *curses_cells_new(
    const struct theme *theme, enum color_tier tier, int cols);
void curses_cells_free(struct curses_cells *c);
void curses_cells_resize(struct curses_cells *c, int cols);
enum color_tier curses_cells_tier(const struct curses_cells *c); /* what it came to */
/* At the beginning of a frame. true: every cell must be put again. */
bool curses_cells_frame(struct curses_cells *c);
/* `count` cells at (row, col) of stdscr; none of them half a wide character. */
void curses_cells_put(
    struct curses_cells *c, int row, int col, const struct cell *cells, int count);

#endif
