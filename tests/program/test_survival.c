/*
 * A local host that is killed (SIGKILL) and started again: what it had said before is
 * what it says after, one thing at a time.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include "tests/support/world.h"

static struct world world;
static char *sandbox; /* owned; its id */

/* What was said before the end. All owned. */
static struct {
	char *created, *info, *logs, *metrics, *template, *tags, *team;
} before;

/* ---- REST, by curl: our own client is not the judge of our own host */

/* Body and, on a line of its own, the status; caller frees. */
static char *
api(const char *method, const char *path, const char *more)
{
	char *command = xasprintf(
	    "curl -s -m 20 -w '\n%%{http_code}' -X %s -H 'X-API-Key: %s' %s '%s%s'",
	    method, world_get(&world, "E2B_API_KEY"), more,
	    world_get(&world, "E2B_API_URL"), path);
	FILE *f = popen(command, "r");
	struct buf out;
	char bytes[4096];
	size_t got;

	assert_non_null(f);
	buf_init(&out, 16 << 20);
	while ((got = fread(bytes, 1, sizeof bytes, f)) > 0)
		buf_add(&out, bytes, got);
	pclose(f);
	free(command);
	return buf_take(&out);
}

static char *
get(const char *path)
{
	return api("GET", path, "");
}

static char *
get_of(const char *format, const char *id)
{
	const char *mark = strstr(format, "%s");
	char *path = xasprintf("%.*s%s%s", (int)(mark - format), format, id, mark + 2);
	char *body = get(path);

	free(path);
	return body;
}

#define JSON "-H 'Content-Type: application/json' -d "

static char *
create_with_key(void)
{
	return api("POST", "/v2/sandboxes",
	    "-H 'Idempotency-Key: survival-0001' " JSON
	    "'{\"templateID\":\"base\",\"timeout\":3600,\"metadata\":{\"who\":\"me\"}}'");
}

/* ---- before */

static char *
build_template(void)
{
	char *asked = api("POST", "/v3/templates",
	    JSON "'{\"name\":\"survivor\",\"tags\":[\"first\"],\"cpuCount\":1,"
		 "\"memoryMB\":512}'");
	char *id = text_member(asked, "templateID"),
	     *build = text_member(asked, "buildID");
	char *path = xasprintf("/v2/templates/%s/builds/%s", id, build);

	free(api("POST", path,
	    JSON
	    "'{\"fromTemplate\":\"base\",\"steps\":[{\"type\":\"RUN\",\"args\":[\"echo "
	    "built > /home/user/made\"]}]}'"));
	free(path);
	free(build);
	free(asked);
	return id;
}

static bool
is_built(void *id)
{
	char *body = get_of("/templates/%s", id);
	bool built = strstr(body, "\"status\":\"ready\"") != NULL;

	free(body);
	return built;
}

/* The second sample comes with the first one long on disk. */
static bool
has_two_samples(void *unused)
{
	char *body = get_of("/sandboxes/%s/metrics", sandbox);
	const char *first = strstr(body, "cpuUsedPct");
	bool two = first && strstr(first + 1, "cpuUsedPct");

	(void)unused;
	free(body);
	return two;
}

static void
kill_host(void)
{
	char *json = world_out(&world, "host", "status", "-o", "json", NULL);
	const char *at = strstr(json, "\"pid\":");
	struct ran r;

	assert_non_null(at);
	assert_int_equal(kill((pid_t)strtol(at + 6, NULL, 10), SIGKILL), 0);
	free(json);
	r = world_run(&world, NULL, "host", "status", NULL);
	ran_clear(&r);
}

/* Up to the end of its first object: later ones come with time. */
static char *
first_object(char *json)
{
	char *end = strchr(json, '}');

	if (end)
		*end = '\0';
	return json;
}

static int
live_and_be_killed(void **state)
{
	(void)state;
	world_init(&world);
	world_start_host(&world);
	world_use_host_by_env(&world);
	before.created = create_with_key();
	sandbox = text_member(before.created, "sandboxID");
	before.template = build_template();
	free(world_out(&world, "exec", sandbox, "--", "echo precious >~/file", NULL));
	assert_true(world_wait(is_built, before.template));
	assert_true(world_wait(has_two_samples, NULL));
	before.info = get_of("/sandboxes/%s", sandbox);
	before.logs =
	    first_object(get_of("/v2/sandboxes/%s/logs?direction=forward", sandbox));
	before.metrics = first_object(get_of("/sandboxes/%s/metrics", sandbox));
	before.tags = get_of("/templates/%s/tags", before.template);
	before.team = get("/teams");
	kill_host();
	world_start_host(&world);
	return 0;
}

static int
leave(void **state)
{
	(void)state;
	free(before.created);
	free(before.info);
	free(before.logs);
	free(before.metrics);
	free(before.template);
	free(before.tags);
	free(before.team);
	free(sandbox);
	world_clear(&world);
	return 0;
}

/* ---- after */

static void
assert_begins(char *body, const char *was)
{
	if (!str_has_prefix(body, was))
		fail_msg("was %s, is %s", was, body);
	free(body);
}

static void
assert_same(char *body, const char *was)
{
	if (!str_eq(body, was))
		fail_msg("was %s, is %s", was, body);
	free(body);
}

/* First: the answer of a create is the same, and nothing is made again. */
static void
a_create_is_answered_as_before(void **state)
{
	(void)state;
	assert_same(create_with_key(), before.created);
	char *list = get("/v2/sandboxes");
	const char *first = strstr(list, "\"sandboxID\"");

	assert_non_null(first);
	assert_null(strstr(first + 1, "\"sandboxID\""));
	free(list);
}

static void
it_is_listed_as_what_it_is(void **state)
{
	static const char *const same[] = { "startedAt", "templateID", "envdAccessToken",
		"alias" };
	char *info = get_of("/sandboxes/%s", sandbox);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		char *was = text_member(before.info, same[i]),
		     *is = text_member(info, same[i]);

		assert_string_equal(is, was);
		free(was);
		free(is);
	}
	assert_non_null(strstr(info, "\"metadata\":{\"who\":\"me\"}"));
	assert_non_null(strstr(info, "\"state\":\"paused\""));
	assert_non_null(strstr(info, "\"pauseMode\":\"filesystem\""));
	free(info);
}

static void
its_metrics_are_there(void **state)
{
	(void)state;
	assert_begins(get_of("/sandboxes/%s/metrics", sandbox), before.metrics);
}

static void
its_log_is_there_and_says_what_happened(void **state)
{
	char *logs = get_of("/v2/sandboxes/%s/logs?direction=forward", sandbox);

	(void)state;
	assert_non_null(strstr(logs, "The host ended without pausing this sandbox"));
	assert_begins(logs, before.logs);
}

static void
its_files_are_there(void **state)
{
	(void)state;
	free(world_out(&world, "resume", sandbox, NULL));
	char *file = world_out(&world, "exec", sandbox, "--", "cat ~/file", NULL);

	assert_string_equal(file, "precious");
	free(file);
}

static void
templates_and_tags_are_there(void **state)
{
	(void)state;
	assert_same(get_of("/templates/%s/tags", before.template), before.tags);
	assert_non_null(strstr(before.tags, "first"));
	char *id = world_out(&world, "create", "survivor:first", NULL);
	char *made = world_out(&world, "exec", id, "--", "cat ~/made", NULL);

	assert_string_equal(made, "built");
	free(made);
	free(id);
}

static void
key_and_team_are_the_same(void **state)
{
	(void)state;
	assert_same(get("/teams"), before.team);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_create_is_answered_as_before),
		cmocka_unit_test(it_is_listed_as_what_it_is),
		cmocka_unit_test(its_metrics_are_there),
		cmocka_unit_test(its_log_is_there_and_says_what_happened),
		cmocka_unit_test(its_files_are_there),
		cmocka_unit_test(templates_and_tags_are_there),
		cmocka_unit_test(key_and_team_are_the_same),
	};

	return cmocka_run_group_tests(tests, live_and_be_killed, leave);
}
