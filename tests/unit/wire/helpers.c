#include "tests/unit/wire/helpers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#define RECORDING "tests/fixtures/envd/exchanges.jsonl"

static char *
body_of(const json_t *side, size_t *len)
{
	const char *text = json_string_value(json_object_get(side, "body"));
	size_t text_len = text ? strlen(text) : 0;
	char *body = xcalloc(1, BASE64_DECODED_MAX(text_len) + 1);

	*len = 0;
	assert_true(base64_decode(text ? text : "", text_len, body, len));
	body[*len] = '\0';
	return body;
}

static char *
header_of(const json_t *side, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(side, "headers"), key,
	    value) if (str_eq_nocase(key, name)) return xstrdup(json_string_value(value));
	return xstrdup("");
}

static struct exchange
exchange_from_line(const char *line)
{
	json_t *root = json_loads(line, 0, NULL);
	const json_t *request = json_object_get(root, "request");
	const json_t *response = json_object_get(root, "response");
	struct exchange e = { 0 };

	assert_non_null(root);
	e.name = xstrdup(json_string_value(json_object_get(root, "name")));
	e.method = xstrdup(json_string_value(json_object_get(request, "method")));
	e.path = xstrdup(json_string_value(json_object_get(request, "path")));
	e.type = header_of(request, "content-type");
	e.answer_type = header_of(response, "content-type");
	e.request = body_of(request, &e.request_len);
	e.response = body_of(response, &e.response_len);
	e.status = (int)json_integer_value(json_object_get(response, "status"));
	json_decref(root);
	return e;
}

size_t
exchanges_load(struct exchange **out)
{
	struct error err;
	struct strlist lines = { 0 };
	size_t len, count = 0;
	char *text;

	if (!path_read_file(RECORDING, 1u << 20, &text, &len, &err))
		fail_msg("%s", err.text);
	strlist_split(&lines, text, '\n');
	*out = xcalloc(lines.count, sizeof **out);
	for (size_t i = 0; i < lines.count; i++)
		if (lines.items[i][0])
			(*out)[count++] = exchange_from_line(lines.items[i]);
	strlist_clear(&lines);
	free(text);
	return count;
}

void
exchanges_free(struct exchange *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].method);
		free(list[i].path);
		free(list[i].type);
		free(list[i].answer_type);
		free(list[i].request);
		free(list[i].response);
	}
	free(list);
}

const struct exchange *
exchange_named(const struct exchange *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].name, name))
			return &list[i];
	fail_msg("no exchange is named %s", name);
	return NULL;
}

void
assert_same_json(const char *a, size_t a_len, const char *b, size_t b_len)
{
	json_t *ja = json_loadb(a, a_len, JSON_DECODE_ANY, NULL);
	json_t *jb = json_loadb(b, b_len, JSON_DECODE_ANY, NULL);

	if (!ja || !jb || !json_equal(ja, jb))
		fail_msg("not the same JSON:\n%.*s\n%.*s", (int)a_len, a, (int)b_len, b);
	json_decref(ja);
	json_decref(jb);
}

void
assert_buf_json(const struct buf *b, const char *expected)
{
	assert_same_json(b->data, b->len, expected, strlen(expected));
}

char *
fill_in(const char *text, const char *value)
{
	const char *at = strchr(text, '@');

	assert_non_null(at);
	return xasprintf("%.*s%s%s", (int)(at - text), text, value, at + 1);
}
