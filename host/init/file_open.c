/* file_open - a file for the host to read or to fill. envd.md 4.1, 4.2. */
#include "host/init/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool
is_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

bool
file_is_about_us(int fd)
{
	char link[64], path[256], own[32];
	ssize_t len;

	if (!is_proc(fd))
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof path - 1);
	if (len < 0)
		return true;
	path[len] = '\0';
	snprintf(own, sizeof own, "/proc/%d/", (int)getpid());
	return strncmp(path, own, strlen(own)) == 0;
}

/* ---- reading */

static void
open_to_read(const struct file_request *r)
{
	struct stat st;

	if (stat(r->path, &st) != 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			file_fail(
			    r->id, INIT_NOT_FOUND, "path '%s' does not exist", r->path);
		else
			file_fail(r->id, INIT_FAILED,
			    "error checking if path exists '%s': %s", r->path,
			    file_error(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		file_fail(r->id, INIT_INVALID, "path '%s' is %s", r->path,
		    S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
		return;
	}
	int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0 && file_is_about_us(fd)) {
		close(fd);
		fd = -1;
		errno = EACCES;
	}
	if (fd < 0) {
		file_fail(r->id, INIT_FAILED, "error opening file '%s': open %s: %s",
		    r->path, r->path, file_error(errno));
		return;
	}
	file_reply_entry(r->id, r->path, fd);
	close(fd);
}

/* ---- writing */

/* The set replaces what was there. */
static bool
set_metadata(int fd, struct file_request *r)
{
	static char names[64 * 1024];
	char name[XATTR_NAME_MAX + 1];
	const char *key, *value;
	ssize_t len = flistxattr(fd, names, sizeof names);

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
		if (strncmp(names + at, FILE_METADATA, sizeof FILE_METADATA - 1) == 0 &&
		    fremovexattr(fd, names + at) != 0)
			return false;
	while ((key = file_request_next(r)) && (value = file_request_next(r))) {
		int size = snprintf(name, sizeof name, FILE_METADATA "%s", key);

		if (size >= (int)sizeof name) {
			errno = ERANGE;
			return false;
		}
		if (fsetxattr(fd, name, value, strlen(value), 0) != 0)
			return false;
	}
	return true;
}

static bool
give(int fd, const struct file_request *r)
{
	/* EINVAL: one uid is all there is */
	return geteuid() != 0 || fchown(fd, r->account.uid, r->account.gid) == 0 ||
	       errno == EINVAL;
}

static int
create(const char *path)
{
	mode_t mask = umask(022);
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	int errnum = errno;

	umask(mask);
	errno = errnum;
	return fd;
}

static void
open_to_write(struct file_request *r)
{
	struct stat st;
	char failed[PATH_MAX];

	if (stat(r->path, &st) == 0 && S_ISDIR(st.st_mode)) {
		file_fail(r->id, INIT_INVALID, "path is a directory: %s", r->path);
		return;
	}
	if (!file_make_parents(r, r->path, failed)) {
		file_fail(r->id, file_result(errno),
		    "error ensuring directories: mkdir %s: %s", failed,
		    file_error(errno));
		return;
	}
	int fd = create(r->path);
	bool usable = fd >= 0 && fstat(fd, &st) == 0;

	if (usable && (!S_ISREG(st.st_mode) || is_proc(fd))) {
		errno = EINVAL;
		usable = false;
	}
	if (!usable)
		file_fail(r->id, file_result(errno), "error opening file: open %s: %s",
		    r->path, file_error(errno));
	else if (!give(fd, r))
		file_fail(r->id, file_result(errno),
		    "error changing file ownership: chown %s: %s", r->path,
		    file_error(errno));
	else if (!set_metadata(fd, r))
		file_fail(r->id, file_result(errno),
		    "error writing file metadata of %s: %s", r->path, file_error(errno));
	else
		file_reply_entry(r->id, r->path, fd);
	if (fd >= 0)
		close(fd);
}

void
file_open(struct message *m)
{
	static struct file_request r;

	if (!file_request_read(m, &r))
		return;
	if (r.head.flags & INIT_FILE_WRITE)
		open_to_write(&r);
	else
		open_to_read(&r);
}
