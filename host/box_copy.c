/* box_copy - copies a sandbox's directory with the rights that made it. */
#include "host/box.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/box_map.h"
#include "host/box_program.h"
#include "host/box_start.h"

struct box_copy {
	struct loop *loop; /* borrowed */
	char *from;	   /* owned */
	struct box_support support;
	struct box_started process;
	struct box_map *map; /* owned */
	void (*done)(void *ctx, const struct error *err);
	void *ctx; /* borrowed */
	uint64_t failing;
	struct error why;
};

static void
free_copy(struct box_copy *c)
{
	box_map_free(c->map);
	if (c->process.log >= 0)
		close(c->process.log);
	free(c->from);
	free(c);
}

static void
finish(void *ctx)
{
	struct box_copy *c = ctx;

	c->done(c->ctx, c->why.code == ERROR_NONE ? NULL : &c->why);
	free_copy(c);
}

static void
on_copied(void *ctx, int pid, int status)
{
	struct box_copy *c = ctx;
	char *said;

	(void)pid;
	if (status != 0) {
		said = box_program_log_first(c->process.log);
		if (box_program_said_full(said))
			error_set(&c->why, ERROR_LIMIT,
			    "the host's disk is full: the sandbox's files were not "
			    "copied");
		else
			error_set(&c->why, ERROR_SYSTEM,
			    "the sandbox's files could not be copied: %s",
			    *said ? said : "cp was ended");
		free(said);
	}
	finish(c);
}

/* The copy then fails by itself and is reported by its end. */
static void
on_map_failed(void *ctx, const struct error *why)
{
	struct box_copy *c = ctx;

	c->why = *why;
	kill(c->process.pid, SIGKILL);
}

struct box_copy *
box_copy_dir(struct loop *loop, const char *from, const char *to, const char *init_path,
    const struct box_support *support, void (*done)(void *ctx, const struct error *err),
    void *ctx)
{
	struct box_copy *c = xcalloc(1, sizeof *c);
	const struct box_options options = {
		.id = "copy",
		.dir = c->from = xstrdup(from),
		.init_path = init_path,
		.support = &c->support,
	};

	c->loop = loop;
	c->support = *support;
	c->process.log = -1;
	c->done = done;
	c->ctx = ctx;
	if (!box_start_copy(&options, to, &c->process, &c->why)) {
		c->failing = loop_defer(loop, finish, c);
		return c;
	}
	loop_on_child(loop, c->process.pid, on_copied, c);
	if (c->process.info >= 0)
		c->map = box_map_new(loop, &c->support.idmap, c->process.info,
		    c->process.go, on_map_failed, c);
	return c;
}

void
box_copy_cancel(struct box_copy *c)
{
	if (!c)
		return;
	if (c->failing) {
		loop_defer_cancel(c->loop, c->failing);
	} else {
		kill(c->process.pid, SIGKILL);
		loop_forget_child(c->loop, c->process.pid);
	}
	free_copy(c);
}
