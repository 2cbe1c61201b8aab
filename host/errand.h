/*
 * errand - one command run in a box for the host itself: its lines are told,
 * then its end. It has no input.
 */
#ifndef HOST_ERRAND_H
#define HOST_ERRAND_H

#include <stdbool.h>

#include "base/loop.h"
#include "base/str.h"
#include "host/box.h"

struct errand;

struct errand_what {
	const char *script; /* for bash -l -c */
	const char *user;   /* "user" or "root"; NULL: "user" */
	const char *cwd;    /* NULL: the user's home */
	const struct pairs *envs;
	size_t line_max; /* longer ones come in pieces; 0: 4 KiB */
};

/* From the loop. */
struct errand_events {
	/* Without its line end, made safe; long ones come in pieces. */
	void (*line)(void *ctx, bool error, const char *line);
	/* status: waitpid's; -1: it did not start, then `why` says so. May free the errand. */
	void (*ended)(void *ctx, int status, const char *why);
};

struct errand *errand_new(struct loop *loop, struct box *box,
    const struct errand_what *what, const struct errand_events *events, void *ctx);
/* The box reported an exit. false: it was another's. */
bool errand_exited(struct errand *e, int pid, int status);
/* Kills what still runs, if `box` is still there; unreported. NULL is fine. */
void errand_free(struct errand *e, struct box *box);

#endif
