/*
 * metrics - CPU, memory and disk over time (control-plane.md 2.13).
 *
 * The service wants both ends of a range or none, answers unknown ids with an empty list,
 * and lets the newest bucket grow: while following, a sample is printed once its time is
 * new.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/targets.h"
#include "cli/times.h"
#include "wire/json.h"

enum { FOLLOW_MS = 5000, QUIET_MS = 20000, FOLLOWED_MS = 60000, WEEK_S = 7 * 24 * 3600 };

struct metrics_run {
	struct cli *cli;       /* borrowed */
	struct remote *remote; /* borrowed */
	const char *id;	       /* borrowed */
	bool follow, json;
	int64_t start_s, end_s; /* 0, 0: all there is */
	int64_t last_s;		/* of what was printed */
	size_t printed;
	int64_t heard_ms; /* wall: of the last new sample */
	bool said_quiet;
	struct timer *timer; /* owned; NULL: once */
	struct json_rows rows;
	struct error err;
};

/* ---- printing */

static const struct column columns[] = {
	{ .title = "TIME", .priority = 9, .width = 24 },
	{ .title = "CPU%", .right = true, .priority = 8, .width = 5 },
	{ .title = "MEM%", .right = true, .priority = 7, .width = 5 },
	{ .title = "MEM", .right = true, .priority = 6, .width = 5 },
	{ .title = "DISK%", .right = true, .priority = 5, .width = 5 },
	{ .title = "DISK", .right = true, .priority = 4, .width = 5 },
	{ .title = "vCPU", .right = true, .priority = 3, .width = 4 },
};

static void
add_share(struct table *t, uint64_t used, uint64_t total)
{
	char size[16];

	size_format(used, size, sizeof size);
	if (total > 0)
		table_addf(t, "%.1f", 100.0 * (double)used / (double)total);
	else
		table_add(t, "--");
	table_add(t, size);
}

static void
add_row(struct table *t, const struct rest_metric *m)
{
	char time[40];

	clock_format_rfc3339(m->ts_s * 1000, time, sizeof time);
	table_add(t, time);
	table_addf(t, "%.1f", m->cpu_pct);
	add_share(t, m->mem_used, m->mem_total);
	add_share(t, m->disk_used, m->disk_total);
	table_addf(t, "%d", m->cpu_count);
}

static void
add_json(struct buf *out, const struct rest_metric *m)
{
	buf_add_char(out, '{');
	json_add_time_ms(out, "time", m->ts_s * 1000);
	json_add_number(out, "cpu_percent", m->cpu_pct);
	json_add_int(out, "cpu_count", m->cpu_count);
	json_add_uint(out, "mem_used_bytes", m->mem_used);
	json_add_uint(out, "mem_total_bytes", m->mem_total);
	json_add_uint(out, "mem_cache_bytes", m->mem_cache);
	json_add_uint(out, "disk_used_bytes", m->disk_used);
	json_add_uint(out, "disk_total_bytes", m->disk_total);
	buf_add_char(out, '}');
}

static void
print(struct metrics_run *run, const struct rest_metric_list *list)
{
	struct table t = { .columns = columns,
		.column_count = ARRAY_LEN(columns),
		.headless = run->printed > 0 };

	for (size_t i = 0; i < list->count; i++) {
		const struct rest_metric *m = &list->items[i];
		if (run->printed > 0 && m->ts_s <= run->last_s)
			continue;
		if (run->json)
			add_json(json_rows_next(&run->rows), m);
		else
			add_row(&t, m);
		run->last_s = m->ts_s;
		run->heard_ms = clock_wall_ms();
		run->said_quiet = false;
		run->printed++;
	}
	if (run->json)
		json_rows_flush(&run->rows);
	else
		table_print(run->cli, &t);
}

/* ---- asking */

static void
stop(struct metrics_run *run, const struct error *err)
{
	run->err = *err;
	if (run->timer)
		timer_stop(run->timer);
	loop_stop(run->cli->loop);
}

/* No samples: is there such a sandbox at all, and does it run? */
static void
on_sandbox(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	static const struct error none = { 0 };
	struct metrics_run *run = ctx;

	if (err->code == ERROR_NOT_FOUND && run->printed > 0) {
		say("%s is gone: no more samples will come", run->id);
		stop(run, &none);
	} else if (err->code == ERROR_NOT_FOUND || !run->follow) {
		if (err->code == ERROR_NONE)
			say("no samples of %s in that time", run->id);
		stop(run, err);
	} else if (!run->said_quiet) {
		run->said_quiet = true;
		say("%s: no new samples%s", run->id,
		    err->code != ERROR_NONE ? ", and the service does not answer"
		    : sandbox->state == REST_STATE_PAUSED ? ", it is paused"
							  : " yet");
	}
}

static bool
is_quiet(const struct metrics_run *run)
{
	if (!run->follow)
		return run->printed == 0;
	return clock_wall_ms() - run->heard_ms > QUIET_MS || run->printed == 0;
}

static void
on_metrics(void *ctx, const struct rest_metric_list *list, const struct error *err)
{
	struct metrics_run *run = ctx;

	if (err->code == ERROR_NONE)
		print(run, list);
	else if (run->follow && err->code != ERROR_DENIED)
		say("%s; trying again", err->text);
	if (!run->follow && (err->code != ERROR_NONE || !is_quiet(run))) {
		stop(run, err);
	} else if (run->cli->out_error || err->code == ERROR_DENIED) {
		stop(run, err);
	} else {
		if (run->follow)
			timer_start(run->timer, FOLLOW_MS, 0);
		if (err->code == ERROR_NONE && is_quiet(run))
			api_get(run->remote->api, run->id, on_sandbox, run);
	}
}

static void
ask(void *ctx)
{
	struct metrics_run *run = ctx;
	int64_t start_s = run->start_s, end_s = run->end_s;

	if (run->follow && run->printed > 0) {
		start_s = run->last_s;
		end_s = MAX(clock_wall_ms() / 1000, start_s + 1);
	}
	api_metrics(run->remote->api, run->id, start_s, end_s, on_metrics, run);
}

/* ---- the command */

static bool
read_range(const struct command_call *call, struct metrics_run *run, struct error *err)
{
	const char *since = call_value(call, "since"), *until = call_value(call, "until");
	int64_t now_ms = clock_wall_ms(), start_ms = 0, end_ms = now_ms;

	if (since && !time_parse_past("--since", since, now_ms, &start_ms, err))
		return false;
	if (until && !time_parse_past("--until", until, now_ms, &end_ms, err))
		return false;
	if (!since && !until && !run->follow)
		return true;
	if (!since && run->follow)
		start_ms = end_ms - FOLLOWED_MS;
	run->end_s = (end_ms + 999) / 1000;
	run->start_s = start_ms ? start_ms / 1000 : MAX(run->end_s - WEEK_S, (int64_t)1);
	if (run->start_s <= run->end_s)
		return true;
	return error_set(err, ERROR_INPUT, "--since is after --until");
}

static void
run_all(struct metrics_run *run)
{
	if (run->follow)
		run->timer = timer_new(run->cli->loop, ask, run);
	if (run->json)
		json_rows_begin(&run->rows, run->cli, run->follow);
	run->heard_ms = clock_wall_ms();
	ask(run);
	loop_run(run->cli->loop);
	timer_free(run->timer);
	if (run->json)
		json_rows_end(&run->rows, run->err.code != ERROR_NONE);
}

int
cmd_metrics(struct cli *cli, const struct command_call *call)
{
	struct remote remote = { 0 };
	struct targets targets = { 0 };
	struct metrics_run run = { .cli = cli,
		.remote = &remote,
		.follow = call_has(call, "follow"),
		.json = cli->format != FORMAT_TABLE };

	if (options_refuse_ids(cli, call))
		return EXIT_USAGE;
	if (!read_range(call, &run, &run.err) ||
	    !targets_read_one(call->args.items[0], &targets, &run.err))
		return options_fail(cli, &run.err, NULL);
	remote_open(&remote, cli);
	if (targets_resolve(&targets, &remote, &run.err)) {
		run.id = targets.items[0].id;
		run_all(&run);
	}
	return targets_end_one(&targets, &remote, &run.err);
}
