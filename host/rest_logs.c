/* rest_logs - logs of a sandbox in both generations. */
#include "host/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/store.h"

#define WINDOW_MS ((int64_t)7 * 24 * 3600 * 1000)
#define LIMIT_DEFAULT 1000
#define LIMIT_V1_MAX 10000
#define SEARCH_MAX 256u
#define MS_MAX (INT64_MAX / 1000000 - WINDOW_MS)

struct log_request {
	struct pending pending;
	int generation;
};

static void
on_gone(void *ctx)
{
	struct log_request *l = ctx;

	l->pending.request = NULL;
}

static void
add_entries(struct buf *body, const struct rest_log_list *logs,
    void (*encode)(struct buf *out, const struct rest_log_entry *entry))
{
	for (size_t i = 0; i < logs->count; i++) {
		if (i > 0)
			buf_add_char(body, ',');
		encode(body, &logs->items[i]);
	}
}

static void
on_logs(void *ctx, const struct rest_log_list *logs)
{
	struct log_request *l = ctx;
	struct buf body;

	if (l->pending.request) {
		buf_init(&body, REPLY_MAX);
		buf_add_str(&body, "{\"logs\":[");
		add_entries(&body, logs,
		    l->generation == 2 ? rest_log_entry_encode : rest_log_line_encode);
		if (l->generation == 1) {
			buf_add_str(&body, "],\"logEntries\":[");
			add_entries(&body, logs, rest_log_entry_encode);
		}
		buf_add_str(&body, "]}");
		reply_json(l->pending.request, 200, &body);
	}
	free(l);
}

/* Fills the window around the position. */
static void
set_window(struct store_log_query *q, bool positioned, int64_t at_ms)
{
	int64_t now_ms = clock_wall_ms();
	int64_t from_ms = positioned ? at_ms : now_ms - WINDOW_MS;
	int64_t to_ms = positioned ? at_ms + WINDOW_MS : now_ms;

	if (positioned && q->backward) {
		from_ms = at_ms - WINDOW_MS;
		to_ms = at_ms;
	}
	q->from_ns = from_ms * 1000000;
	q->to_ns = to_ms * 1000000 + 999999;
}

/* What is wrong with the parameters, or NULL. */
static const char *
read_parameters(struct call *c, struct store_log_query *q, char **search)
{
	const char *query = request_query(c->request);
	bool newer = c->route->generation == 2;
	int64_t limit = LIMIT_DEFAULT, at_ms = 0;
	enum query_number position =
	    query_int(query, newer ? "cursor" : "start", 0, MS_MAX, &at_ms);
	enum query_number limited =
	    query_int(query, "limit", 0, newer ? LIMIT_DEFAULT : INT32_MAX, &limit);
	char *direction = newer ? query_get(query, "direction") : NULL;
	char *level = newer ? query_get(query, "level") : NULL;
	const char *problem = NULL;

	*search = newer ? query_get(query, "search") : NULL;
	q->backward = newer && !str_eq(direction, "forward");
	q->min_level = level ? store_log_level(level) : 0;
	q->search = str_is_empty(*search) ? NULL : *search;
	q->limit = (int)MIN(limit, LIMIT_V1_MAX);
	set_window(q, position == QUERY_OK, at_ms);
	if (position == QUERY_BAD)
		problem = newer ? "cursor must be Unix milliseconds"
				: "start must be Unix milliseconds";
	else if (limited == QUERY_BAD)
		problem = newer ? "limit must be 0 to 1000" : "limit must be at least 0";
	else if (direction && q->backward && !str_eq(direction, "backward"))
		problem = "direction must be forward or backward";
	else if (q->min_level < 0)
		problem = "level must be debug, info, warn or error";
	else if (q->search && strlen(q->search) > SEARCH_MAX)
		problem = "search must be at most 256 characters";
	free(direction);
	free(level);
	return problem;
}

void
rest_logs(struct call *c)
{
	struct store_log_query q = { 0 };
	struct log_request *l;
	char id[32], *search = NULL;
	const char *problem;

	if (!sandbox_id_parse(c->param[0], id)) {
		reply_error(c->request, 400, "Invalid sandbox ID");
		return;
	}
	problem = read_parameters(c, &q, &search);
	if (problem) {
		reply_error(c->request, 400, "%s", problem);
	} else {
		l = xcalloc(1, sizeof *l);
		l->pending.request = c->request;
		l->generation = c->route->generation;
		request_own(c->request, on_gone, l);
		q.id = id;
		store_read_logs(c->host->store, &q, on_logs, l);
	}
	free(search);
}
