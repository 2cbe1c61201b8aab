/* What a bash kernel in a sandbox writes, cut anyhow: marks are found, all text comes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "host/marks.h"
#include "wire/interpreter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t step = size > 0 ? data[0] % 16 + 1 : 1, text_bytes = 0, piece_len;
	struct interpreter_execute execute;
	struct marks m;
	const char *piece;
	int number;

	marks_init(&m, "ab"); /* short, so that it is found */
	for (size_t at = 0; at < size; at += step) {
		enum marks_piece what;

		marks_feed(&m, (const char *)data + at, MIN(step, size - at));
		while (
		    (what = marks_next(&m, &piece, &piece_len, &number)) != MARKS_MORE) {
			if (what == MARKS_END)
				continue;
			if (piece_len == 0)
				abort();
			text_bytes += piece_len;
			marks_take(&m, piece_len);
		}
	}
	if (text_bytes + m.held.len > size)
		abort();
	marks_clear(&m);
	if (interpreter_execute_decode((const char *)data, size, &execute, NULL))
		interpreter_execute_clear(&execute);
	return 0;
}
