/*
 * error - why something could not be done, for the program and for the person.
 *
 * A function that can fail for a reason outside the program returns bool and
 * takes `struct error *err` last; on false, and only then, it is filled. The
 * first error wins: callers may only put context in front.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

#include "base/compiler.h"

enum error_code {
	ERROR_NONE,
	ERROR_INPUT,	 /* what the person or a file said makes no sense */
	ERROR_SYSTEM,	 /* a system call or a missing program */
	ERROR_OFFLINE,	 /* no answer: connect, time-out, reset, 5xx */
	ERROR_DENIED,	 /* 401, 403 */
	ERROR_NOT_FOUND, /* 404 */
	ERROR_CONFLICT,	 /* 409 */
	ERROR_LIMIT,	 /* 429, plan limits, resource_exhausted */
	ERROR_REMOTE,	 /* the other side answered something else */
	ERROR_CANCELLED,
};

struct error {
	enum error_code code; /* what the program does */
	int http_status;      /* 0 when no answer came */
	int retry_after_s;    /* what the server asked for, 0: nothing */
	char text[240];	      /* what the person reads: one line, no secret */
};

/* Fills *err (NULL is fine) and returns false, so a failure is one line. */
bool error_set(struct error *err, enum error_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* As error_set(ERROR_SYSTEM) with ": <strerror>" behind. */
bool error_system(struct error *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "reading FILE: <what was there>" */
void error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A stable word for scripts: "not_found", "conflict", ... */
const char *error_code_name(enum error_code code);

#endif
