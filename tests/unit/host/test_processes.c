/* envd's processes beyond what was recorded: viewers, replay, input, ends. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "host/sandbox.h"
#include "wire/envelope.h"

static struct guest guest;

static int
open_guest(void **state)
{
	open_house(state);
	create_guest(",\"timeout\":3600", &guest);
	return 0;
}

/* A started process, its stream left open. */
static int
start(struct client *c, const char *json)
{
	client_open(c);
	open_stream(c, &guest, "Start", json, NULL);
	return wait_pid(c);
}

static int
start_shell(struct client *c)
{
	return start(c,
	    "{\"process\":{\"cmd\":\"sh\",\"envs\":{\"PS1\":\"\"}},\"pty\":{\"size\":{"
	    "\"cols\":80,\"rows\":24}}}");
}

static void
type(int pid, const char *text)
{
	struct buf json;

	buf_init(&json, 1u << 20);
	process_input_encode(&json, (uint32_t)pid, PROCESS_INPUT_PTY, text, strlen(text));
	assert_int_equal(unary(&guest, "SendInput", json.data, NULL), 200);
	buf_clear(&json);
}

static void
finish(struct client *c, struct stream_end *end)
{
	struct answer a;

	client_answer(c, &a);
	assert_int_equal(a.status, 200);
	read_stream(&a, end);
	answer_clear(&a);
	client_close(c);
}

static void
signal_process(int pid, const char *name)
{
	char *json =
	    xasprintf("{\"process\":{\"pid\":%d},\"signal\":\"SIGNAL_%s\"}", pid, name);

	assert_int_equal(unary(&guest, "SendSignal", json, NULL), 200);
	free(json);
}

/* ---- viewers */

static void
every_viewer_gets_every_byte(void **state)
{
	struct client c[3];
	struct stream_end end[3];
	char *connect;
	int pid;

	(void)state;
	pid = start(&c[0], "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
			   "\"read x; seq 1 2000\"]}}");
	connect = xasprintf("{\"process\":{\"pid\":%d}}", pid);
	for (int i = 1; i < 3; i++) {
		client_open(&c[i]);
		open_stream(&c[i], &guest, "Connect", connect, NULL);
		assert_int_equal(wait_pid(&c[i]), pid);
	}
	char *go =
	    xasprintf("{\"process\":{\"pid\":%d},\"input\":{\"stdin\":\"Cg==\"}}", pid);

	assert_int_equal(unary(&guest, "SendInput", go, NULL), 200);
	for (int i = 0; i < 3; i++) {
		finish(&c[i], &end[i]);
		assert_string_equal(end[i].events.data, "start data end ");
		assert_int_equal(end[i].out.len, 8893);
		stream_clear(&end[i]);
	}
	free(go);
	free(connect);
}

static void
a_process_outlives_its_viewers(void **state)
{
	struct client c;
	struct stream_end end;
	char *connect;
	int pid = start_shell(&c);

	(void)state;
	client_close(&c);
	type(pid, "echo alone\n");
	client_open(&c);
	connect = xasprintf("{\"process\":{\"pid\":%d}}", pid);
	open_stream(&c, &guest, "Connect", connect, NULL);
	assert_int_equal(wait_pid(&c), pid);
	type(pid, "exit 6\n");
	finish(&c, &end);
	assert_int_equal(end.exit_code, 6);
	stream_clear(&end);
	free(connect);
}

/* The one that never reads is ended, the one that reads is not disturbed. */
static void
a_laggard_is_ended_when_another_keeps_up(void **state)
{
	struct client fast, slow;
	struct stream_end end;
	char *connect;
	int pid;

	(void)state;
	pid = start(&fast, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
			   "\"read x; head -c 30000000 /dev/zero; echo done\"]}}");
	connect = xasprintf("{\"process\":{\"pid\":%d}}", pid);
	client_open(&slow);
	open_stream(&slow, &guest, "Connect", connect, NULL);
	wait_pid(&slow);
	char *go =
	    xasprintf("{\"process\":{\"pid\":%d},\"input\":{\"stdin\":\"Cg==\"}}", pid);

	assert_int_equal(unary(&guest, "SendInput", go, NULL), 200);
	finish(&fast, &end);
	assert_int_equal(end.out.len, 30000005);
	stream_clear(&end);
	finish(&slow, &end); /* now it reads what was sent before it was given up */
	assert_string_equal(end.code, "resource_exhausted");
	assert_true(end.out.len < 30000005);
	stream_clear(&end);
	free(go);
	free(connect);
}

static bool
is_waiting(void *ctx)
{
	struct sandbox *s = registry_find(house.host->registry, guest.id);
	struct process_selector selector = { .has_pid = true, .pid = *(uint32_t *)ctx };
	struct connect_error ce;

	return process_is_throttled(process_find(s->processes, &selector, &ce));
}

/* It waits instead of losing bytes, and goes on when they are taken. */
static void
a_sole_viewer_that_does_not_read_throttles(void **state)
{
	struct client c;
	struct stream_end end;
	uint32_t pid;

	(void)state;
	client_open(&c);
	open_stream(&c, &guest, "Start",
	    "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\",\"head -c 20000000 "
	    "/dev/zero\"]}}",
	    NULL);
	pid = (uint32_t)wait_pid(&c);
	turn_until(is_waiting, &pid);
	finish(&c, &end);
	assert_int_equal(end.out.len, 20000000);
	assert_string_equal(end.events.data, "start data end ");
	stream_clear(&end);
}

/* ---- replay */

static void
replay_gives_what_was_missed(void **state)
{
	static const struct {
		const char *from, *at, *text;
	} cases[] = {
		{ "0", "0", "one\ntwo\nthree\n" },
		{ "4", "4", "two\nthree\n" },
		{ "8", "8", "three\n" },
		{ "99999", "14", "" },
		{ NULL, NULL, "" },
	};
	struct client c;
	struct stream_end end;
	char *connect;
	int pid;

	(void)state;
	pid = start(&c, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
			"\"echo one; echo two; echo three; read x\"]}}");
	wait_output(&c, "three\n");
	connect = xasprintf("{\"process\":{\"pid\":%d}}", pid);
	char *stdin_end = xasprintf("{\"process\":{\"pid\":%d}}", pid);
	struct client viewers[ARRAY_LEN(cases)];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *header = cases[i].from ? xasprintf("Sandtop-Replay-From: %s\r\n",
						   cases[i].from)
					     : NULL;

		client_open(&viewers[i]);
		open_stream(&viewers[i], &guest, "Connect", connect, header);
		wait_pid(&viewers[i]);
		free(header);
	}
	assert_int_equal(unary(&guest, "CloseStdin", stdin_end, NULL), 200);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		client_answer(&viewers[i], &a);
		assert_true(str_eq(answer_header(&a, "Sandtop-Replay-At"), cases[i].at));
		read_stream(&a, &end);
		assert_string_equal(end.out.data, cases[i].text);
		stream_clear(&end);
		answer_clear(&a);
		client_close(&viewers[i]);
	}
	finish(&c, &end);
	stream_clear(&end);
	free(connect);
	free(stdin_end);
}

static void
replay_begins_where_the_ring_does(void **state)
{
	struct client c;
	struct stream_end end;
	struct answer a;
	char *connect;
	int64_t at;
	int pid;

	(void)state;
	pid = start(&c, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
			"\"head -c 2000000 /dev/zero; echo end; read x\"]}}");
	wait_output(&c, "end\n");
	connect = xasprintf("{\"process\":{\"pid\":%d}}", pid);
	struct client again;

	client_open(&again);
	open_stream(&again, &guest, "Connect", connect, "Sandtop-Replay-From: 5\r\n");
	wait_pid(&again);
	signal_process(pid, "SIGKILL");
	client_answer(&again, &a);
	at = strtoll(answer_header(&a, "Sandtop-Replay-At"), NULL, 10);
	read_stream(&a, &end);
	assert_true(at > 5 && at <= 2000004 - (int64_t)PROCESS_RING_BYTES);
	assert_int_equal(at + (int64_t)end.out.len, 2000004);
	stream_clear(&end);
	answer_clear(&a);
	client_close(&again);
	finish(&c, &end);
	assert_string_equal(end.status, "signal: killed");
	stream_clear(&end);
	free(connect);
}

/* [host] replay_ring: what a sandbox's processes keep is what the host was told. */
static void
the_ring_is_as_long_as_asked(void **state)
{
	static const size_t rings[] = { 0, 5000 };
	struct guest kept = guest;
	size_t before = house.host->replay_ring;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rings); i++) {
		struct client c, again;
		struct stream_end end;
		struct answer a;
		char *connect;
		int pid;

		house.host->replay_ring = rings[i];
		create_guest(NULL, &guest);
		pid = start(&c, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
				"\"head -c 2000000 /dev/zero; echo end; read x\"]}}");
		wait_output(&c, "end\n");
		connect = xasprintf("{\"process\":{\"pid\":%d}}", pid);
		client_open(&again);
		open_stream(
		    &again, &guest, "Connect", connect, "Sandtop-Replay-From: 0\r\n");
		wait_pid(&again);
		signal_process(pid, "SIGKILL");
		client_answer(&again, &a);
		read_stream(&a, &end);
		/* Chunks are dropped whole: some more may stay. */
		assert_in_range(end.out.len, rings[i], rings[i] + 64 * 1024);
		stream_clear(&end);
		answer_clear(&a);
		client_close(&again);
		finish(&c, &end);
		stream_clear(&end);
		free(connect);
		kill_guest(&guest);
	}
	house.host->replay_ring = before;
	guest = kept;
}

/* ---- ends */

static void
output_comes_whole_before_the_end(void **state)
{
	struct stream_end end;

	(void)state;
	run_script(
	    &guest, "head -c 1000000 /dev/zero | tr '\\0' x; printf y >&2; exit 9", &end);
	assert_int_equal(end.out.len, 1000000);
	assert_string_equal(end.err.data, "y");
	assert_int_equal(end.exit_code, 9);
	stream_clear(&end);
}

static void
pipes_held_by_children_keep_the_stream(void **state)
{
	struct stream_end end;

	(void)state;
	run_script(&guest,
	    "(while kill -0 $$; do :; done 2>/dev/null; echo late) & echo now", &end);
	assert_string_equal(end.out.data, "now\nlate\n");
	stream_clear(&end);
}

static void
a_kill_does_not_wait_for_them(void **state)
{
	struct client c;
	struct stream_end end;
	int pid = start(&c, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
			    "\"setsid sleep 1000 & echo up; wait\"]}}");

	(void)state;
	wait_output(&c, "up\n");
	signal_process(pid, "SIGTERM");
	finish(&c, &end);
	assert_string_equal(end.status, "signal: terminated");
	assert_int_equal(end.exit_code, -1);
	stream_clear(&end);
}

static void
exits_are_remembered_by_pid_and_tag(void **state)
{
	struct client c;
	struct stream_end end;
	char *json;

	(void)state;
	int pid = start(&c, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\",\"exit 4\"]},"
			    "\"tag\":\"kept\"}");
	finish(&c, &end);
	stream_clear(&end);
	for (int by_tag = 0; by_tag < 2; by_tag++) {
		json = by_tag ? xstrdup("{\"process\":{\"tag\":\"kept\"}}")
			      : xasprintf("{\"process\":{\"pid\":%d}}", pid);
		client_open(&c);
		open_stream(&c, &guest, "Connect", json, NULL);
		finish(&c, &end);
		assert_string_equal(end.events.data, "start end ");
		assert_int_equal(end.exit_code, 4);
		stream_clear(&end);
		assert_int_equal(
		    unary(&guest, "SendInput",
			"{\"process\":{\"tag\":\"kept\"},\"input\":{\"pty\":\"eA==\"}}",
			NULL),
		    404);
		free(json);
	}
	/* A new process of that name takes its place. */
	start(
	    &c, "{\"process\":{\"cmd\":\"sleep\",\"args\":[\"1000\"]},\"tag\":\"kept\"}");
	assert_int_equal(unary(&guest, "SendSignal",
			     "{\"process\":{\"tag\":\"kept\"},\"signal\":9}", NULL),
	    200);
	finish(&c, &end);
	assert_string_equal(end.status, "signal: killed");
	stream_clear(&end);
}

static void
tags_are_found_among_many(void **state)
{
	struct client c[5];
	struct stream_end end;

	(void)state;
	for (int i = 0; i < 5; i++) {
		char *json = xasprintf("{\"process\":{\"cmd\":\"sleep\",\"args\":["
				       "\"1000\"]},\"tag\":\"t%d\"}",
		    i);

		start(&c[i], json);
		free(json);
	}
	for (int i = 0; i < 5; i++) {
		char *json = xasprintf(
		    "{\"process\":{\"tag\":\"t%d\"},\"signal\":\"SIGNAL_SIGTERM\"}", i);

		assert_int_equal(unary(&guest, "SendSignal", json, NULL), 200);
		finish(&c[i], &end);
		assert_string_equal(end.status, "signal: terminated");
		stream_clear(&end);
		free(json);
	}
}

/* ---- StreamInput */

static void
open_upload(struct client *c)
{
	char *headers = xasprintf("%sContent-Type: application/connect+json\r\n"
				  "Transfer-Encoding: chunked\r\n",
	    guest.headers);
	char *head = xasprintf(
	    "POST /process.Process/StreamInput HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
	    headers);

	client_open(c);
	client_send(c, head, strlen(head));
	free(head);
	free(headers);
}

static void
send_chunk(struct client *c, const void *bytes, size_t len)
{
	char head[32];

	snprintf(head, sizeof head, "%zx\r\n", len);
	client_send(c, head, strlen(head));
	client_send(c, bytes, len);
	client_send(c, "\r\n", 2);
}

static void
send_message(struct client *c, const char *json)
{
	struct buf envelope;

	buf_init(&envelope, 1u << 20);
	envelope_add(&envelope, 0, json, strlen(json));
	send_chunk(c, envelope.data, envelope.len);
	buf_clear(&envelope);
}

static void
upload_start(struct client *c, int pid)
{
	char *json = xasprintf("{\"start\":{\"process\":{\"pid\":%d}}}", pid);

	open_upload(c);
	send_message(c, json);
	free(json);
}

static void
streamed_keys_arrive_in_order(void **state)
{
	struct client shell, keys;
	struct stream_end end;
	struct answer a;
	struct buf data;
	int pid = start_shell(&shell);

	(void)state;
	upload_start(&keys, pid);
	for (int i = 0; i < 26; i++) {
		char letter[2] = { (char)('a' + i), '\0' };

		buf_init(&data, 4096);
		process_add_stream_data(
		    &data, PROCESS_INPUT_PTY, i == 0 ? "echo a" : letter, i == 0 ? 6 : 1);
		send_chunk(&keys, data.data, data.len);
		buf_clear(&data);
	}
	send_message(&keys, "{\"keepalive\":{}}");
	buf_init(&data, 4096);
	process_add_stream_data(&data, PROCESS_INPUT_PTY, "; exit\n", 7);
	/* An envelope falls into pieces as it likes. */
	for (size_t i = 0; i < data.len; i++)
		send_chunk(&keys, data.data + i, 1);
	buf_clear(&data);
	client_send(&keys, "0\r\n\r\n", 5);
	client_answer(&keys, &a);
	assert_int_equal(a.status, 200);
	assert_memory_equal(a.body.data, "\0\0\0\0\2{}\2\0\0\0\2{}", 14);
	answer_clear(&a);
	client_close(&keys);
	finish(&shell, &end);
	assert_non_null(strstr(end.pty.data, "\nabcdefghijklmnopqrstuvwxyz\r\n"));
	stream_clear(&end);
}

/* The client's body stays open: it must hear it anyway. */
static void
stream_errors_come_while_the_body_is_open(void **state)
{
	static const struct {
		const char *message, *code;
	} cases[] = {
		{ "{\"start\":{\"process\":{\"pid\":4000000}}}", "not_found" },
		{ "{\"data\":{\"input\":{\"pty\":\"eA==\"}}}", "invalid_argument" },
		{ "{}", "unimplemented" },
		{ "{\"start\":{}}", "unimplemented" },
		{ "[", "invalid_argument" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct client c;
		struct answer a;

		open_upload(&c);
		send_message(&c, cases[i].message);
		client_answer(&c, &a);
		assert_int_equal(a.status, 200);
		assert_string_equal(
		    answer_header(&a, "Content-Type"), "application/connect+json");
		if (!body_has(&a, cases[i].code))
			fail_msg("%s: %.*s", cases[i].message, (int)a.body.len - 5,
			    a.body.data + 5);
		answer_clear(&a);
		client_close(&c);
	}
}

static void
a_body_that_breaks_off_is_no_success(void **state)
{
	struct client shell, keys;
	struct stream_end end;
	struct answer a;
	int pid = start_shell(&shell);

	(void)state;
	upload_start(&keys, pid);
	send_chunk(&keys, "\0\0\0\0\x30{\"da", 9);
	client_send(&keys, "0\r\n\r\n", 5);
	client_answer(&keys, &a);
	assert_true(body_has(&a, "\"unknown\""));
	answer_clear(&a);
	client_close(&keys);
	type(pid, "exit\n");
	finish(&shell, &end);
	stream_clear(&end);
}

/* More than a process takes: the body is paused, nothing is lost. */
static void
input_waits_for_its_reader(void **state)
{
	enum { PIECES = 200, PIECE = 8192, UNREAD = 20 /* more than a pipe takes */ };
	static char piece[PIECE];
	struct client c, keys;
	struct stream_end end;
	struct answer a;
	struct buf data;
	int pid;

	(void)state;
	memset(piece, 'x', sizeof piece);
	run_script(&guest, "mkfifo go", &end);
	stream_clear(&end);
	pid = start(&c, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
			"\"read x <go; wc -c\"]},\"stdin\":true}");
	upload_start(&keys, pid);
	for (int i = 0; i < PIECES; i++) {
		if (i == UNREAD) {
			run_script(&guest, "echo >go; rm go", &end);
			stream_clear(&end);
		}
		buf_init(&data, 1u << 20);
		process_add_stream_data(&data, PROCESS_INPUT_STDIN, piece, sizeof piece);
		send_chunk(&keys, data.data, data.len);
		buf_clear(&data);
	}
	client_send(&keys, "0\r\n\r\n", 5);
	client_answer(&keys, &a);
	assert_int_equal(a.body.len, 14);
	answer_clear(&a);
	client_close(&keys);
	char *json = xasprintf("{\"process\":{\"pid\":%d}}", pid);

	assert_int_equal(unary(&guest, "CloseStdin", json, NULL), 200);
	finish(&c, &end);
	assert_int_equal(strtol(end.out.data, NULL, 10), PIECES * PIECE);
	stream_clear(&end);
	free(json);
}

static void
stdin_may_be_closed_again(void **state)
{
	struct client c;
	struct stream_end end;
	struct answer a;
	int pid = start(&c, "{\"process\":{\"cmd\":\"sh\",\"args\":[\"-c\","
			    "\"cat; echo eof; sleep 1000\"]}}");
	char *json = xasprintf("{\"process\":{\"pid\":%d}}", pid);
	char *input =
	    xasprintf("{\"process\":{\"pid\":%d},\"input\":{\"stdin\":\"eA==\"}}", pid);

	(void)state;
	assert_int_equal(unary(&guest, "CloseStdin", json, NULL), 200);
	wait_output(&c, "eof");
	assert_int_equal(unary(&guest, "CloseStdin", json, NULL), 200);
	assert_int_equal(unary(&guest, "SendInput", input, &a), 500);
	assert_true(body_has(&a, "\"internal\""));
	answer_clear(&a);
	signal_process(pid, "SIGKILL");
	finish(&c, &end);
	stream_clear(&end);
	free(json);
	free(input);
}

/* ---- requests */

static void
wrong_requests_have_their_code(void **state)
{
	static const struct {
		const char *method, *json;
		int status;
		const char *code;
	} cases[] = {
		{ "SendInput", "{\"process\":{\"pid\":\"x\"}}", 400, "invalid_argument" },
		{ "SendInput", "{\"process\":{\"pid\":1,\"tag\":\"a\"}}", 400,
		    "invalid_argument" },
		{ "SendInput",
		    "{\"process\":{\"tag\":\"none\"},\"input\":{\"pty\":\"\"}}", 404,
		    "not_found" },
		{ "SendSignal", "{\"process\":{}}", 501, "unimplemented" },
		{ "CloseStdin", "{\"process\":{\"pid\":4000000}}", 404, "not_found" },
		{ "Update", "{\"process\":{\"pid\":4000000}}", 404, "not_found" },
		{ "List", "nonsense", 400, "invalid_argument" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		if (unary(&guest, cases[i].method, cases[i].json, &a) !=
			cases[i].status ||
		    !body_has(&a, cases[i].code))
			fail_msg("%s %s: %d %s", cases[i].method, cases[i].json, a.status,
			    a.body.data);
		answer_clear(&a);
	}
}

static void
keepalive_is_clamped(void **state)
{
	struct client c;
	struct stream_end end;
	char *json;

	(void)state;
	client_open(&c);
	open_stream(&c, &guest, "Start", "{\"process\":{\"cmd\":\"cat\"}}",
	    "Keepalive-Ping-Interval: -5\r\n");
	json = xasprintf("{\"process\":{\"pid\":%d}}", wait_pid(&c));
	client_wait(&c, "keepalive");
	assert_int_equal(unary(&guest, "CloseStdin", json, NULL), 200);
	finish(&c, &end);
	assert_string_equal(end.events.data, "start keepalive end ");
	stream_clear(&end);
	free(json);
}

static void
a_terminal_without_a_size_has_80x24(void **state)
{
	struct client c;
	struct stream_end end;

	(void)state;
	client_open(&c);
	open_stream(&c, &guest, "Start",
	    "{\"process\":{\"cmd\":\"stty\",\"args\":[\"size\"]},\"pty\":{\"size\":{}}}",
	    NULL);
	finish(&c, &end);
	assert_string_equal(end.pty.data, "24 80\r\n");
	stream_clear(&end);
}

static void
root_is_asked_for_by_name(void **state)
{
	struct guest as_root = guest;
	size_t len = strlen(guest.headers);
	struct stream_end end;

	(void)state;
	/* base64 of "root:" */
	str_copy(as_root.headers + len, sizeof as_root.headers - len,
	    "Authorization: Basic cm9vdDo=\r\n");
	run_script(&as_root, "echo $HOME $USER", &end);
	assert_string_equal(end.out.data, "/root root\n");
	stream_clear(&end);
}

static void
a_kill_ends_all_streams(void **state)
{
	struct guest other;
	struct client c[2];
	struct stream_end end;

	(void)state;
	create_guest(NULL, &other);
	for (int i = 0; i < 2; i++) {
		client_open(&c[i]);
		open_stream(&c[i], &other, "Start",
		    "{\"process\":{\"cmd\":\"sleep\",\"args\":[\"1000\"]}}", NULL);
		wait_pid(&c[i]);
	}
	kill_guest(&other);
	for (int i = 0; i < 2; i++) {
		finish(&c[i], &end);
		assert_string_equal(end.code, "unavailable");
		stream_clear(&end);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_viewer_gets_every_byte),
		cmocka_unit_test(a_process_outlives_its_viewers),
		cmocka_unit_test(a_laggard_is_ended_when_another_keeps_up),
		cmocka_unit_test(a_sole_viewer_that_does_not_read_throttles),
		cmocka_unit_test(replay_gives_what_was_missed),
		cmocka_unit_test(replay_begins_where_the_ring_does),
		cmocka_unit_test(the_ring_is_as_long_as_asked),
		cmocka_unit_test(output_comes_whole_before_the_end),
		cmocka_unit_test(pipes_held_by_children_keep_the_stream),
		cmocka_unit_test(a_kill_does_not_wait_for_them),
		cmocka_unit_test(exits_are_remembered_by_pid_and_tag),
		cmocka_unit_test(tags_are_found_among_many),
		cmocka_unit_test(streamed_keys_arrive_in_order),
		cmocka_unit_test(stream_errors_come_while_the_body_is_open),
		cmocka_unit_test(a_body_that_breaks_off_is_no_success),
		cmocka_unit_test(input_waits_for_its_reader),
		cmocka_unit_test(stdin_may_be_closed_again),
		cmocka_unit_test(wrong_requests_have_their_code),
		cmocka_unit_test(keepalive_is_clamped),
		cmocka_unit_test(a_terminal_without_a_size_has_80x24),
		cmocka_unit_test(root_is_asked_for_by_name),
		cmocka_unit_test(a_kill_ends_all_streams),
	};

	return cmocka_run_group_tests(tests, open_guest, close_house);
}
