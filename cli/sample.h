/*
 * sample - the sample fleet: five real sandboxes that look like a small team's and do
 * real work, made through the public API on an empty local host.
 *
 * The programs are short scripts for /bin/sh; each uses python3 where it is, else awk or
 * perl. CPU stays modest: the busiest uses between 5 and 60 % of one CPU, niced.
 */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

struct sample_sandbox {
	const char *name, *template_id;
	const char *user, *project, *kind; /* metadata */
	const char *tag;		   /* of the process */
	const char *script;		   /* for /bin/sh -c */
	bool paused;
};
enum { SAMPLE_COUNT = 5 };
extern const struct sample_sandbox sample_fleet[SAMPLE_COUNT];

#endif
