/*
 * api_private - what the files of net/api* share: one call to the control
 * plane, from its first request to its one report.
 *
 * A call sends a request, repeats it where its policy allows that, and hands
 * the final answer to `answered`, which either sends the next request of the
 * same call or ends it with call_end().
 */
#ifndef NET_API_PRIVATE_H
#define NET_API_PRIVATE_H

#include "base/buf.h"
#include "net/api.h"

enum {
	CALL_TRIES = 4,	      /* the first and three more */
	CALL_WAIT_MAX_S = 10, /* a longer Retry-After is for the owner to know */
};

/* Which answers the machinery repeats by itself; Should-Retry goes before all. */
enum call_policy {
	CALL_READ,   /* 429, 502, 503, 504, dropped connections */
	CALL_REPEAT, /* a change that may be repeated: the same, 429 with Retry-After */
	CALL_ONCE,   /* what was certainly not done: unsent, 429 with Retry-After */
	CALL_NEVER,  /* the call decides by itself */
};

/* Routes of which old servers have the first form only. */
enum api_route { ROUTE_LIST, ROUTE_CREATE, ROUTE_CONNECT, ROUTE_LOGS, ROUTE_COUNT };
enum route_form { FORM_UNKNOWN, FORM_V2, FORM_V1 };

struct api {
	struct loop *loop; /* borrowed */
	struct http *http; /* borrowed */
	char *url;	   /* owned */
	char *key_header;  /* owned, secret */
	bool loopback;
	int read_timeout_ms, act_timeout_ms, backoff_ms;
	enum route_form forms[ROUTE_COUNT];
	int round_trip_ms;
	struct call *calls; /* owned */
	uint64_t serial;
};

struct call {
	uint64_t id;
	struct api *api;   /* borrowed */
	struct call *next; /* owned */
	char *what;	   /* owned: "killing i1234", begins every error text */
	/* the request */
	const char *method; /* borrowed constant */
	char *path;	    /* owned; with the query */
	char *body;	    /* owned; NULL: none */
	char idempotency_key[33];
	enum call_policy policy;
	int timeout_ms;
	/* its progress */
	int tries;
	uint64_t http; /* under way, 0: none */
	uint64_t started_ms;
	struct timer *timer; /* owned; NULL until first needed */
	void (*wake)(struct call *c);
	void (*answered)(struct call *c, const struct http_reply *reply);
	/* of the noun: freed with clear_extra() */
	void *extra; /* owned */
	void (*clear_extra)(void *extra);
	void *ctx; /* borrowed */
};

/* `what` is a printf format. */
struct call *call_new(struct api *a, void *ctx, const char *what, ...) PRINTF_LIKE(3, 4);
/* Takes path and body (body NULL: none). */
void call_send(struct call *c, enum call_policy policy, const char *method, char *path,
    char *body, void (*answered)(struct call *c, const struct http_reply *reply));
void call_wake_in(struct call *c, int delay_ms, void (*wake)(struct call *c));
/* A second as Retry-After counts it. */
int call_seconds_ms(const struct call *c, int seconds);
/* Ends the call around its report: after call_end_begin() it is no longer known,
 * call_end() frees it. Between the two its callback runs. */
void call_end_begin(struct call *c);
void call_end(struct call *c);
struct call *call_find(const struct api *a, api_call id);
void call_free(struct call *c);

/* Fills err from an answer that is not the wanted one. */
void call_error(const struct call *c, const struct http_reply *reply, struct error *err);
/* The answer had the right status, but decoding it failed: adds what was asked. */
void call_error_undecoded(
    const struct call *c, const struct http_reply *reply, struct error *err);

/* The old form is tried once on 404 or 405 while nothing is known. */
bool route_is_missing(const struct call *c, enum api_route route, bool v2, int status);
void route_learn(struct api *a, enum api_route route, bool v2, int status);

#endif
