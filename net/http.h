/*
 * http - requests over libcurl's multi interface on our loop.
 *
 * A request is started, reports exactly once through `done` from the loop,
 * never before the starting call has returned, and can be cancelled: after
 * http_cancel() nothing is reported. Streams additionally hand bytes over as
 * they arrive. Every request has a connect deadline, a first-byte deadline
 * and a size limit; secrets never reach the log.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"

struct http;

struct http_settings {
	const char *user_agent; /* "sandtop/0.1.0"; borrowed during the call */
	bool verbose;		/* log every request: method, path, status, ms, bytes */
};

struct http *http_new(struct loop *loop, const struct http_settings *settings);
void http_free(struct http *h); /* cancels all; NULL is fine */

struct http_reply {
	int status;	  /* 0: no answer came */
	const char *body; /* borrowed during the call; "" for streams */
	size_t len;
	const char *next_token;	  /* X-Next-Token, NULL: absent */
	int64_t total_running;	  /* X-Total-Running, -1: absent */
	int retry_after_s;	  /* Retry-After, 0: absent */
	int should_retry;	  /* Should-Retry: 1 true, 0 anything else, -1 absent */
	const char *content_type; /* NULL: absent */
	int64_t replay_at;	  /* Sandtop-Replay-At, -1: absent */
	/* status 0 only: the request certainly never reached the server */
	bool unsent;
	bool timed_out;	    /* status 0 only: a deadline passed */
	struct error error; /* code NONE when a status came */
};

struct http_request {
	const char *method;	    /* "GET" */
	const char *url;	    /* absolute */
	const char *const *headers; /* "Name: value", NULL-terminated; copied */
	const void *body;	    /* copied; NULL: none */
	size_t body_len;
	int connect_ms; /* 0: 10,000 */
	/* 0: 30,000; negative: none. Streams: until the response headers. Uploads:
	 * counted from http_finish(). */
	int first_byte_ms;
	int total_ms;	  /* 0: first_byte_ms * 2; streams have none */
	size_t max_reply; /* 0: 16 MiB; streams: unlimited */
	/* A long reply: bytes as they come, never buffered; `done` at its end. */
	bool stream;
	void (*headers_in)(void *ctx, const struct http_reply *reply); /* may be NULL */
	void (*data)(void *ctx, const char *bytes, size_t len);
	/* A request body that stays open: written with http_write(). */
	bool upload;
	void (*done)(void *ctx, const struct http_reply *reply);
	void *ctx;
};

/* Ids are never reused; 0 is never an id. */
uint64_t http_start(struct http *h, const struct http_request *request);
void http_cancel(struct http *h, uint64_t id); /* unknown ids are fine */
/* For `upload` requests; bytes are copied. http_finish() half-closes. */
void http_write(struct http *h, uint64_t id, const void *bytes, size_t len);
void http_finish(struct http *h, uint64_t id);
/* Bytes of http_write() that the transport has not taken yet. */
size_t http_unsent(const struct http *h, uint64_t id);
/* Back-pressure, only for `exec` into a pipe. */
void http_pause(struct http *h, uint64_t id, bool paused);

/* localhost, *.localhost, 127.0.0.0/8 or [::1]: never through a proxy. */
bool http_is_loopback(const char *url);
/* Small facts found out about an origin, kept as long as `h`: 0 until set. */
int http_origin_note(const struct http *h, const char *origin);
void http_set_origin_note(struct http *h, const char *origin, int note);

#endif
