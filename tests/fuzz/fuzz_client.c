/*
 * What a server answers to our client: every call of the API and of envd gets the input as
 * its replies. http.c is stood in for: a request is kept, and answered from the input by
 * the oldest. Byte 0 chooses the call; then come replies: what it is, two bytes of length,
 * bytes. Whatever comes, each call reports at most once, and texts are clean.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/api.h"
#include "net/envd.h"
#include "wire/envelope.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ASKED_MAX = 64, REPLIES_MAX = 24, REPLY_HEAD = 3 };

/* ---- in place of http.c */

struct asked {
	uint64_t id; /* 0: free */
	struct http_request request;
};

struct http {
	struct asked asked[ASKED_MAX];
	size_t count;
	uint64_t last_id;
	int note;
};

static struct asked *
find_asked(struct http *h, uint64_t id)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->asked[i].id == id)
			return &h->asked[i];
	return NULL;
}

static void
drop(struct http *h, uint64_t id)
{
	struct asked *a = find_asked(h, id);

	if (!a)
		return;
	h->count--;
	memmove(a, a + 1, (size_t)(h->asked + h->count - a) * sizeof *a);
}

uint64_t
http_start(struct http *h, const struct http_request *request)
{
	require(strstr(request->url, "://") && request->method && request->done);
	if (h->count == ASKED_MAX)
		drop(h, h->asked[0].id);
	h->asked[h->count++] = (struct asked){ ++h->last_id, *request };
	return h->last_id;
}

void
http_cancel(struct http *h, uint64_t id)
{
	drop(h, id);
}

void
http_write(struct http *h, uint64_t id, const void *bytes, size_t len)
{
	(void)h;
	(void)id;
	require(bytes || len == 0);
}

void
http_finish(struct http *h, uint64_t id)
{
	(void)h;
	(void)id;
}

size_t
http_unsent(const struct http *h, uint64_t id)
{
	(void)h;
	(void)id;
	return 0;
}

void
http_pause(struct http *h, uint64_t id, bool paused)
{
	(void)h;
	(void)id;
	(void)paused;
}

bool
http_is_loopback(const char *url)
{
	return url[0] == 'h';
}

int
http_origin_note(const struct http *h, const char *origin)
{
	(void)origin;
	return h->note;
}

void
http_set_origin_note(struct http *h, const char *origin, int note)
{
	(void)origin;
	h->note = note;
}

/* ---- reports */

static int reports; /* of calls; more than there were is a fault */

static void
note_error(const struct error *err)
{
	reports++;
	if (err && err->code != ERROR_NONE) {
		require(err->text[0] != '\0');
		require_clean(err->text);
	}
}

static void
on_page(void *ctx, const struct rest_sandbox_list *page, bool last, int64_t total_running)
{
	(void)ctx;
	(void)last;
	require(total_running >= -1);
	for (size_t i = 0; i < page->count; i++)
		require_clean(page->items[i].id);
}

static void
on_done(void *ctx, const struct error *err)
{
	(void)ctx;
	note_error(err);
}

static void
on_sandbox(void *ctx, const struct rest_sandbox *s, const struct error *err)
{
	(void)ctx;
	note_error(err);
	if (err->code == ERROR_NONE)
		require_clean(s->id);
}

static void
on_created(void *ctx, const struct rest_created *created, const struct error *err)
{
	(void)ctx;
	note_error(err);
	if (err->code == ERROR_NONE)
		require_clean(created->id);
}

static void
on_acted(void *ctx, bool already, const struct error *err)
{
	(void)ctx;
	(void)already;
	note_error(err);
}

static void
on_marker(void *ctx, const char *id, const struct error *err)
{
	(void)ctx;
	require_clean(id);
	note_error(err);
}

static void
on_metrics(void *ctx, const struct rest_metric_list *list, const struct error *err)
{
	(void)ctx;
	(void)list;
	note_error(err);
}

static void
on_map(void *ctx, const struct rest_metric_map *map, const struct error *err)
{
	(void)ctx;
	(void)map;
	note_error(err);
}

static void
on_logs(void *ctx, const struct rest_log_list *list, const struct error *err)
{
	(void)ctx;
	note_error(err);
	for (size_t i = 0; err->code == ERROR_NONE && i < list->count; i++)
		require_clean(list->items[i].message);
}

static void
on_processes(void *ctx, const struct process_list *list, const struct error *err)
{
	(void)ctx;
	(void)list;
	note_error(err);
}

static void
on_signalled(void *ctx, const struct connect_error *ce, const struct error *err)
{
	(void)ctx;
	require_clean(ce->message);
	note_error(err);
}

static void
on_health(void *ctx, bool alive, const struct error *err)
{
	(void)ctx;
	(void)alive;
	note_error(err);
}

static void
on_envd_metrics(void *ctx, const struct envd_metrics *m, const struct error *err)
{
	(void)ctx;
	(void)m;
	note_error(err);
}

/* ---- a stream */

struct seen {
	bool started, over;
};

static void
on_started(void *ctx, uint32_t pid)
{
	struct seen *s = ctx;

	(void)pid;
	require(!s->started && !s->over);
	s->started = true;
}

static void
on_data(void *ctx, enum process_stream stream, const char *bytes, size_t len)
{
	const struct seen *s = ctx;

	(void)stream;
	require(s->started && !s->over && (bytes || len == 0));
}

static void
on_ended(void *ctx, const struct process_event *end)
{
	struct seen *s = ctx;

	require(s->started && !s->over && end->kind == PROCESS_EVENT_END);
	s->over = true;
}

static void
on_lost(void *ctx, bool refused, const struct connect_error *ce, const struct error *err)
{
	struct seen *s = ctx;

	(void)refused;
	require(!s->over && err->text[0]);
	require_clean(ce->message);
	require_clean(err->text);
	s->over = true;
}

static void
on_pending(void *ctx, size_t bytes)
{
	(void)ctx;
	(void)bytes;
}

static void
on_replay(void *ctx, int64_t offset)
{
	(void)ctx;
	require(offset >= -1);
}

static void
on_input_failed(void *ctx, const struct error *err)
{
	(void)ctx;
	require_clean(err->text);
}

static const struct envd_stream_events stream_events = {
	.started = on_started,
	.data = on_data,
	.ended = on_ended,
	.lost = on_lost,
	.input_pending = on_pending,
	.replay_at = on_replay,
	.input_failed = on_input_failed,
};

/* ---- calls */

struct client {
	struct http http;
	struct api *api;
	struct envd *envd;
	struct envd_stream *stream;
	struct seen seen;
};

static void
call(struct client *c, int which)
{
	static const char *const ids[] = { "a", "b" };
	const struct api_list_query list = { .limit = 3 };
	const struct api_log_query logs = { .level = "info", .search = "x" };
	char name[] = "base";
	const struct rest_create create = { .template_id = name, .timeout_s = 60 };
	const struct process_start start = {
		.config.cmd = name, .has_pty = true, .cols = 80, .rows = 24
	};

	switch (which) {
	case 0:
		api_list(c->api, &list, on_page, on_done, c);
		break;
	case 1:
		api_get(c->api, "a", on_sandbox, c);
		break;
	case 2:
		api_create(c->api, &create, on_created, c);
		break;
	case 3:
		api_kill_marker(c->api, "m", on_marker, c);
		break;
	case 4:
		api_pause(c->api, "a", on_acted, c);
		break;
	case 5:
		api_kill(c->api, "a", on_acted, c);
		break;
	case 6:
		api_connect(c->api, "a", 60, on_created, c);
		break;
	case 7:
		api_set_timeout(c->api, "a", 60, on_done, c);
		break;
	case 8:
		api_metrics(c->api, "a", 1, 2, on_metrics, c);
		break;
	case 9:
		api_metrics_batch(c->api, ids, 2, on_map, c);
		break;
	case 10:
		api_logs(c->api, "a", &logs, on_logs, c);
		break;
	case 11:
		envd_list(c->envd, on_processes, c);
		break;
	case 12:
		envd_signal(c->envd, 7, 9, on_signalled, c);
		break;
	case 13:
		envd_health(c->envd, on_health, c);
		break;
	case 14:
		envd_metrics_get(c->envd, on_envd_metrics, c);
		break;
	case 15:
		c->stream = envd_start(c->envd, &start, &stream_events, &c->seen);
		envd_stream_send(c->stream, PROCESS_INPUT_PTY, "ls\r", 3);
		break;
	default:
		c->stream = envd_connect(c->envd, 7, 5, &stream_events, &c->seen);
		envd_stream_send(c->stream, PROCESS_INPUT_STDIN, "ls\n", 3);
		break;
	}
}

/* ---- replies */

static const int statuses[] = { 200, 201, 204, 400, 401, 404, 405, 409, 429, 500, 502,
	503, 0, 302, 207, 999 };

static void
reply(struct client *c, uint8_t what, const uint8_t *bytes, size_t len)
{
	struct http_reply r = { .status = statuses[what % ARRAY_LEN(statuses)],
		.total_running = what & 16 ? 5 : -1,
		.next_token = what & 32 ? "token" : NULL,
		.should_retry = what & 64 ? 1 : -1,
		.retry_after_s = what & 128 ? 1 : 0,
		.content_type = "application/connect+json",
		.replay_at = what & 16 ? 3 : -1 };
	struct asked first;
	char *own;
	uint64_t id;

	if (c->http.count == 0)
		return;
	first = c->http.asked[0];
	id = first.id;
	own = xmalloc(len + 1); /* as the buffer has it: with a NUL behind */
	memcpy(own, bytes, len);
	own[len] = '\0';
	r.body = first.request.stream ? "" : own;
	r.len = first.request.stream ? 0 : len;
	if (r.status == 0)
		error_set(&r.error, ERROR_OFFLINE, "nobody is there");
	if (first.request.stream && r.status != 0) {
		if (first.request.headers_in)
			first.request.headers_in(first.request.ctx, &r);
		for (size_t at = 0; at < len && find_asked(&c->http, id);) {
			size_t piece = MIN((size_t)(what % 7) * 5 + 1, len - at);

			first.request.data(first.request.ctx, own + at, piece);
			at += piece;
		}
	}
	/* one that was cancelled hears nothing; one that is open may go on */
	if (find_asked(&c->http, id)) {
		drop(&c->http, id);
		first.request.done(first.request.ctx, &r);
	}
	free(own);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct loop *loop;
	const struct api_settings settings = {
		.url = "https://api.example", .key = "e2b_0", .backoff_ms = 1
	};
	const struct envd_target target = {
		.url = "https://a.example", .sandbox_id = "a", .backoff_ms = 1
	};
	struct client c = { .stream = NULL };

	if (size < 1)
		return 0;
	if (!loop)
		loop = loop_new();
	reports = 0;
	c.api = api_new(loop, &c.http, &settings);
	c.envd = envd_new(loop, &c.http, &target);
	call(&c, data[0] % 17);
	for (size_t at = 1, i = 0; at + REPLY_HEAD <= size && i < REPLIES_MAX; i++) {
		size_t len = data[at + 1] | (size_t)data[at + 2] << 8;

		len = MIN(len, size - at - REPLY_HEAD);
		reply(&c, data[at], data + at + REPLY_HEAD, len);
		loop_turn(loop, 0);
		at += REPLY_HEAD + len;
	}
	require(reports <= 1);
	envd_stream_free(c.stream);
	envd_free(c.envd);
	api_free(c.api);
	loop_turn(loop, 0);
	return 0;
}
