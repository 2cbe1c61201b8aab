/* The two small containers of str.h. */
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool
is_power_of_two(size_t n)
{
	return n && (n & (n - 1)) == 0;
}

/* Room doubles whenever the used slots, the NULL behind them included, fill a
 * power of two, so that the capacity need not be kept. */
static void
append_taken(struct strlist *l, char *s)
{
	size_t used = l->count + 1;

	if (is_power_of_two(used))
		l->items = xreallocarray(l->items, used * 2, sizeof *l->items);
	l->items[l->count++] = s;
	l->items[l->count] = NULL;
}

void
strlist_add(struct strlist *l, const char *s)
{
	append_taken(l, xstrdup(s ? s : ""));
}

bool
strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->count; i++)
		if (str_eq(l->items[i], s))
			return true;
	return false;
}

void
strlist_clear(struct strlist *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist){ 0 };
}

void
strlist_split(struct strlist *l, const char *s, char sep)
{
	const char *end;

	for (; (end = strchr(s, sep)) != NULL; s = end + 1)
		append_taken(l, xstrndup(s, (size_t)(end - s)));
	strlist_add(l, s);
}

static struct pair *
find_pair(const struct pairs *p, const char *key)
{
	for (size_t i = 0; i < p->count; i++)
		if (str_eq(p->items[i].key, key))
			return &p->items[i];
	return NULL;
}

void
pairs_set(struct pairs *p, const char *key, const char *value)
{
	char *copy = xstrdup(value ? value : "");
	struct pair *old = find_pair(p, key);

	if (old) {
		free(old->value);
		old->value = copy;
		return;
	}
	if (p->count == 0 || is_power_of_two(p->count))
		p->items = xreallocarray(
		    p->items, MAX(p->count * 2, (size_t)1), sizeof *p->items);
	p->items[p->count++] = (struct pair){ xstrdup(key), copy };
}

const char *
pairs_get(const struct pairs *p, const char *key)
{
	const struct pair *found = find_pair(p, key);

	return found ? found->value : NULL;
}

void
pairs_copy(struct pairs *dst, const struct pairs *src)
{
	if (dst == src)
		return;
	pairs_clear(dst);
	for (size_t i = 0; i < src->count; i++)
		pairs_set(dst, src->items[i].key, src->items[i].value);
}

bool
pairs_eq(const struct pairs *a, const struct pairs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const char *other = pairs_get(b, a->items[i].key);

		if (!other || !str_eq(a->items[i].value, other))
			return false;
	}
	return true;
}

void
pairs_clear(struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].key);
		free(p->items[i].value);
	}
	free(p->items);
	*p = (struct pairs){ 0 };
}
