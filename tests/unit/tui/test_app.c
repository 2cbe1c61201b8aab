/* Keys to commands, the stack of views, dialogs and forms: what they do, not how they
 * look. Laws 2 and 3 are named here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_screen.h"
#include "tui/app_internal.h"
#include "tui/dialog.h"
#include "tui/form.h"
#include "tui/prompt.h"

/* ---- two views that note what they are told */

struct probe {
	struct app *app;
	char log[512];
	bool takes_keys, takes_paste;
};
static struct probe fleet_probe, pane_probe;

static void PRINTF_LIKE(2, 3) note(struct probe *p, const char *fmt, ...)
{
	size_t len = strlen(p->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->log + len, sizeof p->log - len, fmt, ap);
	va_end(ap);
}

static void *
open_fleet(struct app *app, const void *arg)
{
	(void)arg;
	fleet_probe.app = app;
	return &fleet_probe;
}

static void *
open_pane(struct app *app, const void *arg)
{
	(void)arg;
	pane_probe.app = app;
	return &pane_probe;
}

static void
probe_close(void *state)
{
	note(state, "close ");
}

static void
probe_shown(void *state, bool shown)
{
	note(state, shown ? "shown " : "hidden ");
}

static bool
probe_key(void *state, struct key key)
{
	struct probe *p = state;
	char name[16];

	if (!p->takes_keys || keymap_is_prefix(app_keymap(p->app), key))
		return false;
	key_format(key, name, sizeof name);
	note(p, "key:%s ", name);
	return true;
}

static void
probe_paste(void *state, const char *bytes, size_t len)
{
	note(state, "paste:%.*s ", (int)len, bytes);
}

static bool
probe_command(void *state, const struct command_call *call)
{
	struct probe *p = state;
	int id = call->command->id;

	if (id == CMD_MESSAGES || id == CMD_KEYS || id == CMD_PALETTE ||
	    id == CMD_CLOSE || id == CMD_BACK || id == CMD_QUIT || id == CMD_INTERRUPT ||
	    id == CMD_REFRESH || id == CMD_VIEW_FLEET || id == CMD_VIEW_TERMINALS ||
	    id == CMD_SORT)
		return false;
	note(p, "%s(%s) ", call->command->name,
	    call->args.count ? call->args.items[0] : app_target(p->app));
	return true;
}

static void
probe_draw(const void *state, struct canvas *c)
{
	const struct probe *p = state;

	app_chrome(
	    p->app, c, KEYMAP_FLEET, p == &fleet_probe ? "Fleet" : "Terminals", "");
}

static const struct view_type fleet_type = {
	.name = "fleet",
	.kind = VIEW_FULL,
	.keys = KEYMAP_FLEET,
	.open = open_fleet,
	.close = probe_close,
	.draw = probe_draw,
	.key = probe_key,
	.command = probe_command,
	.shown = probe_shown,
};

static const struct view_type pane_type = {
	.name = "terminals",
	.kind = VIEW_FULL,
	.keys = KEYMAP_TERMINALS,
	.open = open_pane,
	.close = probe_close,
	.draw = probe_draw,
	.key = probe_key,
	.paste = probe_paste,
	.command = probe_command,
	.shown = probe_shown,
};

static const struct fleet_settings settings = {
	.api_url = "http://127.0.0.1:9",
	.key = "e2b_0000000000000000000000000000000000000000",
	.profile = "local",
};

static struct fake *
rig(void)
{
	struct fake *f =
	    fake_new(&(struct fake_options){ .ascii = true, .fleet = &settings });

	fleet_probe = pane_probe = (struct probe){ 0 };
	fake_model(f)->state = COLLECTION_READY;
	fake_model(f)->synced_ms = FAKE_NOW_MS;
	app_add_base(fake_app(f), CMD_VIEW_FLEET, &fleet_type);
	app_add_base(fake_app(f), CMD_VIEW_TERMINALS, &pane_type);
	app_show(fake_app(f), &fleet_type);
	fake_turn(f);
	fleet_probe.log[0] = '\0';
	return f;
}

static void
assert_log(struct probe *p, const char *expected)
{
	assert_string_equal(p->log, expected);
	p->log[0] = '\0';
}

/* ---- dispatch */

static void
test_keys_become_commands(void **state)
{
	struct fake *f = rig();

	(void)state;
	app_set_target(fake_app(f), "isbx1");
	fake_keys(f, "j s X p Y");
	assert_log(&fleet_probe, "down(isbx1) shell(isbx1) kill(isbx1) pause(isbx1) ");
	app_run(fake_app(f), "kill iother");
	assert_log(&fleet_probe, "kill(iother) ");
	app_run(fake_app(f), "shell -u root");
	assert_log(&fleet_probe, "shell(isbx1) ");
	app_run(fake_app(f), "nonesuch");
	assert_true(fake_shows(f, "unknown command"));
	app_run(fake_app(f), "doctor");
	assert_true(fake_shows(f, "command line"));
	app_run(fake_app(f), "");
	app_set_target(fake_app(f), NULL);
	fake_keys(f, "s");
	assert_true(fake_shows(f, "no sandbox is selected"));
	assert_log(&fleet_probe, "");
	fake_free(f);
}

/* What was under the cursor when the key arrived is what is acted on: also when help or
 * the palette stood in between and the cursor has gone elsewhere. */
static void
test_law_2_identity_when_the_key_arrived(void **state)
{
	struct fake *f = rig();

	(void)state;
	app_set_target(fake_app(f), "isbx1");
	fake_keys(f, ":");
	app_set_target(fake_app(f), "isbx2");
	fake_type(f, "pause");
	fake_keys(f, "Enter");
	assert_log(&fleet_probe, "hidden pause(isbx1) shown ");
	fake_free(f);
}

static void
test_handler_tables(void **state)
{
	struct fake *f = rig();

	(void)state;
	fake_keys(f, ",");
	assert_true(fake_shows(f, "sort: nothing to do here"));
	fake_keys(f, "Left"); /* movement that means nothing is not worth a word */
	fake_free(f);
}

static void
test_refusals(void **state)
{
	struct fake *f = rig();
	struct fleet_settings read_only = settings;

	(void)state;
	app_set_target(fake_app(f), "isbx1");
	fake_model(f)->state = COLLECTION_FAILED;
	fake_keys(f, "X");
	assert_true(fake_shows(f, "kill is refused while offline"));
	fake_keys(f, "s");
	assert_log(&fleet_probe, "shell(isbx1) ");
	fake_free(f);

	read_only.read_only = true;
	f = fake_new(&(struct fake_options){ .ascii = true, .fleet = &read_only });
	app_add_base(fake_app(f), CMD_VIEW_FLEET, &fleet_type);
	app_show(fake_app(f), &fleet_type);
	app_set_target(fake_app(f), "isbx1");
	fake_keys(f, "p");
	assert_true(fake_shows(f, "read-only"));
	fake_free(f);

	f = fake_new(&(struct fake_options){ .ascii = true });
	app_add_base(fake_app(f), CMD_VIEW_FLEET, &fleet_type);
	app_show(fake_app(f), &fleet_type);
	fake_keys(f, "c");
	assert_true(fake_shows(f, "needs an account"));
	fake_free(f);
}

/* ---- prefix */

static void
test_prefix(void **state)
{
	struct fake *f = rig();

	(void)state;
	pane_probe.takes_keys = true;
	fake_keys(f, "2");
	pane_probe.log[0] = '\0';
	fake_keys(f, "q j ^B c d ^B ^B ^B Esc x");
	assert_log(&pane_probe, "key:q key:j pane-new() key:d pane-prefix() key:x ");
	fake_keys(f, "^B Y");
	assert_true(fake_shows(f, "Nothing is bound to ^B Y"));
	/* It works on command surfaces too. */
	fake_keys(f, "^B :");
	assert_true(fake_shows(f, "Command palette"));
	fake_keys(f, "Esc");
	app_show(fake_app(f), &fleet_type);
	fake_turn(f);
	fleet_probe.log[0] = '\0';
	fake_keys(f, "^B n");
	assert_log(&fleet_probe, "pane-next() ");
	fake_free(f);
}

static void
test_prefix_menu_waits(void **state)
{
	static const struct app_options options = { .which_key_ms = 1 };
	struct fake *f =
	    fake_new(&(struct fake_options){ .ascii = true, .app = &options });

	(void)state;
	app_add_base(fake_app(f), CMD_VIEW_FLEET, &fleet_type);
	app_show(fake_app(f), &fleet_type);
	fake_keys(f, "^B");
	assert_true(fake_shows(f, "^B ...")); /* said at once */
	while (!fake_app(f)->which_key_shown)
		loop_turn(fake_loop(f), 100);
	assert_true(fake_shows(f, "new shell"));
	fake_keys(f, "Esc");
	assert_false(fake_shows(f, "new shell"));
	fake_free(f);
}

static void
test_prefix_settings(void **state)
{
	struct app_options options = {
		.prefix = "^A", .prefix2 = "auto", .which_key_ms = -1
	};
	struct fake *f;

	(void)state;
	setenv("TMUX", "x", 1);
	f = fake_new(&(struct fake_options){ .app = &options });
	assert_true(keymap_is_prefix(
	    app_keymap(fake_app(f)), (struct key){ .code = ']', .mods = KEY_MOD_CTRL }));
	assert_true(keymap_is_prefix(
	    app_keymap(fake_app(f)), (struct key){ .code = 'a', .mods = KEY_MOD_CTRL }));
	fake_free(f);
	unsetenv("TMUX");
	f = fake_new(&(struct fake_options){ .app = &options });
	assert_false(keymap_is_prefix(
	    app_keymap(fake_app(f)), (struct key){ .code = ']', .mods = KEY_MOD_CTRL }));
	fake_free(f);
}

/* ---- paste */

static void
test_law_3_paste_is_never_commands(void **state)
{
	struct fake *f = rig();

	(void)state;
	app_set_target(fake_app(f), "isbx1");
	fake_paste(f, "X\nyyyq");
	assert_log(&fleet_probe, "");
	assert_true(fake_shows(f, "Pasted text is not commands: 6 bytes"));
	fake_keys(f, "2");
	pane_probe.log[0] = '\0';
	fake_paste(f, "ls");
	assert_log(&pane_probe, "paste:ls ");
	fake_free(f);
}

/* ---- the stack */

static void
test_stack(void **state)
{
	struct fake *f = rig();

	(void)state;
	fake_keys(f, "~");
	assert_log(&fleet_probe, "hidden ");
	assert_true(fake_shows(f, "Messages"));
	fake_keys(f, "~ Esc"); /* not twice */
	assert_log(&fleet_probe, "shown ");
	fake_keys(f, "2");
	assert_log(&fleet_probe, "hidden ");
	assert_log(&pane_probe, "shown ");
	fake_keys(f, "1");
	assert_log(&fleet_probe, "shown ");
	assert_log(&pane_probe, "hidden "); /* kept, not closed */
	fake_keys(f, "2 q"); /* a base that is not the root: back to the root */
	assert_true(fake_shows(f, "Fleet"));
	assert_false(fake_app(f)->quitting);
	fake_keys(f, "q");
	assert_true(fake_app(f)->quitting);
	assert_int_equal(app_exit_code(fake_app(f)), 0);
	pane_probe.log[0] = fleet_probe.log[0] = '\0';
	fake_free(f);
	assert_log(&fleet_probe, "hidden close ");
	assert_log(&pane_probe, "close ");
}

static void
test_quit_asks_with_open_shells(void **state)
{
	struct fake *f = rig();
	struct sandbox *s = model_add(fake_model(f), "isbx1");

	(void)state;
	s->shells = 1;
	fake_keys(f, "q");
	assert_false(fake_app(f)->quitting);
	assert_true(fake_shows(f, "keep running in their sandboxes"));
	fake_advance(f, 1000);
	fake_keys(f, "n");
	assert_false(fake_app(f)->quitting);
	fake_keys(f, "q");
	fake_advance(f, 1000);
	fake_keys(f, "y");
	assert_true(fake_app(f)->quitting);
	fake_free(f);
}

static void
test_interrupt_twice(void **state)
{
	struct fake *f = rig();

	(void)state;
	fake_keys(f, "^C");
	assert_true(fake_shows(f, "Q quits"));
	fake_advance(f, 1500);
	fake_keys(f, "^C");
	assert_false(fake_app(f)->quitting);
	fake_advance(f, 500);
	fake_keys(f, "^C");
	assert_true(fake_app(f)->quitting);
	fake_free(f);
}

static void
test_signals_end_it(void **state)
{
	struct fake *f = rig();

	(void)state;
	fake_screen(f)->ended_by = 15;
	app_screen_events.closed(fake_app(f));
	assert_int_equal(app_exit_code(fake_app(f)), 143);
	fake_free(f);
}

/* Any size, from a single cell on; what cannot be seen cannot be answered. */
static void
test_sizes(void **state)
{
	static const int sides[] = { 1, 2, 3, 5, 11, 12, 13, 39, 40, 41, 80, 200 };
	struct fake *f = rig();

	(void)state;
	app_set_target(fake_app(f), "isbx1");
	fake_keys(f, "?");
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		for (size_t j = 0; j < ARRAY_LEN(sides); j++) {
			fake_resize(f, sides[i], sides[j]);
			fake_draw(f);
		}
	fake_resize(f, 5, 100);
	assert_true(fake_shows(f, "needs 40x12"));
	fake_resize(f, 5, 12);
	assert_true(fake_shows(f, "needs 40x12")); /* before all else */
	fake_keys(f, "Esc");
	fake_keys(f, "X");
	assert_log(&fleet_probe, "hidden shown ");
	fake_keys(f, "^B Y q");
	assert_true(fake_app(f)->quitting);
	fake_free(f);
}

/* ---- dialogs */

static struct {
	int calls;
	bool yes;
	int choice;
	char ids[256];
} answered;

static void
on_answer(void *ctx, const struct dialog_answer *answer)
{
	(void)ctx;
	answered.calls++;
	answered.yes = answer->yes;
	answered.choice = answer->choice;
	answered.ids[0] = '\0';
	for (size_t i = 0; i < answer->ids->count; i++) {
		size_t len = strlen(answered.ids);
		snprintf(answered.ids + len, sizeof answered.ids - len, "%s ",
		    answer->ids->items[i]);
	}
}

static const char *gone; /* the target that changed meanwhile */

static bool
on_target(void *ctx, const char *id, struct buf *row)
{
	(void)ctx;
	buf_add_str(row, id);
	return !str_eq(id, gone);
}

static const struct dialog_events dialog_events = {
	.target = on_target,
	.answer = on_answer,
};

static const struct dialog_choice extras[] = {
	{ 'p', "pause instead" },
	{ 'd', "dry run" },
	{ 0 },
};

static void
ask(struct fake *f, enum dialog_level level, const char *word)
{
	static const char *const ids[] = { "ione", "itwo", "ithree" };

	memset(&answered, 0, sizeof answered);
	gone = NULL;
	dialog_open(fake_app(f),
	    &(struct dialog_options){
		.level = level,
		.title = "KILL",
		.ids = ids,
		.id_count = 3,
		.verb = "kill",
		.word = word,
		.choices = extras,
	    },
	    &dialog_events, NULL);
}

/* The answer to keys that come `after_ms` after the dialog opened by itself. */
static const struct {
	enum dialog_level level;
	const char *keys;
	int calls;
	bool yes;
	int choice;
} dialog_cases[] = {
	{ DIALOG_YES_NO, "y", 1, true, -1 },
	{ DIALOG_YES_NO, "n", 1, false, -1 },
	{ DIALOG_YES_NO, "Esc", 1, false, -1 },
	{ DIALOG_YES_NO, "^C", 1, false, -1 },
	{ DIALOG_YES_NO, "Enter", 1, false, -1 }, /* "no" has the focus */
	{ DIALOG_YES_NO, "Right Enter", 1, true, -1 },
	{ DIALOG_YES_NO, "Tab Tab Enter", 1, false, -1 },
	{ DIALOG_YES_NO, "p", 1, false, 0 },
	{ DIALOG_YES_NO, "q X Space", 0, false, 0 },
	{ DIALOG_NAMED, "y", 1, true, -1 },
	{ DIALOG_NAMED, "Enter", 0, false, 0 }, /* Enter alone never destroys */
	{ DIALOG_NAMED, "Right Tab Enter Enter", 0, false, 0 },
	{ DIALOG_NAMED, "Esc", 1, false, -1 },
	{ DIALOG_NAMED, "d", 1, false, 1 },
	{ DIALOG_COUNTED, "y", 0, false, 0 },
	{ DIALOG_COUNTED, "Enter", 0, false, 0 },
	{ DIALOG_COUNTED, "3", 0, false, 0 },
	{ DIALOG_COUNTED, "4 Enter", 1, false, -1 },
	{ DIALOG_COUNTED, "3 Enter", 0, false, 0 }, /* armed, not yet done */
	{ DIALOG_COUNTED, "3 Enter Esc", 1, false, -1 },
	{ DIALOG_COUNTED, "3 Enter u", 1, false, -1 },
	{ DIALOG_COUNTED, "3 Enter y Enter", 0, false, 0 },
	{ DIALOG_COUNTED, "p", 1, false, 0 },
	{ DIALOG_MENU, "d", 1, false, 1 },
	{ DIALOG_MENU, "Down Enter", 1, false, 1 },
	{ DIALOG_MENU, "Enter", 1, false, 0 },
	{ DIALOG_MENU, "Down Down Down Up Enter", 1, false, 0 },
	{ DIALOG_MENU, "Esc", 1, false, -1 },
};

static void
test_law_3_dialog_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dialog_cases); i++) {
		struct fake *f = rig();
		ask(f, dialog_cases[i].level, NULL);
		fake_advance(f, 1000);
		fake_keys(f, dialog_cases[i].keys);
		if (answered.calls != dialog_cases[i].calls ||
		    (answered.calls && (answered.yes != dialog_cases[i].yes ||
					   answered.choice != dialog_cases[i].choice)))
			fail_msg("case %zu: %d calls, yes %d, choice %d", i,
			    answered.calls, answered.yes, answered.choice);
		if (answered.calls && (answered.yes || answered.choice >= 0))
			assert_string_equal(answered.ids, "ione itwo ithree ");
		fake_paste(f, "y"); /* never an answer */
		fake_free(f);
		assert_int_equal(answered.calls, 1); /* closing is "no", once */
	}
}

/* What changed since the dialog opened is left out, and a number that was right before
 * is not right any more. */
static void
test_targets_that_changed(void **state)
{
	struct fake *f = rig();

	(void)state;
	ask(f, DIALOG_NAMED, NULL);
	gone = "itwo";
	assert_true(fake_shows(f, "1 changed meanwhile"));
	fake_advance(f, 1000);
	fake_keys(f, "y");
	assert_true(answered.yes);
	assert_string_equal(answered.ids, "ione ithree ");

	ask(f, DIALOG_COUNTED, NULL);
	fake_advance(f, 1000);
	gone = "ione";
	assert_true(fake_shows(f, "Type 2 then Enter"));
	fake_keys(f, "3 Enter");
	assert_false(answered.yes);
	assert_int_equal(answered.calls, 1);
	fake_free(f);
}

static void
test_counted_waits_for_second_thoughts(void **state)
{
	struct fake *f = rig();

	(void)state;
	ask(f, DIALOG_COUNTED, NULL);
	fake_advance(f, 1000);
	fake_keys(f, "3 Enter");
	assert_true(fake_shows(f, "kill in 3 s"));
	fake_advance(f, 2900);
	assert_true(fake_shows(f, "kill in 1 s"));
	assert_int_equal(answered.calls, 0);
	fake_advance(f, 200);
	while (answered.calls == 0)
		loop_turn(fake_loop(f), 100);
	assert_true(answered.yes);
	fake_free(f);
}

static void
test_typed_word(void **state)
{
	struct fake *f = rig();

	(void)state;
	ask(f, DIALOG_COUNTED, "prod");
	fake_advance(f, 1000);
	fake_type(f, "prox");
	fake_keys(f, "Backspace");
	fake_type(f, "d");
	fake_keys(f, "Enter");
	assert_true(fake_shows(f, "kill in 3 s"));
	fake_keys(f, "Esc");
	assert_false(answered.yes);
	fake_free(f);
}

/* ---- the guard of a dialog, by times */

static void
test_law_3_type_ahead_and_held_keys(void **state)
{
	static const struct {
		char opener;
		bool unasked;
		const char *keys; /* "y250": y, 250 ms after the opening */
		const char *taken;
	} cases[] = {
		{ 'X', false, "y0 y199", "" },
		{ 'X', false, "y201", "y" },
		{ 'X', false, "n50 y250", "y" },
		{ 'X', false, "y50 y250 y500", "" }, /* still held down */
		{ 'X', false, "y50 y300 y330 y360 y1100",
		    "y" },			      /* let go, pressed again */
		{ 'y', false, "y300 y330 y360", "" }, /* the opener repeats */
		{ 'y', false, "y700 y701", "yy" },
		{ 'y', false, "n250", "n" },
		{ 'X', false, "3250 3300 7350", "337" },
		{ 'X', true, "y300", "" }, /* nobody asked for it: somebody types */
		{ 'X', true, "a300 b600 c900", "" },
		{ 'X', true, "a300 y901", "y" },
		{ 0, true, "y650", "y" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strlist presses = { 0 };
		struct key_guard g;
		char taken[16] = "";
		size_t len = 0;

		key_guard_init(&g, 5000,
		    (struct key){ .code = (uint32_t)cases[i].opener }, cases[i].unasked);
		strlist_split(&presses, cases[i].keys, ' ');
		for (size_t j = 0; j < presses.count; j++) {
			struct key key = { .code = (uint32_t)presses.items[j][0] };
			int64_t at;
			assert_true(parse_int(presses.items[j] + 1, 0, 10000, &at));
			if (key_guard_takes(&g, key, 5000 + (uint64_t)at))
				taken[len++] = presses.items[j][0];
		}
		if (strcmp(taken, cases[i].taken) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, taken, cases[i].taken);
		strlist_clear(&presses);
	}
}

/* ---- prompts */

static struct {
	int done;
	char text[64], changed[64];
} prompted;

static void
on_changed(void *ctx, const char *text)
{
	(void)ctx;
	str_copy(prompted.changed, sizeof prompted.changed, text);
}

static bool
on_check(void *ctx, const char *text, struct buf *out)
{
	(void)ctx;
	buf_add_str(out, str_eq(text, "bad") ? "that is wrong" : "that is fine");
	return !str_eq(text, "bad");
}

static bool
on_complete(void *ctx, const char *text, struct buf *out)
{
	(void)ctx;
	buf_addf(out, "%s:running", text);
	return true;
}

static void
on_done(void *ctx, const char *text)
{
	(void)ctx;
	prompted.done++;
	str_copy(prompted.text, sizeof prompted.text, text ? text : "(none)");
}

static void
test_prompt(void **state)
{
	static const struct prompt_events events = { on_changed, on_check, on_complete,
		on_done };
	struct strlist history = { 0 };
	struct prompt_options options = {
		.label = "/", .text = "ba", .history = &history
	};
	struct fake *f = rig();

	(void)state;
	memset(&prompted, 0, sizeof prompted);
	prompt_open(fake_app(f), &options, &events, NULL);
	assert_true(fake_shows(f, "that is fine"));
	fake_keys(f, "d Enter"); /* wrong: Enter is refused */
	assert_true(fake_shows(f, "that is wrong"));
	assert_int_equal(prompted.done, 0);
	fake_keys(f, "Backspace Tab");
	assert_string_equal(prompted.changed, "ba:running");
	fake_paste(f, "\nX");
	fake_keys(f, "q Enter"); /* keys of the view below are letters here */
	assert_int_equal(prompted.done, 1);
	assert_string_equal(prompted.text, "ba:running Xq");
	assert_string_equal(history.items[0], "ba:running Xq");
	assert_log(&fleet_probe, "hidden shown ");

	prompt_open(fake_app(f), &options, &events, NULL);
	fake_keys(f, "Up Esc");
	assert_string_equal(prompted.text, "(none)");
	prompt_open(fake_app(f), &options, &events, NULL);
	fake_free(f); /* closed otherwise: told once, as cancelled */
	assert_int_equal(prompted.done, 3);
	strlist_clear(&history);
}

/* ---- forms */

static struct {
	int submits, closed;
	bool submitted, refuse;
	char values[128];
} formed;

static bool
form_check(void *ctx, const struct form *f, const char *name, struct error *err)
{
	(void)ctx;
	if (str_eq(name, "ttl") && str_eq(form_value(f, name), "0"))
		return error_set(err, ERROR_INPUT, "more than 0 and at most 24h");
	return true;
}

static void
form_note(void *ctx, const struct form *f, const char *name, struct buf *out)
{
	(void)ctx;
	if (str_eq(name, "ttl"))
		buf_addf(out, "ends in %s", form_value(f, "ttl"));
}

static void
form_cli(void *ctx, const struct form *f, struct buf *out)
{
	(void)ctx;
	buf_addf(out, "sandtop create %s --ttl %s", form_value(f, "template"),
	    form_value(f, "ttl"));
}

static bool
form_submit(void *ctx, const struct form *f, struct error *err)
{
	(void)ctx;
	formed.submits++;
	snprintf(formed.values, sizeof formed.values, "%s %s %s %d",
	    form_value(f, "template"), form_value(f, "ttl"), form_value(f, "timeout"),
	    form_is_on(f, "internet"));
	return formed.refuse ? error_set(err, ERROR_LIMIT, "the plan allows no more")
			     : true;
}

static void
form_closed(void *ctx, bool submitted)
{
	(void)ctx;
	formed.closed++;
	formed.submitted = submitted;
}

static const struct form_events form_events = {
	.check = form_check,
	.note = form_note,
	.cli = form_cli,
	.submit = form_submit,
	.closed = form_closed,
};

static void
open_form(struct fake *f)
{
	static const char *const templates[] = { "base", "py312", "node20", NULL };
	static const char *const timeouts[] = { "kill", "pause", NULL };
	static const struct form_field fields[] = {
		{ .name = "template",
		    .label = "Template",
		    .kind = FORM_COMBO,
		    .value = "base",
		    .choices = templates,
		    .help = "What the sandbox begins as." },
		{ .name = "ttl", .label = "Time to live", .value = "15m", .width = 8 },
		{ .name = "timeout",
		    .label = "On timeout",
		    .kind = FORM_CHOICE,
		    .choices = timeouts },
		{ .name = "internet",
		    .label = "Internet",
		    .kind = FORM_TOGGLE,
		    .value = "yes",
		    .note = "allowed" },
	};

	memset(&formed, 0, sizeof formed);
	form_open(fake_app(f),
	    &(struct form_options){ .title = "New sandbox",
		.verb = "create",
		.fields = fields,
		.field_count = ARRAY_LEN(fields) },
	    &form_events, &formed);
}

static void
test_form(void **state)
{
	struct fake *f = rig();

	(void)state;
	open_form(f);
	assert_non_null(form_current(fake_app(f), &formed));
	assert_null(form_current(fake_app(f), f));
	assert_true(fake_shows(f, "same as: sandtop create base --ttl 15m"));
	fake_keys(f, "F1");
	assert_true(fake_shows(f, "What the sandbox begins as."));
	fake_keys(f, "Down Tab ^U 0 Tab"); /* offers the next; checks when left */
	assert_true(fake_shows(f, "more than 0 and at most 24h"));
	fake_keys(f, "Right Tab Space ^S"); /* goes to what is wrong */
	assert_int_equal(formed.submits, 0);
	fake_keys(f, "^U");
	fake_type(f, "1h");
	assert_true(fake_shows(f, "ends in 1h"));
	formed.refuse = true;
	fake_keys(f, "^S");
	assert_true(fake_shows(f, "the plan allows no more"));
	assert_int_equal(formed.closed, 0);
	formed.refuse = false;
	fake_keys(f, "Enter Enter Enter"); /* from the last field it submits */
	assert_string_equal(formed.values, "py312 1h pause 0");
	assert_int_equal(formed.submits, 2);
	assert_int_equal(formed.closed, 1);
	assert_true(formed.submitted);
	fake_free(f);
}

static void
test_form_cancel(void **state)
{
	struct fake *f = rig();

	(void)state;
	open_form(f);
	fake_keys(f, "Tab S-Tab Esc"); /* nothing was edited: nothing is asked */
	assert_int_equal(formed.closed, 1);
	assert_false(formed.submitted);
	open_form(f);
	fake_keys(f, "x Esc");
	assert_true(fake_shows(f, "is lost"));
	fake_advance(f, 1000);
	fake_keys(f, "n");
	assert_int_equal(formed.closed, 0);
	fake_keys(f, "Esc");
	fake_advance(f, 1000);
	fake_keys(f, "y");
	assert_int_equal(formed.closed, 1);
	fake_free(f);
}

static void
test_form_choices_later(void **state)
{
	static const char *const later[] = { "one", "base", NULL };
	struct fake *f = rig();

	(void)state;
	open_form(f);
	form_set_choices(form_current(fake_app(f), &formed), "template", later);
	fake_keys(f, "Down");
	assert_string_equal(
	    form_value(form_current(fake_app(f), &formed), "template"), "one");
	fake_free(f);
}

/* A form is told of pictures too: at every size, in both glyph sets. */
static void
test_form_pictures(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct fake *f = fake_new(&(struct fake_options){
		    .ascii = ascii, .tier = TIER_256, .fleet = &settings });
		fake_model(f)->state = COLLECTION_READY;
		fake_model(f)->synced_ms = FAKE_NOW_MS;
		app_add_base(fake_app(f), CMD_VIEW_FLEET, &fleet_type);
		app_show(fake_app(f), &fleet_type);
		open_form(f);
		fake_keys(f, "Tab ^U 0 Tab F1");
		assert_pictures(f, "form");
		fake_free(f);
	}
}

/* ---- drawing */

/* Keys that follow each other are each seen at once, a flood settles at the pace. */
static void
test_frames_are_paced(void **state)
{
	struct fake *f = rig();
	int before;

	(void)state;
	fake_draw(f);
	while (fake_app(f)->dirty)
		loop_turn(fake_loop(f), 50);
	before = fake_frames(f);
	for (int i = 0; i < 200; i++) {
		app_dirty(fake_app(f));
		loop_turn(fake_loop(f), 0);
	}
	assert_true(fake_frames(f) > before);
	assert_true(fake_frames(f) - before < 100);
	while (fake_app(f)->dirty)
		loop_turn(fake_loop(f), 50); /* the last state is drawn in the end */
	fake_free(f);
}

static void
test_nothing_new_draws_nothing(void **state)
{
	struct fake *f = rig();
	int before;

	(void)state;
	fake_draw(f);
	before = fake_frames(f);
	for (int i = 0; i < 20; i++)
		loop_turn(fake_loop(f), 0);
	assert_int_equal(fake_frames(f), before);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_become_commands),
		cmocka_unit_test(test_law_2_identity_when_the_key_arrived),
		cmocka_unit_test(test_handler_tables),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_prefix_menu_waits),
		cmocka_unit_test(test_prefix_settings),
		cmocka_unit_test(test_law_3_paste_is_never_commands),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_quit_asks_with_open_shells),
		cmocka_unit_test(test_interrupt_twice),
		cmocka_unit_test(test_signals_end_it),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_law_3_dialog_answers),
		cmocka_unit_test(test_targets_that_changed),
		cmocka_unit_test(test_counted_waits_for_second_thoughts),
		cmocka_unit_test(test_typed_word),
		cmocka_unit_test(test_law_3_type_ahead_and_held_keys),
		cmocka_unit_test(test_prompt),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_form_cancel),
		cmocka_unit_test(test_form_choices_later),
		cmocka_unit_test(test_form_pictures),
		cmocka_unit_test(test_frames_are_paced),
		cmocka_unit_test(test_nothing_new_draws_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
