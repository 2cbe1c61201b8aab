#include "config/key_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "config/clean.h"

enum {
	OUTPUT_MAX = 64 * 1024,
	LOOK_AGAIN_MS = 50, /* at the command, when it holds its output open */
};

extern char **environ;

bool
key_check(const char *key, const char *where, struct error *err)
{
	log_hide_secret(key);
	if (str_is_empty(key))
		return error_set(err, ERROR_INPUT, "%s gives an empty key", where);
	for (const char *at = key; *at; at++) {
		if (*at <= ' ' || *at >= 0x7f)
			return error_set(err, ERROR_INPUT,
			    "%s gives a key with a blank or control character in it",
			    where);
	}
	return true;
}

/* The first line without blanks around it, out of text that is wiped afterwards. */
static char *
first_line(char *text)
{
	text[strcspn(text, "\r\n")] = '\0';
	return xstrdup(str_trim(text));
}

static bool
spawn_shell(const char *command, int out_fd, pid_t *pid, struct error *err)
{
	char *shell = xstrdup("sh"), *flag = xstrdup("-c"), *text = xstrdup(command);
	char *argv[] = { shell, flag, text, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

	int errnum = posix_spawn(pid, "/bin/sh", &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	free(shell);
	free(flag);
	free(text);
	return errnum == 0 || error_system(err, errnum, "api_key_cmd: starting /bin/sh");
}

/* False at the end of the output, and when it is more than a key can be. */
static bool
take_output(int fd, char *out, size_t *len)
{
	ssize_t got = read(fd, out + *len, OUTPUT_MAX - *len);

	if (got < 0)
		return errno == EINTR;
	*len += (size_t)got;
	return got > 0 && *len < OUTPUT_MAX;
}

/* The status of the command when it ended; closes `fd` before it waits, so that one that
 * prints without end does end. What a command leaves behind (an agent, for instance) may
 * keep the pipe open: the end of the command is enough. */
static int
collect(int fd, pid_t pid, char *out, size_t *len)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int status = 0;
	bool open = true, ended = false;

	while (open && !ended) {
		if (poll(&ready, 1, LOOK_AGAIN_MS) > 0)
			open = take_output(fd, out, len);
		else
			ended = waitpid(pid, &status, WNOHANG) == pid;
	}
	/* what came between the last look and its end */
	while (open && poll(&ready, 1, 0) > 0)
		open = take_output(fd, out, len);
	close(fd);
	while (!ended && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	out[*len] = '\0';
	return status;
}

static bool
status_check(int status, struct error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_SYSTEM,
		    "api_key_cmd was ended by signal %d; run the command by hand to see "
		    "why",
		    WTERMSIG(status));
	return error_set(err, ERROR_SYSTEM,
	    "api_key_cmd ended with exit code %d; run the command by hand to see why",
	    WEXITSTATUS(status));
}

static bool
key_from_command(const char *command, char **key, struct error *err)
{
	int ends[2];
	pid_t pid;
	size_t len = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_system(err, errno, "api_key_cmd: making a pipe");
	bool ok = spawn_shell(command, ends[1], &pid, err);
	close(ends[1]);
	if (ok) {
		char *out = xmalloc(OUTPUT_MAX + 1);
		int status = collect(ends[0], pid, out, &len);
		if (len == OUTPUT_MAX)
			ok = error_set(err, ERROR_INPUT,
			    "api_key_cmd printed more than %d bytes", OUTPUT_MAX - 1);
		else
			ok = status_check(status, err);
		if (ok)
			*key = first_line(out);
		explicit_bzero(out, len);
		free(out);
	} else {
		close(ends[0]);
	}
	return ok;
}

static char *
expand_home(const char *path)
{
	if (!str_has_prefix(path, "~/"))
		return xstrdup(path);

	char *home = path_home_dir();
	char *full = path_join(home, path + 2);
	free(home);
	return full;
}

static bool
key_file_check(const struct file_text *f, const char *path, struct error *err)
{
	if (f->missing)
		return error_set(err, ERROR_INPUT, "api_key_file: there is no %s", path);
	if (f->owner != 0 && f->owner != geteuid())
		return error_set(
		    err, ERROR_INPUT, "api_key_file: %s belongs to another user", path);
	if (f->mode & 077)
		return error_set(err, ERROR_INPUT,
		    "api_key_file: %s is open to others (mode %04o); run: chmod 600 %s",
		    path, f->mode, path);
	return true;
}

static bool
key_from_file(const char *written, char **key, struct error *err)
{
	struct file_text f = { 0 };
	char *path = expand_home(written);
	bool ok = file_read(path, OUTPUT_MAX, &f, err) && key_file_check(&f, path, err);

	if (ok)
		*key = first_line(f.text);
	file_text_clear(&f);
	free(path);
	return ok;
}

static bool
key_from_variable(const char *name, char **key, struct error *err)
{
	const char *value = getenv(name);

	if (str_is_empty(value))
		return error_set(err, ERROR_INPUT,
		    "api_key_env: the variable it names is not set; export it");
	char *copy = xstrdup(value);
	*key = first_line(copy);
	secret_free(copy);
	return true;
}

static bool (*const sources[])(const char *text, char **key, struct error *err) = {
	[PROFILE_API_KEY_CMD] = key_from_command,
	[PROFILE_API_KEY_FILE] = key_from_file,
	[PROFILE_API_KEY_ENV] = key_from_variable,
};

bool
profile_read_key(const struct profile *p, char **key, struct error *err)
{
	int from = PROFILE_API_KEY_CMD;
	char *found = NULL;

	while (from < PROFILE_API_KEY_ENV && str_is_empty(p->values[from].text))
		from++;
	if (!sources[from](profile_text(p, from), &found, err) ||
	    !key_check(found, profile_options[from].name, err)) {
		error_prefix(err, "profile %s", p->name);
		secret_free(found);
		return false;
	}
	*key = found;
	return true;
}
