/*
 * startup - the commands a template gives its sandboxes: the start command,
 * which is a process like any other, and the ready command, which is tried
 * until it succeeds. They run whenever a container starts afresh, since
 * processes are not part of a template here.
 */
#ifndef HOST_STARTUP_H
#define HOST_STARTUP_H

#include <stdbool.h>

#include "host/sandbox.h"

#define STARTUP_MAX_S 60 /* until the ready command has to succeed */

struct startup;

/* err is NULL when it is ready. Reports once, from the loop; may free the startup. */
struct startup *startup_new(
    struct sandbox *s, void (*done)(void *ctx, const struct error *err), void *ctx);
/* The box reported an exit. false: it was not of the ready command. */
bool startup_exited(struct startup *u, int pid, int status);
void startup_free(struct startup *u); /* unreported; NULL is fine */

#endif
