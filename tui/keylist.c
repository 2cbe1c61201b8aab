#include "tui/keylist.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"

const char *
keylist_section_title(enum command_section section)
{
	static const char *const titles[] = {
		[SECTION_MOVE] = "Move",
		[SECTION_SANDBOX] = "Sandbox",
		[SECTION_SEE] = "See",
		[SECTION_PANES] = "Panes",
		[SECTION_HOST] = "Local host",
		[SECTION_TOOL] = "Tool",
	};

	assert((size_t)section < ARRAY_LEN(titles));
	return titles[section];
}

static bool
is_tab_number(int command)
{
	return command >= CMD_PANE_GO_0 && command <= CMD_PANE_GO_9;
}

static struct keylist_entry *
find_entry(struct keylist *l, int command)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->items[i].command == command ||
		    (is_tab_number(command) && is_tab_number(l->items[i].command)))
			return &l->items[i];
	return NULL;
}

static void
add_key_name(struct keylist_entry *e, const char *key, int command)
{
	size_t len = strlen(e->keys);

	if (is_tab_number(command)) {
		len = strcspn(e->keys, "-");
		snprintf(
		    e->keys + len, sizeof e->keys - len, "%s%s", len ? "-" : "", key);
		return;
	}
	snprintf(e->keys + len, sizeof e->keys - len, "%s%s", len ? " " : "", key);
}

static void
add_binding(struct keylist *l, const struct binding *b)
{
	const struct command *c = command_find(b->command);
	struct keylist_entry *e = find_entry(l, c->id);

	if (!e) {
		l->items = xreallocarray(l->items, l->count + 1, sizeof *l->items);
		e = &l->items[l->count++];
		*e = (struct keylist_entry){
			.label = is_tab_number(c->id) ? "go to tab" : binding_label(b),
			.command = c->id,
			.section = c->section,
		};
	}
	e->user |= b->user;
	add_key_name(e, b->key, c->id);
}

static void
add_context(struct keylist *l, const struct keymap *k, enum keymap_context from,
    enum keymap_context seen_from)
{
	size_t count;
	const struct binding *bindings = keymap_bindings(k, from, &count);

	for (size_t i = 0; i < count; i++) {
		struct key key;
		if (key_parse(bindings[i].key, &key) &&
		    keymap_find(k, seen_from, key) == &bindings[i])
			add_binding(l, &bindings[i]);
	}
}

/* Stable: entries of a section keep the order of the table. */
static void
sort_by_section(struct keylist *l)
{
	for (size_t i = 1; i < l->count; i++) {
		struct keylist_entry e = l->items[i];
		size_t at = i;
		for (; at > 0 && l->items[at - 1].section > e.section; at--)
			l->items[at] = l->items[at - 1];
		l->items[at] = e;
	}
}

void
keylist_init(struct keylist *l, const struct keymap *k, enum keymap_context context)
{
	*l = (struct keylist){ 0 };
	add_context(l, k, context, context);
	if (context != KEYMAP_GLOBAL && context != KEYMAP_PREFIX)
		add_context(l, k, KEYMAP_GLOBAL, context);
	sort_by_section(l);
}

void
keylist_clear(struct keylist *l)
{
	free(l->items);
	*l = (struct keylist){ 0 };
}
