/* What a sandbox does on every rung of the ladder that this machine allows. */
#include "box_fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024 };

/* ---- commands */

static void
pipes_carry_both_ways(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = {
		.cmd = "sh", /* found in PATH */
		.args = &args,
		.stdin_pipe = true,
	};
	struct buf out, err;

	strlist_add(&args, "-c");
	strlist_add(&args, "read a; echo got $a; echo bad >&2; exit 7");
	struct box_process p = start(h, &spawn);

	assert_int_equal(p.result, BOX_SPAWN_OK);
	assert_true(p.pid > 1 && p.pty == -1 && p.in >= 0 && p.out >= 0 && p.err >= 0);
	assert_int_equal(write(p.in, "hello\n", 6), 6);
	buf_init(&out, OUTPUT_MAX);
	buf_init(&err, OUTPUT_MAX);
	read_until(h, p.out, &out, NULL);
	read_until(h, p.err, &err, NULL);
	assert_string_equal(out.data, "got hello\n");
	assert_string_equal(err.data, "bad\n");
	int status = wait_exit(h, p.pid);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	close_process(&p);
	buf_clear(&out);
	buf_clear(&err);
	strlist_clear(&args);
}

static void
without_stdin_there_is_nothing_to_read(struct house *h)
{
	assert_string_equal(said(h, NULL, "cat; echo end"), "end");
}

static void
missing_commands_end_with_127(struct house *h)
{
	const struct box_spawn spawn = { .cmd = "no-such-command" };
	struct box_process p = start(h, &spawn);
	struct buf err;

	assert_int_equal(p.result, BOX_SPAWN_OK);
	buf_init(&err, OUTPUT_MAX);
	read_until(h, p.err, &err, NULL);
	assert_string_equal(err.data, "sh: 1: exec: no-such-command: not found\n");
	int status = wait_exit(h, p.pid);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 127);
	close_process(&p);
	buf_clear(&err);
}

static void
starts_that_make_no_sense_are_refused(struct house *h)
{
	static const struct {
		struct box_spawn spawn;
		enum box_spawn_error result;
		const char *message;
	} cases[] = {
		{ { .cmd = "true", .cwd = "/nope" }, BOX_SPAWN_NO_CWD,
		    "cwd '/nope' does not exist" },
		{ { .cmd = "/bin/true", .cwd = "/bin/sh" }, BOX_SPAWN_CWD_NOT_DIR,
		    "error starting process '/bin/true': Not a directory" },
		{ { .cmd = "true", .cwd = "~other" }, BOX_SPAWN_NO_CWD,
		    "cwd '~other' does not exist" },
		{ { .cmd = "true", .user = "stranger" }, BOX_SPAWN_NO_USER,
		    "there is no user 'stranger'" },
		{ { .cmd = "true", .user = "" }, BOX_SPAWN_NO_USER,
		    "there is no user ''" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct box_process p = start(h, &cases[i].spawn);

		assert_int_equal(p.result, cases[i].result);
		assert_string_equal(p.message, cases[i].message);
		assert_true(p.pty == -1 && p.in == -1 && p.out == -1 && p.err == -1);
	}
}

static void
working_directories_start_at_home(struct house *h)
{
	static const struct {
		const char *cwd, *below_home;
	} cases[] = { { NULL, "" }, { "", "" }, { "~", "" }, { "~/w", "/w" },
		{ "w", "/w" } };
	char *home = xstrdup(said(h, NULL, "mkdir -p ~/w; cd; pwd -P"));

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strlist args = { .count = 0 };
		const struct box_spawn spawn = {
			.cmd = "pwd",
			.args = &args,
			.cwd = cases[i].cwd,
		};
		struct buf out;

		strlist_add(&args, "-P");
		struct box_process p = start(h, &spawn);
		char *expected = xasprintf("%s%s\n", home, cases[i].below_home);

		buf_init(&out, OUTPUT_MAX);
		read_until(h, p.out, &out, NULL);
		assert_string_equal(out.data, expected);
		wait_exit(h, p.pid);
		close_process(&p);
		buf_clear(&out);
		strlist_clear(&args);
		free(expected);
	}
	free(home);
}

static void
environment_is_built_from_scratch(struct house *h)
{
	struct strlist args = { .count = 0 };
	struct pairs envs = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "env", .args = &args, .envs = &envs };
	struct buf out;

	assert_int_equal(setenv("SANDTOP_TEST_LEAK", "seen", 1), 0);
	pairs_set(&envs, "COLOUR", "from the request");
	pairs_set(&envs, "USER", "somebody");
	pairs_set(&envs, "A=B", "not a name");
	pairs_set(&envs, "", "not a name either");
	struct box_process p = start(h, &spawn);

	buf_init(&out, OUTPUT_MAX);
	buf_add_char(&out, '\n');
	read_until(h, p.out, &out, NULL);
	wait_exit(h, p.pid);
	assert_non_null(strstr(out.data, "\nPATH=/usr/local/sbin:/usr/local/bin:"));
	assert_non_null(strstr(out.data, "\nHOME="));
	assert_non_null(strstr(out.data, "\nLOGNAME=user\n"));
	assert_non_null(strstr(out.data, "\nUSER=somebody\n"));
	assert_null(strstr(out.data, "USER=user"));
	assert_non_null(strstr(out.data, "\nCOLOUR=from the request\n"));
	assert_null(strstr(out.data, "not a name"));
	assert_null(strstr(out.data, "SANDTOP_TEST_LEAK"));
	assert_null(strstr(out.data, "\nTERM="));
	close_process(&p);
	buf_clear(&out);
	pairs_clear(&envs);
}

static void
large_requests_arrive_whole_or_are_refused(struct house *h)
{
	struct strlist args = { .count = 0 };
	struct pairs envs = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "sh", .args = &args, .envs = &envs };
	char *big = xcalloc(1, 100001);
	struct buf out;

	memset(big, 'x', 100000);
	pairs_set(&envs, "BIG", big);
	strlist_add(&args, "-c");
	strlist_add(&args, "printf %s \"$BIG$1$1\" | wc -c");
	strlist_add(&args, "sh");
	strlist_add(&args, big);
	struct box_process p = start(h, &spawn);

	assert_int_equal(p.result, BOX_SPAWN_OK);
	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, NULL);
	assert_string_equal(out.data, "300000\n");
	wait_exit(h, p.pid);
	close_process(&p);
	for (int i = 0; i < 50; i++)
		strlist_add(&args, big);
	p = start(h, &spawn);
	assert_int_equal(p.result, BOX_SPAWN_LIMIT);
	assert_non_null(strstr(p.message, "4 MiB"));
	buf_clear(&out);
	strlist_clear(&args);
	pairs_clear(&envs);
	free(big);
}

static void
much_output_comes_whole(struct house *h)
{
	struct buf out;

	buf_init(&out, OUTPUT_MAX);
	assert_int_equal(run(h, NULL, "head -c 20000000 /dev/zero", &out), 0);
	assert_int_equal(out.len, 20000000);
	buf_clear(&out);
}

/* ---- terminals */

static void
terminals_are_terminals(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = {
		.cmd = "sh",
		.args = &args,
		.pty = true,
		.cols = 132,
		.rows = 50,
	};
	struct buf out;

	strlist_add(&args, "-c");
	strlist_add(&args,
	    "stty size; stty -a | grep -o ' iutf8'; test -t 2 && echo error too;"
	    "echo controlling > /dev/tty; test -w \"$(tty)\" && echo mine; read line; "
	    "echo \"<$line>\"");
	struct box_process p = start(h, &spawn);

	assert_int_equal(p.result, BOX_SPAWN_OK);
	assert_true(p.pty >= 0 && p.in == -1 && p.out == -1 && p.err == -1);
	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.pty, &out, "controlling\r\n");
	assert_int_equal(write(p.pty, "typed\n", 6), 6);
	read_until(h, p.pty, &out, "<typed>");
	assert_non_null(strstr(out.data, "50 132\r\n iutf8\r\nerror too\r\n"));
	if (h->how->support.rung != BOX_RUNG_PLAIN && h->how->support.proc_mount)
		assert_non_null(strstr(out.data, "mine\r\n"));
	assert_int_equal(wait_exit(h, p.pid), 0);
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
}

static void
shells_show_a_prompt(struct house *h)
{
	struct strlist args = { .count = 0 };
	struct pairs envs = { .count = 0 };
	const struct box_spawn spawn = {
		.cmd = "/bin/bash",
		.args = &args,
		.envs = &envs,
		.pty = true,
		.cols = 80,
		.rows = 24,
	};
	struct buf out;
	bool named = h->how->support.rung != BOX_RUNG_PLAIN;

	strlist_add(&args, "-i");
	strlist_add(&args, "-l");
	pairs_set(&envs, "TERM", "xterm-256color");
	struct box_process p = start(h, &spawn);

	assert_int_equal(p.result, BOX_SPAWN_OK);
	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.pty, &out, named ? "user@itest123:~$ " : ":~");
	assert_int_equal(write(p.pty, "exit 5\n", 7), 7);
	int status = wait_exit(h, p.pid);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
	pairs_clear(&envs);
}

/* ---- signals and the end */

struct delivery {
	bool came, delivered;
};

static void
on_signalled(void *ctx, bool delivered)
{
	struct delivery *d = ctx;

	d->came = true;
	d->delivered = delivered;
}

static bool
send_signal(struct house *h, int pid, int signum)
{
	struct delivery d = { .came = false };

	box_signal(h->box, pid, signum, on_signalled, &d);
	wait_for(h, &d.came);
	return d.delivered;
}

static void
signals_reach_one_process(struct house *h)
{
	static const int signals[] = { SIGKILL, SIGTERM };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		struct strlist args = { .count = 0 };
		const struct box_spawn spawn = { .cmd = "sleep", .args = &args };

		strlist_add(&args, "1000");
		struct box_process p = start(h, &spawn);

		assert_true(send_signal(h, p.pid, signals[i]));
		int status = wait_exit(h, p.pid);

		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
		assert_false(send_signal(h, p.pid, signals[i]));
		close_process(&p);
		strlist_clear(&args);
	}
	assert_false(send_signal(h, 1, SIGKILL)); /* not one of ours */
	assert_false(send_signal(h, -1, SIGKILL));
	box_signal(h->box, 1, SIGKILL, NULL, NULL);
	assert_string_equal(said(h, NULL, "echo alive"), "alive");
}

/* A command that stops all its user's processes stops the next one before it can speak. */
static void
starts_are_not_held_up_by_others(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "sh", .args = &args };
	const struct box_spawn next = { .cmd = "true" };
	struct buf out;

	if (h->how->support.rung == BOX_RUNG_PLAIN)
		return; /* it would stop the person's as well */
	strlist_add(&args, "-c");
	strlist_add(&args, "echo up; while :; do kill -STOP -1; kill -KILL -1; done");
	struct box_process p = start(h, &spawn);

	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, "up\n");
	for (int i = 0; i < 3; i++) {
		struct box_process q = start(h, &next); /* well or badly, but at once */

		if (q.result == BOX_SPAWN_OK)
			wait_exit(h, q.pid);
		close_process(&q);
	}
	send_signal(h, p.pid, SIGKILL);
	wait_exit(h, p.pid);
	assert_string_equal(said(h, NULL, "echo alive"), "alive");
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
}

/* The daemon holds the other end of the pipe, so the pipe's end is its death. */
static void
kill_ends_daemons_too(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "sh", .args = &args };
	struct buf out;
	char byte;

	strlist_add(&args, "-c");
	strlist_add(&args, "setsid sh -c 'trap \"\" HUP TERM; env -i sh -c \"echo "
			   "daemon; exec sleep 1000\"' & "
			   "exit 0");
	struct box_process p = start(h, &spawn);

	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, "daemon\n");
	assert_int_equal(wait_exit(h, p.pid), 0);
	house_stop(h);
	assert_int_equal(read(p.out, &byte, 1), 0);
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
	house_start(h, "itest1234567890", NULL, false);
}

static void
on_late_spawn(void *ctx, const struct box_process *p)
{
	bool *came = ctx;

	assert_int_equal(p->result, BOX_SPAWN_FAILED);
	assert_true(p->message[0] != '\0');
	*came = true;
}

static void
on_no_stats(void *ctx, const struct box_stats *stats)
{
	bool *came = ctx;

	assert_null(stats);
	*came = true;
}

static void
on_no_socket(void *ctx, int fd)
{
	bool *came = ctx;

	assert_int_equal(fd, -1);
	*came = true;
}

/* Nobody waits for ever: all that was asked is answered when the box ends. */
static void
a_killed_supervisor_is_an_end_with_a_reason(struct house *h)
{
	const struct box_spawn spawn = { .cmd = "true" };
	bool spawned = false, counted = false, opened = false, after = false;
	struct delivery d = { .came = false };

	assert_int_equal(kill(box_pid(h->box), SIGKILL), 0);
	wait_for(h, &h->ended);
	assert_false(h->was_asked);
	assert_string_equal(h->why, "the sandbox's first process was killed");
	box_spawn(h->box, &spawn, on_late_spawn, &spawned);
	box_stats(h->box, on_no_stats, &counted);
	box_socket(h->box, on_no_socket, &opened);
	box_signal(h->box, 2, SIGKILL, on_signalled, &d);
	wait_for(h, &spawned);
	assert_true(counted && opened && d.came && !d.delivered);
	box_free(h->box);
	house_start(h, "itest1234567890", NULL, false);
	box_kill(h->box);
	box_spawn(h->box, &spawn, on_late_spawn, &after);
	wait_for(h, &h->ended);
	wait_for(h, &after);
	house_stop(h);
	house_start(h, "itest1234567890", NULL, false);
}

/* ---- freezing */

static size_t
drain(int fd)
{
	static char chunk[65536];
	size_t all = 0;
	ssize_t got;

	while ((got = read(fd, chunk, sizeof chunk)) > 0)
		all += (size_t)got;
	assert_true(got < 0 && errno == EAGAIN);
	return all;
}

/* Fifty answers of the supervisor in a row without a byte and without any CPU used. */
static void
wait_until_still(struct house *h, int fd)
{
	uint64_t end_ms = clock_mono_ms() + 10000, cpu_us = 0;

	for (int quiet = 0; quiet < 50;) {
		struct box_stats s = stats_of(h);

		quiet = drain(fd) == 0 && s.cpu_us == cpu_us ? quiet + 1 : 0;
		cpu_us = s.cpu_us;
		assert_true(clock_mono_ms() < end_ms);
	}
}

static void
frozen_means_still(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "sh", .args = &args };
	const struct box_spawn late = { .cmd = "true" };
	struct error err;
	struct buf out;

	strlist_add(&args, "-c");
	strlist_add(&args, "while :; do echo tick; (:); done");
	struct box_process p = start(h, &spawn);

	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, "tick\ntick\n");
	assert_true(box_freeze(h->box, &err));
	wait_until_still(h, p.out);
	struct box_process refused = start(h, &late);

	assert_int_equal(refused.result, BOX_SPAWN_FAILED);
	assert_string_equal(refused.message, "the sandbox is paused");
	assert_true(box_freeze(h->box, &err)); /* once more changes nothing */
	assert_true(box_thaw(h->box, &err));
	buf_reset(&out);
	read_until(h, p.out, &out, "tick\ntick\n");
	assert_true(send_signal(h, p.pid, SIGKILL));
	wait_exit(h, p.pid);
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
}

/* It forks faster than a round of signals goes; its number is bounded, for the sake of
 * those who run this. */
static void
a_storm_of_forks_is_frozen(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "bash", .args = &args };
	struct box_stats now, last;
	struct error err;
	struct buf out;

	if (h->how->support.rung == BOX_RUNG_PLAIN || !h->how->support.proc_mount)
		return; /* nobody holds it there, or nobody sees that it stands still */
	strlist_add(&args, "-c");
	strlist_add(&args,
	    "storm() { while :; do (:) & (:) & wait; done; }; "
	    "for i in 1 2 3 4 5 6 7 8; do storm & done; echo thrown; wait");
	struct box_process p = start(h, &spawn);

	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, "thrown");
	assert_true(box_freeze(h->box, &err));
	now = stats_of(h);
	do {
		last = now;
		now = stats_of(h);
	} while (now.cpu_us != last.cpu_us || now.processes != last.processes);
	assert_true(box_thaw(h->box, &err));
	do
		now = stats_of(h);
	while (now.cpu_us == last.cpu_us);
	house_stop(h);
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
	house_start(h, "itest1234567890", NULL, false);
}

static bool
has_sudo(const struct house *h)
{
	return h->how->support.rung != BOX_RUNG_PLAIN && h->how->support.system_writable;
}

/* As in E2B's sandboxes, also where the machine has "python3" only. */
static void
python_has_both_names(struct house *h)
{
	static const char script[] = "if test -x /usr/bin/python3; then "
				     "python -c 'print(40 + 2)'; else echo 42; fi";

	if (has_sudo(h))
		assert_string_equal(said(h, NULL, script), "42");
}

/* As in E2B's sandboxes: without a password. */
static void
sudo_is_root_without_a_password(struct house *h)
{
	static const struct {
		const char *script, *said;
	} cases[] = {
		{ "sudo sh -c 'echo $USER $HOME $SUDO_USER'", "root /root user" },
		{ "cd /tmp && sudo -n pwd", "/tmp" },
		{ "sudo -u user id -un", "user" },
		{ "sudo --user=root -H -- sh -c 'echo $LOGNAME'", "root" },
		{ "sudo A=b C='d e' sh -c 'echo $A $C'", "b d e" },
		{ "A=b sudo sh -c 'echo \"<$A>\"'", "<>" },
		{ "A=b sudo -E sh -c 'echo $A'", "b" },
		{ "A=b B=c sudo --preserve-env=A sh -c 'echo $A$B'", "b" },
		{ "sudo -i pwd", "/root" },
		{ "sudo -s 'echo a; echo b'", "a\nb" },
		{ "echo in | sudo cat", "in" },
		{ "sudo sh -c 'exit 7' || echo $?", "7" },
		{ "sudo no-such-program 2>/dev/null || echo $?", "127" },
		{ "sudo -u nobody-here id 2>&1 || echo $?",
		    "sudo: unknown user nobody-here\n1" },
		{ "sudo 2>&1 | head -c 11", "usage: sudo" },
		{ "sudo --no-such 2>&1 | head -c 11", "usage: sudo" },
		{ "sudo -v && sudo -nv && sudo -k && sudo -K && sudo -k echo ran",
		    "ran" },
		{ "sudo -n -l && sudo -l id",
		    "    (ALL : ALL) NOPASSWD: ALL\n    (ALL : ALL) NOPASSWD: ALL" },
		{ "sudo sh -c 'kill -USR1 $$' 2>/dev/null; echo $?", "138" },
		{ "timeout -s USR2 1 sudo sleep 1000; echo $?", "124" },
		{ "sudo head -c 100000 /dev/zero | wc -c", "100000" },
		{ "sudo touch /usr/bin/by-sudo && ls /usr/bin/by-sudo",
		    "/usr/bin/by-sudo" },
		{ "sudo echo $(seq 30000) 2>&1 || true",
		    "sudo: the command is too long" },
	};

	if (!has_sudo(h))
		return;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = said(h, NULL, cases[i].script);

		if (!str_eq(got, cases[i].said))
			fail_msg("%s: %s: %s", h->how->name, cases[i].script, got);
	}
}

/* Whole: the machine's packages are known, one more is made and installed over them. */
static void
packages_can_be_installed(struct house *h)
{
	static const char install[] =
	    "umask 022; mkdir -p ~/p/DEBIAN ~/p/usr/bin ~/p/usr/share/doc/itest && cd ~ "
	    "&& "
	    "printf 'Package: itest\\nVersion: 1\\nArchitecture: all\\n"
	    "Maintainer: nobody <n@example.invalid>\\nDescription: a test\\n' "
	    "> p/DEBIAN/control && "
	    "printf '#!/bin/sh\\nset -e\\nupdate-alternatives --install "
	    "/usr/bin/itest-alt "
	    "itest-alt /usr/bin/itest-deb 10\\n' > p/DEBIAN/postinst && "
	    "printf '#!/bin/sh\\necho installed\\n' > p/usr/bin/itest-deb && "
	    "chmod 755 p/DEBIAN/postinst p/usr/bin/itest-deb && "
	    "dpkg-deb --root-owner-group -b p itest.deb >/dev/null && "
	    "sudo apt-get install -y ~/itest.deb >log 2>&1 || tail -n 4 log; itest-alt; "
	    "dpkg -S /usr/bin/itest-deb; sudo dpkg -P itest >/dev/null 2>&1; "
	    "test -e /usr/bin/itest-deb || echo gone";

	if (!has_sudo(h) || access("/usr/bin/apt-get", X_OK) != 0)
		return;
	assert_string_equal(
	    said(h, NULL, install), "installed\nitest: /usr/bin/itest-deb\ngone");
}

static void
sudo_takes_no_nonsense(struct house *h)
{
	static const char script[] =
	    "python3 - <<'E'\n"
	    "import array, socket\n"
	    "def ask(junk, fds):\n"
	    "  s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
	    "  s.connect('\\0sandtop-sudo')\n"
	    "  rights = array.array('i', [0] * fds)\n"
	    "  s.sendmsg([junk], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])\n"
	    "  try: s.recv(1000)\n"
	    "  except ConnectionError: pass\n"
	    "  s.close()\n"
	    "user = b'root' + bytes(60)\n"
	    "for junk in (b'', b'x', b'y' * 60000, bytes(72), bytes(73), user + b'\\xff' "
	    "* "
	    "8,\n"
	    "    user + b'\\1' + bytes(7), user + b'\\1' + bytes(7) + b'/\\0id'):\n"
	    "  for fds in (1, 2, 3, 4, 5, 64): ask(junk, fds)\n"
	    "import os\n"
	    "r, w = os.pipe()\n"
	    "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
	    "s.connect('\\0sandtop-sudo')\n"
	    "socket.send_fds(s, [b''], [w, w, w])\n"
	    "os.close(w)\n"
	    "os.read(r, 1)\n" /* ends when nobody holds the other side */
	    "idle = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for i in "
	    "range(64)]\n"
	    "for s in idle: s.connect('\\0sandtop-sudo')\n"
	    "for s in idle: s.close()\n"
	    "E\n"
	    "sudo id -un";

	if (has_sudo(h))
		assert_string_equal(said(h, NULL, script), "root");
}

static void
a_frozen_box_can_be_killed(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "sleep", .args = &args };
	struct error err;
	char byte;

	strlist_add(&args, "1000");
	struct box_process p = start(h, &spawn);

	assert_true(box_freeze(h->box, &err));
	house_stop(h);
	assert_int_equal(read(p.out, &byte, 1), 0);
	close_process(&p);
	strlist_clear(&args);
	house_start(h, "itest1234567890", NULL, false);
}

/* What a person had stopped stays stopped when the sandbox wakes. */
static void
thawing_wakes_only_what_freezing_stopped(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "sh", .args = &args };
	struct error err;
	struct buf out;

	if (!h->how->support.proc_mount)
		return; /* cannot be known there */
	strlist_add(&args, "-c");
	strlist_add(&args, "echo $$; kill -STOP $$; echo woke");
	struct box_process p = start(h, &spawn);
	char *state = xasprintf(
	    "until grep -q 'State:.T' /proc/%d/status; do :; done; echo stopped", p.pid);

	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, "\n");
	assert_string_equal(said(h, "root", state), "stopped");
	assert_true(box_freeze(h->box, &err));
	assert_true(box_thaw(h->box, &err));
	assert_string_equal(said(h, "root", state), "stopped");
	assert_int_equal(drain(p.out), 0);
	assert_true(send_signal(h, p.pid, SIGCONT));
	read_until(h, p.out, &out, "woke\n");
	assert_int_equal(wait_exit(h, p.pid), 0);
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
	free(state);
}

/* ---- figures */

static void
stats_count_what_runs_and_what_ran(struct house *h)
{
	struct strlist args = { .count = 0 };
	const struct box_spawn spawn = { .cmd = "sh", .args = &args };
	struct buf out;
	struct box_stats before = stats_of(h), during, after;

	strlist_add(&args, "-c");
	strlist_add(
	    &args, "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; echo; read x");
	struct box_spawn waiting = spawn;

	waiting.stdin_pipe = true;
	struct box_process p = start(h, &waiting);

	buf_init(&out, OUTPUT_MAX);
	read_until(h, p.out, &out, "\n");
	during = stats_of(h);
	close(p.in);
	p.in = -1;
	wait_exit(h, p.pid);
	after = stats_of(h);
	assert_true(after.cpu_us > before.cpu_us && after.cpu_us >= during.cpu_us);
	if (h->how->support.proc_mount) {
		assert_int_equal(during.processes, before.processes + 1);
		assert_int_equal(after.processes, before.processes);
		assert_true(during.mem_bytes > 10000 && during.mem_bytes < 1 << 30);
	}
	assert_true(after.disk_total > after.disk_used && after.disk_used > 0);
	close_process(&p);
	buf_clear(&out);
	strlist_clear(&args);
}

/* Orphans come to the first process of a sandbox, which must not keep them. */
static void
orphans_are_reaped(struct house *h)
{
	if (!h->how->support.proc_mount || h->how->support.rung == BOX_RUNG_PLAIN)
		return;
	assert_string_equal(
	    said(h, NULL,
		"for i in 1 2 3 4 5 6 7 8 9; do (sh -c : &) ; done; "
		"while grep -sq 'State:.Z' /proc/[0-9]*/status; do :; done;"
		"echo none left"),
	    "none left");
}

/* ---- every behaviour on every rung */

/* One box per variant lives through all of it, as a sandbox would. */
static struct house houses[VARIANTS_MAX];

struct behaviour {
	const char *name;
	void (*check)(struct house *h);
};

#define BEHAVIOUR(function)                                                              \
	{                                                                                \
#function, function                                                      \
	}
static struct behaviour behaviours[] = {
	BEHAVIOUR(pipes_carry_both_ways),
	BEHAVIOUR(without_stdin_there_is_nothing_to_read),
	BEHAVIOUR(missing_commands_end_with_127),
	BEHAVIOUR(starts_that_make_no_sense_are_refused),
	BEHAVIOUR(working_directories_start_at_home),
	BEHAVIOUR(environment_is_built_from_scratch),
	BEHAVIOUR(large_requests_arrive_whole_or_are_refused),
	BEHAVIOUR(much_output_comes_whole),
	BEHAVIOUR(terminals_are_terminals),
	BEHAVIOUR(shells_show_a_prompt),
	BEHAVIOUR(signals_reach_one_process),
	BEHAVIOUR(starts_are_not_held_up_by_others),
	BEHAVIOUR(kill_ends_daemons_too),
	BEHAVIOUR(a_killed_supervisor_is_an_end_with_a_reason),
	BEHAVIOUR(frozen_means_still),
	BEHAVIOUR(a_storm_of_forks_is_frozen),
	BEHAVIOUR(sudo_is_root_without_a_password),
	BEHAVIOUR(sudo_takes_no_nonsense),
	BEHAVIOUR(python_has_both_names),
	BEHAVIOUR(packages_can_be_installed),
	BEHAVIOUR(a_frozen_box_can_be_killed),
	BEHAVIOUR(thawing_wakes_only_what_freezing_stopped),
	BEHAVIOUR(stats_count_what_runs_and_what_ran),
	BEHAVIOUR(orphans_are_reaped),
};

static void
check_everywhere(void **state)
{
	const struct behaviour *b = *state;

	for (size_t i = 0; i < variant_count; i++) {
		b->check(&houses[i]);
		assert_int_equal(houses[i].exit_count, 0);
	}
}

static int
open_houses(void **state)
{
	find_variants(state);
	for (size_t i = 0; i < variant_count; i++) {
		printf("  %s (%s)\n", variants[i].name,
		    box_rung_name(variants[i].support.rung));
		house_open(&houses[i], &variants[i]);
	}
	return 0;
}

static int
close_houses(void **state)
{
	for (size_t i = 0; i < variant_count; i++)
		house_close(&houses[i]);
	return drop_variants(state);
}

/* ---- the rest */

static void
on_socket(void *ctx, int fd)
{
	int *out = ctx;

	assert_true(fd >= 0);
	*out = fd;
}

static void
sockets_come_unconnected(void **state)
{
	struct house h;
	int fd = -1, type = 0;
	socklen_t size = sizeof type;

	(void)state;
	house_open(&h, &variants[0]);
	box_socket(h.box, on_socket, &fd);
	while (fd < 0)
		loop_turn(h.loop, 100);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), 0);
	assert_int_equal(type, SOCK_STREAM);
	close(fd);
	house_close(&h);
}

struct host_report {
	int pid;
	char outer[256];
};

/* A host that is killed takes its sandboxes along: they follow its socket. */
static void
kill_host(const struct variant *how)
{
	struct house h, ours;
	int report[2];

	assert_int_equal(pipe(report), 0);
	pid_t host = fork();

	if (host == 0) {
		house_open(&h, how);
		struct host_report r = { .pid = box_pid(h.box) };

		str_copy(r.outer, sizeof r.outer, h.outer);
		if (write(report[1], &r, sizeof r) != (ssize_t)sizeof r)
			_exit(1);
		for (;;)
			loop_turn(h.loop, 1000);
	}
	struct host_report r;

	close(report[1]);
	assert_int_equal(read(report[0], &r, sizeof r), (int)sizeof r);
	struct pollfd gone = { .fd = (int)syscall(SYS_pidfd_open, r.pid, 0),
		.events = POLLIN };

	assert_true(gone.fd >= 0);
	assert_int_equal(kill(host, SIGKILL), 0);
	assert_int_equal(waitpid(host, NULL, 0), host);
	assert_int_equal(poll(&gone, 1, 10000), 1);
	close(gone.fd);
	close(report[0]);
	ours = (struct house){ .loop = loop_new(),
		.how = how,
		.outer = xstrdup(r.outer),
		.dir = path_join(r.outer, "root") };
	house_close(&ours);
}

static void
nothing_outlives_a_killed_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < variant_count; i++)
		kill_host(&variants[i]);
}

/* A box may be thrown away at any time, in its own callbacks too. */
static void
boxes_can_be_freed_alive(void **state)
{
	const struct box_spawn spawn = { .cmd = "true" };
	struct house h;
	bool never = false;

	(void)state;
	for (size_t i = 0; i < variant_count; i++) {
		house_open(&h, &variants[i]);
		struct pollfd gone = {
			.fd = (int)syscall(SYS_pidfd_open, box_pid(h.box), 0),
			.events = POLLIN,
		};

		box_spawn(h.box, &spawn, on_late_spawn, &never);
		box_free(h.box);
		h.box = NULL;
		loop_turn(h.loop, 0);
		assert_int_equal(poll(&gone, 1, 10000), 1);
		close(gone.fd);
		assert_false(never);
		house_close(&h);
	}
}

static const struct CMUnitTest others[] = {
	cmocka_unit_test(sockets_come_unconnected),
	cmocka_unit_test(nothing_outlives_a_killed_host),
	cmocka_unit_test(boxes_can_be_freed_alive),
};

int
main(void)
{
	static struct CMUnitTest tests[ARRAY_LEN(behaviours) + ARRAY_LEN(others)];

	for (size_t i = 0; i < ARRAY_LEN(behaviours); i++) {
		tests[i].name = behaviours[i].name;
		tests[i].test_func = check_everywhere;
		tests[i].initial_state = &behaviours[i];
	}
	memcpy(tests + ARRAY_LEN(behaviours), others, sizeof others);
	return cmocka_run_group_tests(tests, open_houses, close_houses);
}
