/* Templates that people make: requests, uploads, steps, status and logs; what sandboxes of
 * them begin with; what cannot be built. */
#include "host_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "host/builder_internal.h"
#include "host/catalogue.h"
#include "host/sandbox_internal.h"

struct asked {
	char template_id[32], build_id[40];
};

static void
request(const char *json, struct asked *out)
{
	struct answer a;

	if (rest("POST", "/v3/templates", json, &a) != 202)
		fail_msg("%s: %s", json, a.body.data);
	answer_member(&a, "templateID", out->template_id, sizeof out->template_id);
	answer_member(&a, "buildID", out->build_id, sizeof out->build_id);
	answer_clear(&a);
}

static int
start(const struct asked *asked, const char *json, struct answer *out)
{
	char *path =
	    xasprintf("/v2/templates/%s/builds/%s", asked->template_id, asked->build_id);
	int status = rest("POST", path, json, out);

	free(path);
	return status;
}

static struct build *
build_of(const struct asked *asked)
{
	struct template *t = catalogue_find(house.host->catalogue, asked->template_id);

	return t ? template_find_build(t, asked->build_id) : NULL;
}

static bool
is_over(void *ctx)
{
	const struct build *b = build_of(ctx);

	return !b || b->status == BUILD_READY || b->status == BUILD_ERROR;
}

/* Its status when it is over, into `out`. */
static void
build(const char *name, const char *json, struct asked *asked, struct answer *out)
{
	char *named = xasprintf("{\"name\":\"%s\"}", name);
	char *path;

	request(named, asked);
	assert_int_equal(start(asked, json, NULL), 202);
	turn_until(is_over, asked);
	path = xasprintf(
	    "/templates/%s/builds/%s/status", asked->template_id, asked->build_id);
	assert_int_equal(rest("GET", path, NULL, out), 200);
	free(path);
	free(named);
}

static void
forget(const struct asked *asked)
{
	char *path = xasprintf("/templates/%s", asked->template_id);

	assert_int_equal(rest("DELETE", path, NULL, NULL), 204);
	free(path);
}

static void
create_of(const char *reference, struct guest *out)
{
	char *json = xasprintf("{\"templateID\":\"%s\",\"timeout\":60}", reference);
	struct answer a;

	if (rest("POST", "/v2/sandboxes", json, &a) != 201)
		fail_msg("%s: %s", reference, a.body.data);
	answer_member(&a, "sandboxID", out->id, sizeof out->id);
	answer_member(&a, "envdAccessToken", out->token, sizeof out->token);
	snprintf(out->headers, sizeof out->headers,
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\nX-Access-Token: %s\r\n",
	    out->id, out->token);
	answer_clear(&a);
	free(json);
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
requests_of_every_wrong_kind_are_refused(void **state)
{
	static const struct {
		const char *json;
		int status;
		const char *text;
	} cases[] = {
		{ "{}", 400, "name" },
		{ "{\"name\":5}", 400, "name" },
		{ "{\"name\":\"no good\"}", 400, "name must be" },
		{ "{\"name\":\"a/b/c\"}", 400, "name must be" },
		{ "{\"name\":\"x:no good\"}", 400, "name must be" },
		{ "{\"name\":\"base\"}", 403, "taken" },
		{ "{\"name\":\"x\",\"cpuCount\":3}", 400, "cpuCount" },
		{ "{\"name\":\"x\",\"cpuCount\":0}", 400, "cpuCount" },
		{ "{\"name\":\"x\",\"cpuCount\":34}", 400, "cpuCount" },
		{ "{\"name\":\"x\",\"memoryMB\":127}", 400, "memoryMB" },
		{ "{\"name\":\"x\",\"memoryMB\":129}", 400, "memoryMB" },
		{ "{\"name\":\"x\",\"tags\":[5]}", 400, "tags" },
		{ "{\"name\":\"x\",\"tags\":[\"b0f6a1de-6a9c-4b0e-9a52-3d1c5b0f7a01\"]}",
		    400, "UUID" },
		{ "[]", 400, NULL },
		{ "", 400, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		if (rest("POST", "/v3/templates", cases[i].json, &a) != cases[i].status ||
		    (cases[i].text && !body_has(&a, cases[i].text)))
			fail_msg("%s: %d %s", cases[i].json, a.status, a.body.data);
		answer_clear(&a);
	}
	assert_null(catalogue_find(house.host->catalogue, "x"));
}

static void
builds_of_every_wrong_kind_are_refused(void **state)
{
	static const char *const bodies[] = { "[]", "{\"steps\":5}", "{\"steps\":[5]}",
		"{\"steps\":[{}]}", "{\"steps\":[{\"type\":\"RUN\",\"args\":[5]}]}",
		"{\"fromImage\":5}", "{\"startCmd\":[]}", "nonsense" };
	struct asked asked;
	struct answer a;

	(void)state;
	request("{\"name\":\"wrong:v2\",\"tags\":[\"more\"]}", &asked);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		assert_int_equal(start(&asked, bodies[i], NULL), 400);
	assert_int_equal(build_of(&asked)->status, BUILD_WAITING);
	assert_int_equal(start(&asked, "{}", NULL), 202);
	assert_int_equal(start(&asked, "{}", &a), 400);
	assert_true(body_has(&a, "already"));
	answer_clear(&a);
	turn_until(is_over, &asked);
	assert_non_null(catalogue_find_build(house.host->catalogue, "wrong:v2"));
	assert_non_null(catalogue_find_build(house.host->catalogue, "wrong:more"));
	assert_null(catalogue_find_build(house.host->catalogue, "wrong"));
	forget(&asked);
	str_copy(asked.build_id, sizeof asked.build_id, "nope");
	assert_int_equal(start(&asked, "{}", NULL), 404);
}

static void
what_cannot_be_built_says_why(void **state)
{
	static const struct {
		const char *json, *reason, *step;
	} cases[] = {
		{ "{\"steps\":[{\"type\":\"RUN\",\"args\":[\"true\"]},"
		  "{\"type\":\"RUN\",\"args\":[\"exit 9\"]}]}",
		    "RUN ended with status 9", "\"step\":\"2\"" },
		{ "{\"fromImage\":\"ubuntu:24.04\"}", "no images", "\"step\"" },
		{ "{\"fromTemplate\":\"nope\"}", "'nope'", "\"step\"" },
		{ "{\"steps\":[{\"type\":\"RUN\",\"args\":[\"id\",\"nobody\"]}]}",
		    "failed to run command 'id': command failed: unauthenticated: "
		    "invalid username: 'nobody'",
		    "\"step\":\"1\"" },
		{ "{\"steps\":[{\"type\":\"USER\",\"args\":[\"nobody\"]}]}",
		    "user and root", "\"step\":\"1\"" },
		{ "{\"steps\":[{\"type\":\"RUN\"}]}", "needs a command",
		    "\"step\":\"1\"" },
		{ "{\"steps\":[{\"type\":\"ENV\",\"args\":[\"A\"]}]}", "names and values",
		    "\"step\":\"1\"" },
		{ "{\"steps\":[{\"type\":\"WORKDIR\"}]}", "needs a directory",
		    "\"step\":\"1\"" },
		{ "{\"steps\":[{\"type\":\"COPY\",\"args\":[\"a\",\"b\"]}]}", "hash",
		    "\"step\":\"1\"" },
		{ "{\"steps\":[{\"type\":\"COPY\",\"args\":[\"a\",\"b\"],\"filesHash\":"
		  "\"0000000000000000000000000000000000000000000000000000000000000000\"}]"
		  "}",
		    "were not uploaded", "\"step\":\"1\"" },
		{ "{\"steps\":[{\"type\":\"FLY\"}]}", "'FLY' is not known",
		    "\"step\":\"1\"" },
		{ "{\"startCmd\":\"exit 4\",\"readyCmd\":\"sleep 60\"}",
		    "start command ended with status 4", "\"step\":\"finalize\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct asked asked;
		struct answer a;

		build("failing", cases[i].json, &asked, &a);
		if (!body_has(&a, "\"status\":\"error\"") ||
		    !body_has(&a, cases[i].reason) || !body_has(&a, cases[i].step))
			fail_msg("%s: %s", cases[i].json, a.body.data);
		answer_clear(&a);
		assert_int_equal(
		    rest("POST", "/v2/sandboxes", "{\"templateID\":\"failing\"}", NULL),
		    404);
		forget(&asked);
	}
}

/* A tar file with the file "f" ("content\n"), as tar writes it. */
static void
make_tar(char tar[2048])
{
	static const char head[] = "f";
	unsigned sum = 0;

	memset(tar, 0, 2048);
	memcpy(tar, head, sizeof head);
	memcpy(tar + 100, "0000644", 8);
	memcpy(tar + 108, "0000000", 8);
	memcpy(tar + 116, "0000000", 8);
	memcpy(tar + 124, "00000000010", 12);
	memcpy(tar + 136, "00000000000", 12);
	memset(tar + 148, ' ', 8);
	tar[156] = '0';
	memcpy(tar + 257, "ustar", 6);
	memcpy(tar + 263, "00", 2);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)tar[i];
	snprintf(tar + 148, 8, "%06o", sum);
	memcpy(tar + 512, "content\n", 8);
}

#define HASH "00000000000000000000000000000000000000000000000000000000000000aa"

static void
files_are_uploaded_once_and_copied(void **state)
{
	char tar[2048], url[256];
	struct asked asked;
	struct answer a;
	struct guest g;
	char *path;

	(void)state;
	make_tar(tar);
	request("{\"name\":\"copies\"}", &asked);
	path = xasprintf("/templates/%s/files/" HASH, asked.template_id);
	assert_int_equal(rest("GET", path, NULL, &a), 201);
	assert_true(body_has(&a, "\"present\":false"));
	answer_member(&a, "url", url, sizeof url);
	answer_clear(&a);
	const char *target = strstr(url, "/template-files/");

	assert_non_null(target);
	ask("PUT", "/template-files/" HASH "/wrong", "", tar, sizeof tar, &a);
	assert_int_equal(a.status, 403);
	answer_clear(&a);
	ask("PUT", target, "", tar, sizeof tar, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	assert_int_equal(rest("GET", path, NULL, &a), 201);
	assert_true(body_has(&a, "\"present\":true"));
	answer_clear(&a);
	assert_int_equal(rest("GET", "/templates/base/files/short", NULL, NULL), 400);
	assert_int_equal(
	    start(&asked,
		"{\"steps\":[{\"type\":\"WORKDIR\",\"args\":[\"w\"]},"
		"{\"type\":\"COPY\",\"args\":[\"f\",\"sub/"
		"\",\"\",\"600\"],\"filesHash\":\"" HASH "\"},"
		"{\"type\":\"COPY\",\"args\":[\"*\",\"/opt/all\"],\"filesHash\":\"" HASH
		"\"}]}",
		NULL),
	    202);
	turn_until(is_over, &asked);
	create_of("copies", &g);
	expect_script(&g, "cat sub/f /opt/all/f; stat -c '%a %U' sub/f",
	    "content\ncontent\n600 user\n");
	kill_guest(&g);
	forget(&asked);
	free(path);
}

/* No path means the template's directory. */
static void
expect_begins_in(const struct guest *g, const char *entry)
{
	char *headers = xasprintf("%sContent-Type: application/json\r\n", g->headers);
	struct answer a;

	ask("POST", "/filesystem.Filesystem/ListDir", headers, "{\"path\":\"\"}", 11, &a);
	assert_int_equal(a.status, 200);
	assert_true(body_has(&a, entry));
	answer_clear(&a);
	free(headers);
}

static void
sandboxes_begin_as_the_build_says(void **state)
{
	static const char order[] =
	    "{\"steps\":[{\"type\":\"ENV\",\"args\":[\"A\",\"a b\"]},"
	    "{\"type\":\"ENV\",\"args\":[\"B\",\"$A $(no) `no`\"]},"
	    "{\"type\":\"USER\",\"args\":[\"root\"]},"
	    "{\"type\":\"WORKDIR\",\"args\":[\"/srv/deep\"]},"
	    "{\"type\":\"RUN\",\"args\":[\"echo made > here; printf "
	    "'5%%\\\\rsaid\\\\r\\\\n'; echo bad "
	    ">&2\"]}],"
	    "\"startCmd\":\"echo up > /tmp/new; mv /tmp/new /tmp/up; sleep "
	    "1000\",\"readyCmd\":\"test -e "
	    "/tmp/up\"}";
	static const char show[] =
	    "pwd; id -un; cat here /tmp/up; echo \"$A|$B\"; pgrep -fc 'sleep 1000'";
	struct asked asked;
	struct answer a;
	struct guest g;
	char *path;

	(void)state;
	build("whole", order, &asked, &a);
	assert_true(body_has(&a, "\"status\":\"ready\""));
	assert_true(body_has(&a, "[builder 5/5] RUN echo made"));
	assert_true(
	    body_has(&a, "\"level\":\"info\",\"message\":\"said\",\"step\":\"5\""));
	assert_true(body_has(&a, "\"level\":\"warn\",\"message\":\"bad\""));
	assert_false(body_has(&a, "\"message\":\"a b\"")); /* what ENV came to */
	answer_clear(&a);
	path = xasprintf(
	    "/templates/%s/builds/%s/logs?level=warn", asked.template_id, asked.build_id);
	assert_int_equal(rest("GET", path, NULL, &a), 200);
	assert_true(body_has(&a, "bad") && !body_has(&a, "said"));
	answer_clear(&a);
	free(path);
	create_of("whole", &g);
	expect_script(&g, show, "/srv/deep\nroot\nmade\nup\na b|a b $(no) `no`\n2\n");
	expect_begins_in(&g, "/srv/deep/here");
	path = xasprintf("/templates/%s", asked.template_id);
	assert_int_equal(rest("DELETE", path, NULL, &a), 400); /* it is in use */
	answer_clear(&a);
	restart_house(false); /* the sandbox keeps its commands */
	free(path);
	path = xasprintf("/v2/sandboxes/%s/connect", g.id);
	assert_int_equal(rest("POST", path, "{\"timeout\":60}", NULL), 201);
	expect_script(&g, show, "/srv/deep\nroot\nmade\nup\na b|a b $(no) `no`\n2\n");
	free(path);
	kill_guest(&g);
	create_of("whole", &g); /* and the template is there as well */
	expect_script(&g, "cat here", "made\n");
	kill_guest(&g);
	forget(&asked);
}

static bool
is_building(void *ctx)
{
	return build_of(ctx)->status == BUILD_BUILDING;
}

static void
builds_end_with_their_template_and_with_the_host(void **state)
{
	static const char order[] =
	    "{\"steps\":[{\"type\":\"RUN\",\"args\":[\"sleep 1000\"]}]}";
	struct asked asked;

	(void)state;
	request("{\"name\":\"long\"}", &asked);
	assert_int_equal(start(&asked, order, NULL), 202);
	turn_until(is_building, &asked);
	forget(&asked);
	request("{\"name\":\"long\"}", &asked);
	assert_int_equal(start(&asked, order, NULL), 202);
	turn_until(is_building, &asked);
	restart_house(false);
	assert_int_equal(build_of(&asked)->status, BUILD_ERROR);
	assert_non_null(strstr(build_of(&asked)->reason, "host ended"));
	forget(&asked);
}

/* Whatever it was at, copying first of all. */
static void
a_host_that_ends_waits_for_its_builds(void **state)
{
	int cut = 0;

	(void)state;
	for (int turns = 0; turns < 4; turns++) {
		struct asked asked;
		char *tree;

		request("{\"name\":\"cut\"}", &asked);
		assert_int_equal(start(&asked, "{}", NULL), 202);
		for (int i = 0; i < turns; i++)
			loop_turn(house.loop, 20);
		tree = xasprintf("%s/data/trees/%s", house.dir, asked.build_id);
		restart_house(true);
		if (build_of(&asked)->status != BUILD_READY) { /* else it was faster */
			assert_int_equal(build_of(&asked)->status, BUILD_ERROR);
			assert_non_null(strstr(build_of(&asked)->reason, "host ended"));
			assert_int_not_equal(access(tree, F_OK), 0);
			cut++;
		}
		free(tree);
		forget(&asked);
	}
	assert_true(cut > 0);
}

#define OTHER "00000000000000000000000000000000000000000000000000000000000000bb"

/* Larger than what is written at once; and what a killed host left of another. */
static void
large_uploads_are_kept_whole_and_parts_are_swept(void **state)
{
	enum { SIZE = 5 * 1024 * 1024 + 3 };
	char *bytes = xmalloc(SIZE), url[256], *text;
	struct answer a;
	struct client c;
	size_t len;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 31 + i / 4096);
	assert_int_equal(rest("GET", "/templates/base/files/" OTHER, NULL, &a), 201);
	answer_member(&a, "url", url, sizeof url);
	answer_clear(&a);
	const char *target = strstr(url, "/template-files/");
	char *path = template_file_path(house.host, OTHER);
	char *part = xasprintf("%s.0x1234", path);

	ask("PUT", target, "", bytes, SIZE, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	assert_true(path_read_file(path, SIZE, &text, &len, NULL));
	assert_true(len == SIZE && memcmp(text, bytes, SIZE) == 0);
	free(text);

	client_open(&c); /* a client that leaves */
	client_ask(&c, "PUT", target, "", bytes, SIZE);
	client_close(&c);
	assert_true(path_write_private(part, "part", 4, NULL));
	restart_house(false);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_not_equal(access(part, F_OK), 0);
	free(part);
	free(path);
	free(bytes);
}

static bool
holds_a_tar_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;
	bool holds = false;
	char target[256];

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		ssize_t len =
		    readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);

		target[len > 0 ? len : 0] = '\0';
		holds |= strstr(target, HASH ".tar") != NULL;
	}
	closedir(dir);
	return holds;
}

static bool
is_asking(void *ctx)
{
	(void)ctx;
	return house.host->builder->works->transfer != NULL;
}

/* The answer to what it has asked of its container never comes. */
static void
a_cancelled_build_lets_go_of_all(void **state)
{
	struct asked asked;

	(void)state;
	request("{\"name\":\"cancelled\"}", &asked);
	char *file = template_file_path(house.host, HASH);

	assert_int_equal(access(file, F_OK), 0); /* of an earlier test */
	free(file);
	assert_int_equal(start(&asked,
			     "{\"steps\":[{\"type\":\"COPY\",\"args\":[\"f\",\"/f\"],"
			     "\"filesHash\":\"" HASH "\"}]}",
			     NULL),
	    202);
	turn_until(is_asking, NULL);
	assert_true(holds_a_tar_open());
	struct catalogue *c = house.host->catalogue;
	struct template *t = catalogue_find(c, "cancelled");

	builder_cancel(house.host->builder, t);
	catalogue_remove(c, t);
	for (int i = 0; i < 100 && holds_a_tar_open(); i++)
		loop_turn(house.loop, 10);
	assert_false(holds_a_tar_open());
}

static void
values_come_through_as_they_are(void **state)
{
	struct asked asked;
	struct answer a;
	struct guest g;
	struct buf json;

	(void)state;
	buf_init(&json, 1024 * 1024);
	buf_add_str(&json, "{\"steps\":[{\"type\":\"ENV\",\"args\":[\"LONG\",\"");
	for (int i = 0; i < 10000; i++)
		buf_add_char(&json, 'x');
	buf_add_str(&json,
	    "\",\"ODD\",\"a\\tb\\n\\u202ec  \",\"MORE\",\"<$HOME|\\\"`\\\\>\"]}]}");
	build("values", json.data, &asked, &a);
	buf_clear(&json);
	assert_true(body_has(&a, "\"status\":\"ready\""));
	answer_clear(&a);
	create_of("values", &g);
	expect_script(&g, "printf %s \"$LONG\" | wc -c; printf %s \"$ODD$MORE\"",
	    "10000\na\tb\n\xe2\x80\xae"
	    "c  </root|\"`\\>");
	kill_guest(&g);
	forget(&asked);
}

/* Two at once: what one is limited to, or ends with, is not the other's. */
static void
each_build_has_a_name_of_its_own(void **state)
{
	static const char order[] =
	    "{\"steps\":[{\"type\":\"RUN\",\"args\":[\"uname -n > ~/named\"]}]}";
	struct asked asked;
	struct answer a;
	struct guest g;

	(void)state;
	build("named", order, &asked, &a);
	answer_clear(&a);
	create_of("named", &g);
	char *name = xasprintf("build-%.8s\n", asked.build_id);

	expect_script(&g, "cat ~/named", name);
	free(name);
	kill_guest(&g);
	forget(&asked);
}

static bool
is_swept(void *ctx)
{
	(void)ctx;
	return !house.host->registry->removals;
}

static bool
has_tree(const char *build_id)
{
	char *path = catalogue_tree_path(house.host->catalogue, build_id);
	bool has = access(path, F_OK) == 0;

	free(path);
	return has;
}

/* Whatever its container was about to write. */
static void
a_cancelled_build_leaves_no_files(void **state)
{
	(void)state;
	for (int turns = 0; turns < 24; turns++) {
		struct asked asked;

		request("{\"name\":\"left\"}", &asked);
		assert_int_equal(start(&asked, "{}", NULL), 202);
		for (int i = 0; i < turns; i++)
			loop_turn(house.loop, 1);
		forget(&asked);
		turn_until(is_swept, NULL);
		assert_false(has_tree(asked.build_id));
	}
}

static void
tags_are_set_used_and_removed(void **state)
{
	struct asked asked;
	struct answer a;

	(void)state;
	build("tagged", "{}", &asked, &a);
	answer_clear(&a);
	assert_int_equal(rest("POST", "/templates/tags",
			     "{\"target\":\"tagged\",\"tags\":[\"V1\"]}", &a),
	    201);
	assert_true(body_has(&a, asked.build_id));
	answer_clear(&a);
	assert_non_null(catalogue_find_build(house.host->catalogue, "tagged:v1"));
	assert_int_equal(
	    rest("GET", "/templates/tagged/tags/exists?tag=v1", NULL, &a), 200);
	assert_true(body_has(&a, "true"));
	answer_clear(&a);
	assert_int_equal(rest("GET", "/templates/tagged/tags/count", NULL, &a), 200);
	assert_true(body_has(&a, "2"));
	answer_clear(&a);
	assert_int_equal(rest("DELETE", "/templates/tags",
			     "{\"name\":\"tagged\",\"tags\":[\"default\"]}", NULL),
	    400);
	assert_int_equal(rest("DELETE", "/templates/tags",
			     "{\"name\":\"tagged\",\"tags\":[\"v1\"]}", NULL),
	    204);
	assert_null(catalogue_find_build(house.host->catalogue, "tagged:v1"));
	assert_int_equal(
	    rest("POST", "/sandboxes", "{\"templateID\":\"tagged:v1\"}", &a), 404);
	assert_true(body_has(&a, "not found: no build of it that is ready has this tag"));
	answer_clear(&a);
	assert_int_equal(
	    rest("POST", "/sandboxes", "{\"templateID\":\"nope\"}", &a), 404);
	assert_true(body_has(&a, "not found: there are tagged, "));
	answer_clear(&a);
	assert_int_equal(rest("POST", "/templates/tags",
			     "{\"target\":\"base\",\"tags\":[\"a\"]}", NULL),
	    403);
	assert_int_equal(
	    rest("POST", "/templates/tags", "{\"target\":\"tagged\",\"tags\":[]}", NULL),
	    400);
	forget(&asked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_every_wrong_kind_are_refused),
		cmocka_unit_test(builds_of_every_wrong_kind_are_refused),
		cmocka_unit_test(what_cannot_be_built_says_why),
		cmocka_unit_test(files_are_uploaded_once_and_copied),
		cmocka_unit_test(sandboxes_begin_as_the_build_says),
		cmocka_unit_test(builds_end_with_their_template_and_with_the_host),
		cmocka_unit_test(a_host_that_ends_waits_for_its_builds),
		cmocka_unit_test(large_uploads_are_kept_whole_and_parts_are_swept),
		cmocka_unit_test(a_cancelled_build_lets_go_of_all),
		cmocka_unit_test(a_cancelled_build_leaves_no_files),
		cmocka_unit_test(values_come_through_as_they_are),
		cmocka_unit_test(each_build_has_a_name_of_its_own),
		cmocka_unit_test(tags_are_set_used_and_removed),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
