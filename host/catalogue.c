#include "host/catalogue.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

struct catalogue {
	struct template *first; /* owned list */
};

/* ---- outsets */

void
outset_clear(struct outset *o)
{
	pairs_clear(&o->envs);
	free(o->user);
	free(o->workdir);
	free(o->start_cmd);
	free(o->ready_cmd);
	*o = (struct outset){ 0 };
}

static char *
copy_or_null(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void
outset_copy(struct outset *dst, const struct outset *src)
{
	pairs_copy(&dst->envs, &src->envs);
	dst->user = copy_or_null(src->user);
	dst->workdir = copy_or_null(src->workdir);
	dst->start_cmd = copy_or_null(src->start_cmd);
	dst->ready_cmd = copy_or_null(src->ready_cmd);
}

const char *
build_status_name(enum build_status status)
{
	static const char *const names[] = {
		[BUILD_WAITING] = "waiting",
		[BUILD_BUILDING] = "building",
		[BUILD_READY] = "ready",
		[BUILD_ERROR] = "error",
	};

	return names[status];
}

/* ---- the built-in ones */

static const struct {
	const char *id, *alias, *build_id;
	int cpu_count;
	int64_t memory_mb, disk_mb;
	bool interpreter;
} built_in[] = {
	{ .id = "localbase00000000001",
	    .alias = "base",
	    .build_id = "b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a01",
	    .cpu_count = 2,
	    .memory_mb = 512,
	    .disk_mb = 10240 },
	{ .id = "localcode00000000001",
	    .alias = "code-interpreter-v1",
	    .build_id = "b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a02",
	    .cpu_count = 2,
	    .memory_mb = 1024,
	    .disk_mb = 10240,
	    .interpreter = true },
};

/* When they were made: nobody asks, clients want it there. 2026-01-01. */
#define BUILT_IN_MS INT64_C(1767225600000)

static void
add_tag(struct template *t, const char *name, struct build *build, int64_t now_ms)
{
	struct template_tag *tag = xcalloc(1, sizeof *tag);

	tag->name = xstrdup(name);
	tag->build = build;
	tag->created_ms = now_ms;
	tag->next = t->tags;
	t->tags = tag;
}

static struct build *
add_build(struct template *t, const char *id, int64_t now_ms)
{
	struct build *b = xcalloc(1, sizeof *b);

	b->template = t;
	str_copy(b->id, sizeof b->id, id);
	b->created_ms = b->updated_ms = now_ms;
	b->next = t->builds;
	t->builds = b;
	return b;
}

static void
add_built_in(struct catalogue *c, size_t index)
{
	struct template *t = xcalloc(1, sizeof *t);
	struct build *b;

	t->kind = TEMPLATE_BUILT_IN;
	str_copy(t->id, sizeof t->id, built_in[index].id);
	strlist_add(&t->names, built_in[index].alias);
	t->is_public = true;
	t->interpreter = built_in[index].interpreter;
	t->created_ms = t->updated_ms = BUILT_IN_MS;
	b = add_build(t, built_in[index].build_id, BUILT_IN_MS);
	b->status = BUILD_READY;
	b->finished_ms = BUILT_IN_MS;
	b->cpu_count = built_in[index].cpu_count;
	b->memory_mb = built_in[index].memory_mb;
	b->disk_mb = built_in[index].disk_mb;
	add_tag(t, "default", b, BUILT_IN_MS);
	t->next = c->first;
	c->first = t;
}

struct catalogue *
catalogue_new(struct host *host, struct error *err)
{
	struct catalogue *c = xcalloc(1, sizeof *c);

	(void)host;
	(void)err;
	for (size_t i = ARRAY_LEN(built_in); i-- > 0;)
		add_built_in(c, i);
	return c;
}

static void
free_build(struct build *b)
{
	free(b->reason);
	free(b->reason_step);
	free(b->tree);
	outset_clear(&b->outset);
	free(b);
}

static void
free_template(struct template *t)
{
	while (t->tags) {
		struct template_tag *next = t->tags->next;

		free(t->tags->name);
		free(t->tags);
		t->tags = next;
	}
	while (t->builds) {
		struct build *next = t->builds->next;

		free_build(t->builds);
		t->builds = next;
	}
	strlist_clear(&t->names);
	free(t);
}

void
catalogue_free(struct catalogue *c)
{
	while (c && c->first) {
		struct template *next = c->first->next;

		free_template(c->first);
		c->first = next;
	}
	free(c);
}

/* ---- finding */

struct template *
catalogue_first(const struct catalogue *c)
{
	return c->first;
}

const char *
template_alias(const struct template *t)
{
	return t->names.count > 0 ? t->names.items[0] : "";
}

bool
template_reference_has_tag(const char *reference)
{
	return strchr(reference, ':') != NULL;
}

/* Without namespace, tag and blanks, in small letters. Caller frees. */
static char *
plain_name(const char *reference)
{
	size_t len = strcspn(reference, ":");
	char *copy = xstrndup(reference, len);
	char *slash = strchr(copy, '/');
	char *name = xstrdup(str_trim(slash ? slash + 1 : copy));

	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	free(copy);
	return name;
}

struct template *
catalogue_find(const struct catalogue *c, const char *reference)
{
	char *name = plain_name(reference);
	struct template *found = NULL;

	for (struct template *t = c->first; t && !found; t = t->next)
		if (str_eq(name, t->id) || strlist_has(&t->names, name))
			found = t;
	free(name);
	return found;
}

struct build *
template_find_build(const struct template *t, const char *build_id)
{
	for (struct build *b = t->builds; b; b = b->next)
		if (str_eq(b->id, build_id))
			return b;
	return NULL;
}

struct build *
catalogue_find_build(const struct catalogue *c, const char *reference)
{
	const struct template *t = catalogue_find(c, reference);
	struct build *found = NULL;
	const char *colon = strchr(reference, ':');
	char *copy = xstrdup(colon ? colon + 1 : "default");
	const char *tag = str_trim(copy);

	for (const struct template_tag *at = t ? t->tags : NULL; at; at = at->next)
		if (str_eq(at->name, tag) && at->build->status == BUILD_READY)
			found = at->build;
	free(copy);
	return found;
}
