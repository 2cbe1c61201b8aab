/*
 * screen - the terminal, as the rest of tui/ sees it: a size, events in, grids
 * out. Two implementations: screen_curses.c for people, and a fake in tests
 * that keeps the last grid as text.
 */
#ifndef TUI_SCREEN_H
#define TUI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/key.h"
#include "base/loop.h"
#include "tui/canvas.h"

struct screen;

struct screen_events {
	void (*key)(void *ctx, struct key key);
	void (*paste)(
	    void *ctx, const char *bytes, size_t len);	/* whole, at most 8 MiB */
	void (*resized)(void *ctx, int rows, int cols); /* at most once per 30 ms */
	void (*focus)(void *ctx, bool focused);
	/* The terminal went away, or SIGTERM, SIGHUP, SIGINT or SIGQUIT asks us to end:
	 * see ended_by. Ends hard one second later if the screen is still open. */
	void (*closed)(void *ctx);
};

struct screen_options {
	const char *color;  /* "auto", "never", "16", "256", "rgb" */
	const char *glyphs; /* "auto", "ascii", "unicode" */
	const char *theme;  /* a built-in name */
	bool mouse;
	int escape_ms; /* lone Escape; 0: 25 */
};

struct screen_type {
	int (*rows)(const struct screen *s);
	int (*cols)(const struct screen *s);
	/* Draws the difference. Never blocks; a frame that the terminal cannot take yet is
	 * skipped and the newest one follows when it can. */
	/* false: nothing was different, nothing was written. */
	bool (*present)(struct screen *s, const struct grid *g);
	void (*redraw)(struct screen *s); /* forget what is there: ^L */
	void (*bell)(struct screen *s);	  /* at most one per second */
	void (*title)(struct screen *s, const char *title);
	void (*copy)(
	    struct screen *s, const char *bytes, size_t len); /* OSC 52, capped */
	void (*suspend)(struct screen *s); /* give the terminal back, stop, come again */
	void (*free)(struct screen *s);	   /* give the terminal back */
};
struct screen { /* the head of every implementation */
	const struct screen_type *type;
	const struct glyphs *glyphs; /* borrowed */
	const struct theme *theme;   /* borrowed */
	enum color_tier tier;
	int ended_by; /* the signal that asked us to go, 0: none; set before closed() */
};

/* Takes over the terminal (alternate screen, raw, mouse, paste, focus) and installs
 * what gives it back on every way out, crashes included (ux.md 5.6): until it is freed
 * the signals of tui/tty.h are its own. On failure (TERM unset or dumb, no terminal)
 * nothing was changed. */
bool screen_curses_open(struct loop *loop, const struct screen_options *options,
    const struct screen_events *events, void *ctx, struct screen **out,
    struct error *err) MUST_CHECK;
/* What `sandtop reset` prints; sane terminal modes too. */
void screen_reset_terminal(int fd);
/* Colour and glyph decision as text for `doctor`. */
void screen_describe(struct buf *out);

#endif
