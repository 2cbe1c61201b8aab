#include "host/watcher.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "host/envd.h"
#include "host/reply.h"
#include "host/rpc.h"
#include "host/sandbox.h"

#define STREAM_TYPE "application/connect+json"
#define UNREAD_MAX (16u * 1024 * 1024) /* bytes of events nobody has fetched */
#define WATCHERS_MAX 1024	       /* of one sandbox */
#define ID_LEN 20

struct watcher {
	struct watcher *next;	     /* owned by the list */
	struct watcher_table *table; /* borrowed */
	struct box *box;	     /* borrowed; NULL: gone */
	struct request *request; /* borrowed; of the stream, or who waits for the id */
	struct timer *keepalive, *deadline; /* owned; of a stream */
	struct buf
	    events; /* not fetched: envelopes of a stream, else with commas between */
	char id[ID_LEN + 2];
	uint32_t watch; /* the supervisor's number */
	int64_t deadline_ms;
	int keepalive_s;
	bool stream, armed;
	enum connect_code code; /* not OK: broken or ended */
	char *message;		/* owned */
};

/* Somebody asks for events: what the supervisor has seen until then comes first. */
struct question {
	struct question *next;	     /* owned by the list */
	struct watcher_table *table; /* borrowed; NULL: gone */
	struct request *request;     /* borrowed; NULL: answered, or the client left */
	char id[ID_LEN + 2];
};

struct watcher_table {
	struct loop *loop;	    /* borrowed */
	struct watcher *first;	    /* owned list */
	struct question *questions; /* owned list */
	size_t count;
};

struct watcher_table *
watcher_table_new(struct loop *loop)
{
	struct watcher_table *t = xcalloc(1, sizeof *t);

	t->loop = loop;
	return t;
}

static void
watcher_free(struct watcher *w)
{
	timer_free(w->keepalive);
	timer_free(w->deadline);
	buf_clear(&w->events);
	free(w->message);
	free(w);
}

static void
take_off(struct watcher *w)
{
	struct watcher **at = &w->table->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->table->count--;
	w->table = NULL;
}

/* Nobody wants it any more. While it is being armed its memory waits for the answer. */
static void
watcher_end(struct watcher *w)
{
	w->request = NULL;
	if (w->table)
		take_off(w);
	if (w->keepalive)
		timer_stop(w->keepalive);
	if (w->deadline)
		timer_stop(w->deadline);
	if (!w->armed)
		return;
	if (w->box)
		box_unwatch(w->box, w->watch);
	watcher_free(w);
}

static void
fail(struct watcher *w, enum connect_code code, const char *message)
{
	if (w->code != CONNECT_OK)
		return;
	w->code = code;
	w->message = xstrdup(message);
	if (!w->stream || !w->armed)
		return;
	timer_stop(w->keepalive);
	if (w->deadline)
		timer_stop(w->deadline);
	if (w->request)
		request_wake(w->request);
}

/* ---- streams */

static bool
on_fill(void *ctx, struct buf *out, size_t room)
{
	struct watcher *w = ctx;

	(void)room;
	buf_add(out, w->events.data, w->events.len);
	buf_clear(&w->events);
	buf_init(&w->events, UNREAD_MAX);
	if (w->code == CONNECT_OK)
		return true;
	connect_add_end(out, w->code, w->message);
	return false;
}

static void
on_gone(void *ctx)
{
	watcher_end(ctx);
}

static void
on_keepalive(void *ctx)
{
	struct watcher *w = ctx;

	filesystem_add_keepalive_event(&w->events);
	timer_start(w->keepalive, (uint64_t)w->keepalive_s * 1000, 0);
	request_wake(w->request);
}

static void
on_deadline(void *ctx)
{
	fail(ctx, CONNECT_DEADLINE_EXCEEDED, "context deadline exceeded");
}

static void
open_stream(struct watcher *w)
{
	w->keepalive = timer_new(w->table->loop, on_keepalive, w);
	timer_start(w->keepalive, (uint64_t)w->keepalive_s * 1000, 0);
	if (w->deadline_ms > 0) {
		w->deadline = timer_new(w->table->loop, on_deadline, w);
		timer_start(w->deadline, (uint64_t)w->deadline_ms, 0);
	}
	filesystem_add_start_event(&w->events);
	request_add_header(w->request, "X-Accel-Buffering", "no");
	request_stream(w->request, 200, STREAM_TYPE, on_fill, w);
}

/* ---- making one */

static void
answer_id(struct watcher *w)
{
	struct request *r = w->request;
	struct buf body;

	w->request = NULL;
	buf_init(&body, 256);
	filesystem_watcher_encode(&body, w->id);
	reply_rpc(r, &body);
}

static void
on_armed(void *ctx, struct box_file_reply *reply)
{
	struct watcher *w = ctx;
	struct request *r = w->request;
	enum connect_code code = w->code;
	const char *message = w->message;

	w->armed = true;
	if (reply->result != INIT_OK) {
		code = serve_file_code(reply->result);
		message = reply->message;
		w->box = NULL; /* there is nothing to end in there */
	}
	if (!r) {
		watcher_end(w);
	} else if (code != CONNECT_OK) {
		w->request = NULL;
		request_own(r, NULL, NULL);
		if (w->stream)
			reply_stream_error(r, code, message);
		else
			reply_rpc_error(r, code, message);
		watcher_end(w);
	} else if (w->stream) {
		open_stream(w);
	} else {
		answer_id(w);
	}
}

static void
make(struct call *c, bool stream)
{
	struct watcher_table *t = c->sandbox->watchers;
	struct filesystem_call call = { 0 };
	struct watcher *w;

	if (!serve_file_call(c, &call))
		return;
	if (t->count >= WATCHERS_MAX) {
		rpc_error(c, CONNECT_RESOURCE_EXHAUSTED,
		    "1024 directories of this sandbox are watched already");
		filesystem_call_clear(&call);
		return;
	}
	w = xcalloc(1, sizeof *w);
	*w = (struct watcher){ .next = t->first,
		.table = t,
		.box = c->sandbox->box,
		.request = c->request,
		.stream = stream,
		.deadline_ms = c->timeout_ms,
		.keepalive_s = rpc_keepalive_s(c->request) };
	w->id[0] = 'w';
	random_id(w->id + 1, ID_LEN);
	buf_init(&w->events, UNREAD_MAX);
	t->first = w;
	t->count++;
	request_own(c->request, on_gone, w);
	const struct box_file file = {
		.type = INIT_WATCH,
		.user = c->user,
		.path = call.path,
		.flags = (call.recursive ? INIT_FILE_RECURSIVE : 0) |
			 (call.include_entry ? INIT_FILE_ENTRY : 0) |
			 (call.allow_network_mounts ? INIT_FILE_NETWORK : 0),
	};

	w->watch = box_file(c->sandbox->box, &file, on_armed, w);
	filesystem_call_clear(&call);
}

void
serve_watch_dir(struct call *c)
{
	make(c, true);
}

void
serve_create_watcher(struct call *c)
{
	make(c, false);
}

/* ---- asking one */

static struct watcher *
find(const struct watcher_table *t, const char *id)
{
	struct watcher *w = t->first;

	while (w && (w->stream || !str_eq(w->id, id)))
		w = w->next;
	return w;
}

static void
answer_unknown(struct request *r, const char *id)
{
	char *message = xasprintf("watcher with id %s not found", id ? id : "");

	reply_rpc_error(r, CONNECT_NOT_FOUND, message);
	free(message);
}

/* NULL: answered. */
static struct watcher *
find_called(struct call *c)
{
	struct filesystem_call call = { 0 };
	struct watcher *w;

	if (!serve_file_call(c, &call))
		return NULL;
	w = find(c->sandbox->watchers, call.watcher_id);
	if (!w)
		answer_unknown(c->request, call.watcher_id);
	filesystem_call_clear(&call);
	return w;
}

static void
answer_events(struct request *r, struct watcher *w)
{
	struct buf body;

	if (w->code != CONNECT_OK) {
		reply_rpc_error(r, w->code, w->message);
		return;
	}
	buf_init(&body, REPLY_MAX);
	filesystem_events_encode(&body, w->events.data, w->events.len);
	buf_clear(&w->events);
	buf_init(&w->events, UNREAD_MAX);
	reply_rpc(r, &body);
}

static void
answer_question(struct question *q)
{
	struct request *r = q->request;
	struct watcher *w = q->table ? find(q->table, q->id) : NULL;

	if (!r)
		return;
	q->request = NULL;
	request_own(r, NULL, NULL);
	if (w)
		answer_events(r, w);
	else if (q->table)
		answer_unknown(r, q->id);
	else
		reply_rpc_error(r, CONNECT_UNAVAILABLE, "the sandbox has ended");
}

/* Those who ask are told what has come so far: the rest may never come. */
static void
answer_questions(struct watcher_table *t)
{
	for (struct question *q = t->questions; q; q = q->next)
		answer_question(q);
}

static void
on_asker_gone(void *ctx)
{
	struct question *q = ctx;

	q->request = NULL;
}

static void
on_seen(void *ctx, struct box_file_reply *reply)
{
	struct question *q = ctx;

	(void)reply;
	if (q->table) {
		struct question **at = &q->table->questions;

		while (*at != q)
			at = &(*at)->next;
		*at = q->next;
	}
	answer_question(q);
	free(q);
}

void
serve_get_watcher_events(struct call *c)
{
	const struct box_file seen = { .type = INIT_SEEN, .user = c->user };
	struct watcher *w = find_called(c);

	if (!w)
		return;
	if (w->code != CONNECT_OK) {
		answer_events(c->request, w);
		return;
	}
	struct question *q = xcalloc(1, sizeof *q);

	*q = (struct question){
		.next = w->table->questions, .table = w->table, .request = c->request
	};
	str_copy(q->id, sizeof q->id, w->id);
	w->table->questions = q;
	request_own(c->request, on_asker_gone, q);
	box_file(c->sandbox->box, &seen, on_seen, q);
}

void
serve_remove_watcher(struct call *c)
{
	struct watcher *w = find_called(c);
	struct buf body;

	if (!w)
		return;
	watcher_end(w);
	buf_init(&body, 16);
	buf_add_str(&body, "{}");
	reply_rpc(c->request, &body);
}

/* ---- what happens */

static void
add_change(struct watcher *w, const struct box_change *change)
{
	struct filesystem_event event = {
		.name = xstrdup(change->name),
		.change = (enum filesystem_change)change->kind,
	};

	event.has_entry = change->entry && box_file_entry(change->entry,
					       change->entry_len, &event.entry) > 0;
	if (w->stream) {
		filesystem_add_watch_event(&w->events, &event);
	} else {
		if (w->events.len > 0)
			buf_add_char(&w->events, ',');
		filesystem_event_add(&w->events, &event);
	}
	filesystem_event_clear(&event);
	if (w->events.overflow) {
		buf_reset(&w->events);
		fail(w, CONNECT_INTERNAL,
		    "more than 16 MiB of events were not fetched: watch anew");
	} else if (w->stream && w->request) {
		timer_start(w->keepalive, (uint64_t)w->keepalive_s * 1000, 0);
		request_wake(w->request);
	}
}

/* The child that watched has died: who waits for it to begin is told so here, as the
 * answer will not come before the sandbox ends. */
static void
give_up(struct watcher *w, const char *why)
{
	struct request *r = w->request;

	w->request = NULL;
	take_off(w);
	if (!r)
		return;
	request_own(r, NULL, NULL);
	if (w->stream)
		reply_stream_error(r, CONNECT_INTERNAL, why);
	else
		reply_rpc_error(r, CONNECT_INTERNAL, why);
}

void
watcher_table_changed(struct watcher_table *t, const struct box_change *change)
{
	struct watcher *next;

	for (struct watcher *w = t->first; w; w = next) {
		next = w->next;
		if (change->watch != 0 && w->watch != change->watch)
			continue;
		if (change->kind == INIT_WATCH_LOST && !w->armed)
			give_up(w, change->name);
		else if (change->kind == INIT_WATCH_LOST)
			fail(w, CONNECT_INTERNAL, change->name);
		else if (w->armed && w->code == CONNECT_OK)
			add_change(w, change);
	}
	if (change->kind == INIT_WATCH_LOST && change->watch == 0)
		answer_questions(t); /* perhaps the child has died with them */
}

/* A stream that is told to end goes with its request; on_gone() or the end frees it. */
void
watcher_table_cut(struct watcher_table *t, const char *why)
{
	for (struct watcher *w = t->first; w; w = w->next)
		if (w->stream)
			fail(w, CONNECT_UNAVAILABLE, why);
	answer_questions(t);
}

void
watcher_table_drop(struct watcher_table *t, const char *why)
{
	struct watcher *next;

	for (struct question *q = t->questions; q; q = q->next)
		q->table = NULL;
	t->questions = NULL;
	for (struct watcher *w = t->first; w; w = next) {
		next = w->next;
		w->box = NULL;
		fail(w, CONNECT_UNAVAILABLE, why);
		if (!w->stream && w->armed)
			watcher_end(w);
		else
			take_off(w);
	}
}

void
watcher_table_free(struct watcher_table *t)
{
	if (!t)
		return;
	watcher_table_drop(t, "the host ends");
	free(t);
}
