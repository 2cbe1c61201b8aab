/*
 * form - several fields in a box, as an overlay view (ux.md 3.3.6, 3.4.9).
 *
 * Tab and S-Tab move, Up and Down too (inside a choice Left and Right, or
 * Space, pick), Space toggles, F1 shows the field's help, ^S submits from
 * anywhere, Enter moves on and submits from the last field, Esc cancels and
 * asks first when something was edited. A field is checked when it is left,
 * all of them before submitting.
 */
#ifndef TUI_FORM_H
#define TUI_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "tui/app.h"

struct form;

enum form_kind {
	FORM_TEXT,   /* a line */
	FORM_CHOICE, /* one of `choices` */
	FORM_COMBO,  /* a line; Up and Down offer `choices` */
	FORM_TOGGLE, /* "yes" or "" */
};

struct form_field {
	const char *name;  /* "ttl", for form_value() */
	const char *label; /* "Time to live" */
	enum form_kind kind;
	const char *value;	    /* to begin with; NULL: "" or the first choice */
	const char *const *choices; /* ends with NULL; borrowed while the form is open */
	const char *note; /* behind the field: "0 < x <= 24h"; for toggles their text */
	const char *help; /* F1: one or more lines */
	int width;	  /* columns of the input; 0: what fits */
	bool secret;	  /* a line that is masked while another field has the focus */
};

struct form_events {
	/* The named field as it stands. false: wrong, `err` says the rule and the range.
	 * May be NULL. */
	bool (*check)(
	    void *ctx, const struct form *f, const char *name, struct error *err);
	/* A live note behind a field in place of the fixed one ("ends 13:04"); leave `out`
	 * empty to keep that. May be NULL. */
	void (*note)(void *ctx, const struct form *f, const char *name, struct buf *out);
	/* "sandtop create base --ttl 1h": shown under the fields. May be NULL. */
	void (*cli)(void *ctx, const struct form *f, struct buf *out);
	/* ^S with every check passed. false: stays open and shows `err`. */
	bool (*submit)(void *ctx, const struct form *f, struct error *err);
	/* Exactly once, when the form is gone; `submitted` as it went. May be NULL. */
	void (*closed)(void *ctx, bool submitted);
};

struct form_options {
	const char *title;		 /* "New sandbox" */
	const char *verb;		 /* "create": in the foot */
	const struct form_field *fields; /* copied; what they point to is borrowed */
	size_t field_count;		 /* at most FORM_FIELDS_MAX */
};
#define FORM_FIELDS_MAX 16

/* `events` and `ctx` must outlive the form: a view below it on the stack does. */
void form_open(struct app *app, const struct form_options *options,
    const struct form_events *events, void *ctx);

/* Borrowed until the next key. A toggle is "yes" or "". Asserts that the name exists. */
const char *form_value(const struct form *f, const char *name);
bool form_is_on(const struct form *f, const char *name);
bool form_is_edited(const struct form *f);
/* For templates that arrive later: replaces a field's choices (borrowed). Must be called
 * with the form that is open; see form_current(). */
void form_set_choices(struct form *f, const char *name, const char *const *choices);
/* The open form whose ctx this is; NULL: none. */
struct form *form_current(const struct app *app, const void *ctx);

#endif
