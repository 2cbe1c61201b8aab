/*
 * Envelopes: what a stream says must not depend on how its bytes arrive.
 * Byte 0 chooses the size of the pieces, byte 1 the limit; the rest is the stream.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "wire/connect.h"
#include "wire/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
note_message(struct buf *out, const struct envelope *e)
{
	struct connect_error end;

	buf_addf(out, "%d %zu ", e->flags, e->len);
	buf_add(out, e->payload, e->len);
	if (e->flags & ENVELOPE_END)
		buf_addf(out, " %d", connect_end_parse(e->payload, e->len, &end));
}

/* Each piece is memory of its own, so that reading past it is seen. */
static void
read_in_pieces(
    const uint8_t *data, size_t size, size_t piece, size_t max, struct buf *out)
{
	struct envelope_reader r;
	struct envelope e;
	struct error err = { .code = ERROR_NONE };

	envelope_reader_init(&r, max);
	for (size_t at = 0; at < size && err.code == ERROR_NONE; at += piece) {
		size_t len = MIN(piece, size - at);
		char *own = xmalloc(len);

		memcpy(own, data + at, len);
		envelope_feed(&r, own, len);
		while (envelope_next(&r, &e, &err))
			note_message(out, &e);
		free(own);
	}
	buf_addf(out, "%d %d %d", err.code != ERROR_NONE, envelope_is_complete(&r),
	    envelope_is_cut(&r, NULL, NULL));
	envelope_reader_clear(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t limits[] = { 0, 5, 100, 70000, ENVELOPE_MAX_PAYLOAD };
	struct buf whole, pieces;
	size_t max;

	if (size < 3)
		return 0;
	max = limits[data[1] % ARRAY_LEN(limits)];
	buf_init(&whole, 1u << 24);
	buf_init(&pieces, 1u << 24);
	read_in_pieces(data + 2, size - 2, size, max, &whole);
	read_in_pieces(data + 2, size - 2, 1u + data[0], max, &pieces);
	if (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len))
		abort();
	buf_clear(&whole);
	buf_clear(&pieces);
	return 0;
}
