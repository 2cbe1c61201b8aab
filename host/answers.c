#include "host/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "host/reply.h"

#define KEEP_MS ((int64_t)24 * 3600 * 1000)
#define KEY_MAX 255u

struct answers {
	struct store *store; /* borrowed */
	struct map *by_key;  /* owned values */
	int64_t swept_ms;
};

struct answer {
	struct store_answer row;
	bool lost; /* began before this host did, and never ended */
};

static void
answer_free(void *value)
{
	struct answer *a = value;

	if (a)
		free(a->row.body);
	free(a);
}

static void
restore(void *ctx, const struct store_answer *row)
{
	struct answers *answers = ctx;
	struct answer *a = xcalloc(1, sizeof *a);

	a->row = *row;
	a->row.body = xstrdup(row->body);
	a->lost = row->status == 0;
	answer_free(map_set(answers->by_key, row->key, a));
}

struct answers *
answers_new(struct store *store, struct error *err)
{
	struct answers *a = xcalloc(1, sizeof *a);

	a->store = store;
	a->by_key = map_new();
	if (store_each_answer(store, restore, a, err))
		return a;
	answers_free(a);
	return NULL;
}

void
answers_free(struct answers *a)
{
	if (!a)
		return;
	map_free(a->by_key, answer_free);
	free(a);
}

static bool
is_key(const char *key)
{
	size_t len = strlen(key);

	return len >= 1 && len <= KEY_MAX &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* FNV-1a: it tells a person's own requests apart, nobody attacks himself. */
static void
mix(uint64_t digest[2], const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		digest[0] = (digest[0] ^ (unsigned char)bytes[i]) * 0x100000001b3u;
		digest[1] = (digest[1] + (unsigned char)bytes[i]) * 0x9e3779b97f4a7c15u;
		digest[1] ^= digest[1] >> 29;
	}
}

static void
digest_of(const struct request *r, uint64_t digest[2])
{
	size_t len;
	const char *body = request_body(r, &len);

	digest[0] = 0xcbf29ce484222325u;
	digest[1] = 1;
	mix(digest, request_method(r), strlen(request_method(r)) + 1);
	mix(digest, request_path(r), strlen(request_path(r)) + 1);
	mix(digest, request_query(r), strlen(request_query(r)) + 1);
	mix(digest, body, len);
}

static void
answer_again(struct request *r, const struct answer *a)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_add_str(&body, a->row.body ? a->row.body : "");
	if (a->row.status >= 400)
		request_add_header(r, "Should-Retry", "false");
	reply_json(r, a->row.status, &body);
}

static void
answer_known(struct request *r, const struct answer *a, const uint64_t digest[2])
{
	if (memcmp(a->row.digest, digest, sizeof a->row.digest) != 0) {
		request_add_header(r, "Should-Retry", "false");
		reply_error_code(r, 409, "idempotency_request_mismatch",
		    "this Idempotency-Key was used with another request in the last 24 "
		    "h: "
		    "use a new one, or send what was sent then");
	} else if (a->row.status > 0) {
		answer_again(r, a);
	} else if (a->lost) {
		request_add_header(r, "Should-Retry", "false");
		reply_error_code(r, 422, "idempotency_outcome_unknown",
		    "the host ended while this request was under way: list the sandboxes "
		    "to see whether it was made, then use a new key");
	} else {
		/* A repeat does no harm: it is answered as the first one will be. */
		request_add_header(r, "Should-Retry", "true");
		request_add_header(r, "Retry-After", "1");
		reply_error_code(r, 409, "idempotency_in_progress",
		    "the first request with this Idempotency-Key is still under way: "
		    "send it again in a second");
	}
}

/* Old keys go when new ones come. */
static void
sweep(struct answers *a, int64_t now_ms)
{
	const char *key;
	void *value;
	struct strlist old = { 0 };

	if (now_ms - a->swept_ms < KEEP_MS / 24)
		return;
	a->swept_ms = now_ms;
	for (size_t it = 0; map_next(a->by_key, &it, &key, &value);)
		if (now_ms - ((struct answer *)value)->row.at_ms > KEEP_MS)
			strlist_add(&old, key);
	for (size_t i = 0; i < old.count; i++)
		answer_free(map_remove(a->by_key, old.items[i]));
	strlist_clear(&old);
}

enum answers_verdict
answers_begin(struct answers *answers, struct request *r)
{
	const char *key = request_header(r, "Idempotency-Key");
	uint64_t digest[2];
	struct answer *a;

	if (!key)
		return ANSWERS_PROCEED;
	if (!is_key(key)) {
		request_add_header(r, "Should-Retry", "false");
		reply_error(
		    r, 400, "Idempotency-Key must be 1 to %u of a-z, 0-9 and -", KEY_MAX);
		return ANSWERS_DONE;
	}
	sweep(answers, clock_wall_ms());
	digest_of(r, digest);
	a = map_get(answers->by_key, key);
	if (a && clock_wall_ms() - a->row.at_ms > KEEP_MS) {
		answer_free(map_remove(answers->by_key, key));
		a = NULL;
	}
	if (a) {
		answer_known(r, a, digest);
		return ANSWERS_DONE;
	}
	a = xcalloc(1, sizeof *a);
	str_copy(a->row.key, sizeof a->row.key, key);
	memcpy(a->row.digest, digest, sizeof digest);
	a->row.at_ms = clock_wall_ms();
	map_set(answers->by_key, key, a);
	store_put_answer(answers->store, &a->row);
	return ANSWERS_PROCEED;
}

void
answers_keep(struct answers *answers, const char *key, int status, const char *body)
{
	struct answer *a = key ? map_get(answers->by_key, key) : NULL;

	if (!a)
		return;
	a->row.status = status;
	free(a->row.body);
	a->row.body = xstrdup(body);
	store_put_answer(answers->store, &a->row);
}
