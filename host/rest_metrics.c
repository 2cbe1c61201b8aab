/* rest_metrics - metrics of one sandbox and of many. */
#include "host/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/simulate.h"

#define BATCH_MAX 100u

/* false after 400. */
static bool
read_range(struct call *c, struct metrics_range *range)
{
	const char *query = request_query(c->request);
	enum query_number start =
	    query_int(query, "start", INT64_MIN, INT64_MAX, &range->start_s);
	enum query_number end =
	    query_int(query, "end", INT64_MIN, INT64_MAX, &range->end_s);

	range->has_start = start == QUERY_OK;
	range->has_end = end == QUERY_OK;
	if (start != QUERY_BAD && end != QUERY_BAD)
		return true;
	reply_error(c->request, 400, "start and end must be whole Unix seconds");
	return false;
}

/* ---- one sandbox */

static void
on_metrics(void *ctx, bool valid, const struct rest_metric_list *list)
{
	struct request *r = rest_pending_end(ctx);
	struct buf body;

	if (!r)
		return;
	if (!valid) {
		reply_error(r, 400, "Invalid time range for metrics");
		return;
	}
	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_add_char(&body, ',');
		rest_metric_encode(&body, &list->items[i]);
	}
	buf_add_char(&body, ']');
	reply_json(r, 200, &body);
}

void
rest_metrics(struct call *c)
{
	struct metrics_range range = { 0 };
	char id[32];

	if (!sandbox_id_parse(c->param[0], id))
		reply_error(c->request, 400, "Invalid sandbox ID");
	else if (read_range(c, &range))
		metrics_query(
		    c->host->metrics, id, &range, on_metrics, rest_pending(c, id, 200));
}

/* ---- many */

struct batch {
	struct pending pending;
	struct rest_metric_map found; /* of those in memory */
};

static void
add_entries(struct buf *body, const struct rest_metric_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		if (body->data[body->len - 1] != '{')
			buf_add_char(body, ',');
		json_add_string(body, map->items[i].id);
		buf_add_char(body, ':');
		rest_metric_encode(body, &map->items[i].metric);
	}
}

static void
on_latest(void *ctx, const struct rest_metric_map *latest)
{
	struct batch *batch = ctx;
	struct request *r = batch->pending.request;
	struct buf body;

	if (r) {
		buf_init(&body, REPLY_MAX);
		buf_add_str(&body, "{\"sandboxes\":{");
		add_entries(&body, &batch->found);
		add_entries(&body, latest);
		buf_add_str(&body, "}}");
		reply_json(r, 200, &body);
	}
	rest_metric_map_clear(&batch->found);
	free(batch);
}

static void
on_batch_gone(void *ctx)
{
	struct batch *batch = ctx;

	batch->pending.request = NULL;
}

/* What is wrong with the list, or NULL; `out` gets the short ids. */
static const char *
parse_ids(const char *text, struct strlist *out)
{
	struct strlist parts = { 0 };
	const char *problem = NULL;

	strlist_split(&parts, text, ',');
	if (parts.count > BATCH_MAX)
		problem = "sandbox_ids: at most 100 ids";
	for (size_t i = 0; i < parts.count && !problem; i++) {
		char id[32];

		if (!sandbox_id_parse(parts.items[i], id))
			problem = "Invalid sandbox ID";
		else if (strlist_has(out, id))
			problem = "sandbox_ids: the ids must be unique";
		else
			strlist_add(out, id);
	}
	strlist_clear(&parts);
	return problem;
}

/* The newest that is in memory, or can be had without the store. */
static bool
find_last(const struct sandbox *s, struct rest_metric *out)
{
	const struct sample *last = s ? series_last(&s->series) : NULL;

	if (s && s->simulated) {
		const struct sample_scale scale = simulate_scale(s);
		int64_t first_s, last_s;
		struct sample sample;

		simulate_span(s, &first_s, &last_s);
		simulate_sample(s, last_s, &sample);
		metrics_from_sample(&sample, &scale, out);
	} else if (last) {
		metrics_from_sample(last, &s->series.scale, out);
	}
	return last || (s && s->simulated);
}

static void
find_latest(struct call *c, const struct strlist *ids)
{
	struct batch *batch = xcalloc(1, sizeof *batch);
	struct strlist rest = { 0 };
	const struct rest_metric_map none = { 0 };

	batch->pending.request = c->request;
	batch->found.items = xcalloc(ids->count + 1, sizeof *batch->found.items);
	for (size_t i = 0; i < ids->count; i++) {
		const struct sandbox *s = registry_find(c->host->registry, ids->items[i]);

		if (!find_last(s, &batch->found.items[batch->found.count].metric)) {
			strlist_add(&rest, ids->items[i]);
			continue;
		}
		batch->found.items[batch->found.count++].id = xstrdup(ids->items[i]);
	}
	request_own(c->request, on_batch_gone, batch);
	if (rest.count > 0)
		store_read_latest(c->host->store, &rest, on_latest, batch);
	else
		on_latest(batch, &none);
	strlist_clear(&rest);
}

void
rest_metrics_batch(struct call *c)
{
	char *text = query_get(request_query(c->request), "sandbox_ids");
	struct strlist ids = { 0 };
	const char *problem =
	    str_is_empty(text) ? "sandbox_ids must be given" : parse_ids(text, &ids);

	if (problem)
		reply_error(c->request, 400, "%s", problem);
	else
		find_latest(c, &ids);
	strlist_clear(&ids);
	free(text);
}
