#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tests/unit/wire/helpers.h"
#include "wire/envelope.h"
#include "wire/process.h"

/* ---- events, as a client reads them */

static bool
read_event(
    const char *json, struct buf *scratch, struct process_event *out, struct error *err)
{
	return process_event_decode(json, strlen(json), scratch, out, err);
}

static void
test_data_in_every_spelling(void **state)
{
	static const struct {
		const char *json;
		enum process_stream stream;
		const char *data;
	} cases[] = {
		{ "{\"event\":{\"data\":{\"pty\":\"bHM=\"}}}", PROCESS_PTY, "ls" },
		{ "{\"event\":{\"data\":{\"stdout\":\"bHM=\"}}}", PROCESS_STDOUT, "ls" },
		{ "{\"event\":{\"data\":{\"stderr\":\"bHM=\"}}}", PROCESS_STDERR, "ls" },
		{ "{\"event\":{\"data\":{\"pty\":\"bHM\"}}}", PROCESS_PTY, "ls" },
		{ "{\"event\":{\"data\":{\"pty\":\"\"}}}", PROCESS_PTY, "" },
		{ "{\"event\":{\"data\":{\"pty\":\"Pz8/Pz4+\"}}}", PROCESS_PTY,
		    "\?\?\?\?>>" },
		{ "{\"event\":{\"data\":{\"pty\":\"Pz8_Pz4-\"}}}", PROCESS_PTY,
		    "\?\?\?\?>>" },
		{ "{\"event\":{\"data\":{\"pty\":\"Pz8\\/Pz4+\"}}}", PROCESS_PTY,
		    "\?\?\?\?>>" },
		{ "{\"event\":{\"data\":{\"pty\":\"bHM\\u003d\"}}}", PROCESS_PTY, "ls" },
		{ " {\"event\": {\"data\": {\"pty\": \"bHM=\"}}} ", PROCESS_PTY, "ls" },
		{ "{\"event\":{\"data\":{\"pty\":\"bHM=\",\"new\":[1]}},\"x\":null}",
		    PROCESS_PTY, "ls" },
		{ "{\"event\":{\"data\":{\"pty\":\"bHM=\",\"stdout\":null}}}",
		    PROCESS_PTY, "ls" },
	};
	struct process_event e;
	struct error err;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (!read_event(cases[i].json, &scratch, &e, &err))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(e.kind, PROCESS_EVENT_DATA);
		assert_int_equal(e.stream, cases[i].stream);
		assert_int_equal(e.len, strlen(cases[i].data));
		assert_memory_equal(e.data, cases[i].data, e.len);
	}
	buf_clear(&scratch);
}

static void
test_events_that_are_newer_than_we_are(void **state)
{
	static const char *const cases[] = {
		"{}",
		"{\"event\":{}}",
		"{\"event\":null}",
		"{\"event\":{\"resized\":{\"cols\":3}}}",
		"{\"event\":{\"data\":{}}}",
		"{\"event\":{\"data\":{\"audio\":\"AAAA\"}}}",
		"{\"result\":1}",
	};
	struct process_event e;
	struct error err;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		e.kind = PROCESS_EVENT_END;
		if (!read_event(cases[i], &scratch, &e, &err))
			fail_msg("%s: %s", cases[i], err.text);
		assert_int_equal(e.kind, PROCESS_EVENT_OTHER);
	}
	buf_clear(&scratch);
}

static void
test_ends_in_every_spelling(void **state)
{
	static const struct {
		const char *json;
		int code;
		bool exited;
		const char *status, *error;
	} cases[] = {
		{ "{\"exited\":true,\"status\":\"exit status 0\"}", 0, true,
		    "exit status 0", "" },
		{ "{}", 0, false, "", "" },
		{ "{\"exitCode\":\"3\",\"exited\":true}", 3, true, "", "" },
		{ "{\"exit_code\":-1,\"status\":\"signal: killed\",\"error\":\"\"}", -1,
		    false, "signal: killed", "" },
		{ "{\"exitCode\":137,\"status\":\"killed\",\"error\":null}", 137, false,
		    "killed", "" },
		{ "{\"status\":\"a\\u001b[31m\\nb\"}", 0, false, "a\\e[31m b", "" },
	};
	struct process_event e;
	struct error err;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json = fill_in("{\"event\":{\"end\":@}}", cases[i].json);

		if (!read_event(json, &scratch, &e, &err))
			fail_msg("%s: %s", json, err.text);
		assert_int_equal(e.kind, PROCESS_EVENT_END);
		assert_int_equal(e.exit_code, cases[i].code);
		assert_int_equal(e.exited, cases[i].exited);
		assert_string_equal(e.status, cases[i].status);
		assert_string_equal(e.error, cases[i].error);
		free(json);
	}
	buf_clear(&scratch);
}

static void
test_a_long_status_is_cut(void **state)
{
	char *json;
	char status[201];
	struct process_event e;
	struct error err;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 100);
	memset(status, 'x', sizeof status - 1);
	status[sizeof status - 1] = '\0';
	json = fill_in("{\"event\":{\"end\":{\"status\":\"@\"}}}", status);
	assert_true(read_event(json, &scratch, &e, &err));
	assert_int_equal(strlen(e.status), sizeof e.status - 1);
	free(json);
	buf_clear(&scratch);
}

static void
test_bad_events(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "", "an empty body" },
		{ "<html>502</html>", "a web page" },
		{ "{\"event\":", "not valid JSON at byte" },
		{ "{\"event\":{\"start\":{\"pid\":1}}} x", "not valid JSON at byte" },
		{ "[]", "not a JSON object" },
		{ "7", "not a JSON object" },
		{ "{\"event\":[]}", "\"event\" must be an object" },
		{ "{\"event\":{\"start\":7}}", "\"start\" must be an object" },
		{ "{\"event\":{\"start\":{\"pid\":\"x\"}}}",
		    "\"start.pid\" must be a whole" },
		{ "{\"event\":{\"start\":{\"pid\":-1}}}",
		    "\"start.pid\" must be a whole" },
		{ "{\"event\":{\"start\":{\"pid\":4294967296}}}",
		    "from 0 to 4294967295" },
		{ "{\"event\":{\"start\":{\"pid\":99999999999999999999}}}",
		    "not valid JSON" },
		{ "{\"event\":{\"start\":{\"pid\":1e999}}}", "not valid JSON" },
		{ "{\"event\":{\"data\":\"AAAA\"}}", "\"data\" must be an object" },
		{ "{\"event\":{\"data\":{\"pty\":5}}}", "\"data.pty\" must be a string" },
		{ "{\"event\":{\"data\":{\"pty\":\"A\"}}}",
		    "\"data.pty\" must be base64" },
		{ "{\"event\":{\"data\":{\"pty\":\"AA*A\"}}}",
		    "\"data.pty\" must be base64" },
		{ "{\"event\":{\"data\":{\"pty\":\"AA\\u0000\"}}}", "must be base64" },
		{ "{\"event\":{\"data\":{\"pty\":\"AAAA\",\"stdout\":\"AAAA\"}}}",
		    "\"data.pty\" must be the only" },
		{ "{\"event\":{\"data\":{\"pty\":\"AAAA\",\"pty\":\"BBBB\"}}}",
		    "duplicate" },
		{ "{\"event\":{\"data\":{\"pty\":\"AAAA\"},\"start\":{}}}",
		    "\"data\" must be the only" },
		{ "{\"event\":{\"end\":{\"exitCode\":true}}}",
		    "\"end.exitCode\" must be" },
		{ "{\"event\":{\"end\":{\"exited\":1}}}",
		    "\"end.exited\" must be true or" },
		{ "{\"event\":{\"end\":{\"status\":{}}}}",
		    "\"end.status\" must be a string" },
		{ "{\"event\":{\"end\":{\"error\":[]}}}",
		    "\"end.error\" must be a string" },
		{ "{\"event\":{\"keepalive\":3}}", "\"keepalive\" must be an object" },
		{ "{\"event\":{\"end\":{\"status\":\"\xff\"}}}", "not valid JSON" },
		{ "{\"event\":{\"end\":{\"status\":\"\xed\xa0\x80\"}}}",
		    "not valid JSON" },
	};
	struct process_event e = { .kind = PROCESS_EVENT_KEEPALIVE, .pid = 42 };
	struct error err;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 100);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (read_event(cases[i].json, &scratch, &e, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(err.code, ERROR_REMOTE);
		assert_int_equal(e.kind, PROCESS_EVENT_KEEPALIVE);
		assert_int_equal(e.pid, 42);
		assert_false(read_event(cases[i].json, &scratch, &e, NULL));
	}
	buf_clear(&scratch);
}

static void
test_data_beyond_the_limit_of_the_scratch(void **state)
{
	char bytes[3000];
	struct process_event e;
	struct error err;
	struct buf wire, scratch;

	(void)state;
	memset(bytes, 7, sizeof bytes);
	buf_init(&wire, 8192);
	buf_init(&scratch, 1000);
	process_add_data_event(&wire, PROCESS_PTY, bytes, sizeof bytes);
	assert_false(process_event_decode(
	    wire.data + ENVELOPE_HEADER, wire.len - ENVELOPE_HEADER, &scratch, &e, &err));
	assert_non_null(strstr(err.text, "of a size that is allowed"));
	buf_reset(&wire);
	process_add_data_event(&wire, PROCESS_PTY, bytes, 900);
	assert_true(process_event_decode(
	    wire.data + ENVELOPE_HEADER, wire.len - ENVELOPE_HEADER, &scratch, &e, &err));
	assert_int_equal(e.len, 900);
	buf_clear(&wire);
	buf_clear(&scratch);
}

static char *
nested(int depth, const char *prefix)
{
	struct buf b;

	buf_init(&b, 1u << 20);
	buf_add_str(&b, prefix);
	for (int i = 0; i < depth; i++)
		buf_add_char(&b, '[');
	for (int i = 0; i < depth; i++)
		buf_add_char(&b, ']');
	buf_add_char(&b, '}');
	return buf_take(&b);
}

static void
test_deep_nesting(void **state)
{
	static const int depths[] = { 63, 64, 2000, 100000 };
	struct process_event e;
	struct error err;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 100);
	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		char *json = nested(depths[i], "{\"quoted [[[ \\\" {{{\":1,\"x\":");
		bool ok = read_event(json, &scratch, &e, &err);

		assert_int_equal(ok, depths[i] < 64);
		if (!ok)
			assert_non_null(strstr(err.text, "nested too deeply"));
		free(json);
	}
	buf_clear(&scratch);
}

/* ---- ends, as a server writes them */

static void
test_ends_from_wait(void **state)
{
	static const struct {
		int status, code;
		bool exited;
		const char *text, *json;
	} cases[] = {
		{ W_EXITCODE(0, 0), 0, true, "exit status 0",
		    "{\"exited\":true,\"status\":\"exit status 0\"}" },
		{ W_EXITCODE(255, 0), 255, true, "exit status 255",
		    "{\"exitCode\":255,\"exited\":true,\"status\":\"exit status 255\","
		    "\"error\":\"exit status 255\"}" },
		{ W_EXITCODE(0, 9), -1, false, "signal: killed",
		    "{\"exitCode\":-1,\"status\":\"signal: killed\",\"error\":\"signal: "
		    "killed\"}" },
		{ W_EXITCODE(0, 11) | WCOREFLAG, -1, false,
		    "signal: segmentation fault (core dumped)",
		    "{\"exitCode\":-1,\"status\":\"signal: segmentation fault (core "
		    "dumped)\","
		    "\"error\":\"signal: segmentation fault (core dumped)\"}" },
		{ W_EXITCODE(0, 40), -1, false, "signal: signal 40",
		    "{\"exitCode\":-1,\"status\":\"signal: signal "
		    "40\",\"error\":\"signal: "
		    "signal 40\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json = fill_in("{\"event\":{\"end\":@}}", cases[i].json);
		struct process_event e;
		struct buf out;

		process_event_from_status(cases[i].status, &e);
		assert_int_equal(e.kind, PROCESS_EVENT_END);
		assert_int_equal(e.exit_code, cases[i].code);
		assert_int_equal(e.exited, cases[i].exited);
		assert_string_equal(e.status, cases[i].text);
		assert_string_equal(e.error, cases[i].code ? cases[i].text : "");
		buf_init(&out, 4096);
		process_add_end_event(&out, cases[i].status);
		assert_same_json(out.data + ENVELOPE_HEADER, out.len - ENVELOPE_HEADER,
		    json, strlen(json));
		buf_clear(&out);
		free(json);
	}
}

static void
test_every_signal_has_a_word(void **state)
{
	(void)state;
	for (int signum = 1; signum < 32; signum++) {
		struct process_event e;

		process_event_from_status(W_EXITCODE(0, signum), &e);
		assert_false(str_has_prefix(e.status, "signal: signal"));
		assert_true(strlen(e.status) > strlen("signal: "));
	}
}

/* ---- data of every length there and back */

static void
test_data_there_and_back(void **state)
{
	unsigned char bytes[600];
	struct process_event e;
	struct error err;
	struct buf wire, scratch;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7);
	buf_init(&wire, 4096);
	buf_init(&scratch, 4096);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		buf_reset(&wire);
		process_add_data_event(&wire, PROCESS_STDERR, bytes, len);
		assert_true(process_event_decode(wire.data + ENVELOPE_HEADER,
		    wire.len - ENVELOPE_HEADER, &scratch, &e, &err));
		assert_int_equal(e.stream, PROCESS_STDERR);
		assert_int_equal(e.len, len);
		assert_memory_equal(e.data, bytes, len);
	}
	buf_clear(&wire);
	buf_clear(&scratch);
}

/* ---- Start */

static void
test_start_there_and_back(void **state)
{
	struct process_start s = { .has_pty = true, .cols = 132, .rows = 50 }, back;
	struct error err;
	struct buf out;

	(void)state;
	s.config.cmd = xstrdup("/bin/sh");
	s.config.cwd = xstrdup("");
	strlist_add(&s.config.args, "-c");
	strlist_add(&s.config.args, "echo \"\\\x01\t\303\251\" \360\237\230\200");
	pairs_set(&s.config.envs, "TERM", "xterm");
	pairs_set(&s.config.envs, "\"key\"", "");
	s.tag = xstrdup("sandtop/1/0123abcd/1795210084");
	s.has_stdin = true;
	buf_init(&out, 4096);
	process_start_encode(&out, &s);
	assert_buf_json(&out,
	    "{\"process\":{\"cmd\":\"/bin/sh\",\"args\":[\"-c\","
	    "\"echo \\\"\\\\\\u0001\\t\303\251\\\" \360\237\230\200\"],"
	    "\"envs\":{\"TERM\":\"xterm\",\"\\\"key\\\"\":\"\"},\"cwd\":\"\"},"
	    "\"pty\":{\"size\":{\"cols\":132,\"rows\":50}},"
	    "\"tag\":\"sandtop/1/0123abcd/1795210084\",\"stdin\":false}");
	assert_true(process_start_decode(out.data, out.len, &back, &err));
	assert_string_equal(back.config.cmd, s.config.cmd);
	assert_string_equal(back.config.cwd, "");
	assert_int_equal(back.config.args.count, 2);
	assert_null(back.config.args.items[2]);
	assert_string_equal(back.config.args.items[1], s.config.args.items[1]);
	assert_true(pairs_eq(&back.config.envs, &s.config.envs));
	assert_string_equal(back.tag, s.tag);
	assert_true(back.has_pty && back.has_stdin && !back.stdin_open);
	assert_int_equal(back.cols, 132);
	process_start_clear(&s);
	process_start_clear(&back);
	buf_clear(&out);
}

static void
test_start_with_defaults(void **state)
{
	struct process_start s;
	struct error err;

	(void)state;
	assert_true(process_start_decode("{}", 2, &s, &err));
	assert_string_equal(s.config.cmd, "");
	assert_null(s.config.cwd);
	assert_null(s.tag);
	assert_false(s.has_pty || s.has_stdin);
	process_start_clear(&s);

	static const char nulls[] =
	    "{\"process\":{\"cmd\":\"a\",\"args\":null,\"envs\":null,\"cwd\":null},"
	    "\"pty\":null,\"tag\":null,\"stdin\":null,\"later\":{\"x\":[1]}}";
	assert_true(process_start_decode(nulls, sizeof nulls - 1, &s, &err));
	assert_string_equal(s.config.cmd, "a");
	assert_int_equal(s.config.args.count, 0);
	assert_null(s.config.cwd);
	assert_false(s.has_pty || s.has_stdin);
	process_start_clear(&s);

	static const char odd[] = "{\"process\":{\"cmd\":\"a\"},\"pty\":{\"size\":"
				  "{\"cols\":\"80\",\"rows\":24.0}},\"stdin\":true}";
	assert_true(process_start_decode(odd, sizeof odd - 1, &s, &err));
	assert_int_equal(s.cols, 80);
	assert_int_equal(s.rows, 24);
	assert_true(s.stdin_open);
	process_start_clear(&s);
}

static void
test_bad_starts(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "", "start: an empty body" },
		{ "[]", "start: not a JSON object" },
		{ "{\"process\":1}", "\"process\" must be an object" },
		{ "{\"process\":{\"cmd\":1}}", "\"process.cmd\" must be a string" },
		{ "{\"process\":{\"cmd\":\"a\\u0000b\"}}", "not valid JSON" },
		{ "{\"process\":{\"args\":\"-c\"}}",
		    "\"process.args\" must be an array" },
		{ "{\"process\":{\"args\":[\"-c\",1]}}",
		    "\"process.args\" must be an array" },
		{ "{\"process\":{\"args\":[null]}}",
		    "\"process.args\" must be an array of" },
		{ "{\"process\":{\"envs\":[]}}", "\"process.envs\" must be an object" },
		{ "{\"process\":{\"envs\":{\"A\":1}}}",
		    "\"process.envs\" must be an object whose" },
		{ "{\"process\":{\"envs\":{\"A\":\"1\",\"A\":\"2\"}}}", "duplicate" },
		{ "{\"process\":{\"cwd\":false}}", "\"process.cwd\" must be a string" },
		{ "{\"pty\":[]}", "\"pty\" must be an object" },
		{ "{\"pty\":{\"size\":1}}", "\"pty.size\" must be an object" },
		{ "{\"pty\":{\"size\":{\"cols\":-1}}}",
		    "\"pty.size.cols\" must be a whole" },
		{ "{\"pty\":{\"size\":{\"rows\":1.5}}}",
		    "\"pty.size.rows\" must be a whole" },
		{ "{\"pty\":{\"size\":{\"rows\":\"1x\"}}}",
		    "\"pty.size.rows\" must be a whole" },
		{ "{\"tag\":7}", "\"tag\" must be a string" },
		{ "{\"stdin\":\"yes\"}", "\"stdin\" must be true or false" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_start s;
		struct error err;

		if (process_start_decode(cases[i].json, strlen(cases[i].json), &s, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

static void
test_a_config_is_copied_whole(void **state)
{
	struct process_config c = { 0 }, copy;

	(void)state;
	c.cmd = xstrdup("make");
	strlist_add(&c.args, "-j2");
	pairs_set(&c.envs, "CI", "1");
	process_config_copy(&copy, &c);
	process_config_clear(&c);
	assert_null(c.cmd);
	assert_string_equal(copy.cmd, "make");
	assert_string_equal(copy.args.items[0], "-j2");
	assert_string_equal(pairs_get(&copy.envs, "CI"), "1");
	assert_null(copy.cwd);
	process_config_clear(&copy);
	process_config_clear(&copy);
}

/* ---- List */

static void
test_lists(void **state)
{
	static const char json[] =
	    "{\"processes\":[{\"pid\":1,\"config\":{\"cmd\":\"a\\u001b[2J\\u0000\"},"
	    "\"tag\":\"\"},{\"config\":{},\"pid\":\"2\"},{}]}";
	struct process_list list;
	struct error err;
	struct buf out;

	(void)state;
	assert_true(process_list_decode(json, sizeof json - 1, &list, &err));
	assert_int_equal(list.count, 3);
	/* As it is: what draws it makes it clean. NUL alone is replaced. */
	assert_string_equal(list.items[0].config.cmd, "a\x1b[2J\xef\xbf\xbd");
	assert_string_equal(list.items[0].tag, "");
	assert_null(list.items[1].tag);
	assert_int_equal(list.items[1].pid, 2);
	buf_init(&out, 4096);
	process_list_encode(&out, &list);
	assert_buf_json(&out,
	    "{\"processes\":[{\"pid\":1,\"config\":{\"cmd\":\"a\\u001b[2J\\ufffd\"},"
	    "\"tag\":\"\"},{\"config\":{},\"pid\":2},{\"config\":{},\"pid\":0}]}");
	process_list_clear(&list);
	process_list_clear(&list);
	buf_clear(&out);
}

static void
test_bad_lists(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "{\"processes\":{}}", "\"processes\" must be an array" },
		{ "{\"processes\":[{\"pid\":1},2]}",
		    "entry 2: \"processes\" must be an array of" },
		{ "{\"processes\":[{},{},{\"pid\":{}}]}", "entry 3: \"pid\" must be" },
		{ "{\"processes\":[{\"tag\":{}}]}", "entry 1: \"tag\" must be" },
		{ "{\"processes\":[{\"config\":{\"cmd\":[]}}]}",
		    "entry 1: \"config.cmd\"" },
		{ "<!doctype html>", "a web page" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_list list;
		struct error err;

		assert_false(process_list_decode(
		    cases[i].json, strlen(cases[i].json), &list, &err));
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(err.code, ERROR_REMOTE);
	}
}

/* ---- the bytes of envd.md 7 */

static void
test_the_example_of_the_reference(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	process_add_start_event(&out, 812);
	process_add_data_event(&out, PROCESS_PTY, "$ ", 2);
	process_add_keepalive_event(&out);
	process_add_end_event(&out, W_EXITCODE(0, 0));
	static const char events[] =
	    "\0\0\0\0\x1f{\"event\":{\"start\":{\"pid\":812}}}"
	    "\0\0\0\0\x21{\"event\":{\"data\":{\"pty\":\"JCA=\"}}}"
	    "\0\0\0\0\x1a{\"event\":{\"keepalive\":{}}}"
	    "\0\0\0\0\x3a{\"event\":{\"end\":{\"exited\":true,\"status\":\"exit status "
	    "0\"}}}";
	assert_int_equal(out.len, sizeof events - 1);
	assert_memory_equal(out.data, events, out.len);

	buf_reset(&out);
	process_input_encode(&out, 812, PROCESS_INPUT_PTY, "l", 1);
	assert_string_equal(
	    out.data, "{\"process\":{\"pid\":812},\"input\":{\"pty\":\"bA==\"}}");
	buf_reset(&out);
	process_update_encode(&out, 812, 132, 50);
	assert_string_equal(out.data,
	    "{\"process\":{\"pid\":812},\"pty\":{\"size\":{\"cols\":132,\"rows\":50}}}");
	buf_reset(&out);
	process_signal_encode(&out, 812, 9);
	assert_string_equal(
	    out.data, "{\"process\":{\"pid\":812},\"signal\":\"SIGNAL_SIGKILL\"}");
	buf_reset(&out);
	process_signal_encode(&out, 812, 2);
	assert_string_equal(out.data, "{\"process\":{\"pid\":812},\"signal\":2}");

	buf_reset(&out);
	process_add_stream_start(&out, 812);
	process_add_stream_data(&out, PROCESS_INPUT_PTY, "l", 1);
	process_add_stream_keepalive(&out);
	static const char input[] =
	    "\0\0\0\0\x21{\"start\":{\"process\":{\"pid\":812}}}"
	    "\0\0\0\0\x21{\"data\":{\"input\":{\"pty\":\"bA==\"}}}"
	    "\0\0\0\0\x10{\"keepalive\":{}}";
	assert_int_equal(out.len, sizeof input - 1);
	assert_memory_equal(out.data, input, out.len);
	buf_clear(&out);
}

/* ---- envd's own metrics */

static void
test_metrics_of_several_daemons(void **state)
{
	static const char old[] = "{\"ts\":1.5e9,\"cpu_count\":2,\"cpu_used_pct\":0,"
				  "\"mem_total_mib\":512,\"mem_used_mib\":100}";
	static const char newer[] =
	    "{\"ts\":1500000000,\"cpu_used_pct\":99.99,"
	    "\"mem_total\":1000,\"mem_total_mib\":9,\"oom_kills\":[]}";
	static const char wrong[] = "{\"mem_total\":\"1\"}";
	struct envd_metrics m;
	struct error err;

	(void)state;
	assert_true(envd_metrics_decode(old, sizeof old - 1, &m, &err));
	assert_int_equal(m.ts_s, 1500000000);
	assert_int_equal(m.mem_total, 512u << 20);
	assert_int_equal(m.mem_used, 100u << 20);
	assert_int_equal(m.disk_total, 0);
	assert_true(envd_metrics_decode(newer, sizeof newer - 1, &m, &err));
	assert_int_equal(m.mem_total, 1000);
	assert_false(envd_metrics_decode(wrong, sizeof wrong - 1, &m, &err));
	assert_non_null(strstr(err.text, "\"mem_total\" must be a whole number"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data_in_every_spelling),
		cmocka_unit_test(test_events_that_are_newer_than_we_are),
		cmocka_unit_test(test_ends_in_every_spelling),
		cmocka_unit_test(test_a_long_status_is_cut),
		cmocka_unit_test(test_bad_events),
		cmocka_unit_test(test_data_beyond_the_limit_of_the_scratch),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_ends_from_wait),
		cmocka_unit_test(test_every_signal_has_a_word),
		cmocka_unit_test(test_data_there_and_back),
		cmocka_unit_test(test_start_there_and_back),
		cmocka_unit_test(test_start_with_defaults),
		cmocka_unit_test(test_bad_starts),
		cmocka_unit_test(test_a_config_is_copied_whole),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_the_example_of_the_reference),
		cmocka_unit_test(test_metrics_of_several_daemons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
