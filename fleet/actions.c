/*
 * actions - pause, resume, kill, extend, set, create: one at a time per sandbox,
 * told once through `done` and as a message. While offline they are refused.
 */
#include "fleet/internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum action_kind {
	ACTION_PAUSE,
	ACTION_RESUME,
	ACTION_KILL,
	ACTION_EXTEND,
	ACTION_SET_LEFT,
	ACTION_CREATE
};

struct action {
	struct action *next; /* borrowed */
	struct fleet *fleet; /* borrowed */
	enum action_kind kind;
	char *id;    /* owned; of a create: the row's stand-in id */
	char *label; /* owned: what messages call it */
	bool sent;
	int64_t seconds; /* ttl, extension or time left */
	bool shorten;
	struct rest_create create;
	enum sandbox_state state_before;
	fleet_done *done;  /* may be NULL */
	void *ctx;	   /* borrowed */
	uint64_t deferred; /* a refusal to be told, 0: none */
	struct error refusal;
};

static void action_send(struct action *a);

static void
action_free(struct action *a)
{
	for (struct action **at = &a->fleet->actions; *at; at = &(*at)->next) {
		if (*at != a)
			continue;
		*at = a->next;
		break;
	}
	rest_create_clear(&a->create);
	free(a->id);
	free(a->label);
	free(a);
}

/* The next one that waits for the same sandbox. */
static void
send_next(struct fleet *f, const char *id)
{
	struct action *next = NULL;

	for (struct action *a = f->actions; a; a = a->next) {
		if (!str_eq(a->id, id) || a->deferred)
			continue;
		if (a->sent)
			return;
		next = a; /* the list is newest first: the last match waits longest */
	}
	if (next)
		action_send(next);
}

static void
report(struct action *a, enum outcome outcome, const struct error *err)
{
	struct fleet *f = a->fleet;
	char *id = xstrdup(a->id);
	fleet_done *done = a->done;
	void *ctx = a->ctx;
	struct error copy = *err;
	bool created_nothing = a->kind == ACTION_CREATE && outcome == OUTCOME_FAILED;

	action_free(a);
	send_next(f, id);
	fleet_changed(f);
	if (done)
		done(ctx, created_nothing ? "" : id, outcome, &copy);
	free(id);
}

/* ---- messages: one per outcome */

static const struct {
	const char *did, *already, *failed;
} words[] = {
	[ACTION_PAUSE] = { "Paused %s", "%s was already paused", "Cannot pause %s: %s" },
	[ACTION_RESUME] = { "Resumed %s", "%s was already running",
	    "Cannot resume %s: %s" },
	[ACTION_KILL] = { "Killed %s", "%s was already gone", "Cannot kill %s: %s" },
	[ACTION_EXTEND] = { "More time for %s", "%s ends later already: nothing changed",
	    "Cannot extend %s: %s" },
	[ACTION_SET_LEFT] = { "Time left of %s is set", "%s: nothing changed",
	    "Cannot set the time left of %s: %s" },
	[ACTION_CREATE] = { "Created %s", "Created %s", "Cannot create %s: %s" },
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
say(const struct action *a, enum outcome outcome, const struct error *err)
{
	struct fleet *f = a->fleet;
	int64_t now_ms = fleet_now_ms(f);

	switch (outcome) {
	case OUTCOME_DONE:
		messages_add(
		    &f->messages, now_ms, MESSAGE_INFO, words[a->kind].did, a->label);
		return;
	case OUTCOME_ALREADY:
		messages_add(&f->messages, now_ms, MESSAGE_WARNING,
		    words[a->kind].already, a->label);
		return;
	case OUTCOME_FAILED:
		messages_add(&f->messages, now_ms, MESSAGE_ERROR, words[a->kind].failed,
		    a->label, err->text);
		return;
	}
}
#pragma GCC diagnostic pop

/* ---- answers */

static void
set_row(struct action *a, enum sandbox_state state)
{
	struct sandbox *s = model_find(&a->fleet->model, a->id);

	if (!s)
		return;
	s->state = state;
	s->changed_ms = s->acted_ms = fleet_now_ms(a->fleet);
	fleet_changed(a->fleet);
}

static void
on_reread(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct ticket *t = ctx;
	struct fleet *f = t->fleet;

	if (err->code == ERROR_NONE)
		fleet_take_news(f, sandbox, t->asked_ms, true);
	else if (err->code == ERROR_NOT_FOUND)
		fleet_mark_gone(f, t->id, "not found any more: killed or timed out");
	ticket_free(t);
	fleet_changed(f);
}

static void
reread(struct fleet *f, const char *id)
{
	api_get(f->api, id, on_reread, ticket_new(f, id));
}

/* After a failure nothing is believed: the row shows what it was, and is read again. */
static void
finish(struct action *a, enum outcome outcome, const struct error *err)
{
	if (outcome == OUTCOME_FAILED && a->kind != ACTION_CREATE) {
		set_row(a, a->state_before);
		reread(a->fleet, a->id);
	}
	say(a, outcome, err);
	report(a, outcome, err);
}

static void
on_acted(void *ctx, bool already, const struct error *err)
{
	struct action *a = ctx;
	struct fleet *f = a->fleet;
	struct sandbox *s = model_find(&f->model, a->id);

	if (err->code != ERROR_NONE) {
		if (a->kind == ACTION_PAUSE)
			sessions_after_failed_pause(f, a->id);
		finish(a, OUTCOME_FAILED, err);
		return;
	}
	if (a->kind == ACTION_PAUSE && s) {
		set_row(a, SANDBOX_PAUSED);
		s->end_ms = fleet_now_ms(f);
		sessions_news(f, s);
	} else if (a->kind == ACTION_KILL) {
		set_row(a, SANDBOX_RUNNING); /* mark_gone takes it from here */
		fleet_mark_gone(f, a->id, already ? "was already gone" : "killed by you");
	}
	finish(a, already ? OUTCOME_ALREADY : OUTCOME_DONE, err);
}

static void
on_resumed(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct action *a = ctx;

	(void)created;
	if (err->code != ERROR_NONE) {
		finish(a, OUTCOME_FAILED, err);
		return;
	}
	set_row(a, SANDBOX_RUNNING);
	reread(a->fleet, a->id);
	sessions_after_resume(a->fleet, a->id);
	finish(a, OUTCOME_DONE, err);
}

static void
on_time_set(void *ctx, const struct error *err)
{
	struct action *a = ctx;

	if (err->code == ERROR_NONE)
		reread(a->fleet, a->id);
	finish(a, err->code == ERROR_NONE ? OUTCOME_DONE : OUTCOME_FAILED, err);
}

static void
on_created(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct action *a = ctx;
	struct fleet *f = a->fleet;

	model_remove(&f->model, a->id);
	if (err->code != ERROR_NONE) {
		finish(a, OUTCOME_FAILED, err);
		return;
	}
	free(a->id);
	a->id = xstrdup(created->id);
	free(a->label);
	a->label = xstrdup(created->id);
	reread(f, created->id);
	sync_now(f, false);
	finish(a, OUTCOME_DONE, err);
}

/* ---- the time left: the end is read first and never set earlier unasked */

static void
set_end(struct action *a, const struct rest_sandbox *sandbox)
{
	struct fleet *f = a->fleet;
	struct error err = { 0 };
	int64_t left_s = (sandbox->end_ms - fleet_now_ms(f) + 999) / 1000;
	int64_t want_s =
	    a->kind == ACTION_EXTEND ? MAX(left_s, (int64_t)0) + a->seconds : a->seconds;

	if (sandbox->state != REST_STATE_RUNNING)
		error_set(&err, ERROR_CONFLICT, "it is %s; resume it first",
		    sandbox->state_text);
	else if (want_s < left_s && !a->shorten)
		error_set(
		    &err, ERROR_CONFLICT, "it ends later than that; shorten on purpose");
	if (err.code != ERROR_NONE)
		finish(a, OUTCOME_FAILED, &err);
	else if (want_s >= left_s && want_s <= 3600)
		api_refresh(f->api, a->id, want_s, on_time_set, a); /* cannot shorten */
	else
		api_set_timeout(f->api, a->id, want_s, on_time_set, a);
}

static void
on_end_read(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct action *a = ctx;

	if (err->code == ERROR_NONE)
		set_end(a, sandbox);
	else
		finish(a, OUTCOME_FAILED, err);
}

/* ---- sending */

static void
action_send(struct action *a)
{
	struct fleet *f = a->fleet;
	const struct sandbox *s = model_find(&f->model, a->id);

	a->sent = true;
	a->state_before = s ? s->state : SANDBOX_OTHER;
	switch (a->kind) {
	case ACTION_PAUSE:
		set_row(a, SANDBOX_PAUSING);
		sessions_before_pause(f, a->id);
		api_pause(f->api, a->id, on_acted, a);
		return;
	case ACTION_RESUME:
		set_row(a, SANDBOX_RESUMING);
		api_connect(f->api, a->id, a->seconds, on_resumed, a);
		return;
	case ACTION_KILL:
		set_row(a, SANDBOX_KILLING);
		api_kill(f->api, a->id, on_acted, a);
		return;
	case ACTION_EXTEND:
	case ACTION_SET_LEFT:
		api_get(f->api, a->id, on_end_read, a);
		return;
	case ACTION_CREATE:
		api_create(f->api, &a->create, on_created, a);
		return;
	}
}

static void
tell_refusal(void *ctx)
{
	struct action *a = ctx;
	struct error err = a->refusal;

	a->deferred = 0;
	say(a, OUTCOME_FAILED, &err);
	report(a, OUTCOME_FAILED, &err);
}

static bool
is_refused(struct fleet *f, struct error *err)
{
	if (f->settings.read_only)
		return error_set(err, ERROR_DENIED, "this profile is read-only"), true;
	if (fleet_is_offline(f))
		return error_set(err, ERROR_OFFLINE,
			   "not connected, and changes are not queued; try again when it "
			   "is"),
		       true;
	return false;
}

static struct action *
action_new(
    struct fleet *f, enum action_kind kind, const char *id, fleet_done *done, void *ctx)
{
	struct action *a = xcalloc(1, sizeof *a);
	const struct sandbox *s = model_find(&f->model, id);

	a->fleet = f;
	a->kind = kind;
	a->id = xstrdup(id);
	a->label = xstrdup(s ? sandbox_label(s) : id);
	a->done = done;
	a->ctx = ctx;
	a->next = f->actions;
	f->actions = a;
	return a;
}

static void
action_begin(struct action *a)
{
	struct fleet *f = a->fleet;

	if (is_refused(f, &a->refusal)) {
		a->deferred = loop_defer(f->loop, tell_refusal, a);
		return;
	}
	for (const struct action *other = f->actions; other; other = other->next)
		if (other != a && other->sent && str_eq(other->id, a->id))
			return; /* send_next() comes to it */
	action_send(a);
}

void
fleet_pause(struct fleet *f, const char *id, fleet_done *done, void *ctx)
{
	action_begin(action_new(f, ACTION_PAUSE, id, done, ctx));
}

void
fleet_resume(struct fleet *f, const char *id, int64_t ttl_s, fleet_done *done, void *ctx)
{
	struct action *a = action_new(f, ACTION_RESUME, id, done, ctx);

	a->seconds = ttl_s > 0 ? ttl_s : f->settings.ttl_s;
	action_begin(a);
}

void
fleet_kill(struct fleet *f, const char *id, fleet_done *done, void *ctx)
{
	action_begin(action_new(f, ACTION_KILL, id, done, ctx));
}

void
fleet_extend(struct fleet *f, const char *id, int64_t by_s, fleet_done *done, void *ctx)
{
	struct action *a = action_new(f, ACTION_EXTEND, id, done, ctx);

	a->seconds = by_s > 0 ? by_s : f->settings.extend_s;
	action_begin(a);
}

void
fleet_set_left(struct fleet *f, const char *id, int64_t left_s, bool shorten,
    fleet_done *done, void *ctx)
{
	struct action *a = action_new(f, ACTION_SET_LEFT, id, done, ctx);

	a->seconds = left_s;
	a->shorten = shorten;
	action_begin(a);
}

/* ---- create */

static void
fill_create(
    struct rest_create *out, const struct fleet *f, const struct fleet_create *create)
{
	*out = (struct rest_create){ .timeout_s = create->ttl_s > 0 ? create->ttl_s
								    : f->settings.ttl_s,
		.auto_pause = create->pause_on_timeout ? REST_YES : REST_NO,
		.secure = REST_YES,
		.internet = create->internet ? REST_YES : REST_NO,
		.has_metadata = true };
	out->template_id = xstrdup(create->template_id ? create->template_id : "base");
	pairs_copy(&out->metadata, &create->metadata);
	pairs_copy(&out->envs, &create->envs);
}

/* Something to look at while the service works; its id is no real one. */
static void
add_stand_in(struct action *a, const struct fleet_create *create)
{
	struct fleet *f = a->fleet;
	struct sandbox *s = model_add(&f->model, a->id);

	s->state = SANDBOX_CREATING;
	s->template_id = xstrdup(a->create.template_id);
	s->name = xstrdup(pairs_get(&create->metadata, "name"));
	s->first_seen_ms = s->started_ms = fleet_now_ms(f);
	fleet_changed(f);
}

void
fleet_create(
    struct fleet *f, const struct fleet_create *create, fleet_done *done, void *ctx)
{
	char *id = xasprintf("new-%llu", (unsigned long long)++f->next_id);
	struct action *a = action_new(f, ACTION_CREATE, id, done, ctx);
	const char *name = pairs_get(&create->metadata, "name");

	free(id);
	free(a->label);
	a->label = xasprintf("%s", name ? name : "a sandbox");
	fill_create(&a->create, f, create);
	if (!is_refused(f, &a->refusal))
		add_stand_in(a, create);
	action_begin(a);
}

void
actions_clear(struct fleet *f)
{
	while (f->actions) {
		if (f->actions->deferred)
			loop_defer_cancel(f->loop, f->actions->deferred);
		action_free(f->actions);
	}
}
