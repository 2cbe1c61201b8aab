#include "base/cell.h"

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"

enum {
	CLUSTER_SCALARS = 6,
	CLUSTERS_MAX = 65536,
	SLOTS = CLUSTERS_MAX * 2, /* a power of two, never more than half full */
	FIRST_CAP = 64,
	REPLACEMENT = 0xfffd,
};

struct cluster {
	uint32_t scalars[CLUSTER_SCALARS]; /* unused ones are 0 */
};

/* For the life of the process: a cell is a plain value that nobody counts. */
static struct {
	struct cluster *items; /* owned */
	uint32_t count, cap;
	uint32_t *slots; /* owned; id + 1 by hash, 0: free */
} interned;

static uint32_t
hash_cluster(const struct cluster *c)
{
	uint64_t hash = 0;

	for (int i = 0; i < CLUSTER_SCALARS; i++)
		hash = (hash ^ c->scalars[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> 40);
}

/* The slot of the cluster, or the free one where it would go. */
static uint32_t *
find_slot(const struct cluster *c)
{
	uint32_t i = hash_cluster(c) & (SLOTS - 1);

	while (interned.slots[i] &&
	       memcmp(&interned.items[interned.slots[i] - 1], c, sizeof *c) != 0)
		i = (i + 1) & (SLOTS - 1);
	return &interned.slots[i];
}

static uint32_t
append(const struct cluster *c)
{
	if (interned.count == interned.cap) {
		interned.cap = MAX(interned.cap * 2, (uint32_t)FIRST_CAP);
		interned.items =
		    xreallocarray(interned.items, interned.cap, sizeof *interned.items);
	}
	interned.items[interned.count] = *c;
	return ++interned.count;
}

uint32_t
cluster_intern(const uint32_t *scalars, int count)
{
	struct cluster c = { 0 };

	if (count <= 0)
		return 0;
	if (count == 1)
		return scalars[0];
	memcpy(c.scalars, scalars, (size_t)MIN(count, CLUSTER_SCALARS) * sizeof *scalars);
	if (!interned.slots)
		interned.slots = xcalloc(SLOTS, sizeof *interned.slots);

	uint32_t *slot = find_slot(&c);

	if (!*slot && interned.count == CLUSTERS_MAX)
		return scalars[0];
	if (!*slot)
		*slot = append(&c);
	return CELL_CLUSTER | (*slot - 1);
}

int
cell_scalars(uint32_t ch, uint32_t out[6])
{
	uint32_t id = ch & ~CELL_CLUSTER;
	int count = 0;

	if (ch == 0)
		return 0;
	if (!(ch & CELL_CLUSTER) || id >= interned.count) {
		out[0] = ch & CELL_CLUSTER ? REPLACEMENT : ch;
		return 1;
	}
	while (count < CLUSTER_SCALARS && interned.items[id].scalars[count]) {
		out[count] = interned.items[id].scalars[count];
		count++;
	}
	return count;
}
