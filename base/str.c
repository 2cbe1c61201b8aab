#include "base/str.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	SECRET_SHOWN_FIRST = 8,
	SECRET_SHOWN_LAST = 4,
	SECRET_SHOWN_MIN = 16, /* shorter ones would give away too much */
};

static const char hex_digits[] = "0123456789ABCDEF";

bool
str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
str_eq_nocase(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) == 0 : a == b;
}

bool
str_is_empty(const char *s)
{
	return !s || !*s;
}

bool
str_has_prefix(const char *s, const char *prefix)
{
	return s && prefix && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_has_suffix(const char *s, const char *suffix)
{
	if (!s || !suffix)
		return false;

	size_t len = strlen(s), suffix_len = strlen(suffix);

	return len >= suffix_len && strcmp(s + len - suffix_len, suffix) == 0;
}

bool
str_copy(char *dst, size_t size, const char *src)
{
	size_t len = src ? strlen(src) : 0;

	if (size == 0)
		return false;

	size_t kept = MIN(len, size - 1);

	if (kept)
		memcpy(dst, src, kept);
	dst[kept] = '\0';
	return kept == len;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	int64_t value = 0;

	if (!text)
		return false;

	bool negative = *text == '-';
	const char *digits = text + negative;

	if (!*digits)
		return false;
	for (const char *p = digits; *p; p++) {
		int64_t digit = *p - '0';

		if (!is_digit(*p) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, negative ? -digit : digit, &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

/* Decimal notation only: no hex, no "inf", no blanks. */
static bool
looks_like_number(const char *text)
{
	const char *p = text + (*text == '-');

	if (!is_digit(*p) && !(*p == '.' && is_digit(p[1])))
		return false;
	return p[strspn(p, "0123456789.eE+-")] == '\0';
}

/* Not by the person's locale: the files and replies we read use a point. */
bool
parse_double(const char *text, double *out)
{
	static locale_t c_locale;
	char *end;

	if (!text || !looks_like_number(text))
		return false;
	if (!c_locale)
		c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);

	double value = strtod_l(text, &end, c_locale);

	if (*end || !isfinite(value))
		return false;
	*out = value;
	return true;
}

char *
str_trim(char *s)
{
	while (isspace((unsigned char)*s))
		s++;

	size_t len = strlen(s);

	while (len > 0 && isspace((unsigned char)s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

/* An absent secret equals nothing, so that a missing header never opens a door. */
bool
secret_eq(const char *a, const char *b)
{
	if (!a || !b)
		return false;

	size_t a_len = strlen(a), b_len = strlen(b);
	volatile unsigned char diff = a_len != b_len;

	for (size_t i = 0, j = 0; i < a_len; i++) {
		diff |= (unsigned char)(a[i] ^ b[j]);
		j = j + 1 < b_len ? j + 1 : 0;
	}
	return diff == 0;
}

char *
secret_mask(const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;

	if (len == 0)
		return xstrdup("");
	if (len < SECRET_SHOWN_MIN)
		return xstrdup("***");
	return xasprintf(
	    "%.*s...%s", SECRET_SHOWN_FIRST, secret, secret + len - SECRET_SHOWN_LAST);
}

static bool
is_unreserved(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '_' || c == '.' || c == '~';
}

char *
url_encode(const char *s)
{
	size_t len = strlen(s);
	char *out = xmalloc(len * 3 + 1), *p = out;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)s[i];

		if (is_unreserved(s[i])) {
			*p++ = s[i];
			continue;
		}
		*p++ = '%';
		*p++ = hex_digits[byte >> 4];
		*p++ = hex_digits[byte & 15];
	}
	*p = '\0';
	return out;
}

static int
hex_value(char c)
{
	const char *at = c ? strchr(hex_digits, toupper((unsigned char)c)) : NULL;

	return at ? (int)(at - hex_digits) : -1;
}

/* The byte of an escape "%41"; 0 when it is bad, which %00 is too: it would cut. */
static char
escape_value(const char *s)
{
	int high = hex_value(s[1]);
	int low = high < 0 ? -1 : hex_value(s[2]);

	return low < 0 ? 0 : (char)(high << 4 | low);
}

bool
url_decode(char *s)
{
	char *out = s;

	for (const char *p = s; (p = strchr(p, '%')) != NULL; p += 3)
		if (!escape_value(p))
			return false;
	for (const char *p = s; *p;) {
		bool is_escape = *p == '%';

		*out++ = is_escape ? escape_value(p) : *p;
		p += is_escape ? 3 : 1;
	}
	*out = '\0';
	return true;
}
