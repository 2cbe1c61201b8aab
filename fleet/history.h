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
enum { METRIC_COUNT = METRIC_DISK + 1 };

/* What is kept of a sample: ten thousand sandboxes have millions of them. */
struct history_point {
	uint32_t ts_s;
	float percent[METRIC_COUNT]; /* NAN: unknown */
};

/* `max_samples` caps memory: 180 is 15 min at 5 s. The oldest go first. */
struct history *history_new(size_t max_samples);
void history_free(struct history *h);
void history_set_max(struct history *h, size_t max_samples);
/* In any order. Times that no clock of ours can show are ignored. */
void history_add(struct history *h, const struct sample *s);
size_t history_count(const struct history *h);
/* 0: the oldest; NULL past the end. Borrowed until something is added. */
const struct history_point *history_at(const struct history *h, size_t i);

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
