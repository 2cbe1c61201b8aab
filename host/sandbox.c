#include "host/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "host/interpreter.h"
#include "host/journal.h"
#include "host/ports.h"
#include "host/sandbox_internal.h"
#include "host/startup.h"
#include "host/store.h"
#include "host/team.h"

/* The SDKs say it in these words. */
static const char gone_text[] = "the sandbox was killed or reached its end of life";
static const char paused_text[] = "the sandbox was paused";

/* A copy of its files under way. */
struct snapshot {
	struct sandbox *sandbox; /* borrowed */
	struct box_copy *copy;	 /* owned */
	sandbox_done *done;
	void *ctx; /* borrowed */
};

/* ---- small things */

static void
note(const struct sandbox *s, const char *level, const char *message,
    const char *const *fields)
{
	if (!s->simulated)
		journal_add(s->registry->host->journal, s->info.id, "host", level,
		    message, fields);
}

/* Most have none. */
static void
save_outset(const struct sandbox *s)
{
	const struct outset *o = &s->outset;
	const struct rest_network *n = &s->info.network;
	const char *const texts[] = { s->info.id, o->user, o->workdir, o->start_cmd,
		o->ready_cmd, s->info.traffic_token, n->mask_host,
		n->denies_all ? "1" : NULL };
	struct strlist columns = { .count = 0 };
	bool any = false;

	for (size_t i = 1; i < ARRAY_LEN(texts); i++)
		any |= texts[i] != NULL;
	if (!any) {
		store_drop_outset(s->registry->host->store, s->info.id);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		strlist_add(&columns, texts[i] ? texts[i] : "");
	store_put_outset(s->registry->host->store, &columns);
	strlist_clear(&columns);
}

void
sandbox_save(const struct sandbox *s)
{
	const struct store_sandbox row = {
		.info = s->info,
		.envs = s->envs,
		.created_ms = s->created_ms,
		.timeout_s = s->timeout_s,
		.pause_memory = s->pause_memory,
	};

	if (s->simulated)
		return;
	store_put_sandbox(s->registry->host->store, &row);
	save_outset(s);
}

static void
wait_for(struct sandbox *s, sandbox_done *done, void *ctx)
{
	struct waiter *w = xcalloc(1, sizeof *w);
	struct waiter **at = &s->waiters;

	w->done = done;
	w->ctx = ctx;
	while (*at)
		at = &(*at)->next;
	*at = w;
}

/* `told` NULL: it failed or is gone. The list is emptied first: a waiter may ask again. */
static void
tell_waiters(struct sandbox *s, struct sandbox *told, const struct error *err)
{
	struct waiter *w = s->waiters;

	s->waiters = NULL;
	while (w) {
		struct waiter *next = w->next;

		if (w->done)
			w->done(w->ctx, told, err);
		free(w);
		w = next;
	}
}

void
sandbox_free(struct sandbox *s)
{
	process_table_free(s->processes);
	watcher_table_free(s->watchers);
	interpreter_free(s->interpreter);
	startup_free(s->startup);
	outset_clear(&s->outset);
	box_free(s->box);
	box_copy_cancel(s->filling);
	if (s->from)
		catalogue_release(s->registry->host->catalogue, s->from);
	if (s->snapshot)
		box_copy_cancel(s->snapshot->copy);
	free(s->snapshot);
	while (s->waiters) {
		struct waiter *next = s->waiters->next;

		free(s->waiters);
		s->waiters = next;
	}
	series_clear(&s->series);
	rest_sandbox_clear(&s->info);
	pairs_clear(&s->envs);
	free(s->dir);
	free(s);
}

/* ---- processes */

static void
on_process_started(void *ctx, const struct process *p)
{
	struct sandbox *s = ctx;
	const struct process_config *config = process_config_of(p);
	struct buf args;
	char pid[16];

	snprintf(pid, sizeof pid, "%d", process_pid(p));
	buf_init(&args, 4096);
	for (size_t i = 0; i < config->args.count; i++)
		buf_addf(&args, "%s%s", i > 0 ? " " : "", config->args.items[i]);
	const char *const fields[] = { "pid", pid, "cmd", config->cmd, "args",
		args.len > 0 ? args.data : NULL, "user", process_user(p), "tag",
		process_tag(p), NULL };
	journal_add(s->registry->host->journal, s->info.id, "envd", "info",
	    "Process started", fields);
	buf_clear(&args);
}

static void
on_process_ended(void *ctx, const struct process *p, int wait_status)
{
	struct sandbox *s = ctx;
	struct process_event end;
	char pid[16];
	const char *const fields[] = { "pid", pid, "status", end.status, "tag",
		process_tag(p), NULL };

	process_event_from_status(wait_status, &end);
	snprintf(pid, sizeof pid, "%d", process_pid(p));
	journal_add(s->registry->host->journal, s->info.id, "envd", "info",
	    "Process ended", fields);
}

static void
on_process_line(void *ctx, const struct process *p, const char *line, size_t len)
{
	struct sandbox *s = ctx;

	journal_add_line(
	    s->registry->host->journal, s->info.id, process_tag(p) + 4, line, len);
}

static const struct process_events process_events = {
	.started = on_process_started,
	.ended = on_process_ended,
	.line = on_process_line,
};

const struct process_events *
sandbox_process_events(void)
{
	return &process_events;
}

/* ---- the box */

static void
on_box_free(void *ctx)
{
	box_free(ctx);
}

static void
begin_run(struct sandbox *s, int64_t timeout_s)
{
	s->state = SANDBOX_RUNNING;
	s->info.state = REST_STATE_RUNNING;
	s->info.started_ms = clock_wall_ms();
	s->info.end_ms = s->info.started_ms + timeout_s * 1000;
	s->seen_at_us = 0;
	sandbox_save(s);
	registry_schedule(s->registry);
	metrics_begin(s->registry->host->metrics, s->info.id);
	if (!s->simulated)
		team_started(s->registry->host->team);
}

static void
announce_run(struct sandbox *s)
{
	bool fresh = s->state == SANDBOX_STARTING;
	const char *const fields[] = { "template", s->info.alias, NULL };

	begin_run(s, s->resume_timeout_s);
	note(s, "info", fresh ? "Sandbox created" : "Sandbox resumed from its files",
	    fields);
	tell_waiters(s, s, NULL);
}

/* A template that is never ready: the container ends, and that tells who waits. */
static void
on_started_up(void *ctx, const struct error *err)
{
	struct sandbox *s = ctx;

	startup_free(s->startup);
	s->startup = NULL;
	if (!err) {
		announce_run(s);
		return;
	}
	s->unready = *err;
	box_kill(s->box);
}

static void
on_box_ready(void *ctx)
{
	struct sandbox *s = ctx;

	if (s->state != SANDBOX_STARTING && s->state != SANDBOX_RESUMING)
		return;
	if (s->outset.start_cmd || s->outset.ready_cmd)
		s->startup = startup_new(s, on_started_up, s);
	else
		announce_run(s);
}

static void start_box(struct sandbox *s);
static void end_snapshot(struct sandbox *s, const struct error *err);

static void
fail_start(struct sandbox *s, const struct error *why)
{
	struct registry *r = s->registry;
	bool fresh = s->state == SANDBOX_STARTING;

	log_warn("sandbox", "%s did not start: %s", s->info.id, why->text);
	s->state = fresh ? SANDBOX_ENDING : SANDBOX_PAUSED;
	tell_waiters(s, NULL, why);
	if (fresh)
		registry_remove(r, s);
}

static void
finish_kill(struct sandbox *s)
{
	struct registry *r = s->registry;
	const struct error none = { .code = ERROR_NONE };

	if (!s->simulated) {
		store_drop_sandbox(r->host->store, s->info.id);
		store_drop_outset(r->host->store, s->info.id);
	}
	tell_waiters(s, NULL, &none);
	registry_remove(r, s);
}

/* Nobody asked for this end: the processes are gone, the files are there. */
static void
end_unasked(struct sandbox *s, const struct error *why)
{
	const char *const fields[] = { "why", why ? why->text : NULL, NULL };

	if (s->state == SANDBOX_RUNNING)
		s->info.end_ms = clock_wall_ms();
	s->state = SANDBOX_PAUSED;
	s->info.state = REST_STATE_PAUSED;
	sandbox_save(s);
	registry_schedule(s->registry);
	note(s, "error", "The sandbox's container ended; its files are kept", fields);
}

/* Streams end, processes and watches are forgotten. */
static void
drop_all(struct sandbox *s, const char *why)
{
	if (s->simulated)
		return;
	process_table_drop(s->processes, why);
	watcher_table_drop(s->watchers, why);
	interpreter_drop(s->interpreter, why);
}

static void
on_box_ended(void *ctx, const struct error *why)
{
	struct sandbox *s = ctx;
	struct registry *r = s->registry;
	const struct error unknown = { .code = ERROR_SYSTEM,
		.text = "its container ended" };
	bool asked = s->box_ending;

	startup_free(s->startup);
	s->startup = NULL;
	/* Also what was being started when a pause dropped the others: it knows the box. */
	ports_cut(r->host->ports, s->info.id);
	drop_all(s, asked ? paused_text : "the sandbox's container ended");
	end_snapshot(s, why ? why : &unknown);
	loop_defer(r->host->loop, on_box_free, s->box);
	s->box = NULL;
	s->box_ending = false;
	if (r->closing)
		; /* all are on their way out */
	else if (s->state == SANDBOX_ENDING)
		finish_kill(s);
	else if (s->state == SANDBOX_RESUMING && asked)
		start_box(s); /* the cold pause before it is complete only now */
	else if (s->state == SANDBOX_STARTING || s->state == SANDBOX_RESUMING)
		fail_start(s, s->unready.code != ERROR_NONE ? &s->unready
			      : why			    ? why
							    : &unknown);
	else if (!asked)
		end_unasked(s, why);
	else
		tell_waiters(s, s, NULL); /* a pause that keeps no memory */
	registry_settle(r);
}

static void
on_box_exited(void *ctx, int pid, int status)
{
	struct sandbox *s = ctx;

	if (!interpreter_exited(s->interpreter, pid) &&
	    !(s->startup && startup_exited(s->startup, pid, status)))
		process_table_exited(s->processes, pid, status);
}

static void
on_box_changed(void *ctx, const struct box_change *change)
{
	struct sandbox *s = ctx;

	watcher_table_changed(s->watchers, change);
}

static const struct box_events box_events = {
	.changed = on_box_changed,
	.ready = on_box_ready,
	.ended = on_box_ended,
	.exited = on_box_exited,
};

bool
sandbox_has_interpreter(const struct sandbox *s)
{
	const struct template *t =
	    catalogue_find(s->registry->host->catalogue, s->info.template_id);

	return !s->simulated && t && t->interpreter;
}

void
sandbox_default_envs(const struct sandbox *s, struct pairs *out)
{
	pairs_set(out, "E2B_SANDBOX", "true");
	pairs_set(out, "E2B_SANDBOX_ID", s->info.id);
	pairs_set(out, "E2B_TEMPLATE_ID", s->info.template_id);
	pairs_set(out, "E2B_TEAM_ID", HOST_TEAM_ID);
	for (size_t i = 0; i < s->envs.count; i++)
		pairs_set(out, s->envs.items[i].key, s->envs.items[i].value);
}

static void
start_box(struct sandbox *s)
{
	struct host *h = s->registry->host;
	struct pairs envs = { 0 };
	struct error err = { 0 };
	const struct box_options options = {
		.id = s->info.id,
		.dir = s->dir,
		.init_path = h->init_path,
		.support = &h->support,
		.envs = &envs,
		.internet = s->info.internet != REST_NO,
		.cpu_count = s->info.cpu_count,
		.memory_mb = s->info.memory_mb,
	};

	sandbox_default_envs(s, &envs);
	s->box = box_new(h->loop, &options, &box_events, s, &err);
	pairs_clear(&envs);
	if (!s->box)
		fail_start(s, &err);
}

/* ---- create */

/* A closed one has a token of its own for its ports. */
static void
copy_network(struct rest_sandbox *info, const struct rest_network *like)
{
	char token[65];

	info->network = *like;
	info->network.mask_host = like->mask_host ? xstrdup(like->mask_host) : NULL;
	info->traffic_token = NULL;
	if (!like->is_closed)
		return;
	random_hex(token, 64);
	info->traffic_token = xstrdup(token);
}

/* A sandbox made from a snapshot shows the template of the first one. */
static const struct template *
shown_template(const struct catalogue *c, const struct build *build)
{
	const struct template *t = build->template;
	const struct template *base =
	    t->kind == TEMPLATE_SNAPSHOT ? catalogue_find(c, t->base_id) : NULL;

	return base ? base : t;
}

static void
fill_info(struct rest_sandbox *info, const struct rest_create *spec,
    const struct build *build, const struct template *shown,
    const struct box_support *support)
{
	char token[65];

	info->id = xcalloc(1, 32);
	info->id[0] = 'i';
	random_id(info->id + 1, 20);
	random_hex(token, 64);
	info->template_id = xstrdup(shown->id);
	info->alias = xstrdup(template_alias(shown));
	info->envd_version = xstrdup(HOST_ENVD_VERSION);
	info->envd_token = xstrdup(token);
	/* Without limits nothing holds a sandbox to the template's CPUs: it has them all. */
	info->cpu_count =
	    support->limits ? build->cpu_count : (int)sysconf(_SC_NPROCESSORS_ONLN);
	info->memory_mb = build->memory_mb;
	info->disk_mb = build->disk_mb;
	info->internet = spec->network.denies_all ? REST_NO : spec->internet;
	copy_network(info, &spec->network);
	info->auto_resume = spec->auto_resume == REST_YES ? REST_YES : REST_NO;
	info->pause_on_timeout = spec->auto_pause == REST_YES ? REST_YES : REST_NO;
	pairs_copy(&info->metadata, &spec->metadata);
}

static void
on_filled(void *ctx, const struct error *err)
{
	struct sandbox *s = ctx;

	s->filling = NULL;
	catalogue_release(s->registry->host->catalogue, s->from);
	s->from = NULL;
	if (err)
		fail_start(s, err);
	else
		start_box(s);
}

/* Starts a new one, with a copy of the build's tree if it has one. */
static void
begin(struct sandbox *s, struct build *build, sandbox_done *done, void *ctx)
{
	struct host *h = s->registry->host;

	s->state = SANDBOX_STARTING;
	s->created_ms = clock_wall_ms();
	s->resume_timeout_s = s->timeout_s;
	wait_for(s, done, ctx);
	if (!build->tree) {
		start_box(s);
		return;
	}
	build_hold(build);
	s->from = build;
	s->filling = box_copy_dir(
	    h->loop, build->tree, s->dir, h->init_path, &h->support, on_filled, s);
}

void
sandbox_create(struct registry *r, const struct rest_create *spec, struct build *build,
    int64_t timeout_s, sandbox_done *done, void *ctx)
{
	struct rest_sandbox info = { 0 };
	struct pairs envs = { 0 };
	struct sandbox *s;

	fill_info(&info, spec, build, shown_template(r->host->catalogue, build),
	    &r->host->support);
	pairs_copy(&envs, &build->outset.envs);
	for (size_t i = 0; i < spec->envs.count; i++)
		pairs_set(&envs, spec->envs.items[i].key, spec->envs.items[i].value);
	build->template->spawned_ms = clock_wall_ms();
	build->template->spawn_count++;
	catalogue_save(r->host->catalogue, build->template);
	s = registry_add(r, &info, &envs);
	s->timeout_s = timeout_s;
	s->pause_memory = spec->auto_pause_memory != REST_NO;
	outset_copy(&s->outset, &build->outset);
	begin(s, build, done, ctx);
}

void
sandbox_fork(struct sandbox *source, struct build *files, int64_t timeout_s,
    sandbox_done *done, void *ctx)
{
	const struct rest_sandbox *like = &source->info;
	struct rest_sandbox info = *like;
	struct pairs envs = { 0 };
	struct sandbox *s;
	char token[65];

	info.id = xcalloc(1, 32);
	info.id[0] = 'i';
	random_id(info.id + 1, 20);
	random_hex(token, 64);
	info.envd_token = xstrdup(token);
	info.template_id = xstrdup(like->template_id);
	info.alias = like->alias ? xstrdup(like->alias) : NULL;
	info.envd_version = xstrdup(like->envd_version);
	info.state_text = info.domain = NULL;
	copy_network(&info, &like->network);
	info.metadata = (struct pairs){ 0 };
	pairs_copy(&info.metadata, &like->metadata);
	pairs_copy(&envs, &source->envs);
	s = registry_add(source->registry, &info, &envs);
	s->timeout_s = timeout_s;
	s->pause_memory = source->pause_memory;
	outset_copy(&s->outset, &source->outset);
	begin(s, files, done, ctx);
}

/* ---- copies of its files */

static void
end_snapshot(struct sandbox *s, const struct error *err)
{
	struct snapshot *snapshot = s->snapshot;

	if (!snapshot)
		return;
	s->snapshot = NULL;
	box_copy_cancel(snapshot->copy);
	snapshot->done(snapshot->ctx, err ? NULL : s, err);
	free(snapshot);
	registry_schedule(s->registry);
}

static void
on_snapped(void *ctx, const struct error *err)
{
	struct snapshot *snapshot = ctx;
	struct sandbox *s = snapshot->sandbox;
	struct error thaw = { 0 };

	snapshot->copy = NULL;
	if (s->box && !box_thaw(s->box, &thaw))
		err = &thaw;
	note(s, err ? "error" : "info", err ? err->text : "Snapshot of its files taken",
	    NULL);
	end_snapshot(s, err);
}

void
sandbox_snapshot(struct sandbox *s, const char *to, sandbox_done *done, void *ctx)
{
	struct host *h = s->registry->host;
	struct error err = { .code = ERROR_CONFLICT,
		.text = "another snapshot of this sandbox is being taken: wait for it" };
	struct snapshot *snapshot;

	if (s->snapshot || !box_freeze(s->box, &err)) {
		done(ctx, NULL, &err);
		return;
	}
	snapshot = s->snapshot = xcalloc(1, sizeof *snapshot);
	snapshot->sandbox = s;
	snapshot->done = done;
	snapshot->ctx = ctx;
	snapshot->copy = box_copy_dir(
	    h->loop, s->dir, to, h->init_path, &h->support, on_snapped, snapshot);
}

/* ---- kill */

void
sandbox_kill(struct sandbox *s, const char *why, sandbox_done *done, void *ctx)
{
	const struct error gone = { .code = ERROR_NOT_FOUND,
		.text = "the sandbox was killed" };

	tell_waiters(s, NULL, &gone);
	end_snapshot(s, &gone);
	note(s, "info", why, NULL);
	drop_all(s, gone_text);
	ports_cut(s->registry->host->ports, s->info.id);
	s->state = SANDBOX_ENDING;
	wait_for(s, done, ctx);
	if (!s->box) {
		finish_kill(s);
		return;
	}
	if (!s->box_ending)
		box_kill(s->box);
	s->box_ending = true;
}

/* ---- pause */

/* What is not in memory ends; whoever waits is told when it has. */
static void
pause_to_files(struct sandbox *s, sandbox_done *done, void *ctx)
{
	drop_all(s, paused_text);
	wait_for(s, done, ctx);
	s->box_ending = true;
	box_kill(s->box);
}

void
sandbox_pause(
    struct sandbox *s, bool memory, const char *why, sandbox_done *done, void *ctx)
{
	struct error err = { 0 };
	const char *const fields[] = { "kept", memory ? "memory and files" : "files",
		NULL };

	if (s->snapshot) {
		error_set(&err, ERROR_CONFLICT,
		    "a snapshot of this sandbox is being taken: pause it afterwards");
		done(ctx, NULL, &err);
		return;
	}
	if (memory && !s->simulated && !box_freeze(s->box, &err)) {
		note(s, "error", err.text, NULL);
		done(ctx, NULL, &err);
		return;
	}
	s->state = SANDBOX_PAUSED;
	s->info.state = REST_STATE_PAUSED;
	s->info.end_ms = clock_wall_ms();
	sandbox_save(s);
	registry_schedule(s->registry);
	ports_cut(s->registry->host->ports, s->info.id);
	note(s, "info", why, fields);
	if (s->simulated) {
		done(ctx, s, NULL);
		return;
	}
	if (!memory) {
		pause_to_files(s, done, ctx);
		return;
	}
	process_table_cut_viewers(s->processes, paused_text);
	watcher_table_cut(s->watchers, paused_text);
	interpreter_cut(s->interpreter, paused_text);
	done(ctx, s, NULL);
}

/* ---- resume */

static bool
resume_from_memory(struct sandbox *s, struct error *err)
{
	if (!box_thaw(s->box, err))
		return false;
	begin_run(s, s->resume_timeout_s);
	note(s, "info", "Sandbox resumed", NULL);
	return true;
}

void
sandbox_resume(
    struct sandbox *s, int64_t timeout_s, bool cold, sandbox_done *done, void *ctx)
{
	struct error err = { 0 };

	if (s->state == SANDBOX_RESUMING) {
		wait_for(s, done, ctx);
		return;
	}
	s->resume_timeout_s = timeout_s;
	if (s->simulated) {
		begin_run(s, timeout_s);
		done(ctx, s, NULL);
		return;
	}
	if (s->box && !s->box_ending && !cold) {
		bool ok = resume_from_memory(s, &err);

		done(ctx, ok ? s : NULL, &err);
		return;
	}
	s->state = SANDBOX_RESUMING;
	wait_for(s, done, ctx);
	if (!s->box) {
		start_box(s);
		return;
	}
	drop_all(s, paused_text);
	if (!s->box_ending)
		box_kill(s->box);
	s->box_ending = true;
}

/* ---- time */

bool
sandbox_set_network(struct sandbox *s, bool denies_all, bool internet, struct error *err)
{
	if (!box_set_internet(s->box, internet && !denies_all, err))
		return false;
	s->info.network.denies_all = denies_all;
	s->info.internet = internet && !denies_all ? REST_YES : REST_NO;
	sandbox_save(s);
	return true;
}

void
sandbox_set_end(struct sandbox *s, int64_t timeout_s)
{
	int64_t last_ms = s->info.started_ms + HOST_MAX_TIMEOUT_S * 1000;

	s->info.end_ms = MIN(clock_wall_ms() + timeout_s * 1000, last_ms);
	sandbox_save(s);
	registry_schedule(s->registry);
}

void
sandbox_extend_end(struct sandbox *s, int64_t timeout_s)
{
	if (clock_wall_ms() + timeout_s * 1000 > s->info.end_ms)
		sandbox_set_end(s, timeout_s);
}

static void
on_expired(void *ctx, struct sandbox *s, const struct error *err)
{
	(void)s;
	(void)ctx;
	if (err && err->code != ERROR_NONE)
		log_warn("sandbox", "at its end: %s", err->text);
}

/* A pause that cannot freeze ends the processes instead: the files are what matters. */
static void
on_auto_pause(void *ctx, struct sandbox *s, const struct error *err)
{
	struct sandbox *self = ctx;

	(void)err;
	if (!s && self->state == SANDBOX_RUNNING)
		sandbox_pause(self, false, "Time is up: paused, without its memory",
		    on_expired, NULL);
}

void
sandbox_expire(struct sandbox *s)
{
	if (s->info.pause_on_timeout == REST_YES)
		sandbox_pause(s, s->pause_memory, "Time is up: paused", on_auto_pause, s);
	else
		sandbox_kill(s, "Time is up: killed", on_expired, NULL);
}
