#include "tui/keymap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/keymap_defaults.h"

/*
 * One packed list per context. Defaults come from keymap_defaults.c, keys.ini replaces
 * all keys of a command in a context at once; a key that is given to another command is
 * taken away from the one that had it, so no list ever has a key twice.
 */
enum {
	KEY_NAME_SIZE = 16,
	SMALL_COLS = 80,
	SMALL_HINTS = 2, /* so many and "?" on a small screen */
	HINTS_MAX = 32,
};

/* Parallel arrays: `items` is what the world sees. */
struct context_map {
	struct binding *items; /* owned; their key and command are owned too */
	struct key *keys;      /* owned */
	int *commands;	       /* owned: ids */
	size_t count, cap;
};

struct keymap {
	struct context_map maps[KEYMAP_CONTEXT_COUNT];
	struct key prefix, prefix2; /* code KEY_NONE: none */
};

static const char *const context_names[KEYMAP_CONTEXT_COUNT] = {
	[KEYMAP_GLOBAL] = "global",
	[KEYMAP_FLEET] = "fleet",
	[KEYMAP_DETAIL] = "detail",
	[KEYMAP_TERMINALS] = "terminals",
	[KEYMAP_PREFIX] = "prefix",
	[KEYMAP_HELP] = "help",
	[KEYMAP_MESSAGES] = "messages",
};

const char *
keymap_context_name(enum keymap_context context)
{
	assert((unsigned)context < KEYMAP_CONTEXT_COUNT);
	return context_names[context];
}

/* ---- one context's bindings */

static void
map_add(struct context_map *m, struct key key, const struct command *command,
    const char *label, int hint, bool user)
{
	char name[KEY_NAME_SIZE];

	if (m->count == m->cap) {
		m->cap = MAX(m->cap * 2, 16);
		m->items = xreallocarray(m->items, m->cap, sizeof *m->items);
		m->keys = xreallocarray(m->keys, m->cap, sizeof *m->keys);
		m->commands = xreallocarray(m->commands, m->cap, sizeof *m->commands);
	}
	key_format(key, name, sizeof name);
	m->items[m->count] = (struct binding){
		.key = xstrdup(name),
		.command = command->name,
		.label = label,
		.hint = hint,
		.user = user,
	};
	m->keys[m->count] = key;
	m->commands[m->count++] = command->id;
}

static void
free_key_name(struct binding *b)
{
	char *name;

	memcpy(&name, &b->key, sizeof name); /* ours, though readers see it const */
	free(name);
}

static void
map_remove(struct context_map *m, size_t at)
{
	size_t behind = m->count - at - 1;

	free_key_name(&m->items[at]);
	memmove(&m->items[at], &m->items[at + 1], behind * sizeof *m->items);
	memmove(&m->keys[at], &m->keys[at + 1], behind * sizeof *m->keys);
	memmove(&m->commands[at], &m->commands[at + 1], behind * sizeof *m->commands);
	m->count--;
}

static void
map_clear(struct context_map *m)
{
	for (size_t i = 0; i < m->count; i++)
		free_key_name(&m->items[i]);
	free(m->items);
	free(m->keys);
	free(m->commands);
	*m = (struct context_map){ 0 };
}

static int
map_find_key(const struct context_map *m, struct key key)
{
	for (size_t i = 0; i < m->count; i++)
		if (key_eq(m->keys[i], key))
			return (int)i;
	return -1;
}

static int
map_find_command(const struct context_map *m, int command)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->commands[i] == command)
			return (int)i;
	return -1;
}

/* ---- key lists: "X F9" */

typedef void each_key(void *ctx, struct key key);

static bool
for_each_key(const char *keys, each_key *each, void *ctx, struct error *err)
{
	struct strlist words = { 0 };
	bool ok = true;

	strlist_split(&words, keys, ' ');
	for (size_t i = 0; ok && i < words.count; i++) {
		struct key key;
		if (!words.items[i][0])
			continue;
		ok = key_parse(words.items[i], &key);
		if (!ok)
			error_set(
			    err, ERROR_INPUT, "no key is called '%.40s'", words.items[i]);
		else if (each)
			each(ctx, key);
	}
	strlist_clear(&words);
	return ok;
}

struct adding {
	struct context_map *map;
	const struct command *command;
	const char *label;
	int hint;
	bool user;
};

static void
add_key(void *ctx, struct key key)
{
	struct adding *a = ctx;
	int old = map_find_key(a->map, key);

	assert(old < 0 || a->user); /* the tables have no duplicates */
	if (old >= 0)
		map_remove(a->map, (size_t)old);
	map_add(a->map, key, a->command, a->label, a->hint, a->user);
}

static void
add_defaults(struct context_map *m, const struct default_binding *rows)
{
	for (; rows->keys; rows++) {
		struct adding a = {
			.map = m,
			.command = &commands[rows->command],
			.label = rows->label,
			.hint = rows->hint,
		};
		bool ok = for_each_key(rows->keys, add_key, &a, NULL);
		assert(ok);
		(void)ok;
	}
}

struct keymap *
keymap_new(void)
{
	struct keymap *k = xcalloc(1, sizeof *k);

	for (int i = 0; i < KEYMAP_CONTEXT_COUNT; i++)
		add_defaults(&k->maps[i], keymap_defaults[i]);
	k->prefix = (struct key){ .code = 'b', .mods = KEY_MOD_CTRL };
	return k;
}

void
keymap_free(struct keymap *k)
{
	if (!k)
		return;
	for (int i = 0; i < KEYMAP_CONTEXT_COUNT; i++)
		map_clear(&k->maps[i]);
	free(k);
}

/* ---- keys.ini */

/* The person's keys replace all the default ones of the command in that context; label
 * and hint stay, and so does the place in the table. */
static void
override_in(struct context_map *m, const struct command *command, const char *keys)
{
	struct adding a = { .map = m, .command = command, .user = true };
	int at;

	while ((at = map_find_command(m, command->id)) >= 0) {
		a.label = m->items[at].label;
		a.hint = MAX(a.hint, m->items[at].hint);
		map_remove(m, (size_t)at);
	}
	if (!str_eq_nocase(keys, "none"))
		(void)!for_each_key(keys, add_key, &a, NULL);
}

static bool
find_context(const char *name, size_t len, enum keymap_context *out)
{
	for (int i = 0; i < KEYMAP_CONTEXT_COUNT; i++) {
		if (strlen(context_names[i]) != len ||
		    memcmp(context_names[i], name, len) != 0)
			continue;
		*out = (enum keymap_context)i;
		return true;
	}
	return false;
}

static bool
check_override(const struct command *command, const char *name,
    enum keymap_context context, const char *keys, struct error *err)
{
	if (!command || !(command->flags & COMMAND_SCREEN))
		return error_set(err, ERROR_INPUT,
		    "keys.ini: no command of the screen is called '%.40s'", name);
	if (context == KEYMAP_PREFIX && command->flags & COMMAND_CONFIRM)
		return error_set(err, ERROR_INPUT,
		    "keys.ini: '%s' cannot stand behind the prefix, where keys come "
		    "easily",
		    command->name);
	if (str_eq_nocase(keys, "none") || for_each_key(keys, NULL, NULL, err))
		return true;
	error_prefix(err, "keys.ini: %s", name);
	return false;
}

static bool
override_one(struct keymap *k, const char *action, const char *keys, struct error *err)
{
	const char *dot = strchr(action, '.');
	const char *name = dot ? dot + 1 : action;
	const struct command *command = command_find(name);
	enum keymap_context context = KEYMAP_GLOBAL;
	bool found = false;

	if (dot && !find_context(action, (size_t)(dot - action), &context))
		return error_set(err, ERROR_INPUT,
		    "keys.ini: no section is called '%.*s'", (int)MIN(dot - action, 40),
		    action);
	if (!check_override(command, name, context, keys, err))
		return false;
	if (dot) {
		override_in(&k->maps[context], command, keys);
		return true;
	}
	for (int i = 0; i < KEYMAP_CONTEXT_COUNT; i++) {
		if (map_find_command(&k->maps[i], command->id) < 0)
			continue;
		override_in(&k->maps[i], command, keys);
		found = true;
	}
	if (!found)
		override_in(&k->maps[KEYMAP_GLOBAL], command, keys);
	return true;
}

bool
keymap_override(struct keymap *k, const struct pairs *keys, struct error *err)
{
	for (size_t i = 0; keys && i < keys->count; i++)
		if (!override_one(k, keys->items[i].key, keys->items[i].value, err))
			return false;
	return true;
}

/* ---- looking up */

const struct binding *
keymap_find(const struct keymap *k, enum keymap_context context, struct key key)
{
	int at = map_find_key(&k->maps[context], key);

	if (at >= 0)
		return &k->maps[context].items[at];
	if (context == KEYMAP_GLOBAL || context == KEYMAP_PREFIX)
		return NULL;
	return keymap_find(k, KEYMAP_GLOBAL, key);
}

const struct binding *
keymap_bindings(const struct keymap *k, enum keymap_context context, size_t *count)
{
	*count = k->maps[context].count;
	return k->maps[context].items;
}

bool
keymap_key_of(const struct keymap *k, enum keymap_context context, int command_id,
    char *out, size_t size)
{
	char prefix[KEY_NAME_SIZE];
	int at = map_find_command(&k->maps[context], command_id);

	if (at < 0) {
		if (context == KEYMAP_GLOBAL || context == KEYMAP_PREFIX)
			return false;
		return keymap_key_of(k, KEYMAP_GLOBAL, command_id, out, size);
	}
	if (context == KEYMAP_PREFIX) {
		key_format(k->prefix, prefix, sizeof prefix);
		snprintf(out, size, "%s %s", prefix, k->maps[context].items[at].key);
	} else {
		str_copy(out, size, k->maps[context].items[at].key);
	}
	return true;
}

const char *
binding_label(const struct binding *b)
{
	const struct command *c = command_find(b->command);

	return b->label ? b->label : c ? c->summary : b->command;
}

/* ---- hints */

struct hint {
	const struct binding *binding;
	int order; /* in the table, to keep equals as they stand */
};

static int
compare_hints(const void *a, const void *b)
{
	const struct hint *x = a, *y = b;

	if (x->binding->hint != y->binding->hint)
		return y->binding->hint - x->binding->hint;
	return x->order - y->order;
}

static bool
has_command(const struct hint *list, size_t count, const char *command)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].binding->command, command))
			return true;
	return false;
}

/* One hint per command: its first key. A key that the context itself gives another
 * meaning is not hinted at from the global map. */
static size_t
collect_hints(const struct keymap *k, enum keymap_context context, struct hint *out)
{
	enum keymap_context from[] = { context, KEYMAP_GLOBAL };
	size_t count = 0;
	int maps = context == KEYMAP_GLOBAL || context == KEYMAP_PREFIX ? 1 : 2;

	for (int i = 0; i < maps; i++) {
		const struct context_map *m = &k->maps[from[i]];
		for (size_t j = 0; j < m->count && count < HINTS_MAX; j++) {
			const struct binding *b = &m->items[j];
			if (b->hint == 0 || m->commands[j] == CMD_KEYS ||
			    has_command(out, count, b->command) ||
			    keymap_find(k, context, m->keys[j]) != b)
				continue;
			out[count] = (struct hint){ b, (int)count };
			count++;
		}
	}
	qsort(out, count, sizeof *out, compare_hints);
	return count;
}

size_t
keymap_hint_list(const struct keymap *k, enum keymap_context context, int cols,
    const struct binding **out, size_t max)
{
	struct hint hints[HINTS_MAX];
	size_t count = collect_hints(k, context, hints), shown = 0;
	const struct binding *help = keymap_find_command(k, context, CMD_KEYS);
	int left = cols - 1;

	if (help)
		left -= text_width(help->key) + 1 + text_width(binding_label(help));
	if (cols < SMALL_COLS)
		max = MIN(max, SMALL_HINTS + 1);
	for (size_t i = 0; i < count && shown + 1 < max; i++) {
		const struct binding *b = hints[i].binding;
		int width = text_width(b->key) + 1 + text_width(binding_label(b)) + 2;
		if (width > left)
			break;
		left -= width;
		out[shown++] = b;
	}
	if (help && shown < max)
		out[shown++] = help;
	return shown;
}

void
keymap_hints(
    const struct keymap *k, enum keymap_context context, int cols, struct buf *out)
{
	const struct binding *list[HINTS_MAX];
	size_t count = keymap_hint_list(k, context, cols, list, HINTS_MAX);

	for (size_t i = 0; i < count; i++)
		buf_addf(
		    out, "%s%s %s", i ? "  " : " ", list[i]->key, binding_label(list[i]));
}

const struct binding *
keymap_find_command(const struct keymap *k, enum keymap_context context, int command_id)
{
	int at = map_find_command(&k->maps[context], command_id);

	if (at >= 0)
		return &k->maps[context].items[at];
	if (context == KEYMAP_GLOBAL || context == KEYMAP_PREFIX)
		return NULL;
	return keymap_find_command(k, KEYMAP_GLOBAL, command_id);
}

/* ---- the prefix */

struct key
keymap_prefix(const struct keymap *k)
{
	return k->prefix;
}

void
keymap_set_prefix(struct keymap *k, struct key prefix, struct key second)
{
	struct context_map *m = &k->maps[KEYMAP_PREFIX];
	struct adding a = {
		.map = m,
		.command = &commands[CMD_PANE_PREFIX],
		.user = true,
	};
	int at;

	if (key_eq(prefix, k->prefix) && key_eq(second, k->prefix2))
		return;
	while ((at = map_find_command(m, CMD_PANE_PREFIX)) >= 0) {
		a.label = m->items[at].label;
		a.hint = m->items[at].hint;
		map_remove(m, (size_t)at);
	}
	k->prefix = prefix;
	k->prefix2 = second;
	if (prefix.code != KEY_NONE)
		add_key(&a, prefix);
	if (second.code != KEY_NONE && !key_eq(prefix, second))
		add_key(&a, second);
}

bool
keymap_is_prefix(const struct keymap *k, struct key key)
{
	return key.code != KEY_NONE &&
	       (key_eq(k->prefix, key) || key_eq(k->prefix2, key));
}
