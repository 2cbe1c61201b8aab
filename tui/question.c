#include "tui/question.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/facts.h"

/* ---- which sandboxes */

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

const char *
verb_why_not(enum verb verb, const struct sandbox *s)
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
	const char *why = s	    ? verb_why_not(verb, s)
			  : several ? "several begin like that"
				    : "no such sandbox, or it is gone";

	if (why) {
		app_say(app, MESSAGE_WARNING, "Cannot %s %s: %s", verbs[verb].word,
		    s ? sandbox_label(s) : name, why);
		return false;
	}
	if (!strlist_has(ids, s->id))
		strlist_add(ids, s->id);
	return true;
}

bool
verb_targets(
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
find(const struct question *q, const char *id)
{
	return model_find(fleet_model(app_fleet(q->app)), id);
}

/* ---- a question about some of them */

struct question *
question_new(struct app *app, enum verb verb, struct strlist *ids)
{
	struct question *q = xcalloc(1, sizeof *q);

	*q = (struct question){ .app = app, .verb = verb, .ids = *ids };
	*ids = (struct strlist){ 0 };
	return q;
}

void
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
	const struct sandbox *s = find(q, id);
	const char *why = verb_why_not(q->verb, s);
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

void
question_act(const struct question *q, const struct strlist *ids)
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
		question_act(q, answer->ids);
	question_free(q);
}

static const struct dialog_events question_events = { .target = describe_target,
	.answer = on_answer };

void
question_ask(struct question *q, struct dialog_options *o, const char *behind)
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
