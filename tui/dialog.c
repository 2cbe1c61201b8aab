#include "tui/dialog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/prompt.h"
#include "tui/widgets.h"

/*
 * Four levels share one box and one way to answer. Targets are held by id and described
 * anew for every drawing and once more for the answer, so that nothing is acted on that
 * has changed since it was asked about.
 */
enum {
	ROW_MAX = 1024,
	MS_PER_S = 1000,
	GRACE_TICK_MS = 100,
	LOW_ROWS = 20,
	NARROW_COLS = 50,
	MARGIN = 2, /* columns between frame and text, both sides together */
};

struct dialog {
	struct app *app; /* borrowed */
	enum dialog_level level;
	char *title, *body, *cli, *header, *verb, *word; /* owned; NULL: none */
	struct strlist ids;
	const struct dialog_choice *choices; /* borrowed */
	size_t choice_count;
	const struct dialog_events *events; /* borrowed */
	void *ctx;			    /* borrowed */
	struct key_guard guard;
	struct prompt typed;   /* DIALOG_COUNTED */
	size_t cursor;	       /* menu entry */
	bool on_yes;	       /* the focused button */
	int top, visible_rows; /* of the targets */
	uint64_t grace_end_ms; /* 0: not armed */
	struct timer *grace;   /* owned */
	bool answered;
};

struct dialog_arg {
	const struct dialog_options *options;
	const struct dialog_events *events;
	void *ctx;
};

/* ---- targets */

static bool
describe_target(const struct dialog *d, const char *id, struct buf *row)
{
	if (d->events->target)
		return d->events->target(d->ctx, id, row);
	text_clean(row, id, strlen(id));
	return true;
}

static void
collect_targets(const struct dialog *d, struct strlist *out)
{
	for (size_t i = 0; i < d->ids.count; i++) {
		struct buf row;
		buf_init(&row, ROW_MAX);
		if (describe_target(d, d->ids.items[i], &row))
			strlist_add(out, d->ids.items[i]);
		buf_clear(&row);
	}
}

static size_t
count_targets(const struct dialog *d)
{
	struct strlist ids = { 0 };
	size_t count;

	collect_targets(d, &ids);
	count = ids.count;
	strlist_clear(&ids);
	return count;
}

/* ---- answers */

static void
answer(struct dialog *d, bool yes, int choice)
{
	struct strlist ids = { 0 };

	if (d->answered)
		return;
	d->answered = true;
	timer_stop(d->grace);
	if (yes || choice >= 0)
		collect_targets(d, &ids);
	if (yes && d->ids.count && !ids.count) {
		yes = false;
		app_say(d->app, MESSAGE_WARNING,
		    "Nothing is left to %s: it changed meanwhile", d->verb);
	}
	app_close(d->app, d);
	d->events->answer(
	    d->ctx, &(struct dialog_answer){ .yes = yes, .choice = choice, .ids = &ids });
	strlist_clear(&ids);
}

static void
on_grace(void *ctx)
{
	struct dialog *d = ctx;

	app_dirty(d->app);
	if (app_mono_ms(d->app) >= d->grace_end_ms)
		answer(d, true, -1);
}

/* What has to be typed: the number of those that would be hit now, or a word. */
static char *
expected_word(const struct dialog *d)
{
	return d->word ? xstrdup(d->word) : xasprintf("%zu", count_targets(d));
}

static void
submit_count(struct dialog *d)
{
	char *expected = expected_word(d);

	if (str_eq(prompt_text(&d->typed), expected)) {
		d->grace_end_ms = app_mono_ms(d->app) + DIALOG_GRACE_MS;
		timer_start(d->grace, GRACE_TICK_MS, GRACE_TICK_MS);
	} else if (*prompt_text(&d->typed)) {
		app_say(d->app, MESSAGE_INFO, "Nothing done: '%s' is not %s",
		    prompt_text(&d->typed), expected);
		answer(d, false, -1);
	}
	free(expected);
}

/* ---- keys */

static bool
scroll(struct dialog *d, struct key key, bool letters)
{
	int by = 0;

	if (key.code == KEY_DOWN || (letters && key.code == 'j' && !key.mods))
		by = 1;
	else if (key.code == KEY_UP || (letters && key.code == 'k' && !key.mods))
		by = -1;
	else if (key.code == KEY_PAGE_DOWN)
		by = MAX(d->visible_rows, 1);
	else if (key.code == KEY_PAGE_UP)
		by = -MAX(d->visible_rows, 1);
	d->top = CLAMP(d->top + by, 0, MAX((int)d->ids.count - d->visible_rows, 0));
	return by != 0;
}

static bool
is_plain(struct key key, uint32_t code)
{
	return key.mods == 0 && key.code == code;
}

static bool
is_cancel(struct key key)
{
	return key.code == KEY_ESCAPE || (key.code == 'c' && key.mods == KEY_MOD_CTRL);
}

static bool
choice_key(struct dialog *d, struct key key)
{
	for (size_t i = 0; i < d->choice_count; i++) {
		if (!is_plain(key, d->choices[i].key))
			continue;
		answer(d, false, (int)i);
		return true;
	}
	return false;
}

static void
menu_key(struct dialog *d, struct key key)
{
	if (choice_key(d, key))
		return;
	if (key.code == KEY_ENTER)
		answer(d, false, (int)d->cursor);
	else if ((key.code == KEY_DOWN || is_plain(key, 'j')) &&
		 d->cursor + 1 < d->choice_count)
		d->cursor++;
	else if ((key.code == KEY_UP || is_plain(key, 'k')) && d->cursor > 0)
		d->cursor--;
}

static void
yes_no_key(struct dialog *d, struct key key)
{
	if (is_plain(key, 'y') || is_plain(key, 'Y'))
		answer(d, true, -1);
	else if (is_plain(key, 'n') || is_plain(key, 'N'))
		answer(d, false, -1);
	else if (choice_key(d, key) || scroll(d, key, true))
		return;
	else if (d->level == DIALOG_NAMED)
		return; /* y and nothing else */
	else if (key.code == KEY_LEFT || key.code == KEY_RIGHT || key.code == KEY_TAB)
		d->on_yes = !d->on_yes;
	else if (key.code == KEY_ENTER)
		answer(d, d->on_yes, -1);
}

static void
counted_key(struct dialog *d, struct key key)
{
	bool is_digit = key.mods == 0 && key.code >= '0' && key.code <= '9';

	if (scroll(d, key, !d->word))
		return;
	if (!d->word && choice_key(d, key))
		return;
	if (key.code == KEY_ENTER)
		submit_count(d);
	else if (d->word || is_digit || key.code >= KEY_FIRST_NAMED || key.mods)
		prompt_key(&d->typed, key);
}

static void
armed_key(struct dialog *d, struct key key)
{
	if (!is_plain(key, 'u'))
		return;
	app_say(d->app, MESSAGE_INFO, "Stopped in time: nothing was done");
	answer(d, false, -1);
}

/* Takes every key, whatever it means to it. */
static bool
dialog_key(void *state, struct key key)
{
	static void (*const keys[])(struct dialog *, struct key) = {
		[DIALOG_MENU] = menu_key,
		[DIALOG_YES_NO] = yes_no_key,
		[DIALOG_NAMED] = yes_no_key,
		[DIALOG_COUNTED] = counted_key,
	};
	struct dialog *d = state;

	if (d->answered || key.code == KEY_MOUSE)
		return true;
	if (!key_guard_takes(&d->guard, key, app_mono_ms(d->app)))
		return true;
	if (is_cancel(key)) {
		if (d->grace_end_ms)
			app_say(
			    d->app, MESSAGE_INFO, "Stopped in time: nothing was done");
		answer(d, false, -1);
	} else if (d->grace_end_ms) {
		armed_key(d, key);
	} else {
		keys[d->level](d, key);
	}
	return true;
}

static void
dialog_paste(void *state, const char *bytes, size_t len)
{
	struct dialog *d = state;

	(void)bytes;
	app_say(
	    d->app, MESSAGE_INFO, "Pasted text answers nothing: %zu bytes dropped", len);
}

/* ---- life */

static void *
dialog_view_open(struct app *app, const void *arg)
{
	const struct dialog_arg *from = arg;
	const struct dialog_options *o = from->options;
	struct dialog *d = xcalloc(1, sizeof *d);

	d->app = app;
	d->level = o->level;
	d->title = xstrdup(o->title ? o->title : "");
	d->body = xstrdup(o->body ? o->body : "");
	d->cli = xstrdup(o->cli);
	d->header = xstrdup(o->target_header);
	d->verb = xstrdup(o->verb ? o->verb : "yes");
	d->word = xstrdup(o->word);
	d->choices = o->choices;
	while (d->choices && d->choices[d->choice_count].key)
		d->choice_count++;
	for (size_t i = 0; i < o->id_count; i++)
		strlist_add(&d->ids, o->ids[i]);
	d->events = from->events;
	d->ctx = from->ctx;
	d->grace = timer_new(app_loop(app), on_grace, d);
	prompt_init(&d->typed, "", NULL);
	key_guard_init(&d->guard, app_mono_ms(app), app_last_key(app), !app_in_key(app));
	return d;
}

static void
dialog_view_close(void *state)
{
	struct dialog *d = state;

	answer(d, false, -1);
	timer_free(d->grace);
	prompt_clear(&d->typed);
	strlist_clear(&d->ids);
	free(d->title);
	free(d->body);
	free(d->cli);
	free(d->header);
	free(d->verb);
	free(d->word);
	free(d);
}

/* ---- drawing */

/* Rows of the parts, for a text width. On a low screen the gaps, the column names and
 * the command line give way to the targets. */
struct plan {
	int width, gap;
	int body, header, listed, more, left_out, cli, choices, question;
};

static int
ask_rows(const struct dialog *d)
{
	return d->level == DIALOG_MENU ? 0 : d->level == DIALOG_COUNTED ? 2 : 1;
}

static int
widest_line(const char *text)
{
	int widest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len);
		widest = MAX(widest, text_width(line));
		free(line);
		text += len + (text[len] == '\n');
	}
	return widest;
}

static int
box_width(const struct dialog *d, int cols)
{
	int widest = MAX(widest_line(d->body), text_width(d->title) + 4);

	if (d->ids.count > 1 || d->level == DIALOG_COUNTED)
		return cols < 100 ? cols - 2 : cols < 160 ? 96 : 110;
	if (d->cli)
		widest = MAX(widest, text_width(d->cli) + 9);
	for (size_t i = 0; i < d->choice_count; i++)
		widest = MAX(widest, text_width(d->choices[i].label) + 6);
	return MIN(MAX(widest + MARGIN + 2, 46), cols - 2);
}

static int
plan_rows(const struct plan *p)
{
	int targets = p->header + p->listed + p->more;
	int rest = p->left_out + p->cli + p->choices;
	int rows = p->body + targets + rest + p->question + 2;

	rows += p->body && (targets || rest || p->question) ? p->gap : 0;
	rows += targets && (rest || p->question) ? p->gap : 0;
	return rows + (rest && p->question ? p->gap : 0);
}

static struct plan
make_plan(const struct dialog *d, int rows, int cols)
{
	struct plan p = { .width = box_width(d, cols) - 2 - MARGIN };
	int all = (int)d->ids.count, room;

	p.gap = rows >= LOW_ROWS ? 1 : 0;
	p.body = *d->body ? widget_text_rows(d->body, p.width) : 0;
	p.left_out = all && count_targets(d) < d->ids.count ? 1 : 0;
	p.cli = d->cli && p.gap ? 1 : 0;
	p.choices =
	    d->level == DIALOG_MENU ? (int)d->choice_count : (d->choice_count ? 1 : 0);
	p.question = ask_rows(d);
	if (all == 0)
		return p;
	p.header = d->header && p.gap ? 1 : 0;
	p.listed = 1;
	room = rows - 1 - plan_rows(&p) + 1; /* the header row of the screen stays */
	p.more = room < all ? 1 : 0;
	p.listed = CLAMP(room - p.more, 1, all);
	return p;
}

static int
draw_targets(const struct dialog *d, struct canvas *c, int row, const struct plan *p)
{
	int all = (int)d->ids.count;
	int top = CLAMP(d->top, 0, MAX(all - p->listed, 0));

	if (p->header)
		canvas_text(c, row++, 2, ROLE_COLUMN, d->header);
	for (int i = 0; i < p->listed; i++) {
		struct buf line;
		buf_init(&line, ROW_MAX);
		bool acts = describe_target(d, d->ids.items[top + i], &line);
		canvas_field(c, row++, 2, c->area.cols - 2, false,
		    acts ? ROLE_TEXT : ROLE_DIM, line.data);
		buf_clear(&line);
	}
	if (p->more)
		canvas_textf(c, row++, 2, ROLE_DIM, "%s %d-%d of %d  (Up, Down scroll)",
		    c->glyphs->ellipsis, top + 1, top + p->listed, all);
	return row;
}

static int
draw_choices(const struct dialog *d, struct canvas *c, int row)
{
	int col = 0;

	for (size_t i = 0; i < d->choice_count; i++) {
		char name[8] = "";
		utf8_encode(d->choices[i].key, name);
		if (d->level == DIALOG_MENU) {
			bool here = i == d->cursor;
			canvas_text(c, row, 0, ROLE_MARK, here ? c->glyphs->cursor : " ");
			canvas_text(c, row, 2, ROLE_HINT_KEY, name);
			canvas_text(c, row, 5, ROLE_TEXT, d->choices[i].label);
			if (here) {
				canvas_role(c, row, 0, c->area.cols, ROLE_CURSOR);
				canvas_cursor(c, row, 0);
			}
			row++;
			continue;
		}
		col = canvas_text(c, row, col, ROLE_HINT_KEY, name) + 1;
		col = canvas_text(c, row, col, ROLE_TEXT, d->choices[i].label) + 3;
	}
	return row + (d->level != DIALOG_MENU && d->choice_count ? 1 : 0);
}

static void
draw_buttons(const struct dialog *d, struct canvas *c, int row)
{
	enum role no = d->on_yes ? ROLE_TEXT : ROLE_CURSOR;
	int col = canvas_text(c, row, 0, no, "[ no ]");
	int yes_col = col + 2;

	col = canvas_textf(
	    c, row, yes_col, d->on_yes ? ROLE_CURSOR : ROLE_TEXT, "[ %s ]", d->verb);
	canvas_text(c, row, col + 3, ROLE_HINT_KEY, "y n");
	canvas_cursor(c, row, d->on_yes ? yes_col + 2 : 2);
}

static void
draw_counted(const struct dialog *d, struct canvas *c, int row)
{
	char *expected = expected_word(d);
	int col;

	if (d->grace_end_ms) {
		uint64_t now = app_mono_ms(d->app);
		uint64_t left = d->grace_end_ms > now ? d->grace_end_ms - now : 0;
		canvas_textf(c, row, 0, ROLE_CRIT, "%s in %d s ...  Esc or u stops it",
		    d->verb, (int)((left + MS_PER_S - 1) / MS_PER_S));
		canvas_cursor(c, row, 0);
	} else {
		int width = MAX(text_width(expected), 1) + 1;
		col = canvas_textf(c, row, 0, ROLE_TEXT,
		    c->area.cols < NARROW_COLS ? "%s and Enter %s: [ "
					       : "Type %s then Enter to %s: [ ",
		    expected, d->verb);
		canvas_text(c, row, col + width, ROLE_TEXT, " ]");
		prompt_draw(&d->typed, c, row, col, width, ROLE_INPUT, true);
		canvas_text(c, row, col + width + 5, ROLE_DIM, "Esc: nothing");
		canvas_textf(c, row + 1, 0, ROLE_DIM, "Then you have %d s to press Esc.",
		    DIALOG_GRACE_MS / MS_PER_S);
	}
	free(expected);
}

static void
draw_question(const struct dialog *d, struct canvas *c, int row)
{
	int col;

	switch (d->level) {
	case DIALOG_MENU:
		break;
	case DIALOG_YES_NO:
		draw_buttons(d, c, row);
		break;
	case DIALOG_NAMED:
		canvas_cursor(c, row, 0);
		col = canvas_text(c, row, 0, ROLE_HINT_KEY, "y");
		col = canvas_textf(c, row, col + 1, ROLE_CRIT, "%s", d->verb);
		col = canvas_text(c, row, col + 3, ROLE_HINT_KEY, "n Esc");
		canvas_text(c, row, col + 1, ROLE_TEXT, "nothing");
		break;
	case DIALOG_COUNTED:
		draw_counted(d, c, row);
		break;
	}
}

static void
dialog_layout(void *state, int rows, int cols)
{
	struct dialog *d = state;

	d->visible_rows = make_plan(d, rows, cols).listed;
	scroll(d, (struct key){ .code = KEY_NONE }, false);
}

static void
dialog_draw(const void *state, struct canvas *c)
{
	const struct dialog *d = state;
	struct plan p = make_plan(d, c->area.rows, c->area.cols);
	struct canvas box =
	    widget_box(c, plan_rows(&p), box_width(d, c->area.cols), ROLE_FRAME_FOCUS,
		d->title, d->level == DIALOG_MENU ? "Enter choose  Esc close" : NULL);
	struct canvas in = canvas_sub(&box, 0, 1, box.area.rows, box.area.cols - MARGIN);
	int row = widget_text(&in, 0, 0, ROLE_TEXT, d->body);

	if (row > 0)
		row += p.gap;
	if (p.listed)
		row = draw_targets(d, &in, row, &p) + p.gap;
	if (p.left_out)
		canvas_textf(&in, row++, 0, ROLE_WARN, "%zu changed meanwhile, left out",
		    d->ids.count - count_targets(d));
	if (p.cli)
		canvas_textf(&in, row++, 0, ROLE_DIM, "same as: %s", d->cli);
	row = draw_choices(d, &in, row);
	if (p.question)
		draw_question(d, &in, in.area.rows - p.question);
}

static const struct view_type dialog_view = {
	.name = "dialog",
	.kind = VIEW_OVERLAY,
	.keys = KEYMAP_GLOBAL,
	.open = dialog_view_open,
	.close = dialog_view_close,
	.layout = dialog_layout,
	.draw = dialog_draw,
	.key = dialog_key,
	.paste = dialog_paste,
};

void
dialog_open(struct app *app, const struct dialog_options *options,
    const struct dialog_events *events, void *ctx)
{
	struct dialog_arg arg = { options, events, ctx };

	assert(events->answer);
	app_push(app, &dialog_view, &arg);
}
