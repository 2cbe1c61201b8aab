/*
 * cli_file - ~/.e2b/config.json of the official command line, read and never written
 * (control-plane.md 1.4). Three layouts: without `version` and 1 (team...), 2 (project...).
 * The current CLI ignores the first; its key still works, so we take it.
 */
#ifndef CONFIG_CLI_FILE_H
#define CONFIG_CLI_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

struct cli_file {
	bool missing;  /* no such file; the rest is zero */
	int version;   /* 0: not written */
	unsigned mode; /* permission bits */
	char *key;     /* owned, secret; NULL: signed out, or a newer layout */
	char *project; /* owned: its name, else its id; NULL: unknown */
};

/* Garbage and wrong types are errors that name the file and never quote it. */
bool cli_file_read(const char *path, struct cli_file *out, struct error *err) MUST_CHECK;
/* The same from memory; does not set `missing` and `mode`. */
bool cli_file_parse(
    const char *json, size_t len, struct cli_file *out, struct error *err) MUST_CHECK;
void cli_file_clear(struct cli_file *f); /* zeroed is fine */

#endif
