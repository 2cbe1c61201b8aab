#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cell.h"

static void
test_plain_scalars(void **state)
{
	(void)state;
	uint32_t out[6] = { 0 };

	assert_int_equal(cell_scalars(0, out), 0);
	assert_int_equal(cell_scalars(0x1f600, out), 1);
	assert_int_equal(out[0], 0x1f600);
	assert_int_equal(cluster_intern((uint32_t[]){ 'x' }, 1), 'x');
	assert_int_equal(cluster_intern(out, 0), 0);
}

static void
test_cluster_round_trip(void **state)
{
	(void)state;
	const uint32_t e_acute[] = { 'e', 0x301 }, e_grave[] = { 'e', 0x300 };
	uint32_t out[6], id = cluster_intern(e_acute, 2);

	assert_true(id & CELL_CLUSTER);
	assert_int_equal(cluster_intern(e_acute, 2), id);
	assert_int_not_equal(cluster_intern(e_grave, 2), id);
	assert_int_equal(cell_scalars(id, out), 2);
	assert_int_equal(out[0], 'e');
	assert_int_equal(out[1], 0x301);
}

static void
test_long_cluster_is_cut_to_six(void **state)
{
	(void)state;
	const uint32_t many[] = { 'a', 0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306 };
	uint32_t out[6], id = cluster_intern(many, 8);

	assert_int_equal(id, cluster_intern(many, 6));
	assert_int_equal(cell_scalars(id, out), 6);
	assert_int_equal(out[5], 0x304);
}

static void
test_unknown_cluster_is_a_replacement(void **state)
{
	(void)state;
	uint32_t out[6];

	assert_int_equal(cell_scalars(CELL_CLUSTER | 0x7fffffff, out), 1);
	assert_int_equal(out[0], 0xfffd);
}

/* Hostile output: 65,536 of them are kept, past that only the base. */
static void
test_number_is_limited(void **state)
{
	(void)state;
	uint32_t cluster[3] = { 'q', 0x300, 0 }, out[6];
	uint32_t first = 0, limited = 0;

	for (uint32_t i = 1; i <= 70000; i++) {
		cluster[2] = 0x300 + i;

		uint32_t id = cluster_intern(cluster, 3);

		if (i == 1)
			first = id;
		limited += id == 'q';
	}
	assert_true(limited >= 70000 - 65536);
	assert_true(limited < 5000);
	cluster[2] = 0x301;
	assert_int_equal(cluster_intern(cluster, 3), first);
	assert_int_equal(cell_scalars(first, out), 3);
	assert_int_equal(out[2], 0x301);
}

static void
test_colors_do_not_collide(void **state)
{
	(void)state;
	assert_int_equal(COLOR_KIND(COLOR_INDEXED(255)), COLOR_KIND_INDEXED);
	assert_int_equal(COLOR_KIND(COLOR_RGB(255, 255, 255)), COLOR_KIND_RGB);
	assert_int_equal(COLOR_RGB(1, 2, 3), 0x02010203);
	assert_int_not_equal(COLOR_INDEXED(0), COLOR_DEFAULT);
	assert_int_not_equal(COLOR_RGB(0, 0, 0), COLOR_DEFAULT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_scalars),
		cmocka_unit_test(test_cluster_round_trip),
		cmocka_unit_test(test_long_cluster_is_cut_to_six),
		cmocka_unit_test(test_unknown_cluster_is_a_replacement),
		cmocka_unit_test(test_number_is_limited),
		cmocka_unit_test(test_colors_do_not_collide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
