/* rest_teams - the one team of this host: what it ran. control-plane.md 2.16. */
#include "host/rest.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/query.h"
#include "host/reply.h"

#define DEFAULT_RANGE_S ((int64_t)7 * 24 * 3600)
#define TIME_MAX ((int64_t)1 << 40) /* sums of two times stay numbers */

struct team_query {
	struct request *request; /* borrowed; NULL: the client left */
	int64_t start_s, end_s;
	bool max, rate; /* of the starts, else of those that run */
};

static void
on_gone(void *ctx)
{
	struct team_query *q = ctx;

	q->request = NULL;
}

/* What is wrong with it, or NULL. */
static const char *
read_range(const char *query, struct team_query *q)
{
	enum query_number start = query_int(query, "start", 0, TIME_MAX, &q->start_s);
	enum query_number end = query_int(query, "end", 0, TIME_MAX, &q->end_s);

	if (start == QUERY_BAD || end == QUERY_BAD)
		return "start and end must be whole Unix seconds";
	if (end == QUERY_ABSENT)
		q->end_s = clock_wall_ms() / 1000;
	if (start == QUERY_ABSENT)
		q->start_s = MAX(q->end_s - DEFAULT_RANGE_S, 0);
	return q->start_s <= q->end_s ? NULL : "Invalid time range for metrics";
}

static const char *
read_metric(const char *query, struct team_query *q)
{
	char *metric = query_get(query, "metric");
	bool known;

	q->max = true;
	q->rate = str_eq(metric, "sandbox_start_rate");
	known = q->rate || str_eq(metric, "concurrent_sandboxes");
	free(metric);
	return known ? NULL : "metric must be concurrent_sandboxes or sandbox_start_rate";
}

static void
add_list(struct buf *body, const struct store_team *team)
{
	buf_add_char(body, '[');
	for (size_t i = 0; i < team->count; i++) {
		if (i > 0)
			buf_add_char(body, ',');
		rest_team_metric_encode(body, &team->items[i]);
	}
	buf_add_char(body, ']');
}

/* Nothing ran: nought, at the range's end. */
static void
add_max(struct buf *body, const struct team_query *q, const struct store_team *team)
{
	struct rest_team_metric most = { .ts_s = q->end_s };

	for (size_t i = 0; i < team->count; i++) {
		const struct rest_team_metric *m = &team->items[i];

		if (q->rate ? m->rate_micro_s > most.rate_micro_s
			    : m->concurrent > most.concurrent)
			most = *m;
	}
	rest_team_max_encode(body, &most, q->rate);
}

static void
on_team(void *ctx, const struct store_team *team)
{
	struct team_query *q = ctx;
	struct buf body;

	if (q->request) {
		buf_init(&body, REPLY_MAX);
		if (q->max)
			add_max(&body, q, team);
		else
			add_list(&body, team);
		request_own(q->request, NULL, NULL);
		reply_json(q->request, 200, &body);
	}
	free(q);
}

static void
answer_team(struct call *c, bool max)
{
	const char *query = request_query(c->request);
	struct team_query q = { .request = c->request };
	const char *problem = read_range(query, &q);
	struct team_query *kept;

	if (!str_eq(c->param[0], HOST_TEAM_ID)) {
		reply_error(c->request, 403,
		    "this key's team is %s: it cannot see the metrics of another",
		    HOST_TEAM_ID);
		return;
	}
	if (!problem && max)
		problem = read_metric(query, &q);
	if (problem) {
		reply_error(c->request, 400, "%s", problem);
		return;
	}
	kept = xmemdup(&q, sizeof q);
	request_own(c->request, on_gone, kept);
	store_read_team(c->host->store, q.start_s, q.end_s,
	    metrics_bucket_s(q.end_s - q.start_s), on_team, kept);
}

void
rest_team_metrics(struct call *c)
{
	answer_team(c, false);
}

void
rest_team_metrics_max(struct call *c)
{
	answer_team(c, true);
}

/* It mints keys in the cloud, for who signed in there. */
void
rest_teams(struct call *c)
{
	reply_error(c->request, 401,
	    "the local host has no sign-in and one team, %s: use the key that `sandtop "
	    "host env` prints",
	    HOST_TEAM_ID);
}
