/* help, version, reset. */
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"

static const struct {
	int code;
	const char *meaning;
} exit_codes[] = {
	{ EXIT_OK, "success, also when there was nothing to do" },
	{ EXIT_FAILED, "failed for another reason than these" },
	{ EXIT_USAGE, "the command line makes no sense" },
	{ EXIT_NOT_FOUND, "a sandbox that was named is not there" },
	{ EXIT_DENIED, "no key, or the key may not do this" },
	{ EXIT_CONFLICT, "the sandbox is in another state than this needs" },
	{ EXIT_LIMIT, "a limit of the account, or too many requests" },
	{ EXIT_OFFLINE, "no answer: network, time-out, service not available" },
	{ EXIT_SOME_FAILED, "of several some succeeded and some failed" },
	{ EXIT_NOT_CONFIRMED, "not confirmed, or nobody there to ask" },
	{ EXIT_CONFIG, "a configuration file makes no sense" },
	{ EXIT_TIMEOUT, "exec: --timeout ended the command" },
	{ EXIT_OUR_FAILURE, "exec: our own failure; any other code is the command's" },
	{ EXIT_INTERRUPTED, "interrupted" },
};

static int
print_exit_codes(struct cli *cli)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++)
		buf_addf(&out, "%4d  %s\n", exit_codes[i].code, exit_codes[i].meaning);
	out_buf(cli, &out);
	return EXIT_OK;
}

static int
unknown_topic(struct cli *cli, const char *topic)
{
	const char *near = command_suggest(topic);
	struct error err;

	error_set(&err, ERROR_INPUT,
	    "no help for '%.40s'%s%s%s; topics are the commands and "
	    "exit-codes",
	    topic, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	return options_fail(cli, &err, NULL);
}

int
cmd_help(struct cli *cli, const struct command_call *call)
{
	const struct strlist *words = &call->args;
	struct buf out;

	if (words->count > 0 && str_eq(words->items[0], "exit-codes"))
		return print_exit_codes(cli);
	buf_init(&out, OUT_MAX);
	if (words->count == 0) {
		commands_add_help(&out);
	} else {
		char *name = words->count == 1
				 ? xstrdup(words->items[0])
				 : xasprintf("%s %s", words->items[0], words->items[1]);
		const struct command *c = command_find(name);
		if (!c || !(c->flags & COMMAND_CLI)) {
			int code = unknown_topic(cli, name);
			free(name);
			buf_clear(&out);
			return code;
		}
		command_add_help(&out, c);
		free(name);
	}
	out_buf(cli, &out);
	return EXIT_OK;
}

int
cmd_version(struct cli *cli, const struct command_call *call)
{
	struct buf json;

	(void)call;
	if (cli->format != FORMAT_JSON && cli->format != FORMAT_JSONL) {
		out_line(cli, "sandtop %s", VERSION);
		return EXIT_OK;
	}
	buf_init(&json, OUT_MAX);
	buf_add_str(&json, "{\"version\":\"" VERSION "\"}");
	out_json(cli, &json);
	return EXIT_OK;
}

int
cmd_reset(struct cli *cli, const struct command_call *call)
{
	static const int fds[] = { STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO };
	struct error err;

	(void)call;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (!isatty(fds[i]))
			continue;
		cli->services->reset_terminal(fds[i]);
		return EXIT_OK;
	}
	error_set(&err, ERROR_INPUT, "there is no terminal here to mend");
	return options_fail(cli, &err, NULL);
}
