/*
 * box_group - one cgroup v2 group per sandbox for the processes inside it, the
 * supervisor apart: freezing, limits, accounting. Where groups cannot be made
 * everything works without: stop signals, and sums over /proc.
 *
 * The host makes and removes the directory; the supervisor gets it as a
 * descriptor and does the rest, in the order of its other requests.
 */
#ifndef HOST_BOX_GROUP_H
#define HOST_BOX_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The directory in which we may make groups; false: nowhere. Also removes what
 * hosts that are gone left there. Only at start. */
bool box_group_find_base(char *out, size_t size, bool *has_limits);

struct box_group {
	char *path; /* owned; NULL: none */
};

struct box_group_limits {
	int cpu_count;	   /* 0: no limit */
	int64_t memory_mb; /* 0: no limit */
};

/* The directory opened, for the supervisor, the receiver's to close; -1: no group. */
int box_group_make(struct box_group *g, const char *base, const char *id,
    const struct box_group_limits *limits);
void box_group_kill(struct box_group *g);
/* Removes the directory, which must be empty of processes. */
void box_group_clear(struct box_group *g);

#endif
