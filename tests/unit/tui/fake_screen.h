/*
 * fake_screen - a screen for tests: keeps the last grid, shows it as text,
 * feeds keys. And a rig: a loop, a fake screen, an app and, if wanted, a fleet
 * that never polls, wired together.
 *
 * The text form: rows as they look, `|` at the right edge so that trailing
 * blanks are visible, `^` before the cursor's cell; with roles, runs that are
 * not plain text as {role:text}.
 */
#ifndef TESTS_FAKE_SCREEN_H
#define TESTS_FAKE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "fleet/fleet.h"
#include "tui/app.h"
#include "tui/screen.h"

struct fake;

/* 2026-01-02 12:04:55 UTC: the wall clock of every test that uses this file. */
#define FAKE_NOW_MS INT64_C(1767355495000)

struct fake_options {
	int rows, cols;			    /* 0: 24 x 80 */
	bool ascii;			    /* else the unicode glyphs */
	enum color_tier tier;		    /* TIER_MONO is 0 */
	const char *theme;		    /* NULL: "terminal" */
	const struct fleet_settings *fleet; /* NULL: no account */
	const struct app_options *app;	    /* NULL: defaults, no menu after the prefix */
};
struct fake *fake_new(const struct fake_options *options);
void fake_free(struct fake *f);
struct app *fake_app(struct fake *f);
struct loop *fake_loop(struct fake *f);
struct screen *fake_screen(struct fake *f);
/* The model of the rig's fleet, to be filled by hand. Fleet is needed. */
struct model *fake_model(struct fake *f);

/* Key names apart by blanks: "j j X", "^B d", "Enter"; each handled in order, each in a
 * turn of its own. */
void fake_keys(struct fake *f, const char *names);
void fake_type(struct fake *f, const char *text); /* every character is a key */
void fake_paste(struct fake *f, const char *text);
void fake_click(struct fake *f, int row, int col);
void fake_resize(struct fake *f, int rows, int cols);
/* The monotonic clock that dialogs look at stands still but for this. Starts at 1000 s. */
void fake_advance(struct fake *f, uint64_t ms);
/* Ends the turn: views that were popped go. */
void fake_turn(struct fake *f);
void fake_draw(struct fake *f);
const struct grid *fake_grid(const struct fake *f);
int fake_frames(const struct fake *f);	       /* presented so far */
int fake_suspends(const struct fake *f);       /* times suspend() was called */
const char *fake_copied(const struct fake *f); /* the last copy(); "" none */

enum { FAKE_ROLES = 1 };
/* Draws first. Caller frees. */
char *fake_text(struct fake *f, int flags);
bool fake_shows(struct fake *f, const char *text); /* on one row of the screen */
/* Without an app: a grid as text. Caller frees. */
char *grid_text(const struct grid *g, int flags);

/* Compares with tests/golden/NAME.txt and fails with both; UPDATE=1 rewrites it. */
void assert_picture(const char *name, const char *text);
/* The screen at 40x12, 80x24 (also with roles), 120x40 and 200x60, one below the other,
 * against tests/golden/NAME.txt, or NAME-ascii.txt when the fake is ascii. */
void assert_pictures(struct fake *f, const char *name);
/* No byte above 0x7e on the screen. */
void assert_ascii(struct fake *f);

#endif
