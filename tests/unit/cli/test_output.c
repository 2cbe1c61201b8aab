/* Tables, JSON and rows on standard output. */
#include "tests/unit/cli/fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/rows.h"

/* What `print` writes to standard output; caller frees. */
static char *
caught(struct cli *cli, void (*print)(struct cli *cli))
{
	char bytes[8192] = "";
	int fds[2], saved = dup(1);

	fflush(NULL);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], 1);
	close(fds[1]);
	print(cli);
	dup2(saved, 1);
	close(saved);
	ssize_t got = read(fds[0], bytes, sizeof bytes - 1);
	assert_true(got >= 0);
	close(fds[0]);
	return xstrdup(bytes);
}

static void
check(struct cli *cli, void (*print)(struct cli *cli), const char *want)
{
	char *out = caught(cli, print);

	assert_string_equal(out, want);
	free(out);
}

/* ---- tables */

static void
print_table(struct cli *cli)
{
	static const struct column columns[] = { { .title = "ID", .priority = 3 },
		{ .title = "NAME", .priority = 2, .cut = true },
		{ .title = "CPU", .priority = 1, .right = true } };
	struct table t = { .columns = columns, .column_count = 3 };

	table_add(&t, "i1");
	table_add(&t, "a name \033[31m of some length, piped whole");
	table_addf(&t, "%d", 5);
	table_add(&t, "i22");
	table_add(&t, NULL);
	table_addf(&t, "%d", 100);
	table_print(cli, &t);
}

static void
piped_table_is_whole_and_clean(void **state)
{
	struct cli cli = { 0 };

	(void)state;
	check(&cli, print_table,
	    "ID   NAME                                       CPU\n"
	    "i1   a name \\e[31m of some length, piped whole    5\n"
	    "i22                                             100\n");
}

static void
print_empty(struct cli *cli)
{
	static const struct column columns[] = { { .title = "ID" } };
	struct table t = { .columns = columns, .column_count = 1 };

	table_print(cli, &t);
}

static void
empty_table_says_nothing(void **state)
{
	struct cli cli = { 0 };

	(void)state;
	check(&cli, print_empty, "");
}

/* ---- JSON */

static int rows_wanted;

static void
print_rows(struct cli *cli)
{
	struct json_rows rows;

	json_rows_begin(&rows, cli, false);
	for (int i = 0; i < rows_wanted; i++)
		buf_addf(json_rows_next(&rows), "{\"n\":%d}", i);
	json_rows_end(&rows, false);
}

static void
json_is_an_array_jsonl_one_per_line(void **state)
{
	struct cli cli = { .format = FORMAT_JSON };

	(void)state;
	rows_wanted = 0;
	check(&cli, print_rows, "[]\n");
	rows_wanted = 2;
	check(&cli, print_rows, "[\n {\"n\":0},\n {\"n\":1}\n]\n");
	cli.format = FORMAT_JSONL;
	check(&cli, print_rows, "{\"n\":0}\n{\"n\":1}\n");
	rows_wanted = 0;
	check(&cli, print_rows, "");
}

/* ---- writing that fails */

static void
failed_write_is_remembered(void **state)
{
	struct cli cli = { 0 };
	int saved = dup(1);

	(void)state;
	fflush(NULL);
	close(1);
	out_line(&cli, "lost");
	dup2(saved, 1);
	close(saved);
	assert_int_equal(cli.out_error, EBADF);
}

/* ---- rows */

static char *
metadata_text(struct sandbox *s)
{
	return xasprintf("%zu %s", s->metadata.count, pairs_get(&s->metadata, "name"));
}

static void
row_takes_what_the_api_says(void **state)
{
	char *json = sandbox_json(ID_A, "running", 3600);
	struct rest_sandbox in = { 0 };
	struct sandbox row;
	struct error err;

	(void)state;
	assert_true(rest_sandbox_decode(json, strlen(json), &in, &err));
	row_take(&row, &in);
	rest_sandbox_clear(&in); /* a copy: nothing is borrowed */
	assert_string_equal(row.id, ID_A);
	assert_string_equal(row.name, "box a");
	assert_string_equal(row.template_name, "base");
	assert_int_equal(row.state, SANDBOX_RUNNING);
	assert_int_equal(row.cpu_count, 2);
	assert_string_equal(row.token, "tok");
	assert_false(row.has_sample);
	int64_t left_s = sandbox_left_s(&row, clock_wall_ms());
	assert_in_range(left_s, 3000, 3600);
	char *metadata = metadata_text(&row);
	assert_string_equal(metadata, "2 box a");
	free(metadata);
	sandbox_clear(&row);
	free(json);
}

static void
row_keeps_an_unknown_state(void **state)
{
	char *json = sandbox_json(ID_A, "melting", 60);
	struct rest_sandbox in = { 0 };
	struct sandbox row;
	struct error err;

	(void)state;
	assert_true(rest_sandbox_decode(json, strlen(json), &in, &err));
	row_take(&row, &in);
	assert_int_equal(row.state, SANDBOX_OTHER);
	assert_string_equal(row.state_text, "melting");
	rest_sandbox_clear(&in);
	sandbox_clear(&row);
	free(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(piped_table_is_whole_and_clean),
		cmocka_unit_test(empty_table_says_nothing),
		cmocka_unit_test(json_is_an_array_jsonl_one_per_line),
		cmocka_unit_test(failed_write_is_remembered),
		cmocka_unit_test(row_takes_what_the_api_says),
		cmocka_unit_test(row_keeps_an_unknown_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
