#include "host/viewer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/process_internal.h"

#define DATA_MAX (32u * 1024) /* bytes of output in one event */
#define STREAM_TYPE "application/connect+json"

struct viewer {
	struct process *process; /* borrowed; NULL: forgotten, only the end is left */
	struct request *request; /* borrowed */
	struct viewer *next;	 /* borrowed: the process's list */
	struct timer *keepalive, *deadline; /* owned */
	uint64_t offset, quiet_since_ms;
	int keepalive_s;
	bool started, ping;
	enum connect_code code; /* not OK: end with this */
	char *message;		/* owned */
	uint32_t pid;
};

static void
viewer_free(struct viewer *v)
{
	if (v->process)
		process_viewer_left(v->process, v);
	timer_free(v->keepalive);
	timer_free(v->deadline);
	free(v->message);
	free(v);
}

static void
on_gone(void *ctx)
{
	viewer_free(ctx);
}

/* Output, as much as fits. Returns whether all of it was given. */
static bool
add_output(struct viewer *v, struct buf *out, size_t room)
{
	struct process *p = v->process;

	while (out->len < room) {
		enum process_stream stream;
		const char *bytes;
		size_t len = output_read(&p->output, &v->offset, &stream, &bytes);

		if (len == 0)
			return true;
		len = MIN(len, DATA_MAX);
		process_add_data_event(out, stream, bytes, len);
		v->offset += len;
		v->quiet_since_ms = loop_now_ms(p->table->loop);
	}
	return false;
}

static bool
on_fill(void *ctx, struct buf *out, size_t room)
{
	struct viewer *v = ctx;

	if (!v->started)
		process_add_start_event(out, v->pid);
	v->started = true;
	if (v->code != CONNECT_OK) {
		connect_add_end(out, v->code, v->message);
		return false;
	}
	if (v->ping)
		process_add_keepalive_event(out);
	v->ping = false;
	if (!add_output(v, out, room) || !v->process->ended) {
		process_flow(v->process);
		return true;
	}
	process_add_end_event(out, v->process->status);
	connect_add_end(out, CONNECT_OK, NULL);
	return false;
}

static void
on_keepalive(void *ctx)
{
	struct viewer *v = ctx;
	uint64_t due_ms = (uint64_t)v->keepalive_s * 1000;
	uint64_t quiet_ms = loop_now_ms(v->process->table->loop) - v->quiet_since_ms;

	if (quiet_ms + 5 < due_ms) {
		timer_start(v->keepalive, due_ms - quiet_ms, 0);
		return;
	}
	v->ping = true;
	v->quiet_since_ms = loop_now_ms(v->process->table->loop);
	timer_start(v->keepalive, due_ms, 0);
	request_wake(v->request);
}

static void
on_deadline(void *ctx)
{
	viewer_fail(ctx, CONNECT_DEADLINE_EXCEEDED, "context deadline exceeded");
}

void
viewer_open(struct process *p, struct request *r, const struct viewer_options *options)
{
	struct viewer *v = xcalloc(1, sizeof *v);

	v->process = p;
	v->request = r;
	v->pid = (uint32_t)p->pid;
	v->keepalive_s = MAX(options->keepalive_s, 1);
	v->quiet_since_ms = loop_now_ms(p->table->loop);
	v->offset = p->output.end;
	if (options->from != VIEWER_FROM_NOW) {
		char text[24];

		v->offset = CLAMP(options->from, output_begin(&p->output), p->output.end);
		snprintf(text, sizeof text, "%" PRIu64, v->offset);
		request_add_header(r, "Sandtop-Replay-At", text);
	}
	v->next = p->viewers;
	p->viewers = v;
	v->keepalive = timer_new(p->table->loop, on_keepalive, v);
	timer_start(v->keepalive, (uint64_t)v->keepalive_s * 1000, 0);
	if (options->deadline_ms > 0) {
		v->deadline = timer_new(p->table->loop, on_deadline, v);
		timer_start(v->deadline, (uint64_t)options->deadline_ms, 0);
	}
	request_own(r, on_gone, v);
	request_add_header(r, "X-Accel-Buffering", "no");
	request_stream(r, 200, STREAM_TYPE, on_fill, v);
}

void
viewer_fail(struct viewer *v, enum connect_code code, const char *message)
{
	if (v->code != CONNECT_OK)
		return;
	v->code = code;
	v->message = xstrdup(message);
	timer_stop(v->keepalive);
	if (v->deadline)
		timer_stop(v->deadline);
	request_wake(v->request);
}

void
viewer_orphan(struct viewer *v, const char *why)
{
	v->process = NULL;
	viewer_fail(v, CONNECT_UNAVAILABLE, why);
}

void
viewer_set_next(struct viewer *v, struct viewer *next)
{
	v->next = next;
}

struct viewer *
viewer_next(const struct viewer *v)
{
	return v->next;
}

uint64_t
viewer_offset(const struct viewer *v)
{
	return v->offset;
}

bool
viewer_is_failed(const struct viewer *v)
{
	return v->code != CONNECT_OK;
}

void
viewer_wake(struct viewer *v)
{
	request_wake(v->request);
}
