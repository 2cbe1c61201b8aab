/* The dashboard and commands over many sandboxes that are not there. */
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
#include "base/str.h"
#include "tests/support/world.h"

struct simulated {
	struct world w;
	struct driver *host;
};

static int
setup(void **state)
{
	struct simulated *s = xcalloc(1, sizeof *s);

	world_init(&s->w);
	world_config(&s->w, "sort = name\n");
	s->host =
	    driver_sandtop(&s->w, 10, 120, "host", "run", "--simulate", "500", NULL);
	driver_wait(s->host, "500 simulated");
	world_set(&s->w, "SANDTOP_PROFILE", "local");
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct simulated *s = *state;

	kill(driver_pid(s->host), SIGTERM);
	assert_int_equal(driver_exit(s->host), 0);
	driver_free(s->host);
	world_clear(&s->w);
	free(s);
	return 0;
}

static size_t
count_lines(const char *text)
{
	size_t count = *text != '\0';

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void
all_are_listed_and_one_is_killed(void **state)
{
	struct simulated *s = *state;
	char *ids = world_out(&s->w, "ls", "--limit", "0", "-o", "ids", NULL);
	char *first = xstrndup(ids, strcspn(ids, "\n"));

	assert_int_equal(count_lines(ids), 500);
	free(world_out(&s->w, "kill", "--yes", first, NULL));
	free(ids);
	ids = world_out(&s->w, "ls", "--limit", "0", "-o", "ids", NULL);
	assert_int_equal(count_lines(ids), 499);
	assert_null(strstr(ids, first));
	free(first);
	free(ids);
}

static void
the_table_shows_all(void **state)
{
	struct simulated *s = *state;
	struct driver *d = driver_sandtop(&s->w, 40, 160, NULL);

	driver_wait(d, "500 of 500");
	driver_wait(d, "sim-");
	driver_type(d, "G");
	driver_wait(d, "scraper-");
	driver_type(d, "/agent-\r");
	driver_wait_gone(d, "scraper-");
	driver_wait(d, "agent-");
	driver_type(d, "Q");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    all_are_listed_and_one_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(the_table_shows_all, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
