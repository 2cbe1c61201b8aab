#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"

#define FFFD "\xef\xbf\xbd"
#define ELLIPSIS "\xe2\x80\xa6"
#define HAN "\xe4\xb8\xad"	/* 2 columns */
#define ACUTE "\xcc\x81"	/* combining */
#define GRIN "\xf0\x9f\x98\x80" /* 2 columns */

static void
test_every_scalar_round_trips(void **state)
{
	(void)state;
	for (uint32_t scalar = 0; scalar <= 0x10ffff; scalar++) {
		bool surrogate = scalar >= 0xd800 && scalar <= 0xdfff;
		char bytes[4];
		uint32_t back;
		size_t len = utf8_encode(scalar, bytes);

		if (utf8_decode(bytes, len, &back) != len ||
		    back != (surrogate ? 0xfffd : scalar) || !utf8_is_valid(bytes, len))
			fail_msg("U+%04X", scalar);
	}

	char bytes[4];

	assert_int_equal(utf8_encode(0x110000, bytes), 3);
	assert_memory_equal(bytes, FFFD, 3);
}

/* The bytes of one bad sequence that are replaced together. */
static void
test_maximal_subparts(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t used;
	} cases[] = {
		{ "\x80", 1 },
		{ "\xbf\xbf", 1 },
		{ "\xc0\xaf", 1 },
		{ "\xc1\x81", 1 },
		{ "\xc3", 1 },
		{ "\xc3(", 1 },
		{ "\xe0\x80\xaf", 1 },
		{ "\xe2\x82", 2 },
		{ "\xe2\x82(", 2 },
		{ "\xe2(", 1 },
		{ "\xed\xa0\x80", 1 },
		{ "\xf0\x80\x80\xaf", 1 },
		{ "\xf0\x9f\x98", 3 },
		{ "\xf0\x9f\x98(", 3 },
		{ "\xf4\x90\x80\x80", 1 },
		{ "\xf5\x80\x80\x80", 1 },
		{ "\xff", 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].bytes);
		char *exact = xmemdup(cases[i].bytes, len);
		uint32_t scalar;

		assert_int_equal(utf8_decode(exact, len, &scalar), cases[i].used);
		assert_int_equal(scalar, 0xfffd);
		assert_false(utf8_is_valid(exact, len));
		free(exact);
	}
}

static void
test_valid(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("plain ascii text" HAN "\n" GRIN, 24));
	assert_true(utf8_is_valid(FFFD, 3));
	assert_false(utf8_is_valid("plain ascii text" HAN, 18));
	assert_false(utf8_is_valid("plain ascii text\x80 and more", 26));
}

static void
test_widths(void **state)
{
	(void)state;
	static const struct {
		uint32_t scalar;
		int width;
		bool unsafe;
	} cases[] = {
		{ 0, 0, true },
		{ '\n', 0, true },
		{ 0x1b, 0, true },
		{ ' ', 1, false },
		{ '~', 1, false },
		{ 0x7f, 0, true },
		{ 0x85, 0, true },
		{ 0x9f, 0, true },
		{ 0xa0, 1, false },
		{ 0xad, 1, false },
		{ 0xe9, 1, false },
		{ 0x301, 0, false },
		{ 0x3b1, 1, false },
		{ 0x1100, 2, false },
		{ 0x1161, 0, false },
		{ 0x200b, 0, false },
		{ 0x200d, 0, false },
		{ 0x200e, 0, true },
		{ 0x2014, 1, false },
		{ 0x2026, 1, false },
		{ 0x2028, 0, true },
		{ 0x202e, 0, true },
		{ 0x2067, 0, true },
		{ 0x231a, 2, false },
		{ 0x2500, 1, false },
		{ 0x2588, 1, false },
		{ 0x28ff, 1, false },
		{ 0x3042, 2, false },
		{ 0x4e2d, 2, false },
		{ 0xac00, 2, false },
		{ 0xd800, 1, true },
		{ 0xe0b0, 1, true },
		{ 0xfe0f, 0, false },
		{ 0xff21, 2, false },
		{ 0xff71, 1, false },
		{ 0xfffd, 1, false },
		{ 0xffff, 1, true },
		{ 0x1f1e6, 1, false },
		{ 0x1f600, 2, false },
		{ 0x1f680, 2, false },
		{ 0x1fae8, 2, false }, /* younger than the table */
		{ 0x20000, 2, false },
		{ 0x323af, 2, false }, /* younger too */
		{ 0x50000, 1, true },
		{ 0xf0000, 1, true },
		{ 0x10ffff, 1, true },
		{ 0x110000, 1, true },
		{ UINT32_MAX, 1, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (scalar_width(cases[i].scalar) != cases[i].width ||
		    scalar_is_unsafe(cases[i].scalar) != cases[i].unsafe)
			fail_msg("U+%04X", cases[i].scalar);
	}
}

static void
test_clean(void **state)
{
	(void)state;
	static const struct {
		const char *raw, *clean;
	} cases[] = {
		{ "", "" },
		{ "plain \\ text ~", "plain \\ text ~" },
		{ "\x1b[31mred\x1b]0;t\a", "\\e[31mred\\e]0;t\\a" },
		{ "a\tb\r\nc", "a\\tb\\r\\nc" },
		{ "\x01\x1f\x7f", "\\x01\\x1f\\x7f" },
		{ "\xc2\x9b"
		  "1m",
		    "\\x9b1m" },
		{ "\x9b"
		  "1m",
		    FFFD "1m" },
		{ "a\xe2\x80\xae"
		  "b",
		    "a<U+202E>b" },
		{ "\xe2\x81\xa6", "<U+2066>" },
		{ "\xe2\x80\xa8", "<U+2028>" },
		{ "\xee\x82\xb0", FFFD },	    /* private use */
		{ "\xef\xbf\xbf", FFFD },	    /* noncharacter */
		{ "\xed\xa0\x80", FFFD FFFD FFFD }, /* surrogate */
		{ "\xe2\x82x", FFFD "x" },
		{ HAN GRIN "e" ACUTE, HAN GRIN "e" ACUTE },
		{ "sixteen letters!\nand so on", "sixteen letters!\\nand so on" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *clean = text_clean_dup(cases[i].raw), *twice;

		assert_string_equal(clean, cases[i].clean);
		twice = text_clean_dup(clean);
		assert_string_equal(twice, clean);
		free(clean);
		free(twice);
	}
	assert_null(text_clean_dup(NULL));
}

/* Each byte at each place of an eight-byte step, beside its neighbours. */
static void
test_clean_finds_every_control_byte(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < 24; at++) {
			bool plain = byte >= 0x20 && byte < 0x7f;
			char raw[24];
			struct buf out;

			memset(raw, at % 2 ? ' ' : '~', sizeof raw);
			raw[at] = (char)byte;
			buf_init(&out, 100);
			text_clean(&out, raw, sizeof raw);
			assert_int_equal(out.len == sizeof raw, plain);
			if (plain)
				assert_memory_equal(out.data, raw, sizeof raw);
			buf_clear(&out);
		}
	}
}

/* Whatever comes in, what goes out can be shown. */
static void
test_clean_output_is_safe(void **state)
{
	(void)state;
	unsigned random = 7;

	for (int round = 0; round < 2000; round++) {
		char raw[64];
		struct buf out;
		uint32_t scalar;

		for (size_t i = 0; i < sizeof raw; i++) {
			random = random * 1664525u + 1013904223u;
			raw[i] = (char)(random >> 24 | (random >> 20 & 0x80));
		}
		buf_init(&out, 10000);
		text_clean(&out, raw, sizeof raw);
		assert_true(utf8_is_valid(out.data, out.len));
		for (size_t i = 0; i < out.len;) {
			i += utf8_decode(out.data + i, out.len - i, &scalar);
			assert_false(scalar_is_unsafe(scalar));
		}
		buf_clear(&out);
	}
}

static void
test_clean_respects_the_limit(void **state)
{
	(void)state;
	struct buf out;

	buf_init(&out, 4);
	text_clean(&out,
	    "ab\x1b\x1b"
	    "c",
	    5);
	assert_true(out.overflow);
	assert_string_equal(out.data, "ab\\e");
	buf_clear(&out);
}

static void
test_width_and_fit(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int cols, width;
		size_t fit;
	} cases[] = {
		{ "", 5, 0, 0 },
		{ "abc", 2, 3, 2 },
		{ "abc", 3, 3, 3 },
		{ "abc", 0, 3, 0 },
		{ "abc", -1, 3, 0 },
		{ HAN HAN, 3, 4, 3 },
		{ HAN HAN, 4, 4, 6 },
		{ "e" ACUTE "x", 1, 2, 3 },
		{ GRIN "z", 2, 3, 4 },
		{ "long enough for a step" HAN, 23, 24, 22 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(text_width(cases[i].text), cases[i].width);
		assert_int_equal(text_fit(cases[i].text, cases[i].cols), cases[i].fit);
	}
}

static void
test_cut(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int cols;
		const char *ascii, *unicode;
	} cases[] = {
		{ "abcdef", 6, "abcdef", "abcdef" },
		{ "abcdef", 4, "abc~", "abc" ELLIPSIS },
		{ "abcdef", 1, "~", ELLIPSIS },
		{ "abcdef", 0, "", "" },
		{ "abcdef", -3, "", "" },
		{ "", 0, "", "" },
		{ HAN HAN, 3, HAN "~", HAN ELLIPSIS },
		{ HAN HAN, 2, "~", ELLIPSIS },
		{ "e" ACUTE "bc", 2, "e" ACUTE "~", "e" ACUTE ELLIPSIS },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *ascii = text_cut(cases[i].text, cases[i].cols, true);
		char *unicode = text_cut(cases[i].text, cases[i].cols, false);

		assert_string_equal(ascii, cases[i].ascii);
		assert_string_equal(unicode, cases[i].unicode);
		assert_true(text_width(ascii) <= MAX(cases[i].cols, 0));
		free(ascii);
		free(unicode);
	}
}

static void
test_size_format(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 812, "812" },
		{ 1023, "1023" },
		{ 1024, "1K" },
		{ 1100, "1.1K" },
		{ 1536, "1.5K" },
		{ 10188, "9.9K" },
		{ 10189, "10K" },
		{ 118 * UINT64_C(1048576), "118M" },
		{ 1048575, "1M" },
		{ 1023 * UINT64_C(1024) + 511, "1023K" },
		{ 1023 * UINT64_C(1024) + 512, "1M" },
		{ UINT64_C(1610612736), "1.5G" },
		{ UINT64_C(2147483648), "2G" },
		{ UINT64_C(1) << 40, "1T" },
		{ UINT64_C(1) << 60, "1E" },
		{ UINT64_MAX, "16E" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[16];

		size_format(cases[i].bytes, text, sizeof text);
		assert_string_equal(text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_scalar_round_trips),
		cmocka_unit_test(test_maximal_subparts),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_finds_every_control_byte),
		cmocka_unit_test(test_clean_output_is_safe),
		cmocka_unit_test(test_clean_respects_the_limit),
		cmocka_unit_test(test_width_and_fit),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_size_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
