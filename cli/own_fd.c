#include "cli/cli.h"
#include "cli/own_fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A regular file has a position, which must stay shared; a socket cannot be opened. */
static bool
can_reopen(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || isatty(fd));
}

bool
own_fd_open(struct own_fd *o, int fd, int access)
{
	char path[32];

	*o = (struct own_fd){ .fd = -1, .flags = fcntl(fd, F_GETFL) };
	if (o->flags < 0)
		return false;
	if (can_reopen(fd)) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		o->fd = open(path, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	}
	o->reopened = o->fd >= 0;
	if (!o->reopened) {
		o->fd = fd;
		fcntl(fd, F_SETFL, o->flags | O_NONBLOCK);
	}
	return true;
}

void
own_fd_close(struct own_fd *o)
{
	if (o->fd < 0)
		return;
	if (o->reopened)
		close(o->fd);
	else
		fcntl(o->fd, F_SETFL, o->flags);
	o->fd = -1;
}

void
cli_guard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The wrong way round on purpose. The lowest free number is this one. */
		int filled = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (filled != fd && filled >= 0)
			close(filled);
	}
}
