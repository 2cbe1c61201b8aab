/* Snapshots and forks: files are carried, processes are not; both survive the host. */
#include "host_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/catalogue.h"
#include "host/sandbox_internal.h"

static char *
path_of(const struct guest *g, const char *verb)
{
	return xasprintf("/sandboxes/%s/%s", g->id, verb);
}

static void
guest_of(const struct answer *a, struct guest *out)
{
	answer_member(a, "sandboxID", out->id, sizeof out->id);
	answer_member(a, "envdAccessToken", out->token, sizeof out->token);
	snprintf(out->headers, sizeof out->headers,
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\nX-Access-Token: %s\r\n",
	    out->id, out->token);
}

static void
expect_script(const struct guest *g, const char *script, const char *output)
{
	struct stream_end s;

	run_script(g, script, &s);
	assert_string_equal(s.out.data, output);
	stream_clear(&s);
}

static void
snapshot(const struct guest *g, const char *json, char id[160])
{
	char *path = path_of(g, "snapshots");
	struct answer a;

	assert_int_equal(rest("POST", path, json, &a), 201);
	answer_member(&a, "snapshotID", id, 160);
	assert_true(body_has(&a, "processes"));
	answer_clear(&a);
	free(path);
}

static void
create_from(const char *reference, struct guest *out)
{
	char *json = xasprintf("{\"templateID\":\"%s\",\"timeout\":60}", reference);
	struct answer a;

	if (rest("POST", "/v2/sandboxes", json, &a) != 201)
		fail_msg("%s: %s", reference, a.body.data);
	guest_of(&a, out);
	assert_true(body_has(&a, "\"templateID\":\"localbase00000000001\""));
	answer_clear(&a);
	free(json);
}

static void
forget(const char *reference, int status)
{
	char *path = xasprintf("/templates/%s", reference);

	assert_int_equal(rest("DELETE", path, NULL, NULL), status);
	free(path);
}

static void
a_snapshot_carries_files_and_no_processes(void **state)
{
	struct guest g, made;
	char id[160];

	(void)state;
	create_guest(NULL, &g);
	expect_script(&g, "echo one > ~/f; (sleep 1000 >/dev/null 2>&1 &)", "");
	snapshot(&g, "{\"name\":\"Mine\"}", id);
	assert_string_equal(id, "mine:default");
	expect_script(&g, "echo two > ~/f; pgrep -c sleep", "1\n");
	create_from(id, &made);
	expect_script(&made, "cat ~/f; pgrep -c sleep", "one\n0\n");
	kill_guest(&made);
	snapshot(&g, "{\"name\":\"mine\"}", id); /* a second build of the same name */
	create_from("mine", &made);
	expect_script(&made, "cat ~/f", "two\n");
	kill_guest(&made);
	kill_guest(&g); /* snapshots stay */
	restart_house(false);
	create_from("mine", &made);
	expect_script(&made, "cat ~/f; cat /etc/hostname | cut -c 1", "two\ni\n");
	kill_guest(&made);
	forget("mine%3Adefault", 204);
	forget("mine", 404);
	assert_int_equal(
	    rest("POST", "/v2/sandboxes", "{\"templateID\":\"mine\"}", NULL), 404);
}

static void
snapshots_are_listed_by_page_sandbox_and_name(void **state)
{
	struct guest g, other;
	char first[160], second[160], third[160];
	char *path;
	struct answer a;

	(void)state;
	create_guest(NULL, &g);
	create_guest(NULL, &other);
	snapshot(&g, "{}", first);
	snapshot(&g, "{\"name\":\"named\"}", second);
	snapshot(&other, NULL, third);
	assert_int_equal(rest("GET", "/snapshots?limit=2", NULL, &a), 200);
	assert_true(body_has(&a, third) && body_has(&a, second) && !body_has(&a, first));
	path = xasprintf(
	    "/snapshots?limit=2&nextToken=%s", answer_header(&a, "X-Next-Token"));
	answer_clear(&a);
	assert_int_equal(rest("GET", path, NULL, &a), 200);
	assert_true(body_has(&a, first) && !body_has(&a, second));
	assert_null(answer_header(&a, "X-Next-Token"));
	answer_clear(&a);
	free(path);
	path = xasprintf("/snapshots?sandboxID=%s", other.id);
	assert_int_equal(rest("GET", path, NULL, &a), 200);
	assert_true(body_has(&a, third) && !body_has(&a, first));
	answer_clear(&a);
	free(path);
	assert_int_equal(rest("GET", "/snapshots?name=named", NULL, &a), 200);
	assert_true(body_has(&a, "\"names\":[\"named\"]") && !body_has(&a, first));
	answer_clear(&a);
	assert_int_equal(rest("GET", "/templates", NULL, &a), 200);
	assert_false(body_has(&a, "named"));
	answer_clear(&a);
	forget(first, 204);
	forget(second, 204);
	forget(third, 204);
	kill_guest(&g);
	kill_guest(&other);
}

static void
forks_are_sandboxes_of_their_own(void **state)
{
	struct guest g, fork;
	struct answer a;
	char *path;
	const char *second;

	(void)state;
	create_guest(
	    ",\"timeout\":60,\"metadata\":{\"a\":\"b\"},\"envVars\":{\"E\":\"v\"}", &g);
	expect_script(&g, "echo here > ~/f", "");
	path = path_of(&g, "fork");
	assert_int_equal(rest("POST", path, "{\"count\":2,\"timeout\":60}", &a), 201);
	guest_of(&a, &fork);
	second = strstr(strstr(a.body.data, "sandboxID") + 1, "sandboxID");
	assert_non_null(second);
	assert_null(strstr(second, fork.id));
	answer_clear(&a);
	expect_script(&fork, "cat ~/f; echo $E; echo changed > ~/f", "here\nv\n");
	expect_script(&g, "cat ~/f", "here\n");
	free(path);
	path = xasprintf("/sandboxes/%s", fork.id);
	assert_int_equal(rest("GET", path, NULL, &a), 200);
	assert_true(body_has(&a, "\"metadata\":{\"a\":\"b\"}"));
	answer_clear(&a);
	free(path);
	kill_guest(&fork);
	kill_guest(&g);
}

static void
what_cannot_be_copied_is_refused(void **state)
{
	static const struct {
		const char *verb, *json;
		int status;
		const char *text;
	} cases[] = {
		{ "snapshots", "{\"name\":\"no good\"}", 400, "name must be" },
		{ "snapshots", "{\"name\":\"base\"}", 400, "another" },
		{ "snapshots", "{\"name\":5}", 400, "name" },
		{ "snapshots", "[]", 400, "" },
		{ "fork", "{\"count\":0}", 400, "1 to 100" },
		{ "fork", "{\"count\":101}", 400, "1 to 100" },
		{ "fork", "{\"timeout\":90000}", 400, "24 hours" },
	};
	struct guest g;
	char *pause;

	(void)state;
	create_guest(NULL, &g);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *path = path_of(&g, cases[i].verb);
		struct answer a;

		if (rest("POST", path, cases[i].json, &a) != cases[i].status ||
		    !body_has(&a, cases[i].text))
			fail_msg("%s %s: %d %s", cases[i].verb, cases[i].json, a.status,
			    a.body.data);
		answer_clear(&a);
		free(path);
	}
	pause = path_of(&g, "pause");
	assert_int_equal(rest("POST", pause, NULL, NULL), 204);
	free(pause);
	pause = path_of(&g, "fork");
	assert_int_equal(rest("POST", pause, NULL, NULL), 409);
	free(pause);
	pause = path_of(&g, "snapshots");
	assert_int_equal(rest("POST", pause, NULL, NULL), 404);
	free(pause);
	kill_guest(&g);
	assert_int_equal(
	    rest("POST", "/sandboxes/iaaaaaaaaaaaaaaaaaaaa/fork", NULL, NULL), 404);
}

/* ---- what is not finished leaves nothing */

static bool
is_swept(void *ctx)
{
	(void)ctx;
	return !house.host->registry->removals;
}

static size_t
count_trees(void)
{
	char *path = path_join(house.host->data_dir, "trees");
	DIR *dir;
	struct dirent *e;
	size_t count = 0;

	turn_until(is_swept, NULL);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		count += e->d_name[0] != '.';
	closedir(dir);
	free(path);
	return count;
}

/* Sent, and being taken. */
static struct sandbox *
begin_snapshot(const struct guest *g, const char *json, struct client *c)
{
	struct sandbox *s = registry_find(house.host->registry, g->id);
	char *path = path_of(g, "snapshots");
	char *headers = xasprintf(
	    "X-API-Key: %s\r\nContent-Type: application/json\r\n", house.host->file.key);

	client_open(c);
	client_ask(c, "POST", path, headers, json, strlen(json));
	while (!s->snapshot)
		loop_turn(house.loop, 10);
	free(headers);
	free(path);
	return s;
}

static void
an_unfinished_snapshot_leaves_nothing(void **state)
{
	size_t before = count_trees();
	struct client c;
	struct guest g;
	char id[160];

	(void)state;
	create_guest(NULL, &g);
	begin_snapshot(&g, "{\"name\":\"deleted\"}", &c);
	forget("deleted", 204);
	client_expect(&c, 404);
	assert_int_equal(count_trees(), before);

	snapshot(&g, "{\"name\":\"kept\"}", id);
	assert_int_equal(count_trees(), before + 1);
	sandbox_kill(begin_snapshot(&g, "{\"name\":\"kept\"}", &c), "over", NULL, NULL);
	client_expect(&c, 404);
	assert_int_equal(count_trees(), before + 1);
	create_from("kept", &g);
	kill_guest(&g);
	forget("kept", 204);
	assert_int_equal(count_trees(), before);
}

/* The host was killed while it was being taken. */
static void
half_a_snapshot_goes_with_the_next_start(void **state)
{
	size_t before = count_trees();
	struct guest g;
	char id[160], *logs;

	(void)state;
	create_guest(NULL, &g);
	snapshot(&g, "{\"name\":\"half\"}", id);
	struct catalogue *c = house.host->catalogue;

	catalogue_set_status(
	    c, catalogue_find(c, "half")->builds, BUILD_BUILDING, NULL, NULL);
	logs = path_of(&g, "logs"); /* read from where that is written */
	assert_int_equal(rest("GET", logs, NULL, NULL), 200);
	free(logs);
	restart_house(false);
	c = house.host->catalogue;
	assert_int_equal(catalogue_find(c, "half")->builds->status, BUILD_ERROR);
	assert_int_equal(count_trees(), before);
	forget("half", 204);
	kill_guest(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_carries_files_and_no_processes),
		cmocka_unit_test(snapshots_are_listed_by_page_sandbox_and_name),
		cmocka_unit_test(forks_are_sandboxes_of_their_own),
		cmocka_unit_test(what_cannot_be_copied_is_refused),
		cmocka_unit_test(an_unfinished_snapshot_leaves_nothing),
		cmocka_unit_test(half_a_snapshot_goes_with_the_next_start),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
