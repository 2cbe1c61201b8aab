#include "net/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/api_private.h"
#include "net/backoff.h"

enum { READ_TIMEOUT_MS = 15000, ACT_TIMEOUT_MS = 75000, BACKOFF_MS = 100 };

struct api *
api_new(struct loop *loop, struct http *http, const struct api_settings *settings)
{
	struct api *a = xcalloc(1, sizeof *a);

	a->loop = loop;
	a->http = http;
	a->url = xstrdup(settings->url);
	a->key_header = xasprintf("X-API-Key: %s", settings->key ? settings->key : "");
	a->loopback = http_is_loopback(settings->url);
	a->read_timeout_ms =
	    settings->read_timeout_ms ? settings->read_timeout_ms : READ_TIMEOUT_MS;
	a->act_timeout_ms =
	    settings->act_timeout_ms ? settings->act_timeout_ms : ACT_TIMEOUT_MS;
	a->backoff_ms = settings->backoff_ms ? settings->backoff_ms : BACKOFF_MS;
	a->round_trip_ms = -1;
	return a;
}

void
api_free(struct api *a)
{
	if (!a)
		return;
	while (a->calls)
		call_free(a->calls);
	free(a->url);
	free(a->key_header);
	free(a);
}

void
api_cancel(struct api *a, api_call call)
{
	struct call *c = call_find(a, call);

	if (c)
		call_free(c);
}

int
api_round_trip_ms(const struct api *a)
{
	return a->round_trip_ms;
}

/* ---- one call */

struct call *
call_new(struct api *a, void *ctx, const char *what, ...)
{
	struct call *c = xcalloc(1, sizeof *c);
	va_list ap;

	va_start(ap, what);
	c->what = xvasprintf(what, ap);
	va_end(ap);
	c->id = ++a->serial;
	c->api = a;
	c->ctx = ctx;
	c->next = a->calls;
	a->calls = c;
	return c;
}

struct call *
call_find(const struct api *a, api_call id)
{
	struct call *c = a->calls;

	while (c && c->id != id)
		c = c->next;
	return c;
}

void
call_end_begin(struct call *c)
{
	struct call **at = &c->api->calls;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	http_cancel(c->api->http, c->http);
	timer_free(c->timer);
	c->timer = NULL;
	c->http = 0;
}

void
call_end(struct call *c)
{
	if (c->clear_extra)
		c->clear_extra(c->extra);
	free(c->extra);
	free(c->what);
	free(c->path);
	free(c->body);
	free(c);
}

void
call_free(struct call *c)
{
	call_end_begin(c);
	call_end(c);
}

static void
on_timer(void *ctx)
{
	struct call *c = ctx;

	c->wake(c);
}

void
call_wake_in(struct call *c, int delay_ms, void (*wake)(struct call *c))
{
	if (!c->timer)
		c->timer = timer_new(c->api->loop, on_timer, c);
	c->wake = wake;
	timer_start(c->timer, (uint64_t)delay_ms, 0);
}

int
call_seconds_ms(const struct call *c, int seconds)
{
	return MIN(seconds, CALL_WAIT_MAX_S) * 10 * c->api->backoff_ms;
}

/* Refused by itself, a loopback port will be refused in half a second too. */
static bool
is_worth_trying(const struct call *c, const struct http_reply *reply)
{
	if (reply->error.code != ERROR_OFFLINE || reply->timed_out)
		return false;
	return !(reply->unsent && c->api->loopback);
}

static bool
policy_repeats(const struct call *c, const struct http_reply *reply)
{
	bool any = c->policy == CALL_READ || c->policy == CALL_REPEAT;

	if (reply->status == 0)
		return is_worth_trying(c, reply) && (any || reply->unsent);
	if (reply->status == 429)
		return c->policy == CALL_READ || reply->retry_after_s > 0;
	return any &&
	       (reply->status == 502 || reply->status == 503 || reply->status == 504);
}

static bool
wants_repeat(const struct call *c, const struct http_reply *reply)
{
	if (c->policy == CALL_NEVER || c->tries >= CALL_TRIES ||
	    reply->retry_after_s > CALL_WAIT_MAX_S)
		return false;
	if (reply->status >= 300 && reply->should_retry >= 0)
		return reply->should_retry == 1;
	return policy_repeats(c, reply);
}

static void send_now(struct call *c);

static void
on_reply(void *ctx, const struct http_reply *reply)
{
	struct call *c = ctx;
	int delay_ms;

	c->http = 0;
	if (reply->status && str_eq(c->method, "GET"))
		c->api->round_trip_ms = (int)(clock_mono_ms() - c->started_ms);
	if (!wants_repeat(c, reply)) {
		c->answered(c, reply);
		return;
	}
	delay_ms = reply->retry_after_s ? call_seconds_ms(c, reply->retry_after_s)
					: backoff_ms(c->api->backoff_ms, c->tries);
	call_wake_in(c, delay_ms, send_now);
}

static void
send_now(struct call *c)
{
	struct api *a = c->api;
	char key[64] = "";
	char *url = xasprintf("%s%s", a->url, c->path);
	const char *const headers[] = {
		"Accept: application/json",
		"Content-Type: application/json",
		a->key_header,
		c->idempotency_key[0] ? key : NULL,
		NULL,
	};

	snprintf(key, sizeof key, "Idempotency-Key: %s", c->idempotency_key);
	c->tries++;
	c->started_ms = clock_mono_ms();
	c->http = http_start(a->http, &(struct http_request){
					  .method = c->method,
					  .url = url,
					  .headers = headers,
					  .body = c->body,
					  .body_len = c->body ? strlen(c->body) : 0,
					  .first_byte_ms = c->timeout_ms,
					  .max_reply = REST_MAX_BODY,
					  .done = on_reply,
					  .ctx = c,
				      });
	free(url);
}

void
call_send(struct call *c, enum call_policy policy, const char *method, char *path,
    char *body, void (*answered)(struct call *c, const struct http_reply *reply))
{
	free(c->path);
	free(c->body);
	c->policy = policy;
	c->method = method;
	c->path = path;
	c->body = body;
	c->answered = answered;
	c->timeout_ms =
	    policy == CALL_READ ? c->api->read_timeout_ms : c->api->act_timeout_ms;
	c->tries = 0;
	send_now(c);
}

bool
route_is_missing(const struct call *c, enum api_route route, bool v2, int status)
{
	return v2 && c->api->forms[route] == FORM_UNKNOWN &&
	       (status == 404 || status == 405);
}

/* A 404 of the old form says nothing about the routes: the thing may not exist. */
void
route_learn(struct api *a, enum api_route route, bool v2, int status)
{
	if (a->forms[route] != FORM_UNKNOWN || status == 0 || status == 404 ||
	    status == 405 || status >= 500)
		return;
	a->forms[route] = v2 ? FORM_V2 : FORM_V1;
}
