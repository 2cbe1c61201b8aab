#include "tui/actions.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tui/create.h"
#include "tui/facts.h"
#include "tui/question.h"
#include "tui/time_left.h"
#include "tui/view_detail.h"

enum { TEXT_MAX = 4096 };

static const struct sandbox *
find(const struct app *app, const char *id)
{
	return model_find(fleet_model(app_fleet(app)), id);
}

/* ---- kill */

static int
count_shells(const struct question *q)
{
	int shells = 0;

	for (size_t i = 0; i < q->ids.count; i++) {
		const struct sandbox *s = find(q->app, q->ids.items[i]);
		shells += s ? s->shells : 0;
	}
	return shells;
}

static void
add_losses(struct buf *body, const struct question *q)
{
	int shells = count_shells(q);

	buf_add_str(body, "This cannot be undone. Memory");
	if (shells)
		buf_addf(body, ", disk and %d live shell%s are lost.", shells,
		    shells == 1 ? "" : "s");
	else
		buf_add_str(body, " and disk are lost.");
}

static void
ask_kill(struct question *q)
{
	const struct fleet_settings *settings = fleet_settings(app_fleet(q->app));
	const struct sandbox *first = find(q->app, q->ids.items[0]);
	bool one = q->ids.count == 1;
	bool by_name = app_settings(q->app)->confirm_by_name && settings->profile;
	struct buf title, body;

	buf_init(&title, TEXT_MAX);
	buf_init(&body, TEXT_MAX);
	if (one)
		buf_addf(&title, "KILL %s", sandbox_label(first));
	else
		buf_addf(&title, "KILL %zu sandboxes", q->ids.count);
	if (settings->profile)
		buf_addf(&title, " in %s", settings->profile);
	add_losses(&body, q);
	if (one)
		facts_add_metadata(&body, first, "\n");
	question_ask(q,
	    &(struct dialog_options){
		.level = one && !by_name ? DIALOG_NAMED : DIALOG_COUNTED,
		.word = by_name ? settings->profile : NULL,
		.title = title.data,
		.body = body.data,
		.cli = "kill --yes",
		.verb = "kill" },
	    "");
	buf_clear(&title);
	buf_clear(&body);
}

static void
action_kill(struct app *app, const struct command_call *call)
{
	const char *expected = call_value(call, "expect");
	struct strlist ids = { 0 };
	int64_t count;

	if (!verb_targets(app, call, VERB_KILL, &ids))
		return;
	if (expected &&
	    (!parse_int(expected, 0, INT32_MAX, &count) || (size_t)count != ids.count)) {
		app_say(app, MESSAGE_WARNING, "Nothing killed: %zu named, %s expected",
		    ids.count, expected);
		strlist_clear(&ids);
	} else if (call_has(call, "dry-run")) {
		app_say(
		    app, MESSAGE_INFO, "Would kill %zu, and killed nothing", ids.count);
		strlist_clear(&ids);
	} else {
		ask_kill(question_new(app, VERB_KILL, &ids));
	}
}

/* ---- pause and resume: one without a question, several with */

static void
action_pause(struct app *app, const struct command_call *call)
{
	struct strlist ids = { 0 };

	if (!verb_targets(app, call, VERB_PAUSE, &ids))
		return;

	struct question *q = question_new(app, VERB_PAUSE, &ids);
	if (call_has(call, "dry-run")) {
		app_say(app, MESSAGE_INFO, "Would pause %zu, and paused nothing",
		    q->ids.count);
		question_free(q);
	} else if (q->ids.count == 1) {
		app_say(app, MESSAGE_INFO, "Pausing %s ...",
		    sandbox_label(find(app, q->ids.items[0])));
		question_act(q, &q->ids);
		question_free(q);
	} else {
		question_ask(q,
		    &(struct dialog_options){ .level = DIALOG_YES_NO,
			.title = "Pause several sandboxes",
			.body = "Their programs stand still until they are resumed.",
			.cli = "pause",
			.verb = "pause" },
		    "");
	}
}

static void
on_resumed(void *ctx, const char *id, enum outcome outcome, const struct error *err)
{
	struct app *app = ctx;
	const struct sandbox *s = find(app, id);
	char ttl[16];

	(void)err;
	if (outcome != OUTCOME_DONE)
		return;
	duration_format(app_settings(app)->ttl_s, ttl, sizeof ttl);
	app_say(app, MESSAGE_INFO, "%s runs for %s (option ttl)",
	    s ? sandbox_label(s) : id, ttl);
}

/* The time left that `--ttl` says; 0: the setting. */
static bool
take_ttl(struct app *app, const struct command_call *call, int64_t *out)
{
	const char *text = call_value(call, "ttl");

	*out = 0;
	if (!text || (duration_parse(text, out) && *out > 0 && *out <= TIME_LEFT_MAX_S))
		return true;
	app_say(app, MESSAGE_WARNING, "'%s' is no time left: write 30m or 2h", text);
	return false;
}

static void
ask_resume(struct question *q)
{
	char ttl[16], *body;

	duration_format(
	    q->seconds ? q->seconds : app_settings(q->app)->ttl_s, ttl, sizeof ttl);
	body = xasprintf("Each runs, and costs, for %s from now.", ttl);
	question_ask(q,
	    &(struct dialog_options){ .level = DIALOG_YES_NO,
		.title = "Resume several sandboxes",
		.body = body,
		.cli = "resume",
		.verb = "resume" },
	    "");
	free(body);
}

static void
action_resume(struct app *app, const struct command_call *call)
{
	struct strlist ids = { 0 };
	int64_t ttl_s;

	if (!take_ttl(app, call, &ttl_s) || !verb_targets(app, call, VERB_RESUME, &ids))
		return;

	struct question *q = question_new(app, VERB_RESUME, &ids);
	q->seconds = ttl_s;
	if (q->ids.count > 1) {
		ask_resume(q);
		return;
	}
	app_say(app, MESSAGE_INFO, "Resuming %s ...",
	    sandbox_label(find(app, q->ids.items[0])));
	fleet_resume(
	    app_fleet(app), q->ids.items[0], ttl_s, ttl_s ? NULL : on_resumed, app);
	question_free(q);
}

/* ---- looking and making */

static void
action_open(struct app *app, const struct command_call *call)
{
	(void)call;
	if (*app_target(app))
		app_push(app, &view_detail, app_target(app));
	else
		app_say(app, MESSAGE_INFO, "No sandbox is selected");
}

const struct screen_handler action_handlers[] = {
	{ CMD_OPEN, action_open },
	{ CMD_PAUSE, action_pause },
	{ CMD_RESUME, action_resume },
	{ CMD_KILL, action_kill },
	{ CMD_EXTEND, action_extend },
	{ CMD_SET_LEFT, action_set_left },
	{ CMD_CREATE, action_create },
	{ 0 },
};
