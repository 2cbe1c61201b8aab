/* ttl - the time left: +30m adds, =2h sets; an earlier end only with --shorten. */
#include <stdlib.h>

#include "base/clock.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/targets.h"
#include "cli/times.h"
#include "wire/json.h"

enum { REFRESH_MAX_S = 3600 };

struct wait {
	struct loop *loop; /* borrowed */
	struct error err;
};

static void
on_done(void *ctx, const struct error *err)
{
	struct wait *wait = ctx;

	wait->err = *err;
	loop_stop(wait->loop);
}

static bool
must_run(const struct sandbox *s, struct error *err)
{
	if (s->state == SANDBOX_RUNNING)
		return true;
	return error_set(err, ERROR_CONFLICT,
	    "%s is %s: its time does not run; 'sandtop resume %s --ttl TIME' wakes it "
	    "with "
	    "the time you say",
	    s->id, s->state_text ? s->state_text : sandbox_state_name(s->state), s->id);
}

/* The new time left from now. */
static bool
wanted_left(const struct command_call *call, const struct sandbox *s, int64_t now_ms,
    int64_t *left_s, struct error *err)
{
	struct left_change change;
	int64_t left_now_s = MAX(sandbox_left_s(s, now_ms), (int64_t)0);
	char text[16];

	if (!time_parse_left(call->args.items[1], now_ms, &change, err))
		return false;
	*left_s = change.adds ? left_now_s + change.seconds : change.seconds;
	if (*left_s >= left_now_s || call_has(call, "shorten"))
		return true;
	duration_format(left_now_s, text, sizeof text);
	return error_set(err, ERROR_CONFLICT,
	    "%s has %s left, that would be less: say --shorten to allow it", s->id, text);
}

/* Refreshes cannot shorten, but reach an hour; beyond that the end was just read and
 * the new one is later. */
static bool
send(struct remote *r, const struct sandbox *s, int64_t left_s, bool adds,
    struct error *err)
{
	struct wait wait = { .loop = r->cli->loop };

	if (adds && left_s <= REFRESH_MAX_S)
		api_refresh(r->api, s->id, left_s, on_done, &wait);
	else
		api_set_timeout(r->api, s->id, left_s, on_done, &wait);
	loop_run(r->cli->loop);
	if (wait.err.code == ERROR_NONE)
		return true;
	*err = wait.err;
	return false;
}

static void
print(struct cli *cli, const struct sandbox *s, int64_t end_ms)
{
	struct buf json;
	char left[16], end[40];

	duration_format((end_ms - clock_wall_ms() + 500) / 1000, left, sizeof left);
	clock_format_rfc3339(end_ms, end, sizeof end);
	switch (cli->format) {
	case FORMAT_TABLE:
		out_line(cli, "%s  %s left, ends %s", s->id, left, end);
		return;
	case FORMAT_IDS:
		out_line(cli, "%s", s->id);
		return;
	case FORMAT_JSON:
	case FORMAT_JSONL:
		buf_init(&json, OUT_MAX);
		buf_add_char(&json, '{');
		json_add_text(&json, "id", s->id);
		json_add_int(
		    &json, "left_seconds", (end_ms - clock_wall_ms() + 500) / 1000);
		json_add_text(&json, "ends_at", end);
		buf_add_char(&json, '}');
		out_json(cli, &json);
		return;
	}
}

static bool
change(struct remote *r, const struct command_call *call, struct targets *targets,
    struct error *err)
{
	struct sandbox s = { 0 };
	int64_t left_s, now_ms;

	if (!targets_resolve(targets, r, err) ||
	    !remote_get(r, targets->items[0].id, &s, err))
		return false;
	now_ms = clock_wall_ms();
	bool ok = must_run(&s, err) && wanted_left(call, &s, now_ms, &left_s, err) &&
		  send(r, &s, left_s, call->args.items[1][0] == '+', err);
	if (ok)
		print(r->cli, &s, now_ms + left_s * 1000);
	sandbox_clear(&s);
	return ok;
}

int
cmd_ttl(struct cli *cli, const struct command_call *call)
{
	struct remote remote;
	struct targets targets = { 0 };
	struct left_change change_wanted;
	struct error err;

	/* What makes no sense is said before anything is sent. */
	if (!time_parse_left(
		call->args.items[1], clock_wall_ms(), &change_wanted, &err) ||
	    !targets_read_one(call->args.items[0], &targets, &err))
		return options_fail(cli, &err, NULL);
	remote_open(&remote, cli);
	bool ok = change(&remote, call, &targets, &err);
	int code = ok ? EXIT_OK : options_fail(cli, &err, targets.items[0].id);
	remote_close(&remote);
	targets_clear(&targets);
	return code;
}
