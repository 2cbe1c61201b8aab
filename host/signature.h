/* signature - who may use /files without a token: the holder of a signed URL.
 * envd.md 4.3. */
#ifndef HOST_SIGNATURE_H
#define HOST_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

/* "v1_" and base64 without padding; `expiration` NULL: none. Caller frees. */
char *signature_make(const char *path, const char *operation, const char *user,
    const char *token, const char *expiration);
/* What is wrong with the query of a request for `operation` ("read", "write"), in envd's
 * words; NULL: nothing. */
const char *signature_refuse(const char *query, const char *operation, const char *token);
/* Whether that token made the signature, for either operation, be it expired or not. */
bool signature_is_of(const char *query, const char *token);

#endif
