/*
 * app - the screen's root: a stack of views, keys to commands, drawing at the
 * end of the turn.
 *
 * layout() decides scroll and selection; draw() takes everything const and
 * writes cells. A key goes to the top view's key() first (prompts, panes),
 * then through the keymap to command handlers: the view's own, then the
 * global ones. Paste never becomes commands (law 3).
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/key.h"
#include "base/loop.h"
#include "fleet/command.h"
#include "fleet/fleet.h"
#include "tui/canvas.h"
#include "tui/keymap.h"
#include "tui/screen.h"

struct app;
struct view;

enum view_kind {
	VIEW_FULL,    /* covers the screen */
	VIEW_OVERLAY, /* drawn over what is below: dialogs, palette, help */
};

struct view_type {
	const char *name; /* "fleet" */
	enum view_kind kind;
	enum keymap_context keys;
	/* NULL state is fine. `arg` is borrowed during the call. */
	void *(*open)(struct app *app, const void *arg);
	void (*close)(void *state);
	void (*layout)(void *state, int rows, int cols);
	void (*draw)(const void *state, struct canvas *out);
	/* true: taken. Before the keymap. May be NULL. */
	bool (*key)(void *state, struct key key);
	/* What key() changes comes back as output: no frame for the key itself. */
	bool quiet_keys;
	/* Text surfaces take pasted text; where NULL it is dropped with a message. */
	void (*paste)(void *state, const char *bytes, size_t len);
	/* true: handled. Else the global handlers are tried. */
	bool (*command)(void *state, const struct command_call *call);
	void (*shown)(
	    void *state, bool shown); /* on top of the stack or not; may be NULL */
};

struct app_options {
	const char *prefix, *prefix2; /* key names */
	int64_t order_hold_ms, ttl_s, extend_s;
	const char *sort; /* "-cpu": how the fleet opens; NULL: by name; borrowed */
	const char
	    *api_url; /* where the header says they live; NULL: the domain; borrowed */
	bool animations;
	bool confirm_by_name;	  /* a kill asks for the profile's name */
	const struct pairs *keys; /* keys.ini; borrowed during the call */
	int scrollback_lines;
	int64_t scrollback_bytes;
	const char *remote_clipboard; /* off, ask, focused */
	int which_key_ms;	      /* menu after the prefix; 0: 300, below 0: never */
};

/* `fleet` NULL: no account (the explaining screen). Borrows loop, fleet and screen. */
struct app *app_new(
    struct loop *loop, struct fleet *fleet, const struct app_options *options);
void app_free(struct app *a);
/* The screen's events are app_screen_events with the app as ctx. */
extern const struct screen_events app_screen_events;
void app_set_screen(struct app *a, struct screen *screen);

void app_push(struct app *a, const struct view_type *type, const void *arg);
/* Replaces the whole stack's base (1-7); opens it once, keeps it. */
void app_show(struct app *a, const struct view_type *type);
/* The top view closes at the end of this turn; never frees under the caller's feet. */
void app_pop(struct app *a);
/* The same for the view that has this state, wherever it is above the base. */
void app_close(struct app *a, const void *state);
void app_dirty(struct app *a);
void app_quit(struct app *a, int exit_code);
int app_exit_code(const struct app *a);
/* Runs a command line as a key would. */
void app_run(struct app *a, const char *line);
void app_say(struct app *a, enum message_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* After `delay_ms` draw again (blinks, countdowns); the nearest wins. */
void app_wake(struct app *a, uint64_t delay_ms);

struct loop *app_loop(const struct app *a);
struct fleet *app_fleet(const struct app *a);
const struct keymap *app_keymap(const struct app *a);
const struct app_options *app_settings(const struct app *a);
struct screen *app_screen(const struct app *a);
int64_t app_now_ms(const struct app *a);   /* wall */
uint64_t app_mono_ms(const struct app *a); /* for what waits: guards, grace seconds */
/* Tests let time stand still. */
void app_set_mono(struct app *a, uint64_t (*mono)(void *ctx), void *ctx);
/* The key being handled, or the last one: a dialog must not be answered by it. */
struct key app_last_key(const struct app *a);
bool app_in_key(const struct app *a); /* false: called by a timer or an answer */
/* Where the cursor was when the key arrived (law 2): set by views that have a focused
 * sandbox; commands with COMMAND_TARGET and no argument use it. */
void app_set_target(struct app *a, const char *sandbox_id);
const char *app_target(const struct app *a); /* "" none */

/* Rows 1-2 and the last two of every full view: header, message row, hints. Returns the
 * body between. `crumb`: "Fleet > agent-42". */
/* Where that body is, for layout(); the message row is the one below it. */
struct rect app_body(const struct app *a, int rows, int cols);
struct canvas app_chrome(const struct app *a, struct canvas *c, enum keymap_context keys,
    const char *crumb, const char *right);

/* A handler per screen command; a test finds ids without one. */
struct screen_handler {
	int command;
	void (*run)(struct app *app, const struct command_call *call);
};
extern const struct screen_handler app_handlers[]; /* global ones; ends with run NULL */
/* More of them, asked before app_handlers; at most 8 tables, borrowed. */
void app_add_handlers(struct app *a, const struct screen_handler *handlers);
/* The view that a command such as CMD_VIEW_FLEET shows. The first one is the root: the
 * one that `q` quits from. */
void app_add_base(struct app *a, int command, const struct view_type *type);
/* Whether a base view is on the screen, below overlays at most. */
bool app_shows(const struct app *a, const struct view_type *type);
/* What open() of a base view returned; NULL: not opened yet. */
void *app_base_state(const struct app *a, const struct view_type *type);

#endif
