/*
 * dialog - a question in a box, as an overlay view (ux.md 3.3.9, law 3).
 *
 * The targets are captured by id when the dialog opens; rows are asked for
 * again at every drawing, and what changed meanwhile is shown and left out.
 * Keys of the first 200 ms are dropped, and a key that was down when the
 * dialog opened cannot answer it. Paste is dropped. Enter alone never
 * destroys.
 */
#ifndef TUI_DIALOG_H
#define TUI_DIALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/key.h"
#include "base/str.h"
#include "tui/app.h"

enum dialog_level {
	DIALOG_MENU,	/* one of the choices, by its key or Up, Down, Enter */
	DIALOG_YES_NO,	/* y, n, Esc; Enter presses the focused button, "no" at first */
	DIALOG_NAMED,	/* something that cannot be brought back: y and nothing else */
	DIALOG_COUNTED, /* type the number shown, Enter, then 3 s to press Esc */
};

struct dialog_choice {
	uint32_t key;	   /* a plain character */
	const char *label; /* borrowed while the dialog is open */
};

struct dialog_answer {
	bool yes;   /* false: no, Esc, or nothing left to act on */
	int choice; /* index of an extra choice or menu entry that was taken, else -1 */
	const struct strlist *ids; /* borrowed during the call: targets still to act on */
};

struct dialog_events {
	/* The row of a target as it is now, clean text. false: it changed since and is
	 * left out; the row says why. NULL: the ids themselves are shown. */
	bool (*target)(void *ctx, const char *id, struct buf *row);
	/* Exactly once, from a key, or with "no" when the dialog is closed otherwise. The
	 * dialog is on its way out already: pushing another view is fine. */
	void (*answer)(void *ctx, const struct dialog_answer *answer);
};

struct dialog_options {
	enum dialog_level level;
	const char *title; /* "KILL 37 sandboxes in prod-eu" */
	const char *body;  /* lines; NULL: none */
	const char *cli;   /* "sandtop kill ..."; shown as "same as:"; NULL: none */
	const char *target_header; /* column names above the targets; NULL: none */
	const char *const *ids;	   /* the targets; may be NULL */
	size_t id_count;
	const char *verb; /* "kill": on the button and in "Type 37 ... to kill" */
	const char *word; /* DIALOG_COUNTED: this instead of the number; NULL */
	const struct dialog_choice
	    *choices; /* the menu, or extras; ends with key 0; NULL */
};
/* Strings are copied, choices are borrowed (static tables). `events` and `ctx` must
 * outlive the dialog: a view below it on the stack does. */
void dialog_open(struct app *app, const struct dialog_options *options,
    const struct dialog_events *events, void *ctx);

/* Which keys may answer; pure, times in milliseconds of one monotonic clock. */
#define DIALOG_DEAF_MS 200
#define DIALOG_HELD_MS 700 /* longer than any keyboard waits before it repeats */
#define DIALOG_UNASKED_MS 600
#define DIALOG_GRACE_MS 3000
struct key_guard {
	uint64_t opened_ms;
	uint64_t any_ms; /* of the last key that was dropped */
	bool unasked;	 /* no key opened it: somebody may be typing something else */
	struct key_guard_seen {
		struct key key;
		uint64_t at_ms;
	} seen[8]; /* the key that opened, and those dropped meanwhile */
	size_t count;
};
/* `last`: the key that opened the dialog, or the one before it opened by itself, which
 * then waits for DIALOG_UNASKED_MS of silence. Code KEY_NONE: none. */
void key_guard_init(struct key_guard *g, uint64_t now_ms, struct key last, bool unasked);
/* false: too early, or a key that is still held down. */
bool key_guard_takes(struct key_guard *g, struct key key, uint64_t now_ms);

#endif
