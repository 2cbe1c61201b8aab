/*
 * What a sandbox cannot reach: the person's files and secrets, the machine's
 * loopback, other sandboxes, its own supervisor. On the last rung there are no
 * walls, and these tests say "skipped".
 */
#include "box_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"

enum { OUTPUT_MAX = 1024 * 1024 };

static struct house houses[VARIANTS_MAX];

static bool
has_walls(size_t i)
{
	return variants[i].support.rung != BOX_RUNG_PLAIN;
}

static int
open_houses(void **state)
{
	find_variants(state);
	for (size_t i = 0; i < variant_count; i++)
		if (has_walls(i))
			house_open(&houses[i], &variants[i]);
	return 0;
}

static int
close_houses(void **state)
{
	for (size_t i = 0; i < variant_count; i++)
		if (has_walls(i))
			house_close(&houses[i]);
	return drop_variants(state);
}

struct wall {
	const char *name;
	void (*check)(struct house *h);
};

/* Every user of the sandbox must fail at it, whatever the words. */
static void
assert_fails(struct house *h, const char *script)
{
	static const char *const users[] = { "user", "root" };

	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		struct buf out;

		buf_init(&out, OUTPUT_MAX);
		if (run(h, users[i], script, &out) == 0)
			fail_msg("%s: %s may: %s: %s", h->how->name, users[i], script,
			    out.data);
		buf_clear(&out);
	}
}

/* ---- files */

static void
files_of_the_machine_are_not_there(struct house *h)
{
	const char *tmp = getenv("TMPDIR"), *home = getenv("HOME");
	char *dir = path_join(tmp ? tmp : "/tmp", "sandtop-secret-XXXXXX");

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	char *secret = path_join(dir, "secret");
	FILE *f = fopen(secret, "w");

	assert_true(f && fputs("secret", f) >= 0 && fclose(f) == 0);
	assert_int_equal(chmod(secret, 0644), 0);
	char *script = xasprintf("cat %s", secret);

	assert_fails(h, script);
	free(script);
	script = xasprintf("cat /proc/1/root%s", secret);
	assert_fails(h, script);
	free(script);
	if (home && strcmp(home, "/root") != 0 && strcmp(home, "/home/user") != 0) {
		script = xasprintf("ls %s", home);
		assert_fails(h, script);
		free(script);
	}
	assert_string_equal(said(h, "root", "ls /home"), "user");
	assert_string_equal(said(h, "root", "ls -A /root"), ".bashrc\n.profile");
	unlink(secret);
	rmdir(dir);
	free(secret);
	free(dir);
}

static void
secrets_of_the_machine_are_not_there(struct house *h)
{
	assert_fails(h, "cat /etc/shadow");
	assert_fails(h, "cat /etc/gshadow");
	assert_fails(h, "ls /etc/ssl/private/*");
	assert_fails(h, "ls /etc/ssh/*");
	assert_fails(h, "ls /sys/class");
	assert_fails(h, "ls /oldroot");
	assert_string_equal(said(h, NULL, "cut -d: -f1 /etc/passwd | tr '\\n' ' '"),
	    "root daemon bin sys man mail www-data backup _apt user nobody ");
}

static void
names_are_its_own(struct house *h)
{
	char machine[256];

	assert_int_equal(gethostname(machine, sizeof machine), 0);
	assert_string_equal(
	    said(h, NULL, "hostname 2>/dev/null || uname -n"), "itest1234567890");
	assert_string_equal(said(h, NULL, "cat /etc/hostname"), "itest1234567890");
	assert_non_null(strstr(said(h, NULL, "cat /etc/hosts"), "itest1234567890"));
	assert_null(strstr(said(h, NULL, "cat /etc/hosts /etc/hostname"), machine));
}

static void
users_are_who_they_say(struct house *h)
{
	bool two = h->how->support.rung == BOX_RUNG_BWRAP_ROOT ||
		   h->how->support.idmap.count > 0;

	assert_string_equal(said(h, NULL, "id -un; id -u; echo $HOME $USER; pwd"),
	    "user\n1000\n/home/user user\n/home/user");
	assert_string_equal(
	    said(h, "root", "echo $HOME $USER; pwd"), "/root root\n/root");
	if (h->how->support.proc_mount)
		assert_string_equal(said(h, "root", "id -un; id -u"), "root\n0");
	if (two) {
		assert_string_equal(
		    said(h, NULL, "ls -A /root 2>/dev/null || echo closed"), "closed");
		assert_string_equal(said(h, "root", "stat -c %U /home/user"), "user");
	}
}

static void
the_machines_system_is_out_of_reach(struct house *h)
{
	const char *const attempts[] = {
		"echo x > /.sandtop/init",
		"ls /.sandtop/system/usr",
		"ls /.sandtop/layer/usr",
		"mount -o remount,rw /usr",
		"umount /usr",
		"unshare -Urm umount /usr",
		"unshare -Urm umount /.sandtop",
		"unshare -Urm mount --bind / /mnt",
		"echo x > /proc/sys/kernel/core_pattern",
		"echo x > /proc/sys/kernel/hostname",
		"mknod /tmp/disk b 8 0",
		"mknod /usr/disk b 8 0",
	};

	for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
		assert_fails(h, attempts[i]);
	assert_string_equal(said(h, NULL,
				"for d in ~ /tmp /var/tmp; do touch $d/x && rm $d/x; "
				"done; echo written"),
	    "written");
	assert_string_equal(said(h, "root",
				"for d in / /root /etc /opt /var/lib /run; do "
				"touch $d/x && rm $d/x; done; echo written"),
	    "written");
}

/* What a sandbox changes there, it changes for itself. */
static void
the_system_is_the_sandboxs_own(struct house *h)
{
	const bool two = h->how->support.rung == BOX_RUNG_BWRAP_ROOT ||
			 h->how->support.idmap.count > 0;

	if (!h->how->support.system_writable) {
		assert_fails(h, "touch /usr/here");
		assert_fails(h, "touch /bin/here");
		assert_string_equal(
		    said(h, "root", "touch /usr/here 2>&1 | grep -c Read"), "1");
		return;
	}
	if (two)
		assert_string_equal(
		    said(h, NULL, "touch /usr/bin/here 2>/dev/null || echo closed"),
		    "closed");
	assert_string_equal(said(h, "root",
				"cd /usr/bin && printf '#!/bin/sh\necho new\n' > "
				"itest-new && chmod 755 itest-new && itest-new && "
				"rm tty && ls tty 2>/dev/null || cp id itest-copy && "
				"mv itest-copy nproc && nproc -un"),
	    "new\nroot");
	assert_string_equal(said(h, NULL, "itest-new"), "new");
	assert_int_not_equal(access("/usr/bin/itest-new", F_OK), 0);
	assert_int_equal(access("/usr/bin/tty", F_OK), 0);
}

/* ---- processes */

static void
other_processes_are_not_there(struct house *h)
{
	char *script = xasprintf("kill -0 %d", (int)getpid());

	if (h->how->support.proc_mount) {
		assert_string_equal(said(h, "root", "cat /proc/1/comm"), "init");
		assert_string_equal(said(h, "root",
					"for p in /proc/[0-9]*; do cat $p/comm; done | "
					"grep -cvE '^(init|sh|cat|grep)$' || true"),
		    "0");
	}
	if (getpid() > 1000) /* it has no such number in there */
		assert_fails(h, script);
	free(script);
}

static void
the_supervisor_cannot_be_touched(struct house *h)
{
	struct buf out;

	assert_fails(h, "cat /proc/1/environ");
	assert_fails(h, "ls -l /proc/1/fd/3");
	assert_fails(h, "head -c 1 /proc/1/mem");
	buf_init(&out, OUTPUT_MAX);
	run(h, "root", "kill -9 1; kill -STOP 1; kill -TERM 1", &out);
	run(h, "user", "kill -9 1; kill -STOP 1; kill -TERM 1", &out);
	buf_clear(&out);
	assert_string_equal(said(h, NULL, "echo alive"), "alive");
	assert_string_equal(
	    said(h, NULL,
		"test ! -e /proc || ls /proc/self/fd 2>/dev/null | grep -cx 3 || true"),
	    h->how->support.proc_mount ? "1" : "0"); /* the 3 of ls itself, no other */
}

/* A ring of the session is inherited through every namespace. */
static void
keys_of_the_machine_are_not_there(struct house *h)
{
	static const char script[] =
	    "python3 -c 'import ctypes, errno, os, sys\n"
	    "c = ctypes.CDLL(None, use_errno=True)\n"
	    "n = {\"x86_64\": 248, \"aarch64\": 217}[os.uname().machine]\n"
	    "for call in ((n + 2, 0, -3, 0), (n + 2, 0, -4, 0),\n"
	    "             (n, b\"user\", b\"a\", b\"b\", 1, -3),\n"
	    "             (n + 1, b\"user\", b\"sandtop-walls\", None, -3)):\n"
	    "    gone = c.syscall(*call) < 0\n"
	    "    print(gone and ctypes.get_errno() == errno.ENOSYS)'";

	if (access("/usr/bin/python3", X_OK) != 0)
		return;
	assert_string_equal(said(h, NULL, script), "True\nTrue\nTrue\nTrue");
	assert_string_equal(said(h, "root", script), "True\nTrue\nTrue\nTrue");
}

static void
capabilities_are_few(struct house *h)
{
	char *end;

	if (!h->how->support.proc_mount)
		return;
	assert_string_equal(said(h, NULL, "sed -n 's/^CapEff:.//p' /proc/self/status"),
	    "0000000000000000");
	/* Without a user namespace these would be the machine's. */
	unsigned long long bounding = strtoull(
	    said(h, "root", "sed -n 's/^CapBnd:.//p' /proc/self/status"), &end, 16);

	if (h->how->support.rung == BOX_RUNG_BWRAP_ROOT ||
	    h->how->support.idmap.count > 0) {
		enum { SYS_MODULE = 16, SYS_PTRACE = 19, SYS_ADMIN = 21, MKNOD = 27 };

		assert_int_equal(bounding >> SYS_MODULE & 1, 0);
		assert_int_equal(bounding >> SYS_PTRACE & 1, 0);
		assert_int_equal(bounding >> SYS_ADMIN & 1, 0);
		assert_int_equal(bounding >> MKNOD & 1, 0);
	}
	assert_string_equal(
	    said(h, NULL, "sed -n 's/^NoNewPrivs:.//p' /proc/self/status"), "1");
}

/* ---- network */

static int
listen_here(uint16_t *port)
{
	struct sockaddr_in where = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof where;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&where, sizeof where), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&where, &size), 0);
	*port = ntohs(where.sin_port);
	return fd;
}

static void
wait_for_internet(struct house *h)
{
	uint64_t end_ms = clock_mono_ms() + 10000;

	while (!box_has_internet(h->box)) {
		assert_true(clock_mono_ms() < end_ms);
		loop_turn(h->loop, 50);
	}
}

/* 127.0.0.1 is the sandbox's own; 10.0.2.2 is what slirp4netns would call the machine. */
static void
loopback_of_the_machine_is_out_of_reach(struct house *h)
{
	uint16_t port;
	int listener = listen_here(&port);
	bool internet = h->how->support.internet;

	house_stop(h);
	house_start(h, "itest1234567890", NULL, true);
	if (internet)
		wait_for_internet(h);
	char *script =
	    xasprintf("timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/%d'", port);

	assert_fails(h, script);
	free(script);
	script = xasprintf("timeout 5 bash -c 'exec 3<>/dev/tcp/10.0.2.2/%d'", port);
	assert_fails(h, script);
	free(script);
	assert_int_equal(accept(listener, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	assert_string_equal(said(h, NULL, "cat /etc/resolv.conf"),
	    internet ? "nameserver 10.0.2.3" : "# this sandbox has no internet");
	close(listener);
}

static void
without_internet_there_is_loopback_only(struct house *h)
{
	house_stop(h);
	house_start(h, "itest1234567890", NULL, false);
	assert_false(box_has_internet(h->box));
	if (h->how->support.proc_mount)
		assert_string_equal(said(h, NULL,
					"sed -n 's/^ *\\([a-z0-9]*\\):.*/\\1/p' "
					"/proc/net/dev | tr '\\n' ' '"),
		    "lo ");
	/* Named where it could be allowed later, though nothing leads there now. */
	assert_string_equal(said(h, NULL, "cat /etc/resolv.conf"),
	    h->how->support.internet ? "nameserver 10.0.2.3"
				     : "# this sandbox has no internet");
	house_stop(h);
	house_start(h, "itest1234567890", NULL, false);
}

static void
on_socket(void *ctx, int fd)
{
	int *out = ctx;

	*out = fd;
}

static struct box_process
serve_3000(struct house *h, const char *greeting)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "python3", .args = &args };
	struct buf out;

	strlist_add(&args, "-c");
	strlist_add(&args, "import socket, sys\n"
			   "s = socket.create_server(('127.0.0.1', 3000))\n"
			   "print('up', flush=True)\n"
			   "while True:\n"
			   "    c, _ = s.accept()\n"
			   "    c.sendall(sys.argv[1].encode())\n"
			   "    c.close()\n");
	strlist_add(&args, greeting);
	struct box_process p = start(h, &spawn);

	assert_int_equal(p.result, BOX_SPAWN_OK);
	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, "up\n");
	buf_clear(&out);
	strlist_clear(&args);
	return p;
}

static void
ask_3000(struct house *h, char *answer, size_t size)
{
	const struct sockaddr_in where = {
		.sin_family = AF_INET,
		.sin_port = htons(3000),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = -1;

	box_socket(h->box, on_socket, &fd);
	while (fd < 0)
		loop_turn(h->loop, 100);
	assert_int_equal(connect(fd, (const struct sockaddr *)&where, sizeof where), 0);
	ssize_t got = read(fd, answer, size - 1);

	assert_true(got > 0);
	answer[got] = '\0';
	close(fd);
}

static void
two_boxes_may_use_the_same_port(struct house *h)
{
	struct house other;
	char answer[64];

	if (access("/usr/bin/python3", X_OK) != 0)
		return;
	house_open(&other, h->how);
	struct box_process a = serve_3000(h, "first"), b = serve_3000(&other, "second");

	ask_3000(h, answer, sizeof answer);
	assert_string_equal(answer, "first");
	ask_3000(&other, answer, sizeof answer);
	assert_string_equal(answer, "second");
	close_process(&a);
	close_process(&b);
	house_close(&other);
	house_stop(h);
	h->exit_count = 0;
	house_start(h, "itest1234567890", NULL, false);
}

#define WALL(function)                                                                   \
	{                                                                                \
#function, function                                                      \
	}
static struct wall walls[] = {
	WALL(files_of_the_machine_are_not_there),
	WALL(secrets_of_the_machine_are_not_there),
	WALL(names_are_its_own),
	WALL(users_are_who_they_say),
	WALL(the_machines_system_is_out_of_reach),
	WALL(the_system_is_the_sandboxs_own),
	WALL(other_processes_are_not_there),
	WALL(the_supervisor_cannot_be_touched),
	WALL(keys_of_the_machine_are_not_there),
	WALL(capabilities_are_few),
	WALL(loopback_of_the_machine_is_out_of_reach),
	WALL(without_internet_there_is_loopback_only),
	WALL(two_boxes_may_use_the_same_port),
};

static void
check_everywhere(void **state)
{
	const struct wall *w = *state;

	if (!has_walls(0))
		skip();
	for (size_t i = 0; i < variant_count; i++)
		if (has_walls(i))
			w->check(&houses[i]);
}

int
main(void)
{
	static struct CMUnitTest tests[ARRAY_LEN(walls)];

	for (size_t i = 0; i < ARRAY_LEN(walls); i++) {
		tests[i].name = walls[i].name;
		tests[i].test_func = check_everywhere;
		tests[i].initial_state = &walls[i];
	}
	return cmocka_run_group_tests(tests, open_houses, close_houses);
}
