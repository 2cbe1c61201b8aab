#include "host/exchange.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/reply.h"

#define SWEEP_MS 5000
/* Twice what may wait: what was sent stays until half of it is. */
#define UP_MAX (2 * (EXCHANGE_UP_HIGH + EXCHANGE_PIECE + PORT_HEAD_MAX))
#define DOWN_MAX (4 * (PORT_HEAD_MAX + EXCHANGE_PIECE))

void
exchange_moved(struct exchange *e)
{
	e->moved_ms = loop_now_ms(e->ports->loop);
}

static void
on_retry(void *ctx)
{
	exchange_dial(ctx);
}

struct exchange *
exchange_new(struct ports *p, struct request *r, const struct sandbox *s, int port)
{
	struct exchange *e = xcalloc(1, sizeof *e);

	e->ports = p;
	e->registry = s->registry;
	e->request = r;
	e->port = port;
	e->fd = e->client = -1;
	e->left = -1;
	exchange_moved(e);
	e->retry = timer_new(p->loop, on_retry, e);
	str_copy(e->id, sizeof e->id, s->info.id);
	backlog_init(&e->up, UP_MAX);
	backlog_init(&e->down, DOWN_MAX);
	buf_init(&e->head, PORT_HEAD_MAX + EXCHANGE_PIECE);
	e->next = p->first;
	if (e->next)
		e->next->prev = e;
	p->first = e;
	if (p->count++ == 0) {
		uint64_t sweep_ms = MIN(p->limits.idle_ms, SWEEP_MS);

		timer_start(p->sweep, sweep_ms, sweep_ms);
	}
	return e;
}

void
exchange_free(struct exchange *e)
{
	struct ports *p = e->ports;

	if (e->prev)
		e->prev->next = e->next;
	else
		p->first = e->next;
	if (e->next)
		e->next->prev = e->prev;
	if (--p->count == 0)
		timer_stop(p->sweep);
	buf_clear(&e->up.bytes);
	buf_clear(&e->down.bytes);
	buf_clear(&e->head);
	timer_free(e->retry);
	free(e);
}

void
exchange_hang_up(struct exchange *e)
{
	watch_free(e->watch);
	e->watch = NULL;
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	e->connected = false;
}

void
exchange_finish(struct exchange *e)
{
	e->request = NULL;
	exchange_hang_up(e);
	timer_stop(e->retry);
	if (!e->waiting)
		exchange_free(e);
}

void
exchange_fail(struct exchange *e, int status, const char *message, int port)
{
	struct request *r = e->request;

	if (e->client >= 0) {
		request_raw_abort(r);
	} else {
		request_own(r, NULL, NULL);
		request_set_sink(r, NULL, NULL);
		reply_proxy_error(r, status, e->id, message, port);
	}
	exchange_finish(e);
}

void
exchange_complete(struct exchange *e)
{
	request_raw_end(e->request);
	exchange_finish(e);
}

void
exchange_look(struct exchange *e)
{
	int service = 0, client = e->tunnel ? 0 : WATCH_HANGUP;

	if (!e->service_ended && backlog_len(&e->down) == 0)
		service |= WATCH_READ;
	if (backlog_len(&e->up) > 0)
		service |= WATCH_WRITE;
	watch_set(e->watch, service);
	if (e->client < 0)
		return;
	if (e->tunnel && !e->client_ended && backlog_len(&e->up) == 0)
		client |= WATCH_READ;
	if (backlog_len(&e->down) > 0)
		client |= WATCH_WRITE;
	request_raw_watch(e->request, client);
}
