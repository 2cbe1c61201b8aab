/*
 * server - HTTP/1.1 on loopback: libmicrohttpd with its epoll descriptor on our
 * loop. It knows requests and replies, not what they mean.
 *
 * A request is told twice: head() when its header is read, so that limits and
 * a sink for the body can be set, and ready() when its body is complete. The
 * owner answers exactly once, then or later: request_reply() with a whole body,
 * or request_stream() with a source that is asked for bytes whenever the client
 * can take more. An owner that answers later sets itself with request_own() and
 * is told when the client has left; after that, and after answering, the
 * pointer must not be used. libraries.md 3 has the facts this rests on.
 */
#ifndef HOST_SERVER_H
#define HOST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/loop.h"

struct server;
struct request;

/* From the loop, within libmicrohttpd; must not stop or free the server. */
struct server_events {
	void (*head)(void *ctx, struct request *r);
	void (*ready)(void *ctx, struct request *r);
	/* The body is longer than the limit: request_reply_early(). */
	void (*too_long)(void *ctx, struct request *r);
};

/* Listens on 127.0.0.1; port 0: any. The error for a taken port names it. */
struct server *server_new(struct loop *loop, int port, const struct server_events *events,
    void *ctx, struct error *err) MUST_CHECK;
int server_port(const struct server *s);
size_t server_connections(const struct server *s);
/* No new connections; those that are open are cut. */
void server_stop(struct server *s);
void server_free(struct server *s); /* stops first; NULL is fine */

/* What was asked. Strings are borrowed and live as long as the request. */
const char *request_method(const struct request *r);
const char *request_path(const struct request *r);  /* still encoded, before the '?' */
const char *request_query(const struct request *r); /* still encoded; "" when absent */
const char *request_header(const struct request *r, const char *name); /* NULL: absent */
const char *request_body(const struct request *r, size_t *len); /* "" without a body */
bool request_is_told(
    const struct request *r); /* the body is complete, ready() was called */

/* In head() only. */
void request_set_body_limit(struct request *r, size_t max);
/* The body goes to the sink instead of into memory. Returns the bytes taken; fewer than
 * len pauses the body until request_wake(). */
typedef size_t request_sink(void *ctx, const char *bytes, size_t len);
void request_set_sink(struct request *r, request_sink *sink, void *ctx);
void *request_sink_ctx(const struct request *r); /* NULL: there is no sink */

/* Told once when the client leaves before the answer is complete. */
void request_own(struct request *r, void (*gone)(void *ctx), void *ctx);
/* Adds to the reply that follows; call before it. */
void request_add_header(struct request *r, const char *name, const char *value);
/* The whole answer. The body's memory is taken; NULL: none. `type` NULL: no type. */
void request_reply(struct request *r, int status, const char *type, struct buf *body);
/* The same with a part of a file. Takes the descriptor. For large ones: send_file.h */
void request_reply_file(struct request *r, int status, const char *type, int fd,
    uint64_t offset, uint64_t len);
/* Answers while the body is still being sent, which libmicrohttpd cannot: written to the
 * socket here, which then closes. Only before ready() was told. */
void request_reply_early(
    struct request *r, int status, const char *type, struct buf *body);
bool request_is_answered(const struct request *r);
/* hold() is called once with its whole answer ready; that leaves with request_let_go(). Until
 * then hold() owns the request, with request_own(). */
void request_hold(
    struct request *r, void (*hold)(void *ctx, struct request *r), void *ctx);
void request_let_go(struct request *r);

/* Appends what there is, about `room` bytes. Returns false when nothing follows any
 * more. Must not call back into the request. */
typedef bool request_source(void *ctx, struct buf *out, size_t room);
void request_stream(
    struct request *r, int status, const char *type, request_source *source, void *ctx);
/* When its source gives nothing more, the stream is cut off as a broken connection is,
 * so that the client knows it is not whole. */
void request_break(struct request *r);

/* ---- an answer whose bytes are the owner's: written past the library to the socket, on
 * which the connection ends. request_raw.c */

/* Every header in the order it came; repeated ones are told repeatedly. */
void request_each_header(const struct request *r,
    void (*each)(void *ctx, const char *name, const char *value), void *ctx);
/* The request line's target as it was sent, with its '?'. */
void request_add_target(const struct request *r, struct buf *out);
bool request_is_http10(const struct request *r);
/* Gives the non-blocking socket, which stays the server's. request_own()'s gone() tells
 * that the client left, as long as WATCH_HANGUP is asked for; ready() what else. */
int request_raw_begin(struct request *r, void (*ready)(void *ctx, int events), void *ctx);
void request_raw_watch(struct request *r, int events);
/* The header block of an answer of `len` bytes, request_add_header()'s included. */
void request_add_head(
    const struct request *r, struct buf *out, int status, const char *type, size_t len);
/* The answer is whole; what the client still sends is dropped. */
void request_raw_end(struct request *r);
/* It is not, and the client shall see that: the connection is reset. */
void request_raw_abort(struct request *r);

/* There is more for the source to give, or room in the sink. Harmless otherwise. */
void request_wake(struct request *r);

#endif
