/* Every member of every body, of every wrong kind: 400 that names it, never 500, never taken
 * silently. And the messages of the API: what failed, and what to do. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "host/catalogue.h"
#include "host/sandbox.h"

#define NOBODY "/sandboxes/i0123456789abcdefghij"

/* The kinds, and the letters the tables name them by. */
static const struct {
	char letter;
	const char *json;
} kinds[] = {
	{ 'n', "null" },
	{ 'b', "true" },
	{ 'b', "false" },
	{ 'i', "60" },
	{ 'r', "1.5" },
	{ 'm', "-1" },
	{ 'h', "99999999999" },
	{ 'h', "1e300" },
	{ 's', "\"x\"" },
	{ 's', "\"60\"" },
	{ 'a', "[]" },
	{ 'o', "{}" },
	{ 'l', "[null]" },
	{ 'l', "[5]" },
	{ 'l', "[[\"x\"]]" },
	{ 'p', "{\"k\":5}" },
	{ 'p', "{\"k\":null}" },
};

#define BOOLEAN "b"
#define NUMBER "i"
#define TEXT "s"
#define LIST "a"
#define OBJECT "op"
#define PAIRS "o"

/* Other members that a body needs stand in `rest`; `around` is where the member is, "%s". */
static const struct body_of {
	const char *method, *path, *rest, *around;
	struct {
		const char *name, *fine;
	} members[16];
} bodies[] = {
	{ "POST", "/v2/sandboxes", "\"templateID\":\"nobodys\"", "%s",
	    { { "timeout", NUMBER }, { "autoPause", BOOLEAN },
		{ "autoPauseMemory", BOOLEAN }, { "autoResume", "" },
		{ "secure", BOOLEAN }, { "allow_internet_access", BOOLEAN },
		{ "network", OBJECT }, { "metadata", PAIRS }, { "envVars", PAIRS },
		{ "mcp", OBJECT "n" }, { "iam", OBJECT }, { "volumeMounts", LIST } } },
	{ "POST", "/sandboxes", "\"timeout\":60", "%s", { { "templateID", TEXT } } },
	{ "POST", "/sandboxes", "\"templateID\":\"nobodys\"", "\"autoResume\":{%s}",
	    { { "enabled", BOOLEAN } } },
	{ "POST", "/sandboxes", "\"templateID\":\"nobodys\"", "\"network\":{%s}",
	    { { "allowPublicTraffic", BOOLEAN "n" }, { "allowOut", LIST },
		{ "denyOut", LIST }, { "dnsServers", LIST }, { "httpsPorts", LIST "l" },
		{ "maskRequestHost", TEXT }, { "rules", OBJECT },
		{ "egressProxy", OBJECT "n" } } },
	{ "POST", "/sandboxes", "\"templateID\":\"nobodys\"", "\"iam\":{%s}",
	    { { "tokens", OBJECT } } },
	{ "PUT", NOBODY "/network", "", "%s",
	    { { "allow_internet_access", BOOLEAN }, { "allowOut", LIST },
		{ "denyOut", LIST }, { "rules", OBJECT },
		{ "egressProxy", OBJECT "n" } } },
	{ "POST", NOBODY "/pause", "", "%s",
	    { { "memory", BOOLEAN }, { "requireHealthyGuest", BOOLEAN } } },
	{ "POST", "/v2" NOBODY "/connect", "", "%s",
	    { { "timeout", NUMBER }, { "memory", BOOLEAN } } },
	{ "POST", NOBODY "/connect", "", "%s", { { "timeout", NUMBER } } },
	{ "POST", NOBODY "/connect", "\"timeout\":5", "%s", { { "memory", BOOLEAN } } },
	{ "POST", NOBODY "/resume", "", "%s",
	    { { "timeout", NUMBER }, { "autoPause", BOOLEAN }, { "memory", BOOLEAN } } },
	{ "POST", NOBODY "/timeout", "", "%s", { { "timeout", NUMBER } } },
	{ "POST", NOBODY "/refreshes", "", "%s", { { "duration", NUMBER } } },
	{ "POST", NOBODY "/snapshots", "", "%s",
	    { { "name", TEXT }, { "memory", BOOLEAN } } },
	{ "POST", NOBODY "/fork", "", "%s",
	    { { "timeout", NUMBER }, { "count", NUMBER } } },
	{ "POST", "/v3/templates", "", "%s", { { "name", TEXT }, { "alias", TEXT } } },
	{ "POST", "/v3/templates", "\"name\":\"kinds\"", "%s",
	    { { "tags", LIST }, { "teamID", TEXT }, { "cpuCount", NUMBER },
		{ "memoryMB", NUMBER }, { "minFreeDiskMb", NUMBER "mh" } } },
	{ "PATCH", "/templates/base", "", "%s", { { "public", BOOLEAN } } },
	{ "PATCH", "/v2/templates/base", "", "%s", { { "public", BOOLEAN } } },
	{ "POST", "/templates/tags", "\"tags\":[\"x\"]", "%s", { { "target", TEXT } } },
	{ "POST", "/templates/tags", "\"target\":\"nobodys\"", "%s",
	    { { "tags", LIST } } },
	{ "DELETE", "/templates/tags", "\"tags\":[\"x\"]", "%s", { { "name", TEXT } } },
	{ "DELETE", "/templates/tags", "\"name\":\"nobodys\"", "%s",
	    { { "tags", LIST } } },
	{ "POST", "/v2/templates/$/builds/$", "", "%s",
	    { { "fromImage", TEXT }, { "fromTemplate", TEXT },
		{ "fromImageRegistry", OBJECT }, { "force", BOOLEAN }, { "steps", LIST },
		{ "startCmd", TEXT }, { "readyCmd", TEXT } } },
	{ "POST", "/v2/templates/$/builds/$", "", "\"steps\":[{\"type\":\"RUN\",%s}]",
	    { { "args", LIST }, { "filesHash", TEXT }, { "force", BOOLEAN "n" } } },
	{ "POST", "/v2/templates/$/builds/$", "", "\"steps\":[{%s}]",
	    { { "type", TEXT } } },
};

/* A build that waits for its order; of kinds that are fine it may get one. */
static char *
path_of(const struct body_of *body)
{
	struct catalogue *c = house.host->catalogue;
	struct template *t = catalogue_find(c, "ordered");
	struct build *b;

	if (!strchr(body->path, '$'))
		return xstrdup(body->path);
	if (!t)
		t = catalogue_add(c, TEMPLATE_OWN, "ordered");
	b = catalogue_add_build(c, t, catalogue_find(c, "base")->builds);
	return xasprintf("/v2/templates/%s/builds/%s", t->id, b->id);
}

static char *
write_body(const struct body_of *body, const char *name, const char *value)
{
	char *member = xasprintf("\"%s\":%s", name, value);
	const char *hole = strstr(body->around, "%s");
	char *json = xasprintf("{%s%s%.*s%s%s}", body->rest, *body->rest ? "," : "",
	    (int)(hole - body->around), body->around, member, hole + 2);

	free(member);
	return json;
}

static bool
has(const struct answer *a, const char *text)
{
	return strstr(a->body.data, text) != NULL;
}

static bool
is_error_body(const struct answer *a)
{
	return has(a, "\"code\":") && has(a, "\"message\":\"");
}

static void
try_kind(const struct body_of *body, const char *name, bool fine, const char *value)
{
	char *json = write_body(body, name, value);
	char *path = path_of(body);
	struct answer a;
	bool right;

	rest(body->method, path, json, &a);
	if (fine)
		right = a.status < 500 && (a.status < 400 || is_error_body(&a));
	else
		right = a.status == 400 && is_error_body(&a) && has(&a, name);
	if (!right)
		print_message("%s %s %s: %d %s\n", body->method, body->path, json,
		    a.status, a.body.data);
	assert_true(right);
	answer_clear(&a);
	free(json);
	free(path);
}

static void
each_member_of_each_wrong_kind_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		for (size_t k = 0; bodies[i].members[k].name; k++)
			for (size_t n = 0; n < ARRAY_LEN(kinds); n++)
				try_kind(&bodies[i], bodies[i].members[k].name,
				    strchr(bodies[i].members[k].fine, kinds[n].letter),
				    kinds[n].json);
}

/* No name is that long; what may be is taken or refused, and nothing breaks. */
static void
each_member_may_be_huge(void **state)
{
	struct buf huge;

	(void)state;
	buf_init(&huge, 1024 * 1024);
	buf_add_char(&huge, '"');
	for (int i = 0; i < 100 * 1000; i++)
		buf_add_char(&huge, 'x');
	buf_add_char(&huge, '"');
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		for (size_t k = 0; bodies[i].members[k].name; k++)
			try_kind(&bodies[i], bodies[i].members[k].name,
			    strchr(bodies[i].members[k].fine, 's'), huge.data);
	buf_clear(&huge);
}

static void
each_body_is_an_object(void **state)
{
	static const char *const wrong[] = { "null", "true", "5", "\"x\"", "[]", "[{}]",
		"{", "{}{}", "{\"timeout\":1,\"timeout\":2}", "\xff",
		"{\"a\":\"\\u0000\"}", "nonsense" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		for (size_t k = 0; k < ARRAY_LEN(wrong); k++) {
			char *path = path_of(&bodies[i]);
			struct answer a;

			rest(bodies[i].method, path, wrong[k], &a);
			if (a.status != 400 || !is_error_body(&a))
				fail_msg("%s %s %s: %d %s", bodies[i].method, path,
				    wrong[k], a.status, a.body.data);
			answer_clear(&a);
			free(path);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_member_of_each_wrong_kind_is_refused),
		cmocka_unit_test(each_member_may_be_huge),
		cmocka_unit_test(each_body_is_an_object),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
