/*
 * fields - one table of what a sandbox has, serving columns, sorting, filters,
 * JSON and CSV.
 */
#ifndef FLEET_FIELDS_H
#define FLEET_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "fleet/sandbox.h"

enum field_type {
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_PERCENT,
	FIELD_BYTES,
	FIELD_SECONDS,
	FIELD_TIME,
	FIELD_BOOL,
	FIELD_MAP
};

struct field_value {
	bool known;
	const char *text; /* borrowed: FIELD_TEXT */
	double number;	  /* others; FIELD_TIME: wall ms */
};

struct field {
	const char *name;  /* "cpu": query, sort and column name */
	const char *json;  /* "cpu_percent"; NULL: not in JSON */
	const char *title; /* "CPU%"; NULL: not a column */
	enum field_type type;
	int min_width, ideal_width; /* columns */
	int priority;	 /* of the column; higher survives longer (ux.md 4.5) */
	bool right;	 /* aligned */
	bool descending; /* sorts so at first */
	void (*get)(const struct sandbox *s, int64_t now_ms, struct field_value *out);
	const char *summary;
};
extern const struct field fields[]; /* ends with name NULL */

const struct field *field_find(const char *name); /* aliases too; NULL: none */
/* What a cell shows: "--" unknown, "96~" stale, "2h09"; clean text. */
void field_format(
    const struct field *f, const struct sandbox *s, int64_t now_ms, struct buf *out);
/* Total order: field, then start time, then id. Unknown sorts last both ways. */
int field_compare(const struct field *f, bool descending, const struct sandbox *a,
    const struct sandbox *b, int64_t now_ms);
/* The same for many: what each is ordered by is worked out once. */
struct field_key {
	const struct sandbox *sandbox; /* borrowed */
	struct field_value value;
};
struct field_key field_key(
    const struct field *f, const struct sandbox *s, int64_t now_ms);
int field_key_compare(
    const struct field_key *a, const struct field_key *b, bool descending);
/* The JSON object of ux.md 6.2: snake_case, RFC 3339, bytes and seconds as numbers,
 * null for unknown. Neither secrets nor the marker of our creates are in it. */
void sandbox_add_json(struct buf *out, const struct sandbox *s, int64_t now_ms);

#endif
