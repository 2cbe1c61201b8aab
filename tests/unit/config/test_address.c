/* Domains and origins as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "config/address.h"

struct address_case {
	const char *text;
	const char *want; /* NULL: refused */
};

static void
check(const struct address_case *c, bool (*parse)(const char *, char **, struct error *))
{
	struct error err = { 0 };
	char *out = NULL;
	bool ok = parse(c->text, &out, &err);

	if (ok != (c->want != NULL) || (ok && strcmp(out, c->want) != 0))
		fail_msg("'%s' gave '%s' (%s)", c->text, out ? out : "-", err.text);
	if (!ok)
		assert_int_equal(err.code, ERROR_INPUT);
	free(out);
}

static void
test_domains(void **state)
{
	static const struct address_case cases[] = {
		{ "e2b.app", "e2b.app" },
		{ "e2b.app/", "e2b.app" },
		{ "e2b.app///", "e2b.app" },
		{ "E2B.App", "E2B.App" },
		{ "localhost:3000", "localhost:3000" },
		{ "[::1]:80", "[::1]:80" },
		{ "my_host.lan", "my_host.lan" },
		{ "", NULL },
		{ "/", NULL },
		{ "https://e2b.app", NULL },
		{ "e2b.app/path", NULL },
		{ "e2b app", NULL },
		{ "e2b.app:", NULL },
		{ "e2b.app:0", NULL },
		{ "e2b.app:65536", NULL },
		{ "e2b.app:80:80", NULL },
		{ "me@e2b.app", NULL },
		{ ".e2b.app", NULL },
		{ "-e2b.app", NULL },
		{ "e2b.app\r\nX-Evil: 1", NULL },
		{ "\xc3\xa4.app", NULL },
		{ "[::1", NULL },
		{ "[]", NULL },
		{ "[", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], domain_parse);
}

static void
test_origins(void **state)
{
	static const struct address_case cases[] = {
		{ "https://api.e2b.app", "https://api.e2b.app" },
		{ "https://api.e2b.app/", "https://api.e2b.app" },
		{ "http://127.0.0.1:3000//", "http://127.0.0.1:3000" },
		{ "HTTP://localhost", "HTTP://localhost" },
		{ "https://h/e2b/", "https://h/e2b" },
		{ "http://[::1]:3000", "http://[::1]:3000" },
		{ "", NULL },
		{ "api.e2b.app", NULL },
		{ "ftp://api.e2b.app", NULL },
		{ "file:///etc/passwd", NULL },
		{ "https://", NULL },
		{ "https:///x", NULL },
		{ "https://user:secret@h", NULL },
		{ "https://h?x=1", NULL },
		{ "https://h/a#b", NULL },
		{ "https://h/a b", NULL },
		{ "https://h/\x7f", NULL },
		{ "https://h:99999", NULL },
		{ "https://h\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(&cases[i], origin_parse);
}

static void
test_too_long(void **state)
{
	char *text = xmalloc(5001);
	char *out;
	struct error err;

	(void)state;
	memset(text, 'a', 5000);
	text[5000] = '\0';
	assert_false(domain_parse(text, &out, &err));
	memcpy(text, "https://", 8);
	assert_false(origin_parse(text, &out, &err));
	free(text);
}

static void
test_several_domains(void **state)
{
	struct strlist list = { 0 };
	struct error err;

	(void)state;
	assert_true(domains_parse(" a.example, b.example/\tc.example,, ", &list, &err));
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[1], "b.example");
	strlist_clear(&list);
	assert_true(domains_parse("", &list, &err));
	assert_int_equal(list.count, 0);
	assert_false(domains_parse("a.example http://b", &list, &err));
	strlist_clear(&list);
}

static void
test_authority(void **state)
{
	static const struct address_case cases[] = {
		{ "http://127.0.0.1:3000", "127.0.0.1:3000" },
		{ "https://h/path", "h" },
		{ "no origin", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *got = origin_authority(cases[i].text);
		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_several_domains),
		cmocka_unit_test(test_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
