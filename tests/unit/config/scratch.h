/*
 * scratch - a place of its own for one case: a new directory as HOME and as the config's
 * directory, and none of the variables that choose an account.
 */
#ifndef TESTS_UNIT_CONFIG_SCRATCH_H
#define TESTS_UNIT_CONFIG_SCRATCH_H

#include <stddef.h>

/* cmocka set-up and tear-down of each case; tear-down removes the directory. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The directory; valid until tear-down. */
const char *scratch_dir(void);
/* Absolute path of `name` in it; valid until the next call. */
const char *scratch_path(const char *name);
/* Writes dir/name with that mode, whatever the umask; makes the parents. */
void scratch_write(const char *name, const char *text, unsigned mode);
void scratch_write_bytes(const char *name, const void *bytes, size_t len, unsigned mode);

#endif
