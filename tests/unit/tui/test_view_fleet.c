/*
 * The fleet table: pictures at every size, what it says of the collection, order and
 * identity under a moving fleet, the filter, the mouse, hostile names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_fixture.h"

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/fleet_view.h"
#include "tui/view_fleet.h"

static struct fake *
new_fleet(int rows, int cols)
{
	struct fake *f =
	    fixture_new(&(struct fixture_options){ .rows = rows, .cols = cols });

	fixture_fill(fake_model(f));
	fake_draw(f);
	return f;
}

/* The words of the row that the cursor is on; borrowed. */
static const char *
cursor_row(struct fake *f)
{
	static char row[2048];
	const struct grid *g = fake_grid(f);
	struct buf text;

	fake_draw(f);
	buf_init(&text, sizeof row);
	for (int col = 0; g->cursor.visible && col < g->cols; col++) {
		const struct cell *cell = &g->cells[g->cursor.row * g->cols + col];
		buf_add_char(
		    &text, cell->ch > 0 && cell->ch < 0x7f ? (char)cell->ch : '?');
	}
	str_copy(row, sizeof row, text.data);
	buf_clear(&text);
	return row;
}

static void
expect_cursor(struct fake *f, const char *id)
{
	const char *row = cursor_row(f);

	if (strncmp(row + 2, id, strlen(id)) != 0)
		fail_msg("the cursor is on '%s', expected %s", row, id);
}

/* ---- pictures */

static void
shows_a_fleet_at_every_size(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct fake *f =
		    fixture_new(&(struct fixture_options){ .ascii = ascii == 1 });
		fixture_fill(fake_model(f));
		fake_draw(f);
		assert_pictures(f, "fleet");
		fake_free(f);
	}
}

/* Nothing sheared or overlapping at sizes in between: the header, the hints and the
 * cursor are there. */
static void
works_at_every_size_in_between(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	for (int rows = 12; rows <= 62; rows += 5) {
		for (int cols = 40; cols <= 204; cols += 4) {
			fake_resize(f, rows, cols);
			fake_draw(f);
			assert_true(fake_grid(f)->cursor.visible);
			assert_true(fake_shows(f, "[prod-eu]"));
			assert_true(fake_shows(f, "agent-42"));
			assert_true(fake_shows(f, "? keys"));
		}
	}
	fake_free(f);
}

static void
stacks_graphs_in_portrait(void **state)
{
	struct fake *f = new_fleet(50, 90);
	char *text = fake_text(f, 0);

	(void)state;
	assert_picture("fleet-portrait-90x50", text);
	free(text);
	fake_free(f);
}

/* ---- what is said of the collection */

static void
add_state_picture(struct buf *out, struct fake *f, const char *title)
{
	char *text;

	fixture_changed(f);
	text = fake_text(f, 0);
	buf_addf(out, "== %s\n%s", title, text);
	free(text);
}

static void
fail_collection(struct model *m, enum error_code code, const char *text)
{
	m->state = COLLECTION_FAILED;
	m->since_ms = FAKE_NOW_MS - 95000;
	m->retry_at_ms = code == ERROR_DENIED ? 0 : FAKE_NOW_MS + 8000;
	m->error = (struct error){ .code = code };
	str_copy(m->error.text, sizeof m->error.text, text);
}

static void
says_what_there_is_in_place_of_rows(void **state)
{
	struct fake *f = fixture_new(&(struct fixture_options){ .local = true });
	struct model *m = fake_model(f);
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	add_state_picture(&out, f, "loading");
	fake_advance(f, 2500);
	add_state_picture(&out, f, "still loading after 2.5 s");
	m->state = COLLECTION_READY;
	m->synced_ms = FAKE_NOW_MS;
	add_state_picture(&out, f, "empty, on a local host");
	m->synced_ms = 0;
	fail_collection(m, ERROR_OFFLINE, "cannot connect: connection refused");
	add_state_picture(&out, f, "never connected");
	fail_collection(m, ERROR_DENIED, "401: invalid API key");
	add_state_picture(&out, f, "key refused, nothing known");
	assert_picture("fleet-without-rows", out.data);
	buf_clear(&out);
	fake_free(f);
}

static void
marks_old_data_and_says_why(void **state)
{
	struct fake *f = new_fleet(24, 80);
	struct model *m = fake_model(f);
	struct buf out;

	(void)state;
	buf_init(&out, 1 << 20);
	m->synced_ms = FAKE_NOW_MS - 98000;
	fail_collection(m, ERROR_OFFLINE, "no answer within 15 s");
	add_state_picture(&out, f, "offline, with data");
	fail_collection(m, ERROR_DENIED, "401: invalid API key");
	add_state_picture(&out, f, "key refused, with data");
	m->state = COLLECTION_LOADING;
	m->synced_ms = 0;
	m->loaded = 22;
	m->total_running = 212;
	add_state_picture(&out, f, "loading, the first page is here");
	m->state = COLLECTION_READY;
	m->synced_ms = FAKE_NOW_MS;
	fake_keys(f, "/");
	fake_type(f, "state:running ghost");
	fake_keys(f, "Enter");
	add_state_picture(&out, f, "no match");
	assert_picture("fleet-collection", out.data);
	buf_clear(&out);
	fake_free(f);
}

static void
says_that_it_is_read_only(void **state)
{
	struct fake *f = fixture_new(&(struct fixture_options){ .read_only = true });

	(void)state;
	fixture_fill(fake_model(f));
	fake_draw(f);
	assert_true(fake_shows(f, "read-only"));
	fake_keys(f, "X");
	assert_true(fake_shows(f, "refused: this profile is read-only"));
	assert_false(fake_shows(f, "This cannot be undone"));
	fake_free(f);
}

static void
esc_clears_a_filter_that_matches_nothing(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_keys(f, "/");
	fake_type(f, "ghost");
	fake_keys(f, "Enter");
	assert_true(fake_shows(f, "No sandbox matches: ghost"));
	assert_string_equal(cursor_row(f), "");
	fake_keys(f, "p X"); /* nothing is selected: nothing happens */
	assert_true(fake_shows(f, "no sandbox is selected"));
	fake_keys(f, "Esc");
	assert_true(fake_shows(f, "agent-42"));
	fake_free(f);
}

/* ---- order and identity (law 2) */

static void
set_cpu(struct fake *f, const char *id, float percent)
{
	struct sandbox *s = model_find(fake_model(f), id);

	s->sample.cpu_pct = percent;
	s->sample.ts_s = FAKE_NOW_MS / 1000;
	s->has_sample = true;
	fixture_changed(f);
}

static void
the_cursor_waits_on_top_while_rows_come_in(void **state)
{
	static const struct fixture_row rows[] = {
		{ "imiddle00000000000000", "middle", "base", SANDBOX_RUNNING, 9, 9, 600,
		    5, NULL },
		{ "ifirst000000000000000", "first", "base", SANDBOX_RUNNING, 9, 9, 600, 5,
		    NULL },
		{ "iearly000000000000000", "early", "base", SANDBOX_RUNNING, 9, 9, 600, 5,
		    NULL },
		{ "iagain000000000000000", "again", "base", SANDBOX_RUNNING, 9, 9, 600, 5,
		    NULL },
	};
	struct fake *f = fixture_new(&(struct fixture_options){ .rows = 24, .cols = 80 });

	(void)state;
	fixture_add(fake_model(f), &rows[0]);
	fixture_changed(f);
	expect_cursor(f, "imiddle0");
	fixture_add(fake_model(f), &rows[1]);
	fixture_changed(f);
	expect_cursor(f, "ifirst00"); /* nobody chose yet */
	fake_keys(f, "g");
	fake_advance(f, 2001);
	fixture_add(fake_model(f), &rows[2]);
	fixture_changed(f);
	expect_cursor(f, "ifirst00"); /* chosen: it moves with its row */
	fake_free(f);
	f = fixture_new(&(struct fixture_options){ .rows = 24, .cols = 80 });
	fixture_add(fake_model(f), &rows[0]);
	fake_model(f)->synced_ms = 1;
	fixture_changed(f);
	expect_cursor(f, "imiddle0");
	fake_advance(f, 2001);
	fixture_add(fake_model(f), &rows[3]);
	fixture_changed(f);
	expect_cursor(f, "imiddle0"); /* all had come: it is chosen by standing there */
	fake_free(f);
}

static void
graphs_take_rows_that_nobody_needs(void **state)
{
	struct fleet_places few = fleet_places_of(37, 120, 5);
	struct fleet_places many = fleet_places_of(37, 120, 200);

	(void)state;
	assert_int_equal(many.strip.rows, 9);
	assert_int_equal(few.strip.rows, 16);
	assert_true(few.table.rows >= 5);
	assert_int_equal(fleet_places_of(20, 120, 0).strip.rows, 0);
}

static void
law_2_rows_stand_still_under_a_moving_hand(void **state)
{
	struct fake *f = new_fleet(24, 80);
	static const struct fixture_row late = { "izzzzzzz0000000000000", "aaa-late",
		"base", SANDBOX_RUNNING, 99, 10, 600, 5, NULL };

	(void)state;
	fake_keys(f, "P");	      /* by CPU: the busiest first */
	expect_cursor(f, "ij3k9x0a"); /* where it was, wherever that is now */
	fake_keys(f, "g");
	expect_cursor(f, "itrqigf3");
	assert_true(fake_shows(f, "order held"));
	set_cpu(f, "itrqigf3cbfpq8bn2q4ta", 1);
	fixture_add(fake_model(f), &late);
	fixture_changed(f);
	expect_cursor(f, "itrqigf3");
	assert_int_equal(fake_grid(f)->cursor.row, 3); /* still the first row */
	assert_true(fake_shows(f, "+ 1 new"));
	assert_false(fake_shows(f, "aaa-late"));
	fake_advance(f, 2001);
	assert_true(fake_shows(f, "aaa-late"));
	assert_false(fake_shows(f, "order held"));
	expect_cursor(f, "itrqigf3"); /* it moved with its row */
	assert_true(fake_grid(f)->cursor.row > 10);
	fake_free(f);
}

static void
law_2_a_row_that_goes_stays_until_the_hold_ends(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_keys(f, "j j");
	expect_cursor(f, "iqi87fdh");
	model_remove(fake_model(f), "iqi87fdhjk3e0059sahtx");
	fixture_changed(f);
	assert_true(fake_shows(f, "gone from the list"));
	expect_cursor(f, "iqi87fdh");
	fake_keys(f, "p"); /* acts on what is under the cursor: nothing is left of it */
	assert_true(fake_shows(f, "Cannot pause iqi87fdhjk3e0059sahtx: no such sandbox"));
	fake_advance(f, 2001);
	expect_cursor(f, "ix52dp20"); /* the one that stood below */
	fake_free(f);
}

/* Also when no hand was moving: a finger may be on its way down. */
static void
law_2_a_selected_row_never_slips_away_unseen(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_advance(f, 10000);
	expect_cursor(f, "ij3k9x0a");
	model_remove(fake_model(f), "ij3k9x0abq7m2v5tz8wrc");
	fixture_changed(f);
	expect_cursor(f, "ij3k9x0a");
	assert_true(fake_shows(f, "order held"));
	fake_advance(f, 2001);
	expect_cursor(f, "inv1z494");
	fake_free(f);
}

static void
freezes_until_told_otherwise(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_keys(f, "P g Z");
	fake_advance(f, 60000);
	set_cpu(f, "itrqigf3cbfpq8bn2q4ta", 1);
	assert_true(fake_shows(f, "FROZEN"));
	expect_cursor(f, "itrqigf3");
	assert_int_equal(fake_grid(f)->cursor.row, 3);
	fake_keys(f, "Z");
	expect_cursor(f, "itrqigf3");
	assert_true(fake_grid(f)->cursor.row > 10);
	fake_free(f);
}

/* ---- whatever the list does, the key acts on what was seen under the cursor */

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void
add_random(struct model *m, uint32_t *seed, int number)
{
	char *id = xasprintf("r%07u%04d", next_random(seed) % 10000000, number);
	char *name = xasprintf("n-%u", next_random(seed) % 1000);

	fixture_add(m, &(struct fixture_row){ id, name, "base", SANDBOX_RUNNING,
			   (int)(next_random(seed) % 100), 50, 3600, 60, NULL });
	free(id);
	free(name);
}

static void
disturb(struct model *m, uint32_t *seed, int number)
{
	struct sandbox *s =
	    m->count ? m->items[next_random(seed) % (uint32_t)m->count] : NULL;

	switch (next_random(seed) % 4) {
	case 0:
		add_random(m, seed, number);
		break;
	case 1:
		if (s && m->count > 4 && s->state == SANDBOX_RUNNING)
			model_remove(m, s->id);
		break;
	case 2:
		if (s && s->has_sample)
			s->sample.cpu_pct = (float)(next_random(seed) % 100);
		break;
	default:
		if (s && s->state == SANDBOX_RUNNING && number % 3 == 0)
			s->state = SANDBOX_PAUSED;
		break;
	}
	m->revision++;
}

static int
count_pausing(const struct model *m)
{
	return model_count_state(m, SANDBOX_PAUSING);
}

static void
act_and_check(struct fake *f)
{
	struct model *m = fake_model(f);
	bool several;
	int before = count_pausing(m);
	char id[13];

	/* Seen on the screen, drawn before the disturbance. */
	const struct grid *g = fake_grid(f);
	for (int i = 0; i < 12; i++)
		id[i] = (char)g->cells[g->cursor.row * g->cols + 2 + i].ch;
	id[12] = '\0';
	const struct sandbox *s = model_find_prefix(m, id, &several);
	bool can = s && s->state == SANDBOX_RUNNING;
	fake_keys(f, "p");
	assert_int_equal(count_pausing(m), before + can);
	if (can)
		assert_int_equal(s->state, SANDBOX_PAUSING);
}

static void
law_2_acts_on_what_was_under_the_cursor(void **state)
{
	static const char *const moves[] = { "j", "k", "g", "G", "^D", "^U", "P", "M",
		"I", "Z" };
	uint32_t seed = 20260102;

	(void)state;
	for (int round = 0; round < 12; round++) {
		/* 200 columns: ids stand whole on the screen. */
		struct fake *f =
		    fixture_new(&(struct fixture_options){ .rows = 40, .cols = 200 });
		struct model *m = fake_model(f);
		m->state = COLLECTION_READY;
		m->synced_ms = FAKE_NOW_MS;
		for (int i = 0; i < 20; i++)
			add_random(m, &seed, i);
		fake_draw(f);
		for (int step = 0; step < 60; step++) {
			fake_keys(f, moves[next_random(&seed) % ARRAY_LEN(moves)]);
			fake_advance(f, next_random(&seed) % 3000);
			fake_draw(f);
			disturb(m, &seed, 100 + step); /* the screen does not know yet */
			if (step % 10 == 9)
				act_and_check(f);
		}
		fake_free(f);
	}
}

/* ---- the filter */

static void
filters_while_typing_and_esc_restores(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_keys(f, "/");
	fake_type(f, "crawl");
	for (int i = 0; i < 200 && fake_shows(f, "build-47"); i++)
		loop_turn(fake_loop(f), 20); /* live, 100 ms after the last key */
	assert_false(fake_shows(f, "build-47"));
	assert_true(fake_shows(f, "crawler-45"));
	fake_keys(f, "Enter");
	assert_true(fake_shows(f, "2/21"));
	fake_keys(f, "/");
	fake_type(f, " nothing");
	fake_keys(f, "Esc"); /* as it was before the prompt */
	assert_true(fake_shows(f, "2/21"));
	fake_keys(f, "Esc");
	assert_true(fake_shows(f, "21/21"));
	fake_free(f);
}

static void
keys_are_text_while_the_filter_is_edited(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_keys(f, "/");
	fake_type(f, "pXcq");
	fake_keys(f, "F9 F10 Tab");
	assert_true(fake_shows(f, "/ pXcq"));
	assert_int_equal(count_pausing(fake_model(f)), 1); /* the fixture's own */
	fake_keys(f, "Esc");
	fake_free(f);
}

static void
takes_a_filter_from_the_command_line(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	view_fleet_add_filter(fake_app(f), "state:paused");
	view_fleet_add_filter(fake_app(f), "demo");
	assert_true(fake_shows(f, "/ state:paused demo"));
	assert_true(fake_shows(f, "1/21"));
	fake_free(f);
}

/* ---- sorting and the sparkline */

static void
sorts_by_key_menu_and_header(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_keys(f, "P");
	assert_true(fake_shows(f, "sort:-cpu"));
	fake_keys(f, "I");
	assert_true(fake_shows(f, "sort:cpu"));
	fake_keys(f, "M");
	assert_true(fake_shows(f, "sort:-mem"));
	fake_keys(f, "M");
	assert_true(fake_shows(f, "sort:mem"));
	fake_keys(f, "T");
	assert_true(fake_shows(f, "sort:left"));
	fake_keys(f, ",");
	assert_true(fake_shows(f, "Sort by"));
	fake_advance(f, 1000);
	fake_keys(f, "t");
	assert_true(fake_shows(f, "sort:template"));
	fake_click(f, 2, 4); /* the header of the ids */
	assert_true(fake_shows(f, "sort:id"));
	fake_keys(f, "m");
	assert_true(fake_shows(f, "MEM 60s"));
	assert_true(fake_shows(f, "spark:mem"));
	fake_keys(f, "m m");
	assert_true(fake_shows(f, "CPU 60s"));
	fake_free(f);
}

static void
opens_in_the_order_that_is_set(void **state)
{
	static const struct {
		const char *sort, *shows;
	} cases[] = {
		{ NULL, "sort:name" },
		{ "-cpu", "sort:-cpu" },
		{ "left", "sort:left" },
		{ "nonsense", "sort:name" },
		{ "", "sort:name" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f =
		    fixture_new(&(struct fixture_options){ .sort = cases[i].sort });
		fixture_fill(fake_model(f));
		assert_true(fake_shows(f, cases[i].shows));
		fake_free(f);
	}
}

/* What shows the same number keeps its place: idle rows do not dance. */
static void
orders_percentages_as_they_show(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_keys(f, "P g j");
	expect_cursor(f, "iysc5h0f");
	set_cpu(f, "iysc5h0fuznecqufqg0t5", 78.4f);
	set_cpu(f, "irk50tqwdqcw1tepwp715", 77.6f);
	fake_advance(f, 2001);
	fake_draw(f);
	int row = fake_grid(f)->cursor.row;
	set_cpu(f, "irk50tqwdqcw1tepwp715", 78.4f);
	set_cpu(f, "iysc5h0fuznecqufqg0t5", 77.6f);
	fake_draw(f);
	assert_int_equal(fake_grid(f)->cursor.row, row);
	fake_free(f);
}

/* ---- the mouse */

static void
clicks_select_and_double_clicks_open(void **state)
{
	struct fake *f = new_fleet(24, 80);

	(void)state;
	fake_click(f, 6, 30);
	expect_cursor(f, "ix52dp20");
	fake_advance(f, 1000);
	fake_click(f, 6, 30); /* too late for a double click */
	expect_cursor(f, "ix52dp20");
	assert_false(fake_shows(f, "Fleet > build-53"));
	fake_advance(f, 100);
	fake_click(f, 6, 30);
	assert_true(fake_shows(f, "Fleet > build-53"));
	fake_keys(f, "Esc");
	expect_cursor(f, "ix52dp20");
	fake_click(f, 21, 30); /* the facts row: nothing */
	expect_cursor(f, "ix52dp20");
	fake_free(f);
}

/* ---- paste is never commands (law 3) */

static const char page_of_text[] =
    "X\ny\ny\nXXXX\npppp\nrrrr\nQ\n:kill --yes\n21\n\r\nqqqq\n\x1b[A\x1b[B j k g G\n"
    "E\nt\n=1s\ny\nc\n\x13\n";

static int
count_changed_states(const struct model *m)
{
	int count = 0;

	for (size_t i = 0; i < m->count; i++)
		count += m->items[i]->acted_ms != 0;
	return count;
}

static void
law_3_paste_runs_nothing_anywhere(void **state)
{
	static const char *const surfaces[] = { "j", "/", ",", "X", "t", "c", "Enter",
		":", "?" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(surfaces); i++) {
		struct fake *f = new_fleet(24, 80);
		fake_keys(f, surfaces[i]);
		fake_advance(f, 1000);
		fake_paste(f, page_of_text);
		fake_paste(f, page_of_text);
		fake_draw(f);
		assert_int_equal(count_changed_states(fake_model(f)), 0);
		assert_int_equal(fake_model(f)->count, 22);
		assert_int_equal(app_exit_code(fake_app(f)), 0);
		fake_free(f);
	}
}

/* ---- hostile names (law 4) */

static int
find_state_col(const struct grid *g, int row)
{
	for (int col = 0; col + 2 < g->cols; col++) {
		const struct cell *at = &g->cells[row * g->cols + col];
		if (at[0].ch == 'R' && at[1].ch == 'U' && at[2].ch == 'N')
			return col;
	}
	return -1;
}

static void
law_4_hostile_names_do_not_shear_rows(void **state)
{
	static const int widths[] = { 40, 80, 120, 200 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths) * 2; i++) {
		struct fake *f = fixture_new(&(struct fixture_options){
		    .rows = 50, .cols = widths[i / 2], .ascii = i % 2 == 1 });
		struct model *m = fake_model(f);
		m->state = COLLECTION_READY;
		m->synced_ms = FAKE_NOW_MS;
		int count = 0;
		for (; fixture_hostile[count]; count++) {
			char *id = xasprintf("ihostile%02d", count);
			struct sandbox *s = fixture_add(
			    m, &(struct fixture_row){ id, fixture_hostile[count],
				   fixture_hostile[count], SANDBOX_RUNNING, 50, 50, 600,
				   60, NULL });
			char *clean = text_clean_dup(fixture_hostile[count]);
			pairs_set(&s->metadata, "note", clean);
			free(clean);
			free(id);
		}
		fake_draw(f);
		int col = find_state_col(fake_grid(f), 3);
		assert_true(col > 0);
		for (int row = 3; row < 3 + count; row++)
			assert_int_equal(find_state_col(fake_grid(f), row), col);
		if (i % 2 == 1)
			assert_ascii(f);
		for (int step = 0; step < count; step++)
			fake_keys(f, "j Enter Esc X n");
		fake_free(f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_a_fleet_at_every_size),
		cmocka_unit_test(works_at_every_size_in_between),
		cmocka_unit_test(stacks_graphs_in_portrait),
		cmocka_unit_test(says_what_there_is_in_place_of_rows),
		cmocka_unit_test(marks_old_data_and_says_why),
		cmocka_unit_test(says_that_it_is_read_only),
		cmocka_unit_test(esc_clears_a_filter_that_matches_nothing),
		cmocka_unit_test(the_cursor_waits_on_top_while_rows_come_in),
		cmocka_unit_test(graphs_take_rows_that_nobody_needs),
		cmocka_unit_test(law_2_rows_stand_still_under_a_moving_hand),
		cmocka_unit_test(law_2_a_row_that_goes_stays_until_the_hold_ends),
		cmocka_unit_test(law_2_a_selected_row_never_slips_away_unseen),
		cmocka_unit_test(freezes_until_told_otherwise),
		cmocka_unit_test(law_2_acts_on_what_was_under_the_cursor),
		cmocka_unit_test(filters_while_typing_and_esc_restores),
		cmocka_unit_test(keys_are_text_while_the_filter_is_edited),
		cmocka_unit_test(takes_a_filter_from_the_command_line),
		cmocka_unit_test(sorts_by_key_menu_and_header),
		cmocka_unit_test(opens_in_the_order_that_is_set),
		cmocka_unit_test(orders_percentages_as_they_show),
		cmocka_unit_test(clicks_select_and_double_clicks_open),
		cmocka_unit_test(law_3_paste_runs_nothing_anywhere),
		cmocka_unit_test(law_4_hostile_names_do_not_shear_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
