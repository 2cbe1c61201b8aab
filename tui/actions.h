/*
 * actions - what keys do to sandboxes: pause, resume, kill, extend, set the time
 * left, create, open. Each acts on the ids that its command line names, which for
 * a key is what was under the cursor when it arrived (law 2), and asks in
 * proportion (law 3). Outcomes come as messages.
 */
#ifndef TUI_ACTIONS_H
#define TUI_ACTIONS_H

#include "tui/app.h"

/* For app_add_handlers(); ends with run NULL. */
extern const struct screen_handler action_handlers[];

#endif
