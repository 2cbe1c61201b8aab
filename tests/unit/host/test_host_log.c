/* The file a background host writes to stays small, and only that file is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "host/host_log.h"

static char dir[] = "/tmp/sandtop-log-XXXXXX";
static char *log_path, *older_path;

static int
make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	log_path = path_join(dir, "host.log");
	older_path = path_join(dir, "host.log.1");
	return 0;
}

static int
drop_dir(void **state)
{
	(void)state;
	unlink(log_path);
	unlink(older_path);
	rmdir(dir);
	free(log_path);
	free(older_path);
	return 0;
}

static void
write_log(off_t size)
{
	int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

/* -1: there is no such file. */
static off_t
size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_size : -1;
}

static void
only_a_full_file_is_put_aside(void **state)
{
	(void)state;
	host_log_rotate(dir); /* there is none */
	assert_int_equal(size_of(log_path), -1);
	write_log(HOST_LOG_MAX);
	host_log_rotate(dir);
	assert_int_equal(size_of(log_path), HOST_LOG_MAX);
	assert_int_equal(size_of(older_path), -1);
	write_log(HOST_LOG_MAX + 1);
	host_log_rotate(dir);
	assert_int_equal(size_of(log_path), -1);
	assert_int_equal(size_of(older_path), HOST_LOG_MAX + 1);
}

static void
there_is_one_older_file_at_most(void **state)
{
	(void)state;
	write_log(HOST_LOG_MAX + 1);
	host_log_rotate(dir);
	write_log(HOST_LOG_MAX + 2);
	host_log_rotate(dir);
	assert_int_equal(size_of(log_path), -1);
	assert_int_equal(size_of(older_path), HOST_LOG_MAX + 2);
}

static void
a_host_goes_on_in_the_new_file(void **state)
{
	int kept = dup(STDERR_FILENO);
	int fd;

	(void)state;
	unlink(older_path);
	write_log(HOST_LOG_MAX + 1);
	host_log_rotate_own(dir); /* stderr is something else */
	assert_int_equal(size_of(log_path), HOST_LOG_MAX + 1);
	fd = open(log_path, O_WRONLY | O_APPEND);
	dup2(fd, STDERR_FILENO);
	close(fd);
	host_log_rotate_own(dir);
	ssize_t n = write(STDERR_FILENO, "new\n", 4);
	dup2(kept, STDERR_FILENO);
	close(kept);
	assert_int_equal(n, 4);
	assert_int_equal(size_of(log_path), 4);
	assert_int_equal(size_of(older_path), HOST_LOG_MAX + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_full_file_is_put_aside),
		cmocka_unit_test(there_is_one_older_file_at_most),
		cmocka_unit_test(a_host_goes_on_in_the_new_file),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
