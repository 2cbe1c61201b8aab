#include "host/front.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "host/interpreter.h"
#include "host/port_head.h"
#include "host/ports.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/sandbox_internal.h"
#include "host/signature.h"

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

/* The name without ":PORT", "" for none. false: too long to be one of ours. */
static bool
host_name(const struct request *r, char out[128])
{
	const char *host = request_header(r, "Host");
	const char *end;

	if (!host)
		host = "";
	end = *host == '[' ? strchr(host, ']') : strchr(host, ':');
	if (end && *host == '[')
		end++;
	if (!end)
		end = host + strlen(host);
	if ((size_t)(end - host) >= 128)
		return false;
	memcpy(out, host, (size_t)(end - host));
	out[end - host] = '\0';
	return true;
}

/* Any other name that leads here was made to: a page of somebody's whose name suddenly
 * means 127.0.0.1 would speak to sandboxes as if it were theirs. */
static bool
is_plain_host(const char *name)
{
	static const char *const names[] = { "", "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

/* "<port>-<id>[-<anything>].<domain>"; anything else is not for a sandbox. */
static bool
parse_label(char *name, struct target *out)
{
	char *dot = strchr(name, '.');
	char *id, *rest;

	if (!dot)
		return false;
	*dot = '\0';
	if (strcasecmp(dot + 1, "localhost") != 0)
		out->problem = "sandboxes are served as <port>-<id>.localhost only";
	id = strchr(name, '-');
	if (!id)
		return false;
	*id++ = '\0';
	rest = strchr(id, '-');
	if (rest)
		*rest = '\0';
	return parse_port(name, &out->port) && sandbox_id_parse(id, out->id);
}

void
front_parse(const struct request *r, struct target *out)
{
	const char *id = request_header(r, "E2b-Sandbox-Id");
	const char *port = request_header(r, "E2b-Sandbox-Port");
	char name[128] = "";

	*out = (struct target){ 0 };
	if (!host_name(r, name) || !is_plain_host(name)) {
		out->is_sandbox = parse_label(name, out) || id || port;
		if (out->is_sandbox && !*out->id)
			out->problem =
			    "sandboxes are reached through localhost, 127.0.0.1, "
			    "[::1] and <port>-<id>.localhost only";
		return;
	}
	if (!id && !port)
		return;
	out->is_sandbox = true;
	if (!id || !port)
		out->problem = "both E2b-Sandbox-Id and E2b-Sandbox-Port are needed";
	else if (strchr(id, '-') || !sandbox_id_parse(id, out->id))
		out->problem = "E2b-Sandbox-Id is not a sandbox id";
	else if (!parse_port(port, &out->port))
		out->problem = "E2b-Sandbox-Port is not a port";
}

bool
front_is_signed(const struct request *r)
{
	char *signature = str_eq(request_path(r), "/files")
			      ? query_get(request_query(r), "signature")
			      : NULL;
	bool is_signed = signature != NULL;

	free(signature);
	return is_signed;
}

void
front_find(const struct host *h, const struct request *r, struct target *out)
{
	front_parse(r, out);
	if (out->is_sandbox || !front_is_signed(r))
		return;
	for (const struct sandbox *s = registry_first(h->registry); s; s = s->next) {
		if (s->simulated || !s->info.envd_token ||
		    !signature_is_of(request_query(r), s->info.envd_token))
			continue;
		out->is_sandbox = true;
		out->port = HOST_ENVD_PORT;
		str_copy(out->id, sizeof out->id, s->info.id);
		return;
	}
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
			reply_proxy_error(
			    w->request, 502, w->id, PORTS_NOT_FOUND_TEXT, 0);
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

/* Only files left is no state that traffic wakes; a resume under way is joined. */
static bool
is_woken_by_traffic(const struct sandbox *s)
{
	if (s->info.auto_resume != REST_YES)
		return false;
	return s->state == SANDBOX_RESUMING || (s->box && !s->box_ending);
}

struct sandbox *
front_admit(struct host *h, struct request *r, const struct target *target)
{
	struct sandbox *s = registry_find_real(h->registry, target->id);

	if (s && s->state == SANDBOX_RUNNING)
		return s;
	if (!s || !is_woken_by_traffic(s))
		reply_proxy_error(r, 502, target->id, PORTS_NOT_FOUND_TEXT, 0);
	else if (target->port == HOST_ENVD_PORT && s->state != SANDBOX_RESUMING &&
		 !front_has_token(r, s))
		reply_proxy_error(r, 403, target->id,
		    "The sandbox is paused and is woken only by a request with its "
		    "access token",
		    0);
	else
		wake(h, r, s);
	return NULL;
}

/* ---- other ports */

bool
front_is_ours(const struct host *h, const struct target *target)
{
	const struct sandbox *s;

	if (target->port != INTERPRETER_PORT)
		return target->port == HOST_ENVD_PORT;
	s = registry_find_real(h->registry, target->id);
	return s && sandbox_has_interpreter(s);
}

/* The ports of a closed sandbox are for those with its token. */
static bool
may_pass(const struct request *r, const struct sandbox *s)
{
	const char *token = request_header(r, PORT_TOKEN_HEADER);

	return !s->info.traffic_token ||
	       (token && secret_eq(s->info.traffic_token, token));
}

bool
front_refuse_closed(struct host *h, struct request *r, const struct target *target)
{
	const struct sandbox *s = registry_find_real(h->registry, target->id);

	if (!s || target->port == HOST_ENVD_PORT || may_pass(r, s))
		return false;
	reply_proxy_error(r, 403, target->id,
	    "The sandbox's ports are closed to the public: send its trafficAccessToken "
	    "as " PORT_TOKEN_HEADER,
	    0);
	return true;
}

bool
front_take_port(struct host *h, struct request *r, const struct target *target)
{
	struct sandbox *s = registry_find_real(h->registry, target->id);
	int64_t wake_s = 0;

	if (target->problem || !s || front_is_ours(h, target) || !may_pass(r, s))
		return false;
	if (s->state != SANDBOX_RUNNING) {
		if (!is_woken_by_traffic(s))
			return false;
		wake_s = MAX(s->timeout_s, WAKE_MIN_S);
	}
	ports_begin(h->ports, r, s, target->port, wake_s);
	return true;
}
