/* box_remove - removes a sandbox's directory with the rights that made it. */
#include "host/box.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "host/box_map.h"
#include "host/box_start.h"

/*
 * In up to two steps: inside a container whose map knows the owners of all the
 * files, then in the open for what is left, which is ours.
 */
struct removal {
	struct loop *loop;     /* borrowed */
	char *dir, *init_path; /* owned */
	struct box_support support;
	struct box_started process;
	bool last; /* what runs now is the plain wiper */
	void (*done)(void *ctx, const struct error *err);
	void *ctx;
	struct box_map *map; /* owned */
	struct error why;
};

static void
finish(void *ctx)
{
	struct removal *r = ctx;

	r->done(r->ctx, r->why.code == ERROR_NONE ? NULL : &r->why);
	box_map_free(r->map);
	if (r->process.log >= 0)
		close(r->process.log);
	r->process.log = -1;
	free(r->dir);
	free(r->init_path);
	free(r);
}

static void start_wipe(struct removal *r);

/* In the open; also all there is when no container can be had any more. */
static void
wipe_the_rest(struct removal *r)
{
	r->last = true;
	r->support = (struct box_support){ .rung = BOX_RUNG_PLAIN };
	start_wipe(r);
}

static void
on_wiped(void *ctx, int pid, int status)
{
	struct removal *r = ctx;

	(void)pid;
	box_map_free(r->map);
	r->map = NULL;
	if (r->process.log >= 0)
		close(r->process.log);
	r->process.log = -1;
	if (!r->last) {
		wipe_the_rest(r);
		return;
	}
	if (status != 0)
		error_set(&r->why, ERROR_SYSTEM, "%s could not be removed whole", r->dir);
	finish(r);
}

/* The wiper then fails by itself and is reported by its end. */
static void
on_wipe_map_failed(void *ctx, const struct error *why)
{
	struct removal *r = ctx;

	log_warn("box", "removing %s: %s", r->dir, why->text);
	kill(r->process.pid, SIGKILL);
}

static void
start_wipe(struct removal *r)
{
	const struct box_options options = {
		.id = "removal",
		.dir = r->dir,
		.init_path = r->init_path,
		.support = &r->support,
	};
	struct error err;

	if (!box_start_wipe(&options, &r->process, &err)) {
		if (!r->last) {
			wipe_the_rest(r);
			return;
		}
		r->why = err;
		loop_defer(r->loop, finish, r);
		return;
	}
	r->last |= r->process.info < 0;
	loop_on_child(r->loop, r->process.pid, on_wiped, r);
	if (r->process.info >= 0)
		r->map = box_map_new(r->loop, &r->support.idmap, r->process.info,
		    r->process.go, on_wipe_map_failed, r);
}

void
box_remove_dir(struct loop *loop, const char *dir, const char *init_path,
    const struct box_support *support, void (*done)(void *ctx, const struct error *err),
    void *ctx)
{
	struct removal *r = xcalloc(1, sizeof *r);

	r->loop = loop;
	r->dir = xstrdup(dir);
	r->init_path = xstrdup(init_path);
	r->support = *support;
	r->process.log = -1;
	r->done = done;
	r->ctx = ctx;
	start_wipe(r);
}
