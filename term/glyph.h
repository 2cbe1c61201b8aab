/*
 * glyph - what a scalar becomes in a cell: how many columns, or nothing at all.
 *
 * The widths are those of base/text.h, so that what the grid holds is what is drawn.
 * Characters that would act on the reader's own terminal or screen order (bidi
 * controls, separators, interlinear marks) vanish, unassigned ones become U+FFFD,
 * private-use ones stay: prompts are full of them.
 */
#ifndef TERM_GLYPH_H
#define TERM_GLYPH_H

#include <stdint.h>

enum glyph_kind {
	GLYPH_NARROW = 1,
	GLYPH_WIDE,
	GLYPH_COMBINING,
	GLYPH_DROPPED,
	GLYPH_REPLACED,
};

enum glyph_kind glyph_kind(uint32_t scalar);

#endif
