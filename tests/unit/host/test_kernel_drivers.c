/* The programs that run cells, over pipes and without a host: values, output and its order,
 * errors, interrupts, much output, and what they say when they are told nonsense. Needs
 * python3 and bash; what needs node, pandas or matplotlib is skipped where they are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/str.h"
#include "host/kernel_drivers.h"
#include "wire/interpreter.h"

#define PATIENCE_MS 30000
#define GOT_MAX (64u * 1024 * 1024)
#define WORD "0123456789abcdef0123456789abcdef"
#define END "{\"type\":\"end_of_execution\"}\n"

struct kernel_process {
	const struct kernel_driver *driver;
	pid_t pid;
	int in, fds[2]; /* -1: closed */
	struct buf got[2];
};

/* ---- the process */

static void
become(const struct kernel_driver *driver, int in, int out, int err)
{
	char *argv[ARRAY_LEN(driver->args) + 2] = { NULL };

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that failed leaves nothing */
	signal(SIGINT, SIG_DFL);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	setenv("SANDTOP_MARK", WORD, 1);
	argv[0] = strdup(driver->program);
	for (size_t i = 0; i < ARRAY_LEN(driver->args) && driver->args[i]; i++)
		argv[i + 1] = strdup(driver->args[i]);
	execvp(driver->program, argv);
	_exit(127);
}

static void
send_all(struct kernel_process *k, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(k->in, bytes, len);

		if (n <= 0)
			return; /* it has gone; what it said is looked at */
		bytes += n;
		len -= (size_t)n;
	}
}

static void
send_frame(struct kernel_process *k, const char *bytes, size_t len)
{
	char head[32];
	int n = snprintf(head, sizeof head, "%zu\n", len);

	send_all(k, head, (size_t)n);
	send_all(k, bytes, len);
}

static void
start(struct kernel_process *k, const char *language)
{
	int in[2], out[2], err[2];

	k->driver = kernel_driver_find(language);
	assert_non_null(k->driver);
	assert_int_equal(pipe(in) | pipe(out) | pipe(err), 0);
	k->pid = fork();
	assert_true(k->pid >= 0);
	if (k->pid == 0)
		become(k->driver, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	k->in = in[1];
	k->fds[0] = out[0];
	k->fds[1] = err[0];
	buf_init(&k->got[0], GOT_MAX);
	buf_init(&k->got[1], GOT_MAX);
	send_frame(k, k->driver->text, *k->driver->len);
}

/* What there is to read; false: nothing comes any more. */
static bool
read_some(struct kernel_process *k)
{
	struct pollfd polled[2] = { { .fd = k->fds[0], .events = POLLIN },
		{ .fd = k->fds[1], .events = POLLIN } };
	char bytes[65536];

	if (k->fds[0] < 0 && k->fds[1] < 0)
		return false;
	if (poll(polled, 2, PATIENCE_MS) <= 0)
		fail_msg("%s says nothing; until now: %s | %s", k->driver->language,
		    k->got[0].data, k->got[1].data);
	for (int i = 0; i < 2; i++) {
		ssize_t n;

		if (k->fds[i] < 0 || !polled[i].revents)
			continue;
		n = read(k->fds[i], bytes, sizeof bytes);
		if (n > 0) {
			buf_add(&k->got[i], bytes, (size_t)n);
			continue;
		}
		close(k->fds[i]);
		k->fds[i] = -1;
	}
	return true;
}

static bool
has(const struct buf *got, const char *text)
{
	return got->len > 0 && memmem(got->data, got->len, text, strlen(text)) != NULL;
}

static void
read_until(struct kernel_process *k, int which, const char *text)
{
	while (!has(&k->got[which], text))
		if (!read_some(k))
			fail_msg("%s ended before it said %s: %s | %s",
			    k->driver->language, text, k->got[0].data, k->got[1].data);
}

static int
stop(struct kernel_process *k)
{
	int status;

	close(k->in);
	while (read_some(k))
		;
	assert_int_equal(waitpid(k->pid, &status, 0), k->pid);
	buf_clear(&k->got[0]);
	buf_clear(&k->got[1]);
	return status;
}

static void
ask_cell(struct kernel_process *k, const char *code)
{
	struct pairs envs = { .count = 0 };
	struct buf text;

	buf_consume(&k->got[0], k->got[0].len);
	buf_init(&text, 1024 * 1024);
	pairs_set(&envs, "CELL", "\xc3\xa9 'x'");
	interpreter_cell_encode(&text, code, &envs);
	send_frame(k, text.data, text.len);
	buf_clear(&text);
	pairs_clear(&envs);
}

static void
run_cell(struct kernel_process *k, const char *code)
{
	ask_cell(k, code);
	read_until(k, 0, END);
}

/* ---- tables of cells: all `texts` are said, in this order; `not` is not */

struct cell {
	const char *code, *texts[5], *not ;
};

static void
run_cells(const char *language, const struct cell *cells, size_t count)
{
	struct kernel_process k;

	start(&k, language);
	for (size_t i = 0; i < count; i++) {
		const char *from;

		run_cell(&k, cells[i].code);
		buf_add_char(&k.got[0], '\0');
		from = k.got[0].data;
		for (size_t n = 0; n < 5 && cells[i].texts[n]; n++) {
			from = strstr(from, cells[i].texts[n]);
			if (!from)
				fail_msg("%s: no %s in %s", cells[i].code,
				    cells[i].texts[n], k.got[0].data);
		}
		if (cells[i].not &&strstr(k.got[0].data, cells[i].not ))
			fail_msg(
			    "%s: %s in %s", cells[i].code, cells[i].not, k.got[0].data);
	}
	assert_int_equal(stop(&k), 0);
}

/* Skips the test without the program; the driver cannot be tried then. */
static void
need_program(const char *program)
{
	char command[64];

	snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
	if (system(command) != 0) {
		print_message("skipped: there is no %s\n", program);
		skip();
	}
}

static void
need_python_module(const char *name)
{
	char command[96];

	snprintf(command, sizeof command, "python3 -c 'import %s' >/dev/null 2>&1", name);
	if (system(command) != 0) {
		print_message("skipped: python3 has no %s\n", name);
		skip();
	}
}

#define RESULT_BEGIN(text) "\"type\":\"result\",\"text\":\"" text
#define RESULT(text) RESULT_BEGIN(text) "\""
#define FAILED(name) "\"type\":\"error\",\"name\":\"" name "\""

static void
python_cells(void **state)
{
	static const struct cell cells[] = {
		{ "1 + 1", { "\"execution_count\":1", RESULT("2") }, NULL },
		{ "_ + 1", { RESULT("3") }, NULL },
		{ "'q'", { RESULT("q") }, NULL },
		{ "1;", { END }, "result" },
		{ "None", { END }, "result" },
		{ "import sys\nprint('o')\nprint('e', file=sys.stderr)\nprint('p')",
		    { "\"stdout\",\"text\":\"o\\n\"", "\"stderr\",\"text\":\"e\\n\"",
			"\"stdout\",\"text\":\"p\\n\"", END },
		    NULL },
		{ "def f():\n  raise ValueError('bad')\nf()",
		    { FAILED("ValueError"), "\"value\":\"bad\"", "line 3", "in f", END },
		    "<kernel>" },
		{ "for", { FAILED("SyntaxError"), END }, NULL },
		{ "import os; os.environ['CELL']", { "\"text\":\"\\u00e9 'x'\"", END },
		    NULL },
		{ "import os\n_=os.write(1, b'\\xc3'); _=os.write(1, b'\\xa9')",
		    { "\"text\":\"\\u00e9\"", END }, "\\ufffd" },
		{ "import os\n_=os.write(1, b'\\xff.')", { "\\ufffd.", END }, NULL },
		{ "print('\\ud800')", { "\"text\":\"?\\n\"", END }, NULL },
		{ "{'a': [1, None]}", { "\"json\":{\"a\":[1,null]}", END }, NULL },
		{ "import asyncio\nawait asyncio.wait_for(asyncio.to_thread(str, "
		  "'slept'), 60)",
		    { RESULT("slept") }, NULL },
		{ "x = []; x.append(x); x", { "[[...]]", END }, "\"json\"" },
		{ "Out", { RESULT_BEGIN("{1: 2, 2: 3,"), END }, "\"json\"" },
		{ "input()", { FAILED("RuntimeError"), "nobody to ask" }, NULL },
		{ "exit()", { FAILED("SystemExit"), END }, NULL },
	};

	(void)state;
	run_cells("python", cells, ARRAY_LEN(cells));
}

static void
python_has_a_notebooks_manners(void **state)
{
	static const struct cell cells[] = {
		{ "%cd /", { "\"text\":\"/\\n\"" }, NULL },
		{ "%pwd", { RESULT("/") }, NULL },
		{ "x = %pwd\nx", { RESULT("/") }, NULL },
		{ "y = !echo a; echo b\ny.s", { RESULT("a b") }, NULL },
		{ "if x:\n  !echo in {1 + 1} $x", { "in 2 /\\n" }, NULL },
		{ "!echo one \\\n two", { "one two\\n" }, NULL },
		{ "%who", { "x\\ty" }, NULL },
		{ "%whos", { "Variable", "Lines" }, NULL },
		{ "%env A=b", { "env: A=b" }, NULL },
		{ "%env A", { RESULT("b") }, NULL },
		{ "%time 5", { RESULT("5"), "Wall time" }, NULL },
		{ "%timeit -n 2 -r 2 1", { "of 2 runs, 2 loops each" }, NULL },
		{ "%%timeit -n 2 -r 2 z=1\nz", { "of 2 runs, 2 loops each" }, NULL },
		{ "%%time\n7", { RESULT("7"), "CPU times" }, NULL },
		{ "%%bash\necho o; echo e >&2", { "o\\n" }, "error" },
		{ "%%bash\nexit 3", { FAILED("RuntimeError"), "status 3" }, NULL },
		{ "%%capture kept\nprint('quiet')\n8", { END }, "quiet" },
		{ "kept.stdout, kept.outputs", { "quiet", "[8]" }, NULL },
		{ "%%html\n<i>", { "\"html\":\"<i>\"" }, NULL },
		{ "len?", { "Signature: len(obj, /)" }, NULL },
		{ "?nothing", { "Object `nothing` not found" }, NULL },
		{ "%matplotlib inline", { END }, "error" },
		{ "%matplotlib qt", { FAILED("UsageError") }, NULL },
		{ "%load_ext some", { FAILED("UsageError"), "cannot be loaded" }, NULL },
		{ "%nope", { FAILED("UsageError"), "not known here" }, NULL },
		{ "%%nope\n1", { FAILED("UsageError"), "not known here" }, NULL },
		{ "len(In), len(Out) > 3, __", { "True" }, "error" },
		{ "get_ipython().run_line_magic('pwd', '')", { RESULT("/") }, NULL },
		{ "get_ipython().nothing", { FAILED("AttributeError"), "not IPython" },
		    NULL },
		{ "import IPython.nothing", { FAILED("ModuleNotFoundError") }, NULL },
	};

	(void)state;
	run_cells("python", cells, ARRAY_LEN(cells));
}

static void
python_displays(void **state)
{
	static const struct cell cells[] = {
		{ "from IPython.display import *\nfrom IPython.display import HTML, "
		  "Markdown, JSON, Image, SVG, Latex, Javascript, display, "
		  "clear_output, update_display\nHTML('<b>')",
		    { "HTML object>", "\"html\":\"<b>\"" }, NULL },
		{ "Markdown('*m*')", { "\"markdown\":\"*m*\"" }, NULL },
		{ "JSON({'a': 1})", { "\"json\":{\"a\":1}" }, NULL },
		{ "SVG('<svg/>')", { "\"svg\":\"<svg/>\"" }, NULL },
		{ "Latex('$l$')", { "\"latex\":\"$l$\"" }, NULL },
		{ "Javascript('j')", { "\"javascript\":\"j\"" }, NULL },
		{ "Image(data=b'\\x89PNG')", { "\"png\":\"iVBORw==\"" }, NULL },
		{ "display({'text/latex': 'l', 'x/y': 'z'}, raw=True)",
		    { "\"latex\":\"l\"", "\"is_main_result\":false",
			"\"extra\":{\"x/y\":\"z\"}" },
		    "\"text\"" },
		{ "h = display(1, display_id=True); h.update(2); clear_output()",
		    { RESULT("1"), END }, RESULT("2") },
		{ "class R:\n  def __repr__(self): 1/0\nR()", { "ZeroDivisionError" },
		    NULL },
	};

	(void)state;
	run_cells("python", cells, ARRAY_LEN(cells));
}

static void
python_shows_tables(void **state)
{
	static const struct cell cells[] = {
		{ "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
		    { "\"html\":\"", "<table", "\"data\":{\"a\":[1,2]}" }, NULL },
	};

	(void)state;
	need_python_module("pandas");
	run_cells("python", cells, ARRAY_LEN(cells));
}

static void
python_shows_figures(void **state)
{
	static const struct cell cells[] = {
		{ "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2], [3, 4])",
		    { "\"png\":\"iVBOR", "\"chart\":{\"type\":\"line\"",
			"\"points\":[[1,3],[2,4]]", END },
		    NULL },
		{ "%matplotlib inline\n_ = plt.pie([1, 3], labels=['x', 'y'])\n"
		  "plt.show()",
		    { "\"chart\":{\"type\":\"pie\"", "\"angle\":90.0", END }, NULL },
	};

	(void)state;
	need_python_module("matplotlib");
	run_cells("python", cells, ARRAY_LEN(cells));
}

static void
javascript_cells(void **state)
{
	static const struct cell cells[] = {
		{ "const a = 1; let b = 2; a + b", { RESULT("3") }, NULL },
		{ "const a = 5; let b = 1; class C {}; a", { RESULT("5") }, NULL },
		{ "class C {}; typeof C", { RESULT("function") }, NULL },
		{ "undefined", { END }, "result" },
		{ "{ a: 1 }", { RESULT("{ a: 1 }") }, NULL },
		{ "await new Promise((done) => setTimeout(done, 1, 'late'))",
		    { RESULT("late") }, NULL },
		{ "console.log('o'); console.error('e'); console.log('p')",
		    { "\"stdout\",\"text\":\"o\\n\"", "\"stderr\",\"text\":\"e\\n\"",
			"\"stdout\",\"text\":\"p\\n\"", END },
		    NULL },
		{ "import { sep } from 'path'\nimport os, * as all from 'os'\n"
		  "sep + typeof os.cpus + typeof all.cpus",
		    { RESULT("/functionfunction") }, NULL },
		{ "(await import('path')).sep", { RESULT("/") }, NULL },
		{ "require('path').sep", { RESULT("/") }, NULL },
		{ "process.env.CELL", { "\\u00e9 'x'" }, NULL },
		{ "function f() { throw new TypeError('bad') }\nf()",
		    { FAILED("TypeError"), "\"value\":\"bad\"", "at f (cell-" },
		    "node:" },
		{ "throw 5", { FAILED("Error"), "\"value\":\"5\"" }, NULL },
		{ "x y", { FAILED("SyntaxError") }, NULL },
		{ "nope", { FAILED("ReferenceError") }, NULL },
		{ "process.exit(1)", { FAILED("ExitRefused") }, NULL },
		{ "Promise.reject(new Error('alone')); 1", { RESULT("1") }, NULL },
		{ "2", { RESULT("2") }, NULL },
		{ "display({ [Symbol.for('Jupyter.display')]: () => "
		  "({ 'text/html': '<b>', 'x/y': 1 }) })",
		    { "\"html\":\"<b>\"", "\"is_main_result\":false", "\"x/y\":1" },
		    NULL },
		{ "new Uint8Array([137, 80, 78, 71])", { "\"png\":\"iVBORw==\"" }, NULL },
		{ "require('child_process').execSync('echo in', "
		  "{ stdio: 'inherit' }); 0",
		    { "\"text\":\"in\\n\"", RESULT("0") }, NULL },
	};

	(void)state;
	need_program("node");
	run_cells("js", cells, ARRAY_LEN(cells));
}

/* Types are taken out where node can; where not, it is said, and plain words run. */
static void
typescript_cells(void **state)
{
	static const struct cell cells[] = {
		{ "const plain = 1; plain", { RESULT("1") }, NULL },
		{ "const typed: number = 2", { END }, "SyntaxError" },
	};

	(void)state;
	need_program("node");
	run_cells("ts", cells, ARRAY_LEN(cells));
}

/* ---- interrupts */

static void
interrupts_end_cells_and_keep_names(void **state)
{
	static const struct {
		const char *language, *before, *endless, *error, *after;
	} cases[] = {
		{ "python", "w = 5", "print('on')\nwhile True: pass", "KeyboardInterrupt",
		    "w" },
		{ "python", "w = 5", "print('on')\nimport signal; signal.pause()",
		    "KeyboardInterrupt", "w" },
		{ "javascript", "const w = 5", "console.log('on'); while (true) {}",
		    "Interrupted", "w" },
		{ "javascript", "const w = 5",
		    "await 1; console.log('on'); while (true) {}", "Interrupted", "w" },
		{ "javascript", "const w = 5",
		    "console.log('on'); await new Promise(() => {})", "Interrupted",
		    "w" },
	};

	(void)state;
	need_program("node");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kernel_process k;

		start(&k, cases[i].language);
		run_cell(&k, cases[i].before);
		for (int again = 0; again < 2; again++) {
			ask_cell(&k, cases[i].endless);
			read_until(&k, 0, "on\\n");
			kill(-k.pid, SIGINT);
			read_until(&k, 0, END);
			assert_true(has(&k.got[0], cases[i].error));
			run_cell(&k, cases[i].after);
			assert_true(has(&k.got[0], RESULT("5")));
		}
		assert_int_equal(stop(&k), 0);
	}
}

/* ---- much, and nonsense */

static void
much_output_comes_whole(void **state)
{
	static const struct {
		const char *language, *code;
	} cases[] = {
		{ "python", "print('z' * 2000000)" },
		{ "python", "import os\nfor _ in range(2000): os.write(1, b'z' * 1000)" },
		{ "javascript", "process.stdout.write('z'.repeat(2000000)); 0" },
	};

	(void)state;
	need_program("node");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kernel_process k;
		size_t count = 0;

		start(&k, cases[i].language);
		run_cell(&k, cases[i].code);
		for (size_t n = 0; n < k.got[0].len; n++)
			count += k.got[0].data[n] == 'z';
		assert_int_equal(count, 2000000);
		assert_int_equal(stop(&k), 0);
	}
}

static void
nonsense_is_a_clean_end(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "no number\n............", 22 },
		{ "\xff\xfe\x01\x02\x03\n\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"
		  "\x0d\x0e",
		    20 },
		{ "8\nnonsense", 10 },
		{ "2\n[]", 4 },
		{ "10\n{\"code\":5}", 13 },
		{ "4\n\xff\xfe\xfd\xfc", 6 },
	};
	static const char *const languages[] = { "python", "javascript" };

	(void)state;
	need_program("node");
	for (size_t i = 0; i < ARRAY_LEN(languages) * ARRAY_LEN(cases); i++) {
		struct kernel_process k;
		size_t which = i / ARRAY_LEN(languages);
		int status;

		start(&k, languages[i % ARRAY_LEN(languages)]);
		read_until(&k, 0, "{\"type\":\"ready\"}\n");
		send_all(&k, cases[which].bytes, cases[which].len);
		read_until(&k, 1, "the kernel was told nonsense");
		assert_false(has(&k.got[1], "Traceback"));
		status = stop(&k);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	}
}

/* ---- bash, whose words are plain and end in marks */

static void
ask_bash(struct kernel_process *k, const char *code)
{
	buf_consume(&k->got[0], k->got[0].len);
	buf_consume(&k->got[1], k->got[1].len);
	send_frame(k, "1", 1);
	send_frame(k, "CELL=a 'b'", 10);
	send_frame(k, code, strlen(code));
}

static void
bash_cells(void **state)
{
	static const struct {
		const char *code, *out, *err;
		int status;
	} cases[] = {
		{ "v=5; cd /; echo o; echo e >&2", "o\n", "e\n", 0 },
		{ "echo $v $PWD \"$CELL\"", "5 / a 'b'\n", "", 0 },
		{ "printf '\\303\\251'", "\xc3\xa9", "", 0 },
		{ "f() { return 3; }; f", "", "", 3 },
		{ "if", "", "syntax error", 2 },
		{ "cat", "", "", 0 },
		{ "", "", "", 0 },
	};
	struct kernel_process k;

	(void)state;
	start(&k, "bash");
	read_until(&k, 0, WORD);
	read_until(&k, 1, WORD);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char said[128];
		int n = snprintf(said, sizeof said, "%s%c%s%c%d%c", cases[i].out, 0, WORD,
		    0, cases[i].status, 0);

		ask_bash(&k, cases[i].code);
		for (int fd = 0; fd < 2; fd++)
			read_until(&k, fd, WORD);
		assert_int_equal(k.got[0].len, n);
		assert_memory_equal(k.got[0].data, said, n);
		if (*cases[i].err && !has(&k.got[1], cases[i].err))
			fail_msg("%s: %s", cases[i].code, k.got[1].data);
	}
	stop(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(python_cells),
		cmocka_unit_test(python_has_a_notebooks_manners),
		cmocka_unit_test(python_displays),
		cmocka_unit_test(python_shows_tables),
		cmocka_unit_test(python_shows_figures),
		cmocka_unit_test(javascript_cells),
		cmocka_unit_test(typescript_cells),
		cmocka_unit_test(interrupts_end_cells_and_keep_names),
		cmocka_unit_test(much_output_comes_whole),
		cmocka_unit_test(nonsense_is_a_clean_end),
		cmocka_unit_test(bash_cells),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
