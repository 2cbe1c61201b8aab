/*
 * bulk - the same call for many sandboxes, 16 at a time; one result each, no stop at
 * the first failure (control-plane.md 8.1, 30).
 */
#ifndef CLI_BULK_H
#define CLI_BULK_H

#include <stdbool.h>

#include "cli/targets.h"

enum { BULK_PARALLEL = 16 };

struct bulk {
	struct remote *remote;	 /* borrowed */
	struct targets *targets; /* borrowed */
	/* Starts the call of one target; its report ends in bulk_done(). */
	void (*start)(struct bulk *b, struct target *t);
	int64_t ttl_s; /* for those who need it */
	/* private */
	size_t next, running;
	bool interrupted;
};
/* Runs all targets that are WAITING. false: ^C came; what was under way is SENT. */
bool bulk_run(struct bulk *b);
/* From the report of a target. Sets DONE, or MISSING or FAILED by the error. */
void bulk_done(struct target *t, const struct error *err);
void bulk_done_already(struct target *t);

/* GET of each, into target->facts. 404: MISSING; else it is WAITING again. */
bool bulk_look(struct remote *r, struct targets *targets);

#endif
