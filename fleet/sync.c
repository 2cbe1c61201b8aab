/* sync - sweeps the list into the model and confirms what went missing. */
#include "fleet/internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "fleet/history.h"

/* ---- what one object says */

static void
set_text(char **slot, const char *value)
{
	if (str_eq(*slot, value))
		return;
	free(*slot);
	*slot = xstrdup(str_is_empty(value) ? NULL : value);
}

static enum tristate
tristate_from(enum rest_flag flag, enum tristate before)
{
	switch (flag) {
	case REST_UNSET:
		return before;
	case REST_NO:
		return NO;
	case REST_YES:
		return YES;
	}
	return before;
}

static enum sandbox_state
state_from(const struct rest_sandbox *news)
{
	switch (news->state) {
	case REST_STATE_RUNNING:
		return SANDBOX_RUNNING;
	case REST_STATE_PAUSED:
		return SANDBOX_PAUSED;
	case REST_STATE_OTHER:
		return SANDBOX_OTHER;
	}
	return SANDBOX_OTHER;
}

/* While an action of ours is under way, or was answered after the question that this
 * news answers was asked, the action knows better. */
static bool
may_set_state(const struct sandbox *s, int64_t asked_ms)
{
	switch (s->state) {
	case SANDBOX_CREATING:
	case SANDBOX_PAUSING:
	case SANDBOX_RESUMING:
	case SANDBOX_KILLING:
		return false;
	case SANDBOX_RUNNING:
	case SANDBOX_PAUSED:
	case SANDBOX_GONE:
	case SANDBOX_OTHER:
		return asked_ms >= s->acted_ms;
	}
	return true;
}

static void
set_state(struct sandbox *s, const struct rest_sandbox *news, bool is_new, int64_t now_ms)
{
	enum sandbox_state state = state_from(news);

	if (!is_new && s->state != state)
		s->changed_ms = now_ms;
	if (s->started_ms != news->started_ms || s->state != state)
		s->has_detail = false; /* another run: its facts are asked for again */
	s->state = state;
	s->started_ms = news->started_ms;
	s->end_ms = news->end_ms;
	set_text(&s->state_text, state == SANDBOX_OTHER ? news->state_text : NULL);
}

static void
set_facts(struct sandbox *s, const struct rest_sandbox *news)
{
	set_text(&s->name, pairs_get(&news->metadata, "name"));
	set_text(&s->template_id, news->template_id);
	set_text(&s->template_name, news->alias);
	set_text(&s->envd_version, news->envd_version);
	s->cpu_count = news->cpu_count;
	s->memory_mb = news->memory_mb;
	s->disk_mb = news->disk_mb;
	if (!pairs_eq(&s->metadata, &news->metadata)) {
		pairs_clear(&s->metadata);
		pairs_copy(&s->metadata, &news->metadata);
	}
}

struct sandbox *
fleet_take_news(
    struct fleet *f, const struct rest_sandbox *news, int64_t asked_ms, bool detail)
{
	struct sandbox *s = model_find(&f->model, news->id);
	int64_t now_ms = fleet_now_ms(f);
	bool is_new = !s;

	if (is_new) {
		s = model_add(&f->model, news->id);
		s->first_seen_ms = now_ms;
		s->state = SANDBOX_OTHER;
	}
	if (may_set_state(s, asked_ms))
		set_state(s, news, is_new, now_ms);
	set_facts(s, news);
	s->suspect = false;
	if (detail) {
		set_text(&s->token, news->envd_token);
		log_hide_secret(news->envd_token);
		set_text(&s->domain, news->domain);
		s->internet = tristate_from(news->internet, s->internet);
		s->auto_resume = tristate_from(news->auto_resume, s->auto_resume);
		s->pause_on_timeout =
		    tristate_from(news->pause_on_timeout, s->pause_on_timeout);
		s->has_detail = true;
	}
	sessions_news(f, s);
	return s;
}

void
fleet_mark_gone(struct fleet *f, const char *id, const char *reason)
{
	struct sandbox *s = model_find(&f->model, id);

	if (!s || s->state == SANDBOX_GONE)
		return;
	s->state = SANDBOX_GONE;
	s->gone_ms = s->changed_ms = fleet_now_ms(f);
	set_text(&s->gone_reason, reason);
	sessions_news(f, s);
	fleet_changed(f);
}

/* ---- confirming what a sweep did not see */

static void
on_confirmed(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct ticket *t = ctx;
	struct fleet *f = t->fleet;
	struct sandbox *s = model_find(&f->model, t->id);

	f->sync.confirming--;
	if (s)
		s->suspect = false;
	if (err->code == ERROR_NONE)
		fleet_take_news(f, sandbox, t->asked_ms, true);
	else if (err->code == ERROR_NOT_FOUND && s && may_set_state(s, t->asked_ms))
		fleet_mark_gone(f, t->id, "not found any more: killed or timed out");
	ticket_free(t);
	fleet_changed(f);
}

static void
confirm(struct fleet *f, struct sandbox *s)
{
	s->suspect = true;
	f->sync.confirming++;
	api_get(f->api, s->id, on_confirmed, ticket_new(f, s->id));
}

static bool
is_missing(const struct fleet *f, const struct sandbox *s)
{
	bool expected = s->state == SANDBOX_RUNNING || s->state == SANDBOX_OTHER ||
			(s->state == SANDBOX_PAUSED && f->sync.with_paused);

	return expected && !s->suspect && s->seen_sweep != f->sync.sweep &&
	       s->acted_ms < f->sync.started_ms && s->first_seen_ms < f->sync.started_ms;
}

static void
confirm_missing(struct fleet *f)
{
	for (size_t i = 0; i < f->model.count && f->sync.confirming < CONFIRM_MAX; i++)
		if (is_missing(f, f->model.items[i]))
			confirm(f, f->model.items[i]);
}

/* ---- sweeps */

static void
schedule(struct fleet *f, int64_t delay_ms)
{
	timer_start(f->sync.timer, (uint64_t)MAX(delay_ms, (int64_t)1), 0);
}

static int64_t
retry_delay_ms(const struct fleet *f, const struct error *err)
{
	static const int steps_s[] = { 1, 2, 4, 8, 16, 30 };
	int step = steps_s[MIN((size_t)f->model.failures, ARRAY_LEN(steps_s)) - 1];

	if (err->retry_after_s > 0)
		return (int64_t)err->retry_after_s * 1000;
	return (int64_t)step * 1000 + random_below(500);
}

static void
sweep_failed(struct fleet *f, const struct error *err)
{
	struct model *m = &f->model;
	int64_t now_ms = fleet_now_ms(f);

	if (m->state != COLLECTION_FAILED)
		m->since_ms = now_ms;
	m->state = COLLECTION_FAILED;
	m->error = *err;
	m->failures++;
	m->retry_at_ms = 0;
	/* A refused key does not get better by asking again. */
	if (err->code == ERROR_DENIED)
		return;
	int64_t delay_ms = retry_delay_ms(f, err);
	m->retry_at_ms = now_ms + delay_ms;
	schedule(f, delay_ms);
}

static void
sweep_succeeded(struct fleet *f)
{
	struct model *m = &f->model;
	int64_t now_ms = fleet_now_ms(f);

	if (m->state == COLLECTION_FAILED && m->synced_ms)
		messages_add(&f->messages, now_ms, MESSAGE_INFO, "Connected again");
	m->state = COLLECTION_READY;
	m->failures = 0;
	m->retry_at_ms = 0;
	m->synced_ms = now_ms;
	if (f->sync.with_paused)
		f->sync.paused_ms = now_ms;
	confirm_missing(f);
	schedule(f, f->focused ? (int64_t)f->settings.refresh_s * 1000 : SWEEP_IDLE_MS);
}

static void
on_page(void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running)
{
	struct fleet *f = ctx;
	bool first_load = f->model.synced_ms == 0;

	(void)last;
	for (size_t i = 0; i < page->count; i++) {
		struct sandbox *s =
		    fleet_take_news(f, &page->items[i], f->sync.started_ms, false);
		s->seen_sweep = f->sync.sweep;
	}
	if (total_running >= 0)
		f->model.total_running = total_running;
	f->model.loaded = (int64_t)f->model.count;
	if (first_load)
		sampling_now(f);
	fleet_changed(f);
}

static void
on_swept(void *ctx, const struct error *err)
{
	struct fleet *f = ctx;

	f->sync.call = 0;
	f->model.round_trip_ms = api_round_trip_ms(f->api);
	if (err->code == ERROR_NONE)
		sweep_succeeded(f);
	else
		sweep_failed(f, err);
	if (f->sync.again)
		schedule(f, 1);
	fleet_changed(f);
}

static void
sweep(struct fleet *f)
{
	int64_t now_ms = fleet_now_ms(f);
	bool due = now_ms - f->sync.paused_ms >= PAUSED_EVERY_MS;

	f->sync.with_paused = f->sync.again || due || f->model.synced_ms == 0;
	f->sync.again = false;
	f->sync.sweep++;
	f->sync.started_ms = now_ms;
	f->sync.call = api_list(f->api,
	    &(struct api_list_query){ .running = true, .paused = f->sync.with_paused },
	    on_page, on_swept, f);
}

static void
on_sweep_due(void *ctx)
{
	struct fleet *f = ctx;

	if (f->sync.call == 0 && !f->model.suspended)
		sweep(f);
}

void
sync_now(struct fleet *f, bool with_paused)
{
	f->sync.again = f->sync.again || with_paused;
	if (f->sync.call == 0 && !f->model.suspended)
		sweep(f);
}

void
sync_init(struct fleet *f)
{
	f->sync.timer = timer_new(f->loop, on_sweep_due, f);
}

void
sync_clear(struct fleet *f)
{
	timer_free(f->sync.timer);
	if (f->sync.call)
		api_cancel(f->api, f->sync.call);
}
