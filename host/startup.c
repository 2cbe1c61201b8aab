#include "host/startup.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "host/errand.h"
#include "host/journal.h"
#include "host/sandbox_internal.h"

#define EVERY_MS 200

struct startup {
	struct sandbox *sandbox; /* borrowed */
	void (*done)(void *ctx, const struct error *err);
	void *ctx;		    /* borrowed */
	struct errand *errand;	    /* owned; the ready command */
	struct timer *late, *again; /* owned */
	uint64_t telling;	    /* deferred call; 0: none */
	char last[200];		    /* what the ready command said last */
};

void
startup_free(struct startup *u)
{
	if (!u)
		return;
	errand_free(u->errand, u->sandbox->box);
	timer_free(u->late);
	timer_free(u->again);
	if (u->telling)
		loop_defer_cancel(u->sandbox->registry->host->loop, u->telling);
	free(u);
}

static void
on_line(void *ctx, bool error, const char *line)
{
	struct startup *u = ctx;

	(void)error;
	str_copy(u->last, sizeof u->last, line);
}

static void
on_ended(void *ctx, int status, const char *why)
{
	struct startup *u = ctx;

	errand_free(u->errand, u->sandbox->box);
	u->errand = NULL;
	if (status == 0) {
		u->done(u->ctx, NULL);
		return;
	}
	if (why)
		str_copy(u->last, sizeof u->last, why);
	timer_start(u->again, EVERY_MS, 0);
}

static void
ask(void *ctx)
{
	static const struct errand_events events = { .line = on_line, .ended = on_ended };
	struct startup *u = ctx;
	struct sandbox *s = u->sandbox;
	const struct errand_what what = {
		.script = s->outset.ready_cmd,
		.user = s->outset.user,
		.cwd = s->outset.workdir,
		.envs = &s->envs,
	};

	u->errand = errand_new(s->registry->host->loop, s->box, &what, &events, u);
}

static void
on_late(void *ctx)
{
	struct startup *u = ctx;
	struct error err = { 0 };

	error_set(&err, ERROR_SYSTEM,
	    "the template's ready command did not succeed within %d seconds%s%s",
	    STARTUP_MAX_S, *u->last ? ": " : "", u->last);
	u->done(u->ctx, &err);
}

/* One that cannot start is told by the ready command, or by nobody being there. */
static void
on_started(void *ctx, struct process *p, const struct connect_error *ce)
{
	struct sandbox *s = ctx;
	const char *const fields[] = { "why", ce ? ce->message : NULL, NULL };

	if (!p)
		journal_add(s->registry->host->journal, s->info.id, "host", "error",
		    "The start command could not be run", fields);
}

static void
start_command(struct sandbox *s)
{
	struct process_start start = { 0 };

	start.config.cmd = xstrdup("/bin/bash");
	strlist_add(&start.config.args, "-l");
	strlist_add(&start.config.args, "-c");
	strlist_add(&start.config.args, s->outset.start_cmd);
	start.config.cwd = s->outset.workdir ? xstrdup(s->outset.workdir) : NULL;
	process_start(s->processes, s->box, &start,
	    s->outset.user ? s->outset.user : "user", 0, on_started, s);
	process_start_clear(&start);
}

static void
tell_ready(void *ctx)
{
	struct startup *u = ctx;

	u->telling = 0;
	u->done(u->ctx, NULL);
}

struct startup *
startup_new(
    struct sandbox *s, void (*done)(void *ctx, const struct error *err), void *ctx)
{
	struct startup *u = xcalloc(1, sizeof *u);
	struct loop *loop = s->registry->host->loop;

	u->sandbox = s;
	u->done = done;
	u->ctx = ctx;
	u->late = timer_new(loop, on_late, u);
	u->again = timer_new(loop, ask, u);
	if (s->outset.start_cmd)
		start_command(s);
	if (!s->outset.ready_cmd) {
		u->telling = loop_defer(loop, tell_ready, u);
		return u;
	}
	timer_start(u->late, STARTUP_MAX_S * 1000, 0);
	ask(u);
	return u;
}

bool
startup_exited(struct startup *u, int pid, int status)
{
	return u->errand && errand_exited(u->errand, pid, status);
}
