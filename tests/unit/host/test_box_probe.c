/* Which rung, and why not a better one: with a bubblewrap that is missing or refuses. */
#include "box_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "host/trial_dir.h"

static char *
write_program(const char *dir, const char *name, const char *text)
{
	char *path = path_join(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	return path;
}

static char *
make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = path_join(tmp ? tmp : "/tmp", "sandtop-box-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void
a_missing_program_is_named(void **state)
{
	struct box_support s;

	(void)state;
	assert_int_equal(setenv("SANDTOP_BWRAP", "/nonexistent/bwrap", 1), 0);
	box_probe(init_path(), NULL, &s);
	assert_int_equal(s.rung, BOX_RUNG_PLAIN);
	assert_non_null(strstr(s.reason, "bwrap is not installed"));
	assert_non_null(strstr(s.reason, "apt-get install bubblewrap"));
	assert_string_equal(box_rung_name(s.rung), "not isolated");
	assert_int_equal(unsetenv("SANDTOP_BWRAP"), 0);
	box_probe("/nonexistent/sandtop-init", NULL, &s);
	assert_int_equal(s.rung, BOX_RUNG_PLAIN);
	assert_non_null(strstr(s.reason, "/nonexistent/sandtop-init is missing"));
}

/* Whatever fails on the way, a trial leaves nothing behind. */
static void
trials_leave_nothing(void **state)
{
	static const char *const programs[] = { "/nonexistent/bwrap", "/bin/false",
		NULL };
	char *dir = make_dir(), *old = xstrdup(getenv("TMPDIR"));
	struct box_support s;

	(void)state;
	assert_int_equal(setenv("TMPDIR", dir, 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		assert_int_equal(programs[i] ? setenv("SANDTOP_BWRAP", programs[i], 1)
					     : unsetenv("SANDTOP_BWRAP"),
		    0);
		box_probe(init_path(), NULL, &s);
		assert_int_equal(rmdir(dir), 0);
		assert_int_equal(mkdir(dir, 0700), 0);
	}
	assert_int_equal(old ? setenv("TMPDIR", old, 1) : unsetenv("TMPDIR"), 0);
	assert_int_equal(rmdir(dir), 0);
	free(old);
	free(dir);
}

/* What a killed probe left goes; what is in use, another's, or no directory stays. */
static void
only_what_nobody_uses_is_swept(void **state)
{
	static const struct {
		const char *name;
		bool locked, other;
		const char *link; /* NULL: a directory */
		bool stays;
	} cases[] = {
		{ "sandtop-trial-killed", false, false, NULL, false },
		{ "sandtop-trial-in-use", true, false, NULL, true },
		{ "sandtop-trial-others", false, true, NULL, true },
		{ "sandtop-trial-link", false, false, "kept", true },
		{ "kept", false, false, NULL, true },
	};
	char *dir = make_dir(), *old = xstrdup(getenv("TMPDIR")), *path, *inside;
	struct box_support s;
	int locks[ARRAY_LEN(cases)];
	struct stat st;

	(void)state;
	assert_int_equal(setenv("TMPDIR", dir, 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		path = path_join(dir, cases[i].name);
		if (cases[i].link) {
			assert_int_equal(symlink(cases[i].link, path), 0);
		} else {
			assert_int_equal(mkdir(path, 0700), 0);
			inside = path_join(path, "deep");
			assert_int_equal(mkdir(inside, 0), 0);
			free(inside);
		}
		locks[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (cases[i].locked)
			assert_int_equal(flock(locks[i], LOCK_EX), 0);
		if (cases[i].other && geteuid() == 0)
			assert_int_equal(chown(path, 1, 1), 0);
		free(path);
	}
	box_probe(init_path(), NULL, &s);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		path = path_join(dir, cases[i].name);
		bool stays = cases[i].stays && (!cases[i].other || geteuid() == 0);

		if ((lstat(path, &st) == 0) != stays)
			fail_msg("%s", cases[i].name);
		close(locks[i]);
		free(path);
	}
	path = xasprintf("rm -rf '%s'", dir);
	assert_int_equal(system(path), 0);
	free(path);
	assert_int_equal(old ? setenv("TMPDIR", old, 1) : unsetenv("TMPDIR"), 0);
	free(old);
	free(dir);
}

/* Two probes at a time do not take each other's. */
static void
a_directory_in_use_is_not_claimed(void **state)
{
	struct trial_dir mine, claimed[2];
	char *dir = make_dir();
	struct error err = { 0 };

	(void)state;
	assert_true(trial_dir_make(&mine, dir, &err));
	assert_int_equal(trial_dir_claim(dir, claimed, 2), 0);
	char *path = xstrdup(mine.path);

	trial_dir_clear(&mine); /* as its end would */
	assert_int_equal(trial_dir_claim(dir, claimed, 2), 1);
	assert_string_equal(claimed[0].path, path);
	trial_dir_clear(&claimed[0]);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_false(trial_dir_make(&mine, dir, &err));
	assert_non_null(strstr(err.text, "no directory for a trial"));
	assert_int_equal(trial_dir_claim(dir, claimed, 2), 0);
	free(path);
	free(dir);
}

static void
a_refusal_is_explained(void **state)
{
	static const struct {
		const char *says, *reason;
	} cases[] = {
		{ "bwrap: setting up uid map: Permission denied", "AppArmor" },
		{ "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
		    "AppArmor" },
		{ "bwrap: No permissions to create a new namespace", "switched off" },
		{ "bwrap: something new \033[31m", "something new \\e[31m" },
	};
	char *dir = make_dir();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct box_support s;
		char *text =
		    xasprintf("#!/bin/sh\necho '%s' >&2\nexit 1\n", cases[i].says);
		char *fake = write_program(dir, "bwrap", text);

		assert_int_equal(setenv("SANDTOP_BWRAP", fake, 1), 0);
		box_probe(init_path(), NULL, &s);
		assert_int_equal(s.rung, BOX_RUNG_PLAIN);
		assert_non_null(strstr(s.reason, "the sandbox did not start: bwrap: "));
		assert_non_null(strstr(s.reason, cases[i].reason));
		assert_int_equal(unlink(fake), 0);
		free(fake);
		free(text);
	}
	assert_int_equal(unsetenv("SANDTOP_BWRAP"), 0);
	assert_int_equal(rmdir(dir), 0);
	free(dir);
}

/* As in a container that hides parts of /proc. */
static void
without_proc_there_are_walls_still(void **state)
{
	char *real = NULL, *dir = make_dir();
	struct box_support best, s;

	(void)state;
	box_probe(init_path(), NULL, &best);
	if (best.rung == BOX_RUNG_PLAIN || !best.proc_mount) {
		rmdir(dir);
		free(dir);
		skip();
	}
	real = xasprintf("#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\n"
			 "for a; do if [ \"$a\" = --proc ]; then\n"
			 "echo \"bwrap: Can't mount proc on /newroot/proc: Operation not "
			 "permitted\" >&2; exit 1; fi; done\nexec bwrap \"$@\"\n");
	char *fake = write_program(dir, "bwrap", real);

	assert_int_equal(setenv("SANDTOP_BWRAP", fake, 1), 0);
	box_probe(init_path(), NULL, &s);
	assert_int_equal(s.rung, best.rung);
	assert_false(s.proc_mount);
	assert_non_null(strstr(s.reason, "Can't mount proc"));
	assert_non_null(strstr(s.reason, "container"));
	assert_int_equal(unsetenv("SANDTOP_BWRAP"), 0);
	assert_int_equal(unlink(fake), 0);
	assert_int_equal(rmdir(dir), 0);
	free(fake);
	free(real);
	free(dir);
}

static void
internet_is_tried_and_its_lack_explained(void **state)
{
	char *dir = make_dir();
	struct box_support s;

	(void)state;
	assert_int_equal(setenv("SANDTOP_SLIRP4NETNS", "/nonexistent/slirp", 1), 0);
	box_probe(init_path(), NULL, &s);
	if (s.rung == BOX_RUNG_PLAIN) {
		unsetenv("SANDTOP_SLIRP4NETNS");
		rmdir(dir);
		free(dir);
		skip();
	}
	assert_false(s.internet);
	assert_non_null(strstr(s.internet_reason, "slirp4netns is not installed"));
	char *fake = write_program(dir, "slirp",
	    "#!/bin/sh\necho WARNING: nothing >&2\necho 'no such device: tun' >&2\nexit "
	    "1\n");

	assert_int_equal(setenv("SANDTOP_SLIRP4NETNS", fake, 1), 0);
	box_probe(init_path(), NULL, &s);
	assert_false(s.internet);
	assert_string_equal(
	    s.internet_reason, "slirp4netns does not run here: no such device: tun");
	assert_int_equal(unsetenv("SANDTOP_SLIRP4NETNS"), 0);
	assert_int_equal(unlink(fake), 0);
	assert_int_equal(rmdir(dir), 0);
	free(fake);
	free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_program_is_named),
		cmocka_unit_test(trials_leave_nothing),
		cmocka_unit_test(only_what_nobody_uses_is_swept),
		cmocka_unit_test(a_directory_in_use_is_not_claimed),
		cmocka_unit_test(a_refusal_is_explained),
		cmocka_unit_test(without_proc_there_are_walls_still),
		cmocka_unit_test(internet_is_tried_and_its_lack_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
