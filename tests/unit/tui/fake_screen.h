/*
 * fake_screen - a screen for tests: keeps the last grid, shows it as text,
 * feeds keys. And a rig: a loop, a fake screen and an app, wired together.
 *
 * The text form: rows as they look, `|` at the right edge so that trailing
 * blanks are visible, `^` before the cursor's cell; with roles, runs that are
 * not plain text as {role:text}.
 */
#ifndef TESTS_FAKE_SCREEN_H
#define TESTS_FAKE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "fleet/fleet.h"
#include "tui/app.h"
#include "tui/screen.h"

struct fake; /* its first member is a struct screen */

struct fake_options {
	int rows, cols;		       /* 0: 24 x 80 */
	bool ascii;		       /* else the unicode glyphs */
	enum color_tier tier;	       /* TIER_MONO is 0 */
	struct fleet *fleet;	       /* borrowed; NULL: none */
	const struct app_options *app; /* borrowed; NULL: defaults */
};
struct fake *fake_new(const struct fake_options *options); /* with loop and app */
void fake_free(struct fake *f);
struct app *fake_app(struct fake *f);
struct loop *fake_loop(struct fake *f);
struct screen *fake_screen(struct fake *f);

/* Key names apart by blanks: "j j X", "^B d", "Enter"; each handled in order. */
void fake_keys(struct fake *f, const char *names);
void fake_type(struct fake *f, const char *text); /* every character is a key */
void fake_paste(struct fake *f, const char *text);
void fake_click(struct fake *f, int row, int col);
void fake_resize(struct fake *f, int rows, int cols);
/* The monotonic clock that dialogs look at stands still but for this. Starts at 1000 s. */
void fake_advance(struct fake *f, uint64_t ms);
/* Turns of the loop until everything dirty is drawn. */
void fake_draw(struct fake *f);
int fake_frames(const struct fake *f); /* presented so far */
const struct grid *fake_grid(const struct fake *f);

enum { FAKE_ROLES = 1 };
/* Caller frees. Draws first. */
char *fake_text(struct fake *f, int flags);
bool fake_shows(struct fake *f, const char *text); /* on one row of the screen */
/* Without an app: a grid as text. Caller frees. */
char *grid_text(const struct grid *g, int flags);

/* Compares with tests/golden/NAME.txt and fails with both; UPDATE=1 rewrites it. */
void assert_picture(const char *name, const char *text);
/* fake_text() and assert_picture() at 40x12, 80x24, 120x40 and 200x60, ascii and unicode
 * as the fake is: NAME-80x24.txt; at 80x24 also with roles: NAME-80x24-roles.txt. */
void assert_pictures(struct fake *f, const char *name);
/* No byte above 0x7e on the screen. */
void assert_ascii(struct fake *f);

#endif
