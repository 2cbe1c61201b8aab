/*
 * envd_upload - POST /files: bytes as they come into files that the supervisor
 * opens inside the sandbox. envd.md 4.2.
 *
 * network -> [gunzip] -> [multipart] -> `out` -> a write in the pool -> file.
 * While a file is being opened or written the stages before it fill up, and the
 * body pauses: memory is bounded whatever the length. After a failure the rest
 * of the body is read and dropped, up to a limit, so that clients that do not
 * read while they send hear why.
 */
#include "host/envd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/mem.h"
#include "host/box_file.h"
#include "host/envd_files.h"
#include "host/multipart.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/sandbox.h"

#define PIECE (512u * 1024)	      /* written at once */
#define DRAIN_MAX (64u * 1024 * 1024) /* read and dropped after a failure */
#define METADATA_KEY_MAX 246
#define METADATA_MAX 4096 /* all of it, "user.e2b." before each key counted */

enum upload_form { UPLOAD_RAW, UPLOAD_MULTIPART };

struct upload {
	struct route_sink sink;
	struct host *host;	 /* borrowed */
	struct loop *loop;	 /* borrowed */
	struct request *request; /* NULL: answered, or the client left */
	char sandbox[32];
	char *user_name; /* owned: the parameter; NULL: not given */
	char *path;	 /* owned: the parameter; NULL: not given */
	struct pairs metadata;
	struct strlist more;  /* the same, by twos, for the supervisor */
	struct strlist given; /* targets as they were named */
	enum upload_form form;
	struct multipart parts;
	z_stream zip;
	bool zipped, zip_open, zip_ended, zip_full;

	struct buf out;	     /* for the file; being written while `busy` */
	int fd;		     /* owned; -1: no file is open */
	bool skip;	     /* this part is nobody's */
	bool closes;	     /* the part has ended: close when `out` is written */
	bool busy;	     /* a file is being opened, or written in the pool */
	bool complete;	     /* all input is here */
	bool parsed;	     /* the parts are over */
	bool paused;	     /* the sink refused bytes */
	int write_errnum;    /* of the pool */
	bool whole;	     /* the body lies in the request, not in a sink */
	size_t whole_at;     /* taken of it */
	struct strlist done; /* paths of files written */
	size_t dropped;
	int status; /* not 0: failed */
	char *why;  /* owned */
};

static void pump(struct upload *u);

/* ---- life */

static void
upload_free(struct upload *u)
{
	if (u->request || u->busy)
		return;
	if (u->fd >= 0)
		close(u->fd);
	if (u->zip_open)
		inflateEnd(&u->zip);
	multipart_clear(&u->parts);
	buf_clear(&u->out);
	pairs_clear(&u->metadata);
	strlist_clear(&u->more);
	strlist_clear(&u->given);
	strlist_clear(&u->done);
	free(u->user_name);
	free(u->path);
	free(u->why);
	free(u);
}

static void
on_gone(void *ctx)
{
	struct upload *u = ctx;

	u->request = NULL;
	upload_free(u);
}

static void fail(struct upload *u, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void
fail(struct upload *u, int status, const char *fmt, ...)
{
	va_list args;

	if (u->status != 0)
		return;
	u->status = status;
	va_start(args, fmt);
	u->why = xvasprintf(fmt, args);
	va_end(args);
}

/* ---- answering */

static void
answer_failure(struct upload *u)
{
	struct request *r = u->request;
	struct buf body;

	u->request = NULL;
	request_own(r, NULL, NULL);
	if (request_is_told(r)) {
		reply_error(r, u->status, "%s", u->why);
		return;
	}
	buf_init(&body, REPLY_MAX);
	rest_error_encode(&body, u->status, NULL, u->why);
	request_reply_early(r, u->status, "application/json; charset=utf-8", &body);
}

static void
answer_success(struct upload *u)
{
	struct request *r = u->request;
	struct buf body;

	u->request = NULL;
	request_own(r, NULL, NULL);
	buf_init(&body, REPLY_MAX);
	buf_add_char(&body, '[');
	for (size_t i = 0; i < u->done.count; i++) {
		if (i > 0)
			buf_add_char(&body, ',');
		files_add_written(&body, u->done.items[i], &u->metadata);
	}
	buf_add_char(&body, ']');
	request_reply(r, 200, "text/plain; charset=utf-8", &body);
}

/* ---- opening and writing */

static void
on_opened(void *ctx, struct box_file_reply *reply)
{
	struct upload *u = ctx;
	struct filesystem_entry entry = { 0 };

	u->busy = false;
	if (reply->result != INIT_OK) {
		fail(u, files_status(reply->result), "%s",
		    reply->result == INIT_NO_SPACE ? "not enough disk space available"
						   : reply->message);
	} else if (reply->fd < 0 ||
		   box_file_entry(reply->body, reply->len, &entry) == 0) {
		fail(u, 500, "a strange answer");
	} else if (strlist_has(&u->done, entry.path)) {
		fail(u, 400, "you cannot upload multiple files to the same path '%s'",
		    entry.path);
	} else {
		u->fd = reply->fd;
		reply->fd = -1;
		strlist_add(&u->done, entry.path);
	}
	filesystem_entry_clear(&entry);
	pump(u);
}

static void
open_target(struct upload *u, const char *target)
{
	struct sandbox *s = registry_find(u->host->registry, u->sandbox);
	const struct box_file file = {
		.type = INIT_OPEN,
		.user = s ? files_user(s, u->user_name) : NULL,
		.path = target,
		.more = &u->more,
		.flags = INIT_FILE_WRITE,
	};

	if (!s || s->state != SANDBOX_RUNNING) {
		fail(u, 502, "the sandbox is not running");
	} else if (strlist_has(&u->given, target)) {
		fail(u, 400, "you cannot upload multiple files to the same path '%s'",
		    target);
	} else {
		strlist_add(&u->given, target);
		u->busy = true;
		box_file(s->box, &file, on_opened, u);
	}
}

/* In the pool: a disk may take its time. */
static void
write_out(void *ctx)
{
	struct upload *u = ctx;

	for (size_t at = 0; at < u->out.len;) {
		ssize_t n = write(u->fd, u->out.data + at, u->out.len - at);

		if (n < 0 && errno != EINTR) {
			u->write_errnum = errno;
			return;
		}
		at += n > 0 ? (size_t)n : 0;
	}
}

static void
on_written(void *ctx)
{
	struct upload *u = ctx;

	u->busy = false;
	buf_reset(&u->out);
	if (u->write_errnum == ENOSPC || u->write_errnum == EDQUOT)
		fail(u, 507, "not enough disk space available");
	else if (u->write_errnum != 0)
		fail(u, 500, "error writing file: %s", strerror(u->write_errnum));
	pump(u);
}

/* ---- stages */

static void
close_file(struct upload *u)
{
	u->closes = u->skip = false;
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

static void
begin_part(struct upload *u)
{
	u->skip = !str_eq(u->parts.name, "file");
	if (u->skip)
		return;
	if (u->path && *u->path)
		open_target(u, u->path);
	else if (!str_is_empty(u->parts.filename))
		open_target(u, u->parts.filename);
	else
		fail(
		    u, 400, "a part named 'file' needs a filename or the path parameter");
}

/* One step with the parts. false: they need more input. */
static bool
step_parts(struct upload *u)
{
	switch (multipart_next(&u->parts)) {
	case MULTIPART_MORE:
		return false;
	case MULTIPART_PART:
		begin_part(u);
		return true;
	case MULTIPART_DATA:
		if (!u->skip)
			buf_add(&u->out, u->parts.data, u->parts.data_len);
		return true;
	case MULTIPART_PART_END:
		u->closes = true;
		return true;
	case MULTIPART_END:
		u->parsed = true;
		return false;
	case MULTIPART_BROKEN:
		fail(u, 400, "error parsing multipart form: malformed part header");
		return false;
	}
	return false;
}

static void
start_write(struct upload *u)
{
	u->busy = true;
	loop_work(u->loop, write_out, on_written, u);
}

/* How much more the first stage takes. */
static size_t
room(const struct upload *u)
{
	if (u->busy)
		return u->form == UPLOAD_MULTIPART ? multipart_room(&u->parts) : 0;
	if (u->form == UPLOAD_MULTIPART)
		return multipart_room(&u->parts);
	return u->out.len < PIECE ? PIECE - u->out.len : 0;
}

static void
add_plain(struct upload *u, const char *bytes, size_t len)
{
	if (u->form == UPLOAD_MULTIPART)
		multipart_feed(&u->parts, bytes, len);
	else
		buf_add(&u->out, bytes, len);
}

/* Returns the bytes taken. More may come out later without any going in. */
static size_t
add_zipped(struct upload *u, const char *bytes, size_t len)
{
	union {
		const char *given;
		Bytef *taken;
	} in = { .given = bytes };
	unsigned char plain[32 * 1024];
	size_t space;

	u->zip.next_in = in.taken;
	u->zip.avail_in = (uInt)len;
	u->zip_full = false;
	while (u->status == 0 && (space = MIN(room(u), sizeof plain)) > 0) {
		u->zip.next_out = plain;
		u->zip.avail_out = (uInt)space;
		int result = inflate(&u->zip, Z_NO_FLUSH);

		add_plain(u, (char *)plain, space - u->zip.avail_out);
		if (result == Z_STREAM_END) {
			/* Members may follow one another. */
			u->zip_ended = u->zip.avail_in == 0;
			if (u->zip_ended || inflateReset(&u->zip) != Z_OK)
				return len;
		} else if (result == Z_BUF_ERROR) {
			return len - u->zip.avail_in;
		} else if (result != Z_OK) {
			fail(u, u->zip.total_in < 10 ? 400 : 500,
			    "error decompressing the body: not gzip");
			return len;
		}
	}
	u->zip_full = true;
	return len - u->zip.avail_in;
}

static size_t
take_input(struct upload *u, const char *bytes, size_t len)
{
	size_t taken;

	if (u->status != 0 || u->parsed) {
		u->dropped += len;
		return len;
	}
	if (u->zipped && u->zip_ended && len > 0) {
		u->zip_ended = false;
		inflateReset(&u->zip);
	}
	if (u->zipped)
		return add_zipped(u, bytes, len);
	taken = MIN(room(u), len);
	add_plain(u, bytes, taken);
	return taken;
}

/* ---- the whole */

static void
finish_input(struct upload *u)
{
	if (u->form == UPLOAD_MULTIPART && !u->parsed)
		fail(u, 400, "error parsing multipart form: unexpected EOF");
	else if (u->zipped && !u->zip_ended)
		fail(u, 500, "error decompressing the body: unexpected EOF");
}

/* Parses what is there until something must be waited for. */
static void
parse(struct upload *u)
{
	if (u->form == UPLOAD_RAW)
		return;
	while (u->status == 0 && !u->busy && !u->closes && u->out.len < PIECE &&
	       step_parts(u))
		continue;
}

/* Moves bytes on until a file is being opened or written, or there are none. */
static void
advance(struct upload *u)
{
	while (u->status == 0 && !u->busy) {
		size_t before = u->out.len;

		parse(u);
		if (u->busy || u->status != 0)
			return;
		if (u->out.len > 0 &&
		    (u->closes || u->complete || u->out.len >= PIECE / 2)) {
			start_write(u);
		} else if (u->closes) {
			close_file(u);
		} else if (u->zip_full) {
			add_zipped(u, "", 0);
			if (u->form == UPLOAD_RAW && u->out.len == before)
				return;
		} else {
			return;
		}
	}
}

/* As much as there is room for now. */
static size_t
take_all(struct upload *u, const char *bytes, size_t len)
{
	size_t taken = 0, n;

	do {
		n = take_input(u, bytes + taken, len - taken);
		taken += n;
		advance(u);
	} while (taken < len && (n > 0 || (!u->busy && room(u) > 0)));
	return taken;
}

static void
take_whole(struct upload *u)
{
	size_t len;
	const char *body = request_body(u->request, &len);

	u->whole_at += take_all(u, body + u->whole_at, len - u->whole_at);
	u->complete = u->whole_at == len;
	advance(u);
}

static void
pump(struct upload *u)
{
	if (u->request && u->whole && !u->complete)
		take_whole(u);
	else if (u->request)
		advance(u);
	if (u->request && !u->busy && u->complete) {
		if (u->status == 0)
			finish_input(u);
		if (u->status != 0)
			answer_failure(u);
		else
			answer_success(u);
	} else if (u->request && u->status != 0 && u->dropped > DRAIN_MAX) {
		answer_failure(u);
	}
	if (u->request && u->paused && (room(u) > 0 || u->status != 0)) {
		u->paused = false;
		request_wake(u->request);
	}
	upload_free(u);
}

static size_t
on_bytes(void *ctx, const char *bytes, size_t len)
{
	struct upload *u = ctx;
	size_t taken = take_all(u, bytes, len);

	u->paused = taken < len;
	pump(u);
	return taken;
}

static void
finish(void *ctx)
{
	struct upload *u = ctx;

	u->complete = true;
	pump(u);
}

/* ---- what is asked for */

struct header_walk {
	struct upload *upload;
	size_t total;
};

static bool
is_printable(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

/* X-Metadata-<key>: each becomes an attribute under its key in lower case. */
static void
take_metadata(void *ctx, const char *name, const char *value)
{
	static const char prefix[] = "X-Metadata-";
	struct header_walk *w = ctx;
	struct upload *u = w->upload;
	char key[METADATA_KEY_MAX + 1];
	size_t len;

	if (strncasecmp(name, prefix, sizeof prefix - 1) != 0)
		return;
	name += sizeof prefix - 1;
	len = strlen(name);
	if (len == 0 || len > METADATA_KEY_MAX || !is_printable(name) ||
	    !is_printable(value)) {
		fail(u, 400,
		    "invalid metadata: keys are 1 to 246 characters, and all "
		    "of it printable ASCII");
		return;
	}
	for (size_t i = 0; i <= len; i++)
		key[i] =
		    (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	w->total += sizeof "user.e2b." - 1 + len + strlen(value);
	if (w->total > METADATA_MAX)
		fail(u, 400, "invalid metadata: more than %d bytes", METADATA_MAX);
	pairs_set(&u->metadata, key, value);
}

static void
read_metadata(struct upload *u)
{
	struct header_walk walk = { .upload = u };

	request_each_header(u->request, take_metadata, &walk);
	for (size_t i = 0; i < u->metadata.count; i++) {
		strlist_add(&u->more, u->metadata.items[i].key);
		strlist_add(&u->more, u->metadata.items[i].value);
	}
}

static bool
has_media_type(const char *header, const char *type)
{
	size_t len = strlen(type);

	return header && strncasecmp(header, type, len) == 0 &&
	       (header[len] == '\0' || strchr("; \t", header[len]));
}

static void
read_encoding(struct upload *u)
{
	const char *encoding = request_header(u->request, "Content-Encoding");

	if (!encoding || *encoding == '\0' || str_eq_nocase(encoding, "identity"))
		return;
	u->zipped = str_eq_nocase(encoding, "gzip");
	if (!u->zipped)
		fail(u, 400, "unsupported Content-Encoding: only gzip and identity");
	else if (inflateInit2(&u->zip, 16 + MAX_WBITS) != Z_OK)
		fail(u, 500, "no memory to decompress");
	else
		u->zip_open = true;
}

static void
read_form(struct upload *u)
{
	const char *type = request_header(u->request, "Content-Type");

	if (has_media_type(type, "multipart/form-data")) {
		u->form = UPLOAD_MULTIPART;
		if (!multipart_init(&u->parts, type))
			fail(u, 400, "error parsing multipart form: no boundary");
	} else if (!has_media_type(type, "application/octet-stream")) {
		fail(u, 400,
		    "unsupported content type: %s, expected multipart/form-data or "
		    "application/octet-stream",
		    type ? type : "");
	} else if (str_is_empty(u->path)) {
		fail(u, 400, "path query parameter is required for raw body upload");
	}
}

static struct upload *
upload_new(struct call *c)
{
	struct upload *u = xcalloc(1, sizeof *u);
	const char *query = request_query(c->request);

	u->sink.finish = finish;
	u->host = c->host;
	u->loop = c->host->loop;
	u->request = c->request;
	u->fd = -1;
	str_copy(u->sandbox, sizeof u->sandbox, c->sandbox->info.id);
	u->user_name = query_get(query, "username");
	u->path = query_get(query, "path");
	buf_init(&u->out, 2 * PIECE);
	request_own(c->request, on_gone, u);
	if (!files_user(c->sandbox, u->user_name))
		fail(u, 401, "error looking up user '%s': user: unknown user %s",
		    u->user_name, u->user_name);
	read_form(u);
	read_encoding(u);
	read_metadata(u);
	if (u->status == 0 && u->form == UPLOAD_RAW)
		open_target(u, u->path);
	return u;
}

void
serve_upload_begin(struct call *c)
{
	request_set_sink(c->request, on_bytes, upload_new(c));
}

/* The body came whole: the sandbox had to be woken first. It is taken piece by piece all
 * the same, as there is room. */
void
serve_upload(struct call *c)
{
	struct upload *u = upload_new(c);

	u->whole = true;
	pump(u);
}
