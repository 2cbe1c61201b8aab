/*
 * port_head - header blocks on their way between a client and a service in a
 * sandbox: what belongs to one connection only is left out (RFC 9110 7.6.1),
 * everything else passes as it is. No socket is touched here.
 *
 * Both connections end with the answer, except after an upgrade: so bodies of
 * answers need not be understood, and pass byte for byte.
 */
#ifndef HOST_PORT_HEAD_H
#define HOST_PORT_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"

struct request;

#define PORT_TOKEN_HEADER "e2b-traffic-access-token"

enum { PORT_HEAD_MAX = 64 * 1024 };

/* Of a comma-separated list, and of an array that ends in NULL; case does not count. */
bool port_list_names(const char *list, const char *name, size_t len);
bool port_is_one_of(const char *const *names, const char *name, size_t len);

/* What the client asks. */
struct port_question {
	bool upgrade;	     /* to whatever the client named */
	bool chunked;	     /* its body has no length */
	bool head;	     /* HEAD: the answer has no body */
	char host[256];	     /* shown to the service; "": the client's own */
	const char *problem; /* plain text of a 400; NULL: none */
};
void port_question_read(const struct request *r, struct port_question *out);
/* The header block for the service, of a question without a problem. */
void port_question_write(
    const struct request *r, const struct port_question *q, struct buf *out);

/* What the service answers. */
struct port_answer {
	int status;
	int64_t length; /* of the body; -1: until the service ends it */
};
/* Bytes of the header block at the front of `bytes`; 0: it is not whole yet. */
size_t port_head_size(const char *bytes, size_t len);
/* Reads that block and writes the client's. false: it is not HTTP/1. */
bool port_answer_read(const char *head, size_t len, const struct port_question *q,
    struct port_answer *out, struct buf *client) MUST_CHECK;

#endif
