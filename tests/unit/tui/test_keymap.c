/* The tables of keys: no key twice, every binding means something, help shows all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/text.h"
#include "tui/keylist.h"
#include "tui/keymap.h"

static struct key
key(const char *name)
{
	struct key k;

	if (!key_parse(name, &k))
		fail_msg("no key is called '%s'", name);
	return k;
}

static const char *
bound(const struct keymap *k, enum keymap_context context, const char *name)
{
	const struct binding *b = keymap_find(k, context, key(name));

	return b ? b->command : "";
}

static void
test_tables_are_clean(void **state)
{
	struct keymap *k = keymap_new();

	(void)state;
	for (int c = 0; c < KEYMAP_CONTEXT_COUNT; c++) {
		size_t count;
		const struct binding *b =
		    keymap_bindings(k, (enum keymap_context)c, &count);
		for (size_t i = 0; i < count; i++) {
			const struct command *command = command_find(b[i].command);
			assert_non_null(command);
			assert_true(command->flags & COMMAND_SCREEN);
			key(b[i].key);
			assert_true(text_width(binding_label(&b[i])) <= 24);
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(b[i].key, b[j].key);
		}
	}
	keymap_free(k);
}

/* What is on the screen can be done with a key, or at least from the palette. */
static void
test_every_screen_command_is_reachable(void **state)
{
	struct keymap *k = keymap_new();

	(void)state;
	for (int i = 0; i < COMMAND_COUNT; i++) {
		bool found = !(commands[i].flags & COMMAND_HIDDEN);
		for (int c = 0; c < KEYMAP_CONTEXT_COUNT && !found; c++)
			found = keymap_find_command(k, (enum keymap_context)c, i) != NULL;
		if (commands[i].flags & COMMAND_SCREEN && !found)
			fail_msg("'%s' can be reached by nothing", commands[i].name);
	}
	keymap_free(k);
}

static void
test_help_shows_all(void **state)
{
	struct keymap *k = keymap_new();

	(void)state;
	for (int c = 0; c < KEYMAP_CONTEXT_COUNT; c++) {
		struct keylist list;
		size_t count;
		const struct binding *b =
		    keymap_bindings(k, (enum keymap_context)c, &count);
		keylist_init(&list, k, (enum keymap_context)c);
		for (size_t i = 0; i < count; i++) {
			bool found = false;
			for (size_t j = 0; j < list.count; j++)
				found = found ||
					list.items[j].command ==
					    command_find(b[i].command)->id ||
					strcmp(list.items[j].keys, "0-9") == 0;
			assert_true(found);
		}
		for (size_t j = 1; j < list.count; j++)
			assert_true(list.items[j - 1].section <= list.items[j].section);
		keylist_clear(&list);
	}
	keymap_free(k);
}

static void
test_lookup(void **state)
{
	struct keymap *k = keymap_new();
	char text[32];

	(void)state;
	assert_string_equal(bound(k, KEYMAP_FLEET, "s"), "shell");
	assert_string_equal(bound(k, KEYMAP_FLEET, "j"), "down");
	assert_string_equal(bound(k, KEYMAP_MESSAGES, "s"), "");
	assert_string_equal(bound(k, KEYMAP_PREFIX, "d"), "pane-leave");
	assert_string_equal(
	    bound(k, KEYMAP_PREFIX, "j"), ""); /* no way to the global ones */
	assert_true(keymap_key_of(k, KEYMAP_FLEET, CMD_KILL, text, sizeof text));
	assert_string_equal(text, "X");
	assert_true(keymap_key_of(k, KEYMAP_FLEET, CMD_QUIT, text, sizeof text));
	assert_string_equal(text, "Q");
	assert_true(keymap_key_of(k, KEYMAP_PREFIX, CMD_PANE_LEAVE, text, sizeof text));
	assert_string_equal(text, "^B d");
	assert_false(keymap_key_of(k, KEYMAP_MESSAGES, CMD_KILL, text, sizeof text));
	keymap_free(k);
}

/* No key behind the prefix destroys a sandbox, not even on request. */
static void
test_prefix_destroys_nothing(void **state)
{
	struct keymap *k = keymap_new();
	struct pairs keys = { 0 };
	struct error err = { 0 };
	size_t count;
	const struct binding *b = keymap_bindings(k, KEYMAP_PREFIX, &count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		assert_false(command_find(b[i].command)->flags & COMMAND_CONFIRM);
	pairs_set(&keys, "prefix.kill", "k");
	assert_false(keymap_override(k, &keys, &err));
	assert_non_null(strstr(err.text, "kill"));
	pairs_clear(&keys);
	keymap_free(k);
}

static void
test_override(void **state)
{
	struct keymap *k = keymap_new();
	struct pairs keys = { 0 };
	struct error err = { 0 };
	const struct binding *b;

	(void)state;
	pairs_set(&keys, "fleet.kill", "K F12");
	pairs_set(&keys, "shell", "b s");    /* wherever it was: fleet and detail */
	pairs_set(&keys, "fleet.sort", "p"); /* takes the key away from pause */
	pairs_set(&keys, "quit", "none");
	pairs_set(&keys, "interrupt", "^C ^G");
	assert_true(keymap_override(k, &keys, &err));
	assert_string_equal(bound(k, KEYMAP_FLEET, "K"), "kill");
	assert_string_equal(bound(k, KEYMAP_FLEET, "F12"), "kill");
	assert_string_equal(bound(k, KEYMAP_FLEET, "X"), "");
	assert_string_equal(bound(k, KEYMAP_DETAIL, "X"), "kill");
	assert_string_equal(bound(k, KEYMAP_FLEET, "b"), "shell");
	assert_string_equal(bound(k, KEYMAP_DETAIL, "b"), "shell");
	assert_string_equal(bound(k, KEYMAP_FLEET, "p"), "sort");
	assert_string_equal(bound(k, KEYMAP_DETAIL, "p"), "pause");
	assert_string_equal(bound(k, KEYMAP_FLEET, "Q"), "");
	assert_string_equal(bound(k, KEYMAP_FLEET, "^G"), "interrupt");
	b = keymap_find(k, KEYMAP_FLEET, key("K"));
	assert_true(b->user);
	assert_string_equal(binding_label(b), "kill");
	assert_int_not_equal(b->hint, 0);
	assert_false(keymap_find(k, KEYMAP_FLEET, key("j"))->user);
	pairs_clear(&keys);
	keymap_free(k);
}

static void
test_bad_overrides(void **state)
{
	static const struct {
		const char *action, *keys, *says;
	} cases[] = {
		{ "fleet.nonesuch", "x", "nonesuch" },
		{ "nonesuch", "x", "nonesuch" },
		{ "nowhere.kill", "x", "nowhere" },
		{ "fleet.kill", "NoSuchKey", "NoSuchKey" },
		{ "ls", "x", "ls" },
		{ "", "x", "called" },
		{ ".", "x", "section" },
		{ "fleet.", "x", "called" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct keymap *k = keymap_new();
		struct pairs keys = { 0 };
		struct error err = { 0 };
		pairs_set(&keys, cases[i].action, cases[i].keys);
		assert_false(keymap_override(k, &keys, &err));
		if (!strstr(err.text, cases[i].says))
			fail_msg("case %zu: '%s'", i, err.text);
		assert_string_equal(bound(k, KEYMAP_FLEET, "X"), "kill");
		pairs_clear(&keys);
		keymap_free(k);
	}
}

static void
test_prefix(void **state)
{
	struct keymap *k = keymap_new();
	char text[32];

	(void)state;
	assert_true(keymap_is_prefix(k, key("^B")));
	assert_false(keymap_is_prefix(k, key("^]")));
	assert_false(keymap_is_prefix(k, key("b")));
	keymap_set_prefix(k, key("^A"), key("^]"));
	assert_true(keymap_is_prefix(k, key("^A")));
	assert_true(keymap_is_prefix(k, key("^]")));
	assert_false(keymap_is_prefix(k, key("^B")));
	assert_string_equal(bound(k, KEYMAP_PREFIX, "^A"), "pane-prefix");
	assert_string_equal(bound(k, KEYMAP_PREFIX, "^]"), "pane-prefix");
	assert_string_equal(bound(k, KEYMAP_PREFIX, "^B"), "");
	assert_true(keymap_key_of(k, KEYMAP_PREFIX, CMD_PANE_NEW, text, sizeof text));
	assert_string_equal(text, "^A c");
	keymap_set_prefix(k, (struct key){ 0 }, (struct key){ 0 });
	assert_false(keymap_is_prefix(k, (struct key){ 0 }));
	keymap_free(k);
}

/* The hint line fits, is whole words, and always ends in the key for help. */
static void
test_hints(void **state)
{
	struct keymap *k = keymap_new();

	(void)state;
	for (int c = 0; c < KEYMAP_CONTEXT_COUNT; c++)
		for (int cols = 10; cols < 240; cols++) {
			struct buf line;
			buf_init(&line, 4096);
			keymap_hints(k, (enum keymap_context)c, cols, &line);
			assert_true(text_width(line.data) <= cols);
			assert_true(str_has_suffix(line.data, "? keys"));
			buf_clear(&line);
		}

	struct buf line;
	buf_init(&line, 4096);
	keymap_hints(k, KEYMAP_FLEET, 60, &line);
	assert_string_equal(line.data, " Enter open  s shell  ? keys");
	buf_clear(&line);
	keymap_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_are_clean),
		cmocka_unit_test(test_every_screen_command_is_reachable),
		cmocka_unit_test(test_help_shows_all),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_prefix_destroys_nothing),
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_bad_overrides),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
