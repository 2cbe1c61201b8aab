/* exec against a scripted daemon: outputs, exit codes, signals, lost streams. */
#include "tests/unit/cli/fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/connect.h"
#include "wire/process.h"

#define FIXTURE struct fixture *f = *state
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define assert_has(text, part) assert_non_null(strstr(text, part))
#define START "POST /process.Process/Start"
#define CONNECT "POST /process.Process/Connect"
#define LIST "POST /process.Process/List"
#define SIGNAL "POST /process.Process/SendSignal"
enum { PID = 812 };

static int
exited(int code)
{
	return code << 8; /* as waitpid says it */
}

/* start, stdout, stderr; and the end when `status` >= 0. */
static void
answer_process(
    struct fixture *f, const char *path, const char *out, const char *err, int status)
{
	struct buf envelopes;

	buf_init(&envelopes, 1u << 20);
	process_add_start_event(&envelopes, PID);
	if (out)
		process_add_data_event(&envelopes, PROCESS_STDOUT, out, strlen(out));
	if (err)
		process_add_data_event(&envelopes, PROCESS_STDERR, err, strlen(err));
	if (status >= 0) {
		process_add_end_event(&envelopes, status);
		connect_add_end(&envelopes, CONNECT_OK, NULL);
	}
	answer_stream(f, path, &envelopes, status < 0);
	buf_clear(&envelopes);
}

static int
find(struct fixture *f, const char *line, int nth)
{
	for (size_t i = 0; i < server_count(f->server); i++)
		if (str_has_prefix(server_request(f->server, i)->line, line) &&
		    nth-- == 0)
			return (int)i;
	return -1;
}

static int
count(struct fixture *f, const char *line)
{
	int n = 0;

	while (find(f, line, n) >= 0)
		n++;
	return n;
}

static const char *
body_of(struct fixture *f, const char *line, int nth)
{
	int index = find(f, line, nth);

	assert_true(index >= 0);
	return server_request(f->server, (size_t)index)->body.data;
}

/* The message of a stream's request stands behind five bytes of envelope. */
static const char *
start_message(struct fixture *f)
{
	return body_of(f, START, 0) + 5;
}

/* ---- the usual */

static void
outputs_are_kept_apart(void **state)
{
	const char *message;
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, "to out\n", "to err\n", exited(7));
	assert_int_equal(
	    run(f, NULL, "exec " ID_A " -u root -C /etc -e A=b=c --tag t -- ls 'a b'"),
	    7);
	assert_string_equal(f->out, "to out\n");
	assert_string_equal(f->err, "to err\n");
	message = start_message(f);
	assert_has(message, "\"cmd\":\"/bin/bash\"");
	assert_has(message, "\"args\":[\"-l\",\"-c\",\"ls 'a b'\"]");
	assert_has(message, "\"cwd\":\"/etc\"");
	assert_has(message, "\"A\":\"b=c\"");
	assert_has(message, "\"tag\":\"t\"");
	/* no deadline, ever (law 6) */
	assert_string_equal(
	    server_header(f->server, (size_t)find(f, START, 0), "Connect-Timeout-Ms"),
	    "");
	assert_string_equal(
	    server_header(f->server, (size_t)find(f, START, 0), "X-Access-Token"), "tok");
}

static void
bytes_are_exact_where_no_terminal_is(void **state)
{
	static const char bytes[] = "\033]0;x\a\033[2J\xff\x9b\r\n";
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, bytes, NULL, exited(0));
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), 0);
	assert_int_equal(f->out_len, sizeof bytes - 1);
	assert_memory_equal(f->out, bytes, sizeof bytes - 1);
}

static void
death_by_signal_is_128_and_more(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, NULL, NULL, SIGKILL);
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), 137);
	assert_has(f->err, "signal: killed");
}

static void
detached_prints_the_pid(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, NULL, NULL, -1);
	assert_int_equal(run(f, "not for it", "exec -d " ID_A " -- sleep 9"), 0);
	assert_string_equal(f->out, "812\n");
	assert_has(start_message(f), "\"stdin\":false");
	answer_process(f, START, NULL, NULL, -1);
	assert_int_equal(run(f, NULL, "exec -d --json --tag t " ID_A " -- sleep 9"), 0);
	assert_string_equal(f->out, "{\"id\":\"" ID_A "\",\"pid\":812,\"tag\":\"t\"}\n");
}

static void
end_after_input(struct fixture *f)
{
	struct buf end;

	if (f->step || count(f, "POST /process.Process/CloseStdin") == 0)
		return;
	f->step = 1;
	buf_init(&end, 4096);
	process_add_end_event(&end, exited(0));
	connect_add_end(&end, CONNECT_OK, NULL);
	char *chunk = xasprintf("%zx\r\n", end.len);
	size_t start = (size_t)find(f, START, 0);
	server_send(f->server, start, chunk, strlen(chunk));
	server_send(f->server, start, end.data, end.len);
	server_send(f->server, start, "\r\n0\r\n\r\n", 7);
	free(chunk);
	buf_clear(&end);
}

static void
input_is_sent_and_closed(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, NULL, NULL, -1);
	server_reply(f->server, "POST /process.Process/SendInput", 200,
	    "Content-Type: application/json\r\n", "{}");
	server_reply(f->server, "POST /process.Process/CloseStdin", 200,
	    "Content-Type: application/json\r\n", "{}");
	f->on_turn = end_after_input;
	assert_int_equal(run(f, "hello", "exec " ID_A " -- cat"), 0);
	assert_has(body_of(f, "POST /process.Process/SendInput", 0), "aGVsbG8=");
}

/* ---- law 1: no request to a sandbox that does not run */

static void
law_1_a_paused_one_is_not_woken(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "paused", -60);
	assert_int_equal(run(f, NULL, "exec " ID_A " -- ls"), EXIT_OUR_FAILURE);
	assert_has(f->err, "sandtop resume " ID_A);
	assert_int_equal(server_count(f->server), 1);
}

static void
missing_one_is_our_failure(void **state)
{
	FIXTURE;

	server_reply(f->server, "GET /sandboxes/" ID_A, 404, NULL, "{}");
	assert_int_equal(run(f, NULL, "exec --json " ID_A " -- ls"), EXIT_OUR_FAILURE);
	assert_has(f->err, "\"code\":\"not_found\"");
}

static void
refused_start_says_why(void **state)
{
	struct buf envelopes;
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	buf_init(&envelopes, 4096);
	connect_add_end(&envelopes, CONNECT_INVALID_ARGUMENT, "cwd '/no' does not exist");
	answer_stream(f, START, &envelopes, false);
	buf_clear(&envelopes);
	assert_int_equal(run(f, NULL, "exec -C /no " ID_A " -- ls"), EXIT_OUR_FAILURE);
	assert_has(f->err, "cwd '/no' does not exist");
}

/* ---- the stream is lost */

/* The tag is ours and random: it stands in the Start message. */
static void
answer_process_list(struct fixture *f, const char *other_tag)
{
	static const char key[] = "\"tag\":\"";
	const char *at = strstr(start_message(f), key);
	char *body;

	assert_non_null(at);
	at += strlen(key);
	int len = other_tag ? (int)strlen(other_tag) : (int)strcspn(at, "\"");
	body = xasprintf("{\"processes\":[{\"config\":{\"cmd\":\"/bin/bash\"},\"pid\":%d,"
			 "\"tag\":\"%.*s\"}]}",
	    PID, len, other_tag ? other_tag : at);
	server_reply(f->server, LIST, 200, "Content-Type: application/json\r\n", body);
	free(body);
}

static void
cut_once(struct fixture *f, const char *other_tag)
{
	if (f->step || count(f, START) == 0 || !server_request(f->server, 1)->complete)
		return;
	f->step = 1;
	answer_process_list(f, other_tag);
	server_cut(f->server, (size_t)find(f, START, 0));
}

static void
cut_stream(struct fixture *f)
{
	cut_once(f, NULL);
}

static void
cut_stream_and_recycle_pid(struct fixture *f)
{
	cut_once(f, "somebody-else");
}

static void
lost_stream_is_joined_again_by_pid(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, "before ", NULL, -1);
	answer_process(f, CONNECT, "after\n", NULL, exited(5));
	f->on_turn = cut_stream;
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), 5);
	assert_string_equal(f->out, "before after\n");
	assert_has(f->err, "asking whether " ID_A " still runs");
	assert_has(f->err, "joined process 812 again");
	/* asked before anything was sent to the sandbox again */
	assert_int_equal(count(f, "GET /sandboxes/" ID_A), 2);
	assert_true(find(f, "GET /sandboxes/" ID_A, 1) < find(f, LIST, 0));
	assert_true(find(f, LIST, 0) < find(f, CONNECT, 0));
}

static void
recycled_pid_is_not_joined(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, NULL, NULL, -1);
	f->on_turn = cut_stream_and_recycle_pid;
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), EXIT_OUR_FAILURE);
	assert_has(f->err, "not to be found any more");
	assert_int_equal(count(f, CONNECT), 0);
}

static void
answer_now(struct fixture *f, int status, const char *state)
{
	char *body = status == 200 ? sandbox_json(ID_A, state, -1) : xstrdup("{}");

	server_reply(f->server, "GET /sandboxes/" ID_A, status, NULL, body);
	free(body);
}

static void
cut_for(struct fixture *f, int status, const char *state)
{
	if (f->step || count(f, START) == 0)
		return;
	f->step = 1;
	answer_now(f, status, state);
	server_cut(f->server, (size_t)find(f, START, 0));
}

static void
cut_for_pause(struct fixture *f)
{
	cut_for(f, 200, "paused");
}

static void
cut_for_kill(struct fixture *f)
{
	cut_for(f, 404, NULL);
}

/* GET, Start, GET: the sandbox itself is not asked again. */
static void
law_1_after_a_cut_the_control_plane_goes_first(void **state)
{
	FIXTURE;

	answer_now(f, 200, "running");
	answer_process(f, START, "before", NULL, -1);
	f->on_turn = cut_for_pause;
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), EXIT_OUR_FAILURE);
	assert_has(f->err, "was paused, and the command sleeps in it");
	assert_string_equal(f->out, "before");
	assert_int_equal(server_count(f->server), 3);
}

static void
pause_once_started(struct fixture *f)
{
	if (count(f, START) > 0)
		answer_now(f, 200, "paused");
}

/* The pause cuts the start on its way: no pid is known. */
static void
lost_start_names_no_process(void **state)
{
	FIXTURE;

	answer_now(f, 200, "running");
	server_reply(f->server, START, 502, NULL, "upstream went away");
	f->on_turn = pause_once_started;
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), EXIT_OUR_FAILURE);
	assert_has(f->err, "was paused, and the command sleeps in it, if it was started");
	assert_null(strstr(f->err, "process 0"));
	assert_int_equal(server_count(f->server), 3);
}

static void
killed_sandbox_is_said(void **state)
{
	FIXTURE;

	answer_now(f, 200, "running");
	answer_process(f, START, "before", NULL, -1);
	f->on_turn = cut_for_kill;
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), EXIT_OUR_FAILURE);
	assert_has(f->err, "is gone, and the command with it");
	assert_int_equal(server_count(f->server), 3);
}

/* ---- ^C */

static void
interrupt_thrice(struct fixture *f)
{
	bool started = count(f, START) > 0 && server_request(f->server, 1)->complete;

	if (started && f->step < 3 && count(f, SIGNAL) == f->step) {
		f->step++;
		server_reply(
		    f->server, SIGNAL, 200, "Content-Type: application/json\r\n", "{}");
		raise(SIGINT);
	}
}

static void
interrupt_is_term_then_kill_then_leave(void **state)
{
	FIXTURE;

	answer_sandbox(f, ID_A, "running", 600);
	answer_process(f, START, NULL, NULL, -1);
	f->on_turn = interrupt_thrice;
	assert_int_equal(run(f, NULL, "exec " ID_A " -- x"), EXIT_INTERRUPTED);
	assert_int_equal(count(f, SIGNAL), 2);
	assert_has(body_of(f, SIGNAL, 0), "SIGTERM");
	assert_has(body_of(f, SIGNAL, 1), "SIGKILL");
	assert_has(f->err, "process 812 in " ID_A " may still run");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(outputs_are_kept_apart),
		TEST(bytes_are_exact_where_no_terminal_is),
		TEST(death_by_signal_is_128_and_more),
		TEST(detached_prints_the_pid),
		TEST(input_is_sent_and_closed),
		TEST(law_1_a_paused_one_is_not_woken),
		TEST(missing_one_is_our_failure),
		TEST(refused_start_says_why),
		TEST(lost_stream_is_joined_again_by_pid),
		TEST(recycled_pid_is_not_joined),
		TEST(law_1_after_a_cut_the_control_plane_goes_first),
		TEST(lost_start_names_no_process),
		TEST(killed_sandbox_is_said),
		TEST(interrupt_is_term_then_kill_then_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
