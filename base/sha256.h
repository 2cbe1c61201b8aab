/* sha256 - FIPS 180-4, for signatures of file URLs. Not for much data: a whole message at
 * once. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>

enum { SHA256_BYTES = 32 };

void sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES]);

#endif
