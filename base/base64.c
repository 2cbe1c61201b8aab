#include "base/base64.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/*
 * Four characters become three bytes with one look-up each: table n holds the
 * six bits already in the place that the nth character of a group gives them,
 * and a bit above the result that says "this was a character of the alphabet".
 */
#define GOOD(n) (UINT32_C(1) << (24 + (n)))
#define ALL_GOOD (GOOD(0) | GOOD(1) | GOOD(2) | GOOD(3))
#define ENTRY(n, c, value) [c] = GOOD(n) | (uint32_t)(value) << (18 - 6 * (n))

#define FOUR(n, c, value)                                                                \
	ENTRY(n, c, value), ENTRY(n, (c) + 1, (value) + 1),                              \
	    ENTRY(n, (c) + 2, (value) + 2), ENTRY(n, (c) + 3, (value) + 3)
#define TWENTY_SIX(n, c, value)                                                          \
	FOUR(n, c, value), FOUR(n, (c) + 4, (value) + 4), FOUR(n, (c) + 8, (value) + 8), \
	    FOUR(n, (c) + 12, (value) + 12), FOUR(n, (c) + 16, (value) + 16),            \
	    FOUR(n, (c) + 20, (value) + 20), ENTRY(n, (c) + 24, (value) + 24),           \
	    ENTRY(n, (c) + 25, (value) + 25)
#define TABLE(n)                                                                         \
	{                                                                                \
		TWENTY_SIX(n, 'A', 0), TWENTY_SIX(n, 'a', 26), FOUR(n, '0', 52),         \
		    FOUR(n, '4', 56), ENTRY(n, '8', 60), ENTRY(n, '9', 61),              \
		    ENTRY(n, '+', 62), ENTRY(n, '/', 63), ENTRY(n, '-', 62),             \
		    ENTRY(n, '_', 63)                                                    \
	}

static const uint32_t places[4][256] = { TABLE(0), TABLE(1), TABLE(2), TABLE(3) };

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
encode_group(uint32_t bits, char *out)
{
	out[0] = alphabet[bits >> 18];
	out[1] = alphabet[bits >> 12 & 63];
	out[2] = alphabet[bits >> 6 & 63];
	out[3] = alphabet[bits & 63];
}

size_t
base64_encode(const void *bytes, size_t len, char *out)
{
	const unsigned char *in = bytes;
	char *p = out;

	for (; len >= 3; len -= 3, in += 3, p += 4)
		encode_group((uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2], p);
	if (len > 0) {
		encode_group(
		    (uint32_t)in[0] << 16 | (len > 1 ? (uint32_t)in[1] << 8 : 0), p);
		if (len == 1)
			p[2] = '=';
		p[3] = '=';
		p += 4;
	}
	return (size_t)(p - out);
}

static uint32_t
decode_group(const unsigned char *in)
{
	return places[0][in[0]] | places[1][in[1]] | places[2][in[2]] | places[3][in[3]];
}

/* Three bytes and a fourth to be overwritten: one store instead of three. */
static void
store_group(unsigned char *out, uint32_t bits)
{
	uint32_t big_endian = htobe32(bits << 8);

	memcpy(out, &big_endian, sizeof big_endian);
}

/* The last 2 or 3 characters, missing ones read as zero bits. */
static bool
decode_tail(const unsigned char *in, size_t len, unsigned char *out)
{
	unsigned char group[4] = { 'A', 'A', 'A', 'A' };

	memcpy(group, in, len);

	uint32_t bits = decode_group(group);

	out[0] = (unsigned char)(bits >> 16);
	if (len == 3)
		out[1] = (unsigned char)(bits >> 8);
	return bits >> 24 == ALL_GOOD >> 24;
}

/* Characters before the padding; padding must complete a group of four. */
static bool
strip_padding(const char *text, size_t *len)
{
	size_t padding = 0;

	while (padding < 2 && padding < *len && text[*len - 1 - padding] == '=')
		padding++;
	if (padding > 0 && *len % 4 != 0)
		return false;
	*len -= padding;
	return *len % 4 != 1;
}

bool
base64_decode(const char *text, size_t len, void *out, size_t *out_len)
{
	const unsigned char *in = (const unsigned char *)text;
	unsigned char *p = out;
	uint32_t good = ALL_GOOD;

	if (!strip_padding(text, &len))
		return false;

	size_t groups = len / 4, tail = len % 4;

	for (size_t i = 0; i < groups; i++, in += 4, p += 3) {
		uint32_t bits = decode_group(in);

		good &= bits;
		store_group(p, bits);
	}
	if (good != ALL_GOOD || (tail && !decode_tail(in, tail, p)))
		return false;
	*out_len = groups * 3 + (tail ? tail - 1 : 0);
	return true;
}

void
base64_add(struct buf *b, const void *bytes, size_t len)
{
	size_t encoded = BASE64_ENCODED_LEN(len);
	char *room = buf_reserve(b, encoded);

	if (!room)
		return;
	base64_encode(bytes, len, room);
	buf_commit(b, encoded);
}
