/* Pictures of what the core itself shows, and what keys do there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_screen.h"
#include "tui/app_internal.h"
#include "tui/dialog.h"
#include "tui/form.h"
#include "tui/prompt.h"

/* ---- a view that stands in for the fleet */

struct probe {
	struct app *app;
	int last_command, commands_seen;
	char target[64];
	bool wants_paste;
	char pasted[64];
};
static struct probe probe;

static void *
probe_open(struct app *app, const void *arg)
{
	(void)arg;
	probe.app = app;
	return &probe;
}

static void
probe_draw(const void *state, struct canvas *c)
{
	(void)state;
	struct canvas body = app_chrome(probe.app, c, KEYMAP_FLEET, "Fleet", "2/3");

	for (int row = 0; row < body.area.rows; row++)
		canvas_textf(&body, row, 2, row % 2 ? ROLE_TEXT : ROLE_DIM,
		    "row %d of the view below", row);
	canvas_cursor(&body, 0, 0);
}

static bool
probe_command(void *state, const struct command_call *call)
{
	(void)state;
	if (call->command->id != CMD_KILL && call->command->id != CMD_DOWN &&
	    call->command->id != CMD_OPEN && call->command->id != CMD_SHELL)
		return false;
	probe.last_command = call->command->id;
	probe.commands_seen++;
	str_copy(probe.target, sizeof probe.target,
	    call->args.count ? call->args.items[0] : app_target(probe.app));
	return true;
}

static const struct view_type probe_view = {
	.name = "fleet",
	.kind = VIEW_FULL,
	.keys = KEYMAP_FLEET,
	.open = probe_open,
	.draw = probe_draw,
	.command = probe_command,
};

static const struct fleet_settings settings = {
	.api_url = "http://127.0.0.1:9",
	.key = "e2b_0000000000000000000000000000000000000000",
	.profile = "prod-eu",
	.project = "team-blue",
	.domain = "e2b.app",
};

static struct sandbox *
add_sandbox(struct fake *f, const char *id, const char *name, enum sandbox_state state)
{
	struct sandbox *s = model_add(fake_model(f), id);

	s->name = xstrdup(name);
	s->template_name = xstrdup("base");
	s->state = state;
	pairs_set(&s->metadata, "user", "ana");
	return s;
}

static struct fake *
rig(bool ascii)
{
	struct fake *f = fake_new(&(struct fake_options){
	    .ascii = ascii, .tier = TIER_256, .fleet = &settings });
	struct model *m = fake_model(f);

	probe = (struct probe){ 0 };
	m->state = COLLECTION_READY;
	m->synced_ms = FAKE_NOW_MS - 2000;
	add_sandbox(f, "ij3k9x0abq7m2v5tz8wrc", "agent-42", SANDBOX_RUNNING);
	add_sandbox(f, "iqi87fdhjk3e0059sahtx", "build-47", SANDBOX_RUNNING);
	add_sandbox(f, "i62ngg3y325dgd1xgrnn4", "pauline-dev", SANDBOX_PAUSED);
	app_add_base(fake_app(f), CMD_VIEW_FLEET, &probe_view);
	app_show(fake_app(f), &probe_view);
	app_set_target(fake_app(f), "ij3k9x0abq7m2v5tz8wrc");
	return f;
}

static void
each_glyph_set(void (*test)(struct fake *f))
{
	for (int ascii = 0; ascii < 2; ascii++) {
		struct fake *f = rig(ascii);
		test(f);
		fake_free(f);
	}
}

/* ---- pictures */

static void
picture_chrome(struct fake *f)
{
	app_say(fake_app(f), MESSAGE_INFO, "Paused 3 of 3 (agent-7, eval-41, ci-9)");
	assert_pictures(f, "chrome");
	struct model *m = fake_model(f);
	m->state = COLLECTION_FAILED;
	m->since_ms = FAKE_NOW_MS - 95000;
	m->retry_at_ms = FAKE_NOW_MS + 8000;
	error_set(&m->error, ERROR_OFFLINE, "api.e2b.app: connect timed out");
	assert_pictures(f, "chrome-offline");
}

static void
test_chrome(void **state)
{
	(void)state;
	each_glyph_set(picture_chrome);
}

static void
picture_help(struct fake *f)
{
	fake_keys(f, "?");
	assert_pictures(f, "help");
	fake_type(f, "sort");
	assert_pictures(f, "help-search");
}

static void
test_help(void **state)
{
	(void)state;
	each_glyph_set(picture_help);
}

static void
picture_palette(struct fake *f)
{
	fake_keys(f, ":");
	assert_pictures(f, "palette");
	fake_type(f, "pau");
	assert_pictures(f, "palette-pau");
}

static void
test_palette(void **state)
{
	(void)state;
	each_glyph_set(picture_palette);
}

static void
picture_which_key(struct fake *f)
{
	app_prefix_start(fake_app(f), keymap_prefix(app_keymap(fake_app(f))));
	fake_app(f)->which_key_shown = true;
	assert_pictures(f, "which-key");
}

static void
test_which_key(void **state)
{
	(void)state;
	each_glyph_set(picture_which_key);
}

static void
picture_messages(struct fake *f)
{
	fake_keys(f, "~");
	assert_true(fake_shows(f, "Nothing has been said"));
	app_say(fake_app(f), MESSAGE_INFO, "Paused agent-42");
	app_say(fake_app(f), MESSAGE_WARNING, "build-47 ends in 5 minutes");
	app_say(fake_app(f), MESSAGE_WARNING, "build-47 ends in 5 minutes");
	app_say(fake_app(f), MESSAGE_ERROR,
	    "Killing ci-9 failed: the service answered 503; it is tried again in 4 s");
	assert_pictures(f, "messages");
	fake_keys(f, "Esc");
	assert_true(fake_shows(f, "row 0 of the view"));
}

static void
test_messages(void **state)
{
	(void)state;
	each_glyph_set(picture_messages);
}

/* ---- dialogs */

static struct {
	int calls;
	bool yes;
	int choice;
	size_t ids;
} answered;

static void
on_answer(void *ctx, const struct dialog_answer *answer)
{
	(void)ctx;
	answered.calls++;
	answered.yes = answer->yes;
	answered.choice = answer->choice;
	answered.ids = answer->ids->count;
}

static bool changed_meanwhile;

static bool
on_target(void *ctx, const char *id, struct buf *row)
{
	(void)ctx;
	bool gone = changed_meanwhile && str_has_suffix(id, "01");

	buf_addf(row, "%-10s agent-%-4s base  RUN  96  1h10  ana%s", id, id + 7,
	    gone ? "  (gone)" : "");
	return !gone;
}

static const struct dialog_events dialog_events = {
	.target = on_target,
	.answer = on_answer,
};

static void
open_dialog(struct fake *f, enum dialog_level level, size_t targets)
{
	static const struct dialog_choice extras[] = {
		{ 'p', "pause instead" },
		{ 0 },
	};
	static const struct dialog_choice menu[] = {
		{ 'c', "CPU" },
		{ 'm', "memory" },
		{ 't', "time left" },
		{ 'n', "name" },
		{ 0 },
	};
	char names[40][32];
	const char *ids[40];

	answered.calls = 0;
	changed_meanwhile = false;
	for (size_t i = 0; i < targets; i++) {
		snprintf(names[i], sizeof names[i], "isandbx%02zu", i);
		ids[i] = names[i];
	}
	dialog_open(fake_app(f),
	    &(struct dialog_options){
		.level = level,
		.title = level == DIALOG_MENU	   ? "Sort by"
			 : level == DIALOG_COUNTED ? "KILL 37 sandboxes in prod-eu"
						   : "KILL agent-42 in prod-eu",
		.body = level == DIALOG_MENU
			    ? NULL
			    : "This cannot be undone. Memory, disk and 2 live shells "
			      "are lost.",
		.cli = level == DIALOG_MENU ? NULL : "sandtop kill isandbx00",
		.target_header = targets ? "id         name       template" : NULL,
		.ids = targets ? ids : NULL,
		.id_count = targets,
		.verb = "kill",
		.choices = level == DIALOG_MENU ? menu : extras,
	    },
	    &dialog_events, NULL);
}

static void
picture_dialogs(struct fake *f)
{
	static const struct {
		enum dialog_level level;
		size_t targets;
		const char *name;
	} cases[] = {
		{ DIALOG_YES_NO, 3, "dialog-yes-no" },
		{ DIALOG_NAMED, 1, "dialog-named" },
		{ DIALOG_COUNTED, 37, "dialog-counted" },
		{ DIALOG_MENU, 0, "dialog-menu" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		open_dialog(f, cases[i].level, cases[i].targets);
		assert_pictures(f, cases[i].name);
		fake_advance(f, 1000);
		fake_keys(f, "Esc");
		assert_int_equal(answered.calls, 1);
		assert_false(answered.yes);
	}
	open_dialog(f, DIALOG_COUNTED, 37);
	changed_meanwhile = true;
	assert_pictures(f, "dialog-counted-changed");
}

static void
test_dialogs(void **state)
{
	(void)state;
	each_glyph_set(picture_dialogs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chrome),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_palette),
		cmocka_unit_test(test_which_key),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_dialogs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
