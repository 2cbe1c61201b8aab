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

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

enum option_type {
	OPTION_BOOL,
	OPTION_INT,
	OPTION_DURATION,
	OPTION_SIZE,
	OPTION_TEXT,
	OPTION_CHOICE,
	OPTION_KEY,	/* a key name of base/key.h, or one of `choices` */
	OPTION_DOMAIN,	/* "e2b.app", no scheme and no path */
	OPTION_DOMAINS, /* several, separated by blanks or commas */
	OPTION_URL,	/* http:// or https://, trailing slashes are cut */
};

/* One row per option: config file, --flags where they exist, settings, manual. */
struct option {
	const char *section; /* borrowed: "" or "pane" */
	const char *name;    /* borrowed: "refresh" */
	enum option_type type;
	const char *fallback; /* borrowed: as text */
	int64_t min, max;     /* seconds for durations, bytes for sizes */
	const char *choices;  /* borrowed: "a|b|c" */
	const char *summary;  /* borrowed: one sentence for the manual */
};
extern const struct option config_options[]; /* ends with name NULL */
/* The commented sample of config.ini, from the tables; docs/config.ini.sample is it. */
void options_print_sample(struct buf *out);

struct config;

/* Reads config.ini and keys.ini of `dir`. A missing file is an empty one. A bad line is
 * an error with file and line; unknown keys are warnings with a spelling suggestion.
 * A line with what looks like an API key is refused, and not repeated in the error. */
bool config_load(const char *dir, struct config **out, struct strlist *warnings,
    struct error *err) MUST_CHECK;
/* The same from memory; the paths are for messages. Either source may be NULL. */
struct ini_source;
bool config_parse(const struct ini_source *config_ini, const struct ini_source *keys_ini,
    struct config **out, struct strlist *warnings, struct error *err) MUST_CHECK;
void config_free(struct config *c); /* NULL is fine */

/* What a flag says: over the files' value, under the same rules. */
bool config_set(
    struct config *c, const char *name, const char *value, struct error *err) MUST_CHECK;

/* Values by "section.name" or "name"; asserts that the option exists. */
bool config_bool(const struct config *c, const char *name);
int64_t config_int(
    const struct config *c, const char *name); /* also durations (s), sizes */
const char *config_text(const struct config *c, const char *name); /* borrowed */
/* Key bindings of keys.ini in file order: the action ("section.action" below a
 * [section]) and its key names, each of which key_parse() knows, one blank between. */
const struct pairs *config_keys(const struct config *c);

#endif
