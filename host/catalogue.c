#include "host/catalogue.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/random.h"
#include "host/core.h"
#include "host/sandbox.h"
#include "host/store.h"
#include "host/template_tags.h"

struct catalogue {
	struct host *host;	/* borrowed; NULL: in memory only */
	char *trees;		/* owned: the directory of all trees */
	struct template *first; /* owned list */
	struct build *doomed;	/* owned list: removed, but their trees are in use */
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
	template_tag_assign(t, "default", b, BUILT_IN_MS, b->id);
	t->next = c->first;
	c->first = t;
}

static void
free_build(struct build *b)
{
	free(b->reason);
	free(b->reason_step);
	free(b->tree);
	strlist_clear(&b->wanted_tags);
	outset_clear(&b->outset);
	free(b);
}

static void
free_template(struct template *t)
{
	template_tags_clear(t);
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
	while (c && c->doomed) {
		struct build *next = c->doomed->next;

		free_build(c->doomed);
		c->doomed = next;
	}
	if (c)
		free(c->trees);
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
	const struct template_tag *found;
	const char *colon = strchr(reference, ':');
	char *copy = xstrdup(colon ? colon + 1 : "default");

	found = t ? template_tag_find(t, str_trim(copy)) : NULL;
	free(copy);
	return found && template_tag_is_ready(found) ? found->latest->build : NULL;
}

/* ---- rows: texts in the order of the tables in store.c */

static void
add_number(struct strlist *columns, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)number);
	strlist_add(columns, text);
}

static void
add_text(struct strlist *columns, const char *text)
{
	strlist_add(columns, text ? text : "");
}

static void
add_pairs(struct strlist *columns, const struct pairs *pairs)
{
	struct buf text;

	buf_init(&text, REST_MAX_BODY);
	pairs_encode(&text, pairs);
	strlist_add(columns, text.data);
	buf_clear(&text);
}

static int64_t
number_at(const struct strlist *columns, size_t i)
{
	int64_t number;

	return parse_int(columns->items[i], INT64_MIN, INT64_MAX, &number) ? number : 0;
}

static char *
text_at(const struct strlist *columns, size_t i)
{
	return *columns->items[i] ? xstrdup(columns->items[i]) : NULL;
}

static void
pairs_at(const struct strlist *columns, size_t i, struct pairs *out)
{
	const char *text = columns->items[i];

	if (*text && !pairs_decode(text, strlen(text), out, NULL))
		*out = (struct pairs){ 0 };
}

static void
save_build(struct catalogue *c, const struct build *b)
{
	struct strlist columns = { .count = 0 };
	const struct outset *o = &b->outset;

	if (!c->host || b->template->kind == TEMPLATE_BUILT_IN)
		return;
	add_text(&columns, b->id);
	add_text(&columns, b->template->id);
	add_number(&columns, b->status);
	add_number(&columns, b->created_ms);
	add_number(&columns, b->updated_ms);
	add_number(&columns, b->finished_ms);
	add_number(&columns, b->cpu_count);
	add_number(&columns, b->memory_mb);
	add_number(&columns, b->disk_mb);
	add_text(&columns, b->reason);
	add_text(&columns, b->reason_step);
	add_text(&columns, b->tree);
	add_pairs(&columns, &o->envs);
	add_text(&columns, o->user);
	add_text(&columns, o->workdir);
	add_text(&columns, o->start_cmd);
	add_text(&columns, o->ready_cmd);
	store_put_build(c->host->store, &columns);
	strlist_clear(&columns);
}

void
catalogue_save(struct catalogue *c, struct template *t)
{
	struct strlist columns = { .count = 0 };
	struct pairs tags = { .count = 0 };
	struct buf names;

	if (!c->host || t->kind == TEMPLATE_BUILT_IN)
		return;
	buf_init(&names, REST_MAX_BODY);
	for (size_t i = 0; i < t->names.count; i++)
		buf_addf(&names, "%s%s", i > 0 ? "," : "", t->names.items[i]);
	add_text(&columns, t->id);
	add_number(&columns, t->kind);
	add_text(&columns, names.data);
	add_number(&columns, t->is_public);
	add_number(&columns, t->interpreter);
	add_number(&columns, t->created_ms);
	add_number(&columns, t->updated_ms);
	add_number(&columns, t->spawned_ms);
	add_number(&columns, t->spawn_count);
	add_text(&columns, t->sandbox_id);
	add_text(&columns, t->base_id);
	template_tags_encode(t, &tags);
	add_pairs(&columns, &tags);
	pairs_clear(&tags);
	store_put_template(c->host->store, &columns);
	strlist_clear(&columns);
	buf_clear(&names);
}

/* ---- reading them */

struct loading {
	struct catalogue *catalogue;
	struct pairs tags; /* template id and tag, then what the row says of it */
};

static void
load_template(void *ctx, const struct strlist *columns)
{
	struct loading *l = ctx;
	struct template *t = xcalloc(1, sizeof *t);
	struct pairs tags = { .count = 0 };

	str_copy(t->id, sizeof t->id, columns->items[0]);
	t->kind = (enum template_kind)number_at(columns, 1);
	if (*columns->items[2])
		strlist_split(&t->names, columns->items[2], ',');
	t->is_public = number_at(columns, 3) != 0;
	t->interpreter = number_at(columns, 4) != 0;
	t->created_ms = number_at(columns, 5);
	t->updated_ms = number_at(columns, 6);
	t->spawned_ms = number_at(columns, 7);
	t->spawn_count = number_at(columns, 8);
	str_copy(t->sandbox_id, sizeof t->sandbox_id, columns->items[9]);
	str_copy(t->base_id, sizeof t->base_id, columns->items[10]);
	pairs_at(columns, 11, &tags);
	for (size_t i = 0; i < tags.count; i++) {
		char *key = xasprintf("%s:%s", t->id, tags.items[i].key);

		pairs_set(&l->tags, key, tags.items[i].value);
		free(key);
	}
	pairs_clear(&tags);
	t->next = l->catalogue->first;
	l->catalogue->first = t;
}

static void
load_build(void *ctx, const struct strlist *columns)
{
	struct loading *l = ctx;
	struct template *t = catalogue_find(l->catalogue, columns->items[1]);
	struct build *b;

	if (!t)
		return;
	b = add_build(t, columns->items[0], number_at(columns, 3));
	b->status = (enum build_status)number_at(columns, 2);
	b->updated_ms = number_at(columns, 4);
	b->finished_ms = number_at(columns, 5);
	b->cpu_count = (int)number_at(columns, 6);
	b->memory_mb = number_at(columns, 7);
	b->disk_mb = number_at(columns, 8);
	b->reason = text_at(columns, 9);
	b->reason_step = text_at(columns, 10);
	b->tree = text_at(columns, 11);
	pairs_at(columns, 12, &b->outset.envs);
	b->outset.user = text_at(columns, 13);
	b->outset.workdir = text_at(columns, 14);
	b->outset.start_cmd = text_at(columns, 15);
	b->outset.ready_cmd = text_at(columns, 16);
	if (b->status != BUILD_READY) { /* half a tree is nobody's: it is swept */
		free(b->tree);
		b->tree = NULL;
	}
	if (b->status == BUILD_WAITING || b->status == BUILD_BUILDING)
		catalogue_set_status(l->catalogue, b, BUILD_ERROR,
		    "the local host ended while it was being built: build it again",
		    NULL);
}

/* "<template>:<tag>" and what template_tags_encode() said of it */
static void
load_tags(struct loading *l)
{
	for (size_t i = 0; i < l->tags.count; i++) {
		const char *key = l->tags.items[i].key;
		struct template *t = catalogue_find(l->catalogue, key);

		if (t)
			template_tag_decode(
			    t, key + strcspn(key, ":") + 1, l->tags.items[i].value);
	}
	pairs_clear(&l->tags);
}

static void
remove_tree(struct catalogue *c, const char *path)
{
	if (c->host && path)
		registry_remove_dir(c->host->registry, path);
}

static bool
is_tree_of_somebody(const struct catalogue *c, const char *path)
{
	for (const struct template *t = c->first; t; t = t->next)
		for (const struct build *b = t->builds; b; b = b->next)
			if (str_eq(b->tree, path))
				return true;
	return false;
}

void
catalogue_sweep(struct catalogue *c)
{
	DIR *dir = opendir(c->trees);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char *path = path_join(c->trees, entry->d_name);

		if (entry->d_name[0] != '.' && !is_tree_of_somebody(c, path))
			remove_tree(c, path);
		free(path);
	}
	if (dir)
		closedir(dir);
}

struct catalogue *
catalogue_new(struct host *host, struct error *err)
{
	struct catalogue *c = xcalloc(1, sizeof *c);
	struct loading loading = { .catalogue = c };
	bool loaded = true;

	c->host = host;
	for (size_t i = ARRAY_LEN(built_in); i-- > 0;)
		add_built_in(c, i);
	if (!host)
		return c;
	c->trees = path_join(host->data_dir, "trees");
	loaded = path_make_dirs(c->trees, err) &&
		 store_each_template(host->store, load_template, &loading, err) &&
		 store_each_build(host->store, load_build, &loading, err);
	load_tags(&loading);
	if (!loaded) {
		catalogue_free(c);
		return NULL;
	}
	return c;
}

/* ---- changes */

void
catalogue_new_uuid(char out[CATALOGUE_UUID_SIZE])
{
	char hex[33];

	random_hex(hex, 32);
	snprintf(out, CATALOGUE_UUID_SIZE, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8,
	    hex + 12, hex + 15, hex + 18);
}

struct template *
catalogue_add(struct catalogue *c, enum template_kind kind, const char *name)
{
	struct template *t = xcalloc(1, sizeof *t);

	t->kind = kind;
	random_id(t->id, 20);
	if (name)
		strlist_add(&t->names, name);
	t->created_ms = t->updated_ms = clock_wall_ms();
	t->next = c->first;
	c->first = t;
	catalogue_save(c, t);
	return t;
}

struct build *
catalogue_add_build(struct catalogue *c, struct template *t, const struct build *like)
{
	char id[CATALOGUE_UUID_SIZE];
	struct build *b;

	catalogue_new_uuid(id);
	b = add_build(t, id, clock_wall_ms());
	b->cpu_count = like->cpu_count;
	b->memory_mb = like->memory_mb;
	b->disk_mb = like->disk_mb;
	save_build(c, b);
	return b;
}

static bool
has_tag(const struct build *b)
{
	for (const struct template_tag *tag = b->template->tags; tag; tag = tag->next)
		if (tag->latest->build == b)
			return true;
	return false;
}

void
catalogue_set_status(struct catalogue *c, struct build *b, enum build_status status,
    const char *why, const char *step)
{
	b->status = status;
	b->updated_ms = clock_wall_ms();
	if (status == BUILD_READY || status == BUILD_ERROR)
		b->finished_ms = b->updated_ms;
	free(b->reason);
	free(b->reason_step);
	b->reason = copy_or_null(why);
	b->reason_step = copy_or_null(step);
	if (status == BUILD_READY) {
		b->template->updated_ms = b->updated_ms;
		for (size_t i = 0; i < b->wanted_tags.count; i++)
			catalogue_set_tag(c, b->template, b->wanted_tags.items[i], b);
		if (!has_tag(b))
			catalogue_set_tag(c, b->template, "default", b);
	}
	save_build(c, b);
}

void
catalogue_set_tag(
    struct catalogue *c, struct template *t, const char *name, struct build *b)
{
	if (b)
		template_tag_assign(t, name, b, clock_wall_ms(), NULL);
	else
		template_tag_drop(t, name);
	catalogue_save(c, t);
}

char *
catalogue_tree_path(const struct catalogue *c, const char *build_id)
{
	return path_join(c->trees, build_id);
}

struct build *
catalogue_add_loose(struct catalogue *c)
{
	struct build *b = xcalloc(1, sizeof *b);

	catalogue_new_uuid(b->id);
	b->tree = catalogue_tree_path(c, b->id);
	b->users = 1;
	b->doomed = true;
	b->next = c->doomed;
	c->doomed = b;
	return b;
}

void
build_hold(struct build *b)
{
	b->users++;
}

static void
end_build(struct catalogue *c, struct build *b)
{
	remove_tree(c, b->tree);
	free_build(b);
}

void
catalogue_release(struct catalogue *c, struct build *b)
{
	struct build **at = &c->doomed;

	if (--b->users > 0 || !b->doomed)
		return;
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	end_build(c, b);
}

/* A build in use loses its template and lives on until it is released. */
static void
doom_build(struct catalogue *c, struct build *b)
{
	if (b->users == 0) {
		end_build(c, b);
		return;
	}
	b->doomed = true;
	b->template = NULL;
	b->next = c->doomed;
	c->doomed = b;
}

void
catalogue_remove(struct catalogue *c, struct template *t)
{
	struct template **at = &c->first;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (c->host)
		store_drop_template(c->host->store, t->id);
	while (t->builds) {
		struct build *b = t->builds;

		t->builds = b->next;
		doom_build(c, b);
	}
	free_template(t);
}
