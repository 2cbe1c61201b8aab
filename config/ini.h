/*
 * ini - `[section]` and `name = value` files, read with inih.
 *
 * inih cuts long lines and long section names without a word, joins indented lines to the
 * value above and tells its handler no line number. Our reader stands in front:
 * it counts lines, refuses what inih would cut, and takes indentation away. A line is
 * valid UTF-8 without control characters, so what comes out is fit for messages except
 * for bidirectional controls, which errors have cleaned away.
 *
 * `#` and `;` start a comment at the beginning of a line, `;` also after a blank.
 */
#ifndef CONFIG_INI_H
#define CONFIG_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

struct ini_pair {
	const char *path;		    /* borrowed */
	const char *section, *name, *value; /* borrowed, for the call only; never NULL */
	int line;
};

struct ini_source {
	const char *path; /* borrowed: for errors, "PATH:LINE: ..." */
	const char *text; /* borrowed */
	size_t len;
};

/* Calls `on_pair` for every pair in order of the file; its false ends the reading, and its
 * error gets path and line in front. */
bool ini_read(const struct ini_source *source,
    bool (*on_pair)(void *ctx, const struct ini_pair *pair, struct error *err), void *ctx,
    struct error *err) MUST_CHECK;

/* Adds "PATH:LINE: <text>", printable. */
void ini_warn(const struct ini_pair *pair, struct strlist *warnings, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
