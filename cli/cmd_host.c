/* host start, stop, status, env, run: the local host, as main.c lends it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "wire/json.h"

#define SIMULATE_MAX 10000

static bool
wants_json(const struct cli *cli)
{
	return cli->format == FORMAT_JSON || cli->format == FORMAT_JSONL;
}

/* The key is a secret, also that of the local host: `host env` alone prints it. */
static void
print_json(struct cli *cli, const struct cli_host *host, const char *support)
{
	struct buf json;

	buf_init(&json, OUT_MAX);
	buf_add_char(&json, '{');
	json_add_bool(&json, "running", host->running);
	if (host->running) {
		json_add_int(&json, "pid", host->pid);
		json_add_int(&json, "port", host->port);
		json_add_text(&json, "url", host->url);
		json_add_text_or_null(&json, "version", host->version);
	}
	if (support)
		json_add_text(&json, "support", support);
	buf_add_char(&json, '}');
	out_json(cli, &json);
}

/* Sandboxes that wall nothing off are not to be had unawares. */
static void
warn_of_isolation(const struct cli *cli)
{
	char *support = cli->services->describe_host();

	if (support && strstr(support, "not isolated"))
		fprintf(stderr, "%s", support);
	free(support);
}

int
cmd_host_start(struct cli *cli, const struct command_call *call)
{
	struct cli_host host = { 0 };
	struct error err;

	(void)call;
	if (!cli->services->host_start(&host, &err))
		return options_fail(cli, &err, NULL);
	if (wants_json(cli))
		print_json(cli, &host, NULL);
	else if (cli->format == FORMAT_TABLE)
		out_line(cli, "The local host runs at %s (pid %d).", host.url, host.pid);
	warn_of_isolation(cli);
	return EXIT_OK;
}

int
cmd_host_stop(struct cli *cli, const struct command_call *call)
{
	bool was_running = false;
	struct error err;
	struct buf json;

	(void)call;
	if (!cli->services->host_stop(&was_running, &err))
		return options_fail(cli, &err, NULL);
	if (wants_json(cli)) {
		buf_init(&json, OUT_MAX);
		buf_add_char(&json, '{');
		json_add_bool(&json, "was_running", was_running);
		buf_add_char(&json, '}');
		out_json(cli, &json);
	} else if (cli->format == FORMAT_TABLE) {
		out_line(cli, was_running ? "The local host is stopped."
					  : "The local host did not run.");
	}
	return EXIT_OK;
}

int
cmd_host_status(struct cli *cli, const struct command_call *call)
{
	struct cli_host host = { 0 };
	struct error err;

	if (options_refuse_ids(cli, call))
		return EXIT_USAGE;
	if (!cli->services->host_status(&host, &err))
		return options_fail(cli, &err, NULL);

	char *support = cli->services->describe_host();
	if (wants_json(cli)) {
		print_json(cli, &host, support ? support : "");
	} else {
		size_t len = support ? strlen(support) : 0;
		if (host.running)
			out_line(cli, "running  pid %d, %s, version %s", host.pid,
			    host.url, host.version);
		else
			out_line(cli, "stopped  start it with: sandtop host start");
		if (len > 0)
			out_line(cli, "%.*s", (int)(len - (support[len - 1] == '\n')),
			    support);
	}
	free(support);
	return host.running ? EXIT_OK : EXIT_NOT_FOUND;
}

static void
add_export(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "export %s='", name);
	for (; *value; value++) {
		if (*value == '\'')
			buf_add_str(out, "'\\''");
		else
			buf_add_char(out, *value);
	}
	buf_add_str(out, "'\n");
}

static int
print_env(struct cli *cli, const struct cli_host *host)
{
	const struct {
		const char *name, *value;
	} variables[] = { { "E2B_API_KEY", host->key }, { "E2B_API_URL", host->url },
		{ "E2B_SANDBOX_URL", host->url } };
	struct buf out;

	buf_init(&out, OUT_MAX);
	if (wants_json(cli)) {
		buf_add_char(&out, '{');
		for (size_t i = 0; i < ARRAY_LEN(variables); i++)
			json_add_text(&out, variables[i].name, variables[i].value);
		buf_add_char(&out, '}');
		out_json(cli, &out);
		return EXIT_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		add_export(&out, variables[i].name, variables[i].value);
	out_buf(cli, &out);
	return EXIT_OK;
}

int
cmd_host_env(struct cli *cli, const struct command_call *call)
{
	struct cli_host host = { 0 };
	struct error err;

	if (options_refuse_ids(cli, call))
		return EXIT_USAGE;
	if (!cli->services->host_status(&host, &err))
		return options_fail(cli, &err, NULL);
	if (host.running)
		return print_env(cli, &host);
	error_set(&err, ERROR_OFFLINE,
	    "the local host does not run; start it with: sandtop host start");
	return options_fail(cli, &err, NULL);
}

/* ---- run */

static bool
read_number(const struct command_call *call, const char *option, int64_t max, int *out,
    struct error *err)
{
	const char *text = call_value(call, option);
	int64_t number = *out;

	if (text && !parse_int(text, 0, max, &number))
		return error_set(err, ERROR_INPUT, "--%s %.20s: a number up to %lld",
		    option, text, (long long)max);
	*out = (int)number;
	return true;
}

int
cmd_host_run(struct cli *cli, const struct command_call *call)
{
	struct error err;
	int port = 0, ready_fd = -1, simulate = 0;

	if (!read_number(call, "port", 65535, &port, &err) ||
	    !read_number(call, "ready-fd", 1023, &ready_fd, &err) ||
	    !read_number(call, "simulate", SIMULATE_MAX, &simulate, &err) ||
	    !cli->services->host_run(port, ready_fd, simulate, &err))
		return options_fail(cli, &err, NULL);
	return EXIT_OK;
}
