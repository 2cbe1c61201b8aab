/*
 * Panes under all kinds of output: the kept fuzz inputs, and generated streams. Each goes
 * through the fuzz target's own checks, which feed it at once and byte by byte, with and
 * without the way around libvterm, and compare every cell.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/fuzz/fuzz_term.c"

enum { INPUT_MAX = 1 << 16, STORM = 400 };

static const char corpus[] = "tests/fuzz/corpus/term";

static void
run_file(const char *name)
{
	char *path = xasprintf("%s/%s", corpus, name);
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = xmalloc(INPUT_MAX);

	assert_non_null(f);
	LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, INPUT_MAX, f));
	fclose(f);
	free(bytes);
	free(path);
}

static void
test_kept_inputs(void **state UNUSED)
{
	DIR *dir = opendir(corpus);
	const struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		run_file(entry->d_name);
		count++;
	}
	closedir(dir);
	assert_true(count > 50);
}

/* ---- generated streams */

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void
add_words(struct buf *out, uint32_t *seed)
{
	static const char *const words[] = { "plain", "größe", "日本語", "😀", "e\xcc\x81",
		"─┼─",
		"a long run of ordinary text that reaches the edge of most screens ",
		"\xff\xe6\x97", " ", "\t", "\b\b", "мир", "\xc2\x9b", "\xe2\x80\x8d",
		"x" };

	buf_add_str(out, words[next_random(seed) % ARRAY_LEN(words)]);
}

static void
add_colours(struct buf *out, uint32_t *seed)
{
	buf_addf(out, "\033[38;5;%u;48:2:%u:1:2m", next_random(seed) % 256,
	    next_random(seed) % 256);
	if (next_random(seed) % 3 == 0)
		buf_add_str(out, "\033[0m");
}

static void
add_movement(struct buf *out, uint32_t *seed)
{
	static const char finals[] = "@ABCDEFGHIJKLMPSTXZ`abdefgjkrsu";

	buf_addf(out, "\033[%u;%u%c", next_random(seed) % 30, next_random(seed) % 90,
	    finals[next_random(seed) % (sizeof finals - 1)]);
}

static void
add_switch(struct buf *out, uint32_t *seed)
{
	static const char *const switches[] = { "?6", "?7", "4", "20", "?1049", "?47",
		"?1048", "?5", "?25", "?69", "?2026", "?1000" };

	buf_addf(out, "\033[%s%c", switches[next_random(seed) % ARRAY_LEN(switches)],
	    next_random(seed) % 2 ? 'h' : 'l');
}

static void
add_escape(struct buf *out, uint32_t *seed)
{
	static const char *const escapes[] = { "\0337", "\0338", "\033D", "\033E",
		"\033M", "\033H", "\033(0", "\033(B", "\033)0", "\016", "\017", "\033#8",
		"\033[!p", "\033[6n", "\033]2;t\a", "\033P$qm\033\\", "\033c", "\033N",
		"\033n" };

	buf_add_str(out, escapes[next_random(seed) % ARRAY_LEN(escapes)]);
}

static void
add_line_end(struct buf *out, uint32_t *seed)
{
	buf_add_str(out, next_random(seed) % 4 ? "\r\n" : "\n");
}

struct mixture {
	const char *name;
	void (*parts[6])(struct buf *out, uint32_t *seed);
};

static const struct mixture mixtures[] = {
	{ "words", { add_words, add_line_end } },
	{ "colours", { add_words, add_colours, add_line_end } },
	{ "cells", { add_words, add_movement } },
	{ "everything", { add_words, add_colours, add_movement, add_switch, add_escape,
			    add_line_end } },
};

static void
add_mixture(struct buf *out, const struct mixture *m, size_t len, uint32_t *seed)
{
	size_t parts = 0;

	while (parts < ARRAY_LEN(m->parts) && m->parts[parts])
		parts++;
	while (out->len < len)
		m->parts[next_random(seed) % parts](out, seed);
}

static void
run_mixture(const struct mixture *m, uint32_t seed)
{
	struct buf input;
	uint8_t head[] = { (uint8_t)next_random(&seed), (uint8_t)next_random(&seed), 2,
		(uint8_t)next_random(&seed), (uint8_t)next_random(&seed), 85,
		(uint8_t)next_random(&seed), (uint8_t)next_random(&seed), 170 };

	buf_init(&input, INPUT_MAX);
	buf_add(&input, head, sizeof head);
	add_mixture(&input, m, 4000, &seed);
	LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.len);
	buf_clear(&input);
}

static void
test_streams_are_the_same_however_fed(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(mixtures); i++)
		for (uint32_t seed = 1; seed <= 40; seed++)
			run_mixture(&mixtures[i], seed);
}

/* Wide and combining characters at every column of narrow screens. */
static void
test_edges(void **state UNUSED)
{
	static const char text[] = "ab日e\xcc\x81本c😀\xcc\x88語\r\n";

	for (uint8_t cols = 1; cols < 12; cols++)
		for (size_t lead = 0; lead < 12; lead++) {
			struct buf input;
			const uint8_t head[] = { 3, cols, 1, 4, (uint8_t)(12 - cols),
				128 };

			buf_init(&input, 4096);
			buf_add(&input, head, sizeof head);
			for (size_t i = 0; i < lead; i++)
				buf_add_char(&input, '.');
			for (int i = 0; i < 4; i++)
				buf_add_str(&input, text);
			LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.len);
			buf_clear(&input);
		}
}

/* From 1x1 to 500x200 and back, any number of times, with output in between. */
static void
test_resize_storm(void **state UNUSED)
{
	struct pane_options options = { .rows = 24, .cols = 80 };
	uint32_t seed = 7, sum = 0;
	struct pane *p = pane_new(&options, &events, &sum);

	for (int i = 0; i < STORM; i++) {
		int rows = 1 + (int)(next_random(&seed) % 200);
		int cols = 1 + (int)(next_random(&seed) % 500);
		struct buf output;

		if (i % 5 == 0)
			rows = cols = 1 + i % 3;
		buf_init(&output, INPUT_MAX);
		add_mixture(&output, &mixtures[i % ARRAY_LEN(mixtures)], 300, &seed);
		pane_resize(p, rows, cols);
		pane_feed(p, output.data, output.len);
		buf_clear(&output);
		assert_int_equal(pane_rows(p), MAX(rows, 2));
		assert_int_equal(pane_cols(p), MAX(cols, 2));
		assert_in_range(pane_cursor(p).row, 0, pane_rows(p) - 1);
		assert_in_range(pane_cursor(p).col, 0, pane_cols(p) - 1);
	}
	pane_resize(p, 24, COLS_SPAN);
	look_at(p);
	pane_free(p);
}

/* Text that fits in the scrollback is whole after any number of other widths. */
static void
test_text_survives_resizes(void **state UNUSED)
{
	struct pane_options options = { .rows = 10, .cols = 40 };
	uint32_t seed = 3, sum = 0;
	struct pane *p = pane_new(&options, &events, &sum);
	struct buf want;

	buf_init(&want, INPUT_MAX);
	for (int i = 0; i < 60; i++) {
		size_t start = want.len;

		for (uint32_t n = next_random(&seed) % 30; n > 0; n--)
			buf_addf(
			    &want, "%s%u", n % 4 ? "w" : "日", next_random(&seed) % 1000);
		buf_add_str(&want, i == 59 ? "" : "\n");
		pane_feed(p, want.data + start, want.len - start - (i == 59 ? 0 : 1));
		pane_feed(p, "\r\n", i == 59 ? 0 : 2);
	}
	for (int i = 0; i < 200; i++) {
		pane_resize(p, 2 + (int)(next_random(&seed) % 30),
		    2 + (int)(next_random(&seed) % 90));

		char *got = pane_text(p, -pane_scrollback(p), pane_cursor(p).row);

		assert_string_equal(got, want.data);
		free(got);
	}
	buf_clear(&want);
	pane_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_inputs),
		cmocka_unit_test(test_streams_are_the_same_however_fed),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_resize_storm),
		cmocka_unit_test(test_text_survives_resizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
