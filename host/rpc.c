#include "host/rpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/reply.h"
#include "wire/envelope.h"

#define KEEPALIVE_DEFAULT_S 90
#define KEEPALIVE_MAX_S 3600
#define STREAM_PREFIX "application/connect+"

static const char unary_types[] = "application/json, application/json; charset=utf-8";
static const char stream_types[] = "application/connect+json";

static bool
is_stream(enum route_kind kind)
{
	return kind == ROUTE_STREAM || kind == ROUTE_UPLOAD;
}

void
rpc_error(struct call *c, enum connect_code code, const char *message)
{
	if (is_stream(c->route->kind))
		reply_stream_error(c->request, code, message);
	else
		reply_rpc_error(c->request, code, message);
}

/* ---- the user */

static void
refuse_user(struct request *r, const char *name)
{
	const char *type = request_header(r, "Content-Type");
	char *message = xasprintf("invalid username: '%s'", name);

	if (type && str_has_prefix(type, STREAM_PREFIX))
		reply_stream_error(r, CONNECT_UNAUTHENTICATED, message);
	else
		reply_rpc_error(r, CONNECT_UNAUTHENTICATED, message);
	free(message);
}

const char *
rpc_user(struct request *r)
{
	static const char *const known[] = { "user", "root" };
	const char *header = request_header(r, "Authorization");
	char name[BASE64_DECODED_MAX(512)];
	size_t len;

	if (!header || strncasecmp(header, "Basic ", 6) != 0)
		return known[0];
	header += 6;
	if (strlen(header) > 512 || !base64_decode(header, strlen(header), name, &len))
		len = 0;
	name[len] = '\0';
	name[strcspn(name, ":")] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(name, known[i]))
			return known[i];
	refuse_user(r, name);
	return NULL;
}

/* ---- headers */

static bool
has_type(const struct request *r, enum route_kind kind)
{
	const char *type = request_header(r, "Content-Type");

	if (!type)
		return false;
	if (is_stream(kind))
		return str_eq_nocase(type, stream_types);
	return str_eq_nocase(type, "application/json") ||
	       str_eq_nocase(type, "application/json; charset=utf-8") ||
	       str_eq_nocase(type, "application/json;charset=utf-8");
}

static bool
has_identity(const struct request *r, const char *header)
{
	const char *value = request_header(r, header);

	return !value || !*value || str_eq_nocase(value, "identity");
}

/* false: refused. Zero is no limit. */
static bool
accept_timeout(struct call *c)
{
	const char *text = request_header(c->request, "Connect-Timeout-Ms");

	c->timeout_ms = 0;
	if (!text)
		return true;
	if (strlen(text) <= 10 && parse_int(text, 0, INT64_MAX, &c->timeout_ms))
		return true;
	rpc_error(c, CONNECT_INVALID_ARGUMENT,
	    "protocol error: Connect-Timeout-Ms must be a number of at most 10 digits");
	return false;
}

static bool
accept_headers(struct call *c)
{
	const char *version = request_header(c->request, "Connect-Protocol-Version");
	bool streams = is_stream(c->route->kind);

	if (!has_type(c->request, c->route->kind)) {
		request_add_header(
		    c->request, "Accept-Post", streams ? stream_types : unary_types);
		reply_empty(c->request, 415);
		return false;
	}
	if (version && !str_eq(version, "1")) {
		rpc_error(c, CONNECT_INVALID_ARGUMENT,
		    "connect-protocol-version must be \"1\"");
		return false;
	}
	if (!has_identity(
		c->request, streams ? "Connect-Content-Encoding" : "Content-Encoding")) {
		rpc_error(c, CONNECT_UNIMPLEMENTED,
		    "unknown compression: only identity is taken");
		return false;
	}
	return accept_timeout(c);
}

/* ---- the message */

/* What is wrong with a body that must be one envelope, or NULL. */
static const char *
find_fault(const char *body, size_t len, struct envelope *out, enum connect_code *code,
    char text[280])
{
	struct envelope_reader reader;
	struct error err = { 0 };
	const char *fault = NULL;

	*code = CONNECT_INVALID_ARGUMENT;
	envelope_reader_init(&reader, ENVELOPE_MAX_PAYLOAD);
	if (len >= ENVELOPE_HEADER && ((unsigned char)body[0] & ENVELOPE_COMPRESSED)) {
		*code = CONNECT_INTERNAL;
		fault =
		    "protocol error: sent compressed message without compression support";
	} else if (len == 0) {
		*code = CONNECT_UNIMPLEMENTED;
		fault = "unary request has zero messages";
	} else {
		envelope_feed(&reader, body, len);
		if (!envelope_next(&reader, out, &err)) {
			/* 64 MiB and more: the length's first byte says it. */
			if (err.code != ERROR_NONE && (unsigned char)body[1] >= 4)
				*code = CONNECT_RESOURCE_EXHAUSTED;
			snprintf(text, 280, "protocol error: %s",
			    err.code == ERROR_NONE ? "the enveloped message is cut short"
						   : err.text);
			fault = text;
		} else if (out->len + ENVELOPE_HEADER != len) {
			*code = CONNECT_UNIMPLEMENTED;
			fault = "unary request has multiple messages";
		}
	}
	/* Whole input is not copied: the payload points into the body. */
	envelope_reader_clear(&reader);
	return fault;
}

static bool
accept_message(struct call *c)
{
	size_t len;
	const char *body = request_body(c->request, &len);
	struct envelope envelope = { 0 };
	enum connect_code code = CONNECT_INVALID_ARGUMENT;
	char text[280];
	const char *fault = NULL;

	c->message = body;
	c->message_len = len;
	if (c->route->kind == ROUTE_STREAM) {
		fault = find_fault(body, len, &envelope, &code, text);
		c->message = envelope.payload;
		c->message_len = envelope.len;
	}
	if (!fault && c->message_len == 0 && c->route->kind != ROUTE_UPLOAD)
		fault =
		    "unmarshal message: zero-length payload is not a valid JSON object";
	if (fault)
		rpc_error(c, code, fault);
	return !fault;
}

bool
rpc_accept(struct call *c)
{
	return accept_headers(c) && accept_message(c);
}

int
rpc_keepalive_s(const struct request *r)
{
	const char *text = request_header(r, "Keepalive-Ping-Interval");
	int64_t seconds;

	if (!text || !parse_int(text, INT32_MIN, INT32_MAX, &seconds))
		return KEEPALIVE_DEFAULT_S;
	return (int)CLAMP(seconds, 1, KEEPALIVE_MAX_S);
}
