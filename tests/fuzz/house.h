/*
 * house - a whole local host in the fuzz target's own process, with one sandbox that is
 * none: nothing is started, and the target itself is its supervisor.
 *
 * House.c stands in for host/box_start.c and host/box_probe.c. The host and its directory
 * are made at the first use and live as long as the process.
 */
#ifndef TESTS_FUZZ_HOUSE_H
#define TESTS_FUZZ_HOUSE_H

#include <stddef.h>

#include "host/core.h"

struct house {
	struct loop *loop; /* owned */
	struct host *host; /* owned */
	char *dir;	   /* owned: its state directory */
	int supervisor;	   /* owned: our end of the sandbox's socket; -1: there is none */
	char id[32], token[80];
};

/* With a sandbox that runs: another, when the last one has ended. */
struct house *house_get(void);
/* A connection to it; the caller closes it. */
int house_connect(const struct house *h);
/* Lets the host do what is to be done now. */
void house_turn(struct house *h);
/* Reads and drops what the host has answered; false: the connection has ended. */
bool house_drain(int fd);

#endif
