#include "cli/remote.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

void
remote_open_at(struct remote *r, struct cli *cli, const char *url, const char *key)
{
	struct http_settings http = { .user_agent = "sandtop/" VERSION,
		.verbose = cli->verbose };
	struct api_settings api = { .url = url,
		.key = key,
		.read_timeout_ms = (int)cli->request_timeout_ms,
		.act_timeout_ms = (int)cli->request_timeout_ms };

	r->cli = cli;
	r->http = http_new(cli->loop, &http);
	r->api = api_new(cli->loop, r->http, &api);
}

void
remote_open(struct remote *r, struct cli *cli)
{
	remote_open_at(r, cli, cli->account->api_url, cli->account->key);
}

void
remote_close(struct remote *r)
{
	api_free(r->api);
	http_free(r->http);
	*r = (struct remote){ 0 };
}

/* ---- one sandbox */

struct get {
	struct loop *loop;   /* borrowed */
	struct sandbox *out; /* borrowed */
	struct error err;
};

static void
on_get(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct get *get = ctx;

	get->err = *err;
	if (err->code == ERROR_NONE)
		row_take(get->out, sandbox);
	loop_stop(get->loop);
}

void
remote_explain_missing(const struct cli *cli, const char *id, struct error *err)
{
	int status = err->http_status;

	error_set(err, ERROR_NOT_FOUND,
	    "no sandbox %s in %s: killed, timed out, or of another account; 'sandtop ls' "
	    "lists the IDs there are, 'sandtop ls NAME' finds one by name",
	    id, cli->account->profile ? cli->account->profile : "this account");
	err->http_status = status;
}

bool
remote_get(struct remote *r, const char *id, struct sandbox *out, struct error *err)
{
	struct get get = { .loop = r->cli->loop, .out = out };

	api_get(r->api, id, on_get, &get);
	loop_run(r->cli->loop);
	if (get.err.code == ERROR_NONE)
		return true;
	if (get.err.code == ERROR_NOT_FOUND)
		remote_explain_missing(r->cli, id, &get.err);
	*err = get.err;
	return false;
}

struct envd *
remote_envd(struct remote *r, const struct sandbox *s, const char *user)
{
	const struct cli_account *a = r->cli->account;
	char *url = a->envd_url(a->url_ctx, s->id, s->domain);
	struct envd_target target = { .url = url,
		.sandbox_id = s->id,
		.token = s->token,
		.user = user,
		.version = s->envd_version };
	struct envd *envd = envd_new(r->cli->loop, r->http, &target);

	free(url);
	return envd;
}

/* ---- rows */

static char *
text_or_null(const char *text)
{
	return str_is_empty(text) ? NULL : xstrdup(text);
}

static enum tristate
tristate_of(enum rest_flag flag)
{
	switch (flag) {
	case REST_UNSET:
		return UNKNOWN;
	case REST_NO:
		return NO;
	case REST_YES:
		return YES;
	}
	return UNKNOWN;
}

static enum sandbox_state
state_of(enum rest_state state)
{
	switch (state) {
	case REST_STATE_RUNNING:
		return SANDBOX_RUNNING;
	case REST_STATE_PAUSED:
		return SANDBOX_PAUSED;
	case REST_STATE_OTHER:
		return SANDBOX_OTHER;
	}
	return SANDBOX_OTHER;
}

void
row_take(struct sandbox *out, const struct rest_sandbox *in)
{
	*out = (struct sandbox){
		.id = xstrdup(in->id),
		.name = text_or_null(pairs_get(&in->metadata, "name")),
		.template_id = text_or_null(in->template_id),
		.template_name = text_or_null(in->alias),
		.state = state_of(in->state),
		.started_ms = in->started_ms,
		.end_ms = in->end_ms,
		.cpu_count = in->cpu_count,
		.memory_mb = in->memory_mb,
		.disk_mb = in->disk_mb,
		.envd_version = text_or_null(in->envd_version),
		.internet = tristate_of(in->internet),
		.auto_resume = tristate_of(in->auto_resume),
		.pause_on_timeout = tristate_of(in->pause_on_timeout),
		.domain = text_or_null(in->domain),
		.token = text_or_null(in->envd_token),
	};
	if (out->state == SANDBOX_OTHER)
		out->state_text = text_or_null(in->state_text);
	pairs_copy(&out->metadata, &in->metadata);
	log_hide_secret(in->envd_token);
}

void
row_take_metric(struct sandbox *out, const struct rest_metric *metric)
{
	out->has_sample = true;
	out->sample = (struct sample){
		.ts_s = metric->ts_s,
		.cpu_count = metric->cpu_count,
		.cpu_pct = (float)metric->cpu_pct,
		.mem_used = metric->mem_used,
		.mem_total = metric->mem_total,
		.mem_cache = metric->mem_cache,
		.disk_used = metric->disk_used,
		.disk_total = metric->disk_total,
	};
}
