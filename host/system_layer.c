#include "host/system_layer.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/box_root.h"
#include "host/init/layout.h"

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

bool
system_layer_make(const char *dir, size_t max, struct error *err)
{
	if (!path_make_dirs(dir, err))
		return false;
	return make_all(dir, max) || error_system(err, errno, "preparing %s", dir);
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
