#include "net/backoff.h"

#include "base/compiler.h"
#include "base/random.h"

/* In hundredths of the longest wait. */
static const int steps[] = { 1, 2, 4, 8, 16, 32, 64, 100 };

int
backoff_ms(int base_ms, int attempt)
{
	int last = (int)ARRAY_LEN(steps) - 1;
	int step = steps[CLAMP(attempt - 1, 0, last)];
	int full = MAX(base_ms, 1) > 1000000 ? 100000000 : MAX(base_ms, 1) * step;
	int half = full / 2;

	return MAX(full - half + (int)random_below((uint32_t)half + 1), 1);
}
