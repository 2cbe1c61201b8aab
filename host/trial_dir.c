#include "host/trial_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#define PREFIX "sandtop-trial-"

enum { TRIES = 8 };

/* false: it is not ours, in use, or gone. Where nothing can be locked nothing is claimed. */
static bool
take(const char *path, bool is_new, struct trial_dir *t)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return false;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;

	if ((!locked && (!is_new || errno == EWOULDBLOCK)) || fstat(fd, &st) != 0 ||
	    st.st_uid != geteuid() || st.st_nlink == 0) {
		close(fd);
		return false;
	}
	*t = (struct trial_dir){ .path = xstrdup(path), .lock = fd };
	return true;
}

/* Another probe may claim it in the moment before it is locked. */
bool
trial_dir_make(struct trial_dir *t, const char *place, struct error *err)
{
	bool made = false;

	*t = (struct trial_dir){ .path = NULL };
	for (int i = 0; i < TRIES && !made; i++) {
		char *path = path_join(place, PREFIX "XXXXXX");

		if (!mkdtemp(path)) {
			error_system(err, errno, "no directory for a trial, %s", path);
			free(path);
			return false;
		}
		made = take(path, true, t);
		if (!made)
			rmdir(path);
		free(path);
	}
	return made || error_set(err, ERROR_SYSTEM,
			   "no directory for a trial: those in %s do not stay", place);
}

size_t
trial_dir_claim(const char *place, struct trial_dir *out, size_t max)
{
	DIR *d = opendir(place);
	struct dirent *e;
	size_t count = 0;

	while (d && count < max && (e = readdir(d))) {
		if (!str_has_prefix(e->d_name, PREFIX))
			continue;
		char *path = path_join(place, e->d_name);

		if (take(path, false, &out[count]))
			count++;
		free(path);
	}
	if (d)
		closedir(d);
	return count;
}

void
trial_dir_clear(struct trial_dir *t)
{
	if (t->path)
		close(t->lock);
	free(t->path);
	*t = (struct trial_dir){ .path = NULL };
}
