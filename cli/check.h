/* check - does the account's key work: one small request. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/cli.h"

struct check {
	struct error err; /* code NONE: it works */
	int round_trip_ms;
};
void check_account(struct cli *cli, struct check *out);

#endif
