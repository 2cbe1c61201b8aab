#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/times.h"

enum { TTL_S = 900 };

struct pairs_run {
	const char *option;
	struct pairs *out;
	struct error *err;
	bool failed;
};

static void
take_pair(void *ctx, const char *value)
{
	struct pairs_run *run = ctx;
	const char *equals = strchr(value, '=');

	if (run->failed)
		return;
	if (!equals || equals == value) {
		/* The value may be a secret: it is not repeated. */
		error_set(run->err, ERROR_INPUT, "--%s needs KEY=VALUE", run->option);
		run->failed = true;
		return;
	}
	char *key = xstrndup(value, (size_t)(equals - value));
	pairs_set(run->out, key, equals + 1);
	free(key);
}

bool
options_pairs(const struct command_call *call, const char *option, struct pairs *out,
    struct error *err)
{
	struct pairs_run run = { .option = option, .out = out, .err = err };

	call_each(call, option, take_pair, &run);
	return !run.failed;
}

bool
options_ttl(const struct cli *cli, const struct command_call *call, int64_t *out_s,
    struct error *err)
{
	const char *text = call_value(call, "ttl");

	*out_s = cli->account->ttl_s > 0 ? cli->account->ttl_s : TTL_S;
	return !text || time_parse_span("--ttl", text, out_s, err);
}

int
options_fail(const struct cli *cli, const struct error *err, const char *id)
{
	cli_error(cli, err, id);
	return cli_exit_from(err->code);
}

bool
options_refuse_ids(const struct cli *cli, const struct command_call *call)
{
	struct error err;

	if (cli->format != FORMAT_IDS)
		return false;
	error_set(&err, ERROR_INPUT, "'%s' has no IDs to print: use -o table or json",
	    call->command->name);
	cli_error(cli, &err, NULL);
	return true;
}
