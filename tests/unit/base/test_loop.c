#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"

/* Everything that calls back writes one letter here. */
static char trace[64];
static struct loop *loop;

static void
note(char c)
{
	size_t len = strlen(trace);

	if (len + 1 < sizeof trace)
		trace[len] = c;
}

static void
on_note(void *ctx)
{
	note(*(const char *)ctx);
}

static char letter_a[] = "a", letter_b[] = "b", letter_e[] = "e", letter_t[] = "t";

static int
make_loop(void **state)
{
	(void)state;
	memset(trace, 0, sizeof trace);
	loop = loop_new();
	return 0;
}

static int
free_loop(void **state)
{
	(void)state;
	loop_free(loop);
	loop = NULL;
	return 0;
}

/* Turns until the trace has `len` letters; the limit only ends a broken loop. */
static void
turn_until(size_t len)
{
	for (int i = 0; i < 1000 && strlen(trace) < len; i++)
		loop_turn(loop, 100);
	assert_int_equal(strlen(trace), len);
}

static void
make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static void
close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

/* ---- timers */

static void
test_timer_fires_once(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, on_note, letter_t);

	assert_false(timer_is_active(t));
	loop_turn(loop, 0);
	assert_string_equal(trace, "");
	timer_start(t, 1, 0);
	assert_true(timer_is_active(t));
	turn_until(1);
	assert_false(timer_is_active(t));
	loop_turn(loop, 5);
	assert_string_equal(trace, "t");
	timer_free(t);
}

static void
test_timer_repeats_until_stopped(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, on_note, letter_t);

	timer_start(t, 0, 1);
	turn_until(3);
	timer_stop(t);
	assert_false(timer_is_active(t));
	loop_turn(loop, 5);
	assert_string_equal(trace, "ttt");
	timer_free(t);
	timer_free(NULL);
}

static void
test_timers_fire_in_order(void **state)
{
	(void)state;
	struct timer *late = timer_new(loop, on_note, letter_b);
	struct timer *early = timer_new(loop, on_note, letter_a);

	timer_start(late, 20, 0);
	timer_start(early, 2, 0);
	turn_until(2);
	assert_string_equal(trace, "ab");
	timer_free(late);
	timer_free(early);
}

static struct timer *self;

static void
free_self(void *ctx)
{
	(void)ctx;
	note('f');
	timer_free(self);
}

static void
test_timer_frees_itself(void **state)
{
	(void)state;
	self = timer_new(loop, free_self, NULL);
	timer_start(self, 0, 1);
	turn_until(1);
	loop_turn(loop, 5);
	assert_string_equal(trace, "f");
}

static void
restart_self(void *ctx)
{
	(void)ctx;
	note('r');
	timer_start(self, 0, 0);
}

/* 0 ms again and again must leave room for the rest of the turn. */
static void
test_timer_restarting_itself_does_not_hang(void **state)
{
	(void)state;
	self = timer_new(loop, restart_self, NULL);
	timer_start(self, 0, 0);
	turn_until(3);
	timer_free(self);
}

/* Time that passed before the loop ran does not count. */
static void
test_timer_counts_from_its_start(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, on_note, letter_t);
	uint64_t before = loop_now_ms(loop);

	while (clock_mono_ms() <= before + 1)
		;
	timer_start(t, 1, 0);
	assert_true(loop_now_ms(loop) > before);
	turn_until(1);
	timer_free(t);
}

/* ---- descriptors */

struct seen {
	int events, count;
	struct watch *watch;
	int fd;
};

static void
on_ready(void *ctx, int events)
{
	struct seen *seen = ctx;

	seen->events |= events;
	seen->count++;
	note('w');
}

static void
test_watch_read(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	char byte;
	int fds[2];

	make_pair(fds);

	struct watch *w = watch_new(loop, fds[0], on_ready, &seen);

	assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	watch_set(w, WATCH_READ);
	loop_turn(loop, 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_turn(loop, 1000);
	assert_int_equal(seen.events, WATCH_READ);
	assert_int_equal(seen.count, 1);
	loop_turn(loop, 1000);
	assert_int_equal(seen.count, 2); /* not read yet: told again */
	assert_int_equal(read(fds[0], &byte, 1), 1);
	loop_turn(loop, 0);
	assert_int_equal(seen.count, 2);
	watch_set(w, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_turn(loop, 0);
	assert_int_equal(seen.count, 2);
	watch_free(w);
	close_pair(fds);
}

static void
test_watch_write_and_change(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	int fds[2];

	make_pair(fds);

	struct watch *w = watch_new(loop, fds[0], on_ready, &seen);

	watch_set(w, WATCH_READ | WATCH_WRITE);
	loop_turn(loop, 1000);
	assert_int_equal(seen.events, WATCH_WRITE);
	watch_set(w, WATCH_READ);
	seen.events = 0;
	loop_turn(loop, 0);
	assert_int_equal(seen.events, 0);
	watch_free(w);
	watch_free(NULL);
	close_pair(fds);
}

static void
test_watch_hangup(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	int fds[2];

	make_pair(fds);

	struct watch *w = watch_new(loop, fds[0], on_ready, &seen);

	watch_set(w, WATCH_HANGUP);
	assert_int_equal(write(fds[1], "unread", 6), 6);
	loop_turn(loop, 0);
	assert_int_equal(seen.count, 0);
	close(fds[1]);
	loop_turn(loop, 1000);
	assert_int_equal(seen.events, WATCH_HANGUP);
	watch_free(w);
	close(fds[0]);
}

/* The reading end of a pipe goes away: POLLERR alone. The owner hears of it as
 * being able to write, again as long as it asks. */
static void
test_watch_error_is_what_was_asked_for(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	int fds[2];

	assert_int_equal(pipe(fds), 0);

	struct watch *w = watch_new(loop, fds[1], on_ready, &seen);

	while (write(fds[1], "full", 4) == 4)
		;
	watch_set(w, WATCH_WRITE);
	loop_turn(loop, 0);
	assert_int_equal(seen.count, 0);
	close(fds[0]);
	loop_turn(loop, 1000);
	loop_turn(loop, 1000);
	assert_int_equal(seen.events, WATCH_WRITE);
	assert_int_equal(seen.count, 2);
	watch_set(w, 0);
	loop_turn(loop, 0);
	assert_int_equal(seen.count, 2);
	watch_free(w);
	close(fds[1]);
}

static void
free_own_watch(void *ctx, int events)
{
	struct seen *seen = ctx;

	(void)events;
	seen->count++;
	watch_free(seen->watch);
	close(seen->fd);
}

static void
test_watch_frees_itself(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	int fds[2];

	make_pair(fds);
	seen.fd = fds[0];
	seen.watch = watch_new(loop, fds[0], free_own_watch, &seen);
	watch_set(seen.watch, WATCH_WRITE);
	loop_turn(loop, 1000);
	loop_turn(loop, 0);
	assert_int_equal(seen.count, 1);
	close(fds[1]);
}

/* The number of a closed descriptor comes back at once with the next one. */
static void
test_watch_on_recycled_descriptor(void **state)
{
	(void)state;
	struct seen old_seen = { 0 }, new_seen = { 0 };
	int old_fds[2], new_fds[2];

	make_pair(old_fds);

	struct watch *old_watch = watch_new(loop, old_fds[0], on_ready, &old_seen);

	watch_set(old_watch, WATCH_READ | WATCH_WRITE);
	assert_int_equal(write(old_fds[1], "x", 1), 1);
	watch_free(old_watch);
	close_pair(old_fds);
	make_pair(new_fds);
	assert_int_equal(new_fds[0], old_fds[0]);

	struct watch *w = watch_new(loop, new_fds[0], on_ready, &new_seen);

	assert_non_null(w);
	watch_set(w, WATCH_READ);
	loop_turn(loop, 0);
	assert_int_equal(new_seen.count, 0);
	assert_int_equal(write(new_fds[1], "x", 1), 1);
	loop_turn(loop, 1000);
	assert_int_equal(new_seen.count, 1);
	assert_int_equal(old_seen.count, 0);
	watch_free(w);
	close_pair(new_fds);
}

/* Freed by another callback of the same turn: its event must not arrive. */
static void
free_other_watch(void *ctx, int events)
{
	struct seen *other = ctx;

	(void)events;
	note('o');
	if (other->watch)
		watch_free(other->watch);
	other->watch = NULL;
}

static void
test_watch_freed_by_another(void **state)
{
	(void)state;
	struct seen a = { 0 }, b = { 0 };
	int fds[2];

	make_pair(fds);
	a.watch = watch_new(loop, fds[0], free_other_watch, &b);
	b.watch = watch_new(loop, fds[1], free_other_watch, &a);
	watch_set(a.watch, WATCH_WRITE);
	watch_set(b.watch, WATCH_WRITE);
	loop_turn(loop, 1000);
	assert_string_equal(trace, "o");
	watch_free(a.watch);
	watch_free(b.watch);
	close_pair(fds);
}

static void
test_watch_refuses_files(void **state)
{
	(void)state;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_null(watch_new(loop, fd, on_ready, NULL));
	close(fd);
	assert_null(watch_new(loop, -1, on_ready, NULL));
}

/* ---- the end of a turn */

static void
defer_b(void *ctx)
{
	note('a');
	loop_defer(ctx, on_note, letter_b);
}

static void
test_deferred_calls_run_with_those_added(void **state)
{
	(void)state;
	loop_on_turn_end(loop, on_note, letter_e);
	loop_defer(loop, defer_b, loop);
	loop_turn(loop, 1000);
	assert_string_equal(trace, "abe");
	loop_turn(loop, 0);
	assert_string_equal(trace, "abee");
}

static void
test_defer_cancel(void **state)
{
	(void)state;
	uint64_t first = loop_defer(loop, on_note, letter_a);
	uint64_t second = loop_defer(loop, on_note, letter_b);

	assert_int_not_equal(first, second);
	loop_defer_cancel(loop, first);
	loop_defer_cancel(loop, 0);
	loop_defer_cancel(loop, second + 1);
	loop_turn(loop, 0);
	assert_string_equal(trace, "b");
	loop_defer_cancel(loop, second);

	uint64_t third = loop_defer(loop, on_note, letter_a);

	assert_true(third > second);
	loop_defer_cancel(loop, second);
	loop_turn(loop, 0);
	assert_string_equal(trace, "ba");
}

static uint64_t to_cancel;

static void
cancel_other(void *ctx)
{
	note('c');
	loop_defer_cancel(ctx, to_cancel);
}

static void
test_defer_cancelled_while_running(void **state)
{
	(void)state;
	loop_defer(loop, cancel_other, loop);
	to_cancel = loop_defer(loop, on_note, letter_a);
	for (int i = 0; i < 40; i++)
		loop_defer(loop, on_note, letter_b);
	loop_turn(loop, 0);
	assert_int_equal(trace[0], 'c');
	assert_int_equal(trace[1], 'b');
	assert_int_equal(strlen(trace), 41);
}

static void
ready_once(void *ctx, int events)
{
	struct seen *seen = ctx;

	(void)events;
	note('d');
	watch_set(seen->watch, 0);
	loop_defer(loop, on_note, letter_a);
}

/* Descriptors, timers, deferred calls, the end: in one turn and in this order. */
static void
test_order_of_a_turn(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	int fds[2];

	make_pair(fds);
	loop_on_turn_end(loop, on_note, letter_e);
	seen.watch = watch_new(loop, fds[0], ready_once, &seen);
	watch_set(seen.watch, WATCH_WRITE);
	loop_turn(loop, 1000);
	assert_string_equal(trace, "dae");
	watch_free(seen.watch);
	close_pair(fds);
}

/* A due timer must not be followed by a wait before its picture is drawn. */
static void
test_turn_ends_after_a_timer(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, on_note, letter_t);

	loop_on_turn_end(loop, on_note, letter_e);
	timer_start(t, 0, 0);
	loop_turn(loop, -1);
	assert_string_equal(trace, "te");
	timer_free(t);
}

static void
defer_at_end(void *ctx)
{
	if (!*trace)
		loop_defer(ctx, on_note, letter_a);
}

static void
test_deferred_at_turn_end_skips_the_wait(void **state)
{
	(void)state;
	loop_on_turn_end(loop, defer_at_end, loop);
	loop_turn(loop, 0);
	assert_string_equal(trace, "");
	loop_turn(loop, -1);
	assert_string_equal(trace, "a");
}

static void
remove_others(void *ctx)
{
	note('x');
	loop_off_turn_end(ctx, on_note, letter_a);
	loop_off_turn_end(ctx, remove_others, ctx);
}

static void
test_turn_end_calls_can_be_removed(void **state)
{
	(void)state;
	loop_on_turn_end(loop, remove_others, loop);
	loop_on_turn_end(loop, on_note, letter_a);
	loop_on_turn_end(loop, on_note, letter_e);
	loop_turn(loop, 0);
	assert_string_equal(trace, "xe");
	loop_on_turn_end(loop, on_note, letter_b);
	loop_turn(loop, 0);
	assert_string_equal(trace, "xebe");
	loop_off_turn_end(loop, on_note, letter_t); /* is not there */
}

/* ---- running and stopping */

static void
stop(void *ctx)
{
	note('s');
	loop_stop(ctx);
}

static void
test_run_until_stopped(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, stop, loop);

	loop_on_turn_end(loop, on_note, letter_e);
	for (int i = 0; i < 2; i++) {
		memset(trace, 0, sizeof trace);
		timer_start(t, 2, 0);
		loop_run(loop);
		assert_int_equal(trace[0], 'e'); /* before the first wait */
		assert_non_null(strstr(trace, "se"));
	}
	timer_free(t);
}

static void
test_stop_from_a_deferred_call(void **state)
{
	(void)state;
	loop_defer(loop, stop, loop);
	loop_run(loop);
	assert_string_equal(trace, "s");
	loop_stop(loop);
	loop_run(loop); /* returns at once: stopped before */
	loop_defer(loop, stop, loop);
	loop_run(loop);
	assert_string_equal(trace, "ss");
}

/* Chains of deferred calls, timers and ends within one loop_run(). */
static void
count_down(void *ctx)
{
	int *left = ctx;

	if (--*left > 0)
		loop_defer(loop, count_down, left);
	else
		loop_stop(loop);
}

static void
test_run_many_deferred(void **state)
{
	(void)state;
	int left = 10000;

	loop_defer(loop, count_down, &left);
	loop_run(loop);
	assert_int_equal(left, 0);
}

/* ---- signals and children */

static void
on_signal(void *ctx, int signum)
{
	*(int *)ctx = signum;
	note('g');
}

static void
test_signals(void **state)
{
	(void)state;
	int first = 0, second = 0;

	loop_on_signal(loop, SIGUSR1, NULL, NULL);
	loop_on_signal(loop, SIGUSR1, on_signal, &first);
	loop_on_signal(loop, SIGWINCH, on_signal, &second);
	raise(SIGUSR1);
	turn_until(1);
	assert_int_equal(first, SIGUSR1);
	assert_int_equal(second, 0);
	loop_on_signal(loop, SIGUSR1, on_signal, &second);
	raise(SIGUSR1);
	turn_until(2);
	assert_int_equal(second, SIGUSR1);
	loop_on_signal(loop, SIGWINCH, NULL, NULL);
	raise(SIGWINCH); /* ignored by default */
	loop_turn(loop, 0);
	assert_string_equal(trace, "gg");
}

struct ended {
	int pid, status;
};

static void
on_ended(void *ctx, int pid, int status)
{
	struct ended *ended = ctx;

	ended->pid = pid;
	ended->status = status;
	note('x');
}

/* A child that leaves with `code` when the other end of the pair is closed. */
static int
fork_child(int fds[2], int code)
{
	char byte;
	int pid;

	make_pair(fds);
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 0 ? code : 99);
	}
	assert_true(pid > 0);
	close(fds[0]);
	return pid;
}

static void
test_children(void **state)
{
	(void)state;
	struct ended a = { 0 }, b = { 0 };
	int a_fds[2], b_fds[2];
	int a_pid = fork_child(a_fds, 3);

	loop_on_child(loop, a_pid, on_ended, &a);

	int b_pid = fork_child(b_fds, 4);

	loop_on_child(loop, b_pid, on_ended, &b);
	loop_turn(loop, 0);
	assert_string_equal(trace, "");
	close(b_fds[1]);
	/* b holds a copy of a's descriptor, so b had to be the first to go. */
	turn_until(1);
	assert_int_equal(b.pid, b_pid);
	assert_int_equal(WEXITSTATUS(b.status), 4);
	close(a_fds[1]);
	turn_until(2);
	assert_int_equal(a.pid, a_pid);
	assert_true(WIFEXITED(a.status));
	assert_int_equal(WEXITSTATUS(a.status), 3);
	assert_int_equal(waitpid(a_pid, NULL, WNOHANG), -1);
}

/* Its signal came before anybody listened. */
static void
test_child_that_ended_before(void **state)
{
	(void)state;
	struct ended ended = { 0 };
	siginfo_t info;
	int fds[2], pid = fork_child(fds, 5);

	close(fds[1]);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	loop_on_child(loop, pid, on_ended, &ended);
	assert_string_equal(trace, "");
	turn_until(1);
	assert_int_equal(WEXITSTATUS(ended.status), 5);
}

static void
test_killed_child(void **state)
{
	(void)state;
	struct ended ended = { 0 };
	int fds[2], pid = fork_child(fds, 5);

	loop_on_child(loop, pid, on_ended, &ended);
	assert_int_equal(kill(pid, SIGKILL), 0);
	turn_until(1);
	assert_true(WIFSIGNALED(ended.status));
	assert_int_equal(WTERMSIG(ended.status), SIGKILL);
	close(fds[1]);
}

static void
test_forgotten_child_is_reaped(void **state)
{
	(void)state;
	struct ended ended = { 0 };
	int fds[2], pid = fork_child(fds, 6);
	siginfo_t info;

	loop_on_child(loop, pid, on_ended, &ended);
	loop_forget_child(loop, pid);
	loop_forget_child(loop, 999999999);
	close(fds[1]);
	for (int i = 0; i < 1000; i++) {
		loop_turn(loop, 20);
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
			break;
	}
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_string_equal(trace, "");
}

/* Others' children are left alone. */
static void
test_foreign_child_is_not_reaped(void **state)
{
	(void)state;
	struct ended ended = { 0 };
	int foreign_fds[2], fds[2], status;
	int foreign = fork_child(foreign_fds, 7);

	close(foreign_fds[1]);

	int pid = fork_child(fds, 8);

	loop_on_child(loop, pid, on_ended, &ended);
	close(fds[1]);
	turn_until(1);
	assert_int_equal(waitpid(foreign, &status, 0), foreign);
	assert_int_equal(WEXITSTATUS(status), 7);
}

/* ---- the pool */

struct job {
	int input, output;
};

static void
square(void *ctx)
{
	struct job *job = ctx;

	job->output = job->input * job->input;
}

static void
on_squared(void *ctx)
{
	struct job *job = ctx;

	note(job->output == job->input * job->input ? 'j' : '!');
}

static void
test_work(void **state)
{
	(void)state;
	struct job jobs[10];

	for (int i = 0; i < 10; i++) {
		jobs[i] = (struct job){ .input = i };
		loop_work(loop, square, on_squared, &jobs[i]);
	}
	assert_string_equal(trace, "");
	turn_until(10);
	assert_string_equal(trace, "jjjjjjjjjj");
}

/* Nobody's memory is lost when the loop ends with things under way. */
static void
test_free_finishes_what_is_under_way(void **state)
{
	(void)state;
	struct loop *other = loop_new();
	struct job job = { .input = 3 };

	loop_work(other, square, on_squared, &job);
	loop_defer(other, on_note, letter_a);
	loop_on_turn_end(other, on_note, letter_e);
	timer_free(timer_new(other, on_note, letter_t));
	loop_free(other);
	assert_string_equal(trace, "aj");
	loop_free(NULL);
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, make_loop, free_loop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_timer_fires_once),
		LOOP_TEST(test_timer_repeats_until_stopped),
		LOOP_TEST(test_timers_fire_in_order),
		LOOP_TEST(test_timer_frees_itself),
		LOOP_TEST(test_timer_restarting_itself_does_not_hang),
		LOOP_TEST(test_timer_counts_from_its_start),
		LOOP_TEST(test_watch_read),
		LOOP_TEST(test_watch_write_and_change),
		LOOP_TEST(test_watch_hangup),
		LOOP_TEST(test_watch_error_is_what_was_asked_for),
		LOOP_TEST(test_watch_frees_itself),
		LOOP_TEST(test_watch_on_recycled_descriptor),
		LOOP_TEST(test_watch_freed_by_another),
		LOOP_TEST(test_watch_refuses_files),
		LOOP_TEST(test_deferred_calls_run_with_those_added),
		LOOP_TEST(test_defer_cancel),
		LOOP_TEST(test_defer_cancelled_while_running),
		LOOP_TEST(test_order_of_a_turn),
		LOOP_TEST(test_turn_ends_after_a_timer),
		LOOP_TEST(test_deferred_at_turn_end_skips_the_wait),
		LOOP_TEST(test_turn_end_calls_can_be_removed),
		LOOP_TEST(test_run_until_stopped),
		LOOP_TEST(test_stop_from_a_deferred_call),
		LOOP_TEST(test_run_many_deferred),
		LOOP_TEST(test_signals),
		LOOP_TEST(test_children),
		LOOP_TEST(test_child_that_ended_before),
		LOOP_TEST(test_killed_child),
		LOOP_TEST(test_forgotten_child_is_reaped),
		LOOP_TEST(test_foreign_child_is_not_reaped),
		LOOP_TEST(test_work),
		LOOP_TEST(test_free_finishes_what_is_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
