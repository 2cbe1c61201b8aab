#include "host/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

bool
lock_take(const char *path, int *fd, bool *taken, struct error *err)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	*taken = false;
	if (opened < 0)
		return error_system(err, errno, "opening %s", path);
	if (fcntl(opened, F_OFD_SETLK, &whole) != 0) {
		*taken = errno == EAGAIN || errno == EACCES;
		error_system(err, errno, "locking %s", path);
		close(opened);
		return false;
	}
	*fd = opened;
	return true;
}

void
lock_release(int fd)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	/* A child on its way to its exec has the file open too, and would keep the lock. */
	if (fcntl(fd, F_OFD_SETLK, &whole) != 0)
		log_debug("lock", "it goes with the file: %s", strerror(errno));
	close(fd);
}

bool
lock_is_held(const char *path)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	bool held;

	if (fd < 0)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
	close(fd);
	return held;
}

/* The kernel names no holder of such a lock, but shows who has the file open. */
bool
lock_is_open_in(const char *path, int pid)
{
	char directory[32];
	struct stat file, open_there;
	struct dirent *e;
	bool found = false;

	if (pid <= 0 || stat(path, &file) != 0)
		return false;
	snprintf(directory, sizeof directory, "/proc/%d/fd", pid);
	DIR *fds = opendir(directory);

	while (fds && !found && (e = readdir(fds)))
		found = fstatat(dirfd(fds), e->d_name, &open_there, 0) == 0 &&
			open_there.st_dev == file.st_dev &&
			open_there.st_ino == file.st_ino;
	if (fds)
		closedir(fds);
	return found;
}
