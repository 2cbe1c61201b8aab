#include "fleet/listing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

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
	map_free(l->rows, NULL);
	l->ids = NULL;
	l->rows = NULL;
	l->count = 0;
}

void
listing_clear(struct listing *l)
{
	clear_ids(l);
	filter_free(l->compiled);
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
	filter_free(l->compiled);
	l->compiled = NULL;
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

/* ---- rows */

static int
compare_rows(const void *a, const void *b, void *ctx)
{
	const struct listing *l = ctx;

	return field_key_compare(a, b, l->descending);
}

/* Those that pass the filter, in the model's order. */
static struct field_key *
matching(struct listing *l, const struct model *m, int64_t now_ms, size_t *count)
{
	struct field_key *rows = xcalloc(m->count + 1, sizeof *rows);

	if (!l->compiled)
		l->compiled = filter_new(l->filter);
	*count = 0;
	for (size_t i = 0; i < m->count; i++)
		if (filter_passes(l->compiled, m->items[i]))
			rows[(*count)++] = field_key(l->sort, m->items[i], now_ms);
	return rows;
}

/* While held: what shows stays where it is, new rows wait and are counted. */
static bool
count_waiting(struct listing *l, const struct model *m)
{
	size_t before = l->waiting;

	l->waiting = 0;
	for (size_t i = 0; i < m->count; i++)
		l->waiting += filter_passes(l->compiled, m->items[i]) &&
			      listing_index(l, m->items[i]->id) < 0;
	return l->waiting != before;
}

static bool
is_same_order(const struct listing *l, const struct field_key *rows, size_t count)
{
	if (count != l->count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!str_eq(l->ids[i], rows[i].sandbox->id))
			return false;
	return true;
}

static void
take_rows(struct listing *l, const struct field_key *rows, size_t count)
{
	clear_ids(l);
	l->ids = xcalloc(count + 1, sizeof(char *));
	l->rows = map_new();
	l->count = count;
	for (size_t i = 0; i < count; i++) {
		l->ids[i] = xstrdup(rows[i].sandbox->id);
		map_set(l->rows, l->ids[i], &l->ids[i]);
	}
}

static bool
resort(struct listing *l, const struct model *m, int64_t now_ms)
{
	size_t count;
	struct field_key *rows = matching(l, m, now_ms, &count);

	qsort_r(rows, count, sizeof *rows, compare_rows, l);
	bool changed = !is_same_order(l, rows, count);
	if (changed)
		take_rows(l, rows, count);
	changed = changed || l->waiting > 0;
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
	char **at = l->rows ? map_get(l->rows, id) : NULL;

	return at ? (int)(at - l->ids) : -1;
}
