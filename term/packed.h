/*
 * packed - one line of cells made small: characters in units of 1, 2 or 4 bytes and
 * runs of equal colours. An ASCII line in the default colours is a byte per column.
 */
#ifndef TERM_PACKED_H
#define TERM_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cell.h"

enum { PACKED_CELLS_MAX = 65535 };

struct packed {
	int len;	 /* columns */
	int rows;	 /* when wrapped at rows_cols */
	short rows_cols; /* 0: not counted yet */
	unsigned short runs;
	unsigned char unit;   /* bytes per column */
	bool wide;	      /* has characters of two columns */
	bool goes_on;	      /* the next line belongs to it; it was cut for its length */
	unsigned char data[]; /* the runs, then the characters */
};

/* len <= PACKED_CELLS_MAX; caller frees. */
struct packed *packed_new(const struct cell *cells, int len);
size_t packed_size(const struct packed *p);
/* Writes columns [from, to). Neither end may cut a wide character. */
void packed_cells(const struct packed *p, int from, int to, struct cell *out);
/* The second half of a wide character? */
bool packed_is_tail(const struct packed *p, int col);

#endif
