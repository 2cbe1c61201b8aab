/* host sample - the sample fleet on an empty local host, through the public API. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/sample.h"
#include "wire/json.h"

enum { TTL_S = 8 * 3600 };

struct sample_run {
	struct cli *cli;	     /* borrowed */
	const struct cli_host *host; /* borrowed */
	struct remote remote;
	struct sandbox sandbox; /* the one being made */
	struct envd_stream *stream;
	size_t there; /* sandboxes before */
	struct error err;
};

/* Each step runs the loop until it is answered. */
static bool
wait(struct sample_run *run, struct error *err)
{
	loop_run(run->cli->loop);
	if (run->err.code == ERROR_NONE)
		return true;
	*err = run->err;
	return false;
}

static void
answered(struct sample_run *run, const struct error *err)
{
	run->err = *err;
	loop_stop(run->cli->loop);
}

/* ---- is it empty */

static void
on_page(void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running)
{
	struct sample_run *run = ctx;

	(void)last;
	(void)total_running;
	run->there += page->count;
}

static void
on_listed(void *ctx, const struct error *err)
{
	answered(ctx, err);
}

static bool
count_there(struct sample_run *run, struct error *err)
{
	api_list(run->remote.api, &(struct api_list_query){ 0 }, on_page, on_listed, run);
	return wait(run, err);
}

/* ---- one sandbox */

static void
on_created(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct sample_run *run = ctx;

	if (err->code == ERROR_NONE) {
		run->sandbox.id = xstrdup(created->id);
		run->sandbox.domain = xstrdup(created->domain);
		run->sandbox.token = xstrdup(created->envd_token);
		run->sandbox.envd_version = xstrdup(created->envd_version);
	}
	answered(run, err);
}

static bool
create(struct sample_run *run, const struct sample_sandbox *s, struct error *err)
{
	struct rest_create create = { .timeout_s = TTL_S,
		.auto_pause = REST_YES,
		.secure = REST_YES,
		.internet = REST_YES,
		.has_metadata = true };

	create.template_id = xstrdup(s->template_id);
	pairs_set(&create.metadata, "name", s->name);
	pairs_set(&create.metadata, "user", s->user);
	pairs_set(&create.metadata, "project", s->project);
	pairs_set(&create.metadata, "kind", s->kind);
	api_create(run->remote.api, &create, on_created, run);
	rest_create_clear(&create);
	return wait(run, err);
}

/* ---- its program */

static void
on_started(void *ctx, uint32_t pid)
{
	static const struct error none = { 0 };

	(void)pid;
	answered(ctx, &none);
}

static void
on_data(void *ctx, enum process_stream stream, const char *bytes, size_t len)
{
	(void)ctx;
	(void)stream;
	(void)bytes;
	(void)len;
}

static void
on_ended(void *ctx, const struct process_event *end)
{
	struct error err;

	error_set(&err, ERROR_REMOTE, "its program ended at once: %s", end->status);
	answered(ctx, &err);
}

static void
on_lost(void *ctx, bool refused, const struct connect_error *ce, const struct error *err)
{
	(void)refused;
	(void)ce;
	answered(ctx, err);
}

static const struct envd_stream_events events = {
	.started = on_started, .data = on_data, .ended = on_ended, .lost = on_lost
};

static bool
start_program(struct sample_run *run, const struct sample_sandbox *s, struct error *err)
{
	struct envd_target target = { .url = run->host->url,
		.sandbox_id = run->sandbox.id,
		.token = run->sandbox.token,
		.version = run->sandbox.envd_version };
	struct envd *envd = envd_new(run->cli->loop, run->remote.http, &target);
	struct process_start start = { .has_stdin = true, .stdin_open = false };

	start.config.cmd = xstrdup("/bin/sh");
	strlist_add(&start.config.args, "-c");
	strlist_add(&start.config.args, s->script);
	start.tag = xstrdup(s->tag);
	run->stream = envd_start(envd, &start, &events, run);
	process_start_clear(&start);
	bool ok = wait(run, err);
	envd_stream_free(run->stream); /* the program lives on */
	envd_free(envd);
	return ok;
}

static void
on_paused(void *ctx, bool already, const struct error *err)
{
	(void)already;
	answered(ctx, err);
}

static bool
pause_it(struct sample_run *run, const struct sample_sandbox *s, struct error *err)
{
	if (!s->paused)
		return true;
	api_pause(run->remote.api, run->sandbox.id, on_paused, run);
	return wait(run, err);
}

/* ---- all of them */

static void
print(struct cli *cli, const struct sandbox *made, const struct sample_sandbox *s)
{
	struct buf json;

	if (cli->format == FORMAT_IDS) {
		out_line(cli, "%s", made->id);
	} else if (cli->format == FORMAT_TABLE) {
		out_line(
		    cli, "%s  %s%s", made->id, s->name, s->paused ? "  (paused)" : "");
	} else {
		buf_init(&json, OUT_MAX);
		buf_add_char(&json, '{');
		json_add_text(&json, "id", made->id);
		json_add_text(&json, "name", s->name);
		json_add_text(&json, "state", s->paused ? "paused" : "running");
		buf_add_char(&json, '}');
		out_json(cli, &json);
	}
}

static bool
make_one(struct sample_run *run, const struct sample_sandbox *s, struct error *err)
{
	bool ok =
	    create(run, s, err) && start_program(run, s, err) && pause_it(run, s, err);

	if (ok)
		print(run->cli, &run->sandbox, s);
	else
		error_prefix(err, "sample sandbox %s", s->name);
	sandbox_clear(&run->sandbox);
	return ok;
}

static bool
fill(struct sample_run *run, struct error *err)
{
	if (!count_there(run, err))
		return false;
	if (run->there > 0) {
		say("the local host has %zu sandbox%s already: nothing was added",
		    run->there, run->there == 1 ? "" : "es");
		return true;
	}
	for (size_t i = 0; i < SAMPLE_COUNT; i++)
		if (!make_one(run, &sample_fleet[i], err))
			return false;
	return true;
}

int
cmd_host_sample(struct cli *cli, const struct command_call *call)
{
	struct cli_host host = { 0 };
	struct sample_run run = { .cli = cli, .host = &host };
	struct error err;

	(void)call;
	if (!cli->services->host_status(&host, &err))
		return options_fail(cli, &err, NULL);
	if (!host.running) {
		error_set(&err, ERROR_OFFLINE,
		    "the local host does not run; start it with: sandtop host start");
		return options_fail(cli, &err, NULL);
	}
	remote_open_at(&run.remote, cli, host.url, host.key);
	bool ok = fill(&run, &err);
	remote_close(&run.remote);
	return ok ? EXIT_OK : options_fail(cli, &err, NULL);
}
