/* reduce - fewer colours: the nearest of 256, 16 or 8. */
#include "tui/theme.h"

#include <math.h>

#include "base/compiler.h"

/*
 * Fewer colours, nearest by perceptual distance (Oklab). The first sixteen entries of
 * the 256 are the person's own and mean nothing certain, so RGB goes to the cube and
 * the greys; down to 16 and 8 there is nothing else, and xterm's values are assumed.
 */
enum {
	PALETTE = 256,
	CUBE = 16,
	CACHE = 4096, /* a power of two */
};

struct lab {
	float l, a, b;
};

struct cached {
	uint32_t color; /* 0: free */
	uint8_t index;
};

static struct {
	bool filled;
	struct lab lab[PALETTE];
	struct cached cache[TIER_256 + 1][CACHE];
} state;

static const uint32_t ansi_rgb[CUBE] = {
	0x000000,
	0xcd0000,
	0x00cd00,
	0xcdcd00,
	0x0000ee,
	0xcd00cd,
	0x00cdcd,
	0xe5e5e5,
	0x7f7f7f,
	0xff0000,
	0x00ff00,
	0xffff00,
	0x5c5cff,
	0xff00ff,
	0x00ffff,
	0xffffff,
};

/* What xterm shows for an entry of the 256. */
static uint32_t
palette_rgb(int index)
{
	static const uint32_t level[6] = { 0, 95, 135, 175, 215, 255 };

	if (index < CUBE)
		return ansi_rgb[index];
	if (index >= 232) {
		uint32_t grey = 8 + 10 * (uint32_t)(index - 232);
		return grey << 16 | grey << 8 | grey;
	}
	index -= CUBE;
	return level[index / 36] << 16 | level[index / 6 % 6] << 8 | level[index % 6];
}

static float
linear(uint32_t channel)
{
	float c = (float)(channel & 0xff) / 255.0f;

	return c <= 0.04045f ? c / 12.92f : powf((c + 0.055f) / 1.055f, 2.4f);
}

static struct lab
lab_of(uint32_t rgb)
{
	float r = linear(rgb >> 16), g = linear(rgb >> 8), b = linear(rgb);
	float l = cbrtf(0.4122214708f * r + 0.5363325363f * g + 0.0514459929f * b);
	float m = cbrtf(0.2119034982f * r + 0.6806995451f * g + 0.1073969566f * b);
	float s = cbrtf(0.0883024619f * r + 0.2817188376f * g + 0.6299787005f * b);

	return (struct lab){
		.l = 0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
		.a = 1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
		.b = 0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s,
	};
}

static float
distance(struct lab x, struct lab y)
{
	float l = x.l - y.l, a = x.a - y.a, b = x.b - y.b;

	return l * l + a * a + b * b;
}

static int
nearest(uint32_t rgb, int first, int count)
{
	struct lab wanted = lab_of(rgb);
	float best_distance = INFINITY;
	int best = first;

	for (int i = 0; !state.filled && i < PALETTE; i++)
		state.lab[i] = lab_of(palette_rgb(i));
	state.filled = true;
	for (int i = first; i < first + count; i++) {
		float d = distance(wanted, state.lab[i]);
		if (d < best_distance) {
			best_distance = d;
			best = i;
		}
	}
	return best;
}

uint32_t
color_reduce(uint32_t color, enum color_tier tier)
{
	static const int count[] = { [TIER_8] = 8, [TIER_16] = 16, [TIER_256] = 256 };
	uint32_t kind = COLOR_KIND(color), value = color & 0x00ffffffu;

	if (color == COLOR_DEFAULT || tier == TIER_MONO)
		return COLOR_DEFAULT;
	if (tier == TIER_RGB)
		return color;
	if (kind == COLOR_KIND_INDEXED && (int)value < count[tier])
		return color;
	/* Eight colours have no bright ones; the plain one of the same hue is meant. */
	if (kind == COLOR_KIND_INDEXED && value < CUBE)
		return COLOR_INDEXED(value - 8);

	struct cached *c = &state.cache[tier][(color * 0x9e3779b9u >> 16) & (CACHE - 1)];

	if (c->color != color) {
		uint32_t rgb =
		    kind == COLOR_KIND_INDEXED ? palette_rgb(value & 0xff) : value;
		int first = tier == TIER_256 ? CUBE : 0;
		*c = (struct cached){ color,
			(uint8_t)nearest(rgb, first, count[tier] - first) };
	}
	return COLOR_INDEXED(c->index);
}
