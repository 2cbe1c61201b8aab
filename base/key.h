/*
 * key - one key press or mouse event, as the decoder names it and the
 * terminal panes encode it again.
 */
#ifndef BASE_KEY_H
#define BASE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KEY_MOD_SHIFT = 1,
	KEY_MOD_ALT = 2,
	KEY_MOD_CTRL = 4,
};

/* Above Unicode. A plain character is its scalar, without KEY_MOD_SHIFT. */
enum {
	KEY_NONE = 0,
	KEY_FIRST_NAMED = 0x200000,
	KEY_ENTER = KEY_FIRST_NAMED,
	KEY_TAB,
	KEY_BACKSPACE,
	KEY_ESCAPE,
	KEY_UP,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_INSERT,
	KEY_DELETE,
	KEY_F1,
	KEY_F12 = KEY_F1 + 11,
	KEY_MOUSE, /* see struct mouse */
};

enum mouse_kind {
	MOUSE_PRESS,
	MOUSE_RELEASE,
	MOUSE_MOVE,
	MOUSE_WHEEL_UP,
	MOUSE_WHEEL_DOWN
};

struct mouse {
	enum mouse_kind kind;
	int button; /* 1 left, 2 middle, 3 right; 0 with a move without a button */
	int row, col;
};

struct key {
	uint32_t code; /* scalar or KEY_* */
	int mods;      /* KEY_MOD_* */
	struct mouse mouse;
};

/* "^B", "F5", "S-Tab", "Alt-x", "Enter", "Space", "a", "PgUp", "Colon"; "C-b" is "^B".
 * False, *out untouched, for what is no key. What is shown can be parsed again; Colon,
 * Semicolon and Equal, which a file has to spell, are shown as the characters. */
bool key_parse(const char *name, struct key *out);
void key_format(struct key k, char *out, size_t size); /* size >= 16 */
bool key_eq(struct key a, struct key b);	       /* mouse apart */

#endif
