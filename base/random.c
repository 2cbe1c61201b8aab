#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/compiler.h"

void
random_bytes(void *out, size_t len)
{
	unsigned char *p = out;

	while (len > 0) {
		ssize_t got = getrandom(p, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fputs("sandtop: the system gives no random bytes\n", stderr);
			abort();
		}
		p += got;
		len -= (size_t)got;
	}
}

uint32_t
random_below(uint32_t limit)
{
	assert(limit > 0);

	/* Values past the last whole multiple of `limit` would favour small results. */
	uint32_t excess = (UINT32_MAX % limit + 1) % limit;
	uint32_t value;

	do
		random_bytes(&value, sizeof value);
	while (value > UINT32_MAX - excess);
	return value % limit;
}

/* One call to the system for a whole pool, not one a character. */
static void
fill(char *out, size_t count, const char *alphabet, unsigned size)
{
	unsigned char pool[64];
	unsigned fair = 256 - 256 % size; /* beyond: small results would be favoured */
	size_t done = 0;

	while (done < count) {
		random_bytes(pool, sizeof pool);
		for (size_t i = 0; i < sizeof pool && done < count; i++)
			if (pool[i] < fair)
				out[done++] = alphabet[pool[i] % size];
	}
	out[count] = '\0';
}

void
random_hex(char *out, size_t digits)
{
	fill(out, digits, "0123456789abcdef", 16);
}

void
random_id(char *out, size_t count)
{
	fill(out, count, "abcdefghijklmnopqrstuvwxyz0123456789", 36);
}
