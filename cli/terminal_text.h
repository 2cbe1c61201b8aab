/*
 * terminal_text - hostile output made fit for the person's terminal: text, line ends,
 * tabs and colours (SGR); everything else is left out (law 4).
 *
 * Characters that could deceive (bidi controls, unassigned, private) become visible
 * escapes. Without UTF-8 what is not ASCII becomes "?".
 */
#ifndef CLI_TERMINAL_TEXT_H
#define CLI_TERMINAL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "term/sanitise.h"

struct terminal_text {
	struct buf *out; /* borrowed */
	bool color, utf8;
	bool colored; /* a colour may be on */
	struct sanitise sanitise;
};
/* The memory must stay where it is: the sanitiser points to it. */
void terminal_text_init(struct terminal_text *t, struct buf *out, bool color);
void terminal_text_feed(struct terminal_text *t, const char *bytes, size_t len);
void terminal_text_end(struct terminal_text *t); /* colours off, if one is on */
void terminal_text_clear(struct terminal_text *t);

#endif
