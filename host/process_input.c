/* process_input - bytes on their way into a process, in order, without blocking. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/process_internal.h"

static void
fill(struct connect_error *ce, enum connect_code code, const char *what, const char *why)
{
	*ce = (struct connect_error){ .code = code,
		.http_status = connect_code_http(code) };
	snprintf(ce->message, sizeof ce->message, "%s: %s", what, why);
}

/* Takes the first input off the queue and reports it. */
static void
finish_first(struct process *p, const struct connect_error *ce)
{
	struct input *in = p->inputs;

	p->inputs = in->next;
	if (!p->inputs)
		p->inputs_tail = &p->inputs;
	p->backlog -= in->len - in->done_len;
	if (in->done)
		in->done(in->ctx, ce);
	free(in->bytes);
	free(in);
}

static const char *
subject(const struct process *p)
{
	return p->pty ? "error writing to tty" : "error writing to stdin";
}

void
process_input_fail(struct process *p)
{
	struct connect_error ce;

	fill(&ce, CONNECT_INTERNAL, subject(p), "the process has ended");
	while (p->inputs)
		finish_first(p, &ce);
}

static void
watch_input(struct process *p)
{
	if (p->pty)
		process_watch(p);
	else if (p->in_watch)
		watch_set(p->in_watch, p->inputs ? WATCH_WRITE : 0);
}

/* Writes until nothing is left or the other side is full. */
void
process_input_ready(struct process *p)
{
	while (p->inputs && p->in_fd >= 0) {
		struct input *in = p->inputs;
		ssize_t n =
		    write(p->in_fd, in->bytes + in->done_len, in->len - in->done_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			struct connect_error ce;

			fill(&ce, CONNECT_INTERNAL, subject(p), strerror(errno));
			finish_first(p, &ce);
			continue;
		}
		in->done_len += (size_t)n;
		p->backlog -= (size_t)n;
		if (in->done_len == in->len)
			finish_first(p, NULL);
	}
	watch_input(p);
}

static void
on_input_watch(void *ctx, int events)
{
	(void)events;
	process_input_ready(ctx);
}

/* Why this kind of input cannot be had; NULL: it can. */
static const char *
refusal(const struct process *p, enum process_input_kind kind)
{
	if (kind == PROCESS_INPUT_STDIN && p->pty)
		return "tty assigned to process \xe2\x80\x94 input should be written to "
		       "the pty, "
		       "not the stdin";
	if (kind == PROCESS_INPUT_PTY && !p->pty)
		return "tty not assigned to process";
	if (p->in_fd < 0)
		return p->pty ? "the terminal is closed" : "stdin not enabled or closed";
	return NULL;
}

void
process_write(struct process *p, enum process_input_kind kind, char *bytes, size_t len,
    process_written *done, void *ctx)
{
	const char *why = refusal(p, kind);
	struct connect_error ce;
	struct input *in;

	if (why || len == 0) {
		free(bytes);
		fill(&ce, CONNECT_INTERNAL,
		    kind == PROCESS_INPUT_PTY ? "error writing to tty"
					      : "error writing to stdin",
		    why ? why : "");
		done(ctx, why ? &ce : NULL);
		return;
	}
	in = xcalloc(1, sizeof *in);
	in->bytes = bytes;
	in->len = len;
	in->done = done;
	in->ctx = ctx;
	*p->inputs_tail = in;
	p->inputs_tail = &in->next;
	p->backlog += len;
	if (!p->pty && !p->in_watch)
		p->in_watch = watch_new(p->table->loop, p->in_fd, on_input_watch, p);
	if (p->inputs == in)
		process_input_ready(p);
}

size_t
process_write_backlog(const struct process *p)
{
	return p->backlog;
}

bool
process_close_stdin(struct process *p, struct connect_error *ce)
{
	if (p->pty) {
		fill(ce, CONNECT_UNKNOWN, "error closing stdin",
		    "cannot close stdin for PTY process \xe2\x80\x94 send Ctrl+D (0x04) "
		    "instead");
		return false;
	}
	watch_free(p->in_watch);
	p->in_watch = NULL;
	if (p->in_fd >= 0)
		close(p->in_fd);
	p->in_fd = -1;
	process_input_fail(p);
	return true;
}
