#include "fleet/sandbox.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "fleet/history.h"

static const struct {
	const char *brief, *name;
} states[] = {
	[SANDBOX_RUNNING] = { "RUN", "running" },
	[SANDBOX_PAUSED] = { "PAUSED", "paused" },
	[SANDBOX_CREATING] = { "NEW", "creating" },
	[SANDBOX_PAUSING] = { "PAUSE~", "pausing" },
	[SANDBOX_RESUMING] = { "WAKE~", "resuming" },
	[SANDBOX_KILLING] = { "KILL~", "killing" },
	[SANDBOX_GONE] = { "GONE", "gone" },
	[SANDBOX_OTHER] = { "?", "unknown" },
};

const char *
sandbox_state_short(enum sandbox_state state)
{
	return states[state].brief;
}

const char *
sandbox_state_name(enum sandbox_state state)
{
	return states[state].name;
}

bool
sandbox_state_parse(const char *name, enum sandbox_state *out)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (str_eq_nocase(name, states[i].name) ||
		    str_eq_nocase(name, states[i].brief)) {
			*out = (enum sandbox_state)i;
			return true;
		}
	}
	return false;
}

void
sandbox_clear(struct sandbox *s)
{
	free(s->id);
	free(s->name);
	free(s->template_id);
	free(s->template_name);
	free(s->state_text);
	free(s->envd_version);
	pairs_clear(&s->metadata);
	free(s->domain);
	free(s->token);
	history_free(s->history);
	free(s->gone_reason);
	*s = (struct sandbox){ 0 };
}

const char *
sandbox_label(const struct sandbox *s)
{
	return s->name ? s->name : s->id;
}

int64_t
sandbox_left_s(const struct sandbox *s, int64_t now_ms)
{
	bool runs = s->state == SANDBOX_RUNNING || s->state == SANDBOX_PAUSING;

	if (!runs || s->end_ms == 0)
		return INT64_MIN;
	int64_t left_ms = s->end_ms - now_ms;
	return left_ms >= 0 ? left_ms / 1000 : -((-left_ms + 999) / 1000);
}

int64_t
sandbox_age_s(const struct sandbox *s, int64_t now_ms)
{
	if (s->started_ms == 0 || s->started_ms > now_ms + 60000)
		return -1;
	return MAX(0, now_ms - s->started_ms) / 1000;
}

bool
sandbox_is_stale(const struct sandbox *s, int64_t now_ms)
{
	return !s->has_sample || now_ms / 1000 - s->sample.ts_s >= 30;
}

bool
sandbox_is_running(const struct sandbox *s)
{
	return s->state == SANDBOX_RUNNING;
}
