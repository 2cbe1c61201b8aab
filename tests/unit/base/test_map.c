#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/mem.h"

static void
test_set_get_remove(void **state)
{
	(void)state;
	struct map *m = map_new();
	int one, two;

	assert_null(map_get(m, "a"));
	assert_null(map_remove(m, "a"));
	assert_null(map_set(m, "a", &one));
	assert_null(map_set(m, "", &two));
	assert_ptr_equal(map_get(m, "a"), &one);
	assert_ptr_equal(map_get(m, ""), &two);
	assert_ptr_equal(map_set(m, "a", &two), &one);
	assert_int_equal(map_count(m), 2);
	assert_ptr_equal(map_remove(m, "a"), &two);
	assert_null(map_get(m, "a"));
	assert_int_equal(map_count(m), 1);
	map_free(m, NULL);
}

static void
test_key_is_copied(void **state)
{
	(void)state;
	struct map *m = map_new();
	char key[] = "key";
	int value;

	map_set(m, key, &value);
	key[0] = 'x';
	assert_ptr_equal(map_get(m, "key"), &value);
	assert_null(map_get(m, "xey"));
	map_free(m, NULL);
}

enum { MANY = 3000 };

static void
name(char out[16], int i)
{
	snprintf(out, 16, "key-%d", i);
}

/* Against a plain array that says what must be there. */
static void
test_many_with_removals(void **state)
{
	(void)state;
	struct map *m = map_new();
	bool there[MANY] = { false };
	size_t count = 0;
	unsigned random = 1;
	char key[16];

	for (int step = 0; step < 20 * MANY; step++) {
		random = random * 1664525u + 1013904223u;

		int i = (int)(random >> 8) % MANY;

		name(key, i);
		if (random >> 31)
			assert_ptr_equal(
			    map_set(m, key, &there[i]), there[i] ? &there[i] : NULL);
		else
			assert_ptr_equal(map_remove(m, key), there[i] ? &there[i] : NULL);
		count += (size_t)(random >> 31) - (size_t)there[i];
		there[i] = random >> 31;
	}
	assert_int_equal(map_count(m), count);
	for (int i = 0; i < MANY; i++) {
		name(key, i);
		assert_ptr_equal(map_get(m, key), there[i] ? &there[i] : NULL);
	}
	map_free(m, NULL);
}

static void
test_next_visits_each_once(void **state)
{
	(void)state;
	struct map *m = map_new();
	int visits[100] = { 0 };
	const char *key;
	void *value;
	char text[16];

	for (int i = 0; i < 100; i++) {
		name(text, i);
		map_set(m, text, &visits[i]);
	}
	for (size_t it = 0; map_next(m, &it, &key, &value);) {
		name(text, (int)((int *)value - visits));
		assert_string_equal(key, text);
		++*(int *)value;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(visits[i], 1);
	map_free(m, NULL);
}

static void
test_free_frees_values(void **state)
{
	(void)state;
	struct map *m = map_new();

	map_free(NULL, free);
	map_set(m, "a", xstrdup("owned"));
	map_set(m, "b", NULL);
	map_free(m, free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_get_remove),
		cmocka_unit_test(test_key_is_copied),
		cmocka_unit_test(test_many_with_removals),
		cmocka_unit_test(test_next_visits_each_once),
		cmocka_unit_test(test_free_frees_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
