/*
 * ladder - damage is confirmed in proportion (law 3, ux.md 3.3.9 and 6.4).
 *
 * What asks on a terminal needs --yes (or a --expect that is right) without one.
 * A profile that wants its name typed wants it on the command line too:
 * --profile NAME --yes.
 */
#ifndef CLI_LADDER_H
#define CLI_LADDER_H

#include <stdbool.h>
#include <stddef.h>

enum ladder_step {
	LADDER_GO,
	LADDER_ASK_YES,	  /* y or n; Enter alone is no */
	LADDER_ASK_COUNT, /* type the number */
	LADDER_ASK_NAME,  /* type the profile's name */
	LADDER_REFUSE,	  /* nobody to ask */
};

struct ladder_case {
	int command; /* CMD_KILL, ... */
	size_t count;
	bool may_ask;
	bool confirmed; /* --yes, or --expect with the right number */
	bool by_name;	/* the profile says confirm = name */
	bool name_said; /* --profile NAME on the command line */
};
enum ladder_step ladder_next(const struct ladder_case *c);

#endif
