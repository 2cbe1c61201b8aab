/* The owner's side of a session: opening, typing, asking how it is. */
#include "fleet/session.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "fleet/session_internal.h"

enum {
	HELD_MAX = 64 * 1024,
	UNSENT_MAX =
	    1024 * 1024, /* then nobody reads there: answers of the terminal too */
	EXIT_UNKNOWN = 255,
};

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

bool
session_is_connected(const struct session *s)
{
	return states[s->state].connected;
}

/* ---- states */

static void
on_tell(void *ctx)
{
	struct session *s = ctx;

	s->tell = 0;
	if (s->events.state)
		s->events.state(s->ctx);
}

/* What was typed and not sent is lost with the connection, and that is said. */
static void
drop_held(struct session *s)
{
	if (s->held.len > 0)
		messages_add(&s->fleet->messages, fleet_now_ms(s->fleet), MESSAGE_WARNING,
		    "%s: what was typed last was not sent", s->sandbox_id);
	buf_reset(&s->held);
}

void
session_warn_of_doubt(struct session *s)
{
	if (s->lived && s->stream && envd_stream_in_doubt(s->stream))
		messages_add(&s->fleet->messages, fleet_now_ms(s->fleet), MESSAGE_WARNING,
		    "%s: what was typed last may not have arrived", s->sandbox_id);
}

void
session_enter(struct session *s, enum session_state to)
{
	if (s->state == to)
		return;
	log_debug("session", "%s pid %u: %s -> %s", s->sandbox_id, s->pid,
	    states[s->state].name, states[to].name);
	if (s->state == SESSION_LIVE)
		drop_held(s);
	if (to != SESSION_EXITED)
		session_warn_of_doubt(s);
	s->state = to;
	if (!states[to].connected)
		session_drop_calls(s);
	if (s->tell == 0)
		s->tell = loop_defer(s->fleet->loop, on_tell, s);
}

void
session_enter_waiting(struct session *s)
{
	session_enter(s, s->pid || s->unclear ? SESSION_RECONNECTING : SESSION_OPENING);
}

void
session_fail(struct session *s, const struct error *err)
{
	s->error = *err;
	session_enter(s, SESSION_FAILED);
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

static void
count_shells(struct fleet *f, const char *sandbox_id)
{
	struct sandbox *s = model_find(&f->model, sandbox_id);

	if (s)
		s->shells = sessions_count(f, sandbox_id);
	f->model.revision++; /* the owner knows: it has just opened or closed it */
}

struct session *
session_open(struct fleet *f, const struct session_open *open,
    const struct session_events *events, void *ctx)
{
	struct session *s = xcalloc(1, sizeof *s);

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
	s->any_tag = open->pid != 0 && !open->tag;
	s->end.exit_code = EXIT_UNKNOWN;
	fill_start(&s->start, open);
	s->tag = xstrdup(open->pid ? open->tag : s->start.tag);
	buf_init(&s->held, HELD_MAX);
	s->retry = timer_new(f->loop, session_on_retry, s);
	s->end_timer = timer_new(f->loop, session_on_end_timer, s);
	s->redraw = timer_new(f->loop, session_on_redraw_back, s);
	s->next = f->sessions;
	f->sessions = s;
	count_shells(f, s->sandbox_id);
	session_ask(s);
	return s;
}

void
session_free(struct session *s)
{
	if (!s)
		return;

	struct fleet *f = s->fleet;
	struct session **at = &f->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	session_drop_calls(s);
	loop_defer_cancel(f->loop, s->tell);
	timer_free(s->retry);
	timer_free(s->end_timer);
	timer_free(s->redraw);
	process_start_clear(&s->start);
	buf_clear(&s->held);
	count_shells(f, s->sandbox_id);
	free(s->sandbox_id);
	free(s->user);
	free(s->tag);
	free(s);
}

/* ---- using it */

bool
session_may_speak(const struct session *s)
{
	int64_t now_ms = fleet_now_ms(s->fleet);

	return s->end_ms == 0 || now_ms < s->end_ms || now_ms < s->confirmed_until_ms;
}

static bool
hold(struct session *s, const char *bytes, size_t len)
{
	if (s->held.len + len > HELD_MAX)
		return false;
	buf_add(&s->held, bytes, len);
	session_ask(s);
	return true;
}

bool
session_send(struct session *s, const char *bytes, size_t len)
{
	if (s->state != SESSION_LIVE || !s->stream)
		return false;
	if (s->held.len > 0 || !session_may_speak(s))
		return hold(s, bytes, len);
	if (envd_stream_unsent(s->stream) > UNSENT_MAX)
		return false;
	envd_stream_send(s->stream, PROCESS_INPUT_PTY, bytes, len);
	return true;
}

/* The size that is not told now is told when the stream is there. */
void
session_resize(struct session *s, int cols, int rows)
{
	s->cols = MAX(cols, 2);
	s->rows = MAX(rows, 2);
	if (s->state != SESSION_LIVE || timer_is_active(s->redraw) ||
	    (s->cols == s->sent_cols && s->rows == s->sent_rows) || !session_may_speak(s))
		return;
	s->sent_cols = s->cols;
	s->sent_rows = s->rows;
	envd_stream_resize(s->stream, s->cols, s->rows);
}

void
session_redraw(struct session *s)
{
	if (s->state == SESSION_LIVE && session_may_speak(s))
		session_redraw_by_size(s);
}

void
session_retry(struct session *s)
{
	if (s->state == SESSION_PAUSED)
		session_enter_waiting(s);
	if (s->state != SESSION_RECONNECTING && s->state != SESSION_OPENING)
		return;
	if (s->envd || s->waking)
		return; /* it is on its way */
	timer_stop(s->retry);
	s->retry_at_ms = 0;
	s->failures = 0;
	session_ask(s);
}

void
session_wake(struct session *s)
{
	if (s->state == SESSION_PAUSED)
		session_begin_wake(s);
}

static void
say_signal_failed(struct session *s, const char *why)
{
	messages_add(&s->fleet->messages, fleet_now_ms(s->fleet), MESSAGE_WARNING,
	    "%s: the process was not signalled: %s", s->sandbox_id, why);
	fleet_redraw(s->fleet);
}

static void
on_signalled(void *ctx, const struct connect_error *ce, const struct error *err)
{
	(void)ce;
	if (err->code != ERROR_NONE)
		say_signal_failed(ctx, err->text);
}

void
session_signal(struct session *s, int signum)
{
	if (s->state == SESSION_LIVE && session_may_speak(s))
		envd_signal(s->envd, s->pid, signum, on_signalled, s);
	else
		say_signal_failed(s, "not connected; try again when it is");
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

bool
session_end_unseen(const struct session *s)
{
	return s->end.status[0] == '\0';
}

const char *
session_exit_text(const struct session *s)
{
	return session_end_unseen(s) ? "ended while nobody looked" : s->end.status;
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
	return s->held.len + (s->stream ? envd_stream_unsent(s->stream) : 0);
}

int64_t
session_retry_at_ms(const struct session *s)
{
	return s->retry_at_ms;
}
