/*
 * The ten laws of the design, each broken on purpose by nobody: the real program
 * in a pty against a real local host.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "tests/support/world.h"

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);

	world_init(w);
	world_config(w, "sort = name\n");
	world_start_host(w);
	world_set(w, "SANDTOP_PROFILE", "local");
	*state = w;
	return 0;
}

/* ---- asking the host, past every screen */

/* The value of "member": in a sandbox's JSON; caller frees. */
static char *
member_of(struct world *w, const char *id, const char *member)
{
	char *json = world_out(w, "info", id, "-o", "json", NULL);
	char *key = xasprintf("\"%s\":", member), *at = strstr(json, key);

	assert_non_null(at);
	at += strlen(key);
	size_t len = *at == '"' ? strcspn(at + 1, "\"") + 2 : strcspn(at, ",}");
	char *value = xstrndup(at, len);
	free(json);
	free(key);
	return value;
}

static void
assert_state(struct world *w, const char *id, const char *state)
{
	char *quoted = xasprintf("\"%s\"", state), *is = member_of(w, id, "state");

	assert_string_equal(is, quoted);
	free(quoted);
	free(is);
}

static char *
create(struct world *w, const char *name)
{
	return world_out(w, "create", "base", "--ttl", "30m", "--name", name, NULL);
}

static void
quit(struct driver *d)
{
	driver_type(d, "Q");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
}

/* ---- 1 */

static void
law_1_looking_changes_nothing(void **state)
{
	struct world *w = *state;
	char *runs = create(w, "a-runs"), *sleeps = create(w, "b-sleeps");

	free(world_out(w, "pause", sleeps, NULL));
	char *ends_before = member_of(w, runs, "ends_at");
	char *paused_before = member_of(w, sleeps, "ends_at");

	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "b-sleeps");
	driver_type(d, "\r"); /* the detail of the running one */
	driver_wait(d, "on timeout");
	driver_type(d, "\x1b");
	driver_wait(d, "2 of 2");
	driver_type(d, "s");
	driver_wait(d, "$");
	driver_type(d, "\x02"
		       "d");
	driver_wait(d, "2 of 2");
	driver_type(d, "j\r"); /* the detail of the paused one */
	driver_wait(d, "PAUSED");
	driver_wait(d, "on timeout");
	driver_type(d, "\x1b");
	driver_wait(d, "2 of 2");
	driver_type(d, "s"); /* asks, and is told no */
	driver_wait(d, "Wake");
	driver_insist(d, "\x1b", "Wake", false);
	quit(d);

	char *ends_after = member_of(w, runs, "ends_at");
	char *paused_after = member_of(w, sleeps, "ends_at");
	assert_string_equal(ends_before, ends_after);
	assert_string_equal(paused_before, paused_after);
	assert_state(w, sleeps, "paused");
	free(ends_before);
	free(ends_after);
	free(paused_before);
	free(paused_after);
	free(runs);
	free(sleeps);
}

/* ---- 2 */

static void
law_2_identity_not_position(void **state)
{
	struct world *w = *state;
	char *first = create(w, "b-first"), *meant = create(w, "c-meant");

	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "c-meant");
	driver_type(d, "j");		    /* on c-meant, the second row */
	char *above = create(w, "a-above"); /* pushes it down */
	driver_type(d, "R");
	driver_wait(d, "a-above");
	driver_type(d, "p");
	driver_wait(d, "Paused c-meant");
	quit(d);
	assert_state(w, meant, "paused");
	assert_state(w, first, "running");
	assert_state(w, above, "running");
	free(first);
	free(meant);
	free(above);
}

/* ---- 3 */

static void
law_3_damage_is_confirmed_in_proportion(void **state)
{
	struct world *w = *state;
	char *id = create(w, "precious");

	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "precious");
	driver_type(d, "\x1b[200~Xy\ryes\rX\x1b[201~"); /* pasted: never commands */
	driver_wait(d, "not commands");
	driver_type(d, "X");
	driver_wait(d, "KILL");
	driver_type(d, "\r"); /* Enter alone never destroys */
	driver_type(d, "\x1b[200~y\x1b[201~");
	driver_insist(d, "\x1b", "KILL", false); /* the first 200 ms are deaf */
	assert_state(w, id, "running");
	driver_type(d, "X");
	driver_wait(d, "KILL");
	driver_insist(d, "y", "Killed precious", true);
	quit(d);
	struct ran r = world_run(w, NULL, "info", id, NULL);
	assert_int_equal(r.status, 3);
	ran_clear(&r);

	/* and a script without a terminal must say --yes */
	char *other = create(w, "other");
	r = world_run(w, NULL, "kill", other, NULL);
	assert_int_equal(r.status, 9);
	ran_clear(&r);
	assert_state(w, other, "running");
	free(other);
	free(id);
}

/* ---- 4 */

static void
law_4_sandbox_output_is_hostile(void **state)
{
	struct world *w = *state;
	char *id = world_out(w, "create", "base", "--name",
	    "\x1b]0;PWNED\x07\x1b[31mred\xe2\x80\xae", "--meta", "k=\x1bPqPWNED\x1b\\",
	    NULL);

	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "red");
	driver_type(d, "\r");
	driver_wait(d, "on timeout");
	driver_type(d, "s");
	driver_wait(d, "$");
	driver_type(d,
	    "printf "
	    "'\\033]0;PWNED\\007\\033]52;c;UFdORUQ=\\007\\033]52;c;?\\007\\033P$"
	    "qm\\033\\\\"
	    "\\033]8;;http://"
	    "PWNED\\007x\\033]8;;\\007\\033[5;5;5b\\033[?1049x\\033#3\\302\\233x'; "
	    "echo do''ne\r");
	driver_wait(d, "done");
	driver_wait(d, "clipboard"); /* is asked about */
	driver_insist(d, "n", "clipboard", false);
	driver_type(d, "\x02"
		       "d");
	driver_wait(d, "of 1");
	static const char *const forbidden[] = { "\x1b]0;PWNED", "\x1b]52;", "\x1bP",
		"\x1b]8;", "\x1b#3", "\xe2\x80\xae" };
	for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
		if (memmem(driver_bytes(d)->data, driver_bytes(d)->len, forbidden[i],
			strlen(forbidden[i])))
			fail_msg("forbidden bytes %zu reached the terminal", i);
	quit(d);

	/* exec on a terminal cleans too, a pipe gets the bytes */
	struct ran r =
	    world_run(w, NULL, "exec", id, "--", "printf '\\033]0;PWNED\\007'", NULL);
	assert_int_equal(r.status, 0);
	assert_memory_equal(r.out.data, "\x1b]0;PWNED\x07", 10);
	ran_clear(&r);
	d = driver_sandtop(w, 40, 120, "exec", id, "--",
	    "printf '\\033]0;PWNED\\007\\033[31mred'", NULL);
	assert_int_equal(driver_exit(d), 0);
	assert_null(memmem(driver_bytes(d)->data, driver_bytes(d)->len, "\x1b]", 2));
	assert_non_null(memmem(driver_bytes(d)->data, driver_bytes(d)->len, "red", 3));
	driver_free(d);
	free(id);
}

/* ---- 5 */

static void
law_5_always_drain(void **state)
{
	struct world *w = *state;
	char *id = create(w, "flood");

	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "flood");
	driver_type(d, "s");
	driver_wait(d, "$");
	/* far more than every buffer between here and there, while nobody looks */
	driver_type(d, "head -c 60000000 /dev/zero | tr '\\0' x; touch /tmp/drained\r");
	driver_type(d, "\x02"
		       "d");
	driver_wait(d, "of 1");
	struct ran r = world_run(w, NULL, "exec", id, "--",
	    "while ! [ -e /tmp/drained ]; do read -t 0.05 <> <(:) || :; done; echo all",
	    NULL);
	assert_int_equal(r.status, 0);
	assert_string_equal(r.out.data, "all\n");
	ran_clear(&r);
	quit(d);
	free(id);
}

/* ---- 6 */

static void
law_6_a_shell_outlives_its_viewer(void **state)
{
	struct world *w = *state;
	char *id = create(w, "lasting");

	struct driver *d = driver_sandtop(w, 40, 120, "shell", id, NULL);
	driver_wait(d, "$");
	driver_type(d, "kept=fourty''two\r");
	driver_type(d, "echo now-$kept\r");
	driver_wait(d, "now-fourtytwo");
	driver_free(d); /* SIGKILL */

	d = driver_sandtop(w, 40, 120, "shell", id, NULL);
	driver_wait(d, "now-fourtytwo"); /* what was on the screen is there again */
	driver_type(d, "echo then-$kept\r");
	driver_wait(d, "then-fourtytwo");
	driver_type(d, "\x02"
		       "d"); /* leaving is detaching */
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);

	d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "lasting");
	driver_type(d, "s");
	driver_wait(d, "then-fourtytwo");
	driver_type(d, "\x02"
		       "c");
	driver_wait(d, "2:lasting*");
	driver_type(d, "echo sec''ond\r");
	driver_wait(d, "second");
	driver_free(d); /* SIGKILL, with two shells open */

	d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "lasting");
	driver_type(d, "s"); /* both are tabs again, the newer one in front */
	driver_wait(d, "2:lasting*");
	driver_wait(d, "second");
	driver_type(d, "\x02"
		       "1");
	driver_wait(d, "then-fourtytwo");
	driver_type(d, "\x02"
		       "d");
	driver_wait(d, "1 of 1");
	quit(d);
	free(id);
}

/* ---- 7 */

static void
law_7_never_exit_on_a_fault(void **state)
{
	struct world *w = *state;
	char *id = create(w, "stays");

	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "stays");
	free(world_out(w, "host", "stop", NULL));
	driver_type(d, "R");
	driver_wait(d, "OFFLINE");
	driver_wait(d, "stays"); /* the data is still there */
	driver_type(d, "p");
	driver_wait(d, "refused");
	world_start_host(w);
	driver_type(d, "R");
	driver_wait_gone(d, "OFFLINE");
	quit(d);
	free(id);
}

/* ---- 8 */

static void
law_8_numbers_carry_their_confidence(void **state)
{
	struct world *w = *state;
	char *idle = create(w, "idle"), *sleeps = create(w, "sleeps");

	free(world_out(w, "pause", sleeps, NULL));
	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "sleeps");
	driver_wait(d, "PAUSED   --"); /* unknown is not zero */
	driver_wait(d, "RUN       0"); /* and zero is zero */
	driver_type(d, "\r");
	driver_wait(d, "scale 0-100");
	driver_wait(d, "100 = all cores busy"); /* what 100 % means */
	driver_type(d, "\x1b");
	driver_wait(d, "2 of 2");
	quit(d);
	char *cpu = member_of(w, sleeps, "cpu_percent");
	assert_string_equal(cpu, "null");
	free(cpu);
	free(idle);
	free(sleeps);
}

/* ---- 9 */

static void
law_9_nothing_blocks(void **state)
{
	struct world *w = *state;
	char *id = create(w, "busy");

	struct driver *d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "busy");
	driver_type(d, "s");
	driver_wait(d, "$");
	driver_type(d, "yes flooding\r");
	driver_wait(d, "flooding\nflooding");
	driver_type(d, "\x02"
		       "c"); /* another pane, while the first floods */
	driver_wait(d, "2:busy*");
	driver_wait(d, "$");
	driver_type(d, "echo an''swered\r");
	driver_wait(d, "answered");
	driver_type(d, "\x02"
		       "1");
	driver_wait(d, "flooding\nflooding");
	driver_type(d, "\x03");
	driver_wait(d, "$");
	driver_type(d, "\x02"
		       "d");
	driver_wait(d, "of 1");
	quit(d);
	free(id);
}

/* ---- 10 */

static void
end_by_signal(struct world *w, int signum, const char *keys)
{
	struct driver *d = driver_sandtop(w, 24, 80, NULL);

	driver_wait(d, "Fleet");
	driver_type(d, keys);
	driver_wait(d, *keys ? "Keys" : "Fleet");
	kill(driver_pid(d), signum);
	int status = driver_exit(d);
	if (!driver_modes_restored(d))
		fail_msg("signal %d leaves the terminal as it is", signum);
	assert_true(status == 128 + signum);
	driver_free(d);
}

static void
law_10_the_terminal_is_given_back(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGSEGV, SIGABRT,
		SIGBUS };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		end_by_signal(w, signals[i], "");
		end_by_signal(w, signals[i], "?");
	}
	struct driver *d = driver_sandtop(w, 24, 80, NULL);
	driver_wait(d, "Fleet");
	quit(d);

	/* secrets appear in no log */
	char *key = world_out(w, "host", "env", NULL), *hex = strstr(key, "e2b_");
	char *log = xasprintf("%s/sandtop/state/sandtop.log", w->dir), *text = NULL;
	size_t len;
	struct error err;
	assert_non_null(hex);
	hex[44] = '\0';
	assert_true(path_read_file(log, 64 << 20, &text, &len, &err));
	assert_null(memmem(text, len, hex, strlen(hex)));
	free(text);
	free(log);
	free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    law_1_looking_changes_nothing, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_2_identity_not_position, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_3_damage_is_confirmed_in_proportion, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_4_sandbox_output_is_hostile, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_5_always_drain, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_6_a_shell_outlives_its_viewer, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_7_never_exit_on_a_fault, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_8_numbers_carry_their_confidence, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_9_nothing_blocks, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    law_10_the_terminal_is_given_back, setup, world_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
