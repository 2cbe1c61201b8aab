/* keymap_defaults - the keys as they come, by context (ux.md 3.4). One row per command;
 * several keys are apart by blanks. Only keymap.c reads it. */
#ifndef TUI_KEYMAP_DEFAULTS_H
#define TUI_KEYMAP_DEFAULTS_H

#include "tui/keymap.h"

struct default_binding {
	const char *keys; /* NULL ends the table */
	int command;
	const char *label; /* NULL: the command's summary */
	int hint;	   /* higher stays longer; 0: not in the hint line */
};
extern const struct default_binding *const keymap_defaults[KEYMAP_CONTEXT_COUNT];

#endif
