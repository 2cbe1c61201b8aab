/* rest_tags - the tags of templates: set, removed, listed. Their history is rest_tag_history's.
 * control-plane.md 2.17, 10.2. */
#include "host/rest.h"

#include <stdlib.h>

#include "base/mem.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/template_name.h"
#include "host/template_tags.h"
#include "wire/rest_template.h"

static void
add_tag(struct buf *body, const struct template_tag *tag)
{
	buf_addf(body, "{\"tag\":\"%s\",\"buildID\":\"%s\"", tag->name,
	    tag->latest->build->id);
	rest_add_time(body, "createdAt", tag->latest->at_ms);
	buf_add_char(body, '}');
}

void
rest_template_tags(struct call *c)
{
	const struct template *t = rest_find_template(c);
	struct buf body;

	if (!t)
		return;
	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (const struct template_tag *tag = t->tags; tag; tag = tag->next) {
		add_tag(&body, tag);
		buf_add_str(&body, tag->next ? "," : "");
	}
	buf_add_char(&body, ']');
	reply_json(c->request, 200, &body);
}

void
rest_tags_count(struct call *c)
{
	const struct template *t = rest_find_template(c);
	struct buf body;
	size_t count = 0;

	if (!t)
		return;
	for (const struct template_tag *tag = t->tags; tag; tag = tag->next)
		count += template_tag_is_ready(tag);
	buf_init(&body, REPLY_MAX);
	buf_addf(&body, "{\"total\":%zu}", count);
	reply_json(c->request, 200, &body);
}

/* In small letters, or NULL after 400 was answered. Caller frees. */
static char *
normal_tag(struct call *c, const char *text)
{
	char *tag = text ? template_tag_parse(text) : NULL;

	if (!tag)
		reply_error(c->request, 400, "a tag must be " TEMPLATE_TAG_RULE);
	return tag;
}

void
rest_tags_exists(struct call *c)
{
	const struct template *t = rest_find_template(c);
	char *asked = query_get(request_query(c->request), "tag");
	char *name = t ? normal_tag(c, asked) : NULL;
	const struct template_tag *tag = name ? template_tag_find(t, name) : NULL;
	struct buf body;

	if (name) {
		buf_init(&body, REPLY_MAX);
		buf_addf(&body, "{\"exists\":%s,\"normalizedTag\":\"%s\"}",
		    tag && template_tag_is_ready(tag) ? "true" : "false", name);
		reply_json(c->request, 200, &body);
	}
	free(asked);
	free(name);
}

/* What is asked for, each once, in small letters: all of them tags, "default" only where it
 * may be; else false after 400. */
static bool
read_tags(
    struct call *c, const struct strlist *asked, bool default_too, struct strlist *out)
{
	bool fine = asked->count > 0;

	if (!fine)
		reply_error(c->request, 400, "tags must name at least one tag");
	for (size_t i = 0; fine && i < asked->count; i++) {
		char *tag = normal_tag(c, asked->items[i]);

		fine = tag && (default_too || !str_eq(tag, "default"));
		if (!fine && tag)
			reply_error(
			    c->request, 400, "the tag 'default' cannot be deleted");
		else if (fine && !strlist_has(out, tag))
			strlist_add(out, tag);
		free(tag);
	}
	if (!fine)
		strlist_clear(out);
	return fine;
}

static void
set_tags(struct call *c, struct build *b, const struct strlist *tags)
{
	struct buf reply;

	buf_init(&reply, REPLY_MAX);
	buf_addf(&reply, "{\"buildID\":\"%s\",\"tags\":[", b->id);
	for (size_t i = 0; i < tags->count; i++) {
		catalogue_set_tag(c->host->catalogue, b->template, tags->items[i], b);
		buf_addf(&reply, "%s\"%s\"", i > 0 ? "," : "", tags->items[i]);
	}
	buf_add_str(&reply, "]}");
	reply_json(c->request, 201, &reply);
}

void
rest_tags_set(struct call *c)
{
	struct rest_template_request body;
	struct strlist tags = { .count = 0 };
	struct build *b;

	if (!rest_template_body(c, &body))
		return;
	b = body.target ? catalogue_find_build(c->host->catalogue, body.target) : NULL;
	if (!body.target)
		reply_error(c->request, 400, "target must name a template");
	else if (!b)
		reply_error(c->request, 404, "template '%s' not found", body.target);
	else if (b->template->kind == TEMPLATE_BUILT_IN)
		reply_error(c->request, 403,
		    "template '%s' is built into the local host: its tags stay as they "
		    "are",
		    template_alias(b->template));
	else if (read_tags(c, &body.tags, true, &tags))
		set_tags(c, b, &tags);
	strlist_clear(&tags);
	rest_template_request_clear(&body);
}

static void
remove_tags(struct call *c, struct template *t, const struct strlist *tags)
{
	for (size_t i = 0; i < tags->count; i++)
		catalogue_set_tag(c->host->catalogue, t, tags->items[i], NULL);
	reply_empty(c->request, 204);
}

void
rest_tags_remove(struct call *c)
{
	struct rest_template_request body;
	struct strlist tags = { .count = 0 };
	struct template *t;

	if (!rest_template_body(c, &body))
		return;
	t = body.name ? catalogue_find(c->host->catalogue, body.name) : NULL;
	if (!body.name || template_reference_has_tag(body.name))
		reply_error(c->request, 400, "name must name a template, without a tag");
	else if (!t)
		reply_error(c->request, 404, "template '%s' not found", body.name);
	else if (t->kind == TEMPLATE_BUILT_IN)
		reply_error(c->request, 403,
		    "template '%s' is built into the local host: its tags stay as they "
		    "are",
		    template_alias(t));
	else if (read_tags(c, &body.tags, false, &tags))
		remove_tags(c, t, &tags);
	strlist_clear(&tags);
	rest_template_request_clear(&body);
}
