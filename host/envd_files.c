/* envd_files - GET /files and POST /files/compose. envd.md 4.1, 4.4. */
#include "host/envd_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"
#include "host/box_file.h"
#include "host/envd.h"
#include "host/file_type.h"
#include "host/query.h"
#include "host/reply.h"
#include "host/rest.h"
#include "host/send_file.h"

#define LARGE (1024u * 1024)		/* worth a connection */
#define UNSIZED_MAX (64u * 1024 * 1024) /* of a file that does not say its size */

int
files_status(enum init_result result)
{
	static const struct {
		enum init_result result;
		int status;
	} statuses[] = {
		{ INIT_NOT_FOUND, 404 },
		{ INIT_INVALID, 400 },
		{ INIT_NO_USER, 401 },
		{ INIT_NO_SPACE, 507 },
		{ INIT_GONE, 502 },
	};

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].result == result)
			return statuses[i].status;
	return 500;
}

const char *
files_user(const struct sandbox *s, const char *name)
{
	if (str_is_empty(name))
		return s->outset.user ? s->outset.user : "user";
	if (str_eq(name, "user"))
		return "user";
	return str_eq(name, "root") ? "root" : NULL;
}

/* ---- conditions and ranges */

/* One answer while it is put together. */
struct download {
	struct request *request; /* borrowed */
	struct filesystem_entry entry;
	int64_t modified_s;
	uint64_t first, len; /* of what is sent */
	int fd;		     /* owned */
	const char *type;
};

static bool
header_time(const struct download *d, const char *name, int64_t *seconds)
{
	const char *text = request_header(d->request, name);

	return text && file_type_parse_time(text, seconds);
}

/* 304 or 412 where a condition says so, else 200. */
static int
check_conditions(const struct download *d)
{
	int64_t since;

	if (header_time(d, "If-Unmodified-Since", &since) && d->modified_s > since)
		return 412;
	if (!request_header(d->request, "If-None-Match") &&
	    header_time(d, "If-Modified-Since", &since) && d->modified_s <= since)
		return 304;
	return 200;
}

/* The range still counts: there are no ETags, so only a time can say so. */
static bool
range_holds(const struct download *d)
{
	int64_t since;

	return !request_header(d->request, "If-Range") ||
	       (header_time(d, "If-Range", &since) && since == d->modified_s);
}

/* "5-9", "5-", "-3" of `size` bytes. false: none of them is there. */
static bool
parse_range(const char *text, uint64_t size, uint64_t *first, uint64_t *len)
{
	const char *dash = strchr(text, '-');
	char *begin = dash ? xstrndup(text, (size_t)(dash - text)) : NULL;
	int64_t from = 0, to = INT64_MAX;
	bool suffix = begin && *begin == '\0', fine;

	fine = begin && (suffix || parse_int(begin, 0, INT64_MAX, &from)) &&
	       ((dash[1] == '\0' && !suffix) ||
		   (dash[1] != '\0' && parse_int(dash + 1, 0, INT64_MAX, &to)));
	free(begin);
	if (suffix && fine) {
		*len = MIN((uint64_t)to, size);
		*first = size - *len;
		return *len > 0;
	}
	if (!fine || (uint64_t)from >= size || to < from)
		return false;
	*first = (uint64_t)from;
	*len = MIN((uint64_t)to, size - 1) - *first + 1;
	return true;
}

/* Several ranges at once get the whole, as HTTP allows. */
static int
check_range(struct download *d)
{
	const char *range = request_header(d->request, "Range");
	uint64_t size = (uint64_t)d->entry.size;

	d->first = 0;
	d->len = size;
	if (!range || !str_has_prefix(range, "bytes=") || strchr(range, ',') ||
	    !range_holds(d))
		return 200;
	return parse_range(range + 6, size, &d->first, &d->len) ? 206 : 416;
}

/* ---- answering */

static void
add_file_headers(const struct download *d)
{
	char *disposition = file_type_disposition(d->entry.name);

	request_add_header(d->request, "Content-Disposition", disposition);
	request_add_header(d->request, "Vary", "Accept-Encoding");
	free(disposition);
}

static void
add_time_and_ranges(const struct download *d)
{
	char time[64];

	file_type_format_time(d->modified_s, time);
	if (time[0] && d->entry.modified_ns > 0)
		request_add_header(d->request, "Last-Modified", time);
	request_add_header(d->request, "Accept-Ranges", "bytes");
}

static void
add_content_range(const struct download *d, int status)
{
	char *text;

	if (status == 416)
		text = xasprintf("bytes */%lld", (long long)d->entry.size);
	else
		text = xasprintf("bytes %llu-%llu/%lld", (unsigned long long)d->first,
		    (unsigned long long)(d->first + d->len - 1),
		    (long long)d->entry.size);
	request_add_header(d->request, "Content-Range", text);
	free(text);
}

static void
send_part(struct download *d)
{
	int status = check_conditions(d);

	if (status != 200) {
		add_time_and_ranges(d);
		reply_empty(d->request, status);
		return;
	}
	status = check_range(d);
	if (status != 200)
		add_content_range(d, status);
	if (status == 416) {
		reply_text(d->request, status, "invalid range: failed to overlap\n");
		return;
	}
	add_time_and_ranges(d);
	if (d->len < LARGE)
		request_reply_file(d->request, status, d->type, d->fd, d->first, d->len);
	else
		send_file(d->request, status, d->type, d->fd, d->first, d->len);
	d->fd = -1;
}

/* The kernel's own files have no size: what they say is read here and sent whole. */
static void
send_unsized(struct download *d)
{
	struct buf body;
	char *to;
	ssize_t n = 0;

	buf_init(&body, UNSIZED_MAX);
	while (
	    (to = buf_reserve(&body, 64 * 1024)) && (n = read(d->fd, to, 64 * 1024)) > 0)
		buf_commit(&body, (size_t)n);
	if (!to || n < 0) {
		reply_error(d->request, 500, "error reading file '%s'", d->entry.path);
		buf_clear(&body);
		return;
	}
	if (body.len == 0)
		add_time_and_ranges(d);
	request_reply(
	    d->request, 200, file_type_of(d->entry.name, body.data, body.len), &body);
}

static void
on_opened(void *ctx, struct box_file_reply *reply)
{
	struct download d = { .request = rest_pending_end(ctx), .fd = -1 };
	char begin[FILE_TYPE_SNIFF];
	ssize_t n;

	if (!d.request)
		return;
	if (reply->result != INIT_OK) {
		reply_error(d.request, files_status(reply->result), "%s", reply->message);
		return;
	}
	if (reply->fd < 0 || box_file_entry(reply->body, reply->len, &d.entry) == 0) {
		reply_error(d.request, 500, "a strange answer");
		return;
	}
	d.fd = reply->fd;
	reply->fd = -1;
	/* Of a link the time is the link's own; nobody who asks twice is misled by that. */
	d.modified_s = d.entry.modified_ns / 1000000000;
	if (d.entry.is_symlink)
		files_follow(d.fd, &d.entry, &d.modified_s);
	add_file_headers(&d);
	n = d.entry.size > 0 ? pread(d.fd, begin, sizeof begin, 0) : 0;
	d.type = file_type_of(d.entry.name, begin, n > 0 ? (size_t)n : 0);
	if (d.entry.size == 0)
		send_unsized(&d);
	else
		send_part(&d);
	if (d.fd >= 0)
		close(d.fd);
	filesystem_entry_clear(&d.entry);
}

void
serve_download(struct call *c)
{
	const char *query = request_query(c->request);
	char *path = query_get(query, "path");
	char *name = query_get(query, "username");
	const struct box_file file = {
		.type = INIT_OPEN,
		.user = files_user(c->sandbox, name),
		.path = sandbox_path(c->sandbox, path),
	};

	if (file.user)
		box_file(c->sandbox->box, &file, on_opened,
		    rest_pending(c, c->sandbox->info.id, 200));
	else
		files_refuse_user(c->request, name);
	free(name);
	free(path);
}

/* ---- compose */

static void
on_composed(void *ctx, struct box_file_reply *reply)
{
	struct request *r = rest_pending_end(ctx);
	struct filesystem_entry entry = { 0 };
	struct buf body;

	if (!r)
		return;
	if (reply->result != INIT_OK) {
		reply_error(r, files_status(reply->result), "%s", reply->message);
		return;
	}
	if (box_file_entry(reply->body, reply->len, &entry) == 0) {
		reply_error(r, 500, "a strange answer");
		return;
	}
	buf_init(&body, REPLY_MAX);
	files_add_written(&body, entry.path, &entry.metadata);
	filesystem_entry_clear(&entry);
	request_reply(r, 200, "application/json", &body);
}

/* NULL, or what is wrong with the message. */
static const char *
read_compose(const json_t *root, struct strlist *sources, const char **destination,
    const char **user)
{
	const json_t *list = json_object_get(root, "source_paths");
	const json_t *name = json_object_get(root, "username");
	const json_t *item;
	size_t i;

	*destination = json_string_value(json_object_get(root, "destination"));
	*user = json_string_value(name);
	if (!json_is_object(root))
		return "failed to decode request body: a JSON object is required";
	if (json_array_size(list) == 0)
		return "source_paths must not be empty";
	if (str_is_empty(*destination))
		return "destination is required";
	if (name && !json_is_null(name) && !json_is_string(name))
		return "username must be a string";
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return "source_paths must hold strings";
		strlist_add(sources, json_string_value(item));
	}
	return NULL;
}

void
serve_compose(struct call *c)
{
	size_t len;
	const char *text = request_body(c->request, &len), *destination, *name, *fault;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct strlist sources = { 0 };
	struct box_file file = { .type = INIT_COMPOSE, .more = &sources };

	fault = read_compose(root, &sources, &destination, &name);
	file.user = files_user(c->sandbox, name);
	file.path = destination;
	if (fault)
		reply_error(c->request, 400, "%s", fault);
	else if (!file.user)
		files_refuse_user(c->request, name);
	else
		box_file(c->sandbox->box, &file, on_composed,
		    rest_pending(c, c->sandbox->info.id, 200));
	strlist_clear(&sources);
	json_decref(root);
}

/* ---- shared with uploads */

void
files_refuse_user(struct request *r, const char *name)
{
	reply_error(
	    r, 401, "error looking up user '%s': user: unknown user %s", name, name);
}

void
files_add_written(struct buf *out, const char *path, const struct pairs *metadata)
{
	const char *slash = strrchr(path, '/');

	buf_add_str(out, "{\"name\":");
	json_add_string(out, slash ? slash + 1 : path);
	buf_add_str(out, ",\"path\":");
	json_add_string(out, path);
	buf_add_str(out, ",\"type\":\"file\"");
	if (metadata && metadata->count > 0) {
		buf_add_str(out, ",\"metadata\":");
		pairs_encode(out, metadata);
	}
	buf_add_char(out, '}');
}

void
files_follow(int fd, struct filesystem_entry *entry, int64_t *modified_s)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return;
	entry->size = st.st_size;
	*modified_s = st.st_mtim.tv_sec;
}
