/*
 * actions - pause, resume, kill, extend, set, create: one at a time per sandbox,
 * told once through `done` and as a message. While offline they are refused.
 */
#include "fleet/internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

enum { REFRESH_MAX_S = 3600 };

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
	int64_t end_before_ms; /* EXTEND */
	int64_t want_s; /* what a connect behind the refresh is to reach; 0: none */
	struct rest_create create;
	enum sandbox_state state_before;
	fleet_done *done; /* may be NULL */
	void *ctx;	  /* borrowed */
	uint64_t refused; /* deferred: its refusal is to be told; 0: none */
	struct error refusal;
};

/* Each outcome is one message; the state shows while the answer is out. */
static const struct {
	enum sandbox_state meanwhile; /* SANDBOX_OTHER: what it was */
	const char *did, *already, *failed;
} kinds[] = {
	[ACTION_PAUSE] = { SANDBOX_PAUSING, "Paused %s", "%s was already paused",
	    "Cannot pause %s: %s" },
	[ACTION_RESUME] = { SANDBOX_RESUMING, "Resumed %s", "%s was already running",
	    "Cannot resume %s: %s" },
	[ACTION_KILL] = { SANDBOX_KILLING, "Killed %s", "%s was already gone",
	    "Cannot kill %s: %s" },
	[ACTION_EXTEND] = { SANDBOX_OTHER, "More time for %s",
	    "%s cannot end later: nothing changed", "Cannot extend %s: %s" },
	[ACTION_SET_LEFT] = { SANDBOX_OTHER, "Time left of %s is set",
	    "%s: nothing changed", "Cannot set the time left of %s: %s" },
	[ACTION_CREATE] = { SANDBOX_OTHER, "Created %s", "Created %s",
	    "Cannot create %s: %s" },
};

static void action_send(struct action *a);

static struct sandbox *
row_of(const struct action *a)
{
	return model_find(&a->fleet->model, a->id);
}

static void
action_free(struct action *a)
{
	struct action **at = &a->fleet->actions;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	rest_create_clear(&a->create);
	free(a->id);
	free(a->label);
	free(a);
}

/* ---- the end of one */

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
		    &f->messages, now_ms, MESSAGE_INFO, kinds[a->kind].did, a->label);
		return;
	case OUTCOME_ALREADY:
		messages_add(&f->messages, now_ms, MESSAGE_WARNING,
		    kinds[a->kind].already, a->label);
		return;
	case OUTCOME_FAILED:
		messages_add(&f->messages, now_ms, MESSAGE_ERROR, kinds[a->kind].failed,
		    a->label, err->text);
		return;
	}
}
#pragma GCC diagnostic pop

/* The one that waits longest for the same sandbox: the list is newest first. */
static struct action *
next_waiting(const struct fleet *f, const char *id)
{
	struct action *next = NULL;

	for (struct action *a = f->actions; a; a = a->next) {
		if (!str_eq(a->id, id) || a->refused)
			continue;
		if (a->sent)
			return NULL;
		next = a;
	}
	return next;
}

/* The owner's callback comes last: it may do anything. */
static void
action_end(struct action *a, enum outcome outcome, const struct error *err)
{
	struct fleet *f = a->fleet;
	fleet_done *done = a->done;
	void *ctx = a->ctx;
	struct error copy = *err;
	bool nothing = a->kind == ACTION_CREATE && outcome == OUTCOME_FAILED;
	char *id = xstrdup(a->id);

	say(a, outcome, err);
	action_free(a);
	struct action *next = next_waiting(f, id);
	if (next)
		action_send(next);
	fleet_redraw(f);
	if (done)
		done(ctx, nothing ? "" : id, outcome, &copy);
	free(id);
}

/* Nothing is believed after a failure: the row shows what it was, unless it is known to
 * be something else meanwhile, and is read again. */
static void
action_fail(struct action *a, const struct error *err)
{
	struct fleet *f = a->fleet;
	struct sandbox *s = row_of(a);
	enum sandbox_state meanwhile = kinds[a->kind].meanwhile;

	if (s && a->sent && meanwhile != SANDBOX_OTHER && s->state == meanwhile)
		fleet_set_state(f, s, a->state_before);
	if (a->kind == ACTION_PAUSE && a->sent)
		sessions_after_failed_pause(f, a->id);
	if (a->kind == ACTION_RESUME)
		sessions_after_failed_resume(f, a->id, err);
	if (s && a->sent && s->state != SANDBOX_GONE)
		fleet_read(f, a->id, NULL);
	action_end(a, OUTCOME_FAILED, err);
}

/* ---- answers */

static void
on_paused(void *ctx, bool already, const struct error *err)
{
	struct action *a = ctx;
	struct sandbox *s = row_of(a);

	if (err->code != ERROR_NONE) {
		action_fail(a, err);
		return;
	}
	if (s) {
		s->end_ms = fleet_now_ms(a->fleet);
		fleet_set_state(a->fleet, s, SANDBOX_PAUSED);
	}
	action_end(a, already ? OUTCOME_ALREADY : OUTCOME_DONE, err);
}

static void
on_killed(void *ctx, bool already, const struct error *err)
{
	struct action *a = ctx;
	struct sandbox *s = row_of(a);

	if (err->code != ERROR_NONE) {
		action_fail(a, err);
		return;
	}
	if (s) {
		s->known_at = fleet_tick(a->fleet);
		fleet_mark_gone(
		    a->fleet, s, already ? "was already gone" : "killed by you");
	}
	action_end(a, already ? OUTCOME_ALREADY : OUTCOME_DONE, err);
}

static void
on_resumed(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct action *a = ctx;
	struct fleet *f = a->fleet;
	struct sandbox *s = row_of(a);

	(void)created;
	if (err->code != ERROR_NONE) {
		action_fail(a, err);
		return;
	}
	if (s) {
		s->end_ms = fleet_now_ms(f) + a->seconds * 1000;
		fleet_set_state(f, s, SANDBOX_RUNNING);
		s->has_detail = false;
	}
	fleet_read(f, a->id, NULL);
	sessions_after_resume(f, a->id);
	action_end(a, OUTCOME_DONE, err);
}

/* It takes the stand-in's place at once, unless a sweep has brought it already. */
static void
add_created(struct action *a, const struct rest_created *created)
{
	struct fleet *f = a->fleet;
	int64_t now_ms = fleet_now_ms(f);
	struct rest_sandbox news = { .id = created->id,
		.template_id = a->create.template_id,
		.alias = created->alias,
		.state = REST_STATE_RUNNING,
		.started_ms = now_ms,
		.end_ms = now_ms + a->create.timeout_s * 1000,
		.envd_version = created->envd_version };

	if (model_find(&f->model, created->id))
		return;
	for (size_t i = 0; i < a->create.metadata.count; i++) {
		const struct pair *pair = &a->create.metadata.items[i];
		char *key = text_clean_dup(pair->key);
		char *value = text_clean_dup(pair->value);
		pairs_set(&news.metadata, key, value);
		free(key);
		free(value);
	}
	fleet_take_news(f, &news, fleet_tick(f), false);
	pairs_clear(&news.metadata);
}

static void
on_created(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct action *a = ctx;
	struct fleet *f = a->fleet;

	model_remove(&f->model, a->id);
	fleet_changed(f);
	if (err->code != ERROR_NONE) {
		action_fail(a, err);
		return;
	}
	add_created(a, created);
	free(a->id);
	a->id = xstrdup(created->id);
	free(a->label);
	a->label = xstrdup(created->id);
	fleet_read(f, a->id, NULL);
	action_end(a, OUTCOME_DONE, err);
}

/* ---- the time left */

/* The one that waits for an answer about this sandbox. */
static struct action *
sent_action(const struct fleet *f, const char *id)
{
	struct action *a = f->actions;

	while (a && !(a->sent && str_eq(a->id, id)))
		a = a->next;
	return a;
}

/* 204 says that it was heard; what came of it is in the model now. */
static void
on_new_end(struct fleet *f, const char *id, const struct error *err)
{
	struct action *a = sent_action(f, id);
	const struct sandbox *s = row_of(a);
	struct error none = { 0 };
	bool stayed = err->code == ERROR_NONE && s && s->end_ms <= a->end_before_ms;

	action_end(a, a->kind == ACTION_EXTEND && stayed ? OUTCOME_ALREADY : OUTCOME_DONE,
	    &none);
}

static void
on_time_set(void *ctx, const struct error *err)
{
	struct action *a = ctx;

	if (err->code == ERROR_NONE)
		fleet_read(a->fleet, a->id, on_new_end);
	else
		action_fail(a, err);
}

static void
on_raised(void *ctx, const struct rest_created *created, const struct error *err)
{
	(void)created;
	on_time_set(ctx, err);
}

/* The refresh has found it running and given it an hour: a connect wakes nobody now. */
static void
on_hour_given(void *ctx, const struct error *err)
{
	struct action *a = ctx;

	if (err->code == ERROR_NONE)
		api_connect(a->fleet->api, a->id, a->want_s, on_raised, a);
	else
		action_fail(a, err);
}

/* By the calls that cannot shorten, whatever the clocks say and whoever else extends. */
static void
raise_end(struct action *a, int64_t want_s)
{
	struct api *api = a->fleet->api;

	a->want_s = want_s;
	if (want_s <= REFRESH_MAX_S)
		api_refresh(api, a->id, want_s, on_time_set, a);
	else
		api_refresh(api, a->id, REFRESH_MAX_S, on_hour_given, a);
}

static void
take_end(struct action *a, const struct sandbox *s)
{
	struct error err = { 0 };
	int64_t left_ms = MAX(s->end_ms - fleet_now_ms(a->fleet), (int64_t)0);
	int64_t left_s = (left_ms + 999) / 1000;

	a->end_before_ms = s->end_ms;
	if (s->state != SANDBOX_RUNNING)
		error_set(&err, ERROR_CONFLICT, "it is %s; resume it first",
		    s->state_text ? s->state_text : sandbox_state_name(s->state));
	else if (a->kind == ACTION_SET_LEFT && a->seconds < left_s)
		error_set(
		    &err, ERROR_CONFLICT, "it ends later than that; shorten on purpose");
	if (err.code != ERROR_NONE)
		action_fail(a, &err);
	else
		raise_end(a, a->kind == ACTION_EXTEND ? left_s + a->seconds : a->seconds);
}

static void
on_end_read(struct fleet *f, const char *id, const struct error *err)
{
	struct action *a = sent_action(f, id);
	const struct sandbox *s = row_of(a);

	struct error other;

	if (err->code != ERROR_NONE) {
		action_fail(a, err);
	} else if (!s) {
		error_set(&other, ERROR_REMOTE, "the answer is about another sandbox");
		action_fail(a, &other);
	} else {
		take_end(a, s);
	}
}

/* ---- sending */

static void
send_pause(struct action *a)
{
	struct fleet *f = a->fleet;

	sessions_before_pause(f, a->id);
	shells_before_pause(f, a->id);
	sampling_before_pause(f, a->id);
	api_pause(f->api, a->id, on_paused, a);
}

static void
send_set_left(struct action *a)
{
	struct fleet *f = a->fleet;

	if (a->shorten)
		api_set_timeout(f->api, a->id, a->seconds, on_time_set, a);
	else
		fleet_read(f, a->id, on_end_read);
}

static bool
is_refused(const struct action *a, struct error *err)
{
	const struct fleet *f = a->fleet;
	const struct sandbox *s = row_of(a);

	if (f->settings.read_only)
		return !error_set(err, ERROR_DENIED, "this profile is read-only");
	if (fleet_is_offline(f))
		return !error_set(err, ERROR_OFFLINE,
		    "not connected, and changes are not queued; try again when it is");
	if (s && s->state == SANDBOX_CREATING)
		return !error_set(err, ERROR_CONFLICT, "it is still being created");
	return false;
}

static void
tell_refusal(void *ctx)
{
	struct action *a = ctx;

	a->refused = 0;
	action_fail(a, &a->refusal);
}

static void
action_send(struct action *a)
{
	struct fleet *f = a->fleet;
	struct sandbox *s = row_of(a);

	if (is_refused(a, &a->refusal)) {
		a->refused = loop_defer(f->loop, tell_refusal, a);
		return;
	}
	a->sent = true;
	a->state_before = s ? s->state : SANDBOX_OTHER;
	if (s && kinds[a->kind].meanwhile != SANDBOX_OTHER)
		fleet_set_state(f, s, kinds[a->kind].meanwhile);
	switch (a->kind) {
	case ACTION_PAUSE:
		send_pause(a);
		return;
	case ACTION_RESUME:
		api_connect(f->api, a->id, a->seconds, on_resumed, a);
		return;
	case ACTION_KILL:
		api_kill(f->api, a->id, on_killed, a);
		return;
	case ACTION_EXTEND:
		fleet_read(f, a->id, on_end_read);
		return;
	case ACTION_SET_LEFT:
		send_set_left(a);
		return;
	case ACTION_CREATE:
		api_create(f->api, &a->create, on_created, a);
		return;
	}
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
	for (const struct action *other = a->fleet->actions; other; other = other->next)
		if (other != a && !other->refused && str_eq(other->id, a->id))
			return; /* action_end() comes to it */
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
add_stand_in(struct action *a)
{
	struct fleet *f = a->fleet;
	struct sandbox *s = model_add(&f->model, a->id);

	s->state = SANDBOX_CREATING;
	s->template_id = xstrdup(a->create.template_id);
	s->name = text_clean_dup(pairs_get(&a->create.metadata, "name"));
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
	a->label = xstrdup(str_is_empty(name) ? "a sandbox" : name);
	fill_create(&a->create, f, create);
	action_send(a);
	if (a->sent)
		add_stand_in(a);
}

void
actions_clear(struct fleet *f)
{
	while (f->actions) {
		loop_defer_cancel(f->loop, f->actions->refused);
		action_free(f->actions);
	}
}
