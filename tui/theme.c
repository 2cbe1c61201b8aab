#include "tui/theme.h"

#include <assert.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/str.h"

/*
 * One role at every tier. `mono` and the ANSI pair are always there; the RGB pair is
 * optional and falls back to ANSI by definition. ANSI colours are stored plus one, so
 * that what a table leaves out is the terminal's own colour.
 */
struct look {
	uint16_t mono;	/* attributes without colour */
	uint16_t attrs; /* attributes with colour */
	uint8_t fg, bg; /* ANSI 0..15, plus one */
	uint32_t rgb_fg, rgb_bg;
};

struct theme {
	const char *name;
	bool colorless; /* mono at every tier */
	struct look looks[ROLE_COUNT];
};

enum { /* ANSI colours, plus one */
	RED = 2,
	GREEN,
	YELLOW,
	BLUE,
	MAGENTA,
	CYAN,
};

#define B ATTR_BOLD
#define D ATTR_DIM
#define U ATTR_UNDERLINE
#define R ATTR_REVERSE
#define RGB(hex) (0x02000000u | (hex))

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_NONE] = "none",
	[ROLE_TEXT] = "text",
	[ROLE_DIM] = "dim",
	[ROLE_ACCENT] = "accent",
	[ROLE_OK] = "ok",
	[ROLE_WARN] = "warn",
	[ROLE_CRIT] = "crit",
	[ROLE_PAUSED] = "paused",
	[ROLE_MARK] = "mark",
	[ROLE_CURSOR] = "cursor",
	[ROLE_FRAME] = "frame",
	[ROLE_FRAME_FOCUS] = "frame_focus",
	[ROLE_TITLE] = "title",
	[ROLE_HEADER] = "header",
	[ROLE_COLUMN] = "column",
	[ROLE_HINT_KEY] = "hint_key",
	[ROLE_HINT] = "hint",
	[ROLE_GRAPH1] = "graph1",
	[ROLE_GRAPH2] = "graph2",
	[ROLE_GRAPH3] = "graph3",
	[ROLE_INPUT] = "input",
	[ROLE_MATCH] = "match",
	[ROLE_BANNER] = "banner",
	[ROLE_PROFILE] = "profile",
	[ROLE_TAB] = "tab",
	[ROLE_TAB_CURRENT] = "tab_current",
	[ROLE_FLASH] = "flash",
};

/* The terminal's own colours: what the person chose is what shows. */
static const struct theme terminal = {
	.name = "terminal",
	.looks = {
		[ROLE_DIM] = { D, D },
		[ROLE_ACCENT] = { B, B, CYAN },
		[ROLE_OK] = { 0, 0, GREEN },
		[ROLE_WARN] = { B, B, YELLOW },
		[ROLE_CRIT] = { B | U, B, RED },
		[ROLE_PAUSED] = { D, 0, MAGENTA },
		[ROLE_MARK] = { B, B, YELLOW },
		[ROLE_CURSOR] = { R, R },
		[ROLE_FRAME] = { D, D },
		[ROLE_FRAME_FOCUS] = { B, B, CYAN },
		[ROLE_TITLE] = { B, B },
		[ROLE_COLUMN] = { B | U, B | U },
		[ROLE_HINT_KEY] = { B, B, CYAN },
		[ROLE_GRAPH1] = { 0, 0, GREEN },
		[ROLE_GRAPH2] = { 0, 0, CYAN },
		[ROLE_GRAPH3] = { 0, 0, MAGENTA },
		[ROLE_INPUT] = { U, U },
		[ROLE_MATCH] = { B | U, B | U, YELLOW },
		[ROLE_BANNER] = { B | R, B | R, RED },
		[ROLE_PROFILE] = { R, R, CYAN },
		[ROLE_TAB] = { D, D },
		[ROLE_TAB_CURRENT] = { R, R },
		[ROLE_FLASH] = { R, R },
	},
};

static const struct theme mono = {
	.name = "mono",
	.colorless = true,
	.looks = {
		[ROLE_DIM] = { .mono = D },
		[ROLE_ACCENT] = { .mono = B },
		[ROLE_WARN] = { .mono = B },
		[ROLE_CRIT] = { .mono = B | U },
		[ROLE_PAUSED] = { .mono = D },
		[ROLE_MARK] = { .mono = B },
		[ROLE_CURSOR] = { .mono = R },
		[ROLE_FRAME] = { .mono = D },
		[ROLE_FRAME_FOCUS] = { .mono = B },
		[ROLE_TITLE] = { .mono = B },
		[ROLE_COLUMN] = { .mono = B | U },
		[ROLE_HINT_KEY] = { .mono = B },
		[ROLE_INPUT] = { .mono = U },
		[ROLE_MATCH] = { .mono = B | U },
		[ROLE_BANNER] = { .mono = B | R },
		[ROLE_PROFILE] = { .mono = R },
		[ROLE_TAB] = { .mono = D },
		[ROLE_TAB_CURRENT] = { .mono = R },
		[ROLE_FLASH] = { .mono = R },
	},
};

/* No colour and nothing dim: weight, underline and reverse alone. */
static const struct theme high_contrast = {
	.name = "high-contrast",
	.colorless = true,
	.looks = {
		[ROLE_ACCENT] = { .mono = B },
		[ROLE_OK] = { .mono = B },
		[ROLE_WARN] = { .mono = B | U },
		[ROLE_CRIT] = { .mono = B | R },
		[ROLE_PAUSED] = { .mono = U },
		[ROLE_MARK] = { .mono = B },
		[ROLE_CURSOR] = { .mono = R },
		[ROLE_FRAME_FOCUS] = { .mono = B },
		[ROLE_TITLE] = { .mono = B },
		[ROLE_COLUMN] = { .mono = B | U },
		[ROLE_HINT_KEY] = { .mono = B },
		[ROLE_INPUT] = { .mono = U },
		[ROLE_MATCH] = { .mono = B | U },
		[ROLE_BANNER] = { .mono = B | R },
		[ROLE_PROFILE] = { .mono = R },
		[ROLE_TAB_CURRENT] = { .mono = R },
		[ROLE_FLASH] = { .mono = R },
	},
};

/* Blue against orange and vermilion, which deuteranopes and protanopes tell apart; as
 * light as 4.5:1 against black and white both allow. */
static const struct theme cvd = {
	.name = "cvd",
	.looks = {
		[ROLE_DIM] = { D, 0, .rgb_fg = RGB(0x757575) },
		[ROLE_ACCENT] = { B, B, CYAN, .rgb_fg = RGB(0x007cb9) },
		[ROLE_OK] = { 0, 0, BLUE, .rgb_fg = RGB(0x0073e5) },
		[ROLE_WARN] = { B, B, YELLOW, .rgb_fg = RGB(0x956f00) },
		[ROLE_CRIT] = { B | U, B | U, YELLOW, .rgb_fg = RGB(0xde3400) },
		[ROLE_PAUSED] = { D, 0, MAGENTA, .rgb_fg = RGB(0xc041aa) },
		[ROLE_MARK] = { B, B, YELLOW, .rgb_fg = RGB(0x956f00) },
		[ROLE_CURSOR] = { R, R },
		[ROLE_FRAME] = { D, 0, .rgb_fg = RGB(0x757575) },
		[ROLE_FRAME_FOCUS] = { B, B, BLUE, .rgb_fg = RGB(0x0073e5) },
		[ROLE_TITLE] = { B, B },
		[ROLE_COLUMN] = { B | U, B | U },
		[ROLE_HINT_KEY] = { B, B, BLUE, .rgb_fg = RGB(0x0073e5) },
		[ROLE_GRAPH1] = { 0, 0, BLUE, .rgb_fg = RGB(0x0073e5) },
		[ROLE_GRAPH2] = { 0, 0, YELLOW, .rgb_fg = RGB(0xc55200) },
		[ROLE_GRAPH3] = { 0, 0, MAGENTA, .rgb_fg = RGB(0xc041aa) },
		[ROLE_INPUT] = { U, U },
		[ROLE_MATCH] = { B | U, B | U, YELLOW, .rgb_fg = RGB(0xc55200) },
		[ROLE_BANNER] = { B | R, B | R, YELLOW },
		[ROLE_PROFILE] = { R, R },
		[ROLE_TAB] = { D, 0, .rgb_fg = RGB(0x757575) },
		[ROLE_TAB_CURRENT] = { R, R },
		[ROLE_FLASH] = { R, R },
	},
};

static const struct theme dark = {
	.name = "dark",
	.looks = {
		[ROLE_DIM] = { D, D, .rgb_fg = RGB(0x9aa0a6) },
		[ROLE_ACCENT] = { B, B, CYAN, .rgb_fg = RGB(0x5fd7ff) },
		[ROLE_OK] = { 0, 0, GREEN, .rgb_fg = RGB(0x87d787) },
		[ROLE_WARN] = { B, B, YELLOW, .rgb_fg = RGB(0xffd75f) },
		[ROLE_CRIT] = { B | U, B, RED, .rgb_fg = RGB(0xff8787) },
		[ROLE_PAUSED] = { D, 0, MAGENTA, .rgb_fg = RGB(0xafafff) },
		[ROLE_MARK] = { B, B, YELLOW, .rgb_fg = RGB(0xffd75f) },
		[ROLE_CURSOR] = { R, R, .rgb_fg = RGB(0xffffff), .rgb_bg = RGB(0x005f87) },
		[ROLE_FRAME] = { D, D, .rgb_fg = RGB(0x9e9e9e) },
		[ROLE_FRAME_FOCUS] = { B, B, CYAN, .rgb_fg = RGB(0x5fd7ff) },
		[ROLE_TITLE] = { B, B },
		[ROLE_COLUMN] = { B | U, B | U, .rgb_fg = RGB(0xd0d0d0) },
		[ROLE_HINT_KEY] = { B, B, CYAN, .rgb_fg = RGB(0x5fd7ff) },
		[ROLE_HINT] = { 0, 0, .rgb_fg = RGB(0xb2b2b2) },
		[ROLE_GRAPH1] = { 0, 0, GREEN, .rgb_fg = RGB(0x87d787) },
		[ROLE_GRAPH2] = { 0, 0, CYAN, .rgb_fg = RGB(0x5fafff) },
		[ROLE_GRAPH3] = { 0, 0, MAGENTA, .rgb_fg = RGB(0xd7afff) },
		[ROLE_INPUT] = { U, U, .rgb_fg = RGB(0xffffff) },
		[ROLE_MATCH] = { B | U, B | U, YELLOW, .rgb_fg = RGB(0xffd75f) },
		[ROLE_BANNER] = { B | R, B | R, RED, .rgb_fg = RGB(0xffffff),
		    .rgb_bg = RGB(0x870000) },
		[ROLE_PROFILE] = { R, R, CYAN, .rgb_fg = RGB(0x000000),
		    .rgb_bg = RGB(0x5fd7ff) },
		[ROLE_TAB] = { D, D, .rgb_fg = RGB(0x9e9e9e) },
		[ROLE_TAB_CURRENT] = { R, R, .rgb_fg = RGB(0xffffff),
		    .rgb_bg = RGB(0x005f87) },
		[ROLE_FLASH] = { R, R },
	},
};

static const struct theme light = {
	.name = "light",
	.looks = {
		[ROLE_DIM] = { D, D, .rgb_fg = RGB(0x626262) },
		[ROLE_ACCENT] = { B, B, BLUE, .rgb_fg = RGB(0x005f87) },
		[ROLE_OK] = { 0, 0, GREEN, .rgb_fg = RGB(0x005f00) },
		[ROLE_WARN] = { B, B, YELLOW, .rgb_fg = RGB(0x875f00) },
		[ROLE_CRIT] = { B | U, B, RED, .rgb_fg = RGB(0xaf0000) },
		[ROLE_PAUSED] = { D, 0, MAGENTA, .rgb_fg = RGB(0x5f5faf) },
		[ROLE_MARK] = { B, B, YELLOW, .rgb_fg = RGB(0x875f00) },
		[ROLE_CURSOR] = { R, R, .rgb_fg = RGB(0xffffff), .rgb_bg = RGB(0x005f87) },
		[ROLE_FRAME] = { D, D, .rgb_fg = RGB(0x6c6c6c) },
		[ROLE_FRAME_FOCUS] = { B, B, BLUE, .rgb_fg = RGB(0x005f87) },
		[ROLE_TITLE] = { B, B },
		[ROLE_COLUMN] = { B | U, B | U },
		[ROLE_HINT_KEY] = { B, B, BLUE, .rgb_fg = RGB(0x005f87) },
		[ROLE_HINT] = { 0, 0, .rgb_fg = RGB(0x4e4e4e) },
		[ROLE_GRAPH1] = { 0, 0, GREEN, .rgb_fg = RGB(0x005f00) },
		[ROLE_GRAPH2] = { 0, 0, BLUE, .rgb_fg = RGB(0x005faf) },
		[ROLE_GRAPH3] = { 0, 0, MAGENTA, .rgb_fg = RGB(0x870087) },
		[ROLE_INPUT] = { U, U },
		[ROLE_MATCH] = { B | U, B | U, RED, .rgb_fg = RGB(0xaf0000) },
		[ROLE_BANNER] = { B | R, B | R, RED, .rgb_fg = RGB(0xffffff),
		    .rgb_bg = RGB(0xaf0000) },
		[ROLE_PROFILE] = { R, R, BLUE, .rgb_fg = RGB(0xffffff),
		    .rgb_bg = RGB(0x005f87) },
		[ROLE_TAB] = { D, D, .rgb_fg = RGB(0x626262) },
		[ROLE_TAB_CURRENT] = { R, R, .rgb_fg = RGB(0xffffff),
		    .rgb_bg = RGB(0x005f87) },
		[ROLE_FLASH] = { R, R },
	},
};

static const struct theme *const themes[] = {
	&terminal,
	&mono,
	&high_contrast,
	&cvd,
	&dark,
	&light,
};

const char *
role_name(enum role role)
{
	assert((unsigned)role < ROLE_COUNT);
	return role_names[role];
}

const struct theme *
theme_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(themes); i++)
		if (str_eq(themes[i]->name, name))
			return themes[i];
	return NULL;
}

static uint32_t
ansi_color(uint8_t plus_one, enum color_tier tier)
{
	if (plus_one == 0)
		return COLOR_DEFAULT;
	return color_reduce(COLOR_INDEXED(plus_one - 1), tier);
}

struct style
theme_style(const struct theme *t, enum role role, enum color_tier tier)
{
	assert((unsigned)role < ROLE_COUNT);

	const struct look *look = &t->looks[role];

	if (tier == TIER_MONO || t->colorless)
		return (struct style){ .attrs = look->mono };
	if (tier >= TIER_256 && (look->rgb_fg || look->rgb_bg)) {
		/* A painted background takes the place of reverse. */
		uint16_t attrs = look->rgb_bg ? look->attrs & (uint16_t)~R : look->attrs;
		return (struct style){
			.fg = color_reduce(look->rgb_fg, tier),
			.bg = color_reduce(look->rgb_bg, tier),
			.attrs = look->rgb_fg ? attrs & (uint16_t)~D : attrs,
		};
	}
	return (struct style){
		.fg = ansi_color(look->fg, tier),
		.bg = ansi_color(look->bg, tier),
		.attrs = look->attrs,
	};
}
