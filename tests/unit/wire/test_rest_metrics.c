#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "tests/unit/wire/helpers.h"
#include "wire/rest.h"

static const char metric_json[] =
    "{\"timestamp\":\"2026-01-02T03:04:05Z\",\"timestampUnix\":1767323045,\"cpuCount\":2,"
    "\"cpuUsedPct\":12.34,\"memUsed\":123456789012,\"memTotal\":223456789012,"
    "\"memCache\":1,\"diskUsed\":2,\"diskTotal\":3}";

static bool
decode(const char *json, struct rest_metric_list *out, struct error *err)
{
	return rest_metric_list_decode(json, strlen(json), out, err);
}

static void
test_a_metric_there_and_back(void **state)
{
	char *json = fill_in("[@]", metric_json);
	struct rest_metric_list l;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(decode(json, &l, &err));
	assert_int_equal(l.count, 1);
	assert_int_equal(l.items[0].ts_s, 1767323045);
	assert_int_equal(l.items[0].cpu_count, 2);
	assert_true(l.items[0].cpu_pct > 12.33 && l.items[0].cpu_pct < 12.35);
	assert_true(l.items[0].mem_used == 123456789012 && l.items[0].mem_cache == 1);
	assert_true(l.items[0].disk_used == 2 && l.items[0].disk_total == 3);
	buf_init(&out, 4096);
	rest_metric_encode(&out, &l.items[0]);
	buf_add_char(&out, ' ');
	assert_non_null(strstr(out.data, "\"timestamp\":\"2026-01-02T03:04:05"));
	assert_non_null(strstr(out.data, "\"cpuUsedPct\":12.34,"));
	assert_non_null(strstr(out.data, "\"memUsed\":123456789012,"));
	rest_metric_list_clear(&l);
	rest_metric_list_clear(&l);
	buf_clear(&out);
	free(json);
}

/* All nine members: the official Python client fails where one is missing. */
static void
test_an_empty_metric_has_all_members(void **state)
{
	struct rest_metric m = { .ts_s = 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	rest_metric_encode(&out, &m);
	assert_buf_json(&out,
	    "{\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"timestampUnix\":0,"
	    "\"cpuCount\":0,"
	    "\"cpuUsedPct\":0,\"memUsed\":0,\"memTotal\":0,\"memCache\":0,\"diskUsed\":0,"
	    "\"diskTotal\":0}");
	buf_clear(&out);
}

static void
test_percentages(void **state)
{
	static const struct {
		double pct;
		const char *json;
	} cases[] = {
		{ 0, "0," },
		{ 100, "100," },
		{ 0.005, "0.01," },
		{ 99.999, "100," },
		{ 2.5, "2.50," },
		{ -1.25, "-1.25," },
		{ 1e300, "0," },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_metric m = { .cpu_pct = cases[i].pct };
		char *expected = fill_in("\"cpuUsedPct\":@", cases[i].json);
		struct buf out;

		buf_init(&out, 4096);
		rest_metric_encode(&out, &m);
		if (!strstr(out.data, expected))
			fail_msg("%s: %s", expected, out.data);
		buf_clear(&out);
		free(expected);
	}
}

static void
test_metrics_of_several_servers(void **state)
{
	static const char json[] =
	    "[{\"timestamp\":\"2026-01-02T03:04:05.9Z\",\"cpuUsedPct\":0,"
	    "\"memUsedMiB\":100,\"memTotalMiB\":512},"
	    "{\"timestampUnix\":1767323045.0,\"memUsed\":1e9,\"memTotal\":null,"
	    "\"memTotalMiB\":1,\"memUsedMiB\":7,\"diskUsed\":null,\"cpuUsedPct\":null},{}"
	    "]";
	struct rest_metric_list l;
	struct error err;

	(void)state;
	assert_true(decode(json, &l, &err));
	assert_int_equal(l.count, 3);
	assert_int_equal(l.items[0].ts_s, 1767323045);
	assert_int_equal(l.items[0].mem_used, 100u << 20);
	assert_int_equal(l.items[0].mem_total, 512u << 20);
	assert_int_equal(l.items[1].ts_s, 1767323045);
	assert_int_equal(l.items[1].mem_used, 1000000000);
	assert_int_equal(l.items[1].mem_total, 1u << 20);
	assert_int_equal(l.items[2].ts_s, 0);
	rest_metric_list_clear(&l);
	assert_true(decode("[]", &l, &err));
	assert_int_equal(l.count, 0);
	rest_metric_list_clear(&l);
}

static void
test_bad_metrics(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "{}", "metrics: not a JSON array" },
		{ "[{},1]", "entry 2: \"metric\" must be an object" },
		{ "[{\"timestampUnix\":\"1\"}]", "entry 1: \"timestampUnix\" must be" },
		{ "[{\"timestampUnix\":-1}]", "entry 1: \"timestampUnix\" must be" },
		{ "[{\"timestamp\":5}]", "\"timestamp\" must be a string" },
		{ "[{\"timestamp\":\"yesterday\"}]", "\"timestamp\" must be a time" },
		{ "[{\"cpuCount\":[]}]", "\"cpuCount\" must be" },
		{ "[{\"cpuUsedPct\":\"12\"}]", "\"cpuUsedPct\" must be a number" },
		{ "[{\"memUsed\":-1}]",
		    "\"memUsed\" must be a whole number, not negative" },
		{ "[{\"memTotal\":true}]", "\"memTotal\" must be a whole number" },
		{ "[{\"memUsedMiB\":9223372036854775807}]", "\"memUsedMiB\" must be" },
		{ "[{\"memCache\":{}}]", "\"memCache\" must be" },
		{ "[{\"diskUsed\":\"\"}]", "\"diskUsed\" must be" },
		{ "[{\"diskTotal\":1e30}]", "\"diskTotal\" must be" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct rest_metric_list l;
		struct error err;

		if (decode(cases[i].json, &l, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
	}
}

static void
test_the_map(void **state)
{
	static const char text[] = "{\"sandboxes\":{\"i1-6532622b\":@,\"i2\":null,"
				   "\"\\u001b[2J\":{\"cpuCount\":4}}}";
	char *json = fill_in(text, metric_json);
	struct rest_metric_map m;
	struct error err;

	(void)state;
	assert_true(rest_metric_map_decode(json, strlen(json), &m, &err));
	assert_int_equal(m.count, 2);
	for (size_t i = 0; i < m.count; i++)
		if (m.items[i].metric.cpu_count == 2)
			assert_string_equal(m.items[i].id, "i1");
		else
			assert_string_equal(m.items[i].id, "\\e[2J");
	rest_metric_map_clear(&m);
	rest_metric_map_clear(&m);
	free(json);
}

static void
test_empty_and_bad_maps(void **state)
{
	static const char *const empty[] = { "{}", "{\"sandboxes\":{}}",
		"{\"sandboxes\":null}" };
	static const struct {
		const char *json, *complaint;
	} bad[] = {
		{ "[]", "metrics of the fleet: not a JSON object" },
		{ "{\"sandboxes\":[]}", "\"sandboxes\" must be an object" },
		{ "{\"sandboxes\":{\"a\":1}}",
		    "\"sandboxes\" must be an object of objects" },
		{ "{\"sandboxes\":{\"a\":{\"memUsed\":\"x\"}}}", "\"memUsed\" must be" },
		{ "", "an empty body" },
	};
	struct rest_metric_map m;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		assert_true(rest_metric_map_decode(empty[i], strlen(empty[i]), &m, &err));
		assert_int_equal(m.count, 0);
		rest_metric_map_clear(&m);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(
		    rest_metric_map_decode(bad[i].json, strlen(bad[i].json), &m, &err));
		if (!strstr(err.text, bad[i].complaint))
			fail_msg("%s: %s", bad[i].json, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_metric_there_and_back),
		cmocka_unit_test(test_an_empty_metric_has_all_members),
		cmocka_unit_test(test_percentages),
		cmocka_unit_test(test_metrics_of_several_servers),
		cmocka_unit_test(test_bad_metrics),
		cmocka_unit_test(test_the_map),
		cmocka_unit_test(test_empty_and_bad_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
