/* exchange_splice - the bytes of an exchange: the request's body to the service, the answer
 * to the client, and after "101 Switching Protocols" both ways as they come. */
#include "host/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/mem.h"

#define PIECES_PER_TURN 16
#define LOST_TEXT "The service in the sandbox ended the connection without an answer"
#define NOT_HTTP_TEXT "The service in the sandbox does not answer in HTTP/1"

/* After anything moved: is it over? */
static void
settle(struct exchange *e)
{
	bool drained = backlog_len(&e->down) == 0;

	exchange_moved(e);
	if (!e->tunnel && e->headed && e->left == 0 && drained) {
		exchange_complete(e);
		return;
	}
	if (!e->service_ended || !drained) {
		exchange_look(e);
		return;
	}
	if (!e->headed || (!e->tunnel && e->left > 0))
		exchange_fail(e, 502, LOST_TEXT, e->port);
	else if (!e->tunnel || (e->client_ended && backlog_len(&e->up) == 0))
		exchange_complete(e);
	else
		exchange_look(e);
}

/* ---- from the service */

static void on_client(void *ctx, int events);

static bool
deliver(struct exchange *e, const char *bytes, size_t len)
{
	if (e->left >= 0 && len > (uint64_t)e->left)
		len = (size_t)e->left; /* what is beyond belongs to no answer */
	if (e->left >= 0)
		e->left -= (int64_t)len;
	return len == 0 || backlog_send(&e->down, e->client, bytes, len);
}

/* Of a header block that is whole. false: the exchange is over. */
static bool
begin_answer(struct exchange *e, size_t size)
{
	struct port_answer answer;
	struct buf client;
	bool ok, sent = true;

	buf_init(&client, PORT_HEAD_MAX * 2);
	ok = port_answer_read(e->head.data, size, &e->question, &answer, &client) &&
	     (answer.status != 101 || (e->question.upgrade && e->body_complete));
	if (!ok) {
		buf_clear(&client);
		exchange_fail(e, 502, NOT_HTTP_TEXT, e->port);
		return false;
	}
	e->headed = answer.status >= 200 || answer.status == 101;
	e->tunnel = answer.status == 101;
	/* 100 was said by our server already; an old client knows none of its kind. */
	if (e->headed || (answer.status != 100 && !request_is_http10(e->request))) {
		if (e->client < 0)
			e->client = request_raw_begin(e->request, on_client, e);
		sent = backlog_send(&e->down, e->client, client.data, client.len);
	}
	buf_clear(&client);
	if (e->headed)
		e->left = answer.length;
	if (!sent)
		exchange_fail(e, 0, NULL, 0);
	return sent;
}

/* Interim answers may stand before the final one. */
static bool
take_head(struct exchange *e, const char *bytes, size_t len)
{
	size_t size;
	bool sent;

	buf_add(&e->head, bytes, len);
	while (!e->headed && (size = port_head_size(e->head.data, e->head.len)) > 0) {
		if (!begin_answer(e, size))
			return false;
		buf_consume(&e->head, size);
	}
	if (!e->headed && (e->head.overflow || e->head.len > PORT_HEAD_MAX)) {
		exchange_fail(e, 502, NOT_HTTP_TEXT, e->port);
		return false;
	}
	if (!e->headed)
		return true;
	sent = deliver(e, e->head.data, e->head.len);
	buf_clear(&e->head);
	if (!sent)
		exchange_fail(e, 0, NULL, 0);
	return sent;
}

static bool
take(struct exchange *e, const char *bytes, size_t len)
{
	if (!e->headed)
		return take_head(e, bytes, len);
	if (deliver(e, bytes, len))
		return true;
	exchange_fail(e, 0, NULL, 0);
	return false;
}

/* As much as the client takes, but not for ever. */
static void
pull(struct exchange *e)
{
	static char piece[EXCHANGE_PIECE];

	for (int i = 0; i < PIECES_PER_TURN && backlog_len(&e->down) == 0; i++) {
		ssize_t n = recv(e->fd, piece, sizeof piece, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			exchange_fail(e, 502, LOST_TEXT, e->port);
			return;
		}
		e->service_ended = n == 0;
		if (n == 0 && e->tunnel)
			shutdown(e->client, SHUT_WR);
		if (n == 0)
			break;
		if (!take(e, piece, (size_t)n))
			return;
		if (e->headed && e->left == 0)
			break;
	}
	settle(e);
}

/* ---- to the service */

void
exchange_flush_up(struct exchange *e)
{
	if (!backlog_flush(&e->up, e->fd)) {
		/* It may have answered before it closed: the reading side tells. */
		e->deaf = true;
		backlog_clear(&e->up);
	}
	if (backlog_len(&e->up) == 0 && e->tunnel && e->client_ended)
		shutdown(e->fd, SHUT_WR);
	if (backlog_len(&e->up) < EXCHANGE_UP_HIGH && !e->tunnel && !e->body_complete)
		request_wake(e->request);
}

static void
add_up(struct exchange *e, const char *bytes, size_t len)
{
	if (e->deaf)
		return;
	if (!e->connected)
		buf_add(&e->up.bytes, bytes, len);
	else if (!backlog_send(&e->up, e->fd, bytes, len))
		e->deaf = true;
}

size_t
exchange_on_body(void *ctx, const char *bytes, size_t len)
{
	struct exchange *e = ctx;
	char size[24];
	int head;

	if (backlog_len(&e->up) >= EXCHANGE_UP_HIGH)
		return 0;
	if (e->question.chunked) {
		head = snprintf(size, sizeof size, "%zx\r\n", len);
		add_up(e, size, (size_t)head);
	}
	add_up(e, bytes, len);
	if (e->question.chunked)
		add_up(e, "\r\n", 2);
	exchange_moved(e);
	if (e->connected)
		exchange_look(e);
	return len;
}

void
ports_body_complete(void *exchange)
{
	struct exchange *e = exchange;

	if (e->question.chunked)
		add_up(e, "0\r\n\r\n", 5);
	e->body_complete = true;
	if (e->connected)
		exchange_look(e);
}

/* ---- from the client, and to it */

/* Of an upgraded connection. */
static void
pull_client(struct exchange *e)
{
	static char piece[EXCHANGE_PIECE];

	for (int i = 0; i < PIECES_PER_TURN && backlog_len(&e->up) == 0; i++) {
		ssize_t n = recv(e->client, piece, sizeof piece, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		e->client_ended = n <= 0;
		if (n == 0)
			shutdown(e->fd, SHUT_WR);
		if (n < 0)
			e->service_ended = true; /* reset: nobody is there to hear it */
		if (n <= 0)
			return;
		add_up(e, piece, (size_t)n);
	}
}

static void
on_client(void *ctx, int events)
{
	struct exchange *e = ctx;

	if ((events & WATCH_WRITE) && !backlog_flush(&e->down, e->client)) {
		exchange_fail(e, 0, NULL, 0);
		return;
	}
	if ((events & WATCH_READ) && e->tunnel)
		pull_client(e);
	if (e->service_ended && e->tunnel && backlog_len(&e->down) == 0)
		shutdown(e->client, SHUT_WR);
	settle(e);
}

/* ---- what the loop reports of the service */

void
exchange_on_service(struct exchange *e, int events)
{
	if (events & WATCH_WRITE)
		exchange_flush_up(e);
	if (events & WATCH_READ)
		pull(e);
	else
		settle(e);
}
