/* envd_process - envd's process calls: start, connect, list, input, size, signal. */
#include "host/envd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host/reply.h"
#include "host/rpc.h"
#include "host/sandbox.h"
#include "host/viewer.h"

#define DEFAULT_COLS 80
#define DEFAULT_ROWS 24

static void
fail(struct call *c, const struct connect_error *ce)
{
	rpc_error(c, ce->code, ce->message);
}

static void
refuse_message(struct call *c, const struct error *err)
{
	char *message = xasprintf("unmarshal message: %s", err->text);

	rpc_error(c, CONNECT_INVALID_ARGUMENT, message);
	free(message);
}

struct process *
serve_find(struct process_table *t, const struct process_selector *selector,
    struct connect_error *ce)
{
	struct process *p;

	*ce = (struct connect_error){ 0 };
	if (!selector->has_pid && !selector->has_tag) {
		ce->code = CONNECT_UNIMPLEMENTED;
		snprintf(ce->message, sizeof ce->message,
		    "invalid input type *process.ProcessSelector");
		return NULL;
	}
	p = process_find(t, selector, ce);
	if (!p || process_is_running(p))
		return p;
	ce->code = CONNECT_NOT_FOUND;
	snprintf(ce->message, sizeof ce->message, "process with pid %d not found",
	    process_pid(p));
	return NULL;
}

/* Decodes the message and finds its process; NULL: answered. */
static struct process *
find_called(struct call *c, struct process_call *call)
{
	struct error err = { 0 };
	struct connect_error ce;
	struct process *p;

	if (!process_call_decode(c->message, c->message_len, call, &err)) {
		refuse_message(c, &err);
		return NULL;
	}
	p = serve_find(c->sandbox->processes, &call->process, &ce);
	if (!p) {
		fail(c, &ce);
		process_call_clear(call);
	}
	return p;
}

static void
reply_done(struct request *r)
{
	struct buf body;

	buf_init(&body, 16);
	buf_add_str(&body, "{}");
	reply_rpc(r, &body);
}

/* ---- Start */

struct starting {
	struct request *request; /* NULL: the client left; the process runs anyway */
	struct viewer_options options;
};

static void
on_starter_gone(void *ctx)
{
	struct starting *s = ctx;

	s->request = NULL;
}

static void
on_started(void *ctx, struct process *p, const struct connect_error *ce)
{
	struct starting *s = ctx;

	if (s->request && p)
		viewer_open(p, s->request, &s->options);
	else if (s->request)
		reply_stream_error(s->request, ce->code, ce->message);
	free(s);
}

void
serve_start(struct call *c)
{
	struct process_start start = { 0 };
	struct error err = { 0 };
	struct starting *s;

	if (!process_start_decode(c->message, c->message_len, &start, &err)) {
		refuse_message(c, &err);
		return;
	}
	if (str_is_empty(start.config.cmd)) {
		rpc_error(
		    c, CONNECT_INVALID_ARGUMENT, "error starting process '': no command");
		process_start_clear(&start);
		return;
	}
	if (start.has_pty && start.cols == 0 && start.rows == 0) {
		start.cols = DEFAULT_COLS;
		start.rows = DEFAULT_ROWS;
	}
	if (str_is_empty(start.config.cwd) && c->sandbox->outset.workdir) {
		free(start.config.cwd);
		start.config.cwd = xstrdup(c->sandbox->outset.workdir);
	}
	s = xcalloc(1, sizeof *s);
	s->request = c->request;
	s->options.from = VIEWER_FROM_NOW;
	s->options.keepalive_s = rpc_keepalive_s(c->request);
	s->options.deadline_ms = c->timeout_ms;
	request_own(c->request, on_starter_gone, s);
	process_start(c->sandbox->processes, c->sandbox->box, &start, c->user,
	    c->timeout_ms, on_started, s);
	process_start_clear(&start);
}

/* ---- Connect */

/* false: the header makes no sense, answered. */
static bool
read_replay(struct call *c, uint64_t *from)
{
	const char *text = request_header(c->request, "Sandtop-Replay-From");
	int64_t offset;

	*from = VIEWER_FROM_NOW;
	if (!text)
		return true;
	if (!parse_int(text, 0, INT64_MAX, &offset)) {
		rpc_error(c, CONNECT_INVALID_ARGUMENT,
		    "Sandtop-Replay-From must be a byte offset");
		return false;
	}
	*from = (uint64_t)offset;
	return true;
}

void
serve_connect(struct call *c)
{
	struct process_call call = { 0 };
	struct error err = { 0 };
	struct connect_error ce = { 0 };
	struct viewer_options options = { .keepalive_s = rpc_keepalive_s(c->request),
		.deadline_ms = c->timeout_ms };
	struct process *p;

	if (!process_call_decode(c->message, c->message_len, &call, &err)) {
		refuse_message(c, &err);
		return;
	}
	/* Exits that are remembered count here, and only here. */
	p = process_find(c->sandbox->processes, &call.process, &ce);
	if (!p && !call.process.has_pid && !call.process.has_tag)
		serve_find(c->sandbox->processes, &call.process, &ce);
	if (!p)
		fail(c, &ce);
	else if (read_replay(c, &options.from))
		viewer_open(p, c->request, &options);
	process_call_clear(&call);
}

/* ---- List */

void
serve_list(struct call *c)
{
	struct process_list request = { 0 };
	struct error err = { 0 };
	struct buf body;

	if (!process_list_decode(c->message, c->message_len, &request, &err)) {
		refuse_message(c, &err);
		return;
	}
	process_list_clear(&request);
	buf_init(&body, REPLY_MAX);
	process_table_encode(c->sandbox->processes, &body);
	reply_rpc(c->request, &body);
}

/* ---- SendInput */

struct input_call {
	struct request *request; /* NULL: the client left; the bytes are written anyway */
};

static void
on_sender_gone(void *ctx)
{
	struct input_call *in = ctx;

	in->request = NULL;
}

static void
on_written(void *ctx, const struct connect_error *ce)
{
	struct input_call *in = ctx;

	if (in->request && ce)
		reply_rpc_error(in->request, ce->code, ce->message);
	else if (in->request)
		reply_done(in->request);
	free(in);
}

void
serve_send_input(struct call *c)
{
	struct process_call call = { 0 };
	struct process *p = find_called(c, &call);
	struct input_call *in;

	if (!p)
		return;
	if (call.input == PROCESS_INPUT_NONE) {
		rpc_error(c, CONNECT_UNIMPLEMENTED, "invalid input type <nil>");
	} else {
		in = xcalloc(1, sizeof *in);
		in->request = c->request;
		request_own(c->request, on_sender_gone, in);
		process_write(p, call.input, call.bytes, call.bytes_len, on_written, in);
		call.bytes = NULL;
	}
	process_call_clear(&call);
}

/* ---- CloseStdin, Update */

void
serve_close_stdin(struct call *c)
{
	struct process_call call = { 0 };
	struct process *p = find_called(c, &call);
	struct connect_error ce;

	if (!p)
		return;
	if (process_close_stdin(p, &ce))
		reply_done(c->request);
	else
		fail(c, &ce);
	process_call_clear(&call);
}

void
serve_update(struct call *c)
{
	struct process_call call = { 0 };
	struct process *p = find_called(c, &call);
	struct connect_error ce;

	if (!p)
		return;
	if (!call.has_pty || process_resize(p, call.cols, call.rows, &ce))
		reply_done(c->request);
	else
		fail(c, &ce);
	process_call_clear(&call);
}

/* ---- SendSignal */

struct signal_call {
	struct request *request; /* NULL: the client left */
	int pid;
};

static void
on_signaller_gone(void *ctx)
{
	struct signal_call *s = ctx;

	s->request = NULL;
}

static void
on_signalled(void *ctx, bool delivered)
{
	struct signal_call *s = ctx;

	if (s->request && delivered) {
		reply_done(s->request);
	} else if (s->request) {
		char *message = xasprintf("process with pid %d not found", s->pid);

		reply_rpc_error(s->request, CONNECT_NOT_FOUND, message);
		free(message);
	}
	free(s);
}

void
serve_send_signal(struct call *c)
{
	struct process_call call = { 0 };
	struct process *p = find_called(c, &call);
	struct signal_call *s;

	if (!p)
		return;
	if (call.signal != SIGKILL && call.signal != SIGTERM) {
		rpc_error(c, CONNECT_UNIMPLEMENTED,
		    "invalid signal: only SIGNAL_SIGTERM and SIGNAL_SIGKILL");
	} else {
		s = xcalloc(1, sizeof *s);
		s->request = c->request;
		s->pid = process_pid(p);
		request_own(c->request, on_signaller_gone, s);
		process_expect_kill(p);
		box_signal(c->sandbox->box, s->pid, call.signal, on_signalled, s);
	}
	process_call_clear(&call);
}
