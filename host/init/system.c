/*
 * system - the machine's programs, with a layer of the sandbox's own above: what
 * is written or removed there is the sandbox's alone and kept with its files.
 */
#include "host/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/init/layout.h"

/* ---- layers */

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The kernel's note that the last overlay was volatile, with which it would refuse. */
static void
forget_last(const char *name)
{
	static const char *const notes[] = { "/volatile/dirty", "/volatile", "" };
	char path[192];

	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		snprintf(path, sizeof path, LAYOUT_SYSTEM "/%s/work/work/incompat%s",
		    name, notes[i]);
		remove(path); /* not there the first time */
	}
}

/*
 * "userxattr": the marks of removed directories are ordinary attributes, which
 * a user namespace may write and a copy of the tree carries along. "volatile":
 * else each end of a sandbox would wait for all the machine's unwritten data.
 */
static bool
overlay(const char *name, const char *lower, const char *target)
{
	char own[128], layer[128], text[512];

	snprintf(own, sizeof own, LAYOUT_SYSTEM "/%s/upper", name);
	if (!exists(own) || !exists(lower))
		return true; /* not one of this machine's */
	snprintf(layer, sizeof layer, LAYOUT_LAYER "/%s", name);
	bool middle = exists(layer);

	forget_last(name);
	snprintf(text, sizeof text,
	    "lowerdir=%s%s%s,upperdir=%s,workdir=" LAYOUT_SYSTEM
	    "/%s/work,userxattr,volatile",
	    middle ? layer : "", middle ? ":" : "", lower, own, name);
	return mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, text) == 0;
}

static bool
overlay_system(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/%s", name);
	return overlay(name, path, path);
}

/* A link there is an older life's, or the sandbox's own: then it wants none. */
static bool
make_target(const char *path)
{
	char part[64];

	for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		mkdir(part, 0755);
	}
	mkdir(path, 0755);

	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
overlay_deeper(const char *name, const char *path)
{
	char lower[64];

	snprintf(lower, sizeof lower, LAYOUT_LOWER "/%s", name);
	return !exists(lower) || !make_target(path) || overlay(name, lower, path);
}

/* The overlays hold what they need: nobody shall reach a layer beside them. */
static bool
hide(const char *path)
{
	return umount2(path, MNT_DETACH) == 0 || errno == EINVAL || errno == ENOENT;
}

static bool
hide_lower(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, LAYOUT_LOWER "/%s", name);
	return hide(path);
}

bool
system_overlay(void)
{
	for (size_t i = 0; i < sizeof layout_system_dirs / sizeof *layout_system_dirs;
	     i++)
		if (!overlay_system(layout_system_dirs[i]))
			return false;
	for (size_t i = 0; i < sizeof layout_overlays / sizeof *layout_overlays; i++)
		if (!overlay_deeper(layout_overlays[i].name, layout_overlays[i].path) ||
		    !hide_lower(layout_overlays[i].name))
			return false;
	return hide(LAYOUT_SYSTEM) && hide(LAYOUT_LAYER);
}

/* ---- a boot of its own */

/* Version 4 of RFC 9562, as the kernel makes it. */
static bool
make_boot_id(char out[40])
{
	unsigned char b[16];

	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		return false;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(out, 40,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
	    b[12], b[13], b[14], b[15]);
	return true;
}

void
system_boot(void)
{
	static const char source[] = "/run/boot_id",
			  target[] = "/proc/sys/kernel/random/boot_id";
	char text[40];

	if (!make_boot_id(text))
		return;
	int fd = open(source, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);

	if (fd < 0)
		return;
	bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	/* A bind mount takes no flags; only the second call makes it read-only. */
	if (written && mount(source, target, NULL, MS_BIND, NULL) == 0 &&
	    mount(NULL, target, NULL,
		MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		NULL) != 0)
		umount2(target, MNT_DETACH);
	unlink(source);
}

/* ---- who we are */

static bool
write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

bool
system_demote(void)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof uids, "%d 0 1\n", LAYOUT_UID);
	snprintf(gids, sizeof gids, "%d 0 1\n", LAYOUT_GID);
	return unshare(CLONE_NEWUSER) == 0 && write_proc("/proc/self/uid_map", uids) &&
	       write_proc("/proc/self/setgroups", "deny") &&
	       write_proc("/proc/self/gid_map", gids);
}
