/* template_files - tar files for the COPY steps of builds: asked for by their hash, uploaded
 * to a URL that only who asked knows. */
#include "host/builder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/sha256.h"
#include "host/reply.h"
#include "host/rest.h"

static bool
is_hash(const char *text)
{
	return strlen(text) == TEMPLATE_HASH_LEN &&
	       strspn(text, "0123456789abcdef") == TEMPLATE_HASH_LEN;
}

static char *
files_dir(const struct host *h)
{
	return path_join(h->data_dir, "files");
}

char *
template_file_path(const struct host *h, const char *hash)
{
	char *dir = files_dir(h);
	char *name = xasprintf("%s.tar", hash);
	char *path = path_join(dir, name);

	free(dir);
	free(name);
	return path;
}

void
template_file_capability(
    const struct host *h, const char *hash, char out[TEMPLATE_HASH_LEN + 1])
{
	unsigned char digest[SHA256_BYTES];
	char *text = xasprintf("template file\n%s\n%s", hash, h->file.key);

	sha256(text, strlen(text), digest);
	free(text);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void
rest_template_file(struct call *c)
{
	const char *hash = c->param[1];
	char capability[TEMPLATE_HASH_LEN + 1];
	struct buf body;
	char *path;

	if (!catalogue_find(c->host->catalogue, c->param[0])) {
		reply_error(c->request, 404, "template '%s' not found", c->param[0]);
		return;
	}
	if (!is_hash(hash)) {
		reply_error(c->request, 400, "the hash must be 64 hexadecimal digits");
		return;
	}
	path = template_file_path(c->host, hash);
	template_file_capability(c->host, hash, capability);
	buf_init(&body, REPLY_MAX);
	buf_addf(&body,
	    "{\"present\":%s,\"url\":\"http://127.0.0.1:%d/template-files/%s/%s\"}",
	    access(path, F_OK) == 0 ? "true" : "false", c->host->file.port, hash,
	    capability);
	reply_json(c->request, 201, &body);
	free(path);
}

/* ---- the upload: a disk may take its time, so it is written in the pool, and no more is
 * taken meanwhile */

#define PIECE (512u * 1024) /* written at once */

struct tar_upload {
	struct route_sink sink;
	struct loop *loop;	 /* borrowed */
	struct request *request; /* borrowed; NULL: the client left */
	char *path, *part;	 /* owned */
	int fd;			 /* owned */
	int failure;		 /* errno */
	struct buf out;		 /* being written while `busy` */
	bool busy, paused, complete;
};

static void
free_upload(struct tar_upload *u)
{
	if (u->fd >= 0)
		close(u->fd);
	unlink(u->part);
	buf_clear(&u->out);
	free(u->path);
	free(u->part);
	free(u);
}

static void
on_gone(void *ctx)
{
	struct tar_upload *u = ctx;

	u->request = NULL;
	if (!u->busy)
		free_upload(u);
}

static void
finish(struct tar_upload *u)
{
	struct request *r = u->request;
	int failure = u->failure;

	if (failure == 0 && rename(u->part, u->path) != 0)
		failure = errno;
	request_own(r, NULL, NULL);
	free_upload(u);
	if (failure == ENOSPC || failure == EDQUOT)
		reply_error(r, 507, "the host's disk is full: the file was not kept");
	else if (failure != 0)
		reply_error(r, 500, "the file was not kept: %s", strerror(failure));
	else
		reply_empty(r, 200);
}

/* In the pool. */
static void
write_out(void *ctx)
{
	struct tar_upload *u = ctx;

	for (size_t done = 0; done < u->out.len && u->failure == 0;) {
		ssize_t n = write(u->fd, u->out.data + done, u->out.len - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			u->failure = errno;
	}
}

static void pump(struct tar_upload *u);

static void
on_written(void *ctx)
{
	struct tar_upload *u = ctx;

	u->busy = false;
	buf_reset(&u->out);
	if (!u->request)
		free_upload(u);
	else
		pump(u);
}

/* Writes when it is worth it, or all is there. */
static void
pump(struct tar_upload *u)
{
	if (u->busy)
		return;
	if (u->failure != 0)
		buf_reset(&u->out);
	if (u->out.len > 0 && (u->complete || u->out.len >= PIECE / 2)) {
		u->busy = true;
		loop_work(u->loop, write_out, on_written, u);
	} else if (u->complete) {
		finish(u);
	} else if (u->paused) {
		u->paused = false;
		request_wake(u->request);
	}
}

static size_t
on_bytes(void *ctx, const char *bytes, size_t len)
{
	struct tar_upload *u = ctx;
	size_t taken = u->failure != 0 ? len : u->busy ? 0 : MIN(len, PIECE - u->out.len);

	if (u->failure == 0)
		buf_add(&u->out, bytes, taken);
	u->paused = taken < len;
	pump(u);
	return taken;
}

static void
on_complete(void *sink)
{
	struct tar_upload *u = sink;

	u->complete = true;
	pump(u);
}

static bool
may_upload(const struct call *c)
{
	char capability[TEMPLATE_HASH_LEN + 1];

	template_file_capability(c->host, c->param[0], capability);
	return is_hash(c->param[0]) && secret_eq(capability, c->param[1]);
}

void
rest_template_upload_begin(struct call *c)
{
	struct tar_upload *u;
	struct error err = { 0 };
	char *dir;

	if (!may_upload(c))
		return;
	dir = files_dir(c->host);
	u = xcalloc(1, sizeof *u);
	u->sink.finish = on_complete;
	u->loop = c->host->loop;
	u->request = c->request;
	buf_init(&u->out, PIECE);
	u->path = template_file_path(c->host, c->param[0]);
	u->part = xasprintf("%s.%p", u->path, (void *)u);
	u->fd = path_make_dirs(dir, &err)
		    ? open(u->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
		    : -1;
	u->failure = u->fd < 0 ? errno : 0;
	free(dir);
	request_own(c->request, on_gone, u);
	request_set_sink(c->request, on_bytes, u);
}

/* Parts of uploads that a killed host took. */
void
template_files_sweep(const struct host *h)
{
	char *path = files_dir(h);
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (strstr(e->d_name, ".tar."))
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
	free(path);
}

/* The body was not taken. */
void
rest_template_upload(struct call *c)
{
	reply_error(c->request, 403, "this address takes no upload: ask for another one");
}
