/* news - what answers say about one sandbox, into the model, unless it is older than
 * what is known. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/internal.h"

/* All true when something is another thing now. */

static bool
set_text(char **slot, const char *value)
{
	if (str_is_empty(value))
		value = NULL;
	if (str_eq(*slot, value))
		return false;
	free(*slot);
	*slot = xstrdup(value);
	return true;
}

static bool
set_number(int64_t *slot, int64_t value)
{
	bool changed = *slot != value;

	*slot = value;
	return changed;
}

static bool
set_tristate(enum tristate *slot, enum rest_flag flag)
{
	static const enum tristate from[] = {
		[REST_UNSET] = UNKNOWN,
		[REST_NO] = NO,
		[REST_YES] = YES,
	};
	enum tristate value = from[flag];

	if (value == UNKNOWN || value == *slot)
		return false; /* not said this time */
	*slot = value;
	return true;
}

static bool
is_same_metadata(const struct pairs *kept, const struct pairs *news)
{
	size_t hidden = pairs_get(news, API_MARKER_KEY) != NULL;

	if (kept->count + hidden != news->count)
		return false;
	for (size_t i = 0; i < kept->count; i++)
		if (!str_eq(kept->items[i].value, pairs_get(news, kept->items[i].key)))
			return false;
	return true;
}

static bool
set_metadata(struct pairs *kept, const struct pairs *news)
{
	if (is_same_metadata(kept, news))
		return false;
	pairs_clear(kept);
	for (size_t i = 0; i < news->count; i++)
		if (!str_eq(news->items[i].key, API_MARKER_KEY))
			pairs_set(kept, news->items[i].key, news->items[i].value);
	return true;
}

/* ---- state */

static enum sandbox_state
state_from(enum rest_state state)
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

/* While an action of ours is under way it knows better. */
static bool
is_ours(const struct sandbox *s)
{
	switch (s->state) {
	case SANDBOX_CREATING:
	case SANDBOX_PAUSING:
	case SANDBOX_RESUMING:
	case SANDBOX_KILLING:
		return true;
	case SANDBOX_RUNNING:
	case SANDBOX_PAUSED:
	case SANDBOX_GONE:
	case SANDBOX_OTHER:
		return false;
	}
	return false;
}

/* Another run has other facts: they are asked for again. */
static bool
set_run(struct sandbox *s, const struct rest_sandbox *news, bool is_new, int64_t now_ms)
{
	enum sandbox_state state = state_from(news->state);
	bool other_state = s->state != state;
	bool changed = other_state;

	if (other_state && !is_new)
		s->changed_ms = now_ms;
	if (s->state == SANDBOX_GONE && other_state)
		set_text(&s->gone_reason, NULL);
	s->state = state;
	if (set_number(&s->started_ms, news->started_ms) || other_state) {
		s->has_detail = false;
		changed = true;
	}
	changed |= set_number(&s->end_ms, news->end_ms);
	changed |=
	    set_text(&s->state_text, state == SANDBOX_OTHER ? news->state_text : NULL);
	return changed;
}

static bool
set_facts(struct sandbox *s, const struct rest_sandbox *news)
{
	bool changed = s->cpu_count != news->cpu_count;

	s->cpu_count = news->cpu_count;
	changed |= set_number(&s->memory_mb, news->memory_mb);
	changed |= set_number(&s->disk_mb, news->disk_mb);
	changed |= set_text(&s->name, pairs_get(&news->metadata, "name"));
	changed |= set_text(&s->template_id, news->template_id);
	changed |= set_text(&s->template_name, news->alias);
	changed |= set_text(&s->envd_version, news->envd_version);
	changed |= set_metadata(&s->metadata, &news->metadata);
	return changed;
}

static bool
set_detail(struct sandbox *s, const struct rest_sandbox *news)
{
	bool changed = !s->has_detail;

	s->has_detail = true;
	log_hide_secret(news->envd_token);
	changed |= set_text(&s->token, news->envd_token);
	changed |= set_text(&s->domain, news->domain);
	changed |= set_tristate(&s->internet, news->internet);
	changed |= set_tristate(&s->auto_resume, news->auto_resume);
	changed |= set_tristate(&s->pause_on_timeout, news->pause_on_timeout);
	return changed;
}

struct sandbox *
fleet_take_news(
    struct fleet *f, const struct rest_sandbox *news, uint64_t asked, bool detail)
{
	struct sandbox *s = model_find(&f->model, news->id);
	int64_t now_ms = fleet_now_ms(f);
	bool changed = false, is_new = !s;

	if (is_new) {
		s = model_add(&f->model, news->id);
		s->first_seen_ms = now_ms;
		s->state = SANDBOX_OTHER;
		s->shells = sessions_count(f, news->id);
	}
	s->suspect = false;
	if (!is_ours(s) && asked >= s->known_at) {
		changed |= set_run(s, news, is_new, now_ms);
		s->known_at = asked;
	}
	changed |= set_facts(s, news);
	if (detail)
		changed |= set_detail(s, news);
	if (changed) {
		sessions_news(f, s);
		fleet_changed(f);
	}
	return s;
}

void
fleet_take_absence(struct fleet *f, const char *id, uint64_t asked)
{
	struct sandbox *s = model_find(&f->model, id);

	if (!s || asked < s->known_at || s->state == SANDBOX_CREATING ||
	    s->state == SANDBOX_KILLING)
		return;
	s->known_at = asked;
	fleet_mark_gone(f, s, "not found any more: killed or timed out");
}

void
fleet_set_state(struct fleet *f, struct sandbox *s, enum sandbox_state state)
{
	s->state = state;
	s->known_at = fleet_tick(f);
	s->changed_ms = s->acted_ms = fleet_now_ms(f);
	sessions_news(f, s);
	fleet_changed(f);
}

void
fleet_mark_gone(struct fleet *f, struct sandbox *s, const char *reason)
{
	if (s->state == SANDBOX_GONE)
		return;
	s->state = SANDBOX_GONE;
	s->gone_ms = s->changed_ms = fleet_now_ms(f);
	set_text(&s->gone_reason, reason);
	sessions_news(f, s);
	fleet_changed(f);
}

/* ---- reading one */

static void
on_read(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct ticket *t = ctx;
	struct fleet *f = t->fleet;
	struct sandbox *s = model_find(&f->model, t->id);

	if (s)
		s->reading = false;
	if (err->code == ERROR_NONE)
		fleet_take_news(f, sandbox, t->asked, true);
	else if (err->code == ERROR_NOT_FOUND)
		fleet_take_absence(f, t->id, t->asked);
	ticket_end(t, err);
}

void
fleet_read(struct fleet *f, const char *id, read_over *over)
{
	struct sandbox *s = model_find(&f->model, id);

	if (s)
		s->reading = true;
	api_get(f->api, id, on_read, ticket_new(f, id, over));
}

bool
fleet_may_attach(const struct fleet *f, const struct sandbox *s)
{
	int64_t left_ms = s->end_ms - fleet_now_ms(f);
	int64_t needed_ms = s->pause_on_timeout == NO ? 0 : CLOSE_BEFORE_PAUSE_MS;

	return s->state == SANDBOX_RUNNING && (s->end_ms == 0 || left_ms > needed_ms);
}
