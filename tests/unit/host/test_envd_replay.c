/*
 * What was recorded of the real envd (tests/fixtures/envd), asked of this host: same status, content type, code, keys, order of events and status
 * texts. What differs on purpose stands in a table here and in docs/host.md.
 */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/mem.h"
#include "wire/connect.h"
#include "wire/envelope.h"
#include "wire/filesystem.h"

#define RECORDING "tests/fixtures/envd/exchanges.jsonl"
#define RECORDED_PID "5628"
#define RECORDED_WATCHER "w3f3f0adx1jyjsr6x9f4p"

enum { RECORDS_MAX = 200 };

static json_t *records[RECORDS_MAX];
static size_t record_count;
static struct guest guest;
static struct client session; /* the open PTY of "pty-session" */
static struct client second;  /* "pty-connect", beside it */
static int session_pid;
static char watcher_id[32]; /* ours, in the place of the recorded one */

/* On purpose: the host speaks JSON only, without compression, and reads what envd
 * cannot. */
static const struct {
	const char *name;
	int status;
	const char *why;
} differences[] = {
	{ "list-empty-proto", 415, "binary messages are not taken" },
	{ "proto-send-input", 415, "binary messages are not taken" },
	{ "pty-session-proto", 415, "binary messages are not taken" },
	{ "list-dir", 200, "a name that is not UTF-8 is shown with U+FFFD" },
	{ "download-proc", 200, "a file without a size is read to its end" },
	{ "download-proc-gzip", 200, "the same, and its type is looked at" },
};

static const char *
text_of(const json_t *record, const char *side, const char *name)
{
	return json_string_value(json_object_get(json_object_get(record, side), name));
}

static const json_t *
record_of(const char *name)
{
	for (size_t i = 0; i < record_count; i++)
		if (str_eq(json_string_value(json_object_get(records[i], "name")), name))
			return records[i];
	fail_msg("no record %s", name);
	return NULL;
}

static int
open_recording(void **state)
{
	FILE *file = fopen(RECORDING, "r");
	char *line = NULL;
	size_t size = 0;

	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		assert_true(record_count < RECORDS_MAX);
		records[record_count] = json_loads(line, 0, NULL);
		assert_non_null(records[record_count++]);
	}
	free(line);
	fclose(file);
	open_house(state);
	create_guest(",\"timeout\":600,\"envVars\":{\"FOO\":\"bar\"}", &guest);
	return 0;
}

static int
close_recording(void **state)
{
	for (size_t i = 0; i < record_count; i++)
		json_decref(records[i]);
	return close_house(state);
}

/* ---- asking */

static void
decode_body(const json_t *record, const char *side, struct buf *out)
{
	const char *text = text_of(record, side, "body");
	size_t len = 0;

	buf_init(out, 1u << 24);
	assert_true(base64_decode(text, strlen(text),
	    buf_reserve(out, BASE64_DECODED_MAX(strlen(text))), &len));
	buf_commit(out, len);
}

/* The recorded number stands for ours; where an envelope's length changes with it, that
 * is put right. */
static void
translate_pid(struct buf *body, bool envelopes)
{
	struct buf out;
	char pid[16];

	snprintf(pid, sizeof pid, "%d", session_pid);
	if (session_pid == 0 || !memmem(body->data, body->len, RECORDED_PID, 4))
		return;
	buf_init(&out, 1u << 24);
	for (size_t at = 0; at < body->len;) {
		bool here =
		    body->len - at >= 4 && memcmp(body->data + at, RECORDED_PID, 4) == 0;

		if (here)
			buf_add_str(&out, pid);
		else
			buf_add_char(&out, body->data[at]);
		at += here ? 4 : 1;
	}
	if (envelopes)
		out.data[4] = (char)(out.data[4] + (int)strlen(pid) - 4);
	buf_clear(body);
	*body = out;
}

/* Ids have the same length everywhere. */
static void
translate_watcher(struct buf *body)
{
	size_t len = sizeof RECORDED_WATCHER - 1;
	char *at = memmem(body->data, body->len, RECORDED_WATCHER, len);

	if (at && watcher_id[0])
		memcpy(at, watcher_id, len);
}

static void
add_headers(const json_t *record, struct buf *out)
{
	json_t *headers = json_object_get(json_object_get(record, "request"), "headers");
	const char *name;
	json_t *value;

	buf_addf(out, "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\n", guest.id);
	json_object_foreach(headers, name, value)
	{
		bool token = str_eq_nocase(name, "X-Access-Token");

		buf_addf(out, "%s: %s\r\n", name,
		    token ? guest.token : json_string_value(value));
	}
}

static void
send_record(struct client *c, const json_t *record)
{
	struct buf headers, body;
	const char *path = text_of(record, "request", "path");

	buf_init(&headers, 8192);
	add_headers(record, &headers);
	decode_body(record, "request", &body);
	translate_pid(&body, body.len > 5 && body.data[0] == 0);
	translate_watcher(&body);
	client_open(c);
	client_ask(c, text_of(record, "request", "method"), path, headers.data, body.data,
	    body.len);
	buf_clear(&headers);
	buf_clear(&body);
}

/* ---- comparing */

static const char *
recorded_header(const json_t *record, const char *name)
{
	const json_t *headers =
	    json_object_get(json_object_get(record, "response"), "headers");
	const char *value = json_string_value(json_object_get(headers, name));

	return str_is_empty(value) ? NULL : value;
}

static void
compare_stream(const char *name, const struct answer *theirs, const struct answer *ours)
{
	struct stream_end want, got;

	read_stream(theirs, &want);
	read_stream(ours, &got);
	if (!str_eq(want.events.data, got.events.data) || !str_eq(want.code, got.code))
		fail_msg("%s: %s(%s), not %s(%s %s)", name, want.events.data, want.code,
		    got.events.data, got.code, got.message);
	assert_string_equal(want.status, got.status);
	assert_int_equal(want.exit_code, got.exit_code);
	if (strncmp(name, "run-", 4) == 0 && !str_eq(name, "run-missing-command")) {
		assert_string_equal(want.out.data, got.out.data);
		assert_string_equal(want.err.data, got.err.data);
	}
	stream_clear(&want);
	stream_clear(&got);
}

/* Same keys, deep down; values where they are codes. */
static void
compare_json(const char *name, json_t *want, const json_t *got)
{
	const char *key;
	json_t *value;

	assert_true(json_typeof(want) == json_typeof(got) ||
		    (json_is_number(want) && json_is_number(got)));
	if (json_is_array(want) && json_array_size(want) > 0) {
		assert_int_equal(json_array_size(want), json_array_size(got));
		compare_json(name, json_array_get(want, 0), json_array_get(got, 0));
	}
	if (!json_is_object(want))
		return;
	json_object_foreach(want, key, value)
	{
		const json_t *mine = json_object_get(got, key);

		if (!mine)
			fail_msg("%s: no \"%s\"", name, key);
		if (str_eq(key, "code"))
			assert_true(json_equal(value, mine));
		compare_json(name, value, mine);
	}
	/* The default environment of a sandbox holds its ids too, and links are told by a
	 * member that is younger than the recording. */
	if (!str_eq(name, "envs"))
		assert_int_equal(json_object_size(want),
		    json_object_size(got) - (json_object_get(got, "isSymlink") ? 1 : 0));
}

static void
compare_plain(const char *name, const struct answer *theirs, const struct answer *ours)
{
	json_t *want = json_loads(theirs->body.data, 0, NULL);
	json_t *got = json_loads(ours->body.data, 0, NULL);

	if (!want) {
		assert_string_equal(theirs->body.data, ours->body.data);
		return;
	}
	if (!got)
		fail_msg("%s: %s", name, ours->body.data);
	compare_json(name, want, got);
	json_decref(want);
	json_decref(got);
}

static bool
differs_on_purpose(const char *name, const struct answer *ours)
{
	for (size_t i = 0; i < ARRAY_LEN(differences); i++) {
		if (!str_eq(differences[i].name, name))
			continue;
		assert_int_equal(ours->status, differences[i].status);
		return true;
	}
	return false;
}

static const char *const file_headers[] = { "content-disposition", "content-range",
	"x-content-type-options" };

static void
compare(const json_t *record, const struct answer *ours)
{
	const char *name = json_string_value(json_object_get(record, "name"));
	const json_t *status =
	    json_object_get(json_object_get(record, "response"), "status");
	const char *type = recorded_header(record, "content-type");
	struct answer theirs = { 0 };

	if (differs_on_purpose(name, ours))
		return;
	if (ours->status != json_integer_value(status))
		fail_msg("%s: %d, not %d: %s", name, ours->status,
		    (int)json_integer_value(status), ours->body.data);
	if (!str_eq(type, answer_header(ours, "Content-Type")))
		fail_msg("%s: %s", name, ours->head);
	if (recorded_header(record, "allow"))
		assert_string_equal(answer_header(ours, "Allow"), "POST");
	if (recorded_header(record, "accept-post"))
		assert_non_null(answer_header(ours, "Accept-Post"));
	assert_string_equal(answer_header(ours, "Vary"),
	    recorded_header(record, "vary") ? recorded_header(record, "vary") : "Origin");
	for (size_t i = 0; i < ARRAY_LEN(file_headers); i++)
		if (recorded_header(record, file_headers[i]))
			assert_string_equal(answer_header(ours, file_headers[i]),
			    recorded_header(record, file_headers[i]));
	decode_body(record, "response", &theirs.body);
	if (type && str_has_prefix(type, "application/connect+") &&
	    !str_eq(name, "pty-stream-input"))
		compare_stream(name, &theirs, ours);
	else if (!recorded_header(record, "content-encoding"))
		compare_plain(name, &theirs, ours);
	else
		assert_null(
		    answer_header(ours, "Content-Encoding")); /* gzip: ours is plain */
	buf_clear(&theirs.body);
}

static void
replay(const char *name)
{
	const json_t *record = record_of(name);
	struct client c;
	struct answer a;

	send_record(&c, record);
	client_answer(&c, &a);
	compare(record, &a);
	answer_clear(&a);
	client_close(&c);
}

/* ---- the tests */

static void
single_exchanges_are_answered_alike(void **state)
{
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < record_count; i++) {
		const char *path = text_of(records[i], "request", "path");
		const char *name = json_string_value(json_object_get(records[i], "name"));
		bool session_bound =
		    strncmp(name, "pty-", 4) == 0 || strncmp(name, "late-", 5) == 0 ||
		    strncmp(name, "proto-", 6) == 0 || str_eq(name, "list-one") ||
		    str_eq(name, "no-input") || str_eq(name, "no-selector") ||
		    str_eq(name, "signal-unsupported");

		if (session_bound || strncmp(path, "/file", 5) == 0)
			continue; /* each has a test of its own */
		replay(name);
		seen++;
	}
	assert_true(seen > 30);
}

static void
a_session_goes_as_recorded(void **state)
{
	struct answer a;

	(void)state;
	send_record(&session, record_of("pty-session"));
	session_pid = wait_pid(&session);
	replay("pty-send-input");
	wait_output(&session, "30 100");
	replay("pty-resize");
	replay("pty-send-input-2");
	wait_output(&session, "50 132");
	replay("list-one");
	replay("pty-stdin-refused");
	replay("no-input");
	replay("no-selector");
	replay("pty-close-stdin");
	replay("signal-unsupported");
	send_record(&second, record_of("pty-connect"));
	assert_int_equal(wait_pid(&second), session_pid);
	replay("pty-stream-input");
	client_answer(&second, &a);
	compare(record_of("pty-connect"), &a);
	answer_clear(&a);
	client_answer(&session, &a);
	compare(record_of("pty-session"), &a);
	answer_clear(&a);
	replay("late-connect");
	replay("late-connect-tag");
	client_close(&session);
	client_close(&second);
}

static void
prepare(const char *script)
{
	struct stream_end out;

	run_script(&guest, script, &out);
	if (out.exit_code != 0)
		fail_msg("%s: %s", script, out.err.data);
	stream_clear(&out);
}

/* "CREATE w.txt+ WRITE w.txt+": the plus is an entry. */
static void
describe_watch(const struct answer *a, struct buf *out)
{
	struct envelope_reader reader;
	struct envelope e;
	struct error err = { 0 };

	buf_init(out, 65536);
	envelope_reader_init(&reader, ENVELOPE_MAX_PAYLOAD);
	envelope_feed(&reader, a->body.data, a->body.len);
	while (envelope_next(&reader, &e, &err)) {
		enum filesystem_watch_kind kind;
		struct filesystem_event event = { 0 };
		struct connect_error ce;

		if (e.flags & ENVELOPE_END) {
			assert_true(connect_end_parse(e.payload, e.len, &ce));
			buf_addf(out, "end %s", connect_code_name(ce.code));
			continue;
		}
		assert_true(
		    filesystem_watch_decode(e.payload, e.len, &kind, &event, &err));
		if (kind == FILESYSTEM_WATCH_EVENT)
			buf_addf(out, "%d %s%s ", event.change, event.name,
			    event.has_entry ? "+" : "");
		else
			buf_addf(out, "kind %d ", kind);
		filesystem_event_clear(&event);
	}
	envelope_reader_clear(&reader);
}

static void
replay_watch(void)
{
	const json_t *record = record_of("watch");
	struct answer ours, theirs = { 0 };
	struct buf got, want;
	struct client c;

	send_record(&c, record);
	client_wait(&c, "\"start\":{}");
	prepare("cd probe && printf x > w.txt && mv w.txt a/w2.txt && rm a/w2.txt && "
		"chmod 600 empty");
	client_answer(&c, &ours);
	assert_int_equal(ours.status, 200);
	decode_body(record, "response", &theirs.body);
	describe_watch(&ours, &got);
	describe_watch(&theirs, &want);
	/* What is seen of a file depends on when it is looked at: it may be gone. */
	assert_non_null(strstr(want.data, "1 w.txt+ 2 w.txt+ 4 w.txt 1 a/w2.txt+ "));
	for (struct buf *b = &got; b; b = b == &got ? &want : NULL) {
		char *to = b->data;

		for (char *from = b->data; *from; from++)
			if (*from != '+')
				*to++ = *from;
		*to = '\0';
	}
	assert_string_equal(got.data, want.data);
	buf_clear(&got);
	buf_clear(&want);
	answer_clear(&ours);
	buf_clear(&theirs.body);
	client_close(&c);
}

static void
create_watcher(void)
{
	const json_t *record = record_of("watcher-create");
	const char *at;
	struct client c;
	struct answer a;

	send_record(&c, record);
	client_answer(&c, &a);
	compare(record, &a);
	at = strstr(a.body.data, ":\"w");
	assert_non_null(at);
	snprintf(watcher_id, sizeof watcher_id, "%.*s",
	    (int)(sizeof RECORDED_WATCHER - 1), at + 2);
	answer_clear(&a);
	client_close(&c);
}

static void
files_go_as_recorded(void **state)
{
	static const char *const before_links[] = { "mkdir", "mkdir-exists",
		"upload-octet", "upload-multipart", "upload-bad-type", "upload-no-path",
		"upload-to-dir", "stat" };
	static const char *const with_links[] = { "stat-link", "stat-broken-link",
		"stat-fifo", "stat-sticky", "stat-missing", "stat-other-home" };
	static const char *const lists[] = { "list-dir-empty", "list-dir-file",
		"list-dir-missing", "list-dir-depth-2", "move", "move-onto-dir",
		"move-missing", "remove-missing", "download", "download-range",
		"download-range-bad", "download-gzip", "download-dir", "download-missing",
		"download-proc", "download-proc-gzip", "download-no-token",
		"download-bad-signature" };
	static const char *const last[] = { "watcher-events-none", "watcher-remove",
		"watcher-gone", "compose", "remove" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(before_links); i++)
		replay(before_links[i]);
	prepare("cd probe && ln -s x.txt ln && ln -s nowhere broken && mkfifo fifo && "
		": > empty");
	for (size_t i = 0; i < ARRAY_LEN(with_links); i++)
		replay(with_links[i]);
	prepare("touch \"probe/$(printf 'bad\\377\\033')\"");
	replay("list-dir");
	prepare("rm probe/bad*");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		replay(lists[i]);
	replay_watch();
	replay("watch-missing");
	replay("watch-file");
	create_watcher();
	prepare("printf x > probe/z");
	replay("watcher-events");
	for (size_t i = 0; i < ARRAY_LEN(last); i++)
		replay(last[i]);
}

static void
binary_messages_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(differences); i++)
		if (differences[i].status == 415)
			replay(differences[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_exchanges_are_answered_alike),
		cmocka_unit_test(a_session_goes_as_recorded),
		cmocka_unit_test(files_go_as_recorded),
		cmocka_unit_test(binary_messages_are_refused),
	};

	return cmocka_run_group_tests(tests, open_recording, close_recording);
}
