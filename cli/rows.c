#include "cli/rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/output.h"
#include "fleet/fields.h"
#include "net/api.h"

static const char *const list_fields[] = { "id", "name", "template", "state", "left",
	"age", "vcpu", "ram" };
static const char *const figure_fields[] = { "id", "name", "template", "state", "cpu",
	"mem", "left", "age" };
enum { FIELD_COUNT = ARRAY_LEN(list_fields) };

static void
set_columns(const char *const *names, struct column *columns)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct field *f = field_find(names[i]);
		columns[i] = (struct column){ .title = f->title,
			.right = f->right,
			.priority = f->priority,
			.cut = f->type == FIELD_TEXT && !str_eq(f->name, "id") &&
			       !str_eq(f->name, "state") };
	}
}

static void
print_table(
    struct cli *cli, const char *const *names, const struct sandbox *rows, size_t count)
{
	struct column columns[FIELD_COUNT];
	struct table table = { .columns = columns, .column_count = FIELD_COUNT };
	int64_t now_ms = clock_wall_ms();
	struct buf cell;

	set_columns(names, columns);
	buf_init(&cell, OUT_MAX);
	for (size_t r = 0; r < count; r++) {
		for (size_t i = 0; i < FIELD_COUNT; i++) {
			buf_reset(&cell);
			field_format(field_find(names[i]), &rows[r], now_ms, &cell);
			table_add(&table, cell.data);
		}
	}
	buf_clear(&cell);
	table_print(cli, &table);
}

static void
print_json(struct cli *cli, const struct sandbox *rows, size_t count)
{
	int64_t now_ms = clock_wall_ms();
	struct json_rows out;

	json_rows_begin(&out, cli, false);
	for (size_t i = 0; i < count; i++)
		sandbox_add_json(json_rows_next(&out), &rows[i], now_ms);
	json_rows_end(&out, false);
}

static void
print_ids(struct cli *cli, const struct sandbox *rows, size_t count)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	for (size_t i = 0; i < count; i++)
		buf_addf(&out, "%s\n", rows[i].id);
	out_buf(cli, &out);
}

void
rows_print(struct cli *cli, const struct sandbox *rows, size_t count, bool figures)
{
	switch (cli->format) {
	case FORMAT_TABLE:
		print_table(cli, figures ? figure_fields : list_fields, rows, count);
		return;
	case FORMAT_JSON:
	case FORMAT_JSONL:
		print_json(cli, rows, count);
		return;
	case FORMAT_IDS:
		print_ids(cli, rows, count);
		return;
	}
}

void
rows_show(const struct sandbox *const *rows, size_t count, size_t max)
{
	int64_t now_ms = clock_wall_ms();

	for (size_t i = 0; i < count && i < max; i++) {
		struct buf line;
		buf_init(&line, OUT_MAX);
		buf_addf(&line, "  %-20s  %-16s  ", rows[i]->id,
		    rows[i]->name ? rows[i]->name : "");
		field_format(field_find("state"), rows[i], now_ms, &line);
		buf_add_str(&line, "  age ");
		field_format(field_find("age"), rows[i], now_ms, &line);
		buf_add_str(&line, "  left ");
		field_format(field_find("left"), rows[i], now_ms, &line);
		const char *user = pairs_get(&rows[i]->metadata, "user");
		if (user)
			buf_addf(&line, "  user=%s", user);
		err_line(line.data);
		buf_clear(&line);
	}
	if (count > max) {
		char *more = xasprintf("  ... %zu more", count - max);
		err_line(more);
		free(more);
	}
}

/* ---- one sandbox */

static const struct {
	const char *title, *field;
} card[] = {
	{ "ID", "id" },
	{ "Name", "name" },
	{ "Template", "template" },
	{ "State", "state" },
	{ "Time left", "left" },
	{ "On timeout", "ontimeout" },
	{ "Age", "age" },
	{ "CPU % now", "cpu" },
	{ "Memory % now", "mem" },
	{ "Disk % now", "disk" },
	{ "CPUs", "vcpu" },
	{ "Memory", "ram" },
	{ "Disk", "disksize" },
	{ "Internet", "internet" },
	{ "envd", "envd" },
};

static void
add_fact(struct table *t, const struct sandbox *s, const char *title, const char *field)
{
	struct buf value;

	buf_init(&value, OUT_MAX);
	if (str_eq(field, "state"))
		buf_add_str(
		    &value, s->state_text ? s->state_text : sandbox_state_name(s->state));
	else if (str_eq(field, "ontimeout") && s->pause_on_timeout != UNKNOWN)
		buf_add_str(&value, s->pause_on_timeout == YES ? "pause" : "kill");
	else
		field_format(field_find(field), s, clock_wall_ms(), &value);
	table_add(t, title);
	table_add(t, value.len > 0 ? value.data : "--");
	buf_clear(&value);
}

static void
add_time(struct table *t, const char *title, int64_t time_ms)
{
	char text[40];

	if (time_ms == 0)
		return;
	clock_format_rfc3339(time_ms, text, sizeof text);
	table_add(t, title);
	table_add(t, text);
}

void
rows_print_card(struct cli *cli, const struct sandbox *s)
{
	static const struct column columns[] = { { .title = "", .priority = 2 },
		{ .title = "", .priority = 1, .cut = true } };
	struct table t = { .columns = columns, .column_count = 2, .headless = true };

	for (size_t i = 0; i < ARRAY_LEN(card); i++)
		add_fact(&t, s, card[i].title, card[i].field);
	add_time(&t, "Started", s->started_ms);
	add_time(&t, s->state == SANDBOX_PAUSED ? "Paused" : "Ends", s->end_ms);
	for (size_t i = 0; i < s->metadata.count; i++) {
		if (str_eq(s->metadata.items[i].key, API_MARKER_KEY))
			continue; /* ours, of no use to a person */
		char *title = xasprintf("meta.%s", s->metadata.items[i].key);
		table_add(&t, title);
		table_add(&t, s->metadata.items[i].value);
		free(title);
	}
	table_print(cli, &t);
}
