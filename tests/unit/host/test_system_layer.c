/* The directories of the system once more: which are made, and how many. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/init/layout.h"
#include "host/system_layer.h"

static char dir[256];
static size_t directories;

static int
make_place(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(dir, sizeof dir, "%s/sandtop-layer-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int
remove_entry(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

static int
remove_place(void **state)
{
	(void)state;
	return nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* These lie beside the system's, and hold files. */
static bool
is_overlay(const char *real)
{
	for (size_t i = 0; i < ARRAY_LEN(layout_overlays); i++)
		if (strncmp(real + 1, layout_overlays[i].name,
			strlen(layout_overlays[i].name)) == 0)
			return true;
	return false;
}

static int
check_entry(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	const char *real = path + strlen(dir);
	struct stat machine;

	(void)flag;
	if (where->level == 0 || is_overlay(real))
		return 0;
	directories++;
	assert_true(S_ISDIR(st->st_mode));
	assert_int_equal(st->st_mode & 0777, 0755);
	assert_int_equal(lstat(real, &machine), 0);
	assert_true(S_ISDIR(machine.st_mode));
	return 0;
}

static size_t
count_checked(void)
{
	directories = 0;
	assert_int_equal(nftw(dir, check_entry, 16, FTW_PHYS), 0);
	return directories;
}

static bool
has(const char *name)
{
	char *path = path_join(dir, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* The nearest come first, and making them again makes no others. */
static void
directories_alone_are_copied_nearest_first(void **state)
{
	struct error err;

	(void)state;
	assert_true(system_layer_make(dir, 1, &err));
	assert_true(has("usr"));
	assert_false(has("usr/bin"));
	assert_true(system_layer_make(dir, 60, &err));
	assert_true(has("usr/bin"));
	assert_true(has("usr/lib"));
	assert_int_equal(has("usr/local"), access("/usr/local", F_OK) == 0);
	size_t count = count_checked();

	assert_in_range(count, 3, 70);
	assert_true(system_layer_make(dir, 60, &err));
	assert_int_equal(count_checked(), count);
}

/* A package manager's notes: what it writes in place is ours, and follows the machine's. */
static void
notes_of_packages_are_copied(void **state)
{
	struct stat machine, ours;
	struct error err;
	char *status = path_join(dir, "dpkg/status");

	(void)state;
	if (stat("/var/lib/dpkg/status", &machine) != 0) {
		free(status);
		skip();
	}
	for (int i = 0; i < 3; i++) {
		assert_true(system_layer_make(dir, 1, &err));
		assert_int_equal(stat(status, &ours), 0);
		assert_int_equal(ours.st_size, machine.st_size);
		assert_int_equal(ours.st_mtim.tv_sec, machine.st_mtim.tv_sec);
		assert_true(has("dpkg/info"));
		assert_true(has("dpkg/triggers"));
		if (i == 0)
			assert_int_equal(truncate(status, 3), 0);
		if (i == 1)
			assert_int_equal(unlink(status), 0);
	}
	free(status);
}

static void
a_place_that_cannot_be_had_is_named(void **state)
{
	char *file = path_join(dir, "file"), *below = path_join(file, "layer");
	FILE *f = fopen(file, "w");
	struct error err = { 0 };

	(void)state;
	assert_non_null(f);
	fclose(f);
	assert_false(system_layer_make(below, 10, &err));
	assert_non_null(strstr(err.text, "file"));
	free(below);
	free(file);
}

static void
other_file_systems_below_are_found(void **state)
{
	static const struct {
		const char *mounts, *found;
	} cases[] = {
		{ "", NULL },
		{ "\n\n", NULL },
		{ "1 2 3", NULL },
		{ "25 1 253:0 / / rw - ext4 /dev/vda rw\n", NULL },
		{ "25 1 253:0 / /usr rw - ext4 /dev/vda rw\n", NULL },
		{ "25 1 253:0 / /usrlocal/x rw - ext4 /dev/vda rw\n", NULL },
		{ "26 1 0:5 / /home/usr/local rw - ext4 /dev/vda rw\n", NULL },
		{ "26 1 0:5 / /usr/lib/wsl/drivers ro - 9p drivers ro\n", NULL },
		{ "25 1 253:0 / / rw - ext4 a rw\n26 25 0:5 / /usr/local rw shared:1 - "
		  "xfs b rw",
		    "/usr/local" },
		{ "26 25 0:5 /x /lib/modules ro - squashfs c ro\n", "/lib/modules" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *found = system_layer_obstacle(cases[i].mounts);

		if (!str_eq(found, cases[i].found))
			fail_msg("%zu: %s", i, found ? found : "nothing");
		free(found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    directories_alone_are_copied_nearest_first, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
		    a_place_that_cannot_be_had_is_named, make_place, remove_place),
		cmocka_unit_test_setup_teardown(
		    notes_of_packages_are_copied, make_place, remove_place),
		cmocka_unit_test(other_file_systems_below_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
