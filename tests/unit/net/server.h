/*
 * server - a scripted HTTP/1.1 server on a loopback socket, on the test's loop.
 *
 * Each request that arrives takes the first waiting answer whose path fits; a
 * request without one waits. Answers are raw bytes, so that a test can send
 * garbage; what happens later on a connection is told step by step with
 * server_send() and server_cut(), never with a clock.
 */
#ifndef TESTS_UNIT_NET_SERVER_H
#define TESTS_UNIT_NET_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/loop.h"

struct server;

struct server *server_new(struct loop *loop);
void server_free(struct server *s);
const char *server_url(const struct server *s); /* "http://127.0.0.1:PORT" */

enum server_when {
	SERVER_AT_END,	/* when the whole request has come */
	SERVER_AT_HEAD, /* as soon as its headers have */
};
struct server_answer {
	const char *path;  /* a beginning of "METHOD path"; NULL: any */
	const char *bytes; /* raw, copied; NULL: say nothing */
	size_t len;	   /* 0: strlen(bytes) */
	bool cut;	   /* close the connection behind it */
	bool keep;	   /* serve every request that fits, not one */
	enum server_when when;
};
void server_answer(struct server *s, const struct server_answer *answer);
/* "HTTP/1.1 <status> X", Content-Length, further header lines (each with its CRLF,
 * or NULL) and body. */
void server_reply(struct server *s, const char *path, int status, const char *headers,
    const char *body);

struct server_request {
	char *line;	 /* owned: "POST /v2/sandboxes" with the query */
	char *head;	 /* owned: header lines as they came */
	struct buf body; /* decoded; grows while an upload is open */
	bool complete;
	bool gone;	/* the client closed this connection */
	size_t gone_at; /* how many requests had come by then */
	int connection;
};
size_t server_count(const struct server *s);
const struct server_request *server_request(const struct server *s, size_t index);
/* Their line and body. */
const char *server_line(const struct server *s, size_t index);
const char *server_body(const struct server *s, size_t index);
/* The value of a header of the request, "" when absent; valid until the next call. */
const char *server_header(struct server *s, size_t index, const char *name);
int server_connections(const struct server *s); /* accepted so far */

/* On the connection on which this request came. */
void server_send(struct server *s, size_t index, const void *bytes, size_t len);
void server_send_text(struct server *s, size_t index, const char *text);
void server_cut(struct server *s, size_t index);
/* No longer listens; connections stay. */
void server_refuse(struct server *s);

/* Runs turns until the condition holds; fails the test after ten seconds of silence. */
#define UNTIL(loop, condition)                                                           \
	do {                                                                             \
		for (int turns_ = 0; !(condition) && turns_ < 1000; turns_++)            \
			loop_turn(loop, 10);                                             \
		assert_true(condition);                                                  \
	} while (0)

#endif
