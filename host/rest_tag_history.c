/*
 * rest_tag_history - which builds the tags of a template named, in pages.
 * control-plane.md 10.2.
 *
 * Cursors say where the page before ended, not how far it was: "<sort>|<time>|<tag>" of the
 * last group, "<time>|<assignment>" of the last assignment.
 */
#include "host/rest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/template_name.h"
#include "host/template_tags.h"

#define GROUPS 25
#define GROUPS_MAX 100
#define OF_GROUP 6
#define OF_GROUP_MAX 25
#define ASSIGNMENTS 50
#define ASSIGNMENTS_MAX 100
#define SEARCH_MAX 64u
#define TAG_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789._-"

static const struct order {
	const char *name;
	bool by_name, descending;
} orders[] = {
	{ .name = "latest_desc", .descending = true },
	{ .name = "latest_asc" },
	{ .name = "name_asc", .by_name = true },
	{ .name = "name_desc", .by_name = true, .descending = true },
};

/* Where a group stands. */
struct place {
	int64_t at_ms;
	const char *tag; /* borrowed; NULL: before all */
};

struct groups_query {
	const struct order *order;
	int64_t groups, of_group;
	char *search; /* owned, in small letters; "": all */
	char *cursor; /* owned; `after` points into it */
	struct place after;
};

static void
groups_query_clear(struct groups_query *q)
{
	free(q->search);
	free(q->cursor);
}

/* ---- reading what is asked for; each gives NULL, or what is wrong */

static const char *
read_limit(const char *query, const char *name, int64_t max, int64_t *out)
{
	static char text[64]; /* one loop, used at once */

	if (query_int(query, name, 1, max, out) != QUERY_BAD)
		return NULL;
	snprintf(text, sizeof text, "%s must be 1 to %d", name, (int)max);
	return text;
}

static const char *
read_order(const char *query, const struct order **out)
{
	char *name = query_get(query, "sort");

	*out = name ? NULL : &orders[0];
	for (size_t i = 0; name && i < ARRAY_LEN(orders); i++)
		if (str_eq(orders[i].name, name))
			*out = &orders[i];
	free(name);
	return *out ? NULL
		    : "sort must be latest_desc, latest_asc, name_asc or name_desc";
}

static bool
is_part_of_tag(const char *text)
{
	return text[strspn(text, TAG_CHARACTERS)] == '\0';
}

static const char *
read_search(const char *query, char **out)
{
	char *asked = query_get(query, "search");

	*out = xstrdup(asked ? str_trim(asked) : "");
	free(asked);
	for (char *c = *out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strlen(*out) <= SEARCH_MAX && is_part_of_tag(*out))
		return NULL;
	return "search must be up to 64 of a-z, 0-9, '.', '_' and '-'";
}

/* Cuts `text` at the first bar. NULL: there is none. */
static char *
cut_at_bar(char *text)
{
	char *bar = strchr(text, '|');

	if (!bar)
		return NULL;
	*bar = '\0';
	return bar + 1;
}

#define BAD_CURSOR "Invalid cursor: send nextCursor of the page before as it was given"

static const char *
read_groups_cursor(struct groups_query *q)
{
	char *time, *tag;

	if (str_is_empty(q->cursor))
		return NULL;
	time = cut_at_bar(q->cursor);
	tag = time ? cut_at_bar(time) : NULL;
	if (!tag)
		return BAD_CURSOR;
	if (!str_eq(q->cursor, q->order->name))
		return "Cursor was issued for a different sort; clear the cursor and "
		       "restart";
	if (!clock_parse_rfc3339(time, &q->after.at_ms) || !*tag || !is_part_of_tag(tag))
		return BAD_CURSOR;
	q->after.tag = tag;
	return NULL;
}

/* false after 400. */
static bool
read_groups_query(struct call *c, struct groups_query *q)
{
	const char *query = request_query(c->request);
	const char *wrong;

	*q = (struct groups_query){ .groups = GROUPS, .of_group = OF_GROUP };
	wrong = read_order(query, &q->order);
	if (!wrong)
		wrong = read_limit(query, "tagsLimit", GROUPS_MAX, &q->groups);
	if (!wrong)
		wrong = read_limit(query, "assignmentLimit", OF_GROUP_MAX, &q->of_group);
	if (!wrong)
		wrong = read_search(query, &q->search);
	q->cursor = query_get(query, "tagsCursor");
	if (!wrong)
		wrong = read_groups_cursor(q);
	if (!wrong)
		return true;
	reply_error(c->request, 400, "%s", wrong);
	groups_query_clear(q);
	return false;
}

/* ---- order */

/* < 0: `a` stands before `b`. Of the same time the name decides, small ones first. */
static int
compare_places(const struct order *order, const struct place *a, const struct place *b)
{
	int result = order->by_name ? strcmp(a->tag, b->tag)
				    : (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);

	if (result != 0)
		return order->descending ? -result : result;
	return strcmp(a->tag, b->tag);
}

static struct place
place_of(const struct template_tag *tag)
{
	return (struct place){ .at_ms = tag->latest->at_ms, .tag = tag->name };
}

static int
compare_tags(const void *left, const void *right, void *order)
{
	struct place a = place_of(*(const struct template_tag *const *)left);
	struct place b = place_of(*(const struct template_tag *const *)right);

	return compare_places(order, &a, &b);
}

static bool
is_wanted(const struct groups_query *q, const struct template_tag *tag)
{
	struct place place = place_of(tag);

	if (!template_tag_is_ready(tag))
		return false;
	if (!strstr(tag->name, q->search))
		return false;
	return !q->after.tag || compare_places(q->order, &q->after, &place) < 0;
}

/* Those that are wanted, in order. Caller frees. */
static const struct template_tag **
sorted_tags(const struct template *t, const struct groups_query *q, size_t *count)
{
	const struct template_tag **sorted;
	struct order order = *q->order;
	size_t all = 0;

	for (const struct template_tag *tag = t->tags; tag; tag = tag->next)
		all++;
	sorted = xcalloc(all + 1, sizeof(const struct template_tag *));
	*count = 0;
	for (const struct template_tag *tag = t->tags; tag; tag = tag->next)
		if (is_wanted(q, tag))
			sorted[(*count)++] = tag;
	qsort_r(
	    sorted, *count, sizeof(const struct template_tag *), compare_tags, &order);
	return sorted;
}

/* ---- answering */

static void
add_assignment(struct buf *body, const struct assignment *a)
{
	buf_addf(
	    body, "{\"assignmentId\":\"%s\",\"buildId\":\"%s\"", a->id, a->build->id);
	rest_add_time(body, "assignedAt", a->at_ms);
	rest_add_time(body, "buildCreatedAt", a->build->created_ms);
	rest_add_time(body, "buildFinishedAt", a->build->finished_ms);
	buf_add_char(body, '}');
}

/* Up to `limit` of them from `a` on, as an array. Returns the first that is left. */
static const struct assignment *
add_assignments(struct buf *body, const struct assignment *a, int64_t limit)
{
	const struct assignment *first = a;

	buf_add_char(body, '[');
	for (; a && limit > 0; a = a->next, limit--) {
		buf_add_str(body, a == first ? "" : ",");
		add_assignment(body, a);
	}
	buf_add_char(body, ']');
	return a;
}

static void
add_group(struct buf *body, const struct template_tag *tag, int64_t limit)
{
	const struct assignment *left;

	buf_addf(body, "{\"tag\":\"%s\",\"assignments\":", tag->name);
	left = add_assignments(body, tag->latest, limit);
	buf_addf(body, ",\"hasMore\":%s}", left ? "true" : "false");
}

static void
reply_groups(struct call *c, const struct groups_query *q,
    const struct template_tag *const *tags, size_t count)
{
	size_t shown = MIN(count, (size_t)q->groups);
	struct buf body;
	char time[40];

	buf_init(&body, REPLY_MAX);
	buf_add_str(&body, "{\"tags\":[");
	for (size_t i = 0; i < shown; i++) {
		buf_add_str(&body, i > 0 ? "," : "");
		add_group(&body, tags[i], q->of_group);
	}
	if (shown < count) {
		clock_format_rfc3339(tags[shown - 1]->latest->at_ms, time, sizeof time);
		buf_addf(&body, "],\"nextCursor\":\"%s|%s|%s\"}", q->order->name, time,
		    tags[shown - 1]->name);
	} else {
		buf_add_str(&body, "],\"nextCursor\":null}");
	}
	reply_json(c->request, 200, &body);
}

void
rest_tags_groups(struct call *c)
{
	const struct template *t = rest_find_template(c);
	const struct template_tag **tags;
	struct groups_query q;
	size_t count;

	if (!t || !read_groups_query(c, &q))
		return;
	tags = sorted_tags(t, &q, &count);
	reply_groups(c, &q, tags, count);
	free(tags);
	groups_query_clear(&q);
}

/* ---- the assignments of one tag, newest first */

/* Where the page begins: *at is moved there. */
static const char *
read_assignments_cursor(const char *query, const struct assignment **at)
{
	char *cursor = query_get(query, "cursor");
	char *id = str_is_empty(cursor) ? NULL : cut_at_bar(cursor);
	bool fine = str_is_empty(cursor);
	int64_t before_ms;

	if (id && template_name_is_uuid(id) && clock_parse_rfc3339(cursor, &before_ms)) {
		fine = true;
		while (*at && (*at)->at_ms >= before_ms)
			*at = (*at)->next;
	}
	free(cursor);
	return fine ? NULL : BAD_CURSOR;
}

static void
reply_assignments(struct call *c, const struct assignment *at, int64_t limit)
{
	const struct assignment *left, *last = at;
	struct buf body;
	char time[40];

	buf_init(&body, REPLY_MAX);
	buf_add_str(&body, "{\"data\":");
	left = add_assignments(&body, at, limit);
	while (left && last->next != left)
		last = last->next;
	if (left) {
		clock_format_rfc3339(last->at_ms, time, sizeof time);
		buf_addf(&body, ",\"nextCursor\":\"%s|%s\"}", time, last->id);
	} else {
		buf_add_str(&body, ",\"nextCursor\":null}");
	}
	reply_json(c->request, 200, &body);
}

void
rest_tags_assignments(struct call *c)
{
	const struct template *t = rest_find_template(c);
	const char *query = request_query(c->request), *wrong;
	char *name = t ? template_tag_parse(c->param[1]) : NULL;
	const struct template_tag *tag = name ? template_tag_find(t, name) : NULL;
	const struct assignment *at =
	    tag && template_tag_is_ready(tag) ? tag->latest : NULL;
	int64_t limit = ASSIGNMENTS;

	if (!t)
		return;
	wrong = name ? NULL : "a tag must be " TEMPLATE_TAG_RULE;
	free(name);
	if (!wrong)
		wrong = read_limit(query, "limit", ASSIGNMENTS_MAX, &limit);
	if (!wrong)
		wrong = read_assignments_cursor(query, &at);
	if (wrong)
		reply_error(c->request, 400, "%s", wrong);
	else
		reply_assignments(c, at, limit);
}
