#include "host/box_stray.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/init/protocol.h"

enum { ENVIRONMENT_MAX = 1024 * 1024, ROUNDS_MAX = 100 };

/* NUL-separated variables. */
static bool
has_variable(const char *text, size_t len, const char *variable)
{
	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		if (strcmp(text + at, variable) == 0)
			return true;
	return false;
}

static bool
is_stray(const char *pid, const char *variable)
{
	char *path = xasprintf("/proc/%s/environ", pid), *text = NULL;
	size_t len;
	bool stray = path_read_file(path, ENVIRONMENT_MAX, &text, &len, NULL) &&
		     has_variable(text, len, variable);

	free(text);
	free(path);
	return stray;
}

static int
kill_round(const char *variable)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	int killed = 0;

	while (proc && (e = readdir(proc))) {
		int64_t pid;

		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !parse_int(e->d_name, 2, INT32_MAX, &pid) || pid == getpid())
			continue;
		if (is_stray(e->d_name, variable) && kill((pid_t)pid, SIGKILL) == 0)
			killed++;
	}
	if (proc)
		closedir(proc);
	return killed;
}

/* Again until a round finds none: they may have been forking. A killed one shows
 * no environment any more. */
int
box_stray_kill(const char *dir)
{
	char *variable = xasprintf(INIT_MARKER "=%s", dir);
	int all = 0, now = -1;

	for (int i = 0; i < ROUNDS_MAX && now != 0; i++) {
		now = kill_round(variable);
		all += now;
	}
	free(variable);
	return all;
}
