/* What becomes of a sandbox's directory: it is kept, furnished, never trusted, removed. */
#include "box_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

static void
files_are_there_in_the_next_life(void **state)
{
	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;

		house_open(&h, &variants[i]);
		said(&h, NULL, "echo mine > ~/kept; echo '# changed' > ~/.bashrc");
		house_stop(&h);
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(
		    said(&h, NULL, "cat ~/kept ~/.bashrc"), "mine\n# changed");
		house_close(&h);
	}
}

/* A copied directory gets its new name; what a person changed stays theirs. */
static void
names_follow_the_sandbox(void **state)
{
	struct house h;

	(void)state;
	if (variants[0].support.rung == BOX_RUNG_PLAIN)
		skip();
	house_open(&h, &variants[0]);
	said(&h, "root", "echo 10.1.1.1 other >> /etc/hosts");
	house_stop(&h);
	house_start(&h, "itest1234567890", NULL, false);
	assert_non_null(strstr(said(&h, NULL, "cat /etc/hosts"), "10.1.1.1 other"));
	house_stop(&h);
	house_start(&h, "iother", NULL, false);
	assert_string_equal(
	    said(&h, NULL, "cat /etc/hostname; uname -n"), "iother\niother");
	assert_null(strstr(said(&h, NULL, "cat /etc/hosts"), "itest"));
	house_close(&h);
}

static void
defaults_of_the_sandbox_reach_every_process(void **state)
{
	struct pairs envs = { .count = 0 };

	(void)state;
	pairs_set(&envs, "E2B_SANDBOX", "true");
	pairs_set(&envs, "HOME_TOWN", "here");
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;

		house_open(&h, &variants[i]);
		house_stop(&h);
		house_start(&h, "itest1234567890", &envs, false);
		assert_string_equal(
		    said(&h, NULL, "echo $E2B_SANDBOX $HOME_TOWN"), "true here");
		house_close(&h);
	}
	pairs_clear(&envs);
}

/* What lay there stays beside it. */
static void
plant(struct house *h, const char *name, const char *target)
{
	static unsigned count;
	char *point = path_join(h->dir, name);
	char *aside = xasprintf("%s/aside%u", h->dir, count++);

	assert_int_equal(rename(point, aside), 0);
	assert_int_equal(symlink(target, point), 0);
	free(aside);
	free(point);
}

/* ---- the system */

/* As user root writes, as the machine's root may; nothing of it is seen elsewhere. */
static void
changes_of_the_system_are_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		struct house h, other;

		if (!variants[i].support.system_writable ||
		    variants[i].support.rung == BOX_RUNG_PLAIN)
			continue;
		house_open(&h, &variants[i]);
		house_open(&other, &variants[i]);
		said(&h, "root",
		    "mkdir -p /usr/local/lib/itest/deep && "
		    "echo one > /usr/local/lib/itest/deep/file && rm -r /usr/bin/tty && "
		    "chmod 700 /usr/local/lib/itest");
		assert_string_equal(said(&other, "root",
					"ls /usr/local/lib/itest /usr/bin/tty 2>&1 | "
					"grep -c '^/usr/bin/tty$'"),
		    "1");
		house_close(&other);
		house_stop(&h);
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(said(&h, "root",
					"cat /usr/local/lib/itest/deep/file; "
					"stat -c %a /usr/local/lib/itest; "
					"test -e /usr/bin/tty || echo gone"),
		    "one\n700\ngone");
		said(&h, "root",
		    "rm -r /usr/local/lib/itest && mkdir "
		    "/usr/local/lib/itest");
		house_stop(&h);
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(
		    said(&h, "root", "ls -A /usr/local/lib/itest; echo empty"), "empty");
		house_close(&h);
	}
}

/* Nor does it wait for somebody to write into what was a file. */
static void
planted_pipes_keep_nothing_from_starting(void **state)
{
	static const char plant[] =
	    "rm -rf /etc/apt && for f in /usr/lib/os-release /etc/passwd /etc/group "
	    "/etc/hostname /etc/resolv.conf /var/lib/dpkg/statoverride; do "
	    "rm -f $f; mkfifo $f || exit; done";

	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;

		if (!variants[i].support.system_writable ||
		    variants[i].support.rung == BOX_RUNG_PLAIN)
			continue;
		house_open(&h, &variants[i]);
		said(&h, "root", plant);
		house_stop(&h);
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(said(&h, NULL, "echo runs"), "runs");
		house_close(&h);
	}
}

/* Where the host mounts, a former life may have planted links that lead out. */
static void
planted_links_lead_nowhere(void **state)
{
	static const char *const names[] = { "run", "proc", "dev", "usr",
		/* the layers, from the inside out */
		".sandtop/system/usr/work", ".sandtop/system/usr/upper",
		".sandtop/system/usr", ".sandtop/system", ".sandtop" };
	const char *tmp = getenv("TMPDIR");
	char *outside = path_join(tmp ? tmp : "/tmp", "sandtop-outside-XXXXXX");
	struct house h;

	(void)state;
	if (variants[0].support.rung == BOX_RUNG_PLAIN) {
		free(outside);
		skip();
	}
	assert_non_null(mkdtemp(outside));
	house_open(&h, &variants[0]);
	house_stop(&h);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool deep = strchr(names[i], '/') != NULL;

		if (deep && !variants[0].support.system_writable)
			continue;
		plant(&h, names[i], outside);
		if (!deep)
			continue;
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(said(&h, NULL, "echo runs"), "runs");
		house_stop(&h);
	}
	char *etc = path_join(h.dir, "etc"), *kept = path_join(h.dir, "etc.old");

	assert_int_equal(rename(etc, kept), 0);
	assert_int_equal(symlink(outside, etc), 0);
	house_start(&h, "itest1234567890", NULL, false);
	assert_string_equal(said(&h, NULL, "echo runs"), "runs");
	house_close(&h);
	assert_int_equal(rmdir(outside), 0); /* still empty */
	free(kept);
	free(etc);
	free(outside);
}

/* Deeper than descriptors and paths go, without permissions, with links out. */
static void
any_tree_can_be_removed(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *outside = path_join(tmp ? tmp : "/tmp", "sandtop-outside-XXXXXX");

	(void)state;
	assert_non_null(mkdtemp(outside));
	char *file = path_join(outside, "precious");
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;
		char *script = xasprintf(
		    "mkdir ~/t; cd ~/t; ln -s %s out; "
		    "mkdir -p ~/t/closed/inner; touch ~/t/closed/f; chmod 0 ~/t/closed; "
		    "mkfifo ~/t/pipe; touch ~/t/-rf; "
		    "which python3 >/dev/null && python3 -c 'import os\n"
		    "for i in range(1500): os.mkdir(\"0123456789\"); "
		    "os.chdir(\"0123456789\")\n"
		    "open(\"last\", \"w\")'; echo done",
		    outside);

		house_open(&h, &variants[i]);
		assert_string_equal(said(&h, NULL, script), "done");
		if (variants[i].support.rung != BOX_RUNG_PLAIN)
			said(&h, "root",
			    "mkdir -p /root/a/b /data/c; chmod 500 /root/a; "
			    "touch /data/c/f");
		house_close(&h);
		assert_int_equal(access(file, F_OK), 0);
		free(script);
	}
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(outside), 0);
	free(file);
	free(outside);
}

static void
on_removed(void *ctx, const struct error *err)
{
	int *said_so = ctx;

	*said_so = err ? 2 : 1;
}

static void
touch(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	free(path);
}

/* Of a build that is cancelled something may still run: it takes the directory that is being
 * emptied up to the top, from where as many steps back as down would lead out. */
static void
what_moves_meanwhile_does_not_lead_out(void **state)
{
	char *outer = xstrdup("/tmp/sandtop-outer-XXXXXX");
	struct loop *loop = loop_new();
	struct inotify_event event[8];
	char name[16];
	int answer = 0, changes = inotify_init1(IN_CLOEXEC);

	(void)state;
	assert_non_null(mkdtemp(outer));
	char *all = path_join(outer, "a/b/c/all"), *tree = path_join(all, "one");
	char *deep = path_join(tree, "a/b/c/d"), *moved = path_join(tree, "d");

	assert_true(path_make_dirs(deep, NULL));
	touch(all, "precious");
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof name, "%d", i);
		touch(deep, name);
	}
	assert_true(inotify_add_watch(changes, deep, IN_DELETE) >= 0);
	box_remove_dir(loop, tree, init_path(),
	    &(struct box_support){ .rung = BOX_RUNG_PLAIN }, on_removed, &answer);
	assert_true(read(changes, event, sizeof event) > 0);
	assert_true(rename(deep, moved) == 0 || errno == ENOENT); /* or it was faster */
	close(changes);
	while (!answer)
		loop_turn(loop, 100);
	char *precious = path_join(all, "precious");

	assert_int_equal(access(precious, F_OK), 0);
	answer = 0;
	box_remove_dir(loop, outer, init_path(),
	    &(struct box_support){ .rung = BOX_RUNG_PLAIN }, on_removed, &answer);
	while (!answer)
		loop_turn(loop, 100);
	assert_int_equal(answer, 1);
	loop_free(loop);
	free(precious);
	free(moved);
	free(deep);
	free(tree);
	free(all);
	free(outer);
}

static void
removing_nothing_is_fine_and_failure_is_said(void **state)
{
	struct loop *loop = loop_new();
	int answer = 0;

	(void)state;
	box_remove_dir(loop, "/nonexistent/sandbox", init_path(), &variants[0].support,
	    on_removed, &answer);
	assert_int_equal(answer, 0); /* from the loop only */
	while (!answer)
		loop_turn(loop, 100);
	assert_int_equal(answer, 1);
	answer = 0;
	box_remove_dir(loop, "/proc/self", init_path(),
	    &(struct box_support){ .rung = BOX_RUNG_PLAIN }, on_removed, &answer);
	while (!answer)
		loop_turn(loop, 100);
	assert_int_equal(answer, 2);
	answer = 0;
	box_remove_dir(loop, "/nonexistent", "/nonexistent/init",
	    &(struct box_support){ .rung = BOX_RUNG_PLAIN }, on_removed, &answer);
	while (!answer)
		loop_turn(loop, 100);
	assert_int_equal(answer, 2);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_there_in_the_next_life),
		cmocka_unit_test(names_follow_the_sandbox),
		cmocka_unit_test(defaults_of_the_sandbox_reach_every_process),
		cmocka_unit_test(changes_of_the_system_are_kept),
		cmocka_unit_test(planted_links_lead_nowhere),
		cmocka_unit_test(planted_pipes_keep_nothing_from_starting),
		cmocka_unit_test(any_tree_can_be_removed),
		cmocka_unit_test(what_moves_meanwhile_does_not_lead_out),
		cmocka_unit_test(removing_nothing_is_fine_and_failure_is_said),
	};

	return cmocka_run_group_tests(tests, find_variants, drop_variants);
}
