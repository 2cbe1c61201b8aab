#include "term/pen.h"

#include <stdbool.h>

#include "base/compiler.h"

struct effect {
	uint16_t set, clear;
};

/* By parameter; colours apart. 21 is a double underline, as in xterm. */
static const struct effect effects[] = {
	[1] = { .set = ATTR_BOLD },
	[2] = { .set = ATTR_DIM },
	[3] = { .set = ATTR_ITALIC },
	[4] = { .set = ATTR_UNDERLINE },
	[5] = { .set = ATTR_BLINK },
	[6] = { .set = ATTR_BLINK },
	[7] = { .set = ATTR_REVERSE },
	[8] = { .set = ATTR_CONCEAL },
	[9] = { .set = ATTR_STRIKE },
	[21] = { .set = ATTR_UNDERLINE },
	[22] = { .clear = ATTR_BOLD | ATTR_DIM },
	[23] = { .clear = ATTR_ITALIC },
	[24] = { .clear = ATTR_UNDERLINE },
	[25] = { .clear = ATTR_BLINK },
	[27] = { .clear = ATTR_REVERSE },
	[28] = { .clear = ATTR_CONCEAL },
	[29] = { .clear = ATTR_STRIKE },
};

enum {
	UNDERLINE = 4,
	FOREGROUND = 38,
	BACKGROUND = 48,
	UNDERLINE_COLOUR =
	    58, /* understood, so that its numbers are not taken for more */
	KIND_RGB = 2,
	KIND_INDEXED = 5,
};

/* One parameter with what belongs to it by colons: [first, end). */
struct group {
	int first, end;
};

static struct group
group_at(const struct sequence *seq, int first)
{
	int end = first + 1;

	while (end < seq->count && seq->sub[end])
		end++;
	return (struct group){ first, end };
}

static int
value_at(const struct sequence *seq, int i)
{
	return i < seq->count ? MAX(seq->params[i], 0) : 0;
}

static bool
is_byte(int value)
{
	return value >= 0 && value <= 255;
}

static bool
rgb_at(const struct sequence *seq, int i, uint32_t *out)
{
	int r = value_at(seq, i), g = value_at(seq, i + 1), b = value_at(seq, i + 2);

	if (i + 2 >= seq->count || !is_byte(r) || !is_byte(g) || !is_byte(b))
		return false;
	*out = COLOR_RGB(r, g, b);
	return true;
}

static bool
indexed_at(const struct sequence *seq, int i, uint32_t *out)
{
	if (i >= seq->count || !is_byte(value_at(seq, i)))
		return false;
	*out = COLOR_INDEXED(value_at(seq, i));
	return true;
}

/* 38:5:n, 38:2:r:g:b and, with a colour space, 38:2:c:r:g:b:... */
static bool
colour_in_group(const struct sequence *seq, struct group g, uint32_t *out)
{
	int kind = value_at(seq, g.first + 1), count = g.end - g.first;

	if (kind == KIND_INDEXED && count >= 3)
		return indexed_at(seq, g.first + 2, out);
	if (kind == KIND_RGB && count >= 5)
		return rgb_at(seq, count >= 6 ? g.first + 3 : g.first + 2, out);
	return false;
}

/* 38;5;n and 38;2;r;g;b. Returns where the next parameter begins. */
static int
colour_in_row(const struct sequence *seq, int first, bool *found, uint32_t *out)
{
	int kind = value_at(seq, first + 1);

	if (kind == KIND_INDEXED) {
		*found = indexed_at(seq, first + 2, out);
		return first + 3;
	}
	if (kind == KIND_RGB) {
		*found = rgb_at(seq, first + 2, out);
		return first + 5;
	}
	return first + 2;
}

static int
apply_colour(struct pen *pen, const struct sequence *seq, struct group g)
{
	uint32_t colour = COLOR_DEFAULT;
	bool found = false;
	int next = g.end;

	if (g.end - g.first > 1)
		found = colour_in_group(seq, g, &colour);
	else
		next = colour_in_row(seq, g.first, &found, &colour);
	if (found && seq->params[g.first] == FOREGROUND)
		pen->fg = colour;
	else if (found && seq->params[g.first] == BACKGROUND)
		pen->bg = colour;
	return next;
}

static void
apply_palette(struct pen *pen, int value)
{
	if (value >= 30 && value <= 37)
		pen->fg = COLOR_INDEXED(value - 30);
	else if (value == 39)
		pen->fg = COLOR_DEFAULT;
	else if (value >= 40 && value <= 47)
		pen->bg = COLOR_INDEXED(value - 40);
	else if (value == 49)
		pen->bg = COLOR_DEFAULT;
	else if (value >= 90 && value <= 97)
		pen->fg = COLOR_INDEXED(value - 90 + 8);
	else if (value >= 100 && value <= 107)
		pen->bg = COLOR_INDEXED(value - 100 + 8);
}

static int
apply_group(struct pen *pen, const struct sequence *seq, struct group g)
{
	int value = value_at(seq, g.first);

	if (value == FOREGROUND || value == BACKGROUND || value == UNDERLINE_COLOUR)
		return apply_colour(pen, seq, g);
	if (value == 0) {
		*pen = (struct pen){ 0 };
	} else if (value == UNDERLINE && g.end - g.first > 1 &&
		   value_at(seq, g.first + 1) == 0) {
		pen->attrs &= (uint16_t)~ATTR_UNDERLINE;
	} else if (value < (int)ARRAY_LEN(effects)) {
		pen->attrs &= (uint16_t)~effects[value].clear;
		pen->attrs |= effects[value].set;
	} else {
		apply_palette(pen, value);
	}
	return g.end;
}

void
pen_apply(struct pen *pen, const struct sequence *seq)
{
	int i = 0;

	while (i < seq->count)
		i = apply_group(pen, seq, group_at(seq, i));
}

static void
describe_colour(uint32_t colour, int parameter, struct buf *out)
{
	if (COLOR_KIND(colour) == COLOR_KIND_INDEXED)
		buf_addf(out, ";%d;5;%u", parameter, (unsigned)(colour & 0xff));
	else if (COLOR_KIND(colour) == COLOR_KIND_RGB)
		buf_addf(out, ";%d;2;%u;%u;%u", parameter,
		    (unsigned)(colour >> 16 & 0xff), (unsigned)(colour >> 8 & 0xff),
		    (unsigned)(colour & 0xff));
}

void
pen_describe(const struct pen *pen, struct buf *out)
{
	buf_add_char(out, '0');
	for (int i = 1; i <= 9; i++)
		if (i != 6 && (pen->attrs & effects[i].set))
			buf_addf(out, ";%d", i);
	describe_colour(pen->fg, FOREGROUND, out);
	describe_colour(pen->bg, BACKGROUND, out);
}
