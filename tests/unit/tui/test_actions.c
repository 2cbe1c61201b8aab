/*
 * What keys do to sandboxes: the ladder of questions, what is refused and why, the
 * time left. Requests go to a socket that answers nothing or what a test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_fixture.h"

#include "base/compiler.h"
#include "base/mem.h"
#include "fleet/internal.h"
#include "tui/actions.h"
#include "tui/time_left.h"

static const char agent[] = "ij3k9x0abq7m2v5tz8wrc";
static const char paused[] = "isiyerzuk4v9avgishgjt";

static struct fake *
new_rig(int rows, int cols)
{
	struct fake *f =
	    fixture_new(&(struct fixture_options){ .rows = rows, .cols = cols });

	fixture_fill(fake_model(f));
	fake_draw(f);
	return f;
}

static enum sandbox_state
state_of(struct fake *f, const char *id)
{
	return model_find(fake_model(f), id)->state;
}

/* ---- kill (law 3) */

static void
shows_what_would_be_killed(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct fake *f =
		    fixture_new(&(struct fixture_options){ .ascii = ascii == 1 });
		fixture_fill(fake_model(f));
		fake_draw(f);
		fake_keys(f, "X");
		assert_pictures(f, "kill-one");
		fake_free(f);
	}
}

static void
law_3_only_y_kills_one(void **state)
{
	static const struct {
		const char *keys;
		bool kills;
	} cases[] = {
		{ "Enter", false },
		{ "Space", false },
		{ "X", false },
		{ "n", false },
		{ "Esc", false },
		{ "Tab Enter", false },
		{ "Right Enter", false },
		{ "q", false },
		{ "y", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = new_rig(24, 80);
		fake_keys(f, "X");
		fake_advance(f, 1000);
		fake_keys(f, cases[i].keys);
		assert_int_equal(state_of(f, agent),
		    cases[i].kills ? SANDBOX_KILLING : SANDBOX_RUNNING);
		fake_free(f);
	}
}

static void
law_3_a_key_that_comes_too_early_answers_nothing(void **state)
{
	struct fake *f = new_rig(24, 80);

	(void)state;
	fake_keys(f, "X y");
	assert_int_equal(state_of(f, agent), SANDBOX_RUNNING);
	assert_true(fake_shows(f, "This cannot be undone"));
	fake_free(f);
}

static void
law_3_several_are_counted(void **state)
{
	struct fake *f = new_rig(24, 100);

	(void)state;
	app_run(fake_app(f), "kill ij3k9x0a isiyerzu");
	fake_advance(f, 1000);
	assert_true(fake_shows(f, "KILL 2 sandboxes in prod-eu"));
	fake_type(f, "y");
	fake_keys(f, "Enter");
	assert_int_equal(state_of(f, agent), SANDBOX_RUNNING);
	assert_int_equal(state_of(f, paused), SANDBOX_PAUSED);
	fake_free(f);
}

/* The number, Enter, and three seconds in which Esc stops it. */
static void
law_3_counted_kills_wait_for_second_thoughts(void **state)
{
	(void)state;
	for (int stop = 0; stop < 2; stop++) {
		struct fake *f = new_rig(24, 100);
		app_run(fake_app(f), "kill ij3k9x0a isiyerzu");
		fake_advance(f, 1000);
		fake_type(f, "2");
		fake_keys(f, "Enter");
		fake_advance(f, 2900);
		loop_turn(fake_loop(f), 150);
		assert_int_equal(state_of(f, agent), SANDBOX_RUNNING);
		if (stop)
			fake_keys(f, "Esc");
		fake_advance(f, 200);
		for (int i = 0; i < 50 && state_of(f, agent) == SANDBOX_RUNNING; i++)
			loop_turn(fake_loop(f), stop ? 0 : 50);
		assert_int_equal(
		    state_of(f, agent), stop ? SANDBOX_RUNNING : SANDBOX_KILLING);
		assert_int_equal(
		    state_of(f, paused), stop ? SANDBOX_PAUSED : SANDBOX_KILLING);
		fake_free(f);
	}
}

/* A profile may want its own name typed before anything of it is killed. */
static void
law_3_a_protected_profile_wants_its_name(void **state)
{
	struct fake *f =
	    fixture_new(&(struct fixture_options){ .confirm_by_name = true });

	(void)state;
	fixture_fill(fake_model(f));
	fake_draw(f);
	fake_keys(f, "X");
	fake_advance(f, 1000);
	fake_draw(f);
	assert_true(fake_shows(f, "Type prod-eu then Enter to kill"));
	fake_type(f, "y");
	fake_keys(f, "Enter");
	assert_int_equal(state_of(f, agent), SANDBOX_RUNNING);
	assert_false(fake_shows(f, "Type prod-eu"));
	fake_free(f);
}

static void
law_2_a_target_that_goes_meanwhile_is_left_out(void **state)
{
	struct fake *f = new_rig(24, 80);

	(void)state;
	fake_keys(f, "X");
	fake_advance(f, 1000);
	model_remove(fake_model(f), agent);
	fixture_changed(f);
	assert_true(fake_shows(f, "left out: it is gone"));
	fake_keys(f, "y");
	for (size_t i = 0; i < fake_model(f)->count; i++)
		assert_int_equal(fake_model(f)->items[i]->acted_ms, 0);
	fake_free(f);
}

/* ---- what can be done now, and what cannot */

static void
refuses_with_the_reason(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "pause isiyerzu", "Cannot pause demo-65: it is paused already" },
		{ "resume ij3k9x0a", "Cannot resume agent-42: it runs already" },
		{ "kill new-0", "Cannot kill fresh: it is still being created" },
		{ "pause irvqnjbc", "Cannot pause notebook-12: it is being paused" },
		{ "kill i18a52dn", "Cannot kill old-15: it is gone already" },
		{ "kill ix52dp20", "Cannot kill build-53: it is being killed" },
		{ "resume i4834k64", "Cannot resume notebook-97: it is being resumed" },
		{ "kill nobody-here",
		    "Cannot kill nobody-here: no such sandbox, or it is gone" },
		{ "resume isiyerzu --ttl never", "'never' is no time left" },
		{ "kill ij3k9x0a --expect 2", "Nothing killed: 1 named, 2 expected" },
		{ "kill ij3k9x0a --dry-run", "Would kill 1, and killed nothing" },
		{ "pause ij3k9x0a -n", "Would pause 1, and paused nothing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = new_rig(24, 100);
		app_run(fake_app(f), cases[i].line);
		if (!fake_shows(f, cases[i].says))
			fail_msg("'%s' does not say '%s'", cases[i].line, cases[i].says);
		for (size_t j = 0; j < fake_model(f)->count; j++)
			assert_int_equal(fake_model(f)->items[j]->acted_ms, 0);
		fake_free(f);
	}
}

static void
an_ambiguous_prefix_acts_on_nothing(void **state)
{
	struct fake *f = new_rig(24, 100);

	(void)state;
	fixture_add(
	    fake_model(f), &(struct fixture_row){ "ij3k9x0zzzzzzzzzzzzzz", "other",
			       "base", SANDBOX_RUNNING, 1, 1, 60, 60, NULL });
	app_run(fake_app(f), "pause ij3k9x");
	assert_true(fake_shows(f, "several begin like that"));
	assert_int_equal(state_of(f, agent), SANDBOX_RUNNING);
	fake_free(f);
}

static void
pauses_one_at_once_and_asks_for_several(void **state)
{
	struct fake *f = new_rig(24, 100);

	(void)state;
	fake_keys(f, "p");
	assert_int_equal(state_of(f, agent), SANDBOX_PAUSING);
	assert_true(fake_shows(f, "Pausing agent-42"));
	app_run(fake_app(f), "pause irk50tqw iqi87fdh");
	fake_advance(f, 1000);
	assert_true(fake_shows(f, "Pause several sandboxes"));
	assert_int_equal(state_of(f, "irk50tqwdqcw1tepwp715"), SANDBOX_RUNNING);
	fake_keys(f, "y");
	assert_int_equal(state_of(f, "irk50tqwdqcw1tepwp715"), SANDBOX_PAUSING);
	assert_int_equal(state_of(f, "iqi87fdhjk3e0059sahtx"), SANDBOX_PAUSING);
	fake_free(f);
}

static void
resumes_one_at_once_and_says_what_several_cost(void **state)
{
	struct fake *f = new_rig(24, 100);

	(void)state;
	app_run(fake_app(f), "resume isiyerzu");
	assert_int_equal(state_of(f, paused), SANDBOX_RESUMING);
	model_find(fake_model(f), paused)->state = SANDBOX_PAUSED;
	app_run(fake_app(f), "resume isiyerzu i6yx05wn --ttl 1h");
	fake_advance(f, 1000);
	assert_true(fake_shows(f, "costs, for 1h00 from now"));
	fake_keys(f, "n");
	assert_int_equal(state_of(f, "i6yx05wnr0q2cw600j7ci"), SANDBOX_PAUSED);
	fake_free(f);
}

static void
refuses_changes_while_offline(void **state)
{
	static const char *const keys[] = { "p", "r", "X", "E", "t", "c" };
	struct fake *f = new_rig(24, 100);

	(void)state;
	fake_model(f)->state = COLLECTION_FAILED;
	fixture_changed(f);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		fake_keys(f, keys[i]);
		assert_true(fake_shows(f, "refused while offline"));
		assert_int_equal(state_of(f, agent), SANDBOX_RUNNING);
	}
	fake_free(f);
}

/* ---- the time left */

static void
reads_times_left(void **state)
{
	static const struct {
		const char *text;
		bool ok, adds;
		int64_t seconds;
	} cases[] = {
		{ "30m", true, false, 1800 },
		{ "+30m", true, true, 1800 },
		{ "=2h", true, false, 7200 },
		{ " + 1h30m ", true, true, 5400 },
		{ "90", true, false, 90 },
		{ "30d", true, false, 30 * 86400 },
		{ "31d", false, false, 0 },
		{ "0", false, false, 0 },
		{ "+0s", false, false, 0 },
		{ "-5m", false, false, 0 },
		{ "", false, false, 0 },
		{ "+", false, false, 0 },
		{ "soon", false, false, 0 },
		{ "9223372036854775807d", false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct time_left t = { 0 };
		struct error err = { 0 };
		bool ok = time_left_parse(cases[i].text, &t, &err);
		if (ok != cases[i].ok)
			fail_msg("'%s' gave %d", cases[i].text, ok);
		if (!ok) {
			assert_string_not_equal(err.text, "");
			continue;
		}
		assert_int_equal(t.adds, cases[i].adds);
		assert_int_equal(t.seconds, cases[i].seconds);
	}
}

static bool
is_acting(struct fake *f)
{
	return app_fleet(fake_app(f))->actions != NULL;
}

static void
asks_for_the_time_left_and_says_when_that_ends(void **state)
{
	struct fake *f = new_rig(24, 100);

	(void)state;
	fake_keys(f, "t");
	assert_true(fake_shows(f, "agent-42: 42m left, set to:"));
	fake_type(f, "1h");
	assert_true(fake_shows(f, "ends 13:04"));
	assert_false(is_acting(f));
	fake_keys(f, "Enter");
	assert_true(is_acting(f));
	fake_free(f);
}

static void
law_1_shortening_is_asked_for(void **state)
{
	struct fake *f = new_rig(24, 80);

	(void)state;
	fake_keys(f, "t");
	fake_type(f, "=5m");
	assert_true(fake_shows(f, "ends 12:09, EARLIER than 12:46: asks"));
	fake_keys(f, "Enter");
	assert_true(fake_shows(f, "It has 42m left and would have 5m"));
	assert_true(fake_shows(f, "sandtop ttl ij3k9x0abq7m2v5tz8wrc =5m --shorten"));
	assert_false(is_acting(f));
	fake_advance(f, 1000);
	fake_keys(f, "Enter"); /* the button in front is no */
	assert_false(is_acting(f));
	fake_keys(f, "t");
	fake_type(f, "=5m");
	fake_keys(f, "Enter");
	fake_advance(f, 1000);
	fake_keys(f, "y");
	assert_true(is_acting(f));
	fake_free(f);
}

static void
extends_without_a_question(void **state)
{
	struct fake *f = new_rig(24, 100);

	(void)state;
	fake_keys(f, "E");
	assert_true(is_acting(f));
	fake_free(f);
	f = new_rig(24, 100);
	fake_keys(f, "t");
	fake_type(f, "+30m");
	assert_true(fake_shows(f, "ends 13:16"));
	fake_keys(f, "Enter");
	assert_true(is_acting(f));
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_would_be_killed),
		cmocka_unit_test(law_3_only_y_kills_one),
		cmocka_unit_test(law_3_a_key_that_comes_too_early_answers_nothing),
		cmocka_unit_test(law_3_several_are_counted),
		cmocka_unit_test(law_3_counted_kills_wait_for_second_thoughts),
		cmocka_unit_test(law_3_a_protected_profile_wants_its_name),
		cmocka_unit_test(law_2_a_target_that_goes_meanwhile_is_left_out),
		cmocka_unit_test(refuses_with_the_reason),
		cmocka_unit_test(an_ambiguous_prefix_acts_on_nothing),
		cmocka_unit_test(pauses_one_at_once_and_asks_for_several),
		cmocka_unit_test(resumes_one_at_once_and_says_what_several_cost),
		cmocka_unit_test(refuses_changes_while_offline),
		cmocka_unit_test(reads_times_left),
		cmocka_unit_test(asks_for_the_time_left_and_says_when_that_ends),
		cmocka_unit_test(law_1_shortening_is_asked_for),
		cmocka_unit_test(extends_without_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
