/* ls - one request, one table. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/clock.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/rows.h"
#include "fleet/fields.h"
#include "fleet/listing.h"

enum { LIMIT = 1000, LIMIT_MAX = 1000000 };

struct listing_run {
	struct loop *loop;    /* borrowed */
	char *filter;	      /* owned; NULL: none */
	size_t limit;	      /* 0: none */
	struct sandbox *rows; /* owned */
	size_t count, cap;
	bool narrowed; /* not all were asked for */
	bool more;     /* some were left out */
	struct error err;
};

static void
run_clear(struct listing_run *run)
{
	for (size_t i = 0; i < run->count; i++)
		sandbox_clear(&run->rows[i]);
	free(run->rows);
	free(run->filter);
}

static void
take_row(struct listing_run *run, const struct rest_sandbox *sandbox)
{
	if (run->count == run->cap) {
		run->cap = run->cap ? run->cap * 2 : 128;
		run->rows = xreallocarray(run->rows, run->cap, sizeof *run->rows);
	}
	struct sandbox *row = &run->rows[run->count];
	row_take(row, sandbox);
	if (run->filter && !filter_matches(run->filter, row)) {
		sandbox_clear(row);
	} else if (run->limit > 0 && run->count == run->limit) {
		run->more = true;
		sandbox_clear(row);
	} else {
		run->count++;
	}
}

static void
on_page(void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running)
{
	struct listing_run *run = ctx;

	(void)last;
	(void)total_running;
	for (size_t i = 0; i < page->count; i++)
		take_row(run, &page->items[i]);
}

static void
on_done(void *ctx, const struct error *err)
{
	struct listing_run *run = ctx;

	run->err = *err;
	loop_stop(run->loop);
}

static bool
read_state(
    const struct command_call *call, struct api_list_query *query, struct error *err)
{
	const char *state = call_value(call, "state");

	query->running = str_eq(state, "running");
	query->paused = str_eq(state, "paused");
	return !state || query->running || query->paused ||
	       error_set(err, ERROR_INPUT, "--state %.20s: running or paused", state);
}

static bool
read_limit(const struct command_call *call, struct listing_run *run, struct error *err)
{
	const char *text = call_value(call, "limit");
	int64_t limit = LIMIT;

	if (text && !parse_int(text, 0, LIMIT_MAX, &limit))
		return error_set(
		    err, ERROR_INPUT, "--limit %.20s: a number, 0 for all", text);
	run->limit = (size_t)limit;
	return true;
}

static char *
join_words(const struct strlist *words)
{
	struct buf text;

	if (words->count == 0)
		return NULL;
	buf_init(&text, OUT_MAX);
	for (size_t i = 0; i < words->count; i++)
		buf_addf(&text, "%s%s", i > 0 ? " " : "", words->items[i]);
	return buf_take(&text);
}

/* Running before paused, by name within. */
static int
compare(const void *a, const void *b)
{
	const struct sandbox *x = a, *y = b;
	int order = (x->state != SANDBOX_RUNNING) - (y->state != SANDBOX_RUNNING);

	return order ? order : field_compare(field_find("name"), false, x, y, 0);
}

static void
print(struct cli *cli, struct listing_run *run)
{
	if (run->count > 0)
		qsort(run->rows, run->count, sizeof *run->rows, compare);
	rows_print(cli, run->rows, run->count, false);
	if (run->more)
		say("only the first %zu are shown; -n 0 shows all", run->limit);
	if (run->count == 0 && cli->format == FORMAT_TABLE)
		say(run->narrowed ? "no sandboxes match; 'sandtop ls' lists them all"
				  : "no sandboxes; 'sandtop create' makes one");
}

static void
fetch(struct cli *cli, struct listing_run *run, const struct api_list_query *query)
{
	struct remote remote;

	remote_open(&remote, cli);
	api_list(remote.api, query, on_page, on_done, run);
	loop_run(cli->loop);
	remote_close(&remote);
}

int
cmd_ls(struct cli *cli, const struct command_call *call)
{
	struct listing_run run = { .loop = cli->loop };
	struct api_list_query query = { 0 };
	struct pairs metadata = { 0 };

	bool ok = read_state(call, &query, &run.err) &&
		  read_limit(call, &run, &run.err) &&
		  options_pairs(call, "meta", &metadata, &run.err);
	if (ok) {
		run.filter = join_words(&call->args);
		query.metadata = &metadata;
		run.narrowed =
		    run.filter || metadata.count > 0 || query.running || query.paused;
		/* One more than shown tells whether there are more. */
		query.limit = run.filter || !run.limit ? 0 : (int)run.limit + 1;
		fetch(cli, &run, &query);
	}
	/* What came before a failure stands: it is shown, and the failure said. */
	if (run.err.code == ERROR_NONE || run.count > 0)
		print(cli, &run);
	if (run.err.code != ERROR_NONE)
		cli_error(cli, &run.err, NULL);
	int code = cli_exit_from(run.err.code);
	pairs_clear(&metadata);
	run_clear(&run);
	return code;
}
