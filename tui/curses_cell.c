#include "tui/curses_cell.h"

#include <stdlib.h>
#include <wchar.h>

#include <curses.h>

#include "base/mem.h"
#include "tui/colors.h"

enum { STAND_IN = 0xfffd, SCALARS_MAX = 6 };

struct curses_cells {
	struct colors *colors; /* owned */
	enum color_tier tier;
	struct style styles[ROLE_COUNT];
	cchar_t *row; /* owned; a row's worth */
	int cols;
	bool utf8; /* the locale can say everything */
	/* the last look: neighbours mostly share it */
	uint32_t fg, bg;
	int pair;
};

struct curses_cells *
curses_cells_new(const struct theme *theme, enum color_tier tier, int cols)
{
	struct curses_cells *c = xcalloc(1, sizeof *c);

	c->colors = colors_new(tier, 0);
	c->tier = tier == TIER_RGB && COLORS <= 256 ? TIER_256 : tier;
	if (!has_colors())
		c->tier = TIER_MONO;
	for (int i = 0; i < ROLE_COUNT; i++)
		c->styles[i] = theme_style(theme, (enum role)i, c->tier);
	c->utf8 = wcwidth(0x2500) == 1;
	curses_cells_resize(c, cols);
	return c;
}

void
curses_cells_free(struct curses_cells *c)
{
	if (!c)
		return;
	colors_free(c->colors);
	free(c->row);
	free(c);
}

void
curses_cells_resize(struct curses_cells *c, int cols)
{
	c->cols = cols;
	c->row = xreallocarray(c->row, (size_t)cols + 1, sizeof *c->row);
}

enum color_tier
curses_cells_tier(const struct curses_cells *c)
{
	return c->tier;
}

bool
curses_cells_frame(struct curses_cells *c)
{
	c->fg = c->bg = 0;
	c->pair = 0;
	return colors_frame(c->colors);
}

/* No strike-through in ncurses: it is left out. */
static attr_t
curses_attrs(uint16_t attrs)
{
	static const struct {
		uint16_t ours;
		attr_t theirs;
	} map[] = {
		{ ATTR_BOLD, A_BOLD },
		{ ATTR_DIM, A_DIM },
		{ ATTR_ITALIC, A_ITALIC },
		{ ATTR_UNDERLINE, A_UNDERLINE },
		{ ATTR_BLINK, A_BLINK },
		{ ATTR_REVERSE, A_REVERSE },
		{ ATTR_CONCEAL, A_INVIS },
	};
	attr_t out = 0;

	for (size_t i = 0; attrs && i < ARRAY_LEN(map); i++)
		if (attrs & map[i].ours)
			out |= map[i].theirs;
	return out;
}

static attr_t
look_of(struct curses_cells *c, const struct cell *cell)
{
	const struct style *s = &c->styles[cell->role < ROLE_COUNT ? cell->role : 0];
	uint32_t fg = cell->role ? s->fg : cell->fg, bg = cell->role ? s->bg : cell->bg;

	if (fg != c->fg || bg != c->bg) {
		c->pair = colors_pair(c->colors, fg, bg);
		c->fg = fg;
		c->bg = bg;
	}
	return curses_attrs(cell->role ? s->attrs | cell->attrs : cell->attrs);
}

/* The characters of a cell; false: the terminal would not keep its width. */
static bool
wide_text(const struct cell *cell, wchar_t out[CCHARW_MAX + 1])
{
	uint32_t scalars[SCALARS_MAX];
	int count = cell_scalars(cell->ch, scalars), used = 1;

	if (count == 0 || cell->ch == 0) {
		out[0] = L' ';
		out[1] = L'\0';
		return cell->width == 1;
	}
	if (wcwidth((wchar_t)scalars[0]) != cell->width)
		return false;
	out[0] = (wchar_t)scalars[0];
	for (int i = 1; i < count && used < CCHARW_MAX; i++)
		if (wcwidth((wchar_t)scalars[i]) == 0)
			out[used++] = (wchar_t)scalars[i];
	out[used] = L'\0';
	return true;
}

void
curses_cells_put(
    struct curses_cells *c, int row, int col, const struct cell *cells, int count)
{
	int n = 0;

	for (int i = 0; i < count && n < c->cols; i++) {
		wchar_t text[CCHARW_MAX + 1] = { (wchar_t)cells[i].ch };
		attr_t attrs;

		if (cells[i].width == 0)
			continue;
		attrs = look_of(c, &cells[i]);
		if (cells[i].ch >= 0x7f || cells[i].ch < ' ' || cells[i].width != 1) {
			if (!wide_text(&cells[i], text)) {
				text[0] = c->utf8 ? STAND_IN : L'?';
				text[1] = L'\0';
				if (cells[i].width == 2)
					setcchar(&c->row[n++], text, attrs, 0, &c->pair);
			}
		}
		setcchar(&c->row[n++], text, attrs, 0, &c->pair);
	}
	mvwadd_wchnstr(stdscr, row, col, c->row, n);
}
