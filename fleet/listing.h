/*
 * listing - which sandboxes show, in which order, held still when a hand is
 * moving (law 2, ux.md D1). Pure: no I/O, time is given.
 */
#ifndef FLEET_LISTING_H
#define FLEET_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "fleet/fields.h"
#include "fleet/filter.h"
#include "fleet/model.h"

struct listing {
	char *filter; /* owned; "" shows all */
	const struct field *sort;
	bool descending;
	char **ids; /* owned, each owned: the order that shows */
	size_t count;
	struct filter *compiled; /* owned; NULL: to be made from `filter` */
	struct map *rows;	 /* owned: id to its place among `ids` */
	size_t waiting;		 /* new rows that come when the hold ends */
	int64_t hold_until_ms;	 /* 0: not held */
	bool frozen;		 /* Z: until pressed again */
	uint64_t revision;	 /* of the model, last time */
	bool stale;		 /* filter or sort changed */
};

void listing_init(struct listing *l); /* sorted by name state: see listing.c */
void listing_clear(struct listing *l);
void listing_set_filter(struct listing *l, const char *filter);
void listing_set_sort(struct listing *l, const struct field *sort, bool descending);
/* A movement, mark or dialog key: order stands for `hold_ms` from now. */
void listing_hold(struct listing *l, int64_t now_ms, int64_t hold_ms);
bool listing_is_held(const struct listing *l, int64_t now_ms);
/* Recomputes when needed. While held: rows keep their places, gone ones stay, new ones
 * are counted in `waiting`. Returns true when what shows changed. */
bool listing_update(struct listing *l, const struct model *m, int64_t now_ms);
/* Row of an id, -1 when it does not show. */
int listing_index(const struct listing *l, const char *id);

#endif
