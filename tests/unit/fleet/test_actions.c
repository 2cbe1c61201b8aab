/* What changes a sandbox: one at a time, told once, never believed before the answer. */
#include "tests/unit/fleet/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GET_A "GET /sandboxes/ia"
#define PAUSE_A "POST /sandboxes/ia/pause"
#define CONNECT_A "POST /v2/sandboxes/ia/connect"
#define KILL_A "DELETE /sandboxes/ia"
#define REFRESH_A "POST /sandboxes/ia/refreshes"
#define TIMEOUT_A "POST /sandboxes/ia/timeout"
#define REFUSAL "{\"code\":409,\"message\":\"busy\"}"
#define CREATED                                                                          \
	"{\"sandboxID\":\"inew\",\"templateID\":\"base\",\"clientID\":\"c\",\"alias\":"  \
	"\"\",\"envdVersion\":\"0.6.4\",\"envdAccessToken\":\"tok\"}"

struct result {
	int calls;
	char id[32];
	enum outcome outcome;
	struct error err;
};

static void
on_done(void *ctx, const char *id, enum outcome outcome, const struct error *err)
{
	struct result *r = ctx;

	r->calls++;
	str_copy(r->id, sizeof r->id, id);
	r->outcome = outcome;
	r->err = *err;
}

static void
wait_for(struct world *w, const struct result *r, int calls)
{
	UNTIL(w->loop, r->calls == calls);
}

static int
setup(void **state)
{
	struct world *w = world_new(&(struct world_options){ .second_ms = 1000 });

	w->model->state = COLLECTION_READY;
	*state = w;
	return 0;
}

static void
run(struct fleet *f, char action, struct result *r)
{
	const struct fleet_create create = { .internet = true };

	switch (action) {
	case 'p':
		fleet_pause(f, "ia", on_done, r);
		break;
	case 'r':
		fleet_resume(f, "ia", 0, on_done, r);
		break;
	case 'k':
		fleet_kill(f, "ia", on_done, r);
		break;
	case 'e':
		fleet_extend(f, "ia", 0, on_done, r);
		break;
	case 's':
		fleet_set_left(f, "ia", 60, false, on_done, r);
		break;
	case 'c':
		fleet_create(f, &create, on_done, r);
		break;
	}
}

/* ---- answers, one by one */

struct answer_case {
	char action;
	enum sandbox_state before;
	const char *path;
	int status;
	const char *body;
	const char *settle; /* the state that a read behind it tells; NULL: none comes */
	enum outcome outcome;
	enum sandbox_state after;
	const char *message;
};

static void
tells_outcome_message_and_state(void **state)
{
	static const struct answer_case cases[] = {
		{ 'p', SANDBOX_RUNNING, PAUSE_A, 204, "", NULL, OUTCOME_DONE,
		    SANDBOX_PAUSED, "Paused n-ia" },
		{ 'p', SANDBOX_RUNNING, PAUSE_A, 409, REFUSAL, "paused", OUTCOME_ALREADY,
		    SANDBOX_PAUSED, "n-ia was already paused" },
		{ 'p', SANDBOX_RUNNING, PAUSE_A, 409, REFUSAL, "running", OUTCOME_FAILED,
		    SANDBOX_RUNNING, "Cannot pause n-ia: " },
		{ 'r', SANDBOX_PAUSED, CONNECT_A, 201, CREATED, "running", OUTCOME_DONE,
		    SANDBOX_RUNNING, "Resumed n-ia" },
		{ 'r', SANDBOX_PAUSED, CONNECT_A, 429, REFUSAL, "paused", OUTCOME_FAILED,
		    SANDBOX_PAUSED, "Cannot resume n-ia: " },
		{ 'k', SANDBOX_RUNNING, KILL_A, 204, "", NULL, OUTCOME_DONE, SANDBOX_GONE,
		    "Killed n-ia" },
		{ 'k', SANDBOX_PAUSED, KILL_A, 404, "{}", NULL, OUTCOME_ALREADY,
		    SANDBOX_GONE, "n-ia was already gone" },
		{ 'k', SANDBOX_PAUSED, KILL_A, 409, REFUSAL, "paused", OUTCOME_FAILED,
		    SANDBOX_PAUSED, "Cannot kill n-ia: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct answer_case *c = &cases[i];
		struct world *w = world_new(&(struct world_options){ 0 });
		struct sandbox *s = world_add(w, "ia", c->before, 60);
		struct result r = { 0 };

		w->model->state = COLLECTION_READY;
		s->name = xstrdup("n-ia");
		server_reply(w->server, c->path, c->status, NULL, c->body);
		for (int n = 0; c->settle && n < 2; n++)
			world_answer_get(w, "ia", c->settle, NOW_MS + 60000, KILLS);
		run(w->fleet, c->action, &r);
		assert_int_equal(r.calls, 0); /* never from within the call */
		wait_for(w, &r, 1);
		world_settle(w);
		if (r.calls != 1 || r.outcome != c->outcome || s->state != c->after ||
		    !world_has_message(w, c->message))
			fail_msg("case %zu: outcome %d, %s, '%s'", i, r.outcome,
			    sandbox_state_name(s->state),
			    messages_at(&w->fleet->messages, 0)->text);
		assert_string_equal(r.id, "ia");
		assert_int_equal(r.err.code != ERROR_NONE, c->outcome == OUTCOME_FAILED);
		assert_int_equal(w->fleet->messages.count, 1);
		world_free(w);
	}
}

static void
the_row_shows_what_is_under_way(void **state)
{
	static const struct {
		char action;
		enum sandbox_state before, meanwhile;
	} cases[] = {
		{ 'p', SANDBOX_RUNNING, SANDBOX_PAUSING },
		{ 'r', SANDBOX_PAUSED, SANDBOX_RESUMING },
		{ 'k', SANDBOX_RUNNING, SANDBOX_KILLING },
		{ 'e', SANDBOX_RUNNING, SANDBOX_RUNNING },
		{ 's', SANDBOX_RUNNING, SANDBOX_RUNNING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(&(struct world_options){ 0 });
		struct sandbox *s = world_add(w, "ia", cases[i].before, 60);
		struct result r = { 0 };

		run(w->fleet, cases[i].action, &r);
		assert_int_equal(s->state, cases[i].meanwhile);
		world_wait(w, 1);
		/* a list that says otherwise does not change that */
		world_answer_list(w, "ia:paused");
		sync_now(w->fleet, true);
		world_wait(w, 2);
		world_settle(w);
		if (cases[i].meanwhile != SANDBOX_RUNNING)
			assert_int_equal(s->state, cases[i].meanwhile);
		assert_int_equal(r.calls, 0);
		world_free(w); /* with all of it under way */
	}
}

static void
one_at_a_time_in_the_order_they_came(void **state)
{
	struct world *w = *state;
	struct sandbox *s = world_add(w, "ia", SANDBOX_RUNNING, 60);
	struct result pause = { 0 }, resume = { 0 }, kill = { 0 }, other = { 0 };

	world_add(w, "ib", SANDBOX_RUNNING, 60);
	run(w->fleet, 'p', &pause);
	run(w->fleet, 'r', &resume);
	run(w->fleet, 'k', &kill);
	EXPECT_LOG(w, 0, PAUSE_A);
	fleet_pause(w->fleet, "ib", on_done, &other); /* another sandbox does not wait */
	EXPECT_LOG(w, 1, "POST /sandboxes/ib/pause");
	world_reply_to(w, 0, 204, "");
	EXPECT_LOG(w, 2, CONNECT_A);
	assert_int_equal(pause.calls, 1);
	assert_int_equal(s->state, SANDBOX_RESUMING);
	world_reply_to(w, 2, 500, ""); /* a failure does not stop the next one */
	world_wait(w, 5);
	assert_int_equal(resume.outcome, OUTCOME_FAILED);
	assert_string_equal(world_line(w, 3), GET_A);
	assert_string_equal(world_line(w, 4), KILL_A);
	assert_int_equal(kill.calls, 0);
	world_reply_to(w, 4, 204, "");
	wait_for(w, &kill, 1);
	assert_int_equal(s->state, SANDBOX_GONE);
}

static void
what_was_learned_meanwhile_is_not_undone(void **state)
{
	struct world *w = *state;
	struct sandbox *s = world_add(w, "ia", SANDBOX_RUNNING, 60);
	struct result r = { 0 };

	run(w->fleet, 'p', &r);
	world_wait(w, 1);
	fleet_take_absence(w->fleet, "ia", fleet_tick(w->fleet));
	assert_int_equal(s->state, SANDBOX_GONE);
	world_reply_to(w, 0, 404, "{}");
	wait_for(w, &r, 1);
	assert_int_equal(r.outcome, OUTCOME_FAILED);
	assert_int_equal(s->state, SANDBOX_GONE);
	EXPECT_LOG(w, 0, PAUSE_A); /* and not asked for once more */
}

/* ---- refusals */

static void
refused_while_offline_read_only_or_being_created(void **state)
{
	(void)state;
	for (int why = 0; why < 3; why++) {
		struct world *w =
		    world_new(&(struct world_options){ .read_only = why == 1 });
		struct result r = { 0 };
		const char *actions = why == 2 ? "prkes" : "prkesc";

		world_add(w, "ia", why == 2 ? SANDBOX_CREATING : SANDBOX_RUNNING, 60);
		w->model->state = why == 0 ? COLLECTION_FAILED : COLLECTION_READY;
		for (const char *a = actions; *a; a++)
			run(w->fleet, *a, &r);
		assert_int_equal(r.calls, 0);
		wait_for(w, &r, (int)strlen(actions));
		assert_int_equal(r.outcome, OUTCOME_FAILED);
		assert_true(r.err.text[0] != '\0');
		assert_int_equal(w->model->count, 1);
		assert_int_equal(model_find(w->model, "ia")->acted_ms, 0);
		assert_true(world_has_message(w, "Cannot "));
		EXPECT_NO_MORE(w, 0);
		world_free(w);
	}
}

static void
what_waits_is_refused_when_its_turn_comes_offline(void **state)
{
	struct world *w = *state;
	struct result pause = { 0 }, kill = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	run(w->fleet, 'p', &pause);
	run(w->fleet, 'k', &kill);
	world_wait(w, 1);
	w->model->state = COLLECTION_FAILED;
	world_reply_to(w, 0, 204, "");
	wait_for(w, &kill, 1);
	assert_int_equal(pause.outcome, OUTCOME_DONE);
	assert_int_equal(kill.outcome, OUTCOME_FAILED);
	assert_int_equal(kill.err.code, ERROR_OFFLINE);
	EXPECT_LOG(w, 0, PAUSE_A);
}

/* ---- the time left */

static void
extends_within_the_hour_by_refreshing(void **state)
{
	struct world *w = *state;
	struct result r = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	/* the end was moved meanwhile: what counts is what the server says */
	world_answer_get(w, "ia", "running", NOW_MS + 1000 * 1000, KILLS);
	server_reply(w->server, REFRESH_A, 204, NULL, "");
	world_answer_get(w, "ia", "running", NOW_MS + 1900 * 1000, KILLS);
	run(w->fleet, 'e', &r);
	EXPECT_LOG(w, 0, GET_A, REFRESH_A, GET_A);
	assert_string_equal(world_body(w, 1), "{\"duration\":1900}");
	assert_int_equal(r.outcome, OUTCOME_DONE);
	assert_int_equal(model_find(w->model, "ia")->end_ms, NOW_MS + 1900 * 1000);
}

static void
extends_past_the_hour_without_being_able_to_shorten(void **state)
{
	struct world *w = *state;
	struct result r = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	world_answer_get(w, "ia", "running", NOW_MS + 3000 * 1000, KILLS);
	server_reply(w->server, REFRESH_A, 204, NULL, "");
	server_reply(w->server, CONNECT_A, 200, NULL, CREATED);
	world_answer_get(w, "ia", "running", NOW_MS + 3900 * 1000, KILLS);
	run(w->fleet, 'e', &r);
	EXPECT_LOG(w, 0, GET_A, REFRESH_A, CONNECT_A, GET_A);
	assert_string_equal(world_body(w, 1), "{\"duration\":3600}");
	assert_string_equal(world_body(w, 2), "{\"timeout\":3900}");
	assert_int_equal(r.outcome, OUTCOME_DONE);
}

/* The refresh finds out, so that the connect behind it never wakes what went to sleep. */
static void
law_1_extending_wakes_nobody(void **state)
{
	struct world *w = *state;
	struct result r = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	world_answer_get(w, "ia", "running", NOW_MS + 3000 * 1000, KILLS);
	server_reply(w->server, REFRESH_A, 404, NULL, "{}");
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	run(w->fleet, 'e', &r);
	EXPECT_LOG(w, 0, GET_A, REFRESH_A, GET_A);
	assert_int_equal(r.outcome, OUTCOME_FAILED);
	assert_int_equal(model_find(w->model, "ia")->state, SANDBOX_PAUSED);
	world_answer_get(w, "ia", "paused", NOW_MS, KILLS);
	run(w->fleet, 'e', &r);
	EXPECT_LOG(w, 3, GET_A, GET_A);
	assert_int_equal(r.err.code, ERROR_CONFLICT);
}

static void
an_end_that_cannot_move_is_said(void **state)
{
	struct world *w = *state;
	struct result r = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60)->name = xstrdup("n-ia");
	for (int i = 0; i < 2; i++)
		world_answer_get(w, "ia", "running", NOW_MS + 1000 * 1000, KILLS);
	server_reply(w->server, REFRESH_A, 204, NULL, "");
	run(w->fleet, 'e', &r);
	wait_for(w, &r, 1);
	assert_int_equal(r.outcome, OUTCOME_ALREADY);
	assert_true(world_has_message(w, "n-ia cannot end later"));
}

static void
sets_the_time_left(void **state)
{
	static const struct {
		int64_t left_s, want_s;
		bool shorten;
		const char *log[5];
		enum outcome outcome;
	} cases[] = {
		{ 600, 60, false, { GET_A, GET_A }, OUTCOME_FAILED }, /* would shorten */
		{ 600, 60, true, { TIMEOUT_A, GET_A }, OUTCOME_DONE },
		{ 600, 7200, true, { TIMEOUT_A, GET_A }, OUTCOME_DONE },
		{ 600, 900, false, { GET_A, REFRESH_A, GET_A }, OUTCOME_DONE },
		{ 600, 7200, false, { GET_A, REFRESH_A, CONNECT_A, GET_A },
		    OUTCOME_DONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct world *w = world_new(&(struct world_options){ 0 });
		struct result r = { 0 };

		world_add(w, "ia", SANDBOX_RUNNING, 60);
		for (int n = 0; n < 2; n++)
			world_answer_get(
			    w, "ia", "running", NOW_MS + cases[i].left_s * 1000, KILLS);
		server_reply(w->server, TIMEOUT_A, 204, NULL, "");
		server_reply(w->server, REFRESH_A, 204, NULL, "");
		server_reply(w->server, CONNECT_A, 200, NULL, CREATED);
		fleet_set_left(
		    w->fleet, "ia", cases[i].want_s, cases[i].shorten, on_done, &r);
		world_expect_log(w, 0, cases[i].log, __LINE__);
		wait_for(w, &r, 1);
		assert_int_equal(r.outcome, cases[i].outcome);
		world_free(w);
	}
}

/* ---- create */

static void
a_stand_in_shows_until_it_is_there(void **state)
{
	struct world *w = *state;
	struct fleet_create create = { .ttl_s = 60, .internet = true };
	struct result r = { 0 };
	struct sandbox *s;

	pairs_set(&create.metadata, "name", "web\x1b[31m");
	fleet_create(w->fleet, &create, on_done, &r);
	pairs_clear(&create.metadata);
	assert_int_equal(w->model->count, 1);
	s = w->model->items[0];
	assert_int_equal(s->state, SANDBOX_CREATING);
	assert_string_equal(s->name, "web\\e[31m");
	assert_string_equal(s->template_id, "base");
	world_wait(w, 1);
	assert_string_equal(world_line(w, 0), "POST /v2/sandboxes");
	assert_non_null(strstr(world_body(w, 0), "\"timeout\":60"));
	assert_non_null(strstr(world_body(w, 0), API_MARKER_KEY));
	/* a list without it, and a look at its facts, do not harm it */
	w->fleet->sync.paused_ms = 0;
	world_answer_list(w, "");
	sync_now(w->fleet, true);
	world_wait(w, 2);
	world_settle(w);
	fleet_want_detail(w->fleet, w->model->items[0]->id);
	assert_int_equal(w->model->items[0]->state, SANDBOX_CREATING);

	world_reply_to(w, 0, 201, CREATED);
	wait_for(w, &r, 1);
	assert_int_equal(r.outcome, OUTCOME_DONE);
	assert_string_equal(r.id, "inew");
	assert_int_equal(w->model->count, 1);
	s = w->model->items[0];
	assert_string_equal(s->id, "inew");
	assert_int_equal(s->state, SANDBOX_RUNNING);
	assert_string_equal(s->name, "web\\e[31m");
	assert_int_equal(s->end_ms, NOW_MS + 60000);
	assert_null(pairs_get(&s->metadata, API_MARKER_KEY));
	EXPECT_LOG(w, 2, "GET /sandboxes/inew");
	assert_true(world_has_message(w, "Created inew"));
}

static void
a_create_that_fails_leaves_no_row(void **state)
{
	struct world *w = *state;
	struct result r = { 0 };

	server_reply(w->server, "POST /v2/sandboxes", 400, NULL,
	    "{\"code\":400,\"message\":\"no such template\"}");
	run(w->fleet, 'c', &r);
	assert_int_equal(w->model->count, 1);
	wait_for(w, &r, 1);
	assert_int_equal(r.outcome, OUTCOME_FAILED);
	assert_string_equal(r.id, "");
	assert_int_equal(w->model->count, 0);
	assert_true(world_has_message(w, "no such template"));
	EXPECT_LOG(w, 0, "POST /v2/sandboxes");
}

static void
a_sweep_that_was_faster_is_no_second_row(void **state)
{
	struct world *w = *state;
	struct result r = { 0 };

	run(w->fleet, 'c', &r);
	world_wait(w, 1);
	world_add(w, "inew", SANDBOX_RUNNING, 60);
	world_reply_to(w, 0, 201, CREATED);
	wait_for(w, &r, 1);
	assert_int_equal(w->model->count, 1);
}

/* ---- owners that do as they like */

static void
on_done_again(void *ctx, const char *id, enum outcome outcome, const struct error *err)
{
	struct world *w = ctx;

	(void)err;
	if (outcome == OUTCOME_DONE)
		fleet_kill(w->fleet, id, NULL, NULL);
}

static void
an_owner_may_act_from_its_callback(void **state)
{
	struct world *w = *state;

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	server_reply(w->server, PAUSE_A, 204, NULL, "");
	server_reply(w->server, KILL_A, 204, NULL, "");
	fleet_pause(w->fleet, "ia", on_done_again, w);
	UNTIL(w->loop, model_find(w->model, "ia")->state == SANDBOX_GONE);
	EXPECT_LOG(w, 0, PAUSE_A, KILL_A);
}

/* Back online just when the next one was refused: its end does not start a second one
 * beside what was begun in between. */
static void
on_done_online_again(
    void *ctx, const char *id, enum outcome outcome, const struct error *err)
{
	struct world *w = ctx;

	(void)outcome;
	(void)err;
	w->model->state = COLLECTION_READY;
	fleet_resume(w->fleet, id, 0, NULL, NULL);
	fleet_kill(w->fleet, id, NULL, NULL);
}

static void
a_refusal_does_not_hurry_on_what_waits(void **state)
{
	struct world *w = *state;
	struct result refused = { 0 };

	world_add(w, "ia", SANDBOX_RUNNING, 60);
	fleet_pause(w->fleet, "ia", on_done_online_again, w);
	run(w->fleet, 'k', &refused);
	world_wait(w, 1);
	w->model->state = COLLECTION_FAILED;
	world_reply_to(w, 0, 204, "");
	wait_for(w, &refused, 1);
	assert_int_equal(refused.err.code, ERROR_OFFLINE);
	EXPECT_LOG(w, 0, PAUSE_A, CONNECT_A);
}

static void
a_fleet_goes_with_everything_under_way(void **state)
{
	struct world *w = world_new(&(struct world_options){ .read_only = false });
	static const char *const visible[] = { "ia", "ib" };
	struct result r = { 0 };

	(void)state;
	world_add(w, "ia", SANDBOX_RUNNING, 60);
	world_add(w, "ib", SANDBOX_RUNNING, 60);
	for (const char *a = "prkesc"; *a; a++)
		run(w->fleet, *a, &r);
	fleet_start(w->fleet);
	fleet_set_visible(w->fleet, visible, 2);
	fleet_set_detail(w->fleet, "ib", 900);
	w->model->state = COLLECTION_FAILED;
	run(w->fleet, 'c', &r); /* a refusal that is to be told */
	world_wait(w, 4);
	w->model->state = COLLECTION_FAILED;
	run(w->fleet, 'c', &r);
	world_free(w);
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_outcome_message_and_state),
		cmocka_unit_test(the_row_shows_what_is_under_way),
		WORLD_TEST(one_at_a_time_in_the_order_they_came),
		WORLD_TEST(what_was_learned_meanwhile_is_not_undone),
		cmocka_unit_test(refused_while_offline_read_only_or_being_created),
		WORLD_TEST(what_waits_is_refused_when_its_turn_comes_offline),
		WORLD_TEST(extends_within_the_hour_by_refreshing),
		WORLD_TEST(extends_past_the_hour_without_being_able_to_shorten),
		WORLD_TEST(law_1_extending_wakes_nobody),
		WORLD_TEST(an_end_that_cannot_move_is_said),
		cmocka_unit_test(sets_the_time_left),
		WORLD_TEST(a_stand_in_shows_until_it_is_there),
		WORLD_TEST(a_create_that_fails_leaves_no_row),
		WORLD_TEST(a_sweep_that_was_faster_is_no_second_row),
		WORLD_TEST(an_owner_may_act_from_its_callback),
		WORLD_TEST(a_refusal_does_not_hurry_on_what_waits),
		cmocka_unit_test(a_fleet_goes_with_everything_under_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
