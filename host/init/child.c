#include "host/init/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/*
 * Where one uid is all there is, a user namespace of its own lets a process
 * see that uid as 0. It gains nothing over anything outside of it.
 */
static bool
appear_as_root(void)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof uids, "0 %u 1", (unsigned)geteuid());
	snprintf(gids, sizeof gids, "0 %u 1", (unsigned)getegid());
	close(INIT_SOCKET_FD); /* before anybody may look into us */
	return prctl(PR_SET_DUMPABLE, 1) == 0 && unshare(CLONE_NEWUSER) == 0 &&
	       write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/gid_map", gids) &&
	       write_file("/proc/self/uid_map", uids);
}

/* Half done it would leave a process that is nobody: find out beforehand, once. */
bool
child_can_appear_as_root(void)
{
	static int known = -1;

	if (known >= 0)
		return known == 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(appear_as_root() ? 0 : 1);
	int status = -1;

	known = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
	return known == 1;
}

static bool
become(const struct account *a, bool fake_root)
{
	if (options.plain || geteuid() != 0)
		return !fake_root || appear_as_root();
	return setgroups((size_t)a->group_count, a->groups) == 0 &&
	       setresgid(a->gid, a->gid, a->gid) == 0 &&
	       setresuid(a->uid, a->uid, a->uid) == 0;
}

static bool
resolve_cwd(const struct plan *p, char *out, size_t size)
{
	const char *home = p->account.home, *cwd = p->cwd;
	int len;

	if (cwd[0] == '/')
		len = snprintf(out, size, "%s", cwd);
	else if (cwd[0] == '\0' || strcmp(cwd, "~") == 0)
		len = snprintf(out, size, "%s", home);
	else if (strncmp(cwd, "~/", 2) == 0)
		len = snprintf(out, size, "%s/%s", home, cwd + 2);
	else
		len = snprintf(out, size, "%s/%s", home, cwd);
	return len >= 0 && (size_t)len < size;
}

static int
enter_cwd(const struct plan *p)
{
	char path[PATH_MAX];

	if (!resolve_cwd(p, path, sizeof path))
		return ENAMETOOLONG;
	if (chdir(path) == 0)
		return 0;
	/* Nobody asked for this one: a home that is gone is no reason not to start. */
	return p->cwd[0] == '\0' && chdir("/") == 0 ? 0 : errno;
}

static enum init_result
result_of_cwd(int errnum)
{
	if (errnum == 0)
		return INIT_OK;
	if (errnum == ENOTDIR || errnum == EACCES || errnum == EPERM)
		return INIT_CWD_NOT_DIR;
	return errnum == ENOENT || errnum == ELOOP || errnum == ENAMETOOLONG
		   ? INIT_NO_CWD
		   : INIT_FAILED;
}

static bool
take_descriptors(const struct plan *p)
{
	if (setsid() < 0)
		return false;
	if ((p->head.flags & INIT_SPAWN_PTY) && ioctl(p->child_fds[0], TIOCSCTTY, 0) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (dup2(p->child_fds[i], i) < 0)
			return false;
	return true;
}

static bool
same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

static size_t
set_variable(char **env, size_t used, char *variable)
{
	for (size_t i = 0; i < used; i++)
		if (same_name(variable, env[i])) {
			env[i] = variable;
			return used;
		}
	env[used] = variable;
	return used + 1;
}

struct command {
	char **args, **env;
};

/* exec's arguments are writable by history only; the child's copy is its own. */
static char *
writable(const char *s)
{
	union {
		const char *given;
		char *taken;
	} u = { .given = s };

	return u.taken;
}

/* Runs in the child: what it maps goes with exec. */
static bool
build_command(const struct plan *p, struct command *out)
{
	enum { OWN = 6, SIZE = 512 };
	static char own[OWN][SIZE];
	char *at = writable(p->first);
	size_t slots = (size_t)p->head.argc + p->head.envc + OWN + 2, used = 0;
	char **all = mmap(NULL, slots * sizeof *all, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED)
		return false;
	out->args = all;
	out->env = all + p->head.argc + 1;
	snprintf(own[0], SIZE,
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	snprintf(own[1], SIZE, "HOME=%s", p->account.home);
	snprintf(own[2], SIZE, "USER=%s", p->account.name);
	snprintf(own[3], SIZE, "LOGNAME=%s", p->account.name);
	snprintf(own[4], SIZE, "TMPDIR=%s/tmp", options.home);
	snprintf(own[5], SIZE, INIT_MARKER "=%s", options.home);
	for (int i = 0; i < (options.plain ? 5 : 4); i++)
		used = set_variable(out->env, used, own[i]);
	for (uint32_t i = 0; i < p->head.argc; i++, at += strlen(at) + 1)
		out->args[i] = at;
	for (uint32_t i = 0; i < p->head.envc; i++, at += strlen(at) + 1)
		used = set_variable(out->env, used, at);
	if (options.plain)
		set_variable(out->env, used, own[5]);
	return true;
}

/* In the words of the shell that envd would have used. */
static _Noreturn void
fail_exec(const char *name, int errnum)
{
	const char *why = errnum == ENOENT ? "not found" : strerror(errnum);

	dprintf(2, "sh: 1: exec: %s: %s\n", name, why);
	_exit(errnum == ENOENT ? 127 : 126);
}

void
child_run(const struct plan *p, int gate, bool fake_root)
{
	struct command command = { .args = NULL };
	struct report report = { .result = INIT_FAILED };
	char go;

	reset_signals();
	umask(022);
	if (!take_descriptors(p) || !become(&p->account, fake_root) ||
	    !build_command(p, &command)) {
		report.errnum = errno;
	} else {
		report.errnum = enter_cwd(p);
		report.result = (int32_t)result_of_cwd(report.errnum);
	}
	if (write(gate, &report, sizeof report) != (ssize_t)sizeof report ||
	    report.result != INIT_OK || read(gate, &go, 1) != 1)
		_exit(126);
	environ = command.env;
	execvp(command.args[0], command.args);
	fail_exec(command.args[0], errno);
}
