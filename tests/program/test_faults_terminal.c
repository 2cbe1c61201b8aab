/*
 * Terminals of every kind and programs that write to them: nothing from a sandbox reaches
 * the terminal but cells that we drew, every size is drawn, and it is given back as it was.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/proxy.h"
#include "tests/support/world.h"

static struct world world;
static char *box;

static int
setup(void **state)
{
	(void)state;
	world_init(&world);
	world_config(&world, "sort = name\n");
	world_start_host(&world);
	world_set(&world, "SANDTOP_PROFILE", "local");
	box = world_out(&world, "create", "base", "--name", "box", NULL);
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

static void
quit(struct driver *d)
{
	driver_type(d, "Q");
	assert_int_equal(driver_exit(d), 0);
	assert_true(driver_modes_restored(d));
	driver_free(d);
}

static bool
wrote(struct driver *d, const char *bytes)
{
	return memmem(driver_bytes(d)->data, driver_bytes(d)->len, bytes,
		   strlen(bytes)) != NULL;
}

/* ---- hostile text */

/* Of an API that lets everything through: two sandboxes, one wholly made of malice. */
static const char hostile_list[] =
    "[{\"sandboxID\":\"iaaaaaaaaaaaaaaaaaaaa\",\"templateID\":\"\\u001b[2Jbase\","
    "\"alias\":\"\\u001b]0;PWNED\\u0007\",\"clientID\":\"x\",\"startedAt\":"
    "\"2026-01-01T00:00:00Z\",\"endAt\":\"2036-01-01T00:00:00Z\",\"state\":\"running\","
    "\"cpuCount\":2,\"memoryMB\":512,\"diskSizeMB\":512,\"envdVersion\":\"0.2.0\","
    "\"metadata\":{\"name\":\"evil\\u202e\\u001b[31m\\u009b5n\\u0000\\n\\r\\t<end>\","
    "\"k\\u001bPq\":\"\\u001b]52;c;UFdORUQ=\\u0007\"}}]";

static const char *const forbidden[] = { "\x1b]0;PWNED", "\x1b]52", "\x1bP", "\x1b[5n",
	"\xc2\x9b", "\xe2\x80\xae" };

static void
assert_tame(struct driver *d)
{
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		if (wrote(d, forbidden[i]))
			fail_msg("forbidden bytes %zu reached the terminal", i);
}

static void
names_and_metadata_are_tamed(void **state)
{
	struct proxy *server = proxy_new(NULL);
	struct world odd;
	struct driver *d;

	(void)state;
	world_init(&odd);
	world_set(&odd, "E2B_API_URL", proxy_url(server));
	world_set(&odd, "E2B_API_KEY", "e2b_0123456789012345678901234567890123456789");
	proxy_answer(server, "*", 0, 404, "", "\033]0;PWNED\a");
	proxy_answer(server, "GET */sandboxes?*", 0, 200, "", hostile_list);

	d = driver_sandtop(&odd, 40, 120, NULL);
	driver_wait(d, "evil");
	driver_type(d, "\r");
	driver_wait(d, "on timeout");
	assert_tame(d);
	driver_type(d, "\x1b");
	driver_wait(d, "1 of 1");
	quit(d);
	d = driver_sandtop(&odd, 24, 200, "ls", NULL);
	assert_int_equal(driver_exit(d), 0);
	driver_wait(d, "<U+202E>");
	assert_tame(d);
	driver_free(d);

	proxy_free(server);
	world_clear(&odd);
}

/* Every byte there is, and the sequences that terminals obey. */
static const char torrent[] =
    "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %03o $i)\"; i=$((i+1)); done; "
    "printf '\\033]0;PWNED\\007\\033]52;c;UFdORUQ=\\007\\033P+q544e\\033\\\\\\033[5n"
    "\\342\\200\\256\\033[?1049h\\033c\\302\\2335n\\377\\376\\355\\240\\200"
    "\\033[31mred\\033[99999;99999H\\033[999999999b'; echo; echo do''ne";

static void
output_is_tamed(void **state)
{
	struct driver *d =
	    driver_sandtop(&world, 24, 80, "exec", box, "--", torrent, NULL);

	(void)state;
	assert_int_equal(driver_exit(d), 0);
	assert_tame(d);
	assert_true(wrote(d, "red"));
	assert_true(wrote(d, "done"));
	assert_true(driver_modes_restored(d));
	driver_free(d);

	d = driver_sandtop(&world, 24, 80, "shell", "--new", box, NULL);
	driver_wait(d, "$");
	driver_type(d, torrent);
	driver_type(d, "\r");
	driver_wait(d, "done");
	driver_wait(d, "clipboard"); /* is asked about */
	driver_insist(d, "n", "clipboard", false);
	assert_tame(d);
	driver_type(d, "\x02"
		       "d");
	assert_int_equal(driver_exit(d), 0);
	assert_true(driver_modes_restored(d));
	driver_free(d);
}

/* ---- sizes */

static const struct {
	int rows, cols;
} sizes[] = { { 1, 1 }, { 60, 200 }, { 1, 200 }, { 60, 1 }, { 2, 2 }, { 3, 10 },
	{ 5, 20 }, { 12, 40 }, { 24, 80 }, { 40, 120 }, { 60, 200 }, { 1, 1 } };

/* Through all of them on every view; at a size where it can be read it is right again. */
static void
resize_through(struct driver *d, const char *shows)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		driver_resize(d, sizes[i].rows, sizes[i].cols);
		driver_pump(d);
	}
	driver_resize(d, 40, 120);
	driver_wait(d, shows);
}

static void
every_size_is_drawn(void **state)
{
	static const struct {
		const char *key, *shows;
	} views[] = { { "", "1 of 1" }, { "?", "Keys" }, { "\r", "on timeout" },
		{ "X", "KILL" }, { "c", "Template" }, { ":", "Esc" } };
	struct driver *d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		d = driver_sandtop(&world, 40, 120, NULL);
		driver_wait(d, "1 of 1");
		driver_type(d, views[i].key);
		driver_wait(d, views[i].shows);
		resize_through(d, views[i].shows);
		kill(driver_pid(d), SIGTERM);
		assert_int_equal(driver_exit(d), 128 + SIGTERM);
		assert_true(driver_modes_restored(d));
		driver_free(d);
	}
	d = driver_sandtop(&world, 1, 1, NULL);
	driver_resize(d, 24, 80);
	driver_wait(d, "box");
	quit(d);
}

static void
a_shell_survives_every_size(void **state)
{
	struct driver *d = driver_sandtop(&world, 40, 120, "shell", "--new", box, NULL);

	(void)state;
	driver_wait(d, "$");
	for (int round = 0; round < 3; round++)
		resize_through(d, "$");
	driver_insist(d, "stty size\r", "39 120", true);
	driver_type(d, "\x02"
		       "d");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
}

/* ---- kinds of terminals */

static void
without_utf8_all_is_ascii(void **state)
{
	struct driver *d;
	char *uml =
	    world_out(&world, "create", "base", "--name", "b-\xc3\xbc\xe4\xb8\xad", NULL);

	(void)state;
	world_set(&world, "LC_ALL", "C");
	d = driver_sandtop(&world, 40, 120, NULL);
	driver_wait(d, "2 of 2");
	driver_type(d, "\r");
	driver_wait(d, "on timeout");
	driver_type(d, "\x1b");
	driver_wait(d, "2 of 2");
	quit(d);
	d = driver_sandtop(&world, 40, 120, "ls", NULL);
	assert_int_equal(driver_exit(d), 0);
	for (size_t i = 0; i < driver_bytes(d)->len; i++)
		assert_true((unsigned char)driver_bytes(d)->data[i] < 0x80);
	driver_free(d);
	world_set(&world, "LC_ALL", "C.UTF-8");
	free(world_out(&world, "kill", "--yes", uml, NULL));
	free(uml);
}

static void
dumb_terminals_get_commands_only(void **state)
{
	static const char *const terms[] = { "dumb", "unknown", "", NULL };
	struct driver *d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		world_set(&world, "TERM", terms[i]);
		d = driver_sandtop(&world, 24, 80, NULL);
		assert_int_equal(driver_exit(d), 2);
		driver_wait(d, "sandtop ls");
		assert_false(wrote(d, "\x1b"));
		assert_true(driver_modes_restored(d));
		driver_free(d);
		d = driver_sandtop(&world, 24, 80, "ls", NULL);
		assert_int_equal(driver_exit(d), 0);
		driver_wait(d, "box");
		driver_free(d);
	}
	world_set(&world, "TERM", "no-such-terminal-anywhere");
	d = driver_sandtop(&world, 24, 80, NULL);
	driver_wait(d, "box");
	quit(d);
	world_set(&world, "TERM", "xterm-256color");
}

/* A sequence that sets a colour: SGR with 3x, 4x, 9x or 10x. */
static bool
has_color(const struct buf *bytes)
{
	static const char *const colors[] = { "\x1b[3", "\x1b[4", "\x1b[9", ";3", ";4",
		";9", ";10" };

	for (size_t at = 0; at + 2 < bytes->len; at++) {
		size_t len = strspn(bytes->data + at + 2, "0123456789;");
		char text[64] = "";
		if (memcmp(bytes->data + at, "\x1b[", 2) != 0 ||
		    bytes->data[at + 2 + len] != 'm' || len >= sizeof text - 2)
			continue;
		memcpy(text, bytes->data + at, len + 2);
		for (size_t i = 0; i < ARRAY_LEN(colors); i++) {
			const char *hit = strstr(text, colors[i]);
			if (hit && strlen(hit) > strlen(colors[i]))
				return true;
		}
	}
	return false;
}

static void
no_color_is_obeyed(void **state)
{
	struct driver *d = driver_sandtop(&world, 40, 120, NULL);

	(void)state;
	driver_wait(d, "box");
	assert_true(has_color(driver_bytes(d))); /* the check sees colours */
	quit(d);
	world_set(&world, "NO_COLOR", "1");
	d = driver_sandtop(&world, 40, 120, NULL);
	driver_wait(d, "1 of 1");
	driver_type(d, "\r");
	driver_wait(d, "on timeout");
	assert_false(has_color(driver_bytes(d)));
	driver_type(d, "\x1b");
	driver_wait(d, "1 of 1");
	quit(d);
	world_set(&world, "NO_COLOR", NULL);
}

/* ---- signals, in the middle of a shell */

static void
signals_give_the_terminal_back(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGSEGV };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct driver *d = driver_sandtop(&world, 24, 80, "shell", box, NULL);
		driver_wait(d, "$");
		kill(driver_pid(d), signals[i]);
		assert_int_equal(driver_exit(d), 128 + signals[i]);
		if (!driver_modes_restored(d))
			fail_msg("signal %d leaves the terminal as it is", signals[i]);
		if (signals[i] == SIGSEGV)
			driver_wait(d, "shells and sandboxes keep running");
		driver_free(d);
	}
}

/* ^Z from a shell's job control and back: the terminal is the shell's meanwhile. */
static void
suspended_and_continued(void **state)
{
	char *line = xasprintf("PS1='prompt> '; set -m; '%s'\r", getenv("SANDTOP_BIN"));
	struct driver *d;

	(void)state;
	d = driver_start(&world, 40, 120,
	    (const char *const[]){ "/bin/bash", "--norc", "--noprofile", "-i", NULL });
	driver_wait(d, "bash-");
	driver_type(d, line);
	driver_wait(d, "1 of 1");
	driver_type(d, "\x1a");
	driver_wait(d, "Stopped");
	driver_wait(d, "set -m"); /* what was on the screen before is there again */
	driver_type(d, "stty -a | tr ';' '\\n' | grep -o ' -\\?icanon'; echo so-f''ar\r");
	driver_wait(d, "so-far");
	driver_wait(d, " icanon");
	driver_type(d, "fg\r");
	driver_wait(d, "1 of 1");
	driver_type(d, "Q");
	/* what is typed before it has let go of the terminal is thrown away */
	driver_insist(d, "echo ba''ck\r", "back", true);
	driver_type(d, "exit\r");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
	free(line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_metadata_are_tamed),
		cmocka_unit_test(output_is_tamed),
		cmocka_unit_test(every_size_is_drawn),
		cmocka_unit_test(a_shell_survives_every_size),
		cmocka_unit_test(without_utf8_all_is_ascii),
		cmocka_unit_test(dumb_terminals_get_commands_only),
		cmocka_unit_test(no_color_is_obeyed),
		cmocka_unit_test(signals_give_the_terminal_back),
		cmocka_unit_test(suspended_and_continued),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
