/*
 * How fast a pane takes output, in MB per second of CPU, for four kinds of it.
 *
 * usage: bench_term [MIB [ROWS COLS]]     24 MiB, 200 columns and 60 rows when not said
 *        bench_term --write DIR [MIB]     the same four as files, to show them elsewhere
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/str.h"
#include "base/text.h"
#include "term/pane.h"

enum { PIECE = 65536, ROUNDS = 5, MIB = 1 << 20 };

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
add_ascii_line(struct buf *out, uint32_t *seed)
{
	int len = (int)(next_random(seed) % 140) + 20;

	for (int i = 0; i < len; i++)
		buf_add_char(
		    out, i % 7 == 6 ? ' ' : (char)('a' + next_random(seed) % 26));
	buf_add_str(out, "\r\n");
}

static void
add_colour_line(struct buf *out, uint32_t *seed)
{
	for (int i = 0; i < 12; i++) {
		if (i % 3 == 2)
			buf_addf(out, "\033[1;38;2;%u;%u;%um", next_random(seed) % 256,
			    next_random(seed) % 256, next_random(seed) % 256);
		else
			buf_addf(out, "\033[38;5;%u;48;5;%um", next_random(seed) % 256,
			    next_random(seed) % 256);
		buf_addf(
		    out, "%c%05u\033[0m ", (char)('A' + i), next_random(seed) % 100000);
	}
	buf_add_str(out, "\r\n");
}

static void
add_addressed_cells(struct buf *out, uint32_t *seed)
{
	for (int i = 0; i < 100; i++)
		buf_addf(out, "\033[%u;%uH%c", next_random(seed) % 60 + 1,
		    next_random(seed) % 200 + 1, (char)('!' + next_random(seed) % 90));
}

static void
add_unicode_line(struct buf *out, uint32_t *seed)
{
	static const char *const words[] = { "größe", "naïve", "日本語", "端末", "한국어",
		"Привет", "→ ok", "😀", "café", "─┼─", "мир", "e\xcc\x81t\xc3\xa9" };
	int count = (int)(next_random(seed) % 12) + 4;

	for (int i = 0; i < count; i++) {
		buf_add_str(out, words[next_random(seed) % ARRAY_LEN(words)]);
		buf_add_char(out, ' ');
	}
	buf_add_str(out, "\r\n");
}

static const struct {
	const char *name;
	void (*add)(struct buf *out, uint32_t *seed);
} corpora[] = {
	{ "ascii", add_ascii_line },
	{ "colour", add_colour_line },
	{ "cells", add_addressed_cells },
	{ "unicode", add_unicode_line },
};

static struct buf
make_corpus(size_t i, size_t size)
{
	struct buf out;
	uint32_t seed = 1;

	buf_init(&out, size + PIECE);
	while (out.len < size)
		corpora[i].add(&out, &seed);
	return out;
}

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Bytes per microsecond of the fastest of some rounds. */
static double
measure(const struct buf *input, int rows, int cols)
{
	static const struct pane_events events = { 0 };
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct pane_options options = { .rows = rows, .cols = cols };
		struct pane *p = pane_new(&options, &events, NULL);
		double start = cpu_s();

		for (size_t at = 0; at < input->len; at += PIECE)
			pane_feed(
			    p, input->data + at, MIN((size_t)PIECE, input->len - at));

		double rate = (double)input->len / (cpu_s() - start) / 1e6;

		best = MAX(best, rate);
		pane_free(p);
	}
	return best;
}

static int
write_corpora(const char *dir, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(corpora); i++) {
		struct buf input = make_corpus(i, size);
		struct buf path;

		buf_init(&path, 4096);
		buf_addf(&path, "%s/%s", dir, corpora[i].name);

		FILE *f = fopen(path.data, "wb");

		if (!f || fwrite(input.data, 1, input.len, f) != input.len ||
		    fclose(f) != 0) {
			perror(path.data);
			return 1;
		}
		buf_clear(&path);
		buf_clear(&input);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	int64_t mib = 24, rows = 60, cols = 200;
	bool write = argc > 2 && str_eq(argv[1], "--write");
	const char *size =
	    write ? (argc > 3 ? argv[3] : NULL) : (argc > 1 ? argv[1] : NULL);

	if ((size && !parse_int(size, 1, 1024, &mib)) ||
	    (!write && argc > 3 &&
		(!parse_int(argv[2], 2, 1000, &rows) ||
		    !parse_int(argv[3], 2, 1000, &cols)))) {
		fprintf(
		    stderr, "usage: bench_term [MIB [ROWS COLS]] | --write DIR [MIB]\n");
		return 2;
	}
	if (write)
		return write_corpora(argv[2], (size_t)mib * MIB);
	for (size_t i = 0; i < ARRAY_LEN(corpora); i++) {
		struct buf input = make_corpus(i, (size_t)mib * MIB);

		printf("%-8s %7.0f MB/s\n", corpora[i].name,
		    measure(&input, (int)rows, (int)cols));
		buf_clear(&input);
	}
	return 0;
}
