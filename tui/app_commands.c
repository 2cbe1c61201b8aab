#include "tui/app_internal.h"
#include "tui/dialog.h"

/* The commands that every screen has. */
enum { INTERRUPT_MS = 1000 };

static void
run_palette(struct app *a, const struct command_call *call)
{
	(void)call;
	app_push(a, &palette_view, NULL);
}

static void
run_keys(struct app *a, const struct command_call *call)
{
	enum keymap_context context = app_context(a);

	(void)call;
	app_push(a, &help_view, &context);
}

static void
run_messages(struct app *a, const struct command_call *call)
{
	struct view *top = app_top(a);

	(void)call;
	if (!top || top->type != &messages_view)
		app_push(a, &messages_view, NULL);
}

static void
run_quit(struct app *a, const struct command_call *call)
{
	(void)call;
	app_quit(a, 0);
}

/* ---- close: one level, and at the root the program */

static int
open_shells(const struct app *a)
{
	const struct model *m = a->fleet ? fleet_model(a->fleet) : NULL;
	int shells = 0;

	for (size_t i = 0; m && i < m->count; i++)
		shells += m->items[i]->shells;
	return shells;
}

static void
on_quit_answer(void *ctx, const struct dialog_answer *answer)
{
	if (answer->yes)
		app_quit(ctx, 0);
}

static void
ask_to_quit(struct app *a)
{
	static const struct dialog_events events = { .answer = on_quit_answer };

	dialog_open(a,
	    &(struct dialog_options){
		.level = DIALOG_YES_NO,
		.title = "Quit",
		.body = "Your open shells keep running in their sandboxes;\n"
			"the next start finds them again.",
		.verb = "quit",
	    },
	    &events, a);
}

static bool
is_pushed(const struct app *a)
{
	for (size_t i = 0; i < a->pushed_count; i++)
		if (!a->pushed[i]->closing)
			return true;
	return false;
}

static void
run_close(struct app *a, const struct command_call *call)
{
	(void)call;
	if (is_pushed(a))
		app_pop(a);
	else if (a->current_base > 0)
		app_show(a, a->bases[0].type);
	else if (open_shells(a) > 0)
		ask_to_quit(a);
	else
		app_quit(a, 0);
}

static void
run_back(struct app *a, const struct command_call *call)
{
	(void)call;
	if (is_pushed(a))
		app_pop(a);
	else if (a->current_base > 0)
		app_show(a, a->bases[0].type);
}

static void
run_interrupt(struct app *a, const struct command_call *call)
{
	uint64_t now = app_mono_ms(a);
	char close[16] = "", quit[16] = "";

	(void)call;
	if (a->interrupt_ms && now - a->interrupt_ms < INTERRUPT_MS) {
		app_quit(a, 0);
		return;
	}
	a->interrupt_ms = now;
	keymap_key_of(a->keymap, app_context(a), CMD_CLOSE, close, sizeof close);
	keymap_key_of(a->keymap, app_context(a), CMD_QUIT, quit, sizeof quit);
	app_say(a, MESSAGE_INFO,
	    "%s closes this view, %s quits (or ^C again); shells keep running", close,
	    quit);
}

/* ---- the terminal */

static void
run_suspend(struct app *a, const struct command_call *call)
{
	(void)call;
	if (!a->screen)
		return;
	if (a->fleet)
		fleet_set_suspended(a->fleet, true);
	a->screen->type->suspend(a->screen);
	if (!a->fleet)
		return;
	fleet_set_suspended(a->fleet, false);
	fleet_refresh(a->fleet);
}

static void
run_redraw(struct app *a, const struct command_call *call)
{
	(void)call;
	if (a->screen)
		a->screen->type->redraw(a->screen);
}

static void
run_refresh(struct app *a, const struct command_call *call)
{
	(void)call;
	if (a->fleet)
		fleet_refresh(a->fleet);
}

static void
run_view(struct app *a, const struct command_call *call)
{
	for (size_t i = 0; i < a->base_count; i++)
		if (a->bases[i].command == call->command->id)
			app_show(a, a->bases[i].type);
}

const struct screen_handler app_handlers[] = {
	{ CMD_PALETTE, run_palette },
	{ CMD_KEYS, run_keys },
	{ CMD_MESSAGES, run_messages },
	{ CMD_CLOSE, run_close },
	{ CMD_BACK, run_back },
	{ CMD_QUIT, run_quit },
	{ CMD_PANE_QUIT, run_quit },
	{ CMD_INTERRUPT, run_interrupt },
	{ CMD_SUSPEND, run_suspend },
	{ CMD_REDRAW, run_redraw },
	{ CMD_REFRESH, run_refresh },
	{ CMD_VIEW_FLEET, run_view },
	{ CMD_VIEW_TERMINALS, run_view },
	{ 0 },
};
