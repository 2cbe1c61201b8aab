/* info - the facts of sandboxes, with the figures of now for those that run. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/bulk.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rows.h"

enum { BATCH_MAX = 100 };

struct figures {
	struct loop *loop;	 /* borrowed */
	struct targets *targets; /* borrowed */
};

static void
take_metric(struct targets *targets, const char *id, const struct rest_metric *metric)
{
	for (size_t i = 0; i < targets->count; i++)
		if (str_eq(targets->items[i].id, id) && targets->items[i].looked)
			row_take_metric(&targets->items[i].facts, metric);
}

/* Figures are an extra: without them the facts stand. */
static void
on_figures(void *ctx, const struct rest_metric_map *map, const struct error *err)
{
	struct figures *f = ctx;

	for (size_t i = 0; err->code == ERROR_NONE && i < map->count; i++)
		take_metric(f->targets, map->items[i].id, &map->items[i].metric);
	loop_stop(f->loop);
}

static void
ask_figures(struct remote *r, struct targets *targets)
{
	struct figures f = { .loop = r->cli->loop, .targets = targets };
	const char *ids[BATCH_MAX];
	int count = 0;

	for (size_t i = 0; i < targets->count && count < BATCH_MAX; i++)
		if (targets->items[i].looked &&
		    sandbox_is_running(&targets->items[i].facts))
			ids[count++] = targets->items[i].id;
	if (count == 0)
		return;
	api_metrics_batch(r->api, ids, count, on_figures, &f);
	loop_run(r->cli->loop);
}

static void
print(struct cli *cli, const struct targets *targets)
{
	struct sandbox *rows = xcalloc(targets->count + 1, sizeof *rows);
	size_t count = 0;

	for (size_t i = 0; i < targets->count; i++)
		if (targets->items[i].looked)
			rows[count++] = targets->items[i].facts; /* borrowed */
	if (cli->format == FORMAT_TABLE && targets->count == 1 && count == 1)
		rows_print_card(cli, &rows[0]);
	else
		rows_print(cli, rows, count, true);
	free(rows);
}

static void
report_failures(const struct cli *cli, struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		struct target *t = &targets->items[i];
		if (t->looked)
			t->result = TARGET_DONE;
		else
			cli_error(cli, &t->error, t->id);
	}
}

int
cmd_info(struct cli *cli, const struct command_call *call)
{
	struct remote remote;
	struct targets targets = { 0 };
	struct error err;
	int code;

	if (!targets_read(&call->args, &targets, &err))
		return options_fail(cli, &err, NULL);
	remote_open(&remote, cli);
	if (!targets_resolve(&targets, &remote, &err)) {
		code = options_fail(cli, &err, NULL);
	} else if (!bulk_look(&remote, &targets)) {
		code = EXIT_INTERRUPTED;
	} else {
		ask_figures(&remote, &targets);
		print(cli, &targets);
		report_failures(cli, &targets);
		code = targets_exit(&targets);
	}
	remote_close(&remote);
	targets_clear(&targets);
	return code;
}
