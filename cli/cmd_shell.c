/* shell, ui - the screen, opened for a command. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/targets.h"

static bool
is_at_terminal(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int
cmd_ui(struct cli *cli, const struct command_call *call)
{
	struct buf help;

	if (is_at_terminal())
		return cli->services->open_screen(call, NULL, false);
	buf_init(&help, OUT_MAX);
	command_add_help(&help, call->command);
	fputs(help.data, stderr);
	buf_clear(&help);
	say("the dashboard needs a terminal for input and output");
	return EXIT_USAGE;
}

/* A paused sandbox is woken by --wake or by a yes, never by looking (law 1). */
static bool
may_wake(const struct cli *cli, const struct command_call *call, const struct sandbox *s,
    struct error *err)
{
	char ttl[16];

	if (call_has(call, "wake"))
		return true;
	duration_format(cli->account->ttl_s, ttl, sizeof ttl);
	if (!cli->may_ask || !is_at_terminal())
		return error_set(err, ERROR_CONFLICT,
		    "%s is paused: say --wake to resume it first (%s time left), or run "
		    "'sandtop resume %s'",
		    s->id, ttl, s->id);

	char *question = xasprintf("%s%s%s is paused. Resume it with %s time left? [y/N]",
	    s->id, s->name ? " " : "", s->name ? s->name : "", ttl);
	bool yes = ask_yes(question);
	free(question);
	return yes || error_set(err, ERROR_CANCELLED,
			  "%s stays paused: no shell was opened", s->id);
}

/* What stands in the way of a shell, or nothing. */
static bool
check(const struct cli *cli, const struct command_call *call, const struct sandbox *s,
    bool *wake, struct error *err)
{
	*wake = s->state == SANDBOX_PAUSED;
	if (*wake && !may_wake(cli, call, s, err))
		return false;
	if (!*wake && s->state != SANDBOX_RUNNING)
		return error_set(err, ERROR_CONFLICT, "%s is %s: no shell can be opened",
		    s->id, s->state_text ? s->state_text : sandbox_state_name(s->state));
	if (!is_at_terminal())
		return error_set(err, ERROR_INPUT,
		    "a shell needs a terminal; without one: sandtop exec %s -- COMMAND",
		    s->id);
	return true;
}

static int
exit_for(enum error_code code)
{
	if (code == ERROR_CANCELLED)
		return EXIT_NOT_CONFIRMED;
	return cli_exit_from(code);
}

int
cmd_shell(struct cli *cli, const struct command_call *call)
{
	struct remote remote;
	struct targets targets = { 0 };
	struct sandbox s = { 0 };
	struct pairs envs = { 0 };
	struct error err;
	bool wake = false;

	remote_open(&remote, cli);
	bool ok = options_pairs(call, "env", &envs, &err) &&
		  targets_read_one(call->args.items[0], &targets, &err) &&
		  targets_resolve(&targets, &remote, &err) &&
		  remote_get(&remote, targets.items[0].id, &s, &err) &&
		  check(cli, call, &s, &wake, &err);
	remote_close(&remote);
	int code = EXIT_OK;
	if (ok)
		code = cli->services->open_screen(call, s.id, wake);
	else
		cli_error(cli, &err, targets.count > 0 ? targets.items[0].id : NULL);
	if (!ok)
		code = exit_for(err.code);
	pairs_clear(&envs);
	sandbox_clear(&s);
	targets_clear(&targets);
	return code;
}
