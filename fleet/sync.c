/* sync - sweeps the list into the model and confirms what went missing. */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "fleet/internal.h"

static const int retry_steps_ms[] = { 1000, 2000, 4000, 8000, 16000, 30000 };

/* ---- confirming what a sweep did not see */

static void confirm_suspects(struct fleet *f);

/* A failure ends it for now: the next sweep finds again whom it does not see. */
static void
on_confirmed(struct fleet *f, const char *id, const struct error *err)
{
	struct sandbox *s = model_find(&f->model, id);

	f->sync.confirming--;
	if (s)
		s->suspect = false;
	fleet_obey(f, err);
	if (err->code == ERROR_NONE || err->code == ERROR_NOT_FOUND)
		confirm_suspects(f);
}

static void
confirm_suspects(struct fleet *f)
{
	if (f->model.suspended || fleet_quiet_ms(f) > 0)
		return;
	for (size_t i = 0; i < f->model.count && f->sync.confirming < READS_MAX; i++) {
		struct sandbox *s = f->model.items[i];
		if (!s->suspect || s->reading || s->state == SANDBOX_GONE)
			continue;
		f->sync.confirming++;
		fleet_read(f, s->id, on_confirmed);
	}
}

static bool
is_expected(const struct fleet *f, const struct sandbox *s)
{
	if (s->state == SANDBOX_PAUSED || s->state == SANDBOX_OTHER)
		return f->sync.with_paused;
	return s->state == SANDBOX_RUNNING;
}

/* Who was known before the sweep began, and was not in it. */
static void
suspect_missing(struct fleet *f)
{
	for (size_t i = 0; i < f->model.count; i++) {
		struct sandbox *s = f->model.items[i];
		if (is_expected(f, s))
			s->suspect =
			    s->seen_sweep != f->sync.sweep && s->known_at < f->sync.asked;
	}
	confirm_suspects(f);
}

/* ---- when the next one comes */

static void
schedule(struct fleet *f, uint64_t delay_ms)
{
	timer_start(f->sync.timer, MAX(delay_ms, fleet_quiet_ms(f)), 0);
}

static uint64_t
rhythm_ms(const struct fleet *f)
{
	return fleet_timer_ms(
	    f, f->focused ? (int64_t)f->settings.refresh_s * 1000 : SWEEP_IDLE_MS);
}

/* A refused key does not get better by asking again: the person has to. */
static bool
is_final(const struct error *err)
{
	return err->http_status == 401;
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
	fleet_obey(f, err);
	if (is_final(err))
		return;

	uint64_t delay_ms =
	    fleet_backoff_ms(f, retry_steps_ms, ARRAY_LEN(retry_steps_ms), m->failures);
	delay_ms = MAX(delay_ms, fleet_quiet_ms(f));
	m->retry_at_ms = now_ms + (int64_t)delay_ms;
	schedule(f, delay_ms);
}

static void
sweep_succeeded(struct fleet *f)
{
	struct model *m = &f->model;
	int64_t now_ms = fleet_now_ms(f);
	bool was_offline = m->state == COLLECTION_FAILED;

	if (was_offline && m->synced_ms)
		messages_add(&f->messages, now_ms, MESSAGE_INFO, "Connected again");
	m->state = COLLECTION_READY;
	m->failures = 0;
	m->retry_at_ms = 0;
	m->synced_ms = now_ms;
	if (f->sync.with_paused)
		f->sync.paused_ms = loop_now_ms(f->loop);
	if (!f->sync.has_total)
		m->total_running = -1;
	suspect_missing(f);
	schedule(f, rhythm_ms(f));
	if (was_offline) {
		sampling_now(f);
		sessions_online(f);
	}
}

/* ---- sweeps */

static void
on_page(void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running)
{
	struct fleet *f = ctx;

	(void)last;
	for (size_t i = 0; i < page->count; i++)
		fleet_take_news(f, &page->items[i], f->sync.asked, false)->seen_sweep =
		    f->sync.sweep;
	if (total_running >= 0) {
		f->model.total_running = total_running;
		f->sync.has_total = true;
	}
	f->sync.heard = true;
	f->model.loaded = (int64_t)f->model.count;
	if (f->model.synced_ms == 0)
		sampling_now(f);
	fleet_redraw(f);
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
	fleet_redraw(f);
}

static bool
is_paused_due(const struct fleet *f)
{
	return f->model.synced_ms == 0 || loop_now_ms(f->loop) - f->sync.paused_ms >=
					      fleet_timer_ms(f, PAUSED_EVERY_MS);
}

static void
sweep(struct fleet *f)
{
	f->sync.with_paused = f->sync.again || is_paused_due(f);
	f->sync.again = f->sync.has_total = f->sync.heard = false;
	f->sync.sweep++;
	f->sync.asked = fleet_tick(f);
	timer_stop(f->sync.timer);
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
	bool just_asked = f->sync.call && f->sync.with_paused && !f->sync.heard;

	if (f->model.suspended || just_asked)
		return;
	f->sync.again = f->sync.again || with_paused;
	if (f->sync.call)
		return;
	if (fleet_quiet_ms(f) > 0)
		schedule(f, 0);
	else
		sweep(f);
}

/* Who comes back wants to see what is, but does not hurry on what waits after a
 * failure. */
void
sync_set_rhythm(struct fleet *f)
{
	if (!f->started || f->model.suspended || f->sync.call || fleet_is_offline(f))
		return;
	if (f->focused)
		sync_now(f, false);
	else
		schedule(f, rhythm_ms(f));
}

void
sync_stop(struct fleet *f)
{
	if (f->sync.call)
		api_cancel(f->api, f->sync.call);
	f->sync.call = 0;
	timer_stop(f->sync.timer);
}

void
sync_init(struct fleet *f)
{
	f->sync.timer = timer_new(f->loop, on_sweep_due, f);
}

void
sync_clear(struct fleet *f)
{
	sync_stop(f);
	timer_free(f->sync.timer);
}
