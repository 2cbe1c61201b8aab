/* which_key - the menu of what is behind the prefix. */
#include "tui/app_internal.h"

#include "base/text.h"
#include "tui/keylist.h"
#include "tui/widgets.h"

/* After the prefix: wait for the second key as long as it takes, and show what there
 * is when it does not come at once. */
enum {
	WHICH_KEY_MS = 300,
	COLUMN_COLS = 26,
	KEY_COLS = 7,
};

void
app_prefix_start(struct app *a, struct key key)
{
	int delay = a->options.which_key_ms;

	a->prefix_pending = true;
	a->prefix_key = key;
	if (delay >= 0)
		timer_start(
		    a->which_key_timer, (uint64_t)(delay ? delay : WHICH_KEY_MS), 0);
	app_dirty(a);
}

/* true: the key was the second one of a prefix. */
bool
app_prefix_key(struct app *a, struct key key)
{
	const struct binding *b;
	char prefix[16], name[16];

	if (!a->prefix_pending)
		return false;
	if (key.code == KEY_MOUSE)
		return true;
	a->prefix_pending = a->which_key_shown = false;
	timer_stop(a->which_key_timer);
	b = keymap_find(a->keymap, KEYMAP_PREFIX, key);
	if (b) {
		app_run(a, b->command);
	} else if (key.code != KEY_ESCAPE) {
		key_format(a->prefix_key, prefix, sizeof prefix);
		key_format(key, name, sizeof name);
		app_say(a, MESSAGE_INFO, "Nothing is bound to %s %s", prefix, name);
	}
	return true;
}

void
which_key_draw(const struct app *a, struct canvas *c)
{
	struct keylist list;
	char title[32], prefix[16];

	keylist_init(&list, a->keymap, KEYMAP_PREFIX);
	key_format(a->prefix_key, prefix, sizeof prefix);
	str_copy(title, sizeof title, prefix);

	int columns = MAX((c->area.cols - 2) / COLUMN_COLS, 1);
	int lines = ((int)list.count + columns - 1) / columns;
	int rows = MIN(lines + 2, c->area.rows - 1); /* the header stays */
	struct canvas box = canvas_sub(c, c->area.rows - rows, 0, rows, c->area.cols);

	canvas_fill(&box, ROLE_TEXT);
	box = canvas_frame(&box, ROLE_FRAME_FOCUS, title, "Esc cancel");
	for (int i = 0; i < (int)list.count; i++) {
		const struct keylist_entry *e = &list.items[i];
		int row = i % lines, col = 1 + i / lines * COLUMN_COLS;
		canvas_field(&box, row, col, KEY_COLS, false, ROLE_HINT_KEY, e->keys);
		canvas_field(&box, row, col + KEY_COLS + 1, COLUMN_COLS - KEY_COLS - 2,
		    false, e->user ? ROLE_ACCENT : ROLE_TEXT, e->label);
	}
	keylist_clear(&list);
}
