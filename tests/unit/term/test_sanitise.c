/* The sanitiser alone: what it reports for which bytes, however they are split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "term/sanitise.h"

/* ---- a sink that writes down what it is told */

static void
on_ascii(void *ctx, const char *bytes, size_t len)
{
	buf_add(ctx, bytes, len);
}

static void
on_scalar(void *ctx, uint32_t scalar)
{
	buf_addf(ctx, "<U+%04X>", (unsigned)scalar);
}

static void
on_control(void *ctx, char control)
{
	buf_addf(ctx, "<%d>", control);
}

static void
on_sequence(void *ctx, const struct sequence *seq)
{
	buf_add_str(ctx, seq->csi ? "<CSI" : "<ESC");
	if (seq->leader)
		buf_addf(ctx, " %c", seq->leader);
	for (int i = 0; i < seq->count; i++) {
		buf_add_char(ctx, seq->sub[i] ? ':' : ' ');
		if (seq->params[i] < 0)
			buf_add_char(ctx, '_');
		else
			buf_addf(ctx, "%d", seq->params[i]);
	}
	if (seq->intermediate)
		buf_addf(ctx, " i%c", seq->intermediate);
	buf_addf(ctx, " %c>", seq->final);
}

static void
on_string(void *ctx, enum sanitise_string kind, const char *bytes, size_t len, bool bel)
{
	buf_addf(ctx, "<%s%s ", kind == SANITISE_OSC ? "OSC" : "DCS", bel ? " bel" : "");
	if (len > 64)
		buf_addf(ctx, "(%zu bytes)", len);
	else
		buf_add(ctx, bytes, len);
	buf_add_char(ctx, '>');
}

static const struct sanitise_sink sink = {
	.ascii = on_ascii,
	.scalar = on_scalar,
	.control = on_control,
	.sequence = on_sequence,
	.string = on_string,
};

/* ---- cases */

#define BYTES(s) s, sizeof(s) - 1

static const struct {
	const char *input;
	size_t len;
	const char *want;
} cases[] = {
	{ BYTES("plain text"), "plain text" },
	{ BYTES("a\r\n\tb\b\v\f\a\x0e\x0f"), "a<13><10><9>b<8><11><12><7><14><15>" },
	{ BYTES("a\0b\x7f\x01\x19\x1c"), "ab" },
	{ BYTES("\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"), "<U+00E9><U+65E5><U+1F600>" },
	{ BYTES("\xc2\x80\xc2\x9f\xc2\xa0"), "<U+00A0>" },
	{ BYTES("\x80\xbf\xc0\xc1\xf5\xff"),
	    "<U+FFFD><U+FFFD><U+FFFD><U+FFFD><U+FFFD><U+FFFD>" },
	{ BYTES("\xe6\x97x"), "<U+FFFD>x" },
	{ BYTES("\xe6\x97\xe6\x97\xa5"), "<U+FFFD><U+65E5>" },
	{ BYTES("\xed\xa0\x80"), "<U+FFFD><U+FFFD><U+FFFD>" },
	{ BYTES("\xf4\x90\x80\x80"), "<U+FFFD><U+FFFD><U+FFFD><U+FFFD>" },
	{ BYTES("\xf0\x80\x80\x80"), "<U+FFFD><U+FFFD><U+FFFD><U+FFFD>" },
	{ BYTES("\xef\xbf\xbf\xf4\x8f\xbf\xbf"), "<U+FFFF><U+10FFFF>" },
	{ BYTES("\xe6\033[m"), "<U+FFFD><CSI _ m>" },

	{ BYTES("\033[m\033[0m\033[1;2m"), "<CSI _ m><CSI 0 m><CSI 1 2 m>" },
	{ BYTES("\033[;;m\033[;1m"), "<CSI _ _ _ m><CSI _ 1 m>" },
	{ BYTES("\033[38:2::1:2:3;4:3m"), "<CSI 38:2:_:1:2:3 4:3 m>" },
	{ BYTES("\033[?25h\033[>c\033[=1u"), "<CSI ? 25 h><CSI > _ c><CSI = 1 u>" },
	{ BYTES("\033[2 q\033[!p\033[?1$p"), "<CSI 2 i  q><CSI _ i! p><CSI ? 1 i$ p>" },
	{ BYTES("\033[000123H"), "<CSI 123 H>" },
	{ BYTES("\033[100000;4294967296A"), "<CSI 99999 99999 A>" },
	{ BYTES("\033[??1hx\033[1?hx\033[1 !px\033[ 1px"), "xxxx" },
	{ BYTES("\033[1\0332mx\033[1\x18mx\033[1\x1amx"), "<ESC 2>mxmxmx" },
	{ BYTES("\033[1\r;2Hx"), "<13><CSI 1 2 H>x" },
	{ BYTES("\033[1\xc3\xa9x\033\xff"), "<U+00E9>x<U+FFFD>" },
	{ BYTES("\033[1\x7f;2m"), "<CSI 1 2 m>" },

	{ BYTES("\0337\033(0\033#8\033 F"), "<ESC 7><ESC i( 0><ESC i# 8><ESC i  F>" },
	{ BYTES("\033 #8x\033()0x"), "xx" },
	{ BYTES("\033\033\033c"), "<ESC c>" },
	{ BYTES("\033\\x"), "<ESC \\>x" },

	{ BYTES("\033]0;a b\ax"), "<OSC bel 0;a b>x" },
	{ BYTES("\033]0;a\033\\x"), "<OSC 0;a>x" },
	{ BYTES("\033]\a\033]\033\\"), "<OSC bel ><OSC >" },
	{ BYTES("\033]0;a\r\nb\a"), "<OSC bel 0;ab>" },
	{ BYTES("\033]0;\xe2\x9c\x9cx\a"), "<OSC bel 0;\xe2\x9c\x9cx>" },
	{ BYTES("\033]0;a\033[1mx\a"), "<CSI 1 m>x<7>" },
	{ BYTES("\033]0;a\033\033\\x"), "<ESC \\>x" },
	{ BYTES("\033]0;a\033\r7x"), "<13><ESC 7>x" },
	{ BYTES("\033]0;a\x18x\033]0;b\x1ay"), "xy" },
	{ BYTES("\033]0;a\033\xc3\xa9"), "<U+00E9>" },
	{ BYTES("\033P$qm\033\\x"), "<DCS $qm>x" },
	{ BYTES("\033Pa\ab\033\\x"), "<DCS ab>x" },
	{ BYTES("\033Xa\033\\b\033^c\033\\d\033_e\033\\f\033kg\033\\h"), "bdfh" },
};

static void
feed_split(const char *bytes, size_t len, size_t piece, size_t cut, struct buf *out)
{
	struct sanitise s;

	sanitise_init(&s, &sink, out);
	for (size_t at = 0; at < len;) {
		size_t n = piece ? piece : (at < cut ? cut : len);

		n = MIN(n, len - at);
		sanitise_feed(&s, bytes + at, n);
		at += n;
	}
	sanitise_clear(&s);
}

static void
expect(const char *input, size_t len, size_t piece, size_t cut, const char *want)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	feed_split(input, len, piece, cut, &out);
	assert_string_equal(out.data, want);
	buf_clear(&out);
}

static void
test_cases(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].input, cases[i].len, cases[i].len, 0, cases[i].want);
}

static void
test_cases_split_anywhere(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		expect(cases[i].input, cases[i].len, 1, 0, cases[i].want);
		expect(cases[i].input, cases[i].len, 3, 0, cases[i].want);
		for (size_t cut = 1; cut < cases[i].len; cut++)
			expect(cases[i].input, cases[i].len, 0, cut, cases[i].want);
	}
}

/* Plain runs are looked at eight bytes at a time: every byte at every place of such a
 * word, and runs of every length. */
static void
test_every_byte_ends_a_run_where_it_stands(void **state UNUSED)
{
	for (int c = 0; c < 256; c++)
		for (size_t at = 0; at < 17; at++) {
			char input[18];
			struct buf whole, bytewise;

			memset(input, 'a', sizeof input);
			input[at] = (char)c;
			buf_init(&whole, 4096);
			buf_init(&bytewise, 4096);
			feed_split(input, sizeof input, sizeof input, 0, &whole);
			feed_split(input, sizeof input, 1, 0, &bytewise);
			assert_string_equal(whole.data, bytewise.data);
			assert_true(whole.len >= at);
			buf_clear(&whole);
			buf_clear(&bytewise);
		}
}

/* ---- limits */

static void
add_params(struct buf *b, int count)
{
	buf_add_str(b, "\033[");
	for (int i = 0; i < count; i++)
		buf_add_str(b, i ? ";1" : "1");
	buf_add_char(b, 'm');
}

static int
sequences_reported(const struct buf *input)
{
	struct buf out;
	int count = 0;

	buf_init(&out, 1 << 20);
	feed_split(input->data, input->len, input->len, 0, &out);
	for (size_t i = 0; i < out.len; i++)
		count += out.data[i] == '<';
	buf_clear(&out);
	return count;
}

static void
test_parameters_are_counted(void **state UNUSED)
{
	static const struct {
		int params, reported;
	} limits[] = { { 16, 1 }, { 17, 1 }, { SANITISE_PARAMS_MAX, 1 },
		{ SANITISE_PARAMS_MAX + 1, 0 }, { 5000, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct buf input;

		buf_init(&input, 1 << 20);
		add_params(&input, limits[i].params);
		assert_int_equal(sequences_reported(&input), limits[i].reported);
		buf_clear(&input);
	}
}

static void
expect_string_of(const char *head, size_t len, const char *want)
{
	struct buf input, out;

	buf_init(&input, 4 << 20);
	buf_init(&out, 1 << 20);
	buf_addf(&input, "\033]%s", head);
	while (input.len < len + 2)
		buf_add_char(&input, 'x');
	buf_add_str(&input, "\aend");
	feed_split(input.data, input.len, 1000, 0, &out);
	assert_string_equal(out.data, want);
	buf_clear(&input);
	buf_clear(&out);
}

static void
test_strings_are_limited(void **state UNUSED)
{
	expect_string_of("2;", SANITISE_STRING_MAX, "<OSC bel (4096 bytes)>end");
	expect_string_of("2;", SANITISE_STRING_MAX + 1, "end");
	expect_string_of("52;c;", SANITISE_STRING_MAX + 1, "<OSC bel (4097 bytes)>end");
	expect_string_of("52;c;", SANITISE_CLIPBOARD_MAX, "<OSC bel (1048576 bytes)>end");
	expect_string_of("52;c;", SANITISE_CLIPBOARD_MAX + 1, "end");
	expect_string_of("520;c;", SANITISE_STRING_MAX + 1, "end");
}

/* What a long string took is given back, and one that goes on for ever takes no more. */
static void
test_memory_is_limited(void **state UNUSED)
{
	char piece[4096];
	struct sanitise s;
	struct buf out;

	memset(piece, 'A', sizeof piece);
	buf_init(&out, 1 << 20);
	sanitise_init(&s, &sink, &out);
	sanitise_feed(&s, "\033]52;c;", 7);
	for (int i = 0; i < 1000; i++) {
		sanitise_feed(&s, piece, sizeof piece);
		assert_true(s.text.cap <= 2 * SANITISE_CLIPBOARD_MAX);
	}
	assert_true(s.text.cap <= 2 * SANITISE_STRING_MAX);
	sanitise_feed(&s, "\ax", 2);
	assert_string_equal(out.data, "x");
	sanitise_clear(&s);
	buf_clear(&out);
}

static void
test_reset_forgets_what_is_half_read(void **state UNUSED)
{
	static const char *const halves[] = { "\033", "\033[", "\033[1;2", "\033]2;abc",
		"\033]2;abc\033", "\033Pabc", "\033_abc", "\xe6\x97", "\xf0" };

	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		struct sanitise s;
		struct buf out;

		buf_init(&out, 4096);
		sanitise_init(&s, &sink, &out);
		sanitise_feed(&s, halves[i], strlen(halves[i]));
		sanitise_reset(&s);
		sanitise_feed(&s, "H\a", 2);
		assert_string_equal(out.data, "H<7>");
		sanitise_clear(&s);
		buf_clear(&out);
	}
}

static void
test_cleared_memory_may_be_zero(void **state UNUSED)
{
	struct sanitise s;

	memset(&s, 0, sizeof s);
	sanitise_clear(&s);
	assert_int_equal(s.text.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cases_split_anywhere),
		cmocka_unit_test(test_every_byte_ends_a_run_where_it_stands),
		cmocka_unit_test(test_parameters_are_counted),
		cmocka_unit_test(test_strings_are_limited),
		cmocka_unit_test(test_memory_is_limited),
		cmocka_unit_test(test_reset_forgets_what_is_half_read),
		cmocka_unit_test(test_cleared_memory_may_be_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
