/* clock - wall time, RFC 3339, durations. Wall times are int64_t milliseconds since 1970. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

int64_t clock_wall_ms(void); /* SANDTOP_TEST_CLOCK_MS is honoured: tests fix the time */
/* For tests whose time moves: asked instead of the system. NULL gives the real one back. */
void clock_set_wall(int64_t (*now_ms)(void));
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);

/* RFC 3339 with 0 to 9 fractional digits and Z or a numeric offset. */
bool clock_parse_rfc3339(const char *text, int64_t *out_ms) MUST_CHECK;
/* "2026-01-02T03:04:05.678Z"; size >= 32 */
void clock_format_rfc3339(int64_t wall_ms, char *out, size_t size);
/* Local time of day "12:04" or "12:04:55". */
void clock_format_hm(int64_t wall_ms, char *out, size_t size);
void clock_format_hms(int64_t wall_ms, char *out, size_t size);

/* "90s" "15m" "1h30m" "2d" "1w", a bare number is seconds; must be >= 0. */
bool duration_parse(const char *text, int64_t *out_s) MUST_CHECK;
/* The table form of ux.md: "45s", "4m", "2h09", "1d2h", "3d". At most 5 columns. */
void duration_format(int64_t seconds, char *out, size_t size);

#endif
