/* screen_curses - the real terminal behind screen.h. */
#include "tui/screen.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "tui/curses_cell.h"
#include "tui/curses_frame.h"
#include "tui/input.h"
#include "tui/terminal.h"
#include "tui/tty.h"

/*
 * ncurses draws into memory; what it wrote is read back and goes to the terminal
 * without blocking. A frame that the terminal cannot take yet is skipped, and the
 * newest one follows when it can.
 */
enum {
	READ_BYTES = 64 << 10,
	READS_PER_TURN = 4,
	OUT_MAX = 16 << 20,
	LEAVE_MAX = 512,
	RESIZE_MS = 30,
	BELL_MS = 1000,
	REPLY_WAIT_MS = 100,   /* at the end, for answers that are on their way */
	REPLY_FRESH_MS = 1000, /* older questions are not answered any more */
	TITLE_COLS = 80,
	COPY_MAX = 74994, /* encoded bytes */
	STDERR_BYTES = 4096,
};

struct curses_screen {
	struct screen head;		    /* first */
	struct loop *loop;		    /* borrowed */
	const struct screen_events *events; /* borrowed */
	void *ctx;			    /* borrowed */

	struct curses_frame *frame; /* owned */
	struct curses_cells *cells; /* owned */
	struct grid shown;	    /* what ncurses has been told */
	struct grid wanted;	    /* a frame that had to wait */
	bool waiting;		    /* `wanted` is newer than `shown` */
	bool stale;		    /* nothing of `shown` is on the terminal */
	bool entered;		    /* the modes are switched on */
	bool fancy, mouse;
	bool sync;  /* synchronized output is understood */
	bool asked; /* questions are open */
	uint64_t asked_ms;
	int shape; /* of the cursor, as it was last set */
	int rows, cols;

	struct buf out; /* bytes the terminal has not taken yet */
	char leave[LEAVE_MAX];
	size_t leave_len;
	char *title; /* owned */

	struct input input;
	struct watch *watch, *signals, *errors; /* owned */
	struct timer *escape, *resize;		/* owned */
	uint64_t resized_ms, bell_ms;
	bool dead; /* the terminal went away */
};

static struct curses_screen *
of(struct screen *s)
{
	return (struct curses_screen *)(void *)s;
}

/* ---- bytes out */

static void
gone(struct curses_screen *s)
{
	if (s->dead)
		return;
	s->dead = true;
	watch_set(s->watch, 0);
	s->events->closed(s->ctx);
}

static void
flush_out(struct curses_screen *s)
{
	long n = s->dead ? -1 : tty_write(s->out.data, s->out.len);

	if (n < 0) {
		buf_reset(&s->out);
		gone(s);
		return;
	}
	buf_consume(&s->out, (size_t)n);
	watch_set(s->watch, s->out.len ? WATCH_READ | WATCH_WRITE : WATCH_READ);
}

/* What puts everything back, whatever state it is in; also run from signal handlers. */
static void
prepare_leave(struct curses_screen *s)
{
	struct buf b;

	buf_init(&b, LEAVE_MAX);
	buf_add_str(&b, s->fancy ? "\030\033[?2026l" : "\030");
	if (s->fancy && s->mouse)
		buf_add_str(&b, "\033[?1006l\033[?1002l");
	if (s->fancy)
		buf_add_str(&b, "\033[?1004l\033[?2004l\033[0 q");
	curses_frame_add_leave(&b);
	if (s->fancy)
		buf_add_str(&b, "\033[23;2t");
	assert(!b.overflow);
	memcpy(s->leave, b.data, b.len);
	s->leave_len = b.len;
	buf_clear(&b);
}

static void
add_title(struct curses_screen *s)
{
	char *clean, *cut;

	if (!s->fancy || !s->title)
		return;
	clean = text_clean_dup(s->title);
	cut = text_cut(clean, TITLE_COLS, s->head.glyphs->ascii);
	buf_addf(&s->out, "\033]2;%s\a", cut);
	free(cut);
	free(clean);
}

static void
enter(struct curses_screen *s)
{
	s->entered = true;
	if (!s->fancy)
		return;
	add_title(s);
	buf_add_str(&s->out, "\033[?1004h\033[?2004h");
	if (s->mouse)
		buf_add_str(&s->out, "\033[?1002h\033[?1006h");
	/* Asked and not waited for: the answer comes through the decoder. The device
	 * attributes are answered by everything and so end the list. */
	buf_add_str(&s->out, "\033[?2026$p\033[c");
	s->asked = true;
	s->asked_ms = loop_now_ms(s->loop);
}

/* ---- frames */

static bool
same_cursor(const struct grid *a, const struct grid *b)
{
	if (a->cursor.visible != b->cursor.visible)
		return false;
	return !a->cursor.visible ||
	       (a->cursor.row == b->cursor.row && a->cursor.col == b->cursor.col &&
		   a->cursor.shape == b->cursor.shape);
}

/* The first and last column that differ; false: none does. */
static bool
changed_span(const struct cell *a, const struct cell *b, int cols, int *first, int *last)
{
	int from = 0, to = cols - 1;

	if (memcmp(a, b, (size_t)cols * sizeof *a) == 0)
		return false;
	while (memcmp(&a[from], &b[from], sizeof *a) == 0)
		from++;
	while (memcmp(&a[to], &b[to], sizeof *a) == 0)
		to--;
	/* A wide character goes as one, and so does the one it takes the place of. */
	while (from > 0 && (a[from].width == 0 || b[from].width == 0))
		from--;
	while (to + 1 < cols && (a[to + 1].width == 0 || b[to + 1].width == 0))
		to++;
	*first = from;
	*last = to;
	return true;
}

/* Tells ncurses what changed; false: nothing did. */
static bool
fill(struct curses_screen *s, const struct grid *g)
{
	bool all = s->stale, changed = all || !same_cursor(&s->shown, g);

	if (curses_cells_frame(s->cells))
		all = changed = true;
	for (int row = 0; row < g->rows; row++) {
		const struct cell *now = &g->cells[(size_t)row * (size_t)g->cols];
		struct cell *old = &s->shown.cells[(size_t)row * (size_t)g->cols];
		int first = 0, last = g->cols - 1;

		if (!all && !changed_span(old, now, g->cols, &first, &last))
			continue;
		changed = true;
		curses_cells_put(s->cells, row, first, now + first, last - first + 1);
		memcpy(old, now, (size_t)g->cols * sizeof *now);
	}
	return changed;
}

static void
place_cursor(struct curses_screen *s, const struct grid *g)
{
	s->shown.cursor = g->cursor;
	curs_set(g->cursor.visible ? 1 : 0);
	if (g->cursor.visible)
		wmove(stdscr, MIN(g->cursor.row, s->rows - 1),
		    MIN(g->cursor.col, s->cols - 1));
}

static void
add_shape(struct curses_screen *s, const struct grid *g)
{
	/* DECSCUSR: steady ones, nothing of ours blinks. */
	static const char *const shapes[] = { "\033[0 q", "\033[2 q", "\033[4 q",
		"\033[6 q" };

	if (!s->fancy || !g->cursor.visible || g->cursor.shape == s->shape ||
	    g->cursor.shape < 0 || (size_t)g->cursor.shape >= ARRAY_LEN(shapes))
		return;
	s->shape = g->cursor.shape;
	buf_add_str(&s->out, shapes[s->shape]);
}

static bool
show(struct curses_screen *s, const struct grid *g)
{
	if (!fill(s, g))
		return false;
	if (s->stale)
		clearok(curscr, TRUE);
	s->stale = false;
	place_cursor(s, g);
	wnoutrefresh(stdscr);
	doupdate();

	if (!s->entered && s->fancy)
		buf_add_str(&s->out, "\033[22;2t");
	if (s->sync)
		buf_add_str(&s->out, "\033[?2026h");
	curses_frame_take(s->frame, &s->out);
	add_shape(s, g);
	if (s->sync)
		buf_add_str(&s->out, "\033[?2026l");
	if (!s->entered)
		enter(s);
	flush_out(s);
	return true;
}

static bool
screen_present(struct screen *head, const struct grid *g)
{
	struct curses_screen *s = of(head);

	if (s->dead || g->rows != s->rows || g->cols != s->cols)
		return true; /* drawn for another size: the next one follows at once */
	if (s->out.len > 0) {
		grid_set_size(&s->wanted, g->rows, g->cols);
		memcpy(s->wanted.cells, g->cells,
		    (size_t)g->rows * (size_t)g->cols * sizeof *g->cells);
		s->wanted.cursor = g->cursor;
		s->waiting = true;
		return true;
	}
	s->waiting = false;
	return show(s, g);
}

static void
screen_redraw(struct screen *head)
{
	of(head)->stale = true;
}

/* ---- size */

static void
apply_size(struct curses_screen *s)
{
	int rows, cols;

	tty_size(&rows, &cols);
	s->resized_ms = loop_now_ms(s->loop);
	s->stale = true;
	if (rows != s->rows || cols != s->cols) {
		s->rows = rows;
		s->cols = cols;
		resize_term(rows, cols);
		grid_set_size(&s->shown, rows, cols);
		curses_cells_resize(s->cells, cols);
	}
	s->waiting = false;
	s->events->resized(s->ctx, rows, cols);
}

/* A storm of sizes is laid out once in a while, with the last one. */
static void
size_changed(struct curses_screen *s)
{
	uint64_t since = loop_now_ms(s->loop) - s->resized_ms;

	if (timer_is_active(s->resize))
		return;
	if (since >= RESIZE_MS)
		apply_size(s);
	else
		timer_start(s->resize, RESIZE_MS - since, 0);
}

static void
on_resize_timer(void *ctx)
{
	apply_size(ctx);
}

/* ---- stopping and going on */

static void
leave(struct curses_screen *s)
{
	endwin();
	curses_frame_take(s->frame, NULL); /* the prepared string does that, and more */
	/* What is half written is ended by the CAN in front of the string. */
	buf_reset(&s->out);
	s->waiting = false;
	tty_give();
}

static void
come_back(struct curses_screen *s)
{
	tty_retake();
	input_reset(&s->input);
	timer_stop(s->escape);
	s->entered = false;
	s->shape = 0;
	s->stale = true;
	apply_size(s);
	s->events->focus(s->ctx, true);
}

static void
drain_signals(void)
{
	unsigned char bytes[64];

	while (read(tty_signal_fd(), bytes, sizeof bytes) > 0)
		continue;
}

static void
screen_suspend(struct screen *head)
{
	struct curses_screen *s = of(head);

	if (s->dead)
		return;
	leave(s);
	tty_stop();
	drain_signals();
	come_back(s);
}

static void
handle_signal(struct curses_screen *s, int signum)
{
	if (signum == SIGWINCH) {
		size_changed(s);
	} else if (signum == SIGTSTP) {
		screen_suspend(&s->head);
	} else if (signum == SIGCONT) { /* somebody stopped us without asking */
		endwin();
		curses_frame_take(s->frame, NULL);
		buf_reset(&s->out);
		come_back(s);
	} else {
		s->head.ended_by = signum;
		s->events->closed(s->ctx);
	}
}

static void
on_signals(void *ctx, int events)
{
	struct curses_screen *s = ctx;
	unsigned char bytes[64];
	ssize_t n;

	(void)events;
	while ((n = read(tty_signal_fd(), bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < n; i++)
			handle_signal(s, bytes[i]);
}

static void
on_errors(void *ctx, int events)
{
	char bytes[STDERR_BYTES];
	ssize_t n;

	(void)ctx;
	(void)events;
	while ((n = read(tty_stderr_fd(), bytes, sizeof bytes)) > 0)
		log_warn("stderr", "%.*s", (int)n, bytes);
}

/* ---- bytes in */

static void
arm_escape(struct curses_screen *s)
{
	int wait = input_wait_ms(&s->input);

	if (wait > 0)
		timer_start(s->escape, (uint64_t)wait, 0);
	else
		timer_stop(s->escape);
}

static void
on_escape(void *ctx)
{
	struct curses_screen *s = ctx;

	input_timeout(&s->input);
	arm_escape(s);
}

static void
read_input(struct curses_screen *s)
{
	char bytes[READ_BYTES];

	for (int i = 0; i < READS_PER_TURN; i++) {
		ssize_t n = read(tty_fd(), bytes, sizeof bytes);

		if (n > 0)
			input_feed(&s->input, bytes, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			gone(s);
			return;
		}
		if (n < (ssize_t)sizeof bytes)
			break;
	}
	arm_escape(s);
}

static void
on_ready(void *ctx, int events)
{
	struct curses_screen *s = ctx;

	if (events & WATCH_WRITE) {
		flush_out(s);
		if (s->waiting && s->out.len == 0) {
			s->waiting = false;
			show(s, &s->wanted);
		}
	}
	if (events & (WATCH_READ | WATCH_HANGUP) && !s->dead)
		read_input(s);
}

static void
on_key(void *ctx, struct key key)
{
	struct curses_screen *s = ctx;

	s->events->key(s->ctx, key);
}

static void
on_paste(void *ctx, const char *bytes, size_t len)
{
	struct curses_screen *s = ctx;

	s->events->paste(s->ctx, bytes, len);
}

static void
on_focus(void *ctx, bool focused)
{
	struct curses_screen *s = ctx;

	s->events->focus(s->ctx, focused);
}

static void
on_reply(void *ctx, const struct input_reply *reply)
{
	struct curses_screen *s = ctx;

	if (reply->kind == INPUT_REPLY_DEVICE)
		s->asked = false;
	if (reply->kind == INPUT_REPLY_MODE && reply->mode == 2026)
		s->sync = reply->value == 1 || reply->value == 2;
}

static const struct input_events input_events = {
	.key = on_key,
	.paste = on_paste,
	.focus = on_focus,
	.reply = on_reply,
};

/* ---- small things */

static int
screen_rows(const struct screen *head)
{
	return ((const struct curses_screen *)(const void *)head)->rows;
}

static int
screen_cols(const struct screen *head)
{
	return ((const struct curses_screen *)(const void *)head)->cols;
}

static void
screen_bell(struct screen *head)
{
	struct curses_screen *s = of(head);
	uint64_t now = loop_now_ms(s->loop);

	if (s->bell_ms && now - s->bell_ms < BELL_MS)
		return;
	s->bell_ms = now;
	buf_add_char(&s->out, '\a');
	flush_out(s);
}

static void
screen_title(struct screen *head, const char *title)
{
	struct curses_screen *s = of(head);

	if (str_eq(title, s->title))
		return;
	free(s->title);
	s->title = xstrdup(title);
	if (!s->entered)
		return; /* the one before is not saved yet */
	add_title(s);
	flush_out(s);
}

static void
screen_copy(struct screen *head, const char *bytes, size_t len)
{
	struct curses_screen *s = of(head);
	bool in_screen = getenv("STY") != NULL; /* it passes only what is wrapped */

	if (!s->fancy || BASE64_ENCODED_LEN(len) > COPY_MAX)
		return;
	buf_add_str(&s->out, in_screen ? "\033P\033]52;c;" : "\033]52;c;");
	base64_add(&s->out, bytes, len);
	buf_add_str(&s->out, in_screen ? "\a\033\\" : "\a");
	flush_out(s);
}

/* ---- life */

/* An answer that arrives after us would be typed into the shell. */
static void
swallow_replies(struct curses_screen *s)
{
	char bytes[256];
	int left = REPLY_WAIT_MS;

	if (!s->asked || s->dead || loop_now_ms(s->loop) - s->asked_ms > REPLY_FRESH_MS)
		return;
	while (s->asked && left > 0) {
		struct pollfd p = { .fd = tty_fd(), .events = POLLIN };
		int step = 10;
		if (poll(&p, 1, step) > 0) {
			ssize_t n = read(tty_fd(), bytes, sizeof bytes);
			if (n <= 0)
				return;
			input_feed(&s->input, bytes, (size_t)n);
		}
		left -= step;
	}
}

static void
ignore_key(void *ctx, struct key key)
{
	(void)ctx;
	(void)key;
}

static void
ignore_paste(void *ctx, const char *bytes, size_t len)
{
	(void)ctx;
	(void)bytes;
	(void)len;
}

static void
ignore_focus(void *ctx, bool focused)
{
	(void)ctx;
	(void)focused;
}

static const struct input_events last_events = {
	.key = ignore_key,
	.paste = ignore_paste,
	.focus = ignore_focus,
	.reply = on_reply,
};

static void
release(struct curses_screen *s)
{
	watch_free(s->watch);
	watch_free(s->signals);
	watch_free(s->errors);
	timer_free(s->escape);
	timer_free(s->resize);
	tty_close();
	curses_cells_free(s->cells);
	curses_frame_free(s->frame);
	input_dispose(&s->input);
	grid_dispose(&s->shown);
	grid_dispose(&s->wanted);
	buf_clear(&s->out);
	free(s->title);
	free(s);
}

static void
screen_free(struct screen *head)
{
	struct curses_screen *s = of(head);

	if (!s)
		return;
	s->input.events = &last_events;
	swallow_replies(s);
	endwin();
	curses_frame_take(s->frame, NULL);
	release(s);
}

static const struct screen_type curses_type = {
	.rows = screen_rows,
	.cols = screen_cols,
	.present = screen_present,
	.redraw = screen_redraw,
	.bell = screen_bell,
	.title = screen_title,
	.copy = screen_copy,
	.suspend = screen_suspend,
	.free = screen_free,
};

static bool
open_curses(struct curses_screen *s, const struct terminal_env *env,
    const struct screen_options *o, struct error *err)
{
	const char *entries[TERMINAL_ENTRIES], *why;
	size_t count = terminal_entries(o->color, env, entries);

	if (!curses_frame_open(entries, count, s->rows, s->cols, &s->frame, err))
		return false;
	s->head.tier = terminal_tier(o->color, env, tigetnum("colors"), &why);
	return true;
}

static void
choose_looks(struct curses_screen *s, const struct terminal_env *env,
    const struct screen_options *o)
{
	const char *why;
	bool unicode = terminal_unicode(o->glyphs, env, &why);

	if (unicode && !str_eq_nocase(env->codeset, "UTF-8"))
		setlocale(LC_CTYPE, "C.UTF-8");
	s->head.glyphs = unicode ? &glyphs_unicode : &glyphs_ascii;
	s->head.theme = theme_find(o->theme ? o->theme : "terminal");
	if (!s->head.theme)
		s->head.theme = theme_find("terminal");
	s->fancy = terminal_is_fancy(env->term);
	s->mouse = o->mouse;
}

static void
start(struct curses_screen *s)
{
	s->cells = curses_cells_new(s->head.theme, s->head.tier, s->cols);
	s->head.tier = curses_cells_tier(s->cells);
	prepare_leave(s);
	tty_take(s->leave, s->leave_len);
	s->watch = watch_new(s->loop, tty_fd(), on_ready, s);
	s->signals = watch_new(s->loop, tty_signal_fd(), on_signals, s);
	if (tty_stderr_fd() >= 0)
		s->errors = watch_new(s->loop, tty_stderr_fd(), on_errors, s);
	watch_set(s->watch, WATCH_READ);
	watch_set(s->signals, WATCH_READ);
	if (s->errors)
		watch_set(s->errors, WATCH_READ);
	s->escape = timer_new(s->loop, on_escape, s);
	s->resize = timer_new(s->loop, on_resize_timer, s);
}

bool
screen_curses_open(struct loop *loop, const struct screen_options *options,
    const struct screen_events *events, void *ctx, struct screen **out, struct error *err)
{
	struct curses_screen *s;

	setlocale(LC_CTYPE, "");

	struct terminal_env env = terminal_env_read();

	if (!terminal_check(&env, err) || !tty_open(err))
		return false;
	s = xcalloc(1, sizeof *s);
	s->head.type = &curses_type;
	s->loop = loop;
	s->events = events;
	s->ctx = ctx;
	s->stale = true;
	buf_init(&s->out, OUT_MAX);
	input_setup(&s->input, &input_events, s, options->escape_ms);
	tty_size(&s->rows, &s->cols);
	grid_init(&s->shown, s->rows, s->cols);
	grid_init(&s->wanted, 0, 0);
	choose_looks(s, &env, options);
	if (!open_curses(s, &env, options, err)) {
		release(s);
		return false;
	}
	start(s);
	*out = &s->head;
	return true;
}
