#include "wire/rest_template.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/json.h"
#include "wire/rest_json.h"

#define STEPS_MAX 1000

/* What is not needed here. */
static const struct rest_kind request_kinds[] = {
	{ .name = "teamID", .type = JSON_STRING },
	{ .name = "minFreeDiskMb", .type = JSON_INTEGER },
};

static const struct rest_kind build_kinds[] = {
	{ .name = "fromImageRegistry", .type = JSON_OBJECT },
	{ .name = "force", .type = JSON_TRUE },
};

/* The Python client may say null. */
static const struct rest_kind step_kinds[] = {
	{ .name = "force", .type = JSON_TRUE, .nullable = true },
};

/* NULL for an absent body, which has no members. */
static json_t *
read_root(struct json_in *in, const char *json, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!memchr(" \t\r\n", json[i], 4))
			return json_read(in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	return NULL;
}

/* "" names nothing. */
static char *
get_name(struct json_in *in, const json_t *root, const char *name)
{
	char *text = json_get_string(in, root, name);

	if (text && *text)
		return text;
	free(text);
	return NULL;
}

bool
rest_template_request_decode(
    const char *json, size_t len, struct rest_template_request *out, struct error *err)
{
	struct json_in in = { .what = "request", .kind = JSON_REQUEST, .err = err };
	json_t *root = read_root(&in, json, len);

	*out = (struct rest_template_request){
		.timeout_s = json_get_int(&in, root, "timeout", 0, INT32_MAX, -1),
		.count = json_get_int(&in, root, "count", 0, INT32_MAX, -1),
		.cpu_count = json_get_int(&in, root, "cpuCount", 0, INT32_MAX, -1),
		.memory_mb = json_get_int(&in, root, "memoryMB", 0, INT32_MAX, -1),
		.name = get_name(&in, root, "name"),
		.alias = get_name(&in, root, "alias"),
		.target = get_name(&in, root, "target"),
		.is_public = rest_flag_decode(&in, root, "public"),
		.memory = rest_flag_decode(&in, root, "memory"),
	};
	json_get_strings(&in, root, "tags", &out->tags);
	rest_kinds_check(&in, root, request_kinds, ARRAY_LEN(request_kinds));
	json_decref(root);
	if (in.failed)
		rest_template_request_clear(out);
	return !in.failed;
}

void
rest_template_request_clear(struct rest_template_request *r)
{
	free(r->name);
	free(r->alias);
	free(r->target);
	strlist_clear(&r->tags);
	*r = (struct rest_template_request){ 0 };
}

static void
decode_step(struct json_in *in, const json_t *item, struct build_step *out)
{
	if (!json_is_object(item)) {
		json_fail(in, "steps", "an array of objects");
		return;
	}
	out->type = get_name(in, item, "type");
	out->files_hash = get_name(in, item, "filesHash");
	json_get_strings(in, item, "args", &out->args);
	rest_kinds_check(in, item, step_kinds, ARRAY_LEN(step_kinds));
	if (!in->failed && !out->type)
		json_fail(in, "steps", "an array of objects with a type each");
}

static void
decode_steps(struct json_in *in, const json_t *root, struct build_order *out)
{
	const json_t *steps = json_member(in, root, "steps", JSON_ARRAY);
	size_t count = json_array_size(steps);

	if (count > STEPS_MAX) {
		json_fail(in, "steps", "an array of 1000 at most");
		return;
	}
	out->steps = count > 0 ? xcalloc(count, sizeof *out->steps) : NULL;
	out->step_count = count;
	for (size_t i = 0; i < count && !in->failed; i++)
		decode_step(in, json_array_get(steps, i), &out->steps[i]);
}

bool
build_order_decode(
    const char *json, size_t len, struct build_order *out, struct error *err)
{
	struct json_in in = { .what = "build", .kind = JSON_REQUEST, .err = err };
	json_t *root = read_root(&in, json, len);
	const json_t *registry = json_object_get(root, "fromImageRegistry");

	*out = (struct build_order){
		.from_image = get_name(&in, root, "fromImage"),
		.from_template = get_name(&in, root, "fromTemplate"),
		.from_registry = registry && !json_is_null(registry),
		.start_cmd = get_name(&in, root, "startCmd"),
		.ready_cmd = get_name(&in, root, "readyCmd"),
	};
	decode_steps(&in, root, out);
	rest_kinds_check(&in, root, build_kinds, ARRAY_LEN(build_kinds));
	json_decref(root);
	if (in.failed)
		build_order_clear(out);
	return !in.failed;
}

void
build_order_clear(struct build_order *o)
{
	for (size_t i = 0; i < o->step_count; i++) {
		free(o->steps[i].type);
		free(o->steps[i].files_hash);
		strlist_clear(&o->steps[i].args);
	}
	free(o->steps);
	free(o->from_image);
	free(o->from_template);
	free(o->start_cmd);
	free(o->ready_cmd);
	*o = (struct build_order){ 0 };
}
