/*
 * The end of a sandbox's time: later by the calls that cannot shorten,
 * whatever the clocks say and whoever else extends it; earlier only on
 * purpose.
 */
#include "base/compiler.h"
#include "fleet/actions_internal.h"

enum { REFRESH_MAX_S = 3600 };

static const struct action_type action_extend, action_set_left;

/* 204 says that it was heard; what came of it is in the model now. */
static void
on_new_end(struct fleet *f, const char *id, const struct error *err)
{
	struct action *a = action_sent(f, id);
	const struct sandbox *s = action_row(a);
	struct error none = { 0 };
	bool stayed = err->code == ERROR_NONE && s && s->end_ms <= a->end_before_ms;

	action_end(a,
	    a->type == &action_extend && stayed ? OUTCOME_ALREADY : OUTCOME_DONE, &none);
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
	else if (a->type == &action_set_left && a->seconds < left_s)
		error_set(
		    &err, ERROR_CONFLICT, "it ends later than that; shorten on purpose");
	if (err.code != ERROR_NONE)
		action_fail(a, &err);
	else
		raise_end(
		    a, a->type == &action_extend ? left_s + a->seconds : a->seconds);
}

static void
on_end_read(struct fleet *f, const char *id, const struct error *err)
{
	struct action *a = action_sent(f, id);
	const struct sandbox *s = action_row(a);

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
read_end(struct action *a)
{
	fleet_read(a->fleet, a->id, on_end_read);
}

static void
send_left(struct action *a)
{
	if (a->shorten)
		api_set_timeout(a->fleet->api, a->id, a->seconds, on_time_set, a);
	else
		read_end(a);
}

static const struct action_type action_extend = {
	.meanwhile = SANDBOX_OTHER,
	.did = "More time for %s",
	.already = "%s cannot end later: nothing changed",
	.failed = "Cannot extend %s: %s",
	.send = read_end,
};

static const struct action_type action_set_left = {
	.meanwhile = SANDBOX_OTHER,
	.did = "Time left of %s is set",
	.already = "%s: nothing changed",
	.failed = "Cannot set the time left of %s: %s",
	.send = send_left,
};

void
fleet_extend(struct fleet *f, const char *id, int64_t by_s, fleet_done *done, void *ctx)
{
	struct action *a = action_new(f, &action_extend, id, done, ctx);

	a->seconds = by_s > 0 ? by_s : f->settings.extend_s;
	action_begin(a);
}

void
fleet_set_left(struct fleet *f, const char *id, int64_t left_s, bool shorten,
    fleet_done *done, void *ctx)
{
	struct action *a = action_new(f, &action_set_left, id, done, ctx);

	a->seconds = left_s;
	a->shorten = shorten;
	action_begin(a);
}
