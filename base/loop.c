#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <uv.h>

#include "base/mem.h"

/* Of a child that somebody else has reaped: as if it had left with 255. */
enum { STATUS_UNKNOWN = 0xff00 };

struct deferred {
	uint64_t id;
	void (*call)(void *ctx); /* NULL: cancelled */
	void *ctx;		 /* borrowed */
};

struct turn_end {
	void (*call)(void *ctx);
	void *ctx; /* borrowed */
};

struct signal_handler {
	uv_signal_t uv;
	struct loop *loop;	     /* borrowed */
	struct signal_handler *next; /* owned */
	void (*call)(void *ctx, int signum);
	void *ctx; /* borrowed */
	int signum;
};

struct child {
	struct child *next; /* owned */
	int pid;
	void (*call)(void *ctx, int pid, int status); /* NULL: reaped silently */
	void *ctx;				      /* borrowed */
};

struct work {
	uv_work_t uv;
	struct loop *loop; /* borrowed */
	void (*work)(void *ctx);
	void (*done)(void *ctx);
	void *ctx; /* borrowed */
};

struct timer {
	uv_timer_t uv;
	struct loop *loop; /* borrowed */
	void (*fire)(void *ctx);
	void *ctx; /* borrowed */
};

struct watch {
	uv_poll_t uv;
	struct loop *loop; /* borrowed */
	void (*ready)(void *ctx, int events);
	void *ctx;  /* borrowed */
	int events; /* WATCH_* that are wanted */
};

/*
 * The turn ends in libuv's prepare step, which is the last thing before it
 * waits. The idle handle is active exactly when the wait must be skipped.
 */
struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare;
	uv_idle_t no_wait;
	uv_timer_t bound;    /* of the wait of one loop_turn() */
	uv_signal_t sigchld; /* started with the first child */

	struct deferred *deferred; /* owned; ids follow each other without gaps */
	size_t deferred_head, deferred_count, deferred_cap;
	uint64_t last_id;
	struct turn_end *turn_ends; /* owned */
	size_t turn_end_count;
	struct signal_handler *signals;	 /* owned */
	struct child *children;		 /* owned */
	size_t timer_count, watch_count; /* not freed by their owners yet */
	size_t work_count;		 /* not reported yet */

	bool entered;	/* within loop_run() or loop_turn() */
	bool endless;	/* within loop_run() */
	bool stopping;	/* loop_stop() was called */
	bool called;	/* a callback ran since the last end of a turn */
	bool in_timers; /* a timer's callback is running */
};

static void
check(int result)
{
	if (result == UV_ENOMEM || result == UV_EMFILE || result == UV_ENFILE)
		abort();
	assert(result == 0);
}

static void
on_no_wait(uv_idle_t *handle)
{
	(void)handle;
}

static void
run_deferred(struct loop *l)
{
	while (l->deferred_head < l->deferred_count) {
		struct deferred next = l->deferred[l->deferred_head++];

		if (next.call)
			next.call(next.ctx);
	}
	l->deferred_head = l->deferred_count = 0;
}

/* A turn-end call may defer something: that belongs to the next turn, which then
 * comes without waiting, as the idle handle stays active. */
static void
end_turn(struct loop *l)
{
	l->called = false;
	run_deferred(l);
	uv_idle_stop(&l->no_wait);
	for (size_t i = 0; i < l->turn_end_count; i++)
		if (l->turn_ends[i].call)
			l->turn_ends[i].call(l->turn_ends[i].ctx);
}

/* libuv before 1.45 runs due timers ahead of its wait: after them loop_turn() must
 * not sleep, its turn has something to show. */
static void
on_prepare(uv_prepare_t *handle)
{
	struct loop *l = handle->data;

	if (l->endless)
		end_turn(l);
	else if (l->called)
		uv_idle_start(&l->no_wait, on_no_wait);
}

struct loop *
loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof *l);

	check(uv_loop_init(&l->uv));
	check(uv_prepare_init(&l->uv, &l->prepare));
	check(uv_idle_init(&l->uv, &l->no_wait));
	check(uv_timer_init(&l->uv, &l->bound));
	check(uv_signal_init(&l->uv, &l->sigchld));
	l->prepare.data = l->sigchld.data = l->bound.data = l;
	check(uv_prepare_start(&l->prepare, on_prepare));
	return l;
}

static void
on_handle_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
close_signal(struct signal_handler *s)
{
	s->call = NULL;
	uv_close((uv_handle_t *)&s->uv, on_handle_closed);
}

static void
close_own_handles(struct loop *l)
{
	while (l->signals) {
		struct signal_handler *s = l->signals;

		l->signals = s->next;
		close_signal(s);
	}
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->no_wait, NULL);
	uv_close((uv_handle_t *)&l->bound, NULL);
	uv_close((uv_handle_t *)&l->sigchld, NULL);
}

static void
assert_closing(uv_handle_t *handle, void *arg)
{
	(void)arg;
	assert(uv_is_closing(handle));
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	assert(!l->entered);
	l->turn_end_count = 0;
	run_deferred(l);
	while (l->work_count > 0)
		loop_turn(l, -1);
	assert(l->timer_count == 0 && l->watch_count == 0);
	close_own_handles(l);
	uv_walk(&l->uv, assert_closing, NULL);
	while (uv_loop_close(&l->uv) == UV_EBUSY)
		uv_run(&l->uv, UV_RUN_ONCE);
	while (l->children) {
		struct child *c = l->children;

		l->children = c->next;
		free(c);
	}
	free(l->deferred);
	free(l->turn_ends);
	free(l);
}

void
loop_run(struct loop *l)
{
	assert(!l->entered);
	l->entered = l->endless = true;
	while (!l->stopping)
		uv_run(&l->uv, UV_RUN_DEFAULT);
	l->endless = false;
	end_turn(l);
	l->entered = l->stopping = false;
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
	if (l->endless)
		uv_stop(&l->uv);
}

static void
on_bound(uv_timer_t *handle)
{
	struct loop *l = handle->data;

	/* Due ahead of the wait already: without this mark nothing would end it. */
	l->called = true;
}

void
loop_turn(struct loop *l, int wait_ms)
{
	assert(!l->entered);
	l->entered = true;
	if (wait_ms > 0) {
		uv_update_time(&l->uv);
		uv_timer_start(&l->bound, on_bound, (uint64_t)wait_ms, 0);
	}
	uv_run(&l->uv, wait_ms == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	uv_timer_stop(&l->bound);
	end_turn(l);
	l->entered = false;
}

uint64_t
loop_now_ms(const struct loop *l)
{
	return uv_now(&l->uv);
}

struct uv_loop_s *
loop_uv(struct loop *l)
{
	return &l->uv;
}

struct timer *
timer_new(struct loop *l, void (*fire)(void *ctx), void *ctx)
{
	struct timer *t = xcalloc(1, sizeof *t);

	t->loop = l;
	t->fire = fire;
	t->ctx = ctx;
	check(uv_timer_init(&l->uv, &t->uv));
	t->uv.data = t;
	l->timer_count++;
	return t;
}

static void
on_timer(uv_timer_t *handle)
{
	struct timer *t = handle->data;
	struct loop *l = t->loop;

	l->called = l->in_timers = true;
	t->fire(t->ctx);
	l->in_timers = false;
}

/* A timer that starts itself with 0 ms again would keep libuv in its timers. */
void
timer_start(struct timer *t, uint64_t delay_ms, uint64_t repeat_ms)
{
	if (!t->loop->entered)
		uv_update_time(&t->loop->uv);
	if (t->loop->in_timers)
		delay_ms = MAX(delay_ms, (uint64_t)1);
	check(uv_timer_start(&t->uv, on_timer, delay_ms, repeat_ms));
}

void
timer_stop(struct timer *t)
{
	uv_timer_stop(&t->uv);
}

bool
timer_is_active(const struct timer *t)
{
	return uv_is_active((const uv_handle_t *)&t->uv);
}

void
timer_free(struct timer *t)
{
	if (!t)
		return;
	t->loop->timer_count--;
	uv_close((uv_handle_t *)&t->uv, on_handle_closed);
}

struct watch *
watch_new(struct loop *l, int fd, void (*ready)(void *ctx, int events), void *ctx)
{
	struct watch *w = xcalloc(1, sizeof *w);

	if (uv_poll_init(&l->uv, &w->uv, fd) != 0) {
		free(w);
		return NULL;
	}
	w->loop = l;
	w->ready = ready;
	w->ctx = ctx;
	w->uv.data = w;
	l->watch_count++;
	return w;
}

static const struct {
	int watch, uv;
} event_bits[] = {
	{ WATCH_READ, UV_READABLE },
	{ WATCH_WRITE, UV_WRITABLE },
	{ WATCH_HANGUP, UV_DISCONNECT },
};

static void on_ready(uv_poll_t *handle, int status, int uv_events);

static void
start_polling(struct watch *w)
{
	int uv_events = 0;

	for (size_t i = 0; i < ARRAY_LEN(event_bits); i++)
		if (w->events & event_bits[i].watch)
			uv_events |= event_bits[i].uv;
	check(uv_poll_start(&w->uv, uv_events, on_ready));
}

/* On an error libuv stops polling and names no event. The owner learns of it by
 * trying, so it is told all it waits for, and polling goes on until it says no. */
static void
on_ready(uv_poll_t *handle, int status, int uv_events)
{
	struct watch *w = handle->data;
	int events = status < 0 ? w->events : 0;

	for (size_t i = 0; i < ARRAY_LEN(event_bits); i++)
		if (uv_events & event_bits[i].uv)
			events |= event_bits[i].watch;
	w->loop->called = true;
	w->ready(w->ctx, events);
	if (status < 0 && w->events && !uv_is_closing((uv_handle_t *)&w->uv))
		start_polling(w);
}

void
watch_set(struct watch *w, int events)
{
	if (events == w->events)
		return;
	w->events = events;
	if (events)
		start_polling(w);
	else
		uv_poll_stop(&w->uv);
}

/* Closing stops polling at once, so the descriptor may be closed and its number
 * used again before the memory goes. */
void
watch_free(struct watch *w)
{
	if (!w)
		return;
	w->events = 0;
	w->loop->watch_count--;
	uv_poll_stop(&w->uv);
	uv_close((uv_handle_t *)&w->uv, on_handle_closed);
}

uint64_t
loop_defer(struct loop *l, void (*call)(void *ctx), void *ctx)
{
	if (l->deferred_count == l->deferred_cap) {
		l->deferred_cap = MAX(l->deferred_cap * 2, (size_t)16);
		l->deferred =
		    xreallocarray(l->deferred, l->deferred_cap, sizeof *l->deferred);
	}
	l->deferred[l->deferred_count++] = (struct deferred){ ++l->last_id, call, ctx };
	uv_idle_start(&l->no_wait, on_no_wait);
	return l->last_id;
}

void
loop_defer_cancel(struct loop *l, uint64_t id)
{
	uint64_t first = l->last_id + 1 - l->deferred_count;

	if (l->deferred_count == 0 || id < first || id > l->last_id)
		return;
	l->deferred[id - first].call = NULL;
}

/* A removed one leaves its place to the next, so that views may come and go. */
void
loop_on_turn_end(struct loop *l, void (*call)(void *ctx), void *ctx)
{
	size_t i = 0;

	while (i < l->turn_end_count && l->turn_ends[i].call)
		i++;
	if (i == l->turn_end_count)
		l->turn_ends = xreallocarray(
		    l->turn_ends, ++l->turn_end_count, sizeof *l->turn_ends);
	l->turn_ends[i] = (struct turn_end){ call, ctx };
}

/* The place stays: it may be removed from inside the walk over all of them. */
void
loop_off_turn_end(struct loop *l, void (*call)(void *ctx), void *ctx)
{
	for (size_t i = 0; i < l->turn_end_count; i++)
		if (l->turn_ends[i].call == call && l->turn_ends[i].ctx == ctx)
			l->turn_ends[i].call = NULL;
}

static void
on_signal(uv_signal_t *handle, int signum)
{
	struct signal_handler *s = handle->data;

	s->loop->called = true;
	if (s->call)
		s->call(s->ctx, signum);
}

static struct signal_handler **
find_signal(struct loop *l, int signum)
{
	struct signal_handler **at = &l->signals;

	while (*at && (*at)->signum != signum)
		at = &(*at)->next;
	return at;
}

static struct signal_handler *
add_signal(struct loop *l, int signum)
{
	struct signal_handler *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->signum = signum;
	s->next = l->signals;
	l->signals = s;
	check(uv_signal_init(&l->uv, &s->uv));
	s->uv.data = s;
	check(uv_signal_start(&s->uv, on_signal, signum));
	return s;
}

void
loop_on_signal(struct loop *l, int signum, void (*call)(void *ctx, int signum), void *ctx)
{
	struct signal_handler **at = find_signal(l, signum);
	struct signal_handler *s = *at;

	if (!call) {
		if (!s)
			return;
		*at = s->next;
		close_signal(s);
		return;
	}
	if (!s)
		s = add_signal(l, signum);
	s->call = call;
	s->ctx = ctx;
}

/* The link of the first child that has ended, or of nothing. */
static struct child **
find_ended(struct loop *l, int *status)
{
	struct child **at = &l->children;

	for (; *at; at = &(*at)->next) {
		int got = waitpid((*at)->pid, status, WNOHANG);

		if (got == (*at)->pid)
			break;
		if (got < 0 && errno == ECHILD) { /* reaped by somebody else */
			*status = STATUS_UNKNOWN;
			break;
		}
	}
	return at;
}

/* One at a time from the start: a report may add and forget children. Never all
 * children of the process, for libraries may have some of their own. */
static void
reap(void *ctx)
{
	struct loop *l = ctx;
	struct child *c;
	int status;

	for (struct child **at; *(at = find_ended(l, &status));) {
		c = *at;
		*at = c->next;
		if (c->call)
			c->call(c->ctx, c->pid, status);
		free(c);
	}
}

static void
on_sigchld(uv_signal_t *handle, int signum)
{
	struct loop *l = handle->data;

	(void)signum;
	l->called = true;
	reap(l);
}

/* The child may have ended before anybody listened: one look without a signal. */
void
loop_on_child(
    struct loop *l, int pid, void (*call)(void *ctx, int pid, int status), void *ctx)
{
	struct child *c = xcalloc(1, sizeof *c);

	assert(pid > 0);
	c->pid = pid;
	c->call = call;
	c->ctx = ctx;
	c->next = l->children;
	l->children = c;
	if (!uv_is_active((uv_handle_t *)&l->sigchld))
		check(uv_signal_start(&l->sigchld, on_sigchld, SIGCHLD));
	loop_defer(l, reap, l);
}

void
loop_forget_child(struct loop *l, int pid)
{
	for (struct child *c = l->children; c; c = c->next)
		if (c->pid == pid)
			c->call = NULL;
}

static void
on_work(uv_work_t *request)
{
	struct work *w = request->data;

	w->work(w->ctx);
}

static void
on_work_done(uv_work_t *request, int status)
{
	struct work *w = request->data;

	assert(status == 0); /* nothing cancels it */
	w->loop->called = true;
	w->loop->work_count--;
	w->done(w->ctx);
	free(w);
}

void
loop_work(struct loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx)
{
	struct work *w = xcalloc(1, sizeof *w);

	w->uv.data = w;
	w->loop = l;
	w->work = work;
	w->done = done;
	w->ctx = ctx;
	l->work_count++;
	check(uv_queue_work(&l->uv, &w->uv, on_work, on_work_done));
}
