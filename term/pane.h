/*
 * pane - one terminal, without a display.
 *
 * Program output goes in through pane_feed(); keys go in through pane_key()
 * and leave as bytes through events->write. A pane does not know whether
 * those bytes travel over a local pty or a remote stream, nor who draws it:
 * readers copy rows with pane_row() after events->changed.
 *
 * Bytes -> sanitiser (whole, valid sequences only; strings such as titles,
 * OSC 8, 52, 10, 11, 4, DECRQSS are ours) -> libvterm's state layer -> our
 * grid with row pointers (a scrolled row becomes scrollback) -> cells.
 * libraries.md 6 has the reasons. Every input is safe to feed.
 */
#ifndef TERM_PANE_H
#define TERM_PANE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cell.h"
#include "base/key.h"

struct pane;

/* Called from within pane_feed(), pane_key() and friends; must not free the
 * pane nor feed it. Members may be NULL. */
struct pane_events {
	/* Bytes for the program: keys, and answers to its queries. */
	void (*write)(void *ctx, const char *bytes, size_t len);
	/* Something visible changed; at most once per call into the pane. */
	void (*changed)(void *ctx);
	void (*title)(void *ctx, const char *title); /* clean text, at most 80 columns */
	void (*bell)(void *ctx);
	/* OSC 52 write: decoded bytes; asking the person is the owner's business.
	 * A clipboard read is refused inside and never reported. */
	void (*clipboard)(void *ctx, const char *bytes, size_t len);
};

struct pane_options {
	int rows, cols;		 /* clamped to 2..1000 x 2..1000 */
	int scrollback_lines;	 /* 0: 10,000 */
	size_t scrollback_bytes; /* 0: 8 MiB */
	uint32_t fg, bg;	 /* answers to OSC 10/11; 0xrrggbb */
};

/* Does not fail. `events` and `ctx` must outlive the pane. */
struct pane *pane_new(
    const struct pane_options *options, const struct pane_events *events, void *ctx);
void pane_free(struct pane *p); /* NULL is fine */

/* Any bytes, split anywhere. Cost is linear in len. */
void pane_feed(struct pane *p, const char *bytes, size_t len);
/* Encodes a key the way the program asked for (application cursor keys, mouse
 * modes, UTF-8). false: it means nothing to a terminal, or a mouse event the
 * program does not want. Typing returns the view to live. On the alternate screen the
 * wheel is arrow keys for a program that knows no mouse. */
bool pane_key(struct pane *p, struct key key);
/* Bracketed when the program asked; embedded end markers are removed, line ends become
 * carriage returns. */
void pane_paste(struct pane *p, const char *bytes, size_t len);
void pane_focus(struct pane *p, bool focused);
/* Reflows the primary screen's logical lines; cheap for long scrollback. */
void pane_resize(struct pane *p, int rows, int cols);
/* As a hard reset plus clear: after a gap in the output. Scrollback is kept, and what the
 * primary screen showed is added to it. */
void pane_reset(struct pane *p);

int pane_rows(const struct pane *p);
int pane_cols(const struct pane *p);
/* Row 0 is the top of the live screen, -1 the newest scrollback line (wrapped at
 * today's width). Writes `cols` cells, padding with empty ones; false past the top. */
bool pane_row(const struct pane *p, int row, struct cell *out, int cols);
/* Rows above the screen at today's width; none above the alternate screen. */
int pane_scrollback(const struct pane *p);
/* What of the screen shows: 0 live, n = scrolled back n rows. Clamped; new output
 * does not move a scrolled view (the offset grows with it). */
int pane_view_offset(const struct pane *p);
void pane_scroll_view(struct pane *p, int delta_rows); /* > 0: back in time */
void pane_view_live(struct pane *p);

struct pane_cursor {
	int row, col;
	bool visible;
	bool blink;
	int shape; /* 1 block, 2 underline, 3 bar */
};
struct pane_cursor pane_cursor(const struct pane *p);

enum pane_mouse { PANE_MOUSE_NONE, PANE_MOUSE_CLICK, PANE_MOUSE_DRAG, PANE_MOUSE_MOVE };
enum pane_mouse pane_mouse_mode(const struct pane *p);
bool pane_is_alt_screen(const struct pane *p);
bool pane_wants_focus(const struct pane *p);
bool pane_wants_paste_brackets(const struct pane *p);
/* Synchronized output (mode 2026) that the program has open: drawing may wait. */
bool pane_in_sync(const struct pane *p);
/* A line of ours in the stream, such as "-- 12:04:10 .. 12:04:22 lost --". Drawn dim
 * on a row of its own; the emulation state is untouched on the alternate screen. */
void pane_note(struct pane *p, const char *text);
/* Visible text of rows first..last (may be negative), '\n' between, wrapped lines
 * joined, trailing blanks dropped; caller frees. For tests and copying. */
char *pane_text(const struct pane *p, int first_row, int last_row);

#endif
