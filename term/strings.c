/* Operating system commands and device control strings: all answered by us, if at all. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "term/emulator.h"

enum {
	TITLE_COLS = 80,
	TITLE_BYTES = 4096,
	ANSWER_BYTES = 256,
	COMMAND_MAX = 9999,
};

static void
set_title(struct emulator *e, const char *text, size_t len)
{
	struct buf title;

	if (!e->events->title)
		return;
	buf_init(&title, TITLE_BYTES);
	text_clean(&title, text, len);
	/* what did not fit anymore was past the columns that are kept */
	char *clean = buf_take(&title);

	clean[text_fit(clean, TITLE_COLS)] = '\0';
	e->events->title(e->ctx, clean);
	free(clean);
}

/* OSC 10 ; ? and 11: what the owner said its colours are. Setting them is ignored. */
static void
report_colour(struct emulator *e, int command, uint32_t colour, bool bel)
{
	unsigned r = colour >> 16 & 0xff, g = colour >> 8 & 0xff, b = colour & 0xff;
	struct buf answer;

	buf_init(&answer, ANSWER_BYTES);
	buf_addf(&answer, "\033]%d;rgb:%02x%02x/%02x%02x/%02x%02x%s", command, r, r, g, g,
	    b, b, bel ? "\a" : "\033\\");
	emulator_reply(e, answer.data, answer.len);
	buf_clear(&answer);
}

/* OSC 52 ; which ; base64. A question ('?') is refused by silence. */
static void
set_clipboard(struct emulator *e, const char *text, size_t len)
{
	const char *data = memchr(text, ';', len);
	size_t size = data ? len - (size_t)(++data - text) : 0;

	if (size == 0 || data[0] == '?' || !e->events->clipboard)
		return;

	char *bytes = xmalloc(BASE64_DECODED_MAX(size));

	if (base64_decode(data, size, bytes, &size))
		e->events->clipboard(e->ctx, bytes, size);
	free(bytes);
}

static bool
is_question(const char *text, size_t len)
{
	return len == 1 && text[0] == '?';
}

/* The number in front, -1: none; *text and *len go past it and its ';'. */
static int
take_command(const char **text, size_t *len)
{
	int command = -1;

	while (*len > 0 && **text >= '0' && **text <= '9') {
		command = MIN(MAX(command, 0) * 10 + (**text - '0'), (int)COMMAND_MAX);
		++*text;
		--*len;
	}
	if (*len > 0 && **text == ';') {
		++*text;
		--*len;
	}
	return command;
}

static void
system_command(struct emulator *e, const char *text, size_t len, bool bel)
{
	int command = take_command(&text, &len);

	switch (command) {
	case 0:
	case 2:
		set_title(e, text, len);
		break;
	case 10:
	case 11:
		if (is_question(text, len))
			report_colour(e, command, command == 10 ? e->fg : e->bg, bel);
		break;
	case 52:
		set_clipboard(e, text, len);
		break;
	default: /* 1 icon, 4 palette, 7 directory, 8 links, 133 prompts, ... */
		break;
	}
}

/* DECRQSS: the settings that a program restores later; anything else is invalid. */
static void
report_setting(struct emulator *e, const char *text, size_t len)
{
	int style = e->cursor_shape * 2 - (e->modes & MODE_BLINK ? 1 : 0);
	struct buf answer;

	buf_init(&answer, ANSWER_BYTES);
	buf_add_str(&answer, "\033P1$r");
	if (len == 1 && text[0] == 'm') {
		pen_describe(&e->pen, &answer);
		buf_add_char(&answer, 'm');
	} else if (len == 1 && text[0] == 'r') {
		buf_addf(&answer, "%d;%dr", e->top + 1, e->bottom);
	} else if (len == 2 && memcmp(text, " q", 2) == 0) {
		buf_addf(&answer, "%d q", style);
	} else {
		buf_reset(&answer);
		buf_add_str(&answer, "\033P0$r");
	}
	buf_add_str(&answer, "\033\\");
	emulator_reply(e, answer.data, answer.len);
	buf_clear(&answer);
}

void
emulator_string(struct emulator *e, enum sanitise_string kind, const char *bytes,
    size_t len, bool bel)
{
	switch (kind) {
	case SANITISE_OSC:
		system_command(e, bytes, len, bel);
		break;
	case SANITISE_DCS:
		if (len >= 2 && memcmp(bytes, "$q", 2) == 0)
			report_setting(e, bytes + 2, len - 2);
		break;
	}
}
