#include "term/keys.h"

#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "term/modes.h"

enum {
	ESC = 0x1b,
	DEL = 0x7f,
	SCALAR_MAX = 0x10ffff,
	SURROGATE_FIRST = 0xd800,
	SURROGATE_LAST = 0xdfff,
	MOUSE_OFFSET = 32,   /* of all numbers in the old format */
	MOUSE_X10_MAX = 222, /* the last column or row it can say */
	MOUSE_UTF8_MAX = 2014,
	MOUSE_NO_BUTTON = 3,
	MOUSE_MOTION = 32,
	MOUSE_WHEEL = 64,
};

enum key_form {
	FORM_NONE,
	FORM_CURSOR, /* CSI X, SS3 X when the program asked, CSI 1;m X */
	FORM_SS3,    /* SS3 X, CSI 1;m X */
	FORM_NUMBER, /* CSI n ~, CSI n;m ~ */
};

struct key_shape {
	enum key_form form;
	char letter;
	int number;
};

static const struct key_shape shapes[] = {
	[KEY_UP - KEY_FIRST_NAMED] = { FORM_CURSOR, 'A', 0 },
	[KEY_DOWN - KEY_FIRST_NAMED] = { FORM_CURSOR, 'B', 0 },
	[KEY_RIGHT - KEY_FIRST_NAMED] = { FORM_CURSOR, 'C', 0 },
	[KEY_LEFT - KEY_FIRST_NAMED] = { FORM_CURSOR, 'D', 0 },
	[KEY_HOME - KEY_FIRST_NAMED] = { FORM_CURSOR, 'H', 0 },
	[KEY_END - KEY_FIRST_NAMED] = { FORM_CURSOR, 'F', 0 },
	[KEY_INSERT - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 2 },
	[KEY_DELETE - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 3 },
	[KEY_PAGE_UP - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 5 },
	[KEY_PAGE_DOWN - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 6 },
	[KEY_F1 - KEY_FIRST_NAMED] = { FORM_SS3, 'P', 0 },
	[KEY_F1 + 1 - KEY_FIRST_NAMED] = { FORM_SS3, 'Q', 0 },
	[KEY_F1 + 2 - KEY_FIRST_NAMED] = { FORM_SS3, 'R', 0 },
	[KEY_F1 + 3 - KEY_FIRST_NAMED] = { FORM_SS3, 'S', 0 },
	[KEY_F1 + 4 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 15 },
	[KEY_F1 + 5 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 17 },
	[KEY_F1 + 6 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 18 },
	[KEY_F1 + 7 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 19 },
	[KEY_F1 + 8 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 20 },
	[KEY_F1 + 9 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 21 },
	[KEY_F1 + 10 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 23 },
	[KEY_F12 - KEY_FIRST_NAMED] = { FORM_NUMBER, 0, 24 },
};

/* Ctrl with what is neither a letter nor @[\]^_ : as xterm has it. */
static const struct {
	char key, byte;
} control_keys[] = {
	{ ' ', 0x00 },
	{ '2', 0x00 },
	{ '`', 0x00 },
	{ '3', ESC },
	{ '4', 0x1c },
	{ '5', 0x1d },
	{ '6', 0x1e },
	{ '7', 0x1f },
	{ '/', 0x1f },
	{ '-', 0x1f },
	{ '8', DEL },
	{ '?', DEL },
	{ '~', 0x1e },
};

static bool
control_byte(uint32_t scalar, char *out)
{
	if ((scalar >= 'a' && scalar <= 'z') || (scalar >= '@' && scalar <= '_')) {
		*out = (char)(scalar & 0x1f);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(control_keys); i++) {
		if ((uint32_t)control_keys[i].key != scalar)
			continue;
		*out = control_keys[i].byte;
		return true;
	}
	return false;
}

static bool
encode_scalar(struct key key, struct buf *out)
{
	char bytes[4], control;

	if (key.code == KEY_NONE || key.code > SCALAR_MAX ||
	    (key.code >= SURROGATE_FIRST && key.code <= SURROGATE_LAST))
		return false;
	if (key.mods & KEY_MOD_ALT)
		buf_add_char(out, ESC);
	if ((key.mods & KEY_MOD_CTRL) && control_byte(key.code, &control))
		buf_add_char(out, control);
	else
		buf_add(out, bytes, utf8_encode(key.code, bytes));
	return true;
}

/* Enter, Tab, Backspace and Escape have bytes of their own. */
static bool
encode_control(struct key key, unsigned modes, struct buf *out)
{
	if (key.code == KEY_TAB && (key.mods & KEY_MOD_SHIFT)) {
		buf_add_str(out, "\033[Z");
		return true;
	}
	if (key.code < KEY_ENTER || key.code > KEY_ESCAPE)
		return false;
	if (key.mods & KEY_MOD_ALT)
		buf_add_char(out, ESC);
	if (key.code == KEY_ENTER)
		buf_add_str(out, modes & MODE_NEWLINE ? "\r\n" : "\r");
	else if (key.code == KEY_TAB)
		buf_add_char(out, '\t');
	else if (key.code == KEY_BACKSPACE)
		buf_add_char(out, key.mods & KEY_MOD_CTRL ? '\b' : DEL);
	else
		buf_add_char(out, ESC);
	return true;
}

static void
encode_shape(const struct key_shape *shape, int mods, unsigned modes, struct buf *out)
{
	bool ss3 = shape->form == FORM_SS3 ||
		   (shape->form == FORM_CURSOR && (modes & MODE_CURSOR_KEYS));

	if (shape->form == FORM_NUMBER && mods)
		buf_addf(out, "\033[%d;%d~", shape->number, mods + 1);
	else if (shape->form == FORM_NUMBER)
		buf_addf(out, "\033[%d~", shape->number);
	else if (mods)
		buf_addf(out, "\033[1;%d%c", mods + 1, shape->letter);
	else
		buf_addf(out, "\033%c%c", ss3 ? 'O' : '[', shape->letter);
}

bool
key_encode(struct key key, unsigned modes, struct buf *out)
{
	/* The modifier parameter of xterm is these bits. */
	int mods = key.mods & (KEY_MOD_SHIFT | KEY_MOD_ALT | KEY_MOD_CTRL);

	if (key.code < KEY_FIRST_NAMED)
		return encode_scalar(key, out);
	if (encode_control(key, modes, out))
		return true;

	size_t i = key.code - KEY_FIRST_NAMED;

	if (i >= ARRAY_LEN(shapes) || shapes[i].form == FORM_NONE)
		return false;
	encode_shape(&shapes[i], mods, modes, out);
	return true;
}

/* ---- mouse */

/* The button's number in the report, -1: this event is not reported. */
static int
mouse_code(const struct mouse *m, unsigned modes)
{
	int button = m->button >= 1 && m->button <= 3 ? m->button - 1 : MOUSE_NO_BUTTON;

	switch (m->kind) {
	case MOUSE_PRESS:
	case MOUSE_RELEASE:
		return button == MOUSE_NO_BUTTON ? -1 : button;
	case MOUSE_WHEEL_UP:
		return MOUSE_WHEEL;
	case MOUSE_WHEEL_DOWN:
		return MOUSE_WHEEL + 1;
	case MOUSE_MOVE:
		if (modes & MODE_MOUSE_MOVE)
			return MOUSE_MOTION + button;
		return (modes & MODE_MOUSE_DRAG) && m->button ? MOUSE_MOTION + button
							      : -1;
	}
	return -1;
}

static void
add_coordinate(struct buf *out, int value, bool utf8)
{
	char bytes[4];

	if (utf8)
		buf_add(out, bytes, utf8_encode((uint32_t)value + MOUSE_OFFSET, bytes));
	else
		buf_add_char(out, (char)(value + MOUSE_OFFSET));
}

static bool
encode_report(
    int code, bool pressed, const struct mouse *m, unsigned modes, struct buf *out)
{
	int row = m->row + 1, col = m->col + 1;
	int limit = modes & MODE_MOUSE_UTF8 ? MOUSE_UTF8_MAX : MOUSE_X10_MAX;

	if (modes & MODE_MOUSE_SGR) {
		buf_addf(out, "\033[<%d;%d;%d%c", code, col, row, pressed ? 'M' : 'm');
		return true;
	}
	if (!pressed)
		code |= MOUSE_NO_BUTTON;
	if (modes & MODE_MOUSE_URXVT) {
		buf_addf(out, "\033[%d;%d;%dM", code + MOUSE_OFFSET, col, row);
		return true;
	}
	if (m->row > limit || m->col > limit)
		return false;
	buf_add_str(out, "\033[M");
	add_coordinate(out, code, modes & MODE_MOUSE_UTF8);
	add_coordinate(out, col, modes & MODE_MOUSE_UTF8);
	add_coordinate(out, row, modes & MODE_MOUSE_UTF8);
	return true;
}

bool
mouse_encode(struct key key, unsigned modes, struct mouse_state *state, struct buf *out)
{
	const struct mouse *m = &key.mouse;
	int code = modes & MODE_MOUSE ? mouse_code(m, modes) : -1;
	bool same = state->known && state->row == m->row && state->col == m->col;

	if (code < 0 || m->row < 0 || m->col < 0 || (m->kind == MOUSE_MOVE && same))
		return false;
	*state = (struct mouse_state){ m->row, m->col, true };
	code += key.mods & KEY_MOD_SHIFT ? 4 : 0;
	code += key.mods & KEY_MOD_ALT ? 8 : 0;
	code += key.mods & KEY_MOD_CTRL ? 16 : 0;
	return encode_report(code, m->kind != MOUSE_RELEASE, m, modes, out);
}

/* ---- paste */

static const char paste_start[] = "\033[200~", paste_end[] = "\033[201~";

/* Removing one marker may make another out of what was around it, so the end of what is
 * there already is looked at after each character. */
static void
drop_marker(struct buf *out, size_t from)
{
	size_t len = sizeof paste_end - 1;

	if (out->len - from >= len &&
	    memcmp(out->data + out->len - len, paste_end, len) == 0) {
		out->len -= len;
		out->data[out->len] = '\0';
	}
}

void
paste_encode(const char *bytes, size_t len, unsigned modes, struct buf *out)
{
	if (modes & MODE_PASTE)
		buf_add_str(out, paste_start);

	size_t from = out->len;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n' && i > 0 && bytes[i - 1] == '\r')
			continue;
		buf_add_char(out, bytes[i] == '\n' ? '\r' : bytes[i]);
		if (bytes[i] == '~')
			drop_marker(out, from);
	}
	if (modes & MODE_PASTE)
		buf_add_str(out, paste_end);
}
