/* What is said to a process: written by a client, read by a server. */
#include "wire/process.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "wire/envelope.h"
#include "wire/process_json.h"

#define REQUEST(name)                                                                    \
	{                                                                                \
		.what = name, .kind = JSON_REQUEST | JSON_PROTO, .err = err              \
	}

void
process_call_clear(struct process_call *c)
{
	free(c->process.tag);
	free(c->bytes);
	*c = (struct process_call){ 0 };
}

/* ---- reading text of a known shape, before the parser is asked */

struct cursor {
	const char *at, *end; /* borrowed */
};

static bool
take(struct cursor *c, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len))
		return false;
	c->at += len;
	return true;
}

static bool
take_pid(struct cursor *c, uint32_t *pid)
{
	const char *first = c->at;
	uint64_t number = 0;

	while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - first < 10)
		number = number * 10 + (uint64_t)(*c->at++ - '0');
	*pid = (uint32_t)number;
	return c->at > first && number <= UINT32_MAX &&
	       (*first != '0' || c->at == first + 1);
}

/* The rest up to `tail` as base64. */
static bool
take_bytes(struct cursor *c, const char *tail, struct process_call *out)
{
	size_t tail_len = strlen(tail), len;

	if ((size_t)(c->end - c->at) < tail_len ||
	    memcmp(c->end - tail_len, tail, tail_len))
		return false;
	len = (size_t)(c->end - c->at) - tail_len;
	out->bytes = xmalloc(BASE64_DECODED_MAX(len));
	if (base64_decode(c->at, len, out->bytes, &out->bytes_len))
		return true;
	free(out->bytes);
	out->bytes = NULL;
	return false;
}

static bool
take_input(struct cursor *c, const char *tail, struct process_call *out)
{
	if (take(c, "{\"input\":{\"pty\":\""))
		out->input = PROCESS_INPUT_PTY;
	else if (take(c, "{\"input\":{\"stdin\":\""))
		out->input = PROCESS_INPUT_STDIN;
	else
		return false;
	return take_bytes(c, tail, out);
}

/* {"process":{"pid":812},"input":{"pty":"bA=="}} */
static bool
decode_send_input(const char *json, size_t len, struct process_call *out)
{
	struct cursor c = { json, json + len };
	struct process_call got = { .process.has_pid = true };

	if (!take(&c, "{\"process\":{\"pid\":") || !take_pid(&c, &got.process.pid) ||
	    !take(&c, "},\"input\":{\""))
		return false;
	if (take(&c, "pty\":\""))
		got.input = PROCESS_INPUT_PTY;
	else if (take(&c, "stdin\":\""))
		got.input = PROCESS_INPUT_STDIN;
	if (got.input == PROCESS_INPUT_NONE || !take_bytes(&c, "\"}}", &got))
		return false;
	*out = got;
	return true;
}

/* {"data":{"input":{"pty":"bA=="}}} */
static bool
decode_stream_data(const char *json, size_t len, struct process_call *out)
{
	struct cursor c = { json, json + len };
	struct process_call got = { 0 };

	if (!take(&c, "{\"data\":") || !take_input(&c, "\"}}}", &got))
		return false;
	*out = got;
	return true;
}

/* ---- the same and all others through the parser */

static void
read_selector(struct json_in *in, const json_t *obj, struct process_selector *out)
{
	static const char *const names[] = { "pid", "tag" };
	const json_t *selector = json_member(in, obj, "process", JSON_OBJECT);
	int which = json_get_oneof(in, selector, names, ARRAY_LEN(names));

	in->parent = "process";
	out->has_pid = which == 0;
	out->has_tag = which == 1;
	if (out->has_pid)
		out->pid = (uint32_t)json_get_int(in, selector, "pid", 0, UINT32_MAX, 0);
	if (out->has_tag)
		out->tag = json_get_string(in, selector, "tag");
	in->parent = NULL;
}

static void
read_input(struct json_in *in, const json_t *obj, struct process_call *out)
{
	static const char *const names[] = { "stdin", "pty" };
	static const enum process_input_kind kinds[] = { PROCESS_INPUT_STDIN,
		PROCESS_INPUT_PTY };
	const json_t *input = json_member(in, obj, "input", JSON_OBJECT);
	int which = json_get_oneof(in, input, names, ARRAY_LEN(names));
	const json_t *text;
	size_t len;

	in->parent = "input";
	text = which < 0 ? NULL : json_member(in, input, names[which], JSON_STRING);
	if (text) {
		len = json_string_length(text);
		out->input = kinds[which];
		out->bytes = xmalloc(BASE64_DECODED_MAX(len));
		if (!base64_decode(
			json_string_value(text), len, out->bytes, &out->bytes_len))
			json_fail(in, names[which], "base64");
	}
	in->parent = NULL;
}

static const struct {
	const char *name;
	int number;
} signal_names[] = {
	{ "SIGNAL_UNSPECIFIED", 0 },
	{ "SIGNAL_SIGKILL", 9 },
	{ "SIGNAL_SIGTERM", 15 },
};

static int
read_signal(struct json_in *in, const json_t *root)
{
	const json_t *value = json_object_get(root, "signal");
	int64_t number = -1;

	if (!value || json_is_null(value))
		return 0;
	if (json_is_integer(value))
		number = json_integer_value(value);
	else if (!json_is_string(value))
		json_fail(in, "signal", "a name or a number");
	for (size_t i = 0; i < ARRAY_LEN(signal_names); i++)
		if (signal_names[i].number == number ||
		    str_eq(signal_names[i].name, json_string_value(value)))
			return signal_names[i].number;
	return -1;
}

bool
process_call_decode(
    const char *json, size_t len, struct process_call *out, struct error *err)
{
	struct json_in in = REQUEST("request");
	struct process_call got = { 0 };
	json_t *root;

	if (decode_send_input(json, len, out))
		return true;
	root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	read_selector(&in, root, &got.process);
	got.has_pty = process_pty_decode(&in, root, &got.cols, &got.rows);
	read_input(&in, root, &got);
	got.signal = read_signal(&in, root);
	json_decref(root);
	if (in.failed) {
		process_call_clear(&got);
		return false;
	}
	*out = got;
	return true;
}

static const char *const stream_names[] = {
	[PROCESS_STREAM_START] = "start",
	[PROCESS_STREAM_DATA] = "data",
	[PROCESS_STREAM_KEEPALIVE] = "keepalive",
};

static void
read_stream_message(struct json_in *in, const json_t *root,
    enum process_stream_input *kind, struct process_call *out)
{
	int which = json_get_oneof(in, root, stream_names, ARRAY_LEN(stream_names));
	const json_t *value;

	*kind = which < 0 ? PROCESS_STREAM_NONE : (enum process_stream_input)which;
	if (which < 0)
		return;
	value = json_member(in, root, stream_names[which], JSON_OBJECT);
	if (*kind == PROCESS_STREAM_START)
		read_selector(in, value, &out->process);
	else if (*kind == PROCESS_STREAM_DATA)
		read_input(in, value, out);
}

bool
process_stream_input_decode(const char *json, size_t len, enum process_stream_input *kind,
    struct process_call *out, struct error *err)
{
	struct json_in in = REQUEST("stream input");
	enum process_stream_input got_kind;
	struct process_call got = { 0 };
	json_t *root;

	if (decode_stream_data(json, len, out)) {
		*kind = PROCESS_STREAM_DATA;
		return true;
	}
	root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	read_stream_message(&in, root, &got_kind, &got);
	json_decref(root);
	if (in.failed) {
		process_call_clear(&got);
		return false;
	}
	*kind = got_kind;
	*out = got;
	return true;
}

/* ---- encoders of a client */

void
process_connect_encode(struct buf *out, uint32_t pid)
{
	buf_addf(out, "{\"process\":{\"pid\":%u}}", (unsigned)pid);
}

void
process_update_encode(struct buf *out, uint32_t pid, uint32_t cols, uint32_t rows)
{
	buf_addf(out,
	    "{\"process\":{\"pid\":%u},\"pty\":{\"size\":{\"cols\":%u,\"rows\":%u}}}",
	    (unsigned)pid, (unsigned)cols, (unsigned)rows);
}

static const char *const input_names[] = {
	[PROCESS_INPUT_STDIN] = "stdin",
	[PROCESS_INPUT_PTY] = "pty",
};

/* "input":{"pty":"bA=="} */
static void
add_input(struct buf *out, enum process_input_kind kind, const void *bytes, size_t len)
{
	assert(kind != PROCESS_INPUT_NONE);
	buf_add_str(out, "\"input\":{\"");
	buf_add_str(out, input_names[kind]);
	buf_add_str(out, "\":\"");
	base64_add(out, bytes, len);
	buf_add_str(out, "\"}");
}

void
process_input_encode(struct buf *out, uint32_t pid, enum process_input_kind kind,
    const void *bytes, size_t len)
{
	buf_addf(out, "{\"process\":{\"pid\":%u},", (unsigned)pid);
	add_input(out, kind, bytes, len);
	buf_add_char(out, '}');
}

void
process_signal_encode(struct buf *out, uint32_t pid, int signum)
{
	buf_addf(out, "{\"process\":{\"pid\":%u},\"signal\":", (unsigned)pid);
	for (size_t i = 0; i < ARRAY_LEN(signal_names); i++) {
		if (signal_names[i].number != signum)
			continue;
		buf_addf(out, "\"%s\"}", signal_names[i].name);
		return;
	}
	buf_addf(out, "%d}", signum);
}

void
process_add_stream_start(struct buf *out, uint32_t pid)
{
	size_t begin = envelope_begin(out);

	buf_addf(out, "{\"start\":{\"process\":{\"pid\":%u}}}", (unsigned)pid);
	envelope_end(out, begin, 0);
}

void
process_add_stream_data(
    struct buf *out, enum process_input_kind kind, const void *bytes, size_t len)
{
	size_t begin = envelope_begin(out);

	buf_add_str(out, "{\"data\":{");
	add_input(out, kind, bytes, len);
	buf_add_str(out, "}}");
	envelope_end(out, begin, 0);
}

void
process_add_stream_keepalive(struct buf *out)
{
	static const char keepalive[] = "{\"keepalive\":{}}";

	envelope_add(out, 0, keepalive, sizeof keepalive - 1);
}
