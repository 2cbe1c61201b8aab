#include "net/envd.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/mem.h"
#include "net/envd_private.h"

enum { SILENCE_MS = 60000, BACKOFF_MS = 200, PROBE_MS = 2000, UNARY_MS = 15000 };
#define PORT_HEADER "E2b-Sandbox-Port: 49983"

struct unary {
	envd_call id;
	struct envd *envd;  /* borrowed */
	struct unary *next; /* owned */
	uint64_t http;
	const char *what; /* borrowed constant: "listing processes" */
	bool is_rpc;
	void (*answered)(struct unary *u, const struct http_reply *reply,
	    const struct connect_error *ce, const struct error *err);
	/* one of them is the owner's */
	envd_report *report;
	envd_list_done *list;
	envd_done *plain;
	envd_health_done *health;
	envd_metrics_done *metrics;
	void *ctx; /* borrowed */
};

/* ---- the object */

static bool
read_part(const char **at, int *out)
{
	int64_t n;
	char digits[8] = "";
	size_t len = strspn(*at, "0123456789");

	if (len == 0 || len >= sizeof digits)
		return false;
	memcpy(digits, *at, len);
	if (!parse_int(digits, 0, 9999999, &n))
		return false;
	*out = (int)n;
	*at += len;
	*at += **at == '.';
	return true;
}

bool
envd_version_at_least(const char *version, int major, int minor, int patch)
{
	const int want[] = { major, minor, patch };

	if (!version)
		return true;
	version += *version == 'v';
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		int have;

		if (!read_part(&version, &have))
			return true;
		if (have != want[i])
			return have > want[i];
	}
	return true;
}

/* Daemons before 0.4.0 have no default user. */
static char *
user_header(const struct envd_target *target)
{
	const char *user = target->user;
	char *pair, *header;
	struct buf encoded;

	if (str_is_empty(user) && envd_version_at_least(target->version, 0, 4, 0))
		return NULL;
	pair = xasprintf("%s:", str_is_empty(user) ? "user" : user);
	buf_init(&encoded, 4096);
	base64_add(&encoded, pair, strlen(pair));
	header = xasprintf("Authorization: Basic %s", encoded.data);
	buf_clear(&encoded);
	free(pair);
	return header;
}

struct envd *
envd_new(struct loop *loop, struct http *http, const struct envd_target *target)
{
	struct envd *e = xcalloc(1, sizeof *e);

	e->loop = loop;
	e->http = http;
	e->url = xstrdup(target->url);
	e->id_header = xasprintf("E2b-Sandbox-Id: %s", target->sandbox_id);
	if (target->token)
		e->token_header = xasprintf("X-Access-Token: %s", target->token);
	e->user_header = user_header(target);
	e->version = xstrdup(target->version);
	e->can_close_stdin = envd_version_at_least(target->version, 0, 5, 2);
	e->silence_ms = target->silence_ms ? target->silence_ms : SILENCE_MS;
	e->backoff_ms = target->backoff_ms ? target->backoff_ms : BACKOFF_MS;
	e->probe_ms = target->probe_ms ? target->probe_ms : PROBE_MS;
	return e;
}

/* The streams stay with their owners, silent and dead. */
static void
orphan_streams(struct envd *e)
{
	while (e->streams) {
		struct envd_stream *s = e->streams;

		e->streams = s->next;
		input_stop(s);
		http_cancel(e->http, s->http);
		timer_stop(s->timer);
		s->over = true;
		s->http = 0;
		s->envd = NULL;
	}
}

void
envd_free(struct envd *e)
{
	if (!e)
		return;
	orphan_streams(e);
	probe_free(e);
	while (e->calls)
		envd_cancel(e, e->calls->id);
	free(e->url);
	free(e->id_header);
	free(e->token_header);
	free(e->user_header);
	free(e->version);
	free(e);
}

int
envd_headers(const struct envd *e, bool stream, const char **out)
{
	int count = 0;

	out[count++] = "Accept: application/json";
	out[count++] = stream ? "Content-Type: application/connect+json"
			      : "Content-Type: application/json";
	out[count++] = "Connect-Protocol-Version: 1";
	out[count++] = e->id_header;
	out[count++] = PORT_HEADER;
	if (e->token_header)
		out[count++] = e->token_header;
	if (e->user_header)
		out[count++] = e->user_header;
	out[count] = NULL;
	return count;
}

/* ---- unary calls */

static struct unary *
unlink_call(struct envd *e, envd_call id)
{
	struct unary **at = &e->calls;
	struct unary *u;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	u = *at;
	if (u)
		*at = u->next;
	return u;
}

void
envd_cancel(struct envd *e, envd_call call)
{
	struct unary *u = unlink_call(e, call);

	if (!u)
		return;
	http_cancel(e->http, u->http);
	free(u);
}

/* "application/json; charset=utf-8" is as good. */
bool
envd_has_type(const char *content_type, const char *wanted)
{
	size_t len = strlen(wanted);

	return content_type && strncasecmp(content_type, wanted, len) == 0 &&
	       strchr("; \t", content_type[len]) != NULL;
}

static void
check_reply(const struct unary *u, const struct http_reply *reply,
    struct connect_error *ce, struct error *err)
{
	if (reply->status == 0) {
		*err = reply->error;
		error_prefix(err, "%s", u->what);
	} else if (reply->status / 100 != 2) {
		connect_error_from_body(reply->status, reply->body, reply->len, ce);
		connect_error_set(ce, err, u->what);
		err->http_status = reply->status;
		err->retry_after_s = reply->retry_after_s;
	} else if (u->is_rpc && !envd_has_type(reply->content_type, "application/json")) {
		error_set(err, ERROR_REMOTE,
		    "%s: the answer is not the sandbox's: check the sandbox address",
		    u->what);
		err->http_status = reply->status;
	}
}

static void
on_reply(void *ctx, const struct http_reply *reply)
{
	struct unary *u = ctx;
	struct connect_error ce = { 0 };
	struct error err = { 0 };

	check_reply(u, reply, &ce, &err);
	unlink_call(u->envd, u->id);
	u->answered(u, reply, &ce, &err);
	free(u);
}

/* `like` holds the callback and its ctx. */
static envd_call
call(struct envd *e, const char *path, const struct buf *body, int first_byte_ms,
    const struct unary *like)
{
	struct unary *u = xmemdup(like, sizeof *like);
	const char *headers[ENVD_HEADERS_MAX + 1];
	char *url = xasprintf("%s%s", e->url, path);

	u->id = ++e->serial;
	u->envd = e;
	u->next = e->calls;
	e->calls = u;
	u->is_rpc = body != NULL;
	envd_headers(e, false, headers);
	u->http = http_start(e->http, &(struct http_request){
					  .method = body ? "POST" : "GET",
					  .url = url,
					  .headers = headers,
					  .body = body ? body->data : NULL,
					  .body_len = body ? body->len : 0,
					  .first_byte_ms = first_byte_ms,
					  .done = on_reply,
					  .ctx = u,
				      });
	free(url);
	return u->id;
}

static void
on_internal(struct unary *u, const struct http_reply *reply,
    const struct connect_error *ce, const struct error *err)
{
	u->report(u->ctx, reply, ce, err);
}

envd_call
envd_post(struct envd *e, const char *path, const char *what, const struct buf *body,
    int first_byte_ms, envd_report *report, void *ctx)
{
	return call(e, path, body, first_byte_ms,
	    &(struct unary){
		.what = what, .answered = on_internal, .report = report, .ctx = ctx });
}

/* ---- the public ones */

static void
on_list(struct unary *u, const struct http_reply *reply, const struct connect_error *ce,
    const struct error *err)
{
	struct process_list list = { 0 };
	struct error result = *err;

	(void)ce;
	if (!result.code && !process_list_decode(reply->body, reply->len, &list, &result))
		error_prefix(&result, "%s", u->what);
	u->list(u->ctx, &list, &result);
	process_list_clear(&list);
}

envd_call
envd_list(struct envd *e, envd_list_done *done, void *ctx)
{
	struct buf body;
	envd_call id;

	buf_init(&body, 16);
	buf_add_str(&body, "{}");
	id = call(e, "/process.Process/List", &body, UNARY_MS,
	    &(struct unary){ .what = "listing processes",
		.answered = on_list,
		.list = done,
		.ctx = ctx });
	buf_clear(&body);
	return id;
}

static void
on_plain(struct unary *u, const struct http_reply *reply, const struct connect_error *ce,
    const struct error *err)
{
	(void)reply;
	u->plain(u->ctx, ce, err);
}

envd_call
envd_signal(struct envd *e, uint32_t pid, int signum, envd_done *done, void *ctx)
{
	struct buf body;
	envd_call id;

	buf_init(&body, 1024);
	process_signal_encode(&body, pid, signum);
	id = call(e, "/process.Process/SendSignal", &body, UNARY_MS,
	    &(struct unary){ .what = "sending a signal",
		.answered = on_plain,
		.plain = done,
		.ctx = ctx });
	buf_clear(&body);
	return id;
}

static void
on_health(struct unary *u, const struct http_reply *reply, const struct connect_error *ce,
    const struct error *err)
{
	struct error none = { 0 };
	bool gone = reply->status == 502 && ce->sandbox_not_found;

	u->health(u->ctx, !err->code, gone ? &none : err);
}

envd_call
envd_health(struct envd *e, envd_health_done *done, void *ctx)
{
	return call(e, "/health", NULL, UNARY_MS,
	    &(struct unary){ .what = "asking whether the sandbox answers",
		.answered = on_health,
		.health = done,
		.ctx = ctx });
}

static void
on_metrics(struct unary *u, const struct http_reply *reply,
    const struct connect_error *ce, const struct error *err)
{
	struct envd_metrics metrics = { 0 };
	struct error result = *err;

	(void)ce;
	if (!result.code &&
	    !envd_metrics_decode(reply->body, reply->len, &metrics, &result))
		error_prefix(&result, "%s", u->what);
	u->metrics(u->ctx, &metrics, &result);
}

envd_call
envd_metrics_get(struct envd *e, envd_metrics_done *done, void *ctx)
{
	return call(e, "/metrics", NULL, UNARY_MS,
	    &(struct unary){ .what = "reading the sandbox's metrics",
		.answered = on_metrics,
		.metrics = done,
		.ctx = ctx });
}
