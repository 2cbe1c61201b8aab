#include "host/box_program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

enum { FIRST_FD = 3, LOG_SIZE = 4096 };

/* ---- finding */

char *
box_program_find(const char *program, const char *override)
{
	const char *named = override ? getenv(override) : NULL;
	const char *search = getenv("PATH");
	struct strlist dirs = { .count = 0 };
	char *found = NULL;

	if (named || strchr(program, '/')) {
		found = xstrdup(named ? named : program);
		if (access(found, X_OK) == 0)
			return found;
		free(found);
		return NULL;
	}
	strlist_split(&dirs, search ? search : "/usr/local/bin:/usr/bin:/bin", ':');
	for (size_t i = 0; i < dirs.count && !found; i++) {
		found = path_join(dirs.items[i], program);
		if (dirs.items[i][0] != '/' || access(found, X_OK) != 0) {
			free(found);
			found = NULL;
		}
	}
	strlist_clear(&dirs);
	return found;
}

/* ---- running */

/*
 * The numbers 3, 4, ... are filled one after the other, so a source among them
 * would be overwritten before its turn: they are moved out of the way first.
 */
static bool
move_up(int *fds, int count)
{
	for (int i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FD + BOX_PROGRAM_FDS_MAX);
		if (fds[i] < 0)
			return false;
	}
	return true;
}

static int
add_actions(posix_spawn_file_actions_t *actions, const int *fds, int count, int log)
{
	int bad = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	for (int fd = 1; fd <= 2; fd++)
		bad |= log >= 0 ? posix_spawn_file_actions_adddup2(actions, log, fd)
				: posix_spawn_file_actions_addopen(
				      actions, fd, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < count; i++)
		bad |= posix_spawn_file_actions_adddup2(actions, fds[i], FIRST_FD + i);
	return bad;
}

/* A session of its own: no terminal of ours can be reached through it. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	return posix_spawnattr_setsigdefault(attributes, &all) |
	       posix_spawnattr_setsigmask(attributes, &none) |
	       posix_spawnattr_setflags(attributes,
		   POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int
spawn_program(const char *path, char **args, const int *fds, int count, int log, int *pid)
{
	static char search[] =
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = { search, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	pid_t child;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return ENOMEM;
	}
	int errnum =
	    add_actions(&actions, fds, count, log) | set_attributes(&attributes)
		? ENOMEM
		: posix_spawn(&child, path, &actions, &attributes, args, environment);

	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (errnum == 0)
		*pid = child;
	return errnum;
}

bool
box_program_run(const struct box_program_start *start, int *pid, struct error *err)
{
	int fds[BOX_PROGRAM_FDS_MAX] = { -1, -1, -1, -1, -1, -1 };
	char *path = box_program_find(start->program, start->override);

	assert(start->fd_count <= BOX_PROGRAM_FDS_MAX);
	if (!path)
		return error_set(
		    err, ERROR_SYSTEM, "%s is not installed", start->program);
	size_t count = start->args->count;
	char **args = xcalloc(count + 2, sizeof *args);

	args[0] = path;
	for (size_t i = 0; i < count; i++)
		args[i + 1] = start->args->items[i];
	memcpy(fds, start->fds, (size_t)start->fd_count * sizeof *fds);
	int errnum = EMFILE;

	if (move_up(fds, start->fd_count))
		errnum = spawn_program(path, args, fds, start->fd_count, start->log, pid);
	for (int i = 0; i < start->fd_count; i++)
		if (fds[i] >= 0 && fds[i] != start->fds[i])
			close(fds[i]);
	if (errnum != 0)
		error_system(err, errnum, "cannot run %s", path);
	free(args);
	free(path);
	return errnum == 0;
}

/* ---- what it says */

/* Sealed at one page: a talkative program fills that and is not heard any more. */
int
box_program_log_new(void)
{
	int fd = memfd_create("sandtop-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 &&
	    (ftruncate(fd, LOG_SIZE) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What slirp4netns says in any case. */
static const char *const chatter[] = { "WARNING", "sent tapfd", "received tapfd" };

static bool
is_chatter(const char *line)
{
	for (size_t i = 0; i < ARRAY_LEN(chatter); i++)
		if (str_has_prefix(line, chatter[i]))
			return true;
	return false;
}

char *
box_program_log_first(int log)
{
	char bytes[LOG_SIZE + 1], *rest = bytes, *line;
	ssize_t got = log < 0 ? 0 : pread(log, bytes, LOG_SIZE, 0);

	bytes[got > 0 ? got : 0] = '\0';
	do
		line = strsep(&rest, "\n");
	while (rest && is_chatter(line));
	return text_clean_dup(line);
}

/* Names in its words may be a sandbox's; what the kernel said comes last. */
bool
box_program_said_full(const char *said)
{
	return str_has_suffix(said, ": No space left on device") ||
	       str_has_suffix(said, ": Disk quota exceeded");
}
