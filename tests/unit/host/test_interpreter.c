/* The code interpreter: cells in python and bash in real sandboxes, contexts, queues, what
 * goes wrong; and the splitter of marks. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "host/marks.h"
#include "host/sandbox.h"

static struct guest guest;

/* Its port 49999. */
static void
to_interpreter(const struct guest *g, char *out, size_t size)
{
	snprintf(out, size,
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49999\r\n"
	    "Content-Type: application/json\r\n",
	    g->id);
}

static void
create_interpreter(void)
{
	struct answer a;
	char *id;

	assert_int_equal(
	    rest("POST", "/v2/sandboxes",
		"{\"templateID\":\"code-interpreter-v1\",\"timeout\":60}", &a),
	    201);
	id = strstr(a.body.data, "\"sandboxID\":\"");
	assert_non_null(id);
	snprintf(guest.id, sizeof guest.id, "%.21s", id + strlen("\"sandboxID\":\""));
	answer_clear(&a);
}

static void
end_interpreter(void)
{
	char *path = xasprintf("/sandboxes/%s", guest.id);

	assert_int_equal(rest("DELETE", path, NULL, NULL), 204);
	free(path);
}

static int
call(const char *method, const char *path, const char *json, struct answer *out)
{
	char headers[256];

	to_interpreter(&guest, headers, sizeof headers);
	ask(method, path, headers, json ? json : "", json ? strlen(json) : 0, out);
	return out->status;
}

static void
expect_cell(const char *json, const char *const *texts)
{
	struct answer a;

	assert_int_equal(call("POST", "/execute", json, &a), 200);
	for (; *texts; texts++)
		if (!body_has(&a, *texts))
			fail_msg("%s: no %s in %s", json, *texts, a.body.data);
	answer_clear(&a);
}

#define CELL(json, ...) expect_cell(json, (const char *const[]){ __VA_ARGS__, NULL })
#define END "{\"type\":\"end_of_execution\"}\n"

static void
cells_run_and_their_state_stays(void **state)
{
	(void)state;
	create_interpreter();
	CELL("{\"code\":\"x = 20\\nprint('hi')\\nx + 1\"}",
	    "{\"type\":\"number_of_executions\",\"execution_count\":1}\n",
	    "\"text\":\"hi\\n\"",
	    "\"type\":\"result\",\"text\":\"21\",\"is_main_result\":true", END);
	CELL("{\"code\":\"x * 2\",\"env_vars\":null}", "\"execution_count\":2",
	    "\"text\":\"40\"", END);
	CELL("{\"code\":\"import os; os.environ['A']\",\"env_vars\":{\"A\":\"\\u00e9\"}}",
	    "\"text\":\"\\u00e9\"", END);
	CELL("{\"code\":\"'A' in os.environ\"}", "\"text\":\"False\"", END);
	CELL("{\"code\":\"1/0\"}", "\"type\":\"error\",\"name\":\"ZeroDivisionError\"",
	    "\"value\":\"division by zero\"", "\"traceback\":\"Traceback", END);
	CELL("{\"code\":\"y=3; cd /tmp; echo $A; echo e >&2\",\"language\":\"bash\","
	     "\"env_vars\":{\"A\":\"b c\"}}",
	    "\"type\":\"stdout\",\"text\":\"b c\\n\"",
	    "\"type\":\"stderr\",\"text\":\"e\\n\"", END);
	CELL("{\"code\":\"echo $y $PWD $A.\",\"language\":\" BASH \"}",
	    "\"text\":\"3 /tmp .\\n\"", END);
	end_interpreter();
}

static void
what_cannot_be_run_is_refused(void **state)
{
	static const struct {
		const char *method, *path, *json;
		int status;
		const char *text;
	} cases[] = {
		{ "GET", "/health", NULL, 200, "\"OK\"" },
		{ "POST", "/execute", "{\"x\":1}", 422, "\\\"code\\\" must be there" },
		{ "POST", "/execute", "{\"code\":\"1\",\"language\":\"r\"}", 500, "'r'" },
		{ "POST", "/execute", "{\"code\":\"1\",\"context_id\":\"nope\"}", 404,
		    "Context nope not found" },
		{ "POST", "/execute",
		    "{\"code\":\"1\",\"context_id\":\"a\",\"language\":\"bash\"}", 400,
		    "Only one of" },
		{ "POST", "/execute", "{\"language\":\"bash\"}", 422, "code" },
		{ "POST", "/execute", "{\"code\":5}", 422, "code" },
		{ "POST", "/execute", "{\"code\":\"1\",\"env_vars\":[]}", 422,
		    "env_vars" },
		{ "POST", "/execute", "nonsense", 422, "detail" },
		{ "POST", "/execute", "", 422, "detail" },
		{ "POST", "/contexts", "{\"language\":\"java\"}", 500, "'java'" },
		{ "POST", "/contexts", "{\"cwd\":5}", 422, "cwd" },
		{ "POST", "/contexts/nope/restart", "", 404, "nope" },
		{ "DELETE", "/contexts/nope", NULL, 404, "nope" },
		{ "GET", "/execute", NULL, 405, "" },
		{ "GET", "/elsewhere", NULL, 404, "" },
	};

	(void)state;
	create_interpreter();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		if (call(cases[i].method, cases[i].path, cases[i].json, &a) !=
			cases[i].status ||
		    !body_has(&a, cases[i].text))
			fail_msg("%s %s %s: %d %s", cases[i].method, cases[i].path,
			    cases[i].json, a.status, a.body.data);
		answer_clear(&a);
	}
	end_interpreter();
}

static void
make_context(const char *json, char id[40])
{
	struct answer a;
	const char *at;

	assert_int_equal(call("POST", "/contexts", json, &a), 200);
	at = strstr(a.body.data, "\"id\":\"");
	assert_non_null(at);
	snprintf(id, 40, "%.36s", at + 6);
	answer_clear(&a);
}

static void
contexts_are_made_restarted_and_removed(void **state)
{
	struct answer a;
	char id[40], cell[256], path[80];

	(void)state;
	create_interpreter();
	make_context("{\"language\":\"python\",\"cwd\":\"/tmp\"}", id);
	snprintf(cell, sizeof cell,
	    "{\"code\":\"import os; z=7; os.getcwd()\",\"context_id\":\"%s\"}", id);
	CELL(cell, "\"text\":\"/tmp\"", END);
	CELL("{\"code\":\"z\"}", "NameError", END); /* the default one is another */
	assert_int_equal(call("GET", "/contexts", NULL, &a), 200);
	assert_true(body_has(&a, id));
	assert_true(body_has(&a, "\"cwd\":\"/home/user\""));
	answer_clear(&a);
	snprintf(path, sizeof path, "/contexts/%s/restart", id);
	assert_int_equal(call("POST", path, "", &a), 200);
	assert_string_equal(a.body.data, "null");
	answer_clear(&a);
	snprintf(cell, sizeof cell, "{\"code\":\"z\",\"context_id\":\"%s\"}", id);
	CELL(cell, "NameError", END);
	snprintf(path, sizeof path, "/contexts/%s", id);
	assert_int_equal(call("DELETE", path, NULL, &a), 200);
	answer_clear(&a);
	assert_int_equal(call("POST", "/execute", cell, &a), 404);
	answer_clear(&a);
	end_interpreter();
}

static void
begin_cell(struct client *c, const char *json)
{
	char headers[256];

	to_interpreter(&guest, headers, sizeof headers);
	client_open(c);
	client_ask(c, "POST", "/execute", headers, json, strlen(json));
}

static void
leaving_interrupts_and_the_state_stays(void **state)
{
	static const struct {
		const char *language, *endless, *after, *text;
	} cases[] = {
		{ "python", "w=5\\nprint('on')\\nwhile True: pass", "w",
		    "\"text\":\"5\"" },
		{ "bash", "w=5; echo on; while :; do :; done", "echo $w",
		    "\"text\":\"5\\n\"" },
	};

	(void)state;
	create_interpreter();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct client c;
		char json[256];

		snprintf(json, sizeof json, "{\"code\":\"%s\",\"language\":\"%s\"}",
		    cases[i].endless, cases[i].language);
		begin_cell(&c, json);
		client_wait(&c, "on\\n");
		client_close(&c);
		snprintf(json, sizeof json, "{\"code\":\"%s\",\"language\":\"%s\"}",
		    cases[i].after, cases[i].language);
		CELL(json, cases[i].text, END);
	}
	end_interpreter();
}

static void
cells_of_one_context_wait_for_each_other(void **state)
{
	struct client first, second;
	struct answer a;

	(void)state;
	create_interpreter();
	begin_cell(&first, "{\"code\":\"import os\\nprint('on')\\n"
			   "while not os.path.exists('/tmp/go'): pass\\nv=1\"}");
	client_wait(&first, "on\\n");
	begin_cell(&second, "{\"code\":\"v\"}");
	CELL("{\"code\":\"touch /tmp/go\",\"language\":\"bash\"}", END);
	client_answer(&first, &a);
	assert_true(body_has(&a, END));
	answer_clear(&a);
	client_answer(&second, &a);
	assert_true(body_has(&a, "\"type\":\"result\",\"text\":\"1\""));
	answer_clear(&a);
	client_close(&first);
	client_close(&second);
	end_interpreter();
}

static void
a_kernel_that_dies_is_told_and_replaced(void **state)
{
	(void)state;
	create_interpreter();
	CELL("{\"code\":\"q=1\\nimport os; os.kill(os.getpid(), 9)\"}",
	    "\"type\":\"error\",\"name\":\"ContextRestarting\"", END);
	CELL("{\"code\":\"q\"}", "NameError", "\"execution_count\":1", END);
	CELL("{\"code\":\"exit 3\",\"language\":\"bash\"}", "ContextRestarting", END);
	CELL("{\"code\":\"echo again\",\"language\":\"bash\"}", "\"text\":\"again\\n\"",
	    END);
	end_interpreter();
}

static void
a_pause_ends_streams_and_keeps_kernels(void **state)
{
	struct client c;
	struct answer a;
	char *pause, *connect;

	(void)state;
	create_interpreter();
	pause = xasprintf("/sandboxes/%s/pause", guest.id);
	connect = xasprintf("/v2/sandboxes/%s/connect", guest.id);
	begin_cell(&c, "{\"code\":\"import os\\nprint('on')\\n"
		       "while not os.path.exists('/tmp/go'): pass\\nkept=9\"}");
	client_wait(&c, "on\\n");
	assert_int_equal(rest("POST", pause, NULL, NULL), 204);
	client_answer(&c, &a);
	assert_true(body_has(&a, "UnexpectedEndOfExecution"));
	assert_true(body_has(&a, END));
	answer_clear(&a);
	client_close(&c);
	assert_int_equal(rest("POST", connect, "{\"timeout\":60}", NULL), 201);
	CELL("{\"code\":\"touch /tmp/go\",\"language\":\"bash\"}", END);
	CELL("{\"code\":\"kept\"}", "\"text\":\"9\"", END);
	free(pause);
	free(connect);
	end_interpreter();
}

/* As with the service: a broken connection makes clients look whether it is gone. */
static void
a_kill_breaks_streams_off(void **state)
{
	struct client c;
	struct answer a;

	(void)state;
	create_interpreter();
	begin_cell(&c, "{\"code\":\"print('on')\\nwhile True: pass\"}");
	client_wait(&c, "on\\n");
	end_interpreter();
	client_answer(&c, &a);
	assert_true(a.closed);
	assert_null(memmem(c.in.data, c.in.len, "end_of", 6));
	answer_clear(&a);
	client_close(&c);
}

static void
contexts_of_two_languages_are_there(void **state)
{
	struct answer a;

	(void)state;
	create_interpreter();
	assert_int_equal(call("GET", "/contexts", NULL, &a), 200);
	assert_true(body_has(&a, "\"language\":\"python\""));
	assert_true(body_has(&a, "\"language\":\"javascript\""));
	answer_clear(&a);
	end_interpreter();
}

static void
much_output_comes_whole(void **state)
{
	struct answer a;
	size_t count = 0;

	(void)state;
	create_interpreter();
	assert_int_equal(
	    call("POST", "/execute", "{\"code\":\"print('x' * 3000000)\"}", &a), 200);
	for (size_t i = 0; i < a.body.len; i++)
		count += a.body.data[i] == 'x';
	assert_true(count >= 3000000 && count < 3001000); /* "x" of type names besides */
	answer_clear(&a);
	end_interpreter();
}

static void
elsewhere_the_port_is_the_sandboxs_own(void **state)
{
	struct guest g;
	struct answer a;
	char headers[256];

	(void)state;
	create_guest(NULL, &g);
	to_interpreter(&g, headers, sizeof headers);
	ask("GET", "/health", headers, "", 0, &a);
	assert_int_equal(a.status, 502);
	assert_true(body_has(&a, "port is not open"));
	answer_clear(&a);
	kill_guest(&g);
}

/* ---- marks */

static void
marks_are_found_however_they_are_cut(void **state)
{
	static const char word[] = "0123456789abcdef0123456789abcdef";
	char stream[128];
	int n = snprintf(stream, sizeof stream, "a%cb%c%s%c12%cc%c%s%c7x%c", 0, 0, word,
	    0, 0, 0, word, 0, 0);

	(void)state;
	for (int step = 1; step <= n; step++) {
		struct marks m;
		struct buf text;
		int ends = 0, number = 0, last = 0;
		const char *piece;
		size_t len;

		marks_init(&m, word);
		buf_init(&text, 256);
		for (int at = 0; at < n; at += step) {
			enum marks_piece what;

			marks_feed(&m, stream + at, (size_t)MIN(step, n - at));
			while ((what = marks_next(&m, &piece, &len, &number)) !=
			       MARKS_MORE) {
				ends += what == MARKS_END;
				last = what == MARKS_END ? number : last;
				if (what == MARKS_TEXT) {
					buf_add(&text, piece, len);
					marks_take(&m, len);
				}
			}
		}
		assert_int_equal(ends, 1);
		assert_int_equal(last, 12);
		assert_int_equal(text.len + m.held.len, (size_t)n - strlen(word) - 5);
		assert_memory_equal(text.data, "a\0bc", 4);
		buf_clear(&text);
		marks_clear(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_run_and_their_state_stays),
		cmocka_unit_test(what_cannot_be_run_is_refused),
		cmocka_unit_test(contexts_are_made_restarted_and_removed),
		cmocka_unit_test(leaving_interrupts_and_the_state_stays),
		cmocka_unit_test(cells_of_one_context_wait_for_each_other),
		cmocka_unit_test(a_kernel_that_dies_is_told_and_replaced),
		cmocka_unit_test(a_pause_ends_streams_and_keeps_kernels),
		cmocka_unit_test(a_kill_breaks_streams_off),
		cmocka_unit_test(contexts_of_two_languages_are_there),
		cmocka_unit_test(much_output_comes_whole),
		cmocka_unit_test(elsewhere_the_port_is_the_sandboxs_own),
		cmocka_unit_test(marks_are_found_however_they_are_cut),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
