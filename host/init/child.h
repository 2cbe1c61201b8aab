/*
 * child - the time between fork and exec, in the process that will become
 * somebody's command.
 *
 * A child prepares itself as far as exec, reports, and waits at the gate: only
 * when its pid and descriptors are on their way to the host may it run, so
 * nobody can miss its first byte or its end.
 */
#ifndef HOST_INIT_CHILD_H
#define HOST_INIT_CHILD_H

#include "host/init/init.h"

struct plan {
	struct init_spawn head;
	const char *user, *cwd;
	const char *first; /* argc strings, then envc strings */
	struct account account;
	int child_fds[3]; /* what becomes 0, 1, 2 */
	int host_fds[3];
	int host_count;
};

struct report {
	int32_t result; /* enum init_result */
	int32_t errnum;
};

/* Forks and lets it go; -1: `report` says why. For what the host need not know of. */
pid_t spawn_start(const struct plan *p, struct report *report);

/* Never returns; `gate` is its end of the pair to the supervisor. */
_Noreturn void child_run(const struct plan *p, int gate, bool fake_root);
/* In the supervisor: may a child of one uid show itself as root? Found out once. */
bool child_can_appear_as_root(void);

#endif
