#include "term/packed.h"

#include <assert.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"

/* Colours and attributes of `len` columns. */
struct run {
	uint32_t fg, bg;
	uint16_t attrs, len;
};

/* What the second half of a wide character is written as. */
static const uint32_t tail_marks[] = { [2] = 0xffff, [4] = 0xffffffff };

struct survey {
	uint32_t highest; /* character */
	int runs;	  /* 0: all in the default colours */
	bool wide;
};

static bool
is_same_pen(const struct cell *a, const struct cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

static struct survey
look_over(const struct cell *cells, int len)
{
	static const struct cell plain = { .width = 1 };
	const struct cell *last = &plain;
	struct survey s = { 0 };

	for (int i = 0; i < len; i++) {
		s.highest = MAX(s.highest, cells[i].ch);
		s.wide |= cells[i].width != 1;
		if (!is_same_pen(&cells[i], last)) {
			/* the first run, in the default colours, was not counted */
			s.runs += s.runs == 0 && i > 0 ? 2 : 1;
			last = &cells[i];
		}
	}
	return s;
}

static int
choose_unit(const struct survey *s)
{
	if (s->highest < 0x100 && !s->wide)
		return 1;
	return s->highest < tail_marks[2] ? 2 : 4;
}

static size_t
runs_size(const struct packed *p)
{
	return p->runs * sizeof(struct run);
}

static void
put_unit(unsigned char *at, int unit, uint32_t value)
{
	uint16_t half = (uint16_t)value;

	if (unit == 1)
		*at = (unsigned char)value;
	else if (unit == 2)
		memcpy(at, &half, sizeof half);
	else
		memcpy(at, &value, sizeof value);
}

static uint32_t
get_unit(const unsigned char *at, int unit)
{
	uint16_t half;
	uint32_t value;

	if (unit == 1)
		return *at;
	if (unit == 2) {
		memcpy(&half, at, sizeof half);
		return half;
	}
	memcpy(&value, at, sizeof value);
	return value;
}

static void
write_runs(struct packed *p, const struct cell *cells)
{
	struct run run = { 0 };
	unsigned char *at = p->data;

	for (int i = 0; i < p->len; i++) {
		if (i > 0 && !is_same_pen(&cells[i], &cells[i - 1])) {
			memcpy(at, &run, sizeof run);
			at += sizeof run;
			run.len = 0;
		}
		run.fg = cells[i].fg;
		run.bg = cells[i].bg;
		run.attrs = cells[i].attrs;
		run.len++;
	}
	memcpy(at, &run, sizeof run);
}

static void
write_characters(struct packed *p, const struct cell *cells)
{
	unsigned char *at = p->data + runs_size(p);

	if (p->unit == 1) {
		for (int i = 0; i < p->len; i++)
			at[i] = (unsigned char)cells[i].ch;
		return;
	}
	for (int i = 0; i < p->len; i++, at += p->unit)
		put_unit(at, p->unit, cells[i].width ? cells[i].ch : tail_marks[p->unit]);
}

struct packed *
packed_new(const struct cell *cells, int len)
{
	struct survey s = look_over(cells, len);
	int unit = choose_unit(&s);
	struct packed *p = xmalloc(
	    sizeof *p + (size_t)s.runs * sizeof(struct run) + (size_t)len * (size_t)unit);

	assert(len <= PACKED_CELLS_MAX);
	*p = (struct packed){
		.len = len,
		.runs = (unsigned short)s.runs,
		.unit = (unsigned char)unit,
		.wide = s.wide,
	};
	if (p->runs > 0)
		write_runs(p, cells);
	write_characters(p, cells);
	return p;
}

size_t
packed_size(const struct packed *p)
{
	return sizeof *p + runs_size(p) + (size_t)p->len * p->unit;
}

bool
packed_is_tail(const struct packed *p, int col)
{
	const unsigned char *characters = p->data + runs_size(p);

	return p->wide && col < p->len &&
	       get_unit(characters + (size_t)col * p->unit, p->unit) ==
		   tail_marks[p->unit];
}

static void
paint_runs(const struct packed *p, int from, int to, struct cell *out)
{
	struct run run;

	for (int i = 0, col = 0; i < p->runs && col < to; i++, col += run.len) {
		memcpy(&run, p->data + (size_t)i * sizeof run, sizeof run);
		for (int c = MAX(col, from); c < MIN(col + run.len, to); c++) {
			out[c - from].fg = run.fg;
			out[c - from].bg = run.bg;
			out[c - from].attrs = run.attrs;
		}
	}
}

void
packed_cells(const struct packed *p, int from, int to, struct cell *out)
{
	const unsigned char *at = p->data + runs_size(p) + (size_t)from * p->unit;

	assert(from >= 0 && from <= to && to <= p->len);
	for (int i = 0; i < to - from; i++, at += p->unit) {
		uint32_t ch = get_unit(at, p->unit);
		bool tail = p->wide && ch == tail_marks[p->unit];

		out[i] = (struct cell){ .ch = tail ? 0 : ch, .width = tail ? 0 : 1 };
		if (tail && i > 0)
			out[i - 1].width = 2;
	}
	paint_runs(p, from, to, out);
}
