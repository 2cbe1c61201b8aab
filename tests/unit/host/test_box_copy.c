/* Copies of sandboxes' directories: every kind of file, links that lead out, failures. */
#include "box_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

struct report {
	bool done, failed;
	enum error_code code;
};

static void
on_copied(void *ctx, const struct error *err)
{
	struct report *r = ctx;

	r->done = true;
	r->failed = err != NULL;
	r->code = err ? err->code : ERROR_NONE;
}

static void
copy_to(struct house *h, const char *to, struct report *out)
{
	*out = (struct report){ 0 };
	box_copy_dir(h->loop, h->dir, to, init_path(), &h->how->support, on_copied, out);
	wait_for(h, &out->done);
}

/* Takes the path. */
static void
remove_copy(struct house *h, char *copy)
{
	struct report report = { 0 };

	box_remove_dir(h->loop, copy, init_path(), &h->how->support, on_copied, &report);
	wait_for(h, &report.done);
	assert_false(report.failed);
	free(copy);
}

static void
every_kind_of_file_is_as_it_was(void **state)
{
	static const char make[] =
	    "cd ~ && echo text > file && chmod 640 file && ln file hard && ln -s file "
	    "soft "
	    "&& ln -s /etc/passwd out && ln -s ../../../../../../etc/shadow up "
	    "&& mkfifo pipe && mkdir -p deep/er && chmod 700 deep && : > 'new\nline' "
	    "&& truncate -s 8M holes && touch -d '2001-02-03 04:05:06 UTC' file";
	static const char show[] =
	    "cd ~ && cat soft && stat -c '%a %Y %h %U' file && readlink out up && "
	    "stat -c %F pipe && stat -c %a deep && ls -A | wc -l && stat -c '%s %b' "
	    "holes";

	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;
		struct report report;
		char *first, *copy, *before;

		house_open(&h, &variants[i]);
		said(&h, NULL, make);
		before = xstrdup(said(&h, NULL, show));
		assert_non_null(strstr(before, "981173106"));
		house_stop(&h);
		first = h.dir;
		copy = path_join(h.outer, "copy");
		copy_to(&h, copy, &report);
		assert_false(report.failed);
		h.dir = copy;
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(said(&h, NULL, show), before);
		said(&h, NULL, "echo other > ~/file");
		house_stop(&h);
		h.dir = first;
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(said(&h, NULL, "cat ~/hard"), "text");
		remove_copy(&h, copy);
		free(before);
		house_close(&h);
	}
}

static void
changes_of_the_system_are_copied(void **state)
{
	static const char change[] =
	    "echo new > /usr/local/lib/itest && rm /usr/bin/tty && "
	    "mkdir /usr/local/lib/itest-dir && rm -r /usr/local/share && "
	    "mkdir /usr/local/share";
	static const char show[] = "cat /usr/local/lib/itest; ls -A /usr/local/share; "
				   "test -e /usr/bin/tty || echo gone";

	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;
		struct report report;
		char *first, *copy;

		if (!variants[i].support.system_writable ||
		    variants[i].support.rung == BOX_RUNG_PLAIN)
			continue;
		house_open(&h, &variants[i]);
		said(&h, "root", change);
		assert_string_equal(said(&h, NULL, show), "new\ngone");
		house_stop(&h);
		first = h.dir;
		copy = path_join(h.outer, "copy");
		copy_to(&h, copy, &report);
		assert_false(report.failed);
		h.dir = copy;
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(said(&h, NULL, show), "new\ngone");
		house_stop(&h);
		h.dir = first;
		remove_copy(&h, copy);
		house_start(&h, "itest1234567890", NULL, false);
		house_close(&h);
	}
}

static void
two_users_stay_two(void **state)
{
	struct house h;
	struct report report;
	char *first, *copy;

	(void)state;
	if (variants[0].support.idmap.count == 0)
		skip();
	house_open(&h, &variants[0]);
	said(&h, "root", "echo r > /opt-file && chown root:root /opt-file");
	said(&h, NULL, "echo u > ~/user-file");
	house_stop(&h);
	first = h.dir;
	copy = path_join(h.outer, "copy");
	copy_to(&h, copy, &report);
	assert_false(report.failed);
	h.dir = copy;
	house_start(&h, "itest1234567890", NULL, false);
	assert_string_equal(
	    said(&h, NULL, "stat -c %U /opt-file /home/user/user-file"), "root\nuser");
	house_stop(&h);
	h.dir = first;
	remove_copy(&h, copy);
	house_start(&h, "itest1234567890", NULL, false);
	house_close(&h);
}

/* A linker that is no program: whatever needs it does not start. As root inside may. */
static void
plant_linker(const char *root)
{
	char *lib64 = path_join(root, "lib64");
	char *linker = path_join(lib64, "ld-linux-x86-64.so.2");
	FILE *f;

	unlink(lib64);
	assert_int_equal(mkdir(lib64, 0755), 0);
	f = fopen(linker, "w");
	assert_true(f && fputs("x", f) >= 0 && fclose(f) == 0);
	free(linker);
	free(lib64);
}

/* What a sandbox plants for the next program that starts in its root is only copied,
 * and what it shut is copied too. */
static void
nothing_planted_runs_and_shut_places_are_copied(void **state)
{
	static const char plant[] =
	    "cd /home/user && mkdir shut && echo hidden > shut/f && "
	    "mknod white c 0 0 && chmod 0 shut";
	static const char check[] = "chmod 700 /home/user/shut && cat /home/user/shut/f "
				    "&& stat -c %F /home/user/white";

	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;
		struct report report;
		char *first, *copy;
		struct buf out;

		if (variants[i].support.rung == BOX_RUNG_PLAIN)
			continue; /* its root is the machine's */
		house_open(&h, &variants[i]);
		buf_init(&out, 65536);
		assert_int_equal(run(&h, "root", plant, &out), 0);
		buf_clear(&out);
		house_stop(&h);
		first = h.dir;
		plant_linker(first);
		copy = path_join(h.outer, "copy");
		copy_to(&h, copy, &report);
		if (report.failed)
			fail_msg("%s: it was not copied", h.how->name);
		h.dir = copy;
		char *linker = path_join(copy, "lib64/ld-linux-x86-64.so.2");
		char *lib64 = path_join(copy, "lib64");
		struct stat st;

		/* or nothing would start in the next life */
		if (lstat(lib64, &st) == 0 && S_ISDIR(st.st_mode)) {
			unlink(linker);
			rmdir(lib64);
		}
		house_start(&h, "itest1234567890", NULL, false);
		assert_string_equal(
		    said(&h, "root", check), "hidden\ncharacter special file");
		house_stop(&h);
		h.dir = first;
		remove_copy(&h, copy);
		free(lib64);
		free(linker);
		house_start(&h, "itest1234567890", NULL, false);
		house_close(&h);
	}
}

/* Puts a link in the place of a directory and back, for ever: as a process does that
 * outruns the freeze. */
static pid_t
swap_for_ever(const char *home)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (chdir(home) == 0 && syscall(SYS_renameat2, AT_FDCWD, "there", AT_FDCWD,
				       "link", RENAME_EXCHANGE) == 0)
		continue;
	_exit(1);
}

static void
write_file(const char *dir, const char *name, const char *text)
{
	char *path = path_join(dir, name);
	FILE *f = fopen(path, "w");

	assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
	free(path);
}

/* Directories of the same names, one in the sandbox and one of the machine's. */
static void
lay_trap(const char *home, const char *secret)
{
	char *there = path_join(home, "there"), *link = path_join(home, "link");
	char name[16];

	assert_int_equal(mkdir(there, 0755), 0);
	assert_int_equal(mkdir(secret, 0700), 0);
	assert_int_equal(symlink(secret, link), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "f%d", i);
		write_file(there, name, "mine");
		write_file(secret, name, "secret");
	}
	free(there);
	free(link);
}

static void
a_link_that_comes_meanwhile_leads_nowhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		struct house h;
		struct report report;

		const struct box_support *support = &variants[i].support;

		if (support->rung == BOX_RUNG_PLAIN)
			continue; /* it may read all that we may */
		if (support->idmap.count > 0 && geteuid() != 0)
			continue; /* its home is another uid's: we can set no trap */
		house_open(&h, &variants[i]);
		char *home = path_join(h.dir, "home/user");
		char *secret = path_join(h.outer, "secret");
		char *search = xasprintf("! grep -rqs secret %s/copy", h.outer);

		house_stop(&h);
		lay_trap(home, secret);
		pid_t swapping = swap_for_ever(home);

		for (int round = 0; round < 4; round++) {
			char *copy = path_join(h.outer, "copy");

			copy_to(&h, copy, &report);
			if (system(search) != 0)
				fail_msg(
				    "%s: the machine's files came along", h.how->name);
			remove_copy(&h, copy);
		}
		kill(swapping, SIGKILL);
		waitpid(swapping, NULL, 0);
		remove_copy(&h, secret);
		free(home);
		free(search);
		house_start(&h, "itest1234567890", NULL, false);
		house_close(&h);
	}
}

static void
a_copy_that_cannot_be_made_says_so(void **state)
{
	struct house h;
	struct report report;

	(void)state;
	house_open(&h, &variants[0]);
	house_stop(&h);
	copy_to(&h, "/proc/no/such/place", &report);
	assert_true(report.failed);
	house_start(&h, "itest1234567890", NULL, false);
	house_close(&h);
}

static void
a_cancelled_copy_is_not_reported(void **state)
{
	struct house h;
	struct report report = { 0 };
	char *copy;

	(void)state;
	house_open(&h, &variants[0]);
	house_stop(&h);
	copy = path_join(h.outer, "copy");
	box_copy_cancel(box_copy_dir(
	    h.loop, h.dir, copy, init_path(), &h.how->support, on_copied, &report));
	house_start(&h, "itest1234567890", NULL, false);
	said(&h, NULL, "true");
	assert_false(report.done);
	remove_copy(&h, copy);
	house_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_file_is_as_it_was),
		cmocka_unit_test(changes_of_the_system_are_copied),
		cmocka_unit_test(two_users_stay_two),
		cmocka_unit_test(nothing_planted_runs_and_shut_places_are_copied),
		cmocka_unit_test(a_link_that_comes_meanwhile_leads_nowhere),
		cmocka_unit_test(a_copy_that_cannot_be_made_says_so),
		cmocka_unit_test(a_cancelled_copy_is_not_reported),
	};

	return cmocka_run_group_tests(tests, find_variants, drop_variants);
}
