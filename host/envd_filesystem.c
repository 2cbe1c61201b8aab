/* envd_filesystem - envd's calls about files that have one answer: stat, list, make, move,
 * remove. envd.md 3.9-3.12. */
#include "host/envd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "host/box_file.h"
#include "host/reply.h"
#include "host/rest.h"
#include "host/rpc.h"

#define AT_ONCE_MAX (256u * 1024) /* bytes of a listing that is not worth the pool */

enum connect_code
serve_file_code(enum init_result result)
{
	static const struct {
		enum init_result result;
		enum connect_code code;
	} codes[] = {
		{ INIT_NOT_FOUND, CONNECT_NOT_FOUND },
		{ INIT_EXISTS, CONNECT_ALREADY_EXISTS },
		{ INIT_INVALID, CONNECT_INVALID_ARGUMENT },
		{ INIT_LOOP, CONNECT_FAILED_PRECONDITION },
		{ INIT_LIMIT, CONNECT_RESOURCE_EXHAUSTED },
		{ INIT_NO_USER, CONNECT_UNAUTHENTICATED },
		{ INIT_GONE, CONNECT_UNAVAILABLE },
	};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].result == result)
			return codes[i].code;
	return CONNECT_INTERNAL;
}

static void
take_default(const struct sandbox *s, char **path)
{
	const char *meant = sandbox_path(s, *path);

	if (meant == *path)
		return;
	free(*path);
	*path = xstrdup(meant);
}

bool
serve_file_call(struct call *c, struct filesystem_call *out)
{
	struct error err = { 0 };

	if (filesystem_call_decode(c->message, c->message_len, out, &err)) {
		take_default(c->sandbox, &out->path);
		take_default(c->sandbox, &out->destination);
		return true;
	}
	char *message = xasprintf("unmarshal message: %s", err.text);

	rpc_error(c, CONNECT_INVALID_ARGUMENT, message);
	free(message);
	return false;
}

/* The request that waits, if the reply is a good one; else it is answered. */
static struct request *
begin_answer(struct pending *p, const struct box_file_reply *reply)
{
	struct request *r = rest_pending_end(p);

	if (!r || reply->result == INIT_OK)
		return r;
	reply_rpc_error(r, serve_file_code(reply->result), reply->message);
	return NULL;
}

static void
ask(struct call *c, const struct filesystem_call *call, enum init_type type,
    box_filed *done)
{
	struct strlist more = { 0 };
	const struct box_file file = {
		.type = type,
		.user = c->user,
		.path = call->path,
		.more = type == INIT_MOVE ? &more : NULL,
		.depth = call->depth,
	};

	if (type == INIT_MOVE)
		strlist_add(&more, call->destination ? call->destination : "");
	box_file(c->sandbox->box, &file, done, rest_pending(c, c->sandbox->info.id, 200));
	strlist_clear(&more);
}

static void
serve(struct call *c, enum init_type type, box_filed *done)
{
	struct filesystem_call call = { 0 };

	if (serve_file_call(c, &call))
		ask(c, &call, type, done);
	filesystem_call_clear(&call);
}

/* ---- one entry */

static void
on_entry(void *ctx, struct box_file_reply *reply)
{
	struct request *r = begin_answer(ctx, reply);
	struct filesystem_entry entry = { 0 };
	struct buf body;

	if (!r)
		return;
	if (box_file_entry(reply->body, reply->len, &entry) == 0) {
		reply_rpc_error(r, CONNECT_INTERNAL, "a strange answer");
		return;
	}
	buf_init(&body, REPLY_MAX);
	filesystem_entry_encode(&body, &entry);
	filesystem_entry_clear(&entry);
	reply_rpc(r, &body);
}

void
serve_stat(struct call *c)
{
	serve(c, INIT_STAT, on_entry);
}

void
serve_make_dir(struct call *c)
{
	serve(c, INIT_MKDIR, on_entry);
}

void
serve_move(struct call *c)
{
	serve(c, INIT_MOVE, on_entry);
}

/* ---- a listing */

/* A large one is read and written in the pool, which touches nothing but this. */
struct listing {
	struct pending *pending; /* of the loop only */
	struct init_listing sum;
	int fd; /* owned */
	struct buf body;
	bool whole; /* the records made sense */
};

/* The whole memfd; false: it is not what was announced. */
static bool
read_records(const struct listing *l, struct buf *out)
{
	while (out->len < l->sum.bytes) {
		size_t left = (size_t)l->sum.bytes - out->len;
		char *to = buf_reserve(out, left);
		ssize_t n = to ? pread(l->fd, to, left, (off_t)out->len) : 0;

		if (n <= 0)
			return false;
		buf_commit(out, (size_t)n);
	}
	return true;
}

static bool
write_entries(const struct buf *records, struct buf *body)
{
	struct filesystem_entry entry = { 0 };
	size_t used = 0;

	filesystem_entries_begin(body);
	for (size_t at = 0; at < records->len && !body->overflow; at += used) {
		used = box_file_entry(records->data + at, records->len - at, &entry);
		if (used == 0)
			return false;
		filesystem_entries_add(body, &entry);
		filesystem_entry_clear(&entry);
	}
	filesystem_entries_end(body);
	return true;
}

static void
encode(void *ctx)
{
	struct listing *l = ctx;
	struct buf records;

	buf_init(&records, (size_t)INIT_LISTING_MAX * 2);
	l->whole = read_records(l, &records) && write_entries(&records, &l->body);
	buf_clear(&records);
}

static void
on_encoded(void *ctx)
{
	struct listing *l = ctx;
	struct request *r = rest_pending_end(l->pending);

	if (r && !l->whole)
		reply_rpc_error(r, CONNECT_INTERNAL, "a strange answer");
	else if (r && l->body.overflow)
		reply_rpc_error(r, CONNECT_RESOURCE_EXHAUSTED,
		    "the listing is longer than 64 MiB: list fewer levels");
	else if (r)
		reply_rpc(r, &l->body);
	buf_clear(&l->body);
	close(l->fd);
	free(l);
}

static void
on_listing(void *ctx, struct box_file_reply *reply)
{
	struct pending *p = ctx;
	struct init_listing sum = { .bytes = UINT64_MAX };
	struct request *r;
	struct listing *l;

	if (reply->result == INIT_OK && reply->len == sizeof sum && reply->fd >= 0)
		memcpy(&sum, reply->body, sizeof sum);
	if (sum.bytes > (uint64_t)INIT_LISTING_MAX + 128 * 1024) {
		r = begin_answer(p, reply);
		if (r)
			reply_rpc_error(r, CONNECT_INTERNAL, "a strange answer");
		return;
	}
	l = xcalloc(1, sizeof *l);
	*l = (struct listing){ .pending = p, .sum = sum, .fd = reply->fd };
	reply->fd = -1;
	buf_init(&l->body, REPLY_MAX);
	if (sum.bytes > AT_ONCE_MAX) {
		loop_work(p->host->loop, encode, on_encoded, l);
	} else {
		encode(l);
		on_encoded(l);
	}
}

void
serve_list_dir(struct call *c)
{
	serve(c, INIT_LIST, on_listing);
}

/* ---- nothing */

static void
on_removed(void *ctx, struct box_file_reply *reply)
{
	struct request *r = begin_answer(ctx, reply);
	struct buf body;

	if (!r)
		return;
	buf_init(&body, 16);
	buf_add_str(&body, "{}");
	reply_rpc(r, &body);
}

void
serve_remove(struct call *c)
{
	serve(c, INIT_REMOVE, on_removed);
}
