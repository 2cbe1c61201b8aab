#include "tui/input.h"

#include <string.h>

#include "base/compiler.h"
#include "base/text.h"

enum {
	ESC = 0x1b,
	BEL = 0x07,
	CAN = 0x18,
	SUB = 0x1a,
	DEL = 0x7f,
	/* A sequence in pieces is rare and comes soon; Alt-[ must not take for ever. */
	SEQUENCE_WAIT_MS = 100,
	STRING_WAIT_MS = 1000,
	/* What comes behind an unfinished paste would be keys: better to wait. */
	PASTE_WAIT_MS = 30000,
	SEQUENCE_MAX = 256,
	STRING_MAX = 64 << 10,
	PARAM_MAX = 0x110000,
	X10_MOUSE_BYTES = 3,
};

static const char paste_end[] = "\033[201~";

/* ---- giving keys away */

static void
give(struct input *in, uint32_t code, int mods)
{
	struct key key = { .code = code, .mods = mods | (in->alt ? KEY_MOD_ALT : 0) };

	in->alt = false;
	in->events->key(in->ctx, key);
}

static void
ground(struct input *in)
{
	in->state = INPUT_GROUND;
	in->alt = false;
	in->length = 0;
}

static void
give_control(struct input *in, unsigned char byte)
{
	switch (byte) {
	case '\r':
		give(in, KEY_ENTER, 0);
		break;
	case '\t':
		give(in, KEY_TAB, 0);
		break;
	case DEL:
		give(in, KEY_BACKSPACE, 0);
		break;
	case 0:
		give(in, ' ', KEY_MOD_CTRL);
		break;
	default:
		give(in, byte < 0x1b ? byte + 0x60u : byte + 0x40u, KEY_MOD_CTRL);
		break;
	}
}

static int
utf8_length(unsigned char byte)
{
	return byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
}

static void
utf8_start(struct input *in, unsigned char byte)
{
	in->utf8_need = utf8_length(byte);
	in->utf8_len = 0;
	if (in->utf8_need == 0)
		in->alt = false; /* not UTF-8: it means nothing */
	else
		in->utf8[in->utf8_len++] = (char)byte;
}

/* false: the byte does not belong to the character, which was cut short. */
static bool
utf8_byte(struct input *in, unsigned char byte)
{
	uint32_t scalar;

	if ((byte & 0xc0) != 0x80) {
		in->utf8_need = 0;
		in->alt = false;
		return false;
	}
	in->utf8[in->utf8_len++] = (char)byte;
	if (in->utf8_len < in->utf8_need)
		return true;
	in->utf8_need = 0;
	if (utf8_decode(in->utf8, (size_t)in->utf8_len, &scalar) ==
		(size_t)in->utf8_len &&
	    scalar >= 0xa0)
		give(in, scalar, 0);
	in->alt = false;
	return true;
}

/* ---- keys of sequences */

/* xterm: 1 + shift 1, alt 2, ctrl 4; the kitty protocol adds more above. */
static int
mods_of(int param)
{
	static const int bits[] = { KEY_MOD_SHIFT, KEY_MOD_ALT, KEY_MOD_CTRL };
	int mods = 0;

	for (int i = 0; param > 1 && i < 3; i++)
		if ((param - 1) & 1 << i)
			mods |= bits[i];
	return mods;
}

static int
param(const struct input *in, int i, int fallback)
{
	return i < in->param_count && in->params[i] >= 0 ? in->params[i] : fallback;
}

struct final_key {
	char final;
	uint32_t code;
	int mods;
};

/* Without a number: CSI A, SS3 A, CSI 1;5A. Small letters are rxvt's. */
static const struct final_key csi_keys[] = {
	{ 'A', KEY_UP },
	{ 'B', KEY_DOWN },
	{ 'C', KEY_RIGHT },
	{ 'D', KEY_LEFT },
	{ 'F', KEY_END },
	{ 'H', KEY_HOME },
	{ 'P', KEY_F1 },
	{ 'Q', KEY_F1 + 1 },
	{ 'R', KEY_F1 + 2 },
	{ 'S', KEY_F1 + 3 },
	{ 'Z', KEY_TAB, KEY_MOD_SHIFT },
	{ 'a', KEY_UP, KEY_MOD_SHIFT },
	{ 'b', KEY_DOWN, KEY_MOD_SHIFT },
	{ 'c', KEY_RIGHT, KEY_MOD_SHIFT },
	{ 'd', KEY_LEFT, KEY_MOD_SHIFT },
	{ 0 },
};

static const struct final_key ss3_keys[] = {
	{ 'A', KEY_UP },
	{ 'B', KEY_DOWN },
	{ 'C', KEY_RIGHT },
	{ 'D', KEY_LEFT },
	{ 'F', KEY_END },
	{ 'H', KEY_HOME },
	{ 'I', KEY_TAB },
	{ 'M', KEY_ENTER },
	{ 'P', KEY_F1 },
	{ 'Q', KEY_F1 + 1 },
	{ 'R', KEY_F1 + 2 },
	{ 'S', KEY_F1 + 3 },
	{ 'X', '=' },
	{ 'a', KEY_UP, KEY_MOD_CTRL },
	{ 'b', KEY_DOWN, KEY_MOD_CTRL },
	{ 'c', KEY_RIGHT, KEY_MOD_CTRL },
	{ 'd', KEY_LEFT, KEY_MOD_CTRL },
	{ 'j', '*' },
	{ 'k', '+' },
	{ 'l', ',' },
	{ 'm', '-' },
	{ 'n', '.' },
	{ 'o', '/' },
	{ 0 },
};

static const struct final_key *
find_final(const struct final_key *table, char final)
{
	for (; table->final; table++)
		if (table->final == final)
			return table;
	return NULL;
}

/* CSI number ~ and what rxvt puts in its place: ^ with control, @ with both. */
static uint32_t
numbered_key(int number)
{
	static const struct {
		int number;
		uint32_t code;
	} keys[] = {
		{ 1, KEY_HOME },
		{ 2, KEY_INSERT },
		{ 3, KEY_DELETE },
		{ 4, KEY_END },
		{ 5, KEY_PAGE_UP },
		{ 6, KEY_PAGE_DOWN },
		{ 7, KEY_HOME },
		{ 8, KEY_END },
		{ 11, KEY_F1 },
		{ 12, KEY_F1 + 1 },
		{ 13, KEY_F1 + 2 },
		{ 14, KEY_F1 + 3 },
		{ 15, KEY_F1 + 4 },
		{ 17, KEY_F1 + 5 },
		{ 18, KEY_F1 + 6 },
		{ 19, KEY_F1 + 7 },
		{ 20, KEY_F1 + 8 },
		{ 21, KEY_F1 + 9 },
		{ 23, KEY_F1 + 10 },
		{ 24, KEY_F12 },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].number == number)
			return keys[i].code;
	return KEY_NONE;
}

/* A key told by its code point: CSI u, and xterm's modifyOtherKeys. */
static void
give_code_point(struct input *in, int code, int mods)
{
	bool is_letter = code >= 'a' && code <= 'z';

	if (code == '\r')
		give(in, KEY_ENTER, mods);
	else if (code == '\t')
		give(in, KEY_TAB, mods);
	else if (code == ESC)
		give(in, KEY_ESCAPE, mods);
	else if (code == DEL || code == '\b')
		give(in, KEY_BACKSPACE, mods);
	else if (code >= 'A' && code <= 'Z' && mods & KEY_MOD_CTRL)
		give(in, (uint32_t)code + 0x20, mods & ~KEY_MOD_SHIFT);
	else if (is_letter && mods & KEY_MOD_SHIFT && !(mods & KEY_MOD_CTRL))
		give(in, (uint32_t)code - 0x20, mods & ~KEY_MOD_SHIFT);
	else if (code >= ' ' && code < 0xe000 && !(code >= 0x80 && code < 0xa0))
		give(in, (uint32_t)code, mods & ~KEY_MOD_SHIFT);
}

/* ---- CSI */

static void
give_mouse(struct input *in, char final)
{
	int bits = param(in, 0, 0);
	bool wheel = bits & 64, moved = bits & 32;
	struct key key = {
		.code = KEY_MOUSE,
		.mods = (bits & 4 ? KEY_MOD_SHIFT : 0) | (bits & 8 ? KEY_MOD_ALT : 0) |
			(bits & 16 ? KEY_MOD_CTRL : 0),
		.mouse = { .row = param(in, 2, 1) - 1, .col = param(in, 1, 1) - 1 },
	};

	if (bits >= 128 || in->param_count < 3 || key.mouse.row < 0 || key.mouse.col < 0)
		return;
	if (wheel && (final == 'm' || (bits & 3) > 1))
		return; /* wheels have no release; sideways ones mean nothing here */
	key.mouse.button = wheel || (bits & 3) == 3 ? 0 : (bits & 3) + 1;
	key.mouse.kind = wheel		? bits & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP
			 : moved	? MOUSE_MOVE
			 : final == 'm' ? MOUSE_RELEASE
					: MOUSE_PRESS;
	in->events->key(in->ctx, key);
}

static void
give_reply(struct input *in, enum input_reply_kind kind)
{
	struct input_reply reply = {
		.kind = kind,
		.mode = param(in, 0, 0),
		.value = param(in, 1, 0),
	};

	in->events->reply(in->ctx, &reply);
}

static void
start_paste(struct input *in)
{
	ground(in);
	in->state = INPUT_PASTE;
	in->paste_match = 0;
	buf_reset(&in->paste);
}

static void
dispatch_private(struct input *in, char final)
{
	if (in->marker == '<' && (final == 'M' || final == 'm'))
		give_mouse(in, final);
	else if (in->marker == '?' && in->intermediate == '$' && final == 'y')
		give_reply(in, INPUT_REPLY_MODE);
	else if (in->marker == '?' && final == 'c')
		give_reply(in, INPUT_REPLY_DEVICE);
	else
		give_reply(in, INPUT_REPLY_OTHER);
}

static void
dispatch_tilde(struct input *in, char final)
{
	int mods = mods_of(param(in, 1, 1)), number = param(in, 0, 0);

	if (final == '~' && number == 200) {
		start_paste(in);
		return;
	}
	if (final == '~' && number == 27 && in->param_count >= 3) {
		give_code_point(in, param(in, 2, 0), mods);
		return;
	}
	if (final != '~')
		mods |= KEY_MOD_CTRL | (final == '@' ? KEY_MOD_SHIFT : 0);
	if (numbered_key(number) != KEY_NONE)
		give(in, numbered_key(number), mods);
}

static void
dispatch_letter(struct input *in, char final)
{
	const struct final_key *key = find_final(csi_keys, final);
	int mods = param(in, 1, 1);

	/* CSI row;col R is a cursor report; F3 with modifiers has 1 in front. */
	if (final == 'R' && in->param_count > 1 && (param(in, 0, 1) != 1 || mods > 16))
		give_reply(in, INPUT_REPLY_OTHER);
	else if (key)
		give(in, key->code, key->mods | mods_of(mods));
}

static void
dispatch_csi(struct input *in, char final)
{
	in->state = INPUT_GROUND;
	if (in->marker || in->intermediate) {
		dispatch_private(in, final);
	} else if (final == '~' || final == '^' || final == '@') {
		dispatch_tilde(in, final);
	} else if (final == 'u') {
		if (in->subparam != 3) /* a release of the kitty protocol */
			give_code_point(in, param(in, 0, 0), mods_of(param(in, 1, 1)));
	} else if ((final == 'I' || final == 'O') && in->param_count == 0) {
		in->events->focus(in->ctx, final == 'I');
	} else if (final == 'M') {
		in->state = INPUT_SKIP;
		in->skip = X10_MOUSE_BYTES;
		return;
	} else {
		dispatch_letter(in, final);
	}
	if (in->state == INPUT_GROUND)
		ground(in);
}

static void
csi_digit(struct input *in, int digit)
{
	int *value = &in->params[MAX(in->param_count - 1, 0)];

	if (in->param_count == 0) {
		in->param_count = 1;
		*value = -1;
	}
	if (in->in_subparam)
		value = &in->subparam;
	if (in->param_count > INPUT_PARAMS_MAX)
		return;
	*value = MIN(MAX(*value, 0) * 10 + digit, PARAM_MAX);
}

static void
csi_next_param(struct input *in)
{
	if (in->param_count == 0) {
		in->param_count = 1;
		in->params[0] = -1;
	}
	in->in_subparam = false;
	if (in->param_count < INPUT_PARAMS_MAX)
		in->params[in->param_count++] = -1;
}

static void
start_csi(struct input *in)
{
	in->state = INPUT_CSI;
	in->marker = in->intermediate = 0;
	in->param_count = 0;
	in->subparam = -1;
	in->in_subparam = false;
	in->length = 0;
}

static void
csi_byte(struct input *in, unsigned char byte)
{
	in->length++;
	if (in->length > SEQUENCE_MAX || byte >= 0x7f)
		ground(in);
	else if (byte >= '0' && byte <= '9')
		csi_digit(in, byte - '0');
	else if (byte == ';')
		csi_next_param(in);
	else if (byte == ':')
		in->in_subparam = true;
	else if (byte >= '<' && byte <= '?')
		in->marker = (char)byte;
	else if (byte == '[' && in->length == 1)
		in->state = INPUT_LINUX_FKEY;
	else if (byte >= ' ' && byte <= '/')
		in->intermediate = (char)byte;
	else if (byte >= '@')
		dispatch_csi(in, (char)byte);
}

/* ---- the other states */

static void
escape_byte(struct input *in, unsigned char byte)
{
	switch (byte) {
	case '[':
		start_csi(in);
		return;
	case 'O':
		in->state = INPUT_SS3;
		in->length = 0;
		return;
	case ']':
	case 'P':
	case '_':
	case '^':
	case 'X':
		in->state = INPUT_STRING;
		in->introducer = (char)byte;
		in->length = 0;
		return;
	case ESC:
		/* Escape twice, or an old terminal's Alt before a sequence. */
		if (in->alt) {
			in->alt = false;
			give(in, KEY_ESCAPE, 0);
		}
		in->alt = true;
		return;
	default:
		break;
	}
	if (in->alt) {
		in->alt = false;
		give(in, KEY_ESCAPE, 0);
	}
	in->state = INPUT_GROUND;
	in->alt = true;
	if (byte < ' ' || byte == DEL)
		give_control(in, byte);
	else if (byte < 0x80)
		give(in, byte, 0);
	else
		utf8_start(in, byte);
}

static void
ss3_byte(struct input *in, unsigned char byte)
{
	const struct final_key *key = find_final(ss3_keys, (char)byte);

	in->state = INPUT_GROUND;
	if (key)
		give(in, key->code, key->mods);
	else if (byte >= 'p' && byte <= 'y')
		give(in, byte - 'p' + '0', 0);
	ground(in);
}

static void
string_byte(struct input *in, unsigned char byte)
{
	in->length++;
	if (byte == ESC)
		in->state = INPUT_STRING_ESC;
	else if (byte == BEL || byte == CAN || byte == SUB || in->length > STRING_MAX)
		ground(in);
}

static void
linux_byte(struct input *in, unsigned char byte)
{
	in->state = INPUT_GROUND;
	if (byte >= 'A' && byte <= 'E')
		give(in, KEY_F1 + byte - 'A', 0);
	ground(in);
}

static void
finish_paste(struct input *in)
{
	ground(in);
	in->events->paste(in->ctx, in->paste.data, in->paste.len);
	buf_clear(&in->paste);
	buf_init(&in->paste, INPUT_PASTE_MAX);
}

/* Appends what fits; buf_add() alone would drop a piece that passes the limit whole. */
static void
paste_add(struct input *in, const char *bytes, size_t len)
{
	buf_add(&in->paste, bytes, MIN(len, INPUT_PASTE_MAX - in->paste.len));
}

/* As many bytes of the paste as there are; returns how many were used. */
static size_t
paste_bytes(struct input *in, const char *bytes, size_t len)
{
	const char *escape = in->paste_match ? bytes : memchr(bytes, ESC, len);
	size_t plain = escape ? (size_t)(escape - bytes) : len;

	paste_add(in, bytes, plain);
	if (plain == len)
		return len;
	if (bytes[plain] == paste_end[in->paste_match]) {
		if (paste_end[++in->paste_match] == '\0')
			finish_paste(in);
		return plain + 1;
	}
	/* Not the marker: what looked like its beginning is text. */
	paste_add(in, paste_end, (size_t)in->paste_match);
	in->paste_match = 0;
	return plain;
}

static void
ground_byte(struct input *in, unsigned char byte)
{
	if (in->utf8_need > 0 && utf8_byte(in, byte))
		return;
	if (byte == ESC) {
		in->state = INPUT_ESCAPE;
		in->length = 0;
	} else if (byte < ' ' || byte == DEL) {
		give_control(in, byte);
	} else if (byte < 0x80) {
		give(in, byte, 0);
	} else {
		utf8_start(in, byte);
	}
}

static void
feed_byte(struct input *in, unsigned char byte)
{
	switch (in->state) {
	case INPUT_GROUND:
	case INPUT_PASTE:
		ground_byte(in, byte);
		break;
	case INPUT_ESCAPE:
		escape_byte(in, byte);
		break;
	case INPUT_CSI:
		csi_byte(in, byte);
		break;
	case INPUT_SS3:
		ss3_byte(in, byte);
		break;
	case INPUT_STRING:
		string_byte(in, byte);
		break;
	case INPUT_STRING_ESC:
		ground(in); /* ST, or whatever cut the string off */
		if (byte != '\\') {
			in->state = INPUT_ESCAPE;
			escape_byte(in, byte);
		}
		break;
	case INPUT_SKIP:
		if (--in->skip == 0)
			ground(in);
		break;
	case INPUT_LINUX_FKEY:
		linux_byte(in, byte);
		break;
	}
}

/* ---- public */

void
input_setup(struct input *in, const struct input_events *events, void *ctx, int escape_ms)
{
	*in = (struct input){
		.events = events,
		.ctx = ctx,
		.escape_ms = escape_ms > 0 ? escape_ms : 25,
	};
	buf_init(&in->paste, INPUT_PASTE_MAX);
}

void
input_dispose(struct input *in)
{
	buf_clear(&in->paste);
	*in = (struct input){ 0 };
}

void
input_reset(struct input *in)
{
	ground(in);
	in->utf8_need = 0;
	buf_reset(&in->paste);
}

void
input_feed(struct input *in, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t used = 1;

		/* ESC inside a sequence starts another one, whatever it was. */
		if (in->state == INPUT_PASTE) {
			used = paste_bytes(in, bytes, len);
		} else if (*bytes == ESC && in->state != INPUT_GROUND &&
			   in->state != INPUT_ESCAPE && in->state != INPUT_STRING) {
			ground(in);
			in->state = INPUT_ESCAPE;
		} else {
			feed_byte(in, (unsigned char)*bytes);
		}
		bytes += used;
		len -= used;
	}
}

int
input_wait_ms(const struct input *in)
{
	switch (in->state) {
	case INPUT_GROUND:
		return in->utf8_need > 0 ? SEQUENCE_WAIT_MS : 0;
	case INPUT_ESCAPE:
		return in->escape_ms;
	case INPUT_CSI:
	case INPUT_SS3:
	case INPUT_SKIP:
	case INPUT_LINUX_FKEY:
		return SEQUENCE_WAIT_MS;
	case INPUT_STRING:
	case INPUT_STRING_ESC:
		return in->length > 0 ? STRING_WAIT_MS : SEQUENCE_WAIT_MS;
	case INPUT_PASTE:
		return PASTE_WAIT_MS;
	}
	return 0;
}

void
input_timeout(struct input *in)
{
	enum input_state state = in->state;
	bool twice = in->alt, bare = in->length == 0;

	if (state == INPUT_PASTE) {
		finish_paste(in);
		return;
	}
	input_reset(in);
	if (state == INPUT_ESCAPE) {
		give(in, KEY_ESCAPE, 0);
		if (twice)
			give(in, KEY_ESCAPE, 0);
	} else if (bare &&
		   (state == INPUT_CSI || state == INPUT_SS3 || state == INPUT_STRING)) {
		in->alt = true;
		give(in,
		    state == INPUT_CSI	 ? '['
		    : state == INPUT_SS3 ? 'O'
					 : (uint32_t)in->introducer,
		    0);
	}
}
