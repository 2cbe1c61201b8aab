/* launch - starts, stops and finds the host from a client's side. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "base/text.h"
#include "host/box.h"
#include "host/host_log.h"
#include "host/lock.h"
#include "wire/hostfile.h"

#define PATIENCE_MS 10000
#define STEP_MS 10
#define HOSTFILE_MAX 4096
#define READY_FD 3 /* as a new host sees it */

/* ---- looking */

/* A host is starting, serves, or is ending. */
static bool
is_locked(const char *state_dir)
{
	char *path = path_join(state_dir, "lock");
	bool held = lock_is_held(path);

	free(path);
	return held;
}

/* A killed host leaves its number behind, which may be anybody's by now: also while the
 * next host already has the lock and has not written its own. */
static bool
is_serving(const char *state_dir, const struct hostfile *file)
{
	char *path = path_join(state_dir, "lock");
	bool serving =
	    file->port > 0 && lock_is_held(path) && lock_is_open_in(path, file->pid);

	free(path);
	return serving;
}

bool
host_status_read(const char *state_dir, struct host_status *out, struct error *err)
{
	char *path = path_join(state_dir, "host.json");
	struct hostfile file = { 0 };
	char *text = NULL;
	size_t len;
	bool ok = true;

	*out = (struct host_status){ 0 };
	if (access(path, F_OK) == 0) {
		ok = path_read_file(path, HOSTFILE_MAX, &text, &len, err) &&
		     hostfile_decode(text, len, &file, err);
		if (!ok)
			error_prefix(err, "%s", path);
	}
	free(text);
	free(path);
	if (!ok)
		return false;
	out->running = is_serving(state_dir, &file);
	out->pid = out->running ? file.pid : 0;
	out->port = file.port;
	str_copy(out->key, sizeof out->key, file.key);
	str_copy(out->version, sizeof out->version, file.version);
	if (file.port > 0)
		snprintf(out->url, sizeof out->url, "http://127.0.0.1:%d", file.port);
	return true;
}

/* ---- starting */

/* In the child, and then in the host: no terminal, no descriptors of ours or of whoever
 * started us, who may wait for the end of one. Only what is safe between fork and exec:
 * the caller may have threads. */
static void
become_host(char *const args[], const char *log_path, int ready_fd)
{
	int null = open("/dev/null", O_RDWR);
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log >= 0 ? log : null, STDERR_FILENO);
	dup2(ready_fd, READY_FD);
	fcntl(READY_FD, F_SETFD, 0);
	close_range(READY_FD + 1, ~0U, 0);
	/* Twice forked: the host is nobody's child, nobody need wait for it. */
	if (fork() == 0) {
		execv(args[0], args);
		dprintf(READY_FD, "!starting %s: %s", args[0], strerror(errno));
	}
	_exit(0);
}

/* What the new host says, until it says it, ends or is too slow. */
static void
hear(int fd, char *out, size_t size)
{
	uint64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	size_t len = 0;

	while (len < size - 1) {
		uint64_t now_ms = clock_mono_ms();
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (now_ms >= until_ms)
			break;
		if (poll(&p, 1, (int)(until_ms - now_ms)) <= 0)
			continue;
		n = read(fd, out + len, size - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	out[len] = '\0';
}

static bool
judge(const char *heard, const char *log_path, struct error *err)
{
	char *clean;

	if (heard[0] == '+')
		return true;
	if (heard[0] == '!') {
		clean = text_clean_dup(heard + 1);
		error_set(err, ERROR_SYSTEM, "the local host did not start: %s", clean);
		free(clean);
		return false;
	}
	return error_set(err, ERROR_SYSTEM,
	    "the local host did not start and did not say why: see %s", log_path);
}

/* Forks; the pid, or -1 with errno. Closes the writing end. */
static pid_t
fork_host(const char *exe, const char *log_path, int ready_fd)
{
	char *number = xasprintf("%d", READY_FD);
	char *path = xstrdup(exe);
	char words[][12] = { "host", "run", "--ready-fd" };
	char *args[] = { path, words[0], words[1], words[2], number, NULL };
	pid_t pid = fork();

	if (pid == 0)
		become_host(args, log_path, ready_fd);
	close(ready_fd);
	free(path);
	free(number);
	return pid;
}

static bool
launch(const char *state_dir, const char *exe, struct error *err)
{
	char *log_path = path_join(state_dir, "host.log");
	char heard[400];
	int ends[2];
	pid_t pid;
	bool ok = false;

	host_log_rotate(state_dir);
	if (pipe2(ends, O_CLOEXEC) != 0) {
		free(log_path);
		return error_system(err, errno, "starting the local host");
	}
	pid = fork_host(exe, log_path, ends[1]);
	if (pid < 0) {
		error_system(err, errno, "starting the local host");
	} else {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		hear(ends[0], heard, sizeof heard);
		ok = judge(heard, log_path, err);
	}
	close(ends[0]);
	free(log_path);
	return ok;
}

/* Somebody else's host may be starting, or an old one ending: both pass. */
bool
host_start(
    const char *state_dir, const char *exe, struct host_status *out, struct error *err)
{
	uint64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	struct error ignored = { 0 };

	for (;;) {
		/* A host.json that makes no sense is the new host's business. */
		if (host_status_read(state_dir, out, &ignored) && out->running)
			return true;
		if (!is_locked(state_dir)) {
			if (!path_make_dirs(state_dir, err)) {
				error_prefix(err,
				    "the host needs a directory to write in "
				    "(XDG_STATE_HOME or SANDTOP_CONFIG_DIR name "
				    "another)");
				return false;
			}
			if (launch(state_dir, exe, err))
				return host_status_read(state_dir, out, err);
			if (!is_locked(state_dir))
				return false;
		}
		if (clock_mono_ms() >= until_ms)
			return error_set(err, ERROR_SYSTEM,
			    "a local host on %s is starting or ending and was not done "
			    "within 10 s: try again",
			    state_dir);
		poll(NULL, 0, STEP_MS);
	}
}

/* ---- stopping */

bool
host_stop(const char *state_dir, bool *was_running, struct error *err)
{
	struct host_status status = { .pid = 0 };
	uint64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	bool told = false;

	for (*was_running = false; is_locked(state_dir); *was_running = true) {
		if (!told && !host_status_read(state_dir, &status, err))
			return false;
		if (!told && status.running) {
			if (kill(status.pid, SIGTERM) != 0 && errno != ESRCH)
				return error_system(err, errno,
				    "stopping the local host (pid %d)", status.pid);
			told = true;
		}
		if (clock_mono_ms() >= until_ms)
			return error_set(err, ERROR_SYSTEM,
			    "the local host (pid %d) did not end within 10 s",
			    status.pid);
		poll(NULL, 0, STEP_MS);
	}
	return true;
}

/* ---- describing */

char *
host_describe_support(const char *init_path, const char *state_dir)
{
	char *data_dir = path_join(state_dir, "data");
	struct box_support support;
	struct buf out;

	box_probe(init_path, data_dir, &support);
	free(data_dir);
	buf_init(&out, 4096);
	buf_addf(&out, "isolation: %s%s%s\n", box_rung_name(support.rung),
	    *support.reason ? "; " : "", support.reason);
	buf_addf(&out, "internet in sandboxes: %s%s%s\n", support.internet ? "yes" : "no",
	    *support.internet_reason ? "; " : "", support.internet_reason);
	buf_addf(&out, "writable /usr in sandboxes: %s%s%s\n",
	    support.system_writable ? "yes, each its own" : "no",
	    *support.system_reason ? "; " : "", support.system_reason);
	buf_addf(&out, "limits on CPU and memory: %s\n",
	    support.limits ? "yes, by cgroup"
			   : "no: a sandbox may use all of the machine");
	return buf_take(&out);
}
