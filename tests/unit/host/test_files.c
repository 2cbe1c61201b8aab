/*
 * Files of sandboxes: what the recorded exchanges (test_envd_replay.c) do not show. Names
 * that are no text, links, large and broken uploads, watches that end.
 */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "host/signature.h"
#include "wire/rest.h"

#define OCTETS "Content-Type: application/octet-stream\r\n"

static struct guest guest;

static int
open_all(void **state)
{
	open_house(state);
	create_guest(NULL, &guest);
	return 0;
}

/* ---- asking */

static int
files(const char *method, const char *target, const char *more, const void *body,
    size_t len, struct answer *out)
{
	char *headers = xasprintf("%s%s", guest.headers, more ? more : "");

	ask(method, target, headers, body, len, out);
	free(headers);
	return out->status;
}

static int
call(const char *method, const char *json, struct answer *out)
{
	char *path = xasprintf("/filesystem.Filesystem/%s", method);
	int status = files(
	    "POST", path, "Content-Type: application/json\r\n", json, strlen(json), out);

	free(path);
	return status;
}

static void
script(const char *text)
{
	struct stream_end end;

	run_script(&guest, text, &end);
	if (end.exit_code != 0)
		fail_msg("%s: %s", text, end.err.data);
	stream_clear(&end);
}

static void
expect(const char *method, const char *json, int status, const char *text)
{
	struct answer a;

	call(method, json, &a);
	if (a.status != status || !body_has(&a, text))
		fail_msg("%s %s: %d %s", method, json, a.status, a.body.data);
	answer_clear(&a);
}

static void
expect_file(const char *target, const char *more, int status, const char *text)
{
	struct answer a;

	files("GET", target, more, NULL, 0, &a);
	if (a.status != status || !body_has(&a, text))
		fail_msg("%s: %d %s", target, a.status, a.body.data);
	answer_clear(&a);
}

static void
put(const char *target, const char *more, const void *body, size_t len, int status,
    const char *text)
{
	struct answer a;
	char *headers = xasprintf(
	    "%s%s", more && strstr(more, "Content-Type") ? "" : OCTETS, more ? more : "");

	files("POST", target, headers, body, len, &a);
	if (a.status != status || !body_has(&a, text))
		fail_msg("%s: %d %s", target, a.status, a.body.data);
	answer_clear(&a);
	free(headers);
}

/* ---- calls */

static void
failures_have_envds_codes(void **state)
{
	static const struct {
		const char *method, *json;
		int status;
		const char *code;
	} cases[] = {
		{ "Stat", "nonsense", 400, "invalid_argument" },
		{ "Stat", "{\"path\":7}", 400, "invalid_argument" },
		{ "Stat", "{\"path\":\"/etc/passwd/x\"}", 500, "internal" },
		{ "Stat", "{\"path\":\"../../etc/../nope\"}", 404,
		    "lstat /nope: no such" },
		{ "Stat", "{\"path\":\"/nope/../x\"}", 404, "lstat /nope/../x: no such" },
		{ "ListDir", "{\"path\":\"loop\"}", 400, "failed_precondition" },
		{ "ListDir", "{\"path\":\"~user\"}", 400, "invalid_argument" },
		{ "MakeDir", "{\"path\":\"file\"}", 400, "invalid_argument" },
		{ "MakeDir", "{\"path\":\"file/x\"}", 500, "internal" },
		{ "MakeDir", "{\"path\":\"\"}", 409, "already_exists" },
		{ "Move", "{\"source\":\"file\",\"destination\":\"file/x\"}", 500,
		    "internal" },
		{ "Move", "{\"source\":\"file\"}", 500, "file exists" },
		{ "Remove", "{\"path\":\"/proc/self\"}", 500, "internal" },
		{ "Remove", "{\"path\":\"file/below\"}", 200, "{}" },
		{ "CreateWatcher", "{\"path\":\"file\"}", 400, "invalid_argument" },
		{ "CreateWatcher", "{\"path\":\"nope\"}", 404, "not_found" },
		{ "GetWatcherEvents", "{}", 404, "not_found" },
		{ "RemoveWatcher", "{\"watcherId\":\"w\"}", 404, "not_found" },
	};

	(void)state;
	script(": > file; ln -s loop loop");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(cases[i].method, cases[i].json, cases[i].status, cases[i].code);
}

static void
paths_too_long_are_refused(void **state)
{
	struct buf json;

	(void)state;
	buf_init(&json, 1u << 20);
	buf_add_str(&json, "{\"path\":\"");
	for (int i = 0; i < 100000; i++)
		buf_add_char(&json, 'x');
	buf_add_str(&json, "\"}");
	expect("Stat", json.data, 400, "longer than");
	buf_clear(&json);
}

static void
names_that_are_no_text_are_shown_and_reached(void **state)
{
	(void)state;
	script("mkdir names && cd names && : > \"$(printf 'a\\377b')\" && "
	       "printf inside > \"$(printf 'c\\300')\" && mkdir sub && : > sub/x");
	expect("ListDir", "{\"path\":\"names\"}", 200,
	    "a\xef\xbf\xbd"
	    "b");
	expect_file("/files?path=names/c%C0", NULL, 200, "inside");
	put("/files?path=names/d%FE", NULL, "x", 1, 200, "d\xef\xbf\xbd");
	script("test -f \"names/$(printf 'd\\376')\"");
	expect("Remove", "{\"path\":\"names\"}", 200, "{}");
	script("test ! -e names");
}

static void
links_are_told_and_not_entered(void **state)
{
	(void)state;
	script("mkdir -p tree/in && : > tree/in/x && ln -s in tree/link && "
	       "ln -s /nowhere tree/dead");
	expect("Stat", "{\"path\":\"tree/link\"}", 200,
	    "\"symlinkTarget\":\"/home/user/tree/in\",\"isSymlink\":true");
	expect("Stat", "{\"path\":\"tree/dead\"}", 200, "\"isSymlink\":true");
	struct answer a;

	assert_int_equal(call("ListDir", "{\"path\":\"tree\",\"depth\":9}", &a), 200);
	assert_true(body_has(&a, "tree/in/x"));
	assert_false(body_has(&a, "tree/link/x"));
	answer_clear(&a);
	assert_int_equal(call("ListDir", "{\"path\":\"tree/link/\"}", &a), 200);
	assert_true(body_has(&a, "/home/user/tree/link/x"));
	answer_clear(&a);
	/* Removing a link leaves what it leads to. */
	expect("Remove", "{\"path\":\"tree/link\"}", 200, "{}");
	script("test -f tree/in/x && test ! -L tree/link");
}

static void
a_tree_deeper_than_paths_may_be_is_removed(void **state)
{
	(void)state;
	script("python3 -c \"import os\nos.mkdir('deep');os.chdir('deep')\n"
	       "for i in range(700):\n open('f','w').close();os.mkdir('d'*20);"
	       "os.chdir('d'*20)\"");
	expect("ListDir", "{\"path\":\"deep\",\"depth\":1000}", 200, "deep/f");
	expect("Remove", "{\"path\":\"deep\"}", 200, "{}");
	script("test ! -e deep");
}

static void
what_is_made_belongs_to_the_user_named(void **state)
{
	(void)state;
	put("/files?path=/tmp/of/root&username=root", NULL, "x", 1, 200, "/tmp/of/root");
	put("/files?path=/tmp/of2/user&username=user", NULL, "x", 1, 200,
	    "/tmp/of2/user");
	expect("Stat", "{\"path\":\"/tmp/of2\"}", 200, "\"owner\":\"user\"");
	expect("Stat", "{\"path\":\"/tmp/of2/user\"}", 200, "\"owner\":\"user\"");
	put("/files?path=x&username=nobody", NULL, "x", 1, 401, "unknown user");
	expect_file("/files?path=x&username=nobody", NULL, 401, "unknown user");
}

/* ---- files */

static void
downloads_keep_to_ranges_and_conditions(void **state)
{
	static const struct {
		const char *headers;
		int status;
		const char *body;
	} cases[] = {
		{ "", 200, "0123456789" },
		{ "Range: bytes=2-4\r\n", 206, "234" },
		{ "Range: bytes=7-\r\n", 206, "789" },
		{ "Range: bytes=-3\r\n", 206, "789" },
		{ "Range: bytes=-99\r\n", 206, "0123456789" },
		{ "Range: bytes=8-99\r\n", 206, "89" },
		{ "Range: bytes=10-\r\n", 416, "" },
		{ "Range: bytes=4-2\r\n", 416, "" },
		{ "Range: bytes=-0\r\n", 416, "" },
		{ "Range: bytes=x\r\n", 416, "" },
		{ "Range: bytes=0-1,4-5\r\n", 200, "0123456789" },
		{ "Range: lines=1-2\r\n", 200, "0123456789" },
		{ "If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT\r\n", 200,
		    "0123456789" },
		{ "If-Modified-Since: Thu, 02 Jan 2020 00:00:00 GMT\r\n", 304, "" },
		{ "If-Unmodified-Since: Wed, 01 Jan 2020 00:00:00 GMT\r\n", 412, "" },
		{ "If-Range: Thu, 02 Jan 2020 00:00:00 GMT\r\nRange: bytes=1-1\r\n", 206,
		    "1" },
		{ "If-Range: \"tag\"\r\nRange: bytes=1-1\r\n", 200, "0123456789" },
	};

	(void)state;
	script("printf 0123456789 > ten && TZ=UTC touch -t 202001020000.00 ten");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct answer a;

		files("GET", "/files?path=ten", cases[i].headers, NULL, 0, &a);
		if (a.status != cases[i].status)
			fail_msg("%s: %d", cases[i].headers, a.status);
		if (*cases[i].body)
			assert_string_equal(a.body.data, cases[i].body);
		answer_clear(&a);
	}
}

static void
nothing_outside_is_reached(void **state)
{
	char *make;

	(void)state;
	if (house.host->support.rung == BOX_RUNG_PLAIN)
		skip(); /* nothing holds it back there */
	make = xasprintf("ln -sf %s/host.json out", house.dir);
	script(make);
	expect_file("/files?path=out", NULL, 404, "does not exist");
	expect_file("/files?path=/proc/1/environ", NULL, 500, "permission denied");
	expect_file("/files?path=/proc/self/maps", NULL, 500, "permission denied");
	put("/files?path=/proc/1/mem", NULL, "x", 1, 500, "error opening file");
	expect_file("/files?path=/dev/null", NULL, 400, "not a regular file");
	script("mkfifo pipe");
	expect_file("/files?path=pipe", NULL, 400, "not a regular file");
	put("/files?path=pipe", NULL, "x", 1, 500, "error opening file");
	free(make);
}

static void
large_files_go_up_and_down(void **state)
{
	enum { LEN = 9 * 1024 * 1024 + 7 };
	unsigned char *bytes = xmalloc(LEN);
	struct answer a;
	struct buf form;

	(void)state;
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (unsigned char)(i * 2654435761u >> 13);
	put("/files?path=large", NULL, bytes, LEN, 200, "large");
	assert_int_equal(files("GET", "/files?path=large", NULL, NULL, 0, &a), 200);
	assert_int_equal(a.body.len, LEN);
	assert_memory_equal(a.body.data, bytes, LEN);
	answer_clear(&a);
	files(
	    "GET", "/files?path=large", "Range: bytes=1000000-8000000\r\n", NULL, 0, &a);
	assert_int_equal(a.body.len, 7000001);
	assert_memory_equal(a.body.data, bytes + 1000000, 7000001);
	answer_clear(&a);
	buf_init(&form, LEN + 4096);
	buf_add_str(&form, "--B\r\nContent-Disposition: form-data; name=\"file\"; "
			   "filename=\"form/large\"\r\n\r\n");
	buf_add(&form, bytes, LEN);
	buf_add_str(&form, "\r\n--B--\r\n");
	put("/files", "Content-Type: multipart/form-data; boundary=B\r\n", form.data,
	    form.len, 200, "form/large");
	script("cmp large form/large");
	buf_clear(&form);
	free(bytes);
}

static void
bad_uploads_are_told(void **state)
{
	static const char form[] = "Content-Type: multipart/form-data; boundary=B\r\n";
	static const char two[] =
	    "--B\r\nContent-Disposition: form-data; name=file; filename=same\r\n\r\n1\r\n"
	    "--B\r\nContent-Disposition: form-data; name=file; "
	    "filename=./same\r\n\r\n2\r\n"
	    "--B--\r\n";
	static const char cut[] =
	    "--B\r\nContent-Disposition: form-data; name=file; filename=cut\r\n\r\n1";
	static const char unnamed[] =
	    "--B\r\nContent-Disposition: form-data; name=file\r\n\r\n1\r\n--B--";

	(void)state;
	put("/files", form, two, sizeof two - 1, 400, "same path");
	put("/files?path=p", form, two, sizeof two - 1, 400, "same path");
	put("/files", form, cut, sizeof cut - 1, 400, "unexpected EOF");
	put("/files", form, unnamed, sizeof unnamed - 1, 400, "filename");
	put("/files?path=p", form, unnamed, sizeof unnamed - 1, 200, "/home/user/p");
	put("/files", "Content-Type: multipart/form-data\r\n", "x", 1, 400, "boundary");
	put("/files?path=z", "Content-Encoding: gzip\r\n", "no gzip", 7, 400, "gzip");
	put("/files?path=z", "Content-Encoding: gzip\r\n", "\x1f\x8b\x08\0\0\0\0\0\0\3",
	    10, 500, "unexpected EOF");
	put("/files?path=z", "Content-Encoding: br\r\n", "x", 1, 400, "Content-Encoding");
	put("/files?path=file/x", NULL, "x", 1, 500, "not a directory");
	put("/files?path=z", "X-Metadata-a: \x01\r\n", "x", 1, 400, "");
	put("/files?path=~other", NULL, "x", 1, 400, "cannot expand");
	put("/files?path=empty", NULL, "", 0, 200, "empty");
	expect_file("/files?path=empty", NULL, 200, "");
}

static void
metadata_is_replaced_as_a_whole(void **state)
{
	char *large = xmalloc(5001), *header;

	(void)state;
	put("/files?path=meta", "X-Metadata-One: 1\r\nx-metadata-TWO: 2\r\n", "x", 1, 200,
	    "\"two\":\"2\"");
	expect("Stat", "{\"path\":\"meta\"}", 200, "\"one\":\"1\"");
	put("/files?path=meta", NULL, "y", 1, 200, "meta");
	struct answer a;

	assert_int_equal(call("Stat", "{\"path\":\"meta\"}", &a), 200);
	assert_false(body_has(&a, "metadata"));
	answer_clear(&a);
	memset(large, 'v', 5000);
	large[5000] = '\0';
	header = xasprintf("X-Metadata-k: %s\r\n", large);
	put("/files?path=meta", header, "x", 1, 400, "4096");
	free(header);
	free(large);
}

static void
compose_says_what_is_wrong(void **state)
{
	static const struct {
		const char *json;
		int status;
		const char *text;
	} cases[] = {
		{ "nonsense", 400, "JSON" },
		{ "{\"source_paths\":[],\"destination\":\"d\"}", 400, "empty" },
		{ "{\"source_paths\":[\"ten\"]}", 400, "destination" },
		{ "{\"source_paths\":[\"ten\",7],\"destination\":\"d\"}", 400,
		    "strings" },
		{ "{\"source_paths\":[\"ten\"],\"destination\":\"ten\"}", 400, "same" },
		{ "{\"source_paths\":[\"no\"],\"destination\":\"d\"}", 404,
		    "does not exist" },
		{ "{\"source_paths\":[\".\"],\"destination\":\"d\"}", 400, "regular" },
		{ "{\"source_paths\":[\"ten\"],\"destination\":\"d\",\"username\":\"q\"}",
		    401, "unknown user" },
		{ "{\"source_paths\":[\"/proc/self/maps\"],\"destination\":\"d\"}", 500,
		    "permission denied" },
		{ "{\"source_paths\":[\"/proc/self/environ\"],\"destination\":\"d\"}",
		    500, "permission denied" },
		{ "{\"source_paths\":[\"ten\",\"ten2\"],\"destination\":\"n/d\"}", 200,
		    "\"path\":\"/home/user/n/d\"" },
	};

	(void)state;
	script("printf 01 > ten; printf 23 > ten2");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		put("/files/compose", "Content-Type: application/json\r\n", cases[i].json,
		    strlen(cases[i].json), cases[i].status, cases[i].text);
	script("test \"$(cat n/d)\" = 0123 && test ! -e ten && test ! -e ten2");
}

/* Also a long one, which nobody waits for. */
static void
an_upload_to_what_is_gone_says_so(void **state)
{
	static const size_t sizes[] = { 10, 300000 };
	char *bytes = xcalloc(1, 300000);
	struct guest gone;
	char *headers;

	(void)state;
	create_guest(NULL, &gone);
	kill_guest(&gone);
	headers = xasprintf("%s" OCTETS, gone.headers);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct answer a;

		ask("POST", "/files?path=x", headers, bytes, sizes[i], &a);
		assert_int_equal(a.status, 502);
		assert_true(body_has(&a, "was not found"));
		answer_clear(&a);
	}
	free(headers);
	free(bytes);
}

static void
an_upload_to_what_is_paused_says_so(void **state)
{
	struct guest asleep;
	struct client c;
	struct answer a;
	char *path, *head;

	(void)state;
	create_guest(NULL, &asleep);
	path = xasprintf("/sandboxes/%s/pause", asleep.id);
	assert_int_equal(rest("POST", path, NULL, NULL), 204);
	head = xasprintf("POST /files?path=x HTTP/1.1\r\nHost: localhost\r\n%s" OCTETS
			 "Content-Length: 1000000000\r\n\r\n",
	    asleep.headers);
	client_open(&c);
	client_send(&c, head, strlen(head));
	client_answer(&c, &a);
	assert_int_equal(a.status, 502);
	answer_clear(&a);
	client_close(&c);
	kill_guest(&asleep);
	free(head);
	free(path);
}

static void
a_client_that_leaves_disturbs_nobody(void **state)
{
	char *head = xasprintf("POST /files?path=half HTTP/1.1\r\nHost: x\r\n%s" OCTETS
			       "Content-Length: 1000000\r\n\r\nthe beginning",
	    guest.headers);
	struct client c;

	(void)state;
	client_open(&c);
	client_send(&c, head, strlen(head));
	client_close(&c);
	expect("Stat", "{\"path\":\".\"}", 200, "entry");
	put("/files?path=whole", NULL, "x", 1, 200, "whole");
	free(head);
}

/* ---- signed URLs that name no sandbox */

/* "/files?..." as the SDKs make it, for a file in the user's home. */
static char *
signed_url(const struct guest *g, const char *path, const char *operation,
    const char *expiration)
{
	char *signature = signature_make(path, operation, "user", g->token, expiration);
	struct buf url;

	buf_init(&url, 4096);
	buf_addf(&url, "/files?path=%s&username=user%s%s&signature=", path,
	    expiration ? "&signature_expiration=" : "", expiration ? expiration : "");
	for (const char *c = signature; *c; c++)
		if (*c == '+' || *c == '/')
			buf_addf(&url, "%%%02X", (unsigned)*c);
		else
			buf_add_char(&url, *c);
	free(signature);
	return buf_take(&url);
}

static void
a_signature_finds_its_sandbox(void **state)
{
	static const struct {
		const char *method, *operation, *expiration;
		int status;
		const char *text;
	} cases[] = {
		{ "POST", "write", NULL, 200, "signed" },
		{ "POST", "write", "1900000000", 200, "signed" },
		{ "GET", "read", NULL, 200, "by hand" },
		{ "GET", "read", "1900000000", 200, "by hand" },
		{ "GET", "write", NULL, 401, "invalid signature" },
		{ "POST", "read", NULL, 401, "invalid signature" },
		{ "GET", "read", "1600000000", 401, "already expired" },
	};
	static const struct guest nobody = { .token = "0123" };
	struct guest other;
	struct answer a;

	(void)state;
	create_guest(NULL, &other);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *url =
		    signed_url(&guest, "signed", cases[i].operation, cases[i].expiration);

		ask(cases[i].method, url, OCTETS, "by hand", 7, &a);
		if (a.status != cases[i].status || !body_has(&a, cases[i].text))
			fail_msg("%zu: %d %s", i, a.status, a.body.data);
		answer_clear(&a);
		free(url);
	}
	expect("Stat", "{\"path\":\"signed\"}", 200, "\"size\":\"7\"");
	const struct guest *const empty[] = { &other, &nobody };

	for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
		char *url = signed_url(empty[i], "signed", "read", NULL);

		ask("GET", url, "", NULL, 0, &a);
		assert_int_equal(a.status, empty[i] == &other ? 404 : 401);
		answer_clear(&a);
		free(url);
	}
	kill_guest(&other);
}

/* ---- watches */

static void
create_watcher(const char *json, char id[32])
{
	struct answer a;
	const char *at;

	assert_int_equal(call("CreateWatcher", json, &a), 200);
	at = strstr(a.body.data, ":\"w");
	assert_non_null(at);
	snprintf(id, 32, "%.21s", at + 2);
	answer_clear(&a);
}

/* Until `text` is among them; all that came before is gone then. */
static void
wait_events(const char *id, const char *text)
{
	char *json = xasprintf("{\"watcherId\":\"%s\"}", id);
	bool found = false;

	for (int i = 0; i < 2000 && !found; i++) {
		struct answer a;

		call("GetWatcherEvents", json, &a);
		found = body_has(&a, text);
		answer_clear(&a);
	}
	free(json);
	if (!found)
		fail_msg("never came: %s", text);
}

/* Who has written a file and asks at once is told of it. */
static void
events_are_there_at_once(void **state)
{
	char id[32];

	(void)state;
	script("mkdir once");
	create_watcher("{\"path\":\"once\"}", id);
	char *json = xasprintf("{\"watcherId\":\"%s\"}", id);

	for (int i = 0; i < 50; i++) {
		char *target = xasprintf("/files?path=once/%d", i);
		char *name = xasprintf("\"name\":\"%d\"", i);

		put(target, NULL, "x", 1, 200, "once");
		expect("GetWatcherEvents", json, 200, name);
		expect("GetWatcherEvents", json, 200, "{}");
		free(name);
		free(target);
	}
	free(json);
}

static void
directories_are_followed(void **state)
{
	char id[32], other[32];

	(void)state;
	script("mkdir -p w/a/b && ln -s w wlink");
	create_watcher("{\"path\":\"w\",\"recursive\":true}", id);
	create_watcher("{\"path\":\"wlink\",\"recursive\":true}", other);
	script("mkdir w/new && mkdir -p w/new/c");
	wait_events(id, "\"name\":\"new/c\"");
	wait_events(other, "\"name\":\"new/c\"");
	script("mv w/a w/moved && : > w/moved/b/file");
	wait_events(id, "{\"name\":\"moved/b/file\",\"type\":\"EVENT_TYPE_CREATE\"}");
	script("mv w/moved ./away && : > away/unseen && : > w/last");
	wait_events(id, "\"name\":\"last\"");
	script("rm -r w");
	wait_events(id, "{\"name\":\".\",\"type\":\"EVENT_TYPE_REMOVE\"}");
}

static void
run_as_root(const char *text)
{
	struct buf json;
	struct client c;
	struct answer a;

	buf_init(&json, 65536);
	buf_add_str(&json, "{\"process\":{\"cmd\":\"/bin/sh\",\"args\":[\"-c\",");
	json_add_string(&json, text);
	buf_add_str(&json, "]}}");
	client_open(&c);
	/* "root:" */
	open_stream(&c, &guest, "Start", json.data, "Authorization: Basic cm9vdDo=\r\n");
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	answer_clear(&a);
	client_close(&c);
	buf_clear(&json);
}

/* As deep as a path is long. */
static void
the_deepest_tree_is_watched(void **state)
{
	char id[32], *json;
	struct answer a;

	(void)state;
	script("mkdir deep && cd deep && python3 -c 'import os\n"
	       "for i in range(1990): os.mkdir(\"d\"); os.chdir(\"d\")'");
	create_watcher("{\"path\":\"deep\",\"recursive\":true}", id);
	script("cd deep && python3 -c 'import os\n"
	       "for i in range(1990): os.chdir(\"d\")\n"
	       "open(\"it\", \"w\")'");
	json = xasprintf("{\"watcherId\":\"%s\"}", id);
	assert_int_equal(call("GetWatcherEvents", json, &a), 200);
	assert_true(body_has(&a, "/d/d/it\""));
	answer_clear(&a);
	expect("RemoveWatcher", json, 200, "{}");
	expect("Remove", "{\"path\":\"deep\"}", 200, "{}");
	free(json);
}

#define TO_WATCHER(signal)                                                               \
	"for p in /proc/[0-9]*; do p=${p#/proc/}; test $p != 1 && "                      \
	"grep -q 'init)' /proc/$p/stat 2>/dev/null && kill -" signal " $p; done; true"

/* Of all that the watcher finds in its queue at once nothing is lost, and nothing that a
 * directory does which has left is told. */
static void
what_moves_is_watched_meanwhile(void **state)
{
	char id[32], *json;
	struct answer a;

	(void)state;
	if (house.host->support.rung == BOX_RUNG_PLAIN)
		skip(); /* others' first processes would be found */
	script("mkdir -p m/a/b m/gone");
	create_watcher("{\"path\":\"m\",\"recursive\":true}", id);
	run_as_root(TO_WATCHER("STOP"));
	script("mv m/a m/moved && : > m/moved/b/file && "
	       "mv m/gone ./left && : > left/unseen && : > m/last");
	run_as_root(TO_WATCHER("CONT"));
	json = xasprintf("{\"watcherId\":\"%s\"}", id);
	assert_int_equal(call("GetWatcherEvents", json, &a), 200);
	assert_true(
	    body_has(&a, "{\"name\":\"moved/b/file\",\"type\":\"EVENT_TYPE_CREATE\"}"));
	assert_true(body_has(&a, "\"last\"") && !body_has(&a, "unseen"));
	answer_clear(&a);
	script(": > m/moved/later");
	wait_events(id, "\"name\":\"moved/later\"");
	expect("RemoveWatcher", json, 200, "{}");
	free(json);
}

static void
a_killed_watcher_is_told_and_replaced(void **state)
{
	char id[32];
	char *json;

	(void)state;
	if (house.host->support.rung == BOX_RUNG_PLAIN)
		skip(); /* others' first processes would be found */
	script("mkdir k");
	create_watcher("{\"path\":\"k\"}", id);
	json = xasprintf("{\"watcherId\":\"%s\"}", id);
	/* The other process of that name is the first one, which nobody in here can kill. */
	run_as_root(TO_WATCHER("9"));
	for (int i = 0; i < 2000; i++) {
		struct answer a;
		int status = call("GetWatcherEvents", json, &a);

		answer_clear(&a);
		if (status == 500)
			break;
		assert_int_equal(status, 200);
		assert_true(i < 1999);
	}
	create_watcher("{\"path\":\"k\"}", id);
	script(": > k/x");
	wait_events(id, "\"name\":\"x\"");
	free(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_have_envds_codes),
		cmocka_unit_test(paths_too_long_are_refused),
		cmocka_unit_test(names_that_are_no_text_are_shown_and_reached),
		cmocka_unit_test(links_are_told_and_not_entered),
		cmocka_unit_test(a_tree_deeper_than_paths_may_be_is_removed),
		cmocka_unit_test(what_is_made_belongs_to_the_user_named),
		cmocka_unit_test(downloads_keep_to_ranges_and_conditions),
		cmocka_unit_test(nothing_outside_is_reached),
		cmocka_unit_test(large_files_go_up_and_down),
		cmocka_unit_test(bad_uploads_are_told),
		cmocka_unit_test(metadata_is_replaced_as_a_whole),
		cmocka_unit_test(compose_says_what_is_wrong),
		cmocka_unit_test(an_upload_to_what_is_gone_says_so),
		cmocka_unit_test(an_upload_to_what_is_paused_says_so),
		cmocka_unit_test(a_client_that_leaves_disturbs_nobody),
		cmocka_unit_test(a_signature_finds_its_sandbox),
		cmocka_unit_test(events_are_there_at_once),
		cmocka_unit_test(directories_are_followed),
		cmocka_unit_test(the_deepest_tree_is_watched),
		cmocka_unit_test(what_moves_is_watched_meanwhile),
		cmocka_unit_test(a_killed_watcher_is_told_and_replaced),
	};

	return cmocka_run_group_tests(tests, open_all, close_house);
}
