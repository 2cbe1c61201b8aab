/*
 * The key decoder: what the bytes mean must not depend on how they arrive, and after
 * whatever it was an ordinary key is one again.
 * Byte 0 chooses the size of the pieces; the rest is what the terminal sends.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tui/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
note_key(void *ctx, struct key key)
{
	buf_addf(ctx, "k%x.%d.%d.%d.%d.%d ", key.code, key.mods, (int)key.mouse.kind,
	    key.mouse.button, key.mouse.row, key.mouse.col);
}

static void
note_paste(void *ctx, const char *bytes, size_t len)
{
	buf_addf(ctx, "p%zu ", len);
	buf_add(ctx, bytes, len);
}

static void
note_focus(void *ctx, bool focused)
{
	buf_addf(ctx, "f%d ", focused);
}

static void
note_reply(void *ctx, const struct input_reply *reply)
{
	buf_addf(ctx, "r%d.%d.%d ", (int)reply->kind, reply->mode, reply->value);
}

static const struct input_events fuzz_events = {
	.key = note_key,
	.paste = note_paste,
	.focus = note_focus,
	.reply = note_reply,
};

/* Each piece is memory of its own, so that reading past it is seen. */
static void
decode(const uint8_t *data, size_t size, size_t piece, struct buf *out)
{
	struct input in;

	input_setup(&in, &fuzz_events, out, 0);
	for (size_t at = 0; at < size; at += piece) {
		size_t len = MIN(piece, size - at);
		char *own = xmalloc(len);

		memcpy(own, data + at, len);
		input_feed(&in, own, len);
		free(own);
	}
	for (int i = 0; i < 10 && input_wait_ms(&in) > 0; i++)
		input_timeout(&in);
	if (input_wait_ms(&in) > 0)
		abort();
	buf_add_str(out, "| ");
	input_feed(&in, "k", 1);
	input_dispose(&in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char last[] = "| k6b.0.0.0.0.0 ";
	struct buf pieces, whole;

	if (size < 2)
		return 0;
	buf_init(&pieces, 16 << 20);
	buf_init(&whole, 16 << 20);
	decode(data + 1, size - 1, (size_t)data[0] % 7 + 1, &pieces);
	decode(data + 1, size - 1, size, &whole);
	if (pieces.len != whole.len || memcmp(pieces.data, whole.data, whole.len) != 0)
		abort();
	if (!str_has_suffix(whole.data + whole.len - MIN(whole.len, strlen(last)), last))
		abort();
	buf_clear(&pieces);
	buf_clear(&whole);
	return 0;
}
