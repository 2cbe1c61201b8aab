/*
 * tab - one shell on the screen: a term/pane joined with a fleet/session.
 *
 * The pane never learns that a network exists, the session never that a
 * screen does. Output is parsed as it arrives, hidden tabs too (law 5);
 * closing a tab detaches, the program lives on (law 6).
 */
#ifndef TUI_TAB_H
#define TUI_TAB_H

#include <stdbool.h>
#include <stdint.h>

#include "fleet/session.h"
#include "term/pane.h"
#include "tui/app.h"
#include "tui/view_terminals.h"

struct tab;

struct tab_events {
	void (*changed)(void *ctx, struct tab *t); /* something to draw */
	void (*bell)(void *ctx, struct tab *t);
	/* A program wants to write the clipboard; bytes are borrowed. */
	void (*clipboard)(void *ctx, struct tab *t, const char *bytes, size_t len);
	void (*state)(void *ctx, struct tab *t); /* may free the tab */
	/* Another shell of ours runs in its sandbox and no tab shows it; oldest first. */
	void (*another)(void *ctx, struct tab *t, const struct shell_info *shell);
};

/* Shows open->join; else looks for running shells of ours first unless open->fresh,
 * shows the newest and tells of the others; `taken` tells which pids other tabs show
 * already. Events come from the loop. */
struct tab *tab_new(struct app *app, const struct terminals_open *open,
    bool (*taken)(void *ctx, const char *sandbox_id, uint32_t pid),
    const struct tab_events *events, void *ctx);
void tab_free(struct tab *t); /* detaches; NULL is fine */

const char *tab_sandbox(const struct tab *t); /* id */
const char *tab_label(const struct tab *t);   /* name of the sandbox, clean */
const char *tab_title(const struct tab *t);   /* the program's title, "" none */
uint32_t tab_pid(const struct tab *t);
struct pane *tab_pane(const struct tab *t);
enum session_state tab_state(const struct tab *t);
const struct session *tab_session(const struct tab *t); /* NULL: still looking */
/* Since when it waits in OPENING, wall; for the elapsed time. */
int64_t tab_since_ms(const struct tab *t);
bool tab_has_program(const struct tab *t); /* something runs that closing leaves behind */

void tab_resize(struct tab *t, int rows, int cols);
bool tab_key(struct tab *t, struct key key); /* rows and columns relative to the pane */
void tab_paste(struct tab *t, const char *bytes, size_t len);
void tab_focus(struct tab *t, bool focused);
/* By state: ended: a new shell; cut: now; paused: wake it (the person said so). */
void tab_again(struct tab *t);
void tab_end_program(struct tab *t); /* SIGKILL */
void tab_redraw(struct tab *t);	     /* sends the size again, by a change and back */

#endif
