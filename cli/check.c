#include "cli/check.h"

#include "cli/remote.h"

struct check_run {
	struct loop *loop;
	struct error err;
};

static void
on_done(void *ctx, const struct error *err)
{
	struct check_run *run = ctx;

	run->err = *err;
	loop_stop(run->loop);
}

void
check_account(struct cli *cli, struct check *out)
{
	struct check_run run = { .loop = cli->loop };
	struct remote remote;

	remote_open(&remote, cli);
	api_list(remote.api, &(struct api_list_query){ .running = true, .limit = 1 },
	    NULL, on_done, &run);
	loop_run(cli->loop);
	out->err = run.err;
	out->round_trip_ms = api_round_trip_ms(remote.api);
	remote_close(&remote);
}
