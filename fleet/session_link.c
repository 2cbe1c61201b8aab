/*
 * The way to the process: the control plane first, then List, Start or
 * Connect. The control plane is asked before the first envd request, after
 * every cut, and once the end has passed (law 1); what was running is joined
 * again by pid (law 6).
 */
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "fleet/session_internal.h"

enum {
	STEADY_MS = 10000, /* a stream that stood this long failed for a new reason */
	REDRAW_MS = 500,
	HELD_RETRY_MS = 1000,
	LOOKS_MAX = 2, /* for a start that nobody knows about, before the next one */
};

static const int retry_steps_ms[] = { 500, 1000, 2000, 4000, 8000, 30000 };

/* ---- letting go */

void
session_drop_envd(struct session *s)
{
	envd_stream_free(s->stream);
	envd_free(s->envd); /* cancels what else is under way */
	s->stream = NULL;
	s->envd = NULL;
	s->list_call = 0;
	s->live_ms = 0;
	timer_stop(s->redraw);
	if (s->lived && s->cut_ms == 0)
		s->cut_ms = fleet_now_ms(s->fleet);
}

void
session_drop_calls(struct session *s)
{
	session_drop_envd(s);
	api_cancel(s->fleet->api, s->get_call);
	s->get_call = 0;
	timer_stop(s->retry);
	timer_stop(s->end_timer);
	s->retry_at_ms = 0;
	s->waits_for_end = false;
}

/* ---- again, later */

void
session_on_retry(void *ctx)
{
	struct session *s = ctx;

	s->retry_at_ms = 0;
	session_ask(s);
}

static void
retry_later(struct session *s)
{
	uint64_t delay_ms = fleet_backoff_ms(
	    s->fleet, retry_steps_ms, ARRAY_LEN(retry_steps_ms), s->failures - 1);

	delay_ms = MAX(delay_ms, fleet_quiet_ms(s->fleet));

	s->retry_at_ms = fleet_now_ms(s->fleet) + (int64_t)delay_ms;
	timer_start(s->retry, delay_ms, 0);
}

static bool
was_steady(const struct session *s)
{
	struct fleet *f = s->fleet;

	return s->stream && s->live_ms &&
	       loop_now_ms(f->loop) - s->live_ms >= fleet_timer_ms(f, STEADY_MS);
}

/* The first cut is looked into at once; failures after it wait. What never came to life
 * fails, unless it may live without our knowing. */
void
session_cut(struct session *s, const struct error *err)
{
	if (was_steady(s))
		s->failures = 0;
	session_warn_of_doubt(s);
	session_drop_envd(s);
	if (s->pid == 0 && !s->unclear) {
		session_fail(s, err);
		return;
	}
	s->error = *err;
	session_enter(s, SESSION_RECONNECTING);
	if (err->http_status == 401)
		return; /* a refused key does not get better by asking again */
	fleet_obey(s->fleet, err);
	if (s->failures++ == 0 && fleet_quiet_ms(s->fleet) == 0)
		session_ask(s);
	else
		retry_later(s);
}

/* ---- the size */

/* A full-screen program that missed output is made to draw anew by one column away and
 * back: the same size again would tell it nothing. */
void
session_redraw_by_size(struct session *s)
{
	s->sent_cols = s->sent_rows = 0;
	envd_stream_resize(s->stream, s->cols > 2 ? s->cols - 1 : s->cols + 1, s->rows);
	timer_start(s->redraw, REDRAW_MS, 0);
}

static void
tell_size(struct session *s)
{
	s->sent_cols = s->cols;
	s->sent_rows = s->rows;
	envd_stream_resize(s->stream, s->cols, s->rows);
}

void
session_on_redraw_back(void *ctx)
{
	struct session *s = ctx;

	if (s->state == SESSION_LIVE && session_may_speak(s))
		tell_size(s);
}

static void
fit_size(struct session *s, bool redraw)
{
	bool differs = s->cols != s->sent_cols || s->rows != s->sent_rows;
	bool knew = s->sent_cols != 0;

	if (differs && knew)
		tell_size(s); /* that makes it draw, too */
	else if (redraw || !knew)
		session_redraw_by_size(s);
	else if (s->joining)
		tell_size(s); /* what was told last may not have arrived */
}

/* ---- the stream */

static void
on_started(void *ctx, uint32_t pid)
{
	struct session *s = ctx;
	struct fleet *f = s->fleet;
	int64_t from_ms = s->cut_ms;
	bool gap = from_ms != 0 && (s->offset < 0 || s->missed);

	s->pid = pid;
	s->lived = true;
	s->unclear = s->missed = false;
	s->cut_ms = 0;
	s->live_ms = loop_now_ms(f->loop);
	s->retry_at_ms = 0;
	s->error = (struct error){ 0 };
	session_enter(s, SESSION_LIVE);
	fit_size(s, gap);
	if (gap && s->events.gap)
		s->events.gap(s->ctx, from_ms, fleet_now_ms(f));
}

static void
on_data(void *ctx, enum process_stream stream, const char *bytes, size_t len)
{
	struct session *s = ctx;
	size_t known = (size_t)MIN(s->skip, (int64_t)len);

	(void)stream;
	s->skip -= (int64_t)known;
	if (s->offset >= 0)
		s->offset += (int64_t)(len - known);
	if (len > known && s->events.data)
		s->events.data(s->ctx, bytes + known, len - known);
}

static void
on_ended(void *ctx, const struct process_event *end)
{
	struct session *s = ctx;

	s->end = *end;
	s->end.data = NULL;
	session_enter(s, SESSION_EXITED);
}

static void
on_lost(void *ctx, bool refused, const struct connect_error *ce, const struct error *err)
{
	struct session *s = ctx;

	if (refused && s->joining && ce->code == CONNECT_NOT_FOUND) {
		/* it ended while nobody looked, and longer than its end is kept */
		session_enter(s, SESSION_EXITED);
	} else if (refused && !s->joining) {
		session_fail(s, err);
	} else {
		s->unclear = s->pid == 0;
		session_cut(s, err);
	}
}

/* What the server repeats begins where it says: behind where we stopped is a gap, before
 * it is known already. */
static void
on_replay_at(void *ctx, int64_t at)
{
	struct session *s = ctx;

	s->skip = at >= 0 && at < s->offset ? s->offset - at : 0;
	s->missed = at > s->offset;
	if (at < 0 || at > s->offset)
		s->offset = at;
}

static void
on_input_pending(void *ctx, size_t bytes)
{
	struct session *s = ctx;

	(void)bytes;
	fleet_redraw(s->fleet);
}

static void
on_input_failed(void *ctx, const struct error *err)
{
	struct session *s = ctx;

	messages_add(&s->fleet->messages, fleet_now_ms(s->fleet), MESSAGE_WARNING,
	    "%s: %s", s->sandbox_id, err->text);
	fleet_redraw(s->fleet);
}

static const struct envd_stream_events stream_events = {
	.started = on_started,
	.data = on_data,
	.ended = on_ended,
	.lost = on_lost,
	.input_pending = on_input_pending,
	.replay_at = on_replay_at,
	.input_failed = on_input_failed,
};

static void
start(struct session *s)
{
	s->start.cols = (uint32_t)s->cols;
	s->start.rows = (uint32_t)s->rows;
	s->sent_cols = s->cols;
	s->sent_rows = s->rows;
	s->offset = s->fleet->settings.local_host ? 0 : -1;
	s->unclear = s->joining = false;
	s->looks = 0;
	s->stream = envd_start(s->envd, &s->start, &stream_events, s);
}

static void
join(struct session *s)
{
	bool replays = s->fleet->settings.local_host;

	if (replays && !s->lived)
		s->offset = 0; /* whatever it still has */
	s->skip = 0;
	s->missed = false;
	s->joining = true;
	s->stream = envd_connect(s->envd, s->pid,
	    replays && s->offset >= 0 ? s->offset : -1, &stream_events, s);
}

/* ---- who runs: the tag is looked at first, because pids are used again */

static const struct process_info *
find_process(const struct session *s, const struct process_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct process_info *p = &list->items[i];
		if (s->pid ? p->pid == s->pid : str_eq(p->tag, s->tag))
			return p;
	}
	return NULL;
}

static void
end_as_recycled(struct session *s)
{
	error_set(&s->error, ERROR_NOT_FOUND,
	    "the process ended, and pid %u is another one now", s->pid);
	session_enter(s, s->lived ? SESSION_EXITED : SESSION_FAILED);
}

/* A start that was lost on its way may still arrive: it is looked for again after a
 * while before another one is sent, so that there are never two. */
static void
look_again(struct session *s)
{
	if (++s->looks >= LOOKS_MAX) {
		start(s);
		return;
	}
	session_drop_envd(s);
	s->failures = MAX(s->failures, 3); /* a second at least */
	retry_later(s);
}

static void
on_listed(void *ctx, const struct process_list *list, const struct error *err)
{
	struct session *s = ctx;
	const struct process_info *found = find_process(s, list);

	s->list_call = 0;
	if (err->code != ERROR_NONE) {
		session_cut(s, err);
		return;
	}
	if (s->pid == 0 && !found) {
		look_again(s);
		return;
	}
	if (found && !s->any_tag && !str_eq(found->tag, s->tag)) {
		end_as_recycled(s);
		return;
	}
	if (found && s->any_tag) {
		free(s->tag);
		s->tag = xstrdup(found->tag);
		s->any_tag = false;
	}
	if (found)
		s->pid = found->pid;
	join(s); /* not listed: for a while Connect still tells how it ended */
}

static void
speak(struct session *s, const struct sandbox *sandbox)
{
	s->envd = fleet_envd(s->fleet, sandbox, s->user);
	if (s->pid || s->unclear)
		s->list_call = envd_list(s->envd, on_listed, s);
	else
		start(s);
}

/* ---- the control plane first */

void
session_begin_wake(struct session *s)
{
	const struct sandbox *sandbox = model_find(&s->fleet->model, s->sandbox_id);
	bool under_way = sandbox && sandbox->state == SANDBOX_RESUMING;

	s->wake = false;
	s->waking = true;
	session_enter(s, SESSION_OPENING);
	if (!under_way)
		fleet_resume(s->fleet, s->sandbox_id, 0, NULL, NULL);
}

static void
flush_held(struct session *s)
{
	if (s->held.len == 0 || !session_may_speak(s))
		return;
	envd_stream_send(s->stream, PROCESS_INPUT_PTY, s->held.data, s->held.len);
	buf_reset(&s->held);
}

static void
on_running(struct session *s, const struct sandbox *sandbox)
{
	int64_t now_ms = fleet_now_ms(s->fleet);
	bool past = sandbox->end_ms != 0 && sandbox->end_ms <= now_ms;

	session_watch_end(s, sandbox);
	if (s->state == SESSION_LIVE)
		flush_held(s);
	else if (s->envd)
		return; /* on its way already */
	else if (past || fleet_may_attach(s->fleet, sandbox))
		speak(s, sandbox);
	else
		session_wait_for_end(s, sandbox);
}

static void
on_odd_state(struct session *s, const struct sandbox *sandbox)
{
	struct error err;

	error_set(&err, ERROR_CONFLICT, "the sandbox is %s",
	    sandbox->state_text ? sandbox->state_text
				: sandbox_state_name(sandbox->state));
	session_cut(s, &err);
}

/* The row, not the answer: it may know better by now (our own pause, for one). */
static void
go_on(struct session *s, const struct sandbox *sandbox)
{
	switch (sandbox->state) {
	case SANDBOX_RUNNING:
		on_running(s, sandbox);
		return;
	case SANDBOX_PAUSED:
		if (s->wake)
			session_begin_wake(s);
		else if (!s->waking)
			session_enter(s, SESSION_PAUSED);
		return;
	case SANDBOX_PAUSING:
		session_enter(s, SESSION_PAUSED);
		return;
	case SANDBOX_RESUMING:
		session_drop_envd(s);
		s->waking = true; /* told when it is over */
		session_enter_waiting(s);
		return;
	case SANDBOX_GONE:
		session_enter(s, SESSION_GONE);
		return;
	case SANDBOX_KILLING:
		if (s->state != SESSION_LIVE)
			on_odd_state(s, sandbox);
		return;
	case SANDBOX_CREATING:
	case SANDBOX_OTHER:
		on_odd_state(s, sandbox);
		return;
	}
}

/* A stream that lives is no worse for a question without an answer; what is held back
 * for it asks again. */
static void
ask_failed(struct session *s, const struct error *err)
{
	if (s->state != SESSION_LIVE)
		session_cut(s, err);
	else if (s->held.len > 0)
		timer_start(s->retry, fleet_timer_ms(s->fleet, HELD_RETRY_MS), 0);
}

static void
on_asked(void *ctx, const struct rest_sandbox *news, const struct error *err)
{
	struct session *s = ctx;
	struct fleet *f = s->fleet;

	s->get_call = 0;
	if (err->code == ERROR_NOT_FOUND) {
		fleet_take_absence(f, s->sandbox_id, s->asked);
		session_enter(s, SESSION_GONE);
	} else if (err->code != ERROR_NONE) {
		ask_failed(s, err);
	} else {
		go_on(s, fleet_take_news(f, news, s->asked, true));
	}
}

void
session_ask(struct session *s)
{
	if (s->get_call)
		return;
	s->asked = fleet_tick(s->fleet);
	s->get_call = api_get(s->fleet->api, s->sandbox_id, on_asked, s);
}
