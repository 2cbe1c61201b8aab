#include "tui/view_terminals.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/clipboard.h"
#include "tui/dialog.h"
#include "tui/tab.h"
#include "tui/tab_bar.h"
#include "tui/tab_draw.h"

enum { TABS_MAX = 64, WHEEL_ROWS = 3 };

struct terminals {
	struct app *app;		    /* borrowed */
	struct tab_entry entries[TABS_MAX]; /* their tabs are owned */
	size_t count;
	size_t current, last;
	bool only; /* the program ends with its last tab; one needs no bar */
	bool told; /* how to leave was said once */
	int bar_rows, cols;
	bool shown; /* nothing lies over it */
	struct clipboard clipboard;
	/* a question that is open */
	char *asked;		      /* owned: sandbox id */
	struct terminals_open waking; /* texts owned below */
	struct pairs waking_envs;
	char *waking_user, *waking_cwd; /* owned */
};

/* ---- tabs */

static struct tab_entry *
current_entry(struct terminals *v)
{
	return v->count ? &v->entries[v->current] : NULL;
}

static size_t
index_of(const struct terminals *v, const struct tab *t)
{
	size_t i = 0;

	while (i < v->count && v->entries[i].tab != t)
		i++;
	return i;
}

static void
select_tab(struct terminals *v, size_t index)
{
	if (index >= v->count)
		return;
	if (index != v->current) {
		tab_focus(v->entries[v->current].tab, false);
		v->last = v->current;
	}
	v->current = index;
	v->entries[index].bell = false;
	tab_focus(v->entries[index].tab, true);
	app_dirty(v->app);
}

/* What `sandtop shell` ends with when it is left: a shell that runs on is success. */
static int
exit_code(const struct terminals *v)
{
	enum { OUR_FAILURE = 125 };

	if (v->count == 0)
		return 0;
	switch (tab_state(v->entries[v->current].tab)) {
	case SESSION_OPENING:
	case SESSION_LIVE:
	case SESSION_RECONNECTING:
	case SESSION_PAUSED:
		return 0;
	case SESSION_GONE:
	case SESSION_EXITED:
	case SESSION_FAILED:
		return OUR_FAILURE;
	}
	return 0;
}

static void
leave(struct terminals *v)
{
	if (v->only)
		app_quit(v->app, exit_code(v));
	else
		app_run(v->app, "fleet");
}

static void
close_tab(struct terminals *v, size_t index)
{
	if (v->only && v->count == 1) {
		leave(v); /* the tab still tells how */
		return;
	}
	tab_free(v->entries[index].tab);
	memmove(&v->entries[index], &v->entries[index + 1],
	    (v->count - index - 1) * sizeof v->entries[0]);
	v->count--;
	v->last = 0;
	if (v->current >= v->count)
		v->current = v->count ? v->count - 1 : 0;
	if (v->count == 0)
		leave(v);
	else
		select_tab(v, v->current);
}

/* ---- what tabs report */

static void
on_tab_changed(void *ctx, struct tab *t)
{
	struct terminals *v = ctx;

	if (!app_shows(v->app, &view_terminals) || !v->count ||
	    v->entries[v->current].tab != t)
		return; /* parsed, not drawn (law 5) */
	if (pane_in_sync(tab_pane(t)))
		app_wake(
		    v->app, 50); /* a program that draws in one piece is let finish */
	else
		app_dirty(v->app);
}

static void
on_tab_bell(void *ctx, struct tab *t)
{
	struct terminals *v = ctx;
	size_t i = index_of(v, t);
	struct screen *screen = app_screen(v->app);

	if (i < v->count && i != v->current)
		v->entries[i].bell = true;
	else if (screen)
		screen->type->bell(screen);
	app_dirty(v->app);
}

/* `sandtop shell` ends as its shell did. */
static void
on_tab_state(void *ctx, struct tab *t)
{
	struct terminals *v = ctx;
	const struct session *s = tab_session(t);

	app_dirty(v->app); /* its name in the bar says so, too */
	if (v->only && v->count == 1 && s && session_state(s) == SESSION_EXITED &&
	    !session_end_unseen(s)) {
		int code = session_exit_code(s);
		app_quit(v->app, code < 0 ? 128 + 9 : code);
	}
}

/* Only what a person looks at may ask for something. */
static void
on_tab_clipboard(void *ctx, struct tab *t, const char *bytes, size_t len)
{
	struct terminals *v = ctx;

	if (v->shown && v->count && v->entries[v->current].tab == t)
		clipboard_write(&v->clipboard, tab_sandbox(t), tab_label(t), bytes, len);
}

static bool is_taken(void *ctx, const char *sandbox_id, uint32_t pid);
static void on_another(void *ctx, struct tab *t, const struct shell_info *shell);

static const struct tab_events tab_events = {
	.changed = on_tab_changed,
	.bell = on_tab_bell,
	.clipboard = on_tab_clipboard,
	.state = on_tab_state,
	.another = on_another,
};

/* It stands before the newest one, which stays in front. */
static void
on_another(void *ctx, struct tab *t, const struct shell_info *shell)
{
	struct terminals *v = ctx;
	size_t at = index_of(v, t);
	struct terminals_open open = { .sandbox_id = tab_sandbox(t), .join = shell };

	if (v->only || v->count == TABS_MAX || at == v->count)
		return;
	memmove(
	    &v->entries[at + 1], &v->entries[at], (v->count - at) * sizeof v->entries[0]);
	v->entries[at] =
	    (struct tab_entry){ .tab = tab_new(v->app, &open, is_taken, &tab_events, v) };
	v->count++;
	v->current += v->current >= at;
	v->last += v->last >= at;
	app_say(v->app, MESSAGE_INFO, "All shells that still ran on %s are tabs again",
	    tab_label(t));
}

static bool
is_taken(void *ctx, const char *sandbox_id, uint32_t pid)
{
	const struct terminals *v = ctx;

	for (size_t i = 0; i < v->count; i++)
		if (tab_pid(v->entries[i].tab) == pid &&
		    str_eq(tab_sandbox(v->entries[i].tab), sandbox_id))
			return true;
	return false;
}

/* ---- opening */

static void
tell_how_to_leave(struct terminals *v)
{
	char prefix[16];

	if (v->told)
		return;
	v->told = true;
	key_format(
	    keymap_prefix(v->app ? app_keymap(v->app) : NULL), prefix, sizeof prefix);
	app_say(v->app, MESSAGE_INFO,
	    "%s d leaves, the shell keeps running; looking did not change its time left",
	    prefix);
}

static void
add_tab(struct terminals *v, const struct terminals_open *open)
{
	if (v->count == TABS_MAX) {
		app_say(v->app, MESSAGE_WARNING, "%d shells are open: close one first",
		    TABS_MAX);
		return;
	}
	/* Whole before it is counted: it may report at once. */
	v->entries[v->count] =
	    (struct tab_entry){ .tab = tab_new(v->app, open, is_taken, &tab_events, v) };
	v->count++;
	select_tab(v, v->count - 1);
	tell_how_to_leave(v);
}

static void
on_wake_answer(void *ctx, const struct dialog_answer *answer)
{
	struct terminals *v = ctx;

	if (answer->yes) {
		v->waking.wake = true;
		app_show(v->app, &view_terminals);
		add_tab(v, &v->waking);
	} else if (v->count == 0 && v->only) {
		app_quit(v->app, 0);
	}
}

static const struct dialog_events wake_events = { .answer = on_wake_answer };

static void
keep_open(struct terminals *v, const struct terminals_open *open)
{
	free(v->asked);
	free(v->waking_user);
	free(v->waking_cwd);
	pairs_clear(&v->waking_envs);
	if (open->envs)
		pairs_copy(&v->waking_envs, open->envs);
	v->asked = xstrdup(open->sandbox_id);
	v->waking_user = xstrdup(open->user);
	v->waking_cwd = xstrdup(open->cwd);
	v->waking = *open;
	v->waking.sandbox_id = v->asked;
	v->waking.user = v->waking_user;
	v->waking.cwd = v->waking_cwd;
	v->waking.envs = &v->waking_envs;
}

static void
ask_to_wake(
    struct terminals *v, const struct terminals_open *open, const struct sandbox *s)
{
	char left[16];

	duration_format(app_settings(v->app)->ttl_s, left, sizeof left);
	char *title = xasprintf("Wake %s?", sandbox_label(s));
	char *body =
	    xasprintf("It is paused. A shell needs it running: it is resumed with %s to "
		      "live,\nand costs from then on. Resuming may take a minute.",
		left);

	keep_open(v, open);
	dialog_open(v->app,
	    &(struct dialog_options){
		.level = DIALOG_YES_NO, .title = title, .body = body, .verb = "wake" },
	    &wake_events, v);
	free(title);
	free(body);
}

static bool
find_tab_of(struct terminals *v, const char *sandbox_id)
{
	for (size_t i = 0; i < v->count; i++) {
		enum session_state state = tab_state(v->entries[i].tab);
		bool over = state == SESSION_EXITED || state == SESSION_FAILED;
		if (over || !str_eq(tab_sandbox(v->entries[i].tab), sandbox_id))
			continue;
		select_tab(v, i);
		return true;
	}
	return false;
}

void
terminals_show(struct app *app, const struct terminals_open *open)
{
	const struct sandbox *s =
	    model_find(fleet_model(app_fleet(app)), open->sandbox_id);
	struct terminals *v = app_base_state(app, &view_terminals);
	bool paused = s && s->state == SANDBOX_PAUSED && !open->wake;

	if (s && s->state == SANDBOX_GONE) {
		app_say(app, MESSAGE_WARNING, "%s is gone: %s", sandbox_label(s),
		    s->gone_reason);
		return;
	}
	if (!v || !paused) {
		app_show(app, &view_terminals);
		v = app_base_state(app, &view_terminals);
	}
	v->only = open->only;
	if (!open->fresh && find_tab_of(v, open->sandbox_id)) {
		app_show(app, &view_terminals);
		return;
	}
	if (paused)
		ask_to_wake(v, open, s);
	else
		add_tab(v, open);
}

/* ---- the view */

static void *
terminals_open_view(struct app *app, const void *arg)
{
	struct terminals *v = xcalloc(1, sizeof *v);

	(void)arg;
	v->app = app;
	clipboard_init(&v->clipboard, app);
	return v;
}

static void
terminals_close_view(void *state)
{
	struct terminals *v = state;

	for (size_t i = 0; i < v->count; i++)
		tab_free(v->entries[i].tab);
	clipboard_clear(&v->clipboard);
	pairs_clear(&v->waking_envs);
	free(v->waking_user);
	free(v->waking_cwd);
	free(v->asked);
	free(v);
}

static void
terminals_layout(void *state, int rows, int cols)
{
	struct terminals *v = state;

	v->bar_rows = v->only && v->count < 2 ? 0 : 1;
	v->cols = cols;
	for (size_t i = 0; i < v->count; i++)
		tab_resize(v->entries[i].tab, rows - v->bar_rows - 1, cols);
	app_set_target(v->app, v->count ? tab_sandbox(v->entries[v->current].tab) : NULL);
}

static struct tab_bar
bar_of(const struct terminals *v)
{
	const char *profile = fleet_settings(app_fleet(v->app))->profile;

	return (struct tab_bar){ v->entries, v->count, v->current,
		profile ? profile : "?", v->cols };
}

/* The message row is the status row's while there is something to say. */
static bool
draw_message(const struct terminals *v, struct canvas *c, int row)
{
	static const enum role roles[] = { [MESSAGE_INFO] = ROLE_ACCENT,
		[MESSAGE_WARNING] = ROLE_WARN,
		[MESSAGE_ERROR] = ROLE_CRIT };
	const struct message *m =
	    messages_current(fleet_messages(app_fleet(v->app)), app_now_ms(v->app));

	if (!m)
		return false;
	canvas_field(c, row, 0, c->area.cols, false, roles[m->kind], "");
	canvas_field(c, row, 1, c->area.cols - 1, false, roles[m->kind], m->text);
	return true;
}

static void
terminals_draw(const void *state, struct canvas *out)
{
	const struct terminals *v = state;
	int rows = out->area.rows, cols = out->area.cols;

	if (v->count == 0) {
		canvas_fill(out, ROLE_TEXT);
		canvas_text(out, rows / 2, 2, ROLE_DIM,
		    "No shell is open. 1 goes to the fleet; s there opens one.");
		draw_message(v, out, rows - 1);
		return;
	}
	const struct tab *t = v->entries[v->current].tab;
	struct canvas body =
	    canvas_sub(out, v->bar_rows, 0, rows - v->bar_rows - 1, cols);

	struct tab_bar bar = bar_of(v);
	if (v->bar_rows)
		tab_bar_draw(&bar, out);
	tab_draw(t, v->app, &body);
	if (!draw_message(v, out, rows - 1))
		tab_draw_status(t, v->app, out, rows - 1);
}

static void
terminals_shown(void *state, bool shown)
{
	struct terminals *v = state;

	v->shown = shown;
	if (v->count)
		tab_focus(v->entries[v->current].tab, shown);
}

/* ---- keys */

static bool
scroll_key(struct terminals *v, struct key key)
{
	struct pane *p = tab_pane(v->entries[v->current].tab);
	int page = MAX(pane_rows(p) - 1, 1);

	if (pane_view_offset(p) == 0)
		return false;
	switch (key.code) {
	case KEY_PAGE_UP:
		pane_scroll_view(p, page);
		return true;
	case KEY_PAGE_DOWN:
		pane_scroll_view(p, -page);
		return true;
	case KEY_HOME:
		pane_scroll_view(p, pane_scrollback(p));
		return true;
	case KEY_END:
	case KEY_ESCAPE:
		pane_view_live(p);
		return true;
	default:
		return false;
	}
}

static bool
mouse_key(struct terminals *v, struct key key)
{
	struct tab *t = v->entries[v->current].tab;
	struct pane *p = tab_pane(t);
	enum mouse_kind kind = key.mouse.kind;
	bool wheel = kind == MOUSE_WHEEL_UP || kind == MOUSE_WHEEL_DOWN;

	if (v->bar_rows && key.mouse.row == 0 && kind == MOUSE_PRESS) {
		struct tab_bar bar = bar_of(v);
		select_tab(v, tab_bar_at(&bar, key.mouse.col));
		return true;
	}
	key.mouse.row -= v->bar_rows;
	if (key.mouse.row < 0 || key.mouse.row >= pane_rows(p))
		return true;
	if (pane_mouse_mode(p) != PANE_MOUSE_NONE && pane_view_offset(p) == 0) {
		tab_key(t, key);
	} else if (wheel && pane_is_alt_screen(p)) {
		for (int i = 0; i < WHEEL_ROWS; i++)
			tab_key(
			    t, (struct key){
				   .code = kind == MOUSE_WHEEL_UP ? KEY_UP : KEY_DOWN });
	} else if (wheel) {
		pane_scroll_view(p, kind == MOUSE_WHEEL_UP ? WHEEL_ROWS : -WHEEL_ROWS);
	}
	app_dirty(v->app);
	return true;
}

/* No program reads these keys: they are ours. */
static bool
dead_key(struct terminals *v, struct key key)
{
	struct tab *t = v->entries[v->current].tab;
	enum session_state state = tab_state(t);
	bool restarts = state == SESSION_EXITED || state == SESSION_FAILED;

	if (key.mods & (KEY_MOD_ALT | KEY_MOD_CTRL) && state != SESSION_OPENING)
		return true;
	if (state == SESSION_OPENING && key.code != KEY_ESCAPE)
		tab_key(t, key);
	else if (key.code == 'x' || state == SESSION_OPENING)
		close_tab(v, v->current);
	else if ((key.code == 'R' && restarts) ||
		 (key.code == 'W' && state == SESSION_PAUSED))
		tab_again(t);
	else if (key.code == 'q' || key.code == KEY_ESCAPE)
		leave(v);
	return true;
}

static bool
terminals_key(void *state, struct key key)
{
	struct terminals *v = state;
	struct tab_entry *e = current_entry(v);

	if (!e)
		return false;
	if (key.code == KEY_MOUSE)
		return mouse_key(v, key);
	if (keymap_is_prefix(app_keymap(v->app), key))
		return false;
	if (scroll_key(v, key)) {
		app_dirty(v->app);
		return true;
	}
	if (tab_state(e->tab) == SESSION_RECONNECTING) {
		app_say(v->app, MESSAGE_WARNING, "Cut off: what you type is not sent");
		return true;
	}
	if (tab_state(e->tab) != SESSION_LIVE)
		return dead_key(v, key);
	tab_key(e->tab, key);
	return true;
}

static void
terminals_paste(void *state, const char *bytes, size_t len)
{
	struct terminals *v = state;
	struct tab_entry *e = current_entry(v);

	if (e && tab_state(e->tab) == SESSION_LIVE)
		tab_paste(e->tab, bytes, len);
	else
		app_say(
		    v->app, MESSAGE_WARNING, "No shell reads here: nothing was pasted");
}

/* ---- commands behind the prefix */

enum { CLOSE_LEAVE, CLOSE_END };
static const struct dialog_choice close_choices[] = {
	{ 'l', "leave it running, close only the tab" },
	{ 'k', "kill the program" },
	{ 0 },
};

static void
on_close_answer(void *ctx, const struct dialog_answer *answer)
{
	struct terminals *v = ctx;

	if (answer->choice < 0 || v->count == 0)
		return;
	if (answer->choice == CLOSE_END)
		tab_end_program(v->entries[v->current].tab);
	else
		close_tab(v, v->current);
}

static const struct dialog_events close_events = { .answer = on_close_answer };

static void
ask_close(struct terminals *v)
{
	struct tab *t = v->entries[v->current].tab;

	if (!tab_has_program(t)) {
		close_tab(v, v->current);
		return;
	}
	char *title = xasprintf("Close the shell on %s?", tab_label(t));
	dialog_open(v->app,
	    &(struct dialog_options){ .level = DIALOG_MENU,
		.title = title,
		.body = "Its program still runs in the sandbox.",
		.choices = close_choices },
	    &close_events, v);
	free(title);
}

static void
open_another(struct terminals *v)
{
	char *id = xstrdup(tab_sandbox(v->entries[v->current].tab));

	terminals_show(v->app,
	    &(struct terminals_open){ .sandbox_id = id, .fresh = true, .only = v->only });
	free(id);
}

static void
send_prefix(struct terminals *v)
{
	tab_key(v->entries[v->current].tab, keymap_prefix(app_keymap(v->app)));
}

static void
scroll_back(struct terminals *v)
{
	struct pane *p = tab_pane(v->entries[v->current].tab);

	if (pane_scrollback(p) == 0)
		app_say(v->app, MESSAGE_INFO, "Nothing has scrolled away yet");
	pane_scroll_view(p, MAX(pane_rows(p) - 1, 1));
}

static void
go_to_number(struct terminals *v, int number)
{
	size_t index = number == 0 ? 9 : (size_t)number - 1;

	if (index >= v->count)
		app_say(v->app, MESSAGE_INFO, "There is no tab %d", number);
	select_tab(v, index);
}

static bool
run_pane_command(struct terminals *v, int id)
{
	if (id >= CMD_PANE_GO_0 && id <= CMD_PANE_GO_9)
		go_to_number(v, id - CMD_PANE_GO_0);
	else if (id == CMD_PANE_NEW)
		open_another(v);
	else if (id == CMD_PANE_NEXT)
		select_tab(v, (v->current + 1) % v->count);
	else if (id == CMD_PANE_PREVIOUS)
		select_tab(v, (v->current + v->count - 1) % v->count);
	else if (id == CMD_PANE_LAST)
		select_tab(v, v->last);
	else if (id == CMD_PANE_PREFIX)
		send_prefix(v);
	else if (id == CMD_PANE_SCROLL)
		scroll_back(v);
	else if (id == CMD_PANE_CLOSE)
		ask_close(v);
	else if (id == CMD_PANE_RESTART)
		tab_again(v->entries[v->current].tab);
	else if (id == CMD_PANE_REDRAW)
		tab_redraw(v->entries[v->current].tab);
	else
		return false;
	return true;
}

static bool
terminals_command(void *state, const struct command_call *call)
{
	struct terminals *v = state;
	int id = call->command->id;

	if (id == CMD_PANE_LEAVE || id == CMD_CLOSE || id == CMD_BACK) {
		leave(v);
		return true;
	}
	if (id == CMD_PANE_QUIT) {
		app_quit(v->app, 0);
		return true;
	}
	return v->count > 0 && run_pane_command(v, id);
}

const struct view_type view_terminals = {
	.name = "terminals",
	.kind = VIEW_FULL,
	.keys = KEYMAP_TERMINALS,
	.open = terminals_open_view,
	.close = terminals_close_view,
	.layout = terminals_layout,
	.draw = terminals_draw,
	.key = terminals_key,
	.quiet_keys = true,
	.paste = terminals_paste,
	.command = terminals_command,
	.shown = terminals_shown,
};

/* ---- from anywhere */

static void
run_shell(struct app *app, const struct command_call *call)
{
	terminals_show(
	    app, &(struct terminals_open){ .sandbox_id = call->args.items[0] });
}

/* Behind the prefix on a command surface: the same keys, on the tabs that are open. */
static void
run_on_terminals(struct app *app, const struct command_call *call)
{
	struct terminals *v = app_base_state(app, &view_terminals);

	if (!v || v->count == 0) {
		app_say(app, MESSAGE_INFO,
		    "No shell is open: s opens one on the selected sandbox");
		return;
	}
	app_show(app, &view_terminals);
	terminals_command(v, call);
}

static void
run_pane_quit(struct app *app, const struct command_call *call)
{
	(void)call;
	app_quit(app, 0);
}

const struct screen_handler terminals_handlers[] = {
	{ CMD_SHELL, run_shell },
	{ CMD_PANE_NEW, run_on_terminals },
	{ CMD_PANE_NEXT, run_on_terminals },
	{ CMD_PANE_PREVIOUS, run_on_terminals },
	{ CMD_PANE_LAST, run_on_terminals },
	{ CMD_PANE_GO_0, run_on_terminals },
	{ CMD_PANE_GO_1, run_on_terminals },
	{ CMD_PANE_GO_2, run_on_terminals },
	{ CMD_PANE_GO_3, run_on_terminals },
	{ CMD_PANE_GO_4, run_on_terminals },
	{ CMD_PANE_GO_5, run_on_terminals },
	{ CMD_PANE_GO_6, run_on_terminals },
	{ CMD_PANE_GO_7, run_on_terminals },
	{ CMD_PANE_GO_8, run_on_terminals },
	{ CMD_PANE_GO_9, run_on_terminals },
	{ CMD_PANE_SCROLL, run_on_terminals },
	{ CMD_PANE_CLOSE, run_on_terminals },
	{ CMD_PANE_RESTART, run_on_terminals },
	{ CMD_PANE_REDRAW, run_on_terminals },
	{ CMD_PANE_PREFIX, run_on_terminals },
	{ CMD_PANE_LEAVE, run_on_terminals },
	{ CMD_PANE_QUIT, run_pane_quit },
	{ 0, NULL },
};
