/*
 * clipboard - what a program in a pane wants to have on the person's clipboard.
 * Asked for once per sandbox, or as the option says; never taken silently, and
 * never read (law 4).
 */
#ifndef TUI_CLIPBOARD_H
#define TUI_CLIPBOARD_H

#include <stddef.h>

#include "base/str.h"
#include "tui/app.h"

struct clipboard {
	struct app *app;	/* borrowed */
	struct strlist allowed; /* sandboxes that may write it until the program ends */
	char *asked;		/* owned: whose question is open; NULL: none is */
	char *bytes;		/* owned: what waits for the answer */
	size_t len;
};

void clipboard_init(struct clipboard *c, struct app *app);
void clipboard_clear(struct clipboard *c);
/* For a pane that is in front; while a question is open nothing else is taken. */
void clipboard_write(struct clipboard *c, const char *sandbox_id, const char *label,
    const char *bytes, size_t len);

#endif
