/* Editing a line, and how letters find texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "fake_screen.h"
#include "tui/fuzzy.h"
#include "tui/prompt.h"

/* Keys by name; a word in quotes is typed. Returns the last result. */
static enum prompt_result
press(struct prompt *p, const char *keys)
{
	enum prompt_result result = PROMPT_IGNORED;
	struct strlist list = { 0 };

	strlist_split(&list, keys, ' ');
	for (size_t i = 0; i < list.count; i++) {
		const char *at = list.items[i];
		struct key key = { 0 };
		if (*at == '\'') {
			for (at++; *at;) {
				at += utf8_decode(at, strlen(at), &key.code);
				result = prompt_key(p, key);
			}
			continue;
		}
		assert_true(key_parse(at, &key));
		result = prompt_key(p, key);
	}
	strlist_clear(&list);
	return result;
}

/* The line with '|' where the cursor is. */
static char *
with_cursor(const struct prompt *p)
{
	return xasprintf(
	    "%.*s|%s", (int)p->cursor, prompt_text(p), prompt_text(p) + p->cursor);
}

static void
test_editing(void **state)
{
	static const struct {
		const char *start, *keys, *after;
	} cases[] = {
		{ "", "'abc", "abc|" },
		{ "abc", "^A 'x", "x|abc" },
		{ "abc", "Home Right 'x", "ax|bc" },
		{ "abc", "^B ^B 'x", "ax|bc" },
		{ "abc", "Left ^F 'x", "abcx|" },
		{ "abc", "^A ^E 'x", "abcx|" },
		{ "abc", "Backspace", "ab|" },
		{ "abc", "^H ^H", "a|" },
		{ "abc", "Home Backspace", "|abc" },
		{ "abc", "Home Del", "|bc" },
		{ "abc", "Home ^D", "|bc" },
		{ "abc", "Del", "abc|" },
		{ "one two", "^W", "one |" },
		{ "one two  ", "^W", "one |" },
		{ "one two", "^W ^W", "|" },
		{ "one two", "^U", "|" },
		{ "one two", "Alt-b ^K", "one |" },
		{ "one two", "Alt-b ^U ^E ^Y", "twoone |" },
		{ "one two", "^W ^Y ^Y", "one twotwo|" },
		{ "one two", "Alt-b Alt-b 'x", "x|one two" },
		{ "one two", "Home Alt-f 'x", "onex| two" },
		{ "one two", "Home Alt-d", "| two" },
		{ "one two", "Alt-Backspace", "one |" },
		{ "\xc3\xa9\xe6\x97\xa5", "Left Left 'x", "x|\xc3\xa9\xe6\x97\xa5" },
		{ "\xc3\xa9\xe6\x97\xa5", "Backspace", "\xc3\xa9|" },
		{ "e\xcc\x81x", "Left Left", "|e\xcc\x81x" },
		{ "e\xcc\x81", "Backspace", "|" },
		{ "abc", "^Y", "abc|" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prompt p;
		char *after;
		prompt_init(&p, cases[i].start, NULL);
		press(&p, cases[i].keys);
		after = with_cursor(&p);
		if (strcmp(after, cases[i].after) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, after, cases[i].after);
		free(after);
		prompt_clear(&p);
	}
}

static void
test_results(void **state)
{
	static const struct {
		const char *keys;
		enum prompt_result result;
	} cases[] = {
		{ "'x", PROMPT_CHANGED },
		{ "Left", PROMPT_TAKEN },
		{ "Home ^U", PROMPT_TAKEN },
		{ "Enter", PROMPT_DONE },
		{ "Esc", PROMPT_CANCELLED },
		{ "^C", PROMPT_CANCELLED },
		{ "Tab", PROMPT_IGNORED },
		{ "F5", PROMPT_IGNORED },
		{ "PgUp", PROMPT_IGNORED },
		{ "Up", PROMPT_IGNORED },
		{ "^X", PROMPT_IGNORED },
		{ "Alt-x", PROMPT_IGNORED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct prompt p;
		prompt_init(&p, "text", NULL);
		assert_int_equal(press(&p, cases[i].keys), cases[i].result);
		prompt_clear(&p);
	}
}

static void
test_paste_is_cleaned(void **state)
{
	struct prompt p;
	char *big = xmalloc(PROMPT_MAX * 2);

	(void)state;
	prompt_init(&p, NULL, NULL);
	assert_true(prompt_paste(&p, "a\nb\tc\033[31m\x07", 11));
	assert_string_equal(prompt_text(&p), "a b c[31m");
	prompt_set(&p, "");
	assert_true(prompt_paste(&p, "\xff\xe2\x80\xae", 4));
	assert_string_equal(prompt_text(&p), "\xef\xbf\xbd");
	memset(big, 'x', PROMPT_MAX * 2);
	prompt_set(&p, "");
	prompt_paste(&p, big, PROMPT_MAX * 2);
	assert_true(p.text.len < PROMPT_MAX);
	for (int i = 0; i < 20; i++)
		press(&p, "'x");
	assert_true(p.text.len < PROMPT_MAX);
	assert_false(p.text.overflow);
	free(big);
	prompt_clear(&p);
}

static void
test_history(void **state)
{
	struct strlist history = { 0 };
	struct prompt p;

	(void)state;
	prompt_remember(&history, "one");
	prompt_remember(&history, "one");
	prompt_remember(&history, "");
	prompt_remember(&history, "two");
	assert_int_equal(history.count, 2);
	prompt_init(&p, "draft", &history);
	press(&p, "Up");
	assert_string_equal(prompt_text(&p), "two");
	press(&p, "Up Up Up");
	assert_string_equal(prompt_text(&p), "one");
	press(&p, "Down");
	assert_string_equal(prompt_text(&p), "two");
	press(&p, "Down Down");
	assert_string_equal(prompt_text(&p), "draft");
	prompt_clear(&p);
	for (int i = 0; i < 300; i++) {
		char *line = xasprintf("line %d", i);
		prompt_remember(&history, line);
		free(line);
	}
	assert_int_equal(history.count, 100);
	assert_string_equal(history.items[99], "line 299");
	strlist_clear(&history);
}

static void
test_drawing(void **state)
{
	static const struct {
		const char *text, *keys;
		bool masked;
		const char *row;
	} cases[] = {
		{ "abc", NULL, false, "abc^   |\n" },
		{ "abcdef", NULL, false, "bcdef^ |\n" },
		{ "abcdefgh", "Home", false, "^abcdef|\n" },
		{ "日本語x", NULL, false, "本語x^ |\n" },
		{ "abc", NULL, true, "***^   |\n" },
		{ "abcdefgh", NULL, true, "*****^ |\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct grid g;
		struct prompt p;
		char *text;
		grid_init(&g, 1, 6);
		struct canvas c =
		    canvas_of(&g, cases[i].masked ? &glyphs_ascii : &glyphs_unicode);
		prompt_init(&p, cases[i].text, NULL);
		p.masked = cases[i].masked;
		if (cases[i].keys)
			press(&p, cases[i].keys);
		prompt_draw(&p, &c, 0, 0, 6, ROLE_TEXT, true);
		text = grid_text(&g, 0);
		assert_string_equal(text, cases[i].row);
		free(text);
		prompt_clear(&p);
		grid_dispose(&g);
	}
}

/* ---- fuzzy */

static void
test_fuzzy_fits(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} cases[] = {
		{ "", "anything", true },
		{ "pau", "pause", true },
		{ "pse", "pause", true },
		{ "esp", "pause", false },
		{ "PAU", "pause", false },
		{ "pau", "PAUSE", true },
		{ "sort cpu", "sort-cpu", true },
		{ "cpu sort", "sort-cpu", true },
		{ "cpu zzz", "sort-cpu", false },
		{ "x", "", false },
		{ "  ", "a", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if ((fuzzy_score(cases[i].pattern, cases[i].text, NULL) >= 0) !=
		    cases[i].fits)
			fail_msg("case %zu", i);
}

/* The first text of each line fits better than the second. */
static void
test_fuzzy_order(void **state)
{
	static const struct {
		const char *pattern, *better, *worse;
	} cases[] = {
		{ "pa", "pause", "spark-next" },
		{ "sc", "sort-cpu", "pane-scroll" },
		{ "res", "resume", "refresh" },
		{ "kill", "kill", "kill-everything-that-is-old" },
		{ "cpu", "sort-cpu", "copy-url" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(fuzzy_score(cases[i].pattern, cases[i].better, NULL) >
			    fuzzy_score(cases[i].pattern, cases[i].worse, NULL));
}

static void
test_fuzzy_mask(void **state)
{
	uint64_t mask;
	char *text = xmalloc(10001);

	(void)state;
	fuzzy_score("sc", "sort-cpu", &mask);
	assert_int_equal(mask, 1 | 1 << 5);
	memset(text, 'a', 10000);
	text[10000] = '\0';
	assert_true(fuzzy_score("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			text, &mask) > 0);
	free(text);
}

static void
test_fuzzy_contains(void **state)
{
	(void)state;
	assert_true(fuzzy_contains("", "x"));
	assert_true(fuzzy_contains("paus", "Pause sandboxes"));
	assert_true(fuzzy_contains("BOX pau", "Pause sandboxes"));
	assert_false(fuzzy_contains("psb", "Pause sandboxes"));
	assert_false(fuzzy_contains("pause x y", "Pause sandboxes"));
	assert_false(fuzzy_contains("sandboxes!", "Pause sandboxes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_editing),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_paste_is_cleaned),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_fuzzy_fits),
		cmocka_unit_test(test_fuzzy_order),
		cmocka_unit_test(test_fuzzy_mask),
		cmocka_unit_test(test_fuzzy_contains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
