/* prose - sentences on a canvas: wrapped at blanks, made clean. */
#ifndef TUI_PROSE_H
#define TUI_PROSE_H

#include "tui/canvas.h"

/* From (row, col) on in `cols` columns, lines behind the first indented by `hang`;
 * breaks at '\n' too. Returns the row below the last one; draws what is inside. */
int prose_draw(struct canvas *c, int row, int col, int cols, int hang, enum role role,
    const char *text);

#endif
