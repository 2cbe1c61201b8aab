#include "host_fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "box_fixture.h"
#include "host/sandbox.h"
#include "host/server_internal.h"
#include "wire/connect.h"
#include "wire/envelope.h"

enum { CLIENT_PATIENCE_MS = 20000, IN_MAX = 256 * 1024 * 1024 };

struct house_of house;

/* ---- the host */

static void
open_host(void)
{
	struct host_options options = {
		.state_dir = house.dir, .init_path = init_path(), .quiet = true
	};
	struct error err = { 0 };

	house.host = host_open(house.loop, &options, &err);
	if (!house.host)
		fail_msg("%s", err.text);
}

int
open_house(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	house.dir = path_join(tmp ? tmp : "/tmp", "sandtop-host-XXXXXX");
	assert_non_null(mkdtemp(house.dir));
	house.loop = loop_new();
	open_host();
	return 0;
}

static void
on_mark(void *ctx)
{
	*(bool *)ctx = true;
}

void
turn_until(bool (*done)(void *ctx), void *ctx)
{
	uint64_t until_ms = clock_mono_ms() + CLIENT_PATIENCE_MS;

	while (!done(ctx)) {
		assert_true(clock_mono_ms() < until_ms);
		loop_turn(house.loop, 20);
	}
}

bool
has_at_most(void *ctx)
{
	return server_connections(house.host->server) <=
	       ((struct awaited *)ctx)->connections;
}

bool
has_at_least(void *ctx)
{
	return server_connections(house.host->server) >=
	       ((struct awaited *)ctx)->connections;
}

size_t
count_descriptors_of(int pid)
{
	char *path = xasprintf("/proc/%d/fd", pid);
	DIR *d = opendir(path);
	size_t count = 0;

	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	free(path);
	return count;
}

size_t
count_descriptors(void)
{
	return count_descriptors_of((int)getpid());
}

static bool
is_marked(void *ctx)
{
	return *(bool *)ctx;
}

static void
end_host(void)
{
	bool done = false;

	host_shutdown(house.host, on_mark, &done);
	turn_until(is_marked, &done);
	host_close(house.host);
}

void
restart_house(bool gently)
{
	if (gently)
		end_host();
	else
		host_close(house.host);
	open_host();
}

static bool
has_no_sandboxes(void *ctx)
{
	(void)ctx;
	return !registry_first(house.host->registry);
}

int
close_house(void **state)
{
	char *command;

	(void)state;
	for (struct sandbox *s = registry_first(house.host->registry), *next; s;
	     s = next) {
		next = s->next;
		if (s->state != SANDBOX_ENDING)
			sandbox_kill(s, "over", NULL, NULL);
	}
	turn_until(has_no_sandboxes, NULL);
	end_host();
	loop_free(house.loop);
	command = xasprintf("rm -rf '%s'", house.dir);
	assert_int_equal(system(command), 0);
	free(command);
	free(house.dir);
	return 0;
}

/* ---- the client */

void
client_open(struct client *c)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)house.host->file.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	*c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	buf_init(&c->in, IN_MAX);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&address, sizeof address), 0);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

void
client_close(struct client *c)
{
	close(c->fd);
	buf_clear(&c->in);
}

static void
client_read(struct client *c)
{
	char piece[65536];
	ssize_t n;

	while ((n = recv(c->fd, piece, sizeof piece, 0)) > 0)
		buf_add(&c->in, piece, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		c->eof = true;
}

void
client_send(struct client *c, const void *bytes, size_t len)
{
	uint64_t until_ms = clock_mono_ms() + CLIENT_PATIENCE_MS;

	for (size_t at = 0; at < len;) {
		ssize_t n = send(c->fd, (const char *)bytes + at, len - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EAGAIN)
			return; /* the host has closed: what it said is read later */
		if (n < 0) {
			assert_true(clock_mono_ms() < until_ms);
			loop_turn(house.loop, 5);
		}
	}
}

void
client_ask(struct client *c, const char *method, const char *path, const char *headers,
    const void *body, size_t len)
{
	struct buf out;

	buf_init(&out, IN_MAX);
	buf_addf(&out, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path,
	    headers ? headers : "");
	if (len > 0 || str_eq(method, "POST"))
		buf_addf(&out, "Content-Length: %zu\r\n", len);
	buf_add_str(&out, "\r\n");
	if (len > 0)
		buf_add(&out, body, len);
	client_send(c, out.data, out.len);
	buf_clear(&out);
}

/* Bytes of the answer in c->in, 0: not whole yet. Fills the body when whole. */
static size_t
find_chunked(const struct client *c, size_t at, struct buf *body)
{
	for (;;) {
		const char *line = c->in.data + at;
		const char *end = memmem(line, c->in.len - at, "\r\n", 2);
		size_t len = end ? strtoul(line, NULL, 16) : 0;
		size_t head = end ? (size_t)(end - line) + 2 : 0;

		if (!end || c->in.len - at < head + len + 2)
			return 0;
		if (len == 0)
			return at + head + 2;
		buf_add(body, line + head, len);
		at += head + len + 2;
	}
}

static size_t
find_answer(const struct client *c, struct answer *out)
{
	const char *end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4);
	const char *length;
	size_t head = end ? (size_t)(end - c->in.data) + 4 : 0, len = 0;

	if (!end)
		return 0;
	free(out->head);
	out->head = xstrndup(c->in.data, head);
	out->status = (int)strtol(out->head + 9, NULL, 10);
	buf_reset(&out->body);
	if (answer_header(out, "Transfer-Encoding")) {
		/* Not taken apart again with every piece that comes. */
		if (!c->eof && (c->in.len < 5 || memcmp(c->in.data + c->in.len - 5,
						     "0\r\n\r\n", 5) != 0))
			return 0;
		return find_chunked(c, head, &out->body);
	}
	length = answer_header(out, "Content-Length");
	len = length ? strtoul(length, NULL, 10) : 0;
	if (c->in.len < head + len)
		return 0;
	buf_add(&out->body, c->in.data + head, len);
	return head + len;
}

void
client_answer(struct client *c, struct answer *out)
{
	uint64_t until_ms = clock_mono_ms() + CLIENT_PATIENCE_MS;
	size_t used;

	*out = (struct answer){ 0 };
	buf_init(&out->body, IN_MAX);
	client_read(c);
	while ((used = find_answer(c, out)) == 0) {
		if (c->eof) {
			out->closed = true;
			return;
		}
		assert_true(clock_mono_ms() < until_ms);
		loop_turn(house.loop, 20);
		client_read(c);
	}
	buf_consume(&c->in, used);
}

void
client_wait(struct client *c, const char *text)
{
	uint64_t until_ms = clock_mono_ms() + CLIENT_PATIENCE_MS;

	client_read(c);
	while (!memmem(c->in.data, c->in.len, text, strlen(text))) {
		assert_true(clock_mono_ms() < until_ms && !c->eof);
		loop_turn(house.loop, 20);
		client_read(c);
	}
}

void
client_expect(struct client *c, int status)
{
	struct answer a;

	client_answer(c, &a);
	assert_int_equal(a.status, status);
	answer_clear(&a);
	client_close(c);
}

void
answer_member(const struct answer *a, const char *name, char *out, size_t size)
{
	char *key = xasprintf("\"%s\":\"", name);
	const char *at = strstr(a->body.data, key);

	if (!at)
		fail_msg("no %s in %s", name, a->body.data);
	at += strlen(key);
	snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
	free(key);
}

void
answer_clear(struct answer *a)
{
	free(a->head);
	buf_clear(&a->body);
	*a = (struct answer){ 0 };
}

const char *
answer_header(const struct answer *a, const char *name)
{
	static char value[512];
	size_t len = strlen(name);

	for (const char *line = strstr(a->head, "\r\n"); line;
	     line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1 + strspn(line + len + 1, " ");
		len = strcspn(line, "\r");
		snprintf(value, sizeof value, "%.*s", (int)len, line);
		return value;
	}
	return NULL;
}

bool
body_has(const struct answer *a, const char *text)
{
	return memmem(a->body.data, a->body.len, text, strlen(text)) != NULL;
}

void
ask(const char *method, const char *path, const char *headers, const void *body,
    size_t len, struct answer *out)
{
	struct client c;

	client_open(&c);
	client_ask(&c, method, path, headers, body, len);
	client_answer(&c, out);
	client_close(&c);
}

int
rest(const char *method, const char *path, const char *json, struct answer *out)
{
	struct answer ignored;
	char *headers = xasprintf(
	    "X-API-Key: %s\r\nContent-Type: application/json\r\n", house.host->file.key);
	int status;

	ask(method, path, headers, json, json ? strlen(json) : 0, out ? out : &ignored);
	free(headers);
	status = out ? out->status : ignored.status;
	if (!out)
		answer_clear(&ignored);
	return status;
}

/* ---- sandboxes */

void
create_guest(const char *members, struct guest *out)
{
	char *json = xasprintf(
	    "{\"templateID\":\"base\"%s}", members ? members : ",\"timeout\":60");
	struct rest_created created = { 0 };
	struct error err = { 0 };
	struct answer a;

	if (rest("POST", "/v2/sandboxes", json, &a) != 201)
		fail_msg("%d %s", a.status, a.body.data);
	if (!rest_created_decode(a.body.data, a.body.len, &created, &err))
		fail_msg("%s", err.text);
	*out = (struct guest){ 0 };
	str_copy(out->id, sizeof out->id, created.id);
	str_copy(out->token, sizeof out->token, created.envd_token);
	snprintf(out->headers, sizeof out->headers,
	    "E2b-Sandbox-Id: %s\r\nE2b-Sandbox-Port: 49983\r\nX-Access-Token: %s\r\n",
	    out->id, out->token);
	rest_created_clear(&created);
	answer_clear(&a);
	free(json);
}

void
kill_guest(const struct guest *g)
{
	char *path = xasprintf("/sandboxes/%s", g->id);

	assert_int_equal(rest("DELETE", path, NULL, NULL), 204);
	free(path);
}

void
stream_clear(struct stream_end *s)
{
	buf_clear(&s->events);
	buf_clear(&s->out);
	buf_clear(&s->err);
	buf_clear(&s->pty);
}

static void
take_event(struct stream_end *s, const struct process_event *event)
{
	static const char *const words[] = { [PROCESS_EVENT_START] = "start ",
		[PROCESS_EVENT_DATA] = "data ",
		[PROCESS_EVENT_END] = "end ",
		[PROCESS_EVENT_KEEPALIVE] = "keepalive ",
		[PROCESS_EVENT_OTHER] = "other " };
	struct buf *streams[] = { [PROCESS_STDOUT] = &s->out,
		[PROCESS_STDERR] = &s->err,
		[PROCESS_PTY] = &s->pty };

	/* How output falls into pieces, and how often time passes, is nobody's promise. */
	if (!str_has_suffix(s->events.data, words[event->kind]))
		buf_add_str(&s->events, words[event->kind]);
	if (event->kind == PROCESS_EVENT_START)
		s->pid = (int)event->pid;
	if (event->kind == PROCESS_EVENT_DATA)
		buf_add(streams[event->stream], event->data, event->len);
	if (event->kind != PROCESS_EVENT_END)
		return;
	s->exit_code = event->exit_code;
	str_copy(s->status, sizeof s->status, event->status);
}

void
read_stream(const struct answer *a, struct stream_end *out)
{
	struct envelope_reader reader;
	struct envelope e;
	struct buf scratch;
	struct error err = { 0 };

	*out = (struct stream_end){ .exit_code = -99 };
	buf_init(&out->events, 65536);
	buf_init(&out->out, IN_MAX);
	buf_init(&out->err, IN_MAX);
	buf_init(&out->pty, IN_MAX);
	buf_init(&scratch, ENVELOPE_MAX_PAYLOAD);
	envelope_reader_init(&reader, ENVELOPE_MAX_PAYLOAD);
	envelope_feed(&reader, a->body.data, a->body.len);
	while (envelope_next(&reader, &e, &err)) {
		struct process_event event;
		struct connect_error ce;

		if (e.flags & ENVELOPE_END) {
			assert_true(connect_end_parse(e.payload, e.len, &ce));
			if (ce.code != CONNECT_OK) {
				str_copy(out->code, sizeof out->code,
				    connect_code_name(ce.code));
				str_copy(out->message, sizeof out->message, ce.message);
			}
			continue;
		}
		if (!process_event_decode(e.payload, e.len, &scratch, &event, &err))
			fail_msg("%.*s: %s", (int)e.len, e.payload, err.text);
		take_event(out, &event);
	}
	assert_true(envelope_is_complete(&reader));
	envelope_reader_clear(&reader);
	buf_clear(&scratch);
}

void
open_stream(struct client *c, const struct guest *g, const char *method, const char *json,
    const char *headers)
{
	char *path = xasprintf("/process.Process/%s", method);
	char *all = xasprintf("%sContent-Type: application/connect+json\r\n%s",
	    g->headers, headers ? headers : "");
	struct buf body;

	buf_init(&body, IN_MAX);
	envelope_add(&body, 0, json, strlen(json));
	client_ask(c, "POST", path, all, body.data, body.len);
	buf_clear(&body);
	free(all);
	free(path);
}

int
wait_pid(struct client *c)
{
	const char *at;

	client_wait(c, "\"pid\":");
	client_wait(c, "}}}");
	at = memmem(c->in.data, c->in.len, "\"pid\":", 6);
	return (int)strtol(at + 6, NULL, 10);
}

void
run_script(const struct guest *g, const char *script, struct stream_end *out)
{
	struct buf json;
	struct client c;
	struct answer a;

	buf_init(&json, IN_MAX);
	buf_add_str(&json, "{\"process\":{\"cmd\":\"/bin/sh\",\"args\":[\"-c\",");
	json_add_string(&json, script);
	buf_add_str(&json, "]},\"stdin\":false}");
	client_open(&c);
	open_stream(&c, g, "Start", json.data, NULL);
	client_answer(&c, &a);
	assert_int_equal(a.status, 200);
	read_stream(&a, out);
	answer_clear(&a);
	client_close(&c);
	buf_clear(&json);
}

/* The output so far of a stream that is not over, all kinds joined. */
static void
peek_output(const struct client *c, struct buf *out)
{
	const char *end = memmem(c->in.data, c->in.len, "\r\n\r\n", 4);
	struct envelope_reader reader;
	struct envelope e;
	struct buf body, scratch;
	struct error err = { 0 };

	if (!end)
		return;
	buf_init(&body, IN_MAX);
	buf_init(&scratch, ENVELOPE_MAX_PAYLOAD);
	envelope_reader_init(&reader, ENVELOPE_MAX_PAYLOAD);
	find_chunked(c, (size_t)(end - c->in.data) + 4, &body);
	envelope_feed(&reader, body.data, body.len);
	while (envelope_next(&reader, &e, &err)) {
		struct process_event event;

		if (!(e.flags & ENVELOPE_END) &&
		    process_event_decode(e.payload, e.len, &scratch, &event, &err) &&
		    event.kind == PROCESS_EVENT_DATA)
			buf_add(out, event.data, event.len);
	}
	envelope_reader_clear(&reader);
	buf_clear(&scratch);
	buf_clear(&body);
}

void
wait_output(struct client *c, const char *text)
{
	uint64_t until_ms = clock_mono_ms() + CLIENT_PATIENCE_MS;
	bool found = false;

	while (!found) {
		struct buf out;

		buf_init(&out, IN_MAX);
		client_read(c);
		peek_output(c, &out);
		found = memmem(out.data, out.len, text, strlen(text)) != NULL;
		if (!found && (c->eof || clock_mono_ms() >= until_ms))
			fail_msg("\"%s\" did not come, but: %s", text, out.data);
		buf_clear(&out);
		if (!found)
			loop_turn(house.loop, 20);
	}
}

int
unary(const struct guest *g, const char *method, const char *json, struct answer *out)
{
	char *path = xasprintf("/process.Process/%s", method);
	char *headers = xasprintf("%sContent-Type: application/json\r\n", g->headers);
	struct answer ignored;
	int status;

	ask("POST", path, headers, json, strlen(json), out ? out : &ignored);
	status = out ? out->status : ignored.status;
	if (!out)
		answer_clear(&ignored);
	free(headers);
	free(path);
	return status;
}
