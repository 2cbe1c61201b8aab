/* doctor - what a report needs: program, terminal, account, host, configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/check.h"
#include "cli/handlers.h"
#include "cli/options.h"
#include "cli/output.h"
#include "wire/json.h"

enum { TITLE_WIDTH = 12, SECTIONS_MAX = 8 };

struct section {
	const char *name;
	bool ok;
	struct buf text; /* lines */
};
struct report {
	struct section sections[SECTIONS_MAX];
	size_t count;
};

static struct section *
add_section(struct report *r, const char *name)
{
	struct section *s = &r->sections[r->count++];

	*s = (struct section){ .name = name, .ok = true };
	buf_init(&s->text, OUT_MAX);
	return s;
}

static void
add_line(struct section *s, const char *title, const char *value)
{
	buf_addf(&s->text, "%-*s%s\n", TITLE_WIDTH, title, value ? value : "--");
}

/* Lines as "what: value" of other rooms, in this report's columns. */
static void
add_told(struct section *s, const char *told)
{
	while (*told) {
		size_t len = strcspn(told, "\n"), name = strcspn(told, ":");
		char *title = xstrndup(told, MIN(name, len));
		char *value = xstrndup(told + MIN(name, len), len - MIN(name, len));
		if (strlen(title) < TITLE_WIDTH && str_has_prefix(value, ": "))
			add_line(s, title, value + 2);
		else
			buf_addf(&s->text, "%s%s\n", title, value);
		free(title);
		free(value);
		told += len + (told[len] == '\n');
	}
}

/* ---- what is looked at */

static void
look_at_terminal(struct cli *cli, struct report *r)
{
	struct section *s = add_section(r, "terminal");

	add_line(s, "output", cli->out_is_terminal ? "a terminal" : "not a terminal");
	add_line(s, "UTF-8", locale_is_utf8() ? "yes" : "no: set LC_ALL or LANG");
	struct buf told;

	buf_init(&told, OUT_MAX);
	cli->services->describe_screen(&told);
	add_told(s, told.data);
	buf_clear(&told);
}

static void
look_at_account(struct cli *cli, struct report *r)
{
	struct section *s = add_section(r, "account");
	const struct cli_account *a = cli->account;
	struct check check;

	if (!a->key) {
		s->ok = false;
		add_line(s, "key", a->why_none.text);
		for (size_t i = 0; a->looked_at && i < a->looked_at->count; i++)
			add_line(s, "looked at", a->looked_at->items[i]);
		return;
	}
	char *masked = secret_mask(a->key);
	add_line(s, "key", masked);
	add_line(s, "from", a->source);
	add_line(s, "API", a->api_url);
	free(masked);
	check_account(cli, &check);
	s->ok = check.err.code == ERROR_NONE;
	if (s->ok)
		buf_addf(&s->text, "%-*syes, in %d ms\n", TITLE_WIDTH, "works",
		    check.round_trip_ms);
	else
		add_line(s, "works", check.err.text);
}

static void
look_at_host(struct cli *cli, struct report *r)
{
	struct section *s = add_section(r, "local host");
	struct cli_host host = { 0 };
	struct error err;

	if (!cli->services->host_status(&host, &err)) {
		s->ok = false;
		add_line(s, "state", err.text);
	} else if (host.running) {
		buf_addf(&s->text, "%-*sruns: pid %d, %s\n", TITLE_WIDTH, "state",
		    host.pid, host.url);
	} else {
		add_line(s, "state", "does not run; start it with: sandtop host start");
	}
	char *support = cli->services->describe_host();
	add_told(s, support ? support : "");
	free(support);
}

static void
look_at_config(struct cli *cli, struct report *r)
{
	struct section *s = add_section(r, "configuration");

	cli->services->describe_config(&s->text);
}

/* ---- the report */

static void
end_line(struct buf *text)
{
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		buf_add_char(text, '\n');
}

static void
print_text(struct cli *cli, struct report *r)
{
	struct table lines = { .columns = &(struct column){ .title = "" },
		.column_count = 1,
		.headless = true };

	table_addf(&lines, "sandtop %s", VERSION);
	for (size_t i = 0; i < r->count; i++) {
		struct section *s = &r->sections[i];
		table_add(&lines, "");
		table_addf(&lines, "%s: %s", s->name, s->ok ? "ok" : "PROBLEM");
		end_line(&s->text);
		for (char *line = s->text.data; *line;) {
			char *end = strchr(line, '\n');
			*end = '\0';
			table_addf(&lines, "  %s", line);
			line = end + 1;
		}
	}
	table_print(cli, &lines);
}

static void
print_json(struct cli *cli, const struct report *r)
{
	struct buf json;

	buf_init(&json, OUT_MAX);
	buf_add_char(&json, '{');
	json_add_text(&json, "version", VERSION);
	json_add_key(&json, "sections");
	buf_add_char(&json, '[');
	for (size_t i = 0; i < r->count; i++) {
		json_add_comma(&json);
		buf_add_char(&json, '{');
		json_add_text(&json, "name", r->sections[i].name);
		json_add_bool(&json, "ok", r->sections[i].ok);
		json_add_text(&json, "text", r->sections[i].text.data);
		buf_add_char(&json, '}');
	}
	buf_add_str(&json, "]}");
	out_json(cli, &json);
}

int
cmd_doctor(struct cli *cli, const struct command_call *call)
{
	struct report r = { 0 };
	bool ok = true;

	if (options_refuse_ids(cli, call))
		return EXIT_USAGE;
	look_at_terminal(cli, &r);
	look_at_account(cli, &r);
	look_at_host(cli, &r);
	look_at_config(cli, &r);
	if (cli->format == FORMAT_TABLE)
		print_text(cli, &r);
	else
		print_json(cli, &r);
	for (size_t i = 0; i < r.count; i++) {
		ok = ok && r.sections[i].ok;
		buf_clear(&r.sections[i].text);
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}
