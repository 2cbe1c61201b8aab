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
	/* The numbers that Debian gives, for what packages expect. */
	{ "/etc/passwd",
	    "root:x:0:0:root:/root:/bin/bash\n"
	    "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
	    "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
	    "sys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
	    "man:x:6:12:man:/var/cache/man:/usr/sbin/nologin\n"
	    "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
	    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
	    "backup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n"
	    "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n"
	    "user:x:1000:1000:user:" LAYOUT_HOME ":/bin/bash\n"
	    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
	    0644, false },
	{ "/etc/group",
	    "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\n"
	    "disk:x:6:\nlp:x:7:\nmail:x:8:\nman:x:12:\nkmem:x:15:\ndialout:x:20:\n"
	    "cdrom:x:24:\nsudo:x:27:\naudio:x:29:\nwww-data:x:33:\nbackup:x:34:\n"
	    "src:x:40:\nshadow:x:42:\nutmp:x:43:\nvideo:x:44:\nplugdev:x:46:\n"
	    "staff:x:50:\ngames:x:60:\nusers:x:100:\nuser:x:1000:\nnogroup:x:65534:\n",
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

/* ---- packages */

/* "bookworm" of a line VERSION_CODENAME=bookworm; false: not there. */
static bool
os_release(const char *name, char *out, size_t size)
{
	char text[2048], line[64];
	int fd = open("/usr/lib/os-release", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	snprintf(line, sizeof line, "\n%s=", name);
	const char *at = strstr(text, line);

	if (!at)
		return false;
	at += strlen(line);
	snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
	return out[0] && !strpbrk(out, "\"' ");
}

/* The distribution's own, not the machine's: those may name passwords. */
static const struct {
	const char *id, *keys, *main, *security, *parts;
} sources[] = {
	{ "debian", "debian-archive-keyring", "http://deb.debian.org/debian",
	    "http://deb.debian.org/debian-security", "main" },
	{ "ubuntu", "ubuntu-archive-keyring", "http://archive.ubuntu.com/ubuntu",
	    "http://security.ubuntu.com/ubuntu", "main universe" },
};

static void
add_source(char *text, size_t size, const char *keys, const char *from, const char *code,
    const char *parts)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len,
	    "deb [signed-by=/usr/share/keyrings/%s.gpg] %s %s %s\n", keys, from, code,
	    parts);
}

static void
name_sources(void)
{
	char id[32], code[32], more[64], text[1024] = "";

	if (!os_release("ID", id, sizeof id) ||
	    !os_release("VERSION_CODENAME", code, sizeof code))
		return;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		if (strcmp(sources[i].id, id) != 0)
			continue;
		const char *keys = sources[i].keys, *parts = sources[i].parts;

		add_source(text, sizeof text, keys, sources[i].main, code, parts);
		snprintf(more, sizeof more, "%s-updates", code);
		add_source(text, sizeof text, keys, sources[i].main, more, parts);
		snprintf(more, sizeof more, "%s-security", code);
		add_source(text, sizeof text, keys, sources[i].security, more, parts);
		write_new("/etc/apt/sources.list", text, 0644, false);
	}
}

static const char *const apt_directories[] = {
	"/etc/apt",
	"/etc/apt/apt.conf.d",
	"/etc/apt/keyrings",
	"/etc/apt/preferences.d",
	"/etc/apt/sources.list.d",
	"/etc/apt/trusted.gpg.d",
	"/var/cache/apt",
	"/var/cache/apt/archives",
	"/var/cache/apt/archives/partial",
	"/var/lib/apt",
	"/var/lib/apt/lists",
	"/var/lib/apt/lists/partial",
};

/* The machine's packages are known, and others can be installed over them. Once: what
 * somebody takes away later stays away. */
static void
furnish_packages(void)
{
	if (access("/var/lib/dpkg/status", F_OK) != 0 || access("/etc/apt", F_OK) == 0)
		return;
	for (size_t i = 0; i < sizeof apt_directories / sizeof *apt_directories; i++)
		mkdir(apt_directories[i], 0755);
	write_new("/etc/apt/apt.conf.d/90sandtop", "APT::Sandbox::User \"root\";\n", 0644,
	    false);
	name_sources();
	/* It names groups of the machine, without which dpkg does nothing at all. */
	replace("/var/lib/dpkg/statoverride", "");
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
		furnish_packages();
	}
	umask(022);
	errno = ENOSPC;
	return !no_room;
}
