#include "fleet/fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/text.h"
#include "fleet/history.h"
#include "net/api.h"

/* ---- one getter per field */

#define TEXT_GETTER(name_, expression_)                                                  \
	static void get_##name_(                                                         \
	    const struct sandbox *s, int64_t now_ms, struct field_value *out)            \
	{                                                                                \
		(void)now_ms;                                                            \
		out->text = (expression_);                                               \
		out->known = !str_is_empty(out->text);                                   \
	}
#define NUMBER_GETTER(name_, known_, expression_)                                        \
	static void get_##name_(                                                         \
	    const struct sandbox *s, int64_t now_ms, struct field_value *out)            \
	{                                                                                \
		(void)now_ms;                                                            \
		out->known = (known_);                                                   \
		out->number = out->known ? (double)(expression_) : 0;                    \
	}

/* Only a running sandbox has figures of now; the service keeps answering a paused
 * one's last sample, which is no measurement. */
static bool
has_figures(const struct sandbox *s)
{
	return s->has_sample &&
	       (s->state == SANDBOX_RUNNING || s->state == SANDBOX_PAUSING);
}

static bool
has_percent(const struct sandbox *s, enum metric metric)
{
	return has_figures(s) && !isnan(sample_percent(&s->sample, metric));
}

TEXT_GETTER(id, s->id)
TEXT_GETTER(name, s->name)
TEXT_GETTER(template, s->template_name ? s->template_name : s->template_id)
TEXT_GETTER(template_id, s->template_id)
TEXT_GETTER(state, s->state_text ? s->state_text : sandbox_state_name(s->state))
TEXT_GETTER(envd, s->envd_version)
NUMBER_GETTER(cpu, has_percent(s, METRIC_CPU), sample_percent(&s->sample, METRIC_CPU))
NUMBER_GETTER(mem, has_percent(s, METRIC_MEM), sample_percent(&s->sample, METRIC_MEM))
NUMBER_GETTER(disk, has_percent(s, METRIC_DISK), sample_percent(&s->sample, METRIC_DISK))
NUMBER_GETTER(memb, has_figures(s), s->sample.mem_used)
NUMBER_GETTER(memtotal, has_figures(s), s->sample.mem_total)
NUMBER_GETTER(cache, has_figures(s), s->sample.mem_cache)
NUMBER_GETTER(diskb, has_figures(s), s->sample.disk_used)
NUMBER_GETTER(disktotal, has_figures(s), s->sample.disk_total)
NUMBER_GETTER(sampled, s->has_sample, s->sample.ts_s * 1000)
NUMBER_GETTER(left, sandbox_left_s(s, now_ms) != INT64_MIN, sandbox_left_s(s, now_ms))
NUMBER_GETTER(age, sandbox_age_s(s, now_ms) >= 0, sandbox_age_s(s, now_ms))
NUMBER_GETTER(vcpu, s->cpu_count > 0, s->cpu_count)
NUMBER_GETTER(ram, s->memory_mb > 0, s->memory_mb * 1048576)
NUMBER_GETTER(disksize, s->disk_mb > 0, s->disk_mb * 1048576)
NUMBER_GETTER(started, s->started_ms != 0, s->started_ms)
NUMBER_GETTER(ends, s->end_ms != 0, s->end_ms)
NUMBER_GETTER(shells, true, s->shells)
NUMBER_GETTER(internet, s->internet != UNKNOWN, s->internet == YES)
NUMBER_GETTER(ontimeout, s->pause_on_timeout != UNKNOWN, s->pause_on_timeout == YES)

/* ---- the table; priorities as ux.md 4.5 orders them */

const struct field fields[] = {
	{ "id", "id", "ID", FIELD_TEXT, 8, 21, 90, false, false, get_id, "sandbox ID" },
	{ "name", "name", "NAME", FIELD_TEXT, 6, 16, 89, false, false, get_name,
	    "the name in its metadata" },
	{ "template", "template", "TEMPLATE", FIELD_TEXT, 6, 12, 40, false, false,
	    get_template, "template it was made from" },
	{ "template_id", "template_id", NULL, FIELD_TEXT, 0, 0, 0, false, false,
	    get_template_id, "ID of the template" },
	{ "state", "state", "STATE", FIELD_TEXT, 6, 6, 88, false, false, get_state,
	    "running, paused, or what is being done to it" },
	{ "cpu", "cpu_percent", "CPU%", FIELD_PERCENT, 4, 4, 87, true, true, get_cpu,
	    "CPU now; 100 is all of its CPUs" },
	{ "spark", NULL, "LAST 60s", FIELD_TEXT, 8, 12, 60, false, false, NULL,
	    "the last minutes of CPU, memory or disk" },
	{ "mem", "mem_percent", "MEM%", FIELD_PERCENT, 4, 4, 70, true, true, get_mem,
	    "memory now, of what the sandbox has" },
	{ "membar", NULL, "MEM", FIELD_TEXT, 12, 12, 20, false, false, NULL,
	    "memory as a bar" },
	{ "memb", "mem_used_bytes", NULL, FIELD_BYTES, 5, 5, 0, true, true, get_memb,
	    "memory now in bytes" },
	{ "memtotal", "mem_total_bytes", NULL, FIELD_BYTES, 0, 0, 0, true, true,
	    get_memtotal, "memory it has in bytes" },
	{ "cache", "mem_cache_bytes", NULL, FIELD_BYTES, 5, 5, 0, true, true, get_cache,
	    "page cache in bytes" },
	{ "disk", "disk_percent", "DISK%", FIELD_PERCENT, 5, 5, 30, true, true, get_disk,
	    "disk now, of what the sandbox has" },
	{ "diskb", "disk_used_bytes", NULL, FIELD_BYTES, 5, 5, 0, true, true, get_diskb,
	    "disk now in bytes" },
	{ "disktotal", "disk_total_bytes", NULL, FIELD_BYTES, 0, 0, 0, true, true,
	    get_disktotal, "disk it has in bytes" },
	{ "vcpu", "cpu_count", "vCPU", FIELD_NUMBER, 4, 4, 15, true, true, get_vcpu,
	    "CPUs it has" },
	{ "ram", "memory_bytes", "RAM", FIELD_BYTES, 5, 5, 14, true, true, get_ram,
	    "memory it was given" },
	{ "disksize", "disk_bytes", NULL, FIELD_BYTES, 5, 5, 0, true, true, get_disksize,
	    "disk it was given" },
	{ "left", "left_seconds", "LEFT", FIELD_SECONDS, 5, 5, 80, true, false, get_left,
	    "time until it ends" },
	{ "age", "age_seconds", "AGE", FIELD_SECONDS, 5, 5, 50, true, false, get_age,
	    "time since this run began" },
	{ "shells", NULL, "SH", FIELD_NUMBER, 2, 2, 13, true, true, get_shells,
	    "shells open here" },
	{ "started", "started_at", "STARTED", FIELD_TIME, 8, 8, 12, false, true,
	    get_started, "when this run began" },
	{ "ends", "ends_at", "ENDS", FIELD_TIME, 8, 8, 11, false, false, get_ends,
	    "when it ends, or was paused" },
	{ "envd", "envd_version", "ENVD", FIELD_TEXT, 6, 6, 10, false, false, get_envd,
	    "version of the daemon inside" },
	{ "internet", "internet", NULL, FIELD_BOOL, 0, 0, 0, false, false, get_internet,
	    "may reach the internet" },
	{ "ontimeout", "pause_on_timeout", NULL, FIELD_BOOL, 0, 0, 0, false, false,
	    get_ontimeout, "is paused, not killed, when its time is up" },
	{ "sampled", "sampled_at", NULL, FIELD_TIME, 0, 0, 0, false, true, get_sampled,
	    "when the figures were measured" },
	{ NULL },
};

const struct field *
field_find(const char *name)
{
	static const struct {
		const char *alias, *name;
	} aliases[] = { { "tpl", "template" }, { "st", "state" }, { "memory", "mem" } };

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (str_eq(name, aliases[i].alias))
			name = aliases[i].name;
	for (const struct field *f = fields; f->name; f++)
		if (str_eq(name, f->name))
			return f;
	return NULL;
}

static bool
field_get(const struct field *f, const struct sandbox *s, int64_t now_ms,
    struct field_value *out)
{
	*out = (struct field_value){ 0 };
	if (f->get)
		f->get(s, now_ms, out);
	return out->known;
}

/* ---- cells */

static void
format_left(int64_t left_s, struct buf *out)
{
	char text[16];

	duration_format(left_s < 0 ? 0 : left_s, text, sizeof text);
	buf_add_str(out, left_s < 0 ? "due" : text);
}

static void
format_number(const struct field *f, double number, struct buf *out)
{
	char text[40];

	switch (f->type) {
	case FIELD_PERCENT:
		buf_addf(out, "%.0f", number);
		return;
	case FIELD_BYTES:
		size_format((uint64_t)number, text, sizeof text);
		break;
	case FIELD_SECONDS:
		duration_format((int64_t)number, text, sizeof text);
		break;
	case FIELD_TIME:
		clock_format_hms((int64_t)number, text, sizeof text);
		break;
	case FIELD_BOOL:
		buf_add_str(out, number != 0 ? "yes" : "no");
		return;
	case FIELD_TEXT:
	case FIELD_NUMBER:
	case FIELD_MAP:
		buf_addf(out, "%.0f", number);
		return;
	}
	buf_add_str(out, text);
}

/* A figure that is 30 s old or more is marked. */
static bool
is_measured(const struct field *f)
{
	return f->type == FIELD_PERCENT;
}

void
field_format(
    const struct field *f, const struct sandbox *s, int64_t now_ms, struct buf *out)
{
	struct field_value value;

	if (!field_get(f, s, now_ms, &value)) {
		buf_add_str(out, f->type == FIELD_TEXT ? "" : "--");
		return;
	}
	if (f->get == get_state)
		buf_add_str(
		    out, s->state_text ? s->state_text : sandbox_state_short(s->state));
	else if (f->get == get_left)
		format_left((int64_t)value.number, out);
	else if (f->type == FIELD_TEXT)
		buf_add_str(out, value.text);
	else
		format_number(f, value.number, out);
	if (is_measured(f) && sandbox_is_stale(s, now_ms))
		buf_add_char(out, '~');
}

/* ---- order */

/* Percentages are ordered as they show: rows that look the same stay where they are. */
struct field_key
field_key(const struct field *f, const struct sandbox *s, int64_t now_ms)
{
	struct field_key key = { .sandbox = s };

	field_get(f, s, now_ms, &key.value);
	if (f->type == FIELD_PERCENT)
		key.value.number = rint(key.value.number);
	return key;
}

static int
compare_values(const struct field_value *a, const struct field_value *b)
{
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	return (a->number > b->number) - (a->number < b->number);
}

int
field_key_compare(const struct field_key *a, const struct field_key *b, bool descending)
{
	const struct sandbox *x = a->sandbox, *y = b->sandbox;
	int order = 0;

	if (a->value.known != b->value.known)
		return a->value.known ? -1 : 1;
	if (a->value.known)
		order = compare_values(&a->value, &b->value);
	if (order != 0)
		return descending ? -order : order;
	if (x->started_ms != y->started_ms)
		return x->started_ms > y->started_ms ? -1 : 1;
	return strcmp(x->id, y->id);
}

int
field_compare(const struct field *f, bool descending, const struct sandbox *a,
    const struct sandbox *b, int64_t now_ms)
{
	struct field_key x = field_key(f, a, now_ms), y = field_key(f, b, now_ms);

	return field_key_compare(&x, &y, descending);
}

/* ---- JSON */

static void
add_json_text(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at == '"' || *at == '\\')
			buf_addf(out, "\\%c", *at);
		else if (*at < 0x20 || *at == 0x7f)
			buf_addf(out, "\\u%04x", *at);
		else
			buf_add_char(out, (char)*at);
	}
	buf_add_char(out, '"');
}

static void
add_json_value(struct buf *out, const struct field *f, const struct field_value *value)
{
	char time[40];

	switch (f->type) {
	case FIELD_TEXT:
		add_json_text(out, value->text);
		break;
	case FIELD_TIME:
		clock_format_rfc3339((int64_t)value->number, time, sizeof time);
		add_json_text(out, time);
		break;
	case FIELD_BOOL:
		buf_add_str(out, value->number != 0 ? "true" : "false");
		break;
	case FIELD_PERCENT:
		buf_addf(out, "%.2f", value->number);
		break;
	case FIELD_NUMBER:
	case FIELD_BYTES:
	case FIELD_SECONDS:
	case FIELD_MAP:
		buf_addf(out, "%.0f", value->number);
		break;
	}
}

void
sandbox_add_json(struct buf *out, const struct sandbox *s, int64_t now_ms)
{
	buf_add_char(out, '{');
	for (const struct field *f = fields; f->name; f++) {
		struct field_value value;
		if (!f->json)
			continue;
		buf_addf(out, "\"%s\":", f->json);
		if (field_get(f, s, now_ms, &value))
			add_json_value(out, f, &value);
		else
			buf_add_str(out, "null");
		buf_add_char(out, ',');
	}
	buf_add_str(out, "\"metadata\":{");
	for (size_t i = 0, shown = 0; i < s->metadata.count; i++) {
		if (str_eq(s->metadata.items[i].key, API_MARKER_KEY))
			continue;
		if (shown++ > 0)
			buf_add_char(out, ',');
		add_json_text(out, s->metadata.items[i].key);
		buf_add_char(out, ':');
		add_json_text(out, s->metadata.items[i].value);
	}
	buf_add_str(out, "}}");
}
