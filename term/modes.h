/*
 * modes - the switches a program can set (SM, RM, DECSET, DECRST) and ask (DECRQM).
 * One table: number, bit, and how the emulator has to act beside keeping the bit.
 */
#ifndef TERM_MODES_H
#define TERM_MODES_H

#include <stdbool.h>

enum {
	MODE_CURSOR_KEYS = 1 << 0, /* arrows are SS3 A, not CSI A */
	MODE_REVERSE = 1 << 1,	   /* the whole screen */
	MODE_ORIGIN = 1 << 2,	   /* addresses count from the top margin */
	MODE_AUTOWRAP = 1 << 3,
	MODE_BLINK = 1 << 4, /* the cursor does */
	MODE_VISIBLE = 1 << 5,
	MODE_KEYPAD = 1 << 6,
	MODE_ALT_SCREEN = 1 << 7,
	MODE_MOUSE_CLICK = 1 << 8,
	MODE_MOUSE_DRAG = 1 << 9,
	MODE_MOUSE_MOVE = 1 << 10,
	MODE_FOCUS = 1 << 11,
	MODE_MOUSE_UTF8 = 1 << 12,
	MODE_MOUSE_SGR = 1 << 13,
	MODE_MOUSE_URXVT = 1 << 14,
	MODE_ALT_SCROLL = 1 << 15, /* the wheel is arrow keys on the alternate screen */
	MODE_PASTE = 1 << 16,	   /* is bracketed */
	MODE_SYNC = 1 << 17,
	MODE_INSERT = 1 << 18,
	MODE_NEWLINE = 1 << 19,

	MODE_MOUSE = MODE_MOUSE_CLICK | MODE_MOUSE_DRAG | MODE_MOUSE_MOVE,
	MODE_MOUSE_FORMAT = MODE_MOUSE_UTF8 | MODE_MOUSE_SGR | MODE_MOUSE_URXVT,
	/* what a soft reset resets */
	MODE_SOFT = MODE_CURSOR_KEYS | MODE_ORIGIN | MODE_AUTOWRAP | MODE_VISIBLE |
		    MODE_KEYPAD | MODE_INSERT | MODE_NEWLINE,
	/* after a hard one */
	MODE_DEFAULTS = MODE_AUTOWRAP | MODE_BLINK | MODE_VISIBLE | MODE_ALT_SCROLL,
};

enum mode_action {
	MODE_KEEP,	    /* the bit is all */
	MODE_ONE_OF,	    /* setting it clears the others of `group` */
	MODE_PASS,	    /* libvterm keeps it too */
	MODE_PASS_HOMES,    /* and the cursor goes home */
	MODE_SCREEN,	    /* switches screens */
	MODE_CURSOR,	    /* saves and restores the cursor */
	MODE_SCREEN_CURSOR, /* both */
};

struct mode {
	int number;
	bool dec; /* CSI ? */
	unsigned bit, group;
	enum mode_action action;
};

const struct mode *mode_find(bool dec, int number); /* NULL: unknown */

#endif
