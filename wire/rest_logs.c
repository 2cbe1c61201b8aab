/* Log records of both generations become the same entries. */
#include "wire/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/rest_json.h"

#define MAX_LINE (256u * 1024) /* a longer raw line is shown, not taken apart */

void
rest_log_entry_clear(struct rest_log_entry *e)
{
	free(e->level);
	free(e->message);
	pairs_clear(&e->fields);
	*e = (struct rest_log_entry){ 0 };
}

void
rest_log_list_clear(struct rest_log_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		rest_log_entry_clear(&l->items[i]);
	free(l->items);
	*l = (struct rest_log_list){ 0 };
}

static const struct {
	const char *word, *level;
} levels[] = {
	{ "debug", "debug" },
	{ "trace", "debug" },
	{ "info", "info" },
	{ "notice", "info" },
	{ "warn", "warn" },
	{ "warning", "warn" },
	{ "error", "error" },
	{ "fatal", "error" },
	{ "panic", "error" },
	{ "critical", "error" },
};

/* Takes the word over. One we do not know stays as it is. */
static char *
level_from_word(char *word)
{
	for (size_t i = 0; word && i < ARRAY_LEN(levels); i++) {
		if (!str_eq_nocase(word, levels[i].word))
			continue;
		free(word);
		return xstrdup(levels[i].level);
	}
	return word ? word : xstrdup("info");
}

/* Values that are not texts are shown as the JSON they are. */
static char *
field_text(const json_t *value)
{
	char *raw, *clean;

	if (json_is_string(value))
		return json_clean_dup(json_string_value(value));
	raw = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	clean = json_clean_dup(raw ? raw : "");
	free(raw);
	return clean;
}

static void
add_fields(json_t *obj, const char *const *except, struct pairs *out)
{
	const char *key;
	json_t *value;

	out->items = xcalloc(json_object_size(obj) + 1, sizeof *out->items);
	json_object_foreach(obj, key, value)
	{
		bool skip = json_is_null(value);

		for (size_t i = 0; except && except[i]; i++)
			skip = skip || str_eq(key, except[i]);
		if (skip)
			continue;
		out->items[out->count].key = json_clean_dup(key);
		out->items[out->count].value = field_text(value);
		out->count++;
	}
}

static char *
string_member(const json_t *obj, const char *name)
{
	const json_t *value = json_object_get(obj, name);

	return json_is_string(value) ? json_clean_dup(json_string_value(value)) : NULL;
}

/* The raw record of v1: normally JSON with a level, a message and more. */
static void
decode_line(const json_t *line, struct rest_log_entry *out)
{
	static const char *const known[] = { "level", "message", "msg", "timestamp",
		NULL };
	struct json_in quiet = { .what = "log line", .kind = JSON_REPLY };
	json_t *root = NULL;

	if (json_string_length(line) > 0 && json_string_value(line)[0] == '{')
		root = json_read(&quiet, JSON_OBJECT, json_string_value(line),
		    json_string_length(line), MAX_LINE);
	out->level = level_from_word(string_member(root, "level"));
	out->message = string_member(root, "message");
	if (!out->message)
		out->message = string_member(root, "msg");
	if (!out->message)
		out->message =
		    root ? xstrdup("") : json_clean_dup(json_string_value(line));
	if (root)
		add_fields(root, known, &out->fields);
	json_decref(root);
}

static void
decode_entry(struct json_in *in, const json_t *obj, struct rest_log_entry *out)
{
	const json_t *line = json_member(in, obj, "line", JSON_STRING);
	json_t *fields;

	out->time_ns = json_get_time_ns(in, obj, "timestamp");
	if (line) {
		decode_line(line, out);
		return;
	}
	out->level = level_from_word(json_get_text(in, obj, "level"));
	out->message = rest_text_decode(in, obj, "message");
	fields = json_member(in, obj, "fields", JSON_OBJECT);
	if (fields)
		add_fields(fields, NULL, &out->fields);
}

/* v1 answers the same records twice; the parsed ones are better. */
static const json_t *
choose_entries(struct json_in *in, const json_t *root)
{
	const json_t *entries = json_member(in, root, "logEntries", JSON_ARRAY);

	if (json_array_size(entries) > 0)
		return entries;
	return json_member(in, root, "logs", JSON_ARRAY);
}

static void
decode_entries(struct json_in *in, const json_t *array, struct rest_log_list *out)
{
	size_t count = json_array_size(array);

	if (count == 0)
		return;
	out->items = xcalloc(count, sizeof *out->items);
	for (; out->count < count && !in->failed; out->count++) {
		const json_t *item = json_array_get(array, out->count);

		in->index = (long)out->count + 1;
		if (!json_is_object(item))
			json_fail(in, "logs", "an array of objects");
		decode_entry(in, item, &out->items[out->count]);
	}
}

bool
rest_log_list_decode(
    const char *json, size_t len, struct rest_log_list *out, struct error *err)
{
	struct json_in in = { .what = "logs", .kind = JSON_REPLY, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, REST_MAX_BODY);
	struct rest_log_list got = { 0 };

	decode_entries(&in, choose_entries(&in, root), &got);
	json_decref(root);
	if (in.failed) {
		rest_log_list_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

void
rest_log_entry_encode(struct buf *out, const struct rest_log_entry *e)
{
	buf_add_char(out, '{');
	json_add_time_ns(out, "timestamp", e->time_ns);
	json_add_text(out, "level", e->level ? e->level : "info");
	json_add_text(out, "message", e->message ? e->message : "");
	json_add_pairs(out, "fields", &e->fields);
	buf_add_char(out, '}');
}

/* The official CLI parses `line` and wants "level" and "logger" in it. */
void
rest_log_line_encode(struct buf *out, const struct rest_log_entry *e)
{
	struct buf line;

	buf_init(&line, REST_MAX_BODY);
	buf_add_char(&line, '{');
	json_add_text(&line, "level", e->level ? e->level : "info");
	if (!pairs_get(&e->fields, "logger"))
		json_add_text(&line, "logger", "sandbox");
	json_add_text(&line, "message", e->message ? e->message : "");
	for (size_t i = 0; i < e->fields.count; i++)
		json_add_text(&line, e->fields.items[i].key, e->fields.items[i].value);
	buf_add_char(&line, '}');

	buf_add_char(out, '{');
	json_add_time_ns(out, "timestamp", e->time_ns);
	json_add_text(out, "line", line.data);
	buf_add_char(out, '}');
	buf_clear(&line);
}
