/* rest_templates - templates as the API shows them; and the health of the host.
 * control-plane.md 2.17, 3.7. */
#include "host/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/builder.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/template_name.h"
#include "wire/rest_template.h"

#define PAGE_MAX 100

void
rest_health(struct call *c)
{
	reply_text(c->request, 200, "Health check successful");
}

/* ---- objects */

void
rest_add_time(struct buf *body, const char *name, int64_t at_ms)
{
	char text[40];

	clock_format_rfc3339(at_ms, text, sizeof text);
	if (at_ms > 0)
		buf_addf(body, ",\"%s\":\"%s\"", name, text);
	else
		buf_addf(body, ",\"%s\":null", name);
}

static void
add_names(struct buf *body, const struct template *t)
{
	for (int twice = 0; twice < 2; twice++) {
		buf_addf(body, ",\"%s\":[", twice ? "names" : "aliases");
		for (size_t i = 0; i < t->names.count; i++)
			buf_addf(body, "%s\"%s\"", i > 0 ? "," : "", t->names.items[i]);
		buf_add_char(body, ']');
	}
}

/* What list and detail share, without the closing brace. */
static void
add_common(struct buf *body, const struct template *t)
{
	buf_addf(body, "{\"templateID\":\"%s\",\"public\":%s", t->id,
	    t->is_public ? "true" : "false");
	add_names(body, t);
	rest_add_time(body, "createdAt", t->created_ms);
	rest_add_time(body, "updatedAt", t->updated_ms);
	rest_add_time(body, "lastSpawnedAt", t->spawned_ms);
	buf_addf(body, ",\"spawnCount\":%lld", (long long)t->spawn_count);
}

static size_t
count_builds(const struct template *t)
{
	size_t count = 0;

	for (const struct build *b = t->builds; b; b = b->next)
		count++;
	return count;
}

static void
add_size(struct buf *body, const struct build *b)
{
	buf_addf(body,
	    ",\"cpuCount\":%d,\"memoryMB\":%lld,\"diskSizeMB\":%lld,"
	    "\"envdVersion\":\"" HOST_ENVD_VERSION "\"",
	    b->cpu_count, (long long)b->memory_mb, (long long)b->disk_mb);
}

static void
add_template(struct buf *body, const struct template *t)
{
	const struct build *b = t->builds; /* the newest speaks for it */

	add_common(body, t);
	buf_addf(body, ",\"buildID\":\"%s\",\"buildStatus\":\"%s\"", b->id,
	    build_status_name(b->status));
	add_size(body, b);
	buf_addf(body, ",\"createdBy\":null,\"buildCount\":%zu}", count_builds(t));
}

static void
add_build(struct buf *body, const struct build *b)
{
	buf_addf(body, "{\"buildID\":\"%s\",\"status\":\"%s\"", b->id,
	    build_status_name(b->status));
	rest_add_time(body, "createdAt", b->created_ms);
	rest_add_time(body, "updatedAt", b->updated_ms);
	if (b->finished_ms > 0)
		rest_add_time(body, "finishedAt", b->finished_ms);
	add_size(body, b);
	buf_add_char(body, '}');
}

/* ---- pages: the token is the id of the last one shown */

struct page {
	int64_t limit;
	char *token; /* owned; "" or NULL: from the beginning */
};

/* false after 400. */
static bool
read_page(struct call *c, bool paged, struct page *out)
{
	const char *query = request_query(c->request);

	*out = (struct page){ .limit = paged ? PAGE_MAX : INT64_MAX };
	if (!paged)
		return true;
	if (query_int(query, "limit", 1, PAGE_MAX, &out->limit) == QUERY_BAD) {
		reply_error(c->request, 400, "limit must be 1 to %d", PAGE_MAX);
		return false;
	}
	out->token = query_get(query, "nextToken");
	return true;
}

static bool
is_listed(const struct template *t)
{
	return t->kind != TEMPLATE_SNAPSHOT && t->builds;
}

void
rest_templates(struct call *c)
{
	const struct template *t = catalogue_first(c->host->catalogue);
	const struct template *last = NULL;
	struct page page;
	struct buf body;

	if (!read_page(c, c->route->generation == 2, &page))
		return;
	if (!str_is_empty(page.token)) {
		t = catalogue_find(c->host->catalogue, page.token);
		if (!t)
			reply_error(c->request, 400, "Invalid next token");
		else
			t = t->next;
	}
	if (request_is_answered(c->request)) {
		free(page.token);
		return;
	}
	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (; t; t = t->next) {
		if (!is_listed(t))
			continue;
		if (page.limit-- == 0) {
			request_add_header(c->request, "X-Next-Token", last->id);
			break;
		}
		buf_add_str(&body, last ? "," : "");
		add_template(&body, t);
		last = t;
	}
	buf_add_char(&body, ']');
	reply_json(c->request, 200, &body);
	free(page.token);
}

struct template *
rest_find_template(struct call *c)
{
	struct template *t = catalogue_find(c->host->catalogue, c->param[0]);

	if (!t)
		reply_error(c->request, 404, "template '%s' not found", c->param[0]);
	return t;
}

void
rest_template(struct call *c)
{
	const struct template *t = rest_find_template(c);
	const struct build *b, *last = NULL;
	struct page page;
	struct buf body;

	if (!t)
		return;
	/* Here an alias is no name. */
	if (!str_eq(c->param[0], t->id)) {
		reply_error(c->request, 404, "template '%s' not found", c->param[0]);
		return;
	}
	if (!read_page(c, true, &page))
		return;
	b = str_is_empty(page.token) ? t->builds : template_find_build(t, page.token);
	if (!b && !str_is_empty(page.token)) {
		reply_error(c->request, 400, "Invalid next token");
		free(page.token);
		return;
	}
	if (!str_is_empty(page.token))
		b = b->next;
	buf_init(&body, REPLY_MAX);
	add_common(&body, t);
	buf_add_str(&body, ",\"builds\":[");
	for (; b; b = b->next) {
		if (page.limit-- == 0) {
			request_add_header(c->request, "X-Next-Token", last->id);
			break;
		}
		buf_add_str(&body, last ? "," : "");
		add_build(&body, b);
		last = b;
	}
	buf_add_str(&body, "]}");
	reply_json(c->request, 200, &body);
	free(page.token);
}

/* ---- changes */

static bool
is_used(const struct registry *r, const struct template *t)
{
	for (const struct sandbox *s = registry_first(r); s; s = s->next)
		if (str_eq(s->info.template_id, t->id))
			return true;
	return false;
}

void
rest_template_delete(struct call *c)
{
	struct template *t = rest_find_template(c);

	if (!t)
		return;
	if (t->kind == TEMPLATE_BUILT_IN) {
		reply_error(c->request, 403,
		    "template '%s' is built into the local host and cannot be deleted",
		    template_alias(t));
	} else if (is_used(c->host->registry, t)) {
		reply_error(c->request, 400,
		    "cannot delete template '%s': there are sandboxes of it, running or "
		    "paused; kill them first",
		    c->param[0]);
	} else {
		builder_cancel(c->host->builder, t);
		catalogue_remove(c->host->catalogue, t);
		reply_empty(c->request, 204);
	}
}

bool
rest_template_body(struct call *c, struct rest_template_request *out)
{
	struct error err = { 0 };
	size_t len;
	const char *body = rest_body(c, false, &len);

	if (!body)
		return false;
	if (rest_template_request_decode(body, len, out, &err))
		return true;
	reply_error(c->request, 400, "%s", err.text);
	return false;
}

void
rest_template_patch(struct call *c)
{
	struct rest_template_request body;
	struct template *t = rest_find_template(c);
	struct buf reply;

	if (!t || !rest_template_body(c, &body))
		return;
	if (t->kind == TEMPLATE_BUILT_IN) {
		reply_error(c->request, 403,
		    "template '%s' is built into the local host and cannot be changed",
		    template_alias(t));
	} else {
		if (body.is_public != REST_UNSET)
			t->is_public = body.is_public == REST_YES;
		t->updated_ms = clock_wall_ms();
		catalogue_save(c->host->catalogue, t);
		buf_init(&reply, REPLY_MAX);
		buf_add_str(&reply, "{\"names\":[");
		for (size_t i = 0; i < t->names.count; i++)
			buf_addf(&reply, "%s\"%s\"", i > 0 ? "," : "", t->names.items[i]);
		buf_add_str(&reply, "]}");
		if (c->route->generation == 1) {
			buf_reset(&reply);
			buf_add_str(&reply, "null");
		}
		reply_json(c->request, 200, &reply);
	}
	rest_template_request_clear(&body);
}

void
rest_template_alias(struct call *c)
{
	const struct template *t = rest_find_template(c);
	struct buf body;

	if (!t)
		return;
	buf_init(&body, REPLY_MAX);
	buf_addf(&body, "{\"templateID\":\"%s\",\"public\":%s}", t->id,
	    t->is_public ? "true" : "false");
	reply_json(c->request, 200, &body);
}

void
rest_default_templates(struct call *c)
{
	struct buf body;
	size_t count = 0;

	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (const struct template *t = catalogue_first(c->host->catalogue); t;
	     t = t->next)
		if (t->kind == TEMPLATE_BUILT_IN) {
			buf_add_str(&body, count++ > 0 ? "," : "");
			add_template(&body, t);
		}
	buf_add_char(&body, ']');
	reply_json(c->request, 200, &body);
}
