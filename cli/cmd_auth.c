/* auth - who am I: which key from where, for which addresses, and does it work. */
#include <stdlib.h>

#include "cli/check.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "wire/json.h"

static void
add(struct table *t, const char *title, const char *value)
{
	table_add(t, title);
	table_add(t, str_is_empty(value) ? "--" : value);
}

static void
print_table(struct cli *cli, const struct check *check, const char *masked)
{
	static const struct column columns[] = { { .title = "" }, { .title = "" } };
	struct table t = { .columns = columns, .column_count = 2, .headless = true };
	const struct cli_account *a = cli->account;

	add(&t, "Profile", a->profile);
	add(&t, "Key", masked);
	add(&t, "Key from", a->source);
	add(&t, "Project", a->project);
	add(&t, "Domain", a->domain);
	add(&t, "API", a->api_url);
	table_add(&t, "Key works");
	if (check->err.code == ERROR_NONE)
		table_addf(&t, "yes (%d ms)", check->round_trip_ms);
	else
		table_add(&t, check->err.code == ERROR_DENIED ? "no" : "not known");
	table_print(cli, &t);
}

static void
print_json(struct cli *cli, const struct check *check, const char *masked)
{
	const struct cli_account *a = cli->account;
	struct buf json;

	buf_init(&json, OUT_MAX);
	buf_add_char(&json, '{');
	json_add_text_or_null(&json, "profile", a->profile);
	json_add_text_or_null(&json, "key", masked);
	json_add_text_or_null(&json, "key_source", a->source);
	json_add_text_or_null(&json, "project", a->project);
	json_add_text_or_null(&json, "domain", a->domain);
	json_add_text_or_null(&json, "api_url", a->api_url);
	json_add_bool(&json, "read_only", a->read_only);
	if (check->err.code == ERROR_NONE || check->err.code == ERROR_DENIED)
		json_add_bool(&json, "key_works", check->err.code == ERROR_NONE);
	else
		json_add_null(&json, "key_works");
	if (check->round_trip_ms >= 0)
		json_add_int(&json, "round_trip_ms", check->round_trip_ms);
	else
		json_add_null(&json, "round_trip_ms");
	buf_add_char(&json, '}');
	out_json(cli, &json);
}

int
cmd_auth(struct cli *cli, const struct command_call *call)
{
	struct check check;
	char *masked;

	if (options_refuse_ids(cli, call))
		return EXIT_USAGE;
	check_account(cli, &check);
	masked = secret_mask(cli->account->key);
	if (cli->format == FORMAT_TABLE)
		print_table(cli, &check, masked);
	else
		print_json(cli, &check, masked);
	free(masked);
	if (check.err.code == ERROR_NONE)
		return EXIT_OK;
	return options_fail(cli, &check.err, NULL);
}
