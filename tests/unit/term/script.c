#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/text.h"
#include "term/pane.h"

enum { FILE_MAX = 1 << 20, DEFAULT_ROWS = 5, DEFAULT_COLS = 20, COLS_MAX = 1000 };

struct player {
	struct pane *pane; /* owned */
	struct buf written, clipboard;
	char *title; /* owned */
	int bells, changes;
	bool key_known;
	const char *name; /* borrowed */
	int line;
};

/* ---- reporting */

static void complain(const struct player *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
complain(const struct player *p, const char *fmt, ...)
{
	va_list ap;
	char *screen = p->pane ? pane_text(p->pane, 0, pane_rows(p->pane) - 1) : NULL;

	fprintf(stderr, "%s, line %d: ", p->name, p->line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n--- screen\n%s\n---\n", screen ? screen : "");
	free(screen);
	fail();
}

static char *
show_bytes(const char *bytes, size_t len)
{
	struct buf out;

	buf_init(&out, FILE_MAX);
	text_clean(&out, bytes, len);
	return buf_take(&out);
}

static void
expect_bytes(const struct player *p, const char *what, const struct buf *got,
    const struct buf *want)
{
	if (got->len == want->len && memcmp(got->data, want->data, got->len) == 0)
		return;

	char *g = show_bytes(got->data, got->len), *w = show_bytes(want->data, want->len);

	complain(p, "%s: got \"%s\", expected \"%s\"", what, g, w);
}

static void
expect_text(const struct player *p, const char *what, const char *got, const char *want)
{
	if (!str_eq(got, want))
		complain(p, "%s: got \"%s\", expected \"%s\"", what, got ? got : "(none)",
		    want);
}

static void
expect_int(const struct player *p, const char *what, int got, int64_t want)
{
	if (got != want)
		complain(p, "%s: got %d, expected %d", what, got, (int)want);
}

/* ---- words of a line: *at goes past what is taken */

static void
skip_blanks(char **at)
{
	*at += strspn(*at, " \t");
}

static char *
take_word(char **at)
{
	skip_blanks(at);

	char *word = *at;
	size_t len = strcspn(word, " \t");

	*at += len;
	if (**at)
		*(*at)++ = '\0';
	return word;
}

static int
take_int(struct player *p, char **at)
{
	int64_t value = 0;
	const char *word = take_word(at);

	if (!parse_int(word, INT16_MIN, INT32_MAX, &value))
		complain(p, "not a number: %s", word);
	return (int)value;
}

/* "3,4" */
static struct pos
take_pair(struct player *p, char **at)
{
	char *word = take_word(at), *comma = strchr(word, ',');
	int64_t first = 0, second = 0;

	if (comma)
		*comma = '\0';
	if (!comma || !parse_int(word, INT16_MIN, INT32_MAX, &first) ||
	    !parse_int(comma + 1, INT16_MIN, INT32_MAX, &second))
		complain(p, "not a pair of numbers: %s", word);
	return (struct pos){ (int)first, (int)second };
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : 0;
}

static char
unescape(const char **at)
{
	static const char letters[] = "ea0btnvfr\"\\";
	static const char values[] = "\033\a\0\b\t\n\v\f\r\"\\";
	char c = *(*at)++;

	if (c == 'x' && (*at)[0] && (*at)[1]) {
		*at += 2;
		return (char)(hex_value((*at)[-2]) << 4 | hex_value((*at)[-1]));
	}

	const char *found = c ? strchr(letters, c) : NULL;

	return found ? values[found - letters] : c;
}

/* Caller clears. */
static struct buf
take_string(struct player *p, char **at)
{
	struct buf out;
	const char *s;

	buf_init(&out, FILE_MAX);
	skip_blanks(at);
	if (**at != '"')
		complain(p, "a string was expected: %s", *at);
	for (s = *at + 1; *s && *s != '"';) {
		char c = *s++;

		buf_add_char(&out, c == '\\' ? unescape(&s) : c);
	}
	*at += s - *at + (*s == '"');
	return out;
}

static void
take_equals(struct player *p, char **at)
{
	if (!str_eq(take_word(at), "="))
		complain(p, "'=' was expected");
}

/* ---- the pane */

static void
on_write(void *ctx, const char *bytes, size_t len)
{
	struct player *p = ctx;

	buf_add(&p->written, bytes, len);
}

static void
on_changed(void *ctx)
{
	struct player *p = ctx;

	p->changes++;
}

static void
on_title(void *ctx, const char *title)
{
	struct player *p = ctx;

	free(p->title);
	p->title = xstrdup(title);
}

static void
on_bell(void *ctx)
{
	struct player *p = ctx;

	p->bells++;
}

static void
on_clipboard(void *ctx, const char *bytes, size_t len)
{
	struct player *p = ctx;

	buf_reset(&p->clipboard);
	buf_add(&p->clipboard, bytes, len);
}

static const struct pane_events events = {
	.write = on_write,
	.changed = on_changed,
	.title = on_title,
	.bell = on_bell,
	.clipboard = on_clipboard,
};

static void
open_pane(struct player *p, struct pane_options options)
{
	options.fg = 0x102030;
	options.bg = 0xfffefd;
	pane_free(p->pane);
	p->pane = pane_new(&options, &events, p);
}

/* ---- commands */

static void
do_size(struct player *p, char *rest)
{
	struct pos size = take_pair(p, &rest);
	struct pane_options options = { .rows = size.row, .cols = size.col };

	if (str_eq(take_word(&rest), "scrollback")) {
		struct pos limits = take_pair(p, &rest);

		options.scrollback_lines = limits.row;
		options.scrollback_bytes = (size_t)limits.col;
	}
	open_pane(p, options);
}

static void
do_push(struct player *p, char *rest)
{
	int times = 1, changes = p->changes;

	skip_blanks(&rest);
	if (*rest != '"')
		times = take_int(p, &rest);

	struct buf bytes = take_string(p, &rest);

	for (int i = 0; i < times; i++)
		pane_feed(p->pane, bytes.data, bytes.len);
	if (p->changes > changes + times)
		complain(p, "changed was reported more than once per call");
	buf_clear(&bytes);
}

static void
do_resize(struct player *p, char *rest)
{
	struct pos size = take_pair(p, &rest);

	pane_resize(p->pane, size.row, size.col);
}

static void
do_key(struct player *p, char *rest)
{
	struct key key;
	const char *name = take_word(&rest);

	if (!key_parse(name, &key))
		complain(p, "unknown key %s", name);
	p->key_known = pane_key(p->pane, key);
}

static void
do_mouse(struct player *p, char *rest)
{
	static const char *const kinds[] = { "press", "release", "move", "wheelup",
		"wheeldown" };
	const char *kind = take_word(&rest);
	struct key key = { .code = KEY_MOUSE };
	size_t i = 0;

	while (i < ARRAY_LEN(kinds) && !str_eq(kind, kinds[i]))
		i++;
	key.mouse.kind = (enum mouse_kind)i;
	if (i <= MOUSE_MOVE)
		key.mouse.button = take_int(p, &rest);

	struct pos at = take_pair(p, &rest);

	key.mouse.row = at.row;
	key.mouse.col = at.col;
	for (const char *mod = take_word(&rest); *mod; mod = take_word(&rest))
		key.mods |= str_eq(mod, "ctrl")	 ? KEY_MOD_CTRL
			    : str_eq(mod, "alt") ? KEY_MOD_ALT
						 : KEY_MOD_SHIFT;
	p->key_known = pane_key(p->pane, key);
}

static void
do_ignored(struct player *p, char *rest UNUSED)
{
	if (p->key_known)
		complain(p, "the key was taken");
}

static void
do_paste(struct player *p, char *rest)
{
	struct buf bytes = take_string(p, &rest);

	pane_paste(p->pane, bytes.data, bytes.len);
	buf_clear(&bytes);
}

static void
do_note(struct player *p, char *rest)
{
	struct buf bytes = take_string(p, &rest);

	pane_note(p->pane, bytes.data);
	buf_clear(&bytes);
}

static void
do_focus(struct player *p, char *rest)
{
	pane_focus(p->pane, str_eq(take_word(&rest), "in"));
}

static void
do_reset(struct player *p, char *rest UNUSED)
{
	pane_reset(p->pane);
}

static void
do_scroll(struct player *p, char *rest)
{
	pane_scroll_view(p->pane, take_int(p, &rest));
}

static void
do_live(struct player *p, char *rest UNUSED)
{
	pane_view_live(p->pane);
}

static void
do_written(struct player *p, char *rest)
{
	struct buf want = take_string(p, &rest);

	expect_bytes(p, "written", &p->written, &want);
	buf_reset(&p->written);
	buf_clear(&want);
}

/* ---- questions */

static void
ask_row(struct player *p, char *rest)
{
	int row = take_int(p, &rest);

	take_equals(p, &rest);

	struct buf want = take_string(p, &rest);
	struct cell cell;
	char *got = NULL;

	if (row < -pane_scrollback(p->pane) || !pane_row(p->pane, row, &cell, 1))
		complain(p, "there is no row %d", row);
	got = pane_text(p->pane, row, row);
	expect_text(p, "row", got, want.data);
	free(got);
	buf_clear(&want);
}

static void
ask_text(struct player *p, char *rest)
{
	char *range = take_word(&rest), *dots = strstr(range, "..");
	int64_t first = 0, last = 0;

	if (dots)
		*dots = '\0';
	if (!dots || !parse_int(range, INT16_MIN, INT16_MAX, &first) ||
	    !parse_int(dots + 2, INT16_MIN, INT16_MAX, &last))
		complain(p, "not a range: %s", range);
	take_equals(p, &rest);

	struct buf want = take_string(p, &rest);
	char *got = pane_text(p->pane, (int)first, (int)last);

	expect_text(p, "text", got, want.data);
	free(got);
	buf_clear(&want);
}

static void
ask_cursor(struct player *p, char *rest)
{
	static const char *const shapes[] = { "", "block", "underline", "bar" };
	struct pane_cursor c = pane_cursor(p->pane);

	take_equals(p, &rest);

	struct pos want = take_pair(p, &rest);

	if (c.row != want.row || c.col != want.col)
		complain(p, "cursor: got %d,%d, expected %d,%d", c.row, c.col, want.row,
		    want.col);
	for (const char *word = take_word(&rest); *word; word = take_word(&rest)) {
		bool ok = str_eq(word, "hidden")    ? !c.visible
			  : str_eq(word, "visible") ? c.visible
			  : str_eq(word, "blink")   ? c.blink
			  : str_eq(word, "noblink") ? !c.blink
						    : str_eq(word, shapes[c.shape]);
		if (!ok)
			complain(p, "the cursor is not %s", word);
	}
}

static uint32_t
colour_of(struct player *p, const char *text)
{
	int64_t index = 0;
	unsigned long rgb;

	if (*text == '#') {
		rgb = strtoul(text + 1, NULL, 16);
		return COLOR_RGB(rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255);
	}
	if (!parse_int(text, 0, 255, &index))
		complain(p, "not a colour: %s", text);
	return COLOR_INDEXED(index);
}

static const struct {
	const char *name;
	int attr;
} attrs[] = {
	{ "bold", ATTR_BOLD },
	{ "dim", ATTR_DIM },
	{ "italic", ATTR_ITALIC },
	{ "underline", ATTR_UNDERLINE },
	{ "blink", ATTR_BLINK },
	{ "reverse", ATTR_REVERSE },
	{ "conceal", ATTR_CONCEAL },
	{ "strike", ATTR_STRIKE },
};

static void
describe_wanted(struct player *p, struct cell *want, const char *word)
{
	if (str_has_prefix(word, "fg=")) {
		want->fg = colour_of(p, word + 3);
		return;
	}
	if (str_has_prefix(word, "bg=")) {
		want->bg = colour_of(p, word + 3);
		return;
	}
	if (str_eq(word, "wide") || str_eq(word, "tail")) {
		want->width = *word == 'w' ? 2 : 0;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		if (!str_eq(word, attrs[i].name))
			continue;
		want->attrs |= (uint16_t)attrs[i].attr;
		return;
	}
	complain(p, "unknown word %s", word);
}

static char *
cell_text(struct cell cell)
{
	uint32_t scalars[6];
	char bytes[4];
	struct buf out;
	int count = cell_scalars(cell.ch, scalars);

	buf_init(&out, 64);
	for (int i = 0; i < count; i++)
		buf_add(&out, bytes, utf8_encode(scalars[i], bytes));
	return buf_take(&out);
}

static void
ask_cell(struct player *p, char *rest)
{
	static struct cell cells[COLS_MAX];
	struct pos at = take_pair(p, &rest);
	struct cell want = { .width = 1 };

	take_equals(p, &rest);

	struct buf text = take_string(p, &rest);

	for (const char *word = take_word(&rest); *word; word = take_word(&rest))
		describe_wanted(p, &want, word);
	if (!pane_row(p->pane, at.row, cells, COLS_MAX))
		complain(p, "there is no row %d", at.row);

	struct cell got = cells[at.col];
	char *got_text = cell_text(got);

	expect_text(p, "cell", got_text, text.data);
	if (got.fg != want.fg || got.bg != want.bg)
		complain(p, "colours: got fg %08x bg %08x, expected %08x %08x", got.fg,
		    got.bg, want.fg, want.bg);
	if (got.attrs != want.attrs || got.width != want.width)
		complain(p, "got attributes %02x width %d, expected %02x %d", got.attrs,
		    got.width, want.attrs, want.width);
	free(got_text);
	buf_clear(&text);
}

static void
ask_number(struct player *p, const char *what, int got, char *rest)
{
	take_equals(p, &rest);
	expect_int(p, what, got, take_int(p, &rest));
}

static void
ask_scrollback(struct player *p, char *rest)
{
	ask_number(p, "scrollback", pane_scrollback(p->pane), rest);
}

static void
ask_view(struct player *p, char *rest)
{
	ask_number(p, "view", pane_view_offset(p->pane), rest);
}

static void
ask_bells(struct player *p, char *rest)
{
	ask_number(p, "bells", p->bells, rest);
}

static void
ask_size(struct player *p, char *rest)
{
	take_equals(p, &rest);

	struct pos want = take_pair(p, &rest);

	expect_int(p, "rows", pane_rows(p->pane), want.row);
	expect_int(p, "columns", pane_cols(p->pane), want.col);
}

static void
ask_title(struct player *p, char *rest)
{
	take_equals(p, &rest);

	struct buf want = take_string(p, &rest);

	expect_text(p, "title", p->title ? p->title : "", want.data);
	buf_clear(&want);
}

static void
ask_clipboard(struct player *p, char *rest)
{
	take_equals(p, &rest);

	struct buf want = take_string(p, &rest);

	expect_bytes(p, "clipboard", &p->clipboard, &want);
	buf_clear(&want);
}

static void
ask_mouse(struct player *p, char *rest)
{
	static const char *const names[] = { "none", "click", "drag", "move" };

	take_equals(p, &rest);
	expect_text(p, "mouse", names[pane_mouse_mode(p->pane)], take_word(&rest));
}

static void
ask_truth(struct player *p, const char *what, bool got, char *rest)
{
	take_equals(p, &rest);
	expect_text(p, what, got ? "yes" : "no", take_word(&rest));
}

static void
ask_alt(struct player *p, char *rest)
{
	ask_truth(p, "alternate screen", pane_is_alt_screen(p->pane), rest);
}

static void
ask_sync(struct player *p, char *rest)
{
	ask_truth(p, "synchronized", pane_in_sync(p->pane), rest);
}

static void
ask_focus(struct player *p, char *rest)
{
	ask_truth(p, "focus reports", pane_wants_focus(p->pane), rest);
}

static void
ask_brackets(struct player *p, char *rest)
{
	ask_truth(p, "paste brackets", pane_wants_paste_brackets(p->pane), rest);
}

static const struct {
	const char *name;
	void (*run)(struct player *p, char *rest);
} verbs[] = {
	{ "SIZE", do_size },
	{ "PUSH", do_push },
	{ "RESIZE", do_resize },
	{ "KEY", do_key },
	{ "MOUSE", do_mouse },
	{ "IGNORED", do_ignored },
	{ "PASTE", do_paste },
	{ "NOTE", do_note },
	{ "FOCUS", do_focus },
	{ "RESET", do_reset },
	{ "SCROLL", do_scroll },
	{ "LIVE", do_live },
	{ "WRITTEN", do_written },
	{ "?row", ask_row },
	{ "?text", ask_text },
	{ "?cursor", ask_cursor },
	{ "?cell", ask_cell },
	{ "?scrollback", ask_scrollback },
	{ "?view", ask_view },
	{ "?bells", ask_bells },
	{ "?size", ask_size },
	{ "?title", ask_title },
	{ "?clipboard", ask_clipboard },
	{ "?mouse", ask_mouse },
	{ "?alt", ask_alt },
	{ "?sync", ask_sync },
	{ "?focus", ask_focus },
	{ "?brackets", ask_brackets },
};

static void
run_line(struct player *p, char *line)
{
	skip_blanks(&line);
	if (*line == '\0' || *line == '#')
		return;

	const char *verb = take_word(&line);

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (!str_eq(verb, verbs[i].name))
			continue;
		verbs[i].run(p, line);
		return;
	}
	complain(p, "unknown command %s", verb);
}

void
script_run(const struct script *s)
{
	struct player p = { .name = s->name, .line = s->line };
	struct strlist lines = { 0 };

	buf_init(&p.written, FILE_MAX);
	buf_init(&p.clipboard, FILE_MAX);
	open_pane(
	    &p, (struct pane_options){ .rows = DEFAULT_ROWS, .cols = DEFAULT_COLS });
	strlist_split(&lines, s->text, '\n');
	for (size_t i = 0; i < lines.count; i++, p.line++)
		run_line(&p, lines.items[i]);
	strlist_clear(&lines);
	pane_free(p.pane);
	buf_clear(&p.written);
	buf_clear(&p.clipboard);
	free(p.title);
}
