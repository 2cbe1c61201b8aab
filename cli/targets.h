/*
 * targets - the sandboxes a command names, and what became of each.
 *
 * IDs are given whole; "-" reads them from standard input, one per line. With a
 * person at the terminal a unique prefix of at least 6 characters will do.
 */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/remote.h"

enum { ID_WHOLE = 21, ID_PREFIX_MIN = 6 }; /* an E2B id has 21 characters */

enum target_result {
	TARGET_WAITING, /* nothing was sent */
	TARGET_SENT,	/* no answer was waited for */
	TARGET_DONE,
	TARGET_ALREADY, /* was so before */
	TARGET_MISSING,
	TARGET_FAILED,
};

struct bulk;

struct target {
	char *id; /* owned */
	enum target_result result;
	struct error error; /* FAILED, MISSING */
	bool looked;	    /* facts are there */
	struct sandbox facts;
	struct bulk *bulk; /* borrowed: the run it is part of */
};
struct targets {
	struct target *items; /* owned */
	size_t count;
};
void targets_clear(struct targets *t);

/* Words of the command line, "-" included; each id once, "-clientID" cut off. */
bool targets_read(
    const struct strlist *words, struct targets *out, struct error *err) MUST_CHECK;
/* The same for one word that must name one sandbox. */
bool targets_read_one(
    const char *word, struct targets *out, struct error *err) MUST_CHECK;
/* Turns prefixes into ids where a person sits at the terminal; else leaves all as it
 * is. Lists the fleet only if there is a prefix. */
bool targets_resolve(struct targets *t, struct remote *r, struct error *err) MUST_CHECK;
/* The id among `rows` that `prefix` means: the whole one first, else the only one that
 * begins so. NULL: none or several. */
const char *targets_match(const struct strlist *ids, const char *prefix, bool *several);
/* 0, 3 where any is missing, 8 where some failed, else the failure's own. */
int targets_exit(const struct targets *t);

/* The end of a command on the one target: tells what went wrong (err->code NONE:
 * nothing did), closes both, returns the exit code. */
int targets_end_one(struct targets *t, struct remote *r, struct error *err);

#endif
