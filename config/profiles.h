/*
 * profiles - the [profile NAME] sections of config.ini (design.md 5, ux.md 3.6).
 *
 * A profile says which fleet and how careful to be with it. Its key is never in the
 * file: exactly one of api_key_cmd, api_key_file and api_key_env says where it is.
 */
#ifndef CONFIG_PROFILES_H
#define CONFIG_PROFILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#include "config/config.h"
#include "config/ini.h"
#include "config/options.h"

/* Rows of profile_options, in this order. */
enum profile_option {
	PROFILE_API_KEY_CMD,
	PROFILE_API_KEY_FILE,
	PROFILE_API_KEY_ENV,
	PROFILE_DOMAIN,
	PROFILE_API_URL,
	PROFILE_SANDBOX_URL,
	PROFILE_PROJECT,
	PROFILE_ACCENT,
	PROFILE_READ_ONLY,
	PROFILE_CONFIRM,
	PROFILE_OPTION_COUNT,
};
extern const struct option profile_options[]; /* section "profile"; ends with name NULL */
extern const char *const profile_examples[];  /* for the sample */

struct profile {
	char *name;					  /* owned */
	int line;					  /* of its first pair */
	struct option_value values[PROFILE_OPTION_COUNT]; /* text NULL: not written */
};

struct profiles {
	struct profile *items; /* owned */
	size_t count;
};
void profiles_clear(struct profiles *p); /* zeroed is fine */

/* NULL: not there. */
const struct profile *profiles_find(const struct profiles *p, const char *name);
/* "a, b, local": what a person may choose from; caller frees. */
char *profiles_names(const struct profiles *p);
/* One pair of [profile NAME]; an unknown name is a warning. */
bool profiles_set(struct profiles *p, const char *name, const struct ini_pair *pair,
    struct strlist *warnings, struct error *err) MUST_CHECK;
/* Each profile has one place for its key; *line is that of the first which has not. */
bool profiles_check(const struct profiles *p, int *line, struct error *err) MUST_CHECK;

/* "" when not written. */
const char *profile_text(const struct profile *p, enum profile_option which);
bool profile_flag(const struct profile *p, enum profile_option which);

/* config.c gives its profiles to account.c only. */
const struct profiles *config_profiles(const struct config *c);

#endif
