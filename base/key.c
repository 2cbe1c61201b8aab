#include "base/key.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/str.h"
#include "base/text.h"

enum { FUNCTION_KEYS = KEY_F12 - KEY_F1 + 1 };

/* The first name of a code is the one that is shown. */
static const struct {
	uint32_t code;
	const char *name;
} names[] = {
	{ KEY_ENTER, "Enter" },
	{ KEY_ENTER, "Return" },
	{ KEY_TAB, "Tab" },
	{ KEY_BACKSPACE, "Backspace" },
	{ KEY_BACKSPACE, "BSpace" },
	{ KEY_ESCAPE, "Esc" },
	{ KEY_ESCAPE, "Escape" },
	{ KEY_UP, "Up" },
	{ KEY_DOWN, "Down" },
	{ KEY_LEFT, "Left" },
	{ KEY_RIGHT, "Right" },
	{ KEY_HOME, "Home" },
	{ KEY_END, "End" },
	{ KEY_PAGE_UP, "PgUp" },
	{ KEY_PAGE_UP, "PageUp" },
	{ KEY_PAGE_DOWN, "PgDn" },
	{ KEY_PAGE_DOWN, "PageDown" },
	{ KEY_INSERT, "Ins" },
	{ KEY_INSERT, "Insert" },
	{ KEY_DELETE, "Del" },
	{ KEY_DELETE, "Delete" },
	{ ' ', "Space" },
};

/* For files in which the character itself means something; shown as it is. */
static const struct {
	uint32_t code;
	const char *name;
} punctuation[] = {
	{ ':', "Colon" },
	{ ';', "Semicolon" },
	{ '=', "Equal" },
	{ '#', "Hash" },
};

static const struct {
	const char *text;
	int mod;
} prefixes[] = {
	{ "Alt-", KEY_MOD_ALT },
	{ "M-", KEY_MOD_ALT },
	{ "C-", KEY_MOD_CTRL },
	{ "Ctrl-", KEY_MOD_CTRL },
	{ "^", KEY_MOD_CTRL },
	{ "S-", KEY_MOD_SHIFT },
	{ "Shift-", KEY_MOD_SHIFT },
};

/* A prefix with nothing behind it is no prefix: "^" and "-" are keys too. */
static const char *
strip_prefixes(const char *name, int *mods)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes);) {
		size_t len = strlen(prefixes[i].text);

		if (!str_has_prefix(name, prefixes[i].text) || !name[len]) {
			i++;
			continue;
		}
		*mods |= prefixes[i].mod;
		name += len;
		i = 0;
	}
	return name;
}

static uint32_t
function_key(const char *name)
{
	int64_t number;

	if (toupper((unsigned char)*name) != 'F' || name[1] == '0' ||
	    !parse_int(name + 1, 1, FUNCTION_KEYS, &number))
		return KEY_NONE;
	return KEY_F1 + (uint32_t)number - 1;
}

static uint32_t
named_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(name, names[i].name))
			return names[i].code;
	for (size_t i = 0; i < ARRAY_LEN(punctuation); i++)
		if (str_eq_nocase(name, punctuation[i].name))
			return punctuation[i].code;
	return function_key(name);
}

/* The only scalar of the text, KEY_NONE when it is none or more or not printable. */
static uint32_t
single_scalar(const char *text)
{
	size_t len = strlen(text);
	uint32_t scalar;

	if (!utf8_is_valid(text, len) || utf8_decode(text, len, &scalar) != len ||
	    scalar_is_unsafe(scalar))
		return KEY_NONE;
	return scalar;
}

/* One form per key: "^B" and "^b" are the same, "S-a" is "A", "^@" is "^Space". */
static bool
normalise(struct key *k)
{
	bool is_character = k->code < KEY_FIRST_NAMED && k->code != ' ';

	if (k->mods & KEY_MOD_CTRL && k->code == '@')
		k->code = ' ';
	if (k->mods & KEY_MOD_CTRL && k->code >= 'A' && k->code <= 'Z')
		k->code += 'a' - 'A';
	if (!is_character || !(k->mods & KEY_MOD_SHIFT))
		return true;
	if (k->mods & KEY_MOD_CTRL || k->code >= 0x80 || !isalpha((int)k->code))
		return false;
	k->code = (uint32_t)toupper((int)k->code);
	k->mods &= ~KEY_MOD_SHIFT;
	return true;
}

bool
key_parse(const char *name, struct key *out)
{
	struct key k = { 0 };

	if (str_is_empty(name))
		return false;
	name = strip_prefixes(name, &k.mods);
	k.code = single_scalar(name);
	if (k.code == KEY_NONE)
		k.code = named_key(name);
	if (k.code == KEY_NONE || !normalise(&k))
		return false;
	*out = k;
	return true;
}

static void
format_code(struct key k, char *out, size_t size)
{
	char bytes[5] = "";

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].code != k.code)
			continue;
		str_copy(out, size, names[i].name);
		return;
	}
	if (k.code >= KEY_F1 && k.code <= KEY_F12) {
		snprintf(out, size, "F%d", (int)(k.code - KEY_F1) + 1);
		return;
	}
	if (k.code == KEY_MOUSE || k.code == KEY_NONE || k.code >= KEY_FIRST_NAMED) {
		str_copy(out, size, k.code == KEY_MOUSE ? "Mouse" : "None");
		return;
	}
	if (k.mods & KEY_MOD_CTRL && k.code >= 'a' && k.code <= 'z')
		k.code -= 'a' - 'A';
	utf8_encode(k.code, bytes);
	str_copy(out, size, bytes);
}

void
key_format(struct key k, char *out, size_t size)
{
	char name[12];

	format_code(k, name, sizeof name);
	snprintf(out, size, "%s%s%s%s", k.mods & KEY_MOD_ALT ? "Alt-" : "",
	    k.mods & KEY_MOD_CTRL ? "^" : "", k.mods & KEY_MOD_SHIFT ? "S-" : "", name);
}

bool
key_eq(struct key a, struct key b)
{
	return a.code == b.code && a.mods == b.mods;
}
