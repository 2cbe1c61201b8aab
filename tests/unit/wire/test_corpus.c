/* The kept inputs of the fuzz targets, whole and cut short, as ordinary tests. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/path.h"

#define LLVMFuzzerTestOneInput fuzz_envelope_input
#include "tests/fuzz/fuzz_envelope.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_process_input
#include "tests/fuzz/fuzz_process.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_rest_input
#include "tests/fuzz/fuzz_rest.c"

/* Every prefix is memory of its own, so that sanitizers see a step too far. */
static void
run_prefixes(const char *bytes, size_t len, int (*input)(const uint8_t *, size_t))
{
	for (size_t cut = 0; cut <= len; cut++) {
		uint8_t *own = xmalloc(cut + 1);

		memcpy(own, bytes, cut);
		own = xrealloc(own, cut ? cut : 1);
		input(own, cut);
		free(own);
	}
}

static void
run_corpus(const char *dir, int (*input)(const uint8_t *, size_t))
{
	DIR *d = opendir(dir);
	int files = 0;

	assert_non_null(d);
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		char *path, *bytes;
		size_t len;
		struct error err;

		if (entry->d_name[0] == '.')
			continue;
		path = path_join(dir, entry->d_name);
		if (!path_read_file(path, 1u << 16, &bytes, &len, &err))
			fail_msg("%s", err.text);
		run_prefixes(bytes, len, input);
		free(bytes);
		free(path);
		files++;
	}
	closedir(d);
	assert_true(files >= 10);
}

static void
test_envelopes(void **state)
{
	(void)state;
	run_corpus("tests/fuzz/corpus/envelope", fuzz_envelope_input);
}

static void
test_process_messages(void **state)
{
	(void)state;
	run_corpus("tests/fuzz/corpus/process", fuzz_process_input);
}

static void
test_rest_objects(void **state)
{
	(void)state;
	run_corpus("tests/fuzz/corpus/rest", fuzz_rest_input);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_process_messages),
		cmocka_unit_test(test_rest_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
