/*
 * output - what commands say on standard output: bytes, tables, JSON.
 *
 * A failed write is remembered in cli->out_error and nothing more is written;
 * commands that go on for long look at it. Nothing from outside reaches a
 * terminal here that has not been cleaned.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "cli/cli.h"

enum { OUT_MAX = 256 * 1024 * 1024 };

/* Whether the locale's characters are UTF-8; "?" stands for others on a terminal. */
bool locale_is_utf8(void);
/* Columns of standard output's terminal; 0: not a terminal. */
int out_columns(const struct cli *cli);

void out_bytes(struct cli *cli, const char *bytes, size_t len);
void out_buf(struct cli *cli, struct buf *text); /* writes and clears */
void out_line(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A notice on stderr: one line, "sandtop: " in front. */
void say(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* One clean line on stderr, with what it was before. NULL err text is fine. */
void err_line(const char *text);

/* ---- tables: one record per line, two blanks between columns */
struct column {
	const char *title; /* borrowed */
	bool right;
	int priority; /* on a narrow terminal the lowest goes first */
	bool cut;     /* may be cut on a narrow terminal */
	int width;    /* at least; where rows come in several tables */
};
struct table {
	const struct column *columns; /* borrowed */
	size_t column_count;
	bool headless;
	struct strlist cells; /* row by row, clean */
};
void table_add(struct table *t, const char *cell); /* cleans and copies; NULL: "" */
void table_addf(struct table *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Prints and clears. */
void table_print(struct cli *cli, struct table *t);

/* ---- JSON: an array of objects, or one object per line */
struct json_rows {
	struct cli *cli; /* borrowed */
	struct buf text;
	size_t count;
	bool lines; /* jsonl */
	bool open;  /* the last line wants its end */
};
/* `follow`: without an end, so one object per line whatever the format. */
void json_rows_begin(struct json_rows *rows, struct cli *cli, bool follow);
/* The buffer to add one object to. */
struct buf *json_rows_next(struct json_rows *rows);
void json_rows_flush(struct json_rows *rows); /* what is there, now */
/* `failed`: an array without elements is not even begun. */
void json_rows_end(struct json_rows *rows, bool failed);
/* One object with a newline behind. */
void out_json(struct cli *cli, struct buf *object);
/* "key": null */
void json_add_null(struct buf *out, const char *name);
/* A text, or null when there is none. */
void json_add_text_or_null(struct buf *out, const char *name, const char *value);

#endif
