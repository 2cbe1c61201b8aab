/*
 * box_map - makes "root" (0) and "user" (1000) two real uids inside a user
 * namespace: our own uid becomes 0, a range of others becomes the rest. Root
 * writes the map itself; an ordinary user asks newuidmap and newgidmap, which
 * know the ranges of /etc/subuid and /etc/subgid.
 */
#ifndef HOST_BOX_MAP_H
#define HOST_BOX_MAP_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/loop.h"
#include "host/box.h"

/* What we may map; false: one uid only. Reads files, only at start. */
bool box_map_find(struct box_idmap *out);

struct box_map;

/*
 * Takes both descriptors: bubblewrap tells its child's pid through `info` and
 * goes on when something comes through `go`. `failed` comes from the loop, at
 * most once; success shows in that the sandbox starts.
 */
struct box_map *box_map_new(struct loop *loop, const struct box_idmap *map, int info,
    int go, void (*failed)(void *ctx, const struct error *why), void *ctx);
void box_map_free(struct box_map *m); /* NULL is fine */

#endif
