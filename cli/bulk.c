#include "cli/bulk.h"

#include <signal.h>

#include "base/compiler.h"

static void
start_more(struct bulk *b)
{
	while (!b->interrupted && b->running < BULK_PARALLEL &&
	       b->next < b->targets->count) {
		struct target *t = &b->targets->items[b->next++];
		if (t->result != TARGET_WAITING)
			continue;
		b->running++;
		t->bulk = b;
		t->result = TARGET_SENT;
		b->start(b, t);
	}
	if (b->running == 0)
		loop_stop(b->remote->cli->loop);
}

static void
on_signal(void *ctx, int signum)
{
	struct bulk *b = ctx;

	(void)signum;
	b->interrupted = true;
	loop_stop(b->remote->cli->loop);
}

static void
on_begin(void *ctx)
{
	start_more(ctx);
}

bool
bulk_run(struct bulk *b)
{
	struct loop *loop = b->remote->cli->loop;

	b->next = b->running = 0;
	loop_on_signal(loop, SIGINT, on_signal, b);
	loop_on_signal(loop, SIGTERM, on_signal, b);
	loop_defer(loop, on_begin, b);
	loop_run(loop);
	loop_on_signal(loop, SIGINT, NULL, NULL);
	loop_on_signal(loop, SIGTERM, NULL, NULL);
	return !b->interrupted;
}

static void
settle(struct target *t, enum target_result result)
{
	t->result = result;
	t->bulk->running--;
	start_more(t->bulk);
}

void
bulk_done(struct target *t, const struct error *err)
{
	t->error = *err;
	if (err->code == ERROR_NONE) {
		settle(t, TARGET_DONE);
	} else if (err->code == ERROR_NOT_FOUND) {
		remote_explain_missing(t->bulk->remote->cli, t->id, &t->error);
		settle(t, TARGET_MISSING);
	} else {
		settle(t, TARGET_FAILED);
	}
}

void
bulk_done_already(struct target *t)
{
	settle(t, TARGET_ALREADY);
}

/* ---- looking */

static void
on_looked(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct target *t = ctx;

	if (err->code == ERROR_NONE) {
		sandbox_clear(&t->facts);
		row_take(&t->facts, sandbox);
		t->looked = true;
	}
	bulk_done(t, err);
}

static void
start_look(struct bulk *b, struct target *t)
{
	api_get(b->remote->api, t->id, on_looked, t);
}

bool
bulk_look(struct remote *r, struct targets *targets)
{
	struct bulk b = { .remote = r, .targets = targets, .start = start_look };
	bool whole = bulk_run(&b);

	for (size_t i = 0; whole && i < targets->count; i++)
		if (targets->items[i].result == TARGET_DONE)
			targets->items[i].result = TARGET_WAITING;
	return whole;
}
