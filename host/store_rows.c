/* store_rows - sandboxes, samples and kept answers on disk. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/store_internal.h"

/* ---- sandboxes */

struct sandbox_job {
	struct job job;
	struct store_sandbox row;
};

void
store_sandbox_clear(struct store_sandbox *s)
{
	rest_sandbox_clear(&s->info);
	pairs_clear(&s->envs);
	*s = (struct store_sandbox){ 0 };
}

static void
copy_sandbox(struct store_sandbox *dst, const struct store_sandbox *src)
{
	*dst = *src;
	dst->info.id = xstrdup(src->info.id);
	dst->info.template_id = xstrdup(src->info.template_id);
	dst->info.alias = xstrdup(src->info.alias);
	dst->info.envd_token = xstrdup(src->info.envd_token);
	dst->info.state_text = dst->info.envd_version = dst->info.domain = NULL;
	dst->info.traffic_token = NULL; /* kept elsewhere */
	dst->info.network = (struct rest_network){ 0 };
	dst->info.metadata = dst->envs = (struct pairs){ 0 };
	pairs_copy(&dst->info.metadata, &src->info.metadata);
	pairs_copy(&dst->envs, &src->envs);
}

static char *
pairs_text(const struct pairs *p)
{
	struct buf text;

	buf_init(&text, REST_MAX_BODY);
	pairs_encode(&text, p);
	return buf_take(&text);
}

static void
run_put_sandbox(struct job *job, struct store *s)
{
	const struct store_sandbox *row = &((struct sandbox_job *)job)->row;
	const struct rest_sandbox *info = &row->info;
	sqlite3_stmt *st = store_statement(s, STORE_PUT_SANDBOX);
	char *metadata = pairs_text(&info->metadata);
	char *envs = pairs_text(&row->envs);
	const int64_t numbers[] = { info->state == REST_STATE_PAUSED, info->started_ms,
		info->end_ms, info->cpu_count, info->memory_mb, info->disk_mb };

	store_bind_text(st, 1, info->id);
	store_bind_text(st, 2, info->template_id);
	store_bind_text(st, 3, info->alias);
	for (int i = 0; i < (int)ARRAY_LEN(numbers); i++)
		sqlite3_bind_int64(st, 4 + i, numbers[i]);
	store_bind_text(st, 10, metadata);
	store_bind_text(st, 11, info->envd_token);
	sqlite3_bind_int(st, 12, info->internet);
	sqlite3_bind_int(st, 13, info->auto_resume);
	sqlite3_bind_int(st, 14, info->pause_on_timeout);
	store_bind_text(st, 15, envs);
	sqlite3_bind_int64(st, 16, row->created_ms);
	sqlite3_bind_int64(st, 17, row->timeout_s);
	sqlite3_bind_int(st, 18, row->pause_memory);
	store_step(s, st);
	free(metadata);
	free(envs);
}

static void
run_drop_sandbox(struct job *job, struct store *s)
{
	sqlite3_stmt *st = store_statement(s, STORE_DROP_SANDBOX);

	store_bind_text(st, 1, ((struct sandbox_job *)job)->row.info.id);
	store_step(s, st);
}

static void
finish_sandbox(struct job *job, bool dropped)
{
	struct sandbox_job *put = (struct sandbox_job *)job;

	(void)dropped;
	store_sandbox_clear(&put->row);
	free(put);
}

void
store_put_sandbox(struct store *s, const struct store_sandbox *sandbox)
{
	struct sandbox_job *put = xcalloc(1, sizeof *put);

	put->job.run = run_put_sandbox;
	put->job.finish = finish_sandbox;
	put->job.promised = true;
	copy_sandbox(&put->row, sandbox);
	store_queue(s, &put->job, true);
}

void
store_drop_sandbox(struct store *s, const char *id)
{
	struct sandbox_job *drop = xcalloc(1, sizeof *drop);

	drop->job.run = run_drop_sandbox;
	drop->job.finish = finish_sandbox;
	drop->job.promised = true;
	drop->row.info.id = xstrdup(id);
	store_queue(s, &drop->job, true);
}

static void
column_pairs(sqlite3_stmt *st, int column, struct pairs *out)
{
	char *text = store_column_text(st, column);

	if (text && !pairs_decode(text, strlen(text), out, NULL))
		*out = (struct pairs){ 0 };
	free(text);
}

static void
read_sandbox(sqlite3_stmt *st, struct store_sandbox *row)
{
	struct rest_sandbox *info = &row->info;

	info->id = store_column_text(st, 0);
	info->template_id = store_column_text(st, 1);
	info->alias = store_column_text(st, 2);
	info->state = sqlite3_column_int(st, 3) ? REST_STATE_PAUSED : REST_STATE_RUNNING;
	info->started_ms = sqlite3_column_int64(st, 4);
	info->end_ms = sqlite3_column_int64(st, 5);
	info->cpu_count = sqlite3_column_int(st, 6);
	info->memory_mb = sqlite3_column_int64(st, 7);
	info->disk_mb = sqlite3_column_int64(st, 8);
	column_pairs(st, 9, &info->metadata);
	info->envd_token = store_column_text(st, 10);
	info->internet = (enum rest_flag)sqlite3_column_int(st, 11);
	info->auto_resume = (enum rest_flag)sqlite3_column_int(st, 12);
	info->pause_on_timeout = (enum rest_flag)sqlite3_column_int(st, 13);
	column_pairs(st, 14, &row->envs);
	row->created_ms = sqlite3_column_int64(st, 15);
	row->timeout_s = sqlite3_column_int64(st, 16);
	row->pause_memory = sqlite3_column_int(st, 17) != 0;
}

static bool
read_failed(int result, struct error *err)
{
	return error_set(
	    err, ERROR_SYSTEM, "reading the host's database: %s", sqlite3_errstr(result));
}

bool
store_each_sandbox(struct store *s, void (*each)(void *ctx, struct store_sandbox *row),
    void *ctx, struct error *err)
{
	sqlite3_stmt *st = store_statement(s, STORE_LIST_SANDBOXES);
	int result;

	while ((result = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_sandbox row = { 0 };

		read_sandbox(st, &row);
		each(ctx, &row);
		store_sandbox_clear(&row);
	}
	sqlite3_reset(st);
	return result == SQLITE_DONE || read_failed(result, err);
}

/* ---- samples */

struct sample_job {
	struct job job;
	char *id; /* owned */
	struct sample sample;
	struct sample_scale scale;
};

static void
run_add_sample(struct job *job, struct store *s)
{
	const struct sample_job *add = (const struct sample_job *)job;
	sqlite3_stmt *st = store_statement(s, STORE_PUT_SERIES);

	store_bind_text(st, 1, add->id);
	sqlite3_bind_int(st, 2, add->scale.cpu_count);
	sqlite3_bind_int64(st, 3, (int64_t)add->scale.mem_total);
	sqlite3_bind_int64(st, 4, (int64_t)add->scale.disk_total);
	store_step(s, st);
	st = store_statement(s, STORE_ADD_SAMPLE);
	store_bind_text(st, 1, add->id);
	sqlite3_bind_int64(st, 2, add->sample.ts_s);
	sqlite3_bind_double(st, 3, (double)add->sample.cpu_pct);
	sqlite3_bind_int64(st, 4, add->sample.mem_used_kb);
	sqlite3_bind_int64(st, 5, add->sample.mem_cache_kb);
	sqlite3_bind_int64(st, 6, add->sample.disk_used_kb);
	store_step(s, st);
}

static void
finish_sample(struct job *job, bool dropped)
{
	struct sample_job *add = (struct sample_job *)job;

	(void)dropped;
	free(add->id);
	free(add);
}

void
store_add_sample(struct store *s, const char *id, const struct sample_scale *scale,
    const struct sample *sample)
{
	struct sample_job *add = xcalloc(1, sizeof *add);

	add->job.run = run_add_sample;
	add->job.finish = finish_sample;
	add->id = xstrdup(id);
	add->sample = *sample;
	add->scale = *scale;
	store_queue(s, &add->job, false);
}

struct range_job {
	struct job job;
	char *id; /* owned */
	int64_t start_s, end_s;
	struct store_samples got; /* items owned */
	void (*done)(void *ctx, const struct store_samples *samples);
	void *ctx; /* borrowed */
};

static struct sample
read_sample(sqlite3_stmt *st)
{
	return (struct sample){
		.ts_s = sqlite3_column_int64(st, 0),
		.cpu_pct = (float)sqlite3_column_double(st, 1),
		.mem_used_kb = (uint32_t)sqlite3_column_int64(st, 2),
		.mem_cache_kb = (uint32_t)sqlite3_column_int64(st, 3),
		.disk_used_kb = (uint32_t)sqlite3_column_int64(st, 4),
	};
}

static void
read_bounds(struct range_job *range, struct store *s)
{
	sqlite3_stmt *st = store_statement(s, STORE_READ_BOUNDS);

	store_bind_text(st, 1, range->id);
	if (sqlite3_step(st) == SQLITE_ROW) {
		range->got.first_s = sqlite3_column_int64(st, 0);
		range->got.last_s = sqlite3_column_int64(st, 1);
		range->got.scale.cpu_count = sqlite3_column_int(st, 2);
		range->got.scale.mem_total = (uint64_t)sqlite3_column_int64(st, 3);
		range->got.scale.disk_total = (uint64_t)sqlite3_column_int64(st, 4);
	}
	sqlite3_reset(st);
}

static void
run_read_samples(struct job *job, struct store *s)
{
	struct range_job *range = (struct range_job *)job;
	sqlite3_stmt *st = store_statement(s, STORE_READ_SAMPLES);
	size_t cap = 0;

	read_bounds(range, s);
	store_bind_text(st, 1, range->id);
	sqlite3_bind_int64(st, 2, range->start_s);
	sqlite3_bind_int64(st, 3, range->end_s);
	while (sqlite3_step(st) == SQLITE_ROW) {
		if (range->got.count == cap) {
			cap = cap ? cap * 2 : 256;
			range->got.items = xreallocarray(
			    range->got.items, cap, sizeof *range->got.items);
		}
		range->got.items[range->got.count++] = read_sample(st);
	}
	sqlite3_reset(st);
}

static void
finish_read_samples(struct job *job, bool dropped)
{
	struct range_job *range = (struct range_job *)job;

	(void)dropped;
	range->done(range->ctx, &range->got);
	free(range->got.items);
	free(range->id);
	free(range);
}

void
store_read_samples(struct store *s, const struct store_range *range,
    void (*done)(void *ctx, const struct store_samples *samples), void *ctx)
{
	struct range_job *read = xcalloc(1, sizeof *read);

	read->job.run = run_read_samples;
	read->job.finish = finish_read_samples;
	read->id = xstrdup(range->id);
	read->start_s = range->start_s;
	read->end_s = range->end_s;
	read->done = done;
	read->ctx = ctx;
	store_queue(s, &read->job, true);
}

struct latest_job {
	struct job job;
	struct strlist ids;
	struct rest_metric_map got;
	void (*done)(void *ctx, const struct rest_metric_map *latest);
	void *ctx; /* borrowed */
};

static void
run_read_latest(struct job *job, struct store *s)
{
	struct latest_job *latest = (struct latest_job *)job;
	sqlite3_stmt *st = store_statement(s, STORE_READ_LATEST);

	latest->got.items = xcalloc(latest->ids.count + 1, sizeof *latest->got.items);
	for (size_t i = 0; i < latest->ids.count; i++) {
		store_bind_text(st, 1, latest->ids.items[i]);
		if (sqlite3_step(st) == SQLITE_ROW) {
			struct sample sample = read_sample(st);
			struct rest_metric *m =
			    &latest->got.items[latest->got.count].metric;

			m->ts_s = sample.ts_s;
			m->cpu_pct = (double)sample.cpu_pct;
			m->mem_used = (uint64_t)sample.mem_used_kb << 10;
			m->mem_cache = (uint64_t)sample.mem_cache_kb << 10;
			m->disk_used = (uint64_t)sample.disk_used_kb << 10;
			m->cpu_count = sqlite3_column_int(st, 5);
			m->mem_total = (uint64_t)sqlite3_column_int64(st, 6);
			m->disk_total = (uint64_t)sqlite3_column_int64(st, 7);
			latest->got.items[latest->got.count++].id =
			    xstrdup(latest->ids.items[i]);
		}
		sqlite3_reset(st);
	}
}

static void
finish_read_latest(struct job *job, bool dropped)
{
	struct latest_job *latest = (struct latest_job *)job;

	(void)dropped;
	latest->done(latest->ctx, &latest->got);
	rest_metric_map_clear(&latest->got);
	strlist_clear(&latest->ids);
	free(latest);
}

void
store_read_latest(struct store *s, const struct strlist *ids,
    void (*done)(void *ctx, const struct rest_metric_map *latest), void *ctx)
{
	struct latest_job *latest = xcalloc(1, sizeof *latest);

	latest->job.run = run_read_latest;
	latest->job.finish = finish_read_latest;
	for (size_t i = 0; i < ids->count; i++)
		strlist_add(&latest->ids, ids->items[i]);
	latest->done = done;
	latest->ctx = ctx;
	store_queue(s, &latest->job, true);
}

/* ---- answers */

struct answer_job {
	struct job job;
	struct store_answer row;
};

static void
run_put_answer(struct job *job, struct store *s)
{
	const struct store_answer *row = &((struct answer_job *)job)->row;
	sqlite3_stmt *st = store_statement(s, STORE_PUT_ANSWER);

	store_bind_text(st, 1, row->key);
	sqlite3_bind_int64(st, 2, (int64_t)row->digest[0]);
	sqlite3_bind_int64(st, 3, (int64_t)row->digest[1]);
	sqlite3_bind_int64(st, 4, row->at_ms);
	sqlite3_bind_int(st, 5, row->status);
	store_bind_text(st, 6, row->body);
	store_step(s, st);
}

static void
finish_answer(struct job *job, bool dropped)
{
	struct answer_job *put = (struct answer_job *)job;

	(void)dropped;
	free(put->row.body);
	free(put);
}

void
store_put_answer(struct store *s, const struct store_answer *answer)
{
	struct answer_job *put = xcalloc(1, sizeof *put);

	put->job.run = run_put_answer;
	put->job.finish = finish_answer;
	put->job.promised = true;
	put->row = *answer;
	put->row.body = xstrdup(answer->body);
	store_queue(s, &put->job, true);
}

bool
store_each_answer(struct store *s,
    void (*each)(void *ctx, const struct store_answer *row), void *ctx, struct error *err)
{
	sqlite3_stmt *st = store_statement(s, STORE_LIST_ANSWERS);
	int result;

	while ((result = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_answer row = { .digest = {
						(uint64_t)sqlite3_column_int64(st, 1),
						(uint64_t)sqlite3_column_int64(st, 2) } };
		char *key = store_column_text(st, 0);

		row.at_ms = sqlite3_column_int64(st, 3);
		row.status = sqlite3_column_int(st, 4);
		row.body = store_column_text(st, 5);
		if (key && str_copy(row.key, sizeof row.key, key))
			each(ctx, &row);
		free(row.body);
		free(key);
	}
	sqlite3_reset(st);
	return result == SQLITE_DONE || read_failed(result, err);
}
