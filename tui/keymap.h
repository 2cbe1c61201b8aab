/*
 * keymap - keys to command lines, per context. Help, hints and the palette are
 * made from the live map; keys.ini overrides it.
 */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/key.h"
#include "base/str.h"
#include "fleet/command.h"

enum keymap_context {
	KEYMAP_GLOBAL, /* every command surface; looked up after the view's own */
	KEYMAP_FLEET,
	KEYMAP_DETAIL,
	KEYMAP_TERMINALS, /* what little a pane view takes itself: nothing but the prefix */
	KEYMAP_PREFIX,	  /* behind the prefix */
	KEYMAP_HELP,
	KEYMAP_MESSAGES,
	KEYMAP_CONTEXT_COUNT
};

struct binding {
	const char *key;     /* "s", "^P", "F9" */
	const char *command; /* "shell": a command line */
	const char *label;   /* for hints and help; NULL: the command's summary */
	int hint;	     /* priority in the hint line, 0: not there */
	bool user;	     /* from keys.ini */
};

struct keymap;
struct keymap *keymap_new(void); /* the defaults */
void keymap_free(struct keymap *k);
/* keys.ini: `command = Key Key`, sections name contexts; errors name line or key. */
bool keymap_override(
    struct keymap *k, const struct pairs *keys, struct error *err) MUST_CHECK;
/* The binding in the context, else in the global one; NULL: none. */
const struct binding *keymap_find(
    const struct keymap *k, enum keymap_context context, struct key key);
const struct binding *keymap_bindings(
    const struct keymap *k, enum keymap_context context, size_t *count);
/* The first binding of a command in the context, else in the global one; NULL: none. */
const struct binding *keymap_find_command(
    const struct keymap *k, enum keymap_context context, int command_id);
const char *keymap_context_name(enum keymap_context context); /* "fleet" */
const char *binding_label(const struct binding *b); /* its own, else the summary */
/* "p", or "^B d" for prefix bindings: the first key of a command in a context. */
bool keymap_key_of(const struct keymap *k, enum keymap_context context, int command_id,
    char *out, size_t size);
/* The hint line: by priority, never cut inside a word, "? keys" stays. */
void keymap_hints(
    const struct keymap *k, enum keymap_context context, int cols, struct buf *out);
/* The same as bindings, for a line with roles; returns the count. */
size_t keymap_hint_list(const struct keymap *k, enum keymap_context context, int cols,
    const struct binding **out, size_t max);
struct key keymap_prefix(const struct keymap *k);
void keymap_set_prefix(struct keymap *k, struct key prefix, struct key second);
bool keymap_is_prefix(const struct keymap *k, struct key key);

#endif
