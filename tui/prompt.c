#include "tui/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* The cursor is a byte offset that always stands before a base character: combining
 * marks move and are deleted with what they belong to. */
enum { HISTORY_MAX = 100 };

void
prompt_init(struct prompt *p, const char *text, struct strlist *history)
{
	*p = (struct prompt){ .history = history };
	buf_init(&p->text, PROMPT_MAX);
	prompt_set(p, text ? text : "");
}

void
prompt_clear(struct prompt *p)
{
	buf_clear(&p->text);
	free(p->killed);
	free(p->draft);
	*p = (struct prompt){ 0 };
}

void
prompt_set(struct prompt *p, const char *text)
{
	buf_reset(&p->text);
	p->cursor = 0;
	prompt_paste(p, text, strlen(text));
	p->cursor = p->text.len;
}

const char *
prompt_text(const struct prompt *p)
{
	return p->text.data;
}

/* ---- moving over characters: a base and what combines with it */

static size_t
next_at(const struct prompt *p, size_t at)
{
	uint32_t scalar;

	if (at >= p->text.len)
		return p->text.len;
	at += utf8_decode(p->text.data + at, p->text.len - at, &scalar);
	while (at < p->text.len) {
		size_t used = utf8_decode(p->text.data + at, p->text.len - at, &scalar);
		if (scalar_width(scalar) != 0)
			break;
		at += used;
	}
	return at;
}

static size_t
previous_at(const struct prompt *p, size_t at)
{
	size_t from = 0;

	for (size_t next = 0; next < at; next = next_at(p, next))
		from = next;
	return from;
}

static size_t
word_start(const struct prompt *p, size_t at)
{
	while (at > 0 && p->text.data[at - 1] == ' ')
		at--;
	while (at > 0 && p->text.data[at - 1] != ' ')
		at--;
	return at;
}

static size_t
word_end(const struct prompt *p, size_t at)
{
	while (at < p->text.len && p->text.data[at] == ' ')
		at++;
	while (at < p->text.len && p->text.data[at] != ' ')
		at++;
	return at;
}

/* ---- changing */

/* Takes [from, to) out; `keep`: for ^Y. false: there was nothing. */
static bool
cut(struct prompt *p, size_t from, size_t to, bool keep)
{
	if (from >= to)
		return false;
	if (keep) {
		free(p->killed);
		p->killed = xstrndup(p->text.data + from, to - from);
	}

	char *tail = xstrdup(p->text.data + to);

	p->text.len = from;
	p->text.data[from] = '\0';
	buf_add_str(&p->text, tail);
	free(tail);
	p->cursor = from;
	return true;
}

static bool
insert(struct prompt *p, const char *bytes, size_t len)
{
	if (len == 0 || p->text.len + len >= PROMPT_MAX)
		return false;

	char *tail = xstrdup(p->text.data + p->cursor);

	p->text.len = p->cursor;
	buf_add(&p->text, bytes, len);
	p->cursor = p->text.len;
	buf_add_str(&p->text, tail);
	free(tail);
	return true;
}

bool
prompt_paste(struct prompt *p, const char *bytes, size_t len)
{
	struct buf clean;
	bool changed;

	buf_init(&clean, PROMPT_MAX);
	while (len > 0 && clean.len < PROMPT_MAX - 8) {
		uint32_t scalar;
		char utf8[4];
		size_t used = utf8_decode(bytes, len, &scalar);

		if (scalar == '\n' || scalar == '\r' || scalar == '\t')
			buf_add_char(&clean, ' ');
		else if (!scalar_is_unsafe(scalar))
			buf_add(&clean, utf8, utf8_encode(scalar, utf8));
		bytes += used;
		len -= used;
	}
	changed = insert(p, clean.data, clean.len);
	buf_clear(&clean);
	return changed;
}

/* ---- history */

static enum prompt_result
go_back(struct prompt *p, int by)
{
	size_t count = p->history ? p->history->count : 0;
	size_t back = p->back + (size_t)by;

	if ((by < 0 && p->back == 0) || back > count)
		return PROMPT_TAKEN;
	if (p->back == 0) {
		free(p->draft);
		p->draft = xstrdup(p->text.data);
	}
	p->back = back;
	prompt_set(p, back ? p->history->items[count - back] : p->draft);
	return PROMPT_CHANGED;
}

void
prompt_remember(struct strlist *history, const char *text)
{
	struct strlist kept = { 0 };

	if (!*text ||
	    (history->count && str_eq(history->items[history->count - 1], text)))
		return;
	strlist_add(history, text);
	if (history->count <= HISTORY_MAX)
		return;
	for (size_t i = history->count - HISTORY_MAX; i < history->count; i++)
		strlist_add(&kept, history->items[i]);
	strlist_clear(history);
	*history = kept;
}

/* ---- keys */

static enum prompt_result
moved(struct prompt *p, size_t to)
{
	p->cursor = to;
	return PROMPT_TAKEN;
}

static enum prompt_result
changed_if(bool changed)
{
	return changed ? PROMPT_CHANGED : PROMPT_TAKEN;
}

static enum prompt_result
control_key(struct prompt *p, uint32_t code)
{
	switch (code) {
	case 'a':
		return moved(p, 0);
	case 'e':
		return moved(p, p->text.len);
	case 'b':
		return moved(p, previous_at(p, p->cursor));
	case 'f':
		return moved(p, next_at(p, p->cursor));
	case 'u':
		return changed_if(cut(p, 0, p->cursor, true));
	case 'k':
		return changed_if(cut(p, p->cursor, p->text.len, true));
	case 'w':
		return changed_if(cut(p, word_start(p, p->cursor), p->cursor, true));
	case 'y':
		return changed_if(p->killed && insert(p, p->killed, strlen(p->killed)));
	case 'h':
		return changed_if(cut(p, previous_at(p, p->cursor), p->cursor, false));
	case 'd':
		return changed_if(cut(p, p->cursor, next_at(p, p->cursor), false));
	case 'c':
		return PROMPT_CANCELLED;
	default:
		return PROMPT_IGNORED;
	}
}

static enum prompt_result
alt_key(struct prompt *p, uint32_t code)
{
	switch (code) {
	case 'b':
		return moved(p, word_start(p, p->cursor));
	case 'f':
		return moved(p, word_end(p, p->cursor));
	case 'd':
		return changed_if(cut(p, p->cursor, word_end(p, p->cursor), true));
	case KEY_BACKSPACE:
		return changed_if(cut(p, word_start(p, p->cursor), p->cursor, true));
	default:
		return PROMPT_IGNORED;
	}
}

static enum prompt_result
named_key(struct prompt *p, uint32_t code)
{
	switch (code) {
	case KEY_ENTER:
		return PROMPT_DONE;
	case KEY_ESCAPE:
		return PROMPT_CANCELLED;
	case KEY_LEFT:
		return moved(p, previous_at(p, p->cursor));
	case KEY_RIGHT:
		return moved(p, next_at(p, p->cursor));
	case KEY_HOME:
		return moved(p, 0);
	case KEY_END:
		return moved(p, p->text.len);
	case KEY_BACKSPACE:
		return changed_if(cut(p, previous_at(p, p->cursor), p->cursor, false));
	case KEY_DELETE:
		return changed_if(cut(p, p->cursor, next_at(p, p->cursor), false));
	case KEY_UP:
		return p->history ? go_back(p, 1) : PROMPT_IGNORED;
	case KEY_DOWN:
		return p->history ? go_back(p, -1) : PROMPT_IGNORED;
	default:
		return PROMPT_IGNORED;
	}
}

enum prompt_result
prompt_key(struct prompt *p, struct key key)
{
	char utf8[4];

	if (key.code >= KEY_FIRST_NAMED && !(key.mods & KEY_MOD_ALT))
		return named_key(p, key.code);
	if (key.mods & KEY_MOD_ALT)
		return alt_key(p, key.code);
	if (key.mods & KEY_MOD_CTRL)
		return control_key(p, key.code);
	if (scalar_is_unsafe(key.code))
		return PROMPT_TAKEN;
	return changed_if(insert(p, utf8, utf8_encode(key.code, utf8)));
}

/* ---- drawing */

static int
columns_between(const struct prompt *p, size_t from, size_t to)
{
	char *part = xstrndup(p->text.data + from, to - from);
	int cols = 0;

	if (p->masked)
		for (size_t at = from; at < to; at = next_at(p, at))
			cols++;
	else
		cols = text_width(part);
	free(part);
	return cols;
}

static void
draw_masked(const struct prompt *p, struct canvas *c, size_t from, enum role role)
{
	int col = 0;

	for (size_t at = from; at < p->text.len; at = next_at(p, at))
		col = canvas_text(c, 0, col, role, c->glyphs->bullet);
}

void
prompt_draw(const struct prompt *p, struct canvas *c, int row, int col, int width,
    enum role role, bool focused)
{
	struct canvas line = canvas_sub(c, row, col, 1, width);
	size_t from = 0;

	canvas_fill(&line, role);
	/* One column is kept free for the cursor behind the end. */
	while (
	    from < p->cursor && columns_between(p, from, p->cursor) > MAX(width - 1, 0))
		from = next_at(p, from);
	if (p->masked)
		draw_masked(p, &line, from, role);
	else
		canvas_text(&line, 0, 0, role, p->text.data + from);
	if (focused)
		canvas_cursor(&line, 0,
		    MIN(columns_between(p, from, p->cursor), MAX(width - 1, 0)));
}
