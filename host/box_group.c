#include "host/box_group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#define PREFIX "sandtop-"

enum { FILE_MAX = 1024 * 1024, PIDS_MAX = 8192, CPU_PERIOD_US = 100000 };

/* ---- small files */

static bool
write_at(int directory, const char *name, const char *text)
{
	int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* NULL when it cannot be read; caller frees. */
static char *
read_text(const char *path)
{
	char *text = NULL;
	size_t len;

	return path_read_file(path, FILE_MAX, &text, &len, NULL) ? text : NULL;
}

/* ---- finding the base */

/* "36 25 0:31 / /sys/fs/cgroup rw,... - cgroup2 cgroup2 rw" */
static bool
find_mount(char *out, size_t size)
{
	char *text = read_text("/proc/self/mountinfo"), *rest = text, *line;
	bool found = false;

	while (!found && rest && (line = strsep(&rest, "\n"))) {
		if (!strstr(line, " - cgroup2 "))
			continue;
		for (int field = 0; field < 4 && line; field++)
			strsep(&line, " ");
		found = line && str_copy(out, size, strsep(&line, " "));
	}
	free(text);
	return found;
}

/* "0::/user.slice/..." */
static bool
find_own_path(char *out, size_t size)
{
	char *text = read_text("/proc/self/cgroup"), *rest = text, *line;
	bool found = false;

	while (!found && rest && (line = strsep(&rest, "\n")))
		if (str_has_prefix(line, "0::/"))
			found = str_copy(
			    out, size, strcmp(line, "0::/") == 0 ? "" : line + 3);
	free(text);
	return found;
}

/* "sandtop-<pid of its host>-<id>" of a host that runs no more. */
static void
sweep(const char *base)
{
	DIR *d = opendir(base);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (!str_has_prefix(e->d_name, PREFIX))
			continue;
		long pid = strtol(e->d_name + strlen(PREFIX), NULL, 10);

		if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
}

static bool
is_alone(const char *base)
{
	char *path = xasprintf("%s/cgroup.procs", base), own[32];
	char *text = read_text(path);

	snprintf(own, sizeof own, "%d\n", (int)getpid());
	bool alone = str_eq(text, own);

	free(text);
	free(path);
	return alone;
}

/*
 * Controllers reach our groups only if their parent hands them down, which it
 * may not while processes live in it directly. We move ourselves out of the
 * way when we are the only one there, as under `systemd-run --scope`.
 */
static void
ask_for_controllers(const char *base, int fd)
{
	static const char *const wanted[] = { "+cpu", "+memory", "+pids" };

	if (is_alone(base) && (mkdirat(fd, "sandtop-host", 0755) == 0 || errno == EEXIST))
		write_at(fd, "sandtop-host/cgroup.procs", "0");
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		write_at(fd, "cgroup.subtree_control", wanted[i]);
}

/* We may make a group and freeze it: it is tried. */
static bool
is_usable(int fd, bool *has_limits)
{
	char *name = xasprintf(PREFIX "%d-try", (int)getpid());
	char *freeze = xasprintf("%s/cgroup.freeze", name);
	char *cpu = xasprintf("%s/cpu.max", name),
	     *memory = xasprintf("%s/memory.max", name);
	bool usable = mkdirat(fd, name, 0755) == 0 && write_at(fd, freeze, "0") &&
		      faccessat(fd, "cgroup.procs", W_OK, 0) == 0;

	*has_limits =
	    faccessat(fd, cpu, W_OK, 0) == 0 && faccessat(fd, memory, W_OK, 0) == 0;
	unlinkat(fd, name, AT_REMOVEDIR);
	free(memory);
	free(cpu);
	free(freeze);
	free(name);
	return usable;
}

bool
box_group_find_base(char *out, size_t size, bool *has_limits)
{
	char mount[256], own[512];

	if (!find_mount(mount, sizeof mount) || !find_own_path(own, sizeof own))
		return false;
	/* After an earlier move out of the way: the base is where we came from. */
	if (str_has_suffix(own, "/sandtop-host"))
		own[strlen(own) - strlen("/sandtop-host")] = '\0';
	char *base = xasprintf("%s%s", mount, own);
	int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && own[0] != '\0') /* the root of all groups is not ours to change */
		ask_for_controllers(base, fd);
	bool usable = fd >= 0 && is_usable(fd, has_limits) && str_copy(out, size, base);

	if (usable)
		sweep(base);
	if (fd >= 0)
		close(fd);
	free(base);
	return usable;
}

/* ---- one group */

/* Files of controllers that are not there are not there: then no limit. */
static void
set_limits(int fd, const struct box_group_limits *limits)
{
	char text[64];

	snprintf(text, sizeof text, "%d", PIDS_MAX);
	write_at(fd, "pids.max", text);
	if (limits->cpu_count > 0) {
		snprintf(text, sizeof text, "%d %d", limits->cpu_count * CPU_PERIOD_US,
		    CPU_PERIOD_US);
		write_at(fd, "cpu.max", text);
	}
	if (limits->memory_mb > 0) {
		snprintf(text, sizeof text, "%" PRId64, limits->memory_mb * 1024 * 1024);
		write_at(fd, "memory.max", text);
	}
}

int
box_group_make(struct box_group *g, const char *base, const char *id,
    const struct box_group_limits *limits)
{
	char *path = xasprintf("%s/" PREFIX "%d-%s", base, (int)getpid(), id);
	int fd = -1;

	*g = (struct box_group){ .path = NULL };
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		rmdir(path);
		free(path);
		return -1;
	}
	g->path = path;
	set_limits(fd, limits);
	return fd;
}

void
box_group_kill(struct box_group *g)
{
	int fd = g->path ? open(g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	write_at(fd, "cgroup.kill", "1");
	close(fd);
}

void
box_group_clear(struct box_group *g)
{
	if (g->path)
		rmdir(g->path);
	free(g->path);
	g->path = NULL;
}
