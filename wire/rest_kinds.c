/* rest_kinds - members of a request that are refused or ignored, not read: of the right kind
 * they must be all the same, as the service's own validation has it. */
#include "wire/rest_json.h"

#include <stdio.h>

/* As json_fail() says it. */
static const char *const names[] = {
	[JSON_OBJECT] = "an object",
	[JSON_ARRAY] = "an array",
	[JSON_STRING] = "a string",
	[JSON_INTEGER] = "a whole number",
	[JSON_REAL] = "a number",
	[JSON_TRUE] = "a boolean",
	[JSON_FALSE] = "a boolean",
	[JSON_NULL] = "null",
};

static const char *const plurals[] = {
	[JSON_OBJECT] = "objects",
	[JSON_ARRAY] = "arrays",
	[JSON_STRING] = "strings",
	[JSON_INTEGER] = "whole numbers",
	[JSON_REAL] = "numbers",
	[JSON_TRUE] = "booleans",
	[JSON_FALSE] = "booleans",
	[JSON_NULL] = "nulls",
};

static bool
is_of(const json_t *value, json_type type)
{
	return json_typeof(value) == type ||
	       (type == JSON_TRUE && json_is_boolean(value));
}

static void
check_items(struct json_in *in, const json_t *array, const struct rest_kind *kind)
{
	char must[64];

	for (size_t i = 0; i < json_array_size(array); i++)
		if (!is_of(json_array_get(array, i), kind->items)) {
			snprintf(
			    must, sizeof must, "an array of %s", plurals[kind->items]);
			json_fail(in, kind->name, must);
		}
}

void
rest_kinds_check(
    struct json_in *in, const json_t *object, const struct rest_kind *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct rest_kind *kind = &kinds[i];
		const json_t *value = json_object_get(object, kind->name);

		if (!value || (kind->nullable && json_is_null(value)))
			continue;
		if (!is_of(value, kind->type))
			json_fail(in, kind->name, names[kind->type]);
		else if (kind->type == JSON_ARRAY)
			check_items(in, value, kind);
	}
}
