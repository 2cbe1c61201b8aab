/* rest_templates - templates as the API shows them, their tags; and the health of the host.
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

static void
add_time(struct buf *body, const char *name, int64_t at_ms)
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
	add_time(body, "createdAt", t->created_ms);
	add_time(body, "updatedAt", t->updated_ms);
	add_time(body, "lastSpawnedAt", t->spawned_ms);
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
	add_time(body, "createdAt", b->created_ms);
	add_time(body, "updatedAt", b->updated_ms);
	if (b->finished_ms > 0)
		add_time(body, "finishedAt", b->finished_ms);
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

/* The template of the path by any of its names, or NULL after 404 was answered. */
static struct template *
find_template(struct call *c)
{
	struct template *t = catalogue_find(c->host->catalogue, c->param[0]);

	if (!t)
		reply_error(c->request, 404, "template '%s' not found", c->param[0]);
	return t;
}

void
rest_template(struct call *c)
{
	const struct template *t = find_template(c);
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
	struct template *t = find_template(c);

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

static bool
read_body(struct call *c, struct rest_template_request *out)
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
	struct template *t = find_template(c);
	struct buf reply;

	if (!t || !read_body(c, &body))
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
	const struct template *t = find_template(c);
	struct buf body;

	if (!t)
		return;
	buf_init(&body, REPLY_MAX);
	buf_addf(&body, "{\"templateID\":\"%s\",\"public\":%s}", t->id,
	    t->is_public ? "true" : "false");
	reply_json(c->request, 200, &body);
}

/* ---- tags */

static void
add_tag(struct buf *body, const struct template_tag *tag)
{
	buf_addf(body, "{\"tag\":\"%s\",\"buildID\":\"%s\"", tag->name, tag->build->id);
	add_time(body, "createdAt", tag->created_ms);
	buf_add_char(body, '}');
}

void
rest_template_tags(struct call *c)
{
	const struct template *t = find_template(c);
	struct buf body;

	if (!t)
		return;
	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (const struct template_tag *tag = t->tags; tag; tag = tag->next) {
		add_tag(&body, tag);
		buf_add_str(&body, tag->next ? "," : "");
	}
	buf_add_char(&body, ']');
	reply_json(c->request, 200, &body);
}

void
rest_tags_count(struct call *c)
{
	const struct template *t = find_template(c);
	struct buf body;
	size_t count = 0;

	if (!t)
		return;
	for (const struct template_tag *tag = t->tags; tag; tag = tag->next)
		count++;
	buf_init(&body, REPLY_MAX);
	buf_addf(&body, "{\"count\":%zu}", count);
	reply_json(c->request, 200, &body);
}

void
rest_tags_exists(struct call *c)
{
	const struct template *t = find_template(c);
	char *name = query_get(request_query(c->request), "tag");
	struct buf body;
	bool found = false;

	for (const struct template_tag *tag = t ? t->tags : NULL; tag; tag = tag->next)
		found |= str_eq(tag->name, name);
	if (t && str_is_empty(name)) {
		reply_error(c->request, 400, "tag must be given");
	} else if (t) {
		buf_init(&body, REPLY_MAX);
		buf_addf(&body, "{\"exists\":%s}", found ? "true" : "false");
		reply_json(c->request, 200, &body);
	}
	free(name);
}

/* All of them are tags, "default" only where it may be; else false after 400. */
static bool
check_tags(struct call *c, const struct strlist *tags, bool default_too)
{
	if (tags->count == 0) {
		reply_error(c->request, 400, "tags must name at least one tag");
		return false;
	}
	for (size_t i = 0; i < tags->count; i++) {
		char *tag = template_tag_parse(tags->items[i]);
		bool fine = tag && (default_too || !str_eq(tag, "default"));

		if (!fine && tag)
			reply_error(
			    c->request, 400, "the tag 'default' cannot be deleted");
		else if (!fine)
			reply_error(c->request, 400, "a tag must be " TEMPLATE_TAG_RULE);
		free(tag);
		if (!fine)
			return false;
	}
	return true;
}

static void
set_tags(struct call *c, struct template *t, const struct strlist *tags, struct build *b)
{
	for (size_t i = 0; i < tags->count; i++) {
		char *tag = template_tag_parse(tags->items[i]);

		catalogue_set_tag(c->host->catalogue, t, tag, b);
		free(tag);
	}
}

void
rest_tags_set(struct call *c)
{
	struct rest_template_request body;
	struct build *b;
	struct buf reply;

	if (!read_body(c, &body))
		return;
	b = body.target ? catalogue_find_build(c->host->catalogue, body.target) : NULL;
	if (!body.target) {
		reply_error(c->request, 400, "target must name a template");
	} else if (!b) {
		reply_error(c->request, 404, "template '%s' not found", body.target);
	} else if (b->template->kind == TEMPLATE_BUILT_IN) {
		reply_error(
		    c->request, 403, "templates of the local host have no tags of yours");
	} else if (check_tags(c, &body.tags, true)) {
		set_tags(c, b->template, &body.tags, b);
		buf_init(&reply, REPLY_MAX);
		buf_addf(&reply, "{\"buildID\":\"%s\",\"tags\":[", b->id);
		for (size_t i = 0; i < body.tags.count; i++) {
			buf_add_str(&reply, i > 0 ? "," : "");
			json_add_string(&reply, body.tags.items[i]);
		}
		buf_add_str(&reply, "]}");
		reply_json(c->request, 201, &reply);
	}
	rest_template_request_clear(&body);
}

void
rest_tags_remove(struct call *c)
{
	struct rest_template_request body;
	struct template *t;

	if (!read_body(c, &body))
		return;
	t = body.name ? catalogue_find(c->host->catalogue, body.name) : NULL;
	if (!body.name || template_reference_has_tag(body.name))
		reply_error(c->request, 400, "name must name a template, without a tag");
	else if (!t)
		reply_error(c->request, 404, "template '%s' not found", body.name);
	else if (t->kind == TEMPLATE_BUILT_IN)
		reply_error(
		    c->request, 403, "templates of the local host have no tags of yours");
	else if (check_tags(c, &body.tags, false)) {
		set_tags(c, t, &body.tags, NULL);
		reply_empty(c->request, 204);
	}
	rest_template_request_clear(&body);
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
