/* rest_list - the lists of sandboxes, both generations. control-plane.md 2.2, 2.3. */
#include "host/rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/mem.h"
#include "host/query.h"
#include "host/reply.h"

#define PAGE_MAX 100

/* ---- what is asked */

struct list_query {
	bool running, paused, ascending;
	struct pairs metadata;
	int64_t started_after_ms;
	const struct catalogue *catalogue; /* borrowed */
	const struct template *template;
	bool no_template; /* one was named that does not exist */
	int64_t limit;
	bool has_cursor;
	int64_t cursor_ms;
	char cursor_id[32];
};

static bool
parse_states(const char *text, struct list_query *q)
{
	struct strlist states = { 0 };
	bool ok = true;

	q->running = q->paused = false;
	strlist_split(&states, text, ',');
	for (size_t i = 0; i < states.count; i++) {
		bool running = str_eq(states.items[i], "running");
		bool paused = str_eq(states.items[i], "paused");

		ok = ok && (running || paused);
		q->running |= running;
		q->paused |= paused;
	}
	strlist_clear(&states);
	return ok;
}

/* base64url of "<order> <started ms> <id>"; a stranger's token is refused. */
static char *
encode_cursor(const struct sandbox *s, bool ascending)
{
	char *plain = xasprintf(
	    "%c %" PRId64 " %s", ascending ? 'a' : 'd', s->info.started_ms, s->info.id);
	struct buf out;

	buf_init(&out, 256);
	base64_add(&out, plain, strlen(plain));
	free(plain);
	for (size_t i = 0; i < out.len; i++) {
		if (out.data[i] == '+')
			out.data[i] = '-';
		else if (out.data[i] == '/')
			out.data[i] = '_';
	}
	while (out.len > 0 && out.data[out.len - 1] == '=')
		out.data[--out.len] = '\0';
	return buf_take(&out);
}

static bool
parse_cursor(const char *token, struct list_query *q)
{
	char plain[BASE64_DECODED_MAX(256)];
	struct strlist parts = { 0 };
	size_t len;
	bool ok;

	if (strlen(token) > 200 || !base64_decode(token, strlen(token), plain, &len) ||
	    memchr(plain, '\0', len))
		return false;
	plain[len] = '\0';
	strlist_split(&parts, plain, ' ');
	ok = parts.count == 3 && str_eq(parts.items[0], q->ascending ? "a" : "d") &&
	     parse_int(parts.items[1], 0, INT64_MAX, &q->cursor_ms) &&
	     sandbox_id_parse(parts.items[2], q->cursor_id);
	strlist_clear(&parts);
	q->has_cursor = ok;
	return ok;
}

/* One parameter: NULL when it is fine or absent, else what is wrong. */
static const char *
read_state(const char *value, struct list_query *q)
{
	return parse_states(value, q) ? NULL : "state must be running, paused or both";
}

static const char *
read_metadata(const char *value, struct list_query *q)
{
	if (*value && rest_metadata_query_parse(value, &q->metadata))
		return NULL;
	return "metadata cannot be read";
}

static const char *
read_order(const char *value, struct list_query *q)
{
	q->ascending = str_eq(value, "asc");
	return q->ascending || str_eq(value, "desc") ? NULL : "order must be asc or desc";
}

static const char *
read_started_after(const char *value, struct list_query *q)
{
	if (clock_parse_rfc3339(value, &q->started_after_ms))
		return NULL;
	return "startedAfter must be an RFC 3339 time";
}

static const char *
read_template(const char *value, struct list_query *q)
{
	if (template_reference_has_tag(value))
		return "template must not have a tag";
	q->template = catalogue_find(q->catalogue, value);
	q->no_template = !q->template;
	return NULL;
}

static const char *
read_limit(const char *value, struct list_query *q)
{
	return parse_int(value, 1, PAGE_MAX, &q->limit) ? NULL : "limit must be 1 to 100";
}

static const char *
read_cursor(const char *value, struct list_query *q)
{
	return parse_cursor(value, q) ? NULL : "Invalid next token";
}

/* In this order: the cursor depends on the order. */
static const struct {
	const char *name;
	const char *(*read)(const char *value, struct list_query *q);
} list_parameters[] = {
	{ "state", read_state },
	{ "metadata", read_metadata },
	{ "order", read_order },
	{ "startedAfter", read_started_after },
	{ "template", read_template },
	{ "limit", read_limit },
	{ "nextToken", read_cursor },
};

static bool
parse_list_query(struct call *c, struct list_query *q)
{
	const char *problem = NULL;

	for (size_t i = 0; i < ARRAY_LEN(list_parameters) && !problem; i++) {
		char *value =
		    query_get(request_query(c->request), list_parameters[i].name);

		/* An empty cursor is no cursor: clients send one on the first page. */
		if (value && (*value || list_parameters[i].read != read_cursor))
			problem = list_parameters[i].read(value, q);
		free(value);
	}
	if (problem)
		reply_error(c->request, 400, "%s", problem);
	return !problem;
}

static bool
has_metadata(const struct sandbox *s, const struct pairs *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!str_eq(pairs_get(&s->info.metadata, wanted->items[i].key),
			wanted->items[i].value))
			return false;
	return true;
}

static bool
is_wanted(const struct sandbox *s, const struct list_query *q)
{
	bool running = s->state == SANDBOX_RUNNING;

	if (s->state == SANDBOX_STARTING || s->state == SANDBOX_ENDING || q->no_template)
		return false;
	if (running ? !q->running : !q->paused)
		return false;
	if (s->info.started_ms < q->started_after_ms)
		return false;
	if (q->template && !str_eq(s->info.template_id, q->template->id))
		return false;
	return has_metadata(s, &q->metadata);
}

static int
compare_start(int64_t a_ms, const char *a_id, int64_t b_ms, const char *b_id)
{
	if (a_ms != b_ms)
		return a_ms < b_ms ? -1 : 1;
	return strcmp(a_id, b_id);
}

static int
by_start(const void *a, const void *b)
{
	const struct sandbox *x = *(const struct sandbox *const *)a;
	const struct sandbox *y = *(const struct sandbox *const *)b;

	return compare_start(
	    x->info.started_ms, x->info.id, y->info.started_ms, y->info.id);
}

static bool
is_behind_cursor(const struct sandbox *s, const struct list_query *q)
{
	int order;

	if (!q->has_cursor)
		return true;
	order = compare_start(s->info.started_ms, s->info.id, q->cursor_ms, q->cursor_id);
	return q->ascending ? order > 0 : order < 0;
}

static int
by_start_newest_first(const void *a, const void *b)
{
	return by_start(b, a);
}

/* The first of those behind the cursor. `keep` of them count; a page of a large fleet is
 * found without putting all of it in order: `items` fills up to twice that many, then the
 * worse half is dropped, and what is behind the worst of the rest is not taken at all. */
struct page {
	const struct sandbox **items; /* owned; the sandboxes are borrowed */
	size_t count, keep, cap;
	const struct sandbox
	    *worst; /* of `keep` others that come first; NULL: none yet */
	int (*order)(const void *a, const void *b);
	size_t running; /* of all that are wanted, also before the cursor */
};

static void
page_sort(struct page *p)
{
	qsort(p->items, p->count, sizeof(const struct sandbox *), p->order);
	p->count = MIN(p->count, p->keep);
	if (p->count == p->keep)
		p->worst = p->items[p->count - 1];
}

static void
page_add(struct page *p, const struct sandbox *s)
{
	if (p->worst && p->order(&s, &p->worst) > 0)
		return;
	if (p->count == p->cap)
		page_sort(p);
	p->items[p->count++] = s;
}

/* One more than the limit, in order: whether there is a next page. */
static struct page
collect(const struct registry *r, const struct list_query *q)
{
	size_t total = 0;
	struct page p = { .order = q->ascending ? by_start : by_start_newest_first };

	for (const struct sandbox *s = registry_first(r); s; s = s->next)
		total++;
	p.keep = MIN((size_t)q->limit, total) + 1;
	p.cap = 2 * p.keep;
	p.items = xcalloc(p.cap, sizeof(const struct sandbox *));
	for (const struct sandbox *s = registry_first(r); s; s = s->next) {
		if (!is_wanted(s, q))
			continue;
		p.running += s->state == SANDBOX_RUNNING;
		if (is_behind_cursor(s, q))
			page_add(&p, s);
	}
	page_sort(&p);
	return p;
}

static void
reply_list(struct call *c, const struct list_query *q)
{
	struct page page = collect(c->host->registry, q);
	size_t count = MIN(page.count, (size_t)q->limit);
	struct buf body;

	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&body, ',');
		rest_sandbox_encode(&body, &page.items[i]->info, false);
	}
	buf_add_char(&body, ']');
	if (page.count > count) {
		char *token = encode_cursor(page.items[count - 1], q->ascending);

		request_add_header(c->request, "X-Next-Token", token);
		free(token);
	}
	if (q->running && c->route->generation == 2) {
		char text[24];

		snprintf(text, sizeof text, "%zu", page.running);
		request_add_header(c->request, "X-Total-Running", text);
	}
	reply_json(c->request, 200, &body);
	free(page.items);
}

void
rest_list(struct call *c)
{
	struct list_query q = {
		.running = true,
		.paused = true,
		.limit = PAGE_MAX,
		.catalogue = c->host->catalogue,
	};

	if (parse_list_query(c, &q))
		reply_list(c, &q);
	pairs_clear(&q.metadata);
}

void
rest_list_v1(struct call *c)
{
	struct list_query q = { .running = true, .limit = INT64_MAX };
	char *value = query_get(request_query(c->request), "metadata");
	const char *problem = value ? read_metadata(value, &q) : NULL;

	if (problem)
		reply_error(c->request, 400, "%s", problem);
	else
		reply_list(c, &q);
	free(value);
	pairs_clear(&q.metadata);
}
