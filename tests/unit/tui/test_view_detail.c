/* One sandbox's graphs and facts: pictures at every size, what keys and fate do. */
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
#include "base/text.h"
#include "fleet/internal.h"
#include "tui/facts.h"
#include "tui/view_detail.h"

static const char agent[] = "ij3k9x0abq7m2v5tz8wrc";

static struct fake *
open_detail(const struct fixture_options *options, const char *id)
{
	struct fake *f = fixture_new(options);

	fixture_fill(fake_model(f));
	fake_draw(f);
	app_push(fake_app(f), &view_detail, id);
	fake_draw(f);
	return f;
}

static void
shows_one_at_every_size(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct fake *f =
		    open_detail(&(struct fixture_options){ .ascii = ascii == 1 }, agent);
		assert_pictures(f, "detail");
		fake_free(f);
	}
}

static void
works_at_every_size_in_between(void **state)
{
	struct fake *f = open_detail(&(struct fixture_options){ 0 }, agent);

	(void)state;
	for (int rows = 12; rows <= 62; rows += 5) {
		for (int cols = 40; cols <= 204; cols += 4) {
			fake_resize(f, rows, cols);
			fake_draw(f);
			assert_true(fake_shows(f, "CPU  46%"));
			assert_true(fake_shows(f, "? keys"));
			fake_keys(f, "Tab");
			assert_true(fake_shows(f, "agent-42"));
			fake_keys(f, "Tab");
		}
	}
	fake_free(f);
}

static void
stacks_in_portrait(void **state)
{
	struct fake *f =
	    open_detail(&(struct fixture_options){ .rows = 50, .cols = 90 }, agent);
	char *text = fake_text(f, 0);

	(void)state;
	assert_picture("detail-portrait-90x50", text);
	free(text);
	fake_free(f);
}

/* ---- states */

static void
add_picture(struct buf *out, const char *title, const char *id, const char *keys)
{
	struct fake *f = open_detail(&(struct fixture_options){ 0 }, id);
	char *text;

	if (keys)
		fake_keys(f, keys);
	text = fake_text(f, 0);
	buf_addf(out, "== %s\n%s", title, text);
	free(text);
	fake_free(f);
}

static void
shows_every_state_honestly(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	add_picture(&out, "paused, with a past", "isiyerzuk4v9avgishgjt", NULL);
	add_picture(&out, "warming up", "i81xbhsmscg3yw38h0nsc", NULL);
	add_picture(&out, "running, no figures", "iv2w1uin20mv1avup3w54", NULL);
	add_picture(&out, "gone", "i18a52dn9z74dptiu47hb", NULL);
	add_picture(&out, "stale, with a gap, 1h", "inv1z494hrqexbqqaedqe", "-");
	add_picture(&out, "one minute, ascii graph", agent, "+ + v v");
	add_picture(&out, "reading mark", agent, "Left Left Left Left Left");
	add_picture(&out, "facts", agent, "Tab");
	assert_picture("detail-states", out.data);
	buf_clear(&out);
}

static void
says_when_it_vanished(void **state)
{
	struct fake *f = open_detail(&(struct fixture_options){ 0 }, agent);

	(void)state;
	model_remove(fake_model(f), agent);
	fixture_changed(f);
	assert_true(fake_shows(f, "agent-42 is gone"));
	fake_keys(f, "p X E t Left Tab + v R j");
	assert_true(fake_shows(f, "agent-42 is gone"));
	fake_keys(f, "Esc");
	assert_true(fake_shows(f, "/ all"));
	fake_free(f);
}

/* ---- keys */

static void
zooms_through_all_spans(void **state)
{
	static const char *const spans[] = { "span 1h", "span 6h", "span 24h",
		"span 24h" };
	static const char *const back[] = { "span 6h", "span 1h", "span 15m", "span 5m",
		"span 1m", "span 1m" };
	struct fake *f = open_detail(&(struct fixture_options){ 0 }, agent);

	(void)state;
	assert_true(fake_shows(f, "span 15m"));
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		fake_keys(f, "-");
		assert_true(fake_shows(f, spans[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(back); i++) {
		fake_keys(f, "+");
		assert_true(fake_shows(f, back[i]) || i == 2);
	}
	fake_free(f);
}

static void
esc_takes_the_reading_mark_first(void **state)
{
	struct fake *f = open_detail(&(struct fixture_options){ 0 }, agent);

	(void)state;
	fake_keys(f, "Left");
	assert_true(fake_shows(f, "at 12:04:4"));
	fake_keys(f, "Esc");
	assert_false(fake_shows(f, "at 12:04:4"));
	assert_true(fake_shows(f, "Fleet > agent-42"));
	fake_keys(f, "Esc");
	assert_false(fake_shows(f, "Fleet > agent-42"));
	fake_free(f);
}

static void
law_2_acts_on_the_one_that_is_open(void **state)
{
	struct fake *f =
	    open_detail(&(struct fixture_options){ 0 }, "irk50tqwdqcw1tepwp715");

	(void)state;
	assert_true(fake_shows(f, "ci-69"));
	fake_keys(f, "p");
	assert_int_equal(
	    model_find(fake_model(f), "irk50tqwdqcw1tepwp715")->state, SANDBOX_PAUSING);
	assert_int_equal(model_find(fake_model(f), agent)->state, SANDBOX_RUNNING);
	fake_free(f);
}

/* What asks the daemon inside is only begun for one that runs and is not due. */
static void
law_1_asks_nothing_inside_one_that_does_not_run(void **state)
{
	static const struct {
		const char *id;
		bool asks;
	} cases[] = {
		{ "isiyerzuk4v9avgishgjt", false }, /* paused */
		{ "i62ngg3y325dgd1xgrnn4", false }, /* its end has passed */
		{ "i18a52dn9z74dptiu47hb", false }, /* gone */
		{ "ihj7u8t266r5j0n8iet2x", false }, /* nobody knows */
		{ "irvqnjbcr6e52n071rjag", false }, /* being paused */
		{ "ij3k9x0abq7m2v5tz8wrc", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = open_detail(&(struct fixture_options){ 0 }, cases[i].id);
		fake_keys(f, "R Tab j k + - v Left Right");
		fake_draw(f);
		assert_int_equal(
		    app_fleet(fake_app(f))->shells_requests != NULL, cases[i].asks);
		fake_free(f);
	}
}

/* ---- the panel's texts */

static void
lists_processes_and_cleans_what_is_long(void **state)
{
	struct shell_info items[] = {
		{ 812, NULL, (char *)(uintptr_t) "python agent.py --run 2f71c0", false,
		    0 },
		{ 411, NULL, (char *)(uintptr_t) "bash -i -l", true,
		    FAKE_NOW_MS - 240000 },
	};
	struct shell_list list = { items, 2 };
	struct facts_shells shells = { .asked = true, .answered = true, .list = &list };
	struct model m;
	struct facts facts;
	struct grid grid;

	(void)state;
	model_init(&m);
	fixture_fill(&m);
	struct sandbox *s = model_find(&m, agent);
	pairs_set(&s->metadata, "a-very-long-key-of-somebody", "and its value");
	facts_fill(&facts, s, "e2b.app", &shells, FAKE_NOW_MS);
	grid_init(&grid, (int)facts.count + 1, 50);
	struct canvas c = canvas_of(&grid, &glyphs_unicode);
	facts_draw(&facts, &c, 0);
	char *text = grid_text(&grid, 0);
	assert_picture("facts-50", text);
	free(text);
	grid_dispose(&grid);
	facts_clear(&facts);
	model_clear(&m);
}

/* A burst, as from a paste that is not marked as one, comes within one turn. */
static void
opens_and_closes_many_times_in_a_turn(void **state)
{
	struct fake *f = open_detail(&(struct fixture_options){ 0 }, agent);

	(void)state;
	for (int i = 0; i < 100; i++) {
		app_screen_events.key(fake_app(f), (struct key){ .code = '1' });
		app_screen_events.key(fake_app(f), (struct key){ .code = KEY_ENTER });
	}
	fake_turn(f);
	assert_true(fake_shows(f, "agent-42"));
	assert_true(fake_shows(f, "CPU  46%"));
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_one_at_every_size),
		cmocka_unit_test(works_at_every_size_in_between),
		cmocka_unit_test(stacks_in_portrait),
		cmocka_unit_test(shows_every_state_honestly),
		cmocka_unit_test(says_when_it_vanished),
		cmocka_unit_test(zooms_through_all_spans),
		cmocka_unit_test(esc_takes_the_reading_mark_first),
		cmocka_unit_test(law_2_acts_on_the_one_that_is_open),
		cmocka_unit_test(law_1_asks_nothing_inside_one_that_does_not_run),
		cmocka_unit_test(lists_processes_and_cleans_what_is_long),
		cmocka_unit_test(opens_and_closes_many_times_in_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
