/* copy - copies a tree, from inside, where no link leads out. */
#include "host/init/init.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * coreutils do it: owners, modes, times, hard links, holes and attributes are
 * kept, links are copied and never followed. Where the file system can, files
 * share their blocks.
 */
int
copy(const char *from, const char *to)
{
	static const char *const places[] = { "/usr/bin/cp", "/bin/cp" };
	char source[4096];
	int len = snprintf(source, sizeof source, "%s/.", from);

	if (len < 0 || (size_t)len >= sizeof source)
		return 1;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		execl(places[i], "cp", "-a", "--reflink=auto", "--", source, to,
		    (char *)NULL);
	fprintf(stderr, "sandtop-init: cp: %s\n", strerror(errno));
	return 1;
}
