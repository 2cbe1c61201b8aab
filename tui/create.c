#include "tui/create.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "tui/facts.h"
#include "tui/form.h"
#include "tui/time_left.h"

enum { LINE_MAX = 1 << 16 };

struct create {
	struct app *app;	  /* borrowed */
	struct strlist templates; /* what the form offers */
	bool shell;		  /* open one afterwards */
};

/* ---- pairs of words */

/* One word, quotes removed, from *at; NULL at the end or when a quote stays open. */
static char *
take_word(const char **at, bool *open)
{
	struct buf word;
	char quote = '\0';

	while (**at == ' ')
		++*at;
	if (!**at)
		return NULL;
	buf_init(&word, LINE_MAX);
	for (; **at && (quote || **at != ' '); ++*at) {
		if (!quote && (**at == '"' || **at == '\''))
			quote = **at;
		else if (quote && **at == quote)
			quote = '\0';
		else
			buf_add_char(&word, **at);
	}
	*open = quote != '\0';
	return buf_take(&word);
}

static bool
add_pair(struct pairs *out, char *word, struct error *err)
{
	char *equals = strchr(word, '=');

	if (!equals || equals == word)
		return error_set(err, ERROR_INPUT,
		    "'%.40s' is no KEY=VALUE; blanks stand between them", word);
	*equals = '\0';
	if (pairs_get(out, word))
		return error_set(err, ERROR_INPUT, "%.40s stands there twice", word);
	pairs_set(out, word, equals + 1);
	return true;
}

bool
create_parse_pairs(const char *text, struct pairs *out, struct error *err)
{
	bool ok = true, open = false;
	char *word;

	while (ok && (word = take_word(&text, &open))) {
		ok = open ? error_set(err, ERROR_INPUT, "a quote is not closed")
			  : add_pair(out, word, err);
		free(word);
	}
	return ok;
}

/* ---- checks and notes */

static bool
parse_ttl(const char *text, int64_t *out, struct error *err)
{
	if (!duration_parse(text, out))
		return error_set(err, ERROR_INPUT,
		    "write 45s, 30m, 2h or 1d; a bare number is seconds");
	if (*out <= 0 || *out > TIME_LEFT_MAX_S)
		return error_set(err, ERROR_INPUT, "more than 0, at most 30d");
	return true;
}

static bool
check(void *ctx, const struct form *f, const char *name, struct error *err)
{
	const char *value = form_value(f, name);
	struct pairs pairs = { 0 };
	int64_t ttl_s;
	bool ok = true;

	(void)ctx;
	if (str_eq(name, "ttl"))
		return parse_ttl(value, &ttl_s, err);
	if (str_eq(name, "template") && str_is_empty(value))
		return error_set(err, ERROR_INPUT, "a name or an id; Up and Down offer");
	if (str_eq(name, "env") || str_eq(name, "metadata"))
		ok = create_parse_pairs(value, &pairs, err);
	pairs_clear(&pairs);
	return ok;
}

static void
note_count(const char *value, const char *behind, struct buf *out)
{
	struct pairs pairs = { 0 };
	struct error err;

	if (create_parse_pairs(value, &pairs, &err) && pairs.count > 0)
		buf_addf(out, "%zu set%s", pairs.count, behind);
	pairs_clear(&pairs);
}

static void
note(void *ctx, const struct form *f, const char *name, struct buf *out)
{
	const struct create *c = ctx;
	const char *value = form_value(f, name);
	struct error err;
	int64_t ttl_s;
	char ends[16];

	if (str_eq(name, "ttl") && parse_ttl(value, &ttl_s, &err)) {
		clock_format_hm(app_now_ms(c->app) + ttl_s * 1000, ends, sizeof ends);
		buf_addf(out, "ends %s", ends);
	} else if (str_eq(name, "env")) {
		note_count(value, ", values stay out of logs", out);
	} else if (str_eq(name, "metadata")) {
		note_count(value, "", out);
	}
}

/* Words as a shell would take them. */
static void
add_word(struct buf *out, const char *word)
{
	bool plain = *word && !word[strcspn(word, " \t'\"\\$&|;<>()*?[]#~!`{}")];

	if (plain) {
		buf_add_str(out, word);
		return;
	}
	buf_add_char(out, '\'');
	for (; *word; word++)
		buf_add_str(out, *word == '\'' ? "'\\''" : (char[2]){ *word, '\0' });
	buf_add_char(out, '\'');
}

static void
add_pairs(struct buf *out, const char *option, const char *text, bool secret)
{
	struct pairs pairs = { 0 };
	struct error err;

	if (create_parse_pairs(text, &pairs, &err)) {
		for (size_t i = 0; i < pairs.count; i++) {
			char *pair = secret ? xasprintf("%s=...", pairs.items[i].key)
					    : xasprintf("%s=%s", pairs.items[i].key,
						  pairs.items[i].value);
			buf_addf(out, " %s ", option);
			add_word(out, pair);
			free(pair);
		}
	}
	pairs_clear(&pairs);
}

static void
cli(void *ctx, const struct form *f, struct buf *out)
{
	const char *name = form_value(f, "name");

	(void)ctx;
	buf_add_str(out, "sandtop create ");
	add_word(out, form_value(f, "template"));
	buf_add_str(out, " --ttl ");
	add_word(out, form_value(f, "ttl"));
	if (*name) {
		buf_add_str(out, " --name ");
		add_word(out, name);
	}
	if (str_eq(form_value(f, "on-timeout"), "pause"))
		buf_add_str(out, " --on-timeout pause");
	if (!form_is_on(f, "internet"))
		buf_add_str(out, " --no-internet");
	add_pairs(out, "-e", form_value(f, "env"), true);
	add_pairs(out, "-m", form_value(f, "metadata"), false);
	if (form_is_on(f, "shell"))
		buf_add_str(out, " --shell");
}

/* ---- making it */

static void
on_created(void *ctx, const char *id, enum outcome outcome, const struct error *err)
{
	struct app *app = ctx;

	(void)err;
	if (outcome != OUTCOME_DONE || !*id)
		return;
	char *line = xasprintf("shell %s", id);
	app_run(app, line);
	free(line);
}

static bool
submit(void *ctx, const struct form *f, struct error *err)
{
	struct create *c = ctx;
	struct fleet_create wanted = { .template_id = form_value(f, "template"),
		.pause_on_timeout = str_eq(form_value(f, "on-timeout"), "pause"),
		.internet = form_is_on(f, "internet") };
	const char *name = form_value(f, "name");
	bool ok;

	if (*name)
		pairs_set(&wanted.metadata, "name", name);
	ok = parse_ttl(form_value(f, "ttl"), &wanted.ttl_s, err) &&
	     create_parse_pairs(form_value(f, "metadata"), &wanted.metadata, err) &&
	     create_parse_pairs(form_value(f, "env"), &wanted.envs, err);
	if (ok) {
		fleet_create(app_fleet(c->app), &wanted,
		    form_is_on(f, "shell") ? on_created : NULL, c->app);
		app_say(c->app, MESSAGE_INFO, "Creating %s from %s ...",
		    *name ? name : "a sandbox", wanted.template_id);
	}
	pairs_clear(&wanted.metadata);
	pairs_clear(&wanted.envs);
	return ok;
}

static void
closed(void *ctx, bool submitted)
{
	struct create *c = ctx;

	(void)submitted;
	strlist_clear(&c->templates);
	free(c);
}

static const struct form_events create_events = {
	.check = check,
	.note = note,
	.cli = cli,
	.submit = submit,
	.closed = closed,
};

/* ---- the form */

/* What is in use, the default first: there is no call here that lists templates. */
static void
collect_templates(struct create *c)
{
	const struct model *m = fleet_model(app_fleet(c->app));

	strlist_add(&c->templates, "base");
	for (size_t i = 0; i < m->count; i++) {
		const struct sandbox *s = m->items[i];
		const char *name = s->template_name ? s->template_name : s->template_id;
		if (name && !strlist_has(&c->templates, name))
			strlist_add(&c->templates, name);
	}
}

static void
add_given(void *ctx, const char *value)
{
	struct buf *text = ctx;

	if (text->len > 0)
		buf_add_char(text, ' ');
	add_word(text, value);
}

static void
open_form(struct create *c, const struct command_call *call, const char *ttl,
    const char *env, const char *metadata)
{
	static const char *const ends[] = { "kill", "pause", NULL };
	const char *on_timeout = call_value(call, "on-timeout");
	const struct form_field fields[] = {
		{ "template", "Template", FORM_COMBO,
		    call->args.count ? call->args.items[0] : "base",
		    (const char *const *)c->templates.items, NULL,
		    "The template's name or id. Up and Down offer those in use.", 24 },
		{ "name", "Name", FORM_TEXT, call_value(call, "name"), NULL,
		    "kept as metadata",
		    "What the fleet shows; goes into metadata as name.", 24 },
		{ "ttl", "Time left", FORM_TEXT, ttl, NULL, "0 < x <= 30d",
		    "How long it runs before the next line happens; E extends it.", 10 },
		{ "on-timeout", "On timeout", FORM_CHOICE, on_timeout, ends,
		    "pause keeps memory",
		    "kill: gone for good. pause: it sleeps and can be resumed." },
		{ "internet", "Internet", FORM_TOGGLE,
		    call_has(call, "no-internet") ? "" : "yes", NULL, "allowed",
		    "Space toggles. Off: programs inside reach no network." },
		{ "env", "Env vars", FORM_TEXT, env, NULL, "KEY=VALUE ...",
		    "For every process in it. Blanks between; quote what has blanks.", 0,
		    true },
		{ "metadata", "Metadata", FORM_TEXT, metadata, NULL, "key=value ...",
		    "To find it again: the filter looks here too." },
		{ "shell", "After create", FORM_TOGGLE, "yes", NULL, "open a shell",
		    "Space toggles." },
	};

	form_open(c->app,
	    &(struct form_options){ .title = "New sandbox",
		.verb = "create",
		.fields = fields,
		.field_count = ARRAY_LEN(fields) },
	    &create_events, c);
}

void
action_create(struct app *app, const struct command_call *call)
{
	struct create *c = xcalloc(1, sizeof *c);
	const char *given = call_value(call, "ttl");
	struct buf env, metadata;
	char ttl[24];

	c->app = app;
	collect_templates(c);
	buf_init(&env, LINE_MAX);
	buf_init(&metadata, LINE_MAX);
	call_each(call, "env", add_given, &env);
	call_each(call, "meta", add_given, &metadata);
	facts_spell_duration(app_settings(app)->ttl_s, ttl, sizeof ttl);
	open_form(c, call, given ? given : ttl, env.data, metadata.data);
	buf_clear(&env);
	buf_clear(&metadata);
}
