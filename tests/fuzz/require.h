/* require - what a target demands of what was decoded: else it is a finding. */
#ifndef TESTS_FUZZ_REQUIRE_H
#define TESTS_FUZZ_REQUIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static inline void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Nothing that a terminal would obey. NULL is clean. */
static inline void
require_clean(const char *s)
{
	for (size_t len = s ? strlen(s) : 0; len > 0;) {
		uint32_t scalar;
		size_t used = utf8_decode(s, len, &scalar);

		require(!scalar_is_unsafe(scalar));
		s += used;
		len -= used;
	}
}

#endif
