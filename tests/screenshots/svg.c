#include "tests/screenshots/svg.h"

#include <stdlib.h>

#include "base/cell.h"
#include "base/mem.h"
#include "base/text.h"

enum { CELL_W = 9, CELL_H = 18, BASELINE = 14, MARGIN = 12, BAR = 28 };

static const uint32_t background = 0x11151c, foreground = 0xd8dee9;

static const uint32_t ansi[16] = { 0x20252e, 0xe06c75, 0x98c379, 0xe5c07b, 0x61afef,
	0xc678dd, 0x56b6c2, 0xc8ccd4, 0x7f8795, 0xff7b86, 0xb5e890, 0xffd787, 0x82c7ff,
	0xe0a0ff, 0x7fdbe8, 0xffffff };

static uint32_t
palette(uint32_t n)
{
	static const uint32_t steps[] = { 0, 95, 135, 175, 215, 255 };

	if (n < 16)
		return ansi[n];
	if (n >= 232)
		return (8 + (n - 232) * 10) * 0x010101u;
	n -= 16;
	return steps[n / 36] << 16 | steps[n / 6 % 6] << 8 | steps[n % 6];
}

static uint32_t
rgb_of(uint32_t color, uint32_t fallback)
{
	if (COLOR_KIND(color) == COLOR_KIND_RGB)
		return color & 0xffffff;
	if (COLOR_KIND(color) == COLOR_KIND_INDEXED)
		return palette(color & 0xff);
	return fallback;
}

static uint32_t
blend(uint32_t a, uint32_t b)
{
	uint32_t out = 0;

	for (int shift = 0; shift <= 16; shift += 8)
		out |= (((a >> shift & 0xff) * 3 + (b >> shift & 0xff) * 2) / 5) << shift;
	return out;
}

static void
cell_colors(const struct cell *c, uint32_t *fg, uint32_t *bg)
{
	*fg = rgb_of(c->fg, foreground);
	*bg = rgb_of(c->bg, background);
	if (c->attrs & ATTR_DIM)
		*fg = blend(*fg, *bg);
	if (c->attrs & ATTR_REVERSE) {
		uint32_t swap = *fg;
		*fg = *bg;
		*bg = swap;
	}
}

static void
add_glyph(struct buf *out, const struct cell *c, int x, int y, uint32_t fg)
{
	uint32_t scalars[6];
	int count = cell_scalars(c->ch, scalars);

	buf_addf(out, "<text x=\"%d\" y=\"%d\" fill=\"#%06x\"%s%s>", x, y + BASELINE, fg,
	    c->attrs & ATTR_BOLD ? " font-weight=\"bold\"" : "",
	    c->attrs & ATTR_UNDERLINE ? " text-decoration=\"underline\"" : "");
	for (int i = 0; i < count; i++)
		buf_addf(out, "&#%u;", scalars[i]);
	buf_add_str(out, "</text>\n");
}

static void
add_row(struct buf *out, const struct cell *cells, int cols, int y)
{
	for (int col = 0; col < cols; col++) {
		uint32_t fg, bg;
		cell_colors(&cells[col], &fg, &bg);
		if (bg != background)
			buf_addf(out,
			    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
			    "fill=\"#%06x\"/>\n",
			    MARGIN + col * CELL_W, y, CELL_W, CELL_H, bg);
	}
	for (int col = 0; col < cols; col++) {
		uint32_t fg, bg;
		if (cells[col].ch == 0 || cells[col].ch == ' ' || cells[col].width == 0)
			continue;
		cell_colors(&cells[col], &fg, &bg);
		add_glyph(out, &cells[col], MARGIN + col * CELL_W, y, fg);
	}
}

void
svg_from_pane(const struct pane *p, const char *title, struct buf *out)
{
	int rows = pane_rows(p), cols = pane_cols(p);
	int width = cols * CELL_W + 2 * MARGIN, height = rows * CELL_H + 2 * MARGIN + BAR;
	struct cell *cells = xcalloc((size_t)cols, sizeof *cells);

	buf_addf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\">\n"
	    "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#%06x\"/>\n"
	    "<text x=\"%d\" y=\"20\" font-family=\"DejaVu Sans\" font-size=\"12\" "
	    "fill=\"#7f8795\" text-anchor=\"middle\">%s</text>\n"
	    "<g font-family=\"DejaVu Sans Mono, monospace\" font-size=\"15\" "
	    "xml:space=\"preserve\">\n",
	    width, height, background, width / 2, title);
	for (int row = 0; row < rows; row++) {
		pane_row(p, row, cells, cols);
		add_row(out, cells, cols, BAR + MARGIN + row * CELL_H);
	}
	struct pane_cursor cursor = pane_cursor(p);
	if (cursor.visible)
		buf_addf(out,
		    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#d8dee9\" "
		    "fill-opacity=\"0.5\"/>\n",
		    MARGIN + cursor.col * CELL_W, BAR + MARGIN + cursor.row * CELL_H,
		    CELL_W, CELL_H);
	buf_add_str(out, "</g></svg>\n");
	free(cells);
}
