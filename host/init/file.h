/*
 * file - what the requests about files share: the request, paths as envd reads
 * them (envd.md 3.10), entries, failures.
 *
 * Paths are used as they are, links and all: inside there is nothing a link
 * could lead to that the sandbox may not have. As in envd everything is done
 * with the supervisor's rights; the user named only owns what is new.
 */
#ifndef HOST_INIT_FILE_H
#define HOST_INIT_FILE_H

#include <limits.h>

#include "host/init/init.h"

struct file_request {
	struct init_file head;
	uint32_t id;
	struct account account;
	const char *user, *given; /* borrowed from the message */
	const char *more, *end;	  /* borrowed: `count` further strings */
	char path[PATH_MAX];	  /* resolved */
};

/* false: it makes no sense, answered. */
bool file_request_read(const struct message *m, struct file_request *r);
/* The next further string; NULL: there is none. */
const char *file_request_next(struct file_request *r);
/* false: answered. Relative ones are cleaned, absolute ones left as they are. */
bool file_resolve(const struct file_request *r, const char *given, char out[PATH_MAX]);

/* Envd's text behind a result. */
void file_fail(uint32_t id, enum init_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* INIT_NO_SPACE for a full disk, else INIT_FAILED. */
enum init_result file_result(int errnum);
/* strerror() in lower case, as Go words it. */
const char *file_error(int errnum);

/* Directories above `path`, new ones 0755 and the user's. false: errno, and `out` is
 * the one that could not be made. */
bool file_make_parents(
    const struct file_request *r, const char *path, char out[PATH_MAX]);
bool file_make_dirs(const struct file_request *r, const char *path, char out[PATH_MAX]);

enum { FILE_ENTRY_MAX = 80 * 1024 };
/* The whole record for `path` in a static place; NULL: errno. Names of owners are
 * remembered until file_forget_names(). */
const struct init_entry *file_entry(const char *path);
void file_forget_names(void);
void file_reply_entry(uint32_t id, const char *path, int fd);

/* What the kernel shows of this process to this process is for nobody else: others in here
 * may not look into it, and neither may a client through it. */
bool file_is_about_us(int fd);

#define FILE_METADATA "user.e2b."

#endif
