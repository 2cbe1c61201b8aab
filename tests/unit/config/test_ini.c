/* The reader in front of inih: line numbers, and everything inih would cut or join. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "config/ini.h"

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define TEXT(s) s, sizeof(s) - 1

static bool
write_pair(void *ctx, const struct ini_pair *pair, struct error *err)
{
	struct buf *out = ctx;

	if (strcmp(pair->name, "refuse") == 0)
		return error_set(err, ERROR_INPUT, "refused \xe2\x80\xae here");
	buf_addf(
	    out, "%d[%s]%s=%s\n", pair->line, pair->section, pair->name, pair->value);
	return true;
}

static bool
read_text(const char *text, size_t len, struct buf *out, struct error *err)
{
	struct ini_source source = { .path = "a.ini", .text = text, .len = len };

	buf_init(out, 100000);
	return ini_read(&source, write_pair, out, err);
}

static void
test_what_is_read(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} cases[] = {
		{ TEXT(""), "" },
		{ TEXT("a=b"), "1[]a=b\n" },
		{ TEXT("a = b\n"), "1[]a=b\n" },
		{ TEXT("a: b\n"), "1[]a=b\n" },
		{ TEXT("a = b\r\nc = d\r\n"), "1[]a=b\n2[]c=d\n" },
		{ TEXT("\xef\xbb\xbf"
		       "a = b\n"),
		    "1[]a=b\n" },
		{ TEXT("\xef\xbb\xbf[x]\na = b\n"), "2[x]a=b\n" },
		{ TEXT("\n\n# c\n; d\na = b ; e\n"), "5[]a=b\n" },
		{ TEXT("a = b;c\n"), "1[]a=b;c\n" },
		{ TEXT("a = b # c\n"), "1[]a=b # c\n" },
		{ TEXT("a =\n"), "1[]a=\n" },
		{ TEXT("a = ;\n"), "1[]a=\n" },
		{ TEXT("a = b = c\n"), "1[]a=b = c\n" },
		{ TEXT("[s]\n\ta = b\n\tc = d\n"), "2[s]a=b\n3[s]c=d\n" },
		{ TEXT("[s] ; note\na = b\n[t]\nc = d\n"), "2[s]a=b\n4[t]c=d\n" },
		{ TEXT("[s] # note\na = b\n"), "2[s]a=b\n" },
		{ TEXT("a = \xc3\xa4\n"), "1[]a=\xc3\xa4\n" },
		{ TEXT("#" FIFTY FIFTY FIFTY FIFTY FIFTY "\na = b\n"), "2[]a=b\n" },
		{ TEXT("a = " FIFTY FIFTY FIFTY TEN TEN TEN "012345\nb = c\n"),
		    "1[]a=" FIFTY FIFTY FIFTY TEN TEN TEN "012345\n2[]b=c\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;
		struct error err;
		if (!read_text(cases[i].text, cases[i].len, &out, &err))
			fail_msg("case %zu: %s", i, err.text);
		assert_string_equal(out.data, cases[i].want);
		buf_clear(&out);
	}
}

static void
test_what_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want;
	} cases[] = {
		{ TEXT("a = b\nnonsense\n"), "a.ini:2: the line is neither" },
		{ TEXT("nonsense\nrefuse = x\n"), "a.ini:1: the line is neither" },
		{ TEXT("nonsense\na = \x01\n"), "a.ini:1: the line is neither" },
		{ TEXT("refuse = x\nnonsense\n"), "a.ini:1: refused " },
		{ TEXT("= b\n"), "a.ini:1: there is no name" },
		{ TEXT("\n[s\n"), "a.ini:2: the ] " },
		{ TEXT("[]\n"), "a.ini:1: a [section] has a name" },
		{ TEXT("[" FIFTY "]\n"), "a.ini:1: a [section] has a name" },
		{ TEXT("[s] a = b\n"), "a.ini:1: a [section] stands alone" },
		{ TEXT("a = b\nc = d\0e\n"), "a.ini:2: the line holds a control" },
		{ TEXT("a = \x1b[31m\n"), "a.ini:1: the line holds a control" },
		{ TEXT("a = b\rc = d\n"), "a.ini:1: the line holds a control" },
		{ TEXT("# \xff\n"), "a.ini:1: the line is not UTF-8" },
		{ TEXT("\xff\xfe"
		       "a\0=\0b\0"),
		    "a.ini:1: the line holds a control" },
		{ TEXT("x = y\na = " FIFTY FIFTY FIFTY TEN TEN TEN "0123456\n"),
		    "a.ini:2: the line is longer than 190 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out;
		struct error err = { 0 };
		if (read_text(cases[i].text, cases[i].len, &out, &err))
			fail_msg("case %zu was read", i);
		assert_int_equal(err.code, ERROR_INPUT);
		if (strncmp(err.text, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("case %zu: %s", i, err.text);
		buf_clear(&out);
	}
}

static void
test_errors_are_printable(void **state)
{
	struct buf out;
	struct error err;

	(void)state;
	assert_false(read_text(TEXT("refuse = x\n"), &out, &err));
	assert_null(strstr(err.text, "\xe2\x80\xae"));
	assert_non_null(strstr(err.text, "202E"));
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_errors_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
