#include "host/template_tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct template_tag *
template_tag_find(const struct template *t, const char *name)
{
	for (struct template_tag *tag = t->tags; tag; tag = tag->next)
		if (str_eq(tag->name, name))
			return tag;
	return NULL;
}

bool
template_tag_is_ready(const struct template_tag *tag)
{
	return tag->latest->build->status == BUILD_READY;
}

/* ---- changes */

static void
free_assignments(struct assignment *a)
{
	while (a) {
		struct assignment *next = a->next;

		free(a);
		a = next;
	}
}

static void
free_tag(struct template_tag *tag)
{
	free_assignments(tag->latest);
	free(tag->name);
	free(tag);
}

/* Out of the list; NULL: it was not there. */
static struct template_tag *
take_tag(struct template *t, const char *name)
{
	struct template_tag **at = &t->tags;
	struct template_tag *tag;

	while (*at && !str_eq((*at)->name, name))
		at = &(*at)->next;
	tag = *at;
	if (tag)
		*at = tag->next;
	return tag;
}

static void
forget_oldest(struct template_tag *tag)
{
	struct assignment *a = tag->latest;

	for (int i = 1; a && i < TEMPLATE_TAG_HISTORY; i++)
		a = a->next;
	if (!a)
		return;
	free_assignments(a->next);
	a->next = NULL;
}

void
template_tag_assign(
    struct template *t, const char *name, struct build *b, int64_t at_ms, const char *id)
{
	struct template_tag *tag = take_tag(t, name);
	struct assignment *a = xcalloc(1, sizeof *a);

	if (!tag) {
		tag = xcalloc(1, sizeof *tag);
		tag->name = xstrdup(name);
	}
	if (id)
		str_copy(a->id, sizeof a->id, id);
	else
		catalogue_new_uuid(a->id);
	a->build = b;
	/* Pages are told apart by it. */
	a->at_ms = tag->latest ? MAX(at_ms, tag->latest->at_ms + 1) : at_ms;
	a->next = tag->latest;
	tag->latest = a;
	forget_oldest(tag);
	tag->next = t->tags;
	t->tags = tag;
}

void
template_tag_drop(struct template *t, const char *name)
{
	struct template_tag *tag = take_tag(t, name);

	if (tag)
		free_tag(tag);
}

void
template_tags_clear(struct template *t)
{
	while (t->tags) {
		struct template_tag *next = t->tags->next;

		free_tag(t->tags);
		t->tags = next;
	}
}

/* ---- on disk: "<time> <build> <id>", commas between, oldest first */

static void
encode_from(struct buf *text, const struct assignment *a)
{
	if (!a)
		return;
	encode_from(text, a->next); /* at most TEMPLATE_TAG_HISTORY deep */
	buf_addf(text, "%s%lld %s %s", text->len > 0 ? "," : "", (long long)a->at_ms,
	    a->build->id, a->id);
}

void
template_tags_encode(const struct template *t, struct pairs *out)
{
	for (const struct template_tag *tag = t->tags; tag; tag = tag->next) {
		struct buf text;

		buf_init(&text, (size_t)TEMPLATE_TAG_HISTORY * 128);
		encode_from(&text, tag->latest);
		pairs_set(out, tag->name, text.data);
		buf_clear(&text);
	}
}

/* Hosts before there was a history wrote no id: the build's stands for it. */
static void
decode_one(struct template *t, const char *name, const char *text)
{
	struct strlist words = { .count = 0 };
	struct build *b = NULL;
	int64_t at_ms;

	strlist_split(&words, text, ' ');
	if (words.count >= 2)
		b = template_find_build(t, words.items[1]);
	if (b && parse_int(words.items[0], 0, INT64_MAX - 1, &at_ms))
		template_tag_assign(
		    t, name, b, at_ms, words.items[words.count > 2 ? 2 : 1]);
	strlist_clear(&words);
}

void
template_tag_decode(struct template *t, const char *name, const char *value)
{
	struct strlist all = { .count = 0 };

	strlist_split(&all, value, ',');
	for (size_t i = 0; i < all.count; i++)
		decode_one(t, name, all.items[i]);
	strlist_clear(&all);
}
