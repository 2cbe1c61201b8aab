/* Law 4: sandbox output is hostile; a terminal gets text and colours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/terminal_text.h"

static void
check(const char *in, bool color, const char *locale, const char *want)
{
	/* whole, and byte by byte: pieces end anywhere */
	for (size_t piece = strlen(in) ? strlen(in) : 1;; piece = 1) {
		struct terminal_text t;
		struct buf out;

		setenv("LC_ALL", locale, 1);
		buf_init(&out, 65536);
		terminal_text_init(&t, &out, color);
		for (size_t at = 0; at < strlen(in); at += piece)
			terminal_text_feed(&t, in + at, MIN(piece, strlen(in) - at));
		terminal_text_end(&t);
		assert_string_equal(out.data, want);
		terminal_text_clear(&t);
		buf_clear(&out);
		if (piece == 1)
			return;
	}
}

static void
law_4_only_text_and_colours_reach_a_terminal(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain\n\ttext\r\n", "plain\n\ttext\r\n" },
		{ "50%\r60%\b1", "50%\r60%\b1" },
		{ "\033[31mred\033[m", "\033[31mred\033[m\033[0m" },
		{ "\033[1;38;5;9mx", "\033[1;38;5;9mx\033[0m" },
		{ "\033[38:2::1:2:3mx", "\033[38:2::1:2:3mx\033[0m" },
		{ "a\033[2Jb\033[5;5Hc\033[?1049hd", "abcd" },
		{ "a\033]0;title\ab\033]52;c;aGk=\ac", "abc" },
		{ "a\033]8;;http://evil\033\\b", "ab" },
		{ "a\033P1;2|q\033\\b\033_apc\033\\c\033^pm\033\\d", "abcd" },
		{ "a\033cb\033[6nc\033[cd\033Ze", "abcde" },
		{ "\a\v\f\x0e\x0f\x7f", "" },
		{ "\033[>4;1mx\033[?4mx\033[4 mx", "xxx" },
		{ "ü € 漢", "ü € 漢" },
		{ "\xc2\x9b"
		  "31mx",
		    "31mx" },
		{ "\x9b"
		  "31mx",
		    "\xef\xbf\xbd"
		    "31mx" },
		{ "a\xe2\x80\xae"
		  "b",
		    "a<U+202E>b" },
		{ "\xee\x80\x80", "\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(cases[i].in, true, "C.UTF-8", cases[i].out);
}

static void
without_colour_sgr_goes_too(void **state)
{
	(void)state;
	check("\033[31mred\033[m", false, "C.UTF-8", "red");
}

/* A continuation byte alone could be a control character there. */
static void
without_utf8_nothing_beyond_ascii(void **state)
{
	(void)state;
	check("ü\xc2\x85 \xe6\xbc\xa2!", true, "C", "? ?!");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(law_4_only_text_and_colours_reach_a_terminal),
		cmocka_unit_test(without_colour_sgr_goes_too),
		cmocka_unit_test(without_utf8_nothing_beyond_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
