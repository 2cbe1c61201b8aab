/*
 * view_terminals - shells in tabs: each a term/pane joined with a fleet/session.
 *
 * Everything typed goes to the sandbox except the prefix. Leaving and quitting
 * detach: shells live on in their sandboxes (law 6).
 */
#ifndef TUI_VIEW_TERMINALS_H
#define TUI_VIEW_TERMINALS_H

#include <stdbool.h>

#include "base/str.h"
#include "tui/app.h"

extern const struct view_type view_terminals;

struct shell_info;

struct terminals_open {
	const char *sandbox_id;
	bool fresh;		       /* a new shell even when one of ours runs there */
	const struct shell_info *join; /* this one; NULL: look for ours */
	bool wake;		       /* resume a paused sandbox without asking again */
	bool only; /* `sandtop shell`: the program ends with this tab, no tab bar */
	const char *user, *cwd;	  /* NULL: defaults */
	const struct pairs *envs; /* NULL: none */
};
/*
 * Shows a shell of the sandbox: the tab that is open already, else those of ours that
 * still run there (also after sandtop was killed), else a new one. A paused sandbox is
 * asked about first. All is copied; the view comes to the front at once.
 */
void terminals_show(struct app *app, const struct terminals_open *open);

/* Handlers of "shell" and "terminals"; in app_handlers' style. */
extern const struct screen_handler terminals_handlers[];

#endif
