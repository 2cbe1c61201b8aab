#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "wire/envelope.h"

/* Feeds `bytes` in pieces of `piece`; what came out is written as text. */
static void
read_all(const char *bytes, size_t len, size_t piece, struct buf *out,
    struct envelope_reader *r)
{
	struct error err = { .code = ERROR_NONE };

	for (size_t at = 0; at < len; at += piece) {
		struct envelope e;

		envelope_feed(r, bytes + at, MIN(piece, len - at));
		while (envelope_next(r, &e, &err)) {
			buf_addf(out, "[%d %zu ", e.flags, e.len);
			buf_add(out, e.payload, e.len);
			buf_add_char(out, ']');
		}
		if (err.code != ERROR_NONE) {
			buf_addf(out, "!%s", err.text);
			return;
		}
	}
}

static void
expect(const char *bytes, size_t len, size_t max, const char *expected, bool complete)
{
	for (size_t piece = 1; piece <= len + 1; piece++) {
		struct envelope_reader r;
		struct buf out;

		buf_init(&out, 1u << 20);
		envelope_reader_init(&r, max);
		read_all(bytes, len, piece, &out, &r);
		assert_non_null(strstr(out.data, expected));
		assert_ptr_equal(strstr(out.data, expected), out.data);
		assert_int_equal(envelope_is_complete(&r), complete);
		envelope_reader_clear(&r);
		buf_clear(&out);
	}
}

#define BYTES(s) s, sizeof(s) - 1

static void
test_messages_come_whole_however_they_are_cut(void **state)
{
	(void)state;
	expect(BYTES("\0\0\0\0\5hello\0\0\0\0\0\1\0\0\0\1z\2\0\0\0\2{}"), 100,
	    "[0 5 hello][0 0 ][1 1 z][2 2 {}]", true);
	expect(BYTES("\2\0\0\0\0"), 100, "[2 0 ]", true);
}

static void
test_a_stream_without_its_end_is_incomplete(void **state)
{
	static const char whole[] = "\0\0\0\0\5hello\2\0\0\0\2{}";

	(void)state;
	for (size_t len = 0; len < sizeof whole - 1; len++)
		expect(whole, len, 100, "", false);
	expect(whole, sizeof whole - 1, 100, "[0 5 hello][2 2 {}]", true);
}

static void
test_broken_streams_are_errors(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *expected;
	} cases[] = {
		{ BYTES("\0\xff\xff\xff\xff"),
		    "!the stream is broken: a message longer" },
		{ BYTES("\0\0\0\1\1"), "!the stream is broken: a message longer" },
		{ BYTES("\4\0\0\0\0"), "!the stream is broken: a message with unknown" },
		{ BYTES("\x80\0\0\0\0"),
		    "!the stream is broken: a message with unknown" },
		{ BYTES("<html>"), "!the stream is broken: a message with unknown" },
		{ BYTES("\2\0\0\0\0\0"), "[2 0 ]!the stream is broken: bytes after" },
		{ BYTES("\0\0\0\0\1a\2\0\0\0\2{}\0\0\0\0\0"),
		    "[0 1 a][2 2 {}]!the stream is broken: bytes after" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].bytes, cases[i].len, 256, cases[i].expected, false);
}

static void
test_a_broken_stream_stays_broken(void **state)
{
	struct envelope_reader r;
	struct envelope e;
	struct error err;

	(void)state;
	envelope_reader_init(&r, 10);
	envelope_feed(&r, BYTES("\0\0\0\0\xffz"));
	assert_false(envelope_next(&r, &e, &err));
	assert_int_equal(err.code, ERROR_REMOTE);
	envelope_feed(&r, BYTES("\2\0\0\0\0"));
	assert_false(envelope_next(&r, &e, &err));
	assert_int_equal(err.code, ERROR_REMOTE);
	assert_false(envelope_next(&r, &e, NULL));
	assert_false(envelope_is_complete(&r));
	envelope_reader_clear(&r);
}

static void
test_the_limit_itself_is_allowed(void **state)
{
	(void)state;
	expect(BYTES("\0\0\0\0\4full\2\0\0\0\2{}"), 4, "[0 4 full][2 2 {}]", true);
	expect(BYTES("\0\0\0\0\5hello"), 4, "!the stream is broken: a message longer",
	    false);
}

static void
test_whole_input_is_not_copied(void **state)
{
	static const char bytes[] = "\0\0\0\0\5hello";
	struct envelope_reader r;
	struct envelope e;

	(void)state;
	envelope_reader_init(&r, 100);
	envelope_feed(&r, bytes, sizeof bytes - 1);
	assert_true(envelope_next(&r, &e, NULL));
	assert_ptr_equal(e.payload, bytes + ENVELOPE_HEADER);
	envelope_reader_clear(&r);
}

static void
test_big_messages_over_many_pieces(void **state)
{
	enum { SIZE = 600 * 1024, PIECE = 1000 };
	struct envelope_reader r;
	struct envelope e;
	struct buf wire;
	size_t seen = 0;

	(void)state;
	buf_init(&wire, 1u << 22);
	for (int i = 0; i < 2; i++) {
		size_t begin = envelope_begin(&wire);

		for (int n = 0; n < SIZE; n++)
			buf_add_char(&wire, (char)('a' + (n + i) % 26));
		envelope_end(&wire, begin, i ? ENVELOPE_END : 0);
	}
	envelope_reader_init(&r, SIZE);
	for (size_t at = 0; at < wire.len; at += PIECE) {
		envelope_feed(&r, wire.data + at, MIN((size_t)PIECE, wire.len - at));
		while (envelope_next(&r, &e, NULL)) {
			assert_int_equal(e.len, SIZE);
			assert_memory_equal(e.payload,
			    wire.data + seen * (SIZE + ENVELOPE_HEADER) + ENVELOPE_HEADER,
			    SIZE);
			seen++;
		}
	}
	assert_int_equal(seen, 2);
	assert_true(envelope_is_complete(&r));
	envelope_reader_clear(&r);
	buf_clear(&wire);
}

static void
test_a_cut_request_tells_how_much_came(void **state)
{
	struct envelope_reader r;
	struct envelope e;
	size_t have = 99, promised = 99;

	(void)state;
	envelope_reader_init(&r, 100);
	assert_false(envelope_is_cut(&r, &have, &promised));
	envelope_feed(&r, BYTES("\0\0\0"));
	assert_false(envelope_next(&r, &e, NULL));
	assert_true(envelope_is_cut(&r, &have, &promised));
	assert_int_equal(have, 0);
	assert_int_equal(promised, 0);
	envelope_feed(&r, BYTES("\0\x20{\"process\""));
	assert_false(envelope_next(&r, &e, NULL));
	assert_true(envelope_is_cut(&r, &have, &promised));
	assert_int_equal(have, 10);
	assert_int_equal(promised, 32);
	envelope_feed(&r, BYTES("0123456789012345678901"));
	assert_true(envelope_next(&r, &e, NULL));
	assert_false(envelope_is_cut(&r, NULL, NULL));
	assert_false(envelope_next(&r, &e, NULL));
	assert_false(envelope_is_cut(&r, NULL, NULL));
	envelope_reader_clear(&r);
}

static void
test_written_envelopes(void **state)
{
	struct buf out;
	size_t begin;

	(void)state;
	buf_init(&out, 1u << 20);
	envelope_add(&out, ENVELOPE_END, "{}", 2);
	envelope_add(&out, 0, NULL, 0);
	begin = envelope_begin(&out);
	for (int i = 0; i < 0x10203; i++)
		buf_add_char(&out, 'x');
	envelope_end(&out, begin, ENVELOPE_COMPRESSED);
	assert_memory_equal(out.data, "\2\0\0\0\2{}\0\0\0\0\0\1\0\1\2\3xxx", 20);
	assert_int_equal(out.len, 7 + 5 + 5 + 0x10203);
	buf_clear(&out);
}

static void
test_a_full_buffer_is_not_written_past(void **state)
{
	struct buf out;
	size_t begin;

	(void)state;
	buf_init(&out, 8);
	begin = envelope_begin(&out);
	buf_add_str(&out, "too long");
	envelope_end(&out, begin, 0);
	assert_true(out.overflow);
	buf_reset(&out);
	buf_add_str(&out, "1234");
	begin = envelope_begin(&out);
	envelope_end(&out, begin, 0);
	envelope_add(&out, 0, "x", 1);
	assert_true(out.overflow);
	assert_string_equal(out.data, "1234");
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_come_whole_however_they_are_cut),
		cmocka_unit_test(test_a_stream_without_its_end_is_incomplete),
		cmocka_unit_test(test_broken_streams_are_errors),
		cmocka_unit_test(test_a_broken_stream_stays_broken),
		cmocka_unit_test(test_the_limit_itself_is_allowed),
		cmocka_unit_test(test_whole_input_is_not_copied),
		cmocka_unit_test(test_big_messages_over_many_pieces),
		cmocka_unit_test(test_a_cut_request_tells_how_much_came),
		cmocka_unit_test(test_written_envelopes),
		cmocka_unit_test(test_a_full_buffer_is_not_written_past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
