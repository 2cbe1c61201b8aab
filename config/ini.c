#include "config/ini.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/clean.h"

enum { SECTION_MAX = 40 }; /* inih keeps 49 bytes of it */

struct reader {
	const char *path;     /* borrowed */
	const char *at, *end; /* borrowed from the source */
	int line;
	bool failed;
	struct error err;
	bool (*on_pair)(void *ctx, const struct ini_pair *pair, struct error *err);
	void *ctx; /* borrowed */
};

static bool
is_comment_start(char c)
{
	return c == ';' || c == '#';
}

static bool
has_control(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			return true;
	}
	return false;
}

/* "[name]" with nothing but a comment behind */
static bool
section_check(const char *line, size_t len, struct error *err)
{
	const char *close = memchr(line, ']', len);
	size_t width = close ? (size_t)(close - line) - 1 : 0;

	if (!close)
		return error_set(err, ERROR_INPUT, "the ] of a [section] is missing");
	if (width == 0 || width > SECTION_MAX)
		return error_set(err, ERROR_INPUT,
		    "a [section] has a name of 1 to %d bytes", SECTION_MAX);
	for (const char *rest = close + 1; rest < line + len; rest++) {
		if (is_comment_start(*rest))
			return true;
		if (*rest != ' ' && *rest != '\t')
			return error_set(
			    err, ERROR_INPUT, "a [section] stands alone on its line");
	}
	return true;
}

static bool
line_check(const char *line, size_t len, int room, struct error *err)
{
	if (has_control(line, len))
		return error_set(err, ERROR_INPUT, "the line holds a control character");
	if (!utf8_is_valid(line, len))
		return error_set(err, ERROR_INPUT, "the line is not UTF-8 text");
	if (len == 0 || is_comment_start(*line))
		return true;
	if (len > (size_t)room)
		return error_set(err, ERROR_INPUT,
		    "the line is longer than %d bytes; put a long command into a script",
		    room);
	return *line != '[' || section_check(line, len, err);
}

/* inih's fgets(): one line per call, so that inih's count of lines is right too. */
static char *
next_line(char *out, int size, void *stream)
{
	struct reader *r = stream;

	if (r->failed || r->at >= r->end)
		return NULL;

	const char *line = r->at;
	const char *newline = memchr(line, '\n', (size_t)(r->end - line));
	const char *stop = newline ? newline : r->end;

	r->at = newline ? newline + 1 : r->end;
	r->line++;
	if (stop > line && stop[-1] == '\r')
		stop--;
	while (line < stop && (*line == ' ' || *line == '\t'))
		line++;

	/* inih wants room for \r, \n and NUL */
	size_t len = (size_t)(stop - line);
	r->failed = !line_check(line, len, MIN(size - 3, 190), &r->err);
	if (r->failed)
		return NULL;
	if (len > 0 && is_comment_start(*line))
		len = 0;
	memcpy(out, line, len);
	out[len] = '\0';
	return out;
}

static int
on_pair(void *user, const char *section, const char *name, const char *value)
{
	struct reader *r = user;
	struct ini_pair pair = {
		.path = r->path,
		.section = section,
		.name = name,
		.value = value ? value : "",
		.line = r->line,
	};

	if (r->failed)
		return 0;
	if (str_is_empty(name))
		r->failed =
		    !error_set(&r->err, ERROR_INPUT, "there is no name before the =");
	else
		r->failed = !r->on_pair(r->ctx, &pair, &r->err);
	return !r->failed;
}

bool
ini_read(const struct ini_source *source,
    bool (*on_pair_fn)(void *ctx, const struct ini_pair *pair, struct error *err),
    void *ctx, struct error *err)
{
	struct reader r = {
		.path = source->path,
		.at = source->text,
		.end = source->text + source->len,
		.on_pair = on_pair_fn,
		.ctx = ctx,
	};

	if (source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0)
		r.at += 3;

	int bad_line = ini_parse_stream(next_line, &r, on_pair, &r);
	if (bad_line == 0 && !r.failed)
		return true;
	/* inih goes on after a line it does not understand: the first one counts */
	if (bad_line > 0 && (!r.failed || bad_line < r.line)) {
		r.line = bad_line;
		(void)error_set(&r.err, ERROR_INPUT,
		    "the line is neither a [section] nor 'name = value'");
	}
	error_prefix(&r.err, "%s:%d", source->path, r.line);
	error_clean(&r.err);
	if (err)
		*err = r.err;
	return false;
}

void
ini_warn(const struct ini_pair *pair, struct strlist *warnings, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	char *line = xasprintf("%s:%d: %s", pair->path, pair->line, text);
	char *clean = text_clean_dup(line);
	strlist_add(warnings, clean);
	free(text);
	free(line);
	free(clean);
}
