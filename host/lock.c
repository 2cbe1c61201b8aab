#include "host/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
