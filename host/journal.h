/*
 * journal - the log of each sandbox: what happened to it, the start and end of
 * every process that a client started (as envd's own records, without their
 * output), and whole lines of output of processes whose tag begins with "log:".
 */
#ifndef HOST_JOURNAL_H
#define HOST_JOURNAL_H

#include <stddef.h>

#include "base/str.h"
#include "host/store.h"

struct journal;

struct journal *journal_new(struct store *store); /* store: borrowed */
void journal_free(struct journal *j);		  /* NULL is fine */

/* fields: key, value, ..., NULL; a NULL value leaves the pair out. `logger` says who
 * speaks: "host" or "envd". */
void journal_add(struct journal *j, const char *id, const char *logger, const char *level,
    const char *message, const char *const *fields);
/* Lines of one sandbox; begins as zeros. */
struct journal_share {
	int64_t second;
	int lines; /* in that second */
	int lost;  /* that came too fast and were not told of */
};
/* A line a program wrote. A leading level word ("ERROR ...", "[warn] ...", "info: ...")
 * becomes the entry's level. The next one that is kept tells of those that were lost. */
void journal_add_line(struct journal *j, const char *id, struct journal_share *share,
    const char *tag, const char *line, size_t len);
/* Now, if any were lost. */
void journal_add_lost(struct journal *j, const char *id, struct journal_share *share);
/* "debug", "info", "warn" or "error". */
const char *journal_level_of_line(const char *line);

#endif
