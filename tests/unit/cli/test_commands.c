/* Commands against a scripted control plane: what is sent, said and returned. */
#include "tests/unit/cli/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/handlers.h"

#define FIXTURE struct fixture *f = *state
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define assert_has(text, part) assert_non_null(strstr(text, part))
#define assert_lacks(text, part) assert_null(strstr(text, part))

static const char *
line_of(struct fixture *f, size_t index)
{
	return server_request(f->server, index)->line;
}

/* ---- the table and its handlers */

static void
every_command_has_one_handler(void **state)
{
	(void)state;
	for (int i = 0; i < COMMAND_COUNT; i++) {
		int found = 0;
		for (const struct cli_handler *h = cli_handlers; h->run; h++)
			found += h->command == i;
		assert_int_equal(found, commands[i].flags & COMMAND_CLI ? 1 : 0);
	}
}

static void
every_command_has_help(void **state)
{
	FIXTURE;

	for (int i = 0; i < COMMAND_COUNT; i++) {
		if (!(commands[i].flags & COMMAND_CLI))
			continue;
		char *line = xasprintf("%s --help", commands[i].name);
		assert_int_equal(run(f, NULL, line), EXIT_OK);
		assert_has(f->out, commands[i].summary);
		assert_string_equal(f->err, "");
		free(line);
		line = xasprintf("help %s", commands[i].name);
		assert_int_equal(run(f, NULL, line), EXIT_OK);
		assert_has(f->out, commands[i].summary);
		free(line);
	}
	assert_int_equal(server_count(f->server), 0);
}

static void
help_topics(void **state)
{
	FIXTURE;

	assert_int_equal(run(f, NULL, "help"), EXIT_OK);
	assert_has(f->out, "sandtop");
	assert_int_equal(run(f, NULL, "--help"), EXIT_OK);
	assert_int_equal(run(f, NULL, "help exit-codes"), EXIT_OK);
	assert_has(f->out, "124");
	assert_int_equal(run(f, NULL, "help kil"), EXIT_USAGE);
	assert_has(f->err, "did you mean 'kill'");
	assert_int_equal(run(f, NULL, "--version"), EXIT_OK);
	assert_string_equal(f->out, "sandtop " VERSION "\n");
	assert_int_equal(run(f, NULL, "version --json"), EXIT_OK);
	assert_string_equal(f->out, "{\"version\":\"" VERSION "\"}\n");
}

/* ---- accounts */

static void
without_an_account_the_places_are_named(void **state)
{
	static const char *const lines[] = { "ls", "info " ID_A, "create",
		"kill --yes " ID_A, "pause " ID_A, "resume " ID_A, "ttl " ID_A " +5m",
		"shell " ID_A, "exec " ID_A " -- ls", "metrics " ID_A, "logs " ID_A,
		"auth" };
	FIXTURE;

	f->account.key = NULL;
	error_set(&f->account.why_none, ERROR_NOT_FOUND, "no API key found");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(run(f, NULL, lines[i]), EXIT_DENIED);
		assert_has(f->err, "no API key found");
		assert_has(f->err, "E2B_API_KEY: not set");
		assert_string_equal(f->out, "");
	}
	assert_int_equal(run(f, NULL, "ls --json"), EXIT_DENIED);
	assert_has(f->err, "\"looked_at\":[\"E2B_API_KEY: not set\"]");
	assert_int_equal(server_count(f->server), 0);
}

static void
who_needs_an_account(void **state)
{
	static const struct {
		const char *line;
		bool needs;
	} cases[] = { { "ls", true }, { "exec i -- ls", true }, { "auth", true },
		{ "ui", true }, { "doctor", true }, { "help", false },
		{ "version", false }, { "reset", false }, { "host start", false },
		{ "host sample", false }, { "ls --help", false },
		{ "--version", false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct command_call call = { 0 };
		struct error err;
		assert_true(command_parse_line(cases[i].line, &call, &err));
		assert_int_equal(cli_needs_account(&call), cases[i].needs);
		command_call_clear(&call);
	}
}

static void
read_only_refuses_changes(void **state)
{
	static const char *const lines[] = { "create", "kill --yes " ID_A, "pause " ID_A,
		"resume " ID_A, "ttl " ID_A " +5m" };
	FIXTURE;

	f->account.read_only = true;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(run(f, NULL, lines[i]), EXIT_DENIED);
		assert_has(f->err, "read-only");
	}
	assert_int_equal(server_count(f->server), 0);
}

/* ---- what is said before anything is sent */

static void
nonsense_is_usage(void **state)
{
	static const char *const lines[] = { "ls -o xml", "ls --color mauve",
		"ls --request-timeout soon", "ls --request-timeout 0", "ls --state half",
		"ls -n many", "ls -n -1", "ls -m novalue", "create -t soon",
		"create -t 0", "create -m =x", "create -e broken",
		"create --on-timeout sleep", "kill --yes ../etc", "ttl " ID_A " 5m",
		"ttl x/y +5m", "exec " ID_A, "exec " ID_A " --timeout x -- ls",
		"exec " ID_A " -d --timeout 5s -- ls", "exec " ID_A " -e X -- ls",
		"metrics " ID_A " --since later", "metrics " ID_A " -o ids",
		"metrics " ID_A " --since 1h --until 2h", "logs " ID_A " --level loud",
		"logs " ID_A " -n 0", "logs " ID_A " -o ids", "auth -q", "doctor -q",
		"host run --port 70000", "host run --ready-fd x",
		"host run --simulate 10001", "host run --simulate some" };
	FIXTURE;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_int_equal(run(f, NULL, lines[i]), EXIT_USAGE);
		assert_true(strlen(f->err) > 0);
		assert_string_equal(f->out, "");
	}
	assert_int_equal(server_count(f->server), 0);
}

/* A value that is refused may be a secret. */
static void
values_of_env_are_not_repeated(void **state)
{
	FIXTURE;

	assert_int_equal(run(f, NULL, "create -e hunter2"), EXIT_USAGE);
	assert_lacks(f->err, "hunter2");
}

/* ---- ls */

static void
answer_list(struct fixture *f)
{
	char *a = sandbox_json(ID_A, "running", 3600),
	     *b = sandbox_json(ID_B, "paused", -60);
	char *body = xasprintf("[%s,%s]", b, a);

	server_reply(f->server, "GET /v2/sandboxes", 200, NULL, body);
	free(body);
	free(a);
	free(b);
}

static void
ls_is_one_request(void **state)
{
	FIXTURE;

	answer_list(f);
	assert_int_equal(run(f, NULL, "ls"), EXIT_OK);
	assert_int_equal(server_count(f->server), 1);
	assert_has(line_of(f, 0), "state=running,paused");
	assert_string_equal(server_header(f->server, 0, "X-API-Key"), KEY);
	/* running first */
	assert_true(strstr(f->out, ID_A) < strstr(f->out, ID_B));
	assert_has(f->out, "box a");
	assert_has(f->out, "59m");
	assert_string_equal(f->err, "");
}

static void
ls_in_every_format(void **state)
{
	FIXTURE;

	answer_list(f);
	assert_int_equal(run(f, NULL, "ls -o ids"), EXIT_OK);
	assert_string_equal(f->out, ID_A "\n" ID_B "\n");
	answer_list(f);
	assert_int_equal(run(f, NULL, "-q ls"), EXIT_OK);
	assert_string_equal(f->out, ID_A "\n" ID_B "\n");
	answer_list(f);
	assert_int_equal(run(f, NULL, "ls -o jsonl"), EXIT_OK);
	assert_true(str_has_prefix(f->out, "{\"id\":\"" ID_A "\""));
	assert_has(f->out, "\n{\"id\":\"" ID_B "\"");
	answer_list(f);
	assert_int_equal(run(f, NULL, "ls --json"), EXIT_OK);
	assert_true(str_has_prefix(f->out, "[\n {\"id\":\"" ID_A "\""));
	assert_has(f->out, "\"cpu_percent\":null");
	assert_lacks(f->out, "tok"); /* the token is a secret */
}

static void
ls_filters(void **state)
{
	FIXTURE;

	answer_list(f);
	assert_int_equal(run(f, NULL, "ls -q state:paused box"), EXIT_OK);
	assert_string_equal(f->out, ID_B "\n");
	answer_list(f);
	assert_int_equal(
	    run(f, NULL, "ls -q --state paused -m user=ana -m a='b c' -n 1"), EXIT_OK);
	assert_has(line_of(f, 1), "state=paused&limit=2");
	assert_has(line_of(f, 1), "metadata=");
	assert_string_equal(f->out, ID_B "\n"); /* the first that the service names */
	assert_has(f->err, "only the first 1");
	server_reply(f->server, "GET /v2/sandboxes", 200, NULL, "[]");
	assert_int_equal(run(f, NULL, "ls"), EXIT_OK);
	assert_string_equal(f->out, "");
	assert_has(f->err, "no sandboxes");
	server_reply(f->server, "GET /v2/sandboxes", 200, NULL, "[]");
	assert_int_equal(run(f, NULL, "ls --json"), EXIT_OK);
	assert_string_equal(f->out, "[]\n");
	assert_string_equal(f->err, "");
}

static void
ls_names_are_clean(void **state)
{
	char *a = sandbox_json(ID_A, "running", 3600);
	char *body;
	FIXTURE;

	char *name = strstr(a, "box a");
	assert_non_null(name);
	body = xasprintf("[%.*s\\u001b]0;x\\u0007\\u202e%s]", (int)(name - a), a, name);
	server_reply(f->server, "GET /v2/sandboxes", 200, NULL, body);
	assert_int_equal(run(f, NULL, "ls"), EXIT_OK);
	assert_lacks(f->out, "\033");
	assert_lacks(f->out, "\a");
	assert_lacks(f->out, "\xe2\x80\xae");
	assert_has(f->out, "box a");
	free(body);
	free(a);
}

/* ---- failures of the service, each with its exit code */

static void
errors_have_exit_codes(void **state)
{
	static const struct {
		int status;
		const char *body;
		int code;
		const char *name;
	} cases[] = {
		{ 401, "{\"code\":401,\"message\":\"no\"}", EXIT_DENIED, "denied" },
		{ 403, "{\"code\":403,\"message\":\"no\"}", EXIT_DENIED, "denied" },
		{ 429, "{\"code\":429,\"message\":\"slow\"}", EXIT_LIMIT, "limit" },
		{ 500, "{\"code\":500,\"message\":\"boom\"}", EXIT_FAILED, "remote" },
		{ 200, "<html>portal</html>", EXIT_FAILED, "remote" },
		{ 200, "[{\"sandboxID\":7}]", EXIT_FAILED, "remote" },
		{ 200, "[{\"sandb", EXIT_FAILED, "remote" },
		{ 200, "", EXIT_FAILED, "remote" },
	};
	FIXTURE;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *want = xasprintf("{\"error\":{\"code\":\"%s\"", cases[i].name);
		/* Should-Retry: no repeats to wait for */
		server_reply(f->server, "GET /v2/sandboxes", cases[i].status,
		    "Should-Retry: false\r\n", cases[i].body);
		assert_int_equal(run(f, NULL, "ls --json"), cases[i].code);
		assert_has(f->err, want);
		assert_has(f->err, "listing sandboxes");
		free(want);
	}
}

static void
nobody_listening_is_offline(void **state)
{
	FIXTURE;

	f->account.api_url = "http://127.0.0.1:1";
	assert_int_equal(run(f, NULL, "ls"), EXIT_OFFLINE);
	assert_has(f->err, "127.0.0.1:1");
	assert_int_equal(run(f, NULL, "auth"), EXIT_OFFLINE);
	assert_has(f->out, "Key works  not known");
}

/* ---- info */

static void
info_says_what_is_known(void **state)
{
	FIXTURE;

	server_reply(f->server, "GET /sandboxes/metrics", 200, NULL,
	    "{\"sandboxes\":{\"" ID_A "\":{\"timestampUnix\":1,\"cpuCount\":2,"
	    "\"cpuUsedPct\":50,\"memUsed\":256,\"memTotal\":512,\"memCache\":0,"
	    "\"diskUsed\":1,\"diskTotal\":4}}}");
	answer_sandbox(f, ID_A, "running", 3600);
	assert_int_equal(run(f, NULL, "info " ID_A), EXIT_OK);
	assert_has(f->out, "box a");
	assert_has(f->out, "running");
	assert_has(f->out, "meta.user");
	assert_lacks(f->out, "tok");
}

static void
info_of_a_missing_one(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "paused", -60);
	server_reply(f->server, "GET /sandboxes/" ID_B, 404, NULL,
	    "{\"code\":404,\"message\":\"not found\"}");
	assert_int_equal(run(f, NULL, "info -q " ID_A " " ID_B), EXIT_NOT_FOUND);
	assert_string_equal(f->out, ID_A "\n");
	assert_has(f->err, "no sandbox " ID_B " in work");
	/* a paused one is not measured: no third request */
	assert_int_equal(server_count(f->server), 2);
}

/* ---- kill, pause, resume */

static void
kill_wants_a_yes(void **state)
{
	FIXTURE;

	assert_int_equal(run(f, NULL, "kill " ID_A), EXIT_NOT_CONFIRMED);
	assert_has(f->err, "--yes");
	assert_int_equal(run(f, NULL, "kill --expect 2 " ID_A), EXIT_NOT_CONFIRMED);
	assert_has(f->err, "there are 1");
	assert_int_equal(run(f, NULL, "pause " ID_A " " ID_B), EXIT_NOT_CONFIRMED);
	f->account.confirm = "name";
	assert_int_equal(run(f, NULL, "kill --yes " ID_A), EXIT_NOT_CONFIRMED);
	assert_has(f->err, "--profile work --yes");
	assert_int_equal(server_count(f->server), 0);
	server_reply(f->server, "DELETE /sandboxes/" ID_A, 204, NULL, "");
	assert_int_equal(run(f, NULL, "kill --yes --profile work " ID_A), EXIT_OK);
}

static void
gone_is_not_killed(void **state)
{
	FIXTURE;

	server_reply(f->server, "DELETE /sandboxes/" ID_A, 204, NULL, "");
	server_reply(f->server, "DELETE /sandboxes/" ID_B, 404, NULL, "{}");
	assert_int_equal(run(f, ID_B "\n", "kill --expect 2 " ID_A " -"), EXIT_NOT_FOUND);
	assert_string_equal(f->out, ID_A "  killed\n" ID_B "  was already gone\n");
	assert_string_equal(f->err, "");
}

static void
some_failed_is_said(void **state)
{
	FIXTURE;

	server_reply(f->server, "DELETE /sandboxes/" ID_A, 204, NULL, "");
	server_reply(f->server, "DELETE /sandboxes/" ID_B, 403, NULL,
	    "{\"code\":403,\"message\":\"team is blocked\"}");
	assert_int_equal(run(f, NULL, "kill -y --json " ID_A " " ID_B), EXIT_SOME_FAILED);
	assert_has(f->out, "{\"id\":\"" ID_A "\",\"result\":\"killed\"}");
	assert_has(f->out, "\"result\":\"failed\",\"code\":\"denied\"");
	assert_has(f->err, "\"id\":\"" ID_B "\"");
	assert_has(f->err, "team is blocked");
}

static void
dry_run_changes_nothing(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 3600);
	server_reply(f->server, "GET /sandboxes/" ID_B, 404, NULL, "{}");
	assert_int_equal(run(f, NULL, "kill -n -q " ID_A " " ID_B), EXIT_NOT_FOUND);
	assert_string_equal(f->out, ID_A "\n");
	for (size_t i = 0; i < server_count(f->server); i++)
		assert_true(str_has_prefix(line_of(f, i), "GET "));
}

/* Forty at once: never more than 16 under way, all of them done. */
static void
bulk_is_bounded(void **state)
{
	struct buf ids;
	FIXTURE;

	buf_init(&ids, 65536);
	for (int i = 0; i < 40; i++) {
		char *path = xasprintf("DELETE /sandboxes/ibulk%02d", i);
		buf_addf(&ids, "ibulk%02d\n", i);
		server_reply(f->server, path, 204, NULL, "");
		free(path);
	}
	assert_int_equal(run(f, ids.data, "kill --yes -q -"), EXIT_OK);
	assert_string_equal(f->out, ids.data);
	assert_int_equal(server_count(f->server), 40);
	assert_in_range(server_connections(f->server), 1, 16);
	buf_clear(&ids);
}

static void
nothing_to_do_is_fine(void **state)
{
	FIXTURE;

	assert_int_equal(run(f, "\n", "kill --yes -"), EXIT_OK);
	assert_has(f->err, "nothing to kill");
	assert_int_equal(server_count(f->server), 0);
}

static void
interrupt_between(struct fixture *f)
{
	if (f->step == 0 && server_count(f->server) == 1) {
		f->step = 1;
		raise(SIGINT);
	}
}

static void
interrupt_says_what_was_done(void **state)
{
	FIXTURE;

	/* no answer ever comes */
	f->on_turn = interrupt_between;
	assert_int_equal(run(f, NULL, "kill --yes " ID_A), EXIT_INTERRUPTED);
	assert_has(f->out, ID_A "  sent, no answer waited for");
}

static void
resume_leaves_a_running_one_alone(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 3600);
	answer_sandbox(f, ID_B, "paused", -60);
	server_reply(f->server, "POST /v2/sandboxes/" ID_B "/connect", 201, NULL,
	    "{\"sandboxID\":\"" ID_B "\",\"templateID\":\"tpl\",\"clientID\":\"c\","
	    "\"envdVersion\":\"0.6.13\"}");
	assert_int_equal(run(f, NULL, "resume --ttl 10m " ID_A " " ID_B), EXIT_OK);
	assert_string_equal(f->out, ID_A "  was already running\n" ID_B "  resumed\n");
	assert_int_equal(server_count(f->server), 3);
	assert_string_equal(server_request(f->server, 2)->body.data, "{\"timeout\":600}");
}

static void
pause_twice_is_fine(void **state)
{
	FIXTURE;

	server_reply(f->server, "POST /sandboxes/" ID_A "/pause", 409, NULL,
	    "{\"code\":409,\"message\":\"already paused\"}");
	answer_sandbox(f, ID_A, "paused", -60);
	assert_int_equal(run(f, NULL, "pause " ID_A), EXIT_OK);
	assert_string_equal(f->out, ID_A "  was already paused\n");
}

/* ---- ttl: only --shorten shortens */

static void
ttl_never_shortens_unasked(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 3600);
	assert_int_equal(run(f, NULL, "ttl " ID_A " =5m"), EXIT_CONFLICT);
	assert_has(f->err, "--shorten");
	assert_int_equal(server_count(f->server), 1);
	server_reply(f->server, "POST /sandboxes/" ID_A "/timeout", 204, NULL, "");
	assert_int_equal(run(f, NULL, "ttl --shorten " ID_A " =5m"), EXIT_OK);
	assert_string_equal(server_request(f->server, 2)->body.data, "{\"timeout\":300}");
	assert_has(f->out, "left, ends 2");
}

static void
ttl_extends_with_the_call_that_cannot_shorten(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	server_reply(f->server, "POST /sandboxes/" ID_A "/refreshes", 204, NULL, "");
	assert_int_equal(run(f, NULL, "ttl " ID_A " +30m --json"), EXIT_OK);
	assert_has(line_of(f, 1), "/refreshes");
	assert_has(f->out, "\"id\":\"" ID_A "\",\"left_seconds\":");
	/* beyond the hour that refreshes reach */
	server_reply(f->server, "POST /sandboxes/" ID_A "/timeout", 204, NULL, "");
	assert_int_equal(run(f, NULL, "ttl " ID_A " +2h -q"), EXIT_OK);
	assert_string_equal(f->out, ID_A "\n");
}

static void
ttl_does_not_wake(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "paused", -60);
	assert_int_equal(run(f, NULL, "ttl " ID_A " +30m"), EXIT_CONFLICT);
	assert_has(f->err, "is paused");
	assert_int_equal(server_count(f->server), 1);
}

/* ---- create */

static const char created[] = "{\"sandboxID\":\"" ID_A "\",\"templateID\":\"tpl\","
			      "\"clientID\":\"c\",\"envdVersion\":\"0.6.13\","
			      "\"envdAccessToken\":\"tok\"}";

static void
create_prints_the_id_alone(void **state)
{
	const char *body;
	FIXTURE;

	server_reply(f->server, "POST /v2/sandboxes", 201, NULL, created);
	assert_int_equal(run(f, NULL,
			     "create tpl --ttl 1h -m user=ana --name x -e A=b=c "
			     "--on-timeout pause --no-internet"),
	    EXIT_OK);
	assert_string_equal(f->out, ID_A "\n");
	assert_string_equal(f->err, "");
	body = server_request(f->server, 0)->body.data;
	assert_has(body, "\"timeout\":3600");
	assert_has(body, "\"user\":\"ana\"");
	assert_has(body, "\"name\":\"x\"");
	assert_has(body, "\"A\":\"b=c\"");
	server_reply(f->server, "POST /v2/sandboxes", 201, NULL, created);
	assert_int_equal(run(f, NULL, "create --json"), EXIT_OK);
	assert_has(f->out, "{\"id\":\"" ID_A "\"");
	assert_lacks(f->out, "tok");
	/* the option's 15 minutes are always sent */
	assert_has(server_request(f->server, 1)->body.data, "\"timeout\":900");
	server_reply(f->server, "POST /v2/sandboxes", 201, NULL, created);
	assert_int_equal(run(f, NULL, "create --shell"), EXIT_OK);
	assert_string_equal(f->opened, ID_A);
}

/* The create was sent, its answer never comes, ^C: what arrives late is killed. */
static void
interrupt_create(struct fixture *f)
{
	static const char key[] = "\"sandtop.create\":\"";
	char marker[32] = "", *body;

	if (f->step > 0 || server_count(f->server) == 0 ||
	    !server_request(f->server, 0)->complete)
		return;
	f->step = 1;
	body = strstr(server_request(f->server, 0)->body.data, key);
	assert_non_null(body);
	memcpy(marker, body + strlen(key), strcspn(body + strlen(key), "\""));
	body = xasprintf("[{\"sandboxID\":\"" ID_A "\",\"templateID\":\"tpl\","
			 "\"state\":\"running\",\"metadata\":{%s%s\"}}]",
	    key, marker);
	server_reply(f->server, "GET /v2/sandboxes", 200, NULL, body);
	server_reply(f->server, "DELETE /sandboxes/" ID_A, 204, NULL, "");
	free(body);
	raise(SIGINT);
}

static void
interrupted_create_leaves_nothing(void **state)
{
	FIXTURE;

	f->on_turn = interrupt_create;
	assert_int_equal(run(f, NULL, "create"), EXIT_INTERRUPTED);
	assert_string_equal(f->out, "");
	assert_has(f->err, "came late and was killed");
	size_t last = server_count(f->server) - 1;
	assert_true(str_has_prefix(line_of(f, last), "DELETE /sandboxes/" ID_A));
}

static void
interrupt_create_twice(struct fixture *f)
{
	if (f->step < 2 && (int)server_count(f->server) > f->step) {
		f->step++;
		raise(SIGINT);
	}
}

static void
second_interrupt_leaves_and_names_the_marker(void **state)
{
	FIXTURE;

	f->on_turn = interrupt_create_twice;
	assert_int_equal(run(f, NULL, "create"), EXIT_INTERRUPTED);
	assert_has(f->err, "sandtop ls -m sandtop.create=");
}

/* ---- shell */

static void
shell_of_a_paused_one_is_not_opened_unasked(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "paused", -60);
	assert_int_equal(run(f, NULL, "shell " ID_A), EXIT_CONFLICT);
	assert_has(f->err, "--wake");
	assert_null(f->opened);
	/* looking changed nothing (law 1) */
	for (size_t i = 0; i < server_count(f->server); i++)
		assert_true(str_has_prefix(line_of(f, i), "GET "));
}

static void
shell_and_ui_need_a_terminal(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	assert_int_equal(run(f, NULL, "shell " ID_A), EXIT_USAGE);
	assert_has(f->err, "sandtop exec " ID_A);
	assert_int_equal(run(f, NULL, "ui"), EXIT_USAGE);
	assert_has(f->err, "terminal");
	assert_string_equal(f->out, "");
	assert_null(f->opened);
	assert_int_equal(run(f, NULL, "reset"), EXIT_USAGE);
	assert_false(f->reset);
}

/* ---- metrics and logs */

#define METRIC(ts, cpu)                                                                  \
	"{\"timestamp\":\"2026-01-02T03:04:05Z\",\"timestampUnix\":" ts                  \
	",\"cpuCount\":2,\"cpuUsedPct\":" cpu                                            \
	",\"memUsed\":104857600,\"memTotal\":524288000,\"memCache\":0,\"diskUsed\":5,"   \
	"\"diskTotal\":0}"

static void
metrics_in_every_format(void **state)
{
	FIXTURE;

	server_reply(f->server, "GET /sandboxes/" ID_A "/metrics", 200, NULL,
	    "[" METRIC("1767323045", "12.5") "," METRIC("1767323050", "0") "]");
	assert_int_equal(run(f, NULL, "metrics " ID_A), EXIT_OK);
	assert_string_equal(f->out,
	    "TIME                       CPU%   MEM%    MEM  DISK%   DISK  vCPU\n"
	    "2026-01-02T03:04:05.000Z   12.5   20.0   100M     --      5     2\n"
	    "2026-01-02T03:04:10.000Z    0.0   20.0   100M     --      5     2\n");
	/* neither bound, or both */
	assert_null(strchr(line_of(f, 0), '?'));
	server_reply(f->server, "GET /sandboxes/" ID_A "/metrics", 200, NULL,
	    "[" METRIC("1767323045", "12.5") "]");
	assert_int_equal(
	    run(f, NULL, "metrics --since 2026-01-02T03:00:00Z --json " ID_A), EXIT_OK);
	assert_has(line_of(f, 1), "?start=1767322800&end=");
	assert_has(f->out, "\"time\":\"2026-01-02T03:04:05.000Z\",\"cpu_percent\":12.50");
	assert_has(f->out, "\"mem_used_bytes\":104857600");
}

static void
no_samples_may_mean_no_sandbox(void **state)
{
	FIXTURE;

	server_reply(f->server, "GET /sandboxes/" ID_A "/metrics", 200, NULL, "[]");
	server_reply(f->server, "GET /sandboxes/" ID_A, 404, NULL, "{}");
	assert_int_equal(run(f, NULL, "metrics --json " ID_A), EXIT_NOT_FOUND);
	assert_string_equal(f->out, "");
	assert_has(f->err, "not_found");
	server_reply(f->server, "GET /sandboxes/" ID_B "/metrics", 200, NULL, "[]");
	answer_sandbox(f, ID_B, "running", 60);
	assert_int_equal(run(f, NULL, "metrics --json " ID_B), EXIT_OK);
	assert_string_equal(f->out, "[]\n");
	assert_has(f->err, "no samples");
}

static void
logs_are_in_order_and_clean(void **state)
{
	FIXTURE;

	/* newest first, as the service answers backward */
	server_reply(f->server, "GET /v2/sandboxes/" ID_A "/logs", 200, NULL,
	    "{\"logs\":[{\"timestamp\":\"2026-01-02T03:04:06.5Z\",\"level\":\"error\","
	    "\"message\":\"late \\u001b[2J\",\"fields\":{\"pid\":\"7\"}},"
	    "{\"timestamp\":\"2026-01-02T03:04:05Z\",\"level\":\"info\","
	    "\"message\":\"early\",\"fields\":null}]}");
	assert_int_equal(run(f, NULL, "logs --level info --grep a -n 2 " ID_A), EXIT_OK);
	assert_string_equal(f->out, "2026-01-02T03:04:05.000Z info  early\n"
				    "2026-01-02T03:04:06.500Z error late \\e[2J pid=7\n");
	assert_has(line_of(f, 0), "direction=backward");
	assert_has(line_of(f, 0), "limit=2");
	assert_has(line_of(f, 0), "level=info");
	assert_has(line_of(f, 0), "search=a");
	server_reply(f->server, "GET /v2/sandboxes/" ID_A "/logs", 200, NULL,
	    "{\"logs\":[{\"timestamp\":\"2026-01-02T03:04:06.123456789Z\",\"level\":"
	    "\"warn\",\"message\":\"m\",\"fields\":{\"a\":\"b\"}}]}");
	assert_int_equal(run(f, NULL, "logs -o jsonl " ID_A), EXIT_OK);
	assert_string_equal(f->out,
	    "{\"time\":\"2026-01-02T03:04:06.123456789Z\",\"level\":\"warn\",\"message\":"
	    "\"m\",\"fields\":{\"a\":\"b\"}}\n");
}

static void
logs_since_cuts(void **state)
{
	FIXTURE;

	server_reply(f->server, "GET /v2/sandboxes/" ID_A "/logs", 200, NULL,
	    "{\"logs\":[{\"timestamp\":\"2026-01-02T03:04:06Z\",\"level\":\"info\","
	    "\"message\":\"new\"},{\"timestamp\":\"2026-01-02T03:04:05Z\",\"level\":"
	    "\"info\",\"message\":\"old\"}]}");
	assert_int_equal(
	    run(f, NULL, "logs --since 2026-01-02T03:04:06Z " ID_A), EXIT_OK);
	assert_has(f->out, "new");
	assert_lacks(f->out, "old");
}

static void
logs_of_nobody(void **state)
{
	FIXTURE;

	server_reply(
	    f->server, "GET /v2/sandboxes/" ID_A "/logs", 200, NULL, "{\"logs\":[]}");
	server_reply(f->server, "GET /sandboxes/" ID_A, 404, NULL, "{}");
	assert_int_equal(run(f, NULL, "logs " ID_A), EXIT_NOT_FOUND);
	assert_has(f->err, "no sandbox " ID_A);
}

/* Going on: the cursor brings the last entry again, which is not printed twice. */
static void
logs_follow(struct fixture *f)
{
	if (f->step == 0 && server_count(f->server) == 2) {
		f->step = 1;
		server_reply(
		    f->server, "GET /v2/sandboxes/" ID_A "/logs", 401, NULL, "{}");
	}
}

static void
logs_follow_prints_each_once(void **state)
{
	static const char one[] =
	    "{\"timestamp\":\"2026-01-02T03:04:05Z\",\"level\":\"info\","
	    "\"message\":\"one\"}";
	char *first = xasprintf("{\"logs\":[%s]}", one);
	char *second =
	    xasprintf("{\"logs\":[%s,{\"timestamp\":\"2026-01-02T03:04:05.0005Z\","
		      "\"level\":\"info\",\"message\":\"two\"}]}",
		one);
	FIXTURE;

	server_reply(f->server, "GET /v2/sandboxes/" ID_A "/logs", 200, NULL, first);
	server_reply(f->server, "GET /v2/sandboxes/" ID_A "/logs", 200, NULL, second);
	f->on_turn = logs_follow;
	/* a refused key is what ends it here */
	assert_int_equal(run(f, NULL, "logs -f " ID_A), EXIT_DENIED);
	assert_string_equal(f->out, "2026-01-02T03:04:05.000Z info  one\n"
				    "2026-01-02T03:04:05.000Z info  two\n");
	assert_has(line_of(f, 1), "direction=forward&cursor=1767323045000");
	free(first);
	free(second);
}

/* ---- the tool and the host */

static void
auth_masks_the_key(void **state)
{
	FIXTURE;

	server_reply(f->server, "GET /v2/sandboxes", 200, NULL, "[]");
	assert_int_equal(run(f, NULL, "auth"), EXIT_OK);
	assert_has(f->out, "E2B_API_KEY");
	assert_has(f->out, "Key works  yes");
	assert_lacks(f->out, KEY);
	server_reply(f->server, "GET /v2/sandboxes", 401, NULL, "{}");
	assert_int_equal(run(f, NULL, "auth --json"), EXIT_DENIED);
	assert_has(f->out, "\"key_works\":false");
	assert_lacks(f->out, KEY);
	assert_has(f->err, "\"code\":\"denied\"");
}

static void
doctor_looks_everywhere(void **state)
{
	FIXTURE;

	server_reply(f->server, "GET /v2/sandboxes", 200, NULL, "[]");
	assert_int_equal(run(f, NULL, "doctor"), EXIT_OK);
	assert_has(f->out, "terminal: ok");
	assert_has(f->out, "isolation   none");
	assert_has(f->out, "does not run");
	assert_lacks(f->out, "\033");
	assert_lacks(f->out, KEY);
	f->account.key = NULL;
	assert_int_equal(run(f, NULL, "doctor --json"), EXIT_FAILED);
	assert_has(f->out, "{\"name\":\"account\",\"ok\":false");
}

static void
host_commands(void **state)
{
	FIXTURE;

	assert_int_equal(run(f, NULL, "host status"), EXIT_NOT_FOUND);
	assert_has(f->out, "stopped");
	assert_int_equal(run(f, NULL, "host env"), EXIT_OFFLINE);
	assert_has(f->err, "sandtop host start");
	assert_int_equal(run(f, NULL, "host sample"), EXIT_OFFLINE);
	assert_int_equal(run(f, NULL, "host start"), EXIT_OK);
	assert_has(f->out, "http://127.0.0.1:7");
	assert_int_equal(run(f, NULL, "host status --json"), EXIT_OK);
	assert_has(f->out, "\"running\":true,\"pid\":4711");
	assert_lacks(f->out, "e2b_it");
	assert_int_equal(run(f, NULL, "host env"), EXIT_OK);
	assert_has(f->out, "export E2B_API_KEY='e2b_it'\\''s'\n");
	assert_has(f->out, "export E2B_SANDBOX_URL='http://127.0.0.1:");
	assert_int_equal(run(f, NULL, "host stop"), EXIT_OK);
	assert_has(f->out, "stopped");
	assert_int_equal(run(f, NULL, "host stop --json"), EXIT_OK);
	assert_string_equal(f->out, "{\"was_running\":false}\n");
	assert_int_equal(run(f, NULL, "host run --port 99 --ready-fd 3"), EXIT_FAILED);
	assert_has(f->err, "port 99, ready 3, simulate 0");
	assert_int_equal(run(f, NULL, "host run --simulate 10000"), EXIT_FAILED);
	assert_has(f->err, "port 0, ready -1, simulate 10000");
}

static void
sample_fills_an_empty_host_only(void **state)
{
	FIXTURE;

	f->host_runs = true;
	answer_list(f);
	assert_int_equal(run(f, NULL, "host sample"), EXIT_OK);
	assert_has(f->err, "2 sandboxes already");
	assert_string_equal(f->out, "");
	assert_int_equal(server_count(f->server), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_command_has_one_handler),
		TEST(every_command_has_help),
		TEST(help_topics),
		TEST(without_an_account_the_places_are_named),
		TEST(who_needs_an_account),
		TEST(read_only_refuses_changes),
		TEST(nonsense_is_usage),
		TEST(values_of_env_are_not_repeated),
		TEST(ls_is_one_request),
		TEST(ls_in_every_format),
		TEST(ls_filters),
		TEST(ls_names_are_clean),
		TEST(errors_have_exit_codes),
		TEST(nobody_listening_is_offline),
		TEST(info_says_what_is_known),
		TEST(info_of_a_missing_one),
		TEST(kill_wants_a_yes),
		TEST(gone_is_not_killed),
		TEST(some_failed_is_said),
		TEST(dry_run_changes_nothing),
		TEST(bulk_is_bounded),
		TEST(nothing_to_do_is_fine),
		TEST(interrupt_says_what_was_done),
		TEST(resume_leaves_a_running_one_alone),
		TEST(pause_twice_is_fine),
		TEST(ttl_never_shortens_unasked),
		TEST(ttl_extends_with_the_call_that_cannot_shorten),
		TEST(ttl_does_not_wake),
		TEST(create_prints_the_id_alone),
		TEST(interrupted_create_leaves_nothing),
		TEST(second_interrupt_leaves_and_names_the_marker),
		TEST(shell_of_a_paused_one_is_not_opened_unasked),
		TEST(shell_and_ui_need_a_terminal),
		TEST(metrics_in_every_format),
		TEST(no_samples_may_mean_no_sandbox),
		TEST(logs_are_in_order_and_clean),
		TEST(logs_since_cuts),
		TEST(logs_of_nobody),
		TEST(logs_follow_prints_each_once),
		TEST(auth_masks_the_key),
		TEST(doctor_looks_everywhere),
		TEST(host_commands),
		TEST(sample_fills_an_empty_host_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
