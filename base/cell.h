/*
 * cell - one character cell of a screen, the value that terminal panes, the
 * canvas and the screen share.
 *
 * `ch` is a Unicode scalar, 0 for an empty cell, or CELL_CLUSTER | id for a
 * base with combining marks. A wide character is a cell of width 2 followed
 * by one of width 0.
 */
#ifndef BASE_CELL_H
#define BASE_CELL_H

#include <stdint.h>

#define CELL_CLUSTER 0x80000000u

/* Colours: 0 is the terminal's own. */
#define COLOR_DEFAULT 0u
#define COLOR_INDEXED(n) (0x01000000u | (uint32_t)(n))
#define COLOR_RGB(r, g, b)                                                               \
	(0x02000000u | ((uint32_t)(r) << 16) | ((uint32_t)(g) << 8) | (uint32_t)(b))
#define COLOR_KIND(c) ((c)&0xff000000u)
#define COLOR_KIND_INDEXED 0x01000000u
#define COLOR_KIND_RGB 0x02000000u

enum {
	ATTR_BOLD = 1 << 0,
	ATTR_DIM = 1 << 1,
	ATTR_ITALIC = 1 << 2,
	ATTR_UNDERLINE = 1 << 3,
	ATTR_BLINK = 1 << 4,
	ATTR_REVERSE = 1 << 5,
	ATTR_CONCEAL = 1 << 6,
	ATTR_STRIKE = 1 << 7,
};

struct cell {
	uint32_t ch;
	uint32_t fg, bg;
	uint16_t attrs; /* ATTR_* */
	uint8_t role;	/* a theme role of tui/theme.h; 0: fg, bg and attrs as they are */
	uint8_t width;	/* 1, 2, or 0 behind a wide one */
};

/* Combining clusters are interned for the life of the process, at most 65,536 of
 * them (hostile output must not grow us); past that the base alone is returned. */
uint32_t cluster_intern(const uint32_t *scalars, int count);
/* Scalars of a cluster, or the scalar itself; returns the count (<= 6). */
int cell_scalars(uint32_t ch, uint32_t out[6]);

struct pos {
	int row, col;
};
struct rect {
	int row, col, rows, cols;
};

#endif
