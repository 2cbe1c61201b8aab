#include "fleet/listing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/map.h"
#include "base/mem.h"

/* ---- filter */

static bool
has_upper(const char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			return true;
	return false;
}

/* Smart case: a word with a capital letter means its case. */
static bool
contains(const char *text, const char *word)
{
	if (!text)
		return false;
	return has_upper(word) ? strstr(text, word) != NULL
			       : strcasestr(text, word) != NULL;
}

static bool
anything_contains(const struct sandbox *s, const char *word)
{
	const char *texts[] = { s->name, s->id, s->template_name, s->template_id,
		s->state_text ? s->state_text : sandbox_state_name(s->state) };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (contains(texts[i], word))
			return true;
	for (size_t i = 0; i < s->metadata.count; i++)
		if (contains(s->metadata.items[i].key, word) ||
		    contains(s->metadata.items[i].value, word))
			return true;
	return false;
}

static bool
field_contains(const struct sandbox *s, const char *name, const char *value)
{
	if (str_eq(name, "state") || str_eq(name, "st"))
		return contains(
		    s->state_text ? s->state_text : sandbox_state_name(s->state), value);
	if (str_eq(name, "template") || str_eq(name, "tpl"))
		return contains(s->template_name, value) ||
		       contains(s->template_id, value);
	if (str_eq(name, "name"))
		return contains(s->name, value);
	if (str_eq(name, "id"))
		return str_has_prefix(s->id, value);
	return contains(pairs_get(&s->metadata, name + strlen("meta.")), value);
}

static bool
is_field(const char *name)
{
	static const char *const known[] = { "state", "st", "template", "tpl", "name",
		"id" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(name, known[i]))
			return true;
	return str_has_prefix(name, "meta.");
}

static bool
word_matches(const char *word, const struct sandbox *s)
{
	const char *colon = strchr(word, ':');
	char name[64];

	if (colon && (size_t)(colon - word) < sizeof name) {
		memcpy(name, word, (size_t)(colon - word));
		name[colon - word] = '\0';
		if (is_field(name))
			return field_contains(s, name, colon + 1);
	}
	return anything_contains(s, word);
}

bool
filter_matches(const char *filter, const struct sandbox *s)
{
	struct strlist words = { 0 };
	bool matches = true;

	strlist_split(&words, filter ? filter : "", ' ');
	for (size_t i = 0; i < words.count && matches; i++) {
		const char *word = words.items[i];
		bool negated = word[0] == '-' && word[1];
		if (*word)
			matches = word_matches(word + negated, s) != negated;
	}
	strlist_clear(&words);
	return matches;
}

/* ---- listing */

/* Running before paused would jump at every change; the name is what people look for
 * and does not move, so that is how a fleet opens. */
void
listing_init(struct listing *l)
{
	*l = (struct listing){
		.filter = xstrdup(""), .sort = field_find("name"), .stale = true
	};
}

static void
clear_ids(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->ids[i]);
	free(l->ids);
	l->ids = NULL;
	l->count = 0;
}

void
listing_clear(struct listing *l)
{
	clear_ids(l);
	free(l->filter);
	*l = (struct listing){ 0 };
}

void
listing_set_filter(struct listing *l, const char *filter)
{
	if (str_eq(l->filter, filter))
		return;
	free(l->filter);
	l->filter = xstrdup(filter);
	l->stale = true;
}

void
listing_set_sort(struct listing *l, const struct field *sort, bool descending)
{
	assert(sort);
	l->sort = sort;
	l->descending = descending;
	l->stale = true;
}

void
listing_hold(struct listing *l, int64_t now_ms, int64_t hold_ms)
{
	l->hold_until_ms = now_ms + hold_ms;
}

bool
listing_is_held(const struct listing *l, int64_t now_ms)
{
	return l->frozen || now_ms < l->hold_until_ms;
}

struct order {
	const struct field *sort;
	bool descending;
	int64_t now_ms;
};

static int
compare_rows(const void *a, const void *b, void *ctx)
{
	const struct sandbox *const *x = a, *const *y = b;
	const struct order *o = ctx;

	return field_compare(o->sort, o->descending, *x, *y, o->now_ms);
}

static const struct sandbox **
matching(const struct listing *l, const struct model *m, size_t *count)
{
	const struct sandbox **rows = xcalloc(m->count + 1, sizeof(struct sandbox *));

	*count = 0;
	for (size_t i = 0; i < m->count; i++)
		if (filter_matches(l->filter, m->items[i]))
			rows[(*count)++] = m->items[i];
	return rows;
}

/* While held: what shows stays where it is, new rows wait and are counted. */
static bool
count_waiting(struct listing *l, const struct model *m)
{
	size_t before = l->waiting, count;
	struct map *shown = map_new();

	for (size_t i = 0; i < l->count; i++)
		map_set(shown, l->ids[i], l);
	const struct sandbox **rows = matching(l, m, &count);
	l->waiting = 0;
	for (size_t i = 0; i < count; i++)
		l->waiting += map_get(shown, rows[i]->id) == NULL;
	free(rows);
	map_free(shown, NULL);
	return l->waiting != before;
}

static bool
is_same_order(const struct listing *l, const struct sandbox *const *rows, size_t count)
{
	if (count != l->count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!str_eq(l->ids[i], rows[i]->id))
			return false;
	return true;
}

static bool
resort(struct listing *l, const struct model *m, int64_t now_ms)
{
	struct order order = { l->sort, l->descending, now_ms };
	size_t count;
	const struct sandbox **rows = matching(l, m, &count);

	qsort_r(rows, count, sizeof *rows, compare_rows, &order);
	bool changed = !is_same_order(l, rows, count) || l->waiting > 0;
	if (changed) {
		clear_ids(l);
		l->ids = xcalloc(count + 1, sizeof(char *));
		for (size_t i = 0; i < count; i++)
			l->ids[i] = xstrdup(rows[i]->id);
		l->count = count;
	}
	l->waiting = 0;
	free(rows);
	return changed;
}

bool
listing_update(struct listing *l, const struct model *m, int64_t now_ms)
{
	bool held = listing_is_held(l, now_ms) && !l->stale;
	bool hold_ended = !held && l->hold_until_ms != 0;

	if (!l->stale && !hold_ended && l->revision == m->revision)
		return false;
	l->revision = m->revision;
	if (held)
		return count_waiting(l, m);
	if (!listing_is_held(l, now_ms))
		l->hold_until_ms = 0;
	l->stale = false;
	return resort(l, m, now_ms);
}

int
listing_index(const struct listing *l, const char *id)
{
	for (size_t i = 0; i < l->count; i++)
		if (str_eq(l->ids[i], id))
			return (int)i;
	return -1;
}
