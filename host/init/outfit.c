/* outfit - makes the sandbox's root fit to live in: devices, names, network. */
#include "host/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/init/layout.h"
#include "host/init/sudo.h"

/*
 * All of it runs inside the sandbox's own view, so a link that a former life
 * of this sandbox planted leads nowhere but into the sandbox.
 */

struct directory {
	const char *path;
	mode_t mode;
	bool for_user;
};

static const struct directory directories[] = {
	{ "/etc", 0755, false },
	{ "/home", 0755, false },
	{ LAYOUT_HOME, 0755, true },
	{ "/root", 0700, false },
	{ "/tmp", 01777, false },
	{ "/mnt", 0755, false },
	{ "/opt", 0755, false },
	{ "/srv", 0755, false },
	{ "/var", 0755, false },
	{ "/var/cache", 0755, false },
	{ "/var/lib", 0755, false },
	{ "/var/local", 0755, false },
	{ "/var/log", 0755, false },
	{ "/var/spool", 0755, false },
	{ "/var/tmp", 01777, false },
};

struct file {
	const char *path, *text;
	mode_t mode;
	bool for_user;
};

static const struct {
	const char *path, *target;
} links[] = {
	{ "/etc/mtab", "../proc/self/mounts" },
	{ "/etc/os-release", "../usr/lib/os-release" },
	{ "/var/run", "../run" },
	{ "/var/lock", "../run/lock" },
};

#define PROFILE_TEXT                                                                     \
	"# ~/.profile: read by login shells\n"                                           \
	"if [ -n \"$BASH_VERSION\" ] && [ -f ~/.bashrc ]; then\n"                        \
	"\t. ~/.bashrc\n"                                                                \
	"fi\n"                                                                           \
	"for d in ~/bin ~/.local/bin; do\n"                                              \
	"\tif [ -d \"$d\" ]; then PATH=\"$d:$PATH\"; fi\n"                               \
	"done\n"                                                                         \
	"unset d\n"

#define BASHRC_TEXT                                                                      \
	"# ~/.bashrc: read by interactive bash\n"                                        \
	"case $- in *i*) ;; *) return ;; esac\n"                                         \
	"# who, the first eight letters of the sandbox, where\n"                         \
	"PS1='\\u@${HOSTNAME:0:8}:\\w\\$ '\n"                                            \
	"HISTCONTROL=ignoreboth\n"                                                       \
	"shopt -s histappend checkwinsize\n"                                             \
	"alias ls='ls --color=auto' grep='grep --color=auto' ll='ls -l' la='ls -A'\n"

static const struct file files[] = {
	{ "/etc/passwd",
	    "root:x:0:0:root:/root:/bin/bash\n"
	    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
	    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
	    "user:x:1000:1000:user:" LAYOUT_HOME ":/bin/bash\n"
	    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	    0644, false },
	{ "/etc/group",
	    "root:x:0:\ndaemon:x:1:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nmail:x:8:\nsudo:x:27:"
	    "\n"
	    "www-data:x:33:\nutmp:x:43:\nstaff:x:50:\nusers:x:100:\nuser:x:1000:\n"
	    "nogroup:x:65534:\n",
	    0644, false },
	{ "/etc/nsswitch.conf",
	    "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
	    "services: files\nprotocols: files\nnetworks: files\n",
	    0644, false },
	{ "/etc/shells", "/bin/sh\n/bin/bash\n/usr/bin/bash\n", 0644, false },
	{ "/etc/host.conf", "multi on\n", 0644, false },
	/* The machine's Python may be marked as its distribution's; this copy is ours. */
	{ "/etc/pip.conf",
	    "# what pip installs here is seen by this sandbox only\n"
	    "[global]\nbreak-system-packages = true\n",
	    0644, false },
	{ LAYOUT_HOME "/.profile", PROFILE_TEXT, 0644, true },
	{ LAYOUT_HOME "/.bashrc", BASHRC_TEXT, 0644, true },
	{ "/root/.profile", PROFILE_TEXT, 0644, false },
	{ "/root/.bashrc", BASHRC_TEXT, 0644, false },
};

static bool no_room; /* something could not be written whole */

static bool
place(char *out, size_t size, const char *path)
{
	return snprintf(out, size, "%s%s", options.home, path) < (int)size;
}

/* Fails where there is one uid only: then everything is that one's anyway. */
static void
give_to_user(int fd)
{
	if (geteuid() == 0 && fchown(fd, LAYOUT_UID, LAYOUT_GID) != 0)
		return;
}

static void
make_directory(const struct directory *d)
{
	char path[PATH_MAX];

	if (!place(path, sizeof path, d->path))
		return;
	if (mkdir(path, d->mode) != 0) {
		no_room |= errno == ENOSPC || errno == EDQUOT;
		return;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (fchmod(fd, d->mode) == 0 && d->for_user)
		give_to_user(fd);
	close(fd);
}

static void
write_new(const char *path, const char *text, mode_t mode, bool for_user)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0) {
		no_room |= errno == ENOSPC || errno == EDQUOT;
		return;
	}
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		no_room = true;
		unlink(path);
	}
	if (for_user && !options.plain)
		give_to_user(fd);
	close(fd);
}

static void
make_file(const struct file *f)
{
	char path[PATH_MAX];

	if (options.plain && strncmp(f->path, "/etc/", 5) == 0)
		return;
	if (place(path, sizeof path, f->path))
		write_new(path, f->text, f->mode, f->for_user);
}

static void
replace(const char *path, const char *text)
{
	unlink(path);
	write_new(path, text, 0644, false);
}

static bool
is_current(const char *path, const char *text)
{
	char now[256];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, now, sizeof now);

	if (fd >= 0)
		close(fd);
	return got == (ssize_t)strlen(text) && memcmp(now, text, strlen(text)) == 0;
}

/* A copied sandbox carries the names of its origin. */
static void
name_the_machine(void)
{
	char text[512];

	snprintf(text, sizeof text, "%s\n", options.id);
	if (is_current("/etc/hostname", text))
		return;
	replace("/etc/hostname", text);
	snprintf(text, sizeof text,
	    "127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost ip6-localhost\n",
	    options.id);
	replace("/etc/hosts", text);
}

static void
name_the_resolver(void)
{
	const char *text = options.dns ? "nameserver " LAYOUT_NAMESERVER "\n"
				       : "# this sandbox has no internet\n";

	if (!is_current("/etc/resolv.conf", text))
		replace("/etc/resolv.conf", text);
}

static void
name_the_zone(void)
{
	char target[PATH_MAX], line[256];

	if (!options.zone || access("/etc/localtime", F_OK) == 0)
		return;
	snprintf(target, sizeof target, "/usr/share/zoneinfo/%s", options.zone);
	snprintf(line, sizeof line, "%s\n", options.zone);
	if (symlink(target, "/etc/localtime") == 0)
		write_new("/etc/timezone", line, 0644, false);
}

/* "ssl/certs": the directory for the link may be missing too. */
static void
link_to_machine(const char *name)
{
	char link[PATH_MAX], target[PATH_MAX];

	snprintf(target, sizeof target, LAYOUT_OWN "/etc/%s", name);
	snprintf(link, sizeof link, "/etc/%s", name);
	if (access(target, F_OK) != 0 || symlink(target, link) == 0 || errno != ENOENT)
		return;
	for (char *slash = strchr(link + 5, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(link, 0755);
		*slash = '/';
	}
	if (symlink(target, link) != 0)
		return; /* somebody's own file lies there: theirs counts */
}

/* The machine's own can do nothing in here: nothing gains rights by a program's file. */
static void
place_sudo(void)
{
	char target[64];
	ssize_t len = readlink(SUDO_PATH, target, sizeof target - 1);

	if (len == (ssize_t)strlen(LAYOUT_INIT) &&
	    memcmp(target, LAYOUT_INIT, (size_t)len) == 0)
		return;
	unlink(SUDO_PATH);
	if (symlink(LAYOUT_INIT, SUDO_PATH) != 0)
		no_room |= errno == ENOSPC;
}

static void
furnish_etc(void)
{
	for (size_t i = 0; i < sizeof layout_machine_etc / sizeof *layout_machine_etc;
	     i++)
		link_to_machine(layout_machine_etc[i]);
	name_the_machine();
	name_the_resolver();
	name_the_zone();
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlink(links[i].target, links[i].path) != 0)
			continue; /* what lies there already stays */
	mkdir("/run/lock", 01777);
}

/* E2B's own template has "python"; many machines have "python3" only. */
static void
place_python(void)
{
	static const char link[] = "/usr/local/bin/python",
			  python3[] = "/usr/bin/python3";

	if (access("/usr/bin/python", F_OK) != 0 && access(python3, X_OK) == 0 &&
	    symlink(python3, link) != 0)
		return; /* somebody's own lies there, or there is no such directory */
}

bool
outfit(void)
{
	umask(022);
	if (options.plain)
		mkdir(options.home, 0700);
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
		make_directory(&directories[i]);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		make_file(&files[i]);
	if (!options.plain)
		furnish_etc();
	if (options.writable) {
		place_sudo();
		place_python();
	}
	umask(022);
	errno = ENOSPC;
	return !no_room;
}
