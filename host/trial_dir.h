/*
 * trial_dir - the directory in which the probe tries a sandbox, closed to others.
 * Who uses one holds a lock on it (flock, which ends with its process however that
 * ends), so that what a killed probe left can be told from what is in use.
 */
#ifndef HOST_TRIAL_DIR_H
#define HOST_TRIAL_DIR_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

struct trial_dir {
	char *path; /* owned; NULL: none */
	int lock;   /* owned when there is a path */
};

/* A new one in `place`. */
bool trial_dir_make(struct trial_dir *t, const char *place, struct error *err) MUST_CHECK;
/* Takes over, to be removed, at most `max` of those in `place` that are ours and that
 * nobody uses. Returns how many. */
size_t trial_dir_claim(const char *place, struct trial_dir *out, size_t max);
/* Lets go; removing it is the owner's, before this. */
void trial_dir_clear(struct trial_dir *t);

#endif
