/* options - values of options that several commands have. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#include "cli/cli.h"
#include "fleet/command.h"

/* Every KEY=VALUE of a repeated option; the last of a key wins. */
bool options_pairs(const struct command_call *call, const char *option, struct pairs *out,
    struct error *err) MUST_CHECK;
/* --ttl, else the account's setting, else 15 minutes. */
bool options_ttl(const struct cli *cli, const struct command_call *call, int64_t *out_s,
    struct error *err) MUST_CHECK;
/* -o ids where there are no IDs: says so, true. */
bool options_refuse_ids(const struct cli *cli, const struct command_call *call);
/* Prints the error, returns its exit code. */
int options_fail(const struct cli *cli, const struct error *err, const char *id);

#endif
