#include "tui/app.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tui/app_internal.h"

/*
 * Views form one stack: a base (fleet, terminals), which is opened once and kept, and
 * what was pushed above it. A view that closes is only marked; it goes at the end of the
 * turn, so that it may close itself, or what is below it, from inside its own callback.
 */
enum {
	FRAME_MS = 16,	   /* 60 a second */
	FRAME_SSH_MS = 50, /* 20 a second */
	SAY_MAX = 1024,
	MS_PER_S = 1000,
	WHEEL_ROWS = 3,
};

/* ---- the stack */

static struct view *
view_open(struct app *a, const struct view_type *type, const void *arg)
{
	struct view *v = xcalloc(1, sizeof *v);

	v->type = type;
	v->state = type->open ? type->open(a, arg) : NULL;
	return v;
}

static void
view_close(struct view *v)
{
	if (!v)
		return;
	if (v->type->close)
		v->type->close(v->state);
	free(v);
}

struct view *
app_top(const struct app *a)
{
	for (size_t i = a->pushed_count; i > 0; i--)
		if (!a->pushed[i - 1]->closing)
			return a->pushed[i - 1];
	return a->base_count ? a->bases[a->current_base].view : NULL;
}

static void
tell_shown(struct view *v, bool shown)
{
	if (!v || v->shown == shown)
		return;
	v->shown = shown;
	if (v->type->shown)
		v->type->shown(v->state, shown);
}

static void
update_shown(struct app *a)
{
	struct view *top = app_top(a);

	for (size_t i = 0; i < a->base_count; i++)
		if (a->bases[i].view != top)
			tell_shown(a->bases[i].view, false);
	for (size_t i = 0; i < a->pushed_count; i++)
		if (a->pushed[i] != top)
			tell_shown(a->pushed[i], false);
	tell_shown(top, true);
}

void
app_push(struct app *a, const struct view_type *type, const void *arg)
{
	assert(a->pushed_count < APP_VIEWS_MAX);

	struct view *v = view_open(a, type, arg);

	a->pushed[a->pushed_count++] = v;
	update_shown(a);
	app_dirty(a);
}

void
app_pop(struct app *a)
{
	for (size_t i = a->pushed_count; i > 0; i--) {
		if (a->pushed[i - 1]->closing)
			continue;
		a->pushed[i - 1]->closing = true;
		break;
	}
	app_dirty(a);
}

void
app_close(struct app *a, const void *state)
{
	for (size_t i = 0; i < a->pushed_count; i++)
		if (a->pushed[i]->state == state)
			a->pushed[i]->closing = true;
	app_dirty(a);
}

/* From the top down; a view that closes may open another one or say something. */
void
app_sweep(struct app *a)
{
	for (size_t i = a->pushed_count; i > 0; i--) {
		struct view *v = a->pushed[i - 1];
		if (!v->closing)
			continue;
		memmove(&a->pushed[i - 1], &a->pushed[i],
		    (a->pushed_count - i) * sizeof *a->pushed);
		a->pushed_count--;
		tell_shown(v, false);
		view_close(v);
		i = a->pushed_count + 1;
	}
	update_shown(a);
}

void
app_add_base(struct app *a, int command, const struct view_type *type)
{
	assert(a->base_count < APP_BASES_MAX);
	a->bases[a->base_count++] = (struct app_base){ .command = command, .type = type };
}

bool
app_shows(const struct app *a, const struct view_type *type)
{
	for (size_t i = 0; i < a->pushed_count; i++)
		if (!a->pushed[i]->closing && a->pushed[i]->type->kind == VIEW_FULL)
			return false;
	return a->base_count > 0 && a->bases[a->current_base].type == type;
}

void *
app_base_state(const struct app *a, const struct view_type *type)
{
	for (size_t i = 0; i < a->base_count; i++)
		if (a->bases[i].type == type && a->bases[i].view)
			return a->bases[i].view->state;
	return NULL;
}

void
app_show(struct app *a, const struct view_type *type)
{
	size_t i = 0;

	while (i < a->base_count && a->bases[i].type != type)
		i++;
	if (i == a->base_count)
		app_add_base(a, -1, type);
	for (size_t j = 0; j < a->pushed_count; j++)
		a->pushed[j]->closing = true;
	a->current_base = i;
	if (!a->bases[i].view)
		a->bases[i].view = view_open(a, type, NULL);
	update_shown(a);
	app_dirty(a);
}

enum keymap_context
app_context(const struct app *a)
{
	for (size_t i = a->pushed_count; i > 0; i--)
		if (!a->pushed[i - 1]->closing &&
		    a->pushed[i - 1]->type->kind == VIEW_FULL)
			return a->pushed[i - 1]->type->keys;
	if (a->base_count && a->bases[a->current_base].view)
		return a->bases[a->current_base].type->keys;
	return KEYMAP_GLOBAL;
}

bool
app_is_tiny(const struct app *a)
{
	return a->grid.rows < APP_MIN_ROWS || a->grid.cols < APP_MIN_COLS;
}

/* ---- commands */

static bool
may_run(struct app *a, const struct command *c)
{
	const struct model *m = a->fleet ? fleet_model(a->fleet) : NULL;

	if (!(c->flags & COMMAND_SCREEN)) {
		app_say(a, MESSAGE_WARNING, "%s is for the command line: sandtop %s",
		    c->name, c->name);
		return false;
	}
	if (!(c->flags & COMMAND_CHANGES))
		return true;
	if (!m) {
		app_say(a, MESSAGE_WARNING, "%s needs an account, and there is none",
		    c->name);
		return false;
	}
	if (fleet_settings(a->fleet)->read_only) {
		app_say(a, MESSAGE_WARNING, "%s is refused: this profile is read-only",
		    c->name);
		return false;
	}
	if (m->state == COLLECTION_FAILED) {
		app_say(a, MESSAGE_WARNING, "%s is refused while offline, and not queued",
		    c->name);
		return false;
	}
	if (app_is_tiny(a)) {
		app_say(a, MESSAGE_WARNING, "%s needs a screen of %dx%d", c->name,
		    APP_MIN_COLS, APP_MIN_ROWS);
		return false;
	}
	return true;
}

static bool
run_handlers(
    struct app *a, const struct screen_handler *table, const struct command_call *call)
{
	for (; table->run; table++) {
		if (table->command != call->command->id)
			continue;
		table->run(a, call);
		return true;
	}
	return false;
}

static void
run_call(struct app *a, const struct command_call *call)
{
	struct view *top = app_top(a);

	if (!may_run(a, call->command))
		return;
	app_dirty(a);
	if (top && top->type->command && top->type->command(top->state, call))
		return;
	for (size_t i = 0; i < a->table_count; i++)
		if (run_handlers(a, a->tables[i], call))
			return;
	if (run_handlers(a, app_handlers, call))
		return;
	if (!(call->command->flags & COMMAND_HIDDEN))
		app_say(a, MESSAGE_INFO, "%s: nothing to do here", call->command->name);
}

/* A command on a sandbox gets the captured one when the line names none. */
static bool
parse_with_target(
    struct app *a, const char *line, struct command_call *out, struct error *err)
{
	struct error again = { 0 };
	const char *target = app_target(a);
	char *longer;
	bool ok;

	if (command_parse_line(line, out, err))
		return true;
	longer = xasprintf("%s %s", line, *target ? target : "-");
	ok = command_parse_line(longer, out, &again);
	free(longer);
	if (!ok)
		return false; /* the first reason is the one to tell */
	if (out->command && out->command->flags & COMMAND_TARGET && *target)
		return true;
	if (out->command && out->command->flags & COMMAND_TARGET)
		error_set(
		    err, ERROR_INPUT, "%s: no sandbox is selected", out->command->name);
	command_call_clear(out);
	return false;
}

void
app_run(struct app *a, const char *line)
{
	struct command_call call = { 0 };
	struct error err = { 0 };

	if (!parse_with_target(a, line, &call, &err)) {
		app_say(a, MESSAGE_WARNING, "%s", err.text);
		return;
	}
	if (call.command)
		run_call(a, &call);
	command_call_clear(&call);
}

void
app_run_on(struct app *a, const char *line, const char *target)
{
	free(a->captured);
	a->captured = xstrdup(target);
	app_run(a, line);
}

void
app_add_handlers(struct app *a, const struct screen_handler *handlers)
{
	assert(a->table_count < APP_TABLES_MAX);
	a->tables[a->table_count++] = handlers;
}

/* ---- keys */

void
app_set_target(struct app *a, const char *sandbox_id)
{
	if (str_eq(a->focus, sandbox_id ? sandbox_id : ""))
		return;
	free(a->focus);
	a->focus = xstrdup(sandbox_id ? sandbox_id : "");
}

const char *
app_target(const struct app *a)
{
	return a->captured;
}

static void
capture_target(struct app *a)
{
	if (str_eq(a->captured, a->focus))
		return;
	free(a->captured);
	a->captured = xstrdup(a->focus);
}

/* The wheel moves where nobody else wants it. */
static void
turn_wheel(struct app *a, struct key key)
{
	bool up = key.mouse.kind == MOUSE_WHEEL_UP;

	if (!up && key.mouse.kind != MOUSE_WHEEL_DOWN)
		return;
	for (int i = 0; i < WHEEL_ROWS; i++) {
		capture_target(a);
		app_run(a, up ? commands[CMD_UP].name : commands[CMD_DOWN].name);
	}
}

static void
dispatch_key(struct app *a, struct key key)
{
	struct view *top = app_top(a);
	const struct binding *b;

	if (app_prefix_key(a, key)) {
		app_dirty(a);
		return;
	}
	/* What cannot be seen cannot be answered. */
	if (top && top->type->kind == VIEW_OVERLAY && app_is_tiny(a)) {
		if (key.code == KEY_ESCAPE)
			app_pop(a); /* marks dirty */
		return;
	}
	if (top && top->type->key && top->type->key(top->state, key)) {
		if (!top->type->quiet_keys)
			app_dirty(a);
		return;
	}
	app_dirty(a);
	if (key.code == KEY_MOUSE) {
		turn_wheel(a, key);
		return;
	}
	if (keymap_is_prefix(a->keymap, key)) {
		app_prefix_start(a, key);
		return;
	}
	b = keymap_find(a->keymap, top ? top->type->keys : KEYMAP_GLOBAL, key);
	if (b)
		app_run(a, b->command);
}

static void
on_key(void *ctx, struct key key)
{
	struct app *a = ctx;

	if (a->quitting)
		return;
	app_sweep(a); /* one turn may bring many keys, and each may open and close */
	a->focused = true;
	a->last_key = key;
	capture_target(a);
	a->in_key = true;
	dispatch_key(a, key);
	a->in_key = false;
	app_dirty(a);
}

/* Paste never becomes commands (law 3). */
static void
on_paste(void *ctx, const char *bytes, size_t len)
{
	struct app *a = ctx;
	struct view *top = app_top(a);

	capture_target(a);
	if (top && top->type->paste && !app_is_tiny(a))
		top->type->paste(top->state, bytes, len);
	else
		app_say(a, MESSAGE_INFO,
		    "Pasted text is not commands: %zu bytes were dropped", len);
	app_dirty(a);
}

/* ---- the screen's other events */

static void
on_resized(void *ctx, int rows, int cols)
{
	struct app *a = ctx;

	grid_set_size(&a->grid, rows, cols);
	app_dirty(a);
}

static void
on_focus(void *ctx, bool focused)
{
	struct app *a = ctx;

	a->focused = focused;
	if (a->fleet)
		fleet_set_focused(a->fleet, focused);
	app_dirty(a);
}

static void
on_closed(void *ctx)
{
	struct app *a = ctx;

	app_quit(a, a->screen && a->screen->ended_by ? 128 + a->screen->ended_by : 1);
}

const struct screen_events app_screen_events = {
	.key = on_key,
	.paste = on_paste,
	.resized = on_resized,
	.focus = on_focus,
	.closed = on_closed,
};

/* ---- time */

static void
on_turn_end(void *ctx)
{
	struct app *a = ctx;

	app_sweep(a);
	app_schedule(a);
}

static void
on_frame(void *ctx)
{
	(void)ctx; /* the turn's end draws */
}

static void
on_wake(void *ctx)
{
	struct app *a = ctx;

	a->wake_at_ms = 0;
	app_dirty(a);
}

/* In step with the wall clock, so that what counts seconds changes when they do. */
static void
on_second(void *ctx)
{
	struct app *a = ctx;

	timer_start(a->second, (uint64_t)(MS_PER_S - clock_wall_ms() % MS_PER_S), 0);
	app_dirty(a);
}

static void
on_which_key(void *ctx)
{
	struct app *a = ctx;

	a->which_key_shown = a->prefix_pending;
	app_dirty(a);
}

/* ---- life */

static bool
is_nested(void)
{
	return getenv("TMUX") || getenv("STY") || getenv("ZELLIJ");
}

/* "auto" is ^] inside another multiplexer, which keeps the first prefix for itself. */
static struct key
prefix_named(const char *name)
{
	struct key key = { 0 };

	if (str_eq(name, "auto"))
		name = is_nested() ? "^]" : NULL;
	if (!name || !key_parse(name, &key))
		return (struct key){ .code = KEY_NONE };
	return key;
}

static void
set_keys(struct app *a, const struct app_options *o)
{
	struct error err = { 0 };

	a->keymap = keymap_new();
	keymap_set_prefix(a->keymap, prefix_named(o->prefix ? o->prefix : "^B"),
	    prefix_named(o->prefix2));
	if (!keymap_override(a->keymap, o->keys, &err))
		app_say(a, MESSAGE_WARNING, "%s", err.text);
	a->options.keys = NULL;
}

struct app *
app_new(struct loop *loop, struct fleet *fleet, const struct app_options *options)
{
	struct app *a = xcalloc(1, sizeof *a);

	a->loop = loop;
	a->fleet = fleet;
	a->options = *options;
	a->messages = fleet ? NULL : xcalloc(1, sizeof *a->messages);
	a->focus = xstrdup("");
	a->captured = xstrdup("");
	a->focused = true;
	a->frame_ms = getenv("SSH_CONNECTION") ? FRAME_SSH_MS : FRAME_MS;
	a->frame_timer = timer_new(loop, on_frame, a);
	a->wake_timer = timer_new(loop, on_wake, a);
	a->second = timer_new(loop, on_second, a);
	a->which_key_timer = timer_new(loop, on_which_key, a);
	set_keys(a, options);
	loop_on_turn_end(loop, on_turn_end, a);
	return a;
}

static void
close_views(struct app *a)
{
	for (size_t i = 0; i < a->pushed_count; i++)
		a->pushed[i]->closing = true;
	app_sweep(a);
	assert(a->pushed_count == 0);
	for (size_t i = a->base_count; i > 0; i--) {
		struct view *v = a->bases[i - 1].view;
		a->bases[i - 1].view = NULL;
		tell_shown(v, false);
		view_close(v);
	}
}

void
app_free(struct app *a)
{
	if (!a)
		return;
	a->quitting = true;
	close_views(a);
	loop_off_turn_end(a->loop, on_turn_end, a);
	timer_free(a->frame_timer);
	timer_free(a->wake_timer);
	timer_free(a->second);
	timer_free(a->which_key_timer);
	keymap_free(a->keymap);
	grid_dispose(&a->grid);
	strlist_clear(&a->palette_history);
	free(a->messages);
	free(a->focus);
	free(a->captured);
	free(a);
}

static void
set_title(const struct app *a)
{
	const char *profile = a->fleet ? fleet_settings(a->fleet)->profile : NULL;
	char *title =
	    xasprintf("sandtop%s%s", profile ? ": " : "", profile ? profile : "");

	a->screen->type->title(a->screen, title);
	free(title);
}

void
app_set_screen(struct app *a, struct screen *screen)
{
	a->screen = screen;
	if (!screen) {
		timer_stop(a->second);
		return;
	}
	grid_set_size(&a->grid, screen->type->rows(screen), screen->type->cols(screen));
	set_title(a);
	on_second(a);
}

void
app_quit(struct app *a, int exit_code)
{
	if (!a->quitting)
		a->exit_code = exit_code;
	a->quitting = true;
	loop_stop(a->loop);
}

int
app_exit_code(const struct app *a)
{
	return a->exit_code;
}

void
app_dirty(struct app *a)
{
	a->dirty = true;
}

void
app_say(struct app *a, enum message_kind kind, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, SAY_MAX);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	messages_add(app_messages(a), app_now_ms(a), kind, "%s", text.data);
	buf_clear(&text);
	app_dirty(a);
}

void
app_wake(struct app *a, uint64_t delay_ms)
{
	uint64_t at = loop_now_ms(a->loop) + MAX(delay_ms, 1);

	if (a->wake_at_ms && a->wake_at_ms <= at)
		return;
	a->wake_at_ms = at;
	timer_start(a->wake_timer, MAX(delay_ms, 1), 0);
}

struct loop *
app_loop(const struct app *a)
{
	return a->loop;
}

struct fleet *
app_fleet(const struct app *a)
{
	return a->fleet;
}

const struct keymap *
app_keymap(const struct app *a)
{
	return a->keymap;
}

const struct app_options *
app_settings(const struct app *a)
{
	return &a->options;
}

struct screen *
app_screen(const struct app *a)
{
	return a->screen;
}

int64_t
app_now_ms(const struct app *a)
{
	(void)a;
	return clock_wall_ms();
}

uint64_t
app_mono_ms(const struct app *a)
{
	return a->mono ? a->mono(a->mono_ctx) : clock_mono_ms();
}

void
app_set_mono(struct app *a, uint64_t (*mono)(void *ctx), void *ctx)
{
	a->mono = mono;
	a->mono_ctx = ctx;
}

struct key
app_last_key(const struct app *a)
{
	return a->last_key;
}

bool
app_in_key(const struct app *a)
{
	return a->in_key;
}

struct messages *
app_messages(const struct app *a)
{
	return a->fleet ? fleet_messages(a->fleet) : a->messages;
}
