/*
 * A machine that lacks something: no bubblewrap or one that is forbidden, no internet
 * helper, a port that is taken, a state directory that cannot be written.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "tests/support/world.h"

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof *w);

	world_init(w);
	*state = w;
	return 0;
}

static void
expect(struct ran r, int status, const char *said)
{
	if (r.status != status ||
	    (!strstr(r.err.data, said) && !strstr(r.out.data, said)))
		fail_msg("exit %d, not %d with \"%s\": %s%s", r.status, status, said,
		    r.out.data, r.err.data);
	ran_clear(&r);
}

/* ---- isolation */

static char *
write_program(struct world *w, const char *name, const char *text)
{
	char *path = path_join(w->dir, name);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);

	assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	return path;
}

/* Still a host with sandboxes that work, clearly labelled, with what to do. */
static void
assert_not_isolated(struct world *w, const char *bwrap, const char *said)
{
	world_set(w, "SANDTOP_BWRAP", bwrap);
	world_start_host(w);
	world_set(w, "SANDTOP_PROFILE", "local");
	expect(world_run(w, NULL, "host", "status", NULL), 0, "not isolated");
	expect(world_run(w, NULL, "host", "status", NULL), 0, said);
	expect(world_run(w, NULL, "doctor", NULL), 0, said);
	char *id = world_out(w, "create", NULL);
	expect(world_run(w, NULL, "exec", id, "--", "echo works", NULL), 0, "works\n");
	expect(world_run(w, NULL, "kill", "--yes", id, NULL), 0, "killed");
	free(id);
}

static void
without_bubblewrap(void **state)
{
	assert_not_isolated(*state, "/nonexistent/bwrap", "apt-get install bubblewrap");
}

static void
with_forbidden_bubblewrap(void **state)
{
	char *fake = write_program(*state, "bwrap",
	    "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit "
	    "1\n");

	assert_not_isolated(*state, fake, "AppArmor forbids user namespaces");
	free(fake);
}

static void
without_internet_helper(void **state)
{
	struct world *w = *state;
	struct ran r = world_run(w, NULL, "host", "status", NULL);
	bool isolated = strstr(r.out.data, "not isolated") == NULL;

	ran_clear(&r);
	if (!isolated)
		skip(); /* without a network of its own there is nothing to miss */
	world_set(w, "SANDTOP_SLIRP4NETNS", "/nonexistent/slirp4netns");
	world_start_host(w);
	world_set(w, "SANDTOP_PROFILE", "local");
	expect(
	    world_run(w, NULL, "host", "status", NULL), 0, "apt-get install slirp4netns");
	char *id = world_out(w, "create", NULL);
	expect(world_run(w, NULL, "exec", id, "--", "echo works", NULL), 0, "works\n");
	free(id);
}

/* ---- the port */

static int
take_port(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* The port is promised to exported variables: it is not changed behind one's back. */
static void
the_port_is_taken(void **state)
{
	struct world *w = *state;
	int64_t port;

	world_start_host(w);
	world_use_host_by_env(w);
	char *id = world_out(w, "create", "base", "--name", "kept", NULL);
	const char *url = world_get(w, "E2B_API_URL");
	assert_true(parse_int(strrchr(url, ':') + 1, 1, 65535, &port));
	free(world_out(w, "host", "stop", NULL));

	int fd = take_port((int)port);
	expect(world_run(w, NULL, "host", "start", NULL), 1, "is taken");
	expect(world_run(w, NULL, "host", "start", NULL), 1, "--port");
	expect(world_run(w, NULL, "host", "run", NULL), 1, "is taken");
	close(fd);
	world_start_host(w); /* and nothing was lost by it */
	expect(world_run(w, NULL, "ls", "-q", NULL), 0, id);
	free(id);
}

/* ---- the state directory */

static void
a_file_is_in_the_way(void **state)
{
	struct world *w = *state;
	char *dir = path_join(w->dir, "sandtop"), *file = path_join(dir, "state");
	struct error err = { 0 };
	struct driver *d;

	assert_true(path_make_dirs(dir, &err));
	assert_true(path_write_private(file, "", 0, &err));
	expect(world_run(w, NULL, "host", "start", NULL), 1, file);
	expect(world_run(w, NULL, "host", "start", NULL), 1, "XDG_STATE_HOME");
	expect(world_run(w, NULL, "host", "run", NULL), 1, "XDG_STATE_HOME");
	/* what needs none works: the screen says why there is no log */
	d = driver_sandtop(w, 40, 120, NULL);
	driver_wait(d, "has no key");
	driver_type(d, "q");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
	free(dir);
	free(file);
}

/* In a mount namespace of its own, where the directory is read-only for root as well. */
static int
run_read_only(
    struct world *w, const char *dir, const char *words, char *said, size_t size)
{
	char *line =
	    xasprintf("mount -t tmpfs -o ro none '%s' || exit 77; exec '%s' %s 2>&1", dir,
		getenv("SANDTOP_BIN"), words);
	const char *const argv[] = { "/usr/bin/unshare", "-m", "/bin/sh", "-c", line,
		NULL };
	struct ran r = world_run_argv(w, NULL, argv);
	int status = r.status;

	str_copy(said, size, r.out.data);
	ran_clear(&r);
	free(line);
	return status;
}

static void
the_state_directory_is_read_only(void **state)
{
	struct world *w = *state;
	char *dir = path_join(w->dir, "sandtop"), said[1024] = "";
	struct error err = { 0 };

	assert_true(path_make_dirs(dir, &err));
	int status = run_read_only(w, dir, "host start", said, sizeof said);
	if (status != 0 && !strstr(said, "sandtop: ")) {
		free(dir);
		skip(); /* no mount namespaces for us here */
	}
	assert_int_equal(status, 1);
	assert_non_null(strstr(said, "Read-only file system"));
	assert_non_null(strstr(said, "XDG_STATE_HOME"));
	status = run_read_only(w, dir, "doctor", said, sizeof said);
	assert_int_equal(status, 1); /* for want of a key, not of a directory */
	assert_non_null(strstr(said, "isolation"));
	free(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_bubblewrap),
		TEST(with_forbidden_bubblewrap),
		TEST(without_internet_helper),
		TEST(the_port_is_taken),
		TEST(a_file_is_in_the_way),
		TEST(the_state_directory_is_read_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
