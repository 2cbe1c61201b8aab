#include "base/clock.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

enum {
	MS_PER_S = 1000,
	S_PER_MIN = 60,
	S_PER_HOUR = 60 * S_PER_MIN,
	S_PER_DAY = 24 * S_PER_HOUR,
	S_PER_WEEK = 7 * S_PER_DAY,
	DAYS_PER_ERA = 146097, /* 400 years */
	EPOCH_DAY = 719468,    /* 1970-01-01 counted from 0000-03-01 */
};

static int64_t
now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* The time that a test has fixed, or -1. The environment is read once. */
static int64_t
fixed_wall_ms(void)
{
	static bool was_read;
	static int64_t fixed = -1;

	if (!was_read) {
		was_read = true;
		if (!parse_int(getenv("SANDTOP_TEST_CLOCK_MS"), 0, INT64_MAX, &fixed))
			fixed = -1;
	}
	return fixed;
}

static int64_t (*wall_source)(void); /* NULL: the system */

void
clock_set_wall(int64_t (*now_ms)(void))
{
	wall_source = now_ms;
}

int64_t
clock_wall_ms(void)
{
	if (wall_source)
		return wall_source();

	int64_t fixed = fixed_wall_ms();

	return fixed >= 0 ? fixed : now_us(CLOCK_REALTIME) / 1000;
}

uint64_t
clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

uint64_t
clock_mono_us(void)
{
	return (uint64_t)now_us(CLOCK_MONOTONIC);
}

struct date {
	int64_t year;
	int month, day;
};

/* Years begin in March here, so that the leap day is the last one. */
static int64_t
days_from_date(struct date d)
{
	int64_t year = d.year - (d.month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * ((d.month + 9) % 12) + 2) / 5 + d.day - 1;

	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 -
	       year_of_era / 100 + day_of_year - EPOCH_DAY;
}

static struct date
date_from_days(int64_t days)
{
	days += EPOCH_DAY;

	int64_t era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int64_t day = days - era * DAYS_PER_ERA;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */

	return (struct date){
		.year = year + era * 400 + (month >= 10),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
	};
}

static int
days_in_month(struct date d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;

	return days[d.month - 1] + (d.month == 2 && leap);
}

/* Exactly `digits` digits at *p, within bounds; moves *p behind them. */
static bool
take_number(const char **p, int digits, int min, int max, int *out)
{
	int value = 0;

	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)(*p)[i]))
			return false;
		value = value * 10 + ((*p)[i] - '0');
	}
	*p += digits;
	*out = value;
	return value >= min && value <= max;
}

static bool
take_char(const char **p, const char *any_of)
{
	return **p && strchr(any_of, *(*p)++);
}

static bool
take_date(const char **p, int64_t *days)
{
	struct date d;
	int year;

	if (!take_number(p, 4, 0, 9999, &year) || !take_char(p, "-") ||
	    !take_number(p, 2, 1, 12, &d.month) || !take_char(p, "-") ||
	    !take_number(p, 2, 1, 31, &d.day))
		return false;
	d.year = year;
	*days = days_from_date(d);
	return d.day <= days_in_month(d);
}

/* A leap second (60) is the first of the next minute. */
static bool
take_time(const char **p, int64_t *ms)
{
	int hour, minute, second;

	if (!take_number(p, 2, 0, 23, &hour) || !take_char(p, ":") ||
	    !take_number(p, 2, 0, 59, &minute) || !take_char(p, ":") ||
	    !take_number(p, 2, 0, 60, &second))
		return false;
	*ms = (int64_t)(hour * S_PER_HOUR + minute * S_PER_MIN + second) * MS_PER_S;
	return true;
}

/* ".123456": what is finer than a millisecond is dropped. */
static bool
take_fraction(const char **p, int64_t *ms)
{
	int scale = 100, digits = 0;

	*ms = 0;
	if (**p != '.')
		return true;
	for (++*p; isdigit((unsigned char)**p); ++*p, digits++) {
		*ms += (**p - '0') * scale;
		scale /= 10;
	}
	return digits >= 1 && digits <= 9;
}

static bool
take_offset(const char **p, int64_t *ms)
{
	int hours, minutes;
	char sign = **p;

	*ms = 0;
	if (!take_char(p, "Zz+-"))
		return false;
	if (sign == 'Z' || sign == 'z')
		return true;
	if (!take_number(p, 2, 0, 23, &hours) || !take_char(p, ":") ||
	    !take_number(p, 2, 0, 59, &minutes))
		return false;
	*ms = (int64_t)(hours * S_PER_HOUR + minutes * S_PER_MIN) * MS_PER_S;
	if (sign == '-')
		*ms = -*ms;
	return true;
}

bool
clock_parse_rfc3339(const char *text, int64_t *out_ms)
{
	const char *p = text;
	int64_t days, time_ms, fraction_ms, offset_ms;

	if (!text || !take_date(&p, &days) || !take_char(&p, "Tt ") ||
	    !take_time(&p, &time_ms) || !take_fraction(&p, &fraction_ms) ||
	    !take_offset(&p, &offset_ms) || *p)
		return false;
	*out_ms = days * S_PER_DAY * MS_PER_S + time_ms + fraction_ms - offset_ms;
	return true;
}

/* Each object of an answer holds times: by hand it takes a tenth of snprintf's time. */
static char *
put_digits(char *to, int value, int count)
{
	for (int i = count - 1; i >= 0; i--, value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + count;
}

void
clock_format_rfc3339(int64_t wall_ms, char *out, size_t size)
{
	static const int64_t ms_per_day = (int64_t)S_PER_DAY * MS_PER_S;
	static const int64_t year_0 = INT64_C(-62167219200000);
	static const int64_t end_of_9999 = INT64_C(253402300799999);
	int64_t ms = CLAMP(wall_ms, year_0, end_of_9999);
	int64_t in_day = (ms % ms_per_day + ms_per_day) % ms_per_day;
	struct date d = date_from_days((ms - in_day) / ms_per_day);
	int s = (int)(in_day / MS_PER_S);

	const struct {
		int value, count;
		char then;
	} parts[] = {
		{ (int)d.year, 4, '-' },
		{ d.month, 2, '-' },
		{ d.day, 2, 'T' },
		{ s / S_PER_HOUR, 2, ':' },
		{ s / S_PER_MIN % 60, 2, ':' },
		{ s % 60, 2, '.' },
		{ (int)(in_day % MS_PER_S), 3, 'Z' },
	};
	assert(size >= 32);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		out = put_digits(out, parts[i].value, parts[i].count);
		*out++ = parts[i].then;
	}
	*out = '\0';
}

/* Midnight for a time that the C library cannot convert. */
static struct tm
local_time(int64_t wall_ms)
{
	int64_t floor_ms = wall_ms % MS_PER_S < 0 ? MS_PER_S : 0;
	time_t seconds = (time_t)((wall_ms - floor_ms) / MS_PER_S);
	struct tm tm = { 0 };

	localtime_r(&seconds, &tm);
	return tm;
}

void
clock_format_hm(int64_t wall_ms, char *out, size_t size)
{
	struct tm tm = local_time(wall_ms);

	snprintf(out, size, "%02d:%02d", tm.tm_hour, tm.tm_min);
}

void
clock_format_hms(int64_t wall_ms, char *out, size_t size)
{
	struct tm tm = local_time(wall_ms);

	snprintf(out, size, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static const struct {
	char letter;
	int64_t seconds;
} units[] = {
	{ 'w', S_PER_WEEK },
	{ 'd', S_PER_DAY },
	{ 'h', S_PER_HOUR },
	{ 'm', S_PER_MIN },
	{ 's', 1 },
};

/* The unit at or behind table row *at, so that units come once, large before small. */
static int64_t
unit_seconds(char letter, size_t *at)
{
	for (size_t i = *at; i < ARRAY_LEN(units); i++) {
		if (units[i].letter != letter)
			continue;
		*at = i + 1;
		return units[i].seconds;
	}
	return 0;
}

/* One "15m" at *p, added to *total. */
static bool
take_part(const char **p, size_t *at, int64_t *total)
{
	int64_t value = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); ++*p)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, **p - '0', &value))
			return false;

	int64_t unit = unit_seconds(**p, at);

	++*p;
	return unit && !__builtin_mul_overflow(value, unit, &value) &&
	       !__builtin_add_overflow(*total, value, total);
}

bool
duration_parse(const char *text, int64_t *out_s)
{
	int64_t total = 0;
	size_t at = 0;

	if (str_is_empty(text))
		return false;
	if (parse_int(text, 0, INT64_MAX, out_s))
		return true;
	for (const char *p = text; *p;)
		if (!take_part(&p, &at, &total))
			return false;
	*out_s = total;
	return true;
}

void
duration_format(int64_t seconds, char *out, size_t size)
{
	int64_t s = CLAMP(seconds, 0, INT64_C(9999) * S_PER_DAY);
	int days = (int)(s / S_PER_DAY), hours = (int)(s / S_PER_HOUR % 24);
	int minutes = (int)(s / S_PER_MIN % 60);

	if (s < S_PER_MIN)
		snprintf(out, size, "%ds", (int)s);
	else if (s < S_PER_HOUR)
		snprintf(out, size, "%dm", minutes);
	else if (s < S_PER_DAY)
		snprintf(out, size, "%dh%02d", hours, minutes);
	else if (days < 10 && hours > 0)
		snprintf(out, size, "%dd%dh", days, hours);
	else
		snprintf(out, size, "%dd", days);
}
