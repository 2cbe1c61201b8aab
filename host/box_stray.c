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
#include "host/box_start.h"
#include "host/init/layout.h"
#include "host/init/protocol.h"

enum { ENVIRONMENT_MAX = 1024 * 1024, STAT_MAX = 4096, ROUNDS_MAX = 100 };

/* NUL-separated variables, or arguments. */
static bool
has_variable(const char *text, size_t len, const char *variable)
{
	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		if (strcmp(text + at, variable) == 0)
			return true;
	return false;
}

/* A file of the process with the number `pid`; NULL when it cannot be read. */
static char *
read_of(const char *pid, const char *name, size_t max, size_t *len)
{
	char *path = xasprintf("/proc/%s/%s", pid, name), *text = NULL;
	bool got = path_read_file(path, max, &text, len, NULL);

	free(path);
	return got ? text : NULL;
}

static bool
is_stray(const char *pid, const void *variable)
{
	size_t len;
	char *text = read_of(pid, "environ", ENVIRONMENT_MAX, &len);
	bool stray = text && has_variable(text, len, variable);

	free(text);
	return stray;
}

/* Not when it waits to be reaped, which in some containers nobody does. */
static bool
is_alive(const char *pid)
{
	size_t len;
	char *stat = read_of(pid, "stat", STAT_MAX, &len);
	const char *name_end = stat ? strrchr(stat, ')') : NULL;
	bool alive = name_end && name_end[1] == ' ' && !strchr("ZX", name_end[2]);

	free(stat);
	return alive;
}

/* "4711 (bwrap) S <parent> <group> <session> ...". We start each bubblewrap as the leader
 * of a session of its own, so that is the number of the parent; 0 is out of sight. */
static bool
has_lost_bubblewrap(const char *stat)
{
	const char *rest = strstr(stat, " (bwrap) ");
	struct strlist words = { .count = 0 };

	if (!rest)
		return false;
	strlist_split(&words, rest + strlen(" (bwrap) "), ' ');

	bool lost = words.count > 3 && !str_eq(words.items[0], "Z") &&
		    !str_eq(words.items[3], "0") && !is_alive(words.items[3]);

	strlist_clear(&words);
	return lost;
}

/* The arguments of a sandbox of ours, or of what copies and wipes. */
static bool
is_ours(const char *command, size_t len)
{
	return has_variable(command, len, LAYOUT_INIT) ||
	       (has_variable(command, len, BOX_START_TENDER) &&
		   has_variable(command, len, BOX_START_TREE_TO));
}

static bool
is_waiting(const char *pid, const void *unused)
{
	size_t len;
	char *stat = read_of(pid, "stat", STAT_MAX, &len);
	bool lost = stat && has_lost_bubblewrap(stat);
	char *command = lost ? read_of(pid, "cmdline", ENVIRONMENT_MAX, &len) : NULL;
	bool waiting = command && is_ours(command, len);

	(void)unused;
	free(command);
	free(stat);
	return waiting;
}

static int
kill_round(bool (*is_meant)(const char *pid, const void *ctx), const void *ctx)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	int killed = 0;

	while (proc && (e = readdir(proc))) {
		int64_t pid;

		if (!isdigit((unsigned char)e->d_name[0]) ||
		    !parse_int(e->d_name, 2, INT32_MAX, &pid) || pid == getpid())
			continue;
		if (is_meant(e->d_name, ctx) && kill((pid_t)pid, SIGKILL) == 0)
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
		now = kill_round(is_stray, variable);
		all += now;
	}
	free(variable);
	return all;
}

void
box_stray_kill_waiting(void)
{
	kill_round(is_waiting, NULL);
}
