#include "fleet/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- finding */

const struct command *
command_find(const char *name)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (str_eq(commands[i].name, name) ||
		    (commands[i].alias && str_eq(commands[i].alias, name)))
			return &commands[i];
	return NULL;
}

/* Edit distance, capped: words longer than the table never match anything. */
static int
word_distance(const char *a, const char *b)
{
	enum { MAX_WORD = 31 };
	int row[MAX_WORD + 1];
	int a_len = (int)strlen(a), b_len = (int)strlen(b);

	if (a_len > MAX_WORD || b_len > MAX_WORD)
		return MAX_WORD;
	for (int j = 0; j <= b_len; j++)
		row[j] = j;
	for (int i = 1; i <= a_len; i++) {
		int diagonal = row[0];
		row[0] = i;
		for (int j = 1; j <= b_len; j++) {
			int replaced = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

const char *
command_suggest(const char *name)
{
	const char *best = NULL;
	int best_distance = 3; /* two slips at most */

	for (int i = 0; i < COMMAND_COUNT; i++) {
		if (!(commands[i].flags & COMMAND_CLI))
			continue;
		int distance = word_distance(name, commands[i].name);
		if (distance < best_distance && distance < (int)strlen(name)) {
			best = commands[i].name;
			best_distance = distance;
		}
	}
	return best;
}

/* ---- the call */

void
command_call_clear(struct command_call *c)
{
	for (size_t i = 0; i < c->option_count; i++)
		free(c->options[i].value);
	free(c->options);
	strlist_clear(&c->args);
	strlist_clear(&c->rest);
	*c = (struct command_call){ 0 };
}

static void
call_add_option(
    struct command_call *c, const struct command_option *option, const char *value)
{
	c->options = xreallocarray(c->options, c->option_count + 1, sizeof *c->options);
	c->options[c->option_count].option = option;
	c->options[c->option_count].value = xstrdup(value);
	c->option_count++;
}

bool
call_has(const struct command_call *c, const char *option)
{
	for (size_t i = 0; i < c->option_count; i++)
		if (str_eq(c->options[i].option->name, option))
			return true;
	return false;
}

const char *
call_value(const struct command_call *c, const char *option)
{
	for (size_t i = c->option_count; i > 0; i--)
		if (str_eq(c->options[i - 1].option->name, option))
			return c->options[i - 1].value;
	return NULL;
}

size_t
call_each(const struct command_call *c, const char *option,
    void (*each)(void *ctx, const char *value), void *ctx)
{
	size_t found = 0;

	for (size_t i = 0; i < c->option_count; i++) {
		if (!str_eq(c->options[i].option->name, option))
			continue;
		each(ctx, c->options[i].value);
		found++;
	}
	return found;
}

/* ---- parsing */

struct parser {
	struct command_call *call;
	const char *const *argv;
	int argc, at;
	struct error *err;
};

/* "--name", "--name=value" or one letter; `len` of the name. */
static const struct command_option *
option_in(const struct command_option *table, const char *name, size_t len, char letter)
{
	for (const struct command_option *o = table; o && o->name; o++) {
		if (letter ? o->letter == letter
			   : strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	}
	return NULL;
}

static const struct command_option *
option_lookup(const struct parser *p, const char *name, size_t len, char letter)
{
	const struct command *c = p->call->command;
	const struct command_option *o =
	    option_in(c ? c->options : NULL, name, len, letter);

	return o ? o : option_in(global_options, name, len, letter);
}

static bool
take_value(struct parser *p, const struct command_option *o, const char *value)
{
	if (!o->value) {
		if (value)
			return error_set(
			    p->err, ERROR_INPUT, "--%s takes no value", o->name);
		call_add_option(p->call, o, NULL);
		return true;
	}
	if (!value && p->at + 1 < p->argc)
		value = p->argv[++p->at];
	if (!value)
		return error_set(p->err, ERROR_INPUT, "--%s needs a value: --%s %s",
		    o->name, o->name, o->value);
	call_add_option(p->call, o, value);
	return true;
}

static bool
unknown_option(const struct parser *p, const char *word)
{
	const struct command *c = p->call->command;

	return error_set(p->err, ERROR_INPUT,
	    "unknown option %.40s; see 'sandtop %s%s--help'", word, c ? c->name : "",
	    c ? " " : "");
}

static bool
parse_long(struct parser *p, const char *word)
{
	const char *name = word + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct command_option *o = option_lookup(p, name, len, 0);

	if (!o)
		return unknown_option(p, word);
	return take_value(p, o, equals ? equals + 1 : NULL);
}

/* -fv, -n20, -n 20 */
static bool
parse_letters(struct parser *p, const char *word)
{
	for (const char *at = word + 1; *at; at++) {
		const struct command_option *o = option_lookup(p, NULL, 0, *at);
		if (!o)
			return unknown_option(p, word);
		if (o->value)
			return take_value(p, o, at[1] ? at + 1 : NULL);
		call_add_option(p->call, o, NULL);
	}
	return true;
}

static bool
asks_for_help(const struct parser *p)
{
	for (int i = p->at + 1; i < p->argc; i++)
		if (str_eq(p->argv[i], "--help") || str_eq(p->argv[i], "-h"))
			return true;
	return false;
}

/* The first word, or two for "host start". */
static bool
parse_name(struct parser *p, const char *word)
{
	const struct command *found = NULL;

	if (p->at + 1 < p->argc) {
		char *two = xasprintf("%s %s", word, p->argv[p->at + 1]);
		found = command_find(two);
		free(two);
		if (found)
			p->at++;
	}
	if (!found)
		found = command_find(word);
	p->call->command = found;
	if (found)
		return true;
	if (str_eq(word, "host") && asks_for_help(p))
		return true; /* the help for the program lists them */
	if (str_eq(word, "host"))
		return error_set(p->err, ERROR_INPUT,
		    "host needs one of start, stop, status, env, run, sample");

	const char *near = command_suggest(word);
	return error_set(p->err, ERROR_INPUT,
	    "unknown command '%.40s'%s%s%s; see 'sandtop help'", word,
	    near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void
take_rest(struct parser *p)
{
	while (++p->at < p->argc)
		strlist_add(&p->call->rest, p->argv[p->at]);
}

static bool
parse_word(struct parser *p, const char *word)
{
	const struct command *c = p->call->command;

	if (str_eq(word, "--")) {
		take_rest(p);
		return true;
	}
	/* What stands behind the remote's first word is the remote's business. */
	if (c && c->rest && (int)p->call->args.count == c->max_args && word[0] != '-') {
		p->at--;
		take_rest(p);
		return true;
	}
	if (str_has_prefix(word, "--"))
		return parse_long(p, word);
	if (word[0] == '-' && word[1])
		return parse_letters(p, word);
	if (!c)
		return parse_name(p, word);
	strlist_add(&p->call->args, word);
	return true;
}

static bool
check_counts(const struct parser *p)
{
	const struct command *c = p->call->command;
	int count = (int)p->call->args.count;

	if (!c || call_has(p->call, "help"))
		return true;
	if (count < c->min_args)
		return error_set(
		    p->err, ERROR_INPUT, "usage: sandtop %s %s", c->name, c->args);
	if (c->max_args >= 0 && count > c->max_args)
		return error_set(p->err, ERROR_INPUT,
		    "'%.40s' is one word too many: sandtop %s %s",
		    p->call->args.items[c->max_args], c->name, c->args);
	if (p->call->rest.count && !c->rest)
		return error_set(
		    p->err, ERROR_INPUT, "'%s' takes nothing behind --", c->name);
	return true;
}

bool
command_parse(
    int argc, const char *const *argv, struct command_call *out, struct error *err)
{
	struct command_call call = { 0 };
	struct parser p = { .call = &call, .argv = argv, .argc = argc, .err = err };

	for (; p.at < argc; p.at++)
		if (!parse_word(&p, argv[p.at]))
			goto failed;
	if (!check_counts(&p))
		goto failed;
	*out = call;
	return true;
failed:
	command_call_clear(&call);
	return false;
}

/* One word of a line, quotes removed; NULL at the end. */
static char *
next_word(const char **at)
{
	struct buf word;
	char quote = 0;

	while (**at == ' ' || **at == '\t')
		(*at)++;
	if (!**at)
		return NULL;
	buf_init(&word, 65536);
	for (; **at && (quote || (**at != ' ' && **at != '\t')); (*at)++) {
		if (!quote && (**at == '"' || **at == '\''))
			quote = **at;
		else if (**at == quote)
			quote = 0;
		else
			buf_add_char(&word, **at);
	}
	return buf_take(&word);
}

bool
command_parse_line(const char *line, struct command_call *out, struct error *err)
{
	struct strlist words = { 0 };
	char *word;

	while ((word = next_word(&line))) {
		strlist_add(&words, word);
		free(word);
	}
	bool ok =
	    command_parse((int)words.count, (const char *const *)words.items, out, err);
	strlist_clear(&words);
	return ok;
}

/* ---- help */

static void
add_options(struct buf *out, const struct command_option *table)
{
	for (const struct command_option *o = table; o && o->name; o++) {
		char *left = xasprintf("%s%c%s--%s%s%s", o->letter ? "-" : " ",
		    o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
		    o->value ? " " : "", o->value ? o->value : "");
		buf_addf(out, "  %-28s %s%s\n", left, o->summary,
		    o->repeats ? " (may repeat)" : "");
		free(left);
	}
}

static void
add_examples(struct buf *out, const char *examples)
{
	for (const char *at = examples; at && *at;) {
		const char *end = strchr(at, '\n');
		int len = end ? (int)(end - at) : (int)strlen(at);
		buf_addf(out, "  %.*s\n", len, at);
		at = end ? end + 1 : NULL;
	}
}

void
command_add_help(struct buf *out, const struct command *c)
{
	buf_addf(out, "%s.\n\n", c->summary);
	if (c->examples) {
		buf_add_str(out, "Examples\n");
		add_examples(out, c->examples);
		buf_add_char(out, '\n');
	}
	buf_addf(out, "Usage\n  sandtop %s%s%s\n", c->name, *c->args ? " " : "", c->args);
	if (c->alias)
		buf_addf(out, "  also: sandtop %s\n", c->alias);
	if (c->options) {
		buf_add_str(out, "\nOptions\n");
		add_options(out, c->options);
	}
	buf_add_str(out, "\nOptions of every command\n");
	add_options(out, global_options);
}

static const char *const section_titles[] = {
	[SECTION_MOVE] = "Moving",
	[SECTION_SANDBOX] = "Sandboxes",
	[SECTION_SEE] = "Seeing",
	[SECTION_PANES] = "Panes",
	[SECTION_HOST] = "The local host",
	[SECTION_TOOL] = "The tool",
};

static void
add_section(struct buf *out, enum command_section section)
{
	buf_addf(out, "\n%s\n", section_titles[section]);
	for (int i = 0; i < COMMAND_COUNT; i++) {
		const struct command *c = &commands[i];
		if (!(c->flags & COMMAND_CLI) || c->section != section)
			continue;
		char *left = xasprintf("%s%s%s", c->name, *c->args ? " " : "", c->args);
		buf_addf(out, "  %-22s %s\n", left, c->summary);
		free(left);
	}
}

void
commands_add_help(struct buf *out)
{
	buf_add_str(out, "sandtop: operate E2B sandboxes from a terminal.\n\n"
			 "  sandtop                 open the dashboard\n"
			 "  sandtop COMMAND --help  examples and options of a command\n");
	add_section(out, SECTION_SANDBOX);
	add_section(out, SECTION_HOST);
	add_section(out, SECTION_TOOL);
	buf_add_str(out, "\nOptions of every command\n");
	add_options(out, global_options);
}
