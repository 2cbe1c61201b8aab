#include "fleet/internal.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"

void
fleet_redraw(struct fleet *f)
{
	if (f->events.changed)
		f->events.changed(f->ctx);
}

void
fleet_changed(struct fleet *f)
{
	f->model.revision++;
	fleet_redraw(f);
}

int64_t
fleet_now_ms(const struct fleet *f)
{
	(void)f;
	return clock_wall_ms();
}

uint64_t
fleet_tick(struct fleet *f)
{
	return ++f->ticks;
}

bool
fleet_is_offline(const struct fleet *f)
{
	return f->model.state == COLLECTION_FAILED;
}

/* ---- waiting */

uint64_t
fleet_timer_ms(const struct fleet *f, int64_t ms)
{
	return (uint64_t)MAX(ms * f->settings.second_ms / 1000, (int64_t)1);
}

uint64_t
fleet_backoff_ms(const struct fleet *f, const int *steps_ms, size_t count, int attempt)
{
	int step = steps_ms[MIN((size_t)MAX(attempt, 1), count) - 1];

	return fleet_timer_ms(f, step + (int)random_below((uint32_t)step / 4));
}

void
fleet_obey(struct fleet *f, const struct error *err)
{
	uint64_t wait_ms = fleet_timer_ms(f, (int64_t)err->retry_after_s * 1000);

	if (err->retry_after_s > 0)
		f->quiet_until_ms =
		    MAX(f->quiet_until_ms, loop_now_ms(f->loop) + wait_ms);
}

uint64_t
fleet_quiet_ms(const struct fleet *f)
{
	uint64_t now_ms = loop_now_ms(f->loop);

	return f->quiet_until_ms > now_ms ? f->quiet_until_ms - now_ms : 0;
}

/* ---- tickets */

struct ticket *
ticket_new(struct fleet *f, const char *id, read_over *over)
{
	struct ticket *t = xcalloc(1, sizeof *t);

	*t = (struct ticket){ f->tickets, f, xstrdup(id), fleet_tick(f), over };
	f->tickets = t;
	return t;
}

void
ticket_free(struct ticket *t)
{
	struct ticket **at = &t->fleet->tickets;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	free(t->id);
	free(t);
}

void
ticket_end(struct ticket *t, const struct error *err)
{
	if (t->over)
		t->over(t->fleet, t->id, err);
	ticket_free(t);
}

/* ---- the object */

/* Rows that are gone stay a minute, dimmed, with the reason. A clock that was set back
 * does not keep them for longer. */
static void
forget_gone(void *ctx)
{
	struct fleet *f = ctx;
	int64_t now_ms = fleet_now_ms(f);

	for (size_t i = f->model.count; i > 0; i--) {
		const struct sandbox *s = f->model.items[i - 1];
		if (s->state != SANDBOX_GONE ||
		    (now_ms >= s->gone_ms && now_ms - s->gone_ms < GONE_KEPT_MS))
			continue;
		model_remove(&f->model, s->id);
		fleet_changed(f);
	}
}

static void
copy_settings(struct fleet_settings *out, const struct fleet_settings *in)
{
	*out = *in;
	out->api_url = xstrdup(in->api_url);
	out->key = xstrdup(in->key);
	out->profile = xstrdup(in->profile);
	out->project = xstrdup(in->project);
	out->domain = xstrdup(in->domain);
	if (out->refresh_s <= 0)
		out->refresh_s = 5;
	if (out->ttl_s <= 0)
		out->ttl_s = 900;
	if (out->extend_s <= 0)
		out->extend_s = 900;
	if (out->second_ms <= 0)
		out->second_ms = 1000;
}

/* Settings borrow in the public type and own in ours. */
static void
free_text(const char *text)
{
	union {
		const char *borrowed;
		char *owned;
	} u = { .borrowed = text };

	free(u.owned);
}

struct fleet *
fleet_new(struct loop *loop, const struct fleet_settings *settings,
    const struct fleet_events *events, void *ctx)
{
	struct fleet *f = xcalloc(1, sizeof *f);

	f->loop = loop;
	f->events = *events;
	f->ctx = ctx;
	f->focused = true;
	copy_settings(&f->settings, settings);
	log_hide_secret(settings->key);
	model_init(&f->model);
	f->http =
	    http_new(loop, &(struct http_settings){ .user_agent = "sandtop/" VERSION });
	f->api = api_new(loop, f->http,
	    &(struct api_settings){ .url = f->settings.api_url,
		.key = f->settings.key,
		.backoff_ms = (int)fleet_timer_ms(f, 100) });
	sync_init(f);
	sampling_init(f);
	f->housekeeping = timer_new(loop, forget_gone, f);
	return f;
}

void
fleet_free(struct fleet *f)
{
	if (!f)
		return;
	assert(!f->sessions);
	loop_defer_cancel(f->loop, f->sessions_due);
	shells_clear(f);
	sampling_clear(f);
	sync_clear(f);
	timer_free(f->housekeeping);
	api_free(f->api);
	actions_clear(f);
	http_free(f->http);
	while (f->tickets)
		ticket_free(f->tickets);
	model_clear(&f->model);
	free_text(f->settings.api_url);
	free_text(f->settings.key);
	free_text(f->settings.profile);
	free_text(f->settings.project);
	free_text(f->settings.domain);
	free(f);
}

const struct model *
fleet_model(const struct fleet *f)
{
	return &f->model;
}

struct messages *
fleet_messages(struct fleet *f)
{
	return &f->messages;
}

const struct fleet_settings *
fleet_settings(const struct fleet *f)
{
	return &f->settings;
}

void
fleet_start(struct fleet *f)
{
	f->started = true;
	timer_start(f->housekeeping, fleet_timer_ms(f, 5000), fleet_timer_ms(f, 5000));
	sync_now(f, true);
}

void
fleet_refresh(struct fleet *f)
{
	if (!f->started)
		return;
	sync_now(f, true);
	sampling_now(f);
}

void
fleet_set_focused(struct fleet *f, bool focused)
{
	if (focused == f->focused)
		return;
	f->focused = focused;
	sync_set_rhythm(f);
	sampling_set_rhythm(f);
}

void
fleet_set_suspended(struct fleet *f, bool suspended)
{
	if (suspended == f->model.suspended)
		return;
	f->model.suspended = suspended;
	if (suspended)
		sync_stop(f);
	else
		fleet_refresh(f);
}

struct envd *
fleet_envd(struct fleet *f, const struct sandbox *s, const char *user)
{
	char *url = f->settings.envd_url(f->settings.url_ctx, s->id, s->domain);
	struct envd *envd = envd_new(f->loop, f->http,
	    &(struct envd_target){ .url = url,
		.sandbox_id = s->id,
		.token = s->token,
		.user = user,
		.version = s->envd_version,
		.backoff_ms = (int)fleet_timer_ms(f, 200) });

	free(url);
	return envd;
}
