#include "wire/interpreter.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/json.h"

#define EXECUTE_MAX (64u * 1024 * 1024)

/* ---- requests */

/* These members may be null; then they are as good as absent. */
static char *
optional(struct json_in *in, const json_t *root, const char *name)
{
	return json_is_null(json_object_get(root, name))
		   ? NULL
		   : json_get_string(in, root, name);
}

/* An empty name is no name. */
static char *
optional_name(struct json_in *in, const json_t *root, const char *name)
{
	char *text = optional(in, root, name);

	if (!str_is_empty(text))
		return text;
	free(text);
	return NULL;
}

bool
interpreter_execute_decode(
    const char *json, size_t len, struct interpreter_execute *out, struct error *err)
{
	struct json_in in = { .what = "execution", .kind = JSON_REQUEST, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, EXECUTE_MAX);

	*out = (struct interpreter_execute){ 0 };
	if (!root)
		return false;
	out->code = json_get_string(&in, root, "code");
	out->context_id = optional_name(&in, root, "context_id");
	out->language = optional_name(&in, root, "language");
	if (!json_is_null(json_object_get(root, "env_vars")))
		json_get_pairs(&in, root, "env_vars", &out->envs);
	if (!in.failed && !out->code)
		json_fail(&in, "code", "there");
	json_decref(root);
	if (in.failed)
		interpreter_execute_clear(out);
	return !in.failed;
}

void
interpreter_execute_clear(struct interpreter_execute *e)
{
	free(e->code);
	free(e->context_id);
	free(e->language);
	pairs_clear(&e->envs);
	*e = (struct interpreter_execute){ 0 };
}

bool
interpreter_context_decode(
    const char *json, size_t len, struct interpreter_context *out, struct error *err)
{
	struct json_in in = { .what = "context", .kind = JSON_REQUEST, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);

	*out = (struct interpreter_context){ 0 };
	if (!root)
		return false;
	out->language = optional_name(&in, root, "language");
	out->cwd = optional_name(&in, root, "cwd");
	json_decref(root);
	if (in.failed)
		interpreter_context_clear(out);
	return !in.failed;
}

void
interpreter_context_clear(struct interpreter_context *c)
{
	free(c->id);
	free(c->language);
	free(c->cwd);
	*c = (struct interpreter_context){ 0 };
}

/* ---- ASCII */

static void
add_unit(struct buf *out, uint32_t unit)
{
	buf_addf(out, "\\u%04x", (unsigned)unit);
}

static void
add_scalar(struct buf *out, uint32_t c)
{
	if (c == '"' || c == '\\')
		buf_addf(out, "\\%c", (char)c);
	else if (c == '\n')
		buf_add_str(out, "\\n");
	else if (c >= 0x20 && c < 0x7f)
		buf_add_char(out, (char)c);
	else if (c < 0x10000)
		add_unit(out, c);
	else {
		add_unit(out, 0xd800 + ((c - 0x10000) >> 10));
		add_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
	}
}

/* A string as JSON, in ASCII. */
static void
add_ascii(struct buf *out, const char *text, size_t len)
{
	buf_add_char(out, '"');
	for (size_t at = 0; at < len;) {
		uint32_t scalar;
		size_t used = utf8_decode(text + at, len - at, &scalar);

		add_scalar(out, used > 0 ? scalar : 0xfffd);
		at += MAX(used, 1);
	}
	buf_add_char(out, '"');
}

static void
add_member(struct buf *out, const char *name, const char *text)
{
	json_add_key(out, name);
	add_ascii(out, text, strlen(text));
}

void
interpreter_cell_encode(struct buf *out, const char *code, const struct pairs *envs)
{
	buf_add_char(out, '{');
	add_member(out, "code", code);
	json_add_key(out, "env_vars");
	buf_add_char(out, '{');
	for (size_t i = 0; i < envs->count; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		add_ascii(out, envs->items[i].key, strlen(envs->items[i].key));
		buf_add_char(out, ':');
		add_ascii(out, envs->items[i].value, strlen(envs->items[i].value));
	}
	buf_add_str(out, "}}");
}

void
interpreter_context_encode(struct buf *out, const struct interpreter_context *c)
{
	buf_add_char(out, '{');
	add_member(out, "id", c->id);
	add_member(out, "language", c->language);
	add_member(out, "cwd", c->cwd);
	buf_add_char(out, '}');
}

/* ---- events */

void
interpreter_add_output(
    struct buf *out, const char *kind, const char *text, size_t len, int64_t at_ms)
{
	buf_addf(out, "{\"type\":\"%s\",\"text\":", kind);
	add_ascii(out, text, len);
	json_add_time_ms(out, "timestamp", at_ms);
	buf_add_char(out, '}');
}

void
interpreter_add_error(
    struct buf *out, const char *name, const char *value, const char *traceback)
{
	buf_add_str(out, "{\"type\":\"error\"");
	add_member(out, "name", name);
	add_member(out, "value", value);
	add_member(out, "traceback", traceback);
	buf_add_char(out, '}');
}

void
interpreter_add_count(struct buf *out, int64_t executions)
{
	buf_addf(out, "{\"type\":\"number_of_executions\",\"execution_count\":%lld}",
	    (long long)executions);
}
