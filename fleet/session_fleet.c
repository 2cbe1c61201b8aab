/*
 * What the rest of the fleet and the clock bring about: our pause, a resume,
 * news of the sandbox, the end of its time.
 *
 * Where the end means an automatic pause, or may mean one, a stream must not
 * be attached when it comes: shortly before it the end is read again, for
 * somebody may have moved it, then the stream is closed, and after it the
 * control plane says whether to come back.
 */
#include "base/compiler.h"
#include "base/mem.h"
#include "fleet/session_internal.h"

enum {
	CHECK_BEFORE_PAUSE_MS = 6000,
	ASK_AFTER_END_MS = 1000,
	TICK_MAX_MS = 30000, /* wall time may jump: it is looked at that often */
	CONFIRMED_MS = 2000,
};

/* ---- the end */

static bool
may_pause_itself(const struct sandbox *sandbox)
{
	return sandbox->pause_on_timeout != NO;
}

/* When to look at the end next. */
static int64_t
next_look_ms(const struct session *s, const struct sandbox *sandbox)
{
	if (s->waits_for_end)
		return s->end_ms + ASK_AFTER_END_MS;
	if (!may_pause_itself(sandbox))
		return s->end_ms;
	return s->end_ms - (s->checked_end_ms == s->end_ms ? CLOSE_BEFORE_PAUSE_MS
							   : CHECK_BEFORE_PAUSE_MS);
}

static void
schedule(struct session *s, const struct sandbox *sandbox)
{
	int64_t wait_ms = next_look_ms(s, sandbox) - fleet_now_ms(s->fleet);
	int64_t longest_ms = (int64_t)fleet_timer_ms(s->fleet, TICK_MAX_MS);

	if (s->end_ms == 0 || (wait_ms <= 0 && !s->waits_for_end))
		timer_stop(s->end_timer);
	else
		timer_start(
		    s->end_timer, (uint64_t)CLAMP(wait_ms, (int64_t)1, longest_ms), 0);
}

void
session_watch_end(struct session *s, const struct sandbox *sandbox)
{
	s->end_ms = sandbox->end_ms;
	s->waits_for_end = false;
	s->confirmed_until_ms = fleet_now_ms(s->fleet) + CONFIRMED_MS;
	schedule(s, sandbox);
}

void
session_wait_for_end(struct session *s, const struct sandbox *sandbox)
{
	session_drop_envd(s);
	s->waits_for_end = true;
	s->retry_at_ms = s->end_ms + ASK_AFTER_END_MS;
	session_enter_waiting(s);
	schedule(s, sandbox);
}

static void
look_at_end(struct session *s, const struct sandbox *sandbox)
{
	int64_t left_ms = s->end_ms - fleet_now_ms(s->fleet);

	if (s->waits_for_end && left_ms <= -ASK_AFTER_END_MS) {
		s->waits_for_end = false;
		s->retry_at_ms = 0;
		session_ask(s);
		return;
	}
	if (s->stream && may_pause_itself(sandbox) && left_ms > 0) {
		if (left_ms <= CLOSE_BEFORE_PAUSE_MS) {
			session_wait_for_end(s, sandbox);
			return;
		}
		if (left_ms <= CHECK_BEFORE_PAUSE_MS && s->checked_end_ms != s->end_ms) {
			s->checked_end_ms = s->end_ms;
			session_ask(s);
		}
	}
	schedule(s, sandbox);
}

void
session_on_end_timer(void *ctx)
{
	struct session *s = ctx;
	const struct sandbox *sandbox = model_find(&s->fleet->model, s->sandbox_id);

	if (sandbox)
		look_at_end(s, sandbox);
	else
		session_ask(s);
}

/* ---- news */

int
sessions_count(const struct fleet *f, const char *sandbox_id)
{
	int count = 0;

	for (const struct session *s = f->sessions; s; s = s->next)
		count += str_eq(s->sandbox_id, sandbox_id);
	return count;
}

static void
take_gone(struct session *s)
{
	if (session_is_connected(s) || s->state == SESSION_PAUSED)
		session_enter(s, SESSION_GONE);
}

/* Paused by somebody else: not one more word to it. */
static void
take_paused(struct session *s)
{
	bool at_it =
	    s->envd || s->state == SESSION_LIVE || s->state == SESSION_RECONNECTING;

	if (at_it && !s->waking)
		session_enter(s, SESSION_PAUSED);
}

/* Resumed, or given more time, by somebody else. */
static void
take_running(struct session *s, const struct sandbox *sandbox)
{
	bool later = sandbox->end_ms > s->end_ms;

	if (s->state == SESSION_PAUSED || (s->waits_for_end && later)) {
		s->waits_for_end = false;
		session_enter_waiting(s);
		session_ask(s);
	} else if (s->stream && sandbox->end_ms != s->end_ms) {
		s->end_ms = sandbox->end_ms;
		schedule(s, sandbox);
	}
}

static void
take_news(struct session *s, const struct sandbox *sandbox)
{
	switch (sandbox->state) {
	case SANDBOX_GONE:
		take_gone(s);
		return;
	case SANDBOX_PAUSED:
		take_paused(s);
		return;
	case SANDBOX_RUNNING:
		take_running(s, sandbox);
		return;
	case SANDBOX_CREATING:
	case SANDBOX_PAUSING:
	case SANDBOX_RESUMING:
	case SANDBOX_KILLING:
	case SANDBOX_OTHER:
		return;
	}
}

static void
on_news(void *ctx)
{
	struct fleet *f = ctx;

	f->sessions_due = 0;
	for (struct session *s = f->sessions; s; s = s->next) {
		const struct sandbox *sandbox = model_find(&f->model, s->sandbox_id);
		if (sandbox)
			take_news(s, sandbox);
	}
}

/* Looked at when what brings the news is over. */
void
sessions_news(struct fleet *f, const struct sandbox *sandbox)
{
	if (f->sessions_due == 0 && sessions_count(f, sandbox->id) > 0)
		f->sessions_due = loop_defer(f->loop, on_news, f);
}

void
sessions_online(struct fleet *f)
{
	for (struct session *s = f->sessions; s; s = s->next)
		if (s->state == SESSION_RECONNECTING && !s->waits_for_end)
			session_retry(s);
}

/* ---- our own pause and resume */

void
sessions_before_pause(struct fleet *f, const char *sandbox_id)
{
	for (struct session *s = f->sessions; s; s = s->next) {
		if (!str_eq(s->sandbox_id, sandbox_id) || !session_is_connected(s))
			continue;
		s->wake = s->waking = false;
		session_enter(s, SESSION_PAUSED);
	}
}

static void
come_back(struct fleet *f, const char *sandbox_id)
{
	for (struct session *s = f->sessions; s; s = s->next) {
		if (!str_eq(s->sandbox_id, sandbox_id) ||
		    (s->state != SESSION_PAUSED && !s->waking))
			continue;
		s->failures = 0;
		s->waking = false;
		session_enter_waiting(s);
		session_ask(s);
	}
}

void
sessions_after_failed_pause(struct fleet *f, const char *sandbox_id)
{
	come_back(f, sandbox_id);
}

void
sessions_after_resume(struct fleet *f, const char *sandbox_id)
{
	come_back(f, sandbox_id);
}

void
sessions_after_failed_resume(
    struct fleet *f, const char *sandbox_id, const struct error *err)
{
	for (struct session *s = f->sessions; s; s = s->next) {
		if (!str_eq(s->sandbox_id, sandbox_id) || !s->waking)
			continue;
		s->waking = false;
		s->error = *err;
		session_enter(s, s->pid || s->unclear ? SESSION_PAUSED : SESSION_FAILED);
	}
}
