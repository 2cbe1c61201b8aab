#include "host/host_log.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

static bool
is_full(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size > HOST_LOG_MAX;
}

void
host_log_rotate(const char *state_dir)
{
	char *path = path_join(state_dir, "host.log");
	char *older = path_join(state_dir, "host.log.1");
	struct stat st;

	if (lstat(path, &st) == 0 && is_full(&st) && rename(path, older) != 0)
		unlink(path); /* what is in the way must not make it grow */
	free(older);
	free(path);
}

void
host_log_rotate_own(const char *state_dir)
{
	char *path = path_join(state_dir, "host.log");
	struct stat own, named;
	int fd = -1;

	if (fstat(STDERR_FILENO, &own) == 0 && lstat(path, &named) == 0 &&
	    own.st_dev == named.st_dev && own.st_ino == named.st_ino && is_full(&own)) {
		host_log_rotate(state_dir);
		fd = open(
		    path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (fd >= 0) {
		dup2(fd, STDERR_FILENO);
		close(fd);
	}
	free(path);
}
