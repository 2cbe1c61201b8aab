/*
 * buf - growing bytes with a limit that is named at birth.
 *
 * An append that would pass the limit sets `overflow` and is dropped whole, as are
 * all after it, so that one check at the end replaces one per append and the content
 * has no holes.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct buf {
	char *data; /* owned; ends in NUL; never NULL after buf_init */
	size_t len, cap, max;
	bool overflow; /* max was hit: the content is cut; until buf_reset() */
};

void buf_init(struct buf *b, size_t max);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Room for `len` bytes at the end, or NULL on overflow; buf_commit() adds them. */
char *buf_reserve(struct buf *b, size_t len);
void buf_commit(struct buf *b, size_t len);
void buf_consume(struct buf *b, size_t len); /* drops bytes at the front */
void buf_reset(struct buf *b);		     /* empty, memory and limit kept */
char *buf_take(struct buf *b);		     /* caller frees; b is empty again */
void buf_clear(struct buf *b);		     /* frees; zeroed memory is fine */

#endif
