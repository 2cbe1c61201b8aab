/* The table of options itself, its rules, and the sample printed from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/path.h"
#include "config/ini.h"
#include "config/options.h"
#include "config/profiles.h"
#include "config/spelling.h"

static void
check_table(const struct option *table)
{
	for (const struct option *o = table; o->name; o++) {
		struct option_value value;
		struct error err;

		assert_non_null(o->section);
		assert_non_null(o->fallback);
		assert_true(strlen(o->summary) > 0 && strlen(o->summary) <= 76);
		assert_true(o->type != OPTION_CHOICE || o->choices);
		assert_ptr_equal(options_find(table, o->section, o->name), o);
		if (!option_parse(o, "", &value, &err))
			fail_msg("fallback of %s: %s", o->name, err.text);
		option_value_clear(&value);
	}
}

static void
test_tables(void **state)
{
	(void)state;
	check_table(config_options);
	check_table(profile_options);
	assert_int_equal(options_count(profile_options), PROFILE_OPTION_COUNT);
}

static void
test_values(void **state)
{
	static const struct {
		const char *section, *name, *text;
		int64_t number;	  /* -1: refused */
		const char *kept; /* NULL: as written */
	} cases[] = {
		{ "", "refresh", "5s", 5, NULL },
		{ "", "refresh", "5", 5, NULL },
		{ "", "refresh", "1m", 60, NULL },
		{ "", "refresh", "", 5, "5s" },
		{ "", "refresh", "0s", -1, NULL },
		{ "", "refresh", "2h", -1, NULL },
		{ "", "refresh", "-5s", -1, NULL },
		{ "", "refresh", "fast", -1, NULL },
		{ "", "refresh", "99999999999999999999s", -1, NULL },
		{ "", "ttl", "1h30m", 5400, NULL },
		{ "", "ttl", "31d", -1, NULL },
		{ "", "mouse", "on", 1, NULL },
		{ "", "mouse", "yes", 1, NULL },
		{ "", "mouse", "off", 0, NULL },
		{ "", "mouse", "false", 0, NULL },
		{ "", "mouse", "maybe", -1, NULL },
		{ "", "mouse", "on|yes", -1, NULL },
		{ "", "theme", "cvd", 0, NULL },
		{ "", "theme", "cv", -1, NULL },
		{ "", "theme", "CVD", -1, NULL },
		{ "", "theme", "mono|cvd", -1, NULL },
		{ "", "sort", "-left", 0, NULL },
		{ "pane", "scrollback", "0", 0, NULL },
		{ "pane", "scrollback", "1e3", -1, NULL },
		{ "pane", "scrollback", "-1", -1, NULL },
		{ "pane", "scrollback_bytes", "64KiB", 65536, NULL },
		{ "pane", "scrollback_bytes", "1 MiB", 1048576, NULL },
		{ "pane", "scrollback_bytes", "1G", 1073741824, NULL },
		{ "pane", "scrollback_bytes", "65536", 65536, NULL },
		{ "pane", "scrollback_bytes", "65536B", 65536, NULL },
		{ "pane", "scrollback_bytes", "1KiB", -1, NULL },
		{ "pane", "scrollback_bytes", "2GiB", -1, NULL },
		{ "pane", "scrollback_bytes", "9223372036854775807GiB", -1, NULL },
		{ "pane", "scrollback_bytes", "99999999999999999999999999", -1, NULL },
		{ "pane", "scrollback_bytes", "MiB", -1, NULL },
		{ "pane", "scrollback_bytes", "8XiB", -1, NULL },
		{ "pane", "prefix", "^A", 0, NULL },
		{ "pane", "prefix", "F12", 0, NULL },
		{ "pane", "prefix", "auto", -1, NULL },
		{ "pane", "prefix", "Nonsense", -1, NULL },
		{ "pane", "prefix2", "auto", 0, NULL },
		{ "pane", "prefix2", "^]", 0, NULL },
		{ "", "stable_hosts", "a.example,b.example/", 0, "a.example b.example" },
		{ "", "stable_hosts", "http://a.example", -1, NULL },
		{ "host", "port", "65536", -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct option *o =
		    options_find(config_options, cases[i].section, cases[i].name);
		struct option_value value = { 0 };
		struct error err = { 0 };
		const char *kept = cases[i].kept ? cases[i].kept : cases[i].text;

		assert_non_null(o);
		bool ok = option_parse(o, cases[i].text, &value, &err);
		if (ok != (cases[i].number >= 0))
			fail_msg("%s = %s: %s", o->name, cases[i].text, err.text);
		if (ok) {
			assert_int_equal(value.number, cases[i].number);
			assert_string_equal(value.text, kept);
		} else {
			assert_int_equal(err.code, ERROR_INPUT);
			assert_non_null(strstr(err.text, o->name));
			assert_non_null(strstr(err.text, "write "));
		}
		option_value_clear(&value);
	}
}

static void
test_spelling(void **state)
{
	static const struct {
		const char *a, *b;
		bool near;
	} cases[] = {
		{ "refresh", "refesh", true },
		{ "refresh", "rerfesh", true },
		{ "refresh", "refreshs", true },
		{ "refresh", "refrash", true },
		{ "refresh", "theme", false },
		{ "ttl", "tl", true },
		{ "ttl", "ltt", false },
		{ "ttl", "", false },
		{ "a", "b", true },
		{ "ttl", "sort", false },
		{ "0123456789012345678901234567890", "0123456789012345678901234567890",
		    true },
		{ "01234567890123456789012345678901", "01234567890123456789012345678901",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (spelling_is_near(cases[i].a, cases[i].b) != cases[i].near)
			fail_msg("%s %s", cases[i].a, cases[i].b);
	}
}

static void
test_sample_is_the_committed_one(void **state)
{
	struct buf sample;
	struct error err;
	char *committed;
	size_t len;

	(void)state;
	buf_init(&sample, 1 << 20);
	options_print_sample(&sample);
	if (!path_read_file("docs/config.ini.sample", 1 << 20, &committed, &len, &err))
		fail_msg("%s (run from the top of the tree)", err.text);
	assert_string_equal(sample.data, committed);
	free(committed);
	buf_clear(&sample);
}

/* With every ';' in front taken out the sample is a config that loads without a word,
 * apart from the one place for the key that a profile may have. */
static void
test_sample_says_what_is_true(void **state)
{
	struct buf sample, active;
	struct strlist lines = { 0 }, warnings = { 0 };
	struct config *c;
	struct error err;

	(void)state;
	buf_init(&sample, 1 << 20);
	buf_init(&active, 1 << 20);
	options_print_sample(&sample);
	strlist_split(&lines, sample.data, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		if (!strstr(line, "api_key_file") && !strstr(line, "api_key_env"))
			buf_addf(&active, "%s\n", line + (*line == ';'));
	}
	struct ini_source source = { "sample", active.data, active.len };
	if (!config_parse(&source, NULL, &c, &warnings, &err))
		fail_msg("%s", err.text);
	assert_int_equal(warnings.count, 0);
	for (const struct option *o = config_options; o->name; o++) {
		char name[64];
		bool fits = str_copy(name, sizeof name, o->section);
		size_t len = strlen(name);
		if (len > 0)
			name[len++] = '.';
		fits = fits && str_copy(name + len, sizeof name - len, o->name);
		assert_true(fits);
		assert_string_equal(config_text(c, name), o->fallback);
	}
	assert_non_null(profiles_find(config_profiles(c), "NAME"));
	config_free(c);
	strlist_clear(&lines);
	strlist_clear(&warnings);
	buf_clear(&sample);
	buf_clear(&active);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_sample_is_the_committed_one),
		cmocka_unit_test(test_sample_says_what_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
