/* A host that ends while requests are under way: nothing of them stays behind. The sanitizer
 * build proves it; everywhere else the host must not crash, and serve again afterwards. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "base/path.h"
#include "host/catalogue.h"
#include "host/sandbox.h"

static const struct case_of {
	const char *method, *path; /* "$" is the sandbox */
	const char *json;
	bool paused;   /* the sandbox, before */
	bool to_guest; /* the path is envd's */
} cases[] = {
	{ "POST", "/v2/sandboxes", "{\"templateID\":\"base\"}" },
	{ "POST", "/v2/sandboxes", "{\"templateID\":\"never\"}" },
	{ "DELETE", "/sandboxes/$", NULL },
	{ "DELETE", "/sandboxes/$", NULL, .paused = true },
	{ "POST", "/sandboxes/$/pause", "{\"memory\":false}" },
	{ "POST", "/sandboxes/$/pause", "{\"requireHealthyGuest\":true}" },
	{ "POST", "/sandboxes/$/resume", "{\"memory\":false}", .paused = true },
	{ "POST", "/v2/sandboxes/$/connect", "{\"memory\":false}", .paused = true },
	{ "POST", "/sandboxes/$/snapshots", "{\"name\":\"shot\"}" },
	{ "POST", "/sandboxes/$/fork", "{\"count\":3}" },
	{ "GET", "/sandboxes/$/metrics?start=1", NULL },
	{ "GET", "/sandboxes/metrics?sandbox_ids=i0123456789abcdefghij", NULL },
	{ "GET", "/v2/sandboxes/$/logs", NULL },
	{ "GET", "/sandboxes/$/logs", NULL },
	{ "GET", "/teams/" HOST_TEAM_ID "/metrics", NULL },
	{ "GET", "/teams/" HOST_TEAM_ID "/metrics/max?metric=concurrent_sandboxes",
	    NULL },
	{ "GET", "/files?path=/etc/passwd", NULL, .to_guest = true },
	{ "GET", "/metrics", NULL, .to_guest = true },
	{ "POST", "/files/compose",
	    "{\"source_paths\":[\"/etc/passwd\"],\"destination_path\":\"/tmp/x\"}",
	    .to_guest = true },
	{ "POST", "/filesystem.Filesystem/Stat", "{\"path\":\"/\"}", .to_guest = true },
	{ "POST", "/filesystem.Filesystem/ListDir", "{\"path\":\"/\",\"depth\":9}",
	    .to_guest = true },
	{ "POST", "/filesystem.Filesystem/MakeDir", "{\"path\":\"/tmp/d\"}",
	    .to_guest = true },
	{ "POST", "/filesystem.Filesystem/CreateWatcher", "{\"path\":\"/tmp\"}",
	    .to_guest = true },
	{ "POST", "/process.Process/List", "{}", .to_guest = true },
};

/* Sent, not waited for; the connection is left open. */
static void
send_case(const struct case_of *c, const struct guest *g, struct client *out)
{
	const char *dollar = strchr(c->path, '$');
	char *path = dollar ? xasprintf("%.*s%s%s", (int)(dollar - c->path), c->path,
				  g->id, dollar + 1)
			    : xstrdup(c->path);
	char *headers = xasprintf("X-API-Key: %s\r\nContent-Type: application/json\r\n%s",
	    house.host->file.key, c->to_guest ? g->headers : "");

	client_open(out);
	client_ask(out, c->method, path, headers, c->json, c->json ? strlen(c->json) : 0);
	free(headers);
	free(path);
}

static void
pause_guest(const struct guest *g)
{
	char *path = xasprintf("/sandboxes/%s/pause", g->id);

	assert_int_equal(rest("POST", path, NULL, NULL), 204);
	free(path);
}

/* All cases at once, each with a sandbox of its own; a few turns, and the end. */
static void
end_amid(int turns, bool gently)
{
	struct client clients[ARRAY_LEN(cases)];
	struct answer a;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct guest g;

		create_guest(NULL, &g);
		if (cases[i].paused)
			pause_guest(&g);
		send_case(&cases[i], &g, &clients[i]);
	}
	for (int i = 0; i < turns; i++)
		loop_turn(house.loop, 0);
	restart_house(gently);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		client_close(&clients[i]);
	assert_int_equal(rest("GET", "/v2/sandboxes", NULL, &a), 200);
	answer_clear(&a);
	for (struct sandbox *s = registry_first(house.host->registry), *next; s;
	     s = next) {
		next = s->next;
		sandbox_kill(s, "over", NULL, NULL);
	}
}

/* Its sandboxes wait for a command that never succeeds. */
static int
open_with_template(void **state)
{
	struct catalogue *c;
	struct template *t;
	struct build *b;

	if (open_house(state) != 0)
		return -1;
	c = house.host->catalogue;
	t = catalogue_add(c, TEMPLATE_OWN, "never");
	b = catalogue_add_build(c, t, catalogue_find(c, "base")->builds);
	b->outset.ready_cmd = xstrdup("false");
	catalogue_set_status(c, b, BUILD_READY, NULL, NULL);
	return 0;
}

static void
nothing_stays_of_what_was_under_way(void **state)
{
	static const int turns[] = { 0, 1, 2, 3, 5, 8, 13 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(turns); i++) {
		end_amid(turns[i], true);
		end_amid(turns[i], false);
	}
}

/* What whoever opens the database now finds: a number, -1: no such row. */
static int64_t
on_disk(const char *sql, const char *id)
{
	char *path = path_join(house.host->data_dir, "host.db");
	sqlite3_stmt *st;
	sqlite3 *db;
	int64_t found = -1;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW)
		found = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	free(path);
	return found;
}

static void
expect(const char *method, const char *id, const char *call, const char *json, int status)
{
	char *path = xasprintf("/sandboxes/%s%s", id, call);

	assert_int_equal(rest(method, path, json, NULL), status);
	free(path);
}

/* As a host finds it that comes after one that was killed right behind its answer. */
static void
what_is_told_is_written(void **state)
{
	static const char paused[] = "SELECT paused FROM sandbox WHERE id=?",
			  lasts[] = "SELECT ends-started FROM sandbox WHERE id=?",
			  template[] = "SELECT kind FROM template WHERE names=?";

	(void)state;
	for (int round = 0; round < 16; round++) {
		char *named = xasprintf("told%d", round);
		char *json = xasprintf("{\"name\":\"%s\"}", named);
		struct guest g;

		create_guest(NULL, &g);
		assert_int_equal(on_disk(paused, g.id), 0);
		expect("POST", g.id, "/timeout", "{\"timeout\":7000}", 204);
		assert_true(on_disk(lasts, g.id) >= 7000 * 1000);
		expect("POST", g.id, "/pause", NULL, 204);
		assert_int_equal(on_disk(paused, g.id), 1);
		expect("POST", g.id, "/connect", "{\"timeout\":60}", 201);
		assert_int_equal(on_disk(paused, g.id), 0);
		expect("DELETE", g.id, "", NULL, 204);
		assert_int_equal(on_disk(paused, g.id), -1);
		assert_int_equal(rest("POST", "/v3/templates", json, NULL), 202);
		assert_true(on_disk(template, named) >= 0);
		free(json);
		free(named);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_is_written),
		cmocka_unit_test(nothing_stays_of_what_was_under_way),
	};

	return cmocka_run_group_tests(tests, open_with_template, close_house);
}
