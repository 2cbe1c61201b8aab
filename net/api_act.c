/*
 * What changes one sandbox: pause, kill, connect, time-out, refresh.
 *
 * A pause or kill whose answer is unclear (none, a 5xx, or a page where the API says
 * nothing) is settled by reading the sandbox, never by sending it again.
 */
#include "net/api_private.h"

#include <stdlib.h>

#include "base/mem.h"

struct act {
	char *id; /* owned, as a URL holds it */
	api_act_done *done;
	api_created_done *connected;
	api_done *plain;
	int64_t seconds;
	bool v2;
	struct error unclear; /* what came of the request itself */
	int status;
	/* of the reading: true when the sandbox's being so means success */
	bool (*settles)(const struct act *act, const struct rest_sandbox *s);
};

static void
clear_act(void *extra)
{
	struct act *act = extra;

	free(act->id);
}

static struct call *
act_new(
    struct api *a, void *ctx, const char *what, const char *id, const struct act *init)
{
	struct call *c = call_new(a, ctx, "%s %s", what, id);
	struct act *act = xmemdup(init, sizeof *init);

	act->id = url_encode(id);
	c->extra = act;
	c->clear_extra = clear_act;
	return c;
}

static void
end(struct call *c, bool already, const struct error *err)
{
	struct act *act = c->extra;

	call_end_begin(c);
	if (act->done)
		act->done(c->ctx, already, err);
	else
		act->plain(c->ctx, err);
	call_end(c);
}

static bool
is_unclear(const struct http_reply *reply)
{
	bool chatty = reply->status / 100 == 2 && reply->status != 204 && reply->len > 0;

	return chatty || reply->status >= 500 || (reply->status == 0 && !reply->unsent);
}

/* ---- settling */

static void
on_settled(struct call *c, const struct http_reply *reply)
{
	struct act *act = c->extra;
	struct rest_sandbox sandbox = { 0 };
	struct error err = { 0 };
	bool readable = reply->status == 200 &&
			rest_sandbox_decode(reply->body, reply->len, &sandbox, &err);

	err = act->unclear;
	if (reply->status == 404 && act->settles(act, NULL))
		err = (struct error){ 0 };
	else if (reply->status == 404)
		error_set(&err, ERROR_NOT_FOUND, "%s: the sandbox is gone", c->what);
	else if (readable && act->settles(act, &sandbox))
		err = (struct error){ 0 };
	rest_sandbox_clear(&sandbox);
	end(c, !err.code && act->status == 409, &err);
}

static void
settle(struct call *c, const struct http_reply *reply,
    bool (*settles)(const struct act *act, const struct rest_sandbox *s))
{
	struct act *act = c->extra;

	call_error(c, reply, &act->unclear);
	act->status = reply->status;
	act->settles = settles;
	call_send(
	    c, CALL_READ, "GET", xasprintf("/sandboxes/%s", act->id), NULL, on_settled);
}

/* ---- pause */

static bool
is_paused(const struct act *act, const struct rest_sandbox *s)
{
	(void)act;
	return s && s->state == REST_STATE_PAUSED;
}

static void
on_pause(struct call *c, const struct http_reply *reply)
{
	struct error err = { 0 };

	if (reply->status == 409 || is_unclear(reply)) {
		settle(c, reply, is_paused);
		return;
	}
	if (reply->status / 100 != 2)
		call_error(c, reply, &err);
	end(c, false, &err);
}

api_call
api_pause(struct api *a, const char *id, api_act_done *done, void *ctx)
{
	struct call *c = act_new(a, ctx, "pausing", id, &(struct act){ .done = done });
	struct act *act = c->extra;

	call_send(c, CALL_ONCE, "POST", xasprintf("/sandboxes/%s/pause", act->id),
	    xstrdup("{}"), on_pause);
	return c->id;
}

/* ---- kill */

static bool
is_gone(const struct act *act, const struct rest_sandbox *s)
{
	(void)act;
	return !s;
}

static void
on_kill(struct call *c, const struct http_reply *reply)
{
	struct error err = { 0 };

	if (is_unclear(reply)) {
		settle(c, reply, is_gone);
		return;
	}
	if (reply->status / 100 != 2 && reply->status != 404)
		call_error(c, reply, &err);
	end(c, reply->status == 404, &err);
}

api_call
api_kill(struct api *a, const char *id, api_act_done *done, void *ctx)
{
	struct call *c = act_new(a, ctx, "killing", id, &(struct act){ .done = done });
	struct act *act = c->extra;

	call_send(
	    c, CALL_ONCE, "DELETE", xasprintf("/sandboxes/%s", act->id), NULL, on_kill);
	return c->id;
}

/* ---- connect */

static void on_connect(struct call *c, const struct http_reply *reply);

static void
send_connect(struct call *c)
{
	struct act *act = c->extra;
	struct buf body;

	buf_init(&body, 256);
	rest_timeout_encode(&body, act->seconds);
	call_send(c, CALL_REPEAT, "POST",
	    xasprintf("%s/sandboxes/%s/connect", act->v2 ? "/v2" : "", act->id),
	    buf_take(&body), on_connect);
}

static void
on_connect(struct call *c, const struct http_reply *reply)
{
	struct act *act = c->extra;
	struct rest_created created = { 0 };
	struct error err = { 0 };

	if (route_is_missing(c, ROUTE_CONNECT, act->v2, reply->status)) {
		act->v2 = false;
		send_connect(c);
		return;
	}
	route_learn(c->api, ROUTE_CONNECT, act->v2, reply->status);
	if (reply->status / 100 != 2)
		call_error(c, reply, &err);
	else if (!rest_created_decode(reply->body, reply->len, &created, &err))
		call_error_undecoded(c, reply, &err);
	call_end_begin(c);
	act->connected(c->ctx, &created, &err);
	rest_created_clear(&created);
	call_end(c);
}

api_call
api_connect(
    struct api *a, const char *id, int64_t timeout_s, api_created_done *done, void *ctx)
{
	struct call *c = act_new(a, ctx, "connecting to", id,
	    &(struct act){ .connected = done,
		.seconds = timeout_s,
		.v2 = a->forms[ROUTE_CONNECT] != FORM_V1 });

	send_connect(c);
	return c->id;
}

/* ---- time-out */

static void
on_plain(struct call *c, const struct http_reply *reply)
{
	struct error err = { 0 };

	if (reply->status / 100 != 2)
		call_error(c, reply, &err);
	end(c, false, &err);
}

static api_call
send_plain(struct call *c, const char *route, struct buf *body)
{
	struct act *act = c->extra;

	call_send(c, CALL_REPEAT, "POST", xasprintf("/sandboxes/%s/%s", act->id, route),
	    buf_take(body), on_plain);
	return c->id;
}

api_call
api_set_timeout(
    struct api *a, const char *id, int64_t timeout_s, api_done *done, void *ctx)
{
	struct call *c = act_new(
	    a, ctx, "setting the time left of", id, &(struct act){ .plain = done });
	struct buf body;

	buf_init(&body, 256);
	rest_timeout_encode(&body, timeout_s);
	return send_plain(c, "timeout", &body);
}

api_call
api_refresh(struct api *a, const char *id, int64_t duration_s, api_done *done, void *ctx)
{
	struct call *c = act_new(a, ctx, "extending", id, &(struct act){ .plain = done });
	struct buf body;

	buf_init(&body, 256);
	rest_duration_encode(&body, CLAMP(duration_s, 0, 3600));
	return send_plain(c, "refreshes", &body);
}
