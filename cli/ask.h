/* ask - a question on the terminal: prompt on stderr, answer from stdin. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <stdbool.h>

/* What was typed ahead is thrown away first, so that it answers nothing. Only where
 * cli->may_ask. */
bool ask_yes(const char *question);			   /* "y" or "yes"; else no */
bool ask_word(const char *question, const char *expected); /* exactly this */

#endif
