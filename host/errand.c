#include "host/errand.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

#define LINE_MAX_BYTES 4096

enum { OUT, ERR };

struct errand {
	struct loop *loop;		    /* borrowed */
	const struct errand_events *events; /* borrowed */
	void *ctx;			    /* borrowed */
	int pid, status;
	size_t line_max;
	int fds[2];		  /* owned; -1: none */
	struct watch *watches[2]; /* owned */
	struct buf lines[2];	  /* owned */
	uint64_t ending;	  /* deferred call; 0: none */
	bool starting, freed;
};

/* Of a line that was written over (a progress bar) the last state counts. */
static void
tell_line(struct errand *e, int which, size_t len)
{
	const char *line = e->lines[which].data;
	const char *over;
	struct buf clean;

	buf_init(&clean, 8 * e->line_max);
	while (len > 0 && line[len - 1] == '\r')
		len--;
	over = memrchr(line, '\r', len);
	if (over) {
		len -= (size_t)(over + 1 - line);
		line = over + 1;
	}
	text_clean(&clean, line, len);
	e->events->line(e->ctx, which == ERR, clean.data);
	buf_clear(&clean);
}

static void
tell_lines(struct errand *e, int which, bool all)
{
	struct buf *b = &e->lines[which];
	const char *end;

	while ((end = memchr(b->data, '\n', b->len))) {
		tell_line(e, which, (size_t)(end - b->data));
		buf_consume(b, (size_t)(end - b->data) + 1);
	}
	if (b->len >= e->line_max || (all && b->len > 0)) {
		tell_line(e, which, b->len);
		buf_reset(b);
	}
}

static void
close_pipe(struct errand *e, int which)
{
	watch_free(e->watches[which]);
	e->watches[which] = NULL;
	if (e->fds[which] >= 0)
		close(e->fds[which]);
	e->fds[which] = -1;
}

/* true: there was something. */
static bool
read_some(struct errand *e, int which)
{
	char bytes[LINE_MAX_BYTES];
	ssize_t n = e->fds[which] < 0 ? -1 : read(e->fds[which], bytes, sizeof bytes);

	if (n > 0) {
		buf_add(&e->lines[which], bytes, (size_t)n);
		tell_lines(e, which, false);
	} else if (e->fds[which] >= 0 &&
		   (n == 0 || (errno != EAGAIN && errno != EINTR))) {
		close_pipe(e, which);
	}
	return n > 0;
}

static void
on_out(void *ctx, int events)
{
	(void)events;
	read_some(ctx, OUT);
}

static void
on_err(void *ctx, int events)
{
	(void)events;
	read_some(ctx, ERR);
}

static void
release(struct errand *e)
{
	for (int i = 0; i < 2; i++) {
		close_pipe(e, i);
		buf_clear(&e->lines[i]);
	}
	free(e);
}

/* What it left behind keeps the pipes open; only what is there now is told. */
static void
on_end(void *ctx)
{
	struct errand *e = ctx;

	e->ending = 0;
	for (int i = 0; i < 2; i++) {
		for (int turn = 0; turn < 64 && read_some(e, i); turn++)
			;
		tell_lines(e, i, true);
		close_pipe(e, i);
	}
	e->events->ended(e->ctx, e->status, NULL);
}

bool
errand_exited(struct errand *e, int pid, int status)
{
	if (e->pid != pid || pid <= 0)
		return false;
	e->pid = 0;
	e->status = status;
	e->ending = loop_defer(e->loop, on_end, e);
	return true;
}

static void
on_spawned(void *ctx, const struct box_process *p)
{
	static void (*const ready[])(void *ctx, int events) = { on_out, on_err };
	struct errand *e = ctx;

	e->starting = false;
	e->pid = p->pid;
	e->fds[OUT] = p->out;
	e->fds[ERR] = p->err;
	if (p->in >= 0)
		close(p->in);
	if (e->freed) {
		release(e);
		return;
	}
	if (p->result != BOX_SPAWN_OK) {
		e->pid = 0;
		e->events->ended(e->ctx, -1, p->message);
		return;
	}
	for (int i = 0; i < 2; i++) {
		e->watches[i] = watch_new(e->loop, e->fds[i], ready[i], e);
		if (e->watches[i])
			watch_set(e->watches[i], WATCH_READ);
	}
}

struct errand *
errand_new(struct loop *loop, struct box *box, const struct errand_what *what,
    const struct errand_events *events, void *ctx)
{
	struct errand *e = xcalloc(1, sizeof *e);
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = {
		.cmd = "/bin/bash",
		.args = &args,
		.envs = what->envs,
		.cwd = what->cwd,
		.user = what->user,
	};

	e->loop = loop;
	e->events = events;
	e->ctx = ctx;
	e->fds[OUT] = e->fds[ERR] = -1;
	e->starting = true;
	e->line_max = what->line_max ? what->line_max : LINE_MAX_BYTES;
	buf_init(&e->lines[OUT], e->line_max + LINE_MAX_BYTES);
	buf_init(&e->lines[ERR], e->line_max + LINE_MAX_BYTES);
	strlist_add(&args, "-l");
	strlist_add(&args, "-c");
	strlist_add(&args, what->script);
	box_spawn(box, &spawn, on_spawned, e);
	strlist_clear(&args);
	return e;
}

void
errand_free(struct errand *e, struct box *box)
{
	if (!e)
		return;
	if (e->pid > 0 && box)
		box_signal(box, -e->pid, SIGKILL, NULL, NULL);
	if (e->ending)
		loop_defer_cancel(e->loop, e->ending);
	e->ending = 0;
	e->freed = true;
	if (!e->starting)
		release(e);
}
