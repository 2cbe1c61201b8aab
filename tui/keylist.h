/*
 * keylist - the live keymap as lines to read: one per command, with all its
 * keys, by section. Help, the menu after the prefix and the palette show it.
 */
#ifndef TUI_KEYLIST_H
#define TUI_KEYLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/keymap.h"

struct keylist_entry {
	char keys[48];	   /* "X F9"; for tabs "0-9" */
	const char *label; /* borrowed from the keymap's tables */
	int command;
	enum command_section section;
	bool user; /* from keys.ini */
};
struct keylist {
	struct keylist_entry *items; /* owned; by section, then as in the table */
	size_t count;
};
/* What is reachable in a context: its own bindings, and the global ones that it does
 * not hide. */
void keylist_init(struct keylist *l, const struct keymap *k, enum keymap_context context);
void keylist_clear(struct keylist *l);
const char *keylist_section_title(enum command_section section); /* "Move" */

#endif
