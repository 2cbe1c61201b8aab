/* Tags over HTTP: which builds they name and named, in pages. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/catalogue.h"
#include "host/template_tags.h"

static struct template *
find(const char *name)
{
	return catalogue_find(house.host->catalogue, name);
}

static struct build *
add_ready_build(struct template *t)
{
	struct catalogue *c = house.host->catalogue;
	const struct template *like = catalogue_find(c, "base");
	struct build *b = catalogue_add_build(c, t, like->builds);

	catalogue_set_status(c, b, BUILD_READY, NULL, NULL);
	return b;
}

/* A template without tags. */
static struct template *
add_template(const char *name)
{
	struct catalogue *c = house.host->catalogue;
	struct template *t = catalogue_add(c, TEMPLATE_OWN, name);

	add_ready_build(t);
	catalogue_set_tag(c, t, "default", NULL);
	return t;
}

static void
tag(struct template *t, const char *name)
{
	catalogue_set_tag(house.host->catalogue, t, name, t->builds);
}

/* The value of a text member, the first of that name. Caller frees. */
static char *
member(const struct answer *a, const char *name)
{
	char *key = xasprintf("\"%s\":\"", name);
	const char *at = strstr(a->body.data, key);
	char *value =
	    at ? xstrndup(at + strlen(key), strcspn(at + strlen(key), "\"")) : NULL;

	free(key);
	return value;
}

static bool
has(const struct answer *a, const char *text)
{
	return strstr(a->body.data, text) != NULL;
}

static void
what_cannot_be_asked_is_refused(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *text;
	} cases[] = {
		{ "/templates/nope/tags/groups", 404, "'nope' not found" },
		{ "/templates/nope/tags/a/assignments", 404, "'nope' not found" },
		{ "/templates/base/tags/groups?sort=", 400, "sort must be" },
		{ "/templates/base/tags/groups?sort=newest", 400, "sort must be" },
		{ "/templates/base/tags/groups?tagsLimit=0", 400, "tagsLimit must be" },
		{ "/templates/base/tags/groups?tagsLimit=101", 400, "1 to 100" },
		{ "/templates/base/tags/groups?assignmentLimit=26", 400, "1 to 25" },
		{ "/templates/base/tags/groups?assignmentLimit=x", 400, "1 to 25" },
		{ "/templates/base/tags/groups?search=%22", 400, "search must be" },
		{ "/templates/base/tags/groups?search=a|b", 400, "search must be" },
		{ "/templates/base/tags/groups?search="
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    400, "up to 64" },
		{ "/templates/base/tags/groups?tagsCursor=x", 400, "Invalid cursor" },
		{ "/templates/base/tags/groups?tagsCursor=latest_desc|x|a", 400,
		    "Invalid cursor" },
		{ "/templates/base/tags/groups?tagsCursor="
		  "latest_desc|2026-01-01T00:00:00Z|",
		    400, "Invalid cursor" },
		{ "/templates/base/tags/groups?tagsCursor="
		  "latest_desc|2026-01-01T00:00:00Z|a|b",
		    400, "Invalid cursor" },
		{ "/templates/base/tags/groups?tagsCursor="
		  "name_asc|2026-01-01T00:00:00Z|a",
		    400, "different sort" },
		{ "/templates/base/tags/a%20b/assignments", 400, "a tag must be" },
		{ "/templates/base/tags/default/assignments?limit=101", 400, "1 to 100" },
		{ "/templates/base/tags/default/assignments?cursor=x", 400,
		    "Invalid cursor" },
		{ "/templates/base/tags/default/assignments?cursor="
		  "2026-01-01T00:00:00Z|x",
		    400, "Invalid cursor" },
		{ "/templates/base/tags/exists?tag=a%20b", 400, "a tag must be" },
		{ "/templates/base/tags/exists", 400, "a tag must be" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		if (rest("GET", cases[i].path, NULL, &a) != cases[i].status ||
		    !has(&a, cases[i].text) || !has(&a, "\"code\":"))
			fail_msg("%s: %d %s", cases[i].path, a.status, a.body.data);
		answer_clear(&a);
	}
}

static void
built_in_templates_have_one_tag(void **state)
{
	struct answer a;

	(void)state;
	assert_int_equal(rest("GET", "/templates/base/tags/groups", NULL, &a), 200);
	assert_string_equal(a.body.data,
	    "{\"tags\":[{\"tag\":\"default\",\"assignments\":[{"
	    "\"assignmentId\":\"b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a01\","
	    "\"buildId\":\"b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a01\","
	    "\"assignedAt\":\"2026-01-01T00:00:00.000Z\","
	    "\"buildCreatedAt\":\"2026-01-01T00:00:00.000Z\","
	    "\"buildFinishedAt\":\"2026-01-01T00:00:00.000Z\"}],\"hasMore\":false}],"
	    "\"nextCursor\":null}");
	answer_clear(&a);
	assert_int_equal(
	    rest("GET", "/templates/base/tags/v9/assignments", NULL, &a), 200);
	assert_string_equal(a.body.data, "{\"data\":[],\"nextCursor\":null}");
	answer_clear(&a);
	assert_int_equal(rest("GET", "/templates/base/tags/count", NULL, &a), 200);
	assert_string_equal(a.body.data, "{\"total\":1}");
	answer_clear(&a);
	assert_int_equal(
	    rest("GET", "/templates/base/tags/exists?tag=Default", NULL, &a), 200);
	assert_string_equal(
	    a.body.data, "{\"exists\":true,\"normalizedTag\":\"default\"}");
	answer_clear(&a);
}

/* Follows nextCursor, the first tag of each page behind the other. Caller clears. */
static void
walk_groups(const char *query, struct buf *out)
{
	char *cursor = xstrdup("");

	buf_init(out, 1024);
	for (int pages = 0; cursor && pages < 10; pages++) {
		char *path = xasprintf("/templates/walked/tags/groups?tagsLimit=1%s"
				       "&tagsCursor=%s",
		    query, cursor);
		char *name;
		struct answer a;

		assert_int_equal(rest("GET", path, NULL, &a), 200);
		name = member(&a, "tag");
		buf_addf(out, "%s ", name ? name : "-");
		free(cursor);
		cursor = member(&a, "nextCursor");
		free(name);
		answer_clear(&a);
		free(path);
	}
	free(cursor);
}

static void
groups_come_in_order_and_in_pages(void **state)
{
	static const struct {
		const char *query, *tags;
	} cases[] = {
		{ "", "v1 a.b x-2 " },
		{ "&sort=latest_asc", "x-2 a.b v1 " },
		{ "&sort=name_asc", "a.b v1 x-2 " },
		{ "&sort=name_desc", "x-2 v1 a.b " },
		{ "&search=X-", "x-2 " },
		{ "&search=%20a%20", "a.b " },
		{ "&search=none", "- " },
	};
	struct template *t = add_template("walked");

	(void)state;
	/* of one time, so that the name decides nothing here */
	template_tag_assign(t, "v1", t->builds, 1000, NULL);
	template_tag_assign(t, "x-2", t->builds, 2000, NULL);
	template_tag_assign(t, "a.b", t->builds, 3000, NULL);
	template_tag_assign(t, "v1", t->builds, 4000, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf tags;

		walk_groups(cases[i].query, &tags);
		assert_string_equal(tags.data, cases[i].tags);
		buf_clear(&tags);
	}
	catalogue_remove(house.host->catalogue, t);
}

static void
tags_of_one_time_are_not_lost_between_pages(void **state)
{
	struct template *t = add_template("walked");
	struct buf tags;

	(void)state;
	template_tag_assign(t, "c", t->builds, 1000, NULL);
	template_tag_assign(t, "a", t->builds, 1000, NULL);
	template_tag_assign(t, "b", t->builds, 1000, NULL);
	walk_groups("", &tags);
	assert_string_equal(tags.data, "a b c ");
	buf_clear(&tags);
	walk_groups("&sort=latest_asc", &tags);
	assert_string_equal(tags.data, "a b c ");
	buf_clear(&tags);
	catalogue_remove(house.host->catalogue, t);
}

/* All assignments of "v1", counted page by page; each once, newest first. */
static int
count_assignments(const char *path_start)
{
	char *cursor = xstrdup(""), *before = NULL;
	int count = 0;

	for (int pages = 0; cursor && pages < 200; pages++) {
		char *path = xasprintf("%s?limit=1&cursor=%s", path_start, cursor);
		char *at;
		struct answer a;

		assert_int_equal(rest("GET", path, NULL, &a), 200);
		at = member(&a, "assignedAt");
		assert_non_null(at);
		if (before)
			assert_true(strcmp(at, before) < 0);
		count++;
		free(before);
		before = at;
		free(cursor);
		cursor = member(&a, "nextCursor");
		answer_clear(&a);
		free(path);
	}
	free(before);
	free(cursor);
	return count;
}

static void
a_tag_remembers_what_it_named(void **state)
{
	static const char *const path = "/templates/moved/tags/v1/assignments";
	struct template *t = add_template("moved");
	const char *first = t->builds->id;
	struct answer a;

	(void)state;
	for (int i = 0; i < 3; i++)
		tag(t, "v1");
	add_ready_build(t);
	tag(t, "v1");
	assert_int_equal(count_assignments(path), 4);
	assert_int_equal(
	    rest("GET", "/templates/moved/tags/groups?assignmentLimit=3", NULL, &a), 200);
	assert_true(has(&a, "\"hasMore\":true"));
	assert_true(has(&a, first));
	assert_true(has(&a, t->builds->id));
	answer_clear(&a);

	restart_house(false);
	t = find("moved");
	assert_int_equal(count_assignments(path), 4);
	assert_ptr_equal(template_tag_find(t, "v1")->latest->build,
	    catalogue_find_build(house.host->catalogue, "moved:v1"));
	for (int i = 0; i < TEMPLATE_TAG_HISTORY + 5; i++)
		tag(t, "v1");
	assert_int_equal(count_assignments(path), TEMPLATE_TAG_HISTORY);

	assert_int_equal(rest("DELETE", "/templates/tags",
			     "{\"name\":\"moved\",\"tags\":[\" V1\"]}", NULL),
	    204);
	tag(t, "v1");
	assert_int_equal(count_assignments(path), 1);
	catalogue_remove(house.host->catalogue, t);
}

static void
what_a_host_before_wrote_is_read(void **state)
{
	static const struct {
		const char *text;
		int assignments;
	} cases[] = {
		{ "", 0 },
		{ "1000", 0 },
		{ "1000 nobody", 0 },
		{ "x %s", 0 },
		{ "-1 %s", 0 },
		{ "1000 %s", 1 },
		{ "1000 %s,2000 %s 0-0,x y z", 2 },
	};
	struct template *t = add_template("old");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text;
		const struct template_tag *found;
		int count = 0;

		buf_init(&text, 1024);
		for (const char *c = cases[i].text; *c; c++)
			if (*c == '%')
				buf_add_str(&text, (c++, t->builds->id));
			else
				buf_add_char(&text, *c);
		template_tag_decode(t, "v", text.data);
		found = template_tag_find(t, "v");
		for (const struct assignment *a = found ? found->latest : NULL; a;
		     a = a->next)
			count++;
		assert_int_equal(count, cases[i].assignments);
		template_tag_drop(t, "v");
		buf_clear(&text);
	}
	catalogue_remove(house.host->catalogue, t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_asked_is_refused),
		cmocka_unit_test(built_in_templates_have_one_tag),
		cmocka_unit_test(groups_come_in_order_and_in_pages),
		cmocka_unit_test(tags_of_one_time_are_not_lost_between_pages),
		cmocka_unit_test(a_tag_remembers_what_it_named),
		cmocka_unit_test(what_a_host_before_wrote_is_read),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
