/* base64 - standard alphabet; the decoder also takes the URL alphabet and missing padding. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define BASE64_ENCODED_LEN(n) (((n) + 2) / 3 * 4)
#define BASE64_DECODED_MAX(n) ((n) / 4 * 3 + 3)

/* Writes BASE64_ENCODED_LEN(len) characters, no NUL; returns that length. */
size_t base64_encode(const void *bytes, size_t len, char *out);
/* Writes at most BASE64_DECODED_MAX(len) bytes; false on a foreign character
 * or an impossible length, *out_len untouched. Table driven: gigabytes a second. */
bool base64_decode(const char *text, size_t len, void *out, size_t *out_len);
void base64_add(struct buf *b, const void *bytes, size_t len);

#endif
