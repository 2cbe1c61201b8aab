/*
 * store - what survives the host: sandboxes, samples, log entries, answers to
 * creates. One SQLite file, used only by jobs in the loop's pool, one batch at
 * a time and in order, so that a read sees what was written before it. WAL
 * without a sync per commit: a crash of the host loses nothing that was
 * flushed, a crash of the machine may lose the last seconds.
 */
#ifndef HOST_STORE_H
#define HOST_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/loop.h"
#include "wire/rest.h"

struct store;

/* Blocks: at start only. */
struct store *store_open(
    struct loop *loop, const char *path, struct error *err) MUST_CHECK;
/* Writes what is queued, then closes; blocks. Queued reads are dropped, unreported. */
void store_close(struct store *s);
/* Reports once when all that is queued now is written. */
void store_flush(struct store *s, void (*done)(void *ctx), void *ctx);
/* Something that must survive a crash is not written yet. */
bool store_owes(const struct store *s);
/* Reports once when that is written, when it cannot be for now (a full disk), and when the
 * store closes. */
void store_when_written(struct store *s, void (*done)(void *ctx), void *ctx);

/* ---- sandboxes */
struct store_sandbox {
	struct rest_sandbox info;
	struct pairs envs;
	int64_t created_ms, timeout_s;
	bool pause_memory; /* auto-pause keeps the memory */
};
void store_sandbox_clear(struct store_sandbox *s);
/* Both copy what they need. */
void store_put_sandbox(struct store *s, const struct store_sandbox *sandbox);
void store_drop_sandbox(struct store *s, const char *id);
/* At start: every sandbox there is; the row may be emptied by the callback. Blocks. */
bool store_each_sandbox(struct store *s,
    void (*each)(void *ctx, struct store_sandbox *row), void *ctx,
    struct error *err) MUST_CHECK;

/* ---- samples, kept 7 days, also of sandboxes that are gone */
struct sample {
	int64_t ts_s;
	float cpu_pct; /* of all its CPUs */
	uint32_t mem_used_kb, mem_cache_kb, disk_used_kb;
};
/* What does not change between samples of one sandbox. */
struct sample_scale {
	int cpu_count;
	uint64_t mem_total, disk_total;
};
void store_add_sample(struct store *s, const char *id, const struct sample_scale *scale,
    const struct sample *sample);
/* All reads: what is under way when the store closes is told from there. */
struct store_range {
	const char *id;
	int64_t start_s, end_s; /* INT64_MIN, INT64_MAX: as far as there are samples */
};
/* The raw samples of the range in order, with the scale; items are owned by the caller
 * of the callback. */
struct store_samples {
	struct sample *items;
	size_t count;
	struct sample_scale scale;
	int64_t first_s, last_s; /* of all stored samples; 0, 0: none */
};
void store_read_samples(struct store *s, const struct store_range *range,
    void (*done)(void *ctx, const struct store_samples *samples), void *ctx);
/* The newest sample of each id that has one. */
void store_read_latest(struct store *s, const struct strlist *ids,
    void (*done)(void *ctx, const struct rest_metric_map *latest), void *ctx);

/* ---- what the whole host ran, kept 90 days */
/* `running` at once, and how many starts since the last call. */
void store_add_team(struct store *s, int64_t ts_s, int64_t running, int64_t started);
struct store_team {
	struct rest_team_metric *items; /* owned by the caller of the callback */
	size_t count;
};
/* Per bucket of so many seconds, in order; those without anything are left out. */
void store_read_team(struct store *s, int64_t start_s, int64_t end_s, int64_t bucket_s,
    void (*done)(void *ctx, const struct store_team *team), void *ctx);

/* ---- log entries, kept 7 days */
void store_add_log(struct store *s, const char *id, const struct rest_log_entry *entry);
struct store_log_query {
	const char *id;
	int64_t from_ns, to_ns; /* both included */
	bool backward;
	int limit;
	int min_level;	    /* 0 debug to 3 error */
	const char *search; /* in the message, as it is; NULL: any */
};
void store_read_logs(struct store *s, const struct store_log_query *query,
    void (*done)(void *ctx, const struct rest_log_list *logs), void *ctx);
int store_log_level(const char *level); /* 0 to 3; -1: unknown */

/* ---- answers to creates (control-plane.md 10.1), kept 24 h */
struct store_answer {
	char key[256];
	uint64_t digest[2]; /* of method, URI and body */
	int64_t at_ms;
	int status; /* 0: not answered */
	char *body; /* owned */
};
void store_put_answer(struct store *s, const struct store_answer *answer);
bool store_each_answer(struct store *s,
    void (*each)(void *ctx, const struct store_answer *row), void *ctx,
    struct error *err) MUST_CHECK;

/* ---- templates and builds: a row of texts each, in the order of the tables' columns in
 * store.c; "" is nothing. catalogue.c knows what they mean. */
void store_put_template(struct store *s, const struct strlist *columns);
void store_put_build(struct store *s, const struct strlist *columns);
void store_drop_template(struct store *s, const char *id); /* with its builds */
/* What few sandboxes have: id; user, workdir, start and ready command; token of its
 * traffic, host that requests show, "1" when all ways out are denied. */
void store_put_outset(struct store *s, const struct strlist *columns);
void store_drop_outset(struct store *s, const char *id);
bool store_each_outset(struct store *s,
    void (*each)(void *ctx, const struct strlist *columns), void *ctx,
    struct error *err) MUST_CHECK;
/* At start, the oldest first; block. */
bool store_each_template(struct store *s,
    void (*each)(void *ctx, const struct strlist *columns), void *ctx,
    struct error *err) MUST_CHECK;
bool store_each_build(struct store *s,
    void (*each)(void *ctx, const struct strlist *columns), void *ctx,
    struct error *err) MUST_CHECK;

#endif
