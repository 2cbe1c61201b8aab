/* The command table and the one parser of keys, palette and command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "fleet/command.h"

static bool
parse(const char *line, struct command_call *call, struct error *err)
{
	*call = (struct command_call){ 0 };
	*err = (struct error){ 0 };
	return command_parse_line(line, call, err);
}

static void
table_is_sound(void **state)
{
	(void)state;
	for (int i = 0; i < COMMAND_COUNT; i++) {
		const struct command *c = &commands[i];
		assert_int_equal(c->id, i);
		assert_non_null(c->name);
		assert_non_null(c->args);
		assert_non_null(c->summary);
		assert_true(text_width(c->summary) <= 60);
		assert_true(c->flags & (COMMAND_CLI | COMMAND_SCREEN));
		assert_ptr_equal(command_find(c->name), c);
		for (const struct command_option *o = c->options; o && o->name; o++) {
			assert_non_null(o->summary);
			for (const struct command_option *g = global_options; g->name;
			     g++)
				assert_string_not_equal(g->name, o->name);
		}
	}
}

static void
options_stand_before_and_behind(void **state)
{
	static const char *const lines[] = {
		"ls -o json --profile local",
		"-o json --profile=local ls",
		"--profile local ls -ojson",
	};
	struct command_call call;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_true(parse(lines[i], &call, &err));
		assert_int_equal(call.command->id, CMD_LS);
		assert_string_equal(call_value(&call, "output"), "json");
		assert_string_equal(call_value(&call, "profile"), "local");
		command_call_clear(&call);
	}
}

static void
exec_leaves_the_rest_alone(void **state)
{
	static const char *const lines[] = {
		"exec -u root abc -- ls -la --help",
		"exec -u root abc ls -la --help",
	};
	struct command_call call;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_true(parse(lines[i], &call, &err));
		assert_int_equal(call.args.count, 1);
		assert_string_equal(call.args.items[0], "abc");
		assert_int_equal(call.rest.count, 3);
		assert_string_equal(call.rest.items[2], "--help");
		assert_string_equal(call_value(&call, "user"), "root");
		assert_false(call_has(&call, "help"));
		command_call_clear(&call);
	}
}

static void
two_word_commands_and_aliases(void **state)
{
	struct command_call call;
	struct error err;

	(void)state;
	assert_true(parse("host start", &call, &err));
	assert_int_equal(call.command->id, CMD_HOST_START);
	command_call_clear(&call);
	assert_true(parse("rm a b 'c d'", &call, &err));
	assert_int_equal(call.command->id, CMD_KILL);
	assert_int_equal(call.args.count, 3);
	assert_string_equal(call.args.items[2], "c d");
	command_call_clear(&call);
	assert_true(parse("kill -", &call, &err));
	assert_string_equal(call.args.items[0], "-");
	command_call_clear(&call);
}

static void
wrong_lines_say_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "lss", "did you mean 'ls'" },
		{ "frobnicate", "unknown command" },
		{ "ls --frob", "unknown option --frob" },
		{ "ls -Z", "unknown option -Z" },
		{ "ls --output", "needs a value" },
		{ "ls --json=1", "takes no value" },
		{ "kill", "usage: sandtop kill ID..." },
		{ "auth now", "one word too many" },
		{ "host", "needs one of" },
		{ "ls -- x", "takes nothing behind --" },
	};
	struct command_call call;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_false(parse(cases[i].line, &call, &err));
		assert_int_equal(err.code, ERROR_INPUT);
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].line, err.text);
	}
}

static void
count_values(void *ctx, const char *value)
{
	size_t *len = ctx;
	*len += strlen(value);
}

static void
repeated_options_are_all_kept(void **state)
{
	struct command_call call;
	struct error err;
	size_t len = 0;

	(void)state;
	assert_true(parse("create base -m a=1 --meta b=22 --meta=c=333", &call, &err));
	assert_int_equal(call_each(&call, "meta", count_values, &len), 3);
	assert_int_equal(len, 3 + 4 + 5);
	assert_string_equal(call_value(&call, "meta"), "c=333");
	command_call_clear(&call);
}

static void
help_names_every_command_and_option(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	commands_add_help(&text);
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (commands[i].flags & COMMAND_CLI)
			assert_non_null(strstr(text.data, commands[i].summary));
	buf_reset(&text);
	command_add_help(&text, &commands[CMD_CREATE]);
	for (const struct command_option *o = commands[CMD_CREATE].options; o->name; o++)
		assert_non_null(strstr(text.data, o->summary));
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(options_stand_before_and_behind),
		cmocka_unit_test(exec_leaves_the_rest_alone),
		cmocka_unit_test(two_word_commands_and_aliases),
		cmocka_unit_test(wrong_lines_say_what_is_wrong),
		cmocka_unit_test(repeated_options_are_all_kept),
		cmocka_unit_test(help_names_every_command_and_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
