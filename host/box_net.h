/*
 * box_net - internet for one sandbox: a slirp4netns that joins its network
 * beside it, started when the supervisor answers, never waited for. It ends
 * with the sandbox, and with the host however that dies. libraries.md 8.
 */
#ifndef HOST_BOX_NET_H
#define HOST_BOX_NET_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/loop.h"

struct box_net;

/* Joins the network of process `pid`. */
struct box_net *box_net_new(struct loop *loop, int pid, struct error *err) MUST_CHECK;
void box_net_free(struct box_net *n); /* ends it; NULL is fine */
/* Ends it too, and says when it is gone: until then the network has no room for another. It
 * must run. ended() may free it. */
void box_net_end(struct box_net *n, void (*ended)(void *ctx), void *ctx);
int box_net_pid(const struct box_net *n); /* 0: it has ended */
bool box_net_is_up(const struct box_net *n);
/* What it said when it ended by itself; NULL while it runs. */
const char *box_net_failure(const struct box_net *n);

#endif
