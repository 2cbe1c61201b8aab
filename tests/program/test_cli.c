/*
 * The command line, driven as a person and a script drive it: the real program against a
 * real local host with real sandboxes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/world.h"

#define assert_has(text, part) assert_non_null(strstr(text, part))
#define assert_lacks(text, part) assert_null(strstr(text, part))

/* One host for all; each test makes what it needs. */
static struct world world;
static char *box; /* a sandbox that runs all the time */

static int
setup(void **state)
{
	(void)state;
	world_init(&world);
	world_start_host(&world);
	world_use_host_by_env(&world);
	box =
	    world_out(&world, "create", "base", "--name", "box", "-m", "user=ana", NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(box);
	world_clear(&world);
	return 0;
}

/* Runs and checks the exit code; what it said is in the result. */
#define RUN(want, ...) run_checked(want, NULL, (const char *const[]){ __VA_ARGS__, NULL })
#define RUN_WITH(want, input, ...)                                                       \
	run_checked(want, input, (const char *const[]){ __VA_ARGS__, NULL })

static struct ran
run_checked(int want, const char *input, const char *const *words)
{
	const char *argv[32] = { getenv("SANDTOP_BIN") };

	for (size_t i = 0; words[i]; i++)
		argv[i + 1] = words[i];
	struct ran r = world_run_argv(&world, input, argv);
	if (r.status != want)
		fail_msg("exit %d, not %d: %s%s", r.status, want, r.out.data, r.err.data);
	return r;
}

/* A line for /bin/sh, with $0 the program. */
static struct ran
run_shell(const char *line)
{
	return world_run_argv(&world, NULL,
	    (const char *const[]){
		"/bin/sh", "-c", line, getenv("SANDTOP_BIN"), box, NULL });
}

static char *
create(void)
{
	return world_out(&world, "create", NULL);
}

/* ---- life */

static void
a_sandbox_lives_and_ends(void **state)
{
	char *id = world_out(&world, "create", "base", "--ttl", "1h", "-m", "job=x y",
	    "--name", "one", "-e", "GREETING=hello", NULL);
	struct ran r;

	(void)state;
	assert_int_equal(strlen(id), 21);
	r = RUN(0, "ls", "-m", "job=x y");
	assert_has(r.out.data, id);
	assert_has(r.out.data, "one");
	assert_has(r.out.data, "59m");
	assert_lacks(r.out.data, box);
	ran_clear(&r);
	r = RUN(0, "info", id);
	assert_has(r.out.data, "meta.job");
	assert_has(r.out.data, "running");
	ran_clear(&r);
	r = RUN(0, "exec", id, "--", "echo $GREETING");
	assert_string_equal(r.out.data, "hello\n");
	ran_clear(&r);
	r = RUN(0, "kill", "--yes", id);
	assert_has(r.out.data, "killed");
	ran_clear(&r);
	r = RUN(3, "kill", "--yes", id);
	assert_has(r.out.data, "was already gone");
	ran_clear(&r);
	r = RUN(3, "info", id);
	assert_has(r.err.data, "no sandbox");
	ran_clear(&r);
	r = RUN(125, "exec", id, "--", "true");
	assert_has(r.err.data, "no sandbox");
	ran_clear(&r);
	free(id);
}

static void
pause_and_resume(void **state)
{
	char *id = create();
	struct ran r;

	(void)state;
	r = RUN(0, "pause", id);
	assert_has(r.out.data, "paused");
	ran_clear(&r);
	r = RUN(0, "pause", id);
	assert_has(r.out.data, "was already paused");
	ran_clear(&r);
	r = RUN(0, "ls", "--state", "paused", "-q");
	assert_has(r.out.data, id);
	ran_clear(&r);
	/* law 1: nothing of this wakes it */
	r = RUN(125, "exec", id, "--", "true");
	assert_has(r.err.data, "sandtop resume");
	ran_clear(&r);
	r = RUN(5, "shell", id);
	assert_has(r.err.data, "--wake");
	ran_clear(&r);
	r = RUN(5, "ttl", id, "+5m");
	ran_clear(&r);
	r = RUN(0, "metrics", id);
	ran_clear(&r);
	r = RUN(0, "logs", id);
	ran_clear(&r);
	r = RUN(0, "info", id);
	assert_has(r.out.data, "paused");
	ran_clear(&r);
	r = RUN(0, "ls", "-m", "nobody=has this");
	assert_has(r.err.data, "no sandboxes match");
	ran_clear(&r);
	r = RUN(0, "resume", id, "--ttl", "20m");
	assert_has(r.out.data, "resumed");
	ran_clear(&r);
	r = RUN(0, "exec", id, "--", "echo", "awake");
	assert_string_equal(r.out.data, "awake\n");
	ran_clear(&r);
	r = RUN(0, "kill", "-y", id);
	ran_clear(&r);
	free(id);
}

static void
time_left(void **state)
{
	char *id = create();
	struct ran r;

	(void)state;
	r = RUN(0, "ttl", id, "=2h");
	ran_clear(&r);
	r = RUN(5, "ttl", id, "=5m");
	assert_has(r.err.data, "--shorten");
	ran_clear(&r);
	r = RUN(0, "ttl", id, "+30m");
	ran_clear(&r);
	r = RUN(0, "info", "--json", id);
	assert_has(r.out.data, "\"left_seconds\":89"); /* 2h30 less a little */
	ran_clear(&r);
	r = RUN(0, "ttl", id, "=5m", "--shorten", "--json");
	assert_has(r.out.data, "\"left_seconds\":300");
	ran_clear(&r);
	r = RUN(0, "kill", "-y", id);
	ran_clear(&r);
	free(id);
}

static void
many_at_once(void **state)
{
	char *a = create(), *b = create(), *ids = xasprintf("%s\n%s\n", a, b);
	struct ran r;

	(void)state;
	r = RUN_WITH(9, ids, "pause", "-");
	ran_clear(&r);
	r = RUN_WITH(0, ids, "pause", "--yes", "-q", "-");
	assert_string_equal(r.out.data, ids);
	ran_clear(&r);
	r = RUN(9, "kill", a, b);
	assert_has(r.err.data, "--yes");
	ran_clear(&r);
	r = RUN_WITH(9, ids, "kill", "--expect", "3", "-");
	ran_clear(&r);
	r = RUN(0, "ls", "-q", "--state", "paused");
	assert_has(r.out.data, a);
	assert_has(r.out.data, b);
	ran_clear(&r);
	r = RUN_WITH(0, ids, "kill", "--expect", "2", "-");
	ran_clear(&r);
	free(ids);
	free(a);
	free(b);
}

/* ---- exec */

static void
exec_keeps_outputs_apart(void **state)
{
	struct ran r = RUN(7, "exec", box, "--", "echo out; echo err >&2; exit 7");

	(void)state;
	assert_string_equal(r.out.data, "out\n");
	assert_string_equal(r.err.data, "err\n");
	ran_clear(&r);
}

static void
exec_passes_words_user_directory_and_variables(void **state)
{
	struct ran r = RUN(0, "exec", box, "-u", "root", "-C", "/etc", "-e", "A=b c",
	    "--", "sh", "-c", "id -un; pwd; echo \"$A\"; echo \"$1\"", "x", "it's *");

	(void)state;
	assert_string_equal(r.out.data, "root\n/etc\nb c\nit's *\n");
	ran_clear(&r);
	r = RUN(125, "exec", box, "-C", "/no/such/place", "--", "pwd");
	assert_has(r.err.data, "/no/such/place");
	ran_clear(&r);
}

static void
exec_ends_as_the_remote_ends(void **state)
{
	struct ran r = RUN(137, "exec", box, "--", "kill -9 $$");

	(void)state;
	assert_has(r.err.data, "signal: killed");
	ran_clear(&r);
	r = RUN(127, "exec", box, "--", "no-such-program");
	ran_clear(&r);
	r = RUN(0, "exec", box, "--", "true");
	ran_clear(&r);
}

static char *
numbers(int count)
{
	struct buf text;

	buf_init(&text, 64u << 20);
	for (int i = 1; i <= count; i++)
		buf_addf(&text, "%d\n", i);
	return buf_take(&text);
}

static void
exec_brings_eight_megabytes_unharmed(void **state)
{
	enum { COUNT = 1200000 };
	char *want = numbers(COUNT);
	struct ran r = RUN(0, "exec", box, "--", "seq 1 1200000");

	(void)state;
	assert_true(r.out.len > 8u << 20);
	assert_int_equal(r.out.len, strlen(want));
	assert_memory_equal(r.out.data, want, r.out.len);
	ran_clear(&r);
	free(want);
}

static void
exec_sends_its_input_and_its_end(void **state)
{
	char *text = numbers(150000);
	struct ran r = RUN_WITH(0, text, "exec", box, "--", "cat");

	(void)state;
	assert_int_equal(r.out.len, strlen(text));
	assert_string_equal(r.out.data, text);
	ran_clear(&r);
	r = RUN(0, "exec", box, "--", "cat");
	assert_string_equal(r.out.data, "");
	ran_clear(&r);
	/* a remote that does not want it all */
	r = RUN_WITH(0, text, "exec", box, "--", "head -n 1");
	assert_string_equal(r.out.data, "1\n");
	ran_clear(&r);
	free(text);
}

/* A slow reader slows the remote and loses nothing. */
static void
exec_waits_for_a_slow_reader(void **state)
{
	struct ran r = run_shell("\"$0\" exec \"$1\" -- seq 1 300000 | { read a; "
				 "\"$0\" exec \"$1\" -- true </dev/null; wc -l; }");

	(void)state;
	assert_int_equal(r.status, 0);
	assert_string_equal(str_trim(r.out.data), "299999");
	ran_clear(&r);
}

static void
exec_is_quiet_when_the_reader_leaves(void **state)
{
	struct ran r =
	    run_shell("{ \"$0\" exec \"$1\" -- yes; echo $? >&2; } | head -n 1");

	(void)state;
	assert_string_equal(r.out.data, "y\n");
	assert_string_equal(r.err.data, "141\n");
	ran_clear(&r);
	r = run_shell("\"$0\" exec \"$1\" -- 'pgrep -x yes'");
	assert_int_equal(r.status, 1); /* it is not left behind */
	ran_clear(&r);
}

static void
exec_detached_goes_on(void **state)
{
	char *pid =
	    world_out(&world, "exec", box, "-d", "--tag", "nap", "--", "sleep 60", NULL);
	char *check = xasprintf("kill -0 %s", pid), *end = xasprintf("kill %s", pid);
	struct ran r;

	(void)state;
	r = RUN(0, "exec", box, "--", check);
	ran_clear(&r);
	r = RUN(0, "exec", box, "--", end);
	ran_clear(&r);
	free(check);
	free(end);
	free(pid);
}

static void
exec_timeout_is_124(void **state)
{
	struct ran r =
	    RUN(124, "exec", "--timeout", "1s", box, "--", "echo begun; sleep 60");

	(void)state;
	assert_string_equal(r.out.data, "begun\n");
	ran_clear(&r);
	/* one that ignores SIGTERM is killed five seconds later */
	r = RUN(124, "exec", "--timeout", "1s", box, "--",
	    "trap '' TERM; exec tail -f /dev/null");
	ran_clear(&r);
	r = RUN(0, "exec", "--timeout", "20s", box, "--", "true");
	ran_clear(&r);
}

static void
exec_interrupt_ends_the_remote(void **state)
{
	struct driver *d = driver_sandtop(
	    &world, 24, 80, "exec", box, "--", "echo begun; exec sleep 60", NULL);

	(void)state;
	driver_wait(d, "begun");
	driver_type(d, "\x03");
	assert_int_equal(driver_exit(d), 143);
	assert_true(driver_modes_restored(d));
	driver_free(d);
}

/* Law 4: on a terminal text and colours only; --raw is the person's own wish. */
static void
law_4_exec_on_a_terminal_is_tame(void **state)
{
	static const char hostile[] =
	    "printf '\\033[31mred\\033]0;title\\a\\033[2J\\033[c"
	    "\\342\\200\\256end\\n'";
	struct driver *d =
	    driver_sandtop(&world, 24, 80, "exec", box, "--", hostile, NULL);

	(void)state;
	assert_int_equal(driver_exit(d), 0);
	driver_pump(d);
	assert_has(driver_bytes(d)->data, "\033[31mred<U+202E>end");
	assert_lacks(driver_bytes(d)->data, "\033]");
	assert_lacks(driver_bytes(d)->data, "\033[2J");
	assert_lacks(driver_bytes(d)->data, "\033[c");
	driver_free(d);
	d = driver_sandtop(&world, 24, 80, "exec", "--raw", box, "--", hostile, NULL);
	assert_int_equal(driver_exit(d), 0);
	driver_pump(d);
	assert_has(driver_bytes(d)->data, "\033[2J");
	driver_free(d);
}

/* ---- on a terminal */

static void
law_3_kill_asks_and_enter_is_no(void **state)
{
	char *id = create(), *b = create(), *prefix = xstrndup(id, 10);
	struct driver *d = driver_sandtop(&world, 24, 80, "kill", prefix, NULL);

	(void)state;
	driver_wait(d, "[y/N]");
	assert_true(driver_shows(d, id));
	driver_type(d, "\r");
	assert_int_equal(driver_exit(d), 9);
	driver_free(d);
	d = driver_sandtop(&world, 24, 80, "kill", id, b, NULL);
	driver_wait(d, "Type 2");
	driver_type(d, "y\r");
	assert_int_equal(driver_exit(d), 9);
	driver_free(d);
	d = driver_sandtop(&world, 24, 80, "kill", id, b, NULL);
	driver_wait(d, "Type 2");
	driver_type(d, "2\r");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
	struct ran r = RUN(3, "info", id, b);
	ran_clear(&r);
	free(prefix);
	free(id);
	free(b);
}

static void
law_1_shell_asks_before_it_wakes(void **state)
{
	char *id = create();
	struct ran r = RUN(0, "pause", id);

	(void)state;
	ran_clear(&r);
	struct driver *d = driver_sandtop(&world, 24, 80, "shell", id, NULL);
	driver_wait(d, "[y/N]");
	assert_true(driver_shows(d, "15m time left"));
	driver_type(d, "\r");
	assert_int_equal(driver_exit(d), 9);
	driver_free(d);
	r = RUN(0, "ls", "-q", "--state", "paused");
	assert_has(r.out.data, id);
	ran_clear(&r);
	r = RUN(0, "kill", "-y", id);
	ran_clear(&r);
	free(id);
}

/* One shell has the screen to itself; the second brings the bar, the last ends us. */
static void
shell_shows_its_tabs_and_ends_with_the_last(void **state)
{
	char *id = create(), *second = xasprintf("2:%.8s", id);
	struct driver *d = driver_sandtop(&world, 24, 80, "shell", "--new", id, NULL);

	(void)state;
	driver_wait(d, "LIVE");
	assert_false(driver_shows(d, second));
	driver_insist(d, "echo first-$((40 + 2))\r", "first-42", true);
	driver_type(d, "\002c");
	driver_wait(d, second);
	driver_insist(d, "echo other-$((40 + 2))\r", "other-42", true);
	driver_type(d, "exit 3\r");
	driver_wait(d, "exit status 3");
	driver_type(d, "x");
	driver_wait(d, "first-42");
	assert_false(driver_shows(d, second));
	driver_type(d, "exit 4\r");
	assert_int_equal(driver_exit(d), 4);
	driver_free(d);
	struct ran r = RUN(0, "kill", "-y", id);
	ran_clear(&r);
	free(second);
	free(id);
}

static void
no_input_never_asks(void **state)
{
	struct driver *d =
	    driver_sandtop(&world, 24, 80, "--no-input", "kill", box, NULL);

	(void)state;
	assert_int_equal(driver_exit(d), 9);
	driver_free(d);
}

static void
colour_is_left_out_where_it_is_not_wanted(void **state)
{
	static const struct {
		const char *name, *value, *back;
		bool colour;
	} cases[] = { { "TERM", "xterm-256color", "xterm-256color", true },
		{ "TERM", "dumb", "xterm-256color", false },
		{ "NO_COLOR", "1", NULL, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		world_set(&world, cases[i].name, cases[i].value);
		struct driver *d = driver_sandtop(&world, 24, 80, "ls", NULL);
		assert_int_equal(driver_exit(d), 0);
		driver_pump(d);
		assert_int_equal(
		    strchr(driver_bytes(d)->data, '\033') != NULL, cases[i].colour);
		assert_true(driver_shows(d, box));
		driver_free(d);
		world_set(&world, cases[i].name, cases[i].back);
	}
}

static void
narrow_terminal_keeps_what_matters(void **state)
{
	struct driver *d = driver_sandtop(&world, 10, 40, "ls", NULL);

	(void)state;
	assert_int_equal(driver_exit(d), 0);
	driver_pump(d);
	assert_true(driver_shows(d, box));
	assert_true(driver_shows(d, "RUN"));
	driver_free(d);
}

/* ---- seeing */

static bool
has_sample(void *ctx)
{
	struct ran r = world_run(&world, NULL, "metrics", "-o", "jsonl", box, NULL);
	bool has = strstr(r.out.data, "\"cpu_percent\":") != NULL;

	(void)ctx;
	ran_clear(&r);
	return has;
}

static void
metrics_and_logs(void **state)
{
	struct ran r;

	(void)state;
	assert_true(world_wait(has_sample, NULL));
	r = RUN(0, "metrics", "--since", "1h", box);
	assert_has(r.out.data, "CPU%");
	ran_clear(&r);
	r = RUN(0, "exec", box, "--", "true");
	ran_clear(&r);
	r = RUN(0, "logs", box);
	assert_has(r.out.data, "Process");
	ran_clear(&r);
	r = RUN(3, "metrics", "inobodyinobodyinobody");
	ran_clear(&r);
	r = RUN(3, "logs", "inobodyinobodyinobody");
	ran_clear(&r);
}

static void
following_goes_on_until_interrupted(void **state)
{
	struct driver *d = driver_sandtop(&world, 24, 100, "logs", "-f", box, NULL);
	struct ran r;

	(void)state;
	driver_wait(d, "Process");
	r = RUN(0, "exec", box, "--tag", "seen-later", "--", "true");
	ran_clear(&r);
	driver_wait(d, "seen-later");
	driver_type(d, "\x03");
	assert_int_equal(driver_exit(d), 130);
	assert_true(driver_modes_restored(d));
	driver_free(d);
	d = driver_sandtop(&world, 24, 100, "metrics", "-f", box, NULL);
	driver_wait(d, "CPU%");
	driver_type(d, "\x03");
	assert_int_equal(driver_exit(d), 130);
	driver_free(d);
}

/* What -v says on stderr holds no key and no token. */
static void
verbose_keeps_secrets(void **state)
{
	struct ran r = RUN(0, "-v", "exec", box, "--", "true");

	(void)state;
	assert_has(r.err.data, "/process.Process/Start");
	assert_lacks(r.err.data, world_get(&world, "E2B_API_KEY"));
	assert_lacks(r.err.data, "X-Access-Token");
	assert_string_equal(r.out.data, "");
	ran_clear(&r);
}

static void
auth_and_doctor(void **state)
{
	const char *key = world_get(&world, "E2B_API_KEY");
	struct ran r = RUN(0, "auth");

	(void)state;
	assert_has(r.out.data, "E2B_API_KEY");
	assert_has(r.out.data, "Key works  yes");
	assert_lacks(r.out.data, key);
	ran_clear(&r);
	r = RUN(0, "doctor");
	assert_has(r.out.data, "isolation");
	assert_lacks(r.out.data, key);
	ran_clear(&r);
	r = RUN(0, "host", "status");
	assert_has(r.out.data, "running");
	assert_lacks(r.out.data, key);
	ran_clear(&r);
}

/* ---- errors */

static void
wrong_key_and_no_host(void **state)
{
	char *key = xstrdup(world_get(&world, "E2B_API_KEY"));
	char *url = xstrdup(world_get(&world, "E2B_API_URL"));
	struct ran r;

	(void)state;
	world_set(&world, "E2B_API_KEY", "e2b_0000000000000000000000000000000000000000");
	r = RUN(4, "ls", "--json");
	assert_has(r.err.data, "{\"error\":{\"code\":\"denied\"");
	ran_clear(&r);
	world_set(&world, "E2B_API_KEY", NULL);
	r = RUN(4, "ls");
	assert_has(r.err.data, "E2B_API_KEY");
	ran_clear(&r);
	world_set(&world, "E2B_API_KEY", key);
	world_set(&world, "E2B_API_URL", "http://127.0.0.1:1");
	r = RUN(7, "ls");
	assert_has(r.err.data, "127.0.0.1:1");
	ran_clear(&r);
	r = RUN(7, "create");
	ran_clear(&r);
	world_set(&world, "E2B_API_URL", url);
	free(key);
	free(url);
}

static void
no_key_names_the_places(void **state)
{
	struct world bare;
	struct ran r;

	(void)state;
	world_init(&bare);
	r = world_run(&bare, NULL, "ls", NULL);
	assert_int_equal(r.status, 4);
	assert_has(r.err.data, "E2B_API_KEY: not set");
	assert_has(r.err.data, ".e2b/config.json");
	ran_clear(&r);
	r = world_run(&bare, NULL, "doctor", NULL);
	assert_int_equal(r.status, 1);
	ran_clear(&r);
	r = world_run(&bare, NULL, "--help", NULL);
	assert_int_equal(r.status, 0);
	ran_clear(&r);
	r = world_run(&bare, NULL, NULL);
	assert_int_equal(r.status, 2);
	ran_clear(&r);
	world_clear(&bare);
}

static void
typing_errors_are_usage(void **state)
{
	struct ran r = RUN(2, "lss");

	(void)state;
	assert_has(r.err.data, "did you mean 'ls'");
	ran_clear(&r);
	r = RUN(2, "ls", "--sate", "x");
	ran_clear(&r);
	r = RUN(2, "kill");
	ran_clear(&r);
	r = RUN(2, "ls", "-o", "yaml");
	ran_clear(&r);
}

/* ---- descriptors that are not there */

static const char *const calls[] = {
	"ls",
	"ls --json",
	"info \"$1\"",
	"exec \"$1\" -- echo hello",
	"exec -d \"$1\" -- true",
	"metrics \"$1\"",
	"logs \"$1\"",
	"auth",
	"doctor",
	"help",
	"version",
	"host status",
	"host env",
	"ttl \"$1\" +1s",
};

static void
without_standard_input_all_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		char *line = xasprintf("\"$0\" %s <&-", calls[i]);
		struct ran r = run_shell(line);
		if (r.status != 0 || r.out.len == 0)
			fail_msg("%s: %d %s", line, r.status, r.err.data);
		ran_clear(&r);
		free(line);
	}
}

/* It fails and says so; nothing crashes, hangs or writes into a socket. */
static void
without_standard_output_all_say_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		char *line = xasprintf("\"$0\" %s >&-", calls[i]);
		struct ran r = run_shell(line);
		if ((r.status != 1 && r.status != 125) ||
		    !strstr(r.err.data, "writing the output"))
			fail_msg("%s: %d %s", line, r.status, r.err.data);
		ran_clear(&r);
		free(line);
	}
}

static void
without_standard_error_all_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		char *line = xasprintf("\"$0\" %s 2>&-", calls[i]);
		struct ran r = run_shell(line);
		if (r.status != 0 || r.out.len == 0)
			fail_msg("%s: %d", line, r.status);
		ran_clear(&r);
		free(line);
	}
}

/* A reader that left is no error to talk about; a full disk is. */
static void
broken_pipe_is_quiet(void **state)
{
	struct ran r = run_shell("{ sleep 0; \"$0\" ls --json; echo $? >&2; } | true");

	(void)state;
	assert_true(str_eq(r.err.data, "141\n") || str_eq(r.err.data, "0\n"));
	ran_clear(&r);
	r = run_shell("\"$0\" ls >/dev/full");
	assert_int_equal(r.status, 1);
	assert_has(r.err.data, "No space left");
	ran_clear(&r);
}

/* ---- the sample fleet */

static struct world *sample_world;

static bool
sample_logs(void *ctx)
{
	const char *id = ctx;
	struct ran r =
	    world_run(sample_world, NULL, "logs", "--grep", "job 1:", id, NULL);
	bool has = strstr(r.out.data, "fetched") != NULL;

	ran_clear(&r);
	return has;
}

static bool
sample_serves(void *ctx)
{
	const char *id = ctx;
	struct ran r = world_run(sample_world, NULL, "exec", id, "--",
	    "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 "
	    "&& "
	    "cat <&3",
	    NULL);
	bool has = strstr(r.out.data, "It works") != NULL;

	ran_clear(&r);
	return has;
}

static void
sample_fleet_does_real_work(void **state)
{
	struct world own;
	struct ran r;

	(void)state;
	world_init(&own);
	sample_world = &own;
	world_start_host(&own);
	world_use_host_by_env(&own);
	r = world_run(&own, NULL, "host", "sample", NULL);
	assert_int_equal(r.status, 0);
	ran_clear(&r);
	r = world_run(&own, NULL, "ls", "-o", "jsonl", NULL);
	int lines = 0;
	for (const char *at = r.out.data; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 5);
	ran_clear(&r);
	r = world_run(&own, NULL, "ls", "--state", "paused", "-q", NULL);
	assert_int_equal(r.out.len, 22);
	ran_clear(&r);

	char *ingest = world_out(&own, "ls", "-q", "name:ingest", NULL);
	char *docs = world_out(&own, "ls", "-q", "name:docs-preview", NULL);
	assert_true(world_wait(sample_logs, ingest));
	assert_true(world_wait(sample_serves, docs));
	free(ingest);
	free(docs);

	r = world_run(&own, NULL, "host", "sample", NULL);
	assert_int_equal(r.status, 0);
	assert_has(r.err.data, "5 sandboxes already");
	ran_clear(&r);
	world_clear(&own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sandbox_lives_and_ends),
		cmocka_unit_test(pause_and_resume),
		cmocka_unit_test(time_left),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(exec_keeps_outputs_apart),
		cmocka_unit_test(exec_passes_words_user_directory_and_variables),
		cmocka_unit_test(exec_ends_as_the_remote_ends),
		cmocka_unit_test(exec_brings_eight_megabytes_unharmed),
		cmocka_unit_test(exec_sends_its_input_and_its_end),
		cmocka_unit_test(exec_waits_for_a_slow_reader),
		cmocka_unit_test(exec_is_quiet_when_the_reader_leaves),
		cmocka_unit_test(exec_detached_goes_on),
		cmocka_unit_test(exec_timeout_is_124),
		cmocka_unit_test(exec_interrupt_ends_the_remote),
		cmocka_unit_test(law_4_exec_on_a_terminal_is_tame),
		cmocka_unit_test(law_3_kill_asks_and_enter_is_no),
		cmocka_unit_test(law_1_shell_asks_before_it_wakes),
		cmocka_unit_test(shell_shows_its_tabs_and_ends_with_the_last),
		cmocka_unit_test(no_input_never_asks),
		cmocka_unit_test(colour_is_left_out_where_it_is_not_wanted),
		cmocka_unit_test(narrow_terminal_keeps_what_matters),
		cmocka_unit_test(metrics_and_logs),
		cmocka_unit_test(following_goes_on_until_interrupted),
		cmocka_unit_test(verbose_keeps_secrets),
		cmocka_unit_test(auth_and_doctor),
		cmocka_unit_test(wrong_key_and_no_host),
		cmocka_unit_test(no_key_names_the_places),
		cmocka_unit_test(typing_errors_are_usage),
		cmocka_unit_test(without_standard_input_all_works),
		cmocka_unit_test(without_standard_output_all_say_so),
		cmocka_unit_test(without_standard_error_all_works),
		cmocka_unit_test(broken_pipe_is_quiet),
		cmocka_unit_test(sample_fleet_does_real_work),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
