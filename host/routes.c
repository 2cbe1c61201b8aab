#include "host/routes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/envd.h"
#include "host/front.h"
#include "host/interpreter.h"
#include "host/ports.h"
#include "host/reply.h"
#include "host/rest.h"
#include "host/rpc.h"
#include "host/sandbox.h"
#include "host/signature.h"
#include "host/store.h"
#include "host/watcher.h"
#include "wire/json.h"

#define REST_BODY_MAX JSON_MAX_OBJECT /* no longer one is read */
#define RPC_BODY_MAX (64u * 1024 * 1024 + 16)
/* Without the key or a token: nobody else on the machine fills our memory. */
#define STRANGER_BODY_MAX (64u * 1024)

#define API(m, p, g, fn)                                                                 \
	{                                                                                \
		.side = ROUTE_API, .auth = ROUTE_KEY, .generation = g, .method = m,      \
		.path = p, .run = fn                                                     \
	}
#define UNARY(p, fn)                                                                     \
	{                                                                                \
		.side = ROUTE_ENVD, .kind = ROUTE_UNARY, .auth = ROUTE_TOKEN,            \
		.method = "POST", .path = p, .run = fn                                   \
	}
#define STREAM(p, fn)                                                                    \
	{                                                                                \
		.side = ROUTE_ENVD, .kind = ROUTE_STREAM, .auth = ROUTE_TOKEN,           \
		.method = "POST", .path = p, .run = fn                                   \
	}

#define CELLS(m, p, fn)                                                                  \
	{                                                                                \
		.side = ROUTE_INTERPRETER, .auth = ROUTE_OPEN, .method = m, .path = p,   \
		.run = fn                                                                \
	}

/* clang-format off */
static const struct route routes[] = {
	{ .side = ROUTE_API, .auth = ROUTE_OPEN, .method = "GET", .path = "/health",
	    .run = rest_health },
	API("GET",    "/v2/sandboxes",            2, rest_list),
	API("GET",    "/sandboxes",               1, rest_list_v1),
	API("POST",   "/v2/sandboxes",            2, rest_create_sandbox),
	API("POST",   "/sandboxes",               1, rest_create_sandbox),
	API("GET",    "/sandboxes/metrics",       1, rest_metrics_batch),
	API("GET",    "/sandboxes/{}",            1, rest_get),
	API("DELETE", "/sandboxes/{}",            1, rest_kill),
	API("POST",   "/sandboxes/{}/pause",      1, rest_pause),
	API("POST",   "/sandboxes/{}/resume",     1, rest_resume),
	API("POST",   "/v2/sandboxes/{}/connect", 2, rest_connect),
	API("POST",   "/sandboxes/{}/connect",    1, rest_connect),
	API("POST",   "/sandboxes/{}/timeout",    1, rest_timeout),
	API("POST",   "/sandboxes/{}/refreshes",  1, rest_refreshes),
	API("PUT",    "/sandboxes/{}/network",    1, rest_network),
	API("GET",    "/sandboxes/{}/metrics",    1, rest_metrics),
	API("GET",    "/v2/sandboxes/{}/logs",    2, rest_logs),
	API("GET",    "/sandboxes/{}/logs",       1, rest_logs),
	API("GET",    "/v2/templates",            2, rest_templates),
	API("GET",    "/templates",               1, rest_templates),
	API("GET",    "/templates/aliases/{}",    1, rest_template_alias),
	API("GET",    "/templates/{}/tags",       1, rest_template_tags),
	API("GET",    "/default-templates",       1, rest_default_templates),
	API("POST",   "/templates/tags",          1, rest_tags_set),
	API("DELETE", "/templates/tags",          1, rest_tags_remove),
	API("GET",    "/templates/{}/tags/count", 1, rest_tags_count),
	API("GET",    "/templates/{}/tags/exists", 1, rest_tags_exists),
	API("GET",    "/templates/{}/tags/groups", 1, rest_tags_groups),
	API("GET",    "/templates/{}/tags/{}/assignments", 1, rest_tags_assignments),
	API("GET",    "/templates/{}",            1, rest_template),
	API("DELETE", "/templates/{}",            1, rest_template_delete),
	API("PATCH",  "/templates/{}",            1, rest_template_patch),
	API("PATCH",  "/v2/templates/{}",         2, rest_template_patch),
	API("POST",   "/v3/templates",            3, rest_template_request),
	API("POST",   "/templates",               1, rest_template_legacy),
	API("POST",   "/v2/templates",            2, rest_template_legacy),
	API("POST",   "/templates/{}",            1, rest_template_legacy),
	API("POST",   "/templates/{}/builds/{}",  1, rest_template_legacy),
	API("GET",    "/templates/{}/files/{}",   1, rest_template_file),
	{ .side = ROUTE_API, .auth = ROUTE_OPEN, .method = "PUT",
	    .path = "/template-files/{}/{}", .run = rest_template_upload,
	    .begin = rest_template_upload_begin },
	API("POST",   "/v2/templates/{}/builds/{}", 2, rest_build_start),
	API("GET",    "/templates/{}/builds/{}/status", 1, rest_build_status),
	API("GET",    "/templates/{}/builds/{}/logs", 1, rest_build_logs),
	{ .side = ROUTE_API, .auth = ROUTE_OPEN, .method = "GET", .path = "/teams",
	    .run = rest_teams },
	API("GET",    "/teams/{}/metrics",        1, rest_team_metrics),
	API("GET",    "/teams/{}/metrics/max",    1, rest_team_metrics_max),
	API("GET",    "/snapshots",               1, rest_snapshots),
	API("POST",   "/sandboxes/{}/snapshots",  1, rest_snapshot),
	API("POST",   "/sandboxes/{}/fork",       1, rest_fork),

	{ .side = ROUTE_ENVD, .auth = ROUTE_OPEN, .method = "GET", .path = "/health",
	    .run = serve_health },
	{ .side = ROUTE_ENVD, .auth = ROUTE_TOKEN, .method = "GET", .path = "/metrics",
	    .run = serve_metrics },
	{ .side = ROUTE_ENVD, .auth = ROUTE_TOKEN, .method = "GET", .path = "/envs",
	    .run = serve_envs },
	STREAM("/process.Process/Start", serve_start),
	STREAM("/process.Process/Connect", serve_connect),
	UNARY("/process.Process/List", serve_list),
	UNARY("/process.Process/SendInput", serve_send_input),
	{ .side = ROUTE_ENVD, .kind = ROUTE_UPLOAD, .auth = ROUTE_TOKEN, .method = "POST",
	    .path = "/process.Process/StreamInput", .run = serve_stream_input,
	    .begin = serve_stream_input_begin },
	UNARY("/process.Process/CloseStdin", serve_close_stdin),
	UNARY("/process.Process/Update", serve_update),
	UNARY("/process.Process/SendSignal", serve_send_signal),

	UNARY("/filesystem.Filesystem/Stat", serve_stat),
	UNARY("/filesystem.Filesystem/ListDir", serve_list_dir),
	UNARY("/filesystem.Filesystem/MakeDir", serve_make_dir),
	UNARY("/filesystem.Filesystem/Move", serve_move),
	UNARY("/filesystem.Filesystem/Remove", serve_remove),
	STREAM("/filesystem.Filesystem/WatchDir", serve_watch_dir),
	UNARY("/filesystem.Filesystem/CreateWatcher", serve_create_watcher),
	UNARY("/filesystem.Filesystem/GetWatcherEvents", serve_get_watcher_events),
	UNARY("/filesystem.Filesystem/RemoveWatcher", serve_remove_watcher),
	{ .side = ROUTE_ENVD, .auth = ROUTE_SIGNED, .method = "GET", .path = "/files",
	    .run = serve_download },
	{ .side = ROUTE_ENVD, .auth = ROUTE_SIGNED, .method = "POST", .path = "/files",
	    .run = serve_upload, .begin = serve_upload_begin },
	{ .side = ROUTE_ENVD, .auth = ROUTE_TOKEN, .method = "POST", .path = "/files/compose",
	    .run = serve_compose },

	CELLS("GET",    "/health",              interpret_health),
	CELLS("POST",   "/execute",             interpret_execute),
	CELLS("GET",    "/contexts",            interpret_list),
	CELLS("POST",   "/contexts",            interpret_create),
	CELLS("POST",   "/contexts/{}/restart", interpret_restart),
	CELLS("DELETE", "/contexts/{}",         interpret_remove),
};
/* clang-format on */

/* envd's own control paths are refused by the proxy in front of it. */
static const char *const internal_paths[] = { "/init", "/freeze", "/unfreeze",
	"/fsfreeze", "/fsthaw", "/collapse", "/upgrade" };

size_t
routes_count(void)
{
	return ARRAY_LEN(routes);
}

const struct route *
routes_at(size_t index)
{
	return &routes[index];
}

/* ---- finding */

/* One segment of the path into `out`, decoded. */
static bool
take_segment(const char *segment, size_t len, char out[256])
{
	if (len == 0 || len > 255)
		return false;
	memcpy(out, segment, len);
	out[len] = '\0';
	return url_decode(out);
}

static bool
matches(const char *pattern, const char *path, char param[2][256])
{
	int params = 0;

	while (*pattern && *path) {
		size_t pattern_len = strcspn(pattern + 1, "/") + 1;
		size_t path_len = strcspn(path + 1, "/") + 1;

		if (*path != '/')
			return false;
		if (pattern_len == 3 && memcmp(pattern, "/{}", 3) == 0) {
			assert(params < 2);
			if (!take_segment(path + 1, path_len - 1, param[params++]))
				return false;
		} else if (pattern_len != path_len ||
			   memcmp(pattern, path, path_len) != 0) {
			return false;
		}
		pattern += pattern_len;
		path += path_len;
	}
	return !*pattern && !*path;
}

const struct route *
routes_find(enum route_side side, const char *method, const char *path,
    char param[2][256], const char **allowed)
{
	*allowed = NULL;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (routes[i].side != side || !matches(routes[i].path, path, param))
			continue;
		if (str_eq(routes[i].method, method))
			return &routes[i];
		*allowed = routes[i].method;
	}
	return NULL;
}

/* ---- the API */

static const char *
refuse_key(const struct host *h, const struct request *r)
{
	const char *key = request_header(r, "X-API-Key");

	if (!key)
		return "authorization header is missing";
	if (!str_has_prefix(key, "e2b_"))
		return "authorization header is malformed";
	if (strlen(key) % 2 != 0 || key[4 + strspn(key + 4, "0123456789abcdefABCDEF")])
		return "Invalid API key, `sandtop host env` prints this host's key\n"
		       "Invalid API key format";
	if (!secret_eq(h->file.key, key))
		return "Invalid API key, `sandtop host env` prints this host's key\n"
		       "Cannot get the team for the given API key";
	return NULL;
}

/* ---- what was done is written before it is told: a host that is killed right behind its
 * answer has not lied */

struct promise {
	struct request *request; /* borrowed; NULL: the client left */
};

static void
on_promise_gone(void *ctx)
{
	struct promise *p = ctx;

	p->request = NULL;
}

static void
on_written(void *ctx)
{
	struct promise *p = ctx;

	if (p->request)
		request_let_go(p->request);
	free(p);
}

static void
on_answer(void *ctx, struct request *r)
{
	struct host *h = ctx;
	struct promise *p;

	if (!store_owes(h->store)) {
		request_let_go(r);
		return;
	}
	p = xcalloc(1, sizeof *p);
	p->request = r;
	request_own(r, on_promise_gone, p);
	store_when_written(h->store, on_written, p);
}

static void
serve_api(struct host *h, struct request *r)
{
	struct call c = { .host = h, .request = r };
	const char *allowed, *refusal;

	c.route =
	    routes_find(ROUTE_API, request_method(r), request_path(r), c.param, &allowed);
	if (!c.route && allowed) {
		request_add_header(r, "Allow", allowed);
		reply_error(r, 405, "method not allowed");
		return;
	}
	if (!c.route) {
		reply_error(r, 404, "no matching operation was found");
		return;
	}
	refusal = c.route->auth == ROUTE_KEY ? refuse_key(h, r) : NULL;
	if (!refusal && !str_eq(c.route->method, "GET"))
		request_hold(r, on_answer, h);
	if (refusal)
		reply_error(r, 401, "%s", refusal);
	else
		c.route->run(&c);
}

/* ---- sandboxes */

static void
answer_preflight(struct request *r)
{
	const char *headers = request_header(r, "Access-Control-Request-Headers");

	request_add_header(r, "Access-Control-Allow-Origin", "*");
	request_add_header(
	    r, "Access-Control-Allow-Methods", "HEAD, GET, POST, PUT, PATCH, DELETE");
	request_add_header(r, "Access-Control-Allow-Headers", headers ? headers : "*");
	request_add_header(r, "Access-Control-Max-Age", "7200");
	reply_empty(r, 204);
}

static bool
is_internal(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(internal_paths); i++)
		if (str_eq(path, internal_paths[i]))
			return true;
	return false;
}

static void
refuse_internal(struct request *r)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_add_str(&body, "{\"message\":\"this path is not for clients\",\"path\":");
	json_add_string(&body, request_path(r));
	buf_add_str(&body, ",\"code\":404}");
	request_add_header(r, "Access-Control-Allow-Origin", "*");
	reply_json(r, 404, &body);
}

/* Without a route: 405 where another method would do, else envd's 404. */
static void
refuse_route(struct request *r, const char *allowed)
{
	if (!allowed) {
		reply_text(r, 404, "404 page not found\n");
		return;
	}
	request_add_header(r, "Allow", allowed);
	reply_empty(r, 405);
}

/* NULL: it may go on. */
static const char *
refuse_entry(const struct call *c)
{
	if (c->route && c->route->auth == ROUTE_OPEN)
		return NULL;
	if (c->route && c->route->auth == ROUTE_SIGNED &&
	    !request_header(c->request, "X-Access-Token"))
		return signature_refuse(request_query(c->request),
		    str_eq(c->route->method, "GET") ? "read" : "write",
		    c->sandbox->info.envd_token);
	if (front_has_token(c->request, c->sandbox))
		return NULL;
	return "unauthorized access, please provide a valid access token or method "
	       "signing if supported";
}

static void
serve_envd(struct host *h, struct request *r, struct sandbox *s)
{
	struct call c = { .host = h, .request = r, .sandbox = s };
	const char *allowed, *refusal;

	front_add_cors(r);
	if (str_eq(request_method(r), "OPTIONS")) {
		answer_preflight(r);
		return;
	}
	c.route = routes_find(
	    ROUTE_ENVD, request_method(r), request_path(r), c.param, &allowed);
	refusal = refuse_entry(&c);
	if (refusal) {
		reply_error(r, 401, "%s", refusal);
		return;
	}
	c.user = rpc_user(r);
	if (!c.user)
		return;
	if (s->outset.user && !request_header(r, "Authorization"))
		c.user = s->outset.user;
	if (!c.route)
		refuse_route(r, allowed);
	else if (c.route->kind == ROUTE_PLAIN || rpc_accept(&c))
		c.route->run(&c);
}

static void
serve_interpreter(struct host *h, struct request *r, struct sandbox *s)
{
	struct call c = { .host = h, .request = r, .sandbox = s };
	const char *allowed;

	front_add_cors(r);
	if (str_eq(request_method(r), "OPTIONS")) {
		answer_preflight(r);
		return;
	}
	c.route = routes_find(
	    ROUTE_INTERPRETER, request_method(r), request_path(r), c.param, &allowed);
	if (c.route)
		c.route->run(&c);
	else
		refuse_route(r, allowed);
}

static void
serve_sandbox(struct host *h, struct request *r, const struct target *target)
{
	struct sandbox *s;

	if (target->problem) {
		reply_text(r, 400, target->problem);
		return;
	}
	if (target->port == HOST_ENVD_PORT && is_internal(request_path(r))) {
		refuse_internal(r);
		return;
	}
	if (front_refuse_closed(h, r, target))
		return;
	if (!front_is_ours(h, target)) { /* it was not there when the header came */
		reply_proxy_error(r, 502, target->id, PORTS_NOT_FOUND_TEXT, 0);
		return;
	}
	s = front_admit(h, r, target);
	if (s && target->port == HOST_ENVD_PORT)
		serve_envd(h, r, s);
	else if (s)
		serve_interpreter(h, r, s);
}

void
routes_ready(void *ctx, struct request *r)
{
	void *sink = request_sink_ctx(r);
	struct target target;

	front_find(ctx, r, &target);
	if (sink && target.is_sandbox && target.port != HOST_ENVD_PORT)
		ports_body_complete(sink);
	else if (sink)
		((struct route_sink *)sink)->finish(sink);
	else if (target.is_sandbox)
		serve_sandbox(ctx, r, &target);
	else if (front_is_signed(r))
		reply_error(r, 401, "invalid signature: no sandbox of this host made it");
	else
		serve_api(ctx, r);
}

/* ---- before the body */

/* A stream of input is taken as it comes, if everything about it is in order; whatever is
 * not is told when the body has been read. */
static void
begin_upload(struct host *h, struct request *r, const struct target *target)
{
	struct call c = { .host = h, .request = r };
	const char *allowed;

	c.route = routes_find(
	    ROUTE_ENVD, request_method(r), request_path(r), c.param, &allowed);
	if (!c.route || !c.route->begin || target->port != HOST_ENVD_PORT)
		return;
	c.sandbox = registry_find_real(h->registry, target->id);
	if (c.sandbox && c.sandbox->state == SANDBOX_RUNNING && !refuse_entry(&c)) {
		front_add_cors(r);
		c.route->begin(&c);
	}
}

/* The same for the API: only what needs no key is taken before it is whole. */
static void
begin_api_upload(struct host *h, struct request *r)
{
	struct call c = { .host = h, .request = r };
	const char *allowed;

	c.route =
	    routes_find(ROUTE_API, request_method(r), request_path(r), c.param, &allowed);
	if (c.route && c.route->begin && c.route->auth == ROUTE_OPEN)
		c.route->begin(&c);
}

static bool
is_stranger(const struct host *h, const struct request *r, const struct target *target)
{
	const struct sandbox *s;

	if (!target->is_sandbox)
		return refuse_key(h, r) != NULL;
	s = registry_find(h->registry, target->id);
	return !s || !front_has_token(r, s);
}

static size_t
body_limit(const struct host *h, const struct request *r, const struct target *target)
{
	if (is_stranger(h, r, target))
		return STRANGER_BODY_MAX;
	return target->is_sandbox ? RPC_BODY_MAX : REST_BODY_MAX;
}

void
routes_head(void *ctx, struct request *r)
{
	const char *length = request_header(r, "Content-Length");
	struct target target;
	size_t limit;
	int64_t bytes;

	front_find(ctx, r, &target);
	if (target.is_sandbox && front_take_port(ctx, r, &target))
		return;
	/* Who asks is of no matter where no body comes: the key is checked once, later. */
	if (str_eq(request_method(r), "GET") && !length &&
	    !request_header(r, "Transfer-Encoding"))
		return;
	limit = body_limit(ctx, r, &target);
	request_set_body_limit(r, limit);
	if (!target.is_sandbox)
		begin_api_upload(ctx, r);
	else if (!target.problem)
		begin_upload(ctx, r, &target);
	if (request_sink_ctx(r))
		return; /* taken as it comes, however long it is */
	if (length && parse_int(length, 0, INT64_MAX, &bytes) && bytes > (int64_t)limit)
		routes_too_long(ctx, r);
}

/* Killed, or paused for good: how long the body is does not matter then. */
static bool
is_asleep(const struct host *h, const struct target *target)
{
	const struct sandbox *s = registry_find(h->registry, target->id);

	return !s || (s->state == SANDBOX_PAUSED && s->info.auto_resume != REST_YES);
}

void
routes_too_long(void *ctx, struct request *r)
{
	struct target target;
	struct buf body;

	front_find(ctx, r, &target);
	/* Who is too late is no stranger: clients tell the two apart. */
	if (target.is_sandbox && !target.problem && is_asleep(ctx, &target)) {
		reply_proxy_error(r, 502, target.id, PORTS_NOT_FOUND_TEXT, 0);
		return;
	}
	buf_init(&body, REPLY_MAX);
	if (is_stranger(ctx, r, &target)) {
		rest_error_encode(&body, 401, NULL,
		    "a body this long needs the API key or the sandbox's access token");
		request_reply_early(r, 401, "application/json; charset=utf-8", &body);
		return;
	}
	if (!target.is_sandbox) {
		rest_error_encode(&body, 413, NULL, "the body is longer than 4 MiB");
		request_reply_early(r, 413, "application/json; charset=utf-8", &body);
		return;
	}
	connect_add_error_body(
	    &body, CONNECT_RESOURCE_EXHAUSTED, "the message is longer than 64 MiB");
	request_reply_early(r, 429, "application/json", &body);
}
