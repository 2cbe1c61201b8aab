#include "term/sanitise.h"

#include <string.h>

#include "base/compiler.h"

enum {
	BEL = 0x07,
	CAN = 0x18,
	SUB = 0x1a,
	ESC = 0x1b,
	DEL = 0x7f,
	REPLACEMENT = 0xfffd,
	FIRST_NOT_C1 = 0xa0,
	KEPT_CAP = 2 * SANITISE_STRING_MAX, /* string memory above this is given back */
};

enum state {
	GROUND,
	UTF8,
	ESCAPE,	    /* ESC seen */
	CSI_LEADER, /* CSI seen, nothing else */
	CSI_PARAMS,
	CSI_INTERMEDIATE,
	STRING,
	STRING_ESCAPE, /* ESC within a string: its end, or the start of something else */
};

/* How a UTF-8 sequence may go on after its first byte: this excludes overlong forms,
 * surrogates and values past the last scalar (Unicode table 3-7). */
struct utf8_lead {
	unsigned char first, last; /* of the first byte */
	unsigned char need;	   /* bytes to come */
	unsigned char mask;	   /* of the first byte's payload */
	unsigned char low, high;   /* of the second byte */
};

static const struct utf8_lead utf8_leads[] = {
	{ 0xc2, 0xdf, 1, 0x1f, 0x80, 0xbf },
	{ 0xe1, 0xec, 2, 0x0f, 0x80, 0xbf },
	{ 0xee, 0xef, 2, 0x0f, 0x80, 0xbf },
	{ 0xf1, 0xf3, 3, 0x07, 0x80, 0xbf },
	{ 0xe0, 0xe0, 2, 0x0f, 0xa0, 0xbf },
	{ 0xed, 0xed, 2, 0x0f, 0x80, 0x9f },
	{ 0xf0, 0xf0, 3, 0x07, 0x90, 0xbf },
	{ 0xf4, 0xf4, 3, 0x07, 0x80, 0x8f },
};

int
sequence_param(const struct sequence *seq, int i, int fallback)
{
	return i < seq->count && seq->params[i] > 0 ? seq->params[i] : fallback;
}

static bool
is_printable(unsigned char c)
{
	return c >= 0x20 && c < DEL;
}

/* Eight bytes at once: x - 0x20 borrows for a control, x + 1 carries for DEL. */
static bool
is_printable_word(const char *s)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	memcpy(&word, s, sizeof word);
	return (((word - ones * 0x20) | word | (word + ones)) & ones * 0x80) == 0;
}

static size_t
printable_len(const char *s, size_t len)
{
	size_t n = 0;

	while (len - n >= sizeof(uint64_t) && is_printable_word(s + n))
		n += sizeof(uint64_t);
	while (n < len && is_printable((unsigned char)s[n]))
		n++;
	return n;
}

/* ---- text */

static void
emit_scalar(struct sanitise *s, uint32_t scalar)
{
	if (scalar >= FIRST_NOT_C1)
		s->sink->scalar(s->ctx, scalar);
}

static void
begin_utf8(struct sanitise *s, unsigned char c)
{
	for (size_t i = 0; i < ARRAY_LEN(utf8_leads); i++) {
		const struct utf8_lead *lead = &utf8_leads[i];

		if (c < lead->first || c > lead->last)
			continue;
		s->scalar = c & lead->mask;
		s->utf8_need = lead->need;
		s->low = lead->low;
		s->high = lead->high;
		s->state = UTF8;
		return;
	}
	emit_scalar(s, REPLACEMENT);
}

/* false: c does not belong to the sequence and must be looked at again. */
static bool
continue_utf8(struct sanitise *s, unsigned char c)
{
	if (c < s->low || c > s->high) {
		s->state = GROUND;
		emit_scalar(s, REPLACEMENT);
		return false;
	}
	s->scalar = s->scalar << 6 | (c & 0x3f);
	s->low = 0x80;
	s->high = 0xbf;
	if (--s->utf8_need == 0) {
		s->state = GROUND;
		emit_scalar(s, s->scalar);
	}
	return true;
}

/* ---- controls, which act at once, even inside a sequence */

static bool
is_control(unsigned char c)
{
	return c >= 0x07 && c <= 0x0f;
}

/* true: c was a control character, and is dealt with. */
static bool
take_control(struct sanitise *s, unsigned char c)
{
	if (c >= 0x20 && c != DEL)
		return false;
	if (c == ESC) {
		s->state = ESCAPE;
		s->bad = false;
		s->seq.csi = false;
		s->seq.leader = s->seq.intermediate = 0;
		s->seq.count = 0;
	} else if (c == CAN || c == SUB) {
		s->state = GROUND;
	} else if (is_control(c)) {
		s->sink->control(s->ctx, (char)c);
	}
	return true;
}

/* ---- escape and control sequences */

static void
finish_sequence(struct sanitise *s, char final)
{
	s->state = GROUND;
	if (s->bad)
		return;
	s->seq.final = final;
	s->sink->sequence(s->ctx, &s->seq);
}

static void
take_intermediate(struct sanitise *s, char c)
{
	if (s->seq.intermediate)
		s->bad = true;
	s->seq.intermediate = c;
}

static void
begin_string(struct sanitise *s, enum sanitise_string kind, bool discard)
{
	s->state = STRING;
	s->kind = kind;
	s->discard = discard;
	buf_reset(&s->text);
}

static void
begin_csi(struct sanitise *s)
{
	s->state = CSI_LEADER;
	s->seq.csi = true;
	s->seq.count = 1;
	s->seq.params[0] = -1;
	s->seq.sub[0] = false;
}

static void
in_escape(struct sanitise *s, unsigned char c)
{
	if (c >= 0x20 && c < 0x30) {
		take_intermediate(s, (char)c);
		return;
	}
	if (s->seq.intermediate) {
		finish_sequence(s, (char)c);
		return;
	}
	switch (c) {
	case '[':
		begin_csi(s);
		break;
	case ']':
		begin_string(s, SANITISE_OSC, false);
		break;
	case 'P':
		begin_string(s, SANITISE_DCS, false);
		break;
	case 'X': /* SOS */
	case '^': /* PM */
	case '_': /* APC */
	case 'k': /* a window title, as screen has it */
		begin_string(s, SANITISE_DCS, true);
		break;
	default:
		finish_sequence(s, (char)c);
	}
}

static void
take_digit(struct sanitise *s, unsigned char c)
{
	int *value = &s->seq.params[s->seq.count - 1];

	*value = MIN(MAX(*value, 0) * 10 + (c - '0'), (int)SANITISE_PARAM_MAX);
}

static void
next_param(struct sanitise *s, bool sub)
{
	if (s->seq.count == SANITISE_PARAMS_MAX) {
		s->bad = true;
		return;
	}
	s->seq.params[s->seq.count] = -1;
	s->seq.sub[s->seq.count] = sub;
	s->seq.count++;
}

static void
in_csi(struct sanitise *s, unsigned char c)
{
	bool parameters = s->state != CSI_INTERMEDIATE;

	if (c >= '0' && c <= '9' && parameters) {
		s->state = CSI_PARAMS;
		take_digit(s, c);
	} else if ((c == ';' || c == ':') && parameters) {
		s->state = CSI_PARAMS;
		next_param(s, c == ':');
	} else if (c >= 0x40) {
		finish_sequence(s, (char)c);
	} else if (c >= 0x3c && s->state == CSI_LEADER && !s->seq.leader) {
		s->seq.leader = (char)c;
	} else if (c < 0x30) {
		s->state = CSI_INTERMEDIATE;
		take_intermediate(s, (char)c);
	} else {
		s->bad = true;
	}
}

/* ---- strings */

static size_t
string_limit(const struct sanitise *s)
{
	bool clipboard = s->kind == SANITISE_OSC && s->text.len >= 3 &&
			 memcmp(s->text.data, "52;", 3) == 0;

	return clipboard ? SANITISE_CLIPBOARD_MAX : SANITISE_STRING_MAX;
}

static void
add_to_string(struct sanitise *s, const char *bytes, size_t len)
{
	if (s->discard)
		return;
	/* The limit is known once the first bytes are there. */
	if (s->text.len < 3) {
		size_t head = MIN(len, 3 - s->text.len);

		buf_add(&s->text, bytes, head);
		bytes += head;
		len -= head;
	}
	if (len > string_limit(s) - s->text.len) {
		s->discard = true;
		buf_clear(&s->text);
		return;
	}
	buf_add(&s->text, bytes, len);
}

static void
finish_string(struct sanitise *s, bool bel)
{
	s->state = GROUND;
	if (!s->discard)
		s->sink->string(s->ctx, s->kind, s->text.data, s->text.len, bel);
	if (s->text.cap > KEPT_CAP)
		buf_clear(&s->text);
}

/* Bytes that need no look of their own; UTF-8 is left to whoever reads the string. */
static bool
is_string_byte(unsigned char c)
{
	return c >= 0x20 && c != DEL;
}

static size_t
feed_string(struct sanitise *s, const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && is_string_byte((unsigned char)bytes[n]))
		n++;
	if (n > 0)
		add_to_string(s, bytes, n);
	if (n == len)
		return n;

	unsigned char c = (unsigned char)bytes[n];

	if (c == ESC)
		s->state = STRING_ESCAPE;
	else if (c == CAN || c == SUB)
		s->state = GROUND;
	else if (c == BEL && s->kind == SANITISE_OSC)
		finish_string(s, true);
	return n + 1;
}

/* Anything but ST ends the string unheard, and begins a sequence of its own. */
static void
in_string_escape(struct sanitise *s, unsigned char c)
{
	if (c == '\\') {
		finish_string(s, false);
		return;
	}
	take_control(s, ESC);
	if (!take_control(s, c))
		in_escape(s, c);
}

/* ---- the machine */

static size_t
feed_utf8(struct sanitise *s, const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && s->state == UTF8 && continue_utf8(s, (unsigned char)bytes[n]))
		n++;
	return n;
}

static size_t
feed_ground(struct sanitise *s, const char *bytes, size_t len)
{
	unsigned char c = (unsigned char)bytes[0];

	if (is_printable(c)) {
		size_t n = printable_len(bytes, len);

		s->sink->ascii(s->ctx, bytes, n);
		return n;
	}
	if (take_control(s, c))
		return 1;
	begin_utf8(s, c);
	return 1 + feed_utf8(s, bytes + 1, len - 1);
}

/* A byte of 8 bits ends a sequence, and is text. */
static size_t
feed_sequence(struct sanitise *s, const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && s->state >= ESCAPE && s->state < STRING) {
		unsigned char c = (unsigned char)bytes[n];

		if (c >= 0x80) {
			s->state = GROUND;
			break;
		}
		n++;
		if (take_control(s, c))
			continue;
		if (s->state == ESCAPE)
			in_escape(s, c);
		else
			in_csi(s, c);
	}
	return n;
}

static size_t
feed_string_escape(struct sanitise *s, const char *bytes)
{
	unsigned char c = (unsigned char)bytes[0];

	if (c >= 0x80) {
		s->state = GROUND;
		return 0;
	}
	in_string_escape(s, c);
	return 1;
}

void
sanitise_feed(struct sanitise *s, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t n;

		if (s->state == GROUND)
			n = feed_ground(s, bytes, len);
		else if (s->state == UTF8)
			n = feed_utf8(s, bytes, len);
		else if (s->state == STRING)
			n = feed_string(s, bytes, len);
		else if (s->state == STRING_ESCAPE)
			n = feed_string_escape(s, bytes);
		else
			n = feed_sequence(s, bytes, len);
		bytes += n;
		len -= n;
	}
}

void
sanitise_init(struct sanitise *s, const struct sanitise_sink *sink, void *ctx)
{
	memset(s, 0, sizeof *s);
	s->sink = sink;
	s->ctx = ctx;
	buf_init(&s->text, SANITISE_CLIPBOARD_MAX);
}

void
sanitise_reset(struct sanitise *s)
{
	s->state = GROUND;
	buf_clear(&s->text);
}

void
sanitise_clear(struct sanitise *s)
{
	buf_clear(&s->text);
}
