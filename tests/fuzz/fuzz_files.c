/*
 * Messages about files, and forms that hold them. What was decoded, encoded and decoded
 * again is the same; a form gives the same bytes in whatever pieces it comes. Byte 0
 * chooses what is done.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "host/multipart.h"
#include "wire/filesystem.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_call(const char *text, size_t len)
{
	struct filesystem_call call;

	if (filesystem_call_decode(text, len, &call, NULL))
		filesystem_call_clear(&call);
}

static void
try_entry(const char *text, size_t len)
{
	struct filesystem_entry entry, again;
	struct buf first, second;

	if (!filesystem_entry_decode(text, len, &entry, NULL))
		return;
	buf_init(&first, 1u << 24);
	buf_init(&second, 1u << 24);
	filesystem_entry_encode(&first, &entry);
	require(filesystem_entry_decode(first.data, first.len, &again, NULL));
	filesystem_entry_encode(&second, &again);
	require(first.len == second.len && !memcmp(first.data, second.data, first.len));
	filesystem_entry_clear(&entry);
	filesystem_entry_clear(&again);
	buf_clear(&first);
	buf_clear(&second);
}

static void
try_lists(const char *text, size_t len)
{
	struct filesystem_entries entries;
	struct filesystem_events events;
	struct filesystem_event event;
	enum filesystem_watch_kind kind;

	if (filesystem_entries_decode(text, len, &entries, NULL))
		filesystem_entries_clear(&entries);
	if (filesystem_events_decode(text, len, &events, NULL))
		filesystem_events_clear(&events);
	if (filesystem_watch_decode(text, len, &kind, &event, NULL))
		filesystem_event_clear(&event);
}

/* What a form holds, parts ended by a byte that marks them. */
static void
read_form(const char *text, size_t len, size_t piece, struct buf *out)
{
	struct multipart m;
	enum multipart_event event = MULTIPART_MORE;

	require(multipart_init(&m, "multipart/form-data; boundary=B"));
	for (size_t at = 0; at < len && event == MULTIPART_MORE; at += piece) {
		multipart_feed(&m, text + at, MIN(piece, len - at));
		do {
			event = multipart_next(&m);
			if (event == MULTIPART_DATA)
				buf_add(out, m.data, m.data_len);
			else if (event == MULTIPART_PART_END)
				buf_add_char(out, '|');
		} while (event == MULTIPART_DATA || event == MULTIPART_PART ||
			 event == MULTIPART_PART_END);
	}
	multipart_clear(&m);
}

static void
try_form(const char *text, size_t len)
{
	struct buf whole, pieces;

	buf_init(&whole, 1u << 20);
	buf_init(&pieces, 1u << 20);
	read_form(text, len, len, &whole);
	read_form(text, len, 1 + len % 7, &pieces);
	require(whole.len == pieces.len && !memcmp(whole.data, pieces.data, whole.len));
	buf_clear(&whole);
	buf_clear(&pieces);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(
	    const char *text, size_t len) = { try_call, try_entry, try_lists, try_form };

	if (size < 2 || size > 60000)
		return 0;
	tries[data[0] % ARRAY_LEN(tries)]((const char *)data + 1, size - 1);
	return 0;
}
