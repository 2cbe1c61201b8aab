#include "host/reply.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "wire/rest.h"

#define JSON_TYPE "application/json; charset=utf-8"

/* Half an answer is none. */
void
reply_json(struct request *r, int status, struct buf *json)
{
	if (json->overflow) {
		buf_clear(json);
		buf_init(json, REPLY_MAX);
		rest_error_encode(json, status = 500, NULL,
		    "the answer is longer than 64 MiB: ask for less");
	}
	request_reply(r, status, JSON_TYPE, json);
}

/* Before the body is complete only an answer past the library is possible. */
static void
reply_now(struct request *r, int status, const char *type, struct buf *body)
{
	if (request_is_told(r))
		request_reply(r, status, type, body);
	else
		request_reply_early(r, status, type, body);
}

void
reply_text(struct request *r, int status, const char *text)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_add_str(&body, text);
	request_add_header(r, "X-Content-Type-Options", "nosniff");
	reply_now(r, status, "text/plain; charset=utf-8", &body);
}

void
reply_empty(struct request *r, int status)
{
	request_reply(r, status, NULL, NULL);
}

void
reply_error_code(
    struct request *r, int status, const char *error_code, const char *message)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	rest_error_encode(&body, status, error_code, message);
	request_add_header(r, "X-Content-Type-Options", "nosniff");
	reply_json(r, status, &body);
}

void
reply_error(struct request *r, int status, const char *fmt, ...)
{
	va_list args;
	char *message;

	va_start(args, fmt);
	message = xvasprintf(fmt, args);
	va_end(args);
	reply_error_code(r, status, NULL, message);
	free(message);
}

void
reply_rpc(struct request *r, struct buf *json)
{
	request_reply(r, 200, "application/json", json);
}

void
reply_rpc_error(struct request *r, enum connect_code code, const char *message)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	connect_add_error_body(&body, code, message);
	request_reply(r, connect_code_http(code), "application/json", &body);
}

void
reply_stream_error(struct request *r, enum connect_code code, const char *message)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	connect_add_end(&body, code, message);
	request_reply(r, 200, "application/connect+json", &body);
}

static void
begin_proxy_error(
    struct request *r, struct buf *body, const char *sandbox_id, const char *message)
{
	buf_init(body, REPLY_MAX);
	buf_add_str(body, "{\"sandboxId\":");
	json_add_string(body, sandbox_id);
	buf_add_str(body, ",\"message\":");
	json_add_string(body, message);
	request_add_header(r, "Access-Control-Allow-Origin", "*");
}

void
reply_proxy_error(
    struct request *r, int status, const char *sandbox_id, const char *message, int port)
{
	struct buf body;

	begin_proxy_error(r, &body, sandbox_id, message);
	if (port > 0)
		buf_addf(&body, ",\"port\":%d", port);
	buf_addf(&body, ",\"code\":%d}", status);
	/* Clients repeat these, a POST too: the same again, or worse, done twice. */
	if (status == 502 || status == 504)
		request_add_header(r, "Should-Retry", "false");
	reply_now(r, status, JSON_TYPE, &body);
}

void
reply_proxy_limit(struct request *r, const char *sandbox_id, size_t limit)
{
	struct buf body;

	begin_proxy_error(
	    r, &body, sandbox_id, "too many connections to the ports of sandboxes");
	buf_addf(&body, ",\"connectionLimit\":%zu,\"code\":429}", limit);
	reply_now(r, 429, JSON_TYPE, &body);
}
