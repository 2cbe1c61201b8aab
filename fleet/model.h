/*
 * model - what we know: every sandbox by id, and how fresh the knowledge is.
 * Views read it const; only fleet/ writes.
 */
#ifndef FLEET_MODEL_H
#define FLEET_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "fleet/sandbox.h"

/* Each collection says what it is; old data stays visible and is marked as old. */
enum collection_state { COLLECTION_LOADING, COLLECTION_READY, COLLECTION_FAILED };

struct model {
	struct sandbox **items; /* owned, each owned; no order that means anything */
	size_t count, cap;
	enum collection_state state;
	int64_t synced_ms;     /* last complete sweep; 0: never */
	int64_t since_ms;      /* FAILED: since when */
	struct error error;    /* FAILED: the newest reason */
	int64_t retry_at_ms;   /* FAILED: next try; 0: none (a key that was refused) */
	int failures;	       /* in a row */
	int64_t total_running; /* as the server counts; -1: unknown */
	int64_t loaded;	       /* rows so far while the first sweep loads */
	int round_trip_ms;     /* -1: unknown */
	bool suspended;	       /* nobody looks: not polling */
	uint64_t revision;     /* grows with every change */
	struct map *by_id;     /* borrowed values */
};

void model_init(struct model *m);
void model_clear(struct model *m);
struct sandbox *model_find(const struct model *m, const char *id); /* NULL: not there */
struct sandbox *model_add(struct model *m, const char *id);	   /* must not be there */
void model_remove(struct model *m, const char *id);
int model_count_state(const struct model *m, enum sandbox_state state);
/* A unique id by prefix of at least 6 characters; NULL: none or several (*several). */
const struct sandbox *model_find_prefix(
    const struct model *m, const char *prefix, bool *several);

#endif
