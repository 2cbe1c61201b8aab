#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static void
test_zero_sizes_give_memory(void **state)
{
	(void)state;
	void *blocks[] = { xmalloc(0), xcalloc(0, 8), xcalloc(8, 0), xmemdup(NULL, 0),
		xrealloc(xmalloc(4), 0), xreallocarray(NULL, 0, 8) };

	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		assert_non_null(blocks[i]);
		free(blocks[i]);
	}
}

static void
test_calloc_zeroes(void **state)
{
	(void)state;
	unsigned char *bytes = xcalloc(16, 4);

	for (int i = 0; i < 64; i++)
		assert_int_equal(bytes[i], 0);
	free(bytes);
}

static void
test_copies(void **state)
{
	(void)state;
	assert_null(xstrdup(NULL));
	assert_null(xstrndup(NULL, 3));

	char *whole = xstrdup("abc"), *part = xstrndup("abcdef", 2),
	     *all = xstrndup("x", 9);
	char *text = xasprintf("%s-%d", "n", 7);

	assert_string_equal(whole, "abc");
	assert_string_equal(part, "ab");
	assert_string_equal(all, "x");
	assert_string_equal(text, "n-7");
	free(whole);
	free(part);
	free(all);
	free(text);
}

static int said_fd;

static void
on_exhausted(void)
{
	if (write(said_fd, "bye", 3) != 3)
		_exit(1);
}

/* The hook gives the terminal back before the program ends. */
static void
test_exhaustion_calls_hook_and_ends(void **state)
{
	(void)state;
	int fds[2], status;
	char said[4] = "";

	assert_int_equal(pipe(fds), 0);

	pid_t pid = fork();

	if (pid == 0) {
		said_fd = fds[1];
		mem_set_exhausted_hook(on_exhausted);
		xreallocarray(NULL, SIZE_MAX / 2, 3);
		_exit(0);
	}
	assert_true(pid > 0);
	close(fds[1]);
	assert_int_equal(read(fds[0], said, 3), 3);
	assert_string_equal(said, "bye");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 71);
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zero_sizes_give_memory),
		cmocka_unit_test(test_calloc_zeroes),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_exhaustion_calls_hook_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
