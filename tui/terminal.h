/*
 * terminal - what kind of terminal this is: decided once, from options,
 * environment, locale and terminfo (ux.md 5.1, 5.2). The decisions are pure
 * functions; screen_describe() tells them to `doctor`.
 */
#ifndef TUI_TERMINAL_H
#define TUI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "tui/screen.h"

struct terminal_env { /* borrowed; NULL: not set */
	const char *term, *colorterm, *no_color, *force_color, *clicolor_force, *codeset;
};
struct terminal_env terminal_env_read(void);

/* `colors`: what terminfo says, below 8: none. *why: a few words for `doctor`. */
enum color_tier terminal_tier(
    const char *option, const struct terminal_env *env, int colors, const char **why);
/* true: the unicode glyphs. */
bool terminal_unicode(
    const char *option, const struct terminal_env *env, const char **why);
/* Not a console or a serial line: knows mouse, paste, focus, titles and queries. */
bool terminal_is_fancy(const char *term);
/* The terminfo entries to try, best first; `out` has room for TERMINAL_ENTRIES. The
 * first one speaks direct colour where the terminal says it can. Returns the count. */
#define TERMINAL_ENTRIES 6
size_t terminal_entries(const char *option, const struct terminal_env *env,
    const char *out[TERMINAL_ENTRIES]);
bool terminal_has_entry(const char *name); /* in terminfo, as installed here */
/* TERM unset or dumb: why the screen cannot open, and what to do instead. */
bool terminal_check(const struct terminal_env *env, struct error *err) MUST_CHECK;

#endif
