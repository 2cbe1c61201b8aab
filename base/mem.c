#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_OUT_OF_MEMORY = 71 }; /* EX_OSERR of sysexits.h */

static void (*exhausted_hook)(void);

/* No atexit handlers: they would want memory too. */
static NORETURN void
exhausted(void)
{
	static const char message[] = "sandtop: out of memory\n";
	void (*hook)(void) = exhausted_hook;

	exhausted_hook = NULL;
	if (hook)
		hook();
	if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
		_exit(EXIT_OUT_OF_MEMORY);
	_exit(EXIT_OUT_OF_MEMORY);
}

void *
xmalloc(size_t size)
{
	void *ptr = malloc(MAX(size, (size_t)1));

	if (!ptr)
		exhausted();
	return ptr;
}

void *
xcalloc(size_t count, size_t size)
{
	void *ptr = calloc(MAX(count, (size_t)1), MAX(size, (size_t)1));

	if (!ptr)
		exhausted();
	return ptr;
}

void *
xrealloc(void *ptr, size_t size)
{
	void *grown = realloc(ptr, MAX(size, (size_t)1));

	if (!grown)
		exhausted();
	return grown;
}

void *
xreallocarray(void *ptr, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		exhausted();
	return xrealloc(ptr, bytes);
}

char *
xstrdup(const char *s)
{
	return s ? xmemdup(s, strlen(s) + 1) : NULL;
}

char *
xstrndup(const char *s, size_t max)
{
	if (!s)
		return NULL;

	size_t len = strnlen(s, max);
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	return text;
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		exhausted();
	return text;
}

void *
xmemdup(const void *bytes, size_t len)
{
	void *copy = xmalloc(len);

	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

void
mem_set_exhausted_hook(void (*hook)(void))
{
	exhausted_hook = hook;
}
