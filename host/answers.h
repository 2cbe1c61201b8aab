/*
 * answers - creates that carried an Idempotency-Key: the first answer is kept
 * 24 h and given again to the same request; control-plane.md 10.1. What was
 * under way when the host died has an unknown outcome, and is told so.
 */
#ifndef HOST_ANSWERS_H
#define HOST_ANSWERS_H

#include "host/server.h"
#include "host/store.h"

struct answers;

struct answers *answers_new(
    struct store *store, struct error *err) MUST_CHECK; /* blocks */
void answers_free(struct answers *a);			/* NULL is fine */

enum answers_verdict {
	ANSWERS_PROCEED, /* no key, or a new one: do it; then call answers_keep() */
	ANSWERS_DONE,	 /* the request was answered */
};
enum answers_verdict answers_begin(struct answers *a, struct request *r);
/* The answer to the request with that key (NULL or unknown: nothing happens). */
void answers_keep(struct answers *a, const char *key, int status, const char *body);

#endif
