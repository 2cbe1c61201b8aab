/* spelling - was that word meant to be this one? */
#ifndef CONFIG_SPELLING_H
#define CONFIG_SPELLING_H

#include <stdbool.h>

/* True when so few edits lead from a to b (a letter more, less, other, or two swapped) that
 * one is likely a slip of the other. Words above 31 bytes are near to nothing. */
bool spelling_is_near(const char *a, const char *b);

#endif
