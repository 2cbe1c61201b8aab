/* Writing by hand into a buffer: jansson would copy everything twice. */
#include "wire/json.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "wire/rest.h"

static void
add_escape(struct buf *out, unsigned char c)
{
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; i + 1 < sizeof short_forms; i += 2) {
		if ((unsigned char)short_forms[i] != c)
			continue;
		buf_add_char(out, '\\');
		buf_add_char(out, short_forms[i + 1]);
		return;
	}
	buf_addf(out, "\\u%04x", c);
}

static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* JSON is printed to terminals too: what one would obey, or show as something else, is
 * named by its number, which is the same text to whoever reads the JSON. */
static void
add_scalar(struct buf *out, uint32_t scalar)
{
	char utf8[4];

	if (!scalar_is_unsafe(scalar)) {
		buf_add(out, utf8, utf8_encode(scalar, utf8));
		return;
	}
	if (scalar > 0xffff) { /* two halves */
		buf_addf(out, "\\u%04x", 0xd800u + ((scalar - 0x10000) >> 10));
		scalar = 0xdc00 + (scalar & 0x3ff);
	}
	buf_addf(out, "\\u%04x", (unsigned)scalar);
}

static size_t
plain_length(const char *s)
{
	size_t len = 0;

	while (is_plain((unsigned char)s[len]))
		len++;
	return len;
}

/* `len` plain bytes between `before` and `after`, in one piece. */
static void
add_plain(
    struct buf *out, const char *before, const char *s, size_t len, const char *after)
{
	size_t first = strlen(before), last = strlen(after);
	char *to = buf_reserve(out, first + len + last);

	if (!to)
		return;
	memcpy(to, before, first);
	memcpy(to + first, s, len);
	memcpy(to + first + len, after, last);
	buf_commit(out, first + len + last);
}

/* Bytes that are not UTF-8 cannot be said in JSON: they become U+FFFD. */
void
json_add_string(struct buf *out, const char *s)
{
	if (!s) {
		buf_add_str(out, "null");
		return;
	}
	size_t run = plain_length(s);

	if (!s[run]) {
		add_plain(out, "\"", s, run, "\"");
		return;
	}
	buf_add_char(out, '"');
	for (; *s; run = plain_length(s)) {
		buf_add(out, s, run);
		s += run;
		if ((unsigned char)*s >= 0x80) {
			uint32_t scalar;

			s += utf8_decode(s, strnlen(s, 4), &scalar);
			add_scalar(out, scalar);
		} else if (*s) {
			add_escape(out, (unsigned char)*s++);
		}
	}
	buf_add_char(out, '"');
}

static bool
needs_comma(const struct buf *out)
{
	char last = out->len > 0 ? out->data[out->len - 1] : '{';

	return last != '{' && last != '[';
}

void
json_add_comma(struct buf *out)
{
	if (needs_comma(out))
		buf_add_char(out, ',');
}

void
json_add_key(struct buf *out, const char *name)
{
	size_t run = plain_length(name);

	if (!name[run]) {
		add_plain(out, needs_comma(out) ? ",\"" : "\"", name, run, "\":");
		return;
	}
	json_add_comma(out);
	json_add_string(out, name);
	buf_add_char(out, ':');
}

void
json_add_text(struct buf *out, const char *name, const char *value)
{
	json_add_key(out, name);
	json_add_string(out, value);
}

static void
add_digits(struct buf *out, uint64_t value)
{
	char digits[20], *first = digits + sizeof digits;

	do
		*--first = (char)('0' + value % 10);
	while (value /= 10);
	buf_add(out, first, (size_t)(digits + sizeof digits - first));
}

void
json_add_int(struct buf *out, const char *name, int64_t value)
{
	json_add_key(out, name);
	if (value < 0)
		buf_add_char(out, '-');
	add_digits(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void
json_add_uint(struct buf *out, const char *name, uint64_t value)
{
	json_add_key(out, name);
	add_digits(out, value);
}

void
json_add_number(struct buf *out, const char *name, double value)
{
	bool usable = isfinite(value) && fabs(value) < 1e15;
	long long hundredths = usable ? llround(value * 100) : 0;
	long long size = hundredths < 0 ? -hundredths : hundredths;

	json_add_key(out, name);
	buf_addf(out, "%s%lld", hundredths < 0 ? "-" : "", size / 100);
	if (size % 100)
		buf_addf(out, ".%02lld", size % 100);
}

void
json_add_bool(struct buf *out, const char *name, bool value)
{
	json_add_key(out, name);
	buf_add_str(out, value ? "true" : "false");
}

void
json_add_pairs(struct buf *out, const char *name, const struct pairs *p)
{
	json_add_key(out, name);
	pairs_encode(out, p);
}

void
json_add_time_ms(struct buf *out, const char *name, int64_t time_ms)
{
	char text[40];

	clock_format_rfc3339(time_ms, text, sizeof text);
	json_add_text(out, name, text);
}

void
json_add_time_ns(struct buf *out, const char *name, int64_t time_ns)
{
	char text[40], precise[64];
	char *dot;

	clock_format_rfc3339(time_ns / 1000000, text, sizeof text);
	dot = strchr(text, '.');
	if (dot)
		*dot = '\0';
	snprintf(precise, sizeof precise, "%s.%09dZ", text, (int)(time_ns % 1000000000));
	json_add_text(out, name, precise);
}

void
pairs_encode(struct buf *out, const struct pairs *p)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < p->count; i++)
		json_add_text(out, p->items[i].key, p->items[i].value);
	buf_add_char(out, '}');
}

bool
pairs_decode(const char *json, size_t len, struct pairs *out, struct error *err)
{
	struct json_in in = { .what = "stored pairs", .kind = JSON_REQUEST, .err = err };
	json_t *root = json_read(&in, JSON_OBJECT, json, len, JSON_MAX_OBJECT);
	struct pairs got;

	json_take_pairs(&in, root, "pairs", &got);
	json_decref(root);
	if (in.failed)
		return false;
	*out = got;
	return true;
}
