#include "host/box.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "host/box_file.h"
#include "host/box_internal.h"
#include "host/box_program.h"
#include "host/box_start.h"
#include "host/box_stray.h"

enum {
	START_MS = 15000, /* to answer; milliseconds on an idle machine */
	QUIT_MS = 3000,	  /* for a plain supervisor to end its processes */
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- ending */

static void
set_why(struct box *b, const struct error *why)
{
	if (b->why.code == ERROR_NONE)
		b->why = *why;
}

/*
 * The supervisor is the first process of its pid namespace: with it the kernel
 * ends all others, and bubblewrap leaves when that is done. Before it has
 * spoken we know bubblewrap only, which takes it along.
 */
static void
kill_first_process(struct box *b)
{
	if (b->pidfd >= 0 &&
	    syscall(SYS_pidfd_send_signal, b->pidfd, SIGKILL, NULL, 0) == 0)
		return;
	if (b->child > 0)
		kill(b->child, SIGKILL);
}

/* In the open the supervisor has to end the others itself before it goes. */
static void
begin_end(struct box *b)
{
	bool plain = b->support.rung == BOX_RUNG_PLAIN;

	if (b->ending || b->ended)
		return;
	b->ending = true;
	if (plain && b->ready && box_link_send(b->link, INIT_QUIT, 0, NULL, 0, -1))
		timer_start(b->deadline, QUIT_MS, 0);
	else
		kill_first_process(b);
}

static void
end(struct box *b)
{
	const struct error *why = b->asked ? NULL : &b->why;

	b->ended = true;
	timer_stop(b->deadline);
	box_net_free(b->net);
	box_net_free(b->left);
	b->net = b->left = NULL;
	box_map_free(b->map);
	b->map = NULL;
	box_group_clear(&b->group);
	if (b->freed)
		return;
	box_answer_all(b, "the sandbox has ended");
	b->events->ended(b->ctx, why);
}

struct sweep {
	struct box *box; /* borrowed; waits for us to be done before it goes */
	char *dir;	 /* owned; of a plain sandbox, else NULL */
};

static void
on_sweep(void *ctx)
{
	struct sweep *s = ctx;

	if (s->dir)
		box_stray_kill(s->dir);
	else
		box_stray_kill_waiting();
}

static void free_memory(void *ctx);

static void
on_swept(void *ctx)
{
	struct sweep *s = ctx;
	struct box *b = s->box;

	free(s->dir);
	free(s);
	end(b);
	if (b->freed)
		free_memory(b);
}

static void
sweep_then_end(struct box *b)
{
	struct sweep *s = xcalloc(1, sizeof *s);

	box_group_kill(&b->group);
	s->box = b;
	s->dir = b->support.rung == BOX_RUNG_PLAIN ? xstrdup(b->dir) : NULL;
	loop_work(b->loop, on_sweep, on_swept, s);
}

static void
explain_end(struct box *b, int status)
{
	struct error err;
	char *said = b->ready ? xstrdup("") : box_program_log_first(b->log);

	if (b->ready)
		error_set(&err, ERROR_SYSTEM, "the sandbox's first process was killed");
	else if (box_program_said_full(said))
		error_set(&err, ERROR_LIMIT, "the host's disk is full: make room on %s",
		    b->dir);
	else if (*said)
		error_set(&err, ERROR_SYSTEM, "%s", said);
	else
		error_set(
		    &err, ERROR_SYSTEM, "the container ended with status %d", status);
	if (!b->ready)
		error_prefix(&err, "the sandbox did not start");
	free(said);
	set_why(b, &err);
}

/* Something may be left: of a plain sandbox whose supervisor was killed, or of a
 * bubblewrap that was killed before its child could go on. */
static bool
needs_sweep(const struct box *b, int status)
{
	if (b->support.rung == BOX_RUNG_PLAIN)
		return status != 0;
	return !b->ready && b->support.idmap.count > 0;
}

/* The last child is gone: what it had to say lies in the socket. */
static void
on_child(void *ctx, int pid, int status)
{
	struct box *b = ctx;

	(void)pid;
	b->child = 0;
	explain_end(b, status);
	box_link_drain(b->link);
	if (needs_sweep(b, status))
		sweep_then_end(b);
	else
		end(b);
}

static void
on_deadline(void *ctx)
{
	struct box *b = ctx;
	struct error err;

	if (!b->ready) {
		error_set(&err, ERROR_SYSTEM, "the sandbox did not start within %d s",
		    START_MS / 1000);
		set_why(b, &err);
	}
	b->ending = true;
	kill_first_process(b);
}

/* ---- the supervisor's own words */

static void
start_internet(struct box *b)
{
	struct error err;

	if (!b->wants_internet || !b->support.internet ||
	    b->support.rung == BOX_RUNG_PLAIN)
		return;
	b->net = box_net_new(b->loop, b->supervisor, &err);
	if (!b->net)
		log_warn("box", "%s has no internet: %s", b->id, err.text);
}

static void
on_ready(struct box *b, const struct box_link_message *m)
{
	struct init_ready ready = { .protocol = 0 };
	struct error err;

	if (b->ready || b->ending)
		return;
	/* who says so must be known: it is what is killed in the end */
	if (m->header.len == sizeof ready && m->sender > 0)
		memcpy(&ready, m->body, sizeof ready);
	if (ready.protocol != INIT_PROTOCOL) {
		error_set(&err, ERROR_SYSTEM,
		    "sandtop-init speaks version %" PRIu32 ", not %d: install both anew",
		    ready.protocol, INIT_PROTOCOL);
		set_why(b, &err);
		begin_end(b);
		return;
	}
	b->ready = true;
	b->supervisor = m->sender;
	b->pidfd = (int)syscall(SYS_pidfd_open, m->sender, 0);
	timer_stop(b->deadline);
	box_map_free(b->map);
	b->map = NULL;
	close_fd(&b->log);
	start_internet(b);
	b->events->ready(b->ctx);
}

static void
on_exited(struct box *b, const struct box_link_message *m)
{
	struct init_exited exited;

	if (m->header.len != sizeof exited)
		return;
	memcpy(&exited, m->body, sizeof exited);
	b->events->exited(b->ctx, exited.pid, exited.status);
}

/* Any number of changes in one message; what does not fit its form ends it. */
static void
on_watched(struct box *b, const struct box_link_message *m)
{
	const char *at = m->body, *end = at + m->header.len;
	struct init_change head;

	while (!b->freed && b->events->changed && (size_t)(end - at) >= sizeof head) {
		memcpy(&head, at, sizeof head);
		at += sizeof head;
		size_t left = (size_t)(end - at);

		if (head.kind < INIT_CREATED || head.kind > INIT_WATCH_LOST ||
		    head.name_len == 0 || head.name_len > left ||
		    head.entry_len > left - head.name_len ||
		    at[head.name_len - 1] != '\0')
			return;
		const struct box_change change = {
			.watch = head.watch,
			.kind = (enum init_change_kind)head.kind,
			.name = at,
			.entry = head.entry_len > 0 ? at + head.name_len : NULL,
			.entry_len = head.entry_len,
		};

		at += head.name_len + head.entry_len;
		b->events->changed(b->ctx, &change);
	}
}

static void
on_message(void *ctx, struct box_link_message *m)
{
	struct box *b = ctx;

	if (b->freed)
		return;
	if (m->header.type == INIT_READY)
		on_ready(b, m);
	else if (m->header.type == INIT_EXITED)
		on_exited(b, m);
	else if (m->header.type == INIT_WATCHED)
		on_watched(b, m);
	else if (m->header.type == INIT_REPLY)
		box_answer(b, m);
}

/* Its end comes as a child's; one that only lets go of the socket is of no use. */
static void
on_closed(void *ctx)
{
	struct box *b = ctx;

	if (b->child == 0)
		return;
	b->ending = true;
	if (b->support.rung == BOX_RUNG_PLAIN)
		timer_start(b->deadline, QUIT_MS, 0); /* it may be ending the others */
	else
		kill_first_process(b);
}

static const struct box_link_events link_events = {
	.message = on_message,
	.closed = on_closed,
};

static void
on_map_failed(void *ctx, const struct error *why)
{
	struct box *b = ctx;

	set_why(b, why);
	error_prefix(&b->why, "the sandbox did not start");
	kill_first_process(b);
}

/* ---- public */

static void
make_group(struct box *b, const struct box_options *options)
{
	const struct box_group_limits limits = {
		.cpu_count = options->cpu_count,
		.memory_mb = options->memory_mb,
	};

	if (!b->support.cgroup)
		return;
	int fd = box_group_make(&b->group, b->support.group_base, b->id, &limits);

	if (fd < 0 || !box_link_send(b->link, INIT_GROUP, 0, NULL, 0, fd))
		log_warn("box", "%s runs without a group", b->id);
	if (fd >= 0)
		close(fd);
}

static struct box *
new_box(struct loop *loop, const struct box_options *options,
    const struct box_events *events, void *ctx)
{
	struct box *b = xcalloc(1, sizeof *b);

	b->loop = loop;
	b->events = events;
	b->ctx = ctx;
	b->id = xstrdup(options->id);
	b->dir = xstrdup(options->dir);
	if (options->envs)
		pairs_copy(&b->envs, options->envs);
	b->support = *options->support;
	b->wants_internet = options->internet;
	b->pidfd = b->log = -1;
	return b;
}

static void
attach(struct box *b, const struct box_started *started)
{
	b->child = started->pid;
	b->log = started->log;
	loop_on_child(b->loop, b->child, on_child, b);
	if (started->info >= 0)
		b->map = box_map_new(b->loop, &b->support.idmap, started->info,
		    started->go, on_map_failed, b);
	b->deadline = timer_new(b->loop, on_deadline, b);
	timer_start(b->deadline, START_MS, 0);
}

struct box *
box_new(struct loop *loop, const struct box_options *options,
    const struct box_events *events, void *ctx, struct error *err)
{
	struct box_started started;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		error_system(err, errno, "no socket for a sandbox");
		return NULL;
	}
	struct box *b = new_box(loop, options, events, ctx);

	b->link = box_link_new(loop, pair[0], &link_events, b);
	make_group(b, options);
	bool running = box_start(options, pair[1], &started, err);

	close(pair[1]);
	if (running) {
		attach(b, &started);
		return b;
	}
	box_group_clear(&b->group);
	free_memory(b);
	return NULL;
}

void
box_kill(struct box *b)
{
	b->asked = true;
	begin_end(b);
}

void
box_give_up(struct box *b)
{
	box_answer_all(b, "the local host ends");
}

static void
free_memory(void *ctx)
{
	struct box *b = ctx;

	box_forget_requests(b);
	box_net_free(b->net);
	box_net_free(b->left);
	box_map_free(b->map);
	box_link_free(b->link);
	box_group_clear(&b->group);
	timer_free(b->deadline);
	close_fd(&b->pidfd);
	close_fd(&b->log);
	pairs_clear(&b->envs);
	free(b->id);
	free(b->dir);
	free(b);
}

/*
 * The memory goes at the end of the turn, as the caller may stand in one of our
 * callbacks. A plain supervisor ends its processes when the socket closes; a
 * container's group is removed by the next host that starts.
 */
void
box_free(struct box *b)
{
	if (!b)
		return;
	assert(!b->freed);
	b->freed = true;
	if (!b->ended && b->child == 0)
		return; /* being swept in the pool, which comes back to us */
	if (b->child > 0) {
		loop_forget_child(b->loop, b->child);
		if (b->support.rung != BOX_RUNG_PLAIN || !b->ready)
			kill_first_process(b);
	}
	loop_defer(b->loop, free_memory, b);
}

static bool
send_simple(struct box *b, uint16_t type, struct error *err)
{
	if (b->ready && !b->ending && !b->ended &&
	    box_link_send(b->link, type, 0, NULL, 0, -1))
		return true;
	return error_set(err, ERROR_SYSTEM, "the sandbox's supervisor does not answer");
}

/* The supervisor does it in the order of our requests: nothing started before is missed. */
bool
box_freeze(struct box *b, struct error *err)
{
	return send_simple(b, INIT_FREEZE, err);
}

bool
box_thaw(struct box *b, struct error *err)
{
	return send_simple(b, INIT_THAW, err);
}

bool
box_has_internet(const struct box *b)
{
	return b->support.rung == BOX_RUNG_PLAIN ? !b->ended : box_net_is_up(b->net);
}

const char *
box_internet_failure(const struct box *b)
{
	return b->net ? box_net_failure(b->net) : "slirp4netns could not be started";
}

int
box_internet_pid(const struct box *b)
{
	return b->net ? box_net_pid(b->net) : 0;
}

int
box_pid(const struct box *b)
{
	return b->supervisor;
}

static void
on_internet_gone(void *ctx)
{
	struct box *b = ctx;

	box_net_free(b->left);
	b->left = NULL;
	if (b->ready && !b->ending)
		start_internet(b);
}

bool
box_set_internet(struct box *b, bool wanted, struct error *err)
{
	if (b->support.rung == BOX_RUNG_PLAIN && !wanted)
		return error_set(err, ERROR_INPUT,
		    "sandboxes are not isolated on this machine: they have its network");
	b->wants_internet = wanted;
	if (b->net && box_net_pid(b->net) == 0) { /* it died: another is tried */
		box_net_free(b->net);
		b->net = NULL;
	}
	if (wanted && !b->net && !b->left && b->ready && !b->ending)
		start_internet(b);
	if (!wanted && b->net) {
		b->left = b->net;
		box_net_end(b->left, on_internet_gone, b);
		b->net = NULL;
	}
	return true;
}
