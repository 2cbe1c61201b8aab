#include "tui/tab_bar.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"

enum { LABEL_COLS = 20, MARK_COLS = 2 };

/* What the profile leaves, with a blank on both its sides. */
static int
cols_for_names(const struct tab_bar *bar)
{
	return MAX(bar->cols - text_width(bar->profile) - 4, 0);
}

static char *
name_of(const struct tab_bar *bar, size_t i)
{
	static const char *const tails[] = { [SESSION_EXITED] = " ended",
		[SESSION_PAUSED] = " paused",
		[SESSION_GONE] = " gone",
		[SESSION_FAILED] = "" };
	const struct tab_entry *e = &bar->entries[i];
	const char *mark = i == bar->current ? "*" : e->bell ? "!" : "";
	const char *tail = tails[tab_state(e->tab)];
	char *label = text_cut(tab_label(e->tab), LABEL_COLS, false);
	char *name = xasprintf(" %zu:%s%s%s ", i + 1, label, mark, tail ? tail : "");

	free(label);
	return name;
}

static int
name_width(const struct tab_bar *bar, size_t i)
{
	char *name = name_of(bar, i);
	int width = text_width(name);

	free(name);
	return width;
}

/* The first that is drawn: as far left as leaves room for the current one. */
static size_t
first_shown(const struct tab_bar *bar)
{
	size_t first = bar->current;
	int room = cols_for_names(bar) - MARK_COLS;

	if (bar->count == 0)
		return 0;
	room -= name_width(bar, bar->current);
	while (first > 0) {
		room -= name_width(bar, first - 1);
		/* Nothing is left of the very first, so its mark is not needed. */
		if (room + (first == 1 ? MARK_COLS : 0) < 0)
			break;
		first--;
	}
	return first;
}

void
tab_bar_draw(const struct tab_bar *bar, struct canvas *c)
{
	size_t first = first_shown(bar);
	int cols = cols_for_names(bar);
	struct canvas names = canvas_sub(c, 0, 0, 1, cols);

	canvas_field(c, 0, 0, c->area.cols, false, ROLE_TAB, "");
	int col = first ? canvas_text(&names, 0, 0, ROLE_TAB, "< ") : 0;
	for (size_t i = first; i < bar->count && col < cols; i++) {
		char *name = name_of(bar, i);
		col = canvas_text(&names, 0, col,
		    i == bar->current ? ROLE_TAB_CURRENT : ROLE_TAB, name);
		free(name);
	}
	canvas_textf(c, 0, MAX(bar->cols - text_width(bar->profile) - 3, 0), ROLE_PROFILE,
	    "[%s]", bar->profile);
}

size_t
tab_bar_at(const struct tab_bar *bar, int col)
{
	size_t i = first_shown(bar);
	int end = i ? MARK_COLS : 0;

	if (col < end)
		return i - 1;
	for (; i < bar->count; i++) {
		end += name_width(bar, i);
		if (col < MIN(end, cols_for_names(bar)))
			return i;
	}
	return bar->count;
}
