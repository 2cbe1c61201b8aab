#include "host/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static char *
decode(const char *text, size_t len)
{
	char *value = xstrndup(text, len);
	char *raw;

	for (char *c = value; *c; c++)
		if (*c == '+')
			*c = ' ';
	raw = xstrdup(value);
	if (url_decode(value)) {
		free(raw);
		return value;
	}
	free(value);
	return raw;
}

char *
query_get(const char *query, const char *name)
{
	size_t name_len = strlen(name);

	while (*query) {
		size_t len = strcspn(query, "&");
		size_t key_len = strcspn(query, "=&");

		if (key_len == name_len && strncmp(query, name, name_len) == 0) {
			size_t skip = MIN(key_len + 1, len);

			return decode(query + skip, len - skip);
		}
		query += len + (query[len] == '&');
	}
	return NULL;
}

enum query_number
query_int(const char *query, const char *name, int64_t min, int64_t max, int64_t *out)
{
	char *text = query_get(query, name);
	enum query_number result = QUERY_ABSENT;

	if (text)
		result = parse_int(text, min, max, out) ? QUERY_OK : QUERY_BAD;
	free(text);
	return result;
}
