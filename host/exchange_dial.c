/* exchange_dial - the way of an exchange to its service: the port on 127.0.0.1 of the
 * sandbox, then on ::1, some times within a second. */
#include "host/exchange.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define DIAL_PAUSE_MS 100 /* before the second; then 200, 300 ... */

/* Then for ::1, where some services listen alone, and then again a little later. */
static void
on_refused(struct exchange *e)
{
	exchange_hang_up(e);
	if (!e->over6) {
		e->over6 = true;
		exchange_dial(e);
		return;
	}
	e->over6 = false;
	if (++e->dials < e->ports->limits.dials)
		timer_start(e->retry, (uint64_t)e->dials * DIAL_PAUSE_MS, 0);
	else
		exchange_fail(e, 502, PORTS_CLOSED_TEXT, e->port);
}

static void
on_connected(struct exchange *e)
{
	int on = 1;

	e->connected = true;
	setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	exchange_flush_up(e);
	exchange_look(e);
}

static void
on_service(void *ctx, int events)
{
	struct exchange *e = ctx;
	int failed = 0;
	socklen_t len = sizeof failed;

	if (!e->connected) {
		getsockopt(e->fd, SOL_SOCKET, SO_ERROR, &failed, &len);
		if (failed)
			on_refused(e);
		else
			on_connected(e);
		return;
	}
	exchange_on_service(e, events);
}

static int
connect_to(int fd, int port, bool over6)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };

	return over6 ? connect(fd, (struct sockaddr *)&v6, sizeof v6)
		     : connect(fd, (struct sockaddr *)&v4, sizeof v4);
}

static void
on_socket(void *ctx, int fd)
{
	struct exchange *e = ctx;

	e->waiting = false;
	if (!e->request) {
		if (fd >= 0)
			close(fd);
		exchange_free(e);
		return;
	}
	if (fd < 0) {
		on_refused(e);
		return;
	}
	e->fd = fd;
	/* makes it non-blocking */
	e->watch = watch_new(e->ports->loop, fd, on_service, e);
	if (connect_to(fd, e->port, e->over6) == 0)
		on_connected(e);
	else if (errno == EINPROGRESS)
		watch_set(e->watch, WATCH_WRITE);
	else
		on_refused(e);
}

void
exchange_dial(struct exchange *e)
{
	struct sandbox *s = registry_find(e->registry, e->id);

	if (!s || s->state != SANDBOX_RUNNING) {
		exchange_fail(e, 502, PORTS_NOT_FOUND_TEXT, 0);
		return;
	}
	e->waiting = true;
	if (e->over6)
		box_socket6(s->box, on_socket, e);
	else
		box_socket(s->box, on_socket, e);
}
