/* store_teams - what the whole host ran, on disk. */
#include <stdlib.h>

#include "base/mem.h"
#include "host/store_internal.h"

struct team_job {
	struct job job;
	int64_t ts_s, running, started;
};

static void
run_add_team(struct job *job, struct store *s)
{
	const struct team_job *add = (const struct team_job *)job;
	sqlite3_stmt *st = store_statement(s, STORE_ADD_TEAM);

	sqlite3_bind_int64(st, 1, add->ts_s);
	sqlite3_bind_int64(st, 2, add->running);
	sqlite3_bind_int64(st, 3, add->started);
	store_step(s, st);
}

static void
finish_add_team(struct job *job, bool dropped)
{
	(void)dropped;
	free(job);
}

void
store_add_team(struct store *s, int64_t ts_s, int64_t running, int64_t started)
{
	struct team_job *add = xcalloc(1, sizeof *add);

	add->job.run = run_add_team;
	add->job.finish = finish_add_team;
	add->ts_s = ts_s;
	add->running = running;
	add->started = started;
	store_queue(s, &add->job, false);
}

struct read_job {
	struct job job;
	int64_t start_s, end_s, bucket_s;
	struct store_team got;
	size_t cap;
	void (*done)(void *ctx, const struct store_team *team);
	void *ctx; /* borrowed */
};

static void
run_read_team(struct job *job, struct store *s)
{
	struct read_job *read = (struct read_job *)job;
	struct store_team *got = &read->got;
	sqlite3_stmt *st = store_statement(s, STORE_READ_TEAM);

	sqlite3_bind_int64(st, 1, read->start_s);
	sqlite3_bind_int64(st, 2, read->end_s);
	sqlite3_bind_int64(st, 3, read->bucket_s);
	while (sqlite3_step(st) == SQLITE_ROW) {
		if (got->count == read->cap) {
			read->cap = read->cap ? 2 * read->cap : 64;
			got->items =
			    xreallocarray(got->items, read->cap, sizeof *got->items);
		}
		got->items[got->count++] = (struct rest_team_metric){
			.ts_s = sqlite3_column_int64(st, 0),
			.concurrent = sqlite3_column_int64(st, 1),
			.rate_micro_s =
			    sqlite3_column_int64(st, 2) * 1000000 / read->bucket_s,
		};
	}
	sqlite3_reset(st);
}

static void
finish_read_team(struct job *job, bool dropped)
{
	struct read_job *read = (struct read_job *)job;

	(void)dropped;
	read->done(read->ctx, &read->got);
	free(read->got.items);
	free(read);
}

void
store_read_team(struct store *s, int64_t start_s, int64_t end_s, int64_t bucket_s,
    void (*done)(void *ctx, const struct store_team *team), void *ctx)
{
	struct read_job *read = xcalloc(1, sizeof *read);

	read->job.run = run_read_team;
	read->job.finish = finish_read_team;
	read->start_s = start_s;
	read->end_s = end_s;
	read->bucket_s = bucket_s;
	read->done = done;
	read->ctx = ctx;
	store_queue(s, &read->job, true);
}
