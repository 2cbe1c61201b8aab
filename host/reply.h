/* reply - the shapes of answers: REST objects and errors, Connect errors, proxy errors. */
#ifndef HOST_REPLY_H
#define HOST_REPLY_H

#include "base/buf.h"
#include "base/compiler.h"
#include "host/server.h"
#include "wire/connect.h"

#define REPLY_MAX (64u * 1024 * 1024)

void reply_json(struct request *r, int status, struct buf *json); /* takes the bytes */
void reply_text(struct request *r, int status, const char *text);
void reply_empty(struct request *r, int status);
/* {"code","message"} as REST and envd's plain routes word it. */
void reply_error(struct request *r, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
void reply_error_code(
    struct request *r, int status, const char *error_code, const char *message);

/* ---- envd's RPCs */
void reply_rpc(struct request *r, struct buf *json); /* 200, unary; takes the bytes */
void reply_rpc_error(struct request *r, enum connect_code code, const char *message);
/* A stream that only ends: 200 and the error in its last envelope. */
void reply_stream_error(struct request *r, enum connect_code code, const char *message);

/* ---- the proxy in front of sandboxes (control-plane.md 5.4); port 0: not named. Also
 * while the body is still being sent. */
void reply_proxy_error(
    struct request *r, int status, const char *sandbox_id, const char *message, int port);
/* 429 with `connectionLimit`. */
void reply_proxy_limit(struct request *r, const char *sandbox_id, size_t limit);

#endif
