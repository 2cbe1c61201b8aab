/* palette - commands and sandboxes by name, with the key beside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/app_internal.h"
#include "tui/fuzzy.h"
#include "tui/keylist.h"
#include "tui/prompt.h"
#include "tui/widgets.h"

/*
 * Commands and sandboxes by some letters of their names. `>` in front means commands
 * only, `@` sandboxes only. A line that begins with a command's name and goes on is run
 * as it stands. What a command acts on was captured when the palette opened.
 */
enum {
	ITEMS_MAX = 200,
	RECENT_BONUS = 40, /* the newest; older ones less */
	RECENT_STEP = 4,
	LINE_MAX_BYTES = 512,
	KEY_COLS = 7,
	SECTION_COLS = 10,
	PREVIEW_ROWS = 4,
};

enum item_kind { ITEM_LINE, ITEM_COMMAND, ITEM_SANDBOX };

struct item {
	enum item_kind kind;
	int score;
	int command;   /* ITEM_COMMAND */
	char id[64];   /* ITEM_SANDBOX */
	uint64_t mask; /* letters that were meant, of the name */
};

struct palette {
	struct app *app; /* borrowed */
	struct prompt line;
	char *target; /* owned */
	struct item items[ITEMS_MAX];
	int count, cursor, top;
};

static const struct model *
model_of(const struct palette *p)
{
	return app_fleet(p->app) ? fleet_model(app_fleet(p->app)) : NULL;
}

/* ---- collecting */

/* Kept sorted, best first; equals in the order they came. */
static void
add_item(struct palette *p, const struct item *item)
{
	int at = p->count;

	if (p->count == ITEMS_MAX && p->items[ITEMS_MAX - 1].score >= item->score)
		return;
	if (p->count == ITEMS_MAX)
		at--;
	else
		p->count++;
	for (; at > 0 && p->items[at - 1].score < item->score; at--)
		p->items[at] = p->items[at - 1];
	p->items[at] = *item;
}

static int
recent_bonus(const struct palette *p, const char *name)
{
	const struct strlist *history = &p->app->palette_history;

	for (size_t age = 0; age < history->count && age * RECENT_STEP < RECENT_BONUS;
	     age++)
		if (str_eq(history->items[history->count - 1 - age], name))
			return RECENT_BONUS - (int)age * RECENT_STEP;
	return 0;
}

static void
add_commands(struct palette *p, const char *wanted)
{
	for (int i = 0; i < COMMAND_COUNT; i++) {
		const struct command *c = &commands[i];
		struct item item = { .kind = ITEM_COMMAND, .command = i };

		if (!(c->flags & COMMAND_SCREEN) || c->flags & COMMAND_HIDDEN ||
		    i == CMD_PALETTE)
			continue;

		int by_name = fuzzy_score(wanted, c->name, &item.mask);
		bool by_summary = fuzzy_contains(wanted, c->summary);

		if (by_name < 0 && !by_summary)
			continue;
		if (by_name < 0)
			item.mask = 0;
		item.score = MAX(by_name, 0) + recent_bonus(p, c->name);
		add_item(p, &item);
	}
}

static void
add_sandboxes(struct palette *p, const char *wanted)
{
	const struct model *m = model_of(p);

	for (size_t i = 0; m && i < m->count; i++) {
		const struct sandbox *s = m->items[i];
		struct item item = { .kind = ITEM_SANDBOX };
		int by_name = fuzzy_score(wanted, sandbox_label(s), &item.mask);
		int by_id = str_has_prefix(s->id, wanted) ? 20 : -1;

		if (by_name < 0)
			item.mask = 0;
		/* Below a command that fits as well. */
		item.score = MAX(by_name, by_id) - 1;
		if (MAX(by_name, by_id) < 0 || !str_copy(item.id, sizeof item.id, s->id))
			continue;
		add_item(p, &item);
	}
}

/* "shell -u root ID": a command with words behind it. */
static bool
is_command_line(const char *text)
{
	char word[64];
	size_t len = strcspn(text, " ");
	const struct command *c;

	if (!text[len] || len >= sizeof word)
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	c = command_find(word);
	return c && c->flags & COMMAND_SCREEN;
}

static void
collect(struct palette *p)
{
	const char *wanted = prompt_text(&p->line);
	char mode = *wanted == '>' || *wanted == '@' ? *wanted : 0;

	p->count = p->cursor = p->top = 0;
	wanted += mode ? 1 : 0;
	wanted += strspn(wanted, " ");
	if (mode != '@' && is_command_line(wanted)) {
		add_item(p, &(struct item){ .kind = ITEM_LINE, .score = INT32_MAX });
		return;
	}
	if (mode != '@')
		add_commands(p, wanted);
	if (mode == '@' || *wanted)
		add_sandboxes(p, wanted);
}

static const char *
line_to_run(const struct palette *p)
{
	const char *line = prompt_text(&p->line);

	line += *line == '>' ? 1 : 0;
	return line + strspn(line, " ");
}

/* ---- keys */

static void
run_item(struct palette *p)
{
	const struct item *item = &p->items[p->cursor];

	if (p->count == 0)
		return;
	app_close(p->app, p);
	switch (item->kind) {
	case ITEM_LINE:
		app_run_on(p->app, line_to_run(p), p->target);
		break;
	case ITEM_COMMAND:
		prompt_remember(&p->app->palette_history, commands[item->command].name);
		app_run_on(p->app, commands[item->command].name, p->target);
		break;
	case ITEM_SANDBOX:
		app_run_on(p->app, commands[CMD_OPEN].name, item->id);
		break;
	}
}

static void
complete(struct palette *p)
{
	char *text;

	if (p->count == 0 || p->items[p->cursor].kind == ITEM_LINE)
		return;
	if (p->items[p->cursor].kind == ITEM_COMMAND)
		text = xasprintf("%s ", commands[p->items[p->cursor].command].name);
	else
		text = xasprintf("@%s", p->items[p->cursor].id);
	prompt_set(&p->line, text);
	free(text);
	collect(p);
}

static bool
is_control(struct key key, char letter)
{
	return key.mods == KEY_MOD_CTRL && key.code == (uint32_t)letter;
}

static bool
move_key(struct palette *p, struct key key)
{
	int by = 0;

	if (key.code == KEY_DOWN || is_control(key, 'n'))
		by = 1;
	else if (key.code == KEY_UP || is_control(key, 'p'))
		by = -1;
	else if (key.code == KEY_PAGE_DOWN)
		by = 10;
	else if (key.code == KEY_PAGE_UP)
		by = -10;
	else
		return false;
	p->cursor = CLAMP(p->cursor + by, 0, MAX(p->count - 1, 0));
	return true;
}

static bool
palette_key(void *state, struct key key)
{
	struct palette *p = state;

	if (key.code == KEY_MOUSE || move_key(p, key))
		return true;
	if (key.code == KEY_TAB) {
		complete(p);
		return true;
	}
	switch (prompt_key(&p->line, key)) {
	case PROMPT_IGNORED:
	case PROMPT_TAKEN:
		break;
	case PROMPT_CHANGED:
		collect(p);
		break;
	case PROMPT_DONE:
		run_item(p);
		break;
	case PROMPT_CANCELLED:
		app_close(p->app, p);
		break;
	}
	return true;
}

static void
palette_paste(void *state, const char *bytes, size_t len)
{
	struct palette *p = state;

	if (prompt_paste(&p->line, bytes, len))
		collect(p);
}

/* ---- life */

static void *
palette_open(struct app *app, const void *arg)
{
	struct palette *p = xcalloc(1, sizeof *p);

	(void)arg;
	p->app = app;
	p->target = xstrdup(app_target(app));
	prompt_init(&p->line, "", NULL);
	collect(p);
	return p;
}

static void
palette_close(void *state)
{
	struct palette *p = state;

	prompt_clear(&p->line);
	free(p->target);
	free(p);
}

/* ---- drawing */

struct palette_shape {
	int rows, cols, list;
	bool preview;
};

static struct palette_shape
shape_of(int rows, int cols)
{
	struct palette_shape s = { .rows = 14, .cols = 70 };

	if (cols >= 200 && rows >= 50)
		s = (struct palette_shape){ .rows = 28, .cols = 110, .preview = true };
	else if (cols >= 120 && rows >= 40)
		s = (struct palette_shape){ .rows = 20, .cols = 90, .preview = true };
	s.rows = MIN(s.rows, rows - 2);
	s.cols = MIN(s.cols, cols - 2);
	s.list = s.rows - 4 - (s.preview ? PREVIEW_ROWS : 0);
	return s;
}

static void
palette_layout(void *state, int rows, int cols)
{
	struct palette *p = state;
	struct palette_shape s = shape_of(rows, cols);

	p->top = list_scroll(p->top, p->cursor, p->count, s.list);
}

static void
draw_match(struct canvas *c, int row, int col, int width, const char *text, uint64_t mask)
{
	canvas_field(c, row, col, width, false, ROLE_TEXT, text);
	for (int i = 0, at = col; text[i] && i < 64 && at < col + width; i++) {
		/* One byte, one column, as long as the text is ASCII. */
		if ((unsigned char)text[i] >= 0x80)
			break;
		if (mask >> i & 1)
			canvas_role(c, row, at, 1, ROLE_MATCH);
		at++;
	}
}

/* The sandbox that a command would act on, as a person calls it. */
static const char *
target_label(const struct palette *p)
{
	const struct model *m = model_of(p);
	const struct sandbox *s = m && *p->target ? model_find(m, p->target) : NULL;

	return s ? sandbox_label(s) : "";
}

static bool
find_key(const struct palette *p, int command, char *out, size_t size)
{
	const struct keymap *k = app_keymap(p->app);

	return keymap_key_of(k, app_context(p->app), command, out, size) ||
	       keymap_key_of(k, KEYMAP_PREFIX, command, out, size);
}

/* Where what commands do begins: behind the longest name that is usual here. */
static int
summary_col(const struct palette *p, int room)
{
	enum { VERB_COLS = 8, LEAST_COLS = 18 };
	int wanted = VERB_COLS + text_width(target_label(p));

	return 2 + CLAMP(wanted, LEAST_COLS, MAX(room / 2, LEAST_COLS));
}

static void
draw_command(const struct palette *p, const struct item *item, struct canvas *c, int row)
{
	const struct command *command = &commands[item->command];
	int right = KEY_COLS + (c->area.cols >= 60 ? SECTION_COLS : 0);
	int room = c->area.cols - 3 - right, col = 2, behind = summary_col(p, room);
	char key[24] = "";

	find_key(p, item->command, key, sizeof key);
	draw_match(
	    c, row, col, MIN(text_width(command->name), room), command->name, item->mask);
	col += text_width(command->name) + 1;
	if (command->flags & COMMAND_TARGET && *target_label(p))
		canvas_field(
		    c, row, col, behind - 1 - col, false, ROLE_ACCENT, target_label(p));
	col = MAX(col, behind);
	canvas_field(c, row, col, 2 + room - col, false, ROLE_DIM, command->summary);
	if (c->area.cols >= 60)
		canvas_field(c, row, c->area.cols - right, SECTION_COLS - 1, true,
		    ROLE_DIM, keylist_section_title(command->section));
	canvas_field(
	    c, row, c->area.cols - KEY_COLS, KEY_COLS - 1, true, ROLE_HINT_KEY, key);
}

static void
draw_sandbox(const struct palette *p, const struct item *item, struct canvas *c, int row)
{
	const struct model *m = model_of(p);
	const struct sandbox *s = m ? model_find(m, item->id) : NULL;
	int width = MIN(24, c->area.cols / 3), col = 4;

	canvas_text(c, row, 2, ROLE_HINT_KEY, "@");
	if (!s) {
		canvas_textf(c, row, col, ROLE_DIM, "%s  gone", item->id);
		return;
	}
	draw_match(c, row, col, width, sandbox_label(s), item->mask);
	col =
	    canvas_text(c, row, col + width + 1, ROLE_DIM, sandbox_state_short(s->state));
	canvas_textf(c, row, MAX(col, width + 12) + 1, ROLE_DIM, "%s",
	    s->template_name ? s->template_name
	    : s->template_id ? s->template_id
			     : "");
}

static void
draw_item(const struct palette *p, int i, struct canvas *c, int row)
{
	const struct item *item = &p->items[i];
	bool here = i == p->cursor;

	canvas_text(c, row, 0, ROLE_MARK, here ? c->glyphs->cursor : " ");
	switch (item->kind) {
	case ITEM_LINE:
		canvas_textf(c, row, 2, ROLE_TEXT, "run: %s", line_to_run(p));
		break;
	case ITEM_COMMAND:
		draw_command(p, item, c, row);
		break;
	case ITEM_SANDBOX:
		draw_sandbox(p, item, c, row);
		break;
	}
	if (here)
		canvas_role(c, row, 0, c->area.cols, ROLE_CURSOR);
}

static void
preview_command(const struct palette *p, const struct command *c, struct canvas *out)
{
	const char *target = c->flags & COMMAND_TARGET ? target_label(p) : "";

	canvas_textf(
	    out, 0, 1, ROLE_TEXT, "%s%s%s", c->summary, *target ? ": " : "", target);
	if (c->flags & COMMAND_TARGET && !*target)
		canvas_text(out, 1, 1, ROLE_WARN, "no sandbox is selected");
	else if (c->flags & COMMAND_CONFIRM)
		canvas_text(out, 1, 1, ROLE_DIM, "asks before anything happens");
	if (c->flags & COMMAND_CLI)
		canvas_textf(out, 2, 1, ROLE_DIM, "same as: sandtop %s %s", c->name,
		    c->flags & COMMAND_TARGET && *p->target ? p->target : c->args);
}

static void
preview_sandbox(const struct palette *p, const char *id, struct canvas *out)
{
	const struct model *m = model_of(p);
	const struct sandbox *s = m ? model_find(m, id) : NULL;

	if (!s)
		return;
	canvas_textf(out, 0, 1, ROLE_TEXT, "%s  %s", sandbox_label(s), s->id);
	canvas_textf(out, 1, 1, ROLE_DIM, "%s", sandbox_state_name(s->state));
	for (size_t i = 0, col = 1; i < s->metadata.count; i++)
		col = (size_t)canvas_textf(out, 2, (int)col, ROLE_DIM, "%s=%s  ",
		    s->metadata.items[i].key, s->metadata.items[i].value);
}

static void
draw_preview(const struct palette *p, struct canvas *out)
{
	const struct item *item = &p->items[p->cursor];

	canvas_hline(out, 0, ROLE_FRAME);

	struct canvas body = canvas_sub(out, 1, 0, PREVIEW_ROWS - 1, out->area.cols);

	if (p->count == 0)
		return;
	if (item->kind == ITEM_COMMAND)
		preview_command(p, &commands[item->command], &body);
	else if (item->kind == ITEM_SANDBOX)
		preview_sandbox(p, item->id, &body);
}

static void
palette_draw(const void *state, struct canvas *c)
{
	const struct palette *p = state;
	struct palette_shape s = shape_of(c->area.rows, c->area.cols);
	struct canvas in = widget_box(c, s.rows, s.cols, ROLE_FRAME_FOCUS,
	    "Command palette",
	    s.cols < 60 ? "Enter run  Esc close"
			: "Enter run  Tab complete  Esc close   > command  @ sandbox");
	struct canvas list = canvas_sub(&in, 2, 0, s.list, in.area.cols);

	canvas_text(&in, 0, 1, ROLE_HINT_KEY, ">");
	canvas_hline(&in, 1, ROLE_FRAME);
	for (int row = 0; row < s.list && p->top + row < p->count; row++)
		draw_item(p, p->top + row, &list, row);
	if (p->count == 0)
		canvas_text(&list, 0, 2, ROLE_DIM, "Nothing is called that.");
	if (s.preview) {
		struct canvas preview =
		    canvas_sub(&in, 2 + s.list, 0, PREVIEW_ROWS, in.area.cols);
		draw_preview(p, &preview);
	}
	prompt_draw(&p->line, &in, 0, 3, in.area.cols - 4, ROLE_INPUT, true);
}

const struct view_type palette_view = {
	.name = "palette",
	.kind = VIEW_OVERLAY,
	.keys = KEYMAP_GLOBAL,
	.open = palette_open,
	.close = palette_close,
	.layout = palette_layout,
	.draw = palette_draw,
	.key = palette_key,
	.paste = palette_paste,
};
