/*
 * connect - error codes of the Connect protocol, the end-stream message and
 * unary error bodies, both ways (envd.md 2.1, 2.2, 2.5).
 */
#ifndef WIRE_CONNECT_H
#define WIRE_CONNECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum connect_code {
	CONNECT_OK,
	CONNECT_CANCELED,
	CONNECT_UNKNOWN,
	CONNECT_INVALID_ARGUMENT,
	CONNECT_DEADLINE_EXCEEDED,
	CONNECT_NOT_FOUND,
	CONNECT_ALREADY_EXISTS,
	CONNECT_PERMISSION_DENIED,
	CONNECT_RESOURCE_EXHAUSTED,
	CONNECT_FAILED_PRECONDITION,
	CONNECT_ABORTED,
	CONNECT_OUT_OF_RANGE,
	CONNECT_UNIMPLEMENTED,
	CONNECT_INTERNAL,
	CONNECT_UNAVAILABLE,
	CONNECT_DATA_LOSS,
	CONNECT_UNAUTHENTICATED,
	CONNECT_CODE_COUNT,
};

const char *connect_code_name(enum connect_code code); /* "not_found" */
int connect_code_http(enum connect_code code);	       /* 404 */
/* false: not a code (then *out is CONNECT_UNKNOWN) */
bool connect_code_parse(const char *name, enum connect_code *out);
enum connect_code connect_code_from_http(int status); /* the Connect spec's table */
enum error_code connect_code_error(enum connect_code code);

struct connect_error {
	enum connect_code code;
	int http_status;   /* of the reply, 200 in an end-stream */
	char message[400]; /* clean text */
	/* A proxy's 502 body (control-plane.md 5.4): sandbox gone, or port closed. */
	bool sandbox_not_found, port_closed;
};

/* A non-200 body: Connect error, numeric-code error, proxy error, HTML or garbage. */
void connect_error_from_body(
    int status, const char *body, size_t len, struct connect_error *out);
/* Payload of the end-stream envelope: CONNECT_OK when it holds no error. false:
 * not JSON. */
bool connect_end_parse(const char *payload, size_t len, struct connect_error *out);
/* Fills err for the person: "<what>: <message> (<code>)". Always false. */
bool connect_error_set(
    const struct connect_error *ce, struct error *err, const char *what);

void connect_add_error_body(struct buf *out, enum connect_code code, const char *message);
/* Envelope included; message NULL with CONNECT_OK: {} */
void connect_add_end(struct buf *out, enum connect_code code, const char *message);

#endif
