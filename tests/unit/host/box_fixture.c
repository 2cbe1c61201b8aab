#include "box_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "host/system_layer.h"

enum { PATIENCE_MS = 10000, OUTPUT_MAX = 64 * 1024 * 1024 };

struct variant variants[VARIANTS_MAX];
size_t variant_count;

const char *
init_path(void)
{
	static char *path;

	if (!path) {
		char *here = path_exe_dir();

		path = xasprintf("%s/../../../sandtop-init", here);
		free(here);
	}
	return path;
}

static struct box_support *
add_variant(const char *name, const struct box_support *like)
{
	struct variant *v = &variants[variant_count++];

	v->name = name;
	v->support = *like;
	return &v->support;
}

static char layer_dir[256];

/* What the host does for an ordinary user. */
static void
lay_system(struct box_support *support)
{
	struct error err;
	const char *tmp = getenv("TMPDIR");

	if (!support->system_writable || geteuid() == 0)
		return;
	snprintf(
	    layer_dir, sizeof layer_dir, "%s/sandtop-layer-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(layer_dir));
	assert_true(system_layer_make(layer_dir, 500, &err));
	support->system_layer = layer_dir;
}

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

int
drop_variants(void **state)
{
	(void)state;
	return *layer_dir ? nftw(layer_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS) : 0;
}

int
find_variants(void **state)
{
	struct box_support best, *more;

	(void)state;
	variant_count = 0;
	box_probe(init_path(), NULL, &best);
	printf("rung: %s%s%s; internet: %s%s; groups: %s; two uids: %s\n",
	    box_rung_name(best.rung), *best.reason ? ", because " : "", best.reason,
	    best.internet ? "yes" : "no, ", best.internet_reason,
	    best.cgroup ? best.group_base : "no", best.idmap.count ? "yes" : "no");
	lay_system(&best);
	add_variant("best", &best);
	if (best.system_writable)
		add_variant("read-only system", &best)->system_writable = false;
	if (best.cgroup)
		add_variant("stop signals", &best)->cgroup = false;
	if (best.idmap.count > 0)
		add_variant("one uid", &best)->idmap.count = 0;
	if (best.proc_mount) {
		more = add_variant("no /proc", &best);
		more->proc_mount = more->cgroup = false;
		more->system_writable &= best.idmap.count > 0;
	}
	if (best.rung == BOX_RUNG_BWRAP_USERNS && geteuid() == 0)
		add_variant("root", &best)->rung = BOX_RUNG_BWRAP_ROOT;
	if (best.rung != BOX_RUNG_PLAIN) {
		more = add_variant("plain", &best);
		more->rung = BOX_RUNG_PLAIN;
		more->cgroup = false;
	}
	return 0;
}

static void
on_ready(void *ctx)
{
	struct house *h = ctx;

	h->ready = true;
}

static void
on_ended(void *ctx, const struct error *why)
{
	struct house *h = ctx;

	h->ended = true;
	h->was_asked = !why;
	str_copy(h->why, sizeof h->why, why ? why->text : "");
}

static void
on_exited(void *ctx, int pid, int status)
{
	struct house *h = ctx;

	assert_true(h->exit_count < ARRAY_LEN(h->exits));
	h->exits[h->exit_count].pid = pid;
	h->exits[h->exit_count++].status = status;
}

static const struct box_events events = {
	.ready = on_ready,
	.ended = on_ended,
	.exited = on_exited,
};

void
house_start(struct house *h, const char *id, const struct pairs *envs, bool internet)
{
	struct error err = { .code = ERROR_NONE };
	const struct box_options options = {
		.id = id,
		.dir = h->dir,
		.init_path = init_path(),
		.support = &h->how->support,
		.envs = envs,
		.internet = internet,
	};

	h->ready = h->ended = false;
	h->box = box_new(h->loop, &options, &events, h, &err);
	if (!h->box)
		fail_msg("%s: %s", h->how->name, err.text);
	uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (!h->ready && !h->ended && clock_mono_ms() < end_ms)
		loop_turn(h->loop, 100);
	if (!h->ready)
		fail_msg("%s: %s", h->how->name, h->ended ? h->why : "no answer");
}

void
house_open(struct house *h, const struct variant *how)
{
	const char *tmp = getenv("TMPDIR");

	*h = (struct house){ .loop = loop_new(), .how = how };
	h->outer = path_join(tmp ? tmp : "/tmp", "sandtop-box-XXXXXX");
	assert_non_null(mkdtemp(h->outer));
	h->dir = path_join(h->outer, "root");
	house_start(h, "itest1234567890", NULL, false);
}

void
house_stop(struct house *h)
{
	if (!h->ended) {
		box_kill(h->box);
		wait_for(h, &h->ended);
		assert_true(h->was_asked);
	}
	box_free(h->box);
	h->box = NULL;
	loop_turn(h->loop, 0);
}

static void
on_removed(void *ctx, const struct error *err)
{
	bool *removed = ctx;

	if (err)
		fail_msg("%s", err->text);
	*removed = true;
}

void
house_close(struct house *h)
{
	bool removed = false;

	if (h->box)
		house_stop(h);
	box_remove_dir(
	    h->loop, h->dir, init_path(), &h->how->support, on_removed, &removed);
	wait_for(h, &removed);
	assert_int_not_equal(access(h->dir, F_OK), 0);
	assert_int_equal(rmdir(h->outer), 0);
	loop_free(h->loop);
	free(h->outer);
	free(h->dir);
}

void
wait_for(struct house *h, const bool *mark)
{
	uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	while (!*mark) {
		if (clock_mono_ms() > end_ms)
			fail_msg("%s: nothing came within %d s", h->how->name,
			    PATIENCE_MS / 1000);
		loop_turn(h->loop, 100);
	}
}

int
wait_exit(struct house *h, int pid)
{
	uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;

	for (;;) {
		for (size_t i = 0; i < h->exit_count; i++)
			if (h->exits[i].pid == pid) {
				int status = h->exits[i].status;

				h->exits[i] = h->exits[--h->exit_count];
				return status;
			}
		if (clock_mono_ms() > end_ms)
			fail_msg("%s: process %d does not end", h->how->name, pid);
		loop_turn(h->loop, 100);
	}
}

struct spawned {
	struct box_process process;
	bool came;
};

static void
on_spawned(void *ctx, const struct box_process *p)
{
	struct spawned *s = ctx;

	assert_false(s->came);
	s->process = *p;
	s->came = true;
}

struct box_process
start(struct house *h, const struct box_spawn *spawn)
{
	struct spawned s = { .came = false };

	box_spawn(h->box, spawn, on_spawned, &s);
	assert_false(s.came); /* from the loop, never at once */
	wait_for(h, &s.came);
	return s.process;
}

void
read_until(struct house *h, int fd, struct buf *out, const char *text)
{
	uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;
	static char chunk[65536];

	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
	while (!text || !strstr(out->data, text)) {
		ssize_t got = read(fd, chunk, sizeof chunk);

		if (got == 0 || (got < 0 && errno == EIO)) {
			if (text)
				fail_msg("%s: the end came before '%s': '%s'",
				    h->how->name, text, out->data);
			return;
		}
		if (got > 0) {
			buf_add(out, chunk, (size_t)got);
			continue;
		}
		assert_int_equal(errno, EAGAIN);
		if (clock_mono_ms() > end_ms)
			fail_msg("%s: no '%s' in '%.300s'", h->how->name,
			    text ? text : "end of file", out->data);
		loop_turn(h->loop, 1);
	}
}

void
close_process(struct box_process *p)
{
	int *fds[] = { &p->pty, &p->in, &p->out, &p->err };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

int
run(struct house *h, const char *user, const char *script, struct buf *out)
{
	struct strlist args = { .count = 0 };
	char *both = xasprintf("exec 2>&1\n%s", script);
	const struct box_spawn spawn = { .cmd = "/bin/sh", .args = &args, .user = user };

	strlist_add(&args, "-c");
	strlist_add(&args, both);
	struct box_process p = start(h, &spawn);

	if (p.result != BOX_SPAWN_OK)
		fail_msg("%s: %s: %s", h->how->name, script, p.message);
	read_until(h, p.out, out, NULL);
	int status = wait_exit(h, p.pid);

	close_process(&p);
	strlist_clear(&args);
	free(both);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *
said(struct house *h, const char *user, const char *script)
{
	static char answer[4096];
	struct buf out;

	buf_init(&out, OUTPUT_MAX);
	int status = run(h, user, script, &out);

	if (status != 0)
		fail_msg("%s: %s: status %d: %s", h->how->name, script, status, out.data);
	str_copy(answer, sizeof answer, out.data);
	buf_clear(&out);
	size_t len = strlen(answer);

	if (len > 0 && answer[len - 1] == '\n')
		answer[len - 1] = '\0';
	return answer;
}

struct counted {
	struct box_stats stats;
	bool came;
};

static void
on_stats(void *ctx, const struct box_stats *stats)
{
	struct counted *c = ctx;

	assert_non_null(stats);
	c->stats = *stats;
	c->came = true;
}

struct box_stats
stats_of(struct house *h)
{
	struct counted c = { .came = false };

	box_stats(h->box, on_stats, &c);
	wait_for(h, &c.came);
	return c.stats;
}
