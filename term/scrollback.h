/*
 * scrollback - the lines that left the screen at the top, newest last.
 *
 * Kept as logical lines, packed (a plain ASCII line costs a byte per column), capped by
 * number and by bytes, and wrapped only when rows are asked for: a resize costs nothing
 * until somebody looks. A line whose rest is still on the screen is open; its cells are
 * kept as they are until its end arrives.
 */
#ifndef TERM_SCROLLBACK_H
#define TERM_SCROLLBACK_H

#include <stdbool.h>
#include <stddef.h>

#include "term/grid.h"

struct scrollback;

struct scrollback *scrollback_new(int max_lines, size_t max_bytes);
void scrollback_free(struct scrollback *sb); /* NULL is fine */
void scrollback_clear(struct scrollback *sb);

/* Appends a row of the screen; `next` follows it there, or NULL. */
void scrollback_push(
    struct scrollback *sb, const struct row *row, const struct row *next);
/* What follows on the screen is another line after all. */
void scrollback_close(struct scrollback *sb);
/* Takes the newest row back, wrapped at `cols`; NULL when there is none. Caller frees. */
struct row *scrollback_pop(struct scrollback *sb, int cols);
/* Takes the cells of the open line; NULL when none is open. Caller frees. */
struct cell *scrollback_take_open(struct scrollback *sb, int *len);

/* Rows when wrapped at `cols` (>= 2). Counted once per width, then kept up to date. */
int scrollback_rows(struct scrollback *sb, int cols);
/* The n-th newest row (1: the newest) wrapped at `cols`, padded with blanks; *wraps: the
 * text goes on in the row after it. false: there is no such row. `wraps` may be NULL. */
bool scrollback_row(
    struct scrollback *sb, int n, int cols, struct cell *out, bool *wraps);
/* For a view that stays where it is across a resize: a number for the line that holds
 * the n-th newest row, and back to that line's first row; 0: gone. */
long scrollback_mark(struct scrollback *sb, int n, int cols);
int scrollback_find(struct scrollback *sb, long mark, int cols);

int scrollback_lines(const struct scrollback *sb);
size_t scrollback_bytes(const struct scrollback *sb);

#endif
