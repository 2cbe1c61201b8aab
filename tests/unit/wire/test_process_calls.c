#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "tests/unit/wire/helpers.h"
#include "wire/process.h"

/* ---- calls, as a server reads them */

static void
test_calls_in_every_spelling(void **state)
{
	static const struct {
		const char *json;
		enum process_input_kind input;
		const char *bytes;
	} cases[] = {
		{ "{\"process\":{\"pid\":812},\"input\":{\"pty\":\"bHM=\"}}",
		    PROCESS_INPUT_PTY, "ls" },
		{ "{\"process\":{\"pid\":812},\"input\":{\"stdin\":\"bHM=\"}}",
		    PROCESS_INPUT_STDIN, "ls" },
		{ "{\"process\": {\"pid\": 812}, \"input\": {\"stdin\": \"bHM\"}}",
		    PROCESS_INPUT_STDIN, "ls" },
		{ "{\"input\":{\"pty\":\"bHM=\"},\"process\":{\"pid\":\"812\"}}",
		    PROCESS_INPUT_PTY, "ls" },
		{ "{\"process\":{\"pid\":812},\"input\":{\"pty\":\"\"}}",
		    PROCESS_INPUT_PTY, "" },
		{ "{\"process\":{\"pid\":812},\"input\":{\"pty\":\"Pz8\\/\"}}",
		    PROCESS_INPUT_PTY, "\?\?\?" },
		{ "{\"process\":{\"pid\":812},\"input\":{}}", PROCESS_INPUT_NONE, "" },
		{ "{\"process\":{\"pid\":812,\"tag\":null},\"input\":null}",
		    PROCESS_INPUT_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_call c;
		struct error err;

		if (!process_call_decode(cases[i].json, strlen(cases[i].json), &c, &err))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_true(c.process.has_pid);
		assert_int_equal(c.process.pid, 812);
		assert_int_equal(c.input, cases[i].input);
		assert_int_equal(c.bytes_len, strlen(cases[i].bytes));
		assert_memory_equal(
		    c.bytes_len ? c.bytes : "", cases[i].bytes, c.bytes_len);
		process_call_clear(&c);
	}
}

static void
test_signals(void **state)
{
	static const struct {
		const char *value;
		int expected;
	} cases[] = {
		{ "\"SIGNAL_SIGKILL\"", 9 },
		{ "\"SIGNAL_SIGTERM\"", 15 },
		{ "\"SIGNAL_UNSPECIFIED\"", 0 },
		{ "9", 9 },
		{ "15", 15 },
		{ "0", 0 },
		{ "null", 0 },
		{ "2", -1 },
		{ "-1", -1 },
		{ "\"SIGNAL_SIGHUP\"", -1 },
		{ "\"\"", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *json =
		    fill_in("{\"process\":{\"pid\":1},\"signal\":@}", cases[i].value);
		struct process_call c;
		struct error err;

		assert_true(process_call_decode(json, strlen(json), &c, &err));
		assert_int_equal(c.signal, cases[i].expected);
		process_call_clear(&c);
		free(json);
	}
}

static void
test_bad_calls(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "{\"process\":7}", "\"process\" must be an object" },
		{ "{\"process\":{\"pid\":\"a\"}}",
		    "\"process.pid\" must be a whole number" },
		{ "{\"process\":{\"pid\":1.5}}",
		    "\"process.pid\" must be a whole number" },
		{ "{\"process\":{\"pid\":4294967296},\"input\":{\"pty\":\"\"}}",
		    "from 0 to 4294967295" },
		{ "{\"process\":{\"pid\":007},\"input\":{\"pty\":\"\"}}",
		    "not valid JSON" },
		{ "{\"process\":{\"tag\":7}}", "\"process.tag\" must be a string" },
		{ "{\"process\":{\"pid\":1,\"tag\":\"a\"}}", "must be the only choice" },
		{ "{\"input\":\"AAAA\"}", "\"input\" must be an object" },
		{ "{\"input\":{\"pty\":1}}", "\"input.pty\" must be a string" },
		{ "{\"input\":{\"pty\":\"?\"}}", "\"input.pty\" must be base64" },
		{ "{\"process\":{\"pid\":1},\"input\":{\"pty\":\"?\"}}",
		    "must be base64" },
		{ "{\"input\":{\"pty\":\"\",\"stdin\":\"\"}}",
		    "\"pty\" must be the only" },
		{ "{\"signal\":[]}", "\"signal\" must be a name or a number" },
		{ "{\"signal\":9.5}", "\"signal\" must be a name or a number" },
		{ "{\"pty\":true}", "\"pty\" must be an object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct process_call c;
		struct error err;

		if (process_call_decode(cases[i].json, strlen(cases[i].json), &c, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

static void
test_stream_input(void **state)
{
	static const struct {
		const char *json;
		enum process_stream_input kind;
		enum process_input_kind input;
	} cases[] = {
		{ "{\"start\":{\"process\":{\"pid\":812}}}", PROCESS_STREAM_START,
		    PROCESS_INPUT_NONE },
		{ "{\"data\":{\"input\":{\"pty\":\"bA==\"}}}", PROCESS_STREAM_DATA,
		    PROCESS_INPUT_PTY },
		{ "{\"data\":{\"input\":{\"stdin\":\"bA==\"}}}", PROCESS_STREAM_DATA,
		    PROCESS_INPUT_STDIN },
		{ "{ \"data\": {\"input\": {\"stdin\": \"bA\"} } }", PROCESS_STREAM_DATA,
		    PROCESS_INPUT_STDIN },
		{ "{\"data\":{}}", PROCESS_STREAM_DATA, PROCESS_INPUT_NONE },
		{ "{\"keepalive\":{}}", PROCESS_STREAM_KEEPALIVE, PROCESS_INPUT_NONE },
		{ "{}", PROCESS_STREAM_NONE, PROCESS_INPUT_NONE },
		{ "{\"resize\":{}}", PROCESS_STREAM_NONE, PROCESS_INPUT_NONE },
		{ "{\"start\":null,\"keepalive\":{}}", PROCESS_STREAM_KEEPALIVE,
		    PROCESS_INPUT_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum process_stream_input kind;
		struct process_call c;
		struct error err;

		if (!process_stream_input_decode(
			cases[i].json, strlen(cases[i].json), &kind, &c, &err))
			fail_msg("%s: %s", cases[i].json, err.text);
		assert_int_equal(kind, cases[i].kind);
		assert_int_equal(c.input, cases[i].input);
		assert_int_equal(c.process.has_pid, kind == PROCESS_STREAM_START);
		if (c.input != PROCESS_INPUT_NONE)
			assert_memory_equal(c.bytes, "l", 1);
		process_call_clear(&c);
	}
}

static void
test_bad_stream_input(void **state)
{
	static const struct {
		const char *json, *complaint;
	} cases[] = {
		{ "", "stream input: an empty body" },
		{ "{\"start\":{},\"data\":{}}", "\"data\" must be the only choice" },
		{ "{\"start\":1}", "\"start\" must be an object" },
		{ "{\"start\":{\"process\":[]}}", "\"process\" must be an object" },
		{ "{\"data\":{\"input\":{\"pty\":\"=\"}}}",
		    "\"input.pty\" must be base64" },
		{ "{\"data\":[]}", "\"data\" must be an object" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum process_stream_input kind;
		struct process_call c;
		struct error err;

		if (process_stream_input_decode(
			cases[i].json, strlen(cases[i].json), &kind, &c, &err))
			fail_msg("accepted: %s", cases[i].json);
		if (!strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].json, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_in_every_spelling),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_bad_calls),
		cmocka_unit_test(test_stream_input),
		cmocka_unit_test(test_bad_stream_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
