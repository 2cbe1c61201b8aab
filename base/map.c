#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"

enum { FIRST_SLOTS = 16 }; /* a power of two, as every size after it */

struct slot {
	char *key;   /* owned; NULL: free */
	void *value; /* owned or borrowed as the caller says in map_free() */
	uint32_t hash;
};

/* Open addressing with linear probing, at most three quarters full. */
struct map {
	struct slot *slots; /* owned */
	size_t size, count;
	uint32_t seed; /* keys come from outside: nobody shall aim at one slot */
};

struct map *
map_new(void)
{
	struct map *m = xcalloc(1, sizeof *m);

	m->size = FIRST_SLOTS;
	m->slots = xcalloc(m->size, sizeof *m->slots);
	random_bytes(&m->seed, sizeof m->seed);
	return m;
}

void
map_free(struct map *m, void (*free_value)(void *value))
{
	if (!m)
		return;
	for (size_t i = 0; i < m->size; i++) {
		if (m->slots[i].key && free_value)
			free_value(m->slots[i].value);
		free(m->slots[i].key);
	}
	free(m->slots);
	free(m);
}

/* FNV-1a with a seed, its high bits stirred into the low ones that are used. */
static uint32_t
hash_key(const struct map *m, const char *key)
{
	uint32_t hash = UINT32_C(2166136261) ^ m->seed;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * UINT32_C(16777619);
	return hash ^ hash >> 15;
}

/* Where the key is, or the free slot where it would go. */
static size_t
find(const struct map *m, const char *key, uint32_t hash)
{
	size_t i = hash & (m->size - 1);

	while (m->slots[i].key &&
	       (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0))
		i = (i + 1) & (m->size - 1);
	return i;
}

void *
map_get(const struct map *m, const char *key)
{
	return m->slots[find(m, key, hash_key(m, key))].value;
}

static void
grow(struct map *m)
{
	struct slot *old = m->slots;
	size_t old_size = m->size;

	m->size *= 2;
	m->slots = xcalloc(m->size, sizeof *m->slots);
	for (size_t i = 0; i < old_size; i++)
		if (old[i].key)
			m->slots[find(m, old[i].key, old[i].hash)] = old[i];
	free(old);
}

void *
map_set(struct map *m, const char *key, void *value)
{
	uint32_t hash = hash_key(m, key);
	size_t i = find(m, key, hash);
	void *before = m->slots[i].value;

	if (m->slots[i].key) {
		m->slots[i].value = value;
		return before;
	}
	if ((m->count + 1) * 4 > m->size * 3) {
		grow(m);
		i = find(m, key, hash);
	}
	m->slots[i] = (struct slot){ xstrdup(key), value, hash };
	m->count++;
	return NULL;
}

/* Moves later entries of the same run back, so that no tomb stones are needed. */
static void
close_gap(struct map *m, size_t gap)
{
	size_t mask = m->size - 1;

	for (size_t i = (gap + 1) & mask; m->slots[i].key; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		m->slots[gap] = m->slots[i];
		gap = i;
	}
	m->slots[gap] = (struct slot){ 0 };
}

void *
map_remove(struct map *m, const char *key)
{
	size_t i = find(m, key, hash_key(m, key));

	if (!m->slots[i].key)
		return NULL;

	void *value = m->slots[i].value;

	free(m->slots[i].key);
	m->count--;
	close_gap(m, i);
	return value;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

bool
map_next(const struct map *m, size_t *it, const char **key, void **value)
{
	while (*it < m->size) {
		const struct slot *s = &m->slots[(*it)++];

		if (!s->key)
			continue;
		*key = s->key;
		*value = s->value;
		return true;
	}
	return false;
}
