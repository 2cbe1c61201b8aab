/* envd_metrics - what envd's GET /metrics answers, both ways. */
#include "wire/process.h"

#include <limits.h>

#include "wire/json.h"

#define MIB (1024 * 1024)

void
envd_metrics_encode(struct buf *out, const struct envd_metrics *m)
{
	buf_add_char(out, '{');
	json_add_int(out, "ts", m->ts_s);
	json_add_int(out, "cpu_count", m->cpu_count);
	json_add_number(out, "cpu_used_pct", m->cpu_used_pct);
	json_add_uint(out, "mem_total_mib", m->mem_total / MIB);
	json_add_uint(out, "mem_used_mib", m->mem_used / MIB);
	json_add_uint(out, "mem_total", m->mem_total);
	json_add_uint(out, "mem_used", m->mem_used);
	json_add_uint(out, "mem_cache", m->mem_cache);
	json_add_uint(out, "disk_used", m->disk_used);
	json_add_uint(out, "disk_total", m->disk_total);
	buf_add_char(out, '}');
}

bool
envd_metrics_decode(
    const char *json, size_t len, struct envd_metrics *out, struct error *err)
{
	struct json_in in = { .what = "metrics of envd", .kind = JSON_REPLY, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	struct envd_metrics got = { 0 };

	got.ts_s = json_get_int(&in, root, "ts", 0, INT64_MAX / 1000, 0);
	got.cpu_count = (int)json_get_int(&in, root, "cpu_count", 0, INT_MAX, 0);
	got.cpu_used_pct = json_get_number(&in, root, "cpu_used_pct", 0);
	got.mem_total = json_get_bytes(&in, root, "mem_total", "mem_total_mib");
	got.mem_used = json_get_bytes(&in, root, "mem_used", "mem_used_mib");
	got.mem_cache = json_get_bytes(&in, root, "mem_cache", NULL);
	got.disk_used = json_get_bytes(&in, root, "disk_used", NULL);
	got.disk_total = json_get_bytes(&in, root, "disk_total", NULL);
	json_decref(root);
	if (in.failed)
		return false;
	*out = got;
	return true;
}
