/*
 * session - a state machine over envd streams. The control plane is asked
 * before every first envd request, after every cut, and once the end has
 * passed (law 1); what was running is joined again by pid (law 6).
 */
#include "fleet/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "fleet/internal.h"

enum {
	CLOSE_BEFORE_PAUSE_MS = 3000, /* a stream frozen into a snapshot blocks viewers */
	CHECK_BEFORE_PAUSE_MS = 6000, /* the end is read again before that is done */
	REDRAW_MS = 500,
};

struct session {
	struct session *next; /* borrowed: the fleet's list */
	struct fleet *fleet;  /* borrowed */
	struct session_events events;
	void *ctx; /* borrowed */
	enum session_state state;
	struct error error;

	/* what was asked for */
	char *sandbox_id; /* owned */
	char *user;	  /* owned; NULL: default */
	struct process_start start;
	bool wake, verify_tag;
	int cols, rows;

	/* what is running */
	uint32_t pid; /* 0: not started yet */
	char *tag;    /* owned; NULL: none */
	bool lived;   /* was LIVE once */
	int64_t
	    offset; /* output bytes seen, where the server counts them; -1: it does not */
	struct process_event end;

	/* the connection */
	api_call get_call;
	struct envd *envd; /* owned */
	envd_call list_call;
	struct envd_stream *stream; /* owned */
	int64_t cut_ms;		    /* wall: when output stopped; 0: it did not */
	int64_t asked_end_ms;	    /* the end that the control plane last confirmed */
	int failures;
	int64_t retry_at_ms;	 /* wall; 0: no try is planned */
	struct timer *retry;	 /* owned */
	struct timer *end_timer; /* owned: before an automatic pause, and at the end */
	struct timer *redraw;	 /* owned: the way back of a resize */
};

static void session_ask(struct session *s);

static const struct {
	const char *name;
	bool connected; /* may hold envd calls */
} states[] = {
	[SESSION_OPENING] = { "OPENING", true },
	[SESSION_LIVE] = { "LIVE", true },
	[SESSION_RECONNECTING] = { "RECONNECTING", true },
	[SESSION_PAUSED] = { "PAUSED", false },
	[SESSION_GONE] = { "GONE", false },
	[SESSION_EXITED] = { "EXITED", false },
	[SESSION_FAILED] = { "FAILED", false },
};

const char *
session_state_name(enum session_state state)
{
	return states[state].name;
}

/* ---- letting go */

static void
drop_envd(struct session *s)
{
	envd_stream_free(s->stream);
	s->stream = NULL;
	if (s->list_call)
		envd_cancel(s->envd, s->list_call);
	s->list_call = 0;
	envd_free(s->envd);
	s->envd = NULL;
}

static void
drop_all_calls(struct session *s)
{
	drop_envd(s);
	if (s->get_call)
		api_cancel(s->fleet->api, s->get_call);
	s->get_call = 0;
	timer_stop(s->retry);
	timer_stop(s->redraw);
	s->retry_at_ms = 0;
}

static void
note_cut(struct session *s)
{
	if (s->lived && s->cut_ms == 0)
		s->cut_ms = fleet_now_ms(s->fleet);
}

/* The only place where a session changes state. The owner may free it in the call. */
static void
session_enter(struct session *s, enum session_state to)
{
	if (s->state == to)
		return;
	log_debug("session", "%s pid %u: %s -> %s", s->sandbox_id, s->pid,
	    states[s->state].name, states[to].name);
	s->state = to;
	if (!states[to].connected) {
		note_cut(s);
		drop_all_calls(s);
		timer_stop(s->end_timer);
	}
	if (s->events.state)
		s->events.state(s->ctx);
}

static void
session_fail(struct session *s, const struct error *err)
{
	s->error = *err;
	session_enter(s, SESSION_FAILED);
}

/* ---- again, later */

static void
on_retry(void *ctx)
{
	struct session *s = ctx;

	s->retry_at_ms = 0;
	session_ask(s);
}

static void
retry_later(struct session *s)
{
	static const int steps_ms[] = { 500, 1000, 2000, 4000, 8000, 30000 };
	int step = steps_ms[MIN((size_t)s->failures, ARRAY_LEN(steps_ms) - 1)];
	int delay_ms = step + (int)random_below((uint32_t)step / 4);

	s->failures++;
	s->retry_at_ms = fleet_now_ms(s->fleet) + delay_ms;
	timer_start(s->retry, (uint64_t)delay_ms, 0);
}

/* The first cut is looked into at once; only failures after it wait. */
static void
session_cut(struct session *s, const struct error *err)
{
	note_cut(s);
	drop_envd(s);
	s->error = *err;
	if (!s->lived && s->pid == 0) {
		session_fail(s, err);
		return;
	}
	session_enter(s, SESSION_RECONNECTING);
	if (s->state != SESSION_RECONNECTING)
		return;
	if (s->failures == 0) {
		s->failures = 1;
		session_ask(s);
	} else {
		retry_later(s);
	}
}

/* ---- the stream */

static void
on_started(void *ctx, uint32_t pid)
{
	struct session *s = ctx;
	int64_t from_ms = s->cut_ms, now_ms = fleet_now_ms(s->fleet);
	bool gap = from_ms != 0 && s->offset < 0;

	s->pid = pid;
	s->lived = true;
	s->failures = 0;
	s->cut_ms = 0;
	if (gap && s->events.gap)
		s->events.gap(s->ctx, from_ms, now_ms);
	session_enter(s, SESSION_LIVE);
}

static void
on_data(void *ctx, enum process_stream stream, const char *bytes, size_t len)
{
	struct session *s = ctx;

	(void)stream;
	if (s->offset >= 0)
		s->offset += (int64_t)len;
	if (s->events.data)
		s->events.data(s->ctx, bytes, len);
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

	/* A process that is not there any more ended while nobody looked. */
	if (refused && s->pid != 0 && ce->code == CONNECT_NOT_FOUND) {
		session_enter(s, SESSION_EXITED);
		return;
	}
	if (refused && s->pid == 0 && err->code != ERROR_OFFLINE) {
		session_fail(s, err);
		return;
	}
	session_cut(s, err);
}

/* What the server replays begins where it says; later than where we stopped is a gap. */
static void
on_replay_at(void *ctx, int64_t offset)
{
	struct session *s = ctx;

	if (offset < 0 || offset > s->offset)
		s->offset = offset < 0 ? -1 : s->offset;
	if (offset > s->offset && s->offset >= 0) {
		if (s->lived && s->events.gap)
			s->events.gap(s->ctx,
			    s->cut_ms ? s->cut_ms : fleet_now_ms(s->fleet),
			    fleet_now_ms(s->fleet));
		s->offset = offset;
	}
}

static const struct envd_stream_events stream_events = {
	.started = on_started,
	.data = on_data,
	.ended = on_ended,
	.lost = on_lost,
	.replay_at = on_replay_at,
};

/* A full-screen program that missed output is made to draw anew: by the size itself if
 * that differs, else by one column away and back. */
static void
on_redraw_back(void *ctx)
{
	struct session *s = ctx;

	if (s->stream)
		envd_stream_resize(s->stream, s->cols, s->rows);
}

static void
redraw_by_size(struct session *s)
{
	envd_stream_resize(s->stream, MAX(s->cols - 1, 2), s->rows);
	timer_start(s->redraw, REDRAW_MS, 0);
}

static void
join(struct session *s)
{
	bool replays = s->fleet->settings.local_host;
	bool continuous = replays && s->lived && s->offset >= 0;

	if (replays && s->offset < 0)
		s->offset = 0;
	s->stream =
	    envd_connect(s->envd, s->pid, replays ? s->offset : -1, &stream_events, s);
	if (!continuous)
		redraw_by_size(s);
}

/* ---- joining: the tag is verified first, because pids are used again */

static const struct process_info *
find_pid(const struct process_list *list, uint32_t pid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].pid == pid)
			return &list->items[i];
	return NULL;
}

static void
on_listed(void *ctx, const struct process_list *list, const struct error *err)
{
	struct session *s = ctx;

	s->list_call = 0;
	if (err->code != ERROR_NONE) {
		session_cut(s, err);
		return;
	}
	const struct process_info *info = find_pid(list, s->pid);
	if (info && s->verify_tag && !str_eq(info->tag, s->tag)) {
		struct error other = { 0 };
		error_set(&other, ERROR_NOT_FOUND,
		    "the process ended, and pid %u is another one now", s->pid);
		s->error = other;
		session_enter(s, s->lived ? SESSION_EXITED : SESSION_FAILED);
		return;
	}
	if (info && !s->tag)
		s->tag = xstrdup(info->tag);
	s->verify_tag = true;
	join(s); /* not listed: a late Connect still tells how it ended */
}

static void
speak(struct session *s, const struct sandbox *sandbox)
{
	drop_envd(s);
	s->envd = fleet_envd(s->fleet, sandbox, s->user);
	if (s->pid != 0) {
		s->list_call = envd_list(s->envd, on_listed, s);
		return;
	}
	s->start.cols = (uint32_t)s->cols;
	s->start.rows = (uint32_t)s->rows;
	s->offset = s->fleet->settings.local_host ? 0 : -1;
	s->stream = envd_start(s->envd, &s->start, &stream_events, s);
}

/* ---- the control plane first */

static void
watch_end(struct session *s, const struct sandbox *sandbox)
{
	int64_t now_ms = fleet_now_ms(s->fleet);
	int64_t lead_ms = sandbox->pause_on_timeout == NO ? 0 : CHECK_BEFORE_PAUSE_MS;

	s->asked_end_ms = sandbox->end_ms;
	if (sandbox->end_ms == 0)
		timer_stop(s->end_timer);
	else
		timer_start(s->end_timer,
		    (uint64_t)MAX(sandbox->end_ms - lead_ms - now_ms, (int64_t)0), 0);
}

static void
on_woken(void *ctx, const char *id, enum outcome outcome, const struct error *err)
{
	struct ticket *t = ctx;
	struct fleet *f = t->fleet;

	/* sessions_after_resume() has moved those that live; the ones that waited for
	 * this and saw it fail are told here. */
	for (struct session *s = f->sessions; s; s = s->next) {
		if (outcome == OUTCOME_FAILED && s->wake && s->state == SESSION_OPENING &&
		    str_eq(s->sandbox_id, id)) {
			session_fail(s, err);
			break;
		}
	}
	ticket_free(t);
}

static void
found_paused(struct session *s)
{
	if (!s->wake) {
		session_enter(s, SESSION_PAUSED);
		return;
	}
	fleet_resume(
	    s->fleet, s->sandbox_id, 0, on_woken, ticket_new(s->fleet, s->sandbox_id));
}

static void
on_asked(void *ctx, const struct rest_sandbox *news, const struct error *err)
{
	struct session *s = ctx;
	struct fleet *f = s->fleet;

	s->get_call = 0;
	if (err->code == ERROR_NOT_FOUND) {
		fleet_mark_gone(
		    f, s->sandbox_id, "not found any more: killed or timed out");
		session_enter(s, SESSION_GONE);
		return;
	}
	if (err->code != ERROR_NONE) {
		session_cut(s, err);
		return;
	}
	struct sandbox *sandbox = fleet_take_news(f, news, fleet_now_ms(f), true);
	fleet_changed(f);
	if (news->state == REST_STATE_PAUSED) {
		found_paused(s);
		return;
	}
	if (news->state != REST_STATE_RUNNING) {
		struct error odd = { 0 };
		error_set(&odd, ERROR_CONFLICT, "the sandbox is %s", news->state_text);
		session_cut(s, &odd);
		return;
	}
	watch_end(s, sandbox);
	if (!s->stream)
		speak(s, sandbox);
}

static void
session_ask(struct session *s)
{
	if (s->get_call == 0)
		s->get_call = api_get(s->fleet->api, s->sandbox_id, on_asked, s);
}

/* Near the end: first its end is read again (somebody may have extended it), then our
 * stream goes before the snapshot is taken, and comes back if it runs on. */
static void
on_end_near(void *ctx)
{
	struct session *s = ctx;
	const struct sandbox *sandbox = model_find(&s->fleet->model, s->sandbox_id);
	int64_t now_ms = fleet_now_ms(s->fleet);
	int64_t left_ms = sandbox ? sandbox->end_ms - now_ms : 0;

	if (!sandbox || sandbox->end_ms == 0)
		return;
	if (left_ms > CHECK_BEFORE_PAUSE_MS) {
		watch_end(s, sandbox);
		return;
	}
	if (sandbox->pause_on_timeout != NO && s->stream &&
	    left_ms <= CLOSE_BEFORE_PAUSE_MS) {
		note_cut(s);
		drop_envd(s);
		s->failures = 1;
		s->retry_at_ms = sandbox->end_ms + 1000;
		timer_start(
		    s->retry, (uint64_t)MAX(s->retry_at_ms - now_ms, (int64_t)1), 0);
		session_enter(s, SESSION_RECONNECTING);
		return;
	}
	if (left_ms > CLOSE_BEFORE_PAUSE_MS) {
		session_ask(s);
		timer_start(s->end_timer, (uint64_t)(left_ms - CLOSE_BEFORE_PAUSE_MS), 0);
	}
}

/* ---- what the rest of the fleet learns */

void
sessions_news(struct fleet *f, const struct sandbox *sandbox)
{
	struct session *next;

	for (struct session *s = f->sessions; s; s = next) {
		next = s->next;
		if (!str_eq(s->sandbox_id, sandbox->id) || !states[s->state].connected)
			continue;
		if (sandbox->state == SANDBOX_GONE)
			session_enter(s, SESSION_GONE);
		else if (s->stream && sandbox->state == SANDBOX_RUNNING &&
			 sandbox->end_ms > s->asked_end_ms)
			watch_end(s, sandbox);
	}
}

void
sessions_before_pause(struct fleet *f, const char *sandbox_id)
{
	struct session *next;

	for (struct session *s = f->sessions; s; s = next) {
		next = s->next;
		if (str_eq(s->sandbox_id, sandbox_id) && states[s->state].connected)
			session_enter(s, SESSION_PAUSED);
	}
}

static void
rejoin(struct fleet *f, const char *sandbox_id)
{
	struct session *next;

	for (struct session *s = f->sessions; s; s = next) {
		next = s->next;
		bool waits = s->state == SESSION_PAUSED ||
			     (s->state == SESSION_OPENING && s->wake);
		if (!waits || !str_eq(s->sandbox_id, sandbox_id))
			continue;
		s->failures = 0;
		s->wake = false;
		if (s->state == SESSION_PAUSED)
			session_enter(s, s->pid ? SESSION_RECONNECTING : SESSION_OPENING);
		session_ask(s);
	}
}

void
sessions_after_failed_pause(struct fleet *f, const char *sandbox_id)
{
	rejoin(f, sandbox_id);
}

void
sessions_after_resume(struct fleet *f, const char *sandbox_id)
{
	rejoin(f, sandbox_id);
}

/* ---- opening and closing */

static const struct {
	const char *name, *value;
} shell_envs[] = {
	{ "TERM", "xterm-256color" },
	{ "COLORTERM", "truecolor" },
	{ "LANG", "C.UTF-8" },
	{ "LC_ALL", "C.UTF-8" },
};

static char *
new_tag(void)
{
	char hex[9];

	random_hex(hex, 8);
	return xasprintf("sandtop/1/%s/%lld", hex, (long long)(clock_wall_ms() / 1000));
}

static void
fill_start(struct process_start *start, const struct session_open *open)
{
	start->config.cmd = xstrdup(open->cmd ? open->cmd : "/bin/bash");
	if (!open->cmd) {
		strlist_add(&start->config.args, "-i");
		strlist_add(&start->config.args, "-l");
	}
	for (size_t i = 0; open->args && i < open->args->count; i++)
		strlist_add(&start->config.args, open->args->items[i]);
	for (size_t i = 0; i < ARRAY_LEN(shell_envs); i++)
		pairs_set(&start->config.envs, shell_envs[i].name, shell_envs[i].value);
	for (size_t i = 0; open->envs && i < open->envs->count; i++)
		pairs_set(&start->config.envs, open->envs->items[i].key,
		    open->envs->items[i].value);
	start->config.cwd = xstrdup(open->cwd);
	start->has_pty = true;
	start->tag = open->new_tag ? xstrdup(open->new_tag) : new_tag();
}

struct session *
session_open(struct fleet *f, const struct session_open *open,
    const struct session_events *events, void *ctx)
{
	struct session *s = xcalloc(1, sizeof *s);
	struct sandbox *sandbox = model_find(&f->model, open->sandbox_id);

	s->fleet = f;
	s->events = *events;
	s->ctx = ctx;
	s->sandbox_id = xstrdup(open->sandbox_id);
	s->user = xstrdup(open->user);
	s->wake = open->wake;
	s->cols = MAX(open->cols, 2);
	s->rows = MAX(open->rows, 2);
	s->pid = open->pid;
	s->offset = -1;
	s->verify_tag = open->pid != 0 && open->tag != NULL;
	fill_start(&s->start, open);
	s->tag = xstrdup(open->pid ? open->tag : s->start.tag);
	s->retry = timer_new(f->loop, on_retry, s);
	s->end_timer = timer_new(f->loop, on_end_near, s);
	s->redraw = timer_new(f->loop, on_redraw_back, s);
	s->next = f->sessions;
	f->sessions = s;
	if (sandbox)
		sandbox->shells++;
	session_ask(s);
	return s;
}

void
session_free(struct session *s)
{
	if (!s)
		return;
	struct sandbox *sandbox = model_find(&s->fleet->model, s->sandbox_id);

	if (sandbox)
		sandbox->shells--;
	for (struct session **at = &s->fleet->sessions; *at; at = &(*at)->next) {
		if (*at != s)
			continue;
		*at = s->next;
		break;
	}
	drop_all_calls(s);
	timer_free(s->retry);
	timer_free(s->end_timer);
	timer_free(s->redraw);
	process_start_clear(&s->start);
	free(s->sandbox_id);
	free(s->user);
	free(s->tag);
	free(s);
}

/* Once the end has passed the control plane must say `running` before the next word. */
static bool
may_speak(const struct session *s)
{
	return s->asked_end_ms == 0 || fleet_now_ms(s->fleet) < s->asked_end_ms;
}

void
session_send(struct session *s, const char *bytes, size_t len)
{
	if (s->state != SESSION_LIVE || !s->stream)
		return;
	if (!may_speak(s)) {
		session_ask(s);
		return;
	}
	envd_stream_send(s->stream, PROCESS_INPUT_PTY, bytes, len);
}

void
session_resize(struct session *s, int cols, int rows)
{
	if (cols == s->cols && rows == s->rows)
		return;
	s->cols = MAX(cols, 2);
	s->rows = MAX(rows, 2);
	if (s->stream && !timer_is_active(s->redraw) && may_speak(s))
		envd_stream_resize(s->stream, s->cols, s->rows);
}

void
session_redraw(struct session *s)
{
	if (s->stream && may_speak(s))
		redraw_by_size(s);
}

void
session_retry(struct session *s)
{
	if (s->state == SESSION_PAUSED)
		session_enter(s, s->pid ? SESSION_RECONNECTING : SESSION_OPENING);
	if (s->state != SESSION_RECONNECTING && s->state != SESSION_OPENING)
		return;
	timer_stop(s->retry);
	s->retry_at_ms = 0;
	s->failures = 0;
	session_ask(s);
}

void
session_wake(struct session *s)
{
	if (s->state != SESSION_PAUSED)
		return;
	s->wake = true;
	session_enter(s, SESSION_OPENING);
	found_paused(s);
}

static void
on_signalled(void *ctx, const struct connect_error *ce, const struct error *err)
{
	(void)ctx;
	(void)ce;
	if (err->code != ERROR_NONE)
		log_warn("session", "signal: %s", err->text);
}

void
session_signal(struct session *s, int signum)
{
	if (s->state == SESSION_LIVE && s->envd && may_speak(s))
		envd_signal(s->envd, s->pid, signum, on_signalled, s);
}

/* ---- what it is */

enum session_state
session_state(const struct session *s)
{
	return s->state;
}

const struct error *
session_error(const struct session *s)
{
	return &s->error;
}

const char *
session_sandbox(const struct session *s)
{
	return s->sandbox_id;
}

uint32_t
session_pid(const struct session *s)
{
	return s->pid;
}

const char *
session_tag(const struct session *s)
{
	return s->tag ? s->tag : "";
}

const char *
session_exit_text(const struct session *s)
{
	return s->end.status[0] ? s->end.status : "ended while nobody looked";
}

int
session_exit_code(const struct session *s)
{
	return s->end.exit_code;
}

int
session_lag_ms(const struct session *s)
{
	return s->stream ? envd_stream_lag_ms(s->stream) : -1;
}

size_t
session_unsent(const struct session *s)
{
	return s->stream ? envd_stream_unsent(s->stream) : 0;
}

int64_t
session_retry_at_ms(const struct session *s)
{
	return s->retry_at_ms;
}
