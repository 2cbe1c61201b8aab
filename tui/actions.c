#include "tui/actions.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/create.h"
#include "tui/dialog.h"
#include "tui/facts.h"
#include "tui/prompt.h"
#include "tui/view_detail.h"

enum { TEXT_MAX = 4096, LEFT_MAX_S = 30 * 86400 };

/* ---- which sandboxes */

enum verb { VERB_PAUSE, VERB_RESUME, VERB_KILL, VERB_TIME, VERB_COUNT };

#define STATE(s) (1u << (s))

static const struct {
	const char *word;
	unsigned states; /* it can be done in */
} verbs[VERB_COUNT] = {
	[VERB_PAUSE] = { "pause", STATE(SANDBOX_RUNNING) | STATE(SANDBOX_OTHER) },
	[VERB_RESUME] = { "resume", STATE(SANDBOX_PAUSED) | STATE(SANDBOX_OTHER) },
	[VERB_KILL] = { "kill", STATE(SANDBOX_RUNNING) | STATE(SANDBOX_PAUSED) |
				    STATE(SANDBOX_OTHER) | STATE(SANDBOX_PAUSING) |
				    STATE(SANDBOX_RESUMING) },
	[VERB_TIME] = { "change the time of",
	    STATE(SANDBOX_RUNNING) | STATE(SANDBOX_OTHER) },
};

/* NULL: it can be done now; else why not. */
static const char *
why_not(enum verb verb, const struct sandbox *s)
{
	if (!s)
		return "it is gone";
	if (verbs[verb].states & STATE(s->state))
		return NULL;
	switch (s->state) {
	case SANDBOX_RUNNING:
		return "it runs already";
	case SANDBOX_PAUSED:
		return verb == VERB_PAUSE ? "it is paused already"
					  : "it is paused: resume it first";
	case SANDBOX_CREATING:
		return "it is still being created";
	case SANDBOX_PAUSING:
		return "it is being paused";
	case SANDBOX_RESUMING:
		return "it is being resumed";
	case SANDBOX_KILLING:
		return "it is being killed";
	case SANDBOX_GONE:
		return "it is gone already";
	case SANDBOX_OTHER:
		break;
	}
	return "it cannot be done now";
}

static bool
add_target(struct app *app, enum verb verb, const char *name, struct strlist *ids)
{
	const struct model *m = fleet_model(app_fleet(app));
	bool several = false;
	const struct sandbox *s = model_find_prefix(m, name, &several);
	const char *why = several ? "several begin like that" : why_not(verb, s);

	if (why) {
		app_say(app, MESSAGE_WARNING, "Cannot %s %s: %s", verbs[verb].word,
		    s ? sandbox_label(s) : name, why);
		return false;
	}
	if (!strlist_has(ids, s->id))
		strlist_add(ids, s->id);
	return true;
}

/* All of them or none: a list with a mistake in it is not acted on by halves. */
static bool
find_targets(
    struct app *app, const struct command_call *call, enum verb verb, struct strlist *ids)
{
	bool ok = true;

	for (size_t i = 0; i < call->args.count && ok; i++)
		ok = add_target(app, verb, call->args.items[i], ids);
	if (call->args.count == 0 && *app_target(app))
		ok = add_target(app, verb, app_target(app), ids);
	else if (call->args.count == 0)
		app_say(app, MESSAGE_WARNING, "No sandbox is selected");
	if (!ok)
		strlist_clear(ids);
	return ids->count > 0;
}

static const struct sandbox *
find(const struct app *app, const char *id)
{
	return model_find(fleet_model(app_fleet(app)), id);
}

/* ---- a question about some of them */

struct question {
	struct app *app; /* borrowed */
	enum verb verb;
	struct strlist ids;
	int64_t seconds; /* time left to be set; of a resume */
};

static struct question *
question_new(struct app *app, enum verb verb, struct strlist *ids)
{
	struct question *q = xcalloc(1, sizeof *q);

	*q = (struct question){ .app = app, .verb = verb, .ids = *ids };
	*ids = (struct strlist){ 0 };
	return q;
}

static void
question_free(struct question *q)
{
	strlist_clear(&q->ids);
	free(q);
}

static void
add_column(struct buf *out, const char *text, int width)
{
	char *cut = text_cut(text, width, true);

	buf_addf(out, "%s%*s", cut, width - text_width(cut) + 2, "");
	free(cut);
}

static const char target_header[] =
    "ID        NAME              TEMPLATE     STATE   AGE    METADATA";

static void
add_shells(struct buf *row, const struct sandbox *s)
{
	if (s->shells > 0)
		buf_addf(
		    row, "  %d shell%s attached", s->shells, s->shells == 1 ? "" : "s");
}

static const char *
template_of(const struct sandbox *s)
{
	return s->template_name ? s->template_name
	       : s->template_id ? s->template_id
				: "--";
}

/* In a table of several. */
static void
describe_one_of_many(
    const struct sandbox *s, const char *age, const char *why, struct buf *row)
{
	char *prefix = xstrndup(s->id, 8);

	add_column(row, prefix, 8);
	free(prefix);
	add_column(row, s->name ? s->name : "", 16);
	add_column(row, template_of(s), 11);
	add_column(row, sandbox_state_short(s->state), 6);
	add_column(row, age, 5);
	if (why)
		buf_addf(row, "left out: %s", why);
	else
		facts_add_metadata(row, s, "");
}

/* Rows say what is so now, and what cannot be done any more is left out. */
static bool
describe_target(void *ctx, const char *id, struct buf *row)
{
	const struct question *q = ctx;
	const struct sandbox *s = find(q->app, id);
	const char *why = why_not(q->verb, s);
	char age[16] = "--";

	if (!s) {
		buf_addf(row, "%s  left out: it is gone", id);
		return false;
	}
	if (sandbox_age_s(s, app_now_ms(q->app)) >= 0)
		duration_format(sandbox_age_s(s, app_now_ms(q->app)), age, sizeof age);
	if (q->ids.count > 1)
		describe_one_of_many(s, age, why, row);
	else
		buf_addf(row, "%s  %s  %s old%s%s", template_of(s),
		    s->state_text ? s->state_text : sandbox_state_name(s->state), age,
		    why ? "  left out: " : "", why ? why : "");
	add_shells(row, s);
	return !why;
}

static void
act(const struct question *q, const struct strlist *ids)
{
	struct fleet *f = app_fleet(q->app);

	for (size_t i = 0; i < ids->count; i++) {
		const char *id = ids->items[i];
		if (q->verb == VERB_PAUSE)
			fleet_pause(f, id, NULL, NULL);
		else if (q->verb == VERB_RESUME)
			fleet_resume(f, id, q->seconds, NULL, NULL);
		else if (q->verb == VERB_KILL)
			fleet_kill(f, id, NULL, NULL);
		else
			fleet_set_left(f, id, q->seconds, true, NULL, NULL);
	}
}

static void
on_answer(void *ctx, const struct dialog_answer *answer)
{
	struct question *q = ctx;

	if (answer->yes)
		act(q, answer->ids);
	question_free(q);
}

static const struct dialog_events question_events = { .target = describe_target,
	.answer = on_answer };

/* `o->cli` is the command without the ids; `behind` comes after them. */
static void
ask(struct question *q, struct dialog_options *o, const char *behind)
{
	struct buf cli;

	buf_init(&cli, 1 << 20);
	buf_addf(&cli, "sandtop %s", o->cli);
	for (size_t i = 0; i < q->ids.count; i++)
		buf_addf(&cli, " %s", q->ids.items[i]);
	buf_add_str(&cli, behind);
	o->cli = cli.data;
	o->target_header = q->ids.count > 1 ? target_header : NULL;
	o->ids = (const char *const *)q->ids.items;
	o->id_count = q->ids.count;
	dialog_open(q->app, o, &question_events, q);
	buf_clear(&cli);
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
	ask(q,
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

	if (!find_targets(app, call, VERB_KILL, &ids))
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

	if (!find_targets(app, call, VERB_PAUSE, &ids))
		return;

	struct question *q = question_new(app, VERB_PAUSE, &ids);
	if (call_has(call, "dry-run")) {
		app_say(app, MESSAGE_INFO, "Would pause %zu, and paused nothing",
		    q->ids.count);
		question_free(q);
	} else if (q->ids.count == 1) {
		app_say(app, MESSAGE_INFO, "Pausing %s ...",
		    sandbox_label(find(app, q->ids.items[0])));
		act(q, &q->ids);
		question_free(q);
	} else {
		ask(q,
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
	if (!text || (duration_parse(text, out) && *out > 0 && *out <= LEFT_MAX_S))
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
	ask(q,
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

	if (!take_ttl(app, call, &ttl_s) || !find_targets(app, call, VERB_RESUME, &ids))
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

/* ---- the time left */

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
	if (out->seconds <= 0 || out->seconds > LEFT_MAX_S)
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
	ask(q,
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
	const char *why = why_not(VERB_TIME, s);

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

static void
action_set_left(struct app *app, const struct command_call *call)
{
	static const struct prompt_events events = { .check = check_left,
		.done = on_left_typed };
	struct strlist ids = { 0 };
	struct left_prompt *p;
	struct buf label;
	char left[16];

	if (!find_targets(app, call, VERB_TIME, &ids))
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
	char by[16];

	(void)err;
	if (outcome != OUTCOME_DONE)
		return;
	duration_format(app_settings(app)->extend_s, by, sizeof by);
	app_say(app, MESSAGE_INFO, "%s has %s more (option extend_step)",
	    s ? sandbox_label(s) : id, by);
}

static void
action_extend(struct app *app, const struct command_call *call)
{
	struct strlist ids = { 0 };

	if (find_targets(app, call, VERB_TIME, &ids))
		fleet_extend(app_fleet(app), ids.items[0], app_settings(app)->extend_s,
		    on_extended, app);
	strlist_clear(&ids);
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
