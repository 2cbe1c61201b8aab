/*
 * team - how many sandboxes of this host ran at once and how many were started:
 * a sample each 5 s while any runs, kept 90 days. Simulated ones do not count.
 * control-plane.md 2.16.
 */
#ifndef HOST_TEAM_H
#define HOST_TEAM_H

#include "base/loop.h"

struct registry;
struct store;
struct team;

struct team *team_new(struct loop *loop, struct registry *registry, struct store *store);
/* Before the registry and the store; writes what is not written. NULL is fine. */
void team_free(struct team *t);
/* A sandbox began to run: created or resumed. It counts already. */
void team_started(struct team *t);

#endif
