#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"

static bool
is_absolute(const char *path)
{
	return path && *path == '/';
}

/* $SANDTOP_CONFIG_DIR made absolute, for the program may change its directory;
 * NULL when it is not set. */
static char *
override_dir(void)
{
	const char *dir = getenv("SANDTOP_CONFIG_DIR");
	char here[PATH_MAX];

	if (str_is_empty(dir))
		return NULL;
	if (is_absolute(dir) || !getcwd(here, sizeof here))
		return xstrdup(dir);
	return path_join(here, dir);
}

/* One of the three: `name` below the override, else $variable/sandtop, else
 * ~/fallback/sandtop. */
static char *
xdg_dir(const char *name, const char *variable, const char *fallback)
{
	const char *value = getenv(variable);
	char *base = override_dir();
	char *dir = NULL;

	if (base) {
		dir = path_join(base, name);
	} else if (is_absolute(value)) {
		dir = path_join(value, "sandtop");
	} else {
		base = path_home_dir();
		dir = xasprintf("%s/%s/sandtop", str_eq(base, "/") ? "" : base, fallback);
	}
	free(base);
	return dir;
}

char *
path_config_dir(void)
{
	return xdg_dir("", "XDG_CONFIG_HOME", ".config");
}

char *
path_state_dir(void)
{
	return xdg_dir("state", "XDG_STATE_HOME", ".local/state");
}

char *
path_cache_dir(void)
{
	return xdg_dir("cache", "XDG_CACHE_HOME", ".cache");
}

char *
path_home_dir(void)
{
	const char *home = getenv("HOME");

	if (is_absolute(home))
		return xstrdup(home);

	const struct passwd *user = getpwuid(getuid());

	return xstrdup(user && is_absolute(user->pw_dir) ? user->pw_dir : "/");
}

/* One slash between the two, whatever they bring along. */
char *
path_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	if (len == 0)
		return xstrdup(name);
	while (*name == '/')
		name++;
	if (!*name)
		return xstrdup(dir);
	while (len > 0 && dir[len - 1] == '/')
		len--;
	return xasprintf("%.*s/%s", (int)len, dir, name);
}

static bool
make_dir(const char *dir, struct error *err)
{
	struct stat st;

	if (mkdir(dir, 0700) == 0)
		return true;
	if (errno != EEXIST)
		return error_system(err, errno, "creating the directory %s", dir);
	if (stat(dir, &st) < 0)
		return error_system(err, errno, "looking at %s", dir);
	if (!S_ISDIR(st.st_mode))
		return error_system(err, ENOTDIR, "creating the directory %s", dir);
	return true;
}

/* What exists already is looked at from the end, since a parent may be readable by
 * nobody, or on a file system that says "read-only" before it says "exists". */
bool
path_make_dirs(const char *dir, struct error *err)
{
	struct stat st;

	if (stat(dir, &st) == 0)
		return S_ISDIR(st.st_mode) ||
		       error_system(err, ENOTDIR, "creating the directory %s", dir);

	const char *slash = strrchr(dir, '/');

	if (slash && slash > dir) {
		char *parent = xstrndup(dir, (size_t)(slash - dir));
		bool ok = path_make_dirs(parent, err);

		free(parent);
		if (!ok)
			return false;
	}
	return !slash || slash[1] ? make_dir(dir, err) : true;
}

static bool
read_fd(int fd, struct buf *content, size_t max)
{
	enum { CHUNK = 65536 };

	for (;;) {
		/* One byte past the limit tells a full file from one too large. */
		size_t want = MIN((size_t)CHUNK, max - content->len + 1);
		ssize_t got = read(fd, buf_reserve(content, want), want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		buf_commit(content, (size_t)got);
		if (content->len > max) {
			errno = EFBIG;
			return false;
		}
	}
}

static bool
read_error(struct error *err, const char *path, size_t max)
{
	int why = errno;

	if (why == EFBIG)
		return error_set(err, ERROR_INPUT,
		    "reading %s: it is larger than %zu bytes", path, max);
	error_system(err, why, "reading %s", path);
	if (err && why == ENOENT)
		err->code = ERROR_NOT_FOUND;
	return false;
}

bool
path_read_file(
    const char *path, size_t max, char **out, size_t *out_len, struct error *err)
{
	struct buf content;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return read_error(err, path, max);
	max = MIN(max, SIZE_MAX / 4);
	buf_init(&content, max + 1);

	bool ok = read_fd(fd, &content, max);

	if (!ok)
		read_error(err, path, max);
	close(fd);
	if (ok) {
		if (out_len)
			*out_len = content.len;
		*out = buf_take(&content);
	}
	buf_clear(&content);
	return ok;
}

/* Closes the descriptor in any case; false leaves errno. */
static bool
fill_and_close(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;
	bool ok = fchmod(fd, 0600) == 0; /* whatever the umask says */

	while (ok && len > 0) {
		ssize_t done = write(fd, p, len);

		if (done < 0 && errno == EINTR)
			continue;
		ok = done > 0;
		if (!ok)
			break;
		p += done;
		len -= (size_t)done;
	}

	int why = errno;

	if (close(fd) < 0 && ok)
		return false;
	errno = why;
	return ok;
}

bool
path_write_private(const char *path, const void *bytes, size_t len, struct error *err)
{
	char suffix[9];

	random_hex(suffix, sizeof suffix - 1);

	char *temporary = xasprintf("%s.%s.tmp", path, suffix);
	int fd =
	    open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok =
	    fd >= 0 && fill_and_close(fd, bytes, len) && rename(temporary, path) == 0;

	if (!ok) {
		error_system(err, errno, "writing %s", path);
		if (fd >= 0)
			unlink(temporary);
	}
	free(temporary);
	return ok;
}

char *
path_exe_dir(void)
{
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (len <= 0)
		return xstrdup(".");
	exe[len] = '\0';

	char *slash = strrchr(exe, '/');

	if (slash)
		*(slash == exe ? slash + 1 : slash) = '\0';
	return xstrdup(exe);
}
