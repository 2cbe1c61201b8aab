/* box_probe - finds the best rung of the isolation ladder by running a sandbox on
 * each. */
#include "host/box.h"

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
#include "host/box_internal.h"
#include "host/box_program.h"
#include "host/box_stray.h"
#include "host/system_layer.h"
#include "host/trial_dir.h"

/* Long only where something hangs; each attempt takes some milliseconds. */
enum { STEP_MS = 5000, SWEEP_MAX = 32, MOUNTS_MAX = 4 << 20 };

/* Where trials are made, of what. Both borrowed. */
struct place {
	const char *init_path, *dir;
};

/* One sandbox that is tried: started, made to run a command, ended. */
struct trial {
	struct loop *loop;	     /* owned */
	struct box *box;	     /* owned */
	struct box_support *support; /* borrowed */
	const char *init_path;	     /* borrowed */
	const char *place;	     /* borrowed; where its directory is made */
	struct trial_dir outer;	     /* closed; the sandbox's lies in it */
	char *dir;		     /* owned; NULL: none was made */
	char *layer;		     /* owned; NULL: none is needed */
	bool ready, ended, spawned, exited, removed;
	int status;
	int internet; /* pid of slirp4netns, 0: none ran */
	struct error why;
};

static void
on_ready(void *ctx)
{
	struct trial *t = ctx;

	t->ready = true;
}

static void
on_ended(void *ctx, const struct error *why)
{
	struct trial *t = ctx;

	t->ended = true;
	if (why && t->why.code == ERROR_NONE)
		t->why = *why;
}

static void
on_exited(void *ctx, int pid, int status)
{
	struct trial *t = ctx;

	(void)pid;
	t->exited = true;
	t->status = status;
}

static const struct box_events trial_events = {
	.ready = on_ready,
	.ended = on_ended,
	.exited = on_exited,
};

static void
on_spawned(void *ctx, const struct box_process *p)
{
	struct trial *t = ctx;
	const int fds[] = { p->pty, p->in, p->out, p->err };

	t->spawned = true;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (p->result != BOX_SPAWN_OK && t->why.code == ERROR_NONE)
		error_set(&t->why, ERROR_SYSTEM, "%s", p->message);
}

static void
on_removed(void *ctx, const struct error *err)
{
	struct trial *t = ctx;

	(void)err;
	t->removed = true;
}

/* Turns the loop until one of the two marks is set. */
static bool
wait_for(struct trial *t, const bool *mark, const bool *other)
{
	uint64_t end_ms = clock_mono_ms() + STEP_MS;

	while (!*mark && !*other && clock_mono_ms() < end_ms)
		loop_turn(t->loop, 50);
	if (!*mark && !*other)
		error_set(&t->why, ERROR_SYSTEM, "no answer within %d s", STEP_MS / 1000);
	return *mark;
}

static bool
make_directory(struct trial *t)
{
	if (!trial_dir_make(&t->outer, t->place, &t->why))
		return false;
	t->dir = path_join(t->outer.path, "root");
	return true;
}

static void
run_command(struct trial *t)
{
	char sh[] = "-c", script[] = "exit 0";
	char write[] = "mkdir /usr/.sandtop-probe && rmdir /usr/.sandtop-probe";
	char *items[] = { sh, t->support->system_writable ? write : script, NULL };
	const struct strlist args = { .items = items, .count = 2 };
	const struct box_spawn spawn = {
		.cmd = "/bin/sh",
		.args = &args,
		.user = t->support->system_writable ? "root" : NULL,
	};

	box_spawn(t->box, &spawn, on_spawned, t);
	if (!wait_for(t, &t->spawned, &t->ended) || t->why.code != ERROR_NONE ||
	    !wait_for(t, &t->exited, &t->ended))
		return;
	if (t->status != 0)
		error_set(
		    &t->why, ERROR_SYSTEM, "a command inside ended with %d", t->status);
}

static void
try_internet(struct trial *t)
{
	uint64_t end_ms = clock_mono_ms() + STEP_MS;
	const char *failure = NULL;

	t->internet = box_internet_pid(t->box);
	while (!box_has_internet(t->box) && !t->ended && clock_mono_ms() < end_ms &&
	       !(failure = box_internet_failure(t->box)))
		loop_turn(t->loop, 50);
	t->support->internet = box_has_internet(t->box);
	if (!t->support->internet)
		snprintf(t->support->internet_reason, sizeof t->support->internet_reason,
		    "slirp4netns does not run here: %s", failure ? failure : "no answer");
}

static void
finish_trial(struct trial *t)
{
	const bool never = false;

	if (t->box) {
		box_kill(t->box);
		wait_for(t, &t->ended, &never);
		box_free(t->box);
	}
	if (t->dir) {
		box_remove_dir(
		    t->loop, t->outer.path, t->init_path, t->support, on_removed, t);
		wait_for(t, &t->removed, &never);
	}
	loop_free(t->loop);
	if (t->internet > 0) /* was killed; nobody else is left to reap it */
		waitpid(t->internet, NULL, 0);
	t->support->system_layer = NULL;
	free(t->layer);
	free(t->dir);
	trial_dir_clear(&t->outer);
}

/* Only its top: it is there to be seen working. */
static bool
make_layer(struct trial *t)
{
	if (!t->support->system_writable || geteuid() == 0)
		return true;
	t->layer = path_join(t->outer.path, "layer");
	t->support->system_layer = t->layer;
	return system_layer_make(t->layer, 1, &t->why);
}

/* A whole sandbox on the rung that `support` names; fills `err` when it fails. */
static bool
try_rung(const struct place *place, struct box_support *support, bool internet,
    struct error *err)
{
	const char *init_path = place->init_path;
	struct trial t = {
		.loop = loop_new(),
		.support = support,
		.init_path = init_path,
		.place = place->dir,
	};

	support->internet = internet;
	if (make_directory(&t) && make_layer(&t)) {
		const struct box_options options = {
			.id = "probe",
			.dir = t.dir,
			.init_path = init_path,
			.support = support,
			.internet = internet,
		};

		t.box = box_new(t.loop, &options, &trial_events, &t, &t.why);
	}
	if (t.box && wait_for(&t, &t.ready, &t.ended))
		run_command(&t);
	struct error why = t.why;

	if (t.box && why.code == ERROR_NONE && internet)
		try_internet(&t);
	finish_trial(&t);
	if (why.code != ERROR_NONE)
		*err = why;
	return why.code == ERROR_NONE;
}

/* ---- what a killed probe left */

static void
on_swept(void *ctx, const struct error *err)
{
	size_t *left = ctx;

	(void)err; /* the next probe tries again */
	(*left)--;
}

static void
sweep(const char *place, const char *init_path, const struct box_support *support)
{
	struct trial_dir dirs[SWEEP_MAX];
	size_t count = trial_dir_claim(place, dirs, SWEEP_MAX), left = count;
	uint64_t end_ms = clock_mono_ms() + STEP_MS;

	if (count == 0)
		return;
	struct loop *loop = loop_new();

	for (size_t i = 0; i < count; i++)
		box_remove_dir(loop, dirs[i].path, init_path, support, on_swept, &left);
	while (left > 0 && clock_mono_ms() < end_ms)
		loop_turn(loop, 50);
	loop_free(loop);
	for (size_t i = 0; i < count; i++)
		trial_dir_clear(&dirs[i]);
}

/* ---- reasons */

/* What bubblewrap says, and what a person can do about it. */
static const struct {
	const char *said, *advice;
} advices[] = {
	{ "is not installed", "install it: apt-get install bubblewrap" },
	{ "uid map: Permission denied",
	    "AppArmor forbids user namespaces: load a profile that allows bwrap "
	    "(apt-get install apparmor-profiles), or sysctl "
	    "kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "RTM_NEWADDR",
	    "AppArmor forbids user namespaces: load a profile that allows bwrap "
	    "(apt-get install apparmor-profiles), or sysctl "
	    "kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "No permissions to creat",
	    "user namespaces are switched off: sysctl kernel.unprivileged_userns_clone=1 "
	    "or user.max_user_namespaces" },
	{ "Creating new namespace failed", "user namespaces are switched off or used up: "
					   "sysctl user.max_user_namespaces" },
	{ "a writable system",
	    "an overlay needs Linux 5.11 or newer and files on ext4, xfs, btrfs or the "
	    "like" },
	{ "Can't mount proc", "this looks like a container that hides parts of /proc" },
};

static void
explain(char *out, size_t size, const struct error *err)
{
	const char *advice = NULL;

	for (size_t i = 0; i < ARRAY_LEN(advices) && !advice; i++)
		if (strstr(err->text, advices[i].said))
			advice = advices[i].advice;
	if (advice)
		snprintf(out, size, "%.100s; %s", err->text, advice);
	else
		str_copy(out, size, err->text);
}

/* ---- the ladder */

struct step {
	enum box_rung rung;
	bool mapped; /* two real uids */
	bool proc;
	bool for_root; /* needs to be root */
};

static const struct step ladder[] = {
	{ BOX_RUNG_BWRAP_USERNS, true, true, false },
	{ BOX_RUNG_BWRAP_USERNS, false, true, false },
	{ BOX_RUNG_BWRAP_USERNS, true, false, false },
	{ BOX_RUNG_BWRAP_USERNS, false, false, false },
	{ BOX_RUNG_BWRAP_ROOT, false, true, true },
	{ BOX_RUNG_BWRAP_ROOT, false, false, true },
};

static bool
can_try(const struct step *s, const struct box_idmap *map)
{
	return (!s->for_root || geteuid() == 0) && (!s->mapped || map->count > 0);
}

static bool
climb(const struct place *place, struct box_support *out)
{
	const struct box_support base = *out;
	struct box_idmap map;
	struct error first = { .code = ERROR_NONE }, err;

	box_map_find(&map);
	for (size_t i = 0; i < ARRAY_LEN(ladder); i++) {
		const struct step *s = &ladder[i];

		if (!can_try(s, &map))
			continue;
		*out = base;
		out->rung = s->rung;
		out->proc_mount = s->proc;
		out->idmap = s->mapped ? map : (struct box_idmap){ .count = 0 };
		if (!try_rung(place, out, false, &err)) {
			if (first.code == ERROR_NONE)
				first = err;
			continue;
		}
		if (i > 1) /* what is missing is more than the second uid */
			explain(out->reason, sizeof out->reason, &first);
		return true;
	}
	*out = base;
	explain(out->reason, sizeof out->reason, &first);
	return false;
}

static void
look_for_internet(const struct place *place, struct box_support *out)
{
	struct error err;
	char *slirp = box_program_find("slirp4netns", "SANDTOP_SLIRP4NETNS");

	if (!slirp)
		str_copy(out->internet_reason, sizeof out->internet_reason,
		    "slirp4netns is not installed: apt-get install slirp4netns");
	else if (!try_rung(place, out, true, &err))
		snprintf(
		    out->internet_reason, sizeof out->internet_reason, "%s", err.text);
	free(slirp);
}

static char *
find_obstacle(void)
{
	char *mounts, *found;
	size_t len;

	if (!path_read_file("/proc/self/mountinfo", MOUNTS_MAX, &mounts, &len, NULL))
		return NULL;
	found = system_layer_obstacle(mounts);
	free(mounts);
	return found;
}

static void
look_for_layers(const struct place *place, struct box_support *out)
{
	struct box_support trial = *out;
	char *obstacle = find_obstacle();
	struct error err;

	if (obstacle) {
		snprintf(out->system_reason, sizeof out->system_reason,
		    "%.150s is another file system, which an overlay would hide",
		    obstacle);
		free(obstacle);
		return;
	}
	trial.system_writable = true;
	out->system_writable = try_rung(place, &trial, false, &err);
	if (!out->system_writable)
		explain(out->system_reason, sizeof out->system_reason, &err);
}

static const char *
temporary_place(void)
{
	const char *tmp = getenv("TMPDIR");

	return str_is_empty(tmp) ? "/tmp" : tmp;
}

static const char *
trial_place(const char *data_dir)
{
	if (data_dir && access(data_dir, W_OK | X_OK) == 0)
		return data_dir;
	return temporary_place();
}

static void
find_rung(const struct place *place, struct box_support *out)
{
	if (climb(place, out)) {
		look_for_internet(place, out);
		look_for_layers(place, out);
		return;
	}
	out->rung = BOX_RUNG_PLAIN;
	out->proc_mount = false;
	out->internet = true; /* the machine's own */
	str_copy(
	    out->system_reason, sizeof out->system_reason, "it is the machine's own");
}

void
box_probe(const char *init_path, const char *data_dir, struct box_support *out)
{
	const struct place place = { init_path, trial_place(data_dir) };

	*out = (struct box_support){ .rung = BOX_RUNG_PLAIN };
	box_stray_kill_waiting(); /* of a host or a probe that was killed */
	out->cgroup =
	    box_group_find_base(out->group_base, sizeof out->group_base, &out->limits);
	if (access(init_path, X_OK) != 0) {
		snprintf(out->reason, sizeof out->reason,
		    "%s is missing: build or install it", init_path);
		return;
	}
	find_rung(&place, out);
	sweep(place.dir, init_path, out);
	if (place.dir == data_dir)
		sweep(temporary_place(), init_path, out);
}

static const char *const rung_names[] = {
	[BOX_RUNG_BWRAP_USERNS] = "bubblewrap",
	[BOX_RUNG_BWRAP_ROOT] = "bubblewrap (root)",
	[BOX_RUNG_PLAIN] = "not isolated",
};

const char *
box_rung_name(enum box_rung rung)
{
	return rung_names[rung];
}
