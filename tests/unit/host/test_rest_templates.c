/* Templates, snapshots and network rules over HTTP: what there is, and what is refused. */
#include "host_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/box_internal.h"
#include "host/catalogue.h"
#include "host/sandbox.h"

static void
each_call_answers_what_there_is(void **state)
{
	static const struct {
		const char *method, *path, *json;
		int status;
		const char *text; /* in the body */
	} cases[] = {
		{ "GET", "/templates/localbase00000000001", NULL, 200, "\"base\"" },
		{ "GET", "/templates/localbase00000000001?limit=100", NULL, 200,
		    "\"builds\":[{" },
		{ "GET", "/templates/localbase00000000001?limit=0", NULL, 400, "limit" },
		{ "GET", "/templates/localbase00000000001?nextToken=x", NULL, 400,
		    "next token" },
		{ "GET", "/templates/base", NULL, 404, "'base' not found" },
		{ "GET", "/templates/nope", NULL, 404, "'nope' not found" },
		{ "GET", "/templates/%22%0a", NULL, 404, "not found" },
		{ "GET", "/templates/aliases/base", NULL, 200,
		    "{\"templateID\":\"localbase00000000001\",\"public\":true}" },
		{ "GET", "/templates/aliases/code-interpreter-v1", NULL, 200,
		    "localcode00000000001" },
		{ "GET", "/templates/aliases/mine%2Fbase", NULL, 200, "localbase" },
		{ "GET", "/templates/aliases/tags", NULL, 404, "'tags' not found" },
		{ "GET", "/templates/aliases/nope", NULL, 404, "not found" },
		{ "GET", "/templates/base/tags", NULL, 200, "\"tag\":\"default\"" },
		{ "GET", "/templates/localcode00000000001/tags", NULL, 200,
		    "b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a02" },
		{ "GET", "/templates/nope/tags", NULL, 404, "not found" },
		{ "DELETE", "/templates/base", NULL, 403, "built into" },
		{ "DELETE", "/templates/localbase00000000001", NULL, 403, "built into" },
		{ "DELETE", "/templates/nope", NULL, 404, "not found" },
		{ "POST", "/templates/base", "{}", 410, "POST /v3/templates" },
		{ "GET", "/snapshots", NULL, 200, "[]" },
		{ "GET", "/snapshots?sandboxID=iabc&name=x&limit=10", NULL, 200, "[]" },
		{ "GET", "/snapshots?limit=101", NULL, 400, "limit" },
		{ "PUT", "/sandboxes/i0123456789abcdefghij/network", "{}", 404,
		    "not found" },
		{ "PUT", "/sandboxes/i0123456789abcdefghij/network", "[]", 400, NULL },
		{ "PUT", "/sandboxes/i0123456789abcdefghij/network", NULL, 400, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		if (rest(cases[i].method, cases[i].path, cases[i].json, &a) !=
			cases[i].status ||
		    (cases[i].text && !body_has(&a, cases[i].text)))
			fail_msg("%s %s: %d %s", cases[i].method, cases[i].path, a.status,
			    a.body.data);
		answer_clear(&a);
	}
}

static void
one_template_has_all_its_members(void **state)
{
	static const char *const members[] = { "templateID", "public", "aliases", "names",
		"createdAt", "updatedAt", "lastSpawnedAt", "spawnCount", "builds",
		"buildID", "status", "finishedAt", "cpuCount", "memoryMB", "diskSizeMB",
		"envdVersion" };

	(void)state;
	for (const struct template *t = catalogue_first(house.host->catalogue); t;
	     t = t->next) {
		char *path = xasprintf("/templates/%s", t->id);
		struct answer a;

		assert_int_equal(rest("GET", path, NULL, &a), 200);
		for (size_t k = 0; k < ARRAY_LEN(members); k++) {
			char *key = xasprintf("\"%s\":", members[k]);

			if (!body_has(&a, key))
				fail_msg("%s in %s", key, a.body.data);
			free(key);
		}
		answer_clear(&a);
		free(path);
	}
}

static bool
is_online(void *ctx)
{
	return box_has_internet(((struct sandbox *)ctx)->box);
}

static bool
is_offline(void *ctx)
{
	return !is_online(ctx);
}

static void
network_is_cut_and_given_back(void **state)
{
	struct guest g;
	struct answer a;
	struct sandbox *s;
	struct error err;
	char *path, *pause, *self;

	(void)state;
	create_guest(NULL, &g);
	self = xasprintf("/sandboxes/%s", g.id);
	path = xasprintf("/sandboxes/%s/network", g.id);
	pause = xasprintf("/sandboxes/%s/pause", g.id);
	s = registry_find(house.host->registry, g.id);
	if (house.host->support.rung == BOX_RUNG_PLAIN)
		skip();
	if (house.host->support.internet)
		turn_until(is_online, s);
	assert_int_equal(rest("PUT", path, "{\"denyOut\":[\"0.0.0.0/0\"]}", NULL), 204);
	assert_false(box_has_internet(s->box));
	assert_int_equal(rest("GET", self, NULL, &a), 200);
	assert_true(body_has(&a, "\"denyOut\":[\"0.0.0.0/0\"]"));
	assert_true(body_has(&a, "\"allowInternetAccess\":false"));
	answer_clear(&a);
	assert_int_equal(rest("PUT", path, "{}", NULL), 204);
	if (house.host->support.internet)
		turn_until(is_online, s);
	assert_int_equal(rest("GET", self, NULL, &a), 200);
	assert_false(body_has(&a, "denyOut"));
	answer_clear(&a);
	for (int i = 0; i < 8; i++) { /* as fast as it can be asked */
		assert_true(box_set_internet(s->box, false, &err));
		assert_false(box_has_internet(s->box));
		assert_true(box_set_internet(s->box, true, &err));
		if (house.host->support.internet)
			turn_until(is_online, s);
	}
	if (house.host->support.internet) { /* whatever ended it */
		assert_int_equal(kill(box_internet_pid(s->box), SIGKILL), 0);
		turn_until(is_offline, s);
		assert_int_equal(rest("PUT", path, "{}", NULL), 204);
		turn_until(is_online, s);
	}
	assert_int_equal(rest("PUT", path, "{\"allowOut\":[\"1.1.1.1\"]}", &a), 400);
	assert_true(body_has(&a, "allowOut"));
	answer_clear(&a);
	assert_int_equal(
	    rest("PUT", path, "{\"allow_internet_access\":false}", NULL), 204);
	assert_false(box_has_internet(s->box));
	assert_int_equal(rest("POST", pause, NULL, NULL), 204);
	assert_int_equal(rest("PUT", path, "{}", NULL), 404);
	kill_guest(&g);
	free(self);
	free(pause);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_answers_what_there_is),
		cmocka_unit_test(one_template_has_all_its_members),
		cmocka_unit_test(network_is_cut_and_given_back),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
