/*
 * charset - which characters the bytes 0x20..0x7e mean: ISO 2022 as the VT220 has it,
 * with the three sets that programs use (ASCII, British, line drawing).
 */
#ifndef TERM_CHARSET_H
#define TERM_CHARSET_H

#include <stdbool.h>
#include <stdint.h>

struct charset {
	char sets[4]; /* G0..G3: 'B', 'A' or '0' */
	int active;   /* the one in use */
	int single;   /* the one for the next character alone; 0: none */
};

void charset_init(struct charset *c);
/* ESC ( B and the like; an unknown set is ASCII. */
void charset_designate(struct charset *c, char which, char set);
/* Are printable bytes just ASCII now? */
bool charset_is_plain(const struct charset *c);
/* The character that `byte` means; ends a single shift. */
uint32_t charset_map(struct charset *c, char byte);

#endif
