/*
 * metrics - a sample of every running sandbox each 5 s, and their history.
 *
 * The newest hour is in memory, seven days are in the store, also of sandboxes
 * that are gone. Queries that memory can answer are answered at once; all
 * others from the store's pool. control-plane.md 2.13, 2.14.
 */
#ifndef HOST_METRICS_H
#define HOST_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/str.h"
#include "host/store.h"
#include "wire/rest.h"

#define METRICS_PERIOD_S 5
#define METRICS_MEMORY_S 3600

/* ---- pure: buckets */
/* Seconds of one bucket for a range of that length. */
int64_t metrics_bucket_s(int64_t range_s);
/* The maximum of each value in each bucket; `timestamp` is the bucket's start. */
void metrics_bucket(const struct sample *samples, size_t count,
    const struct sample_scale *scale, int64_t start_s, int64_t end_s, int64_t bucket_s,
    struct rest_metric_list *out);

/* ---- pure: the samples of one run, a ring */
struct series {
	struct sample *ring;	 /* owned */
	size_t count, cap, head; /* head: the oldest */
	struct sample_scale scale;
	int64_t
	    first_s; /* of all samples there ever were; 0: none yet, 1: the store knows */
	uint64_t cpu_us,
	    at_us; /* what the next sample is measured from; at_us 0: nothing */
};
void series_clear(struct series *s);
void series_add(struct series *s, const struct sample *sample);
const struct sample *series_last(const struct series *s); /* NULL: none */
/* Whether memory holds all samples from start_s on. */
bool series_covers(const struct series *s, int64_t start_s);
/* The samples in order; caller frees. */
struct sample *series_copy(const struct series *s, size_t *count);
/* Percent of `cpu_count` CPUs, two decimals, 0 to 100. */
double metrics_cpu_pct(uint64_t used_us, uint64_t passed_us, int cpu_count);
void metrics_from_sample(const struct sample *sample, const struct sample_scale *scale,
    struct rest_metric *out);

/* ---- the sampler and the queries */
struct metrics;
struct registry;
struct metrics *metrics_new(
    struct loop *loop, struct registry *registry, struct store *store);
void metrics_free(struct metrics *m); /* NULL is fine */
/* A sandbox began to run: the first sample is taken now, the others follow. */
void metrics_begin(struct metrics *m, const char *id);

struct metrics_range {
	bool has_start, has_end;
	int64_t start_s, end_s;
};
/* Reports once, from the loop or from within the call. false in `valid`: the range makes
 * no sense (400). */
typedef void metrics_read(void *ctx, bool valid, const struct rest_metric_list *list);
void metrics_query(struct metrics *m, const char *id, const struct metrics_range *range,
    metrics_read *done, void *ctx);

#endif
