/* wipe - deletes a tree from inside, where no link leads out. */
#include "host/init/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The tree is as its sandbox left it: links are never followed, other file
 * systems never entered, and it may be deeper than there are descriptors, so
 * we walk with one directory open and ".." for the way back. That leads out of
 * the tree when somebody moves the directory we are in, so it must be where we
 * came from.
 */

static dev_t device;

/* The directories above the current one, by number. */
static struct {
	ino_t *items;
	size_t count, cap;
} way;

static bool
note_way(void)
{
	struct stat st;

	if (way.count == way.cap) {
		size_t cap = way.cap ? way.cap * 2 : 64;
		ino_t *items = reallocarray(way.items, cap, sizeof *items);

		if (!items)
			return false;
		way.items = items;
		way.cap = cap;
	}
	if (lstat(".", &st) != 0)
		return false;
	way.items[way.count++] = st.st_ino;
	return true;
}

static bool
go_back(void)
{
	struct stat st;

	return chdir("..") == 0 && lstat(".", &st) == 0 && st.st_dev == device &&
	       st.st_ino == way.items[--way.count];
}

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
		if ((errno == ENOTEMPTY || errno == EEXIST) && note_way()) {
			down = enter(e->d_name);
			way.count -= !down;
		}
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
	bool stuck = false;

	if (lstat(directory, &st) != 0)
		return errno == ENOENT ? 0 : 1;
	device = st.st_dev;
	if (!enter(directory))
		return 1;
	for (;;) {
		bool left;

		if (empty_or_descend(&left))
			continue;
		stuck |= left;
		if (way.count == 0 || stuck)
			break; /* going up from something stuck would come back to it */
		if (!go_back())
			return 1;
	}
	if (stuck)
		return 1;
	return rmdir(directory) == 0 || errno == EBUSY ? 0 : 1;
}
