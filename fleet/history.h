/*
 * history - samples of one sandbox over time. Gaps stay gaps. Samples of the
 * same second replace each other (the newest bucket of the server grows until
 * it closes: replace, never append twice).
 */
#ifndef FLEET_HISTORY_H
#define FLEET_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/sandbox.h"

enum metric { METRIC_CPU, METRIC_MEM, METRIC_DISK };

/* `max_samples` caps memory: 180 is 15 min at 5 s. The oldest go first. */
struct history *history_new(size_t max_samples);
void history_free(struct history *h);
void history_set_max(struct history *h, size_t max_samples);
void history_add(struct history *h, const struct sample *s); /* any order */
size_t history_count(const struct history *h);
const struct sample *history_at(const struct history *h, size_t i); /* 0: the oldest */

/* Percent per bucket of wall-clock width (to - from) / count, maximum inside each; NAN
 * where nothing was sampled. Bucket edges are multiples of the width, so a picture
 * scrolls by whole buckets. `mean`, when not NULL, gets the means. */
void history_buckets(const struct history *h, enum metric metric, int64_t from_s,
    int64_t to_s, int count, float *max, float *mean);
struct history_summary {
	float min, avg, p95, max; /* NAN: nothing there */
};
struct history_summary history_summarise(
    const struct history *h, enum metric metric, int64_t from_s, int64_t to_s);
float sample_percent(const struct sample *s, enum metric metric); /* NAN: unknown */

#endif
