/* file - stat, mkdir, move, remove. */
#include "host/init/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 200 };

void
file_stat(struct message *m)
{
	struct file_request r;

	if (file_request_read(m, &r))
		file_reply_entry(r.id, r.path, -1);
}

void
file_mkdir(struct message *m)
{
	struct file_request r;
	struct stat st;
	char failed[PATH_MAX];

	if (!file_request_read(m, &r))
		return;
	bool there = stat(r.path, &st) == 0;

	if (there && S_ISDIR(st.st_mode))
		file_fail(r.id, INIT_EXISTS, "directory already exists: %s", r.path);
	else if (there)
		file_fail(r.id, INIT_INVALID,
		    "path already exists but it is not a directory: %s", r.path);
	else if (!file_make_dirs(&r, r.path, failed))
		file_fail(r.id, file_result(errno),
		    "error creating directory: mkdir %s: %s", failed, file_error(errno));
	else
		file_reply_entry(r.id, r.path, -1);
}

/* ---- move */

/* 0, or the errno that Go's rename gives: never onto a directory. */
static int
rename_as_go(const char *from, const char *to)
{
	struct stat source, target;

	if (lstat(from, &source) != 0)
		return errno;
	if (lstat(to, &target) == 0 && S_ISDIR(target.st_mode) &&
	    (strcmp(from, to) == 0 || source.st_dev != target.st_dev ||
		source.st_ino != target.st_ino))
		return EEXIST;
	return rename(from, to) == 0 ? 0 : errno;
}

void
file_move(struct message *m)
{
	struct file_request r;
	const char *given;
	char to[PATH_MAX], failed[PATH_MAX];

	if (!file_request_read(m, &r))
		return;
	given = file_request_next(&r);
	if (!given) {
		reply_text(r.id, INIT_UNKNOWN, "a move needs a destination");
		return;
	}
	if (!file_resolve(&r, given, to))
		return;
	if (!file_make_parents(&r, to, failed)) {
		file_fail(r.id, file_result(errno),
		    "error creating directory: mkdir %s: %s", failed, file_error(errno));
		return;
	}
	int errnum = rename_as_go(r.path, to);

	if (errnum == 0)
		file_reply_entry(r.id, to, -1);
	else
		file_fail(r.id, errnum == ENOENT ? INIT_NOT_FOUND : file_result(errnum),
		    "%s: rename %s %s: %s",
		    errnum == ENOENT ? "source file not found" : "error renaming", r.path,
		    to, file_error(errnum));
}

/* ---- remove */

/* One removal. A tree deeper than there are descriptors is brought up piece by piece. */
struct removal {
	int top;	/* directory whose content goes */
	unsigned moved; /* pieces brought up to it */
	int errnum;	/* of the first failure */
};

static bool empty_directory(struct removal *r, int directory, int depth);

static bool
bring_up(struct removal *r, int directory, const char *name)
{
	char as[32];

	do
		snprintf(as, sizeof as, ".removed-%u", r->moved++);
	while (faccessat(r->top, as, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	return renameat(directory, name, r->top, as) == 0;
}

/* false: errno. What is gone already is as good. */
static bool
remove_entry(struct removal *r, int directory, const char *name, int depth)
{
	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return true;
	int errnum = errno;

	if (errnum != EISDIR && errnum != EPERM)
		return false;
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	if (errno == ENOTDIR)
		errno = errnum;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return false;
	if (depth == DEPTH_MAX)
		return bring_up(r, directory, name);
	int below =
	    openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (below < 0)
		return false;
	return empty_directory(r, below, depth + 1) &&
	       (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT);
}

/* Takes the descriptor. Goes on after a failure, so that what can go goes. */
static bool
empty_directory(struct removal *r, int directory, int depth)
{
	DIR *d = fdopendir(directory);
	struct dirent *e;
	bool clean = d != NULL;

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    remove_entry(r, directory, e->d_name, depth))
			continue;
		if (clean)
			r->errnum = errno;
		clean = false;
	}
	if (d)
		closedir(d);
	else
		close(directory);
	errno = r->errnum;
	return clean;
}

/* 0, or errno. Again while something was brought up. */
static int
remove_all(const char *path)
{
	struct removal r = { .top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) };
	unsigned moved;

	if (r.top < 0)
		return errno == ENOENT ? 0 : errno;
	do {
		moved = r.moved;
		if (!empty_directory(&r, fcntl(r.top, F_DUPFD_CLOEXEC, 0), 0))
			return r.errnum ? r.errnum : EIO;
		lseek(r.top, 0, SEEK_SET);
	} while (r.moved != moved);
	return rmdir(path) == 0 || errno == ENOENT ? 0 : errno;
}

static void
remove_tree(const struct message *m)
{
	struct file_request r;

	if (!file_request_read(m, &r))
		return;
	int errnum = remove_all(r.path);

	if (errnum == 0)
		reply(r.id, INIT_OK, NULL, 0);
	else
		file_fail(r.id, INIT_FAILED,
		    "error removing file or directory: unlinkat %s: %s", r.path,
		    file_error(errnum));
}

void
file_remove(struct message *m)
{
	struct file_request r;
	struct stat st;

	if (!file_request_read(m, &r))
		return;
	int errnum = unlink(r.path) == 0 ? 0 : errno;

	if (errnum == 0 || errnum == ENOENT || errnum == ENOTDIR) {
		reply(r.id, INIT_OK, NULL, 0);
		return;
	}
	if (lstat(r.path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		file_fail(r.id, INIT_FAILED,
		    "error removing file or directory: unlinkat %s: %s", r.path,
		    file_error(errnum));
		return;
	}
	if (rmdir(r.path) == 0)
		reply(r.id, INIT_OK, NULL, 0);
	else
		work(m, remove_tree);
}
