/* exec - options and the question whether the sandbox runs; the rest is exec.c. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/exec.h"
#include "cli/exec_words.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/remote.h"
#include "cli/targets.h"
#include "cli/times.h"

static bool
must_run(const struct sandbox *s, struct error *err)
{
	if (s->state == SANDBOX_RUNNING)
		return true;
	if (s->state == SANDBOX_PAUSED)
		return error_set(err, ERROR_CONFLICT,
		    "%s is paused and was not woken: 'sandtop resume %s' first", s->id,
		    s->id);
	return error_set(err, ERROR_CONFLICT, "%s is %s: no command can run in it", s->id,
	    s->state_text ? s->state_text : sandbox_state_name(s->state));
}

static bool
read_options(const struct command_call *call, struct exec *e, struct pairs *envs,
    struct error *err)
{
	const char *timeout = call_value(call, "timeout");

	if (call->rest.count == 0)
		return error_set(err, ERROR_INPUT, "usage: sandtop exec ID -- CMD...");
	e->user = call_value(call, "user");
	e->cwd = call_value(call, "cwd");
	e->tag = call_value(call, "tag");
	e->detach = call_has(call, "detach");
	e->raw = call_has(call, "raw");
	if (e->detach && timeout)
		return error_set(err, ERROR_INPUT,
		    "--timeout needs somebody who waits: not with --detach");
	return options_pairs(call, "env", envs, err) &&
	       (!timeout || time_parse_span("--timeout", timeout, &e->timeout_s, err));
}

/* All that goes wrong before the command runs is our failure, not its. */
static int
run(struct cli *cli, struct targets *targets, struct exec *e)
{
	struct remote remote;
	struct sandbox s = { 0 };
	struct error err;
	int code = EXIT_OUR_FAILURE;

	remote_open(&remote, cli);
	if (targets_resolve(targets, &remote, &err) &&
	    remote_get(&remote, targets->items[0].id, &s, &err) && must_run(&s, &err)) {
		e->remote = &remote;
		e->sandbox = &s;
		code = exec_run(e);
	} else {
		cli_error(cli, &err, targets->items[0].id);
	}
	remote_close(&remote);
	sandbox_clear(&s);
	return code;
}

int
cmd_exec(struct cli *cli, const struct command_call *call)
{
	struct exec e = { .cli = cli };
	struct targets targets = { 0 };
	struct pairs envs = { 0 };
	struct error err;
	int code;

	if (read_options(call, &e, &envs, &err) &&
	    targets_read_one(call->args.items[0], &targets, &err)) {
		char *line = exec_line(&call->rest);
		e.line = line;
		e.envs = &envs;
		code = run(cli, &targets, &e);
		free(line);
	} else {
		cli_error(cli, &err, NULL);
		code = EXIT_USAGE;
	}
	pairs_clear(&envs);
	targets_clear(&targets);
	return code;
}
