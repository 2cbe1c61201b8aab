/* filesystem_events - what a watch tells, as a stream and when asked. */
#include "wire/filesystem.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/envelope.h"
#include "wire/filesystem_json.h"

static const char *const change_names[] = {
	[FILESYSTEM_CHANGE_UNSPECIFIED] = "EVENT_TYPE_UNSPECIFIED",
	[FILESYSTEM_CREATE] = "EVENT_TYPE_CREATE",
	[FILESYSTEM_WRITE] = "EVENT_TYPE_WRITE",
	[FILESYSTEM_REMOVE] = "EVENT_TYPE_REMOVE",
	[FILESYSTEM_RENAME] = "EVENT_TYPE_RENAME",
	[FILESYSTEM_CHMOD] = "EVENT_TYPE_CHMOD",
};

void
filesystem_event_clear(struct filesystem_event *e)
{
	free(e->name);
	filesystem_entry_clear(&e->entry);
	*e = (struct filesystem_event){ 0 };
}

void
filesystem_event_add(struct buf *out, const struct filesystem_event *e)
{
	buf_add_char(out, '{');
	if (!str_is_empty(e->name))
		json_add_text(out, "name", e->name);
	if (e->change != FILESYSTEM_CHANGE_UNSPECIFIED)
		json_add_text(out, "type", change_names[e->change]);
	if (e->has_entry) {
		json_add_key(out, "entry");
		filesystem_entry_add(out, &e->entry);
	}
	buf_add_char(out, '}');
}

void
filesystem_add_start_event(struct buf *out)
{
	static const char start[] = "{\"start\":{}}";

	envelope_add(out, 0, start, sizeof start - 1);
}

void
filesystem_add_watch_event(struct buf *out, const struct filesystem_event *e)
{
	size_t begin = envelope_begin(out);

	buf_add_str(out, "{\"filesystem\":");
	filesystem_event_add(out, e);
	buf_add_char(out, '}');
	envelope_end(out, begin, 0);
}

void
filesystem_add_keepalive_event(struct buf *out)
{
	static const char keepalive[] = "{\"keepalive\":{}}";

	envelope_add(out, 0, keepalive, sizeof keepalive - 1);
}

static void
read_event(struct json_in *in, const json_t *obj, struct filesystem_event *out)
{
	const json_t *entry = json_member(in, obj, "entry", JSON_OBJECT);

	out->name = json_get_string(in, obj, "name");
	out->change = (enum filesystem_change)filesystem_enum(
	    in, obj, "type", change_names, ARRAY_LEN(change_names));
	out->has_entry = entry != NULL;
	if (entry)
		filesystem_entry_read(in, entry, &out->entry);
}

bool
filesystem_watch_decode(const char *json, size_t len, enum filesystem_watch_kind *kind,
    struct filesystem_event *out, struct error *err)
{
	static const char *const names[] = {
		[FILESYSTEM_WATCH_START] = "start",
		[FILESYSTEM_WATCH_EVENT] = "filesystem",
		[FILESYSTEM_WATCH_KEEPALIVE] = "keepalive",
	};
	struct json_in in = FILESYSTEM_REPLY("watch event");
	struct filesystem_event got = { 0 };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	int which = json_get_oneof(&in, root, names, ARRAY_LEN(names));

	if (which == FILESYSTEM_WATCH_EVENT)
		read_event(&in, json_member(&in, root, names[which], JSON_OBJECT), &got);
	json_decref(root);
	if (in.failed) {
		filesystem_event_clear(&got);
		return false;
	}
	*kind = which < 0 ? FILESYSTEM_WATCH_OTHER : (enum filesystem_watch_kind)which;
	*out = got;
	return true;
}

void
filesystem_events_encode(struct buf *out, const char *events, size_t len)
{
	if (len == 0) {
		buf_add_str(out, "{}");
		return;
	}
	buf_add_str(out, "{\"events\":[");
	buf_add(out, events, len);
	buf_add_str(out, "]}");
}

void
filesystem_events_clear(struct filesystem_events *l)
{
	for (size_t i = 0; i < l->count; i++)
		filesystem_event_clear(&l->items[i]);
	free(l->items);
	*l = (struct filesystem_events){ 0 };
}

bool
filesystem_events_decode(
    const char *json, size_t len, struct filesystem_events *out, struct error *err)
{
	struct json_in in = FILESYSTEM_REPLY("watcher's events");
	struct filesystem_events got = { 0 };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	json_t *list = json_member(&in, root, "events", JSON_ARRAY);
	size_t count = json_array_size(list);

	if (count > 0)
		got.items = xcalloc(count, sizeof *got.items);
	for (size_t i = 0; i < count && !in.failed; i++) {
		in.index = (long)i + 1;
		read_event(&in, json_array_get(list, i), &got.items[i]);
		got.count++;
	}
	json_decref(root);
	if (in.failed) {
		filesystem_events_clear(&got);
		return false;
	}
	*out = got;
	return true;
}
