/* box_request - questions to the supervisor and the answers that belong to them. */
#include "host/box.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "host/box_file.h"
#include "host/box_internal.h"

/* What was asked and not answered yet. */
struct request {
	uint32_t id;
	uint16_t type; /* enum init_type: which of the callbacks it is */
	bool failed;   /* was never sent: is answered at the end of this turn */
	bool too_large;
	bool pty, stdin_pipe; /* SPAWN: what was asked for, and must come */
	union {
		box_spawned *spawned;
		void (*signalled)(void *ctx, bool delivered);
		void (*counted)(void *ctx, const struct box_stats *stats);
		void (*opened)(void *ctx, int fd);
		box_filed *filed;
	} done;
	void *ctx; /* borrowed */
};

/* ---- answering */

static const enum box_spawn_error spawn_errors[] = {
	[INIT_OK] = BOX_SPAWN_OK,
	[INIT_UNKNOWN] = BOX_SPAWN_FAILED,
	[INIT_NO_CWD] = BOX_SPAWN_NO_CWD,
	[INIT_CWD_NOT_DIR] = BOX_SPAWN_CWD_NOT_DIR,
	[INIT_NO_USER] = BOX_SPAWN_NO_USER,
	[INIT_GONE] = BOX_SPAWN_FAILED,
	[INIT_LIMIT] = BOX_SPAWN_LIMIT,
	[INIT_FAILED] = BOX_SPAWN_FAILED,
};

static int
take_fd(struct box_link_message *m, int *at)
{
	int fd = *at < m->fd_count ? m->fds[*at] : -1;

	if (fd >= 0)
		m->fds[(*at)++] = -1;
	return fd;
}

/* Another kind than was asked for could make us wait, or cannot be waited for. */
static bool
is_kind(const struct box_link_message *m, int at, mode_t kind)
{
	struct stat st;

	return at < m->fd_count && fstat(m->fds[at], &st) == 0 &&
	       (st.st_mode & S_IFMT) == kind;
}

/* A terminal comes alone, pipes as two or three. false: it is not what was asked for. */
static bool
take_descriptors(
    struct box_process *p, const struct request *r, struct box_link_message *m)
{
	int wanted = r->pty ? 1 : r->stdin_pipe ? 3 : 2;
	int at = 0;

	if (m->fd_count != wanted || (r->pty && !isatty(m->fds[0])))
		return false;
	for (int i = 0; i < wanted; i++)
		if (!is_kind(m, i, r->pty ? S_IFCHR : S_IFIFO))
			return false;
	if (r->pty) {
		p->pty = take_fd(m, &at);
		return true;
	}
	if (r->stdin_pipe)
		p->in = take_fd(m, &at);
	p->out = take_fd(m, &at);
	p->err = take_fd(m, &at);
	return true;
}

static void
fail_process(
    struct box_process *p, enum box_spawn_error result, const char *why, size_t len)
{
	struct buf clean;

	buf_init(&clean, 4096);
	text_clean(&clean, why, len);
	p->result = result;
	str_copy(p->message, sizeof p->message, clean.data);
	buf_clear(&clean);
}

static void
answer_spawn(struct box *b, const struct request *r, struct box_link_message *m)
{
	struct box_process p = { .pty = -1, .in = -1, .out = -1, .err = -1 };
	struct init_spawned body = { .pid = 0 };
	uint32_t result = (uint32_t)m->header.result;

	(void)b;
	if (result == INIT_OK && m->header.len == sizeof body)
		memcpy(&body, m->body, sizeof body);
	if (body.pid > 0 && take_descriptors(&p, r, m)) {
		p.pid = body.pid;
	} else if (result != INIT_OK && result < ARRAY_LEN(spawn_errors)) {
		fail_process(&p, spawn_errors[result], m->body, m->header.len);
	} else {
		fail_process(&p, BOX_SPAWN_FAILED, "a strange answer", 16);
	}
	r->done.spawned(r->ctx, &p);
}

static void
fail_spawn(const struct request *r, const char *why)
{
	struct box_process p = { .pty = -1, .in = -1, .out = -1, .err = -1 };

	fail_process(
	    &p, r->too_large ? BOX_SPAWN_LIMIT : BOX_SPAWN_FAILED, why, strlen(why));
	r->done.spawned(r->ctx, &p);
}

static void
answer_signal(struct box *b, const struct request *r, struct box_link_message *m)
{
	(void)b;
	if (r->done.signalled)
		r->done.signalled(r->ctx, m->header.result == INIT_OK);
}

static void
fail_signal(const struct request *r, const char *why)
{
	(void)why;
	if (r->done.signalled)
		r->done.signalled(r->ctx, false);
}

/* Processes that vanish between two sums must not make time run backwards. */
static void
answer_stats(struct box *b, const struct request *r, struct box_link_message *m)
{
	struct init_stats body;

	if (m->header.result != INIT_OK || m->header.len != sizeof body) {
		r->done.counted(r->ctx, NULL);
		return;
	}
	memcpy(&body, m->body, sizeof body);
	b->cpu_us = MAX(b->cpu_us, body.cpu_us);
	const struct box_stats stats = {
		.cpu_us = b->cpu_us,
		.mem_bytes = body.mem_bytes,
		.cache_bytes = body.cache_bytes,
		.disk_used = body.disk_used,
		.disk_total = body.disk_total,
		.processes = (int)body.processes,
	};

	r->done.counted(r->ctx, &stats);
}

static void
fail_stats(const struct request *r, const char *why)
{
	(void)why;
	r->done.counted(r->ctx, NULL);
}

static void
answer_socket(struct box *b, const struct request *r, struct box_link_message *m)
{
	int at = 0;

	(void)b;
	r->done.opened(r->ctx, is_kind(m, at, S_IFSOCK) ? take_fd(m, &at) : -1);
}

static void
fail_socket(const struct request *r, const char *why)
{
	(void)why;
	r->done.opened(r->ctx, -1);
}

static void
answer_file(struct box *b, const struct request *r, struct box_link_message *m)
{
	struct box_file_reply reply = {
		.result = (enum init_result)m->header.result, .message = "", .fd = -1
	};
	int at = 0;
	char *text = NULL;

	(void)b;
	if (reply.result == INIT_OK) {
		reply.body = m->body;
		reply.len = m->header.len;
		reply.fd = is_kind(m, at, S_IFREG) ? take_fd(m, &at) : -1;
	} else {
		reply.message = text = xstrndup(m->body, m->header.len);
	}
	r->done.filed(r->ctx, &reply);
	if (reply.fd >= 0)
		close(reply.fd);
	free(text);
}

static void
fail_file(const struct request *r, const char *why)
{
	struct box_file_reply reply = {
		.result = r->too_large ? INIT_INVALID : INIT_GONE,
		.message = why,
		.fd = -1,
	};

	r->done.filed(r->ctx, &reply);
}

static const struct kind {
	uint16_t type;
	void (*answer)(
	    struct box *b, const struct request *r, struct box_link_message *m);
	void (*fail)(const struct request *r, const char *why);
} kinds[] = {
	{ INIT_SPAWN, answer_spawn, fail_spawn },
	{ INIT_SIGNAL, answer_signal, fail_signal },
	{ INIT_STATS, answer_stats, fail_stats },
	{ INIT_SOCKET, answer_socket, fail_socket },
	{ INIT_STAT, answer_file, fail_file },
	{ INIT_LIST, answer_file, fail_file },
	{ INIT_MKDIR, answer_file, fail_file },
	{ INIT_MOVE, answer_file, fail_file },
	{ INIT_REMOVE, answer_file, fail_file },
	{ INIT_OPEN, answer_file, fail_file },
	{ INIT_COMPOSE, answer_file, fail_file },
	{ INIT_WATCH, answer_file, fail_file },
	{ INIT_SEEN, answer_file, fail_file },
};

static const struct kind *
kind_of(const struct request *r)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].type == r->type)
			return &kinds[i];
	assert(!"a request of no kind");
	return NULL;
}

/* Taken off the list before it is called: the callback may ask again. */
static struct request
take_request(struct box *b, size_t i)
{
	struct request r = b->requests[i];

	b->request_count--;
	memmove(&b->requests[i], &b->requests[i + 1],
	    (b->request_count - i) * sizeof *b->requests);
	return r;
}

void
box_answer(struct box *b, struct box_link_message *m)
{
	for (size_t i = 0; i < b->request_count; i++) {
		if (b->requests[i].id != m->header.id || b->requests[i].failed)
			continue;
		struct request r = take_request(b, i);

		kind_of(&r)->answer(b, &r, m);
		return;
	}
}

void
box_answer_all(struct box *b, const char *why)
{
	while (b->request_count > 0 && !b->freed) {
		struct request r = take_request(b, 0);

		kind_of(&r)->fail(&r, why);
	}
}

void
box_forget_requests(struct box *b)
{
	if (b->failing)
		loop_defer_cancel(b->loop, b->failing);
	free(b->requests);
	b->requests = NULL;
	b->request_count = b->request_cap = 0;
}

/* ---- asking */

static size_t
first_failed(const struct box *b)
{
	size_t i = 0;

	while (i < b->request_count && !b->requests[i].failed)
		i++;
	return i;
}

static void
on_failing(void *ctx)
{
	struct box *b = ctx;
	size_t i;

	b->failing = 0;
	while (!b->freed && (i = first_failed(b)) < b->request_count) {
		struct request r = take_request(b, i);

		kind_of(&r)->fail(&r, r.too_large ? "what was asked is larger than 4 MiB"
						  : "the sandbox does not run");
	}
}

static uint32_t
ask(struct box *b, struct request r, const void *body, size_t len)
{
	if (b->request_count == b->request_cap) {
		b->request_cap = MAX(b->request_cap * 2, (size_t)8);
		b->requests =
		    xreallocarray(b->requests, b->request_cap, sizeof *b->requests);
	}
	r.id = ++b->last_id;
	r.failed = r.too_large || b->ending || b->ended ||
		   !box_link_send(b->link, r.type, r.id, body, len, -1);
	b->requests[b->request_count++] = r;
	if (r.failed && !b->failing)
		b->failing = loop_defer(b->loop, on_failing, b);
	return r.id;
}

static void
add_string(struct buf *body, const char *s)
{
	buf_add(body, s, strlen(s) + 1);
}

/* A name that is empty or holds "=" would be another variable inside. */
static uint32_t
add_variables(struct buf *body, const struct pairs *envs)
{
	uint32_t added = 0;

	for (size_t i = 0; envs && i < envs->count; i++) {
		const struct pair *e = &envs->items[i];

		if (e->key[0] == '\0' || strchr(e->key, '='))
			continue;
		buf_add_str(body, e->key);
		buf_add_char(body, '=');
		add_string(body, e->value);
		added++;
	}
	return added;
}

static bool
write_spawn(const struct box *b, const struct box_spawn *s, struct buf *body)
{
	size_t args = s->args ? s->args->count : 0;
	size_t envs = b->envs.count + (s->envs ? s->envs->count : 0);
	struct init_spawn head = {
		.flags = (s->pty ? INIT_SPAWN_PTY : 0) |
			 (s->stdin_pipe ? INIT_SPAWN_STDIN : 0),
		.cols = (uint16_t)s->cols,
		.rows = (uint16_t)s->rows,
		.argc = (uint32_t)args + 1,
	};

	if (args + 1 > INIT_STRINGS_MAX || envs > INIT_STRINGS_MAX)
		return false;
	buf_add(body, &head, sizeof head);
	add_string(body, s->user ? s->user : "user");
	add_string(body, s->cwd ? s->cwd : "");
	add_string(body, s->cmd);
	for (size_t i = 0; i < args; i++)
		add_string(body, s->args->items[i]);
	head.envc = add_variables(body, &b->envs) + add_variables(body, s->envs);
	if (body->overflow)
		return false;
	memcpy(body->data, &head, sizeof head);
	return true;
}

void
box_spawn(struct box *b, const struct box_spawn *spawn, box_spawned *done, void *ctx)
{
	struct request r = {
		.type = INIT_SPAWN,
		.pty = spawn->pty,
		.stdin_pipe = spawn->stdin_pipe && !spawn->pty,
		.done.spawned = done,
		.ctx = ctx,
	};
	struct buf body;

	buf_init(&body, INIT_BODY_MAX);
	r.too_large = !write_spawn(b, spawn, &body);
	ask(b, r, body.data, body.len);
	buf_clear(&body);
}

void
box_signal(struct box *b, int pid, int signum, void (*done)(void *ctx, bool delivered),
    void *ctx)
{
	const struct init_signal body = { .pid = pid, .signum = signum };

	ask(b,
	    (struct request){ .type = INIT_SIGNAL, .done.signalled = done, .ctx = ctx },
	    &body, sizeof body);
}

void
box_stats(
    struct box *b, void (*done)(void *ctx, const struct box_stats *stats), void *ctx)
{
	ask(b, (struct request){ .type = INIT_STATS, .done.counted = done, .ctx = ctx },
	    NULL, 0);
}

void
box_socket(struct box *b, void (*done)(void *ctx, int fd), void *ctx)
{
	const char version = 4;

	ask(b, (struct request){ .type = INIT_SOCKET, .done.opened = done, .ctx = ctx },
	    &version, 1);
}

void
box_socket6(struct box *b, void (*done)(void *ctx, int fd), void *ctx)
{
	const char version = 6;

	ask(b, (struct request){ .type = INIT_SOCKET, .done.opened = done, .ctx = ctx },
	    &version, 1);
}

uint32_t
box_file(struct box *b, const struct box_file *file, box_filed *done, void *ctx)
{
	struct request r = {
		.type = (uint16_t)file->type,
		.done.filed = done,
		.ctx = ctx,
	};
	const struct init_file head = {
		.flags = file->flags,
		.depth = file->depth,
		.count = file->more ? (uint32_t)file->more->count : 0,
	};
	struct buf body;
	uint32_t id;

	buf_init(&body, INIT_BODY_MAX);
	buf_add(&body, &head, sizeof head);
	add_string(&body, file->user);
	add_string(&body, file->path ? file->path : "");
	for (uint32_t i = 0; i < head.count; i++)
		add_string(&body, file->more->items[i]);
	r.too_large = body.overflow;
	id = ask(b, r, body.data, body.len);
	buf_clear(&body);
	return id;
}

void
box_unwatch(struct box *b, uint32_t watch)
{
	const struct init_unwatch body = { .watch = watch };

	/* What cannot be told any more has ended by itself. */
	if (!b->ending && !b->ended && !b->freed &&
	    !box_link_send(b->link, INIT_UNWATCH, 0, &body, sizeof body, -1))
		log_debug("box", "%s: a watch could not be ended", b->id);
}
