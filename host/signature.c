#include "host/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/str.h"
#include "host/query.h"

char *
signature_make(const char *path, const char *operation, const char *user,
    const char *token, const char *expiration)
{
	char *text = xasprintf("%s:%s:%s:%s%s%s", path, operation, user, token,
	    expiration ? ":" : "", expiration ? expiration : "");
	unsigned char sum[SHA256_BYTES];
	struct buf out;

	sha256(text, strlen(text), sum);
	free(text);
	buf_init(&out, 128);
	buf_add_str(&out, "v1_");
	base64_add(&out, sum, sizeof sum);
	while (out.data[out.len - 1] == '=')
		out.data[--out.len] = '\0';
	return buf_take(&out);
}

static const char *
check(const char *given, const char *expected, const char *expiration)
{
	int64_t until_s;

	if (!secret_eq(expected, given))
		return "invalid signature";
	if (expiration && (!parse_int(expiration, INT64_MIN, INT64_MAX, &until_s) ||
			      until_s < clock_wall_ms() / 1000))
		return "signature is already expired";
	return NULL;
}

/* '+' belongs to the alphabet of base64: who forgot to encode it is understood. */
static void
restore_plus(char *text)
{
	for (char *c = text; c && *c; c++)
		if (*c == ' ')
			*c = '+';
}

const char *
signature_refuse(const char *query, const char *operation, const char *token)
{
	char *given = query_get(query, "signature");
	char *path = query_get(query, "path");
	char *user = query_get(query, "username");
	char *expiration = query_get(query, "signature_expiration");
	const char *refusal = "missing signature query parameter";

	if (given) {
		char *expected = signature_make(path ? path : "", operation,
		    user ? user : "", token ? token : "", expiration);

		restore_plus(given);
		refusal = check(given, expected, expiration);
		free(expected);
	}
	free(expiration);
	free(user);
	free(path);
	free(given);
	return refusal;
}
