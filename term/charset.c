#include "term/charset.h"

#include <string.h>

/* The VT100's special graphics, 0x5f to 0x7e. */
static const uint16_t line_drawing[] = {
	0x00a0, /* _ blank */
	0x25c6, /* ` diamond */
	0x2592, /* a checkerboard */
	0x2409, /* b HT */
	0x240c, /* c FF */
	0x240d, /* d CR */
	0x240a, /* e LF */
	0x00b0, /* f degree */
	0x00b1, /* g plus or minus */
	0x2424, /* h NL */
	0x240b, /* i VT */
	0x2518, /* j corner: right, bottom */
	0x2510, /* k right, top */
	0x250c, /* l left, top */
	0x2514, /* m left, bottom */
	0x253c, /* n crossing */
	0x23ba, /* o scan line 1 */
	0x23bb, /* p 3 */
	0x2500, /* q 5 */
	0x23bc, /* r 7 */
	0x23bd, /* s 9 */
	0x251c, /* t tee: left */
	0x2524, /* u right */
	0x2534, /* v bottom */
	0x252c, /* w top */
	0x2502, /* x upright */
	0x2264, /* y at most */
	0x2265, /* z at least */
	0x03c0, /* { pi */
	0x2260, /* | not equal */
	0x00a3, /* } pound */
	0x00b7, /* ~ dot */
};

enum { FIRST_DRAWING = 0x5f, POUND = 0x00a3 };

void
charset_init(struct charset *c)
{
	memset(c, 0, sizeof *c);
	memset(c->sets, 'B', sizeof c->sets);
}

void
charset_designate(struct charset *c, char which, char set)
{
	static const char designators[] = "()*+";
	const char *at = which ? strchr(designators, which) : NULL;

	if (at)
		c->sets[at - designators] = (set == '0' || set == 'A') ? set : 'B';
}

bool
charset_is_plain(const struct charset *c)
{
	return !c->single && c->sets[c->active] == 'B';
}

uint32_t
charset_map(struct charset *c, char byte)
{
	char set = c->sets[c->single ? c->single : c->active];

	c->single = 0;
	if (set == '0' && byte >= FIRST_DRAWING)
		return line_drawing[byte - FIRST_DRAWING];
	if (set == 'A' && byte == '#')
		return POUND;
	return (uint32_t)byte;
}
