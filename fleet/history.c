#include "fleet/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"

struct history {
	struct history_point *items; /* owned; ascending by ts_s */
	size_t count, cap, max;
};

struct history *
history_new(size_t max_samples)
{
	struct history *h = xcalloc(1, sizeof *h);

	h->max = MAX(max_samples, (size_t)1);
	return h;
}

void
history_free(struct history *h)
{
	if (!h)
		return;
	free(h->items);
	free(h);
}

static void
drop_oldest(struct history *h)
{
	size_t extra = h->count > h->max ? h->count - h->max : 0;

	if (extra == 0)
		return;
	h->count -= extra;
	memmove(h->items, h->items + extra, h->count * sizeof *h->items);
}

void
history_set_max(struct history *h, size_t max_samples)
{
	h->max = MAX(max_samples, (size_t)1);
	drop_oldest(h);
}

/* First index whose time is not before ts_s. */
static size_t
lower_bound(const struct history *h, int64_t ts_s)
{
	size_t low = 0, high = h->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (h->items[middle].ts_s < ts_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static float
ratio(uint64_t part, uint64_t whole)
{
	return whole ? (float)(100.0 * (double)part / (double)whole) : NAN;
}

float
sample_percent(const struct sample *s, enum metric metric)
{
	switch (metric) {
	case METRIC_CPU:
		return s->cpu_pct;
	case METRIC_MEM:
		return ratio(s->mem_used, s->mem_total);
	case METRIC_DISK:
		return ratio(s->disk_used, s->disk_total);
	}
	return NAN;
}

/* ---- adding */

static void
make_room(struct history *h)
{
	if (h->count < h->cap)
		return;
	h->cap = MIN(MAX(h->cap * 2, (size_t)16), h->max + 1);
	h->cap = MAX(h->cap, h->count + 1);
	h->items = xreallocarray(h->items, h->cap, sizeof *h->items);
}

void
history_add(struct history *h, const struct sample *s)
{
	size_t at = lower_bound(h, s->ts_s);
	struct history_point point = { .ts_s = (uint32_t)s->ts_s };

	if (s->ts_s <= 0 || s->ts_s > UINT32_MAX)
		return;
	for (int i = 0; i < METRIC_COUNT; i++)
		point.percent[i] = sample_percent(s, (enum metric)i);
	if (at < h->count && h->items[at].ts_s == point.ts_s) {
		h->items[at] = point;
		return;
	}
	if (h->count >= h->max && at == 0)
		return; /* older than all that may stay */
	make_room(h);
	memmove(h->items + at + 1, h->items + at, (h->count - at) * sizeof *h->items);
	h->items[at] = point;
	h->count++;
	drop_oldest(h);
}

size_t
history_count(const struct history *h)
{
	return h ? h->count : 0;
}

const struct history_point *
history_at(const struct history *h, size_t i)
{
	return h && i < h->count ? &h->items[i] : NULL;
}

/* ---- reading */

/* One bucket while it is being filled. */
struct bucket {
	double sum;
	float max;
	int count;
};

static void
bucket_add(struct bucket *b, float value)
{
	if (isnan(value))
		return;
	b->max = b->count ? fmaxf(b->max, value) : value;
	b->sum += value;
	b->count++;
}

/*
 * Samples come every 5 s or in coarser server buckets; a bucket of ours that is
 * narrower than that would alternate between data and gap. So a sample holds for
 * the time to the next one, as long as that is not a real gap (15 s, or three of
 * the coarser steps).
 */
static int64_t
sample_reach(const struct history *h, size_t i, int64_t width)
{
	int64_t limit = MAX((int64_t)15, width * 3 / 2);

	if (i + 1 >= h->count)
		return MIN(limit, (int64_t)10);
	int64_t step = (int64_t)h->items[i + 1].ts_s - h->items[i].ts_s;
	return step <= limit ? step : 5;
}

void
history_buckets(const struct history *h, enum metric metric, int64_t from_s, int64_t to_s,
    int count, float *max, float *mean)
{
	int64_t width = MAX((to_s - from_s) / MAX(count, 1), (int64_t)1);
	int64_t last_edge = to_s / width * width + width;
	int64_t first_edge = last_edge - width * count;

	for (int i = 0; i < count; i++) {
		max[i] = NAN;
		if (mean)
			mean[i] = NAN;
	}
	if (!h || count <= 0)
		return;

	struct bucket *buckets = xcalloc((size_t)count, sizeof *buckets);
	for (size_t i = lower_bound(h, first_edge - 60); i < h->count; i++) {
		const struct history_point *p = &h->items[i];
		int64_t end = p->ts_s + sample_reach(h, i, width);
		int64_t first = MAX((p->ts_s - first_edge) / width, (int64_t)0);
		int64_t last = MAX(end - 1, (int64_t)p->ts_s) - first_edge;

		if (last < 0 || p->ts_s >= last_edge)
			continue;
		for (int64_t b = first; b <= last / width && b < count; b++)
			bucket_add(&buckets[b], p->percent[metric]);
	}
	for (int i = 0; i < count; i++) {
		if (buckets[i].count == 0)
			continue;
		max[i] = buckets[i].max;
		if (mean)
			mean[i] = (float)(buckets[i].sum / buckets[i].count);
	}
	free(buckets);
}

static int
compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

struct history_summary
history_summarise(
    const struct history *h, enum metric metric, int64_t from_s, int64_t to_s)
{
	struct history_summary out = { NAN, NAN, NAN, NAN };
	size_t count = 0;
	double sum = 0;

	if (!h || h->count == 0)
		return out;
	float *values = xcalloc(h->count, sizeof *values);
	for (size_t i = lower_bound(h, from_s); i < h->count && h->items[i].ts_s <= to_s;
	     i++) {
		float value = h->items[i].percent[metric];
		if (isnan(value))
			continue;
		values[count++] = value;
		sum += value;
	}
	if (count > 0) {
		qsort(values, count, sizeof *values, compare_floats);
		out.min = values[0];
		out.max = values[count - 1];
		out.avg = (float)(sum / (double)count);
		out.p95 = values[(count - 1) * 95 / 100];
	}
	free(values);
	return out;
}
