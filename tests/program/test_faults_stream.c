/*
 * Streams that break: cut inside an envelope, ended late by a proxy, refused, absurd. A
 * command or shell goes on where it was, or says what became of it; nothing runs twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/proxy.h"
#include "tests/support/world.h"
#include "wire/connect.h"
#include "wire/envelope.h"

#define START "POST /process.Process/Start"
#define CONNECT "POST /process.Process/Connect"
#define STREAMS "POST /process.Process/[SC][to][an]*" /* Start, Connect */

static struct world world;
static struct proxy *proxy;
static char *box; /* a sandbox that runs all the time */

static int
setup(void **state)
{
	(void)state;
	world_init(&world);
	world_start_host(&world);
	world_use_host_by_env(&world);
	box = world_out(&world, "create", "base", "--name", "box", NULL);
	proxy = proxy_new(world_get(&world, "E2B_API_URL"));
	world_set(&world, "E2B_API_URL", proxy_url(proxy));
	world_set(&world, "E2B_SANDBOX_URL", proxy_url(proxy));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	proxy_free(proxy);
	free(box);
	world_clear(&world);
	return 0;
}

static int
no_rules(void **state)
{
	(void)state;
	proxy_forget(proxy);
	return 0;
}

static struct ran
run_exec(const char *line)
{
	return world_run(
	    &world, NULL, "--request-timeout", "2s", "exec", box, "--", line, NULL);
}

static void
assert_ran(struct ran *r, int status, const char *said)
{
	if (r->status != status || !strstr(r->err.data, said))
		fail_msg("exit %d, not %d with \"%s\": %s%s", r->status, status, said,
		    r->out.data, r->err.data);
}

/* ---- answers of our own: a stream of envelopes, then its end or none */

static void
begin_stream(struct buf *out)
{
	buf_init(out, 65536);
	buf_add_str(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
			 "Content-Type: application/connect+json\r\n\r\n");
}

static void
add_message(struct buf *out, const char *json)
{
	envelope_add(out, 0, json, strlen(json));
}

static void
answer_stream(const char *match, int times, struct buf *stream)
{
	proxy_rule(proxy, &(struct proxy_rule){ .match = match,
			      .act = PROXY_ANSWER,
			      .times = times,
			      .bytes = stream->data,
			      .len = stream->len });
	buf_clear(stream);
}

static const char started[] = "{\"event\":{\"start\":{\"pid\":4242}}}";

/* ---- real streams, broken on the way */

/* Cut after the start and in the middle of what follows: joined again by pid, and it has
 * run once. */
static void
cut_inside_an_envelope_is_joined_again(void **state)
{
	struct ran r;

	(void)state;
	proxy_rule(
	    proxy, &(struct proxy_rule){
		       .match = START, .act = PROXY_CUT, .times = 1, .after = 200 });
	r = run_exec("echo once >>/tmp/cut; seq 1 50; read -t 1 <> <(:); exit 3");
	assert_ran(&r, 3, "asking whether");
	assert_non_null(strstr(r.err.data, "joined"));
	ran_clear(&r);
	r = run_exec("cat /tmp/cut");
	assert_string_equal(r.out.data, "once\n");
	ran_clear(&r);
}

static struct driver *
open_shell(const char *word)
{
	struct driver *d = driver_sandtop(&world, 30, 100, "shell", "--new", box, NULL);
	char *line = xasprintf("kept=%s-a''live\r", word);

	driver_wait(d, "$");
	driver_type(d, line);
	driver_type(d, "echo $kept\r");
	free(line);
	line = xasprintf("%s-alive", word);
	driver_wait(d, line);
	free(line);
	return d;
}

static void
leave_shell(struct driver *d)
{
	driver_type(d, "exit\r");
	assert_int_equal(driver_exit(d), 0);
	assert_true(driver_modes_restored(d));
	driver_free(d);
}

/* The network is away for a while: the pane says so and joins the same shell again. */
static void
a_cut_shell_is_joined_again(void **state)
{
	struct driver *d = open_shell("cut");

	(void)state;
	proxy_rule(proxy, &(struct proxy_rule){ .match = "*", .act = PROXY_DROP });
	proxy_cut(proxy, "*");
	driver_wait(d, "RECONNECTING");
	assert_true(driver_shows(d, "cut-alive")); /* what was there stays */
	proxy_forget(proxy);
	driver_wait(d, "LIVE");
	driver_wait(d, "output was not seen"); /* without a replay there is a gap */
	driver_type(d, "echo still-$kept\r");
	driver_wait(d, "still-cut-alive");
	leave_shell(d);
}

/* What a broken upstream looks like behind the service's proxies. */
static void
a_late_unavailable_is_a_cut(void **state)
{
	struct driver *d = open_shell("late");
	int joined = proxy_count(proxy, CONNECT);
	struct buf end;

	(void)state;
	buf_init(&end, 1024);
	connect_add_end(&end, CONNECT_UNAVAILABLE, "upstream connect error");
	proxy_end_with(proxy, START, end.data, end.len);
	buf_clear(&end);
	proxy_wait(proxy, CONNECT, joined + 1);
	driver_insist(d, "echo still-$kept\r", "still-late-alive", true);
	leave_shell(d);
}

static void
a_missing_end_is_a_cut(void **state)
{
	struct driver *d = open_shell("endless");
	int joined = proxy_count(proxy, CONNECT);

	(void)state;
	proxy_end_with(proxy, START, "", 0);
	proxy_wait(proxy, CONNECT, joined + 1);
	driver_insist(d, "echo still-$kept\r", "still-endless-alive", true);
	leave_shell(d);
}

static const struct {
	const char *name, *bytes;
	size_t len;
} absurd[] = {
	{ "a length of 4 GiB", "\0\xff\xff\xff\xff{}", 7 },
	{ "unknown flags", "\xf0\0\0\0\2{}", 7 },
	{ "no JSON", "\0\0\0\0\4nope", 9 },
	{ "an event of wrong types", "\0\0\0\0\x1b{\"event\":{\"data\":{\"pty\":5}}}",
	    5 + 27 },
	{ "half a header", "\0\0", 2 },
};

static void
absurd_bytes_are_a_cut(void **state)
{
	struct driver *d = open_shell("absurd");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(absurd); i++) {
		int joined = proxy_count(proxy, CONNECT);
		char *line = xasprintf("echo %zu-$kept\r", i);
		char *shows = xasprintf("%zu-absurd-alive", i);

		print_message("%s\n", absurd[i].name);
		proxy_end_with(
		    proxy, i == 0 ? START : CONNECT, absurd[i].bytes, absurd[i].len);
		proxy_wait(proxy, CONNECT, joined + 1);
		driver_insist(d, line, shows, true);
		free(line);
		free(shows);
	}
	leave_shell(d);
}

/* ---- a start that is refused, or may be */

/* The proxies write `unavailable` before the sandbox answers: it is tried again, and the
 * command runs once. */
static void
a_refused_start_is_tried_again(void **state)
{
	struct buf stream;
	struct ran r;

	(void)state;
	begin_stream(&stream);
	connect_add_end(&stream, CONNECT_UNAVAILABLE, "no healthy upstream");
	answer_stream(START, 1, &stream);
	r = run_exec("echo once >>/tmp/refused; cat /tmp/refused");
	assert_ran(&r, 0, "");
	assert_string_equal(r.out.data, "once\n");
	ran_clear(&r);
}

/* Not the sandbox's words, so nobody knows: it is looked for and not sent again. */
static void
a_gateways_503_is_not_sent_twice(void **state)
{
	int starts = proxy_count(proxy, START);
	struct ran r;

	(void)state;
	proxy_answer(proxy, START, 1, 503, "", "<html>Service Unavailable</html>");
	r = run_exec("true");
	assert_ran(&r, 125, "what became of it is not known");
	ran_clear(&r);
	assert_int_equal(proxy_count(proxy, START), starts + 1);
}

static void
a_start_that_stays_refused_is_said(void **state)
{
	struct buf stream;
	struct ran r;

	(void)state;
	begin_stream(&stream);
	connect_add_end(&stream, CONNECT_UNAVAILABLE, "no healthy upstream");
	answer_stream(START, 0, &stream);
	r = run_exec("true");
	assert_ran(&r, 125, "");
	ran_clear(&r);
	proxy_forget(proxy);
	begin_stream(&stream);
	connect_add_end(&stream, CONNECT_PERMISSION_DENIED, "not\033[31m for you");
	answer_stream(START, 0, &stream);
	r = run_exec("true");
	assert_ran(&r, 125, "for you");
	assert_null(memchr(r.err.data, '\033', r.err.len));
	ran_clear(&r);
}

/* The request arrived, its answer did not: looked for by its tag, never sent twice. */
static void
a_lost_start_is_found_by_its_tag(void **state)
{
	int starts = proxy_count(proxy, START);
	struct ran r;

	(void)state;
	proxy_rule(proxy, &(struct proxy_rule){
			      .match = START, .act = PROXY_CUT, .times = 1, .after = 3 });
	r = run_exec("echo ran >>/tmp/lost; read -t 3 <> <(:); exit 4");
	assert_ran(&r, 4, "");
	ran_clear(&r);
	assert_int_equal(proxy_count(proxy, START), starts + 1);
	r = run_exec("cat /tmp/lost");
	assert_string_equal(r.out.data, "ran\n");
	ran_clear(&r);
}

/* ---- answers that are no streams */

static void
a_stream_of_nonsense_is_said(void **state)
{
	struct buf stream;
	struct ran r;

	(void)state;
	proxy_answer(proxy, START, 0, 200, "Content-Type: text/html\r\n", "<html>");
	r = run_exec("true");
	assert_ran(&r, 125, "sandbox");
	ran_clear(&r);
	proxy_forget(proxy);
	begin_stream(&stream);
	buf_add(&stream, "\0\xff\xff\xff\xff{}", 7);
	answer_stream(START, 0, &stream);
	r = run_exec("true");
	assert_ran(&r, 125, "");
	ran_clear(&r);
	proxy_forget(proxy);
	/* a pid that nobody knows afterwards */
	begin_stream(&stream);
	add_message(&stream, started);
	answer_stream(START, 0, &stream);
	r = run_exec("true");
	assert_ran(&r, 125, "");
	ran_clear(&r);
}

#define TEST(f) cmocka_unit_test_setup(f, no_rules)

/* Typed while the shell was opening, and sent when it lives. */
static void
type_ahead_reaches_the_shell(void **state)
{
	struct driver *d;

	(void)state;
	proxy_rule(proxy, &(struct proxy_rule){ .match = "POST /process.Process/Start",
			      .act = PROXY_HOLD });
	int before = proxy_count(proxy, "POST /process.Process/Start");
	d = driver_sandtop(&world, 30, 100, "shell", "--new", box, NULL);
	driver_wait(d, "OPENING");
	proxy_wait(proxy, "POST /process.Process/Start", before + 1);
	driver_type(d, "echo typed-ah''ead\r");
	driver_type(d, "exit 0 "); /* an x in it closes nothing */
	driver_pump(d);
	proxy_release(proxy, "POST /process.Process/Start");
	driver_wait(d, "typed-ahead");
	driver_type(d, "\r");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cut_inside_an_envelope_is_joined_again),
		TEST(a_cut_shell_is_joined_again),
		TEST(a_late_unavailable_is_a_cut),
		TEST(a_missing_end_is_a_cut),
		TEST(absurd_bytes_are_a_cut),
		TEST(a_refused_start_is_tried_again),
		TEST(a_gateways_503_is_not_sent_twice),
		TEST(a_start_that_stays_refused_is_said),
		TEST(a_lost_start_is_found_by_its_tag),
		TEST(a_stream_of_nonsense_is_said),
		TEST(type_ahead_reaches_the_shell),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
