/* rest_sandboxes - create, get and kill. */
#include "host/rest.h"

#include <stdlib.h>

#include "base/mem.h"
#include "host/answers.h"
#include "host/reply.h"

#define DEFAULT_TIMEOUT_V1_S 15
#define DEFAULT_TIMEOUT_V2_S 300
#define NAMED_MAX 8 /* templates, where one is not found */

/* ---- get */

void
rest_get(struct call *c)
{
	const struct sandbox *s = rest_find(c);
	struct rest_sandbox shown;
	struct buf body;

	if (!s)
		return;
	shown = s->info;
	/* While processes still end, the pause is not finished. */
	if (s->state == SANDBOX_PAUSED && !s->box_ending)
		shown.pause_mode =
		    s->box || s->simulated ? REST_PAUSE_FULL : REST_PAUSE_FILESYSTEM;
	buf_init(&body, REPLY_MAX);
	buf_reserve(&body, 1000); /* as long as most are: grown once */
	rest_sandbox_encode(&body, &shown, true);
	reply_json(c->request, 200, &body);
}

/* ---- create */

struct creation {
	struct pending pending;
	char key[256]; /* "" without an Idempotency-Key */
};

/* What is wrong with the request, or NULL. control-plane.md 2.5. */
static const char *
find_fault(const struct rest_create *spec, int generation)
{
	if (spec->timeout_s == 0)
		return generation == 2 ? "timeout must be at least 1"
				       : "timeout must be greater than 0";
	if (spec->timeout_s > HOST_MAX_TIMEOUT_S)
		return "Timeout cannot be greater than 24 hours";
	if (spec->auto_pause_memory == REST_NO && spec->auto_pause != REST_YES)
		return "autoPauseMemory false needs autoPause true";
	if (spec->auto_pause_memory == REST_NO && spec->auto_resume == REST_YES)
		return "autoPauseMemory false excludes autoResume: nothing in memory "
		       "could wake";
	return NULL;
}

/* Why each of those members cannot be had here; by what the name begins with. */
static const struct {
	const char *prefix, *why;
} foreign_members[] = {
	{ "network",
	    "a sandbox reaches all of the internet or, with "
	    "allow_internet_access false or a denyOut of 0.0.0.0/0, none of it" },
	{ "mcp", "it has no MCP gateway" },
	{ "iam", "there is nobody here who signs identity tokens" },
	{ "volumeMounts", "it has no volumes: upload the files instead" },
};

/* Owned text of a 400, or NULL. */
static char *
find_foreign_fault(const struct rest_create *spec)
{
	for (size_t i = 0; spec->foreign && i < ARRAY_LEN(foreign_members); i++)
		if (str_has_prefix(spec->foreign, foreign_members[i].prefix))
			return xasprintf(
			    "the local host cannot honour `%s` (%s): leave it out",
			    spec->foreign, foreign_members[i].why);
	return NULL;
}

/* Also kept for the request's Idempotency-Key. */
static void
refuse_create(struct host *h, struct request *r, const char *key, int status,
    const char *error_code, const char *message)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	rest_error_encode(&body, status, error_code, message);
	answers_keep(h->answers, key, status, body.data);
	if (r) {
		/* A repeat would be a second sandbox, or the same refusal. */
		request_add_header(r, "Should-Retry", "false");
		reply_json(r, status, &body);
	}
	buf_clear(&body);
}

static void
keep_created(struct host *h, const char *key, const struct sandbox *s)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	rest_add_created(&body, s);
	answers_keep(h->answers, key, 201, body.data);
	buf_clear(&body);
}

#define DID_NOT_START "the sandbox did not start"

static void
on_created(void *ctx, struct sandbox *s, const struct error *err)
{
	struct creation *creation = ctx;
	struct host *h = creation->pending.host;
	struct request *r = creation->pending.request;

	if (!s && err->code == ERROR_CANCELLED) {
		; /* nobody knows how it would have ended: the key's answer says so */
	} else if (!s) {
		struct error why = *err;

		if (!str_has_prefix(why.text, DID_NOT_START))
			error_prefix(&why, DID_NOT_START);
		refuse_create(h, r, creation->key, rest_status_of(err),
		    "sandbox_create_failed", why.text);
	} else {
		keep_created(h, creation->key, s);
		if (r)
			rest_reply_created(r, 201, s);
	}
	free(creation);
}

static void
on_creator_gone(void *ctx)
{
	struct creation *creation = ctx;

	creation->pending.request = NULL;
}

static void
begin_create(struct call *c, const struct rest_create *spec, struct build *build)
{
	struct creation *creation = xcalloc(1, sizeof *creation);
	const char *key = request_header(c->request, "Idempotency-Key");
	int64_t timeout_s = spec->timeout_s;

	if (timeout_s < 0)
		timeout_s = c->route->generation == 2 ? DEFAULT_TIMEOUT_V2_S
						      : DEFAULT_TIMEOUT_V1_S;
	creation->pending.host = c->host;
	creation->pending.request = c->request;
	str_copy(creation->key, sizeof creation->key, key ? key : "");
	request_own(c->request, on_creator_gone, creation);
	sandbox_create(c->host->registry, spec, build, timeout_s, on_created, creation);
}

/* What there is instead, for whoever mistyped it or brought it from the cloud. Caller frees. */
static char *
tell_missing(const struct catalogue *c, const char *reference)
{
	struct buf text;
	int named = 0;

	buf_init(&text, REPLY_MAX);
	buf_addf(&text, "template '%s' not found", reference);
	if (catalogue_find(c, reference)) {
		buf_add_str(&text, template_reference_has_tag(reference)
				       ? ": no build of it that is ready has this tag"
				       : ": no build of it is ready");
		return buf_take(&text);
	}
	for (const struct template *t = catalogue_first(c); t; t = t->next) {
		const char *name = template_alias(t);

		if (t->kind == TEMPLATE_SNAPSHOT || !catalogue_find_build(c, name))
			continue;
		if (++named > NAMED_MAX) {
			buf_add_str(&text, ", ...");
			break;
		}
		buf_addf(&text, "%s%s", named > 1 ? ", " : ": there are ", name);
	}
	return buf_take(&text);
}

void
rest_create_sandbox(struct call *c)
{
	const char *key = request_header(c->request, "Idempotency-Key");
	struct rest_create spec = { .timeout_s = -1 };
	struct build *build;
	struct error err = { 0 };
	size_t len;
	const char *body = rest_body(c, true, &len);
	const char *fault;
	char *foreign;

	if (!body || answers_begin(c->host->answers, c->request) == ANSWERS_DONE)
		return;
	if (!rest_create_decode(body, len, &spec, &err)) {
		refuse_create(c->host, c->request, key, 400, NULL, err.text);
		return;
	}
	foreign = find_foreign_fault(&spec);
	fault = find_fault(&spec, c->route->generation);
	if (!fault)
		fault = foreign;
	build = catalogue_find_build(c->host->catalogue, spec.template_id);
	if (fault) {
		refuse_create(c->host, c->request, key, 400, NULL, fault);
	} else if (!build) {
		char *message = tell_missing(c->host->catalogue, spec.template_id);

		refuse_create(c->host, c->request, key, 404, NULL, message);
		free(message);
	} else {
		begin_create(c, &spec, build);
	}
	free(foreign);
	rest_create_clear(&spec);
}

/* ---- kill */

static void
on_killed(void *ctx, struct sandbox *s, const struct error *err)
{
	struct request *r = rest_pending_end(ctx);

	(void)s;
	(void)err;
	if (r)
		reply_empty(r, 204);
}

void
rest_kill(struct call *c)
{
	struct sandbox *s = rest_find(c);

	if (s)
		sandbox_kill(
		    s, "Sandbox killed", on_killed, rest_pending(c, s->info.id, 204));
}
