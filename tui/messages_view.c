/* messages_view - everything that was said, with times. */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "tui/app_internal.h"
#include "tui/widgets.h"

#include <stdlib.h>

/* Everything that was said, newest first. The cursor stays on its message while others
 * come in above it. */
struct message_list {
	struct app *app; /* borrowed */
	int cursor, top, rows;
	uint64_t serial; /* of the messages when the cursor was placed */
};

static void *
messages_open(struct app *app, const void *arg)
{
	struct message_list *l = xcalloc(1, sizeof *l);

	(void)arg;
	l->app = app;
	l->serial = app_messages(app)->serial;
	return l;
}

static void
messages_close(void *state)
{
	free(state);
}

static void
messages_shown(void *state, bool shown)
{
	struct message_list *l = state;

	(void)shown;
	l->app->seen_serial = app_messages(l->app)->serial;
}

static void
messages_layout(void *state, int rows, int cols)
{
	struct message_list *l = state;
	const struct messages *m = app_messages(l->app);
	int came = (int)(m->serial - l->serial);

	if (l->cursor > 0)
		l->cursor += came;
	l->serial = l->app->seen_serial = m->serial;
	l->rows = app_body(l->app, rows, cols).rows;
	l->cursor = CLAMP(l->cursor, 0, MAX((int)m->count - 1, 0));
	l->top = list_scroll(l->top, l->cursor, (int)m->count, l->rows);
}

static void
draw_one(struct canvas *c, int row, const struct message *m, bool here)
{
	static const struct {
		const char *sign;
		enum role role;
	} looks[] = {
		[MESSAGE_INFO] = { "i", ROLE_TEXT },
		[MESSAGE_WARNING] = { "!", ROLE_WARN },
		[MESSAGE_ERROR] = { "!!", ROLE_CRIT },
	};
	char time[16], times[24] = "";
	int cols = c->area.cols, col;

	clock_format_hms(m->time_ms, time, sizeof time);
	if (m->count > 1)
		snprintf(times, sizeof times, " (%d times)", m->count);
	canvas_text(c, row, 0, ROLE_MARK, here ? c->glyphs->cursor : " ");
	canvas_text(c, row, 2, ROLE_DIM, time);
	canvas_text(c, row, 11, looks[m->kind].role, looks[m->kind].sign);
	col = MIN(14 + text_width(m->text), MAX(cols - text_width(times), 14));
	canvas_field(c, row, 14, col - 14, false, looks[m->kind].role, m->text);
	canvas_text(c, row, col, ROLE_DIM, times);
	if (!here)
		return;
	canvas_role(c, row, 0, cols, ROLE_CURSOR);
	canvas_cursor(c, row, 0);
}

static void
messages_draw(const void *state, struct canvas *c)
{
	const struct message_list *l = state;
	const struct messages *m = app_messages(l->app);
	char count[32];

	snprintf(
	    count, sizeof count, "%zu message%s", m->count, m->count == 1 ? "" : "s");

	struct canvas body = app_chrome(l->app, c, KEYMAP_MESSAGES, "Messages", count);

	if (m->count == 0)
		canvas_text(&body, 1, 2, ROLE_DIM, "Nothing has been said yet.");
	for (int row = 0; row < body.area.rows; row++) {
		const struct message *one = messages_at(m, (size_t)(l->top + row));
		if (one)
			draw_one(&body, row, one, l->top + row == l->cursor);
	}
}

static bool
messages_command(void *state, const struct command_call *call)
{
	struct message_list *l = state;
	int half = MAX(l->rows / 2, 1), page = MAX(l->rows - 1, 1);

	switch (call->command->id) {
	case CMD_DOWN:
		l->cursor++;
		return true;
	case CMD_UP:
		l->cursor--;
		return true;
	case CMD_FIRST:
		l->cursor = 0;
		return true;
	case CMD_LAST:
		l->cursor = MESSAGES_MAX;
		return true;
	case CMD_PAGE_DOWN:
		l->cursor += page;
		return true;
	case CMD_PAGE_UP:
		l->cursor -= page;
		return true;
	case CMD_HALF_DOWN:
		l->cursor += half;
		return true;
	case CMD_HALF_UP:
		l->cursor -= half;
		return true;
	default:
		return false;
	}
}

const struct view_type messages_view = {
	.name = "messages",
	.kind = VIEW_FULL,
	.keys = KEYMAP_MESSAGES,
	.open = messages_open,
	.close = messages_close,
	.layout = messages_layout,
	.draw = messages_draw,
	.command = messages_command,
	.shown = messages_shown,
};
