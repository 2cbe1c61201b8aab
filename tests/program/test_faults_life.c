/*
 * What happens to a sandbox or its host while a shell on it is open: the pane says what
 * became of the shell, the sandbox stays what it is, and nothing is lost that still lives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/proxy.h"
#include "tests/support/world.h"

static struct world world;

static int
setup(void **state)
{
	(void)state;
	world_init(&world);
	world_start_host(&world);
	world_set(&world, "SANDTOP_PROFILE", "local");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_clear(&world);
	return 0;
}

static struct driver *
open_shell(const char *id)
{
	struct driver *d = driver_sandtop(&world, 30, 100, "shell", id, NULL);

	driver_wait(d, "$");
	driver_type(d, "echo li''ves\r");
	driver_wait(d, "lives");
	return d;
}

static void
leave(struct driver *d, int code)
{
	driver_type(d, "\x02"
		       "d");
	assert_int_equal(driver_exit(d), code);
	assert_true(driver_modes_restored(d));
	driver_free(d);
}

static void
assert_state(const char *id, const char *state)
{
	char *json = world_out(&world, "info", id, "-o", "json", NULL);
	char *wanted = xasprintf("\"state\":\"%s\"", state);

	if (!strstr(json, wanted))
		fail_msg("not %s: %s", state, json);
	free(wanted);
	free(json);
}

/* ---- the host */

/* It ends and comes back: its sandboxes sleep then, and the pane says what to do. */
static void
the_host_dies_and_comes_back(void **state)
{
	char *id = world_out(&world, "create", "base", "--name", "kept", NULL);
	struct driver *d = open_shell(id);

	(void)state;
	free(world_out(&world, "exec", id, "--", "echo precious >~/file", NULL));
	free(world_out(&world, "host", "stop", NULL));
	driver_wait(d, "RECONNECTING");
	assert_true(driver_shows(d, "lives")); /* the screen stays */
	world_start_host(&world);
	driver_insist(d,
	    "\x02"
	    "R",
	    "RECONNECTING", false);
	driver_wait(d, "Paused");
	leave(d, 0);
	assert_state(id, "paused"); /* looking did not wake it */
	free(world_out(&world, "resume", id, NULL));
	char *file = world_out(&world, "exec", id, "--", "cat ~/file", NULL);
	assert_string_equal(file, "precious");
	free(file);
	free(id);
}

/* ---- the sandbox */

static void
killed_elsewhere_is_gone(void **state)
{
	char *id = world_out(&world, "create", "base", "--name", "victim", NULL);
	struct driver *d = open_shell(id);

	(void)state;
	free(world_out(&world, "kill", "--yes", id, NULL));
	driver_wait(d, "GONE");
	driver_wait(d, "does not exist any more");
	driver_wait(d, "closes this tab");
	leave(d, 125); /* no shell runs on */
	free(id);
}

static void
paused_elsewhere_is_not_woken(void **state)
{
	char *id = world_out(&world, "create", "base", "--name", "sleeper", NULL);
	struct driver *d = open_shell(id);

	(void)state;
	free(world_out(&world, "pause", id, NULL));
	driver_wait(d, "PAUSED");
	driver_wait(d, "W wakes it");
	driver_type(d, "x\r"); /* typing wakes nothing */
	assert_state(id, "paused");
	free(id);
	driver_free(d);
}

/* The end of its time means a pause here: streams are closed before, the pane says so
 * after, and it stays asleep. */
static void
auto_pause_finds_no_stream(void **state)
{
	char *id = world_out(&world, "create", "base", "--name", "nap", "--ttl", "8s",
	    "--on-timeout", "pause", NULL);
	struct driver *d = open_shell(id);
	char *others;

	(void)state;
	driver_type(d, "kept=sti''ll\r");
	driver_wait(d, "RECONNECTING"); /* before the end, not by it */
	assert_state(id, "running");
	driver_wait(d, "PAUSED");
	driver_wait(d, "it was not woken");
	assert_state(id, "paused");
	driver_type(d, "y\r");
	others = world_out(&world, "ls", "-q", "--state", "paused", NULL);
	assert_non_null(strstr(others, id));
	free(others);

	/* and the shell in it is the same after somebody woke it */
	free(world_out(&world, "resume", id, "--ttl", "10m", NULL));
	driver_insist(d,
	    "\x02"
	    "R",
	    "LIVE", true);
	driver_type(d, "echo $kept-here\r");
	driver_wait(d, "still-here");
	leave(d, 0);
	free(id);
}

static void
time_out_is_gone(void **state)
{
	char *id =
	    world_out(&world, "create", "base", "--name", "short", "--ttl", "3s", NULL);
	struct driver *d = open_shell(id);

	(void)state;
	driver_wait(d, "GONE");
	driver_wait(d, "does not exist any more");
	leave(d, 125); /* no shell runs on */
	free(id);
}

/* ---- exec, too, says what became of it */

static void
exec_says_what_became_of_it(void **state)
{
	static const struct {
		const char *act, *flag, *said;
	} ends[] = {
		{ "kill", "--yes", "is gone, and the command with it" },
		{ "pause", "--yes", "was paused, and the command sleeps in it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		char *id = world_out(&world, "create", NULL);
		struct driver *d = driver_sandtop(&world, 24, 100, "exec", id, "--",
		    "echo begun; read -t 60 <> <(:)", NULL);
		driver_wait(d, "begun");
		free(world_out(&world, ends[i].act, ends[i].flag, id, NULL));
		driver_wait(d, ends[i].said);
		assert_int_equal(driver_exit(d), 125);
		driver_free(d);
		free(id);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_dies_and_comes_back),
		cmocka_unit_test(killed_elsewhere_is_gone),
		cmocka_unit_test(paused_elsewhere_is_not_woken),
		cmocka_unit_test(auto_pause_finds_no_stream),
		cmocka_unit_test(time_out_is_gone),
		cmocka_unit_test(exec_says_what_became_of_it),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
