#include "host/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/sandbox_internal.h"
#include "host/simulate.h"

#define SLOTS 10 /* a sweep is spread over its 5 s */
#define SLOT_MS (METRICS_PERIOD_S * 1000 / SLOTS)
#define RING_MAX (METRICS_MEMORY_S / METRICS_PERIOD_S)
#define HOUR_S ((int64_t)3600)

/* ---- buckets */

int64_t
metrics_bucket_s(int64_t range_s)
{
	static const struct {
		int64_t below_s, bucket_s;
	} table[] = {
		{ HOUR_S, 5 },
		{ 6 * HOUR_S, 30 },
		{ 12 * HOUR_S, 60 },
		{ 24 * HOUR_S, 120 },
		{ 7 * 24 * HOUR_S, 300 },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (range_s < table[i].below_s)
			return table[i].bucket_s;
	return 900;
}

void
metrics_from_sample(const struct sample *sample, const struct sample_scale *scale,
    struct rest_metric *out)
{
	*out = (struct rest_metric){
		.ts_s = sample->ts_s,
		.cpu_count = scale->cpu_count,
		.cpu_pct = (double)sample->cpu_pct,
		.mem_used = (uint64_t)sample->mem_used_kb << 10,
		.mem_total = scale->mem_total,
		.mem_cache = (uint64_t)sample->mem_cache_kb << 10,
		.disk_used = (uint64_t)sample->disk_used_kb << 10,
		.disk_total = scale->disk_total,
	};
}

static void
raise_to(struct rest_metric *into, const struct rest_metric *m)
{
	into->cpu_pct = MAX(into->cpu_pct, m->cpu_pct);
	into->mem_used = MAX(into->mem_used, m->mem_used);
	into->mem_cache = MAX(into->mem_cache, m->mem_cache);
	into->disk_used = MAX(into->disk_used, m->disk_used);
}

void
metrics_bucket(const struct sample *samples, size_t count,
    const struct sample_scale *scale, int64_t start_s, int64_t end_s, int64_t bucket_s,
    struct rest_metric_list *out)
{
	out->count = 0;
	out->items = xcalloc(count + 1, sizeof *out->items);
	for (size_t i = 0; i < count; i++) {
		struct rest_metric m;

		if (samples[i].ts_s < start_s || samples[i].ts_s > end_s)
			continue;
		metrics_from_sample(&samples[i], scale, &m);
		m.ts_s -= m.ts_s % bucket_s;
		if (out->count > 0 && out->items[out->count - 1].ts_s == m.ts_s)
			raise_to(&out->items[out->count - 1], &m);
		else
			out->items[out->count++] = m;
	}
}

double
metrics_cpu_pct(uint64_t used_us, uint64_t passed_us, int cpu_count)
{
	double pct;

	if (passed_us == 0 || cpu_count < 1)
		return 0;
	pct = (double)used_us * 100 / ((double)passed_us * cpu_count);
	return (double)(int64_t)(MIN(pct, 100.0) * 100 + 0.5) / 100;
}

/* ---- series */

void
series_clear(struct series *s)
{
	free(s->ring);
	*s = (struct series){ 0 };
}

static void
grow(struct series *s)
{
	size_t cap = s->cap ? MIN(s->cap * 2, (size_t)RING_MAX) : 8;
	size_t count;
	struct sample *ring = series_copy(s, &count);

	free(s->ring);
	s->ring = xreallocarray(ring, cap, sizeof *ring);
	s->cap = cap;
	s->head = 0;
}

void
series_add(struct series *s, const struct sample *sample)
{
	if (s->count == s->cap && s->cap < RING_MAX)
		grow(s);
	if (s->count == s->cap) {
		s->head = (s->head + 1) % s->cap;
		s->count--;
	}
	s->ring[(s->head + s->count++) % s->cap] = *sample;
	if (s->first_s == 0)
		s->first_s = sample->ts_s;
}

const struct sample *
series_last(const struct series *s)
{
	return s->count > 0 ? &s->ring[(s->head + s->count - 1) % s->cap] : NULL;
}

bool
series_covers(const struct series *s, int64_t start_s)
{
	return s->count > 0 && (s->ring[s->head].ts_s <= MAX(start_s, s->first_s));
}

struct sample *
series_copy(const struct series *s, size_t *count)
{
	struct sample *copy = xcalloc(s->count + 1, sizeof *copy);

	for (size_t i = 0; i < s->count; i++)
		copy[i] = s->ring[(s->head + i) % s->cap];
	*count = s->count;
	return copy;
}

/* ---- the sampler */

struct metrics {
	struct loop *loop;	   /* borrowed */
	struct registry *registry; /* borrowed */
	struct store *store;	   /* borrowed */
	struct timer *tick;	   /* owned */
	unsigned slot;
};

/* The box is the sandbox's own: without it nothing is reported. */
static void
on_stats(void *ctx, const struct box_stats *stats)
{
	struct sandbox *s = ctx;
	struct series *series = &s->series;
	uint64_t now_us = clock_mono_us(), used_us;
	struct sample sample = { .ts_s = clock_wall_ms() / 1000 };

	if (!stats || s->state != SANDBOX_RUNNING)
		return;
	used_us = stats->cpu_us > series->cpu_us ? stats->cpu_us - series->cpu_us : 0;
	if (series->at_us > 0)
		sample.cpu_pct = (float)metrics_cpu_pct(
		    used_us, now_us - series->at_us, s->info.cpu_count);
	sample.mem_used_kb = (uint32_t)(stats->mem_bytes >> 10);
	sample.mem_cache_kb = (uint32_t)(stats->cache_bytes >> 10);
	sample.disk_used_kb = (uint32_t)(stats->disk_used >> 10);
	series->scale = (struct sample_scale){ s->info.cpu_count,
		(uint64_t)s->info.memory_mb << 20, stats->disk_total };
	series->cpu_us = stats->cpu_us;
	series->at_us = now_us;
	series_add(series, &sample);
	store_add_sample(s->registry->host->store, s->info.id, &series->scale, &sample);
}

static void
on_tick(void *ctx)
{
	struct metrics *m = ctx;
	bool any = false;

	m->slot = (m->slot + 1) % SLOTS;
	for (struct sandbox *s = registry_first(m->registry); s; s = s->next) {
		if (s->state != SANDBOX_RUNNING || s->simulated)
			continue;
		any = true;
		if (s->slot == m->slot)
			box_stats(s->box, on_stats, s);
	}
	if (!any)
		timer_stop(m->tick);
}

struct metrics *
metrics_new(struct loop *loop, struct registry *registry, struct store *store)
{
	struct metrics *m = xcalloc(1, sizeof *m);

	m->loop = loop;
	m->registry = registry;
	m->store = store;
	m->tick = timer_new(loop, on_tick, m);
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (!m)
		return;
	timer_free(m->tick);
	free(m);
}

void
metrics_begin(struct metrics *m, const char *id)
{
	struct sandbox *s = registry_find(m->registry, id);

	if (!s || !s->box)
		return;
	s->slot = m->slot;   /* its next turn is a whole period away */
	s->series.at_us = 0; /* the first has nothing to be measured from */
	s->series.cpu_us = 0;
	box_stats(s->box, on_stats, s);
	if (!timer_is_active(m->tick))
		timer_start(m->tick, SLOT_MS, SLOT_MS);
}

/* ---- queries */

struct query {
	struct metrics_range range;
	metrics_read *done;
	void *ctx; /* borrowed */
};

/* What no number holds is for ever. */
static int64_t
length_of(int64_t start_s, int64_t end_s)
{
	int64_t length;

	return __builtin_sub_overflow(end_s, start_s, &length)
		   ? (end_s > start_s ? INT64_MAX : 0)
		   : length;
}

/* Open ends are those of what is stored, not of now. */
static void
answer(const struct query *q, const struct sample *samples, size_t count,
    const struct sample_scale *scale, int64_t first_s, int64_t last_s)
{
	int64_t start_s = q->range.has_start ? q->range.start_s : first_s;
	int64_t end_s = q->range.has_end ? q->range.end_s : last_s;
	struct rest_metric_list list = { 0 };

	bool nothing = last_s == 0 && !(q->range.has_start && q->range.has_end);

	if (start_s > end_s && !nothing) {
		q->done(q->ctx, false, &list);
		return;
	}
	metrics_bucket(samples, count, scale, start_s, end_s,
	    metrics_bucket_s(length_of(start_s, end_s)), &list);
	q->done(q->ctx, true, &list);
	rest_metric_list_clear(&list);
}

static void
on_samples(void *ctx, const struct store_samples *got)
{
	struct query *q = ctx;

	answer(q, got->items, got->count, &got->scale, got->first_s, got->last_s);
	free(q);
}

static void
answer_from_memory(const struct query *q, const struct series *series)
{
	size_t count;
	struct sample *samples = series_copy(series, &count);

	answer(q, samples, count, &series->scale, series->first_s,
	    series_last(series)->ts_s);
	free(samples);
}

static void
answer_by_formula(const struct query *q, const struct sandbox *s)
{
	const struct sample_scale scale = simulate_scale(s);
	int64_t first_s, last_s, start_s, end_s;
	struct sample *samples;
	size_t count;

	simulate_span(s, &first_s, &last_s);
	start_s = q->range.has_start ? MAX(q->range.start_s, first_s) : first_s;
	end_s = q->range.has_end ? MIN(q->range.end_s, last_s) : last_s;
	samples = simulate_history(
	    s, start_s, end_s, metrics_bucket_s(length_of(start_s, end_s)), &count);
	answer(q, samples, count, &scale, first_s, last_s);
	free(samples);
}

void
metrics_query(struct metrics *m, const char *id, const struct metrics_range *range,
    metrics_read *done, void *ctx)
{
	const struct sandbox *s = registry_find(m->registry, id);
	struct query q = { .range = *range, .done = done, .ctx = ctx };
	struct store_range wanted = { .id = id,
		.start_s = range->has_start ? range->start_s : INT64_MIN,
		.end_s = range->has_end ? range->end_s : INT64_MAX };

	if (s && s->simulated) {
		answer_by_formula(&q, s);
		return;
	}
	if (s && series_covers(&s->series, wanted.start_s)) {
		answer_from_memory(&q, &s->series);
		return;
	}
	store_read_samples(m->store, &wanted, on_samples, xmemdup(&q, sizeof q));
}
