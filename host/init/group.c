/* group - freezes and thaws everything inside. */
#include "host/init/init.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The cgroup of everything in here but ourselves; -1: there is none. */
static int group = -1;
static bool escaped; /* something runs outside of it */

void
group_set(int directory)
{
	if (group >= 0)
		close(group);
	group = directory;
}

int
group_directory(void)
{
	return group;
}

void
group_missed_one(void)
{
	escaped = true;
}

bool
group_has_all(void)
{
	return group >= 0 && !escaped;
}

static bool
write_file(const char *name, const char *digit)
{
	int fd = openat(group, name, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, digit, 1) == 1;

	if (fd >= 0)
		close(fd);
	return written;
}

bool
group_freeze(bool frozen)
{
	return group_has_all() && write_file("cgroup.freeze", frozen ? "1" : "0");
}

void
group_kill(void)
{
	if (group >= 0)
		write_file("cgroup.kill", "1");
}

static bool
read_file(const char *name, char *text, size_t size)
{
	int fd = openat(group, name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* "usage_usec 4711\nuser_usec ..." */
static uint64_t
find_number(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ')
			return strtoull(line + len + 1, NULL, 10);
	}
	return 0;
}

/* The kernel's own sums are better than ours: nothing is lost or counted twice. */
void
group_stats(struct init_stats *stats)
{
	char text[4096];

	if (!group_has_all())
		return;
	if (read_file("cpu.stat", text, sizeof text))
		stats->cpu_us = find_number(text, "usage_usec");
	if (!read_file("memory.current", text, sizeof text))
		return;
	uint64_t all = strtoull(text, NULL, 10);

	if (!read_file("memory.stat", text, sizeof text))
		return;
	/* Pages of tmpfs count as file pages, but nothing gives them back. */
	uint64_t shmem = find_number(text, "shmem");
	uint64_t file = find_number(text, "file");
	uint64_t cache = file > shmem ? file - shmem : 0;

	stats->cache_bytes = cache;
	stats->mem_bytes = all > cache ? all - cache : 0;
}
