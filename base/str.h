/* str - strings and numbers without surprises. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Both may be NULL; NULL equals NULL only. */
bool str_eq(const char *a, const char *b);
bool str_eq_nocase(const char *a, const char *b);
bool str_is_empty(const char *s); /* NULL or "" */
bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
/* Copies with a NUL; false when it had to cut. */
bool str_copy(char *dst, size_t size, const char *src);
/* The whole string or nothing. */
bool parse_int(const char *text, int64_t min, int64_t max, int64_t *out) MUST_CHECK;
bool parse_double(const char *text, double *out) MUST_CHECK;
/* In place; returns s past leading blanks, trailing ones cut. */
char *str_trim(char *s);
/* Constant time in the length of `a`. NULL equals nothing, itself included. */
bool secret_eq(const char *a, const char *b);
/* `e2b_1234...cdef`-like form for screens and logs: 8 first, 4 last, shorter than 16
 * only "***"; "" for none; caller frees. */
char *secret_mask(const char *secret);
/* Percent-encoding of everything but unreserved characters; caller frees. */
char *url_encode(const char *s);
/* Decodes in place; false on a bad escape. '+' stays '+'. */
bool url_decode(char *s);

/* A NULL-terminated list of owned strings. */
struct strlist {
	char **items; /* owned, each owned; items[count] is NULL when items is set */
	size_t count;
};
void strlist_add(struct strlist *l, const char *s);
bool strlist_has(const struct strlist *l, const char *s);
void strlist_clear(struct strlist *l);
/* Splits at `sep`, empty pieces kept. */
void strlist_split(struct strlist *l, const char *s, char sep);

/* Ordered key and value pairs (metadata, environment); keys unique. */
struct pair {
	char *key, *value; /* owned */
};
struct pairs {
	struct pair *items; /* owned */
	size_t count;
};
void pairs_set(struct pairs *p, const char *key, const char *value);
const char *pairs_get(const struct pairs *p, const char *key); /* NULL: not there */
void pairs_copy(struct pairs *dst, const struct pairs *src);   /* clears dst first */
bool pairs_eq(const struct pairs *a, const struct pairs *b);   /* in any order */
void pairs_clear(struct pairs *p);

#endif
