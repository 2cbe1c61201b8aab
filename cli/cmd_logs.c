/*
 * logs - the service's log of a sandbox, once or going on (control-plane.md 2.15).
 *
 * Once: newest pages first, backward to --since or the wanted number, printed in order of
 * time. Going on: forward from the last time seen. Cursors are milliseconds over nanosecond
 * times and include their bound, so that what was seen is dropped, and a full page within
 * one millisecond steps on by one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/handlers.h"
#include "cli/log_seen.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/targets.h"
#include "cli/times.h"
#include "wire/json.h"

enum {
	PAGE = 1000,
	LINES = 1000,
	LINES_MAX = 1000000,
	FOLLOW_MS = 1000,
	SLOW_MS = 5000,
	SKEW_MS = 600000
};

struct logs_run {
	struct cli *cli;	  /* borrowed */
	struct remote *remote;	  /* borrowed */
	const char *id;		  /* borrowed */
	const char *level, *grep; /* borrowed; NULL: all */
	int64_t since_ms;	  /* 0: from the beginning */
	size_t lines;
	bool follow, json, found;
	/* the past, newest first */
	struct buf *past; /* owned: printed lines */
	size_t past_count, past_cap;
	int64_t cursor_ms;
	struct log_seen seen;
	struct timer *timer; /* owned; NULL: once */
	bool said_trouble;
	struct json_rows rows;
	struct error err;
};

/* ---- one entry */

static const char *
level_color(const char *level)
{
	static const struct {
		const char *level, *color;
	} colors[] = { { "error", "\033[31m" }, { "warn", "\033[33m" },
		{ "debug", "\033[2m" } };

	for (size_t i = 0; i < ARRAY_LEN(colors); i++)
		if (str_eq(level, colors[i].level))
			return colors[i].color;
	return "";
}

static void
add_text(const struct cli *cli, struct buf *out, const struct rest_log_entry *e)
{
	const char *color = cli->color ? level_color(e->level) : "";
	char time[40];

	clock_format_rfc3339(e->time_ns / 1000000, time, sizeof time);
	buf_addf(out, "%s %s%-5s%s %s", time, color, e->level, *color ? "\033[0m" : "",
	    e->message ? e->message : "");
	for (size_t i = 0; i < e->fields.count; i++)
		buf_addf(out, " %s=%s", e->fields.items[i].key, e->fields.items[i].value);
	buf_add_char(out, '\n');
}

static void
add_json(struct buf *out, const struct rest_log_entry *e)
{
	buf_add_char(out, '{');
	json_add_time_ns(out, "time", e->time_ns);
	json_add_text(out, "level", e->level);
	json_add_text(out, "message", e->message ? e->message : "");
	json_add_pairs(out, "fields", &e->fields);
	buf_add_char(out, '}');
}

static void
render(const struct logs_run *run, struct buf *out, const struct rest_log_entry *e)
{
	if (run->json)
		add_json(out, e);
	else
		add_text(run->cli, out, e);
}

static void
print(struct logs_run *run, const struct buf *rendered)
{
	if (run->json)
		buf_add(json_rows_next(&run->rows), rendered->data, rendered->len);
	else
		buf_add(&run->rows.text, rendered->data, rendered->len);
}

/* ---- the past */

static void
keep_past(struct logs_run *run, const struct rest_log_entry *e)
{
	if (run->past_count == run->past_cap) {
		run->past_cap = run->past_cap ? run->past_cap * 2 : 256;
		run->past = xreallocarray(run->past, run->past_cap, sizeof *run->past);
	}
	buf_init(&run->past[run->past_count], OUT_MAX);
	render(run, &run->past[run->past_count++], e);
}

static void
print_past(struct logs_run *run)
{
	while (run->past_count > 0) {
		struct buf *one = &run->past[--run->past_count];
		print(run, one);
		buf_clear(one);
	}
	free(run->past);
	run->past = NULL;
	json_rows_flush(&run->rows);
}

static void
stop(struct logs_run *run, const struct error *err)
{
	run->err = *err;
	if (run->timer)
		timer_stop(run->timer);
	loop_stop(run->cli->loop);
}

/* ---- going on */

static void
follow_in(struct logs_run *run, int delay_ms)
{
	timer_start(run->timer, (uint64_t)delay_ms, 0);
}

static void
print_new(struct logs_run *run, const struct rest_log_list *list)
{
	log_seen_page(&run->seen);
	for (size_t i = 0; i < list->count; i++) {
		const struct rest_log_entry *e = &list->items[i];
		struct buf rendered;
		if (!log_seen_add(&run->seen, e))
			continue;
		buf_init(&rendered, OUT_MAX);
		render(run, &rendered, e);
		print(run, &rendered);
		buf_clear(&rendered);
	}
	json_rows_flush(&run->rows);
}

static void
on_news(void *ctx, const struct rest_log_list *list, const struct error *err)
{
	struct logs_run *run = ctx;

	if (err->code == ERROR_DENIED) {
		stop(run, err);
		return;
	}
	if (err->code != ERROR_NONE) {
		if (!run->said_trouble)
			say("%s; trying again", err->text);
		run->said_trouble = true;
		follow_in(run, SLOW_MS);
		return;
	}
	run->said_trouble = false;
	print_new(run, list);
	run->cursor_ms = log_seen_cursor(&run->seen, run->cursor_ms, list->count == PAGE);
	if (run->cli->out_error)
		stop(run, err);
	else
		follow_in(run, list->count == PAGE ? 1 : FOLLOW_MS);
}

static void
ask_news(void *ctx)
{
	struct logs_run *run = ctx;

	api_logs(run->remote->api, run->id,
	    &(struct api_log_query){ .cursor_ms = run->cursor_ms,
		.forward = true,
		.level = run->level,
		.search = run->grep },
	    on_news, run);
}

static void
begin_following(struct logs_run *run)
{
	int64_t newest_ms = run->seen.newest_ns / 1000000;

	/* Clocks differ: where nothing was seen, a little of the past is asked again. */
	run->cursor_ms =
	    newest_ms ? newest_ms : MAX(run->since_ms, clock_wall_ms() - SKEW_MS);
	run->timer = timer_new(run->cli->loop, ask_news, run);
	follow_in(run, FOLLOW_MS);
}

/* ---- reading back */

static void
on_sandbox(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct logs_run *run = ctx;

	(void)sandbox;
	if (err->code != ERROR_NONE || !run->follow) {
		if (err->code == ERROR_NONE)
			say("%s has logged nothing%s", run->id,
			    run->since_ms || run->level || run->grep ? " like that" : "");
		stop(run, err);
		return;
	}
	begin_following(run);
}

/* The past is complete. An empty one may mean that there is no such sandbox. */
static void
end_past(struct logs_run *run)
{
	static const struct error none = { 0 };

	print_past(run);
	if (!run->found)
		api_get(run->remote->api, run->id, on_sandbox, run);
	else if (run->follow && !run->cli->out_error)
		begin_following(run);
	else
		stop(run, &none);
}

/* Whether older pages are wanted. */
static bool
take_page(struct logs_run *run, const struct rest_log_list *list)
{
	size_t fresh = 0;

	log_seen_page(&run->seen);
	for (size_t i = 0; i < list->count; i++) {
		const struct rest_log_entry *e = &list->items[i];
		if (e->time_ns / 1000000 < run->since_ms || run->past_count == run->lines)
			return false;
		if (!log_seen_add(&run->seen, e))
			continue;
		fresh++;
		run->found = true;
		keep_past(run, e);
	}
	if (list->count < PAGE)
		return false;
	int64_t oldest_ms = list->items[list->count - 1].time_ns / 1000000;
	run->cursor_ms = fresh > 0 ? oldest_ms : run->cursor_ms - 1;
	return run->cursor_ms > 0;
}

static void ask_past(struct logs_run *run);

static void
on_past(void *ctx, const struct rest_log_list *list, const struct error *err)
{
	struct logs_run *run = ctx;

	if (err->code != ERROR_NONE) {
		print_past(run); /* what came stands */
		stop(run, err);
	} else if (take_page(run, list)) {
		ask_past(run);
	} else {
		end_past(run);
	}
}

static void
ask_past(struct logs_run *run)
{
	size_t left = run->lines - run->past_count;

	/* Those of the cursor's millisecond come again: room for them too. */
	api_logs(run->remote->api, run->id,
	    &(struct api_log_query){ .cursor_ms = run->cursor_ms,
		.limit = run->cursor_ms ? PAGE : (int)MIN(left, (size_t)PAGE),
		.level = run->level,
		.search = run->grep },
	    on_past, run);
}

/* ---- the command */

static bool
read_options(const struct command_call *call, struct logs_run *run, struct error *err)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	const char *since = call_value(call, "since"), *lines = call_value(call, "lines");
	int64_t count = LINES;
	bool known = false;

	run->level = call_value(call, "level");
	run->grep = call_value(call, "grep");
	for (size_t i = 0; run->level && i < ARRAY_LEN(levels); i++)
		known = known || str_eq(run->level, levels[i]);
	if (run->level && !known)
		return error_set(err, ERROR_INPUT,
		    "--level %.20s: one of debug, info, warn, error", run->level);
	if (run->grep && strlen(run->grep) > 256)
		return error_set(err, ERROR_INPUT, "--grep: at most 256 bytes");
	if (lines && !parse_int(lines, 1, LINES_MAX, &count))
		return error_set(
		    err, ERROR_INPUT, "--lines %.20s: a number from 1", lines);
	run->lines = (size_t)count;
	return !since ||
	       time_parse_past("--since", since, clock_wall_ms(), &run->since_ms, err);
}

static void
run_all(struct logs_run *run)
{
	json_rows_begin(&run->rows, run->cli, run->follow || !run->json);
	ask_past(run);
	loop_run(run->cli->loop);
	timer_free(run->timer);
	json_rows_end(&run->rows, run->err.code != ERROR_NONE);
	log_seen_clear(&run->seen);
}

int
cmd_logs(struct cli *cli, const struct command_call *call)
{
	struct remote remote = { 0 };
	struct targets targets = { 0 };
	struct logs_run run = { .cli = cli,
		.remote = &remote,
		.follow = call_has(call, "follow"),
		.json = cli->format != FORMAT_TABLE };

	if (options_refuse_ids(cli, call))
		return EXIT_USAGE;
	if (!read_options(call, &run, &run.err) ||
	    !targets_read_one(call->args.items[0], &targets, &run.err))
		return options_fail(cli, &run.err, NULL);
	remote_open(&remote, cli);
	if (targets_resolve(&targets, &remote, &run.err)) {
		run.id = targets.items[0].id;
		run_all(&run);
	}
	return targets_end_one(&targets, &remote, &run.err);
}
