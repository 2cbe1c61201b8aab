#include "host/file_type.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/text.h"

#define TEXT "text/plain; charset=utf-8"
#define BINARY "application/octet-stream"

static const struct {
	const char *extension, *type;
} extensions[] = {
	{ ".avif", "image/avif" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".csv", "text/csv; charset=utf-8" },
	{ ".gif", "image/gif" },
	{ ".gz", "application/gzip" },
	{ ".htm", "text/html; charset=utf-8" },
	{ ".html", "text/html; charset=utf-8" },
	{ ".jpeg", "image/jpeg" },
	{ ".jpg", "image/jpeg" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".md", "text/markdown; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".mp3", "audio/mpeg" },
	{ ".mp4", "video/mp4" },
	{ ".pdf", "application/pdf" },
	{ ".png", "image/png" },
	{ ".svg", "image/svg+xml" },
	{ ".tar", "application/x-tar" },
	{ ".txt", TEXT },
	{ ".wasm", "application/wasm" },
	{ ".webp", "image/webp" },
	{ ".xml", "text/xml; charset=utf-8" },
	{ ".zip", "application/zip" },
};

static const struct {
	const char *bytes;
	size_t len;
	const char *type;
} beginnings[] = {
	{ "\x89PNG\r\n\x1a\n", 8, "image/png" },
	{ "\xff\xd8\xff", 3, "image/jpeg" },
	{ "GIF8", 4, "image/gif" },
	{ "%PDF-", 5, "application/pdf" },
	{ "PK\x03\x04", 4, "application/zip" },
	{ "\x1f\x8b\x08", 3, "application/x-gzip" },
};

static bool
is_binary(unsigned char c)
{
	return c < 0x20 && !strchr("\t\n\f\r\x1b", c);
}

static const char *
sniff(const unsigned char *begin, size_t len)
{
	len = MIN(len, (size_t)FILE_TYPE_SNIFF);
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		if (len >= beginnings[i].len &&
		    memcmp(begin, beginnings[i].bytes, beginnings[i].len) == 0)
			return beginnings[i].type;
	for (size_t i = 0; i < len; i++)
		if (begin[i] == '\0' || is_binary(begin[i]))
			return BINARY;
	return TEXT;
}

const char *
file_type_of(const char *name, const void *begin, size_t len)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(extensions); i++)
		if (str_eq_nocase(dot, extensions[i].extension))
			return extensions[i].type;
	return sniff(begin, len);
}

/* ---- the name */

static const char unreserved[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

char *
file_type_disposition(const char *name)
{
	struct buf out;
	bool plain = *name != '\0', ascii = true;

	for (const char *c = name; *c; c++) {
		plain = plain && strchr(unreserved, *c);
		ascii = ascii && *c >= 0x20 && *c < 0x7f;
	}
	buf_init(&out, 64u * 1024);
	buf_add_str(&out, "inline; filename");
	if (plain) {
		buf_addf(&out, "=%s", name);
	} else if (ascii) {
		buf_add_str(&out, "=\"");
		for (const char *c = name; *c; c++)
			buf_addf(&out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
		buf_add_char(&out, '"');
	} else {
		buf_add_str(&out, "*=utf-8''");
		for (const char *c = name; *c; c++)
			buf_addf(&out, strchr(unreserved, *c) ? "%c" : "%%%02X",
			    (unsigned char)*c);
	}
	return buf_take(&out);
}

/* ---- the time, whatever the locale */

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void
file_type_format_time(int64_t seconds, char out[64])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || tm.tm_year > 8099) {
		out[0] = '\0';
		return;
	}
	snprintf(out, 64, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
	    days + 3 * tm.tm_wday, tm.tm_mday % 100, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

static bool
take_number(const char **at, size_t digits, int *out)
{
	*out = 0;
	for (size_t i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*out = *out * 10 + (**at - '0');
	}
	return true;
}

static bool
take_month(const char **at, int *out)
{
	for (*out = 0; *out < 12; ++*out)
		if (strncmp(*at, months + (size_t)*out * 3, 3) == 0) {
			*at += 3;
			return true;
		}
	return false;
}

/* "21:28:07 GMT" */
static bool
take_clock(const char **at, struct tm *tm)
{
	return take_number(at, 2, &tm->tm_hour) && *(*at)++ == ':' &&
	       take_number(at, 2, &tm->tm_min) && *(*at)++ == ':' &&
	       take_number(at, 2, &tm->tm_sec) && strcmp(*at, " GMT") == 0;
}

bool
file_type_parse_time(const char *text, int64_t *seconds)
{
	struct tm tm = { 0 };
	const char *at = text;

	if (strlen(text) != 29 || text[3] != ',' || text[4] != ' ')
		return false;
	at += 5;
	if (!take_number(&at, 2, &tm.tm_mday) || *at++ != ' ' ||
	    !take_month(&at, &tm.tm_mon) || *at++ != ' ' ||
	    !take_number(&at, 4, &tm.tm_year) || *at++ != ' ' || !take_clock(&at, &tm))
		return false;
	tm.tm_year -= 1900;
	*seconds = timegm(&tm);
	return true;
}
