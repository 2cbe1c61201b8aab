/*
 * actions - pause, resume, kill, extend, set, create: one at a time per sandbox,
 * told once through `done` and as a message. While offline they are refused.
 */
#include "fleet/actions_internal.h"

#include <stdlib.h>

#include "base/mem.h"

struct sandbox *
action_row(const struct action *a)
{
	return model_find(&a->fleet->model, a->id);
}

struct action *
action_sent(const struct fleet *f, const char *id)
{
	struct action *a = f->actions;

	while (a && !(a->sent && str_eq(a->id, id)))
		a = a->next;
	return a;
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
		messages_add(&f->messages, now_ms, MESSAGE_INFO, a->type->did, a->label);
		return;
	case OUTCOME_ALREADY:
		messages_add(
		    &f->messages, now_ms, MESSAGE_WARNING, a->type->already, a->label);
		return;
	case OUTCOME_FAILED:
		messages_add(&f->messages, now_ms, MESSAGE_ERROR, a->type->failed,
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
void
action_end(struct action *a, enum outcome outcome, const struct error *err)
{
	struct fleet *f = a->fleet;
	fleet_done *done = a->done;
	void *ctx = a->ctx;
	struct error copy = *err;
	char *id = xstrdup(a->id);

	say(a, outcome, err);
	action_free(a);
	struct action *next = next_waiting(f, id);
	if (next)
		action_send(next);
	fleet_redraw(f);
	if (done)
		done(ctx, id, outcome, &copy);
	free(id);
}

/* Nothing is believed after a failure: the row shows what it was, unless it is known to
 * be something else meanwhile, and is read again. */
void
action_fail(struct action *a, const struct error *err)
{
	struct fleet *f = a->fleet;
	struct sandbox *s = action_row(a);
	enum sandbox_state meanwhile = a->type->meanwhile;

	if (s && a->sent && meanwhile != SANDBOX_OTHER && s->state == meanwhile)
		fleet_set_state(f, s, a->state_before);
	if (a->type->after_failure)
		a->type->after_failure(a, err);
	if (s && a->sent && s->state != SANDBOX_GONE)
		fleet_read(f, a->id, NULL);
	action_end(a, OUTCOME_FAILED, err);
}

/* ---- sending */

static bool
is_refused(const struct action *a, struct error *err)
{
	const struct fleet *f = a->fleet;
	const struct sandbox *s = action_row(a);

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

void
action_send(struct action *a)
{
	struct fleet *f = a->fleet;
	struct sandbox *s = action_row(a);

	if (is_refused(a, &a->refusal)) {
		a->refused = loop_defer(f->loop, tell_refusal, a);
		return;
	}
	a->sent = true;
	a->state_before = s ? s->state : SANDBOX_OTHER;
	if (s && a->type->meanwhile != SANDBOX_OTHER)
		fleet_set_state(f, s, a->type->meanwhile);
	a->type->send(a);
}

struct action *
action_new(struct fleet *f, const struct action_type *type, const char *id,
    fleet_done *done, void *ctx)
{
	struct action *a = xcalloc(1, sizeof *a);
	const struct sandbox *s = model_find(&f->model, id);

	a->fleet = f;
	a->type = type;
	a->id = xstrdup(id);
	a->label = xstrdup(s ? sandbox_label(s) : id);
	a->done = done;
	a->ctx = ctx;
	a->next = f->actions;
	f->actions = a;
	return a;
}

void
action_begin(struct action *a)
{
	for (const struct action *other = a->fleet->actions; other; other = other->next)
		if (other != a && !other->refused && str_eq(other->id, a->id))
			return; /* action_end() comes to it */
	action_send(a);
}

void
actions_clear(struct fleet *f)
{
	while (f->actions) {
		loop_defer_cancel(f->loop, f->actions->refused);
		action_free(f->actions);
	}
}

/* ---- pause */

static void
on_paused(void *ctx, bool already, const struct error *err)
{
	struct action *a = ctx;
	struct sandbox *s = action_row(a);

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
send_pause(struct action *a)
{
	struct fleet *f = a->fleet;

	sessions_before_pause(f, a->id);
	shells_before_pause(f, a->id);
	sampling_before_pause(f, a->id);
	api_pause(f->api, a->id, on_paused, a);
}

static void
after_failed_pause(struct action *a, const struct error *err)
{
	(void)err;
	if (a->sent)
		sessions_after_failed_pause(a->fleet, a->id);
}

static const struct action_type action_pause = {
	.meanwhile = SANDBOX_PAUSING,
	.did = "Paused %s",
	.already = "%s was already paused",
	.failed = "Cannot pause %s: %s",
	.send = send_pause,
	.after_failure = after_failed_pause,
};

void
fleet_pause(struct fleet *f, const char *id, fleet_done *done, void *ctx)
{
	action_begin(action_new(f, &action_pause, id, done, ctx));
}

/* ---- resume */

static void
on_resumed(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct action *a = ctx;
	struct fleet *f = a->fleet;
	struct sandbox *s = action_row(a);

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

static void
send_resume(struct action *a)
{
	api_connect(a->fleet->api, a->id, a->seconds, on_resumed, a);
}

static void
after_failed_resume(struct action *a, const struct error *err)
{
	sessions_after_failed_resume(a->fleet, a->id, err);
}

static const struct action_type action_resume = {
	.meanwhile = SANDBOX_RESUMING,
	.did = "Resumed %s",
	.already = "%s was already running",
	.failed = "Cannot resume %s: %s",
	.send = send_resume,
	.after_failure = after_failed_resume,
};

void
fleet_resume(struct fleet *f, const char *id, int64_t ttl_s, fleet_done *done, void *ctx)
{
	struct action *a = action_new(f, &action_resume, id, done, ctx);

	a->seconds = ttl_s > 0 ? ttl_s : f->settings.ttl_s;
	action_begin(a);
}

/* ---- kill */

static void
on_killed(void *ctx, bool already, const struct error *err)
{
	struct action *a = ctx;
	struct sandbox *s = action_row(a);

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
send_kill(struct action *a)
{
	api_kill(a->fleet->api, a->id, on_killed, a);
}

static const struct action_type action_kill = {
	.meanwhile = SANDBOX_KILLING,
	.did = "Killed %s",
	.already = "%s was already gone",
	.failed = "Cannot kill %s: %s",
	.send = send_kill,
};

void
fleet_kill(struct fleet *f, const char *id, fleet_done *done, void *ctx)
{
	action_begin(action_new(f, &action_kill, id, done, ctx));
}
