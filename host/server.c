#include "host/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "host/server_internal.h"

/* A connection's whole memory inside libmicrohttpd: header, and what is being sent. */
#define CONNECTION_MEMORY (16 * 1024)
#define IDLE_LIMIT_S 620 /* kept-alive and silent, as the cloud's proxies */
#define SWEEP_MS 5000
#define RUNS_MAX 64
#define LEFT_MS 1000
#define FIRST_REQUEST_MS 30000 /* a connection that never asks */
#define BODY_STALL_MS 60000    /* a header or body that stops coming */
#define BODY_LIMIT_MS 600000   /* one that trickles in, and nobody reads as it comes */
#define MAX_CONNECTIONS 12000
#define STUCK_RUNS 8
#define STUCK_MS 20

/* ---- connections */

static void
cut(struct connection *c)
{
	c->cut = true;
	shutdown(c->fd, SHUT_RDWR);
}

/* Nothing was asked, or not even the header is complete. */
static bool
is_idle(const struct connection *c)
{
	return !c->cut && (!c->request || !c->request->headed);
}

/* So many connections that few places are left. */
static size_t
few_places(const struct server *s)
{
	return s->connection_limit - s->connection_limit / 8;
}

/* Connections that only lie there must not keep out those that ask: when few places are
 * left, the first come go until a quarter is free again. */
static void
make_room(struct server *s)
{
	size_t enough = s->connection_limit - s->connection_limit / 4;
	size_t left = s->connection_count;
	struct connection *c = s->connections;

	if (s->connection_count < s->crowded_at)
		return;
	while (c->next)
		c = c->next;
	/* not the newest: it has had no time to ask */
	for (; c && c->prev && left > enough; c = c->prev) {
		if (is_idle(c))
			cut(c);
		left -= c->cut;
	}
	/* All in use: look again when some more have come. */
	s->crowded_at = left > enough ? s->connection_count + s->connection_limit / 64 + 1
				      : s->connection_count + 1;
	log_debug(
	    "server", "%zu connections: room made to %zu", s->connection_count, left);
}

static void
on_connection(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct server *s = cls;
	struct connection *c = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		c = xcalloc(1, sizeof *c);
		c->server = s;
		c->fd =
		    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
			->connect_fd;
		c->since_ms = loop_now_ms(s->loop);
		c->next = s->connections;
		if (c->next)
			c->next->prev = c;
		s->connections = c;
		s->connection_count++;
		s->progress++;
		*context = c;
		make_room(s);
		return;
	}
	if (c->prev)
		c->prev->next = c->next;
	else
		s->connections = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->connection_count--;
	s->progress++;
	s->crowded_at = MIN(s->crowded_at, MAX(few_places(s), s->connection_count + 1));
	free(c);
	*context = NULL;
}

/* A client that leaves right behind half a request: libmicrohttpd, which waits for edges,
 * has read the half and hears no more. */
static bool
has_left(const struct connection *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLERR | POLLHUP));
}

static bool
is_stalled(const struct connection *c, uint64_t now_ms)
{
	const struct request *r = c->request;
	uint64_t silent_ms = now_ms - c->since_ms;

	if (silent_ms >= LEFT_MS && (!r || (!r->suspended && !r->queued)) && has_left(c))
		return true;
	if (!c->used)
		return silent_ms > FIRST_REQUEST_MS;
	if (!r) /* between two requests; a header that only trickles in counts as silence */
		return silent_ms > IDLE_LIMIT_S * 1000u;
	if (r->suspended || r->queued)
		return false;
	/* A sink is a long-lived input stream: silence is its right. */
	return !r->sink &&
	       (silent_ms > BODY_STALL_MS || now_ms - c->begun_ms > BODY_LIMIT_MS);
}

void
server_cut_stalled(struct server *s, uint64_t now_ms)
{
	for (struct connection *c = s->connections; c; c = c->next)
		if (is_stalled(c, now_ms))
			cut(c);
}

static void
on_sweep(void *ctx)
{
	struct server *s = ctx;

	server_cut_stalled(s, loop_now_ms(s->loop));
	if (!s->connections)
		timer_stop(s->sweep);
}

/* ---- libmicrohttpd's callbacks */

static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct connection *c =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;

	return request_new(cls, uri, c);
}

static enum MHD_Result
on_access(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *bytes, size_t *len,
    void **context)
{
	(void)cls;
	(void)url;
	return request_advance(*context, connection, method, version, bytes, len);
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct request *r = *context;

	(void)cls;
	(void)connection;
	(void)code;
	if (!r)
		return;
	r->on->since_ms = loop_now_ms(r->server->loop);
	r->server->progress++;
	request_left(r);
	request_free(r);
	*context = NULL;
}

static void on_library_log(void *cls, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void
on_library_log(void *cls, const char *fmt, va_list args)
{
	char *line;

	(void)cls;
	if (log_threshold > LOG_DEBUG)
		return;
	line = xvasprintf(fmt, args);
	log_debug("server", "%s", str_trim(line));
	free(line);
}

/* ---- the loop */

/* Again while it has work, but not for ever: others wait too. */
static void
server_run(struct server *s)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;
	enum MHD_Result waits = MHD_NO;
	uint64_t progress;
	int vain = 0;

	if (s->stopping)
		return;
	/* A line of a chunked body that is longer than its memory: 0.9.75 neither reads on
	 * nor gives up, and says all the time that it has work. */
	s->stuck = false;
	for (int i = 0; i < RUNS_MAX; i++) {
		/* What a resumed connection closes is only buried by the next run. */
		bool resumed = s->resumed;

		s->resumed = false;
		progress = s->progress;
		MHD_run(s->daemon);
		vain = resumed || s->progress != progress ? 0 : vain + 1;
		waits = MHD_get_timeout(s->daemon, &wait_ms);
		if (!resumed && !s->resumed && (waits != MHD_YES || wait_ms > 0))
			break;
		s->stuck = vain >= STUCK_RUNS && !s->resumed;
		if (s->stuck)
			break;
	}
	if (waits == MHD_YES)
		timer_start(s->again, s->stuck ? STUCK_MS : wait_ms, 0);
	else
		timer_stop(s->again);
	if (s->connections && !timer_is_active(s->sweep))
		timer_start(s->sweep, SWEEP_MS, SWEEP_MS);
}

static void
on_ready(void *ctx, int events)
{
	(void)events;
	server_run(ctx);
}

static void
on_again(void *ctx)
{
	server_run(ctx);
}

static void
on_deferred(void *ctx)
{
	struct server *s = ctx;

	s->deferred = 0;
	while (s->woken) {
		struct request *r = s->woken;

		s->woken = r->next_woken;
		r->woken = false;
		request_pump(r);
	}
	if (s->resumed)
		server_run(s);
}

void
server_run_soon(struct server *s)
{
	if (s->deferred == 0 && !s->stopping)
		s->deferred = loop_defer(s->loop, on_deferred, s);
}

/* ---- life */

static bool
open_listener(int port, int *out, struct error *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_system(err, errno, "opening a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	    listen(fd, 4096) == 0) {
		*out = fd;
		return true;
	}
	int errnum = errno;
	close(fd);
	if (errnum == EADDRINUSE)
		return error_set(err, ERROR_SYSTEM,
		    "port %d is taken by another program: end that, or choose another "
		    "port "
		    "with `sandtop host run --port N`",
		    port);
	return error_system(err, errnum, "listening on 127.0.0.1:%d", port);
}

static int
bound_port(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	return ntohs(address.sin_port);
}

/* Leaves room for the descriptors of sandboxes. */
static int
connection_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return MAX_CONNECTIONS;
	return (int)CLAMP(limit.rlim_cur / 2, 64, MAX_CONNECTIONS);
}

static struct MHD_Daemon *
start_daemon(struct server *s, int listener)
{
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, listener, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, (int)s->connection_limit, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, IDLE_LIMIT_S, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	mhd_load();
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
	    on_access, s, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
	    MHD_OPTION_URI_LOG_CALLBACK, on_uri, s, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
	    MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

struct server *
server_new(struct loop *loop, int port, const struct server_events *events, void *ctx,
    struct error *err)
{
	struct server *s;
	int listener = -1;

	if (!open_listener(port, &listener, err))
		return NULL;
	s = xcalloc(1, sizeof *s);
	s->loop = loop;
	s->events = events;
	s->ctx = ctx;
	s->port = bound_port(listener);
	s->connection_limit = (size_t)connection_limit();
	s->crowded_at = few_places(s);
	s->daemon = start_daemon(s, listener);
	if (!s->daemon) {
		close(listener);
		free(s);
		error_set(err, ERROR_SYSTEM, "the HTTP server did not start");
		return NULL;
	}
	s->again = timer_new(loop, on_again, s);
	s->sweep = timer_new(loop, on_sweep, s);
	s->watch = watch_new(loop,
	    MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, on_ready,
	    s);
	watch_set(s->watch, WATCH_READ);
	return s;
}

int
server_port(const struct server *s)
{
	return s->port;
}

size_t
server_connections(const struct server *s)
{
	return s->connection_count;
}

/* libmicrohttpd insists that nothing is suspended when it stops. */
void
server_stop(struct server *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	if (s->deferred)
		loop_defer_cancel(s->loop, s->deferred);
	for (struct connection *c = s->connections; c; c = c->next) {
		if (!c->request)
			continue;
		request_left(c->request);
		request_wake(c->request);
	}
	MHD_run(s->daemon);
	watch_free(s->watch);
	timer_free(s->again);
	timer_free(s->sweep);
	MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
}

void
server_free(struct server *s)
{
	if (!s)
		return;
	server_stop(s);
	free(s);
}
