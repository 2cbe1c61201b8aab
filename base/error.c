#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* Room for one formatted text before it is made safe and cut. */
enum { RAW_MAX = 1024 };

static const char *const code_names[] = {
	[ERROR_NONE] = "none",
	[ERROR_INPUT] = "input",
	[ERROR_SYSTEM] = "system",
	[ERROR_OFFLINE] = "offline",
	[ERROR_DENIED] = "denied",
	[ERROR_NOT_FOUND] = "not_found",
	[ERROR_CONFLICT] = "conflict",
	[ERROR_LIMIT] = "limit",
	[ERROR_REMOTE] = "remote",
	[ERROR_CANCELLED] = "cancelled",
};

/* Cuts at a character, with dots that say so. */
static void
store_cut(struct error *err, const char *text, size_t len)
{
	static const char dots[] = "...";
	size_t room = sizeof err->text - sizeof dots;

	while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
		room--;
	memcpy(err->text, text, MIN(room, len));
	memcpy(err->text + room, dots, sizeof dots);
}

/* Parts of the text may come from outside: it becomes one printable line. */
static void
store(struct error *err, const char *raw)
{
	struct buf clean;

	buf_init(&clean, RAW_MAX * 8);
	text_clean(&clean, raw, strlen(raw));
	if (clean.len < sizeof err->text)
		memcpy(err->text, clean.data, clean.len + 1);
	else
		store_cut(err, clean.data, clean.len);
	buf_clear(&clean);
}

bool
error_set(struct error *err, enum error_code code, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;

	if (!err)
		return false;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	*err = (struct error){ .code = code };
	store(err, raw);
	return false;
}

bool
error_system(struct error *err, int errnum, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;

	if (!err)
		return false;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	return error_set(err, ERROR_SYSTEM, "%s: %s", raw, strerror(errnum));
}

void
error_prefix(struct error *err, const char *fmt, ...)
{
	char raw[RAW_MAX], whole[RAW_MAX + sizeof err->text + 2];
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof whole, "%s: %s", raw, err->text);
	store(err, whole);
}

const char *
error_code_name(enum error_code code)
{
	if ((size_t)code >= ARRAY_LEN(code_names))
		return "unknown";
	return code_names[code];
}
