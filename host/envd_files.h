/* envd_files - what the handlers of /files share. */
#ifndef HOST_ENVD_FILES_H
#define HOST_ENVD_FILES_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "host/init/protocol.h"
#include "host/server.h"
#include "wire/filesystem.h"

struct sandbox;

int files_status(enum init_result result);
/* Who the `username` parameter names; none: the template's own. NULL: nobody we know. */
const char *files_user(const struct sandbox *s, const char *name);
void files_refuse_user(struct request *r, const char *name);
/* {"name","path","type":"file","metadata"} */
void files_add_written(struct buf *out, const char *path, const struct pairs *metadata);
/* Size and time of what a link led to, from the open file. */
void files_follow(int fd, struct filesystem_entry *entry, int64_t *modified_s);

#endif
