/* query - parameters behind the '?' of a URI. */
#ifndef HOST_QUERY_H
#define HOST_QUERY_H

#include <stdbool.h>
#include <stdint.h>

/* The first value of that name, decoded ('+' is a blank); NULL: absent. A value that
 * cannot be decoded is given as it stands. Caller frees. */
char *query_get(const char *query, const char *name);
enum query_number { QUERY_ABSENT, QUERY_OK, QUERY_BAD };
enum query_number query_int(
    const char *query, const char *name, int64_t min, int64_t max, int64_t *out);

#endif
