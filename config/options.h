/*
 * options - the table of options, and one rule for every type of value.
 *
 * The same rows describe config.ini, the flags and the fields of a profile, so
 * a value is checked in one place. What is wrong is said without the value:
 * somebody may have put a secret there.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "config/config.h"

struct option_value {
	char *text;	/* owned: as written, addresses without trailing slashes */
	int64_t number; /* bool, int, seconds, bytes; 0 for text */
};
void option_value_clear(struct option_value *v); /* zeroed is fine */

/* An empty text is the fallback. */
bool option_parse(const struct option *o, const char *text, struct option_value *out,
    struct error *err) MUST_CHECK;

size_t options_count(const struct option *table); /* table ends with name NULL */
/* NULL: not there. */
const struct option *options_find(
    const struct option *table, const char *section, const char *name);
bool options_has_section(const struct option *table, const char *section);
/* The name a person may have meant, over all sections; NULL: nothing is near. */
const struct option *options_nearest(const struct option *table, const char *name);

#endif
