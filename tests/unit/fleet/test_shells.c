/* Which processes a sandbox has, asked only of one that runs. */
#include "tests/unit/fleet/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fleet/session.h"

#define GET_A "GET /sandboxes/ia"
#define LIST "POST /process.Process/List"

struct answer {
	int calls;
	size_t count;
	struct shell_info first; /* texts owned */
	struct error err;
};

static void
on_shells(void *ctx, const struct shell_list *list, const struct error *err)
{
	struct answer *a = ctx;

	a->calls++;
	a->count = list->count;
	a->err = *err;
	if (list->count > 0) {
		a->first = list->items[0];
		a->first.tag = xstrdup(list->items[0].tag);
		a->first.command = xstrdup(list->items[0].command);
	}
}

static void
answer_clear(struct answer *a)
{
	free(a->first.tag);
	free(a->first.command);
	*a = (struct answer){ 0 };
}

static void
knows_ours_by_their_tags(void **state)
{
	static const struct {
		const char *tag;
		bool ours;
		int64_t started_ms;
	} cases[] = {
		{ "sandtop/1/0123abcd/1764072295", true, NOW_MS },
		{ "sandtop/1/0123abcd/0", true, 0 },
		{ "sandtop/1/0123abc/1764072295", false, 0 },
		{ "sandtop/1/0123abcde/1764072295", false, 0 },
		{ "sandtop/1/0123abcx/1764072295", false, 0 },
		{ "sandtop/1/0123abcd/", false, 0 },
		{ "sandtop/1/0123abcd/-5", false, 0 },
		{ "sandtop/1/0123abcd/99999999999999999999", false, 0 },
		{ "sandtop/2/0123abcd/1764072295", false, 0 },
		{ "sandtop/1/", false, 0 },
		{ "other", false, 0 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *processes = xasprintf("7:%s 8", cases[i].tag);
		struct answer a = { 0 };

		world_answer_get(w, "ia", "running", NOW_MS + 60000, KILLS);
		world_answer_processes(w, processes);
		fleet_shells(w->fleet, "ia", on_shells, &a);
		UNTIL(w->loop, a.calls == 1);
		assert_int_equal(a.err.code, ERROR_NONE);
		assert_int_equal(a.count, 2);
		assert_int_equal(a.first.pid, 7);
		assert_string_equal(a.first.tag, cases[i].tag);
		if (a.first.ours != cases[i].ours)
			fail_msg("%s", cases[i].tag);
		assert_int_equal(a.first.started_ms, cases[i].started_ms);
		answer_clear(&a);
		free(processes);
	}
}

static void
law_4_commands_are_made_safe(void **state)
{
	struct world *w = *state;
	struct answer a = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + 60000, KILLS);
	server_reply(w->server, LIST, 200, "Content-Type: application/json\r\n",
	    "{\"processes\":[{\"pid\":7,\"config\":{\"cmd\":\"/bin/\\u001b[31m\","
	    "\"args\":[\"-c\",\"a\\nb\"]}}]}");
	fleet_shells(w->fleet, "ia", on_shells, &a);
	UNTIL(w->loop, a.calls == 1);
	assert_string_equal(a.first.command, "/bin/\\e[31m -c a\\nb");
	assert_null(a.first.tag);
	assert_false(a.first.ours);
	answer_clear(&a);
}

static void
a_long_script_is_cut(void **state)
{
	struct world *w = *state;
	struct answer a = { 0 };
	struct buf body;

	buf_init(&body, 1 << 20);
	buf_add_str(
	    &body, "{\"processes\":[{\"pid\":7,\"config\":{\"cmd\":\"sh\",\"args\":[");
	for (int i = 0; i < 200; i++) {
		buf_add_str(&body, i ? ",\"" : "\"");
		for (int k = 0; k < 2000; k++)
			buf_add_char(&body, 'x');
		buf_add_char(&body, '"');
	}
	buf_add_str(&body, "]}}]}");
	world_answer_get(w, "ia", "running", NOW_MS + 60000, KILLS);
	server_reply(
	    w->server, LIST, 200, "Content-Type: application/json\r\n", body.data);
	fleet_shells(w->fleet, "ia", on_shells, &a);
	UNTIL(w->loop, a.calls == 1);
	assert_in_range(strlen(a.first.command), 10000, 64 * 1024);
	assert_true(str_has_suffix(a.first.command, "x..."));
	answer_clear(&a);
	buf_clear(&body);
}

static void
law_1_asks_nothing_of_what_does_not_run(void **state)
{
	static const struct {
		const char *sandbox;
		int64_t left_ms;
		int lifecycle;
		bool asked;
	} cases[] = {
		{ "running", 60000, KILLS, true },
		{ "paused", -1000, KILLS | AUTO_RESUMES, false },
		{ "hibernating", 60000, KILLS, false },
		{ "hibernating", -2000, KILLS, false },
		{ "running", 2000, PAUSES, false }, /* about to be paused */
		{ "running", 2000, KILLS, true },
		{ "running", -2000, PAUSES, true }, /* runs on, as was just said */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(&(struct world_options){ 0 });
		struct answer a = { 0 };

		world_answer_get(w, "ia", cases[i].sandbox, NOW_MS + cases[i].left_ms,
		    cases[i].lifecycle);
		world_answer_processes(w, "7:t");
		fleet_shells(w->fleet, "ia", on_shells, &a);
		assert_int_equal(a.calls, 0);
		UNTIL(w->loop, a.calls == 1);
		assert_int_equal(a.err.code, ERROR_NONE);
		assert_int_equal(a.count, cases[i].asked);
		if (cases[i].asked)
			EXPECT_LOG(w, 0, GET_A, LIST);
		else
			EXPECT_LOG(w, 0, GET_A);
		answer_clear(&a);
		world_free(w);
	}
}

static void
failures_are_told(void **state)
{
	struct world *w = *state;
	struct answer a = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	server_reply(w->server, GET_A, 500, NULL, "");
	fleet_shells(w->fleet, "ia", on_shells, &a);
	UNTIL(w->loop, a.calls == 1);
	assert_int_equal(a.err.http_status, 500);
	world_answer_get(w, "ia", "running", NOW_MS + 60000, KILLS);
	server_reply(w->server, LIST, 200, "Content-Type: application/json\r\n", "[");
	fleet_shells(w->fleet, "ia", on_shells, &a);
	UNTIL(w->loop, a.calls == 2);
	assert_int_equal(a.err.code != ERROR_NONE, true);
	assert_int_equal(a.count, 0);
	server_reply(w->server, GET_A, 404, NULL, "{}");
	fleet_shells(w->fleet, "ia", on_shells, &a);
	UNTIL(w->loop, a.calls == 3);
	assert_int_equal(a.err.code, ERROR_NOT_FOUND);
	assert_int_equal(model_find(w->model, "ia")->state, SANDBOX_GONE);
}

static void
law_1_is_closed_before_our_pause(void **state)
{
	struct world *w = *state;
	struct answer a = { 0 };

	world_answer_get(w, "ia", "running", NOW_MS + 60000, KILLS);
	fleet_shells(w->fleet, "ia", on_shells, &a);
	world_wait(w, 2);
	fleet_pause(w->fleet, "ia", NULL, NULL);
	assert_int_equal(a.calls, 0); /* not from within another call */
	world_wait(w, 3);
	assert_string_equal(world_line(w, 2), "POST /sandboxes/ia/pause");
	assert_true(server_request(w->server, 1)->gone);
	assert_true(server_request(w->server, 1)->gone_at <= 2);
	assert_int_equal(a.calls, 1);
	assert_int_equal(a.count, 0);
}

static void
may_be_cancelled_at_every_stage(void **state)
{
	(void)state;
	for (size_t stage = 0; stage < 4; stage++) {
		struct world *w = world_new(&(struct world_options){ 0 });
		struct answer a = { 0 };
		uint64_t id;

		if (stage > 1)
			world_answer_get(w, "ia", "running", NOW_MS + 60000, KILLS);
		id = fleet_shells(w->fleet, "ia", on_shells, &a);
		fleet_shells(w->fleet, "ib", on_shells, &a); /* goes with the fleet */
		world_wait(w, stage ? 2 : 0);
		if (stage > 1)
			world_wait(w, 3);
		if (stage == 3)
			fleet_pause(w->fleet, "ia", NULL, NULL);
		fleet_shells_cancel(w->fleet, id);
		fleet_shells_cancel(w->fleet, id);
		world_settle(w);
		assert_int_equal(a.calls, 0);
		world_free(w);
	}
}

#define WORLD_TEST(test)                                                                 \
	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(knows_ours_by_their_tags),
		WORLD_TEST(law_4_commands_are_made_safe),
		WORLD_TEST(a_long_script_is_cut),
		cmocka_unit_test(law_1_asks_nothing_of_what_does_not_run),
		WORLD_TEST(failures_are_told),
		WORLD_TEST(law_1_is_closed_before_our_pause),
		cmocka_unit_test(may_be_cancelled_at_every_stage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
