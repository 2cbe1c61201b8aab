#include "host/ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "host/exchange.h"
#include "host/reply.h"

#define IDLE_MS (620 * 1000) /* nothing moves, as the cloud's proxies */
#define DIALS 5		     /* of a port that is closed: it may be about to open */
#define LIMIT_MAX 4096
#define SILENT_TEXT "The service in the sandbox did not answer"

static void
on_gone(void *ctx)
{
	exchange_finish(ctx);
}

/* ---- beginning */

static void
on_awake(void *ctx, struct sandbox *s, const struct error *err)
{
	struct exchange *e = ctx;

	(void)s;
	(void)err;
	e->waiting = e->waking = false;
	if (e->request)
		exchange_dial(e); /* which finds out whether it runs */
	else
		exchange_free(e);
}

static size_t
count_of(const struct ports *p, const char *id)
{
	size_t count = 0;

	for (const struct exchange *e = p->first; e; e = e->next)
		count += str_eq(e->id, id);
	return count;
}

/* "${PORT}" stands for the port. What does not fit is left as the client sent it. */
static void
mask_host(const char *mask, int port, char *out, size_t size)
{
	const char *at = mask ? strstr(mask, "${PORT}") : NULL;
	int len = 0;

	if (at)
		len = snprintf(out, size, "%.*s%d%s", (int)(at - mask), mask, port,
		    at + strlen("${PORT}"));
	else if (mask)
		len = snprintf(out, size, "%s", mask);
	if (len < 0 || (size_t)len >= size)
		*out = '\0';
}

void
ports_begin(
    struct ports *p, struct request *r, struct sandbox *s, int port, int64_t wake_s)
{
	struct port_question question;
	struct exchange *e;

	port_question_read(r, &question);
	if (question.problem) {
		reply_text(r, 400, question.problem);
		return;
	}
	mask_host(s->info.network.mask_host, port, question.host, sizeof question.host);
	if (p->count >= p->limits.all ||
	    count_of(p, s->info.id) >= p->limits.per_sandbox) {
		reply_proxy_limit(r, s->info.id, p->limits.per_sandbox);
		return;
	}
	e = exchange_new(p, r, s, port);
	e->question = question;
	port_question_write(r, &question, &e->up.bytes);
	request_own(r, on_gone, e);
	request_set_sink(r, exchange_on_body, e);
	if (wake_s == 0) {
		exchange_dial(e);
		return;
	}
	e->waiting = e->waking = true;
	sandbox_resume(s, wake_s, false, on_awake, e);
}

/* ---- all of them */

void
ports_cut(struct ports *p, const char *id)
{
	struct exchange *next;

	for (struct exchange *e = p ? p->first : NULL; e; e = next) {
		next = e->next;
		/* Who waits for a resume is told how that went. */
		if (e->request && !e->waking && str_eq(e->id, id))
			exchange_fail(e, 502, PORTS_NOT_FOUND_TEXT, 0);
	}
}

/* A service that never answers, a client that never reads. */
static void
on_sweep(void *ctx)
{
	struct ports *p = ctx;
	uint64_t now_ms = loop_now_ms(p->loop);
	struct exchange *next;

	for (struct exchange *e = p->first; e; e = next) {
		next = e->next;
		if (e->request && now_ms - e->moved_ms >= p->limits.idle_ms)
			exchange_fail(e, 504, SILENT_TEXT, e->port);
	}
}

struct ports_limits *
ports_limits(struct ports *p)
{
	return &p->limits;
}

size_t
ports_count(const struct ports *p)
{
	return p->count;
}

/* A quarter of the descriptors: clients may have half, sandboxes need theirs. */
static size_t
descriptor_share(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return LIMIT_MAX;
	return (size_t)CLAMP(limit.rlim_cur / 4, 16, LIMIT_MAX);
}

struct ports *
ports_new(struct loop *loop)
{
	struct ports *p = xcalloc(1, sizeof *p);
	size_t share = descriptor_share();

	p->loop = loop;
	p->sweep = timer_new(loop, on_sweep, p);
	p->limits = (struct ports_limits){ .per_sandbox = MAX(share / 4, (size_t)16),
		.all = share,
		.idle_ms = IDLE_MS,
		.dials = DIALS };
	return p;
}

void
ports_free(struct ports *p)
{
	if (!p)
		return;
	while (p->first) {
		exchange_hang_up(p->first);
		exchange_free(p->first);
	}
	timer_free(p->sweep);
	free(p);
}
