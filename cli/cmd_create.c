/*
 * create - one sandbox; its ID alone on stdout.
 *
 * ^C while it is being made: what arrives late is found by its marker and
 * killed, or named. A second ^C leaves at once and says how to find it.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "wire/json.h"

struct creating {
	struct remote *remote; /* borrowed */
	api_call call;
	char *marker; /* owned: of the interrupted create; NULL: not interrupted */
	bool left;    /* a second ^C */
	char *id;     /* owned; NULL: none */
	char *template_id, *domain; /* owned */
	struct error err;
};

static void
clear(struct creating *c)
{
	free(c->marker);
	free(c->id);
	free(c->template_id);
	free(c->domain);
}

static void
on_created(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct creating *c = ctx;

	c->err = *err;
	if (err->code == ERROR_NONE) {
		c->id = xstrdup(created->id);
		c->template_id = xstrdup(created->template_id);
		c->domain = xstrdup(created->domain);
	}
	loop_stop(c->remote->cli->loop);
}

/* ---- ^C */

static void
on_settled(void *ctx, const char *id, const struct error *err)
{
	struct creating *c = ctx;

	if (id && err->code == ERROR_NONE)
		say("%s came late and was killed", id);
	else if (id)
		say("%s came late and lives on (%s): sandtop kill %s", id, err->text, id);
	else if (err->code == ERROR_NONE)
		say("nothing was created");
	else
		say("cannot tell whether it was created (%s): look with "
		    "'sandtop ls -m %s=%s'",
		    err->text, API_MARKER_KEY, c->marker);
	loop_stop(c->remote->cli->loop);
}

static void
on_signal(void *ctx, int signum)
{
	struct creating *c = ctx;

	(void)signum;
	if (c->marker) {
		c->left = true;
		loop_stop(c->remote->cli->loop);
		return;
	}
	c->marker = xstrdup(api_create_marker(c->remote->api, c->call));
	api_cancel(c->remote->api, c->call);
	say("interrupted: what may still arrive is looked for and killed; ^C again "
	    "leaves");
	api_kill_marker(c->remote->api, c->marker, on_settled, c);
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static void
watch_signals(struct creating *c, bool on)
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		loop_on_signal(
		    c->remote->cli->loop, signals[i], on ? on_signal : NULL, c);
}

/* ---- what is asked for */

static bool
read_on_timeout(
    const struct command_call *call, struct rest_create *create, struct error *err)
{
	const char *what = call_value(call, "on-timeout");

	create->auto_pause = str_eq(what, "pause") ? REST_YES : REST_NO;
	return !what || str_eq(what, "pause") || str_eq(what, "kill") ||
	       error_set(err, ERROR_INPUT, "--on-timeout %.20s: kill or pause", what);
}

static bool
read_create(const struct cli *cli, const struct command_call *call,
    struct rest_create *create, struct error *err)
{
	const char *name = call_value(call, "name");

	*create = (struct rest_create){ .timeout_s = -1, .secure = REST_YES };
	create->template_id =
	    xstrdup(call->args.count > 0 ? call->args.items[0] : "base");
	create->internet = call_has(call, "no-internet") ? REST_NO : REST_YES;
	create->has_metadata = true;
	if (!options_ttl(cli, call, &create->timeout_s, err) ||
	    !read_on_timeout(call, create, err) ||
	    !options_pairs(call, "meta", &create->metadata, err) ||
	    !options_pairs(call, "env", &create->envs, err))
		return false;
	if (name)
		pairs_set(&create->metadata, "name", name);
	return true;
}

/* ---- the answer */

static void
print(struct cli *cli, const struct creating *c)
{
	struct buf json;

	if (cli->format == FORMAT_TABLE || cli->format == FORMAT_IDS) {
		out_line(cli, "%s", c->id);
		return;
	}
	buf_init(&json, OUT_MAX);
	buf_add_char(&json, '{');
	json_add_text(&json, "id", c->id);
	json_add_text_or_null(&json, "template_id", c->template_id);
	json_add_text_or_null(&json, "domain", c->domain);
	buf_add_char(&json, '}');
	out_json(cli, &json);
}

/* EXIT_OK with c->id set, or what went wrong. */
static int
create_one(struct cli *cli, const struct rest_create *create, struct creating *c)
{
	watch_signals(c, true);
	c->call = api_create(c->remote->api, create, on_created, c);
	loop_run(cli->loop);
	watch_signals(c, false);
	if (c->left)
		say("it may still arrive: look with 'sandtop ls -m %s=%s'",
		    API_MARKER_KEY, c->marker);
	if (c->marker)
		return EXIT_INTERRUPTED;
	if (c->err.code != ERROR_NONE)
		return options_fail(cli, &c->err, NULL);
	print(cli, c);
	return EXIT_OK;
}

int
cmd_create(struct cli *cli, const struct command_call *call)
{
	struct remote remote;
	struct creating c = { .remote = &remote };
	struct rest_create create;
	struct error err;
	int code;

	if (!read_create(cli, call, &create, &err)) {
		rest_create_clear(&create);
		return options_fail(cli, &err, NULL);
	}
	remote_open(&remote, cli);
	code = create_one(cli, &create, &c);
	remote_close(&remote);
	if (code == EXIT_OK && call_has(call, "shell"))
		code = cli->services->open_screen(call, c.id, false);
	rest_create_clear(&create);
	clear(&c);
	return code;
}
