/* The metadata filter of the list, encoded three times over (control-plane.md 2.2). */
#include "wire/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* control-plane.md 2.2: each key and value twice, then the whole once more. */
static void
add_encoded_twice(struct buf *out, const char *s)
{
	char *once = url_encode(s);
	char *twice = url_encode(once);

	buf_add_str(out, twice);
	free(once);
	free(twice);
}

char *
rest_metadata_query(const struct pairs *metadata)
{
	struct buf inner;
	char *query;

	buf_init(&inner, REST_MAX_BODY);
	for (size_t i = 0; i < metadata->count; i++) {
		if (i > 0)
			buf_add_char(&inner, '&');
		add_encoded_twice(&inner, metadata->items[i].key);
		buf_add_char(&inner, '=');
		add_encoded_twice(&inner, metadata->items[i].value);
	}
	query = url_encode(inner.data);
	buf_clear(&inner);
	return query;
}

/* In place, as forms are decoded: "+" is a blank. */
static bool
decode_form(char *s)
{
	for (char *plus = s; (plus = strchr(plus, '+')) != NULL;)
		*plus = ' ';
	return url_decode(s);
}

static bool
add_pair(char *text, struct pairs *out)
{
	char *equals = strchr(text, '=');

	if (!equals)
		return false;
	*equals = '\0';
	if (!decode_form(text) || !decode_form(equals + 1) || !*text)
		return false;
	pairs_set(out, text, equals + 1);
	return true;
}

bool
rest_metadata_query_parse(const char *value, struct pairs *out)
{
	char *whole = xstrdup(value);
	struct strlist parts = { 0 };
	struct pairs got = { 0 };
	bool ok = decode_form(whole);

	if (ok)
		strlist_split(&parts, whole, '&');
	for (size_t i = 0; ok && i < parts.count; i++)
		ok = add_pair(parts.items[i], &got);
	free(whole);
	strlist_clear(&parts);
	if (ok)
		*out = got;
	else
		pairs_clear(&got);
	return ok;
}
