/* Looking for a sandbox by the marker that its create carried. */
#include "net/api_marker.h"

#include <stdlib.h>

#include "base/mem.h"

void
marker_ask(struct call *c, const char *marker,
    void (*answered)(struct call *c, const struct http_reply *reply))
{
	struct pairs filter = { 0 };
	char *query;
	bool v2 = c->api->forms[ROUTE_LIST] != FORM_V1;

	pairs_set(&filter, API_MARKER_KEY, marker);
	query = rest_metadata_query(&filter);
	call_send(c, CALL_READ, "GET",
	    v2 ? xasprintf(
		     "/v2/sandboxes?state=running,paused&limit=100&metadata=%s", query)
	       : xasprintf("/sandboxes?metadata=%s", query),
	    NULL, answered);
	free(query);
	pairs_clear(&filter);
}

/* The filter is checked again: a server that ignores it would name a stranger. */
enum marker_answer
marker_read(struct call *c, const char *marker, const struct http_reply *reply,
    char **out_id, struct error *err)
{
	struct rest_sandbox_list list = { 0 };
	enum marker_answer answer = MARKER_NONE;

	if (reply->status != 200) {
		call_error(c, reply, err);
		return MARKER_FAILED;
	}
	if (!rest_sandbox_list_decode(reply->body, reply->len, &list, err)) {
		call_error_undecoded(c, reply, err);
		return MARKER_FAILED;
	}
	for (size_t i = 0; i < list.count && answer == MARKER_NONE; i++) {
		if (!str_eq(pairs_get(&list.items[i].metadata, API_MARKER_KEY), marker))
			continue;
		*out_id = xstrdup(list.items[i].id);
		answer = MARKER_FOUND;
	}
	rest_sandbox_list_clear(&list);
	return answer;
}

/* ---- killing what arrives late */

enum { LOOKS = 8, LOOK_SLOWNESS = 5 };

struct hunt {
	char *marker; /* owned */
	char *id;     /* owned; NULL: nothing found yet */
	int looks;
	struct error last; /* of the last look that failed */
	api_marker_done *done;
};

static void
clear_hunt(void *extra)
{
	struct hunt *h = extra;

	free(h->marker);
	free(h->id);
}

static void
end(struct call *c, const struct error *err)
{
	struct hunt *h = c->extra;

	call_end_begin(c);
	h->done(c->ctx, h->id, err);
	call_end(c);
}

static void
on_killed(struct call *c, const struct http_reply *reply)
{
	struct error err = { 0 };

	if (reply->status / 100 != 2 && reply->status != 404)
		call_error(c, reply, &err);
	end(c, &err);
}

static void look(struct call *c);

static void
on_look(struct call *c, const struct http_reply *reply)
{
	struct hunt *h = c->extra;
	struct error err = { 0 };
	enum marker_answer answer = marker_read(c, h->marker, reply, &h->id, &err);

	if (answer == MARKER_FOUND) {
		call_send(c, CALL_REPEAT, "DELETE", xasprintf("/sandboxes/%s", h->id),
		    NULL, on_killed);
		return;
	}
	h->last = err;
	if (++h->looks < LOOKS)
		call_wake_in(
		    c, backoff_ms(c->api->backoff_ms * LOOK_SLOWNESS, h->looks), look);
	else
		end(c, &h->last);
}

static void
look(struct call *c)
{
	struct hunt *h = c->extra;

	marker_ask(c, h->marker, on_look);
}

api_call
api_kill_marker(struct api *a, const char *marker, api_marker_done *done, void *ctx)
{
	struct call *c = call_new(a, ctx, "killing what the create left behind");
	struct hunt *h = xcalloc(1, sizeof *h);

	h->marker = xstrdup(marker);
	h->done = done;
	c->extra = h;
	c->clear_extra = clear_hunt;
	look(c);
	return c->id;
}
