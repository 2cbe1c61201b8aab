/*
 * Creating a sandbox, once.
 *
 * An answer that refuses is final, or is tried again when the server asks for
 * it. Everything else (no answer, a cut one, a gateway's 5xx) may mean that a
 * sandbox exists: the marker in its metadata is looked for before anything is
 * sent again, and after silence nothing is sent again at all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "net/api_marker.h"

enum {
	DEFAULT_TIMEOUT_S = 15 * 60,
	MARKER_DIGITS = 16,
	KEY_DIGITS = 32,
	ATTEMPTS = 4,
	LOOKS_REFUSED = 1, /* the API said no: one look is for safety */
	LOOKS_UNCLEAR = 6, /* over a quarter of a minute */
	LOOK_SLOWNESS = 5,
	CAUSE_MAX = 110, /* of a text, so that the marker always has its place */
};

struct create {
	char *body_v2, *body_v1; /* owned */
	char marker[MARKER_DIGITS + 1];
	bool v2;
	int attempts;
	/* an unclear answer */
	struct error cause;
	int looks, looks_max;
	bool again; /* send once more when nothing is found */
	int again_ms;
	struct error look_error; /* of the last look, when it failed */
	char *id;		 /* owned; found */
	api_created_done *done;
};

static void
clear_create(void *extra)
{
	struct create *cr = extra;

	free(cr->body_v2);
	free(cr->body_v1);
	free(cr->id);
}

static void on_answer(struct call *c, const struct http_reply *reply);

static void
send_create(struct call *c)
{
	struct create *cr = c->extra;

	cr->attempts++;
	call_send(c, CALL_NEVER, "POST", xstrdup(cr->v2 ? "/v2/sandboxes" : "/sandboxes"),
	    xstrdup(cr->v2 ? cr->body_v2 : cr->body_v1), on_answer);
}

/* A recorded refusal would be replayed under its key. */
static void
send_with_new_key(struct call *c)
{
	random_hex(c->idempotency_key, KEY_DIGITS);
	send_create(c);
}

static void
end(struct call *c, const struct rest_created *created, const struct error *err)
{
	struct create *cr = c->extra;
	struct rest_created none = { 0 };

	call_end_begin(c);
	cr->done(c->ctx, created ? created : &none, err);
	call_end(c);
}

static void
fail(struct call *c, const struct http_reply *reply)
{
	struct error err = { 0 };

	call_error(c, reply, &err);
	end(c, NULL, &err);
}

/* ---- settling an unclear answer */

static void
on_found(struct call *c, const struct http_reply *reply)
{
	struct create *cr = c->extra;
	struct rest_sandbox s = { 0 };
	struct error err = { 0 };
	struct rest_created created;

	if (reply->status == 200 &&
	    !rest_sandbox_decode(reply->body, reply->len, &s, &err))
		call_error_undecoded(c, reply, &err);
	else if (reply->status != 200)
		call_error(c, reply, &err);
	if (err.code) {
		error_prefix(&err, "sandbox %s was made, but", cr->id);
		end(c, NULL, &err);
		return;
	}
	created = (struct rest_created){
		.id = s.id,
		.template_id = s.template_id,
		.alias = s.alias,
		.envd_version = s.envd_version,
		.envd_token = s.envd_token,
		.domain = s.domain,
	};
	end(c, &created, &err);
	rest_sandbox_clear(&s);
}

static void
give_up(struct call *c)
{
	struct create *cr = c->extra;
	struct error err = cr->cause;

	if (cr->looks_max == LOOKS_REFUSED && !cr->look_error.code)
		; /* refused, and nothing came of it: the refusal says it all */
	else if (cr->look_error.code)
		error_set(&err, cr->cause.code,
		    "%.*s; whether a sandbox was made could not be seen: look for "
		    "metadata " API_MARKER_KEY "=%s before trying again",
		    CAUSE_MAX, cr->cause.text, cr->marker);
	else
		error_set(&err, cr->cause.code,
		    "%.*s; no sandbox with metadata " API_MARKER_KEY
		    "=%s has come: look again before trying again",
		    CAUSE_MAX, cr->cause.text, cr->marker);
	err.http_status = cr->cause.http_status;
	err.retry_after_s = cr->cause.retry_after_s;
	end(c, NULL, &err);
}

static void look(struct call *c);

static void
look_again_or_stop(struct call *c)
{
	struct create *cr = c->extra;

	if (++cr->looks < cr->looks_max)
		call_wake_in(
		    c, backoff_ms(c->api->backoff_ms * LOOK_SLOWNESS, cr->looks), look);
	else if (cr->again && !cr->look_error.code)
		call_wake_in(c, cr->again_ms, send_with_new_key);
	else
		give_up(c);
}

static void
on_look(struct call *c, const struct http_reply *reply)
{
	struct create *cr = c->extra;
	struct error err = { 0 };

	switch (marker_read(c, cr->marker, reply, &cr->id, &err)) {
	case MARKER_FOUND:
		call_send(c, CALL_READ, "GET", xasprintf("/sandboxes/%s", cr->id), NULL,
		    on_found);
		return;
	case MARKER_NONE:
	case MARKER_FAILED:
		cr->look_error = err;
		look_again_or_stop(c);
		return;
	}
}

static void
look(struct call *c)
{
	struct create *cr = c->extra;

	marker_ask(c, cr->marker, on_look);
}

static void
settle(struct call *c, const struct error *cause, int looks)
{
	struct create *cr = c->extra;

	cr->cause = *cause;
	cr->looks = 0;
	cr->looks_max = looks;
	look(c);
}

/* ---- the answer */

static int
wait_ms(const struct call *c, const struct http_reply *reply)
{
	const struct create *cr = c->extra;

	if (reply->retry_after_s > 0)
		return call_seconds_ms(c, reply->retry_after_s);
	return backoff_ms(c->api->backoff_ms, cr->attempts);
}

static bool
may_try_again(const struct call *c, const struct http_reply *reply)
{
	const struct create *cr = c->extra;

	return cr->attempts < ATTEMPTS && reply->should_retry != 0 &&
	       reply->retry_after_s <= CALL_WAIT_MAX_S;
}

static void
take_created(struct call *c, const struct http_reply *reply)
{
	struct rest_created created = { 0 };
	struct error err = { 0 };

	if (!rest_created_decode(reply->body, reply->len, &created, &err)) {
		call_error_undecoded(c, reply, &err);
		settle(c, &err, LOOKS_UNCLEAR);
		return;
	}
	end(c, &created, &err);
	rest_created_clear(&created);
}

/* No answer. What was certainly not sent may be sent again, under the same key. */
static void
take_silence(struct call *c, const struct http_reply *reply)
{
	struct create *cr = c->extra;
	struct error err = { 0 };

	if (reply->unsent && reply->error.code == ERROR_OFFLINE && !c->api->loopback &&
	    !reply->timed_out && cr->attempts < ATTEMPTS) {
		call_wake_in(c, wait_ms(c, reply), send_create);
		return;
	}
	if (reply->unsent || reply->error.code == ERROR_INPUT) {
		fail(c, reply);
		return;
	}
	call_error(c, reply, &err);
	settle(c, &err, LOOKS_UNCLEAR);
}

/* 503 with the API's own words is a refusal; a bare gateway's 5xx says nothing. */
static void
take_server_error(
    struct call *c, const struct http_reply *reply, const struct rest_error *e)
{
	struct create *cr = c->extra;
	struct error err = { 0 };
	bool asked = reply->should_retry == 1;
	bool refused = e->is_json && reply->status != 502 && reply->status != 504;

	cr->again =
	    may_try_again(c, reply) && (asked || (refused && reply->status == 503));
	if (str_eq(e->error_code, "sandbox_create_refused") ||
	    str_eq(e->error_code, "sandbox_feature_unsupported"))
		cr->again = asked && cr->again;
	cr->again_ms = wait_ms(c, reply);
	call_error(c, reply, &err);
	settle(c, &err, refused || asked ? LOOKS_REFUSED : LOOKS_UNCLEAR);
}

static void
take_refusal(struct call *c, const struct http_reply *reply)
{
	struct error err = { 0 };
	struct rest_error e;

	rest_error_from_body(reply->status, reply->body, reply->len, &e);
	if (reply->status >= 500) {
		take_server_error(c, reply, &e);
	} else if (str_eq(e.error_code, "idempotency_in_progress") ||
		   str_eq(e.error_code, "idempotency_outcome_unknown") ||
		   reply->status == 408) {
		call_error(c, reply, &err);
		settle(c, &err, LOOKS_UNCLEAR);
	} else if (may_try_again(c, reply) &&
		   (reply->should_retry == 1 ||
		       (reply->status == 429 && reply->retry_after_s > 0))) {
		call_wake_in(c, wait_ms(c, reply), send_with_new_key);
	} else {
		fail(c, reply);
	}
}

static void
on_answer(struct call *c, const struct http_reply *reply)
{
	struct create *cr = c->extra;

	cr->again = false;
	if (route_is_missing(c, ROUTE_CREATE, cr->v2, reply->status)) {
		cr->v2 = false;
		send_with_new_key(c);
		return;
	}
	route_learn(c->api, ROUTE_CREATE, cr->v2, reply->status);
	if (reply->status == 0)
		take_silence(c, reply);
	else if (reply->status / 100 == 2)
		take_created(c, reply);
	else
		take_refusal(c, reply);
}

static char *
encode(const struct rest_create *create, bool v2)
{
	struct buf body;

	buf_init(&body, REST_MAX_BODY);
	rest_create_encode(&body, create, v2);
	return buf_take(&body);
}

api_call
api_create(
    struct api *a, const struct rest_create *create, api_created_done *done, void *ctx)
{
	struct call *c = call_new(a, ctx, "creating a sandbox");
	struct create *cr = xcalloc(1, sizeof *cr);
	struct rest_create full = *create;

	c->extra = cr;
	c->clear_extra = clear_create;
	random_hex(cr->marker, MARKER_DIGITS);
	cr->v2 = a->forms[ROUTE_CREATE] != FORM_V1;
	cr->done = done;
	full.metadata = (struct pairs){ 0 };
	pairs_copy(&full.metadata, &create->metadata);
	pairs_set(&full.metadata, API_MARKER_KEY, cr->marker);
	full.has_metadata = true;
	full.secure = REST_YES;
	full.internet = create->internet == REST_UNSET ? REST_YES : create->internet;
	full.timeout_s = create->timeout_s > 0 ? create->timeout_s : DEFAULT_TIMEOUT_S;
	cr->body_v2 = encode(&full, true);
	cr->body_v1 = encode(&full, false);
	pairs_clear(&full.metadata);
	send_with_new_key(c);
	return c->id;
}

const char *
api_create_marker(struct api *a, api_call call)
{
	const struct call *c = call_find(a, call);
	const struct create *cr = c && c->clear_extra == clear_create ? c->extra : NULL;

	return cr ? cr->marker : "";
}
