/*
 * box_file - files of a sandbox: asked of its supervisor, which does it inside and
 * hands descriptors out. The host itself never opens a path of a sandbox.
 */
#ifndef HOST_BOX_FILE_H
#define HOST_BOX_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/str.h"
#include "host/box.h"
#include "host/init/protocol.h"
#include "wire/filesystem.h"

struct box_file {
	enum init_type type;	    /* INIT_STAT to INIT_WATCH, INIT_SEEN */
	const char *user;	    /* "user" or "root" */
	const char *path;	    /* as the client gave it; NULL is "" */
	const struct strlist *more; /* further strings; NULL: none */
	uint32_t flags, depth;
};

struct box_file_reply {
	enum init_result result; /* INIT_GONE: the sandbox does not run */
	const char *message;	 /* borrowed; "" when it is INIT_OK */
	const void *body;	 /* borrowed; when it is INIT_OK */
	size_t len;
	int fd; /* -1: none; replaced by -1 by a receiver that keeps it */
};
typedef void box_filed(void *ctx, struct box_file_reply *reply);

/* Reports once from the loop. The number it returns names a watch. */
uint32_t box_file(struct box *b, const struct box_file *file, box_filed *done, void *ctx);
void box_unwatch(struct box *b, uint32_t watch);

/* What a watch saw; strings and bytes borrowed. */
struct box_change {
	uint32_t watch; /* 0: all of them */
	enum init_change_kind kind;
	const char *name;  /* a text when INIT_WATCH_LOST */
	const void *entry; /* struct init_entry and what follows; NULL: none */
	size_t entry_len;
};

/* A struct init_entry as its message. Returns the bytes it took; 0: they make no sense. */
size_t box_file_entry(const void *bytes, size_t len, struct filesystem_entry *out);

#endif
