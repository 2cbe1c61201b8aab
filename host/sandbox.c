#include "host/sandbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
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

/* ---- small things */

void
sandbox_note(const struct sandbox *s, const char *level, const char *message,
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

void
sandbox_wait_for(struct sandbox *s, sandbox_done *done, void *ctx)
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
	sandbox_drop_snapshot(s);
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
	journal_add_lost(s->registry->host->journal, s->info.id, &s->log_share);
	journal_add(s->registry->host->journal, s->info.id, "envd", "info",
	    "Process ended", fields);
}

static void
on_process_line(void *ctx, const struct process *p, const char *line, size_t len)
{
	struct sandbox *s = ctx;

	journal_add_line(s->registry->host->journal, s->info.id, &s->log_share,
	    process_tag(p) + 4, line, len);
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
	sandbox_note(s, "info",
	    fresh ? "Sandbox created" : "Sandbox resumed from its files", fields);
	tell_waiters(s, s, NULL);
}

/* A template that is never ready: the container ends, and that tells who waits. What is
 * killed already does not come to life by being ready. */
static void
on_started_up(void *ctx, const struct error *err)
{
	struct sandbox *s = ctx;

	startup_free(s->startup);
	s->startup = NULL;
	if (s->box_ending)
		return;
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

void
sandbox_fail_start(struct sandbox *s, const struct error *why)
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
	sandbox_note(
	    s, "error", "The sandbox's container ended; its files are kept", fields);
}

/* Streams end, processes and watches are forgotten. */
static void
drop_all(struct sandbox *s, const char *why)
{
	if (s->simulated)
		return;
	process_table_drop(s->processes, why);
	watcher_table_drop(s->watchers, why);
	interpreter_drop(s->interpreter);
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
	sandbox_end_snapshot(s, why ? why : &unknown);
	loop_defer(r->host->loop, on_box_free, s->box);
	s->box = NULL;
	s->box_ending = false;
	if (r->closing)
		; /* all are on their way out */
	else if (s->state == SANDBOX_ENDING)
		finish_kill(s);
	else if (s->state == SANDBOX_RESUMING && asked)
		sandbox_start_box(s); /* the cold pause before it is complete only now */
	else if (s->state == SANDBOX_STARTING || s->state == SANDBOX_RESUMING)
		sandbox_fail_start(s, s->unready.code != ERROR_NONE ? &s->unready
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

const char *
sandbox_path(const struct sandbox *s, const char *given)
{
	return str_is_empty(given) && s->outset.workdir ? s->outset.workdir : given;
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

void
sandbox_start_box(struct sandbox *s)
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

	s->unready = (struct error){ 0 };
	sandbox_default_envs(s, &envs);
	s->box = box_new(h->loop, &options, &box_events, s, &err);
	pairs_clear(&envs);
	if (!s->box)
		sandbox_fail_start(s, &err);
}

void
sandbox_give_up(struct sandbox *s)
{
	const struct error ends = { .code = ERROR_CANCELLED,
		.text = "the local host ends" };

	if (s->box)
		box_give_up(s->box);
	sandbox_end_snapshot(s, &ends);
	tell_waiters(s, NULL, &ends);
}

/* ---- kill */

void
sandbox_kill(struct sandbox *s, const char *why, sandbox_done *done, void *ctx)
{
	const struct error gone = { .code = ERROR_NOT_FOUND,
		.text = "the sandbox was killed" };

	tell_waiters(s, NULL, &gone);
	sandbox_end_snapshot(s, &gone);
	sandbox_note(s, "info", why, NULL);
	drop_all(s, gone_text);
	ports_cut(s->registry->host->ports, s->info.id);
	s->state = SANDBOX_ENDING;
	sandbox_wait_for(s, done, ctx);
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
	sandbox_wait_for(s, done, ctx);
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
		sandbox_note(s, "error", err.text, NULL);
		done(ctx, NULL, &err);
		return;
	}
	s->state = SANDBOX_PAUSED;
	s->info.state = REST_STATE_PAUSED;
	s->info.end_ms = clock_wall_ms();
	sandbox_save(s);
	registry_schedule(s->registry);
	ports_cut(s->registry->host->ports, s->info.id);
	sandbox_note(s, "info", why, fields);
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
	sandbox_note(s, "info", "Sandbox resumed", NULL);
	return true;
}

void
sandbox_resume(
    struct sandbox *s, int64_t timeout_s, bool cold, sandbox_done *done, void *ctx)
{
	struct error err = { 0 };

	if (s->state == SANDBOX_RESUMING) {
		sandbox_wait_for(s, done, ctx);
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
	tell_waiters(s, s, NULL); /* of the pause: it is as good as complete */
	s->state = SANDBOX_RESUMING;
	sandbox_wait_for(s, done, ctx);
	if (!s->box) {
		sandbox_start_box(s);
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
