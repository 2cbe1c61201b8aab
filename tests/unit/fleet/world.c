#include "tests/unit/fleet/world.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fleet/session.h"
#include "wire/process.h"

static int64_t wall_ms;

static int64_t
read_wall(void)
{
	return wall_ms;
}

void
world_set_time(int64_t now_ms)
{
	wall_ms = now_ms;
}

static char *
envd_url(void *ctx, const char *sandbox_id, const char *sandbox_domain)
{
	struct world *w = ctx;

	(void)sandbox_id;
	(void)sandbox_domain;
	return xstrdup(server_url(w->server));
}

static void
on_changed(void *ctx)
{
	struct world *w = ctx;

	w->changed++;
}

struct world *
world_new(const struct world_options *options)
{
	static const struct fleet_events events = { .changed = on_changed };
	struct world *w = xcalloc(1, sizeof *w);

	world_set_time(NOW_MS);
	clock_set_wall(read_wall);
	w->loop = loop_new();
	w->server = server_new(w->loop);
	w->fleet = fleet_new(w->loop,
	    &(struct fleet_settings){ .api_url = server_url(w->server),
		.key = "e2b_key",
		.profile = "test",
		.local_host = options->local_host,
		.read_only = options->read_only,
		.second_ms = options->second_ms ? options->second_ms : 1,
		.envd_url = envd_url,
		.url_ctx = w },
	    &events, w);
	w->model = &w->fleet->model;
	/* that input needs no question first: the probe has tests of its own */
	http_set_origin_note(w->fleet->http, server_url(w->server), 3);
	return w;
}

void
world_free(struct world *w)
{
	while (w->fleet->sessions) /* of a test that failed */
		session_free(w->fleet->sessions);
	fleet_free(w->fleet);
	server_free(w->server);
	loop_free(w->loop);
	clock_set_wall(NULL);
	free(w);
}

int
world_setup(void **state)
{
	*state = world_new(&(struct world_options){ 0 });
	return 0;
}

int
world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

void
world_settle(struct world *w)
{
	for (int i = 0; i < 30; i++)
		loop_turn(w->loop, 1);
}

struct sandbox *
world_add(struct world *w, const char *id, enum sandbox_state state, int64_t left_s)
{
	struct sandbox *s = model_add(w->model, id);

	s->state = state;
	s->started_ms = NOW_MS - 600 * 1000;
	s->end_ms = NOW_MS + left_s * 1000;
	s->pause_on_timeout = NO;
	s->known_at = fleet_tick(w->fleet);
	return s;
}

/* ---- answers of the control plane */

char *
world_object(const char *id, const char *state, int64_t end_ms, int lifecycle)
{
	char started[40], end[40];

	clock_format_rfc3339(NOW_MS - 600 * 1000, started, sizeof started);
	clock_format_rfc3339(end_ms, end, sizeof end);
	return xasprintf(
	    "{\"sandboxID\":\"%s\",\"templateID\":\"base\",\"clientID\":\"c\","
	    "\"startedAt\":\"%s\",\"endAt\":\"%s\",\"state\":\"%s\",\"cpuCount\":2,"
	    "\"memoryMB\":512,\"diskSizeMB\":1024,\"envdVersion\":\"0.6.4\","
	    "\"envdAccessToken\":\"tok-%s\",\"metadata\":{\"name\":\"n-%s\","
	    "\"" API_MARKER_KEY "\":\"0123\"},"
	    "\"lifecycle\":{\"autoResume\":%s,\"onTimeout\":\"%s\"}}",
	    id, started, end, state, id, id, lifecycle & AUTO_RESUMES ? "true" : "false",
	    lifecycle & PAUSES ? "pause" : "kill");
}

void
world_answer_get(
    struct world *w, const char *id, const char *state, int64_t end_ms, int lifecycle)
{
	char *object = world_object(id, state, end_ms, lifecycle);
	char *path = xasprintf("GET /sandboxes/%s", id);

	server_reply(w->server, path, 200, NULL, object);
	free(object);
	free(path);
}

void
world_answer_list(struct world *w, const char *ids)
{
	struct strlist words = { 0 };
	struct buf body;

	strlist_split(&words, ids, ' ');
	buf_init(&body, 1 << 24);
	buf_add_char(&body, '[');
	for (size_t i = 0; i < words.count; i++) {
		char *colon = strchr(words.items[i], ':');
		if (colon)
			*colon++ = '\0';
		if (!words.items[i][0])
			continue;
		char *object = world_object(words.items[i], colon ? colon : "running",
		    NOW_MS + 3600 * 1000, KILLS);
		buf_addf(&body, "%s%s", i > 0 ? "," : "", object);
		free(object);
	}
	buf_add_char(&body, ']');
	server_reply(w->server, "GET /v2/sandboxes", 200, NULL, body.data);
	buf_clear(&body);
	strlist_clear(&words);
}

void
world_reply_to(struct world *w, size_t index, int status, const char *body)
{
	char *bytes = xasprintf(
	    "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);

	server_send(w->server, index, bytes, strlen(bytes));
	free(bytes);
}

void
world_reply_rpc(struct world *w, size_t index, const char *body)
{
	char *bytes = xasprintf("HTTP/1.1 200 X\r\nContent-Type: application/json\r\n"
				"Content-Length: %zu\r\n\r\n%s",
	    strlen(body), body);

	server_send(w->server, index, bytes, strlen(bytes));
	free(bytes);
}

/* ---- the log */

const char *
world_line(struct world *w, size_t index)
{
	return server_request(w->server, index)->line;
}

const char *
world_body(struct world *w, size_t index)
{
	return server_request(w->server, index)->body.data;
}

void
world_wait(struct world *w, size_t requests)
{
	UNTIL(w->loop, server_count(w->server) >= requests);
}

void
world_expect_log(struct world *w, size_t from, const char *const *lines, int source_line)
{
	size_t count = 0;

	while (lines[count])
		count++;
	for (int i = 0; i < 1000 && server_count(w->server) < from + count; i++)
		loop_turn(w->loop, 10);
	world_settle(w);
	for (size_t i = 0; i < count || from + i < server_count(w->server); i++) {
		const char *seen = from + i < server_count(w->server)
				       ? world_line(w, from + i)
				       : "nothing";
		const char *wanted = i < count ? lines[i] : "nothing";
		if (strcmp(seen, wanted) != 0)
			fail_msg("line %d: request %zu is '%s', not '%s'", source_line, i,
			    seen, wanted);
	}
}

bool
world_has_message(const struct world *w, const char *part)
{
	const struct message *m;

	for (size_t i = 0; (m = messages_at(&w->fleet->messages, i)); i++)
		if (strstr(m->text, part))
			return true;
	return false;
}

/* ---- envd */

static void
send_chunk(struct world *w, size_t index, const struct buf *bytes)
{
	struct buf chunk;

	buf_init(&chunk, 1 << 20);
	buf_addf(&chunk, "%zx\r\n", bytes->len);
	buf_add(&chunk, bytes->data, bytes->len);
	buf_add_str(&chunk, "\r\n");
	server_send(w->server, index, chunk.data, chunk.len);
	buf_clear(&chunk);
}

void
world_begin_stream(struct world *w, size_t index, const char *more_headers)
{
	char *head = xasprintf("HTTP/1.1 200 OK\r\n"
			       "Content-Type: application/connect+json\r\n"
			       "Transfer-Encoding: chunked\r\n%s\r\n",
	    more_headers ? more_headers : "");

	server_send(w->server, index, head, strlen(head));
	free(head);
}

void
world_send_started(struct world *w, size_t index, uint32_t pid)
{
	struct buf b;

	buf_init(&b, 1024);
	process_add_start_event(&b, pid);
	send_chunk(w, index, &b);
	buf_clear(&b);
}

void
world_send_output(struct world *w, size_t index, const char *text)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	process_add_data_event(&b, PROCESS_PTY, text, strlen(text));
	send_chunk(w, index, &b);
	buf_clear(&b);
}

void
world_send_exit(struct world *w, size_t index, int wait_status)
{
	struct buf b;

	buf_init(&b, 1024);
	process_add_end_event(&b, wait_status);
	send_chunk(w, index, &b);
	buf_clear(&b);
}

void
world_send_end(struct world *w, size_t index, const char *code, const char *text)
{
	enum connect_code parsed;
	struct buf b;

	assert_true(connect_code_parse(code, &parsed));
	buf_init(&b, 1024);
	connect_add_end(&b, parsed, text);
	send_chunk(w, index, &b);
	buf_clear(&b);
}

void
world_answer_processes(struct world *w, const char *processes)
{
	struct strlist words = { 0 };
	struct process_list list = { 0 };
	struct buf body;

	strlist_split(&words, processes, ' ');
	list.items = xcalloc(words.count, sizeof *list.items);
	for (size_t i = 0; i < words.count; i++) {
		char *colon = strchr(words.items[i], ':');
		struct process_info *p = &list.items[list.count];
		int64_t pid;

		if (colon)
			*colon = '\0';
		if (!parse_int(words.items[i], 1, UINT32_MAX, &pid))
			continue;
		p->pid = (uint32_t)pid;
		p->config.cmd = xstrdup("/bin/bash");
		p->tag = colon ? xstrdup(colon + 1) : NULL;
		list.count++;
	}
	buf_init(&body, 1 << 20);
	process_list_encode(&body, &list);
	server_reply(w->server, "POST /process.Process/List", 200,
	    "Content-Type: application/json\r\n", body.data);
	buf_clear(&body);
	process_list_clear(&list);
	strlist_clear(&words);
}
