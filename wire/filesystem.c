/* filesystem - entries, and what a client asks for. */
#include "wire/filesystem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "wire/envelope.h"
#include "wire/filesystem_json.h"

static const char *const type_names[] = {
	[FILESYSTEM_UNSPECIFIED] = "FILE_TYPE_UNSPECIFIED",
	[FILESYSTEM_FILE] = "FILE_TYPE_FILE",
	[FILESYSTEM_DIRECTORY] = "FILE_TYPE_DIRECTORY",
	[FILESYSTEM_SYMLINK] = "FILE_TYPE_SYMLINK",
};

void
filesystem_entry_clear(struct filesystem_entry *e)
{
	free(e->name);
	free(e->path);
	free(e->owner);
	free(e->group);
	free(e->symlink_target);
	pairs_clear(&e->metadata);
	*e = (struct filesystem_entry){ 0 };
}

void
filesystem_permissions(uint32_t st_mode, char out[16])
{
	static const char letters[] = "rwxrwxrwx";
	const struct {
		bool is;
		char letter;
	} kinds[] = {
		{ S_ISDIR(st_mode), 'd' },
		{ S_ISLNK(st_mode), 'L' },
		{ S_ISBLK(st_mode) || S_ISCHR(st_mode), 'D' },
		{ S_ISFIFO(st_mode), 'p' },
		{ S_ISSOCK(st_mode), 'S' },
		{ st_mode & S_ISUID, 'u' },
		{ st_mode & S_ISGID, 'g' },
		{ S_ISCHR(st_mode), 'c' },
		{ st_mode & S_ISVTX, 't' },
	};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].is)
			out[len++] = kinds[i].letter;
	if (len == 0)
		out[len++] = '-';
	for (unsigned i = 0; i < 9; i++)
		out[len++] = (char)(st_mode >> (8 - i) & 1 ? letters[i] : '-');
	out[len] = '\0';
}

/* ---- writing. What has its zero value is left out. */

static void
add_text(struct buf *out, const char *name, const char *value)
{
	if (!str_is_empty(value))
		json_add_text(out, name, value);
}

/* As the protocol buffers' mapping has 64 bits. */
static void
add_size(struct buf *out, int64_t size)
{
	if (size == 0)
		return;
	json_add_key(out, "size");
	buf_addf(out, "\"%lld\"", (long long)size);
}

void
filesystem_entry_add(struct buf *out, const struct filesystem_entry *e)
{
	buf_add_char(out, '{');
	add_text(out, "name", e->name);
	if (e->type != FILESYSTEM_UNSPECIFIED)
		json_add_text(out, "type", type_names[e->type]);
	add_text(out, "path", e->path);
	add_size(out, e->size);
	if (e->mode != 0)
		json_add_uint(out, "mode", e->mode);
	add_text(out, "permissions", e->permissions);
	add_text(out, "owner", e->owner);
	add_text(out, "group", e->group);
	if (e->modified_ns > 0)
		json_add_time_ns(out, "modifiedTime", e->modified_ns);
	if (e->symlink_target)
		json_add_text(out, "symlinkTarget", e->symlink_target);
	if (e->metadata.count > 0)
		json_add_pairs(out, "metadata", &e->metadata);
	if (e->is_symlink)
		json_add_bool(out, "isSymlink", true);
	buf_add_char(out, '}');
}

void
filesystem_entry_encode(struct buf *out, const struct filesystem_entry *e)
{
	buf_add_str(out, "{\"entry\":");
	filesystem_entry_add(out, e);
	buf_add_char(out, '}');
}

static const char entries_head[] = "{\"entries\":[";

void
filesystem_entries_begin(struct buf *out)
{
	buf_add_str(out, entries_head);
}

void
filesystem_entries_add(struct buf *out, const struct filesystem_entry *e)
{
	json_add_comma(out);
	filesystem_entry_add(out, e);
}

void
filesystem_entries_end(struct buf *out)
{
	if (out->len == sizeof entries_head - 1) {
		buf_reset(out);
		buf_add_str(out, "{}");
	} else {
		buf_add_str(out, "]}");
	}
}

/* ---- reading */

int
filesystem_enum(struct json_in *in, const json_t *obj, const char *name,
    const char *const *names, int count)
{
	const json_t *value = obj ? json_object_get(obj, name) : NULL;

	if (!value || json_is_null(value))
		return 0;
	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) < count)
		return (int)json_integer_value(value);
	if (!json_is_string(value) && !json_is_integer(value))
		json_fail(in, name, "a name or a number");
	for (int i = 0; json_is_string(value) && i < count; i++)
		if (str_eq(names[i], json_string_value(value)))
			return i;
	return 0;
}

static void
read_permissions(struct json_in *in, const json_t *obj, struct filesystem_entry *out)
{
	json_get_line(in, obj, "permissions", out->permissions, sizeof out->permissions);
}

void
filesystem_entry_read(struct json_in *in, const json_t *obj, struct filesystem_entry *out)
{
	out->name = json_get_string(in, obj, "name");
	out->path = json_get_string(in, obj, "path");
	out->type = (enum filesystem_type)filesystem_enum(
	    in, obj, "type", type_names, ARRAY_LEN(type_names));
	out->size = json_get_int(in, obj, "size", INT64_MIN, INT64_MAX, 0);
	out->mode = (uint32_t)json_get_int(in, obj, "mode", 0, UINT32_MAX, 0);
	read_permissions(in, obj, out);
	out->owner = json_get_string(in, obj, "owner");
	out->group = json_get_string(in, obj, "group");
	out->modified_ns = json_get_time_ns(in, obj, "modifiedTime");
	out->symlink_target = json_get_string(in, obj, "symlinkTarget");
	/* Older daemons tell a link by its target only. */
	out->is_symlink = json_get_bool(in, obj, "isSymlink") == 1 || out->symlink_target;
	json_get_pairs(in, obj, "metadata", &out->metadata);
}

bool
filesystem_entry_decode(
    const char *json, size_t len, struct filesystem_entry *out, struct error *err)
{
	struct json_in in = FILESYSTEM_REPLY("entry");
	struct filesystem_entry got = { 0 };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	json_t *entry = json_member(&in, root, "entry", JSON_OBJECT);

	if (entry)
		filesystem_entry_read(&in, entry, &got);
	else
		json_fail(&in, "entry", "there");
	json_decref(root);
	if (in.failed) {
		filesystem_entry_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

void
filesystem_entries_clear(struct filesystem_entries *l)
{
	for (size_t i = 0; i < l->count; i++)
		filesystem_entry_clear(&l->items[i]);
	free(l->items);
	*l = (struct filesystem_entries){ 0 };
}

bool
filesystem_entries_decode(
    const char *json, size_t len, struct filesystem_entries *out, struct error *err)
{
	struct json_in in = FILESYSTEM_REPLY("listing");
	struct filesystem_entries got = { 0 };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	json_t *list = json_member(&in, root, "entries", JSON_ARRAY);
	size_t count = json_array_size(list);

	if (count > 0)
		got.items = xcalloc(count, sizeof *got.items);
	for (size_t i = 0; i < count && !in.failed; i++) {
		in.index = (long)i + 1;
		filesystem_entry_read(&in, json_array_get(list, i), &got.items[i]);
		got.count++;
	}
	json_decref(root);
	if (in.failed) {
		filesystem_entries_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

/* ---- requests */

void
filesystem_call_clear(struct filesystem_call *c)
{
	free(c->path);
	free(c->destination);
	free(c->watcher_id);
	*c = (struct filesystem_call){ 0 };
}

static bool
read_flag(struct json_in *in, const json_t *obj, const char *name, const char *other)
{
	return json_get_bool(in, obj, name) == 1 || json_get_bool(in, obj, other) == 1;
}

bool
filesystem_call_decode(
    const char *json, size_t len, struct filesystem_call *out, struct error *err)
{
	struct json_in in = {
		.what = "file request", .kind = JSON_REQUEST | JSON_PROTO, .err = err
	};
	struct filesystem_call got = { 0 };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	bool moves = root && json_object_get(root, "source");

	got.path = json_get_string(&in, root, moves ? "source" : "path");
	got.destination = json_get_string(&in, root, "destination");
	got.watcher_id = json_get_string(&in, root, "watcherId");
	if (!got.watcher_id)
		got.watcher_id = json_get_string(&in, root, "watcher_id");
	got.depth = (uint32_t)json_get_int(&in, root, "depth", 0, UINT32_MAX, 0);
	got.recursive = json_get_bool(&in, root, "recursive") == 1;
	got.include_entry = read_flag(&in, root, "includeEntry", "include_entry");
	got.allow_network_mounts =
	    read_flag(&in, root, "allowNetworkMounts", "allow_network_mounts");
	json_decref(root);
	if (in.failed) {
		filesystem_call_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

void
filesystem_path_encode(struct buf *out, const char *path)
{
	buf_add_char(out, '{');
	add_text(out, "path", path);
	buf_add_char(out, '}');
}

void
filesystem_list_encode(struct buf *out, const char *path, uint32_t depth)
{
	buf_add_char(out, '{');
	add_text(out, "path", path);
	if (depth > 0)
		json_add_uint(out, "depth", depth);
	buf_add_char(out, '}');
}

void
filesystem_move_encode(struct buf *out, const char *source, const char *destination)
{
	buf_add_char(out, '{');
	add_text(out, "source", source);
	add_text(out, "destination", destination);
	buf_add_char(out, '}');
}

void
filesystem_watch_encode(struct buf *out, const struct filesystem_call *c)
{
	buf_add_char(out, '{');
	add_text(out, "path", c->path);
	if (c->recursive)
		json_add_bool(out, "recursive", true);
	if (c->include_entry)
		json_add_bool(out, "includeEntry", true);
	if (c->allow_network_mounts)
		json_add_bool(out, "allowNetworkMounts", true);
	buf_add_char(out, '}');
}

void
filesystem_watcher_encode(struct buf *out, const char *watcher_id)
{
	buf_add_char(out, '{');
	add_text(out, "watcherId", watcher_id);
	buf_add_char(out, '}');
}
