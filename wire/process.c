#include "wire/process.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/envelope.h"
#include "wire/process_json.h"

void
process_config_clear(struct process_config *c)
{
	free(c->cmd);
	free(c->cwd);
	strlist_clear(&c->args);
	pairs_clear(&c->envs);
	*c = (struct process_config){ 0 };
}

void
process_config_copy(struct process_config *dst, const struct process_config *src)
{
	*dst = (struct process_config){ 0 };
	dst->cmd = xstrdup(src->cmd);
	dst->cwd = xstrdup(src->cwd);
	for (size_t i = 0; i < src->args.count; i++)
		strlist_add(&dst->args, src->args.items[i]);
	pairs_copy(&dst->envs, &src->envs);
}

static void
encode_config(struct buf *out, const char *name, const struct process_config *c)
{
	json_add_key(out, name);
	buf_add_char(out, '{');
	if (!str_is_empty(c->cmd))
		json_add_text(out, "cmd", c->cmd);
	if (c->args.count > 0) {
		json_add_key(out, "args");
		buf_add_char(out, '[');
		for (size_t i = 0; i < c->args.count; i++) {
			json_add_comma(out);
			json_add_string(out, c->args.items[i]);
		}
		buf_add_char(out, ']');
	}
	if (c->envs.count > 0)
		json_add_pairs(out, "envs", &c->envs);
	if (c->cwd)
		json_add_text(out, "cwd", c->cwd);
	buf_add_char(out, '}');
}

/* An absent message is the empty message: cmd is then "". */
static void
decode_config(
    struct json_in *in, const json_t *obj, const char *name, struct process_config *out)
{
	const json_t *config = json_member(in, obj, name, JSON_OBJECT);

	*out = (struct process_config){ 0 };
	in->parent = name;
	out->cmd = json_get_string(in, config, "cmd");
	json_get_strings(in, config, "args", &out->args);
	json_get_pairs(in, config, "envs", &out->envs);
	out->cwd = json_get_string(in, config, "cwd");
	in->parent = NULL;
	if (!out->cmd)
		out->cmd = xstrdup("");
}

/* ---- Start */

void
process_start_clear(struct process_start *s)
{
	process_config_clear(&s->config);
	free(s->tag);
	*s = (struct process_start){ 0 };
}

void
process_start_encode(struct buf *out, const struct process_start *s)
{
	buf_add_char(out, '{');
	encode_config(out, "process", &s->config);
	if (s->has_pty) {
		json_add_key(out, "pty");
		buf_addf(out, "{\"size\":{\"cols\":%u,\"rows\":%u}}", (unsigned)s->cols,
		    (unsigned)s->rows);
	}
	if (s->tag)
		json_add_text(out, "tag", s->tag);
	if (s->has_stdin)
		json_add_bool(out, "stdin", s->stdin_open);
	buf_add_char(out, '}');
}

bool
process_pty_decode(struct json_in *in, const json_t *obj, uint32_t *cols, uint32_t *rows)
{
	const json_t *pty = json_member(in, obj, "pty", JSON_OBJECT);
	const json_t *size;

	in->parent = "pty";
	size = json_member(in, pty, "size", JSON_OBJECT);
	in->parent = "pty.size";
	*cols = (uint32_t)json_get_int(in, size, "cols", 0, UINT32_MAX, 0);
	*rows = (uint32_t)json_get_int(in, size, "rows", 0, UINT32_MAX, 0);
	in->parent = NULL;
	return pty != NULL;
}

bool
process_start_decode(
    const char *json, size_t len, struct process_start *out, struct error *err)
{
	struct json_in in = {
		.what = "start", .kind = JSON_REQUEST | JSON_PROTO, .err = err
	};
	json_t *root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	struct process_start got = { 0 };
	int open;

	decode_config(&in, root, "process", &got.config);
	got.has_pty = process_pty_decode(&in, root, &got.cols, &got.rows);
	got.tag = json_get_string(&in, root, "tag");
	open = json_get_bool(&in, root, "stdin");
	got.has_stdin = open >= 0;
	got.stdin_open = open == 1;
	json_decref(root);
	if (in.failed) {
		process_start_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

/* ---- List */

void
process_list_clear(struct process_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		process_config_clear(&l->items[i].config);
		free(l->items[i].tag);
	}
	free(l->items);
	*l = (struct process_list){ 0 };
}

static void
encode_info(struct buf *out, const struct process_info *info)
{
	json_add_comma(out);
	buf_add_char(out, '{');
	encode_config(out, "config", &info->config);
	json_add_uint(out, "pid", info->pid);
	if (info->tag)
		json_add_text(out, "tag", info->tag);
	buf_add_char(out, '}');
}

void
process_list_encode(struct buf *out, const struct process_list *l)
{
	buf_add_char(out, '{');
	if (l->count > 0) {
		json_add_key(out, "processes");
		buf_add_char(out, '[');
		for (size_t i = 0; i < l->count; i++)
			encode_info(out, &l->items[i]);
		buf_add_char(out, ']');
	}
	buf_add_char(out, '}');
}

static void
decode_infos(struct json_in *in, const json_t *array, struct process_list *out)
{
	size_t count = json_array_size(array);

	if (count == 0)
		return;
	out->items = xcalloc(count, sizeof *out->items);
	for (size_t i = 0; i < count && !in->failed; i++) {
		const json_t *item = json_array_get(array, i);
		struct process_info *info = &out->items[i];

		out->count = i + 1;
		in->index = (long)i + 1;
		if (!json_is_object(item))
			json_fail(in, "processes", "an array of objects");
		decode_config(in, item, "config", &info->config);
		info->pid = (uint32_t)json_get_int(in, item, "pid", 0, UINT32_MAX, 0);
		info->tag = json_get_string(in, item, "tag");
	}
}

bool
process_list_decode(
    const char *json, size_t len, struct process_list *out, struct error *err)
{
	struct json_in in = { .what = "process list", .kind = JSON_PROTO, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	struct process_list got = { 0 };

	decode_infos(&in, json_member(&in, root, "processes", JSON_ARRAY), &got);
	json_decref(root);
	if (in.failed) {
		process_list_clear(&got);
		return false;
	}
	*out = got;
	return true;
}
