#include "cli/times.h"

#include <string.h>

#include "base/clock.h"

bool
time_parse_past(const char *option, const char *text, int64_t now_ms, int64_t *out_ms,
    struct error *err)
{
	int64_t ago_s;

	if (duration_parse(text, &ago_s) && ago_s <= now_ms / 1000) {
		*out_ms = now_ms - ago_s * 1000;
		return true;
	}
	if (clock_parse_rfc3339(text, out_ms) && *out_ms >= 0)
		return true;
	return error_set(err, ERROR_INPUT,
	    "%s %.40s: so long ago, as in 30m or 2h, or a time as in "
	    "2026-01-02T03:04:05Z",
	    option, text);
}

bool
time_parse_span(const char *option, const char *text, int64_t *out_s, struct error *err)
{
	if (duration_parse(text, out_s) && *out_s >= 1 && *out_s <= LEFT_MAX_S)
		return true;
	return error_set(err, ERROR_INPUT,
	    "%s %.40s: a time from 1s to 366d, as in 30m or 2h", option, text);
}

static bool
set_until(const char *text, int64_t now_ms, struct left_change *out)
{
	int64_t end_ms;

	if (!clock_parse_rfc3339(text, &end_ms) || end_ms <= now_ms)
		return false;
	out->seconds = (end_ms - now_ms + 999) / 1000;
	return true;
}

bool
time_parse_left(
    const char *text, int64_t now_ms, struct left_change *out, struct error *err)
{
	bool has_sign = text[0] == '+' || text[0] == '=';

	out->adds = text[0] == '+';
	if (has_sign && duration_parse(text + 1, &out->seconds) && out->seconds >= 1 &&
	    out->seconds <= LEFT_MAX_S)
		return true;
	if (text[0] == '=' && set_until(text + 1, now_ms, out) &&
	    out->seconds <= LEFT_MAX_S)
		return true;
	if (!has_sign && duration_parse(text, &out->seconds))
		return error_set(err, ERROR_INPUT,
		    "%.40s can mean two things: +%.40s adds to the time left, =%.40s "
		    "sets it",
		    text, text, text);
	return error_set(err, ERROR_INPUT,
	    "%.40s: +30m adds to the time left, =2h sets it, =2026-01-02T03:04:05Z says "
	    "the end",
	    text);
}
