/* map - strings to pointers, insertion does not copy values; grows, keeps no order. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);
void map_free(struct map *m, void (*free_value)(void *value)); /* either may be NULL */
void *map_get(const struct map *m, const char *key);	       /* NULL: not there */
/* Copies the key. Returns the value that was there, NULL if none. */
void *map_set(struct map *m, const char *key, void *value);
void *map_remove(struct map *m, const char *key); /* the value, NULL if none */
size_t map_count(const struct map *m);
/* for (size_t it = 0; map_next(m, &it, &key, &value);) — no changes meanwhile */
bool map_next(const struct map *m, size_t *it, const char **key, void **value);

#endif
