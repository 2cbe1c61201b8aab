#include "tests/unit/net/api_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int
api_setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);

	w->loop = loop_new();
	w->server = server_new(w->loop);
	w->http = http_new(w->loop, &(struct http_settings){ .user_agent = "test/1" });
	w->api = api_new(w->loop, w->http,
	    &(struct api_settings){
		.url = server_url(w->server), .key = "e2b_key", .backoff_ms = 1 });
	*state = w;
	return 0;
}

int
api_teardown(void **state)
{
	struct world *w = *state;

	api_free(w->api);
	http_free(w->http);
	server_free(w->server);
	loop_free(w->loop);
	free(w);
	return 0;
}

/* ---- the owners' callbacks */

void
on_done(void *ctx, const struct error *err)
{
	struct world *w = ctx;

	w->done++;
	w->err = *err;
}

void
on_page(void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running)
{
	struct world *w = ctx;

	w->pages++;
	w->rows += page->count;
	w->last = last;
	w->total = total_running;
	if (page->count > 0)
		str_copy(w->id, sizeof w->id, page->items[page->count - 1].id);
	if (w->cancel_in_page)
		api_cancel(w->api, w->cancel_in_page);
}

void
on_sandbox(void *ctx, const struct rest_sandbox *sandbox, const struct error *err)
{
	struct world *w = ctx;

	on_done(w, err);
	str_copy(w->id, sizeof w->id, sandbox->id ? sandbox->id : "");
}

void
on_created(void *ctx, const struct rest_created *created, const struct error *err)
{
	struct world *w = ctx;

	on_done(w, err);
	str_copy(w->id, sizeof w->id, created->id ? created->id : "");
	str_copy(
	    w->token, sizeof w->token, created->envd_token ? created->envd_token : "");
}

void
on_act(void *ctx, bool already, const struct error *err)
{
	struct world *w = ctx;

	on_done(w, err);
	w->already = already;
}

void
on_metrics(void *ctx, const struct rest_metric_list *list, const struct error *err)
{
	struct world *w = ctx;

	on_done(w, err);
	w->rows = list->count;
}

void
on_map(void *ctx, const struct rest_metric_map *map, const struct error *err)
{
	struct world *w = ctx;

	on_done(w, err);
	w->rows = map->count;
}

void
on_logs(void *ctx, const struct rest_log_list *list, const struct error *err)
{
	struct world *w = ctx;

	on_done(w, err);
	w->rows = list->count;
	w->text[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		size_t len = strlen(w->text);

		str_copy(w->text + len, sizeof w->text - len, list->items[i].message);
	}
}

void
on_marker(void *ctx, const char *id, const struct error *err)
{
	struct world *w = ctx;

	on_done(w, err);
	str_copy(w->id, sizeof w->id, id ? id : "");
}

/* The marker in the metadata of the create that was sent as `index`. */
void
marker_of(struct world *w, size_t index, char *out)
{
	const char *at =
	    strstr(server_body(w->server, index), "\"" API_MARKER_KEY "\":\"");

	assert_non_null(at);
	memcpy(out, at + strlen("\"" API_MARKER_KEY "\":\""), 16);
	out[16] = '\0';
}

api_call
ask_create(struct world *w)
{
	struct rest_create create = { .template_id = xstrdup("base"), .timeout_s = 900 };
	api_call id;

	pairs_set(&create.metadata, "a", "b");
	id = api_create(w->api, &create, on_created, w);
	rest_create_clear(&create);
	return id;
}
