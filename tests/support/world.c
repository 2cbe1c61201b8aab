#include "tests/support/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "tests/support/internal.h"

extern char **environ;

enum { RUN_DEADLINE_MS = 30000, WAIT_DEADLINE_MS = 15000, POLL_MS = 10 };

const char *
sandtop_path(void)
{
	const char *path = getenv("SANDTOP_BIN");

	assert_non_null(path); /* tests/run.sh sets it */
	return path;
}

/* ---- the environment */

static size_t
env_find(const struct world *w, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < w->env_count; i++)
		if (strncmp(w->env[i], name, len) == 0 && w->env[i][len] == '=')
			return i;
	return w->env_count;
}

const char *
world_get(const struct world *w, const char *name)
{
	size_t at = env_find(w, name);

	return at < w->env_count ? strchr(w->env[at], '=') + 1 : NULL;
}

void
world_set(struct world *w, const char *name, const char *value)
{
	size_t at = env_find(w, name);

	if (at < w->env_count) {
		free(w->env[at]);
		w->env[at] = w->env[--w->env_count];
		w->env[w->env_count] = NULL;
	}
	if (!value)
		return;
	w->env = xreallocarray(w->env, w->env_count + 2, sizeof *w->env);
	w->env[w->env_count++] = xasprintf("%s=%s", name, value);
	w->env[w->env_count] = NULL;
}

void
world_init(struct world *w)
{
	static const char *const kept[] = { "PATH", "TMPDIR", "ASAN_OPTIONS",
		"UBSAN_OPTIONS", "LSAN_OPTIONS", "SANDTOP_BWRAP" };
	char *config;

	*w = (struct world){ 0 };
	str_copy(w->dir, sizeof w->dir, "/tmp/sandtop-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		world_set(w, kept[i], getenv(kept[i]));
	config = xasprintf("%s/sandtop", w->dir);
	world_set(w, "SANDTOP_CONFIG_DIR", config);
	free(config);
	world_set(w, "HOME", w->dir);
	world_set(w, "LC_ALL", "C.UTF-8");
	world_set(w, "TZ", "UTC");
	world_set(w, "TERM", "xterm-256color");
	world_set(w, "USER", "tester");
}

void
world_config(struct world *w, const char *text)
{
	char *path = path_join(world_get(w, "SANDTOP_CONFIG_DIR"), "config.ini");
	struct error err = { 0 };

	if (!path_make_dirs(world_get(w, "SANDTOP_CONFIG_DIR"), &err) ||
	    !path_write_private(path, text, strlen(text), &err))
		fail_msg("%s", err.text);
	free(path);
}

void
world_clear(struct world *w)
{
	if (w->host_started) {
		struct ran r = world_run(w, NULL, "host", "stop", NULL);
		ran_clear(&r);
	}
	/* An overlay's own directory may be closed to its owner, too. */
	char *command =
	    xasprintf("chmod -R u+rwX '%s' 2>/dev/null; rm -rf '%s'", w->dir, w->dir);
	if (system(command) != 0)
		print_message("cannot remove %s\n", w->dir);
	free(command);
	for (size_t i = 0; i < w->env_count; i++)
		free(w->env[i]);
	free(w->env);
	*w = (struct world){ 0 };
}

int
world_teardown(void **state)
{
	world_clear(*state);
	free(*state);
	return 0;
}

void
world_start_host(struct world *w)
{
	struct ran r = world_run(w, NULL, "host", "start", NULL);

	if (r.status != 0)
		fail_msg("host start: %d %s%s", r.status, r.out.data, r.err.data);
	ran_clear(&r);
	w->host_started = true;
}

/* export NAME='value' lines */
static void
take_exports(struct world *w, char *lines)
{
	char *save = NULL;

	for (char *line = strtok_r(lines, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *equals = strchr(line, '=');
		if (!equals || !str_has_prefix(line, "export "))
			continue;
		*equals = '\0';
		char *value = equals + 1;
		size_t len = strlen(value);
		if (len >= 2 && value[0] == '\'' && value[len - 1] == '\'') {
			value[len - 1] = '\0';
			value++;
		}
		world_set(w, line + strlen("export "), value);
	}
}

void
world_use_host_by_env(struct world *w)
{
	char *lines = world_out(w, "host", "env", NULL);

	take_exports(w, lines);
	free(lines);
}

/* ---- running */

struct pipes {
	int in[2], out[2], err[2];
};

static void
child_exec(const struct world *w, const struct pipes *p, const char *const *argv)
{
	union {
		const char *const *constant;
		char *const *plain;
	} args = { .constant = argv };

	dup2(p->in[0], 0);
	dup2(p->out[1], 1);
	dup2(p->err[1], 2);
	execve(argv[0], args.plain, w->env);
	_exit(127);
}

static int
status_of(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

/* Reads what there is; true while the other end is open. */
static bool
drain(int fd, struct buf *into)
{
	char bytes[65536];
	ssize_t got = read(fd, bytes, sizeof bytes);

	if (got > 0)
		buf_add(into, bytes, (size_t)got);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void
collect(struct ran *r, struct pipes *p, const char *input, uint64_t deadline_ms)
{
	size_t left = input ? strlen(input) : 0;
	bool out_open = true, err_open = true;

	signal(SIGPIPE, SIG_IGN);
	fcntl(p->in[1], F_SETFL, O_NONBLOCK);
	while ((out_open || err_open) && clock_mono_ms() < deadline_ms) {
		struct pollfd fds[3] = { { out_open ? p->out[0] : -1, POLLIN, 0 },
			{ err_open ? p->err[0] : -1, POLLIN, 0 },
			{ p->in[1], POLLOUT, 0 } };
		if (p->in[1] >= 0 && left == 0) {
			close(p->in[1]);
			p->in[1] = fds[2].fd = -1;
		}
		poll(fds, 3, 100);
		if (fds[0].revents)
			out_open = drain(p->out[0], &r->out);
		if (fds[1].revents)
			err_open = drain(p->err[0], &r->err);
		if (p->in[1] >= 0 && fds[2].revents) {
			ssize_t sent = write(p->in[1], input, left);
			if (sent < 0 && errno != EAGAIN)
				left = 0;
			else if (sent > 0)
				input += sent, left -= (size_t)sent;
		}
	}
	if (p->in[1] >= 0)
		close(p->in[1]);
}

struct ran
world_run_argv(struct world *w, const char *input, const char *const *argv)
{
	struct ran r = { .status = -1 };
	struct pipes p;
	int wait_status = 0;

	buf_init(&r.out, 256u << 20);
	buf_init(&r.err, 16u << 20);
	assert_int_equal(
	    pipe2(p.in, O_CLOEXEC) | pipe2(p.out, O_CLOEXEC) | pipe2(p.err, O_CLOEXEC),
	    0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child_exec(w, &p, argv);
	close(p.in[0]);
	close(p.out[1]);
	close(p.err[1]);

	uint64_t deadline_ms = clock_mono_ms() + RUN_DEADLINE_MS;
	collect(&r, &p, input, deadline_ms);
	close(p.out[0]);
	close(p.err[0]);
	while (waitpid(pid, &wait_status, WNOHANG) == 0) {
		if (clock_mono_ms() >= deadline_ms) {
			kill(pid, SIGKILL);
			waitpid(pid, &wait_status, 0);
			return r;
		}
		poll(NULL, 0, POLL_MS);
	}
	r.status = status_of(wait_status);
	return r;
}

static struct ran
run_list(struct world *w, const char *input, va_list ap)
{
	const char *argv[64] = { sandtop_path() };
	size_t count = 1;

	while (count < 63 && (argv[count] = va_arg(ap, const char *)))
		count++;
	argv[count] = NULL;
	return world_run_argv(w, input, argv);
}

struct ran
world_run(struct world *w, const char *input, ...)
{
	va_list ap;

	va_start(ap, input);
	struct ran r = run_list(w, input, ap);
	va_end(ap);
	return r;
}

void
ran_clear(struct ran *r)
{
	buf_clear(&r->out);
	buf_clear(&r->err);
}

char *
world_out(struct world *w, ...)
{
	va_list ap;

	va_start(ap, w);
	struct ran r = run_list(w, NULL, ap);
	va_end(ap);
	if (r.status != 0)
		fail_msg("exit %d: %s%s", r.status, r.out.data, r.err.data);
	char *out = buf_take(&r.out);
	size_t len = strlen(out);
	if (len > 0 && out[len - 1] == '\n')
		out[len - 1] = '\0';
	ran_clear(&r);
	return out;
}

bool
world_wait(bool (*check)(void *ctx), void *ctx)
{
	uint64_t deadline_ms = clock_mono_ms() + WAIT_DEADLINE_MS;

	while (!check(ctx)) {
		if (clock_mono_ms() >= deadline_ms)
			return false;
		poll(NULL, 0, POLL_MS);
	}
	return true;
}

char *
text_member(const char *json, const char *name)
{
	char *key = xasprintf("\"%s\":\"", name);
	const char *at = strstr(json, key);

	if (!at)
		fail_msg("no %s in %s", name, json);
	at += strlen(key);
	free(key);
	return xstrndup(at, strcspn(at, "\""));
}
