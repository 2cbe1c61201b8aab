/*
 * sampling - figures into the model: batches for the rows on screen, the rest in
 * turn, the past once per row, and on a local host the sandbox in focus each second.
 */
#include "fleet/internal.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fleet/history.h"

enum { HISTORY_SPAN_S = 900, SECOND_MS = 1000, DETAIL_SAMPLES = 17280 };

/* ---- into the model */

static void
take_sample(struct sandbox *s, const struct rest_metric *m)
{
	struct sample sample = { .ts_s = m->ts_s,
		.cpu_count = m->cpu_count,
		.cpu_pct = (float)m->cpu_pct,
		.mem_used = m->mem_used,
		.mem_total = m->mem_total,
		.mem_cache = m->mem_cache,
		.disk_used = m->disk_used,
		.disk_total = m->disk_total };

	if (!s->history)
		s->history = history_new(HISTORY_SAMPLES);
	history_add(s->history, &sample);
	if (!s->has_sample || sample.ts_s >= s->sample.ts_s) {
		s->sample = sample;
		s->has_sample = true;
	}
}

/* ---- now, in batches */

static void
on_batch(void *ctx, const struct rest_metric_map *map, const struct error *err)
{
	struct fleet *f = ctx;

	f->sampling.batches--;
	if (err->code == ERROR_NOT_FOUND)
		f->sampling.no_batch = true;
	if (err->code != ERROR_NONE)
		return;
	for (size_t i = 0; i < map->count; i++) {
		struct sandbox *s = model_find(&f->model, map->items[i].id);
		if (s)
			take_sample(s, &map->items[i].metric);
	}
	fleet_changed(f);
}

static void
on_single(void *ctx, const struct rest_metric_list *list, const struct error *err)
{
	struct ticket *t = ctx;
	struct fleet *f = t->fleet;
	struct sandbox *s = model_find(&f->model, t->id);

	f->sampling.reading--;
	for (size_t i = 0; s && err->code == ERROR_NONE && i < list->count; i++)
		take_sample(s, &list->items[i]);
	ticket_free(t);
	fleet_changed(f);
}

static void
read_span(struct fleet *f, const char *id, int64_t span_s)
{
	int64_t now_s = fleet_now_ms(f) / 1000;

	f->sampling.reading++;
	api_metrics(f->api, id, now_s - span_s, now_s, on_single, ticket_new(f, id));
}

static bool
has_figures(const struct sandbox *s)
{
	return s && (s->state == SANDBOX_RUNNING || s->state == SANDBOX_PAUSING);
}

struct round {
	struct fleet *fleet;	    /* borrowed */
	const char *ids[BATCH_MAX]; /* borrowed */
	int count;
	int sent;
};

static void
round_flush(struct round *r)
{
	struct fleet *f = r->fleet;

	if (r->count == 0)
		return;
	if (f->sampling.no_batch) {
		for (int i = 0; i < r->count && f->sampling.reading < CONFIRM_MAX; i++)
			read_span(f, r->ids[i], 30);
	} else {
		f->sampling.batches++;
		api_metrics_batch(f->api, r->ids, r->count, on_batch, f);
	}
	r->count = 0;
	r->sent++;
}

static void
round_add(struct round *r, const struct sandbox *s)
{
	if (!has_figures(s))
		return;
	r->ids[r->count++] = s->id;
	if (r->count == BATCH_MAX)
		round_flush(r);
}

static bool
is_visible(const struct fleet *f, const char *id)
{
	return strlist_has(&f->sampling.visible, id);
}

/* Rows on screen every time, the others in turn so that totals stay true. */
static void
sample_round(struct fleet *f)
{
	struct round r = { .fleet = f };
	size_t count = f->model.count;

	for (size_t i = 0; i < f->sampling.visible.count; i++)
		round_add(&r, model_find(&f->model, f->sampling.visible.items[i]));
	for (size_t i = 0; i < count && r.sent < BATCHES_MAX; i++) {
		const struct sandbox *s = f->model.items[(f->sampling.turn + i) % count];
		if (i + 1 == count || r.sent + 1 == BATCHES_MAX)
			f->sampling.turn = (f->sampling.turn + i + 1) % count;
		if (!is_visible(f, s->id))
			round_add(&r, s);
	}
	round_flush(&r);
}

static bool
is_asleep(const struct fleet *f)
{
	return !f->started || f->model.suspended || fleet_is_offline(f);
}

/* ---- the past, once for each row that shows */

static void
read_history(struct fleet *f)
{
	for (size_t i = 0; i < f->sampling.visible.count; i++) {
		struct sandbox *s = model_find(&f->model, f->sampling.visible.items[i]);
		if (f->sampling.reading >= CONFIRM_MAX)
			return;
		if (!s || s->history_asked || !has_figures(s))
			continue;
		s->history_asked = true;
		read_span(f, s->id, HISTORY_SPAN_S);
	}
}

static void
on_sample_due(void *ctx)
{
	struct fleet *f = ctx;

	if (is_asleep(f))
		return;
	if (f->sampling.batches == 0)
		sample_round(f);
	read_history(f);
}

void
sampling_now(struct fleet *f)
{
	uint64_t every_ms = (uint64_t)f->settings.refresh_s * 1000;

	timer_start(f->sampling.timer, 0, f->focused ? every_ms : SWEEP_IDLE_MS);
}

void
fleet_set_visible(struct fleet *f, const char *const *ids, size_t count)
{
	bool is_new = count != f->sampling.visible.count;

	for (size_t i = 0; i < count && !is_new; i++)
		is_new = !str_eq(ids[i], f->sampling.visible.items[i]);
	if (!is_new)
		return;
	strlist_clear(&f->sampling.visible);
	for (size_t i = 0; i < count; i++)
		strlist_add(&f->sampling.visible, ids[i]);
	if (!is_asleep(f))
		read_history(f);
}

/* ---- the sandbox in focus */

static void
on_detail(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct ticket *t = ctx;
	struct fleet *f = t->fleet;

	f->sampling.detail_call = 0;
	if (err->code == ERROR_NONE)
		fleet_take_news(f, sandbox, t->asked_ms, true);
	else if (err->code == ERROR_NOT_FOUND)
		fleet_mark_gone(f, t->id, "not found any more: killed or timed out");
	ticket_free(t);
	fleet_changed(f);
}

void
fleet_want_detail(struct fleet *f, const char *id)
{
	const struct sandbox *s = model_find(&f->model, id);

	if (!s || s->has_detail || s->state == SANDBOX_GONE || f->sampling.detail_call)
		return;
	f->sampling.detail_call = api_get(f->api, id, on_detail, ticket_new(f, id));
}

static void
on_envd_metrics(void *ctx, const struct envd_metrics *m, const struct error *err)
{
	struct fleet *f = ctx;
	struct sandbox *s = model_find(&f->model, f->sampling.detail);

	f->sampling.envd_call = 0;
	if (err->code != ERROR_NONE || !s)
		return;
	take_sample(s, &(struct rest_metric){ .ts_s = m->ts_s,
			   .cpu_count = m->cpu_count,
			   .cpu_pct = m->cpu_used_pct,
			   .mem_used = m->mem_used,
			   .mem_total = m->mem_total,
			   .mem_cache = m->mem_cache,
			   .disk_used = m->disk_used,
			   .disk_total = m->disk_total });
	fleet_changed(f);
}

/* Law 1: only a sandbox that the control plane says runs, and whose end has not
 * passed, is spoken to. */
static void
on_second(void *ctx)
{
	struct fleet *f = ctx;
	const struct sandbox *s = model_find(&f->model, f->sampling.detail);

	if (is_asleep(f) || !s || !sandbox_is_running(s) || !s->has_detail ||
	    f->sampling.envd_call || sandbox_left_s(s, fleet_now_ms(f)) <= 0)
		return;
	if (!f->sampling.envd)
		f->sampling.envd = fleet_envd(f, s, NULL);
	f->sampling.envd_call = envd_metrics_get(f->sampling.envd, on_envd_metrics, f);
}

static void
forget_detail(struct fleet *f)
{
	struct sandbox *s = model_find(&f->model, f->sampling.detail);

	if (s && s->history)
		history_set_max(s->history, HISTORY_SAMPLES);
	timer_stop(f->sampling.second);
	envd_free(f->sampling.envd);
	f->sampling.envd = NULL;
	f->sampling.envd_call = 0;
	free(f->sampling.detail);
	f->sampling.detail = NULL;
	f->sampling.detail_span_s = 0;
}

void
fleet_set_detail(struct fleet *f, const char *id, int64_t span_s)
{
	bool same = str_eq(id, f->sampling.detail);

	if (same && span_s <= f->sampling.detail_span_s)
		return;
	if (!same)
		forget_detail(f);
	if (!id)
		return;
	if (!same)
		f->sampling.detail = xstrdup(id);
	f->sampling.detail_span_s = span_s;

	struct sandbox *s = model_find(&f->model, id);
	if (s) {
		if (!s->history)
			s->history = history_new(DETAIL_SAMPLES);
		history_set_max(s->history, DETAIL_SAMPLES);
		s->history_asked = true;
	}
	fleet_want_detail(f, id);
	read_span(f, id, span_s);
	if (f->settings.local_host)
		timer_start(f->sampling.second, 0, SECOND_MS);
}

void
sampling_init(struct fleet *f)
{
	f->sampling.timer = timer_new(f->loop, on_sample_due, f);
	f->sampling.second = timer_new(f->loop, on_second, f);
}

void
sampling_clear(struct fleet *f)
{
	forget_detail(f);
	timer_free(f->sampling.timer);
	timer_free(f->sampling.second);
	strlist_clear(&f->sampling.visible);
}
