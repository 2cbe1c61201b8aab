/*
 * hostfile - host.json, by which a local host is found: written 0600 by the
 * host, read by clients (design.md 7).
 */
#ifndef WIRE_HOSTFILE_H
#define WIRE_HOSTFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

struct hostfile {
	int pid;      /* 0: not running */
	int port;     /* kept over restarts */
	char key[64]; /* e2b_ + 40 hex; kept over restarts */
	char version[32];
};

void hostfile_encode(struct buf *out, const struct hostfile *h);
bool hostfile_decode(
    const char *json, size_t len, struct hostfile *out, struct error *err) MUST_CHECK;

#endif
