/* What the whole host ran, over HTTP. */
#include "host_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "host/store.h"

#define TEAM "/teams/" HOST_TEAM_ID "/metrics"

static void
refusals_say_why(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *text; /* in the body */
	} cases[] = {
		{ "/teams", 401, "host env" },
		{ "/teams/other/metrics", 403, HOST_TEAM_ID },
		{ "/teams/other/metrics/max?metric=concurrent_sandboxes", 403,
		    HOST_TEAM_ID },
		{ TEAM "?start=x", 400, "Unix seconds" },
		{ TEAM "?start=-1", 400, "Unix seconds" },
		{ TEAM "?start=9&end=8", 400, "Invalid time range" },
		{ TEAM "/max", 400, "metric must be" },
		{ TEAM "/max?metric=cpu", 400, "metric must be" },
		{ TEAM "?start=1&end=2", 200, "[]" },
		{ TEAM "/max?metric=sandbox_start_rate&start=1&end=2", 200,
		    "\"timestampUnix\":2,\"value\":0}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		if (rest("GET", cases[i].path, NULL, &a) != cases[i].status ||
		    !body_has(&a, cases[i].text))
			fail_msg("%s: %d %s", cases[i].path, a.status, a.body.data);
		answer_clear(&a);
	}
}

static void
buckets_hold_the_most_and_the_rate(void **state)
{
	struct answer a;

	(void)state;
	store_add_team(house.host->store, 6000, 1, 1);
	store_add_team(house.host->store, 6005, 3, 2);
	store_add_team(house.host->store, 6005, 2, 1); /* the same second again */
	store_add_team(house.host->store, 6300, 2, 0);
	/* Two days: buckets of 300 s. */
	assert_int_equal(rest("GET", TEAM "?start=0&end=172800", NULL, &a), 200);
	assert_string_equal(a.body.data,
	    "[{\"timestamp\":\"1970-01-01T01:40:00.000Z\",\"timestampUnix\":6000,"
	    "\"concurrentSandboxes\":3,\"sandboxStartRate\":0.013333},"
	    "{\"timestamp\":\"1970-01-01T01:45:00.000Z\",\"timestampUnix\":6300,"
	    "\"concurrentSandboxes\":2,\"sandboxStartRate\":0}]");
	answer_clear(&a);
	assert_int_equal(
	    rest("GET", TEAM "/max?metric=concurrent_sandboxes&start=6000&end=6100", NULL,
		&a),
	    200);
	assert_true(body_has(&a, "\"timestampUnix\":6005,\"value\":3}"));
	answer_clear(&a);
	assert_int_equal(
	    rest("GET", TEAM "/max?metric=sandbox_start_rate&start=6000&end=6100", NULL,
		&a),
	    200);
	assert_true(body_has(&a, "\"timestampUnix\":6005,\"value\":0.600000}"));
	answer_clear(&a);
}

static void
sandboxes_count_from_their_start_and_outlive_the_host(void **state)
{
	struct guest one, two;
	struct answer a;

	(void)state;
	create_guest(NULL, &one);
	create_guest(NULL, &two);
	restart_house(true);
	assert_int_equal(
	    rest("GET", TEAM "/max?metric=concurrent_sandboxes", NULL, &a), 200);
	assert_true(body_has(&a, "\"value\":2}"));
	answer_clear(&a);
	kill_guest(&one);
	kill_guest(&two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(buckets_hold_the_most_and_the_rate),
		cmocka_unit_test(sandboxes_count_from_their_start_and_outlive_the_host),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
