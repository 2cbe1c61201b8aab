/* Themes at every tier, colours that are reduced, and what is decided about a terminal. */
#include <setjmp.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "tui/terminal.h"
#include "tui/theme.h"

static const char *const names[] = {
	"terminal",
	"mono",
	"high-contrast",
	"cvd",
	"dark",
	"light",
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_non_null(theme_find(names[i]));
	assert_null(theme_find("nonesuch"));
	assert_null(theme_find(NULL));
	for (int i = 0; i < ROLE_COUNT; i++) {
		assert_non_null(role_name((enum role)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
			    role_name((enum role)i), role_name((enum role)j));
	}
}

/* No tier is given more than it has. */
static void
test_tiers_are_kept(void **state)
{
	static const int most[] = { [TIER_8] = 8, [TIER_16] = 16, [TIER_256] = 256 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (int role = 0; role < ROLE_COUNT; role++)
			for (int tier = TIER_MONO; tier <= TIER_256; tier++) {
				struct style s = theme_style(theme_find(names[i]),
				    (enum role)role, (enum color_tier)tier);
				uint32_t both[] = { s.fg, s.bg };
				for (int k = 0; k < 2; k++) {
					if (both[k] == COLOR_DEFAULT)
						continue;
					assert_int_not_equal(tier, TIER_MONO);
					assert_int_equal(
					    COLOR_KIND(both[k]), COLOR_KIND_INDEXED);
					assert_true(
					    (int)(both[k] & 0xffffff) < most[tier]);
				}
			}
}

/* Without colour, what matters still differs from plain text. */
static void
test_mono_tells_roles_apart(void **state)
{
	static const enum role roles[] = { ROLE_WARN, ROLE_CRIT, ROLE_CURSOR, ROLE_TITLE,
		ROLE_BANNER, ROLE_MATCH, ROLE_FRAME_FOCUS, ROLE_TAB_CURRENT };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t j = 0; j < ARRAY_LEN(roles); j++)
			assert_int_not_equal(
			    theme_style(theme_find(names[i]), roles[j], TIER_MONO).attrs,
			    0);
}

static double
luminance(uint32_t rgb)
{
	double sum = 0;
	static const double weight[] = { 0.2126, 0.7152, 0.0722 };

	for (int i = 0; i < 3; i++) {
		double c = (rgb >> (16 - 8 * i) & 0xff) / 255.0;
		c = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
		sum += weight[i] * c;
	}
	return sum;
}

static double
contrast(uint32_t a, uint32_t b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

/* At least 4.5:1 against the backgrounds a theme is made for; cvd is for both. */
static void
test_contrast(void **state)
{
	static const struct {
		const char *name;
		uint32_t backgrounds[3];
	} cases[] = {
		{ "dark", { 0x000000, 0x1e1e1e, 0x282c34 } },
		{ "light", { 0xffffff, 0xfdf6e3, 0xf5f5f5 } },
		{ "cvd", { 0x000000, 0xffffff, 0xffffff } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int role = 0; role < ROLE_COUNT; role++) {
			struct style s = theme_style(
			    theme_find(cases[i].name), (enum role)role, TIER_RGB);
			for (int k = 0; k < 3; k++) {
				uint32_t bg = COLOR_KIND(s.bg) == COLOR_KIND_RGB
						  ? s.bg & 0xffffff
						  : cases[i].backgrounds[k];
				if (COLOR_KIND(s.fg) != COLOR_KIND_RGB)
					continue;
				if (contrast(s.fg & 0xffffff, bg) < 4.5)
					fail_msg("%s %s on %06x: %.2f", cases[i].name,
					    role_name((enum role)role), bg,
					    contrast(s.fg & 0xffffff, bg));
			}
		}
}

static void
test_reduce(void **state)
{
	static const struct {
		uint32_t from;
		enum color_tier tier;
		uint32_t to;
	} cases[] = {
		{ COLOR_DEFAULT, TIER_256, COLOR_DEFAULT },
		{ COLOR_RGB(1, 2, 3), TIER_RGB, COLOR_RGB(1, 2, 3) },
		{ COLOR_RGB(255, 0, 0), TIER_MONO, COLOR_DEFAULT },
		{ COLOR_RGB(0, 0, 0), TIER_256, COLOR_INDEXED(16) },
		{ COLOR_RGB(255, 255, 255), TIER_256, COLOR_INDEXED(231) },
		{ COLOR_RGB(95, 135, 175), TIER_256, COLOR_INDEXED(67) },
		{ COLOR_RGB(8, 8, 8), TIER_256, COLOR_INDEXED(232) },
		{ COLOR_RGB(255, 0, 0), TIER_16, COLOR_INDEXED(9) },
		{ COLOR_RGB(200, 0, 0), TIER_8, COLOR_INDEXED(1) },
		{ COLOR_RGB(0, 0, 0), TIER_8, COLOR_INDEXED(0) },
		{ COLOR_INDEXED(3), TIER_8, COLOR_INDEXED(3) },
		{ COLOR_INDEXED(11), TIER_8, COLOR_INDEXED(3) },
		{ COLOR_INDEXED(11), TIER_16, COLOR_INDEXED(11) },
		{ COLOR_INDEXED(196), TIER_16, COLOR_INDEXED(9) },
		{ COLOR_INDEXED(196), TIER_256, COLOR_INDEXED(196) },
		{ COLOR_INDEXED(46), TIER_8, COLOR_INDEXED(2) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int twice = 0; twice < 2; twice++) { /* the second from the cache */
			uint32_t to = color_reduce(cases[i].from, cases[i].tier);
			if (to != cases[i].to)
				fail_msg("case %zu: %08x, not %08x", i, to, cases[i].to);
		}
}

/* ---- the terminal */

static void
test_tier_decision(void **state)
{
	static const struct {
		const char *option;
		struct terminal_env env;
		int colors;
		enum color_tier tier;
	} cases[] = {
		{ "auto", { .term = "xterm-256color" }, 256, TIER_256 },
		{ NULL, { .term = "xterm-256color" }, 256, TIER_256 },
		{ "auto", { .term = "vt100" }, -1, TIER_MONO },
		{ "auto", { .term = "linux" }, 8, TIER_8 },
		{ "auto", { .term = "x" }, 16, TIER_16 },
		{ "auto", { .term = "x", .colorterm = "truecolor" }, 256, TIER_RGB },
		{ "auto", { .term = "x", .colorterm = "24bit" }, 256, TIER_RGB },
		{ "auto", { .term = "x", .colorterm = "yes" }, 256, TIER_256 },
		{ "auto", { .term = "x", .no_color = "1" }, 256, TIER_MONO },
		{ "auto", { .term = "x", .no_color = "" }, 256, TIER_256 },
		{ "256", { .term = "x", .no_color = "1" }, 8, TIER_256 },
		{ "never", { .term = "x", .colorterm = "truecolor" }, 256, TIER_MONO },
		{ "16", { .term = "x" }, 256, TIER_16 },
		{ "rgb", { .term = "x" }, 256, TIER_RGB },
		{ "auto", { .term = "x", .force_color = "1" }, -1, TIER_16 },
		{ "auto", { .term = "x", .force_color = "0" }, -1, TIER_MONO },
		{ "auto", { .term = "x", .clicolor_force = "1" }, -1, TIER_16 },
		{ "auto", { .term = "x", .no_color = "1", .force_color = "1" }, -1,
		    TIER_MONO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *why = NULL;
		enum color_tier tier =
		    terminal_tier(cases[i].option, &cases[i].env, cases[i].colors, &why);
		if (tier != cases[i].tier)
			fail_msg("case %zu: tier %d, not %d", i, tier, cases[i].tier);
		assert_non_null(why);
	}
}

static void
test_glyph_decision(void **state)
{
	static const struct {
		const char *option, *term, *codeset;
		bool unicode;
	} cases[] = {
		{ "auto", "xterm", "UTF-8", true },
		{ NULL, "xterm", "utf8", true },
		{ "auto", "xterm", "ANSI_X3.4-1968", false },
		{ "auto", "xterm", "ISO-8859-1", false },
		{ "auto", "linux", "UTF-8", false },
		{ "unicode", "linux", "ANSI_X3.4-1968", true },
		{ "ascii", "xterm", "UTF-8", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct terminal_env env = { .term = cases[i].term,
			.codeset = cases[i].codeset };
		const char *why = NULL;
		assert_int_equal(
		    terminal_unicode(cases[i].option, &env, &why), cases[i].unicode);
		assert_non_null(why);
	}
}

static void
test_refusals(void **state)
{
	static const char *const refused[] = { NULL, "", "dumb", "unknown" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct terminal_env env = { .term = refused[i] };
		assert_false(terminal_check(&env, &err));
		assert_non_null(strstr(err.text, "sandtop ls"));
	}
	assert_true(terminal_check(&(struct terminal_env){ .term = "vt52" }, &err));
}

static void
test_entries(void **state)
{
	const char *out[TERMINAL_ENTRIES];
	struct terminal_env rgb = { .term = "xterm-kitty", .colorterm = "truecolor" };
	struct terminal_env console = { .term = "linux" };

	(void)state;
	assert_int_equal(terminal_entries("auto", &rgb, out), 5);
	assert_string_equal(out[0], "xterm-direct256");
	assert_string_equal(out[1], "xterm-kitty");
	assert_string_equal(out[2], "xterm-256color");
	terminal_entries("256", &rgb, out);
	assert_string_equal(out[0], "xterm-kitty");
	rgb.no_color = "1";
	terminal_entries("auto", &rgb, out);
	assert_string_equal(out[0], "xterm-kitty");
	terminal_entries("auto", &console, out);
	assert_string_equal(out[0], "linux");
	assert_string_equal(out[1], "vt100");
}

/* What `doctor` tells: one line each for terminal, colours and glyphs, with the reason. */
static void
test_describe(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	setenv("TERM", "xterm-256color", 1);
	unsetenv("COLORTERM");
	screen_describe(&out);
	assert_non_null(strstr(out.data, "TERM=xterm-256color"));
	assert_non_null(strstr(out.data, "colours: 256 colours, as terminfo says"));
	assert_non_null(strstr(out.data, "glyphs: "));
	buf_reset(&out);
	setenv("TERM", "nonesuch", 1);
	screen_describe(&out);
	assert_non_null(strstr(out.data, "xterm-256color (stand-in)"));
	buf_reset(&out);
	unsetenv("TERM");
	screen_describe(&out);
	assert_non_null(strstr(out.data, "TERM is not set"));
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_tiers_are_kept),
		cmocka_unit_test(test_mono_tells_roles_apart),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_reduce),
		cmocka_unit_test(test_tier_decision),
		cmocka_unit_test(test_glyph_decision),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_describe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
