/*
 * filter - a text filter over sandboxes, taken apart once.
 *
 * Every word must be found in name, id, template, state or metadata; a word
 * with a capital letter means its case; "-word" must not be found;
 * "field:value" looks into state, template, name, id or meta.KEY only.
 */
#ifndef FLEET_FILTER_H
#define FLEET_FILTER_H

#include <stdbool.h>

#include "fleet/sandbox.h"

struct filter;

struct filter *filter_new(const char *text); /* NULL and "" let all pass */
void filter_free(struct filter *f);	     /* NULL is fine */
bool filter_passes(const struct filter *f, const struct sandbox *s);
/* For one sandbox. */
bool filter_matches(const char *text, const struct sandbox *s);

#endif
