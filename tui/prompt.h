/*
 * prompt - one line of text under the fingers, with readline's keys
 * (ux.md 3.4.9): ^A ^E ^B ^F arrows, Alt-b Alt-f words, ^U ^K ^W ^Y, ^H, ^D,
 * Up and Down for history. Text is UTF-8 and clean: pasted or typed control
 * characters become blanks or are dropped.
 *
 * `struct prompt` is the editor alone, for views and forms that draw the line
 * themselves; prompt_open() asks for a line on the message row.
 */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/key.h"
#include "base/str.h"
#include "tui/app.h"
#include "tui/canvas.h"

#define PROMPT_MAX 4096 /* bytes */

enum prompt_result {
	PROMPT_IGNORED,	  /* not a key of the editor (Tab, F keys, PgUp) */
	PROMPT_TAKEN,	  /* moved, or nothing to do */
	PROMPT_CHANGED,	  /* the text is another one */
	PROMPT_DONE,	  /* Enter */
	PROMPT_CANCELLED, /* Esc, ^C */
};

struct prompt {
	struct buf text;
	size_t cursor;		 /* byte offset, at a character */
	char *killed;		 /* owned: for ^Y; NULL */
	struct strlist *history; /* borrowed, oldest first; NULL: none */
	size_t back;		 /* how far back in the history, 0: at the line itself */
	char *draft;		 /* owned: the line before history was entered; NULL */
	bool masked;		 /* drawn as bullets */
};
void prompt_init(struct prompt *p, const char *text, struct strlist *history);
void prompt_clear(struct prompt *p);
void prompt_set(struct prompt *p, const char *text); /* cursor behind it */
const char *prompt_text(const struct prompt *p);
enum prompt_result prompt_key(struct prompt *p, struct key key);
/* Line breaks become blanks, other control characters are dropped. */
bool prompt_paste(struct prompt *p, const char *bytes, size_t len);
/* Draws the part around the cursor; focused: puts the hardware cursor. */
void prompt_draw(const struct prompt *p, struct canvas *c, int row, int col, int width,
    enum role role, bool focused);
/* Adds to the list: not twice in a row, not empty, at most 100. */
void prompt_remember(struct strlist *history, const char *text);

struct prompt_events {
	void (*changed)(void *ctx, const char *text); /* after every edit; may be NULL */
	/* A line about the text as it stands, shown behind it; false: it is what is wrong,
	 * and Enter is refused. May be NULL. */
	bool (*check)(void *ctx, const char *text, struct buf *note);
	/* Tab: the whole new line; false: nothing to add. May be NULL. */
	bool (*complete)(void *ctx, const char *text, struct buf *out);
	/* Exactly once. NULL: cancelled. The prompt is on its way out: pushing a view is fine. */
	void (*done)(void *ctx, const char *text);
};
struct prompt_options {
	const char *label;	 /* "/" or "Time left for agent-42:" */
	const char *text;	 /* to begin with; NULL: "" */
	struct strlist *history; /* borrowed; the line is added when done; NULL: none */
};
/* `events` and `ctx` must outlive the prompt: a view below it on the stack does. */
void prompt_open(struct app *app, const struct prompt_options *options,
    const struct prompt_events *events, void *ctx);

#endif
