#include "host/process.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "host/process_internal.h"

#define TURN_BYTES (32u * 1024) /* read from one descriptor in one turn */
#define LINE_MAX_BYTES 4096u
#define GRACE_MS 1000 /* a terminal that never hangs up after its leader's exit */
#define LOG_TAG "log:"

/* A spawn that has not been answered. */
struct start {
	struct start *next;	     /* owned by the table's list */
	struct process_table *table; /* borrowed; NULL: dropped meanwhile */
	struct process *process;     /* owned until it runs */
	process_started *done;
	void *ctx; /* borrowed */
	int64_t lifetime_ms;
};

/* ---- output */

static void
source_close(struct source *s)
{
	if (s->fd < 0)
		return;
	watch_free(s->watch);
	s->watch = NULL;
	close(s->fd);
	if (s->process->in_fd == s->fd)
		s->process->in_fd = -1;
	s->fd = -1;
}

static bool
has_open_source(const struct process *p)
{
	return p->sources[0].fd >= 0 || p->sources[1].fd >= 0;
}

static void
report_lines(struct source *s, const char *bytes, size_t len)
{
	const struct process_table *t = s->process->table;

	for (size_t at = 0; at < len;) {
		const char *newline = memchr(bytes + at, '\n', len - at);
		size_t piece = newline ? (size_t)(newline - bytes) - at : len - at;

		buf_add(&s->line, bytes + at, MIN(piece, LINE_MAX_BYTES - s->line.len));
		at += piece + 1;
		if (!newline)
			break;
		t->events->line(t->ctx, s->process, s->line.data, s->line.len);
		buf_reset(&s->line);
	}
}

/* How far the viewer that is behind most, and the one that is behind least, are. */
static bool
viewer_lags(const struct process *p, uint64_t *least, uint64_t *most)
{
	bool any = false;

	*least = UINT64_MAX;
	*most = 0;
	for (struct viewer *v = p->viewers; v; v = viewer_next(v)) {
		uint64_t lag = p->output.end - viewer_offset(v);

		if (viewer_is_failed(v))
			continue;
		any = true;
		*least = MIN(*least, lag);
		*most = MAX(*most, lag);
	}
	return any;
}

static void
end_laggards(struct process *p)
{
	for (struct viewer *v = p->viewers; v; v = viewer_next(v)) {
		if (viewer_is_failed(v) ||
		    p->output.end - viewer_offset(v) < PROCESS_LAG_BYTES)
			continue;
		viewer_fail(v, CONNECT_RESOURCE_EXHAUSTED,
		    "this viewer fell behind the others and was ended; connect again");
	}
}

/* Whether somebody, or the ring, can take more. */
static bool
may_read(struct process *p)
{
	uint64_t least, most;

	if (!viewer_lags(p, &least, &most) || most < PROCESS_LAG_BYTES)
		return true;
	if (least >= PROCESS_LAG_BYTES / 2)
		return false; /* all are slow: the process waits for them */
	end_laggards(p);
	return true;
}

static void
trim(struct process *p)
{
	uint64_t lowest = p->output.end;

	for (struct viewer *v = p->viewers; v; v = viewer_next(v))
		if (!viewer_is_failed(v))
			lowest = MIN(lowest, viewer_offset(v));
	output_trim(&p->output, p->table->keep, lowest);
}

/* false: nothing is there now. Closes the source at its end. */
static bool
read_some(struct source *s, size_t *total)
{
	struct process *p = s->process;
	size_t room;
	char *at = output_reserve(&p->output, s->stream, &room);
	ssize_t n = read(s->fd, at, room);

	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN) {
		if (p->exited && p->hasty)
			source_close(s);
		return false;
	}
	if (n <= 0) { /* a terminal's end is EIO */
		source_close(s);
		return false;
	}
	output_commit(&p->output, (size_t)n);
	if (p->lines)
		report_lines(s, at, (size_t)n);
	*total += (size_t)n;
	return true;
}

static void
wake_viewers(struct process *p)
{
	for (struct viewer *v = p->viewers; v; v = viewer_next(v))
		viewer_wake(v);
}

static void process_settle(struct process *p);

static void
source_read(struct source *s)
{
	struct process *p = s->process;
	size_t total = 0;

	while (s->fd >= 0 && total < TURN_BYTES && may_read(p))
		if (!read_some(s, &total))
			break;
	trim(p);
	if (total > 0)
		wake_viewers(p);
	p->throttled = !may_read(p);
	process_watch(p);
	process_settle(p);
}

static void
on_source(void *ctx, int events)
{
	struct source *s = ctx;

	if ((events & WATCH_WRITE) && s->process->pty)
		process_input_ready(s->process);
	if (s->fd >= 0 && (events & (WATCH_READ | WATCH_HANGUP)))
		source_read(s);
}

void
process_watch(struct process *p)
{
	int read = p->throttled ? 0 : WATCH_READ;

	for (int i = 0; i < 2; i++) {
		struct source *s = &p->sources[i];
		bool writes = p->pty && i == 0 && p->inputs;

		if (s->watch)
			watch_set(s->watch, read | (writes ? WATCH_WRITE : 0));
	}
}

void
process_flow(struct process *p)
{
	bool throttled = !p->ended && !may_read(p);

	if (throttled == p->throttled)
		return;
	p->throttled = throttled;
	process_watch(p);
	if (!throttled && p->exited && p->hasty)
		timer_start(
		    p->timer, 0, 0); /* what is left is read without waiting for more */
}

/* ---- life */

static void
process_free(struct process *p)
{
	process_input_fail(p);
	for (int i = 0; i < 2; i++) {
		source_close(&p->sources[i]);
		buf_clear(&p->sources[i].line);
	}
	watch_free(p->in_watch);
	if (p->in_fd >= 0)
		close(p->in_fd);
	timer_free(p->timer);
	output_clear(&p->output);
	process_config_clear(&p->config);
	free(p->tag);
	free(p->user);
	free(p);
}

static void
process_remove(struct process *p)
{
	struct process **at = &p->table->first;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	process_free(p);
}

static void
on_signalled(void *ctx, bool delivered)
{
	(void)ctx;
	if (!delivered)
		log_debug("process", "its time is over, but it was gone already");
}

/* Over is its lifetime, or the wait for the end of its output, or its memory. */
static void
on_timer(void *ctx)
{
	struct process *p = ctx;

	if (p->ended) {
		if (!p->viewers)
			process_remove(p);
		return;
	}
	p->hasty = true;
	if (!p->exited) {
		box_signal(p->box, p->pid, SIGKILL, on_signalled, NULL);
		return;
	}
	for (int i = 0; i < 2; i++)
		if (p->sources[i].fd >= 0)
			source_read(&p->sources[i]);
}

/* Ended is: reaped, and everything it wrote has been read. */
static void
process_settle(struct process *p)
{
	struct process_table *t = p->table;

	if (p->ended || !p->exited || has_open_source(p))
		return;
	p->ended = true;
	process_input_fail(p);
	watch_free(p->in_watch);
	p->in_watch = NULL;
	if (p->in_fd >= 0)
		close(p->in_fd);
	p->in_fd = -1;
	for (int i = 0; i < 2; i++)
		if (p->sources[i].line.len > 0)
			report_lines(&p->sources[i], "\n", 1);
	timer_start(p->timer, PROCESS_RETAIN_MS, 0);
	wake_viewers(p);
	t->events->ended(t->ctx, p, p->status);
}

void
process_table_exited(struct process_table *t, int pid, int wait_status)
{
	struct process *p = t->first;

	while (p && (p->pid != pid || p->exited))
		p = p->next;
	if (!p)
		return;
	p->exited = true;
	p->status = wait_status;
	if (p->pty)
		timer_start(p->timer, GRACE_MS, 0);
	else
		timer_stop(p->timer);
	for (int i = 0; i < 2; i++)
		if (p->sources[i].fd >= 0 && !p->throttled)
			source_read(&p->sources[i]);
	process_settle(p);
}

void
process_viewer_left(struct process *p, struct viewer *v)
{
	struct viewer *before = p->viewers;

	if (before == v) {
		p->viewers = viewer_next(v);
	} else {
		while (viewer_next(before) != v)
			before = viewer_next(before);
		viewer_set_next(before, viewer_next(v));
	}
	if (p->ended && !p->viewers && !timer_is_active(p->timer))
		timer_start(p->timer, 0, 0); /* forgotten, but not from in here */
	else
		process_flow(p);
}

/* ---- starting */

static void
watch_source(struct process *p, int index, int fd, enum process_stream stream)
{
	struct source *s = &p->sources[index];

	if (fd < 0)
		return;
	s->fd = fd;
	s->stream = stream;
	s->watch = watch_new(p->table->loop, fd, on_source, s);
	watch_set(s->watch, WATCH_READ);
}

/* A new process with the number or the name of a remembered one replaces it. */
static void
forget_namesakes(struct process_table *t, const struct process *fresh)
{
	struct process *next;

	for (struct process *p = t->first; p; p = next) {
		next = p->next;
		if (p == fresh || !p->ended || p->viewers)
			continue;
		if (p->pid == fresh->pid || (fresh->tag && str_eq(p->tag, fresh->tag)))
			process_remove(p);
	}
}

static void
adopt(struct process_table *t, struct process *p, const struct box_process *spawned)
{
	p->table = t;
	p->pid = spawned->pid;
	p->next = t->first;
	t->first = p;
	if (p->pty) {
		watch_source(p, 0, spawned->pty, PROCESS_PTY);
		p->in_fd = spawned->pty;
	} else {
		watch_source(p, 0, spawned->out, PROCESS_STDOUT);
		watch_source(p, 1, spawned->err, PROCESS_STDERR);
		p->in_fd = spawned->in;
	}
	forget_namesakes(t, p);
	t->events->started(t->ctx, p);
}

static void
close_spawned(const struct box_process *spawned)
{
	const int fds[] = { spawned->pty, spawned->in, spawned->out, spawned->err };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static const enum connect_code spawn_codes[] = {
	[BOX_SPAWN_OK] = CONNECT_OK,
	[BOX_SPAWN_NO_CWD] = CONNECT_INVALID_ARGUMENT,
	[BOX_SPAWN_CWD_NOT_DIR] = CONNECT_INVALID_ARGUMENT,
	[BOX_SPAWN_NO_USER] = CONNECT_UNAUTHENTICATED,
	[BOX_SPAWN_LIMIT] = CONNECT_RESOURCE_EXHAUSTED,
	[BOX_SPAWN_FAILED] = CONNECT_UNAVAILABLE,
};

/* As envd words it. */
static void
spawn_failure(
    const struct process *p, const struct box_process *spawned, struct connect_error *ce)
{
	*ce = (struct connect_error){ .code = spawn_codes[spawned->result] };
	ce->http_status = connect_code_http(ce->code);
	if (spawned->result == BOX_SPAWN_NO_CWD)
		snprintf(ce->message, sizeof ce->message, "cwd '%s' does not exist",
		    p->config.cwd ? p->config.cwd : "");
	else if (spawned->result == BOX_SPAWN_NO_USER)
		snprintf(
		    ce->message, sizeof ce->message, "invalid username: '%s'", p->user);
	else
		snprintf(ce->message, sizeof ce->message,
		    "error starting process '%s': %s", p->config.cmd ? p->config.cmd : "",
		    spawned->message);
}

static void
unlink_start(struct start *s)
{
	struct start **at = &s->table->starting;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
}

static void
on_spawned(void *ctx, const struct box_process *spawned)
{
	struct start *s = ctx;
	struct connect_error ce = { .code = CONNECT_UNAVAILABLE };
	struct process *p = s->process;

	if (s->table)
		unlink_start(s);
	if (s->table && spawned->result == BOX_SPAWN_OK) {
		adopt(s->table, p, spawned);
		if (s->lifetime_ms > 0)
			timer_start(p->timer, (uint64_t)s->lifetime_ms, 0);
		s->done(s->ctx, p, NULL);
	} else {
		close_spawned(spawned);
		spawn_failure(p, spawned, &ce);
		process_free(p);
		if (s->done)
			s->done(s->ctx, NULL, &ce);
	}
	free(s);
}

static struct process *
process_new(struct process_table *t, struct box *box, const struct process_start *start,
    const char *user)
{
	struct process *p = xcalloc(1, sizeof *p);

	p->table = t;
	p->box = box;
	p->pty = start->has_pty;
	p->has_stdin = !start->has_stdin || start->stdin_open;
	p->tag = xstrdup(start->tag);
	p->user = xstrdup(user);
	p->lines = p->tag && str_has_prefix(p->tag, LOG_TAG);
	p->in_fd = -1;
	p->inputs_tail = &p->inputs;
	p->timer = timer_new(t->loop, on_timer, p);
	process_config_copy(&p->config, &start->config);
	for (int i = 0; i < 2; i++) {
		p->sources[i].process = p;
		p->sources[i].fd = -1;
		buf_init(&p->sources[i].line, LINE_MAX_BYTES + 1);
	}
	return p;
}

void
process_start(struct process_table *t, struct box *box, const struct process_start *start,
    const char *user, int64_t lifetime_ms, process_started *done, void *ctx)
{
	struct start *s = xcalloc(1, sizeof *s);
	struct process *p = process_new(t, box, start, user);
	const struct box_spawn spawn = {
		.cmd = p->config.cmd ? p->config.cmd : "",
		.args = &p->config.args,
		.envs = &p->config.envs,
		.cwd = p->config.cwd,
		.user = p->user,
		.pty = p->pty,
		.cols = (int)(start->cols & 0xffff),
		.rows = (int)(start->rows & 0xffff),
		.stdin_pipe = p->has_stdin,
	};

	s->table = t;
	s->process = p;
	s->done = done;
	s->ctx = ctx;
	s->lifetime_ms = lifetime_ms;
	s->next = t->starting;
	t->starting = s;
	box_spawn(box, &spawn, on_spawned, s);
}

/* ---- the table */

struct process_table *
process_table_new(
    struct loop *loop, size_t keep, const struct process_events *events, void *ctx)
{
	struct process_table *t = xcalloc(1, sizeof *t);

	t->loop = loop;
	t->keep = keep;
	t->events = events;
	t->ctx = ctx;
	return t;
}

void
process_table_cut_viewers(struct process_table *t, const char *why)
{
	for (struct process *p = t->first; p; p = p->next)
		for (struct viewer *v = p->viewers; v; v = viewer_next(v))
			viewer_fail(v, CONNECT_UNAVAILABLE, why);
}

void
process_table_drop(struct process_table *t, const char *why)
{
	struct process *p;
	struct viewer *v;

	while ((p = t->first)) {
		t->first = p->next;
		while ((v = p->viewers)) {
			p->viewers = viewer_next(v);
			viewer_orphan(v, why);
		}
		process_free(p);
	}
}

void
process_table_free(struct process_table *t)
{
	if (!t)
		return;
	process_table_drop(t, "the sandbox is gone");
	for (struct start *s = t->starting; s; s = s->next)
		s->table = NULL;
	free(t);
}

size_t
process_table_count(const struct process_table *t)
{
	size_t count = 0;

	for (const struct process *p = t->first; p; p = p->next)
		count += !p->ended;
	return count;
}

void
process_table_encode(const struct process_table *t, struct buf *out)
{
	struct process_list list = { .count = 0 };

	list.items = xcalloc(process_table_count(t) + 1, sizeof *list.items);
	for (const struct process *p = t->first; p; p = p->next)
		if (!p->ended)
			list.items[list.count++] =
			    (struct process_info){ .config = p->config,
				    .pid = (uint32_t)p->pid,
				    .tag = p->tag };
	process_list_encode(out, &list);
	free(list.items); /* its strings are the processes' own */
}

static bool
is_selected(const struct process *p, const struct process_selector *selector)
{
	if (selector->has_pid)
		return p->pid == (int)selector->pid;
	return p->tag && str_eq(p->tag, selector->tag);
}

struct process *
process_find(struct process_table *t, const struct process_selector *selector,
    struct connect_error *ce)
{
	struct process *ended = NULL;

	for (struct process *p = t->first; p; p = p->next) {
		if (!is_selected(p, selector))
			continue;
		if (!p->ended)
			return p;
		if (timer_is_active(p->timer) && !ended)
			ended = p;
	}
	if (ended)
		return ended;
	*ce = (struct connect_error){ .code = CONNECT_NOT_FOUND, .http_status = 404 };
	if (selector->has_pid)
		snprintf(ce->message, sizeof ce->message, "process with pid %u not found",
		    selector->pid);
	else
		snprintf(ce->message, sizeof ce->message, "process with tag %s not found",
		    selector->tag ? selector->tag : "");
	return NULL;
}

/* ---- one process */

int
process_pid(const struct process *p)
{
	return p->pid;
}

const char *
process_tag(const struct process *p)
{
	return p->tag;
}

const char *
process_user(const struct process *p)
{
	return p->user;
}

const struct process_config *
process_config_of(const struct process *p)
{
	return &p->config;
}

bool
process_is_running(const struct process *p)
{
	return !p->ended;
}

bool
process_has_pty(const struct process *p)
{
	return p->pty;
}

bool
process_is_throttled(const struct process *p)
{
	return p->throttled;
}

void
process_expect_kill(struct process *p)
{
	p->hasty = true;
}

bool
process_resize(struct process *p, unsigned cols, unsigned rows, struct connect_error *ce)
{
	struct winsize size = { .ws_col = (unsigned short)cols,
		.ws_row = (unsigned short)rows };

	if (p->pty && p->sources[0].fd >= 0 &&
	    ioctl(p->sources[0].fd, TIOCSWINSZ, &size) == 0)
		return true;
	*ce = (struct connect_error){ .code = CONNECT_INTERNAL, .http_status = 500 };
	snprintf(ce->message, sizeof ce->message, "error resizing tty: %s",
	    p->pty ? "the terminal is closed" : "tty not assigned to process");
	return false;
}
