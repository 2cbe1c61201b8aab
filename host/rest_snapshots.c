/* rest_snapshots - templates made of a sandbox's files, and sandboxes made like another:
 * files only, since no memory can be copied here. control-plane.md 2.11, 2.12. */
#include "host/rest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/template_name.h"
#include "wire/rest_template.h"

#define FORK_TIMEOUT_S 15
#define FORKS_MAX 100
#define PAGE_MAX 100
#define FILES_ONLY                                                                       \
	"the local host copies files only: the processes of the sandbox are not part "   \
	"of "                                                                            \
	"this"

/* A running sandbox that is real; NULL after an answer. */
static struct sandbox *
find_running(struct call *c)
{
	struct sandbox *s = rest_find(c);

	if (!s)
		return NULL;
	if (s->state == SANDBOX_RUNNING && !s->simulated)
		return s;
	if (s->simulated)
		reply_error(c->request, 400, "a simulated sandbox has no files");
	else
		reply_error(c->request, 404,
		    "Sandbox \"%s\" is paused: resume it first, then take the copy",
		    s->info.id);
	return NULL;
}

/* ---- snapshots */

struct shot {
	struct pending *pending; /* owned */
	struct host *host;	 /* borrowed */
	struct build *build; /* borrowed and held: what is copied so far goes with it */
};

static void
add_snapshot(struct buf *body, const struct template *t, bool noted)
{
	const char *name = template_alias(t);

	buf_addf(
	    body, "{\"snapshotID\":\"%s:default\",\"names\":[", *name ? name : t->id);
	if (*name)
		buf_addf(body, "\"%s\"", name);
	buf_addf(body, "]%s}", noted ? ",\"note\":\"" FILES_ONLY "\"" : "");
}

static void
drop_tree(struct host *h, struct build *b)
{
	registry_remove_dir(h->registry, b->tree);
	free(b->tree);
	b->tree = NULL;
}

/* The template may have been deleted meanwhile. */
static void
settle_shot(struct host *h, struct build *b, bool taken, const struct error *err)
{
	if (!b->template)
		return;
	if (!taken)
		drop_tree(h, b);
	catalogue_set_status(h->catalogue, b, taken ? BUILD_READY : BUILD_ERROR,
	    err ? err->text : NULL, NULL);
	if (taken)
		catalogue_set_tag(h->catalogue, b->template, "default", b);
	else if (!b->next)
		catalogue_remove(h->catalogue, b->template);
}

static void
on_shot(void *ctx, struct sandbox *s, const struct error *err)
{
	struct shot *shot = ctx;
	struct build *b = shot->build;
	struct request *r = rest_pending_end(shot->pending);
	struct buf body;

	settle_shot(shot->host, b, s != NULL, err);
	if (r && !s) {
		request_add_header(r, "Should-Retry", "false");
		reply_error(r, rest_status_of(err), "%s", err->text);
	} else if (r && !b->template) {
		reply_error(r, 404, "the snapshot was deleted while it was taken");
	} else if (r) {
		buf_init(&body, REPLY_MAX);
		add_snapshot(&body, b->template, true);
		reply_json(r, 201, &body);
	}
	catalogue_release(shot->host->catalogue, b);
	free(shot);
}

/* The template that the snapshot becomes a build of; NULL after an answer. */
static struct template *
choose_template(struct call *c, const struct sandbox *s, const char *name)
{
	struct catalogue *catalogue = c->host->catalogue;
	struct template *t = name ? catalogue_find(catalogue, name) : NULL;
	const struct template *base = catalogue_find(catalogue, s->info.template_id);

	if (t && t->kind != TEMPLATE_SNAPSHOT) {
		reply_error(c->request, 400,
		    "the name '%s' belongs to a template that is no snapshot: use "
		    "another",
		    name);
		return NULL;
	}
	if (!t)
		t = catalogue_add(catalogue, TEMPLATE_SNAPSHOT, name);
	t->interpreter = base && base->interpreter;
	str_copy(t->sandbox_id, sizeof t->sandbox_id, s->info.id);
	str_copy(t->base_id, sizeof t->base_id, s->info.template_id);
	catalogue_save(catalogue, t);
	return t;
}

static void
take_shot(struct call *c, struct sandbox *s, const char *name)
{
	const struct build like = { .cpu_count = s->info.cpu_count,
		.memory_mb = s->info.memory_mb,
		.disk_mb = s->info.disk_mb };
	struct template *t = choose_template(c, s, name);
	struct shot *shot;
	struct build *b;

	if (!t)
		return;
	b = catalogue_add_build(c->host->catalogue, t, &like);
	b->tree = catalogue_tree_path(c->host->catalogue, b->id);
	catalogue_set_status(c->host->catalogue, b, BUILD_BUILDING, NULL, NULL);
	shot = xcalloc(1, sizeof *shot);
	shot->host = c->host;
	shot->pending = rest_pending(c, s->info.id, 201);
	shot->build = b;
	build_hold(b);
	sandbox_snapshot(s, b->tree, on_shot, shot);
}

void
rest_snapshot(struct call *c)
{
	struct rest_template_request body;
	struct sandbox *s;
	char *name = NULL;

	if (!rest_template_body(c, &body))
		return;
	s = find_running(c);
	if (s && body.name && !(name = template_name_parse(body.name)))
		reply_error(c->request, 400, "name must be " TEMPLATE_NAME_RULE);
	else if (s && s->snapshot)
		reply_error(c->request, 409,
		    "another snapshot of this sandbox is being taken: wait for it");
	else if (s)
		take_shot(c, s, name);
	free(name);
	rest_template_request_clear(&body);
}

static bool
is_listed(const struct template *t, const char *sandbox, const char *name)
{
	return t->kind == TEMPLATE_SNAPSHOT && t->tags &&
	       (!sandbox || str_eq(sandbox, t->sandbox_id)) &&
	       (!name || strlist_has(&t->names, name));
}

void
rest_snapshots(struct call *c)
{
	const char *query = request_query(c->request);
	char *token = query_get(query, "nextToken");
	char *sandbox = query_get(query, "sandboxID"), *name = query_get(query, "name");
	bool begun = str_is_empty(token);
	int64_t limit = PAGE_MAX, count = 0;
	struct buf body;

	if (query_int(query, "limit", 1, PAGE_MAX, &limit) == QUERY_BAD) {
		reply_error(c->request, 400, "limit must be 1 to %d", PAGE_MAX);
	} else if (!begun && !catalogue_find(c->host->catalogue, token)) {
		reply_error(c->request, 400, "Invalid next token");
	} else {
		buf_init(&body, REPLY_MAX);
		buf_add_char(&body, '[');
		for (const struct template *t = catalogue_first(c->host->catalogue); t;
		     t = t->next) {
			if (begun && is_listed(t, sandbox, name)) {
				if (count == limit) {
					request_add_header(
					    c->request, "X-Next-Token", token);
					break;
				}
				buf_add_str(&body, count++ > 0 ? "," : "");
				add_snapshot(&body, t, false);
				free(token);
				token = xstrdup(t->id); /* the last one of this page */
			}
			begun = begun || str_eq(t->id, token);
		}
		buf_add_char(&body, ']');
		reply_json(c->request, 200, &body);
	}
	free(token);
	free(sandbox);
	free(name);
}

/* ---- forks */

struct forks {
	struct pending *pending; /* owned */
	struct host *host;	 /* borrowed */
	struct build *files;	 /* borrowed and held */
	int64_t timeout_s;
	int count, told;
	struct buf body; /* owned: the results so far */
};

static void
on_forked(void *ctx, struct sandbox *s, const struct error *err)
{
	struct forks *f = ctx;
	struct request *r;

	buf_add_str(&f->body, f->told++ > 0 ? "," : "[");
	if (s) {
		buf_add_str(&f->body, "{\"sandbox\":");
		rest_add_created(&f->body, s);
		buf_add_str(&f->body, ",\"note\":\"" FILES_ONLY "\"}");
	} else {
		buf_addf(&f->body,
		    "{\"error\":{\"code\":%d,\"message\":", rest_status_of(err));
		json_add_string(&f->body, err->text);
		buf_add_str(&f->body, "}}");
	}
	if (f->told < f->count)
		return;
	buf_add_char(&f->body, ']');
	catalogue_release(f->host->catalogue, f->files);
	r = rest_pending_end(f->pending);
	if (r)
		reply_json(r, 201, &f->body);
	buf_clear(&f->body);
	free(f);
}

static void
on_files_copied(void *ctx, struct sandbox *s, const struct error *err)
{
	struct forks *f = ctx;
	struct request *r;

	if (s) {
		for (int i = 0, count = f->count; i < count; i++)
			sandbox_fork(s, f->files, f->timeout_s, on_forked, f);
		return;
	}
	catalogue_release(f->host->catalogue, f->files);
	r = rest_pending_end(f->pending);
	if (r) {
		request_add_header(r, "Should-Retry", "false");
		reply_error(r, rest_status_of(err), "%s", err->text);
	}
	buf_clear(&f->body);
	free(f);
}

static void
begin_forks(struct call *c, struct sandbox *s, const struct rest_template_request *body)
{
	struct forks *f = xcalloc(1, sizeof *f);

	f->host = c->host;
	f->pending = rest_pending(c, s->info.id, 201);
	f->files = catalogue_add_loose(c->host->catalogue);
	f->timeout_s = body->timeout_s < 0 ? FORK_TIMEOUT_S : body->timeout_s;
	f->count = body->count < 0 ? 1 : (int)body->count;
	buf_init(&f->body, REPLY_MAX);
	sandbox_snapshot(s, f->files->tree, on_files_copied, f);
}

void
rest_fork(struct call *c)
{
	struct rest_template_request body;
	struct sandbox *s;

	if (!rest_template_body(c, &body))
		return;
	s = rest_find(c);
	if (!s)
		;
	else if (body.count == 0 || body.count > FORKS_MAX)
		reply_error(c->request, 400, "count must be 1 to %d", FORKS_MAX);
	else if (body.timeout_s > HOST_MAX_TIMEOUT_S)
		reply_error(c->request, 400, "Timeout cannot be greater than 24 hours");
	else if (s->state != SANDBOX_RUNNING || s->simulated || s->snapshot)
		reply_error(c->request, 409, "Sandbox \"%s\" %s", s->info.id,
		    s->simulated  ? "is simulated: it has no files"
		    : s->snapshot ? "is being copied already: wait for it"
				  : "is paused: resume it before it is forked");
	else
		begin_forks(c, s, &body);
	rest_template_request_clear(&body);
}
