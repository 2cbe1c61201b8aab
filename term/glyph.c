#include "term/glyph.h"

#include <stdbool.h>

#include "base/text.h"

enum { KNOWN_SCALARS = 0x20000 };

/* Asked for each character of the output, and the tables behind are searched: what was
 * found is remembered for the planes in use. 0: not asked yet. */
static unsigned char known[KNOWN_SCALARS];

static bool
is_private(uint32_t scalar)
{
	return (scalar >= 0xe000 && scalar <= 0xf8ff) || scalar >= 0xf0000;
}

static enum glyph_kind
classify(uint32_t scalar)
{
	int width = scalar_width(scalar);

	if (is_private(scalar))
		return GLYPH_NARROW;
	if (scalar_is_unsafe(scalar))
		return width == 0 ? GLYPH_DROPPED : GLYPH_REPLACED;
	if (width == 0)
		return GLYPH_COMBINING;
	return width == 2 ? GLYPH_WIDE : GLYPH_NARROW;
}

enum glyph_kind
glyph_kind(uint32_t scalar)
{
	if (scalar >= KNOWN_SCALARS)
		return classify(scalar);
	if (!known[scalar])
		known[scalar] = (unsigned char)classify(scalar);
	return known[scalar];
}
