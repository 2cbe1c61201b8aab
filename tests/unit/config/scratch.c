#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <ftw.h>

#include "base/mem.h"
#include "base/path.h"

static char *dir, *last_path;

static const char *const variables[] = {
	"E2B_API_KEY",
	"E2B_DOMAIN",
	"E2B_API_URL",
	"E2B_SANDBOX_URL",
	"E2B_DEBUG",
	"E2B_PROJECT_ID",
	"E2B_TEAM_ID",
	"E2B_VALIDATE_API_KEY",
	"SANDTOP_PROFILE",
	"SANDTOP_CONFIG_DIR",
	"XDG_CONFIG_HOME",
	"TEST_KEY",
};

int
scratch_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		unsetenv(variables[i]);
	dir = xasprintf("%s/sandtop-config-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	return setenv("HOME", dir, 1);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

int
scratch_teardown(void **state)
{
	int rc = nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	(void)state;
	free(dir);
	free(last_path);
	dir = last_path = NULL;
	return rc;
}

const char *
scratch_dir(void)
{
	return dir;
}

const char *
scratch_path(const char *name)
{
	free(last_path);
	last_path = path_join(dir, name);
	return last_path;
}

void
scratch_write_bytes(const char *name, const void *bytes, size_t len, unsigned mode)
{
	char *path = path_join(dir, name);
	char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct error err;

	assert_true(path_make_dirs(parent, &err));
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(parent);
	free(path);
}

void
scratch_write(const char *name, const char *text, unsigned mode)
{
	scratch_write_bytes(name, text, strlen(text), mode);
}
