#include "term/modes.h"

#include <stddef.h>

#include "base/compiler.h"

static const struct mode modes[] = {
	{ 4, false, MODE_INSERT, 0, MODE_KEEP },
	{ 20, false, MODE_NEWLINE, 0, MODE_KEEP },
	{ 1, true, MODE_CURSOR_KEYS, 0, MODE_KEEP },
	{ 5, true, MODE_REVERSE, 0, MODE_KEEP },
	{ 6, true, MODE_ORIGIN, 0, MODE_PASS_HOMES },
	{ 7, true, MODE_AUTOWRAP, 0, MODE_PASS },
	{ 12, true, MODE_BLINK, 0, MODE_KEEP },
	{ 25, true, MODE_VISIBLE, 0, MODE_KEEP },
	{ 47, true, MODE_ALT_SCREEN, 0, MODE_SCREEN },
	{ 66, true, MODE_KEYPAD, 0, MODE_KEEP },
	{ 1000, true, MODE_MOUSE_CLICK, MODE_MOUSE, MODE_ONE_OF },
	{ 1002, true, MODE_MOUSE_DRAG, MODE_MOUSE, MODE_ONE_OF },
	{ 1003, true, MODE_MOUSE_MOVE, MODE_MOUSE, MODE_ONE_OF },
	{ 1004, true, MODE_FOCUS, 0, MODE_KEEP },
	{ 1005, true, MODE_MOUSE_UTF8, MODE_MOUSE_FORMAT, MODE_ONE_OF },
	{ 1006, true, MODE_MOUSE_SGR, MODE_MOUSE_FORMAT, MODE_ONE_OF },
	{ 1007, true, MODE_ALT_SCROLL, 0, MODE_KEEP },
	{ 1015, true, MODE_MOUSE_URXVT, MODE_MOUSE_FORMAT, MODE_ONE_OF },
	{ 1047, true, MODE_ALT_SCREEN, 0, MODE_SCREEN },
	{ 1048, true, 0, 0, MODE_CURSOR },
	{ 1049, true, MODE_ALT_SCREEN, 0, MODE_SCREEN_CURSOR },
	{ 2004, true, MODE_PASTE, 0, MODE_KEEP },
	{ 2026, true, MODE_SYNC, 0, MODE_KEEP },
};

const struct mode *
mode_find(bool dec, int number)
{
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (modes[i].dec == dec && modes[i].number == number)
			return &modes[i];
	return NULL;
}
