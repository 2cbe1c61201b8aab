/* What a sandbox's log keeps of lines that programs write. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/journal.h"
#include "tests/unit/host/host_fixture.h"

/* Of the log as the first generation tells it: each entry in two forms. */
static int
count_kept(const char *log)
{
	int count = 0;

	for (const char *at = log; (at = strstr(at, "\\\"logger\\\":\\\"app\\\"")); at++)
		count++;
	return count;
}

static int
count_lost(const char *log)
{
	int lost = 0;

	for (const char *at = log; (at = strstr(at, " lines came too fast")); at++) {
		const char *digits = at;

		while (digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		lost += (int)strtol(digits, NULL, 10);
	}
	return lost / 2;
}

static void
read_log(const struct guest *g, struct answer *out)
{
	char *path = xasprintf("/sandboxes/%s/logs?limit=10000", g->id);

	assert_int_equal(rest("GET", path, NULL, out), 200);
	free(path);
}

/* However few of them there is time for, and whoever else writes. */
static void
lines_are_kept_or_counted_where_they_were_written(void **state)
{
	struct client c[2];
	struct guest g[2];
	struct answer a;

	(void)state;
	for (int i = 0; i < 2; i++) {
		create_guest(NULL, &g[i]);
		client_open(&c[i]);
		open_stream(&c[i], &g[i], "Start",
		    "{\"process\":{\"cmd\":\"seq\",\"args\":[\"5000\"]},"
		    "\"tag\":\"log:app\"}",
		    NULL);
	}
	for (int i = 0; i < 2; i++) {
		client_answer(&c[i], &a);
		answer_clear(&a);
		client_close(&c[i]);
		read_log(&g[i], &a);
		assert_true(body_has(&a, "Process ended"));
		assert_int_equal(count_kept(a.body.data) + count_lost(a.body.data), 5000);
		answer_clear(&a);
		kill_guest(&g[i]);
	}
}

static void
who_writes_much_does_not_silence_others(void **state)
{
	struct journal *j = house.host->journal;
	struct journal_share much = { 0 }, little = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++)
		journal_add_line(j, "iflooding00000000000a", &much, "app", "x", 1);
	assert_true(much.lost > 0);
	for (int i = 0; i < 20; i++)
		journal_add_line(j, "iquiet0000000000000a", &little, "app", "x", 1);
	assert_int_equal(little.lost, 0);
	journal_add_lost(j, "iflooding00000000000a", &much);
	assert_int_equal(much.lost, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_kept_or_counted_where_they_were_written),
		cmocka_unit_test(who_writes_much_does_not_silence_others),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
