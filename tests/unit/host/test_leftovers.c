/* What a process that was killed leaves behind, and what an end must not leave. */
#include "host_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "host/box_program.h"
#include "host/box_stray.h"
#include "host/box_start.h"
#include "host/host.h"
#include "host/init/layout.h"
#include "host/lock.h"
#include "host/sandbox.h"

enum { PATIENCE_MS = 10000 };

/* ---- a child of bubblewrap that waits for its user map */

/* 0 where bubblewrap may make no user namespace. `program` ends with NULL. */
static int
start_waiting(const char *const *program, int *parent)
{
	static const char *const words[] = { "--unshare-user", "--info-fd", "3",
		"--userns-block-fd", "4", "--ro-bind", "/", "/", "--" };
	struct strlist args = { .count = 0 };
	int info[2], go[2];
	char said[512];
	struct error err;
	size_t len = 0;
	ssize_t got;

	assert_int_equal(pipe2(info, O_CLOEXEC), 0);
	/* Its other end stays open until we end: closing it would let the child go. */
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		strlist_add(&args, words[i]);
	for (; *program; program++)
		strlist_add(&args, *program);
	const struct box_program_start how = {
		.program = "bwrap",
		.override = "SANDTOP_BWRAP",
		.args = &args,
		.log = -1,
		.fds = { info[1], go[0] },
		.fd_count = 2,
	};
	bool started = box_program_run(&how, parent, &err);

	strlist_clear(&args);
	close(info[1]);
	close(go[0]);
	while (started && len < sizeof said - 1 &&
	       (got = read(info[0], said + len, sizeof said - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	close(info[0]);

	const char *at = strstr(said, "\"child-pid\": ");

	return at ? (int)strtol(at + strlen("\"child-pid\": "), NULL, 10) : 0;
}

static void
expect_ended(const char *const *program)
{
	int parent = 0;
	int child = start_waiting(program, &parent);

	if (child == 0) {
		if (parent > 0)
			waitpid(parent, NULL, 0);
		skip();
	}
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, child, 0),
		.events = POLLIN };

	assert_true(end.fd >= 0);
	box_stray_kill_waiting(); /* its parent lives: none of our business */
	assert_int_equal(poll(&end, 1, 0), 0);
	assert_int_equal(kill(parent, SIGKILL), 0);
	/* Dead is enough: where nobody reaps, the parent stays about. */
	assert_int_equal(waitid(P_PID, (id_t)parent, NULL, WEXITED | WNOWAIT), 0);
	box_stray_kill_waiting();
	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	close(end.fd);
}

static void
what_waits_for_ever_is_ended(void **state)
{
	(void)state;
	expect_ended((const char *const[]){ LAYOUT_INIT, NULL });
	expect_ended((const char *const[]){
	    BOX_START_TENDER, "--copy", "/from", BOX_START_TREE_TO, NULL });
}

/* ---- the number of a host that is no more */

static void
write_hostfile_of(const char *path, int pid)
{
	struct hostfile file = { .port = 4711, .pid = pid };
	struct error err = { 0 };
	struct buf text;

	buf_init(&text, 4096);
	str_copy(file.key, sizeof file.key, house.host->file.key);
	str_copy(file.version, sizeof file.version, "1");
	hostfile_encode(&text, &file);
	assert_true(path_write_private(path, text.data, text.len, &err));
	buf_clear(&text);
}

/* A process that has nothing to do with us, until `gate` is closed. */
static pid_t
start_other(int lock, int gate[2])
{
	char byte;

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	pid_t other = fork();

	if (other == 0) {
		close(lock);
		close(gate[1]);
		_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(gate[0]);
	return other;
}

static void
only_the_process_with_the_lock_is_the_host(void **state)
{
	char *dir = path_join(house.dir, "elsewhere"), *lock = path_join(dir, "lock"),
	     *file = path_join(dir, "host.json");
	struct host_status status;
	struct error err = { 0 };
	bool taken;
	int fd, gate[2];

	(void)state;
	assert_true(path_make_dirs(dir, &err));
	assert_true(lock_take(lock, &fd, &taken, &err));

	pid_t other = start_other(fd, gate);
	const struct {
		int pid;
		bool running;
	} cases[] = { { (int)getpid(), true }, { other, false }, { 0, false } };

	for (int i = 0; lock_is_open_in(lock, other) && i < PATIENCE_MS; i++)
		poll(NULL, 0, 1); /* until it has closed its copy */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		write_hostfile_of(file, cases[i].pid);
		assert_true(host_status_read(dir, &status, &err));
		assert_int_equal(status.running, cases[i].running);
		assert_int_equal(status.pid, cases[i].running ? cases[i].pid : 0);
	}
	close(gate[1]);
	assert_int_equal(waitpid(other, NULL, 0), other);
	close(fd);
	free(file);
	free(lock);
	free(dir);
}

/* ---- files */

static void
nobody_else_gets_to_the_roots_of_sandboxes(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(chmod(house.host->data_dir, 0755), 0);
	restart_house(true);
	assert_int_equal(stat(house.host->data_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

/* ---- a process that was being started */

static void
on_started(void *ctx, struct process *p, const struct connect_error *ce)
{
	(void)p;
	(void)ce;
	*(bool *)ctx = true;
}

static void
on_paused(void *ctx, struct sandbox *s, const struct error *err)
{
	(void)err;
	assert_non_null(s);
	*(bool *)ctx = true;
}

static bool
is_set(void *ctx)
{
	return *(bool *)ctx;
}

/* The supervisor's answer lies in its socket when the sandbox is paused to files. */
static void
a_cold_pause_leaves_no_process(void **state)
{
	static const char json[] = "{\"process\":{\"cmd\":\"/bin/sh\",\"args\":[\"-c\","
				   "\"echo > started; exec sleep 60\"]},\"stdin\":false}";
	struct process_start start = { .has_stdin = true };
	struct error err = { 0 };
	bool started = false, paused = false;
	struct guest g;
	struct sandbox *s;

	(void)state;
	create_guest(NULL, &g);
	s = registry_find(house.host->registry, g.id);
	assert_non_null(s);
	assert_true(process_start_decode(json, strlen(json), &start, &err));
	process_start(s->processes, s->box, &start, "user", 0, on_started, &started);
	process_start_clear(&start);

	char *mark = path_join(s->dir, "home/user/started");

	for (int i = 0; access(mark, F_OK) != 0 && i < PATIENCE_MS; i++)
		poll(NULL, 0, 1);
	assert_int_equal(access(mark, F_OK), 0);
	free(mark);
	assert_false(started);
	sandbox_pause(s, false, "test", on_paused, &paused);
	turn_until(is_set, &paused);
	assert_true(started);
	assert_int_equal(process_table_count(s->processes), 0);
	kill_guest(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_for_ever_is_ended),
		cmocka_unit_test(only_the_process_with_the_lock_is_the_host),
		cmocka_unit_test(nobody_else_gets_to_the_roots_of_sandboxes),
		cmocka_unit_test(a_cold_pause_leaves_no_process),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
