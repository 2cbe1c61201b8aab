/*
 * emulator - what a stream of output does to the screens: the middle of the room.
 *
 * Events of the sanitiser come in. Text, colours, character sets, modes, erasing and the
 * saved cursor are dealt with here, on our grid; where the cursor goes, what a margin or
 * a tab stop means and when a line wraps is asked of libvterm (vt.h).
 *
 * Text is written without the library as long as it stays left of the last column: there
 * only the column changes, so the library's cursor is left behind by `lag` columns and
 * moved there before anything that depends on it. The glyph that reaches the last column,
 * and the one after it, go through the library, which keeps the wrap that is pending.
 * tests/fuzz/fuzz_term.c holds both ways against each other.
 *
 * Private to the room and its tests.
 */
#ifndef TERM_EMULATOR_H
#define TERM_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cell.h"
#include "term/charset.h"
#include "term/grid.h"
#include "term/modes.h"
#include "term/pane.h"
#include "term/pen.h"
#include "term/sanitise.h"
#include "term/scrollback.h"
#include "term/vt.h"

/* Where the cursor is. `wrapping`: on the last column, with the next glyph to go to the
 * next row. */
struct place {
	struct pos pos;
	bool wrapping;
};

/* DECSC */
struct saved_cursor {
	struct place place;
	struct pen pen;
	struct charset charset;
	bool origin;
};

enum { SCREEN_PRIMARY, SCREEN_ALT, SCREENS };

enum {
	EMULATOR_OUT_MAX = 512,
	EMULATOR_REPLY_MAX =
	    16384, /* per call of the owner: answers past this are lost */
};

struct emulator {
	const struct pane_events *events; /* borrowed */
	void *ctx;			  /* borrowed */
	uint32_t fg, bg;		  /* what OSC 10 and 11 are told */
	int rows, cols;

	struct sanitise input;
	struct vt *vt;		       /* owned */
	struct grid *screens[SCREENS]; /* owned; the alternate one once it is used */
	struct grid *grid;	       /* borrowed: the one that shows */
	struct scrollback *scrollback; /* owned */
	struct saved_cursor saved[SCREENS];
	struct place parked; /* the primary's cursor while the other shows */

	struct pen pen;
	struct cell blank; /* what erased cells become: the pen's background */
	struct charset charset;
	unsigned modes;
	int cursor_shape;
	int top, bottom; /* margins: rows [top, bottom) */

	char out[EMULATOR_OUT_MAX]; /* for the library, not written yet */
	size_t out_len;
	struct pos at; /* the cursor, once out is written */
	int lag;       /* columns the library's cursor is behind */
	bool wrapping; /* see struct place */
	bool direct;   /* write text without the library where that is the same */

	struct cell pending;  /* what the stand-in stands for */
	bool restoring;	      /* the stand-in is there for its effect on the cursor */
	struct pos landed;    /* where it landed */
	struct row *last_row; /* borrowed: with last_col, the last glyph, while the */
	int last_col;	      /* cursor has not been moved since; NULL else */
	uint32_t repeat;      /* for REP, 0: nothing */
	int repeat_width;
	int repeat_credit; /* so that many REP cost no more than what they fill */

	int pushed; /* rows that went into the scrollback; the owner resets it */
	bool scrollback_cleared; /* likewise */
	struct buf reply;
	bool changed;
};

/* Sizes are in range already. */
struct emulator *emulator_new(
    const struct pane_options *options, const struct pane_events *events, void *ctx);
void emulator_free(struct emulator *e);
void emulator_feed(struct emulator *e, const char *bytes, size_t len);
void emulator_resize(struct emulator *e, int rows, int cols);
void emulator_soft_reset(struct emulator *e); /* DECSTR */
/* RIS: everything but the scrollback, and the screen is cleared. */
void emulator_reset(struct emulator *e);
/* The screen's text goes into the scrollback, so that a reset loses nothing. */
void emulator_keep_screen(struct emulator *e);
/* A line of ours: as output on the primary screen, over the last row of the other. */
void emulator_note(struct emulator *e, const char *text);
struct place emulator_place(struct emulator *e);
bool emulator_is_alt(const struct emulator *e);

/* ---- among the files of the emulator */

/* cursor.c. Before anything is emitted for the library, its cursor comes up to ours: and
 * a pending wrap stays; or it ends; or it ends and the column does not matter. */
void emulator_catch_up(struct emulator *e);
void emulator_settle(struct emulator *e);
void emulator_leave_column(struct emulator *e);
/* At most EMULATOR_OUT_MAX bytes. */
void emulator_emit(struct emulator *e, const char *bytes, size_t len);
/* CSI with up to two numbers; -1: none. */
void emulator_emit_csi(struct emulator *e, int first, int second, char final);
void emulator_flush(struct emulator *e);
/* After this e->at and e->wrapping are true. */
static inline void
emulator_locate(struct emulator *e)
{
	if (e->out_len > 0)
		emulator_flush(e);
}
void emulator_read_cursor(struct emulator *e);
void emulator_go(struct emulator *e, struct place to);
void emulator_save_cursor(struct emulator *e);
void emulator_restore_cursor(struct emulator *e);
void emulator_set_margins(struct emulator *e, int top, int bottom);

/* put.c: `ch` as it stands in a cell, of width 1 or 2; a scalar of whatever width; a run
 * of printable ASCII. */
void emulator_put(struct emulator *e, uint32_t ch, int width);
void emulator_put_scalar(struct emulator *e, uint32_t scalar);
void emulator_put_ascii(struct emulator *e, const char *bytes, size_t len);
void emulator_land(struct emulator *e, struct pos at, bool scrolled);

/* emulator.c */
void emulator_control(struct emulator *e, char control);
void emulator_set_pen(struct emulator *e, struct pen pen);
void emulator_set_screen(struct emulator *e, bool alt);
void emulator_erase(struct emulator *e, struct rect r);
void emulator_reply(struct emulator *e, const char *bytes, size_t len);

/* sequences.c, strings.c */
void emulator_sequence(struct emulator *e, const struct sequence *seq);
void emulator_string(struct emulator *e, enum sanitise_string kind, const char *bytes,
    size_t len, bool bel);

/* reflow.c: wraps the primary screen anew at another size; `cursor` and `saved` stay on
 * their characters. */
void emulator_reflow(
    struct emulator *e, int rows, int cols, struct place *cursor, struct place *saved);

#endif
