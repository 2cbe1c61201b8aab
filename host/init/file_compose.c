/* file_compose - several files one behind the other into one. Runs in a child.
 * envd.md 4.4. */
#include "host/init/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_AT_ONCE = 1 << 20 };

/* false: errno */
static bool
append(int to, const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = -1;

	if (from >= 0 && file_is_about_us(from)) {
		close(from);
		from = -1;
		errno = EACCES;
	}
	if (from < 0)
		return false;
	while ((n = sendfile(to, from, NULL, COPY_AT_ONCE)) > 0)
		continue;
	int errnum = errno;

	close(from);
	errno = errnum;
	return n == 0;
}

/* false: answered */
static bool
check_source(const struct file_request *r, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		file_fail(r->id, errno == ENOENT ? INIT_NOT_FOUND : INIT_FAILED,
		    "source path '%s' does not exist", path);
	else if (!S_ISREG(st.st_mode))
		file_fail(
		    r->id, INIT_INVALID, "source path '%s' is not a regular file", path);
	else if (strcmp(path, r->path) == 0)
		file_fail(r->id, INIT_INVALID,
		    "source path '%s' is the same as destination", path);
	else
		return true;
	return false;
}

/* Calls `each` with every source, resolved, until it says false. */
static bool
for_sources(const struct file_request *r, int to,
    bool (*each)(const struct file_request *r, const char *path, int to))
{
	struct file_request walk = *r;
	const char *given;
	char path[PATH_MAX];

	while ((given = file_request_next(&walk)))
		if (!file_resolve(r, given, path) || !each(r, path, to))
			return false;
	return true;
}

static bool
check_each(const struct file_request *r, const char *path, int to)
{
	(void)to;
	return check_source(r, path);
}

static bool
append_each(const struct file_request *r, const char *path, int to)
{
	if (append(to, path))
		return true;
	file_fail(r->id, file_result(errno), "error composing '%s' into %s: %s", path,
	    r->path, file_error(errno));
	return false;
}

static bool
remove_each(const struct file_request *r, const char *path, int to)
{
	(void)r;
	(void)to;
	(void)unlink(path); /* the whole is there: what stays behind is only in the way */
	return true;
}

static void
fail_to(const struct file_request *r, const char *what, const char *path)
{
	file_fail(r->id, file_result(errno), "error composing files: %s %s: %s", what,
	    path, file_error(errno));
}

/* Beside the destination, then renamed over it: it is whole or as it was. */
static void
compose(const struct message *m)
{
	static struct file_request r;
	static char temporary[PATH_MAX], failed[PATH_MAX];

	if (!file_request_read(m, &r) || !for_sources(&r, -1, check_each))
		return;
	if (!file_make_parents(&r, r.path, failed)) {
		fail_to(&r, "mkdir", failed);
		return;
	}
	if (snprintf(temporary, sizeof temporary, "%s.compose-%d", r.path,
		(int)getpid()) >= (int)sizeof temporary) {
		file_fail(r.id, INIT_INVALID, "the destination's path is too long");
		return;
	}
	umask(022);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0) {
		fail_to(&r, "open", temporary);
		return;
	}
	if (!for_sources(&r, fd, append_each)) {
		unlink(temporary);
		return;
	}
	if ((geteuid() == 0 && fchown(fd, r.account.uid, r.account.gid) != 0 &&
		errno != EINVAL) ||
	    rename(temporary, r.path) != 0) {
		fail_to(&r, "rename", r.path);
		unlink(temporary);
		return;
	}
	for_sources(&r, -1, remove_each);
	file_reply_entry(r.id, r.path, -1);
}

void
file_compose(struct message *m)
{
	work(m, compose);
}
