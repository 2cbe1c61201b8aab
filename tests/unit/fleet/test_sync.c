/* Sweeps of the list: what they bring, what failures leave, what is gone. */
#include "tests/unit/fleet/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FULL "GET /v2/sandboxes?state=running,paused&limit=100"
#define RUNNING "GET /v2/sandboxes?state=running&limit=100"

static enum sandbox_state
state_of(struct world *w, const char *id)
{
	const struct sandbox *s = model_find(w->model, id);

	assert_non_null(s);
	return s->state;
}

static bool
has_swept(struct world *w)
{
	return w->fleet->sync.call == 0 && w->fleet->sync.confirming == 0;
}

/* Long timers: nothing comes by itself but what a test asks for. */
static int
setup_slow(void **state)
{
	*state = world_new(&(struct world_options){ .second_ms = 1000 });
	return 0;
}

/* The first sweep, over. Returns how many requests it took. */
static size_t
start_with(struct world *w, const char *ids)
{
	size_t before = server_count(w->server);

	world_answer_list(w, ids);
	fleet_start(w->fleet);
	world_wait(w, before + 1);
	UNTIL(w->loop, w->model->state == COLLECTION_READY);
	/* figures that it asks for */
	world_settle(w);
	return server_count(w->server);
}

static void
sweep_again(struct world *w, bool full)
{
	sync_now(w->fleet, full);
	UNTIL(w->loop, has_swept(w));
}

/* ---- what a sweep brings */

static void
nothing_is_sent_before_the_start(void **state)
{
	struct world *w = *state;

	fleet_refresh(w->fleet);
	fleet_set_focused(w->fleet, false);
	fleet_set_focused(w->fleet, true);
	EXPECT_NO_MORE(w, 0);
}

static void
follows_all_pages(void **state)
{
	struct world *w = *state;
	char *one = world_object("i1", "running", NOW_MS + 60000, KILLS);
	char *two = world_object("i2", "paused", NOW_MS - 60000, PAUSES);
	char *page1 = xasprintf("[%s]", one), *page2 = xasprintf("[%s]", two);

	w->fleet->sampling.batches = 1; /* figures are another test's business */
	server_reply(
	    w->server, FULL, 200, "X-Next-Token: t+2\r\nX-Total-Running: 7\r\n", page1);
	fleet_start(w->fleet);
	UNTIL(w->loop, w->model->count == 1);
	assert_int_equal(w->model->state, COLLECTION_LOADING);
	assert_int_equal(w->model->loaded, 1);
	server_reply(w->server, "GET /v2/sandboxes", 200, NULL, page2);
	UNTIL(w->loop, w->model->state == COLLECTION_READY);
	assert_string_equal(world_line(w, 0), FULL);
	assert_string_equal(world_line(w, 1), FULL "&nextToken=t%2B2");
	assert_int_equal(w->model->count, 2);
	assert_int_equal(w->model->total_running, 7);
	assert_int_equal(w->model->synced_ms, NOW_MS);
	assert_true(w->model->round_trip_ms >= 0);
	assert_int_equal(state_of(w, "i2"), SANDBOX_PAUSED);
	free(one);
	free(two);
	free(page1);
	free(page2);
}

static void
takes_name_and_hides_our_marker(void **state)
{
	struct world *w = *state;
	const struct sandbox *s;

	start_with(w, "i1");
	s = model_find(w->model, "i1");
	assert_string_equal(s->name, "n-i1");
	assert_string_equal(pairs_get(&s->metadata, "name"), "n-i1");
	assert_null(pairs_get(&s->metadata, API_MARKER_KEY));
	assert_int_equal(s->metadata.count, 1);
	assert_null(s->token); /* the list has none */
	assert_false(s->has_detail);
}

static void
a_count_that_is_not_told_any_more_is_unknown(void **state)
{
	struct world *w = *state;

	server_reply(w->server, FULL, 200, "X-Total-Running: 7\r\n", "[]");
	fleet_start(w->fleet);
	UNTIL(w->loop, w->model->state == COLLECTION_READY);
	assert_int_equal(w->model->total_running, 7);
	world_answer_list(w, "");
	sweep_again(w, true);
	assert_int_equal(w->model->total_running, -1);
}

static void
what_did_not_change_is_no_change(void **state)
{
	struct world *w = *state;
	uint64_t revision;

	start_with(w, "i1 i2:paused");
	revision = w->model->revision;
	world_answer_list(w, "i1 i2:paused");
	sweep_again(w, true);
	assert_int_equal(w->model->revision, revision);
	world_answer_list(w, "i1 i2");
	sweep_again(w, true);
	assert_true(w->model->revision > revision);
}

/* ---- rhythm */

static void
lists_paused_ones_now_and_then(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "i1 i2:paused");

	world_answer_list(w, "i1");
	sweep_again(w, false);
	w->fleet->sync.paused_ms -= 30000; /* half a minute passes */
	world_answer_list(w, "i1 i2:paused");
	sweep_again(w, false);
	world_answer_list(w, "i1");
	sweep_again(w, false);
	world_answer_list(w, "i1 i2:paused");
	fleet_refresh(w->fleet); /* a person wants to see all */
	UNTIL(w->loop, has_swept(w));
	assert_string_equal(world_line(w, from), RUNNING);
	assert_string_equal(world_line(w, from + 1), FULL);
	assert_string_equal(world_line(w, from + 2), RUNNING);
	assert_string_equal(world_line(w, from + 3), FULL);
	assert_int_equal(state_of(w, "i2"), SANDBOX_PAUSED);
}

static void
comes_again_by_itself(void **state)
{
	struct world *w = *state; /* a second lasts a millisecond */

	w->fleet->sampling.batches = 1;
	for (int i = 0; i < 4; i++)
		world_answer_list(w, "i1");
	fleet_start(w->fleet);
	world_wait(w, 4);
	fleet_set_focused(w->fleet, false);
	for (int i = 0; i < 2; i++)
		world_answer_list(w, "i1");
	world_wait(w, 6);
	for (size_t i = 0; i < server_count(w->server); i++)
		assert_memory_equal(world_line(w, i), "GET /v2/sandboxes?state=running",
		    strlen("GET /v2/sandboxes?state=running"));
}

static void
coming_back_looks_at_once(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "i1:paused");

	fleet_set_focused(w->fleet, false);
	EXPECT_NO_MORE(w, from);
	world_answer_list(w, "");
	fleet_set_focused(w->fleet, true);
	EXPECT_LOG(w, from, RUNNING);
}

static void
a_refresh_meanwhile_follows(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "i1:paused");

	sync_now(w->fleet, false); /* running ones only */
	world_wait(w, from + 1);
	fleet_refresh(w->fleet);
	world_reply_to(w, from, 200, "[]");
	EXPECT_LOG(w, from, RUNNING, FULL);
	fleet_refresh(w->fleet); /* the one that was just sent is as good */
	world_reply_to(w, from + 1, 200, "[]");
	EXPECT_LOG(w, from, RUNNING, FULL, "GET /sandboxes/i1");
}

static void
while_suspended_nothing_is_sent(void **state)
{
	struct world *w = *state;

	w->fleet->sampling.batches = 1;
	server_reply(w->server, FULL, 200, "X-Next-Token: t2\r\n", "[]");
	fleet_start(w->fleet);
	world_wait(w, 2); /* in the middle of a sweep */
	fleet_set_suspended(w->fleet, true);
	fleet_refresh(w->fleet);
	fleet_set_focused(w->fleet, false);
	fleet_set_focused(w->fleet, true);
	EXPECT_NO_MORE(w, 2);
	world_answer_list(w, "i1:paused");
	fleet_set_suspended(w->fleet, false);
	fleet_refresh(w->fleet);
	UNTIL(w->loop, w->model->state == COLLECTION_READY);
	assert_string_equal(world_line(w, 2), FULL);
}

/* ---- failures */

static void
a_failure_in_mid_sweep_keeps_the_rows(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "i1:paused i2:paused i3:paused");
	char *one = world_object("i1", "running", NOW_MS + 60000, KILLS);
	char *page = xasprintf("[%s]", one);

	server_reply(w->server, FULL, 200, "X-Next-Token: t2\r\n", page);
	server_reply(w->server, FULL, 500, NULL, "{\"code\":500,\"message\":\"no\"}");
	sync_now(w->fleet, true);
	UNTIL(w->loop, w->model->state == COLLECTION_FAILED);
	EXPECT_LOG(w, from, FULL, FULL "&nextToken=t2");
	assert_int_equal(w->model->count, 3);
	assert_int_equal(state_of(w, "i1"), SANDBOX_RUNNING); /* what came is news */
	assert_int_equal(state_of(w, "i3"), SANDBOX_PAUSED);
	assert_int_equal(w->model->since_ms, NOW_MS);
	assert_int_equal(w->model->error.http_status, 500);
	assert_true(w->model->retry_at_ms > NOW_MS);
	free(one);
	free(page);
}

static void
garbage_is_a_failure_like_any(void **state)
{
	static const char *const bodies[] = { "", "<html>", "[{", "[1]", "{\"a\":1}" };
	struct world *w = *state;

	start_with(w, "i1:paused");
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		server_reply(w->server, "GET /v2", 200, NULL, bodies[i]);
		sweep_again(w, true);
		assert_int_equal(w->model->state, COLLECTION_FAILED);
		assert_true(w->model->error.text[0] != '\0');
		assert_int_equal(w->model->count, 1);
	}
}

static void
tries_again_and_says_that_it_is_back(void **state)
{
	struct world *w = *state;

	w->fleet->sampling.batches = 1;
	world_answer_list(w, "i1");
	for (int i = 0; i < 4; i++)
		server_reply(w->server, "GET /v2", 500, NULL, "");
	fleet_start(w->fleet);
	UNTIL(w->loop, w->model->failures == 4);
	assert_int_equal(w->model->state, COLLECTION_FAILED);
	assert_false(world_has_message(w, "Connected again"));
	world_answer_list(w, "i1");
	UNTIL(w->loop, w->model->state == COLLECTION_READY);
	assert_int_equal(w->model->failures, 0);
	assert_true(world_has_message(w, "Connected again"));
}

static void
a_refused_key_is_not_tried_again(void **state)
{
	struct world *w = *state;

	server_reply(
	    w->server, "GET /v2", 401, NULL, "{\"code\":401,\"message\":\"no\"}");
	fleet_start(w->fleet);
	UNTIL(w->loop, w->model->state == COLLECTION_FAILED);
	assert_int_equal(w->model->retry_at_ms, 0);
	assert_int_equal(w->model->error.code, ERROR_DENIED);
	fleet_set_focused(w->fleet, false);
	fleet_set_focused(w->fleet, true);
	EXPECT_LOG(w, 0, FULL);
	fleet_refresh(w->fleet); /* but when the person says so */
	EXPECT_LOG(w, 1, FULL);
}

/* A team that is blocked may be unblocked. */
static void
a_refusal_of_another_kind_is_tried_again(void **state)
{
	struct world *w = *state;

	server_reply(w->server, "GET /v2", 403, NULL, "{\"code\":403,\"message\":\"x\"}");
	fleet_start(w->fleet);
	UNTIL(w->loop, w->model->state == COLLECTION_FAILED);
	assert_true(w->model->retry_at_ms != 0);
	world_wait(w, 2);
}

static void
retry_after_is_obeyed(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "i1");

	server_reply(w->server, "GET /v2", 429, "Retry-After: 60\r\n", "{}");
	sweep_again(w, true);
	assert_int_equal(w->model->state, COLLECTION_FAILED);
	assert_in_range(w->model->retry_at_ms, NOW_MS + 55000, NOW_MS + 60000);
	fleet_refresh(w->fleet);
	fleet_set_focused(w->fleet, false);
	fleet_set_focused(w->fleet, true);
	fleet_set_suspended(w->fleet, true);
	fleet_set_suspended(w->fleet, false);
	EXPECT_LOG(w, from, FULL);
}

static void
retry_after_ends(void **state)
{
	struct world *w = *state; /* 30 s last 30 ms */

	server_reply(w->server, "GET /v2", 429, "Retry-After: 30\r\n", "{}");
	world_answer_list(w, "");
	fleet_start(w->fleet);
	UNTIL(w->loop, w->model->state == COLLECTION_READY);
}

/* ---- gone, or only out of sight */

static void
who_is_missing_is_asked_for_before_it_is_gone(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "ia ib ic:paused");

	world_answer_list(w, "");
	server_reply(w->server, "GET /sandboxes/ia", 404, NULL, "{}");
	world_answer_get(w, "ib", "running", NOW_MS + 1000, KILLS);
	sweep_again(w, false); /* paused ones were not asked for: ic is not missing */
	assert_int_equal(server_count(w->server), from + 3);
	assert_int_equal(state_of(w, "ia"), SANDBOX_GONE);
	assert_non_null(model_find(w->model, "ia")->gone_reason);
	assert_int_equal(state_of(w, "ib"), SANDBOX_RUNNING);
	assert_int_equal(state_of(w, "ic"), SANDBOX_PAUSED);

	world_answer_list(w, "ib");
	server_reply(w->server, "GET /sandboxes/ic", 404, NULL, "{}");
	sweep_again(w, true);
	assert_int_equal(state_of(w, "ic"), SANDBOX_GONE);
	assert_int_equal(server_count(w->server), from + 5);
}

static void
rows_of_the_gone_stay_a_minute(void **state)
{
	struct world *w = *state; /* a second lasts a millisecond */
	struct sandbox *s;

	w->fleet->sampling.batches = 1;
	world_answer_list(w, "ia ib");
	fleet_start(w->fleet);
	UNTIL(w->loop, w->model->count == 2);
	sync_stop(w->fleet);
	s = model_find(w->model, "ia");
	fleet_mark_gone(w->fleet, s, "for a test");
	assert_int_equal(s->gone_ms, NOW_MS);
	world_set_time(NOW_MS + 59999);
	world_settle(w);
	assert_string_equal(model_find(w->model, "ia")->gone_reason, "for a test");
	world_set_time(NOW_MS + 60000);
	UNTIL(w->loop, !model_find(w->model, "ia"));
	assert_non_null(model_find(w->model, "ib"));
}

static void
many_that_are_missing_are_all_settled(void **state)
{
	struct world *w = *state;
	struct buf ids;
	size_t from;
	int gone;

	buf_init(&ids, 10000);
	for (int i = 10; i < 40; i++)
		buf_addf(&ids, "i%d ", i);
	from = start_with(w, ids.data);
	world_answer_list(w, "");
	sync_now(w->fleet, true);
	world_wait(w, from + 1 + READS_MAX);
	world_settle(w);
	assert_int_equal(server_count(w->server), from + 1 + READS_MAX);
	for (size_t i = 0; i < 30; i++)
		server_reply(w->server, "GET /sandboxes/", 404, NULL, "{}");
	/* those that wait already are answered by hand */
	for (size_t i = from + 1; i < from + 1 + READS_MAX; i++)
		world_reply_to(w, i, 404, "{}");
	UNTIL(w->loop, (gone = model_count_state(w->model, SANDBOX_GONE)) == 30 ||
			   server_count(w->server) > from + 31);
	assert_int_equal(gone, 30);
	assert_int_equal(server_count(w->server), from + 31);
	buf_clear(&ids);
}

static void
a_server_that_fails_confirms_nothing(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "ia");

	world_answer_list(w, "");
	server_reply(w->server, "GET /sandboxes/ia", 500, NULL, "");
	sweep_again(w, true);
	assert_int_equal(state_of(w, "ia"), SANDBOX_RUNNING);
	world_answer_list(w, ""); /* the next sweep finds it missing again */
	server_reply(w->server, "GET /sandboxes/ia", 404, NULL, "");
	sweep_again(w, true);
	assert_int_equal(state_of(w, "ia"), SANDBOX_GONE);
	assert_int_equal(server_count(w->server), from + 4);
}

static void
who_came_during_the_sweep_is_not_missing(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "ia:paused");

	sync_now(w->fleet, true);
	world_wait(w, from + 1);
	world_answer_get(w, "ib", "running", NOW_MS + 60000, KILLS);
	fleet_read(w->fleet, "ib", NULL);
	UNTIL(w->loop, model_find(w->model, "ib"));
	world_reply_to(w, from, 200, "[]");
	EXPECT_LOG(w, from, FULL, "GET /sandboxes/ib", "GET /sandboxes/ia");
}

static void
who_comes_back_is_not_gone(void **state)
{
	struct world *w = *state;

	start_with(w, "ia:paused");
	fleet_mark_gone(w->fleet, model_find(w->model, "ia"), "for a test");
	world_answer_list(w, "ia:paused");
	sweep_again(w, true);
	assert_int_equal(state_of(w, "ia"), SANDBOX_PAUSED);
	assert_null(model_find(w->model, "ia")->gone_reason);
}

/* ---- what others do */

static void
paused_elsewhere(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "ia");

	model_find(w->model, "ia")->has_detail = true;
	world_answer_list(w, "");
	world_answer_get(w, "ia", "paused", NOW_MS - 5000, KILLS);
	sweep_again(w, false);
	world_answer_list(w, "ia"); /* the same start, as some servers say */
	assert_true(model_find(w->model, "ia")->has_detail);
	sweep_again(w, false);
	assert_false(model_find(w->model, "ia")->has_detail);
	assert_int_equal(state_of(w, "ia"), SANDBOX_RUNNING);
	world_answer_list(w, "ia:paused");
	sweep_again(w, true);
	from += 2;
	assert_int_equal(state_of(w, "ia"), SANDBOX_PAUSED);
	assert_int_equal(model_find(w->model, "ia")->changed_ms, NOW_MS);
	assert_int_equal(server_count(w->server), from + 2);
}

static void
resumed_elsewhere_is_another_run(void **state)
{
	struct world *w = *state;
	struct sandbox *s;

	start_with(w, "ia:paused");
	s = model_find(w->model, "ia");
	s->has_detail = true;
	s->started_ms -= 1000; /* of the run before */
	world_answer_list(w, "ia");
	sweep_again(w, false);
	assert_int_equal(s->state, SANDBOX_RUNNING);
	assert_false(s->has_detail);
}

/* ---- older news is no news */

static void
a_list_asked_before_an_action_was_answered_does_not_undo_it(void **state)
{
	struct world *w = *state;
	size_t from = start_with(w, "ia");
	char *old = world_object("ia", "running", NOW_MS + 3600000, KILLS);
	char *list = xasprintf("[%s]", old);

	sync_now(w->fleet, false); /* its answer is slow */
	world_wait(w, from + 1);
	server_reply(w->server, "POST /sandboxes/ia/pause", 204, NULL, "");
	fleet_pause(w->fleet, "ia", NULL, NULL);
	UNTIL(w->loop, state_of(w, "ia") == SANDBOX_PAUSED);
	world_reply_to(w, from, 200, list);
	UNTIL(w->loop, has_swept(w));
	assert_int_equal(state_of(w, "ia"), SANDBOX_PAUSED);
	world_answer_list(w, "ia"); /* asked after it: that is news */
	sweep_again(w, false);
	assert_int_equal(state_of(w, "ia"), SANDBOX_RUNNING);
	free(old);
	free(list);
}

static void
a_clock_that_jumps_back_does_not_stop_the_news(void **state)
{
	struct world *w = *state;

	start_with(w, "ia");
	server_reply(w->server, "POST /sandboxes/ia/pause", 204, NULL, "");
	fleet_pause(w->fleet, "ia", NULL, NULL);
	UNTIL(w->loop, state_of(w, "ia") == SANDBOX_PAUSED);
	world_set_time(NOW_MS - 3600 * 1000);
	world_answer_list(w, "ia");
	sweep_again(w, false);
	assert_int_equal(state_of(w, "ia"), SANDBOX_RUNNING);
}

static void
an_absence_that_was_asked_for_earlier_is_none(void **state)
{
	struct world *w = *state;
	uint64_t asked = fleet_tick(w->fleet);
	struct sandbox *s = world_add(w, "ia", SANDBOX_RUNNING, 60);

	fleet_take_absence(w->fleet, "ia", asked);
	assert_int_equal(s->state, SANDBOX_RUNNING);
	fleet_take_absence(w->fleet, "ia", fleet_tick(w->fleet));
	assert_int_equal(s->state, SANDBOX_GONE);
	/* nor one of what our own action will tell more about */
	s = world_add(w, "new-1", SANDBOX_CREATING, 60);
	fleet_take_absence(w->fleet, "new-1", fleet_tick(w->fleet));
	assert_int_equal(s->state, SANDBOX_CREATING);
	s = world_add(w, "ik", SANDBOX_KILLING, 60);
	fleet_take_absence(w->fleet, "ik", fleet_tick(w->fleet));
	assert_int_equal(s->state, SANDBOX_KILLING);
	fleet_take_absence(w->fleet, "unheard-of", fleet_tick(w->fleet));
}

#define WORLD_TEST(test)                                                                 \
	cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
#define SLOW_TEST(test) cmocka_unit_test_setup_teardown(test, setup_slow, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(nothing_is_sent_before_the_start),
		SLOW_TEST(follows_all_pages),
		SLOW_TEST(takes_name_and_hides_our_marker),
		SLOW_TEST(a_count_that_is_not_told_any_more_is_unknown),
		SLOW_TEST(what_did_not_change_is_no_change),
		SLOW_TEST(lists_paused_ones_now_and_then),
		WORLD_TEST(comes_again_by_itself),
		SLOW_TEST(coming_back_looks_at_once),
		SLOW_TEST(a_refresh_meanwhile_follows),
		SLOW_TEST(while_suspended_nothing_is_sent),
		SLOW_TEST(a_failure_in_mid_sweep_keeps_the_rows),
		SLOW_TEST(garbage_is_a_failure_like_any),
		WORLD_TEST(tries_again_and_says_that_it_is_back),
		WORLD_TEST(a_refused_key_is_not_tried_again),
		WORLD_TEST(a_refusal_of_another_kind_is_tried_again),
		SLOW_TEST(retry_after_is_obeyed),
		WORLD_TEST(retry_after_ends),
		SLOW_TEST(who_is_missing_is_asked_for_before_it_is_gone),
		WORLD_TEST(rows_of_the_gone_stay_a_minute),
		SLOW_TEST(many_that_are_missing_are_all_settled),
		SLOW_TEST(a_server_that_fails_confirms_nothing),
		SLOW_TEST(who_came_during_the_sweep_is_not_missing),
		SLOW_TEST(who_comes_back_is_not_gone),
		SLOW_TEST(paused_elsewhere),
		SLOW_TEST(resumed_elsewhere_is_another_run),
		SLOW_TEST(a_list_asked_before_an_action_was_answered_does_not_undo_it),
		SLOW_TEST(a_clock_that_jumps_back_does_not_stop_the_news),
		SLOW_TEST(an_absence_that_was_asked_for_earlier_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
