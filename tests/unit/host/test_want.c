/* The host where something runs out: the disk, inotify, processes, terminals, descriptors.
 * Each time the one who asked hears of it, nobody else is disturbed, and it heals. */
#include "host_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/sandbox.h"
#include "host/server_internal.h"

#define DISK "64m"
enum { BIG = 80 << 20, CROWD = 10000 };

static struct guest guest, other;
static char place[256]; /* the small disk; "": there is none */

/* ---- a world of our own */

static bool
write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* All ids for root, who may map them; from outside, since inside nobody may. */
static void
map_from_outside(pid_t pid, int go)
{
	static const char *const files[] = { "uid_map", "gid_map" };
	const unsigned own[] = { geteuid(), getegid() };
	char path[64], text[64], byte;
	bool mapped = read(go, &byte, 1) == 1;

	for (size_t i = 0; i < 2; i++) {
		bool all = own[0] == 0;

		snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, files[i]);
		snprintf(text, sizeof text, "0 %u %u", own[i], all ? 1000000U : 1U);
		mapped = mapped && write_to(path, text);
	}
	_exit(mapped ? 0 : 1);
}

/* Limits of a user namespace hold for what is below it, and for nobody beside it. */
static bool
enter_own_world(void)
{
	bool is_root = geteuid() == 0;
	pid_t self = getpid(), child;
	int go[2], status;

	if (pipe2(go, O_CLOEXEC) != 0)
		return false;
	child = fork();
	if (child == 0)
		map_from_outside(self, go[0]);
	bool entered = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
		       (is_root || write_to("/proc/self/setgroups", "deny")) &&
		       write(go[1], "g", 1) == 1;

	close(go[0]);
	close(go[1]);
	return waitpid(child, &status, 0) == child && status == 0 && entered &&
	       setresuid(0, 0, 0) == 0 && setresgid(0, 0, 0) == 0;
}

static bool
mount_small_disk(void)
{
	snprintf(place, sizeof place, "/tmp/sandtop-want-XXXXXX");
	if (mkdtemp(place) && mount("small", place, "tmpfs", 0, "size=" DISK) == 0)
		return setenv("TMPDIR", place, 1) == 0;
	rmdir(place);
	place[0] = '\0';
	return false;
}

static int
open_world(void **state)
{
	if (!enter_own_world() || !mount_small_disk()) {
		printf("skipped: no namespaces of one's own here: %s\n", strerror(errno));
		return 0;
	}
	open_house(state);
	if (house.host->support.rung == BOX_RUNG_PLAIN) {
		printf("skipped: no sandboxes in such a namespace: %s\n",
		    house.host->support.reason);
		close_house(state);
		place[0] = '\0';
		return 0;
	}
	create_guest(",\"timeout\":3600", &guest);
	create_guest(",\"timeout\":3600", &other);
	return 0;
}

static int
close_world(void **state)
{
	return *place ? close_house(state) : 0;
}

static void
needs_world(void)
{
	if (!*place)
		skip();
}

static void
assert_said(const struct guest *g, const char *script, const char *said)
{
	struct stream_end end;

	run_script(g, script, &end);
	if (!str_eq(end.out.data, said))
		fail_msg(
		    "%s: \"%s\" %s %s", script, end.out.data, end.err.data, end.message);
	stream_clear(&end);
}

static void
others_are_well(void)
{
	assert_said(&other, "echo well", "well\n");
}

/* Of envd's filesystem service. */
static int
files_call(const struct guest *g, const char *method, const char *json, struct answer *a)
{
	char *path = xasprintf("/filesystem.Filesystem/%s", method);
	char *headers = xasprintf("%sContent-Type: application/json\r\n", g->headers);

	ask("POST", path, headers, json, strlen(json), a);
	free(headers);
	free(path);
	return a->status;
}

/* ---- the disk */

static int
upload(const struct guest *g, const char *path, const void *bytes, size_t len,
    struct answer *a)
{
	char *target = xasprintf("/files?path=%s", path);
	char *headers =
	    xasprintf("%sContent-Type: application/octet-stream\r\n", g->headers);

	ask("POST", target, headers, bytes, len, a);
	free(headers);
	free(target);
	return a->status;
}

static void
fill_disk(void)
{
	assert_said(&guest,
	    "head -c 999m /dev/zero >/home/user/fill 2>/dev/null; echo full", "full\n");
}

static void
empty_disk(void)
{
	assert_said(
	    &guest, "rm -f /home/user/fill /home/user/big; echo empty", "empty\n");
}

static void
an_upload_beyond_the_disk_is_507(void **state)
{
	char *bytes = xcalloc(1, BIG);
	struct answer a;

	(void)state;
	needs_world();
	if (upload(&guest, "big", bytes, BIG, &a) != 507)
		fail_msg("%d %s", a.status, a.body.data);
	assert_true(body_has(&a, "\"code\":507"));
	assert_true(body_has(&a, "disk space"));
	answer_clear(&a);
	empty_disk();
	assert_int_equal(upload(&guest, "small", bytes, 100, &a), 200);
	answer_clear(&a);
	others_are_well();
	free(bytes);
}

static void
programs_hear_of_it(void **state)
{
	(void)state;
	needs_world();
	assert_said(&guest,
	    "head -c 999m /dev/zero 2>&1 >fill | grep -o 'No space left.*'",
	    "No space left on device\n");
	others_are_well();
	empty_disk();
}

static void
creating_and_copying_say_507_and_leave_nothing(void **state)
{
	struct answer a;
	char *path = xasprintf("/sandboxes/%s/snapshots", guest.id);
	size_t before = registry_count(house.host->registry, SANDBOX_RUNNING);

	(void)state;
	if (!*place)
		free(path);
	needs_world();
	fill_disk();
	if (rest("POST", "/sandboxes", "{\"templateID\":\"base\"}", &a) != 507)
		fail_msg("%d %s", a.status, a.body.data);
	assert_true(body_has(&a, "disk is full"));
	answer_clear(&a);
	if (rest("POST", path, "{}", &a) != 507)
		fail_msg("%d %s", a.status, a.body.data);
	assert_true(body_has(&a, "disk is full"));
	answer_clear(&a);
	assert_int_equal(registry_count(house.host->registry, SANDBOX_RUNNING), before);
	others_are_well();
	empty_disk();
	assert_int_equal(rest("POST", path, "{}", &a), 201);
	answer_clear(&a);
	free(path);
}

static int
rest_of(const struct guest *g, const char *method, const char *rest_path,
    const char *json, struct answer *a)
{
	char *path = xasprintf("/sandboxes/%s%s", g->id, rest_path);
	int status = rest(method, path, json, a);

	free(path);
	return status;
}

/* What the host said yes to while its database was full is true after a crash, too. */
static void
promises_made_on_a_full_disk_are_kept(void **state)
{
	struct guest ended;
	struct answer a;

	(void)state;
	needs_world();
	create_guest(NULL, &ended);
	fill_disk();
	assert_int_equal(rest_of(&ended, "DELETE", "", NULL, &a), 204);
	answer_clear(&a);
	fill_disk(); /* what its end has freed */
	assert_int_equal(
	    rest_of(&other, "POST", "/timeout", "{\"timeout\":7200}", &a), 204);
	answer_clear(&a);
	empty_disk();
	assert_int_equal(/* something to be written */
	    rest_of(&guest, "POST", "/timeout", "{\"timeout\":3600}", &a), 204);
	answer_clear(&a);
	restart_house(false);
	assert_int_equal(rest_of(&ended, "GET", "", NULL, &a), 404);
	answer_clear(&a);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rest_of(i ? &other : &guest, "POST", "/connect",
				     "{\"timeout\":3600}", &a),
		    201);
		answer_clear(&a);
	}
}

/* ---- inotify */

static int
watch_once(const char *path, struct answer *a)
{
	char *json = xasprintf("{\"path\":\"%s\",\"recursive\":true}", path);
	int status = files_call(&guest, "CreateWatcher", json, a);

	free(json);
	return status;
}

static void
watching_has_the_machines_limits(void **state)
{
	/* A sandbox has one instance, from its first watch on. */
	static const char *const limits[] = { "/proc/sys/user/max_inotify_instances",
		"/proc/sys/user/max_inotify_watches" };

	(void)state;
	needs_world();
	assert_said(&guest,
	    "for i in $(seq 40); do mkdir -p tree0/$i tree1/$i; done; echo made",
	    "made\n");
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		char *was = NULL, *tree = xasprintf("/home/user/tree%zu", i);
		size_t len;
		struct answer a;
		int status;

		assert_true(path_read_file(limits[i], 100, &was, &len, NULL));
		assert_true(write_to(limits[i], i == 0 ? "0" : "10"));
		status = watch_once(tree, &a);
		assert_true(write_to(limits[i], was));
		free(was);
		if (status != 429 || !body_has(&a, "resource_exhausted"))
			fail_msg("%s: %d %s", limits[i], status, a.body.data);
		answer_clear(&a);
		others_are_well();
		if (watch_once(tree, &a) != 200)
			fail_msg("%s: %d %s", limits[i], a.status, a.body.data);
		answer_clear(&a);
		free(tree);
	}
}

/* ---- processes */

/* Threads count as processes do, and cost less. */
#define FILL_WITH_THREADS                                                                \
	"import threading\\nthreading.stack_size(65536)\\ne = threading.Event()\\n"      \
	"try:\\n while True: threading.Thread(target=e.wait, daemon=True).start()\\n"    \
	"except RuntimeError: print('reached', flush=True)\\ne.wait()"

static void
starting_has_the_sandboxs_limit(void **state)
{
	static const char start[] = "{\"process\":{\"cmd\":\"python3\",\"args\":[\"-c\","
				    "\"" FILL_WITH_THREADS "\"]}}";
	struct stream_end end;
	struct client c;

	(void)state;
	needs_world();
	client_open(&c);
	open_stream(&c, &guest, "Start", start, "");
	int pid = wait_pid(&c);

	wait_output(&c, "reached");
	/* With uids of its own the first process still gets in, to end the others; it cannot
	 * fork. With one uid not even that. */
	run_script(&guest, "sleep 0 && echo forked", &end);
	if (end.exit_code == 0 || end.out.len > 0 ||
	    !(strstr(end.err.data, "fork") || str_eq(end.code, "resource_exhausted")))
		fail_msg("%d %s %s %s %s", end.exit_code, end.out.data, end.err.data,
		    end.code, end.message);
	stream_clear(&end);
	others_are_well();
	char *json =
	    xasprintf("{\"process\":{\"pid\":%d},\"signal\":\"SIGNAL_SIGKILL\"}", pid);

	assert_int_equal(unary(&guest, "SendSignal", json, NULL), 200);
	client_wait(&c, "\"end\"");
	client_close(&c);
	assert_said(&guest, "echo again", "again\n");
	free(json);
}

/* ---- terminals */

enum { TERMINALS = 3 };

/* The sandbox's own terminals, from outside: nobody inside may. */
static bool
limit_terminals(int supervisor, const char *limit)
{
	char *options = xasprintf("mode=620,ptmxmode=666%s", limit);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int fd = (int)syscall(SYS_pidfd_open, supervisor, 0);

		_exit(fd >= 0 && setns(fd, CLONE_NEWNS) == 0 &&
			      mount("devpts", "/dev/pts", NULL,
				  MS_REMOUNT | MS_NOSUID | MS_NOEXEC, options) == 0
			  ? 0
			  : 1);
	}
	free(options);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static const char in_terminal[] =
    "{\"process\":{\"cmd\":\"cat\"},\"pty\":{\"size\":{\"cols\":80,\"rows\":24}}}";

static void
start_refused(const struct guest *g)
{
	struct stream_end end;
	struct client c;
	struct answer a;

	client_open(&c);
	open_stream(&c, g, "Start", in_terminal, NULL);
	client_answer(&c, &a);
	read_stream(&a, &end);
	if (!str_eq(end.code, "resource_exhausted") ||
	    !strstr(end.message, "no terminal is left") ||
	    !strstr(end.message, "kernel.pty.max"))
		fail_msg("%d %s: %s", a.status, end.code, end.message);
	stream_clear(&end);
	answer_clear(&a);
	client_close(&c);
}

static int
start_in_terminal(struct client *c, const struct guest *g)
{
	client_open(c);
	open_stream(c, g, "Start", in_terminal, NULL);
	return wait_pid(c);
}

static void
end_in_terminal(struct client *c, const struct guest *g, int pid)
{
	char *json =
	    xasprintf("{\"process\":{\"pid\":%d},\"signal\":\"SIGNAL_SIGKILL\"}", pid);

	assert_int_equal(unary(g, "SendSignal", json, NULL), 200);
	client_wait(c, "\"end\"");
	client_close(c);
	free(json);
}

static void
terminals_have_their_limit(void **state)
{
	struct client clients[TERMINALS], again;
	int pids[TERMINALS];

	(void)state;
	needs_world();
	others_are_well();
	int supervisor = box_pid(registry_find(house.host->registry, guest.id)->box);
	size_t inside = count_descriptors_of(supervisor), here = count_descriptors();

	assert_true(limit_terminals(supervisor, ",max=3"));
	for (size_t i = 0; i < TERMINALS; i++)
		pids[i] = start_in_terminal(&clients[i], &guest);
	for (int i = 0; i < 20; i++)
		start_refused(&guest);
	assert_said(&guest, "echo without", "without\n");
	end_in_terminal(&again, &other, start_in_terminal(&again, &other));
	end_in_terminal(&clients[0], &guest, pids[0]);
	pids[0] = start_in_terminal(&clients[0], &guest);
	start_refused(&guest);
	assert_true(limit_terminals(supervisor, ""));
	end_in_terminal(&again, &guest, start_in_terminal(&again, &guest));
	for (size_t i = 0; i < TERMINALS; i++)
		end_in_terminal(&clients[i], &guest, pids[i]);
	others_are_well();
	assert_int_equal(count_descriptors_of(supervisor), inside);
	assert_in_range(count_descriptors(), 1, here + 2);
}

/* ---- descriptors */

/* Only as many more as the answer to a request needs, and not the pipes of a process. */
static void
without_descriptors_requests_fail_and_the_host_lives(void **state)
{
	struct rlimit was, low;
	size_t before;

	(void)state;
	needs_world();
	others_are_well();
	before = count_descriptors();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	for (rlim_t more = 2; more < 9; more++) {
		struct stream_end end;

		low = was;
		low.rlim_cur = (rlim_t)before + more;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
		run_script(&other, "echo started", &end);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		if (!str_eq(end.out.data, "started\n") && !*end.message)
			fail_msg("%d more: nothing was said", (int)more);
		stream_clear(&end);
		others_are_well();
	}
	assert_in_range(count_descriptors(), 1, before + 2);
}

/* ---- connections */

static bool
few_are_left(void *ctx)
{
	(void)ctx;
	return server_connections(house.host->server) < 10;
}

static bool
has_told(void *ctx)
{
	char byte;

	return read(*(int *)ctx, &byte, 1) == 1;
}

/* In a process of its own, whose descriptors they are. */
static _Noreturn void
be_a_crowd(int port, int tell, int wait)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char byte = 1;

	for (int i = 0; i < CROWD; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (const void *)&to, sizeof to) != 0)
			_exit(1);
	}
	if (write(tell, &byte, 1) != 1 || read(wait, &byte, 1) != 0)
		_exit(1);
	_exit(0);
}

static void
ten_thousand_idle_connections_keep_nobody_out(void **state)
{
	size_t before = count_descriptors();
	struct rlimit limit;
	struct answer a;
	int told[2], end[2], status;

	(void)state;
	needs_world();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < CROWD + 1000) {
		printf("skipped: %d descriptors only\n", (int)limit.rlim_cur);
		skip();
	}
	assert_int_equal(pipe2(told, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	pid_t pid = fork();

	if (pid == 0) {
		close(end[1]);
		be_a_crowd(house.host->file.port, told[1], end[0]);
	}
	close(told[1]);
	close(end[0]);
	turn_until(has_told, &told[0]);
	others_are_well();
	assert_int_equal(rest_of(&other, "GET", "", NULL, &a), 200);
	answer_clear(&a);
	close(end[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	turn_until(few_are_left, NULL);
	close(told[0]);
	assert_in_range(count_descriptors(), 1, before + 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_upload_beyond_the_disk_is_507),
		cmocka_unit_test(programs_hear_of_it),
		cmocka_unit_test(creating_and_copying_say_507_and_leave_nothing),
		cmocka_unit_test(promises_made_on_a_full_disk_are_kept),
		cmocka_unit_test(watching_has_the_machines_limits),
		cmocka_unit_test(starting_has_the_sandboxs_limit),
		cmocka_unit_test(terminals_have_their_limit),
		cmocka_unit_test(without_descriptors_requests_fail_and_the_host_lives),
		cmocka_unit_test(ten_thousand_idle_connections_keep_nobody_out),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
