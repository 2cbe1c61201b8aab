/*
 * vt - libvterm's state layer, both generations (0.1.4 and 0.3.x), nothing else of it.
 *
 * The only file that includes vterm.h. It is asked where the cursor goes: movement,
 * margins, tab stops, origin mode, auto-wrap, which cells scroll and which are erased.
 * It never sees what a program wrote: text reaches it as a stand-in glyph of the same
 * width, sequences are written anew from parsed numbers, strings stay away. So neither
 * its tables of widths nor the faults of its parser matter (libraries.md 6).
 */
#ifndef TERM_VT_H
#define TERM_VT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cell.h"

struct vt;

/* Called from within the functions below. Rectangles are within the screen, and either
 * one row or as wide as the screen. All members are needed. */
struct vt_events {
	/* The stand-in landed here; `scrolled`: rows moved up to make room for it. */
	void (*glyph)(void *ctx, struct pos at, bool scrolled);
	/* Content moves up by `up` rows or left by `left` columns (or down, right). */
	void (*scroll)(void *ctx, struct rect r, int up, int left);
	void (*erase)(void *ctx, struct rect r);
	void (*reply)(void *ctx, const char *bytes, size_t len);
};

/* At least 2 x 2. `events` and `ctx` must outlive it. */
struct vt *vt_new(int rows, int cols, const struct vt_events *events, void *ctx);
void vt_free(struct vt *v);

/* Controls and whole sequences of the emulator's making, at most 16 KiB. */
void vt_write(struct vt *v, const char *bytes, size_t len);
void vt_glyph(struct vt *v, int width); /* 1 or 2 */
struct pos vt_cursor(const struct vt *v);
/* Margins go, auto-wrap and tab stops stay; the cursor is clamped. */
void vt_resize(struct vt *v, int rows, int cols);
/* All of it, and the screen is erased. */
void vt_reset(struct vt *v);

#endif
