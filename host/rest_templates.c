/* rest_templates - templates as the API shows them; and the health of the host. */
#include "host/rest.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/catalogue.h"

#define PAGE_MAX 100
/* When the built-in templates were made: nobody asks, clients want it there. */
#define TEMPLATE_TIME "2026-01-01T00:00:00Z"
#define TEMPLATE_TIMES                                                                   \
	"\"createdAt\":\"" TEMPLATE_TIME "\",\"updatedAt\":\"" TEMPLATE_TIME "\""

void
rest_health(struct call *c)
{
	reply_text(c->request, 200, "Health check successful");
}

static void
add_template(struct buf *body, const struct template *t, size_t spawned)
{
	buf_addf(body,
	    "{\"templateID\":\"%s\",\"buildID\":\"%s\",\"cpuCount\":%d,\"memoryMB\":%lld,"
	    "\"diskSizeMB\":%lld,\"public\":true,\"aliases\":[\"%s\"],\"names\":[\"%s\"]"
	    "," TEMPLATE_TIMES ",\"createdBy\":null,\"lastSpawnedAt\":null,"
	    "\"spawnCount\":%zu,\"buildCount\":"
	    "1,"
	    "\"envdVersion\":\"" HOST_ENVD_VERSION "\",\"buildStatus\":\"ready\"}",
	    t->id, t->builds->id, t->builds->cpu_count, (long long)t->builds->memory_mb,
	    (long long)t->builds->disk_mb, template_alias(t), template_alias(t), spawned);
}

/* How many sandboxes there are of it now. */
static size_t
count_of(const struct registry *r, const struct template *t)
{
	size_t count = 0;

	for (const struct sandbox *s = registry_first(r); s; s = s->next)
		count += str_eq(s->info.template_id, t->id);
	return count;
}

void
rest_templates(struct call *c)
{
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (const struct template *t = catalogue_first(c->host->catalogue); t;
	     t = t->next) {
		if (t != catalogue_first(c->host->catalogue))
			buf_add_char(&body, ',');
		add_template(&body, t, count_of(c->host->registry, t));
	}
	buf_add_char(&body, ']');
	reply_json(c->request, 200, &body);
}

/* The template of the path by any of its names, or NULL after 404 was answered. */
static const struct template *
find_template(struct call *c)
{
	const struct template *t = catalogue_find(c->host->catalogue, c->param[0]);

	if (!t)
		reply_error(c->request, 404, "template '%s' not found", c->param[0]);
	return t;
}

/* There is one build of each; false after 400. */
static bool
check_page(struct call *c)
{
	const char *query = request_query(c->request);
	char *token = query_get(query, "nextToken");
	int64_t limit;
	bool limit_bad = query_int(query, "limit", 1, PAGE_MAX, &limit) == QUERY_BAD;
	bool token_bad = !str_is_empty(token);

	free(token);
	if (limit_bad)
		reply_error(c->request, 400, "limit must be 1 to %d", PAGE_MAX);
	else if (token_bad)
		reply_error(c->request, 400, "Invalid next token");
	return !limit_bad && !token_bad;
}

void
rest_template(struct call *c)
{
	const struct template *t = catalogue_find(c->host->catalogue, c->param[0]);
	struct buf body;

	if (!check_page(c))
		return;
	/* Here an alias is no name (control-plane.md 2.17). */
	if (!t || !str_eq(c->param[0], t->id)) {
		reply_error(c->request, 404, "template '%s' not found", c->param[0]);
		return;
	}
	buf_init(&body, REPLY_MAX);
	buf_addf(&body,
	    "{\"templateID\":\"%s\",\"public\":true,\"aliases\":[\"%s\"],"
	    "\"names\":[\"%s\"]," TEMPLATE_TIMES ",\"lastSpawnedAt\":null,"
	    "\"spawnCount\":%zu,\"builds\":[{\"buildID\":\"%s\",\"status\":"
	    "\"ready\"," TEMPLATE_TIMES ",\"finishedAt\":\"" TEMPLATE_TIME
	    "\",\"cpuCount\":%d,"
	    "\"memoryMB\":%lld,\"diskSizeMB\":%lld,"
	    "\"envdVersion\":\"" HOST_ENVD_VERSION "\"}]}",
	    t->id, template_alias(t), template_alias(t), count_of(c->host->registry, t),
	    t->builds->id, t->builds->cpu_count, (long long)t->builds->memory_mb,
	    (long long)t->builds->disk_mb);
	reply_json(c->request, 200, &body);
}

void
rest_template_delete(struct call *c)
{
	const struct template *t = find_template(c);

	if (t)
		reply_error(c->request, 403,
		    "template '%s' is built into the local host and cannot be deleted",
		    template_alias(t));
}

void
rest_template_alias(struct call *c)
{
	const struct template *t = find_template(c);
	struct buf body;

	if (!t)
		return;
	buf_init(&body, REPLY_MAX);
	buf_addf(&body, "{\"templateID\":\"%s\",\"public\":true}", t->id);
	reply_json(c->request, 200, &body);
}

void
rest_template_tags(struct call *c)
{
	const struct template *t = find_template(c);
	struct buf body;

	if (!t)
		return;
	buf_init(&body, REPLY_MAX);
	buf_addf(&body,
	    "[{\"tag\":\"default\",\"buildID\":\"%s\","
	    "\"createdAt\":\"" TEMPLATE_TIME "\"}]",
	    t->builds->id);
	reply_json(c->request, 200, &body);
}

