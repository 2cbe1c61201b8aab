#include "host/system_layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/box_root.h"
#include "host/init/layout.h"

enum { COPIED_MAX = 64 << 20 };

/* One tree of the system, breadth first: `paths` is the queue, "usr/local/bin". */
struct walk {
	const char *dir;      /* borrowed; where the copies go */
	const char *skip;     /* borrowed; NULL: nothing */
	struct strlist paths; /* owned */
	size_t max;
};

static bool
make(const char *dir, const char *path)
{
	char *copy = path_join(dir, path);
	bool made = mkdir(copy, 0755) == 0 || errno == EEXIST;

	free(copy);
	return made;
}

static bool
is_directory(const char *parent, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	char *path = path_join(parent, e->d_name);
	bool is = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);

	free(path);
	return is;
}

/* What cannot be read is not for sandboxes to write in either. */
static void
queue_children(struct walk *w, const char *path)
{
	char *real = path_join("/", path);
	DIR *d = opendir(real);
	struct dirent *e;

	while (d && w->paths.count < w->max && (e = readdir(d))) {
		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") ||
		    !is_directory(real, e))
			continue;
		char *child = path_join(path, e->d_name);

		if (!str_eq(child, w->skip))
			strlist_add(&w->paths, child);
		free(child);
	}
	if (d)
		closedir(d);
	free(real);
}

/* Counts what it made off `*left`. */
static bool
copy_tree(const char *dir, const char *path, const char *skip, size_t *left)
{
	struct walk w = { .dir = dir, .skip = skip, .max = *left };
	bool made = true;

	if (*left > 0)
		strlist_add(&w.paths, path);
	for (size_t i = 0; made && i < w.paths.count; i++) {
		made = make(dir, w.paths.items[i]);
		if (made)
			queue_children(&w, w.paths.items[i]);
	}
	*left -= w.paths.count;
	strlist_clear(&w.paths);
	return made;
}

/* What people install by hand comes first, but not instead of all else. */
#define LOCAL "usr/local"

static bool
make_all(const char *dir, size_t max)
{
	size_t local = max / 2, left = max - local;
	char target[256];

	if (local > 0 && access("/" LOCAL, F_OK) == 0 &&
	    !(make(dir, "usr") && copy_tree(dir, LOCAL, NULL, &local)))
		return false;
	left += local;
	for (size_t i = 0; i < ARRAY_LEN(layout_system_dirs); i++) {
		const char *name = layout_system_dirs[i];

		left = MAX(left, 1); /* the top ones always */
		if (box_root_system_has(name) &&
		    !box_root_system_link(name, target, sizeof target) &&
		    !copy_tree(dir, name, LOCAL, &left))
			return false;
	}
	return true;
}

/* ---- what a package manager writes in place, or links to */

/* Again where the machine's has changed since. */
static bool
copy_file(const char *from, const char *to)
{
	struct stat machine, ours;
	char *bytes;
	size_t len;

	if (lstat(from, &machine) != 0 || !S_ISREG(machine.st_mode))
		return true;
	if (lstat(to, &ours) == 0 && ours.st_size == machine.st_size &&
	    ours.st_mtim.tv_sec == machine.st_mtim.tv_sec)
		return true;
	if (!path_read_file(from, COPIED_MAX, &bytes, &len, NULL))
		return true; /* a lock is nobody's to read */
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	const struct timespec times[] = { machine.st_atim, machine.st_mtim };
	bool copied =
	    fd >= 0 && write(fd, bytes, len) == (ssize_t)len && futimens(fd, times) == 0;

	if (fd >= 0)
		close(fd);
	free(bytes);
	return copied;
}

static bool
copy_files(const char *from, const char *to)
{
	DIR *d = opendir(from);
	struct dirent *e;
	bool copied = true;

	while (copied && d && (e = readdir(d))) {
		char *a = path_join(from, e->d_name), *b = path_join(to, e->d_name);

		if (e->d_name[0] != '.')
			copied = is_directory(from, e)
				     ? mkdir(b, 0755) == 0 || errno == EEXIST
				     : copy_file(a, b);
		free(a);
		free(b);
	}
	if (d)
		closedir(d);
	return copied;
}

/* What only root may read is made anew, empty. */
static bool
make_locks(const char *dir, const char *name, const char *path)
{
	static const char *const locks[] = { "lock", "lock-frontend", "triggers/Lock" };
	bool made = true;

	for (size_t i = 0; made && i < ARRAY_LEN(locks); i++) {
		char *machine = path_join(path, locks[i]), *top = path_join(dir, name);
		char *lock = path_join(top, locks[i]);

		if (access(machine, F_OK) == 0) {
			int fd = open(lock, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

			made = fd >= 0 && close(fd) == 0;
		}
		free(lock);
		free(top);
		free(machine);
	}
	return made;
}

/* Of /var/lib/dpkg/info, the most by far, nothing is written in place. */
static const char *const notes[] = { "", "alternatives", "triggers" };

static bool
copy_overlay(const char *dir, const char *name, const char *path)
{
	bool copied = access(path, X_OK) != 0 || make(dir, name);

	for (size_t i = 0; copied && i < ARRAY_LEN(notes); i++) {
		char *from = path_join(path, notes[i]), *top = path_join(dir, name);
		char *to = path_join(top, notes[i]);

		copied = access(from, X_OK) != 0 || copy_files(from, to);
		free(to);
		free(top);
		free(from);
	}
	return copied && make_locks(dir, name, path);
}

static bool
copy_overlays(const char *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(layout_overlays); i++)
		if (!copy_overlay(dir, layout_overlays[i].name, layout_overlays[i].path))
			return false;
	return true;
}

bool
system_layer_make(const char *dir, size_t max, struct error *err)
{
	if (!path_make_dirs(dir, err))
		return false;
	return (make_all(dir, max) && copy_overlays(dir)) ||
	       error_system(err, errno, "preparing %s", dir);
}

/* ---- what stands in the way */

/* Nothing that sandboxes need: graphics drivers of a Linux inside Windows. */
#define HARMLESS "/usr/lib/wsl/"

/* "36 35 98:0 / /usr/local rw - ext4 ...": the fifth is where it is mounted. */
static char *
mount_point(char *line)
{
	for (int i = 0; i < 4 && line; i++)
		strsep(&line, " ");
	return line ? strsep(&line, " ") : NULL;
}

static bool
is_below_system(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(layout_system_dirs); i++) {
		size_t len = strlen(layout_system_dirs[i]);

		if (path[0] == '/' &&
		    strncmp(path + 1, layout_system_dirs[i], len) == 0 &&
		    path[len + 1] == '/')
			return !str_has_prefix(path, HARMLESS);
	}
	return false;
}

char *
system_layer_obstacle(const char *mounts)
{
	char *copy = xstrdup(mounts), *rest = copy, *line, *found = NULL;

	while (!found && (line = strsep(&rest, "\n"))) {
		const char *path = mount_point(line);

		if (path && is_below_system(path))
			found = xstrdup(path);
	}
	free(copy);
	return found;
}
