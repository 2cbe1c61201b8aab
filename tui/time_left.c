#include "tui/time_left.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tui/facts.h"
#include "tui/prompt.h"
#include "tui/question.h"

enum { TEXT_MAX = 4096 };

static const struct sandbox *
find(const struct app *app, const char *id)
{
	return model_find(fleet_model(app_fleet(app)), id);
}

bool
time_left_parse(const char *text, struct time_left *out, struct error *err)
{
	char *copy = xstrdup(text), *at = str_trim(copy);
	bool ok;

	out->adds = *at == '+';
	if (*at == '+' || *at == '=')
		at = str_trim(at + 1);
	ok = duration_parse(at, &out->seconds);
	free(copy);
	if (!ok)
		return error_set(
		    err, ERROR_INPUT, "write 30m or =2h to set it, +30m to add to it");
	if (out->seconds <= 0 || out->seconds > TIME_LEFT_MAX_S)
		return error_set(err, ERROR_INPUT, "more than 0, at most 30d");
	return true;
}

struct left_prompt {
	struct app *app; /* borrowed */
	char *id;	 /* owned */
};

/* Seconds left now; 0 when that is not known. */
static int64_t
left_now(const struct app *app, const char *id)
{
	const struct sandbox *s = find(app, id);
	int64_t left_s = s ? sandbox_left_s(s, app_now_ms(app)) : 0;

	return MAX(left_s, (int64_t)0);
}

static bool
check_left(void *ctx, const char *text, struct buf *note)
{
	const struct left_prompt *p = ctx;
	int64_t left_s = left_now(p->app, p->id);
	struct time_left wanted;
	struct error err = { 0 };
	char ends[16];

	if (!*text) {
		buf_add_str(note, "30m or =2h sets, +30m adds");
		return false;
	}
	if (!time_left_parse(text, &wanted, &err)) {
		buf_add_str(note, err.text);
		return false;
	}
	int64_t now_ms = app_now_ms(p->app);
	int64_t then_s = wanted.seconds + (wanted.adds ? left_s : 0);
	clock_format_hm(now_ms + then_s * 1000, ends, sizeof ends);
	buf_addf(note, "ends %s", ends);
	if (then_s < left_s) {
		clock_format_hm(now_ms + left_s * 1000, ends, sizeof ends);
		buf_addf(note, ", EARLIER than %s: asks", ends);
	}
	return true;
}

static void
ask_shorten(struct app *app, const char *id, int64_t seconds)
{
	struct strlist ids = { 0 };
	char now[16], then[24], *body, *title, *behind;

	strlist_add(&ids, id);
	struct question *q = question_new(app, VERB_TIME, &ids);
	q->seconds = seconds;
	duration_format(left_now(app, id), now, sizeof now);
	facts_spell_duration(seconds, then, sizeof then);
	title = xasprintf("Shorten the time left of %s", sandbox_label(find(app, id)));
	body = xasprintf("It has %s left and would have %s: it ends earlier.", now, then);
	behind = xasprintf(" =%s --shorten", then);
	question_ask(q,
	    &(struct dialog_options){ .level = DIALOG_YES_NO,
		.title = title,
		.body = body,
		.cli = "ttl",
		.verb = "shorten" },
	    behind);
	free(title);
	free(body);
	free(behind);
}

static void
set_left(struct app *app, const char *id, const struct time_left *wanted)
{
	const struct sandbox *s = find(app, id);
	const char *why = verb_why_not(VERB_TIME, s);

	if (why)
		app_say(app, MESSAGE_WARNING, "Cannot change the time of %s: %s",
		    s ? sandbox_label(s) : id, why);
	else if (wanted->adds)
		fleet_extend(app_fleet(app), id, wanted->seconds, NULL, NULL);
	else if (wanted->seconds < left_now(app, id))
		ask_shorten(app, id, wanted->seconds);
	else
		fleet_set_left(app_fleet(app), id, wanted->seconds, false, NULL, NULL);
}

static void
on_left_typed(void *ctx, const char *text)
{
	struct left_prompt *p = ctx;
	struct time_left wanted;
	struct error err = { 0 };

	if (text && time_left_parse(text, &wanted, &err))
		set_left(p->app, p->id, &wanted);
	free(p->id);
	free(p);
}

void
action_set_left(struct app *app, const struct command_call *call)
{
	static const struct prompt_events events = { .check = check_left,
		.done = on_left_typed };
	struct strlist ids = { 0 };
	struct left_prompt *p;
	struct buf label;
	char left[16];

	if (!verb_targets(app, call, VERB_TIME, &ids))
		return;
	p = xcalloc(1, sizeof *p);
	*p = (struct left_prompt){ .app = app, .id = xstrdup(ids.items[0]) };
	buf_init(&label, TEXT_MAX);
	duration_format(left_now(app, p->id), left, sizeof left);
	buf_addf(&label, "%s: %s left, set to:", sandbox_label(find(app, p->id)), left);
	prompt_open(app, &(struct prompt_options){ .label = label.data }, &events, p);
	buf_clear(&label);
	strlist_clear(&ids);
}

static void
on_extended(void *ctx, const char *id, enum outcome outcome, const struct error *err)
{
	struct app *app = ctx;
	const struct sandbox *s = find(app, id);
	char by[16], left[16];

	(void)err;
	if (outcome != OUTCOME_DONE)
		return;
	duration_format(app_settings(app)->extend_s, by, sizeof by);
	duration_format(left_now(app, id), left, sizeof left);
	app_say(app, MESSAGE_INFO, "%s has %s more, %s left (option extend_step)",
	    s ? sandbox_label(s) : id, by, left);
}

void
action_extend(struct app *app, const struct command_call *call)
{
	struct strlist ids = { 0 };

	if (verb_targets(app, call, VERB_TIME, &ids))
		fleet_extend(app_fleet(app), ids.items[0], app_settings(app)->extend_s,
		    on_extended, app);
	strlist_clear(&ids);
}
