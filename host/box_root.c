#include "host/box_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "host/init/layout.h"

/* What will be mounted over; a former life of the sandbox may have left it anyhow. */
static const char *const mount_points[] = { "dev", "proc", "run", ".sandtop" };

static bool
make_mount_point(int root, const char *name)
{
	struct stat st;

	if (mkdirat(root, name, 0755) == 0)
		return true;
	if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return true;
	return unlinkat(root, name, 0) == 0 && mkdirat(root, name, 0755) == 0;
}

bool
box_root_system_link(const char *name, char *target, size_t size)
{
	char *path = path_join("/", name);
	ssize_t len = readlink(path, target, size - 1);

	free(path);
	target[len > 0 ? len : 0] = '\0';
	return len > 0;
}

bool
box_root_system_has(const char *name)
{
	struct stat st;
	char *path = path_join("/", name);
	bool has = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	free(path);
	return has;
}

/* /bin is a link into /usr on most systems, a directory to mount on others. */
static bool
make_system_dir(int root, const char *name)
{
	char target[256];

	if (!box_root_system_has(name))
		return true;
	if (!box_root_system_link(name, target, sizeof target))
		return make_mount_point(root, name);
	return symlinkat(target, root, name) == 0 || errno == EEXIST;
}

/* ---- layers */

/* Opens a directory, made where it is missing; a link there is replaced, not followed:
 * without walls a sandbox could have left one. -1 on failure. */
static int
open_made(int parent, const char *name)
{
	if (!make_mount_point(parent, name))
		return -1;
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool
is_system_dir(const char *name)
{
	char target[256];

	return box_root_system_has(name) &&
	       !box_root_system_link(name, target, sizeof target);
}

static bool
make_layer(int system, const char *name)
{
	int dir = open_made(system, name);
	bool made =
	    dir >= 0 && make_mount_point(dir, "upper") && make_mount_point(dir, "work");

	if (dir >= 0)
		close(dir);
	return made;
}

static bool
make_layers(int root)
{
	int own = open_made(root, ".sandtop");
	int system = own >= 0 ? open_made(own, "system") : -1;
	bool made = system >= 0;

	for (size_t i = 0; made && i < ARRAY_LEN(layout_system_dirs); i++)
		if (is_system_dir(layout_system_dirs[i]))
			made = make_layer(system, layout_system_dirs[i]);
	for (size_t i = 0; made && i < ARRAY_LEN(layout_overlays); i++)
		if (access(layout_overlays[i].path, X_OK) == 0)
			made = make_layer(system, layout_overlays[i].name);
	if (system >= 0)
		close(system);
	if (own >= 0)
		close(own);
	return made;
}

/* Open for all to enter: it is the sandbox's "/". What lies above it is not. */
bool
box_root_prepare(const char *dir, bool writable, struct error *err)
{
	if (!path_make_dirs(dir, err))
		return false;
	int root = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool made = root >= 0 && fchmod(root, 0755) == 0;

	for (size_t i = 0; made && i < ARRAY_LEN(mount_points); i++)
		made = make_mount_point(root, mount_points[i]);
	for (size_t i = 0; made && i < ARRAY_LEN(layout_system_dirs); i++)
		made = make_system_dir(root, layout_system_dirs[i]);
	if (made && writable)
		made = make_layers(root);
	if (!made && (errno == ENOSPC || errno == EDQUOT))
		error_set(
		    err, ERROR_LIMIT, "the host's disk is full: make room on %s", dir);
	else if (!made)
		error_system(err, errno, "preparing %s", dir);
	if (root >= 0)
		close(root);
	return made;
}
