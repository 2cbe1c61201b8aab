/*
 * proxy - a bad network and a bad server on loopback, in a child process of its own.
 *
 * It stands between sandtop and a real host, or answers itself. A rule says what becomes
 * of the requests that match it; the newest one with turns left decides, without one a
 * request is passed on as it is. One request per connection: every answer closes it.
 *
 * `match` is an fnmatch() pattern on "METHOD /path?query": "GET /v2/sandboxes?*".
 * All calls return when the proxy has done it; it ends with its test program.
 */
#ifndef TESTS_PROXY_H
#define TESTS_PROXY_H

#include <stddef.h>

#include "base/buf.h"

enum proxy_act {
	PROXY_PASS,
	PROXY_ANSWER,  /* by itself, with the bytes of the rule */
	PROXY_SILENCE, /* no answer, and the connection stays open */
	PROXY_DROP,    /* no answer, and the connection is closed */
	PROXY_HOLD,    /* passed on when proxy_release() says so, also when nobody waits
			  any more */
	PROXY_LOSE,    /* passed on and acted upon; the answer is thrown away */
	PROXY_CUT,     /* the connection is closed after `after` bytes of the body */
	PROXY_SWAP,    /* `from` becomes `to`, as long, wherever a piece of it has it */
};

struct proxy_rule {
	const char *match;
	enum proxy_act act;
	int times;	       /* 0: until proxy_forget() */
	size_t after;	       /* PROXY_CUT */
	const void *bytes;     /* PROXY_ANSWER: head and body; copied */
	size_t len;	       /* of them */
	const char *from, *to; /* PROXY_SWAP; copied */
};

struct proxy;

/* `upstream` such as "http://127.0.0.1:1234"; NULL: nothing is behind it. */
struct proxy *proxy_new(const char *upstream);
void proxy_free(struct proxy *p); /* NULL is fine */
const char *proxy_url(const struct proxy *p);

void proxy_rule(struct proxy *p, const struct proxy_rule *rule);
/* An answer with its length; `headers` are lines with CRLF, or "". */
void proxy_answer(struct proxy *p, const char *match, int times, int status,
    const char *headers, const char *body);
void proxy_forget(struct proxy *p); /* all rules; what waits goes on waiting */
void proxy_release(struct proxy *p, const char *match); /* what is held */
void proxy_cut(struct proxy *p, const char *match);	/* closes what is open now */
/* Puts bytes into the answers that are open now, as one chunk, and ends them well. */
void proxy_end_with(struct proxy *p, const char *match, const void *bytes, size_t len);

/* How many requests matched since the start, whatever became of them. */
int proxy_count(struct proxy *p, const char *match);
/* Until so many have come; fails the test after 15 s with what came. */
void proxy_wait(struct proxy *p, const char *match, int count);
/* Until none that matches is open; fails the test after 15 s. */
void proxy_wait_closed(struct proxy *p, const char *match);

#endif
