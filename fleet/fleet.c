#include "fleet/internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

void
fleet_changed(struct fleet *f)
{
	f->model.revision++;
	if (f->events.changed)
		f->events.changed(f->ctx);
}

int64_t
fleet_now_ms(const struct fleet *f)
{
	(void)f;
	return clock_wall_ms();
}

bool
fleet_is_offline(const struct fleet *f)
{
	return f->model.state == COLLECTION_FAILED;
}

struct ticket *
ticket_new(struct fleet *f, const char *id)
{
	struct ticket *t = xcalloc(1, sizeof *t);

	*t = (struct ticket){ f->tickets, f, xstrdup(id), fleet_now_ms(f) };
	f->tickets = t;
	return t;
}

void
ticket_free(struct ticket *t)
{
	for (struct ticket **at = &t->fleet->tickets; *at; at = &(*at)->next) {
		if (*at != t)
			continue;
		*at = t->next;
		break;
	}
	free(t->id);
	free(t);
}

/* Rows that are gone stay a minute, dimmed, with the reason. */
static void
forget_gone(void *ctx)
{
	struct fleet *f = ctx;
	int64_t now_ms = fleet_now_ms(f);

	for (size_t i = f->model.count; i > 0; i--) {
		const struct sandbox *s = f->model.items[i - 1];
		if (s->state != SANDBOX_GONE || now_ms - s->gone_ms < GONE_KEPT_MS)
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
	    &(struct api_settings){ .url = f->settings.api_url, .key = f->settings.key });
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
	shells_clear(f);
	actions_clear(f);
	sampling_clear(f);
	sync_clear(f);
	timer_free(f->housekeeping);
	api_free(f->api);
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
	timer_start(f->housekeeping, 5000, 5000);
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
	bool came_back = focused && !f->focused;

	f->focused = focused;
	if (came_back && f->started)
		sync_now(f, false);
}

void
fleet_set_suspended(struct fleet *f, bool suspended)
{
	bool came_back = !suspended && f->model.suspended;

	f->model.suspended = suspended;
	if (came_back)
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
		.version = s->envd_version });

	free(url);
	return envd;
}
