#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/json.h"

enum { FLUSH_AT = 64 * 1024 };

/* ---- bytes */

bool
locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		if (!str_is_empty(value))
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

int
out_columns(const struct cli *cli)
{
	struct winsize size;

	if (!cli->out_is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

/* Another program may have left our output non-blocking: then we wait here. */
static ssize_t
write_some(const char *bytes, size_t len)
{
	ssize_t sent;

	while ((sent = write(STDOUT_FILENO, bytes, len)) < 0) {
		struct pollfd wait = { .fd = STDOUT_FILENO, .events = POLLOUT };
		if (errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return -1;
	}
	return sent;
}

void
out_bytes(struct cli *cli, const char *bytes, size_t len)
{
	while (len > 0 && !cli->out_error) {
		ssize_t sent = write_some(bytes, len);
		if (sent < 0) {
			cli->out_error = errno;
			return;
		}
		bytes += sent;
		len -= (size_t)sent;
	}
}

/* Characters that the terminal would read as something else. */
static void
only_ascii(struct buf *text)
{
	struct buf plain;

	buf_init(&plain, OUT_MAX);
	for (size_t at = 0; at < text->len;) {
		uint32_t scalar;
		at += utf8_decode(text->data + at, text->len - at, &scalar);
		buf_add_char(&plain, scalar < 0x80 ? (char)scalar : '?');
	}
	buf_clear(text);
	*text = plain;
}

void
out_buf(struct cli *cli, struct buf *text)
{
	if (cli->out_is_terminal && !locale_is_utf8())
		only_ascii(text);
	out_bytes(cli, text->data, text->len);
	buf_clear(text);
}

void
out_line(struct cli *cli, const char *fmt, ...)
{
	struct buf text;
	va_list ap;

	buf_init(&text, OUT_MAX);
	va_start(ap, fmt);
	buf_vaddf(&text, fmt, ap);
	va_end(ap);
	buf_add_char(&text, '\n');
	out_buf(cli, &text);
}

void
err_line(const char *text)
{
	struct buf line;

	buf_init(&line, OUT_MAX);
	text_clean(&line, text, strlen(text));
	if (isatty(STDERR_FILENO) && !locale_is_utf8())
		only_ascii(&line);
	fprintf(stderr, "%s\n", line.data);
	buf_clear(&line);
}

void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	char *line = xasprintf("sandtop: %s", text);
	err_line(line);
	free(line);
	free(text);
}

/* ---- tables */

enum { MAX_COLUMNS = 16, GAP = 2, MIN_CUT = 8 };

void
table_add(struct table *t, const char *cell)
{
	char *clean = text_clean_dup(cell ? cell : "");

	strlist_add(&t->cells, clean);
	free(clean);
}

void
table_addf(struct table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *cell = xvasprintf(fmt, ap);
	va_end(ap);
	table_add(t, cell);
	free(cell);
}

struct widths {
	int of[MAX_COLUMNS]; /* -1: left out */
	int total;
};

static size_t
row_count(const struct table *t)
{
	return t->cells.count / t->column_count;
}

static void
measure(const struct table *t, struct widths *w)
{
	w->total = -GAP;
	for (size_t c = 0; c < t->column_count; c++) {
		w->of[c] = MAX(t->columns[c].width,
		    t->headless ? 0 : text_width(t->columns[c].title));
		for (size_t r = 0; r < row_count(t); r++)
			w->of[c] = MAX(w->of[c],
			    text_width(t->cells.items[r * t->column_count + c]));
		w->total += w->of[c] + GAP;
	}
}

static void
leave_out_lowest(const struct table *t, struct widths *w)
{
	size_t lowest = 0;

	for (size_t c = 1; c < t->column_count; c++)
		if (w->of[c] >= 0 &&
		    (w->of[lowest] < 0 ||
			t->columns[c].priority < t->columns[lowest].priority))
			lowest = c;
	w->total -= w->of[lowest] + GAP;
	w->of[lowest] = -1;
}

static int
shown_columns(const struct table *t, const struct widths *w)
{
	int shown = 0;

	for (size_t c = 0; c < t->column_count; c++)
		shown += w->of[c] >= 0;
	return shown;
}

/* Only for a terminal: what is piped is whole. */
static void
squeeze(const struct table *t, struct widths *w, int columns)
{
	for (size_t c = 0; c < t->column_count && w->total > columns; c++) {
		int spare = w->of[c] - MIN_CUT;
		if (!t->columns[c].cut || spare <= 0)
			continue;
		int by = MIN(spare, w->total - columns);
		w->of[c] -= by;
		w->total -= by;
	}
	while (w->total > columns && shown_columns(t, w) > 2)
		leave_out_lowest(t, w);
}

static void
add_cell(struct buf *out, const char *text, int width, bool right, bool last)
{
	char *cut = text_cut(text, width, !locale_is_utf8());
	int pad = width - text_width(cut);

	if (right)
		buf_addf(out, "%*s%s", pad, "", cut);
	else if (last)
		buf_add_str(out, cut);
	else
		buf_addf(out, "%s%*s", cut, pad, "");
	free(cut);
}

static size_t
last_shown(const struct table *t, const struct widths *w)
{
	size_t last = 0;

	for (size_t c = 0; c < t->column_count; c++)
		if (w->of[c] >= 0)
			last = c;
	return last;
}

/* `row` -1: the titles. */
static void
add_row(struct buf *out, const struct table *t, const struct widths *w, ptrdiff_t row)
{
	size_t last = last_shown(t, w);
	bool first = true;

	for (size_t c = 0; c < t->column_count; c++) {
		if (w->of[c] < 0)
			continue;
		const char *text =
		    row < 0 ? t->columns[c].title
			    : t->cells.items[(size_t)row * t->column_count + c];
		if (!first)
			buf_addf(out, "%*s", GAP, "");
		add_cell(out, text, w->of[c], t->columns[c].right, c == last);
		first = false;
	}
}

void
table_print(struct cli *cli, struct table *t)
{
	int columns = out_columns(cli);
	struct widths w;
	struct buf out;

	buf_init(&out, OUT_MAX);
	measure(t, &w);
	if (columns > 0)
		squeeze(t, &w, columns);
	if (!t->headless && row_count(t) > 0) {
		buf_add_str(&out, cli->color ? "\033[1m" : "");
		add_row(&out, t, &w, -1);
		buf_add_str(&out, cli->color ? "\033[0m\n" : "\n");
	}
	for (size_t r = 0; r < row_count(t); r++) {
		add_row(&out, t, &w, (ptrdiff_t)r);
		buf_add_char(&out, '\n');
	}
	out_buf(cli, &out);
	strlist_clear(&t->cells);
}

/* ---- JSON */

void
json_rows_begin(struct json_rows *rows, struct cli *cli, bool follow)
{
	*rows = (struct json_rows){ .cli = cli,
		.lines = follow || cli->format == FORMAT_JSONL };
	buf_init(&rows->text, OUT_MAX);
}

static void
close_line(struct json_rows *rows)
{
	if (rows->lines && rows->open)
		buf_add_char(&rows->text, '\n');
	rows->open = false;
}

struct buf *
json_rows_next(struct json_rows *rows)
{
	close_line(rows);
	if (rows->text.len > FLUSH_AT)
		json_rows_flush(rows);
	if (!rows->lines)
		buf_add_str(&rows->text, rows->count > 0 ? ",\n " : "[\n ");
	rows->count++;
	rows->open = true;
	return &rows->text;
}

void
json_rows_flush(struct json_rows *rows)
{
	close_line(rows);
	out_buf(rows->cli, &rows->text);
	buf_init(&rows->text, OUT_MAX);
}

void
json_rows_end(struct json_rows *rows, bool failed)
{
	if (!rows->lines && rows->count > 0)
		buf_add_str(&rows->text, "\n]\n");
	else if (!rows->lines && !failed)
		buf_add_str(&rows->text, "[]\n");
	json_rows_flush(rows);
	buf_clear(&rows->text);
}

void
out_json(struct cli *cli, struct buf *object)
{
	buf_add_char(object, '\n');
	out_buf(cli, object);
}

void
json_add_null(struct buf *out, const char *name)
{
	json_add_key(out, name);
	buf_add_str(out, "null");
}

void
json_add_text_or_null(struct buf *out, const char *name, const char *value)
{
	if (str_is_empty(value))
		json_add_null(out, name);
	else
		json_add_text(out, name, value);
}
