/*
 * mem - memory that is always there.
 *
 * Out of memory ends the program (after the hook has given the terminal
 * back), so no caller checks. malloc and friends are used nowhere else.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include "base/compiler.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
/* count * size with the overflow checked */
void *xreallocarray(void *ptr, size_t count, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t max);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);
void *xmemdup(const void *bytes, size_t len);

/* Called once before the program ends for want of memory. */
void mem_set_exhausted_hook(void (*hook)(void));

#endif
