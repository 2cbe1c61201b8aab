/* store_templates - templates and their builds on disk, a row of texts each. */
#include <stdlib.h>

#include "base/mem.h"
#include "host/store_internal.h"

struct row_job {
	struct job job;
	enum store_statement statement;
	struct strlist columns; /* owned; "" is null */
};

static void
run_row(struct job *job, struct store *s)
{
	const struct row_job *row = (const struct row_job *)job;
	sqlite3_stmt *st = store_statement(s, row->statement);

	for (size_t i = 0; i < row->columns.count; i++)
		store_bind_text(st, (int)i + 1,
		    *row->columns.items[i] ? row->columns.items[i] : NULL);
	store_step(s, st);
}

static void
finish_row(struct job *job, bool dropped)
{
	struct row_job *row = (struct row_job *)job;

	(void)dropped;
	strlist_clear(&row->columns);
	free(row);
}

static void
queue_row(struct store *s, enum store_statement statement, const struct strlist *columns)
{
	struct row_job *row = xcalloc(1, sizeof *row);

	row->job.run = run_row;
	row->job.finish = finish_row;
	row->job.promised = true;
	row->statement = statement;
	for (size_t i = 0; i < columns->count; i++)
		strlist_add(&row->columns, columns->items[i]);
	store_queue(s, &row->job, true);
}

void
store_put_template(struct store *s, const struct strlist *columns)
{
	queue_row(s, STORE_PUT_TEMPLATE, columns);
}

void
store_put_build(struct store *s, const struct strlist *columns)
{
	queue_row(s, STORE_PUT_BUILD, columns);
}

void
store_put_outset(struct store *s, const struct strlist *columns)
{
	queue_row(s, STORE_PUT_OUTSET, columns);
}

void
store_drop_outset(struct store *s, const char *id)
{
	struct strlist columns = { .count = 0 };

	strlist_add(&columns, id);
	queue_row(s, STORE_DROP_OUTSET, &columns);
	strlist_clear(&columns);
}

void
store_drop_template(struct store *s, const char *id)
{
	struct strlist columns = { .count = 0 };

	strlist_add(&columns, id);
	queue_row(s, STORE_DROP_TEMPLATE, &columns);
	queue_row(s, STORE_DROP_BUILDS, &columns);
	strlist_clear(&columns);
}

static bool
each_row(struct store *s, enum store_statement statement,
    void (*each)(void *ctx, const struct strlist *columns), void *ctx, struct error *err)
{
	sqlite3_stmt *st = store_statement(s, statement);
	int result;

	while ((result = sqlite3_step(st)) == SQLITE_ROW) {
		struct strlist columns = { .count = 0 };

		for (int i = 0; i < sqlite3_column_count(st); i++) {
			char *text = store_column_text(st, i);

			strlist_add(&columns, text ? text : "");
			free(text);
		}
		each(ctx, &columns);
		strlist_clear(&columns);
	}
	sqlite3_reset(st);
	return result == SQLITE_DONE ||
	       error_set(err, ERROR_SYSTEM, "reading the host's templates: %s",
		   sqlite3_errstr(result));
}

bool
store_each_template(struct store *s,
    void (*each)(void *ctx, const struct strlist *columns), void *ctx, struct error *err)
{
	return each_row(s, STORE_LIST_TEMPLATES, each, ctx, err);
}

bool
store_each_build(struct store *s, void (*each)(void *ctx, const struct strlist *columns),
    void *ctx, struct error *err)
{
	return each_row(s, STORE_LIST_BUILDS, each, ctx, err);
}

bool
store_each_outset(struct store *s, void (*each)(void *ctx, const struct strlist *columns),
    void *ctx, struct error *err)
{
	return each_row(s, STORE_LIST_OUTSETS, each, ctx, err);
}
