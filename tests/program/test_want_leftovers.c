/*
 * What the local host leaves on the machine when it ends, by itself or by SIGKILL, and
 * what a killed probe leaves: no process, no mount, no socket, no temporary file.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "tests/support/world.h"

enum { FILE_MAX = 4 << 20, FAMILY_MAX = 512 };

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);
	char *tmp;

	world_init(w);
	tmp = path_join(w->dir, "tmp");
	assert_int_equal(mkdir(tmp, 0700), 0);
	world_set(w, "TMPDIR", tmp);
	free(tmp);
	*state = w;
	return 0;
}

/* ---- processes */

/* One life of a number. */
struct life {
	int pid, parent;
	uint64_t since; /* clock ticks after boot */
	bool dead;	/* not reaped yet, which in some containers nobody does */
};

static bool
read_life(int pid, struct life *out)
{
	char *path = xasprintf("/proc/%d/stat", pid), *text = NULL, state;
	size_t len;
	bool got = path_read_file(path, FILE_MAX, &text, &len, NULL);
	char *rest = got ? strrchr(text, ')') : NULL;
	struct strlist words = { .count = 0 };
	int64_t parent = 0, since = 0;

	if (rest)
		strlist_split(&words, rest + 2, ' ');
	got = words.count > 19 && parse_int(words.items[1], 0, INT32_MAX, &parent) &&
	      parse_int(words.items[19], 0, INT64_MAX, &since);
	state = got ? words.items[0][0] : 'X';
	*out = (struct life){ .pid = pid,
		.parent = (int)parent,
		.since = (uint64_t)since,
		.dead = state == 'Z' || state == 'X' };
	strlist_clear(&words);
	free(text);
	free(path);
	return got;
}

/* Calls for each process until one answers true; returns whether one did. */
static bool
any_process(bool (*check)(int pid, void *ctx), void *ctx)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	bool found = false;

	assert_non_null(proc);
	while (!found && (e = readdir(proc)))
		if (isdigit((unsigned char)e->d_name[0]))
			found = check((int)strtol(e->d_name, NULL, 10), ctx);
	closedir(proc);
	return found;
}

/* A process and all below it. */
struct family {
	struct life lives[FAMILY_MAX];
	size_t count;
	bool grew;
};

static bool
add_child(int pid, void *ctx)
{
	struct family *f = ctx;
	struct life life;
	bool related = false;

	if (!read_life(pid, &life) || life.dead)
		return false;
	for (size_t i = 0; i < f->count; i++) {
		if (f->lives[i].pid == pid)
			return false;
		related |= f->lives[i].pid == life.parent;
	}
	if (related && f->count < FAMILY_MAX) {
		f->lives[f->count++] = life;
		f->grew = true;
	}
	return false;
}

static void
find_family(int pid, struct family *f)
{
	*f = (struct family){ .count = 1, .grew = true };
	assert_true(read_life(pid, &f->lives[0]));
	while (f->grew) {
		f->grew = false;
		any_process(add_child, f);
	}
}

static bool
is_extinct(void *ctx)
{
	const struct family *f = ctx;
	struct life now;

	for (size_t i = 0; i < f->count; i++)
		if (read_life(f->lives[i].pid, &now) && !now.dead &&
		    now.since == f->lives[i].since)
			return false;
	return true;
}

/* ---- what names the place of a world */

static bool
names_place(const char *path, const char *place)
{
	char *text = NULL;
	size_t len = 0;
	bool named = path_read_file(path, FILE_MAX, &text, &len, NULL) &&
		     memmem(text, len, place, strlen(place));

	free(text);
	return named;
}

/* Its environment, its words, its mounts. */
static bool
belongs_to(int pid, void *place)
{
	static const char *const files[] = { "environ", "cmdline", "mountinfo" };
	bool named = false;

	for (size_t i = 0; i < ARRAY_LEN(files) && !named; i++) {
		char *path = xasprintf("/proc/%d/%s", pid, files[i]);

		named = pid != (int)getpid() && names_place(path, place);
		free(path);
	}
	return named;
}

static bool
nobody_belongs_to(void *place)
{
	return !any_process(belongs_to, place);
}

/* ---- a host and what runs in it */

/* Of its host.json: "pid" or "port". */
static int
number_of(struct world *w, const char *name)
{
	char *path =
	    path_join(world_get(w, "SANDTOP_CONFIG_DIR"), "state/host/host.json");
	char *wanted = xasprintf("\"%s\":", name), *json = NULL;
	size_t len;

	assert_true(path_read_file(path, FILE_MAX, &json, &len, NULL));
	const char *at = strstr(json, wanted);

	if (!at)
		fail_msg("no %s in %s", name, json);
	int number = (int)strtol(at + strlen(wanted), NULL, 10);

	free(wanted);
	free(json);
	free(path);
	return number;
}

static bool
is_isolated(struct world *w)
{
	char *said = world_out(w, "host", "status", NULL);
	bool isolated = !strstr(said, "not isolated");

	free(said);
	return isolated;
}

/* One that runs and one that is frozen; in each a daemon that wants to stay. */
static void
fill(struct world *w)
{
	static const char daemons[] =
	    "(trap '' HUP INT TERM; setsid sleep 7000 >/dev/null 2>&1 &) ; "
	    "setsid -f python3 -m http.server 8000 >/dev/null 2>&1; echo there";

	world_set(w, "SANDTOP_PROFILE", "local");
	for (int i = 0; i < 2; i++) {
		char *id = world_out(w, "create", NULL);
		char *said = world_out(w, "exec", id, "--", daemons, NULL);

		assert_string_equal(said, "there");
		if (i == 1)
			free(world_out(w, "pause", id, NULL));
		free(said);
		free(id);
	}
}

static bool
answers(int port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = connect(fd, (const void *)&to, sizeof to) == 0;

	close(fd);
	return connected;
}

static size_t
count_entries(const char *dir, const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t count = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		count += e->d_name[0] != '.' && str_has_prefix(e->d_name, prefix);
	closedir(d);
	return count;
}

static void
assert_nothing_left(struct world *w, struct family *f)
{
	if (!world_wait(is_extinct, f))
		fail_msg("a process of the host is left");
	if (!world_wait(nobody_belongs_to, w->dir))
		fail_msg("a process still has to do with the host's files");
	assert_false(names_place("/proc/self/mountinfo", w->dir));
	assert_false(names_place("/proc/net/unix", w->dir));
	assert_int_equal(count_entries(world_get(w, "TMPDIR"), ""), 0);
}

static void
stop(struct world *w)
{
	free(world_out(w, "host", "stop", NULL));
	w->host_started = false;
}

/* ---- hosts that end */

static void
a_stopped_host_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct family *f = xcalloc(1, sizeof *f);

	world_start_host(w);
	fill(w);
	int pid = number_of(w, "pid"), port = number_of(w, "port");

	find_family(pid, f);
	/* the host, and in each of two sandboxes at least the two daemons */
	assert_in_range(f->count, 5, FAMILY_MAX - 1);
	assert_false(is_extinct(f));
	assert_true(belongs_to(pid, w->dir));
	assert_true(answers(port));
	stop(w);
	assert_nothing_left(w, f);
	assert_false(answers(port));
	free(f);
}

/* Sandboxes that are isolated die with it; what others leave ends when it is back. */
static void
a_killed_host_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct family *f = xcalloc(1, sizeof *f);

	world_start_host(w);
	fill(w);
	bool isolated = is_isolated(w);
	int pid = number_of(w, "pid"), port = number_of(w, "port");

	find_family(pid, f);
	assert_in_range(f->count, 5, FAMILY_MAX - 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	if (isolated)
		assert_nothing_left(w, f);
	world_start_host(w);
	assert_true(world_wait(is_extinct, f));
	find_family(number_of(w, "pid"), f);
	stop(w);
	assert_nothing_left(w, f);
	assert_false(answers(port));
	free(f);
}

/* ---- probes that are killed */

/* Kills who runs it. */
static char *
make_killer(struct world *w)
{
	static const char text[] = "#!/bin/sh\nkill -KILL $PPID\n";
	char *path = path_join(w->dir, "killer");
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);

	assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	return path;
}

static void
kill_probe(struct world *w, const char *variable, const char *place)
{
	char *killer = make_killer(w);
	struct ran r;

	world_set(w, variable, killer);
	r = world_run(w, NULL, "doctor", NULL);
	if (r.status != 128 + SIGKILL)
		fail_msg("exit %d: %s%s", r.status, r.out.data, r.err.data);
	ran_clear(&r);
	world_set(w, variable, NULL);
	assert_int_equal(count_entries(place, "sandtop-trial-"), 1);
	assert_true(world_wait(nobody_belongs_to, w->dir));
	free(killer);
}

static void
a_killed_probe_is_swept_by_the_next(void **state)
{
	struct world *w = *state;
	char *config = path_join(world_get(w, "SANDTOP_CONFIG_DIR"), "state/host/data");
	const char *tmp = world_get(w, "TMPDIR");
	const char *given = getenv("SANDTOP_BWRAP");

	kill_probe(w, "SANDTOP_BWRAP", tmp); /* before its sandbox */
	world_set(w, "SANDTOP_BWRAP", given);
	struct ran r = world_run(w, NULL, "doctor", NULL);
	bool isolated = !strstr(r.out.data, "not isolated");

	ran_clear(&r);
	assert_int_equal(count_entries(tmp, ""), 0);
	if (isolated) { /* with its sandbox */
		kill_probe(w, "SANDTOP_SLIRP4NETNS", tmp);
		world_start_host(w); /* its probe is one, too, and elsewhere */
		assert_int_equal(count_entries(tmp, ""), 0);
		stop(w);
		kill_probe(w, "SANDTOP_SLIRP4NETNS", config);
		world_start_host(w);
		assert_int_equal(count_entries(config, "sandtop-trial-"), 0);
		stop(w);
	}
	free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_stopped_host_leaves_nothing, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    a_killed_host_leaves_nothing, setup, world_teardown),
		cmocka_unit_test_setup_teardown(
		    a_killed_probe_is_swept_by_the_next, setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
