/* Forms in pieces of every length, and what is no form. Signatures and file types too: the
 * parts of /files that need no sandbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/str.h"
#include "host/file_type.h"
#include "host/multipart.h"
#include "host/signature.h"

#define FILE_HEAD "Content-Disposition: form-data; name=\"file\"; filename="

static const struct {
	const char *type, *body, *events;
} forms[] = {
	{ "multipart/form-data; boundary=B",
	    "--B\r\n" FILE_HEAD "\"a/b.txt\"\r\nContent-Type: x\r\n\r\none\r\n--B\r\n"
	    "content-disposition:form-data; name=other\r\n\r\n2\r\n--B--\r\n",
	    "part file a/b.txt|one|end|part other -|2|end|over" },
	{ "multipart/form-data; boundary=\"a b\"",
	    "preamble\r\n--a b\r\n" FILE_HEAD "x\r\n\r\n\r\n--a b--",
	    "part file x|end|over" },
	{ "multipart/form-data;boundary=B",
	    "--B\r\n" FILE_HEAD
	    "\"C:\\dir\\\\q\\\"\xc3\xbc\"\r\n\r\n\r\n-\r\n--\r\n--C\r\n"
	    "--B--ignored",
	    "part file C:\\dir\\q\"\xc3\xbc|\r\n-\r\n--\r\n--C|end|over" },
	{ "multipart/form-data; boundary=B", "--B\r\n\r\nx\r\n--B--",
	    "part - -|x|end|over" },
	{ "multipart/form-data; boundary=B", "--B--", "over" },
	{ "multipart/form-data; boundary=B", "nothing of the kind", "" },
	{ "multipart/form-data; boundary=B", "--B\r\nName: x\r\n", "" },
};

static void
describe(struct multipart *m, enum multipart_event event, struct buf *out, bool *data)
{
	bool goes_on = *data && event == MULTIPART_DATA;

	if (event == MULTIPART_MORE)
		return;
	if (out->len > 0 && !goes_on)
		buf_add_char(out, '|');
	*data = event == MULTIPART_DATA;
	if (event == MULTIPART_PART)
		buf_addf(out, "part %s %s", m->name ? m->name : "-",
		    m->filename ? m->filename : "-");
	else if (event == MULTIPART_DATA)
		buf_add(out, m->data, m->data_len);
	else
		buf_add_str(out, event == MULTIPART_PART_END ? "end"
				 : event == MULTIPART_END    ? "over"
							     : "broken");
}

static void
test_forms_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t len = strlen(forms[i].body);

		for (size_t piece = 1; piece <= len; piece++) {
			struct multipart m;
			struct buf out;
			bool data = false;

			buf_init(&out, 65536);
			assert_true(multipart_init(&m, forms[i].type));
			for (size_t at = 0; at < len; at += piece) {
				enum multipart_event event;

				multipart_feed(
				    &m, forms[i].body + at, MIN(piece, len - at));
				do {
					event = multipart_next(&m);
					if (!str_has_suffix(out.data, "over"))
						describe(&m, event, &out, &data);
				} while (
				    event != MULTIPART_MORE && event != MULTIPART_END);
			}
			assert_string_equal(out.data, forms[i].events);
			multipart_clear(&m);
			buf_clear(&out);
		}
	}
}

static void
test_broken_forms(void **state)
{
	static const char *const types[] = { "multipart/form-data",
		"multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=\"a\r\nb\"",
		"multipart/form-data; bound=B" };
	struct multipart m;
	static char filler[1000];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		assert_false(multipart_init(&m, types[i]));
		multipart_clear(&m);
	}
	/* Headers that never end, and a NUL in one. */
	assert_true(multipart_init(&m, "multipart/form-data; boundary=B"));
	multipart_feed(&m, "--B\r\n", 5);
	memset(filler, 'x', sizeof filler);
	enum multipart_event event = multipart_next(&m);

	for (size_t fed = 0; event == MULTIPART_MORE && fed < 1000000;
	     fed += sizeof filler) {
		multipart_feed(&m, filler, sizeof filler);
		event = multipart_next(&m);
	}
	assert_int_equal(event, MULTIPART_BROKEN);
	assert_int_equal(multipart_next(&m), MULTIPART_BROKEN);
	multipart_clear(&m);
	assert_true(multipart_init(&m, "multipart/form-data; boundary=B"));
	multipart_feed(&m, "--B\r\na\0b\r\n\r\n", 12);
	assert_int_equal(multipart_next(&m), MULTIPART_BROKEN);
	multipart_clear(&m);
}

static void
test_signatures(void **state)
{
	static const struct {
		const char *path, *operation, *user, *token, *expiration, *signature;
	} cases[] = {
		{ "/home/user/a b+c.txt", "read", "user", "tok", NULL,
		    "v1_+PoJam0HID7c6qKGYugjx5BH/bDZFv2cbw5x+4P//qQ" },
		{ "notes/todo.txt", "write", "", "0123abcd", NULL,
		    "v1_ZoZ/h2RQLXIPu5b0Vyujq2w52760eEY7sEiHsxtzwv0" },
		{ "/srv/data.bin", "read", "root", "0123abcd", "1900000000",
		    "v1_eGXkB4SUu9UyeyCP5Uz5vEwZchFcm1XdQqk7S/2lyhk" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *made = signature_make(cases[i].path, cases[i].operation,
		    cases[i].user, cases[i].token, cases[i].expiration);

		assert_string_equal(made, cases[i].signature);
		free(made);
	}
}

static int64_t
at_1900000000(void)
{
	return INT64_C(1900000000500);
}

static int64_t
at_1900000001(void)
{
	return INT64_C(1900000001000);
}

#define SIGNED                                                                           \
	"path=%2Fsrv%2Fdata.bin&username=root&signature_expiration=1900000000&"          \
	"signature=v1_eGXkB4SUu9UyeyCP5Uz5vEwZchFcm1XdQqk7S%2F2lyhk"

static void
test_signed_queries(void **state)
{
	static const char read[] = "read";

	(void)state;
	clock_set_wall(at_1900000000);
	assert_null(signature_refuse(SIGNED, read, "0123abcd"));
	assert_non_null(signature_refuse(SIGNED, "write", "0123abcd"));
	assert_non_null(signature_refuse(SIGNED, read, "0123abce"));
	assert_non_null(signature_refuse(SIGNED "x", read, "0123abcd"));
	assert_string_equal(
	    signature_refuse("path=a", read, "t"), "missing signature query parameter");
	assert_string_equal(
	    signature_refuse("path=a&signature=", read, "t"), "invalid signature");
	assert_true(signature_is_of(SIGNED, "0123abcd"));
	assert_false(signature_is_of(SIGNED, "0123abce"));
	assert_false(signature_is_of("path=a", "0123abcd"));
	assert_false(signature_is_of("path=a&signature=", "0123abcd"));
	/* An unencoded plus is one of base64. */
	assert_null(signature_refuse("path=/home/user/a%20b%2Bc.txt&username=user&"
				     "signature=v1_+PoJam0HID7c6qKGYugjx5BH/"
				     "bDZFv2cbw5x+4P//qQ",
	    read, "tok"));
	clock_set_wall(at_1900000001);
	assert_string_equal(
	    signature_refuse(SIGNED, read, "0123abcd"), "signature is already expired");
	assert_true(signature_is_of(SIGNED, "0123abcd"));
	clock_set_wall(NULL);
}

static void
test_types_and_names(void **state)
{
	static const struct {
		const char *name, *begin, *type, *disposition;
	} cases[] = {
		{ "x.txt", "\x01", "text/plain; charset=utf-8",
		    "inline; filename=x.txt" },
		{ "a b.PNG", "", "image/png", "inline; filename=\"a b.PNG\"" },
		{ "q\"\\", "hello\n", "text/plain; charset=utf-8",
		    "inline; filename=\"q\\\"\\\\\"" },
		{ "\xc3\xbc",
		    "\x7f"
		    "ELF\x02",
		    "application/octet-stream", "inline; filename*=utf-8''%C3%BC" },
		{ "a\r\nX: y", "%PDF-1", "application/pdf",
		    "inline; filename*=utf-8''a%0D%0AX%3A%20y" },
	};
	static const char *const bad[] = { "", "x", "Fri, 20 Nov 2026 21:28:07 CET",
		"Fri, 20 Foo 2026 21:28:07 GMT", "Fri, 2a Nov 2026 21:28:07 GMT" };
	char text[64];
	int64_t seconds = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *disposition = file_type_disposition(cases[i].name);

		assert_string_equal(disposition, cases[i].disposition);
		assert_string_equal(
		    file_type_of(cases[i].name, cases[i].begin, strlen(cases[i].begin)),
		    cases[i].type);
		free(disposition);
	}
	file_type_format_time(1795210087, text);
	assert_true(file_type_parse_time(text, &seconds));
	assert_int_equal(seconds, 1795210087);
	assert_string_equal(text, "Fri, 20 Nov 2026 21:28:07 GMT");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(file_type_parse_time(bad[i], &seconds));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_in_pieces),
		cmocka_unit_test(test_broken_forms),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_signed_queries),
		cmocka_unit_test(test_types_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
