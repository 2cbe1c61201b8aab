/* The create form: pictures, what it accepts, what it makes, what it never shows. */
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
#include "tui/create.h"

static struct fake *
open_form(const struct fixture_options *options, const char *line)
{
	struct fake *f = fixture_new(options);

	fixture_fill(fake_model(f));
	fake_draw(f);
	app_run(fake_app(f), line);
	fake_advance(f, 1000);
	fake_draw(f);
	return f;
}

static const struct sandbox *
stand_in(struct fake *f)
{
	const struct model *m = fake_model(f);

	for (size_t i = 0; i < m->count; i++)
		if (m->items[i]->state == SANDBOX_CREATING &&
		    !str_eq(m->items[i]->name, "fresh"))
			return m->items[i];
	return NULL;
}

static void
shows_the_form_at_every_size(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct fake *f =
		    open_form(&(struct fixture_options){ .ascii = ascii == 1 }, "create");
		assert_pictures(f, "create");
		fake_free(f);
	}
}

static void
shows_its_defaults(void **state)
{
	struct fake *f = open_form(&(struct fixture_options){ 0 }, "create");

	(void)state;
	assert_true(fake_shows(f, "sandtop create base --ttl 15m --shell"));
	assert_true(fake_shows(f, "ends 12:19"));
	fake_free(f);
}

static void
takes_what_the_line_says(void **state)
{
	struct fake *f = open_form(&(struct fixture_options){ .rows = 60, .cols = 200 },
	    "create py312 --ttl 1h --name n1 --on-timeout pause --no-internet "
	    "-m user=ana -m 'note=two words' -e TOKEN=s3cret");

	(void)state;
	assert_true(fake_shows(
	    f, "create py312 --ttl 1h --name n1 --on-timeout pause --no-internet"));
	assert_true(fake_shows(f, "2 set"));
	assert_false(fake_shows(f, "s3cret")); /* masked: another field has the focus */
	fake_free(f);
}

static void
makes_what_was_filled_in(void **state)
{
	struct fake *f = open_form(&(struct fixture_options){ 0 }, "create");

	(void)state;
	fake_keys(f, "Tab");
	fake_type(f, "agent-43");
	fake_keys(f, "Tab ^U");
	fake_type(f, "2h");
	fake_keys(f, "^S");
	assert_true(fake_shows(f, "Creating agent-43 from base"));
	assert_false(fake_shows(f, "New sandbox"));
	const struct sandbox *s = stand_in(f);
	assert_non_null(s);
	assert_string_equal(s->name, "agent-43");
	assert_string_equal(s->template_id, "base");
	fake_free(f);
}

static void
refuses_what_makes_no_sense(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "create --ttl 0", "more than 0, at most 30d" },
		{ "create --ttl soon", "write 45s, 30m, 2h or 1d" },
		{ "create --ttl 99999999999999999999d", "write 45s, 30m, 2h or 1d" },
		{ "create -e novalue", "is no KEY=VALUE" },
		{ "create -e =x", "is no KEY=VALUE" },
		{ "create -m a=1 -m a=2", "a stands there twice" },
		{ "create ''", "a name or an id" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake *f = open_form(
		    &(struct fixture_options){ .rows = 40, .cols = 160 }, cases[i].line);
		fake_keys(f, "^S");
		if (!fake_shows(f, cases[i].says))
			fail_msg("'%s' does not say '%s'", cases[i].line, cases[i].says);
		assert_true(fake_shows(f, "New sandbox"));
		assert_null(stand_in(f));
		fake_free(f);
	}
}

static void
asks_before_an_edited_form_goes(void **state)
{
	struct fake *f = open_form(&(struct fixture_options){ 0 }, "create");

	(void)state;
	fake_keys(f, "Tab");
	fake_type(f, "x");
	fake_keys(f, "Esc");
	assert_true(fake_shows(f, "is lost"));
	fake_advance(f, 1000);
	fake_keys(f, "n");
	assert_true(fake_shows(f, "New sandbox"));
	fake_keys(f, "Esc");
	fake_advance(f, 1000);
	fake_keys(f, "y");
	assert_false(fake_shows(f, "New sandbox"));
	assert_null(stand_in(f));
	fake_free(f);
}

static void
offers_templates_in_use(void **state)
{
	struct fake *f = open_form(&(struct fixture_options){ 0 }, "create");

	(void)state;
	fake_keys(f, "Down");
	assert_true(fake_shows(f, "sandtop create py312"));
	fake_keys(f, "Up Up");
	assert_false(fake_shows(f, "sandtop create py312"));
	fake_free(f);
}

static void
reads_pairs_as_a_person_writes_them(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		size_t count;
		const char *key, *value;
	} cases[] = {
		{ "", true, 0, NULL, NULL },
		{ "   ", true, 0, NULL, NULL },
		{ "a=1", true, 1, "a", "1" },
		{ "a=1 b=2  c=3", true, 3, "c", "3" },
		{ "note='two words'", true, 1, "note", "two words" },
		{ "note=\"it's\"", true, 1, "note", "it's" },
		{ "a=b=c", true, 1, "a", "b=c" },
		{ "a=", true, 1, "a", "" },
		{ "'a b'=c", true, 1, "a b", "c" },
		{ "a", false, 0, NULL, NULL },
		{ "=1", false, 0, NULL, NULL },
		{ "a=1 a=2", false, 0, NULL, NULL },
		{ "a='open", false, 0, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pairs pairs = { 0 };
		struct error err = { 0 };
		bool ok = create_parse_pairs(cases[i].text, &pairs, &err);
		if (ok != cases[i].ok)
			fail_msg("'%s' gave %d", cases[i].text, ok);
		assert_int_equal(err.code != ERROR_NONE, !ok);
		if (ok)
			assert_int_equal(pairs.count, cases[i].count);
		if (cases[i].key)
			assert_string_equal(
			    pairs_get(&pairs, cases[i].key), cases[i].value);
		pairs_clear(&pairs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_form_at_every_size),
		cmocka_unit_test(shows_its_defaults),
		cmocka_unit_test(takes_what_the_line_says),
		cmocka_unit_test(makes_what_was_filled_in),
		cmocka_unit_test(refuses_what_makes_no_sense),
		cmocka_unit_test(asks_before_an_edited_form_goes),
		cmocka_unit_test(offers_templates_in_use),
		cmocka_unit_test(reads_pairs_as_a_person_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
