/* Reading: documents with limits first, then members one kind after the other. */
#include "wire/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

/* ---- documents */

static enum error_code
failure_code(const struct json_in *in)
{
	return in->kind & JSON_REQUEST ? ERROR_INPUT : ERROR_REMOTE;
}

static bool
fail_document(struct json_in *in, const char *why)
{
	if (!in->failed)
		error_set(in->err, failure_code(in), "%s: %s", in->what, why);
	in->failed = true;
	return false;
}

bool
json_fail(struct json_in *in, const char *name, const char *must)
{
	char entry[32] = "", path[96] = "";

	if (in->failed)
		return false;
	if (in->index > 0)
		snprintf(entry, sizeof entry, "entry %ld: ", in->index);
	if (in->parent)
		snprintf(path, sizeof path, "%s.", in->parent);
	in->failed = true;
	return error_set(in->err, failure_code(in), "%s: %s\"%s%s\" must be %s", in->what,
	    entry, path, name, must);
}

/* jansson's own limit is 2048 levels of recursion; ours is asked for before. */
static bool
is_shallow(const char *text, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if ((c == '{' || c == '[') && ++depth > JSON_MAX_DEPTH)
			return false;
		else if (c == '}' || c == ']')
			depth--;
	}
	return true;
}

/* jansson quotes what it stumbled over; that may be a secret, so it is cut off. */
static void
fail_syntax(struct json_in *in, json_error_t *why)
{
	char text[256];
	char *near = strstr(why->text, " near ");

	if (near)
		*near = '\0';
	snprintf(
	    text, sizeof text, "not valid JSON at byte %d: %s", why->position, why->text);
	fail_document(in, text);
}

/* NUL cannot stand in a C string. In a reply its escape is read as U+FFFD, because
 * one odd row must not hide a whole list. NULL: there is none; else caller frees. */
static char *
replace_nul(const char *text, size_t len)
{
	static const char nul[] = "u0000";
	char *copy;

	if (!memmem(text, len, "\\u0000", 6))
		return NULL;
	copy = xmemdup(text, len);
	for (size_t i = 0; i + 5 < len; i++) {
		if (copy[i] != '\\')
			continue;
		if (!memcmp(copy + i + 1, nul, sizeof nul - 1))
			memcpy(copy + i + 1, "ufffd", sizeof nul - 1);
		i++;
	}
	return copy;
}

static json_t *
parse(struct json_in *in, const char *text, size_t len)
{
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	char *copy = in->kind & JSON_REQUEST ? NULL : replace_nul(text, len);
	json_error_t why;
	json_t *root = json_loadb(copy ? copy : text, len, flags, &why);

	free(copy);
	if (!root)
		fail_syntax(in, &why);
	return root;
}

json_t *
json_read(struct json_in *in, json_type type, const char *text, size_t len, size_t max)
{
	size_t start = 0;
	json_t *root;

	while (start < len && strchr(" \t\r\n", text[start]) && text[start])
		start++;
	if (start == len)
		return fail_document(in, "an empty body where JSON was expected"), NULL;
	if (len > max)
		return fail_document(in, "the JSON is too long"), NULL;
	if (text[start] == '<')
		return fail_document(in, "a web page where JSON was expected"), NULL;
	if (!is_shallow(text, len))
		return fail_document(in, "the JSON is nested too deeply"), NULL;
	root = parse(in, text, len);
	if (!root)
		return NULL;
	if (json_typeof(root) != type) {
		fail_document(
		    in, type == JSON_ARRAY ? "not a JSON array" : "not a JSON object");
		json_decref(root);
		return NULL;
	}
	return root;
}

/* ---- members */

static const char *const type_names[] = {
	[JSON_OBJECT] = "an object",
	[JSON_ARRAY] = "an array",
	[JSON_STRING] = "a string",
	[JSON_INTEGER] = "a whole number",
	[JSON_REAL] = "a number",
	[JSON_TRUE] = "true or false",
	[JSON_FALSE] = "true or false",
	[JSON_NULL] = "null",
};

/* The member whatever its type; NULL when absent, and when null means absent. */
static json_t *
any_member(const struct json_in *in, const json_t *obj, const char *name)
{
	json_t *value = json_object_get(obj, name);

	if (json_is_null(value) && (!(in->kind & JSON_REQUEST) || in->kind & JSON_PROTO))
		return NULL;
	return value;
}

json_t *
json_member(struct json_in *in, const json_t *obj, const char *name, json_type type)
{
	json_t *value = any_member(in, obj, name);

	if (!value || in->failed)
		return NULL;
	if (json_typeof(value) == type || (type == JSON_TRUE && json_is_boolean(value)))
		return value;
	json_fail(in, name, type_names[type]);
	return NULL;
}

int
json_get_oneof(struct json_in *in, const json_t *obj, const char *const *names, int count)
{
	int found = -1;

	for (int i = 0; i < count; i++) {
		if (!any_member(in, obj, names[i]))
			continue;
		if (found >= 0) {
			json_fail(in, names[i], "the only choice: two were made");
			return -1;
		}
		found = i;
	}
	return found;
}

char *
json_clean_dup(const char *s)
{
	size_t len = 0;

	while (s[len] >= 0x20 && s[len] < 0x7f)
		len++;
	return s[len] ? text_clean_dup(s) : xstrndup(s, len);
}

char *
json_get_text(struct json_in *in, const json_t *obj, const char *name)
{
	json_t *value = json_member(in, obj, name, JSON_STRING);

	if (!value || json_string_length(value) == 0)
		return NULL;
	return json_clean_dup(json_string_value(value));
}

char *
json_get_string(struct json_in *in, const json_t *obj, const char *name)
{
	json_t *value = json_member(in, obj, name, JSON_STRING);

	return value ? xstrdup(json_string_value(value)) : NULL;
}

char *
json_get_token(struct json_in *in, const json_t *obj, const char *name)
{
	json_t *value = json_member(in, obj, name, JSON_STRING);
	size_t len = value ? json_string_length(value) : 0;

	if (len == 0)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		char c = json_string_value(value)[i];

		if (c > 0x20 && c < 0x7f)
			continue;
		json_fail(in, name, "visible ASCII without blanks");
		return NULL;
	}
	return xstrndup(json_string_value(value), len);
}

void
json_get_line(
    struct json_in *in, const json_t *obj, const char *name, char *out, size_t size)
{
	json_t *value = json_member(in, obj, name, JSON_STRING);

	out[0] = '\0';
	if (value)
		text_line(json_string_value(value), json_string_length(value), out, size);
}

int
json_get_bool(struct json_in *in, const json_t *obj, const char *name)
{
	json_t *value = json_member(in, obj, name, JSON_TRUE);

	return value ? json_is_true(value) : -1;
}

/* A real as a whole number. Requests must be exact, replies are cut. */
static bool
whole_from_real(const struct json_in *in, double real, int64_t *out)
{
	double whole = trunc(real);

	if (!(fabs(whole) < 9.2e18))
		return false;
	if (in->kind & JSON_REQUEST && fabs(real - whole) > 0)
		return false;
	*out = (int64_t)whole;
	return true;
}

static bool
whole_from_json(const struct json_in *in, const json_t *value, int64_t *out)
{
	if (json_is_integer(value)) {
		*out = json_integer_value(value);
		return true;
	}
	if (json_is_real(value))
		return whole_from_real(in, json_real_value(value), out);
	return json_is_string(value) && in->kind & JSON_PROTO &&
	       strlen(json_string_value(value)) == json_string_length(value) &&
	       parse_int(json_string_value(value), INT64_MIN, INT64_MAX, out);
}

int64_t
json_get_int(struct json_in *in, const json_t *obj, const char *name, int64_t min,
    int64_t max, int64_t fallback)
{
	json_t *value = any_member(in, obj, name);
	int64_t number = 0;
	char must[80];

	if (!value || in->failed)
		return fallback;
	if (whole_from_json(in, value, &number) && number >= min && number <= max)
		return number;
	if (json_is_number(value) && max < INT64_MAX)
		snprintf(must, sizeof must, "a whole number from %" PRId64 " to %" PRId64,
		    min, max);
	else
		snprintf(must, sizeof must, "a whole number%s",
		    min < 0 ? "" : ", not negative");
	json_fail(in, name, must);
	return fallback;
}

uint64_t
json_get_bytes(
    struct json_in *in, const json_t *obj, const char *name, const char *mib_name)
{
	const int64_t mib = 1024 * 1024;
	int64_t bytes = json_get_int(in, obj, name, 0, INT64_MAX, -1);

	if (bytes < 0 && mib_name)
		bytes = mib * json_get_int(in, obj, mib_name, 0, INT64_MAX / mib, 0);
	return bytes < 0 ? 0 : (uint64_t)bytes;
}

double
json_get_number(struct json_in *in, const json_t *obj, const char *name, double fallback)
{
	json_t *value = any_member(in, obj, name);

	if (!value || in->failed)
		return fallback;
	if (json_is_number(value))
		return json_number_value(value);
	json_fail(in, name, "a number");
	return fallback;
}

/* clock_parse_rfc3339() knows milliseconds; the finer digits are read here. Past
 * the year 2262 nanoseconds no longer fit. */
static int64_t
ns_from_time(const char *text, int64_t ms)
{
	const char *dot = strchr(text, '.');
	int64_t below_ms = 0;

	if (ms > INT64_MAX / 1000000 - 1)
		return INT64_MAX;
	for (size_t i = 0, digits = dot ? strspn(dot + 1, "0123456789") : 0; i < 9; i++)
		below_ms = below_ms * 10 + (i < digits ? dot[1 + i] - '0' : 0);
	return ms * 1000000 + below_ms % 1000000;
}

/* NULL when absent or empty; else *ms is set, 0 for a time before 1970. */
static const char *
get_time(struct json_in *in, const json_t *obj, const char *name, int64_t *ms)
{
	const char *text = json_string_value(json_member(in, obj, name, JSON_STRING));

	if (str_is_empty(text))
		return NULL;
	if (clock_parse_rfc3339(text, ms)) {
		*ms = MAX(*ms, 0);
		return text;
	}
	json_fail(in, name, "a time like 2026-01-02T03:04:05Z");
	return NULL;
}

int64_t
json_get_time_ms(struct json_in *in, const json_t *obj, const char *name)
{
	int64_t ms;

	return get_time(in, obj, name, &ms) ? ms : 0;
}

int64_t
json_get_time_ns(struct json_in *in, const json_t *obj, const char *name)
{
	int64_t ms;
	const char *text = get_time(in, obj, name, &ms);

	return text && ms > 0 ? ns_from_time(text, ms) : 0;
}

/* Keys of a JSON object are unique, so nothing is searched: a hostile million of
 * them costs linear time. */
void
json_take_pairs(struct json_in *in, json_t *map, const char *name, struct pairs *out)
{
	char *(*dup)(const char *) = in->kind == JSON_REPLY ? json_clean_dup : xstrdup;
	const char *key;
	json_t *value;

	*out = (struct pairs){ 0 };
	if (!map || json_object_size(map) == 0)
		return;
	out->items = xcalloc(json_object_size(map), sizeof *out->items);
	json_object_foreach(map, key, value)
	{
		struct pair *p = &out->items[out->count];

		if (!json_is_string(value)) {
			json_fail(in, name, "an object whose values are strings");
			pairs_clear(out);
			return;
		}
		p->key = dup(key);
		p->value = dup(json_string_value(value));
		out->count++;
	}
}

void
json_get_pairs(struct json_in *in, const json_t *obj, const char *name, struct pairs *out)
{
	json_take_pairs(in, json_member(in, obj, name, JSON_OBJECT), name, out);
}

void
json_get_strings(
    struct json_in *in, const json_t *obj, const char *name, struct strlist *out)
{
	json_t *array = json_member(in, obj, name, JSON_ARRAY);
	size_t count = json_array_size(array);

	*out = (struct strlist){ 0 };
	if (count == 0)
		return;
	out->items = xcalloc(count + 1, sizeof *out->items);
	for (size_t i = 0; i < count; i++) {
		json_t *value = json_array_get(array, i);

		if (!json_is_string(value)) {
			json_fail(in, name, "an array of strings");
			strlist_clear(out);
			return;
		}
		out->items[out->count++] = xstrdup(json_string_value(value));
	}
}
