/* rows - sandboxes on standard output, from the field table. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <stddef.h>

#include "cli/cli.h"
#include "fleet/sandbox.h"

/* In cli->format; `figures`: with CPU and memory, which were asked for. */
void rows_print(struct cli *cli, const struct sandbox *rows, size_t count, bool figures);
/* The same table on stderr, at most `max` rows: what a question is about. */
void rows_show(const struct sandbox *const *rows, size_t count, size_t max);
/* One sandbox as "title  value" lines. */
void rows_print_card(struct cli *cli, const struct sandbox *s);

#endif
