/*
 * keys - keys and mouse events as the bytes a program expects.
 *
 * The classic encoding of xterm, which terminfo's xterm-256color describes: Ctrl with a
 * letter is a control character, Alt puts ESC in front, named keys with modifiers are
 * CSI 1 ; m X. libvterm's own encoder answers some combinations with CSI u, which shells
 * do not understand unless they asked for it, so it is not used.
 */
#ifndef TERM_KEYS_H
#define TERM_KEYS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/key.h"

/* `modes` as in modes.h. false: the key means nothing to a terminal. */
bool key_encode(struct key key, unsigned modes, struct buf *out);

/* What of the last mouse report is needed for the next. */
struct mouse_state {
	int row, col;
	bool known;
};

/* false: the program does not want it, or its format cannot say it. */
bool mouse_encode(
    struct key key, unsigned modes, struct mouse_state *state, struct buf *out);

/* Text to paste: line ends become CR, embedded end markers go, bracketed if asked for. */
void paste_encode(const char *bytes, size_t len, unsigned modes, struct buf *out);

#endif
