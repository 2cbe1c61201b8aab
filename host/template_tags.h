/*
 * template_tags - the tags of one template: each names a build, and remembers which ones it
 * named before. control-plane.md 2.17, 10.2.
 *
 * The list is in memory; catalogue.h keeps it on disk.
 */
#ifndef HOST_TEMPLATE_TAGS_H
#define HOST_TEMPLATE_TAGS_H

#include "host/catalogue.h"

#define TEMPLATE_TAG_HISTORY 100 /* assignments of a tag; the oldest go */

struct template_tag *template_tag_find(const struct template *t, const char *name);
/* Whether sandboxes can be made of what it names. */
bool template_tag_is_ready(const struct template_tag *tag);
/* `id` NULL: a new one. Made when there is none. */
void template_tag_assign(
    struct template *t, const char *name, struct build *b, int64_t at_ms, const char *id);
/* With its history. Nothing happens where there is none. */
void template_tag_drop(struct template *t, const char *name);
void template_tags_clear(struct template *t);

/* A pair for each: its name, then its assignments as template_tag_decode() takes them. */
void template_tags_encode(const struct template *t, struct pairs *out);
/* What cannot be read, or names no build of the template, is left out. */
void template_tag_decode(struct template *t, const char *name, const char *value);

#endif
