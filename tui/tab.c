#include "tui/tab.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { AHEAD_MAX = 4096 };

struct tab {
	struct app *app; /* borrowed */
	struct tab_events events;
	void *ctx; /* borrowed */
	bool (*taken)(void *ctx, const char *sandbox_id, uint32_t pid);

	/* what was asked for; kept for a restart */
	char *sandbox_id, *user, *cwd; /* owned */
	struct pairs envs;
	bool wake;

	struct pane *pane;	 /* owned */
	struct session *session; /* owned; NULL: still looking */
	uint64_t search;	 /* fleet_shells() under way; 0: none */
	char *title;		 /* owned */
	char *label;		 /* owned */
	struct buf ahead;	 /* typed while the shell was opening */
	int64_t since_ms;
	int rows, cols;
};

static void open_session(struct tab *t, const struct shell_info *join);

static void
tab_changed(struct tab *t)
{
	t->events.changed(t->ctx, t);
}

/* ---- the pane's side */

static void
on_write(void *ctx, const char *bytes, size_t len)
{
	struct tab *t = ctx;

	/* Fingers are faster than shells: what is typed meanwhile is sent when it lives. */
	if (tab_state(t) == SESSION_OPENING)
		buf_add(&t->ahead, bytes, len);
	else if (t->session && !session_send(t->session, bytes, len))
		app_say(t->app, MESSAGE_WARNING, "Not sent: no shell reads here now");
}

static void
on_pane_changed(void *ctx)
{
	tab_changed(ctx);
}

static void
on_title(void *ctx, const char *title)
{
	struct tab *t = ctx;

	free(t->title);
	t->title = xstrdup(title);
	tab_changed(t);
}

static void
on_bell(void *ctx)
{
	struct tab *t = ctx;

	t->events.bell(t->ctx, t);
}

static void
on_clipboard(void *ctx, const char *bytes, size_t len)
{
	struct tab *t = ctx;

	t->events.clipboard(t->ctx, t, bytes, len);
}

static const struct pane_events pane_events = {
	.write = on_write,
	.changed = on_pane_changed,
	.title = on_title,
	.bell = on_bell,
	.clipboard = on_clipboard,
};

/* ---- the session's side */

static void
on_data(void *ctx, const char *bytes, size_t len)
{
	struct tab *t = ctx;

	pane_feed(t->pane, bytes, len);
}

static void
on_gap(void *ctx, int64_t from_ms, int64_t to_ms)
{
	struct tab *t = ctx;
	char from[16], to[16];

	clock_format_hms(from_ms, from, sizeof from);
	clock_format_hms(to_ms, to, sizeof to);
	char *note = xasprintf("-- %s .. %s: output was not seen --", from, to);
	pane_note(t->pane, note);
	free(note);
}

static void
on_state(void *ctx)
{
	struct tab *t = ctx;

	t->since_ms = app_now_ms(t->app);
	if (tab_state(t) == SESSION_LIVE && t->ahead.len > 0)
		session_send(t->session, t->ahead.data, t->ahead.len);
	buf_reset(&t->ahead);
	tab_changed(t);
	t->events.state(t->ctx, t);
}

static const struct session_events session_events = {
	.data = on_data,
	.state = on_state,
	.gap = on_gap,
};

/* ---- opening: one of ours that runs already, else a new one */

static const struct shell_info *
newest_of_ours(const struct tab *t, const struct shell_list *list)
{
	const struct shell_info *best = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct shell_info *shell = &list->items[i];
		if (!shell->ours || t->taken(t->ctx, t->sandbox_id, shell->pid))
			continue;
		if (!best || shell->started_ms > best->started_ms)
			best = shell;
	}
	return best;
}

static int
compare_started(const void *a, const void *b)
{
	const struct shell_info *const *x = a, *const *y = b;

	return ((*x)->started_ms > (*y)->started_ms) -
	       ((*x)->started_ms < (*y)->started_ms);
}

/* Like windows of a session that was left: all of them come back. */
static void
tell_others(struct tab *t, const struct shell_list *list, const struct shell_info *shown)
{
	const struct shell_info **others = xcalloc(list->count + 1, sizeof *others);
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct shell_info *shell = &list->items[i];
		if (shell != shown && shell->ours &&
		    !t->taken(t->ctx, t->sandbox_id, shell->pid))
			others[count++] = shell;
	}
	qsort(others, count, sizeof *others, compare_started);
	for (size_t i = 0; i < count; i++)
		t->events.another(t->ctx, t, others[i]);
	free(others);
}

static void
on_shells(void *ctx, const struct shell_list *list, const struct error *err)
{
	struct tab *t = ctx;
	const struct shell_info *newest = newest_of_ours(t, list);

	t->search = 0;
	/* What went wrong here goes wrong again in the session, which tells it. */
	open_session(t, err->code == ERROR_NONE ? newest : NULL);
	tab_changed(t);
	if (err->code == ERROR_NONE)
		tell_others(t, list, newest);
}

static void
open_session(struct tab *t, const struct shell_info *join)
{
	struct session_open open = { .sandbox_id = t->sandbox_id,
		.pid = join ? join->pid : 0,
		.tag = join ? join->tag : NULL,
		.user = t->user,
		.cwd = t->cwd,
		.envs = &t->envs,
		.wake = t->wake,
		.cols = t->cols,
		.rows = t->rows };

	t->since_ms = app_now_ms(t->app);
	t->session = session_open(app_fleet(t->app), &open, &session_events, t);
	t->wake = false;
}

static char *
label_of(struct app *app, const char *id)
{
	const struct sandbox *s = model_find(fleet_model(app_fleet(app)), id);

	return xstrdup(s ? sandbox_label(s) : id);
}

struct tab *
tab_new(struct app *app, const struct terminals_open *open,
    bool (*taken)(void *ctx, const char *sandbox_id, uint32_t pid),
    const struct tab_events *events, void *ctx)
{
	const struct app_options *o = app_settings(app);
	struct tab *t = xcalloc(1, sizeof *t);

	t->app = app;
	t->events = *events;
	t->ctx = ctx;
	t->taken = taken;
	t->sandbox_id = xstrdup(open->sandbox_id);
	t->user = xstrdup(open->user);
	t->cwd = xstrdup(open->cwd);
	if (open->envs)
		pairs_copy(&t->envs, open->envs);
	t->wake = open->wake;
	t->label = label_of(app, open->sandbox_id);
	t->title = xstrdup("");
	buf_init(&t->ahead, AHEAD_MAX);
	t->rows = 24;
	t->cols = 80;
	t->since_ms = app_now_ms(app);
	t->pane = pane_new(&(struct pane_options){ .rows = t->rows,
			       .cols = t->cols,
			       .scrollback_lines = o->scrollback_lines,
			       .scrollback_bytes = (size_t)o->scrollback_bytes,
			       .fg = 0xd8dee9 },
	    &pane_events, t);
	if (open->join || open->fresh || open->wake)
		open_session(t, open->join);
	else
		t->search = fleet_shells(app_fleet(app), t->sandbox_id, on_shells, t);
	return t;
}

void
tab_free(struct tab *t)
{
	if (!t)
		return;
	if (t->search)
		fleet_shells_cancel(app_fleet(t->app), t->search);
	session_free(t->session);
	pane_free(t->pane);
	buf_clear(&t->ahead);
	pairs_clear(&t->envs);
	free(t->sandbox_id);
	free(t->user);
	free(t->cwd);
	free(t->title);
	free(t->label);
	free(t);
}

/* ---- using it */

void
tab_resize(struct tab *t, int rows, int cols)
{
	rows = MAX(rows, 2);
	cols = MAX(cols, 2);
	if (rows == t->rows && cols == t->cols)
		return;
	t->rows = rows;
	t->cols = cols;
	pane_resize(t->pane, rows, cols);
	if (t->session)
		session_resize(t->session, cols, rows);
}

bool
tab_key(struct tab *t, struct key key)
{
	return pane_key(t->pane, key);
}

void
tab_paste(struct tab *t, const char *bytes, size_t len)
{
	pane_paste(t->pane, bytes, len);
}

void
tab_focus(struct tab *t, bool focused)
{
	pane_focus(t->pane, focused);
}

void
tab_again(struct tab *t)
{
	if (!t->session)
		return;
	switch (session_state(t->session)) {
	case SESSION_OPENING:
	case SESSION_RECONNECTING:
		session_retry(t->session);
		return;
	case SESSION_PAUSED:
		session_wake(t->session);
		return;
	case SESSION_EXITED:
	case SESSION_FAILED:
	case SESSION_GONE:
		session_free(t->session);
		t->session = NULL;
		pane_reset(t->pane);
		open_session(t, NULL);
		return;
	case SESSION_LIVE:
		return;
	}
}

void
tab_end_program(struct tab *t)
{
	if (t->session)
		session_signal(t->session, 9);
}

void
tab_redraw(struct tab *t)
{
	if (t->session)
		session_redraw(t->session);
}

/* ---- what it is */

const char *
tab_sandbox(const struct tab *t)
{
	return t->sandbox_id;
}

const char *
tab_label(const struct tab *t)
{
	return t->label;
}

const char *
tab_title(const struct tab *t)
{
	return t->title;
}

uint32_t
tab_pid(const struct tab *t)
{
	return t->session ? session_pid(t->session) : 0;
}

struct pane *
tab_pane(const struct tab *t)
{
	return t->pane;
}

enum session_state
tab_state(const struct tab *t)
{
	return t->session ? session_state(t->session) : SESSION_OPENING;
}

const struct session *
tab_session(const struct tab *t)
{
	return t->session;
}

int64_t
tab_since_ms(const struct tab *t)
{
	return t->since_ms;
}

bool
tab_has_program(const struct tab *t)
{
	enum session_state state = tab_state(t);

	return state == SESSION_LIVE || state == SESSION_RECONNECTING;
}
