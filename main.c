/*
 * main - wires the rooms: flags and files to an account, the account to the
 * fleet, the fleet to a screen or a command. Nothing else is decided here.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cli.h"
#include "config/account.h"
#include "config/config.h"
#include "fleet/fleet.h"
#include "host/host.h"
#include "tui/actions.h"
#include "tui/app.h"
#include "tui/screen.h"
#include "tui/view_explain.h"
#include "tui/view_fleet.h"
#include "tui/view_terminals.h"

/* What the services below need; one program, one of each. */
static struct {
	struct loop *loop;
	struct config *config;
	struct strlist warnings;
	bool has_account;
	struct account account;
	struct account_search search;
	struct error why_none;
	char *state_dir, *host_dir, *init_path, *exe_path;
	bool local_runs;
} program;

/* ---- paths */

/* Beside the program when it runs from its build folder, else where it was installed. */
static char *
find_init(const char *exe_dir)
{
	char *beside = path_join(exe_dir, "sandtop-init");

	if (access(beside, X_OK) == 0)
		return beside;
	free(beside);
	return path_join(LIBEXECDIR, "sandtop-init");
}

static void
find_paths(void)
{
	char *exe_dir = path_exe_dir();

	program.state_dir = path_state_dir();
	program.host_dir = path_join(program.state_dir, "host");
	program.init_path = find_init(exe_dir);
	program.exe_path = path_join(exe_dir, "sandtop");
	free(exe_dir);
}

/* ---- the local host, as a service to commands */

static void
copy_host(struct cli_host *out, const struct host_status *in)
{
	out->running = in->running;
	out->pid = in->pid;
	out->port = in->port;
	str_copy(out->key, sizeof out->key, in->key);
	str_copy(out->url, sizeof out->url, in->url);
	str_copy(out->version, sizeof out->version, in->version);
}

static bool
service_host_start(struct cli_host *out, struct error *err)
{
	struct host_status status = { 0 };

	if (!host_start(program.host_dir, program.exe_path, &status, err))
		return false;
	copy_host(out, &status);
	return true;
}

static bool
service_host_status(struct cli_host *out, struct error *err)
{
	struct host_status status = { 0 };

	if (!host_status_read(program.host_dir, &status, err))
		return false;
	copy_host(out, &status);
	return true;
}

static bool
service_host_stop(bool *was_running, struct error *err)
{
	return host_stop(program.host_dir, was_running, err);
}

static bool
service_host_run(int port, int ready_fd, int simulate, struct error *err)
{
	int64_t ring = config_int(program.config, "host.replay_ring");
	struct host_options options = { .state_dir = program.host_dir,
		.init_path = program.init_path,
		.port = port > 0 ? port : (int)config_int(program.config, "host.port"),
		.replay_ring = ring > 0 ? ring : -1,
		.quiet = ready_fd >= 0,
		.simulate = simulate };

	return host_run(&options, ready_fd, err);
}

static char *
service_describe_host(void)
{
	return host_describe_support(program.init_path, program.host_dir);
}

static void
service_describe_config(struct buf *out)
{
	char *dir = path_config_dir();

	buf_addf(out, "config      %s\nstate       %s\n", dir, program.state_dir);
	for (size_t i = 0; i < program.warnings.count; i++)
		buf_addf(out, "warning     %s\n", program.warnings.items[i]);
	free(dir);
}

/* ---- the account */

static char *
envd_url(void *ctx, const char *sandbox_id, const char *sandbox_domain)
{
	return account_envd_url(ctx, sandbox_id, sandbox_domain);
}

/* The profile `local` brings its host along. */
static void
start_local_on_demand(const char *profile, struct host_status *status)
{
	const char *wanted = profile ? profile : getenv("SANDTOP_PROFILE");
	struct error err = { 0 };

	if (status->running || !str_eq(wanted, "local"))
		return;
	if (!host_start(program.host_dir, program.exe_path, status, &err))
		fprintf(stderr, "sandtop: %s\n", err.text);
}

static void
find_account(const char *profile)
{
	struct host_status status = { 0 };
	struct account_local local = { 0 };
	struct error err = { 0 };

	if (!host_status_read(program.host_dir, &status, &err))
		log_warn("main", "%s", err.text);
	start_local_on_demand(profile, &status);
	if (status.running) {
		local.url = status.url;
		local.key = status.key;
	}
	program.has_account = account_resolve(program.config, profile, &local,
	    &program.account, &program.search, &program.why_none);
	program.local_runs = program.has_account && status.running &&
			     str_eq(program.account.api_url, status.url);
}

static struct cli_account
account_for_commands(void)
{
	const struct account *a = &program.account;
	struct cli_account out = { .why_none = program.why_none,
		.looked_at = &program.search.looked_at };

	if (!program.has_account)
		return out;
	out.key = a->key;
	out.api_url = a->api_url;
	out.domain = a->domain;
	out.profile = a->profile;
	out.project = a->project;
	out.source = a->source_text;
	out.local_host = program.local_runs;
	out.read_only = a->read_only;
	out.confirm = a->confirm;
	out.ttl_s = config_int(program.config, "ttl");
	out.envd_url = envd_url;
	out.url_ctx = &program.account;
	return out;
}

/* ---- the screen */

struct ui {
	struct fleet *fleet;   /* owned; NULL: no account */
	struct app *app;       /* owned */
	struct screen *screen; /* owned */
};

static void
on_fleet_changed(void *ctx)
{
	struct ui *ui = ctx;

	if (ui->app)
		app_dirty(ui->app);
}

static const struct fleet_events fleet_events = { .changed = on_fleet_changed };

static struct fleet *
new_fleet(struct ui *ui)
{
	const struct account *a = &program.account;
	struct fleet_settings settings = { .api_url = a->api_url,
		.key = a->key,
		.profile = a->profile,
		.project = a->project,
		.domain = a->domain,
		.local_host = program.local_runs,
		.read_only = a->read_only,
		.refresh_s = (int)config_int(program.config, "refresh"),
		.ttl_s = config_int(program.config, "ttl"),
		.extend_s = config_int(program.config, "extend_step"),
		.envd_url = envd_url,
		.url_ctx = &program.account };

	return fleet_new(program.loop, &settings, &fleet_events, ui);
}

static struct app *
new_app(struct ui *ui)
{
	const struct config *c = program.config;
	struct app_options options = { .prefix = config_text(c, "pane.prefix"),
		.prefix2 = config_text(c, "pane.prefix2"),
		.order_hold_ms = config_int(c, "order_hold") * 1000,
		.sort = config_text(c, "sort"),
		.api_url = program.account.api_url,
		.ttl_s = config_int(c, "ttl"),
		.extend_s = config_int(c, "extend_step"),
		.animations = config_bool(c, "animations"),
		.confirm_by_name = str_eq(program.account.confirm, "name"),
		.keys = config_keys(c),
		.scrollback_lines = (int)config_int(c, "pane.scrollback"),
		.scrollback_bytes = config_int(c, "pane.scrollback_bytes"),
		.remote_clipboard = config_text(c, "pane.remote_clipboard") };

	struct app *app = app_new(program.loop, ui->fleet, &options);
	if (ui->fleet) {
		app_add_handlers(app, action_handlers);
		app_add_handlers(app, terminals_handlers);
		app_add_base(app, CMD_VIEW_FLEET, &view_fleet);
		app_add_base(app, CMD_VIEW_TERMINALS, &view_terminals);
	}
	return app;
}

static bool
open_terminal(struct ui *ui, const struct command_call *call, struct error *err)
{
	const struct config *c = program.config;
	const char *color = call_value(call, "color");
	struct screen_options options = { .color =
					      color ? color : config_text(c, "color"),
		.glyphs = call_has(call, "ascii") ? "ascii" : config_text(c, "glyphs"),
		.theme = config_text(c, "theme"),
		.mouse = !str_eq(config_text(c, "mouse"), "off"),
		.escape_ms = (int)config_int(c, "pane.escape_ms") };

	return screen_curses_open(
	    program.loop, &options, &app_screen_events, ui->app, &ui->screen, err);
}

static void
add_env(void *ctx, const char *value)
{
	struct pairs *envs = ctx;
	char *pair = xstrdup(value), *equals = strchr(pair, '=');

	if (equals) {
		*equals = '\0';
		pairs_set(envs, pair, equals + 1);
	}
	free(pair);
}

static void
show_shell(struct ui *ui, const struct command_call *call, const char *id, bool wake)
{
	struct pairs envs = { 0 };
	bool is_shell = call->command && call->command->id == CMD_SHELL;

	if (is_shell)
		call_each(call, "env", add_env, &envs);
	terminals_show(ui->app, &(struct terminals_open){ .sandbox_id = id,
				    .fresh = !is_shell || call_has(call, "new"),
				    .wake = wake,
				    .only = true,
				    .user = is_shell ? call_value(call, "user") : NULL,
				    .cwd = is_shell ? call_value(call, "cwd") : NULL,
				    .envs = &envs });
	pairs_clear(&envs);
}

static void
show_first_view(struct ui *ui, const struct command_call *call, const char *id, bool wake)
{
	if (!ui->fleet)
		app_push(ui->app, &view_explain,
		    &(struct explain_arg){
			&program.search.looked_at, &program.why_none });
	else if (id)
		show_shell(ui, call, id, wake);
	else
		app_show(ui->app, &view_fleet);
	for (size_t i = 0;
	     call->command && call->command->id == CMD_UI && i < call->args.count; i++)
		view_fleet_add_filter(ui->app, call->args.items[i]);
	for (size_t i = 0; i < program.warnings.count; i++)
		app_say(ui->app, MESSAGE_WARNING, "%s", program.warnings.items[i]);
	for (size_t i = 0; i < program.search.warnings.count; i++)
		app_say(ui->app, MESSAGE_WARNING, "%s", program.search.warnings.items[i]);
}

static void
open_log(void)
{
	struct error err = { 0 };
	char *path = path_join(program.state_dir, "sandtop.log");

	if (!path_make_dirs(program.state_dir, &err) || !log_open(path, &err))
		strlist_add(&program.warnings, err.text);
	free(path);
}

/* What quitting leaves open is named once the terminal is the person's again. */
static void
tell_unsettled(const struct fleet *fleet)
{
	struct buf lines;

	buf_init(&lines, 65536);
	if (fleet)
		fleet_add_unsettled(fleet, &lines);
	fputs(lines.data, stderr);
	buf_clear(&lines);
}

/* After the first frame: what speaks to the network costs milliseconds to load. */
static void
start_fleet(void *ctx)
{
	struct ui *ui = ctx;

	loop_off_turn_end(program.loop, start_fleet, ui);
	fleet_start(ui->fleet);
}

static int
service_open_screen(const struct command_call *call, const char *sandbox_id, bool wake)
{
	struct ui ui = { 0 };
	struct error err = { 0 };
	int code = EXIT_USAGE;

	open_log();
	if (program.has_account)
		ui.fleet = new_fleet(&ui);
	ui.app = new_app(&ui);
	if (open_terminal(&ui, call, &err)) {
		app_set_screen(ui.app, ui.screen);
		show_first_view(&ui, call, sandbox_id, wake);
		if (ui.fleet)
			loop_on_turn_end(program.loop, start_fleet, &ui);
		loop_run(program.loop);
		code = app_exit_code(ui.app);
	} else {
		fprintf(stderr, "sandtop: %s\n", err.text);
	}
	app_free(ui.app);
	if (ui.screen)
		ui.screen->type->free(ui.screen);
	tell_unsettled(ui.fleet);
	fleet_free(ui.fleet);
	return code;
}

/* ---- commands */

static const struct cli_services services = {
	.host_start = service_host_start,
	.host_stop = service_host_stop,
	.host_status = service_host_status,
	.host_run = service_host_run,
	.describe_host = service_describe_host,
	.describe_screen = screen_describe,
	.describe_config = service_describe_config,
	.reset_terminal = screen_reset_terminal,
	.open_screen = service_open_screen,
};

static bool
load_config(struct error *err)
{
	char *dir = path_config_dir();
	bool ok = config_load(dir, &program.config, &program.warnings, err);

	free(dir);
	return ok;
}

/* No command: the dashboard on a terminal, short help elsewhere. */
static int
run_dashboard(const struct command_call *call)
{
	struct buf help;

	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return service_open_screen(call, NULL, false);
	buf_init(&help, 65536);
	commands_add_help(&help);
	fputs(help.data, stderr);
	buf_clear(&help);
	return EXIT_USAGE;
}

static int
run(const struct command_call *call)
{
	bool help_only = call_has(call, "help") || call_has(call, "version");
	bool dashboard = !call->command && !help_only;
	struct error err = { 0 };

	if (!load_config(&err)) {
		fprintf(stderr, "sandtop: %s\n", err.text);
		return EXIT_CONFIG;
	}
	if (dashboard || cli_needs_account(call))
		find_account(call_value(call, "profile"));
	program.loop = loop_new();
	if (dashboard)
		return run_dashboard(call);

	struct cli_account account = account_for_commands();
	return cli_run(program.loop, &account, &services, call);
}

static void
clear_program(void)
{
	if (program.loop)
		loop_free(program.loop);
	config_free(program.config);
	account_clear(&program.account);
	account_search_clear(&program.search);
	strlist_clear(&program.warnings);
	free(program.state_dir);
	free(program.host_dir);
	free(program.init_path);
	free(program.exe_path);
	log_close();
}

int
main(int argc, char **argv)
{
	struct command_call call = { 0 };
	struct error err = { 0 };

	cli_guard_descriptors();
	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN);
	if (!command_parse(argc - 1, (const char *const *)argv + 1, &call, &err)) {
		fprintf(stderr, "sandtop: %s\n", err.text);
		return EXIT_USAGE;
	}
	find_paths();
	int code = run(&call);
	command_call_clear(&call);
	clear_program();
	return code;
}
