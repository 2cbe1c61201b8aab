/* No key: one screen with the ways to get one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_screen.h"

#include "base/mem.h"
#include "tui/view_explain.h"
#include "tui/view_fleet.h"

static const char *const places[] = { "--profile: not given", "SANDTOP_PROFILE: not set",
	"E2B_API_KEY: not set", "option profile in ~/.config/sandtop/config.ini: not set",
	"~/.e2b/config.json: no such file", "local host: does not run", NULL };

struct rig {
	struct fake *fake;
	struct strlist looked_at;
	struct error why;
};

static void
rig_open(struct rig *r, bool ascii)
{
	*r = (struct rig){ .why = { .code = ERROR_NOT_FOUND,
			       .text = "no API key was found" } };
	for (size_t i = 0; places[i]; i++)
		strlist_add(&r->looked_at, places[i]);
	r->fake = fake_new(&(struct fake_options){ .ascii = ascii });
	app_add_base(fake_app(r->fake), CMD_VIEW_FLEET, &view_fleet);
	app_push(fake_app(r->fake), &view_explain,
	    &(struct explain_arg){ &r->looked_at, &r->why });
	fake_draw(r->fake);
}

static void
rig_close(struct rig *r)
{
	fake_free(r->fake);
	strlist_clear(&r->looked_at);
}

static void
explains_at_every_size(void **state)
{
	(void)state;
	for (int ascii = 0; ascii < 2; ascii++) {
		struct rig r;
		rig_open(&r, ascii == 1);
		assert_pictures(r.fake, "explain");
		rig_close(&r);
	}
}

static void
names_every_place_and_scrolls_to_it(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, false);
	fake_keys(r.fake, "G");
	for (size_t i = 0; places[i]; i++)
		assert_true(fake_shows(r.fake, places[i]));
	assert_true(fake_shows(r.fake, "sandtop doctor"));
	fake_keys(r.fake, "g");
	assert_true(fake_shows(r.fake, "It has no key to use yet"));
	fake_resize(r.fake, 12, 40);
	for (int i = 0; i < 100 && !fake_shows(r.fake, "q quits"); i++)
		fake_keys(r.fake, "j");
	assert_true(fake_shows(r.fake, "q quits"));
	rig_close(&r);
}

static void
says_what_else_went_wrong(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, false);
	r.why = (struct error){ .code = ERROR_INPUT,
		.text = "E2B_DOMAIN is set and E2B_API_KEY is not: \x1b[31mset both" };
	assert_true(fake_shows(r.fake, "E2B_DOMAIN is set and E2B_API_KEY is not"));
	assert_true(fake_shows(r.fake, "\\e[31mset both"));
	rig_close(&r);
}

static void
nothing_here_needs_an_account(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, false);
	fake_keys(r.fake, "1 2 Enter Esc X c p E t s / ,");
	fake_paste(r.fake, "q\nq\nX\ny\n");
	assert_true(fake_shows(r.fake, "No account"));
	assert_true(fake_shows(r.fake, "It has no key to use yet"));
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explains_at_every_size),
		cmocka_unit_test(names_every_place_and_scrolls_to_it),
		cmocka_unit_test(says_what_else_went_wrong),
		cmocka_unit_test(nothing_here_needs_an_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
