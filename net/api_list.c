/* The list of sandboxes, page after page; the old form where v2 is missing. */
#include "net/api_private.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum { PAGE = 100 };

struct list {
	api_list_page *page; /* may be NULL */
	api_done *done;
	bool running, paused;
	char *metadata; /* owned: encoded, NULL: no filter */
	size_t limit;	/* 0: all */
	size_t got;
	bool v2;
	char *token; /* owned: of the page that was asked for, NULL: the first */
};

static void
clear_list(void *extra)
{
	struct list *l = extra;

	free(l->metadata);
	free(l->token);
}

static void on_page(struct call *c, const struct http_reply *reply);

static const char *
states_of(const struct list *l)
{
	if (l->running && l->paused)
		return "running,paused";
	return l->running ? "running" : "paused";
}

static void
ask_v2(struct call *c)
{
	struct list *l = c->extra;
	size_t left = l->limit ? l->limit - l->got : PAGE;
	struct buf path;

	buf_init(&path, 256 * 1024);
	buf_addf(&path, "/v2/sandboxes?state=%s&limit=%zu", states_of(l),
	    MIN(left, (size_t)PAGE));
	if (l->metadata)
		buf_addf(&path, "&metadata=%s", l->metadata);
	if (l->token) {
		char *token = url_encode(l->token);

		buf_addf(&path, "&nextToken=%s", token);
		free(token);
	}
	call_send(c, CALL_READ, "GET", buf_take(&path), NULL, on_page);
}

/* Knows running ones only, all in one answer. */
static void
ask_v1(struct call *c)
{
	struct list *l = c->extra;

	call_send(c, CALL_READ, "GET",
	    l->metadata ? xasprintf("/sandboxes?metadata=%s", l->metadata)
			: xstrdup("/sandboxes"),
	    NULL, on_page);
}

static void
ask(struct call *c)
{
	struct list *l = c->extra;

	if (l->v2)
		ask_v2(c);
	else
		ask_v1(c);
}

static void
end(struct call *c, const struct error *err)
{
	struct list *l = c->extra;

	call_end_begin(c);
	l->done(c->ctx, err);
	call_end(c);
}

/* What is past the limit, or what was not asked for. */
static void
drop_from(struct rest_sandbox_list *page, size_t count)
{
	while (page->count > count)
		rest_sandbox_clear(&page->items[--page->count]);
}

static bool
is_last(const struct list *l, const char *next_token)
{
	return str_is_empty(next_token) || (l->limit && l->got >= l->limit);
}

static void
take_page(struct call *c, const struct http_reply *reply, struct rest_sandbox_list *page)
{
	struct list *l = c->extra;
	struct error err = { 0 };
	api_call id = c->id;
	struct api *a = c->api;
	char *next = l->v2 ? xstrdup(reply->next_token) : NULL;
	bool last;

	if (!l->v2 && !l->running)
		drop_from(page, 0);
	if (l->limit)
		drop_from(page, l->limit - l->got);
	l->got += page->count;
	last = is_last(l, next);
	if (l->page)
		l->page(c->ctx, page, last, reply->total_running);
	rest_sandbox_list_clear(page);
	if (!call_find(a, id)) { /* cancelled from inside */
		free(next);
		return;
	}
	if (!last && str_eq(next, l->token)) {
		error_set(&err, ERROR_REMOTE, "%s: the server repeats a page", c->what);
		last = true;
	}
	free(l->token);
	l->token = next;
	if (last)
		end(c, &err);
	else
		ask(c);
}

static void
on_page(struct call *c, const struct http_reply *reply)
{
	struct list *l = c->extra;
	struct rest_sandbox_list page = { 0 };
	struct error err = { 0 };

	if (route_is_missing(c, ROUTE_LIST, l->v2, reply->status)) {
		l->v2 = false;
		ask(c);
		return;
	}
	route_learn(c->api, ROUTE_LIST, l->v2, reply->status);
	if (reply->status != 200) {
		call_error(c, reply, &err);
		end(c, &err);
		return;
	}
	if (!rest_sandbox_list_decode(reply->body, reply->len, &page, &err)) {
		call_error_undecoded(c, reply, &err);
		end(c, &err);
		return;
	}
	take_page(c, reply, &page);
}

api_call
api_list(struct api *a, const struct api_list_query *query, api_list_page *page,
    api_done *done, void *ctx)
{
	struct call *c = call_new(a, ctx, "listing sandboxes");
	struct list *l = xcalloc(1, sizeof *l);
	bool both = !query->running && !query->paused;

	assert(query->limit >= 0);
	c->extra = l;
	c->clear_extra = clear_list;
	l->v2 = a->forms[ROUTE_LIST] != FORM_V1;
	l->page = page;
	l->done = done;
	l->running = query->running || both;
	l->paused = query->paused || both;
	l->limit = (size_t)query->limit;
	if (query->metadata && query->metadata->count > 0)
		l->metadata = rest_metadata_query(query->metadata);
	ask(c);
	return c->id;
}
