/*
 * What ten thousand sandboxes cost: memory of a row, and ms of what a key or a
 * sweep brings about: a sweep's news, the order by name and by CPU, filters.
 *
 * usage: bench_fleet [ROWS]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "fleet/history.h"
#include "fleet/internal.h"
#include "fleet/listing.h"

enum { ROUNDS = 7, SAMPLES = 180 };

struct bench {
	struct loop *loop;
	struct fleet *fleet;
	struct listing listing;
	int rows, moved;
	int64_t now_ms;
};

static size_t
heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* As the service names and describes them. */
static void
describe(const struct bench *b, struct rest_sandbox *out, int i, int moved)
{
	static const char *const templates[] = { "base", "py312", "node20",
		"code-interpreter-v1" };
	uint32_t n = (uint32_t)i * UINT32_C(2654435761);

	*out = (struct rest_sandbox){
		.id = xasprintf("i%08x%012x", n, i),
		.template_id = xstrdup("rki5dems9wqfm4r03t7g"),
		.alias = xstrdup(templates[n % ARRAY_LEN(templates)]),
		.state = n % 10 == 0 ? REST_STATE_PAUSED : REST_STATE_RUNNING,
		.state_text = xstrdup(n % 10 == 0 ? "paused" : "running"),
		.started_ms = b->now_ms - (int64_t)(n % 86400) * 1000,
		.end_ms = b->now_ms + (int64_t)(n % 3600 + moved) * 1000,
		.cpu_count = 2,
		.memory_mb = 512,
		.disk_mb = 2432,
		.envd_version = xstrdup("0.6.13"),
	};
	char *name = xasprintf("eval-%u", n % 100000);
	char *run = xasprintf("%08x", n);
	pairs_set(&out->metadata, "name", name);
	pairs_set(&out->metadata, "user", n % 3 ? "ana" : "chen");
	pairs_set(&out->metadata, "run", run);
	free(name);
	free(run);
}

static void
take_all(struct bench *b, int moved)
{
	uint64_t asked = fleet_tick(b->fleet);

	for (int i = 0; i < b->rows; i++) {
		struct rest_sandbox news;

		describe(b, &news, i, moved);
		fleet_take_news(b->fleet, &news, asked, false);
		rest_sandbox_clear(&news);
	}
}

static void
measure_all(struct bench *b, int seed)
{
	struct model *m = &b->fleet->model;

	for (size_t i = 0; i < m->count; i++) {
		struct sandbox *s = m->items[i];
		s->has_sample = s->state == SANDBOX_RUNNING;
		s->sample = (struct sample){ .ts_s = b->now_ms / 1000,
			.cpu_count = 2,
			.cpu_pct = (float)((i * 7919 + (size_t)seed * 31) % 1000) / 10,
			.mem_used = 100,
			.mem_total = 200 };
	}
	m->revision++;
}

static void
add_histories(struct bench *b)
{
	struct model *m = &b->fleet->model;

	for (size_t i = 0; i < m->count; i++) {
		struct sandbox *s = m->items[i];
		s->history = history_new(SAMPLES);
		for (int k = 0; k < SAMPLES; k++)
			history_add(s->history,
			    &(struct sample){ .ts_s = b->now_ms / 1000 - 5 * k,
				.cpu_pct = 1,
				.mem_used = 1,
				.mem_total = 2 });
	}
}

/* ---- what is timed */

static void
sweep_unchanged(struct bench *b)
{
	take_all(b, b->moved);
}

static void
sweep_all_moved(struct bench *b)
{
	take_all(b, ++b->moved);
}

static void
update(struct bench *b)
{
	listing_update(&b->listing, &b->fleet->model, b->now_ms);
}

/* Every row changes its place. */
static void
turn_round(struct bench *b, const char *field)
{
	listing_set_sort(&b->listing, field_find(field), b->moved++ % 2);
	update(b);
}

static void
order_by_cpu(struct bench *b)
{
	turn_round(b, "cpu");
}

static void
order_by_name(struct bench *b)
{
	turn_round(b, "name");
}

/* Where nothing fits, every text of every row has been looked through. */
static void
filter_nothing_fits(struct bench *b)
{
	listing_set_filter(&b->listing, b->moved++ % 2 ? "zzz" : "zzy");
	update(b);
}

static void
filter_words(struct bench *b)
{
	listing_set_filter(
	    &b->listing, b->moved++ % 2 ? "state:run ana eval" : "ana -chen meta.run:1");
	update(b);
}

static void
filter_off(struct bench *b)
{
	listing_set_filter(&b->listing, "zzz");
	update(b);
	listing_set_filter(&b->listing, "");
	update(b);
}

static void
new_figures(struct bench *b)
{
	measure_all(b, ++b->moved);
	update(b);
}

static void
held_figures(struct bench *b)
{
	listing_hold(&b->listing, b->now_ms, 2000);
	b->fleet->model.revision++;
	update(b);
	listing_hold(&b->listing, b->now_ms, 0);
}

static void
find_rows(struct bench *b)
{
	for (size_t i = 0; i < b->listing.count; i += 10)
		listing_index(&b->listing, b->listing.ids[i]);
}

static const struct {
	const char *what;
	void (*run)(struct bench *b);
	bool is_goal; /* of 10 ms */
} timed[] = {
	{ "a sweep's news, unchanged (with making them up)", sweep_unchanged, false },
	{ "a sweep's news, every end moved", sweep_all_moved, false },
	{ "order by name turned round", order_by_name, true },
	{ "order by CPU turned round", order_by_cpu, true },
	{ "new figures, ordered by CPU", new_figures, true },
	{ "filter that fits nowhere", filter_nothing_fits, true },
	{ "filter of three words", filter_words, true },
	{ "a filter that fits nowhere, and off again", filter_off, true },
	{ "new figures while the order is held", held_figures, true },
	{ "finding every tenth row by id", find_rows, true },
};

/* The best of some rounds: the others were disturbed. */
static double
best_ms(struct bench *b, void (*run)(struct bench *b))
{
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start_us = clock_mono_us();

		run(b);
		best = MIN(best, (double)(clock_mono_us() - start_us) / 1000);
	}
	return best;
}

int
main(int argc, char **argv)
{
	static const struct fleet_events events = { 0 };
	struct bench b = { .rows = 10000, .now_ms = clock_wall_ms() };
	int64_t rows;
	size_t before, rows_bytes;

	if (argc > 1 && parse_int(argv[1], 1, 1000000, &rows))
		b.rows = (int)rows;
	b.loop = loop_new();
	b.fleet = fleet_new(b.loop,
	    &(struct fleet_settings){ .api_url = "http://127.0.0.1:1", .key = "k" },
	    &events, NULL);
	before = heap_bytes();
	take_all(&b, 0);
	rows_bytes = heap_bytes() - before;
	before = heap_bytes();
	add_histories(&b);
	printf("%d sandboxes: %zu bytes each, history of %d samples %zu bytes each\n",
	    b.rows, rows_bytes / (size_t)b.rows, SAMPLES,
	    (heap_bytes() - before) / (size_t)b.rows);
	measure_all(&b, 0);
	listing_init(&b.listing);
	for (size_t i = 0; i < ARRAY_LEN(timed); i++)
		printf("%-50s %7.2f ms%s\n", timed[i].what, best_ms(&b, timed[i].run),
		    timed[i].is_goal ? "  (goal 10)" : "");
	listing_clear(&b.listing);
	fleet_free(b.fleet);
	loop_free(b.loop);
	return 0;
}
