/* Which rows show, in which order, and that they stand still under a moving hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"
#include "fleet/listing.h"

static void
expect_order(const struct listing *l, const char *ids)
{
	struct strlist expected = { 0 };

	strlist_split(&expected, ids, ' ');
	if (l->count != expected.count)
		fail_msg("%zu rows, expected %zu", l->count, expected.count);
	for (size_t i = 0; i < l->count; i++)
		assert_string_equal(l->ids[i], expected.items[i]);
	strlist_clear(&expected);
}

static void
sorts_by_any_field_with_unknown_last(void **state)
{
	static const struct {
		const char *field;
		bool descending;
		const char *order;
	} cases[] = {
		{ "name", false, "ia ib ic id" }, { "name", true, "id ic ib ia" },
		{ "cpu", true, "ib ia id ic" },
		{ "cpu", false,
		    "id ia ib ic" }, /* paused ic has no CPU: last both ways */
	};
	struct model m;
	struct listing l;

	(void)state;
	model_init(&m);
	listing_init(&l);
	fixture_add(&m, "ic", "c", SANDBOX_PAUSED, 99);
	fixture_add(&m, "ia", "a", SANDBOX_RUNNING, 50);
	fixture_add(&m, "id", "d", SANDBOX_RUNNING, 0);
	fixture_add(&m, "ib", "b", SANDBOX_RUNNING, 80);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		listing_set_sort(&l, field_find(cases[i].field), cases[i].descending);
		listing_update(&l, &m, NOW_MS);
		expect_order(&l, cases[i].order);
	}
	listing_clear(&l);
	model_clear(&m);
}

static void
filters_by_words_fields_and_negation(void **state)
{
	static const struct {
		const char *filter, *order;
	} cases[] = {
		{ "", "i1 i2 i3" },
		{ "web", "i2" },
		{ "WEB", "" }, /* capitals mean their case */
		{ "state:paused", "i3" },
		{ "-state:paused", "i1 i2" },
		{ "base -web", "i1 i3" },
		{ "meta.user:ana", "i2" },
		{ "ana", "i2" },
		{ "id:i1", "i1" },
		{ "name:c", "i3" },
		{ "  a   i1 ", "i1" },
		{ "-", "i2" }, /* a dash alone is text */
		{ ":", "" },
		{ "state:", "i1 i2 i3" },
	};
	struct model m;
	struct listing l;

	(void)state;
	model_init(&m);
	listing_init(&l);
	fixture_add(&m, "i1", "a", SANDBOX_RUNNING, 1);
	pairs_set(
	    &fixture_add(&m, "i2", "b-web", SANDBOX_RUNNING, 1)->metadata, "user", "ana");
	fixture_add(&m, "i3", "c", SANDBOX_PAUSED, 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		listing_set_filter(&l, cases[i].filter);
		listing_update(&l, &m, NOW_MS);
		if (*cases[i].order)
			expect_order(&l, cases[i].order);
		else if (l.count != 0)
			fail_msg("'%s' shows %zu", cases[i].filter, l.count);
	}
	listing_clear(&l);
	model_clear(&m);
}

static void
order_is_held_then_catches_up(void **state)
{
	struct model m;
	struct listing l;

	(void)state;
	model_init(&m);
	listing_init(&l);
	listing_set_sort(&l, field_find("cpu"), true);
	struct sandbox *a = fixture_add(&m, "ia", "a", SANDBOX_RUNNING, 50);
	fixture_add(&m, "ib", "b", SANDBOX_RUNNING, 40);
	listing_update(&l, &m, NOW_MS);
	expect_order(&l, "ia ib");

	listing_hold(&l, NOW_MS, 2000);
	a->sample.cpu_pct = 10;
	fixture_add(&m, "ic", "c", SANDBOX_RUNNING, 99);
	m.revision++;
	assert_true(listing_update(&l, &m, NOW_MS + 1000));
	expect_order(&l, "ia ib");
	assert_int_equal(l.waiting, 1);
	assert_true(listing_is_held(&l, NOW_MS + 1999));

	assert_true(listing_update(&l, &m, NOW_MS + 2001));
	expect_order(&l, "ic ib ia");
	assert_int_equal(l.waiting, 0);
	assert_false(listing_update(&l, &m, NOW_MS + 2002));
	assert_int_equal(listing_index(&l, "ib"), 1);
	assert_int_equal(listing_index(&l, "gone"), -1);
	listing_clear(&l);
	model_clear(&m);
}

static void
frozen_until_released(void **state)
{
	struct model m;
	struct listing l;

	(void)state;
	model_init(&m);
	listing_init(&l);
	fixture_add(&m, "ib", "b", SANDBOX_RUNNING, 1);
	listing_update(&l, &m, NOW_MS);
	l.frozen = true;
	fixture_add(&m, "ia", "a", SANDBOX_RUNNING, 1);
	listing_update(&l, &m, NOW_MS + 100000);
	expect_order(&l, "ib");
	l.frozen = false;
	m.revision++;
	listing_update(&l, &m, NOW_MS + 100001);
	expect_order(&l, "ia ib");
	listing_clear(&l);
	model_clear(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_by_any_field_with_unknown_last),
		cmocka_unit_test(filters_by_words_fields_and_negation),
		cmocka_unit_test(order_is_held_then_catches_up),
		cmocka_unit_test(frozen_until_released),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
