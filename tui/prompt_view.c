/* prompt_view - asks for one line on the message row. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "tui/prompt.h"

/* A line on the message row, over whatever view is below. */
struct prompt_view {
	struct app *app; /* borrowed */
	struct prompt prompt;
	char *label;			    /* owned */
	const struct prompt_events *events; /* borrowed */
	void *ctx;			    /* borrowed */
	struct buf note;
	bool wrong, told;
};

struct prompt_arg {
	const struct prompt_options *options;
	const struct prompt_events *events;
	void *ctx;
};

static void
update_note(struct prompt_view *v)
{
	buf_reset(&v->note);
	v->wrong = v->events->check &&
		   !v->events->check(v->ctx, prompt_text(&v->prompt), &v->note);
}

static void *
prompt_view_open(struct app *app, const void *arg)
{
	const struct prompt_arg *from = arg;
	struct prompt_view *v = xcalloc(1, sizeof *v);

	v->app = app;
	v->events = from->events;
	v->ctx = from->ctx;
	v->label = xstrdup(from->options->label ? from->options->label : "");
	prompt_init(&v->prompt, from->options->text, from->options->history);
	buf_init(&v->note, 512);
	update_note(v);
	return v;
}

static void
tell(struct prompt_view *v, const char *text)
{
	if (v->told)
		return;
	v->told = true;
	if (text && v->prompt.history)
		prompt_remember(v->prompt.history, text);
	app_close(v->app, v);
	v->events->done(v->ctx, text);
}

static void
prompt_view_close(void *state)
{
	struct prompt_view *v = state;

	tell(v, NULL);
	prompt_clear(&v->prompt);
	buf_clear(&v->note);
	free(v->label);
	free(v);
}

static void
changed(struct prompt_view *v)
{
	update_note(v);
	if (v->events->changed)
		v->events->changed(v->ctx, prompt_text(&v->prompt));
}

static void
complete(struct prompt_view *v)
{
	struct buf line;

	if (!v->events->complete)
		return;
	buf_init(&line, PROMPT_MAX);
	if (v->events->complete(v->ctx, prompt_text(&v->prompt), &line)) {
		prompt_set(&v->prompt, line.data);
		changed(v);
	}
	buf_clear(&line);
}

/* Takes every key: no command is run from inside a line. */
static bool
prompt_view_key(void *state, struct key key)
{
	struct prompt_view *v = state;

	if (key.code == KEY_TAB && key.mods == 0) {
		complete(v);
		return true;
	}
	switch (prompt_key(&v->prompt, key)) {
	case PROMPT_IGNORED:
	case PROMPT_TAKEN:
		break;
	case PROMPT_CHANGED:
		changed(v);
		break;
	case PROMPT_DONE:
		if (!v->wrong) {
			char *text = xstrdup(prompt_text(&v->prompt));
			tell(v, text);
			free(text);
		}
		break;
	case PROMPT_CANCELLED:
		tell(v, NULL);
		break;
	}
	return true;
}

static void
prompt_view_paste(void *state, const char *bytes, size_t len)
{
	struct prompt_view *v = state;

	if (prompt_paste(&v->prompt, bytes, len))
		changed(v);
}

static void
prompt_view_draw(const void *state, struct canvas *c)
{
	const struct prompt_view *v = state;
	int cols = c->area.cols, row = c->area.rows - 2;
	struct canvas line = canvas_sub(c, row, 0, 1, cols);
	int note = text_width(v->note.data);
	int col;

	canvas_fill(&line, ROLE_INPUT);
	col = canvas_text(&line, 0, 1, ROLE_HINT_KEY, v->label) + 1;

	int room = cols - col - 1;

	if (note > 0 && room - note - 2 >= 12) {
		room -= note + 2;
		canvas_text(&line, 0, col + room + 2, v->wrong ? ROLE_CRIT : ROLE_DIM,
		    v->note.data);
	}
	prompt_draw(&v->prompt, &line, 0, col, MAX(room, 1), ROLE_INPUT, true);

	struct canvas foot = canvas_sub(c, row + 1, 0, 1, cols);

	canvas_fill(&foot, ROLE_HINT);
	canvas_text(&foot, 0, 1, ROLE_HINT,
	    v->events->complete ? "Enter done  Tab complete  Esc cancel"
				: "Enter done  Esc cancel");
}

static const struct view_type prompt_view = {
	.name = "prompt",
	.kind = VIEW_OVERLAY,
	.keys = KEYMAP_GLOBAL,
	.open = prompt_view_open,
	.close = prompt_view_close,
	.draw = prompt_view_draw,
	.key = prompt_view_key,
	.paste = prompt_view_paste,
};

void
prompt_open(struct app *app, const struct prompt_options *options,
    const struct prompt_events *events, void *ctx)
{
	struct prompt_arg arg = { options, events, ctx };

	app_push(app, &prompt_view, &arg);
}
