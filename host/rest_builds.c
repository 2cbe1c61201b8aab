/* rest_builds - new templates, their builds, and what becomes of these. control-plane.md
 * 2.17. */
#include "host/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/builder.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/store.h"
#include "host/template_name.h"

#define CPUS 2
#define MEMORY_MB 1024
#define DISK_MB 10240
#define CPUS_MAX 32
#define MEMORY_MIN_MB 128
#define MEMORY_MAX_MB (1024 * 1024)
#define LOGS_MAX 100

/* ---- new ones */

/* What is wrong with it, or NULL. */
static const char *
find_fault(const struct rest_template_request *r)
{
	if (r->cpu_count != -1 && r->cpu_count != 1 &&
	    (r->cpu_count < 1 || r->cpu_count > CPUS_MAX || r->cpu_count % 2 != 0))
		return "cpuCount must be 1, or even and at most 32";
	if (r->memory_mb != -1 &&
	    (r->memory_mb < MEMORY_MIN_MB || r->memory_mb % 2 != 0 ||
		r->memory_mb > MEMORY_MAX_MB))
		return "memoryMB must be even, and at least 128";
	if (!r->name && !r->alias)
		return "name must be given";
	for (size_t i = 0; i < r->tags.count; i++) {
		char *tag = template_tag_parse(r->tags.items[i]);

		free(tag);
		if (!tag)
			return "a tag must be " TEMPLATE_TAG_RULE;
	}
	return NULL;
}

static void
reply_requested(struct call *c, const struct build *b)
{
	const struct template *t = b->template;
	const char *name = template_alias(t);
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_addf(&body,
	    "{\"templateID\":\"%s\",\"buildID\":\"%s\",\"public\":%s,\"names\":[\"%s\"],"
	    "\"aliases\":[\"%s\"],\"tags\":[",
	    t->id, b->id, t->is_public ? "true" : "false", name, name);
	for (size_t i = 0; i < b->wanted_tags.count; i++)
		buf_addf(&body, "%s\"%s\"", i > 0 ? "," : "", b->wanted_tags.items[i]);
	buf_add_str(&body, "]}");
	reply_json(c->request, 202, &body);
}

static void
want_tag(struct build *b, const char *text)
{
	char *tag = template_tag_parse(text);

	if (tag && !strlist_has(&b->wanted_tags, tag))
		strlist_add(&b->wanted_tags, tag);
	free(tag);
}

static void
request_build(struct call *c, const struct rest_template_request *r, const char *name,
    const char *tag)
{
	struct catalogue *catalogue = c->host->catalogue;
	struct template *t = catalogue_find(catalogue, name);
	const struct build like = {
		.cpu_count = r->cpu_count < 0 ? CPUS : (int)r->cpu_count,
		.memory_mb = r->memory_mb < 0 ? MEMORY_MB : r->memory_mb,
		.disk_mb = DISK_MB,
	};
	struct build *b;

	if (t && t->kind != TEMPLATE_OWN) {
		reply_error(c->request, 403, "the name '%s' is taken by %s: use another",
		    name,
		    t->kind == TEMPLATE_BUILT_IN ? "a template of the local host"
						 : "a snapshot");
		return;
	}
	if (!t)
		t = catalogue_add(catalogue, TEMPLATE_OWN, name);
	b = catalogue_add_build(catalogue, t, &like);
	if (tag)
		want_tag(b, tag);
	for (size_t i = 0; i < r->tags.count; i++)
		want_tag(b, r->tags.items[i]);
	if (b->wanted_tags.count == 0)
		want_tag(b, "default");
	reply_requested(c, b);
}

void
rest_template_request(struct call *c)
{
	struct rest_template_request body;
	struct error err = { 0 };
	const char *fault;
	char *name = NULL, *tag = NULL;
	size_t len;
	const char *text = rest_body(c, true, &len);

	if (!text)
		return;
	if (!rest_template_request_decode(text, len, &body, &err)) {
		reply_error(c->request, 400, "%s", err.text);
		return;
	}
	fault = find_fault(&body);
	if (!fault)
		name = template_name_split(body.name ? body.name : body.alias, &tag);
	if (fault)
		reply_error(c->request, 400, "%s", fault);
	else if (!name)
		reply_error(c->request, 400, "name must be " TEMPLATE_NAME_RULE);
	else
		request_build(c, &body, name, tag);
	free(name);
	free(tag);
	rest_template_request_clear(&body);
}

void
rest_template_legacy(struct call *c)
{
	reply_error(c->request, 410,
	    "this way of making templates is gone: use POST /v3/templates, or a newer "
	    "SDK");
}

/* ---- builds */

/* The build of the path; NULL after an answer of that status. */
static struct build *
find_build(struct call *c, int status)
{
	const struct template *t = catalogue_find(c->host->catalogue, c->param[0]);
	struct build *b = t ? template_find_build(t, c->param[1]) : NULL;

	if (!t)
		reply_error(c->request, 404, "template '%s' not found", c->param[0]);
	else if (!b)
		reply_error(c->request, status, "build '%s' not found", c->param[1]);
	return b;
}

void
rest_build_start(struct call *c)
{
	struct build_order order;
	struct error err = { 0 };
	size_t len;
	const char *text = rest_body(c, false, &len);
	struct build *b = text ? find_build(c, 404) : NULL;

	if (!b)
		return;
	if (b->status != BUILD_WAITING || b->ordered)
		reply_error(c->request, 400, "build '%s' was started already", b->id);
	else if (!build_order_decode(text, len, &order, &err))
		reply_error(c->request, 400, "%s", err.text);
	else {
		builder_begin(c->host->builder, b, &order);
		reply_empty(c->request, 202);
	}
}

/* ---- logs */

struct build_logs {
	struct request *request; /* borrowed; NULL: the client left */
	struct buf head;	 /* owned: the answer up to the entries */
	int64_t offset, limit;
};

static void
on_gone(void *ctx)
{
	struct build_logs *l = ctx;

	l->request = NULL;
}

static void
add_entry(struct buf *body, const struct rest_log_entry *e)
{
	const char *step = pairs_get(&e->fields, "step");
	char time[40];

	clock_format_rfc3339(e->time_ns / 1000000, time, sizeof time);
	buf_addf(
	    body, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"message\":", time, e->level);
	json_add_string(body, e->message);
	if (step) {
		buf_add_str(body, ",\"step\":");
		json_add_string(body, step);
	}
	buf_add_char(body, '}');
}

static void
on_logs(void *ctx, const struct rest_log_list *logs)
{
	struct build_logs *l = ctx;

	for (size_t i = (size_t)l->offset, n = 0; i < logs->count && n < (size_t)l->limit;
	     i++, n++) {
		buf_add_str(&l->head, n > 0 ? "," : "");
		add_entry(&l->head, &logs->items[i]);
	}
	buf_add_str(&l->head, "]}");
	if (l->request) {
		request_own(l->request, NULL, NULL);
		reply_json(l->request, 200, &l->head);
	}
	buf_clear(&l->head);
	free(l);
}

static void
add_status(struct buf *body, const struct build *b)
{
	buf_addf(body,
	    "{\"templateID\":\"%s\",\"buildID\":\"%s\",\"status\":\"%s\",\"logs\":[]",
	    b->template->id, b->id, build_status_name(b->status));
	if (b->status == BUILD_ERROR) {
		buf_add_str(body, ",\"reason\":{\"message\":");
		json_add_string(body, b->reason ? b->reason : "");
		if (b->reason_step) {
			buf_add_str(body, ",\"step\":");
			json_add_string(body, b->reason_step);
		}
		buf_add_str(body, ",\"logEntries\":[]}");
	}
}

static void
read_logs(struct call *c, const struct build *b, bool status)
{
	const char *query = request_query(c->request);
	struct build_logs *l = xcalloc(1, sizeof *l);
	struct store_log_query q = { .id = b->id, .to_ns = INT64_MAX };
	char *level = query_get(query, "level"),
	     *direction = query_get(query, "direction");
	int64_t cursor_ms = 0;
	bool bad;

	l->limit = LOGS_MAX;
	bad = query_int(query, "limit", 0, LOGS_MAX, &l->limit) == QUERY_BAD ||
	      query_int(query, "logsOffset", 0, INT32_MAX, &l->offset) == QUERY_BAD ||
	      query_int(query, "cursor", 0, INT64_MAX / 1000000, &cursor_ms) == QUERY_BAD;
	q.min_level = level ? store_log_level(level) : 0;
	q.backward = str_eq(direction, "backward");
	q.from_ns = q.backward ? 0 : cursor_ms * 1000000;
	if (q.backward && cursor_ms > 0)
		q.to_ns = cursor_ms * 1000000;
	q.limit = (int)MIN(l->offset + l->limit, INT32_MAX);
	free(level);
	free(direction);
	if (bad || q.min_level < 0) {
		reply_error(c->request, 400,
		    "limit must be 0 to 100, logsOffset and cursor whole numbers, level "
		    "debug, info, warn or error");
		free(l);
		return;
	}
	buf_init(&l->head, REPLY_MAX);
	if (status)
		add_status(&l->head, b);
	buf_add_str(&l->head, status ? ",\"logEntries\":[" : "{\"logs\":[");
	l->request = c->request;
	request_own(c->request, on_gone, l);
	store_read_logs(c->host->store, &q, on_logs, l);
}

void
rest_build_status(struct call *c)
{
	const struct build *b = find_build(c, 400);

	if (b)
		read_logs(c, b, true);
}

void
rest_build_logs(struct call *c)
{
	const struct build *b = find_build(c, 404);

	if (b)
		read_logs(c, b, false);
}
