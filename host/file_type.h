/* file_type - what HTTP says beside a file: its type, its name, its time. envd.md 4.1. */
#ifndef HOST_FILE_TYPE_H
#define HOST_FILE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum { FILE_TYPE_SNIFF = 512 }; /* bytes from its beginning that are looked at */

/* By the name's extension, else by what is in it. */
const char *file_type_of(const char *name, const void *begin, size_t len);
/* `inline; filename=...` whatever bytes the name holds; caller frees. */
char *file_type_disposition(const char *name);
/* "Fri, 20 Nov 2026 21:28:07 GMT" and back, in seconds since 1970. */
void file_type_format_time(int64_t seconds, char out[64]);
bool file_type_parse_time(const char *text, int64_t *seconds) MUST_CHECK;

#endif
