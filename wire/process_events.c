/* What a process says: read by a client, written by a server. */
#include "wire/process.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/base64.h"
#include "wire/envelope.h"
#include "wire/json.h"

/*
 * Data frames. Output arrives in frames of one fixed shape, and taking that shape
 * apart by comparing bytes is some forty times faster than a JSON parser. What
 * does not match exactly, and whatever is not plain base64, goes to the parser.
 */

#define COMMON_HEAD "{\"event\":{\"data\":{\""
#define TAIL "\"}}}"
#define STREAM(word)                                                                     \
	{                                                                                \
		word, word "\":\"", sizeof word "\":\"" - 1                              \
	}

static const struct {
	const char *name;
	const char *head; /* what stands between COMMON_HEAD and the base64 */
	size_t head_len;
} streams[] = {
	[PROCESS_STDOUT] = STREAM("stdout"),
	[PROCESS_STDERR] = STREAM("stderr"),
	[PROCESS_PTY] = STREAM("pty"),
};

static void
set_data(struct process_event *out, enum process_stream stream, const struct buf *scratch)
{
	out->kind = PROCESS_EVENT_DATA;
	out->stream = stream;
	out->data = scratch->data;
	out->len = scratch->len;
	out->pid = 0;
	out->exit_code = 0;
	out->exited = false;
	out->status[0] = out->error[0] = '\0';
}

static bool
decode_base64(struct buf *scratch, const char *text, size_t len)
{
	size_t decoded;
	char *room;

	buf_reset(scratch);
	room = buf_reserve(scratch, BASE64_DECODED_MAX(len));
	if (!room || !base64_decode(text, len, room, &decoded))
		return false;
	buf_commit(scratch, decoded);
	return true;
}

/* false: not of the usual shape. */
static bool
decode_data_frame(
    const char *json, size_t len, struct buf *scratch, struct process_event *out)
{
	const size_t common = sizeof COMMON_HEAD - 1, tail = sizeof TAIL - 1;

	if (len < common + tail || memcmp(json, COMMON_HEAD, common) ||
	    memcmp(json + len - tail, TAIL, tail))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		size_t head = common + streams[i].head_len;

		if (len < head + tail ||
		    memcmp(json + common, streams[i].head, streams[i].head_len))
			continue;
		if (!decode_base64(scratch, json + head, len - head - tail))
			return false;
		set_data(out, (enum process_stream)i, scratch);
		return true;
	}
	return false;
}

/* ---- the other frames, through the parser */

static void
read_start(struct json_in *in, const json_t *start, struct buf *scratch,
    struct process_event *out)
{
	(void)scratch;
	out->kind = PROCESS_EVENT_START;
	out->pid = (uint32_t)json_get_int(in, start, "pid", 0, UINT32_MAX, 0);
}

static void
read_data(struct json_in *in, const json_t *data, struct buf *scratch,
    struct process_event *out)
{
	static const char *const names[] = { "stdout", "stderr", "pty" };
	int which = json_get_oneof(in, data, names, ARRAY_LEN(names));
	const json_t *text;

	if (which < 0)
		return;
	text = json_member(in, data, names[which], JSON_STRING);
	if (!text)
		return;
	if (decode_base64(scratch, json_string_value(text), json_string_length(text)))
		set_data(out, (enum process_stream)which, scratch);
	else
		json_fail(in, names[which], "base64 of a size that is allowed");
}

static void
read_end(
    struct json_in *in, const json_t *end, struct buf *scratch, struct process_event *out)
{
	const char *code = json_object_get(end, "exitCode") ? "exitCode" : "exit_code";

	(void)scratch;
	out->kind = PROCESS_EVENT_END;
	out->exit_code = (int)json_get_int(in, end, code, INT32_MIN, INT32_MAX, 0);
	out->exited = json_get_bool(in, end, "exited") == 1;
	json_get_line(in, end, "status", out->status, sizeof out->status);
	json_get_line(in, end, "error", out->error, sizeof out->error);
}

static void
read_keepalive(struct json_in *in, const json_t *keepalive, struct buf *scratch,
    struct process_event *out)
{
	(void)in;
	(void)keepalive;
	(void)scratch;
	out->kind = PROCESS_EVENT_KEEPALIVE;
}

static const char *const event_names[] = { "start", "data", "end", "keepalive" };

static void (*const event_readers[])(struct json_in *in, const json_t *value,
    struct buf *scratch, struct process_event *out) = {
	read_start,
	read_data,
	read_end,
	read_keepalive,
};

static void
read_event(struct json_in *in, const json_t *root, struct buf *scratch,
    struct process_event *out)
{
	const json_t *event = json_member(in, root, "event", JSON_OBJECT);
	int which = json_get_oneof(in, event, event_names, ARRAY_LEN(event_names));
	const json_t *value;

	if (which < 0)
		return;
	value = json_member(in, event, event_names[which], JSON_OBJECT);
	in->parent = event_names[which];
	if (value)
		event_readers[which](in, value, scratch, out);
}

bool
process_event_decode(const char *json, size_t len, struct buf *scratch,
    struct process_event *out, struct error *err)
{
	struct json_in in = { .what = "process event", .kind = JSON_PROTO, .err = err };
	struct process_event got = { .kind = PROCESS_EVENT_OTHER };
	json_t *root;

	if (decode_data_frame(json, len, scratch, out))
		return true;
	root = json_read(&in, JSON_OBJECT, json, len, ENVELOPE_MAX_PAYLOAD);
	read_event(&in, root, scratch, &got);
	json_decref(root);
	if (in.failed)
		return false;
	*out = got;
	return true;
}

/* ---- events for a server to send */

void
process_add_start_event(struct buf *out, uint32_t pid)
{
	size_t begin = envelope_begin(out);

	buf_addf(out, "{\"event\":{\"start\":{\"pid\":%u}}}", (unsigned)pid);
	envelope_end(out, begin, 0);
}

void
process_add_data_event(
    struct buf *out, enum process_stream stream, const void *bytes, size_t len)
{
	size_t common = sizeof COMMON_HEAD - 1, tail = sizeof TAIL - 1;
	size_t head = streams[stream].head_len, text = BASE64_ENCODED_LEN(len);
	size_t begin = envelope_begin(out);
	char *at = buf_reserve(out, common + head + text + tail);

	if (!at)
		return;
	memcpy(at, COMMON_HEAD, common);
	memcpy(at + common, streams[stream].head, head);
	base64_encode(bytes, len, at + common + head);
	memcpy(at + common + head + text, TAIL, tail);
	buf_commit(out, common + head + text + tail);
	envelope_end(out, begin, 0);
}

void
process_add_keepalive_event(struct buf *out)
{
	static const char keepalive[] = "{\"event\":{\"keepalive\":{}}}";

	envelope_add(out, 0, keepalive, sizeof keepalive - 1);
}

/* The words of Go's runtime, which clients compare with. */
static const char *const signal_names[] = {
	[SIGHUP] = "hangup",
	[SIGINT] = "interrupt",
	[SIGQUIT] = "quit",
	[SIGILL] = "illegal instruction",
	[SIGTRAP] = "trace/breakpoint trap",
	[SIGABRT] = "aborted",
	[SIGBUS] = "bus error",
	[SIGFPE] = "floating point exception",
	[SIGKILL] = "killed",
	[SIGUSR1] = "user defined signal 1",
	[SIGSEGV] = "segmentation fault",
	[SIGUSR2] = "user defined signal 2",
	[SIGPIPE] = "broken pipe",
	[SIGALRM] = "alarm clock",
	[SIGTERM] = "terminated",
	[SIGSTKFLT] = "stack fault",
	[SIGCHLD] = "child exited",
	[SIGCONT] = "continued",
	[SIGSTOP] = "stopped (signal)",
	[SIGTSTP] = "stopped",
	[SIGTTIN] = "stopped (tty input)",
	[SIGTTOU] = "stopped (tty output)",
	[SIGURG] = "urgent I/O condition",
	[SIGXCPU] = "CPU time limit exceeded",
	[SIGXFSZ] = "file size limit exceeded",
	[SIGVTALRM] = "virtual timer expired",
	[SIGPROF] = "profiling timer expired",
	[SIGWINCH] = "window changed",
	[SIGIO] = "I/O possible",
	[SIGPWR] = "power failure",
	[SIGSYS] = "bad system call",
};

static void
describe_signal(int wait_status, char *out, size_t size)
{
	int signum = WTERMSIG(wait_status);
	const char *core = WCOREDUMP(wait_status) ? " (core dumped)" : "";

	if ((size_t)signum < ARRAY_LEN(signal_names) && signal_names[signum])
		snprintf(out, size, "signal: %s%s", signal_names[signum], core);
	else
		snprintf(out, size, "signal: signal %d%s", signum, core);
}

void
process_event_from_status(int wait_status, struct process_event *out)
{
	*out = (struct process_event){ .kind = PROCESS_EVENT_END };
	if (WIFSIGNALED(wait_status)) {
		out->exit_code = -1;
		describe_signal(wait_status, out->status, sizeof out->status);
	} else {
		out->exited = true;
		out->exit_code = WEXITSTATUS(wait_status);
		snprintf(
		    out->status, sizeof out->status, "exit status %d", out->exit_code);
	}
	if (out->exit_code != 0)
		str_copy(out->error, sizeof out->error, out->status);
}

void
process_add_end_event(struct buf *out, int wait_status)
{
	struct process_event event;
	size_t begin = envelope_begin(out);

	process_event_from_status(wait_status, &event);
	buf_add_str(out, "{\"event\":{\"end\":{");
	if (event.exit_code != 0)
		json_add_int(out, "exitCode", event.exit_code);
	if (event.exited)
		json_add_bool(out, "exited", true);
	json_add_text(out, "status", event.status);
	if (event.error[0])
		json_add_text(out, "error", event.error);
	buf_add_str(out, "}}}");
	envelope_end(out, begin, 0);
}
