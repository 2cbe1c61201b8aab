/*
 * config - settings and profiles from flags, environment and files.
 *
 * Knows no screen and no network. What the parts need is pushed to them by
 * main.c. Precedence: flags, environment, profile, config, defaults
 * (ux.md 3.6, design.md 5).
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

enum option_type { OPTION_BOOL, OPTION_INT, OPTION_DURATION, OPTION_SIZE, OPTION_TEXT, OPTION_CHOICE };

/* One row per option: config file, --flags where they exist, settings, manual. */
struct option {
	const char *section; /* "" or "pane" */
	const char *name;    /* "refresh" */
	enum option_type type;
	const char *fallback; /* as text */
	int64_t min, max;     /* seconds for durations, bytes for sizes */
	const char *choices;  /* "a|b|c" */
	const char *summary;  /* one sentence for the manual */
};
extern const struct option options[]; /* ends with name NULL */

struct config;

/* A missing file is an empty one. A bad line is an error with file and line; unknown
 * keys are warnings with a spelling suggestion. */
bool config_load(const char *dir, struct config **out, struct strlist *warnings,
    struct error *err) MUST_CHECK;
void config_free(struct config *c); /* NULL is fine */

/* Values by "section.name" or "name"; asserts that the option exists. */
bool config_bool(const struct config *c, const char *name);
int64_t config_int(const struct config *c, const char *name); /* also durations (s), sizes */
const char *config_text(const struct config *c, const char *name); /* borrowed */
/* key bindings of keys.ini: action and key names as written; in file order */
const struct pairs *config_keys(const struct config *c);

#endif
