/*
 * curses_frame - ncurses opened onto memory: what it would have written to
 * the terminal is taken as bytes (libraries.md 7). And the string that puts
 * the terminal back, made from terminfo beforehand.
 */
#ifndef TUI_CURSES_FRAME_H
#define TUI_CURSES_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/error.h"

struct curses_frame;

/* The first of the terminfo entries that exists is used. */
bool curses_frame_open(const char *const *entries, size_t count, int rows, int cols,
    struct curses_frame **out, struct error *err) MUST_CHECK;
void curses_frame_free(struct curses_frame *f); /* NULL is fine */
/* What was written since the last time; `out` NULL: dropped. */
void curses_frame_take(struct curses_frame *f, struct buf *out);
/* Cursor, attributes, keypad, screen: as terminfo puts them back. */
void curses_frame_add_leave(struct buf *out);

#endif
