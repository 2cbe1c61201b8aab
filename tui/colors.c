#include "tui/colors.h"

#include <stdlib.h>
#include <string.h>

#include <curses.h>

#include "base/mem.h"

enum {
	PAIRS_MAX = 32767,
	FRAMES_BETWEEN_RESETS = 60,
	DEFAULT = -1, /* ncurses' word for the terminal's own */
};

struct slot {
	int fg, bg;
	int pair; /* 0: free */
};

struct colors {
	enum color_tier tier;
	struct slot *slots; /* owned; a power of two, at most half full */
	unsigned mask;
	int used, most;
	bool exhausted;	 /* in the frame before */
	int since_reset; /* frames */
	bool direct;	 /* RGB values are colour numbers */
};

struct colors *
colors_new(enum color_tier tier, int most)
{
	struct colors *c = xcalloc(1, sizeof *c);
	unsigned slots = 64;

	c->tier = tier;
	if (tier == TIER_MONO || !has_colors())
		return c;
	start_color();
	use_default_colors();
	c->direct = COLORS > 256;
	if (tier == TIER_RGB && !c->direct)
		c->tier = TIER_256;
	c->most = MIN(COLOR_PAIRS - 1, PAIRS_MAX);
	if (most > 0)
		c->most = MIN(c->most, most);
	while (slots < (unsigned)c->most * 2)
		slots *= 2;
	c->slots = xcalloc(slots, sizeof *c->slots);
	c->mask = slots - 1;
	c->since_reset = FRAMES_BETWEEN_RESETS;
	return c;
}

void
colors_free(struct colors *c)
{
	if (!c)
		return;
	free(c->slots);
	free(c);
}

/* In direct colour the first 256 numbers are the palette, so an RGB value that is so
 * nearly black that it would be one of them gets a trace of green. */
static int
color_number(const struct colors *c, uint32_t color)
{
	uint32_t value;

	color = color_reduce(color, c->tier);
	value = color & 0x00ffffffu;
	if (color == COLOR_DEFAULT)
		return DEFAULT;
	if (COLOR_KIND(color) == COLOR_KIND_RGB && value < 256)
		return value < 8 ? 16 : (int)(value | 0x100);
	return (int)value;
}

static struct slot *
find_slot(struct colors *c, int fg, int bg)
{
	unsigned hash = ((unsigned)fg * 0x9e3779b9u) ^ ((unsigned)bg * 0x85ebca6bu);
	unsigned i = (hash ^ hash >> 15) & c->mask;

	while (c->slots[i].pair && (c->slots[i].fg != fg || c->slots[i].bg != bg))
		i = (i + 1) & c->mask;
	return &c->slots[i];
}

int
colors_pair(struct colors *c, uint32_t fg, uint32_t bg)
{
	struct slot *slot;
	int fg_number, bg_number;

	if (c->most == 0 || (fg == COLOR_DEFAULT && bg == COLOR_DEFAULT))
		return 0;
	fg_number = color_number(c, fg);
	bg_number = color_number(c, bg);
	if (fg_number == DEFAULT && bg_number == DEFAULT)
		return 0;
	slot = find_slot(c, fg_number, bg_number);
	if (slot->pair)
		return slot->pair;
	if (c->used == c->most) {
		c->exhausted = true;
		return 0;
	}
	if (init_extended_pair(c->used + 1, fg_number, bg_number) == ERR)
		return 0;
	*slot = (struct slot){ fg_number, bg_number, ++c->used };
	return slot->pair;
}

bool
colors_frame(struct colors *c)
{
	c->since_reset = MIN(c->since_reset + 1, FRAMES_BETWEEN_RESETS);
	if (!c->exhausted || c->since_reset < FRAMES_BETWEEN_RESETS)
		return false;
	memset(c->slots, 0, (c->mask + 1) * sizeof *c->slots);
	c->used = 0;
	c->exhausted = false;
	c->since_reset = 0;
	return true;
}
