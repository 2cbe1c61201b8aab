/* box_copy - copies a sandbox's directory with the rights that made it. */
#include "host/box.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/box_map.h"
#include "host/box_program.h"
#include "host/box_start.h"

enum { ENDS_WITHIN_MS = 5000 };

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

/* Kills what runs inside and waits for its end, which takes an instant: when the first
 * process of a pid namespace has ended, so have all. */
static void
end_inside(int pid)
{
	struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, pid, 0),
		.events = POLLIN };

	if (ended.fd < 0)
		return;
	if (syscall(SYS_pidfd_send_signal, ended.fd, SIGKILL, NULL, 0) == 0)
		poll(&ended, 1, ENDS_WITHIN_MS);
	close(ended.fd);
}

static void
end_process(int pid)
{
	char path[64], children[256], *end;
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, children, sizeof children - 1);
	children[MAX(n, 0)] = '\0';
	if (fd >= 0)
		close(fd);
	for (char *at = children;; at = end) {
		long child = strtol(at, &end, 10);

		if (end == at)
			break;
		end_inside((int)child);
	}
	end_inside(pid);
}

void
box_copy_cancel(struct box_copy *c)
{
	if (!c)
		return;
	if (c->failing) {
		loop_defer_cancel(c->loop, c->failing);
	} else {
		end_process(c->process.pid);
		loop_forget_child(c->loop, c->process.pid);
	}
	free_copy(c);
}
