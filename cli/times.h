/* times - times as a person writes them on the command line. */
#ifndef CLI_TIMES_H
#define CLI_TIMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

enum { LEFT_MAX_S = 366 * 24 * 3600 };

/* "30m": so long ago; or an RFC 3339 time. `option` is for the message. */
bool time_parse_past(const char *option, const char *text, int64_t now_ms,
    int64_t *out_ms, struct error *err) MUST_CHECK;
/* "1h", "90s", "3600": a time left, from 1 s to a year. */
bool time_parse_span(
    const char *option, const char *text, int64_t *out_s, struct error *err) MUST_CHECK;

/* "+30m" adds to the end; "=2h" and "=2026-01-02T03:04:05Z" set it. */
struct left_change {
	bool adds;
	int64_t seconds; /* to add, or left from now */
};
bool time_parse_left(const char *text, int64_t now_ms, struct left_change *out,
    struct error *err) MUST_CHECK;

#endif
