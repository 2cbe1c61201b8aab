/*
 * path - where our files live: XDG directories, each with "sandtop" behind.
 * SANDTOP_CONFIG_DIR overrides all of them (config, state below it as
 * "state", cache as "cache"). Relative XDG values are ignored.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

char *path_config_dir(void); /* caller frees, as for all here */
char *path_state_dir(void);
char *path_cache_dir(void);
char *path_home_dir(void);
char *path_join(const char *dir, const char *name);
/* Creates parents too, mode 0700. */
bool path_make_dirs(const char *dir, struct error *err) MUST_CHECK;
/* Whole file, at most `max` bytes; *out ends in NUL; caller frees; out_len may be NULL.
 * ERROR_NOT_FOUND when there is none, ERROR_INPUT when it is larger. */
bool path_read_file(const char *path, size_t max, char **out, size_t *out_len,
    struct error *err) MUST_CHECK;
/* Temporary file beside it, then rename; mode 0600. */
bool path_write_private(
    const char *path, const void *bytes, size_t len, struct error *err) MUST_CHECK;
/* Directory of the running executable. */
char *path_exe_dir(void);

#endif
