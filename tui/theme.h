/*
 * theme - what roles look like at each colour tier. Views name roles, never
 * colours; meaning is carried by text and glyph as well.
 */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cell.h"

enum role {
	ROLE_NONE, /* a pane's cell: its own colours */
	ROLE_TEXT,
	ROLE_DIM,
	ROLE_ACCENT,
	ROLE_OK,
	ROLE_WARN,
	ROLE_CRIT,
	ROLE_PAUSED,
	ROLE_MARK,
	ROLE_CURSOR, /* the selected row */
	ROLE_FRAME,
	ROLE_FRAME_FOCUS,
	ROLE_TITLE,
	ROLE_HEADER,
	ROLE_COLUMN,
	ROLE_HINT_KEY,
	ROLE_HINT,
	ROLE_GRAPH1,
	ROLE_GRAPH2,
	ROLE_GRAPH3,
	ROLE_INPUT,
	ROLE_MATCH,
	ROLE_BANNER,
	ROLE_PROFILE,
	ROLE_TAB,
	ROLE_TAB_CURRENT,
	ROLE_FLASH,
	ROLE_COUNT
};
const char *role_name(enum role role); /* "warn": in themes and in pictures of tests */

enum color_tier { TIER_MONO, TIER_8, TIER_16, TIER_256, TIER_RGB };

struct theme;
/* Built in: terminal (default), mono, high-contrast, cvd, dark, light. NULL: unknown. */
const struct theme *theme_find(const char *name);
struct style {
	uint32_t fg, bg;
	uint16_t attrs;
};
struct style theme_style(const struct theme *t, enum role role, enum color_tier tier);
/* Never more colours than the tier has: nearest of 256, 16, 8 by perceptual distance. */
uint32_t color_reduce(uint32_t color, enum color_tier tier);

/* Every glyph of ours comes from the active set; ascii has no byte above 0x7e. */
struct glyphs {
	bool ascii;
	const char *horizontal, *vertical, *corner[4], *tee_left, *tee_right;
	const char *spark[9]; /* 0/8 .. 8/8; ascii: " .:-=+*#%@"-like */
	const char *gap;      /* missing data in a sparkline */
	const char *bar_full, *bar_empty;
	const char *cursor, *mark, *sort_down, *sort_up, *ellipsis, *bullet, *more_right;
};
extern const struct glyphs glyphs_unicode, glyphs_ascii;

#endif
