#include "term/scrollback.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "term/packed.h"

enum {
	OPEN_MAX = 32768,    /* columns after which an open line is cut and packed */
	OPEN_KEPT = 4096,    /* its memory above this is given back */
	FIRST_SLOTS = 64,    /* a power of two, as every size of the ring */
	BLOCK_OVERHEAD = 24, /* of the allocator and the ring, per line */
};

struct scrollback {
	struct packed **ring; /* owned, each owned */
	int slots, head, count;
	long first_number; /* of the line at head; grows as lines are dropped */
	int max_lines;
	size_t bytes, max_bytes;

	struct cell *open; /* owned: the cells of the open line */
	int open_len, open_cap;
	bool open_wide;

	/* What is known for one width. */
	int cols;		   /* 0: nothing */
	int rows;		   /* of all lines, the open one included */
	int open_rows, open_start; /* of the open line; where its last row begins */
	/* Where the last search ended: line `near` (count: the open one), the rows after
	 * it, and one of its rows. Searches come in sequences of neighbours. */
	int near, near_below;
	int near_row, near_start;
};

struct scrollback *
scrollback_new(int max_lines, size_t max_bytes)
{
	struct scrollback *sb = xcalloc(1, sizeof *sb);

	sb->max_lines = max_lines;
	sb->max_bytes = max_bytes;
	return sb;
}

static struct packed **
slot(const struct scrollback *sb, int i)
{
	return &sb->ring[(sb->head + i) & (sb->slots - 1)];
}

static size_t
line_bytes(const struct packed *p)
{
	return packed_size(p) + BLOCK_OVERHEAD;
}

/* ---- wrapping. A line is packed, or it is the open one: packed == NULL. */

static const struct packed *
line_at(const struct scrollback *sb, int i)
{
	return i < sb->count ? *slot(sb, i) : NULL;
}

static int
line_len(const struct scrollback *sb, const struct packed *p)
{
	return p ? p->len : sb->open_len;
}

static bool
is_tail(const struct scrollback *sb, const struct packed *p, int col)
{
	return p ? packed_is_tail(p, col) : sb->open[col].width == 0;
}

/* Where the row that begins at `start` ends: a wide character is not cut. */
static int
row_end(const struct scrollback *sb, const struct packed *p, int start, int cols)
{
	int end = start + cols, len = line_len(sb, p);

	if (end >= len)
		return len;
	return is_tail(sb, p, end) ? end - 1 : end;
}

static int
count_rows(const struct scrollback *sb, const struct packed *p, int cols)
{
	int len = line_len(sb, p), rows = 0;

	if (!(p ? p->wide : sb->open_wide))
		return MAX((len + cols - 1) / cols, 1);
	for (int at = 0; at < len; at = row_end(sb, p, at, cols))
		rows++;
	return rows;
}

static int
line_rows(const struct scrollback *sb, int i, int cols)
{
	struct packed *p = *slot(sb, i);

	if (p->rows_cols != cols) {
		p->rows = count_rows(sb, p, cols);
		p->rows_cols = (short)cols;
	}
	return p->rows;
}

/* Counts the rows that the open line has gained. */
static void
count_open(struct scrollback *sb, int cols)
{
	int end;

	if (sb->open_len == 0)
		return;
	if (sb->open_rows == 0)
		sb->open_start = 0;
	sb->open_rows = MAX(sb->open_rows, 1);
	while ((end = row_end(sb, NULL, sb->open_start, cols)) < sb->open_len) {
		sb->open_start = end;
		sb->open_rows++;
	}
}

static void
forget_search(struct scrollback *sb)
{
	sb->near = sb->count;
	sb->near_below = sb->near_row = sb->near_start = 0;
}

static void
forget_rows(struct scrollback *sb)
{
	sb->cols = sb->open_rows = 0;
	forget_search(sb);
}

int
scrollback_rows(struct scrollback *sb, int cols)
{
	if (sb->cols == cols)
		return sb->rows;
	sb->open_rows = 0;
	count_open(sb, cols);
	sb->rows = sb->open_rows;
	for (int i = 0; i < sb->count; i++)
		sb->rows += line_rows(sb, i, cols);
	sb->cols = cols;
	forget_search(sb);
	return sb->rows;
}

/* ---- growing and shrinking */

static void
drop_oldest(struct scrollback *sb)
{
	struct packed *p = *slot(sb, 0);

	if (sb->cols > 0)
		sb->rows -= line_rows(sb, 0, sb->cols);
	sb->bytes -= line_bytes(p);
	free(p);
	sb->head = (sb->head + 1) & (sb->slots - 1);
	sb->count--;
	sb->first_number++;
}

static void
grow_ring(struct scrollback *sb)
{
	int slots = MAX(sb->slots * 2, (int)FIRST_SLOTS);
	struct packed **ring = xcalloc((size_t)slots, sizeof *ring);

	for (int i = 0; i < sb->count; i++)
		ring[i] = *slot(sb, i);
	free(sb->ring);
	sb->ring = ring;
	sb->slots = slots;
	sb->head = 0;
}

static void
add_line(struct scrollback *sb, const struct cell *cells, int len, bool goes_on)
{
	struct packed *p = packed_new(cells, len);

	p->goes_on = goes_on;
	if (sb->count == sb->slots)
		grow_ring(sb);
	*slot(sb, sb->count++) = p;
	sb->bytes += line_bytes(p);
	if (sb->cols > 0)
		sb->rows += line_rows(sb, sb->count - 1, sb->cols);
	while (sb->count > sb->max_lines || (sb->count > 0 && sb->bytes > sb->max_bytes))
		drop_oldest(sb);
	forget_search(sb);
}

static void
pack_open(struct scrollback *sb, bool goes_on)
{
	int len = sb->open_len;

	sb->rows -= sb->open_rows;
	sb->open_rows = 0;
	sb->open_len = 0;
	sb->open_wide = false;
	add_line(sb, sb->open, len, goes_on);
	if (sb->open_cap > OPEN_KEPT) {
		free(sb->open);
		sb->open = NULL;
		sb->open_cap = 0;
	}
}

static void
reserve_open(struct scrollback *sb, int len)
{
	if (sb->open_cap >= len)
		return;
	sb->open_cap = MAX(len, sb->open_cap * 2);
	sb->open = xreallocarray(sb->open, (size_t)sb->open_cap, sizeof *sb->open);
}

static void
add_to_open(struct scrollback *sb, const struct row *row, int len)
{
	int before = sb->open_rows;
	struct cell *to;

	reserve_open(sb, sb->open_len + len);
	to = sb->open + sb->open_len;
	row_copy(row, to, len);
	for (int i = 0; i < len; i++)
		sb->open_wide |= to[i].width != 1;
	sb->open_len += len;
	if (sb->cols > 0)
		count_open(sb, sb->cols);
	sb->rows += sb->open_rows - before;
	forget_search(sb);
}

void
scrollback_push(struct scrollback *sb, const struct row *row, const struct row *next)
{
	int len = row_length(row);

	if (!row->wraps && sb->open_len == 0 && len <= row->used) {
		add_line(sb, row->cells, len, false);
		return;
	}
	if (row->wraps)
		len = row->cols - (next && row_has_gap(row, next) ? 1 : 0);
	add_to_open(sb, row, len);
	if (!row->wraps)
		pack_open(sb, false);
	else if (sb->open_len >= OPEN_MAX)
		pack_open(sb, true);
}

void
scrollback_close(struct scrollback *sb)
{
	if (sb->open_len > 0)
		pack_open(sb, false);
}

struct cell *
scrollback_take_open(struct scrollback *sb, int *len)
{
	struct cell *cells = sb->open;

	*len = sb->open_len;
	if (sb->open_len == 0)
		return NULL;
	sb->open = NULL;
	sb->open_len = sb->open_cap = 0;
	sb->open_wide = false;
	forget_rows(sb);
	return cells;
}

/* The newest line becomes the open one again. */
static void
unpack_newest(struct scrollback *sb)
{
	struct packed *p = *slot(sb, --sb->count);

	reserve_open(sb, MAX(p->len, 1));
	packed_cells(p, 0, p->len, sb->open);
	sb->open_len = p->len;
	sb->open_wide = p->wide;
	sb->bytes -= line_bytes(p);
	free(p);
}

struct row *
scrollback_pop(struct scrollback *sb, int cols)
{
	bool wraps = true;

	forget_rows(sb);
	if (sb->open_len == 0) {
		if (sb->count == 0)
			return NULL;
		wraps = line_at(sb, sb->count - 1)->goes_on;
		unpack_newest(sb);
	}

	struct row *r = row_new(cols);
	int start = 0, end = row_end(sb, NULL, 0, cols);

	while (end < sb->open_len) {
		start = end;
		end = row_end(sb, NULL, start, cols);
	}
	r->used = sb->open_len - start;
	r->wraps = wraps;
	memcpy(r->cells, sb->open + start, (size_t)r->used * sizeof *r->cells);
	sb->open_len = start;
	forget_search(sb);
	return r;
}

void
scrollback_clear(struct scrollback *sb)
{
	while (sb->count > 0)
		drop_oldest(sb);
	sb->open_len = 0;
	sb->open_wide = false;
	forget_rows(sb);
}

void
scrollback_free(struct scrollback *sb)
{
	if (!sb)
		return;
	scrollback_clear(sb);
	free(sb->ring);
	free(sb->open);
	free(sb);
}

/* ---- reading */

static int
rows_of(const struct scrollback *sb, int i, int cols)
{
	return i < sb->count ? line_rows(sb, i, cols) : sb->open_rows;
}

/* Moves the search to the line that holds the n-th newest row, 1 <= n <= rows. */
static void
search(struct scrollback *sb, int n, int cols)
{
	int before = sb->near;

	while (sb->near_below >= n)
		sb->near_below -= rows_of(sb, ++sb->near, cols);
	while (sb->near_below + rows_of(sb, sb->near, cols) < n)
		sb->near_below += rows_of(sb, sb->near--, cols);
	if (sb->near != before)
		sb->near_row = sb->near_start = 0;
}

/* Where row `index` of the line found begins. */
static int
row_start(struct scrollback *sb, const struct packed *p, int index, int cols)
{
	if (p && !p->wide)
		return index * cols;
	if (sb->near_row > index)
		sb->near_row = sb->near_start = 0;
	for (; sb->near_row < index; sb->near_row++)
		sb->near_start = row_end(sb, p, sb->near_start, cols);
	return sb->near_start;
}

static void
copy_cells(const struct scrollback *sb, const struct packed *p, int from, int to,
    struct cell *out)
{
	if (p)
		packed_cells(p, from, to, out);
	else
		memcpy(out, sb->open + from, (size_t)(to - from) * sizeof *out);
}

bool
scrollback_row(struct scrollback *sb, int n, int cols, struct cell *out, bool *wraps)
{
	if (n < 1 || n > scrollback_rows(sb, cols))
		return false;
	search(sb, n, cols);

	const struct packed *p = line_at(sb, sb->near);
	int rows = rows_of(sb, sb->near, cols);
	int index = rows - (n - sb->near_below);
	int start = row_start(sb, p, index, cols), end = row_end(sb, p, start, cols);

	copy_cells(sb, p, start, end, out);
	for (int i = end - start; i < cols; i++)
		out[i] = CELL_BLANK;
	if (wraps)
		*wraps = index < rows - 1 || !p || p->goes_on;
	return true;
}

long
scrollback_mark(struct scrollback *sb, int n, int cols)
{
	if (n < 1 || n > scrollback_rows(sb, cols))
		return -1;
	search(sb, n, cols);
	return sb->first_number + sb->near;
}

int
scrollback_find(struct scrollback *sb, long mark, int cols)
{
	long line = mark - sb->first_number;
	int below = scrollback_rows(sb, cols);

	if (line < 0 || line > sb->count || (line == sb->count && sb->open_len == 0))
		return 0;
	for (int i = 0; i < line; i++)
		below -= line_rows(sb, i, cols);
	return below;
}

int
scrollback_lines(const struct scrollback *sb)
{
	return sb->count + (sb->open_len > 0);
}

size_t
scrollback_bytes(const struct scrollback *sb)
{
	return sb->bytes + (size_t)sb->open_cap * sizeof *sb->open;
}
