/*
 * What one data frame costs, in ns, by the fast path and through the JSON
 * parser: 64 B, 1 KiB and 32 KiB of output.
 *
 * usage: bench_wire
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/random.h"
#include "wire/envelope.h"
#include "wire/process.h"

enum { ROUNDS = 5, ROUND_US = 60000, BIGGEST = 32768 };

struct frame {
	char bytes[BIGGEST];
	size_t len;
	struct buf fast, blank; /* the JSON; a blank in front keeps off the fast path */
	struct buf out;		/* where decoders and encoders write */
};

static void
decode(struct frame *f, const struct buf *json)
{
	struct process_event event;
	struct error err;

	if (!process_event_decode(json->data, json->len, &f->out, &event, &err) ||
	    event.len != f->len) {
		fprintf(stderr, "bench_wire: %s\n", err.text);
		exit(1);
	}
}

static void
decode_fast(struct frame *f)
{
	decode(f, &f->fast);
}

static void
decode_parsed(struct frame *f)
{
	decode(f, &f->blank);
}

static void
encode_fast(struct frame *f)
{
	buf_reset(&f->out);
	process_add_data_event(&f->out, PROCESS_PTY, f->bytes, f->len);
}

/* The same frame as jansson writes it. */
static void
encode_dumped(struct frame *f)
{
	struct buf text;
	json_t *root;
	char *json;

	buf_init(&text, 1u << 20);
	base64_add(&text, f->bytes, f->len);
	root = json_pack("{s:{s:{s:s}}}", "event", "data", "pty", text.data);
	json = json_dumps(root, JSON_COMPACT);
	buf_reset(&f->out);
	envelope_add(&f->out, 0, json, strlen(json));
	free(json);
	json_decref(root);
	buf_clear(&text);
}

/* The best of some rounds: the others were disturbed. */
static double
ns_per_call(struct frame *f, void (*call)(struct frame *f))
{
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = clock_mono_us(), spent = 0;
		size_t calls = 0;

		while (spent < ROUND_US) {
			for (int i = 0; i < 16; i++)
				call(f);
			calls += 16;
			spent = clock_mono_us() - start;
		}
		best = MIN(best, (double)spent * 1000 / (double)calls);
	}
	return best;
}

static void
frame_fill(struct frame *f, size_t len)
{
	f->len = len;
	random_bytes(f->bytes, len);
	buf_init(&f->fast, 1u << 20);
	buf_init(&f->blank, 1u << 20);
	buf_init(&f->out, 1u << 20);
	process_add_data_event(&f->fast, PROCESS_PTY, f->bytes, len);
	buf_consume(&f->fast, ENVELOPE_HEADER);
	buf_add_char(&f->blank, ' ');
	buf_add(&f->blank, f->fast.data, f->fast.len);
}

static void
print_line(const char *what, size_t len, double fast, double slow)
{
	printf("%-7s %6zu B  fast %9.1f ns  through the parser %10.1f ns  x %.0f\n", what,
	    len, fast, slow, slow / fast);
}

int
main(void)
{
	static const size_t sizes[] = { 64, 1024, BIGGEST };
	static struct frame f;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		frame_fill(&f, sizes[i]);
		print_line("decode", f.len, ns_per_call(&f, decode_fast),
		    ns_per_call(&f, decode_parsed));
		print_line("encode", f.len, ns_per_call(&f, encode_fast),
		    ns_per_call(&f, encode_dumped));
		buf_clear(&f.fast);
		buf_clear(&f.blank);
		buf_clear(&f.out);
	}
	return 0;
}
