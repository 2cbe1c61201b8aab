/* rest_metrics - samples of one sandbox and of many, both ways. */
#include "wire/rest.h"

#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "wire/rest_json.h"

static void
decode_metric(struct json_in *in, const json_t *obj, struct rest_metric *out)
{
	out->ts_s = json_get_int(in, obj, "timestampUnix", 0, INT64_MAX / 1000, 0);
	if (out->ts_s == 0)
		out->ts_s = json_get_time_ms(in, obj, "timestamp") / 1000;
	out->cpu_count = (int)json_get_int(in, obj, "cpuCount", 0, INT_MAX, 0);
	out->cpu_pct = json_get_number(in, obj, "cpuUsedPct", 0);
	out->mem_used = json_get_bytes(in, obj, "memUsed", "memUsedMiB");
	out->mem_total = json_get_bytes(in, obj, "memTotal", "memTotalMiB");
	out->mem_cache = json_get_bytes(in, obj, "memCache", NULL);
	out->disk_used = json_get_bytes(in, obj, "diskUsed", NULL);
	out->disk_total = json_get_bytes(in, obj, "diskTotal", NULL);
}

void
rest_metric_encode(struct buf *out, const struct rest_metric *m)
{
	buf_add_char(out, '{');
	json_add_time_ms(out, "timestamp", m->ts_s * 1000);
	json_add_int(out, "timestampUnix", m->ts_s);
	json_add_int(out, "cpuCount", m->cpu_count);
	json_add_number(out, "cpuUsedPct", m->cpu_pct);
	json_add_uint(out, "memUsed", m->mem_used);
	json_add_uint(out, "memTotal", m->mem_total);
	json_add_uint(out, "memCache", m->mem_cache);
	json_add_uint(out, "diskUsed", m->disk_used);
	json_add_uint(out, "diskTotal", m->disk_total);
	buf_add_char(out, '}');
}

void
rest_metric_list_clear(struct rest_metric_list *l)
{
	free(l->items);
	*l = (struct rest_metric_list){ 0 };
}

bool
rest_metric_list_decode(
    const char *json, size_t len, struct rest_metric_list *out, struct error *err)
{
	struct json_in in = { .what = "metrics", .kind = JSON_REPLY, .err = err };
	json_t *root = json_read(&in, JSON_ARRAY, json, len, REST_MAX_BODY);
	size_t count = json_array_size(root);
	struct rest_metric_list got = { 0 };

	if (count > 0)
		got.items = xcalloc(count, sizeof *got.items);
	for (; got.count < count && !in.failed; got.count++) {
		in.index = (long)got.count + 1;
		if (json_is_object(json_array_get(root, got.count)))
			decode_metric(
			    &in, json_array_get(root, got.count), &got.items[got.count]);
		else
			json_fail(&in, "metric", "an object");
	}
	json_decref(root);
	if (in.failed) {
		rest_metric_list_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

void
rest_metric_map_clear(struct rest_metric_map *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->items[i].id);
	free(m->items);
	*m = (struct rest_metric_map){ 0 };
}

static void
decode_map(struct json_in *in, json_t *sandboxes, struct rest_metric_map *out)
{
	const char *key;
	json_t *value;

	if (json_object_size(sandboxes) == 0)
		return;
	out->items = xcalloc(json_object_size(sandboxes), sizeof *out->items);
	json_object_foreach(sandboxes, key, value)
	{
		if (json_is_null(value))
			continue;
		in->index = (long)out->count + 1;
		if (!json_is_object(value))
			json_fail(in, "sandboxes", "an object of objects");
		decode_metric(in, value, &out->items[out->count].metric);
		out->items[out->count].id = rest_id_cut(json_clean_dup(key));
		out->count++;
	}
}

bool
rest_metric_map_decode(
    const char *json, size_t len, struct rest_metric_map *out, struct error *err)
{
	struct json_in in = {
		.what = "metrics of the fleet", .kind = JSON_REPLY, .err = err
	};
	json_t *root = json_read(&in, JSON_OBJECT, json, len, REST_MAX_BODY);
	struct rest_metric_map got = { 0 };

	decode_map(&in, json_member(&in, root, "sandboxes", JSON_OBJECT), &got);
	json_decref(root);
	if (in.failed) {
		rest_metric_map_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

/* ---- of a team */

/* An integer where it is one: six decimals else, since starts may be days apart. */
static void
add_rate(struct buf *out, const char *name, int64_t micro)
{
	json_add_key(out, name);
	buf_addf(out, "%lld", (long long)(micro / 1000000));
	if (micro % 1000000)
		buf_addf(out, ".%06lld", (long long)(micro % 1000000));
}

static void
add_times(struct buf *out, int64_t ts_s)
{
	buf_add_char(out, '{');
	json_add_time_ms(out, "timestamp", ts_s * 1000);
	json_add_int(out, "timestampUnix", ts_s);
}

void
rest_team_metric_encode(struct buf *out, const struct rest_team_metric *m)
{
	add_times(out, m->ts_s);
	json_add_int(out, "concurrentSandboxes", m->concurrent);
	add_rate(out, "sandboxStartRate", m->rate_micro_s);
	buf_add_char(out, '}');
}

void
rest_team_max_encode(struct buf *out, const struct rest_team_metric *m, bool rate)
{
	add_times(out, m->ts_s);
	add_rate(out, "value", rate ? m->rate_micro_s : m->concurrent * 1000000);
	buf_add_char(out, '}');
}
