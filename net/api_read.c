/* One sandbox, its metrics, everybody's newest metrics. */
#include "net/api_private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

struct read_call {
	api_sandbox_done *sandbox;
	api_metrics_done *metrics;
	api_metrics_map_done *metrics_map;
};

static struct call *
read_new(
    struct api *a, void *ctx, const char *what, const char *id, struct read_call done)
{
	struct call *c = call_new(a, ctx, "%s%s", what, id);

	c->extra = xmemdup(&done, sizeof done);
	return c;
}

static void
on_sandbox(struct call *c, const struct http_reply *reply)
{
	struct read_call *r = c->extra;
	struct rest_sandbox sandbox = { 0 };
	struct error err = { 0 };

	if (reply->status != 200)
		call_error(c, reply, &err);
	else if (!rest_sandbox_decode(reply->body, reply->len, &sandbox, &err))
		call_error_undecoded(c, reply, &err);
	call_end_begin(c);
	r->sandbox(c->ctx, &sandbox, &err);
	rest_sandbox_clear(&sandbox);
	call_end(c);
}

api_call
api_get(struct api *a, const char *id, api_sandbox_done *done, void *ctx)
{
	struct call *c = read_new(
	    a, ctx, "reading sandbox ", id, (struct read_call){ .sandbox = done });
	char *part = url_encode(id);

	call_send(
	    c, CALL_READ, "GET", xasprintf("/sandboxes/%s", part), NULL, on_sandbox);
	free(part);
	return c->id;
}

static void
on_metrics(struct call *c, const struct http_reply *reply)
{
	struct read_call *r = c->extra;
	struct rest_metric_list list = { 0 };
	struct error err = { 0 };

	if (reply->status != 200)
		call_error(c, reply, &err);
	else if (!rest_metric_list_decode(reply->body, reply->len, &list, &err))
		call_error_undecoded(c, reply, &err);
	call_end_begin(c);
	r->metrics(c->ctx, &list, &err);
	rest_metric_list_clear(&list);
	call_end(c);
}

api_call
api_metrics(struct api *a, const char *id, int64_t start_s, int64_t end_s,
    api_metrics_done *done, void *ctx)
{
	struct call *c = read_new(
	    a, ctx, "reading the metrics of ", id, (struct read_call){ .metrics = done });
	char *part = url_encode(id);
	char *path;

	if (start_s == 0 && end_s == 0)
		path = xasprintf("/sandboxes/%s/metrics", part);
	else
		path = xasprintf("/sandboxes/%s/metrics?start=%" PRId64 "&end=%" PRId64,
		    part, start_s, end_s);
	call_send(c, CALL_READ, "GET", path, NULL, on_metrics);
	free(part);
	return c->id;
}

static void
on_metrics_map(struct call *c, const struct http_reply *reply)
{
	struct read_call *r = c->extra;
	struct rest_metric_map map = { 0 };
	struct error err = { 0 };

	if (reply->status != 200)
		call_error(c, reply, &err);
	/* without the route this is a sandbox called "metrics", and no good name */
	if (reply->status == 400 || reply->status == 501)
		err.code = ERROR_NOT_FOUND;
	if (reply->status == 200 &&
	    !rest_metric_map_decode(reply->body, reply->len, &map, &err))
		call_error_undecoded(c, reply, &err);
	call_end_begin(c);
	r->metrics_map(c->ctx, &map, &err);
	rest_metric_map_clear(&map);
	call_end(c);
}

api_call
api_metrics_batch(struct api *a, const char *const *ids, int count,
    api_metrics_map_done *done, void *ctx)
{
	struct call *c = read_new(
	    a, ctx, "reading metrics", "", (struct read_call){ .metrics_map = done });
	struct buf path;

	buf_init(&path, 64 * 1024);
	buf_add_str(&path, "/sandboxes/metrics?sandbox_ids=");
	for (int i = 0; i < count; i++) {
		char *part = url_encode(ids[i]);

		buf_addf(&path, "%s%s", i > 0 ? "," : "", part);
		free(part);
	}
	call_send(c, CALL_READ, "GET", buf_take(&path), NULL, on_metrics_map);
	return c->id;
}
