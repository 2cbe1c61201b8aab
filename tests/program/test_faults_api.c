/*
 * A control plane that fails in every way it can: each command says what failed, why and
 * what to do, ends with the right code, and never claims what it does not know.
 */
#include <setjmp.h>
#include <signal.h>
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

/* One command, "BOX" being the sandbox; its exit code and a piece of what it said. */
static void
expect(int status, const char *said, const char *const *words)
{
	const char *argv[16] = { getenv("SANDTOP_BIN"), "--request-timeout", "2s" };
	struct ran r;

	for (size_t i = 0; words[i]; i++)
		argv[i + 3] = str_eq(words[i], "BOX") ? box : words[i];
	r = world_run_argv(&world, NULL, argv);
	if (r.status != status || !strstr(r.err.data, said))
		fail_msg("%s: exit %d, not %d with \"%s\": %s%s", words[0], r.status,
		    status, said, r.out.data, r.err.data);
	if (memchr(r.err.data, '\033', r.err.len))
		fail_msg("%s: an escape sequence in: %s", words[0], r.err.data);
	ran_clear(&r);
}
#define EXPECT(status, said, ...)                                                        \
	expect(status, said, (const char *const[]){ __VA_ARGS__, NULL })

/* How many sandboxes there are, past the proxy's rules. */
static int
count_sandboxes(const char *wanted)
{
	char *ids, *filter = xasprintf("name=%s", wanted);
	int count = 0;

	proxy_forget(proxy);
	ids = world_out(&world, "ls", "-q", "-m", filter, NULL);
	for (const char *at = ids; *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : "")
		count++;
	free(ids);
	free(filter);
	return count;
}

/* ---- answers */

static const struct {
	int status;
	const char *headers, *body;
	int exit;
	const char *said;
} answers[] = {
	{ 200, "", "", 1, "the answer is empty: check E2B_API_URL" },
	{ 200, "", "[{\"sandboxID\":\"a", 1, "not valid JSON" },
	{ 200, "", "[{\"sandboxID\": 5}]", 1, "check E2B_API_URL" },
	{ 200, "", "null", 1, "check E2B_API_URL" },
	{ 200, "", "<html>Welcome to the hotel</html>", 1, "a web page" },
	{ 200, "", "\x01\xff\xfe garbage", 1, "not valid JSON" },
	{ 302, "Location: http://127.0.0.1:1/\r\n", "", 1, "check E2B_API_URL" },
	{ 401, "", "{\"code\":401,\"message\":\"no\"}", 4, "check E2B_API_KEY" },
	{ 401, "", "<html>", 4, "check E2B_API_KEY" },
	{ 403, "", "{\"message\":\"blocked\\u001b[31m\"}", 4, "blocked" },
	{ 409, "", "{\"code\":409,\"message\":\"busy\"}", 5, "busy (409)" },
	{ 418, "", "\033[2Jtea", 1, "tea (418)" },
	{ 429, "Retry-After: 3600\r\n", "{\"message\":\"slow\"}", 6,
	    "slow (429): try again in 3600 s" },
	{ 429, "", "slow", 6, "try again" },
	{ 500, "", "{\"code\":500,\"message\":\"boom\"}", 1, "look before trying again" },
	{ 500, "", "<html>boom</html>", 1, "(500): the service failed" },
	{ 502, "", "{\"code\":502,\"message\":\"gone\",\"sandboxId\":\"x\"}", 7,
	    "the service is not available; try again later" },
	{ 503, "", "", 7, "try again later" },
	{ 999, "", "", 1, "999" },
};

static void
every_answer_is_explained(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		proxy_forget(proxy);
		proxy_answer(proxy, "*", 0, answers[i].status, answers[i].headers,
		    answers[i].body);
		EXPECT(answers[i].exit, answers[i].said, "ls");
		EXPECT(answers[i].exit, answers[i].said, "info", "BOX");
		EXPECT(125, answers[i].said, "exec", "BOX", "--", "true");
	}
}

/* What is not the API's own yes is none: the sandbox was neither paused nor killed. */
static void
a_page_is_no_yes(void **state)
{
	static const char *const bodies[] = { "<html>Welcome</html>", "garbage" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		proxy_forget(proxy);
		proxy_answer(proxy, "*", 0, 200, "", bodies[i]);
		EXPECT(1, "check E2B_API_URL", "kill", "--yes", "BOX");
		EXPECT(1, "check E2B_API_URL", "pause", "BOX");
	}
	proxy_forget(proxy);
	EXPECT(0, "", "exec", "BOX", "--", "true");
}

static void
not_found_is_said_as_such(void **state)
{
	(void)state;
	proxy_answer(proxy, "*", 0, 404, "", "{\"code\":404,\"message\":\"no such\"}");
	EXPECT(3, "no sandbox", "info", "BOX");
	EXPECT(3, "", "kill", "--yes", "BOX");
	EXPECT(125, "no sandbox", "exec", "BOX", "--", "true");
}

static void
retry_after_is_obeyed(void **state)
{
	int before = proxy_count(proxy, "GET /v2/sandboxes*");

	(void)state;
	proxy_answer(proxy, "GET /*", 1, 429, "Retry-After: 1\r\n", "{}");
	proxy_answer(proxy, "GET /*", 1, 503, "", "");
	EXPECT(0, "", "ls");
	assert_int_equal(proxy_count(proxy, "GET /v2/sandboxes*"), before + 3);
}

static void
silence_ends_with_the_deadline(void **state)
{
	(void)state;
	proxy_rule(proxy, &(struct proxy_rule){ .match = "*", .act = PROXY_SILENCE });
	EXPECT(7, "did not answer within 2 s", "ls");
	EXPECT(125, "did not answer within 2 s", "exec", "BOX", "--", "true");
	proxy_forget(proxy);
	proxy_rule(proxy, &(struct proxy_rule){ .match = "*", .act = PROXY_DROP });
	EXPECT(7, "closed the connection", "ls");
}

/* The head promises more than comes. */
static void
a_cut_answer_is_none(void **state)
{
	(void)state;
	proxy_rule(proxy,
	    &(struct proxy_rule){ .match = "GET *", .act = PROXY_CUT, .after = 20 });
	EXPECT(7, "cut its answer short", "ls");
}

/* ---- create */

static void
a_lost_create_is_settled_by_its_marker(void **state)
{
	int before = proxy_count(proxy, "POST */sandboxes");

	(void)state;
	proxy_rule(proxy,
	    &(struct proxy_rule){ .match = "POST */sandboxes", .act = PROXY_LOSE });
	EXPECT(0, "", "create", "base", "--name", "lost");
	assert_int_equal(proxy_count(proxy, "POST */sandboxes"), before + 1);
	assert_int_equal(count_sandboxes("lost"), 1);

	/* so is one that breaks off */
	proxy_rule(
	    proxy, &(struct proxy_rule){
		       .match = "POST */sandboxes", .act = PROXY_CUT, .after = 10 });
	EXPECT(0, "", "create", "base", "--name", "cut");
	assert_int_equal(proxy_count(proxy, "POST */sandboxes"), before + 2);
	assert_int_equal(count_sandboxes("cut"), 1);
}

static void
a_create_that_never_came_is_named(void **state)
{
	int before = proxy_count(proxy, "POST */sandboxes");

	(void)state;
	proxy_rule(proxy,
	    &(struct proxy_rule){ .match = "POST */sandboxes", .act = PROXY_SILENCE });
	EXPECT(7, "no sandbox with metadata sandtop.create=", "create", "base", "--name",
	    "never");
	assert_int_equal(proxy_count(proxy, "POST */sandboxes"), before + 1);
	assert_int_equal(count_sandboxes("never"), 0);
}

static void
interrupted_create_kills_what_comes_late(void **state)
{
	struct driver *d;

	(void)state;
	proxy_rule(proxy,
	    &(struct proxy_rule){ .match = "POST */sandboxes", .act = PROXY_HOLD });
	int before = proxy_count(proxy, "POST */sandboxes");
	d = driver_sandtop(&world, 24, 100, "create", "base", "--name", "late", NULL);
	proxy_wait(proxy, "POST */sandboxes", before + 1);
	driver_type(d, "\x03");
	driver_wait(d, "interrupted");
	proxy_release(proxy, "POST */sandboxes");
	driver_wait(d, "came late and was killed");
	assert_int_equal(driver_exit(d), 130);
	assert_true(driver_modes_restored(d));
	driver_free(d);
	assert_int_equal(count_sandboxes("late"), 0);
}

static void
a_second_interrupt_names_the_marker(void **state)
{
	struct driver *d;

	(void)state;
	proxy_rule(proxy,
	    &(struct proxy_rule){ .match = "POST */sandboxes", .act = PROXY_SILENCE });
	int before = proxy_count(proxy, "POST */sandboxes");
	d = driver_sandtop(&world, 24, 100, "create", NULL);
	proxy_wait(proxy, "POST */sandboxes", before + 1);
	driver_type(d, "\x03");
	driver_wait(d, "interrupted");
	driver_type(d, "\x03");
	driver_wait(d, "sandtop ls -m sandtop.create=");
	assert_int_equal(driver_exit(d), 130);
	driver_free(d);
}

/* ---- the dashboard: what was there stays, what failed is said (law 7) */

static const struct {
	enum proxy_act act;
	int status;
	const char *body, *shows;
} on_screen[] = {
	{ PROXY_ANSWER, 401, "{\"message\":\"no\"}", "KEY REFUSED" },
	{ PROXY_ANSWER, 500, "<html>", "OFFLINE" },
	{ PROXY_ANSWER, 200, "{", "OFFLINE" },
	{ PROXY_ANSWER, 429, "slow", "OFFLINE" },
	{ PROXY_DROP, 0, "", "OFFLINE" },
};

static void
the_dashboard_keeps_what_it_knows(void **state)
{
	struct driver *d = driver_sandtop(&world, 24, 100, NULL);

	(void)state;
	driver_wait(d, "box");
	for (size_t i = 0; i < ARRAY_LEN(on_screen); i++) {
		if (on_screen[i].act == PROXY_ANSWER)
			proxy_answer(
			    proxy, "*", 0, on_screen[i].status, "", on_screen[i].body);
		else
			proxy_rule(proxy, &(struct proxy_rule){
					      .match = "*", .act = on_screen[i].act });
		driver_insist(d, "R", on_screen[i].shows, true);
		assert_true(driver_shows(d, "box"));
		driver_type(d, "p"); /* changes are refused, not queued */
		driver_wait(d, "refused");
		proxy_forget(proxy);
		driver_insist(d, "R", on_screen[i].shows, false);
		assert_true(driver_shows(d, "box"));
	}
	driver_type(d, "Q");
	assert_int_equal(driver_exit(d), 0);
	assert_true(driver_modes_restored(d));
	driver_free(d);
	EXPECT(0, "", "exec", "BOX", "--", "true"); /* and nothing paused it */
}

/* The form's create is out, its answer is not: quitting names what may still come. */
static void
quitting_names_a_create_under_way(void **state)
{
	struct driver *d = driver_sandtop(&world, 30, 110, NULL);

	(void)state;
	driver_wait(d, "box");
	proxy_rule(proxy,
	    &(struct proxy_rule){ .match = "POST */sandboxes", .act = PROXY_SILENCE });
	int before = proxy_count(proxy, "POST */sandboxes");
	driver_type(d, "c");
	driver_wait(d, "New sandbox");
	driver_insist(d, "\x13", "New sandbox", false); /* ^S */
	proxy_wait(proxy, "POST */sandboxes", before + 1);
	driver_type(d, "Q");
	driver_wait(d, "sandtop ls -m sandtop.create=");
	assert_int_equal(driver_exit(d), 0);
	assert_true(driver_modes_restored(d));
	driver_free(d);
}

static void
the_dashboard_starts_without_an_answer(void **state)
{
	struct driver *d;

	(void)state;
	proxy_rule(proxy, &(struct proxy_rule){ .match = "*", .act = PROXY_SILENCE });
	d = driver_sandtop(&world, 24, 100, NULL);
	driver_wait(d, "loading");
	driver_type(d, "?");
	driver_wait(d, "Keys"); /* it is alive meanwhile */
	driver_type(d, "\x1b");
	driver_wait_gone(d, "Keys");
	driver_type(d, "Q");
	assert_int_equal(driver_exit(d), 0);
	driver_free(d);
}

/* ---- keys and hosts */

static void
no_key_explains_the_three_ways(void **state)
{
	struct world bare;
	struct driver *d;

	(void)state;
	world_init(&bare);
	d = driver_sandtop(&bare, 24, 100, NULL);
	driver_wait(d, "E2B_API_KEY");
	driver_wait(d, "sandtop --profile local");
	driver_type(d, "q");
	assert_int_equal(driver_exit(d), 0);
	assert_true(driver_modes_restored(d));
	driver_free(d);

	/* half a pair borrows nothing */
	world_set(&bare, "E2B_API_URL", proxy_url(proxy));
	struct ran r = world_run(&bare, NULL, "ls", NULL);
	assert_int_equal(r.status, 4);
	assert_non_null(strstr(r.err.data, "E2B_API_KEY"));
	ran_clear(&r);
	world_clear(&bare);
}

static void
a_wrong_key_is_said_and_kept_secret(void **state)
{
	static const char wrong[] = "e2b_0123456789012345678901234567890123456789";
	char *key = xstrdup(world_get(&world, "E2B_API_KEY"));
	struct driver *d;

	(void)state;
	world_set(&world, "E2B_API_KEY", wrong);
	EXPECT(4, "check E2B_API_KEY", "ls");
	d = driver_sandtop(&world, 24, 100, NULL);
	driver_wait(d, "KEY REFUSED");
	driver_type(d, "Q");
	assert_int_equal(driver_exit(d), 0);
	assert_null(memmem(driver_bytes(d)->data, driver_bytes(d)->len, wrong, 40));
	driver_free(d);
	world_set(&world, "E2B_API_KEY", key);
	free(key);
}

#define TEST(f) cmocka_unit_test_setup(f, no_rules)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_answer_is_explained),
		TEST(a_page_is_no_yes),
		TEST(not_found_is_said_as_such),
		TEST(retry_after_is_obeyed),
		TEST(silence_ends_with_the_deadline),
		TEST(a_cut_answer_is_none),
		TEST(a_lost_create_is_settled_by_its_marker),
		TEST(a_create_that_never_came_is_named),
		TEST(interrupted_create_kills_what_comes_late),
		TEST(a_second_interrupt_names_the_marker),
		TEST(the_dashboard_keeps_what_it_knows),
		TEST(quitting_names_a_create_under_way),
		TEST(the_dashboard_starts_without_an_answer),
		TEST(no_key_explains_the_three_ways),
		TEST(a_wrong_key_is_said_and_kept_secret),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
