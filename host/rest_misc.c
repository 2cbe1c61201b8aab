/* rest_misc - health and templates. */
#include "host/rest.h"

#include "base/clock.h"
#include "base/text.h"
#include "host/reply.h"
#include "host/template.h"

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
	    "\"diskSizeMB\":%lld,\"public\":true,\"aliases\":[\"%s\"],\"names\":[\"%s\"],"
	    "\"createdAt\":\"2026-01-01T00:00:00Z\",\"updatedAt\":\"2026-01-01T00:00:"
	    "00Z\","
	    "\"createdBy\":null,\"lastSpawnedAt\":null,\"spawnCount\":%zu,\"buildCount\":"
	    "1,"
	    "\"envdVersion\":\"" HOST_ENVD_VERSION "\",\"buildStatus\":\"ready\"}",
	    t->id, t->build_id, t->cpu_count, (long long)t->memory_mb,
	    (long long)t->disk_mb, t->alias, t->alias, spawned);
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
	for (size_t i = 0; i < template_count(); i++) {
		if (i > 0)
			buf_add_char(&body, ',');
		add_template(
		    &body, template_at(i), count_of(c->host->registry, template_at(i)));
	}
	buf_add_char(&body, ']');
	reply_json(c->request, 200, &body);
}
