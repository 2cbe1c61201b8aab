/*
 * box_start - starts the first process of a sandbox on one rung of the ladder:
 * bubblewrap with sandtop-init inside, or sandtop-init alone. host/init/layout.h
 * has the places.
 */
#ifndef HOST_BOX_START_H
#define HOST_BOX_START_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "host/box.h"

struct box_started {
	int pid;  /* our child: bubblewrap, or the supervisor itself */
	int log;  /* owned by the receiver; what it says */
	int info; /* owned by the receiver, for box_map_new(); -1: no map to be made */
	int go;
};

/* Makes the directory and starts. `socket` is the supervisor's end and stays ours. */
bool box_start(const struct box_options *options, int socket, struct box_started *out,
    struct error *err) MUST_CHECK;
/* As box_start, but what runs inside empties the directory and ends. */
bool box_start_wipe(const struct box_options *options, struct box_started *out,
    struct error *err) MUST_CHECK;

/* What copies and wipes in a container, and the tree it does that to, as bubblewrap is told:
 * by that its children are known when they are lost. */
#define BOX_START_TENDER "/init"
#define BOX_START_TREE_TO "/to"

/* As box_start, but what runs inside copies the directory into `to`, which is empty. */
bool box_start_copy(const struct box_options *options, const char *to,
    struct box_started *out, struct error *err) MUST_CHECK;

#endif
