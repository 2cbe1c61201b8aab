/* The kept inputs of the fuzz target that this is linked with, whole and cut short, as an
 * ordinary test. Its name says which they are: test_NAME. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *corpus; /* owned */

/* Memory of its own, so that sanitizers see a step too far. */
static void
run(const char *bytes, size_t len)
{
	uint8_t *own = xmalloc(len ? len : 1);

	memcpy(own, bytes, len);
	LLVMFuzzerTestOneInput(own, len);
	free(own);
}

static void
kept_inputs_do_no_harm(void **state)
{
	DIR *dir = opendir(corpus);
	int count = 0;

	(void)state;
	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir));) {
		char *path, *bytes;
		struct error err;
		size_t len;

		if (entry->d_name[0] == '.')
			continue;
		path = path_join(corpus, entry->d_name);
		if (!path_read_file(path, 1u << 20, &bytes, &len, &err))
			fail_msg("%s", err.text);
		run(bytes, len);
		run(bytes, len / 2);
		run(bytes, len - len / 8);
		free(bytes);
		free(path);
		count++;
	}
	closedir(dir);
	assert_true(count > 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_inputs_do_no_harm),
	};
	const char *name = argc > 0 ? strstr(argv[0], "/test_") : NULL;
	int failed;

	if (!name)
		return 2;
	corpus = xasprintf("tests/fuzz/corpus/%s", name + strlen("/test_"));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(corpus);
	return failed;
}
