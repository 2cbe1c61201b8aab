/* app_internal - the app's inside, for the files that make up the app: app.c,
 * app_draw.c, app_commands.c, chrome.c, which_key.c, palette.c and help.c. */
#ifndef TUI_APP_INTERNAL_H
#define TUI_APP_INTERNAL_H

#include "tui/app.h"

enum {
	APP_MIN_ROWS = 12, /* below: one line that says so */
	APP_MIN_COLS = 40,
	APP_VIEWS_MAX = 16,
	APP_BASES_MAX = 8,
	APP_TABLES_MAX = 8,
};

struct view {
	const struct view_type *type; /* borrowed */
	void *state;		      /* the type's */
	bool closing;		      /* goes at the end of this turn */
	bool shown;		      /* what shown() was told last */
};

struct app_base {
	int command;
	const struct view_type *type; /* borrowed */
	struct view *view;	      /* owned; NULL: not opened yet */
};

struct app {
	struct loop *loop;     /* borrowed */
	struct fleet *fleet;   /* borrowed; NULL: no account */
	struct screen *screen; /* borrowed; NULL: none yet */
	struct app_options options;
	struct keymap *keymap;	   /* owned */
	struct messages *messages; /* owned; only used without a fleet */

	struct app_base bases[APP_BASES_MAX];
	size_t base_count;
	size_t current_base;
	/* Above the base. Closing ones stay until the end of the turn. */
	struct view *pushed[APP_VIEWS_MAX]; /* owned */
	size_t pushed_count;
	const struct screen_handler *tables[APP_TABLES_MAX]; /* borrowed */
	size_t table_count;

	struct grid grid;
	bool dirty, drawing;
	uint64_t drawn_ms;	   /* the last frame */
	int64_t frame_credit_ms;   /* a few frames may follow each other at once */
	int frame_ms;		   /* between frames when they come without end */
	struct timer *frame_timer; /* owned */
	struct timer *wake_timer;  /* owned */
	uint64_t wake_at_ms;	   /* 0: not set */
	struct timer *second;	   /* owned: clock, ages, countdowns */

	bool prefix_pending, which_key_shown;
	struct key prefix_key;	       /* the one that was pressed */
	struct timer *which_key_timer; /* owned */

	char *focus;	/* owned: what the view says is under the cursor */
	char *captured; /* owned: what was when the key arrived */
	struct key last_key;
	bool in_key;	       /* it is being handled */
	uint64_t interrupt_ms; /* of the last ^C, 0: none */
	uint64_t seen_serial;  /* of messages, when they were last looked at */
	struct strlist palette_history;
	bool focused;
	bool quitting;
	int exit_code;
	/* tests stand the clock still */
	uint64_t (*mono)(void *ctx);
	void *mono_ctx;
};

struct messages *app_messages(const struct app *a);
struct view *app_top(const struct app *a); /* NULL: nothing at all */
bool app_is_tiny(const struct app *a);
/* A command line on a sandbox that was captured earlier; "" none. */
void app_run_on(struct app *a, const char *line, const char *target);
/* The keys of the topmost full view: what help and palette speak about. */
enum keymap_context app_context(const struct app *a);
bool app_draw(struct app *a);	  /* layout, draw, present; false: nothing was new */
void app_schedule(struct app *a); /* draws now or when a frame is due */
void app_sweep(struct app *a);	  /* closes what is closing */
void app_draw_tiny(const struct app *a, struct canvas *c);
/* The menu of what is behind the prefix. */
void which_key_draw(const struct app *a, struct canvas *c);
void app_prefix_start(struct app *a, struct key key);
bool app_prefix_key(struct app *a, struct key key);

extern const struct view_type help_view, palette_view, messages_view;

#endif
