#include "wire/envelope.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* A pending envelope bigger than this gives its memory back once delivered. */
#define KEEP_PENDING (256u * 1024)

static size_t
read_length(const char *header)
{
	const unsigned char *h = (const unsigned char *)header;

	return ((size_t)h[1] << 24) | ((size_t)h[2] << 16) | ((size_t)h[3] << 8) | h[4];
}

static void
write_header(char *header, int flags, size_t len)
{
	assert(len <= UINT32_MAX);
	header[0] = (char)flags;
	header[1] = (char)(len >> 24);
	header[2] = (char)(len >> 16);
	header[3] = (char)(len >> 8);
	header[4] = (char)len;
}

void
envelope_reader_init(struct envelope_reader *r, size_t max_payload)
{
	*r = (struct envelope_reader){ .max_payload = max_payload };
	buf_init(&r->pending, max_payload + ENVELOPE_HEADER);
}

void
envelope_reader_clear(struct envelope_reader *r)
{
	buf_clear(&r->pending);
	*r = (struct envelope_reader){ .failed = true };
}

void
envelope_feed(struct envelope_reader *r, const char *bytes, size_t len)
{
	assert(r->in_len == 0 || r->failed);
	r->in = bytes;
	r->in_len = len;
}

static bool
is_whole(const struct buf *pending)
{
	return pending->len >= ENVELOPE_HEADER &&
	       pending->len == ENVELOPE_HEADER + read_length(pending->data);
}

/* Whatever lies whole in `pending` was delivered by the call before. */
static void
drop_delivered(struct envelope_reader *r)
{
	if (!is_whole(&r->pending))
		return;
	if (r->pending.cap > KEEP_PENDING) {
		buf_clear(&r->pending);
		buf_init(&r->pending, r->max_payload + ENVELOPE_HEADER);
	}
	buf_reset(&r->pending);
}

static bool
fail(struct envelope_reader *r, struct error *err, const char *why, size_t number)
{
	r->failed = true;
	r->in_len = 0;
	return error_set(
	    err, ERROR_REMOTE, "the stream is broken: %s (%zu)", why, number);
}

static bool
check_header(struct envelope_reader *r, const char *header, struct error *err)
{
	int flags = (unsigned char)header[0];
	size_t len = read_length(header);

	if (flags & ~(ENVELOPE_COMPRESSED | ENVELOPE_END))
		return fail(r, err, "a message with unknown flags", (size_t)flags);
	if (len > r->max_payload)
		return fail(r, err, "a message longer than is allowed", len);
	return true;
}

static void
move_to_pending(struct envelope_reader *r, size_t want)
{
	size_t take = want < r->in_len ? want : r->in_len;

	buf_add(&r->pending, r->in, take);
	r->in += take;
	r->in_len -= take;
}

static bool
deliver(struct envelope_reader *r, struct envelope *out, const char *header)
{
	out->flags = (unsigned char)header[0];
	out->payload = header + ENVELOPE_HEADER;
	out->len = read_length(header);
	r->ended = (out->flags & ENVELOPE_END) != 0;
	return true;
}

/* Completes what an earlier piece of input began. */
static bool
next_from_pending(struct envelope_reader *r, struct envelope *out, struct error *err)
{
	if (r->pending.len < ENVELOPE_HEADER) {
		move_to_pending(r, ENVELOPE_HEADER - r->pending.len);
		if (r->pending.len < ENVELOPE_HEADER)
			return false;
		if (!check_header(r, r->pending.data, err))
			return false;
	}
	move_to_pending(
	    r, ENVELOPE_HEADER + read_length(r->pending.data) - r->pending.len);
	if (!is_whole(&r->pending))
		return false;
	return deliver(r, out, r->pending.data);
}

bool
envelope_next(struct envelope_reader *r, struct envelope *out, struct error *err)
{
	if (err)
		*err = (struct error){ .code = ERROR_NONE };
	if (r->failed)
		return fail(r, err, "it failed before", 0);
	drop_delivered(r);
	if (r->ended && r->in_len > 0)
		return fail(r, err, "bytes after its end", r->in_len);
	if (r->pending.len > 0)
		return next_from_pending(r, out, err);
	if (r->in_len == 0)
		return false;

	if (r->in_len < ENVELOPE_HEADER) {
		move_to_pending(r, r->in_len);
		return false;
	}
	if (!check_header(r, r->in, err))
		return false;
	if (r->in_len - ENVELOPE_HEADER < read_length(r->in)) {
		move_to_pending(r, r->in_len);
		return false;
	}
	deliver(r, out, r->in);
	r->in += ENVELOPE_HEADER + out->len;
	r->in_len -= ENVELOPE_HEADER + out->len;
	return true;
}

bool
envelope_is_complete(const struct envelope_reader *r)
{
	return r->ended && !r->failed && r->in_len == 0;
}

bool
envelope_is_cut(const struct envelope_reader *r, size_t *have, size_t *promised)
{
	const struct buf *p = &r->pending;
	bool cut = !r->failed && p->len > 0 && !is_whole(p);

	if (cut && have)
		*have = p->len < ENVELOPE_HEADER ? 0 : p->len - ENVELOPE_HEADER;
	if (cut && promised)
		*promised = p->len < ENVELOPE_HEADER ? 0 : read_length(p->data);
	return cut;
}

void
envelope_add(struct buf *out, int flags, const void *payload, size_t len)
{
	char *at = buf_reserve(out, ENVELOPE_HEADER + len);

	if (!at)
		return;
	write_header(at, flags, len);
	if (len > 0)
		memcpy(at + ENVELOPE_HEADER, payload, len);
	buf_commit(out, ENVELOPE_HEADER + len);
}

size_t
envelope_begin(struct buf *out)
{
	size_t begin = out->len;

	buf_add(out, "\0\0\0\0\0", ENVELOPE_HEADER);
	return begin;
}

void
envelope_end(struct buf *out, size_t begin, int flags)
{
	if (out->overflow || out->len < begin + ENVELOPE_HEADER)
		return; /* the caller sees `overflow` */
	write_header(out->data + begin, flags, out->len - begin - ENVELOPE_HEADER);
}
