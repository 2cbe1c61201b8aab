/* store_logs - entries of sandbox logs on disk. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/store_internal.h"

static const char *const levels[] = { "debug", "info", "warn", "error" };

int
store_log_level(const char *level)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (str_eq(level, levels[i]))
			return (int)i;
	return -1;
}

struct log_job {
	struct job job;
	char *id;      /* owned */
	char *message; /* owned */
	char *fields;  /* owned: JSON */
	int64_t time_ns;
	int level;
};

static void
run_add_log(struct job *job, struct store *s)
{
	const struct log_job *add = (const struct log_job *)job;
	sqlite3_stmt *st = store_statement(s, STORE_ADD_LOG);

	store_bind_text(st, 1, add->id);
	sqlite3_bind_int64(st, 2, add->time_ns);
	sqlite3_bind_int(st, 3, add->level);
	store_bind_text(st, 4, add->message);
	store_bind_text(st, 5, add->fields);
	store_step(s, st);
}

static void
finish_add_log(struct job *job, bool dropped)
{
	struct log_job *add = (struct log_job *)job;

	(void)dropped;
	free(add->id);
	free(add->message);
	free(add->fields);
	free(add);
}

void
store_add_log(struct store *s, const char *id, const struct rest_log_entry *entry)
{
	struct log_job *add = xcalloc(1, sizeof *add);
	struct buf fields;

	buf_init(&fields, REST_MAX_BODY);
	pairs_encode(&fields, &entry->fields);
	add->job.run = run_add_log;
	add->job.finish = finish_add_log;
	add->id = xstrdup(id);
	add->message = xstrdup(entry->message);
	add->fields = buf_take(&fields);
	add->time_ns = entry->time_ns;
	add->level = MAX(store_log_level(entry->level), 0);
	store_queue(s, &add->job, false);
}

struct logs_job {
	struct job job;
	struct store_log_query query;
	char *id, *search; /* owned */
	struct rest_log_list got;
	void (*done)(void *ctx, const struct rest_log_list *logs);
	void *ctx; /* borrowed */
};

static void
read_entry(sqlite3_stmt *st, struct rest_log_entry *out)
{
	int level = sqlite3_column_int(st, 1);
	char *fields = store_column_text(st, 3);

	out->time_ns = sqlite3_column_int64(st, 0);
	out->level = xstrdup(levels[CLAMP(level, 0, 3)]);
	out->message = store_column_text(st, 2);
	if (fields && !pairs_decode(fields, strlen(fields), &out->fields, NULL))
		out->fields = (struct pairs){ 0 };
	free(fields);
}

static void
run_read_logs(struct job *job, struct store *s)
{
	struct logs_job *read = (struct logs_job *)job;
	sqlite3_stmt *st = store_statement(
	    s, read->query.backward ? STORE_READ_LOGS_BACKWARD : STORE_READ_LOGS);
	size_t cap = 0;

	store_bind_text(st, 1, read->id);
	sqlite3_bind_int64(st, 2, read->query.from_ns);
	sqlite3_bind_int64(st, 3, read->query.to_ns);
	sqlite3_bind_int(st, 4, read->query.min_level);
	store_bind_text(st, 5, read->search);
	sqlite3_bind_int(st, 6, read->query.limit);
	while (sqlite3_step(st) == SQLITE_ROW) {
		if (read->got.count == cap) {
			cap = cap ? cap * 2 : 64;
			read->got.items =
			    xreallocarray(read->got.items, cap, sizeof *read->got.items);
		}
		read->got.items[read->got.count] = (struct rest_log_entry){ 0 };
		read_entry(st, &read->got.items[read->got.count++]);
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

static void
finish_read_logs(struct job *job, bool dropped)
{
	struct logs_job *read = (struct logs_job *)job;

	(void)dropped;
	read->done(read->ctx, &read->got);
	rest_log_list_clear(&read->got);
	free(read->id);
	free(read->search);
	free(read);
}

void
store_read_logs(struct store *s, const struct store_log_query *query,
    void (*done)(void *ctx, const struct rest_log_list *logs), void *ctx)
{
	struct logs_job *read = xcalloc(1, sizeof *read);

	read->job.run = run_read_logs;
	read->job.finish = finish_read_logs;
	read->query = *query;
	read->id = xstrdup(query->id);
	read->search = xstrdup(query->search);
	read->done = done;
	read->ctx = ctx;
	store_queue(s, &read->job, true);
}
