/* Figures: whose turn it is, the past of what shows, and the sandbox in focus. */
#include "tests/unit/fleet/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "fleet/history.h"

#define BATCH "GET /sandboxes/metrics?sandbox_ids="
#define METRIC(ts, cpu)                                                                  \
	"{\"timestampUnix\":" #ts                                                        \
	",\"timestamp\":\"2025-11-25T12:04:50Z\",\"cpuCount\":2,"                        \
	"\"cpuUsedPct\":" #cpu ",\"memUsed\":50,\"memTotal\":200,\"memCache\":1,"        \
	"\"diskUsed\":1,\"diskTotal\":4}"
#define ENVD_METRICS                                                                     \
	"{\"ts\":1764072295,\"cpu_count\":2,\"cpu_used_pct\":12.5,\"mem_total\":200,"    \
	"\"mem_used\":20,\"mem_cache\":1,\"disk_used\":1,\"disk_total\":4}"

/* As after a first sweep; a second of timers lasts one. */
static struct world *
begin(const struct world_options *options)
{
	struct world *w = world_new(options);

	w->fleet->started = true;
	w->model->state = COLLECTION_READY;
	w->model->synced_ms = NOW_MS;
	return w;
}

static int
setup(void **state)
{
	*state = begin(&(struct world_options){ .second_ms = 1000 });
	return 0;
}

/* Rows i1000, i1001, ... */
static void
add_rows(struct world *w, int count)
{
	for (int i = 0; i < count; i++) {
		char *id = xasprintf("i%d", 1000 + i);
		world_add(w, id, SANDBOX_RUNNING, 3600)->history_asked = true;
		free(id);
	}
}

/* Each id of a batch once; how many there were. */
static size_t
count_ids(struct world *w, size_t index, struct map *seen)
{
	struct strlist ids = { 0 };
	size_t count;

	assert_true(str_has_prefix(world_line(w, index), BATCH));
	strlist_split(&ids, world_line(w, index) + strlen(BATCH), ',');
	count = ids.count;
	assert_true(count <= 100);
	for (size_t i = 0; i < count; i++)
		if (map_set(seen, ids.items[i], w))
			fail_msg("%s twice in a round", ids.items[i]);
	strlist_clear(&ids);
	return count;
}

/* ---- rounds */

static void
visible_ones_first_then_the_others_in_turn(void **state)
{
	static const char *const visible[] = { "i2499", "i1500", "i2499" };
	struct world *w = *state;
	struct map *seen = map_new();

	add_rows(w, 1500);
	fleet_set_visible(w->fleet, visible, 3);
	sampling_now(w->fleet);
	world_wait(w, 10);
	world_settle(w);
	assert_int_equal(server_count(w->server), 10);
	assert_true(str_has_prefix(world_line(w, 0), BATCH "i2499,i1500,i1000,i1001"));
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(count_ids(w, i, seen), 100);

	/* the next round comes when this one is answered, and goes on where it was */
	sampling_now(w->fleet);
	world_settle(w);
	assert_int_equal(server_count(w->server), 10);
	for (size_t i = 0; i < 10; i++)
		world_reply_to(w, i, 200, "{\"sandboxes\":{}}");
	UNTIL(w->loop, w->fleet->sampling.batches == 0);
	sampling_now(w->fleet);
	world_wait(w, 20);
	assert_true(str_has_prefix(world_line(w, 10), BATCH "i2499,i1500,i1999"));
	map_free(seen, NULL);
	seen = map_new();
	for (size_t i = 10; i < 20; i++)
		assert_int_equal(count_ids(w, i, seen), 100);
	map_free(seen, NULL);
}

static void
figures_come_into_the_rows(void **state)
{
	static const char *const visible[] = { "ia" };
	struct world *w = *state;
	struct sandbox *a = world_add(w, "ia", SANDBOX_RUNNING, 60);
	struct sandbox *b = world_add(w, "ib", SANDBOX_RUNNING, 60);
	uint64_t before = w->model->revision;

	a->history_asked = b->history_asked = true;
	fleet_set_visible(w->fleet, visible, 1);
	server_reply(w->server, BATCH "ia,ib", 200, NULL,
	    "{\"sandboxes\":{\"ia\":" METRIC(1764072290, 40) ",\"unknown\":" METRIC(
		1, 2) "}}");
	sampling_now(w->fleet);
	UNTIL(w->loop, a->has_sample);
	assert_int_equal(a->sample.ts_s, 1764072290);
	assert_true(a->sample.cpu_pct == 40);
	assert_int_equal(history_count(a->history), 1);
	assert_false(b->has_sample);
	assert_true(w->model->revision > before);
}

static void
asks_only_for_what_runs(void **state)
{
	static const char *const visible[] = { "ip", "ig", "in", "ir", "unheard-of" };
	struct world *w = *state;

	world_add(w, "ip", SANDBOX_PAUSED, -60);
	world_add(w, "ig", SANDBOX_GONE, -60);
	world_add(w, "in", SANDBOX_CREATING, 60);
	world_add(w, "io", SANDBOX_OTHER, 60);
	sampling_now(w->fleet);
	fleet_set_visible(w->fleet, visible, 5);
	EXPECT_NO_MORE(w, 0);
	world_add(w, "ir", SANDBOX_RUNNING, 60)->history_asked = true;
	sampling_now(w->fleet);
	EXPECT_LOG(w, 0, BATCH "ir");
}

static void
sleeps_while_nobody_looks_or_nobody_answers(void **state)
{
	static const char *const visible[] = { "ia" };
	struct world *w = *state;

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	w->model->suspended = true;
	sampling_now(w->fleet);
	fleet_set_visible(w->fleet, visible, 1);
	EXPECT_NO_MORE(w, 0);
	w->model->suspended = false;
	w->model->state = COLLECTION_FAILED;
	sampling_now(w->fleet);
	fleet_set_visible(w->fleet, NULL, 0);
	fleet_set_visible(w->fleet, visible, 1);
	EXPECT_NO_MORE(w, 0);
}

static void
a_server_that_asks_for_quiet_gets_it(void **state)
{
	struct world *w = *state;

	world_add(w, "ia", SANDBOX_RUNNING, 60)->history_asked = true;
	server_reply(w->server, BATCH, 429, "Retry-After: 60\r\n", "{}");
	sampling_now(w->fleet);
	world_wait(w, 1);
	UNTIL(w->loop, w->fleet->sampling.batches == 0);
	sampling_now(w->fleet);
	sync_now(w->fleet, true);
	EXPECT_LOG(w, 0, BATCH "ia");
}

static void
a_sample_of_the_future_does_not_stay(void **state)
{
	struct world *w = *state;
	struct sandbox *a = world_add(w, "ia", SANDBOX_RUNNING, 60);

	a->history_asked = true;
	a->has_sample = true;
	a->sample = (struct sample){ .ts_s = 99999999999, .cpu_pct = 7 };
	server_reply(w->server, BATCH, 200, NULL,
	    "{\"sandboxes\":{\"ia\":" METRIC(1764072290, 40) "}}");
	sampling_now(w->fleet);
	UNTIL(w->loop, a->sample.cpu_pct == 40);
}

/* ---- the past */

static size_t
count_lines(struct world *w, const char *part)
{
	size_t count = 0;

	for (size_t i = 0; i < server_count(w->server); i++)
		count += strstr(world_line(w, i), part) != NULL;
	return count;
}

static void
the_past_is_read_once_and_eight_at_a_time(void **state)
{
	struct world *w = *state;
	struct strlist visible = { 0 };

	w->fleet->sampling.batches = 1; /* no rounds */
	for (int i = 10; i < 30; i++) {
		char *id = xasprintf("i%d", i);
		world_add(w, id, SANDBOX_RUNNING, 3600);
		strlist_add(&visible, id);
		free(id);
	}
	fleet_set_visible(w->fleet, (const char *const *)visible.items, visible.count);
	world_wait(w, 8);
	world_settle(w);
	assert_int_equal(server_count(w->server), 8);
	assert_string_equal(world_line(w, 0),
	    "GET /sandboxes/i10/metrics?start=1764071395&end=1764072295");

	/* the ninth comes when one is answered, not with the next round */
	world_reply_to(
	    w, 3, 200, "[" METRIC(1764072000, 10) "," METRIC(1764072005, 20) "]");
	world_wait(w, 9);
	assert_true(str_has_prefix(world_line(w, 8), "GET /sandboxes/i18/metrics"));
	assert_int_equal(history_count(model_find(w->model, "i13")->history), 2);
	for (size_t i = 0; i < 20; i++) {
		world_wait(w, i + 1);
		if (i != 3)
			world_reply_to(w, i, 200, "[]");
	}
	UNTIL(w->loop, w->fleet->sampling.reading == 0);
	fleet_set_visible(w->fleet, NULL, 0);
	fleet_set_visible(w->fleet, (const char *const *)visible.items, visible.count);
	sampling_now(w->fleet);
	world_settle(w);
	assert_int_equal(server_count(w->server), 20);
	strlist_clear(&visible);
}

static void
a_past_that_failed_is_read_with_the_next_round(void **state)
{
	static const char *const visible[] = { "ia", "ib" };
	struct world *w = *state;

	w->fleet->sampling.batches = 1;
	world_add(w, "ia", SANDBOX_RUNNING, 60);
	world_add(w, "ib", SANDBOX_RUNNING, 60);
	server_reply(w->server, "GET /sandboxes/ia/metrics", 500, NULL, "");
	server_reply(w->server, "GET /sandboxes/ib/metrics", 404, NULL, "{}");
	fleet_set_visible(w->fleet, visible, 2);
	world_wait(w, 2);
	world_settle(w);
	assert_int_equal(server_count(w->server), 2);
	sampling_now(w->fleet);
	world_wait(w, 3);
	world_settle(w);
	assert_int_equal(count_lines(w, "/ia/metrics"), 2);
	assert_int_equal(count_lines(w, "/ib/metrics"), 1);
}

static void
without_batches_eight_single_reads_at_a_time(void **state)
{
	struct world *w = *state;

	add_rows(w, 12);
	server_reply(w->server, BATCH, 404, NULL, "{\"code\":404,\"message\":\"x\"}");
	sampling_now(w->fleet);
	UNTIL(w->loop, w->fleet->sampling.no_batch);
	sampling_now(w->fleet);
	world_wait(w, 9);
	world_settle(w);
	assert_int_equal(server_count(w->server), 9);
	assert_string_equal(world_line(w, 1),
	    "GET /sandboxes/i1000/metrics?start=1764072265&end=1764072295");
	for (size_t i = 1; i < 13; i++) {
		world_wait(w, i + 1);
		world_reply_to(w, i, 200, "[" METRIC(1764072290, 10) "]");
	}
	UNTIL(w->loop, w->fleet->sampling.reading == 0);
	world_settle(w);
	assert_int_equal(server_count(w->server), 13); /* each once per round */
	for (size_t i = 0; i < w->model->count; i++)
		assert_true(w->model->items[i]->has_sample);
}

/* ---- the sandbox in focus */

static void
a_detail_reads_facts_and_span(void **state)
{
	struct world *w = *state;
	struct sandbox *a = world_add(w, "ia", SANDBOX_RUNNING, 60);

	fleet_set_detail(w->fleet, "ia", 900);
	fleet_set_detail(w->fleet, "ia", 300); /* is in it */
	EXPECT_LOG(w, 0, "GET /sandboxes/ia",
	    "GET /sandboxes/ia/metrics?start=1764071395&end=1764072295");
	fleet_set_detail(w->fleet, "ia", 3600);
	EXPECT_LOG(w, 2, "GET /sandboxes/ia/metrics?start=1764068695&end=1764072295");
	assert_true(a->history_asked);
	fleet_set_detail(w->fleet, NULL, 0);
	EXPECT_NO_MORE(w, 3);
}

static void
a_detail_that_failed_is_read_again(void **state)
{
	struct world *w = *state;
	struct sandbox *a = world_add(w, "ia", SANDBOX_RUNNING, 60);

	w->fleet->sampling.batches = 1;
	server_reply(w->server, "GET /sandboxes/ia/metrics", 500, NULL, "");
	server_reply(w->server, "GET /sandboxes/ia", 500, NULL, "");
	fleet_set_detail(w->fleet, "ia", 900);
	UNTIL(w->loop, w->fleet->sampling.reading == 0 && !a->reading);
	world_answer_get(w, "ia", "running", NOW_MS + 60000, PAUSES);
	sampling_now(w->fleet);
	UNTIL(w->loop, a->has_detail);
	world_settle(w);
	assert_int_equal(count_lines(w, "/metrics"), 2);
	assert_string_equal(a->token, "tok-ia");
	assert_int_equal(a->pause_on_timeout, YES);
	assert_int_equal(a->auto_resume, NO);
}

static void
facts_are_asked_once_and_for_several_at_a_time(void **state)
{
	struct world *w = *state;

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	world_add(w, "ib", SANDBOX_PAUSED, -60); /* the control plane wakes nobody */
	world_add(w, "ig", SANDBOX_GONE, -60);
	world_add(w, "in", SANDBOX_CREATING, 60);
	fleet_want_detail(w->fleet, "ia");
	fleet_want_detail(w->fleet, "ib");
	fleet_want_detail(w->fleet, "ia");
	fleet_want_detail(w->fleet, "ig");
	fleet_want_detail(w->fleet, "in");
	fleet_want_detail(w->fleet, "unheard-of");
	world_wait(w, 2);
	EXPECT_LOG(w, 0, "GET /sandboxes/ia", "GET /sandboxes/ib");
	world_reply_to(w, 1, 404, "{}");
	UNTIL(w->loop, model_find(w->model, "ib")->state == SANDBOX_GONE);
}

/* ---- each second, from the sandbox itself */

/* What the row is before the polls of a minute. */
struct poll_case {
	bool local, facts;
	enum sandbox_state state;
	int64_t left_s; /* INT64_MIN: no end is known */
	enum tristate pauses, resumes;
	bool asked;
};

static void
law_1_only_a_local_running_sandbox_is_sampled_inside(void **state)
{
	static const struct poll_case cases[] = {
		{ true, true, SANDBOX_RUNNING, 60, NO, NO, true },
		{ true, true, SANDBOX_RUNNING, 60, YES, UNKNOWN, true },
		{ true, true, SANDBOX_RUNNING, INT64_MIN, NO, NO, true },
		{ true, true, SANDBOX_RUNNING, 2, NO, NO, true },
		/* in the cloud its own recorder would be disturbed */
		{ false, true, SANDBOX_RUNNING, 60, NO, NO, false },
		/* nobody has said that it runs, in this run */
		{ true, false, SANDBOX_RUNNING, 60, NO, NO, false },
		{ true, true, SANDBOX_PAUSED, 60, NO, NO, false },
		{ true, true, SANDBOX_PAUSING, 60, NO, NO, false },
		{ true, true, SANDBOX_KILLING, 60, NO, NO, false },
		{ true, true, SANDBOX_GONE, 60, NO, NO, false },
		{ true, true, SANDBOX_OTHER, 60, NO, NO, false },
		/* its end has passed, or a pause is about to come */
		{ true, true, SANDBOX_RUNNING, 0, NO, NO, false },
		{ true, true, SANDBOX_RUNNING, -5, NO, NO, false },
		{ true, true, SANDBOX_RUNNING, 3, YES, NO, false },
		{ true, true, SANDBOX_RUNNING, 3, UNKNOWN, NO, false },
		/* a poll could wake it, were it paused meanwhile */
		{ true, true, SANDBOX_RUNNING, 60, YES, YES, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct poll_case *c = &cases[i];
		struct world *w =
		    begin(&(struct world_options){ .local_host = c->local });
		struct sandbox *a =
		    world_add(w, "ia", c->state, c->left_s == INT64_MIN ? 0 : c->left_s);

		if (c->left_s == INT64_MIN)
			a->end_ms = 0;
		a->pause_on_timeout = c->pauses;
		a->auto_resume = c->resumes;
		a->has_detail = true;
		server_reply(w->server, "GET /metrics", 200, NULL, ENVD_METRICS);
		fleet_set_detail(w->fleet, "ia", 900);
		a->has_detail = c->facts;
		world_settle(w);
		if (c->asked)
			UNTIL(w->loop, count_lines(w, "GET /metrics") > 0);
		if ((count_lines(w, "GET /metrics") > 0) != c->asked)
			fail_msg("case %zu", i);
		if (c->asked)
			UNTIL(w->loop, a->has_sample);
		world_free(w);
	}
}

static void
law_1_after_a_failed_poll_the_control_plane_is_asked_first(void **state)
{
	struct world *w = begin(&(struct world_options){ .local_host = true });
	struct sandbox *a = world_add(w, "ia", SANDBOX_RUNNING, 60);
	size_t before;

	(void)state;
	a->has_detail = true;
	w->fleet->sampling.batches = 1;
	server_reply(w->server, "GET /metrics", 502, NULL, "{}");
	fleet_set_detail(w->fleet, "ia", 900);
	UNTIL(w->loop, w->fleet->sampling.envd_doubt);
	world_settle(w);
	before = server_count(w->server);
	assert_int_equal(count_lines(w, "GET /metrics"), 1);
	sampling_now(w->fleet); /* a round */
	world_wait(w, before + 1);
	assert_string_equal(world_line(w, before), "GET /sandboxes/ia");
	world_settle(w);
	assert_int_equal(count_lines(w, "GET /metrics"), 1);
	char *paused = world_object("ia", "paused", NOW_MS, KILLS);
	world_reply_to(w, before, 200, paused);
	UNTIL(w->loop, a->state == SANDBOX_PAUSED);
	world_settle(w);
	assert_int_equal(count_lines(w, "GET /metrics"), 1);
	free(paused);
	world_free(w);
}

static void
law_1_polls_are_closed_before_our_pause(void **state)
{
	struct world *w = begin(&(struct world_options){ .local_host = true });
	struct sandbox *a = world_add(w, "ia", SANDBOX_RUNNING, 60);
	size_t poll, pause;

	(void)state;
	a->has_detail = true;
	fleet_set_detail(w->fleet, "ia", 900);
	UNTIL(w->loop, count_lines(w, "GET /metrics") == 1);
	poll = server_count(w->server) - 1;
	assert_string_equal(world_line(w, poll), "GET /metrics");
	fleet_pause(w->fleet, "ia", NULL, NULL);
	UNTIL(w->loop, count_lines(w, "POST /sandboxes/ia/pause") == 1);
	pause = server_count(w->server) - 1;
	assert_true(server_request(w->server, poll)->gone);
	assert_true(server_request(w->server, poll)->gone_at <= pause);
	world_settle(w);
	assert_int_equal(server_count(w->server), pause + 1);
	world_free(w);
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(visible_ones_first_then_the_others_in_turn),
		WORLD_TEST(figures_come_into_the_rows),
		WORLD_TEST(asks_only_for_what_runs),
		WORLD_TEST(sleeps_while_nobody_looks_or_nobody_answers),
		WORLD_TEST(a_server_that_asks_for_quiet_gets_it),
		WORLD_TEST(a_sample_of_the_future_does_not_stay),
		WORLD_TEST(the_past_is_read_once_and_eight_at_a_time),
		WORLD_TEST(a_past_that_failed_is_read_with_the_next_round),
		WORLD_TEST(without_batches_eight_single_reads_at_a_time),
		WORLD_TEST(a_detail_reads_facts_and_span),
		WORLD_TEST(a_detail_that_failed_is_read_again),
		WORLD_TEST(facts_are_asked_once_and_for_several_at_a_time),
		cmocka_unit_test(law_1_only_a_local_running_sandbox_is_sampled_inside),
		cmocka_unit_test(
		    law_1_after_a_failed_poll_the_control_plane_is_asked_first),
		cmocka_unit_test(law_1_polls_are_closed_before_our_pause),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
