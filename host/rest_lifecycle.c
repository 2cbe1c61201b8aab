/* rest_lifecycle - pause, resume, connect, timeout, refreshes; why there is no network. */
#include "host/rest.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/reply.h"
#include "host/sandbox_internal.h"

#define DEFAULT_TIMEOUT_V1_S 15
#define DEFAULT_TIMEOUT_V2_S 300
#define REFRESH_MIN_S 15
#define REFRESH_MAX_S 3600
#define HEALTH_MS 3000

/* Decodes the body, or answers 400. */
static bool
read_body(struct call *c, bool required, struct rest_lifecycle *out)
{
	struct error err = { 0 };
	size_t len;
	const char *body = rest_body(c, required, &len);

	if (!body)
		return false;
	if (rest_lifecycle_decode(body, len, out, &err))
		return true;
	reply_error(c->request, 400, "%s", err.text);
	return false;
}

static bool
is_timeout_fine(struct call *c, int64_t timeout_s)
{
	if (timeout_s <= HOST_MAX_TIMEOUT_S)
		return true;
	reply_error(c->request, 400, "Timeout cannot be greater than 24 hours");
	return false;
}

/* ---- pause */

static void
on_paused(void *ctx, struct sandbox *s, const struct error *err)
{
	struct request *r = rest_pending_end(ctx);

	if (!r)
		return;
	if (s) {
		reply_empty(r, 204);
	} else if (err->code == ERROR_SYSTEM) { /* it could not be frozen */
		request_add_header(r, "Should-Retry", "false");
		reply_error(r, 503, "%s: it was not paused and keeps running", err->text);
	} else {
		reply_error(r, rest_status_of(err), "%s", err->text);
	}
}

/* A pause that is made only if the supervisor answers: asked for so, and always where only
 * files are kept. Its answer always comes, at the latest when the box ends. */
struct checkup {
	bool memory;
	struct pending *pending; /* owned until told; then NULL */
	struct timer *patience;	 /* owned */
};

static void
on_silence(void *ctx)
{
	struct checkup *k = ctx;
	struct request *r = k->pending ? rest_pending_end(k->pending) : NULL;

	k->pending = NULL;
	if (!r)
		return;
	request_add_header(r, "Should-Retry", "false");
	reply_error(r, 503,
	    "the sandbox's supervisor does not answer: it was not paused and keeps "
	    "running; %s, or kill it",
	    k->memory ? "pause it without requireHealthyGuest"
		      : "pause it with its memory");
}

/* Of a pause that was asked for at the same time: both are told of the same end. */
static void
join_pause(struct sandbox *s, struct pending *p)
{
	if (s->state == SANDBOX_PAUSED && s->box_ending)
		sandbox_wait_for(s, on_paused, p);
	else
		on_paused(p, s, NULL);
}

static void
pause_if_running(struct pending *p, bool alive, bool memory)
{
	struct sandbox *s = registry_find(p->host->registry, p->id);
	const struct error gone = { .code = ERROR_CONFLICT,
		.text = "the sandbox was killed or ended meanwhile" };

	if (s && s->state != SANDBOX_RUNNING)
		join_pause(s, p);
	else if (s && alive)
		sandbox_pause(s, memory, "Sandbox paused", on_paused, p);
	else
		on_paused(p, NULL, &gone);
}

static void
on_sign_of_life(void *ctx, const struct box_stats *stats)
{
	struct checkup *k = ctx;

	if (k->pending)
		pause_if_running(k->pending, stats != NULL, k->memory);
	timer_free(k->patience);
	free(k);
}

static void
pause_if_healthy(struct call *c, struct sandbox *s, bool memory)
{
	struct checkup *k = xcalloc(1, sizeof *k);

	k->memory = memory;
	k->pending = rest_pending(c, s->info.id, 204);
	k->patience = timer_new(c->host->loop, on_silence, k);
	timer_start(k->patience, HEALTH_MS, 0);
	box_stats(s->box, on_sign_of_life, k);
}

void
rest_pause(struct call *c)
{
	struct rest_lifecycle body;
	struct sandbox *s;
	bool memory;

	if (!read_body(c, false, &body))
		return;
	memory = body.memory != REST_NO;
	s = rest_find(c);
	if (!s)
		return;
	if (s->state == SANDBOX_PAUSED && s->box_ending) {
		join_pause(s, rest_pending(c, s->info.id, 204));
		return;
	}
	if (s->state != SANDBOX_RUNNING) {
		reply_error(c->request, 409, "Sandbox \"%s\" is %s", s->info.id,
		    s->state == SANDBOX_PAUSED ? "already paused" : "being resumed");
		return;
	}
	if ((body.healthy_guest == REST_YES || !memory) && s->box)
		pause_if_healthy(c, s, memory);
	else
		sandbox_pause(s, memory, "Sandbox paused", on_paused,
		    rest_pending(c, s->info.id, 204));
}

/* ---- connect and resume */

static void
on_resumed(void *ctx, struct sandbox *s, const struct error *err)
{
	struct pending *p = ctx;
	int status = p->status;
	struct request *r = rest_pending_end(p);

	if (!r)
		return;
	if (s)
		rest_reply_created(r, status, s);
	else
		reply_error(r, rest_status_of(err), "%s", err->text);
}

static void
connect_running(struct call *c, struct sandbox *s, int64_t timeout_s)
{
	int64_t ran_ms = clock_wall_ms() - s->info.started_ms;

	if (ran_ms >= HOST_MAX_TIMEOUT_S * 1000) {
		reply_error(c->request, 400, "Max instance length exceeded");
		return;
	}
	sandbox_extend_end(s, timeout_s);
	rest_reply_created(c->request, 200, s);
}

/* What is started already cannot be started without its memory instead. */
static bool
may_join(struct call *c, const struct sandbox *s, const struct rest_lifecycle *body)
{
	if (s->state != SANDBOX_RESUMING || body->memory != REST_NO)
		return true;
	reply_error(c->request, 409,
	    "Sandbox \"%s\" is being resumed already: wait for that, or ask without "
	    "memory",
	    s->info.id);
	return false;
}

void
rest_connect(struct call *c)
{
	bool newer = c->route->generation == 2;
	struct rest_lifecycle body;
	struct sandbox *s;

	if (!read_body(c, !newer, &body))
		return;
	if (newer ? body.timeout_s == 0 : body.timeout_s < 0) {
		reply_error(c->request, 400, "timeout must be %s",
		    newer ? "at least 1" : "given");
		return;
	}
	if (body.timeout_s < 0)
		body.timeout_s = DEFAULT_TIMEOUT_V2_S;
	s = is_timeout_fine(c, body.timeout_s) ? rest_find(c) : NULL;
	if (!s)
		return;
	if (s->state == SANDBOX_RUNNING)
		connect_running(c, s, body.timeout_s);
	else if (may_join(c, s, &body))
		sandbox_resume(s, body.timeout_s, body.memory == REST_NO, on_resumed,
		    rest_pending(c, s->info.id, 201));
}

void
rest_resume(struct call *c)
{
	struct rest_lifecycle body;
	struct sandbox *s;

	if (!read_body(c, false, &body))
		return;
	if (body.timeout_s < 0)
		body.timeout_s = DEFAULT_TIMEOUT_V1_S;
	s = is_timeout_fine(c, body.timeout_s) ? rest_find(c) : NULL;
	if (!s)
		return;
	if (s->state == SANDBOX_RUNNING) {
		reply_error(
		    c->request, 409, "Sandbox \"%s\" is already running", s->info.id);
		return;
	}
	if (!may_join(c, s, &body))
		return;
	if (body.auto_pause != REST_UNSET)
		s->info.pause_on_timeout = body.auto_pause;
	sandbox_resume(s, body.timeout_s, body.memory == REST_NO, on_resumed,
	    rest_pending(c, s->info.id, 201));
}

/* ---- time */

/* The running sandbox of the path, or an answer. */
static struct sandbox *
find_running(struct call *c)
{
	struct sandbox *s = rest_find(c);

	if (!s || s->state == SANDBOX_RUNNING)
		return s;
	if (s->state == SANDBOX_RESUMING)
		reply_error(
		    c->request, 409, "Sandbox \"%s\" is being resumed", s->info.id);
	else
		reply_error(c->request, 404, "Sandbox \"%s\" is not running", s->info.id);
	return NULL;
}

void
rest_timeout(struct call *c)
{
	struct rest_lifecycle body;
	struct sandbox *s;

	if (!read_body(c, true, &body))
		return;
	if (body.timeout_s < 0) {
		reply_error(c->request, 400, "timeout must be given, in seconds");
		return;
	}
	s = find_running(c);
	if (!s)
		return;
	sandbox_set_end(s, body.timeout_s);
	reply_empty(c->request, 204);
}

void
rest_refreshes(struct call *c)
{
	struct rest_lifecycle body;
	struct sandbox *s;

	if (!read_body(c, true, &body))
		return;
	if (body.duration_s > REFRESH_MAX_S) {
		reply_error(c->request, 400, "duration must be 0 to %d", REFRESH_MAX_S);
		return;
	}
	s = find_running(c);
	if (!s)
		return;
	sandbox_extend_end(s, MAX(body.duration_s, REFRESH_MIN_S));
	reply_empty(c->request, 204);
}

/* ---- network */

void
rest_network(struct call *c)
{
	struct rest_create asked;
	struct sandbox *s;
	struct error err = { 0 };
	size_t len;
	const char *body = rest_body(c, true, &len);

	if (!body)
		return;
	if (!rest_network_decode(body, len, &asked, &err)) {
		reply_error(c->request, 400, "%s", err.text);
		return;
	}
	s = find_running(c);
	if (s && asked.foreign)
		reply_error(c->request, 400,
		    "the local host cannot honour `%s`: it lets a sandbox reach all or, "
		    "by "
		    "allow_internet_access or a denyOut of 0.0.0.0/0, nothing",
		    asked.foreign);
	else if (s && !s->simulated &&
		 !sandbox_set_network(
		     s, asked.network.denies_all, asked.internet != REST_NO, &err))
		reply_error(c->request, 400, "%s", err.text);
	else if (s)
		reply_empty(c->request, 204);
	rest_create_clear(&asked);
}
