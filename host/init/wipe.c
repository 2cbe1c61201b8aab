/* wipe - deletes a tree from inside, where no link leads out. */
#include "host/init/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The tree is as its sandbox left it: links are never followed, other file
 * systems never entered, and it may be deeper than there are descriptors, so
 * we walk with one directory open and ".." for the way back.
 */

static dev_t device;

static bool
is_dot(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* A directory without write permission for its owner can be emptied by nobody. */
static bool
enter(const char *name)
{
	struct stat st;
	int fd = openat(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == EACCES && fchmodat(AT_FDCWD, name, 0700, 0) == 0)
		fd = openat(
		    AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool entered = fstat(fd, &st) == 0 && st.st_dev == device &&
		       fchmod(fd, 0700) == 0 && fchdir(fd) == 0;

	close(fd);
	return entered;
}

/*
 * Removes what it can of the current directory; returns true when it went one
 * level down instead, into a directory that must be emptied first.
 */
static bool
empty_or_descend(bool *stuck)
{
	DIR *d = opendir(".");
	struct dirent *e;
	bool down = false;

	*stuck = false;
	while (d && !down && (e = readdir(d))) {
		if (is_dot(e->d_name) || unlinkat(AT_FDCWD, e->d_name, 0) == 0 ||
		    unlinkat(AT_FDCWD, e->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno == ENOTEMPTY || errno == EEXIST)
			down = enter(e->d_name);
		*stuck |= !down;
	}
	if (d)
		closedir(d);
	return down;
}

int
wipe(const char *directory)
{
	struct stat st;
	size_t depth = 0;
	bool stuck = false;

	if (lstat(directory, &st) != 0)
		return errno == ENOENT ? 0 : 1;
	device = st.st_dev;
	if (!enter(directory))
		return 1;
	for (;;) {
		bool left;

		if (empty_or_descend(&left)) {
			depth++;
			continue;
		}
		stuck |= left;
		if (depth == 0 || stuck)
			break; /* going up from something stuck would come back to it */
		if (chdir("..") != 0)
			return 1;
		depth--;
	}
	if (stuck)
		return 1;
	return rmdir(directory) == 0 || errno == EBUSY ? 0 : 1;
}
