/*
 * envelope - Connect stream framing (envd.md 2.2): one flag byte, four bytes
 * of big-endian length, payload. Incremental: bytes in as they come, whole
 * messages out.
 */
#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

enum { ENVELOPE_COMPRESSED = 0x01, ENVELOPE_END = 0x02 };
#define ENVELOPE_HEADER 5
#define ENVELOPE_MAX_PAYLOAD (64u * 1024 * 1024)

struct envelope {
	int flags;
	const char *payload; /* borrowed, valid until the next call into the reader */
	size_t len;
};

struct envelope_reader {
	struct buf pending; /* an envelope not yet whole */
	size_t max_payload;
	bool ended;  /* the end-stream envelope was read */
	bool failed; /* stays so */
	/* the input being walked */
	const char *in; /* borrowed */
	size_t in_len;
};

void envelope_reader_init(struct envelope_reader *r, size_t max_payload);
void envelope_reader_clear(struct envelope_reader *r);
/* Gives input; then call envelope_next() until it returns false. Input that is
 * whole is not copied. The bytes must stay until then. */
void envelope_feed(struct envelope_reader *r, const char *bytes, size_t len);
/* true: *out is a message. false: more input is needed (err->code NONE), or the
 * stream is broken (err filled: too long, unknown flags, bytes after the end). */
bool envelope_next(struct envelope_reader *r, struct envelope *out, struct error *err);
/* After the last byte: false when the stream stopped inside an envelope or
 * without the end-stream envelope. */
bool envelope_is_complete(const struct envelope_reader *r);
/* True when input ended inside an envelope: a request stream has no end-stream, so
 * a server asks this. Payload bytes that came and that were announced; either may
 * be NULL, both are 0 when not even the header came. */
bool envelope_is_cut(const struct envelope_reader *r, size_t *have, size_t *promised);

/* Appends header and payload. */
void envelope_add(struct buf *out, int flags, const void *payload, size_t len);
/* For payloads written in place: begin returns the offset to pass to end. */
size_t envelope_begin(struct buf *out);
void envelope_end(struct buf *out, size_t begin, int flags);

#endif
