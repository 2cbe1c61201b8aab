/* file_list - a directory and what is below it, into a memfd. Runs in a child. */
#include "host/init/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct listing {
	int fd;
	struct init_listing sum;
	unsigned char pending[128 * 1024];
	size_t pending_len;
	char path[PATH_MAX]; /* where the walk is, beginning as it was asked for */
	int errnum;	     /* of what ended it */
};

static void
flush(struct listing *l)
{
	size_t at = 0;

	while (at < l->pending_len && l->errnum == 0) {
		ssize_t n = write(l->fd, l->pending + at, l->pending_len - at);

		if (n < 0 && errno != EINTR)
			l->errnum = errno;
		at += n > 0 ? (size_t)n : 0;
	}
	l->pending_len = 0;
}

static void
add_entry(struct listing *l, const struct init_entry *e)
{
	if (l->pending_len + e->len > sizeof l->pending)
		flush(l);
	memcpy(l->pending + l->pending_len, e, e->len);
	l->pending_len += e->len;
	l->sum.bytes += e->len;
	l->sum.count++;
	if (l->sum.bytes > INIT_LISTING_MAX)
		l->errnum = EFBIG;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_named(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* What vanishes meanwhile is left out; links to directories are not entered. The depth is
 * bounded by the longest path. */
static void
walk(struct listing *l, const char *directory, uint32_t depth)
{
	struct dirent **names;
	size_t len = strlen(l->path);
	int count = scandir(directory, &names, is_named, by_bytes);

	for (int i = 0; i < count; i++) {
		const struct init_entry *e = NULL;
		int added = snprintf(l->path + len, sizeof l->path - len, "%s%s",
		    len > 1 || l->path[0] != '/' ? "/" : "", names[i]->d_name);

		free(names[i]);
		if (l->errnum == 0 && len + (size_t)added < sizeof l->path)
			e = file_entry(l->path);
		if (e) {
			bool enter = depth > 1 && S_ISDIR(e->own_mode);

			add_entry(l, e);
			if (enter)
				walk(l, l->path, depth - 1);
		}
		l->path[len] = '\0';
	}
	if (count >= 0)
		free(names);
}

static void
finish_listing(struct listing *l, const struct file_request *r)
{
	const struct init_header header = {
		.type = INIT_REPLY,
		.id = r->id,
		.result = INIT_OK,
		.len = sizeof l->sum,
	};

	flush(l);
	if (l->errnum == EFBIG)
		file_fail(r->id, INIT_LIMIT,
		    "the listing of %s is larger than %d MiB: list fewer levels", r->path,
		    INIT_LISTING_MAX >> 20);
	else if (l->errnum != 0)
		file_fail(r->id, INIT_FAILED, "error reading directory %s: %s", r->path,
		    file_error(l->errnum));
	else
		message_send(&header, &l->sum, &l->fd, 1);
}

static void
list(const struct message *m)
{
	static struct listing l;
	static struct file_request r;
	struct stat st;

	if (!file_request_read(m, &r))
		return;
	size_t len = strlen(r.path);

	while (len > 1 && r.path[len - 1] == '/')
		r.path[--len] = '\0';
	if (stat(r.path, &st) != 0)
		file_fail(r.id,
		    errno == ENOENT  ? INIT_NOT_FOUND
		    : errno == ELOOP ? INIT_LOOP
				     : INIT_FAILED,
		    "path not found: lstat %s: %s", r.path, file_error(errno));
	else if (!S_ISDIR(st.st_mode))
		file_fail(r.id, INIT_INVALID, "path is not a directory: %s", r.path);
	else if ((l.fd = memfd_create("listing", MFD_CLOEXEC)) < 0)
		file_fail(
		    r.id, INIT_LIMIT, "no memory for a listing: %s", file_error(errno));
	else {
		memcpy(l.path, r.path, sizeof l.path);
		walk(&l, r.path, r.head.depth > 0 ? r.head.depth : 1);
		finish_listing(&l, &r);
	}
}

void
file_list(struct message *m)
{
	file_forget_names();
	work(m, list);
}
