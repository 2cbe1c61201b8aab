/* kill, pause, resume - for one sandbox or hundreds, with the ladder before. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/ask.h"
#include "cli/bulk.h"
#include "cli/handlers.h"
#include "cli/ladder.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/rows.h"
#include "wire/json.h"

enum { SHOWN_MAX = 20, ERRORS_MAX = 5 };

struct verb {
	int command;
	const char *name;     /* "kill": questions */
	const char *done;     /* "killed" */
	const char *already;  /* "was already paused" */
	const char *missing;  /* of a 404 */
	const char *question; /* what is lost, for the question */
	void (*start)(struct bulk *b, struct target *t);
};

/* ---- the calls */

static void
on_acted(void *ctx, bool already, const struct error *err)
{
	struct target *t = ctx;

	if (err->code == ERROR_NONE && already)
		bulk_done_already(t);
	else
		bulk_done(t, err);
}

/* "Was already gone" is not "killed". */
static void
on_killed(void *ctx, bool already, const struct error *err)
{
	struct target *t = ctx;
	struct error gone = { .code = ERROR_NOT_FOUND, .http_status = 404 };

	bulk_done(t, err->code == ERROR_NONE && already ? &gone : err);
}

static void
start_kill(struct bulk *b, struct target *t)
{
	api_kill(b->remote->api, t->id, on_killed, t);
}

static void
start_pause(struct bulk *b, struct target *t)
{
	api_pause(b->remote->api, t->id, on_acted, t);
}

static void
on_resumed(void *ctx, const struct rest_created *created, const struct error *err)
{
	(void)created;
	bulk_done(ctx, err);
}

/* A running one keeps its end: connect would raise it. */
static void
on_seen(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct target *t = ctx;

	if (err->code != ERROR_NONE)
		bulk_done(t, err);
	else if (sandbox->state == REST_STATE_RUNNING)
		bulk_done_already(t);
	else
		api_connect(t->bulk->remote->api, t->id, t->bulk->ttl_s, on_resumed, t);
}

static void
start_resume(struct bulk *b, struct target *t)
{
	api_get(b->remote->api, t->id, on_seen, t);
}

static const struct verb kill_verb = { CMD_KILL, "kill", "killed", "was already gone",
	"was already gone", "Their memory and disk are lost for good.", start_kill };
static const struct verb pause_verb = { CMD_PAUSE, "pause", "paused",
	"was already paused", "not found", "Their programs stop until they are resumed.",
	start_pause };
static const struct verb resume_verb = { CMD_RESUME, "resume", "resumed",
	"was already running", "not found", "", start_resume };

/* ---- before: --expect, --dry-run, the ladder */

static bool
check_expected(
    const struct command_call *call, size_t count, bool *said, struct error *err)
{
	const char *text = call_value(call, "expect");
	int64_t expected;

	*said = text != NULL;
	if (!text)
		return true;
	if (!parse_int(text, 0, INT32_MAX, &expected))
		return error_set(err, ERROR_INPUT, "--expect %.20s: a number", text);
	if ((size_t)expected == count)
		return true;
	return error_set(err, ERROR_CONFLICT,
	    "--expect %s, but there are %zu: nothing was done", text, count);
}

/* Those that are there; the caller frees the array. */
static const struct sandbox **
found_rows(const struct targets *targets, size_t *count)
{
	const struct sandbox **rows =
	    xcalloc(targets->count + 1, sizeof(struct sandbox *));

	*count = 0;
	for (size_t i = 0; i < targets->count; i++)
		if (targets->items[i].looked)
			rows[(*count)++] = &targets->items[i].facts;
	return rows;
}

static bool
ask(const struct cli *cli, const struct verb *verb, const struct targets *targets)
{
	size_t count;
	const struct sandbox **rows = found_rows(targets, &count);
	struct ladder_case now = { .command = verb->command,
		.count = count,
		.may_ask = true,
		.by_name = str_eq(cli->account->confirm, "name") };
	char *question, *number = xasprintf("%zu", count);
	bool yes = true;

	if (count > 0)
		say("%s %zu sandbox%s in %s. %s", verb->name, count,
		    count == 1 ? "" : "es", cli->account->profile, verb->question);
	rows_show(rows, count, SHOWN_MAX);
	switch (ladder_next(&now)) {
	case LADDER_GO:
		break;
	case LADDER_ASK_YES:
		question = xasprintf("%s? [y/N]", verb->name);
		yes = ask_yes(question);
		free(question);
		break;
	case LADDER_ASK_COUNT:
		question = xasprintf("Type %zu then Enter to %s:", count, verb->name);
		yes = ask_word(question, number);
		free(question);
		break;
	case LADDER_ASK_NAME:
		question = xasprintf("Type the profile's name, %s, then Enter to %s:",
		    cli->account->profile, verb->name);
		yes = ask_word(question, cli->account->profile);
		free(question);
		break;
	case LADDER_REFUSE:
		yes = false;
		break;
	}
	free(number);
	free(rows);
	return yes;
}

static int
refuse(const struct cli *cli, const struct verb *verb, bool by_name)
{
	struct error err;

	if (by_name)
		error_set(&err, ERROR_INPUT,
		    "profile %s wants its name to %s: say --profile %s --yes",
		    cli->account->profile, verb->name, cli->account->profile);
	else
		error_set(&err, ERROR_INPUT,
		    "%s needs a yes and nobody can be asked: say --yes%s", verb->name,
		    verb->command == CMD_KILL ? ", or --expect with their number" : "");
	cli_error(cli, &err, NULL);
	return EXIT_NOT_CONFIRMED;
}

/* EXIT_OK: go on. Where a question is asked, the sandboxes are read first: the list is
 * what is acted on, and who is gone by then is left out. */
static int
confirm(struct cli *cli, const struct command_call *call, const struct verb *verb,
    struct remote *remote, struct targets *targets, bool expected)
{
	bool by_name = str_eq(cli->account->confirm, "name");
	struct ladder_case now = { .command = verb->command,
		.count = targets->count,
		.may_ask = cli->may_ask,
		.confirmed = cli->yes || expected,
		.by_name = by_name,
		.name_said = str_eq(call_value(call, "profile"), cli->account->profile) };
	enum ladder_step step = ladder_next(&now);

	if (step == LADDER_GO)
		return EXIT_OK;
	if (step == LADDER_REFUSE)
		return refuse(cli, verb, by_name && verb->command == CMD_KILL);
	if (!bulk_look(remote, targets))
		return EXIT_INTERRUPTED;
	if (ask(cli, verb, targets))
		return EXIT_OK;
	say("nothing was done");
	return EXIT_NOT_CONFIRMED;
}

static int
dry_run(struct cli *cli, struct remote *remote, struct targets *targets)
{
	if (!bulk_look(remote, targets))
		return EXIT_INTERRUPTED;

	struct sandbox *rows = xcalloc(targets->count + 1, sizeof *rows);
	size_t count = 0;
	for (size_t i = 0; i < targets->count; i++) {
		if (targets->items[i].looked)
			rows[count++] = targets->items[i].facts; /* borrowed */
		else
			cli_error(cli, &targets->items[i].error, targets->items[i].id);
	}
	rows_print(cli, rows, count, false);
	free(rows);
	return targets_exit(targets);
}

/* ---- after: results */

static const char *
result_text(const struct verb *verb, const struct target *t)
{
	switch (t->result) {
	case TARGET_WAITING:
		return "not started";
	case TARGET_SENT:
		return "sent, no answer waited for";
	case TARGET_DONE:
		return verb->done;
	case TARGET_ALREADY:
		return verb->already;
	case TARGET_MISSING:
		return verb->missing;
	case TARGET_FAILED:
		return "failed";
	}
	return "";
}

static void
add_result_json(struct buf *out, const struct verb *verb, const struct target *t)
{
	static const char *const words[] = { "not_started", "sent", "done", "already",
		"not_found", "failed" };

	buf_add_char(out, '{');
	json_add_text(out, "id", t->id);
	json_add_text(
	    out, "result", t->result == TARGET_DONE ? verb->done : words[t->result]);
	if (t->result == TARGET_FAILED) {
		json_add_text(out, "code", error_code_name(t->error.code));
		json_add_text(out, "message", t->error.text);
	}
	buf_add_char(out, '}');
}

static void
print_json(struct cli *cli, const struct verb *verb, const struct targets *targets)
{
	struct json_rows rows;

	json_rows_begin(&rows, cli, false);
	for (size_t i = 0; i < targets->count; i++)
		add_result_json(json_rows_next(&rows), verb, &targets->items[i]);
	json_rows_end(&rows, false);
}

static void
print_lines(struct cli *cli, const struct verb *verb, const struct targets *targets)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *t = &targets->items[i];
		bool well = t->result == TARGET_DONE || t->result == TARGET_ALREADY;
		if (cli->format != FORMAT_IDS)
			buf_addf(&out, "%s  %s\n", t->id, result_text(verb, t));
		else if (well)
			buf_addf(&out, "%s\n", t->id);
	}
	out_buf(cli, &out);
}

/* The same failure many times is said a few times and counted. */
static void
print_errors(const struct cli *cli, const struct targets *targets)
{
	size_t counts[ERROR_CANCELLED + 1] = { 0 };

	for (size_t i = 0; i < targets->count; i++) {
		const struct target *t = &targets->items[i];
		if (t->result == TARGET_FAILED && counts[t->error.code]++ < ERRORS_MAX)
			cli_error(cli, &t->error, t->id);
	}
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (counts[i] > ERRORS_MAX)
			say("and %zu more that failed likewise (%s)",
			    counts[i] - ERRORS_MAX, error_code_name((enum error_code)i));
}

static int
run(struct cli *cli, const struct verb *verb, struct remote *remote,
    struct targets *targets, int64_t ttl_s)
{
	struct bulk bulk = {
		.remote = remote, .targets = targets, .start = verb->start, .ttl_s = ttl_s
	};
	bool whole = bulk_run(&bulk);

	if (cli->format == FORMAT_JSON || cli->format == FORMAT_JSONL)
		print_json(cli, verb, targets);
	else
		print_lines(cli, verb, targets);
	print_errors(cli, targets);
	if (whole)
		return targets_exit(targets);
	say("interrupted: what is listed as not started was left alone");
	return EXIT_INTERRUPTED;
}

/* ---- the commands */

static int
act_on(struct cli *cli, const struct command_call *call, const struct verb *verb,
    struct targets *targets, int64_t ttl_s)
{
	struct remote remote;
	struct error err;
	bool expected;
	int code;

	remote_open(&remote, cli);
	if (!targets_resolve(targets, &remote, &err)) {
		code = options_fail(cli, &err, NULL);
	} else if (!check_expected(call, targets->count, &expected, &err)) {
		cli_error(cli, &err, NULL);
		code = err.code == ERROR_INPUT ? EXIT_USAGE : EXIT_NOT_CONFIRMED;
	} else if (call_has(call, "dry-run")) {
		code = dry_run(cli, &remote, targets);
	} else {
		code = confirm(cli, call, verb, &remote, targets, expected);
		if (code == EXIT_OK)
			code = run(cli, verb, &remote, targets, ttl_s);
	}
	remote_close(&remote);
	return code;
}

static int
act(struct cli *cli, const struct command_call *call, const struct verb *verb)
{
	struct targets targets = { 0 };
	struct error err;
	int64_t ttl_s = 0;

	if (!options_ttl(cli, call, &ttl_s, &err) ||
	    !targets_read(&call->args, &targets, &err))
		return options_fail(cli, &err, NULL);
	if (targets.count == 0) {
		say("no IDs were given: nothing to %s", verb->name);
		return EXIT_OK;
	}
	int code = act_on(cli, call, verb, &targets, ttl_s);
	targets_clear(&targets);
	return code;
}

int
cmd_kill(struct cli *cli, const struct command_call *call)
{
	return act(cli, call, &kill_verb);
}

int
cmd_pause(struct cli *cli, const struct command_call *call)
{
	return act(cli, call, &pause_verb);
}

int
cmd_resume(struct cli *cli, const struct command_call *call)
{
	return act(cli, call, &resume_verb);
}
