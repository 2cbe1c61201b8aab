#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/width_table.h"

enum {
	REPLACEMENT = 0xfffd,
	SCALAR_MAX = 0x10ffff,
	FIRST_COMBINING = 0x300,
	ELLIPSIS = 0x2026,
};

/*
 * How a sequence begins: its length, the bits of the first byte that count,
 * and what the second byte may be, which excludes overlong forms, surrogates
 * and values past the last scalar.
 */
struct lead {
	unsigned char first, last; /* of the first byte */
	unsigned char len, bits;   /* `bits` is a mask */
	unsigned char low, high;   /* of the second byte */
};

static const struct lead leads[] = {
	{ 0xc2, 0xdf, 2, 0x1f, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0x0f, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x0f, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x0f, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x0f, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x07, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x07, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x07, 0x80, 0x8f },
};

static const struct lead *
find_lead(unsigned char byte)
{
	for (size_t i = 0; i < ARRAY_LEN(leads); i++)
		if (byte >= leads[i].first && byte <= leads[i].last)
			return &leads[i];
	return NULL;
}

/* Bytes of the sequence at s that fit together, `lead->len` when it is whole. */
static size_t
good_bytes(const struct lead *lead, const unsigned char *s, size_t len)
{
	size_t n = 1;

	if (len > 1 && s[1] >= lead->low && s[1] <= lead->high)
		for (n = 2; n < lead->len && n < len && (s[n] & 0xc0) == 0x80;)
			n++;
	return n;
}

static size_t
decode(const char *text, size_t len, uint32_t *out, bool *valid)
{
	const unsigned char *s = (const unsigned char *)text;
	const struct lead *lead = s[0] < 0x80 ? NULL : find_lead(s[0]);

	*valid = s[0] < 0x80;
	*out = *valid ? s[0] : REPLACEMENT;
	if (!lead)
		return 1;

	size_t n = good_bytes(lead, s, len);

	if (n < lead->len)
		return n;
	*valid = true;
	*out = s[0] & lead->bits;
	for (size_t i = 1; i < n; i++)
		*out = *out << 6 | (s[i] & 0x3f);
	return n;
}

size_t
utf8_decode(const char *s, size_t len, uint32_t *out)
{
	bool valid;

	return decode(s, len, out, &valid);
}

static bool
is_scalar(uint32_t value)
{
	return value <= SCALAR_MAX && (value < 0xd800 || value > 0xdfff);
}

static char
tail_byte(uint32_t scalar, int shift)
{
	return (char)(0x80 | (scalar >> shift & 0x3f));
}

size_t
utf8_encode(uint32_t scalar, char out[4])
{
	if (!is_scalar(scalar))
		scalar = REPLACEMENT;
	if (scalar < 0x80) {
		out[0] = (char)scalar;
		return 1;
	}
	if (scalar < 0x800) {
		out[0] = (char)(0xc0 | scalar >> 6);
		out[1] = tail_byte(scalar, 0);
		return 2;
	}
	if (scalar < 0x10000) {
		out[0] = (char)(0xe0 | scalar >> 12);
		out[1] = tail_byte(scalar, 6);
		out[2] = tail_byte(scalar, 0);
		return 3;
	}
	out[0] = (char)(0xf0 | scalar >> 18);
	out[1] = tail_byte(scalar, 12);
	out[2] = tail_byte(scalar, 6);
	out[3] = tail_byte(scalar, 0);
	return 4;
}

/* Eight bytes at once: x - 0x20 borrows below blank, x ^ 0x7f is 0 for DEL. */
static bool
is_plain_word(const char *s)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	static const uint64_t tops = ones * 0x80;
	uint64_t word;

	memcpy(&word, s, sizeof word);

	uint64_t not_del = word ^ ones * 0x7f;

	return ((word | (word - ones * 0x20) | (not_del - ones)) & tops) == 0;
}

static bool
is_plain(char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* Length of the printable ASCII at s. */
static size_t
plain_len(const char *s, size_t len)
{
	size_t n = 0;

	while (len - n >= 8 && is_plain_word(s + n))
		n += 8;
	while (n < len && is_plain(s[n]))
		n++;
	return n;
}

bool
utf8_is_valid(const char *s, size_t len)
{
	bool valid = true;
	uint32_t scalar;

	for (size_t i = 0; valid && i < len;) {
		size_t plain = plain_len(s + i, len - i);

		i += plain ? plain : decode(s + i, len - i, &scalar, &valid);
	}
	return valid;
}

static const struct width_range *
find_width(uint32_t scalar)
{
	size_t low = 0, high = ARRAY_LEN(width_ranges);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (scalar > width_ranges[middle].last)
			low = middle + 1;
		else if (scalar < width_ranges[middle].first)
			high = middle;
		else
			return &width_ranges[middle];
	}
	return NULL;
}

int
scalar_width(uint32_t scalar)
{
	if (scalar < FIRST_COMBINING)
		return (scalar >= 0x20 && scalar < 0x7f) || scalar >= 0xa0;

	const struct width_range *found = find_width(scalar);

	return found ? found->width : 1;
}

static bool
is_odd(uint32_t scalar)
{
	size_t low = 0, high = ARRAY_LEN(odd_ranges);

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (scalar > odd_ranges[middle].last)
			low = middle + 1;
		else if (scalar < odd_ranges[middle].first)
			high = middle;
		else
			return true;
	}
	return scalar > SCALAR_MAX;
}

static bool
is_control(uint32_t scalar)
{
	return scalar < 0x20 || (scalar >= 0x7f && scalar < 0xa0);
}

/* Characters that turn the direction of what follows, break a line, or are there
 * for other programs: shown by number, for they would mislead the reader. */
static bool
is_misleading(uint32_t scalar)
{
	static const struct odd_range misleading[] = {
		{ 0x061c, 0x061c },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2066, 0x206f },
		{ 0xfff9, 0xfffb },
		{ 0xe0001, 0xe0001 },
	};

	for (size_t i = 0; i < ARRAY_LEN(misleading); i++)
		if (scalar >= misleading[i].first && scalar <= misleading[i].last)
			return true;
	return false;
}

bool
scalar_is_unsafe(uint32_t scalar)
{
	if (scalar < FIRST_COMBINING)
		return is_control(scalar);
	return is_misleading(scalar) || is_odd(scalar);
}

static void
add_scalar(struct buf *out, uint32_t scalar)
{
	char bytes[4];

	buf_add(out, bytes, utf8_encode(scalar, bytes));
}

static void
add_control(struct buf *out, uint32_t scalar)
{
	static const char letters[0x20] = {
		['\a'] = 'a',
		['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\v'] = 'v',
		['\f'] = 'f',
		['\r'] = 'r',
		[0x1b] = 'e',
	};

	if (scalar < sizeof letters && letters[scalar])
		buf_addf(out, "\\%c", letters[scalar]);
	else
		buf_addf(out, "\\x%02x", (unsigned)scalar);
}

static void
add_clean(struct buf *out, uint32_t scalar)
{
	if (is_control(scalar))
		add_control(out, scalar);
	else if (is_misleading(scalar))
		buf_addf(out, "<U+%04X>", (unsigned)scalar);
	else
		add_scalar(out, is_odd(scalar) ? REPLACEMENT : scalar);
}

void
text_clean(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len && !out->overflow;) {
		size_t plain = plain_len(s + i, len - i);
		uint32_t scalar;

		buf_add(out, s + i, plain);
		i += plain;
		if (i == len)
			break;
		i += utf8_decode(s + i, len - i, &scalar);
		add_clean(out, scalar);
	}
}

char *
text_clean_dup(const char *s)
{
	struct buf clean;

	if (!s)
		return NULL;
	buf_init(&clean, SIZE_MAX / 2);
	text_clean(&clean, s, strlen(s));
	return buf_take(&clean);
}

int
text_width(const char *s)
{
	size_t len = strlen(s);
	int width = 0;

	for (size_t i = 0; i < len;) {
		size_t plain = plain_len(s + i, len - i);
		uint32_t scalar;

		width += (int)plain;
		i += plain;
		if (i == len)
			break;
		i += utf8_decode(s + i, len - i, &scalar);
		width += scalar_width(scalar);
	}
	return width;
}

size_t
text_fit(const char *s, int cols)
{
	size_t len = strlen(s), i = 0;

	while (i < len) {
		uint32_t scalar;
		size_t used = utf8_decode(s + i, len - i, &scalar);

		cols -= scalar_width(scalar);
		if (cols < 0)
			break;
		i += used;
	}
	return i;
}

char *
text_cut(const char *s, int cols, bool ascii)
{
	char marker[4] = "~";
	size_t marker_len = ascii ? 1 : utf8_encode(ELLIPSIS, marker);

	if (cols <= 0)
		return xstrdup("");
	if (s[text_fit(s, cols)] == '\0')
		return xstrdup(s);
	return xasprintf(
	    "%.*s%.*s", (int)text_fit(s, cols - 1), s, (int)marker_len, marker);
}

void
size_format(uint64_t bytes, char *out, size_t size)
{
	static const char letters[] = "KMGTPE";
	uint64_t unit = 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, size, "%d", (int)bytes);
		return;
	}
	/* The next unit when rounding would show 1024 of this one. */
	while (i + 1 < sizeof letters - 1 && bytes / unit >= 1023 &&
	       bytes - unit * 1023 >= unit / 2) {
		unit *= 1024;
		i++;
	}

	uint64_t whole = bytes / unit, rest = bytes % unit;
	uint64_t tenths = whole * 10 + (rest * 10 + unit / 2) / unit;

	if (tenths < 100 && tenths % 10)
		snprintf(out, size, "%d.%d%c", (int)(tenths / 10), (int)(tenths % 10),
		    letters[i]);
	else
		snprintf(
		    out, size, "%d%c", (int)(whole + (rest >= unit / 2)), letters[i]);
}
