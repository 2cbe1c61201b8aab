/*
 * colors - ncurses' colour pairs, given out by what is wanted: a hash from
 * (foreground, background) to a pair number. When they run out, all are taken
 * back and the screen is drawn anew, at most every now and then; until then
 * what is too much shows in the default colours, never in wrong ones.
 *
 * Only for the screen that ncurses has open.
 */
#ifndef TUI_COLORS_H
#define TUI_COLORS_H

#include <stdbool.h>
#include <stdint.h>

#include "tui/theme.h"

struct colors;

/* After newterm(). `most` pairs, 0: as many as the terminal has, up to 32,767. */
struct colors *colors_new(enum color_tier tier, int most);
void colors_free(struct colors *c); /* NULL is fine */
/* COLOR_* values of base/cell.h, reduced to the tier here. Pair 0 is the terminal's own. */
int colors_pair(struct colors *c, uint32_t fg, uint32_t bg);
/* Once per frame, before drawing. true: the pairs were taken back, every cell must be
 * drawn again. */
bool colors_frame(struct colors *c);

#endif
