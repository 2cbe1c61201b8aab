/* The key decoder: tables of what terminals send, split everywhere, and garbage. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/path.h"
#include "tui/input.h"

#include "tests/fuzz/fuzz_input.c"

/* Everything that was reported, one word each: "a ^B Up paste(xy) focus(1) mode(2026,2)". */
struct seen {
	struct input input;
	struct buf words;
	size_t last_paste;
};

static void
word(struct seen *s, const char *text)
{
	buf_addf(&s->words, "%s%s", s->words.len ? " " : "", text);
}

static void
on_key(void *ctx, struct key key)
{
	static const char *const kinds[] = {
		[MOUSE_PRESS] = "press",
		[MOUSE_RELEASE] = "release",
		[MOUSE_MOVE] = "move",
		[MOUSE_WHEEL_UP] = "up",
		[MOUSE_WHEEL_DOWN] = "down",
	};
	char name[32], text[64];

	if (key.code == KEY_MOUSE)
		snprintf(text, sizeof text, "%s%d@%d,%d%s", kinds[key.mouse.kind],
		    key.mouse.button, key.mouse.row, key.mouse.col,
		    key.mods & KEY_MOD_CTRL ? "+ctrl" : "");
	else {
		key_format(key, name, sizeof name);
		snprintf(text, sizeof text, "%s", name);
	}
	word(ctx, text);
}

static void
on_paste(void *ctx, const char *bytes, size_t len)
{
	struct seen *s = ctx;

	s->last_paste = len;
	if (len < 64)
		buf_addf(
		    &s->words, "%spaste(%.*s)", s->words.len ? " " : "", (int)len, bytes);
}

static void
on_focus(void *ctx, bool focused)
{
	word(ctx, focused ? "focus(1)" : "focus(0)");
}

static void
on_reply(void *ctx, const struct input_reply *reply)
{
	char text[64];

	if (reply->kind == INPUT_REPLY_MODE) {
		snprintf(text, sizeof text, "mode(%d,%d)", reply->mode, reply->value);
		word(ctx, text);
	} else {
		word(ctx, reply->kind == INPUT_REPLY_DEVICE ? "device" : "other");
	}
}

static const struct input_events events = {
	.key = on_key,
	.paste = on_paste,
	.focus = on_focus,
	.reply = on_reply,
};

static void
seen_init(struct seen *s)
{
	memset(s, 0, sizeof *s);
	buf_init(&s->words, 1 << 20);
	input_setup(&s->input, &events, s, 0);
}

static void
seen_clear(struct seen *s)
{
	input_dispose(&s->input);
	buf_clear(&s->words);
}

/* '\n' in the table means: the time for what is pending has passed. */
static void
feed(struct seen *s, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *pause = memchr(bytes, '\n', len);
		size_t part = pause ? (size_t)(pause - bytes) : len;

		input_feed(&s->input, bytes, part);
		if (pause) {
			if (input_wait_ms(&s->input) > 0)
				input_timeout(&s->input);
			part++;
		}
		bytes += part;
		len -= part;
	}
}

static const struct {
	const char *bytes, *words;
} cases[] = {
	{ "a", "a" },
	{ "aZ~ ", "a Z ~ Space" },
	{ "\xc3\xa9", "\xc3\xa9" },
	{ "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "\r", "Enter" },
	{ "\t", "Tab" },
	{ "\x7f", "Backspace" },
	{ "\x08", "^H" },
	{ "\x01\x02\x1a", "^A ^B ^Z" },
	{ "\x1c\x1d\x1e\x1f", "^\\ ^] ^^ ^_" },
	/* escape */
	{ "\033\n", "Esc" },
	{ "\033\033\n", "Esc Esc" },
	{ "\033x", "Alt-x" },
	{ "\033\033x", "Esc Alt-x" },
	{ "\033\r", "Alt-Enter" },
	{ "\033\x7f", "Alt-Backspace" },
	{ "\033\x02", "Alt-^B" },
	{ "\033\xc3\xa9", "Alt-\xc3\xa9" },
	{ "\033[\n", "Alt-[" },
	{ "\033O\n", "Alt-O" },
	{ "\033]\n", "Alt-]" },
	{ "\033P\n", "Alt-P" },
	{ "\033[1\nx", "x" },
	/* cursor keys and their kin */
	{ "\033[A\033[B\033[C\033[D", "Up Down Right Left" },
	{ "\033OA\033OB\033OC\033OD", "Up Down Right Left" },
	{ "\033[H\033[F\033OH\033OF", "Home End Home End" },
	{ "\033[1~\033[4~\033[7~\033[8~", "Home End Home End" },
	{ "\033[2~\033[3~\033[5~\033[6~", "Ins Del PgUp PgDn" },
	{ "\033[1;5A\033[1;2D\033[1;3C\033[1;8B", "^Up S-Left Alt-Right Alt-^S-Down" },
	{ "\033[3;5~\033[5;2~", "^Del S-PgUp" },
	{ "\033[Z", "S-Tab" },
	{ "\033\033[A", "Alt-Up" },
	{ "\033\033OA", "Alt-Up" },
	/* rxvt */
	{ "\033[a\033[d\033Oa\033Od", "S-Up S-Left ^Up ^Left" },
	{ "\033[5^\033[6@", "^PgUp ^S-PgDn" },
	/* function keys */
	{ "\033OP\033OQ\033OR\033OS", "F1 F2 F3 F4" },
	{ "\033[P\033[Q\033[S", "F1 F2 F4" },
	{ "\033[11~\033[12~\033[13~\033[14~\033[15~", "F1 F2 F3 F4 F5" },
	{ "\033[17~\033[18~\033[19~\033[20~\033[21~", "F6 F7 F8 F9 F10" },
	{ "\033[23~\033[24~", "F11 F12" },
	{ "\033[1;2P\033[15;5~\033[1;2R", "S-F1 ^F5 S-F3" },
	{ "\033[[A\033[[E", "F1 F5" },
	/* keypad */
	{ "\033OM\033Oj\033Ok\033Om\033On\033Oo\033Op\033Oy", "Enter * + - . / 0 9" },
	/* modifyOtherKeys and CSI u */
	{ "\033[27;5;105~", "^I" },
	{ "\033[105;5u", "^I" },
	{ "\033[13;2u\033[9;5u\033[27u\033[127;5u", "S-Enter ^Tab Esc ^Backspace" },
	{ "\033[97;2u\033[97;3u", "A Alt-a" },
	{ "\033[97;5:3u", "" },
	{ "\033[57441u", "" },
	/* mouse */
	{ "\033[<0;5;3M\033[<0;5;3m", "press1@2,4 release1@2,4" },
	{ "\033[<2;300;120M", "press3@119,299" },
	{ "\033[<64;1;1M\033[<65;1;1M", "up0@0,0 down0@0,0" },
	{ "\033[<32;7;8M\033[<35;7;8M", "move1@7,6 move0@7,6" },
	{ "\033[<16;1;1M", "press1@0,0+ctrl" },
	{ "\033[<66;1;1M\033[<128;1;1M\033[<0;0;1M\033[<0M", "" },
	{ "\033[M !!x", "x" },
	/* focus */
	{ "\033[I\033[O", "focus(1) focus(0)" },
	/* paste */
	{ "\033[200~hello\033[201~x", "paste(hello) x" },
	{ "\033[200~\033[201~", "paste()" },
	{ "\033[200~\033[20\033[A\033[201~", "paste(\033[20\033[A)" },
	{ "\033[200~\033\033[201~", "paste(\033)" },
	{ "\033[201~x", "x" },
	/* replies never become keys */
	{ "\033[?2026;2$y", "mode(2026,2)" },
	{ "\033[?2026;0$yq", "mode(2026,0) q" },
	{ "\033[?62;1;4c", "device" },
	{ "\033[>41;370;0c", "other" },
	{ "\033[12;40R", "other" },
	{ "\033[0n", "" },
	{ "\033[8;24;80t", "" },
	{ "\033[?1u", "other" },
	{ "\033]11;rgb:1e1e/1e1e/1e1e\033\\q", "q" },
	{ "\033]11;rgb:1e1e/1e1e/1e1e\aq", "q" },
	{ "\033P>|term 1.0\033\\q", "q" },
	{ "\033_Gok\033\\q", "q" },
	{ "\033]11;rgb\033[A", "Up" },
	/* what means nothing is swallowed */
	{ "\033[?x", "other" },
	{ "\033[99~y", "y" },
	{ "\033[ q", "other" },
	{ "\033Ozx", "x" },
	{ "\xff\xfe", "" },
	{ "\xc3", "" },
	{ "\xc3x", "x" },
	{ "\xe2\x82\033[A", "Up" },
	{ "\xed\xa0\x80z", "z" },
	{ "\xc2\x85", "" },
	{ "\033[1;\033[A", "Up" },
	{ "\033[999999999999;5A", "^Up" },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct seen s;
		seen_init(&s);
		feed(&s, cases[i].bytes, strlen(cases[i].bytes));
		if (strcmp(s.words.data, cases[i].words) != 0)
			fail_msg("case %zu: expected '%s', found '%s'", i, cases[i].words,
			    s.words.data);
		seen_clear(&s);
	}
}

/* The same words however the bytes arrive. */
static void
test_split_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len = strlen(cases[i].bytes);
		for (size_t at = 0; at <= len; at++) {
			struct seen s;
			seen_init(&s);
			feed(&s, cases[i].bytes, at);
			feed(&s, cases[i].bytes + at, len - at);
			if (strcmp(s.words.data, cases[i].words) != 0)
				fail_msg("case %zu at %zu: '%s', not '%s'", i, at,
				    s.words.data, cases[i].words);
			seen_clear(&s);
		}
	}
}

static void
test_nul_is_control_space(void **state)
{
	struct seen s;

	(void)state;
	seen_init(&s);
	input_feed(&s.input, "\0", 1);
	assert_string_equal(s.words.data, "^Space");
	seen_clear(&s);
}

static void
test_waiting(void **state)
{
	static const struct {
		const char *bytes;
		int at_least, at_most;
	} waits[] = {
		{ "", 0, 0 },
		{ "a", 0, 0 },
		{ "\033", 25, 25 },
		{ "\033[", 26, 500 },
		{ "\033[1;", 26, 500 },
		{ "\033O", 26, 500 },
		{ "\033]", 26, 500 },
		{ "\033]11;", 500, 5000 },
		{ "\xe2", 26, 500 },
		{ "\033[200~abc", 10000, 60000 },
		{ "\033[A", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		struct seen s;
		seen_init(&s);
		input_feed(&s.input, waits[i].bytes, strlen(waits[i].bytes));
		assert_in_range(
		    input_wait_ms(&s.input), waits[i].at_least, waits[i].at_most);
		if (input_wait_ms(&s.input) > 0)
			input_timeout(&s.input);
		assert_int_equal(input_wait_ms(&s.input), 0);
		seen_clear(&s);
	}
}

/* A paste that never ends is given as it is in the end; one that is too big is cut, and
 * what is behind it is a key again. */
static void
test_paste_limits(void **state)
{
	struct seen s;
	size_t len = 9 << 20;
	char *big = xmalloc(len);

	(void)state;
	seen_init(&s);
	feed(&s, "\033[200~abc\n", 10);
	assert_string_equal(s.words.data, "paste(abc)");

	memset(big, 'x', len);
	input_feed(&s.input, "\033[200~", 6);
	for (size_t at = 0; at < len; at += 65536)
		input_feed(&s.input, big + at, 65536);
	input_feed(&s.input, "\033[201~q", 7);
	assert_int_equal(s.last_paste, INPUT_PASTE_MAX);
	assert_string_equal(s.words.data, "paste(abc) q");
	free(big);
	seen_clear(&s);
}

/* Any bytes: no crash, and afterwards an ordinary key is an ordinary key again. */
static void
test_garbage(void **state)
{
	uint32_t random = 12345;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct seen s;
		char bytes[400];
		seen_init(&s);
		for (size_t i = 0; i < sizeof bytes; i++) {
			random = random * 1664525 + 1013904223;
			/* Half of it from what sequences are made of. */
			bytes[i] = random & 0x8000
				       ? (char)(random >> 24)
				       : "\033[]O;:0129?<>$~MPR\a"[random >> 24 & 15];
		}
		input_feed(&s.input, bytes, sizeof bytes);
		for (int i = 0; i < 10 && input_wait_ms(&s.input) > 0; i++)
			input_timeout(&s.input);
		assert_int_equal(input_wait_ms(&s.input), 0);
		buf_reset(&s.words);
		input_feed(&s.input, "k", 1);
		assert_string_equal(s.words.data, "k");
		seen_clear(&s);
	}
}

/* Every name that a key has is a key that can be parsed: what is shown can be bound. */
static void
test_names_go_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct strlist words = { 0 };
		struct key key;
		char name[32];

		strlist_split(&words, cases[i].words, ' ');
		for (size_t j = 0; j < words.count; j++) {
			if (!words.items[j][0] || strpbrk(words.items[j], "@(") ||
			    !strcmp(words.items[j], "other") ||
			    !strcmp(words.items[j], "device"))
				continue;
			assert_true(key_parse(words.items[j], &key));
			key_format(key, name, sizeof name);
			assert_string_equal(name, words.items[j]);
		}
		strlist_clear(&words);
	}
}

/* The kept inputs of the fuzz target, whole and cut short. */
static void
test_corpus(void **state)
{
	DIR *d = opendir("tests/fuzz/corpus/input");
	int files = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		struct error err;
		char *path, *bytes;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		path = path_join("tests/fuzz/corpus/input", entry->d_name);
		if (!path_read_file(path, 1 << 16, &bytes, &len, &err))
			fail_msg("%s", err.text);
		for (size_t cut = 0; cut <= len; cut++)
			LLVMFuzzerTestOneInput((const uint8_t *)bytes, cut);
		free(bytes);
		free(path);
		files++;
	}
	closedir(d);
	assert_true(files >= 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_split_everywhere),
		cmocka_unit_test(test_nul_is_control_space),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_paste_limits),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_names_go_round),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
