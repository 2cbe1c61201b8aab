/*
 * fleet_table - the columns and rows of the fleet: which columns fit, and what
 * one row looks like. Columns come from the field table (fleet/fields.h).
 */
#ifndef TUI_FLEET_TABLE_H
#define TUI_FLEET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/history.h"
#include "fleet/listing.h"
#include "tui/widgets.h"

#define FLEET_TABLE_COLUMNS_MAX 24
#define FLEET_TABLE_MARGIN 2 /* cursor mark, blank */

struct fleet_table {
	const struct field *fields[FLEET_TABLE_COLUMNS_MAX]; /* borrowed */
	struct column columns[FLEET_TABLE_COLUMNS_MAX];
	size_t count;
	bool more;	      /* columns are hidden */
	bool has_id;	      /* else a sandbox without a name shows its id there */
	enum metric spark;    /* what sparklines show */
	int64_t spark_step_s; /* time of one of their columns */
	/* Over all rows that show, so that scrolling does not move columns. */
	int id_cols, name_cols, template_cols;
	int alive; /* rows that show and are not gone */
};

/* What the widths depend on; when the rows or what they say changed. */
void fleet_table_measure(
    struct fleet_table *t, const struct listing *l, const struct model *m);
/* Shares `cols` out among what the width calls for (ux.md 3.2, 4.5). `wide`: ids whole. */
void fleet_table_layout(struct fleet_table *t, enum metric spark, int cols, bool wide);
void fleet_table_draw_head(
    const struct fleet_table *t, struct canvas *c, int row, const struct listing *l);

struct fleet_row {
	const char *id;		 /* borrowed */
	const struct sandbox *s; /* borrowed; NULL: not in the model any more */
	int64_t now_ms;
	bool selected;
	bool flash; /* what changed a moment ago may be reversed */
};
void fleet_table_draw_row(
    const struct fleet_table *t, struct canvas *c, int row, const struct fleet_row *r);

#endif
