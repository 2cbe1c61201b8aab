/* key_source - where a key comes from: a command, a file, a variable; never config.ini. */
#ifndef CONFIG_KEY_SOURCE_H
#define CONFIG_KEY_SOURCE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "config/profiles.h"

/* Fetches the key from where the profile says; waits for api_key_cmd. Caller frees with
 * secret_free(); it is hidden from the log already. No error shows what a command printed
 * or a file holds. */
bool profile_read_key(const struct profile *p, char **key, struct error *err) MUST_CHECK;

/* A key that can stand in a header: no blanks, no control characters, not empty. `where`
 * names its place in the error. Takes nothing, changes nothing, hides it from the log. */
bool key_check(const char *key, const char *where, struct error *err) MUST_CHECK;

#endif
