/*
 * Process messages. The fast path and the parser must agree (a leading blank
 * keeps a message off the fast path), and what was decoded, encoded and decoded
 * again must be the same. Byte 0 chooses the decoder.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "wire/envelope.h"
#include "wire/process.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The message with a blank in front; caller frees. */
static char *
with_blank(const char *json, size_t len)
{
	char *copy = xmalloc(len + 1);

	copy[0] = ' ';
	memcpy(copy + 1, json, len);
	return copy;
}

static bool
same_event(const struct process_event *a, const struct process_event *b)
{
	return a->kind == b->kind && a->pid == b->pid && a->exit_code == b->exit_code &&
	       a->exited == b->exited && str_eq(a->status, b->status) &&
	       str_eq(a->error, b->error) && a->len == b->len &&
	       (a->kind != PROCESS_EVENT_DATA ||
		   (a->stream == b->stream && !memcmp(a->data, b->data, a->len)));
}

static void
fuzz_event(const char *json, size_t len)
{
	char *slow = with_blank(json, len);
	struct process_event a, b;
	struct buf scratch_a, scratch_b, out;
	struct error err;
	bool ok;

	buf_init(&scratch_a, 1u << 20);
	buf_init(&scratch_b, 1u << 20);
	buf_init(&out, 1u << 22);
	ok = process_event_decode(json, len, &scratch_a, &a, &err);
	require(process_event_decode(slow, len + 1, &scratch_b, &b, NULL) == ok);
	require(!ok || same_event(&a, &b));
	require(ok || (err.code == ERROR_REMOTE && err.text[0]));
	if (ok && a.kind == PROCESS_EVENT_DATA) {
		process_add_data_event(&out, a.stream, a.data, a.len);
		require(process_event_decode(out.data + ENVELOPE_HEADER,
		    out.len - ENVELOPE_HEADER, &scratch_b, &b, NULL));
		require(same_event(&a, &b));
	}
	buf_clear(&scratch_a);
	buf_clear(&scratch_b);
	buf_clear(&out);
	free(slow);
}

static bool
same_call(const struct process_call *a, const struct process_call *b)
{
	return a->process.has_pid == b->process.has_pid &&
	       a->process.pid == b->process.pid &&
	       a->process.has_tag == b->process.has_tag &&
	       str_eq(a->process.tag, b->process.tag) && a->has_pty == b->has_pty &&
	       a->cols == b->cols && a->rows == b->rows && a->input == b->input &&
	       a->signal == b->signal && a->bytes_len == b->bytes_len &&
	       (a->bytes_len == 0 || !memcmp(a->bytes, b->bytes, a->bytes_len));
}

static void
fuzz_call(const char *json, size_t len)
{
	char *slow = with_blank(json, len);
	struct process_call a, b;
	struct error err;
	bool ok = process_call_decode(json, len, &a, &err);

	require(process_call_decode(slow, len + 1, &b, NULL) == ok);
	require(ok || (err.code == ERROR_INPUT && err.text[0]));
	if (ok) {
		require(same_call(&a, &b));
		process_call_clear(&a);
		process_call_clear(&b);
	}
	free(slow);
}

static void
fuzz_stream_input(const char *json, size_t len)
{
	char *slow = with_blank(json, len);
	enum process_stream_input kind_a, kind_b;
	struct process_call a, b;
	bool ok = process_stream_input_decode(json, len, &kind_a, &a, NULL);

	require(process_stream_input_decode(slow, len + 1, &kind_b, &b, NULL) == ok);
	if (ok) {
		require(kind_a == kind_b && same_call(&a, &b));
		process_call_clear(&a);
		process_call_clear(&b);
	}
	free(slow);
}

static void
fuzz_start(const char *json, size_t len)
{
	struct process_start a, b;
	struct buf once, twice;

	if (!process_start_decode(json, len, &a, NULL))
		return;
	buf_init(&once, 1u << 24);
	buf_init(&twice, 1u << 24);
	process_start_encode(&once, &a);
	require(process_start_decode(once.data, once.len, &b, NULL));
	process_start_encode(&twice, &b);
	require(str_eq(once.data, twice.data));
	process_start_clear(&a);
	process_start_clear(&b);
	buf_clear(&once);
	buf_clear(&twice);
}

static void
fuzz_list(const char *json, size_t len)
{
	struct process_list a, b;
	struct buf once, twice;

	if (!process_list_decode(json, len, &a, NULL))
		return;
	buf_init(&once, 1u << 24);
	buf_init(&twice, 1u << 24);
	process_list_encode(&once, &a);
	require(process_list_decode(once.data, once.len, &b, NULL));
	process_list_encode(&twice, &b);
	require(str_eq(once.data, twice.data));
	process_list_clear(&a);
	process_list_clear(&b);
	buf_clear(&once);
	buf_clear(&twice);
}

static void
fuzz_metrics(const char *json, size_t len)
{
	struct envd_metrics m;
	struct buf out;

	if (!envd_metrics_decode(json, len, &m, NULL))
		return;
	buf_init(&out, 4096);
	envd_metrics_encode(&out, &m);
	require(envd_metrics_decode(out.data, out.len, &m, NULL));
	buf_clear(&out);
}

static void (*const process_targets[])(const char *json, size_t len) = {
	fuzz_event,
	fuzz_call,
	fuzz_stream_input,
	fuzz_start,
	fuzz_list,
	fuzz_metrics,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		process_targets[data[0] % ARRAY_LEN(process_targets)](
		    (const char *)data + 1, size - 1);
	return 0;
}
