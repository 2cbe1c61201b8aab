#include "host/interpreter_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"

#define KEEPALIVE_MS 5000
#define OUT_MAX (64u * 1024 * 1024)
#define OUT_HIGH (256u * 1024) /* a client this far behind holds its kernel */

static void run_next(struct context *c);

/* ---- streams */

static void
add_event(struct execution *e, const char *event, size_t len)
{
	buf_add(&e->out, event, len);
	buf_add_char(&e->out, '\n');
	if (e->request)
		request_wake(e->request);
}

static void
execution_free(struct execution *e)
{
	timer_free(e->keepalive);
	free(e->code);
	pairs_clear(&e->envs);
	buf_clear(&e->out);
	free(e);
}

/* Out of its context's queue; the stream may go on. */
static void
leave_queue(struct execution *e)
{
	struct execution **at;

	if (!e->context)
		return;
	for (at = &e->context->queue; *at != e; at = &(*at)->next)
		;
	*at = e->next;
	e->context = NULL;
}

static void
finish_stream(struct execution *e)
{
	static const char end[] = "{\"type\":\"end_of_execution\"}";

	e->complete = true;
	timer_stop(e->keepalive);
	leave_queue(e);
	if (e->request)
		add_event(e, end, sizeof end - 1);
	else
		execution_free(e);
}

/* As a connection to a machine that is gone breaks: clients look why. */
static void
break_stream(struct execution *e)
{
	e->running = false;
	e->complete = true;
	timer_stop(e->keepalive);
	leave_queue(e);
	if (e->request)
		request_break(e->request);
	else
		execution_free(e);
}

static void
fail_stream(struct execution *e, const char *name, const char *value)
{
	struct buf event;

	buf_init(&event, 64 * 1024);
	interpreter_add_error(&event, name, value, "");
	add_event(e, event.data, event.len);
	buf_clear(&event);
	finish_stream(e);
}

/* The client left, or has all of its answer. */
static void
on_gone(void *ctx)
{
	struct execution *e = ctx;
	struct context *c = e->context;

	e->request = NULL;
	if (c && e->running)
		kernel_interrupt(c->kernel);
	if (c && e->running)
		kernel_hold(c->kernel, false);
	leave_queue(e);
	execution_free(e);
}

static bool
on_fill(void *ctx, struct buf *out, size_t room)
{
	struct execution *e = ctx;
	size_t len = MIN(room, e->out.len);

	buf_add(out, e->out.data, len);
	buf_consume(&e->out, len);
	if (e->running && e->context && e->out.len < OUT_HIGH / 2)
		kernel_hold(e->context->kernel, false);
	return e->out.len > 0 || !e->complete;
}

static void
on_keepalive(void *ctx)
{
	static const char event[] = "{\"type\":\"keepalive\"}";

	add_event(ctx, event, sizeof event - 1);
}

/* ---- kernels */

static void
on_said(void *ctx, const char *event, size_t len)
{
	struct context *c = ctx;
	struct execution *e = c->queue;

	if (!e || !e->running)
		return;
	timer_start(e->keepalive, KEEPALIVE_MS, KEEPALIVE_MS);
	add_event(e, event, len);
	if (e->out.len > OUT_HIGH)
		kernel_hold(c->kernel, true);
}

static void
on_finished(void *ctx)
{
	struct context *c = ctx;

	c->busy = false;
	if (c->queue && c->queue->running)
		finish_stream(c->queue);
	run_next(c);
}

static void
free_kernel(void *ctx)
{
	kernel_free(ctx);
}

static void
on_died(void *ctx, const char *why)
{
	struct context *c = ctx;

	loop_defer(c->interpreter->loop, free_kernel, c->kernel);
	c->kernel = NULL;
	c->busy = false;
	if (c->queue && c->queue->running) {
		c->queue->running = false;
		fail_stream(c->queue, "ContextRestarting", why);
	}
	run_next(c);
}

static const struct kernel_events kernel_events = {
	.said = on_said,
	.finished = on_finished,
	.died = on_died,
};

static void
run_next(struct context *c)
{
	struct execution *e = c->queue;

	if (!e || c->busy || !c->interpreter->box)
		return;
	if (!c->kernel)
		c->kernel = kernel_new(c->interpreter->loop, c->interpreter->box,
		    c->driver, c->named.cwd, &kernel_events, c);
	c->busy = e->running = true;
	kernel_run(c->kernel, e->code, &e->envs);
}

/* ---- contexts */

static void
make_uuid(char out[37])
{
	char hex[33];

	random_hex(hex, 32);
	snprintf(out, 37, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
	    hex + 18);
}

struct context *
context_new(struct interpreter *i, const struct kernel_driver *driver, const char *cwd,
    bool is_default)
{
	struct context *c = xcalloc(1, sizeof *c);
	struct context **at = &i->contexts;
	char id[37];

	make_uuid(id);
	c->interpreter = i;
	c->driver = driver;
	c->is_default = is_default;
	c->named.id = xstrdup(id);
	c->named.language = xstrdup(driver->language);
	c->named.cwd = xstrdup(cwd ? cwd : "/home/user");
	while (*at)
		at = &(*at)->next;
	*at = c;
	return c;
}

struct context *
context_find(const struct interpreter *i, const char *id)
{
	for (struct context *c = i->contexts; c; c = c->next)
		if (str_eq(c->named.id, id))
			return c;
	return NULL;
}

struct context *
context_default(struct interpreter *i, const struct kernel_driver *driver)
{
	for (struct context *c = i->contexts; c; c = c->next)
		if (c->is_default && c->driver == driver)
			return c;
	return context_new(i, driver, NULL, true);
}

size_t
context_waiting(const struct context *c)
{
	size_t count = 0;

	for (const struct execution *e = c->queue; e; e = e->next)
		count++;
	return count;
}

void
context_execute(struct context *c, struct request *r, struct interpreter_execute *what)
{
	struct execution *e = xcalloc(1, sizeof *e);
	struct execution **at = &c->queue;

	e->context = c;
	e->request = r;
	e->code = what->code;
	e->envs = what->envs;
	what->code = NULL;
	what->envs = (struct pairs){ 0 };
	buf_init(&e->out, OUT_MAX);
	e->keepalive = timer_new(c->interpreter->loop, on_keepalive, e);
	timer_start(e->keepalive, KEEPALIVE_MS, KEEPALIVE_MS);
	while (*at)
		at = &(*at)->next;
	*at = e;
	request_own(r, on_gone, e);
	request_stream(r, 200, "application/x-ndjson", on_fill, e);
	run_next(c);
}

void
context_cut(struct context *c, const char *name, const char *value)
{
	if (c->kernel)
		kernel_hold(c->kernel, false);
	while (c->queue) {
		c->queue->running = false;
		fail_stream(c->queue, name, value);
	}
}

void
context_end_kernel(struct context *c)
{
	kernel_free(c->kernel);
	c->kernel = NULL;
	c->busy = false;
}

void
context_remove(struct context *c)
{
	struct context **at = &c->interpreter->contexts;

	context_cut(c, "ExecutionAborted", "the context was removed");
	context_end_kernel(c);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	interpreter_context_clear(&c->named);
	free(c);
}

/* ---- the interpreter */

struct interpreter *
interpreter_new(struct loop *loop)
{
	struct interpreter *i = xcalloc(1, sizeof *i);

	i->loop = loop;
	return i;
}

void
interpreter_cut(struct interpreter *i, const char *why)
{
	for (struct context *c = i->contexts; c; c = c->next)
		context_cut(c, "UnexpectedEndOfExecution", why);
}

void
interpreter_drop(struct interpreter *i)
{
	for (struct context *c = i->contexts; c; c = c->next)
		while (c->queue)
			break_stream(c->queue);
	i->box = NULL;
	while (i->contexts) {
		if (i->contexts->kernel)
			kernel_lose_box(i->contexts->kernel);
		context_remove(i->contexts);
	}
}

void
interpreter_free(struct interpreter *i)
{
	if (!i)
		return;
	interpreter_drop(i);
	free(i);
}

bool
interpreter_exited(struct interpreter *i, int pid)
{
	for (struct context *c = i->contexts; c; c = c->next)
		if (c->kernel && kernel_exited(c->kernel, pid))
			return true;
	return false;
}
