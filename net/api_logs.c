/* Logs of one sandbox: v2, or v1 with level, search and direction applied here. */
#include "net/api_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LIMIT = 1000, V1_LIMIT = 10000 };

struct logs {
	char *id, *level, *search; /* owned; id as a URL holds it; NULL: none */
	int64_t cursor_ms;
	bool forward, v2;
	int limit;
	api_logs_done *done;
};

static void
clear_logs(void *extra)
{
	struct logs *l = extra;

	free(l->id);
	free(l->level);
	free(l->search);
}

static void on_logs(struct call *c, const struct http_reply *reply);

static void
add_param(struct buf *path, const char *name, const char *value)
{
	char *encoded;

	if (str_is_empty(value))
		return;
	encoded = url_encode(value);
	buf_addf(path, "&%s=%s", name, encoded);
	free(encoded);
}

static void
ask_v2(struct call *c)
{
	const struct logs *l = c->extra;
	struct buf path;

	buf_init(&path, 16 * 1024);
	buf_addf(&path, "/v2/sandboxes/%s/logs?limit=%d&direction=%s", l->id, l->limit,
	    l->forward ? "forward" : "backward");
	if (l->cursor_ms > 0)
		buf_addf(&path, "&cursor=%" PRId64, l->cursor_ms);
	add_param(&path, "level", l->level);
	add_param(&path, "search", l->search);
	call_send(c, CALL_READ, "GET", buf_take(&path), NULL, on_logs);
}

/* It reads forward only. Backward, all of the window is read and the end taken. */
static void
ask_v1(struct call *c)
{
	const struct logs *l = c->extra;
	struct buf path;

	buf_init(&path, 16 * 1024);
	buf_addf(&path, "/sandboxes/%s/logs?limit=%d", l->id, V1_LIMIT);
	if (l->cursor_ms > 0 && l->forward)
		buf_addf(&path, "&start=%" PRId64, l->cursor_ms);
	call_send(c, CALL_READ, "GET", buf_take(&path), NULL, on_logs);
}

static void
ask(struct call *c)
{
	const struct logs *l = c->extra;

	if (l->v2)
		ask_v2(c);
	else
		ask_v1(c);
}

/* ---- what v1 does not do */

static int
level_rank(const char *level)
{
	static const char *const ranks[] = { "debug", "info", "warn", "error" };

	for (int i = 0; i < (int)ARRAY_LEN(ranks); i++)
		if (str_eq(level, ranks[i]))
			return i;
	return 1;
}

static bool
is_wanted(const struct logs *l, const struct rest_log_entry *e)
{
	if (l->level && level_rank(e->level) < level_rank(l->level))
		return false;
	if (!str_is_empty(l->search) && (!e->message || !strstr(e->message, l->search)))
		return false;
	return l->forward || l->cursor_ms == 0 || e->time_ns / 1000000 <= l->cursor_ms;
}

static void
reverse(struct rest_log_list *list)
{
	for (size_t i = 0; i < list->count / 2; i++) {
		struct rest_log_entry *a = &list->items[i];
		struct rest_log_entry *b = &list->items[list->count - 1 - i];
		struct rest_log_entry swap = *a;

		*a = *b;
		*b = swap;
	}
}

static void
narrow(const struct logs *l, struct rest_log_list *list)
{
	size_t kept = 0;

	if (!l->forward)
		reverse(list);
	for (size_t i = 0; i < list->count; i++) {
		struct rest_log_entry *e = &list->items[i];

		if (kept == (size_t)l->limit || !is_wanted(l, e))
			rest_log_entry_clear(e);
		else
			list->items[kept++] = *e;
	}
	list->count = kept;
}

static void
on_logs(struct call *c, const struct http_reply *reply)
{
	struct logs *l = c->extra;
	struct rest_log_list list = { 0 };
	struct error err = { 0 };

	if (route_is_missing(c, ROUTE_LOGS, l->v2, reply->status)) {
		l->v2 = false;
		ask(c);
		return;
	}
	route_learn(c->api, ROUTE_LOGS, l->v2, reply->status);
	if (reply->status != 200)
		call_error(c, reply, &err);
	else if (!rest_log_list_decode(reply->body, reply->len, &list, &err))
		call_error_undecoded(c, reply, &err);
	if (!l->v2)
		narrow(l, &list);
	call_end_begin(c);
	l->done(c->ctx, &list, &err);
	rest_log_list_clear(&list);
	call_end(c);
}

api_call
api_logs(struct api *a, const char *id, const struct api_log_query *query,
    api_logs_done *done, void *ctx)
{
	struct call *c = call_new(a, ctx, "reading the logs of %s", id);
	struct logs *l = xcalloc(1, sizeof *l);

	c->extra = l;
	c->clear_extra = clear_logs;
	l->id = url_encode(id);
	l->level = xstrdup(query->level);
	l->search = xstrdup(query->search);
	l->cursor_ms = query->cursor_ms;
	l->forward = query->forward;
	l->limit = query->limit > 0 ? MIN(query->limit, LIMIT) : LIMIT;
	l->v2 = a->forms[ROUTE_LOGS] != FORM_V1;
	l->done = done;
	ask(c);
	return c->id;
}
