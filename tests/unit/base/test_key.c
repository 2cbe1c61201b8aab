#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/key.h"

static const struct {
	const char *name;
	uint32_t code;
	int mods;
	const char *shown;
} cases[] = {
	{ "a", 'a', 0, "a" },
	{ "A", 'A', 0, "A" },
	{ "S-a", 'A', 0, "A" },
	{ "\xc3\xa9", 0xe9, 0, "\xc3\xa9" },
	{ "^", '^', 0, "^" },
	{ "-", '-', 0, "-" },
	{ "~", '~', 0, "~" },
	{ "^B", 'b', KEY_MOD_CTRL, "^B" },
	{ "^b", 'b', KEY_MOD_CTRL, "^B" },
	{ "C-x", 'x', KEY_MOD_CTRL, "^X" },
	{ "Ctrl-x", 'x', KEY_MOD_CTRL, "^X" },
	{ "C--", '-', KEY_MOD_CTRL, "^-" },
	{ "^^", '^', KEY_MOD_CTRL, "^^" },
	{ "^@", ' ', KEY_MOD_CTRL, "^Space" },
	{ "^Space", ' ', KEY_MOD_CTRL, "^Space" },
	{ "^Up", KEY_UP, KEY_MOD_CTRL, "^Up" },
	{ "Alt-x", 'x', KEY_MOD_ALT, "Alt-x" },
	{ "Alt-X", 'X', KEY_MOD_ALT, "Alt-X" },
	{ "M-1", '1', KEY_MOD_ALT, "Alt-1" },
	{ "Alt-^B", 'b', KEY_MOD_ALT | KEY_MOD_CTRL, "Alt-^B" },
	{ "S-Tab", KEY_TAB, KEY_MOD_SHIFT, "S-Tab" },
	{ "S-Space", ' ', KEY_MOD_SHIFT, "S-Space" },
	{ "C-S-Left", KEY_LEFT, KEY_MOD_SHIFT | KEY_MOD_CTRL, "^S-Left" },
	{ "Alt-^S-PgDn", KEY_PAGE_DOWN, 7, "Alt-^S-PgDn" },
	{ "Alt-^S-Backspace", KEY_BACKSPACE, 7, "Alt-^S-Backspace" },
	{ "Enter", KEY_ENTER, 0, "Enter" },
	{ "tab", KEY_TAB, 0, "Tab" },
	{ "Escape", KEY_ESCAPE, 0, "Esc" },
	{ "PgUp", KEY_PAGE_UP, 0, "PgUp" },
	{ "Delete", KEY_DELETE, 0, "Del" },
	{ "Ins", KEY_INSERT, 0, "Ins" },
	{ "Home", KEY_HOME, 0, "Home" },
	{ "Space", ' ', 0, "Space" },
	{ " ", ' ', 0, "Space" },
	{ "Colon", ':', 0, ":" },
	{ "Semicolon", ';', 0, ";" },
	{ "Equal", '=', 0, "=" },
	{ "=", '=', 0, "=" },
	{ "F1", KEY_F1, 0, "F1" },
	{ "F12", KEY_F12, 0, "F12" },
	{ "S-F5", KEY_F1 + 4, KEY_MOD_SHIFT, "S-F5" },
	{ "F", 'F', 0, "F" },
};

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct key k, again;
		char shown[24];

		assert_true(key_parse(cases[i].name, &k));
		assert_int_equal(k.code, cases[i].code);
		assert_int_equal(k.mods, cases[i].mods);
		key_format(k, shown, sizeof shown);
		assert_string_equal(shown, cases[i].shown);
		assert_true(key_parse(shown, &again));
		assert_true(key_eq(k, again));
	}
}

static void
test_bad_names(void **state)
{
	(void)state;
	static const char *const bad[] = { NULL, "", "ab", "F0", "F13", "F01", "F1x",
		"C-", "Alt-", "^S-", "S-1", "C-S-a", "Hyper-x", "\x1b", "\n", "\xff",
		"\xc3", "\xe2\x80\xae", "Mouse", "None", "Enterr" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct key k = { .code = 4711 };

		assert_false(key_parse(bad[i], &k));
		assert_int_equal(k.code, 4711);
	}
}

static void
test_equality_ignores_the_mouse(void **state)
{
	(void)state;
	struct key a = { .code = KEY_MOUSE, .mouse.row = 1 };
	struct key b = { .code = KEY_MOUSE, .mouse.row = 2 };

	assert_true(key_eq(a, b));
	b.mods = KEY_MOD_ALT;
	assert_false(key_eq(a, b));
}

static void
test_format_stays_within(void **state)
{
	(void)state;
	static const uint32_t codes[] = { KEY_NONE, KEY_MOUSE, KEY_F12, 0x10ffff, 0xd800,
		KEY_MOUSE + 1, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		char shown[16];

		memset(shown, 'x', sizeof shown);
		key_format(
		    (struct key){ .code = codes[i], .mods = 7 }, shown, sizeof shown);
		assert_non_null(memchr(shown, '\0', sizeof shown));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_equality_ignores_the_mouse),
		cmocka_unit_test(test_format_stays_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
