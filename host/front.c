#include "host/front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/reply.h"
#include "host/sandbox_internal.h"

#define NOT_FOUND_TEXT "The sandbox was not found"
#define CLOSED_TEXT "The sandbox is running but port is not open"
#define WAKE_MIN_S 300 /* of a sandbox that traffic woke */

/* ---- addressing */

static bool
parse_port(const char *text, int *out)
{
	int64_t port;

	if (!text || !parse_int(text, 1, 65535, &port))
		return false;
	*out = (int)port;
	return true;
}

/* "<port>-<id>[-<anything>].<domain>"; anything else is not for a sandbox. */
static bool
parse_label(const char *host, struct target *out)
{
	char label[128];
	const char *dot = host ? strchr(host, '.') : NULL;
	char *id, *rest;

	if (!dot || (size_t)(dot - host) >= sizeof label)
		return false;
	memcpy(label, host, (size_t)(dot - host));
	label[dot - host] = '\0';
	id = strchr(label, '-');
	if (!id)
		return false;
	*id++ = '\0';
	rest = strchr(id, '-');
	if (rest)
		*rest = '\0';
	return parse_port(label, &out->port) && sandbox_id_parse(id, out->id);
}

void
front_parse(const struct request *r, struct target *out)
{
	const char *id = request_header(r, "E2b-Sandbox-Id");
	const char *port = request_header(r, "E2b-Sandbox-Port");

	*out = (struct target){ 0 };
	if (!id && !port) {
		out->is_sandbox = parse_label(request_header(r, "Host"), out);
		return;
	}
	out->is_sandbox = true;
	if (!id || !port)
		out->problem = "both E2b-Sandbox-Id and E2b-Sandbox-Port are needed";
	else if (strchr(id, '-') || !sandbox_id_parse(id, out->id))
		out->problem = "E2b-Sandbox-Id is not a sandbox id";
	else if (!parse_port(port, &out->port))
		out->problem = "E2b-Sandbox-Port is not a port";
}

bool
front_has_token(const struct request *r, const struct sandbox *s)
{
	const char *token = request_header(r, "X-Access-Token");

	return token && secret_eq(s->info.envd_token, token);
}

void
front_add_cors(struct request *r)
{
	/* Harmless when a route adds them twice: headers of a reply are unique. */
	request_add_header(r, "Vary", "Origin");
	if (!request_header(r, "Origin"))
		return;
	request_add_header(r, "Access-Control-Allow-Origin", "*");
	request_add_header(r, "Access-Control-Expose-Headers",
	    "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin, Location, "
	    "Cache-Control, "
	    "X-Content-Type-Options");
}

/* ---- waking */

struct wake {
	struct host *host;	 /* borrowed */
	struct request *request; /* NULL: the client left */
	char id[32];
};

static void
on_gone(void *ctx)
{
	struct wake *w = ctx;

	w->request = NULL;
}

static void
on_awake(void *ctx, struct sandbox *s, const struct error *err)
{
	struct wake *w = ctx;

	(void)err;
	if (w->request) {
		request_own(w->request, NULL, NULL);
		if (s)
			routes_ready(w->host, w->request);
		else
			reply_proxy_error(w->request, 502, w->id, NOT_FOUND_TEXT, 0);
	}
	free(w);
}

static void
wake(struct host *h, struct request *r, struct sandbox *s)
{
	struct wake *w = xcalloc(1, sizeof *w);

	w->host = h;
	w->request = r;
	str_copy(w->id, sizeof w->id, s->info.id);
	request_own(r, on_gone, w);
	sandbox_resume(s, MAX(s->timeout_s, WAKE_MIN_S), false, on_awake, w);
}

struct sandbox *
front_admit(struct host *h, struct request *r, const struct target *target)
{
	struct sandbox *s = registry_find(h->registry, target->id);

	if (s && s->state == SANDBOX_RUNNING)
		return s;
	/* Only files left is no state that traffic wakes. */
	if (!s || s->info.auto_resume != REST_YES || !s->box || s->box_ending) {
		if (s && s->state == SANDBOX_RESUMING && s->info.auto_resume == REST_YES)
			wake(h, r, s);
		else
			reply_proxy_error(r, 502, target->id, NOT_FOUND_TEXT, 0);
	} else if (target->port == HOST_ENVD_PORT && !front_has_token(r, s)) {
		reply_proxy_error(r, 403, target->id,
		    "The sandbox is paused and is woken only by a request with its "
		    "access token",
		    0);
	} else {
		wake(h, r, s);
	}
	return NULL;
}

/* ---- other ports */

struct dial {
	struct loop *loop;	 /* borrowed */
	struct request *request; /* NULL: the client left */
	struct watch *watch;	 /* owned */
	char id[32];
	int port, fd;
};

static void
on_dial_gone(void *ctx)
{
	struct dial *d = ctx;

	d->request = NULL;
}

static void
finish_dial(struct dial *d, bool open)
{
	watch_free(d->watch);
	if (d->fd >= 0)
		close(d->fd);
	if (d->request && open)
		reply_proxy_error(d->request, 501, d->id,
		    "The port is open, but this host forwards no HTTP to ports of a "
		    "sandbox",
		    d->port);
	else if (d->request)
		reply_proxy_error(d->request, 502, d->id, CLOSED_TEXT, d->port);
	free(d);
}

static void
on_dialled(void *ctx, int events)
{
	struct dial *d = ctx;
	int failed = 0;
	socklen_t len = sizeof failed;

	(void)events;
	getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &failed, &len);
	finish_dial(d, failed == 0);
}

static void
on_socket(void *ctx, int fd)
{
	struct dial *d = ctx;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)d->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	d->fd = fd;
	if (fd < 0 || !d->request) {
		finish_dial(d, false);
		return;
	}
	d->watch = watch_new(d->loop, fd, on_dialled, d); /* makes it non-blocking */
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		finish_dial(d, true);
	else if (errno == EINPROGRESS)
		watch_set(d->watch, WATCH_WRITE);
	else
		finish_dial(d, false);
}

void
front_answer_port(struct host *h, struct request *r, struct sandbox *s, int port)
{
	struct dial *d = xcalloc(1, sizeof *d);

	d->loop = h->loop;
	d->request = r;
	d->port = port;
	d->fd = -1;
	str_copy(d->id, sizeof d->id, s->info.id);
	request_own(r, on_dial_gone, d);
	box_socket(s->box, on_socket, d);
}
