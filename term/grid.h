/*
 * grid - the cells of one screen, by rows that move without being copied.
 *
 * A scroll rotates row pointers. A row remembers from which column on it is nothing but
 * one repeated cell, so clearing a row, in whatever colour, costs the same at any width.
 * A wide character is always two cells, base and tail; whatever cuts one in half leaves
 * a blank in place of the other half.
 */
#ifndef TERM_GRID_H
#define TERM_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cell.h"

#define CELL_BLANK ((struct cell){ .width = 1 })

struct row {
	int cols;	     /* room in cells[] */
	int used;	     /* from here on every column equals `fill` */
	bool wraps;	     /* the text goes on in the next row */
	struct cell fill;    /* of width 1 */
	struct cell cells[]; /* [0, used) is valid */
};

struct row *row_new(int cols);
struct cell row_cell(const struct row *r, int col);
/* Writes columns 0..cols-1, blanks past the row's end. */
void row_copy(const struct row *r, struct cell *out, int cols);
/* Columns up to the last that shows something; blanks in the default colours do not. */
int row_length(const struct row *r);
/* The row ends in a blank because `next` begins with a wide character. */
bool row_has_gap(const struct row *r, const struct row *next);
/* Makes [from, to) writable and whole: the caller fills it. 0 <= from < to <= cols. */
struct cell *row_open(struct row *r, int from, int to);
void row_put(struct row *r, int col, struct cell cell); /* and its tail, if wide */
/* Columns [from, to) become `fill`, a cell of width 1. */
void row_erase(struct row *r, int from, int to, struct cell fill);
/* Within [from, cols): content moves right or left by n, `fill` comes in. */
void row_insert(struct row *r, int from, int n, struct cell fill);
void row_delete(struct row *r, int from, int n, struct cell fill);

struct grid {
	int rows, cols;
	struct row **row; /* owned, each owned */
};

struct grid *grid_new(int rows, int cols);
void grid_free(struct grid *g); /* NULL is fine */
/* Rows [top, bottom) move up (n > 0) or down; cleared rows of `fill` come in. */
void grid_scroll(struct grid *g, int top, int bottom, int n, struct cell fill);
void grid_erase(struct grid *g, struct rect r, struct cell fill);
/* Cuts or pads at the right and the bottom. */
void grid_resize(struct grid *g, int rows, int cols);
/* Rows down to the last that shows something. */
int grid_height(const struct grid *g);

#endif
