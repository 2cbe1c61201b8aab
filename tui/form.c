#include "tui/form.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/app_internal.h"
#include "tui/dialog.h"
#include "tui/form_internal.h"

/* Lines, choices and toggles are one struct each with room for all three: forms are
 * small, and a field's kind never changes. */
struct form_arg {
	const struct form_options *options;
	const struct form_events *events;
	void *ctx;
};

static bool
is_line(const struct form_item *item)
{
	return item->field.kind == FORM_TEXT || item->field.kind == FORM_COMBO;
}

static struct form_item *
find_item(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (str_eq(f->items[i].field.name, name))
			return (struct form_item *)(uintptr_t)&f->items[i];
	assert(!"no such field");
	return NULL;
}

const char *
form_value(const struct form *f, const char *name)
{
	const struct form_item *item = find_item(f, name);

	if (is_line(item))
		return prompt_text(&item->line);
	if (item->field.kind == FORM_TOGGLE)
		return item->on ? "yes" : "";
	return item->choice < item->choice_count ? item->field.choices[item->choice] : "";
}

bool
form_is_on(const struct form *f, const char *name)
{
	return find_item(f, name)->on;
}

bool
form_is_edited(const struct form *f)
{
	return f->edited;
}

/* ---- choices */

static size_t
count_choices(const char *const *choices)
{
	size_t count = 0;

	while (choices && choices[count])
		count++;
	return count;
}

static size_t
choice_index(const struct form_item *item, const char *value)
{
	for (size_t i = 0; i < item->choice_count; i++)
		if (str_eq(item->field.choices[i], value))
			return i;
	return item->choice_count;
}

void
form_set_choices(struct form *f, const char *name, const char *const *choices)
{
	struct form_item *item = find_item(f, name);
	char *value = xstrdup(form_value(f, name));

	item->field.choices = choices;
	item->choice_count = count_choices(choices);
	item->choice = choice_index(item, value);
	if (item->choice == item->choice_count)
		item->choice = 0;
	free(value);
	app_dirty(f->app);
}

struct form *
form_current(const struct app *app, const void *ctx)
{
	for (size_t i = app->pushed_count; i > 0; i--) {
		struct form *f = app->pushed[i - 1]->state;
		if (app->pushed[i - 1]->type->draw == form_draw && f->ctx == ctx)
			return f;
	}
	return NULL;
}

/* ---- checking */

static bool
check_item(struct form *f, struct form_item *item)
{
	item->err = (struct error){ 0 };
	item->wrong = f->events->check &&
		      !f->events->check(f->ctx, f, item->field.name, &item->err);
	return !item->wrong;
}

static void
submit(struct form *f)
{
	f->err = (struct error){ 0 };
	for (size_t i = f->count; i > 0; i--)
		if (!check_item(f, &f->items[i - 1]))
			f->focus = i - 1; /* the first wrong one in the end */
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].wrong)
			return;
	if (!f->events->submit(f->ctx, f, &f->err))
		return;
	f->submitted = true;
	app_close(f->app, f);
}

/* ---- keys */

static void
move_focus(struct form *f, int by)
{
	check_item(f, &f->items[f->focus]);
	f->focus = (f->focus + f->count + (size_t)by) % f->count;
	f->help = false;
}

static void
pick(struct form *f, struct form_item *item, int by)
{
	size_t count = item->choice_count;

	if (count == 0)
		return;
	item->choice = (item->choice + count + (size_t)by) % count;
	f->edited = true;
	check_item(f, item);
}

/* Up and Down walk through what is offered, from whatever is there. */
static void
offer(struct form *f, struct form_item *item, int by)
{
	size_t at = choice_index(item, prompt_text(&item->line));

	if (item->choice_count == 0)
		return;
	if (at == item->choice_count)
		item->choice = by > 0 ? 0 : item->choice_count - 1;
	else
		item->choice =
		    (at + item->choice_count + (size_t)by) % item->choice_count;
	prompt_set(&item->line, item->field.choices[item->choice]);
	f->edited = true;
	check_item(f, item);
}

static void
on_discard(void *ctx, const struct dialog_answer *answer)
{
	struct form *f = ctx;

	if (answer->yes)
		app_close(f->app, f);
}

static void
cancel(struct form *f)
{
	static const struct dialog_events events = { .answer = on_discard };

	if (!f->edited) {
		app_close(f->app, f);
		return;
	}
	dialog_open(f->app,
	    &(struct dialog_options){
		.level = DIALOG_YES_NO,
		.title = f->title,
		.body = "What you have typed here is lost.",
		.verb = "discard",
	    },
	    &events, f);
}

static void
line_key(struct form *f, struct form_item *item, struct key key)
{
	if (prompt_key(&item->line, key) != PROMPT_CHANGED)
		return;
	f->edited = true;
	f->err = (struct error){ 0 };
	if (item->wrong)
		check_item(f, item); /* the complaint goes as soon as it is mended */
}

static void
item_key(struct form *f, struct form_item *item, struct key key)
{
	bool space = key.code == ' ' && key.mods == 0;

	if (is_line(item)) {
		line_key(f, item, key);
	} else if (item->field.kind == FORM_TOGGLE && space) {
		item->on = !item->on;
		f->edited = true;
		check_item(f, item);
	} else if (item->field.kind == FORM_CHOICE) {
		if (key.code == KEY_LEFT)
			pick(f, item, -1);
		else if (key.code == KEY_RIGHT || space)
			pick(f, item, 1);
	}
}

static bool
move_key(struct form *f, struct form_item *item, struct key key)
{
	bool combo = item->field.kind == FORM_COMBO;

	if (key.code == KEY_TAB)
		move_focus(f, key.mods & KEY_MOD_SHIFT ? -1 : 1);
	else if (key.code == KEY_DOWN && combo)
		offer(f, item, 1);
	else if (key.code == KEY_UP && combo)
		offer(f, item, -1);
	else if (key.code == KEY_DOWN)
		move_focus(f, 1);
	else if (key.code == KEY_UP)
		move_focus(f, -1);
	else
		return false;
	return true;
}

/* Takes every key: no command is run from inside a form. */
static bool
form_key(void *state, struct key key)
{
	struct form *f = state;
	struct form_item *item = &f->items[f->focus];

	if (key.code == KEY_MOUSE || f->submitted)
		return true;
	if (key.code == KEY_ESCAPE || (key.code == 'c' && key.mods == KEY_MOD_CTRL))
		cancel(f);
	else if (key.code == 's' && key.mods == KEY_MOD_CTRL)
		submit(f);
	else if (key.code == KEY_F1)
		f->help = !f->help;
	else if (key.code == KEY_ENTER && f->focus + 1 == f->count)
		submit(f);
	else if (key.code == KEY_ENTER)
		move_focus(f, 1);
	else if (!move_key(f, item, key))
		item_key(f, item, key);
	return true;
}

static void
form_paste(void *state, const char *bytes, size_t len)
{
	struct form *f = state;
	struct form_item *item = &f->items[f->focus];

	if (is_line(item) && prompt_paste(&item->line, bytes, len))
		f->edited = true;
}

/* ---- life */

static void
init_item(struct form_item *item, const struct form_field *field)
{
	item->field = *field;
	item->choice_count = count_choices(field->choices);
	prompt_init(&item->line, is_line(item) ? field->value : "", NULL);
	item->on = field->kind == FORM_TOGGLE && !str_is_empty(field->value);
	item->choice = choice_index(item, field->value);
	if (item->choice == item->choice_count)
		item->choice = 0;
}

static void *
form_view_open(struct app *app, const void *arg)
{
	const struct form_arg *from = arg;
	const struct form_options *o = from->options;
	struct form *f = xcalloc(1, sizeof *f);

	assert(o->field_count > 0 && o->field_count <= FORM_FIELDS_MAX);
	f->app = app;
	f->title = xstrdup(o->title ? o->title : "");
	f->verb = xstrdup(o->verb ? o->verb : "submit");
	f->count = o->field_count;
	f->events = from->events;
	f->ctx = from->ctx;
	for (size_t i = 0; i < f->count; i++)
		init_item(&f->items[i], &o->fields[i]);
	return f;
}

static void
form_view_close(void *state)
{
	struct form *f = state;

	if (f->events->closed)
		f->events->closed(f->ctx, f->submitted);
	for (size_t i = 0; i < f->count; i++)
		prompt_clear(&f->items[i].line);
	free(f->title);
	free(f->verb);
	free(f);
}

static const struct view_type form_view = {
	.name = "form",
	.kind = VIEW_OVERLAY,
	.keys = KEYMAP_GLOBAL,
	.open = form_view_open,
	.close = form_view_close,
	.layout = form_layout,
	.draw = form_draw,
	.key = form_key,
	.paste = form_paste,
};

void
form_open(struct app *app, const struct form_options *options,
    const struct form_events *events, void *ctx)
{
	struct form_arg arg = { options, events, ctx };

	assert(events->submit);
	app_push(app, &form_view, &arg);
}
