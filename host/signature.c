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

/* What a signed URL says; NULL what it leaves out. */
struct words {
	char *given, *path, *user, *expiration; /* owned */
};

static void
read_words(struct words *w, const char *query)
{
	*w = (struct words){
		.given = query_get(query, "signature"),
		.path = query_get(query, "path"),
		.user = query_get(query, "username"),
		.expiration = query_get(query, "signature_expiration"),
	};
	restore_plus(w->given);
}

static void
clear_words(struct words *w)
{
	free(w->expiration);
	free(w->user);
	free(w->path);
	free(w->given);
}

static char *
expect(const struct words *w, const char *operation, const char *token)
{
	return signature_make(w->path ? w->path : "", operation, w->user ? w->user : "",
	    token, w->expiration);
}

const char *
signature_refuse(const char *query, const char *operation, const char *token)
{
	const char *refusal = "missing signature query parameter";
	struct words w;

	read_words(&w, query);
	if (w.given) {
		char *expected = expect(&w, operation, token ? token : "");

		refusal = check(w.given, expected, w.expiration);
		free(expected);
	}
	clear_words(&w);
	return refusal;
}

bool
signature_is_of(const char *query, const char *token)
{
	static const char *const operations[] = { "read", "write" };
	bool found = false;
	struct words w;

	read_words(&w, query);
	for (size_t i = 0; w.given && i < ARRAY_LEN(operations) && !found; i++) {
		char *expected = expect(&w, operations[i], token);

		found = secret_eq(expected, w.given);
		free(expected);
	}
	clear_words(&w);
	return found;
}
