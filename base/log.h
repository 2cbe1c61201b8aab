/*
 * log - one line per event, to a file and to a ring in memory; never to a
 * terminal that is being drawn on. Control characters are escaped. Secrets
 * are registered once and replaced wherever they would appear.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

bool log_open(const char *path, struct error *err) MUST_CHECK; /* file 0600, appended */
void log_close(void);
void log_set_level(enum log_level level);
void log_to_stderr(bool on); /* for commands with -v */
/* Copies; the value never appears in a log line again. NULL and "" are ignored. */
void log_hide_secret(const char *secret);
void log_write(enum log_level level, const char *module, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* The newest line has age 0; NULL past the end; valid until the next write. */
const char *log_recent(size_t age);
extern enum log_level log_threshold;

#define log_debug(module, ...)                                                           \
	do {                                                                             \
		if (log_threshold <= LOG_DEBUG)                                          \
			log_write(LOG_DEBUG, module, __VA_ARGS__);                       \
	} while (0)
#define log_info(module, ...) log_write(LOG_INFO, module, __VA_ARGS__)
#define log_warn(module, ...) log_write(LOG_WARN, module, __VA_ARGS__)
#define log_error(module, ...) log_write(LOG_ERROR, module, __VA_ARGS__)

#endif
