#include "fleet/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

void
model_init(struct model *m)
{
	*m = (struct model){
		.state = COLLECTION_LOADING, .total_running = -1, .round_trip_ms = -1
	};
	m->by_id = map_new();
}

void
model_clear(struct model *m)
{
	for (size_t i = 0; i < m->count; i++) {
		sandbox_clear(m->items[i]);
		free(m->items[i]);
	}
	free(m->items);
	map_free(m->by_id, NULL);
	*m = (struct model){ 0 };
}

struct sandbox *
model_find(const struct model *m, const char *id)
{
	return id && m->by_id ? map_get(m->by_id, id) : NULL;
}

struct sandbox *
model_add(struct model *m, const char *id)
{
	assert(!model_find(m, id));

	struct sandbox *s = xcalloc(1, sizeof *s);
	s->id = xstrdup(id);
	if (m->count == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 64;
		m->items = xreallocarray(m->items, m->cap, sizeof(struct sandbox *));
	}
	m->items[m->count++] = s;
	map_set(m->by_id, id, s);
	m->revision++;
	return s;
}

void
model_remove(struct model *m, const char *id)
{
	struct sandbox *s = map_remove(m->by_id, id);

	if (!s)
		return;
	for (size_t i = 0; i < m->count; i++) {
		if (m->items[i] == s) {
			m->items[i] = m->items[--m->count];
			break;
		}
	}
	sandbox_clear(s);
	free(s);
	m->revision++;
}

int
model_count_state(const struct model *m, enum sandbox_state state)
{
	int count = 0;

	for (size_t i = 0; i < m->count; i++)
		count += m->items[i]->state == state;
	return count;
}

const struct sandbox *
model_find_prefix(const struct model *m, const char *prefix, bool *several)
{
	const struct sandbox *exact = model_find(m, prefix), *found = NULL;

	*several = false;
	if (exact || strlen(prefix) < 6)
		return exact;
	for (size_t i = 0; i < m->count; i++) {
		if (!str_has_prefix(m->items[i]->id, prefix))
			continue;
		*several = found != NULL;
		if (found)
			return NULL;
		found = m->items[i];
	}
	return found;
}
