/*
 * sampling - figures into the model: batches for the rows on screen, the rest in
 * turn, the past once per row, and on a local host the sandbox in focus each second.
 */
#include "fleet/internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "fleet/history.h"

enum {
	HISTORY_SPAN_S = 900,
	NOW_SPAN_S = 30, /* of a single read where the server has no batches */
	SECOND_MS = 1000,
	DETAIL_SAMPLES = 17280, /* a day of them */
	FUTURE_S = 60, /* a newest sample ahead of our clock by more stands in the way */
};

/* ---- into the model */

static size_t
samples_kept(const struct fleet *f, const struct sandbox *s)
{
	return str_eq(f->sampling.detail, s->id) ? DETAIL_SAMPLES : HISTORY_SAMPLES;
}

static void
take_sample(struct fleet *f, struct sandbox *s, const struct sample *sample)
{
	int64_t now_s = fleet_now_ms(f) / 1000;

	if (!s->history)
		s->history = history_new(samples_kept(f, s));
	history_add(s->history, sample);
	if (!s->has_sample || sample->ts_s >= s->sample.ts_s ||
	    s->sample.ts_s > now_s + FUTURE_S) {
		s->sample = *sample;
		s->has_sample = true;
	}
}

static void
take_metric(struct fleet *f, struct sandbox *s, const struct rest_metric *m)
{
	take_sample(f, s,
	    &(struct sample){ .ts_s = m->ts_s,
		.cpu_count = m->cpu_count,
		.cpu_pct = (float)m->cpu_pct,
		.mem_used = m->mem_used,
		.mem_total = m->mem_total,
		.mem_cache = m->mem_cache,
		.disk_used = m->disk_used,
		.disk_total = m->disk_total });
}

static bool
has_figures(const struct sandbox *s)
{
	return s->state == SANDBOX_RUNNING || s->state == SANDBOX_PAUSING;
}

static bool
is_asleep(const struct fleet *f)
{
	return !f->started || f->model.suspended || fleet_is_offline(f) ||
	       fleet_quiet_ms(f) > 0;
}

/* ---- whose turn it is: those on screen, then the others, each once per round */

static bool
takes_turn(struct fleet *f, struct sandbox *s)
{
	if (!s || !has_figures(s) || s->sampled_round == f->sampling.round)
		return false;
	s->sampled_round = f->sampling.round;
	return true;
}

static struct sandbox *
next_of_round(struct fleet *f)
{
	struct sampling *p = &f->sampling;

	while (p->visible_at < p->visible.count) {
		const char *id = p->visible.items[p->visible_at++];
		struct sandbox *s = model_find(&f->model, id);
		if (takes_turn(f, s))
			return s;
	}
	for (; p->others_left > 0 && f->model.count > 0; p->others_left--) {
		struct sandbox *s = f->model.items[p->turn++ % f->model.count];
		if (takes_turn(f, s))
			return s;
	}
	return NULL;
}

static void
begin_round(struct fleet *f)
{
	f->sampling.round++;
	f->sampling.visible_at = 0;
	f->sampling.others_left = f->sampling.no_batch
				      ? MIN(f->model.count, (size_t)BATCH_MAX)
				      : f->model.count;
}

/* ---- now, in batches */

static void
on_batch(void *ctx, const struct rest_metric_map *map, const struct error *err)
{
	struct fleet *f = ctx;

	f->sampling.batches--;
	fleet_obey(f, err);
	if (err->code == ERROR_NOT_FOUND)
		f->sampling.no_batch = true; /* the next round knows */
	if (err->code != ERROR_NONE)
		return;
	for (size_t i = 0; i < map->count; i++) {
		struct sandbox *s = model_find(&f->model, map->items[i].id);
		if (s)
			take_metric(f, s, &map->items[i].metric);
	}
	fleet_changed(f);
}

static bool
send_batch(struct fleet *f)
{
	const char *ids[BATCH_MAX]; /* borrowed */
	struct sandbox *s;
	int count = 0;

	while (count < BATCH_MAX && (s = next_of_round(f)))
		ids[count++] = s->id;
	if (count == 0)
		return false;
	f->sampling.batches++;
	api_metrics_batch(f->api, ids, count, on_batch, f);
	return count == BATCH_MAX;
}

static void
send_batches(struct fleet *f)
{
	for (int i = 0; i < BATCHES_MAX; i++)
		if (!send_batch(f))
			return;
}

/* ---- single reads: the past of what shows, and figures of now without batches */

static void read_more(struct fleet *f);

/* Of one that is gone nothing more is to be had; other failures wait for the next
 * round. */
static void
read_failed(struct fleet *f, const char *id, const struct error *err)
{
	struct sandbox *s = model_find(&f->model, id);

	fleet_obey(f, err);
	if (err->code == ERROR_NOT_FOUND)
		return;
	if (s)
		s->history_asked = false;
	if (str_eq(f->sampling.detail, id))
		f->sampling.detail_due = true;
}

static void
on_single(void *ctx, const struct rest_metric_list *list, const struct error *err)
{
	struct ticket *t = ctx;
	struct fleet *f = t->fleet;
	struct sandbox *s = model_find(&f->model, t->id);

	f->sampling.reading--;
	if (err->code != ERROR_NONE)
		read_failed(f, t->id, err);
	for (size_t i = 0; s && err->code == ERROR_NONE && i < list->count; i++)
		take_metric(f, s, &list->items[i]);
	if (err->code == ERROR_NONE) {
		fleet_changed(f);
		read_more(f);
	}
	ticket_free(t);
}

static void
read_span(struct fleet *f, const char *id, int64_t span_s)
{
	int64_t now_s = fleet_now_ms(f) / 1000;

	f->sampling.reading++;
	api_metrics(
	    f->api, id, now_s - span_s, now_s, on_single, ticket_new(f, id, NULL));
}

static struct sandbox *
next_without_past(struct fleet *f)
{
	for (size_t i = 0; i < f->sampling.visible.count; i++) {
		struct sandbox *s = model_find(&f->model, f->sampling.visible.items[i]);
		if (s && !s->history_asked && has_figures(s))
			return s;
	}
	return NULL;
}

static bool
read_next(struct fleet *f)
{
	struct sampling *p = &f->sampling;
	struct sandbox *s;

	if (p->detail && p->detail_due) {
		p->detail_due = false;
		read_span(f, p->detail, p->detail_span_s);
		return true;
	}
	s = next_without_past(f);
	if (s) {
		s->history_asked = true;
		read_span(f, s->id, HISTORY_SPAN_S);
		return true;
	}
	s = p->no_batch ? next_of_round(f) : NULL;
	if (s)
		read_span(f, s->id, NOW_SPAN_S);
	return s != NULL;
}

static void
read_more(struct fleet *f)
{
	while (!is_asleep(f) && f->sampling.reading < READS_MAX && read_next(f))
		;
}

/* ---- rounds */

static void
on_doubt_settled(struct fleet *f, const char *id, const struct error *err)
{
	fleet_obey(f, err);
	if (err->code == ERROR_NONE && str_eq(f->sampling.detail, id))
		f->sampling.envd_doubt = false;
}

static void
on_round(void *ctx)
{
	struct fleet *f = ctx;

	if (is_asleep(f))
		return;
	if (f->sampling.detail && f->sampling.envd_doubt)
		fleet_read(f, f->sampling.detail, on_doubt_settled);
	else if (f->sampling.detail)
		fleet_want_detail(f, f->sampling.detail);
	/* A slow server gets no second round on top of the first. */
	if (f->sampling.batches == 0)
		begin_round(f);
	if (f->sampling.batches == 0 && !f->sampling.no_batch)
		send_batches(f);
	read_more(f);
}

static uint64_t
rhythm_ms(const struct fleet *f)
{
	return fleet_timer_ms(
	    f, f->focused ? (int64_t)f->settings.refresh_s * 1000 : SWEEP_IDLE_MS);
}

void
sampling_now(struct fleet *f)
{
	timer_start(f->sampling.timer, 0, rhythm_ms(f));
}

void
sampling_set_rhythm(struct fleet *f)
{
	if (timer_is_active(f->sampling.timer))
		timer_start(
		    f->sampling.timer, f->focused ? 0 : rhythm_ms(f), rhythm_ms(f));
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
	f->sampling.visible_at = 0;
	read_more(f);
}

/* ---- the sandbox in focus */

static void
on_facts(struct fleet *f, const char *id, const struct error *err)
{
	(void)id;
	fleet_obey(f, err);
	fleet_redraw(f);
}

void
fleet_want_detail(struct fleet *f, const char *id)
{
	const struct sandbox *s = model_find(&f->model, id);

	if (s && !s->has_detail && !s->reading && s->state != SANDBOX_GONE &&
	    s->state != SANDBOX_CREATING)
		fleet_read(f, id, on_facts);
}

static void
drop_envd(struct fleet *f)
{
	envd_free(f->sampling.envd);
	f->sampling.envd = NULL;
	f->sampling.envd_call = 0;
}

static void
on_envd_metrics(void *ctx, const struct envd_metrics *m, const struct error *err)
{
	struct fleet *f = ctx;
	struct sandbox *s = model_find(&f->model, f->sampling.detail);

	f->sampling.envd_call = 0;
	if (err->code != ERROR_NONE) {
		int skip = 1 << MIN(f->sampling.envd_failures++, 5);
		f->sampling.envd_skip = skip;
		f->sampling.envd_doubt = true; /* who does not answer may sleep */
		drop_envd(f);
		return;
	}
	f->sampling.envd_failures = 0;
	if (!s)
		return;
	take_sample(f, s,
	    &(struct sample){ .ts_s = m->ts_s,
		.cpu_count = m->cpu_count,
		.cpu_pct = (float)m->cpu_used_pct,
		.mem_used = m->mem_used,
		.mem_total = m->mem_total,
		.mem_cache = m->mem_cache,
		.disk_used = m->disk_used,
		.disk_total = m->disk_total });
	fleet_changed(f);
}

/* Law 1: only one that runs as far as the control plane has said, and that a request
 * could not wake if it were paused meanwhile. After a failure the control plane is
 * asked again first. */
static void
on_second(void *ctx)
{
	struct fleet *f = ctx;
	const struct sandbox *s = model_find(&f->model, f->sampling.detail);

	if (is_asleep(f) || !s || !fleet_may_attach(f, s) || s->auto_resume == YES) {
		drop_envd(f);
		return;
	}
	if (f->sampling.envd_skip > 0) {
		f->sampling.envd_skip--;
		return;
	}
	if (!s->has_detail || f->sampling.envd_doubt || f->sampling.envd_call)
		return;
	if (!f->sampling.envd)
		f->sampling.envd = fleet_envd(f, s, NULL);
	f->sampling.envd_call = envd_metrics_get(f->sampling.envd, on_envd_metrics, f);
}

void
sampling_before_pause(struct fleet *f, const char *id)
{
	if (str_eq(f->sampling.detail, id))
		drop_envd(f);
}

static void
forget_detail(struct fleet *f)
{
	struct sandbox *s = model_find(&f->model, f->sampling.detail);

	if (s && s->history)
		history_set_max(s->history, HISTORY_SAMPLES);
	timer_stop(f->sampling.second);
	drop_envd(f);
	free(f->sampling.detail);
	f->sampling.detail = NULL;
	f->sampling.detail_span_s = 0;
	f->sampling.detail_due = f->sampling.envd_doubt = false;
	f->sampling.envd_failures = f->sampling.envd_skip = 0;
}

static void
begin_detail(struct fleet *f, const char *id)
{
	struct sandbox *s = model_find(&f->model, id);

	f->sampling.detail = xstrdup(id);
	if (s && s->history)
		history_set_max(s->history, DETAIL_SAMPLES);
	if (s)
		s->history_asked = true;
	if (f->settings.local_host)
		timer_start(f->sampling.second, 0, fleet_timer_ms(f, SECOND_MS));
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
		begin_detail(f, id);
	f->sampling.detail_span_s = span_s;
	f->sampling.detail_due = true;
	fleet_want_detail(f, id);
	read_more(f);
}

void
sampling_init(struct fleet *f)
{
	f->sampling.timer = timer_new(f->loop, on_round, f);
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
