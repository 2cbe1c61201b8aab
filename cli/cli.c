#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "wire/json.h"

const struct cli_handler cli_handlers[] = {
	{ CMD_LS, cmd_ls },
	{ CMD_INFO, cmd_info },
	{ CMD_CREATE, cmd_create },
	{ CMD_KILL, cmd_kill },
	{ CMD_PAUSE, cmd_pause },
	{ CMD_RESUME, cmd_resume },
	{ CMD_TTL, cmd_ttl },
	{ CMD_SHELL, cmd_shell },
	{ CMD_EXEC, cmd_exec },
	{ CMD_METRICS, cmd_metrics },
	{ CMD_LOGS, cmd_logs },
	{ CMD_UI, cmd_ui },
	{ CMD_AUTH, cmd_auth },
	{ CMD_DOCTOR, cmd_doctor },
	{ CMD_RESET, cmd_reset },
	{ CMD_HELP, cmd_help },
	{ CMD_VERSION, cmd_version },
	{ CMD_HOST_START, cmd_host_start },
	{ CMD_HOST_STOP, cmd_host_stop },
	{ CMD_HOST_STATUS, cmd_host_status },
	{ CMD_HOST_ENV, cmd_host_env },
	{ CMD_HOST_RUN, cmd_host_run },
	{ CMD_HOST_SAMPLE, cmd_host_sample },
	{ 0, NULL },
};

/* ---- errors */

static const struct {
	enum error_code code;
	enum cli_exit exit;
	const char *hint; /* NULL: the text says it all */
} meanings[] = {
	{ ERROR_NONE, EXIT_OK, NULL },
	{ ERROR_INPUT, EXIT_USAGE, NULL },
	{ ERROR_SYSTEM, EXIT_FAILED, NULL },
	{ ERROR_OFFLINE, EXIT_OFFLINE, "sandtop doctor checks the connection" },
	{ ERROR_DENIED, EXIT_DENIED, "sandtop auth says which key is used" },
	{ ERROR_NOT_FOUND, EXIT_NOT_FOUND, "sandtop ls lists the sandboxes there are" },
	{ ERROR_CONFLICT, EXIT_CONFLICT, "sandtop info ID shows the state of today" },
	{ ERROR_LIMIT, EXIT_LIMIT, "wait, or kill what is not needed" },
	{ ERROR_REMOTE, EXIT_FAILED, NULL },
	{ ERROR_CANCELLED, EXIT_INTERRUPTED, NULL },
};

int
cli_exit_from(enum error_code code)
{
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].exit;
	return EXIT_FAILED;
}

static const char *
hint_for(enum error_code code)
{
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (meanings[i].code == code)
			return meanings[i].hint;
	return NULL;
}

static bool
wants_json(const struct cli *cli)
{
	return cli->format == FORMAT_JSON || cli->format == FORMAT_JSONL;
}

static void
begin_json_error(struct buf *out, const struct error *err, const char *id)
{
	buf_init(out, OUT_MAX);
	buf_add_str(out, "{\"error\":{");
	json_add_text(out, "code", error_code_name(err->code));
	json_add_text(out, "message", err->text);
	json_add_text_or_null(out, "id", id);
	if (err->http_status)
		json_add_int(out, "status", err->http_status);
	else
		json_add_null(out, "status");
	json_add_text_or_null(out, "hint", hint_for(err->code));
}

static void
end_json_error(struct buf *out)
{
	buf_add_str(out, "}}");
	err_line(out->data);
	buf_clear(out);
}

void
cli_error(const struct cli *cli, const struct error *err, const char *id)
{
	struct buf json;

	if (!wants_json(cli)) {
		say("%s", err->text);
		return;
	}
	begin_json_error(&json, err, id);
	end_json_error(&json);
}

/* No key: where one was looked for, so that a person sees which place is meant. */
static int
explain_no_account(const struct cli *cli)
{
	const struct cli_account *a = cli->account;
	struct buf json;

	if (!wants_json(cli)) {
		say("%s", a->why_none.text);
		for (size_t i = 0; a->looked_at && i < a->looked_at->count; i++) {
			char *line = xasprintf("  %s", a->looked_at->items[i]);
			err_line(line);
			free(line);
		}
	} else {
		begin_json_error(&json, &a->why_none, NULL);
		json_add_key(&json, "looked_at");
		buf_add_char(&json, '[');
		for (size_t i = 0; a->looked_at && i < a->looked_at->count; i++) {
			json_add_comma(&json);
			json_add_string(&json, a->looked_at->items[i]);
		}
		buf_add_char(&json, ']');
		end_json_error(&json);
	}
	return a->why_none.code == ERROR_OFFLINE ? EXIT_OFFLINE : EXIT_DENIED;
}

/* ---- global options */

static bool
read_format(struct cli *cli, const struct command_call *call, struct error *err)
{
	static const struct {
		const char *name;
		enum cli_format format;
	} names[] = { { "table", FORMAT_TABLE }, { "json", FORMAT_JSON },
		{ "jsonl", FORMAT_JSONL }, { "ids", FORMAT_IDS } };
	const char *wanted = call_value(call, "output");

	if (call_has(call, "quiet"))
		cli->format = FORMAT_IDS;
	if (call_has(call, "json"))
		cli->format = FORMAT_JSON;
	for (size_t i = 0; wanted && i < ARRAY_LEN(names); i++) {
		if (!str_eq(wanted, names[i].name))
			continue;
		cli->format = names[i].format;
		return true;
	}
	return !wanted || error_set(err, ERROR_INPUT,
			      "-o %.20s: one of table, json, jsonl, ids", wanted);
}

static bool
read_color(struct cli *cli, const struct command_call *call, struct error *err)
{
	static const char *const always[] = { "16", "256", "rgb" };
	const char *wanted = call_value(call, "color");
	const char *term = getenv("TERM");

	cli->color = cli->out_is_terminal && str_is_empty(getenv("NO_COLOR")) &&
		     !str_is_empty(term) && !str_eq(term, "dumb");
	if (!wanted || str_eq(wanted, "auto"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (str_eq(wanted, always[i]))
			return cli->color = true;
	cli->color = false;
	return str_eq(wanted, "never") ||
	       error_set(err, ERROR_INPUT,
		   "--color %.20s: one of auto, never, 16, 256, rgb", wanted);
}

static bool
read_timeout(struct cli *cli, const struct command_call *call, struct error *err)
{
	enum { LONGEST_S = 24 * 3600 };
	const char *wanted = call_value(call, "request-timeout");
	int64_t seconds;

	if (!wanted)
		return true;
	if (!duration_parse(wanted, &seconds) || seconds < 1 || seconds > LONGEST_S)
		return error_set(err, ERROR_INPUT,
		    "--request-timeout %.20s: a time from 1s to 24h, as in 30s", wanted);
	cli->request_timeout_ms = seconds * 1000;
	return true;
}

static bool
read_globals(struct cli *cli, const struct command_call *call, struct error *err)
{
	cli->out_is_terminal = isatty(STDOUT_FILENO);
	cli->may_ask =
	    isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && !call_has(call, "no-input");
	cli->yes = call_has(call, "yes");
	cli->verbose = call_has(call, "verbose");
	if (cli->verbose) {
		log_set_level(LOG_DEBUG);
		log_to_stderr(true);
	}
	return read_format(cli, call, err) && read_color(cli, call, err) &&
	       read_timeout(cli, call, err);
}

/* ---- running */

bool
cli_needs_account(const struct command_call *call)
{
	const struct command *c = call->command;

	if (!c || call_has(call, "help") || call_has(call, "version"))
		return false;
	/* The dashboard explains that there is none, doctor reports it. */
	return (c->flags & COMMAND_ACCOUNT) || c->id == CMD_UI || c->id == CMD_DOCTOR;
}

static const struct cli_handler *
find_handler(const struct command *c)
{
	for (const struct cli_handler *h = cli_handlers; h->run; h++)
		if (h->command == c->id)
			return h;
	return NULL;
}

static int
print_help(struct cli *cli, const struct command *c)
{
	struct buf text;

	buf_init(&text, OUT_MAX);
	if (c)
		command_add_help(&text, c);
	else
		commands_add_help(&text);
	out_buf(cli, &text);
	return EXIT_OK;
}

static int
refuse_read_only(const struct cli *cli, const struct command *c)
{
	struct error err;

	error_set(&err, ERROR_DENIED,
	    "profile %s is read-only: '%s' is refused; its config file says so",
	    cli->account->profile, c->name);
	cli_error(cli, &err, NULL);
	return EXIT_DENIED;
}

static int
refuse_unknown(const struct cli *cli, const struct command *c)
{
	struct error err;

	error_set(&err, ERROR_INPUT, "'%s' works on the screen only: run 'sandtop' and ?",
	    c->name);
	cli_error(cli, &err, NULL);
	return EXIT_USAGE;
}

static int
dispatch(struct cli *cli, const struct command_call *call)
{
	const struct command *c = call->command;

	if (call_has(call, "help"))
		return print_help(cli, c);
	if (call_has(call, "version"))
		return cmd_version(cli, call);
	if (!c)
		return print_help(cli, NULL);

	const struct cli_handler *handler = find_handler(c);
	if (!handler)
		return refuse_unknown(cli, c);
	if ((c->flags & COMMAND_ACCOUNT) && !cli->account->key)
		return explain_no_account(cli);
	if ((c->flags & COMMAND_CHANGES) && cli->account->read_only)
		return refuse_read_only(cli, c);
	return handler->run(cli, call);
}

/* A reader that left is no fault of anybody; a full disk is. */
static int
finish(struct cli *cli, int code)
{
	struct error err;

	if (!cli->out_error)
		return code;
	if (cli->out_error == EPIPE)
		return 128 + SIGPIPE;
	error_system(&err, cli->out_error, "writing the output");
	cli_error(cli, &err, NULL);
	return code == EXIT_OK ? EXIT_FAILED : code;
}

int
cli_run(struct loop *loop, const struct cli_account *account,
    const struct cli_services *services, const struct command_call *call)
{
	struct cli cli = { .loop = loop, .account = account, .services = services };
	struct error err;

	if (!read_globals(&cli, call, &err)) {
		cli_error(&cli, &err, NULL);
		return EXIT_USAGE;
	}
	return finish(&cli, dispatch(&cli, call));
}
