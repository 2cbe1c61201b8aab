/* file_path - requests about files, and paths as envd reads them. */
#include "host/init/file.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
take_string(const char **at, const char *end)
{
	const char *s = *at;
	const char *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return s;
}

const char *
file_request_next(struct file_request *r)
{
	return take_string(&r->more, r->end);
}

bool
file_request_read(const struct message *m, struct file_request *r)
{
	const char *at = (const char *)m->body;

	memset(r, 0, sizeof *r);
	r->id = m->header.id;
	r->end = at + m->header.len;
	memcpy(&r->head, at, sizeof r->head);
	at += sizeof r->head;
	r->user = take_string(&at, r->end);
	r->given = r->user ? take_string(&at, r->end) : NULL;
	r->more = at;
	for (uint32_t i = 0; r->given && i < r->head.count; i++)
		if (!take_string(&at, r->end))
			r->given = NULL;
	if (!r->given || at != r->end) {
		reply_text(r->id, INIT_UNKNOWN, "the request makes no sense");
		return false;
	}
	if (!account_find(r->user, &r->account)) {
		file_fail(r->id, INIT_NO_USER, "there is no user '%.64s'", r->user);
		return false;
	}
	return file_resolve(r, r->given, r->path);
}

/* ---- paths */

/* Takes "." and ".." and doubled slashes out of an absolute path, by its text alone. */
static void
clean(char *path)
{
	char *to = path;
	const char *from = path;

	while (*from) {
		size_t len;

		from += strspn(from, "/");
		len = strcspn(from, "/");
		if (len == 2 && from[0] == '.' && from[1] == '.') {
			while (to > path && *--to != '/')
				continue;
		} else if (len > 0 && !(len == 1 && from[0] == '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

bool
file_resolve(const struct file_request *r, const char *given, char out[PATH_MAX])
{
	bool tilde = given[0] == '~';
	int len;

	if (tilde && given[1] != '\0' && given[1] != '/') {
		file_fail(r->id, INIT_INVALID,
		    "failed to expand path '%.200s' for user '%s': cannot expand "
		    "user-specific home dir",
		    given, r->user);
		return false;
	}
	if (given[0] == '/')
		len = snprintf(out, PATH_MAX, "%s", given);
	else
		len = snprintf(
		    out, PATH_MAX, "%s/%s", r->account.home, given + (tilde ? 1 : 0));
	if (len >= PATH_MAX) {
		file_fail(r->id, INIT_INVALID, "the path is longer than %d bytes",
		    PATH_MAX - 1);
		return false;
	}
	if (given[0] != '/')
		clean(out);
	return true;
}

/* ---- failures */

enum init_result
file_result(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT ? INIT_NO_SPACE : INIT_FAILED;
}

const char *
file_error(int errnum)
{
	static char text[96];

	snprintf(text, sizeof text, "%s", strerror(errnum));
	if (islower((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

void
file_fail(uint32_t id, enum init_result result, const char *fmt, ...)
{
	static char text[2 * PATH_MAX + 512];
	va_list ap;

	va_start(ap, fmt);
	int len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof text)
		len = (int)sizeof text - 1;
	reply(id, result, text, len > 0 ? (size_t)len : 0);
}

/* ---- directories */

static bool
make_one(const struct file_request *r, const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) == 0) {
		if (geteuid() == 0 && lchown(path, r->account.uid, r->account.gid) != 0)
			return errno == EINVAL; /* one uid is all there is */
		return true;
	}
	if (errno != EEXIST)
		return false;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	errno = ENOTDIR;
	return false;
}

bool
file_make_dirs(const struct file_request *r, const char *path, char out[PATH_MAX])
{
	mode_t mask = umask(022);
	bool made = true;
	size_t at = 0;

	snprintf(out, PATH_MAX, "%s", path);
	while (made && out[at] != '\0') {
		at += strspn(out + at, "/");
		at += strcspn(out + at, "/");
		char kept = out[at];

		out[at] = '\0';
		made = out[0] == '\0' || make_one(r, out);
		if (made)
			out[at] = kept;
	}
	umask(mask);
	return made;
}

bool
file_make_parents(const struct file_request *r, const char *path, char out[PATH_MAX])
{
	char above[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	snprintf(above, sizeof above, "%.*s", (int)len, path);
	return len <= 1 || file_make_dirs(r, above, out);
}
