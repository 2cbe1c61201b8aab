/*
 * canvas - a clipped window onto a grid of cells; the only thing views draw
 * on. Text that is drawn must be clean (base/text.h); what is not is made so.
 */
#ifndef TUI_CANVAS_H
#define TUI_CANVAS_H

#include <stdbool.h>

#include "base/cell.h"
#include "base/compiler.h"
#include "tui/theme.h"

struct grid {
	int rows, cols;
	struct cell *cells; /* owned; rows * cols */
	struct pane_cursor_place {
		int row, col;
		bool visible;
		int shape; /* 0 as it is, 1 block, 2 underline, 3 bar */
	} cursor;
};
/* Not grid_resize() and grid_free(): those are term's, and the program links both. */
void grid_init(struct grid *g, int rows, int cols); /* blank, ROLE_TEXT */
void grid_set_size(struct grid *g, int rows, int cols);
void grid_clear(struct grid *g);
void grid_dispose(struct grid *g); /* zeroed is fine */

struct canvas {
	struct grid *grid;	     /* borrowed */
	struct rect area;	     /* clip, in grid coordinates */
	const struct glyphs *glyphs; /* borrowed */
};
struct canvas canvas_of(struct grid *g, const struct glyphs *glyphs);
/* A window in a window, coordinates relative to `c`, clipped. */
struct canvas canvas_sub(const struct canvas *c, int row, int col, int rows, int cols);
void canvas_fill(struct canvas *c, enum role role); /* blanks */
/* Draws from (row, col), clipped to the area; returns the column behind it. */
int canvas_text(struct canvas *c, int row, int col, enum role role, const char *text);
int canvas_textf(struct canvas *c, int row, int col, enum role role, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* Cut with the set's ellipsis into `width` columns and padded with blanks; right: aligned. */
void canvas_field(struct canvas *c, int row, int col, int width, bool right,
    enum role role, const char *text);
void canvas_role(
    struct canvas *c, int row, int col, int cols, enum role role); /* recolours */
void canvas_attr(struct canvas *c, int row, int col, int cols, uint16_t attrs); /* adds */
void canvas_cell(struct canvas *c, int row, int col, struct cell cell);
void canvas_hline(struct canvas *c, int row, enum role role);
/* A frame with a title in the top edge and a foot in the bottom edge (either NULL);
 * returns the inside. */
struct canvas canvas_frame(
    struct canvas *c, enum role role, const char *title, const char *foot);
void canvas_cursor(struct canvas *c, int row, int col); /* puts the hardware cursor */

#endif
