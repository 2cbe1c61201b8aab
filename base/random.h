/* random - unguessable bytes from the system, and jitter. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len); /* ends the program if the system has none */
/* `digits` lower-case hex digits and a NUL. */
void random_hex(char *out, size_t digits);
/* [a-z0-9]{count} and a NUL. */
void random_id(char *out, size_t count);
uint32_t random_below(uint32_t limit);

#endif
