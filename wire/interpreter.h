/*
 * interpreter - messages of the code interpreter on guest port 49999, both
 * ways (envd.md 9). Everything written here is ASCII, one object without line
 * ends, since clients cut the stream where the network did.
 */
#ifndef WIRE_INTERPRETER_H
#define WIRE_INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

struct interpreter_execute {
	char *code;		     /* owned, as the rest; NULL: absent or null */
	char *context_id, *language; /* NULL where the request names none */
	struct pairs envs;
};
bool interpreter_execute_decode(const char *json, size_t len,
    struct interpreter_execute *out, struct error *err) MUST_CHECK;
void interpreter_execute_clear(struct interpreter_execute *e);
/* What a kernel is asked: code and environment. */
void interpreter_cell_encode(struct buf *out, const char *code, const struct pairs *envs);

struct interpreter_context {
	char *id, *language, *cwd; /* owned; NULL: not named */
};
bool interpreter_context_decode(const char *json, size_t len,
    struct interpreter_context *out, struct error *err) MUST_CHECK;
void interpreter_context_encode(struct buf *out, const struct interpreter_context *c);
void interpreter_context_clear(struct interpreter_context *c);

/* ---- events, without their line ends */
/* `kind` is "stdout" or "stderr"; bytes that are no UTF-8 become U+FFFD. */
void interpreter_add_output(
    struct buf *out, const char *kind, const char *text, size_t len, int64_t at_ms);
void interpreter_add_error(
    struct buf *out, const char *name, const char *value, const char *traceback);
void interpreter_add_count(struct buf *out, int64_t executions);

#endif
