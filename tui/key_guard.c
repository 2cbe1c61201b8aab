/* key_guard - which keys may answer a dialog, so that type-ahead never does. */
#include "tui/dialog.h"

void
key_guard_init(struct key_guard *g, uint64_t now_ms, struct key last, bool unasked)
{
	*g = (struct key_guard){ .opened_ms = now_ms, .any_ms = now_ms };
	g->unasked = unasked;
	if (last.code != KEY_NONE)
		g->seen[g->count++] = (struct key_guard_seen){ last, now_ms };
}

static struct key_guard_seen *
find_seen(struct key_guard *g, struct key key)
{
	for (size_t i = 0; i < g->count; i++)
		if (key_eq(g->seen[i].key, key))
			return &g->seen[i];
	return NULL;
}

static bool
drop(struct key_guard *g, struct key_guard_seen *seen, struct key key, uint64_t now_ms)
{
	g->any_ms = now_ms;
	if (seen)
		seen->at_ms = now_ms;
	else if (g->count < ARRAY_LEN(g->seen))
		g->seen[g->count++] = (struct key_guard_seen){ key, now_ms };
	return false;
}

/* A key that was down before repeats at the keyboard's pace: it is not meant for the
 * dialog until it has been silent for longer than any keyboard takes to begin. */
bool
key_guard_takes(struct key_guard *g, struct key key, uint64_t now_ms)
{
	struct key_guard_seen *seen = find_seen(g, key);

	if (now_ms - g->opened_ms < DIALOG_DEAF_MS)
		return drop(g, seen, key, now_ms);
	if (g->unasked && now_ms - g->any_ms < DIALOG_UNASKED_MS)
		return drop(g, seen, key, now_ms);
	g->unasked = false;
	if (seen && now_ms - seen->at_ms < DIALOG_HELD_MS)
		return drop(g, seen, key, now_ms);
	if (seen)
		*seen = g->seen[--g->count];
	return true;
}
