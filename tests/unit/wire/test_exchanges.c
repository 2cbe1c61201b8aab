/* Both sides of the protocol against what the real daemon and its clients said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "tests/unit/wire/helpers.h"
#include "wire/connect.h"
#include "wire/envelope.h"
#include "wire/process.h"

static struct exchange *exchanges;
static size_t exchange_count;

static int
load(void **state)
{
	(void)state;
	exchange_count = exchanges_load(&exchanges);
	return exchange_count == 95 ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	exchanges_free(exchanges, exchange_count);
	return 0;
}

static const struct exchange *
named(const char *name)
{
	return exchange_named(exchanges, exchange_count, name);
}

static bool
is_about_processes(const struct exchange *e)
{
	return !strncmp(e->path, "/process.Process/", 17);
}

static bool
is_json_stream(const char *type)
{
	return str_eq(type, "application/connect+json");
}

/* ---- response streams */

static const struct {
	const char *name, *events;
} streams[] = {
	{ "run-exit-0", "start 5615|stdout 4|end 0 exited 'exit status 0' ''|ok" },
	{ "run-exit-3", "start 5616|stdout 4|stderr 4|"
			"end 3 exited 'exit status 3' 'exit status 3'|ok" },
	{ "run-killed", "start 5617|end -1 killed 'signal: killed' 'signal: killed'|ok" },
	{ "run-terminated",
	    "start 5618|end -1 killed 'signal: terminated' 'signal: terminated'|ok" },
	{ "run-segv", "start 5619|end -1 killed 'signal: segmentation fault' "
		      "'signal: segmentation fault'|ok" },
	{ "run-utf8", "start 5620|stdout 14|end 0 exited 'exit status 0' ''|ok" },
	{ "run-64k", "start 5621|stdout 32768|stdout 32768|"
		     "end 0 exited 'exit status 0' ''|ok" },
	{ "run-missing-command",
	    "start 5624|stderr 50|"
	    "end 127 exited 'exit status 127' 'exit status 127'|ok" },
	{ "run-missing-cwd", "invalid_argument: cwd '/nope' does not exist" },
	{ "run-cwd-is-file", "invalid_argument: error starting process '/bin/true': "
			     "fork/exec /bin/sh: not a directory" },
	{ "run-unknown-user", "unauthenticated: invalid username: 'nosuch'" },
	{ "run-deadline", "start 5626|deadline_exceeded: context deadline exceeded" },
	{ "run-keepalive", "start 5627|keepalive|keepalive|"
			   "end 0 exited 'exit status 0' ''|ok" },
	{ "two-messages", "unimplemented: unary request has multiple messages" },
	{ "no-message", "unimplemented: unary request has zero messages" },
	{ "short-envelope", "invalid_argument: protocol error: promised 32 bytes in "
			    "enveloped message, got 10 bytes" },
	{ "bad-envelope-json", "invalid_argument: unmarshal message: unmarshal into "
			       "*process.StartRequest: proto: unexpected EOF" },
	{ "compressed-flag", "internal: protocol error: sent compressed message without "
			     "compression support" },
	{ "pty-stream-input", "other|ok" },
	{ "pty-connect", "start 5628|pty 48|"
			 "end 5 exited 'exit status 5' 'exit status 5'|ok" },
	{ "pty-session", "start 5628|pty 10|pty 20|pty 18|pty 7|pty 64|pty 8|pty 28|"
			 "pty 48|end 5 exited 'exit status 5' 'exit status 5'|ok" },
	{ "late-connect", "start 5628|end 5 exited 'exit status 5' 'exit status 5'|ok" },
	{ "late-connect-tag",
	    "start 5628|end 5 exited 'exit status 5' 'exit status 5'|ok" },
	{ "connect-unknown", "not_found: process with pid 4000000 not found" },
};

static const char *const stream_names[] = {
	[PROCESS_STDOUT] = "stdout",
	[PROCESS_STDERR] = "stderr",
	[PROCESS_PTY] = "pty",
};

static void
describe_event(const struct process_event *e, struct buf *out)
{
	if (out->len > 0)
		buf_add_char(out, '|');
	switch (e->kind) {
	case PROCESS_EVENT_START:
		buf_addf(out, "start %u", (unsigned)e->pid);
		break;
	case PROCESS_EVENT_DATA:
		buf_addf(out, "%s %zu", stream_names[e->stream], e->len);
		break;
	case PROCESS_EVENT_END:
		buf_addf(out, "end %d %s '%s' '%s'", e->exit_code,
		    e->exited ? "exited" : "killed", e->status, e->error);
		break;
	case PROCESS_EVENT_KEEPALIVE:
		buf_add_str(out, "keepalive");
		break;
	case PROCESS_EVENT_OTHER:
		buf_add_str(out, "other");
		break;
	}
}

static void
describe_end(const struct envelope *e, struct buf *out)
{
	struct connect_error end;

	assert_true(connect_end_parse(e->payload, e->len, &end));
	if (out->len > 0)
		buf_add_char(out, '|');
	if (end.code == CONNECT_OK)
		buf_add_str(out, "ok");
	else
		buf_addf(out, "%s: %s", connect_code_name(end.code), end.message);
}

struct stream_test {
	struct envelope_reader reader;
	struct buf scratch, events;
};

static void
feed(struct stream_test *t, const char *bytes, size_t len)
{
	struct error err = { .code = ERROR_NONE };
	struct process_event event;
	struct envelope e;

	envelope_feed(&t->reader, bytes, len);
	while (envelope_next(&t->reader, &e, &err)) {
		if (e.flags & ENVELOPE_END) {
			describe_end(&e, &t->events);
			continue;
		}
		if (!process_event_decode(e.payload, e.len, &t->scratch, &event, &err))
			fail_msg("%s", err.text);
		describe_event(&event, &t->events);
	}
	assert_int_equal(err.code, ERROR_NONE);
}

static void
begin(struct stream_test *t)
{
	envelope_reader_init(&t->reader, ENVELOPE_MAX_PAYLOAD);
	buf_init(&t->scratch, 1u << 20);
	buf_init(&t->events, 1u << 20);
}

static void
finish(struct stream_test *t, bool complete, const char *expected)
{
	assert_int_equal(envelope_is_complete(&t->reader), complete);
	if (expected)
		assert_string_equal(t->events.data, expected);
	envelope_reader_clear(&t->reader);
	buf_clear(&t->scratch);
	buf_clear(&t->events);
}

static void
test_every_stream_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		const struct exchange *e = named(streams[i].name);
		struct stream_test t;

		begin(&t);
		feed(&t, e->response, e->response_len);
		finish(&t, true, streams[i].events);
	}
}

/* No stream of the recording is left out of the table above. */
static void
test_the_table_of_streams_is_complete(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < exchange_count; i++)
		found += is_about_processes(&exchanges[i]) &&
			 is_json_stream(exchanges[i].answer_type);
	assert_int_equal(found, ARRAY_LEN(streams));
}

/* Long bodies are cut near both ends and at a few places between. */
static size_t
next_cut(size_t cut, size_t len)
{
	bool middle = len > 4096 && cut > 128 && cut + 256 < len;

	return cut + (middle ? 997 : 1);
}

static void
test_streams_cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		const struct exchange *e = named(streams[i].name);

		for (size_t cut = 0; cut <= e->response_len;
		     cut = next_cut(cut, e->response_len)) {
			struct stream_test t;

			begin(&t);
			feed(&t, e->response, cut);
			assert_int_equal(
			    envelope_is_complete(&t.reader), cut == e->response_len);
			feed(&t, e->response + cut, e->response_len - cut);
			finish(&t, true, streams[i].events);
		}
	}
}

static void
test_streams_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		const struct exchange *e = named(streams[i].name);
		struct stream_test t;

		begin(&t);
		for (size_t at = 0; at < e->response_len; at++) {
			char *alone = xmemdup(e->response + at, 1);

			feed(&t, alone, 1);
			free(alone);
		}
		finish(&t, true, streams[i].events);
	}
}

/* ---- the same streams as our host would write them */

static int
wait_status_of(const struct process_event *e)
{
	static const struct {
		const char *status;
		int signum;
	} signals[] = {
		{ "signal: killed", 9 },
		{ "signal: terminated", 15 },
		{ "signal: segmentation fault", 11 },
	};

	if (e->exited)
		return W_EXITCODE(e->exit_code, 0);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (str_eq(signals[i].status, e->status))
			return W_EXITCODE(0, signals[i].signum);
	fail_msg("no such signal: %s", e->status);
	return 0;
}

static void
write_event(const struct process_event *e, struct buf *out)
{
	switch (e->kind) {
	case PROCESS_EVENT_START:
		process_add_start_event(out, e->pid);
		break;
	case PROCESS_EVENT_DATA:
		process_add_data_event(out, e->stream, e->data, e->len);
		break;
	case PROCESS_EVENT_END:
		process_add_end_event(out, wait_status_of(e));
		break;
	case PROCESS_EVENT_KEEPALIVE:
		process_add_keepalive_event(out);
		break;
	case PROCESS_EVENT_OTHER:
		envelope_add(out, 0, "{}", 2);
		break;
	}
}

static void
rewrite(const struct envelope *e, struct buf *scratch, struct buf *out)
{
	struct process_event event;
	struct connect_error end;
	struct error err;

	if (e->flags & ENVELOPE_END) {
		assert_true(connect_end_parse(e->payload, e->len, &end));
		connect_add_end(out, end.code, end.code ? end.message : NULL);
		return;
	}
	assert_true(process_event_decode(e->payload, e->len, scratch, &event, &err));
	write_event(&event, out);
}

static void
test_streams_are_written_as_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		const struct exchange *e = named(streams[i].name);
		struct stream_test t;
		struct envelope envelope;
		struct buf out;

		begin(&t);
		buf_init(&out, 1u << 20);
		envelope_feed(&t.reader, e->response, e->response_len);
		while (envelope_next(&t.reader, &envelope, NULL))
			rewrite(&envelope, &t.scratch, &out);
		finish(&t, true, NULL);
		assert_int_equal(out.len, e->response_len);
		assert_memory_equal(out.data, e->response, out.len);
		buf_clear(&out);
	}
}

static void
test_output_arrives_as_it_was_written(void **state)
{
	const struct exchange *e = named("run-utf8");
	struct stream_test t;
	struct process_event event;
	struct envelope envelope;
	struct error err;

	(void)state;
	begin(&t);
	envelope_feed(&t.reader, e->response, e->response_len);
	assert_true(envelope_next(&t.reader, &envelope, NULL));
	assert_true(envelope_next(&t.reader, &envelope, NULL));
	assert_true(process_event_decode(
	    envelope.payload, envelope.len, &t.scratch, &event, &err));
	assert_int_equal(event.len, 14);
	assert_memory_equal(event.data, "h\303\251llo \360\237\230\200 \377\n", 14);
	finish(&t, false, NULL);
}

/* ---- streams that are not ours: their framing */

static void
check_framing(const struct exchange *e)
{
	struct envelope_reader r;
	struct envelope envelope;
	struct connect_error end;
	size_t messages = 0;

	envelope_reader_init(&r, ENVELOPE_MAX_PAYLOAD);
	envelope_feed(&r, e->response, e->response_len);
	while (envelope_next(&r, &envelope, NULL)) {
		messages++;
		if (envelope.flags & ENVELOPE_END)
			assert_true(
			    connect_end_parse(envelope.payload, envelope.len, &end));
	}
	assert_true(messages > 0);
	assert_true(envelope_is_complete(&r));
	envelope_reader_clear(&r);
}

static void
test_framing_of_every_stream(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < exchange_count; i++) {
		if (strncmp(exchanges[i].answer_type, "application/connect+", 20))
			continue;
		check_framing(&exchanges[i]);
		checked++;
	}
	assert_int_equal(checked, 28);
}

/* The binary codec is not spoken: its messages are errors, never a crash. */
static void
test_binary_messages_are_refused(void **state)
{
	const struct exchange *e = named("pty-session-proto");
	struct envelope_reader r;
	struct envelope envelope;
	struct process_start start;
	struct error err;
	struct buf scratch;
	int refused = 0;

	(void)state;
	buf_init(&scratch, 4096);
	envelope_reader_init(&r, 4096);
	envelope_feed(&r, e->response, e->response_len);
	while (envelope_next(&r, &envelope, NULL)) {
		struct process_event event;

		if (!(envelope.flags & ENVELOPE_END))
			refused += !process_event_decode(
			    envelope.payload, envelope.len, &scratch, &event, &err);
	}
	assert_int_equal(refused, 4);
	assert_false(process_start_decode(e->request, e->request_len, &start, &err));
	assert_int_equal(err.code, ERROR_INPUT);
	envelope_reader_clear(&r);
	buf_clear(&scratch);
}

/* ---- requests: what clients sent, read as a server, written as a client */

static void
recode_start(const char *json, size_t len, struct buf *out)
{
	struct process_start start;
	struct error err;

	if (!process_start_decode(json, len, &start, &err))
		fail_msg("%s", err.text);
	process_start_encode(out, &start);
	process_start_clear(&start);
}

/* What a client of ours never says stays as it is. */
static bool
is_only_read(const struct process_call *c)
{
	return !c->process.has_pid || c->signal < 0;
}

static void
recode_call(const char *json, size_t len, struct buf *out)
{
	struct process_call call;
	struct error err;

	if (!process_call_decode(json, len, &call, &err))
		fail_msg("%s", err.text);
	if (is_only_read(&call))
		buf_add(out, json, len);
	else if (call.has_pty)
		process_update_encode(out, call.process.pid, call.cols, call.rows);
	else if (call.signal)
		process_signal_encode(out, call.process.pid, call.signal);
	else if (call.input != PROCESS_INPUT_NONE)
		process_input_encode(
		    out, call.process.pid, call.input, call.bytes, call.bytes_len);
	else
		process_connect_encode(out, call.process.pid);
	process_call_clear(&call);
}

static void
recode_stream_input(const char *json, size_t len, struct buf *out)
{
	struct buf message;
	struct process_call call;
	enum process_stream_input kind;
	struct error err;

	if (!process_stream_input_decode(json, len, &kind, &call, &err))
		fail_msg("%s", err.text);
	buf_init(&message, 1u << 20);
	if (kind == PROCESS_STREAM_START)
		process_add_stream_start(&message, call.process.pid);
	else if (kind == PROCESS_STREAM_DATA)
		process_add_stream_data(&message, call.input, call.bytes, call.bytes_len);
	else if (kind == PROCESS_STREAM_KEEPALIVE)
		process_add_stream_keepalive(&message);
	assert_true(message.len > ENVELOPE_HEADER);
	buf_add(out, message.data + ENVELOPE_HEADER, message.len - ENVELOPE_HEADER);
	buf_clear(&message);
	process_call_clear(&call);
}

static const struct {
	const char *path;
	void (*recode)(const char *json, size_t len, struct buf *out);
} methods[] = {
	{ "/process.Process/Start", recode_start },
	{ "/process.Process/Connect", recode_call },
	{ "/process.Process/Update", recode_call },
	{ "/process.Process/SendInput", recode_call },
	{ "/process.Process/SendSignal", recode_call },
	{ "/process.Process/CloseStdin", recode_call },
	{ "/process.Process/StreamInput", recode_stream_input },
};

/* Requests that were recorded for being wrong are checked below. */
static bool
is_wrong(const struct exchange *e)
{
	static const char *const names[] = { "two-messages", "no-message",
		"short-envelope", "bad-envelope-json", "compressed-flag" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], e->name))
			return true;
	return false;
}

static void
check_message(size_t method, const char *json, size_t len)
{
	struct buf out;

	buf_init(&out, 1u << 20);
	methods[method].recode(json, len, &out);
	assert_same_json(out.data, out.len, json, len);
	buf_clear(&out);
}

static size_t
check_request(size_t method, const struct exchange *e)
{
	struct envelope_reader r;
	struct envelope envelope;
	size_t messages = 0;

	if (!is_json_stream(e->type)) {
		check_message(method, e->request, e->request_len);
		return 1;
	}
	envelope_reader_init(&r, ENVELOPE_MAX_PAYLOAD);
	envelope_feed(&r, e->request, e->request_len);
	for (; envelope_next(&r, &envelope, NULL); messages++)
		check_message(method, envelope.payload, envelope.len);
	assert_false(envelope_is_cut(&r, NULL, NULL));
	envelope_reader_clear(&r);
	return messages;
}

static void
test_every_request_is_understood(void **state)
{
	size_t messages = 0;

	(void)state;
	for (size_t i = 0; i < exchange_count; i++) {
		const struct exchange *e = &exchanges[i];

		if (is_wrong(e) || strstr(e->type, "proto"))
			continue;
		for (size_t m = 0; m < ARRAY_LEN(methods); m++)
			if (str_eq(methods[m].path, e->path))
				messages += check_request(m, e);
	}
	assert_int_equal(messages, 32);
}

static void
test_calls_that_say_too_little(void **state)
{
	struct process_call c;
	struct error err;
	const struct exchange *e = named("no-input");

	(void)state;
	assert_true(process_call_decode(e->request, e->request_len, &c, &err));
	assert_int_equal(c.process.pid, 5628);
	assert_int_equal(c.input, PROCESS_INPUT_NONE);
	process_call_clear(&c);

	e = named("no-selector");
	assert_true(process_call_decode(e->request, e->request_len, &c, &err));
	assert_false(c.process.has_pid || c.process.has_tag);
	assert_memory_equal(c.bytes, "x", 1);
	process_call_clear(&c);

	e = named("signal-unsupported");
	assert_true(process_call_decode(e->request, e->request_len, &c, &err));
	assert_int_equal(c.signal, -1);
	process_call_clear(&c);

	e = named("late-connect-tag");
	assert_true(process_call_decode(
	    e->request + ENVELOPE_HEADER, e->request_len - ENVELOPE_HEADER, &c, &err));
	assert_true(c.process.has_tag && !c.process.has_pid);
	assert_string_equal(c.process.tag, "shell");
	process_call_clear(&c);
}

static void
test_wrong_requests(void **state)
{
	const struct exchange *e = named("short-envelope");
	struct envelope_reader r;
	struct envelope envelope;
	struct process_start start;
	struct error err;
	size_t have, promised;

	(void)state;
	envelope_reader_init(&r, 1024);
	envelope_feed(&r, e->request, e->request_len);
	assert_false(envelope_next(&r, &envelope, &err));
	assert_true(envelope_is_cut(&r, &have, &promised));
	assert_int_equal(have, 10);
	assert_int_equal(promised, 32);
	envelope_reader_clear(&r);

	e = named("bad-envelope-json");
	assert_false(process_start_decode(e->request + ENVELOPE_HEADER,
	    e->request_len - ENVELOPE_HEADER, &start, &err));
	assert_int_equal(err.code, ERROR_INPUT);

	e = named("compressed-flag");
	envelope_reader_init(&r, 1024);
	envelope_feed(&r, e->request, e->request_len);
	assert_true(envelope_next(&r, &envelope, &err));
	assert_int_equal(envelope.flags, ENVELOPE_COMPRESSED);
	envelope_reader_clear(&r);

	e = named("two-messages");
	envelope_reader_init(&r, 1024);
	envelope_feed(&r, e->request, e->request_len);
	assert_true(envelope_next(&r, &envelope, &err));
	assert_true(envelope_next(&r, &envelope, &err));
	assert_false(envelope_next(&r, &envelope, &err));
	envelope_reader_clear(&r);
}

/* ---- unary answers */

static void
test_the_list_is_understood_and_written_as_recorded(void **state)
{
	const struct exchange *e = named("list-one");
	struct process_list list;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(process_list_decode(e->response, e->response_len, &list, &err));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].pid, 5628);
	assert_string_equal(list.items[0].tag, "shell");
	assert_string_equal(list.items[0].config.cmd, "/bin/bash");
	assert_string_equal(list.items[0].config.cwd, "/home/user");
	assert_int_equal(list.items[0].config.args.count, 2);
	assert_string_equal(pairs_get(&list.items[0].config.envs, "PS1"), "$ ");
	buf_init(&out, 4096);
	process_list_encode(&out, &list);
	assert_same_json(out.data, out.len, e->response, e->response_len);
	process_list_clear(&list);

	e = named("list-empty");
	assert_true(process_list_decode(e->response, e->response_len, &list, &err));
	assert_int_equal(list.count, 0);
	buf_reset(&out);
	process_list_encode(&out, &list);
	assert_string_equal(out.data, "{}");
	buf_clear(&out);
}

static const struct {
	const char *name;
	enum connect_code code;
	const char *message;
} failures[] = {
	{ "no-token", CONNECT_UNAUTHENTICATED, "unauthorized access" },
	{ "unknown-user", CONNECT_UNAUTHENTICATED, "invalid username: 'nosuch'" },
	{ "empty-json-body", CONNECT_INVALID_ARGUMENT, "unmarshal message: zero-length" },
	{ "bad-json", CONNECT_INVALID_ARGUMENT, "unmarshal message" },
	{ "not-an-object", CONNECT_INVALID_ARGUMENT, "unmarshal message" },
	{ "unknown-method", CONNECT_UNIMPLEMENTED, "404 page not found" },
	{ "wrong-content-type", CONNECT_UNKNOWN, "Unsupported Media Type" },
	{ "get-on-rpc", CONNECT_UNKNOWN, "Method Not Allowed" },
	{ "pty-stdin-refused", CONNECT_INTERNAL, "error writing to stdin" },
	{ "no-input", CONNECT_UNIMPLEMENTED, "invalid input type <nil>" },
	{ "no-selector", CONNECT_UNIMPLEMENTED, "invalid input type *process" },
	{ "pty-close-stdin", CONNECT_UNKNOWN, "error closing stdin" },
	{ "signal-unsupported", CONNECT_UNIMPLEMENTED, "invalid signal: 2" },
	{ "signal-unknown", CONNECT_NOT_FOUND, "process with pid 4000000 not found" },
	{ "input-unknown", CONNECT_NOT_FOUND, "process with pid 4000000 not found" },
};

static void
test_every_failure_is_understood(void **state)
{
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		const struct exchange *e = named(failures[i].name);
		struct connect_error ce;

		connect_error_from_body(e->status, e->response, e->response_len, &ce);
		assert_int_equal(ce.code, failures[i].code);
		assert_int_equal(ce.http_status, e->status);
		assert_ptr_equal(strstr(ce.message, failures[i].message), ce.message);
		assert_false(ce.sandbox_not_found || ce.port_closed);
	}
	for (size_t i = 0; i < exchange_count; i++)
		found += is_about_processes(&exchanges[i]) && exchanges[i].status != 200;
	assert_int_equal(found, ARRAY_LEN(failures));
}

static void
test_failures_are_written_as_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		const struct exchange *e = named(failures[i].name);
		struct connect_error ce;
		struct buf out;

		if (!strstr(e->response, "\"code\":\""))
			continue; /* not a Connect error */
		connect_error_from_body(e->status, e->response, e->response_len, &ce);
		assert_int_equal(connect_code_http(ce.code), e->status);
		buf_init(&out, 4096);
		connect_add_error_body(&out, ce.code, ce.message);
		assert_same_json(out.data, out.len, e->response, e->response_len);
		buf_clear(&out);
	}
}

static void
test_metrics_are_understood_and_written_as_recorded(void **state)
{
	const struct exchange *e = named("metrics");
	struct envd_metrics m;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(envd_metrics_decode(e->response, e->response_len, &m, &err));
	assert_int_equal(m.ts_s, 1795210084);
	assert_int_equal(m.cpu_count, 2);
	assert_true(m.cpu_used_pct > 2.68 && m.cpu_used_pct < 2.70);
	assert_true(m.mem_total == 25276502016u && m.disk_total == 270553174016u);
	buf_init(&out, 4096);
	envd_metrics_encode(&out, &m);
	assert_same_json(out.data, out.len, e->response, e->response_len);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_stream_is_understood),
		cmocka_unit_test(test_the_table_of_streams_is_complete),
		cmocka_unit_test(test_streams_cut_at_every_byte),
		cmocka_unit_test(test_streams_byte_by_byte),
		cmocka_unit_test(test_streams_are_written_as_recorded),
		cmocka_unit_test(test_output_arrives_as_it_was_written),
		cmocka_unit_test(test_framing_of_every_stream),
		cmocka_unit_test(test_binary_messages_are_refused),
		cmocka_unit_test(test_every_request_is_understood),
		cmocka_unit_test(test_calls_that_say_too_little),
		cmocka_unit_test(test_wrong_requests),
		cmocka_unit_test(test_the_list_is_understood_and_written_as_recorded),
		cmocka_unit_test(test_every_failure_is_understood),
		cmocka_unit_test(test_failures_are_written_as_recorded),
		cmocka_unit_test(test_metrics_are_understood_and_written_as_recorded),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
