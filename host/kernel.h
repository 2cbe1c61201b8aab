/*
 * kernel - one process inside a sandbox that runs cells of code, one at a
 * time, and keeps its state between them. It is the sandbox's and as hostile
 * as everything in there: what it says is bounded, made whole lines, and sent
 * to its own client only.
 *
 * To the kernel go frames: a number of bytes in decimal, a line end, the
 * bytes. The first is its own program (host/kernels/), which a few words on
 * its command line read and run.
 *
 * Dialect LINES: each frame is a JSON object {"code","env_vars"}; what comes
 * back is one event of envd.md 9 a line, in ASCII, "type" first, with
 * end_of_execution last; {"type":"ready"} once in the beginning.
 *
 * Dialect MARKS: a request is a frame with a number N, N frames "NAME=value",
 * a frame with code. What comes back on standard output and standard error is
 * plain; a mark (host/marks.h) on both ends each cell, and says once in the
 * beginning that it is ready. The word is in the variable SANDTOP_MARK.
 */
#ifndef HOST_KERNEL_H
#define HOST_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "base/str.h"
#include "host/box.h"
#include "host/kernel_drivers.h"

struct kernel;

/* From the loop. They must not free the kernel. */
struct kernel_events {
	/* An event of the cell that runs, as JSON without a line end; borrowed. */
	void (*said)(void *ctx, const char *event, size_t len);
	void (*finished)(void *ctx); /* the cell has ended, after its events */
	/* The process is gone, or never was; `why` is for a person. Nothing follows. */
	void (*died)(void *ctx, const char *why);
};

/* `cwd` NULL: the user's home. What fails is told by died(). */
struct kernel *kernel_new(struct loop *loop, struct box *box,
    const struct kernel_driver *driver, const char *cwd,
    const struct kernel_events *events, void *ctx);
/* Ends the process, unless the box is gone already (box NULL from then on). */
void kernel_free(struct kernel *k);
void kernel_lose_box(struct kernel *k); /* the box has ended */
/* A cell; when no other runs. It may be asked before the kernel is ready. */
void kernel_run(struct kernel *k, const char *code, const struct pairs *envs);
void kernel_interrupt(struct kernel *k); /* SIGINT to all that the kernel runs */
/* Nobody takes what it says now: it is not read, and will wait. */
void kernel_hold(struct kernel *k, bool hold);
/* The box reported an exit. false: it was another's. */
bool kernel_exited(struct kernel *k, int pid);

#endif
